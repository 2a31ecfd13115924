/*
 * worker/runtime_parts.h: what the files of the runtime share. Nobody else includes it.
 *
 *   runtime.c          loads the plugin; the actor's loop: frames into callbacks
 *   runtime_mail.c     who reads the port, host calls and their answers, cancels
 *   runtime_call.c     a call: parameters, progress, failure, the threads of long ones
 *   runtime_result.c   the writer of a call's result
 *   runtime_host.c     the host table and the small extensions: bus, call, kv, secret
 *   runtime_timer.c    timers          runtime_metrics.c  metrics       runtime_process.c  programs
 */
#ifndef CORE_WORKER_RUNTIME_PARTS_H
#define CORE_WORKER_RUNTIME_PARTS_H
#include <base/json.h>
#include <base/mem.h>
#include <base/when.h>
#include <pthread.h>
#include <schema/decl.h>
#include <stdio.h>
#include <string.h>
#include <worker/runtime.h>

#define RT_RESULT_MAX (8u << 20)
#define RT_TEXT_MAX 8192u /* of a log line, a message, a progress text */
#define RT_EVENT_CACHE 64u
#define RT_INBOX_EVENTS 8192u
#define RT_BATCH 64u
#define RT_TIMERS_MAX 1024u
#define RT_SERIES_MAX 2000u

/* --- The result's writer: one object, in order, into a bounded buffer. ------------------------ */

struct result_level {
    int is_list, has_members;
    uint64_t *names; /* hashes of the member names so far: a name must not come twice */
    size_t n_names, room;
};
struct result {
    struct c138_buf out;
    unsigned depth;      /* of the innermost open container; 0: the result object itself */
    struct c138_err err; /* first misuse */
    struct result_level levels[C138_JSON_DEPTH];
};
void result_open(struct result *r); /* begins anew, keeps memory */
void result_deinit(struct result *r);
c138_status result_finish(struct result *r); /* r->err says what was wrong */
void result_bind(c138_call *api); /* sets the set_* functions, which find the result of: */
struct result *call_result(c138_call *api); /* NULL: nothing may be written (settings) */

/* --- A call ----------------------------------------------------------------------------------- */

struct rt;
struct rt_text; /* memory that lives as long as the call */
struct rt_call {
    c138_call api;
    struct rt *rt;
    uint64_t id;
    const struct decl_action *action; /* NULL: settings */
    struct decl_field *const *fields;
    c138_status (*run)(void *self, c138_call *call);
    _Atomic int cancelled;
    int settings;
    unsigned slot; /* on the board */
    pthread_t thread;
    struct c138_json *params; /* parsed when first asked for */
    struct rt_text *texts;
    struct result result;
    struct c138_err failure; /* key and the text's beginning; text in full below */
    char *failure_text;
    int64_t looked_ns; /* when cancelled() last read the port */
    struct rt_call *next;
};

/* --- The instance ------------------------------------------------------------------------------
 */

struct rt_wait { /* somebody waits for a HOSTREPLY */
    uint64_t id;
    struct wire_msg *reply;
    struct rt_wait *next;
};
struct rt_timer {
    uint64_t id;
    int64_t due_ns, period_ns;
};
struct rt_metrics;

struct rt {
    const struct runtime_options *options;
    struct port *port;
    struct board *board;
    c138_note note;
    struct c138_json *welcome; /* the host table's texts live in it */
    c138_host host;
    const c138_plugin *plugin;
    void *self;
    struct decl_plugin *decl;
    pthread_t actor;
    int created, started, stopping;
    int in_callback;                     /* the actor's own: publishes may be collected */
    int collected;                       /* the actor's own: published events are held back */
    int64_t published_ns;                /* the actor's own: when it last published, by the tick */
    struct wire_msg *batch, *batch_last; /* the actor's own: events that it read ahead */
    struct wire_msg *bundle;             /* the actor's own: one that it is at */
    struct rt_call *short_call;          /* the actor's own, used again and again */
    _Atomic(const struct decl_event *) events[RT_EVENT_CACHE];

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    int reading;                         /* a thread is inside port recv */
    unsigned waiting;                    /* threads on `changed` */
    c138_status gone;                    /* the agent is gone, or talks garbage */
    int kicked;                          /* the actor is to look at its timers again */
    struct wire_msg *inbox, *inbox_last; /* frames for the actor that another thread read */
    uint32_t inbox_events, dropped;
    uint64_t handed_id; /* of a CALL on its way from the inbox to `calls` */
    int handed_cancelled;
    struct rt_wait *waits;
    struct rt_call *calls; /* running */
    unsigned n_long;
    uint32_t slots; /* bits of the board's slots in use */
    uint64_t last_id;
    struct rt_timer *timers;
    size_t n_timers, timers_room;
    struct rt_metrics *metrics;
};

static inline struct rt *rt_of(const c138_host *host) {
    return host->ctx;
}
static inline int rt_on_actor(const struct rt *rt) {
    return pthread_equal(rt->actor, pthread_self());
}

/* The board. `what` and `name` are joined by a space. */
void rt_board_enter(struct rt *rt, unsigned slot, uint64_t call_id, const char *what,
                    const char *name);
void rt_board_leave(struct rt *rt, unsigned slot);

/* runtime_mail.c */
c138_status rt_send(struct rt *rt, uint16_t type, uint16_t flags, int32_t aux, uint64_t id,
                    const void *payload, size_t length, int more);
void rt_reply(struct rt *rt, uint64_t id, c138_status status, const char *json, size_t length);
void rt_reply_error(struct rt *rt, uint64_t id, c138_status status, const char *key,
                    const char *text);
/* The actor: what it published leaves now. */
void rt_flush(struct rt *rt);
/* The actor: next frame that is for it. */
c138_status rt_next(struct rt *rt, int64_t deadline_ns, struct wire_msg **ret_msg);
/* The actor: an event that was read ahead, or NULL. Takes no lock. */
struct wire_msg *rt_next_ahead(struct rt *rt);
/* Reads what is there without waiting, if nobody else reads. */
void rt_glance(struct rt *rt);
/* Lets the actor look at its timers and calls anew. */
void rt_kick(struct rt *rt);
/* Sends `json` NUL body, waits for the answer (the caller frees it). `call`: may end the wait early
 * by its cancel or deadline; NULL: nothing but the agent's end does. */
c138_status rt_hostcall(struct rt *rt, const char *json, size_t json_length, const void *body,
                        size_t body_length, struct rt_call *call, uint64_t id,
                        struct wire_msg **ret_reply);
uint64_t rt_new_id(struct rt *rt);

/* runtime_call.c */
struct rt_call *rt_call_new(struct rt *rt);
struct rt_call *rt_call_free(struct rt_call *c);
/* Takes the frame apart and runs it, here or on a thread of its own. */
void rt_call_frame(struct rt *rt, const struct wire_msg *msg);
/* Runs prepare() with the settings in msg. */
void rt_prepare_frame(struct rt *rt, const struct wire_msg *msg);
void rt_status_frame(struct rt *rt, const struct wire_msg *msg);
int rt_call_over(struct rt_call *c); /* cancelled or past its deadline */
static inline struct rt_call *rt_call_of(c138_call *api) {
    return api ? api->ctx : NULL;
}

/* runtime_host.c */
void rt_host_init(struct rt *rt);

/* runtime_timer.c */
extern const c138_timer rt_timer_table;
/* The actor: takes one that is due. 0: none, and *ret_next_ns says when (INT64_MAX: never). */
int rt_timer_take(struct rt *rt, uint64_t *ret_id, int64_t *ret_next_ns);

/* runtime_metrics.c */
extern const c138_metrics rt_metrics_table;
struct rt_metrics *rt_metrics_new(void);
struct rt_metrics *rt_metrics_free(struct rt_metrics *m);
/* Sends what changed; `more` as with the port. Any thread. */
void rt_metrics_flush(struct rt *rt, int more);
int64_t rt_metrics_due(struct rt *rt); /* when to flush; INT64_MAX: nothing changed */

/* runtime_process.c */
extern const c138_process rt_process_table;
#endif
