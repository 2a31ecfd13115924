#include "../unit.h"
#include <base/mem.h>
#include <base/text.h>
#include <string.h>

static void hex_and_base64(void) {
    uint8_t bytes[4];
    char hex[9];
    CU_ASSERT_EQUAL(c138_hex_decode("DEadBEef", 8, bytes), C138_OK);
    c138_hex_encode(bytes, 4, hex);
    CU_ASSERT_STRING_EQUAL(hex, "deadbeef");
    CU_ASSERT_EQUAL(c138_hex_decode("abc", 3, bytes), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_hex_decode("zz", 2, bytes), C138_E_INVALID);
    /* RFC 4648, section 10 */
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < C138_COUNT(pairs); i++) {
        C138_BUF struct c138_buf out = C138_BUF_NULL, in = C138_BUF_NULL;
        c138_base64_encode((const uint8_t *)pairs[i][0], strlen(pairs[i][0]), &out);
        CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), pairs[i][1]);
        CU_ASSERT_EQUAL(c138_base64_decode(pairs[i][1], strlen(pairs[i][1]), &in), C138_OK);
        CU_ASSERT_STRING_EQUAL(c138_buf_text(&in), pairs[i][0]);
    }
    static const char *const bad[] = {"Zg=", "Zh==", "Z===", "Zm9v!AAA", "Zg==Zg=="};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        C138_BUF struct c138_buf in = C138_BUF_NULL;
        CU_ASSERT_EQUAL(c138_base64_decode(bad[i], strlen(bad[i]), &in), C138_E_INVALID);
    }
    C138_BUF struct c138_buf url = C138_BUF_NULL;
    c138_base64url_encode((const uint8_t *)"\xfb\xff", 2, &url);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&url), "-_8");
}

static void utf8(void) {
    CU_ASSERT(c138_utf8_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc3",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xc3("};
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT(!c138_utf8_valid(bad[i], strlen(bad[i])));
}

static void nearest(void) {
    static const char *const names[] = {"status", "sync", "peers", "peer-add", NULL};
    CU_ASSERT_STRING_EQUAL(c138_nearest("snyc", names), "sync");
    CU_ASSERT_STRING_EQUAL(c138_nearest("peer-ad", names), "peer-add");
    CU_ASSERT_STRING_EQUAL(c138_nearest("statsu", names), "status");
    CU_ASSERT_PTR_NULL(c138_nearest("bridge", names));
}

static void numbers(void) {
    int64_t i;
    uint64_t u;
    CU_ASSERT(c138_parse_int("-9223372036854775808", &i) == C138_OK && i == INT64_MIN);
    CU_ASSERT_EQUAL(c138_parse_int("9223372036854775808", &i), C138_E_INVALID);
    CU_ASSERT(c138_parse_uint("18446744073709551615", &u) == C138_OK && u == UINT64_MAX);
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1x", "0x1"};
    for (size_t n = 0; n < C138_COUNT(bad); n++)
        CU_ASSERT(c138_parse_int(bad[n], &i) < 0 && c138_parse_uint(bad[n], &u) < 0);
    CU_ASSERT(c138_parse_quantity("0xffffffffffffffff", &u) == C138_OK && u == UINT64_MAX);
    CU_ASSERT(c138_parse_quantity("0x", &u) < 0 &&
              c138_parse_quantity("0x10000000000000000", &u) < 0 &&
              c138_parse_quantity("1", &u) < 0);
}

static void topics(void) {
    CU_ASSERT(c138_topic_match("*", "a.b"));
    CU_ASSERT(c138_topic_match("besu.*", "besu.head"));
    CU_ASSERT(!c138_topic_match("besu.*", "besux.head"));
    CU_ASSERT(!c138_topic_match("besu.*", "besu"));
    CU_ASSERT(c138_topic_match("besu.head", "besu.head"));
    CU_ASSERT(!c138_topic_match("besu.head", "besu.header"));
}

static void digests(void) {
    char hex[65];
    c138_sha256_hex("abc", 3, hex);
    CU_ASSERT_STRING_EQUAL(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CU_ASSERT(c138_secret_equal("abc", "abc", 3) && !c138_secret_equal("abc", "abd", 3));
    CU_ASSERT(c138_streq(NULL, NULL) && !c138_streq(NULL, "") &&
              c138_ends_with("a.conf", ".conf") && !c138_ends_with("f", ".conf"));
}

const CU_TestInfo tests_text[] = {{"hex and base64", hex_and_base64},
                                  {"UTF-8", utf8},
                                  {"nearest", nearest},
                                  {"numbers", numbers},
                                  {"topics", topics},
                                  {"digests", digests},
                                  CU_TEST_INFO_NULL};
