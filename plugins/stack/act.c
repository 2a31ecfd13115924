/*
 * up, down, start, stop, pull. What takes a validator away asks first whether quorum remains.
 */
#include "stack.h"

#include <base/mem.h>
#include <base/text.h>

#include <inttypes.h>
#include <string.h>

/* Fails the call if one of the named validators may not be away; where nobody watches the chain
 * that is a reason, too. */
static c138_status may_stop(struct stack *s, c138_call *call, char **names, const char *what,
                            struct c138_err *err) {
    C138_FREE struct chain_view *v = c138_xcalloc(1, sizeof(*v));
    C138_FREE const struct validator **away = c138_xcalloc(ROWS_MAX, sizeof(*away));
    size_t n = 0, validators = 0;
    for (char **name = names; *name; name++) {
        const struct service *x = stack_service(s, *name);
        validators += x && x->role == ROLE_VALIDATOR;
    }
    if (!validators)
        return C138_OK;
    c138_status status = stack_chain(s, call, v, err);
    if (status < 0)
        return c138_error_prefix(err, status, "%s: whether quorum would remain is not known", what);
    for (char **name = names; *name; name++) {
        const struct service *x = stack_service(s, *name);
        const struct validator *found =
            x && x->role == ROLE_VALIDATOR ? chain_view_find(v, x->validator, x->node) : NULL;
        if (found)
            away[n++] = found;
    }
    return quorum_allows(v, away, n, what, NULL, err);
}

static void show_done(c138_call *call, struct stack *s, struct driver *d, char **names) {
    SVC_LIST list = {0};
    struct c138_err err = {0};
    (void)s;
    c138_status status = d->ops->list(d, &list, &err);
    c138_open_list(call, "services");
    for (char **n = names; *n; n++) {
        const struct svc *row = svc_worst(&list, *n);
        c138_open_object(call, NULL);
        c138_set_str(call, "service", *n);
        c138_set_str(call, "state",
                     status < 0 ? "unknown"
                     : row      ? svc_state_name(row->state)
                                : "absent");
        c138_set_str(call, "text", row ? row->text : err.text);
        c138_close(call);
    }
    c138_close(call);
}

static c138_status act_on_all(struct stack *s, c138_call *call, enum driver_act act) {
    static const char *const words[] = {"start", "stop", "restart"};
    struct c138_err err = {0};
    DRIVER d = {0};
    NAMES names = NULL;
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = stack_names(s, &d, call, &names, &err);
    if (status >= 0 && act == ACT_STOP)
        status = may_stop(s, call, names, "nothing was stopped", &err);
    for (char **n = names; status >= 0 && n && *n; n++) {
        C138_FREE char *text = c138_xasprintf("%s %s", words[act], *n);
        c138_progress(call, 1001, text);
        status = d.ops->act(&d, act, *n, s->settings.grace_ns, &err);
    }
    if (status < 0)
        return stack_fail(call, status, &err);
    show_done(call, s, &d, names);
    return C138_OK;
}

c138_status stack_start_run(void *self, c138_call *call) {
    return act_on_all(self, call, ACT_START);
}

c138_status stack_stop_run(void *self, c138_call *call) {
    if (c138_uint(call, "services") == 0)
        return c138_fail(call, C138_E_INVALID, "param.invalid",
                         "name the services to stop; to stop all: stack down");
    return act_on_all(self, call, ACT_STOP);
}

/* The named services, none if the call names none: then the engine takes all. */
static c138_status given(struct stack *s, struct driver *d, c138_call *call, char ***ret_names,
                         struct c138_err *err) {
    if (c138_uint(call, "services") > 0)
        return stack_names(s, d, call, ret_names, err);
    *ret_names = c138_xcalloc(1, sizeof(**ret_names));
    return C138_OK;
}

c138_status stack_up_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    NAMES some = NULL, all = NULL;
    c138_status status = stack_engine(s, call, &d, &err);
    c138_progress(call, 1001, "the engine makes and starts what is missing");
    /* A service that the config does not name and the engine does not know yet may be asked for. */
    if (status >= 0)
        status = given(s, &d, call, &some, &err);
    if (status >= 0)
        status = d.ops->up(&d, (const char *const *)some, &err);
    if (status >= 0)
        status = stack_names(s, &d, call, &all, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    show_done(call, s, &d, all);
    return C138_OK;
}

c138_status stack_pull_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    NAMES some = NULL;
    const char *image = c138_has(call, "image") ? c138_str(call, "image") : NULL;
    IMAGE_INFO info = {0};
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = given(s, &d, call, &some, &err);
    c138_progress(call, 1001, "the engine fetches images");
    if (status >= 0)
        status = d.ops->pull(&d, (const char *const *)some, image, &err);
    if (status >= 0 && image && d.ops->image)
        status = d.ops->image(&d, image, &info, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    if (info.digest)
        c138_set_str(call, "digest", info.digest);
    c138_set_str(call, "text",
                 image ? "the image is on this host"
                       : "the images of the services are on this host; what runs "
                         "was not touched");
    return C138_OK;
}

/* --- Down ------------------------------------------------------------------------------------ */

static c138_status plan_down(struct stack *s, c138_call *call, struct driver *d,
                             struct c138_err *err) {
    C138_FREE struct chain_view *v = c138_xcalloc(1, sizeof(*v));
    const struct validator *away[SERVICES_MAX];
    struct c138_err why = {0};
    SVC_LIST list = {0};
    size_t n = 0;
    uint64_t left = 0;
    c138_status status = d->ops->list(d, &list, err);
    if (status < 0)
        return status;
    c138_open_list(call, "services");
    for (size_t i = 0; i < list.count; i++) {
        c138_open_object(call, NULL);
        c138_set_str(call, "service", list.rows[i].service);
        c138_set_str(call, "state", svc_state_name(list.rows[i].state));
        c138_set_str(call, "text", list.rows[i].text);
        c138_close(call);
    }
    c138_close(call);
    c138_status known = stack_chain(s, call, v, &why);
    for (size_t i = 0; known >= 0 && i < s->settings.n_services; i++) {
        const struct service *x = &s->settings.services[i];
        const struct validator *found =
            x->role == ROLE_VALIDATOR ? chain_view_find(v, x->validator, x->node) : NULL;
        if (found)
            away[n++] = found;
    }
    if (known >= 0)
        known = quorum_allows(v, away, n, "after this", &left, &why);
    c138_set_bool(call, "chain_stands", known == C138_E_CONFLICT);
    C138_FREE char *text = known >= 0
                               ? c138_xasprintf("%zu validators go, %" PRIu64
                                                " are left, quorum is %" PRIu64 ": blocks go on",
                                                n, left, v->quorum)
                               : c138_xstrdup(why.text);
    c138_set_str(call, "text", text);
    return C138_OK;
}

c138_status stack_down_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    SVC_LIST list = {0};
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0 && call->dry_run) {
        status = plan_down(s, call, &d, &err);
        return status < 0 ? stack_fail(call, status, &err) : C138_OK;
    }
    c138_progress(call, 1001, "the engine stops all services");
    if (status >= 0)
        status = d.ops->down(&d, &err);
    if (status >= 0)
        status = d.ops->list(&d, &list, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_open_list(call, "services");
    for (size_t i = 0; i < list.count; i++) {
        c138_open_object(call, NULL);
        c138_set_str(call, "service", list.rows[i].service);
        c138_set_str(call, "state", svc_state_name(list.rows[i].state));
        c138_set_str(call, "text", list.rows[i].text);
        c138_close(call);
    }
    c138_close(call);
    c138_set_str(call, "text", "all services were stopped and taken away; their data is there");
    return C138_OK;
}
