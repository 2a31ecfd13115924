#include "../keys/rig.h"
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <plugins/stack/files.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

static void names(void) {
    CU_ASSERT_TRUE(files_is_closed("*.log", "besu.log.20261129T010203Z"));
    CU_ASSERT_TRUE(files_is_closed("*.log", "besu.log.1"));
    CU_ASSERT_FALSE(files_is_closed("*.log", "besu.log"));
    CU_ASSERT_FALSE(files_is_closed("*.log", "besu.log.1.zst"));
    CU_ASSERT_FALSE(files_is_closed("*.log", "other.txt.1"));
    CU_ASSERT_TRUE(files_is_closed("besu.log", "besu.log.2026-11-29.gz"));
    CU_ASSERT_FALSE(files_is_closed("besu.log", "xbesu.log.1"));
}

static c138_status add_name(void *user, const struct log_folder *l, const char *path,
                            const struct stat *st, struct c138_err *err) {
    (void)l, (void)st, (void)err;
    c138_buf_addf(user, "%s ", strrchr(path, '/') + 1);
    return C138_OK;
}

static void folders(void) {
    struct folder f = folder_new();
    C138_BUF struct c138_buf open_ = C138_BUF_NULL, closed = C138_BUF_NULL;
    struct log_folder l = {.folder = f.path, .pattern = (char *)(uintptr_t) "*.log"};
    static const char *const all[] = {"a.log", "a.log.1", "a.log.2.zst", "b.txt"};
    for (size_t i = 0; i < 4; i++) {
        C138_FREE char *path = folder_file(&f, all[i]);
        CU_ASSERT_EQUAL(c138_file_write(path, 0600, "x", 1, NULL), C138_OK);
    }
    C138_FREE char *link = folder_file(&f, "link.log"), *target = folder_file(&f, "b.txt");
    CU_ASSERT_EQUAL(symlink(target, link), 0);
    CU_ASSERT_EQUAL(files_each(&l, 0, add_name, &open_, NULL), C138_OK);
    CU_ASSERT_EQUAL(files_each(&l, 1, add_name, &closed, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&open_), "a.log "); /* a link is not followed */
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&closed), "a.log.1 ");
    folder_free(&f);
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(files_each(&l, 0, add_name, &open_, &err), C138_E_NOTFOUND);
}

static void packing(void) {
    struct folder f = folder_new();
    C138_FREE char *from = folder_file(&f, "a"), *to = folder_file(&f, "a.zst");
    C138_BUF struct c138_buf text = C138_BUF_NULL, packed = C138_BUF_NULL;
    char sha[65], wanted[65];
    uint64_t bytes = 0, stored = 0;
    struct c138_err err = {0};
    for (int i = 0; i < 60000; i++)
        c138_buf_addf(&text, "line %d of a log that says the same again and again\n", i);
    CU_ASSERT_EQUAL(c138_file_write(from, 0600, text.data, text.length, NULL), C138_OK);
    CU_ASSERT_EQUAL(files_pack(from, to, &bytes, &stored, sha, &err), C138_OK);
    c138_sha256_hex(text.data, text.length, wanted);
    CU_ASSERT_STRING_EQUAL(sha, wanted);
    CU_ASSERT_EQUAL(bytes, text.length);
    CU_ASSERT_EQUAL(c138_file_read(to, 1u << 24, &packed, NULL), C138_OK);
    CU_ASSERT_EQUAL(stored, packed.length);
    CU_ASSERT(stored < bytes / 10);
    /* Another reader gets the same. */
    C138_FREE char *out = c138_xmalloc(text.length);
    CU_ASSERT_EQUAL(ZSTD_decompress(out, text.length, packed.data, packed.length), text.length);
    CU_ASSERT_EQUAL(memcmp(out, text.data, text.length), 0);
    /* An empty file has a frame, too; one that is not there leaves nothing. */
    CU_ASSERT_EQUAL(c138_file_write(from, 0600, "", 0, NULL), C138_OK);
    CU_ASSERT_EQUAL(files_pack(from, to, &bytes, &stored, sha, &err), C138_OK);
    CU_ASSERT_EQUAL(bytes, 0);
    CU_ASSERT(stored > 0);
    CU_ASSERT(files_pack("/nonexistent/x", to, &bytes, &stored, sha, &err) < 0);
    C138_FREE char *beside = c138_xasprintf("%s.new", to);
    CU_ASSERT_NOT_EQUAL(access(beside, F_OK), 0);
    CU_ASSERT_EQUAL(files_pack(from, "/nonexistent/x", &bytes, &stored, sha, &err) < 0, 1);
    folder_free(&f);
}

/* A full disk: no archive, no half of one. */
static void a_full_disk(void) {
    struct folder f = folder_new();
    C138_FREE char *from = folder_file(&f, "a");
    uint64_t bytes, stored;
    char sha[65];
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(c138_file_write(from, 0600, "hello", 5, NULL), C138_OK);
    C138_FREE char *beside = folder_file(&f, "full.new"), *to = folder_file(&f, "full");
    CU_ASSERT_EQUAL(symlink("/dev/full", beside), 0);
    CU_ASSERT_EQUAL(files_pack(from, to, &bytes, &stored, sha, &err), C138_E_LIMIT);
    CU_ASSERT_NOT_EQUAL(access(to, F_OK), 0);
    CU_ASSERT_EQUAL(access(from, F_OK), 0);
    folder_free(&f);
}

const CU_TestInfo tests_files[] = {{"names", names},
                                   {"folders", folders},
                                   {"packing", packing},
                                   {"a full disk", a_full_disk},
                                   CU_TEST_INFO_NULL};
