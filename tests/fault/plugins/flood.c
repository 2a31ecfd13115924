/* Publishes without end: from its action, and with `always` from the start. */
#define SMALL_FLAGS C138_ACTION_LONG
#define SMALL_EVENTS                                                                               \
    C138_EVENTS(                                                                                   \
        C138_EVENT(.severity = C138_SEVERITY_INFO, .topic = "flood.drop", .summary = "A drop"),    \
        C138_EVENT(.severity = C138_SEVERITY_INFO, .topic = "flood.kept",                          \
                   .summary = "A drop that is kept", .flags = C138_EVENT_KEEP))
#include "small.h"

C138_PLUGIN_NOTE("flood", "1.0.0", 0);

static uint32_t always;

static void burst(struct small *s, c138_call *c, const char *topic, int count) {
    const c138_bus *bus = s->host->get_extension(s->host, C138_EXT_BUS);
    for (int i = 0; bus && i < count; i++)
        (void)bus->publish(s->host, c, topic, "{\"text\":\"one of very many drops\"}");
}

static c138_status run(void *self, c138_call *c) {
    while (!c138_cancelled(c)) {
        burst(self, c, "flood.drop", 1000);
        burst(self, c, "flood.kept", 10);
    }
    return C138_E_CANCELLED;
}

static c138_status prepare(void *self, c138_call *settings) {
    (void)self;
    always = c138_int(settings, "always") != 0;
    return C138_OK;
}

static c138_status start(void *self) {
    struct small *s = self;
    const c138_timer *t = s->host->get_extension(s->host, C138_EXT_TIMER);
    return always && t ? t->start(s->host, 1, 0, 1) : C138_OK;
}

static void timer(void *self, uint64_t id) {
    (void)id;
    burst(self, NULL, "flood.drop", 1000);
}

SMALL_CREATE
SMALL_TABLE("flood", SMALL_ACTION("flood", run), .prepare = prepare, .start = start, .timer = timer,
            .settings = C138_FIELDS(P(C138_T_BOOL, "always", .default_text = "false")))
