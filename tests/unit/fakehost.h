/*
 * tests/unit/fakehost.h: an agent small enough for a test: it holds one plugin in this process,
 * checks settings, parameters, results and events against its declarations as the real one does,
 * and remembers what the plugin published. One thread.
 */
#ifndef FAKEHOST_H
#define FAKEHOST_H
#include <base/json.h>
#include <chain138/host.h>

struct fakehost;

/* Describes and lints the plugin's tables; nothing of it runs but create(). */
struct fakehost *fakehost_new(const c138_plugin *plugin, struct c138_err *err);
struct fakehost *fakehost_free(struct fakehost *f); /* stop(), destroy() */
/* prepare() and commit() with the settings (a JSON object; NULL: none), the first time also
 * start(). */
c138_status fakehost_settings(struct fakehost *f, const char *json, struct c138_err *err);
/* One action. *ret_result is the caller's. What the result or the failure lacks of its declaration
 * is C138_E_INTERNAL. */
c138_status fakehost_run(struct fakehost *f, const char *action, const char *params_json,
                         struct c138_json **ret_result, struct c138_err *err);
/* The same as a dry run, or (`plan`: a dry run's result) as the approved run of that plan. */
c138_status fakehost_plan(struct fakehost *f, const char *action, const char *params_json,
                          struct c138_json **ret_plan, struct c138_err *err);
c138_status fakehost_approved(struct fakehost *f, const char *action, const char *params_json,
                              const struct c138_json *plan, struct c138_json **ret_result,
                              struct c138_err *err);
/* Ends the instance and begins another one with the same settings; what kv holds stays. */
c138_status fakehost_restart(struct fakehost *f, struct c138_err *err);
/* Answers the plugin's calls of other plugins' actions. *ret_result is taken; without a function
 * every action is unknown. */
typedef c138_status (*fakehost_call_fn)(void *user, const char *action,
                                        const struct c138_json *params, int dry_run,
                                        struct c138_json **ret_result);
void fakehost_on_call(struct fakehost *f, fakehost_call_fn fn, void *user);
void fakehost_store(struct fakehost *f, const char *key, const char *value);
const struct c138_json *fakehost_kv(const struct fakehost *f); /* {"key": "value"} */
/* The status extension's rows; NULL: the plugin has none. */
struct c138_json *fakehost_status(struct fakehost *f);
/* Lets the timers fire that are due, for `ns` of real time. */
void fakehost_pass(struct fakehost *f, int64_t ns);
/* Lets every timer fire once, now. */
void fakehost_tick(struct fakehost *f);
/* Events so far: [{"topic","data"}]. Borrowed. */
const struct c138_json *fakehost_events(const struct fakehost *f);
uint32_t fakehost_count(const struct fakehost *f, const char *topic);
/* The newest event of the topic, NULL: none. Borrowed. */
const struct c138_json *fakehost_event(const struct fakehost *f, const char *topic);
void fakehost_forget(struct fakehost *f);
/* A series' value, NAN if there is none. label: value of its only label, or NULL. */
double fakehost_metric(const struct fakehost *f, const char *name, const char *label);
const struct c138_json *fakehost_metrics(const struct fakehost *f); /* {"name{label}": value} */
void fakehost_secret(struct fakehost *f, const char *reference, const char *text);
void fakehost_withhold(struct fakehost *f, const char *service); /* C138_EXT_*: is not granted */
/* The plugin's own folder; before the first settings. Borrowed. */
void fakehost_state_dir(struct fakehost *f, const char *path);
void fakehost_utc_offset(struct fakehost *f, int64_t ns);
/* What went wrong that a return value could not say (an undeclared event, a counter that fell). */
uint32_t fakehost_faults(const struct fakehost *f);
#endif
