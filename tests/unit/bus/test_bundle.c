#include "../unit.h"
#include <base/mem.h>
#include <bus/bundle.h>
#include <chain138/plugin.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct bus_bundle *bundle_of(const char *topic, uint32_t from, uint32_t count) {
    struct bus_bundle *b =
        bus_bundle_new(topic, "test", C138_EVENT_COALESCE, C138_SEVERITY_WARNING);
    char json[32];
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(json, sizeof(json), "{\"n\":%u}", from + i);
        CU_ASSERT(bus_bundle_add(b, from + i, json, strlen(json)));
    }
    return b;
}

static void what_goes_in_comes_out(void) {
    struct bus_bundle *b = bundle_of("a.b", 7, BUNDLE_EVENTS);
    struct bus_event e;
    char json[32];
    uint32_t at = 0;
    CU_ASSERT_EQUAL(bus_bundle_add(b, 1, "{}", 2), 0); /* full */
    CU_ASSERT_EQUAL(bus_bundle_count(b), BUNDLE_EVENTS);
    for (uint32_t i = 0; i < BUNDLE_EVENTS; i++) {
        CU_ASSERT_FATAL(bus_bundle_next(b, &at, &e));
        (void)snprintf(json, sizeof(json), "{\"n\":%u}", 7 + i);
        CU_ASSERT_STRING_EQUAL(e.json, json);
        CU_ASSERT_EQUAL(e.json_length, strlen(json));
        CU_ASSERT_EQUAL(e.time_ns, 7 + i);
        CU_ASSERT_STRING_EQUAL(e.topic, "a.b");
        CU_ASSERT_STRING_EQUAL(e.source, "test");
        CU_ASSERT_EQUAL(e.flags, C138_EVENT_COALESCE);
        CU_ASSERT_EQUAL(e.severity, C138_SEVERITY_WARNING);
        CU_ASSERT_PTR_NULL(e.job_id);
    }
    CU_ASSERT_EQUAL(bus_bundle_next(b, &at, &e), 0);
    bus_bundle_reset(b);
    at = 0;
    CU_ASSERT_EQUAL(bus_bundle_next(b, &at, &e), 0);
    CU_ASSERT(bus_bundle_add(b, 1, "{}", 2));
    CU_ASSERT_EQUAL(bus_bundle_count(b), 1);
    CU_ASSERT_PTR_NULL(bus_bundle_unref(b));
    CU_ASSERT_PTR_NULL(bus_bundle_unref(NULL));
}

/* Bounded in bytes too; what it gives back leaves the rest whole. */
static void large_texts(void) {
    static char json[BUNDLE_BYTES];
    struct bus_bundle *b = bus_bundle_new("a.b", "test", 0, 0);
    struct bus_event e;
    uint32_t at = 0, n = 0;
    memset(json, 'x', sizeof(json));
    CU_ASSERT_EQUAL(bus_bundle_add(b, 1, json, sizeof(json)), 0);
    while (bus_bundle_add(b, 1, json, 5000))
        n++;
    CU_ASSERT_EQUAL(n, BUNDLE_BYTES / 5024);
    bus_bundle_reset(b);
    CU_ASSERT(bus_bundle_add(b, 1, "{\"few\":1}", 9));
    b = bus_bundle_trim(b);
    CU_ASSERT_EQUAL(bus_bundle_add(b, 2, "{}", 2), 0);
    CU_ASSERT_FATAL(bus_bundle_next(b, &at, &e));
    CU_ASSERT_STRING_EQUAL(e.json, "{\"few\":1}");
    bus_bundle_unref(b);
}

/* --- Over the bus
 * -------------------------------------------------------------------------------------------- */

struct seen {
    unsigned events, bundles, wrong_order;
    int64_t last;
    struct bus_bundle *kept;
};

static void on_event(void *user, const struct bus_event *e) {
    struct seen *s = user;
    s->wrong_order += e->time_ns != s->last + 1;
    s->last = e->time_ns;
    s->events++;
}

static void on_bundle(void *user, struct bus_bundle *bundle) {
    struct seen *s = user;
    struct bus_event e;
    for (uint32_t at = 0; bus_bundle_next(bundle, &at, &e);)
        on_event(s, &e);
    s->bundles++;
    bus_bundle_unref(s->kept);
    s->kept = bus_bundle_ref(bundle);
}

enum { BUNDLES = 200, EACH = 20 };

static void *publish_many(void *user) {
    for (uint32_t i = 0; i < BUNDLES; i++) {
        struct bus_bundle *b = bundle_of("w.0", 1 + i * EACH, EACH);
        bus_publish_bundle(user, b);
        bus_bundle_unref(b);
    }
    return NULL;
}

/* Who takes bundles gets them whole and may keep them; all others get each event, in order. */
static void every_reader_gets_all(void) {
    static const char *const one[] = {"w.*", NULL}, *const other[] = {"x.*", NULL};
    struct seen whole = {0}, single = {0}, looped = {0}, kept = {0}, none = {0};
    struct event_base *base = event_base_new();
    struct bus *bus = NULL;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(bus_new(base, &bus), C138_OK);
    bus_subscribe_bundles(bus, one, on_event, on_bundle, &whole);
    bus_subscribe_bundles(bus, other, on_event, on_bundle, &none);
    bus_subscribe(bus, one, BUS_ANY_THREAD, on_event, &single);
    bus_subscribe(bus, one, 0, on_event, &looped);
    bus_subscribe(bus, one, BUS_KEPT, on_event, &kept);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, publish_many, bus), 0);
    (void)pthread_join(thread, NULL);
    for (int i = 0; i < 100 && looped.events < BUNDLES * EACH; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    CU_ASSERT_EQUAL(whole.bundles, BUNDLES);
    const struct seen *const all[] = {&whole, &single, &looped};
    for (size_t i = 0; i < C138_COUNT(all); i++) {
        CU_ASSERT_EQUAL(all[i]->events, BUNDLES * EACH);
        CU_ASSERT_EQUAL(all[i]->wrong_order, 0);
    }
    CU_ASSERT_EQUAL(kept.events + none.events, 0);
    CU_ASSERT_EQUAL(bus_published(bus), BUNDLES * EACH);
    CU_ASSERT_EQUAL(bus_bundle_count(whole.kept), EACH);
    looped = (struct seen){0}; /* from the loop itself: at once */
    struct bus_bundle *b = bundle_of("w.0", 1, EACH);
    whole.last = single.last = 0;
    bus_publish_bundle(bus, b);
    CU_ASSERT_EQUAL(looped.events, EACH);
    CU_ASSERT_EQUAL(looped.wrong_order, 0);
    bus_bundle_unref(b);
    bus_bundle_unref(whole.kept);
    bus_free(bus);
    event_base_free(base);
}

const CU_TestInfo tests_bundle[] = {
    {"what goes in comes out", what_goes_in_comes_out},
    {"large texts", large_texts},
    {"every reader gets all", every_reader_gets_all},
    CU_TEST_INFO_NULL,
};
