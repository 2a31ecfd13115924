/* What only looks: plan, list, stats, and the plugin's rows of the status. */
#include "engine.h"
#include "item.h"
#include "records.h"
#include "run.h"

#include <base/when.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_RATE 150e6 /* bytes a second, until a backup was measured */

/* --- plan ------------------------------------------------------------------------------------- */

/* How fast the last backup of this target went; *ret_ratio: stored of read. */
static double measured_rate(struct engine *e, double *ret_ratio) {
    MANIFEST struct manifest *m = NULL;
    struct c138_err ignored = {0};
    *ret_ratio = 0;
    if (engine_manifest_of(e, NULL, &m, &ignored) < 0)
        return 0;
    double seconds = (double)(m->finished_ns - m->created_ns) / 1e9;
    if (m->bytes)
        *ret_ratio = (double)m->stored_bytes / (double)m->bytes;
    return seconds > 0.5 && m->bytes ? (double)m->bytes / seconds : 0;
}

static c138_status plan_item(struct backup *b, c138_call *call, const struct item_config *c,
                             uint64_t *total) {
    struct c138_err err = {0};
    uint64_t files = 0, bytes = 0;
    const char *how = "";
    c138_status status = item_estimate(b, call, c, &files, &bytes, &how, &err);
    c138_open_object(call, NULL);
    c138_set_str(call, "name", c->name);
    c138_set_str(call, "kind", item_kind_name(c->kind));
    c138_set_uint(call, "files", files);
    c138_set_uint(call, "bytes", bytes);
    c138_set_str(call, "how", how);
    if (status < 0)
        c138_set_str(call, "error", err.text);
    c138_close(call);
    *total += bytes;
    return status;
}

static void plan_time(struct engine *e, c138_call *call, uint64_t total) {
    double ratio = 0, rate = measured_rate(e, &ratio);
    char where[1300];
    const struct target_config *t = e->target;
    (void)snprintf(where, sizeof(where), "%s: %s%s%s", t->name,
                   t->kind == TARGET_FOLDER ? t->path
                   : t->kind == TARGET_S3   ? t->url
                                            : "restic",
                   t->kind == TARGET_S3 ? "/" : "", t->kind == TARGET_S3 ? t->bucket : "");
    c138_set_uint(call, "bytes", total);
    c138_set_uint(call, "stored_bytes", ratio > 0 ? (uint64_t)((double)total * ratio) : total);
    c138_set_num(call, "seconds", (double)total / (rate > 0 ? rate : DEFAULT_RATE));
    c138_set_bool(call, "measured", rate > 0);
    c138_set_str(call, "engine", e->ops->name);
    c138_set_str(call, "where", where);
    if (t->kind == TARGET_FOLDER)
        c138_set_uint(call, "free_bytes", files_free(t->path));
}

c138_status backup_plan_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct item_config *items[BACKUP_ITEMS_MAX];
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    size_t count = 0, troubles = 0;
    uint64_t total = 0;
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = run_items(b, call, items, &count, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    if (status < 0)
        return backup_fail(call, status, &err);
    c138_open_list(call, "items");
    for (size_t i = 0; i < count; i++)
        troubles += plan_item(b, call, items[i], &total) < 0;
    c138_close(call);
    plan_time(engine, call, total);
    c138_set_bool(call, "possible", troubles == 0);
    return C138_OK;
}

/* --- list ------------------------------------------------------------------------------------- */

static void set_time(c138_call *call, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (!ns)
        return;
    c138_time_format(ns, text);
    c138_set_str(call, name, text);
}

static void show_one(struct backup *b, c138_call *call, const struct manifest *m) {
    struct record r;
    record_read(b, m->id, &r);
    c138_open_object(call, NULL);
    c138_set_str(call, "id", m->id);
    set_time(call, "created", m->created_ns);
    c138_set_str(call, "engine", m->engine);
    c138_set_uint(call, "files", m->files);
    c138_set_uint(call, "bytes", m->bytes);
    c138_set_uint(call, "stored_bytes", m->stored_bytes);
    c138_set_num(call, "seconds", (double)(m->finished_ns - m->created_ns) / 1e9);
    c138_set_str(call, "state",
                 r.damaged        ? "damaged"
                 : r.drilled_ns   ? "drilled"
                 : r.level >= 0   ? "verified"
                                  : "made");
    c138_set_int(call, "level", r.level);
    set_time(call, "verified", r.verified_ns);
    set_time(call, "drilled", r.drilled_ns);
    c138_open_list(call, "items");
    for (size_t i = 0; i < m->n_items; i++)
        c138_set_str(call, NULL, m->items[i].name);
    c138_close(call);
    c138_close(call);
}

c138_status backup_list_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    struct manifest **all = NULL;
    size_t count = 0;
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    if (status >= 0)
        status = engine_manifests(engine, &all, &count, &err);
    if (status < 0)
        return backup_fail(call, status, &err);
    c138_open_list(call, "backups");
    for (size_t i = 0; i < count; i++)
        show_one(b, call, all[i]);
    c138_close(call);
    manifests_free(all, count);
    return C138_OK;
}

/* --- stats ------------------------------------------------------------------------------------ */

c138_status backup_stats_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    struct engine_stats stats = {0};
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    if (status >= 0)
        status = engine->ops->stats(engine, &stats, &err);
    if (status < 0)
        return backup_fail(call, status, &err);
    c138_set_str(call, "target", target->name);
    c138_set_uint(call, "backups", stats.backups);
    c138_set_uint(call, "bytes", stats.bytes);
    c138_set_uint(call, "stored_bytes", stats.stored_bytes);
    c138_set_uint(call, "objects", stats.objects);
    return C138_OK;
}

/* --- status ----------------------------------------------------------------------------------- */

static void row(c138_call *out, const char *name, const char *state, const char *text) {
    c138_open_object(out, NULL);
    c138_set_str(out, "name", name);
    c138_set_str(out, "state", state);
    c138_set_str(out, "text", text);
    c138_close(out);
}

static void status_row(struct backup *b, c138_call *out, const struct backup_facts *f) {
    char age[C138_DURATION_TEXT];
    int64_t now = b->host->now_ns(b->host, C138_CLOCK_UTC);
    c138_duration_human(now - f->last_success_ns, age);
    int old = f->last_success_ns && now - f->last_success_ns > b->settings.max_age_ns;
    int failed = f->last_failure_ns > f->last_success_ns;
    C138_FREE char *text =
        !f->last_success_ns
            ? c138_xasprintf("no backup yet%s%s", failed ? ": " : "", failed ? f->last_failure : "")
            : c138_xasprintf("the last backup is %s old%s%s", age, failed ? ", and then: " : "",
                             failed ? f->last_failure : "");
    row(out, "backup", !f->last_success_ns || old || failed ? "warning" : "ok", text);
}

void backup_status(void *self, c138_call *out) {
    struct backup *b = self;
    struct backup_facts facts;
    (void)pthread_mutex_lock(&b->facts.mutex);
    facts = b->facts;
    (void)pthread_mutex_unlock(&b->facts.mutex);
    c138_open_list(out, "items");
    if (b->settings.n_items)
        status_row(b, out, &facts);
    c138_close(out);
}
