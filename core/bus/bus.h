/*
 * bus/bus.h: events between plugins, the agent and its listeners. Publishing never blocks on a
 * reader.
 *
 * A sink is a reader: a set of patterns and a function. A sink with BUS_ANY_THREAD is called on the
 * publisher's thread and must only enqueue (the mailbox of a plugin in a thread). Other sinks
 * (workers, the event log, SSE) are called on the loop thread: a publisher on another thread leaves
 * the event in a wait-free queue (liburcu), and the loop is woken. A sink with BUS_KEPT gets kept
 * events only, and costs the others nothing.
 *
 * The table of sinks is read-mostly and belongs to RCU (liburcu): a publisher takes no lock and
 * writes to no memory that others write to. Each change of the sinks makes a new table with a new
 * cache from topic to sinks; the old one is freed when no publisher is inside it any more.
 */
#ifndef CORE_BUS_BUS_H
#define CORE_BUS_BUS_H
#include <base/err.h>
#include <event2/event.h>

struct bus;
struct bus_sink;
struct bus_bundle; /* bus/bundle.h */

struct bus_event {
    const char *topic;
    const char *source; /* plugin, or "agent" */
    const char *json;   /* one object */
    size_t json_length;
    int64_t time_ns;    /* UTC */
    uint32_t flags;     /* C138_EVENT_KEEP, C138_EVENT_COALESCE */
    uint32_t severity;  /* C138_SEVERITY_* */
    const char *job_id; /* the job during which it happened, or NULL */
    const char *chain;  /* names of triggers that led here, "a,b", or NULL */
};
typedef void (*bus_sink_fn)(void *user, const struct bus_event *event);
/* Borrowed; who wants to keep it takes a reference. */
typedef void (*bus_bundle_fn)(void *user, struct bus_bundle *bundle);

c138_status bus_new(struct event_base *base, struct bus **ret_bus);
struct bus *bus_free(struct bus *b);
#define BUS_ANY_THREAD 1
#define BUS_KEPT 2 /* not together with BUS_ANY_THREAD */
/* Loop thread. `patterns` NULL-terminated, copied. `flags`: BUS_*. */
struct bus_sink *bus_subscribe(struct bus *b, const char *const *patterns, int flags,
                               bus_sink_fn fn, void *user);
/* The same for a reader with BUS_ANY_THREAD that takes bundles as a whole. */
struct bus_sink *bus_subscribe_bundles(struct bus *b, const char *const *patterns, bus_sink_fn fn,
                                       bus_bundle_fn bundle_fn, void *user);
/* Loop thread. After it returned fn is not called any more (it waits for a publisher that is
 * inside). Returns NULL. */
struct bus_sink *bus_unsubscribe(struct bus *b, struct bus_sink *sink);
/* Any thread. The event is borrowed. A full cross-thread queue (100,000) drops and counts. */
void bus_publish(struct bus *b, const struct bus_event *event);
/* Any thread. All its events, in order. Borrowed; from now on it is shared, and only read. */
void bus_publish_bundle(struct bus *b, struct bus_bundle *bundle);
/* An event of the agent itself: source "agent", kept. Any thread. */
void bus_emit(struct bus *b, const char *topic, uint32_t severity, const char *json);
uint64_t bus_published(const struct bus *b);
uint64_t bus_dropped(const struct bus *b);
uint32_t bus_depth(const struct bus *b); /* waiting in the cross-thread queue */
#endif
