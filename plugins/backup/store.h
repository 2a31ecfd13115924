/*
 * Where the objects of the archive engine are: a folder, or a bucket. A backup is a group of objects
 * `HOST/ID/NAME`; the manifest is put last and taken away first.
 *
 * An archive is first written into a local folder of its own, with its manifest, and then published.
 * In a folder store that place is in the store itself, and publishing is one rename; for S3 it is
 * the spool, and publishing uploads what is not there yet, so that it can be gone on with after
 * anything.
 */
#ifndef BACKUP_STORE_H
#define BACKUP_STORE_H
#include "backup.h"
#include "pack.h"
#include "progress.h"

struct store;

struct store_ops {
    /* Where an archive of this id is made. The caller frees. */
    char *(*workplace)(const struct store *s, const char *id);
    /* The workplace's objects, manifest.json among them, become a backup; the workplace is gone
     * then. */
    c138_status (*publish)(struct store *s, const char *id, const char *folder,
                           struct progress *progress, struct c138_err *err);
    /* Ids of all backups of `host` (those with a manifest), each once. */
    c138_status (*list)(struct store *s, const char *host,
                        void (*on_id)(void *user, const char *id), void *user,
                        struct c138_err *err);
    /* A whole small object. */
    c138_status (*get)(struct store *s, const char *host, const char *id, const char *name,
                       size_t max, struct c138_buf *out, struct c138_err *err);
    /* An object as a stream; the caller frees with close_source. */
    c138_status (*open_source)(struct store *s, const char *host, const char *id, const char *name,
                               struct pack_source **ret, struct c138_err *err);
    void (*close_source)(struct pack_source *source);
    /* Size of an object; C138_E_NOTFOUND. */
    c138_status (*size)(struct store *s, const char *host, const char *id, const char *name,
                        uint64_t *ret, struct c138_err *err);
    c138_status (*remove)(struct store *s, const char *host, const char *id, struct c138_err *err);
    void (*free)(struct store *s);
};

struct store {
    const struct store_ops *ops;
    struct backup *backup;
    const struct target_config *config;
};

/* `call`: for its secrets; borrowed while the store lives. */
c138_status store_open(struct backup *b, c138_call *call, const struct target_config *config,
                       struct store **ret, struct c138_err *err);
struct store *store_close(struct store *s); /* takes NULL, returns NULL */

c138_status store_folder_new(struct store **ret);
c138_status store_s3_new(struct backup *b, c138_call *call, const struct target_config *config,
                         struct store **ret, struct c138_err *err);
#endif
