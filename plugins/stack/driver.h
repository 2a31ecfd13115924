/*
 * plugins/stack/driver.h: one interface to whatever runs the services of a host.
 *
 * Three engines stand behind it: docker compose (the Engine API on its socket for everything that
 * looks, starts, stops and follows; the compose program for up, down and pull, whose order of
 * dependencies nobody should write twice), systemd (D-Bus, the journal's files) and Kubernetes
 * (kubectl, driven). The rest of the plugin knows services by the name that the config or the
 * compose file gives them, and never which engine it is.
 *
 * A driver belongs to one call: it is opened for it, used on its thread and closed. It keeps no
 * state between calls, so that an engine that was restarted, upgraded or replaced meanwhile is
 * seen as it is. Errors have the keys "engine.*".
 */
#ifndef STACK_DRIVER_H
#define STACK_DRIVER_H
#include <base/buf.h>
#include <base/err.h>
#include <base/json.h>
#include <chain138/host.h>

#define SERVICES_MAX 64    /* that the config describes */
#define ROWS_MAX 512       /* instances that an engine may list */
#define LOG_LINE_MAX 16384 /* bytes; what is longer is cut */
#define ENGINE_ANSWER_MAX (8u << 20)

enum svc_state {
    SVC_UNKNOWN,
    SVC_RUNNING,
    SVC_STARTING,
    SVC_STOPPED,
    SVC_FAILED,
    SVC_RESTARTING,
    SVC_PAUSED,
    SVC_ABSENT, /* the config names it, the engine does not know it */
};
const char *svc_state_name(enum svc_state state);

/* One instance of a service: a container, a unit, a pod. All texts are owned, none is NULL. */
struct svc {
    char *service, *instance, *id;
    char *image;    /* as it was asked for */
    char *image_id; /* what runs: a digest */
    char *health;   /* "healthy", "unhealthy", "starting"; "": it has no check */
    char *text;     /* the engine's own words */
    enum svc_state state;
    int64_t started_ns; /* UTC; 0: not running */
    uint64_t restarts;
    int64_t exit_code;
    int oom; /* it was killed for its memory */
};
struct svc_list {
    struct svc *rows;
    size_t count;
};
/* A new row, all texts "". NULL when ROWS_MAX are there. */
struct svc *svc_list_add(struct svc_list *list);
void svc_list_deinit(struct svc_list *list);
#define SVC_LIST C138_CLEANUP(svc_list_deinit) struct svc_list
/* Replaces a text of a row; NULL counts as "". */
void svc_set(char **member, const char *text);
/* The instance of the service that is worst off, NULL: there is none. Borrowed. */
const struct svc *svc_worst(const struct svc_list *list, const char *service);

/* What an instance takes. Memory without the page cache that it may give back. */
struct svc_stats {
    int known;
    double cpu_percent;                        /* of one processor */
    uint64_t memory_bytes, memory_limit_bytes; /* limit 0: none */
};

struct log_ask {
    const char *service;        /* NULL: every one */
    int64_t since_ns, until_ns; /* UTC; 0: no bound */
    uint32_t tail;              /* newest lines of each instance; 0: all */
};
struct log_line {
    int64_t time_ns;                       /* UTC */
    const char *service, *instance, *text; /* borrowed; valid UTF-8, without its newline */
    int is_error;                          /* written to standard error, or of a high priority */
};
/* Not 0: enough. */
typedef int (*log_fn)(void *user, const struct log_line *line);

struct svc_event {
    int64_t time_ns;
    const char *service, *instance;
    const char *what; /* "start", "stop", "die", "oom", "healthy", "unhealthy", ... */
    int64_t exit_code;
};
typedef void (*event_fn)(void *user, const struct svc_event *event);

/* How a service is set up, for what an upgrade must know. */
struct svc_setup {
    struct c138_json *args; /* ["--config-file=/config/config.toml"] */
    struct c138_json *env;  /* ["BESU_LOGGING=INFO"] */
    char *image, *image_id;
    char *version; /* label org.opencontainers.image.version, "" */
};
void svc_setup_deinit(struct svc_setup *setup);
#define SVC_SETUP C138_CLEANUP(svc_setup_deinit) struct svc_setup

struct image_info {
    char *id;      /* sha256:... */
    char *digest;  /* name@sha256:..., the one that a registry knows; else the id */
    char *version; /* its label, "" */
};
void image_info_deinit(struct image_info *info);
#define IMAGE_INFO C138_CLEANUP(image_info_deinit) struct image_info

/* What a service is pinned to: an image, and variables beside those of its own file. */
struct pin {
    char *service, *image;
    struct c138_json *env; /* {"NAME": "value"}; NULL: none */
};

enum driver_act { ACT_START, ACT_STOP, ACT_RESTART };

struct driver;
struct driver_ops {
    const char *name;
    c138_status (*list)(struct driver *d, struct svc_list *ret_list, struct c138_err *err);
    /* On every instance of the service, and waits until the engine says that it is done. grace_ns:
     * from the polite signal to the hard one. What is so already is fine. */
    c138_status (*act)(struct driver *d, enum driver_act act, const char *service, int64_t grace_ns,
                       struct c138_err *err);
    /* Lines of each instance in order, one instance after the other. */
    c138_status (*logs)(struct driver *d, const struct log_ask *ask, log_fn on_line, void *user,
                        struct c138_err *err);
    /* stats[i] of list->rows[i]. Takes about a second, however many they are. */
    c138_status (*stats)(struct driver *d, const struct svc_list *list, struct svc_stats *stats,
                         struct c138_err *err);
    /* What happened from since_ns to until_ns. NULL: this engine remembers nothing, lists are
     * compared. */
    c138_status (*events)(struct driver *d, int64_t since_ns, int64_t until_ns, event_fn on_event,
                          void *user, struct c138_err *err);
    /* Makes and starts, in the order of dependencies. services: NULL-terminated; empty: all. */
    c138_status (*up)(struct driver *d, const char *const *services, struct c138_err *err);
    /* Stops and takes away all; data stays. */
    c138_status (*down)(struct driver *d, struct c138_err *err);
    c138_status (*pull)(struct driver *d, const char *const *services, const char *image,
                        struct c138_err *err);
    c138_status (*setup)(struct driver *d, const char *service, struct svc_setup *ret_setup,
                         struct c138_err *err);
    /* Of an image that is on this host already. C138_E_NOTFOUND: it is not. */
    c138_status (*image)(struct driver *d, const char *reference, struct image_info *ret_info,
                         struct c138_err *err);
    /* Makes the service run with its pin (see driver_pins), the others untouched. */
    c138_status (*apply)(struct driver *d, const char *service, struct c138_err *err);
    /* Makes the service anew as its file says now, the others untouched. NULL: the engine does. */
    c138_status (*recreate)(struct driver *d, const char *service, struct c138_err *err);
    void (*close)(struct driver *d);
};

/* What the config says of the engine; borrowed for the life of the driver. */
enum driver_kind { DRIVER_COMPOSE, DRIVER_SYSTEMD, DRIVER_KUBERNETES };
struct driver_config {
    enum driver_kind kind;
    char *socket, *project, *project_dir, *compose_program;
    char *files[8];
    size_t n_files;
    char *bus_address, *journal_dir;                   /* systemd */
    char *kubectl, *kubeconfig, *context, *namespace_; /* Kubernetes */
    int read_only;
    int64_t timeout_ns; /* of one request to the engine */
    struct {
        char *service, *unit, *workload;
    } names[SERVICES_MAX];
    size_t n_names;
};
const char *driver_unit(const struct driver_config *c, const char *service, char *room,
                        size_t size); /* "NAME.service" without a setting */

struct driver {
    const struct driver_ops *ops;
    const struct driver_config *config;
    const c138_host *host;
    const c138_process *process; /* NULL: not granted */
    c138_call *call;             /* NULL: in a timer */
    const struct pin *pins;      /* borrowed; may grow between calls of the driver */
    size_t n_pins;
    void *state;
};
c138_status driver_open(const struct driver_config *config, const c138_host *host, c138_call *call,
                        struct driver *ret_driver, struct c138_err *err);
void driver_close(struct driver *d);
#define DRIVER C138_CLEANUP(driver_close) struct driver
/* 1 after a cancel or past the deadline of the call. */
int driver_cancelled(const struct driver *d);
/* Waits, but not past a cancel: C138_E_CANCELLED. */
c138_status driver_sleep(const struct driver *d, int64_t ns, struct c138_err *err);

/* Runs a program of `programs` to its end. ret_out may be NULL. A failure carries what it wrote to
 * standard error, its last lines. */
c138_status driver_run(struct driver *d, const char *const *argv, const char *const *env,
                       const char *input, int64_t timeout_ns, struct c138_buf *ret_out,
                       struct c138_err *err);
/* The same refusal for all drivers with read_only. */
c138_status driver_may_write(const struct driver *d, const char *what, struct c138_err *err);

extern const struct driver_ops docker_ops, systemd_ops, kube_ops;
/* docker.c needs the services' own files from compose.c. */
c138_status compose_up(struct driver *d, const char *const *services, struct c138_err *err);
c138_status compose_down(struct driver *d, struct c138_err *err);
c138_status compose_pull(struct driver *d, const char *const *services, const char *image,
                         struct c138_err *err);
c138_status compose_apply(struct driver *d, const char *service, struct c138_err *err);
c138_status compose_recreate(struct driver *d, const char *service, struct c138_err *err);
/* The file with the pins as compose reads it. */
void compose_pins_text(const struct pin *pins, size_t count, struct c138_buf *out);
#endif
