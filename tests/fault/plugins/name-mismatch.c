/* The note says one name, the table another. */
#include "small.h"

C138_PLUGIN_NOTE("name-mismatch", "1.0.0", 0);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    (void)c;
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("somebody-else", SMALL_ACTION("run", run))
