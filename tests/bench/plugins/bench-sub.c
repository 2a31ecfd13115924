/*
 * Counts what arrives, acknowledges each `batch`, and tells when all `count` are there. Its action
 * `ping` gives back what came in.
 */
#include <chain138/host.h>

#include <stdio.h>

C138_PLUGIN_NOTE("bench-sub", "1.0.0", C138_PLUGIN_NO_NETWORK);

static struct {
    const c138_host *host;
    const c138_bus *bus;
    uint64_t seen, dropped, count, batch;
} self_;

static c138_status expect(void *self, c138_call *c) {
    (void)self;
    self_.seen = self_.dropped = 0;
    self_.count = c138_uint(c, "count");
    self_.batch = c138_uint(c, "batch");
    return self_.bus && self_.batch ? C138_OK
                                    : c138_fail(c, C138_E_INVALID, "bench.batch",
                                                "bench-sub: needs the bus and a batch");
}

static c138_status ping(void *self, c138_call *c) {
    (void)self;
    c138_set_uint(c, "n", c138_uint(c, "n"));
    return C138_OK;
}

static void event(void *self, const c138_event_in *in) {
    char json[128];
    (void)self;
    self_.dropped += in->dropped;
    if (++self_.seen % self_.batch == 0) {
        (void)snprintf(json, sizeof json, "{\"seen\":%llu}", (unsigned long long)self_.batch);
        (void)self_.bus->publish(self_.host, NULL, "bench-sub.ack", json);
    }
    if (self_.seen != self_.count)
        return;
    (void)snprintf(json, sizeof json, "{\"at_ns\":%lld,\"dropped\":%llu}",
                   (long long)self_.host->now_ns(self_.host, C138_CLOCK_MONOTONIC),
                   (unsigned long long)self_.dropped);
    (void)self_.bus->publish(self_.host, NULL, "bench-sub.done", json);
}

static c138_status create(const c138_host *host, void **ret_self) {
    self_.host = host;
    self_.batch = 1;
    self_.bus = host->get_extension(host, C138_EXT_BUS);
    *ret_self = &self_;
    return C138_OK;
}

static void destroy(void *self) {
    (void)self;
}

#define UINT(name_) C138_FIELD(.type = C138_T_UINT, .name = name_, .summary = "A number")
#define EVENT(topic_)                                                                              \
    C138_EVENT(.severity = C138_SEVERITY_INFO, .topic = topic_, .summary = "See the source")

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "bench-sub",
    .version = "1.0.0",
    .summary = "Reads for the bench",
    .license = "Apache-2.0",
    .actions = C138_ACTIONS(
        C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "expect",
                    .summary = "Count anew", .params = C138_FIELDS(UINT("count"), UINT("batch")),
                    .run = expect),
        C138_ACTION(.effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER, .name = "ping",
                    .summary = "Answer", .params = C138_FIELDS(UINT("n")), .run = ping)),
    .events = C138_EVENTS(EVENT("bench-sub.ack"), EVENT("bench-sub.done")),
    .subscribes = C138_TEXTS("bench-pub.event"),
    .create = create,
    .event = event,
    .destroy = destroy,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
