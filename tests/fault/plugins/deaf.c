/* Says something, closes its connection to the agent, and lives on. */
#define SMALL_FLAGS C138_ACTION_LONG
#include "small.h"

#include <stdio.h>
#include <unistd.h>

C138_PLUGIN_NOTE("deaf", "1.0.0", C138_PLUGIN_WORKER_ONLY);

static c138_status run(void *self, c138_call *c) {
    (void)self;
    (void)c;
    (void)fputs("deaf: these are its last words\n", stderr);
    (void)close(3);
    while (sleep(3600) == 0)
        ;
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("deaf", SMALL_ACTION("close", run))
