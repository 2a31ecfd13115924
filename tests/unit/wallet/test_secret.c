#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void owns_and_wipes(void) {
    struct rig *r = rig_new();
    SECRET s = SECRET_NULL;
    CU_ASSERT_EQUAL_FATAL(secret_init(&s, &r->host, 5, NULL), C138_OK);
    CU_ASSERT_EQUAL(secret_adds(&s, "abc"), C138_OK);
    CU_ASSERT_EQUAL(secret_adds(&s, "def"), C138_E_LIMIT); /* nothing of it is added */
    CU_ASSERT(rig_is_text(&s, "abc"));
    CU_ASSERT_EQUAL(secret_adds(&s, "de"), C138_OK);
    CU_ASSERT(rig_is_text(&s, "abcde"));
    struct secret other = secret_steal(&s);
    CU_ASSERT_PTR_NULL(s.bytes);
    secret_deinit(&s);
    CU_ASSERT_EQUAL(r->out, 1);
    secret_deinit(&other);
    CU_ASSERT_PTR_NULL(other.bytes);
    secret_deinit(&other);
    CU_ASSERT_EQUAL_FATAL(secret_init_zero(&s, &r->host, 3, NULL), C138_OK);
    CU_ASSERT(rig_is(&s, "\0\0\0", 3));
    secret_deinit(&s);
    rig_free(r);
}

static void says_when_memory_ends(void) {
    struct rig *r = rig_new();
    struct secret s = SECRET_NULL;
    struct c138_err err = {0};
    r->fail_at = 0;
    CU_ASSERT_EQUAL(secret_init_copy(&s, &r->host, "abc", 3, &err), C138_E_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "LimitMEMLOCK"));
    CU_ASSERT_PTR_NULL(s.bytes);
    rig_free(r);
}

static c138_status no_random(void *context, void *bytes, size_t length) {
    (void)context;
    (void)bytes;
    (void)length;
    return C138_E_UNAVAILABLE;
}

static void randomness(void) {
    const struct secret_host *heap = secret_host_heap();
    uint8_t a[600] = {0}, b[600] = {0};
    CU_ASSERT_EQUAL(secret_random(heap, a, sizeof(a), NULL), C138_OK);
    CU_ASSERT_EQUAL(secret_random(heap, b, sizeof(b), NULL), C138_OK);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a + 580, b + 580, 20), 0); /* to the end */
    struct secret_host broken = *heap;
    struct c138_err err = {0};
    broken.random = no_random;
    CU_ASSERT_EQUAL(secret_random(&broken, a, 1, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "secret.random");
}

static void files(void) {
    struct rig *r = rig_new();
    char folder[] = "/tmp/c138-secret-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    C138_FREE char *path = c138_xasprintf("%s/key", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL(write(fd, "0123456789", 10), 10);
    close(fd);
    SECRET s = SECRET_NULL;
    CU_ASSERT_EQUAL(secret_file_read(&r->host, path, 10, &s, NULL), C138_OK);
    CU_ASSERT(rig_is_text(&s, "0123456789"));
    secret_deinit(&s);
    CU_ASSERT_EQUAL(secret_file_read(&r->host, path, 9, &s, NULL), C138_E_LIMIT);
    CU_ASSERT_EQUAL(secret_file_read(&r->host, folder, 9, &s, NULL), C138_E_INVALID);
    unlink(path);
    CU_ASSERT_EQUAL(secret_file_read(&r->host, path, 9, &s, NULL), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0); /* would block for ever */
    CU_ASSERT_EQUAL(secret_file_read(&r->host, path, 9, &s, NULL), C138_E_INVALID);
    unlink(path);
    rmdir(folder);
    rig_free(r);
}

const CU_TestInfo tests_secret[] = {{"owns and wipes", owns_and_wipes},
                                    {"says when memory ends", says_when_memory_ends},
                                    {"randomness", randomness},
                                    {"files", files},
                                    CU_TEST_INFO_NULL};
