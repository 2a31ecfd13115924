/* backup.create: items, one after the other, then the manifest. */
#include "engine.h"
#include "item.h"
#include "run.h"

#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

struct making {
    struct backup *backup;
    c138_call *call;
    struct engine *engine;
    struct c138_json *manifest, *items;
    int64_t began_ns;
    struct item *open[BACKUP_ITEMS_MAX];
    size_t n_open;
    uint64_t bytes, stored_bytes, files;
    struct c138_err *err;
};

/* --- Which items ------------------------------------------------------------------------------ */

c138_status run_items(const struct backup *b, c138_call *call, const struct item_config **ret,
                      size_t *ret_count, struct c138_err *err) {
    uint64_t named = c138_uint(call, "items");
    size_t count = 0;
    char path[32];
    for (uint64_t n = 0; n < named && n < BACKUP_ITEMS_MAX; n++) {
        (void)snprintf(path, sizeof(path), "items.%u", (unsigned)n);
        const struct item_config *c = backup_item(b, c138_str(call, path));
        if (!c)
            return c138_error(err, C138_E_NOTFOUND, "backup.item",
                              "there is no item %.80s: see plugins.backup.items",
                              c138_str(call, path));
        ret[count++] = c;
    }
    for (size_t i = 0; !named && i < b->settings.n_items; i++)
        if (b->settings.items[i].enabled)
            ret[count++] = &b->settings.items[i];
    *ret_count = count;
    return count ? C138_OK
                 : c138_error(err, C138_E_INVALID, "backup.item",
                              "no item is configured: add one to plugins.backup.items");
}

const char *run_text(c138_call *call, const char *name) {
    const char *text = c138_has(call, name) ? c138_str(call, name) : NULL;
    return text && *text ? text : NULL;
}

/* --- One item --------------------------------------------------------------------------------- */

static c138_status add_item(struct making *m, const struct item_config *config) {
    struct c138_json *row = c138_json_new_object();
    struct item *item = NULL;
    struct progress progress;
    c138_status status =
        item_open(m->backup, m->call, config, m->call->job_id, &item, m->err);
    if (status >= 0) {
        c138_json_set_str(row, "name", config->name);
        c138_json_set_str(row, "kind", item_kind_name(config->kind));
        progress_begin(&progress, m->call, config->name, item->tree.bytes);
        status = m->engine->ops->add(m->engine, m->call->job_id, config->name, &item->tree, row,
                                     &progress, m->err);
        c138_json_set(row, "details", c138_json_ref(item->details));
    }
    if (status >= 0 && m->engine->ops->reads_at_commit)
        m->open[m->n_open++] = item;
    else
        (void)item_close(item);
    if (status >= 0) {
        m->files += c138_json_get_uint(row, "files", 0);
        m->bytes += c138_json_get_uint(row, "bytes", 0);
        m->stored_bytes += c138_json_get_uint(row, "stored_bytes", 0);
        c138_json_append(m->items, row);
    } else {
        c138_json_unref(row);
    }
    return status;
}

/* --- The manifest ----------------------------------------------------------------------------- */

static void set_time(struct c138_json *v, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    c138_time_format(ns, text);
    c138_json_set_str(v, name, text);
}

static c138_status commit(struct making *m) {
    const c138_host *host = m->backup->host;
    struct progress progress;
    c138_json_set_str(m->manifest, "format", MANIFEST_FORMAT);
    c138_json_set_str(m->manifest, "id", m->call->job_id);
    c138_json_set_str(m->manifest, "host", host->host_name);
    c138_json_set_str(m->manifest, "engine", m->engine->ops->name);
    set_time(m->manifest, "created", m->began_ns);
    set_time(m->manifest, "finished", host->now_ns(host, C138_CLOCK_UTC));
    c138_json_set_str(m->manifest, "agent", host->agent_version);
    c138_json_set(m->manifest, "items", c138_json_ref(m->items));
    C138_FREE char *text = c138_json_pretty(m->manifest);
    progress_begin(&progress, m->call, "storing",
                   m->engine->ops->reads_at_commit ? m->bytes : m->stored_bytes);
    return m->engine->ops->commit(m->engine, m->call->job_id, text, &progress, &m->stored_bytes,
                                  m->err);
}

/* --- Telling ---------------------------------------------------------------------------------- */

static void tell_metrics(const struct making *m, int64_t now, int64_t took) {
    const char *target = m->engine->target->name;
    backup_metric(m->backup, "chain138_backup_last_success_timestamp_seconds", target,
                  (double)now / 1e9);
    backup_metric(m->backup, "chain138_backup_duration_seconds", target, (double)took / 1e9);
    backup_metric2(m->backup, "chain138_backup_bytes", target, "read", (double)m->bytes);
    backup_metric2(m->backup, "chain138_backup_bytes", target, "stored", (double)m->stored_bytes);
}

static void tell_success(struct making *m) {
    const c138_host *host = m->backup->host;
    int64_t now = host->now_ns(host, C138_CLOCK_UTC);
    struct backup_facts *facts = &m->backup->facts;
    (void)pthread_mutex_lock(&facts->mutex);
    facts->last_success_ns = now;
    (void)snprintf(facts->last_id, sizeof(facts->last_id), "%s", m->call->job_id);
    (void)pthread_mutex_unlock(&facts->mutex);
    tell_metrics(m, now, now - m->began_ns);
    C138_JSON struct c138_json *event = c138_json_new_object();
    c138_json_set_str(event, "id", m->call->job_id);
    c138_json_set_str(event, "target", m->engine->target->name);
    c138_json_set_uint(event, "bytes", m->bytes);
    c138_json_set_uint(event, "stored_bytes", m->stored_bytes);
    c138_json_set_num(event, "seconds", (double)(now - m->began_ns) / 1e9);
    backup_event(m->backup, m->call, "backup.created", event);
}

void run_failed(struct backup *b, c138_call *call, const char *target, const char *action,
                const struct c138_err *err) {
    struct backup_facts *facts = &b->facts;
    (void)pthread_mutex_lock(&facts->mutex);
    facts->last_failure_ns = b->host->now_ns(b->host, C138_CLOCK_UTC);
    (void)snprintf(facts->last_failure, sizeof(facts->last_failure), "%.250s", err->text);
    (void)pthread_mutex_unlock(&facts->mutex);
    C138_JSON struct c138_json *event = c138_json_new_object();
    c138_json_set_str(event, "action", action);
    c138_json_set_str(event, "target", target ? target : "");
    c138_json_set_str(event, "error", err->text);
    backup_event(b, call, "backup.failed", event);
}

static void set_result(const struct making *m) {
    c138_set_str(m->call, "id", m->call->job_id);
    c138_set_str(m->call, "target", m->engine->target->name);
    c138_set_uint(m->call, "files", m->files);
    c138_set_uint(m->call, "bytes", m->bytes);
    c138_set_uint(m->call, "stored_bytes", m->stored_bytes);
    c138_set_num(m->call, "seconds",
                 (double)(m->backup->host->now_ns(m->backup->host, C138_CLOCK_UTC) - m->began_ns) /
                     1e9);
    C138_FREE char *items = c138_json_dump(m->items);
    c138_set_json(m->call, "items", items);
}

/* --- The whole -------------------------------------------------------------------------------- */

static c138_status make(struct making *m, const struct item_config **items, size_t count) {
    c138_status status = m->engine->ops->clean(m->engine, m->err);
    if (status >= 0)
        status = m->engine->ops->begin(m->engine, m->call->job_id, m->err);
    for (size_t i = 0; status >= 0 && i < count; i++)
        status = add_item(m, items[i]);
    if (status >= 0)
        status = commit(m);
    if (status < 0)
        m->engine->ops->abort(m->engine, m->call->job_id);
    while (m->n_open)
        (void)item_close(m->open[--m->n_open]);
    return status;
}

/* The job ran before and was cut off behind its manifest: nothing is taken a second time. */
static c138_status already(struct making *m, int *ret_done) {
    struct progress progress;
    struct manifest *done = NULL;
    progress_begin(&progress, m->call, "storing", 0);
    c138_status status = m->engine->ops->resume(m->engine, m->call->job_id, &progress, ret_done,
                                                m->err);
    if (status >= 0 && *ret_done)
        status = m->engine->ops->manifest(m->engine, m->call->job_id, &done, m->err);
    if (status >= 0 && *ret_done) {
        m->files = done->files;
        m->bytes = done->bytes;
        m->stored_bytes = done->stored_bytes;
        c138_json_unref(m->items);
        m->items = c138_json_copy(c138_json_get(done->json, "items"));
    }
    (void)manifest_free(done);
    return status;
}

c138_status backup_create_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct item_config *items[BACKUP_ITEMS_MAX];
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    size_t count = 0;
    int done = 0;
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = run_items(b, call, items, &count, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    struct making m = {.backup = b,
                       .call = call,
                       .engine = engine,
                       .manifest = c138_json_new_object(),
                       .items = c138_json_new_array(),
                       .began_ns = b->host->now_ns(b->host, C138_CLOCK_UTC),
                       .err = &err};
    if (status >= 0)
        status = already(&m, &done);
    if (status >= 0 && !done)
        status = make(&m, items, count);
    if (status >= 0) {
        tell_success(&m);
        set_result(&m);
    } else {
        run_failed(b, call, target ? target->name : NULL, "create", &err);
    }
    c138_json_unref(m.manifest);
    c138_json_unref(m.items);
    return status < 0 ? backup_fail(call, status, &err) : C138_OK;
}
