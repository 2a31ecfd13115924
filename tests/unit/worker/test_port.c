#include "unit.h"

#include <base/mem.h>
#include <base/when.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <worker/port.h>

static void pair_of_ports(struct port **a, int *raw) {
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    *a = port_socket_new(fds[0]);
    *raw = fds[1];
}

static c138_status send_text(struct port *p, uint64_t id, const char *text, size_t length,
                             int more) {
    struct wire_head h = {
        .magic = WIRE_MAGIC, .type = WIRE_LOG, .id = id, .length = (uint32_t)length};
    return p->ops->send(p, &h, text, more);
}

static ssize_t arrived(int fd) {
    char bytes[65536];
    return recv(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK);
}

static void test_collect(void) {
    struct port *p;
    int raw;
    pair_of_ports(&p, &raw);
    CU_ASSERT_EQUAL(send_text(p, 1, "abc", 3, 1), C138_OK);
    CU_ASSERT_EQUAL(arrived(raw), -1);
    CU_ASSERT_EQUAL(p->ops->flush(p), C138_OK);
    CU_ASSERT_EQUAL(arrived(raw), 27);
    CU_ASSERT_EQUAL(send_text(p, 2, "abc", 3, 1), C138_OK);
    CU_ASSERT_EQUAL(send_text(p, 3, "abc", 3, 0), C138_OK);
    CU_ASSERT_EQUAL(arrived(raw), 81);
    /* It does not hold back more than 16 KiB. */
    char large[1000];
    memset(large, 'x', sizeof large);
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(send_text(p, 4, large, sizeof large, 1), C138_OK);
    CU_ASSERT(arrived(raw) >= 81 + 16 * 1024);
    (void)p->ops->free(p);
    (void)close(raw);
}

/* Byte by byte, as the kernel may. */
static void test_pieces(void) {
    struct port *p;
    int raw;
    pair_of_ports(&p, &raw);
    struct wire_msg *out = wire_msg_new(WIRE_CALL, 9, 4, "payload", 7), *in = NULL;
    const char *bytes = (const char *)&out->head;
    for (size_t i = 0; i < sizeof out->head + 7; i++) {
        CU_ASSERT_EQUAL(p->ops->recv(p, 0, &in), C138_E_TIMEOUT);
        CU_ASSERT_EQUAL(write(raw, bytes + i, 1), 1);
    }
    CU_ASSERT_EQUAL_FATAL(p->ops->recv(p, 0, &in), C138_OK);
    CU_ASSERT_EQUAL(in->head.id, 9);
    CU_ASSERT_STRING_EQUAL(in->payload, "payload");
    (void)wire_msg_free(in);
    (void)wire_msg_free(out);
    (void)p->ops->free(p);
    (void)close(raw);
}

struct sender {
    struct port *port;
    char *text;
    size_t length;
};

static void *send_thread(void *user) {
    struct sender *s = user;
    for (uint64_t i = 0; i < 5; i++)
        (void)send_text(s->port, i, s->text, s->length, 0);
    return NULL;
}

/* Frames larger than every buffer, through a descriptor that does not block. */
static void test_large(void) {
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    struct port *a = port_socket_new(fds[0]), *b = port_socket_new(fds[1]);
    struct sender s = {.port = a, .length = 3 << 20};
    s.text = c138_xmalloc(s.length);
    for (size_t i = 0; i < s.length; i++)
        s.text[i] = (char)(i * 7 + i / 1000);
    pthread_t thread;
    (void)pthread_create(&thread, NULL, send_thread, &s);
    for (uint64_t i = 0; i < 5; i++) {
        struct wire_msg *m = NULL;
        CU_ASSERT_EQUAL_FATAL(b->ops->recv(b, c138_now_monotonic_ns() + 5 * C138_NS_PER_S, &m),
                              C138_OK);
        CU_ASSERT_EQUAL(m->head.id, i);
        CU_ASSERT(m->head.length == s.length && memcmp(m->payload, s.text, s.length) == 0);
        (void)wire_msg_free(m);
    }
    (void)pthread_join(thread, NULL);
    free(s.text);
    (void)a->ops->free(a);
    (void)b->ops->free(b);
}

static void test_garbage(void) {
    struct port *p;
    int raw;
    struct wire_msg *m = NULL;
    pair_of_ports(&p, &raw);
    CU_ASSERT_EQUAL(write(raw, "this is no frame of anybody's", 29), 29);
    CU_ASSERT_EQUAL(p->ops->recv(p, INT64_MAX, &m), C138_E_INVALID);
    (void)p->ops->free(p);
    (void)close(raw);
}

static void test_gone(void) {
    struct port *p;
    int raw;
    struct wire_msg *m = NULL;
    pair_of_ports(&p, &raw);
    (void)close(raw);
    CU_ASSERT_EQUAL(p->ops->recv(p, INT64_MAX, &m), C138_E_UNAVAILABLE);
    CU_ASSERT_EQUAL(send_text(p, 1, "x", 1, 0), C138_E_UNAVAILABLE);
    (void)p->ops->free(p);
}

static void *wake_thread(void *user) {
    struct port *p = user;
    p->ops->wake(p);
    return NULL;
}

static void wakes(struct port *p) {
    pthread_t thread;
    struct wire_msg *m = NULL;
    (void)pthread_create(&thread, NULL, wake_thread, p);
    CU_ASSERT_EQUAL(p->ops->recv(p, INT64_MAX, &m), C138_E_TIMEOUT);
    (void)pthread_join(thread, NULL);
    int64_t until = c138_now_monotonic_ns() + 5 * C138_NS_PER_MS;
    CU_ASSERT_EQUAL(p->ops->recv(p, until, &m), C138_E_TIMEOUT);
    CU_ASSERT(c138_now_monotonic_ns() >= until);
}

static void test_wake(void) {
    struct port *p;
    int raw;
    pair_of_ports(&p, &raw);
    wakes(p);
    (void)p->ops->free(p);
    (void)close(raw);
    struct mailbox *in = mailbox_new(1), *out = mailbox_new(1);
    p = port_queue_new(in, out);
    wakes(p);
    (void)p->ops->free(p);
    (void)mailbox_free(in);
    (void)mailbox_free(out);
}

const CU_TestInfo tests_port[] = {
    {"collects", test_collect}, {"pieces", test_pieces}, {"large frames", test_large},
    {"garbage", test_garbage},  {"gone", test_gone},     {"wake", test_wake},
    CU_TEST_INFO_NULL};
