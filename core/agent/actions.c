/*
 * What the agent itself offers, declared like any plugin's actions: "agent.*". So the command line,
 * HTTP, policy, audit and the manual know them by the same way.
 */
#include "config.h"

#include <agent/agent_internal.h>
#include <base/text.h>
#include <base/when.h>
#include <schema/describe.h>

#include <string.h>

/* --- Declarations ---------------------------------------------------------------------------- */

#define TEXT(n, s) C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s)
#define NUM(n, u, s) C138_FIELD(.name = n, .type = C138_T_UINT, .unit = u, .summary = s)
#define FLAG(n, s) C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s)
#define WHEN(n, s) C138_FIELD(.name = n, .type = C138_T_TIME, .summary = s)
#define ANY(n, s) C138_FIELD(.name = n, .type = C138_T_OBJECT, .summary = s)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields =                                                                           \
                   C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT, .summary = s,      \
                                          .fields = C138_FIELDS(__VA_ARGS__))))
#define NEEDED(n, c, s)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s, .complete = c,                      \
               .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .min_text = "1",              \
               .max_text = "128")
#define SINCE                                                                                      \
    C138_FIELD(.name = "since", .type = C138_T_STRING,                                             \
               .summary = "not older than this: a duration such as 1h, or a time")
#define LIMIT(d)                                                                                   \
    C138_FIELD(.name = "limit", .type = C138_T_UINT, .default_text = d, .min_text = "1",           \
               .max_text = "10000", .summary = "at most so many, the newest")
#define STATUS_ROWS                                                                                \
    ROWS("items", "what is watched", TEXT("plugin", "plugin"), TEXT("name", "what"),               \
         TEXT("state", "ok, warning, critical or unknown"), TEXT("text", "how it is"))
#define PLUGIN_ROWS                                                                                \
    ROWS("plugins", "plugins of this host", TEXT("name", "plugin"), TEXT("state", "state"),        \
         TEXT("version", "version"), TEXT("mode", "worker or thread"),                             \
         NUM("pid", NULL, "process"),                                                              \
         C138_FIELD(.name = "memory_bytes", .type = C138_T_SIZE, .unit = "bytes",                  \
                    .summary = "resident memory"),                                                 \
         NUM("restarts", NULL, "restarts since the agent started"),                                \
         TEXT("sandboxed", "what its worker gave up"),                                             \
         TEXT("culprit", "what ran when it died last"), TEXT("reason", "why it is in this state"))
#define JOB_ROWS                                                                                   \
    ROWS("jobs", "jobs, newest first", TEXT("id", "job"), TEXT("action", "action"),                \
         TEXT("state", "state"), TEXT("principal", "who asked"), WHEN("created", "when"),          \
         WHEN("ended", "end"))

static const c138_action *const actions[] = {
    C138_ACTION(.name = "status",
                .summary = "How this host is: the one screen for three in the morning",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .results =
                    C138_FIELDS(TEXT("host", "this host"), TEXT("version", "version of the agent"),
                                TEXT("state", "worst state of all items"),
                                TEXT("uptime", "since its start"), STATUS_ROWS,
                                ROWS("jobs", "jobs that are not final", TEXT("state", "state"),
                                     NUM("count", NULL, "how many")))),
    C138_ACTION(.name = "plugins", .summary = "Plugins of this host, with state and reason",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .results = C138_FIELDS(PLUGIN_ROWS)),
    C138_ACTION(.name = "plugin-restart",
                .summary =
                    "New instance of one plugin from its file as it is now; lifts a quarantine",
                .help =
                    "The old instance goes on until the new one runs, and is then drained. If the "
                    "new one fails, the old one stays. This is also the way to upgrade a plugin: "
                    "put the new file in place, then restart it.",
                .example = "besu", .effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR,
                .flags = C138_ACTION_IDEMPOTENT, .timeout_ns = INT64_C(60000000000),
                .params = C138_FIELDS(NEEDED("name", "agent.plugins#plugins.name", "plugin")),
                .results = C138_FIELDS(TEXT("name", "plugin"), TEXT("state", "state now"))),
    C138_ACTION(.name = "reload", .summary = "Read the config again; all or nothing",
                .effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR,
                .flags = C138_ACTION_IDEMPOTENT, .timeout_ns = INT64_C(60000000000),
                .results = C138_FIELDS(TEXT("message", "what happened"))),
    C138_ACTION(.name = "jobs", .summary = "Jobs, newest first", .effect = C138_EFFECT_READ,
                .role = C138_ROLE_VIEWER,
                .params = C138_FIELDS(
                    C138_FIELD(.name = "state", .type = C138_T_ENUM,
                               .summary = "only in this state",
                               .choices = C138_TEXTS("planning", "awaiting-approval", "queued",
                                                     "running", "succeeded", "failed", "cancelled",
                                                     "interrupted", "rejected", "expired")),
                    C138_FIELD(.name = "action", .type = C138_T_STRING,
                               .summary = "only this action, or this plugin's"),
                    SINCE, LIMIT("50")),
                .results = C138_FIELDS(JOB_ROWS)),
    C138_ACTION(.name = "job", .summary = "One job with its log and result",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .params = C138_FIELDS(NEEDED("id", "agent.jobs#jobs.id", "job")),
                .results = C138_FIELDS(ANY("job", "the job"))),
    C138_ACTION(.name = "job-cancel", .summary = "Ask a job to stop", .effect = C138_EFFECT_WRITE,
                .role = C138_ROLE_OPERATOR, .flags = C138_ACTION_IDEMPOTENT,
                .params = C138_FIELDS(NEEDED("id", "agent.jobs#jobs.id", "job")),
                .results = C138_FIELDS(TEXT("state", "state now"))),
    C138_ACTION(.name = "approvals",
                .summary = "Dangerous actions that wait for somebody else's yes",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .results =
                    C138_FIELDS(ROWS("approvals", "jobs that wait", TEXT("id", "job"),
                                     TEXT("action", "action"), TEXT("principal", "who asked"),
                                     WHEN("expires", "until"), TEXT("digest", "of its plan"),
                                     ANY("params", "parameters"), ANY("plan", "the plan")))),
    C138_ACTION(.name = "approve", .summary = "Approve one run of exactly this plan",
                .effect = C138_EFFECT_WRITE, .role = C138_ROLE_CUSTODIAN,
                .params = C138_FIELDS(NEEDED("id", "agent.approvals#approvals.id", "job"),
                                      NEEDED("digest", "agent.approvals#approvals.digest",
                                             "digest of the plan that was read")),
                .results = C138_FIELDS(TEXT("state", "state now"))),
    C138_ACTION(.name = "reject", .summary = "Refuse a plan", .effect = C138_EFFECT_WRITE,
                .role = C138_ROLE_CUSTODIAN,
                .params = C138_FIELDS(NEEDED("id", "agent.approvals#approvals.id", "job"),
                                      C138_FIELD(.name = "reason", .type = C138_T_STRING,
                                                 .max_text = "500", .summary = "why")),
                .results = C138_FIELDS(TEXT("state", "state now"))),
    C138_ACTION(.name = "schedules", .summary = "Schedules and their next runs",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .results = C138_FIELDS(ROWS(
                    "schedules", "schedules", TEXT("name", "schedule"), TEXT("action", "action"),
                    TEXT("when", "cron or interval"), TEXT("zone", "time zone"),
                    WHEN("next", "next run"), TEXT("next_local", "in its zone"),
                    WHEN("last", "last run"), TEXT("last_state", "how it ended"),
                    NUM("missed", NULL, "runs missed"), FLAG("enabled", "enabled")))),
    C138_ACTION(.name = "triggers", .summary = "Triggers and what they did",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .results = C138_FIELDS(
                    ROWS("triggers", "triggers", TEXT("name", "trigger"), TEXT("topic", "event"),
                         TEXT("action", "action"), TEXT("as", "principal"), TEXT("rate", "at most"),
                         FLAG("enabled", "enabled"), NUM("fired", NULL, "runs started"),
                         NUM("suppressed", NULL, "held back by rate or loop"),
                         NUM("refused", NULL, "could not start"), WHEN("last", "last run"),
                         TEXT("last_error", "last error")))),
    C138_ACTION(.name = "trigger-replay",
                .summary =
                    "What a trigger would have done with the events of the log; acts on nothing",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .params = C138_FIELDS(NEEDED("name", "agent.triggers#triggers.name", "trigger"),
                                      SINCE, LIMIT("1000")),
                .results = C138_FIELDS(NUM("matched", NULL, "events that match"),
                                       ROWS("runs", "runs it would have started",
                                            NUM("event", NULL, "event"), WHEN("time", "when"),
                                            ANY("params", "parameters")),
                                       ROWS("refused", "held back", NUM("event", NULL, "event"),
                                            WHEN("time", "when"), TEXT("reason", "why")))),
    C138_ACTION(.name = "events", .summary = "The event log", .effect = C138_EFFECT_READ,
                .role = C138_ROLE_VIEWER,
                .params = C138_FIELDS(C138_FIELD(.name = "topic", .type = C138_T_STRING,
                                                 .flags = C138_FIELD_POSITIONAL,
                                                 .summary = "only this topic; may end in .*"),
                                      SINCE, LIMIT("100")),
                .results =
                    C138_FIELDS(ROWS("events", "events, oldest first", NUM("n", NULL, "number"),
                                     WHEN("time", "when"), TEXT("severity", "severity"),
                                     TEXT("topic", "topic"), ANY("data", "what")))),
    C138_ACTION(.name = "audit", .summary = "Audit records", .effect = C138_EFFECT_READ,
                .role = C138_ROLE_OPERATOR,
                .params = C138_FIELDS(SINCE,
                                      C138_FIELD(.name = "principal", .type = C138_T_STRING,
                                                 .summary = "only of this one"),
                                      C138_FIELD(.name = "action", .type = C138_T_STRING,
                                                 .summary = "only this action"),
                                      LIMIT("100")),
                .results = C138_FIELDS(ROWS(
                    "records", "records, oldest first", NUM("seq", NULL, "number"),
                    WHEN("time", "when"), TEXT("kind", "what"), TEXT("principal", "who"),
                    TEXT("action", "action"), TEXT("outcome", "outcome"), TEXT("job", "job")))),
    C138_ACTION(.name = "audit-verify", .summary = "Prove that the audit log is whole",
                .effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER,
                .timeout_ns = INT64_C(600000000000),
                .results = C138_FIELDS(FLAG("ok", "whole"), NUM("records", NULL, "records"),
                                       ANY("head", "newest record"),
                                       ROWS("problems", "what is wrong", NUM("line", NULL, "line"),
                                            NUM("seq", NULL, "record"), TEXT("what", "what")))),
    NULL,
};

#define EVENT(t, sev, s, ...)                                                                      \
    C138_EVENT(.topic = t, .severity = sev, .flags = C138_EVENT_KEEP, .summary = s,                \
               .fields = C138_FIELDS(__VA_ARGS__))

static const c138_event *const events[] = {
    EVENT("agent.started", C138_SEVERITY_INFO, "the agent is ready", TEXT("version", "version")),
    EVENT("agent.reloaded", C138_SEVERITY_INFO, "the config was read again", FLAG("ok", "taken"),
          TEXT("message", "what happened")),
    EVENT("agent.job", C138_SEVERITY_INFO, "a job changed its state", TEXT("id", "job"),
          TEXT("action", "action"), TEXT("state", "state"), TEXT("principal", "who asked"),
          TEXT("plugin", "plugin")),
    EVENT("agent.plugin-state", C138_SEVERITY_INFO, "a plugin changed its state",
          TEXT("plugin", "plugin"), TEXT("state", "state"), TEXT("reason", "why"),
          TEXT("culprit", "what ran")),
    EVENT("agent.plugin-died", C138_SEVERITY_WARNING, "a plugin's instance died",
          TEXT("plugin", "plugin"), TEXT("reason", "how"), TEXT("culprit", "what ran"),
          NUM("restarts", NULL, "restarts")),
    EVENT("agent.plugin-flooding", C138_SEVERITY_WARNING, "a plugin publishes too much",
          TEXT("plugin", "plugin"), NUM("dropped", NULL, "events not stored")),
    NULL,
};

static const c138_plugin self = {
    C138_SIZED(c138_plugin), .abi_major = C138_ABI_MAJOR, .abi_minor = C138_ABI_MINOR,
    .name = AGENT_PLUGIN,    .version = AGENT_VERSION,    .summary = "The agent itself",
    .license = "Apache-2.0", .actions = actions,          .events = events,
};

/* The supervisor's are the agent's, too. */
static const c138_metric **all_metrics(void) {
    size_t own = 0, others = 0;
    while (agent_metrics[own])
        own++;
    while (plugins_metrics[others])
        others++;
    const c138_metric **all = c138_xcalloc(own + others + 1, sizeof(*all));
    memcpy(all, agent_metrics, own * sizeof(*all));
    memcpy(all + own, plugins_metrics, others * sizeof(*all));
    return all;
}

c138_status agent_actions_declare(struct agent *a, struct c138_err *err) {
    C138_JSON struct c138_json *document = NULL;
    struct decl_plugin *plugin = NULL;
    c138_plugin whole = self;
    C138_FREE const c138_metric **metrics = all_metrics();
    whole.metrics = metrics;
    c138_status status = describe_plugin(&whole, DESCRIBE_TABLES_ONLY, NULL, 0, &document, err);
    if (status >= 0)
        status = decl_plugin_new(document, &plugin, err);
    if (status >= 0)
        catalog_put(a->catalog, plugin);
    return status;
}

/* --- Runs ------------------------------------------------------------------------------------ */

static const char *text_param(struct job *job, const char *name) {
    return c138_json_get_str(job_params(job), name, NULL);
}

/* "1h" ago, or a time. */
static c138_status since_param(struct job *job, int64_t *ret_ns, struct c138_err *err) {
    const char *text = text_param(job, "since");
    int64_t ns = 0;
    *ret_ns = 0;
    if (!text)
        return C138_OK;
    if (c138_duration_parse(text, &ns) >= 0)
        *ret_ns = c138_now_utc_ns() - ns;
    else if (c138_time_parse(text, ret_ns) < 0)
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "since: \"%s\" is neither a duration such as 1h nor a time such as "
                          "2026-11-23T03:00:00Z",
                          text);
    return C138_OK;
}

static struct c138_json *state_of(struct agent *a, const char *id) {
    struct job *job = jobs_find(a->jobs, id);
    struct c138_json *result = c138_json_new_object();
    c138_json_set_str(result, "state", job ? job_state_name(job_state(job)) : "gone");
    return result;
}

/* The caller as policy saw it when the job was made. */
static struct principal caller(struct job *job) {
    struct principal who = {.role = job_role(job)};
    (void)snprintf(who.name, sizeof(who.name), "%s", job_principal(job));
    return who;
}

struct later {
    struct agent *agent;
    char id[32];
    char name[64];
};

static struct later *later_new(struct agent *a, struct job *job, const char *name) {
    struct later *l = c138_xcalloc(1, sizeof(*l));
    l->agent = a;
    (void)snprintf(l->id, sizeof(l->id), "%s", job_id(job));
    (void)snprintf(l->name, sizeof(l->name), "%s", name ? name : "");
    return l;
}

static void later_fail(struct later *l, c138_status status, const char *key, const char *text) {
    struct c138_json *body = c138_json_new_object();
    c138_json_set_str(body, "key", key && *key ? key : c138_status_key(status));
    c138_json_set_str(body, "message", text);
    jobs_finish(l->agent->jobs, l->id, status, body);
    free(l);
}

/* Three words that say what a worker gave up: for the table. */
static void add_sandboxed(struct c138_json *row) {
    const struct c138_json *box = c138_json_get(row, "sandbox");
    char text[128] = "";
    if (box)
        (void)snprintf(text, sizeof(text), "%s%s%s%s",
                       c138_json_get_bool(box, "no_new_privs", 0) ? "no-new-privs " : "",
                       c138_json_get_bool(box, "seccomp", 0) ? "seccomp " : "",
                       c138_json_get_int(box, "landlock", 0) ? "landlock " : "",
                       c138_streq(c138_json_get_str(box, "network", ""), "none") ? "no-network"
                                                                                 : "");
    size_t length = strlen(text);
    if (length && text[length - 1] == ' ')
        text[length - 1] = '\0';
    c138_json_set_str(row, "sandboxed", text);
}

static struct c138_json *plugin_rows(struct agent *a) {
    struct c138_json *rows = plugins_describe(a->plugins);
    for (size_t i = 0; i < c138_json_count(rows); i++)
        add_sandboxed(c138_json_at(rows, i));
    return rows;
}

static const char *worse(const char *a, const char *b) {
    static const char *const order[] = {"ok", "unknown", "warning", "critical", NULL};
    size_t x = 0, y = 0;
    for (size_t i = 0; order[i]; i++) {
        x = c138_streq(order[i], a) ? i : x;
        y = c138_streq(order[i], b) ? i : y;
    }
    return order[x > y ? x : y];
}

static void add_item(struct c138_json *items, const char **worst, const char *plugin,
                     const char *name, const char *state, const char *text) {
    struct c138_json *row = c138_json_new_object();
    c138_json_set_str(row, "plugin", plugin);
    c138_json_set_str(row, "name", name);
    c138_json_set_str(row, "state", state);
    c138_json_set_str(row, "text", text);
    c138_json_append(items, row);
    *worst = worse(*worst, state);
}

static void add_plugin_troubles(struct agent *a, struct c138_json *items, const char **worst) {
    C138_JSON struct c138_json *rows = plugins_describe(a->plugins);
    for (size_t i = 0; i < c138_json_count(rows); i++) {
        const struct c138_json *row = c138_json_at(rows, i);
        const char *state = c138_json_get_str(row, "state", "");
        const char *reason = c138_json_get_str(row, "reason", "");
        int bad = c138_streq(state, "refused") || c138_streq(state, "quarantined") ||
                  c138_streq(state, "stuck");
        int warn = c138_streq(state, "backoff") || c138_streq(state, "degraded") ||
                   c138_streq(state, "starting");
        if (!bad && !warn)
            continue;
        C138_FREE char *text = c138_xasprintf("%s%s%s", state, *reason ? ": " : "", reason);
        add_item(items, worst, AGENT_PLUGIN, c138_json_get_str(row, "name", ""),
                 bad ? "critical" : "warning", text);
    }
}

static void add_agent_troubles(struct agent *a, struct c138_json *items, const char **worst) {
    const char *trouble = store_trouble(a->store);
    if (trouble)
        add_item(items, worst, AGENT_PLUGIN, "store", "critical", trouble);
    if (a->audit_trouble)
        add_item(items, worst, AGENT_PLUGIN, "audit", "critical", a->audit_trouble);
    C138_JSON struct c138_json *waiting = jobs_approvals(a->jobs);
    size_t count = c138_json_count(c138_json_get(waiting, "approvals"));
    if (count) {
        char text[96];
        (void)snprintf(text, sizeof(text), "%zu wait: chain138ctl approvals", count);
        add_item(items, worst, AGENT_PLUGIN, "approvals", "warning", text);
    }
}

static void on_status(void *user, struct c138_json *by_plugin) {
    struct later *l = user;
    struct agent *a = l->agent;
    const char *worst = "ok";
    struct c138_json *items = c138_json_new_array();
    for (struct c138_json_iter i = c138_json_iter(by_plugin); c138_json_next(&i);)
        for (size_t n = 0; n < c138_json_count(i.value); n++) {
            const struct c138_json *row = c138_json_at(i.value, n);
            add_item(items, &worst, i.name, c138_json_get_str(row, "name", ""),
                     c138_json_get_str(row, "state", "unknown"),
                     c138_json_get_str(row, "text", ""));
        }
    add_plugin_troubles(a, items, &worst);
    add_agent_troubles(a, items, &worst);
    char uptime[C138_DURATION_TEXT];
    c138_duration_human(c138_now_monotonic_ns() - a->started_ns, uptime);
    struct c138_json *result = c138_json_new_object();
    c138_json_set_str(result, "host", a->host_name);
    c138_json_set_str(result, "version", AGENT_VERSION);
    c138_json_set_str(result, "state", worst);
    c138_json_set_str(result, "uptime", uptime);
    c138_json_set(result, "items", items);
    struct c138_json *jobs = c138_json_new_array();
    uint32_t by_state[JOB_EXPIRED + 1] = {0};
    jobs_count(a->jobs, by_state);
    for (int s = JOB_PLANNING; s <= JOB_RUNNING; s++) {
        if (!by_state[s])
            continue;
        struct c138_json *row = c138_json_new_object();
        c138_json_set_str(row, "state", job_state_name((enum job_state)s));
        c138_json_set_uint(row, "count", by_state[s]);
        c138_json_append(jobs, row);
    }
    c138_json_set(result, "jobs", jobs);
    c138_json_unref(by_plugin);
    jobs_finish(a->jobs, l->id, C138_OK, result);
    free(l);
}

static void on_restarted(void *user, c138_status status, const struct c138_err *err) {
    struct later *l = user;
    if (status < 0) {
        later_fail(l, status, err->key, err->text);
        return;
    }
    struct c138_json *result = c138_json_new_object();
    c138_json_set_str(result, "name", l->name);
    c138_json_set_str(result, "state", "running");
    jobs_finish(l->agent->jobs, l->id, C138_OK, result);
    free(l);
}

static void on_reloaded(void *user, c138_status status, const char *text) {
    struct later *l = user;
    if (status < 0) {
        later_fail(l, status, "config.refused", text);
        return;
    }
    struct c138_json *result = c138_json_new_object();
    c138_json_set_str(result, "message", text);
    jobs_finish(l->agent->jobs, l->id, C138_OK, result);
    free(l);
}

static c138_status run_job_list(struct agent *a, struct job *job, struct c138_json **ret,
                                struct c138_err *err) {
    struct jobs_filter filter = {
        .state = text_param(job, "state"),
        .action = text_param(job, "action"),
        .limit = c138_json_get_uint(job_params(job), "limit", 50),
    };
    c138_status status = since_param(job, &filter.since_ns, err);
    if (status >= 0)
        *ret = jobs_list(a->jobs, &filter);
    return status;
}

static c138_status run_job_one(struct agent *a, struct job *job, struct c138_json **ret,
                               struct c138_err *err) {
    const char *id = text_param(job, "id");
    struct job *wanted = jobs_find(a->jobs, id);
    if (!wanted)
        return c138_error(err, C138_E_NOTFOUND, "job.unknown",
                          "job %s is not known (any more): chain138ctl jobs lists them", id);
    *ret = c138_json_new_object();
    c138_json_set(*ret, "job", job_json(a->jobs, wanted, 1, 0));
    return C138_OK;
}

static c138_status run_decision(struct agent *a, struct job *job, const char *name,
                                struct c138_json **ret, struct c138_err *err) {
    const char *id = text_param(job, "id");
    const struct principal who = caller(job);
    c138_status status;
    if (!strcmp(name, "approve"))
        status = jobs_approve(a->jobs, id, text_param(job, "digest"), &who, err);
    else if (!strcmp(name, "reject"))
        status = jobs_reject(a->jobs, id, text_param(job, "reason"), &who, err);
    else
        status = jobs_cancel(a->jobs, id, &who, err);
    if (status >= 0)
        *ret = state_of(a, id);
    return status;
}

static c138_status run_replay(struct agent *a, struct job *job, struct c138_json **ret,
                              struct c138_err *err) {
    struct eventlog_filter filter = {.limit = c138_json_get_uint(job_params(job), "limit", 1000),
                                     .newest = 1};
    c138_status status = since_param(job, &filter.since_ns, err);
    return status < 0 ? status
                      : triggers_replay(a->triggers, text_param(job, "name"), a->events, &filter,
                                        ret, err);
}

static c138_status run_events(struct agent *a, struct job *job, struct c138_json **ret,
                              struct c138_err *err) {
    struct eventlog_filter filter = {.topic = text_param(job, "topic"),
                                     .limit = c138_json_get_uint(job_params(job), "limit", 100),
                                     .newest = 1};
    c138_status status = since_param(job, &filter.since_ns, err);
    if (status >= 0)
        *ret = eventlog_read(a->events, &filter);
    return status;
}

static c138_status run_audit(struct agent *a, struct job *job, struct c138_json **ret,
                             struct c138_err *err) {
    struct audit_filter filter = {.principal = text_param(job, "principal"),
                                  .action = text_param(job, "action"),
                                  .limit = c138_json_get_uint(job_params(job), "limit", 100)};
    c138_status status = since_param(job, &filter.since_ns, err);
    return status < 0 ? status : audit_show(a->audit_path, &filter, ret, err);
}

static c138_status run_verify(struct agent *a, struct c138_json **ret, struct c138_err *err) {
    char hash[65];
    (void)store_flush(a->store);
    uint64_t seq = audit_head(a->audit, hash);
    return audit_verify(a->audit_path, seq, hash, ret, err);
}

static c138_status run_now(struct agent *a, struct job *job, const char *name,
                           struct c138_json **ret, struct c138_err *err) {
    if (!strcmp(name, "plugins")) {
        *ret = c138_json_new_object();
        c138_json_set(*ret, "plugins", plugin_rows(a));
        return C138_OK;
    }
    if (!strcmp(name, "jobs"))
        return run_job_list(a, job, ret, err);
    if (!strcmp(name, "job"))
        return run_job_one(a, job, ret, err);
    if (!strcmp(name, "job-cancel") || !strcmp(name, "approve") || !strcmp(name, "reject"))
        return run_decision(a, job, name, ret, err);
    if (!strcmp(name, "trigger-replay"))
        return run_replay(a, job, ret, err);
    if (!strcmp(name, "events"))
        return run_events(a, job, ret, err);
    if (!strcmp(name, "audit"))
        return run_audit(a, job, ret, err);
    if (!strcmp(name, "audit-verify"))
        return run_verify(a, ret, err);
    if (!strcmp(name, "approvals"))
        *ret = jobs_approvals(a->jobs);
    else if (!strcmp(name, "schedules"))
        *ret = schedule_list(a->schedule);
    else if (!strcmp(name, "triggers"))
        *ret = triggers_list(a->triggers);
    else
        return c138_error(err, C138_E_UNSUPPORTED, NULL, "agent.%s is not an action of this agent",
                          name);
    return C138_OK;
}

/* A run inside env.run must not end the job at once: its state is just being set. */
struct now {
    struct later *later;
    c138_status status;
    struct c138_json *result;
    struct c138_err err;
};

static void on_now(evutil_socket_t fd, short what, void *user) {
    struct now *n = user;
    (void)fd;
    (void)what;
    if (n->status < 0) {
        later_fail(n->later, n->status, n->err.key, n->err.text);
    } else {
        jobs_finish(n->later->agent->jobs, n->later->id, C138_OK, n->result);
        free(n->later);
    }
    free(n);
}

c138_status agent_actions_run(struct agent *a, struct job *job, struct c138_err *err) {
    const char *name = job_action_name(job) + strlen(AGENT_PLUGIN ".");
    (void)err;
    if (!strcmp(name, "status")) {
        plugins_status(a->plugins, C138_NS_PER_S, on_status, later_new(a, job, NULL));
        return C138_OK;
    }
    if (!strcmp(name, "plugin-restart")) {
        const char *plugin = text_param(job, "name");
        plugins_restart(a->plugins, plugin, on_restarted, later_new(a, job, plugin));
        return C138_OK;
    }
    if (!strcmp(name, "reload")) {
        agent_reload(a, on_reloaded, later_new(a, job, NULL));
        return C138_OK;
    }
    struct now *n = c138_xcalloc(1, sizeof(*n));
    n->later = later_new(a, job, NULL);
    n->status = run_now(a, job, name, &n->result, &n->err);
    event_base_once(a->base, -1, EV_TIMEOUT, on_now, n, NULL);
    return C138_OK;
}
