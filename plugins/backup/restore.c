#include "restore.h"

#include "fetch.h"
#include "run.h"

#include <base/fs.h>
#include <base/when.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define SERVICE_TIMEOUT_NS (1800 * C138_NS_PER_S)
#define JOURNAL_MAX 65536

/* --- The journal ------------------------------------------------------------------------------ */

static c138_status journal_read(struct restoring *r) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_status status = c138_file_read(r->journal_path, JOURNAL_MAX, &text, r->err);
    if (status == C138_E_NOTFOUND) {
        r->journal = c138_json_new_object();
        return C138_OK;
    }
    return status < 0 ? status
                      : c138_json_parse(c138_buf_text(&text), text.length, &r->journal, r->err);
}

static c138_status journal_note(struct restoring *r, const char *what) {
    c138_json_set_bool(r->journal, what, 1);
    c138_json_set_str(r->journal, "backup", r->manifest->id);
    c138_json_set_str(r->journal, "item", r->item->name);
    C138_FREE char *text = c138_json_dump(r->journal);
    c138_status status = c138_mkdir_p(r->backup->journals, 0700, r->err);
    if (status >= 0)
        status = c138_file_write(r->journal_path, 0600, text, strlen(text), r->err);
    return status;
}

static int is_noted(const struct restoring *r, const char *what) {
    return c138_json_get_bool(r->journal, what, 0);
}

/* --- The copy --------------------------------------------------------------------------------- */

static c138_status make_copy(struct restoring *r) {
    struct fetched fetched;
    /* The scratch folder does not outlive the plugin: what is gone from it is fetched again. */
    if (is_noted(r, "checked") &&
        (files_exists(r->copy) || is_noted(r, "swapped") || (r->into && files_exists(r->into))))
        return C138_OK;
    c138_status status = files_remove(r->copy, r->err);
    if (status >= 0 && r->old) {
        C138_FREE char *place = c138_path_join(r->config->path, ".chain138");
        status = c138_mkdir_p(place, 0750, r->err);
    } else if (status >= 0 && !r->into) {
        status = c138_mkdir_p(r->backup->scratch, 0700, r->err);
    }
    if (status >= 0)
        status = fetch_item(r->engine, r->manifest, r->item, r->copy, &fetched, r->err);
    return status < 0 ? status : journal_note(r, "checked");
}

/* --- The service ------------------------------------------------------------------------------ */

static c138_status service(struct restoring *r, const char *action) {
    C138_JSON struct c138_json *params = c138_json_new_object();
    struct c138_json *services = c138_json_new_array();
    c138_json_append(services, c138_json_new_str(r->config->service));
    c138_json_set(params, "services", services);
    return backup_call(r->backup, r->call, action, params, SERVICE_TIMEOUT_NS, NULL, r->err);
}

static c138_status stop_service(struct restoring *r) {
    if (r->config->service && !is_noted(r, "stopped")) {
        c138_status status = service(r, "stack.stop");
        if (status >= 0)
            status = journal_note(r, "stopped");
        if (status < 0)
            return status;
    }
    return restore_is_open(r->config->path)
               ? c138_error(r->err, C138_E_CONFLICT, "backup.running",
                            "the node of %s still runs (it holds database/LOCK): stop it, or name "
                            "its service in the item's config",
                            r->config->path)
               : C138_OK;
}

static c138_status start_service(struct restoring *r) {
    if (!r->config->service || !c138_int(r->call, "start"))
        return C138_OK;
    c138_status status = service(r, "stack.start");
    return status;
}

/* --- The swap --------------------------------------------------------------------------------- */

static c138_status swap_one(struct restoring *r, const char *name) {
    C138_FREE char *here = c138_path_join(r->config->path, name);
    C138_FREE char *old = c138_path_join(r->old, name);
    C138_FREE char *copy = c138_path_join(r->copy, name);
    c138_status status = C138_OK;
    if (files_exists(here) && files_exists(old))
        return c138_error(r->err, C138_E_CONFLICT, "backup.moved",
                          "%s was made anew while it was being replaced: stop what writes it", here);
    if (files_exists(here))
        status = files_move(here, old, r->err);
    if (status >= 0)
        status = files_move(copy, here, r->err);
    return status;
}

/* Names are listed first: renaming below a folder that is being read may show one twice. */
static c138_status swap_all(struct restoring *r) {
    struct dirent **names = NULL;
    c138_status status = c138_mkdir_p(r->old, 0750, r->err);
    int count = status < 0 ? 0 : scandir(r->copy, &names, NULL, alphasort);
    if (count < 0)
        return files_fail(r->err, "listed", r->copy);
    for (int n = 0; n < count; n++) {
        const char *name = names[n]->d_name;
        if (status >= 0 && strcmp(name, ".") && strcmp(name, ".."))
            status = swap_one(r, name);
        free(names[n]);
    }
    free(names);
    return status;
}

static c138_status swap(struct restoring *r) {
    if (is_noted(r, "swapped"))
        return C138_OK;
    c138_status status = swap_all(r);
    if (status >= 0)
        status = journal_note(r, "swapped");
    return status < 0 ? status : files_remove(r->copy, r->err);
}

/* --- The ways --------------------------------------------------------------------------------- */

static c138_status in_place(struct restoring *r) {
    c138_status status = make_copy(r);
    if (status >= 0)
        status = stop_service(r);
    if (status >= 0)
        status = swap(r);
    return status < 0 ? status : start_service(r);
}

/* Into a folder that was not there: it gets its name when all of it is checked. */
static c138_status into_folder(struct restoring *r) {
    c138_status status = make_copy(r);
    if (status >= 0 && !files_exists(r->into))
        status = files_move(r->copy, r->into, r->err);
    return status;
}

static c138_status to_plugin(struct restoring *r) {
    C138_JSON struct c138_json *params = c138_json_new_object();
    C138_FREE char *action = c138_xasprintf("%s.restore-item", r->config->plugin);
    c138_status status = make_copy(r);
    c138_json_set_str(params, "item", r->item->name);
    c138_json_set_str(params, "folder", r->copy);
    c138_json_set_str(params, "id", r->manifest->id);
    if (status >= 0)
        status = backup_call(r->backup, r->call, action, params, SERVICE_TIMEOUT_NS, NULL, r->err);
    return status < 0 ? status : files_remove(r->copy, r->err);
}

static c138_status to_database(struct restoring *r, char **ret_old) {
    c138_status status = make_copy(r);
    if (status >= 0)
        status = restore_postgres(r, ret_old);
    return status < 0 ? status : files_remove(r->copy, r->err);
}

static c138_status go(struct restoring *r, char **ret_old) {
    if (r->into)
        return into_folder(r);
    if (r->config->kind == ITEM_POSTGRES)
        return to_database(r, ret_old);
    if (r->config->kind == ITEM_PLUGIN)
        return to_plugin(r);
    *ret_old = c138_xstrdup(r->old);
    return in_place(r);
}

/* --- Begin and end ---------------------------------------------------------------------------- */

/* The copy is made where it will stay, so that its way to its name is one rename. */
static void places(struct restoring *r) {
    struct backup *b = r->backup;
    const char *job = r->call->job_id;
    r->journal_path = c138_xasprintf("%s/%s.json", b->journals, job);
    if (r->into)
        r->copy = c138_xasprintf("%s.restore-%s", r->into, job);
    else if (r->config->kind == ITEM_CHAIN || r->config->kind == ITEM_FILES)
        r->copy = c138_xasprintf("%s/.chain138/restore-%s", r->config->path, job);
    else
        r->copy = c138_xasprintf("%s/restore-%s", b->scratch, r->item->name);
    if (!r->into && r->config->path)
        r->old = c138_xasprintf("%s/.chain138/old-%s", r->config->path, job);
}

static void tell(struct restoring *r, const char *old, int64_t took) {
    C138_JSON struct c138_json *event = c138_json_new_object();
    c138_json_set_str(event, "id", r->manifest->id);
    c138_json_set_str(event, "item", r->item->name);
    c138_json_set_num(event, "seconds", (double)took / 1e9);
    backup_event(r->backup, r->call, "backup.restored", event);
    c138_set_str(r->call, "id", r->manifest->id);
    c138_set_str(r->call, "item", r->item->name);
    c138_set_str(r->call, "place", r->into ? r->into : r->config->path ? r->config->path : "");
    if (old && (r->config == NULL || r->config->kind == ITEM_POSTGRES || files_exists(old)))
        c138_set_str(r->call, "old", old);
    c138_set_uint(r->call, "bytes", r->item->bytes);
    c138_set_num(r->call, "seconds", (double)took / 1e9);
}

static c138_status carry_out(struct restoring *r) {
    C138_FREE char *old = NULL;
    int64_t began = c138_now_monotonic_ns();
    c138_status status = restore_check(r);
    if (status >= 0)
        places(r);
    if (status >= 0 && r->call->dry_run)
        return restore_plan(r);
    if (status >= 0)
        status = journal_read(r);
    if (status >= 0)
        status = go(r, &old);
    if (status < 0)
        return status;
    tell(r, old, c138_now_monotonic_ns() - began);
    return files_remove(r->journal_path, r->err);
}

c138_status backup_restore_run(void *self, c138_call *call) {
    struct backup *b = self;
    struct c138_err err = {0};
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    MANIFEST struct manifest *m = NULL;
    struct restoring r = {.backup = b,
                          .call = call,
                          .into = run_text(call, "into"),
                          .config = backup_item(b, c138_str(call, "item")),
                          .err = &err};
    c138_status status = backup_target(b, run_text(call, "target"), &target, &err);
    if (status >= 0)
        status = engine_open(b, call, target, &engine, &err);
    if (status >= 0)
        status = engine_manifest_of(engine, run_text(call, "id"), &m, &err);
    if (status >= 0) {
        r.engine = engine;
        r.manifest = m;
        r.item = manifest_item_of(m, c138_str(call, "item"));
        status = r.item ? carry_out(&r)
                        : c138_error(&err, C138_E_NOTFOUND, "backup.item",
                                     "backup %s has no item %.80s", m->id, c138_str(call, "item"));
    }
    free(r.journal_path);
    free(r.copy);
    free(r.old);
    c138_json_unref(r.journal);
    if (status >= 0)
        return C138_OK;
    if (!call->dry_run)
        run_failed(b, call, target ? target->name : NULL, "restore", &err);
    return backup_fail(call, status, &err);
}
