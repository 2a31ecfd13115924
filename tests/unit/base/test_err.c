#include "../unit.h"
#include <base/err.h>
#include <base/text.h>

#include <string.h>

static void test_fills(void) {
    struct c138_err e = {0};
    CU_ASSERT_EQUAL(c138_error(&e, C138_E_DENIED, "role.low", "%s may not", "alice"),
                    C138_E_DENIED);
    CU_ASSERT_EQUAL(e.status, C138_E_DENIED);
    CU_ASSERT_STRING_EQUAL(e.key, "role.low");
    CU_ASSERT_STRING_EQUAL(e.text, "alice may not");
    CU_ASSERT_EQUAL(c138_error(NULL, C138_E_BUSY, NULL, "x"), C138_E_BUSY);
    (void)c138_error(&e, C138_E_BUSY, NULL, "again: %s", e.text); /* its own old text */
    CU_ASSERT_STRING_EQUAL(e.text, "again: alice may not");
    CU_ASSERT_STRING_EQUAL(e.key, "");
}

static void test_prefix(void) {
    struct c138_err e = {0};
    (void)c138_error(&e, C138_E_TIMEOUT, "late", "no answer");
    CU_ASSERT_EQUAL(c138_error_prefix(&e, C138_E_INTERNAL, "node %d", 7), C138_E_TIMEOUT);
    CU_ASSERT_STRING_EQUAL(e.text, "node 7: no answer");
    CU_ASSERT_STRING_EQUAL(e.key, "late");
    CU_ASSERT_EQUAL(c138_error_prefix(NULL, C138_E_INTERNAL, "x"), C138_E_INTERNAL);
}

static void test_long_text_is_cut_at_a_character(void) {
    struct c138_err e = {0};
    char text[3000] = "";
    for (size_t i = 0; i + 3 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 3);
    (void)c138_error(&e, C138_E_INVALID, NULL, "%s", text);
    CU_ASSERT_EQUAL(strlen(e.text), sizeof(e.text) - 2);
    CU_ASSERT_TRUE(c138_utf8_valid(e.text, strlen(e.text)));
    (void)c138_error_prefix(&e, C138_E_INVALID, "%s", text);
    CU_ASSERT_TRUE(strlen(e.text) < sizeof(e.text));
    CU_ASSERT_TRUE(c138_utf8_valid(e.text, strlen(e.text)));
}

static void test_keys(void) {
    for (c138_status s = 0; s >= C138_E_LIMIT; s--)
        CU_ASSERT_EQUAL(c138_status_from_key(c138_status_key(s)), s);
    CU_ASSERT_STRING_EQUAL(c138_status_key(C138_E_INVALID), "invalid");
    CU_ASSERT_STRING_EQUAL(c138_status_key(-99), "internal");
    CU_ASSERT_STRING_EQUAL(c138_status_key(5), "internal");
    CU_ASSERT_STRING_EQUAL(c138_status_key(INT32_MIN), "internal");
    CU_ASSERT_EQUAL(c138_status_from_key("nonsense"), C138_E_INTERNAL);
    CU_ASSERT_EQUAL(c138_status_from_key(NULL), C138_E_INTERNAL);
}

const CU_TestInfo tests_err[] = {
    {"fills", test_fills},
    {"prefix", test_prefix},
    {"a long text is cut at a character", test_long_text_is_cut_at_a_character},
    {"keys", test_keys},
    CU_TEST_INFO_NULL,
};
