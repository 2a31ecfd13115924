/*
 * The port of a worker process: a SOCK_STREAM socketpair. Frames that the sender marks with `more`
 * are collected and leave in one system call; reading takes in what there is, up to 64 KiB at once.
 */
#include <worker/port.h>

#include <base/mem.h>
#include <base/when.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define IN_SIZE (64u << 10)
#define OUT_SIZE (16u << 10)
#define SPIN_NS (100 * INT64_C(1000)) /* twice what waking a sleeper takes */
#define WARM_NS (200 * INT64_C(1000))
#define COLD_MAX 1024u

struct port_socket {
    struct port port;
    int fd, wake_fd;
    int may_spin, is_warm;
    unsigned cold, cold_next; /* waits without a look, after one in vain */
    pthread_mutex_t lock;     /* of what is sent */
    size_t out_length;
    size_t in_begin, in_end;
    struct wire_msg
        *partial; /* a frame larger than `in`, of which `partial_have` bytes are there */
    size_t partial_have;
    char out[OUT_SIZE];
    char in[IN_SIZE];
};

static struct port_socket *of(struct port *p) {
    return C138_CONTAINER(p, struct port_socket, port);
}

/* The descriptor may have been left non-blocking by whoever made it. */
static int wait_writable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, -1) > 0 || errno == EINTR;
}

static c138_status write_all(int fd, struct iovec *iov, size_t count) {
    while (count > 0) {
        if (iov->iov_len == 0) {
            iov++, count--;
            continue;
        }
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
        ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && wait_writable(fd))
            continue;
        if (n < 0)
            return C138_E_UNAVAILABLE;
        for (size_t left = (size_t)n; left > 0;) {
            size_t step = left < iov->iov_len ? left : iov->iov_len;
            iov->iov_base = (char *)iov->iov_base + step;
            iov->iov_len -= step;
            left -= step;
            if (iov->iov_len == 0 && left > 0)
                iov++, count--;
        }
    }
    return C138_OK;
}

static c138_status flush_locked(struct port_socket *s) {
    struct iovec iov = {.iov_base = s->out, .iov_len = s->out_length};
    s->out_length = 0;
    return write_all(s->fd, &iov, 1);
}

static c138_status send_locked(struct port_socket *s, const struct wire_head *head,
                               const void *payload, int more) {
    size_t size = sizeof *head + head->length;
    if (size > OUT_SIZE - s->out_length) {
        struct iovec iov[3] = {{.iov_base = s->out, .iov_len = s->out_length},
                               {.iov_base = (void *)(uintptr_t)head, .iov_len = sizeof *head},
                               {.iov_base = (void *)(uintptr_t)payload, .iov_len = head->length}};
        s->out_length = 0;
        return write_all(s->fd, iov, 3);
    }
    memcpy(s->out + s->out_length, head, sizeof *head);
    if (head->length)
        memcpy(s->out + s->out_length + sizeof *head, payload, head->length);
    s->out_length += size;
    return more ? C138_OK : flush_locked(s);
}

static c138_status socket_send(struct port *p, const struct wire_head *head, const void *payload,
                               int more) {
    struct port_socket *s = of(p);
    (void)pthread_mutex_lock(&s->lock);
    c138_status st = send_locked(s, head, payload, more);
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

static c138_status socket_flush(struct port *p) {
    struct port_socket *s = of(p);
    (void)pthread_mutex_lock(&s->lock);
    c138_status st = s->out_length ? flush_locked(s) : C138_OK;
    (void)pthread_mutex_unlock(&s->lock);
    return st;
}

/* A whole frame out of `in`, or the beginning of a large one into `partial`. C138_E_TIMEOUT: not
 * yet. */
static c138_status take_buffered(struct port_socket *s, struct wire_msg **ret_msg) {
    size_t have = s->in_end - s->in_begin;
    struct wire_head head;
    if (have < sizeof head)
        return C138_E_TIMEOUT;
    memcpy(&head, s->in + s->in_begin, sizeof head);
    if (wire_head_check(&head, NULL))
        return C138_E_INVALID;
    size_t whole = sizeof head + head.length;
    if (have < whole && whole <= IN_SIZE)
        return C138_E_TIMEOUT;
    size_t body = (have < whole ? have : whole) - sizeof head;
    struct wire_msg *msg = wire_msg_new(head.type, head.id, head.aux, NULL, head.length);
    msg->head = head;
    char *from = s->in + s->in_begin + sizeof head;
    memcpy(msg->payload, from, body);
    if (head.type == WIRE_HOSTREPLY) /* may hold a secret */
        c138_wipe(from, body);
    s->in_begin += sizeof head + body;
    if (s->in_begin == s->in_end)
        s->in_begin = s->in_end = 0;
    if (body == head.length) {
        *ret_msg = msg;
        return C138_OK;
    }
    s->partial = msg;
    s->partial_have = body;
    return C138_E_TIMEOUT;
}

static c138_status read_some(struct port_socket *s, void *into, size_t size, size_t *ret_got) {
    ssize_t n = recv(s->fd, into, size, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        n = 0;
    else if (n <= 0)
        return C138_E_UNAVAILABLE;
    *ret_got = (size_t)n;
    return C138_OK;
}

static c138_status read_partial(struct port_socket *s, struct wire_msg **ret_msg) {
    size_t got = 0, want = s->partial->head.length - s->partial_have;
    c138_status st = read_some(s, s->partial->payload + s->partial_have, want, &got);
    if (st)
        return st;
    s->partial_have += got;
    if (got < want)
        return C138_E_TIMEOUT;
    *ret_msg = C138_STEAL(s->partial);
    return C138_OK;
}

static c138_status read_buffer(struct port_socket *s, struct wire_msg **ret_msg) {
    if (s->in_begin > 0) {
        memmove(s->in, s->in + s->in_begin, s->in_end - s->in_begin);
        s->in_end -= s->in_begin;
        s->in_begin = 0;
    }
    size_t got = 0;
    c138_status st = read_some(s, s->in + s->in_end, IN_SIZE - s->in_end, &got);
    if (st)
        return st;
    s->in_end += got;
    return got ? take_buffered(s, ret_msg) : C138_E_TIMEOUT;
}

/* 1: the socket has something (or is closed); 0: the deadline passed or somebody woke us. */
static int wait_readable(struct port_socket *s, int64_t deadline_ns) {
    for (;;) {
        struct pollfd p[2] = {{.fd = s->fd, .events = POLLIN},
                              {.fd = s->wake_fd, .events = POLLIN}};
        struct timespec left = {0}, *timeout = NULL;
        if (deadline_ns != INT64_MAX) {
            int64_t ns = deadline_ns ? deadline_ns - c138_now_monotonic_ns() : 0;
            ns = ns < 0 ? 0 : ns;
            left = (struct timespec){.tv_sec = ns / C138_NS_PER_S, .tv_nsec = ns % C138_NS_PER_S};
            timeout = &left;
        }
        int n = ppoll(p, 2, timeout, NULL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0 && p[0].revents)
            return 1;
        eventfd_t seen;
        if (n > 0)
            (void)eventfd_read(s->wake_fd, &seen);
        return 0;
    }
}

/*
 * To sleep and be woken on another processor costs more than the rest of a call. Whoever got its
 * last frame soon after it began to wait therefore looks for the next one a moment longer before it
 * sleeps. One that waits long (a plugin with nothing to do) does not, a machine with one
 * processor never does, and one that is busy ever more rarely: there the look takes time away from
 * the very peer that it waits for.
 */
static c138_status read_warm(struct port_socket *s, int64_t since_ns, struct wire_msg **ret_msg) {
    c138_status st = C138_E_TIMEOUT;
    while (st == C138_E_TIMEOUT && c138_now_monotonic_ns() - since_ns < SPIN_NS)
        st = s->partial ? read_partial(s, ret_msg) : read_buffer(s, ret_msg);
    if (st != C138_E_TIMEOUT) {
        s->cold_next = 0;
        return st;
    }
    s->cold_next = s->cold_next ? 2 * s->cold_next : 8;
    s->cold_next = s->cold_next < COLD_MAX ? s->cold_next : COLD_MAX;
    s->cold = s->cold_next;
    return st;
}

static c138_status socket_recv(struct port *p, int64_t deadline_ns, struct wire_msg **ret_msg) {
    struct port_socket *s = of(p);
    if (!s->partial && s->in_end > s->in_begin) {
        c138_status st = take_buffered(s, ret_msg);
        if (st != C138_E_TIMEOUT)
            return st;
    }
    if (deadline_ns < 0)
        return C138_E_TIMEOUT;
    for (;;) {
        int64_t since = deadline_ns ? c138_now_monotonic_ns() : 0;
        c138_status st = C138_E_TIMEOUT;
        if (s->cold)
            s->cold--;
        else if (deadline_ns != 0 && s->is_warm)
            st = read_warm(s, since, ret_msg);
        if (st != C138_E_TIMEOUT)
            return st;
        if (deadline_ns != 0) {
            int readable = wait_readable(s, deadline_ns);
            s->is_warm = s->may_spin && c138_now_monotonic_ns() - since < WARM_NS;
            if (!readable)
                return C138_E_TIMEOUT;
        }
        st = s->partial ? read_partial(s, ret_msg) : read_buffer(s, ret_msg);
        if (st != C138_E_TIMEOUT || deadline_ns == 0)
            return st;
    }
}

static void socket_wake(struct port *p) {
    (void)eventfd_write(of(p)->wake_fd, 1);
}

static struct port *socket_free(struct port *p) {
    struct port_socket *s = of(p);
    (void)close(s->fd);
    (void)close(s->wake_fd);
    (void)wire_msg_free(s->partial);
    (void)pthread_mutex_destroy(&s->lock);
    c138_wipe(s->in, sizeof s->in);
    free(s);
    return NULL;
}

static const struct port_ops socket_ops = {
    .send = socket_send,
    .flush = socket_flush,
    .recv = socket_recv,
    .wake = socket_wake,
    .free = socket_free,
};

static int has_processors(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

struct port *port_socket_new(int fd) {
    struct port_socket *s = c138_xcalloc(1, sizeof *s);
    s->port.ops = &socket_ops;
    s->fd = fd;
    s->may_spin = has_processors();
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    (void)pthread_mutex_init(&s->lock, NULL);
    return &s->port;
}
