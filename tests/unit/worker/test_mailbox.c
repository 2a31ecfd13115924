#include "unit.h"

#include <base/mem.h>
#include <base/when.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <worker/port.h>

static c138_status put(struct mailbox *m, uint16_t type, uint64_t id) {
    return mailbox_put(m, wire_msg_new(type, id, 0, NULL, 0));
}

static uint64_t get(struct mailbox *m) {
    struct wire_msg *msg = NULL;
    if (mailbox_get(m, 0, &msg) != C138_OK)
        return 0;
    uint64_t id = msg->head.id;
    (void)wire_msg_free(msg);
    return id;
}

static void test_order(void) {
    struct mailbox *m = mailbox_new(100);
    for (uint64_t i = 1; i <= 50; i++)
        CU_ASSERT_EQUAL(put(m, WIRE_EVENT, i), C138_OK);
    CU_ASSERT_EQUAL(mailbox_depth(m), 50);
    for (uint64_t i = 1; i <= 50; i++)
        CU_ASSERT_EQUAL(get(m), i);
    CU_ASSERT_EQUAL(get(m), 0);
    CU_ASSERT_EQUAL(mailbox_depth(m), 0);
    (void)put(m, WIRE_EVENT, 1); /* what is left is freed with the box */
    CU_ASSERT_PTR_NULL(mailbox_free(m));
}

/* Events are bounded, control frames are not. */
static void test_bound(void) {
    struct mailbox *m = mailbox_new(3);
    for (uint64_t i = 1; i <= 3; i++)
        CU_ASSERT_EQUAL(put(m, WIRE_EVENT, i), C138_OK);
    CU_ASSERT_EQUAL(put(m, WIRE_EVENT, 4), C138_E_BUSY);
    CU_ASSERT_EQUAL(put(m, WIRE_PUBLISH, 4), C138_E_BUSY);
    CU_ASSERT_EQUAL(mailbox_dropped(m), 2);
    for (uint64_t i = 10; i < 100; i++)
        CU_ASSERT_EQUAL(put(m, WIRE_CALL, i), C138_OK);
    for (uint64_t i = 1; i <= 3; i++)
        CU_ASSERT_EQUAL(get(m), i);
    for (uint64_t i = 10; i < 100; i++)
        CU_ASSERT_EQUAL(get(m), i);
    CU_ASSERT_EQUAL(get(m), 0);
    CU_ASSERT_EQUAL(put(m, WIRE_EVENT, 5), C138_OK);
    (void)mailbox_free(m);
}

static void test_deadline(void) {
    struct mailbox *m = mailbox_new(3);
    struct wire_msg *msg = NULL;
    int64_t until = c138_now_monotonic_ns() + 20 * C138_NS_PER_MS;
    CU_ASSERT_EQUAL(mailbox_get(m, until, &msg), C138_E_TIMEOUT);
    CU_ASSERT(c138_now_monotonic_ns() >= until);
    (void)mailbox_free(m);
}

static void test_close(void) {
    struct mailbox *m = mailbox_new(3);
    struct wire_msg *msg = NULL;
    (void)put(m, WIRE_EVENT, 1);
    mailbox_close(m);
    CU_ASSERT_EQUAL(put(m, WIRE_CALL, 2), C138_E_UNAVAILABLE);
    CU_ASSERT_EQUAL(get(m), 1);
    CU_ASSERT_EQUAL(mailbox_get(m, INT64_MAX, &msg), C138_E_UNAVAILABLE);
    (void)mailbox_free(m);
}

static struct bus_bundle *bundle_of(uint32_t count) {
    struct bus_bundle *b = bus_bundle_new("a.b", "test", 0, 0);
    for (uint32_t i = 1; i <= count; i++)
        CU_ASSERT(bus_bundle_add(b, i, "{}", 2));
    return b;
}

/* Bundles are bounded by their events: of one that does not fit the first ones are taken. */
static void test_bundles(void) {
    struct mailbox *m = mailbox_new(25);
    struct bus_bundle *b = bundle_of(10);
    struct wire_msg *msg = NULL;
    struct bus_event e;
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(mailbox_put_bundle(m, b, (int32_t)i), i < 2 ? 10 : i == 2 ? 5 : 0);
    bus_bundle_unref(b); /* the box has references of its own */
    CU_ASSERT_EQUAL(put(m, WIRE_EVENT, 1), C138_E_BUSY);
    CU_ASSERT_EQUAL(mailbox_dropped(m), 16);
    CU_ASSERT_EQUAL(mailbox_depth(m), 25);
    for (int32_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(mailbox_get(m, 0, &msg), C138_OK);
        struct wire_bundle *w = wire_bundle(msg);
        CU_ASSERT_EQUAL(msg->head.type, WIRE_BUNDLE);
        CU_ASSERT_EQUAL(msg->head.aux, i);
        CU_ASSERT_EQUAL(wire_events(msg), i < 2 ? 10 : 5);
        CU_ASSERT_FATAL(bus_bundle_next(w->bundle, &w->at, &e));
        CU_ASSERT_EQUAL(e.time_ns, 1);
        (void)wire_msg_free(msg);
    }
    CU_ASSERT_EQUAL(mailbox_get(m, 0, &msg), C138_E_TIMEOUT);
    CU_ASSERT_EQUAL(mailbox_depth(m), 0);
    b = bundle_of(3);
    CU_ASSERT_EQUAL(mailbox_put_bundle(m, b, 0), 3); /* freed with the box */
    mailbox_close(m);
    CU_ASSERT_EQUAL(mailbox_put_bundle(m, b, 0), 0);
    CU_ASSERT_EQUAL(mailbox_dropped(m), 16);
    bus_bundle_unref(b);
    (void)mailbox_free(m);
}

/* --- Several producers, one consumer that now and then sleeps --- */

#define PRODUCERS 4u
#define EACH 20000u
#define LONG (10 * C138_NS_PER_S) /* nothing comes any more */

static void *produce(void *user) {
    static _Atomic unsigned next_producer;
    struct mailbox *m = user;
    uint64_t producer = next_producer++;
    for (uint64_t i = 0; i < EACH; i++) {
        (void)put(m, WIRE_EVENT, producer % PRODUCERS << 32 | i); /* from the pool */
        if (i % 5000 == 0)
            (void)poll(NULL, 0, 1);
    }
    return NULL;
}

static void start(pthread_t *threads, struct mailbox *m) {
    for (unsigned i = 0; i < PRODUCERS; i++)
        (void)pthread_create(&threads[i], NULL, produce, m);
}

static void join(pthread_t *threads) {
    for (unsigned i = 0; i < PRODUCERS; i++)
        (void)pthread_join(threads[i], NULL);
}

static int is_next(uint64_t *seen, struct wire_msg *msg) {
    uint64_t producer = msg->head.id >> 32, i = msg->head.id & 0xffffffff;
    int next = seen[producer] == i;
    seen[producer] = i + 1;
    (void)wire_msg_free(msg);
    return next;
}

static void test_threads(void) {
    struct mailbox *m = mailbox_new(PRODUCERS * EACH + PRODUCERS);
    pthread_t threads[PRODUCERS];
    uint64_t seen[PRODUCERS] = {0};
    int wrong = 0;
    start(threads, m);
    for (unsigned n = 0; n < PRODUCERS * EACH; n++) {
        struct wire_msg *msg = NULL;
        CU_ASSERT_EQUAL_FATAL(mailbox_get(m, c138_now_monotonic_ns() + LONG, &msg), C138_OK);
        wrong += !is_next(seen, msg);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(mailbox_dropped(m), 0);
    join(threads);
    (void)mailbox_free(m);
}

/* Producers that a signal stops anywhere in the middle of a put, while another puts and the consumer
 * takes: still nothing is refused for want of room. */
static void stop_a_while(int signal_number) {
    (void)signal_number;
    const struct timespec a_while = {.tv_nsec = 100000};
    (void)nanosleep(&a_while, NULL);
}

static void *produce_all(void *user) {
    for (uint64_t i = 0; i < EACH; i++)
        (void)put(user, WIRE_EVENT, i);
    return NULL;
}

static void interrupt_every_us(suseconds_t us) {
    const struct itimerval every = {.it_interval = {.tv_usec = us}, .it_value = {.tv_usec = us}};
    (void)setitimer(ITIMER_REAL, &every, NULL);
}

static void test_room(void) {
    struct mailbox *m = mailbox_new(PRODUCERS * EACH);
    pthread_t threads[PRODUCERS];
    struct sigaction stop = {.sa_handler = stop_a_while, .sa_flags = SA_RESTART}, before;
    (void)sigaction(SIGALRM, &stop, &before);
    sigset_t alarms, mask;
    (void)sigemptyset(&alarms);
    (void)sigaddset(&alarms, SIGALRM);
    for (unsigned i = 0; i < PRODUCERS; i++)
        (void)pthread_create(&threads[i], NULL, produce_all, m);
    (void)pthread_sigmask(SIG_BLOCK, &alarms, &mask); /* the producers alone are stopped */
    interrupt_every_us(500);
    uint64_t n = 0;
    struct wire_msg *msg = NULL;
    while (n + mailbox_dropped(m) < PRODUCERS * EACH &&
           mailbox_get(m, c138_now_monotonic_ns() + LONG, &msg) == C138_OK) {
        (void)wire_msg_free(msg);
        n++;
    }
    for (unsigned i = 0; i < PRODUCERS; i++)
        (void)pthread_join(threads[i], NULL);
    interrupt_every_us(0);
    CU_ASSERT_EQUAL(mailbox_dropped(m), 0);
    CU_ASSERT_EQUAL(n, PRODUCERS * EACH);
    (void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
    (void)sigaction(SIGALRM, &before, NULL);
    (void)mailbox_free(m);
}

/* The same from an event loop: arm, sleep on the descriptor, take all there is. */
static void test_event_fd(void) {
    struct mailbox *m = mailbox_new(PRODUCERS * EACH + PRODUCERS);
    pthread_t threads[PRODUCERS];
    uint64_t seen[PRODUCERS] = {0};
    unsigned n = 0;
    int wrong = 0, stuck = 0;
    CU_ASSERT_EQUAL(mailbox_arm(m), 0);
    start(threads, m);
    while (n < PRODUCERS * EACH && !stuck) {
        struct wire_msg *msg = NULL;
        while (mailbox_get(m, 0, &msg) == C138_OK) {
            wrong += !is_next(seen, msg);
            n++;
        }
        if (n == PRODUCERS * EACH || mailbox_arm(m))
            continue;
        struct pollfd p = {.fd = mailbox_fd(m), .events = POLLIN};
        stuck = poll(&p, 1, 5000) != 1;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(stuck, 0);
    CU_ASSERT_EQUAL(n, PRODUCERS * EACH);
    join(threads);
    (void)mailbox_free(m);
}

const CU_TestInfo tests_mailbox[] = {{"order", test_order},     {"bound", test_bound},
                                     {"bundles", test_bundles}, {"deadline", test_deadline},
                                     {"room", test_room},       {"close", test_close},
                                     {"threads", test_threads}, {"event descriptor", test_event_fd},
                                     CU_TEST_INFO_NULL};
