/*
 * What needs SQLite and OpenSSL (doctor, audit without an agent) is a program of its own: a plain
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

/* Beside this program (a build tree), else where it is installed. */
static char *beside(void) {
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0)
        return NULL;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return c138_path_join(self, PROGRAM);
}

int ctl_exec_local(struct ctl *c) {
    C138_FREE char *near = beside();
    const char *program = near && access(near, X_OK) == 0 ? near : C138_LIBEXEC_DIR "/" PROGRAM;
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
