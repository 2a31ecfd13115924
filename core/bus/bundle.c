#include <bus/bundle.h>

#include <base/mem.h>
#include <string.h>

/* Before each event's text, which has a NUL behind it; the next entry begins at a multiple of
 * eight. */
struct entry {
    int64_t time_ns;
    uint32_t length;
    uint32_t next; /* where */
};

struct bus_bundle {
    _Atomic uint32_t refs;
    uint32_t count;
    uint32_t begin, end; /* of the entries */
    uint32_t source;     /* where; the topic is at 0 */
    uint32_t flags, severity, room;
    char bytes[];
};

static uint32_t aligned(size_t n) {
    return (uint32_t)((n + 7) & ~(size_t)7);
}

struct bus_bundle *bus_bundle_new(const char *topic, const char *source, uint32_t flags,
                                  uint32_t severity) {
    size_t topic_size = strlen(topic) + 1, source_size = strlen(source) + 1;
    uint32_t begin = aligned(topic_size + source_size);
    struct bus_bundle *b = c138_xmalloc(sizeof *b + begin + BUNDLE_BYTES);
    *b = (struct bus_bundle){.begin = begin,
                             .end = begin,
                             .source = (uint32_t)topic_size,
                             .flags = flags,
                             .severity = severity,
                             .room = begin + BUNDLE_BYTES};
    atomic_init(&b->refs, 1);
    memcpy(b->bytes, topic, topic_size);
    memcpy(b->bytes + topic_size, source, source_size);
    return b;
}

int bus_bundle_add(struct bus_bundle *b, int64_t time_ns, const char *json, size_t length) {
    if (b->count == BUNDLE_EVENTS || length >= BUNDLE_BYTES)
        return 0;
    uint32_t next = b->end + aligned(sizeof(struct entry) + length + 1);
    if (next > b->room)
        return 0;
    const struct entry e = {.time_ns = time_ns, .length = (uint32_t)length, .next = next};
    char *to = b->bytes + b->end;
    memcpy(to, &e, sizeof e);
    memcpy(to + sizeof e, json, length);
    to[sizeof e + length] = '\0';
    b->end = next;
    b->count++;
    return 1;
}

void bus_bundle_reset(struct bus_bundle *b) {
    b->count = 0;
    b->end = b->begin;
}

struct bus_bundle *bus_bundle_trim(struct bus_bundle *b) {
    if (b->end >= b->room / 2)
        return b;
    b->room = b->end;
    return c138_xrealloc(b, sizeof *b + b->end);
}

const char *bus_bundle_topic(const struct bus_bundle *b) {
    return b->bytes;
}

uint32_t bus_bundle_count(const struct bus_bundle *b) {
    return b->count;
}

int bus_bundle_next(const struct bus_bundle *b, uint32_t *at, struct bus_event *ret_event) {
    struct entry e;
    uint32_t here = *at ? *at : b->begin;
    if (here >= b->end)
        return 0;
    memcpy(&e, b->bytes + here, sizeof e);
    *ret_event = (struct bus_event){.topic = b->bytes,
                                    .source = b->bytes + b->source,
                                    .json = b->bytes + here + sizeof e,
                                    .json_length = e.length,
                                    .time_ns = e.time_ns,
                                    .flags = b->flags,
                                    .severity = b->severity};
    *at = e.next;
    return 1;
}

struct bus_bundle *bus_bundle_ref(struct bus_bundle *b) {
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

struct bus_bundle *bus_bundle_unref(struct bus_bundle *b) {
    if (b && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
        free(b);
    return NULL;
}
