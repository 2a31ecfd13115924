/* Tries to make processes, to run programs, and to hurt others; tells what came of it. */
#include "small.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

C138_PLUGIN_NOTE("fork", "1.0.0", C138_PLUGIN_WORKER_ONLY);

static void try_fork(c138_call *c) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    report_try(c, "fork", pid);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
}

static void try_spawn(c138_call *c) {
    char *const argv[] = {"/bin/true", NULL}, *const env[] = {NULL};
    pid_t pid = 0;
    errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, env);
    report_try(c, "spawn", errno ? -1 : 0);
    if (errno == 0)
        (void)waitpid(pid, NULL, 0);
}

static void *nothing(void *user) {
    return user;
}

static void try_thread(c138_call *c) {
    pthread_t t;
    errno = pthread_create(&t, NULL, nothing, NULL);
    report_try(c, "thread", errno ? -1 : 0);
    if (errno == 0)
        (void)pthread_join(t, NULL);
}

static c138_status run(void *self, c138_call *c) {
    (void)self;
    try_fork(c);
    try_spawn(c);
    try_thread(c);
    report_try(c, "signal", kill(getppid(), 0));
    report_try(c, "ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("fork", SMALL_ACTION("try", run))
