#include "../unit.h"
#include <base/json.h>
#include <stdio.h>
#include <string.h>

static struct c138_json *parse(const char *text) {
    struct c138_json *v = NULL;
    struct c138_err e = {0};
    CU_ASSERT_EQUAL(c138_json_parse(text, strlen(text), &v, &e), C138_OK);
    return v;
}

static void refuse(const char *text, const char *word) {
    struct c138_json *v = NULL;
    struct c138_err e = {0};
    CU_ASSERT_EQUAL(c138_json_parse(text, strlen(text), &v, &e), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, word));
    if (!strstr(e.text, word))
        printf("%s: %s\n", text, e.text);
}

static void strict(void) {
    refuse("", "ends too early");
    refuse("{\"a\":1,\"\\u0061\":2}", "occurs twice at byte 15");
    refuse("[1,]", "no JSON");
    refuse("[1 2]", "comma");
    refuse("{\"a\" 1}", "colon");
    refuse("{a:1}", "member name");
    refuse("{\"a\":1,}", "member name");
    refuse("[01]", "no JSON");
    refuse("[1.]", "bad number");
    refuse("[1e]", "bad number");
    refuse("1e999", "out of range");
    refuse("18446744073709551616", "64 bits");
    refuse("-9223372036854775809", "64 bits");
    refuse("{} {}", "behind");
    refuse("\"\x01\"", "control");
    refuse("\"\\x\"", "escape");
    refuse("\"\\ud800\"", "escape");
    refuse("\"\\udc00\"", "escape");
    refuse("\"abc", "does not end");
    refuse("{\"a\\u0000b\":1}", "NUL");
    refuse("\"\xff\"", "UTF-8");
    refuse("nul", "no JSON");
    refuse("/* c */ 1", "no JSON");
}

static void depth(void) {
    char text[200];
    memset(text, '[', 100);
    memset(text + 100, ']', 100);
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(c138_json_parse(text, 200, &v, NULL), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_json_parse(text + 100 - C138_JSON_DEPTH, 2 * C138_JSON_DEPTH, &v, NULL),
                    C138_OK);
    c138_json_unref(v);
}

static void reads(void) {
    C138_JSON struct c138_json *v = parse(" {\"i\":-5,\"u\":18446744073709551615,\"d\":2.5,\"s\":"
                                          "\"a\\u00e9\\ud83d\\ude00\\n\",\"t\":true,"
                                          "\"n\":null,\"a\":[10,{\"b\":[1,20]}]} ");
    CU_ASSERT_EQUAL(c138_json_get_int(v, "i", 0), -5);
    CU_ASSERT_EQUAL(c138_json_get_uint(v, "i", 9), 9);
    CU_ASSERT_EQUAL(c138_json_get_uint(v, "u", 0), UINT64_MAX);
    CU_ASSERT_EQUAL(c138_json_get_int(v, "u", -1), -1);
    CU_ASSERT_EQUAL(c138_json_get_int(v, "d", -1), -1);
    CU_ASSERT_DOUBLE_EQUAL(c138_json_as_num(c138_json_get(v, "d"), 0), 2.5, 0);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "s", ""), "a\xc3\xa9\xf0\x9f\x98\x80\n");
    CU_ASSERT_EQUAL(c138_json_get_bool(v, "t", 0), 1);
    CU_ASSERT(c138_json_has(v, "n"));
    CU_ASSERT_PTR_NULL(c138_json_get(v, "n"));
    CU_ASSERT(!c138_json_has(v, "x"));
    CU_ASSERT_EQUAL(c138_json_as_int(c138_json_path(v, "a.1.b.1"), 0), 20);
    CU_ASSERT_PTR_NULL(c138_json_path(v, "a.7.b"));
    CU_ASSERT_PTR_NULL(c138_json_path(v, "a.x"));
    CU_ASSERT_EQUAL(c138_json_count(v), 7);
    size_t n = 0;
    for (struct c138_json_iter i = c138_json_iter(v); c138_json_next(&i); n++)
        CU_ASSERT(n != 2 || !strcmp(i.name, "d"));
    CU_ASSERT_EQUAL(n, 7);
}

static void writes(void) {
    C138_JSON struct c138_json *v = c138_json_new_object();
    c138_json_set_num(v, "z", 0.1);
    c138_json_set_num(v, "whole", 3);
    c138_json_set_uint(v, "big", UINT64_MAX);
    c138_json_set_str(v, "s", "a/\"\\\b\t\n\x01\x1f");
    c138_json_set_str(v, "nothing", NULL);
    struct c138_json *a = c138_json_new_array();
    c138_json_append(a, NULL);
    c138_json_append(a, c138_json_new_bool(1));
    c138_json_set(v, "a", a);
    C138_FREE char *text = c138_json_dump(v), *canonical = c138_json_canonical(v);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"z\":0.1,\"whole\":3.0,\"big\":18446744073709551615,"
              "\"s\":\"a/\\\"\\\\\\b\\t\\n\\u0001\\u001f\",\"nothing\":null,\"a\":[null,true]}");
    CU_ASSERT_STRING_EQUAL(canonical,
                           "{\"a\":[null,true],\"big\":18446744073709551615,\"nothing\":null,"
                           "\"s\":\"a/\\\"\\\\\\b\\t\\n\\u0001\\u001f\",\"whole\":3.0,\"z\":0.1}");
    C138_JSON struct c138_json *again = parse(canonical);
    C138_FREE char *canonical2 = c138_json_canonical(again);
    CU_ASSERT_STRING_EQUAL(canonical, canonical2);
    C138_JSON struct c138_json *copy = c138_json_copy(v);
    c138_json_set_int(copy, "z", 1);
    CU_ASSERT_DOUBLE_EQUAL(c138_json_as_num(c138_json_get(v, "z"), 0), 0.1, 0);
}

static void quotes_what_is_not_utf8(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    c138_json_quote(&b, "a\xff\xc3\xa9\xe2\x82", 6);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"");
}

const CU_TestInfo tests_json[] = {{"strict", strict},
                                  {"depth", depth},
                                  {"reads", reads},
                                  {"writes", writes},
                                  {"quotes what is not UTF-8", quotes_what_is_not_utf8},
                                  CU_TEST_INFO_NULL};
