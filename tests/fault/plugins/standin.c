/*
 * Stands in for another plugin on the bus, as far as backups ask it. STANDIN says for which: 1 stack, 2 besu, 3 keys.
 * What it is asked is a line of its state folder's file `asked`; what it answers comes from its settings.
 */
#include "small.h"

#include <stdio.h>
#include <unistd.h>

#if STANDIN == 1
#define NAME "stack"
#elif STANDIN == 2
#define NAME "besu"
#else
#define NAME "keys"
#endif
C138_PLUGIN_NOTE(NAME, "1.0.0", 0);

static char answer[4096] = "{}", fails[64];

static void note(const struct small *s, const char *what, const char *params) {
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/asked", s->host->state_dir);
    FILE *f = fopen(path, "ae");
    if (f) {
        (void)fprintf(f, "%s %s\n", what, params);
        (void)fclose(f);
    }
}

static c138_status run(void *self, c138_call *c) {
    const char *name = strchr(c->action, '.') + 1;
    note(self, name, c->params_json);
    if (!strcmp(name, fails))
        return c138_fail(c, C138_E_CONFLICT, "standin.no", "the stand-in refuses");
#if STANDIN == 2
    c138_set_json(c, "members", answer);
    c138_set_int(c, "margin", strstr(answer, "\"missing\"") ? 0 : 1);
    c138_set_uint(c, "validators", 4);
    c138_set_uint(c, "quorum", 3);
    c138_set_uint(c, "missing", strstr(answer, "\"missing\"") ? 1 : 0);
#elif STANDIN == 3
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/sealed.json", ((struct small *)self)->host->state_dir);
    FILE *f = fopen(path, "we");
    if (!f || fputs("{\"sealed\":true}", f) < 0 || fclose(f))
        return C138_E_INTERNAL;
    c138_set_str(c, "path", path);
    c138_set_str(c, "id", c->job_id);
    c138_set_json(c, "keys", "[\"validator\"]");
#endif
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    (void)self;
    (void)snprintf(answer, sizeof(answer), "%s", c138_str(settings, "answer"));
    (void)snprintf(fails, sizeof(fails), "%s", c138_str(settings, "fails"));
    return C138_OK;
}

static void commit(void *self, uint32_t apply) {
    (void)self, (void)apply;
}

#define NAMED(n, e)                                                                                \
    C138_ACTION(                                                                                   \
        .effect = e, .role = C138_ROLE_OPERATOR, .name = n, .summary = "A stand-in's", .run = run,   \
        .params = C138_FIELDS(P(C138_T_LIST, "services", .fields = C138_FIELDS(P(C138_T_STRING, "s"))), \
                              P(C138_T_STRING, "node")),                                           \
        .results = C138_FIELDS(P(C138_T_LIST, "members", .fields = C138_FIELDS(P(C138_T_OBJECT, "m"))), \
                               P(C138_T_INT, "margin"), P(C138_T_UINT, "validators"),              \
                               P(C138_T_UINT, "quorum"), P(C138_T_UINT, "missing"),                \
                               P(C138_T_STRING, "path"), P(C138_T_STRING, "id"),                   \
                               P(C138_T_LIST, "keys", .fields = C138_FIELDS(P(C138_T_STRING, "k")))))

SMALL_CREATE
SMALL_TABLE(NAME,
            C138_ACTIONS(NAMED("stop", C138_EFFECT_WRITE), NAMED("start", C138_EFFECT_WRITE),
                         NAMED("validators", C138_EFFECT_READ), NAMED("backup", C138_EFFECT_WRITE)),
            .settings = C138_FIELDS(P(C138_T_STRING, "answer", .default_text = "[]"),
                                    P(C138_T_STRING, "fails", .default_text = "")),
            .prepare = prepare, .commit = commit)
