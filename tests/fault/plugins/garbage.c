/* Writes noise on the wire behind the runtime's back. */
#include "small.h"

#include <unistd.h>

C138_PLUGIN_NOTE("garbage", "1.0.0", C138_PLUGIN_WORKER_ONLY);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    c138_set_int(c, "written", write(3, "this is no frame of anybody's, is it?", 37));
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("garbage", SMALL_ACTION("write", run))
