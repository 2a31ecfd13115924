#include "fake.h"
#include "tests.h"

#include <base/text.h>
#include <base/when.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* `out` has what came with the head: events may follow it at once. */
static int follow(struct fake *f, const char *query, const char *headers, struct c138_buf *out) {
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "GET /v1/events%s HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n%s\r\n",
                   query, headers);
    int fd = fake_dial(f);
    fake_send(f, fd, text, strlen(text));
    CU_ASSERT_EQUAL(fake_read(f, fd, ":\n\n", out), 1);
    CU_ASSERT(strstr(c138_buf_text(out), "text/event-stream") != NULL);
    return fd;
}

static void test_pages(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    for (int i = 1; i <= 5; i++)
        fake_event(f, i % 2 ? "t.odd" : "t.even", 1, i);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/events?topic=t.odd", NULL, &v), 200);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(v, "events")), 3);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/events?after=3", NULL, &v), 200);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(v, "events")), 2);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/events?since=yesterday", NULL, &v), 400);
    c138_json_unref(v);
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/events?limit=-1", NULL, &v), 400);
    fake_free(f);
}

static void test_live(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    fake_event(f, "t.kept", 1, 1); /* before: not shown */
    int fd = follow(f, "?topic=t.*", "", &out);
    CU_ASSERT_EQUAL(fake_sinks(f), 1);
    fake_event(f, "other.kept", 1, 2);
    fake_event(f, "t.kept", 1, 3);
    fake_event(f, "t.passing", 0, 4);
    CU_ASSERT_EQUAL(fake_read(f, fd, "\"number\":3", &out), 1);
    CU_ASSERT(strstr(c138_buf_text(&out), "id: 3\n") != NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "event: t.passing\n") != NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"number\":1") == NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "\"number\":2") == NULL);
    close(fd);
    /* The loss of the client is seen when something is sent. */
    int64_t end = c138_now_monotonic_ns() + 3 * C138_NS_PER_S;
    while (fake_sinks(f) && c138_now_monotonic_ns() < end) {
        fake_event(f, "t.passing", 0, 5);
        fake_turn(f);
    }
    CU_ASSERT_EQUAL(fake_sinks(f), 0);
    fake_free(f);
}

static void test_comes_back_where_it_was(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    for (int i = 1; i <= 500; i++)
        fake_event(f, "t.kept", 1, i);
    int fd = follow(f, "", "Last-Event-ID: 10\r\n", &out);
    CU_ASSERT_EQUAL(fake_read(f, fd, "id: 500\n", &out), 1);
    CU_ASSERT(strstr(c138_buf_text(&out), "id: 11\n") != NULL);
    CU_ASSERT(strstr(c138_buf_text(&out), "id: 10\n") == NULL);
    close(fd);
    fake_free(f);
}

static void test_a_slow_reader_costs_bounded_memory(void) {
    struct fake *f = fake_new();
    C138_BUF struct c138_buf head = C138_BUF_NULL;
    int fd = follow(f, "", "", &head);
    for (int i = 0; i < 200000; i++) { /* nobody reads */
        fake_event(f, "t.passing.with.a.name.that.is.long", 0, i);
        if (i % 100 == 0)
            fake_turn(f);
    }
    int64_t end = c138_now_monotonic_ns() + C138_NS_PER_S / 2;
    char bytes[65536];
    size_t got = 0;
    while (c138_now_monotonic_ns() < end) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
        fake_turn(f);
    }
    CU_ASSERT(got > 100000);
    CU_ASSERT(got < (4u << 20)); /* of about 20 MB */
    close(fd);
    fake_free(f);
}

const CU_TestInfo tests_api_events[] = {
    {"pages", test_pages},
    {"live", test_live},
    {"comes back where it was", test_comes_back_where_it_was},
    {"a slow reader costs bounded memory", test_a_slow_reader_costs_bounded_memory},
    CU_TEST_INFO_NULL,
};
