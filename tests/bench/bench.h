/*
 * tests/bench/bench.h: an agent's loop, bus and supervisor around the two plugins of the bench, and
 * lines of JSON for bench.py. Programs: whatever fails ends them with a message.
 */
#ifndef BENCH_H
#define BENCH_H
#include <base/when.h>
#include <worker/plugins.h>

struct bench {
    char folder[64];
    struct event_base *base;
    struct bus *bus;
    struct log *log;
    struct metrics *metrics;
    struct catalog *catalog;
    struct plugins *plugins;
    struct plugin_config configs[2];
    char *state, *run, *plugin_dir, *host_program;
    const char *dirs[2];
};

/* Starts bench-pub and bench-sub, in threads or in workers, and waits until both run. */
void bench_up(struct bench *b, int in_thread);
void bench_down(struct bench *b);
/* Calls an action and turns the loop until it answered. */
void bench_call(struct bench *b, const char *action, const char *params);
const char *bench_build_dir(void);
int64_t bench_cpu_ns(void);                        /* of this process so far, all its threads */
double bench_median(double *values, size_t count); /* sorts them */
void bench_note(const char *name, double value, const char *unit, const char *op, double goal,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void bench_left_out(const char *name, const char *why);
_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#endif
