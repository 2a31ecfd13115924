#include <base/text.h>
#include <chain138/host.h>
#include <worker/plugins_internal.h>

#include <stdio.h>
#include <string.h>

#define P "chain138_agent_"

/* --- Rows for people
 * ------------------------------------------------------------------------------------------ */

static const char *state_name(const struct row *r) {
    static const char *const names[] = {"refused", "disabled", "starting",    "running", "degraded",
                                        "stuck",   "backoff",  "quarantined", "stopped"};
    return r->state == ROW_RUNNING && r->current && r->current->health == C138_HEALTH_DEGRADED
               ? "degraded"
               : names[r->state];
}

static void set_time(struct c138_json *o, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (!ns)
        return;
    c138_time_format(ns, text);
    c138_json_set_str(o, name, text);
}

static void describe_instance(struct c138_json *o, const struct instance *i) {
    c138_json_set_str(o, "version", i->version);
    c138_json_set_str(o, "mode", i->want.in_thread ? "thread" : "worker");
    if (i->link->pid)
        c138_json_set_int(o, "pid", i->link->pid);
    c138_json_set_uint(o, "memory_bytes", i->link->ops->memory_bytes(i->link));
    c138_json_set_num(o, "cpu_seconds", i->link->ops->cpu_s(i->link));
    c138_json_set_uint(o, "calls", i->n_calls);
    c138_json_set_uint(o, "calls_done", i->calls_done);
    c138_json_set_uint(o, "mailbox", atomic_load(&i->link->waiting));
    c138_json_set_uint(o, "dropped", atomic_load(&i->link->dropped));
    c138_json_set_str(o, "health", i->health_text);
    c138_json_set(o, "sandbox", c138_json_ref(i->sandbox));
    if (i->decl) {
        char contract[32];
        (void)snprintf(contract, sizeof(contract), "%u.%u", i->decl->abi_major, i->decl->abi_minor);
        c138_json_set_str(o, "contract", contract);
        c138_json_set_str(o, "summary", i->decl->summary);
    }
}

static struct c138_json *describe(const struct row *r) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "name", r->name);
    c138_json_set_str(o, "state", state_name(r));
    c138_json_set_str(o, "path", r->path);
    if (r->current)
        describe_instance(o, r->current);
    c138_json_set_str(o, "reason",
                      *r->reason ? r->reason
                      : r->current && r->current->health == C138_HEALTH_DEGRADED
                          ? r->current->health_text
                          : "");
    c138_json_set_str(o, "culprit", r->culprit);
    if (*r->tail)
        c138_json_set_str(o, "stderr", r->tail);
    c138_json_set_uint(o, "restarts", r->restarts);
    set_time(o, "since", r->since_ns);
    set_time(o, "next_start", r->next_start_ns);
    return o;
}

struct c138_json *plugins_describe(const struct plugins *p) {
    struct c138_json *list = c138_json_new_array();
    for (size_t i = 0; i < p->count; i++)
        c138_json_append(list, describe(p->rows[i]));
    return list;
}

/* --- Status of all
 * ---------------------------------------------------------------------------------------------- */

struct gather {
    struct c138_json *result;
    unsigned waiting; /* answers, and one for whoever still asks */
    unsigned refs;
    int over;
    struct event *timer;
    void (*done)(void *user, struct c138_json *result);
    void *user;
};

struct ask {
    struct gather *g;
    struct instance *instance;
};

static void gather_unref(struct gather *g) {
    if (--g->refs)
        return;
    c138_json_unref(g->result);
    event_free(g->timer);
    free(g);
}

static void gather_end(struct gather *g) {
    if (g->over++)
        return;
    (void)evtimer_del(g->timer);
    g->done(g->user, C138_STEAL(g->result));
    gather_unref(g);
}

static void on_answer(void *user, c138_status status, const struct c138_json *result) {
    struct ask *a = user;
    struct gather *g = a->g;
    struct instance *i = a->instance;
    if (status >= 0) {
        i->health = (uint32_t)c138_json_get_uint(result, "health", C138_HEALTH_OK);
        (void)snprintf(i->health_text, sizeof(i->health_text), "%s",
                       c138_json_get_str(result, "text", ""));
        struct c138_json *items = c138_json_get(result, "items");
        if (!g->over && c138_json_type(items) == C138_JSON_ARRAY)
            c138_json_set(g->result, i->want.name, c138_json_copy(items));
    }
    if (--g->waiting == 0)
        gather_end(g);
    gather_unref(g);
    instance_unref(i);
    free(a);
}

/* Whoever has not answered is busy: said so, instead of left out. */
static void on_time(evutil_socket_t fd, short what, void *user) {
    struct gather *g = user;
    (void)fd;
    (void)what;
    gather_end(g);
}

static struct c138_json *busy_row(void) {
    struct c138_json *list = c138_json_new_array(), *row = c138_json_new_object();
    c138_json_set_str(row, "name", "plugin");
    c138_json_set_str(row, "state", "unknown");
    c138_json_set_str(row, "text", "busy: no answer in time");
    c138_json_append(list, row);
    return list;
}

void plugins_status(struct plugins *p, int64_t timeout_ns,
                    void (*done)(void *user, struct c138_json *result), void *user) {
    struct gather *g = c138_xcalloc(1, sizeof(*g));
    const struct timeval most = {.tv_sec = timeout_ns / C138_NS_PER_S,
                                 .tv_usec = timeout_ns % C138_NS_PER_S / 1000};
    const struct timeval now = {0};
    *g = (struct gather){.result = c138_json_new_object(), .refs = 1, .done = done, .user = user};
    g->timer = evtimer_new(p->env.base, on_time, g);
    for (size_t n = 0; n < p->count; n++) {
        struct instance *i = p->rows[n]->current;
        if (!i || i->state != INSTANCE_RUNNING)
            continue;
        struct ask *a = c138_xcalloc(1, sizeof(*a));
        *a = (struct ask){g, instance_ref(i)};
        g->refs++;
        g->waiting++;
        c138_json_set(g->result, i->want.name, busy_row());
        instance_status(i, on_answer, a);
    }
    (void)evtimer_add(g->timer, g->waiting ? &most : &now);
}

/* --- Metrics
 * ---------------------------------------------------------------------------------------------------------
 */

#define METRIC(kind, n, h, ...)                                                                    \
    C138_METRIC(.type = C138_METRIC_##kind, .name = P n, .help = h,                                \
                .labels = C138_TEXTS(__VA_ARGS__))

const c138_metric *const plugins_metrics[] = {
    METRIC(GAUGE, "worker_memory_bytes", "Resident memory of a plugin's worker", "plugin"),
    METRIC(COUNTER, "worker_cpu_seconds_total", "Processor time of a plugin's worker or thread",
           "plugin"),
    METRIC(GAUGE, "plugin_up", "1: the plugin runs", "plugin"),
    METRIC(COUNTER, "plugin_restarts_total", "Restarts of a plugin since the agent started",
           "plugin"),
    METRIC(GAUGE, "plugin_calls", "Calls in flight", "plugin"),
    METRIC(COUNTER, "plugin_calls_total", "Calls of a plugin's actions that ended", "plugin",
           "outcome"),
    METRIC(GAUGE, "mailbox_depth", "Events that wait for a plugin", "plugin"),
    METRIC(COUNTER, "mailbox_dropped_total", "Events that did not fit a plugin's mailbox",
           "plugin"),
    C138_METRIC(.type = C138_METRIC_COUNTER, .name = P "bus_published_total",
                .help = "Events published"),
    C138_METRIC(.type = C138_METRIC_COUNTER, .name = P "bus_dropped_total",
                .help = "Events dropped on their way to the loop"),
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = P "bus_depth",
                .help = "Events on their way to the loop"),
    NULL,
};

static void set_row(struct metrics *m, const struct row *r) {
    const char *const labels[] = {r->name, NULL};
    const struct instance *i = r->current;
    (void)metrics_set(m, P "plugin_up", labels, i && i->state == INSTANCE_RUNNING);
    (void)metrics_set(m, P "plugin_restarts_total", labels, r->restarts);
    (void)metrics_set(m, P "worker_memory_bytes", labels,
                      i ? (double)i->link->ops->memory_bytes(i->link) : 0);
    (void)metrics_set(m, P "worker_cpu_seconds_total", labels,
                      i ? i->link->ops->cpu_s(i->link) : 0);
    (void)metrics_set(m, P "plugin_calls", labels, i ? i->n_calls : 0);
    (void)metrics_set(m, P "mailbox_depth", labels, i ? atomic_load(&i->link->waiting) : 0);
    (void)metrics_set(m, P "mailbox_dropped_total", labels,
                      i ? (double)atomic_load(&i->link->dropped) : 0);
}

static void collect(void *user, struct metrics *m) {
    struct plugins *p = user;
    for (size_t n = 0; n < p->count; n++)
        if (p->rows[n]->want.enabled)
            set_row(m, p->rows[n]);
    (void)metrics_set(m, P "bus_published_total", NULL, (double)bus_published(p->env.bus));
    (void)metrics_set(m, P "bus_dropped_total", NULL, (double)bus_dropped(p->env.bus));
    (void)metrics_set(m, P "bus_depth", NULL, bus_depth(p->env.bus));
}

void plugins_gauges(struct plugins *p) {
    for (const c138_metric *const *m = plugins_metrics; *m; m++)
        (void)metrics_declare(p->env.metrics, "agent", (*m)->name, (*m)->type, (*m)->help,
                              (*m)->labels);
    metrics_collector(p->env.metrics, collect, p);
}
