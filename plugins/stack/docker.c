/*
 * The Docker Engine API on its Unix socket, for everything but up, down and pull (compose.c).
 * Services are found by the labels that compose gives its containers, never by their names, which
 * changed between its versions. Podman's socket speaks the same.
 */
#include "docker_parse.h"

#include <base/text.h>
#include <base/when.h>
#include <net/http.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct docker {
    struct c138_http *http;
    uint32_t api;
    struct c138_http_response answer;
};

static void docker_close(struct driver *d) {
    struct docker *k = d->state;
    if (!k)
        return;
    c138_http_free(k->http);
    c138_http_response_deinit(&k->answer);
    free(k);
    d->state = NULL;
}

static int cancelled(void *user) {
    return driver_cancelled(user);
}

/* One request; the answer is k->answer. `path` without the version. */
static c138_status ask(struct driver *d, const char *method, const char *path, int64_t timeout_ns,
                       struct c138_err *err) {
    struct docker *k = d->state;
    C138_FREE char *url =
        k->api ? c138_xasprintf("http://docker/v%u.%u%s", k->api >> 16, k->api & 0xffff, path)
               : c138_xasprintf("http://docker%s", path);
    struct c138_http_request request = {.method = method,
                                        .url = url,
                                        .timeout_ns =
                                            timeout_ns ? timeout_ns : d->config->timeout_ns,
                                        .cancelled = cancelled,
                                        .user = d};
    c138_status status = c138_http_do(k->http, &request, &k->answer, err);
    if (status < 0)
        return c138_error_prefix(err, status, "docker at %s", d->config->socket);
    return C138_OK;
}

/* An answer of the engine that is no success: its own words. */
static c138_status refused(struct driver *d, const char *what, struct c138_err *err) {
    struct docker *k = d->state;
    C138_JSON struct c138_json *said = NULL;
    (void)c138_json_parse(c138_buf_text(&k->answer.body), k->answer.body.length, &said, NULL);
    return c138_error(err, k->answer.status == 404 ? C138_E_NOTFOUND : C138_E_UNAVAILABLE,
                      "engine.refused", "docker at %s answered %ld to %s: %.600s",
                      d->config->socket, k->answer.status, what,
                      c138_json_get_str(said, "message", "no reason given"));
}

static c138_status connect_engine(struct driver *d, struct c138_err *err) {
    if (d->state)
        return C138_OK;
    struct c138_http_options options = {.unix_socket = d->config->socket,
                                        .timeout_ns = d->config->timeout_ns,
                                        .body_max = ENGINE_ANSWER_MAX};
    struct docker *k = c138_xcalloc(1, sizeof(*k));
    C138_JSON struct c138_json *version = NULL;
    d->state = k;
    c138_status status = c138_http_new(&options, &k->http);
    if (status >= 0)
        status = ask(d, "GET", "/version", 0, err);
    if (status >= 0)
        status =
            c138_json_parse(c138_buf_text(&k->answer.body), k->answer.body.length, &version, err);
    uint32_t most = docker_api_read(c138_json_get_str(version, "ApiVersion", NULL)),
             least = docker_api_read(c138_json_get_str(version, "MinAPIVersion", NULL));
    if (status >= 0 && !(k->api = docker_api_choose(least, most)))
        status = c138_error(err, C138_E_UNSUPPORTED, "engine.version",
                            "docker at %s speaks the API %.20s to %.20s, which this agent does "
                            "not: it needs 1.24 or newer",
                            d->config->socket, c138_json_get_str(version, "MinAPIVersion", "?"),
                            c138_json_get_str(version, "ApiVersion", "?"));
    if (status < 0)
        docker_close(d);
    return status;
}

static c138_status get(struct driver *d, const char *path, struct c138_json **ret_json,
                       struct c138_err *err) {
    c138_status status = connect_engine(d, err);
    if (status >= 0)
        status = ask(d, "GET", path, 0, err);
    if (status < 0)
        return status;
    struct docker *k = d->state;
    if (k->answer.status != 200)
        return refused(d, path, err);
    return c138_json_parse(c138_buf_text(&k->answer.body), k->answer.body.length, ret_json, err);
}

/* --- Lists ----------------------------------------------------------------------------------- */

/* A filter of the API in a URL: {"label":["com.docker.compose.project=NAME"]}. The project's name
 * was checked to be [a-z0-9_-] when the config was read. */
#define PROJECT_FILTER "%%7B%%22label%%22%%3A%%5B%%22com.docker.compose.project%%3D%s%%22%%5D%%7D"

static c138_status inspect(struct driver *d, struct svc *row, struct c138_err *err) {
    C138_JSON struct c138_json *json = NULL;
    C138_FREE char *path = c138_xasprintf("/containers/%s/json", row->id);
    c138_status status = get(d, path, &json, err);
    if (status == C138_E_NOTFOUND) { /* it went away in between */
        row->state = SVC_STOPPED;
        return C138_OK;
    }
    if (status >= 0)
        docker_inspect_read(json, row);
    return status;
}

static int is_oneoff(const struct c138_json *container) {
    return !strcasecmp(
        c138_json_get_str(c138_json_get(container, "Labels"), "com.docker.compose.oneoff", "False"),
        "True");
}

static c138_status docker_list(struct driver *d, struct svc_list *ret_list, struct c138_err *err) {
    C138_JSON struct c138_json *containers = NULL;
    C138_FREE char *path =
        c138_xasprintf("/containers/json?all=1&filters=" PROJECT_FILTER, d->config->project);
    c138_status status = get(d, path, &containers, err);
    for (size_t i = 0; status >= 0 && i < c138_json_count(containers); i++) {
        const struct c138_json *c = c138_json_at(containers, i);
        if (is_oneoff(c))
            continue;
        struct svc *row = svc_list_add(ret_list);
        if (!row)
            return c138_error(err, C138_E_LIMIT, "engine.rows",
                              "project %s has over %d containers: this agent looks after fewer",
                              d->config->project, ROWS_MAX);
        status = docker_row_read(c, row, err);
        if (status >= 0)
            status = inspect(d, row, err);
    }
    return status;
}

/* --- Start, stop, restart -------------------------------------------------------------------- */

static c138_status act_on(struct driver *d, enum driver_act act, const struct svc *row,
                          int64_t grace_ns, struct c138_err *err) {
    static const char *const words[] = {"start", "stop", "restart"};
    struct docker *k = d->state;
    C138_FREE char *path = act == ACT_START
                               ? c138_xasprintf("/containers/%s/start", row->id)
                               : c138_xasprintf("/containers/%s/%s?t=%" PRId64, row->id, words[act],
                                                grace_ns / C138_NS_PER_S);
    /* The engine answers when it is done: that takes as long as the service does to stop. */
    c138_status status = ask(d, "POST", path, grace_ns + d->config->timeout_ns, err);
    if (status < 0)
        return status;
    return k->answer.status == 204 || k->answer.status == 304 ? C138_OK : refused(d, path, err);
}

static c138_status docker_act(struct driver *d, enum driver_act act, const char *service,
                              int64_t grace_ns, struct c138_err *err) {
    SVC_LIST list = {0};
    size_t found = 0;
    c138_status status = driver_may_write(d, service, err);
    if (status >= 0)
        status = docker_list(d, &list, err);
    for (size_t i = 0; status >= 0 && i < list.count; i++) {
        if (strcmp(list.rows[i].service, service) != 0)
            continue;
        found++;
        status = act_on(d, act, &list.rows[i], grace_ns, err);
    }
    if (status >= 0 && !found)
        return c138_error(err, C138_E_NOTFOUND, "engine.service",
                          "project %s has no container of the service %.80s: stack up makes it",
                          d->config->project, service);
    return status;
}

/* --- Logs ------------------------------------------------------------------------------------ */

/* Whether its output is a terminal's: then there are no frames. */
static c138_status has_terminal(struct driver *d, const struct svc *row, int *ret_terminal,
                                struct c138_err *err) {
    C138_JSON struct c138_json *json = NULL;
    C138_FREE char *path = c138_xasprintf("/containers/%s/json", row->id);
    c138_status status = get(d, path, &json, err);
    *ret_terminal = c138_json_as_bool(c138_json_path(json, "Config.Tty"), 0);
    return status;
}

static void add_time(struct c138_buf *path, const char *name, int64_t ns) {
    if (ns > 0)
        (void)c138_buf_addf(path, "&%s=%" PRId64 ".%09" PRId64, name, ns / C138_NS_PER_S,
                            ns % C138_NS_PER_S);
}

static c138_status log_of(struct driver *d, const struct svc *row, const struct log_ask *ask_,
                          log_fn on_line, void *user, struct c138_err *err) {
    struct docker *k = d->state;
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    int terminal = 0;
    c138_status status = has_terminal(d, row, &terminal, err);
    if (status < 0)
        return status == C138_E_NOTFOUND ? C138_OK : status;
    (void)c138_buf_addf(&path, "/containers/%s/logs?stdout=1&stderr=1&timestamps=1", row->id);
    if (ask_->tail)
        (void)c138_buf_addf(&path, "&tail=%u", ask_->tail);
    add_time(&path, "since", ask_->since_ns);
    add_time(&path, "until", ask_->until_ns);
    status = ask(d, "GET", c138_buf_text(&path), 0, err);
    if (status < 0)
        return status;
    if (k->answer.status != 200)
        return refused(d, "the log", err);
    return docker_log_read(c138_buf_text(&k->answer.body), k->answer.body.length, terminal,
                           row->service, row->instance, on_line, user, err);
}

static c138_status docker_logs(struct driver *d, const struct log_ask *ask_, log_fn on_line,
                               void *user, struct c138_err *err) {
    SVC_LIST list = {0};
    c138_status status = docker_list(d, &list, err);
    for (size_t i = 0; status >= 0 && i < list.count; i++)
        if (!ask_->service || !strcmp(list.rows[i].service, ask_->service))
            status = log_of(d, &list.rows[i], ask_, on_line, user, err);
    return status;
}

/* --- Stats and events ------------------------------------------------------------------------ */

static void sample(struct driver *d, const struct svc_list *list, struct c138_json **samples) {
    for (size_t i = 0; i < list->count; i++) {
        enum svc_state state = list->rows[i].state;
        if (state != SVC_RUNNING && state != SVC_STARTING)
            continue;
        C138_FREE char *path =
            c138_xasprintf("/containers/%s/stats?stream=false&one-shot=1", list->rows[i].id);
        (void)get(d, path, &samples[i], NULL);
    }
}

static c138_status docker_stats(struct driver *d, const struct svc_list *list,
                                struct svc_stats *stats, struct c138_err *err) {
    C138_FREE struct c138_json **samples = c138_xcalloc(2 * list->count + 1, sizeof(*samples));
    sample(d, list, samples);
    c138_status status = driver_sleep(d, C138_NS_PER_S, err);
    if (status >= 0)
        sample(d, list, samples + list->count);
    for (size_t i = 0; i < list->count; i++) {
        stats[i] = (struct svc_stats){0};
        docker_stats_read(samples[i], samples[list->count + i], &stats[i]);
        c138_json_unref(samples[i]);
        c138_json_unref(samples[list->count + i]);
    }
    return status;
}

static c138_status docker_events(struct driver *d, int64_t since_ns, int64_t until_ns,
                                 event_fn on_event, void *user, struct c138_err *err) {
    struct docker *k;
    C138_FREE char *path =
        c138_xasprintf("/events?since=%" PRId64 ".%09" PRId64 "&until=%" PRId64 ".%09" PRId64
                       "&filters=" PROJECT_FILTER,
                       since_ns / C138_NS_PER_S, since_ns % C138_NS_PER_S, until_ns / C138_NS_PER_S,
                       until_ns % C138_NS_PER_S, d->config->project);
    c138_status status = connect_engine(d, err);
    if (status >= 0)
        status = ask(d, "GET", path, 0, err);
    if (status < 0)
        return status;
    k = d->state;
    if (k->answer.status != 200)
        return refused(d, "the events", err);
    const char *p = c138_buf_text(&k->answer.body), *end = p + k->answer.body.length;
    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);
        C138_JSON struct c138_json *json = NULL;
        struct svc_event event;
        if (n && c138_json_parse(p, n, &json, NULL) >= 0 && docker_event_read(json, &event))
            on_event(user, &event);
        p += n + (eol != NULL);
    }
    return C138_OK;
}

/* --- Setup and images ------------------------------------------------------------------------ */

static c138_status docker_setup(struct driver *d, const char *service, struct svc_setup *ret,
                                struct c138_err *err) {
    SVC_LIST list = {0};
    C138_JSON struct c138_json *json = NULL;
    c138_status status = docker_list(d, &list, err);
    const struct svc *row = svc_worst(&list, service);
    if (status >= 0 && !row)
        return c138_error(err, C138_E_NOTFOUND, "engine.service",
                          "project %s has no container of the service %.80s", d->config->project,
                          service);
    if (status < 0)
        return status;
    C138_FREE char *path = c138_xasprintf("/containers/%s/json", row->id);
    status = get(d, path, &json, err);
    if (status < 0)
        return status;
    const struct c138_json *config = c138_json_get(json, "Config");
    *ret = (struct svc_setup){
        .args = c138_json_ref(c138_json_get(config, "Cmd")),
        .env = c138_json_ref(c138_json_get(config, "Env")),
        .image = c138_xstrdup(c138_json_get_str(config, "Image", "")),
        .image_id = c138_xstrdup(c138_json_get_str(json, "Image", "")),
        .version = c138_xstrdup(c138_json_get_str(c138_json_get(config, "Labels"),
                                                  "org.opencontainers.image.version", ""))};
    return C138_OK;
}

/* A reference in a URL: what may stand in an image's name and nothing else. */
static int is_reference(const char *text) {
    return *text && strlen(text) < 256 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "._-/:@") == strlen(text) &&
           !strstr(text, "..");
}

static c138_status docker_image(struct driver *d, const char *reference, struct image_info *ret,
                                struct c138_err *err) {
    C138_JSON struct c138_json *json = NULL;
    if (!is_reference(reference))
        return c138_error(err, C138_E_INVALID, "engine.image", "\"%.80s\" is no image's name",
                          reference);
    C138_FREE char *path = c138_xasprintf("/images/%s/json", reference);
    c138_status status = get(d, path, &json, err);
    if (status == C138_E_NOTFOUND)
        return c138_error(err, status, "engine.image",
                          "the image %s is not on this host: fetch it first with stack pull "
                          "--image %s, so that what is approved is what runs",
                          reference, reference);
    if (status < 0)
        return status;
    const char *id = c138_json_get_str(json, "Id", "");
    *ret = (struct image_info){
        .id = c138_xstrdup(id),
        .digest = c138_xstrdup(c138_json_as_str(c138_json_path(json, "RepoDigests.0"), id)),
        .version =
            c138_xstrdup(c138_json_as_str(c138_json_get(c138_json_path(json, "Config.Labels"),
                                                        "org.opencontainers.image.version"),
                                          ""))};
    return C138_OK;
}

const struct driver_ops docker_ops = {
    .name = "compose",
    .list = docker_list,
    .act = docker_act,
    .logs = docker_logs,
    .stats = docker_stats,
    .events = docker_events,
    .up = compose_up,
    .down = compose_down,
    .pull = compose_pull,
    .setup = docker_setup,
    .image = docker_image,
    .apply = compose_apply,
    .recreate = compose_recreate,
    .close = docker_close,
};
