/*
 * A mailbox over liburcu's wait-free queue. Producers never wait and never make a system call
 * unless the consumer sleeps. The consumer takes everything that has arrived in one go (splice)
 * into a queue of its own, so that both sides share a cache line once a batch and not once a
 * message.
 *
 * Sleeping: the consumer writes `asleep` and looks at the queue again; a producer enqueues (a full
 * barrier) and then reads `asleep`. One of the two sees the other, so no wake-up is lost.
 */
#include <worker/port.h>

#include <base/mem.h>
#include <bus/handover.h>
#include <base/when.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdalign.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <urcu/wfcqueue.h>

enum { AWAKE, ON_FUTEX, ON_EVENTFD };
#define SPINS 200 /* about 10 us: a consumer that keeps up with a stream never sleeps */
#define COLD_MAX 256u
#define TAKEN_EVERY 64 /* messages after which producers hear that there is room */

struct mailbox {
    struct __cds_wfcq_head head; /* the consumer's */
    alignas(64) struct cds_wfcq_tail tail;
    alignas(64) _Atomic uint64_t put; /* bounded messages, ever */
    _Atomic uint64_t dropped;
    alignas(64) _Atomic uint32_t asleep;
    _Atomic uint32_t closed;
    alignas(64) _Atomic uint64_t taken; /* bounded messages, ever; written by the consumer */
    uint64_t taken_now, taken_told;     /* from here on the consumer's own */
    struct __cds_wfcq_head batch_head;
    struct cds_wfcq_tail batch_tail;
    unsigned cold, cold_next; /* waits without a look ahead, after one in vain */
    uint32_t max;
    int event_fd;
};

static struct cds_wfcq_node *msg_node(struct wire_msg *msg) {
    return (struct cds_wfcq_node *)(void *)msg->link_;
}

static struct wire_msg *node_msg(struct cds_wfcq_node *node) {
    return C138_CONTAINER(node, struct wire_msg, link_);
}

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

struct mailbox *mailbox_new(uint32_t max_events) {
    struct mailbox *m = NULL;
    if (posix_memalign((void **)&m, 64, sizeof *m) != 0)
        abort();
    *m = (struct mailbox){.max = max_events, .event_fd = -1};
    __cds_wfcq_init(&m->head, &m->tail);
    __cds_wfcq_init(&m->batch_head, &m->batch_tail);
    return m;
}

/* Producers hear how much room there is. */
static void tell_taken(struct mailbox *m) {
    m->taken_told = m->taken_now;
    atomic_store_explicit(&m->taken, m->taken_now, memory_order_relaxed);
}

static struct wire_msg *take(struct mailbox *m) {
    struct cds_wfcq_node *node = __cds_wfcq_dequeue_blocking(&m->batch_head, &m->batch_tail);
    if (!node) {
        if (cds_wfcq_empty((cds_wfcq_head_ptr_t)&m->head, &m->tail))
            return NULL;
        (void)__cds_wfcq_splice_blocking(&m->batch_head, &m->batch_tail, &m->head, &m->tail);
        node = __cds_wfcq_dequeue_blocking(&m->batch_head, &m->batch_tail);
        if (!node)
            return NULL;
    }
    struct wire_msg *msg = node_msg(node);
    TAKEN_OVER(msg);
    /* One of the next comes from another processor's cache: let it be on its way (wire.c). */
    __builtin_prefetch(msg->link_[1]);
    __builtin_prefetch((const char *)msg->link_[1] + 64);
    m->taken_now += wire_events(msg);
    if (m->taken_now - m->taken_told >= TAKEN_EVERY)
        tell_taken(m);
    return msg;
}

struct mailbox *mailbox_free(struct mailbox *m) {
    if (!m)
        return NULL;
    for (struct wire_msg *msg = take(m); msg; msg = take(m))
        (void)wire_msg_free(msg);
    if (m->event_fd >= 0)
        (void)close(m->event_fd);
    free(m);
    return NULL;
}

static void wake(struct mailbox *m) {
    if (atomic_load(&m->asleep) == AWAKE)
        return;
    uint32_t how = atomic_exchange(&m->asleep, AWAKE);
    if (how == ON_FUTEX)
        (void)syscall(SYS_futex, &m->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    else if (how == ON_EVENTFD)
        (void)eventfd_write(m->event_fd, 1);
}

/* Bounded messages that wait. `taken` may have been told after this thread read `put`, whose
 * message the consumer then took as well: no fewer than none wait. */
static uint64_t waiting(const struct mailbox *m) {
    uint64_t put = atomic_load_explicit(&m->put, memory_order_relaxed);
    uint64_t taken = atomic_load_explicit(&m->taken, memory_order_relaxed);
    return put > taken ? put - taken : 0;
}

/* For how many of `wanted` is there room? `put` may run over by what producers ask for at once. The
 * rest is counted as dropped. */
static uint32_t take_room(struct mailbox *m, uint32_t wanted) {
    uint64_t already = waiting(m), room = already < m->max ? m->max - already : 0;
    uint32_t n = room < wanted ? (uint32_t)room : wanted;
    if (n)
        atomic_fetch_add_explicit(&m->put, n, memory_order_relaxed);
    if (n < wanted)
        atomic_fetch_add_explicit(&m->dropped, wanted - n, memory_order_relaxed);
    return n;
}

static void enqueue(struct mailbox *m, struct wire_msg *msg) {
    HANDED_OVER(msg);
    cds_wfcq_node_init(msg_node(msg));
    (void)cds_wfcq_enqueue((cds_wfcq_head_ptr_t)&m->head, &m->tail, msg_node(msg));
    wake(m);
}

uint32_t mailbox_put_bundle(struct mailbox *m, struct bus_bundle *bundle, int32_t dropped_before) {
    if (atomic_load_explicit(&m->closed, memory_order_relaxed))
        return 0;
    uint32_t n = take_room(m, bus_bundle_count(bundle));
    if (n) {
        const struct wire_bundle b = {.bundle = bus_bundle_ref(bundle), .left = n};
        enqueue(m, wire_msg_new(WIRE_BUNDLE, 0, dropped_before, &b, sizeof b));
    }
    return n;
}

c138_status mailbox_put(struct mailbox *m, struct wire_msg *msg) {
    if (atomic_load_explicit(&m->closed, memory_order_relaxed)) {
        (void)wire_msg_free(msg);
        return C138_E_UNAVAILABLE;
    }
    if (wire_events(msg) && !take_room(m, 1)) {
        (void)wire_msg_free(msg);
        return C138_E_BUSY;
    }
    enqueue(m, msg);
    return C138_OK;
}

static int is_empty(struct mailbox *m) {
    return cds_wfcq_empty((cds_wfcq_head_ptr_t)&m->batch_head, &m->batch_tail) &&
           cds_wfcq_empty((cds_wfcq_head_ptr_t)&m->head, &m->tail);
}

/* Sleeps until somebody puts, the box is closed, or the deadline. */
static void doze(struct mailbox *m, int64_t deadline_ns) {
    atomic_store(&m->asleep, ON_FUTEX);
    if (!is_empty(m) || atomic_load(&m->closed)) {
        atomic_store(&m->asleep, AWAKE);
        return;
    }
    struct timespec until = {.tv_sec = deadline_ns / C138_NS_PER_S,
                             .tv_nsec = deadline_ns % C138_NS_PER_S};
    /* FUTEX_WAIT_BITSET takes an absolute monotonic time. */
    (void)syscall(SYS_futex, &m->asleep, FUTEX_WAIT_BITSET_PRIVATE, ON_FUTEX,
                  deadline_ns == INT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    atomic_store(&m->asleep, AWAKE);
}

/* Looks out for a message for a moment. Where that was in vain (a slow producer, or one that needs
 * this very processor) the next waits do without, ever more of them. */
static struct wire_msg *take_soon(struct mailbox *m) {
    struct wire_msg *msg = take(m);
    if (msg || m->cold) {
        m->cold -= !msg;
        return msg;
    }
    for (unsigned spins = 0; !msg && spins < SPINS; spins++) {
        if (atomic_load_explicit(&m->closed, memory_order_relaxed))
            return take(m);
        relax();
        msg = take(m);
    }
    m->cold_next = msg ? 0 : m->cold_next ? 2 * m->cold_next : 4;
    m->cold_next = m->cold_next < COLD_MAX ? m->cold_next : COLD_MAX;
    m->cold = m->cold_next;
    return msg;
}

c138_status mailbox_get(struct mailbox *m, int64_t deadline_ns, struct wire_msg **ret_msg) {
    for (;;) {
        struct wire_msg *msg = deadline_ns <= 0 ? take(m) : take_soon(m);
        if (msg) {
            *ret_msg = msg;
            return C138_OK;
        }
        tell_taken(m); /* nothing is left: producers may hear the exact number */
        if (atomic_load(&m->closed) && is_empty(m))
            return C138_E_UNAVAILABLE;
        if (deadline_ns <= 0 ||
            (deadline_ns != INT64_MAX && c138_now_monotonic_ns() >= deadline_ns))
            return C138_E_TIMEOUT;
        doze(m, deadline_ns);
    }
}

int mailbox_fd(struct mailbox *m) {
    if (m->event_fd < 0)
        m->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return m->event_fd;
}

int mailbox_arm(struct mailbox *m) {
    eventfd_t seen;
    (void)eventfd_read(mailbox_fd(m), &seen);
    tell_taken(m);
    atomic_store(&m->asleep, ON_EVENTFD);
    if (is_empty(m) && !atomic_load(&m->closed))
        return 0;
    atomic_store(&m->asleep, AWAKE);
    return 1;
}

uint32_t mailbox_depth(const struct mailbox *m) {
    uint64_t depth = waiting(m);
    return depth > UINT32_MAX ? UINT32_MAX : (uint32_t)depth;
}

uint64_t mailbox_dropped(const struct mailbox *m) {
    return atomic_load_explicit(&m->dropped, memory_order_relaxed);
}

void mailbox_close(struct mailbox *m) {
    atomic_store(&m->closed, 1);
    wake(m);
}
