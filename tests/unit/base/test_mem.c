#include "../unit.h"
#include <base/mem.h>

#include <fcntl.h>
#include <string.h>

static void test_copies(void) {
    CU_ASSERT_PTR_NULL(c138_xstrdup(NULL));
    C138_FREE char *text = c138_xstrndup("chain138", 5);
    CU_ASSERT_STRING_EQUAL(text, "chain");
    C138_FREE char *made = c138_xasprintf("%s-%d", text, 138);
    CU_ASSERT_STRING_EQUAL(made, "chain-138");
    C138_FREE unsigned char *zero = c138_xcalloc(3, 5);
    for (size_t i = 0; i < 15; i++)
        CU_ASSERT_EQUAL(zero[i], 0);
    C138_FREE void *nothing = c138_xmalloc(0);
    CU_ASSERT_PTR_NOT_NULL(nothing);
}

static void test_steal(void) {
    C138_FREE char *owner = c138_xstrdup("x");
    C138_FREE char *taken = C138_STEAL(owner);
    CU_ASSERT_PTR_NULL(owner);
    CU_ASSERT_STRING_EQUAL(taken, "x");
}

static void test_wipe(void) {
    char secret[] = "correct horse";
    c138_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        CU_ASSERT_EQUAL(secret[i], 0);
    c138_wipe(NULL, 0);
}

static void test_close(void) {
    int number = -1;
    {
        C138_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        number = fd;
        CU_ASSERT_TRUE_FATAL(fd >= 0);
    }
    CU_ASSERT_EQUAL(fcntl(number, F_GETFD), -1);
}

static void test_container(void) {
    struct outer {
        int a;
        long inner;
    } o = {1, 2};
    CU_ASSERT_PTR_EQUAL(C138_CONTAINER(&o.inner, struct outer, inner), &o);
}

const CU_TestInfo tests_mem[] = {
    {"copies", test_copies}, {"steal", test_steal},         {"wipe", test_wipe},
    {"close", test_close},   {"container", test_container}, CU_TEST_INFO_NULL,
};
