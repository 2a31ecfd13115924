/* Made for a contract of another major version. */
#include <chain138/abi.h>
#undef C138_ABI_MAJOR
#define C138_ABI_MAJOR 2u
#include "small.h"

C138_PLUGIN_NOTE("wrong-major", "1.0.0", 0);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    (void)c;
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("wrong-major", SMALL_ACTION("run", run))
