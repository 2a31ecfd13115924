/*
 * The logs of several services in one time line. To follow is to ask again for what is newer: the
 * engine's own stream would have to be one for each container, and would miss those that are made
 * meanwhile.
 */
#include "stack.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <string.h>

#define LINES_MAX 20000
#define TEXT_MAX (6u << 20)
#define FOLLOW_STEP_NS (500 * C138_NS_PER_MS)

struct line {
    int64_t time_ns;
    size_t order; /* as it came: ties keep it */
    char *service, *instance, *text;
    int is_error;
};
struct lines {
    struct line *list;
    size_t count, bytes;
    int cut;
    const char *grep;
    char **names; /* NULL-terminated */
};

static void lines_clear(struct lines *l) {
    for (size_t i = 0; i < l->count; i++) {
        free(l->list[i].service);
        free(l->list[i].instance);
        free(l->list[i].text);
    }
    l->count = l->bytes = 0;
}
static void lines_deinit(struct lines *l) {
    lines_clear(l);
    free(l->list);
}
#define LINES C138_CLEANUP(lines_deinit) struct lines

static int is_wanted(const struct lines *l, const struct log_line *line) {
    if (l->grep && !strstr(line->text, l->grep))
        return 0;
    for (char **n = l->names; *n; n++)
        if (!strcmp(*n, line->service))
            return 1;
    return 0;
}

static int take(void *user, const struct log_line *line) {
    struct lines *l = user;
    if (!is_wanted(l, line))
        return 0;
    size_t length = strlen(line->text);
    if (l->count == LINES_MAX || l->bytes + length > TEXT_MAX) {
        l->cut = 1;
        return 1;
    }
    if (!l->list)
        l->list = c138_xcalloc(LINES_MAX, sizeof(*l->list));
    l->list[l->count] = (struct line){.time_ns = line->time_ns,
                                      .order = l->count,
                                      .service = c138_xstrdup(line->service),
                                      .instance = c138_xstrdup(line->instance),
                                      .text = c138_xstrdup(line->text),
                                      .is_error = line->is_error};
    l->count++;
    l->bytes += length + 200;
    return 0;
}

static int by_time(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static c138_status gather(struct driver *d, struct lines *l, int64_t since_ns, int64_t until_ns,
                          uint32_t tail, struct c138_err *err) {
    c138_status status = C138_OK;
    for (char **n = l->names; status >= 0 && *n; n++) {
        struct log_ask ask = {
            .service = *n, .since_ns = since_ns, .until_ns = until_ns, .tail = tail};
        status = d->ops->logs(d, &ask, take, l, err);
    }
    if (l->count > 1)
        qsort(l->list, l->count, sizeof(*l->list), by_time);
    return status;
}

static void show(c138_call *call, const struct lines *l, size_t from) {
    for (size_t i = from; i < l->count; i++) {
        c138_open_object(call, NULL);
        stack_set_time(call, "time", l->list[i].time_ns);
        c138_set_str(call, "service", l->list[i].service);
        if (strcmp(l->list[i].instance, l->list[i].service) != 0)
            c138_set_str(call, "instance", l->list[i].instance);
        c138_set_bool(call, "error", l->list[i].is_error ? 1 : 0);
        c138_set_str(call, "text", l->list[i].text);
        c138_close(call);
    }
}

static void tell(c138_call *call, const struct lines *l) {
    for (size_t i = 0; i < l->count; i++) {
        C138_FREE char *text = c138_xasprintf("%s | %s", l->list[i].service, l->list[i].text);
        c138_call_log(call, C138_LOG_INFO, text);
    }
}

/* Until the time is over; each new line at once to whoever watches the job, all into the result. */
static c138_status follow(struct driver *d, c138_call *call, struct lines *l, int64_t *cursor_ns,
                          int64_t end_ns, struct c138_err *err) {
    c138_status status = C138_OK;
    while (status >= 0 && c138_now_monotonic_ns() < end_ns && !driver_cancelled(d)) {
        LINES more = {.names = l->names, .grep = l->grep};
        if (driver_sleep(d, FOLLOW_STEP_NS, NULL) < 0)
            break;
        status = gather(d, &more, *cursor_ns + 1, 0, 0, err);
        tell(call, &more);
        if (more.count)
            *cursor_ns = more.list[more.count - 1].time_ns;
        show(call, &more, 0);
        l->cut |= more.cut;
    }
    return status;
}

c138_status stack_logs_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    DRIVER d = {0};
    NAMES names = NULL;
    uint32_t tail = (uint32_t)c138_uint(call, "tail");
    int64_t now = s->host->now_ns(s->host, C138_CLOCK_UTC), since = 0, until = 0;
    int64_t end = c138_now_monotonic_ns() + c138_int(call, "watch");
    if (c138_has(call, "since"))
        since = c138_int(call, "since");
    if (c138_has(call, "last"))
        since = now - c138_int(call, "last");
    if (c138_has(call, "until"))
        until = c138_int(call, "until");
    c138_status status = stack_engine(s, call, &d, &err);
    if (status >= 0)
        status = stack_names(s, &d, call, &names, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    LINES l = {.names = names, .grep = c138_has(call, "grep") ? c138_str(call, "grep") : NULL};
    status = gather(&d, &l, since, until, tail, &err);
    /* The newest of all, not of each. */
    size_t from = tail && l.count > tail ? l.count - tail : 0;
    int64_t cursor = l.count ? l.list[l.count - 1].time_ns : now;
    if (status >= 0) {
        c138_open_list(call, "lines");
        show(call, &l, from);
        status = follow(&d, call, &l, &cursor, end, &err);
        c138_close(call);
    }
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_set_bool(call, "cut", l.cut ? 1 : 0);
    stack_set_time(call, "next", cursor + 1);
    return C138_OK;
}
