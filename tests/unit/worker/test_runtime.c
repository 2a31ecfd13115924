/* The runtime with the good plugin, each test over a socket and over a queue. */
#include "peer.h"
#include "unit.h"

#include <base/mem.h>
#include <base/when.h>
#include <stdatomic.h>
#include <string.h>

#define SETTINGS "{\"greeting\":\"hello\",\"interval\":\"0s\",\"degraded\":false}"

static void each_way(void (*test)(struct peer *p, enum peer_way way)) {
    for (int way = PEER_SOCKET; way <= PEER_QUEUE; way++) {
        struct peer p;
        test(&p, (enum peer_way)way);
    }
}

static void with_good(void (*test)(struct peer *p)) {
    for (int way = PEER_SOCKET; way <= PEER_QUEUE; way++) {
        struct peer p;
        int up = peer_up(&p, (enum peer_way)way, "good", SETTINGS);
        CU_ASSERT_FATAL(up);
        test(&p);
        CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
    }
}

static void hello_way(struct peer *p, enum peer_way way) {
    peer_start(p, way, "good", NULL);
    struct wire_msg *m = peer_await(p, WIRE_HELLO, 0);
    CU_ASSERT_FATAL(m != NULL);
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(c138_json_parse(m->payload, m->head.length, &v, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(c138_json_get(v, "document"), "name", ""), "good");
    CU_ASSERT(c138_json_has(v, "sandbox"));
    (void)wire_msg_free(m);
    CU_ASSERT_EQUAL(peer_down(p), C138_OK);
}

static void test_hello(void) {
    each_way(hello_way);
}

static void echo_types(struct peer *p) {
    C138_JSON struct c138_json *r = NULL;
    c138_status st = peer_call(
        p, "echo",
        "{\"bool\":true,\"int\":-5,\"uint\":18446744073709551615,\"string\":\"a\\u00e9\\n\","
        "\"duration\":\"1m30s\",\"size\":1536,\"time\":\"2026-11-23T03:00:00Z\","
        "\"list\":[\"250ms\",\"2s\"],\"object\":{\"inner\":\"x.y\",\"room\":2048},"
        "\"wei\":"
        "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"}",
        &r);
    CU_ASSERT_EQUAL_FATAL(st, C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "bool", ""), "true");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "int", ""), "-5");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "uint", ""), "18446744073709551615");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "string", ""), "a\xc3\xa9\n");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "list", ""), "[\"250ms\",\"2s\"]");
    CU_ASSERT(!c138_json_has(r, "enum"));
    const struct c138_json *t = c138_json_get(r, "typed");
    CU_ASSERT_EQUAL(c138_json_get_int(t, "bool", 0), 1);
    CU_ASSERT_EQUAL(c138_json_get_int(t, "int", 0), -5);
    CU_ASSERT_EQUAL(c138_json_get_uint(t, "uint", 0), UINT64_MAX);
    CU_ASSERT_EQUAL(c138_json_get_int(t, "duration_ns", 0), 90 * C138_NS_PER_S);
    CU_ASSERT_EQUAL(c138_json_get_uint(t, "size_bytes", 0), 1536);
    CU_ASSERT_EQUAL(c138_json_get_int(t, "time_ns", 0), INT64_C(1795402800000000000));
    CU_ASSERT_EQUAL(c138_json_get_uint(t, "list", 0), 2);
    CU_ASSERT_EQUAL(c138_json_get_int(t, "first_ns", 0), 250 * C138_NS_PER_MS);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(t, "inner", ""), "x.y");
    CU_ASSERT_EQUAL(c138_json_get_uint(t, "inner_bytes", 0), 2048);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "principal", ""), "unix:me@here");
    CU_ASSERT_EQUAL(c138_json_get_int(c138_json_get(r, "params"), "int", 0), -5);
}

static void test_echo(void) {
    with_good(echo_types);
}

static void fails_well(struct peer *p) {
    struct c138_json *r = NULL;
    CU_ASSERT_EQUAL(peer_call(p, "fail", "{\"message\":\"because \\\"so\\\"\"}", &r),
                    C138_E_CONFLICT);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "key", ""), "good.asked");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "message", ""), "because \"so\"");
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(p, "fail", "{}", &r), C138_E_CONFLICT);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "key", ""), "conflict");
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(p, "no-such", "{}", &r), C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "key", ""), "action.unknown");
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(p, "echo", "not json", &r), C138_E_INVALID);
    (void)c138_json_unref(r);
}

static void test_failures(void) {
    with_good(fails_well);
}

static void events_arrive(struct peer *p) {
    peer_event(p, "test.a", "{\"n\":1}");
    peer_event(p, "test.b", "{\"n\":2}");
    C138_JSON struct c138_json *r = NULL;
    CU_ASSERT_EQUAL_FATAL(peer_call(p, "seen", "{}", &r), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "events", 0), 2);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "topic", ""), "test.b");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "source", ""), "tests");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "json", ""), "{\"n\":2}");
}

static void test_events(void) {
    with_good(events_arrive);
}

/* What came as a bundle is handed out event by event, between other frames and in order. */
static void test_bundle(void) {
    struct peer p;
    char json[64];
    C138_JSON struct c138_json *before = NULL, *after = NULL;
    CU_ASSERT_FATAL(peer_up(&p, PEER_QUEUE, "good", "{}"));
    struct bus_bundle *b = bus_bundle_new("test.a", "tests", 0, 0);
    for (int i = 1; i <= 100; i++) {
        (void)snprintf(json, sizeof json, "{\"n\":%d}", i);
        CU_ASSERT(bus_bundle_add(b, i, json, strlen(json)));
    }
    CU_ASSERT_EQUAL(mailbox_put_bundle(p.to, b, 3), 100);
    CU_ASSERT_EQUAL_FATAL(peer_call(&p, "seen", "{}", &before), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(before, "events", 0), 100);
    CU_ASSERT_EQUAL(c138_json_get_int(before, "dropped", 0), 3);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(before, "topic", ""), "test.a");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(before, "source", ""), "tests");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(before, "json", ""), "{\"n\":100}");
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(mailbox_put_bundle(p.to, b, 0), 100);
    peer_event(&p, "test.b", "{\"last\":1}");
    bus_bundle_unref(b);
    CU_ASSERT_EQUAL_FATAL(peer_call(&p, "seen", "{}", &after), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(after, "events", 0), 601);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(after, "topic", ""), "test.b");
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

/* Events of one callback may leave together, but before its answer; a kept one takes them along. */
static void test_collects(void) {
    struct peer p;
    C138_JSON struct c138_json *r = NULL;
    CU_ASSERT_FATAL(peer_up(&p, PEER_QUEUE, "good", "{}"));
    CU_ASSERT_EQUAL_FATAL(peer_call(&p, "emit", "{\"count\":5000,\"topic\":\"good.note\"}", &r),
                          C138_OK);
    CU_ASSERT_EQUAL(p.published, 5000);
    CU_ASSERT(p.ever_collected > 0);
    CU_ASSERT(p.ever_collected < 5000); /* the first one did not wait */
    CU_ASSERT_EQUAL(p.collected, 0);
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

static void publishes(struct peer *p) {
    C138_JSON struct c138_json *r = NULL, *kept = NULL, *bad = NULL;
    CU_ASSERT_EQUAL_FATAL(peer_call(p, "emit", "{\"count\":3,\"topic\":\"good.note\"}", &r),
                          C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "failed", -1), 0);
    CU_ASSERT_EQUAL(peer_call(p, "emit", "{\"count\":1,\"topic\":\"good.kept\"}", &kept), C138_OK);
    CU_ASSERT_EQUAL(peer_call(p, "emit", "{\"count\":2,\"topic\":\"besu.head\"}", &bad), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(bad, "failed", -1), 2);
    if (p->way == PEER_QUEUE) {
        CU_ASSERT_EQUAL(p->published, 4);
        return;
    }
    for (int i = 0; i < 4; i++) {
        struct wire_msg *m = peer_await(p, WIRE_PUBLISH, 0);
        CU_ASSERT_FATAL(m != NULL);
        CU_ASSERT_STRING_EQUAL(m->payload, i < 3 ? "good.note" : "good.kept");
        CU_ASSERT_EQUAL(m->head.flags, i < 3 ? 0 : WIRE_KEEP);
        CU_ASSERT(m->head.id >= 1000); /* the causing call */
        CU_ASSERT_PTR_NOT_NULL(strstr(m->payload + strlen(m->payload) + 1, "\"hello\""));
        (void)wire_msg_free(m);
    }
}

static void test_publish(void) {
    with_good(publishes);
}

static struct wire_msg *hostcall(struct peer *p, const char *op, struct c138_json **ret_args) {
    struct wire_msg *m = peer_await(p, WIRE_HOSTCALL, 0);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(m->payload, strlen(m->payload), ret_args, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(*ret_args, "op", ""), op);
    return m;
}

static void keeps_numbers(struct peer *p) {
    C138_JSON struct c138_json *get = NULL, *put = NULL, *r = NULL;
    peer_call_send(p, 77, "add", "{\"n\":5}");
    struct wire_msg *m = hostcall(p, "kv.get", &get);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(get, "key", ""), "total");
    peer_send_text(p, WIRE_HOSTREPLY, 999999, 0, "an answer that nobody waits for");
    peer_send_text(p, WIRE_HOSTREPLY, m->head.id, 0, "37");
    (void)wire_msg_free(m);
    m = hostcall(p, "kv.put", &put);
    CU_ASSERT_STRING_EQUAL(m->payload + strlen(m->payload) + 1, "42");
    peer_send_text(p, WIRE_HOSTREPLY, m->head.id, 0, "");
    (void)wire_msg_free(m);
    m = peer_await(p, WIRE_REPLY, 77);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_STRING_EQUAL(m->payload, "{\"total\":42}");
    (void)wire_msg_free(m);
}

static void test_kv(void) {
    with_good(keeps_numbers);
}

static void calls_others(struct peer *p) {
    C138_JSON struct c138_json *args = NULL, *r = NULL;
    peer_call_send(p, 78, "relay", "{\"action\":\"other.thing\",\"params\":{\"a\":[1]}}");
    struct wire_msg *m = hostcall(p, "call", &args);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(args, "action", ""), "other.thing");
    CU_ASSERT_EQUAL(c138_json_get_int(args, "cause", 0), 78);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_path(args, "params.a")), 1);
    peer_send_text(p, WIRE_HOSTREPLY, m->head.id, C138_E_DENIED,
                   "{\"key\":\"denied\",\"message\":\"no\"}");
    (void)wire_msg_free(m);
    m = peer_await(p, WIRE_REPLY, 78);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_EQUAL(c138_json_parse(m->payload, m->head.length, &r, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 0), C138_E_DENIED);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(c138_json_get(r, "answer"), "key", ""), "denied");
    (void)wire_msg_free(m);
}

static void test_call(void) {
    with_good(calls_others);
}

static void gets_secrets(struct peer *p) {
    C138_JSON struct c138_json *args = NULL;
    peer_call_send(p, 79, "secret-length", "{\"secret\":\"file:/secret\"}");
    struct wire_msg *m = hostcall(p, "secret.get", &args);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(args, "reference", ""), "file:/secret");
    peer_send_text(p, WIRE_HOSTREPLY, m->head.id, 0, "hunter22");
    (void)wire_msg_free(m);
    m = peer_await(p, WIRE_REPLY, 79);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_STRING_EQUAL(m->payload, "{\"length\":8}");
    (void)wire_msg_free(m);
}

static void test_secret(void) {
    with_good(gets_secrets);
}

/* A long action runs beside the actor, tells its progress, and hears a cancel. */
static void long_beside(struct peer *p) {
    peer_call_send(p, 80, "slow", "{\"steps\":1000,\"pause\":\"5ms\"}");
    struct wire_msg *m = peer_await(p, WIRE_PROGRESS, 80);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_STRING_EQUAL(m->payload, "step 1");
    (void)wire_msg_free(m);
    CU_ASSERT_STRING_EQUAL(p->board->slots[1].what, "action good.slow");
    CU_ASSERT(atomic_load(&p->board->slots[1].since_ns) > 0);
    C138_JSON struct c138_json *r = NULL, *why = NULL;
    CU_ASSERT_EQUAL(peer_call(p, "seen", "{}", &r), C138_OK);
    peer_send(p, WIRE_CANCEL, 80, 0, NULL, 0);
    m = peer_await(p, WIRE_REPLY, 80);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_EQUAL(m->head.aux, C138_E_CANCELLED);
    CU_ASSERT_EQUAL(c138_json_parse(m->payload, m->head.length, &why, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(why, "key", ""), "slow.cancelled");
    (void)wire_msg_free(m);
}

static void test_long(void) {
    with_good(long_beside);
}

/* A short action reads the port itself to see its cancel; one that has not begun never begins. */
static void short_cancel(struct peer *p) {
    peer_call_send(p, 81, "wait", "{\"steps\":100000,\"pause\":\"2ms\"}");
    peer_call_send(p, 82, "wait", "{\"steps\":100000,\"pause\":\"2ms\"}");
    (void)wire_msg_free(peer_await(p, WIRE_PROGRESS, 81));
    peer_send(p, WIRE_CANCEL, 82, 0, NULL, 0);
    peer_send(p, WIRE_CANCEL, 81, 0, NULL, 0);
    for (uint64_t id = 81; id <= 82; id++) {
        struct wire_msg *m = peer_await(p, WIRE_REPLY, id);
        CU_ASSERT_FATAL(m != NULL);
        CU_ASSERT_EQUAL(m->head.aux, C138_E_CANCELLED);
        (void)wire_msg_free(m);
    }
}

static void test_cancel(void) {
    with_good(short_cancel);
}

/* STOP waits for its grace, then cancels, then says BYE. */
static void test_stop_cancels(void) {
    for (int way = PEER_SOCKET; way <= PEER_QUEUE; way++) {
        struct peer p;
        CU_ASSERT_FATAL(peer_up(&p, (enum peer_way)way, "good", SETTINGS));
        peer_call_send(&p, 83, "slow", "{\"steps\":1000,\"pause\":\"10ms\"}");
        (void)wire_msg_free(peer_await(&p, WIRE_PROGRESS, 83));
        peer_send(&p, WIRE_STOP, 0, 100, NULL, 0);
        struct wire_msg *m = peer_await(&p, WIRE_REPLY, 83);
        CU_ASSERT(m && m->head.aux == C138_E_CANCELLED);
        (void)wire_msg_free(m);
        CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
    }
}

static void test_vanish(void) {
    for (int way = PEER_SOCKET; way <= PEER_QUEUE; way++) {
        struct peer p;
        CU_ASSERT_FATAL(peer_up(&p, (enum peer_way)way, "good", SETTINGS));
        peer_call_send(&p, 84, "slow", "{\"steps\":1000,\"pause\":\"10ms\"}");
        (void)wire_msg_free(peer_await(&p, WIRE_PROGRESS, 84));
        CU_ASSERT_EQUAL(peer_vanish(&p), C138_E_UNAVAILABLE);
    }
}

static void timers_way(struct peer *p, enum peer_way way) {
    CU_ASSERT_FATAL(
        peer_up(p, way, "good", "{\"greeting\":\"x\",\"interval\":\"5ms\",\"degraded\":true}"));
    int64_t ticks = 0, until = c138_now_monotonic_ns() + 5 * C138_NS_PER_S;
    while (ticks < 3 && c138_now_monotonic_ns() < until) {
        C138_JSON struct c138_json *r = NULL;
        CU_ASSERT_EQUAL_FATAL(peer_call(p, "seen", "{}", &r), C138_OK);
        ticks = c138_json_get_int(r, "ticks", 0);
    }
    CU_ASSERT(ticks >= 3);
    peer_send(p, WIRE_STATUS, 90, 0, NULL, 0);
    struct wire_msg *m = peer_await(p, WIRE_REPLY, 90);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_STRING_EQUAL(m->payload,
                           "{\"health\":2,\"text\":\"told to be degraded\",\"items\":[{\"name\":"
                           "\"good\",\"state\":\"warning\",\"text\":\"x\"}]}");
    (void)wire_msg_free(m);
    CU_ASSERT_EQUAL(peer_down(p), C138_OK);
}

static void test_timer_and_status(void) {
    each_way(timers_way);
}

static void reports_metrics(struct peer *p) {
    C138_JSON struct c138_json *r = NULL;
    struct wire_msg *m = peer_await(p, WIRE_METRICS, 0);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_STRING_EQUAL(m->payload, "[[\"chain138_good_level\",[],1]]");
    (void)wire_msg_free(m);
    CU_ASSERT_EQUAL(peer_call(p, "echo", "{}", &r), C138_OK);
    m = peer_await(p, WIRE_METRICS, 0);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_STRING_EQUAL(m->payload, "[[\"chain138_good_calls_total\",[\"echo\"],1]]");
    (void)wire_msg_free(m);
}

static void test_metrics(void) {
    with_good(reports_metrics);
}

/* A refused setting changes nothing and says why; commit(0) throws the staged one away. */
static void settings_in_two(struct peer *p) {
    peer_send_text(p, WIRE_PREPARE, 91, 0, "{\"greeting\":\"refuse me\"}");
    struct wire_msg *m = peer_await(p, WIRE_REPLY, 91);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_EQUAL(m->head.aux, C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->payload, "good.greeting"));
    (void)wire_msg_free(m);
    peer_send_text(p, WIRE_PREPARE, 92, 0, "{\"greeting\":\"staged\"}");
    peer_send(p, WIRE_COMMIT, 93, 0, NULL, 0);
    C138_JSON struct c138_json *r = NULL, *s = NULL;
    CU_ASSERT_EQUAL(peer_call(p, "seen", "{}", &r), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "greeting", ""), "hello");
    peer_send_text(p, WIRE_PREPARE, 94, 0, "{\"greeting\":\"staged\"}");
    peer_send(p, WIRE_COMMIT, 95, 1, NULL, 0);
    CU_ASSERT_EQUAL(peer_call(p, "seen", "{}", &s), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(s, "greeting", ""), "staged");
}

static void test_settings(void) {
    with_good(settings_in_two);
}

static void many_calls(struct peer *p) {
    for (int i = 0; i < 500; i++)
        peer_call_send(p, 2000 + (uint64_t)i, "seen", "{}");
    for (int i = 0; i < 500; i++) {
        struct wire_msg *m = peer_await(p, WIRE_REPLY, 2000 + (uint64_t)i);
        CU_ASSERT_FATAL(m != NULL);
        (void)wire_msg_free(m);
    }
}

static void test_many(void) {
    with_good(many_calls);
}

/* An answer larger than a socket's buffer and than the port's. */
static void large_answer(struct peer *p) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    (void)c138_buf_adds(&b, "{\"string\":\"");
    for (int i = 0; i < 2000000; i++)
        (void)c138_buf_addc(&b, 'x');
    (void)c138_buf_adds(&b, "\"}");
    C138_JSON struct c138_json *r = NULL;
    CU_ASSERT_EQUAL(peer_call(p, "echo", c138_buf_text(&b), &r), C138_OK);
    CU_ASSERT_EQUAL(c138_json_str_length(c138_json_get(r, "string")), 2000000);
}

static void test_large(void) {
    with_good(large_answer);
}

/* Programs: input, output, exit status, deadline, output bound, and only those that are named. */
static void test_process(void) {
    struct peer p;
    CU_ASSERT_FATAL(peer_up(&p, PEER_SOCKET, "runner", "{}"));
    struct c138_json *r = NULL;
    CU_ASSERT_EQUAL(peer_call(&p, "run",
                              "{\"program\":\"/bin/cat\",\"input\":\"to be copied\","
                              "\"timeout\":\"5s\",\"output_max\":1024}",
                              &r),
                    C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 1), 0);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "exit", 1), 0);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(r, "stdout", ""), "to be copied");
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(&p, "run",
                              "{\"program\":\"/bin/sleep\",\"args\":[\"60\"],"
                              "\"timeout\":\"100ms\",\"output_max\":10}",
                              &r),
                    C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 1), C138_E_TIMEOUT);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "exit", 1), 128 + 9);
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(&p, "run",
                              "{\"program\":\"/bin/sh\",\"args\":[\"-c\","
                              "\"while :; do echo more; done\"],"
                              "\"timeout\":\"5s\",\"output_max\":100}",
                              &r),
                    C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 1), C138_E_LIMIT);
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(&p, "run",
                              "{\"program\":\"/bin/sh\",\"args\":[\"-c\","
                              "\"env >&2; sleep 60 & exit 3\"],"
                              "\"timeout\":\"5s\",\"output_max\":1000}",
                              &r),
                    C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "exit", 1), 3);
    CU_ASSERT_PTR_NULL(strstr(c138_json_get_str(r, "stderr", ""), "HOME="));
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_call(&p, "run",
                              "{\"program\":\"/bin/true\",\"timeout\":\"5s\","
                              "\"output_max\":100}",
                              &r),
                    C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 1), C138_E_DENIED);
    r = c138_json_unref(r);
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

static void watched(struct peer *p, const char *script, const char *until, int64_t status,
                    int64_t code, uint64_t least) {
    C138_JSON struct c138_json *r = NULL;
    C138_FREE char *params = c138_xasprintf(
        "{\"program\":\"/bin/sh\",\"args\":[\"-c\",\"%s\"],%s%s%s\"timeout\":\"20s\","
        "\"output_max\":1024}",
        script, until ? "\"input\":\"" : "", until ? until : "", until ? "\"," : "");
    CU_ASSERT_EQUAL_FATAL(peer_call(p, "watch", params, &r), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 1), status);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "exit", 1), code);
    CU_ASSERT_TRUE(c138_json_get_uint(r, "bytes", 0) >= least);
}

/* Output without a bound, as it comes; and an end that was asked for while it runs. */
static void test_watch(void) {
    struct peer p;
    CU_ASSERT_FATAL(peer_up(&p, PEER_SOCKET, "runner", "{}"));
    watched(&p, "i=0; while [ $i -lt 3000 ]; do echo 0123456789abcdef0123456789; i=$((i+1)); done",
            NULL, C138_OK, 0, 3000 * 27);
    watched(&p, "exit 7", NULL, C138_OK, 7, 0);
    watched(&p, "echo ready; sleep 60", "ready", C138_OK, 128 + 15, 6);
    watched(&p, "trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.05; done", "ready",
            C138_OK, 4, 6);
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

const CU_TestInfo tests_runtime[] = {{"hello", test_hello},
                                     {"echo of every type", test_echo},
                                     {"failures", test_failures},
                                     {"events arrive", test_events},
                                     {"bundles are handed out", test_bundle},
                                     {"events leave together", test_collects},
                                     {"events are published", test_publish},
                                     {"kv", test_kv},
                                     {"call", test_call},
                                     {"secret", test_secret},
                                     {"long action", test_long},
                                     {"cancel", test_cancel},
                                     {"stop cancels", test_stop_cancels},
                                     {"agent vanishes", test_vanish},
                                     {"timer and status", test_timer_and_status},
                                     {"metrics", test_metrics},
                                     {"settings", test_settings},
                                     {"many calls", test_many},
                                     {"large answer", test_large},
                                     {"process", test_process},
                                     {"a watched program", test_watch},
                                     CU_TEST_INFO_NULL};
