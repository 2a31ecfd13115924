/* A note, but no entry: it exports something else. */
#include <chain138/plugin.h>

C138_PLUGIN_NOTE("missing-entry", "1.0.0", 0);

C138_EXPORT const char *something_else(void);

const char *something_else(void) {
    return "not an entry";
}
