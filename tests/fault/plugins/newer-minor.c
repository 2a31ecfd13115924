/*
 * Made for contract 1.7, which is not written yet: its tables are longer, and it knows a host table
 * with one more function. On an older agent it does without, because it asks first.
 */
#include <chain138/abi.h>
#undef C138_ABI_MINOR
#define C138_ABI_MINOR 7u
#include <chain138/host.h>

C138_PLUGIN_NOTE("newer-minor", "1.0.0", 0);

struct host_1_7 {
    uint32_t struct_size; /* where C138_HAS() looks */
    char of_1_0[sizeof(c138_host) - sizeof(uint32_t)];
    const char *(*region)(const c138_host *);
};
struct action_1_7 {
    c138_action of_1_0;
    const char *icon;
};
struct plugin_1_7 {
    c138_plugin of_1_0;
    const char *homepage;
};

static const c138_host *host_given;

static c138_status create(const c138_host *host, void **ret_self) {
    host_given = host;
    *ret_self = &host_given;
    return C138_OK;
}

static c138_status region(void *self, c138_call *c) {
    (void)self;
    const struct host_1_7 *h = (const struct host_1_7 *)(const void *)host_given;
    int has = C138_HAS(struct host_1_7, h, region);
    c138_set_str(c, "region", has ? h->region(host_given) : "unknown: the agent is older");
    c138_set_bool(c, "next_revision",
                  host_given->get_extension(host_given, "chain138.kv/2") != NULL);
    return C138_OK;
}

static void destroy(void *self) {
    (void)self;
}

static const struct action_1_7 region_action = {
    .of_1_0 = {.struct_size = sizeof(struct action_1_7),
               .effect = C138_EFFECT_READ,
               .role = C138_ROLE_VIEWER,
               .name = "region",
               .summary = "Where this host is, if the agent can tell",
               .run = region},
    .icon = "globe"};

static const struct plugin_1_7 plugin = {.of_1_0 = {.struct_size = sizeof(struct plugin_1_7),
                                                    .abi_major = C138_ABI_MAJOR,
                                                    .abi_minor = C138_ABI_MINOR,
                                                    .name = "newer-minor",
                                                    .version = "1.0.0",
                                                    .summary = "A plugin of a newer contract",
                                                    .license = "Apache-2.0",
                                                    .actions = C138_ACTIONS(&region_action.of_1_0),
                                                    .create = create,
                                                    .destroy = destroy},
                                         .homepage = "https://example.org"};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin.of_1_0;
}
