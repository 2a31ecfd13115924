/* The workhorse of the tests: a plugin that does a little of everything, and rightly. */
#include <chain138/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

C138_PLUGIN_NOTE("good", "1.2.3", C138_PLUGIN_NO_NETWORK);

struct good {
    const c138_host *host;
    const c138_bus *bus;
    const c138_caller *caller;
    const c138_kv *kv;
    const c138_timer *timer;
    const c138_metrics *metrics;
    const c138_secret *secret;
    char greeting[64], staged_greeting[64];
    int64_t interval_ns, staged_interval_ns;
    uint32_t degraded, staged_degraded;
    uint64_t ticks, events, dropped;
    char last_topic[128], last_source[64], last_json[1024];
};

static void copy(char *to, size_t size, const char *from) {
    (void)snprintf(to, size, "%s", from ? from : "");
}

static void count_call(struct good *g, const char *action) {
    if (g->metrics)
        (void)g->metrics->add(g->host, "chain138_good_calls_total", (const char *const[]){action},
                              1);
}

/* --- echo: one parameter of each type, given back as text and as numbers --- */

static const char *const echo_names[] = {
    "bool", "int",  "uint",    "decimal", "string", "enum", "duration", "size",  "time", "path",
    "url",  "cron", "address", "hash32",  "bytes",  "wei",  "enode",    "block", "list", "object",
};

static c138_status echo(void *self, c138_call *c) {
    count_call(self, "echo");
    for (size_t i = 0; i < sizeof echo_names / sizeof echo_names[0]; i++)
        if (c138_has(c, echo_names[i]))
            c138_set_str(c, echo_names[i], c138_str(c, echo_names[i]));
    c138_open_object(c, "typed");
    c138_set_int(c, "bool", c138_int(c, "bool"));
    c138_set_int(c, "int", c138_int(c, "int"));
    c138_set_uint(c, "uint", c138_uint(c, "uint"));
    c138_set_int(c, "duration_ns", c138_int(c, "duration"));
    c138_set_uint(c, "size_bytes", c138_uint(c, "size"));
    c138_set_int(c, "time_ns", c138_int(c, "time"));
    c138_set_uint(c, "list", c138_uint(c, "list"));
    c138_set_int(c, "first_ns", c138_int(c, "list.0"));
    c138_set_str(c, "inner", c138_str(c, "object.inner"));
    c138_set_uint(c, "inner_bytes", c138_uint(c, "object.room"));
    c138_close(c);
    c138_set_json(c, "params", c->params_json);
    c138_set_str(c, "principal", c->principal);
    return C138_OK;
}

#define P(type_, name_, ...)                                                                       \
    C138_FIELD(.type = type_, .name = name_, .summary = "A value of this type", __VA_ARGS__)

static const c138_field *const echo_params[] = {
    P(C138_T_BOOL, "bool", .default_text = "true"),
    P(C138_T_INT, "int", .min_text = "-1000", .max_text = "1000"),
    P(C138_T_UINT, "uint"),
    P(C138_T_DECIMAL, "decimal"),
    P(C138_T_STRING, "string", .flags = C138_FIELD_POSITIONAL, .max_text = "4000"),
    P(C138_T_ENUM, "enum", .choices = C138_TEXTS("red", "green")),
    P(C138_T_DURATION, "duration"),
    P(C138_T_SIZE, "size"),
    P(C138_T_TIME, "time"),
    P(C138_T_PATH, "path"),
    P(C138_T_URL, "url"),
    P(C138_T_CRON, "cron"),
    P(C138_T_ADDRESS, "address"),
    P(C138_T_HASH32, "hash32"),
    P(C138_T_BYTES, "bytes"),
    P(C138_T_WEI, "wei"),
    P(C138_T_ENODE, "enode"),
    P(C138_T_BLOCK, "block"),
    P(C138_T_SECRET, "secret", .flags = C138_FIELD_SENSITIVE),
    P(C138_T_LIST, "list", .fields = C138_FIELDS(P(C138_T_DURATION, "element"))),
    P(C138_T_OBJECT, "object",
      .fields = C138_FIELDS(P(C138_T_STRING, "inner"), P(C138_T_SIZE, "room"))),
    NULL,
};

/* --- kv, bus, call, secret --- */

static void take_number(void *user, const char *text, uint64_t length) {
    (void)length;
    *(uint64_t *)user = strtoull(text, NULL, 10);
}

static c138_status add(void *self, c138_call *c) {
    struct good *g = self;
    uint64_t total = 0;
    char text[24];
    count_call(g, "add");
    if (!g->kv)
        return c138_fail(c, C138_E_UNAVAILABLE, "kv.absent", "good: kv is not granted here");
    c138_status st = g->kv->get(g->host, "total", take_number, &total);
    if (st != C138_OK && st != C138_E_NOTFOUND)
        return c138_fail(c, st, "kv.get", "good: the total cannot be read");
    total += c138_uint(c, "n");
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)total);
    st = g->kv->put(g->host, "total", text, strlen(text));
    if (st != C138_OK)
        return c138_fail(c, st, "kv.put", "good: the total cannot be written");
    c138_set_uint(c, "total", total);
    return C138_OK;
}

static c138_status emit(void *self, c138_call *c) {
    struct good *g = self;
    char json[256];
    uint64_t n = c138_uint(c, "count"), failed = 0;
    const char *topic = c138_str(c, "topic");
    if (!g->bus)
        return c138_fail(c, C138_E_UNAVAILABLE, "bus.absent", "good: bus is not granted here");
    for (uint64_t i = 0; i < n; i++) {
        (void)snprintf(json, sizeof json, "{\"number\":%llu,\"text\":\"%.64s\"}",
                       (unsigned long long)i, g->greeting);
        failed += g->bus->publish(g->host, c, topic, json) != C138_OK;
    }
    c138_set_uint(c, "failed", failed);
    return C138_OK;
}

static void take_result(void *user, const char *text, uint64_t length) {
    (void)length;
    c138_call *c = user;
    c138_set_json(c, "answer", text);
}

static c138_status relay(void *self, c138_call *c) {
    struct good *g = self;
    if (!g->caller)
        return c138_fail(c, C138_E_UNAVAILABLE, "call.absent", "good: call is not granted here");
    c138_status st = g->caller->call(g->host, c, c138_str(c, "action"), c138_str(c, "params"), 0,
                                     take_result, c);
    c138_set_int(c, "status", st);
    return C138_OK;
}

static void take_plan(void *user, const char *text, uint64_t length) {
    (void)length;
    c138_call *c = user;
    c138_set_json(c, "plan", text);
}

/* Its plan lists a call of somebody else; its run makes it, or with `other` one that nobody approved. */
static c138_status combine(void *self, c138_call *c) {
    struct good *g = self;
    const char *action = c138_str(c, "action"), *params = c138_str(c, "params");
    if (!C138_HAS(c138_caller, g->caller, plan))
        return c138_fail(c, C138_E_UNAVAILABLE, "call.absent", "good: plans are not to be had here");
    if (c->dry_run) {
        c138_open_list(c, "calls");
        c138_open_object(c, NULL);
        c138_set_str(c, "action", action);
        c138_set_json(c, "params", params);
        c138_status st = g->caller->plan(g->host, c, action, params, 0, take_plan, c);
        c138_close(c);
        c138_close(c);
        return st == C138_OK ? st : c138_fail(c, st, "good.plan", "good: no plan came");
    }
    if (c138_has(c, "other"))
        params = c138_str(c, "other");
    c138_status st = g->caller->call(g->host, c, action, params, 0, take_result, c);
    c138_set_int(c, "status", st);
    return C138_OK;
}

static void take_length(void *user, const char *text, uint64_t length) {
    (void)text;
    *(uint64_t *)user = length;
}

static c138_status secret_length(void *self, c138_call *c) {
    struct good *g = self;
    uint64_t length = 0;
    if (!g->secret)
        return c138_fail(c, C138_E_UNAVAILABLE, "secret.absent", "good: secret is not granted");
    c138_status st = g->secret->get(g->host, c, c138_str(c, "secret"), take_length, &length);
    if (st != C138_OK)
        return c138_fail(c, st, "secret.get", "good: the secret cannot be had");
    c138_set_uint(c, "length", length);
    return C138_OK;
}

/* --- Waiting, on the actor and beside it --- */

static void nap(int64_t ns) {
    struct timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    (void)nanosleep(&ts, NULL);
}

static c138_status slow(void *self, c138_call *c) {
    (void)self;
    uint64_t steps = c138_uint(c, "steps");
    int64_t pause = c138_int(c, "pause");
    for (uint64_t i = 0; i < steps; i++) {
        char text[64];
        if (c138_cancelled(c))
            return c138_fail(c, C138_E_CANCELLED, "slow.cancelled",
                             "good: stopped at a safe point");
        (void)snprintf(text, sizeof text, "step %llu", (unsigned long long)i + 1);
        c138_progress(c, (uint32_t)(i * 1000 / steps), text);
        c138_call_log(c, C138_LOG_INFO, text);
        nap(pause);
    }
    c138_set_uint(c, "steps", steps);
    return C138_OK;
}

/* --- What it has seen --- */

static c138_status seen(void *self, c138_call *c) {
    struct good *g = self;
    c138_set_uint(c, "events", g->events);
    c138_set_uint(c, "dropped", g->dropped);
    c138_set_uint(c, "ticks", g->ticks);
    c138_set_str(c, "topic", g->last_topic);
    c138_set_str(c, "source", g->last_source);
    c138_set_str(c, "json", g->last_json);
    c138_set_str(c, "greeting", g->greeting);
    return C138_OK;
}

static c138_status fail_it(void *self, c138_call *c) {
    (void)self;
    if (c138_has(c, "message"))
        return c138_fail(c, C138_E_CONFLICT, "good.asked", c138_str(c, "message"));
    return C138_E_CONFLICT;
}

static c138_status wipe(void *self, c138_call *c) {
    struct good *g = self;
    c138_set_str(c, "what", "everything");
    c138_set_bool(c, "done", !c->dry_run);
    if (c->plan_json)
        c138_set_json(c, "plan", c->plan_json);
    if (!c->dry_run)
        g->events = 0;
    return C138_OK;
}

#define SLOW_PARAMS                                                                                \
    C138_FIELDS(P(C138_T_UINT, "steps", .default_text = "10", .min_text = "1"),                    \
                P(C138_T_DURATION, "pause", .default_text = "10ms"))

static const c138_action *const actions[] = {
    C138_ACTION(.effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER, .name = "echo",
                .summary = "Give back what came in", .example = "--string hello",
                .params = echo_params, .run = echo),
    C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "add",
                .summary = "Add to a number that is kept",
                .params = C138_FIELDS(P(C138_T_UINT, "n", .default_text = "1")), .run = add),
    C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "emit",
                .summary = "Publish events", .flags = C138_ACTION_IDEMPOTENT,
                .params = C138_FIELDS(P(C138_T_UINT, "count", .default_text = "1"),
                                      P(C138_T_STRING, "topic", .default_text = "good.note")),
                .run = emit),
    C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "relay",
                .summary = "Call an action of another plugin",
                .params = C138_FIELDS(P(C138_T_STRING, "action", .flags = C138_FIELD_REQUIRED),
                                      P(C138_T_OBJECT, "params", .default_text = "{}")),
                .run = relay),
    C138_ACTION(.effect = C138_EFFECT_DANGEROUS, .role = C138_ROLE_OPERATOR, .name = "combine",
                .summary = "Call an action of another plugin, as it was approved",
                .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
                .params = C138_FIELDS(P(C138_T_STRING, "action", .flags = C138_FIELD_REQUIRED),
                                      P(C138_T_OBJECT, "params", .default_text = "{}"),
                                      P(C138_T_OBJECT, "other")),
                .run = combine),
    C138_ACTION(.effect = C138_EFFECT_READ, .role = C138_ROLE_OPERATOR, .name = "secret-length",
                .summary = "How long a secret is",
                .params = C138_FIELDS(P(C138_T_SECRET, "secret", .flags = C138_FIELD_REQUIRED)),
                .run = secret_length),
    C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "slow",
                .summary = "Take its time beside the actor", .flags = C138_ACTION_LONG,
                .params = SLOW_PARAMS, .run = slow),
    C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "wait",
                .summary = "Take its time on the actor", .lock = "good-wait", .params = SLOW_PARAMS,
                .run = slow),
    C138_ACTION(.effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER, .name = "seen",
                .summary = "What arrived here", .run = seen),
    C138_ACTION(.effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER, .name = "fail",
                .summary = "Fail", .params = C138_FIELDS(P(C138_T_STRING, "message")),
                .run = fail_it),
    C138_ACTION(.effect = C138_EFFECT_DANGEROUS, .role = C138_ROLE_CUSTODIAN, .name = "wipe",
                .summary = "Forget everything", .flags = C138_ACTION_DRY_RUN, .run = wipe),
    NULL,
};

/* --- Callbacks --- */

static c138_status create(const c138_host *host, void **ret_self) {
    struct good *g = calloc(1, sizeof *g);
    if (!g)
        return C138_E_INTERNAL;
    g->host = host;
    g->bus = host->get_extension(host, C138_EXT_BUS);
    g->caller = host->get_extension(host, C138_EXT_CALL);
    g->kv = host->get_extension(host, C138_EXT_KV);
    g->timer = host->get_extension(host, C138_EXT_TIMER);
    g->metrics = host->get_extension(host, C138_EXT_METRICS);
    g->secret = host->get_extension(host, C138_EXT_SECRET);
    *ret_self = g;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    struct good *g = self;
    const char *greeting = c138_str(settings, "greeting");
    if (greeting && strcmp(greeting, "refuse me") == 0)
        return c138_fail(settings, C138_E_INVALID, "good.greeting",
                         "good: this greeting is refused: choose another one");
    copy(g->staged_greeting, sizeof g->staged_greeting, greeting);
    g->staged_interval_ns = c138_int(settings, "interval");
    g->staged_degraded = c138_int(settings, "degraded") != 0;
    return C138_OK;
}

static void commit(void *self, uint32_t apply) {
    struct good *g = self;
    if (!apply)
        return;
    copy(g->greeting, sizeof g->greeting, g->staged_greeting);
    g->interval_ns = g->staged_interval_ns;
    g->degraded = g->staged_degraded;
}

static c138_status start(void *self) {
    struct good *g = self;
    if (g->timer && g->interval_ns > 0)
        (void)g->timer->start(g->host, 1, g->interval_ns, g->interval_ns);
    if (g->metrics)
        (void)g->metrics->set(g->host, "chain138_good_level", NULL, 1);
    g->host->log(g->host, C138_LOG_NOTICE, "good: started");
    return C138_OK;
}

static void event(void *self, const c138_event_in *in) {
    struct good *g = self;
    g->events++;
    g->dropped += in->dropped;
    copy(g->last_topic, sizeof g->last_topic, in->topic);
    copy(g->last_source, sizeof g->last_source, in->source);
    copy(g->last_json, sizeof g->last_json, in->json);
}

static void timer(void *self, uint64_t id) {
    struct good *g = self;
    g->ticks += id == 1;
}

static void destroy(void *self) {
    free(self);
}

static uint32_t health(void *self, c138_text_fn on_text, void *user) {
    const struct good *g = self;
    const char *text = g->degraded ? "told to be degraded" : "all is well";
    on_text(user, text, strlen(text));
    return g->degraded ? C138_HEALTH_DEGRADED : C138_HEALTH_OK;
}

static void status(void *self, c138_call *out) {
    const struct good *g = self;
    c138_open_list(out, "items");
    c138_open_object(out, NULL);
    c138_set_str(out, "name", "good");
    c138_set_str(out, "state", g->degraded ? "warning" : "ok");
    c138_set_str(out, "text", g->greeting);
    c138_close(out);
    c138_close(out);
}

static const void *get_extension(void *self, const char *id) {
    static const c138_health health_table = {.struct_size = sizeof health_table, .health = health};
    static const c138_status_ext status_table = {.struct_size = sizeof status_table,
                                                 .status = status};
    (void)self;
    if (strcmp(id, C138_EXT_HEALTH) == 0)
        return &health_table;
    return strcmp(id, C138_EXT_STATUS) == 0 ? &status_table : NULL;
}

#define NOTE_FIELDS C138_FIELDS(P(C138_T_UINT, "number"), P(C138_T_STRING, "text"))

static const c138_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "good",
    .version = "1.2.3",
    .summary = "A plugin for tests that does everything rightly",
    .license = "Apache-2.0",
    .settings = C138_FIELDS(
        P(C138_T_STRING, "greeting", .default_text = "hello"),
        P(C138_T_DURATION, "interval", .default_text = "0s", .flags = C138_FIELD_RESTART),
        P(C138_T_BOOL, "degraded", .default_text = "false")),
    .actions = actions,
    .events = C138_EVENTS(C138_EVENT(.severity = C138_SEVERITY_INFO, .topic = "good.note",
                                     .summary = "A note", .fields = NOTE_FIELDS),
                          C138_EVENT(.severity = C138_SEVERITY_WARNING, .topic = "good.kept",
                                     .summary = "A note that is kept", .flags = C138_EVENT_KEEP,
                                     .fields = NOTE_FIELDS),
                          C138_EVENT(.severity = C138_SEVERITY_INFO, .topic = "good.latest",
                                     .summary = "A note of which the newest counts",
                                     .flags = C138_EVENT_COALESCE, .fields = NOTE_FIELDS)),
    .subscribes = C138_TEXTS("good.note", "good.kept", "flood.*", "test.*"),
    .metrics =
        C138_METRICS(C138_METRIC(.type = C138_METRIC_COUNTER, .name = "chain138_good_calls_total",
                                 .help = "Calls of actions", .labels = C138_TEXTS("action")),
                     C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_good_level",
                                 .help = "A level that is one")),
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .event = event,
    .timer = timer,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
