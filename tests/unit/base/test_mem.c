#include "../unit.h"
#include <base/mem.h>
#include <string.h>

struct outer {
    int a, b;
};

static void owners(void) {
    C138_FREE char *p = c138_xasprintf("%s-%d", "a", 1);
    CU_ASSERT_STRING_EQUAL(p, "a-1");
    char *q = C138_STEAL(p);
    CU_ASSERT_PTR_NULL(p);
    free(q);
    CU_ASSERT_PTR_NULL(c138_xstrdup(NULL));
    struct outer o;
    CU_ASSERT_PTR_EQUAL(C138_CONTAINER(&o.b, struct outer, b), &o);
}

static void wipes(void) {
    char secret[] = "secret";
    c138_wipe(secret, sizeof(secret));
    CU_ASSERT(!memcmp(secret, "\0\0\0\0\0\0\0", sizeof(secret)));
}

const CU_TestInfo tests_mem[] = {{"owners", owners}, {"wipes", wipes}, CU_TEST_INFO_NULL};
