/*
 * Values of declared metrics. The instance keeps them; what changed goes to the agent in one frame:
 * at the end of a call, and else at most every 100 ms, so that a counter in a hot callback costs
 * nothing.
 */
#include <worker/runtime_parts.h>

#include <math.h>

#define FLUSH_AFTER_NS (100 * C138_NS_PER_MS)
#define BUCKETS 512u
#define LABEL_MAX 1024u /* bytes of all label values of one series */

struct series {
    struct series *next; /* in its bucket */
    struct series *next_changed;
    const struct decl_metric *metric;
    double value;
    int changed, removed;
    uint64_t hash;
    size_t n_labels, labels_length;
    char labels[]; /* the values, each with its NUL */
};

struct rt_metrics {
    pthread_mutex_t lock;
    struct series *buckets[BUCKETS];
    struct series *changed;
    size_t count;
    int64_t due_ns;
};

struct rt_metrics *rt_metrics_new(void) {
    struct rt_metrics *m = c138_xcalloc(1, sizeof *m);
    (void)pthread_mutex_init(&m->lock, NULL);
    m->due_ns = INT64_MAX;
    return m;
}

struct rt_metrics *rt_metrics_free(struct rt_metrics *m) {
    if (!m)
        return NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        while (m->buckets[i]) {
            struct series *s = m->buckets[i];
            m->buckets[i] = s->next;
            free(s);
        }
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
    return NULL;
}

/* The label values one behind the other; C138_E_INVALID if one is missing or no text. */
static c138_status join_labels(const struct decl_metric *metric, const char *const *values,
                               char *into, size_t *ret_length) {
    size_t at = 0;
    for (uint32_t i = 0; i < metric->n_labels; i++) {
        if (!values || !values[i])
            return C138_E_INVALID;
        size_t n = strlen(values[i]) + 1;
        if (n > LABEL_MAX - at)
            return C138_E_LIMIT;
        memcpy(into + at, values[i], n);
        at += n;
    }
    *ret_length = at;
    return C138_OK;
}

static uint64_t hash_of(const struct decl_metric *metric, const char *labels, size_t length) {
    uint64_t h = (uint64_t)(uintptr_t)metric * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)labels[i]) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

static struct series *find(struct rt_metrics *m, uint64_t hash, const struct decl_metric *metric,
                           const char *labels, size_t length) {
    for (struct series *s = m->buckets[hash % BUCKETS]; s; s = s->next)
        if (s->hash == hash && s->metric == metric && s->labels_length == length &&
            memcmp(s->labels, labels, length) == 0)
            return s;
    return NULL;
}

static struct series *add(struct rt_metrics *m, uint64_t hash, const struct decl_metric *metric,
                          const char *labels, size_t length) {
    struct series *s = c138_xcalloc(1, sizeof *s + length + 1);
    s->hash = hash;
    s->metric = metric;
    s->n_labels = metric->n_labels;
    s->labels_length = length;
    memcpy(s->labels, labels, length);
    s->removed = 1; /* until it gets its first value */
    s->next = m->buckets[hash % BUCKETS];
    m->buckets[hash % BUCKETS] = s;
    return s;
}

/* Puts it on the list of what is to be sent. Gives 1 if the list was empty. */
static int mark(struct rt_metrics *m, struct series *s) {
    if (s->changed)
        return 0;
    int first = m->changed == NULL;
    s->changed = 1;
    s->next_changed = m->changed;
    m->changed = s;
    if (first)
        m->due_ns = c138_now_monotonic_ns() + FLUSH_AFTER_NS;
    return first;
}

enum { SET, ADD, REMOVE };

static c138_status change_locked(struct rt_metrics *m, const struct decl_metric *metric,
                                 const char *labels, size_t length, int how, double value,
                                 int *ret_first) {
    uint64_t hash = hash_of(metric, labels, length);
    struct series *s = find(m, hash, metric, labels, length);
    if (how == REMOVE) {
        if (!s || s->removed)
            return C138_E_NOTFOUND;
        s->removed = 1;
        s->value = 0;
        m->count--;
        *ret_first = mark(m, s);
        return C138_OK;
    }
    double old = s && !s->removed ? s->value : 0;
    double now = how == ADD ? old + value : value;
    if (metric->type == C138_METRIC_COUNTER && now < old)
        return C138_E_INVALID;
    if (s && !s->removed && now == old)
        return C138_OK;
    if ((!s || s->removed) && m->count == RT_SERIES_MAX)
        return C138_E_LIMIT;
    if (!s)
        s = add(m, hash, metric, labels, length);
    if (s->removed)
        m->count++;
    s->removed = 0;
    s->value = now;
    *ret_first = mark(m, s);
    return C138_OK;
}

static c138_status change(const c138_host *host, const char *name, const char *const *values,
                          int how, double value) {
    struct rt *rt = rt_of(host);
    const struct decl_metric *metric = name ? decl_metric_find(rt->decl, name) : NULL;
    char labels[LABEL_MAX];
    size_t length = 0;
    int first = 0;
    if (!metric || !isfinite(value))
        return C138_E_INVALID;
    c138_status st = join_labels(metric, values, labels, &length);
    if (st)
        return st;
    (void)pthread_mutex_lock(&rt->metrics->lock);
    st = change_locked(rt->metrics, metric, labels, length, how, value, &first);
    (void)pthread_mutex_unlock(&rt->metrics->lock);
    if (first)
        rt_kick(rt); /* the actor is to wake in time to send it */
    return st;
}

static c138_status metric_set(const c138_host *host, const char *name, const char *const *values,
                              double value) {
    return change(host, name, values, SET, value);
}

static c138_status metric_add(const c138_host *host, const char *name, const char *const *values,
                              double delta) {
    return change(host, name, values, ADD, delta);
}

static c138_status metric_remove(const c138_host *host, const char *name,
                                 const char *const *values) {
    return change(host, name, values, REMOVE, 0);
}

const c138_metrics rt_metrics_table = {.struct_size = sizeof(c138_metrics),
                                       .set = metric_set,
                                       .add = metric_add,
                                       .remove = metric_remove};

static void write_series(struct c138_buf *b, const struct series *s) {
    (void)c138_buf_addf(b, "[\"%s\",[", s->metric->name);
    const char *label = s->labels;
    for (size_t i = 0; i < s->n_labels; i++) {
        size_t n = strlen(label);
        if (i)
            (void)c138_buf_addc(b, ',');
        c138_json_quote(b, label, n);
        label += n + 1;
    }
    if (s->removed)
        (void)c138_buf_adds(b, "],null]");
    else
        (void)c138_buf_addf(b, "],%.17g]", s->value);
}

/* Takes a series that is gone out of its bucket. */
static void forget(struct rt_metrics *m, struct series *s) {
    struct series **at = &m->buckets[s->hash % BUCKETS];
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    free(s);
}

static void take_changes(struct rt_metrics *m, struct c138_buf *b) {
    (void)c138_buf_addc(b, '[');
    while (m->changed) {
        struct series *s = m->changed;
        m->changed = s->next_changed;
        s->changed = 0;
        if (b->length > 1)
            (void)c138_buf_addc(b, ',');
        write_series(b, s);
        if (s->removed)
            forget(m, s);
    }
    (void)c138_buf_addc(b, ']');
    m->due_ns = INT64_MAX;
}

void rt_metrics_flush(struct rt *rt, int more) {
    struct rt_metrics *m = rt->metrics;
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    (void)pthread_mutex_lock(&m->lock);
    /* Sent under the lock, so that two flushes cannot overtake each other. */
    if (m->changed) {
        take_changes(m, &b);
        (void)rt_send(rt, WIRE_METRICS, 0, 0, 0, b.data, b.length, more);
    }
    (void)pthread_mutex_unlock(&m->lock);
}

int64_t rt_metrics_due(struct rt *rt) {
    (void)pthread_mutex_lock(&rt->metrics->lock);
    int64_t due = rt->metrics->due_ns;
    (void)pthread_mutex_unlock(&rt->metrics->lock);
    return due;
}
