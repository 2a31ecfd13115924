#include "fake.h"
#include "tests.h"

#include <base/text.h>
#include <string.h>

static const char *key_of(const struct c138_json *v) {
    return c138_json_get_str(c138_json_get(v, "error"), "key", "");
}

static void test_paths_and_methods(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/version", NULL, &v), 200);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "version", ""), "9.9");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/nothing", NULL, &v), 404);
    CU_ASSERT_STRING_EQUAL(key_of(v), "path.unknown");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/actions/t.echo/x", NULL, &v), 404);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/reload", NULL, &v), 405);
    CU_ASSERT_STRING_EQUAL(key_of(v), "method.wrong");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "DELETE", "/v1/jobs", NULL, &v), 405);
    CU_ASSERT_EQUAL(fake_ask(f, "PUT", "/v1/actions/t.echo", NULL, "{}", &out), 405);
    CU_ASSERT(strstr(c138_buf_text(&out), "Allow: ") != NULL);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/metrics", NULL, NULL, &out), 200);
    CU_ASSERT(strstr(c138_buf_text(&out), "# of all") != NULL);
    fake_free(f);
}

static void test_without_a_role(void) {
    struct fake *f = fake_new();
    static const char *const paths[] = {
        "/v1/actions",       "/v1/jobs",
        "/v1/jobs/1",        "/v1/events",
        "/metrics",          "/v1/openapi.json",
        "/v1/status",        "/v1/complete?action=t.echo&field=kind",
        "/v1/actions/t.echo"};
    f->role = 0;
    for (size_t i = 0; i < C138_COUNT(paths); i++) {
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        CU_ASSERT_EQUAL(fake_ask(f, "GET", paths[i], NULL, NULL, &out), 403);
    }
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.echo", "{}", &v), 403);
    CU_ASSERT_EQUAL(f->denials, 1); /* by the jobs, which audit it */
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.nothing", "{}", &v), 403);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/version", NULL, &v), 200);
    fake_free(f);
}

static void test_conveniences_are_actions(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/jobs?state=failed&limit=3&zz=1", NULL, &v), 200);
    CU_ASSERT_STRING_EQUAL(f->last_action, "agent.jobs");
    CU_ASSERT_STRING_EQUAL(f->last_params, "{\"state\":\"failed\",\"limit\":3}");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "state", ""), "failed");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/jobs?limit=many", NULL, &v), 400);
    CU_ASSERT_STRING_EQUAL(key_of(v), "param.invalid");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/approvals/01JX/approve", "{\"digest\":\"abc\"}", &v),
                    200);
    CU_ASSERT_STRING_EQUAL(f->last_params, "{\"id\":\"01JX\",\"digest\":\"abc\"}");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/approvals/01JX/approve", NULL, &v), 400);
    CU_ASSERT_STRING_EQUAL(key_of(v), "param.missing");
    c138_json_unref(v);
    f->role = C138_ROLE_OPERATOR;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/approvals/01JX/approve", "{}", &v), 403);
    CU_ASSERT_EQUAL(f->denials, 1);
    fake_free(f);
}

const CU_TestInfo tests_api_routes[] = {
    {"paths and methods", test_paths_and_methods},
    {"without a role", test_without_a_role},
    {"conveniences are actions", test_conveniences_are_actions},
    CU_TEST_INFO_NULL,
};
