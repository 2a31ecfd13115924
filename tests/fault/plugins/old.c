/* Compiled against old-1.0/, the headers as they were when the contract was first published. */
#include <chain138/host.h>

#include <stddef.h>

C138_PLUGIN_NOTE("old", "1.0.0", 0);

static const c138_host *host_given;

static c138_status create(const c138_host *host, void **ret_self) {
    host_given = host;
    *ret_self = &host_given;
    return C138_OK;
}

static c138_status ask(void *self, c138_call *c) {
    (void)self;
    c138_set_str(c, "word", c138_str(c, "word"));
    c138_set_uint(c, "contract_minor", C138_ABI_MINOR);
    c138_set_bool(c, "kv", host_given->get_extension(host_given, C138_EXT_KV) != NULL);
    return C138_OK;
}

static void destroy(void *self) {
    (void)self;
}

static const c138_field word = {.struct_size = sizeof word,
                                .type = C138_T_STRING,
                                .name = "word",
                                .summary = "A word",
                                .default_text = "old"};
static const c138_field *const params[] = {&word, NULL};
static const c138_action ask_action = {.struct_size = sizeof ask_action,
                                       .effect = C138_EFFECT_READ,
                                       .role = C138_ROLE_VIEWER,
                                       .name = "ask",
                                       .summary = "Answer as ever",
                                       .params = params,
                                       .run = ask};
static const c138_action *const actions[] = {&ask_action, NULL};
static const c138_plugin plugin = {.struct_size = sizeof plugin,
                                   .abi_major = C138_ABI_MAJOR,
                                   .abi_minor = C138_ABI_MINOR,
                                   .name = "old",
                                   .version = "1.0.0",
                                   .summary = "A plugin of the first contract",
                                   .license = "Apache-2.0",
                                   .actions = actions,
                                   .create = create,
                                   .destroy = destroy};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
