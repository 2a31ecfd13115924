/*
 * worker/instance_parts.h: what the files of an instance share. Nobody else includes it.
 *
 *   instance.c         life: config, start, frames, end, watchdog
 *   instance_hello.c   HELLO, settings, prepare, commit, start
 *   instance_calls.c   requests on their way, calls, host calls
 *   instance_events.c  events, both ways
 */
#ifndef CORE_WORKER_INSTANCE_PARTS_H
#define CORE_WORKER_INSTANCE_PARTS_H
#include <worker/instance.h>

#define START_NS (INT64_C(20) * C138_NS_PER_S)
#define CANCEL_AT_STOP_MS 4000

/* One request on its way: a call of an action, or one of ours. */
struct plugins_call {
    struct plugins_call *next;
    struct instance *instance;
    uint64_t id;
    uint16_t type;
    int64_t deadline_ns;
    int cancelled;
    uint32_t chained; /* 1: its job was started by a trigger */
    char job_id[32];
    char what[BOARD_TEXT];
    struct c138_json *params;
    void (*done)(void *user, c138_status status, const struct c138_json *result);
    instance_fn answered; /* of ours */
    void *user;
};

/* instance.c */
/* The start failed: told to the owner, and the instance is ended. */
void instance_refuse(struct instance *i, c138_status status, const struct c138_err *err);
/* STOP, once. */
void instance_send_stop(struct instance *i, int64_t cancel_ms);

/* instance_calls.c */
struct plugins_call *instance_request(struct instance *i, uint16_t type, int64_t timeout_ns);
struct plugins_call *instance_take(struct instance *i, uint64_t id); /* NULL: not known */
const struct plugins_call *instance_find(const struct instance *i, uint64_t id);
/* Tells whoever asked, and frees it. */
void instance_finish(struct instance *i, struct plugins_call *c, c138_status status,
                     const struct c138_json *result);
void instance_send_json(struct instance *i, uint16_t type, uint64_t id, int32_t aux,
                        const struct c138_json *v);
void instance_on_reply(struct instance *i, const struct wire_head *head, const char *payload);
void instance_on_hostcall(struct instance *i, const struct wire_head *head, const char *payload);

/* instance_hello.c */
void instance_on_hello(struct instance *i, const char *payload, size_t length);

/* instance_events.c */
/* Of its bus sink. Any thread, where it is a thread. */
void instance_on_event(void *user, const struct bus_event *event);
void instance_on_bundle(void *user, struct bus_bundle *bundle);
void instance_on_publish(struct instance *i, const struct wire_head *head, char *payload);
/* Of a plugin in a thread: see link_env. */
void instance_on_thread_publish(void *user, const struct wire_publish *p);
void instance_on_thread_flush(void *user);
#endif
