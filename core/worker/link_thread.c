/*
 * A thread of the agent behind two mailboxes. It cannot be killed: one that hangs is left behind,
 * with all it owns.
 */
#include <base/mem.h>
#include <base/when.h>
#include <bus/handover.h>
#include <worker/link.h>
#include <worker/port.h>
#include <worker/runtime.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <urcu/urcu-bp.h>

/* In one turn of the loop, so that others have theirs: frames, and time. */
#define FRAMES_TURN 2000
#define TURN_NS (20 * C138_NS_PER_MS)

struct thread {
    struct link link;
    struct link_env env;
    struct mailbox *to_plugin, *to_agent;
    struct event *readable, *late, *again;
    pthread_t thread;
    int plugin_fd;
    _Atomic int refs; /* the loop and the thread: who leaves last frees */
    _Atomic int done;
    _Atomic int deaf; /* the loop is not interested any more */
    int told, left_behind;
};

static void unref(struct thread *t) {
    if (atomic_fetch_sub(&t->refs, 1) > 1)
        return;
    mailbox_free(t->to_plugin);
    mailbox_free(t->to_agent);
    free(t->link.board);
    free(t);
}

/* Inside, the owner is not gone yet: see be_deaf(). */
static int listen_begin(struct thread *t) {
    urcu_bp_read_lock();
    return !atomic_load(&t->deaf);
}

static void listen_end(struct thread *t) {
    HANDED_OVER(&t->deaf);
    urcu_bp_read_unlock();
}

/* When it returns the plugin's threads do not call the owner any more. */
static void be_deaf(struct thread *t) {
    if (atomic_exchange(&t->deaf, 1))
        return;
    urcu_bp_synchronize_rcu();
    TAKEN_OVER(&t->deaf);
}

static void on_publish(void *user, const struct wire_publish *p) {
    struct thread *t = user;
    if (listen_begin(t))
        t->env.published(t->env.user, p);
    listen_end(t);
}

static void on_flush(void *user) {
    struct thread *t = user;
    if (listen_begin(t))
        t->env.flush(t->env.user);
    listen_end(t);
}

static void *body(void *user) {
    struct thread *t = user;
    struct runtime_options options = {.port = port_queue_new(t->to_plugin, t->to_agent),
                                      .plugin_fd = t->plugin_fd,
                                      .board = t->link.board,
                                      .in_agent = 1,
                                      .publish = on_publish,
                                      .flush = on_flush,
                                      .user = t};
    (void)runtime_run(&options);
    atomic_store(&t->done, 1);
    mailbox_close(t->to_agent);
    unref(t);
    return NULL;
}

static void tell_gone(struct thread *t, const char *why) {
    if (t->told++)
        return;
    be_deaf(t);
    event_del(t->readable);
    event_del(t->late);
    event_del(t->again);
    t->env.gone(t->env.user, why);
}

static void on_readable(evutil_socket_t fd, short what, void *user) {
    static const struct timeval soon = {0};
    struct thread *t = user;
    (void)fd;
    (void)what;
    int64_t until = c138_now_monotonic_coarse_ns() + TURN_NS;
    for (int i = 0; i < FRAMES_TURN && !t->told && c138_now_monotonic_coarse_ns() < until;) {
        struct wire_msg *m = NULL;
        c138_status status = mailbox_get(t->to_agent, 0, &m);
        if (status == C138_E_UNAVAILABLE) {
            tell_gone(t, "its thread ended");
            return;
        }
        if (status < 0) {
            if (mailbox_arm(t->to_agent))
                continue;
            return;
        }
        i++;
        t->env.frame(t->env.user, &m->head, m->payload);
        wire_msg_free(m);
    }
    if (!t->told) /* by a timer: what is activated here runs again before anybody else */
        (void)evtimer_add(t->again, &soon);
}

static void thread_send(struct link *link, uint16_t type, uint64_t id, int32_t aux,
                        const void *payload, size_t length) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    (void)mailbox_put(t->to_plugin, wire_msg_new(type, id, aux, payload, length));
}

static c138_status thread_event(struct link *link, const struct bus_event *e,
                                int32_t dropped_before) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    size_t topic = strlen(e->topic) + 1, source = strlen(e->source) + 1;
    struct wire_msg *m = wire_msg_new(WIRE_EVENT, (uint64_t)e->time_ns, dropped_before, NULL,
                                      topic + source + e->json_length);
    memcpy(m->payload, e->topic, topic);
    memcpy(m->payload + topic, e->source, source);
    memcpy(m->payload + topic + source, e->json, e->json_length);
    c138_status status = mailbox_put(t->to_plugin, m);
    if (status == C138_E_BUSY)
        atomic_fetch_add(&link->dropped, 1);
    return status;
}

static uint32_t thread_bundle(struct link *link, struct bus_bundle *bundle,
                              int32_t dropped_before) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    uint32_t count = bus_bundle_count(bundle);
    uint32_t taken = mailbox_put_bundle(t->to_plugin, bundle, dropped_before);
    if (taken < count)
        atomic_fetch_add(&link->dropped, count - taken);
    return taken;
}

static void thread_echo(struct link *link, struct wire_msg *m) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    if (mailbox_put(t->to_agent, m) == C138_E_BUSY)
        atomic_fetch_add(&link->dropped, 1);
}

static void on_late(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    tell_gone(user, "left behind");
}

static void thread_kill(struct link *link, const char *why) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    const struct timeval now = {0};
    (void)why;
    be_deaf(t);
    t->left_behind = 1;
    mailbox_close(t->to_plugin);
    event_add(t->late, &now);
}

static uint64_t thread_memory(struct link *link) {
    (void)link;
    return 0; /* shares the agent's: not to be told apart */
}

static double thread_cpu(struct link *link) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    clockid_t clock;
    struct timespec ts;
    if (atomic_load(&t->done) || pthread_getcpuclockid(t->thread, &clock) != 0 ||
        clock_gettime(clock, &ts) < 0)
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct link *thread_free(struct link *link) {
    struct thread *t = C138_CONTAINER(link, struct thread, link);
    be_deaf(t);
    event_free(t->readable);
    event_free(t->late);
    event_free(t->again);
    mailbox_close(t->to_plugin);
    /* A moment for a thread that is about to end; one that hangs keeps its memory. */
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += t->left_behind ? 0 : 1;
    if (pthread_timedjoin_np(t->thread, NULL, &until) != 0)
        (void)pthread_detach(t->thread);
    unref(t);
    return NULL;
}

static const struct link_ops thread_ops = {.send = thread_send,
                                           .event = thread_event,
                                           .bundle = thread_bundle,
                                           .echo = thread_echo,
                                           .kill = thread_kill,
                                           .memory_bytes = thread_memory,
                                           .cpu_s = thread_cpu,
                                           .free = thread_free};

c138_status link_thread_new(const struct link_env *env, int plugin_fd, struct link **ret_link,
                            struct c138_err *err) {
    struct thread *t = c138_xcalloc(1, sizeof(*t));
    t->link.ops = &thread_ops;
    t->link.board = c138_xcalloc(1, sizeof(struct board));
    t->link.board->size = sizeof(struct board);
    t->env = *env;
    t->plugin_fd = plugin_fd;
    t->to_plugin = mailbox_new(env->mailbox);
    t->to_agent = mailbox_new(env->mailbox);
    t->readable =
        event_new(env->base, mailbox_fd(t->to_agent), EV_READ | EV_PERSIST, on_readable, t);
    t->late = evtimer_new(env->base, on_late, t);
    t->again = evtimer_new(env->base, on_readable, t);
    event_add(t->readable, NULL);
    if (mailbox_arm(t->to_agent))
        event_active(t->readable, EV_READ, 0);
    atomic_store(&t->refs, 2);
    int failed = pthread_create(&t->thread, NULL, body, t);
    if (failed) {
        event_free(t->readable);
        event_free(t->late);
        event_free(t->again);
        close(plugin_fd);
        atomic_store(&t->refs, 1);
        unref(t);
        return c138_error(err, C138_E_INTERNAL, NULL, "a thread for plugin %s cannot be made: %s",
                          env->plugin, strerror(failed));
    }
    char name[16];
    (void)snprintf(name, sizeof(name), "c138:%s", env->plugin);
    (void)pthread_setname_np(t->thread, name);
    *ret_link = &t->link;
    return C138_OK;
}
