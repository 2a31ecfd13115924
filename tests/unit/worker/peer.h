/*
 * An agent for tests of the runtime: starts it in a thread over a socketpair or over a queue port
 * (the two ways in which plugins run), sends frames, and takes what comes back.
 */
#ifndef TESTS_UNIT_WORKER_PEER_H
#define TESTS_UNIT_WORKER_PEER_H
#include <base/json.h>
#include <pthread.h>
#include <sys/types.h>
#include <worker/runtime.h>

enum peer_way { PEER_SOCKET, PEER_QUEUE, PEER_WORKER };

struct peer {
    enum peer_way way;
    struct port *port;         /* our end of the socket */
    struct mailbox *to, *from; /* our ends of the queue */
    struct board *board;
    struct runtime_options options;
    pthread_t thread;
    pid_t pid;             /* the worker program */
    int exit_status;       /* of waitpid(), after the end */
    c138_status ended;     /* what runtime_run() gave; valid after peer_join() */
    struct wire_msg *kept; /* frames that peer_await() passed over */
    uint64_t published;    /* events that came straight to the bus (queue only) */
    uint64_t collected;    /* of these: not flushed since */
    uint64_t ever_collected;
};

/* The .so of tests/fault/plugins/NAME.c; opened. */
int peer_plugin_fd(const char *name);
/* Starts the runtime and sends WELCOME. `extra`: members put into it, or NULL. */
void peer_start(struct peer *p, enum peer_way way, const char *plugin, const char *extra);
void peer_send(struct peer *p, uint16_t type, uint64_t id, int32_t aux, const void *payload,
               size_t length);
void peer_send_text(struct peer *p, uint16_t type, uint64_t id, int32_t aux, const char *text);
void peer_event(struct peer *p, const char *topic, const char *json);
/* Next frame of this type (and id, unless 0) within 5 s; NULL: none. Others are kept for later. */
struct wire_msg *peer_await(struct peer *p, uint16_t type, uint64_t id);
/* To HELLO, then PREPARE with `settings`, COMMIT, START. 1: it runs. */
int peer_up(struct peer *p, enum peer_way way, const char *plugin, const char *settings);
/* CALL and its REPLY. The caller frees *ret_result. */
c138_status peer_call(struct peer *p, const char *action, const char *params,
                      struct c138_json **ret_result);
void peer_call_send(struct peer *p, uint64_t id, const char *action, const char *params);
/* STOP to BYE, then the end of the thread; gives what runtime_run() gave. */
c138_status peer_down(struct peer *p);
/* The agent goes away without a word. */
c138_status peer_vanish(struct peer *p);
#endif
