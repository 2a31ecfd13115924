#include "fake.h"
#include "tests.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void raw(struct fake *f, const char *bytes, size_t length, struct c138_buf *out) {
    int fd = fake_dial(f);
    c138_buf_reset(out);
    fake_send(f, fd, bytes, length);
    (void)shutdown(fd, SHUT_WR);
    CU_ASSERT(fake_read(f, fd, NULL, out) == 0);
    close(fd);
}

static void test_socket_has_its_mode_and_goes_away(void) {
    struct fake *f = fake_new();
    struct stat st;
    CU_ASSERT_FATAL(stat(f->socket, &st) == 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0660);
    api_close_listeners(f->api);
    CU_ASSERT(stat(f->socket, &st) < 0);
    fake_free(f);
}

static void test_socket_of_another_agent_is_left(void) {
    struct fake *f = fake_new();
    struct stat st;
    (void)unlink(f->socket);
    FILE *other = fopen(f->socket, "w");
    fclose(other);
    api_close_listeners(f->api);
    CU_ASSERT(stat(f->socket, &st) == 0);
    fake_free(f);
}

static void test_addresses(void) {
    struct fake *f = fake_new();
    struct c138_err err = {0};
    uint16_t port = 0;
    static const char *const bad[] = {
        "0.0.0.0:9138", "192.0.2.1:80", "127.0.0.1", "127.0.0.1:99999", "[::]:1", "localhost:x", "",
        ":1",           "[127.0.0.1]:1"};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        CU_ASSERT_EQUAL(api_listen_tcp(f->api, bad[i], &port, &err), C138_E_INVALID);
        CU_ASSERT(err.text[0] != '\0');
    }
    CU_ASSERT_EQUAL(api_listen_tcp(f->api, "localhost:0", &port, &err), C138_OK);
    CU_ASSERT(port != 0);
    char same[32];
    (void)snprintf(same, sizeof(same), "127.0.0.1:%u", port);
    CU_ASSERT_EQUAL(api_listen_tcp(f->api, same, NULL, &err), C138_E_UNAVAILABLE);
    CU_ASSERT(strstr(err.text, "another port") != NULL);
    CU_ASSERT_EQUAL(api_listen_unix(f->api, "/nonexistent/x/s", NULL, 0600, &err),
                    C138_E_UNAVAILABLE);
    CU_ASSERT_EQUAL(api_listen_unix(f->api, f->socket, "no-such-group-here", 0600, &err),
                    C138_E_NOTFOUND);
    fake_free(f);
}

static void test_tokens_and_host(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    fake_tcp(f);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs", "Host: localhost\r\n", NULL, &out), 401);
    CU_ASSERT(strstr(c138_buf_text(&out), "WWW-Authenticate") != NULL);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs",
                             "Host: 127.0.0.1:1\r\nAuthorization: Bearer wrong\r\n", NULL, &out),
                    401);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs",
                             "Host: [::1]:9138\r\nAuthorization: bearer  sesame\r\n", NULL, &out),
                    200);
    CU_ASSERT_STRING_EQUAL(f->last_source, "tcp");
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs",
                             "Host: evil.example\r\nAuthorization: Bearer sesame\r\n", NULL, &out),
                    403);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/jobs",
                             "Host: localhost.evil\r\nAuthorization: Bearer sesame\r\n", NULL,
                             &out),
                    403);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/version", "Host: localhost\r\n", NULL, &out), 200);
    fake_free(f);
}

static void test_malformed(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    static const char *const bad[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
        "GET /v1/jobs HTTP/1.1\r\nnonsense\r\n\r\n",
        "POST /v1/actions/t.echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/actions/t.echo HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /v1/actions/t.echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET http://[ HTTP/1.1\r\n\r\n",
        "GET /v1/jobs?%zz=%&&&=== HTTP/1.0\r\n\r\n",
        "BREW /v1/jobs HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        raw(f, bad[i], strlen(bad[i]), &out);
    raw(f, "GET /\0x HTTP/1.1\r\n\r\n", 19, &out);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/version", NULL, NULL, &out), 200);
    fake_free(f);
}

static void test_huge_head_and_body(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_buf_adds(&text, "GET /v1/version HTTP/1.1\r\nX: ");
    for (int i = 0; i < 20000; i++)
        c138_buf_addc(&text, 'x');
    c138_buf_adds(&text, "\r\n\r\n");
    raw(f, c138_buf_text(&text), text.length, &out);
    CU_ASSERT(strstr(c138_buf_text(&out), " 200 ") == NULL);
    C138_FREE char *body = c138_xcalloc(1, (1 << 20) + 2);
    memset(body, ' ', (1 << 20) + 1);
    CU_ASSERT_EQUAL(fake_ask(f, "POST", "/v1/actions/t.echo", NULL, body, &out), 413);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"body.too-large\"") != NULL);
    /* Said, not sent: refused by its length alone. */
    static const char claim[] =
        "POST /v1/actions/t.echo HTTP/1.1\r\nContent-Length: 500000000\r\n\r\n";
    raw(f, claim, strlen(claim), &out);
    CU_ASSERT(strstr(c138_buf_text(&out), "413") != NULL);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/version", NULL, NULL, &out), 200);
    fake_free(f);
}

static void test_connections_are_bounded_and_come_back(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    int fds[200], before = descriptors();
    for (size_t i = 0; i < C138_COUNT(fds); i++) {
        fds[i] = fake_dial(f);
        fake_turn(f);
    }
    CU_ASSERT(descriptors() - before <= 200 + 128);
    for (size_t i = 0; i < C138_COUNT(fds); i++)
        close(fds[i]);
    /* The next one waits until those are swept away. */
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/version", NULL, NULL, &out), 200);
    int64_t end = c138_now_monotonic_ns() + 4 * C138_NS_PER_S;
    while (descriptors() > before && c138_now_monotonic_ns() < end)
        event_base_loop(f->base, EVLOOP_ONCE);
    CU_ASSERT(descriptors() <= before);
    fake_free(f);
}

static void test_one_door_does_not_shut_another(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    int fds[110];
    fake_tcp(f);
    for (size_t i = 0; i < C138_COUNT(fds); i++) {
        fds[i] = fake_dial_tcp(f);
        fake_turn(f);
    }
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/version", NULL, NULL, &out), 200);
    for (size_t i = 0; i < C138_COUNT(fds); i++)
        close(fds[i]);
    fake_free(f);
}

static void test_many_requests_on_one_connection(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    static const char one[] = "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd = fake_dial(f);
    for (int i = 0; i < 50; i++) {
        c138_buf_reset(&out);
        fake_send(f, fd, one, strlen(one));
        CU_ASSERT_EQUAL(fake_read(f, fd, "}\n", &out), 1);
        CU_ASSERT(strstr(c138_buf_text(&out), "200 OK") != NULL);
    }
    close(fd);
    /* Two at once (pipelined) are both answered. */
    fd = fake_dial(f);
    char two[256];
    (void)snprintf(two, sizeof(two), "%sGET /v1/version HTTP/1.1\r\nConnection: close\r\n\r\n",
                   one);
    c138_buf_reset(&out);
    fake_send(f, fd, two, strlen(two));
    CU_ASSERT_EQUAL(fake_read(f, fd, NULL, &out), 0);
    const char *first = strstr(c138_buf_text(&out), "200 OK");
    CU_ASSERT(first && strstr(first + 1, "200 OK"));
    close(fd);
    fake_free(f);
}

static void test_a_byte_at_a_time(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    static const char text[] = "POST /v1/actions/t.echo HTTP/1.1\r\nConnection: "
                               "close\r\nContent-Length: 13\r\n\r\n{\"text\":\"abc\"";
    int fd = fake_dial(f);
    for (size_t i = 0; i < strlen(text); i++)
        fake_send(f, fd, text + i, 1);
    fake_send(f, fd, "}", 1);
    CU_ASSERT_EQUAL(fake_read(f, fd, NULL, &out), 0);
    CU_ASSERT(strstr(c138_buf_text(&out), "400") != NULL); /* 13 bytes end before the brace */
    close(fd);
    fake_free(f);
}

static void test_metrics_listener(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(api_listen_metrics(f->api, "t", "127.0.0.1:0", &f->port, &err), C138_OK);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/metrics", "Host: anything\r\n", NULL, &out), 200);
    CU_ASSERT(strstr(c138_buf_text(&out), "# of t\n") != NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "text/plain; version=0.0.4") != NULL);
    CU_ASSERT_EQUAL(fake_ask(f, "GET", "/v1/version", "Host: anything\r\n", NULL, &out), 404);
    uint16_t old = f->port;
    CU_ASSERT_EQUAL(api_listen_metrics(f->api, "t", "127.0.0.1:0", &f->port, &err), C138_OK);
    CU_ASSERT(f->port != old);
    CU_ASSERT_EQUAL(api_listen_metrics(f->api, "t", NULL, NULL, &err), C138_OK);
    CU_ASSERT(fake_dial_tcp(f) < 0);
    CU_ASSERT_EQUAL(api_listen_metrics(f->api, NULL, "nonsense", NULL, &err), C138_E_INVALID);
    fake_free(f);
}

static void test_free_with_requests_under_way(void) {
    struct fake *f = fake_new();
    static const char slow[] =
        "POST /v1/actions/t.slow?wait=9 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    static const char live[] = "GET /v1/events HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n";
    int a = fake_dial(f), b = fake_dial(f);
    fake_send(f, a, slow, strlen(slow));
    fake_send(f, b, live, strlen(live));
    for (int i = 0; i < 10; i++)
        fake_turn(f);
    CU_ASSERT_EQUAL(fake_sinks(f), 1);
    CU_ASSERT_EQUAL(fake_waits(f), 1);
    fake_free(f);
    close(a);
    close(b);
}

const CU_TestInfo tests_api[] = {
    {"socket has its mode and goes away", test_socket_has_its_mode_and_goes_away},
    {"socket of another agent is left", test_socket_of_another_agent_is_left},
    {"addresses", test_addresses},
    {"tokens and host", test_tokens_and_host},
    {"malformed requests", test_malformed},
    {"huge head and body", test_huge_head_and_body},
    {"connections are bounded and come back", test_connections_are_bounded_and_come_back},
    {"one door does not shut another", test_one_door_does_not_shut_another},
    {"many requests on one connection", test_many_requests_on_one_connection},
    {"a byte at a time", test_a_byte_at_a_time},
    {"metrics listener", test_metrics_listener},
    {"free with requests under way", test_free_with_requests_under_way},
    CU_TEST_INFO_NULL,
};
