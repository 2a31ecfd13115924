/*
 * Who reads the port. Whoever needs something from it and finds nobody reading becomes the reader:
 * the actor when it has nothing to do, a thread that waits for an answer while the actor is busy.
 * The reader hands each frame to whom it belongs; when it leaves, another one that waits takes its
 * place.
 */
#include <worker/runtime_parts.h>

c138_status rt_send(struct rt *rt, uint16_t type, uint16_t flags, int32_t aux, uint64_t id,
                    const void *payload, size_t length, int more) {
    struct wire_head head = {.magic = WIRE_MAGIC,
                             .length = (uint32_t)length,
                             .type = type,
                             .flags = flags,
                             .aux = aux,
                             .id = id};
    if (!more && rt->options->flush && rt_on_actor(rt))
        rt_flush(rt); /* a port takes along what it holds back; the bus does not */
    return rt->port->ops->send(rt->port, &head, payload, more);
}

void rt_flush(struct rt *rt) {
    if (!rt->collected)
        return;
    rt->collected = 0;
    if (rt->options->flush)
        rt->options->flush(rt->options->user);
    else
        (void)rt->port->ops->flush(rt->port);
}

void rt_reply(struct rt *rt, uint64_t id, c138_status status, const char *json, size_t length) {
    (void)rt_send(rt, WIRE_REPLY, 0, status, id, json, length, 0);
}

void rt_reply_error(struct rt *rt, uint64_t id, c138_status status, const char *key,
                    const char *text) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    key = key && *key ? key : c138_status_key(status);
    (void)c138_buf_adds(&b, "{\"key\":");
    c138_json_quote(&b, key, strlen(key));
    (void)c138_buf_adds(&b, ",\"message\":");
    c138_json_quote(&b, text, strlen(text));
    (void)c138_buf_addc(&b, '}');
    rt_reply(rt, id, status, c138_buf_text(&b), b.length);
}

/* Events are bounded here too: the actor may be busy while another thread reads for it. */
static void to_inbox(struct rt *rt, struct wire_msg *msg) {
    uint32_t events = wire_events(msg);
    if (events && rt->inbox_events >= RT_INBOX_EVENTS) {
        rt->dropped += events + (uint32_t)msg->head.aux;
        (void)wire_msg_free(msg);
        return;
    }
    if (events) {
        rt->inbox_events += events;
        msg->head.aux = (int32_t)((uint32_t)msg->head.aux + rt->dropped);
        rt->dropped = 0;
    }
    msg->link_[0] = NULL;
    if (rt->inbox)
        rt->inbox_last->link_[0] = msg;
    else
        rt->inbox = msg;
    rt->inbox_last = msg;
}

static struct wire_msg *from_inbox(struct rt *rt) {
    struct wire_msg *msg = rt->inbox;
    if (!msg)
        return NULL;
    rt->inbox = msg->link_[0];
    rt->inbox_events -= wire_events(msg);
    return msg;
}

/* A CANCEL may reach its call while it runs, while it waits in the inbox, or in between. */
static void cancel_locked(struct rt *rt, uint64_t id) {
    for (struct rt_call *c = rt->calls; c; c = c->next)
        if (c->id == id)
            atomic_store(&c->cancelled, 1);
    if (rt->handed_id == id)
        rt->handed_cancelled = 1;
    for (struct wire_msg *m = rt->inbox; m; m = m->link_[0])
        if (m->head.type == WIRE_CALL && m->head.id == id)
            m->head.type = WIRE_CANCEL; /* the actor answers that it was cancelled */
}

static int answer_locked(struct rt *rt, struct wire_msg *msg) {
    for (struct rt_wait *w = rt->waits; w; w = w->next)
        if (w->id == msg->head.id && !w->reply) {
            w->reply = msg;
            return 1;
        }
    return 0;
}

/* Gives the frame back if it is for the actor. */
static struct wire_msg *sort_locked(struct rt *rt, struct wire_msg *msg) {
    switch (msg->head.type) {
    case WIRE_CANCEL:
        cancel_locked(rt, msg->head.id);
        (void)wire_msg_free(msg);
        return NULL;
    case WIRE_HOSTREPLY: /* one that nobody waits for any more is thrown away */
        if (!answer_locked(rt, msg))
            (void)wire_msg_free(msg);
        return NULL;
    default:
        return msg;
    }
}

/* Events mostly come in numbers. The actor takes those that are there already in one go, as each
 * turn costs locks and looks at clocks. *ret_other: a frame behind them that is none. */
static void read_ahead(struct rt *rt, struct wire_msg **ret_other) {
    for (uint32_t n = 0; n < RT_BATCH && !*ret_other;) {
        struct wire_msg *msg = NULL;
        if (rt->port->ops->recv(rt->port, -1, &msg))
            return; /* what is wrong, if anything, comes again */
        uint32_t events = wire_events(msg);
        if (!events) {
            *ret_other = msg;
            return;
        }
        n += events;
        msg->link_[0] = NULL;
        if (rt->batch)
            rt->batch_last->link_[0] = msg;
        else
            rt->batch = msg;
        rt->batch_last = msg;
    }
}

/* Called and left with the lock held; nobody else reads. *ret_msg: a frame for the actor, or NULL.
 */
static c138_status read_one(struct rt *rt, int64_t deadline_ns, int ahead,
                            struct wire_msg **ret_msg) {
    struct wire_msg *msg = NULL, *other = NULL;
    *ret_msg = NULL;
    rt->reading = 1;
    (void)pthread_mutex_unlock(&rt->lock);
    c138_status st = rt->port->ops->recv(rt->port, deadline_ns, &msg);
    if (ahead && st == C138_OK && wire_events(msg))
        read_ahead(rt, &other);
    (void)pthread_mutex_lock(&rt->lock);
    rt->reading = 0;
    if (st == C138_OK)
        *ret_msg = sort_locked(rt, msg);
    if (other && (other = sort_locked(rt, other)) != NULL)
        to_inbox(rt, other);
    else if (st != C138_E_TIMEOUT)
        rt->gone = st;
    if (rt->waiting)
        (void)pthread_cond_broadcast(&rt->changed);
    return st;
}

static void wait_locked(struct rt *rt, int64_t deadline_ns) {
    rt->waiting++;
    if (deadline_ns == INT64_MAX) {
        (void)pthread_cond_wait(&rt->changed, &rt->lock);
    } else {
        struct timespec until = {.tv_sec = deadline_ns / C138_NS_PER_S,
                                 .tv_nsec = deadline_ns % C138_NS_PER_S};
        (void)pthread_cond_timedwait(&rt->changed, &rt->lock, &until);
    }
    rt->waiting--;
}

static c138_status hand_out(struct rt *rt, struct wire_msg *msg, struct wire_msg **ret_msg) {
    rt->handed_id = msg->head.type == WIRE_CALL ? msg->head.id : 0;
    rt->handed_cancelled = 0;
    *ret_msg = msg;
    return C138_OK;
}

static c138_status next_locked(struct rt *rt, int64_t deadline_ns, struct wire_msg **ret_msg) {
    if (rt->kicked) {
        rt->kicked = 0;
        return C138_E_TIMEOUT;
    }
    struct wire_msg *msg = from_inbox(rt);
    if (msg)
        return hand_out(rt, msg, ret_msg);
    if (rt->gone)
        return rt->gone;
    if (rt->reading) {
        if (deadline_ns == 0)
            return C138_E_TIMEOUT;
        /* Whatever wakes us, the loop above looks at everything anew. */
        wait_locked(rt, deadline_ns);
        msg = from_inbox(rt);
        return msg ? hand_out(rt, msg, ret_msg) : C138_E_TIMEOUT;
    }
    c138_status st = read_one(rt, deadline_ns, 1, &msg);
    if (st)
        return st;
    return msg ? hand_out(rt, msg, ret_msg) : C138_E_TIMEOUT;
}

struct wire_msg *rt_next_ahead(struct rt *rt) {
    struct wire_msg *msg = rt->batch;
    if (msg)
        rt->batch = msg->link_[0];
    return msg;
}

c138_status rt_next(struct rt *rt, int64_t deadline_ns, struct wire_msg **ret_msg) {
    *ret_msg = rt_next_ahead(rt);
    if (*ret_msg)
        return C138_OK;
    (void)pthread_mutex_lock(&rt->lock);
    c138_status st = next_locked(rt, deadline_ns, ret_msg);
    (void)pthread_mutex_unlock(&rt->lock);
    return st;
}

/* A reader that is not the actor. */
static void read_for_others(struct rt *rt, int64_t deadline_ns) {
    struct wire_msg *msg = NULL;
    (void)read_one(rt, deadline_ns, 0, &msg);
    if (!msg)
        return;
    to_inbox(rt, msg);
    if (rt->waiting)
        (void)pthread_cond_broadcast(&rt->changed);
}

void rt_glance(struct rt *rt) {
    (void)pthread_mutex_lock(&rt->lock);
    if (!rt->reading && !rt->gone)
        read_for_others(rt, 0);
    (void)pthread_mutex_unlock(&rt->lock);
}

void rt_kick(struct rt *rt) {
    if (rt_on_actor(rt))
        return;
    (void)pthread_mutex_lock(&rt->lock);
    rt->kicked = 1;
    (void)pthread_cond_broadcast(&rt->changed);
    int reading = rt->reading;
    (void)pthread_mutex_unlock(&rt->lock);
    if (reading)
        rt->port->ops->wake(rt->port);
}

uint64_t rt_new_id(struct rt *rt) {
    (void)pthread_mutex_lock(&rt->lock);
    uint64_t id = ++rt->last_id;
    (void)pthread_mutex_unlock(&rt->lock);
    return id;
}

/* Until the answer is there. A call that is cancelled or too late looks up ten times a second. */
static c138_status await_locked(struct rt *rt, struct rt_wait *w, struct rt_call *call) {
    while (!w->reply) {
        if (rt->gone)
            return C138_E_UNAVAILABLE;
        if (call && atomic_load(&call->cancelled))
            return C138_E_CANCELLED;
        int64_t until = INT64_MAX;
        if (call) {
            int64_t now = c138_now_monotonic_ns();
            if (now >= call->api.deadline_ns)
                return C138_E_TIMEOUT;
            until = now + 100 * C138_NS_PER_MS;
            until = until < call->api.deadline_ns ? until : call->api.deadline_ns;
        }
        if (rt->reading)
            wait_locked(rt, until);
        else
            read_for_others(rt, until);
    }
    return C138_OK;
}

c138_status rt_hostcall(struct rt *rt, const char *json, size_t json_length, const void *body,
                        size_t body_length, struct rt_call *call, uint64_t id,
                        struct wire_msg **ret_reply) {
    size_t length = json_length + 1 + body_length;
    C138_FREE char *payload = c138_xmalloc(length);
    memcpy(payload, json, json_length + 1);
    if (body_length)
        memcpy(payload + json_length + 1, body, body_length);
    struct rt_wait wait = {.id = id};
    (void)pthread_mutex_lock(&rt->lock);
    wait.next = rt->waits;
    rt->waits = &wait;
    (void)pthread_mutex_unlock(&rt->lock);
    c138_status st = rt_send(rt, WIRE_HOSTCALL, 0, 0, id, payload, length, 0);
    (void)pthread_mutex_lock(&rt->lock);
    if (st == C138_OK)
        st = await_locked(rt, &wait, call);
    struct rt_wait **at = &rt->waits;
    while (*at != &wait)
        at = &(*at)->next;
    *at = wait.next;
    (void)pthread_mutex_unlock(&rt->lock);
    if (st == C138_OK)
        *ret_reply = wait.reply;
    else
        (void)wire_msg_free(wait.reply);
    return st;
}
