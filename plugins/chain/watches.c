#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BURST_S 5                   /* of watch_rate, that may leave at once */
#define FULL_NS (C138_NS_PER_S / 5) /* until there is room again */

struct watches {
    struct chain *c;
    struct watch *list[WATCHES_MAX];
    size_t count;
    size_t endpoint; /* that was chosen last */
    /* The agent drops kept events beyond a rate, and says so to nobody: so they leave more slowly
     * than that. */
    double room;
    int64_t filled_ns;
    uint64_t published; /* as of then */
    pthread_t thread;
    int running;
    pthread_mutex_t lock; /* of `shown` and `flooded` */
    struct watch_shown shown[WATCHES_MAX];
    uint64_t flooded;
    /* Counters, as they were told last. */
    uint64_t logs[WATCHES_MAX], reorgs[WATCHES_MAX];
};

/* --- The world, as a watch sees it ------------------------------------------------------------ */

static c138_status io_ask(void *user, int choose, struct c138_rpc_call *calls, size_t count,
                          struct c138_err *err) {
    struct watches *w = user;
    return choose ? endpoints_batch(w->c->endpoints, calls, count, &w->endpoint, err)
                  : endpoints_batch_at(w->c->endpoints, w->endpoint, calls, count, err);
}

static int io_disagree(void *user, char ret_text[256]) {
    struct watches *w = user;
    return endpoints_disagree(w->c->endpoints, ret_text);
}

static size_t io_room(void *user) {
    struct watches *w = user;
    double rate = (double)w->c->settings.watch_rate;
    int64_t now_ns = c138_now_monotonic_ns();
    uint64_t published = w->c->published;
    w->room += (double)(now_ns - w->filled_ns) / 1e9 * rate - (double)(published - w->published);
    w->filled_ns = now_ns;
    w->published = published;
    if (w->room > BURST_S * rate)
        w->room = BURST_S * rate;
    return w->room >= 1 ? (size_t)w->room : 0;
}

static c138_status io_tell(void *user, const char *topic, const char *json) {
    struct watches *w = user;
    if (!w->c->bus)
        return C138_E_UNSUPPORTED;
    w->c->published++;
    return w->c->bus->publish(w->c->host, NULL, topic, json);
}

/* What was published before is in the agent's store when a put is answered: both go one way, in
 * order, and into one database. */
static c138_status io_settle(void *user, const char *name, const char *value,
                             struct c138_err *err) {
    struct watches *w = user;
    C138_FREE char *key = c138_xasprintf("watch.%s", name);
    c138_status status =
        w->c->kv ? w->c->kv->put(w->c->host, key, value, strlen(value)) : C138_E_UNSUPPORTED;
    return status >= 0
               ? C138_OK
               : c138_error(err, status, "chain.watch",
                            "watch %s: the agent does not keep how far it is (%s): its disk "
                            "is full, or the service kv is not granted",
                            name, c138_status_key(status));
}

static void on_value(void *user, const char *text, uint64_t length) {
    char **ret = user;
    *ret = c138_xstrndup(text, (size_t)length);
}

static char *io_recall(void *user, const char *name) {
    struct watches *w = user;
    C138_FREE char *key = c138_xasprintf("watch.%s", name);
    char *value = NULL;
    if (w->c->kv)
        (void)w->c->kv->get(w->c->host, key, on_value, &value);
    return value;
}

static void io_log(void *user, int32_t level, const char *text) {
    struct watches *w = user;
    w->c->host->log(w->c->host, level, text);
}

static struct watch_io io_of(struct watches *w) {
    return (struct watch_io){.user = w,
                             .folder = w->c->host->state_dir,
                             .ask = io_ask,
                             .disagree = io_disagree,
                             .room = io_room,
                             .tell = io_tell,
                             .settle = io_settle,
                             .recall = io_recall,
                             .log = io_log};
}

/* --- What is shown ---------------------------------------------------------------------------- */

static void set_one(struct watches *w, const char *name, const char *watch, double value, int add) {
    const c138_metrics *m = w->c->metrics;
    const char *labels[] = {watch};
    if (m && add)
        (void)m->add(w->c->host, name, labels, value);
    else if (m)
        (void)m->set(w->c->host, name, labels, value);
}

static void set_gauges(struct watches *w, size_t i) {
    const struct watch *one = w->list[i];
    const char *name = one->config.name;
    set_one(w, "chain138_chain_watch_behind_blocks", name, (double)watch_behind(one), 0);
    set_one(w, "chain138_chain_watch_logs_total", name, (double)(one->logs_made - w->logs[i]), 1);
    set_one(w, "chain138_chain_watch_reorgs_total", name, (double)(one->reorgs_made - w->reorgs[i]),
            1);
    w->logs[i] = one->logs_made;
    w->reorgs[i] = one->reorgs_made;
}

static void show(struct watches *w, size_t i, const char *text) {
    struct watch *one = w->list[i];
    struct watch_shown s = {.config = &one->config,
                            .next = watch_next(one),
                            .head = one->head,
                            .behind = watch_behind(one),
                            .logs = one->logs_total,
                            .reorgs = one->reorgs_total,
                            .range = one->range.size};
    struct watch_point top;
    struct endpoint_state endpoint;
    s.has_through = watch_top(one, &top);
    if (s.has_through) {
        s.through = top.number;
        memcpy(s.hash, top.hash, 32);
    }
    endpoints_state(w->c->endpoints, w->endpoint, &endpoint);
    (void)snprintf(s.endpoint, sizeof(s.endpoint), "%s", endpoint.name);
    (void)snprintf(s.text, sizeof(s.text), "%s", text);
    (void)pthread_mutex_lock(&w->lock);
    w->shown[i] = s;
    (void)pthread_mutex_unlock(&w->lock);
    set_gauges(w, i);
}

int watches_show(struct chain *c, size_t index, struct watch_shown *ret) {
    struct watches *w = c->watches;
    if (!w || index >= w->count)
        return 0;
    (void)pthread_mutex_lock(&w->lock);
    *ret = w->shown[index];
    if (w->flooded && !ret->text[0])
        (void)snprintf(ret->text, sizeof(ret->text),
                       "the agent dropped %" PRIu64 " events of this plugin: set watch_rate to at "
                       "most half of keep_rate, and read with chain logs what may be missing",
                       w->flooded);
    (void)pthread_mutex_unlock(&w->lock);
    return 1;
}

void watches_flooded(struct chain *c, uint64_t dropped) {
    struct watches *w = c->watches;
    if (!w)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->flooded = dropped;
    (void)pthread_mutex_unlock(&w->lock);
}

const struct watch_config *watches_find(const struct chain *c, const char *name) {
    for (size_t i = 0; c->watches && i < c->watches->count; i++)
        if (!strcmp(c->watches->list[i]->config.name, name))
            return &c->watches->list[i]->config;
    return NULL;
}

/* --- The thread ------------------------------------------------------------------------------- */

static int is_stopping(struct chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    int stopping = c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return stopping;
}

static int turn(struct watches *w, size_t i, const struct watch_io *io) {
    struct c138_err err = {0};
    struct watch *one = w->list[i];
    int did = watch_turn(one, io, &err);
    int is_new = did < 0 && strncmp(w->shown[i].text, err.text, sizeof(w->shown[i].text) - 1) != 0;
    if (is_new && !is_stopping(w->c)) {
        C138_FREE char *text = c138_xasprintf("chain: watch %s: %s", one->config.name, err.text);
        io_log(w, C138_LOG_WARNING, text);
    }
    show(w, i, did < 0 ? err.text : did == WATCH_FULL ? "waits for its turn (watch_rate)" : "");
    return did;
}

/* One piece of each, in turn, until nothing is left to be done. 1: there would be more, had the events
 * room. */
static int turn_all(struct watches *w) {
    const struct watch_io io = io_of(w);
    int more = 1, full = 0;
    while (more && !is_stopping(w->c)) {
        more = full = 0;
        for (size_t i = 0; i < w->count && !is_stopping(w->c); i++) {
            int did = turn(w, i, &io);
            more |= did == WATCH_MORE;
            full |= did == WATCH_FULL;
        }
    }
    return full;
}

static void rest(struct chain *c, int64_t pause_ns) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + pause_ns;
    until.tv_sec += ns / C138_NS_PER_S;
    until.tv_nsec = ns % C138_NS_PER_S;
    (void)pthread_mutex_lock(&c->lock);
    while (!c->stopping && pthread_cond_timedwait(&c->wake, &c->lock, &until) != ETIMEDOUT)
        ;
    (void)pthread_mutex_unlock(&c->lock);
}

static void *follow(void *user) {
    struct watches *w = user;
    int64_t poll_ns = w->c->settings.poll_ns;
    while (!is_stopping(w->c)) {
        int full = turn_all(w);
        rest(w->c, full && FULL_NS < poll_ns ? FULL_NS : poll_ns);
    }
    return NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

/* Each has its own copy of what the config says. */
static struct watch_config copy_of(const struct watch_config *c) {
    return (struct watch_config){.name = c138_xstrdup(c->name),
                                 .event = c138_xstrdup(c->event),
                                 .from = c138_xstrdup(c->from),
                                 .addresses = c138_json_copy(c->addresses),
                                 .args = c138_json_copy(c->args),
                                 .confirmations = c->confirmations,
                                 .final_blocks = c->final_blocks,
                                 .range_most = c->range_most};
}

void watches_start(struct chain *c) {
    struct c138_err err = {0};
    if (!c->settings.n_watches)
        return;
    struct watches *w = c->watches = c138_xcalloc(1, sizeof(*w));
    w->c = c;
    w->room = (double)c->settings.watch_rate;
    w->filled_ns = c138_now_monotonic_ns();
    (void)pthread_mutex_init(&w->lock, NULL);
    for (size_t i = 0; i < c->settings.n_watches; i++) {
        struct watch_config config = copy_of(&c->settings.watches[i]);
        struct watch *one = watch_new(&config, &err);
        if (!one) {
            c->host->log(c->host, C138_LOG_ERROR, err.text); /* the settings were checked */
            continue;
        }
        w->list[w->count++] = one;
        show(w, w->count - 1,
             !c->bus  ? "the service \"bus\" is not granted: nothing can be told"
             : !c->kv ? "the service \"kv\" is not granted: nothing can be kept"
                      : "not asked yet");
    }
    w->running = c->bus && c->kv && pthread_create(&w->thread, NULL, follow, w) == 0;
    if (!w->running)
        c->host->log(
            c->host, C138_LOG_ERROR,
            "chain: no watch is followed: the services bus and kv are needed, and a thread");
}

void watches_stop(struct chain *c) {
    if (c->watches && c->watches->running)
        (void)pthread_join(c->watches->thread, NULL);
    if (c->watches)
        c->watches->running = 0;
}

struct watches *watches_free(struct watches *w) {
    if (!w)
        return NULL;
    for (size_t i = 0; i < w->count; i++)
        (void)watch_free(w->list[i]);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
    return NULL;
}
