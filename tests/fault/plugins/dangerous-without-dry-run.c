/* A dangerous action that cannot be planned. */
#include "small.h"

C138_PLUGIN_NOTE("dangerous-without-dry-run", "1.0.0", 0);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    (void)c;
    return C138_OK;
}

static const c138_action drop = {.struct_size = sizeof drop,
                                 .effect = C138_EFFECT_DANGEROUS,
                                 .role = C138_ROLE_CUSTODIAN,
                                 .name = "drop",
                                 .summary = "Drop everything",
                                 .run = run};
SMALL_CREATE
SMALL_TABLE("dangerous-without-dry-run", C138_ACTIONS(&drop))
