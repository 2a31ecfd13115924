/*
 * schedule/eventlog.h: kept events in the store, with a retention. Loop thread. Subscribes to "*"
 * on the bus and stores what is declared C138_EVENT_KEEP (batched into the store's transactions; a
 * burst over 5,000 waiting is dropped and counted).
 */
#ifndef CORE_SCHEDULE_EVENTLOG_H
#define CORE_SCHEDULE_EVENTLOG_H
#include <base/json.h>
#include <bus/bus.h>
#include <store/store.h>
struct eventlog;
c138_status eventlog_new(struct event_base *base, struct store *store, struct bus *bus,
                         struct eventlog **ret, struct c138_err *err);
struct eventlog *eventlog_free(struct eventlog *e);
void eventlog_set_retention(struct eventlog *e, int64_t keep_ns,
                            uint64_t keep_max); /* 0: 30 days, 1,000,000 */
void eventlog_sweep(struct eventlog *e); /* each minute by itself: at most 5,000 that are due go */
struct eventlog_filter {
    const char *topic; /* pattern, NULL: all */
    int64_t since_ns, until_ns;
    uint64_t after; /* sequence number */
    uint64_t limit; /* 0: 100 */
    int newest;     /* 1: the newest `limit`, still oldest first */
};
/* Commits what is open, so that what is read next cannot be taken back. For a reader that remembers
 * the last number; from a timer, not from inside a callback of the store. */
void eventlog_settle(struct eventlog *e);
/* {"events":[{"n","time","topic","source","severity","job","chain","data":{}}]} oldest first */
struct c138_json *eventlog_read(struct eventlog *e, const struct eventlog_filter *filter);
struct c138_json *eventlog_event_json(const struct bus_event *event, uint64_t n);
uint64_t eventlog_dropped(const struct eventlog *e);
#endif
