/* The life of an instance: its config, start, frames, end, and the watchdog's look at it. */
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <loader/loader.h>
#include <worker/instance_parts.h>

#include <stdio.h>
#include <string.h>

#define GRACE_NS (INT64_C(2) * C138_NS_PER_S) /* an action that was asked to stop gets so long */
#define HURRY_MS 60000                        /* less than this is left: the agent stops */

/* --- Want --- */
void want_copy(struct plugin_want *to, const struct plugin_want *from) {
    *to = *from;
    to->name = c138_xstrdup(from->name);
    to->settings_json = c138_xstrdup(from->settings_json);
    to->grants_json = c138_xstrdup(from->grants_json);
    to->programs_json = c138_xstrdup(from->programs_json);
    to->file = c138_xstrdup(from->file);
    to->origin = c138_xstrdup(from->origin);
}

void want_deinit(struct plugin_want *w) {
    free(w->name);
    free(w->settings_json);
    free(w->grants_json);
    free(w->programs_json);
    free(w->file);
    free(w->origin);
    *w = (struct plugin_want){0};
}

/* --- Life --- */

struct instance *instance_ref(struct instance *i) {
    i->refs++;
    return i;
}

struct instance *instance_unref(struct instance *i) {
    if (!i || --i->refs)
        return NULL;
    if (i->link)
        i->link->ops->free(i->link);
    bus_bundle_unref(i->open);
    decl_plugin_free(i->decl_new);
    c138_json_unref(i->settings);
    c138_json_unref(i->sandbox);
    c138_json_unref(i->read);
    c138_json_unref(i->write);
    want_deinit(&i->want);
    free(i->path);
    free(i);
    return NULL;
}

static struct log_at at(const struct instance *i, const struct plugins_call *c) {
    return (struct log_at){.plugin = i->want.name,
                           .action = c && c->type == WIRE_CALL ? c->what + strlen("action ") : NULL,
                           .job = c && c->job_id[0] ? c->job_id : NULL};
}

/* A text of the plugin's memory: bounded, without control characters. */
static void copy_clean(char *to, size_t size, const char *from, size_t max) {
    size_t n = 0;
    for (; n + 1 < size && n < max && from[n]; n++)
        to[n] = from[n] >= 0x20 && from[n] < 0x7f ? from[n] : '?';
    to[n] = '\0';
}

/* What the board says it does: the actor if it is busy, else the first long action. */
static void read_culprit(struct instance *i) {
    const struct board *b = i->link->board;
    for (size_t n = 0; n < BOARD_SLOTS; n++)
        if (atomic_load(&b->slots[n].since_ns)) {
            copy_clean(i->culprit, sizeof(i->culprit), b->slots[n].what, BOARD_TEXT - 1);
            return;
        }
    /* Nothing runs any more: then what it was asked for and has not answered. */
    for (const struct plugins_call *c = i->calls; c; c = c->next)
        if (c->what[0])
            (void)snprintf(i->culprit, sizeof(i->culprit), "%s", c->what);
}

void instance_abandon(struct instance *i, const char *why) {
    i->state = INSTANCE_GONE;
    i->sink = bus_unsubscribe(i->env->bus, i->sink);
    C138_JSON struct c138_json *body = c138_json_new_object();
    C138_FREE char *text = c138_xasprintf("plugin %s died: %s%s%s", i->want.name, why,
                                          i->culprit[0] ? ", while it ran " : "", i->culprit);
    c138_json_set_str(body, "key", "plugin.died");
    c138_json_set_str(body, "message", text);
    while (i->calls) {
        struct plugins_call *c = instance_take(i, i->calls->id);
        instance_finish(i, c, C138_E_UNAVAILABLE, body);
    }
}

static void on_gone(void *user, const char *reason) {
    struct instance *i = instance_ref(user);
    int stopped =
        i->state == INSTANCE_DRAINING && !i->n_calls && c138_streq(reason, "exited with status 0");
    char why[1200];
    if (!i->culprit[0] && !stopped)
        read_culprit(i);
    (void)snprintf(why, sizeof(why), "%s", i->refusal[0] ? i->refusal : reason);
    instance_abandon(i, why);
    i->events.gone(i->events.user, i, stopped ? "" : why, i->culprit);
    instance_unref(i);
}

void instance_kill(struct instance *i, const char *why) {
    if (i->state == INSTANCE_GONE)
        return;
    if (!i->culprit[0])
        read_culprit(i);
    i->link->ops->kill(i->link, why);
}

/* The start failed: told to the owner, and the instance is ended. */
void instance_refuse(struct instance *i, c138_status status, const struct c138_err *err) {
    instance_fn prepared = i->events.prepared;
    (void)snprintf(i->refusal, sizeof(i->refusal), "%s", err->text);
    i->events.prepared = NULL;
    if (prepared)
        prepared(i->events.user, i, status, err);
    instance_kill(i, err->text);
}

/* --- Draining --- */

void instance_send_stop(struct instance *i, int64_t cancel_ms) {
    if (!i->stop_sent++)
        i->link->ops->send(i->link, WIRE_STOP, 0, cancel_ms > 0 ? (int32_t)cancel_ms : 0, "", 0);
}

void instance_drain(struct instance *i, int64_t until_ns) {
    if (i->state == INSTANCE_GONE)
        return;
    int64_t left_ms = (until_ns - c138_now_monotonic_ns()) / C138_NS_PER_MS;
    i->state = INSTANCE_DRAINING;
    i->stop_by_ns = until_ns;
    i->sink = bus_unsubscribe(i->env->bus, i->sink);
    /* With hours left its calls run to their end; where the agent stops they are cancelled in time
     * to end by themselves. */
    if (!i->n_calls || left_ms < HURRY_MS)
        instance_send_stop(i, left_ms / 2 < CANCEL_AT_STOP_MS ? left_ms / 2 : CANCEL_AT_STOP_MS);
}

/* --- Frames --- */

static void on_frame(void *user, const struct wire_head *head, char *payload) {
    struct instance *i = user;
    struct c138_err err = {0};
    const struct plugins_call *c = NULL;
    C138_JSON struct c138_json *v = NULL;
    switch (head->type) {
    case WIRE_HELLO:
        instance_on_hello(i, payload, head->length);
        break;
    case WIRE_REFUSE:
        if (c138_json_parse(payload, head->length, &v, &err) >= 0)
            c138_error(&err, head->aux < 0 ? head->aux : C138_E_INVALID,
                       c138_json_get_str(v, "key", ""), "%s", c138_json_get_str(v, "message", ""));
        if (i->state == INSTANCE_STARTING && !i->decl_new)
            instance_refuse(i, err.status, &err);
        break;
    case WIRE_REPLY:
        instance_on_reply(i, head, payload);
        break;
    case WIRE_PROGRESS:
        c = instance_find(i, head->id);
        if (c && c->job_id[0])
            i->env->progress(i->env->user, c->job_id, (uint32_t)head->aux, payload);
        break;
    case WIRE_LOG: {
        c = instance_find(i, head->id);
        const struct log_at where = at(i, c);
        int32_t level =
            head->aux < C138_LOG_ERROR || head->aux > C138_LOG_DEBUG ? C138_LOG_INFO : head->aux;
        log_text(i->env->log, level, &where, payload);
        if (c && c->job_id[0])
            i->env->job_log(i->env->user, c->job_id, level, payload);
        break;
    }
    case WIRE_PUBLISH:
        instance_on_publish(i, head, payload);
        break;
    case WIRE_HOSTCALL:
        instance_on_hostcall(i, head, payload);
        break;
    case WIRE_METRICS:
        if (i->state == INSTANCE_DRAINING)
            break; /* the numbers are those of its successor */
        if (c138_json_parse(payload, head->length, &v, &err) < 0)
            instance_kill(i, "garbage: metrics that are no JSON");
        else if (i->decl && metrics_apply(i->env->metrics, i->want.name, v, &err) < 0)
            log_line(i->env->log, C138_LOG_WARNING, &(struct log_at){.plugin = i->want.name}, "%s",
                     err.text);
        break;
    case WIRE_BYE:
        break; /* its end comes through the process or the thread */
    default:
        instance_kill(i, "garbage: a frame that only the agent sends");
    }
}

static void on_line(void *user, const char *text) {
    struct instance *i = user;
    size_t have = strlen(i->tail), more = strlen(text) + 1;
    if (more >= sizeof(i->tail))
        more = sizeof(i->tail) - 1;
    if (have + more >= sizeof(i->tail)) {
        size_t cut = have + more - sizeof(i->tail) + 1;
        cut = cut > have ? have : cut;
        memmove(i->tail, i->tail + cut, have - cut + 1);
        have -= cut;
    }
    (void)snprintf(i->tail + have, sizeof(i->tail) - have, "%s\n", text);
    log_text(i->env->log, C138_LOG_NOTICE, &(struct log_at){.plugin = i->want.name}, text);
}

/* --- Start --- */

static const char default_grants[] = "[\"bus\",\"call\",\"kv\",\"timer\",\"metrics\",\"secret\"]";

static void send_welcome(struct instance *i, const char *state_dir) {
    C138_JSON struct c138_json *w = c138_json_new_object();
    struct c138_json *grants = NULL, *programs = NULL;
    const char *text = i->want.grants_json ? i->want.grants_json : default_grants;
    (void)c138_json_parse(text, strlen(text), &grants, NULL);
    if (i->want.programs_json)
        (void)c138_json_parse(i->want.programs_json, strlen(i->want.programs_json), &programs,
                              NULL);
    c138_json_set_str(w, "plugin", i->want.name);
    c138_json_set_str(w, "agent_version", i->env->agent_version);
    c138_json_set_str(w, "host_name", i->env->host_name);
    c138_json_set_str(w, "state_dir", state_dir);
    c138_json_set(w, "grants", grants ? grants : c138_json_new_array());
    c138_json_set(w, "programs", programs ? programs : c138_json_new_array());
    c138_json_set(w, "read", c138_json_ref(i->read));
    c138_json_set(w, "write", c138_json_ref(i->write));
    c138_json_set_bool(w, "network", !(i->note_flags & C138_PLUGIN_NO_NETWORK));
    c138_json_set_bool(w, "spawn", (i->note_flags & C138_PLUGIN_SPAWNS) != 0);
    c138_json_set_uint(w, "memory_max", i->want.memory_max);
    instance_send_json(i, WIRE_WELCOME, 0, 0, w);
}

static c138_status make_state_dir(struct instance *i, char **ret_dir, struct c138_err *err) {
    C138_FREE char *plugins = c138_path_join(i->env->state_dir, "plugins");
    char *dir = c138_path_join(plugins, i->want.name);
    c138_status status = c138_mkdir_p(dir, 0700, err);
    if (status < 0)
        free(dir);
    else
        *ret_dir = dir;
    return status;
}

c138_status instance_start(const struct plugins_env *env, int lock_fd,
                           const struct plugin_want *want, const char *path,
                           const struct c138_json *read, const struct c138_json *write,
                           const struct instance_events *events, struct instance **ret_instance,
                           struct c138_err *err) {
    struct instance *i = c138_xcalloc(1, sizeof(*i));
    C138_FREE char *state_dir = NULL;
    c138_note note;
    int fd = -1;
    i->refs = 1;
    i->env = env;
    i->events = *events;
    want_copy(&i->want, want);
    i->path = c138_xstrdup(path);
    i->read = read ? c138_json_ref((struct c138_json *)(uintptr_t)read) : c138_json_new_array();
    i->write = write ? c138_json_ref((struct c138_json *)(uintptr_t)write) : c138_json_new_array();
    i->started_ns = i->keep_at_ns = c138_now_monotonic_ns();
    i->keep_tokens = want->keep_rate * 10;
    i->keep_told_ns = -60 * C138_NS_PER_S;
    const struct link_env link = {.base = env->base,
                                  .bus = env->bus,
                                  .host_program = env->host_program,
                                  .plugin = i->want.name,
                                  .lock_fd = lock_fd,
                                  .mailbox = want->mailbox,
                                  .user = i,
                                  .frame = on_frame,
                                  .gone = on_gone,
                                  .line = on_line,
                                  .published = instance_on_thread_publish,
                                  .flush = instance_on_thread_flush};
    c138_status status = loader_open(path, want->name, &fd, &note, err);
    if (status >= 0) {
        i->note_flags = note.flags;
        (void)snprintf(i->version, sizeof(i->version), "%s", note.version);
        status = make_state_dir(i, &state_dir, err);
    }
    if (status >= 0 && want->in_thread && (note.flags & C138_PLUGIN_WORKER_ONLY))
        status = c138_error(err, C138_E_UNSUPPORTED, "plugin.worker-only",
                            "plugin %s holds secrets and refuses to run in a thread of the agent: "
                            "take mode = \"thread\" away (%s:%u)",
                            want->name, want->file ? want->file : "its config", want->line);
    if (status >= 0)
        status = want->in_thread ? link_thread_new(&link, fd, &i->link, err)
                                 : link_worker_new(&link, fd, &i->link, err);
    else if (fd >= 0)
        close(fd);
    if (status < 0) {
        instance_unref(i);
        return status;
    }
    *ret_instance = i;
    send_welcome(i, state_dir);
    return C138_OK;
}

/* --- The watchdog --- */

static int hangs(const struct instance *i, int64_t now, char *why, size_t size) {
    const struct board_slot *actor = &i->link->board->slots[0];
    int64_t since = atomic_load(&actor->since_ns);
    for (const struct plugins_call *c = i->calls; c; c = c->next)
        if (c->deadline_ns && now > c->deadline_ns + GRACE_NS) {
            (void)snprintf(why, size, "hang: %s did not end %s", c->what[0] ? c->what : "a request",
                           c->type == WIRE_CALL ? "2 s after its deadline" : "in 20 s");
            return 1;
        }
    if (since > 0 && since < now && !atomic_load(&actor->call_id) &&
        now - since > i->want.callback_timeout_ns) {
        char what[BOARD_TEXT], limit[C138_DURATION_TEXT];
        copy_clean(what, sizeof(what), actor->what, BOARD_TEXT - 1);
        c138_duration_format(i->want.callback_timeout_ns, limit);
        (void)snprintf(why, size, "hang: %s runs longer than %s (callback_timeout)", what, limit);
        return 1;
    }
    return 0;
}

void instance_watch(struct instance *i, int64_t now_ns, int look_at_memory) {
    char why[320];
    if (i->state == INSTANCE_GONE)
        return;
    for (struct plugins_call *c = i->calls; c; c = c->next)
        if (c->type == WIRE_CALL && c->deadline_ns && now_ns > c->deadline_ns && !c->cancelled)
            instance_cancel(c);
    if (hangs(i, now_ns, why, sizeof(why))) {
        instance_kill(i, why);
        return;
    }
    if (i->state == INSTANCE_DRAINING && now_ns > i->stop_by_ns) {
        instance_kill(i, "it did not stop in time");
        return;
    }
    uint64_t bytes = look_at_memory ? i->link->ops->memory_bytes(i->link) : 0;
    if (bytes > i->want.memory_max) {
        char have[C138_SIZE_TEXT], most[C138_SIZE_TEXT];
        c138_size_human(bytes, have);
        c138_size_human(i->want.memory_max, most);
        (void)snprintf(why, sizeof(why), "memory: it has %s, its limit is %s (memory_max)", have,
                       most);
        instance_kill(i, why);
    }
}
