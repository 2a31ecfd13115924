/* Events of an instance, both ways. */
#include <base/when.h>
#include <worker/instance_parts.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What was dropped since it was last told; `ret_told` for told(). */
static int32_t drops(struct instance *i, uint64_t *ret_told, uint64_t *ret_dropped) {
    *ret_dropped = atomic_load(&i->link->dropped);
    *ret_told = atomic_load(&i->drops_told);
    return (int32_t)(*ret_dropped - *ret_told);
}

void instance_on_event(void *user, const struct bus_event *event) {
    struct instance *i = user;
    uint64_t told, dropped;
    int32_t since = drops(i, &told, &dropped);
    if (i->link->ops->event(i->link, event, since) >= 0 && since)
        (void)atomic_compare_exchange_strong(&i->drops_told, &told, dropped);
}

void instance_on_bundle(void *user, struct bus_bundle *bundle) {
    struct instance *i = user;
    uint64_t told, dropped;
    int32_t since = drops(i, &told, &dropped);
    if (i->link->ops->bundle(i->link, bundle, since) && since)
        (void)atomic_compare_exchange_strong(&i->drops_told, &told, dropped);
}

/* A bucket that fills with keep_rate a second. What is over is counted, and named once in ten
 * seconds. */
static int may_keep(struct instance *i) {
    int64_t now = c138_now_monotonic_ns();
    double most = i->want.keep_rate * 10;
    i->keep_tokens += (double)(now - i->keep_at_ns) / 1e9 * i->want.keep_rate;
    i->keep_at_ns = now;
    if (i->keep_tokens > most)
        i->keep_tokens = most;
    if (i->keep_tokens >= 1) {
        i->keep_tokens -= 1;
        return 1;
    }
    i->keep_dropped++;
    if (now - i->keep_told_ns > 10 * C138_NS_PER_S) {
        char json[160];
        i->keep_told_ns = now;
        (void)snprintf(json, sizeof(json), "{\"plugin\":\"%s\",\"dropped\":%" PRIu64 "}",
                       i->want.name, i->keep_dropped);
        log_line(i->env->log, C138_LOG_WARNING, &(struct log_at){.plugin = i->want.name},
                 "publishes more kept events than %g a second (keep_rate): %" PRIu64
                 " were not stored",
                 i->want.keep_rate, i->keep_dropped);
        bus_emit(i->env->bus, "agent.plugin-flooding", C138_SEVERITY_WARNING, json);
    }
    return 0;
}

static void publish(struct instance *i, const struct decl_event *e, const char *json, size_t length,
                    const char *job) {
    struct bus_event event = {
        .topic = e->topic,
        .source = i->want.name,
        .json = json,
        .json_length = length,
        .time_ns = c138_now_utc_ns(),
        .flags = e->flags,
        .severity = e->severity,
        .job_id = job,
        .chain = job && i->env->job_chain ? i->env->job_chain(i->env->user, job) : NULL,
    };
    bus_publish(i->env->bus, &event);
}

/* A topic that was published before is likely to come again: one look at the last one saves the
 * search. */
static const struct decl_event *declared(struct instance *i, const char *topic) {
    if (!i->decl)
        return NULL;
    if (!i->last_event || strcmp(i->last_event->topic, topic) != 0)
        i->last_event = decl_event_find(i->decl, topic);
    return i->last_event;
}

void instance_on_publish(struct instance *i, const struct wire_head *head, char *payload) {
    size_t topic = strnlen(payload, head->length);
    const struct decl_event *e = topic < head->length ? declared(i, payload) : NULL;
    const struct plugins_call *cause = instance_find(i, head->id);
    const char *json = payload + topic + 1;
    size_t length = head->length - topic - 1;
    if (!i->decl)
        return; /* before it runs nobody listens */
    if (!e || head->length > WIRE_EVENT_MAX + 256) {
        instance_kill(i, "garbage: an event that it does not declare");
        return;
    }
    if (e->flags & C138_EVENT_KEEP) {
        C138_JSON struct c138_json *value = NULL;
        if (!may_keep(i))
            return;
        if (c138_json_parse(json, length, &value, NULL) < 0 ||
            c138_json_type(value) != C138_JSON_OBJECT) {
            instance_kill(i, "garbage: an event that is no JSON object");
            return;
        }
    }
    publish(i, e, json, length, cause && cause->job_id[0] ? cause->job_id : NULL);
}

/* --- A plugin in a thread of the agent: straight to the bus, on its own thread --- */

/* Kept events, and those of a job that a trigger started, take the way over the loop, where the
 * rate and the job's chain are known. */
static void over_the_loop(struct instance *i, const struct wire_publish *p) {
    size_t n = strlen(p->topic) + 1;
    struct wire_msg *m = wire_msg_new(WIRE_PUBLISH, p->cause, 0, NULL, n + p->length);
    memcpy(m->payload, p->topic, n);
    memcpy(m->payload + n, p->json, p->length);
    i->link->ops->echo(i->link, m);
}

static void publish_alone(struct instance *i, const struct wire_publish *p) {
    const struct bus_event event = {.topic = p->topic,
                                    .source = i->want.name,
                                    .json = p->json,
                                    .json_length = p->length,
                                    .time_ns = p->time_ns,
                                    .flags = p->flags,
                                    .severity = p->severity};
    bus_publish(i->env->bus, &event);
}

/* So few are not worth a bundle's memory. */
#define FEW 4u

void instance_on_thread_flush(void *user) {
    struct instance *i = user;
    struct bus_event event;
    if (!i->open)
        return;
    int few = bus_bundle_count(i->open) <= FEW;
    for (uint32_t at = 0; few && bus_bundle_next(i->open, &at, &event);)
        bus_publish(i->env->bus, &event);
    if (few) {
        bus_bundle_reset(i->open);
        return;
    }
    i->open = bus_bundle_trim(i->open);
    bus_publish_bundle(i->env->bus, i->open);
    i->open = bus_bundle_unref(i->open);
}

static int add_to_open(struct instance *i, const struct wire_publish *p) {
    return i->open && strcmp(bus_bundle_topic(i->open), p->topic) == 0 &&
           bus_bundle_add(i->open, p->time_ns, p->json, p->length);
}

/* 0: it is too large for any bundle. */
static int collect(struct instance *i, const struct wire_publish *p) {
    if (add_to_open(i, p))
        return 1;
    instance_on_thread_flush(i);
    if (i->open && strcmp(bus_bundle_topic(i->open), p->topic) != 0)
        i->open = bus_bundle_unref(i->open);
    if (!i->open)
        i->open = bus_bundle_new(p->topic, i->want.name, p->flags, p->severity);
    return add_to_open(i, p);
}

void instance_on_thread_publish(void *user, const struct wire_publish *p) {
    struct instance *i = user;
    int to_loop = (p->flags & C138_EVENT_KEEP) || (p->cause && atomic_load(&i->chained));
    if (p->collect && !to_loop && collect(i, p))
        return;
    if (p->collect)
        instance_on_thread_flush(i);
    if (to_loop)
        over_the_loop(i, p);
    else
        publish_alone(i, p);
}
