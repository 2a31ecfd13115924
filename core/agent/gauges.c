/*
 * The agent's own numbers. Those of plugins and of the bus are the supervisor's.
 */
#include "config.h"

#include <agent/agent_internal.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <sys/resource.h>

#define P "chain138_agent_"

#define METRIC(kind, n, h) C138_METRIC(.type = C138_METRIC_##kind, .name = P n, .help = h)
#define METRIC_BY(kind, n, h, ...)                                                                 \
    C138_METRIC(.type = C138_METRIC_##kind, .name = P n, .help = h,                                \
                .labels = C138_TEXTS(__VA_ARGS__))

const c138_metric *const agent_metrics[] = {
    METRIC_BY(GAUGE, "info", "Version of the agent; the value is 1", "version", "host"),
    METRIC(GAUGE, "start_time_seconds", "When the agent started, Unix time"),
    METRIC_BY(GAUGE, "jobs", "Jobs by state: not yet final now, final ones since the start",
              "state"),
    METRIC(COUNTER, "events_log_dropped_total", "Kept events that were not stored"),
    METRIC_BY(COUNTER, "log_lines_total", "Lines logged, by level", "level"),
    METRIC(GAUGE, "store_ok", "1: the last write of the store worked"),
    METRIC(GAUGE, "audit_records", "Sequence number of the newest audit record"),
    METRIC(GAUGE, "memory_bytes", "Resident memory of the agent itself"),
    METRIC(COUNTER, "cpu_seconds_total", "Processor time of the agent itself"),
    NULL,
};

static double resident_bytes(void) {
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void set1(struct metrics *m, const char *name, const char *label, double value) {
    const char *labels[] = {label, NULL};
    (void)metrics_set(m, name, label ? labels : NULL, value);
}

static void collect(void *user, struct metrics *m) {
    struct agent *a = user;
    const char *info[] = {AGENT_VERSION, a->host_name, NULL};
    (void)metrics_set(m, P "info", info, 1);
    set1(m, P "start_time_seconds", NULL, (double)a->started_utc_ns / 1e9);
    uint32_t by_state[JOB_EXPIRED + 1] = {0};
    jobs_count(a->jobs, by_state);
    for (int s = JOB_PLANNING; s <= JOB_EXPIRED; s++)
        set1(m, P "jobs", job_state_name((enum job_state)s), by_state[s]);
    set1(m, P "events_log_dropped_total", NULL, (double)eventlog_dropped(a->events));
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    for (int32_t i = 0; i < (int32_t)C138_COUNT(levels); i++)
        set1(m, P "log_lines_total", levels[i], (double)log_count(a->log, C138_LOG_ERROR + i));
    set1(m, P "store_ok", NULL, store_trouble(a->store) == NULL);
    char hash[65];
    set1(m, P "audit_records", NULL, (double)audit_head(a->audit, hash));
    set1(m, P "memory_bytes", NULL, resident_bytes());
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) == 0)
        set1(m, P "cpu_seconds_total", NULL,
             (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
}

c138_status agent_gauges(struct agent *a) {
    for (const c138_metric *const *m = agent_metrics; *m; m++) {
        c138_status status = metrics_declare(a->metrics, AGENT_PLUGIN, (*m)->name, (*m)->type,
                                             (*m)->help, (*m)->labels);
        if (status < 0)
            return status;
    }
    metrics_collector(a->metrics, collect, a);
    return C138_OK;
}
