/*
 * Publish to delivery between two plugins, in threads of the agent and through workers, against
 * NATS on loopback with as many events of the same size in the same run. Rounds alternate; the
 * median of their ratios is given, and their spread.
 */
#include "bench.h"

#include <base/mem.h>
#include <nats/nats.h>

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 128
#define ROUNDS 7
#define BATCH 250
#define WINDOW 2000 /* below the mailbox's usual bound: nothing is dropped */

/* --- Ours
 * ------------------------------------------------------------------------------------------------
 */

struct done {
    int over;
    int64_t at_ns;
    uint64_t dropped;
};

static void on_done(void *user, const struct bus_event *e) {
    struct done *d = user;
    C138_JSON struct c138_json *v = NULL;
    if (c138_json_parse(e->json, e->json_length, &v, NULL) < 0)
        bench_die("bench-sub.done: no JSON");
    d->at_ns = c138_json_get_int(v, "at_ns", 0);
    d->dropped = c138_json_get_uint(v, "dropped", 0);
    d->over = 1;
}

/* Events a second. */
static double ours(int in_thread, unsigned count) {
    static const char *const topic[] = {"bench-sub.done", NULL};
    struct bench b;
    struct done d = {0};
    char params[96];
    bench_up(&b, in_thread);
    struct bus_sink *sink = bus_subscribe(b.bus, topic, 0, on_done, &d);
    for (int warm = 1; warm >= 0; warm--) {
        d = (struct done){0};
        unsigned n = warm ? count / 10 : count;
        (void)snprintf(params, sizeof(params), "{\"count\":%u,\"batch\":%d}", n, BATCH);
        bench_call(&b, "bench-sub.expect", params);
        (void)snprintf(params, sizeof(params), "{\"count\":%u,\"window\":%d,\"bytes\":%d}", n,
                       WINDOW, BYTES);
        int64_t began = c138_now_monotonic_ns();
        bench_call(&b, "bench-pub.run", params);
        while (!d.over)
            event_base_loop(b.base, EVLOOP_ONCE);
        d.at_ns -= began;
    }
    if (d.dropped)
        bench_die("%llu events were dropped: no measure", (unsigned long long)d.dropped);
    bus_unsubscribe(b.bus, sink);
    bench_down(&b);
    return (double)count / ((double)d.at_ns / 1e9);
}

/* --- NATS
 * ------------------------------------------------------------------------------------------------
 */

struct arrived {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned seen, count;
    int64_t at_ns;
};

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *user) {
    struct arrived *a = user;
    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    if (++a->seen != a->count)
        return;
    (void)pthread_mutex_lock(&a->lock);
    a->at_ns = c138_now_monotonic_ns();
    (void)pthread_cond_signal(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
}

static void must(natsStatus s, const char *what) {
    if (s != NATS_OK)
        bench_die("NATS: %s: %s", what, natsStatus_GetText(s));
}

static double theirs(const char *url, unsigned count) {
    struct arrived a = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .count = count};
    natsConnection *reader = NULL, *writer = NULL;
    natsSubscription *sub = NULL;
    char payload[BYTES];
    memset(payload, 'x', sizeof(payload));
    must(natsConnection_ConnectTo(&reader, url), "connect");
    must(natsConnection_ConnectTo(&writer, url), "connect");
    must(natsConnection_Subscribe(&sub, reader, "bench.event", on_message, &a), "subscribe");
    must(natsSubscription_SetPendingLimits(sub, -1, -1), "limits");
    must(natsConnection_Flush(reader), "flush");
    int64_t began = c138_now_monotonic_ns();
    for (unsigned i = 0; i < count; i++)
        must(natsConnection_Publish(writer, "bench.event", payload, sizeof(payload)), "publish");
    must(natsConnection_Flush(writer), "flush");
    (void)pthread_mutex_lock(&a.lock);
    while (!a.at_ns)
        (void)pthread_cond_wait(&a.changed, &a.lock);
    (void)pthread_mutex_unlock(&a.lock);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(writer);
    natsConnection_Destroy(reader);
    return (double)count / ((double)(a.at_ns - began) / 1e9);
}

static int free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        bench_die("no free port");
    (void)close(fd);
    return ntohs(at.sin_port);
}

/* 0: there is none. */
static pid_t start_server(const char *program, int port) {
    char text[16];
    if (access(program, X_OK) != 0)
        return 0;
    (void)snprintf(text, sizeof(text), "%d", port);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl(program, program, "-a", "127.0.0.1", "-p", text, "-l", "/dev/null",
                    (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void await_server(const char *url) {
    for (int i = 0; i < 100; i++) {
        natsConnection *nc = NULL;
        if (natsConnection_ConnectTo(&nc, url) == NATS_OK) {
            natsConnection_Destroy(nc);
            return;
        }
        (void)usleep(50000);
    }
    bench_die("nats-server does not answer at %s", url);
}

static void tell(const char *where, double goal, double *rates, double *ratios, double nats_rate) {
    char name[96];
    double ratio = bench_median(ratios, ROUNDS); /* sorted now */
    (void)snprintf(name, sizeof(name), "events between two plugins in %s / NATS, %d B", where,
                   BYTES);
    bench_note(name, ratio, "x", ">=", goal, "%.2f to %.2f; %.0f/s against %.0f/s", ratios[0],
               ratios[ROUNDS - 1], bench_median(rates, ROUNDS), nats_rate);
}

int main(int argc, char **argv) {
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 300000;
    const char *program = getenv("NATS_SERVER");
    double threads[ROUNDS], workers[ROUNDS], nats[ROUNDS], ratio_threads[ROUNDS],
        ratio_workers[ROUNDS];
    char url[64];
    int port = free_port();
    pid_t server = start_server(program ? program : "/usr/sbin/nats-server", port);
    if (!server) {
        bench_left_out("bus against NATS", "no nats-server: NATS_SERVER names its program");
        return 0;
    }
    (void)snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
    await_server(url);
    for (int i = 0; i < ROUNDS; i++) {
        nats[i] = theirs(url, count);
        threads[i] = ours(1, 4 * count);
        workers[i] = ours(0, count);
        ratio_threads[i] = threads[i] / nats[i];
        ratio_workers[i] = workers[i] / nats[i];
    }
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    double rate = bench_median(nats, ROUNDS);
    tell("threads", 5, threads, ratio_threads, rate);
    tell("workers", 0.3, workers, ratio_workers, rate);
    nats_Close();
    return 0;
}
