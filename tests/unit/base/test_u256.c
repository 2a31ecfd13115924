#include "../unit.h"
#include <base/mem.h>
#include <base/u256.h>
#include <string.h>

#define MAX_DEC "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static void reads_and_writes(void) {
    struct c138_u256 v, w;
    char dec[C138_U256_TEXT], hex[67];
    CU_ASSERT_EQUAL(c138_u256_from_dec(MAX_DEC, &v), C138_OK);
    c138_u256_to_dec(&v, dec);
    CU_ASSERT_STRING_EQUAL(dec, MAX_DEC);
    c138_u256_to_quantity(&v, hex);
    CU_ASSERT_EQUAL(strlen(hex), 66);
    CU_ASSERT_EQUAL(c138_u256_from_hex(hex, &w), C138_OK);
    CU_ASSERT_EQUAL(c138_u256_cmp(&v, &w), 0);
    CU_ASSERT_EQUAL(
        c138_u256_from_dec(
            "115792089237316195423570985008687907853269984665640564039457584007913129639936", &w),
        C138_E_LIMIT);
    CU_ASSERT_EQUAL(c138_u256_from_dec("0", &v), C138_OK);
    c138_u256_to_quantity(&v, hex);
    CU_ASSERT_STRING_EQUAL(hex, "0x0");
    static const char *const bad[] = {"", "-1", "1x", "0x"};
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT(c138_u256_from_dec(bad[i], &v) < 0 && c138_u256_from_hex(bad[i], &v) < 0);
}

static void units(void) {
    static const char *const good[][2] = {
        {"1.5ether", "1500000000000000000"}, {"20gwei", "20000000000"},  {"7", "7"},  {"7wei", "7"},
        {"0.000000000000000001ether", "1"},  {"1.50gwei", "1500000000"}, {"1.0", "1"}};
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        struct c138_u256 v;
        char dec[C138_U256_TEXT];
        CU_ASSERT_EQUAL_FATAL(c138_wei_parse(good[i][0], &v), C138_OK);
        c138_u256_to_dec(&v, dec);
        CU_ASSERT_STRING_EQUAL(dec, good[i][1]);
    }
    static const char *const bad[] = {
        "",
        "ether",
        "0.5",
        "0.0000000000000000001ether",
        "1.ether",
        "-1",
        "1e18",
        "1 ether",
        "1000000000000000000000000000000000000000000000000000000000000ether"};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        struct c138_u256 v;
        CU_ASSERT(c138_wei_parse(bad[i], &v) < 0);
    }
}

const CU_TestInfo tests_u256[] = {
    {"reads and writes", reads_and_writes}, {"units", units}, CU_TEST_INFO_NULL};
