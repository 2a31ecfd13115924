#include "fake.h"
#include "tests.h"

#include <base/mem.h>
#include <string.h>

static char *complete(struct fake *f, const char *field, const char *prefix) {
    char path[160];
    C138_JSON struct c138_json *v = NULL;
    (void)snprintf(path, sizeof(path), "/v1/complete?action=t.echo&field=%s&prefix=%s", field,
                   prefix);
    CU_ASSERT_EQUAL(fake_json(f, "GET", path, NULL, &v), 200);
    return c138_json_dump(v);
}

static void test_values(void) {
    static const struct {
        const char *field, *prefix, *answer;
    } cases[] = {
        {"kind", "", "{\"kind\":\"values\",\"values\":[\"red\",\"green\"]}"},
        {"kind", "g", "{\"kind\":\"values\",\"values\":[\"green\"]}"},
        {"flag", "t", "{\"kind\":\"values\",\"values\":[\"true\"]}"},
        {"file", "/e", "{\"kind\":\"file\",\"values\":[]}"},
        {"node", "al", "{\"kind\":\"values\",\"values\":[\"alpha\",\"alpine\"]}"},
        {"any", "", "{\"kind\":\"values\",\"values\":[\"alpha\",\"beta\",\"alpine\",\"gamma\"]}"},
        {"text", "x", "{\"kind\":\"values\",\"values\":[]}"},
    };
    struct fake *f = fake_new();
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *got = complete(f, cases[i].field, cases[i].prefix);
        CU_ASSERT_STRING_EQUAL(got, cases[i].answer);
    }
    fake_free(f);
}

static void test_unknown(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/complete?action=t.echo&field=zz", NULL, &v), 404);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/complete", NULL, &v), 404);
    fake_free(f);
}

const CU_TestInfo tests_api_complete[] = {
    {"values", test_values},
    {"unknown", test_unknown},
    CU_TEST_INFO_NULL,
};
