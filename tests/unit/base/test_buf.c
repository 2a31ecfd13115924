#include "../unit.h"
#include <base/buf.h>
#include <base/mem.h>

#include <string.h>

static void test_grows(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "");
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(c138_buf_addf(&b, "%03d", i), C138_OK);
    CU_ASSERT_EQUAL(b.length, 3000);
    CU_ASSERT_EQUAL(b.data[3000], '\0');
    CU_ASSERT_EQUAL(memcmp(b.data + 2997, "999", 3), 0);
    c138_buf_reset(&b);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "");
    CU_ASSERT_EQUAL(c138_buf_add(&b, "a\0b", 3), C138_OK);
    CU_ASSERT_EQUAL(b.length, 3);
}

static void test_bound(void) {
    C138_BUF struct c138_buf b = C138_BUF_MAX(8);
    CU_ASSERT_EQUAL(c138_buf_adds(&b, "12345678"), C138_OK);
    CU_ASSERT_EQUAL(b.overflow, 0);
    CU_ASSERT_EQUAL(c138_buf_addc(&b, '9'), C138_E_LIMIT);
    CU_ASSERT_EQUAL(b.overflow, 1);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "12345678");
    c138_buf_reset(&b);
    CU_ASSERT_EQUAL(b.overflow, 0);
    CU_ASSERT_EQUAL(c138_buf_addf(&b, "%s", "123456789"), C138_E_LIMIT);
    CU_ASSERT_EQUAL(b.length, 0);
    CU_ASSERT_EQUAL(c138_buf_add(&b, "x", SIZE_MAX), C138_E_LIMIT);
}

static void test_long_format(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    char text[5001];
    memset(text, 'x', 5000);
    text[5000] = '\0';
    CU_ASSERT_EQUAL(c138_buf_addf(&b, "<%s>", text), C138_OK);
    CU_ASSERT_EQUAL(b.length, 5002);
    CU_ASSERT_EQUAL(b.data[5001], '>');
}

static void test_steal(void) {
    struct c138_buf b = C138_BUF_MAX(10);
    c138_buf_adds(&b, "abc");
    C138_FREE char *text = c138_buf_steal(&b);
    CU_ASSERT_STRING_EQUAL(text, "abc");
    CU_ASSERT_EQUAL(b.length, 0);
    CU_ASSERT_EQUAL(b.max, 10);
    C138_FREE char *empty = c138_buf_steal(&b);
    CU_ASSERT_STRING_EQUAL(empty, "");
    c138_buf_deinit(&b);
}

const CU_TestInfo tests_buf[] = {
    {"grows", test_grows}, {"bound", test_bound}, {"long format", test_long_format},
    {"steal", test_steal}, CU_TEST_INFO_NULL,
};
