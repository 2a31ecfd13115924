#include "../unit.h"
#include <base/mem.h>
#include <base/text.h>

#include <string.h>

static void test_hex(void) {
    uint8_t bytes[4] = {0};
    char text[9];
    CU_ASSERT_EQUAL(c138_hex_decode("DEADbeef", 8, bytes), C138_OK);
    c138_hex_encode(bytes, 4, text);
    CU_ASSERT_STRING_EQUAL(text, "deadbeef");
    CU_ASSERT_EQUAL(c138_hex_decode("abc", 3, bytes), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_hex_decode("0g", 2, bytes), C138_E_INVALID);
    CU_ASSERT_EQUAL(bytes[0], 0xde); /* untouched */
    c138_hex_encode(bytes, 0, text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

/* Every byte in every place of texts that are longer than what is looked at in one step. */
static void test_hex_places(void) {
    uint8_t bytes[40], wanted[40];
    char text[81];
    for (size_t i = 0; i < sizeof(wanted); i++)
        wanted[i] = (uint8_t)(i * 37 + 11);
    for (size_t at = 0; at < 80; at++)
        for (unsigned c = 0; c < 256; c++) {
            c138_hex_encode(wanted, sizeof(wanted), text);
            text[at] = (char)c;
            int digit = c && strchr("0123456789abcdefABCDEF", (int)c) != NULL;
            CU_ASSERT_EQUAL(c138_hex_decode(text, 80, bytes), digit ? C138_OK : C138_E_INVALID);
            if (!digit)
                continue;
            uint8_t value = (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
            uint8_t half = (uint8_t)(at % 2 ? bytes[at / 2] & 15 : bytes[at / 2] >> 4);
            CU_ASSERT_EQUAL(half, value);
            bytes[at / 2] = wanted[at / 2];
            CU_ASSERT_EQUAL(memcmp(bytes, wanted, sizeof(bytes)), 0);
        }
}

static void test_utf8_places(void) {
    char text[40];
    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, 'a', sizeof(text));
        text[at] = (char)0xff;
        CU_ASSERT_EQUAL(c138_utf8_span(text, sizeof(text)), at);
        CU_ASSERT_EQUAL(c138_utf8_span(text, at), at);
    }
}

static void test_base64(void) {
    /* RFC 4648, 10 */
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_BUF struct c138_buf b = C138_BUF_NULL, d = C138_BUF_NULL;
        c138_base64_encode((const uint8_t *)cases[i][0], strlen(cases[i][0]), &b);
        CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), cases[i][1]);
        CU_ASSERT_EQUAL(c138_base64_decode(cases[i][1], strlen(cases[i][1]), &d), C138_OK);
        CU_ASSERT_STRING_EQUAL(c138_buf_text(&d), cases[i][0]);
    }
    static const char *const wrong[] = {
        "Zg=", "Zg", "Zh==", "Z===", "====", "Zm9=", "Z g=", "Zg==Zg==", "Zm9v\n", "Zm-_"};
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        C138_BUF struct c138_buf d = C138_BUF_NULL;
        CU_ASSERT_EQUAL(c138_base64_decode(wrong[i], strlen(wrong[i]), &d), C138_E_INVALID);
    }
    C138_BUF struct c138_buf url = C138_BUF_NULL;
    c138_base64url_encode((const uint8_t *)"\xff\xef\xbe\xff", 4, &url);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&url), "_---_w");
}

static void test_utf8(void) {
    static const struct {
        const char *text;
        size_t good;
    } cases[] = {{"plain", 5},
                 {"\xc3\xa4", 2},
                 {"\xe2\x82\xac", 3},
                 {"\xf0\x9f\x98\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"a\xc3", 1},
                 {"\xc0\x80", 0},
                 {"\xc1\xbf", 0},
                 {"\xe0\x9f\xbf", 0},
                 {"\xed\xa0\x80", 0},
                 {"\xf0\x8f\xbf\xbf", 0},
                 {"\xf4\x90\x80\x80", 0},
                 {"\xf5\x80\x80\x80", 0},
                 {"ab\x80", 2},
                 {"\xe2\x28\xa1", 0},
                 {"\xe2\x82", 0}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        size_t n = strlen(cases[i].text);
        CU_ASSERT_EQUAL(c138_utf8_span(cases[i].text, n), cases[i].good);
        CU_ASSERT_EQUAL(c138_utf8_valid(cases[i].text, n), cases[i].good == n);
    }
}

static void test_compare(void) {
    CU_ASSERT_TRUE(c138_streq(NULL, NULL));
    CU_ASSERT_FALSE(c138_streq("a", NULL));
    CU_ASSERT_TRUE(c138_streq("a", "a"));
    CU_ASSERT_TRUE(c138_starts_with("besu.head", "besu."));
    CU_ASSERT_FALSE(c138_starts_with("be", "besu"));
    CU_ASSERT_TRUE(c138_ends_with("x_total", "_total"));
    CU_ASSERT_FALSE(c138_ends_with("al", "_total"));
    CU_ASSERT_TRUE(c138_secret_equal("abcd", "abcx", 3));
    CU_ASSERT_FALSE(c138_secret_equal("abcd", "abcx", 4));
}

static void test_nearest(void) {
    const char *const names[] = {"node", "timeout", "peers_min", "enode", NULL};
    CU_ASSERT_STRING_EQUAL(c138_nearest("tiemout", names), "timeout");
    CU_ASSERT_STRING_EQUAL(c138_nearest("nod", names), "node");
    CU_ASSERT_STRING_EQUAL(c138_nearest("peers-min", names), "peers_min");
    CU_ASSERT_PTR_NULL(c138_nearest("completely", names));
    CU_ASSERT_STRING_EQUAL(c138_nearest("enode", names), "enode");
    const char *const actions[] = {"status", "sync", "peers", "peer-add", NULL};
    CU_ASSERT_STRING_EQUAL(c138_nearest("snyc", actions), "sync");
    CU_ASSERT_STRING_EQUAL(c138_nearest("peer-ad", actions), "peer-add");
    CU_ASSERT_PTR_NULL(c138_nearest("bridge", actions));
    char huge[200];
    memset(huge, 'a', sizeof(huge) - 1);
    huge[199] = '\0';
    CU_ASSERT_PTR_NULL(c138_nearest(huge, names));
}

static void test_numbers(void) {
    int64_t i = 1;
    uint64_t u = 1;
    CU_ASSERT_EQUAL(c138_parse_int("-9223372036854775808", &i), C138_OK);
    CU_ASSERT_EQUAL(i, INT64_MIN);
    CU_ASSERT_EQUAL(c138_parse_int("9223372036854775807", &i), C138_OK);
    CU_ASSERT_EQUAL(i, INT64_MAX);
    CU_ASSERT_EQUAL(c138_parse_int("9223372036854775808", &i), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_parse_int("-9223372036854775809", &i), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_parse_uint("18446744073709551615", &u), C138_OK);
    CU_ASSERT_EQUAL(u, UINT64_MAX);
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "0x1",
                                        "--1",
                                        "1.0",
                                        "18446744073709551616",
                                        "99999999999999999999"};
    for (size_t k = 0; k < C138_COUNT(wrong); k++) {
        CU_ASSERT_EQUAL(c138_parse_uint(wrong[k], &u), C138_E_INVALID);
        CU_ASSERT_EQUAL(c138_parse_int(wrong[k], &i), C138_E_INVALID);
    }
    CU_ASSERT_EQUAL(c138_parse_uint("-1", &u), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_parse_quantity("0xffffffffffffffff", &u), C138_OK);
    CU_ASSERT_EQUAL(u, UINT64_MAX);
    CU_ASSERT_EQUAL(c138_parse_quantity("0x", &u), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_parse_quantity("10", &u), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_parse_quantity("", &u), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_parse_quantity("0x10000000000000000", &u), C138_E_INVALID);
}

static void test_topics(void) {
    CU_ASSERT_TRUE(c138_topic_match("*", "besu.head"));
    CU_ASSERT_TRUE(c138_topic_match("besu.*", "besu.head"));
    CU_ASSERT_TRUE(c138_topic_match("besu.head", "besu.head"));
    CU_ASSERT_FALSE(c138_topic_match("besu.*", "besux.head"));
    CU_ASSERT_FALSE(c138_topic_match("besu.*", "besu"));
    CU_ASSERT_FALSE(c138_topic_match("besu.head", "besu.headless"));
}

static void test_sha256(void) {
    char text[65];
    c138_sha256_hex("abc", 3, text); /* FIPS 180-2, B.1 */
    CU_ASSERT_STRING_EQUAL(text,
                           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

const CU_TestInfo tests_text[] = {
    {"hex", test_hex},
    {"hex in every place", test_hex_places},
    {"utf8 in every place", test_utf8_places},
    {"base64", test_base64},
    {"utf8", test_utf8},
    {"compare", test_compare},
    {"nearest", test_nearest},
    {"numbers", test_numbers},
    {"topics", test_topics},
    {"sha256", test_sha256},
    CU_TEST_INFO_NULL,
};
