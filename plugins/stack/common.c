/*
 * What all actions share: errors, the engine, names of services, and other plugins' answers.
 */
#include "stack.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

c138_status stack_fail(c138_call *call, c138_status status, const struct c138_err *err) {
    return c138_fail(call, status, err->key[0] ? err->key : c138_status_key(status),
                     err->text[0] ? err->text : "it failed without a reason");
}

void stack_publish(struct stack *s, c138_call *call, const char *topic, struct c138_json *data) {
    C138_FREE char *json = c138_json_dump(data);
    if (s->bus && s->bus->publish(s->host, call, topic, json) < 0)
        s->host->log(s->host, C138_LOG_WARNING, "stack: an event could not be published");
    c138_json_unref(data);
}

void stack_set_decimal(c138_call *call, const char *name, double value) {
    c138_set_num(call, name, (double)(int64_t)(value * 100.0 + (value < 0 ? -0.5 : 0.5)) / 100.0);
}

void stack_set_time(c138_call *call, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (ns <= 0)
        return;
    c138_time_format(ns, text);
    c138_set_str(call, name, text);
}

c138_status stack_engine(struct stack *s, c138_call *call, struct driver *ret_driver,
                         struct c138_err *err) {
    c138_status status = driver_open(&s->settings.engine, s->host, call, ret_driver, err);
    (void)pthread_mutex_lock(&s->lock);
    ret_driver->pins = s->pins;
    ret_driver->n_pins = s->n_pins;
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}

/* --- Names ----------------------------------------------------------------------------------- */

void stack_names_free(char ***names) {
    for (char **n = *names; n && *n; n++)
        free(*n);
    free(*names);
    *names = NULL;
}

size_t stack_names_count(char **names) {
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

static void add_name(char **names, const char *name) {
    size_t n = 0;
    for (; names[n]; n++)
        if (!strcmp(names[n], name))
            return;
    if (n < ROWS_MAX)
        names[n] = c138_xstrdup(name);
}

static c138_status named(struct stack *s, struct driver *d, c138_call *call, char **names,
                         struct c138_err *err) {
    SVC_LIST list = {0};
    c138_status status = d->ops->list(d, &list, err);
    for (uint64_t i = 0, n = c138_uint(call, "services"); status >= 0 && i < n; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "services.%u", (unsigned)i);
        const char *name = c138_str(call, path);
        if (!name || !stack_name_ok(name) || (!stack_service(s, name) && !svc_worst(&list, name)))
            return c138_error(err, C138_E_NOTFOUND, "stack.service",
                              "there is no service %.80s: stack ps shows them", name ? name : "");
        add_name(names, name);
    }
    return status;
}

c138_status stack_names(struct stack *s, struct driver *d, c138_call *call, char ***ret_names,
                        struct c138_err *err) {
    NAMES names = c138_xcalloc(ROWS_MAX + 1, sizeof(*names));
    SVC_LIST list = {0};
    c138_status status = C138_OK;
    if (c138_uint(call, "services") > 0) {
        status = named(s, d, call, names, err);
    } else if (s->settings.n_services) {
        for (size_t i = 0; i < s->settings.n_services; i++)
            add_name(names, s->settings.services[i].name);
    } else {
        status = d->ops->list(d, &list, err);
        for (size_t i = 0; status >= 0 && i < list.count; i++)
            add_name(names, list.rows[i].service);
    }
    if (status < 0)
        return status;
    *ret_names = C138_STEAL(names);
    return C138_OK;
}

/* --- Other plugins --------------------------------------------------------------------------- */

static void take_text(void *user, const char *text, uint64_t length) {
    c138_buf_add(user, text, (size_t)length);
}

c138_status stack_ask(struct stack *s, c138_call *call, const char *action,
                      const struct c138_json *params, struct c138_json **ret_result,
                      struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *json = params ? c138_json_dump(params) : c138_xstrdup("{}");
    C138_JSON struct c138_json *answer = NULL;
    if (!s->caller)
        return c138_error(err, C138_E_UNAVAILABLE, "stack.no-call",
                          "%s cannot be asked: the config does not grant this plugin the service "
                          "\"call\": add it to its grants",
                          action);
    c138_status status = s->caller->call(s->host, call, action, json, 0, take_text, &text);
    (void)c138_json_parse(c138_buf_text(&text), text.length, &answer, NULL);
    if (status < 0)
        return c138_error(err, status, c138_json_get_str(answer, "key", "stack.asked"), "%s: %s",
                          action, c138_json_get_str(answer, "message", c138_status_key(status)));
    *ret_result = C138_STEAL(answer);
    return C138_OK;
}

c138_status stack_chain(struct stack *s, c138_call *call, struct chain_view *ret_view,
                        struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    c138_status status = stack_ask(s, call, "besu.validators", NULL, &result, err);
    if (status >= 0)
        status = chain_view_read(result, ret_view, err);
    return status;
}
