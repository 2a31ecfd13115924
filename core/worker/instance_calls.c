/* What an instance is asked and what it asks: requests on their way, calls of actions, host calls.
 */
#include <base/text.h>
#include <base/when.h>
#include <worker/instance_parts.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CALLS_MAX 256

/* --- Requests --- */
struct plugins_call *instance_request(struct instance *i, uint16_t type, int64_t timeout_ns) {
    struct plugins_call *c = c138_xcalloc(1, sizeof(*c));
    c->instance = i;
    c->id = ++i->next_id;
    c->type = type;
    c->deadline_ns = c138_now_monotonic_ns() + timeout_ns;
    c->next = i->calls;
    i->calls = c;
    return c;
}

static void request_free(struct plugins_call *c) {
    c138_json_unref(c->params);
    free(c);
}

struct plugins_call *instance_take(struct instance *i, uint64_t id) {
    for (struct plugins_call **p = &i->calls; *p; p = &(*p)->next)
        if ((*p)->id == id) {
            struct plugins_call *c = *p;
            *p = c->next;
            return c;
        }
    return NULL;
}

const struct plugins_call *instance_find(const struct instance *i, uint64_t id) {
    for (const struct plugins_call *c = i->calls; c && id; c = c->next)
        if (c->id == id)
            return c;
    return NULL;
}

void instance_finish(struct instance *i, struct plugins_call *c, c138_status status,
                     const struct c138_json *result) {
    struct c138_err err = {0};
    if (c->type == WIRE_CALL) {
        i->n_calls--;
        i->calls_done++;
        (void)metrics_add(
            i->env->metrics, CALLS_METRIC,
            (const char *const[]){i->want.name, status < 0 ? c138_status_key(status) : "ok", NULL},
            1);
        atomic_fetch_sub(&i->chained, c->chained);
    }
    if (status < 0)
        c138_error(&err, status, c138_json_get_str(result, "key", ""), "%s",
                   c138_json_get_str(result, "message", ""));
    if (c->done)
        c->done(c->user, status, result);
    if (c->answered)
        c->answered(c->user, i, status, &err);
    request_free(c);
}

static void instance_send_text(struct instance *i, uint16_t type, uint64_t id, int32_t aux,
                               const char *text) {
    i->link->ops->send(i->link, type, id, aux, text, strlen(text));
}

void instance_send_json(struct instance *i, uint16_t type, uint64_t id, int32_t aux,
                        const struct c138_json *v) {
    C138_FREE char *text = c138_json_dump(v);
    instance_send_text(i, type, id, aux, text);
}

/* --- Calls of actions --- */

/* `name` is what stands before the value. */
static void add_text(struct c138_buf *b, const char *name, const char *text) {
    (void)c138_buf_adds(b, name);
    if (text)
        c138_json_quote(b, text, strlen(text));
    else
        (void)c138_buf_adds(b, "null");
}

/* Written straight, without a tree in between: it is a part of every quick action's time. */
static void send_call(struct instance *i, const struct plugins_call *c,
                      const struct plugins_request *r) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    C138_FREE char *params = c->params ? c138_json_dump(c->params) : c138_xstrdup("{}");
    add_text(&b, "{\"action\":", r->action->name);
    add_text(&b, ",\"job\":", c->job_id);
    add_text(&b, ",\"principal\":", r->principal);
    (void)c138_buf_adds(&b, ",\"params\":");
    (void)c138_buf_adds(&b, params);
    add_text(&b, ",\"plan\":", r->plan_json);
    (void)c138_buf_addf(&b, ",\"deadline_ns\":%" PRId64 ",\"dry_run\":%s}", r->deadline_ns,
                        r->dry_run ? "true" : "false");
    i->link->ops->send(i->link, WIRE_CALL, c->id, 0, b.data, b.length);
}

c138_status instance_call(struct instance *i, const struct plugins_request *r,
                          struct plugins_call **ret, struct c138_err *err) {
    if (i->n_calls >= CALLS_MAX)
        return c138_error(err, C138_E_BUSY, "plugin.busy",
                          "plugin %s: %d calls wait already: try again later", i->want.name,
                          CALLS_MAX);
    struct plugins_call *c = instance_request(i, WIRE_CALL, 0);
    i->n_calls++;
    c->deadline_ns = r->deadline_ns;
    c->done = r->done;
    c->user = r->user;
    c->params = c138_json_ref((struct c138_json *)(uintptr_t)r->params);
    (void)snprintf(c->job_id, sizeof(c->job_id), "%s", r->job_id ? r->job_id : "");
    (void)snprintf(c->what, sizeof(c->what), "action %s", r->action->full_name);
    c->chained =
        c->job_id[0] && i->env->job_chain && i->env->job_chain(i->env->user, c->job_id) != NULL;
    atomic_fetch_add(&i->chained, c->chained);
    *ret = c;
    send_call(i, c, r);
    return C138_OK;
}

void instance_cancel(struct plugins_call *c) {
    if (!c->cancelled++)
        c->instance->link->ops->send(c->instance->link, WIRE_CANCEL, c->id, 0, "", 0);
}

void instance_status(struct instance *i,
                     void (*done)(void *user, c138_status status, const struct c138_json *result),
                     void *user) {
    struct plugins_call *c = instance_request(i, WIRE_STATUS, START_NS);
    c->done = done;
    c->user = user;
    i->link->ops->send(i->link, WIRE_STATUS, c->id, 0, "", 0);
}

void instance_on_reply(struct instance *i, const struct wire_head *head, const char *payload) {
    struct plugins_call *c = instance_take(i, head->id);
    if (!c)
        return; /* an answer that nobody waits for any more */
    C138_JSON struct c138_json *result = NULL;
    struct c138_err err = {0};
    c138_status status = head->aux > 0 ? C138_OK : head->aux;
    if (head->length && c138_json_parse(payload, head->length, &result, &err) < 0) {
        instance_kill(i, "garbage: an answer that is no JSON");
        status = C138_E_INTERNAL;
    }
    if (!result)
        result = c138_json_new_object();
    instance_finish(i, c, status, result);
    if (i->state == INSTANCE_DRAINING && !i->n_calls)
        instance_send_stop(i, CANCEL_AT_STOP_MS);
}

/* --- Host calls --- */

/* Answers wait for a store or another plugin; by then the instance may be gone. */
struct hostcall {
    struct plugins_hostcall call;
    struct instance *instance;
    uint64_t id;
    struct c138_json *args, *params, *settings;
    char *body, *plugin, job[32], op[32];
};

static void on_host_answer(struct plugins_hostcall *call, c138_status status, const void *bytes,
                           size_t length) {
    struct hostcall *h = C138_CONTAINER(call, struct hostcall, call);
    struct instance *i = h->instance;
    if (i->state != INSTANCE_GONE)
        i->link->ops->send(i->link, WIRE_HOSTREPLY, h->id, status, bytes, length);
    c138_json_unref(h->args);
    c138_json_unref(h->params);
    c138_json_unref(h->settings);
    free(h->body);
    free(h);
    instance_unref(i);
}

void instance_on_hostcall(struct instance *i, const struct wire_head *head, const char *payload) {
    size_t text = strnlen(payload, head->length);
    struct c138_err err = {0};
    struct hostcall *h = c138_xcalloc(1, sizeof(*h));
    if (c138_json_parse(payload, text, &h->args, &err) < 0) {
        free(h);
        instance_kill(i, "garbage: a host call that is no JSON");
        return;
    }
    const struct plugins_call *cause = instance_find(i, c138_json_get_uint(h->args, "cause", 0));
    size_t body = head->length > text ? head->length - text - 1 : 0;
    h->instance = instance_ref(i);
    h->id = head->id;
    h->body = c138_xmalloc(body + 1);
    if (body)
        memcpy(h->body, payload + text + 1, body);
    h->body[body] = '\0';
    h->settings = c138_json_ref(i->settings);
    h->params = cause ? c138_json_ref(cause->params) : NULL;
    (void)snprintf(h->job, sizeof(h->job), "%s", cause ? cause->job_id : "");
    (void)snprintf(h->op, sizeof(h->op), "%s", c138_json_get_str(h->args, "op", ""));
    h->call = (struct plugins_hostcall){.plugin = i->want.name,
                                        .op = h->op,
                                        .args = h->args,
                                        .body = h->body,
                                        .body_length = body,
                                        .job_id = h->job[0] ? h->job : NULL,
                                        .job_params = h->params,
                                        .settings = h->settings,
                                        .reply = on_host_answer};
    i->env->hostcall(i->env->user, &h->call);
}
