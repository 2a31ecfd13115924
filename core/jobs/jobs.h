/*
 * jobs/jobs.h: runs of actions, durable. Loop thread.
 *
 *   submit -> [planning -> awaiting-approval] -> queued -> running -> succeeded | failed
 *                                   \                          | cancelled | interrupted
 *                                    -> rejected | expired
 *
 * Accepted means on disk: on_accepted() is called after the commit that holds the job (and its
 * audit record). "running" is committed before the action is called, and the call is made only
 * after that commit; so after a kill -9 a job that is queued was never called, and one that is
 * running may have been: it becomes `interrupted` ("outcome unknown: ..."), or queued again if its
 * action is declared idempotent. Reads (EFFECT_READ) are not stored and not audited unless `durable`
 * is asked for; they live in memory, and for 15 s after their end (as the last 256 ended jobs).
 *
 * Locks: two jobs whose lock names are equal never run together; the later one waits, queued, for
 * as long as the others run. At most 128 jobs of one plugin run at a time. A job waits in `queued`
 * also while its plugin is away, for as long as its timeout. Deadlines start with the run.
 *
 * Audit: records of a job are written in the transaction of the row that they tell of. If that
 * fails both are kept in memory and written again each second: an end that was seen is never
 * without its record.
 *
 * Dangerous actions: submit first runs the action with dry_run; its result is the plan. digest =
 * SHA-256 of the canonical {"action","params","plan"}. The job is then `awaiting-approval` until
 * somebody who policy_may_approve approves with this digest before `expires_ns`; then it runs once,
 * with the plan given to the plugin as approved. A job submitted with dry_run ends with the plan as
 * its result. What an approved run asks of others is approved with it where its plan lists it
 * (job_covers()).
 */
#ifndef CORE_JOBS_JOBS_H
#define CORE_JOBS_JOBS_H
#include <audit/audit.h>
#include <bus/bus.h>
#include <log/log.h>
#include <policy/policy.h>
#include <schema/decl.h>
#include <store/store.h>

enum job_state {
    JOB_PLANNING = 1, /* the dry run before an approval */
    JOB_AWAITING_APPROVAL,
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_SUCCEEDED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_INTERRUPTED,
    JOB_REJECTED,
    JOB_EXPIRED
};
const char *job_state_name(enum job_state state); /* "awaiting-approval" */
int job_state_final(enum job_state state);

struct jobs;
/* Owned by jobs; borrowed elsewhere: valid until the loop turns, look it up again by id. */
struct job;

struct jobs_env {
    struct event_base *base;
    struct store *store;
    struct audit *audit;
    struct bus *bus; /* agent.job events: {"id","action","state","principal","plugin"} */
    struct log *log;
    const char *host_name;
    void *user;
    /* Could it run now? Asked before anything is written; what it says is the job's progress. After
     * C138_E_UNAVAILABLE it is asked again when jobs_kick() is called. NULL: always. */
    c138_status (*ready)(void *user, struct job *job, struct c138_err *err);
    /* Runs it: later, exactly once, jobs_finish(). C138_E_UNAVAILABLE, C138_E_BUSY: not now, though
     * it was ready: a stored job goes back to the queue for half a second. Any other error fails
     * it. */
    c138_status (*run)(void *user, struct job *job, struct c138_err *err);
    void (*cancel)(void *user, struct job *job); /* a running one */
    /* The declaration of an action, to go on with jobs found on disk. NULL: unknown (its plugin is
     * not here now). */
    const struct decl_action *(*action)(void *user, const char *full_name);
    /* Policy as of now (a reload changes it). */
    const struct policy *(*policy)(void *user);
};

struct jobs_options {
    int64_t keep_ns;    /* finished jobs are kept this long; 0: 30 days */
    uint64_t keep_max;  /* and at most so many; 0: 100,000 */
    uint32_t queue_max; /* not yet final; 0: 10,000: beyond it submit is C138_E_BUSY */
};

c138_status jobs_new(const struct jobs_env *env, const struct jobs_options *options,
                     struct jobs **ret_jobs, struct c138_err *err);
/* Saves what is open, starts nothing more. Who waits is told: a submit that is not yet accepted is
 * refused with C138_E_UNAVAILABLE, and on_done() sees a job that is not final; it goes on with the
 * next start. */
struct jobs *jobs_free(struct jobs *j);
void jobs_set_options(struct jobs *j, const struct jobs_options *options);
/* After the plugins came up: takes up what the last run left (see above). Call once. */
void jobs_recover(struct jobs *j);
/* Something changed (a plugin runs again, a lock is free): look at the queue. Cheap. */
void jobs_kick(struct jobs *j);

struct job_request {
    const struct decl_action *action;
    const struct c138_json *params; /* validated, canonical; referenced */
    const struct principal *who;
    const char *source; /* "socket", "tcp", "schedule:NAME", "trigger:NAME", "call:JOBID" */
    const char *chain;  /* triggers that led here, "a,b"; NULL: none */
    const char *idempotency_key; /* a second submit with the same key and principal gives the first
                                    job; NULL: none */
    int64_t timeout_ns;          /* 0: the action's */
    int dry_run;
    int durable; /* store a read, too */
    const char *approved_by; /* id of the job whose approval covers this one; NULL: none */
    const char *plan;        /* what was approved there as its plan; NULL: none */
    /* Once: accepted (`job` is valid) or refused (status < 0). Never from inside jobs_submit. */
    void (*on_accepted)(void *user, struct job *job, c138_status status,
                        const struct c138_err *err);
    /* Once, when it is final, after the commit; or from jobs_free(). NULL: nobody waits. */
    void (*on_done)(void *user, struct job *job);
    void *user;
};
/* Checks role and queue, then as above. An error means: not accepted, no callback follows (a denial
 * was audited). */
c138_status jobs_submit(struct jobs *j, const struct job_request *request, struct c138_err *err);

/* From whoever runs it. `result` is taken over: the result object, or {"key","message"} with status
 * < 0. */
void jobs_finish(struct jobs *j, const char *id, c138_status status, struct c138_json *result);
void jobs_progress(struct jobs *j, const char *id, uint32_t permille, const char *text);
void jobs_log(struct jobs *j, const char *id, int32_t level,
              const char *text); /* to 10,000 lines a job */

/* C138_E_NOTFOUND, C138_E_CONFLICT (final already), C138_E_DENIED. Audited. done after the commit.
 */
c138_status jobs_cancel(struct jobs *j, const char *id, const struct principal *who,
                        struct c138_err *err);
/* digest may be NULL for reject only. C138_E_CONFLICT: another digest, not awaiting, expired.
 * Audited. */
c138_status jobs_approve(struct jobs *j, const char *id, const char *digest,
                         const struct principal *who, struct c138_err *err);
c138_status jobs_reject(struct jobs *j, const char *id, const char *reason,
                        const struct principal *who, struct c138_err *err);

/* In memory or on disk. NULL if unknown. */
struct job *jobs_find(struct jobs *j, const char *id);
const char *job_id(const struct job *job);
const struct decl_action *job_action(const struct job *job); /* NULL if its plugin is not here */
const char *job_action_name(const struct job *job);
const struct c138_json *job_params(const struct job *job);
const struct c138_json *job_result(const struct job *job);
const char *job_plan_text(const struct job *job); /* approved plan; NULL: none */
/* Does this run's approved plan list a call of `action` with these (validated) params? *ret_plan:
 * the plan that stands there, canonical, the caller's; NULL if none does. */
int job_covers(const struct job *job, const struct decl_action *action,
               const struct c138_json *params, char **ret_plan);
const char *job_principal(const struct job *job);
uint32_t job_role(const struct job *job); /* of the principal when it was submitted */
const char *job_chain(const struct job *job);
enum job_state job_state(const struct job *job);
int64_t job_deadline_ns(const struct job *job); /* monotonic; set when it runs */
int job_dry_run(const struct job *job);         /* 1 also while planning */
uint64_t job_version(const struct job *job);    /* goes up with each change: for long polls */
void *job_runner(const struct job *job);        /* for the runner's own use */
void job_set_runner(struct job *job, void *runner);
/* {"id","action","state","principal","source","host","created","started","ended","deadline_ms","params"(redacted),
 * "progress":{"permille","text"},"result"|"error":{"key","message"},"plan","digest","expires","attempt","version"};
 * log: with "log":[{"n","time","level","text"}] from line `log_from` on. */
struct c138_json *job_json(struct jobs *j, struct job *job, int with_log, uint64_t log_from);
/* Calls fn once when the job's version exceeds `version` or at `until_ns` (monotonic). Handle to
 * stop waiting early. */
struct job_wait;
struct job_wait *jobs_wait(struct jobs *j, const char *id, uint64_t version, int64_t until_ns,
                           void (*fn)(void *user, struct job *job), void *user);
void jobs_wait_stop(struct job_wait *w);

struct jobs_filter {
    const char *state, *action, *principal; /* NULL: any; action may be a plugin's name */
    int64_t since_ns;
    uint64_t limit; /* 0: 50 */
};
struct c138_json *jobs_list(struct jobs *j,
                            const struct jobs_filter *filter); /* {"jobs":[...]} newest first */
struct c138_json *jobs_approvals(struct jobs *j); /* {"approvals":[job_json with plan]} */
void jobs_count(const struct jobs *j,
                uint32_t ret_by_state[JOB_EXPIRED + 1]); /* not final, and final since the start */
#endif
