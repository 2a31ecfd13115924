#include "driver.h"

#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define OUTPUT_MAX (4u << 20)
#define SLEEP_STEP_NS (100 * C138_NS_PER_MS)

/* --- Rows ------------------------------------------------------------------------------------ */

const char *svc_state_name(enum svc_state state) {
    static const char *const names[] = {
        [SVC_UNKNOWN] = "unknown", [SVC_RUNNING] = "running", [SVC_STARTING] = "starting",
        [SVC_STOPPED] = "stopped", [SVC_FAILED] = "failed",   [SVC_RESTARTING] = "restarting",
        [SVC_PAUSED] = "paused",   [SVC_ABSENT] = "absent",
    };
    return names[state];
}

struct svc *svc_list_add(struct svc_list *list) {
    if (list->count == ROWS_MAX)
        return NULL;
    if ((list->count & (list->count - 1)) == 0) /* at each power of two */
        list->rows =
            c138_xrealloc(list->rows, (list->count ? 2 * list->count : 1) * sizeof(*list->rows));
    struct svc *row = &list->rows[list->count++];
    *row = (struct svc){.service = c138_xstrdup(""),
                        .instance = c138_xstrdup(""),
                        .id = c138_xstrdup(""),
                        .image = c138_xstrdup(""),
                        .image_id = c138_xstrdup(""),
                        .health = c138_xstrdup(""),
                        .text = c138_xstrdup("")};
    return row;
}

void svc_list_deinit(struct svc_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        struct svc *r = &list->rows[i];
        char *all[] = {r->service, r->instance, r->id, r->image, r->image_id, r->health, r->text};
        for (size_t k = 0; k < C138_COUNT(all); k++)
            free(all[k]);
    }
    free(list->rows);
    *list = (struct svc_list){0};
}

/* What an engine says may hold anything; what goes on is text. */
void svc_set(char **member, const char *text) {
    size_t length = text ? c138_utf8_span(text, strlen(text)) : 0;
    char *copy = c138_xstrndup(text ? text : "", length); /* the text may be the old one */
    free(*member);
    *member = copy;
}

static int badness(const struct svc *s) {
    static const int order[] = {
        [SVC_RUNNING] = 0, [SVC_STARTING] = 2, [SVC_PAUSED] = 3, [SVC_RESTARTING] = 4,
        [SVC_UNKNOWN] = 5, [SVC_STOPPED] = 6,  [SVC_FAILED] = 7, [SVC_ABSENT] = 8,
    };
    return order[s->state] * 2 + (*s->health && strcmp(s->health, "healthy") != 0);
}

const struct svc *svc_worst(const struct svc_list *list, const char *service) {
    const struct svc *worst = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->rows[i].service, service) &&
            (!worst || badness(&list->rows[i]) > badness(worst)))
            worst = &list->rows[i];
    return worst;
}

void svc_setup_deinit(struct svc_setup *setup) {
    c138_json_unref(setup->args);
    c138_json_unref(setup->env);
    free(setup->image);
    free(setup->image_id);
    free(setup->version);
    *setup = (struct svc_setup){0};
}

void image_info_deinit(struct image_info *info) {
    free(info->id);
    free(info->digest);
    free(info->version);
    *info = (struct image_info){0};
}

/* --- Life ------------------------------------------------------------------------------------ */

c138_status driver_open(const struct driver_config *config, const c138_host *host, c138_call *call,
                        struct driver *ret_driver, struct c138_err *err) {
    static const struct driver_ops *const all[] = {
        [DRIVER_COMPOSE] = &docker_ops,
        [DRIVER_SYSTEMD] = &systemd_ops,
        [DRIVER_KUBERNETES] = &kube_ops,
    };
    (void)err;
    *ret_driver = (struct driver){.ops = all[config->kind],
                                  .config = config,
                                  .host = host,
                                  .process = host->get_extension(host, C138_EXT_PROCESS),
                                  .call = call};
    return C138_OK;
}

void driver_close(struct driver *d) {
    if (d->ops && d->ops->close)
        d->ops->close(d);
    *d = (struct driver){0};
}

int driver_cancelled(const struct driver *d) {
    return d->call && c138_cancelled(d->call);
}

c138_status driver_sleep(const struct driver *d, int64_t ns, struct c138_err *err) {
    int64_t end = c138_now_monotonic_ns() + ns;
    for (;;) {
        int64_t left = end - c138_now_monotonic_ns();
        if (driver_cancelled(d))
            return c138_error(err, C138_E_CANCELLED, "stack.cancelled",
                              "it was stopped, or its time was over");
        if (left <= 0)
            return C138_OK;
        left = left < SLEEP_STEP_NS ? left : SLEEP_STEP_NS;
        struct timespec t = {.tv_sec = left / C138_NS_PER_S, .tv_nsec = left % C138_NS_PER_S};
        (void)nanosleep(&t, NULL);
    }
}

const char *driver_unit(const struct driver_config *c, const char *service, char *room,
                        size_t size) {
    for (size_t i = 0; i < c->n_names; i++)
        if (!strcmp(c->names[i].service, service) && c->names[i].unit)
            return c->names[i].unit;
    (void)snprintf(room, size, "%s%s", service, strchr(service, '.') ? "" : ".service");
    return room;
}

c138_status driver_may_write(const struct driver *d, const char *what, struct c138_err *err) {
    if (!d->config->read_only)
        return C138_OK;
    return c138_error(err, C138_E_DENIED, "engine.read-only",
                      "%s: read_only is set in the plugin's section: the engine is only looked at",
                      what);
}

/* --- Programs -------------------------------------------------------------------------------- */

struct output {
    struct c138_buf out, errors;
};

static void take_out(void *user, const char *text, uint64_t length) {
    (void)c138_buf_add(&((struct output *)user)->out, text, (size_t)length);
}
static void take_error(void *user, const char *text, uint64_t length) {
    (void)c138_buf_add(&((struct output *)user)->errors, text, (size_t)length);
}
static void output_deinit(struct output *o) {
    c138_buf_deinit(&o->out);
    c138_buf_deinit(&o->errors);
}

/* The last lines of what a program complained about, as one line of text. */
static char *complaint(const struct c138_buf *text) {
    const char *all = c138_buf_text(text);
    size_t length = text->length, skip = length > 500 ? length - 500 : 0;
    while (skip < length && (all[skip] & 0xc0) == 0x80)
        skip++;
    char *copy = c138_xstrndup(all + skip, c138_utf8_span(all + skip, length - skip));
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    for (size_t n = strlen(copy); n && copy[n - 1] == ' '; n--)
        copy[n - 1] = '\0';
    return copy;
}

c138_status driver_run(struct driver *d, const char *const *argv, const char *const *env,
                       const char *input, int64_t timeout_ns, struct c138_buf *ret_out,
                       struct c138_err *err) {
    C138_CLEANUP(output_deinit) struct output o = {0};
    int32_t exit_status = -1;
    if (!d->process)
        return c138_error(err, C138_E_UNAVAILABLE, "engine.program",
                          "%s cannot be run: the config does not grant this plugin the service "
                          "\"process\": add it to its grants, and the program to its programs",
                          argv[0]);
    c138_status status =
        d->process->run(d->host, d->call, argv, env, input, input ? strlen(input) : 0, timeout_ns,
                        OUTPUT_MAX, take_out, take_error, &o, &exit_status);
    if (status == C138_E_DENIED || status == C138_E_NOTFOUND)
        return c138_error(err, status, "engine.program",
                          "%s cannot be run: it must exist and stand in `programs` of the "
                          "plugin's section",
                          argv[0]);
    if (status < 0)
        return c138_error(err, status, "engine.program",
                          "%s %s did not end in time, or wrote too much (%s)", argv[0],
                          argv[1] ? argv[1] : "", c138_status_key(status));
    if (exit_status != 0) {
        C138_FREE char *said = complaint(o.errors.length ? &o.errors : &o.out);
        return c138_error(err, C138_E_UNAVAILABLE, "engine.program", "%s ended with %d: %s",
                          argv[0], exit_status, *said ? said : "it said nothing");
    }
    if (ret_out) {
        *ret_out = o.out;
        o.out = C138_BUF_NULL;
    }
    return C138_OK;
}
