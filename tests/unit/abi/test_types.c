#include "../unit.h"
#include <base/text.h>
#include <evm/abi.h>

#include <string.h>

static char *canonical(const char *text) {
    C138_ABI_TYPE struct c138_abi_type *t = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    if (c138_abi_type_parse(text, &t, &err) < 0)
        return c138_xasprintf("%s: %s", err.key, err.text);
    c138_abi_type_text(t, &out);
    return c138_buf_steal(&out);
}

static void test_types(void) {
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"uint", "uint256"},
        {"int8", "int8"},
        {"bytes32[][2]", "bytes32[][2]"},
        {" ( address payable to , bytes data ) [] ", "(address,bytes)[]"},
        {"tuple(uint a,tuple(bool,string b)[3] c)", "(uint256,(bool,string)[3])"},
        {"function", "bytes24"},
        {"()", "()"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *got = canonical(cases[i].text);
        CU_ASSERT_STRING_EQUAL(got, cases[i].wanted);
    }
}

static void test_wrong_types(void) {
    static const char *const cases[] = {"uint7",
                                        "uint264",
                                        "uint08",
                                        "int0",
                                        "bytes0",
                                        "bytes33",
                                        "string32",
                                        "adress",
                                        "uint256[0]",
                                        "uint[",
                                        "uint[-1]",
                                        "uint[99999]",
                                        "(uint",
                                        "(uint,)",
                                        "uint)",
                                        "()[]",
                                        "",
                                        "(uint) x y",
                                        "uint256[65536][65536]"};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *got = canonical(cases[i]);
        CU_ASSERT(c138_starts_with(got, "abi.type: "));
        CU_ASSERT_PTR_NOT_NULL(strstr(got, "character "));
    }
}

static void nested_too_deeply(const char *before, const char *after) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    for (int i = 0; i <= C138_ABI_DEPTH; i++)
        (void)c138_buf_adds(&text, before);
    (void)c138_buf_adds(&text, "uint");
    for (int i = 0; i <= C138_ABI_DEPTH; i++)
        (void)c138_buf_adds(&text, after);
    C138_FREE char *got = canonical(c138_buf_text(&text));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "nested too deeply"));
}

static void test_depth(void) {
    nested_too_deeply("(", ")");
    nested_too_deeply("", "[1]");
}

static void test_items(void) {
    static const struct {
        const char *text, *signature, *hash;
        enum c138_abi_what what;
        int view;
    } cases[] = {
        {"transfer(address to, uint256 amount) returns (bool)", "transfer(address,uint256)",
         "a9059cbb", C138_ABI_FUNCTION, 0},
        {"function balanceOf(address) external view returns (uint)", "balanceOf(address)",
         "70a08231", C138_ABI_FUNCTION, 1},
        {"event Transfer(address indexed from, address indexed to, uint value);",
         "Transfer(address,address,uint256)", "ddf252ad", C138_ABI_EVENT, 0},
        {"error Error(string)", "Error(string)", "08c379a0", C138_ABI_ERROR, 0},
        {"error(string)", "error(string)", NULL, C138_ABI_FUNCTION, 0},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_ABI_ITEM struct c138_abi_item *item = NULL;
        char hex[9];
        CU_ASSERT_EQUAL_FATAL(c138_abi_item_parse(cases[i].text, &item, NULL), C138_OK);
        c138_hex_encode(item->hash, 4, hex);
        CU_ASSERT_STRING_EQUAL(item->signature, cases[i].signature);
        CU_ASSERT(!cases[i].hash || !strcmp(hex, cases[i].hash));
        CU_ASSERT_EQUAL(item->what, cases[i].what);
        CU_ASSERT_EQUAL(item->view, cases[i].view);
    }
}

static void test_wrong_items(void) {
    static const char *const cases[] = {
        "transfer",
        "(uint256)",
        "transfer(uint256) gibberish",
        "transfer(uint256) returns bool",
        "event E(uint indexed,uint indexed,uint indexed,uint indexed)",
        "f(uint indexed x)",
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct c138_abi_item *item = NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(c138_abi_item_parse(cases[i], &item, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, "abi.type");
        CU_ASSERT_PTR_NULL(item);
    }
}

static c138_status abi_of(const char *text, struct c138_abi *ret, struct c138_err *err) {
    C138_JSON struct c138_json *json = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &json, NULL), C138_OK);
    return c138_abi_from_json(json, ret, err);
}

static void test_compilers_abi(void) {
    struct c138_abi abi = {0};
    const struct c138_abi_item *item = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(
        abi_of("{\"abi\":[{\"type\":\"function\",\"name\":\"set\",\"inputs\":[{\"name\":\"o\","
               "\"type\":"
               "\"tuple[2]\",\"components\":[{\"name\":\"a\",\"type\":\"uint8\"},{\"name\":\"b\","
               "\"type\":\"bytes\"}]}],\"outputs\":[],\"stateMutability\":\"payable\"},"
               "{\"type\":\"receive\",\"stateMutability\":\"payable\"},"
               "\"function get(uint256)\",\"function get(address)\"]}",
               &abi, &err),
        C138_OK);
    CU_ASSERT_EQUAL(abi.count, 3);
    CU_ASSERT_EQUAL_FATAL(c138_abi_find(&abi, C138_ABI_FUNCTION, "set", &item, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(item->signature, "set((uint8,bytes)[2])");
    CU_ASSERT(item->payable);
    CU_ASSERT_EQUAL(c138_abi_find(&abi, C138_ABI_FUNCTION, "get", &item, &err), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "get(uint256), get(address)"));
    CU_ASSERT_EQUAL(c138_abi_find(&abi, C138_ABI_FUNCTION, "get(address)", &item, &err), C138_OK);
    CU_ASSERT_PTR_EQUAL(c138_abi_by_hash(&abi, C138_ABI_FUNCTION, item->hash, 4), item);
    CU_ASSERT_EQUAL(c138_abi_find(&abi, C138_ABI_EVENT, "get", &item, &err), C138_E_NOTFOUND);
    c138_abi_deinit(&abi);
}

static void test_wrong_abis(void) {
    static const char *const cases[] = {
        "7",
        "{}",
        "[{\"type\":\"function\",\"name\":\"f\",\"inputs\":[{\"type\":\"uint7\"}]}]",
        "[{\"type\":\"function\",\"name\":\"f\",\"inputs\":[{\"name\":\"x\"}]}]",
        "[{\"type\":\"function\",\"name\":\"f\",\"inputs\":[{\"type\":\"uint8) returns (bool\"}]}]",
        "[\"f(uint256\"]"};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct c138_abi abi = {0};
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(abi_of(cases[i], &abi, &err), C138_E_INVALID);
        CU_ASSERT(err.text[0] != '\0');
    }
}

const CU_TestInfo tests_types[] = {{"types", test_types},
                                   {"types that are none", test_wrong_types},
                                   {"nested too deeply", test_depth},
                                   {"functions, events, errors", test_items},
                                   {"what is none of them", test_wrong_items},
                                   {"a compiler's ABI", test_compilers_abi},
                                   {"what is no ABI", test_wrong_abis},
                                   CU_TEST_INFO_NULL};
