#include "../unit.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/lines.h>
#include <base/mem.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static c138_status collect(void *user, const char *line, size_t length, struct c138_err *err) {
    if (length == 3 && !memcmp(line, "bad", 3))
        return c138_error(err, C138_E_INVALID, NULL, "no entry");
    c138_buf_addf(user, "[%.*s]", (int)length, line);
    return C138_OK;
}

static int is_kept(void *user, const char *line, size_t length) {
    (void)user;
    return length && line[0] == 'k';
}

/* What the file holds, as a text; "!" and the error where it does not open. */
static void check_lines(const char *path, const char *expected) {
    C138_BUF struct c138_buf seen = C138_BUF_NULL;
    struct c138_lines *l = NULL;
    struct c138_err err = {0};
    if (c138_lines_open(path, "a test", collect, &seen, &l, &err) < 0)
        c138_buf_addf(&seen, "!%s", strstr(err.text, "line "));
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&seen), expected);
    (void)c138_lines_close(l);
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_APPEND);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static void test_lines(void) {
    char folder[] = "/tmp/c138-lines-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    C138_FREE char *path = c138_path_join(folder, "log"), *old = c138_path_join(folder, "log.1");
    struct c138_lines *l = NULL;
    C138_BUF struct c138_buf none = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_lines_open(path, "a test", collect, &none, &l, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_lines_add(l, "one\nkeep two\n", 13, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_lines_grown(l), 13);
    check_lines(path, "[one][keep two]");
    (void)c138_lines_close(l);
    put(path, "half a li"); /* a crash in the middle of a write */
    check_lines(path, "[one][keep two]");
    CU_ASSERT_EQUAL(c138_lines_open(path, "a test", collect, &none, &l, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_lines_add(l, "three\n", 6, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_lines_begin_anew(l, is_kept, NULL, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_lines_grown(l), 0);
    CU_ASSERT_EQUAL(c138_lines_add(l, "four\n", 5, NULL), C138_OK);
    (void)c138_lines_close(l);
    check_lines(path, "[keep two][four]");
    check_lines(old, "[one][keep two][three]");
    put(path, "bad\nfive\n");
    check_lines(path, "[keep two][four]!line 3 (a test): no entry");
    (void)unlink(path);
    (void)unlink(old);
    (void)rmdir(folder);
}

const CU_TestInfo tests_lines[] = {{"lines", test_lines}, CU_TEST_INFO_NULL};
