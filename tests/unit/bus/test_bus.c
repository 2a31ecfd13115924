#include "config.h"

#include "../unit.h"
#include <base/mem.h>
#include <base/when.h>
#include <bus/bus.h>
#include <chain138/plugin.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef C138_SANITIZED
#define SLOWER 6
#else
#define SLOWER 1
#endif

static struct event_base *base;
static struct bus *bus;

/* What a sink has seen. */
struct seen {
    _Atomic unsigned count;
    char topic[64], source[64], json[64], job[64], chain[64];
    int64_t time_ns;
    uint32_t flags, severity;
    unsigned wrong_order, wrong_thread;
    int64_t last;
    pthread_t loop;
    struct bus_sink **takes_away; /* unsubscribes this one when it is called */
    const char *answers;          /* publishes on this topic when it is called */
};

static void up(void) {
    base = event_base_new();
    CU_ASSERT_EQUAL_FATAL(bus_new(base, &bus), C138_OK);
}

static void down(void) {
    bus = bus_free(bus);
    event_base_free(base);
}

static void turn(void) {
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static void publish(const char *topic, const char *json, uint32_t flags) {
    bus_publish(bus, &(struct bus_event){.topic = topic,
                                         .source = "test",
                                         .json = json,
                                         .json_length = strlen(json),
                                         .time_ns = 7,
                                         .flags = flags,
                                         .severity = C138_SEVERITY_WARNING,
                                         .job_id = "J",
                                         .chain = "a,b"});
}

static void copy(char *to, const char *from) {
    (void)snprintf(to, 64, "%s", from ? from : "none");
}

static void on_event(void *user, const struct bus_event *e) {
    struct seen *s = user;
    copy(s->topic, e->topic);
    copy(s->source, e->source);
    copy(s->json, e->json);
    copy(s->job, e->job_id);
    copy(s->chain, e->chain);
    s->time_ns = e->time_ns;
    s->flags = e->flags;
    s->severity = e->severity;
    CU_ASSERT_EQUAL(strlen(e->json), e->json_length);
    if (s->takes_away)
        *s->takes_away = bus_unsubscribe(bus, *s->takes_away);
    if (s->answers)
        publish(s->answers, "{}", 0);
    atomic_fetch_add(&s->count, 1);
}

/* Numbered events, from any thread. */
static void on_number(void *user, const struct bus_event *e) {
    struct seen *s = user;
    s->wrong_order += e->time_ns <= s->last;
    s->last = e->time_ns;
    s->wrong_thread += !pthread_equal(pthread_self(), s->loop);
    atomic_fetch_add(&s->count, 1);
}

static struct bus_sink *sink(struct seen *s, const char *pattern, int flags) {
    const char *const patterns[] = {pattern, NULL};
    return bus_subscribe(bus, patterns, flags, on_event, s);
}

static void who_asked_gets_it(void) {
    struct seen one = {0}, all = {0}, below = {0};
    up();
    sink(&one, "besu.head", 0);
    sink(&all, "*", 0);
    sink(&below, "besu.*", 0);
    for (int round = 0; round < 2; round++) { /* the second time from the cache */
        publish("besu.head", "{}", 0);
        publish("besu.head.late", "{}", 0);
        publish("besux.head", "{}", 0);
    }
    CU_ASSERT_EQUAL(one.count, 2);
    CU_ASSERT_EQUAL(all.count, 6);
    CU_ASSERT_EQUAL(below.count, 4);
    CU_ASSERT_EQUAL(bus_published(bus), 6);
    down();
}

static void all_of_it_arrives(void) {
    struct seen s = {0};
    up();
    sink(&s, "besu.head", 0);
    publish("besu.head", "{\"n\":1}", C138_EVENT_KEEP);
    CU_ASSERT_STRING_EQUAL(s.topic, "besu.head");
    CU_ASSERT_STRING_EQUAL(s.source, "test");
    CU_ASSERT_STRING_EQUAL(s.json, "{\"n\":1}");
    CU_ASSERT_STRING_EQUAL(s.job, "J");
    CU_ASSERT_STRING_EQUAL(s.chain, "a,b");
    CU_ASSERT_EQUAL(s.time_ns, 7);
    CU_ASSERT_EQUAL(s.flags, C138_EVENT_KEEP);
    CU_ASSERT_EQUAL(s.severity, C138_SEVERITY_WARNING);
    bus_emit(bus, "besu.head", C138_SEVERITY_CRITICAL, "{\"n\":2}");
    CU_ASSERT_STRING_EQUAL(s.source, "agent");
    CU_ASSERT_STRING_EQUAL(s.job, "none");
    CU_ASSERT_EQUAL(s.flags, C138_EVENT_KEEP);
    CU_ASSERT(s.time_ns > 7);
    down();
}

static void some_want_kept_ones_only(void) {
    struct seen kept = {0}, every = {0};
    up();
    sink(&kept, "*", BUS_KEPT);
    sink(&every, "a.*", 0);
    publish("a.b", "{}", 0);
    publish("a.b", "{}", C138_EVENT_KEEP);
    publish("c.d", "{}", C138_EVENT_KEEP | C138_EVENT_COALESCE);
    CU_ASSERT_EQUAL(kept.count, 2);
    CU_ASSERT_EQUAL(every.count, 2);
    down();
}

static void readers_come_and_go(void) {
    struct seen a = {0}, b = {0};
    up();
    struct bus_sink *first = sink(&a, "x.y", 0);
    publish("x.y", "{}", 0);
    struct bus_sink *second = sink(&b, "x.*", 0);
    publish("x.y", "{}", 0);
    first = bus_unsubscribe(bus, first);
    CU_ASSERT_PTR_NULL(first);
    publish("x.y", "{}", 0);
    CU_ASSERT_EQUAL(a.count, 2);
    CU_ASSERT_EQUAL(b.count, 2);
    CU_ASSERT_PTR_NULL(bus_unsubscribe(bus, second));
    CU_ASSERT_PTR_NULL(bus_unsubscribe(bus, NULL));
    publish("x.y", "{}", 0);
    CU_ASSERT_EQUAL(b.count, 2);
    down();
}

/* While an event is handed out, a reader takes another one away, itself, or publishes. */
static void readers_change_while_it_is_handed_out(void) {
    struct seen a = {0}, b = {0}, self = {0}, talker = {0}, listener = {0};
    struct bus_sink *sa, *sb, *mine;
    up();
    sb = sink(&b, "x.y", 0);
    sa = sink(&a, "x.y", 0);
    a.takes_away = &sb;
    b.takes_away = &sa;
    publish("x.y", "{}", 0);
    CU_ASSERT_EQUAL(a.count + b.count, 1); /* whoever came first took the other one away */
    mine = sink(&self, "m.n", 0);
    self.takes_away = &mine;
    publish("m.n", "{}", 0);
    publish("m.n", "{}", 0);
    CU_ASSERT_EQUAL(self.count, 1);
    sink(&talker, "ask", 0);
    sink(&listener, "answer", 0);
    talker.answers = "answer";
    publish("ask", "{}", 0);
    CU_ASSERT_EQUAL(listener.count, 1);
    down();
}

/* More topics and more readers than the cache and the array on the stack hold. */
static void many_topics_and_readers(void) {
    enum { READERS = 40, TOPICS = 2000 };
    static struct seen all[READERS];
    char topic[32];
    up();
    memset(all, 0, sizeof(all));
    for (int i = 0; i < READERS; i++)
        sink(&all[i], i % 2 ? "t.*" : "t.7", 0);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < TOPICS; i++) {
            (void)snprintf(topic, sizeof(topic), "t.%d", i);
            publish(topic, "{}", 0);
        }
    for (int i = 0; i < READERS; i++)
        CU_ASSERT_EQUAL(all[i].count, i % 2 ? 2 * TOPICS : 2);
    down();
}

/* --- Threads
 * --------------------------------------------------------------------------------------------- */

struct writer {
    const char *topic;
    unsigned count;
    _Atomic int *stop; /* goes on until then */
};

static void *write_numbers(void *user) {
    const struct writer *w = user;
    for (unsigned i = 1; w->stop ? !atomic_load(w->stop) : i <= w->count; i++) {
        if (w->stop && SLOWER > 1 && i % 100 == 0)
            (void)usleep(100); /* the thread sanitizer's own locks are not fair */
        bus_publish(bus, &(struct bus_event){.topic = w->topic,
                                             .source = "test",
                                             .json = "{\"n\":1}",
                                             .json_length = 7,
                                             .time_ns = i});
    }
    return NULL;
}

static void from_threads_in_order(void) {
    enum { WRITERS = 4, EACH = 20000 };
    static const char *const topics[WRITERS] = {"w.0", "w.1", "w.2", "w.3"};
    struct seen direct[WRITERS] = {0}, looped[WRITERS] = {0};
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    up();
    for (int i = 0; i < WRITERS; i++) {
        const char *const one[] = {topics[i], NULL};
        direct[i].loop = looped[i].loop = pthread_self();
        bus_subscribe(bus, one, BUS_ANY_THREAD, on_number, &direct[i]);
        bus_subscribe(bus, one, 0, on_number, &looped[i]);
        writers[i] = (struct writer){.topic = topics[i], .count = EACH};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, write_numbers, &writers[i]), 0);
    }
    int64_t end = c138_now_monotonic_ns() + 20 * C138_NS_PER_S;
    unsigned got = 0;
    while (got < WRITERS * EACH && c138_now_monotonic_ns() < end) {
        turn();
        got = 0;
        for (int i = 0; i < WRITERS; i++)
            got += atomic_load(&looped[i].count);
    }
    for (int i = 0; i < WRITERS; i++) {
        (void)pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(direct[i].count, EACH);
        CU_ASSERT_EQUAL(direct[i].wrong_thread, EACH); /* on the writer's */
        CU_ASSERT_EQUAL(looped[i].count, EACH);
        CU_ASSERT_EQUAL(looped[i].wrong_order, 0);
        CU_ASSERT_EQUAL(looped[i].wrong_thread, 0);
    }
    CU_ASSERT_EQUAL(bus_dropped(bus), 0);
    CU_ASSERT_EQUAL(bus_depth(bus), 0);
    down();
}

/* The loop does not come to it: what is over the bound is dropped and counted. */
static void a_full_queue_drops(void) {
    struct seen s = {.loop = pthread_self()};
    const char *const one[] = {"w.0", NULL};
    struct writer w = {.topic = "w.0", .count = 120000};
    pthread_t thread;
    up();
    bus_subscribe(bus, one, 0, on_number, &s);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_numbers, &w), 0);
    (void)pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(bus_depth(bus), 100000);
    CU_ASSERT_EQUAL(bus_dropped(bus), 20000);
    for (int i = 0; i < 1000 && bus_depth(bus); i++)
        turn();
    CU_ASSERT_EQUAL(s.count, 100000);
    CU_ASSERT_EQUAL(bus_published(bus), 120000);
    down();
}

static void on_tick(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    ++*(unsigned *)user;
}

/* Writers that never stop: the loop comes to its other work, and to changing the readers. */
static void writers_do_not_starve_the_loop(void) {
    const struct timeval often = {.tv_usec = 10000};
    const char *const one[] = {"w.0", NULL};
    struct seen looped = {.loop = pthread_self()};
    _Atomic int stop = 0;
    struct writer w = {.topic = "w.0", .stop = &stop};
    pthread_t threads[2];
    unsigned ticks = 0, changes = 0;
    up();
    struct event *ticker = event_new(base, -1, EV_PERSIST, on_tick, &ticks);
    event_add(ticker, &often);
    bus_subscribe(bus, one, 0, on_number, &looped);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, write_numbers, &w), 0);
    int64_t end = c138_now_monotonic_ns() + 10 * SLOWER * C138_NS_PER_S;
    for (; c138_now_monotonic_ns() < end && (ticks < 5 || changes < 5); changes++) {
        event_base_loop(base,
                        EVLOOP_NONBLOCK | EVLOOP_ONCE); /* with writers it never has nothing */
        bus_unsubscribe(bus, bus_subscribe(bus, one, 0, on_number, &looped));
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    CU_ASSERT(ticks >= 5);
    CU_ASSERT(changes >= 5);
    CU_ASSERT(looped.count > 0);
    event_free(ticker);
    down();
}

/* After unsubscribe returned a reader may be freed, even while others publish to it. */
static void a_reader_that_went_is_not_called(void) {
    const char *const one[] = {"w.0", NULL};
    _Atomic int stop = 0;
    struct writer w = {.topic = "w.0", .stop = &stop};
    pthread_t thread;
    up();
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_numbers, &w), 0);
    for (int i = 0; i < 300; i++) {
        struct seen *s = c138_xcalloc(1, sizeof(*s));
        struct bus_sink *direct = bus_subscribe(bus, one, BUS_ANY_THREAD, on_number, s);
        (void)usleep(200);
        bus_unsubscribe(bus, direct);
        memset(s, 0xff, sizeof(*s));
        free(s); /* address sanitizer and valgrind see a call that comes too late */
    }
    atomic_store(&stop, 1);
    (void)pthread_join(thread, NULL);
    down();
}

static void on_event_linger(void *user, const struct bus_event *e) {
    _Atomic int *inside = user;
    (void)e;
    atomic_store(inside, 1);
    (void)usleep(20000);
    atomic_store(inside, 2);
}

static void *publish_one(void *user) {
    (void)user;
    publish("w.0", "{}", 0);
    return NULL;
}

/* Somebody is inside the reader: who takes it away waits for that. */
static void taking_away_waits(void) {
    const char *const one[] = {"w.0", NULL};
    _Atomic int inside = 0;
    pthread_t thread;
    up();
    struct bus_sink *s = bus_subscribe(bus, one, BUS_ANY_THREAD, on_event_linger, &inside);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, publish_one, NULL), 0);
    while (!atomic_load(&inside))
        (void)usleep(100);
    bus_unsubscribe(bus, s);
    CU_ASSERT_EQUAL(atomic_load(&inside), 2);
    (void)pthread_join(thread, NULL);
    down();
}

const CU_TestInfo tests_bus[] = {
    {"who asked gets it", who_asked_gets_it},
    {"all of it arrives", all_of_it_arrives},
    {"some want kept ones only", some_want_kept_ones_only},
    {"readers come and go", readers_come_and_go},
    {"readers change while it is handed out", readers_change_while_it_is_handed_out},
    {"many topics and readers", many_topics_and_readers},
    {"from threads in order", from_threads_in_order},
    {"a full queue drops", a_full_queue_drops},
    {"writers do not starve the loop", writers_do_not_starve_the_loop},
    {"a reader that went is not called", a_reader_that_went_is_not_called},
    {"taking away waits", taking_away_waits},
    CU_TEST_INFO_NULL,
};
