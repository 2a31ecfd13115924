/* The engine that is built in: objects of pack.h in a store. */
#include "engine.h"

#include "seal.h"
#include "store.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/ulid.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MANIFEST_NAME "manifest.json"
#define SUMS_MAX (64u << 20) /* half a million files */

struct archive_engine {
    struct engine engine; /* first */
    struct store *store;
};

static struct store *store_of(struct engine *e) {
    return ((struct archive_engine *)e)->store;
}

static const struct backup_settings *settings_of(const struct engine *e) {
    return &e->backup->settings;
}

static int is_encrypted(const struct engine *e) {
    return settings_of(e)->recipients && settings_of(e)->recipients[0];
}

/* --- Making ----------------------------------------------------------------------------------- */

static c138_status begin(struct engine *e, const char *id, struct c138_err *err) {
    C138_FREE char *folder = store_of(e)->ops->workplace(store_of(e), id);
    if (e->target->kind == TARGET_FOLDER && !files_exists(e->target->path))
        return c138_error(err, C138_E_UNAVAILABLE, "backup.target",
                          "%s is not there: make it, or mount what belongs there", e->target->path);
    if (is_encrypted(e)) {
        c138_status status = seal_check(settings_of(e)->gnupg_home,
                                        (const char *const *)settings_of(e)->recipients, err);
        if (status < 0)
            return status;
    }
    c138_status status = files_remove(folder, err);
    return status < 0 ? status : c138_mkdir_p(folder, 0750, err);
}

static c138_status add(struct engine *e, const char *id, const char *name, const struct tree *tree,
                       struct c138_json *item, struct progress *progress, struct c138_err *err) {
    C138_FREE char *folder = store_of(e)->ops->workplace(store_of(e), id);
    C138_FREE char *object = c138_xasprintf("%s.tar.zst%s", name, is_encrypted(e) ? ".gpg" : "");
    C138_FREE char *sums = c138_xasprintf("%s.sha256", name);
    C138_FREE char *object_path = c138_path_join(folder, object);
    C138_FREE char *sums_path = c138_path_join(folder, sums);
    const struct pack_options o = {.level = (int)settings_of(e)->level,
                                   .threads = (uint32_t)settings_of(e)->threads,
                                   .recipients = (const char *const *)settings_of(e)->recipients,
                                   .gnupg_home = settings_of(e)->gnupg_home,
                                   .progress = progress_add,
                                   .cancelled = progress_cancelled,
                                   .user = progress};
    struct pack_result r = {0};
    c138_status status = pack_write(&o, tree, object_path, sums_path, &r, err);
    if (status < 0)
        return status;
    c138_json_set_uint(item, "files", r.files);
    c138_json_set_uint(item, "bytes", r.bytes);
    c138_json_set_uint(item, "stored_bytes", r.stored_bytes);
    c138_json_set_str(item, "object", object);
    c138_json_set_str(item, "sums", sums);
    c138_json_set_str(item, "sha256", r.stored_sha256);
    c138_json_set_str(item, "sums_sha256", r.sums_sha256);
    c138_json_set_bool(item, "encrypted", is_encrypted(e));
    return C138_OK;
}

static c138_status commit(struct engine *e, const char *id, const char *manifest,
                          struct progress *progress, uint64_t *stored_bytes,
                          struct c138_err *err) {
    (void)stored_bytes;
    C138_FREE char *folder = store_of(e)->ops->workplace(store_of(e), id);
    C138_FREE char *path = c138_path_join(folder, MANIFEST_NAME);
    c138_status status = c138_file_write(path, 0640, manifest, strlen(manifest), err);
    return status < 0 ? status : store_of(e)->ops->publish(store_of(e), id, folder, progress, err);
}

static void abort_run(struct engine *e, const char *id) {
    C138_FREE char *folder = store_of(e)->ops->workplace(store_of(e), id);
    C138_FREE char *manifest = c138_path_join(folder, MANIFEST_NAME);
    /* Whole, and only on its way: the next run goes on with it. */
    if (!files_exists(manifest))
        (void)files_remove(folder, NULL);
}

static void note_id(void *user, const char *id) {
    char *wanted = user;
    if (!strcmp(wanted, id))
        wanted[0] = '\0';
}

static c138_status resume(struct engine *e, const char *id, struct progress *progress,
                          int *ret_done, struct c138_err *err) {
    C138_FREE char *folder = store_of(e)->ops->workplace(store_of(e), id);
    C138_FREE char *manifest = c138_path_join(folder, MANIFEST_NAME);
    char looked_for[C138_ULID_TEXT];
    *ret_done = 0;
    if (files_exists(manifest)) {
        *ret_done = 1;
        return store_of(e)->ops->publish(store_of(e), id, folder, progress, err);
    }
    (void)snprintf(looked_for, sizeof(looked_for), "%s", id);
    c138_status status = store_of(e)->ops->list(store_of(e), e->backup->host->host_name, note_id,
                                                looked_for, err);
    *ret_done = looked_for[0] == '\0';
    return status;
}

/* What a run that nobody repeats left: half-made things go, what is whole is published. */
static c138_status clean_one(struct engine *e, const char *folder, const char *id,
                             struct c138_err *err) {
    C138_FREE char *manifest = c138_path_join(folder, MANIFEST_NAME);
    struct progress progress;
    if (!files_exists(manifest))
        return files_remove(folder, err);
    progress_begin(&progress, e->call, "storing an earlier backup", 0);
    return store_of(e)->ops->publish(store_of(e), id, folder, &progress, err);
}

/* Workplaces beside each other: "<before>ID". */
static c138_status clean_folder(struct engine *e, const char *folder, const char *before,
                                struct c138_err *err) {
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    c138_status status = C138_OK;
    for (int n = 0; n < count; n++) {
        const char *name = names[n]->d_name;
        C138_FREE char *path = c138_path_join(folder, name);
        if (status >= 0 && c138_starts_with(name, before) &&
            c138_ulid_valid(name + strlen(before)))
            status = clean_one(e, path, name + strlen(before), err);
        free(names[n]);
    }
    free(names);
    return status;
}

static c138_status clean(struct engine *e, struct c138_err *err) {
    C138_FREE char *before = c138_xasprintf(".partial-%s-", e->backup->host->host_name);
    return e->target->kind == TARGET_FOLDER ? clean_folder(e, e->target->path, before, err)
                                            : clean_folder(e, e->backup->spool, "", err);
}

/* --- Looking ---------------------------------------------------------------------------------- */

static c138_status list(struct engine *e, engine_on_id on_id, void *user, struct c138_err *err) {
    return store_of(e)->ops->list(store_of(e), e->backup->host->host_name, on_id, user, err);
}

static c138_status manifest(struct engine *e, const char *id, struct manifest **ret,
                            struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct manifest *m = NULL;
    c138_status status = store_of(e)->ops->get(store_of(e), e->backup->host->host_name, id,
                                               MANIFEST_NAME, MANIFEST_MAX_BYTES, &text, err);
    if (status == C138_E_NOTFOUND)
        return c138_error(err, status, "backup.unknown",
                          "there is no backup %s in target %s: backup.list shows them", id,
                          e->target->name);
    if (status >= 0)
        status = manifest_parse(c138_buf_text(&text), text.length, &m, err);
    if (status >= 0 && (strcmp(m->id, id) || strcmp(m->engine, "archive"))) {
        (void)manifest_free(m);
        return c138_error(err, C138_E_CONFLICT, "manifest.damaged",
                          "the manifest of backup %s is of another backup", id);
    }
    if (status >= 0)
        *ret = m;
    return status;
}

/* --- Checking and restoring ------------------------------------------------------------------- */

static c138_status check_there(struct engine *e, const struct manifest *m,
                               const struct manifest_item *i, struct c138_err *err) {
    uint64_t size = 0;
    c138_status status =
        store_of(e)->ops->size(store_of(e), m->host, m->id, i->object, &size, err);
    if (status >= 0 && size != i->stored_bytes)
        status = c138_error(err, C138_E_CONFLICT, "pack.damaged",
                            "%s of backup %s has %llu bytes instead of %llu: this backup is "
                            "damaged, use another one",
                            i->object, m->id, (unsigned long long)size,
                            (unsigned long long)i->stored_bytes);
    if (status >= 0)
        status = store_of(e)->ops->size(store_of(e), m->host, m->id, i->sums, &size, err);
    return status == C138_E_NOTFOUND
               ? c138_error(err, C138_E_CONFLICT, "pack.damaged",
                            "backup %s has lost an object of item %s: this backup is damaged, use "
                            "another one",
                            m->id, i->name)
               : status;
}

/* The sums into a local file, checked against the manifest. */
static c138_status fetch_sums(struct engine *e, const struct manifest *m,
                              const struct manifest_item *i, const char *path,
                              struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    char hash[65];
    c138_status status =
        store_of(e)->ops->get(store_of(e), m->host, m->id, i->sums, SUMS_MAX, &text, err);
    if (status < 0)
        return status;
    c138_sha256_hex(c138_buf_text(&text), text.length, hash);
    if (strcmp(hash, i->sums_sha256))
        return c138_error(err, C138_E_CONFLICT, "pack.damaged",
                          "%s of backup %s has another hash: this backup is damaged, use another "
                          "one",
                          i->sums, m->id);
    return c138_file_write(path, 0640, c138_buf_text(&text), text.length, err);
}

static c138_status read_object(struct engine *e, const struct manifest *m,
                               const struct manifest_item *i, const char *into,
                               struct progress *progress, struct c138_err *err) {
    C138_FREE char *sums = c138_xasprintf("%s/%s-%s.sha256", e->backup->scratch, m->id, i->name);
    struct pack_source *source = NULL;
    struct unpack_result r = {0};
    c138_status status = check_there(e, m, i, err);
    if (status >= 0)
        status = c138_mkdir_p(e->backup->scratch, 0700, err);
    if (status >= 0)
        status = fetch_sums(e, m, i, sums, err);
    if (status >= 0)
        status =
            store_of(e)->ops->open_source(store_of(e), m->host, m->id, i->object, &source, err);
    if (status >= 0) {
        const struct unpack_options o = {.into = into,
                                         .sums = sums,
                                         .files = i->files,
                                         .stored_sha256 = i->sha256,
                                         .encrypted = i->encrypted,
                                         .gnupg_home = settings_of(e)->gnupg_home,
                                         .progress = progress_add,
                                         .cancelled = progress_cancelled,
                                         .user = progress};
        status = pack_read(&o, source, &r, err);
        store_of(e)->ops->close_source(source);
    }
    (void)files_remove(sums, NULL);
    return status < 0 ? c138_error_prefix(err, status, "backup %s, item %s", m->id, i->name)
                      : status;
}

static c138_status verify(struct engine *e, const struct manifest *m,
                          const struct manifest_item *i, int level, struct progress *progress,
                          struct c138_err *err) {
    return level < 1 ? check_there(e, m, i, err) : read_object(e, m, i, NULL, progress, err);
}

static c138_status restore(struct engine *e, const struct manifest *m,
                           const struct manifest_item *i, const char *into,
                           struct progress *progress, struct c138_err *err) {
    return read_object(e, m, i, into, progress, err);
}

static c138_status forget(struct engine *e, const struct manifest *m, struct c138_err *err) {
    return store_of(e)->ops->remove(store_of(e), m->host, m->id, err);
}

static c138_status stats(struct engine *e, struct engine_stats *ret, struct c138_err *err) {
    struct manifest **all = NULL;
    size_t count = 0;
    c138_status status = engine_manifests(e, &all, &count, err);
    if (status < 0)
        return status;
    *ret = (struct engine_stats){.backups = count};
    for (size_t i = 0; i < count; i++) {
        ret->bytes += all[i]->bytes;
        ret->stored_bytes += all[i]->stored_bytes;
        ret->objects += all[i]->n_items * 2 + 1;
    }
    manifests_free(all, count);
    return C138_OK;
}

static void free_engine(struct engine *e) {
    (void)store_close(store_of(e));
    free(e);
}

static const struct engine_ops archive_ops = {.name = "archive",
                                              .begin = begin,
                                              .add = add,
                                              .commit = commit,
                                              .abort = abort_run,
                                              .resume = resume,
                                              .clean = clean,
                                              .list = list,
                                              .manifest = manifest,
                                              .verify = verify,
                                              .restore = restore,
                                              .forget = forget,
                                              .stats = stats,
                                              .free = free_engine};

c138_status engine_archive_new(struct backup *b, c138_call *call,
                               const struct target_config *target, struct engine **ret,
                               struct c138_err *err) {
    struct archive_engine *e = c138_xcalloc(1, sizeof(*e));
    e->engine.ops = &archive_ops;
    c138_status status = store_open(b, call, target, &e->store, err);
    if (status < 0) {
        free(e);
        return status;
    }
    *ret = &e->engine;
    return C138_OK;
}
