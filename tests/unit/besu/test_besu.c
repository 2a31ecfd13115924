#include "../fakehost.h"
#include "../net/server.h"
#include "../unit.h"
#include "recorded.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct fakehost *host_new(void) {
    struct c138_err err = {0};
    struct fakehost *f = fakehost_new(c138_plugin_entry(), &err);
    if (!f)
        printf("%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    return f;
}

static void test_settings(void) {
    const struct {
        const char *json, *text;
    } bad[] = {{"{\"nodes\":[{\"name\":\"a\"}]}", "url"},
               {"{\"nodes\":[{\"name\":\"a\",\"url\":\"http://x\"},{\"name\":\"a\",\"url\":\"http:/"
                "/y\"}]}",
                "another node has this name"},
               {"{\"nodes\":[{\"name\":\"a\",\"url\":\"http://x\",\"username\":\"u\"}]}",
                "belong together"},
               {"{\"nodes\":[{\"name\":\"a\",\"url\":\"http://"
                "x\",\"username\":\"u\",\"password\":\"env:P\","
                "\"token_file\":\"/t\"}]}",
                "exclude each other"},
               {"{\"nods\":[]}", "nodes"},
               {"{\"poll_interval\":\"1ms\"}", "poll_interval"},
               {"{\"nodes\":[{\"name\":\"a\",\"url\":\"ftp://x\"}]}", "url"}};
    struct fakehost *f = host_new();
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(fakehost_settings(f, bad[i].json, &err), C138_E_INVALID);
        if (!strstr(err.text, bad[i].text))
            printf("%s: %s\n", bad[i].json, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].text));
    }
    CU_ASSERT_EQUAL(fakehost_settings(f, NULL, NULL), C138_OK);
    struct c138_json *result = NULL;
    CU_ASSERT_EQUAL(fakehost_run(f, "nodes", NULL, &result, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(c138_json_path(result, "nodes.0"), "name", ""),
                           "local");
    c138_json_unref(result);
    CU_ASSERT_EQUAL(fakehost_faults(f), 0);
    fakehost_free(f);
}

static void test_unreachable(void) {
    struct fakehost *f = host_new();
    struct c138_json *result = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(
        fakehost_settings(f,
                          "{\"nodes\":[{\"name\":\"a\",\"url\":\"http://127.0.0.1:1\"}],"
                          "\"poll_interval\":\"100ms\"}",
                          NULL),
        C138_OK);
    for (int i = 0; i < 50 && fakehost_count(f, "besu.unreachable") == 0; i++)
        fakehost_pass(f, 200 * C138_NS_PER_MS);
    CU_ASSERT_EQUAL(fakehost_count(f, "besu.unreachable"), 1);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(fakehost_event(f, "besu.unreachable"), "reason", ""),
                           "http.refused");
    CU_ASSERT_EQUAL(fakehost_metric(f, "chain138_besu_up", "a"), 0);
    CU_ASSERT_TRUE(isnan(fakehost_metric(f, "chain138_besu_head_number", "a")));
    CU_ASSERT_EQUAL(fakehost_run(f, "status", NULL, &result, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(c138_json_get(result, "network"), "state", ""),
                           "unknown");
    result = c138_json_unref(result);
    CU_ASSERT_EQUAL(fakehost_run(f, "validators", NULL, &result, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "http.refused");
    CU_ASSERT_EQUAL(fakehost_run(f, "status", "{\"node\":\"b\"}", &result, &err), C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.key, "node.unknown");
    /* Gone from the config: gone from the metrics. */
    CU_ASSERT_EQUAL(
        fakehost_settings(f, "{\"nodes\":[{\"name\":\"b\",\"url\":\"http://127.0.0.1:1\"}]}", NULL),
        C138_OK);
    CU_ASSERT_TRUE(isnan(fakehost_metric(f, "chain138_besu_up", "a")));
    CU_ASSERT_EQUAL(fakehost_faults(f), 0);
    fakehost_free(f);
}

/* Without a service the plugin goes on with what it can do. */
static void test_withheld(void) {
    const char *services[] = {C138_EXT_BUS, C138_EXT_METRICS, C138_EXT_TIMER};
    for (size_t i = 0; i < C138_COUNT(services); i++) {
        struct fakehost *f = host_new();
        struct c138_json *result = NULL;
        fakehost_withhold(f, services[i]);
        CU_ASSERT_EQUAL(
            fakehost_settings(f, "{\"nodes\":[{\"name\":\"a\",\"url\":\"http://127.0.0.1:1\"}]}",
                              NULL),
            C138_OK);
        fakehost_tick(f);
        CU_ASSERT_EQUAL(fakehost_run(f, "status", NULL, &result, NULL), C138_OK);
        c138_json_unref(result);
        fakehost_free(f);
    }
}

/* --- A node that answers one block for ever -------------------------------------------------- */

struct node {
    const char *block; /* JSON */
    int peers;
};

static int answer(void *user, int fd, const char *request) {
    const struct node *node = user;
    struct c138_buf out = C138_BUF_NULL;
    const char *body = strstr(request, "\r\n\r\n") + 4;
    for (const char *p = body; (p = strstr(p, "\"id\":")); p++) {
        const char *method = strstr(p, "\"method\":\"") + 10;
        c138_buf_addf(&out, "%c{\"id\":%ld,", out.length ? ',' : '[', atol(p + 5));
        if (c138_starts_with(method, "eth_getBlockByNumber"))
            c138_buf_addf(&out, "\"result\":%s}", node->block);
        else if (c138_starts_with(method, "eth_syncing"))
            c138_buf_adds(&out, "\"result\":false}");
        else if (c138_starts_with(method, "eth_chainId"))
            c138_buf_adds(&out, "\"result\":\"0x8a\"}");
        else if (c138_starts_with(method, "net_peerCount"))
            c138_buf_addf(&out, "\"result\":\"0x%x\"}", node->peers);
        else
            c138_buf_adds(&out, "\"error\":{\"code\":-32604,\"message\":\"Method not enabled\"}}");
    }
    c138_buf_addc(&out, ']');
    int end =
        server_reply(fd, "200 OK", "application/json", body[0] == '[' ? c138_buf_text(&out) : "{}");
    c138_buf_deinit(&out);
    return end;
}

static const char *node_state(struct fakehost *f) {
    static char state[32];
    struct c138_json *result = NULL;
    CU_ASSERT_EQUAL_FATAL(fakehost_run(f, "status", NULL, &result, NULL), C138_OK);
    snprintf(state, sizeof(state), "%s",
             c138_json_get_str(c138_json_path(result, "nodes.0"), "state", ""));
    c138_json_unref(result);
    return state;
}

/* eth_syncing says false and there are peers; only the age of the block tells, and the clock is
 * ours. */
static void test_stalled(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *entries = recorded_json(*v, "eth_getBlockByNumber.json");
        const struct c138_json *block = recorded_result(entries, "latest");
        C138_FREE char *text = c138_json_dump(block);
        struct node node = {.block = text, .peers = 3};
        struct server *s = server_start(answer, &node);
        struct fakehost *f = host_new();
        uint64_t time = 0;
        char settings[256];
        c138_parse_quantity(c138_json_get_str(block, "timestamp", ""), &time);
        fakehost_utc_offset(f, (int64_t)time * C138_NS_PER_S + C138_NS_PER_S - c138_now_utc_ns());
        snprintf(settings, sizeof(settings),
                 "{\"nodes\":[{\"name\":\"a\",\"url\":\"%s\"}],\"poll_interval\":\"100ms\","
                 "\"block_period\":\"2s\"}",
                 server_url(s));
        CU_ASSERT_EQUAL(fakehost_settings(f, settings, NULL), C138_OK);
        fakehost_pass(f, 250 * C138_NS_PER_MS);
        CU_ASSERT_STRING_EQUAL(node_state(f), "ok");
        CU_ASSERT_EQUAL(fakehost_metric(f, "chain138_besu_validators", NULL), 4);
        CU_ASSERT_EQUAL(fakehost_count(f, "besu.stalled"), 0);
        CU_ASSERT_EQUAL(fakehost_count(f, "besu.head"), 1);
        fakehost_utc_offset(f, (int64_t)(time + 60) * C138_NS_PER_S - c138_now_utc_ns());
        fakehost_pass(f, 350 * C138_NS_PER_MS);
        CU_ASSERT_STRING_EQUAL(node_state(f), "stalled");
        CU_ASSERT_EQUAL(fakehost_count(f, "besu.stalled"), 1);
        CU_ASSERT_EQUAL(fakehost_metric(f, "chain138_besu_halted", NULL), 1);
        CU_ASSERT_EQUAL(fakehost_count(f, "besu.peers-low"), 0);
        node.peers = 0;
        fakehost_pass(f, 350 * C138_NS_PER_MS);
        CU_ASSERT_EQUAL(fakehost_count(f, "besu.peers-low"), 1);
        CU_ASSERT_EQUAL(fakehost_faults(f), 0);
        fakehost_free(f);
        server_stop(s);
    }
}

const CU_TestInfo tests_besu[] = {{"besu settings", test_settings},
                                  {"besu unreachable node", test_unreachable},
                                  {"besu without a service", test_withheld},
                                  {"besu stalled, recorded block", test_stalled},
                                  CU_TEST_INFO_NULL};
