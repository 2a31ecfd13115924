/*
 * The composition root. Order of making: what others need comes first; order of ending is the
 * reverse.
 */
#include "config.h"

#include <agent/agent_internal.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <log/systemd.h>

#include <event2/event.h>
#include <event2/thread.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define STOP_GRACE_NS (INT64_C(8) * C138_NS_PER_S)

/* --- Running jobs ---------------------------------------------------------------------------- */

struct run {
    struct agent *agent;
    char id[32];
};

static void on_call_done(void *user, c138_status status, const struct c138_json *result) {
    struct run *run = user;
    jobs_finish(run->agent->jobs, run->id, status,
                c138_json_ref((struct c138_json *)(uintptr_t)result));
    free(run);
}

static c138_status job_ready(void *user, struct job *job, struct c138_err *err) {
    struct agent *a = user;
    if (c138_starts_with(job_action_name(job), AGENT_PLUGIN "."))
        return C138_OK;
    return plugins_ready(a->plugins, job_action_name(job), err);
}

static c138_status run_job(void *user, struct job *job, struct c138_err *err) {
    struct agent *a = user;
    if (c138_starts_with(job_action_name(job), AGENT_PLUGIN "."))
        return agent_actions_run(a, job, err);
    struct run *run = c138_xcalloc(1, sizeof(*run));
    run->agent = a;
    (void)snprintf(run->id, sizeof(run->id), "%s", job_id(job));
    struct plugins_call *call = NULL;
    const struct plugins_request request = {
        .action = job_action(job),
        .job_id = run->id,
        .principal = job_principal(job),
        .plan_json = job_plan_text(job),
        .params = job_params(job),
        .deadline_ns = job_deadline_ns(job),
        .dry_run = job_dry_run(job),
        .done = on_call_done,
        .user = run,
    };
    c138_status status = plugins_call(a->plugins, &request, &call, err);
    if (status < 0)
        free(run);
    else
        job_set_runner(job, call);
    return status;
}

static void cancel_job(void *user, struct job *job) {
    struct agent *a = user;
    if (!c138_starts_with(job_action_name(job), AGENT_PLUGIN ".") && job_runner(job))
        plugins_cancel(a->plugins, job_runner(job));
}

static const struct decl_action *find_action(void *user, const char *name) {
    return catalog_action(((struct agent *)user)->catalog, name);
}

static const struct policy *jobs_policy(void *user) {
    return ((struct agent *)user)->policy;
}

static struct policy *api_policy(void *user) {
    return ((struct agent *)user)->policy;
}

/* --- What plugins report ------------------------------------------------------------------------
 */

static void on_progress(void *user, const char *id, uint32_t permille, const char *text) {
    jobs_progress(((struct agent *)user)->jobs, id, permille, text);
}

static void on_job_log(void *user, const char *id, int32_t level, const char *text) {
    jobs_log(((struct agent *)user)->jobs, id, level, text);
}

static void on_plugin_changed(void *user, const char *plugin) {
    struct agent *a = user;
    (void)plugin;
    if (a->jobs)
        jobs_kick(a->jobs);
}

static const char *on_job_chain(void *user, const char *id) {
    struct agent *a = user;
    struct job *job = a->jobs ? jobs_find(a->jobs, id) : NULL;
    return job ? job_chain(job) : NULL;
}

/* --- Rules that start jobs ------------------------------------------------------------------- */

struct fired {
    struct agent *agent;
    char *rule;
    void (*done)(void *user, const char *id, const char *state);
    void *user;
};

static void fired_free(struct fired *f) {
    free(f->rule);
    free(f);
}

static void on_fired_accepted(void *user, struct job *job, c138_status status,
                              const struct c138_err *err) {
    struct fired *f = user;
    if (status >= 0)
        return;
    (void)job;
    log_line(f->agent->log, C138_LOG_ERROR, NULL, "%s could not start: %s", f->rule,
             err ? err->text : c138_status_key(status));
    if (f->done)
        f->done(f->user, "", "failed");
    fired_free(f);
}

static void on_fired_done(void *user, struct job *job) {
    struct fired *f = user;
    if (f->done)
        f->done(f->user, job_id(job),
                job_state_final(job_state(job)) ? job_state_name(job_state(job)) : NULL);
    fired_free(f);
}

c138_status agent_fire(struct agent *a, const char *kind, const char *name,
                       const struct c138_json *rule, const struct c138_json *params,
                       const char *chain,
                       void (*done)(void *user, const char *id, const char *state), void *user,
                       struct c138_err *err) {
    const char *action_name = c138_json_get_str(rule, "action", "");
    const struct decl_action *action = catalog_action(a->catalog, action_name);
    if (!action) {
        const char *near = catalog_nearest(a->catalog, action_name);
        return c138_error(
            err, C138_E_NOTFOUND, "action.unknown",
            "%s %s: action %s is not known on this host%s%s: enable its plugin in conf.d", kind,
            name, action_name, near ? "; nearest: " : "", near ? near : "");
    }
    struct principal who;
    c138_status status =
        policy_named(a->policy, kind, name, c138_json_get_str(rule, "as", NULL), &who, err);
    if (status < 0)
        return status;
    C138_JSON struct c138_json *checked = NULL;
    status = validate_object(action->params, params, VALIDATE_FROM_TEXT, &checked, err);
    if (status < 0)
        return c138_error_prefix(err, status, "%s %s", kind, name);
    struct fired *f = c138_xcalloc(1, sizeof(*f));
    *f = (struct fired){
        .agent = a, .rule = c138_xasprintf("%s %s", kind, name), .done = done, .user = user};
    char source[192];
    (void)snprintf(source, sizeof(source), "%s:%s", kind, name);
    const struct job_request request = {
        .action = action,
        .params = checked,
        .who = &who,
        .source = source,
        .chain = chain,
        .durable = 1,
        .on_accepted = on_fired_accepted,
        .on_done = on_fired_done,
        .user = f,
    };
    status = jobs_submit(a->jobs, &request, err);
    if (status < 0)
        fired_free(f);
    return status;
}

static c138_status on_schedule(void *user, const char *name, const struct c138_json *rule,
                               void (*done)(void *, const char *, const char *), void *done_user,
                               struct c138_err *err) {
    return agent_fire(user, "schedule", name, rule, c138_json_get(rule, "params"), NULL, done,
                      done_user, err);
}

static c138_status on_trigger(void *user, const char *name, const struct c138_json *rule,
                              struct c138_json *params, const char *chain, struct c138_err *err) {
    return agent_fire(user, "trigger", name, rule, params, chain, NULL, NULL, err);
}

/* --- Start and end -------------------------------------------------------------------------------
 */

static void on_stopped(void *user) {
    struct agent *a = user;
    event_base_loopexit(a->base, NULL);
}

static void stop(struct agent *a, const char *why) {
    if (a->stopping) /* asked twice: at once */
        event_base_loopbreak(a->base);
    if (a->stopping++)
        return;
    log_line(a->log, C138_LOG_NOTICE, NULL, "stopping: %s", why);
    systemd_notify("STOPPING=1");
    api_close_listeners(a->api);
    schedule_stop(a->schedule);
    triggers_apply(a->triggers, NULL);
    struct c138_json *record = c138_json_new_object();
    c138_json_set_str(record, "outcome", "stop");
    c138_json_set_str(record, "reason", why);
    audit_append(a->audit, "agent", record);
    plugins_stop(a->plugins, STOP_GRACE_NS, on_stopped, a);
}

static void on_signal(evutil_socket_t signo, short what, void *user) {
    struct agent *a = user;
    (void)what;
    if (signo == SIGHUP)
        agent_reload(a, NULL, NULL);
    else
        stop(a, signo == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void on_watchdog(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)user;
    systemd_notify("WATCHDOG=1");
}

/* What a burst of work took and nobody needs now goes back to the system. */
static void on_housekeeping(evutil_socket_t fd, short what, void *user) {
    struct agent *a = user;
    (void)fd;
    (void)what;
    store_release(a->store);
    (void)malloc_trim(0);
}

static c138_status listen_api(struct agent *a, struct c138_err *err) {
    const char *mode = config_str(a->config, "api.socket_mode");
    C138_FREE char *fallback = c138_path_join(a->run_dir, "agent.sock");
    const char *path = config_str(a->config, "api.socket");
    c138_status status = api_listen_unix(
        a->api, path && *path ? path : fallback, config_str(a->config, "api.socket_group"),
        mode && *mode ? (mode_t)strtoul(mode, NULL, 8) : 0660, err);
    const char *tcp = config_str(a->config, "api.listen");
    if (status >= 0 && tcp && *tcp)
        status = api_listen_tcp(a->api, tcp, NULL, err);
    return status;
}

static void on_applied(void *user, c138_status status, const struct c138_err *err) {
    struct agent *a = user;
    if (status < 0)
        log_line(a->log, C138_LOG_ERROR, NULL, "%s", err->text);
    jobs_recover(a->jobs);
    schedule_apply(a->schedule, config_json(a->config, "schedules"));
    triggers_apply(a->triggers, config_json(a->config, "triggers"));
    agent_listen_metrics(a);
    struct c138_err failed = {0};
    if (listen_api(a, &failed) < 0) {
        log_line(a->log, C138_LOG_ERROR, NULL, "%s", failed.text);
        a->exit_status = 1;
        stop(a, "the control socket cannot be opened");
        return;
    }
    a->ready = 1;
    log_line(a->log, C138_LOG_NOTICE, NULL, "chain138d %s ready on %s after %" PRId64 " ms",
             AGENT_VERSION, a->host_name,
             (c138_now_monotonic_ns() - a->started_ns) / C138_NS_PER_MS);
    bus_emit(a->bus, "agent.started", C138_SEVERITY_INFO, "{\"version\":\"" AGENT_VERSION "\"}");
    systemd_notify("READY=1\nSTATUS=watching");
}

int agent_run(struct agent *a) {
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < C138_COUNT(signals); i++) {
        a->signals[i] = evsignal_new(a->base, signals[i], on_signal, a);
        evsignal_add(a->signals[i], NULL);
    }
    int64_t watchdog_ns = systemd_watchdog_ns();
    if (watchdog_ns > 0) {
        const struct timeval each = {
            .tv_sec = (time_t)(watchdog_ns / 3 / C138_NS_PER_S),
            .tv_usec = (suseconds_t)(watchdog_ns / 3 % C138_NS_PER_S / C138_NS_PER_US)};
        a->watchdog = event_new(a->base, -1, EV_PERSIST, on_watchdog, a);
        event_add(a->watchdog, &each);
    }
    static const struct timeval housekeeping = {.tv_sec = 10};
    a->housekeeping = event_new(a->base, -1, EV_PERSIST, on_housekeeping, a);
    event_add(a->housekeeping, &housekeeping);
    struct c138_json *record = c138_json_new_object();
    c138_json_set_str(record, "outcome", "start");
    c138_json_set_str(record, "version", AGENT_VERSION);
    if (a->audit_trouble)
        c138_json_set_str(record, "trouble", a->audit_trouble);
    audit_append(a->audit, "agent", record);
    size_t count = 0;
    const struct plugin_config *configs = config_plugins(a->config, &count);
    plugins_apply(a->plugins, configs, count, 1, on_applied, a);
    event_base_dispatch(a->base);
    return a->exit_status;
}

static c138_status make_folders(struct agent *a, struct c138_err *err) {
    C138_FREE char *plugins = c138_path_join(a->state_dir, "plugins");
    c138_status status = c138_mkdir_p(a->state_dir, 0750, err);
    if (status >= 0)
        status = c138_mkdir_p(plugins, 0700, err);
    if (status >= 0)
        status = c138_mkdir_p(a->run_dir, 0755, err);
    return status;
}

static c138_status make_store(struct agent *a, struct c138_err *err) {
    C138_FREE char *path = c138_path_join(a->state_dir, "agent.db");
    c138_status status = store_open(path, a->base, &a->store, err);
    if (status < 0)
        return status;
    struct c138_err trouble = {0};
    status = audit_open(a->audit_path, a->store, a->host_name, &a->audit, &trouble);
    if (status == C138_E_CONFLICT && a->audit) {
        a->audit_trouble = c138_xstrdup(trouble.text);
        log_line(a->log, C138_LOG_ERROR, NULL, "%s", trouble.text);
        return C138_OK;
    }
    if (status < 0 && err)
        *err = trouble;
    return status;
}

static void set_retention(struct agent *a) {
    const struct jobs_options options = {
        .keep_ns = config_int(a->config, "jobs.keep"),
        .keep_max = config_uint(a->config, "jobs.keep_max"),
        .queue_max = (uint32_t)config_uint(a->config, "jobs.queue_max"),
    };
    jobs_set_options(a->jobs, &options);
    eventlog_set_retention(a->events, config_int(a->config, "events.keep"),
                           config_uint(a->config, "events.keep_max"));
}

static c138_status make_jobs(struct agent *a, struct c138_err *err) {
    const struct jobs_env env = {
        .base = a->base,
        .store = a->store,
        .audit = a->audit,
        .bus = a->bus,
        .log = a->log,
        .host_name = a->host_name,
        .user = a,
        .ready = job_ready,
        .run = run_job,
        .cancel = cancel_job,
        .action = find_action,
        .policy = jobs_policy,
    };
    return jobs_new(&env, &(struct jobs_options){0}, &a->jobs, err);
}

static c138_status make_plugins(struct agent *a, struct c138_err *err) {
    const struct plugins_env env = {
        .base = a->base,
        .bus = a->bus,
        .log = a->log,
        .metrics = a->metrics,
        .catalog = a->catalog,
        .plugin_dirs = a->plugin_dirs,
        .host_program = a->host_program,
        .state_dir = a->state_dir,
        .run_dir = a->run_dir,
        .host_name = a->host_name,
        .agent_version = AGENT_VERSION,
        .user = a,
        .hostcall = agent_hostcall,
        .progress = on_progress,
        .job_log = on_job_log,
        .changed = on_plugin_changed,
        .job_chain = on_job_chain,
    };
    return plugins_new(&env, &a->plugins, err);
}

static c138_status make_rules(struct agent *a, struct c138_err *err) {
    const struct schedule_env schedule = {
        .base = a->base,
        .store = a->store,
        .log = a->log,
        .host_name = a->host_name,
        .user = a,
        .fire = on_schedule,
    };
    const struct triggers_env triggers = {
        .bus = a->bus, .log = a->log, .user = a, .fire = on_trigger};
    c138_status status = schedule_new(&schedule, &a->schedule, err);
    return status < 0 ? status : triggers_new(&triggers, &a->triggers, err);
}

static void api_secret_key(void *user, char ret_hex[67]) {
    const struct agent *a = user;
    C138_FREE char *hex = c138_hex_text(prompts_key(a->prompts), 32);
    (void)snprintf(ret_hex, 67, "%s", hex);
}

static c138_status api_keep_secret(void *user, const struct principal *who, const void *box,
                                   size_t length, char ret_reference[64], struct c138_err *err) {
    struct agent *a = user;
    char handle[PROMPTS_HANDLE];
    c138_status status =
        prompts_put(a->prompts, who->name, box, length, c138_now_monotonic_ns(), handle, err);
    if (status >= 0)
        (void)snprintf(ret_reference, 64, "prompt:%s", handle);
    return status;
}

static c138_status make_api(struct agent *a, struct c138_err *err) {
    const struct api_env env = {
        .base = a->base,
        .log = a->log,
        .bus = a->bus,
        .jobs = a->jobs,
        .catalog = a->catalog,
        .metrics = a->metrics,
        .events = a->events,
        .host_name = a->host_name,
        .version = AGENT_VERSION,
        .user = a,
        .policy = api_policy,
        .secret_key = api_secret_key,
        .keep_secret = api_keep_secret,
    };
    return api_new(&env, &a->api, err);
}

static enum log_format log_format(const char *name, int log_stderr) {
    if (c138_streq(name, "text") || (log_stderr && !c138_streq(name, "json")))
        return LOG_FORMAT_TEXT;
    if (c138_streq(name, "json"))
        return LOG_FORMAT_JSON;
    return c138_streq(name, "journal") ? LOG_FORMAT_JOURNAL : LOG_FORMAT_AUTO;
}

static int32_t log_level(const char *name) {
    static const char *const names[] = {"error", "warning", "notice", "info", "debug"};
    for (int32_t i = 0; name && i < (int32_t)C138_COUNT(names); i++)
        if (!strcmp(names[i], name))
            return C138_LOG_ERROR + i;
    return C138_LOG_INFO;
}

/* What is said once and cannot change while the agent runs. */
void agent_take_fixed(struct agent *a, const struct agent_options *options) {
    const char *name = config_str(a->config, "agent.host_name");
    char host[128] = "localhost";
    if (!name || !*name)
        (void)gethostname(host, sizeof(host) - 1);
    a->host_name = c138_xstrdup(name && *name ? name : host);
    a->state_dir = c138_xstrdup(config_str(a->config, "agent.state_dir"));
    a->run_dir = c138_xstrdup(config_str(a->config, "agent.run_dir"));
    a->audit_path = c138_path_join(a->state_dir, "audit.log");
    a->host_program = c138_xstrdup(
        options->host_program ? options->host_program : C138_LIBEXEC_DIR "/chain138-plugin-host");
    const struct c138_json *dirs = config_json(a->config, "agent.plugin_dirs");
    size_t count = c138_json_count(dirs);
    a->plugin_dirs = c138_xcalloc(count + 2, sizeof(*a->plugin_dirs));
    for (size_t i = 0; i < count; i++)
        a->plugin_dirs[i] = c138_json_as_str(c138_json_at(dirs, i), "");
    if (!count)
        a->plugin_dirs[0] = C138_PLUGIN_DIR;
}

static c138_status make_base(struct agent *a, struct c138_err *err) {
    evthread_use_pthreads();
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
    a->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!a->base || event_base_priority_init(a->base, 3) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "the event loop cannot be made");
    return C138_OK;
}

c138_status agent_new(const struct agent_options *options, struct agent **ret_agent,
                      struct c138_err *err) {
    struct agent *a = c138_xcalloc(1, sizeof(*a));
    a->started_ns = c138_now_monotonic_ns();
    a->started_utc_ns = c138_now_utc_ns();
    a->config_file = c138_xstrdup(options->config_file);
    c138_status status = config_read(options->config_file, &a->config, err);
    if (status >= 0) {
        a->config_first = a->config;
        agent_take_fixed(a, options);
        a->log = log_new(log_format(config_str(a->config, "agent.log_format"), options->log_stderr),
                         log_level(config_str(a->config, "agent.log_level")));
        status = agent_check(a->config, a->host_name, &a->policy, err);
    }
    if (status >= 0)
        status = make_base(a, err);
    if (status >= 0)
        status = make_folders(a, err);
    if (status >= 0)
        status = bus_new(a->base, &a->bus);
    if (status >= 0)
        status = make_store(a, err);
    if (status >= 0) {
        a->metrics = metrics_new();
        a->catalog = catalog_new();
        status = agent_actions_declare(a, err);
    }
    if (status >= 0)
        status = eventlog_new(a->base, a->store, a->bus, &a->events, err);
    if (status >= 0)
        status = make_jobs(a, err);
    if (status >= 0)
        status = make_plugins(a, err);
    if (status >= 0)
        status = make_rules(a, err);
    a->prompts = prompts_new();
    if (status >= 0 && !a->prompts)
        status = c138_error(err, C138_E_INTERNAL, NULL, "libsodium does not start");
    if (status >= 0)
        status = make_api(a, err);
    if (status >= 0)
        status = agent_gauges(a);
    if (status < 0) {
        agent_free(a);
        return status;
    }
    set_retention(a);
    *ret_agent = a;
    return C138_OK;
}

void agent_deinit(struct agent *a) {
    for (size_t i = 0; i < C138_COUNT(a->signals); i++)
        if (a->signals[i])
            event_free(a->signals[i]);
    if (a->watchdog)
        event_free(a->watchdog);
    if (a->housekeeping)
        event_free(a->housekeeping);
    api_free(a->api);
    prompts_free(a->prompts);
    plugins_free(a->plugins); /* ends the calls of jobs */
    jobs_free(a->jobs);       /* tells those that asked for them */
    triggers_free(a->triggers);
    schedule_free(a->schedule);
    eventlog_free(a->events);
    audit_close(a->audit);
    store_close(a->store);
    catalog_free(a->catalog);
    metrics_free(a->metrics);
    bus_free(a->bus);
    if (a->base)
        event_base_free(a->base);
    policy_free(a->policy);
    if (a->config_first != a->config)
        config_free(a->config_first);
    config_free(a->config);
    log_free(a->log);
    free(a->audit_trouble);
    free(a->audit_path);
    free(a->host_program);
    free(a->run_dir);
    free(a->state_dir);
    free(a->host_name);
    free(a->config_file);
    free(a->plugin_dirs);
    *a = (struct agent){0};
}

struct agent *agent_free(struct agent *a) {
    if (a)
        agent_deinit(a);
    free(a);
    return NULL;
}
