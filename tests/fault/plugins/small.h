/*
 * What the small plugins share, so that each of them shows its one idea only: a table around one
 * action `run`, and callbacks that do nothing.
 */
#ifndef TESTS_FAULT_SMALL_H
#define TESTS_FAULT_SMALL_H
#include <chain138/host.h>

#include <errno.h>
#include <string.h>

struct small {
    const c138_host *host;
};

/* Before SMALL_PLUGIN a source may say otherwise. */
#ifndef SMALL_PARAMS
#define SMALL_PARAMS NULL
#endif
#ifndef SMALL_FLAGS
#define SMALL_FLAGS 0
#endif
#ifndef SMALL_EVENTS
#define SMALL_EVENTS NULL
#endif

#define P(type_, name_, ...)                                                                       \
    C138_FIELD(.type = type_, .name = name_, .summary = "See the source", __VA_ARGS__)

#define SMALL_CREATE                                                                               \
    static c138_status create(const c138_host *host, void **ret_self) {                            \
        static struct small self;                                                                  \
        self.host = host;                                                                          \
        *ret_self = &self;                                                                         \
        return C138_OK;                                                                            \
    }                                                                                              \
    static void destroy(void *self) {                                                              \
        (void)self;                                                                                \
    }

#define SMALL_ACTION(action_, run_)                                                                \
    C138_ACTIONS(C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR,              \
                             .name = action_, .summary = "Do it", .flags = SMALL_FLAGS,            \
                             .params = SMALL_PARAMS, .run = run_))

#define SMALL_TABLE(name_, actions_, ...)                                                          \
    static const c138_plugin plugin = {.struct_size = sizeof plugin,                               \
                                       .abi_major = C138_ABI_MAJOR,                                \
                                       .abi_minor = C138_ABI_MINOR,                                \
                                       .name = name_,                                              \
                                       .version = "1.0.0",                                         \
                                       .summary = "A plugin for tests of faults",                  \
                                       .license = "Apache-2.0",                                    \
                                       .actions = actions_,                                        \
                                       .events = SMALL_EVENTS,                                     \
                                       .create = create,                                           \
                                       .destroy = destroy,                                         \
                                       __VA_ARGS__};                                               \
    const c138_plugin *c138_plugin_entry(void) {                                                   \
        return &plugin;                                                                            \
    }

/* "done", or why not: how a try to do what is forbidden ended. */
static inline void report_try(c138_call *c, const char *key, long result) {
    c138_set_str(c, key, result >= 0 ? "done" : strerror(errno));
}
#endif
