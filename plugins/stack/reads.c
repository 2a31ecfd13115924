#include "stack.h"

#include <base/mem.h>

#include <string.h>

static void show(const struct stack *s, c138_call *call, const struct svc *r) {
    const struct service *known = stack_service(s, r->service);
    c138_open_object(call, NULL);
    c138_set_str(call, "service", r->service);
    c138_set_str(call, "role", role_name(known ? known->role : ROLE_OTHER));
    c138_set_str(call, "state", svc_state_name(r->state));
    if (*r->health)
        c138_set_str(call, "health", r->health);
    stack_set_time(call, "since", r->started_ns);
    c138_set_uint(call, "restarts", r->restarts);
    if (r->state == SVC_FAILED || r->state == SVC_STOPPED)
        c138_set_int(call, "exit_code", r->exit_code);
    if (r->oom)
        c138_set_bool(call, "out_of_memory", 1);
    if (*r->instance)
        c138_set_str(call, "instance", r->instance);
    if (*r->image)
        c138_set_str(call, "image", r->image);
    if (*r->image_id)
        c138_set_str(call, "digest", r->image_id);
    c138_set_str(call, "text", r->text);
    c138_close(call);
}

c138_status stack_ps_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    SVC_LIST list = {0};
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = d.ops->list(&d, &list, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_open_list(call, "services");
    for (size_t i = 0; i < list.count; i++)
        show(s, call, &list.rows[i]);
    for (size_t i = 0; i < s->settings.n_services; i++) {
        const char *name = s->settings.services[i].name;
        if (svc_worst(&list, name))
            continue;
        struct svc absent = {.service = s->settings.services[i].name,
                             .instance = "",
                             .id = "",
                             .image = "",
                             .image_id = "",
                             .health = "",
                             .text = "the config names it, the engine does not know it",
                             .state = SVC_ABSENT};
        show(s, call, &absent);
    }
    c138_close(call);
    return C138_OK;
}

c138_status stack_pins_run(void *self, c138_call *call) {
    struct stack *s = self;
    (void)pthread_mutex_lock(&s->lock);
    c138_open_list(call, "pins");
    for (size_t i = 0; i < s->n_pins; i++) {
        c138_open_object(call, NULL);
        c138_set_str(call, "service", s->pins[i].service);
        c138_set_str(call, "image", s->pins[i].image);
        c138_open_list(call, "environment");
        for (struct c138_json_iter e = c138_json_iter(s->pins[i].env);
             s->pins[i].env && c138_json_next(&e);) {
            C138_FREE char *text = c138_xasprintf("%s=%s", e.name, c138_json_as_str(e.value, ""));
            c138_set_str(call, NULL, text);
        }
        c138_close(call);
        c138_close(call);
    }
    c138_close(call);
    (void)pthread_mutex_unlock(&s->lock);
    return C138_OK;
}
