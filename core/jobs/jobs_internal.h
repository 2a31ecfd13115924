/*
 * jobs/jobs_internal.h: shared by the files of this room.
 *   jobs.c       from submit to the end      approvals.c  plans and decisions
 *   job_table.c  memory                      job_rows.c   the store
 *   job_show.c   JSON, lists, waiting        job_locks.c  what holds a job up
 */
#ifndef CORE_JOBS_INTERNAL_H
#define CORE_JOBS_INTERNAL_H
#include <base/text.h>
#include <base/ulid.h>
#include <base/when.h>
#include <jobs/jobs.h>
#include <schema/validate.h>

#include <stdio.h>
#include <string.h>

#define BUCKETS 4096
/* Finished jobs stay in memory for so long, so many at most; one that is stored is read again. */
#define FINAL_KEPT 256
#define FINAL_KEPT_NS (15 * C138_NS_PER_S)
#define LOG_LINES_MAX 10000u
#define ATTEMPTS_MAX 5 /* of an idempotent action that dies */
#define LOCK_BUCKETS 256
#define PLUGINS_MAX 64
#define RUNNING_MAX 128 /* of one plugin at a time; the others wait in the queue, on disk */

struct waiting { /* jobs_submit's callbacks: two submits of one key share a job */
    struct waiting *next;
    void (*on_accepted)(void *user, struct job *job, c138_status status,
                        const struct c138_err *err);
    void (*on_done)(void *user, struct job *job);
    void *user;
};

struct job_wait {
    struct job_wait *next;
    struct jobs *jobs;
    char id[C138_ULID_TEXT];
    uint64_t version;
    int64_t until_ns;
    void (*fn)(void *user, struct job *job);
    void *user;
};

struct job {
    struct job *next;      /* in its bucket */
    struct job *newer;     /* all in memory, oldest first */
    struct job *next_lock; /* those that hold a lock, in its bucket */
    char id[C138_ULID_TEXT];
    const struct decl_action *action;
    char *action_name, *principal, *source, *chain, *key, *lock;
    struct c138_json *params, *redacted, *result, *log;
    char *plan, digest[65];
    uint32_t role, attempt, permille, log_lines;
    char progress[256];
    enum job_state state;
    c138_status status;
    int durable, dry_run, timed_out, cancel_asked, has_secrets;
    int waits_for_commit; /* its state is on its way to the disk: nothing else may happen to it */
    int unsaved;          /* a commit failed: to be written again */
    int tell_done;        /* final, and those who wait are not told yet */
    int holds_lock, counts_as_running;
    /* Audit records of what happened to it, [[kind, members], ...]: each goes with the next row,
     * and stays here until that is on disk. */
    struct c138_json *owed;
    size_t owed_sent; /* so many are in the transaction that is open */
    int64_t created_ns, started_ns, ended_ns, expires_ns; /* UTC */
    int64_t timeout_ns, deadline_ns, queued_ns, retry_ns; /* monotonic but for timeout_ns */
    int64_t final_ns; /* monotonic: final, or read from disk in that state */
    uint64_t version;
    void *runner;
    struct waiting *waiters;
};

struct jobs;

/* What jobs tells later: from the store when it has committed, or from the next turn. */
struct after {
    struct after *next; /* in jobs.soon */
    struct jobs *jobs;
    char id[C138_ULID_TEXT];
    void (*fn)(struct jobs *j, struct job *job, c138_status status);
};

struct jobs {
    struct jobs_env env;
    struct jobs_options options;
    struct job *buckets[BUCKETS];
    struct job *oldest, *newest;
    struct job *locks[LOCK_BUCKETS];
    struct {
        char plugin[64];
        uint32_t running;
    } plugins[PLUGINS_MAX];
    uint32_t active; /* not final */
    uint32_t final_here, ended[JOB_EXPIRED + 1];
    struct job_wait *waits;
    struct event *tick, *kick;
    struct after *soon;
    uint32_t in_commit; /* answers of the store that are still to come */
    int closing;
    int64_t swept_ns, retried_ns;
};

/* job_table.c */
struct job *job_new(struct jobs *j, const char *id);
void job_drop(struct jobs *j, struct job *job);
struct job *job_here(const struct jobs *j, const char *id);
void jobs_evict(struct jobs *j, int64_t now);
void job_final_here(struct jobs *j, struct job *job);

/* job_rows.c */
c138_status job_rows_open(struct jobs *j, struct c138_err *err);
void job_save(struct jobs *j, struct job *job);
struct job *job_load(struct jobs *j, const char *id);
struct job *job_load_key(struct jobs *j, const char *principal, const char *key);
/* All that are not final on disk, into memory. */
void job_load_open(struct jobs *j);
/* The line after its last one on disk. */
uint32_t job_log_next(struct jobs *j, const struct job *job);
void job_log_save(struct jobs *j, const struct job *job, uint32_t n, int32_t level,
                  const char *text);
struct c138_json *job_log_load(struct jobs *j, const struct job *job, uint64_t from);
void job_rows_sweep(struct jobs *j);
/* Ids by a filter, newest first; array of text. */
struct c138_json *job_rows_list(struct jobs *j, const struct jobs_filter *filter);

/* job_show.c */
void jobs_wake(struct jobs *j, struct job *job);
void jobs_wake_late(struct jobs *j, int64_t now);

/* approvals.c */
void job_planned(struct jobs *j, struct job *job, struct c138_json *plan);

/* job_locks.c */
/* May it run now: nobody else holds its lock, and its plugin has not too many already? */
int job_has_way(const struct jobs *j, const struct job *job);
int job_lock_held(const struct jobs *j, const struct job *job); /* by another one */
void job_take_way(struct jobs *j, struct job *job);
void job_leave_way(struct jobs *j, struct job *job); /* nothing to leave is fine */

/* jobs.c */
void job_changed(struct jobs *j, struct job *job);
void job_end(struct jobs *j, struct job *job, enum job_state state, c138_status status,
             const char *key, const char *text);
/* Owed with the next save. job_owe takes `members` over. */
void job_audit(struct job *job, const char *kind, const char *outcome);
void job_owe(struct job *job, const char *kind, struct c138_json *members);
void job_to_queue(struct jobs *j, struct job *job);
#endif
