/* A call: the frame taken apart, its parameters, what it tells while it runs, and its end. */
#include <worker/runtime_parts.h>

#include <base/text.h>
#include <schema/validate.h>
#include <worker/jsonscan.h>

#define LOOK_EVERY_NS C138_NS_PER_MS /* how often cancelled() reads the port */

struct rt_text {
    struct rt_text *next;
    char text[];
};

static char *keep(struct rt_call *c, const char *text, size_t length) {
    struct rt_text *t = c138_xmalloc(sizeof *t + length + 1);
    memcpy(t->text, text, length);
    t->text[length] = '\0';
    t->next = c->texts;
    c->texts = t;
    return t->text;
}

struct result *call_result(c138_call *api) {
    struct rt_call *c = rt_call_of(api);
    return c->settings ? NULL : &c->result;
}

/* --- Parameters --- */

static struct c138_json *params_of(struct rt_call *c) {
    if (!c->params)
        (void)c138_json_parse(c->api.params_json, strlen(c->api.params_json), &c->params, NULL);
    return c->params;
}

/* The declared type of what `path` names; 0: not declared. */
static uint32_t type_at(struct decl_field *const *fields, const char *path) {
    char name[64];
    while (fields) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof name)
            return 0;
        memcpy(name, path, n);
        name[n] = '\0';
        const struct decl_field *f = decl_field_find(fields, name);
        while (f && path[n] == '.' && f->type == C138_T_LIST) { /* an index */
            path += n + 1;
            n = strcspn(path, ".");
            f = f->fields[0];
        }
        if (!f || path[n] == '\0')
            return f ? f->type : 0;
        path += n + 1;
        fields = f->fields;
    }
    return 0;
}

static uint32_t call_has(c138_call *api, const char *path) {
    return c138_json_path(params_of(rt_call_of(api)), path) != NULL;
}

static const char *call_str(c138_call *api, const char *path) {
    struct rt_call *c = rt_call_of(api);
    struct c138_json *v = c138_json_path(params_of(c), path);
    if (!v)
        return NULL;
    if (c138_json_type(v) == C138_JSON_STRING)
        return c138_json_as_str(v, NULL);
    C138_FREE char *text = c138_json_dump(v);
    return keep(c, text, strlen(text));
}

static int64_t call_int(c138_call *api, const char *path) {
    struct rt_call *c = rt_call_of(api);
    struct c138_json *v = c138_json_path(params_of(c), path);
    switch (c138_json_type(v)) {
    case C138_JSON_BOOL:
        return c138_json_as_bool(v, 0);
    case C138_JSON_INT:
        return c138_json_as_int(v, 0);
    case C138_JSON_STRING:
        return validate_as_int(type_at(c->fields, path), v);
    default:
        return 0;
    }
}

static uint64_t call_uint(c138_call *api, const char *path) {
    struct rt_call *c = rt_call_of(api);
    struct c138_json *v = c138_json_path(params_of(c), path);
    switch (c138_json_type(v)) {
    case C138_JSON_BOOL:
        return c138_json_as_bool(v, 0) != 0;
    case C138_JSON_INT:
        return c138_json_as_uint(v, 0);
    case C138_JSON_ARRAY:
        return c138_json_count(v);
    case C138_JSON_STRING:
        return validate_as_uint(type_at(c->fields, path), v);
    default:
        return 0;
    }
}

/* --- While it runs --- */

static size_t bounded(const char *text) {
    return strnlen(text, RT_TEXT_MAX);
}

static void call_progress(c138_call *api, uint32_t permille, const char *text) {
    struct rt_call *c = rt_call_of(api);
    if (c->settings)
        return;
    text = text ? text : "";
    (void)rt_send(c->rt, WIRE_PROGRESS, 0, permille > 1000 ? 1001 : (int32_t)permille, c->id, text,
                  bounded(text), 0);
}

static void call_log(c138_call *api, int32_t level, const char *text) {
    struct rt_call *c = rt_call_of(api);
    if (text)
        (void)rt_send(c->rt, WIRE_LOG, 0, level, c->settings ? 0 : c->id, text, bounded(text), 0);
}

int rt_call_over(struct rt_call *c) {
    return atomic_load(&c->cancelled) || c138_now_monotonic_ns() >= c->api.deadline_ns;
}

static uint32_t call_cancelled(c138_call *api) {
    struct rt_call *c = rt_call_of(api);
    if (rt_call_over(c))
        return 1;
    /* Any thread may ask, but one look a millisecond is enough for all, so a torn race is harmless.
     */
    int64_t now = c138_now_monotonic_ns();
    if (now - __atomic_load_n(&c->looked_ns, __ATOMIC_RELAXED) < LOOK_EVERY_NS)
        return 0;
    __atomic_store_n(&c->looked_ns, now, __ATOMIC_RELAXED);
    rt_glance(c->rt);
    return atomic_load(&c->cancelled) != 0;
}

static c138_status call_fail(c138_call *api, c138_status status, const char *key,
                             const char *text) {
    struct rt_call *c = rt_call_of(api);
    if (c->failure.status)
        return status;
    text = text ? text : "";
    (void)c138_error(&c->failure, status ? status : C138_E_INTERNAL, key, "%s", "");
    c->failure_text = keep(c, text, bounded(text));
    return status;
}

/* --- Its life --- */

struct rt_call *rt_call_new(struct rt *rt) {
    struct rt_call *c = c138_xcalloc(1, sizeof *c);
    c->rt = rt;
    c->api = (c138_call){.struct_size = sizeof c->api,
                         .ctx = c,
                         .has = call_has,
                         .get_str = call_str,
                         .get_int = call_int,
                         .get_uint = call_uint,
                         .progress = call_progress,
                         .log = call_log,
                         .cancelled = call_cancelled,
                         .fail = call_fail};
    result_bind(&c->api);
    return c;
}

/* Ready for the next frame; buffers are kept. */
static void call_reset(struct rt_call *c) {
    while (c->texts) {
        struct rt_text *t = c->texts;
        c->texts = t->next;
        free(t);
    }
    c->params = c138_json_unref(c->params);
    c->failure = (struct c138_err){0};
    c->failure_text = NULL;
    c->action = NULL;
    c->settings = 0;
    c->looked_ns = 0;
    atomic_store(&c->cancelled, 0);
}

struct rt_call *rt_call_free(struct rt_call *c) {
    if (!c)
        return NULL;
    call_reset(c);
    result_deinit(&c->result);
    free(c);
    return NULL;
}

/* A member's text; NULL for null. */
static const char *member_text(struct rt_call *c, const struct jsonscan *s) {
    if (s->value[0] != '"')
        return s->value[0] == 'n' ? NULL : keep(c, s->value, s->value_length);
    if (!memchr(s->value, '\\', s->value_length))
        return keep(c, s->value + 1, s->value_length - 2);
    C138_JSON struct c138_json *v = NULL;
    if (c138_json_parse(s->value, s->value_length, &v, NULL) != C138_OK)
        return NULL;
    const char *text = c138_json_as_str(v, "");
    return keep(c, text, strlen(text));
}

static void take_member(struct rt_call *c, const struct jsonscan *s, const char **action) {
    if (jsonscan_named(s, "action"))
        *action = member_text(c, s);
    else if (jsonscan_named(s, "job"))
        c->api.job_id = member_text(c, s);
    else if (jsonscan_named(s, "principal"))
        c->api.principal = member_text(c, s);
    else if (jsonscan_named(s, "params"))
        c->api.params_json = keep(c, s->value, s->value_length);
    else if (jsonscan_named(s, "plan"))
        c->api.plan_json = member_text(c, s);
    else if (jsonscan_named(s, "dry_run"))
        c->api.dry_run = s->value[0] == 't';
    else if (jsonscan_named(s, "deadline_ns"))
        (void)c138_parse_int(keep(c, s->value, s->value_length), &c->api.deadline_ns);
}

/* The plugin's own table row of a declared action. */
static const c138_action *table_row(const struct rt *rt, const char *name) {
    for (const c138_action *const *a = rt->plugin->actions; a && *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static c138_status take_apart(struct rt_call *c, const struct wire_msg *msg) {
    if (!jsonscan_is_object(msg->payload, msg->head.length))
        return C138_E_INVALID;
    const char *action = NULL;
    c->id = msg->head.id;
    c->api.job_id = c->api.principal = "";
    c->api.params_json = "{}";
    c->api.plan_json = NULL;
    c->api.dry_run = 0;
    c->api.deadline_ns = INT64_MAX;
    struct jsonscan s = jsonscan_members(msg->payload, msg->head.length);
    while (jsonscan_next(&s))
        take_member(c, &s, &action);
    if (c->api.deadline_ns <= 0)
        c->api.deadline_ns = INT64_MAX;
    if (!c->api.params_json)
        c->api.params_json = "{}";
    if (!action || !(c->action = decl_action_find(c->rt->decl, action)))
        return C138_E_NOTFOUND;
    const c138_action *row = table_row(c->rt, c->action->name);
    if (!row || !row->run)
        return C138_E_NOTFOUND;
    c->run = row->run;
    c->fields = c->action->params;
    c->api.action = c->action->full_name;
    return C138_OK;
}

static void call_register(struct rt_call *c) {
    struct rt *rt = c->rt;
    (void)pthread_mutex_lock(&rt->lock);
    if (rt->handed_id == c->id && rt->handed_cancelled)
        atomic_store(&c->cancelled, 1);
    rt->handed_id = 0;
    c->next = rt->calls;
    rt->calls = c;
    (void)pthread_mutex_unlock(&rt->lock);
}

static void call_unregister(struct rt_call *c) {
    struct rt *rt = c->rt;
    (void)pthread_mutex_lock(&rt->lock);
    struct rt_call **at = &rt->calls;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    (void)pthread_mutex_unlock(&rt->lock);
}

static void reply_failure(struct rt_call *c, c138_status st) {
    if (c->failure.status)
        rt_reply_error(c->rt, c->id, st, c->failure.key, c->failure_text);
    else
        rt_reply_error(c->rt, c->id, st, NULL,
                       st == C138_E_CANCELLED ? "cancelled"
                                              : "the action failed and did not say why");
}

/* The callback itself and its answer; on whatever thread. */
static void run_and_reply(struct rt_call *c) {
    struct rt *rt = c->rt;
    c->thread = pthread_self();
    result_open(&c->result);
    rt_board_enter(rt, c->slot, c->id, "action", c->action->full_name);
    c138_status st = c->run(rt->self, &c->api);
    rt_board_leave(rt, c->slot);
    rt_metrics_flush(rt, 1);
    if (st > 0)
        st = C138_E_INTERNAL;
    if (st == C138_OK && (st = result_finish(&c->result)) != C138_OK)
        rt_reply_error(rt, c->id, st, c->result.err.key, c->result.err.text);
    else if (st == C138_OK)
        rt_reply(rt, c->id, C138_OK, c->result.out.data, c->result.out.length);
    else
        reply_failure(c, st);
}

static void run_short(struct rt_call *c) {
    struct rt *rt = c->rt;
    c->slot = 0;
    call_register(c);
    rt->in_callback = 1;
    run_and_reply(c);
    rt->in_callback = 0;
    rt_flush(rt);
    call_unregister(c);
}

/* --- Long ones --- */

static int slot_take(struct rt *rt) {
    (void)pthread_mutex_lock(&rt->lock);
    int slot = 0;
    for (int i = 1; i < BOARD_SLOTS && !slot; i++)
        if (!(rt->slots & 1u << i))
            slot = i;
    if (slot) {
        rt->slots |= 1u << slot;
        rt->n_long++;
    }
    (void)pthread_mutex_unlock(&rt->lock);
    return slot;
}

static void slot_give(struct rt *rt, unsigned slot) {
    (void)pthread_mutex_lock(&rt->lock);
    rt->slots &= ~(1u << slot);
    rt->n_long--;
    /* Under the lock: the actor may free the runtime as soon as the last one is gone. */
    rt->kicked = 1;
    (void)pthread_cond_broadcast(&rt->changed);
    if (rt->reading)
        rt->port->ops->wake(rt->port);
    (void)pthread_mutex_unlock(&rt->lock);
}

static void *long_thread(void *user) {
    struct rt_call *c = user;
    struct rt *rt = c->rt;
    unsigned slot = c->slot;
    run_and_reply(c);
    call_unregister(c);
    (void)rt_call_free(c);
    slot_give(rt, slot);
    return NULL;
}

static void run_long(struct rt_call *c) {
    struct rt *rt = c->rt;
    int slot = slot_take(rt);
    if (!slot) {
        rt_reply_error(rt, c->id, C138_E_BUSY, "plugin.busy",
                       "31 long actions of this plugin run already: try again later");
        (void)rt_call_free(c);
        return;
    }
    c->slot = (unsigned)slot;
    call_register(c);
    pthread_attr_t attr;
    pthread_t thread;
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, 1u << 20);
    int e = pthread_create(&thread, &attr, long_thread, c);
    (void)pthread_attr_destroy(&attr);
    if (e == 0)
        return;
    rt_reply_error(rt, c->id, C138_E_LIMIT, "plugin.threads",
                   "no thread can be made for this action: raise memory_max of the plugin");
    call_unregister(c);
    (void)rt_call_free(c);
    slot_give(rt, (unsigned)slot);
}

void rt_call_frame(struct rt *rt, const struct wire_msg *msg) {
    struct rt_call *c = rt->short_call;
    call_reset(c);
    c138_status st = rt->started && !rt->stopping ? take_apart(c, msg) : C138_E_UNAVAILABLE;
    if (st) {
        rt_reply_error(rt, msg->head.id, st, st == C138_E_NOTFOUND ? "action.unknown" : NULL,
                       st == C138_E_NOTFOUND  ? "this plugin has no such action"
                       : st == C138_E_INVALID ? "the call is not one JSON object"
                                              : "the plugin does not take calls now");
        return;
    }
    if (!(c->action->flags & C138_ACTION_LONG)) {
        run_short(c);
        return;
    }
    rt->short_call = rt_call_new(rt); /* this one goes to its thread */
    run_long(c);
}

/* --- Settings and status: calls without an action --- */

void rt_prepare_frame(struct rt *rt, const struct wire_msg *msg) {
    struct rt_call *c = rt->short_call;
    call_reset(c);
    c->settings = 1;
    c->id = msg->head.id;
    c->slot = 0;
    c->fields = rt->decl->settings;
    c->api.job_id = c->api.principal = "";
    c->api.action = "settings";
    c->api.plan_json = NULL;
    c->api.dry_run = 0;
    c->api.deadline_ns = INT64_MAX;
    c->api.params_json = msg->head.length ? msg->payload : "{}";
    rt_board_enter(rt, 0, 0, "callback", "prepare");
    c138_status st = rt->plugin->prepare ? rt->plugin->prepare(rt->self, &c->api) : C138_OK;
    rt_board_leave(rt, 0);
    if (st == C138_OK)
        rt_reply(rt, c->id, C138_OK, "{}", 2);
    else
        reply_failure(c, st > 0 ? C138_E_INTERNAL : st);
    call_reset(c);
}

static void take_health(void *user, const char *text, uint64_t length) {
    struct c138_buf *b = user;
    c138_buf_reset(b);
    (void)c138_buf_add(b, text, length < RT_TEXT_MAX ? (size_t)length : RT_TEXT_MAX);
}

static uint32_t ask_health(struct rt *rt, struct c138_buf *text) {
    const c138_health *h = rt->plugin->get_extension(rt->self, C138_EXT_HEALTH);
    return C138_HAS(c138_health, h, health) ? h->health(rt->self, take_health, text)
                                            : C138_HEALTH_OK;
}

/* The rows of the status extension, as JSON text: `[...]`; NULL: none. The caller frees. */
static char *ask_status(struct rt *rt, struct rt_call *c) {
    const c138_status_ext *s = rt->plugin->get_extension(rt->self, C138_EXT_STATUS);
    if (!C138_HAS(c138_status_ext, s, status))
        return NULL;
    result_open(&c->result);
    s->status(rt->self, &c->api);
    C138_JSON struct c138_json *v = NULL;
    if (result_finish(&c->result) != C138_OK ||
        c138_json_parse(c->result.out.data, c->result.out.length, &v, NULL) != C138_OK)
        return NULL;
    const struct c138_json *items = c138_json_get(v, "items");
    return c138_json_type(items) == C138_JSON_ARRAY ? c138_json_dump(items) : NULL;
}

void rt_status_frame(struct rt *rt, const struct wire_msg *msg) {
    struct rt_call *c = rt->short_call;
    call_reset(c);
    c->id = msg->head.id;
    c->fields = rt->decl->settings;
    c->api.job_id = c->api.principal = "";
    c->api.action = "status";
    c->api.plan_json = NULL;
    c->api.dry_run = 0;
    c->api.params_json = "{}";
    c->api.deadline_ns = INT64_MAX;
    C138_BUF struct c138_buf text = C138_BUF_NULL, reply = C138_BUF_NULL;
    C138_FREE char *items = NULL;
    uint32_t health = C138_HEALTH_OK;
    if (rt->started && rt->plugin->get_extension) {
        rt_board_enter(rt, 0, 0, "callback", "status");
        health = ask_health(rt, &text);
        items = ask_status(rt, c);
        rt_board_leave(rt, 0);
    }
    (void)c138_buf_addf(&reply, "{\"health\":%u,\"text\":",
                        health == C138_HEALTH_DEGRADED ? C138_HEALTH_DEGRADED : C138_HEALTH_OK);
    c138_json_quote(&reply, c138_buf_text(&text), text.length);
    (void)c138_buf_addf(&reply, ",\"items\":%s}", items ? items : "[]");
    rt_reply(rt, msg->head.id, C138_OK, c138_buf_text(&reply), reply.length);
}
