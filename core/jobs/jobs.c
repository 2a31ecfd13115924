/*
 * A job's way from submit to its end. Order in every step: memory, row and audit in one
 * transaction, and only after its commit what others may see of it: an answer, a call of the
 * plugin, an event.
 */
#include <jobs/jobs_internal.h>

#include <inttypes.h>

#define TICK_MS 100
#define OVERDUE_NS                                                                                 \
    (INT64_C(3) * C138_NS_PER_S) /* past its deadline, for a runner that does not answer */
#define UNAVAILABLE_NS (C138_NS_PER_S / 2) /* until a plugin that does not run is asked again */
#define SWEEP_NS (INT64_C(60) * C138_NS_PER_S)
#define RETRY_NS C138_NS_PER_S

/* --- Events, audit, telling ------------------------------------------------------------------ */

static void emit(struct jobs *j, const struct job *job) {
    if (!j->env.bus || !job->durable)
        return;
    C138_JSON struct c138_json *o = c138_json_new_object();
    char plugin[64];
    (void)snprintf(plugin, sizeof(plugin), "%.*s", (int)strcspn(job->action_name, "."),
                   job->action_name);
    c138_json_set_str(o, "id", job->id);
    c138_json_set_str(o, "action", job->action_name);
    c138_json_set_str(o, "state", job_state_name(job->state));
    c138_json_set_str(o, "principal", job->principal);
    c138_json_set_str(o, "plugin", plugin);
    C138_FREE char *text = c138_json_dump(o);
    int bad = job->state == JOB_FAILED || job->state == JOB_INTERRUPTED;
    const struct bus_event event = {.topic = "agent.job",
                                    .source = "agent",
                                    .json = text,
                                    .json_length = strlen(text),
                                    .time_ns = c138_now_utc_ns(),
                                    .flags = C138_EVENT_KEEP,
                                    .severity = bad ? C138_SEVERITY_WARNING : C138_SEVERITY_INFO,
                                    .job_id = job->id,
                                    .chain = job->chain};
    bus_publish(j->env.bus, &event);
}

void job_owe(struct job *job, const char *kind, struct c138_json *members) {
    struct c138_json *one = c138_json_new_array();
    c138_json_append(one, c138_json_new_str(kind));
    c138_json_append(one, members);
    if (!job->owed)
        job->owed = c138_json_new_array();
    c138_json_append(job->owed, one);
}

/* The transaction of this turn has ended: what went with it is no longer owed. */
static void owed_ended(struct job *job, c138_status status) {
    size_t all = c138_json_count(job->owed), kept = status < 0 ? 0 : job->owed_sent;
    struct c138_json *rest = NULL;
    job->owed_sent = 0;
    if (!kept)
        return;
    for (size_t i = kept; i < all; i++) {
        if (!rest)
            rest = c138_json_new_array();
        c138_json_append(rest, c138_json_ref(c138_json_at(job->owed, i)));
    }
    c138_json_unref(job->owed);
    job->owed = rest;
}

void job_audit(struct job *job, const char *kind, const char *outcome) {
    if (!job->durable)
        return;
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "principal", job->principal);
    c138_json_set_str(o, "action", job->action_name);
    c138_json_set_str(o, "job", job->id);
    c138_json_set_str(o, "outcome", outcome);
    if (!strcmp(kind, "accept")) {
        char digest[65];
        C138_FREE char *text = c138_json_canonical(job->params);
        c138_sha256_hex(text, strlen(text), digest);
        c138_json_set_str(o, "digest", digest);
        c138_json_set(o, "params", c138_json_ref(job->redacted));
        c138_json_set_str(o, "source", job->source);
        c138_json_set_str(o, "chain", job->chain);
    }
    job_owe(job, kind, o);
}

static void tell_done(struct job *job) {
    job->tell_done = 0;
    while (job->waiters) {
        struct waiting *w = job->waiters;
        job->waiters = w->next;
        if (w->on_done)
            w->on_done(w->user, job);
        free(w);
    }
}

static struct after *after_new(struct jobs *j, const struct job *job,
                               void (*fn)(struct jobs *j, struct job *job, c138_status status)) {
    struct after *a = c138_xcalloc(1, sizeof(*a));
    *a = (struct after){.jobs = j, .fn = fn};
    memcpy(a->id, job->id, sizeof(a->id));
    return a;
}

static void on_commit(void *user, c138_status status) {
    struct after a = *(struct after *)user;
    struct job *job = job_here(a.jobs, a.id);
    free(user);
    a.jobs->in_commit--;
    if (!job)
        return;
    job->waits_for_commit = 0;
    owed_ended(job, status);
    a.fn(a.jobs, job, status);
}

/* Row and records of this job in the transaction of this turn; then fn. */
static void save_then(struct jobs *j, struct job *job,
                      void (*fn)(struct jobs *j, struct job *job, c138_status status)) {
    job->waits_for_commit = 1;
    job_save(j, job);
    j->in_commit++;
    store_on_commit(j->env.store, on_commit, after_new(j, job, fn));
}

/* In the next turn: nobody is called back from inside the call that asked. */
static void soon(struct jobs *j, const struct job *job,
                 void (*fn)(struct jobs *j, struct job *job, c138_status status)) {
    struct after *a = after_new(j, job, fn), **end = &j->soon;
    while (*end)
        end = &(*end)->next;
    *end = a;
    jobs_kick(j);
}

static void run_soon(struct jobs *j) {
    struct after *all = C138_STEAL(j->soon);
    while (all) {
        struct after *a = all;
        struct job *job = jobs_find(j, a->id);
        all = a->next;
        if (job)
            a->fn(j, job, C138_OK);
        free(a);
    }
}

static void after_change(struct jobs *j, struct job *job) {
    emit(j, job);
    job->version++;
    jobs_wake(j, job);
    if (job_state_final(job->state) && job->tell_done)
        tell_done(job);
    jobs_kick(j);
}

static void on_changed(struct jobs *j, struct job *job, c138_status status) {
    const struct timeval again = {.tv_sec = RETRY_NS / C138_NS_PER_S};
    if (status >= 0) {
        after_change(j, job);
        return;
    }
    job->unsaved = 1; /* written again each second: nobody hears of it before */
    if (!j->closing)
        (void)event_add(j->tick, &again);
}

/* Saves a state that is already in memory, and tells about it when it is on disk. */
void job_changed(struct jobs *j, struct job *job) {
    job->unsaved = 0;
    if (!job->durable) {
        after_change(j, job);
        return;
    }
    save_then(j, job, on_changed);
}

static void scrub(struct jobs *j, struct job *job, void (*fn)(struct log *, const char *)) {
    if (!j->env.log || !job->action)
        return;
    C138_JSON struct c138_json *texts = c138_json_new_array();
    validate_sensitive_texts(job->action->params, job->params, texts);
    job->has_secrets = c138_json_count(texts) > 0;
    for (size_t i = 0; i < c138_json_count(texts); i++)
        fn(j->env.log, c138_json_as_str(c138_json_at(texts, i), ""));
}

/* A plugin may give back what it was given: secrets of this job are taken out of its result, too.
 */
static struct c138_json *clean_result(struct jobs *j, const struct job *job,
                                      struct c138_json *result) {
    struct c138_json *shown = NULL;
    if (!j->env.log || !job->has_secrets)
        return result;
    C138_FREE char *text = c138_json_dump(result), *clean = log_scrubbed(j->env.log, text);
    if (!strcmp(text, clean) || c138_json_parse(clean, strlen(clean), &shown, NULL) < 0)
        return result;
    c138_json_unref(result);
    return shown;
}

static struct c138_json *failure(struct jobs *j, const char *key, const char *text) {
    struct c138_json *o = c138_json_new_object();
    C138_FREE char *clean = j->env.log ? log_scrubbed(j->env.log, text) : c138_xstrdup(text);
    c138_json_set_str(o, "key", key);
    c138_json_set_str(o, "message", clean);
    return o;
}

static void end_with(struct jobs *j, struct job *job, enum job_state state, c138_status status,
                     struct c138_json *result) {
    if (status < 0)
        c138_json_set_str(result, "status", c138_status_key(status));
    c138_json_unref(job->result);
    job->result = result;
    job->status = status;
    job->state = state;
    job->ended_ns = c138_now_utc_ns();
    job->runner = NULL;
    job->tell_done = 1;
    job_leave_way(j, job);
    if (job->has_secrets && job->plan && j->env.log) {
        char *clean = log_scrubbed(j->env.log, job->plan);
        free(job->plan);
        job->plan = clean;
    }
    scrub(j, job, log_scrub_remove);
    j->active--;
    j->ended[state]++;
    job_final_here(j, job);
    job_audit(job, "end", job_state_name(state));
    job_changed(j, job);
}

void job_end(struct jobs *j, struct job *job, enum job_state state, c138_status status,
             const char *key, const char *text) {
    end_with(j, job, state, status, failure(j, key && *key ? key : c138_status_key(status), text));
}

/* --- Running --------------------------------------------------------------------------------- */

void job_to_queue(struct jobs *j, struct job *job) {
    job->state = JOB_QUEUED;
    job->queued_ns = c138_now_monotonic_ns();
    job->runner = NULL;
    job_leave_way(j, job);
    job_changed(j, job);
}

/* A job that was found on disk has its lock, and its secrets are known to the log, from the moment
 * its action is known: that may be after its plugin came back. */
static void adopt(struct jobs *j, struct job *job, const struct decl_action *action) {
    int first = !job->action;
    job->action = action; /* an upgraded plugin declares it anew */
    if (!first || !action)
        return;
    job->lock = validate_lock_name(action->lock, job->params);
    scrub(j, job, log_scrub_add);
}

static const struct decl_action *action_of(struct jobs *j, struct job *job) {
    const struct decl_action *now = j->env.action(j->env.user, job->action_name);
    if (now)
        adopt(j, job, now);
    return now;
}

/* Back to the queue as it was: it did not run. */
static void not_started(struct jobs *j, struct job *job) {
    if (job->state == JOB_RUNNING)
        job->state = JOB_QUEUED;
    job->started_ns = 0;
    job->runner = NULL;
    job->attempt--;
    job_leave_way(j, job);
}

/* On disk as running: now it may really run. */
static void run_it(struct jobs *j, struct job *job) {
    struct c138_err err = {0};
    job->deadline_ns = c138_now_monotonic_ns() + job->timeout_ns;
    c138_status status = j->env.run(j->env.user, job, &err);
    if (status >= 0)
        return;
    if ((status != C138_E_UNAVAILABLE && status != C138_E_BUSY) || !job->durable) {
        job_end(j, job, JOB_FAILED, status, err.key, err.text);
        return;
    }
    (void)snprintf(job->progress, sizeof(job->progress), "waits: %s", err.text);
    job->retry_ns = c138_now_monotonic_ns() + UNAVAILABLE_NS;
    not_started(j, job);
    job_audit(job, "requeue", err.text);
    job_changed(j, job);
}

static void on_running(struct jobs *j, struct job *job, c138_status status) {
    if (status < 0) { /* not on disk, so not run: there is no start to tell of */
        not_started(j, job);
        c138_json_unref(job->owed);
        job->owed = NULL;
        job->retry_ns = c138_now_monotonic_ns() + UNAVAILABLE_NS;
        return;
    }
    if (j->closing) { /* nor will it: the next start takes it up */
        not_started(j, job);
        job_audit(job, "requeue", "the agent stops");
        job_changed(j, job);
        return;
    }
    emit(j, job);
    job->version++;
    jobs_wake(j, job);
    if (job->cancel_asked)
        job_end(j, job, JOB_CANCELLED, C138_E_CANCELLED, "cancelled", "cancelled before it ran");
    else
        run_it(j, job);
}

static void start(struct jobs *j, struct job *job) {
    if (job->state == JOB_QUEUED)
        job->state = JOB_RUNNING;
    job->started_ns = c138_now_utc_ns();
    job->attempt++;
    job->permille = 1001;
    job->progress[0] = '\0';
    job_take_way(j, job);
    if (!job->durable) {
        run_it(j, job);
        return;
    }
    job_audit(job, "start", job->state == JOB_PLANNING ? "plan" : "run");
    save_then(j, job, on_running);
}

static int is_waiting(const struct job *job) {
    return job->state == JOB_QUEUED || (job->state == JOB_PLANNING && !job->started_ns);
}

static int is_startable(const struct job *job, int64_t now) {
    return is_waiting(job) && !job->waits_for_commit && !job->unsaved && now >= job->retry_ns;
}

/* Its plugin is asked before anything is written: a job whose plugin is away costs nothing. A read
 * does not wait: its run says why not. */
static int plugin_is_ready(struct jobs *j, struct job *job) {
    struct c138_err err = {0};
    if (!job->durable || !j->env.ready || j->env.ready(j->env.user, job, &err) >= 0)
        return 1;
    C138_FREE char *text = c138_xasprintf("waits: %s", err.text);
    if (strncmp(text, job->progress, sizeof(job->progress) - 1) != 0)
        jobs_progress(j, job->id, job->permille, text);
    return 0;
}

static void look_to_start(struct jobs *j, struct job *job, int64_t now) {
    if (!is_startable(job, now))
        return;
    if (job->cancel_asked)
        job_end(j, job, JOB_CANCELLED, C138_E_CANCELLED, "cancelled", "cancelled before it ran");
    else if (action_of(j, job) && job_has_way(j, job) && plugin_is_ready(j, job))
        start(j, job);
}

static void on_kick(evutil_socket_t fd, short what, void *user) {
    struct jobs *j = user;
    int64_t now = c138_now_monotonic_ns();
    (void)fd;
    (void)what;
    run_soon(j);
    for (struct job *job = j->oldest, *next; job; job = next) {
        next = job->newer;
        look_to_start(j, job, now);
    }
}

void jobs_kick(struct jobs *j) {
    event_active(j->kick, EV_TIMEOUT, 0);
}

/* --- Submit ---------------------------------------------------------------------------------- */

static void tell_accepted(struct job *job, c138_status status, const struct c138_err *err) {
    for (struct waiting *w = job->waiters, *next; w; w = next) {
        void (*fn)(void *user, struct job *job, c138_status status, const struct c138_err *err) =
            w->on_accepted;
        next = w->next;
        w->on_accepted = NULL;
        if (fn)
            fn(w->user, status < 0 ? NULL : job, status, err);
    }
}

static void on_accepted(struct jobs *j, struct job *job, c138_status status) {
    struct c138_err err = {0};
    job->waits_for_commit = 0;
    if (status < 0) {
        const char *why = store_trouble(j->env.store);
        c138_error(&err, status, "store.trouble", "not accepted: %s",
                   why ? why : "the store cannot be written");
        tell_accepted(job, status, &err);
        scrub(j, job, log_scrub_remove);
        j->active--;
        job_drop(j, job);
        return;
    }
    emit(j, job);
    job->version++;
    tell_accepted(job, C138_OK, &err);
    jobs_kick(j);
}

static void add_waiter(struct job *job, const struct job_request *r) {
    struct waiting *w = c138_xcalloc(1, sizeof(*w));
    *w = (struct waiting){.on_accepted = r->on_accepted,
                          .on_done = r->on_done,
                          .user = r->user,
                          .next = job->waiters};
    job->waiters = w;
}

/* The first job of this key: told as accepted, and as done if it is. */
static void on_repeated(struct jobs *j, struct job *job, c138_status status) {
    const struct c138_err none = {0};
    (void)j;
    (void)status;
    if (!job->waits_for_commit || job->version)
        tell_accepted(job, C138_OK, &none);
    if (job_state_final(job->state) && !job->waits_for_commit && !job->unsaved)
        tell_done(job);
}

static int repeats(struct jobs *j, const struct job_request *r) {
    if (!r->idempotency_key)
        return 0;
    struct job *job = NULL;
    for (job = j->oldest; job; job = job->newer)
        if (c138_streq(job->key, r->idempotency_key) && !strcmp(job->principal, r->who->name))
            break;
    if (!job)
        job = job_load_key(j, r->who->name, r->idempotency_key);
    if (!job)
        return 0;
    add_waiter(job, r);
    soon(j, job, on_repeated);
    return 1;
}

static void denied(struct jobs *j, const struct job_request *r, const struct c138_err *err) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "principal", r->who->name);
    c138_json_set_str(o, "action", r->action->full_name);
    c138_json_set_str(o, "source", r->source);
    c138_json_set_str(o, "outcome", err ? err->text : "denied");
    audit_append(j->env.audit, "deny", o);
}

/* First a plan, which somebody else approves? */
static int wants_plan(const struct jobs *j, const struct job_request *r) {
    return !r->dry_run && !r->approved_by && r->action->effect != C138_EFFECT_READ &&
           (r->action->effect == C138_EFFECT_DANGEROUS ||
            policy_wants_approval(j->env.policy(j->env.user), r->action->full_name));
}

static struct job *job_from(struct jobs *j, const struct job_request *r) {
    struct job *job = job_new(j, NULL);
    job->action = r->action;
    job->action_name = c138_xstrdup(r->action->full_name);
    job->principal = c138_xstrdup(r->who->name);
    job->role = r->who->role;
    job->source = c138_xstrdup(r->source);
    job->chain = c138_xstrdup(r->chain);
    job->key = c138_xstrdup(r->idempotency_key);
    job->params = r->params ? c138_json_ref((struct c138_json *)(uintptr_t)r->params)
                            : c138_json_new_object();
    job->redacted = validate_redact(r->action->params, job->params);
    job->lock = validate_lock_name(r->action->lock, job->params);
    job->dry_run = r->dry_run;
    job->durable = r->action->effect != C138_EFFECT_READ || r->durable;
    job->timeout_ns = r->timeout_ns > 0 ? r->timeout_ns : r->action->timeout_ns;
    job->created_ns = c138_now_utc_ns();
    job->queued_ns = c138_now_monotonic_ns();
    job->permille = 1001;
    job->plan = c138_xstrdup(r->plan);
    job->state = wants_plan(j, r) ? JOB_PLANNING : JOB_QUEUED;
    add_waiter(job, r);
    return job;
}

c138_status jobs_submit(struct jobs *j, const struct job_request *r, struct c138_err *err) {
    uint32_t most = j->options.queue_max ? j->options.queue_max : 10000;
    struct c138_err local = {0};
    if (!err)
        err = &local;
    c138_status status = policy_check(r->who, r->action->role, r->action->full_name, err);
    if (status < 0) {
        denied(j, r, err);
        return status;
    }
    if (r->dry_run && r->action->effect != C138_EFFECT_READ &&
        !(r->action->flags & C138_ACTION_DRY_RUN))
        return c138_error(err, C138_E_UNSUPPORTED, "action.no-dry-run", "%s cannot be dry-run",
                          r->action->full_name);
    if (wants_plan(j, r) && !(r->action->flags & C138_ACTION_DRY_RUN))
        return c138_error(err, C138_E_UNSUPPORTED, "approval.no-plan",
                          "%s is to be approved (policy.approve), and has no plan that could be",
                          r->action->full_name);
    if (repeats(j, r))
        return C138_OK;
    if (j->active >= most)
        return c138_error(err, C138_E_BUSY, "jobs.full",
                          "%" PRIu32
                          " jobs are not yet at their end (jobs.queue_max): try again later",
                          j->active);
    struct job *job = job_from(j, r);
    j->active++;
    scrub(j, job, log_scrub_add);
    job->waits_for_commit = 1;
    if (!job->durable) {
        soon(j, job, on_accepted);
        return C138_OK;
    }
    job_audit(job, "accept", job_state_name(job->state));
    save_then(j, job, on_accepted);
    return C138_OK;
}

/* --- The end --------------------------------------------------------------------------------- */

static void died(struct jobs *j, struct job *job, const struct c138_json *why) {
    const char *message = c138_json_get_str(why, "message", "the plugin died");
    if (job->action && (job->action->flags & C138_ACTION_IDEMPOTENT) &&
        job->attempt < ATTEMPTS_MAX) {
        (void)snprintf(job->progress, sizeof(job->progress), "runs again: %s", message);
        job_audit(job, "requeue", job->progress);
        job_to_queue(j, job);
        return;
    }
    C138_FREE char *text = c138_xasprintf("outcome unknown: %s", message);
    job_end(j, job, JOB_INTERRUPTED, C138_E_UNAVAILABLE, "plugin.died", text);
}

static void failed(struct jobs *j, struct job *job, c138_status status,
                   const struct c138_json *why) {
    const char *key = c138_json_get_str(why, "key", ""),
               *message = c138_json_get_str(why, "message", "");
    char limit[C138_DURATION_TEXT];
    c138_duration_format(job->timeout_ns, limit);
    /* The supervisor asks a call to stop at its deadline by itself, and may be quicker than our
     * tick. */
    if (job->timed_out || (status == C138_E_CANCELLED && !job->cancel_asked &&
                           c138_now_monotonic_ns() >= job->deadline_ns)) {
        C138_FREE char *text = c138_xasprintf("%s did not end within %s%s%s", job->action_name,
                                              limit, *message ? ": " : "", message);
        job_end(j, job, JOB_FAILED, C138_E_TIMEOUT, "timeout", text);
    } else if (!strcmp(key, "plugin.died") && job->state == JOB_RUNNING) {
        died(j, job, why);
    } else if (status == C138_E_CANCELLED || (job->cancel_asked && status < 0)) {
        job_end(j, job, JOB_CANCELLED, C138_E_CANCELLED, *key ? key : "cancelled",
                *message ? message : "cancelled");
    } else {
        job_end(j, job, JOB_FAILED, status, key, *message ? message : c138_status_key(status));
    }
}

void jobs_finish(struct jobs *j, const char *id, c138_status status, struct c138_json *result) {
    struct job *job = job_here(j, id);
    if (!result)
        result = c138_json_new_object();
    if (!job || (job->state != JOB_RUNNING && job->state != JOB_PLANNING)) {
        c138_json_unref(result);
        return; /* too late: it was given up */
    }
    if (status < 0) {
        failed(j, job, status, result);
        c138_json_unref(result);
    } else if (job->state == JOB_PLANNING) {
        job_planned(j, job, result);
    } else {
        struct c138_json *shown =
            job->action ? validate_redact(job->action->results, result) : c138_json_ref(result);
        c138_json_unref(result);
        end_with(j, job, JOB_SUCCEEDED, C138_OK, clean_result(j, job, shown));
    }
}

void jobs_progress(struct jobs *j, const char *id, uint32_t permille, const char *text) {
    struct job *job = job_here(j, id);
    if (!job || job_state_final(job->state))
        return;
    C138_FREE char *clean = j->env.log ? log_scrubbed(j->env.log, text) : c138_xstrdup(text);
    job->permille = permille > 1000 ? 1001 : permille;
    (void)snprintf(job->progress, sizeof(job->progress), "%s", clean);
    job->version++;
    jobs_wake(j, job);
}

void jobs_log(struct jobs *j, const char *id, int32_t level, const char *text) {
    struct job *job = job_here(j, id);
    if (!job || job_state_final(job->state) || job->log_lines >= LOG_LINES_MAX)
        return;
    C138_FREE char *clean = j->env.log ? log_scrubbed(j->env.log, text) : c138_xstrdup(text);
    uint32_t n = job->log_lines++;
    if (job->durable) {
        job_log_save(j, job, n, level, clean);
    } else {
        struct c138_json *o = c138_json_new_object();
        c138_json_set_uint(o, "n", n);
        c138_json_set_str(o, "text", clean);
        if (!job->log)
            job->log = c138_json_new_array();
        c138_json_append(job->log, o);
    }
    job->version++;
    jobs_wake(j, job);
}

c138_status jobs_cancel(struct jobs *j, const char *id, const struct principal *who,
                        struct c138_err *err) {
    struct job *job = jobs_find(j, id);
    if (!job)
        return c138_error(err, C138_E_NOTFOUND, "job.unknown", "job %s is not known (any more)",
                          id);
    if (job_state_final(job->state))
        return c138_error(err, C138_E_CONFLICT, "job.over", "job %s is %s already", id,
                          job_state_name(job->state));
    c138_status status = policy_check(who, C138_ROLE_OPERATOR, "agent.job-cancel", err);
    if (status < 0)
        return status;
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "principal", who->name);
    c138_json_set_str(o, "action", job->action_name);
    c138_json_set_str(o, "job", job->id);
    c138_json_set_str(o, "outcome", "cancel asked");
    audit_append(j->env.audit, "cancel", o);
    job->cancel_asked = 1;
    if ((job->state == JOB_RUNNING || job->state == JOB_PLANNING) && job->runner) {
        j->env.cancel(j->env.user, job);
    } else if (!job->waits_for_commit &&
               (job->state == JOB_QUEUED || job->state == JOB_AWAITING_APPROVAL)) {
        C138_FREE char *text = c138_xasprintf("cancelled by %s before it ran", who->name);
        job_end(j, job, JOB_CANCELLED, C138_E_CANCELLED, "cancelled", text);
    }
    return C138_OK;
}

/* --- Time ------------------------------------------------------------------------------------ */

static void look_at(struct jobs *j, struct job *job, int64_t now) {
    int running = job->state == JOB_RUNNING || (job->state == JOB_PLANNING && job->started_ns);
    if (job->waits_for_commit)
        return;
    if (running && job->deadline_ns && now > job->deadline_ns && !job->timed_out) {
        job->timed_out = 1;
        if (job->runner)
            j->env.cancel(j->env.user, job);
    } else if (running && job->cancel_asked && job->runner && !job->timed_out) {
        j->env.cancel(j->env.user, job); /* again: it may have been asked before the call was out */
    }
    if (running && job->timed_out && now > job->deadline_ns + OVERDUE_NS) {
        const struct c138_json *none = NULL;
        failed(j, job, C138_E_TIMEOUT, none);
    } else if (job->state == JOB_AWAITING_APPROVAL && c138_now_utc_ns() >= job->expires_ns) {
        job_end(j, job, JOB_EXPIRED, C138_E_TIMEOUT, "approval.expired",
                "nobody approved the plan in time: ask for it again");
    } else if (is_waiting(job) && job->action && !job_has_way(j, job)) {
        job->queued_ns = now; /* others hold it up, and they have deadlines of their own */
    } else if (is_waiting(job) && now > job->queued_ns + job->timeout_ns) {
        C138_FREE char *text =
            c138_xasprintf("%s could not start: %s", job->action_name,
                           *job->progress ? job->progress : "its plugin is not here");
        job_end(j, job, JOB_FAILED, C138_E_UNAVAILABLE, "plugin.not-running", text);
    }
}

static void retry_unsaved(struct jobs *j, int64_t now) {
    if (now - j->retried_ns < RETRY_NS)
        return;
    j->retried_ns = now;
    for (struct job *job = j->oldest; job; job = job->newer)
        if (job->unsaved && !job->waits_for_commit)
            job_changed(j, job);
}

static void on_tick(evutil_socket_t fd, short what, void *user) {
    struct jobs *j = user;
    const struct timeval again = {.tv_usec = TICK_MS * 1000}, idle = {.tv_sec = 1};
    int64_t now = c138_now_monotonic_ns();
    (void)fd;
    (void)what;
    for (struct job *job = j->oldest, *next; job; job = next) {
        next = job->newer;
        if (!job_state_final(job->state))
            look_at(j, job, now);
        if (job->retry_ns && is_startable(job, now))
            jobs_kick(j);
    }
    retry_unsaved(j, now);
    jobs_wake_late(j, now);
    jobs_evict(j, now);
    if (now - j->swept_ns > SWEEP_NS) {
        j->swept_ns = now;
        job_rows_sweep(j);
    }
    (void)event_add(j->tick, j->active || j->waits ? &again : &idle);
}

/* --- Begin and end --------------------------------------------------------------------------- */

struct job *jobs_find(struct jobs *j, const char *id) {
    struct job *job = job_here(j, id);
    return job || !c138_ulid_valid(id) ? job : job_load(j, id);
}

static void recover(struct jobs *j, struct job *job) {
    int again = job->action && (job->action->flags & C138_ACTION_IDEMPOTENT);
    const struct decl_action *action = C138_STEAL(job->action);
    j->active++;
    adopt(j, job, action);
    job->log_lines = job_log_next(j, job);
    job->queued_ns = c138_now_monotonic_ns();
    job->version = 1;
    if (job->state == JOB_RUNNING && again) {
        (void)snprintf(job->progress, sizeof(job->progress),
                       "runs again: the agent was killed while it ran");
        job_audit(job, "requeue", job->progress);
        job_to_queue(j, job);
    } else if (job->state == JOB_RUNNING) {
        job_end(j, job, JOB_INTERRUPTED, C138_E_UNAVAILABLE, "agent.killed",
                "outcome unknown: the agent ended while it ran; look at what it was to change "
                "before it is asked for again");
    } else if (job->state == JOB_PLANNING) {
        job->started_ns = 0; /* planning changes nothing: once more */
    }
}

void jobs_recover(struct jobs *j) {
    job_load_open(j);
    for (struct job *job = j->oldest, *next; job; job = next) {
        next = job->newer;
        if (!job_state_final(job->state) && !job->version && !job->waits_for_commit)
            recover(j, job);
    }
    jobs_kick(j);
}

c138_status jobs_new(const struct jobs_env *env, const struct jobs_options *options,
                     struct jobs **ret_jobs, struct c138_err *err) {
    struct jobs *j = c138_xcalloc(1, sizeof(*j));
    const struct timeval first = {.tv_usec = TICK_MS * 1000};
    j->env = *env;
    j->options = *options;
    c138_status status = job_rows_open(j, err);
    if (status < 0) {
        free(j);
        return status;
    }
    j->tick = evtimer_new(env->base, on_tick, j);
    j->kick = event_new(env->base, -1, 0, on_kick, j);
    (void)event_add(j->tick, &first);
    *ret_jobs = j;
    return C138_OK;
}

/* Who still waits is told where it stands; the next start goes on with it. */
static void let_go(struct job *job) {
    struct c138_err err = {0};
    (void)c138_error(&err, C138_E_UNAVAILABLE, "agent.stopping", "the agent stops: ask again");
    for (struct waiting *w = C138_STEAL(job->waiters), *next; w; w = next) {
        next = w->next;
        if (w->on_accepted)
            w->on_accepted(w->user, NULL, C138_E_UNAVAILABLE, &err);
        else if (w->on_done)
            w->on_done(w->user, job);
        free(w);
    }
}

struct jobs *jobs_free(struct jobs *j) {
    if (!j)
        return NULL;
    j->closing = 1;
    run_soon(j);
    while (j->in_commit) /* those told may write once more: an end, a job put back */
        (void)store_flush(j->env.store);
    while (j->waits)
        jobs_wait_stop(j->waits);
    for (struct job *job = j->oldest; job; job = job->newer)
        let_go(job);
    for (struct after *a = j->soon, *next; a; a = next) {
        next = a->next;
        free(a);
    }
    while (j->oldest)
        job_drop(j, j->oldest);
    event_free(j->tick);
    event_free(j->kick);
    free(j);
    return NULL;
}

void jobs_set_options(struct jobs *j, const struct jobs_options *options) {
    j->options = *options;
}
