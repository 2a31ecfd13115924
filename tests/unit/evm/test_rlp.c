#include "../unit.h"
#include <base/text.h>
#include <evm/rlp.h>

#include <stdint.h>
#include <string.h>

static struct c138_rlp of(const char *hex, uint8_t bytes[1200]) {
    size_t length = strlen(hex);
    CU_ASSERT_EQUAL_FATAL(c138_hex_decode(hex, length, bytes), C138_OK);
    return (struct c138_rlp){bytes, length / 2};
}

static void test_bytes(void) {
    const struct {
        const char *rlp, *bytes;
    } cases[] = {{"00", "\0"},
                 {"7f", "\x7f"},
                 {"80", ""},
                 {"8180", "\x80"},
                 {"83646f67", "dog"},
                 {"b838"
                  "4c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572"
                  "2061646970697369636967e720656c6974",
                  NULL}};
    uint8_t bytes[1200];
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases) - 1; i++) {
        struct c138_rlp in = of(cases[i].rlp, bytes);
        const uint8_t *p;
        size_t length;
        CU_ASSERT_EQUAL(c138_rlp_bytes(&in, &p, &length), C138_OK);
        CU_ASSERT_TRUE(c138_rlp_done(&in));
        CU_ASSERT_EQUAL(length, i == 0 ? 1 : strlen(cases[i].bytes));
        CU_ASSERT_EQUAL(memcmp(p, cases[i].bytes, length), 0);
        CU_ASSERT_EQUAL(c138_rlp_bytes(&in, &p, &length), C138_E_NOTFOUND);
    }
    struct c138_rlp in = of(cases[5].rlp, bytes);
    const uint8_t *p;
    size_t length;
    CU_ASSERT_EQUAL(c138_rlp_bytes(&in, &p, &length), C138_OK);
    CU_ASSERT_EQUAL(length, 56);
}

static void test_lists(void) {
    uint8_t bytes[1200];
    struct c138_rlp in = of("c88363617483646f67c0", bytes), list, item;
    const uint8_t *p;
    size_t length;
    int is_list;
    CU_ASSERT_EQUAL(c138_rlp_bytes(&in, &p, &length), C138_E_INVALID); /* nothing is taken */
    CU_ASSERT_EQUAL(c138_rlp_list(&in, &list), C138_OK);
    CU_ASSERT_EQUAL(c138_rlp_bytes(&list, &p, &length), C138_OK);
    CU_ASSERT_EQUAL(memcmp(p, "cat", 3), 0);
    CU_ASSERT_EQUAL(c138_rlp_list(&list, &item), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_rlp_next(&list, &item, &is_list), C138_OK);
    CU_ASSERT_FALSE(is_list);
    CU_ASSERT_TRUE(c138_rlp_done(&list));
    CU_ASSERT_EQUAL(c138_rlp_next(&in, &item, &is_list), C138_OK);
    CU_ASSERT_TRUE(is_list);
    CU_ASSERT_EQUAL(item.length, 0);
    CU_ASSERT_TRUE(c138_rlp_done(&in));
}

static void test_uint(void) {
    const struct {
        const char *rlp;
        uint64_t value;
    } good[] = {{"80", 0}, {"0f", 15}, {"820400", 1024}, {"88ffffffffffffffff", UINT64_MAX}};
    const char *bad[] = {"00", "820004", "89010000000000000000", "c0"};
    uint8_t bytes[1200];
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        struct c138_rlp in = of(good[i].rlp, bytes);
        uint64_t value = 1;
        CU_ASSERT_EQUAL(c138_rlp_uint(&in, &value), C138_OK);
        CU_ASSERT_EQUAL(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct c138_rlp in = of(bad[i], bytes);
        uint64_t value;
        CU_ASSERT_EQUAL(c138_rlp_uint(&in, &value), C138_E_INVALID);
        CU_ASSERT_FALSE(c138_rlp_done(&in));
    }
}

/* Not canonical, or reaching past the end. */
static void test_strict(void) {
    const char *bad[] = {"8100",
                         "817f",
                         "b800",
                         "b80161",
                         "b837",
                         "83646f",
                         "c4836361",
                         "f800",
                         "f83700",
                         "b90001",
                         "b8",
                         "bf",
                         "bfffffffffffffffff",
                         "ff",
                         "ffffffffffffffffff",
                         "b90037",
                         "f90037",
                         "bf00000000000000ff"};
    uint8_t bytes[1200];
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct c138_rlp in = of(bad[i], bytes), item = {NULL, 0};
        int is_list;
        c138_status status = c138_rlp_next(&in, &item, &is_list);
        if (strcmp(bad[i], "c4836361") == 0)
            CU_ASSERT_EQUAL(status, C138_E_INVALID);
        CU_ASSERT_EQUAL(status, C138_E_INVALID);
        CU_ASSERT_PTR_NULL(item.p);
    }
    struct c138_rlp in = of("c2836361", bytes), list; /* an item that reaches past its list */
    const uint8_t *p;
    size_t length;
    CU_ASSERT_EQUAL(c138_rlp_list(&in, &list), C138_OK);
    CU_ASSERT_EQUAL(c138_rlp_bytes(&list, &p, &length), C138_E_INVALID);
}

const CU_TestInfo tests_rlp[] = {{"rlp bytes", test_bytes},
                                 {"rlp lists", test_lists},
                                 {"rlp numbers", test_uint},
                                 {"rlp is strict", test_strict},
                                 CU_TEST_INFO_NULL};
