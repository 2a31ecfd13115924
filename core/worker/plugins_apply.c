/*
 * A new config, in two phases over all plugins: everything that changes is prepared first; if all
 * agree it is committed, else nothing changes. At the first start plugins do not hold each other
 * up.
 */
#include <base/text.h>
#include <schema/validate.h>
#include <worker/plugins_internal.h>

#include <stdio.h>
#include <string.h>

enum change { CHANGE_NONE, CHANGE_STOP, CHANGE_SETTINGS, CHANGE_START };

struct apply {
    struct plugins *p;
    unsigned waiting; /* rows that have not yet answered in this phase */
    int initial, committing;
    struct c138_err err; /* the first failure */
    void (*done)(void *user, c138_status status, const struct c138_err *err);
    void *user;
};

static void want_from(struct plugin_want *w, const struct plugin_config *c) {
    const struct plugin_want borrowed = {
        .name = (char *)(uintptr_t)c->name,
        .settings_json = (char *)(uintptr_t)(c->settings_json ? c->settings_json : "{}"),
        .grants_json = (char *)(uintptr_t)c->grants_json,
        .programs_json = (char *)(uintptr_t)c->programs_json,
        .file = (char *)(uintptr_t)c->file,
        .origin = (char *)(uintptr_t)c->origin,
        .enabled = c->enabled,
        .in_thread = c->in_thread,
        .memory_max = c->memory_max ? c->memory_max : UINT64_C(256) << 20,
        .callback_timeout_ns = c->callback_timeout_ns ? c->callback_timeout_ns : 10 * C138_NS_PER_S,
        .mailbox = c->mailbox ? c->mailbox : 4096,
        .line = c->line,
        .keep_rate = c->keep_rate > 0 ? c->keep_rate : 100,
        .settings = c->settings,
        .user = c->user,
    };
    want_deinit(w);
    want_copy(w, &borrowed);
}

/* What only a new instance can have otherwise. */
static int needs_new(const struct plugin_want *a, const struct plugin_want *b) {
    return a->in_thread != b->in_thread || a->memory_max != b->memory_max ||
           a->callback_timeout_ns != b->callback_timeout_ns || a->mailbox != b->mailbox ||
           a->keep_rate != b->keep_rate || !c138_streq(a->grants_json, b->grants_json) ||
           !c138_streq(a->programs_json, b->programs_json);
}

static int same_value(const struct c138_json *a, const struct c138_json *b) {
    C138_FREE char *x = c138_json_canonical(a), *y = c138_json_canonical(b);
    return !strcmp(x, y);
}

/* Does a setting differ that is a path, or is declared to need a new instance? */
static int settings_need_new(struct decl_field *const *fields, const struct c138_json *a,
                             const struct c138_json *b) {
    C138_JSON struct c138_json *paths_a = c138_json_new_array(), *paths_b = c138_json_new_array();
    for (size_t i = 0; fields[i]; i++)
        if ((fields[i]->flags & C138_FIELD_RESTART) &&
            !same_value(c138_json_get(a, fields[i]->name), c138_json_get(b, fields[i]->name)))
            return 1;
    instance_paths(fields, a, paths_a, paths_a);
    instance_paths(fields, b, paths_b, paths_b);
    return !same_value(paths_a, paths_b);
}

static int wants_the_same(const struct row *r) {
    return r->want.enabled && c138_streq(r->want.settings_json, r->staged.settings_json) &&
           !needs_new(&r->want, &r->staged);
}

static enum change decide(struct row *r, struct c138_err *err) {
    const struct plugin_want *to = &r->staged;
    if (!to->enabled)
        return r->want.enabled || r->current || r->next ? CHANGE_STOP : CHANGE_NONE;
    /* One that waits for its next start, or was quarantined, goes on with that; a refused one may
     * have been mended. That it is ill still does not keep the others from their new config. */
    r->may_fail = !r->current && wants_the_same(r);
    if (r->may_fail && r->state != ROW_REFUSED)
        return CHANGE_NONE;
    if (!r->current)
        return CHANGE_START;
    if (wants_the_same(r))
        return CHANGE_NONE;
    if (to->settings(to->user, r->name, r->current->decl->settings, &r->staged_settings, err) < 0)
        return CHANGE_NONE;
    if (needs_new(&r->want, to) ||
        settings_need_new(r->current->decl->settings, r->current->settings, r->staged_settings))
        return CHANGE_START;
    return same_value(r->current->settings, r->staged_settings) ? CHANGE_NONE : CHANGE_SETTINGS;
}

/* --- The end
 * -----------------------------------------------------------------------------------------------
 */

static void take_want(struct row *r) {
    struct plugin_want old = r->want;
    r->want = r->staged;
    r->staged = (struct plugin_want){0};
    want_deinit(&old);
}

static void finish(struct apply *a) {
    struct plugins *p = a->p;
    for (size_t n = 0; n < p->count; n++) {
        want_deinit(&p->rows[n]->staged);
        p->rows[n]->staged_settings = c138_json_unref(p->rows[n]->staged_settings);
        p->rows[n]->prepared = instance_unref(p->rows[n]->prepared);
        p->rows[n]->change = CHANGE_NONE;
    }
    p->apply = NULL;
    a->done(a->user, a->err.status, &a->err);
    free(a);
}

static void on_committed(void *user, c138_status status, const struct c138_err *err) {
    struct row *r = user;
    struct apply *a = r->p->apply;
    if (status < 0 && !r->current)
        plugins_retry(r, err->text);
    if (status < 0)
        log_line(r->p->env.log, C138_LOG_ERROR, &(struct log_at){.plugin = r->name}, "%s",
                 err->text);
    if (a && --a->waiting == 0)
        finish(a);
}

/* What was prepared died before its turn came. */
static void died_meanwhile(struct row *r) {
    if (r->current)
        plugins_restart(r->p, r->name, NULL, NULL);
    else
        plugins_retry(r, "it died before it was to start");
}

static void commit_row(struct apply *a, struct row *r) {
    enum change change = (enum change)r->change;
    take_want(r);
    if (change == CHANGE_STOP) {
        row_stop(r, ROW_DISABLED, "");
    } else if (change == CHANGE_SETTINGS && r->current == r->prepared) {
        instance_commit(r->current, 1, r->staged_settings);
        want_deinit(&r->current->want);
        want_copy(&r->current->want, &r->want);
    } else if (change == CHANGE_SETTINGS && r->current) {
        plugins_restart(r->p, r->name, NULL, NULL); /* another one meanwhile, with the old ones */
    } else if (change == CHANGE_START && !r->next && !r->may_fail) {
        died_meanwhile(r);
    } else if (change == CHANGE_START && r->next) {
        a->waiting++;
        row_go(r, on_committed, r);
    } else if (r->current) {
        /* Nothing to do, but the functions of the old config must not be called any more. */
        r->current->want.settings = r->want.settings;
        r->current->want.user = r->want.user;
    }
}

/* As it was before it was tried. */
static void restore(struct row *r, const char *reason) {
    int64_t left = r->next_start_ns - c138_now_utc_ns();
    if (r->state != ROW_STARTING)
        return;
    row_set(r, r->before, "%s", reason);
    if (r->before != ROW_BACKOFF)
        return;
    const struct timeval wait = {.tv_sec = left > 0 ? left / C138_NS_PER_S : 0, .tv_usec = 1000};
    (void)evtimer_add(r->timer, &wait);
}

static void abandon_row(struct row *r) {
    if (r->change == CHANGE_SETTINGS && r->prepared && r->current == r->prepared)
        instance_commit(r->current, 0, NULL);
    if (r->change == CHANGE_START) {
        row_drop_next(r);
        restore(r, r->before_reason);
    }
}

static void second_phase(struct apply *a) {
    struct plugins *p = a->p;
    a->committing = 1;
    a->waiting = 1;
    for (size_t n = 0; n < p->count; n++) {
        if (a->err.status < 0)
            abandon_row(p->rows[n]);
        else
            commit_row(a, p->rows[n]);
    }
    if (--a->waiting == 0)
        finish(a);
}

/* --- The first phase
 * ------------------------------------------------------------------------------------------ */

static void answered(struct apply *a) {
    if (--a->waiting == 0)
        second_phase(a);
}

static void note_failure(struct apply *a, const struct row *r, const struct c138_err *err) {
    if (a->err.status < 0)
        return;
    a->err = *err;
    if (r->staged.file && !strstr(err->text, r->staged.file))
        c138_error_prefix(&a->err, err->status, "%s:%u: plugin %s", r->staged.file, r->staged.line,
                          r->name);
}

static void on_start_prepared(void *user, c138_status status, const struct c138_err *err) {
    struct row *r = user;
    struct apply *a = r->p->apply;
    if (status < 0 && r->may_fail)
        restore(r, err->text);
    else if (status < 0)
        note_failure(a, r, err);
    answered(a);
}

static void on_settings_prepared(void *user, struct instance *i, c138_status status,
                                 const struct c138_err *err) {
    struct row *r = user;
    struct apply *a = r->p->apply;
    (void)i;
    if (status < 0)
        note_failure(a, r, err);
    answered(a);
}

static void prepare_row(struct apply *a, struct row *r) {
    struct c138_err err = {0};
    r->change = decide(r, &err);
    if (err.status < 0) {
        note_failure(a, r, &err);
        return;
    }
    if (r->change == CHANGE_SETTINGS) {
        a->waiting++;
        r->prepared = instance_ref(r->current);
        instance_prepare(r->current, r->staged_settings, on_settings_prepared, r);
    } else if (r->change == CHANGE_START) {
        a->waiting++;
        r->before = r->state;
        memcpy(r->before_reason, r->reason, sizeof(r->reason));
        row_start(r, &r->staged, on_start_prepared, r);
    }
}

static void two_phases(struct apply *a) {
    struct plugins *p = a->p;
    a->waiting = 1;
    for (size_t n = 0; n < p->count; n++)
        prepare_row(a, p->rows[n]);
    answered(a);
}

/* --- The first start
 * --------------------------------------------------------------------------------------------- */

static void on_first_running(void *user, c138_status status, const struct c138_err *err) {
    struct row *r = user;
    struct apply *a = r->p->apply;
    if (status < 0 && !r->current) {
        log_line(r->p->env.log, C138_LOG_ERROR, &(struct log_at){.plugin = r->name}, "%s",
                 err->text);
        plugins_retry(r, err->text);
    }
    if (a && --a->waiting == 0)
        finish(a);
}

/* What a file or a config refuses does not get better by trying again; what died may, or what could
 * not start. */
static void on_first_prepared(void *user, c138_status status, const struct c138_err *err) {
    struct row *r = user;
    struct apply *a = r->p->apply;
    if (status >= 0) {
        row_go(r, on_first_running, r);
        return;
    }
    if (c138_streq(err->key, "plugin.died")) {
        on_first_running(r, status, err);
        return;
    }
    log_line(r->p->env.log, C138_LOG_ERROR, &(struct log_at){.plugin = r->name}, "%s", err->text);
    row_set(r, ROW_REFUSED, "%s", err->text);
    if (a && --a->waiting == 0)
        finish(a);
}

static void first_start(struct apply *a) {
    struct plugins *p = a->p;
    a->waiting = 1;
    for (size_t n = 0; n < p->count; n++) {
        struct row *r = p->rows[n];
        take_want(r);
        if (!r->want.enabled)
            continue;
        a->waiting++;
        row_start(r, &r->want, on_first_prepared, r);
    }
    if (--a->waiting == 0)
        finish(a);
}

static void on_later(evutil_socket_t fd, short what, void *user) {
    struct apply *a = user;
    (void)fd;
    (void)what;
    if (a->initial)
        first_start(a);
    else
        two_phases(a);
}

void plugins_apply(struct plugins *p, const struct plugin_config *configs, size_t count,
                   int initial,
                   void (*done)(void *user, c138_status status, const struct c138_err *err),
                   void *user) {
    if (p->apply) {
        struct c138_err err = {0};
        c138_error(&err, C138_E_BUSY, "config.busy",
                   "another change of the config is under way: try again in a moment");
        plugins_fail_later(p, done, user, &err);
        return;
    }
    struct apply *a = c138_xcalloc(1, sizeof(*a));
    *a = (struct apply){.p = p, .initial = initial, .done = done, .user = user};
    plugins_scan(p);
    for (size_t n = 0; n < count; n++)
        want_from(&row_make(p, configs[n].name)->staged, &configs[n]);
    for (size_t n = 0; n < p->count; n++)
        if (!p->rows[n]->staged.name)
            p->rows[n]->staged = (struct plugin_want){.name = c138_xstrdup(p->rows[n]->name)};
    p->apply = a;
    event_base_once(p->env.base, -1, EV_TIMEOUT, on_later, a, NULL);
}
