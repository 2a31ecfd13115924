#include "../unit.h"
#include <base/fs.h>
#include <base/mem.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of the test's own, gone when it ends. */
struct place {
    char folder[64];
    char *file;
};

static void leave(struct place *p) {
    (void)unlink(p->file);
    free(p->file);
    CU_ASSERT_EQUAL(rmdir(p->folder), 0); /* nothing left behind, no "file.new" */
}
#define PLACE C138_CLEANUP(leave) struct place

static struct place enter(void) {
    struct place p = {"/tmp/c138-fs-XXXXXX", NULL};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.folder));
    p.file = c138_path_join(p.folder, "file");
    return p;
}

static void test_write_read(void) {
    PLACE p = enter();
    struct c138_err err = {0};
    struct stat st;
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_file_write(p.file, 0640, "a\0b", 3, &err), C138_OK);
    CU_ASSERT_EQUAL(stat(p.file, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0640);
    CU_ASSERT_EQUAL(c138_file_write(p.file, 0600, "other", 5, &err), C138_OK);
    CU_ASSERT_EQUAL(c138_file_read(p.file, 5, &b, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "other");
    CU_ASSERT_EQUAL(stat(p.file, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
}

static void test_read_bounds(void) {
    PLACE p = enter();
    struct c138_err err = {0};
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_file_read(p.file, 10, &b, &err), C138_E_NOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, p.file));
    CU_ASSERT_EQUAL(c138_file_read(p.folder, 10, &b, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_file_write(p.file, 0600, "12345678901", 11, &err), C138_OK);
    CU_ASSERT_EQUAL(c138_file_read(p.file, 10, &b, &err), C138_E_LIMIT);
    CU_ASSERT_EQUAL(c138_file_read("/dev/zero", 10, &b, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(unlink(p.file), 0);
    CU_ASSERT_EQUAL(mkfifo(p.file, 0600), 0); /* nobody writes: must not wait */
    CU_ASSERT_EQUAL(c138_file_read(p.file, 10, &b, &err), C138_E_INVALID);
}

static void test_write_fails(void) {
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(c138_file_write("/nowhere/at/all", 0600, "x", 1, &err), C138_E_NOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nowhere/at/all"));
    PLACE p = enter();
    C138_FREE char *beside = c138_xasprintf("%s.new", p.file);
    CU_ASSERT_EQUAL(symlink("/dev/null", beside), 0); /* somebody's trap */
    CU_ASSERT_EQUAL(c138_file_write(p.file, 0600, "x", 1, &err), C138_E_DENIED);
    CU_ASSERT_EQUAL(unlink(beside), 0);
}

static void test_mkdir(void) {
    PLACE p = enter();
    struct c138_err err = {0};
    struct stat st;
    C138_FREE char *deep = c138_path_join(p.folder, "a/b"), *a = c138_path_join(p.folder, "a");
    CU_ASSERT_EQUAL(c138_mkdir_p(deep, 0700, &err), C138_OK);
    CU_ASSERT_EQUAL(c138_mkdir_p(deep, 0700, &err), C138_OK);
    CU_ASSERT_EQUAL(stat(deep, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
    CU_ASSERT_EQUAL(c138_file_write(p.file, 0600, "x", 1, &err), C138_OK);
    C138_FREE char *below = c138_path_join(p.file, "x");
    CU_ASSERT_TRUE(c138_mkdir_p(p.file, 0700, &err) < 0);
    CU_ASSERT_TRUE(c138_mkdir_p(below, 0700, &err) < 0);
    CU_ASSERT_EQUAL(rmdir(deep), 0);
    CU_ASSERT_EQUAL(rmdir(a), 0);
}

static void test_paths(void) {
    static const char *const joins[][3] = {
        {"/a", "b", "/a/b"}, {"/a/", "b", "/a/b"}, {"/a//", "/b", "/a/b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < C138_COUNT(joins); i++) {
        C138_FREE char *path = c138_path_join(joins[i][0], joins[i][1]);
        CU_ASSERT_STRING_EQUAL(path, joins[i][2]);
    }
    static const char *const good[] = {"/", "/a", "/a/b/", "/a/..b", "/...", "/a//b"};
    static const char *const wrong[] = {"", "a", "./a", "/.", "/..", "/a/../b", "/a/./b", "/a/.."};
    for (size_t i = 0; i < C138_COUNT(good); i++)
        CU_ASSERT_EQUAL(c138_path_check(good[i]), C138_OK);
    for (size_t i = 0; i < C138_COUNT(wrong); i++)
        CU_ASSERT_EQUAL(c138_path_check(wrong[i]), C138_E_INVALID);
}

const CU_TestInfo tests_fs[] = {
    {"write and read", test_write_read},
    {"bounds of reading", test_read_bounds},
    {"writing fails", test_write_fails},
    {"mkdir", test_mkdir},
    {"paths", test_paths},
    CU_TEST_INFO_NULL,
};
