#include "../unit.h"
#include "server.h"
#include <base/text.h>
#include <base/when.h>
#include <net/jsonrpc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static c138_status read1(const char *text, struct c138_rpc_call *call, struct c138_err *err) {
    c138_rpc_call_deinit(call); /* of the answer before */
    *call = (struct c138_rpc_call){.method = "qbft_getSignerMetrics"};
    *err = (struct c138_err){0};
    return c138_rpc_read(text, strlen(text), 7, call, 1, 0, err);
}

static void test_read_single(void) {
    struct c138_rpc_call call = {0};
    struct c138_err err;
    CU_ASSERT_EQUAL(read1(" {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x1\"}", &call, &err),
                    C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(call.result, ""), "0x1");
    CU_ASSERT_EQUAL(read1("{\"id\":7,\"result\":null}", &call, &err), C138_OK);
    CU_ASSERT_EQUAL(call.status, C138_OK);
    CU_ASSERT_PTR_NULL(call.result);
    CU_ASSERT_EQUAL(
        read1("{\"id\":7,\"error\":{\"code\":-32604,\"message\":\"Method not enabled\"}}", &call,
              &err),
        C138_OK);
    CU_ASSERT_EQUAL(call.status, C138_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(call.error_code, -32604);
    CU_ASSERT_STRING_EQUAL(call.error.key, "rpc.not-enabled");
    CU_ASSERT_PTR_NOT_NULL(strstr(call.error.text, "add QBFT to its rpc-http-api"));
    read1("{\"id\":7,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}", &call, &err);
    CU_ASSERT_STRING_EQUAL(call.error.key, "rpc.not-found");
    read1("{\"id\":null,\"error\":{\"code\":-40100,\"message\":\"Unauthorized\"}}", &call, &err);
    CU_ASSERT_EQUAL(call.status, C138_E_DENIED);
    CU_ASSERT_STRING_EQUAL(call.error.key, "rpc.unauthorized");
    read1("{\"id\":7,\"error\":{\"code\":-32000,\"message\":\"a\\nb\"}}", &call, &err);
    CU_ASSERT_EQUAL(call.status, C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(call.error.text, "a b (code -32000)"));
    read1("{\"id\":7}", &call, &err);
    CU_ASSERT_STRING_EQUAL(call.error.key, "rpc.no-answer");
    c138_rpc_call_deinit(&call);
}

static void test_read_wrong(void) {
    const struct {
        const char *text, *key;
    } cases[] = {{"", "rpc.no-answer"},
                 {"  \n", "rpc.no-answer"},
                 {"<html><body>502</body></html>", "rpc.html"},
                 {"{\"id\":7,\"result\":", "rpc.not-json"},
                 {"OK", "rpc.not-json"},
                 {"{\"id\":7,\"result\":1}{}", "rpc.not-json"},
                 {"\"0x1\"", "rpc.no-answer"},
                 {"[]", "rpc.no-answer"},
                 {"null", "rpc.no-answer"},
                 {"{\"id\":8,\"result\":1}", "rpc.wrong-id"},
                 {"{\"id\":\"7\",\"result\":1}", "rpc.wrong-id"},
                 {"{\"result\":1}", "rpc.wrong-id"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct c138_rpc_call call = {0};
        struct c138_err err;
        CU_ASSERT_EQUAL(read1(cases[i].text, &call, &err), C138_E_INVALID);
        if (strcmp(err.key, cases[i].key))
            printf("%s: %s\n", cases[i].text, err.key);
        CU_ASSERT_STRING_EQUAL(err.key, cases[i].key);
    }
}

static c138_status read3(const char *text, struct c138_rpc_call calls[3], struct c138_err *err) {
    for (int i = 0; i < 3; i++)
        calls[i] = (struct c138_rpc_call){.method = "eth_chainId"};
    *err = (struct c138_err){0};
    return c138_rpc_read(text, strlen(text), 10, calls, 3, 1, err);
}

static void test_read_batch(void) {
    struct c138_rpc_call calls[3];
    struct c138_err err;
    CU_ASSERT_EQUAL(
        read3("[{\"id\":12,\"result\":\"c\"},{\"id\":10,\"result\":\"a\"},{\"id\":99},5]", calls,
              &err),
        C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(calls[0].result, ""), "a");
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(calls[2].result, ""), "c");
    CU_ASSERT_EQUAL(calls[1].status, C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(calls[1].error.key, "rpc.no-answer");
    for (int i = 0; i < 3; i++)
        c138_rpc_call_deinit(&calls[i]);
    /* Besu's way and geth's way to refuse a batch. */
    CU_ASSERT_EQUAL(
        read3("{\"id\":null,\"error\":{\"code\":-32005,\"message\":\"too many\"}}", calls, &err),
        C138_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.key, "rpc.batch-refused");
    CU_ASSERT_EQUAL(read3("[{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch too "
                          "large\"}}]",
                          calls, &err),
                    C138_E_LIMIT);
    CU_ASSERT_EQUAL(read3("[{\"id\":1,\"result\":1}]", calls, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "rpc.wrong-id");
    CU_ASSERT_EQUAL(read3("[]", calls, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(read3("\"x\"", calls, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(read3("{\"id\":10,\"result\":1}", calls, &err), C138_E_INVALID);
}

/* --- Against a server --------------------------------------------------------------------------
 */

struct node {
    int limit;        /* of a batch */
    int unauthorized; /* how many requests are still refused */
    int in_batch;     /* ... inside of a batch, HTTP 200 */
    int requests;
    const char *status, *type, *body; /* a fixed answer, or NULL */
    char last[4096];
};

static int count_of(const char *text, const char *what) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p++)
        n++;
    return n;
}

static int answer(void *user, int fd, const char *request) {
    struct node *node = user;
    const char *body = strstr(request, "\r\n\r\n") + 4;
    char out[8192] = "", *p = out;
    int methods = count_of(body, "\"method\"");
    node->requests++;
    snprintf(node->last, sizeof(node->last), "%.4000s", request);
    if (node->body)
        return server_reply(fd, node->status, node->type, node->body);
    if (node->unauthorized > 0 && !node->in_batch) {
        node->unauthorized--;
        return server_reply(
            fd, "401 Unauthorized", "application/json",
            "{\"id\":null,\"error\":{\"code\":-40100,\"message\":\"Unauthorized\"}}");
    }
    if (body[0] == '[' && methods > node->limit)
        return server_reply(fd, "200 OK", "application/json",
                            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,"
                            "\"message\":\"Number of requests in batch exceeds limit\"}}");
    if (body[0] == '[')
        *p++ = '[';
    for (const char *id = body; (id = strstr(id, "\"id\":")); id++) {
        const char *result = node->unauthorized > 0
                                 ? "\"error\":{\"code\":-40100,\"message\":\"Unauthorized\"}"
                                 : "\"result\":\"0x8a\"";
        p += snprintf(p, 200, "%s{\"id\":%ld,%s}", p > out + 1 ? "," : "", atol(id + 5), result);
    }
    if (node->unauthorized > 0)
        node->unauthorized--;
    if (body[0] == '[')
        *p++ = ']';
    *p = '\0';
    return server_reply(fd, "200 OK", "application/json", out);
}

struct tokens {
    int asked, refreshed, fail;
};

static const char *give_token(void *user, int refresh, struct c138_err *err) {
    struct tokens *t = user;
    t->asked++;
    t->refreshed += refresh;
    if (t->fail) {
        c138_error(err, C138_E_NOTFOUND, "token.missing", "no token file");
        return NULL;
    }
    return t->refreshed ? "new" : "old";
}

static struct c138_rpc *connect_to(struct server *s, struct tokens *t) {
    struct c138_rpc_options options = {.url = server_url(s),
                                       .host_header = "localhost",
                                       .timeout_ns = C138_NS_PER_S,
                                       .token = t ? give_token : NULL,
                                       .user = t};
    struct c138_rpc *r = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_rpc_new(&options, &r), C138_OK);
    return r;
}

static void test_call(void) {
    struct node node = {.limit = 100};
    struct server *s = server_start(answer, &node);
    struct c138_rpc *r = connect_to(s, NULL);
    struct c138_json *params = c138_json_new_array(), *result = NULL;
    struct c138_err err;
    c138_json_append(params, c138_json_new_str("latest"));
    CU_ASSERT_EQUAL(c138_rpc_call(r, "eth_x", params, &result, NULL, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(result, ""), "0x8a");
    CU_ASSERT_PTR_NOT_NULL(strstr(node.last, "\"params\":[\"latest\"]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(node.last, "Host: localhost\r\n"));
    CU_ASSERT_PTR_NULL(strstr(node.last, "Authorization"));
    CU_ASSERT_TRUE(c138_rpc_took_ns(r) > 0);
    c138_json_unref(result);
    c138_json_unref(params);
    c138_rpc_free(r);
    server_stop(s);
}

static void test_batch_limit(void) {
    for (int limit = 0; limit <= 12; limit += 3) {
        struct node node = {.limit = limit};
        struct server *s = server_start(answer, &node);
        struct c138_rpc *r = connect_to(s, NULL);
        struct c138_rpc_call calls[12];
        struct c138_err err;
        for (int i = 0; i < 12; i++)
            calls[i] = (struct c138_rpc_call){.method = "eth_chainId"};
        CU_ASSERT_EQUAL(c138_rpc_batch(r, calls, 12, &err), C138_OK);
        for (int i = 0; i < 12; i++) {
            CU_ASSERT_STRING_EQUAL(c138_json_as_str(calls[i].result, ""), "0x8a");
            c138_rpc_call_deinit(&calls[i]);
        }
        int first = node.requests; /* the size that works is remembered */
        CU_ASSERT_EQUAL(c138_rpc_batch(r, calls, 12, &err), C138_OK);
        CU_ASSERT_TRUE(limit == 12 ? node.requests == 2 : node.requests - first < first);
        for (int i = 0; i < 12; i++)
            c138_rpc_call_deinit(&calls[i]);
        c138_rpc_free(r);
        server_stop(s);
    }
}

static void test_tokens(void) {
    struct node node = {.limit = 100, .unauthorized = 1};
    struct server *s = server_start(answer, &node);
    struct tokens t = {0};
    struct c138_rpc *r = connect_to(s, &t);
    struct c138_json *result = NULL;
    struct c138_err err;
    CU_ASSERT_EQUAL(c138_rpc_call(r, "eth_x", NULL, &result, NULL, &err), C138_OK);
    CU_ASSERT_EQUAL(t.refreshed, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(node.last, "Authorization: Bearer new\r\n"));
    c138_json_unref(result);
    /* Inside of a batch Besu says so with HTTP 200. */
    node.unauthorized = node.in_batch = 1;
    struct c138_rpc_call calls[2] = {{.method = "eth_a"}, {.method = "eth_b"}};
    CU_ASSERT_EQUAL(c138_rpc_batch(r, calls, 2, &err), C138_OK);
    CU_ASSERT_EQUAL(t.refreshed, 2);
    CU_ASSERT_EQUAL(calls[1].status, C138_OK);
    c138_rpc_call_deinit(&calls[0]);
    c138_rpc_call_deinit(&calls[1]);
    /* Refused for good: once more, and no further. */
    node = (struct node){.limit = 100, .unauthorized = 100};
    CU_ASSERT_EQUAL(c138_rpc_call(r, "eth_x", NULL, &result, NULL, &err), C138_E_DENIED);
    CU_ASSERT_EQUAL(node.requests, 2);
    t.fail = 1;
    CU_ASSERT_EQUAL(c138_rpc_call(r, "eth_x", NULL, &result, NULL, &err), C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.key, "token.missing");
    c138_rpc_free(r);
    server_stop(s);
}

static void test_http_status(void) {
    const struct {
        const char *status, *type, *body, *key;
    } cases[] = {{"200 OK", "text/html", "<html>", "rpc.html"},
                 {"404 Not Found", "text/html", "<html>", "rpc.http-status"},
                 {"503 Service Unavailable", "text/html", "x", "rpc.http-status"},
                 {"301 Moved Permanently", "text/html", "", "rpc.redirect"},
                 {"401 Unauthorized", "text/plain", "", "rpc.unauthorized"},
                 {"403 Forbidden", "application/json", "{\"message\":\"Host not authorized.\"}",
                  "rpc.forbidden"},
                 {"413 Request Entity Too Large", "text/plain", "x", "rpc.request-too-large"},
                 {"201 Created", "text/plain", "", "rpc.no-answer"},
                 {"400 Bad Request", "application/json",
                  "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}",
                  "rpc.error"},
                 {"400 Bad Request", "text/html", "<html>", "rpc.http-status"}};
    struct node node = {.limit = 100};
    struct server *s = server_start(answer, &node);
    struct c138_rpc *r = connect_to(s, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct c138_json *result = NULL;
        struct c138_err err = {0};
        node.status = cases[i].status, node.type = cases[i].type, node.body = cases[i].body;
        CU_ASSERT_NOT_EQUAL(c138_rpc_call(r, "eth_x", NULL, &result, NULL, &err), C138_OK);
        if (strcmp(err.key, cases[i].key))
            printf("%s %s: %s\n", cases[i].status, cases[i].body, err.key);
        CU_ASSERT_STRING_EQUAL(err.key, cases[i].key);
    }
    c138_rpc_free(r);
    server_stop(s);
    CU_ASSERT_PTR_NULL(c138_rpc_free(NULL));
}

const CU_TestInfo tests_jsonrpc[] = {{"jsonrpc reads one answer", test_read_single},
                                     {"jsonrpc names wrong answers", test_read_wrong},
                                     {"jsonrpc reads a batch", test_read_batch},
                                     {"jsonrpc call", test_call},
                                     {"jsonrpc splits refused batches", test_batch_limit},
                                     {"jsonrpc renews tokens", test_tokens},
                                     {"jsonrpc HTTP statuses", test_http_status},
                                     CU_TEST_INFO_NULL};
