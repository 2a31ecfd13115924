/* The host table, and the extensions that are a question to the agent: bus, call, kv, secret. */
#include <worker/runtime_parts.h>

#include <worker/jsonscan.h>

#define KEY_MAX 255u
#define VALUE_MAX (1u << 20)

static struct rt_call *cause_of(struct c138_call *cause) {
    return rt_call_of(cause);
}

/* --- Log and clock --- */

/* The call that this thread runs, so that its log line finds its job; 0: none. */
static uint64_t call_of_thread(struct rt *rt) {
    uint64_t id = 0;
    (void)pthread_mutex_lock(&rt->lock);
    for (struct rt_call *c = rt->calls; c && !id; c = c->next)
        if (pthread_equal(c->thread, pthread_self()))
            id = c->id;
    (void)pthread_mutex_unlock(&rt->lock);
    return id;
}

static void host_log(const c138_host *host, int32_t level, const char *text) {
    struct rt *rt = rt_of(host);
    if (text)
        (void)rt_send(rt, WIRE_LOG, 0, level, call_of_thread(rt), text, strnlen(text, RT_TEXT_MAX),
                      0);
}

static int64_t host_now(const c138_host *host, int32_t clock) {
    (void)host;
    return clock == C138_CLOCK_MONOTONIC ? c138_now_monotonic_ns() : c138_now_utc_ns();
}

/* --- Bus --- */

/* Declared events are few and their topics are literals: the pointer finds them, the text confirms.
 */
static const struct decl_event *find_event(struct rt *rt, const char *topic) {
    size_t at = ((uintptr_t)topic ^ (uintptr_t)topic >> 6) % RT_EVENT_CACHE;
    const struct decl_event *e = atomic_load_explicit(&rt->events[at], memory_order_acquire);
    if (e && strcmp(e->topic, topic) == 0)
        return e;
    e = decl_event_find(rt->decl, topic);
    if (e)
        atomic_store_explicit(&rt->events[at], e, memory_order_release);
    return e;
}

static c138_status publish_frame(struct rt *rt, const struct wire_publish *p) {
    char small[1024];
    size_t topic_size = strlen(p->topic) + 1, length = topic_size + p->length;
    char *payload = length <= sizeof small ? small : c138_xmalloc(length);
    memcpy(payload, p->topic, topic_size);
    memcpy(payload + topic_size, p->json, p->length);
    uint16_t flags = p->flags & C138_EVENT_KEEP ? WIRE_KEEP : 0;
    c138_status st = rt_send(rt, WIRE_PUBLISH, flags, 0, p->cause, payload, length, p->collect);
    if (payload != small)
        free(payload);
    return st;
}

/*
 * Events that a callback publishes within one tick of the clock are handed over together: at the
 * end of the callback, with whatever else it asks of the agent, or with the first event after the
 * tick. Who publishes now and then never waits for that: the first event in a tick leaves at once.
 */
static int may_collect(struct rt *rt, const struct decl_event *event, int64_t now_ns) {
    if (!rt_on_actor(rt))
        return 0;
    int same_tick = rt->published_ns == now_ns;
    rt->published_ns = now_ns;
    return same_tick && rt->in_callback && !(event->flags & C138_EVENT_KEEP);
}

static c138_status host_publish(const c138_host *host, struct c138_call *cause, const char *topic,
                                const char *json) {
    struct rt *rt = rt_of(host);
    const struct decl_event *event = topic && json ? find_event(rt, topic) : NULL;
    if (!event)
        return C138_E_INVALID;
    size_t length = strnlen(json, WIRE_EVENT_MAX + 1);
    if (length > WIRE_EVENT_MAX)
        return C138_E_LIMIT;
    if (!jsonscan_is_object(json, length))
        return C138_E_INVALID;
    struct wire_publish p = {.cause = cause ? cause_of(cause)->id : 0,
                             .flags = event->flags,
                             .severity = event->severity,
                             .topic = event->topic,
                             .json = json,
                             .length = length,
                             .time_ns = c138_now_utc_coarse_ns()};
    p.collect = may_collect(rt, event, p.time_ns);
    if (!p.collect && rt_on_actor(rt))
        rt_flush(rt);
    else if (p.collect)
        rt->collected = 1;
    if (!rt->options->publish)
        return publish_frame(rt, &p);
    rt->options->publish(rt->options->user, &p);
    return C138_OK;
}

static const c138_bus bus_table = {.struct_size = sizeof(c138_bus), .publish = host_publish};

/* --- Questions to the agent --- */

static void begin_op(struct c138_buf *b, const char *op, uint64_t cause) {
    (void)c138_buf_addf(b, "{\"op\":\"%s\",\"cause\":%llu", op, (unsigned long long)cause);
}

static void add_text(struct c138_buf *b, const char *name, const char *text) {
    (void)c138_buf_addf(b, ",\"%s\":", name);
    c138_json_quote(b, text, strlen(text));
}

/* Asks, and hands a good answer (or, if `failures_too`, any) to `on_text`. */
static c138_status ask(struct rt *rt, struct c138_buf *json, const void *body, size_t body_length,
                       struct rt_call *bound, int failures_too, c138_text_fn on_text, void *user) {
    struct wire_msg *reply = NULL;
    (void)c138_buf_addc(json, '}');
    c138_status st =
        rt_hostcall(rt, json->data, json->length, body, body_length, bound, rt_new_id(rt), &reply);
    if (st)
        return st;
    st = reply->head.aux > 0 ? C138_E_INTERNAL : reply->head.aux;
    if (on_text && (st == C138_OK || failures_too))
        on_text(user, reply->payload, reply->head.length);
    (void)wire_msg_free(reply); /* wipes it */
    return st;
}

static c138_status call_op(const c138_host *host, const char *op, struct c138_call *cause,
                           const char *action, const char *params_json, int64_t timeout_ns,
                           c138_text_fn on_result, void *user) {
    struct rt *rt = rt_of(host);
    params_json = params_json ? params_json : "{}";
    size_t length = strnlen(params_json, RT_RESULT_MAX + 1);
    if (length > RT_RESULT_MAX)
        return C138_E_LIMIT;
    if (!action || !jsonscan_is_object(params_json, length))
        return C138_E_INVALID;
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    struct rt_call *c = cause_of(cause);
    begin_op(&b, op, c ? c->id : 0);
    add_text(&b, "action", action);
    (void)c138_buf_addf(&b, ",\"timeout_ns\":%lld,\"params\":", (long long)timeout_ns);
    (void)c138_buf_add(&b, params_json, length);
    return ask(rt, &b, NULL, 0, c, 1, on_result, user);
}

static c138_status call_call(const c138_host *host, struct c138_call *cause, const char *action,
                             const char *params_json, int64_t timeout_ns, c138_text_fn on_result,
                             void *user) {
    return call_op(host, "call", cause, action, params_json, timeout_ns, on_result, user);
}

static c138_status call_plan(const c138_host *host, struct c138_call *cause, const char *action,
                             const char *params_json, int64_t timeout_ns, c138_text_fn on_result,
                             void *user) {
    return call_op(host, "plan", cause, action, params_json, timeout_ns, on_result, user);
}

static const c138_caller call_table = {
    .struct_size = sizeof(c138_caller), .call = call_call, .plan = call_plan};

static c138_status check_key(const char *key) {
    size_t n = key ? strnlen(key, KEY_MAX + 1) : 0;
    return n == 0 ? C138_E_INVALID : n > KEY_MAX ? C138_E_LIMIT : C138_OK;
}

static c138_status kv_op(const c138_host *host, const char *op, const char *name, const char *key,
                         const void *body, size_t length, c138_text_fn on_text, void *user) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    begin_op(&b, op, 0);
    add_text(&b, name, key);
    return ask(rt_of(host), &b, body, length, NULL, 0, on_text, user);
}

static c138_status kv_get(const c138_host *host, const char *key, c138_text_fn on_value,
                          void *user) {
    c138_status st = check_key(key);
    return st ? st : kv_op(host, "kv.get", "key", key, NULL, 0, on_value, user);
}

static c138_status kv_put(const c138_host *host, const char *key, const char *value,
                          uint64_t length) {
    c138_status st = check_key(key);
    if (st == C138_OK && !value && length)
        st = C138_E_INVALID;
    if (st == C138_OK && length > VALUE_MAX)
        st = C138_E_LIMIT;
    return st ? st : kv_op(host, "kv.put", "key", key, value, (size_t)length, NULL, NULL);
}

static c138_status kv_remove(const c138_host *host, const char *key) {
    c138_status st = check_key(key);
    return st ? st : kv_op(host, "kv.remove", "key", key, NULL, 0, NULL, NULL);
}

static c138_status kv_list(const c138_host *host, const char *prefix, c138_text_fn on_keys,
                           void *user) {
    prefix = prefix ? prefix : "";
    if (strnlen(prefix, KEY_MAX + 1) > KEY_MAX)
        return C138_E_LIMIT;
    return kv_op(host, "kv.list", "prefix", prefix, NULL, 0, on_keys, user);
}

static const c138_kv kv_table = {.struct_size = sizeof(c138_kv),
                                 .get = kv_get,
                                 .put = kv_put,
                                 .remove = kv_remove,
                                 .list = kv_list};

static c138_status secret_get(const c138_host *host, struct c138_call *cause, const char *reference,
                              c138_text_fn on_secret, void *user) {
    if (!reference || strnlen(reference, RT_TEXT_MAX) == RT_TEXT_MAX)
        return C138_E_INVALID;
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    begin_op(&b, "secret.get", cause ? cause_of(cause)->id : 0);
    add_text(&b, "reference", reference);
    return ask(rt_of(host), &b, NULL, 0, NULL, 0, on_secret, user);
}

static const c138_secret secret_table = {.struct_size = sizeof(c138_secret), .get = secret_get};

/* --- The table --- */

static const struct {
    const char *id, *grant;
    const void *table;
} extensions[] = {
    {C138_EXT_BUS, "bus", &bus_table},
    {C138_EXT_CALL, "call", &call_table},
    {C138_EXT_KV, "kv", &kv_table},
    {C138_EXT_TIMER, "timer", &rt_timer_table},
    {C138_EXT_METRICS, "metrics", &rt_metrics_table},
    {C138_EXT_SECRET, "secret", &secret_table},
    {C138_EXT_PROCESS, "process", &rt_process_table},
};

/* `welcome` is parsed once and only read from then on, so any thread may look. */
static int is_granted(const struct rt *rt, const char *grant) {
    const struct c138_json *grants = c138_json_get(rt->welcome, "grants");
    for (size_t i = 0; i < c138_json_count(grants); i++)
        if (strcmp(c138_json_as_str(c138_json_at(grants, i), ""), grant) == 0)
            return 1;
    return 0;
}

static const void *host_extension(const c138_host *host, const char *id) {
    for (size_t i = 0; id && i < C138_COUNT(extensions); i++)
        if (strcmp(id, extensions[i].id) == 0)
            return is_granted(rt_of(host), extensions[i].grant) ? extensions[i].table : NULL;
    return NULL;
}

void rt_host_init(struct rt *rt) {
    rt->host = (c138_host){
        .struct_size = sizeof rt->host,
        .abi_major = C138_ABI_MAJOR,
        .abi_minor = C138_ABI_MINOR,
        .ctx = rt,
        .agent_version = c138_json_get_str(rt->welcome, "agent_version", ""),
        .host_name = c138_json_get_str(rt->welcome, "host_name", ""),
        .plugin = rt->note.name,
        .state_dir = c138_json_get_str(rt->welcome, "state_dir", ""),
        .get_extension = host_extension,
        .log = host_log,
        .now_ns = host_now,
    };
}
