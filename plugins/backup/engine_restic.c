/*
 * The engine that is driven. A backup is one snapshot: the folders of all its items and its manifest, in one run of restic. restic makes a
 * snapshot as the last thing of a run, so that a run that was killed left none: what is there is
 * whole. It has the tags chain138 and id=ID.
 *
 * A run of restic costs a second of deriving its key whatever it does, so nothing is asked that can be
 * known: the repository is made, and stale locks are removed, only when a run said that it must be.
 */
#include "engine.h"

#include "item.h"
#include "restic.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/ulid.h>

#include <stdio.h>
#include <string.h>

#define TAG "chain138"
#define FIXED_ARGS 12
#define SOURCES_MAX (BACKUP_ITEMS_MAX + 1)

struct restic_engine {
    struct engine engine; /* first */
    struct restic restic;
    char *sources[SOURCES_MAX];
    size_t n_sources;
    uint64_t files; /* that the snapshot must hold */
};

static struct restic_engine *of(struct engine *e) {
    return (struct restic_engine *)e;
}

static char *in_state(const struct engine *e, const char *name) {
    return c138_path_join(e->backup->host->state_dir, name);
}

/* --- Runs ------------------------------------------------------------------------------------- */

/* After a failure: what can be put right, once. 1: try again. */
static int put_right(struct restic *r, c138_status status, struct c138_err *err) {
    static const char *const unlock[] = {"unlock", NULL}, *const init[] = {"init", NULL};
    if (restic_says_none(status, err))
        return restic_run(r, init, NULL, err) >= 0;
    /* Of a run that was killed: `unlock` removes only locks whose process is gone. */
    return restic_says_locked(status, err) && restic_run(r, unlock, NULL, err) >= 0;
}

static c138_status run(struct engine *e, const char *const *args, struct c138_buf *out,
                       struct c138_err *err) {
    struct c138_err here = {0};
    c138_status status = restic_run(&of(e)->restic, args, out, &here);
    if (status < 0 && restic_says_locked(status, &here) && put_right(&of(e)->restic, status, &here))
        status = restic_run(&of(e)->restic, args, out, &here);
    if (status < 0 && err)
        *err = here;
    return status;
}

/* --- Making ----------------------------------------------------------------------------------- */

static void forget_sources(struct restic_engine *e) {
    while (e->n_sources)
        free(e->sources[--e->n_sources]);
    e->files = 0;
}

static c138_status begin(struct engine *e, const char *id, struct c138_err *err) {
    (void)id;
    forget_sources(of(e));
    return c138_mkdir_p(e->backup->scratch, 0700, err);
}

static c138_status add(struct engine *e, const char *id, const char *name, const struct tree *tree,
                       struct c138_json *item, struct progress *progress, struct c138_err *err) {
    struct restic_engine *r = of(e);
    (void)id, (void)progress;
    if (r->n_sources == SOURCES_MAX - 1)
        return c138_error(err, C138_E_LIMIT, "restic.failed", "%s: too many items", name);
    /* One file of a folder that is not ours as a whole. */
    char *source = tree->count == 1 && S_ISREG(tree->entries[0].st.st_mode)
                       ? c138_path_join(tree->folder, tree->entries[0].path)
                       : c138_xstrdup(tree->folder);
    r->sources[r->n_sources++] = source;
    r->files += tree->files;
    c138_json_set_uint(item, "files", tree->files);
    c138_json_set_uint(item, "bytes", tree->bytes);
    c138_json_set_str(item, "folder", source);
    return C138_OK;
}

static c138_status make_snapshot(struct engine *e, const char *id, const char *manifest,
                                 struct progress *progress, struct restic_summary *s,
                                 struct c138_err *err) {
    struct restic_engine *r = of(e);
    C138_FREE char *tag = c138_xasprintf("id=%s", id);
    /* Links have a new change time at each run, so restic would read all of it again; that they are what
     * they were is told by size and modification time, as tables are never changed. */
    const char *args[FIXED_ARGS + SOURCES_MAX + 2] = {
        "backup", "--json", "--host", e->backup->host->host_name,
        "--tag",  TAG,      "--tag",  tag,
        "--ignore-ctime", "--ignore-inode"};
    size_t n = 10;
    for (size_t i = 0; i < r->n_sources; i++)
        args[n++] = r->sources[i];
    args[n++] = manifest;
    c138_status status = restic_backup(&r->restic, args, progress, s, err);
    if (status < 0 && put_right(&r->restic, status, err))
        status = restic_backup(&r->restic, args, progress, s, err);
    return status;
}

static void forget_snapshot(struct engine *e, const char *snapshot) {
    const char *args[] = {"forget", snapshot, NULL};
    struct c138_err err = {0};
    if (snapshot[0] && run(e, args, NULL, &err) < 0)
        backup_log(e->backup, C138_LOG_ERROR,
                   "the snapshot %s is not whole and could not be forgotten: %s: forget it by hand",
                   snapshot, err.text);
}

static c138_status commit(struct engine *e, const char *id, const char *manifest,
                          struct progress *progress, uint64_t *stored_bytes,
                          struct c138_err *err) {
    struct restic_engine *r = of(e);
    C138_FREE char *path = in_state(e, "manifest.json"), *marker = in_state(e, "restic-run");
    struct restic_summary s = {0};
    c138_status status = c138_file_write(path, 0600, manifest, strlen(manifest), err);
    if (status >= 0)
        status = c138_file_write(marker, 0600, id, strlen(id), err);
    if (status < 0)
        return status;
    status = make_snapshot(e, id, path, progress, &s, err);
    if (status >= 0 && s.files < r->files + 1)
        status = c138_error(err, C138_E_CONFLICT, "restic.partial",
                            "restic read %llu of %llu files: this is no backup",
                            (unsigned long long)s.files, (unsigned long long)r->files + 1);
    if (status < 0)
        forget_snapshot(e, s.snapshot);
    *stored_bytes = s.added;
    (void)files_remove(marker, NULL);
    return status;
}

static void abort_run(struct engine *e, const char *id) {
    (void)id;
    forget_sources(of(e));
}

/* --- Snapshots -------------------------------------------------------------------------------- */

static c138_status snapshots(struct engine *e, const char *tag, struct c138_json **ret,
                             struct c138_err *err) {
    const char *args[] = {"snapshots", "--json", "--host", e->backup->host->host_name,
                          "--tag",     tag,      NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_json *v = NULL;
    struct c138_err here = {0};
    c138_status status = run(e, args, &out, &here);
    if (restic_says_none(status, &here)) { /* nothing was ever kept there */
        *ret = c138_json_new_array();
        return C138_OK;
    }
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&out), out.length, &v, &here);
    if (status >= 0)
        *ret = v;
    else if (err)
        *err = here;
    return status;
}

/* The text behind "id=" among a snapshot's tags. */
static const char *id_of(const struct c138_json *snapshot) {
    const struct c138_json *tags = c138_json_get(snapshot, "tags");
    for (size_t i = 0; i < c138_json_count(tags); i++) {
        const char *tag = c138_json_as_str(c138_json_at(tags, i), "");
        if (c138_starts_with(tag, "id=") && c138_ulid_valid(tag + 3))
            return tag + 3;
    }
    return NULL;
}

static c138_status list(struct engine *e, engine_on_id on_id, void *user, struct c138_err *err) {
    C138_JSON struct c138_json *all = NULL;
    c138_status status = snapshots(e, TAG, &all, err);
    for (size_t i = 0; status >= 0 && i < c138_json_count(all); i++) {
        const char *id = id_of(c138_json_at(all, i));
        if (id)
            on_id(user, id);
    }
    return status;
}

/* The snapshot of a backup, as restic names it. The caller frees. */
static c138_status snapshot_of(struct engine *e, const char *id, char **ret, char **ret_manifest,
                               struct c138_err *err) {
    C138_FREE char *tag = c138_xasprintf("%s,id=%s", TAG, id);
    C138_JSON struct c138_json *all = NULL;
    c138_status status = snapshots(e, tag, &all, err);
    if (status < 0)
        return status;
    const struct c138_json *s = c138_json_at(all, 0), *paths = c138_json_get(s, "paths");
    const char *name = c138_json_get_str(s, "id", NULL);
    for (size_t i = 0; name && i < c138_json_count(paths); i++) {
        const char *path = c138_json_as_str(c138_json_at(paths, i), "");
        if (!c138_ends_with(path, "/manifest.json") || path[0] != '/')
            continue;
        *ret = c138_xstrdup(name);
        if (ret_manifest)
            *ret_manifest = c138_xstrdup(path);
        return C138_OK;
    }
    return c138_error(err, C138_E_NOTFOUND, "backup.unknown",
                      "there is no backup %s in target %s: backup.list shows them", id,
                      e->target->name);
}

/* Asked only when the marker says that this job's own run of restic did not come to its end here. */
static c138_status resume(struct engine *e, const char *id, struct progress *progress,
                          int *ret_done, struct c138_err *err) {
    C138_FREE char *marker = in_state(e, "restic-run"), *snapshot = NULL;
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    (void)progress;
    *ret_done = 0;
    if (c138_file_read(marker, 64, &text, NULL) < 0 || strcmp(c138_buf_text(&text), id))
        return C138_OK;
    c138_status status = snapshot_of(e, id, &snapshot, NULL, err);
    *ret_done = status >= 0;
    return status == C138_E_NOTFOUND ? C138_OK : status;
}

/* A run that was cut off left no snapshot; what it stored is used by the next one, or pruned. */
static c138_status clean(struct engine *e, struct c138_err *err) {
    (void)e, (void)err;
    return C138_OK;
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* Manifests do not change, and each is two runs of restic away: what was fetched is kept. */
static char *kept_path(const struct engine *e, const char *id) {
    return c138_xasprintf("%s/restic-manifests/%s-%s.json", e->backup->host->state_dir,
                          e->target->name, id);
}

static void keep_manifest(const struct engine *e, const char *id, const struct c138_buf *text) {
    C138_FREE char *path = kept_path(e, id), *folder = in_state(e, "restic-manifests");
    if (c138_mkdir_p(folder, 0700, NULL) >= 0)
        (void)c138_file_write(path, 0600, c138_buf_text(text), text->length, NULL);
}

static c138_status fetch_manifest(struct engine *e, const char *id, struct c138_buf *out,
                                  struct c138_err *err) {
    C138_FREE char *snapshot = NULL, *path = NULL, *kept = kept_path(e, id);
    if (c138_file_read(kept, MANIFEST_MAX_BYTES, out, NULL) >= 0)
        return C138_OK;
    c138_status status = snapshot_of(e, id, &snapshot, &path, err);
    if (status < 0)
        return status;
    const char *args[] = {"dump", snapshot, path, NULL};
    status = run(e, args, out, err);
    if (status >= 0)
        keep_manifest(e, id, out);
    return status;
}

static c138_status manifest(struct engine *e, const char *id, struct manifest **ret,
                            struct c138_err *err) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = fetch_manifest(e, id, &out, err);
    if (status >= 0)
        status = manifest_parse(c138_buf_text(&out), out.length, ret, err);
    if (status >= 0 && (strcmp((*ret)->id, id) || strcmp((*ret)->engine, "restic"))) {
        *ret = manifest_free(*ret);
        return c138_error(err, C138_E_CONFLICT, "manifest.damaged",
                          "the manifest of backup %s is of another backup", id);
    }
    return status;
}

/* --- Checking and restoring ------------------------------------------------------------------- */

/* Level 0: the snapshot is there, and its tree can be read. Level 1: restic reads what it stored; that
 * checks the whole repository, as packs belong to many snapshots. */
static c138_status verify(struct engine *e, const struct manifest *m,
                          const struct manifest_item *i, int level, struct progress *progress,
                          struct c138_err *err) {
    C138_FREE char *snapshot = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)progress;
    if (level >= 1 && i != &m->items[0])
        return C138_OK; /* the first item's check read everything */
    c138_status status = snapshot_of(e, m->id, &snapshot, NULL, err);
    if (status < 0)
        return status;
    const char *count[] = {"stats", "--json", snapshot, NULL};
    const char *check[] = {"check", "--read-data", NULL};
    status = run(e, level < 1 ? count : check, &out, err);
    if (status != C138_E_UNAVAILABLE || !err)
        return status;
    const struct c138_err said = *err;
    return c138_error(err, C138_E_CONFLICT, "pack.damaged",
                      "backup %s, item %s: %.700s: this backup is damaged, use another one", m->id,
                      i->name, said.text);
}

/* restic restores paths from the root: what it wrote below is moved up. An item that was one file goes into
 * the folder. */
static c138_status move_up(const struct manifest_item *i, const char *tree, const char *into,
                           struct c138_err *err) {
    C138_FREE char *below = c138_xasprintf("%s%s", tree, i->folder);
    struct stat st;
    if (lstat(below, &st) < 0)
        return files_fail(err, "found", below);
    if (S_ISDIR(st.st_mode))
        return files_move(below, into, err);
    C138_FREE char *file = c138_path_join(into, strrchr(i->folder, '/') + 1);
    c138_status status = c138_mkdir_p(into, 0750, err);
    return status < 0 ? status : files_move(below, file, err);
}

static c138_status restore(struct engine *e, const struct manifest *m,
                           const struct manifest_item *i, const char *into,
                           struct progress *progress, struct c138_err *err) {
    C138_FREE char *tree = c138_xasprintf("%s.tree", into), *snapshot = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct tree got = TREE_NULL;
    c138_status status = files_remove(tree, err);
    if (status >= 0)
        status = snapshot_of(e, m->id, &snapshot, NULL, err);
    if (status >= 0) {
        const char *args[] = {"restore",   snapshot,  "--target", tree,
                              "--include", i->folder, "--verify", NULL};
        status = run(e, args, &out, err);
    }
    if (status >= 0)
        status = move_up(i, tree, into, err);
    if (status >= 0)
        status = tree_scan(into, NULL, &got, err);
    if (status >= 0 && got.files != i->files)
        status = c138_error(err, C138_E_CONFLICT, "pack.damaged",
                            "backup %s, item %s: %llu files came back instead of %llu", m->id,
                            i->name, (unsigned long long)got.files, (unsigned long long)i->files);
    if (status >= 0)
        progress_add(progress, got.bytes);
    tree_deinit(&got);
    (void)files_remove(tree, NULL);
    return status;
}

static c138_status forget(struct engine *e, const struct manifest *m, struct c138_err *err) {
    C138_FREE char *snapshot = NULL, *kept = kept_path(e, m->id);
    c138_status status = files_remove(kept, err);
    if (status >= 0)
        status = snapshot_of(e, m->id, &snapshot, NULL, err);
    if (status < 0)
        return status == C138_E_NOTFOUND ? C138_OK : status;
    const char *args[] = {"forget", snapshot, NULL};
    return run(e, args, NULL, err);
}

static c138_status prune(struct engine *e, struct progress *progress, struct c138_err *err) {
    static const char *const args[] = {"prune", NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)progress;
    return run(e, args, &out, err);
}

static void count_id(void *user, const char *id) {
    (void)id;
    ++*(uint64_t *)user;
}

static c138_status ask_json(struct engine *e, const char *const *args, struct c138_json **ret,
                            struct c138_err *err) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = run(e, args, &out, err);
    return status < 0 ? status : c138_json_parse(c138_buf_text(&out), out.length, ret, err);
}

static c138_status stats(struct engine *e, struct engine_stats *ret, struct c138_err *err) {
    static const char *const raw[] = {"stats", "--json", "--mode", "raw-data", NULL};
    static const char *const whole[] = {"stats", "--json", NULL};
    C138_JSON struct c138_json *a = NULL, *b = NULL;
    uint64_t count = 0;
    c138_status status = list(e, count_id, &count, err);
    if (status >= 0 && count)
        status = ask_json(e, raw, &a, err);
    if (status >= 0 && count)
        status = ask_json(e, whole, &b, err);
    *ret = (struct engine_stats){.backups = count,
                                 .bytes = c138_json_get_uint(b, "total_size", 0),
                                 .stored_bytes = c138_json_get_uint(a, "total_size", 0),
                                 .objects = c138_json_get_uint(a, "total_blob_count", 0)};
    return status;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void free_engine(struct engine *e) {
    forget_sources(of(e));
    restic_deinit(&of(e)->restic);
    free(e);
}

static const struct engine_ops restic_ops = {.name = "restic",
                                             .reads_at_commit = 1,
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
                                             .prune = prune,
                                             .stats = stats,
                                             .free = free_engine};

c138_status engine_restic_new(struct backup *b, c138_call *call,
                              const struct target_config *target, struct engine **ret,
                              struct c138_err *err) {
    struct restic_engine *e = c138_xcalloc(1, sizeof(*e));
    e->engine.ops = &restic_ops;
    c138_status status = restic_init(&e->restic, b, call, target, err);
    if (status < 0) {
        free(e);
        return status;
    }
    *ret = &e->engine;
    return C138_OK;
}
