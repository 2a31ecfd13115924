/*
 * worker/plugins.h: the supervisor: every plugin of this host, its instances, and calls into them.
 * Loop thread only, unless a comment says otherwise.
 *
 * A plugin is a row from the moment its file or its section in the config is seen. States:
 *
 *   refused      the file may not be loaded (reason)
 *   disabled     installed, not enabled here
 *   starting     instance up, not yet ready
 *   running
 *   degraded     running, its health extension says so
 *   stuck        a thread that hangs
 *   backoff      died; restarted at `next_start`
 *   draining     an old instance finishing
 *   quarantined  died too often (5 times in 10 min): until plugins_restart()
 *   stopped
 *
 * Restart and upgrade: a new instance is started from the file as it lies there now; when it runs,
 * new calls go to it and the old one is drained. If it fails to start, the old one stays, and the
 * row says why. Death: an exit, a signal, garbage on the wire, a hang (a callback over
 * callback_timeout, an action over its timeout + 2 s after its cancel), memory over memory_max. The
 * culprit (what the board said) and the cause are kept in the row, logged, and published as
 * agent.plugin-died; its calls end with C138_E_UNAVAILABLE, key "plugin.died". Back-off 0.2 s
 * doubling to 60 s, reset after 60 s of running. Workers inherit nothing but: 0,1,2 (null, a pipe
 * that is logged), 3 the socket, 4 the .so, 5 the board, 6 a lock file (flock, shared) that tells a
 * new agent that workers of a killed one are still dying.
 */
#ifndef CORE_WORKER_PLUGINS_H
#define CORE_WORKER_PLUGINS_H
#include <bus/bus.h>
#include <loader/catalog.h>
#include <log/log.h>
#include <metrics/metrics.h>

struct plugins;

/* How the config wants one plugin (from config/config.h). Texts are copied. */
struct plugin_config {
    const char *name;
    int enabled;
    int in_thread;             /* mode = "thread" */
    const char *settings_json; /* the plugin's own settings as given, for comparing old with new */
    /* Validates them against the declaration, once that is known (config_plugin_settings); errors
     * carry file and line. `user` is the config, which outlives the rows that were made from it. */
    c138_status (*settings)(void *user, const char *plugin, struct decl_field *const *declared,
                            struct c138_json **ret_settings, struct c138_err *err);
    void *user;
    const char *grants_json;     /* array of service names; NULL: all but "process" */
    const char *programs_json;   /* array of absolute paths; NULL: none */
    uint64_t memory_max;         /* bytes; 0: 256 MiB */
    int64_t callback_timeout_ns; /* 0: 10 s */
    uint32_t mailbox;            /* events waiting; 0: 4096 */
    double keep_rate;            /* kept events a second (burst of ten times that); 0: 100 */
    const char *file, *origin;   /* config file and "plugins.besu", for messages */
    uint32_t line;
};

struct plugins_call; /* one call in flight */

/* A service that a plugin asked for over its port and that the supervisor does not answer itself.
 */
struct plugins_hostcall {
    const char *plugin;
    const char *op;               /* "kv.get", "secret.get", "call" */
    const struct c138_json *args; /* borrowed */
    const void *body;
    size_t body_length;
    const char *job_id;                 /* of the causing call, or NULL */
    const struct c138_json *job_params; /* of the causing call (for secret references), or NULL */
    const struct c138_json *settings;   /* of the plugin */
    /* Answers, now or later, exactly once. Safe when the instance is gone by then. */
    void (*reply)(struct plugins_hostcall *, c138_status status, const void *bytes, size_t length);
};

struct plugins_env {
    struct event_base *base;
    struct bus *bus;
    struct log *log;
    struct metrics *metrics;
    struct catalog *catalog;        /* kept up to date with HELLO documents */
    const char *const *plugin_dirs; /* NULL-terminated */
    const char *host_program;       /* absolute path of chain138-plugin-host */
    const char *state_dir;          /* .../plugins/NAME below it is a plugin's own */
    const char *run_dir;            /* holds workers.lock */
    const char *host_name, *agent_version;
    void *user;
    void (*hostcall)(void *user, struct plugins_hostcall *call); /* valid until it was replied to */
    void (*progress)(void *user, const char *job_id, uint32_t permille, const char *text);
    void (*job_log)(void *user, const char *job_id, int32_t level, const char *text);
    void (*changed)(void *user, const char *plugin); /* a row changed its state */
    /* Trigger chain of a job, for events that it causes; NULL: none. */
    const char *(*job_chain)(void *user, const char *job_id);
};

c138_status plugins_new(const struct plugins_env *env, struct plugins **ret_plugins,
                        struct c138_err *err);
/* Kills what still runs. */
struct plugins *plugins_free(struct plugins *p);

/*
 * Brings the rows in line with `configs`: scans the folders, starts, stops, reconfigures. Two
 * phases over all plugins, asynchronous: first every changed one that runs gets validated settings
 * and prepare(), new ones are started as far as prepare(); if all agree, commit, else nothing
 * changes (all or nothing), and `err` of the callback names file, line and plugin. At the first
 * start (`initial`), one plugin that fails does not hold up the others: its row says why.
 */
void plugins_apply(struct plugins *p, const struct plugin_config *configs, size_t count,
                   int initial,
                   void (*done)(void *user, c138_status status, const struct c138_err *err),
                   void *user);

struct plugins_request {
    const struct decl_action *action;
    const char *job_id, *principal, *plan_json; /* plan_json NULL: none */
    const struct c138_json *params;             /* validated; referenced */
    int64_t deadline_ns;                        /* monotonic */
    int dry_run;
    /* Exactly once, never from inside plugins_call(). result: object, or {"key","message"};
     * borrowed. */
    void (*done)(void *user, c138_status status, const struct c138_json *result);
    void *user;
};
/* C138_E_UNAVAILABLE (not running; the text says the state and reason), C138_E_BUSY (256 calls
 * wait). */
c138_status plugins_call(struct plugins *p, const struct plugins_request *request,
                         struct plugins_call **ret_call, struct c138_err *err);
/* Does the plugin of this action run? C138_E_UNAVAILABLE as plugins_call() would say. */
c138_status plugins_ready(struct plugins *p, const char *action, struct c138_err *err);
void plugins_cancel(struct plugins *p,
                    struct plugins_call *call); /* asks; done comes all the same */

/* New instance from the file as it is now; lifts a quarantine. done: when it runs or failed. */
void plugins_restart(struct plugins *p, const char *name,
                     void (*done)(void *user, c138_status status, const struct c138_err *err),
                     void *user);
/* Stops all: drain until `grace_ns`, then kill. */
void plugins_stop(struct plugins *p, int64_t grace_ns, void (*done)(void *user), void *user);

/* [{"name","state","version","mode","pid","reason","culprit","stderr" (the end
 * of what the last one that died wrote),"restarts","since","next_start","memory_bytes",
 * "cpu_seconds","calls","mailbox","dropped","health","sandbox":{},"path","contract","summary"}] by
 * name. */
struct c138_json *plugins_describe(const struct plugins *p);
/* Rows of the status extension of all running plugins that have one; waits at most timeout_ns for
 * each. result: {"<plugin>": [{"name","state","text"}]} */
void plugins_status(struct plugins *p, int64_t timeout_ns,
                    void (*done)(void *user, struct c138_json *result), void *user);
/* What it counts, NULL-terminated: declared here once, for /metrics and for the reference. */
extern const c138_metric *const plugins_metrics[];
uint32_t plugins_starting(const struct plugins *p); /* how many are not yet running or failed */
#endif
