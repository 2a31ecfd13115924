#include "../unit.h"
#include <base/err.h>
#include <string.h>

static void fills_in(void) {
    struct c138_err e = {0};
    CU_ASSERT_EQUAL(c138_error(&e, C138_E_BUSY, "a.key", "node %s: %d", "x", 7), C138_E_BUSY);
    CU_ASSERT_STRING_EQUAL(e.key, "a.key");
    CU_ASSERT_STRING_EQUAL(e.text, "node x: 7");
    CU_ASSERT_EQUAL(c138_error(NULL, C138_E_BUSY, NULL, "x"), C138_E_BUSY);
}

static void own_text_as_argument(void) {
    struct c138_err e = {0};
    c138_error(&e, C138_E_BUSY, NULL, "inner");
    c138_error(&e, C138_E_BUSY, NULL, "outer: %s", e.text);
    CU_ASSERT_STRING_EQUAL(e.text, "outer: inner");
    CU_ASSERT_EQUAL(c138_error_prefix(&e, C138_E_INTERNAL, "line %d", 3), C138_E_BUSY);
    CU_ASSERT_STRING_EQUAL(e.text, "line 3: outer: inner");
}

static void long_text_is_cut(void) {
    struct c138_err e = {0};
    char text[3000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    c138_error(&e, C138_E_BUSY, text, "%s", text);
    CU_ASSERT_EQUAL(strlen(e.text), sizeof(e.text) - 1);
    c138_error_prefix(&e, C138_E_BUSY, "%s", text);
    CU_ASSERT(strlen(e.text) < sizeof(e.text));
}

static void words(void) {
    for (c138_status s = C138_E_INVALID; s >= C138_E_LIMIT; s--)
        CU_ASSERT_EQUAL(c138_status_from_key(c138_status_key(s)), s);
    CU_ASSERT_STRING_EQUAL(c138_status_key(-99), "internal");
    CU_ASSERT_EQUAL(c138_status_from_key("nonsense"), C138_E_INTERNAL);
}

const CU_TestInfo tests_err[] = {{"fills in", fills_in},
                                 {"own text as argument", own_text_as_argument},
                                 {"long text is cut", long_text_is_cut},
                                 {"words", words},
                                 CU_TEST_INFO_NULL};
