/* Timers of one instance: a short list, looked at by the actor between two frames. */
#include <worker/runtime_parts.h>

static struct rt_timer *find(struct rt *rt, uint64_t id) {
    for (size_t i = 0; i < rt->n_timers; i++)
        if (rt->timers[i].id == id)
            return &rt->timers[i];
    return NULL;
}

static struct rt_timer *add(struct rt *rt, uint64_t id) {
    if (rt->n_timers == RT_TIMERS_MAX)
        return NULL;
    if (rt->n_timers == rt->timers_room) {
        rt->timers_room = rt->timers_room ? rt->timers_room * 2 : 8;
        rt->timers = c138_xrealloc(rt->timers, rt->timers_room * sizeof *rt->timers);
    }
    struct rt_timer *t = &rt->timers[rt->n_timers++];
    t->id = id;
    return t;
}

static c138_status timer_start(const c138_host *host, uint64_t id, int64_t delay_ns,
                               int64_t period_ns) {
    struct rt *rt = rt_of(host);
    if (delay_ns < 0 || period_ns < 0)
        return C138_E_INVALID;
    int64_t now = c138_now_monotonic_ns();
    (void)pthread_mutex_lock(&rt->lock);
    struct rt_timer *t = find(rt, id);
    if (!t)
        t = add(rt, id);
    if (t) {
        t->due_ns = delay_ns > INT64_MAX - now ? INT64_MAX : now + delay_ns;
        t->period_ns = period_ns;
    }
    (void)pthread_mutex_unlock(&rt->lock);
    if (!t)
        return C138_E_LIMIT;
    rt_kick(rt);
    return C138_OK;
}

static void drop(struct rt *rt, struct rt_timer *t) {
    *t = rt->timers[--rt->n_timers];
}

static void timer_cancel(const c138_host *host, uint64_t id) {
    struct rt *rt = rt_of(host);
    (void)pthread_mutex_lock(&rt->lock);
    struct rt_timer *t = find(rt, id);
    if (t)
        drop(rt, t);
    (void)pthread_mutex_unlock(&rt->lock);
}

const c138_timer rt_timer_table = {
    .struct_size = sizeof(c138_timer), .start = timer_start, .cancel = timer_cancel};

/* The next period that has not passed yet: what passed is not made up for. */
static int64_t next_due(const struct rt_timer *t, int64_t now) {
    int64_t missed = (now - t->due_ns) / t->period_ns;
    int64_t step = (missed + 1) * t->period_ns;
    return step > INT64_MAX - t->due_ns ? INT64_MAX : t->due_ns + step;
}

static struct rt_timer *soonest(struct rt *rt) {
    struct rt_timer *t = rt->n_timers ? rt->timers : NULL;
    for (size_t i = 1; i < rt->n_timers; i++)
        if (rt->timers[i].due_ns < t->due_ns)
            t = &rt->timers[i];
    return t;
}

int rt_timer_take(struct rt *rt, uint64_t *ret_id, int64_t *ret_next_ns) {
    *ret_next_ns = INT64_MAX;
    (void)pthread_mutex_lock(&rt->lock);
    struct rt_timer *t = soonest(rt);
    int due = 0;
    if (t) {
        int64_t now = c138_now_monotonic_ns();
        due = t->due_ns <= now;
        *ret_next_ns = t->due_ns;
        *ret_id = t->id;
        if (due && t->period_ns > 0)
            t->due_ns = next_due(t, now);
        else if (due)
            drop(rt, t);
    }
    (void)pthread_mutex_unlock(&rt->lock);
    return due;
}
