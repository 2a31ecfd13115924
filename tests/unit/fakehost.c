#include "fakehost.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <schema/describe.h>
#include <schema/validate.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIMERS 16
#define DEPTH 16
#define WITHHELD 4

struct timer_slot {
    int used;
    uint64_t id;
    int64_t due_ns, period_ns;
};

struct fakehost {
    c138_host host;
    const c138_plugin *plugin;
    void *self;
    struct decl_plugin *decl;
    struct c138_json *events, *metrics, *secrets, *kv;
    char *settings;
    fakehost_call_fn on_call;
    void *call_user;
    struct timer_slot timers[TIMERS];
    const char *withheld[WITHHELD];
    uint32_t n_withheld, faults;
    int64_t utc_offset_ns;
    int started;
};

static struct fakehost *of(const c138_host *host) {
    return host->ctx;
}

static void fault(struct fakehost *f, const char *what, const char *detail) {
    f->faults++;
    printf("fakehost: %s: %s\n", what, detail);
}

/* --- Services --------------------------------------------------------------------------------- */

static c138_status bus_publish(const c138_host *host, c138_call *cause, const char *topic,
                               const char *json) {
    struct fakehost *f = of(host);
    C138_JSON struct c138_json *data = NULL, *canonical = NULL;
    struct c138_err err = {0};
    const struct decl_event *event = decl_event_find(f->decl, topic);
    (void)cause;
    if (!event || c138_json_parse(json, strlen(json), &data, &err) != C138_OK ||
        validate_object(event->fields, data, VALIDATE_PARTIAL, &canonical, &err) != C138_OK) {
        C138_FREE char *text = c138_xasprintf("%s %s: %s", topic, json, err.text);
        fault(f, "event refused", text);
        return C138_E_INVALID;
    }
    struct c138_json *row = c138_json_new_object();
    c138_json_set_str(row, "topic", topic);
    c138_json_set(row, "data", c138_json_ref(data));
    c138_json_append(f->events, row);
    return C138_OK;
}

static char *series(const struct fakehost *f, const char *name, const char *const *labels) {
    const struct decl_metric *m = decl_metric_find(f->decl, name);
    if (!m || (m->n_labels > 0) != (labels != NULL))
        return NULL;
    return labels ? c138_xasprintf("%s{%s}", name, labels[0]) : c138_xstrdup(name);
}

static c138_status metric_put(const c138_host *host, const char *name, const char *const *labels,
                              double value, int add) {
    struct fakehost *f = of(host);
    C138_FREE char *key = series(f, name, labels);
    if (!key) {
        fault(f, "metric not declared so", name);
        return C138_E_INVALID;
    }
    if (add)
        value += c138_json_as_num(c138_json_get(f->metrics, key), 0);
    c138_json_set_num(f->metrics, key, value);
    return C138_OK;
}

static c138_status metric_set(const c138_host *host, const char *name, const char *const *labels,
                              double value) {
    return metric_put(host, name, labels, value, 0);
}

static c138_status metric_add(const c138_host *host, const char *name, const char *const *labels,
                              double delta) {
    if (delta < 0)
        fault(of(host), "a counter fell", name);
    return metric_put(host, name, labels, delta, 1);
}

static c138_status metric_remove(const c138_host *host, const char *name,
                                 const char *const *labels) {
    C138_FREE char *key = series(of(host), name, labels);
    if (!key)
        return C138_E_INVALID;
    c138_json_remove(of(host)->metrics, key);
    return C138_OK;
}

static c138_status secret_get(const c138_host *host, c138_call *cause, const char *reference,
                              c138_text_fn on_secret, void *user) {
    const char *text = c138_json_get_str(of(host)->secrets, reference, NULL);
    (void)cause;
    if (!text)
        return C138_E_NOTFOUND;
    on_secret(user, text, strlen(text));
    return C138_OK;
}

static c138_status timer_start(const c138_host *host, uint64_t id, int64_t delay_ns,
                               int64_t period_ns) {
    struct fakehost *f = of(host);
    struct timer_slot *slot = NULL;
    for (int i = 0; i < TIMERS; i++)
        if ((f->timers[i].used && f->timers[i].id == id) || (!slot && !f->timers[i].used))
            slot = &f->timers[i];
    if (!slot)
        return C138_E_LIMIT;
    *slot = (struct timer_slot){1, id, c138_now_monotonic_ns() + delay_ns, period_ns};
    return C138_OK;
}

static void timer_cancel(const c138_host *host, uint64_t id) {
    struct fakehost *f = of(host);
    for (int i = 0; i < TIMERS; i++)
        if (f->timers[i].used && f->timers[i].id == id)
            f->timers[i].used = 0;
}

static c138_status kv_get(const c138_host *host, const char *key, c138_text_fn on_value,
                          void *user) {
    const char *text = c138_json_get_str(of(host)->kv, key, NULL);
    if (!text)
        return C138_E_NOTFOUND;
    on_value(user, text, strlen(text));
    return C138_OK;
}

static c138_status kv_put(const c138_host *host, const char *key, const char *value,
                          uint64_t length) {
    c138_json_set(of(host)->kv, key, c138_json_new_strn(value, length));
    return C138_OK;
}

static c138_status kv_remove(const c138_host *host, const char *key) {
    c138_json_remove(of(host)->kv, key);
    return C138_OK;
}

static c138_status kv_list(const c138_host *host, const char *prefix, c138_text_fn on_keys,
                           void *user) {
    C138_JSON struct c138_json *keys = c138_json_new_array();
    for (struct c138_json_iter i = c138_json_iter(of(host)->kv); c138_json_next(&i);)
        if (c138_starts_with(i.name, prefix))
            c138_json_append(keys, c138_json_new_str(i.name));
    C138_FREE char *text = c138_json_dump(keys);
    on_keys(user, text, strlen(text));
    return C138_OK;
}

static c138_status call_other(const c138_host *host, const char *action, const char *params_json,
                              int dry_run, c138_text_fn on_result, void *user) {
    struct fakehost *f = of(host);
    C138_JSON struct c138_json *params = NULL, *result = NULL;
    c138_status status = c138_json_parse(params_json, strlen(params_json), &params, NULL);
    if (status == C138_OK)
        status = f->on_call ? f->on_call(f->call_user, action, params, dry_run, &result)
                            : C138_E_NOTFOUND;
    C138_FREE char *text = result ? c138_json_dump(result) : c138_xstrdup("{}");
    on_result(user, text, strlen(text));
    return status;
}

static c138_status caller_call(const c138_host *host, c138_call *cause, const char *action,
                               const char *params_json, int64_t timeout_ns, c138_text_fn on_result,
                               void *user) {
    (void)cause, (void)timeout_ns;
    return call_other(host, action, params_json, 0, on_result, user);
}

static c138_status caller_plan(const c138_host *host, c138_call *cause, const char *action,
                               const char *params_json, int64_t timeout_ns, c138_text_fn on_result,
                               void *user) {
    (void)cause, (void)timeout_ns;
    return call_other(host, action, params_json, 1, on_result, user);
}

static const void *host_extension(const c138_host *host, const char *id) {
    static const c138_bus bus = {.struct_size = sizeof(bus), .publish = bus_publish};
    static const c138_metrics metrics = {.struct_size = sizeof(metrics),
                                         .set = metric_set,
                                         .add = metric_add,
                                         .remove = metric_remove};
    static const c138_secret secret = {.struct_size = sizeof(secret), .get = secret_get};
    static const c138_timer timer = {
        .struct_size = sizeof(timer), .start = timer_start, .cancel = timer_cancel};
    static const c138_kv kv = {.struct_size = sizeof(kv),
                               .get = kv_get,
                               .put = kv_put,
                               .remove = kv_remove,
                               .list = kv_list};
    static const c138_caller caller = {
        .struct_size = sizeof(caller), .call = caller_call, .plan = caller_plan};
    static const struct {
        const char *id;
        const void *table;
    } all[] = {{C138_EXT_BUS, &bus}, {C138_EXT_METRICS, &metrics}, {C138_EXT_SECRET, &secret},
               {C138_EXT_KV, &kv},   {C138_EXT_CALL, &caller},     {C138_EXT_TIMER, &timer}};
    for (uint32_t i = 0; i < of(host)->n_withheld; i++)
        if (strcmp(of(host)->withheld[i], id) == 0)
            return NULL;
    for (size_t i = 0; i < C138_COUNT(all); i++)
        if (strcmp(all[i].id, id) == 0)
            return all[i].table;
    return NULL;
}

static void host_log(const c138_host *host, int32_t level, const char *text) {
    (void)host;
    if (getenv("FAKEHOST_LOG"))
        printf("log <%d> %s\n", level, text);
}

static int64_t host_now(const c138_host *host, int32_t clock) {
    return clock == C138_CLOCK_UTC ? c138_now_utc_ns() + of(host)->utc_offset_ns
                                   : c138_now_monotonic_ns();
}

/* --- Calls --------------------------------------------------------------------------------------
 */

struct fakecall {
    c138_call call;                   /* first */
    struct decl_field *const *fields; /* of the parameters */
    struct c138_json *params;
    struct c138_json *stack[DEPTH]; /* borrowed, but the first */
    int depth, broken;
    struct c138_err error;
    struct c138_json *texts; /* keeps what get_str() gave away */
};

static struct fakecall *fake(c138_call *call) {
    return (struct fakecall *)call;
}

static const struct c138_json *at(c138_call *call, const char *path) {
    return c138_json_path(fake(call)->params, path);
}

/* The declared type of a path: list indexes lead to the element. 0: not declared. */
static uint32_t type_of(struct decl_field *const *fields, const char *path) {
    char name[64];
    size_t n = strcspn(path, ".");
    snprintf(name, sizeof(name), "%.*s", (int)(n < 63 ? n : 63), path);
    const struct decl_field *f =
        (name[0] >= '0' && name[0] <= '9') ? fields[0] : decl_field_find(fields, name);
    if (!f)
        return 0;
    return path[n] == '.' ? type_of(f->fields, path + n + 1) : f->type;
}

static uint32_t call_has(c138_call *call, const char *path) {
    return at(call, path) != NULL;
}

static const char *call_str(c138_call *call, const char *path) {
    const struct c138_json *v = at(call, path);
    if (!v || c138_json_type(v) == C138_JSON_STRING)
        return c138_json_as_str(v, NULL);
    C138_FREE char *text = c138_json_dump(v);
    struct c138_json *kept = c138_json_new_str(text);
    c138_json_append(fake(call)->texts, kept);
    return c138_json_as_str(kept, NULL);
}

static int64_t call_int(c138_call *call, const char *path) {
    const struct c138_json *v = at(call, path);
    uint32_t type = type_of(fake(call)->fields, path);
    if (c138_json_type(v) == C138_JSON_STRING)
        return validate_as_int(type, v);
    return c138_json_type(v) == C138_JSON_BOOL ? c138_json_as_bool(v, 0) : c138_json_as_int(v, 0);
}

static uint64_t call_uint(c138_call *call, const char *path) {
    const struct c138_json *v = at(call, path);
    if (c138_json_type(v) == C138_JSON_ARRAY)
        return c138_json_count(v);
    if (c138_json_type(v) == C138_JSON_STRING)
        return validate_as_uint(type_of(fake(call)->fields, path), v);
    return c138_json_as_uint(v, 0);
}

static void put(c138_call *call, const char *key, struct c138_json *value) {
    struct fakecall *c = fake(call);
    struct c138_json *top = c->stack[c->depth];
    int in_list = c138_json_type(top) == C138_JSON_ARRAY;
    if (in_list != (key == NULL)) {
        c->broken = 1;
        c138_json_unref(value);
    } else if (in_list) {
        c138_json_append(top, value);
    } else {
        c138_json_set(top, key, value);
    }
}

static void call_set_str(c138_call *c, const char *key, const char *v) {
    put(c, key, c138_json_new_str(v));
}
static void call_set_int(c138_call *c, const char *key, int64_t v) {
    put(c, key, c138_json_new_int(v));
}
static void call_set_uint(c138_call *c, const char *key, uint64_t v) {
    put(c, key, c138_json_new_uint(v));
}
static void call_set_num(c138_call *c, const char *key, double v) {
    put(c, key, c138_json_new_num(v));
}
static void call_set_bool(c138_call *c, const char *key, uint32_t v) {
    put(c, key, c138_json_new_bool(v != 0));
}
static void call_set_json(c138_call *call, const char *key, const char *json) {
    struct c138_json *v = NULL;
    if (c138_json_parse(json, strlen(json), &v, NULL) != C138_OK)
        fake(call)->broken = 1;
    put(call, key, v);
}

static void open_value(c138_call *call, const char *key, struct c138_json *value) {
    struct fakecall *c = fake(call);
    put(call, key, value);
    if (c->depth + 1 == DEPTH || c->broken) {
        c->broken = 1;
        return;
    }
    c->stack[++c->depth] = value;
}

static void call_open_object(c138_call *call, const char *key) {
    open_value(call, key, c138_json_new_object());
}
static void call_open_list(c138_call *call, const char *key) {
    open_value(call, key, c138_json_new_array());
}
static void call_close(c138_call *call) {
    if (fake(call)->depth == 0)
        fake(call)->broken = 1;
    else
        fake(call)->depth--;
}

static void call_progress(c138_call *call, uint32_t permille, const char *text) {
    (void)call, (void)permille, (void)text;
}
static void call_log(c138_call *call, int32_t level, const char *text) {
    (void)call, (void)level, (void)text;
}
static uint32_t call_cancelled(c138_call *call) {
    return c138_now_monotonic_ns() > call->deadline_ns;
}

static c138_status call_fail(c138_call *call, c138_status status, const char *key,
                             const char *text) {
    if (fake(call)->error.status == C138_OK)
        c138_error(&fake(call)->error, status, key, "%s", text);
    return status;
}

static void fakecall_init(struct fakecall *c, const char *action, struct decl_field *const *fields,
                          struct c138_json *params, int64_t timeout_ns) {
    *c = (struct fakecall){.call = {.struct_size = sizeof(c138_call),
                                    .job_id = "01HZZZZZZZZZZZZZZZZZZZZZZZ",
                                    .action = action,
                                    .principal = "unix:test@here",
                                    .deadline_ns = c138_now_monotonic_ns() + timeout_ns,
                                    .has = call_has,
                                    .get_str = call_str,
                                    .get_int = call_int,
                                    .get_uint = call_uint,
                                    .set_str = call_set_str,
                                    .set_int = call_set_int,
                                    .set_uint = call_set_uint,
                                    .set_num = call_set_num,
                                    .set_bool = call_set_bool,
                                    .set_json = call_set_json,
                                    .open_object = call_open_object,
                                    .open_list = call_open_list,
                                    .close = call_close,
                                    .progress = call_progress,
                                    .log = call_log,
                                    .cancelled = call_cancelled,
                                    .fail = call_fail},
                           .fields = fields,
                           .params = params,
                           .texts = c138_json_new_array()};
    c->stack[0] = c138_json_new_object();
}

static void fakecall_deinit(struct fakecall *c) {
    c138_json_unref(c->stack[0]);
    c138_json_unref(c->texts);
}

/* --- Life ------------------------------------------------------------------------------------ */

struct fakehost *fakehost_new(const c138_plugin *plugin, struct c138_err *err) {
    C138_JSON struct c138_json *document = NULL;
    struct fakehost *f = c138_xcalloc(1, sizeof(*f));
    f->plugin = plugin;
    f->events = c138_json_new_array();
    f->metrics = c138_json_new_object();
    f->secrets = c138_json_new_object();
    f->kv = c138_json_new_object();
    f->host = (c138_host){.struct_size = sizeof(c138_host),
                          .abi_major = C138_ABI_MAJOR,
                          .abi_minor = C138_ABI_MINOR,
                          .ctx = f,
                          .agent_version = "0",
                          .host_name = "here",
                          .plugin = plugin->name,
                          .state_dir = "/nonexistent",
                          .get_extension = host_extension,
                          .log = host_log,
                          .now_ns = host_now};
    if (describe_plugin(plugin, 0, NULL, 0, &document, err) != C138_OK ||
        decl_plugin_new(document, &f->decl, err) != C138_OK ||
        plugin->create(&f->host, &f->self) != C138_OK)
        return fakehost_free(f);
    return f;
}

struct fakehost *fakehost_free(struct fakehost *f) {
    if (!f)
        return NULL;
    if (f->self && f->started && f->plugin->stop)
        f->plugin->stop(f->self);
    if (f->self)
        f->plugin->destroy(f->self);
    decl_plugin_free(f->decl);
    c138_json_unref(f->events);
    c138_json_unref(f->metrics);
    c138_json_unref(f->secrets);
    c138_json_unref(f->kv);
    free(f->settings);
    free(f);
    return NULL;
}

c138_status fakehost_settings(struct fakehost *f, const char *json, struct c138_err *err) {
    C138_JSON struct c138_json *given = NULL, *settings = NULL;
    struct fakecall c;
    if (json && c138_json_parse(json, strlen(json), &given, err) != C138_OK)
        return C138_E_INVALID;
    c138_status status = validate_object(f->decl->settings, given, 0, &settings, err);
    if (status != C138_OK)
        return status;
    fakecall_init(&c, "settings", f->decl->settings, settings, 10 * C138_NS_PER_S);
    status = f->plugin->prepare(f->self, &c.call);
    f->plugin->commit(f->self, status == C138_OK);
    if (status != C138_OK && err)
        *err = c.error;
    if (status == C138_OK) {
        char *kept = json ? c138_xstrdup(json) : NULL; /* `json` may be what is kept */
        free(f->settings);
        f->settings = kept;
    }
    if (status == C138_OK && !f->started) {
        f->started = 1;
        status = f->plugin->start ? f->plugin->start(f->self) : C138_OK;
    }
    fakecall_deinit(&c);
    return status;
}

c138_status fakehost_restart(struct fakehost *f, struct c138_err *err) {
    if (f->started && f->plugin->stop)
        f->plugin->stop(f->self);
    f->plugin->destroy(f->self);
    f->self = NULL;
    f->started = 0;
    memset(f->timers, 0, sizeof(f->timers));
    c138_status status = f->plugin->create(&f->host, &f->self);
    return status == C138_OK ? fakehost_settings(f, f->settings, err) : status;
}

static const c138_action *action_of(const struct fakehost *f, const char *name) {
    for (const c138_action *const *a = f->plugin->actions; a && *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

/* The result against its declaration: nothing undeclared, everything in its type's form. */
static c138_status check_result(struct fakehost *f, const struct decl_action *decl,
                                struct fakecall *c, struct c138_err *err) {
    C138_JSON struct c138_json *canonical = NULL;
    struct c138_err why = {0};
    if (c->broken || c->depth != 0)
        return c138_error(err, C138_E_INTERNAL, "result.broken", "%s: the writer was misused",
                          decl->name);
    if (validate_object(decl->results, c->stack[0], VALIDATE_PARTIAL, &canonical, &why) == C138_OK)
        return C138_OK;
    C138_FREE char *text = c138_json_dump(c->stack[0]);
    fault(f, why.text, text);
    return c138_error(err, C138_E_INTERNAL, "result.undeclared", "%s: %s", decl->name, why.text);
}

static c138_status run(struct fakehost *f, const char *action, const char *params_json, int dry_run,
                       const char *plan, struct c138_json **ret_result, struct c138_err *err) {
    C138_JSON struct c138_json *given = NULL, *params = NULL;
    const c138_action *a = action_of(f, action);
    const struct decl_action *decl = decl_action_find(f->decl, action);
    struct fakecall c;
    if (!a || !decl)
        return c138_error(err, C138_E_NOTFOUND, "action.unknown", "no action %s", action);
    if (params_json && c138_json_parse(params_json, strlen(params_json), &given, err) != C138_OK)
        return C138_E_INVALID;
    c138_status status = validate_object(decl->params, given, 0, &params, err);
    if (status != C138_OK)
        return status;
    fakecall_init(&c, decl->full_name, decl->params, params, decl->timeout_ns);
    C138_FREE char *canonical = c138_json_dump(params);
    c.call.params_json = canonical;
    c.call.dry_run = (uint32_t)dry_run;
    c.call.plan_json = plan;
    status = a->run(f->self, &c.call);
    if (status == C138_OK)
        status = check_result(f, decl, &c, err);
    else if (err)
        *err = c.error;
    if (status != C138_OK && err && err->text[0] == '\0')
        status =
            c138_error(err, C138_E_INTERNAL, "failure.mute", "%s failed without a word", action);
    if (status == C138_OK && ret_result)
        *ret_result = c138_json_ref(c.stack[0]);
    fakecall_deinit(&c);
    return status;
}

c138_status fakehost_run(struct fakehost *f, const char *action, const char *params_json,
                         struct c138_json **ret_result, struct c138_err *err) {
    return run(f, action, params_json, 0, NULL, ret_result, err);
}

c138_status fakehost_plan(struct fakehost *f, const char *action, const char *params_json,
                          struct c138_json **ret_plan, struct c138_err *err) {
    return run(f, action, params_json, 1, NULL, ret_plan, err);
}

c138_status fakehost_approved(struct fakehost *f, const char *action, const char *params_json,
                              const struct c138_json *plan, struct c138_json **ret_result,
                              struct c138_err *err) {
    C138_FREE char *text = c138_json_canonical(plan);
    return run(f, action, params_json, 0, text, ret_result, err);
}

void fakehost_on_call(struct fakehost *f, fakehost_call_fn fn, void *user) {
    f->on_call = fn;
    f->call_user = user;
}

void fakehost_store(struct fakehost *f, const char *key, const char *value) {
    c138_json_set_str(f->kv, key, value);
}

const struct c138_json *fakehost_kv(const struct fakehost *f) {
    return f->kv;
}

struct c138_json *fakehost_status(struct fakehost *f) {
    struct fakecall c;
    const c138_status_ext *ext =
        f->plugin->get_extension ? f->plugin->get_extension(f->self, C138_EXT_STATUS) : NULL;
    if (!ext)
        return NULL;
    fakecall_init(&c, "status", f->decl->settings, NULL, C138_NS_PER_S);
    ext->status(f->self, &c.call);
    struct c138_json *rows = c138_json_ref(c138_json_get(c.stack[0], "items"));
    if (c.broken || c.depth)
        fault(f, "status", "the writer was misused");
    fakecall_deinit(&c);
    return rows;
}

void fakehost_pass(struct fakehost *f, int64_t ns) {
    int64_t end = c138_now_monotonic_ns() + ns;
    for (int64_t now; (now = c138_now_monotonic_ns()) < end;) {
        int64_t next = end;
        for (int i = 0; i < TIMERS; i++) {
            struct timer_slot *t = &f->timers[i];
            if (t->used && t->due_ns <= now) {
                t->due_ns += t->period_ns;
                if (t->due_ns < now)
                    t->due_ns = now + t->period_ns;
                t->used = t->period_ns > 0;
                f->plugin->timer(f->self, t->id);
            }
            if (t->used && t->due_ns < next)
                next = t->due_ns;
        }
        now = c138_now_monotonic_ns();
        struct timespec pause = {.tv_nsec = next > now ? (next - now) % C138_NS_PER_S : 0};
        nanosleep(&pause, NULL);
    }
}

void fakehost_tick(struct fakehost *f) {
    for (int i = 0; i < TIMERS; i++)
        if (f->timers[i].used)
            f->plugin->timer(f->self, f->timers[i].id);
}

const struct c138_json *fakehost_events(const struct fakehost *f) {
    return f->events;
}

const struct c138_json *fakehost_event(const struct fakehost *f, const char *topic) {
    for (size_t i = c138_json_count(f->events); i > 0; i--)
        if (strcmp(c138_json_get_str(c138_json_at(f->events, i - 1), "topic", ""), topic) == 0)
            return c138_json_get(c138_json_at(f->events, i - 1), "data");
    return NULL;
}

uint32_t fakehost_count(const struct fakehost *f, const char *topic) {
    uint32_t n = 0;
    for (size_t i = 0; i < c138_json_count(f->events); i++)
        n += strcmp(c138_json_get_str(c138_json_at(f->events, i), "topic", ""), topic) == 0;
    return n;
}

void fakehost_forget(struct fakehost *f) {
    c138_json_unref(f->events);
    f->events = c138_json_new_array();
}

double fakehost_metric(const struct fakehost *f, const char *name, const char *label) {
    C138_FREE char *key = label ? c138_xasprintf("%s{%s}", name, label) : c138_xstrdup(name);
    return c138_json_as_num(c138_json_get(f->metrics, key), NAN);
}

const struct c138_json *fakehost_metrics(const struct fakehost *f) {
    return f->metrics;
}

void fakehost_secret(struct fakehost *f, const char *reference, const char *text) {
    c138_json_set_str(f->secrets, reference, text);
}

void fakehost_withhold(struct fakehost *f, const char *service) {
    if (f->n_withheld < WITHHELD)
        f->withheld[f->n_withheld++] = service;
}

void fakehost_state_dir(struct fakehost *f, const char *path) {
    f->host.state_dir = path;
}

void fakehost_utc_offset(struct fakehost *f, int64_t ns) {
    f->utc_offset_ns = ns;
}

uint32_t fakehost_faults(const struct fakehost *f) {
    return f->faults;
}
