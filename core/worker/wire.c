#include <worker/wire.h>

#include "config.h"
#include <base/mem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct wire_msg) + 512 <= 576, "a small message fits its place");

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
 *
 * Each message comes from the cache of another processor, on its way there and back, and that is
 * what an event costs most. So whoever frees it notes the one that was freed AHEAD before it, which
 * is the one that will be taken AHEAD after it: who makes messages, and who reads them in the same
 * order, can ask for that one early. It is a hint and nothing else.
 *
 *   link_[0]  next of the chain, the queue, the inbox
 *   link_[1]  of a message of the pool: the hint, never NULL; of any other: NULL
 */
#ifdef C138_SANITIZED

static struct wire_msg *take_small(void) {
    return NULL;
}

static int give_small(struct wire_msg *m) {
    (void)m;
    return 0;
}

static struct wire_msg *new_small(void) {
    return NULL;
}

#else

#define SMALL_SIZE 576u  /* bytes of a message with its head: lines of a cache */
#define CHAIN_LENGTH 64u /* messages that change hands at once */
#define CHAINS_MAX 64u   /* chains on the shared list: 2 MiB at most */
#define AHEAD 4u

/* A chain while nobody uses it: its first message holds the chain behind it. */
static struct wire_msg **behind(struct wire_msg *chain) {
    return (struct wire_msg **)(void *)&chain->head.id;
}

static _Atomic(struct wire_msg *) shared; /* chains */
static _Atomic unsigned shared_chains;
static _Thread_local struct {
    struct wire_msg *stock;  /* to take from, linked by link_[0] */
    struct wire_msg *chains; /* and then from these */
    struct wire_msg *chain;  /* what was freed, linked by link_[0] */
    unsigned length;
    struct wire_msg *freed[AHEAD]; /* the last ones */
    unsigned n_freed;
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
    free_chain(C138_STEAL(mine.stock));
    while (mine.chains) {
        struct wire_msg *chain = mine.chains;
        mine.chains = *behind(chain);
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

static void next_chain(void) {
    if (!mine.chains && atomic_load_explicit(&shared, memory_order_relaxed)) {
        know_thread();
        mine.chains = atomic_exchange_explicit(&shared, NULL, memory_order_acquire);
        atomic_store_explicit(&shared_chains, 0, memory_order_relaxed);
    }
    mine.stock = mine.chains;
    if (mine.stock)
        mine.chains = *behind(mine.stock);
}

static struct wire_msg *take_small(void) {
    if (!mine.stock)
        next_chain();
    struct wire_msg *m = mine.stock;
    if (!m)
        return NULL;
    mine.stock = m->link_[0];
    for (size_t line = 0; line < 256; line += 64)
        __builtin_prefetch((const char *)m->link_[1] + line, 1);
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
        *behind(chain) = head;
    while (!atomic_compare_exchange_weak_explicit(&shared, &head, chain, memory_order_release,
                                                  memory_order_relaxed));
}

static int give_small(struct wire_msg *m) {
    if (!m->link_[1])
        return 0;
    know_thread();
    struct wire_msg **freed = &mine.freed[mine.n_freed++ % AHEAD];
    m->link_[0] = mine.chain;
    m->link_[1] = *freed ? *freed : m;
    *freed = m;
    mine.chain = m;
    if (++mine.length == CHAIN_LENGTH) {
        mine.length = 0;
        share_chain(C138_STEAL(mine.chain));
    }
    return 1;
}

static struct wire_msg *new_small(void) {
    struct wire_msg *m = NULL;
    if (posix_memalign((void **)&m, 64, SMALL_SIZE) != 0)
        abort();
    m->link_[1] = m;
    return m;
}

#endif

/* Only what moves in numbers comes from the pool. */
#define SMALL_ROOM 512u

static int is_small(uint16_t type, size_t length) {
    return (type == WIRE_EVENT || type == WIRE_PUBLISH) && length < SMALL_ROOM;
}

struct wire_msg *wire_msg_new(uint16_t type, uint64_t id, int32_t aux, const void *payload,
                              size_t length) {
    struct wire_msg *m = NULL;
    if (is_small(type, length) && !(m = take_small()))
        m = new_small();
    if (!m) {
        m = c138_xmalloc(sizeof *m + length + 1);
        m->link_[1] = NULL;
    }
    m->link_[0] = NULL;
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
    if (m->head.type == WIRE_BUNDLE)
        bus_bundle_unref(wire_bundle(m)->bundle);
    if (!is_small(m->head.type, m->head.length) || !give_small(m))
        free(m);
    return NULL;
}
