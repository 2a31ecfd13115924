#include <base/text.h>
#include <base/when.h>
#include <chain138/plugin.h>
#include <schedule/eventlog.h>
#include <schema/decl.h>

#include <stdio.h>
#include <string.h>

#define WAITING_MAX 5000
#define SWEEP_S 60
#define SWEEP_ROWS 5000

struct eventlog {
    struct store *store;
    struct bus *bus;
    struct bus_sink *sink;
    struct event *sweep;
    int64_t keep_ns;
    uint64_t keep_max;
    uint32_t waiting; /* written, not yet committed */
    uint64_t dropped;
};

static const char *const steps[] = {
    "CREATE TABLE events(n INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, topic TEXT "
    "NOT NULL, source TEXT NOT NULL,"
    " severity INTEGER NOT NULL, job TEXT, chain TEXT, data TEXT NOT NULL);"
    "CREATE INDEX events_by_topic ON events(topic, n); CREATE INDEX events_by_time ON events(time)",
    NULL};

static void on_committed(void *user, c138_status status) {
    struct eventlog *e = user;
    if (status < 0)
        e->dropped += e->waiting;
    e->waiting = 0;
}

static void put_text(sqlite3_stmt *q, int at, const char *text) {
    if (text)
        sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

static void on_event(void *user, const struct bus_event *event) {
    struct eventlog *e = user;
    if (!(event->flags & C138_EVENT_KEEP))
        return;
    if (e->waiting >= WAITING_MAX) {
        e->dropped++;
        return;
    }
    if (!e->waiting++)
        store_on_commit(e->store, on_committed, e);
    sqlite3_stmt *q = store_stmt(e->store, "INSERT INTO events(time, topic, source, severity, job, "
                                           "chain, data) VALUES(?1,?2,?3,?4,?5,?6,?7)");
    sqlite3_bind_int64(q, 1, event->time_ns);
    put_text(q, 2, event->topic);
    put_text(q, 3, event->source);
    sqlite3_bind_int(q, 4, (int)event->severity);
    put_text(q, 5, event->job_id);
    put_text(q, 6, event->chain);
    sqlite3_bind_text(q, 7, event->json, (int)event->json_length, SQLITE_TRANSIENT);
    (void)store_run(e->store, q); /* a failure shows at the commit */
}

/* --- Reading --------------------------------------------------------------------------------- */

static struct c138_json *event_json(uint64_t n, int64_t time_ns, const char *topic,
                                    const char *source, uint32_t severity, const char *job,
                                    const char *chain, const char *data, size_t length) {
    struct c138_json *o = c138_json_new_object(), *value = NULL;
    char time[C138_TIME_TEXT];
    c138_time_format(time_ns, time);
    c138_json_set_uint(o, "n", n);
    c138_json_set_str(o, "time", time);
    c138_json_set_str(o, "topic", topic);
    c138_json_set_str(o, "source", source);
    c138_json_set_str(o, "severity", decl_severity_name(severity));
    if (job)
        c138_json_set_str(o, "job", job);
    if (chain)
        c138_json_set_str(o, "chain", chain);
    (void)c138_json_parse(data, length, &value, NULL);
    c138_json_set(o, "data", value);
    return o;
}

struct c138_json *eventlog_event_json(const struct bus_event *event, uint64_t n) {
    return event_json(n, event->time_ns, event->topic, event->source, event->severity,
                      event->job_id, event->chain, event->json, event->json_length);
}

static struct c138_json *take_row(sqlite3_stmt *q) {
    return event_json((uint64_t)sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                      (const char *)sqlite3_column_text(q, 2),
                      (const char *)sqlite3_column_text(q, 3), (uint32_t)sqlite3_column_int(q, 4),
                      (const char *)sqlite3_column_text(q, 5),
                      (const char *)sqlite3_column_text(q, 6),
                      (const char *)sqlite3_column_text(q, 7), (size_t)sqlite3_column_bytes(q, 7));
}

/* The pattern as SQL sees it: equal, or everything from "besu." to "besu/" ('/' follows '.'). */
static void bind_topic(sqlite3_stmt *q, int at, const char *pattern) {
    size_t n = pattern ? strlen(pattern) : 0;
    if (!n || !strcmp(pattern, "*")) {
        put_text(q, at, "");
        put_text(q, at + 1, "\x7f");
    } else if (n > 2 && !strcmp(pattern + n - 2, ".*")) {
        C138_FREE char *from = c138_xstrndup(pattern, n - 1),
                       *to = c138_xasprintf("%.*s/", (int)(n - 2), pattern);
        put_text(q, at, from);
        put_text(q, at + 1, to);
    } else {
        C138_FREE char *to = c138_xasprintf("%s\x01", pattern);
        put_text(q, at, pattern);
        put_text(q, at + 1, to);
    }
}

struct c138_json *eventlog_read(struct eventlog *e, const struct eventlog_filter *f) {
    static const char oldest[] =
        "SELECT n, time, topic, source, severity, job, chain, data FROM events WHERE topic>=?1 AND"
        " topic<?2 AND time>=?3 AND time<=?4 AND n>?5 ORDER BY n LIMIT ?6";
    static const char newest[] =
        "SELECT * FROM (SELECT n, time, topic, source, severity, job, chain, data FROM events WHERE"
        " topic>=?1 AND topic<?2 AND time>=?3 AND time<=?4 AND n>?5 ORDER BY n DESC LIMIT ?6) "
        "ORDER BY n";
    struct c138_json *result = c138_json_new_object(), *list = c138_json_new_array();
    sqlite3_stmt *q = store_stmt(e->store, f->newest ? newest : oldest);
    bind_topic(q, 1, f->topic);
    sqlite3_bind_int64(q, 3, f->since_ns);
    sqlite3_bind_int64(q, 4, f->until_ns ? f->until_ns : INT64_MAX);
    sqlite3_bind_int64(q, 5, (sqlite3_int64)f->after);
    sqlite3_bind_int64(q, 6, (sqlite3_int64)(f->limit ? f->limit : 100));
    while (sqlite3_step(q) == SQLITE_ROW)
        c138_json_append(list, take_row(q));
    sqlite3_reset(q);
    c138_json_set(result, "events", list);
    return result;
}

void eventlog_settle(struct eventlog *e) {
    (void)store_flush(e->store);
}

uint64_t eventlog_dropped(const struct eventlog *e) {
    return e->dropped;
}

/* --- Retention ------------------------------------------------------------------------------- */

void eventlog_sweep(struct eventlog *e) {
    store_write(e->store);
    sqlite3_stmt *q =
        store_stmt(e->store, "DELETE FROM events WHERE n IN (SELECT n FROM events WHERE time<?1 OR"
                             " n<=(SELECT max(n) FROM events)-?2 ORDER BY n LIMIT ?3)");
    sqlite3_bind_int64(q, 1, c138_now_utc_ns() - e->keep_ns);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)e->keep_max);
    sqlite3_bind_int(q, 3, SWEEP_ROWS);
    (void)store_run(e->store, q); /* a failure shows at the commit */
}

static void on_sweep(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    eventlog_sweep(user);
}

void eventlog_set_retention(struct eventlog *e, int64_t keep_ns, uint64_t keep_max) {
    e->keep_ns = keep_ns ? keep_ns : INT64_C(30) * 86400 * C138_NS_PER_S;
    e->keep_max = keep_max ? keep_max : 1000000;
}

c138_status eventlog_new(struct event_base *base, struct store *store, struct bus *bus,
                         struct eventlog **ret, struct c138_err *err) {
    static const char *const all[] = {"*", NULL};
    const struct timeval each = {.tv_sec = SWEEP_S};
    c138_status status = store_schema(store, "events", steps, err);
    if (status < 0)
        return status;
    struct eventlog *e = c138_xcalloc(1, sizeof(*e));
    e->store = store;
    e->bus = bus;
    eventlog_set_retention(e, 0, 0);
    e->sink = bus_subscribe(bus, all, BUS_KEPT, on_event, e);
    e->sweep = event_new(base, -1, EV_PERSIST, on_sweep, e);
    (void)event_add(e->sweep, &each);
    *ret = e;
    return C138_OK;
}

struct eventlog *eventlog_free(struct eventlog *e) {
    if (!e)
        return NULL;
    bus_unsubscribe(e->bus, e->sink);
    event_free(e->sweep);
    (void)store_flush(e->store); /* it is told of its last commit */
    free(e);
    return NULL;
}
