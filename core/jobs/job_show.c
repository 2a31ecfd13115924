#include <jobs/jobs_internal.h>

static const char *const states[] = {
    "",       "planning",  "awaiting-approval", "queued",   "running", "succeeded",
    "failed", "cancelled", "interrupted",       "rejected", "expired"};

const char *job_state_name(enum job_state state) {
    return state >= JOB_PLANNING && state <= JOB_EXPIRED ? states[state] : "unknown";
}

int job_state_final(enum job_state state) {
    return state >= JOB_SUCCEEDED;
}

const char *job_id(const struct job *job) {
    return job->id;
}
const struct decl_action *job_action(const struct job *job) {
    return job->action;
}
const char *job_action_name(const struct job *job) {
    return job->action_name;
}
const struct c138_json *job_params(const struct job *job) {
    return job->params;
}
const struct c138_json *job_result(const struct job *job) {
    return job->result;
}
const char *job_plan_text(const struct job *job) {
    return job->state == JOB_RUNNING ? job->plan : NULL;
}
const char *job_principal(const struct job *job) {
    return job->principal;
}
uint32_t job_role(const struct job *job) {
    return job->role;
}
const char *job_chain(const struct job *job) {
    return job->chain;
}
enum job_state job_state(const struct job *job) {
    return job->state;
}
int64_t job_deadline_ns(const struct job *job) {
    return job->deadline_ns;
}
int job_dry_run(const struct job *job) {
    return job->dry_run || job->state == JOB_PLANNING;
}
uint64_t job_version(const struct job *job) {
    return job->version;
}
void *job_runner(const struct job *job) {
    return job->runner;
}
void job_set_runner(struct job *job, void *runner) {
    job->runner = runner;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void set_time(struct c138_json *o, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (!ns)
        return;
    c138_time_format(ns, text);
    c138_json_set_str(o, name, text);
}

static void set_plan(struct jobs *j, struct c138_json *o, const struct job *job) {
    struct c138_json *plan = NULL;
    C138_FREE char *text = job->plan && j->env.log && job->has_secrets
                               ? log_scrubbed(j->env.log, job->plan)
                               : c138_xstrdup(job->plan);
    if (!text || c138_json_parse(text, strlen(text), &plan, NULL) < 0)
        return;
    c138_json_set(o, "plan", plan);
    c138_json_set_str(o, "digest", job->digest);
    set_time(o, "expires", job->expires_ns);
}

struct c138_json *job_json(struct jobs *j, struct job *job, int with_log, uint64_t log_from) {
    struct c138_json *o = c138_json_new_object(), *progress = c138_json_new_object();
    c138_json_set_str(o, "id", job->id);
    c138_json_set_str(o, "action", job->action_name);
    c138_json_set_str(o, "state", job_state_name(job->state));
    c138_json_set_str(o, "principal", job->principal);
    c138_json_set_str(o, "source", job->source);
    c138_json_set_str(o, "host", j->env.host_name);
    set_time(o, "created", job->created_ns);
    set_time(o, "started", job->started_ns);
    set_time(o, "ended", job->ended_ns);
    c138_json_set_int(o, "deadline_ms", job->timeout_ns / C138_NS_PER_MS);
    c138_json_set(o, "params", c138_json_ref(job->redacted));
    c138_json_set_bool(o, "dry_run", job->dry_run);
    if (job->chain)
        c138_json_set_str(o, "chain", job->chain);
    if (job->permille <= 1000)
        c138_json_set_uint(progress, "permille", job->permille);
    c138_json_set_str(progress, "text", job->progress);
    c138_json_set(o, "progress", progress);
    if (job_state_final(job->state) && job->result)
        c138_json_set(o, job->state == JOB_SUCCEEDED ? "result" : "error",
                      c138_json_ref(job->result));
    set_plan(j, o, job);
    c138_json_set_uint(o, "attempt", job->attempt);
    c138_json_set_uint(o, "version", job->version);
    if (!with_log)
        return o;
    if (job->durable) {
        c138_json_set(o, "log", job_log_load(j, job, log_from));
    } else {
        struct c138_json *log = c138_json_new_array();
        for (size_t i = (size_t)log_from; i < c138_json_count(job->log); i++)
            c138_json_append(log, c138_json_ref(c138_json_at(job->log, i)));
        c138_json_set(o, "log", log);
    }
    return o;
}

struct c138_json *jobs_list(struct jobs *j, const struct jobs_filter *filter) {
    C138_JSON struct c138_json *ids = job_rows_list(j, filter);
    struct c138_json *result = c138_json_new_object(), *list = c138_json_new_array();
    for (size_t i = 0; i < c138_json_count(ids); i++) {
        struct job *job = jobs_find(j, c138_json_as_str(c138_json_at(ids, i), ""));
        if (job)
            c138_json_append(list, job_json(j, job, 0, 0));
    }
    c138_json_set(result, "jobs", list);
    return result;
}

struct c138_json *jobs_approvals(struct jobs *j) {
    struct c138_json *result = c138_json_new_object(), *list = c138_json_new_array();
    for (struct job *job = j->oldest; job; job = job->newer)
        if (job->state == JOB_AWAITING_APPROVAL)
            c138_json_append(list, job_json(j, job, 0, 0));
    c138_json_set(result, "approvals", list);
    return result;
}

void jobs_count(const struct jobs *j, uint32_t ret_by_state[JOB_EXPIRED + 1]) {
    memcpy(ret_by_state, j->ended, sizeof(j->ended));
    for (const struct job *job = j->oldest; job; job = job->newer)
        if (!job_state_final(job->state) && job->durable) /* reads come and go */
            ret_by_state[job->state]++;
}

/* --- Waiting --------------------------------------------------------------------------------- */

struct job_wait *jobs_wait(struct jobs *j, const char *id, uint64_t version, int64_t until_ns,
                           void (*fn)(void *user, struct job *job), void *user) {
    struct job_wait *w = c138_xcalloc(1, sizeof(*w));
    const struct timeval now = {0};
    *w = (struct job_wait){.jobs = j,
                           .version = version,
                           .until_ns = until_ns,
                           .fn = fn,
                           .user = user,
                           .next = j->waits};
    (void)snprintf(w->id, sizeof(w->id), "%s", id);
    j->waits = w;
    (void)event_add(j->tick, &now); /* it may be over already */
    return w;
}

static void unlink_wait(struct job_wait *w) {
    struct job_wait **p = &w->jobs->waits;
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
}

void jobs_wait_stop(struct job_wait *w) {
    if (!w)
        return;
    unlink_wait(w);
    free(w);
}

static void tell(struct job_wait *w, struct job *job) {
    void (*fn)(void *user, struct job *job) = w->fn;
    void *user = w->user;
    unlink_wait(w);
    free(w);
    fn(user, job);
}

/* The one told may stop other waits: look from the start again. */
void jobs_wake(struct jobs *j, struct job *job) {
    for (struct job_wait *w = j->waits; w;) {
        if (strcmp(w->id, job->id) != 0 || job->version <= w->version) {
            w = w->next;
            continue;
        }
        tell(w, job);
        w = j->waits;
    }
}

void jobs_wake_late(struct jobs *j, int64_t now) {
    for (struct job_wait *w = j->waits; w;) {
        struct job *job = jobs_find(j, w->id);
        if (job && now < w->until_ns && job->version <= w->version) {
            w = w->next;
            continue;
        }
        tell(w, job);
        w = j->waits;
    }
}
