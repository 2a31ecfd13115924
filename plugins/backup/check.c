/* backup.verify: levels 0 to 2 here; level 3 is a drill. */
#include "drill.h"
#include "fetch.h"
#include "records.h"
#include "run.h"

#include <base/fs.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

static c138_status open_in_scratch(struct engine *e, const struct manifest *m,
                                   const struct manifest_item *i, struct c138_err *err) {
    C138_FREE char *into = c138_xasprintf("%s/verify-%s", e->backup->scratch, i->name);
    struct fetched fetched;
    c138_status status = files_remove(into, err);
    if (status >= 0)
        status = c138_mkdir_p(e->backup->scratch, 0700, err);
    if (status >= 0)
        status = fetch_item(e, m, i, into, &fetched, err);
    (void)files_remove(into, NULL);
    return status;
}

static c138_status verify_item(struct engine *e, const struct manifest *m,
                               const struct manifest_item *i, int level, struct c138_err *err) {
    struct progress progress;
    if (level >= 2)
        return open_in_scratch(e, m, i, err);
    progress_begin(&progress, e->call, i->name, level ? i->bytes : 0);
    return e->ops->verify(e, m, i, level, &progress, err);
}

static c138_status verify_all(struct engine *e, const struct manifest *m, int level,
                              struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t n = 0; status >= 0 && n < m->n_items; n++)
        status = verify_item(e, m, &m->items[n], level, err);
    return status;
}

void check_remember(struct engine *e, const struct manifest *m, int level, int64_t drill_took_ns,
                    c138_status status, const struct c138_err *err) {
    struct backup *b = e->backup;
    struct record r;
    struct c138_err ignored = {0};
    int64_t now = b->host->now_ns(b->host, C138_CLOCK_UTC);
    C138_JSON struct c138_json *event = c138_json_new_object();
    record_read(b, m->id, &r);
    c138_json_set_str(event, "id", m->id);
    c138_json_set_int(event, "level", level);
    /* Only what says that the bytes are wrong condemns a backup; an unreachable store does not. */
    if (status == C138_E_CONFLICT) {
        r.damaged = 1;
        c138_json_set_str(event, "error", err->text);
        backup_event(b, e->call, "backup.damaged", event);
    } else if (status >= 0) {
        r.damaged = 0;
        r.level = level > r.level ? level : r.level;
        r.verified_ns = now;
        r.drilled_ns = drill_took_ns ? now : r.drilled_ns;
        r.drill_took_ns = drill_took_ns ? drill_took_ns : r.drill_took_ns;
        backup_metric(b, "chain138_backup_verify_level", e->target->name, level);
        backup_metric(b, "chain138_backup_last_verify_timestamp_seconds", e->target->name,
                      (double)now / 1e9);
        backup_event(b, e->call, "backup.verified", event);
    } else {
        return;
    }
    if (record_write(b, m->id, &r, &ignored) < 0)
        backup_log(b, C138_LOG_WARNING, "%s", ignored.text);
}

c138_status backup_verify_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    MANIFEST struct manifest *m = NULL;
    int level = (int)c138_int(call, "level");
    int64_t began = c138_now_monotonic_ns();
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    if (status >= 0)
        status = engine_manifest_of(engine, run_text(call, "id"), &m, &err);
    if (status >= 0 && level == 3)
        return drill_run(engine, m);
    if (status >= 0) {
        status = verify_all(engine, m, level, &err);
        check_remember(engine, m, level, 0, status, &err);
    }
    if (status < 0) {
        run_failed(b, call, target ? target->name : NULL, "verify", &err);
        return backup_fail(call, status, &err);
    }
    c138_set_str(call, "id", m->id);
    c138_set_str(call, "target", target->name);
    c138_set_int(call, "level", level);
    c138_set_uint(call, "files", m->files);
    c138_set_uint(call, "bytes", m->bytes);
    c138_set_num(call, "seconds", (double)(c138_now_monotonic_ns() - began) / 1e9);
    return C138_OK;
}
