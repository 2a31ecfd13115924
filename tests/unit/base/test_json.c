#include "../unit.h"
#include <base/json.h>
#include <base/text.h>

#include <math.h>
#include <string.h>

static struct c138_json *parsed(const char *text) {
    struct c138_json *v = NULL;
    struct c138_err err = {0};
    if (c138_json_parse(text, strlen(text), &v, &err) < 0)
        CU_FAIL_FATAL("not parsed");
    return v;
}

static void test_round_trip(void) {
    static const char *const same[] = {"null",
                                       "true",
                                       "false",
                                       "0",
                                       "-1",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "18446744073709551615",
                                       "1.5",
                                       "1.50",
                                       "1e3",
                                       "-0.0",
                                       "\"\"",
                                       "\"a/b\"",
                                       "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\"",
                                       "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
                                       "\"a\\u0000b\"",
                                       "[]",
                                       "{}",
                                       "[1,[2,{}],null]",
                                       "{\"b\":1,\"a\":{\"\":null},\"c\":[true,\"x\"]}"};
    for (size_t i = 0; i < C138_COUNT(same); i++) {
        C138_JSON struct c138_json *v = parsed(same[i]), *copy = c138_json_copy(v);
        C138_FREE char *text = c138_json_dump(v), *again = c138_json_dump(copy);
        CU_ASSERT_STRING_EQUAL(text, same[i]);
        CU_ASSERT_STRING_EQUAL(again, same[i]);
    }
}

static void test_reads_liberally_spaced(void) {
    C138_JSON struct c138_json *v =
        parsed(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"\\u0062\\u00e4\\ud83d\\ude00\" : \"\\/\" } \n");
    C138_FREE char *text = c138_json_dump(v);
    CU_ASSERT_STRING_EQUAL(text, "{\"a\":[1,2],\"b\xc3\xa4\xf0\x9f\x98\x80\":\"/\"}");
}

static void test_strict(void) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "ends too early"},
        {" ", "ends too early"},
        {"{", "member name"},
        {"[1,", "ends too early"},
        {"[1 2]", "comma"},
        {"[1,]", "no JSON"},
        {"{\"a\":1,}", "member name"},
        {"{\"a\" 1}", "colon"},
        {"{a:1}", "member name"},
        {"{'a':1}", "member name"},
        {"{\"a\":1,\"a\":2}", "twice at byte"},
        {"{\"a\":1,\"\\u0061\":2}", "twice"},
        {"[{\"x\":{\"k\":1,\"k\":1}}]", "twice"},
        {"{\"a\\u0000\":1}", "NUL"},
        {"1 2", "behind the value"},
        {"{}x", "behind the value at byte 2"},
        {"null,", "behind the value"},
        {"nul", "no JSON"},
        {"nullx", "behind the value"},
        {"NaN", "no JSON"},
        {"-Infinity", "no JSON"},
        {"01", "no JSON"},
        {"-", "no JSON"},
        {"+1", "no JSON"},
        {".5", "no JSON"},
        {"1.", "bad number"},
        {"1e", "bad number"},
        {"1e+", "bad number"},
        {"0x10", "behind the value"},
        {"1e999", "out of range"},
        {"18446744073709551616", "over 64 bits"},
        {"-9223372036854775809", "over 64 bits"},
        {"115792089237316195423570985008687907853269984665640564039457584007913129639935",
         "more than 63"},
        {"\"abc", "does not end"},
        {"\"\\x\"", "escape"},
        {"\"\\u12g4\"", "escape"},
        {"\"\\ud800\"", "escape"},
        {"\"\\udc00\"", "escape"},
        {"\"\\ud800\\u0041\"", "escape"},
        {"\"\\", "control character"},
        {"\"a\nb\"", "control character"},
        {"\"\t\"", "control character"},
        {"\"\xff\"", "UTF-8 at byte 1"},
        {"\"\xed\xa0\x80\"", "UTF-8"},
        {"/* no */ 1", "no JSON"},
        {"1 // no", "behind the value"},
        {"\xef\xbb\xbf{}", "no JSON"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct c138_json *v = NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(c138_json_parse(cases[i].text, strlen(cases[i].text), &v, &err),
                        C138_E_INVALID);
        if (!strstr(err.text, cases[i].says))
            printf("\n%s: %s\n", cases[i].text, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "at byte "));
    }
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(c138_json_parse("1\0", 2, &v, NULL), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_json_parse("[1]", 2, &v, NULL), C138_E_INVALID); /* length rules */
}

static void test_depth(void) {
    char text[80];
    for (size_t depth = C138_JSON_DEPTH; depth <= C138_JSON_DEPTH + 1; depth++) {
        struct c138_json *v = NULL;
        struct c138_err err = {0};
        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        c138_status status = c138_json_parse(text, 2 * depth + 1, &v, &err);
        CU_ASSERT_EQUAL(status, depth == C138_JSON_DEPTH ? C138_OK : C138_E_INVALID);
        if (status < 0)
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "nested too deeply"));
        c138_json_unref(v);
    }
    C138_FREE char *deep = c138_xmalloc(1 << 20);
    memset(deep, '[', 1 << 20); /* no stack is used up */
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(c138_json_parse(deep, 1 << 20, &v, NULL), C138_E_INVALID);
}

static void test_reading_values(void) {
    C138_JSON struct c138_json *v = parsed("{\"s\":\"x\",\"i\":-5,\"u\":18446744073709551615,"
                                           "\"d\":2.5,\"b\":true,\"n\":null,\"a\":[1,{\"k\":7}]}");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "s", "-"), "x");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "i", "-"), "-");
    CU_ASSERT_EQUAL(c138_json_get_int(v, "i", 1), -5);
    CU_ASSERT_EQUAL(c138_json_get_uint(v, "i", 1), 1);
    CU_ASSERT_EQUAL(c138_json_get_uint(v, "u", 1), UINT64_MAX);
    CU_ASSERT_EQUAL(c138_json_get_int(v, "u", 1), 1);
    CU_ASSERT_EQUAL(c138_json_get_int(v, "d", 1), 1);
    CU_ASSERT_EQUAL(c138_json_as_num(c138_json_get(v, "d"), 0), 2.5);
    CU_ASSERT_EQUAL(c138_json_as_num(c138_json_get(v, "i"), 0), -5.0);
    CU_ASSERT_EQUAL(c138_json_get_bool(v, "b", 0), 1);
    CU_ASSERT_EQUAL(c138_json_get_bool(v, "i", 0), 0);
    CU_ASSERT_PTR_NULL(c138_json_get(v, "n"));
    CU_ASSERT_TRUE(c138_json_has(v, "n"));
    CU_ASSERT_FALSE(c138_json_has(v, "m"));
    CU_ASSERT_EQUAL(c138_json_as_int(c138_json_path(v, "a.1.k"), 0), 7);
    CU_ASSERT_PTR_NULL(c138_json_path(v, "a.2"));
    CU_ASSERT_PTR_NULL(c138_json_path(v, "a.-1"));
    CU_ASSERT_PTR_NULL(c138_json_path(v, "s.x"));
    CU_ASSERT_PTR_EQUAL(c138_json_path(v, ""), v);
    CU_ASSERT_EQUAL(c138_json_count(v), 7);
    CU_ASSERT_EQUAL(c138_json_count(NULL), 0);
    CU_ASSERT_EQUAL(c138_json_type(NULL), C138_JSON_NULL);
    CU_ASSERT_PTR_NULL(c138_json_at(v, 0));
    CU_ASSERT_PTR_NULL(c138_json_at(c138_json_get(v, "a"), 2));
    C138_JSON struct c138_json *nul = parsed("\"a\\u0000b\"");
    CU_ASSERT_EQUAL(c138_json_str_length(nul), 3);
}

static void test_iter(void) {
    C138_JSON struct c138_json *v = parsed("{\"z\":1,\"a\":null,\"m\":3}");
    char order[8] = "";
    for (struct c138_json_iter i = c138_json_iter(v); c138_json_next(&i);)
        (void)strncat(order, i.name, 2);
    CU_ASSERT_STRING_EQUAL(order, "zam");
    struct c138_json_iter none = c138_json_iter(NULL);
    CU_ASSERT_FALSE(c138_json_next(&none));
}

static void test_building(void) {
    C138_JSON struct c138_json *v = c138_json_new_object();
    struct c138_json *list = c138_json_new_array();
    c138_json_append(list, c138_json_new_int(-1));
    c138_json_append(list, c138_json_new_uint(UINT64_MAX));
    c138_json_append(list, NULL);
    c138_json_set(v, "list", list);
    c138_json_set_str(v, "text", "x");
    c138_json_set_str(v, "none", NULL);
    c138_json_set_num(v, "tenth", 0.1);
    c138_json_set_num(v, "whole", 3);
    c138_json_set_num(v, "nan", (double)NAN);
    c138_json_set_bool(v, "yes", 1);
    c138_json_set_int(v, "gone", 1);
    c138_json_remove(v, "gone");
    c138_json_remove(v, "never");
    c138_json_set_str(v, "text", "y"); /* in its place */
    C138_FREE char *text = c138_json_dump(v), *pretty = c138_json_pretty(v);
    CU_ASSERT_STRING_EQUAL(text, "{\"list\":[-1,18446744073709551615,null],\"text\":\"y\","
                                 "\"none\":null,\"tenth\":0.1,\"whole\":3.0,\"nan\":null,"
                                 "\"yes\":true}");
    CU_ASSERT_PTR_NOT_NULL(strstr(pretty, "\n  \"text\": \"y\",\n"));
    C138_JSON struct c138_json *again = parsed(pretty);
    C138_FREE char *back = c138_json_dump(again);
    CU_ASSERT_STRING_EQUAL(back, text);
}

static void test_references(void) {
    struct c138_json *inner = c138_json_new_str("x");
    struct c138_json *outer = c138_json_new_object();
    c138_json_set(outer, "a", c138_json_ref(inner));
    CU_ASSERT_PTR_NULL(c138_json_unref(outer));
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(inner, ""), "x");
    CU_ASSERT_PTR_NULL(c138_json_unref(inner));
    CU_ASSERT_PTR_NULL(c138_json_unref(NULL));
    C138_JSON struct c138_json *v = parsed("{\"a\":{\"b\":1}}"), *copy = c138_json_copy(v);
    c138_json_set_int(c138_json_get(copy, "a"), "b", 2);
    CU_ASSERT_EQUAL(c138_json_as_int(c138_json_path(v, "a.b"), 0), 1);
}

static void test_canonical(void) {
    C138_JSON struct c138_json *a = parsed("{\"b\":[{\"z\":1,\"y\":\"/\\u00e4\\u0007\"}],"
                                           "\"a\":null,\"B\":1.5,\"\":true}"),
                               *b = parsed("{ \"\":true, \"B\":1.5, \"a\":null,"
                                           "\"b\":[{\"y\":\"\\/\xc3\xa4\\u0007\",\"z\":1}]}");
    C138_FREE char *one = c138_json_canonical(a), *two = c138_json_canonical(b);
    CU_ASSERT_STRING_EQUAL(
        one, "{\"\":true,\"B\":1.5,\"a\":null,\"b\":[{\"y\":\"/\xc3\xa4\\u0007\",\"z\":1}]}");
    CU_ASSERT_STRING_EQUAL(one, two);
    C138_FREE char *null = c138_json_canonical(NULL);
    CU_ASSERT_STRING_EQUAL(null, "null");
}

static void test_bytes_that_are_no_utf8(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    c138_json_quote(&b, "a\xff\xc3\xa9\xe2\x82", 6);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"");
    c138_buf_reset(&b);
    static const char text[] = "a\"\xff\xc3(\xe2\x82";
    c138_json_quote(&b, text, sizeof(text) - 1);
    C138_JSON struct c138_json *v = parsed(c138_buf_text(&b)), *made = c138_json_new_str(text);
    C138_FREE char *dump = c138_json_dump(v), *other = c138_json_dump(made);
    CU_ASSERT_STRING_EQUAL(dump, c138_buf_text(&b));
    CU_ASSERT_STRING_EQUAL(other, dump);
    CU_ASSERT_TRUE(c138_utf8_valid(other, strlen(other)));
}

static void test_large(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    c138_buf_addc(&b, '{');
    for (int i = 0; i < 20000; i++)
        c138_buf_addf(&b, "%s\"member%d\":[%d,\"text\"]", i ? "," : "", i, i);
    c138_buf_addc(&b, '}');
    C138_JSON struct c138_json *v = parsed(c138_buf_text(&b));
    CU_ASSERT_EQUAL(c138_json_count(v), 20000);
    C138_FREE char *text = c138_json_dump(v);
    CU_ASSERT_STRING_EQUAL(text, c138_buf_text(&b));
}

const CU_TestInfo tests_json[] = {
    {"round trip", test_round_trip},
    {"spaces and escapes", test_reads_liberally_spaced},
    {"strict", test_strict},
    {"depth", test_depth},
    {"reading values", test_reading_values},
    {"iter", test_iter},
    {"building", test_building},
    {"references", test_references},
    {"canonical", test_canonical},
    {"bytes that are no UTF-8", test_bytes_that_are_no_utf8},
    {"large", test_large},
    CU_TEST_INFO_NULL,
};
