#include "../unit.h"
#include <base/mem.h>
#include <base/u256.h>

#include <string.h>

#define MOST "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static void test_decimal(void) {
    static const char *const same[] = {"0", "1", "138", "18446744073709551616", MOST};
    char text[C138_U256_TEXT];
    struct c138_u256 v;
    for (size_t i = 0; i < C138_COUNT(same); i++) {
        CU_ASSERT_EQUAL(c138_u256_from_dec(same[i], &v), C138_OK);
        c138_u256_to_dec(&v, text);
        CU_ASSERT_STRING_EQUAL(text, same[i]);
    }
    CU_ASSERT_EQUAL(c138_u256_from_dec("000138", &v), C138_OK);
    c138_u256_to_dec(&v, text);
    CU_ASSERT_STRING_EQUAL(text, "138");
    CU_ASSERT_EQUAL(
        c138_u256_from_dec(
            "115792089237316195423570985008687907853269984665640564039457584007913129639936", &v),
        C138_E_LIMIT);
    CU_ASSERT_EQUAL(c138_u256_from_dec("", &v), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_u256_from_dec("-1", &v), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_u256_from_dec("1e18", &v), C138_E_INVALID);
    c138_u256_to_dec(&v, text);
    CU_ASSERT_STRING_EQUAL(text, "138"); /* written only on success */
}

/* Around every power of ten. */
static void test_digits(void) {
    for (size_t n = 1; n < 78; n++) {
        struct c138_u256 v, one = c138_u256_of(1), less;
        char wanted[C138_U256_TEXT] = "1", text[C138_U256_TEXT];
        memset(wanted + 1, '0', n);
        CU_ASSERT_EQUAL(c138_u256_from_dec(wanted, &v), C138_OK);
        c138_u256_to_dec(&v, text);
        CU_ASSERT_STRING_EQUAL(text, wanted);
        CU_ASSERT_EQUAL(c138_u256_sub(&v, &one, &less), 0);
        memset(wanted, '9', n);
        wanted[n] = '\0';
        c138_u256_to_dec(&less, text);
        CU_ASSERT_STRING_EQUAL(text, wanted);
    }
}

static void test_quantity(void) {
    struct c138_u256 v;
    char text[C138_U256_TEXT], hex[67];
    CU_ASSERT_EQUAL(c138_u256_from_hex("0x0000de0b6b3a7640000", &v), C138_OK);
    c138_u256_to_dec(&v, text);
    CU_ASSERT_STRING_EQUAL(text, "1000000000000000000");
    c138_u256_to_quantity(&v, hex);
    CU_ASSERT_STRING_EQUAL(hex, "0xde0b6b3a7640000");
    CU_ASSERT_EQUAL(c138_u256_from_hex("0x0", &v), C138_OK);
    c138_u256_to_quantity(&v, hex);
    CU_ASSERT_STRING_EQUAL(hex, "0x0");
    CU_ASSERT_EQUAL(c138_u256_from_dec(MOST, &v), C138_OK);
    c138_u256_to_quantity(&v, hex);
    CU_ASSERT_EQUAL(strlen(hex), 66);
    CU_ASSERT_EQUAL(strspn(hex + 2, "f"), 64);
    CU_ASSERT_EQUAL(c138_u256_from_hex(hex, &v), C138_OK);
    CU_ASSERT_EQUAL(c138_u256_from_hex("0x", &v), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_u256_from_hex("12", &v), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_u256_from_hex("0xg", &v), C138_E_INVALID);
    char wide[68] = "0x0";
    memset(wide + 2, '0', 65);
    wide[67] = '\0';
    CU_ASSERT_EQUAL(c138_u256_from_hex(wide, &v), C138_E_INVALID);
}

static void test_order(void) {
    struct c138_u256 a, b;
    (void)c138_u256_from_dec("255", &a);
    (void)c138_u256_from_dec("256", &b);
    CU_ASSERT_EQUAL(c138_u256_cmp(&a, &b), -1);
    CU_ASSERT_EQUAL(c138_u256_cmp(&b, &a), 1);
    CU_ASSERT_EQUAL(c138_u256_cmp(&a, &a), 0);
}

static void test_wei(void) {
    static const char *const cases[][2] = {{"7", "7"},
                                           {"7wei", "7"},
                                           {"20gwei", "20000000000"},
                                           {"1.5ether", "1500000000000000000"},
                                           {"0.000000000000000001ether", "1"},
                                           {"1.500000000000000000000ether", "1500000000000000000"},
                                           {"1.0", "1"},
                                           {"1.5kwei", "1500"},
                                           {"2finney", "2000000000000000"},
                                           {"0ether", "0"},
                                           {MOST, MOST}};
    static const char *const wrong[] = {"",
                                        "ether",
                                        "1.5",
                                        "0.5wei",
                                        "1.ether",
                                        ".5ether",
                                        "1 ether",
                                        "-1",
                                        "1Ether",
                                        "1e18",
                                        "0.0000000000000000001ether",
                                        MOST "0",
                                        MOST "ether"};
    struct c138_u256 v;
    char text[C138_U256_TEXT];
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        CU_ASSERT_EQUAL(c138_wei_parse(cases[i][0], &v), C138_OK);
        c138_u256_to_dec(&v, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i][1]);
    }
    for (size_t i = 0; i < C138_COUNT(wrong); i++)
        CU_ASSERT_TRUE(c138_wei_parse(wrong[i], &v) < 0);
}

static struct c138_u256 dec(const char *text) {
    struct c138_u256 v = {{0}};
    CU_ASSERT_EQUAL(c138_u256_from_dec(text, &v), C138_OK);
    return v;
}

static int is(const struct c138_u256 *v, const char *text) {
    char digits[C138_U256_TEXT];
    c138_u256_to_dec(v, digits);
    return !strcmp(digits, text);
}

static void test_sums(void) {
    struct c138_u256 most = dec(MOST), one = c138_u256_of(1), r = dec("7"), v;
    uint64_t n = 0;
    CU_ASSERT(c138_u256_add(&most, &one, &r) && is(&r, "7")); /* untouched */
    CU_ASSERT(c138_u256_sub(&one, &most, &r) && is(&r, "7"));
    CU_ASSERT(!c138_u256_sub(&most, &one, &r) && !c138_u256_add(&r, &one, &r) && is(&r, MOST));
    v = dec("340282366920938463463374607431768211455"); /* 2^128 - 1 */
    CU_ASSERT(!c138_u256_add(&v, &one, &r) && is(&r, "340282366920938463463374607431768211456"));
    CU_ASSERT(!c138_u256_sub(&r, &one, &r) && !c138_u256_cmp(&r, &v));
    CU_ASSERT(!c138_u256_mul(&v, UINT64_MAX, &r) &&
              is(&r, "6277101735386680763495507056286727952620534092958556749825"));
    CU_ASSERT(!c138_u256_mul(&v, UINT64_C(1) << 32, &r) &&
              is(&r, "1461501637330902918203684832716283019651637575680"));
    CU_ASSERT(c138_u256_mul(&most, 2, &r) && c138_u256_mul(&most, UINT64_C(1) << 32, &r));
    CU_ASSERT(!c138_u256_mul(&most, 1, &r) && is(&r, MOST));
    CU_ASSERT(!c138_u256_mul(&most, 0, &r) && c138_u256_is_zero(&r));
    v = c138_u256_of(UINT64_MAX);
    CU_ASSERT(c138_u256_to_uint(&v, &n) == C138_OK && n == UINT64_MAX);
    CU_ASSERT(!c138_u256_add(&v, &one, &v) && c138_u256_to_uint(&v, &n) == C138_E_LIMIT);
    c138_u256_div(&v, 1u << 31);
    CU_ASSERT(is(&v, "8589934592"));
}

const CU_TestInfo tests_u256[] = {
    {"sums", test_sums},         {"decimal", test_decimal}, {"digits", test_digits},
    {"quantity", test_quantity}, {"order", test_order},     {"wei", test_wei},
    CU_TEST_INFO_NULL,
};
