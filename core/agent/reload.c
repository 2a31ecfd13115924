/*
 * Reload: everything new is read and checked first; only if all of it is right anything changes.
 */
#include "config.h"

#include <agent/agent_internal.h>
#include <base/text.h>
#include <base/when.h>
#include <log/systemd.h>

#include <inttypes.h>
#include <stdio.h>

struct reload {
    struct agent *agent;
    struct policy *policy;
    void (*done)(void *user, c138_status status, const char *text);
    void *user;
};

static c138_status check_rules(const struct config *config, const char *list,
                               c138_status (*check)(const struct c138_json *, struct c138_err *),
                               struct c138_err *err) {
    const struct c138_json *rules = config_json(config, list);
    for (size_t i = 0; i < c138_json_count(rules); i++) {
        c138_status status = check(c138_json_at(rules, i), err);
        if (status < 0) {
            char path[64];
            (void)snprintf(path, sizeof(path), "%s.%zu", list, i);
            return c138_error_prefix(err, status, "%s", config_where(config, path));
        }
    }
    return C138_OK;
}

c138_status agent_check(const struct config *config, const char *host_name,
                        struct policy **ret_policy, struct c138_err *err) {
    c138_status status = check_rules(config, "schedules", schedule_check, err);
    if (status >= 0)
        status = check_rules(config, "triggers", triggers_check, err);
    if (status < 0)
        return status;
    status = policy_new(config_json(config, "policy"), host_name, ret_policy, err);
    return status < 0 ? c138_error_prefix(err, status, "%s", config_where(config, "policy"))
                      : status;
}

void agent_listen_metrics(struct agent *a) {
    struct c138_err err = {0};
    const char *all = config_str(a->config, "metrics.listen");
    if (api_listen_metrics(a->api, NULL, all && *all ? all : NULL, NULL, &err) < 0)
        log_line(a->log, C138_LOG_ERROR, NULL, "%s", err.text);
    size_t count = 0;
    const struct plugin_config *plugins = config_plugins(a->config, &count);
    for (size_t i = 0; i < count; i++) {
        const char *address =
            plugins[i].enabled ? config_plugin_metrics_listen(a->config, plugins[i].name) : NULL;
        if (api_listen_metrics(a->api, plugins[i].name, address, NULL, &err) < 0)
            log_line(a->log, C138_LOG_ERROR, &(struct log_at){.plugin = plugins[i].name}, "%s",
                     err.text);
    }
}

static void notify_reloading(void) {
    char state[64];
    (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   c138_now_monotonic_ns() / C138_NS_PER_US);
    systemd_notify(state);
}

static void finish(struct reload *r, c138_status status, const char *text) {
    struct agent *a = r->agent;
    if (status < 0)
        log_line(a->log, C138_LOG_ERROR, NULL, "reload refused, nothing changed: %s", text);
    else
        log_line(a->log, C138_LOG_NOTICE, NULL, "reloaded %s", a->config_file);
    struct c138_json *data = c138_json_new_object();
    c138_json_set_bool(data, "ok", status >= 0);
    c138_json_set_str(data, "message", text);
    C138_FREE char *json = c138_json_dump(data);
    bus_emit(a->bus, "agent.reloaded", status < 0 ? C138_SEVERITY_WARNING : C138_SEVERITY_INFO,
             json);
    c138_json_unref(data);
    systemd_notify("READY=1");
    if (r->done)
        r->done(r->user, status, text);
    free(r);
}

static void on_applied(void *user, c138_status status, const struct c138_err *err) {
    struct reload *r = user;
    struct agent *a = r->agent;
    if (status < 0) {
        a->config_next = config_free(a->config_next);
        policy_free(r->policy);
        finish(r, status, err->text);
        return;
    }
    if (a->config != a->config_first)
        config_free(a->config);
    a->config = C138_STEAL(a->config_next);
    policy_free(a->policy);
    a->policy = C138_STEAL(r->policy);
    const struct jobs_options options = {
        .keep_ns = config_int(a->config, "jobs.keep"),
        .keep_max = config_uint(a->config, "jobs.keep_max"),
        .queue_max = (uint32_t)config_uint(a->config, "jobs.queue_max"),
    };
    jobs_set_options(a->jobs, &options);
    eventlog_set_retention(a->events, config_int(a->config, "events.keep"),
                           config_uint(a->config, "events.keep_max"));
    schedule_apply(a->schedule, config_json(a->config, "schedules"));
    triggers_apply(a->triggers, config_json(a->config, "triggers"));
    agent_listen_metrics(a);
    jobs_kick(a->jobs);
    finish(r, C138_OK, "reloaded");
}

/* Later than the call that asked for it: `done` must not come from inside. */
static void later(evutil_socket_t fd, short what, void *user) {
    struct reload *r = user;
    struct agent *a = r->agent;
    struct c138_err err = {0};
    (void)fd;
    (void)what;
    if (a->config_next) {
        finish(r, C138_E_BUSY, "another reload is under way: try again in a moment");
        return;
    }
    notify_reloading();
    c138_status status = config_read(a->config_file, &a->config_next, &err);
    if (status >= 0)
        status = agent_check(a->config_next, a->host_name, &r->policy, &err);
    if (status < 0) {
        a->config_next = config_free(a->config_next);
        finish(r, status, err.text);
        return;
    }
    static const char *const fixed[] = {"agent.state_dir", "agent.run_dir", "agent.host_name",
                                        "api.socket", "api.listen"};
    for (size_t i = 0; i < C138_COUNT(fixed); i++)
        if (!c138_streq(config_str(a->config, fixed[i]), config_str(a->config_next, fixed[i])))
            log_line(a->log, C138_LOG_WARNING, NULL,
                     "%s: %s changes with a restart of the agent only",
                     config_where(a->config_next, fixed[i]), fixed[i]);
    size_t count = 0;
    const struct plugin_config *configs = config_plugins(a->config_next, &count);
    plugins_apply(a->plugins, configs, count, 0, on_applied, r);
}

void agent_reload(struct agent *a, void (*done)(void *user, c138_status status, const char *text),
                  void *user) {
    struct reload *r = c138_xcalloc(1, sizeof(*r));
    *r = (struct reload){.agent = a, .done = done, .user = user};
    event_base_once(a->base, -1, EV_TIMEOUT, later, r, NULL);
}
