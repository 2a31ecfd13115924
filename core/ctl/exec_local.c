/*
 * What needs SQLite and libsodium (doctor, audit without an agent) is a program of its own: a plain
 * call does not pay for loading them.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/fs.h>
#include <base/mem.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "chain138ctl-local"

/* `folder` seen from where this program lies: "." in a build tree, the libexec beside bin where the
 * whole was moved. */
static char *beside(const char *folder) {
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0)
        return NULL;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    C138_FREE char *there = c138_path_join(self, folder);
    return c138_path_join(there, PROGRAM);
}

int ctl_exec_local(struct ctl *c) {
    C138_FREE char *near = beside("."), *moved = beside("../libexec/chain138");
    const char *program = near && access(near, X_OK) == 0     ? near
                          : moved && access(moved, X_OK) == 0 ? moved
                                                              : C138_LIBEXEC_DIR "/" PROGRAM;
    char **argv = c138_xcalloc((size_t)c->argc + 2, sizeof(*argv));
    argv[0] = (char *)(uintptr_t)program;
    for (int i = 0; i < c->argc; i++)
        argv[i + 1] = c->argv[i];
    fflush(stdout);
    (void)execv(program, argv);
    int e = errno;
    free(argv);
    struct c138_err err = {0};
    (void)c138_error(&err, C138_E_UNAVAILABLE, NULL,
                     "%s cannot be run: %s: is the package complete?", program, strerror(e));
    return ctl_fail(c, &err);
}
