/* Tries to open what is not its own; tells what came of it. */
#define SMALL_PARAMS C138_FIELDS(P(C138_T_PATH, "path", .default_text = "/etc/shadow"))
#include "small.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

C138_PLUGIN_NOTE("files", "1.0.0", C138_PLUGIN_NO_NETWORK);

static void try_open(c138_call *c, const char *key, const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    report_try(c, key, fd);
    if (fd >= 0)
        (void)close(fd);
}

static c138_status run(void *self, c138_call *c) {
    struct small *s = self;
    char own[512];
    (void)snprintf(own, sizeof own, "%s/own", s->host->state_dir);
    try_open(c, "own_write", own, O_WRONLY | O_CREAT);
    try_open(c, "own_read", own, O_RDONLY);
    report_try(c, "own_remove", unlink(own));
    try_open(c, "passwd", "/etc/passwd", O_RDONLY);
    try_open(c, "root", "/", O_RDONLY | O_DIRECTORY);
    try_open(c, "tmp_write", "/tmp/chain138-files-was-here", O_WRONLY | O_CREAT);
    try_open(c, "path", c138_str(c, "path"), O_RDONLY);
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("files", SMALL_ACTION("try", run))
