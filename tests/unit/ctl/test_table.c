#include "tests.h"

#include <base/mem.h>
#include <ctl/table.h>
#include <string.h>

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &v, NULL), C138_OK);
    return v;
}

static char *render(const char *columns, const char *result, struct table_style style) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    C138_JSON struct c138_json *c = columns ? json(columns) : NULL;
    C138_JSON struct c138_json *r = json(result);
    table_render(&out, c, r, &style);
    return c138_buf_steal(&out);
}

static void test_pairs(void) {
    C138_FREE char *got = render(
        "[{\"name\":\"head\",\"type\":\"uint\",\"unit\":\"blocks\"},{\"name\":\"value\",\"type\":"
        "\"wei\"},"
        "{\"name\":\"memory\",\"type\":\"size\"},{\"name\":\"at\",\"type\":\"time\"},{\"name\":"
        "\"ok\",\"type\":"
        "\"bool\"},{\"name\":\"gone\",\"type\":\"string\"},{\"name\":\"tags\",\"type\":\"list\","
        "\"fields\":[{"
        "\"name\":\"t\",\"type\":\"string\"}]}]",
        "{\"extra_one\":1,\"head\":12,\"value\":\"1500000000000000000\",\"memory\":1536,\"at\":"
        "\"2026-11-23T03:00:00.123Z\",\"ok\":true,\"tags\":[\"a\",\"b\"]}",
        (struct table_style){0});
    CU_ASSERT_STRING_EQUAL(got, "head       12 blocks\n"
                                "value      1.5 ether\n"
                                "memory     1.5 KiB\n"
                                "at         2026-11-23T03:00:00Z\n"
                                "ok         yes\n"
                                "tags       a, b\n"
                                "extra one  1\n");
}

static void test_wei(void) {
    static const struct {
        const char *wei, *shown;
    } cases[] = {{"0", "0 wei"},
                 {"7", "7 wei"},
                 {"20000000000", "20 gwei"},
                 {"1000000000", "1 gwei"},
                 {"1", "1 wei"},
                 {"123456789012345678901", "123.456789012345678901 ether"},
                 {"100000000000000", "0.0001 ether"},
                 {"junk\x1b[2J", "junk [2J"}};
    C138_JSON struct c138_json *field = json("{\"name\":\"x\",\"type\":\"wei\"}");
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        C138_JSON struct c138_json *v = c138_json_new_str(cases[i].wei);
        table_value(&out, field, v);
        CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), cases[i].shown);
    }
}

#define NODES                                                                                      \
    "[{\"name\":\"nodes\",\"type\":\"list\",\"fields\":[{\"name\":\"row\",\"type\":\"object\","    \
    "\"fields\":["                                                                                 \
    "{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"head_age\",\"type\":\"uint\",\"unit\":"   \
    "\"s\"},"                                                                                      \
    "{\"name\":\"state\",\"type\":\"string\"},{\"name\":\"unused\",\"type\":\"string\"}]}]}]"

static void test_rows(void) {
    C138_FREE char *got = render(NODES,
                                 "{\"nodes\":[{\"name\":\"alpha\",\"head_age\":5,\"state\":\"ok\"},"
                                 "{\"name\":\"b\",\"head_age\":123,"
                                 "\"state\":\"critical\",\"unused\":null}]}",
                                 (struct table_style){0});
    CU_ASSERT_STRING_EQUAL(got, "NAME   HEAD AGE (s)  STATE\n"
                                "alpha             5  ok\n"
                                "b               123  critical\n");
    C138_FREE char *none = render(NODES, "{\"nodes\":[]}", (struct table_style){0});
    CU_ASSERT_STRING_EQUAL(none, "none\n");
}

static void test_mixed_and_undeclared(void) {
    C138_FREE char *got =
        render(NULL,
               "{\"host\":\"h\",\"list\":[{\"a\":1},{\"a\":2,\"b\":\"x\"}],\"deep\":{\"k\":"
               "\"v\"}}",
               (struct table_style){0});
    CU_ASSERT_STRING_EQUAL(got, "host  h\n\nlist\n  A  B\n  1  -\n  2  x\n\ndeep\n  k  v\n");
}

static void test_width_and_colour(void) {
    C138_FREE char *narrow = render(NODES,
                                    "{\"nodes\":[{\"name\":\"a-very-long-name-"
                                    "\xC3\xA4\xC3\xB6\xC3\xBC-of-a-node\",\"head_age\":5,\"state\":"
                                    "\"ok\"}]}",
                                    (struct table_style){.width = 40});
    char *line = strchr(narrow, '\n') + 1;
    line[strcspn(line, "\n")] = '\0';
    CU_ASSERT(table_width(line) <= 40);
    CU_ASSERT(strstr(line, "\xE2\x80\xA6") != NULL);
    C138_FREE char *colour = render(NODES, "{\"nodes\":[{\"name\":\"a\",\"state\":\"critical\"}]}",
                                    (struct table_style){.colour = 1});
    CU_ASSERT(strstr(colour, "\033[1;31mcritical\033[0m") != NULL);
}

static void test_nothing_reaches_the_terminal(void) {
    C138_FREE char *got =
        render(NULL, "{\"x\":\"\\u001b]0;owned\\u0007\\u009b31mred\\n2\",\"y\":[\"\\u001b\"]}",
               (struct table_style){0});
    CU_ASSERT_STRING_EQUAL(got, "x   ]0;owned  31mred 2\ny   \n");
}

const CU_TestInfo tests_table[] = {
    {"pairs", test_pairs},
    {"wei", test_wei},
    {"rows", test_rows},
    {"mixed and undeclared", test_mixed_and_undeclared},
    {"width and colour", test_width_and_colour},
    {"nothing reaches the terminal", test_nothing_reaches_the_terminal},
    CU_TEST_INFO_NULL,
};
