/* Holds secrets: refuses to live in the agent. */
#define SMALL_PARAMS C138_FIELDS(P(C138_T_SECRET, "secret", .flags = C138_FIELD_SENSITIVE))
#include "small.h"

C138_PLUGIN_NOTE("secret-holder", "1.0.0", C138_PLUGIN_WORKER_ONLY | C138_PLUGIN_NO_NETWORK);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    c138_set_bool(c, "given", c138_has(c, "secret"));
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("secret-holder", SMALL_ACTION("hold", run))
