/* Ends its process. */
#define SMALL_PARAMS C138_FIELDS(P(C138_T_INT, "code", .default_text = "0"))
#include "small.h"

#include <unistd.h>

C138_PLUGIN_NOTE("exit", "1.0.0", C138_PLUGIN_WORKER_ONLY);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    _exit((int)c138_int(c, "code"));
}

SMALL_CREATE
SMALL_TABLE("exit", SMALL_ACTION("exit", run))
