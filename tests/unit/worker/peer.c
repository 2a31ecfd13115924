#include "peer.h"

#include <base/mem.h>
#include <base/when.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATIENCE_NS (5 * C138_NS_PER_S)

int peer_plugin_fd(const char *name) {
    C138_FREE char *path = c138_xasprintf(FAULT_PLUGIN_DIR "/%s.so", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        perror(path);
    return fd;
}

static void *run(void *user) {
    struct peer *p = user;
    p->ended = runtime_run(&p->options);
    return NULL;
}

static void count_publish(void *user, const struct wire_publish *publish) {
    struct peer *p = user;
    p->published++;
    p->collected += publish->collect != 0;
    p->ever_collected += publish->collect != 0;
}

/* Whoever held something back lets it go before it answers. */
static void count_flush(void *user) {
    struct peer *p = user;
    p->collected = 0;
}

static void make_ports(struct peer *p) {
    if (p->way == PEER_QUEUE) {
        p->to = mailbox_new(1000);
        p->from = mailbox_new(1000);
        p->options.port = port_queue_new(p->to, p->from);
        p->options.in_agent = 1;
        p->options.publish = count_publish;
        p->options.flush = count_flush;
        p->options.user = p;
        return;
    }
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    p->port = port_socket_new(pair[0]);
    p->options.port = port_socket_new(pair[1]);
}

/* The worker program, as the supervisor starts it. */
static void start_worker(struct peer *p, const char *plugin) {
    int pair[2], fds[4];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    p->port = port_socket_new(pair[0]);
    int board = memfd_create("board", MFD_CLOEXEC);
    if (ftruncate(board, sizeof *p->board) != 0)
        abort();
    p->board = mmap(NULL, sizeof *p->board, PROT_READ | PROT_WRITE, MAP_SHARED, board, 0);
    p->board->size = sizeof *p->board;
    int lock = open(PEER_STATE_DIR "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int from[4] = {pair[1], peer_plugin_fd(plugin), board, lock};
    char *const argv[] = {PEER_HOST_PROGRAM, (char *)(uintptr_t)plugin, NULL}, *const env[] = {
                                                                                   NULL};
    for (int i = 0; i < 4; i++) /* out of the way of 3 to 6 */
        fds[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 20);
    p->pid = fork();
    if (p->pid == 0) {
        for (int i = 0; i < 4; i++)
            if (dup2(fds[i], WORKER_FD_SOCKET + i) < 0)
                _exit(98);
        (void)execve(argv[0], argv, env);
        _exit(99);
    }
    for (int i = 0; i < 4; i++) {
        (void)close(from[i]);
        (void)close(fds[i]);
    }
}

static void start_thread(struct peer *p, const char *plugin) {
    p->board = c138_xcalloc(1, sizeof *p->board);
    p->board->size = sizeof *p->board;
    p->options.board = p->board;
    p->options.plugin_fd = peer_plugin_fd(plugin);
    make_ports(p);
    if (pthread_create(&p->thread, NULL, run, p) != 0)
        abort();
}

static void send_welcome(struct peer *p, const char *plugin, const char *extra) {
    C138_FREE char *text = c138_xasprintf(
        "{\"plugin\":\"%s\",\"version\":\"1\",\"agent_version\":\"9.9\",\"host_name\":\"here\","
        "\"state_dir\":\"%s\",\"grants\":[\"bus\",\"call\",\"kv\",\"timer\",\"metrics\",\"secret\","
        "\"process\"],\"programs\":[\"/bin/cat\",\"/bin/sleep\",\"/bin/sh\"]%s}",
        plugin, PEER_STATE_DIR, extra ? extra : "");
    peer_send_text(p, WIRE_WELCOME, 0, 0, text);
}

void peer_start(struct peer *p, enum peer_way way, const char *plugin, const char *extra) {
    *p = (struct peer){.way = way};
    (void)mkdir(PEER_STATE_DIR, 0700);
    if (way == PEER_WORKER)
        start_worker(p, plugin);
    else
        start_thread(p, plugin);
    send_welcome(p, plugin, extra);
}

void peer_send(struct peer *p, uint16_t type, uint64_t id, int32_t aux, const void *payload,
               size_t length) {
    struct wire_msg *m = wire_msg_new(type, id, aux, payload, length);
    if (p->way == PEER_QUEUE) {
        (void)mailbox_put(p->to, m);
        return;
    }
    (void)p->port->ops->send(p->port, &m->head, m->payload, 0);
    (void)wire_msg_free(m);
}

void peer_send_text(struct peer *p, uint16_t type, uint64_t id, int32_t aux, const char *text) {
    peer_send(p, type, id, aux, text, strlen(text));
}

void peer_event(struct peer *p, const char *topic, const char *json) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    (void)c138_buf_add(&b, topic, strlen(topic) + 1);
    (void)c138_buf_add(&b, "tests", 6);
    (void)c138_buf_adds(&b, json);
    peer_send(p, WIRE_EVENT, 12345, 0, b.data, b.length);
}

static int matches(const struct wire_msg *m, uint16_t type, uint64_t id) {
    return m->head.type == type && (id == 0 || m->head.id == id);
}

static struct wire_msg *take_kept(struct peer *p, uint16_t type, uint64_t id) {
    struct wire_msg *before = NULL;
    for (struct wire_msg *m = p->kept; m; before = m, m = m->link_[0]) {
        if (!matches(m, type, id))
            continue;
        if (before)
            before->link_[0] = m->link_[0];
        else
            p->kept = m->link_[0];
        return m;
    }
    return NULL;
}

static void keep(struct peer *p, struct wire_msg *m) {
    m->link_[0] = NULL;
    struct wire_msg *last = p->kept;
    while (last && last->link_[0])
        last = last->link_[0];
    if (last)
        last->link_[0] = m;
    else
        p->kept = m;
}

struct wire_msg *peer_await(struct peer *p, uint16_t type, uint64_t id) {
    struct wire_msg *m = take_kept(p, type, id);
    int64_t until = c138_now_monotonic_ns() + PATIENCE_NS;
    while (!m) {
        c138_status st = p->way == PEER_QUEUE ? mailbox_get(p->from, until, &m)
                                              : p->port->ops->recv(p->port, until, &m);
        if (st)
            return NULL;
        if (matches(m, type, id))
            break;
        keep(p, m);
        m = NULL;
    }
    return m;
}

/* Sends and takes the REPLY. */
static c138_status ask(struct peer *p, uint16_t type, uint64_t id, int32_t aux, const char *text) {
    peer_send_text(p, type, id, aux, text);
    struct wire_msg *m = peer_await(p, WIRE_REPLY, id);
    c138_status st = m ? m->head.aux : C138_E_TIMEOUT;
    (void)wire_msg_free(m);
    return st;
}

int peer_up(struct peer *p, enum peer_way way, const char *plugin, const char *settings) {
    peer_start(p, way, plugin, NULL);
    struct wire_msg *hello = peer_await(p, WIRE_HELLO, 0);
    if (!hello)
        return 0;
    (void)wire_msg_free(hello);
    return ask(p, WIRE_PREPARE, 1, 0, settings) == C138_OK &&
           ask(p, WIRE_COMMIT, 2, 1, "") == C138_OK && ask(p, WIRE_START, 3, 0, "") == C138_OK;
}

void peer_call_send(struct peer *p, uint64_t id, const char *action, const char *params) {
    C138_FREE char *text = c138_xasprintf(
        "{\"action\":\"%s\",\"job\":\"01JD0000000000000000000000\",\"principal\":\"unix:me@here\","
        "\"params\":%s,\"plan\":null,\"deadline_ns\":%lld,\"dry_run\":false}",
        action, params, (long long)(c138_now_monotonic_ns() + 2 * PATIENCE_NS));
    peer_send_text(p, WIRE_CALL, id, 0, text);
}

c138_status peer_call(struct peer *p, const char *action, const char *params,
                      struct c138_json **ret_result) {
    static _Atomic uint64_t last = 1000;
    uint64_t id = ++last;
    peer_call_send(p, id, action, params);
    struct wire_msg *m = peer_await(p, WIRE_REPLY, id);
    if (!m)
        return C138_E_TIMEOUT;
    c138_status st = m->head.aux;
    if (c138_json_parse(m->payload, m->head.length, ret_result, NULL) != C138_OK)
        st = C138_E_INTERNAL;
    (void)wire_msg_free(m);
    return st;
}

static c138_status join_worker(struct peer *p) {
    while (waitpid(p->pid, &p->exit_status, 0) < 0 && errno == EINTR)
        ;
    (void)munmap(p->board, sizeof *p->board);
    p->board = NULL;
    return WIFEXITED(p->exit_status) && WEXITSTATUS(p->exit_status) == 0 ? C138_OK
                                                                         : C138_E_UNAVAILABLE;
}

static c138_status join(struct peer *p) {
    if (p->pid)
        p->ended = join_worker(p);
    else
        (void)pthread_join(p->thread, NULL);
    while (p->kept) {
        struct wire_msg *m = p->kept;
        p->kept = m->link_[0];
        (void)wire_msg_free(m);
    }
    if (p->port)
        (void)p->port->ops->free(p->port);
    (void)mailbox_free(p->to);
    (void)mailbox_free(p->from);
    free(p->board);
    return p->ended;
}

c138_status peer_down(struct peer *p) {
    peer_send(p, WIRE_STOP, 0, 100, NULL, 0);
    (void)wire_msg_free(peer_await(p, WIRE_BYE, 0));
    return join(p);
}

c138_status peer_vanish(struct peer *p) {
    if (p->way == PEER_QUEUE)
        mailbox_close(p->to);
    else
        p->port = p->port->ops->free(p->port);
    return join(p);
}
