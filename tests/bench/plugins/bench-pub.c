/*
 * Publishes as fast as its reader follows: `run` fills the window, each acknowledgement of the
 * reader lets go of as many again. So no event is dropped, and none waits for the publisher.
 */
#include <chain138/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

C138_PLUGIN_NOTE("bench-pub", "1.0.0", C138_PLUGIN_NO_NETWORK);

static struct {
    const c138_host *host;
    const c138_bus *bus;
    uint64_t left, failed;
    char json[256];
} self_;

static void publish(uint64_t n) {
    for (; n > 0 && self_.left > 0; n--, self_.left--)
        self_.failed += self_.bus->publish(self_.host, NULL, "bench-pub.event", self_.json) != 0;
}

static c138_status run(void *self, c138_call *c) {
    (void)self;
    size_t bytes = c138_uint(c, "bytes");
    if (!self_.bus || bytes < 16 || bytes >= sizeof self_.json)
        return c138_fail(c, C138_E_INVALID, "bench.bytes", "bench-pub: 16 to 255 bytes");
    (void)snprintf(self_.json, sizeof self_.json, "{\"text\":\"%*s\"}", (int)bytes - 11, "x");
    self_.left = c138_uint(c, "count");
    publish(c138_uint(c, "window"));
    c138_set_uint(c, "bytes", strlen(self_.json));
    c138_set_uint(c, "failed", self_.failed);
    return C138_OK;
}

static void event(void *self, const c138_event_in *in) {
    (void)self;
    publish(strtoull(in->json + strlen("{\"seen\":"), NULL, 10));
}

static c138_status create(const c138_host *host, void **ret_self) {
    self_.host = host;
    self_.bus = host->get_extension(host, C138_EXT_BUS);
    *ret_self = &self_;
    return C138_OK;
}

static void destroy(void *self) {
    (void)self;
}

#define UINT(name_) C138_FIELD(.type = C138_T_UINT, .name = name_, .summary = "A number")

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "bench-pub",
    .version = "1.0.0",
    .summary = "Publishes for the bench",
    .license = "Apache-2.0",
    .actions = C138_ACTIONS(
        C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .name = "run",
                    .summary = "Publish",
                    .params = C138_FIELDS(UINT("count"), UINT("window"), UINT("bytes")),
                    .run = run)),
    .events = C138_EVENTS(C138_EVENT(.severity = C138_SEVERITY_INFO, .topic = "bench-pub.event",
                                     .summary = "One of many")),
    .subscribes = C138_TEXTS("bench-sub.ack"),
    .create = create,
    .event = event,
    .destroy = destroy,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
