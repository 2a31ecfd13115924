#include "tests.h"

#include <base/mem.h>
#include <ctl/args.h>
#include <string.h>

static c138_status parse(struct args *a, struct c138_err *err, const char *line) {
    static char text[1024];
    static char *argv[64];
    int argc = 0;
    (void)snprintf(text, sizeof(text), "%s", line);
    for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
        argv[argc++] = p;
    return args_parse(argc, argv, a, err);
}

static char *params(const char *line) {
    struct args a;
    struct c138_err err = {0};
    if (parse(&a, &err, line) < 0)
        return c138_xstrdup(err.key);
    C138_JSON struct c138_json *v = args_object(&a);
    return c138_json_dump(v);
}

static void test_hidden(void) {
    CU_ASSERT(args_hides("wait"));
    CU_ASSERT(args_hides("dry_run"));
    CU_ASSERT(!args_hides("waits"));
    CU_ASSERT(!args_hides("node"));
}

static void test_parameters(void) {
    static const struct {
        const char *line, *params;
    } cases[] = {
        {"besu sync", "{}"},
        {"besu sync --node a", "{\"node\":\"a\"}"},
        {"besu sync --node=a", "{\"node\":\"a\"}"},
        {"besu sync --node=", "{\"node\":\"\"}"},
        {"besu sync --head-age-max 5s --force", "{\"head_age_max\":\"5s\",\"force\":\"true\"}"},
        {"besu sync --force --node a", "{\"force\":\"true\",\"node\":\"a\"}"},
        {"x y --delta -5", "{\"delta\":\"-5\"}"},
        {"x y --n 1 --n 2 --n 3", "{\"n\":[\"1\",\"2\",\"3\"]}"},
        {"x y --param json=1 --param a_b=c=d", "{\"json\":\"1\",\"a_b\":\"c=d\"}"},
        {"events --follow besu.*", "{\"follow\":\"true\"}"},
        {"x y --json --socket /s --node a", "{\"node\":\"a\"}"},
        {"x y --params-file /f --node a", "{\"node\":\"a\"}"},
        {"x y -- --node a", "{}"},
        {"x y --socket", "usage"},
        {"x y --json=1", "usage"},
        {"x y --", "{}"},
        {"x y -z", "usage"},
        {"x y --Node a", "usage"},
        {"x y --param nonsense", "usage"},
        {"x y --param", "usage"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *got = params(cases[i].line);
        CU_ASSERT_STRING_EQUAL(got, cases[i].params);
    }
}

static void test_own_options(void) {
    struct args a;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(parse(&a, &err, "--json besu --wait=5s sync --detach -- --x"), C138_OK);
    CU_ASSERT(a.json && a.detach && !a.help);
    CU_ASSERT_STRING_EQUAL(a.wait, "5s");
    CU_ASSERT_EQUAL(a.n_words, 3);
    CU_ASSERT_STRING_EQUAL(a.words[2], "--x");
    CU_ASSERT(args_value(&a, "none") == NULL);
}

static char *placed(const char *line, const char *fields) {
    struct args a;
    struct c138_err err = {0};
    C138_JSON struct c138_json *action = NULL;
    (void)c138_json_parse(fields, strlen(fields), &action, NULL);
    if (parse(&a, &err, line) < 0)
        return NULL;
    C138_JSON struct c138_json *v = args_object(&a);
    if (args_positional(&a, 2, action, v, &err) < 0)
        return c138_xstrdup(err.key);
    return c138_json_dump(v);
}

static void test_positional(void) {
    static const char fields[] =
        "{\"params\":[{\"name\":\"force\",\"type\":\"bool\"},{\"name\":\"to\",\"type\":\"string\","
        "\"positional\":true},{\"name\":\"no\",\"type\":\"string\"},{\"name\":\"rest\",\"type\":"
        "\"list\","
        "\"positional\":true}]}";
    static const struct {
        const char *line, *params;
    } cases[] = {
        {"p a x", "{\"to\":\"x\"}"},
        {"p a x y z", "{\"to\":\"x\",\"rest\":[\"y\",\"z\"]}"},
        {"p a --to q y", "{\"to\":\"q\",\"rest\":\"y\"}"},
        {"p a --force x", "{\"force\":\"true\",\"to\":\"x\"}"},
        {"p a --force no x", "{\"force\":\"no\",\"to\":\"x\"}"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *got = placed(cases[i].line, fields);
        CU_ASSERT_STRING_EQUAL(got, cases[i].params);
    }
    C138_FREE char *too_many = placed("p a x", "{\"params\":[]}");
    CU_ASSERT_STRING_EQUAL(too_many, "usage");
}

const CU_TestInfo tests_args[] = {
    {"parameters", test_parameters},
    {"own options", test_own_options},
    {"hidden", test_hidden},
    {"positional", test_positional},
    CU_TEST_INFO_NULL,
};
