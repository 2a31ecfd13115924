/*
 * The engine that is driven: each item is a snapshot with the tags chain138, id=ID and item=NAME; the
 * manifest is a snapshot of its own with the tag chain138-manifest, made last.
 */
#include "engine.h"

#include "item.h"
#include "restic.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/ulid.h>

#include <stdio.h>
#include <string.h>

#define MANIFEST_TAG "chain138-manifest"

struct restic_engine {
    struct engine engine; /* first */
    struct restic restic;
};

static struct restic *restic_of(struct engine *e) {
    return &((struct restic_engine *)e)->restic;
}

static char *id_tag(const char *id) {
    return c138_xasprintf("id=%s", id);
}

/* The manifest's file: the same path each time. */
static char *manifest_path(const struct engine *e) {
    return c138_path_join(e->backup->host->state_dir, "manifest.json");
}

/* --- Making ----------------------------------------------------------------------------------- */

/* Locks of a run that was killed: only stale ones go, and only one run of this host is here at a time. */
static c138_status begin(struct engine *e, const char *id, struct c138_err *err) {
    static const char *const unlock[] = {"unlock", NULL};
    (void)id;
    c138_status status = restic_need_repository(restic_of(e), err);
    return status < 0 ? status : restic_run(restic_of(e), unlock, NULL, err);
}

static c138_status add(struct engine *e, const char *id, const char *name, const struct tree *tree,
                       struct c138_json *item, struct progress *progress, struct c138_err *err) {
    C138_FREE char *tag = id_tag(id), *item_tag = c138_xasprintf("item=%s", name);
    /* Links have a new change time at each run, so restic would read all of it again; what it is that
     * did not change is told by size and modification time, as tables are never changed. */
    const char *args[] = {"backup", "--json",  "--host", e->backup->host->host_name,
                          "--tag",  "chain138", "--tag", tag,
                          "--tag",  item_tag,  "--ignore-ctime", "--ignore-inode",
                          tree->folder, NULL};
    struct restic_summary s = {0};
    /* One file of a folder that is not ours as a whole. */
    C138_FREE char *single =
        tree->count == 1 ? c138_path_join(tree->folder, tree->entries[0].path) : NULL;
    if (single)
        args[12] = single;
    c138_status status = restic_backup(restic_of(e), args, progress, &s, err);
    if (status < 0)
        return status;
    if (s.files < tree->files)
        return c138_error(err, C138_E_CONFLICT, "restic.partial",
                          "restic read %llu of %llu files of item %s: this is no backup",
                          (unsigned long long)s.files, (unsigned long long)tree->files, name);
    c138_json_set_uint(item, "files", s.files);
    c138_json_set_uint(item, "bytes", s.bytes);
    c138_json_set_uint(item, "stored_bytes", s.added);
    c138_json_set_str(item, "snapshot", s.snapshot);
    c138_json_set_str(item, "folder", tree->folder);
    return C138_OK;
}

static c138_status commit(struct engine *e, const char *id, const char *manifest,
                          struct progress *progress, struct c138_err *err) {
    C138_FREE char *path = manifest_path(e), *tag = id_tag(id);
    const char *args[] = {"backup", "--json", "--host", e->backup->host->host_name,
                          "--tag",  MANIFEST_TAG, "--tag", tag, path, NULL};
    struct restic_summary s = {0};
    (void)progress;
    c138_status status = c138_file_write(path, 0600, manifest, strlen(manifest), err);
    return status < 0 ? status : restic_backup(restic_of(e), args, NULL, &s, err);
}

/* --- Snapshots -------------------------------------------------------------------------------- */

static c138_status snapshots(struct engine *e, const char *tag, struct c138_json **ret,
                             struct c138_err *err) {
    const char *args[] = {"snapshots", "--json", "--host", e->backup->host->host_name,
                          "--tag",     tag,      NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_json *v = NULL;
    c138_status status = restic_need_repository(restic_of(e), err);
    if (status >= 0)
        status = restic_run(restic_of(e), args, &out, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&out), out.length, &v, err);
    if (status >= 0)
        *ret = v;
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
    c138_status status = snapshots(e, MANIFEST_TAG, &all, err);
    for (size_t i = 0; status >= 0 && i < c138_json_count(all); i++) {
        const char *id = id_of(c138_json_at(all, i));
        if (id)
            on_id(user, id);
    }
    return status;
}

/* Taken away: every snapshot of a backup, its manifest first. */
static c138_status forget_tagged(struct engine *e, const char *tag, struct c138_err *err) {
    C138_JSON struct c138_json *all = NULL;
    c138_status status = snapshots(e, tag, &all, err);
    for (size_t i = 0; status >= 0 && i < c138_json_count(all); i++) {
        const char *args[] = {"forget", c138_json_get_str(c138_json_at(all, i), "id", ""), NULL};
        status = restic_run(restic_of(e), args, NULL, err);
    }
    return status;
}

static void abort_run(struct engine *e, const char *id) {
    C138_FREE char *tag = id_tag(id);
    struct c138_err err = {0};
    if (restic_of(e)->known && forget_tagged(e, tag, &err) < 0)
        backup_log(e->backup, C138_LOG_WARNING,
                   "snapshots of the unfinished backup %s are left in the repository until the next "
                   "one: %s",
                   id, err.text);
}

static void note_id(void *user, const char *id) {
    char *wanted = user;
    if (!strcmp(wanted, id))
        wanted[0] = '\0';
}

/* A run that was cut off begins again; first what it and others left goes. */
static c138_status clean(struct engine *e, struct c138_err *err);

static c138_status resume(struct engine *e, const char *id, struct progress *progress,
                          int *ret_done, struct c138_err *err) {
    char looked_for[C138_ULID_TEXT];
    (void)progress;
    (void)snprintf(looked_for, sizeof(looked_for), "%s", id);
    c138_status status = list(e, note_id, looked_for, err);
    *ret_done = looked_for[0] == '\0';
    return status >= 0 && !*ret_done ? clean(e, err) : status;
}

struct known {
    char (*ids)[C138_ULID_TEXT];
    size_t count;
};

static void know(void *user, const char *id) {
    struct known *k = user;
    k->ids = c138_xrealloc(k->ids, (k->count + 1) * sizeof(*k->ids));
    memcpy(k->ids[k->count++], id, C138_ULID_TEXT);
}

static int is_known(const struct known *k, const char *id) {
    for (size_t i = 0; i < k->count; i++)
        if (!strcmp(k->ids[i], id))
            return 1;
    return 0;
}

static c138_status clean(struct engine *e, struct c138_err *err) {
    C138_JSON struct c138_json *all = NULL;
    struct known known = {0};
    c138_status status = list(e, know, &known, err);
    if (status >= 0)
        status = snapshots(e, "chain138", &all, err);
    for (size_t i = 0; status >= 0 && i < c138_json_count(all); i++) {
        const struct c138_json *s = c138_json_at(all, i);
        const char *id = id_of(s);
        const char *args[] = {"forget", c138_json_get_str(s, "id", ""), NULL};
        if (id && !is_known(&known, id))
            status = restic_run(restic_of(e), args, NULL, err);
    }
    free(known.ids);
    return status;
}

/* --- Looking ---------------------------------------------------------------------------------- */

static c138_status manifest(struct engine *e, const char *id, struct manifest **ret,
                            struct c138_err *err) {
    C138_FREE char *tag = c138_xasprintf("%s,id=%s", MANIFEST_TAG, id);
    C138_JSON struct c138_json *all = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = snapshots(e, tag, &all, err);
    if (status < 0)
        return status;
    const struct c138_json *s = c138_json_at(all, 0);
    const char *path = c138_json_as_str(c138_json_at(c138_json_get(s, "paths"), 0), NULL);
    if (!s || !path)
        return c138_error(err, C138_E_NOTFOUND, "backup.unknown",
                          "there is no backup %s in target %s: backup.list shows them", id,
                          e->target->name);
    const char *args[] = {"dump", c138_json_get_str(s, "id", ""), path, NULL};
    status = restic_run(restic_of(e), args, &out, err);
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
    const char *ls[] = {"ls", i->snapshot, NULL}, *check[] = {"check", "--read-data", NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)progress;
    c138_status status = restic_need_repository(restic_of(e), err);
    if (status >= 0)
        status = restic_run(restic_of(e), level < 1 ? ls : check, level < 1 ? NULL : &out, err);
    if (status != C138_E_UNAVAILABLE || !err)
        return status;
    const struct c138_err said = *err;
    return c138_error(err, C138_E_CONFLICT, "pack.damaged",
                      "backup %s, item %s: %.700s: this backup is damaged, use another one", m->id,
                      i->name, said.text);
}

/* restic restores paths from the root: what it wrote below is moved up. */
static c138_status restore(struct engine *e, const struct manifest *m,
                           const struct manifest_item *i, const char *into,
                           struct progress *progress, struct c138_err *err) {
    C138_FREE char *tree = c138_xasprintf("%s.tree", into);
    C138_FREE char *below = c138_xasprintf("%s%s", tree, i->folder);
    const char *args[] = {"restore", i->snapshot, "--target", tree, "--verify", NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct tree got = TREE_NULL;
    c138_status status = files_remove(tree, err);
    if (status >= 0)
        status = restic_run(restic_of(e), args, &out, err);
    if (status >= 0)
        status = files_move(below, into, err);
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
    C138_FREE char *tag = c138_xasprintf("%s,id=%s", MANIFEST_TAG, m->id), *all = id_tag(m->id);
    c138_status status = forget_tagged(e, tag, err);
    return status < 0 ? status : forget_tagged(e, all, err);
}

static c138_status prune(struct engine *e, struct progress *progress, struct c138_err *err) {
    static const char *const args[] = {"prune", NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)progress;
    return restic_run(restic_of(e), args, &out, err);
}

static void count_id(void *user, const char *id) {
    (void)id;
    ++*(uint64_t *)user;
}

static c138_status stats(struct engine *e, struct engine_stats *ret, struct c138_err *err) {
    static const char *const raw[] = {"stats", "--json", "--mode", "raw-data", NULL};
    static const char *const whole[] = {"stats", "--json", NULL};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    C138_JSON struct c138_json *a = NULL, *b = NULL;
    uint64_t count = 0;
    c138_status status = list(e, count_id, &count, err);
    if (status >= 0)
        status = restic_run(restic_of(e), raw, &out, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&out), out.length, &a, err);
    c138_buf_reset(&out);
    if (status >= 0)
        status = restic_run(restic_of(e), whole, &out, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&out), out.length, &b, err);
    *ret = (struct engine_stats){.backups = count,
                                 .bytes = c138_json_get_uint(b, "total_size", 0),
                                 .stored_bytes = c138_json_get_uint(a, "total_size", 0),
                                 .objects = c138_json_get_uint(a, "total_blob_count", 0)};
    return status;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void free_engine(struct engine *e) {
    restic_deinit(restic_of(e));
    free(e);
}

static const struct engine_ops restic_ops = {.name = "restic",
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
