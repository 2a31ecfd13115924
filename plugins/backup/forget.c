/* backup.forget: what the rules do not keep goes; its dry run says what and why. */
#include "engine.h"
#include "keep.h"
#include "records.h"
#include "run.h"

#include <base/when.h>

#include <string.h>

struct forgetting {
    struct backup *backup;
    c138_call *call;
    struct engine *engine;
    struct manifest **all;
    struct keep_entry *entries;
    size_t count, forgotten;
    struct c138_err *err;
};

static uint64_t number(c138_call *call, const char *name, uint64_t config) {
    return c138_has(call, name) ? c138_uint(call, name) : config;
}

static void mark(struct forgetting *f) {
    const struct backup_settings *s = &f->backup->settings;
    const struct keep_rule rule = {.last = number(f->call, "keep_last", s->keep_last),
                                   .daily = number(f->call, "keep_daily", s->keep_daily),
                                   .weekly = number(f->call, "keep_weekly", s->keep_weekly),
                                   .monthly = number(f->call, "keep_monthly", s->keep_monthly)};
    f->entries = c138_xcalloc(f->count + 1, sizeof(*f->entries));
    for (size_t i = 0; i < f->count; i++) {
        struct record r;
        record_read(f->backup, f->all[i]->id, &r);
        f->entries[i] = (struct keep_entry){
            .created_ns = f->all[i]->created_ns, .damaged = r.damaged, .level = r.level};
    }
    keep_mark(&rule, f->entries, f->count);
}

static c138_status forget_all(struct forgetting *f) {
    c138_status status = C138_OK;
    struct progress progress;
    for (size_t i = 0; status >= 0 && i < f->count; i++) {
        if (f->entries[i].kept)
            continue;
        c138_progress(f->call, (uint32_t)(1000 * i / f->count), "forgetting");
        status = f->engine->ops->forget(f->engine, f->all[i], f->err);
        if (status < 0)
            break;
        record_remove(f->backup, f->all[i]->id);
        f->forgotten++;
    }
    progress_begin(&progress, f->call, "giving space back", 0);
    if (status >= 0 && f->forgotten && f->engine->ops->prune)
        status = f->engine->ops->prune(f->engine, &progress, f->err);
    return status;
}

static void show(struct forgetting *f, int done) {
    char created[C138_TIME_TEXT];
    c138_open_list(f->call, "backups");
    for (size_t i = 0; i < f->count; i++) {
        c138_time_format(f->all[i]->created_ns, created);
        c138_open_object(f->call, NULL);
        c138_set_str(f->call, "id", f->all[i]->id);
        c138_set_str(f->call, "created", created);
        c138_set_bool(f->call, "kept", f->entries[i].kept != 0);
        c138_set_str(f->call, "why",
                     f->entries[i].kept      ? f->entries[i].why
                     : f->entries[i].damaged ? "damaged"
                                             : "no rule keeps it");
        c138_close(f->call);
    }
    c138_close(f->call);
    c138_set_uint(f->call, "forgotten", done ? f->forgotten : 0);
}

static void tell(struct forgetting *f) {
    C138_JSON struct c138_json *event = c138_json_new_object();
    c138_json_set_str(event, "target", f->engine->target->name);
    c138_json_set_uint(event, "forgotten", f->forgotten);
    c138_json_set_uint(event, "kept", f->count - f->forgotten);
    backup_event(f->backup, f->call, "backup.forgotten", event);
}

c138_status backup_forget_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    struct forgetting f = {.backup = b, .call = call, .err = &err};
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    f.engine = engine;
    if (status >= 0)
        status = engine_manifests(engine, &f.all, &f.count, &err);
    if (status >= 0) {
        mark(&f);
        status = call->dry_run ? C138_OK : forget_all(&f);
        if (!call->dry_run && f.forgotten)
            tell(&f);
    }
    if (status >= 0)
        show(&f, !call->dry_run);
    else if (!call->dry_run)
        run_failed(b, call, target ? target->name : NULL, "forget", &err);
    manifests_free(f.all, f.count);
    free(f.entries);
    return status < 0 ? backup_fail(call, status, &err) : C138_OK;
}
