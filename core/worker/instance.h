/*
 * worker/instance.h: one running instance of a plugin: its start up to `prepared`, its calls in
 * flight, its events, its end. Loop thread. What becomes of a plugin whose instance died is decided
 * in plugins.c.
 */
#ifndef CORE_WORKER_INSTANCE_H
#define CORE_WORKER_INSTANCE_H
#include <worker/link.h>
#include <worker/plugins.h>

#define CALLS_METRIC "chain138_agent_plugin_calls_total" /* by plugin and outcome */

enum instance_state {
    INSTANCE_STARTING,
    INSTANCE_PREPARED,
    INSTANCE_RUNNING,
    INSTANCE_DRAINING,
    INSTANCE_GONE
};

struct instance;
typedef void (*instance_fn)(void *user, struct instance *i, c138_status status,
                            const struct c138_err *err);

/* What the plugin's owner is told. Never from inside a function of this header. */
struct instance_events {
    void *user;
    instance_fn prepared; /* once: PREPARED, or it could not start (gone follows) */
    void (*gone)(void *user, struct instance *i, const char *reason, const char *culprit);
};

/* A plugin's config, owned by its row and shared with its instances. */
struct plugin_want {
    char *name, *settings_json, *grants_json, *programs_json, *file, *origin;
    int enabled, in_thread;
    uint64_t memory_max;
    int64_t callback_timeout_ns;
    uint32_t mailbox, line;
    double keep_rate;
    c138_status (*settings)(void *user, const char *plugin, struct decl_field *const *declared,
                            struct c138_json **ret_settings, struct c138_err *err);
    void *user;
};

struct instance {
    unsigned refs;
    const struct plugins_env *env;
    struct plugin_want want; /* a copy: outlives a reload */
    struct instance_events events;
    enum instance_state state;
    struct link *link;
    const struct decl_plugin *decl; /* of the catalog's; NULL before HELLO */
    struct decl_plugin *decl_new;   /* not yet put into the catalog */
    struct c138_json *settings, *sandbox;
    struct c138_json *read, *write; /* paths granted in WELCOME */
    char *path, version[24];
    uint32_t note_flags;
    struct plugins_call *calls;
    uint32_t n_calls;
    uint64_t next_id, calls_done;
    _Atomic uint32_t chained; /* calls in flight whose job a trigger started */
    const struct decl_event *last_event;
    struct bus_bundle
        *open; /* of the plugin's thread: what it publishes, until it is handed over */
    struct bus_sink *sink;
    _Atomic uint64_t drops_told;
    int64_t started_ns, stop_by_ns;
    double keep_tokens;
    int64_t keep_at_ns;
    uint64_t keep_dropped, keep_told;
    int64_t keep_told_ns;
    int stop_sent;
    int again_with_paths; /* it was ended because its settings name paths that WELCOME did not grant
                           */
    uint32_t health;
    char health_text[256];
    char tail[2048]; /* the end of what it wrote to standard error */
    char refusal[1024];
    char culprit[BOARD_TEXT];
};

void want_copy(struct plugin_want *to, const struct plugin_want *from);
void want_deinit(struct plugin_want *w);

/* Starts one from the file at `path`. read/write: paths that the last instance turned out to need
 * (may be NULL). */
c138_status instance_start(const struct plugins_env *env, int lock_fd,
                           const struct plugin_want *want, const char *path,
                           const struct c138_json *read, const struct c138_json *write,
                           const struct instance_events *events, struct instance **ret_instance,
                           struct c138_err *err);
struct instance *instance_ref(struct instance *i);
struct instance *instance_unref(struct instance *i);

/* New settings for a running one: validated ones go to prepare(). done once. */
void instance_prepare(struct instance *i, const struct c138_json *settings, instance_fn done,
                      void *user);
void instance_commit(struct instance *i, int apply, const struct c138_json *settings);
/* Commit and start of a prepared one: done when it runs, or failed to (it is ended then). */
void instance_run(struct instance *i, instance_fn done, void *user);
/* No new calls; STOP now or when the last call ended; killed at `until_ns` (monotonic). */
void instance_drain(struct instance *i, int64_t until_ns);
/* It is gone as far as anybody is concerned: no events, and its calls fail with key "plugin.died".
 */
void instance_abandon(struct instance *i, const char *why);
/* Ends it at once. `why` becomes the reason. */
void instance_kill(struct instance *i, const char *why);
c138_status instance_call(struct instance *i, const struct plugins_request *r,
                          struct plugins_call **ret, struct c138_err *err);
void instance_cancel(struct plugins_call *call);
/* Health and status extensions: done with the object, or an error. */
void instance_status(struct instance *i,
                     void (*done)(void *user, c138_status status, const struct c138_json *result),
                     void *user);
/* The watchdog's look: kills what hangs or is too large. */
void instance_watch(struct instance *i, int64_t now_ns, int look_at_memory);
/* All PATH values of these settings, those of writable fields into `write`. */
void instance_paths(struct decl_field *const *fields, const struct c138_json *settings,
                    struct c138_json *read, struct c138_json *write);
#endif
