/*
 * Sits in the signer's place, under its name and with its note, and tries what a signer that was taken
 * over would: to reach the network and the agent, to see files, to start programs, to be looked into.
 * Tells what came of each try.
 */
#define SMALL_PARAMS                                                                               \
    C138_FIELDS(P(C138_T_PATH, "path", .default_text = "/etc/passwd"),                             \
                P(C138_T_INT, "pid", .default_text = "1"))
#include "small.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

C138_PLUGIN_NOTE("keys", "1.0.0", C138_PLUGIN_WORKER_ONLY | C138_PLUGIN_NO_NETWORK);

static void try_open(c138_call *c, const char *key, const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    report_try(c, key, fd);
    if (fd >= 0)
        (void)close(fd);
}

static void try_files(c138_call *c, const char *own) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/own", own);
    try_open(c, "own_write", path, O_WRONLY | O_CREAT);
    report_try(c, "own_remove", unlink(path));
    (void)snprintf(path, sizeof path, "%s/../../agent.db", own);
    try_open(c, "store", path, O_RDONLY);
    try_open(c, "passwd", "/etc/passwd", O_RDONLY);
    try_open(c, "tmp_write", "/tmp/chain138-impostor-was-here", O_WRONLY | O_CREAT);
    try_open(c, "path", c138_str(c, "path"), O_RDONLY);
}

static void try_network(c138_call *c, const char *agent_socket) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", agent_socket);
    report_try(c, "inet", socket(AF_INET, SOCK_STREAM, 0));
    report_try(c, "inet6", socket(AF_INET6, SOCK_DGRAM, 0));
    report_try(c, "netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    report_try(c, "connect", connect(fd, (struct sockaddr *)&to, sizeof to));
    report_try(c, "listen", listen(fd, 1));
    (void)close(fd);
}

static void try_processes(c138_call *c, pid_t agent) {
    char byte = 0, *argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
    struct iovec mine = {&byte, 1}, theirs = {(void *)0x1000, 1};
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    report_try(c, "fork", child);
    report_try(c, "exec", execv(argv[0], argv));
    report_try(c, "ptrace", ptrace(PTRACE_ATTACH, agent, NULL, NULL));
    report_try(c, "read_memory", process_vm_readv(agent, &mine, 1, &theirs, 1, 0));
    report_try(c, "kill", kill(agent, SIGTERM));
}

static c138_status run(void *self, c138_call *c) {
    struct small *s = self;
    struct rlimit core = {0};
    try_files(c, s->host->state_dir);
    try_network(c, c138_str(c, "path"));
    try_processes(c, (pid_t)c138_int(c, "pid"));
    (void)getrlimit(RLIMIT_CORE, &core);
    c138_set_uint(c, "core_max", core.rlim_max);
    core.rlim_cur = core.rlim_max = RLIM_INFINITY;
    int raised = setrlimit(RLIMIT_CORE, &core);
    (void)getrlimit(RLIMIT_CORE, &core);
    report_try(c, "core_raised", raised == 0 && core.rlim_max > 1 ? 0 : -1);
    return C138_OK;
}

SMALL_CREATE
SMALL_TABLE("keys", SMALL_ACTION("try", run))
