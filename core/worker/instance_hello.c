/* From HELLO to `running`: declaration, settings, the paths they name, prepare, commit, start. */
#include <base/text.h>
#include <base/when.h>
#include <schema/validate.h>
#include <worker/instance_parts.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* --- Hello: declaration, settings, paths --- */
static void add_path(struct c138_json *list, const char *path) {
    for (size_t n = 0; n < c138_json_count(list); n++)
        if (c138_streq(c138_json_as_str(c138_json_at(list, n), ""), path))
            return;
    c138_json_append(list, c138_json_new_str(path));
}

static void paths_of(const struct decl_field *f, const struct c138_json *value,
                     struct c138_json *read, struct c138_json *write) {
    if (f->type == C138_T_PATH && c138_json_as_str(value, NULL))
        add_path(f->flags & C138_FIELD_WRITABLE ? write : read, c138_json_as_str(value, ""));
    for (size_t n = 0; f->type == C138_T_LIST && n < c138_json_count(value); n++)
        paths_of(f->fields[0], c138_json_at(value, n), read, write);
    for (size_t n = 0; f->type == C138_T_OBJECT && f->fields[n]; n++)
        paths_of(f->fields[n], c138_json_get(value, f->fields[n]->name), read, write);
}

void instance_paths(struct decl_field *const *fields, const struct c138_json *settings,
                    struct c138_json *read, struct c138_json *write) {
    for (; *fields; fields++)
        paths_of(*fields, c138_json_get(settings, (*fields)->name), read, write);
}

static int holds_all(const struct c138_json *have, const struct c138_json *need) {
    for (size_t n = 0; n < c138_json_count(need); n++) {
        int there = 0;
        for (size_t k = 0; k < c138_json_count(have) && !there; k++)
            there = c138_streq(c138_json_as_str(c138_json_at(have, k), ""),
                               c138_json_as_str(c138_json_at(need, n), ""));
        if (!there)
            return 0;
    }
    return 1;
}

/* The confinement was made before the settings could be understood: if they name paths that it
 * forbids, once more with these. */
static int needs_more_paths(struct instance *i) {
    C138_JSON struct c138_json *read = c138_json_new_array(), *write = c138_json_new_array();
    if (i->want.in_thread)
        return 0;
    instance_paths(i->decl_new->settings, i->settings, read, write);
    if (holds_all(i->read, read) && holds_all(i->write, write))
        return 0;
    c138_json_unref(i->read);
    c138_json_unref(i->write);
    i->read = C138_STEAL(read);
    i->write = C138_STEAL(write);
    return 1;
}

static void on_prepared(void *user, struct instance *i, c138_status status,
                        const struct c138_err *err) {
    (void)user;
    if (i->state == INSTANCE_GONE || !i->events.prepared)
        return; /* gone() tells it */
    if (status < 0) {
        instance_refuse(i, status, err);
        return;
    }
    instance_fn prepared = i->events.prepared;
    i->events.prepared = NULL;
    i->state = INSTANCE_PREPARED;
    prepared(i->events.user, i, C138_OK, err);
}

static c138_status take_hello(struct instance *i, const char *payload, size_t length,
                              struct c138_err *err) {
    C138_JSON struct c138_json *hello = NULL;
    c138_status status = c138_json_parse(payload, length, &hello, err);
    if (status >= 0)
        status = decl_plugin_new(c138_json_get(hello, "document"), &i->decl_new, err);
    if (status < 0)
        return status;
    i->sandbox = c138_json_ref(c138_json_get(hello, "sandbox"));
    (void)snprintf(i->version, sizeof(i->version), "%s", i->decl_new->version);
    if (!c138_streq(i->decl_new->name, i->want.name))
        return c138_error(err, C138_E_INVALID, "plugin.lies", "%s describes itself as %s",
                          i->want.name, i->decl_new->name);
    return i->want.settings(i->want.user, i->want.name, i->decl_new->settings, &i->settings, err);
}

void instance_on_hello(struct instance *i, const char *payload, size_t length) {
    struct c138_err err = {0};
    if (i->decl_new || i->decl) {
        instance_kill(i, "garbage: a second HELLO");
        return;
    }
    c138_status status = take_hello(i, payload, length, &err);
    if (status < 0) {
        instance_refuse(i, status, &err);
        return;
    }
    if (needs_more_paths(i)) {
        i->again_with_paths = 1;
        instance_kill(i, "started again with the paths of its settings");
        return;
    }
    instance_prepare(i, i->settings, on_prepared, NULL);
}

void instance_prepare(struct instance *i, const struct c138_json *settings, instance_fn done,
                      void *user) {
    struct plugins_call *c = instance_request(i, WIRE_PREPARE, START_NS);
    c->answered = done;
    c->user = user;
    (void)snprintf(c->what, sizeof(c->what), "callback prepare");
    instance_send_json(i, WIRE_PREPARE, c->id, 0, settings);
}

static void ignore(void *user, struct instance *i, c138_status status, const struct c138_err *err) {
    (void)user;
    (void)i;
    (void)status;
    (void)err;
}

void instance_commit(struct instance *i, int apply, const struct c138_json *settings) {
    struct plugins_call *c = instance_request(i, WIRE_COMMIT, START_NS);
    c->answered = ignore;
    i->link->ops->send(i->link, WIRE_COMMIT, c->id, apply, "", 0);
    if (apply && settings && settings != i->settings) {
        c138_json_unref(i->settings);
        i->settings = c138_json_ref((struct c138_json *)(uintptr_t)settings);
    }
}

/* --- Running --- */

static void declare_metrics(struct instance *i) {
    for (size_t n = 0; i->decl->metrics[n]; n++) {
        const struct decl_metric *m = i->decl->metrics[n];
        if (metrics_declare(i->env->metrics, i->want.name, m->name, m->type, m->help, m->labels) <
            0)
            log_line(i->env->log, C138_LOG_WARNING, &(struct log_at){.plugin = i->want.name},
                     "metric %s is declared by another plugin: its values are left out", m->name);
    }
}

struct starting {
    instance_fn done;
    void *user;
};

static void on_started(void *user, struct instance *i, c138_status status,
                       const struct c138_err *err) {
    struct starting s = *(struct starting *)user;
    free(user);
    if (status >= 0 && i->state == INSTANCE_PREPARED)
        i->state = INSTANCE_RUNNING;
    s.done(s.user, i, status, err);
    if (status < 0 && i->state != INSTANCE_GONE) {
        (void)snprintf(i->refusal, sizeof(i->refusal), "start failed: %.900s", err->text);
        instance_kill(i, i->refusal);
    }
    (void)malloc_trim(0); /* a start leaves holes of the size of its documents */
}

void instance_run(struct instance *i, instance_fn done, void *user) {
    struct starting *s = c138_xcalloc(1, sizeof(*s));
    *s = (struct starting){done, user};
    i->decl = i->decl_new;
    catalog_put(i->env->catalog, C138_STEAL(i->decl_new));
    declare_metrics(i);
    instance_commit(i, 1, NULL);
    if (i->decl->subscribes[0] && i->link->pid)
        i->sink = bus_subscribe(i->env->bus, i->decl->subscribes, 0, instance_on_event, i);
    else if (i->decl->subscribes[0])
        i->sink = bus_subscribe_bundles(i->env->bus, i->decl->subscribes, instance_on_event,
                                        instance_on_bundle, i);
    struct plugins_call *c = instance_request(i, WIRE_START, START_NS);
    c->answered = on_started;
    c->user = s;
    (void)snprintf(c->what, sizeof(c->what), "callback start");
    i->link->ops->send(i->link, WIRE_START, c->id, 0, "", 0);
}
