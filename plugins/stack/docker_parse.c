#include "docker_parse.h"

#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define API_OLDEST DOCKER_API(1, 24)
#define API_NEWEST DOCKER_API(1, 51)
#define FRAME_HEAD 8

/* --- Versions -------------------------------------------------------------------------------- */

uint32_t docker_api_read(const char *text) {
    unsigned major = 0, minor = 0;
    char rest = '\0';
    if (!text || sscanf(text, "%3u.%4u%c", &major, &minor, &rest) != 2)
        return 0;
    return DOCKER_API(major, minor);
}

uint32_t docker_api_choose(uint32_t server_min, uint32_t server_max) {
    uint32_t most = server_max < API_NEWEST ? server_max : API_NEWEST;
    return most < API_OLDEST || most < server_min ? 0 : most;
}

/* --- Logs ------------------------------------------------------------------------------------ */

/* The line of one stream that is being put together. */
struct half {
    struct c138_buf text;
    int cut;
};
struct reader {
    const char *service, *instance;
    log_fn on_line;
    void *user;
    struct half half[2];
    int enough;
};

static void give(struct reader *r, int stream) {
    struct half *h = &r->half[stream];
    const char *text = c138_buf_text(&h->text), *space = strchr(text, ' ');
    struct log_line line = {
        .service = r->service, .instance = r->instance, .is_error = stream == 1};
    C138_FREE char *stamp = c138_xstrndup(text, space ? (size_t)(space - text) : 0);
    if (space && c138_time_parse(stamp, &line.time_ns) >= 0) {
        size_t left = h->text.length - (size_t)(space + 1 - text);
        if (left && space[left] == '\r')
            left--;
        struct c138_json *clean = c138_json_new_strn(space + 1, left);
        line.text = c138_json_as_str(clean, "");
        r->enough = r->on_line(r->user, &line);
        c138_json_unref(clean);
    }
    c138_buf_reset(&h->text);
}

static void feed(struct reader *r, int stream, const char *bytes, size_t length) {
    struct half *h = &r->half[stream];
    while (length && !r->enough) {
        const char *end = memchr(bytes, '\n', length);
        size_t n = end ? (size_t)(end - bytes) : length;
        size_t room = LOG_LINE_MAX - h->text.length;
        (void)c138_buf_add(&h->text, bytes, n < room ? n : room);
        if (end)
            give(r, stream);
        n += end != NULL;
        bytes += n;
        length -= n;
    }
}

static uint32_t be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static c138_status frames(struct reader *r, const char *bytes, size_t length,
                          struct c138_err *err) {
    size_t at = 0;
    while (length - at >= FRAME_HEAD && !r->enough) {
        const uint8_t *head = (const uint8_t *)bytes + at;
        size_t size = be32(head + 4), left = length - at - FRAME_HEAD;
        if (head[0] > 2 || head[1] || head[2] || head[3])
            return c138_error(err, C138_E_INVALID, "engine.log",
                              "the log of %s is not framed as the engine says at byte %zu: is "
                              "something between the agent and the engine?",
                              r->instance, at);
        /* The last frame of a log that is cut: what is there of it counts. */
        size = size < left ? size : left;
        feed(r, head[0] == 2, bytes + at + FRAME_HEAD, size);
        at += FRAME_HEAD + size;
    }
    return C138_OK;
}

c138_status docker_log_read(const char *bytes, size_t length, int terminal, const char *service,
                            const char *instance, log_fn on_line, void *user,
                            struct c138_err *err) {
    struct reader r = {.service = service, .instance = instance, .on_line = on_line, .user = user};
    c138_status status = C138_OK;
    if (terminal)
        feed(&r, 0, bytes, length);
    else
        status = frames(&r, bytes, length, err);
    for (int i = 0; i < 2; i++) {
        if (status >= 0 && r.half[i].text.length && !r.enough)
            give(&r, i);
        c138_buf_deinit(&r.half[i].text);
    }
    return status;
}

/* --- Containers ------------------------------------------------------------------------------ */

#define LABEL "com.docker.compose."

static const char *label(const struct c138_json *labels, const char *name) {
    return c138_json_get_str(labels, name, NULL);
}

static enum svc_state state_of(const char *state) {
    static const struct {
        const char *word;
        enum svc_state state;
    } all[] = {{"running", SVC_RUNNING}, {"created", SVC_STOPPED}, {"exited", SVC_STOPPED},
               {"paused", SVC_PAUSED},   {"dead", SVC_FAILED},     {"restarting", SVC_RESTARTING},
               {"removing", SVC_STOPPED}};
    for (size_t i = 0; i < C138_COUNT(all); i++)
        if (!strcmp(state, all[i].word))
            return all[i].state;
    return SVC_UNKNOWN;
}

c138_status docker_row_read(const struct c138_json *container, struct svc *row,
                            struct c138_err *err) {
    const struct c138_json *labels = c138_json_get(container, "Labels");
    const char *name = c138_json_as_str(c138_json_path(container, "Names.0"), "");
    const char *id = c138_json_get_str(container, "Id", NULL);
    const char *service = label(labels, LABEL "service");
    if (!id || !*id || strspn(id, "0123456789abcdef") != strlen(id))
        return c138_error(err, C138_E_INVALID, "engine.answer",
                          "the engine lists a container without an id: is this Docker?");
    svc_set(&row->id, id);
    svc_set(&row->service, service ? service : name + (*name == '/'));
    svc_set(&row->instance, name + (*name == '/'));
    svc_set(&row->image, c138_json_get_str(container, "Image", ""));
    svc_set(&row->image_id, c138_json_get_str(container, "ImageID", ""));
    svc_set(&row->text, c138_json_get_str(container, "Status", ""));
    row->state = state_of(c138_json_get_str(container, "State", ""));
    return C138_OK;
}

void docker_inspect_read(const struct c138_json *inspect, struct svc *row) {
    const struct c138_json *state = c138_json_get(inspect, "State");
    const char *health = c138_json_as_str(c138_json_path(state, "Health.Status"), "");
    int64_t started = 0;
    svc_set(&row->health, strcmp(health, "none") ? health : "");
    /* What the list calls by its id after its tag moved on, is still what was asked for here. */
    svc_set(&row->image, c138_json_as_str(c138_json_path(inspect, "Config.Image"), row->image));
    row->restarts = c138_json_get_uint(inspect, "RestartCount", 0);
    row->exit_code = c138_json_get_int(state, "ExitCode", 0);
    row->oom = c138_json_get_bool(state, "OOMKilled", 0);
    if (c138_json_get_str(state, "Status", NULL))
        row->state = state_of(c138_json_get_str(state, "Status", ""));
    if (row->state == SVC_RUNNING &&
        c138_time_parse(c138_json_get_str(state, "StartedAt", ""), &started) >= 0)
        row->started_ns = started;
    if (row->state == SVC_STOPPED && row->exit_code != 0 && row->exit_code != 143 &&
        row->exit_code != 130)
        row->state = SVC_FAILED;
    if (row->state == SVC_RUNNING && !strcmp(row->health, "starting"))
        row->state = SVC_STARTING;
}

/* --- Stats ----------------------------------------------------------------------------------- */

static uint64_t cpu(const struct c138_json *stats, const char *path) {
    return c138_json_as_uint(c138_json_path(stats, path), 0);
}

void docker_stats_read(const struct c138_json *before, const struct c138_json *after,
                       struct svc_stats *ret_stats) {
    uint64_t total = cpu(after, "cpu_stats.cpu_usage.total_usage"),
             was = cpu(before, "cpu_stats.cpu_usage.total_usage"),
             system = cpu(after, "cpu_stats.system_cpu_usage"),
             system_was = cpu(before, "cpu_stats.system_cpu_usage"),
             online = cpu(after, "cpu_stats.online_cpus"), usage = cpu(after, "memory_stats.usage");
    const struct c138_json *memory = c138_json_path(after, "memory_stats.stats");
    /* Version 1 of control groups counts totals, version 2 has no total_ names. */
    uint64_t cache = c138_json_has(memory, "total_inactive_file")
                         ? c138_json_get_uint(memory, "total_inactive_file", 0)
                         : c138_json_get_uint(memory, "inactive_file", 0);
    ret_stats->known = usage > 0;
    ret_stats->memory_bytes = usage > cache ? usage - cache : 0;
    ret_stats->memory_limit_bytes = cpu(after, "memory_stats.limit");
    if (!online)
        online = c138_json_count(c138_json_path(after, "cpu_stats.cpu_usage.percpu_usage"));
    if (total > was && system > system_was && was)
        ret_stats->cpu_percent = (double)(total - was) / (double)(system - system_was) *
                                 (double)(online ? online : 1) * 100.0;
}

/* --- Events ---------------------------------------------------------------------------------- */

int docker_event_read(const struct c138_json *event, struct svc_event *ret_event) {
    static const char *const wanted[] = {"start", "stop",    "die",    "restart", "oom",
                                         "kill",  "destroy", "create", "pause",   "unpause"};
    const char *action = c138_json_get_str(event, "Action", "");
    const struct c138_json *about = c138_json_path(event, "Actor.Attributes");
    *ret_event = (struct svc_event){
        .time_ns = c138_json_get_int(event, "timeNano", 0),
        .service = label(about, LABEL "service"),
        .instance = c138_json_get_str(about, "name", ""),
    };
    if (!ret_event->service || strcmp(c138_json_get_str(event, "Type", ""), "container") != 0)
        return 0;
    if (c138_starts_with(action, "health_status: ")) {
        ret_event->what = action + strlen("health_status: ");
        return !strcmp(ret_event->what, "healthy") || !strcmp(ret_event->what, "unhealthy");
    }
    (void)c138_parse_int(c138_json_get_str(about, "exitCode", "0"), &ret_event->exit_code);
    ret_event->what = action;
    for (size_t i = 0; i < C138_COUNT(wanted); i++)
        if (!strcmp(action, wanted[i]))
            return 1;
    return 0;
}
