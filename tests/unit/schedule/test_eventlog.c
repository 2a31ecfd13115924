#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <chain138/plugin.h>
#include <schedule/eventlog.h>

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define S C138_NS_PER_S
#define T0 (INT64_C(1795402800) * S)

static struct rig {
    char folder[64];
    char *db;
    struct event_base *base;
    struct store *store;
    struct bus *bus;
    struct eventlog *events;
    int full;
} rig;

static c138_status full_disk(void *user) {
    return *(int *)user ? C138_E_LIMIT : C138_OK;
}

static void open_all(void) {
    struct c138_err err = {0};
    rig.base = event_base_new();
    event_base_priority_init(rig.base, 3);
    CU_ASSERT_EQUAL_FATAL(bus_new(rig.base, &rig.bus), C138_OK);
    CU_ASSERT_EQUAL_FATAL(store_open(rig.db, rig.base, &rig.store, &err), C138_OK);
    store_before_commit(rig.store, full_disk, NULL, &rig.full);
    CU_ASSERT_EQUAL_FATAL(eventlog_new(rig.base, rig.store, rig.bus, &rig.events, &err), C138_OK);
}

static void close_all(void) {
    rig.events = eventlog_free(rig.events);
    rig.store = store_close(rig.store);
    rig.bus = bus_free(rig.bus);
    event_base_free(rig.base);
}

static void up(void) {
    rig = (struct rig){.folder = "/tmp/c138-events-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    rig.db = c138_path_join(rig.folder, "agent.db");
    open_all();
}

static void down(void) {
    static const char *const names[] = {"agent.db", "agent.db-wal", "agent.db-shm",
                                        "agent.db.lock"};
    close_all();
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(rig.folder, names[i]);
        (void)unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(rig.folder), 0);
    free(rig.db);
}

static void put(const char *topic, int64_t time_ns, uint32_t flags) {
    bus_publish(rig.bus, &(struct bus_event){.topic = topic,
                                             .source = "besu",
                                             .json = "{\"a\":[1,\"x\"]}",
                                             .json_length = 13,
                                             .time_ns = time_ns,
                                             .flags = flags,
                                             .severity = C138_SEVERITY_WARNING,
                                             .job_id = "J",
                                             .chain = "one,two"});
}

static void turn(void) {
    event_base_loop(rig.base, EVLOOP_NONBLOCK);
}

/* Numbers of the events that the filter gives: "3 4 ". */
static const char *numbers(const struct eventlog_filter *f, char *out, size_t size) {
    C138_JSON struct c138_json *page = eventlog_read(rig.events, f);
    const struct c138_json *list = c138_json_get(page, "events");
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < c138_json_count(list) && at + 24 < size; i++)
        at +=
            (size_t)snprintf(out + at, size - at, "%llu ",
                             (unsigned long long)c138_json_get_uint(c138_json_at(list, i), "n", 0));
    return out;
}

#define EXPECT(text, ...)                                                                          \
    do {                                                                                           \
        char said[512];                                                                            \
        CU_ASSERT_STRING_EQUAL(                                                                    \
            numbers(&(struct eventlog_filter){__VA_ARGS__}, said, sizeof(said)), text);            \
    } while (0)

static void kept_and_not_kept(void) {
    up();
    put("besu.head", T0, C138_EVENT_KEEP);
    put("besu.head", T0, 0);
    turn();
    C138_JSON struct c138_json *page =
        eventlog_read(rig.events, &(struct eventlog_filter){.limit = 10});
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(page, "events")), 1);
    C138_FREE char *text = c138_json_canonical(c138_json_path(page, "events.0"));
    CU_ASSERT_STRING_EQUAL(
        text, "{\"chain\":\"one,two\",\"data\":{\"a\":[1,\"x\"]},\"job\":\"J\",\"n\":1,"
              "\"severity\":\"warning\",\"source\":\"besu\",\"time\":\"2026-11-23T03:00:00.000Z\","
              "\"topic\":\"besu.head\"}");
    down();
}

static void topics_times_pages(void) {
    static const char *const topics[] = {"besu.head", "besu.head.late", "besux.head",
                                         "agent.job", "besu",           "besu.peers-low"};
    up();
    for (size_t i = 0; i < C138_COUNT(topics); i++)
        put(topics[i], T0 + (int64_t)i * S, C138_EVENT_KEEP);
    turn();
    EXPECT("1 2 3 4 5 6 ", .topic = NULL);
    EXPECT("1 2 3 4 5 6 ", .topic = "*");
    EXPECT("1 ", .topic = "besu.head");
    EXPECT("1 2 6 ", .topic = "besu.*");
    EXPECT("2 ", .topic = "besu.head.*");
    EXPECT("", .topic = "nobody.*");
    EXPECT("", .topic = "besu.head' OR '1'='1");
    EXPECT("3 4 ", .since_ns = T0 + 2 * S, .until_ns = T0 + 3 * S);
    EXPECT("1 2 ", .limit = 2);
    EXPECT("5 6 ", .limit = 2, .newest = 1);
    EXPECT("3 4 ", .limit = 2, .after = 2);
    EXPECT("6 ", .after = 5, .newest = 1);
    EXPECT("", .after = 6);
    close_all();
    open_all();
    EXPECT("1 2 6 ", .topic = "besu.*"); /* over a restart */
    put("besu.head", T0, C138_EVENT_KEEP);
    turn();
    EXPECT("7 ", .after = 6);
    down();
}

static void old_ones_go(void) {
    int64_t now = c138_now_utc_ns();
    up();
    for (int i = 0; i < 5; i++)
        put("t.old", now - 7200 * S, C138_EVENT_KEEP);
    for (int i = 0; i < 5; i++)
        put("t.new", now, C138_EVENT_KEEP);
    turn();
    eventlog_set_retention(rig.events, 3600 * S, 0);
    eventlog_sweep(rig.events);
    turn();
    EXPECT("6 7 8 9 10 ", .limit = 100);
    eventlog_set_retention(rig.events, 3600 * S, 3);
    eventlog_sweep(rig.events);
    turn();
    EXPECT("8 9 10 ", .limit = 100);
    eventlog_set_retention(rig.events, 0, 0);
    eventlog_sweep(rig.events);
    turn();
    EXPECT("8 9 10 ", .limit = 100);
    eventlog_set_retention(rig.events, 1, 0); /* all of them: their numbers do not come again */
    eventlog_sweep(rig.events);
    close_all();
    open_all();
    EXPECT("", .limit = 100);
    put("t.new", now, C138_EVENT_KEEP);
    turn();
    EXPECT("11 ", .limit = 100);
    down();
}

static void what_is_lost_is_counted(void) {
    up();
    rig.full = 1;
    for (int i = 0; i < 7; i++)
        put("t.lost", T0, C138_EVENT_KEEP);
    turn();
    rig.full = 0;
    CU_ASSERT_EQUAL(eventlog_dropped(rig.events), 7);
    EXPECT("", .limit = 100);
    put("t.kept", T0, C138_EVENT_KEEP);
    turn();
    EXPECT("1 ", .limit = 100);
    for (int i = 0; i < 5010; i++) /* within one turn */
        put("t.burst", T0, C138_EVENT_KEEP);
    CU_ASSERT_EQUAL(eventlog_dropped(rig.events), 17);
    turn();
    put("t.kept", T0, C138_EVENT_KEEP);
    eventlog_settle(rig.events);
    rig.full = 1; /* what was settled cannot be taken back */
    turn();
    EXPECT("5002 ", .topic = "t.kept", .after = 1);
    rig.full = 0;
    down();
}

const CU_TestInfo tests_eventlog[] = {{"kept and not kept", kept_and_not_kept},
                                      {"topics, times, pages", topics_times_pages},
                                      {"old ones go", old_ones_go},
                                      {"what is lost is counted", what_is_lost_is_counted},
                                      CU_TEST_INFO_NULL};
