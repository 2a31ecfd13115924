#include <base/fs.h>
#include <base/text.h>
#include <worker/plugins_internal.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BACKOFF_LEAST_NS (C138_NS_PER_S / 5)
#define BACKOFF_MOST_NS (60 * C138_NS_PER_S)
#define CALM_NS (60 * C138_NS_PER_S)    /* running so long makes the next back-off small again */
#define BURST_NS (600 * C138_NS_PER_S)  /* DEATHS within it: quarantine */
#define DRAIN_NS (3600 * C138_NS_PER_S) /* an old instance may end its long actions */
#define TICK_MS 250
#define LEFTOVER_MS 2000

static const char *const state_names[] = {"refused", "disabled",    "starting",
                                          "running", "degraded",    "stuck",
                                          "backoff", "quarantined", "stopped"};

/* --- Rows
 * ------------------------------------------------------------------------------------------------
 */

static void emit_state(struct row *r) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "plugin", r->name);
    c138_json_set_str(o, "state", state_names[r->state]);
    c138_json_set_str(o, "reason", r->reason);
    c138_json_set_str(o, "culprit", r->culprit);
    C138_FREE char *text = c138_json_dump(o);
    int bad = r->state == ROW_QUARANTINED || r->state == ROW_STUCK || r->state == ROW_REFUSED;
    bus_emit(r->p->env.bus, "agent.plugin-state",
             bad                       ? C138_SEVERITY_CRITICAL
             : r->state == ROW_BACKOFF ? C138_SEVERITY_WARNING
                                       : C138_SEVERITY_INFO,
             text);
}

void row_set(struct row *r, enum row_state state, const char *fmt, ...) {
    char reason[sizeof(r->reason)];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    if (r->state == state && !strcmp(r->reason, reason))
        return;
    r->state = state;
    r->since_ns = c138_now_utc_ns();
    memcpy(r->reason, reason, sizeof(reason));
    log_line(r->p->env.log,
             state == ROW_RUNNING || state == ROW_STARTING || state == ROW_DISABLED ||
                     state == ROW_STOPPED
                 ? C138_LOG_INFO
                 : C138_LOG_WARNING,
             &(struct log_at){.plugin = r->name}, "%s%s%s", state_names[state], *reason ? ": " : "",
             reason);
    emit_state(r);
    if (r->p->env.changed)
        r->p->env.changed(r->p->env.user, r->name);
}

struct row *row_find(const struct plugins *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (!strcmp(p->rows[i]->name, name))
            return p->rows[i];
    return NULL;
}

static void on_backoff_over(evutil_socket_t fd, short what, void *user);

struct row *row_make(struct plugins *p, const char *name) {
    struct row *r = row_find(p, name);
    if (r)
        return r;
    size_t at = 0;
    while (at < p->count && strcmp(p->rows[at]->name, name) < 0)
        at++;
    r = c138_xcalloc(1, sizeof(*r));
    r->p = p;
    r->name = c138_xstrdup(name);
    r->state = ROW_DISABLED;
    r->since_ns = c138_now_utc_ns();
    r->backoff_ns = BACKOFF_LEAST_NS;
    r->timer = evtimer_new(p->env.base, on_backoff_over, r);
    p->rows = c138_xrealloc(p->rows, (p->count + 1) * sizeof(struct row *));
    memmove(&p->rows[at + 1], &p->rows[at], (p->count - at) * sizeof(struct row *));
    p->rows[at] = r;
    p->count++;
    return r;
}

void plugins_scan(struct plugins *p) {
    struct loader_list list = {0};
    struct c138_err err = {0};
    if (loader_scan(p->env.plugin_dirs, &list, &err) < 0) {
        log_line(p->env.log, C138_LOG_ERROR, NULL, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        free(p->rows[i]->path);
        free(p->rows[i]->file_refused);
        p->rows[i]->path = p->rows[i]->file_refused = NULL;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct loader_file *f = &list.files[i];
        struct row *r = row_make(p, f->name);
        if (!r->path)
            r->path = c138_xstrdup(f->path);
        if (f->refused && !r->file_refused)
            r->file_refused = c138_xstrdup(f->reason);
        if (f->refused && !r->current && !r->next)
            row_set(r, ROW_REFUSED, "%s", f->reason);
        else if (!f->refused && r->state == ROW_REFUSED && !r->want.enabled)
            row_set(r, ROW_DISABLED, "%s", "");
    }
    loader_list_deinit(&list);
}

/* --- Start
 * -------------------------------------------------------------------------------------------------
 */

static void on_prepared(void *user, struct instance *i, c138_status status,
                        const struct c138_err *err);
static void on_gone(void *user, struct instance *i, const char *reason, const char *culprit);

static void tell_started(struct row *r, c138_status status, const struct c138_err *err) {
    row_fn fn = r->started;
    r->started = NULL;
    if (fn)
        fn(r->started_user, status, err);
}

/* A failure that must not come from inside the call that asked. */
struct later {
    row_fn fn;
    void *user;
    struct c138_err err;
};

static void on_later(evutil_socket_t fd, short what, void *user) {
    struct later *l = user;
    (void)fd;
    (void)what;
    if (l->fn)
        l->fn(l->user, l->err.status, &l->err);
    free(l);
}

void plugins_fail_later(struct plugins *p, row_fn fn, void *user, const struct c138_err *err) {
    struct later *l = c138_xcalloc(1, sizeof(*l));
    *l = (struct later){fn, user, *err};
    event_base_once(p->env.base, -1, EV_TIMEOUT, on_later, l, NULL);
}

static c138_status start_next(struct row *r, const struct plugin_want *want, struct c138_err *err) {
    const struct instance_events events = {.user = r, .prepared = on_prepared, .gone = on_gone};
    plugins_scan(r->p);
    if (!r->path)
        return c138_error(err, C138_E_NOTFOUND, "plugin.absent",
                          "%s:%u: plugin %s is enabled, but not installed in %s",
                          want->file ? want->file : "config", want->line, r->name,
                          r->p->env.plugin_dirs[0]);
    if (r->file_refused)
        return c138_error(err, C138_E_DENIED, "plugin.refused", "%s", r->file_refused);
    return instance_start(&r->p->env, r->p->lock_fd, want, r->path, r->read, r->write, &events,
                          &r->next, err);
}

void row_start(struct row *r, const struct plugin_want *want, row_fn prepared, void *user) {
    struct c138_err err = {0};
    (void)evtimer_del(r->timer);
    if (r->next || r->started) {
        c138_error(&err, C138_E_BUSY, "plugin.starting",
                   "plugin %s is being started already: try again in a moment", r->name);
        plugins_fail_later(r->p, prepared, user, &err);
        return;
    }
    if (start_next(r, want, &err) < 0) {
        plugins_fail_later(r->p, prepared, user, &err);
        return;
    }
    r->started = prepared;
    r->started_user = user;
    if (!r->current)
        row_set(r, ROW_STARTING, "%s", "");
}

static void on_prepared(void *user, struct instance *i, c138_status status,
                        const struct c138_err *err) {
    struct row *r = user;
    if (i != r->next)
        return;
    if (status < 0) {
        /* It is being ended; gone() comes for it later, when nobody looks for it any more. */
        plugins_old_add(r->p, C138_STEAL(r->next));
    }
    tell_started(r, status, err);
}

static void emit_died(struct row *r, const char *reason) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "plugin", r->name);
    c138_json_set_str(o, "reason", reason);
    c138_json_set_str(o, "culprit", r->culprit);
    c138_json_set_uint(o, "restarts", r->restarts);
    C138_FREE char *text = c138_json_dump(o);
    log_line(r->p->env.log, C138_LOG_ERROR,
             &(struct log_at){.plugin = r->name,
                              .action = c138_starts_with(r->culprit, "action ")
                                            ? r->culprit + strlen("action ")
                                            : NULL},
             "died: %s%s%s", reason, *r->culprit ? ", while it ran " : "", r->culprit);
    bus_emit(r->p->env.bus, "agent.plugin-died", C138_SEVERITY_WARNING, text);
}

struct going {
    struct row *row;
    row_fn done;
    void *user;
};

static void on_running(void *user, struct instance *i, c138_status status,
                       const struct c138_err *err) {
    struct going g = *(struct going *)user;
    struct row *r = g.row;
    free(user);
    if (status >= 0 && i == r->next) {
        struct instance *old = r->current;
        r->current = C138_STEAL(r->next);
        r->culprit[0] = '\0';
        if (old) {
            plugins_old_add(r->p, old);
            instance_drain(old, c138_now_monotonic_ns() + DRAIN_NS);
        }
        row_set(r, ROW_RUNNING, "%s", "");
        if (r->p->env.changed)
            r->p->env.changed(r->p->env.user, r->name);
    } else if (i == r->next) {
        if (c138_streq(err->key, "plugin.died")) {
            (void)snprintf(r->culprit, sizeof(r->culprit), "%s", i->culprit);
            memcpy(r->tail, i->tail, sizeof(r->tail));
            emit_died(r, err->text);
        }
        plugins_old_add(r->p, C138_STEAL(r->next));
    }
    g.done(g.user, status, err);
}

void row_go(struct row *r, row_fn done, void *user) {
    struct going *g = c138_xcalloc(1, sizeof(*g));
    *g = (struct going){r, done, user};
    instance_run(r->next, on_running, g);
}

void row_drop_next(struct row *r) {
    if (!r->next)
        return;
    struct instance *i = C138_STEAL(r->next);
    plugins_old_add(r->p, i);
    instance_kill(i, "not needed");
}

void row_stop(struct row *r, enum row_state state, const char *reason) {
    (void)evtimer_del(r->timer);
    row_drop_next(r);
    if (r->current) {
        struct instance *i = C138_STEAL(r->current);
        plugins_old_add(r->p, i);
        instance_drain(i, c138_now_monotonic_ns() + DRAIN_NS);
        catalog_remove(r->p->env.catalog, r->name);
        metrics_remove_owner(r->p->env.metrics, r->name);
    }
    row_set(r, state, "%s", reason);
}

/* --- Death and what follows
 * ------------------------------------------------------------------------------------ */

/* After a death or a failed start: back-off, or quarantine after a burst. */
void plugins_retry(struct row *r, const char *reason) {
    int64_t now = c138_now_monotonic_ns();
    memmove(r->deaths, r->deaths + 1, sizeof(r->deaths) - sizeof(r->deaths[0]));
    r->deaths[DEATHS - 1] = now;
    if (r->deaths[0] && now - r->deaths[0] < BURST_NS) {
        row_set(r, ROW_QUARANTINED,
                "%d deaths in %d min, the last: %s; chain138ctl plugins restart %s starts it again",
                DEATHS, (int)((now - r->deaths[0]) / (60 * C138_NS_PER_S)) + 1, reason, r->name);
        return;
    }
    const struct timeval wait = {.tv_sec = r->backoff_ns / C138_NS_PER_S,
                                 .tv_usec = r->backoff_ns % C138_NS_PER_S / 1000};
    r->next_start_ns = c138_now_utc_ns() + r->backoff_ns;
    (void)evtimer_add(r->timer, &wait);
    row_set(r, ROW_BACKOFF, "%s", reason);
    r->backoff_ns = 2 * r->backoff_ns > BACKOFF_MOST_NS ? BACKOFF_MOST_NS : 2 * r->backoff_ns;
}

static void on_again_running(void *user, c138_status status, const struct c138_err *err) {
    struct row *r = user;
    if (status < 0 && !r->current && r->want.enabled && !r->p->stopping)
        plugins_retry(r, err->text);
}

static void on_again_prepared(void *user, c138_status status, const struct c138_err *err) {
    struct row *r = user;
    if (status >= 0)
        row_go(r, on_again_running, r);
    else
        on_again_running(r, status, err);
}

static void on_backoff_over(evutil_socket_t fd, short what, void *user) {
    struct row *r = user;
    (void)fd;
    (void)what;
    r->next_start_ns = 0;
    if (r->p->stopping || !r->want.enabled || r->current || r->next)
        return;
    r->restarts++;
    row_start(r, &r->want, on_again_prepared, r);
}

static void old_remove(struct plugins *p, struct instance *i) {
    for (size_t n = 0; n < p->n_old; n++)
        if (p->old[n] == i) {
            p->old[n] = p->old[--p->n_old];
            instance_unref(i);
            return;
        }
}

void plugins_old_add(struct plugins *p, struct instance *i) {
    p->old = c138_xrealloc(p->old, (p->n_old + 1) * sizeof(struct instance *));
    p->old[p->n_old++] = i;
}

static int anything_left(const struct plugins *p) {
    if (p->n_old)
        return 1;
    for (size_t i = 0; i < p->count; i++)
        if (p->rows[i]->current || p->rows[i]->next)
            return 1;
    return 0;
}

static void maybe_stopped(struct plugins *p) {
    void (*fn)(void *user) = p->stopped;
    if (!p->stopping || !fn || anything_left(p))
        return;
    p->stopped = NULL;
    fn(p->stopped_user);
}

static void keep_tail(struct row *r, const struct instance *gone) {
    memcpy(r->tail, gone->tail, sizeof(r->tail));
}

/* The instance that was being started is gone: by itself, or because it is to be started again with
 * the paths of its settings. */
static void next_gone(struct row *r, struct instance *i, const char *reason, const char *culprit) {
    struct c138_err err = {0};
    struct instance *gone = C138_STEAL(r->next);
    if (i->again_with_paths && !r->p->stopping) {
        c138_json_unref(r->read);
        c138_json_unref(r->write);
        r->read = c138_json_ref(i->read);
        r->write = c138_json_ref(i->write);
        if (start_next(r, &i->want, &err) < 0)
            tell_started(r, err.status, &err);
    } else {
        (void)snprintf(r->culprit, sizeof(r->culprit), "%s", culprit);
        keep_tail(r, gone);
        emit_died(r, reason);
        c138_error(&err, C138_E_UNAVAILABLE, "plugin.died", "plugin %s died at its start: %s%s%s",
                   r->name, reason, *culprit ? ", while it ran " : "", culprit);
        tell_started(r, err.status, &err);
    }
    instance_unref(gone);
}

static void current_gone(struct row *r, const char *reason, const char *culprit) {
    struct instance *gone = C138_STEAL(r->current);
    keep_tail(r, gone);
    int64_t lived = c138_now_monotonic_ns() - gone->started_ns;
    (void)snprintf(r->culprit, sizeof(r->culprit), "%s", culprit);
    metrics_remove_owner(r->p->env.metrics, r->name);
    if (lived > CALM_NS)
        r->backoff_ns = BACKOFF_LEAST_NS;
    if (r->p->stopping) {
        row_set(r, ROW_STOPPED, "%s", "");
    } else if (gone->want.in_thread && c138_streq(reason, "left behind")) {
        emit_died(r, "a thread that hangs");
        row_set(r, ROW_STUCK,
                "its thread hangs in %s and cannot be ended: restart the agent, or use mode = "
                "\"worker\"",
                *culprit ? culprit : "an unknown place");
    } else {
        emit_died(r, *reason ? reason : "it ended by itself");
        if (!r->next)
            plugins_retry(r, *reason ? reason : "it ended by itself");
    }
    instance_unref(gone);
}

static void on_gone(void *user, struct instance *i, const char *reason, const char *culprit) {
    struct row *r = user;
    struct plugins *p = r->p;
    if (i == r->next)
        next_gone(r, i, reason, culprit);
    else if (i == r->current)
        current_gone(r, reason, culprit);
    else
        old_remove(p, i);
    maybe_stopped(p);
}

/* --- Watchdog
 * --------------------------------------------------------------------------------------------------
 */

static void on_tick(evutil_socket_t fd, short what, void *user) {
    struct plugins *p = user;
    int64_t now = c138_now_monotonic_ns();
    int memory = ++p->ticks % 2 == 0;
    (void)fd;
    (void)what;
    for (size_t n = 0; n < p->count; n++) {
        struct row *r = p->rows[n];
        if (r->current)
            instance_watch(r->current, now, memory);
        if (r->next)
            instance_watch(r->next, now, memory);
    }
    for (size_t n = 0; n < p->n_old; n++)
        instance_watch(p->old[n], now, memory);
}

/* --- Calls
 * -------------------------------------------------------------------------------------------------------
 */

static c138_status running_row(struct plugins *p, const char *action, const struct row **ret_row,
                               struct c138_err *err) {
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(action, "."), action);
    const struct row *row = *ret_row = row_find(p, name);
    if (row && row->current && row->current->state == INSTANCE_RUNNING)
        return C138_OK;
    return c138_error(err, C138_E_UNAVAILABLE, "plugin.not-running",
                      "plugin %s is not running (%s%s%s)", name,
                      row ? state_names[row->state] : "not installed",
                      row && *row->reason ? ": " : "", row ? row->reason : "");
}

c138_status plugins_ready(struct plugins *p, const char *action, struct c138_err *err) {
    const struct row *row = NULL;
    return running_row(p, action, &row, err);
}

c138_status plugins_call(struct plugins *p, const struct plugins_request *r,
                         struct plugins_call **ret_call, struct c138_err *err) {
    const struct row *row = NULL;
    c138_status status = running_row(p, r->action->full_name, &row, err);
    return status < 0 ? status : instance_call(row->current, r, ret_call, err);
}

void plugins_cancel(struct plugins *p, struct plugins_call *call) {
    (void)p;
    instance_cancel(call);
}

/* --- Restart
 * -------------------------------------------------------------------------------------------------------
 */

struct restart {
    struct row *row;
    void (*done)(void *user, c138_status status, const struct c138_err *err);
    void *user;
};

static void on_restarted(void *user, c138_status status, const struct c138_err *err) {
    struct restart x = *(struct restart *)user;
    struct row *r = x.row;
    free(user);
    if (status < 0 && !r->current)
        plugins_retry(r, err->text);
    else if (status < 0)
        log_line(r->p->env.log, C138_LOG_ERROR, &(struct log_at){.plugin = r->name},
                 "the new instance failed, the old one goes on: %s", err->text);
    if (x.done)
        x.done(x.user, status, err);
}

static void on_restart_prepared(void *user, c138_status status, const struct c138_err *err) {
    struct restart *x = user;
    if (status >= 0)
        row_go(x->row, on_restarted, x);
    else
        on_restarted(x, status, err);
}

void plugins_restart(struct plugins *p, const char *name,
                     void (*done)(void *user, c138_status status, const struct c138_err *err),
                     void *user) {
    struct row *r = row_find(p, name);
    struct c138_err err = {0};
    if (!r) {
        plugins_scan(p);
        r = row_find(p, name);
    }
    if (!r || !r->want.enabled) {
        if (r)
            c138_error(&err, C138_E_CONFLICT, "plugin.disabled",
                       "plugin %s is installed, but not enabled here: enabled = true in conf.d, "
                       "then chain138ctl reload",
                       name);
        else
            c138_error(&err, C138_E_NOTFOUND, "plugin.unknown",
                       "plugin %s is not known: chain138ctl plugins lists them", name);
        plugins_fail_later(p, done, user, &err);
        return;
    }
    memset(r->deaths, 0, sizeof(r->deaths));
    r->backoff_ns = BACKOFF_LEAST_NS;
    r->next_start_ns = 0;
    r->restarts++;
    struct restart *x = c138_xcalloc(1, sizeof(*x));
    *x = (struct restart){r, done, user};
    row_start(r, &r->want, on_restart_prepared, x);
}

/* --- Begin and end
 * -----------------------------------------------------------------------------------------------------
 */

/* Workers of a killed agent hold the lock until they are gone: a moment, as they die with it. */
static c138_status wait_for_leftovers(struct plugins *p, struct c138_err *err) {
    C138_FREE char *path = c138_path_join(p->env.run_dir, "workers.lock");
    p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (p->lock_fd < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "%s cannot be opened: %s", path,
                          strerror(errno));
    for (int ms = 0; flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0; ms++) {
        if (ms == LEFTOVER_MS) {
            log_line(p->env.log, C138_LOG_WARNING, NULL,
                     "workers of an agent that was killed are still there after %d ms (%s)", ms,
                     path);
            break;
        }
        (void)usleep(1000);
    }
    /* The lock is the open file's, and workers inherit that: it is free when the last of them is
     * gone. */
    (void)flock(p->lock_fd, LOCK_SH | LOCK_NB);
    return C138_OK;
}

c138_status plugins_new(const struct plugins_env *env, struct plugins **ret_plugins,
                        struct c138_err *err) {
    struct plugins *p = c138_xcalloc(1, sizeof(*p));
    const struct timeval tick = {.tv_usec = TICK_MS * 1000};
    p->env = *env;
    c138_status status = wait_for_leftovers(p, err);
    if (status < 0) {
        free(p);
        return status;
    }
    p->watchdog = event_new(env->base, -1, EV_PERSIST, on_tick, p);
    event_add(p->watchdog, &tick);
    plugins_gauges(p);
    *ret_plugins = p;
    return C138_OK;
}

static void on_quiet(void *user, struct instance *i, const char *reason, const char *culprit) {
    (void)user;
    (void)i;
    (void)reason;
    (void)culprit;
}

/* Frees without telling anybody. */
static void end_instance(struct instance *i) {
    if (!i)
        return;
    i->events = (struct instance_events){.gone = on_quiet};
    instance_abandon(i, "the agent ended");
    instance_unref(i);
}

struct plugins *plugins_free(struct plugins *p) {
    if (!p)
        return NULL;
    for (size_t n = 0; n < p->count; n++) {
        struct row *r = p->rows[n];
        /* Taken out first: what was asked of one that was just being started fails now, and who
         * hears so must not find it here and lay it with the old ones. */
        end_instance(C138_STEAL(r->current));
        end_instance(C138_STEAL(r->next));
        event_free(r->timer);
        want_deinit(&r->want);
        want_deinit(&r->staged);
        c138_json_unref(r->staged_settings);
        instance_unref(r->prepared);
        c138_json_unref(r->read);
        c138_json_unref(r->write);
        free(r->path);
        free(r->file_refused);
        free(r->name);
        free(r);
    }
    for (size_t n = 0; n < p->n_old; n++)
        end_instance(p->old[n]);
    event_free(p->watchdog);
    close(p->lock_fd);
    free(p->rows);
    free(p->old);
    free(p);
    return NULL;
}

void plugins_stop(struct plugins *p, int64_t grace_ns, void (*done)(void *user), void *user) {
    int64_t until = c138_now_monotonic_ns() + grace_ns;
    p->stopping = 1;
    p->stopped = done;
    p->stopped_user = user;
    for (size_t n = 0; n < p->count; n++) {
        struct row *r = p->rows[n];
        (void)evtimer_del(r->timer);
        if (r->next)
            instance_kill(r->next, "the agent stops");
        if (r->current)
            instance_drain(r->current, until);
    }
    for (size_t n = 0; n < p->n_old; n++)
        instance_drain(p->old[n], until);
    if (!anything_left(p))
        maybe_stopped(p);
}

uint32_t plugins_starting(const struct plugins *p) {
    uint32_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += p->rows[i]->state == ROW_STARTING;
    return n;
}
