#include "../unit.h"
#include <base/buf.h>
#include <base/mem.h>
#include <string.h>

static void grows(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "");
    for (int i = 0; i < 1000; i++)
        c138_buf_addf(&b, "%03d", i);
    CU_ASSERT_EQUAL(b.length, 3000);
    CU_ASSERT(!memcmp(b.data + 2997, "999", 4));
    c138_buf_reset(&b);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "");
    char big[600];
    memset(big, 'x', sizeof(big) - 1);
    big[599] = '\0';
    c138_buf_addf(&b, "%s", big);
    CU_ASSERT_EQUAL(b.length, 599);
    CU_ASSERT_EQUAL(b.data[599], '\0');
}

static void has_a_bound(void) {
    C138_BUF struct c138_buf b = C138_BUF_MAX(8);
    CU_ASSERT_EQUAL(c138_buf_adds(&b, "12345678"), C138_OK);
    CU_ASSERT_EQUAL(c138_buf_addc(&b, '9'), C138_E_LIMIT);
    CU_ASSERT(b.overflow);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "12345678");
    C138_FREE char *text = c138_buf_steal(&b);
    CU_ASSERT_STRING_EQUAL(text, "12345678");
    CU_ASSERT_EQUAL(b.max, 8);
    C138_FREE char *empty = c138_buf_steal(&b);
    CU_ASSERT_STRING_EQUAL(empty, "");
}

const CU_TestInfo tests_buf[] = {{"grows", grows}, {"has a bound", has_a_bound}, CU_TEST_INFO_NULL};
