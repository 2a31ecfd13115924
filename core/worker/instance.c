#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <loader/loader.h>
#include <schema/validate.h>
#include <worker/instance.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CALLS_MAX 256
#define GRACE_NS (INT64_C(2) * C138_NS_PER_S) /* an action that was asked to stop gets so long */
#define START_NS (INT64_C(20) * C138_NS_PER_S)
#define CANCEL_AT_STOP_MS 4000
#define HURRY_MS 60000 /* less than this is left: the agent stops */

/* One request on its way: a call of an action, or one of ours. */
struct plugins_call {
    struct plugins_call *next;
    struct instance *instance;
    uint64_t id;
    uint16_t type;
    int64_t deadline_ns;
    int cancelled;
    uint32_t chained; /* 1: its job was started by a trigger */
    char job_id[32];
    char what[BOARD_TEXT];
    struct c138_json *params;
    void (*done)(void *user, c138_status status, const struct c138_json *result);
    instance_fn answered; /* of ours */
    void *user;
};

/* --- Want
 * ------------------------------------------------------------------------------------------- */

void want_copy(struct plugin_want *to, const struct plugin_want *from) {
    *to = *from;
    to->name = c138_xstrdup(from->name);
    to->settings_json = c138_xstrdup(from->settings_json);
    to->grants_json = c138_xstrdup(from->grants_json);
    to->programs_json = c138_xstrdup(from->programs_json);
    to->file = c138_xstrdup(from->file);
    to->origin = c138_xstrdup(from->origin);
}

void want_deinit(struct plugin_want *w) {
    free(w->name);
    free(w->settings_json);
    free(w->grants_json);
    free(w->programs_json);
    free(w->file);
    free(w->origin);
    *w = (struct plugin_want){0};
}

/* --- Requests
 * ------------------------------------------------------------------------------------------ */

static struct plugins_call *request_new(struct instance *i, uint16_t type, int64_t timeout_ns) {
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

static struct plugins_call *request_take(struct instance *i, uint64_t id) {
    for (struct plugins_call **p = &i->calls; *p; p = &(*p)->next)
        if ((*p)->id == id) {
            struct plugins_call *c = *p;
            *p = c->next;
            return c;
        }
    return NULL;
}

static const struct plugins_call *request_find(const struct instance *i, uint64_t id) {
    for (const struct plugins_call *c = i->calls; c && id; c = c->next)
        if (c->id == id)
            return c;
    return NULL;
}

static void finish(struct instance *i, struct plugins_call *c, c138_status status,
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

static void send_text(struct instance *i, uint16_t type, uint64_t id, int32_t aux,
                      const char *text) {
    i->link->ops->send(i->link, type, id, aux, text, strlen(text));
}

static void send_json(struct instance *i, uint16_t type, uint64_t id, int32_t aux,
                      const struct c138_json *v) {
    C138_FREE char *text = c138_json_dump(v);
    send_text(i, type, id, aux, text);
}

/* --- Life
 * --------------------------------------------------------------------------------------------------
 */

struct instance *instance_ref(struct instance *i) {
    i->refs++;
    return i;
}

struct instance *instance_unref(struct instance *i) {
    if (!i || --i->refs)
        return NULL;
    if (i->link)
        i->link->ops->free(i->link);
    decl_plugin_free(i->decl_new);
    c138_json_unref(i->settings);
    c138_json_unref(i->sandbox);
    c138_json_unref(i->read);
    c138_json_unref(i->write);
    want_deinit(&i->want);
    free(i->path);
    free(i);
    return NULL;
}

static struct log_at at(const struct instance *i, const struct plugins_call *c) {
    return (struct log_at){.plugin = i->want.name,
                           .action = c && c->type == WIRE_CALL ? c->what + strlen("action ") : NULL,
                           .job = c && c->job_id[0] ? c->job_id : NULL};
}

/* A text of the plugin's memory: bounded, without control characters. */
static void copy_clean(char *to, size_t size, const char *from, size_t max) {
    size_t n = 0;
    for (; n + 1 < size && n < max && from[n]; n++)
        to[n] = from[n] >= 0x20 && from[n] < 0x7f ? from[n] : '?';
    to[n] = '\0';
}

/* What the board says it does: the actor if it is busy, else the first long action. */
static void read_culprit(struct instance *i) {
    const struct board *b = i->link->board;
    for (size_t n = 0; n < BOARD_SLOTS; n++)
        if (atomic_load(&b->slots[n].since_ns)) {
            copy_clean(i->culprit, sizeof(i->culprit), b->slots[n].what, BOARD_TEXT - 1);
            return;
        }
    /* Nothing runs any more: then what it was asked for and has not answered. */
    for (const struct plugins_call *c = i->calls; c; c = c->next)
        if (c->what[0])
            (void)snprintf(i->culprit, sizeof(i->culprit), "%s", c->what);
}

void instance_abandon(struct instance *i, const char *why) {
    i->state = INSTANCE_GONE;
    i->sink = bus_unsubscribe(i->env->bus, i->sink);
    C138_JSON struct c138_json *body = c138_json_new_object();
    C138_FREE char *text = c138_xasprintf("plugin %s died: %s%s%s", i->want.name, why,
                                          i->culprit[0] ? ", while it ran " : "", i->culprit);
    c138_json_set_str(body, "key", "plugin.died");
    c138_json_set_str(body, "message", text);
    while (i->calls) {
        struct plugins_call *c = request_take(i, i->calls->id);
        finish(i, c, C138_E_UNAVAILABLE, body);
    }
}

static void on_gone(void *user, const char *reason) {
    struct instance *i = instance_ref(user);
    int stopped =
        i->state == INSTANCE_DRAINING && !i->n_calls && c138_streq(reason, "exited with status 0");
    char why[1200];
    if (!i->culprit[0] && !stopped)
        read_culprit(i);
    (void)snprintf(why, sizeof(why), "%s", i->refusal[0] ? i->refusal : reason);
    instance_abandon(i, why);
    i->events.gone(i->events.user, i, stopped ? "" : why, i->culprit);
    instance_unref(i);
}

void instance_kill(struct instance *i, const char *why) {
    if (i->state == INSTANCE_GONE)
        return;
    if (!i->culprit[0])
        read_culprit(i);
    i->link->ops->kill(i->link, why);
}

/* The start failed: told to the owner, and the instance is ended. */
static void start_failed(struct instance *i, c138_status status, const struct c138_err *err) {
    instance_fn prepared = i->events.prepared;
    (void)snprintf(i->refusal, sizeof(i->refusal), "%s", err->text);
    i->events.prepared = NULL;
    if (prepared)
        prepared(i->events.user, i, status, err);
    instance_kill(i, err->text);
}

/* --- Hello: declaration, settings, paths
 * ---------------------------------------------------------------------- */

static void add_path(struct c138_json *list, const char *path) {
    for (size_t n = 0; n < c138_json_count(list); n++)
        if (c138_streq(c138_json_as_str(c138_json_at(list, n), ""), path))
            return;
    c138_json_append(list, c138_json_new_str(path));
}

static void paths_of(const struct decl_field *f, const struct c138_json *value,
                     struct c138_json *read, struct c138_json *write) {
    if (f->type == C138_T_PATH && c138_json_as_str(value, NULL))
        add_path(f->flags & C138_FIELD_WRITABLE ? write : read, c138_json_as_str(value, ""));
    for (size_t n = 0; f->type == C138_T_LIST && n < c138_json_count(value); n++)
        paths_of(f->fields[0], c138_json_at(value, n), read, write);
    for (size_t n = 0; f->type == C138_T_OBJECT && f->fields[n]; n++)
        paths_of(f->fields[n], c138_json_get(value, f->fields[n]->name), read, write);
}

void instance_paths(struct decl_field *const *fields, const struct c138_json *settings,
                    struct c138_json *read, struct c138_json *write) {
    for (; *fields; fields++)
        paths_of(*fields, c138_json_get(settings, (*fields)->name), read, write);
}

static int holds_all(const struct c138_json *have, const struct c138_json *need) {
    for (size_t n = 0; n < c138_json_count(need); n++) {
        int there = 0;
        for (size_t k = 0; k < c138_json_count(have) && !there; k++)
            there = c138_streq(c138_json_as_str(c138_json_at(have, k), ""),
                               c138_json_as_str(c138_json_at(need, n), ""));
        if (!there)
            return 0;
    }
    return 1;
}

/* The confinement was made before the settings could be understood: if they name paths that it
 * forbids, once more with these. */
static int needs_more_paths(struct instance *i) {
    C138_JSON struct c138_json *read = c138_json_new_array(), *write = c138_json_new_array();
    if (i->want.in_thread)
        return 0;
    instance_paths(i->decl_new->settings, i->settings, read, write);
    if (holds_all(i->read, read) && holds_all(i->write, write))
        return 0;
    c138_json_unref(i->read);
    c138_json_unref(i->write);
    i->read = C138_STEAL(read);
    i->write = C138_STEAL(write);
    return 1;
}

static void on_prepared(void *user, struct instance *i, c138_status status,
                        const struct c138_err *err) {
    (void)user;
    if (i->state == INSTANCE_GONE || !i->events.prepared)
        return; /* gone() tells it */
    if (status < 0) {
        start_failed(i, status, err);
        return;
    }
    instance_fn prepared = i->events.prepared;
    i->events.prepared = NULL;
    i->state = INSTANCE_PREPARED;
    prepared(i->events.user, i, C138_OK, err);
}

static c138_status take_hello(struct instance *i, const char *payload, size_t length,
                              struct c138_err *err) {
    C138_JSON struct c138_json *hello = NULL;
    c138_status status = c138_json_parse(payload, length, &hello, err);
    if (status >= 0)
        status = decl_plugin_new(c138_json_get(hello, "document"), &i->decl_new, err);
    if (status < 0)
        return status;
    i->sandbox = c138_json_ref(c138_json_get(hello, "sandbox"));
    (void)snprintf(i->version, sizeof(i->version), "%s", i->decl_new->version);
    if (!c138_streq(i->decl_new->name, i->want.name))
        return c138_error(err, C138_E_INVALID, "plugin.lies", "%s describes itself as %s",
                          i->want.name, i->decl_new->name);
    return i->want.settings(i->want.user, i->want.name, i->decl_new->settings, &i->settings, err);
}

static void on_hello(struct instance *i, const char *payload, size_t length) {
    struct c138_err err = {0};
    if (i->decl_new || i->decl) {
        instance_kill(i, "garbage: a second HELLO");
        return;
    }
    c138_status status = take_hello(i, payload, length, &err);
    if (status < 0) {
        start_failed(i, status, &err);
        return;
    }
    if (needs_more_paths(i)) {
        i->again_with_paths = 1;
        instance_kill(i, "started again with the paths of its settings");
        return;
    }
    instance_prepare(i, i->settings, on_prepared, NULL);
}

void instance_prepare(struct instance *i, const struct c138_json *settings, instance_fn done,
                      void *user) {
    struct plugins_call *c = request_new(i, WIRE_PREPARE, START_NS);
    c->answered = done;
    c->user = user;
    (void)snprintf(c->what, sizeof(c->what), "callback prepare");
    send_json(i, WIRE_PREPARE, c->id, 0, settings);
}

static void ignore(void *user, struct instance *i, c138_status status, const struct c138_err *err) {
    (void)user;
    (void)i;
    (void)status;
    (void)err;
}

void instance_commit(struct instance *i, int apply, const struct c138_json *settings) {
    struct plugins_call *c = request_new(i, WIRE_COMMIT, START_NS);
    c->answered = ignore;
    i->link->ops->send(i->link, WIRE_COMMIT, c->id, apply, "", 0);
    if (apply && settings && settings != i->settings) {
        c138_json_unref(i->settings);
        i->settings = c138_json_ref((struct c138_json *)(uintptr_t)settings);
    }
}

/* --- Running
 * -------------------------------------------------------------------------------------------------
 */

static void on_event(void *user, const struct bus_event *event) {
    struct instance *i = user;
    uint64_t dropped = atomic_load(&i->link->dropped), told = atomic_load(&i->drops_told);
    int32_t since = (int32_t)(dropped - told);
    if (i->link->ops->event(i->link, event, since) >= 0 && since)
        (void)atomic_compare_exchange_strong(&i->drops_told, &told, dropped);
}

static void declare_metrics(struct instance *i) {
    for (size_t n = 0; i->decl->metrics[n]; n++) {
        const struct decl_metric *m = i->decl->metrics[n];
        if (metrics_declare(i->env->metrics, i->want.name, m->name, m->type, m->help, m->labels) <
            0)
            log_line(i->env->log, C138_LOG_WARNING, &(struct log_at){.plugin = i->want.name},
                     "metric %s is declared by another plugin: its values are left out", m->name);
    }
}

struct starting {
    instance_fn done;
    void *user;
};

static void on_started(void *user, struct instance *i, c138_status status,
                       const struct c138_err *err) {
    struct starting s = *(struct starting *)user;
    free(user);
    if (status >= 0 && i->state == INSTANCE_PREPARED)
        i->state = INSTANCE_RUNNING;
    s.done(s.user, i, status, err);
    if (status < 0 && i->state != INSTANCE_GONE) {
        (void)snprintf(i->refusal, sizeof(i->refusal), "start failed: %.900s", err->text);
        instance_kill(i, i->refusal);
    }
}

void instance_run(struct instance *i, instance_fn done, void *user) {
    struct starting *s = c138_xcalloc(1, sizeof(*s));
    *s = (struct starting){done, user};
    i->decl = i->decl_new;
    catalog_put(i->env->catalog, C138_STEAL(i->decl_new));
    declare_metrics(i);
    instance_commit(i, 1, NULL);
    if (i->decl->subscribes[0])
        i->sink = bus_subscribe(i->env->bus, i->decl->subscribes, i->link->pid ? 0 : BUS_ANY_THREAD,
                                on_event, i);
    struct plugins_call *c = request_new(i, WIRE_START, START_NS);
    c->answered = on_started;
    c->user = s;
    (void)snprintf(c->what, sizeof(c->what), "callback start");
    i->link->ops->send(i->link, WIRE_START, c->id, 0, "", 0);
}

c138_status instance_call(struct instance *i, const struct plugins_request *r,
                          struct plugins_call **ret, struct c138_err *err) {
    if (i->n_calls >= CALLS_MAX)
        return c138_error(err, C138_E_BUSY, "plugin.busy",
                          "plugin %s: %d calls wait already: try again later", i->want.name,
                          CALLS_MAX);
    struct plugins_call *c = request_new(i, WIRE_CALL, 0);
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
    C138_JSON struct c138_json *frame = c138_json_new_object();
    c138_json_set_str(frame, "action", r->action->name);
    c138_json_set_str(frame, "job", c->job_id);
    c138_json_set_str(frame, "principal", r->principal);
    c138_json_set(frame, "params", c->params ? c138_json_ref(c->params) : c138_json_new_object());
    c138_json_set_str(frame, "plan", r->plan_json);
    c138_json_set_int(frame, "deadline_ns", r->deadline_ns);
    c138_json_set_bool(frame, "dry_run", r->dry_run);
    *ret = c;
    send_json(i, WIRE_CALL, c->id, 0, frame);
    return C138_OK;
}

void instance_cancel(struct plugins_call *c) {
    if (!c->cancelled++)
        c->instance->link->ops->send(c->instance->link, WIRE_CANCEL, c->id, 0, "", 0);
}

void instance_status(struct instance *i,
                     void (*done)(void *user, c138_status status, const struct c138_json *result),
                     void *user) {
    struct plugins_call *c = request_new(i, WIRE_STATUS, START_NS);
    c->done = done;
    c->user = user;
    i->link->ops->send(i->link, WIRE_STATUS, c->id, 0, "", 0);
}

static void send_stop(struct instance *i, int64_t cancel_ms) {
    if (!i->stop_sent++)
        i->link->ops->send(i->link, WIRE_STOP, 0, cancel_ms > 0 ? (int32_t)cancel_ms : 0, "", 0);
}

void instance_drain(struct instance *i, int64_t until_ns) {
    if (i->state == INSTANCE_GONE)
        return;
    int64_t left_ms = (until_ns - c138_now_monotonic_ns()) / C138_NS_PER_MS;
    i->state = INSTANCE_DRAINING;
    i->stop_by_ns = until_ns;
    i->sink = bus_unsubscribe(i->env->bus, i->sink);
    /* With hours left its calls run to their end; where the agent stops they are cancelled in time
     * to end by themselves. */
    if (!i->n_calls || left_ms < HURRY_MS)
        send_stop(i, left_ms / 2 < CANCEL_AT_STOP_MS ? left_ms / 2 : CANCEL_AT_STOP_MS);
}

/* --- Frames
 * ---------------------------------------------------------------------------------------------------
 */

static void on_reply(struct instance *i, const struct wire_head *head, const char *payload) {
    struct plugins_call *c = request_take(i, head->id);
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
    finish(i, c, status, result);
    if (i->state == INSTANCE_DRAINING && !i->n_calls)
        send_stop(i, CANCEL_AT_STOP_MS);
}

/* A bucket that fills with keep_rate a second. What is over is counted, and named once in ten
 * seconds. */
static int may_keep(struct instance *i) {
    int64_t now = c138_now_monotonic_ns();
    double most = i->want.keep_rate * 10;
    i->keep_tokens += (double)(now - i->keep_at_ns) / 1e9 * i->want.keep_rate;
    i->keep_at_ns = now;
    if (i->keep_tokens > most)
        i->keep_tokens = most;
    if (i->keep_tokens >= 1) {
        i->keep_tokens -= 1;
        return 1;
    }
    i->keep_dropped++;
    if (now - i->keep_told_ns > 10 * C138_NS_PER_S) {
        char json[160];
        i->keep_told_ns = now;
        (void)snprintf(json, sizeof(json), "{\"plugin\":\"%s\",\"dropped\":%" PRIu64 "}",
                       i->want.name, i->keep_dropped);
        log_line(i->env->log, C138_LOG_WARNING, &(struct log_at){.plugin = i->want.name},
                 "publishes more kept events than %g a second (keep_rate): %" PRIu64
                 " were not stored",
                 i->want.keep_rate, i->keep_dropped);
        bus_emit(i->env->bus, "agent.plugin-flooding", C138_SEVERITY_WARNING, json);
    }
    return 0;
}

static void publish(struct instance *i, const struct decl_event *e, const char *json, size_t length,
                    const char *job) {
    struct bus_event event = {
        .topic = e->topic,
        .source = i->want.name,
        .json = json,
        .json_length = length,
        .time_ns = c138_now_utc_ns(),
        .flags = e->flags,
        .severity = e->severity,
        .job_id = job,
        .chain = job && i->env->job_chain ? i->env->job_chain(i->env->user, job) : NULL,
    };
    bus_publish(i->env->bus, &event);
}

/* A topic that was published before is likely to come again: one look at the last one saves the
 * search. */
static const struct decl_event *declared(struct instance *i, const char *topic) {
    if (!i->decl)
        return NULL;
    if (!i->last_event || strcmp(i->last_event->topic, topic) != 0)
        i->last_event = decl_event_find(i->decl, topic);
    return i->last_event;
}

static void on_publish(struct instance *i, const struct wire_head *head, char *payload) {
    size_t topic = strnlen(payload, head->length);
    const struct decl_event *e = topic < head->length ? declared(i, payload) : NULL;
    const struct plugins_call *cause = request_find(i, head->id);
    const char *json = payload + topic + 1;
    size_t length = head->length - topic - 1;
    if (!i->decl)
        return; /* before it runs nobody listens */
    if (!e || head->length > WIRE_EVENT_MAX + 256) {
        instance_kill(i, "garbage: an event that it does not declare");
        return;
    }
    if (e->flags & C138_EVENT_KEEP) {
        C138_JSON struct c138_json *value = NULL;
        if (!may_keep(i))
            return;
        if (c138_json_parse(json, length, &value, NULL) < 0 ||
            c138_json_type(value) != C138_JSON_OBJECT) {
            instance_kill(i, "garbage: an event that is no JSON object");
            return;
        }
    }
    publish(i, e, json, length, cause && cause->job_id[0] ? cause->job_id : NULL);
}

/* A thread of the agent: straight to the bus on its own thread. Kept events, and those of a job
 * that a trigger started, take the way over the loop, where the rate and the job's chain are known.
 */
static void on_thread_publish(void *user, uint64_t cause, uint32_t flags, const char *topic,
                              const char *json, size_t length) {
    struct instance *i = user;
    if ((flags & C138_EVENT_KEEP) || (cause && atomic_load(&i->chained))) {
        size_t n = strlen(topic) + 1;
        struct wire_msg *m = wire_msg_new(WIRE_PUBLISH, cause, 0, NULL, n + length);
        memcpy(m->payload, topic, n);
        memcpy(m->payload + n, json, length);
        i->link->ops->echo(i->link, m);
        return;
    }
    const struct bus_event event = {.topic = topic,
                                    .source = i->want.name,
                                    .json = json,
                                    .json_length = length,
                                    .time_ns = c138_now_utc_coarse_ns(),
                                    .flags = flags & 0xff,
                                    .severity = flags >> 8};
    bus_publish(i->env->bus, &event);
}

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

static void on_hostcall(struct instance *i, const struct wire_head *head, const char *payload) {
    size_t text = strnlen(payload, head->length);
    struct c138_err err = {0};
    struct hostcall *h = c138_xcalloc(1, sizeof(*h));
    if (c138_json_parse(payload, text, &h->args, &err) < 0) {
        free(h);
        instance_kill(i, "garbage: a host call that is no JSON");
        return;
    }
    const struct plugins_call *cause = request_find(i, c138_json_get_uint(h->args, "cause", 0));
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

static void on_frame(void *user, const struct wire_head *head, char *payload) {
    struct instance *i = user;
    struct c138_err err = {0};
    const struct plugins_call *c = NULL;
    C138_JSON struct c138_json *v = NULL;
    switch (head->type) {
    case WIRE_HELLO:
        on_hello(i, payload, head->length);
        break;
    case WIRE_REFUSE:
        if (c138_json_parse(payload, head->length, &v, &err) >= 0)
            c138_error(&err, head->aux < 0 ? head->aux : C138_E_INVALID,
                       c138_json_get_str(v, "key", ""), "%s", c138_json_get_str(v, "message", ""));
        if (i->state == INSTANCE_STARTING && !i->decl_new)
            start_failed(i, err.status, &err);
        break;
    case WIRE_REPLY:
        on_reply(i, head, payload);
        break;
    case WIRE_PROGRESS:
        c = request_find(i, head->id);
        if (c && c->job_id[0])
            i->env->progress(i->env->user, c->job_id, (uint32_t)head->aux, payload);
        break;
    case WIRE_LOG: {
        c = request_find(i, head->id);
        const struct log_at where = at(i, c);
        int32_t level =
            head->aux < C138_LOG_ERROR || head->aux > C138_LOG_DEBUG ? C138_LOG_INFO : head->aux;
        log_text(i->env->log, level, &where, payload);
        if (c && c->job_id[0])
            i->env->job_log(i->env->user, c->job_id, level, payload);
        break;
    }
    case WIRE_PUBLISH:
        on_publish(i, head, payload);
        break;
    case WIRE_HOSTCALL:
        on_hostcall(i, head, payload);
        break;
    case WIRE_METRICS:
        if (i->state == INSTANCE_DRAINING)
            break; /* the numbers are those of its successor */
        if (c138_json_parse(payload, head->length, &v, &err) < 0)
            instance_kill(i, "garbage: metrics that are no JSON");
        else if (i->decl && metrics_apply(i->env->metrics, i->want.name, v, &err) < 0)
            log_line(i->env->log, C138_LOG_WARNING, &(struct log_at){.plugin = i->want.name}, "%s",
                     err.text);
        break;
    case WIRE_BYE:
        break; /* its end comes through the process or the thread */
    default:
        instance_kill(i, "garbage: a frame that only the agent sends");
    }
}

static void on_line(void *user, const char *text) {
    struct instance *i = user;
    size_t have = strlen(i->tail), more = strlen(text) + 1;
    if (more >= sizeof(i->tail))
        more = sizeof(i->tail) - 1;
    if (have + more >= sizeof(i->tail)) {
        size_t cut = have + more - sizeof(i->tail) + 1;
        cut = cut > have ? have : cut;
        memmove(i->tail, i->tail + cut, have - cut + 1);
        have -= cut;
    }
    (void)snprintf(i->tail + have, sizeof(i->tail) - have, "%s\n", text);
    log_text(i->env->log, C138_LOG_NOTICE, &(struct log_at){.plugin = i->want.name}, text);
}

/* --- Start
 * ------------------------------------------------------------------------------------------------------
 */

static const char default_grants[] = "[\"bus\",\"call\",\"kv\",\"timer\",\"metrics\",\"secret\"]";

static void send_welcome(struct instance *i, const char *state_dir) {
    C138_JSON struct c138_json *w = c138_json_new_object();
    struct c138_json *grants = NULL, *programs = NULL;
    const char *text = i->want.grants_json ? i->want.grants_json : default_grants;
    (void)c138_json_parse(text, strlen(text), &grants, NULL);
    if (i->want.programs_json)
        (void)c138_json_parse(i->want.programs_json, strlen(i->want.programs_json), &programs,
                              NULL);
    c138_json_set_str(w, "plugin", i->want.name);
    c138_json_set_str(w, "agent_version", i->env->agent_version);
    c138_json_set_str(w, "host_name", i->env->host_name);
    c138_json_set_str(w, "state_dir", state_dir);
    c138_json_set(w, "grants", grants ? grants : c138_json_new_array());
    c138_json_set(w, "programs", programs ? programs : c138_json_new_array());
    c138_json_set(w, "read", c138_json_ref(i->read));
    c138_json_set(w, "write", c138_json_ref(i->write));
    c138_json_set_bool(w, "network", !(i->note_flags & C138_PLUGIN_NO_NETWORK));
    c138_json_set_bool(w, "spawn", (i->note_flags & C138_PLUGIN_SPAWNS) != 0);
    c138_json_set_uint(w, "memory_max", i->want.memory_max);
    send_json(i, WIRE_WELCOME, 0, 0, w);
}

static c138_status make_state_dir(struct instance *i, char **ret_dir, struct c138_err *err) {
    C138_FREE char *plugins = c138_path_join(i->env->state_dir, "plugins");
    char *dir = c138_path_join(plugins, i->want.name);
    c138_status status = c138_mkdir_p(dir, 0700, err);
    if (status < 0)
        free(dir);
    else
        *ret_dir = dir;
    return status;
}

c138_status instance_start(const struct plugins_env *env, int lock_fd,
                           const struct plugin_want *want, const char *path,
                           const struct c138_json *read, const struct c138_json *write,
                           const struct instance_events *events, struct instance **ret_instance,
                           struct c138_err *err) {
    struct instance *i = c138_xcalloc(1, sizeof(*i));
    C138_FREE char *state_dir = NULL;
    c138_note note;
    int fd = -1;
    i->refs = 1;
    i->env = env;
    i->events = *events;
    want_copy(&i->want, want);
    i->path = c138_xstrdup(path);
    i->read = read ? c138_json_ref((struct c138_json *)(uintptr_t)read) : c138_json_new_array();
    i->write = write ? c138_json_ref((struct c138_json *)(uintptr_t)write) : c138_json_new_array();
    i->started_ns = i->keep_at_ns = c138_now_monotonic_ns();
    i->keep_tokens = want->keep_rate * 10;
    i->keep_told_ns = -60 * C138_NS_PER_S;
    const struct link_env link = {.base = env->base,
                                  .bus = env->bus,
                                  .host_program = env->host_program,
                                  .plugin = i->want.name,
                                  .lock_fd = lock_fd,
                                  .mailbox = want->mailbox,
                                  .user = i,
                                  .frame = on_frame,
                                  .gone = on_gone,
                                  .line = on_line,
                                  .published = on_thread_publish};
    c138_status status = loader_open(path, want->name, &fd, &note, err);
    if (status >= 0) {
        i->note_flags = note.flags;
        (void)snprintf(i->version, sizeof(i->version), "%s", note.version);
        status = make_state_dir(i, &state_dir, err);
    }
    if (status >= 0 && want->in_thread && (note.flags & C138_PLUGIN_WORKER_ONLY))
        status = c138_error(err, C138_E_UNSUPPORTED, "plugin.worker-only",
                            "plugin %s holds secrets and refuses to run in a thread of the agent: "
                            "take mode = \"thread\" away (%s:%u)",
                            want->name, want->file ? want->file : "its config", want->line);
    if (status >= 0)
        status = want->in_thread ? link_thread_new(&link, fd, &i->link, err)
                                 : link_worker_new(&link, fd, &i->link, err);
    else if (fd >= 0)
        close(fd);
    if (status < 0) {
        instance_unref(i);
        return status;
    }
    *ret_instance = i;
    send_welcome(i, state_dir);
    return C138_OK;
}

/* --- The watchdog
 * ---------------------------------------------------------------------------------------------------
 */

static int hangs(const struct instance *i, int64_t now, char *why, size_t size) {
    const struct board_slot *actor = &i->link->board->slots[0];
    int64_t since = atomic_load(&actor->since_ns);
    for (const struct plugins_call *c = i->calls; c; c = c->next)
        if (c->deadline_ns && now > c->deadline_ns + GRACE_NS) {
            (void)snprintf(why, size, "hang: %s did not end %s", c->what[0] ? c->what : "a request",
                           c->type == WIRE_CALL ? "2 s after its deadline" : "in 20 s");
            return 1;
        }
    if (since > 0 && since < now && !atomic_load(&actor->call_id) &&
        now - since > i->want.callback_timeout_ns) {
        char what[BOARD_TEXT], limit[C138_DURATION_TEXT];
        copy_clean(what, sizeof(what), actor->what, BOARD_TEXT - 1);
        c138_duration_format(i->want.callback_timeout_ns, limit);
        (void)snprintf(why, size, "hang: %s runs longer than %s (callback_timeout)", what, limit);
        return 1;
    }
    return 0;
}

void instance_watch(struct instance *i, int64_t now_ns, int look_at_memory) {
    char why[320];
    if (i->state == INSTANCE_GONE)
        return;
    for (struct plugins_call *c = i->calls; c; c = c->next)
        if (c->type == WIRE_CALL && c->deadline_ns && now_ns > c->deadline_ns && !c->cancelled)
            instance_cancel(c);
    if (hangs(i, now_ns, why, sizeof(why))) {
        instance_kill(i, why);
        return;
    }
    if (i->state == INSTANCE_DRAINING && now_ns > i->stop_by_ns) {
        instance_kill(i, "it did not stop in time");
        return;
    }
    uint64_t bytes = look_at_memory ? i->link->ops->memory_bytes(i->link) : 0;
    if (bytes > i->want.memory_max) {
        char have[C138_SIZE_TEXT], most[C138_SIZE_TEXT];
        c138_size_human(bytes, have);
        c138_size_human(i->want.memory_max, most);
        (void)snprintf(why, sizeof(why), "memory: it has %s, its limit is %s (memory_max)", have,
                       most);
        instance_kill(i, why);
    }
}
