#include "../unit.h"
#include <net/promtext.h>

#include <math.h>
#include <string.h>

struct seen {
    int count, stop_at;
    char name[128], labels[256];
    double value;
};

static int on_sample(void *user, const char *name, const char *labels, double value) {
    struct seen *s = user;
    s->count++;
    strncpy(s->name, name, sizeof(s->name) - 1);
    strncpy(s->labels, labels, sizeof(s->labels) - 1);
    s->value = value;
    return s->count == s->stop_at;
}

static c138_status parse(const char *text, struct seen *s, struct c138_err *err) {
    *s = (struct seen){0};
    return c138_prom_parse(text, strlen(text), on_sample, s, err);
}

static void test_samples(void) {
    struct seen s;
    CU_ASSERT_EQUAL(parse("# HELP a b\n# TYPE a gauge\na 1\n", &s, NULL), C138_OK);
    CU_ASSERT_EQUAL(s.count, 1);
    CU_ASSERT_STRING_EQUAL(s.name, "a");
    CU_ASSERT_STRING_EQUAL(s.labels, "");
    CU_ASSERT_DOUBLE_EQUAL(s.value, 1, 0);
    CU_ASSERT_EQUAL(parse("ethereum_blockchain_height 416.0 1700000000000\r\n", &s, NULL), C138_OK);
    CU_ASSERT_DOUBLE_EQUAL(s.value, 416, 0);
    CU_ASSERT_EQUAL(parse("x:y{a=\"}\",b=\"\\\"\\\\\"} -1.5e3", &s, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(s.name, "x:y");
    CU_ASSERT_STRING_EQUAL(s.labels, "a=\"}\",b=\"\\\"\\\\\"");
    CU_ASSERT_DOUBLE_EQUAL(s.value, -1500, 0);
    CU_ASSERT_EQUAL(parse("a{} +Inf\na NaN\n", &s, NULL), C138_OK);
    CU_ASSERT_EQUAL(s.count, 2);
    CU_ASSERT_TRUE(isnan(s.value));
    CU_ASSERT_EQUAL(parse("", &s, NULL), C138_OK);
    CU_ASSERT_EQUAL(s.count, 0);
}

static void test_stop(void) {
    struct seen s = {.stop_at = 2};
    const char *text = "a 1\nb 2\nthis is not read\n";
    CU_ASSERT_EQUAL(c138_prom_parse(text, strlen(text), on_sample, &s, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(s.name, "b");
}

static void test_malformed(void) {
    const char *bad[] = {"1a 1",    "a",     "a ",     "a{b=\"c\" 1",
                         "a 1 2 3", "a one", "a 0x10", "a{b=\"}\n c 1",
                         "<html>",  "a-b 1", "a 1x",   "{} 1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct seen s;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(parse(bad[i], &s, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, "prom.malformed");
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 1"));
    }
    struct seen s;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(parse("a 1\n\nb\n", &s, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 3"));
    char long_line[20000];
    memset(long_line, 'a', sizeof(long_line));
    CU_ASSERT_EQUAL(c138_prom_parse(long_line, sizeof(long_line), on_sample, &s, &err),
                    C138_E_INVALID);
}

static void test_write(void) {
    struct c138_buf b = C138_BUF_NULL;
    c138_prom_label(&b, "a\"b\\c\nd");
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "a\\\"b\\\\c\\nd");
    const struct {
        double value;
        const char *text;
    } values[] = {{0, "0"},
                  {1, "1"},
                  {-2.5, "-2.5"},
                  {0.1, "0.1"},
                  {1e300, "1e+300"},
                  {1.0 / 3, "0.3333333333333333"},
                  {INFINITY, "+Inf"},
                  {-INFINITY, "-Inf"},
                  {1763900000.123, "1763900000.123"}};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        c138_buf_reset(&b);
        c138_prom_value(&b, values[i].value);
        CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), values[i].text);
    }
    c138_buf_reset(&b);
    c138_prom_value(&b, NAN);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "NaN");
    c138_buf_deinit(&b);
}

const CU_TestInfo tests_promtext[] = {{"promtext samples", test_samples},
                                      {"promtext stops when told", test_stop},
                                      {"promtext malformed lines", test_malformed},
                                      {"promtext writing", test_write},
                                      CU_TEST_INFO_NULL};
