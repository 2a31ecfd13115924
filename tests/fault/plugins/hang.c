/* Hangs, and hears nobody. */
#define WHERE_NAME "hang"
#include "where.h"

C138_PLUGIN_NOTE("hang", "1.0.0", 0);

static void strike(void) {
    for (;;)
        (void)sleep(3600);
}
