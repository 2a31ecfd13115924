#include <worker/wire.h>

#include "config.h"
#include <base/mem.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

c138_status wire_head_check(const struct wire_head *head, struct c138_err *err) {
    if (head->magic != WIRE_MAGIC)
        return c138_error(err, C138_E_INVALID, "wire.garbage",
                          "frame: magic is 0x%08x, expected 0x%08x: the other side is no peer of "
                          "ours, or something else wrote to its socket",
                          head->magic, WIRE_MAGIC);
    if (head->type == 0 || head->type >= WIRE_TYPE_END)
        return c138_error(err, C138_E_INVALID, "wire.garbage", "frame: type %u is unknown",
                          (unsigned)head->type);
    if (head->length > WIRE_MAX)
        return c138_error(err, C138_E_INVALID, "wire.garbage",
                          "frame: %u bytes are more than the %u that are allowed", head->length,
                          WIRE_MAX);
    return C138_OK;
}

/*
 * Memory of small messages. Events are made by one thread and freed by another; through malloc()
 * both would meet at one lock for every event, which costs more than all the rest of their way. So
 * what is freed goes back in batches: a thread collects a chain, hangs it on the shared list, and a
 * thread that needs messages takes that list as a whole (which has no ABA problem). The pool is the
 * one thing here that is global: it is an allocator. Sanitized builds do without, so that they see
 * every misuse.
 */
#ifdef C138_SANITIZED

static struct wire_msg *take_small(void) {
    return NULL;
}

static int give_small(struct wire_msg *m) {
    (void)m;
    return 0;
}

#define SMALL_ROOM 1u

#else

#define SMALL_ROOM 512u  /* bytes of payload, with its NUL */
#define CHAIN_LENGTH 64u /* messages that change hands at once */
#define CHAINS_MAX 64u   /* chains on the shared list: 2 MiB at most */

static _Atomic(struct wire_msg *) shared; /* chains, linked by link_[1] of their first message */
static _Atomic unsigned shared_chains;
static _Thread_local struct {
    struct wire_msg *stock; /* chains of ours, to take from */
    struct wire_msg *chain; /* what was freed, linked by link_[0] */
    unsigned length;
    int is_known; /* to thread_end() */
} mine;
static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_chain(struct wire_msg *m) {
    while (m) {
        struct wire_msg *next = m->link_[0];
        free(m);
        m = next;
    }
}

static void thread_end(void *unused) {
    (void)unused;
    free_chain(C138_STEAL(mine.chain));
    while (mine.stock) {
        struct wire_msg *chain = mine.stock;
        mine.stock = chain->link_[1];
        free_chain(chain);
    }
    mine.length = 0;
    mine.is_known = 0;
}

static void make_key(void) {
    (void)pthread_key_create(&at_end, thread_end);
}

/* What a thread holds is freed with it. */
static void know_thread(void) {
    if (mine.is_known)
        return;
    mine.is_known = 1;
    (void)pthread_once(&once, make_key);
    (void)pthread_setspecific(at_end, &mine);
}

static struct wire_msg *take_small(void) {
    if (!mine.stock && atomic_load_explicit(&shared, memory_order_relaxed)) {
        know_thread();
        mine.stock = atomic_exchange_explicit(&shared, NULL, memory_order_acquire);
        atomic_store_explicit(&shared_chains, 0, memory_order_relaxed);
    }
    struct wire_msg *m = mine.stock;
    if (!m)
        return NULL;
    struct wire_msg *next = m->link_[0];
    if (next)
        next->link_[1] = m->link_[1];
    mine.stock = next ? next : m->link_[1];
    /* It was last used by another processor. */
    for (size_t i = 0; mine.stock && i < 256; i += 64)
        __builtin_prefetch((const char *)mine.stock + i, 1);
    return m;
}

static void share_chain(struct wire_msg *chain) {
    if (atomic_fetch_add_explicit(&shared_chains, 1, memory_order_relaxed) >= CHAINS_MAX) {
        atomic_fetch_sub_explicit(&shared_chains, 1, memory_order_relaxed);
        free_chain(chain);
        return;
    }
    struct wire_msg *head = atomic_load_explicit(&shared, memory_order_relaxed);
    do
        chain->link_[1] = head;
    while (!atomic_compare_exchange_weak_explicit(&shared, &head, chain, memory_order_release,
                                                  memory_order_relaxed));
}

/* The head may have been changed meanwhile: what counts is the room that is really there. */
static int give_small(struct wire_msg *m) {
    if (malloc_usable_size(m) < sizeof *m + SMALL_ROOM)
        return 0;
    know_thread();
    m->link_[0] = mine.chain;
    mine.chain = m;
    if (++mine.length == CHAIN_LENGTH) {
        mine.length = 0;
        share_chain(C138_STEAL(mine.chain));
    }
    return 1;
}

#endif

/* Only what moves in numbers comes from the pool. */
static int is_small(uint16_t type, size_t length) {
    return (type == WIRE_EVENT || type == WIRE_PUBLISH) && length < SMALL_ROOM;
}

struct wire_msg *wire_msg_new(uint16_t type, uint64_t id, int32_t aux, const void *payload,
                              size_t length) {
    int small = is_small(type, length);
    struct wire_msg *m = small ? take_small() : NULL;
    if (!m)
        m = c138_xmalloc(sizeof *m + (small ? SMALL_ROOM : length + 1));
    m->link_[0] = m->link_[1] = NULL;
    m->head = (struct wire_head){
        .magic = WIRE_MAGIC, .length = (uint32_t)length, .type = type, .aux = aux, .id = id};
    if (payload && length)
        memcpy(m->payload, payload, length);
    m->payload[length] = '\0';
    return m;
}

struct wire_msg *wire_msg_free(struct wire_msg *m) {
    if (!m)
        return NULL;
    /* An answer of the agent may hold a secret. */
    if (m->head.type == WIRE_HOSTREPLY)
        c138_wipe(m->payload, m->head.length);
    if (!is_small(m->head.type, m->head.length) || !give_small(m))
        free(m);
    return NULL;
}
