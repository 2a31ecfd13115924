/*
 * worker/link.h: the agent's end of the connection to one instance: a worker process behind a
 * socket, or a thread behind two mailboxes. Loop thread. Nothing here blocks.
 */
#ifndef CORE_WORKER_LINK_H
#define CORE_WORKER_LINK_H
#include <bus/bus.h>
#include <log/log.h>
#include <worker/wire.h>

#include <sys/types.h>

struct link;
struct link_env {
    struct event_base *base;
    struct bus *bus;          /* a thread publishes straight to it */
    const char *host_program; /* chain138-plugin-host */
    const char *plugin;       /* name, for ps and threads */
    int lock_fd;              /* held by every worker */
    uint32_t mailbox;         /* events that may wait */
    void *user;
    /* A frame arrived. The payload has a NUL behind it and is borrowed. */
    void (*frame)(void *user, const struct wire_head *head, char *payload);
    /* It is gone: "killed by signal 11 (Segmentation fault)", "exited with status 3", "garbage:
     * ...". Once, never from inside another function of this header. */
    void (*gone)(void *user, const char *reason);
    /* A line that the worker wrote to standard output or error. */
    void (*line)(void *user, const char *text);
    /* A thread of the agent published; the plugin's thread, or one of its long actions. Only the
     * former collects. */
    void (*published)(void *user, const struct wire_publish *p);
    /* What was collected leaves. The plugin's thread. */
    void (*flush)(void *user);
};

struct link_ops {
    void (*send)(struct link *, uint16_t type, uint64_t id, int32_t aux, const void *payload,
                 size_t length);
    /* 0, or C138_E_BUSY: dropped. A worker's is collected until the end of this turn of the loop; a
     * thread's may be called from any thread. */
    c138_status (*event)(struct link *, const struct bus_event *event, int32_t dropped_before);
    /* Threads only, any thread. As event(), for all of a bundle; gives how many were taken. */
    uint32_t (*bundle)(struct link *, struct bus_bundle *bundle, int32_t dropped_before);
    /* Threads only, any thread: the frame comes back to frame() on the loop, as if the plugin had
     * sent it. Takes over `m`. */
    void (*echo)(struct link *, struct wire_msg *m);
    void (*kill)(
        struct link *,
        const char *why); /* gone() follows; a thread cannot be killed: it is left behind */
    uint64_t (*memory_bytes)(struct link *);
    double (*cpu_s)(struct link *);
    struct link *(*free)(struct link *);
};
struct link {
    const struct link_ops *ops;
    struct board *board;
    pid_t pid;                /* 0: a thread */
    _Atomic uint64_t dropped; /* events that did not fit */
    _Atomic uint32_t waiting; /* events that wait in it */
};

/* Both take over plugin_fd, also when they fail. */
c138_status link_worker_new(const struct link_env *env, int plugin_fd, struct link **ret_link,
                            struct c138_err *err);
c138_status link_thread_new(const struct link_env *env, int plugin_fd, struct link **ret_link,
                            struct c138_err *err);
#endif
