/*
 * schedule/schedule.h: actions at times. Loop thread.
 *
 * Config, in any file:
 *   schedules = ( {
 *     name = "nightly-backup"; action = "backup.create"; params = { ... }; as = "nightly";
 *     cron = "15 3 * * *"; zone = "Europe/Berlin";   # or every = "6h"; (aligned to the epoch)
 *     jitter = "5m"; overlap = "skip" | "queue"; catch_up = false; enabled = true;
 *   } );
 *
 * Jitter is a fixed delay below `jitter`, SHA-256 of host and name: it never drifts, and hosts
 * spread. The next run and the last one are in the store: a restart neither forgets nor repeats a
 * run. A run that was missed (agent down, clock set forward) is made up for once if catch_up, else
 * counted as missed. A clock set back (by a day at most; more means that it was wrong before) does
 * not repeat a run: the next one is after the last.
 * Wall-clock jumps are noticed by a timerfd with TFD_TIMER_CANCEL_ON_SET.
 */
#ifndef CORE_SCHEDULE_SCHEDULE_H
#define CORE_SCHEDULE_SCHEDULE_H
#include <base/json.h>
#include <event2/event.h>
#include <log/log.h>
#include <store/store.h>

struct schedule;
struct schedule_env {
    struct event_base *base;
    struct store *store;
    struct log *log;
    const char *host_name;
    int64_t (*now_utc_ns)(
        void *user); /* NULL: the clock; tests give their own and call schedule_tick */
    void *user;
    /* Starts it. done (exactly once) when the job is final; with state NULL if the agent ends
     * before. An error: it could not be started; it is logged and shown. */
    c138_status (*fire)(void *user, const char *name, const struct c138_json *rule,
                        void (*done)(void *done_user, const char *job_id, const char *state),
                        void *done_user, struct c138_err *err);
};
c138_status schedule_new(const struct schedule_env *env, struct schedule **ret,
                         struct c138_err *err);
struct schedule *schedule_free(struct schedule *s);
/* From here on nothing is started: what is due, or queued behind a run, is due at the next start. */
void schedule_stop(struct schedule *s);
/* Form of one rule (not whether its action exists): for --check-config and reload. */
c138_status schedule_check(const struct c138_json *rule, struct c138_err *err);
/* Takes a new list of rules (array, checked); keeps the state of those that have the same name. */
void schedule_apply(struct schedule *s, const struct c138_json *rules);
void schedule_tick(struct schedule *s); /* what the timer calls */
/* {"schedules":[{"name","action","when","zone","next","next_local","following":[3
 * more],"last","last_state","last_job","missed","running","enabled"}]} */
struct c138_json *schedule_list(struct schedule *s);
#endif
