/* Starts a program through the agent's service. */
#define SMALL_PARAMS                                                                               \
    C138_FIELDS(P(C138_T_PATH, "program", .flags = C138_FIELD_REQUIRED),                           \
                P(C138_T_LIST, "args", .fields = C138_FIELDS(P(C138_T_STRING, "arg"))),            \
                P(C138_T_STRING, "input"), P(C138_T_DURATION, "timeout", .default_text = "5s"),    \
                P(C138_T_SIZE, "output_max", .default_text = "1MiB"))
#include "small.h"

#include <stdio.h>

C138_PLUGIN_NOTE("runner", "1.0.0", C138_PLUGIN_SPAWNS);

static void take_out(void *user, const char *text, uint64_t length) {
    c138_call *c = user;
    if (length < 10000)
        c138_set_str(c, "stdout", text);
}

static void take_err(void *user, const char *text, uint64_t length) {
    c138_call *c = user;
    if (length < 10000)
        c138_set_str(c, "stderr", text);
}

static c138_status run(void *self, c138_call *c) {
    struct small *s = self;
    const c138_process *p = s->host->get_extension(s->host, C138_EXT_PROCESS);
    const char *argv[10] = {c138_str(c, "program")}, *input = c138_str(c, "input");
    for (uint64_t i = 0; i < c138_uint(c, "args") && i < 8; i++) {
        char path[16];
        (void)snprintf(path, sizeof path, "args.%d", (int)i);
        argv[i + 1] = c138_str(c, path);
    }
    if (!p)
        return c138_fail(c, C138_E_UNAVAILABLE, "process.absent", "runner: process is not granted");
    int32_t code = -1;
    c138_status st =
        p->run(s->host, c, argv, NULL, input, input ? strlen(input) : 0, c138_int(c, "timeout"),
               c138_uint(c, "output_max"), take_out, take_err, c, &code);
    c138_set_int(c, "status", st);
    c138_set_int(c, "exit", code);
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("runner", SMALL_ACTION("run", run))
