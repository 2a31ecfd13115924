#include "kube_parse.h"

#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

static const struct c138_json *first_container(const struct c138_json *pod) {
    return c138_json_path(pod, "status.containerStatuses.0");
}

static const char *reason_of(const struct c138_json *container) {
    const char *waiting = c138_json_as_str(c138_json_path(container, "state.waiting.reason"), "");
    if (*waiting)
        return waiting;
    return c138_json_as_str(c138_json_path(container, "state.terminated.reason"), "");
}

static enum svc_state state_of(const char *phase, const struct c138_json *pod,
                               const struct c138_json *container) {
    const char *reason = reason_of(container);
    if (c138_json_has(c138_json_get(pod, "metadata"), "deletionTimestamp"))
        return SVC_STOPPED;
    if (!strcmp(reason, "CrashLoopBackOff"))
        return SVC_RESTARTING;
    if (!strcmp(reason, "ErrImagePull") || !strcmp(reason, "ImagePullBackOff") ||
        !strcmp(phase, "Failed"))
        return SVC_FAILED;
    if (!strcmp(phase, "Succeeded"))
        return SVC_STOPPED;
    if (!strcmp(phase, "Running") && c138_json_get(c138_json_get(container, "state"), "running"))
        return c138_json_get_bool(container, "ready", 0) ? SVC_RUNNING : SVC_STARTING;
    return !strcmp(phase, "Pending") ? SVC_STARTING : SVC_UNKNOWN;
}

void kube_pod_read(const struct c138_json *pod, const char *service, struct svc *row) {
    const struct c138_json *container = first_container(pod);
    const char *phase = c138_json_as_str(c138_json_path(pod, "status.phase"), "");
    const char *last =
        c138_json_as_str(c138_json_path(container, "lastState.terminated.reason"), "");
    const char *image_id = c138_json_get_str(container, "imageID", "");
    const char *name = c138_json_as_str(c138_json_path(pod, "metadata.name"), "");
    svc_set(&row->service, service);
    svc_set(&row->instance, name);
    svc_set(&row->id, c138_json_as_str(c138_json_path(pod, "metadata.uid"), ""));
    svc_set(&row->image, c138_json_get_str(container, "image", ""));
    svc_set(&row->image_id,
            c138_starts_with(image_id, "docker-pullable://") ? image_id + 18 : image_id);
    row->state = state_of(phase, pod, container);
    row->restarts = c138_json_get_uint(container, "restartCount", 0);
    row->exit_code =
        c138_json_as_int(c138_json_path(container, "lastState.terminated.exitCode"), 0);
    row->oom = !strcmp(last, "OOMKilled") || !strcmp(reason_of(container), "OOMKilled");
    if (row->state == SVC_RUNNING || row->state == SVC_STARTING)
        (void)c138_time_parse(
            c138_json_as_str(c138_json_path(container, "state.running.startedAt"), ""),
            &row->started_ns);
    C138_FREE char *text =
        c138_xasprintf("%s%s%s", phase, *reason_of(container) ? ": " : "", reason_of(container));
    svc_set(&row->text, text);
}

int kube_log_read(const char *line, size_t length, struct log_line *ret_line, char **ret_text) {
    const char *space = memchr(line, ' ', length);
    size_t n = space ? (size_t)(space - line) : length;
    C138_FREE char *stamp = c138_xstrndup(line, n);
    if (n > 40 || c138_time_parse(stamp, &ret_line->time_ns) < 0)
        return 0;
    size_t left = space ? length - n - 1 : 0;
    struct c138_json *clean =
        c138_json_new_strn(space ? space + 1 : "", left < LOG_LINE_MAX ? left : LOG_LINE_MAX);
    *ret_text = c138_xstrdup(c138_json_as_str(clean, ""));
    c138_json_unref(clean);
    ret_line->text = *ret_text;
    return 1;
}

/* "512Mi", "1Gi", "100M", "12345" */
static uint64_t bytes_of(const char *text) {
    static const struct {
        const char *unit;
        uint64_t bytes;
    } all[] = {{"Ki", 1u << 10}, {"Mi", 1u << 20},  {"Gi", 1u << 30}, {"K", 1000},
               {"M", 1000000},   {"G", 1000000000}, {"", 1}};
    unsigned long long v = 0;
    char unit[8] = "";
    if (sscanf(text, "%15llu%7s", &v, unit) < 1)
        return 0;
    for (size_t i = 0; i < C138_COUNT(all); i++)
        if (!strcmp(unit, all[i].unit) && v < UINT64_MAX / all[i].bytes)
            return v * all[i].bytes;
    return 0;
}

int kube_top_read(const char *line, size_t length, char ret_pod[254], struct svc_stats *ret_stats) {
    char cpu[32] = "", memory[32] = "";
    C138_FREE char *copy = c138_xstrndup(line, length);
    unsigned milli = 0;
    char unit = '\0';
    if (sscanf(copy, "%253s %31s %31s", ret_pod, cpu, memory) != 3)
        return 0;
    if (sscanf(cpu, "%8u%c", &milli, &unit) < 1)
        return 0;
    *ret_stats = (struct svc_stats){.known = 1,
                                    .cpu_percent =
                                        unit == 'm' ? (double)milli / 10.0 : (double)milli * 100.0,
                                    .memory_bytes = bytes_of(memory)};
    return 1;
}

char *kube_selector(const struct c138_json *labels) {
    C138_BUF struct c138_buf out = C138_BUF_MAX(4096);
    if (c138_json_type(labels) != C138_JSON_OBJECT)
        return c138_xstrdup("");
    for (struct c138_json_iter i = c138_json_iter(labels); c138_json_next(&i);)
        (void)c138_buf_addf(&out, "%s%s=%s", out.length ? "," : "", i.name,
                            c138_json_as_str(i.value, ""));
    return c138_buf_steal(&out);
}
