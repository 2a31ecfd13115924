#include "unit.h"

#include <base/json.h>
#include <string.h>
#include <worker/jsonscan.h>

static int scan(const char *text) {
    return jsonscan_is_object(text, strlen(text));
}

static void test_right(void) {
    static const char *const texts[] = {
        "{}",
        " { } ",
        "{\"a\":1}",
        "{\"a\":-0.5e+10,\"b\":[],\"c\":[1,2,{\"d\":null}]}",
        "{\"long name with escapes \\\" \\\\ \\u00e9\":\"and a long text that is over a word\"}",
        "{\"utf\":\"\xc3\xa9\xe2\x82\xac\"}",
        "{\"t\":true,\"f\":false}\n",
        "{\"0\":0,\"e\":1E5}"};
    for (size_t i = 0; i < C138_COUNT(texts); i++) {
        struct c138_json *v = NULL;
        CU_ASSERT(scan(texts[i]));
        CU_ASSERT_EQUAL(c138_json_parse(texts[i], strlen(texts[i]), &v, NULL), C138_OK);
        (void)c138_json_unref(v);
    }
}

static void test_wrong(void) {
    static const char *const texts[] = {"",
                                        " ",
                                        "[]",
                                        "1",
                                        "null",
                                        "{",
                                        "}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{\"a\":1}}",
                                        "{\"a\":1} x",
                                        "{'a':1}",
                                        "{a:1}",
                                        "{\"a\":01}",
                                        "{\"a\":1.}",
                                        "{\"a\":.5}",
                                        "{\"a\":-}",
                                        "{\"a\":1e}",
                                        "{\"a\":+1}",
                                        "{\"a\":\"\n\"}",
                                        "{\"a\":\"\\x\"}",
                                        "{\"a\":\"\\u12g4\"}",
                                        "{\"a\":\"unfinished",
                                        "{\"a\":\"\\\"}",
                                        "{\"a\":[1,]}",
                                        "{\"a\":[1 2]}",
                                        "{\"a\":tru}",
                                        "{\"a\":nul}",
                                        "{\"a\":\"\xff\xfe\"}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":\"x\"\"b\":2}",
                                        "{\"aaaaaaaaaaaaaaaaaaaaaaaa\x01\":1}"};
    for (size_t i = 0; i < C138_COUNT(texts); i++) {
        struct c138_json *v = NULL;
        CU_ASSERT_FALSE(scan(texts[i]));
        (void)v;
    }
}

static void test_depth(void) {
    char text[400] = "{\"a\":";
    size_t at = strlen(text);
    for (int depth = 1; depth < 40; depth++) {
        memset(text + at, '[', (size_t)depth);
        memset(text + at + depth, ']', (size_t)depth);
        text[at + 2 * (size_t)depth] = '}';
        text[at + 2 * (size_t)depth + 1] = '\0';
        CU_ASSERT_EQUAL(scan(text), depth + 1 <= C138_JSON_DEPTH);
    }
}

static void test_members(void) {
    const char *text = " {\"a\" : \"x,}\\\"\" ,\"b\":{\"c\":[1,2]}, \"c\":7 }";
    CU_ASSERT_FATAL(scan(text));
    struct jsonscan s = jsonscan_members(text, strlen(text));
    CU_ASSERT(jsonscan_next(&s) && jsonscan_named(&s, "a"));
    CU_ASSERT(s.value_length == 7 && memcmp(s.value, "\"x,}\\\"\"", 7) == 0);
    CU_ASSERT(jsonscan_next(&s) && jsonscan_named(&s, "b"));
    CU_ASSERT(s.value_length == 11 && memcmp(s.value, "{\"c\":[1,2]}", 11) == 0);
    CU_ASSERT(jsonscan_next(&s) && jsonscan_named(&s, "c"));
    CU_ASSERT(s.value_length == 1 && *s.value == '7');
    CU_ASSERT_FALSE(jsonscan_next(&s));
    s = jsonscan_members("{}", 2);
    CU_ASSERT_FALSE(jsonscan_next(&s));
}

const CU_TestInfo tests_jsonscan[] = {{"right", test_right},
                                      {"wrong", test_wrong},
                                      {"depth", test_depth},
                                      {"members", test_members},
                                      CU_TEST_INFO_NULL};
