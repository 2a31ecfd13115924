/*
 * Does each service do its job? The engine's "running" is only the first of the questions.
 */
#include "checks.h"

#include <base/mem.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct verdict {
    c138_call *call;
    size_t bad, checks;
};

static void say(struct verdict *v, const char *service, const char *check, int ok,
                const char *text) {
    c138_open_object(v->call, NULL);
    c138_set_str(v->call, "service", service);
    c138_set_str(v->call, "check", check);
    c138_set_bool(v->call, "ok", ok ? 1 : 0);
    c138_set_str(v->call, "text", text);
    c138_close(v->call);
    v->checks++;
    v->bad += !ok;
}

static void engine(struct verdict *v, const char *name, const struct svc *row) {
    int well = row && row->state == SVC_RUNNING && strcmp(row->health, "unhealthy") != 0;
    C138_FREE char *text =
        row ? c138_xasprintf("%s%s%s%s%s", svc_state_name(row->state), *row->health ? ", " : "",
                             row->health, *row->text ? ": " : "", row->text)
            : c138_xstrdup("the engine does not know it: stack up makes it");
    say(v, name, "engine", well, text);
}

static void itself(struct verdict *v, const struct service *x) {
    char text[256];
    if (x->port)
        say(v, x->name, "port", check_port(x->port, text), text);
    if (x->health_url)
        say(v, x->name, "health", check_health(x->health_url, text), text);
    if (x->metrics_url)
        say(v, x->name, "metrics", check_metrics(x->metrics_url, text), text);
}

/* Heads now and a while later. A node may stand between two blocks, so each gets until `end`. */
static void heads(struct stack *s, struct verdict *v, char **names, int64_t wait_ns) {
    uint64_t first[SERVICES_MAX] = {0}, head = 0;
    char text[256], why[256];
    int64_t end = c138_now_monotonic_ns() + wait_ns;
    size_t i = 0;
    for (char **n = names; *n && i < SERVICES_MAX; n++, i++) {
        const struct service *x = stack_service(s, *n);
        if (x && x->node) {
            int ok = check_sync(s, v->call, x->node, &first[i], text);
            say(v, *n, "sync", ok, text);
        }
    }
    i = 0;
    for (char **n = names; *n && i < SERVICES_MAX; n++, i++) {
        const struct service *x = stack_service(s, *n);
        if (!x || !x->node || !first[i])
            continue;
        do {
            (void)check_sync(s, v->call, x->node, &head, why);
        } while (head <= first[i] && c138_now_monotonic_ns() < end && !c138_cancelled(v->call) &&
                 (usleep(200000), 1));
        (void)snprintf(text, sizeof(text),
                       head > first[i] ? "the head moved from %" PRIu64 " to %" PRIu64
                                       : "the head stands at %" PRIu64 " (%" PRIu64 ")",
                       first[i], head);
        say(v, *n, "head", head > first[i], text);
    }
}

c138_status stack_verify_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    SVC_LIST list = {0};
    NAMES names = NULL;
    struct verdict v = {.call = call};
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = stack_names(s, &d, call, &names, &err);
    if (status >= 0)
        status = d.ops->list(&d, &list, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_open_list(call, "checks");
    for (char **n = names; *n; n++) {
        const struct service *x = stack_service(s, *n);
        engine(&v, *n, svc_worst(&list, *n));
        if (x)
            itself(&v, x);
    }
    heads(s, &v, names, c138_int(call, "within"));
    c138_close(call);
    C138_FREE char *text = v.bad ? c138_xasprintf("%zu of %zu checks failed", v.bad, v.checks)
                                 : c138_xasprintf("all %zu checks are well", v.checks);
    c138_set_bool(call, "ok", v.bad == 0);
    c138_set_str(call, "text", text);
    return C138_OK;
}
