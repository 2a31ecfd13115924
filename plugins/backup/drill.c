#include "drill.h"

#include "fetch.h"
#include "run.h"

#include <base/fs.h>
#include <base/when.h>

#include <string.h>

struct drill {
    struct engine *engine;
    const struct manifest *manifest;
    struct c138_json *rows;
    struct c138_err *err;
};

static double seconds(int64_t ns) {
    return (double)ns / 1e9;
}

static c138_status in_use(struct drill *d, const struct manifest_item *i, const char *folder,
                          struct c138_json *row) {
    uint64_t from = 0, to = 0;
    c138_status status = C138_OK;
    if (!strcmp(i->kind, "postgres"))
        return drill_postgres(d->engine, i, folder, d->err);
    if (strcmp(i->kind, "chain") ||
        (!d->engine->backup->settings.drill_besu && !d->engine->backup->settings.drill_image))
        return C138_OK;
    status = drill_node(d->engine, i, folder, &from, &to, d->err);
    if (status >= 0) {
        c138_json_set_uint(row, "head_from", from);
        c138_json_set_uint(row, "head_to", to);
    }
    return status;
}

static c138_status drill_item(struct drill *d, const struct manifest_item *i) {
    struct backup *b = d->engine->backup;
    C138_FREE char *into = c138_xasprintf("%s/drill-%s", b->scratch, i->name);
    struct c138_json *row = c138_json_new_object();
    struct fetched f = {0};
    c138_status status = files_remove(into, d->err);
    if (status >= 0)
        status = c138_mkdir_p(b->scratch, 0700, d->err);
    if (status >= 0)
        status = fetch_item(d->engine, d->manifest, i, into, &f, d->err);
    int64_t began = c138_now_monotonic_ns();
    if (status >= 0)
        status = in_use(d, i, into, row);
    (void)files_remove(into, NULL);
    c138_json_set_str(row, "name", i->name);
    c138_json_set_uint(row, "bytes", i->bytes);
    c138_json_set_num(row, "fetch_s", seconds(f.fetch_ns));
    c138_json_set_num(row, "open_s", seconds(f.open_ns));
    c138_json_set_num(row, "use_s", seconds(c138_now_monotonic_ns() - began));
    c138_json_set_bool(row, "opened", !f.too_new);
    c138_json_append(d->rows, row);
    if (status >= 0 && f.fetch_ns > 0)
        backup_metric(b, "chain138_backup_restore_bytes_per_second", i->name,
                      (double)i->bytes / seconds(f.fetch_ns));
    return status;
}

static void tell(struct drill *d, int64_t took) {
    struct backup *b = d->engine->backup;
    int64_t now = b->host->now_ns(b->host, C138_CLOCK_UTC);
    C138_JSON struct c138_json *event = c138_json_new_object();
    (void)pthread_mutex_lock(&b->facts.mutex);
    b->facts.last_drill_ns = now;
    (void)pthread_mutex_unlock(&b->facts.mutex);
    backup_metric(b, "chain138_backup_last_drill_timestamp_seconds", d->engine->target->name,
                  (double)now / 1e9);
    backup_metric(b, "chain138_backup_drill_seconds", d->engine->target->name, seconds(took));
    c138_json_set_str(event, "id", d->manifest->id);
    c138_json_set_str(event, "target", d->engine->target->name);
    c138_json_set_num(event, "seconds", seconds(took));
    backup_event(b, d->engine->call, "backup.drilled", event);
}

c138_status drill_run(struct engine *e, const struct manifest *m) {
    struct c138_err err = {0};
    C138_JSON struct c138_json *rows = c138_json_new_array();
    struct drill d = {.engine = e, .manifest = m, .rows = rows, .err = &err};
    int64_t began = c138_now_monotonic_ns();
    c138_status status = C138_OK;
    for (size_t n = 0; status >= 0 && n < m->n_items; n++)
        status = drill_item(&d, &m->items[n]);
    int64_t took = c138_now_monotonic_ns() - began;
    check_remember(e, m, 3, took, status, &err);
    if (status < 0) {
        run_failed(e->backup, e->call, e->target->name, "drill", &err);
        return backup_fail(e->call, status, &err);
    }
    tell(&d, took);
    C138_FREE char *text = c138_json_dump(rows);
    c138_set_str(e->call, "id", m->id);
    c138_set_str(e->call, "target", e->target->name);
    c138_set_int(e->call, "level", 3);
    c138_set_uint(e->call, "files", m->files);
    c138_set_uint(e->call, "bytes", m->bytes);
    c138_set_num(e->call, "seconds", seconds(took));
    c138_set_json(e->call, "items", text);
    return C138_OK;
}

c138_status backup_drill_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    MANIFEST struct manifest *m = NULL;
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    if (status >= 0)
        status = engine_manifest_of(engine, run_text(call, "id"), &m, &err);
    if (status >= 0)
        return drill_run(engine, m);
    run_failed(b, call, target ? target->name : NULL, "drill", &err);
    return backup_fail(call, status, &err);
}
