/*
 * bus/bundle.h: events of one source on one topic, published one right after the other, in one
 * piece of memory. It is filled by one thread, then handed to the bus as a whole, and from then on
 * read only: all readers share it, so that a stream of events costs one hand-over, one wake-up and
 * one free for each bundle instead of each event, and crosses processors as neighbouring lines of
 * memory.
 */
#ifndef CORE_BUS_BUNDLE_H
#define CORE_BUS_BUNDLE_H
#include <bus/bus.h>
#include <stdatomic.h>

#define BUNDLE_EVENTS 128u
#define BUNDLE_BYTES (32u << 10)

struct bus_bundle;

/* Empty, with one reference: the caller's. Texts are copied. */
struct bus_bundle *bus_bundle_new(const char *topic, const char *source, uint32_t flags,
                                  uint32_t severity);
/* The owner of the only reference. 0: no room, nothing was added. */
int bus_bundle_add(struct bus_bundle *b, int64_t time_ns, const char *json, size_t length);
/* The owner of the only reference: empty again. */
void bus_bundle_reset(struct bus_bundle *b);
/* The owner of the only reference, when nothing will be added: gives back memory. Returns it. */
struct bus_bundle *bus_bundle_trim(struct bus_bundle *b);
const char *bus_bundle_topic(const struct bus_bundle *b);
uint32_t bus_bundle_count(const struct bus_bundle *b);
/* Event by event: *at begins as 0. 0: there is none behind. What the event names is the bundle's.
 */
int bus_bundle_next(const struct bus_bundle *b, uint32_t *at, struct bus_event *ret_event);
/* Any thread. */
struct bus_bundle *bus_bundle_ref(struct bus_bundle *b);
struct bus_bundle *bus_bundle_unref(struct bus_bundle *b); /* returns NULL */
#endif
