/*
 * plugins/stack/stack.h: the plugin's instance, and how the services of a host are looked after.
 *
 *   stack.c      the tables of the contract, life of the instance
 *   settings.c   what the config says
 *   driver.h     what runs the services: docker.c and compose.c, systemd.c, kube.c
 *   watch.c      the timer: states, events, metrics, samples of the disks
 *   reads.c      ps;  logs.c  one time line;  verify.c  does it do its job;  resources.c
 *   act.c        up, down, start, stop, pull
 *   quorum.c     how many validators may be away: arithmetic
 *   rolling.c    one service after the other, each back before the next, over crashes
 *   upgrade.c    another image; versions.c  what a version takes away
 *   rotate.c     log files
 *   init.c       a network from nothing
 *
 * Threads. Everything that may take longer than a moment is a long action with a driver of its own.
 * Settings change only with a new instance. `lock` is held around the journal of what rolls, the
 * pins and the samples, never while an engine, a node or another plugin is asked. What changes
 * services holds the core's lock "stack", so that two of those never run together.
 */
#ifndef STACK_H
#define STACK_H
#include "driver.h"
#include "quorum.h"

#include <base/lines.h>
#include <pthread.h>

#define DISKS_MAX 16
#define LOGS_MAX 32
#define SAMPLES_MAX 2016 /* a week of five minutes */

enum role {
    ROLE_OTHER,
    ROLE_VALIDATOR,
    ROLE_RPC,
    ROLE_BOOT,
    ROLE_TESSERA,
    ROLE_DATABASE,
    ROLE_MONITORING
};
const char *role_name(enum role role);

struct service {
    char *name;
    enum role role;
    char *node;      /* its name in the besu plugin */
    char *validator; /* its address, where the node does not tell */
    char *port;      /* "127.0.0.1:8545" */
    char *health_url, *metrics_url;
    char *config_file; /* Besu's TOML on this host */
};

struct log_folder {
    char *folder, *pattern, *service;
    uint64_t max_bytes;
    int64_t keep_ns, closed_ns;
};

struct stack_settings {
    struct driver_config engine;
    struct service services[SERVICES_MAX];
    size_t n_services;
    char *disks[DISKS_MAX];
    size_t n_disks;
    struct log_folder logs[LOGS_MAX];
    size_t n_logs;
    char *archive_dir, *init_dir, *proc_dir;
    int64_t poll_ns, sample_ns, grace_ns, step_ns, settle_ns, disk_warn_ns;
};

/* One disk's history: bytes used at times. */
struct samples {
    int64_t times[SAMPLES_MAX]; /* seconds UTC */
    uint64_t used[SAMPLES_MAX];
    size_t count;
};

/* What the watch knew of a service at its last look. */
struct watched {
    char *service;
    enum svc_state state;
    uint64_t restarts;
    int unhealthy, told;
};

struct rolling;

struct stack {
    const c138_host *host;
    const c138_bus *bus;         /* NULL: not granted */
    const c138_caller *caller;   /* NULL: not granted: nothing is known of the chain */
    const c138_kv *kv;           /* NULL: samples do not outlive this process */
    const c138_timer *timers;    /* NULL: no events, no forecast */
    const c138_metrics *metrics; /* NULL */
    struct stack_settings settings, staged;
    pthread_mutex_t lock;
    struct samples samples[DISKS_MAX];
    struct rolling *rolling;
    struct pin pins[SERVICES_MAX];
    size_t n_pins;
    /* The actor's own: */
    struct watched watched[ROWS_MAX];
    size_t n_watched;
    int64_t looked_ns, sampled_ns; /* UTC */
    int engine_down, disk_told[DISKS_MAX], started;
    char health[256];
};

/* settings.c */
extern const c138_field *const stack_setting_fields[];
c138_status stack_settings_prepare(struct stack *s, c138_call *settings);
void stack_settings_commit(struct stack *s, uint32_t apply);
const struct service *stack_service(const struct stack *s, const char *name); /* NULL: unknown */
/* A name that no engine takes for an option. */
int stack_name_ok(const char *name);

/* watch.c */
void stack_look(struct stack *s);
void stack_sample(struct stack *s);
void stack_samples_load(struct stack *s);

/* Actions */
c138_status stack_ps_run(void *self, c138_call *call);        /* reads.c */
c138_status stack_pins_run(void *self, c138_call *call);      /* reads.c */
c138_status stack_logs_run(void *self, c138_call *call);      /* logs.c */
c138_status stack_verify_run(void *self, c138_call *call);    /* verify.c */
c138_status stack_resources_run(void *self, c138_call *call); /* resources.c */
c138_status stack_up_run(void *self, c138_call *call);        /* act.c */
c138_status stack_down_run(void *self, c138_call *call);
c138_status stack_start_run(void *self, c138_call *call);
c138_status stack_stop_run(void *self, c138_call *call);
c138_status stack_pull_run(void *self, c138_call *call);
c138_status stack_restart_run(void *self, c138_call *call); /* rolling.c */
c138_status stack_upgrade_run(void *self, c138_call *call); /* upgrade.c */
c138_status stack_rotate_run(void *self, c138_call *call);  /* rotate.c */
c138_status stack_archive_run(void *self, c138_call *call); /* archive.c */
c138_status stack_init_run(void *self, c138_call *call);    /* init.c */
uint32_t stack_health(void *self, c138_text_fn on_text, void *user);
void stack_status_rows(void *self, c138_call *out);

/* Small things that all share. */
c138_status stack_fail(c138_call *call, c138_status status, const struct c138_err *err);
void stack_publish(struct stack *s, c138_call *call, const char *topic,
                   struct c138_json *data /* taken */);
/* Opens the engine with the pins as they are. */
c138_status stack_engine(struct stack *s, c138_call *call, struct driver *ret_driver,
                         struct c138_err *err);
/* The services that a call names; without any: those of the config, in its order, else all that the
 * engine lists. ret_names: NULL-terminated, the caller frees it with stack_names_free(). */
c138_status stack_names(struct stack *s, struct driver *d, c138_call *call, char ***ret_names,
                        struct c138_err *err);
void stack_names_free(char ***names);
typedef char **names_list;
#define NAMES C138_CLEANUP(stack_names_free) names_list
size_t stack_names_count(char **names);
/* To two places: tables show no more, and a tiny one would be written with an exponent. */
void stack_set_decimal(c138_call *call, const char *name, double value);
void stack_set_time(c138_call *call, const char *name, int64_t ns); /* 0: left out */
/* Another plugin's action: its result, or its failure with its words. */
c138_status stack_ask(struct stack *s, c138_call *call, const char *action,
                      const struct c138_json *params, struct c138_json **ret_result,
                      struct c138_err *err);
/* The chain as besu.validators tells it; C138_E_UNAVAILABLE where nobody watches it. */
c138_status stack_chain(struct stack *s, c138_call *call, struct chain_view *ret_view,
                        struct c138_err *err);
#endif
