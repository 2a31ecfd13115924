#include "fake.h"
#include "tests.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <string.h>

static const char *key_of(const struct c138_json *v) {
    return c138_json_get_str(c138_json_get(v, "error"), "key", "");
}

static const char *message_of(const struct c138_json *v) {
    return c138_json_get_str(c138_json_get(v, "error"), "message", "");
}

static void test_a_read_in_one_round_trip(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.echo?text=1&columns=1",
                              "{\"text\":\"hi\",\"n\":\"7\",\"list\":\"a,b\"}", &v),
                    200);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "state", ""), "succeeded");
    CU_ASSERT(c138_json_get_str(v, "job", NULL) != NULL);
    CU_ASSERT_EQUAL(c138_json_get_uint(c138_json_get(v, "result"), "n", 0), 7);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(c138_json_get(v, "result"), "list")), 2);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(v, "columns")), 1);
    CU_ASSERT_STRING_EQUAL(f->last_source, "socket");
    CU_ASSERT_EQUAL(f->last_durable, 0);
    fake_free(f);
}

static void test_parameters_are_checked(void) {
    struct fake *f = fake_new();
    static const struct {
        const char *body, *key, *word;
    } cases[] = {
        {"{\"txt\":\"x\"}", "param.unknown", "text"},
        {"{\"n\":11}", "param.invalid", "10"},
        {"{\"to\":\"0x123\"}", "param.invalid", "40 hex"},
        {"{\"kind\":\"blue\"}", "param.invalid", "red, green"},
        {"[1]", "body.invalid", "object"},
        {"{\"n\":", "", "body"},
        {"{\"n\":1}x", "", "body"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_JSON struct c138_json *v = NULL;
        CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.echo", cases[i].body, &v), 400);
        if (cases[i].key[0])
            CU_ASSERT_STRING_EQUAL(key_of(v), cases[i].key);
        CU_ASSERT(strstr(message_of(v), cases[i].word) != NULL);
    }
    fake_free(f);
}

static void test_unknown_action_names_the_nearest(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.ecko", "{}", &v), 404);
    CU_ASSERT_STRING_EQUAL(key_of(v), "action.unknown");
    CU_ASSERT(strstr(message_of(v), "t.echo") != NULL);
    fake_free(f);
}

static void test_options(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(fake_ask(f, "POST", "/v1/actions/t.echo?durable=1&timeout=90s",
                             "Idempotency-Key: k-1\r\n", "{}", &out),
                    200);
    CU_ASSERT_EQUAL(f->last_durable, 1);
    CU_ASSERT_EQUAL(f->last_timeout_ns, 90 * C138_NS_PER_S);
    CU_ASSERT_STRING_EQUAL(f->last_key, "k-1");
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.echo?timeout=soon", "{}", &v), 400);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.echo?wait=301", "{}", &v), 400);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.echo?dry_run=1", "{}", &v), 501);
    CU_ASSERT_STRING_EQUAL(key_of(v), "action.no-dry-run");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.danger?dry_run=1", "{}", &v), 202);
    CU_ASSERT_EQUAL(f->last_dry_run, 1);
    fake_free(f);
}

static void test_writes_do_not_wait_unless_asked(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(fake_ask(f, "POST", "/v1/actions/t.slow", NULL, "{}", &out), 202);
    CU_ASSERT(strstr(c138_buf_text(&out), "Location: /v1/jobs/01J1\r\n") != NULL);
    fake_finish(f, "{}");
    int64_t before = c138_now_monotonic_ns();
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.slow?wait=1", "{}", &v), 202);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "state", ""), "running");
    CU_ASSERT(c138_now_monotonic_ns() - before > C138_NS_PER_S * 9 / 10);
    CU_ASSERT_EQUAL(fake_waits(f), 0);
    fake_free(f);
}

static void test_a_wait_ends_with_the_job(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    static const char text[] = "POST /v1/actions/t.slow?wait=30 HTTP/1.1\r\nHost: x\r\nConnection: "
                               "close\r\nContent-Length: 2\r\n\r\n{}";
    int fd = fake_dial(f);
    fake_send(f, fd, text, strlen(text));
    for (int i = 0; i < 10; i++)
        fake_turn(f);
    fake_progress(f, 500);
    fake_turn(f);
    fake_finish(f, "{\"done\":true}");
    CU_ASSERT_EQUAL(fake_read(f, fd, NULL, &out), 0);
    CU_ASSERT(strstr(c138_buf_text(&out), "200 OK") != NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"done\":true") != NULL);
    close(fd);
    fake_free(f);
}

static void test_failures_and_refusals(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.fail", "{}", &v), 200);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "state", ""), "failed");
    CU_ASSERT_STRING_EQUAL(key_of(v), "node.unreachable");
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.full", "{}", &v), 429);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.lost", "{}", &v), 507);
    CU_ASSERT_STRING_EQUAL(key_of(v), "store.full");
    c138_json_unref(v);
    f->role = C138_ROLE_OPERATOR;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.custodian", "{\"zz\":1}", &v), 403);
    CU_ASSERT_STRING_EQUAL(key_of(v), "policy.denied");
    CU_ASSERT_EQUAL(f->denials, 1);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.custodian", "{\"n\":", &v), 403);
    fake_free(f);
}

static void test_dangerous_gives_the_plan(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "POST", "/v1/actions/t.danger?wait=20", "{}", &v), 202);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "state", ""), "awaiting-approval");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "digest", ""), "d1");
    CU_ASSERT(c138_json_has(v, "plan"));
    fake_free(f);
}

static void test_sensitive_results_are_hidden(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(fake_ask(f, "POST", "/v1/actions/t.hush", NULL, "{}", &out), 200);
    CU_ASSERT(strstr(c138_buf_text(&out), "hunter2") == NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"***\"") != NULL);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs/01J1", NULL, NULL, &out), 200);
    CU_ASSERT(strstr(c138_buf_text(&out), "hunter2") == NULL);
    fake_free(f);
}

static void test_the_client_leaves(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    static const char text[] = "POST /v1/actions/t.slow?wait=30 HTTP/1.1\r\nHost: x\r\n"
                               "Content-Length: 2\r\n\r\n{}";
    int fd = fake_dial(f);
    fake_send(f, fd, text, strlen(text));
    close(fd); /* before it is accepted, or after */
    for (int i = 0; i < 10; i++)
        fake_turn(f);
    fake_finish(f, "{}");
    for (int i = 0; i < 10; i++)
        fake_turn(f);
    CU_ASSERT_EQUAL(fake_waits(f), 0);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs/01J1", NULL, NULL, &out), 200);
    CU_ASSERT(strstr(c138_buf_text(&out), "succeeded") != NULL);
    fake_free(f);
}

static void test_long_poll(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_ask(f, "POST", "/v1/actions/t.slow", NULL, "{}", &out), 202);
    fake_turn(f);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/jobs/01J1", NULL, &v), 200);
    uint64_t version = c138_json_get_uint(v, "version", 0);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(v, "log")), 1);
    c138_json_unref(v);
    char text[160];
    (void)snprintf(text, sizeof(text),
                   "GET /v1/jobs/01J1?after=%u&wait=30&log_from=1 HTTP/1.1\r\nConnection: "
                   "close\r\n\r\n",
                   (unsigned)version);
    int fd = fake_dial(f);
    fake_send(f, fd, text, strlen(text));
    for (int i = 0; i < 10; i++)
        fake_turn(f);
    CU_ASSERT_EQUAL(fake_waits(f), 1);
    fake_progress(f, 100);
    c138_buf_reset(&out);
    CU_ASSERT_EQUAL(fake_read(f, fd, NULL, &out), 0);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"running\"") != NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"log\"") == NULL);
    close(fd);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/jobs/nope", NULL, &v), 404);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/jobs/01J1?after=x", NULL, &v), 400);
    fake_free(f);
}

static void test_declarations(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/actions", NULL, &v), 200);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(v, "plugins")), 2);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/actions?brief=1", NULL, &v), 200);
    CU_ASSERT(c138_json_path(v, "plugins.0.actions.0.name") != NULL);
    CU_ASSERT(c138_json_path(v, "plugins.0.actions.0.params") == NULL);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/actions/t.echo", NULL, &v), 200);
    CU_ASSERT(c138_json_path(v, "action.params.0") != NULL);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/actions/t", NULL, &v), 200);
    CU_ASSERT(c138_json_path(v, "plugin.actions.0") != NULL);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/actions/none", NULL, &v), 404);
    fake_free(f);
}

const CU_TestInfo tests_api_actions[] = {
    {"a read in one round trip", test_a_read_in_one_round_trip},
    {"parameters are checked", test_parameters_are_checked},
    {"unknown action names the nearest", test_unknown_action_names_the_nearest},
    {"options", test_options},
    {"writes do not wait unless asked", test_writes_do_not_wait_unless_asked},
    {"a wait ends with the job", test_a_wait_ends_with_the_job},
    {"failures and refusals", test_failures_and_refusals},
    {"dangerous gives the plan", test_dangerous_gives_the_plan},
    {"sensitive results are hidden", test_sensitive_results_are_hidden},
    {"the client leaves", test_the_client_leaves},
    {"long poll", test_long_poll},
    {"declarations", test_declarations},
    CU_TEST_INFO_NULL,
};
