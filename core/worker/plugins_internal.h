/*
 * worker/plugins_internal.h: what the files of the supervisor share. Loop thread.
 *   plugins.c        rows, states, deaths and restarts, calls        plugins_apply.c    config in
 * two phases plugins_show.c   descriptions, status, metrics
 */
#ifndef CORE_WORKER_PLUGINS_INTERNAL_H
#define CORE_WORKER_PLUGINS_INTERNAL_H
#include <base/when.h>
#include <loader/loader.h>
#include <worker/instance.h>

enum row_state {
    ROW_REFUSED,
    ROW_DISABLED,
    ROW_STARTING,
    ROW_RUNNING,
    ROW_DEGRADED,
    ROW_STUCK,
    ROW_BACKOFF,
    ROW_QUARANTINED,
    ROW_STOPPED
};

typedef void (*row_fn)(void *user, c138_status status, const struct c138_err *err);

#define DEATHS 5 /* so many in ten minutes: quarantine */

/* One plugin, from the moment its file or its section in the config is seen. */
struct row {
    struct plugins *p;
    char *name, *path;  /* path NULL: no file */
    char *file_refused; /* why its file may not be loaded; NULL: it may */
    struct plugin_want want;
    enum row_state state;
    char reason[1024], culprit[BOARD_TEXT];
    char tail[2048];                /* what the one that died last wrote to standard error */
    struct instance *current;       /* gets the calls */
    struct instance *next;          /* being started in its place */
    struct c138_json *read, *write; /* paths that its settings turned out to need */
    unsigned restarts;
    int64_t deaths[DEATHS]; /* monotonic, newest last */
    int64_t backoff_ns, since_ns, next_start_ns;
    struct event *timer; /* the end of a back-off */
    row_fn started;      /* whoever waits for `next` or the first start */
    void *started_user;
    /* While a reload is under way: */
    struct plugin_want staged;
    struct c138_json *staged_settings;
    struct instance *prepared; /* holds the staged settings */
    int change;                /* enum change of plugins_apply.c */
    int may_fail;              /* it was ill before: that does not hold up the others */
    enum row_state before;
    char before_reason[1024];
};

struct apply;
struct plugins {
    struct plugins_env env;
    struct row **rows; /* by name */
    size_t count;
    struct instance **old; /* draining */
    size_t n_old;
    int lock_fd;
    struct event *watchdog;
    unsigned ticks;
    struct apply *apply; /* a change of config under way */
    void (*stopped)(void *user);
    void *stopped_user;
    int stopping;
};

void row_set(struct row *r, enum row_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct row *row_find(const struct plugins *p, const char *name);
struct row *row_make(struct plugins *p, const char *name);
/* Starts an instance as `next` with `want`. fn once: it is prepared (phase 1) and waits for row_go,
 * or failed. */
void row_start(struct row *r, const struct plugin_want *want, row_fn prepared, void *user);
/* Commits and starts the prepared `next`; when it runs it takes the place of the current one, which
 * is drained. */
void row_go(struct row *r, row_fn done, void *user);
/* Throws the prepared `next` away. */
void row_drop_next(struct row *r);
/* A start that failed: back-off, or quarantine after a burst. */
void plugins_retry(struct row *r, const char *reason);
void row_stop(struct row *r, enum row_state state, const char *reason);
/* Calls `fn` with the failure `err` in the next turn of the loop. */
void plugins_fail_later(struct plugins *p, row_fn fn, void *user, const struct c138_err *err);
/* Scans the folders: new rows, changed paths, refusals. */
void plugins_scan(struct plugins *p);
void plugins_gauges(struct plugins *p);
void plugins_old_add(struct plugins *p, struct instance *i);
#endif
