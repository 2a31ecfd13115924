/*
 * The timer: what happened to the services since the last look, as events and metrics, and samples
 * of the disks.
 */
#include "resources.h"
#include "stack.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OVERLAP_NS (2 * C138_NS_PER_S)

/* --- Services -------------------------------------------------------------------------------- */

static struct watched *watched_of(struct stack *s, const char *service) {
    for (size_t i = 0; i < s->n_watched; i++)
        if (!strcmp(s->watched[i].service, service))
            return &s->watched[i];
    if (s->n_watched == ROWS_MAX)
        return NULL;
    struct watched *w = &s->watched[s->n_watched++];
    *w = (struct watched){.service = c138_xstrdup(service), .state = SVC_UNKNOWN};
    return w;
}

static int is_bad(enum svc_state state, int unhealthy) {
    return unhealthy || state == SVC_STOPPED || state == SVC_FAILED || state == SVC_RESTARTING ||
           state == SVC_ABSENT;
}

static void tell(struct stack *s, const char *topic, const char *service, const struct svc *r,
                 const char *text) {
    struct c138_json *data = c138_json_new_object();
    c138_json_set_str(data, "service", service);
    c138_json_set_str(data, "state", svc_state_name(r ? r->state : SVC_ABSENT));
    c138_json_set_str(data, "text", text);
    if (r && (r->state == SVC_FAILED || r->state == SVC_STOPPED))
        c138_json_set_int(data, "exit_code", r->exit_code);
    stack_publish(s, NULL, topic, data);
}

static void gauge(struct stack *s, const char *name, const char *label, double value) {
    const char *const labels[] = {label, NULL};
    if (s->metrics)
        (void)s->metrics->set(s->host, name, labels, value);
}

static void judge(struct stack *s, const char *service, const struct svc *r) {
    struct watched *w = watched_of(s, service);
    enum svc_state state = r ? r->state : SVC_ABSENT;
    int unhealthy = r && !strcmp(r->health, "unhealthy");
    if (!w)
        return;
    int bad = is_bad(state, unhealthy), first = w->state == SVC_UNKNOWN;
    if (bad && !w->told) {
        C138_FREE char *text =
            c138_xasprintf("%s is %s%s%s", service, unhealthy ? "unhealthy" : svc_state_name(state),
                           r && *r->text ? ": " : "", r ? r->text : "");
        tell(s, "stack.service-down", service, r, text);
        w->told = 1;
    } else if (!bad && w->told && state == SVC_RUNNING) {
        tell(s, "stack.service-up", service, r, "it runs again");
        w->told = 0;
    }
    if (r && !first && r->restarts > w->restarts)
        tell(s, "stack.service-restarted", service, r, "the engine started it again");
    if (r && r->oom && state != w->state && bad)
        tell(s, "stack.out-of-memory", service, r, "it was killed for its memory");
    w->state = state;
    w->restarts = r ? r->restarts : 0;
    w->unhealthy = unhealthy;
    gauge(s, "chain138_stack_service_up", service, !bad && state == SVC_RUNNING);
    gauge(s, "chain138_stack_service_restarts", service, r ? (double)r->restarts : 0);
}

static void judge_all(struct stack *s, const struct svc_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (svc_worst(list, list->rows[i].service) == &list->rows[i])
            judge(s, list->rows[i].service, &list->rows[i]);
    for (size_t i = 0; i < s->settings.n_services; i++)
        if (!svc_worst(list, s->settings.services[i].name))
            judge(s, s->settings.services[i].name, NULL);
    /* What is gone and was never of the config is forgotten. */
    for (size_t i = 0; i < s->n_watched;) {
        struct watched *w = &s->watched[i];
        if (svc_worst(list, w->service) || stack_service(s, w->service)) {
            i++;
            continue;
        }
        const char *const labels[] = {w->service, NULL};
        if (s->metrics) {
            (void)s->metrics->remove(s->host, "chain138_stack_service_up", labels);
            (void)s->metrics->remove(s->host, "chain138_stack_service_restarts", labels);
        }
        free(w->service);
        *w = s->watched[--s->n_watched];
    }
}

/* A service that died and was back before we looked: only the engine's events tell. */
static void on_event(void *user, const struct svc_event *event) {
    struct stack *s = user;
    if (event->time_ns <= s->looked_ns - OVERLAP_NS)
        return;
    if (strcmp(event->what, "oom") != 0)
        return;
    struct c138_json *data = c138_json_new_object();
    c138_json_set_str(data, "service", event->service);
    c138_json_set_str(data, "state", "failed");
    c138_json_set_str(data, "text", "a process of it was killed for its memory");
    stack_publish(s, NULL, "stack.out-of-memory", data);
}

void stack_look(struct stack *s) {
    struct c138_err err = {0};
    DRIVER d = {0};
    SVC_LIST list = {0};
    int64_t now = s->host->now_ns(s->host, C138_CLOCK_UTC);
    c138_status status = stack_engine(s, NULL, &d, &err);
    if (status >= 0)
        status = d.ops->list(&d, &list, &err);
    if (status >= 0 && d.ops->events && s->looked_ns)
        (void)d.ops->events(&d, s->looked_ns, now, on_event, s, NULL);
    if (status >= 0)
        judge_all(s, &list);
    if (status < 0 && !s->engine_down) {
        struct c138_json *data = c138_json_new_object();
        c138_json_set_str(data, "text", err.text);
        stack_publish(s, NULL, "stack.engine-down", data);
    }
    s->engine_down = status < 0;
    (void)snprintf(s->health, sizeof(s->health), "%s", status < 0 ? err.text : "");
    if (s->metrics)
        (void)s->metrics->set(s->host, "chain138_stack_engine_up", NULL, status >= 0);
    s->looked_ns = now;
}

/* --- Disks ----------------------------------------------------------------------------------- */

static void push(struct samples *h, int64_t time, uint64_t used) {
    if (h->count == SAMPLES_MAX) {
        memmove(h->times, h->times + 1, sizeof(h->times[0]) * (SAMPLES_MAX - 1));
        memmove(h->used, h->used + 1, sizeof(h->used[0]) * (SAMPLES_MAX - 1));
        h->count--;
    }
    if (h->count && time <= h->times[h->count - 1])
        h->count = 0; /* the clock was set back: what was is of no use */
    h->times[h->count] = time;
    h->used[h->count++] = used;
}

static char *key_of(const char *folder) {
    return c138_xasprintf("disk:%.200s", folder);
}

static void save(struct stack *s, size_t i) {
    C138_JSON struct c138_json *list = c138_json_new_array();
    C138_FREE char *key = key_of(s->settings.disks[i]);
    for (size_t k = 0; k < s->samples[i].count; k++) {
        c138_json_append(list, c138_json_new_int(s->samples[i].times[k]));
        c138_json_append(list, c138_json_new_uint(s->samples[i].used[k]));
    }
    C138_FREE char *text = c138_json_dump(list);
    if (s->kv && s->kv->put(s->host, key, text, strlen(text)) < 0)
        s->host->log(s->host, C138_LOG_WARNING, "stack: samples of a disk could not be kept");
}

static void load(void *user, const char *text, uint64_t length) {
    struct samples *h = user;
    C138_JSON struct c138_json *list = NULL;
    if (c138_json_parse(text, (size_t)length, &list, NULL) < 0)
        return;
    for (size_t k = 0; k + 1 < c138_json_count(list); k += 2)
        push(h, c138_json_as_int(c138_json_at(list, k), 0),
             c138_json_as_uint(c138_json_at(list, k + 1), 0));
}

void stack_samples_load(struct stack *s) {
    for (size_t i = 0; s->kv && i < s->settings.n_disks; i++) {
        C138_FREE char *key = key_of(s->settings.disks[i]);
        (void)s->kv->get(s->host, key, load, &s->samples[i]);
    }
}

static void warn(struct stack *s, size_t i, const struct disk_at *at) {
    struct forecast f = disk_forecast(s, i, at);
    int soon = f.seconds_left >= 0 && f.seconds_left < s->settings.disk_warn_ns / C138_NS_PER_S;
    gauge(s, "chain138_stack_disk_left_bytes", s->settings.disks[i], (double)at->left);
    gauge(s, "chain138_stack_disk_full_seconds", s->settings.disks[i],
          f.seconds_left >= 0 ? (double)f.seconds_left : -1);
    if (soon && !s->disk_told[i]) {
        struct c138_json *data = c138_json_new_object();
        char human[C138_DURATION_TEXT];
        c138_duration_human(f.seconds_left * C138_NS_PER_S, human);
        C138_FREE char *text =
            c138_xasprintf("%s is full in %s if it goes on like this", s->settings.disks[i], human);
        c138_json_set_str(data, "folder", s->settings.disks[i]);
        c138_json_set_uint(data, "left_bytes", at->left);
        c138_json_set_int(data, "growth_bytes_per_day", (int64_t)f.bytes_per_day);
        c138_json_set_str(data, "text", text);
        stack_publish(s, NULL, "stack.disk-filling", data);
    }
    s->disk_told[i] = soon;
}

void stack_sample(struct stack *s) {
    int64_t now = s->host->now_ns(s->host, C138_CLOCK_UTC) / C138_NS_PER_S;
    for (size_t i = 0; i < s->settings.n_disks; i++) {
        struct disk_at at;
        if (!disk_now(s->settings.disks[i], &at))
            continue;
        (void)pthread_mutex_lock(&s->lock);
        push(&s->samples[i], now, at.used);
        save(s, i);
        (void)pthread_mutex_unlock(&s->lock);
        warn(s, i, &at);
    }
}

/* --- How it is ------------------------------------------------------------------------------- */

uint32_t stack_health(void *self, c138_text_fn on_text, void *user) {
    const struct stack *s = self;
    size_t bad = 0;
    for (size_t i = 0; i < s->n_watched; i++)
        bad += is_bad(s->watched[i].state, s->watched[i].unhealthy) ? 1 : 0;
    C138_FREE char *text =
        s->engine_down
            ? c138_xstrdup(s->health)
            : c138_xasprintf("%zu services, %zu not as they should be", s->n_watched, bad);
    on_text(user, text, strlen(text));
    return s->engine_down || bad ? C138_HEALTH_DEGRADED : C138_HEALTH_OK;
}

void stack_status_rows(void *self, c138_call *out) {
    const struct stack *s = self;
    c138_open_list(out, "items");
    if (s->engine_down) {
        c138_open_object(out, NULL);
        c138_set_str(out, "name", "engine");
        c138_set_str(out, "state", "critical");
        c138_set_str(out, "text", s->health);
        c138_close(out);
    }
    for (size_t i = 0; !s->engine_down && i < s->n_watched; i++) {
        const struct watched *w = &s->watched[i];
        int bad = is_bad(w->state, w->unhealthy);
        c138_open_object(out, NULL);
        c138_set_str(out, "name", w->service);
        c138_set_str(out, "state", bad ? "critical" : w->state == SVC_RUNNING ? "ok" : "unknown");
        c138_set_str(out, "text", w->unhealthy ? "unhealthy" : svc_state_name(w->state));
        c138_close(out);
    }
    c138_close(out);
}
