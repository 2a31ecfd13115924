/*
 * Kubernetes, by kubectl: one program, its JSON, no shell. A service is a workload
 * (statefulset/NAME, deployment/NAME); its instances are the pods that its selector finds. Start
 * and stop are a scale of 1 and 0, so that a validator never runs twice; a restart takes the pods
 * away one after the other, as the workload's own strategy says, and is waited for.
 */
#include "kube_parse.h"

#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARGS_MAX 40
#define ROLLOUT "600s"
#define ROLLOUT_NS (630 * C138_NS_PER_S)

struct command {
    const char *argv[ARGS_MAX];
    size_t count;
    char *config, *context;
};

static void add(struct command *c, const char *arg) {
    if (c->count + 1 < ARGS_MAX)
        c->argv[c->count++] = arg;
}

static void command_deinit(struct command *c) {
    free(c->config);
    free(c->context);
}
#define COMMAND C138_CLEANUP(command_deinit) struct command

static void begin(const struct driver *d, struct command *c) {
    add(c, d->config->kubectl);
    if (d->config->kubeconfig) {
        c->config = c138_xasprintf("--kubeconfig=%s", d->config->kubeconfig);
        add(c, c->config);
    }
    if (d->config->context) {
        c->context = c138_xasprintf("--context=%s", d->config->context);
        add(c, c->context);
    }
    add(c, "-n");
    add(c, d->config->namespace_);
}

static c138_status finish(struct driver *d, struct command *c, int64_t timeout_ns,
                          struct c138_buf *ret_out, struct c138_err *err) {
    C138_FREE char *home = c138_xasprintf("HOME=%s", d->host->state_dir);
    const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", home, NULL};
    c->argv[c->count] = NULL;
    return driver_run(d, c->argv, env, NULL, timeout_ns, ret_out, err);
}

static const char *workload(const struct driver_config *c, const char *service, char *room,
                            size_t size) {
    for (size_t i = 0; i < c->n_names; i++)
        if (!strcmp(c->names[i].service, service) && c->names[i].workload)
            return c->names[i].workload;
    (void)snprintf(room, size, "deployment/%s", service);
    return room;
}

static c138_status get(struct driver *d, const char *what, const char *selector,
                       struct c138_json **ret_json, struct c138_err *err) {
    COMMAND c = {0};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    begin(d, &c);
    add(&c, "get");
    add(&c, what);
    if (selector) {
        add(&c, "-l");
        add(&c, selector);
    }
    add(&c, "-o");
    add(&c, "json");
    c138_status status = finish(d, &c, d->config->timeout_ns, &out, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&out), out.length, ret_json, err);
    return status;
}

/* --- Lists ----------------------------------------------------------------------------------- */

static c138_status pods_of(struct driver *d, const char *service, struct c138_json **ret_pods,
                           struct c138_err *err) {
    char room[256];
    C138_JSON struct c138_json *load = NULL;
    c138_status status = get(d, workload(d->config, service, room, sizeof(room)), NULL, &load, err);
    if (status < 0)
        return status;
    C138_FREE char *selector = kube_selector(c138_json_path(load, "spec.selector.matchLabels"));
    if (!*selector)
        return c138_error(err, C138_E_INVALID, "engine.kubernetes",
                          "%s has no selector: is it a statefulset or a deployment?", service);
    return get(d, "pods", selector, ret_pods, err);
}

static c138_status kube_list(struct driver *d, struct svc_list *ret_list, struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < d->config->n_names; i++) {
        const char *service = d->config->names[i].service;
        C138_JSON struct c138_json *pods = NULL;
        status = pods_of(d, service, &pods, err);
        const struct c138_json *items = c138_json_get(pods, "items");
        for (size_t k = 0; status >= 0 && k < c138_json_count(items); k++) {
            struct svc *row = svc_list_add(ret_list);
            if (!row)
                return c138_error(err, C138_E_LIMIT, "engine.rows", "over %d pods", ROWS_MAX);
            kube_pod_read(c138_json_at(items, k), service, row);
        }
        if (status >= 0 && c138_json_count(items) == 0) {
            struct svc *row = svc_list_add(ret_list);
            if (row) {
                svc_set(&row->service, service);
                svc_set(&row->text, "scaled to 0: it has no pods");
                row->state = SVC_STOPPED;
            }
        }
    }
    return status;
}

/* --- Changes --------------------------------------------------------------------------------- */

static c138_status simple(struct driver *d, const char *const *words, int64_t timeout_ns,
                          struct c138_err *err) {
    COMMAND c = {0};
    c138_status status = driver_may_write(d, "kubectl", err);
    if (status < 0)
        return status;
    begin(d, &c);
    for (; *words; words++)
        add(&c, *words);
    return finish(d, &c, timeout_ns, NULL, err);
}

static c138_status kube_wait(struct driver *d, const char *load, struct c138_err *err) {
    const char *const words[] = {"rollout", "status", load, "--timeout=" ROLLOUT, NULL};
    return simple(d, words, ROLLOUT_NS, err);
}

static c138_status kube_act(struct driver *d, enum driver_act act, const char *service,
                            int64_t grace_ns, struct c138_err *err) {
    char room[256];
    const char *load = workload(d->config, service, room, sizeof(room));
    const char *const start[] = {"scale", load, "--replicas=1", NULL};
    const char *const stop[] = {"scale", load, "--replicas=0", NULL};
    const char *const restart[] = {"rollout", "restart", load, NULL};
    const char *const *const all[] = {start, stop, restart};
    c138_status status = simple(d, all[act], grace_ns + d->config->timeout_ns, err);
    return status < 0 ? status : kube_wait(d, load, err);
}

static c138_status each(struct driver *d, const char *const *services, enum driver_act act,
                        struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && services && services[i]; i++)
        status = kube_act(d, act, services[i], 60 * C138_NS_PER_S, err);
    if (services && services[0])
        return status;
    for (size_t i = 0; status >= 0 && i < d->config->n_names; i++)
        status = kube_act(d, act, d->config->names[i].service, 60 * C138_NS_PER_S, err);
    return status;
}

static c138_status kube_up(struct driver *d, const char *const *services, struct c138_err *err) {
    return each(d, services, ACT_START, err);
}

static c138_status kube_down(struct driver *d, struct c138_err *err) {
    return each(d, NULL, ACT_STOP, err);
}

static c138_status kube_pull(struct driver *d, const char *const *services, const char *image,
                             struct c138_err *err) {
    (void)d, (void)services, (void)image;
    return c138_error(err, C138_E_UNSUPPORTED, "engine.kubernetes",
                      "Kubernetes fetches images itself, when a pod needs them");
}

static const struct pin *pin_of(const struct driver *d, const char *service) {
    for (size_t i = 0; i < d->n_pins; i++)
        if (!strcmp(d->pins[i].service, service))
            return &d->pins[i];
    return NULL;
}

/* Variables that an earlier pin brought and this one has not are taken away: NAME- . */
static c138_status set_env(struct driver *d, const char *load, const struct pin *pin,
                           struct c138_err *err) {
    static const char *const ours[] = {"BESU_XBFT_LEGACY_PROTOCOL_ENCODING",
                                       "BESU_VERSION_COMPATIBILITY_PROTECTION"};
    for (size_t i = 0; i < C138_COUNT(ours); i++) {
        const char *value = pin ? c138_json_get_str(pin->env, ours[i], NULL) : NULL;
        C138_FREE char *text =
            value ? c138_xasprintf("%s=%s", ours[i], value) : c138_xasprintf("%s-", ours[i]);
        const char *const words[] = {"set", "env", load, text, NULL};
        c138_status status = simple(d, words, d->config->timeout_ns, err);
        if (status < 0)
            return status;
    }
    return C138_OK;
}

static c138_status kube_apply(struct driver *d, const char *service, struct c138_err *err) {
    char room[256];
    const char *load = workload(d->config, service, room, sizeof(room));
    const struct pin *pin = pin_of(d, service);
    if (!pin)
        return c138_error(err, C138_E_INTERNAL, "stack.pins", "%s has no pin", service);
    C138_FREE char *image = c138_xasprintf("*=%s", pin->image);
    const char *const words[] = {"set", "image", load, image, NULL};
    c138_status status = set_env(d, load, pin, err);
    if (status >= 0)
        status = simple(d, words, d->config->timeout_ns, err);
    if (status >= 0)
        status = kube_act(d, ACT_START, service, 0, err);
    return status;
}

static c138_status kube_setup(struct driver *d, const char *service, struct svc_setup *ret,
                              struct c138_err *err) {
    char room[256];
    C138_JSON struct c138_json *load = NULL, *pods = NULL;
    c138_status status = get(d, workload(d->config, service, room, sizeof(room)), NULL, &load, err);
    if (status >= 0)
        status = pods_of(d, service, &pods, err);
    if (status < 0)
        return status;
    const struct c138_json *container = c138_json_path(load, "spec.template.spec.containers.0");
    struct c138_json *env = c138_json_new_array();
    const struct c138_json *list = c138_json_get(container, "env");
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *e = c138_json_at(list, i);
        C138_FREE char *text = c138_xasprintf("%s=%s", c138_json_get_str(e, "name", ""),
                                              c138_json_get_str(e, "value", ""));
        c138_json_append(env, c138_json_new_str(text));
    }
    SVC_LIST rows = {0};
    struct svc *row = svc_list_add(&rows);
    kube_pod_read(c138_json_path(pods, "items.0"), service, row);
    *ret = (struct svc_setup){
        .args = c138_json_ref(c138_json_get(container, "args")),
        .env = env,
        .image = c138_xstrdup(c138_json_get_str(container, "image", "")),
        .image_id = c138_xstrdup(*row->image_id ? row->image_id
                                                : c138_json_get_str(container, "image", "")),
        .version = c138_xstrdup(""),
    };
    return C138_OK;
}

/* The cluster resolves tags by itself, and may do so otherwise tomorrow: only a digest is pinned. */
static c138_status kube_image(struct driver *d, const char *reference, struct image_info *ret,
                              struct c138_err *err) {
    (void)d;
    if (!strstr(reference, "@sha256:"))
        return c138_error(err, C138_E_INVALID, "engine.image",
                          "%.200s: name the image by its digest, NAME:TAG@sha256:...: each host of "
                          "the cluster would look a tag up by itself",
                          reference);
    *ret = (struct image_info){.id = c138_xstrdup(strstr(reference, "sha256:")),
                               .digest = c138_xstrdup(reference),
                               .version = c138_xstrdup("")};
    return C138_OK;
}

/* --- Logs and stats -------------------------------------------------------------------------- */

struct logging {
    const char *service, *pod;
    log_fn on_line;
    void *user;
};

static void give_lines(const struct logging *l, const struct c138_buf *out) {
    const char *p = c138_buf_text(out), *end = p + out->length;
    int enough = 0;
    while (p < end && !enough) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);
        C138_FREE char *text = NULL;
        struct log_line line = {.service = l->service, .instance = l->pod};
        if (kube_log_read(p, n, &line, &text))
            enough = l->on_line(l->user, &line);
        p += n + (eol != NULL);
    }
}

static c138_status log_of(struct driver *d, const struct log_ask *ask, const struct logging *l,
                          struct c138_err *err) {
    COMMAND c = {0};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    char since[C138_TIME_TEXT];
    C138_FREE char *tail = c138_xasprintf("--tail=%" PRId64, ask->tail ? (int64_t)ask->tail : -1);
    C138_FREE char *from = NULL;
    begin(d, &c);
    add(&c, "logs");
    add(&c, l->pod);
    add(&c, "--timestamps");
    add(&c, tail);
    if (ask->since_ns) {
        c138_time_format(ask->since_ns, since);
        from = c138_xasprintf("--since-time=%s", since);
        add(&c, from);
    }
    c138_status status = finish(d, &c, d->config->timeout_ns, &out, err);
    if (status >= 0)
        give_lines(l, &out);
    return status;
}

/* since of kubectl is as coarse as our times: what is older is left out here. */
struct bounds {
    const struct log_ask *ask;
    log_fn on_line;
    void *user;
};

static int bounded(void *user, const struct log_line *line) {
    const struct bounds *b = user;
    if (line->time_ns < b->ask->since_ns || (b->ask->until_ns && line->time_ns > b->ask->until_ns))
        return 0;
    return b->on_line(b->user, line);
}

static c138_status kube_logs(struct driver *d, const struct log_ask *ask, log_fn on_line,
                             void *user, struct c138_err *err) {
    SVC_LIST list = {0};
    struct bounds b = {.ask = ask, .on_line = on_line, .user = user};
    c138_status status = kube_list(d, &list, err);
    for (size_t i = 0; status >= 0 && i < list.count; i++) {
        const struct svc *r = &list.rows[i];
        struct logging l = {
            .service = r->service, .pod = r->instance, .on_line = bounded, .user = &b};
        if (*r->instance && (!ask->service || !strcmp(ask->service, r->service)))
            status = log_of(d, ask, &l, err);
    }
    return status;
}

/* kubectl top needs the metrics server; where there is none, nothing is known. */
static c138_status kube_stats(struct driver *d, const struct svc_list *list,
                              struct svc_stats *stats, struct c138_err *err) {
    COMMAND c = {0};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    begin(d, &c);
    add(&c, "top");
    add(&c, "pod");
    add(&c, "--no-headers");
    c138_status status = finish(d, &c, d->config->timeout_ns, &out, err);
    const char *p = c138_buf_text(&out), *end = p + out.length;
    while (status >= 0 && p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);
        char pod[254] = "";
        struct svc_stats one;
        if (kube_top_read(p, n, pod, &one))
            for (size_t i = 0; i < list->count; i++)
                if (!strcmp(list->rows[i].instance, pod))
                    stats[i] = one;
        p += n + (eol != NULL);
    }
    return status;
}

const struct driver_ops kube_ops = {
    .name = "kubernetes",
    .list = kube_list,
    .act = kube_act,
    .logs = kube_logs,
    .stats = kube_stats,
    .up = kube_up,
    .down = kube_down,
    .pull = kube_pull,
    .setup = kube_setup,
    .image = kube_image,
    .apply = kube_apply,
};
