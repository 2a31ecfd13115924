/*
 * chain138-plugin-host: a process that holds one plugin. The agent starts it with a socket, the
 * plugin's file, the board and a lock file as descriptors 3 to 6 (worker/wire.h) and an empty
 * environment; its only argument is the plugin's name, for those who read `ps`. Exit status: 0
 * after BYE, 1 the agent is gone, 2 started by hand, 3 the plugin was refused.
 * With --describe FILE it prints what a plugin declares: 0, or 1 and the reason.
 */
#include <base/mem.h>
#include <loader/loader.h>
#include <worker/runtime.h>
#include <worker/sandbox.h>

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static int is_kind(int fd, mode_t kind) {
    struct stat st;
    return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static struct board *map_board(void) {
    struct stat st;
    if (fstat(WORKER_FD_BOARD, &st) != 0 || st.st_size < (off_t)sizeof(struct board))
        return NULL;
    void *p =
        mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, WORKER_FD_BOARD, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* We hold nothing but what is ours, and programs that the plugin starts inherit nothing of that. */
static void close_descriptors(void) {
    (void)close_range(WORKER_FD_LOCK + 1, UINT_MAX, 0);
    for (int fd = WORKER_FD_SOCKET; fd <= WORKER_FD_LOCK; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The agent decides when we end: what a terminal or a service manager sends to all is not for us.
 */
static void ignore_signals(void) {
    /* SIGXFSZ: a limit on the size of files is an error of write(2), as a full disk is. */
    static const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_IGN);
}

static void set_name(const char *plugin) {
    char name[16];
    (void)snprintf(name, sizeof name, "c138:%s", plugin);
    (void)prctl(PR_SET_NAME, name);
}

/* --describe FILE: what the plugin declares, as JSON, without an agent. It is confined like a
 * worker without grants, and made (create(), which does nothing), but not started. */
static int describe(const char *path) {
    static const char welcome[] = "{\"grants\":[],\"network\":false,\"spawn\":false}";
    static struct board board = {.size = sizeof(board)};
    struct c138_err err = {0};
    struct mailbox *in = mailbox_new(16), *out = mailbox_new(16);
    c138_note note;
    int fd = -1, status = 1;
    if (loader_open(path, NULL, &fd, &note, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    (void)mailbox_put(in, wire_msg_new(WIRE_WELCOME, 0, 0, welcome, strlen(welcome)));
    mailbox_close(in);
    struct runtime_options options = {.port = port_queue_new(in, out),
                                      .plugin_fd = fd,
                                      .board = &board,
                                      .confine = sandbox_apply};
    (void)runtime_run(&options);
    for (struct wire_msg *m = NULL; mailbox_get(out, 0, &m) == C138_OK; m = wire_msg_free(m)) {
        C138_JSON struct c138_json *v = NULL;
        if (c138_json_parse(m->payload, m->head.length, &v, &err) < 0)
            continue;
        if (m->head.type == WIRE_REFUSE)
            (void)fprintf(stderr, "%s\n", c138_json_get_str(v, "message", "refused"));
        if (m->head.type != WIRE_HELLO)
            continue;
        C138_FREE char *text = c138_json_dump(c138_json_get(v, "document"));
        (void)puts(text);
        status = 0;
    }
    mailbox_free(in);
    mailbox_free(out);
    (void)fflush(NULL);
    _exit(status); /* as below: nothing of the plugin's runs any more */
}

int main(int argc, char **argv) {
    struct board *board = NULL;
    if (argc == 3 && strcmp(argv[1], "--describe") == 0)
        return describe(argv[2]);
    if (argc == 2 && is_kind(WORKER_FD_SOCKET, S_IFSOCK) && is_kind(WORKER_FD_PLUGIN, S_IFREG) &&
        is_kind(WORKER_FD_LOCK, S_IFREG))
        board = map_board();
    if (!board) {
        (void)fprintf(stderr, "chain138-plugin-host: runs one plugin for chain138d, which starts "
                              "it; by hand only: chain138-plugin-host --describe FILE.so\n");
        return 2;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_descriptors();
    ignore_signals();
    set_name(argv[1]);
    (void)mallopt(M_ARENA_MAX, 2); /* a worker is small: threads share */
    struct runtime_options options = {.port = port_socket_new(WORKER_FD_SOCKET),
                                      .plugin_fd = WORKER_FD_PLUGIN,
                                      .board = board,
                                      .confine = sandbox_apply};
    c138_status st = runtime_run(&options);
    /* No destructors: the plugin is stopped, and a library that hangs at exit must not keep us. */
    (void)fflush(NULL);
    _exit(st == C138_OK ? 0 : st == C138_E_UNAVAILABLE ? 1 : 3);
}
