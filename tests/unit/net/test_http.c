#include "../unit.h"
#include "server.h"
#include <base/when.h>
#include <net/http.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int server_text(int fd, const char *text) {
    return server_write(fd, text, strlen(text));
}

/* What the server does is said by the path. */
static int answer(void *user, int fd, const char *request) {
    char block[4096];
    (void)user;
    memset(block, 'x', sizeof(block));
    if (strstr(request, "GET /ok"))
        return server_reply(fd, "200 OK", "text/plain", "fine");
    if (strstr(request, "POST /echo"))
        return server_reply(fd, "200 OK", "text/plain", strstr(request, "\r\n\r\n") + 4);
    if (strstr(request, "GET /headers"))
        return server_reply(fd, "200 OK", "text/plain", request);
    if (strstr(request, "GET /missing"))
        return server_reply(fd, "404 Not Found", "text/html", "<html></html>");
    if (strstr(request, "GET /redirect"))
        return server_text(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
    if (strstr(request, "GET /slow")) {
        usleep(800000);
        return 1;
    }
    if (strstr(request, "GET /cut")) {
        server_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return 1;
    }
    if (strstr(request, "GET /nothing"))
        return 1;
    if (strstr(request, "GET /noise")) {
        server_text(fd, "SSH-2.0-OpenSSH_9\r\n");
        return 1;
    }
    if (strstr(request, "GET /huge")) { /* says that it is 2 GB */
        server_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\nxx");
        return 1;
    }
    if (strstr(request, "GET /endless")) {
        server_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (server_text(fd, "1000\r\n") == 0 && server_write(fd, block, 4096) == 0 &&
               server_text(fd, "\r\n") == 0)
            ;
        return 1;
    }
    if (strstr(request, "GET /longhead")) {
        server_text(fd, "HTTP/1.1 200 OK\r\n");
        while (server_text(fd, "X-A: ") == 0 && server_write(fd, block, 4096) == 0 &&
               server_text(fd, "\r\n") == 0)
            ;
        return 1;
    }
    return 1;
}

struct client {
    struct server *server;
    struct c138_http *http;
    struct c138_http_response response;
    struct c138_err err;
};

static void client_init(struct client *c) {
    struct c138_http_options options = {.timeout_ns = 600 * C138_NS_PER_MS, .body_max = 1 << 16};
    *c = (struct client){.server = server_start(answer, NULL)};
    CU_ASSERT_EQUAL_FATAL(c138_http_new(&options, &c->http), C138_OK);
}

static void client_deinit(struct client *c) {
    c138_http_response_deinit(&c->response);
    c138_http_free(c->http);
    server_stop(c->server);
}

static c138_status get(struct client *c, const char *path) {
    char url[128];
    snprintf(url, sizeof(url), "%s%s", server_url(c->server), path);
    struct c138_http_request request = {.url = url};
    c->err = (struct c138_err){0};
    return c138_http_do(c->http, &request, &c->response, &c->err);
}

static void test_answers(void) {
    struct client c;
    client_init(&c);
    CU_ASSERT_EQUAL(get(&c, "ok"), C138_OK);
    CU_ASSERT_EQUAL(c.response.status, 200);
    CU_ASSERT_STRING_EQUAL(c.response.content_type, "text/plain");
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&c.response.body), "fine");
    CU_ASSERT_TRUE(c.response.took_ns > 0);
    CU_ASSERT_EQUAL(get(&c, "missing"), C138_OK);
    CU_ASSERT_EQUAL(c.response.status, 404);
    CU_ASSERT_EQUAL(get(&c, "redirect"), C138_OK); /* not followed */
    CU_ASSERT_EQUAL(c.response.status, 302);
    CU_ASSERT_EQUAL(c.response.body.length, 0);
    CU_ASSERT_STRING_EQUAL(c.response.content_type, "");
    client_deinit(&c);
}

static void test_request(void) {
    struct client c;
    char url[128];
    client_init(&c);
    snprintf(url, sizeof(url), "%secho", server_url(c.server));
    struct c138_http_request post = {.url = url, .body = "a\0b", .body_length = 3};
    CU_ASSERT_EQUAL(c138_http_do(c.http, &post, &c.response, &c.err), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&c.response.body), "a");
    snprintf(url, sizeof(url), "%sheaders", server_url(c.server));
    const char *headers[] = {"Host: node.example", "Authorization: Bearer t", NULL};
    struct c138_http_request with = {.url = url, .headers = headers};
    CU_ASSERT_EQUAL(c138_http_do(c.http, &with, &c.response, &c.err), C138_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_buf_text(&c.response.body), "Host: node.example\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_buf_text(&c.response.body), "Bearer t\r\n"));
    CU_ASSERT_PTR_NULL(strstr(c138_buf_text(&c.response.body), "Expect:"));
    client_deinit(&c);
}

static void test_failures(void) {
    const struct {
        const char *path, *key;
        c138_status status;
    } cases[] = {{"slow", "http.timeout", C138_E_TIMEOUT},
                 {"cut", "http.truncated", C138_E_UNAVAILABLE},
                 {"nothing", "http.truncated", C138_E_UNAVAILABLE},
                 {"noise", "http.protocol", C138_E_UNAVAILABLE},
                 {"huge", "http.too-large", C138_E_LIMIT},
                 {"endless", "http.too-large", C138_E_LIMIT},
                 {"longhead", "http.too-large", C138_E_LIMIT}};
    struct client c;
    client_init(&c);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t start = c138_now_monotonic_ns();
        c138_status status = get(&c, cases[i].path);
        if (status != cases[i].status || strcmp(c.err.key, cases[i].key))
            printf("%s: %d %s %s\n", cases[i].path, status, c.err.key, c.err.text);
        CU_ASSERT_EQUAL(status, cases[i].status);
        CU_ASSERT_STRING_EQUAL(c.err.key, cases[i].key);
        CU_ASSERT_PTR_NOT_NULL(strstr(c.err.text, server_url(c.server)));
        CU_ASSERT_TRUE(c138_now_monotonic_ns() - start < 3 * C138_NS_PER_S);
        if (strcmp(cases[i].path, "slow") == 0)
            usleep(400000); /* the server serves one at a time */
        CU_ASSERT_TRUE(c.response.body.length <= 1 << 16);
    }
    CU_ASSERT_EQUAL(get(&c, "ok"), C138_OK); /* a client survives them all */
    client_deinit(&c);
}

static void test_unreachable(void) {
    struct c138_http_options options = {0};
    struct c138_http *http;
    struct c138_http_response response = {0};
    struct c138_err err;
    CU_ASSERT_EQUAL_FATAL(c138_http_new(&options, &http), C138_OK);
    struct server *s = server_start(answer, NULL);
    char url[160];
    snprintf(url, sizeof(url), "http://user:secret@%s?token=secret", server_url(s) + 7);
    server_stop(s); /* nobody listens there now */
    struct c138_http_request refused = {.url = url};
    CU_ASSERT_EQUAL(c138_http_do(http, &refused, &response, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "http.refused");
    CU_ASSERT_PTR_NULL(strstr(err.text, "secret"));
    CU_ASSERT_PTR_NULL(strstr(err.text, "user"));
    struct c138_http_request scheme = {.url = "file:///etc/hostname"};
    CU_ASSERT_EQUAL(c138_http_do(http, &scheme, &response, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "http.protocol");
    struct c138_http_request name = {.url = "http://no-such-host.invalid/"};
    CU_ASSERT_EQUAL(c138_http_do(http, &name, &response, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "http.resolve");
    c138_http_response_deinit(&response);
    c138_http_free(http);
    CU_ASSERT_PTR_NULL(c138_http_free(NULL));
}

static int cancel_now(void *user) {
    (*(int *)user)++;
    return 1;
}

static void test_cancel(void) {
    struct client c;
    char url[128];
    int asked = 0;
    client_init(&c);
    snprintf(url, sizeof(url), "%sslow", server_url(c.server));
    struct c138_http_request request = {.url = url, .cancelled = cancel_now, .user = &asked};
    CU_ASSERT_EQUAL(c138_http_do(c.http, &request, &c.response, &c.err), C138_E_CANCELLED);
    CU_ASSERT_STRING_EQUAL(c.err.key, "http.cancelled");
    CU_ASSERT_TRUE(asked > 0);
    client_deinit(&c);
}

const CU_TestInfo tests_http[] = {{"http answers", test_answers},
                                  {"http request and headers", test_request},
                                  {"http failures are bounded and named", test_failures},
                                  {"http unreachable", test_unreachable},
                                  {"http cancel", test_cancel},
                                  CU_TEST_INFO_NULL};
