/*
 * Jobs in the store. A row is written whole, from memory: so a write that failed is simply made
 * again.
 */
#include <jobs/jobs_internal.h>

static const char *const steps[] = {
    "CREATE TABLE jobs(id TEXT PRIMARY KEY, action TEXT NOT NULL, state INTEGER NOT NULL, "
    "principal TEXT NOT NULL,"
    " role INTEGER NOT NULL, source TEXT, chain TEXT, key TEXT, created INTEGER NOT NULL, started "
    "INTEGER, ended INTEGER,"
    " timeout INTEGER, dry_run INTEGER, params TEXT, redacted TEXT, result TEXT, status INTEGER, "
    "plan TEXT, digest TEXT,"
    " expires INTEGER, attempt INTEGER) WITHOUT ROWID;"
    "CREATE INDEX jobs_by_state ON jobs(state, created); CREATE INDEX jobs_by_time ON "
    "jobs(created);"
    "CREATE UNIQUE INDEX jobs_by_key ON jobs(principal, key) WHERE key IS NOT NULL;"
    "CREATE TABLE job_log(job TEXT NOT NULL, n INTEGER NOT NULL, time INTEGER NOT NULL, level "
    "INTEGER NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY(job, n)) WITHOUT ROWID",
    NULL};

c138_status job_rows_open(struct jobs *j, struct c138_err *err) {
    return store_schema(j->env.store, "jobs", steps, err);
}

static void put_text(sqlite3_stmt *q, int at, const char *text) {
    if (text)
        sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

static void put_json(sqlite3_stmt *q, int at, const struct c138_json *v) {
    C138_FREE char *text = v ? c138_json_dump(v) : NULL;
    put_text(q, at, text);
}

static void pay_owed(struct jobs *j, struct job *job) {
    for (; job->owed_sent < c138_json_count(job->owed); job->owed_sent++) {
        const struct c138_json *one = c138_json_at(job->owed, job->owed_sent);
        audit_append(j->env.audit, c138_json_as_str(c138_json_at(one, 0), ""),
                     c138_json_ref(c138_json_at(one, 1)));
    }
}

void job_save(struct jobs *j, struct job *job) {
    if (!job->durable)
        return;
    store_write(j->env.store);
    pay_owed(j, job);
    sqlite3_stmt *q = store_stmt(
        j->env.store,
        "INSERT INTO jobs(id, action, state, principal, role, source, chain, key, created, "
        "started, ended, timeout, dry_run,"
        " params, redacted, result, status, plan, digest, expires, attempt)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21)"
        " ON CONFLICT(id) DO UPDATE SET state=excluded.state, started=excluded.started, "
        "ended=excluded.ended,"
        " params=excluded.params, result=excluded.result, status=excluded.status, "
        "plan=excluded.plan, digest=excluded.digest,"
        " expires=excluded.expires, attempt=excluded.attempt");
    put_text(q, 1, job->id);
    put_text(q, 2, job->action_name);
    sqlite3_bind_int(q, 3, (int)job->state);
    put_text(q, 4, job->principal);
    sqlite3_bind_int(q, 5, (int)job->role);
    put_text(q, 6, job->source);
    put_text(q, 7, job->chain);
    put_text(q, 8, job->key);
    sqlite3_bind_int64(q, 9, job->created_ns);
    sqlite3_bind_int64(q, 10, job->started_ns);
    sqlite3_bind_int64(q, 11, job->ended_ns);
    sqlite3_bind_int64(q, 12, job->timeout_ns);
    sqlite3_bind_int(q, 13, job->dry_run);
    /* What is sensitive stays only as long as it is needed to run. */
    put_json(q, 14, job_state_final(job->state) ? job->redacted : job->params);
    put_json(q, 15, job->redacted);
    put_json(q, 16, job->result);
    sqlite3_bind_int(q, 17, job->status);
    put_text(q, 18, job->plan);
    put_text(q, 19, job->digest[0] ? job->digest : NULL);
    sqlite3_bind_int64(q, 20, job->expires_ns);
    sqlite3_bind_int(q, 21, (int)job->attempt);
    (void)store_run(j->env.store, q); /* a failure shows at the commit */
}

static char *take_text(sqlite3_stmt *q, int at) {
    return c138_xstrdup((const char *)sqlite3_column_text(q, at));
}

static struct c138_json *take_json(sqlite3_stmt *q, int at) {
    struct c138_json *v = NULL;
    const char *text = (const char *)sqlite3_column_text(q, at);
    if (text)
        (void)c138_json_parse(text, (size_t)sqlite3_column_bytes(q, at), &v, NULL);
    return v;
}

#define COLUMNS                                                                                    \
    "id, action, state, principal, role, source, chain, key, created, started, ended, timeout, "   \
    "dry_run, params, redacted,"                                                                   \
    " result, status, plan, digest, expires, attempt"

static struct job *take_row(struct jobs *j, sqlite3_stmt *q) {
    const char *id = (const char *)sqlite3_column_text(q, 0);
    struct job *job = job_here(j, id);
    if (job)
        return job;
    job = job_new(j, id);
    job->action_name = take_text(q, 1);
    job->state = (enum job_state)sqlite3_column_int(q, 2);
    job->principal = take_text(q, 3);
    job->role = (uint32_t)sqlite3_column_int(q, 4);
    job->source = take_text(q, 5);
    job->chain = take_text(q, 6);
    job->key = take_text(q, 7);
    job->created_ns = sqlite3_column_int64(q, 8);
    job->started_ns = sqlite3_column_int64(q, 9);
    job->ended_ns = sqlite3_column_int64(q, 10);
    job->timeout_ns = sqlite3_column_int64(q, 11);
    job->dry_run = sqlite3_column_int(q, 12);
    job->params = take_json(q, 13);
    job->redacted = take_json(q, 14);
    job->result = take_json(q, 15);
    job->status = sqlite3_column_int(q, 16);
    job->plan = take_text(q, 17);
    const char *digest = (const char *)sqlite3_column_text(q, 18);
    (void)snprintf(job->digest, sizeof(job->digest), "%s", digest ? digest : "");
    job->expires_ns = sqlite3_column_int64(q, 19);
    job->attempt = (uint32_t)sqlite3_column_int(q, 20);
    job->durable = 1;
    job->action = j->env.action(j->env.user, job->action_name);
    if (job_state_final(job->state))
        job_final_here(j, job);
    return job;
}

struct job *job_load(struct jobs *j, const char *id) {
    sqlite3_stmt *q = store_stmt(j->env.store, "SELECT " COLUMNS " FROM jobs WHERE id=?1");
    put_text(q, 1, id);
    struct job *job = sqlite3_step(q) == SQLITE_ROW ? take_row(j, q) : NULL;
    sqlite3_reset(q);
    return job;
}

struct job *job_load_key(struct jobs *j, const char *principal, const char *key) {
    sqlite3_stmt *q =
        store_stmt(j->env.store, "SELECT " COLUMNS " FROM jobs WHERE principal=?1 AND key=?2");
    put_text(q, 1, principal);
    put_text(q, 2, key);
    struct job *job = sqlite3_step(q) == SQLITE_ROW ? take_row(j, q) : NULL;
    sqlite3_reset(q);
    return job;
}

void job_load_open(struct jobs *j) {
    sqlite3_stmt *q =
        store_stmt(j->env.store, "SELECT " COLUMNS " FROM jobs WHERE state<?1 ORDER BY id");
    sqlite3_bind_int(q, 1, JOB_SUCCEEDED);
    while (sqlite3_step(q) == SQLITE_ROW)
        (void)take_row(j, q);
    sqlite3_reset(q);
}

uint32_t job_log_next(struct jobs *j, const struct job *job) {
    sqlite3_stmt *q =
        store_stmt(j->env.store, "SELECT COALESCE(MAX(n)+1, 0) FROM job_log WHERE job=?1");
    put_text(q, 1, job->id);
    uint32_t next = sqlite3_step(q) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(q, 0) : 0;
    sqlite3_reset(q);
    return next;
}

void job_log_save(struct jobs *j, const struct job *job, uint32_t n, int32_t level,
                  const char *text) {
    store_write(j->env.store);
    sqlite3_stmt *q = store_stmt(
        j->env.store,
        "INSERT OR REPLACE INTO job_log(job, n, time, level, text) VALUES(?1,?2,?3,?4,?5)");
    put_text(q, 1, job->id);
    sqlite3_bind_int64(q, 2, n);
    sqlite3_bind_int64(q, 3, c138_now_utc_ns());
    sqlite3_bind_int(q, 4, level);
    put_text(q, 5, text);
    (void)store_run(j->env.store, q); /* a failure shows at the commit */
}

struct c138_json *job_log_load(struct jobs *j, const struct job *job, uint64_t from) {
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    struct c138_json *list = c138_json_new_array();
    sqlite3_stmt *q = store_stmt(
        j->env.store, "SELECT n, time, level, text FROM job_log WHERE job=?1 AND n>=?2 ORDER BY n");
    put_text(q, 1, job->id);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)from);
    while (sqlite3_step(q) == SQLITE_ROW) {
        struct c138_json *o = c138_json_new_object();
        char time[C138_TIME_TEXT];
        int level = sqlite3_column_int(q, 2);
        c138_time_format(sqlite3_column_int64(q, 1), time);
        c138_json_set_int(o, "n", sqlite3_column_int64(q, 0));
        c138_json_set_str(o, "time", time);
        c138_json_set_str(o, "level",
                          level >= C138_LOG_ERROR && level <= C138_LOG_DEBUG
                              ? levels[level - C138_LOG_ERROR]
                              : "info");
        c138_json_set_str(o, "text", (const char *)sqlite3_column_text(q, 3));
        c138_json_append(list, o);
    }
    sqlite3_reset(q);
    return list;
}

/* Old ones, and the oldest beyond the number; a few at a time. */
void job_rows_sweep(struct jobs *j) {
    int64_t keep = j->options.keep_ns ? j->options.keep_ns : INT64_C(30) * 86400 * C138_NS_PER_S;
    uint64_t most = j->options.keep_max ? j->options.keep_max : 100000;
    static const char old[] = "SELECT id FROM jobs WHERE state>=?1 AND (created<?2 OR "
                              "created<=(SELECT created FROM jobs ORDER BY"
                              " created DESC LIMIT 1 OFFSET ?3)) LIMIT 500";
    C138_JSON struct c138_json *ids = c138_json_new_array();
    sqlite3_stmt *q = store_stmt(j->env.store, old);
    sqlite3_bind_int(q, 1, JOB_SUCCEEDED);
    sqlite3_bind_int64(q, 2, c138_now_utc_ns() - keep);
    sqlite3_bind_int64(q, 3, (sqlite3_int64)most);
    while (sqlite3_step(q) == SQLITE_ROW)
        c138_json_append(ids, c138_json_new_str((const char *)sqlite3_column_text(q, 0)));
    sqlite3_reset(q);
    for (size_t i = 0; i < c138_json_count(ids); i++) {
        static const char *const deletes[] = {"DELETE FROM job_log WHERE job=?1",
                                              "DELETE FROM jobs WHERE id=?1"};
        store_write(j->env.store);
        for (size_t n = 0; n < C138_COUNT(deletes); n++) {
            q = store_stmt(j->env.store, deletes[n]);
            put_text(q, 1, c138_json_as_str(c138_json_at(ids, i), ""));
            (void)store_run(j->env.store, q); /* a failure shows at the commit */
        }
    }
}

struct c138_json *job_rows_list(struct jobs *j, const struct jobs_filter *f) {
    struct c138_json *ids = c138_json_new_array();
    int state = 0;
    for (int s = JOB_PLANNING; f->state && s <= JOB_EXPIRED; s++)
        if (!strcmp(job_state_name((enum job_state)s), f->state))
            state = s;
    sqlite3_stmt *q =
        store_stmt(j->env.store,
                   "SELECT id FROM jobs WHERE (?1=0 OR state=?1) AND (?2 IS NULL OR action=?2 OR"
                   " substr(action, 1, length(?2)+1)=?2||'.') AND (?3 IS NULL OR principal=?3) AND"
                   " created>=?4 ORDER BY created DESC, id DESC LIMIT ?5");
    sqlite3_bind_int(q, 1, state);
    put_text(q, 2, f->action);
    put_text(q, 3, f->principal);
    sqlite3_bind_int64(q, 4, f->since_ns);
    sqlite3_bind_int64(q, 5, (sqlite3_int64)(f->limit ? f->limit : 50));
    while (sqlite3_step(q) == SQLITE_ROW)
        c138_json_append(ids, c138_json_new_str((const char *)sqlite3_column_text(q, 0)));
    sqlite3_reset(q);
    return ids;
}
