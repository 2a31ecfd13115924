/*
 * An engine keeps backups. Both are driven through this table, by the same actions: `archive`
 * (engine_archive.c, with a store below it) and `restic` (engine_restic.c).
 *
 * One run: begin, add each item, commit with the manifest; or abort. What was not committed is no
 * backup, and the next clean() takes it away.
 */
#ifndef BACKUP_ENGINE_H
#define BACKUP_ENGINE_H
#include "backup.h"
#include "files.h"
#include "manifest.h"
#include "progress.h"

struct engine;
typedef void (*engine_on_id)(void *user, const char *id);

struct engine_stats {
    uint64_t backups, bytes, stored_bytes, objects;
};

struct engine_ops {
    const char *name;
    int reads_at_commit; /* what add() was given must stay as it is until commit() */
    c138_status (*begin)(struct engine *e, const char *id, struct c138_err *err);
    /* `item` gets what the manifest has of it but details: files, bytes, stored_bytes, object ... */
    c138_status (*add)(struct engine *e, const char *id, const char *name, const struct tree *tree,
                       struct c138_json *item, struct progress *progress, struct c138_err *err);
    /* *stored_bytes: what add() counted; an engine that learns it only now sets it. */
    c138_status (*commit)(struct engine *e, const char *id, const char *manifest,
                          struct progress *progress, uint64_t *stored_bytes,
                          struct c138_err *err);
    void (*abort)(struct engine *e, const char *id);
    /* Was this run's manifest written before it was interrupted? Then it is published now. *ret_done 1:
     * it is a backup. */
    c138_status (*resume)(struct engine *e, const char *id, struct progress *progress,
                          int *ret_done, struct c138_err *err);
    /* Before a run: what earlier ones left that nobody repeats. Half-made things go, whole ones are
     * published. */
    c138_status (*clean)(struct engine *e, struct c138_err *err);
    c138_status (*list)(struct engine *e, engine_on_id on_id, void *user, struct c138_err *err);
    c138_status (*manifest)(struct engine *e, const char *id, struct manifest **ret,
                            struct c138_err *err);
    /* Level 0: all there, with the sizes it should have. Level 1: every stored byte has its hash, every file too. */
    c138_status (*verify)(struct engine *e, const struct manifest *m, const struct manifest_item *i,
                          int level, struct progress *progress, struct c138_err *err);
    /* Into a folder that is not there. Every file is checked on the way. */
    c138_status (*restore)(struct engine *e, const struct manifest *m,
                           const struct manifest_item *i, const char *into,
                           struct progress *progress, struct c138_err *err);
    c138_status (*forget)(struct engine *e, const struct manifest *m, struct c138_err *err);
    /* After the last forget of a run: gives space back. NULL: nothing to do. */
    c138_status (*prune)(struct engine *e, struct progress *progress, struct c138_err *err);
    c138_status (*stats)(struct engine *e, struct engine_stats *ret, struct c138_err *err);
    void (*free)(struct engine *e);
};

struct engine {
    const struct engine_ops *ops;
    struct backup *backup;
    c138_call *call; /* whose rights and deadline it works with */
    const struct target_config *target;
};

c138_status engine_open(struct backup *b, c138_call *call, const struct target_config *target,
                        struct engine **ret, struct c138_err *err);
struct engine *engine_close(struct engine *e); /* takes NULL, returns NULL */
static inline void engine_closep(struct engine **e) {
    (void)engine_close(*e);
}
#define ENGINE C138_CLEANUP(engine_closep)

c138_status engine_archive_new(struct backup *b, c138_call *call,
                               const struct target_config *target, struct engine **ret,
                               struct c138_err *err);
c138_status engine_restic_new(struct backup *b, c138_call *call,
                              const struct target_config *target, struct engine **ret,
                              struct c138_err *err);

/* All manifests, the newest first; the caller frees each and the list. A damaged one is named in the
 * log and left out. */
c138_status engine_manifests(struct engine *e, struct manifest ***ret, size_t *ret_count,
                             struct c138_err *err);
void manifests_free(struct manifest **list, size_t count);
/* "latest" or NULL: the newest. C138_E_NOTFOUND. */
c138_status engine_manifest_of(struct engine *e, const char *id, struct manifest **ret,
                               struct c138_err *err);
#endif
