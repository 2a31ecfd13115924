/*
 * A worker process behind a socketpair. It inherits what worker/plugins.h names and nothing else,
 * dies with its agent, and is watched through a pidfd: so its end is known also when a child of it
 * keeps the socket open.
 */
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <chain138/plugin.h>
#include <worker/link.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_PIECE (16u << 10)
#define READ_TURN                                                                                  \
    (256u << 10) /* bytes of one worker in one turn of the loop: others want their turn */
#define OUT_MAX (64u << 20) /* bytes that may wait for a worker that does not read */
#define LINE_MAX_BYTES 1000
#define SPIN_NS                                                                                    \
    (40 * INT64_C(1000)) /* as long as a quick action and its way there and back take  \
                                      */
#define SPINS_MAX 16     /* in a row: then the others have their turn */
#define COLD_MAX 1024
#define EOF_MS 500 /* a process that ends closes its socket a little before */
#define COALESCED_MAX 256

/* The newest event of a coalesced topic, while the worker does not read. */
struct latest {
    char *topic;
    struct wire_msg *msg;
};

struct worker {
    struct link link;
    struct link_env env;
    int socket, pidfd, output;
    struct event *readable, *writable, *ended, *printed, *flush, *deaf;
    char *in; /* bytes not yet parsed */
    size_t in_length, in_room;
    struct c138_buf out;
    size_t out_sent;
    size_t out_secret; /* bytes at the beginning of `out` that may hold what is to be wiped */
    struct latest latest[COALESCED_MAX];
    size_t n_latest;
    char line[LINE_MAX_BYTES + 1];
    size_t line_length;
    char why[256]; /* what we killed it for */
    int flush_asked, closed;
    /* Looking for an answer before sleeping: see on_spin(). */
    struct event *spin;
    unsigned spins, cold, cold_next;
};

/* --- Out
 * ---------------------------------------------------------------------------------------------- */

static void wipe_sent(struct worker *w) {
    if (w->out_secret)
        c138_wipe(w->out.data, w->out_secret);
    w->out_secret = 0;
}

/* A buffer that grows leaves its old bytes behind: not while they may be a secret. */
static void make_room(struct worker *w, size_t more) {
    size_t length = w->out.length, held = w->out_secret, room = length + more + 1;
    if (!held || room <= w->out.capacity)
        return;
    char *data = c138_xmalloc(2 * room);
    memcpy(data, w->out.data, length);
    data[length] = '\0';
    wipe_sent(w);
    free(w->out.data);
    w->out.data = data;
    w->out.capacity = 2 * room;
    w->out_secret = held;
}

static void append(struct worker *w, const struct wire_head *head, const void *payload) {
    make_room(w, sizeof(*head) + head->length);
    c138_buf_add(&w->out, head, sizeof(*head));
    c138_buf_add(&w->out, payload, head->length);
    if (head->type == WIRE_HOSTREPLY || w->out_secret) /* may hold a secret */
        w->out_secret = w->out.length;
}

static void add_latest(struct worker *w) {
    for (size_t i = 0; i < w->n_latest; i++) {
        append(w, &w->latest[i].msg->head, w->latest[i].msg->payload);
        atomic_fetch_add(&w->link.waiting, 1);
        free(w->latest[i].topic);
        wire_msg_free(w->latest[i].msg);
    }
    w->n_latest = 0;
}

static void flush_out(struct worker *w) {
    while (!w->closed && (w->out_sent < w->out.length || w->n_latest)) {
        if (w->out_sent == w->out.length) {
            wipe_sent(w);
            c138_buf_reset(&w->out);
            w->out_sent = 0;
            add_latest(w);
        }
        ssize_t n = send(w->socket, w->out.data + w->out_sent, w->out.length - w->out_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno == EAGAIN)
                event_add(w->writable, NULL);
            return; /* anything else is seen by the reader or the pidfd */
        }
        w->out_sent += (size_t)n;
        if (w->out_sent < w->out.length) {
            /* Part of the waiting events went: count what is left by bytes. */
            uint64_t left = (uint64_t)atomic_load(&w->link.waiting) *
                            (w->out.length - w->out_sent) / w->out.length;
            atomic_store(&w->link.waiting, (uint32_t)left);
            memmove(w->out.data, w->out.data + w->out_sent, w->out.length - w->out_sent);
            w->out.length -= w->out_sent;
            w->out_sent = 0;
        }
    }
    wipe_sent(w);
    c138_buf_reset(&w->out);
    w->out_sent = 0;
    atomic_store(&w->link.waiting, 0);
    if (w->out.capacity > (1u << 20))
        c138_buf_deinit(&w->out);
}

static void on_writable(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    ((struct worker *)user)->flush_asked = 0;
    flush_out(user);
}

/* A call went out and is likely to be answered at once: looks for that before the loop sleeps. */
static void maybe_spin(struct worker *w) {
    if (w->cold)
        w->cold--;
    else if (w->spins < SPINS_MAX && w->spin && !event_pending(w->writable, EV_WRITE, NULL))
        event_active(w->spin, EV_READ, 0);
}

static void worker_send(struct link *link, uint16_t type, uint64_t id, int32_t aux,
                        const void *payload, size_t length) {
    struct worker *w = C138_CONTAINER(link, struct worker, link);
    const struct wire_head head = {
        .magic = WIRE_MAGIC, .length = (uint32_t)length, .type = type, .aux = aux, .id = id};
    if (w->closed || w->out.length > OUT_MAX)
        return; /* a worker that does not read is found by the watchdog */
    append(w, &head, payload);
    flush_out(w);
    if (type == WIRE_CALL)
        maybe_spin(w);
}

static struct wire_msg *event_msg(const struct bus_event *e, int32_t dropped) {
    size_t topic = strlen(e->topic) + 1, source = strlen(e->source) + 1;
    struct wire_msg *m = wire_msg_new(WIRE_EVENT, (uint64_t)e->time_ns, dropped, NULL,
                                      topic + source + e->json_length);
    memcpy(m->payload, e->topic, topic);
    memcpy(m->payload + topic, e->source, source);
    memcpy(m->payload + topic + source, e->json, e->json_length);
    return m;
}

static c138_status keep_latest(struct worker *w, const struct bus_event *e, int32_t dropped) {
    for (size_t i = 0; i < w->n_latest; i++)
        if (!strcmp(w->latest[i].topic, e->topic)) {
            wire_msg_free(w->latest[i].msg);
            w->latest[i].msg = event_msg(e, dropped);
            return C138_OK;
        }
    if (w->n_latest == COALESCED_MAX)
        return C138_E_BUSY;
    w->latest[w->n_latest++] = (struct latest){c138_xstrdup(e->topic), event_msg(e, dropped)};
    return C138_OK;
}

static c138_status worker_event(struct link *link, const struct bus_event *e,
                                int32_t dropped_before) {
    struct worker *w = C138_CONTAINER(link, struct worker, link);
    if (w->closed)
        return C138_E_UNAVAILABLE;
    int blocked = event_pending(w->writable, EV_WRITE, NULL);
    if (blocked && (e->flags & C138_EVENT_COALESCE))
        return keep_latest(w, e, dropped_before);
    if (atomic_load(&link->waiting) >= w->env.mailbox || w->out.length > OUT_MAX) {
        atomic_fetch_add(&link->dropped, 1);
        return C138_E_BUSY;
    }
    size_t topic = strlen(e->topic) + 1, source = strlen(e->source) + 1;
    const struct wire_head head = {.magic = WIRE_MAGIC,
                                   .length = (uint32_t)(topic + source + e->json_length),
                                   .type = WIRE_EVENT,
                                   .aux = dropped_before,
                                   .id = (uint64_t)e->time_ns};
    c138_buf_add(&w->out, &head, sizeof(head));
    c138_buf_add(&w->out, e->topic, topic);
    c138_buf_add(&w->out, e->source, source);
    c138_buf_add(&w->out, e->json, e->json_length);
    atomic_fetch_add(&link->waiting, 1);
    if (w->out.length > (64u << 10) && !blocked)
        flush_out(w);
    else if (!blocked && !w->flush_asked) {
        w->flush_asked = 1;
        event_active(w->flush, EV_WRITE, 0);
    }
    return C138_OK;
}

/* --- In
 * -------------------------------------------------------------------------------------------------
 */

static void kill_it(struct worker *w, const char *why) {
    if (!w->why[0])
        (void)snprintf(w->why, sizeof(w->why), "%s", why);
    event_del(w->readable);
    event_del(w->writable);
    w->closed = 1;
    (void)kill(-w->link.pid, SIGKILL); /* its group: children that it should not have */
    (void)syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
}

static void worker_kill(struct link *link, const char *why) {
    kill_it(C138_CONTAINER(link, struct worker, link), why);
}

/* Hands over all whole frames; what is left moves to the front. */
static void parse(struct worker *w) {
    size_t at = 0;
    while (!w->closed && w->in_length - at >= sizeof(struct wire_head)) {
        struct wire_head head;
        struct c138_err err = {0};
        memcpy(&head, w->in + at, sizeof(head));
        if (wire_head_check(&head, &err) < 0) {
            char why[200];
            (void)snprintf(why, sizeof(why), "garbage on its socket: %.160s", err.text);
            kill_it(w, why);
            return;
        }
        if (w->in_length - at - sizeof(head) < head.length)
            break;
        char *payload = w->in + at + sizeof(head);
        char kept =
            payload[head.length]; /* the next frame begins here, or there is room for a NUL */
        payload[head.length] = '\0';
        w->env.frame(w->env.user, &head, payload);
        payload[head.length] = kept;
        at += sizeof(head) + head.length;
    }
    if (at) {
        memmove(w->in, w->in + at, w->in_length - at);
        w->in_length -= at;
    }
}

/* One look at the socket: bytes that came in, 0: none now, negative: none ever. */
static ssize_t take_in(struct worker *w) {
    if (w->in_room - w->in_length < READ_PIECE + 1) {
        w->in_room = w->in_room ? w->in_room + w->in_room / 2 + READ_PIECE : READ_PIECE + 4096;
        w->in = c138_xrealloc(w->in, w->in_room);
    }
    ssize_t n = recv(w->socket, w->in + w->in_length, READ_PIECE, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0)
        return -1;
    w->in_length += (size_t)n;
    parse(w);
    return n;
}

static void on_readable(evutil_socket_t fd, short what, void *user) {
    static const struct timeval grace = {.tv_usec = EOF_MS * 1000};
    struct worker *w = user;
    ssize_t n = 1;
    (void)fd;
    (void)what;
    w->spins = 0;
    for (size_t turn = 0; n > 0 && turn < READ_TURN && !w->closed; turn += (size_t)n) {
        n = take_in(w);
        if (n < 0) {
            event_del(w->readable);
            event_add(w->deaf, &grace); /* its end comes through the pidfd, if it ends */
            break;
        }
        if (n < READ_PIECE)
            break;
    }
    if (!w->in_length && w->in_room > READ_PIECE + 4096) {
        free(w->in);
        w->in = NULL;
        w->in_room = 0;
    }
}

/* Still alive without its socket: nobody can talk to it any more. */
static void on_deaf(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    kill_it(user, "it closed its socket");
}

/*
 * To sleep and be woken costs more than a quick action itself. So after a call the loop looks for
 * the answer a moment longer. It is bounded, gives way to others after a few in a row, and is given
 * up for a while where it was in vain (a slow action, a busy machine).
 */
static void on_spin(evutil_socket_t fd, short what, void *user) {
    struct worker *w = user;
    int64_t until = c138_now_monotonic_ns() + SPIN_NS;
    (void)fd;
    (void)what;
    w->spins++;
    while (!w->closed && c138_now_monotonic_ns() < until) {
        ssize_t n = take_in(w);
        if (n > 0)
            w->cold_next = 0;
        if (n != 0)
            return;
    }
    w->cold_next = w->cold_next ? 2 * w->cold_next : 8;
    if (w->cold_next > COLD_MAX)
        w->cold_next = COLD_MAX;
    w->cold = w->cold_next;
}

static void end_line(struct worker *w) {
    w->line[w->line_length] = '\0';
    if (w->line_length)
        w->env.line(w->env.user, w->line);
    w->line_length = 0;
}

static void on_printed(evutil_socket_t fd, short what, void *user) {
    struct worker *w = user;
    char piece[4096];
    (void)what;
    ssize_t n = read(fd, piece, sizeof(piece));
    if (n <= 0) {
        if (n == 0)
            event_del(w->printed);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (piece[i] != '\n' && w->line_length < LINE_MAX_BYTES)
            w->line[w->line_length++] = piece[i];
        if (piece[i] == '\n' || w->line_length == LINE_MAX_BYTES)
            end_line(w);
    }
}

static void on_ended(evutil_socket_t fd, short what, void *user) {
    struct worker *w = user;
    char reason[400];
    siginfo_t info = {0};
    (void)fd;
    (void)what;
    if (waitid(P_PID, (id_t)w->link.pid, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
        return;
    event_del(w->ended);
    (void)kill(-w->link.pid, SIGKILL);  /* what it may have left behind */
    on_readable(w->socket, EV_READ, w); /* its last words */
    on_printed(w->output, EV_READ, w);
    end_line(w);
    int killed = info.si_code != CLD_EXITED;
    if (w->why[0])
        (void)snprintf(reason, sizeof(reason), "%s", w->why);
    else if (killed)
        (void)snprintf(reason, sizeof(reason), "killed by signal %d (%s)", info.si_status,
                       strsignal(info.si_status));
    else
        (void)snprintf(reason, sizeof(reason), "exited with status %d", info.si_status);
    w->closed = 1;
    event_del(w->readable);
    event_del(w->writable);
    event_del(w->deaf);
    w->env.gone(w->env.user, reason);
}

/* --- Numbers
 * --------------------------------------------------------------------------------------------- */

static uint64_t worker_memory(struct link *link) {
    char path[64];
    unsigned long long size = 0, resident = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)link->pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%llu %llu", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static double worker_cpu(struct link *link) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(link->pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- Start and end
 * ------------------------------------------------------------------------------------------ */

static struct link *worker_free(struct link *link) {
    struct worker *w = C138_CONTAINER(link, struct worker, link);
    if (w->pidfd >= 0 && link->pid) {
        siginfo_t info = {0};
        (void)syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
        (void)waitid(P_PID, (id_t)link->pid, &info, WEXITED);
    }
    struct event **events[] = {&w->readable, &w->writable, &w->ended, &w->printed,
                               &w->flush,    &w->deaf,     &w->spin};
    for (size_t i = 0; i < C138_COUNT(events); i++)
        if (*events[i])
            event_free(*events[i]);
    for (size_t i = 0; i < w->n_latest; i++) {
        free(w->latest[i].topic);
        wire_msg_free(w->latest[i].msg);
    }
    int fds[] = {w->socket, w->pidfd, w->output};
    for (size_t i = 0; i < C138_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (link->board)
        munmap(link->board, sizeof(struct board));
    wipe_sent(w);
    c138_buf_deinit(&w->out);
    free(w->in);
    free(w);
    return NULL;
}

static const struct link_ops worker_ops = {.send = worker_send,
                                           .event = worker_event,
                                           .kill = worker_kill,
                                           .memory_bytes = worker_memory,
                                           .cpu_s = worker_cpu,
                                           .free = worker_free};

/* In the child of vfork: only what is safe between it and exec. All source descriptors are above
 * 10, so that no dup2 hits one that is still needed. */
static void become_worker(const struct link_env *env, const int sources[7], char *const *argv) {
    /* The last: Debian's libcurl brings GnuTLS along for RTMP and LDAP; who uses it initialises it,
     * who does not is spared a megabyte of its start. */
    static char *const environment[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin",
                                        (char *)(uintptr_t) "LANG=C.UTF-8",
                                        (char *)(uintptr_t) "GNUTLS_NO_IMPLICIT_INIT=1", NULL};
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    for (int fd = 0; fd < 7; fd++)
        if (dup2(sources[fd], fd) < 0)
            _exit(127);
    (void)syscall(SYS_close_range, 7u, ~0u, 0u);
    execve(env->host_program, argv, environment);
    _exit(127);
}

/* A copy of `fd` above 10, closed at exec. */
static int high(int fd) {
    return fcntl(fd, F_DUPFD_CLOEXEC, 11);
}

static pid_t spawn(const struct link_env *env, int socket, int plugin_fd, int board, int output) {
    C138_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int given[7] = {null, output, output, socket, plugin_fd, board, env->lock_fd};
    int sources[7];
    int bad = 0;
    for (int i = 0; i < 7; i++)
        bad |= (sources[i] = high(given[i])) < 0;
    char *const argv[] = {(char *)(uintptr_t)env->host_program, (char *)(uintptr_t)env->plugin,
                          NULL};
    pid_t pid = bad ? -1 : vfork();
    if (pid == 0)
        become_worker(env, sources, argv);
    int e = errno;
    for (int i = 0; i < 7; i++)
        if (sources[i] >= 0)
            close(sources[i]);
    errno = e;
    return pid;
}

static c138_status open_channels(struct worker *w, int *ret_theirs, int *ret_board, int *ret_output,
                                 struct c138_err *err) {
    int pair[2], pipes[2];
    int size = 1 << 20;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "a socket for a worker cannot be made: %s",
                          strerror(errno));
    w->socket = pair[0];
    *ret_theirs = pair[1];
    (void)evutil_make_socket_nonblocking(w->socket);
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "a pipe for a worker cannot be made: %s",
                          strerror(errno));
    w->output = pipes[0];
    *ret_output = pipes[1];
    (void)evutil_make_socket_nonblocking(w->output);
    *ret_board = memfd_create("chain138-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*ret_board < 0 || ftruncate(*ret_board, sizeof(struct board)) < 0 ||
        fcntl(*ret_board, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL,
                          "shared memory for a worker cannot be made: %s", strerror(errno));
    void *map = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, *ret_board, 0);
    if (map == MAP_FAILED)
        return c138_error(err, C138_E_INTERNAL, NULL,
                          "shared memory for a worker cannot be mapped: %s", strerror(errno));
    w->link.board = map;
    w->link.board->size = sizeof(struct board);
    return C138_OK;
}

/* With one processor there is nobody to look out for while one looks. */
static int has_processors(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

static void watch(struct worker *w) {
    struct event_base *base = w->env.base;
    w->readable = event_new(base, w->socket, EV_READ | EV_PERSIST, on_readable, w);
    w->writable = event_new(base, w->socket, EV_WRITE, on_writable, w);
    w->ended = event_new(base, w->pidfd, EV_READ | EV_PERSIST, on_ended, w);
    w->printed = event_new(base, w->output, EV_READ | EV_PERSIST, on_printed, w);
    w->flush = event_new(base, -1, 0, on_writable, w);
    w->deaf = evtimer_new(base, on_deaf, w);
    w->spin = has_processors() ? event_new(base, -1, 0, on_spin, w) : NULL;
    event_add(w->readable, NULL);
    event_add(w->ended, NULL);
    event_add(w->printed, NULL);
}

c138_status link_worker_new(const struct link_env *env, int plugin_fd, struct link **ret_link,
                            struct c138_err *err) {
    struct worker *w = c138_xcalloc(1, sizeof(*w));
    C138_CLOSE int theirs = -1, board = -1, output = -1, plugin = plugin_fd;
    w->link.ops = &worker_ops;
    w->env = *env;
    w->socket = w->pidfd = w->output = -1;
    c138_status status = open_channels(w, &theirs, &board, &output, err);
    if (status >= 0) {
        pid_t pid = spawn(env, theirs, plugin, board, output);
        w->pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
        w->link.pid = pid > 0 ? pid : 0;
        if (w->pidfd < 0)
            status = c138_error(err, C138_E_INTERNAL, NULL, "%s cannot be started: %s",
                                env->host_program, strerror(errno));
    }
    if (status < 0) {
        worker_free(&w->link);
        return status;
    }
    (void)fcntl(w->pidfd, F_SETFD, FD_CLOEXEC);
    watch(w);
    *ret_link = &w->link;
    return C138_OK;
}
