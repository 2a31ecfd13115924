/*
 * Round trip of an action in a worker, from plugins_call() to its answer, against a bare ping-pong
 * of the same sizes over a socketpair between two processes. What a wake-up costs depends on where
 * the two sides run, so both are measured in three placements, in turn: as the scheduler likes,
 * each side on a processor of its own, and both sides on one. In each round both follow one another
 * in the same placement; the median of the rounds' ratios is given, and their spread.
 */
#include "bench.h"

#include <base/mem.h>
#include <worker/wire.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 11

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

/* --- Placements
 * ------------------------------------------------------------------------------------------ */

enum placement { AS_SCHEDULED, APART, TOGETHER, PLACEMENTS };

/* The n-th processor of those that we had at the start. */
static cpu_set_t one_of(const cpu_set_t *all, unsigned n) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, all) && n-- == 0)
            CPU_SET(cpu, &one);
    return one;
}

/* This process is one side, all its children (the workers, the echo) are the other. */
static void place(enum placement placement, const cpu_set_t *all) {
    cpu_set_t ours = placement == AS_SCHEDULED ? *all : one_of(all, 0);
    cpu_set_t theirs = placement == APART ? one_of(all, 1) : ours;
    char path[64];
    int pid;
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "re");
    while (children && fscanf(children, "%d", &pid) == 1)
        (void)sched_setaffinity(pid, sizeof(theirs), &theirs);
    if (children)
        (void)fclose(children);
    (void)sched_setaffinity(0, sizeof(ours), &ours);
}

struct measured {
    double calls[ROUNDS], pings[ROUNDS], ratios[ROUNDS];
};

static void tell(const char *where, struct measured *m, size_t there, size_t back) {
    char name[96];
    double ratio = bench_median(m->ratios, ROUNDS); /* sorted now */
    (void)snprintf(name, sizeof(name), "action in a worker / bare ping-pong, %s", where);
    bench_note(name, ratio, "x", "<=", 1.3,
               "%.2f to %.2f; %.1f us against %.1f us, %zu and %zu bytes", m->ratios[0],
               m->ratios[ROUNDS - 1], bench_median(m->calls, ROUNDS) / 1e3,
               bench_median(m->pings, ROUNDS) / 1e3, there, back);
}

int main(int argc, char **argv) {
    static const char *const names[PLACEMENTS] = {"as scheduled", "each its processor", "on one"};
    static const char text[] = "{\"n\":1}";
    static struct measured all[PLACEMENTS];
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 5000;
    C138_JSON struct c138_json *params = NULL;
    struct bench b;
    size_t there = 0, back = 0;
    int fd = -1;
    cpu_set_t processors;
    sizes(&there, &back);
    if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
        bench_die("no affinity");
    pid_t echo = start_echo(there, back, &fd);
    bench_up(&b, 0);
    if (c138_json_parse(text, strlen(text), &params, NULL) < 0)
        bench_die("no JSON");
    for (int i = 0; i < ROUNDS; i++)
        for (int p = 0; p < PLACEMENTS; p++) {
            place(p, &processors);
            (void)ours(&b, params, count / 10); /* so that either finds things as it left them */
            (void)bare(fd, there, back, count / 10);
            all[p].pings[i] = bare(fd, there, back, count);
            all[p].calls[i] = ours(&b, params, count);
            all[p].ratios[i] = all[p].calls[i] / all[p].pings[i];
        }
    place(AS_SCHEDULED, &processors);
    bench_down(&b);
    (void)close(fd);
    (void)kill(echo, SIGKILL);
    (void)waitpid(echo, NULL, 0);
    for (int p = 0; p < PLACEMENTS; p++)
        if (p == AS_SCHEDULED || CPU_COUNT(&processors) > 1)
            tell(names[p], &all[p], there, back);
    return 0;
}
