#include "progress.h"

#include <base/mem.h>
#include <base/when.h>

#include <stdio.h>

#define TELL_NS (500 * C138_NS_PER_MS)

void progress_begin(struct progress *p, c138_call *call, const char *what, uint64_t total) {
    *p = (struct progress){.call = call, .total = total, .began_ns = c138_now_monotonic_ns()};
    (void)snprintf(p->what, sizeof(p->what), "%s", what);
    c138_progress(call, total ? 0 : 1001, what);
}

static void tell(struct progress *p, int64_t now) {
    char done[C138_SIZE_TEXT], total[C138_SIZE_TEXT], rate[C138_SIZE_TEXT];
    char left[C138_DURATION_TEXT] = "";
    double seconds = (double)(now - p->began_ns) / 1e9;
    double per_second = seconds > 0 ? (double)p->done / seconds : 0;
    c138_size_human(p->done, done);
    c138_size_human(p->total, total);
    c138_size_human((uint64_t)per_second, rate);
    if (!p->total || p->done >= p->total || per_second < 1) {
        C138_FREE char *text = c138_xasprintf("%s: %s, %s/s", p->what, done, rate);
        c138_progress(p->call, p->total ? 1000 : 1001, text);
        return;
    }
    c138_duration_human((int64_t)((double)(p->total - p->done) / per_second * 1e9), left);
    C138_FREE char *text =
        c138_xasprintf("%s: %s of %s, %s/s, %s left", p->what, done, total, rate, left);
    c138_progress(p->call, (uint32_t)((double)p->done / (double)p->total * 1000), text);
}

void progress_add(void *user, uint64_t bytes) {
    struct progress *p = user;
    int64_t now = c138_now_monotonic_ns();
    p->done += bytes;
    if (now - p->told_ns < TELL_NS)
        return;
    p->told_ns = now;
    tell(p, now);
}

int progress_cancelled(void *user) {
    return c138_cancelled(((struct progress *)user)->call) != 0;
}
