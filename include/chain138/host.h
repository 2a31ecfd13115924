/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain138/host.h: what the agent offers to a plugin.
 *
 * The host table carries the least: logging, a clock, and get_extension(), by which a plugin asks
 * for services by id and revision, "chain138.kv/1". What this agent does not know, or its config
 * does not grant (`grants` in the plugin's section), is NULL: the plugin says what it cannot do,
 * and goes on. A table may grow at its end within a revision: C138_HAS().
 *
 * Threads. Everything here may be called from any thread of the plugin, from create() until
 * destroy() returned, but not from a child after fork(). Calls that wait say so.
 */
#ifndef CHAIN138_HOST_H
#define CHAIN138_HOST_H

#include <chain138/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct c138_host {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    void *ctx; /* the agent's own */
    const char *agent_version;
    const char *host_name; /* of this machine, as the agent uses it in ids and principals */
    const char *plugin;    /* the plugin's name */
    const char *state_dir; /* a folder of the plugin's own, 0700, kept over restarts */
    const void *(*get_extension)(const struct c138_host *, const char *id);
    void (*log)(const struct c138_host *, int32_t level, const char *text);
    int64_t (*now_ns)(const struct c138_host *, int32_t clock); /* C138_CLOCK_* */
} c138_host;

/* Where text comes back, it comes through a callback, called at most once, before the function
 * returns, on the same thread. */
typedef void (*c138_text_fn)(void *user, const char *text, uint64_t length);

/* "chain138.bus/1": publish a declared event. Never blocks on readers. What one callback publishes
 * within a few milliseconds may leave together: at the latest when the callback ends, when it asks
 * the agent for something else, or with an event that it publishes later. `cause` is the call during
 * which it happened, or NULL. C138_E_INVALID: not declared, or not one JSON object. C138_E_LIMIT:
 * over 64 KiB. The agent drops kept events beyond the plugin's rate (`keep_rate`), counts them, and
 * says so in "agent.plugin-flooding": publish() does not wait for that. */
#define C138_EXT_BUS "chain138.bus/1"
typedef struct c138_bus {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*publish)(const c138_host *, struct c138_call *cause, const char *topic,
                           const char *json);
} c138_bus;

/* "chain138.call/1": run another plugin's action with the rights of whoever started `cause`, and
 * wait. on_result gets the result object, or {"key","message"} of the failure. timeout_ns 0: the
 * action's own.
 *
 * What needs an approval gives C138_E_APPROVAL, unless `cause` is an approved run whose plan lists
 * it: a plan may have a member "calls", [{"action","params","plan"}, ...]. Who approves that plan
 * approves these calls too. One with the action and, as validated, the params of an element goes
 * through; the called action gets the element's "plan" as its own approved plan. plan() gives what
 * belongs there: the dry run of an action, which changes nothing (C138_E_UNSUPPORTED: it has none). */
#define C138_EXT_CALL "chain138.call/1"
typedef struct c138_caller {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*call)(const c138_host *, struct c138_call *cause, const char *action,
                        const char *params_json, int64_t timeout_ns, c138_text_fn on_result,
                        void *user);
    c138_status (*plan)(const c138_host *, struct c138_call *cause, const char *action,
                        const char *params_json, int64_t timeout_ns, c138_text_fn on_result,
                        void *user); /* C138_HAS() */
} c138_caller;

/* "chain138.kv/1": small durable state of this plugin, on disk when put() returns. Keys to 255
 * bytes, values to 1 MiB, 16 MiB in all (`kv_max`). Waits for the agent. C138_E_NOTFOUND from
 * get(). list() calls once with a JSON array of keys. */
#define C138_EXT_KV "chain138.kv/1"
typedef struct c138_kv {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*get)(const c138_host *, const char *key, c138_text_fn on_value, void *user);
    c138_status (*put)(const c138_host *, const char *key, const char *value, uint64_t length);
    c138_status (*remove)(const c138_host *, const char *key);
    c138_status (*list)(const c138_host *, const char *prefix, c138_text_fn on_keys, void *user);
} c138_kv;

/* "chain138.timer/1": timer(self, id) on the actor after delay_ns, then each period_ns (0: once).
 * Starting an id again replaces it. A period that passes while the actor is busy is not made up
 * for. */
#define C138_EXT_TIMER "chain138.timer/1"
typedef struct c138_timer {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*start)(const c138_host *, uint64_t id, int64_t delay_ns, int64_t period_ns);
    void (*cancel)(const c138_host *, uint64_t id);
} c138_timer;

/* "chain138.metrics/1": values of declared metrics. label_values: as many as the metric declares
 * labels, in that order, or NULL. A counter never falls. remove() takes a series away (a node that
 * is gone). At most 2,000 series a plugin. */
#define C138_EXT_METRICS "chain138.metrics/1"
typedef struct c138_metrics {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*set)(const c138_host *, const char *name, const char *const *label_values,
                       double value);
    c138_status (*add)(const c138_host *, const char *name, const char *const *label_values,
                       double delta);
    c138_status (*remove)(const c138_host *, const char *name, const char *const *label_values);
} c138_metrics;

/* "chain138.secret/1": what a secret reference of the plugin's own settings or of a running call's
 * parameters stands for. Others are denied. Wipe what you copy. Waits for the agent. */
#define C138_EXT_SECRET "chain138.secret/1"
typedef struct c138_secret {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*get)(const c138_host *, struct c138_call *cause, const char *reference,
                       c138_text_fn on_secret, void *user);
} c138_secret;

/* "chain138.process/1": runs a program named in `programs` of the plugin's section: absolute path,
 * no shell, closed environment (env: NULL-terminated "NAME=value", or NULL), standard input from
 * `input` (NULL: empty), killed at the deadline, on cancel, and when the plugin's process dies.
 * Output beyond output_max bytes ends it with C138_E_LIMIT. *ret_exit: exit status, or 128 +
 * signal. Waits. */
#define C138_EXT_PROCESS "chain138.process/1"
typedef struct c138_process {
    uint32_t struct_size;
    uint32_t reserved;
    c138_status (*run)(const c138_host *, struct c138_call *cause, const char *const *argv,
                       const char *const *env, const char *input, uint64_t input_length,
                       int64_t timeout_ns, uint64_t output_max, c138_text_fn on_stdout,
                       c138_text_fn on_stderr, void *user, int32_t *ret_exit);
    /* The same for a program that runs long, and whose output is wanted as it comes: `on_stdout` and
     * `on_stderr` (NULL: thrown away) get each piece, on this thread, without a bound of the whole.
     * `stop` (NULL: never) is asked at least ten times a second; not 0: the program is asked to end
     * (SIGTERM), ten seconds later it is killed, and the status is C138_OK. */
    c138_status (*watch)(const c138_host *, struct c138_call *cause, const char *const *argv,
                         const char *const *env, int64_t timeout_ns, c138_text_fn on_stdout,
                         c138_text_fn on_stderr, uint32_t (*stop)(void *user), void *user,
                         int32_t *ret_exit); /* C138_HAS() */
} c138_process;

/* --- Extensions of a plugin, asked for with c138_plugin.get_extension
 * --------------------------------------------------------- */

/* "chain138.health/1": one line on how the plugin is, shown by `chain138ctl plugins`. Called on the
 * actor. */
#define C138_EXT_HEALTH "chain138.health/1"
#define C138_HEALTH_OK 1u
#define C138_HEALTH_DEGRADED 2u
typedef struct c138_health {
    uint32_t struct_size;
    uint32_t reserved;
    uint32_t (*health)(void *self, c138_text_fn on_text, void *user); /* C138_HEALTH_* */
} c138_health;

/* "chain138.status/1": the plugin's part of `chain138ctl status`: writes rows with the call's
 * writer, as an action's result would:
 * {"items":[{"name","state":"ok|warning|critical|unknown","text"}]}. Called on the actor; must not
 * wait for a peer. */
#define C138_EXT_STATUS "chain138.status/1"
typedef struct c138_status_ext {
    uint32_t struct_size;
    uint32_t reserved;
    void (*status)(void *self, struct c138_call *out);
} c138_status_ext;

#ifdef __cplusplus
}
#endif
#endif
