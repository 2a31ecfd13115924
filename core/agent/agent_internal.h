/*
 * agent/agent_internal.h: the agent's parts, for the files of this room. Loop thread.
 */
#ifndef CORE_AGENT_INTERNAL_H
#define CORE_AGENT_INTERNAL_H
#include <agent/agent.h>
#include <agent/prompts.h>
#include <api/api.h>
#include <audit/audit.h>
#include <bus/bus.h>
#include <config/config.h>
#include <jobs/jobs.h>
#include <loader/catalog.h>
#include <log/log.h>
#include <metrics/metrics.h>
#include <policy/policy.h>
#include <schedule/eventlog.h>
#include <schedule/schedule.h>
#include <schedule/triggers.h>
#include <schema/validate.h>
#include <store/store.h>
#include <worker/plugins.h>

#define AGENT_PLUGIN "agent" /* the name under which the agent's own actions are declared */

struct agent {
    char *config_file;
    char *host_name;
    char *state_dir;
    char *run_dir;
    char *host_program;
    const char **plugin_dirs;    /* borrowed from config_first */
    struct config *config;       /* in force */
    struct config *config_first; /* the one the agent started with: owns what cannot change */
    struct config *config_next;  /* while a reload is under way */
    struct policy *policy;
    struct event_base *base;
    struct log *log;
    struct store *store;
    struct audit *audit;
    char *audit_path;
    struct bus *bus;
    struct metrics *metrics;
    struct catalog *catalog;
    struct eventlog *events;
    struct plugins *plugins;
    struct jobs *jobs;
    struct prompts *prompts;
    struct schedule *schedule;
    struct triggers *triggers;
    struct api *api;
    struct event *signals[4];
    struct event *watchdog;
    struct event *housekeeping;
    struct event *stop_event; /* ends the loop after the plugins had their time */
    int64_t started_ns;       /* monotonic */
    int64_t started_utc_ns;
    int ready, stopping, exit_status;
    char *audit_trouble; /* what audit_open said, NULL if all was well */
};

/* What the config says once and cannot change while the agent runs. */
void agent_take_fixed(struct agent *a, const struct agent_options *options);
void agent_deinit(struct agent *a);

/* actions.c: the declarations of "agent.*", and their runs. */
c138_status agent_actions_declare(struct agent *a, struct c138_err *err);
c138_status agent_actions_run(struct agent *a, struct job *job, struct c138_err *err);

/* services.c: what plugins ask for: kv, secrets, calls. */
void agent_hostcall(void *user, struct plugins_hostcall *call);

/* gauges.c: the agent's own metrics. */
extern const c138_metric *const agent_metrics[]; /* NULL-terminated */
c138_status agent_gauges(struct agent *a);

/* reload.c: all or nothing. done may be NULL; called exactly once, never from inside. */
void agent_reload(struct agent *a, void (*done)(void *user, c138_status status, const char *text),
                  void *user);
/* Checks what config_read could not: policy, schedules, triggers. */
c138_status agent_check(const struct config *config, const char *host_name,
                        struct policy **ret_policy, struct c138_err *err);
/* Opens what the config says: metrics listeners. */
void agent_listen_metrics(struct agent *a);

/* Starts a job that a rule asked for. */
c138_status agent_fire(struct agent *a, const char *kind, const char *name,
                       const struct c138_json *rule, const struct c138_json *params,
                       const char *chain,
                       void (*done)(void *user, const char *id, const char *state), void *user,
                       struct c138_err *err);
#endif
