#include "../unit.h"
#include <base/text.h>
#include <evm/known.h>
#include <evm/revert.h>

#include <string.h>

static struct c138_buf error_data(const char *declaration, const char *values) {
    C138_ABI_ITEM struct c138_abi_item *item = NULL;
    C138_JSON struct c138_json *v = NULL;
    struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL_FATAL(c138_abi_item_parse(declaration, &item, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(values, strlen(values), &v, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_abi_encode_call(item, v, &out, NULL), C138_OK);
    return out;
}

static char *hex_of(const struct c138_buf *b) {
    char *hex = c138_xcalloc(1, 2 * b->length + 3);
    memcpy(hex, "0x", 2);
    c138_hex_encode((const uint8_t *)b->data, b->length, hex + 2);
    return hex;
}

static char *text_of(const struct c138_buf *b, const struct c138_abi *abi) {
    C138_JSON struct c138_json *r = c138_revert_decode((const uint8_t *)b->data, b->length, abi);
    return c138_xstrdup(c138_json_get_str(r, "text", ""));
}

static void test_builtin(void) {
    C138_BUF struct c138_buf reason = error_data("error Error(string)", "[\"not \\\"owner\\\"\"]");
    C138_BUF struct c138_buf panic = error_data("error Panic(uint256)", "[17]");
    C138_BUF struct c138_buf empty = C138_BUF_NULL;
    C138_FREE char *a = text_of(&reason, NULL), *b = text_of(&panic, NULL),
                   *c = text_of(&empty, NULL);
    CU_ASSERT_STRING_EQUAL(a, "Error(\"not \\\"owner\\\"\")");
    CU_ASSERT_STRING_EQUAL(b, "Panic(17): arithmetic overflow or underflow");
    CU_ASSERT_PTR_NOT_NULL(strstr(c, "no reason given"));
}

/* As CCIP wraps them: ExecutionError(bytes32, bytes of ReceiverError(bytes of Error(string))). */
static void test_nested(void) {
    C138_BUF struct c138_buf innermost = error_data("error Error(string)", "[\"paused\"]");
    C138_FREE char *first = hex_of(&innermost), *one = c138_xasprintf("[\"%s\"]", first);
    C138_BUF struct c138_buf middle = error_data("error ReceiverError(bytes)", one);
    C138_FREE char *second = hex_of(&middle);
    C138_FREE char *two = c138_xasprintf("[\"0x%064x\",\"%s\"]", 5, second);
    C138_BUF struct c138_buf outer = error_data("error ExecutionError(bytes32,bytes)", two);
    C138_JSON struct c138_json *r =
        c138_revert_decode((const uint8_t *)outer.data, outer.length, NULL);
    const char *text = c138_json_get_str(r, "text", "");
    CU_ASSERT(c138_starts_with(text, "ExecutionError(0x0000"));
    CU_ASSERT(c138_ends_with(text, ", ReceiverError(Error(\"paused\")))"));
    CU_ASSERT_STRING_EQUAL(
        c138_json_as_str(c138_json_path(r, "args.1.inner.args.0.inner.args.0.value"), ""),
        "paused");
}

static void test_own_abi(void) {
    static const char declared[] = "[\"error TooMuch(uint256 asked, uint256 left)\"]";
    C138_BUF struct c138_buf data = error_data("error TooMuch(uint256,uint256)", "[5,3]");
    C138_JSON struct c138_json *json = NULL;
    struct c138_abi abi = {0};
    (void)c138_json_parse(declared, strlen(declared), &json, NULL);
    CU_ASSERT_EQUAL_FATAL(c138_abi_from_json(json, &abi, NULL), C138_OK);
    C138_FREE char *with = text_of(&data, &abi), *without = text_of(&data, NULL);
    CU_ASSERT_STRING_EQUAL(with, "TooMuch(5, 3)");
    CU_ASSERT_PTR_NOT_NULL(strstr(without, "no ABI here knows"));
    c138_abi_deinit(&abi);
}

static void test_cut_data(void) {
    C138_BUF struct c138_buf reason = error_data("error Error(string)", "[\"paused\"]");
    for (size_t n = 0; n < reason.length; n++) {
        C138_JSON struct c138_json *r = c138_revert_decode((const uint8_t *)reason.data, n, NULL);
        CU_ASSERT_FALSE(c138_json_has(r, "error"));
        CU_ASSERT(c138_json_has(r, "text"));
    }
}

static void test_of_error(void) {
    C138_BUF struct c138_buf reason = error_data("error Error(string)", "[\"no\"]");
    C138_FREE char *hex = hex_of(&reason);
    static const char *const forms[] = {"{\"data\":\"%s\"}", "{\"data\":{\"data\":\"%s\"}}",
                                        "{\"data\":{\"result\":\"%s\"}}",
                                        "{\"data\":\"Reverted %s\"}"};
    for (size_t i = 0; i < C138_COUNT(forms); i++) {
        const char *gap = strstr(forms[i], "%s");
        C138_FREE char *text =
            c138_xasprintf("%.*s%s%s", (int)(gap - forms[i]), forms[i], hex, gap + 2);
        C138_JSON struct c138_json *error = NULL;
        CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &error, NULL), C138_OK);
        C138_JSON struct c138_json *r = c138_revert_of_error(error, NULL);
        CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "text", ""), "Error(\"no\")");
    }
    CU_ASSERT_PTR_NULL(c138_revert_of_error(NULL, NULL));
}

/* Each row is found again under the hash of its own text. */
static void test_known(void) {
    static const enum c138_abi_what whats[] = {C138_ABI_ERROR, C138_ABI_FUNCTION, C138_ABI_EVENT};
    static const size_t least[] = {320, 800, 300};
    for (size_t w = 0; w < C138_COUNT(whats); w++) {
        size_t count = 0, found = 0;
        for (;; count++) {
            C138_ABI_ITEM struct c138_abi_item *item = c138_abi_known_at(whats[w], count);
            if (!item)
                break;
            for (size_t nth = 0; nth < 8; nth++) {
                C138_ABI_ITEM struct c138_abi_item *same =
                    c138_abi_known(whats[w], item->hash, 4, nth);
                if (same && !strcmp(same->signature, item->signature)) {
                    found++;
                    break;
                }
            }
        }
        CU_ASSERT(count > least[w]);
        CU_ASSERT_EQUAL(found, count);
    }
}

const CU_TestInfo tests_revert[] = {{"built in", test_builtin},
                                    {"errors within errors", test_nested},
                                    {"errors of an ABI", test_own_abi},
                                    {"cut data", test_cut_data},
                                    {"as nodes answer", test_of_error},
                                    {"the table of known contracts", test_known},
                                    CU_TEST_INFO_NULL};
