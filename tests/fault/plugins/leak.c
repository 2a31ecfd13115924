/* Takes memory without end, and uses it. */
#define SMALL_FLAGS C138_ACTION_LONG
#include "small.h"

#include <stdlib.h>
#include <unistd.h>

C138_PLUGIN_NOTE("leak", "1.0.0", C138_PLUGIN_WORKER_ONLY);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    while (!c138_cancelled(c)) {
        char *volatile p = malloc(1 << 20);
        if (!p)
            abort();
        memset(p, 1, 1 << 20);
        (void)usleep(500);
    }
    return C138_E_CANCELLED;
}

SMALL_CREATE
SMALL_TABLE("leak", SMALL_ACTION("leak", run))
