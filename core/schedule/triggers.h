/*
 * schedule/triggers.h: actions on events. Loop thread.
 *
 *   triggers = ( {
 *     name = "collect-on-stall"; topic = "besu.stalled";
 *     when = ( { field = "head_age_s"; op = ">"; value = 60; },
 *              { field = "node"; op = "=~"; value = "validator-*"; } );
 *     action = "besu.consensus"; params = { node = "${node}"; }; as = "ops";
 *     rate = "3/1h"; enabled = true;
 *   } );
 *
 * Operators: == != < <= > >= (numbers as numbers, amounts of any size exactly, else text), =~
 * (glob), in (list), exists (null is not there). All must hold. "${field}" (dotted paths into the event, and
 * ${topic}, ${source}, ${time}) is replaced by the field's value; a parameter that is nothing but
 * one placeholder keeps the value's type. A missing field: the run is refused and counted.
 *
 * Loop-proof: an event carries the chain of triggers that led to it (through the job that published
 * it); a trigger never fires on an event whose chain holds its own name or is 8 long. Rate: at most
 * N runs in a sliding window; what is over is counted and named once a window.
 */
#ifndef CORE_SCHEDULE_TRIGGERS_H
#define CORE_SCHEDULE_TRIGGERS_H
#include <base/json.h>
#include <bus/bus.h>
#include <log/log.h>
#include <schedule/eventlog.h>
struct triggers;
struct triggers_env {
    struct bus *bus;
    struct log *log;
    void *user;
    /* Starts rule["action"] with `params` as rule["as"]; `chain` is to be the job's. */
    c138_status (*fire)(void *user, const char *name, const struct c138_json *rule,
                        struct c138_json *params, const char *chain, struct c138_err *err);
};
c138_status triggers_new(const struct triggers_env *env, struct triggers **ret,
                         struct c138_err *err);
struct triggers *triggers_free(struct triggers *t);
c138_status triggers_check(const struct c138_json *rule, struct c138_err *err);
void triggers_apply(struct triggers *t, const struct c138_json *rules);
/* {"triggers":[{"name","topic","action","as","rate","enabled","fired","suppressed","refused","last","last_error"}]}
 */
struct c138_json *triggers_list(struct triggers *t);
/* What the trigger would have done with the events of the log:
 * {"matched":n,"runs":[{"event","time","params"}],"refused":[...]}. Acts on nothing. */
c138_status triggers_replay(struct triggers *t, const char *name, struct eventlog *log,
                            const struct eventlog_filter *filter, struct c138_json **ret,
                            struct c138_err *err);
#endif
