#include "rolling.h"
#include "checks.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOOK_NS (500 * C138_NS_PER_MS)
#define FAILED_NS (15 * C138_NS_PER_S) /* nobody starts again what ended for so long */
#define STEPS_MAX 4096
#define CHAIN_WAIT_NS                                                                              \
    (60 * C138_NS_PER_S) /* after a start of the agent nobody knows the chain yet */

/* --- The journal ----------------------------------------------------------------------------- */

struct step_line {
    char job[32], kind[16], service[64];
    enum step step;
};
struct rolling {
    struct c138_lines *lines;
    struct step_line *list;
    size_t count;
};

static void remember(struct rolling *r, const char *job, const char *kind, const char *service,
                     enum step step) {
    if (r->count == STEPS_MAX) { /* the oldest half belongs to jobs that ended long ago */
        memmove(r->list, r->list + STEPS_MAX / 2, sizeof(*r->list) * (STEPS_MAX / 2));
        r->count = STEPS_MAX / 2;
    }
    struct step_line *l = &r->list[r->count++];
    (void)snprintf(l->job, sizeof(l->job), "%s", job);
    (void)snprintf(l->kind, sizeof(l->kind), "%s", kind);
    (void)snprintf(l->service, sizeof(l->service), "%s", service);
    l->step = step;
}

static c138_status on_line(void *user, const char *line, size_t length, struct c138_err *err) {
    C138_JSON struct c138_json *o = NULL;
    c138_status status = c138_json_parse(line, length, &o, err);
    if (status < 0)
        return status;
    remember(user, c138_json_get_str(o, "job", ""), c138_json_get_str(o, "kind", ""),
             c138_json_get_str(o, "service", ""),
             !strcmp(c138_json_get_str(o, "step", ""), "back") ? STEP_BACK : STEP_TOUCHED);
    return C138_OK;
}

c138_status rolling_open(struct stack *s, struct c138_err *err) {
    C138_FREE char *path = c138_path_join(s->host->state_dir, "rolling.log");
    s->rolling = c138_xcalloc(1, sizeof(*s->rolling));
    s->rolling->list = c138_xcalloc(STEPS_MAX, sizeof(*s->rolling->list));
    return c138_lines_open(path, "what a rolling change has done", on_line, s->rolling,
                           &s->rolling->lines, err);
}

void rolling_close(struct stack *s) {
    if (!s->rolling)
        return;
    c138_lines_close(s->rolling->lines);
    free(s->rolling->list);
    free(s->rolling);
    s->rolling = NULL;
}

enum step rolling_step(struct stack *s, const char *job, const char *kind, const char *service) {
    enum step step = STEP_NONE;
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->rolling->count; i++) {
        const struct step_line *l = &s->rolling->list[i];
        if (!strcmp(l->job, job) && !strcmp(l->kind, kind) && !strcmp(l->service, service))
            step = l->step;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return step;
}

c138_status rolling_note(struct stack *s, const char *job, const char *kind, const char *service,
                         enum step step, struct c138_err *err) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    char now[C138_TIME_TEXT];
    c138_time_format(s->host->now_ns(s->host, C138_CLOCK_UTC), now);
    c138_json_set_str(o, "time", now);
    c138_json_set_str(o, "job", job);
    c138_json_set_str(o, "kind", kind);
    c138_json_set_str(o, "service", service);
    c138_json_set_str(o, "step", step == STEP_BACK ? "back" : "touched");
    C138_FREE char *json = c138_json_dump(o);
    C138_FREE char *line = c138_xasprintf("%s\n", json);
    (void)pthread_mutex_lock(&s->lock);
    c138_status status = c138_lines_add(s->rolling->lines, line, strlen(line), err);
    if (status >= 0)
        remember(s->rolling, job, kind, service, step);
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* --- Order and quorum ------------------------------------------------------------------------ */

static int is_validator(const struct stack *s, const char *name) {
    const struct service *x = stack_service(s, name);
    return x && x->role == ROLE_VALIDATOR;
}

void roll_order(const struct stack *s, char **names) {
    size_t count = stack_names_count(names), n = 0;
    C138_FREE char **sorted = c138_xcalloc(count + 1, sizeof(*sorted));
    for (int validators = 0; validators < 2; validators++)
        for (size_t i = 0; i < count; i++)
            if (is_validator(s, names[i]) == validators)
                sorted[n++] = names[i];
    memcpy(names, sorted, count * sizeof(*names));
}

static c138_status chain_when_known(struct roll *r, struct chain_view *v, struct c138_err *err) {
    int64_t end = c138_now_monotonic_ns() + CHAIN_WAIT_NS;
    for (;;) {
        c138_status status = stack_chain(r->s, r->call, v, err);
        if (status >= 0 || c138_now_monotonic_ns() > end || !r->s->caller)
            return status;
        if (driver_sleep(r->d, LOOK_NS, NULL) < 0)
            return status;
    }
}

static const struct validator *in_chain(const struct stack *s, const struct chain_view *v,
                                        const char *service) {
    const struct service *x = stack_service(s, service);
    return x ? chain_view_find(v, x->validator, x->node) : NULL;
}

/* Whether this validator may be away. One that is late may just have missed a turn: it gets a
 * while to show up before it counts as gone. */
static c138_status may_touch(struct roll *r, const char *service, struct c138_err *err) {
    C138_FREE struct chain_view *v = c138_xcalloc(1, sizeof(*v));
    int64_t end = c138_now_monotonic_ns() + r->s->settings.settle_ns;
    C138_FREE char *what = c138_xasprintf("%s was not touched", service);
    for (;;) {
        c138_status status = chain_when_known(r, v, err);
        if (status < 0)
            return c138_error_prefix(err, status, "%s", what);
        const struct validator *x = in_chain(r->s, v, service);
        if (!x)
            return c138_error(err, C138_E_CONFLICT, "stack.validator",
                              "%s: the config calls it a validator, but the set of %zu has no such "
                              "member: set its node or validator, or its role",
                              what, v->count);
        status = quorum_allows(v, &x, 1, what, NULL, err);
        int some_late = 0;
        for (size_t i = 0; i < v->count; i++)
            some_late |= v->list[i].late;
        if (status >= 0 || !some_late || c138_now_monotonic_ns() > end)
            return status;
        if (driver_sleep(r->d, LOOK_NS, err) < 0)
            return C138_E_CANCELLED;
    }
}

c138_status roll_may_begin(struct roll *r, char **names, struct c138_err *err) {
    /* Gone on with after a crash, it has begun: one may be away that it touched itself, and each of
     * the rest is asked for when its turn comes. */
    for (char **n = names; *n; n++)
        if (rolling_step(r->s, r->call->job_id, r->kind, *n) != STEP_NONE)
            return C138_OK;
    for (char **n = names; *n; n++)
        if (is_validator(r->s, *n))
            return may_touch(r, *n, err);
    return C138_OK;
}

/* --- Back ------------------------------------------------------------------------------------ */

struct wait {
    const char *service;
    const struct service *known; /* NULL: the config does not name it */
    uint64_t mark;               /* the block at which it was seen to run */
    int marked;
    int64_t failed_ns; /* since when the engine says that it ended; 0: it does not */
    char text[300];
};

static int engine_is_well(struct roll *r, struct wait *w) {
    SVC_LIST list = {0};
    struct c138_err err = {0};
    if (r->d->ops->list(r->d, &list, &err) < 0) {
        (void)snprintf(w->text, sizeof(w->text), "%.290s", err.text);
        return 0;
    }
    const struct svc *row = svc_worst(&list, w->service);
    (void)snprintf(w->text, sizeof(w->text), "the engine says %s%s%s",
                   row ? svc_state_name(row->state) : "absent", row && *row->health ? ", " : "",
                   row ? row->health : "");
    int ended = row && (row->state == SVC_FAILED || row->state == SVC_STOPPED);
    if (!ended)
        w->failed_ns = 0;
    else if (!w->failed_ns)
        w->failed_ns = c138_now_monotonic_ns();
    return row && row->state == SVC_RUNNING && (!*row->health || !strcmp(row->health, "healthy"));
}

static int answers(struct wait *w) {
    char text[256] = "";
    const struct service *x = w->known;
    int ok = (!x->port || check_port(x->port, text)) &&
             (!x->health_url || check_health(x->health_url, text));
    if (!ok)
        (void)snprintf(w->text, sizeof(w->text), "%s", text);
    return ok;
}

static int proposes(struct roll *r, struct wait *w) {
    C138_FREE struct chain_view *v = c138_xcalloc(1, sizeof(*v));
    struct c138_err err = {0};
    if (stack_chain(r->s, r->call, v, &err) < 0) {
        (void)snprintf(w->text, sizeof(w->text), "%.290s", err.text);
        return 0;
    }
    const struct validator *x = in_chain(r->s, v, w->service);
    if (!w->marked) {
        w->mark = v->block;
        w->marked = 1;
    }
    (void)snprintf(w->text, sizeof(w->text),
                   x ? "it is in sync and has not proposed since block %" PRIu64
                       " (its last: %" PRIu64 ")"
                     : "it is no validator of the set (block %" PRIu64 ", %" PRIu64 ")",
                   w->mark, x ? x->last_block : v->block);
    return x && !x->missing && !x->late && x->last_block > w->mark;
}

static int is_back(struct roll *r, struct wait *w) {
    char text[256];
    if (!engine_is_well(r, w))
        return 0;
    if (!w->known)
        return 1;
    if (!answers(w))
        return 0;
    if (w->known->node && !check_sync(r->s, r->call, w->known->node, NULL, text)) {
        (void)snprintf(w->text, sizeof(w->text), "%s", text);
        return 0;
    }
    return w->known->role != ROLE_VALIDATOR || proposes(r, w);
}

c138_status roll_wait(struct roll *r, const char *service, struct c138_err *err) {
    struct wait w = {.service = service, .known = stack_service(r->s, service)};
    int64_t began = c138_now_monotonic_ns(), end = began + r->s->settings.step_ns;
    char told[300] = "";
    while (!is_back(r, &w)) {
        if (strcmp(told, w.text) != 0) {
            C138_FREE char *text = c138_xasprintf("%s: %s", service, w.text);
            c138_progress(r->call, (uint32_t)(r->done * 1000 / (r->total ? r->total : 1)), text);
            (void)snprintf(told, sizeof(told), "%s", w.text);
        }
        int64_t now = c138_now_monotonic_ns();
        if (now > end || (w.failed_ns && now - w.failed_ns > FAILED_NS)) {
            char limit[C138_DURATION_TEXT];
            c138_duration_human(now - began, limit);
            return c138_error(err, C138_E_TIMEOUT, "stack.not-back",
                              "%s is not back after %s: %s: see stack logs --services %s", service,
                              limit, w.text, service);
        }
        if (driver_sleep(r->d, LOOK_NS, err) < 0)
            return c138_error_prefix(err, C138_E_CANCELLED, "waiting for %s", service);
    }
    C138_FREE char *text =
        c138_xasprintf("%s is back after %.1f s", service,
                       (double)(c138_now_monotonic_ns() - began) / (double)C138_NS_PER_S);
    c138_call_log(r->call, C138_LOG_INFO, text);
    return C138_OK;
}

/* --- Steps ----------------------------------------------------------------------------------- */

c138_status roll_one(struct roll *r, const char *service, struct c138_err *err) {
    const char *job = r->call->job_id;
    enum step step = rolling_step(r->s, job, r->kind, service);
    c138_status status = C138_OK;
    if (step == STEP_BACK)
        return C138_OK;
    if (driver_cancelled(r->d))
        return c138_error(err, C138_E_CANCELLED, "stack.cancelled",
                          "it was stopped before %s was touched", service);
    /* Touched before a crash: it may be away right now, so quorum was asked then. */
    if (step == STEP_NONE && is_validator(r->s, service))
        status = may_touch(r, service, err);
    if (status >= 0 && step == STEP_NONE)
        status = rolling_note(r->s, job, r->kind, service, STEP_TOUCHED, err);
    if (status < 0)
        return status;
    C138_FREE char *text = c138_xasprintf("%s: %s", r->kind, service);
    c138_progress(r->call, (uint32_t)(r->done * 1000 / (r->total ? r->total : 1)), text);
    c138_call_log(r->call, C138_LOG_INFO, text);
    status = r->touch(r, service, err);
    if (status >= 0)
        status = roll_wait(r, service, err);
    if (status >= 0)
        status = rolling_note(r->s, job, r->kind, service, STEP_BACK, err);
    return status;
}

c138_status roll_all(struct roll *r, char **names, const char **ret_failed, struct c138_err *err) {
    c138_status status = C138_OK;
    r->total = stack_names_count(names);
    for (char **n = names; status >= 0 && *n; n++) {
        status = roll_one(r, *n, err);
        if (status < 0 && ret_failed)
            *ret_failed = *n;
        r->done++;
    }
    return status;
}

/* --- Restart --------------------------------------------------------------------------------- */

/* Anew from its file, or as it is. */
static c138_status touch_restart(struct roll *r, const char *service, struct c138_err *err) {
    if (c138_int(r->call, "recreate") != 0)
        return r->d->ops->recreate(r->d, service, err);
    return r->d->ops->act(r->d, ACT_RESTART, service, r->s->settings.grace_ns, err);
}

c138_status stack_restart_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    NAMES names = NULL;
    if (c138_uint(call, "services") == 0 && s->settings.n_services == 0)
        return c138_fail(call, C138_E_INVALID, "param.invalid",
                         "name the services to restart, or describe them in the config");
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = stack_names(s, &d, call, &names, &err);
    struct roll r = {.s = s, .call = call, .d = &d, .kind = "restart", .touch = touch_restart};
    if (status >= 0 && c138_int(call, "recreate") != 0 && !d.ops->recreate)
        status = c138_error(&err, C138_E_UNSUPPORTED, "engine.recreate",
                            "%s makes services anew by itself when their definition changes",
                            d.ops->name);
    if (status >= 0) {
        roll_order(s, names);
        status = roll_may_begin(&r, names, &err);
    }
    if (status >= 0)
        status = roll_all(&r, names, NULL, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_open_list(call, "services");
    for (char **n = names; *n; n++)
        c138_set_str(call, NULL, *n);
    c138_close(call);
    c138_set_str(call, "text", "each was back before the next was touched");
    return C138_OK;
}
