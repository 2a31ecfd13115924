#include "../unit.h"
#include <base/fs.h>
#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void files(void) {
    char folder[] = "/tmp/c138-fs-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    C138_FREE char *deep = c138_path_join(folder, "a/b/c"), *path = c138_path_join(deep, "file");
    struct c138_err e = {0};
    struct stat st;
    CU_ASSERT_EQUAL(c138_mkdir_p(deep, 0700, &e), C138_OK);
    CU_ASSERT_EQUAL(c138_mkdir_p(deep, 0700, &e), C138_OK);
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, "hello", 5, &e), C138_OK);
    CU_ASSERT_EQUAL(c138_file_write(path, 0640, "hello2", 6, &e), C138_OK);
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_file_read(path, 100, &b, &e), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "hello2");
    CU_ASSERT_EQUAL(c138_file_read(path, 5, &b, &e), C138_E_LIMIT);
    CU_ASSERT_EQUAL(c138_file_read(deep, 5, &b, &e), C138_E_INVALID);
    C138_FREE char *fifo = c138_path_join(folder, "fifo");
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    CU_ASSERT_EQUAL(c138_file_read(fifo, 5, &b, &e), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_mkdir_p(path, 0700, &e), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_file_read("/nonexistent/x", 5, &b, &e), C138_E_NOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "/nonexistent/x"));
    unlink(path);
    unlink(fifo);
    for (const char *const *p = (const char *const[]){"a/b/c", "a/b", "a", "", NULL}; *p; p++) {
        C138_FREE char *each = c138_path_join(folder, *p);
        CU_ASSERT_EQUAL(rmdir(each), 0);
    }
}

static void paths(void) {
    static const char *const good[] = {"/", "/a", "/a/b.c", "/a/..b"}, *const bad[] = {
                                                                           "",        "a",
                                                                           "/a/../b", "/..",
                                                                           "/a/./b",  "/a/.."};
    for (size_t i = 0; i < C138_COUNT(good); i++)
        CU_ASSERT_EQUAL(c138_path_check(good[i]), C138_OK);
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT_EQUAL(c138_path_check(bad[i]), C138_E_INVALID);
    C138_FREE char *a = c138_path_join("/a/", "/b"), *b = c138_path_join("/", "b");
    CU_ASSERT_STRING_EQUAL(a, "/a/b");
    CU_ASSERT_STRING_EQUAL(b, "/b");
}

const CU_TestInfo tests_fs[] = {{"files", files}, {"paths", paths}, CU_TEST_INFO_NULL};
