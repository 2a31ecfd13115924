#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <bus/bundle.h>
#include <bus/handover.h>
#include <chain138/plugin.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <urcu/urcu-bp.h>
#include <urcu/wfcqueue.h>

#define QUEUE_MAX 100000u
#define ROUTES 256u /* slots of the cache from topic to sinks */

struct bus_sink {
    char **patterns;
    int flags; /* BUS_* */
    bus_sink_fn fn;
    bus_bundle_fn bundle_fn; /* NULL: bundles come event by event */
    void *user;
};

/* Who gets a topic. Lives and dies with its table. */
struct route {
    char *topic;
    size_t length;
    /* Sinks that are called here; behind them those that need the loop, and behind these those that
     * want kept events only. */
    size_t direct, looped, kept;
    struct bus_sink *sinks[];
};

/* All sinks at one time. Publishers read it between urcu_bp_read_lock() and urcu_bp_read_unlock().
 */
struct table {
    _Atomic(struct route *) routes[ROUTES];
    size_t count;
    struct bus_sink *sinks[];
};

/* An event on its way to the loop; the texts lie behind it. */
struct parcel {
    struct cds_wfcq_node node;
    struct bus_event event;
};

struct bus {
    struct event_base *base;
    struct event *wake, *again;
    pthread_t loop;
    _Atomic(struct table *) table; /* changed by the loop only */
    struct cds_wfcq_head head;
    struct cds_wfcq_tail tail;
    _Atomic uint32_t queued;
    _Atomic int woken;
    _Atomic uint64_t published, dropped;
    uint64_t changes; /* of the sinks; the loop's own */
};

/* Eight bytes at a time: it is on the way of every event. */
static size_t hash(const char *topic, size_t length) {
    uint64_t h = length, v = 0;
    for (; length >= sizeof(v); topic += sizeof(v), length -= sizeof(v)) {
        memcpy(&v, topic, sizeof(v));
        h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    }
    v = 0;
    memcpy(&v, topic, length);
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h >> 32);
}

static int wants(const struct bus_sink *sink, const char *topic) {
    for (char **p = sink->patterns; *p; p++)
        if (c138_topic_match(*p, topic))
            return 1;
    return 0;
}

static size_t add_sinks(const struct table *t, int flags, const char *topic, struct bus_sink **to) {
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->sinks[i]->flags == flags && wants(t->sinks[i], topic))
            to[n++] = t->sinks[i];
    return n;
}

/* How many of them need the loop for an event with these flags. */
static size_t count_looped(const struct route *r, uint32_t flags) {
    return flags & C138_EVENT_KEEP ? r->looped + r->kept : r->looped;
}

static struct route *route_new(const struct table *t, const char *topic) {
    struct route *r = c138_xcalloc(1, sizeof(*r) + t->count * sizeof(r->sinks[0]));
    r->topic = c138_xstrdup(topic);
    r->length = strlen(topic);
    r->direct = add_sinks(t, BUS_ANY_THREAD, topic, r->sinks);
    r->looped = add_sinks(t, 0, topic, r->sinks + r->direct);
    r->kept = add_sinks(t, BUS_KEPT, topic, r->sinks + r->direct + r->looped);
    return r;
}

static void route_free(struct route *r) {
    if (r)
        free(r->topic);
    free(r);
}

/* Of a table that is being read. `ret_own` is set where the slot holds another topic: the caller
 * frees the route. */
static struct route *route_of(struct table *t, const char *topic, struct route **ret_own) {
    size_t length = strlen(topic);
    _Atomic(struct route *) *slot = &t->routes[hash(topic, length) % ROUTES];
    struct route *r = atomic_load_explicit(slot, memory_order_acquire), *none = NULL;
    *ret_own = NULL;
    if (r && r->length == length && !memcmp(r->topic, topic, length))
        return r;
    struct route *made = route_new(t, topic);
    if (r || !atomic_compare_exchange_strong(slot, &none, made))
        *ret_own = made;
    return made;
}

static struct table *table_new(size_t count) {
    struct table *t = c138_xcalloc(1, sizeof(*t) + count * sizeof(t->sinks[0]));
    t->count = count;
    return t;
}

static void table_free(struct table *t) {
    for (size_t i = 0; i < ROUTES; i++)
        route_free(atomic_load(&t->routes[i]));
    free(t);
}

static struct table *read_begin(struct bus *b) {
    urcu_bp_read_lock();
    return atomic_load_explicit(&b->table, memory_order_acquire);
}

static void read_end(struct bus *b) {
    HANDED_OVER(&b->table);
    urcu_bp_read_unlock();
}

/* The loop. When it returns no publisher is inside the old table, nor inside a sink of it. */
static void change_table(struct bus *b, struct table *to) {
    struct table *from = atomic_exchange(&b->table, to);
    b->changes++;
    urcu_bp_synchronize_rcu();
    TAKEN_OVER(&b->table);
    table_free(from);
}

static const char *pack(char **at, const char *text, size_t length) {
    char *to = *at;
    if (!text)
        return NULL;
    memcpy(to, text, length);
    to[length] = '\0';
    *at += length + 1;
    return to;
}

static size_t length_of(const char *text) {
    return text ? strlen(text) : 0;
}

static void send_to_loop(struct bus *b, const struct bus_event *event) {
    if (atomic_fetch_add(&b->queued, 1) >= QUEUE_MAX) {
        atomic_fetch_sub(&b->queued, 1);
        atomic_fetch_add(&b->dropped, 1);
        (void)sched_yield(); /* the loop is behind: it gets the processor before more is thrown away
                              */
        return;
    }
    size_t topic = length_of(event->topic), source = length_of(event->source),
           job = length_of(event->job_id), chain = length_of(event->chain);
    struct parcel *p =
        c138_xmalloc(sizeof(*p) + topic + source + event->json_length + job + chain + 5);
    char *at = (char *)(p + 1);
    p->event = *event;
    p->event.topic = pack(&at, event->topic, topic);
    p->event.source = pack(&at, event->source, source);
    p->event.json = pack(&at, event->json, event->json_length);
    p->event.job_id = pack(&at, event->job_id, job);
    p->event.chain = pack(&at, event->chain, chain);
    cds_wfcq_node_init(&p->node);
    HANDED_OVER(p);
    cds_wfcq_enqueue(&b->head, &b->tail, &p->node);
    if (!atomic_exchange(&b->woken, 1))
        event_active(b->wake, EV_READ, 0);
}

static int is_there(const struct bus *b, const struct bus_sink *sink) {
    const struct table *t = atomic_load_explicit(&b->table, memory_order_relaxed);
    for (size_t i = 0; i < t->count; i++)
        if (t->sinks[i] == sink)
            return 1;
    return 0;
}

/* `n` sinks of `r` that need the loop, into `few` or into memory of their own. */
static struct bus_sink **copy_looped(const struct route *r, size_t n, struct bus_sink **few,
                                     size_t room) {
    struct bus_sink **sinks = n <= room ? few : c138_xcalloc(n, sizeof(struct bus_sink *));
    memcpy(sinks, r->sinks + r->direct, n * sizeof(*sinks));
    return sinks;
}

/* Sinks may subscribe, unsubscribe or publish in turn, so the table is not read while they are
 * called. Only the loop changes the sinks; `changes` tells whether an earlier sink did. */
static void call_looped(struct bus *b, struct bus_sink **sinks, size_t n, uint64_t changes,
                        const struct bus_event *event) {
    for (size_t i = 0; i < n; i++)
        if (b->changes == changes || is_there(b, sinks[i]))
            sinks[i]->fn(sinks[i]->user, event);
}

#define FEW 16

static void deliver_on_loop(struct bus *b, const struct bus_event *event) {
    struct route *own = NULL;
    struct bus_sink *few[FEW];
    const struct route *r = route_of(read_begin(b), event->topic, &own);
    size_t n = count_looped(r, event->flags);
    struct bus_sink **sinks = copy_looped(r, n, few, FEW);
    read_end(b);
    route_free(own);
    call_looped(b, sinks, n, b->changes, event);
    if (sinks != few)
        free(sinks);
}

/* Nothing is left: from now on publishers wake the loop again. 0: one has come meanwhile. */
static int may_sleep(struct bus *b) {
    atomic_store(&b->woken, 0);
    cmm_smp_mb();
    return cds_wfcq_empty(&b->head, &b->tail) || atomic_exchange(&b->woken, 1);
}

/* In one turn of the loop, so that others have theirs: events, and time. */
#define TURN_MAX 20000
#define TURN_NS (20 * C138_NS_PER_MS)

/* Publishers do not wake the loop while it is in here: what is activated from outside runs again
 * before the loop looks at anybody else. */
static void on_wake(evutil_socket_t fd, short what, void *user) {
    static const struct timeval soon = {0};
    struct bus *b = user;
    (void)fd;
    (void)what;
    int64_t until = c138_now_monotonic_coarse_ns() + TURN_NS;
    for (int i = 0; i < TURN_MAX && c138_now_monotonic_coarse_ns() < until; i++) {
        struct cds_wfcq_node *node = __cds_wfcq_dequeue_nonblocking(&b->head, &b->tail);
        if (!node && may_sleep(b))
            return;
        if (!node)
            continue;
        if (node == CDS_WFCQ_WOULDBLOCK) /* a publisher was interrupted while it put one there */
            break;
        struct parcel *p = caa_container_of(node, struct parcel, node);
        TAKEN_OVER(p);
        atomic_fetch_sub(&b->queued, 1);
        deliver_on_loop(b, &p->event);
        free(p);
    }
    (void)evtimer_add(b->again, &soon); /* by a timer, for the same reason */
}

void bus_publish(struct bus *b, const struct bus_event *event) {
    struct route *own = NULL;
    struct bus_sink *few[FEW], **sinks = few;
    int on_loop = pthread_equal(pthread_self(), b->loop);
    atomic_fetch_add_explicit(&b->published, 1, memory_order_relaxed);
    const struct route *r = route_of(read_begin(b), event->topic, &own);
    for (size_t i = 0; i < r->direct; i++)
        r->sinks[i]->fn(r->sinks[i]->user, event);
    size_t looped = count_looped(r, event->flags);
    if (looped && on_loop)
        sinks = copy_looped(r, looped, few, FEW);
    read_end(b);
    route_free(own);
    if (looped && on_loop)
        call_looped(b, sinks, looped, b->changes, event);
    else if (looped)
        send_to_loop(b, event);
    if (sinks != few)
        free(sinks);
}

/* To one sink that is called on this thread. */
static void hand_bundle(const struct bus_sink *sink, struct bus_bundle *bundle) {
    struct bus_event event;
    if (sink->bundle_fn)
        sink->bundle_fn(sink->user, bundle);
    else
        for (uint32_t at = 0; bus_bundle_next(bundle, &at, &event);)
            sink->fn(sink->user, &event);
}

void bus_publish_bundle(struct bus *b, struct bus_bundle *bundle) {
    struct route *own = NULL;
    struct bus_event event;
    int on_loop = pthread_equal(pthread_self(), b->loop);
    uint32_t first = 0;
    if (!bus_bundle_next(bundle, &first, &event))
        return;
    atomic_fetch_add_explicit(&b->published, bus_bundle_count(bundle), memory_order_relaxed);
    const struct route *r = route_of(read_begin(b), bus_bundle_topic(bundle), &own);
    for (size_t i = 0; i < r->direct; i++)
        hand_bundle(r->sinks[i], bundle);
    size_t looped = count_looped(r, event.flags);
    read_end(b);
    route_free(own);
    for (uint32_t at = 0; looped && bus_bundle_next(bundle, &at, &event);)
        if (on_loop)
            deliver_on_loop(b, &event);
        else
            send_to_loop(b, &event);
}

void bus_emit(struct bus *b, const char *topic, uint32_t severity, const char *json) {
    const struct bus_event event = {
        .topic = topic,
        .source = "agent",
        .json = json,
        .json_length = strlen(json),
        .time_ns = c138_now_utc_ns(),
        .flags = C138_EVENT_KEEP,
        .severity = severity,
    };
    bus_publish(b, &event);
}

static struct bus_sink *add_sink(struct bus *b, const char *const *patterns,
                                 const struct bus_sink *sink) {
    size_t n = 0;
    while (patterns[n])
        n++;
    struct bus_sink *s = c138_xcalloc(1, sizeof(*s));
    *s = *sink;
    s->patterns = c138_xcalloc(n + 1, sizeof(char *));
    for (size_t i = 0; i < n; i++)
        s->patterns[i] = c138_xstrdup(patterns[i]);
    const struct table *old = atomic_load(&b->table);
    struct table *t = table_new(old->count + 1);
    t->sinks[0] = s;
    memcpy(t->sinks + 1, old->sinks, old->count * sizeof(t->sinks[0]));
    change_table(b, t);
    return s;
}

struct bus_sink *bus_subscribe(struct bus *b, const char *const *patterns, int flags,
                               bus_sink_fn fn, void *user) {
    const struct bus_sink sink = {.flags = flags, .fn = fn, .user = user};
    return add_sink(b, patterns, &sink);
}

struct bus_sink *bus_subscribe_bundles(struct bus *b, const char *const *patterns, bus_sink_fn fn,
                                       bus_bundle_fn bundle_fn, void *user) {
    const struct bus_sink sink = {
        .flags = BUS_ANY_THREAD, .fn = fn, .bundle_fn = bundle_fn, .user = user};
    return add_sink(b, patterns, &sink);
}

struct bus_sink *bus_unsubscribe(struct bus *b, struct bus_sink *sink) {
    if (!sink)
        return NULL;
    const struct table *old = atomic_load(&b->table);
    struct table *t = table_new(old->count - 1);
    for (size_t i = 0, n = 0; i < old->count; i++)
        if (old->sinks[i] != sink)
            t->sinks[n++] = old->sinks[i];
    change_table(b, t);
    for (char **p = sink->patterns; *p; p++)
        free(*p);
    free(sink->patterns);
    free(sink);
    return NULL;
}

c138_status bus_new(struct event_base *base, struct bus **ret_bus) {
    struct bus *b = c138_xcalloc(1, sizeof(*b));
    b->base = base;
    b->loop = pthread_self();
    cds_wfcq_init(&b->head, &b->tail);
    atomic_init(&b->table, table_new(0));
    b->wake = event_new(base, -1, 0, on_wake, b);
    b->again = evtimer_new(base, on_wake, b);
    if (!b->wake || !b->again)
        abort(); /* no memory, as everywhere */
    *ret_bus = b;
    return C138_OK;
}

struct bus *bus_free(struct bus *b) {
    if (!b)
        return NULL;
    event_free(b->wake);
    event_free(b->again);
    struct table *t;
    while ((t = atomic_load(&b->table))->count)
        bus_unsubscribe(b, t->sinks[0]);
    table_free(t);
    struct cds_wfcq_node *node;
    while ((node = __cds_wfcq_dequeue_blocking(&b->head, &b->tail)))
        free(caa_container_of(node, struct parcel, node));
    free(b);
    return NULL;
}

uint64_t bus_published(const struct bus *b) {
    return atomic_load(&b->published);
}
uint64_t bus_dropped(const struct bus *b) {
    return atomic_load(&b->dropped);
}
uint32_t bus_depth(const struct bus *b) {
    return atomic_load(&b->queued);
}
