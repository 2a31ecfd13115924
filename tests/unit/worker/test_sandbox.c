/* The worker program itself, in its sandbox, with plugins that try to leave it. */
#include "config.h"
#include "peer.h"
#include "unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* To START; *ret_report: what HELLO said of the sandbox. */
static int up(struct peer *p, const char *plugin, const char *extra,
              struct c138_json **ret_report) {
    peer_start(p, PEER_WORKER, plugin, extra);
    struct wire_msg *m = peer_await(p, WIRE_HELLO, 0);
    C138_JSON struct c138_json *v = NULL;
    if (!m || c138_json_parse(m->payload, m->head.length, &v, NULL) != C138_OK)
        return 0;
    *ret_report = c138_json_ref(c138_json_get(v, "sandbox"));
    (void)wire_msg_free(m);
    peer_send_text(p, WIRE_PREPARE, 1, 0, "{}");
    peer_send(p, WIRE_COMMIT, 2, 1, NULL, 0);
    peer_send(p, WIRE_START, 3, 0, NULL, 0);
    m = peer_await(p, WIRE_REPLY, 3);
    int runs = m && m->head.aux == C138_OK;
    (void)wire_msg_free(m);
    return runs;
}

static const char *at(const struct c138_json *v, const char *name) {
    return c138_json_get_str(v, name, "absent");
}

static void test_processes(void) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL, *r = NULL;
    CU_ASSERT_FATAL(up(&p, "fork", NULL, &report));
    CU_ASSERT(c138_json_get_bool(report, "no_new_privs", 0));
    CU_ASSERT(c138_json_get_bool(report, "seccomp", 0));
    CU_ASSERT_EQUAL(peer_call(&p, "try", "{}", &r), C138_OK);
    CU_ASSERT_STRING_EQUAL(at(r, "fork"), "Operation not permitted");
    CU_ASSERT_STRING_NOT_EQUAL(at(r, "spawn"), "done");
    CU_ASSERT_STRING_EQUAL(at(r, "thread"), "done");
    CU_ASSERT_STRING_EQUAL(at(r, "signal"), "Operation not permitted");
    CU_ASSERT_STRING_EQUAL(at(r, "ptrace"), "Operation not permitted");
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

static void test_network(void) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL, *r = NULL, *open = NULL, *s = NULL;
    CU_ASSERT_FATAL(up(&p, "network", ",\"network\":false", &report));
    CU_ASSERT_STRING_EQUAL(at(report, "network"), "none");
    CU_ASSERT_EQUAL(peer_call(&p, "try", "{}", &r), C138_OK);
    CU_ASSERT_EQUAL(c138_json_count(r), 6);
    for (struct c138_json_iter i = c138_json_iter(r); c138_json_next(&i);)
        CU_ASSERT_STRING_EQUAL(c138_json_as_str(i.value, ""), "Permission denied");
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
    CU_ASSERT_FATAL(up(&p, "network", ",\"network\":true", &open));
    CU_ASSERT_STRING_EQUAL(at(open, "network"), "full");
    CU_ASSERT_EQUAL(peer_call(&p, "try", "{}", &s), C138_OK);
    CU_ASSERT_STRING_EQUAL(at(s, "inet"), "done");
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

static void test_files(void) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL, *r = NULL, *s = NULL, *again = NULL;
    const char *readable = PEER_STATE_DIR "-readable";
    CU_ASSERT_EQUAL(c138_file_write(readable, 0600, "x", 1, NULL), C138_OK);
    C138_FREE char *params = c138_xasprintf("{\"path\":\"%s\"}", readable);
    C138_FREE char *extra = c138_xasprintf(",\"read\":[\"%s\",\"/not/there\"]", readable);
    CU_ASSERT_FATAL(up(&p, "files", NULL, &report));
    CU_ASSERT_EQUAL(peer_call(&p, "try", params, &r), C138_OK);
    CU_ASSERT_STRING_EQUAL(at(r, "own_write"), "done");
    CU_ASSERT_STRING_EQUAL(at(r, "own_read"), "done");
    CU_ASSERT_STRING_EQUAL(at(r, "own_remove"), "done");
    if (c138_json_get_int(report, "landlock", 0) > 0) {
        CU_ASSERT_STRING_EQUAL(at(r, "passwd"), "Permission denied");
        CU_ASSERT_STRING_EQUAL(at(r, "root"), "Permission denied");
        CU_ASSERT_STRING_EQUAL(at(r, "tmp_write"), "Permission denied");
        CU_ASSERT_STRING_EQUAL(at(r, "path"), "Permission denied");
    } else {
        (void)unlink("/tmp/chain138-files-was-here");
    }
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
    CU_ASSERT_FATAL(up(&p, "files", extra, &again));
    CU_ASSERT_EQUAL(peer_call(&p, "try", params, &s), C138_OK);
    CU_ASSERT_STRING_EQUAL(at(s, "path"), "done");
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
    (void)unlink(readable);
}

static void test_memory(void) {
#ifndef C138_SANITIZED
    struct peer p;
    C138_JSON struct c138_json *report = NULL;
    CU_ASSERT_FATAL(up(&p, "leak", ",\"memory_max\":33554432", &report));
    peer_call_send(&p, 5, "leak", "{}");
    CU_ASSERT_PTR_NULL(peer_await(&p, WIRE_REPLY, 5));
    CU_ASSERT_EQUAL(peer_vanish(&p), C138_E_UNAVAILABLE);
    CU_ASSERT(WIFSIGNALED(p.exit_status) && WTERMSIG(p.exit_status) == SIGABRT);
#endif
}

/* A program of the plugin's choice, where it may start programs. */
static void test_spawn(void) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL, *r = NULL;
    CU_ASSERT_FATAL(up(&p, "runner", ",\"spawn\":true,\"network\":true", &report));
    CU_ASSERT_EQUAL(peer_call(&p, "run",
                              "{\"program\":\"/bin/sh\",\"args\":[\"-c\",\"echo $HOME-; ls "
                              "/proc/self/fd\"],\"timeout\":\"5s\",\"output_max\":1000}",
                              &r),
                    C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "status", 1), 0);
    CU_ASSERT_EQUAL(c138_json_get_int(r, "exit", 1), 0);
    CU_ASSERT_STRING_EQUAL(at(r, "stdout"), "-\n0\n1\n2\n3\n"); /* 3 is the folder itself */
    CU_ASSERT_EQUAL(peer_down(&p), C138_OK);
}

/* A program that a worker waits for; 0: there is none within 5 s. */
static pid_t child_of(pid_t worker) {
    C138_FREE char *folder = c138_xasprintf("/proc/%d/task", (int)worker);
    for (int i = 0; i < 500; i++, usleep(10000)) {
        DIR *dir = opendir(folder);
        for (struct dirent *d; dir && (d = readdir(dir));) {
            char text[32];
            C138_FREE char *path = c138_xasprintf("%s/%s/children", folder, d->d_name);
            FILE *f = fopen(path, "re");
            pid_t pid = f && fgets(text, sizeof(text), f) ? (pid_t)strtol(text, NULL, 10) : 0;
            if (f)
                (void)fclose(f);
            if (pid > 0) {
                (void)closedir(dir);
                return pid;
            }
        }
        if (dir)
            (void)closedir(dir);
    }
    return 0;
}

/* kill -9 of a worker: the program that it waited for does not go on alone. */
static void test_spawned_dies_too(void) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL;
    CU_ASSERT_FATAL(up(&p, "runner", ",\"spawn\":true,\"network\":true", &report));
    peer_call_send(&p, 5, "run",
                   "{\"program\":\"/bin/sleep\",\"args\":[\"600\"],\"timeout\":\"700s\","
                   "\"output_max\":10}");
    pid_t pid = child_of(p.pid);
    CU_ASSERT_FATAL(pid > 0);
    struct pollfd child = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    CU_ASSERT_FATAL(child.fd >= 0);
    CU_ASSERT_EQUAL(poll(&child, 1, 0), 0);
    CU_ASSERT_EQUAL(kill(p.pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(poll(&child, 1, 5000), 1);
    (void)close(child.fd);
    (void)peer_vanish(&p);
}

/* Each way of dying leaves the culprit on the board. */
static void dies(const char *plugin, const char *action, const char *params, const char *culprit,
                 int is_signal, int code) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL;
    CU_ASSERT_FATAL(up(&p, plugin, NULL, &report));
    if (strcmp(plugin, "crash") == 0)
        peer_send_text(&p, WIRE_PREPARE, 9, 0, params);
    peer_call_send(&p, 5, action, params);
    CU_ASSERT_PTR_NULL(peer_await(&p, WIRE_REPLY, 5));
    CU_ASSERT_STRING_EQUAL(p.board->slots[0].what, culprit);
    CU_ASSERT(atomic_load(&p.board->slots[0].since_ns) > 0);
    (void)peer_vanish(&p);
    CU_ASSERT_EQUAL(is_signal ? WIFSIGNALED(p.exit_status) && WTERMSIG(p.exit_status) == code
                              : WIFEXITED(p.exit_status) && WEXITSTATUS(p.exit_status) == code,
                    1);
}

static void test_deaths(void) {
    dies("exit", "exit", "{\"code\":3}", "action exit.exit", 0, 3);
    dies("exit", "exit", "{\"code\":0}", "action exit.exit", 0, 0);
#ifndef C138_SANITIZED
    dies("crash", "run", "{\"where\":\"run\"}", "action crash.run", 1, SIGSEGV);
    dies("crash", "run", "{\"where\":\"prepare\"}", "callback prepare", 1, SIGSEGV);
#endif
}

static void test_garbage(void) {
    struct peer p;
    C138_JSON struct c138_json *report = NULL;
    CU_ASSERT_FATAL(up(&p, "garbage", NULL, &report));
    peer_call_send(&p, 5, "write", "{}");
    struct wire_msg *m = NULL;
    CU_ASSERT_EQUAL(p.port->ops->recv(p.port, INT64_MAX, &m), C138_E_INVALID);
    CU_ASSERT_EQUAL(peer_vanish(&p), C138_E_UNAVAILABLE);
    CU_ASSERT(WIFEXITED(p.exit_status) && WEXITSTATUS(p.exit_status) == 1);
}

static void test_by_hand(void) {
    char line[200] = "";
    FILE *f = NULL;
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(fds[1], 2);
        for (int fd = 3; fd < 20; fd++)
            (void)close(fd);
        (void)execl(PEER_HOST_PROGRAM, PEER_HOST_PROGRAM, "good", (char *)NULL);
        _exit(99);
    }
    (void)close(fds[1]);
    int status = 0;
    (void)waitpid(pid, &status, 0);
    f = fdopen(fds[0], "r");
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, f));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "by hand only"));
    CU_ASSERT_PTR_NULL(fgets(line, sizeof line, f));
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    (void)fclose(f);
}

const CU_TestInfo tests_sandbox[] = {{"no processes", test_processes},
                                     {"no network", test_network},
                                     {"no files", test_files},
                                     {"bounded memory", test_memory},
                                     {"programs", test_spawn},
                                     {"programs die with the worker", test_spawned_dies_too},
                                     {"deaths name the culprit", test_deaths},
                                     {"garbage on the wire", test_garbage},
                                     {"worker by hand", test_by_hand},
                                     CU_TEST_INFO_NULL};
