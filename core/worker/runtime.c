/* One instance of a plugin: loaded, described, and then an actor until the agent says stop. */
#include <worker/runtime_parts.h>

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <loader/elfnote.h>
#include <schema/describe.h>

#define RANGES_MAX 16

typedef const c138_plugin *(*entry_fn)(void);

/* --- The board --- */

void rt_board_enter(struct rt *rt, unsigned slot, uint64_t call_id, const char *what,
                    const char *name) {
    struct board_slot *s = &rt->board->slots[slot];
    size_t a = strlen(what), b = strnlen(name, BOARD_TEXT - 1);
    if (b > BOARD_TEXT - 2 - a)
        b = BOARD_TEXT - 2 - a;
    memcpy(s->what, what, a);
    s->what[a] = ' ';
    memcpy(s->what + a + 1, name, b);
    s->what[a + 1 + b] = '\0';
    atomic_store_explicit(&s->call_id, call_id, memory_order_relaxed);
    atomic_store_explicit(&s->since_ns, c138_now_monotonic_coarse_ns(), memory_order_release);
}

void rt_board_leave(struct rt *rt, unsigned slot) {
    atomic_store_explicit(&rt->board->slots[slot].since_ns, 0, memory_order_release);
}

/* Around a callback of the actor. What it published leaves when it ends, if no frame took it along.
 */
static void enter(struct rt *rt, const char *name) {
    rt_board_enter(rt, 0, 0, "callback", name);
    rt->in_callback = 1;
}

static void leave(struct rt *rt) {
    rt->in_callback = 0;
    rt_board_leave(rt, 0);
    rt_flush(rt);
}

/* --- Loading --- */

/*
 * The dynamic linker takes two paths that read the same for the same library, whatever they lead
 * to. In the agent descriptors are used again, so that a path through one must never be spelled
 * twice: the time goes into it as a row of "/" and "/." steps, which mean nothing to the kernel.
 */
static void unique_path(int fd, char *ret_path, size_t size) {
    size_t at = (size_t)snprintf(ret_path, size, "/proc");
    uint64_t serial = (uint64_t)c138_now_monotonic_ns();
    for (int bit = 0; bit < 64; bit++) {
        ret_path[at++] = '/';
        if (serial >> bit & 1)
            ret_path[at++] = '.';
        ret_path[at++] = '/';
    }
    (void)snprintf(ret_path + at, size - at, "self/fd/%d", fd);
}

static c138_status open_library(struct rt *rt, void **ret_handle, struct c138_err *err) {
    char path[320];
    unique_path(rt->options->plugin_fd, path, sizeof path);
    /* Constructors run here: a crash in one has a name. */
    rt_board_enter(rt, 0, 0, "callback", "load");
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    rt_board_leave(rt, 0);
    if (!handle)
        return c138_error(err, C138_E_INVALID, "plugin.load",
                          "plugin %s: cannot be mapped: %s: install the libraries it needs",
                          rt->note.name, dlerror());
    *ret_handle = handle;
    return C138_OK;
}

struct segments {
    ElfW(Addr) base;
    const char *name;
    struct describe_range ranges[RANGES_MAX];
    size_t count;
};

static int take_segments(struct dl_phdr_info *info, size_t size, void *user) {
    struct segments *s = user;
    (void)size;
    if (info->dlpi_addr != s->base || strcmp(info->dlpi_name, s->name) != 0)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum && s->count < RANGES_MAX; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD)
            continue;
        uintptr_t begin = info->dlpi_addr + p->p_vaddr;
        s->ranges[s->count++] = (struct describe_range){begin, begin + p->p_memsz};
    }
    return 1;
}

static c138_status find_segments(void *handle, struct segments *s, struct c138_err *err) {
    struct link_map *map = NULL;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || !map)
        return c138_error(err, C138_E_INTERNAL, NULL, "plugin: its mapping cannot be found: %s",
                          dlerror());
    *s = (struct segments){.base = map->l_addr, .name = map->l_name};
    (void)dl_iterate_phdr(take_segments, s);
    if (s->count == 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "plugin: it has no mapped segments");
    return C138_OK;
}

static int is_inside(const struct segments *s, const void *p) {
    uintptr_t at = (uintptr_t)p;
    for (size_t i = 0; i < s->count; i++)
        if (at >= s->ranges[i].begin && at < s->ranges[i].end)
            return 1;
    return 0;
}

/* The entry must be the plugin's own: dlsym() looks into the libraries behind it too. */
static c138_status call_entry(struct rt *rt, void *handle, const struct segments *s,
                              struct c138_err *err) {
    void *symbol = dlsym(handle, "c138_plugin_entry");
    if (!symbol || !is_inside(s, symbol))
        return c138_error(err, C138_E_INVALID, "plugin.entry",
                          "plugin %s: does not export c138_plugin_entry: define it as "
                          "chain138/plugin.h says",
                          rt->note.name);
    entry_fn entry;
    memcpy(&entry, &symbol, sizeof entry);
    rt_board_enter(rt, 0, 0, "callback", "entry");
    rt->plugin = entry();
    rt_board_leave(rt, 0);
    return C138_OK;
}

static c138_status check_identity(const struct rt *rt, struct c138_err *err) {
    const struct decl_plugin *d = rt->decl;
    if (strcmp(d->name, rt->note.name) != 0 || strcmp(d->version, rt->note.version) != 0)
        return c138_error(err, C138_E_INVALID, "plugin.identity",
                          "plugin %s %s: its tables say \"%s\" \"%s\": make note and table agree",
                          rt->note.name, rt->note.version, d->name, d->version);
    if (d->abi_major != rt->note.abi_major || d->abi_minor != rt->note.abi_minor)
        return c138_error(err, C138_E_INVALID, "plugin.identity",
                          "plugin %s: its note says contract %u.%u, its tables %u.%u: make note "
                          "and table agree",
                          rt->note.name, rt->note.abi_major, rt->note.abi_minor, d->abi_major,
                          d->abi_minor);
    return C138_OK;
}

static c138_status check_note(struct rt *rt, struct c138_err *err) {
    c138_status st = elfnote_read(rt->options->plugin_fd, &rt->note, err);
    if (st)
        return st;
    const char *wanted = c138_json_get_str(rt->welcome, "plugin", rt->note.name);
    if (strcmp(wanted, rt->note.name) != 0)
        return c138_error(err, C138_E_INVALID, "plugin.name",
                          "plugin %s: its note says \"%s\": install the right file", wanted,
                          rt->note.name);
    if (rt->note.abi_major != C138_ABI_MAJOR)
        return c138_error(err, C138_E_UNSUPPORTED, "plugin.contract",
                          "plugin %s: made for contract %u.%u, this agent has %u.%u", wanted,
                          rt->note.abi_major, rt->note.abi_minor, C138_ABI_MAJOR, C138_ABI_MINOR);
    if (rt->options->in_agent && rt->note.flags & C138_PLUGIN_WORKER_ONLY)
        return c138_error(err, C138_E_DENIED, "plugin.worker-only",
                          "plugin %s: holds secrets and does not run in a thread of the agent: "
                          "take mode = \"thread\" out of its section",
                          wanted);
    return C138_OK;
}

static c138_status load(struct rt *rt, struct c138_json **ret_document, struct c138_err *err) {
    void *handle = NULL;
    struct segments s;
    c138_status st = open_library(rt, &handle, err);
    if (st || (st = find_segments(handle, &s, err)) != C138_OK ||
        (st = call_entry(rt, handle, &s, err)) != C138_OK)
        return st;
    C138_JSON struct c138_json *document = NULL;
    st = describe_plugin(rt->plugin, rt->note.flags, s.ranges, s.count, &document, err);
    if (st || (st = decl_plugin_new(document, &rt->decl, err)) != C138_OK ||
        (st = check_identity(rt, err)) != C138_OK)
        return c138_error_prefix(err, st, "plugin %s", rt->note.name);
    *ret_document = C138_STEAL(document);
    return C138_OK;
}

static c138_status create(struct rt *rt, struct c138_err *err) {
    rt_host_init(rt);
    if (!rt->plugin->create)
        return c138_error(err, C138_E_INVALID, "plugin.create", "plugin %s: has no create()",
                          rt->note.name);
    enter(rt, "create");
    c138_status st = rt->plugin->create(&rt->host, &rt->self);
    leave(rt);
    if (st)
        return c138_error(err, st > 0 ? C138_E_INTERNAL : st, "plugin.create",
                          "plugin %s: create() failed: %s", rt->note.name, c138_status_key(st));
    rt->created = 1;
    return C138_OK;
}

/* --- Welcome and hello --- */

static c138_status take_welcome(struct rt *rt, struct c138_err *err) {
    struct wire_msg *msg = NULL;
    c138_status st;
    do
        st = rt_next(rt, INT64_MAX, &msg);
    while (st == C138_E_TIMEOUT);
    if (st)
        return st;
    if (msg->head.type != WIRE_WELCOME)
        st = c138_error(err, C138_E_INVALID, "wire.garbage",
                        "the agent's first frame is of type %u, expected WELCOME",
                        (unsigned)msg->head.type);
    else
        st = c138_json_parse(msg->payload, msg->head.length, &rt->welcome, err);
    (void)wire_msg_free(msg);
    return st;
}

static c138_status send_hello(struct rt *rt, struct c138_json *document, struct c138_json *report) {
    C138_JSON struct c138_json *hello = c138_json_new_object();
    c138_json_set(hello, "document", document);
    c138_json_set(hello, "sandbox", report);
    C138_FREE char *text = c138_json_dump(hello);
    return rt_send(rt, WIRE_HELLO, 0, 0, 0, text, strlen(text), 0);
}

static c138_status introduce(struct rt *rt, struct c138_err *err) {
    C138_JSON struct c138_json *report = c138_json_new_object(), *document = NULL;
    c138_status st = check_note(rt, err);
    if (st == C138_OK && rt->options->confine)
        st = rt->options->confine(rt->welcome, report, err);
    if (st || (st = load(rt, &document, err)) != C138_OK || (st = create(rt, err)) != C138_OK)
        return st;
    return send_hello(rt, C138_STEAL(document), C138_STEAL(report));
}

static void refuse(struct rt *rt, c138_status status, const struct c138_err *err) {
    C138_JSON struct c138_json *why = c138_json_new_object();
    c138_json_set_str(why, "key", err->key[0] ? err->key : c138_status_key(status));
    c138_json_set_str(why, "message", err->text);
    C138_FREE char *text = c138_json_dump(why);
    (void)rt_send(rt, WIRE_REFUSE, 0, status, 0, text, strlen(text), 0);
}

/* --- Frames --- */

static void on_commit(struct rt *rt, const struct wire_msg *msg) {
    if (rt->plugin->commit) {
        enter(rt, "commit");
        rt->plugin->commit(rt->self, msg->head.aux != 0);
        leave(rt);
    }
    rt_reply(rt, msg->head.id, C138_OK, "{}", 2);
}

static void on_start(struct rt *rt, const struct wire_msg *msg) {
    c138_status st = C138_OK;
    if (rt->plugin->start) {
        enter(rt, "start");
        st = rt->plugin->start(rt->self);
        leave(rt);
    }
    rt->started = st == C138_OK;
    if (rt->started)
        rt_reply(rt, msg->head.id, C138_OK, "{}", 2);
    else
        rt_reply_error(rt, msg->head.id, st > 0 ? C138_E_INTERNAL : st, "plugin.start",
                       "start() failed; the log may say why");
    (void)malloc_trim(0); /* what describing itself took */
}

/* topic NUL source NUL json. 0: not so. */
static int split_event(const struct wire_msg *msg, c138_event_in *in) {
    const char *end = msg->payload + msg->head.length;
    const char *topic_end = memchr(msg->payload, '\0', msg->head.length);
    const char *source = topic_end ? topic_end + 1 : end;
    const char *source_end = source < end ? memchr(source, '\0', (size_t)(end - source)) : NULL;
    if (!source_end)
        return 0;
    *in = (c138_event_in){.struct_size = sizeof *in,
                          .dropped = (uint32_t)msg->head.aux,
                          .topic = msg->payload,
                          .json = source_end + 1,
                          .source = source,
                          .time_ns = (int64_t)msg->head.id};
    return 1;
}

static c138_status on_event(struct rt *rt, const struct wire_msg *msg) {
    c138_event_in in;
    if (!split_event(msg, &in))
        return C138_E_INVALID;
    if (!rt->started || !rt->plugin->event)
        return C138_OK;
    rt_board_enter(rt, 0, 0, "callback event", in.topic);
    rt->in_callback = 1;
    rt->plugin->event(rt->self, &in);
    leave(rt);
    return C138_OK;
}

/* Events of the bundle at hand, for as long as no timer can have become due: a tick of the clock.
 * The board says since when each of them runs. */
static void serve_bundle(struct rt *rt) {
    struct wire_msg *msg = rt->bundle;
    struct wire_bundle *w = wire_bundle(msg);
    struct bus_event e;
    int64_t tick = c138_now_monotonic_coarse_ns();
    int takes = rt->started && rt->plugin->event;
    rt_board_enter(rt, 0, 0, "callback event", bus_bundle_topic(w->bundle));
    while (w->left && bus_bundle_next(w->bundle, &w->at, &e)) {
        const c138_event_in in = {.struct_size = sizeof in,
                                  .dropped = (uint32_t)msg->head.aux,
                                  .topic = e.topic,
                                  .json = e.json,
                                  .source = e.source,
                                  .time_ns = e.time_ns};
        w->left--;
        msg->head.aux = 0;
        rt->in_callback = 1;
        if (takes)
            rt->plugin->event(rt->self, &in);
        rt->in_callback = 0;
        rt_flush(rt);
        if (c138_now_monotonic_coarse_ns() != tick)
            break;
    }
    rt_board_leave(rt, 0);
    if (!w->left)
        rt->bundle = wire_msg_free(msg);
}

static c138_status handle(struct rt *rt, const struct wire_msg *msg) {
    switch (msg->head.type) {
    case WIRE_EVENT:
        return on_event(rt, msg);
    case WIRE_CALL:
        rt_call_frame(rt, msg);
        return C138_OK;
    case WIRE_CANCEL: /* a call that was cancelled before it began */
        rt_reply_error(rt, msg->head.id, C138_E_CANCELLED, NULL, "cancelled before it began");
        return C138_OK;
    case WIRE_PREPARE:
        rt_prepare_frame(rt, msg);
        return C138_OK;
    case WIRE_COMMIT:
        on_commit(rt, msg);
        return C138_OK;
    case WIRE_START:
        on_start(rt, msg);
        return C138_OK;
    case WIRE_STATUS:
        rt_status_frame(rt, msg);
        return C138_OK;
    default:
        return C138_E_INVALID; /* a frame that no agent sends now */
    }
}

static void run_timer(struct rt *rt, uint64_t id) {
    char name[40];
    (void)snprintf(name, sizeof name, "timer %llu", (unsigned long long)id);
    enter(rt, name);
    if (rt->plugin->timer)
        rt->plugin->timer(rt->self, id);
    leave(rt);
}

/* What is due without a frame. Gives the time at which to look again. */
static int64_t run_due(struct rt *rt) {
    uint64_t id = 0;
    int64_t next = INT64_MAX, flush = rt_metrics_due(rt);
    if (flush != INT64_MAX && flush <= c138_now_monotonic_ns()) {
        rt_metrics_flush(rt, 0);
        flush = INT64_MAX;
    }
    if (rt->started && rt_timer_take(rt, &id, &next)) {
        run_timer(rt, id);
        return 0; /* a frame may have come meanwhile: one of each in turn */
    }
    return next < flush ? next : flush;
}

/* Takes over `msg`. */
static c138_status serve_one(struct rt *rt, struct wire_msg *msg) {
    if (msg->head.type == WIRE_BUNDLE) {
        rt->bundle = msg;
        serve_bundle(rt);
        return C138_OK;
    }
    c138_status st = handle(rt, msg);
    (void)wire_msg_free(msg);
    return st;
}

/* Events that were read ahead, for as long as no timer can have become due: a tick of the clock. */
static c138_status serve_ahead(struct rt *rt) {
    int64_t tick = c138_now_monotonic_coarse_ns();
    c138_status st = C138_OK;
    while (st == C138_OK && c138_now_monotonic_coarse_ns() == tick) {
        struct wire_msg *msg = rt->bundle ? NULL : rt_next_ahead(rt);
        if (rt->bundle) {
            serve_bundle(rt);
            continue;
        }
        if (!msg)
            return C138_OK;
        st = serve_one(rt, msg);
    }
    return st;
}

/* Until STOP (C138_OK, *ret_grace_ms) or the agent is gone. */
static c138_status serve(struct rt *rt, int32_t *ret_grace_ms) {
    for (;;) {
        int64_t until = run_due(rt);
        struct wire_msg *msg = NULL;
        if (rt->bundle) {
            serve_bundle(rt);
            continue;
        }
        c138_status st = rt_next(rt, until, &msg);
        if (st == C138_E_TIMEOUT)
            continue;
        if (st)
            return st;
        if (msg->head.type == WIRE_STOP) {
            *ret_grace_ms = msg->head.aux;
            (void)wire_msg_free(msg);
            return C138_OK;
        }
        st = serve_one(rt, msg);
        if (st == C138_OK)
            st = serve_ahead(rt);
        if (st)
            return st;
    }
}

/* --- The end --- */

static void cancel_all(struct rt *rt) {
    (void)pthread_mutex_lock(&rt->lock);
    for (struct rt_call *c = rt->calls; c; c = c->next)
        atomic_store(&c->cancelled, 1);
    (void)pthread_cond_broadcast(&rt->changed);
    (void)pthread_mutex_unlock(&rt->lock);
}

static unsigned count_long(struct rt *rt) {
    (void)pthread_mutex_lock(&rt->lock);
    unsigned n = rt->n_long;
    (void)pthread_mutex_unlock(&rt->lock);
    return n;
}

/* Lets long actions finish, cancels them after the grace, and answers what still comes. */
static c138_status drain(struct rt *rt, int32_t grace_ms) {
    int64_t cancel_at = c138_now_monotonic_ns() + (grace_ms > 0 ? grace_ms : 0) * C138_NS_PER_MS;
    int cancelled = 0;
    rt->stopping = 1;
    while (count_long(rt) > 0) {
        if (!cancelled && c138_now_monotonic_ns() >= cancel_at) {
            cancelled = 1;
            cancel_all(rt);
        }
        struct wire_msg *msg = NULL;
        c138_status st = rt_next(rt, cancelled ? INT64_MAX : cancel_at, &msg);
        if (st == C138_E_TIMEOUT)
            continue;
        if (st)
            return st;
        if (!wire_events(msg) && msg->head.type != WIRE_STOP)
            (void)handle(rt, msg);
        (void)wire_msg_free(msg);
    }
    return C138_OK;
}

/* The agent is gone: nobody answers any more, so that threads come back soon. 0: one does not. */
static int abandon(struct rt *rt, c138_status st) {
    cancel_all(rt);
    int64_t until = c138_now_monotonic_ns() + C138_NS_PER_S;
    (void)pthread_mutex_lock(&rt->lock);
    rt->gone = st;
    rt->stopping = 1;
    while (rt->n_long > 0 && (rt->options->in_agent || c138_now_monotonic_ns() < until)) {
        struct timespec ts = {.tv_sec = until / C138_NS_PER_S, .tv_nsec = until % C138_NS_PER_S};
        rt->waiting++;
        if (rt->options->in_agent)
            (void)pthread_cond_wait(&rt->changed, &rt->lock);
        else
            (void)pthread_cond_timedwait(&rt->changed, &rt->lock, &ts);
        rt->waiting--;
    }
    int all_back = rt->n_long == 0;
    (void)pthread_mutex_unlock(&rt->lock);
    return all_back;
}

static void end_plugin(struct rt *rt) {
    if (rt->started && rt->plugin->stop) {
        enter(rt, "stop");
        rt->plugin->stop(rt->self);
        leave(rt);
    }
    rt->started = 0;
    rt->created = 0;
    if (rt->plugin->destroy) {
        enter(rt, "destroy");
        rt->plugin->destroy(rt->self);
        leave(rt);
    }
}

static struct rt *rt_new(const struct runtime_options *options) {
    struct rt *rt = c138_xcalloc(1, sizeof *rt);
    rt->options = options;
    rt->port = options->port;
    rt->board = options->board;
    rt->actor = pthread_self();
    rt->metrics = rt_metrics_new();
    rt->short_call = rt_call_new(rt);
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&rt->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&rt->lock, NULL);
    return rt;
}

static void rt_free(struct rt *rt) {
    (void)wire_msg_free(rt->bundle);
    while (rt->batch)
        (void)wire_msg_free(rt_next_ahead(rt));
    while (rt->inbox) {
        struct wire_msg *msg = rt->inbox;
        rt->inbox = msg->link_[0];
        (void)wire_msg_free(msg);
    }
    (void)rt_call_free(rt->short_call);
    (void)rt_metrics_free(rt->metrics);
    (void)decl_plugin_free(rt->decl);
    (void)c138_json_unref(rt->welcome);
    free(rt->timers);
    (void)pthread_cond_destroy(&rt->changed);
    (void)pthread_mutex_destroy(&rt->lock);
    (void)rt->port->ops->free(rt->port);
    free(rt);
}

/* From HELLO to BYE. */
static c138_status live(struct rt *rt) {
    int32_t grace_ms = 0;
    c138_status st = serve(rt, &grace_ms);
    if (st == C138_OK)
        st = drain(rt, grace_ms);
    if (st == C138_OK) {
        end_plugin(rt);
        rt_metrics_flush(rt, 1);
        return rt_send(rt, WIRE_BYE, 0, 0, 0, NULL, 0, 0);
    }
    return st;
}

c138_status runtime_run(const struct runtime_options *options) {
    struct rt *rt = rt_new(options);
    struct c138_err err = {0};
    c138_status st = take_welcome(rt, &err);
    if (st == C138_OK)
        st = introduce(rt, &err);
    (void)close(options->plugin_fd);
    if (st && !rt->gone)
        refuse(rt, st, &err);
    if (st == C138_OK)
        st = live(rt);
    /* A long action that does not come back uses all this still: its worker is about to end. */
    if (st && !abandon(rt, st))
        return st;
    if (rt->created)
        end_plugin(rt);
    rt_free(rt);
    return st;
}
