/*
 * worker/runtime.h: runs one instance of a plugin at the plugin's end of a port: maps the .so,
 * describes it, gives it its host table, and turns frames into calls of its callbacks. Used by
 * chain138-plugin-host (a process of its own) and by a thread of the agent.
 *
 * Threads. runtime_run() is the actor: it reads frames and calls
 * prepare/commit/start/event/timer/run one at a time. Timers are its own (no frame). A long action
 * gets a thread. Whoever waits for a HOSTREPLY reads the port himself if nobody else does
 * (leader/followers): replies wake their waiter, everything else is queued for the actor; so a host
 * call from any thread works while the actor is busy, and c138_cancelled() sees a CANCEL that
 * arrives during a short action by reading without waiting. A short action's reply is sent from the
 * actor's thread: no hop between threads.
 */
#ifndef CORE_WORKER_RUNTIME_H
#define CORE_WORKER_RUNTIME_H
#include <base/json.h>
#include <chain138/host.h>
#include <worker/port.h>

struct runtime_options {
    struct port *port;   /* taken over */
    int plugin_fd;       /* the .so, checked and open; mapped through /proc/self/fd/N; taken over */
    struct board *board; /* borrowed */
    int in_agent;        /* a thread of the agent: REFUSE if the note says WORKER_ONLY */
    /* In-thread delivery: publish straight to the bus, on the plugin's thread. NULL: PUBLISH
     * frames. */
    void (*publish)(void *user, const struct wire_publish *p);
    void (*flush)(void *user); /* what was published with `collect` leaves; the actor only */
    void *user;
    /* After WELCOME, before the plugin is mapped; NULL in a thread. Fills the report of HELLO. */
    c138_status (*confine)(const struct c138_json *welcome, struct c138_json *report,
                           struct c138_err *err);
};
/* Until BYE was sent (0), the plugin was refused, or the agent is gone (C138_E_UNAVAILABLE). */
c138_status runtime_run(const struct runtime_options *options);
#endif
