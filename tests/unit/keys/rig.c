#include "rig.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>

#include <ftw.h>
#include <stdio.h>
#include <string.h>

struct folder folder_new(void) {
    struct folder f = {"/tmp/c138-keys-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f.path));
    return f;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_free(struct folder *f) {
    CU_ASSERT_EQUAL(nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

char *folder_file(const struct folder *f, const char *name) {
    return c138_path_join(f->path, name);
}

static const void *wanted;
static size_t wanted_length;

static int look(const char *path, const struct stat *st, int type, struct FTW *at) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    (void)st;
    (void)at;
    return type == FTW_F && c138_file_read(path, 1u << 24, &text, NULL) >= 0 &&
           memmem(c138_buf_text(&text), text.length, wanted, wanted_length) != NULL;
}

int folder_holds(const struct folder *f, const void *bytes, size_t length) {
    wanted = bytes;
    wanted_length = length;
    return nftw(f->path, look, 8, FTW_PHYS) != 0;
}
