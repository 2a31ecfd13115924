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
#define SPINS 200      /* about 10 us: a consumer that keeps up with a stream never sleeps */
#define TAKEN_EVERY 64 /* messages after which producers hear that there is room */

struct mailbox {
    struct __cds_wfcq_head head; /* the consumer's */
    alignas(64) struct cds_wfcq_tail tail;
    alignas(64) _Atomic uint64_t put; /* bounded messages, ever */
    _Atomic uint64_t dropped;
    alignas(64) _Atomic uint32_t asleep;
    _Atomic uint32_t closed;
    alignas(64) _Atomic uint64_t taken; /* bounded messages, ever; written by the consumer */
    uint64_t taken_now;                 /* from here on the consumer's own */
    struct __cds_wfcq_head batch_head;
    struct cds_wfcq_tail batch_tail;
    uint32_t max;
    int event_fd;
};

static struct cds_wfcq_node *msg_node(struct wire_msg *msg) {
    return (struct cds_wfcq_node *)(void *)msg->link_;
}

static struct wire_msg *node_msg(struct cds_wfcq_node *node) {
    return C138_CONTAINER(node, struct wire_msg, link_);
}

static int is_bounded(const struct wire_msg *msg) {
    return msg->head.type == WIRE_EVENT || msg->head.type == WIRE_PUBLISH;
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
    if (is_bounded(msg) && ++m->taken_now % TAKEN_EVERY == 0)
        atomic_store_explicit(&m->taken, m->taken_now, memory_order_relaxed);
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

/* Room for one more? `put` may run over by the number of producers that ask at once. */
static int has_room(struct mailbox *m) {
    uint64_t put = atomic_load_explicit(&m->put, memory_order_relaxed);
    uint64_t taken = atomic_load_explicit(&m->taken, memory_order_relaxed);
    return put - taken < m->max;
}

c138_status mailbox_put(struct mailbox *m, struct wire_msg *msg) {
    if (atomic_load_explicit(&m->closed, memory_order_relaxed)) {
        (void)wire_msg_free(msg);
        return C138_E_UNAVAILABLE;
    }
    if (is_bounded(msg)) {
        if (!has_room(m)) {
            atomic_fetch_add_explicit(&m->dropped, 1, memory_order_relaxed);
            (void)wire_msg_free(msg);
            return C138_E_BUSY;
        }
        atomic_fetch_add_explicit(&m->put, 1, memory_order_relaxed);
    }
    HANDED_OVER(msg);
    cds_wfcq_node_init(msg_node(msg));
    (void)cds_wfcq_enqueue((cds_wfcq_head_ptr_t)&m->head, &m->tail, msg_node(msg));
    wake(m);
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

c138_status mailbox_get(struct mailbox *m, int64_t deadline_ns, struct wire_msg **ret_msg) {
    for (;;) {
        for (unsigned spins = 0; spins < SPINS; spins++) {
            struct wire_msg *msg = take(m);
            if (msg) {
                *ret_msg = msg;
                return C138_OK;
            }
            if (deadline_ns <= 0 || atomic_load_explicit(&m->closed, memory_order_relaxed))
                break;
            relax();
        }
        /* Nothing is left: producers may hear the exact number. */
        atomic_store_explicit(&m->taken, m->taken_now, memory_order_relaxed);
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
    atomic_store_explicit(&m->taken, m->taken_now, memory_order_relaxed);
    atomic_store(&m->asleep, ON_EVENTFD);
    if (is_empty(m) && !atomic_load(&m->closed))
        return 0;
    atomic_store(&m->asleep, AWAKE);
    return 1;
}

uint32_t mailbox_depth(const struct mailbox *m) {
    uint64_t put = atomic_load_explicit(&m->put, memory_order_relaxed);
    uint64_t taken = atomic_load_explicit(&m->taken, memory_order_relaxed);
    uint64_t depth = put > taken ? put - taken : 0;
    return depth > UINT32_MAX ? UINT32_MAX : (uint32_t)depth;
}

uint64_t mailbox_dropped(const struct mailbox *m) {
    return atomic_load_explicit(&m->dropped, memory_order_relaxed);
}

void mailbox_close(struct mailbox *m) {
    atomic_store(&m->closed, 1);
    wake(m);
}
