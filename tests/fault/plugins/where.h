/*
 * A plugin that strikes in the callback that its setting `where` names. create() runs before there
 * are settings: it strikes if its state folder holds a file "strike-in-create". A source defines
 * WHERE_NAME and strike() and includes this.
 */
#include <chain138/host.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    const c138_host *host;
    char where[16];
} self_;

static void strike(void);

static int is_here(const char *callback) {
    return strcmp(self_.where, callback) == 0;
}

static c138_status create(const c138_host *host, void **ret_self) {
    char path[512];
    self_.host = host;
    *ret_self = &self_;
    (void)snprintf(path, sizeof path, "%s/strike-in-create", host->state_dir);
    if (access(path, F_OK) == 0)
        strike();
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    (void)self;
    (void)snprintf(self_.where, sizeof self_.where, "%s", c138_str(settings, "where"));
    if (is_here("prepare"))
        strike();
    return C138_OK;
}

static void commit(void *self, uint32_t apply) {
    (void)self;
    (void)apply;
    if (is_here("commit"))
        strike();
}

static c138_status start(void *self) {
    (void)self;
    const c138_timer *t = self_.host->get_extension(self_.host, C138_EXT_TIMER);
    if (is_here("start"))
        strike();
    if (is_here("timer") && t)
        (void)t->start(self_.host, 1, 1000000, 0);
    return C138_OK;
}

static void event(void *self, const c138_event_in *in) {
    (void)self;
    (void)in;
    if (is_here("event"))
        strike();
}

static void timer(void *self, uint64_t id) {
    (void)self;
    (void)id;
    strike();
}

static void stop(void *self) {
    (void)self;
    if (is_here("stop"))
        strike();
}

static void destroy(void *self) {
    (void)self;
    if (is_here("destroy"))
        strike();
}

static c138_status run(void *self, c138_call *c) {
    (void)self;
    if (is_here("run"))
        strike();
    c138_set_str(c, "where", self_.where);
    return C138_OK;
}

static c138_status run_long(void *self, c138_call *c) {
    (void)self;
    if (is_here("long"))
        strike();
    c138_set_str(c, "where", self_.where);
    return C138_OK;
}

static const c138_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = WHERE_NAME,
    .version = "1.0.0",
    .summary = "A plugin that strikes where it is told",
    .license = "Apache-2.0",
    .settings =
        C138_FIELDS(C138_FIELD(.type = C138_T_ENUM, .name = "where", .summary = "The callback",
                               .default_text = "never",
                               .choices = C138_TEXTS("never", "prepare", "commit", "start", "event",
                                                     "timer", "run", "long", "stop", "destroy"))),
    .actions = C138_ACTIONS(
        C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "run",
                    .summary = "Strike on the actor", .timeout_ns = 1000000000, .run = run),
        C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "long",
                    .summary = "Strike beside the actor", .timeout_ns = 1000000000,
                    .flags = C138_ACTION_LONG, .run = run_long)),
    .subscribes = C138_TEXTS("good.*", "test.*"),
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .event = event,
    .timer = timer,
    .stop = stop,
    .destroy = destroy,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
