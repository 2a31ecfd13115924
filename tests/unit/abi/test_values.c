#include "../unit.h"
#include <base/text.h>
#include <evm/abi.h>

#include <string.h>

#define W(x) "000000000000000000000000000000000000000000000000000000000000" x

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &v, NULL), C138_OK);
    return v;
}

static c138_status encoded(const char *types, const char *values, char **ret_hex,
                           struct c138_err *err) {
    C138_ABI_TYPE struct c138_abi_type *t = NULL;
    C138_JSON struct c138_json *v = json(values);
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL_FATAL(c138_abi_type_parse(types, &t, err), C138_OK);
    c138_status status = c138_abi_encode(t, v, &out, err);
    *ret_hex = c138_xcalloc(1, 2 * out.length + 1);
    if (out.length)
        c138_hex_encode((const uint8_t *)out.data, out.length, *ret_hex);
    return status;
}

static c138_status decoded(const char *types, const char *hex, char **ret_text,
                           struct c138_err *err) {
    C138_ABI_TYPE struct c138_abi_type *t = NULL;
    C138_JSON struct c138_json *v = NULL;
    C138_FREE uint8_t *bytes = c138_xmalloc(strlen(hex) / 2 + 1);
    CU_ASSERT_EQUAL_FATAL(c138_abi_type_parse(types, &t, err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_hex_decode(hex, strlen(hex), bytes), C138_OK);
    c138_status status = c138_abi_decode(t, bytes, strlen(hex) / 2, NULL, &v, err);
    *ret_text = status < 0 ? NULL : c138_json_dump(v);
    return status;
}

/* The example of the specification: f(uint256,uint32[],bytes10,bytes). */
static void test_specification(void) {
    static const char data[] = W("0123")
        W("0080") "31323334353637383930000000000000000000000000000000000000000000"
                  "00" W("00e0") W("0002") W("0456") W("0789")
                      W("000d") "48656c6c6f2c20776f726c642100000000000000000000000000000000000000";
    struct c138_err err = {0};
    C138_FREE char *hex = NULL, *text = NULL;
    CU_ASSERT_EQUAL(encoded("(uint256,uint32[],bytes10,bytes)",
                            "[\"0x123\",[1110,\"1929\"],\"0x31323334353637383930\","
                            "\"0x48656c6c6f2c20776f726c6421\"]",
                            &hex, &err),
                    C138_OK);
    CU_ASSERT_STRING_EQUAL(hex, data);
    CU_ASSERT_EQUAL(decoded("(uint256,uint32[],bytes10,bytes)", data, &text, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(text, "[\"291\",[\"1110\",\"1929\"],\"0x31323334353637383930\","
                                 "\"0x48656c6c6f2c20776f726c6421\"]");
}

static void test_ranges(void) {
    static const struct {
        const char *type, *value;
        int good;
    } cases[] = {
        {"(uint8)", "[255]", 1},
        {"(uint8)", "[256]", 0},
        {"(uint8)", "[-1]", 0},
        {"(int8)", "[127]", 1},
        {"(int8)", "[128]", 0},
        {"(int8)", "[-128]", 1},
        {"(int8)", "[-129]", 0},
        {"(uint8)", "[1.5]", 0},
        {"(uint8)", "[\"\"]", 0},
        {"(uint8)", "[\"-0\"]", 1},
        {"(uint8)", "[\"0xff\"]", 1},
        {"(uint8)", "[null]", 0},
        {"(bool)", "[1]", 0},
        {"(bool)", "[true]", 1},
        {"(bytes2)", "[\"0x0102\"]", 1},
        {"(bytes2)", "[\"0x01\"]", 0},
        {"(bytes)", "[\"0x1\"]", 0},
        {"(bytes)", "[\"01\"]", 0},
        {"(string)", "[1]", 0},
        {"(uint8,uint8)", "[1]", 0},
        {"(uint8[2])", "[[1]]", 0},
        {"(uint8)", "[1,2]", 0},
        {"(uint8)", "7", 0},
        {"(address)", "[\"0x1\"]", 0},
        {"(address)", "[\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"]", 1},
        {"(address)", "[\"0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"]", 0},
        {"(int256)",
         "[\"-57896044618658097711785492504343953926634992332820282019728792003956564819968\"]", 1},
        {"(int256)",
         "[\"57896044618658097711785492504343953926634992332820282019728792003956564819968\"]", 0},
        {"(uint256)",
         "[\"-115792089237316195423570985008687907853269984665640564039457584007913129639935\"]",
         0},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct c138_err err = {0};
        C138_FREE char *hex = NULL, *text = NULL;
        c138_status status = encoded(cases[i].type, cases[i].value, &hex, &err);
        CU_ASSERT_EQUAL(status, cases[i].good ? C138_OK : C138_E_INVALID);
        if (cases[i].good) {
            CU_ASSERT_EQUAL(decoded(cases[i].type, hex, &text, &err), C138_OK);
        } else {
            CU_ASSERT_STRING_EQUAL(err.key, "abi.value");
        }
    }
}

static void test_names(void) {
    struct c138_err err = {0};
    C138_FREE char *by_name = NULL, *by_place = NULL, *hex = NULL;
    CU_ASSERT_EQUAL(encoded("((address to,(string s,uint8 n)[] list) order)",
                            "[{\"list\":[{\"n\":1,\"s\":\"x\"}],\"to\":\"0x"
                            "0000000000000000000000000000000000000007\"}]",
                            &by_name, &err),
                    C138_OK);
    CU_ASSERT_EQUAL(encoded("((address,(string,uint8)[]))",
                            "[[\"0x0000000000000000000000000000000000000007\",[[\"x\",1]]]]",
                            &by_place, &err),
                    C138_OK);
    CU_ASSERT_STRING_EQUAL(by_name, by_place);
    CU_ASSERT_EQUAL(encoded("((address to,(string s,uint8 n)[] list) order)",
                            "[[\"0x0000000000000000000000000000000000000007\",[[\"x\",256]]]]",
                            &hex, &err),
                    C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "order.list.0.n (uint8): "));
}

static c138_status packed(const char *types, const char *values, char **ret_hex) {
    C138_ABI_TYPE struct c138_abi_type *t = NULL;
    C138_JSON struct c138_json *v = json(values);
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL_FATAL(c138_abi_type_parse(types, &t, NULL), C138_OK);
    c138_status status = c138_abi_pack(t, v, &out, NULL);
    *ret_hex = c138_xcalloc(1, 2 * out.length + 1);
    if (out.length)
        c138_hex_encode((const uint8_t *)out.data, out.length, *ret_hex);
    return status;
}

/* The example of the specification. */
static void test_packed(void) {
    C138_FREE char *hex = NULL, *array = NULL, *none = NULL, *tuple = NULL;
    CU_ASSERT_EQUAL(
        packed("(int16,bytes1,uint16,string)", "[-1,\"0x42\",3,\"Hello, world!\"]", &hex), C138_OK);
    CU_ASSERT_STRING_EQUAL(hex, "ffff42000348656c6c6f2c20776f726c6421");
    CU_ASSERT_EQUAL(packed("(bool[2])", "[[true,false]]", &array), C138_OK);
    CU_ASSERT_STRING_EQUAL(array, W("0001") W("0000"));
    CU_ASSERT_EQUAL(packed("(string[])", "[[\"a\"]]", &none), C138_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(packed("((uint8))", "[[1]]", &tuple), C138_E_UNSUPPORTED);
}

static void test_strict(void) {
    static const struct {
        const char *type, *data, *says;
    } cases[] = {
        {"(uint8)", W("0100"), "range"},
        {"(int8)", W("00ff"), "range"},
        {"(bool)", W("0002"), "neither 0 nor 1"},
        {"(address)", "01" W("00"), "not nought"},
        {"(bytes1)", W("0001"), "not nought"},
        {"(uint8)", W("0001") "00", "left over"},
        {"(uint8)", "00", "less than it takes"},
        {"(bytes)", W("0040") W("0000") W("0000"), "offset"},
        {"(bytes)", W("0000") W("0000"), "offset"},
        {"(bytes)", "ff" W("20") W("0000"), "offset"},
        {"(bytes)", W("0020") W("0021") W("0000"), "length"},
        {"(bytes)", W("0020") W("0001") "01", "padding"},
        {"(bytes)", W("0020") W("0001") "01" W("01"), "padding"},
        {"(bytes,bytes)", W("0040") W("0040") W("0000"), "offset"},
        {"(uint8[])", W("0020") W("0002") W("0001"), "less than it takes"},
        {"(uint8[])", W("0020") "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "less than it takes"},
        {"(bytes[])", W("0020") W("0002") W("0040") W("0040") W("0000"), "offset"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct c138_err err = {0};
        C138_FREE char *text = NULL;
        CU_ASSERT_EQUAL(decoded(cases[i].type, cases[i].data, &text, &err), C138_E_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
    }
}

static void test_event(void) {
    C138_ABI_ITEM struct c138_abi_item *item = NULL;
    C138_JSON struct c138_json *values = NULL;
    struct c138_err err = {0};
    uint8_t topics[3][32] = {{0}}, data[32] = {0};
    CU_ASSERT_EQUAL_FATAL(
        c138_abi_item_parse("event E(uint8 indexed a, string indexed b, bool c)", &item, &err),
        C138_OK);
    memcpy(topics[0], item->hash, 32);
    topics[1][31] = 7;
    memset(topics[2], 0xab, 32);
    data[31] = 1;
    CU_ASSERT_EQUAL(
        c138_abi_decode_event(item, (const uint8_t(*)[32])topics, 3, data, 32, &values, &err),
        C138_OK);
    C138_FREE char *text = c138_json_dump(values);
    CU_ASSERT_STRING_EQUAL(
        text,
        "[\"7\",{\"hash\":\"0xabababababababababababababababababababababababababababababababab\"},"
        "true]");
    struct c138_json *none = NULL;
    CU_ASSERT_EQUAL(
        c138_abi_decode_event(item, (const uint8_t(*)[32])topics, 2, data, 32, &none, &err),
        C138_E_INVALID);
    topics[0][0] ^= 1;
    CU_ASSERT_EQUAL(
        c138_abi_decode_event(item, (const uint8_t(*)[32])topics, 3, data, 32, &none, &err),
        C138_E_INVALID);
}

/* Data of 2 KB must not become gigabytes of values. */
static void test_no_blow_up(void) {
    C138_BUF struct c138_buf data = C138_BUF_NULL;
    struct c138_err err = {0};
    C138_FREE char *text = NULL;
    for (int i = 0; i < 32; i++)
        (void)c138_buf_adds(&data, i % 2 ? W("0020") : W("0010"));
    CU_ASSERT_EQUAL(decoded("(uint8[][][][][][][][][])", c138_buf_text(&data), &text, &err),
                    C138_E_INVALID);
}

const CU_TestInfo tests_values[] = {{"the example of the specification", test_specification},
                                    {"values in and out of range", test_ranges},
                                    {"tuples by name", test_names},
                                    {"strict decoding", test_strict},
                                    {"the packed mode", test_packed},
                                    {"events", test_event},
                                    {"data that refers to itself", test_no_blow_up},
                                    CU_TEST_INFO_NULL};
