/* An action that says it is larger than any struct of any contract. */
#include "small.h"

C138_PLUGIN_NOTE("lying-size", "1.0.0", 0);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    (void)c;
    return C138_OK;
}

static const c138_action lie = {.struct_size = 0xffffff,
                                .effect = C138_EFFECT_READ,
                                .role = C138_ROLE_VIEWER,
                                .name = "lie",
                                .summary = "Lie",
                                .run = run};
SMALL_CREATE
SMALL_TABLE("lying-size", C138_ACTIONS(&lie))
