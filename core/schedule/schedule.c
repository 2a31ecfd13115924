#include <base/text.h>
#include <base/when.h>
#include <schedule/schedule.h>
#include <schema/cron.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LATE_NS (INT64_C(5) * 60 * C138_NS_PER_S) /* later than this is missed, not run late */
/* A last run that lies further ahead than this was made by a clock that was wrong. */
#define AHEAD_NS (INT64_C(86400) * C138_NS_PER_S)

struct entry {
    struct entry *next;
    struct schedule *schedule;
    char *name;
    struct c138_json *rule;
    struct cron cron;
    struct zone *zone;
    int64_t every_ns, jitter_ns;
    int enabled, catch_up, queue;
    int64_t planned_ns; /* UTC of the next run, without jitter; 0: none */
    int64_t last_ns;    /* planned time of the last run */
    uint64_t missed;
    int running;
    int64_t again_ns; /* planned time of the one that is queued behind the running one; 0: none */
    char last_job[32], last_state[32];
};

struct schedule {
    struct schedule_env env;
    struct entry *first;
    struct event *timer;
    int timer_fd;
    int stopped;
};

static const char *const steps[] = {"CREATE TABLE schedules(name TEXT PRIMARY KEY, planned INTEGER "
                                    "NOT NULL, last INTEGER NOT NULL, missed INTEGER NOT NULL,"
                                    " last_job TEXT, last_state TEXT) WITHOUT ROWID",
                                    NULL};

static int64_t now_of(const struct schedule *s) {
    return s->env.now_utc_ns ? s->env.now_utc_ns(s->env.user) : c138_now_utc_ns();
}

/* --- Rules
 * -----------------------------------------------------------------------------------------------------------
 */

static c138_status duration_of(const struct c138_json *rule, const char *member, int64_t *ret_ns,
                               const char *name, struct c138_err *err) {
    const char *text = c138_json_get_str(rule, member, NULL);
    *ret_ns = 0;
    if (text && c138_duration_parse(text, ret_ns) < 0)
        return c138_error(err, C138_E_INVALID, "schedule.duration",
                          "schedule %s: %s \"%s\" is no duration such as 6h", name, member, text);
    return C138_OK;
}

/* When the config was checked already nothing can fail here. */
static c138_status read_rule(const struct c138_json *rule, struct entry *e, struct c138_err *err) {
    const char *name = c138_json_get_str(rule, "name", ""),
               *cron = c138_json_get_str(rule, "cron", NULL);
    const char *every = c138_json_get_str(rule, "every", NULL),
               *overlap = c138_json_get_str(rule, "overlap", "skip");
    static const char *const needed[] = {"name", "action", "as"};
    for (size_t i = 0; i < C138_COUNT(needed); i++)
        if (!*c138_json_get_str(rule, needed[i], ""))
            return c138_error(err, C138_E_INVALID, "schedule.incomplete",
                              "schedule %s: %s is missing", *name ? name : "?", needed[i]);
    if (!cron == !every)
        return c138_error(err, C138_E_INVALID, "schedule.when",
                          "schedule %s: give either cron or every", name);
    c138_status status = duration_of(rule, "every", &e->every_ns, name, err);
    if (status >= 0)
        status = duration_of(rule, "jitter", &e->jitter_ns, name, err);
    if (status < 0)
        return status;
    if (every && e->every_ns < C138_NS_PER_S)
        return c138_error(err, C138_E_INVALID, "schedule.every",
                          "schedule %s: every is at least 1s", name);
    if (cron && cron_parse(cron, &e->cron, err) < 0)
        return c138_error_prefix(err, C138_E_INVALID, "schedule %s", name);
    if (strcmp(overlap, "skip") != 0 && strcmp(overlap, "queue") != 0)
        return c138_error(err, C138_E_INVALID, "schedule.overlap",
                          "schedule %s: overlap is skip or queue, not \"%s\"", name, overlap);
    e->queue = !strcmp(overlap, "queue");
    e->catch_up = c138_json_get_bool(rule, "catch_up", 0);
    e->enabled = c138_json_get_bool(rule, "enabled", 1);
    status = zone_new(c138_json_get_str(rule, "zone", NULL), &e->zone, err);
    return status < 0 ? c138_error_prefix(err, status, "schedule %s", name) : status;
}

c138_status schedule_check(const struct c138_json *rule, struct c138_err *err) {
    struct entry e = {0};
    int64_t next = 0;
    c138_status status = read_rule(rule, &e, err);
    if (status >= 0 && !e.every_ns && cron_next(&e.cron, e.zone, c138_now_utc_ns(), &next) < 0)
        status =
            c138_error(err, C138_E_INVALID, "schedule.never",
                       "schedule %s: \"%s\" has no time within the next five years",
                       c138_json_get_str(rule, "name", ""), c138_json_get_str(rule, "cron", ""));
    zone_free(e.zone);
    return status;
}

/* --- Times
 * ------------------------------------------------------------------------------------------------------------
 */

/* A fixed part of the jitter: hosts spread, and one host never drifts. */
static int64_t jitter_of(const struct entry *e) {
    uint8_t digest[32];
    uint64_t v = 0;
    if (!e->jitter_ns)
        return 0;
    C138_FREE char *text = c138_xasprintf("%s/%s", e->schedule->env.host_name, e->name);
    c138_sha256(text, strlen(text), digest);
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | digest[i];
    return (int64_t)(v % (uint64_t)e->jitter_ns);
}

static int64_t next_after(const struct entry *e, int64_t after_ns) {
    int64_t next = 0;
    if (e->every_ns)
        return (after_ns / e->every_ns + 1) * e->every_ns;
    return cron_next(&e->cron, e->zone, after_ns, &next) < 0 ? 0 : next;
}

/* A plan of another rule, or of the zone's old data, is none of this one's. */
static int is_time_of(const struct entry *e, int64_t planned_ns) {
    return next_after(e, planned_ns - 1) == planned_ns;
}

/* The first run of a plan made now: never at or before the last one, so that a clock set back
 * repeats nothing. */
static int64_t next_from(const struct entry *e, int64_t now) {
    return next_after(e, e->last_ns > now && e->last_ns - now <= AHEAD_NS ? e->last_ns : now);
}

static int64_t due_at(const struct entry *e) {
    return e->planned_ns + jitter_of(e);
}

/* --- The store
 * -----------------------------------------------------------------------------------------------------------
 */

/* The run that is queued stands for the plan: after a restart it is due, not forgotten. */
static void save(struct entry *e) {
    struct store *store = e->schedule->env.store;
    store_write(store);
    sqlite3_stmt *q = store_stmt(
        store,
        "INSERT INTO schedules(name, planned, last, missed, last_job, last_state)"
        " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(name) DO UPDATE SET planned=excluded.planned,"
        " last=excluded.last, missed=excluded.missed, last_job=excluded.last_job,"
        " last_state=excluded.last_state");
    sqlite3_bind_text(q, 1, e->name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(q, 2, e->again_ns ? e->again_ns : e->planned_ns);
    sqlite3_bind_int64(q, 3, e->last_ns);
    sqlite3_bind_int64(q, 4, (sqlite3_int64)e->missed);
    sqlite3_bind_text(q, 5, e->last_job, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(q, 6, e->last_state, -1, SQLITE_TRANSIENT);
    (void)store_run(store, q); /* a failure shows at the commit */
}

static void load(struct entry *e) {
    sqlite3_stmt *q = store_stmt(
        e->schedule->env.store,
        "SELECT planned, last, missed, last_job, last_state FROM schedules WHERE name=?1");
    sqlite3_bind_text(q, 1, e->name, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(q) == SQLITE_ROW) {
        const char *job = (const char *)sqlite3_column_text(q, 3),
                   *state = (const char *)sqlite3_column_text(q, 4);
        e->planned_ns = sqlite3_column_int64(q, 0);
        e->last_ns = sqlite3_column_int64(q, 1);
        e->missed = (uint64_t)sqlite3_column_int64(q, 2);
        (void)snprintf(e->last_job, sizeof(e->last_job), "%s", job ? job : "");
        (void)snprintf(e->last_state, sizeof(e->last_state), "%s", state ? state : "");
    }
    sqlite3_reset(q);
}

/* What the config no longer has is not missed: it begins anew when it comes back. */
static void forget_others(struct schedule *s) {
    C138_JSON struct c138_json *names = c138_json_new_array();
    for (const struct entry *e = s->first; e; e = e->next)
        c138_json_append(names, c138_json_new_str(e->name));
    C138_FREE char *text = c138_json_dump(names);
    store_write(s->env.store);
    sqlite3_stmt *q = store_stmt(s->env.store, "UPDATE schedules SET planned=0 WHERE planned!=0 AND"
                                               " name NOT IN (SELECT value FROM json_each(?1))");
    sqlite3_bind_text(q, 1, text, -1, SQLITE_TRANSIENT);
    (void)store_run(s->env.store, q); /* a failure shows at the commit */
}

/* --- Running
 * ----------------------------------------------------------------------------------------------------------------
 */

static void run(struct entry *e);

/* The entry may have been replaced by a reload meanwhile: found again by its name. */
struct fired {
    struct schedule *schedule;
    char name[128];
};

static struct entry *find(struct schedule *s, const char *name) {
    struct entry *e = s->first;
    while (e && strcmp(e->name, name) != 0)
        e = e->next;
    return e;
}

static void on_done(void *user, const char *job, const char *state) {
    struct fired f = *(struct fired *)user;
    struct entry *e = find(f.schedule, f.name);
    free(user);
    if (!e || !state)
        return;
    e->running = 0;
    (void)snprintf(e->last_job, sizeof(e->last_job), "%s", job);
    (void)snprintf(e->last_state, sizeof(e->last_state), "%s", state);
    if (!e->again_ns || f.schedule->stopped) {
        save(e);
        return;
    }
    e->last_ns = e->again_ns;
    e->again_ns = 0;
    save(e);
    run(e);
}

static void run(struct entry *e) {
    struct schedule *s = e->schedule;
    struct c138_err err = {0};
    struct fired *f = c138_xcalloc(1, sizeof(*f));
    f->schedule = s;
    (void)snprintf(f->name, sizeof(f->name), "%s", e->name);
    e->running = 1;
    if (s->env.fire(s->env.user, e->name, e->rule, on_done, f, &err) >= 0)
        return;
    free(f);
    e->running = 0;
    e->last_job[0] = '\0';
    (void)snprintf(e->last_state, sizeof(e->last_state), "refused");
    save(e);
    log_line(s->env.log, C138_LOG_ERROR, NULL, "schedule %s: %s", e->name, err.text);
}

static void miss(struct entry *e, int64_t planned_ns, const char *why) {
    char time[C138_TIME_TEXT];
    c138_time_format(planned_ns, time);
    e->missed++;
    log_line(e->schedule->env.log, C138_LOG_WARNING, NULL,
             "schedule %s: the run of %s was left out: %s", e->name, time, why);
}

/* What becomes of the run whose time has come; 1: it runs now. */
static int decide(struct entry *e, int64_t now) {
    if (now - due_at(e) > LATE_NS && !e->catch_up) {
        miss(e, e->planned_ns, "the agent did not run, or the clock was set forward");
        return 0;
    }
    if (!e->running) {
        e->last_ns = e->planned_ns;
        return 1;
    }
    if (!e->queue) {
        miss(e, e->planned_ns, "the one before still runs");
        return 0;
    }
    if (e->again_ns)
        miss(e, e->again_ns, "the next one is due, and the one before still runs");
    e->again_ns = e->planned_ns;
    return 0;
}

/* Its time has come: the next time is on its way to the disk before it runs, so no crash makes a
 * run twice. */
static void due(struct entry *e, int64_t now) {
    int go = decide(e, now);
    e->planned_ns = next_after(e, now > e->planned_ns ? now - jitter_of(e) : e->planned_ns);
    save(e);
    if (go)
        run(e);
}

static void arm(struct schedule *s) {
    int64_t first = 0;
    for (const struct entry *e = s->first; e; e = e->next)
        if (e->enabled && e->planned_ns && (!first || due_at(e) < first))
            first = due_at(e);
    const struct itimerspec t = {
        .it_value = {.tv_sec = first / C138_NS_PER_S, .tv_nsec = first % C138_NS_PER_S}};
    if (s->timer_fd >= 0)
        (void)timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, NULL);
}

/* After a clock was set back: a run that lies far ahead now is planned anew, but never at or before
 * the last one. */
static void replan(struct entry *e, int64_t now) {
    int64_t next = next_from(e, now);
    if (next && next < e->planned_ns) {
        e->planned_ns = next;
        save(e);
    }
}

void schedule_tick(struct schedule *s) {
    int64_t now = now_of(s);
    if (s->stopped)
        return;
    for (struct entry *e = s->first, *next; e; e = next) {
        next = e->next;
        if (!e->enabled || !e->planned_ns)
            continue;
        replan(e, now);
        if (now >= due_at(e))
            due(e, now);
    }
    arm(s);
}

static void on_timer(evutil_socket_t fd, short what, void *user) {
    uint64_t count = 0;
    (void)what;
    /* ECANCELED: the wall clock was set; a look at it is what we do anyway. */
    (void)!read(fd, &count, sizeof(count));
    schedule_tick(user);
}

/* --- Begin, change, show
 * ------------------------------------------------------------------------------------------------------
 */

static void entry_free(struct entry *e) {
    zone_free(e->zone);
    c138_json_unref(e->rule);
    free(e->name);
    free(e);
}

static void inherit(struct entry *to, const struct entry *from) {
    to->planned_ns = from->planned_ns;
    to->last_ns = from->last_ns;
    to->missed = from->missed;
    to->running = from->running;
    to->again_ns = to->enabled && to->queue ? from->again_ns : 0;
    memcpy(to->last_job, from->last_job, sizeof(to->last_job));
    memcpy(to->last_state, from->last_state, sizeof(to->last_state));
}

/* What is not enabled has no plan, so nothing of it is missed. */
static void plan(struct entry *e) {
    int64_t planned = e->planned_ns;
    if (!e->enabled)
        planned = 0;
    else if (!planned || !is_time_of(e, planned))
        planned = next_from(e, now_of(e->schedule));
    if (planned == e->planned_ns)
        return;
    e->planned_ns = planned;
    save(e);
}

static struct entry *entry_new(struct schedule *s, const struct c138_json *rule) {
    struct entry *e = c138_xcalloc(1, sizeof(*e));
    e->schedule = s;
    if (read_rule(rule, e, NULL) < 0) {
        free(e);
        return NULL;
    }
    e->rule = c138_json_copy(rule);
    e->name = c138_xstrdup(c138_json_get_str(rule, "name", ""));
    struct entry *old = find(s, e->name);
    if (old)
        inherit(e, old);
    else
        load(e);
    plan(e);
    return e;
}

void schedule_apply(struct schedule *s, const struct c138_json *rules) {
    struct entry *fresh = NULL, **end = &fresh;
    for (size_t i = 0; i < c138_json_count(rules); i++) {
        struct entry *e = entry_new(s, c138_json_at(rules, i));
        if (!e)
            continue;
        *end = e;
        end = &e->next;
    }
    while (s->first) {
        struct entry *next = s->first->next;
        entry_free(s->first);
        s->first = next;
    }
    s->first = fresh;
    forget_others(s);
    schedule_tick(s);
}

void schedule_stop(struct schedule *s) {
    s->stopped = 1;
    (void)event_del(s->timer);
}

static void set_time(struct c138_json *o, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (!ns)
        return;
    c138_time_format(ns, text);
    c138_json_set_str(o, name, text);
}

static void set_local(struct c138_json *o, const struct entry *e, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (!ns)
        return;
    c138_time_format(ns + zone_offset_s(e->zone, ns / C138_NS_PER_S) * C138_NS_PER_S, text);
    text[10] = ' ';
    text[19] = '\0';
    C138_FREE char *with = c138_xasprintf("%s %s", text, c138_json_get_str(e->rule, "zone", "UTC"));
    c138_json_set_str(o, "next_local", with);
}

static struct c138_json *entry_json(const struct entry *e) {
    struct c138_json *o = c138_json_new_object(), *following = c138_json_new_array();
    int64_t at = e->planned_ns;
    c138_json_set_str(o, "name", e->name);
    c138_json_set_str(o, "action", c138_json_get_str(e->rule, "action", ""));
    C138_FREE char *every = c138_xasprintf("every %s", c138_json_get_str(e->rule, "every", ""));
    c138_json_set_str(o, "when", c138_json_get_str(e->rule, "cron", every));
    c138_json_set_str(o, "zone", c138_json_get_str(e->rule, "zone", "UTC"));
    if (e->enabled) {
        set_time(o, "next", at ? due_at(e) : 0);
        set_local(o, e, at ? due_at(e) : 0);
    }
    for (int i = 0; i < 3 && e->enabled && at && (at = next_after(e, at)) != 0; i++) {
        char text[C138_TIME_TEXT];
        c138_time_format(at + jitter_of(e), text);
        c138_json_append(following, c138_json_new_str(text));
    }
    c138_json_set(o, "following", following);
    set_time(o, "last", e->last_ns);
    c138_json_set_str(o, "last_state", e->running ? "running" : e->last_state);
    c138_json_set_str(o, "last_job", e->last_job);
    c138_json_set_uint(o, "missed", e->missed);
    c138_json_set_bool(o, "running", e->running);
    c138_json_set_bool(o, "enabled", e->enabled);
    return o;
}

struct c138_json *schedule_list(struct schedule *s) {
    struct c138_json *result = c138_json_new_object(), *list = c138_json_new_array();
    for (const struct entry *e = s->first; e; e = e->next)
        c138_json_append(list, entry_json(e));
    c138_json_set(result, "schedules", list);
    return result;
}

c138_status schedule_new(const struct schedule_env *env, struct schedule **ret,
                         struct c138_err *err) {
    c138_status status = store_schema(env->store, "schedules", steps, err);
    if (status < 0)
        return status;
    struct schedule *s = c138_xcalloc(1, sizeof(*s));
    s->env = *env;
    s->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (s->timer_fd < 0) {
        free(s);
        return c138_error(err, C138_E_INTERNAL, NULL, "a timer of the wall clock cannot be made");
    }
    s->timer = event_new(env->base, s->timer_fd, EV_READ | EV_PERSIST, on_timer, s);
    (void)event_add(s->timer, NULL);
    *ret = s;
    return C138_OK;
}

struct schedule *schedule_free(struct schedule *s) {
    if (!s)
        return NULL;
    while (s->first) {
        struct entry *next = s->first->next;
        entry_free(s->first);
        s->first = next;
    }
    event_free(s->timer);
    close(s->timer_fd);
    free(s);
    return NULL;
}
