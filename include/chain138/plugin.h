/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain138/plugin.h: what a plugin declares, and how the agent calls it.
 *
 * A plugin exports one symbol, `c138_plugin_entry`, a pure function that returns a constant
 * description: settings, actions, events, metrics, and a few callbacks. Everything is declared as
 * data, nothing is registered at run time, and nothing is written twice: from one `c138_action`
 * come the command line, its help and completion, HTTP, OpenAPI, validation, redaction and the
 * manual. Parameters arrive validated, with defaults filled in.
 *
 * Threads. One instance of a plugin is an actor: prepare, commit, start, event, timer, stop and the
 * `run` of ordinary actions are called one at a time, on one thread; they may block, and need no
 * locks among themselves. An action that is declared C138_ACTION_LONG runs on a thread of its own
 * beside them; what it shares with the rest it must lock. A callback that blocks past its limit (an
 * action's timeout; 10 s for the others, `callback_timeout` in the config) is named in the log, and
 * its worker is killed and restarted.
 *
 * Memory. Everything the entry returns is constant and lives as long as the process. Pointers that
 * the agent passes in are borrowed for the duration of the call. What a plugin passes to the agent
 * is copied before the call returns.
 */
#ifndef CHAIN138_PLUGIN_H
#define CHAIN138_PLUGIN_H

#include <chain138/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

struct c138_host; /* chain138/host.h */

/* --- Types: one system for settings, parameters, results and event fields
 * ------------------------------------------------ */

/* In JSON a value has the form given here. Text on a command line has the same form without quotes.
 */
#define C138_T_BOOL 1u     /* true, false */
#define C138_T_INT 2u      /* number, int64 */
#define C138_T_UINT 3u     /* number, uint64 */
#define C138_T_DECIMAL 4u  /* string, "12.50": digits, one point, kept exactly */
#define C138_T_STRING 5u   /* string, UTF-8 without control characters except tab and newline */
#define C138_T_ENUM 6u     /* string, one of `choices` */
#define C138_T_DURATION 7u /* string, "1h30m", "250ms"; units ns us ms s m h d w */
#define C138_T_SIZE 8u     /* string, "512MiB", "10GB" or a number of bytes */
#define C138_T_TIME 9u     /* string, RFC 3339 in UTC, "2026-11-23T03:00:00Z" */
#define C138_T_PATH 10u    /* string, absolute, without "..", no NUL */
#define C138_T_URL 11u     /* string, http:// or https://, with a host */
#define C138_T_CRON 12u    /* string, five fields: minute hour day month weekday */
#define C138_T_ADDRESS                                                                             \
    13u /* string, 0x and 40 hex digits; mixed case must be a right EIP-55 checksum; canonical     \
           form is EIP-55 */
#define C138_T_HASH32 14u /* string, 0x and 64 hex digits, lower case in canonical form */
#define C138_T_BYTES 15u  /* string, 0x and an even number of hex digits */
#define C138_T_WEI 16u    /* string, decimal digits, below 2^256; "1.5ether", "20gwei" on input */
#define C138_T_ENODE 17u  /* string, enode://<128 hex>@host:port[?discport=n] */
#define C138_T_BLOCK                                                                               \
    18u /* string, a number, 0x-number, or latest, earliest, pending, finalized, safe */
#define C138_T_SECRET                                                                              \
    19u /* string, a reference to a secret, never the secret: "file:/path", "cred:name",           \
           "env:NAME"; "prompt": typed at the control's terminal, handed over with the call */
#define C138_T_LIST 20u   /* array; `fields` holds exactly one field, the element */
#define C138_T_OBJECT 21u /* object; `fields` holds its members; without `fields` any object */

#define C138_FIELD_REQUIRED 1u
#define C138_FIELD_SENSITIVE                                                                       \
    2u /* replaced by "***" in logs, audit, jobs, events and every answer */
#define C138_FIELD_POSITIONAL                                                                      \
    4u /* on the command line also without its --name, in order of declaration */
#define C138_FIELD_HIDDEN 8u /* not in help and completion */
#define C138_FIELD_RESTART                                                                         \
    16u /* a setting whose change needs a new instance; without it commit() takes the change */
#define C138_FIELD_WRITABLE                                                                        \
    32u /* a PATH setting below which the plugin writes (PATH settings are readable by themselves) \
         */

typedef struct c138_field {
    uint32_t struct_size;
    uint32_t type;  /* C138_T_* */
    uint32_t flags; /* C138_FIELD_* */
    uint32_t reserved;
    const char *name;         /* [a-z][a-z0-9_]*; on the command line with '-' for '_' */
    const char *summary;      /* one line, no full stop */
    const char *unit;         /* "s", "bytes", "blocks", "wei"; NULL: none */
    const char *default_text; /* in the type's own text form; NULL: none */
    const char *min_text;     /* least value (numbers, durations, sizes) or least length (strings,
                                 lists); NULL: no bound */
    const char *max_text;
    const char *const *choices; /* C138_T_ENUM: NULL-terminated */
    const char *complete; /* values for completion: "file", "dir", or "ACTION#MEMBER": the MEMBER of
                             each row of a read */
    const struct c138_field *const *fields; /* LIST and OBJECT, NULL-terminated */
} c138_field;

/* --- Actions
 * -------------------------------------------------------------------------------------------------------------
 */

#define C138_EFFECT_READ 1u  /* changes nothing; no job is stored, nothing is audited */
#define C138_EFFECT_WRITE 2u /* changes this host or a node */
#define C138_EFFECT_CHAIN 3u /* sends a transaction */
#define C138_EFFECT_DANGEROUS                                                                      \
    4u /* hard or impossible to undo: plan, approval by somebody else, one run */

#define C138_ROLE_VIEWER 1u
#define C138_ROLE_OPERATOR 2u
#define C138_ROLE_CUSTODIAN 3u

#define C138_ACTION_IDEMPOTENT 1u /* may be run again after a crash that left its outcome unknown  \
                                   */
#define C138_ACTION_DRY_RUN 2u    /* understands call->dry_run; every DANGEROUS action must */
#define C138_ACTION_LONG 4u       /* runs on a thread of its own, beside the actor */

struct c138_call;

typedef struct c138_action {
    uint32_t struct_size;
    uint32_t effect;     /* C138_EFFECT_* */
    uint32_t role;       /* C138_ROLE_*, the least one that may call it */
    uint32_t flags;      /* C138_ACTION_* */
    const char *name;    /* [a-z][a-z0-9-]*, without the plugin's name */
    const char *summary; /* one line, no full stop */
    const char *help;    /* paragraphs for the manual; NULL: none */
    const char *example; /* arguments of one useful call, "--node validator-1"; NULL: none */
    const char *lock;    /* two jobs with one lock never run together; "{param}" is replaced by its
                            value; NULL: none */
    int64_t timeout_ns;  /* from start to end; 0: 30 s */
    const c138_field *const *params; /* NULL-terminated; NULL: none */
    const c138_field *const
        *results; /* members of the result object, for tables, manual and OpenAPI */
    /* Runs the action. Returns C138_OK after the result was written with c138_set_*, else a status,
     * with c138_fail(). */
    c138_status (*run)(void *self, struct c138_call *call);
} c138_action;

/* --- Events and metrics
 * -----------------------------------------------------------------------------------------------------
 */

#define C138_EVENT_KEEP                                                                            \
    1u /* stored in the event log (with a retention) and shown by `chain138ctl events` */
#define C138_EVENT_COALESCE 2u /* a reader that is behind needs the newest only */

#define C138_SEVERITY_INFO 1u
#define C138_SEVERITY_WARNING 2u
#define C138_SEVERITY_CRITICAL 3u

typedef struct c138_event {
    uint32_t struct_size;
    uint32_t flags;    /* C138_EVENT_* */
    uint32_t severity; /* C138_SEVERITY_* */
    uint32_t reserved;
    const char *topic; /* "<plugin>.<words>", lower case, dots and hyphens */
    const char *summary;
    const c138_field *const *fields; /* members of the event's JSON object */
} c138_event;

#define C138_METRIC_COUNTER 1u
#define C138_METRIC_GAUGE 2u

typedef struct c138_metric {
    uint32_t struct_size;
    uint32_t type;    /* C138_METRIC_* */
    const char *name; /* full Prometheus name, "chain138_<plugin>_..."; counters end in _total */
    const char *help;
    const char *const *labels; /* names, NULL-terminated; NULL: none */
} c138_metric;

/* An event that arrives. All pointers are borrowed for the call. */
typedef struct c138_event_in {
    uint32_t struct_size;
    uint32_t dropped; /* how many events for this plugin were dropped since the last one (its
                         mailbox was full) */
    const char *topic;
    const char *json;   /* one object */
    const char *source; /* the plugin that published it */
    int64_t time_ns;    /* UTC */
} c138_event_in;

/* --- A call
 * -----------------------------------------------------------------------------------------------------------------
 */

/*
 * One run of an action. The struct and all it points to live until run() returns. Functions take
 * the call itself; use the inline wrappers below. All may be called from the thread of run() only,
 * but `cancelled`, which any thread may ask.
 */
typedef struct c138_call {
    uint32_t struct_size;
    uint32_t dry_run;   /* 1: change nothing, write the plan as the result */
    void *ctx;          /* the agent's own */
    const char *job_id; /* ULID */
    const char *action; /* "besu.peer-add" */
    const char *
        principal; /* who asked: "unix:alice@host", "token:grafana@host", "schedule:nightly@host" */
    const char *params_json; /* one object: validated, canonical, defaults filled in */
    const char
        *plan_json; /* approved dangerous run: the plan exactly as it was approved; else NULL */
    int64_t deadline_ns; /* C138_CLOCK_MONOTONIC */

    /* Parameters. `path` is a member's name; members of objects and lists with dots: "nodes.0.url".
     * An absent one gives NULL or 0. */
    uint32_t (*has)(struct c138_call *, const char *path);
    const char *(*get_str)(struct c138_call *,
                           const char *path); /* text form of any type; valid until run() returns */
    int64_t (*get_int)(struct c138_call *,
                       const char *path); /* INT, BOOL; DURATION in ns; TIME in ns UTC */
    uint64_t (*get_uint)(struct c138_call *,
                         const char *path); /* UINT; SIZE in bytes; LIST: number of elements */

    /* The result: one object, written in order. key is NULL inside a list. */
    void (*set_str)(struct c138_call *, const char *key, const char *value); /* NULL writes null */
    void (*set_int)(struct c138_call *, const char *key, int64_t value);
    void (*set_uint)(struct c138_call *, const char *key, uint64_t value);
    void (*set_num)(struct c138_call *, const char *key, double value);
    void (*set_bool)(struct c138_call *, const char *key, uint32_t value);
    void (*set_json)(struct c138_call *, const char *key,
                     const char *json); /* one JSON value, checked */
    void (*open_object)(struct c138_call *, const char *key);
    void (*open_list)(struct c138_call *, const char *key);
    void (*close)(struct c138_call *);

    /* What a person sees while it runs. permille: 0..1000; 1001: unknown. */
    void (*progress)(struct c138_call *, uint32_t permille, const char *text);
    void (*log)(struct c138_call *, int32_t level, const char *text);
    uint32_t (*cancelled)(struct c138_call *); /* 1 after a cancel or past the deadline: stop at the
                                                  next safe point */
    /* Keeps the first failure of the call and returns `status`, so that `return c138_fail(...)`
     * reads well. `key` is a stable word for programs ("node.unreachable"); `text`: what failed, on
     * what, what to do about it. */
    c138_status (*fail)(struct c138_call *, c138_status status, const char *key, const char *text);
} c138_call;

#define c138_has(c, path) ((c)->has((c), (path)))
#define c138_str(c, path) ((c)->get_str((c), (path)))
#define c138_int(c, path) ((c)->get_int((c), (path)))
#define c138_uint(c, path) ((c)->get_uint((c), (path)))
#define c138_set_str(c, key, v) ((c)->set_str((c), (key), (v)))
#define c138_set_int(c, key, v) ((c)->set_int((c), (key), (v)))
#define c138_set_uint(c, key, v) ((c)->set_uint((c), (key), (v)))
#define c138_set_num(c, key, v) ((c)->set_num((c), (key), (v)))
#define c138_set_bool(c, key, v) ((c)->set_bool((c), (key), (v)))
#define c138_set_json(c, key, v) ((c)->set_json((c), (key), (v)))
#define c138_open_object(c, key) ((c)->open_object((c), (key)))
#define c138_open_list(c, key) ((c)->open_list((c), (key)))
#define c138_close(c) ((c)->close((c)))
#define c138_progress(c, permille, text) ((c)->progress((c), (permille), (text)))
#define c138_call_log(c, level, text) ((c)->log((c), (level), (text)))
#define c138_cancelled(c) ((c)->cancelled((c)))
#define c138_fail(c, status, key, text) ((c)->fail((c), (status), (key), (text)))

/* --- The plugin
 * -----------------------------------------------------------------------------------------------------------
 */

typedef struct c138_plugin {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    const char *name;    /* equal to the note's */
    const char *version; /* equal to the note's */
    const char *summary;
    const char *license; /* SPDX */
    const c138_field *const
        *settings; /* NULL-terminated; the section plugins.<name> of the config */
    const c138_action *const *actions;
    const c138_event *const *events; /* what it may publish: other topics are refused */
    const char *const *subscribes;   /* topics, may end in ".*"; "*" alone is everything */
    const c138_metric *const *metrics;

    /* Makes an instance. Cheap, no input or output. `host` lives until destroy() returned. */
    c138_status (*create)(const struct c138_host *host, void **ret_self);
    /*
     * New settings in two phases, at start and at a reload. prepare() checks and stages what
     * `settings` holds (read it with c138_str(), c138_uint(), ...; write nothing but c138_fail())
     * and changes nothing that runs. commit() takes what was staged (apply = 1) or throws it away
     * (apply = 0); it cannot fail. `settings` is borrowed for prepare() only.
     */
    c138_status (*prepare)(void *self, struct c138_call *settings);
    void (*commit)(void *self, uint32_t apply);
    /* After the first commit. Timers and subscriptions live from here on. NULL: nothing to do. */
    c138_status (*start)(void *self);
    void (*event)(void *self, const c138_event_in *event); /* NULL if subscribes is NULL */
    void (*timer)(void *self, uint64_t id);                /* NULL if it starts none */
    void (*stop)(
        void *self); /* leave things in order; long actions have ended. NULL: nothing to do */
    void (*destroy)(void *self); /* free the instance */
    /* Optional services of the plugin by id, "chain138.<name>/<revision>". NULL: none. Any thread.
     */
    const void *(*get_extension)(void *self, const char *id);
} c138_plugin;

/*
 * For tables that read like documents (C only: compound literals at file scope):
 *   static const c138_action ping = {C138_SIZED(c138_action), .name = "ping", ...,
 *       .params = C138_FIELDS(C138_FIELD(.name = "node", .type = C138_T_STRING, .summary = "...")),
 * .run = ping_run};
 */
#ifndef __cplusplus
#define C138_SIZED(type) .struct_size = sizeof(type)
#define C138_FIELD(...) (&(const c138_field){.struct_size = sizeof(c138_field), __VA_ARGS__})
#define C138_FIELDS(...) ((const c138_field *const[]){__VA_ARGS__, NULL})
#define C138_TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define C138_ACTION(...) (&(const c138_action){.struct_size = sizeof(c138_action), __VA_ARGS__})
#define C138_ACTIONS(...) ((const c138_action *const[]){__VA_ARGS__, NULL})
#define C138_EVENT(...) (&(const c138_event){.struct_size = sizeof(c138_event), __VA_ARGS__})
#define C138_EVENTS(...) ((const c138_event *const[]){__VA_ARGS__, NULL})
#define C138_METRIC(...) (&(const c138_metric){.struct_size = sizeof(c138_metric), __VA_ARGS__})
#define C138_METRICS(...) ((const c138_metric *const[]){__VA_ARGS__, NULL})
#endif

/* The one exported symbol. Pure: the same constant at every call, no side effect. */
#define C138_EXPORT __attribute__((visibility("default")))
C138_EXPORT const c138_plugin *c138_plugin_entry(void);

#ifdef __cplusplus
}
#endif
#endif
