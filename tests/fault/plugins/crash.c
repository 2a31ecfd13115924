/* Crashes, as a wild pointer does. */
#define WHERE_NAME "crash"
#include "where.h"

C138_PLUGIN_NOTE("crash", "1.0.0", C138_PLUGIN_WORKER_ONLY);

static void strike(void) {
    volatile int *volatile nowhere = (volatile int *)16;
    *nowhere = 1;
}
