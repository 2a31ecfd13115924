/*
 * What the host and the services take: processor, memory, disks, and when a disk is full.
 */
#include "resources.h"
#include "forecast.h"
#include "stack.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define PROC_MAX (256u << 10)

/* --- The kernel's files ---------------------------------------------------------------------- */

int proc_cpu_read(const char *text, uint64_t *ret_busy, uint64_t *ret_total) {
    uint64_t v[8] = {0}, total = 0;
    if (sscanf(text,
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64,
               &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) < 4)
        return 0;
    for (size_t i = 0; i < C138_COUNT(v); i++)
        total += v[i];
    *ret_total = total;
    *ret_busy = total - v[3] - v[4]; /* without idle and waiting for disks */
    return 1;
}

uint64_t proc_memory_read(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
        uint64_t kib = 0;
        if (!strncmp(p, name, length) && p[length] == ':' &&
            sscanf(p + length + 1, "%" SCNu64, &kib) == 1)
            return kib < UINT64_MAX / 1024 ? kib * 1024 : 0;
    }
    return 0;
}

static int read_proc(const struct stack *s, const char *name, struct c138_buf *out) {
    C138_FREE char *path = c138_path_join(s->settings.proc_dir, name);
    return c138_file_read(path, PROC_MAX, out, NULL) >= 0;
}

struct cpu_at {
    uint64_t busy, total;
    int known;
};

static struct cpu_at cpu_now(const struct stack *s) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct cpu_at at = {0};
    at.known =
        read_proc(s, "stat", &text) && proc_cpu_read(c138_buf_text(&text), &at.busy, &at.total);
    return at;
}

static void show_host(const struct stack *s, c138_call *call, struct cpu_at before) {
    C138_BUF struct c138_buf memory = C138_BUF_NULL, load = C138_BUF_NULL;
    struct cpu_at after = cpu_now(s);
    double one = 0;
    c138_open_object(call, "host");
    c138_set_uint(call, "processors", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    if (before.known && after.known && after.total > before.total)
        stack_set_decimal(call, "cpu_percent",
                          (double)(after.busy - before.busy) /
                              (double)(after.total - before.total) * 100.0);
    if (read_proc(s, "loadavg", &load) && sscanf(c138_buf_text(&load), "%lf", &one) == 1)
        stack_set_decimal(call, "load", one);
    if (read_proc(s, "meminfo", &memory)) {
        const char *text = c138_buf_text(&memory);
        c138_set_uint(call, "memory_bytes", proc_memory_read(text, "MemTotal"));
        c138_set_uint(call, "memory_available_bytes", proc_memory_read(text, "MemAvailable"));
        c138_set_uint(call, "swap_used_bytes",
                      proc_memory_read(text, "SwapTotal") - proc_memory_read(text, "SwapFree"));
    }
    c138_close(call);
}

/* --- Disks ----------------------------------------------------------------------------------- */

int disk_now(const char *folder, struct disk_at *ret) {
    struct statvfs v;
    if (statvfs(folder, &v) != 0 || v.f_blocks == 0)
        return 0;
    uint64_t unit = v.f_frsize ? v.f_frsize : v.f_bsize;
    *ret = (struct disk_at){.size = v.f_blocks * unit,
                            .used = (v.f_blocks - v.f_bfree) * unit,
                            .left = v.f_bavail * unit,
                            .inodes = v.f_files,
                            .inodes_left = v.f_favail};
    return 1;
}

struct forecast disk_forecast(struct stack *s, size_t i, const struct disk_at *at) {
    (void)pthread_mutex_lock(&s->lock);
    const struct samples *h = &s->samples[i];
    struct forecast f = forecast_make(h->times, h->used, h->count, at->left);
    (void)pthread_mutex_unlock(&s->lock);
    return f;
}

static void show_disk(struct stack *s, c138_call *call, size_t i) {
    const char *folder = s->settings.disks[i];
    struct disk_at at;
    c138_open_object(call, NULL);
    c138_set_str(call, "folder", folder);
    if (!disk_now(folder, &at)) {
        c138_set_str(call, "text", "it is not there, or cannot be asked");
        c138_close(call);
        return;
    }
    struct forecast f = disk_forecast(s, i, &at);
    c138_set_uint(call, "size_bytes", at.size);
    c138_set_uint(call, "used_bytes", at.used);
    c138_set_uint(call, "left_bytes", at.left);
    stack_set_decimal(call, "used_percent",
                      (double)at.used / (double)(at.used + at.left ? at.used + at.left : 1) *
                          100.0);
    if (at.inodes)
        stack_set_decimal(call, "inodes_used_percent",
                          (double)(at.inodes - at.inodes_left) / (double)at.inodes * 100.0);
    (void)pthread_mutex_lock(&s->lock);
    c138_set_uint(call, "samples", s->samples[i].count);
    (void)pthread_mutex_unlock(&s->lock);
    if (f.known)
        c138_set_int(call, "growth_bytes_per_day", (int64_t)f.bytes_per_day);
    if (f.seconds_left >= 0) {
        int64_t left_ns = f.seconds_left * C138_NS_PER_S;
        char human[C138_DURATION_TEXT];
        c138_duration_human(left_ns, human);
        C138_FREE char *text = c138_xasprintf("full in %s if it goes on like this", human);
        stack_set_decimal(call, "days_left", (double)f.seconds_left / 86400.0);
        stack_set_time(call, "full_at", s->host->now_ns(s->host, C138_CLOCK_UTC) + left_ns);
        c138_set_str(call, "text", text);
    } else {
        c138_set_str(call, "text",
                     f.known ? "it does not fill" : "too few samples yet for a forecast");
    }
    c138_close(call);
}

/* --- Services -------------------------------------------------------------------------------- */

static void show_services(c138_call *call, const struct svc_list *list,
                          const struct svc_stats *stats) {
    c138_open_list(call, "services");
    for (size_t i = 0; i < list->count; i++) {
        const struct svc *r = &list->rows[i];
        c138_open_object(call, NULL);
        c138_set_str(call, "service", r->service);
        c138_set_str(call, "state", svc_state_name(r->state));
        if (stats[i].known) {
            stack_set_decimal(call, "cpu_percent", stats[i].cpu_percent);
            c138_set_uint(call, "memory_bytes", stats[i].memory_bytes);
            if (stats[i].memory_limit_bytes)
                c138_set_uint(call, "memory_limit_bytes", stats[i].memory_limit_bytes);
        }
        c138_close(call);
    }
    c138_close(call);
}

c138_status stack_resources_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    SVC_LIST list = {0};
    struct cpu_at before = cpu_now(s);
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = d.ops->list(&d, &list, &err);
    C138_FREE struct svc_stats *stats = c138_xcalloc(list.count + 1, sizeof(*stats));
    if (status >= 0)
        status = d.ops->stats(&d, &list, stats, &err);
    if (status == C138_E_CANCELLED)
        return stack_fail(call, status, &err);
    /* The host's own numbers count also where the engine is away. */
    show_host(s, call, before);
    c138_open_list(call, "disks");
    for (size_t i = 0; i < s->settings.n_disks; i++)
        show_disk(s, call, i);
    c138_close(call);
    show_services(call, &list, stats);
    c138_set_str(call, "text", status < 0 ? err.text : "");
    return C138_OK;
}
