#include "rig.h"

#include <plugins/backup/files.h>

#include <base/fs.h>
#include <base/mem.h>

#include <string.h>

struct folder folder_new(void) {
    struct folder f = {"/tmp/c138-backup-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f.path));
    return f;
}

void folder_free(struct folder *f) {
    CU_ASSERT_EQUAL(files_remove(f->path, NULL), C138_OK);
}

char *folder_at(const struct folder *f, const char *name) {
    return c138_path_join(f->path, name);
}

void folder_write(const struct folder *f, const char *name, const void *bytes, size_t length) {
    C138_FREE char *path = folder_at(f, name);
    C138_FREE char *parent = c138_xstrndup(path, (size_t)(strrchr(path, '/') - path));
    CU_ASSERT_EQUAL_FATAL(c138_mkdir_p(parent, 0755, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_file_write(path, 0644, bytes, length, NULL), C138_OK);
}

int folder_is(const struct folder *f, const char *name, const void *bytes, size_t length) {
    C138_FREE char *path = folder_at(f, name);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    return c138_file_read(path, 1u << 26, &text, NULL) == C138_OK && text.length == length &&
           memcmp(c138_buf_text(&text), bytes, length) == 0;
}
