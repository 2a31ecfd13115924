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

/* The same, watched: pieces are counted, and `input` is the text after which it is to stop. */
struct watched {
    const char *until;
    uint64_t bytes, pieces;
    int seen;
};

static void on_piece(void *user, const char *text, uint64_t length) {
    struct watched *w = user;
    w->bytes += length;
    w->pieces++;
    w->seen |= w->until && strstr(text, w->until) != NULL;
}

static uint32_t is_seen(void *user) {
    return ((struct watched *)user)->seen != 0;
}

static c138_status watch(void *self, c138_call *c) {
    struct small *s = self;
    const c138_process *p = s->host->get_extension(s->host, C138_EXT_PROCESS);
    const char *argv[10] = {c138_str(c, "program")};
    struct watched w = {.until = c138_str(c, "input")};
    int32_t code = -1;
    for (uint64_t i = 0; i < c138_uint(c, "args") && i < 8; i++) {
        char path[16];
        (void)snprintf(path, sizeof path, "args.%d", (int)i);
        argv[i + 1] = c138_str(c, path);
    }
    if (!C138_HAS(c138_process, p, watch))
        return c138_fail(c, C138_E_UNAVAILABLE, "process.absent", "runner: process is not granted");
    c138_status st = p->watch(s->host, c, argv, NULL, c138_int(c, "timeout"), on_piece, NULL, is_seen, &w,
                              &code);
    c138_set_int(c, "status", st);
    c138_set_int(c, "exit", code);
    c138_set_uint(c, "bytes", w.bytes);
    c138_set_uint(c, "pieces", w.pieces);
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("runner",
            C138_ACTIONS(C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR,
                                     .name = "run", .summary = "Do it", .params = SMALL_PARAMS,
                                     .run = run),
                         C138_ACTION(.effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR,
                                     .name = "watch", .summary = "Watch it",
                                     .params = SMALL_PARAMS, .run = watch)))
