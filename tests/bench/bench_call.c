/*
 * Round trip of an action in a worker, from plugins_call() to its answer, against a bare ping-pong
 * of the same sizes over a socketpair between two processes. Rounds alternate, medians are
 * compared.
 */
#include "bench.h"

#include <base/mem.h>
#include <worker/wire.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 9

/* --- Ours
 * ------------------------------------------------------------------------------------------------
 */

struct turns {
    struct bench *b;
    struct plugins_request request;
    unsigned left;
};

static void ask(struct turns *t);

static void on_answer(void *user, c138_status status, const struct c138_json *result) {
    struct turns *t = user;
    if (status < 0)
        bench_die("ping: %s", c138_json_get_str(result, "message", "failed"));
    if (--t->left)
        ask(t);
    else
        event_base_loopbreak(t->b->base);
}

static void ask(struct turns *t) {
    struct plugins_call *call = NULL;
    struct c138_err err = {0};
    t->request.deadline_ns = c138_now_monotonic_ns() + 10 * C138_NS_PER_S;
    if (plugins_call(t->b->plugins, &t->request, &call, &err) < 0)
        bench_die("ping: %s", err.text);
}

/* Nanoseconds a round trip. */
static double ours(struct bench *b, struct c138_json *params, unsigned count) {
    struct turns t = {.b = b, .left = count};
    t.request = (struct plugins_request){.action = catalog_action(b->catalog, "bench-sub.ping"),
                                         .job_id = "01J0000000000000000000TEST",
                                         .principal = "unix:bench@bench",
                                         .params = params,
                                         .done = on_answer,
                                         .user = &t};
    int64_t began = c138_now_monotonic_ns();
    ask(&t);
    (void)event_base_dispatch(b->base);
    return (double)(c138_now_monotonic_ns() - began) / count;
}

/* What goes there and back, in bytes of whole frames. */
static void sizes(size_t *ret_there, size_t *ret_back) {
    static const char call[] =
        "{\"action\":\"ping\",\"job\":\"01J0000000000000000000TEST\",\"principal\":\"unix:bench@"
        "bench\",\"params\":{\"n\":1},\"plan\":null,\"deadline_ns\":1234567890123,\"dry_run\":"
        "false}";
    *ret_there = sizeof(struct wire_head) + strlen(call);
    *ret_back = sizeof(struct wire_head) + strlen("{\"n\":1}");
}

/* --- Bare
 * ------------------------------------------------------------------------------------------------
 */

static void read_all(int fd, char *into, size_t size) {
    while (size > 0) {
        ssize_t n = read(fd, into, size);
        if (n <= 0)
            _exit(0);
        into += n;
        size -= (size_t)n;
    }
}

static void write_all(int fd, const char *from, size_t size) {
    if (write(fd, from, size) != (ssize_t)size)
        _exit(1);
}

static pid_t start_echo(size_t there, size_t back, int *ret_fd) {
    int pair[2];
    char bytes[4096] = {0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        bench_die("no socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(pair[0]);
        for (;;) {
            read_all(pair[1], bytes, there);
            write_all(pair[1], bytes, back);
        }
    }
    (void)close(pair[1]);
    *ret_fd = pair[0];
    return pid;
}

static double bare(int fd, size_t there, size_t back, unsigned count) {
    char bytes[4096] = {0};
    int64_t began = c138_now_monotonic_ns();
    for (unsigned i = 0; i < count; i++) {
        write_all(fd, bytes, there);
        read_all(fd, bytes, back);
    }
    return (double)(c138_now_monotonic_ns() - began) / count;
}

int main(int argc, char **argv) {
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 5000;
    double calls[ROUNDS], pings[ROUNDS], ratios[ROUNDS];
    static const char text[] = "{\"n\":1}";
    C138_JSON struct c138_json *params = NULL;
    struct bench b;
    size_t there = 0, back = 0;
    int fd = -1;
    sizes(&there, &back);
    pid_t echo = start_echo(there, back, &fd);
    bench_up(&b, 0);
    if (c138_json_parse(text, strlen(text), &params, NULL) < 0)
        bench_die("no JSON");
    (void)ours(&b, params, count / 5);
    (void)bare(fd, there, back, count / 5);
    for (int i = 0; i < ROUNDS; i++) {
        pings[i] = bare(fd, there, back, count);
        calls[i] = ours(&b, params, count);
        ratios[i] = calls[i] / pings[i];
    }
    bench_down(&b);
    (void)close(fd);
    (void)kill(echo, SIGKILL);
    (void)waitpid(echo, NULL, 0);
    bench_note("action in a worker / bare socketpair ping-pong", bench_median(ratios, ROUNDS), "x",
               "<=", 1.3, "%.1f us against %.1f us, %zu and %zu bytes",
               bench_median(calls, ROUNDS) / 1e3, bench_median(pings, ROUNDS) / 1e3, there, back);
    return 0;
}
