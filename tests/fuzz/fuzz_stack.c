/* What the stack plugin reads of engines, files and the kernel; first byte 'F': a framed log, 'T': a
 * terminal's log, 'C': a container, 'E': an event, 'S': stats, 'P': a pod, 'L': lines of kubectl,
 * 'O': a config.toml, 'V': validators, 'N': a file's name. */
#include <plugins/stack/docker_parse.h>
#include <plugins/stack/files.h>
#include <plugins/stack/kube_parse.h>
#include <plugins/stack/quorum.h>
#include <plugins/stack/resources.h>
#include <plugins/stack/versions.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *user, const struct log_line *line) {
    *(size_t *)user += strlen(line->text);
    return 0;
}

static void json(char kind, const char *text, size_t size) {
    struct c138_json *v = NULL;
    struct svc_list list = {0};
    struct svc_event event;
    struct svc_stats stats = {0};
    struct chain_view *view = calloc(1, sizeof(*view));
    if (view && c138_json_parse(text, size, &v, NULL) == C138_OK) {
        struct svc *row = svc_list_add(&list);
        if (kind == 'C' && docker_row_read(v, row, NULL) == C138_OK)
            docker_inspect_read(v, row);
        else if (kind == 'E')
            (void)docker_event_read(v, &event);
        else if (kind == 'S')
            docker_stats_read(v, v, &stats);
        else if (kind == 'P')
            kube_pod_read(v, "s", row);
        else if (kind == 'V' && chain_view_read(v, view, NULL) == C138_OK)
            (void)quorum_allows(view, (const struct validator *[]){&view->list[0]}, 1, "x", NULL,
                                NULL);
        free(kube_selector(v));
    }
    svc_list_deinit(&list);
    c138_json_unref(v);
    free(view);
}

static void lines(const char *text, size_t size) {
    struct log_line line;
    struct svc_stats stats;
    char pod[254];
    char *copy = NULL, *whole = strndup(text, size);
    uint64_t busy, total;
    if (kube_log_read(text, size, &line, &copy))
        free(copy);
    (void)kube_top_read(text, size, pod, &stats);
    if (whole) {
        (void)proc_cpu_read(whole, &busy, &total);
        (void)proc_memory_read(whole, "MemTotal");
        (void)besu_version_read(whole);
        (void)docker_api_read(whole);
        (void)files_is_closed("*.log", whole);
    }
    free(whole);
}

static void options(const char *text, size_t size) {
    struct options o = {0};
    struct c138_buf out = C138_BUF_MAX(1000);
    (void)options_read_toml(&o, text, size, "f", NULL);
    (void)versions_taken(&o, BESU_VERSION(25, 5, 0), BESU_VERSION(26, 8, 0), &out);
    options_deinit(&o);
    c138_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *rest = (const char *)data + 1;
    size_t seen = 0;
    if (size < 1 || size > 65536)
        return 0;
    if (data[0] == 'F' || data[0] == 'T')
        (void)docker_log_read(rest, size - 1, data[0] == 'T', "s", "i", take, &seen, NULL);
    else if (data[0] == 'O')
        options(rest, size - 1);
    else if (data[0] == 'L')
        lines(rest, size - 1);
    else
        json((char)data[0], rest, size - 1);
    return 0;
}
