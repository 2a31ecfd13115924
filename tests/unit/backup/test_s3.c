#include "rig.h"

#include <plugins/backup/s3.h>

#include <string.h>

#define MIB (UINT64_C(1) << 20)

static void elements(void) {
    static const char xml[] = "<?xml version=\"1.0\"?><R><Contents><Key>a&amp;lt;b</Key><Size>5</Size>"
                              "</Contents><Contents><Key>c</Key></Contents><Message>&quot;x&apos; "
                              "&unknown; &</Message></R>";
    C138_BUF struct c138_buf out = C138_BUF_NULL, inner = C138_BUF_NULL;
    size_t at = 0, k = 0;
    CU_ASSERT_TRUE(s3_xml_next(xml, strlen(xml), &at, "Contents", &out));
    CU_ASSERT_TRUE(s3_xml_next(c138_buf_text(&out), out.length, &k, "Key", &inner));
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&inner), "a&lt;b"); /* resolved once */
    CU_ASSERT_TRUE(s3_xml_next(xml, strlen(xml), &at, "Contents", &out));
    CU_ASSERT_FALSE(s3_xml_next(xml, strlen(xml), &at, "Contents", &out));
    CU_ASSERT_TRUE(s3_xml_next(xml, strlen(xml), &at, "Message", &out));
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "\"x' &unknown; &");
    at = 0;
    CU_ASSERT_FALSE(s3_xml_next(xml, 20, &at, "Contents", &out));
    CU_ASSERT_FALSE(s3_xml_next("<Key>", 5, &at, "Key", &out));
}

/* At most 10,000 parts, and none under the configured size: 50 TiB are the largest objects. */
static void parts(void) {
    CU_ASSERT_EQUAL(s3_part_bytes(16 * MIB, 0), 16 * MIB);
    CU_ASSERT_EQUAL(s3_part_bytes(16 * MIB, 100 * 1024 * MIB), 16 * MIB);
    for (uint64_t size = MIB; size < 50 * MIB * MIB; size = size * 3 + 7) {
        uint64_t part = s3_part_bytes(5 * MIB, size);
        CU_ASSERT_TRUE(part >= 5 * MIB && (size + part - 1) / part <= 10000);
    }
}

const CU_TestInfo tests_s3[] = {{"elements", elements}, {"parts", parts}, CU_TEST_INFO_NULL};
