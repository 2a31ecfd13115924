#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <jobs/jobs.h>
#include <schema/describe.h>
#include <schema/validate.h>

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- A plugin that exists as tables only; its runs are ended by the tests -------------------- */

#define ARG C138_FIELD(.name = "a", .type = C138_T_STRING, .summary = "a", .default_text = "x")
#define KEY                                                                                        \
    C138_FIELD(.name = "key", .type = C138_T_STRING, .summary = "k", .flags = C138_FIELD_SENSITIVE)
static const c138_plugin tables = {
    C138_SIZED(c138_plugin),
    .abi_major = 1,
    .name = "t",
    .version = "1",
    .summary = "t",
    .license = "x",
    .actions = C138_ACTIONS(
        C138_ACTION(.name = "read", .summary = "r", .effect = C138_EFFECT_READ,
                    .role = C138_ROLE_VIEWER),
        C138_ACTION(.name = "once", .summary = "w", .effect = C138_EFFECT_WRITE,
                    .role = C138_ROLE_OPERATOR, .params = C138_FIELDS(ARG, KEY)),
        C138_ACTION(.name = "again", .summary = "w", .effect = C138_EFFECT_WRITE,
                    .role = C138_ROLE_OPERATOR, .flags = C138_ACTION_IDEMPOTENT),
        C138_ACTION(.name = "locked", .summary = "w", .effect = C138_EFFECT_WRITE,
                    .role = C138_ROLE_OPERATOR, .lock = "l:{a}", .params = C138_FIELDS(ARG)),
        C138_ACTION(.name = "wipe", .summary = "d", .effect = C138_EFFECT_DANGEROUS,
                    .role = C138_ROLE_CUSTODIAN, .flags = C138_ACTION_DRY_RUN))};

static struct rig {
    char folder[64];
    char *db, *audit_path;
    struct event_base *base;
    struct store *store;
    struct audit *audit;
    struct jobs *jobs;
    struct policy *policy;
    struct log *log;
    struct decl_plugin *plugin;
    char runs[16][32]; /* ids in the order in which they ran */
    int n_runs, cancels, away, busy, unknown, full, leave_loop;
    int accepted, refused, done, woken;
    char last_id[32], done_state[32];
    struct c138_err err;
} rig;

static const struct principal operator_ = {"unix:olga@host", C138_ROLE_OPERATOR},
                              viewer = {"unix:vera@host", C138_ROLE_VIEWER},
                              alice = {"unix:alice@host", C138_ROLE_CUSTODIAN},
                              bob = {"unix:bob@host", C138_ROLE_CUSTODIAN};

static c138_status on_ready(void *user, struct job *job, struct c138_err *err) {
    (void)user;
    (void)job;
    if (rig.leave_loop)
        event_base_loopbreak(rig.base);
    return rig.away ? c138_error(err, C138_E_UNAVAILABLE, "plugin.not-running", "plugin t is away")
                    : C138_OK;
}

static c138_status on_run(void *user, struct job *job, struct c138_err *err) {
    (void)user;
    if (rig.away)
        return c138_error(err, C138_E_UNAVAILABLE, "plugin.not-running", "plugin t is away");
    if (rig.busy)
        return c138_error(err, C138_E_BUSY, "plugin.busy", "256 calls wait");
    (void)snprintf(rig.runs[rig.n_runs++ % 16], 32, "%s", job_id(job));
    job_set_runner(job, &rig);
    return C138_OK;
}

static void on_cancel(void *user, struct job *job) {
    (void)user;
    (void)job;
    rig.cancels++;
}

static const struct decl_action *find(void *user, const char *name) {
    (void)user;
    return rig.unknown ? NULL : decl_action_find(rig.plugin, name);
}

static const struct policy *policy_now(void *user) {
    (void)user;
    return rig.policy;
}

static c138_status full_disk(void *user) {
    (void)user;
    return rig.full ? C138_E_LIMIT : C138_OK;
}

static void open_all(void) {
    struct c138_err err = {0};
    rig.base = event_base_new();
    event_base_priority_init(rig.base, 3);
    CU_ASSERT_EQUAL_FATAL(store_open(rig.db, rig.base, &rig.store, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(audit_open(rig.audit_path, rig.store, "host", &rig.audit, &err), C138_OK);
    store_before_commit(rig.store, full_disk, NULL, NULL);
    const struct jobs_env env = {.base = rig.base,
                                 .store = rig.store,
                                 .audit = rig.audit,
                                 .log = rig.log,
                                 .host_name = "host",
                                 .ready = on_ready,
                                 .run = on_run,
                                 .cancel = on_cancel,
                                 .action = find,
                                 .policy = policy_now};
    CU_ASSERT_EQUAL_FATAL(jobs_new(&env, &(struct jobs_options){0}, &rig.jobs, &err), C138_OK);
    jobs_recover(rig.jobs);
}

static void close_all(void) {
    rig.jobs = jobs_free(rig.jobs);
    rig.audit = audit_close(rig.audit);
    rig.store = store_close(rig.store);
    event_base_free(rig.base);
}

static void up(void) {
    C138_JSON struct c138_json *document = NULL;
    struct c138_err err = {0};
    rig = (struct rig){.folder = "/tmp/c138-jobs-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    rig.db = c138_path_join(rig.folder, "agent.db");
    rig.audit_path = c138_path_join(rig.folder, "audit.log");
    rig.log = log_new(LOG_FORMAT_TEXT, 0);
    CU_ASSERT_EQUAL_FATAL(policy_new(NULL, "host", &rig.policy, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(describe_plugin(&tables, DESCRIBE_TABLES_ONLY, NULL, 0, &document, &err),
                          C138_OK);
    CU_ASSERT_EQUAL_FATAL(decl_plugin_new(document, &rig.plugin, &err), C138_OK);
    open_all();
}

static void down(void) {
    static const char *const names[] = {"agent.db", "agent.db-wal", "agent.db-shm", "agent.db.lock",
                                        "audit.log"};
    C138_JSON struct c138_json *report = NULL;
    char hash[65];
    uint64_t seq = 0;
    (void)store_flush(rig.store);
    seq = audit_head(rig.audit, hash);
    CU_ASSERT_EQUAL(audit_verify(rig.audit_path, seq, hash, &report, NULL), C138_OK);
    CU_ASSERT(c138_json_get_bool(report, "ok", 0));
    close_all();
    decl_plugin_free(rig.plugin);
    policy_free(rig.policy);
    log_free(rig.log);
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(rig.folder, names[i]);
        (void)unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(rig.folder), 0);
    free(rig.db);
    free(rig.audit_path);
}

static void on_accepted(void *user, struct job *job, c138_status status,
                        const struct c138_err *err) {
    (void)user;
    if (status < 0) {
        rig.refused++;
        rig.err = *err;
        return;
    }
    rig.accepted++;
    (void)snprintf(rig.last_id, sizeof(rig.last_id), "%s", job_id(job));
}

static void on_done(void *user, struct job *job) {
    (void)user;
    rig.done++;
    (void)snprintf(rig.done_state, sizeof(rig.done_state), "%s", job_state_name(job_state(job)));
}

static void turn(int ms) {
    int64_t end = c138_now_monotonic_ns() + ms * C138_NS_PER_MS;
    do {
        event_base_loop(rig.base, EVLOOP_NONBLOCK);
        (void)usleep(300);
    } while (c138_now_monotonic_ns() < end);
}

static c138_status submit_with(const char *action, const struct principal *who, const char *params,
                               const char *key, int64_t timeout_ns) {
    C138_JSON struct c138_json *given = NULL, *checked = NULL;
    const struct decl_action *a = decl_action_find(rig.plugin, action);
    (void)c138_json_parse(params, strlen(params), &given, NULL);
    CU_ASSERT_EQUAL_FATAL(validate_object(a->params, given, 0, &checked, NULL), C138_OK);
    const struct job_request r = {.action = a,
                                  .params = checked,
                                  .who = who,
                                  .source = "socket",
                                  .idempotency_key = key,
                                  .timeout_ns = timeout_ns,
                                  .on_accepted = on_accepted,
                                  .on_done = on_done};
    return jobs_submit(rig.jobs, &r, &rig.err);
}

static c138_status submit(const char *action, const struct principal *who) {
    c138_status status = submit_with(action, who, "{}", NULL, 0);
    turn(20);
    return status;
}

static const char *state_of(const char *id) {
    struct job *job = jobs_find(rig.jobs, id);
    return job ? job_state_name(job_state(job)) : "unknown";
}

static struct c138_json *result_of(const char *key, const char *message) {
    struct c138_json *o = c138_json_new_object();
    if (key)
        c138_json_set_str(o, "key", key);
    c138_json_set_str(o, "message", message);
    return o;
}

/* How many records of this kind the audit log holds about a job. */
static size_t records(const char *id, const char *kind) {
    C138_JSON struct c138_json *all = NULL;
    const struct audit_filter filter = {.job = id, .limit = 1000};
    size_t n = 0;
    (void)store_flush(rig.store);
    CU_ASSERT_EQUAL(audit_show(rig.audit_path, &filter, &all, NULL), C138_OK);
    const struct c138_json *list = c138_json_get(all, "records");
    for (size_t i = 0; i < c138_json_count(list); i++)
        n += !strcmp(c138_json_get_str(c138_json_at(list, i), "kind", ""), kind);
    return n;
}

static uint64_t head(void) {
    char hash[65];
    return audit_head(rig.audit, hash);
}

/* --- Tests ----------------------------------------------------------------------------------- */

static void accepted_runs_and_ends(void) {
    up();
    CU_ASSERT_EQUAL(submit("once", &operator_), C138_OK);
    CU_ASSERT_EQUAL(rig.accepted, 1);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "running");
    jobs_finish(rig.jobs, rig.last_id, C138_OK, result_of(NULL, "done"));
    CU_ASSERT_EQUAL(rig.done, 0); /* not before it is on disk */
    turn(20);
    CU_ASSERT_EQUAL(rig.done, 1);
    CU_ASSERT_STRING_EQUAL(rig.done_state, "succeeded");
    jobs_finish(rig.jobs, rig.last_id, C138_E_BUSY, NULL); /* too late: nothing changes */
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "succeeded");
    CU_ASSERT_EQUAL(submit("once", &viewer), C138_E_DENIED);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    down();
}

static void a_full_disk_accepts_nothing_and_loses_nothing(void) {
    up();
    CU_ASSERT_EQUAL(submit("once", &operator_), C138_OK);
    char running[32];
    memcpy(running, rig.last_id, sizeof(running));
    rig.full = 1;
    CU_ASSERT_EQUAL(submit("once", &operator_), C138_OK);
    CU_ASSERT_EQUAL(rig.refused, 1);
    CU_ASSERT_EQUAL(rig.err.status, C138_E_LIMIT);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    jobs_finish(rig.jobs, running, C138_OK, result_of(NULL, "done"));
    turn(300);
    CU_ASSERT_EQUAL(rig.done, 0); /* nobody hears of what is not on disk */
    CU_ASSERT_EQUAL(records(running, "end"), 0);
    rig.full = 0;
    for (int i = 0; i < 100 && !rig.done; i++)
        turn(100);
    CU_ASSERT_EQUAL(rig.done, 1);
    CU_ASSERT_EQUAL(records(running, "accept"), 1);
    CU_ASSERT_EQUAL(records(running, "start"), 1);
    CU_ASSERT_EQUAL(records(running, "end"), 1); /* though it was tried more than once */
    close_all();
    open_all();
    CU_ASSERT_STRING_EQUAL(state_of(running), "succeeded");
    down();
}

static void a_start_that_is_not_on_disk_did_not_happen(void) {
    up();
    rig.away = 1;
    CU_ASSERT_EQUAL(submit("once", &operator_), C138_OK);
    rig.full = 1;
    rig.away = 0;
    jobs_kick(rig.jobs);
    turn(300);
    CU_ASSERT_EQUAL(rig.n_runs, 0);
    rig.full = 0;
    for (int i = 0; i < 100 && !rig.n_runs; i++)
        turn(50);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    CU_ASSERT_EQUAL(records(rig.last_id, "start"), 1);
    down();
}

static void what_a_killed_agent_left(void) {
    char once[32], again[32], waiting[32];
    up();
    submit("once", &operator_);
    memcpy(once, rig.last_id, sizeof(once));
    submit("again", &operator_);
    memcpy(again, rig.last_id, sizeof(again));
    rig.away = 1;
    submit("once", &operator_);
    memcpy(waiting, rig.last_id, sizeof(waiting));
    CU_ASSERT_STRING_EQUAL(state_of(waiting), "queued");
    close_all(); /* memory is gone; the rows say: running, running, queued */
    rig.n_runs = rig.away = 0;
    open_all();
    turn(700);
    CU_ASSERT_STRING_EQUAL(state_of(once), "interrupted");
    CU_ASSERT_STRING_EQUAL(state_of(again), "running");
    CU_ASSERT_STRING_EQUAL(state_of(waiting), "running");
    CU_ASSERT_EQUAL(rig.n_runs, 2);
    down();
}

static void a_plugin_that_dies(void) {
    up();
    submit("once", &operator_);
    jobs_finish(rig.jobs, rig.last_id, C138_E_UNAVAILABLE,
                result_of("plugin.died", "plugin t died"));
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "interrupted");
    submit("again", &operator_);
    jobs_finish(rig.jobs, rig.last_id, C138_E_UNAVAILABLE,
                result_of("plugin.died", "plugin t died"));
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "running"); /* once more */
    CU_ASSERT_EQUAL(rig.n_runs, 3);
    down();
}

static void equal_locks_never_run_together(void) {
    char first[32];
    up();
    submit_with("locked", &operator_, "{\"a\":\"one\"}", NULL, 0);
    turn(20);
    memcpy(first, rig.last_id, sizeof(first));
    submit_with("locked", &operator_, "{\"a\":\"one\"}", NULL, 0);
    submit_with("locked", &operator_, "{\"a\":\"two\"}", NULL, 0);
    turn(20);
    CU_ASSERT_EQUAL(rig.n_runs, 2);
    jobs_finish(rig.jobs, first, C138_OK, NULL);
    turn(20);
    CU_ASSERT_EQUAL(rig.n_runs, 3);
    down();
}

static void a_key_makes_one_job(void) {
    char first[32];
    up();
    submit_with("once", &operator_, "{}", "key-1", 0);
    turn(20);
    memcpy(first, rig.last_id, sizeof(first));
    submit_with("once", &operator_, "{}", "key-1", 0);
    turn(20);
    CU_ASSERT_STRING_EQUAL(first, rig.last_id);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    submit_with("once", &alice, "{}", "key-1", 0); /* somebody else's key is another one */
    turn(20);
    CU_ASSERT_EQUAL(rig.n_runs, 2);
    jobs_finish(rig.jobs, first, C138_OK, NULL);
    turn(20);
    CU_ASSERT_EQUAL(rig.done, 2); /* both who asked are told */
    close_all();
    open_all();
    submit_with("once", &operator_, "{}", "key-1", 0);
    turn(20);
    CU_ASSERT_STRING_EQUAL(first, rig.last_id); /* also after a restart */
    CU_ASSERT_EQUAL(rig.done, 4); /* with alice, who heard at the stop that hers goes on */
    down();
}

static void deadlines_and_cancels(void) {
    up();
    submit_with("once", &operator_, "{}", NULL, 150 * C138_NS_PER_MS);
    turn(400);
    CU_ASSERT(rig.cancels > 0);
    jobs_finish(rig.jobs, rig.last_id, C138_E_CANCELLED, result_of("x", "stopped"));
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "failed");
    rig.cancels = 0;
    submit("once", &operator_);
    CU_ASSERT_EQUAL(jobs_cancel(rig.jobs, rig.last_id, &viewer, &rig.err), C138_E_DENIED);
    CU_ASSERT_EQUAL(jobs_cancel(rig.jobs, rig.last_id, &operator_, &rig.err), C138_OK);
    CU_ASSERT_EQUAL(rig.cancels, 1);
    jobs_finish(rig.jobs, rig.last_id, C138_E_CANCELLED, result_of("x", "stopped"));
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "cancelled");
    CU_ASSERT_EQUAL(jobs_cancel(rig.jobs, rig.last_id, &operator_, &rig.err), C138_E_CONFLICT);
    down();
}

static void dangerous_needs_another_person(void) {
    char id[32], digest[65];
    up();
    CU_ASSERT_EQUAL(submit("wipe", &operator_), C138_E_DENIED);
    submit("wipe", &alice);
    memcpy(id, rig.last_id, sizeof(id));
    CU_ASSERT_EQUAL(job_dry_run(jobs_find(rig.jobs, id)), 1);
    jobs_finish(rig.jobs, id, C138_OK, result_of(NULL, "would wipe all"));
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(id), "awaiting-approval");
    C138_JSON struct c138_json *waiting = jobs_approvals(rig.jobs);
    (void)snprintf(digest, sizeof(digest), "%s",
                   c138_json_as_str(c138_json_path(waiting, "approvals.0.digest"), ""));
    CU_ASSERT_EQUAL(strlen(digest), 64);
    close_all(); /* it waits over a restart */
    open_all();
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &alice, &rig.err), C138_E_DENIED);
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &operator_, &rig.err), C138_E_DENIED);
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, "00", &bob, &rig.err), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &bob, &rig.err), C138_OK);
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(id), "running");
    struct job *job = jobs_find(rig.jobs, id);
    CU_ASSERT_EQUAL(job_dry_run(job), 0);
    CU_ASSERT_STRING_EQUAL(job_plan_text(job), "{\"message\":\"would wipe all\"}");
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &bob, &rig.err), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(rig.n_runs, 2); /* the plan and the one run */
    down();
}

static void secrets_stay_inside(void) {
    C138_BUF struct c138_buf file = C138_BUF_NULL;
    up();
    submit_with("once", &operator_, "{\"key\":\"hunter2secret\"}", NULL, 0);
    turn(20);
    struct job *job = jobs_find(rig.jobs, rig.last_id);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(job_params(job), "key", ""), "hunter2secret");
    jobs_log(rig.jobs, rig.last_id, C138_LOG_INFO, "I was given hunter2secret");
    jobs_finish(rig.jobs, rig.last_id, C138_E_BUSY, result_of("x", "hunter2secret is wrong"));
    turn(20);
    C138_JSON struct c138_json *shown = job_json(rig.jobs, jobs_find(rig.jobs, rig.last_id), 1, 0);
    C138_FREE char *text = c138_json_dump(shown);
    CU_ASSERT_PTR_NULL(strstr(text, "hunter2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "***"));
    CU_ASSERT_EQUAL(c138_file_read(rig.audit_path, 1 << 20, &file, NULL), C138_OK);
    CU_ASSERT_PTR_NULL(strstr(c138_buf_text(&file), "hunter2"));
    down();
}

static void reads_are_not_stored(void) {
    up();
    CU_ASSERT_EQUAL(submit("read", &viewer), C138_OK);
    jobs_finish(rig.jobs, rig.last_id, C138_OK, NULL);
    turn(20);
    CU_ASSERT_EQUAL(rig.done, 1);
    C138_JSON struct c138_json *list = jobs_list(rig.jobs, &(struct jobs_filter){0});
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(list, "jobs")), 0);
    rig.away = 1;
    submit("read", &viewer);
    CU_ASSERT_EQUAL(rig.done, 2); /* a read does not wait for its plugin */
    CU_ASSERT_STRING_EQUAL(rig.done_state, "failed");
    down();
}

/* What ended leaves the memory: of many the oldest at once. A stored one is read again. */
static void what_ended_leaves_the_memory(void) {
    char first_read[32], stored[32];
    up();
    submit("read", &viewer);
    (void)snprintf(first_read, sizeof(first_read), "%s", rig.last_id);
    jobs_finish(rig.jobs, rig.last_id, C138_OK, NULL);
    submit("once", &operator_);
    (void)snprintf(stored, sizeof(stored), "%s", rig.last_id);
    jobs_finish(rig.jobs, stored, C138_OK, result_of(NULL, "done"));
    turn(20);
    CU_ASSERT_PTR_NOT_NULL(jobs_find(rig.jobs, first_read));
    for (int i = 0; i < 300; i++) {
        submit("read", &viewer);
        jobs_finish(rig.jobs, rig.last_id, C138_OK, NULL);
    }
    for (int i = 0; i < 50 && jobs_find(rig.jobs, first_read); i++)
        turn(100);
    CU_ASSERT_PTR_NULL(jobs_find(rig.jobs, first_read));
    CU_ASSERT_PTR_NOT_NULL(jobs_find(rig.jobs, rig.last_id)); /* the youngest is there */
    const struct job *again = jobs_find(rig.jobs, stored);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_EQUAL(job_state(again), JOB_SUCCEEDED);
    down();
}

static void plan_of_wipe(char id[32], char digest[65]) {
    submit("wipe", &alice);
    memcpy(id, rig.last_id, 32);
    jobs_finish(rig.jobs, id, C138_OK, result_of(NULL, "would wipe all"));
    turn(20);
    C138_JSON struct c138_json *waiting = jobs_approvals(rig.jobs);
    (void)snprintf(digest, 65, "%s",
                   c138_json_as_str(c138_json_path(waiting, "approvals.0.digest"), ""));
}

static void an_approval_on_a_full_disk(void) {
    char id[32], digest[65];
    up();
    plan_of_wipe(id, digest);
    rig.full = 1;
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &bob, &rig.err), C138_OK);
    turn(300);
    CU_ASSERT_EQUAL(rig.n_runs, 1); /* the plan alone */
    rig.full = 0;
    for (int i = 0; i < 100 && rig.n_runs < 2; i++)
        turn(50);
    CU_ASSERT_EQUAL(rig.n_runs, 2);
    CU_ASSERT_EQUAL(records(id, "approve"), 1);
    CU_ASSERT_EQUAL(records(id, "plan"), 1);
    CU_ASSERT_EQUAL(records(id, "start"), 2);
    down();
}

static void an_approval_and_a_cancel_at_once(void) {
    char id[32], digest[65];
    up();
    plan_of_wipe(id, digest);
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &bob, &rig.err), C138_OK);
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &bob, &rig.err), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(jobs_cancel(rig.jobs, id, &operator_, &rig.err), C138_OK);
    turn(300);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    CU_ASSERT_STRING_EQUAL(state_of(id), "cancelled");
    CU_ASSERT_EQUAL(rig.done, 1);
    down();
}

static void a_rejected_plan(void) {
    char id[32], digest[65];
    up();
    plan_of_wipe(id, digest);
    CU_ASSERT_EQUAL(jobs_reject(rig.jobs, id, "not tonight", &operator_, &rig.err), C138_E_DENIED);
    CU_ASSERT_EQUAL(jobs_reject(rig.jobs, id, "not tonight", &bob, &rig.err), C138_OK);
    turn(20);
    CU_ASSERT_STRING_EQUAL(state_of(id), "rejected");
    CU_ASSERT_EQUAL(records(id, "reject"), 1);
    CU_ASSERT_EQUAL(jobs_approve(rig.jobs, id, digest, &bob, &rig.err), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    down();
}

/* Longer than its own timeout: the other one has a deadline, and this one has done nothing wrong.
 */
static void waiting_for_a_lock_is_no_fault(void) {
    char first[32], second[32];
    up();
    submit_with("locked", &operator_, "{}", NULL, 0);
    turn(20);
    memcpy(first, rig.last_id, sizeof(first));
    submit_with("locked", &operator_, "{}", NULL, 150 * C138_NS_PER_MS);
    turn(500);
    memcpy(second, rig.last_id, sizeof(second));
    CU_ASSERT_STRING_EQUAL(state_of(second), "queued");
    jobs_finish(rig.jobs, first, C138_OK, NULL);
    turn(30);
    CU_ASSERT_STRING_EQUAL(state_of(second), "running");
    jobs_finish(rig.jobs, second, C138_OK, NULL);
    turn(20);
    rig.away = 1; /* but for a plugin that does not come it waits so long and no longer */
    submit_with("locked", &operator_, "{}", NULL, 150 * C138_NS_PER_MS);
    turn(500);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "failed");
    C138_JSON struct c138_json *shown = job_json(rig.jobs, jobs_find(rig.jobs, rig.last_id), 0, 0);
    const char *why = c138_json_as_str(c138_json_path(shown, "error.message"), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "plugin t is away"));
    down();
}

static void a_plugin_that_is_away_costs_nothing(void) {
    up();
    rig.away = 1;
    submit("once", &operator_);
    uint64_t before = head();
    turn(1300);
    CU_ASSERT_EQUAL(head(), before);
    CU_ASSERT_EQUAL(rig.n_runs, 0);
    rig.away = 0;
    jobs_kick(rig.jobs);
    turn(30);
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    jobs_finish(rig.jobs, rig.last_id, C138_OK, NULL);
    rig.busy = 1; /* it was there when it was asked, and then would not */
    submit("once", &operator_);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "queued");
    rig.busy = 0;
    turn(900);
    CU_ASSERT_EQUAL(rig.n_runs, 2);
    CU_ASSERT_EQUAL(records(rig.last_id, "requeue"), 1);
    CU_ASSERT_EQUAL(records(rig.last_id, "start"), 2);
    down();
}

static void a_log_goes_on_after_a_restart(void) {
    up();
    submit("again", &operator_);
    jobs_log(rig.jobs, rig.last_id, C138_LOG_INFO, "first");
    jobs_log(rig.jobs, rig.last_id, C138_LOG_INFO, "second");
    close_all();
    open_all();
    turn(50);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "running");
    jobs_log(rig.jobs, rig.last_id, C138_LOG_INFO, "third");
    turn(20);
    C138_JSON struct c138_json *shown = job_json(rig.jobs, jobs_find(rig.jobs, rig.last_id), 1, 0);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(shown, "log")), 3);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(shown, "log.0.text"), ""), "first");
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(shown, "log.2.text"), ""), "third");
    CU_ASSERT_EQUAL(records(rig.last_id, "requeue"), 1);
    down();
}

/* Its plugin is upgraded while the agent starts: the action is known only later. */
static void a_job_whose_action_comes_late(void) {
    char first[32];
    up();
    rig.away = 1;
    submit_with("locked", &operator_, "{}", NULL, 0);
    turn(20);
    memcpy(first, rig.last_id, sizeof(first));
    submit_with("locked", &operator_, "{}", NULL, 0);
    turn(20);
    close_all();
    rig.unknown = 1;
    open_all();
    turn(50);
    CU_ASSERT_STRING_EQUAL(state_of(first), "queued");
    rig.unknown = rig.away = 0;
    jobs_kick(rig.jobs);
    turn(30);
    CU_ASSERT_EQUAL(rig.n_runs, 1); /* they still share their lock */
    jobs_finish(rig.jobs, first, C138_OK, NULL);
    turn(30);
    CU_ASSERT_EQUAL(rig.n_runs, 2);
    down();
}

static void an_agent_that_stops_tells_all_who_wait(void) {
    up();
    submit("once", &operator_); /* runs */
    submit_with("once", &operator_, "{}", NULL, 0);
    submit_with("read", &viewer, "{}", NULL, 0);
    CU_ASSERT_EQUAL(rig.accepted, 1);
    rig.jobs = jobs_free(rig.jobs);
    CU_ASSERT_EQUAL(rig.accepted + rig.refused, 3);
    CU_ASSERT_EQUAL(rig.done, rig.accepted);
    rig.n_runs = 0;
    rig.audit = audit_close(rig.audit);
    rig.store = store_close(rig.store);
    event_base_free(rig.base);
    open_all();
    turn(50);
    CU_ASSERT_EQUAL(rig.n_runs, 1); /* the one that did not run runs now, the other one may have */
    down();
}

/* Stopped between "it runs" and its call: it did not run, and the next start knows. */
static void stopped_before_the_call(void) {
    up();
    rig.away = 1;
    submit("once", &operator_);
    rig.away = 0;
    rig.leave_loop = 1; /* before its commit */
    jobs_kick(rig.jobs);
    (void)event_base_loop(rig.base, EVLOOP_NONBLOCK);
    rig.leave_loop = 0;
    CU_ASSERT_EQUAL_FATAL(rig.n_runs, 0);
    CU_ASSERT_STRING_EQUAL_FATAL(state_of(rig.last_id), "running");
    close_all();
    open_all();
    turn(50);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "running");
    CU_ASSERT_EQUAL(rig.n_runs, 1);
    down();
}

static void not_too_many_of_one_plugin(void) {
    up();
    for (int i = 0; i < 140; i++)
        submit_with("once", &operator_, "{}", NULL, 0);
    turn(200);
    CU_ASSERT_EQUAL(rig.accepted, 140);
    CU_ASSERT_EQUAL(rig.n_runs, 128);
    jobs_finish(rig.jobs, rig.runs[0], C138_OK, NULL);
    turn(30);
    CU_ASSERT_EQUAL(rig.n_runs, 129);
    down();
}

static void on_woken(void *user, struct job *job) {
    (void)user;
    rig.woken += job ? 1 : 100;
}

static void those_who_wait_for_a_change(void) {
    up();
    submit("once", &operator_);
    uint64_t version = job_version(jobs_find(rig.jobs, rig.last_id));
    int64_t now = c138_now_monotonic_ns();
    (void)jobs_wait(rig.jobs, rig.last_id, version, now + 60 * C138_NS_PER_S, on_woken, NULL);
    turn(150);
    CU_ASSERT_EQUAL(rig.woken, 0);
    jobs_progress(rig.jobs, rig.last_id, 500, "half");
    CU_ASSERT_EQUAL(rig.woken, 1);
    (void)jobs_wait(rig.jobs, rig.last_id, version + 1, now, on_woken, NULL); /* its time is over */
    turn(150);
    CU_ASSERT_EQUAL(rig.woken, 2);
    struct job_wait *w =
        jobs_wait(rig.jobs, rig.last_id, version + 1, now + 60 * C138_NS_PER_S, on_woken, NULL);
    jobs_wait_stop(w);
    jobs_progress(rig.jobs, rig.last_id, 600, "more");
    CU_ASSERT_EQUAL(rig.woken, 2);
    (void)jobs_wait(rig.jobs, "00000000000000000000000000", 0, now, on_woken, NULL);
    turn(150);
    CU_ASSERT_EQUAL(rig.woken, 102); /* a job that nobody knows */
    down();
}

static void the_queue_has_an_end(void) {
    up();
    jobs_set_options(rig.jobs, &(struct jobs_options){.queue_max = 3});
    rig.away = 1;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(submit("once", &operator_), C138_OK);
    CU_ASSERT_EQUAL(submit("once", &operator_), C138_E_BUSY);
    CU_ASSERT_EQUAL(jobs_cancel(rig.jobs, rig.last_id, &operator_, &rig.err), C138_OK);
    turn(20);
    CU_ASSERT_EQUAL(submit("once", &operator_), C138_OK);
    down();
}

static void old_jobs_go_and_open_ones_stay(void) {
    up();
    for (int i = 0; i < 5; i++) {
        submit("once", &operator_);
        jobs_finish(rig.jobs, rig.last_id, C138_OK, NULL);
        turn(5);
    }
    submit("once", &operator_);
    close_all();
    rig.n_runs = 0;
    open_all(); /* the sweep is due at the first tick of a fresh start */
    jobs_set_options(rig.jobs, &(struct jobs_options){.keep_max = 2});
    turn(300);
    C138_JSON struct c138_json *list = jobs_list(rig.jobs, &(struct jobs_filter){0});
    size_t n = c138_json_count(c138_json_get(list, "jobs"));
    CU_ASSERT(n == 2 || n == 3);
    CU_ASSERT_STRING_EQUAL(state_of(rig.last_id), "interrupted");
    down();
}

const CU_TestInfo tests_jobs[] = {
    {"accepted, runs and ends", accepted_runs_and_ends},
    {"a full disk accepts nothing and loses nothing",
     a_full_disk_accepts_nothing_and_loses_nothing},
    {"what a killed agent left", what_a_killed_agent_left},
    {"a plugin that dies", a_plugin_that_dies},
    {"equal locks never run together", equal_locks_never_run_together},
    {"a key makes one job", a_key_makes_one_job},
    {"deadlines and cancels", deadlines_and_cancels},
    {"dangerous needs another person", dangerous_needs_another_person},
    {"secrets stay inside", secrets_stay_inside},
    {"reads are not stored", reads_are_not_stored},
    {"what ended leaves the memory", what_ended_leaves_the_memory},
    {"a start that is not on disk did not happen", a_start_that_is_not_on_disk_did_not_happen},
    {"an approval on a full disk", an_approval_on_a_full_disk},
    {"an approval and a cancel at once", an_approval_and_a_cancel_at_once},
    {"a rejected plan", a_rejected_plan},
    {"waiting for a lock is no fault", waiting_for_a_lock_is_no_fault},
    {"a plugin that is away costs nothing", a_plugin_that_is_away_costs_nothing},
    {"a log goes on after a restart", a_log_goes_on_after_a_restart},
    {"a job whose action comes late", a_job_whose_action_comes_late},
    {"an agent that stops tells all who wait", an_agent_that_stops_tells_all_who_wait},
    {"stopped before the call", stopped_before_the_call},
    {"not too many of one plugin", not_too_many_of_one_plugin},
    {"those who wait for a change", those_who_wait_for_a_change},
    {"the queue has an end", the_queue_has_an_end},
    {"old jobs go and open ones stay", old_jobs_go_and_open_ones_stay},
    CU_TEST_INFO_NULL};
