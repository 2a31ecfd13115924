/*
 * Actions over HTTP: what they are, running one, waiting for its end; and GET /v1/jobs/ID, which
 * waits the same way.
 *
 * A run lives from jobs_submit() to its answer, also when the client leaves in between (r is NULL
 * then): the job goes on.
 */
#include "config.h"

#include <api/api_internal.h>
#include <base/text.h>
#include <base/when.h>
#include <schema/validate.h>

#include <string.h>

struct run {
    struct api_req *r; /* NULL: the client left */
    struct api *api;
    const struct decl_action *action;
    int columns, bare;
    int64_t until_ns;
    struct job_wait *wait;
    char id[64];
    api_result_fn done; /* NULL: answer */
    void *user;
};

/* --- Declarations ------------------------------------------------------------------------------
 */

static struct c138_json *share(const struct c138_json *v) {
    return c138_json_ref((struct c138_json *)(uintptr_t)v);
}

static struct c138_json *brief(const struct decl_plugin *p) {
    struct c138_json *plugin = c138_json_new_object(), *actions = c138_json_new_array();
    c138_json_set_str(plugin, "name", p->name);
    c138_json_set_str(plugin, "summary", p->summary);
    for (struct decl_action *const *a = p->actions; *a; a++) {
        struct c138_json *action = c138_json_new_object();
        c138_json_set_str(action, "name", (*a)->name);
        c138_json_set_str(action, "summary", (*a)->summary);
        c138_json_append(actions, action);
    }
    c138_json_set(plugin, "actions", actions);
    return plugin;
}

/* {"plugins":[documents]}; ?brief=1: names and summaries only. */
void api_actions_list(struct api_req *r) {
    const struct catalog *c = r->api->env.catalog;
    struct c138_json *body = c138_json_new_object(), *plugins = c138_json_new_array();
    int short_form = api_query_flag(r, "brief");
    for (size_t i = 0; i < catalog_count(c); i++) {
        const struct decl_plugin *p = catalog_at(c, i);
        c138_json_append(plugins, short_form ? brief(p) : decl_plugin_document(p));
    }
    c138_json_set(body, "plugins", plugins);
    api_reply(r, 200, body);
}

static void unknown_action(struct api_req *r, const char *name) {
    const char *near = catalog_nearest(r->api->env.catalog, name);
    struct c138_err err = {0};
    (void)c138_error(&err, C138_E_NOTFOUND, "action.unknown",
                     "there is no action %s on this host%s%s%s: `chain138ctl help` lists what is "
                     "here, `chain138ctl plugins` what could not be loaded",
                     name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    api_reply_error(r, C138_E_NOTFOUND, &err);
}

/* {"action":{...}}, or, for the name of a plugin, {"plugin":{...}}. */
void api_actions_one(struct api_req *r, const char *name) {
    const struct catalog *c = r->api->env.catalog;
    const struct decl_action *action = catalog_action(c, name);
    const struct decl_plugin *plugin = action ? NULL : catalog_plugin(c, name);
    if (!action && !plugin) {
        unknown_action(r, name);
        return;
    }
    struct c138_json *body = c138_json_new_object();
    if (action)
        c138_json_set(body, "action", decl_action_document(action));
    else
        c138_json_set(body, "plugin", decl_plugin_document(plugin));
    api_reply(r, 200, body);
}

/* --- A run ----------------------------------------------------------------------------------- */

static void run_free(struct run *run) {
    if (run->wait)
        jobs_wait_stop(run->wait);
    if (run->r)
        run->r->on_gone = NULL;
    free(run);
}

static void run_fail(struct run *run, c138_status status, const struct c138_err *err) {
    struct api_req *r = run->r;
    api_result_fn done = run->done;
    void *user = run->user;
    run_free(run);
    if (r && done)
        done(r, NULL, err, user);
    else if (r)
        api_reply_error(r, status, err);
}

static int has_sensitive(struct decl_field *const *fields) {
    for (; *fields; fields++)
        if (((*fields)->flags & C138_FIELD_SENSITIVE) || has_sensitive((*fields)->fields))
            return 1;
    return 0;
}

static struct c138_json *visible_result(const struct run *run, const struct c138_json *result) {
    return has_sensitive(run->action->results) ? validate_redact(run->action->results, result)
                                               : share(result);
}

static void err_of_job(const struct c138_json *job, struct c138_err *err) {
    const struct c138_json *error = c138_json_get(job, "error");
    const char *state = c138_json_get_str(job, "state", "failed");
    const char *key = c138_json_get_str(error, "key", NULL);
    c138_status status =
        c138_status_from_key(c138_json_get_str(error, "status", key ? key : "internal"));
    if (!error && c138_streq(state, "cancelled"))
        status = C138_E_CANCELLED;
    (void)c138_error(err, status, key, "%s", c138_json_get_str(error, "message", state));
}

static void copy_member(struct c138_json *to, const struct c138_json *from, const char *name) {
    const struct c138_json *value = c138_json_get(from, name);
    if (value)
        c138_json_set(to, name, share(value));
}

/* {"job","state", and "result" or "error" once it ended, "plan","digest","expires" while it awaits
 * approval} */
static struct c138_json *answer_of(const struct run *run, const struct c138_json *job) {
    struct c138_json *body = c138_json_new_object();
    const struct c138_json *result = c138_json_get(job, "result");
    c138_json_set_str(body, "job", c138_json_get_str(job, "id", run->id));
    copy_member(body, job, "state");
    if (result)
        c138_json_set(body, "result", visible_result(run, result));
    copy_member(body, job, "error");
    copy_member(body, job, "plan");
    copy_member(body, job, "digest");
    copy_member(body, job, "expires");
    copy_member(body, job, "version");
    if (run->columns) {
        C138_JSON struct c138_json *document = decl_action_document(run->action);
        const struct c138_json *columns = c138_json_get(document, "results");
        c138_json_set(body, "columns", columns ? share(columns) : c138_json_new_array());
    }
    return body;
}

static void answer_accepted(struct run *run, struct job *job) {
    struct api_req *r = run->r;
    C138_JSON struct c138_json *json = job_json(run->api->env.jobs, job, 0, 0);
    struct c138_json *body = answer_of(run, json);
    char location[96];
    (void)snprintf(location, sizeof(location), "/v1/jobs/%s", run->id);
    api_header(r, "Location", location);
    run_free(run);
    api_reply(r, 202, body);
}

static void answer_ended(struct run *run, struct job *job) {
    struct api_req *r = run->r;
    C138_JSON struct c138_json *json = job_json(run->api->env.jobs, job, 0, 0);
    struct c138_json *body = answer_of(run, json);
    run_free(run);
    api_reply(r, 200, body);
}

/* The result alone, or the error with its own HTTP number. */
static void answer_bare(struct run *run, struct job *job) {
    struct api_req *r = run->r;
    api_result_fn done = run->done;
    void *user = run->user;
    C138_JSON struct c138_json *json = job_json(run->api->env.jobs, job, 0, 0);
    const struct c138_json *result = c138_json_get(json, "result");
    struct c138_json *body = NULL;
    struct c138_err err = {0};
    if (job_state(job) == JOB_SUCCEEDED)
        body = result ? visible_result(run, result) : c138_json_new_object();
    else
        err_of_job(json, &err);
    run_free(run);
    if (done) {
        done(r, body, &err, user);
        c138_json_unref(body);
    } else if (body) {
        api_reply(r, 200, body);
    } else {
        api_reply_error(r, err.status, &err);
    }
}

static void run_look(struct run *run, struct job *job);

static void on_change(void *user, struct job *job) {
    struct run *run = user;
    run->wait = NULL;
    if (!run->r) {
        run_free(run);
        return;
    }
    struct job *now = job ? job : jobs_find(run->api->env.jobs, run->id);
    if (now)
        run_look(run, now);
    else
        run_fail(run, C138_E_NOTFOUND, NULL);
}

/* Answers if there is something to say, else waits on. */
static void run_look(struct run *run, struct job *job) {
    enum job_state state = job_state(job);
    int late = c138_now_monotonic_ns() >= run->until_ns;
    if (job_state_final(state)) {
        if (run->bare || run->done)
            answer_bare(run, job);
        else
            answer_ended(run, job);
    } else if (late && run->done) {
        struct c138_err err = {0};
        (void)c138_error(&err, C138_E_TIMEOUT, NULL, "%s takes its time", run->action->full_name);
        run_fail(run, C138_E_TIMEOUT, &err);
    } else if (late || state == JOB_AWAITING_APPROVAL) {
        answer_accepted(run, job);
    } else {
        run->wait =
            jobs_wait(run->api->env.jobs, run->id, job_version(job), run->until_ns, on_change, run);
    }
}

static void on_accepted(void *user, struct job *job, c138_status status,
                        const struct c138_err *err) {
    struct run *run = user;
    if (status < 0) {
        run_fail(run, status, err);
        return;
    }
    (void)snprintf(run->id, sizeof(run->id), "%s", job_id(job));
    if (run->r)
        run_look(run, job);
    else
        run_free(run);
}

static void on_run_gone(struct api_req *r, void *user) {
    struct run *run = user;
    api_result_fn done = run->done;
    void *done_user = run->user;
    int accepted = run->id[0] != '\0';
    run->r = NULL;
    run->done = NULL;
    if (run->wait)
        jobs_wait_stop(run->wait);
    run->wait = NULL;
    if (accepted) /* else on_accepted() still comes */
        free(run);
    if (done)
        done(NULL, NULL, NULL, done_user);
    (void)r;
}

struct how {
    uint64_t wait_s;
    int64_t timeout_ns;
    const char *key;
    int dry_run, durable, columns, bare;
    api_result_fn done;
    void *user;
};

static void fail_early(struct api_req *r, const struct how *how, c138_status status,
                       const struct c138_err *err) {
    if (how->done)
        how->done(r, NULL, err, how->user);
    else
        api_reply_error(r, status, err);
}

static void submit(struct api_req *r, const struct decl_action *action,
                   const struct c138_json *params, const struct how *how) {
    struct run *run = c138_xcalloc(1, sizeof(*run));
    *run = (struct run){
        .r = r,
        .api = r->api,
        .action = action,
        .columns = how->columns,
        .bare = how->bare,
        .until_ns = c138_now_monotonic_ns() + (int64_t)how->wait_s * C138_NS_PER_S,
        .done = how->done,
        .user = how->user,
    };
    r->on_gone = on_run_gone;
    r->user = run;
    const struct job_request request = {
        .action = action,
        .params = params,
        .who = &r->who,
        .source = r->door->kind == DOOR_UNIX ? "socket" : "tcp",
        .idempotency_key = how->key,
        .timeout_ns = how->timeout_ns,
        .dry_run = how->dry_run,
        .durable = how->durable,
        .on_accepted = on_accepted,
        .user = run,
    };
    struct c138_err err = {0};
    c138_status status = jobs_submit(r->api->env.jobs, &request, &err);
    if (status < 0)
        run_fail(run, status, &err);
}

/* How the query and the headers want it. */
static c138_status how_of(const struct api_req *r, const struct decl_action *action,
                          struct how *how, struct c138_err *err) {
    uint64_t usual = action->effect == C138_EFFECT_READ ? API_WAIT_READ_S : 0;
    const char *timeout = api_query(r, "timeout");
    how->key = evhttp_find_header(evhttp_request_get_input_headers(r->http), "Idempotency-Key");
    how->dry_run = api_query_flag(r, "dry_run");
    how->durable = api_query_flag(r, "durable");
    how->columns = api_query_flag(r, "columns");
    if (how->key && (!*how->key || strlen(how->key) > 128))
        return c138_error(err, C138_E_INVALID, "query.invalid",
                          "header Idempotency-Key: expected 1 to 128 bytes");
    if (timeout && (c138_duration_parse(timeout, &how->timeout_ns) < 0 || how->timeout_ns <= 0))
        return c138_error(err, C138_E_INVALID, "query.invalid",
                          "query parameter timeout is \"%.60s\": expected a duration, such as 90s",
                          timeout);
    if (how->dry_run && !(action->flags & C138_ACTION_DRY_RUN))
        return c138_error(err, C138_E_UNSUPPORTED, "action.no-dry-run",
                          "%s cannot be rehearsed: it declares no dry run", action->full_name);
    return api_query_uint(r, "wait", usual, API_WAIT_MAX_S, &how->wait_s, err);
}

/* Who may not call it hears that first, whatever is wrong with the rest; the refusal is
 * jobs_submit()'s, which audits it. */
static int deny(struct api_req *r, const struct decl_action *action) {
    if (policy_check(&r->who, action->role, action->full_name, NULL) >= 0)
        return 0;
    C138_JSON struct c138_json *nothing = c138_json_new_object();
    submit(r, action, nothing, &(struct how){0});
    return 1;
}

void api_actions_post(struct api_req *r, const char *name) {
    const struct decl_action *action = catalog_action(r->api->env.catalog, name);
    C138_JSON struct c138_json *body = NULL;
    C138_JSON struct c138_json *params = NULL;
    struct c138_err err = {0};
    struct how how = {0};
    c138_status status = action ? C138_OK : policy_check(&r->who, C138_ROLE_VIEWER, name, &err);
    if (status < 0) {
        api_reply_error(r, status, &err);
        return;
    }
    if (!action) {
        unknown_action(r, name);
        return;
    }
    if (deny(r, action))
        return;
    status = how_of(r, action, &how, &err);
    if (status >= 0)
        status = api_body(r, &body, &err);
    if (status >= 0)
        status = validate_object(action->params, body,
                                 api_query_flag(r, "text") ? VALIDATE_FROM_TEXT : 0, &params, &err);
    if (status < 0)
        api_reply_error(r, status, &err);
    else
        submit(r, action, params, &how);
}

static void run_text(struct api_req *r, const char *name, struct c138_json *params,
                     const struct how *how) {
    C138_JSON struct c138_json *given = params;
    C138_JSON struct c138_json *checked = NULL;
    struct c138_err err = {0};
    const struct decl_action *action = catalog_action(r->api->env.catalog, name);
    c138_status status;
    if (action && policy_check(&r->who, action->role, name, NULL) < 0) {
        checked = c138_json_new_object(); /* refused, and audited, by jobs_submit() */
        status = C138_OK;
    } else if (action) {
        status = validate_object(action->params, given, VALIDATE_FROM_TEXT, &checked, &err);
    } else
        status = c138_error(&err, C138_E_NOTFOUND, "action.unknown", "there is no action %s", name);
    if (status < 0)
        fail_early(r, how, status, &err);
    else
        submit(r, action, checked, how);
}

void api_actions_bare(struct api_req *r, const char *name, struct c138_json *params) {
    run_text(r, name, params, &(struct how){.wait_s = API_WAIT_READ_S, .bare = 1});
}

void api_actions_run(struct api_req *r, const char *name, struct c138_json *params, uint64_t wait_s,
                     api_result_fn done, void *user) {
    run_text(r, name, params, &(struct how){.wait_s = wait_s, .done = done, .user = user});
}

/* --- GET /v1/jobs/ID ------------------------------------------------------------------------- */

struct poll {
    struct api_req *r;
    struct job_wait *wait;
    uint64_t log_from;
    char id[64];
};

static void poll_answer(struct api_req *r, const char *id, uint64_t log_from) {
    struct job *job = jobs_find(r->api->env.jobs, id);
    if (job) {
        struct c138_json *json = job_json(r->api->env.jobs, job, 1, log_from);
        const struct decl_action *action = job_action(job);
        const struct c138_json *result = c138_json_get(json, "result");
        if (action && result && has_sensitive(action->results))
            c138_json_set(json, "result", validate_redact(action->results, result));
        api_reply(r, 200, json);
    } else {
        api_reply_code(r, 404, "job.unknown",
                       "job %s is not known (any more): `chain138ctl jobs` lists them", id);
    }
}

static void on_polled(void *user, struct job *job) {
    struct poll *p = user;
    (void)job;
    p->r->on_gone = NULL;
    poll_answer(p->r, p->id, p->log_from);
    free(p);
}

static void on_poll_gone(struct api_req *r, void *user) {
    struct poll *p = user;
    (void)r;
    jobs_wait_stop(p->wait);
    free(p);
}

/* ?after=VERSION&wait=SECONDS: answers when the job is newer than that, or final, or the time is
 * over. */
void api_job_get(struct api_req *r, const char *id) {
    struct jobs *jobs = r->api->env.jobs;
    uint64_t after = 0, wait_s = 0, log_from = 0;
    struct c138_err err = {0};
    c138_status status = api_query_uint(r, "after", 0, UINT64_MAX, &after, &err);
    if (status >= 0)
        status = api_query_uint(r, "wait", 0, API_WAIT_MAX_S, &wait_s, &err);
    if (status >= 0)
        status = api_query_uint(r, "log_from", 0, UINT64_MAX, &log_from, &err);
    if (status < 0) {
        api_reply_error(r, status, &err);
        return;
    }
    struct job *job = jobs_find(jobs, id);
    if (!job || !wait_s || job_state_final(job_state(job)) || job_version(job) > after) {
        poll_answer(r, id, log_from);
        return;
    }
    struct poll *p = c138_xcalloc(1, sizeof(*p));
    p->r = r;
    p->log_from = log_from;
    (void)snprintf(p->id, sizeof(p->id), "%s", id);
    r->on_gone = on_poll_gone;
    r->user = p;
    p->wait = jobs_wait(jobs, id, after, c138_now_monotonic_ns() + (int64_t)wait_s * C138_NS_PER_S,
                        on_polled, p);
}
