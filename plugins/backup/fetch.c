#include "fetch.h"

#include "item.h"
#include "rocks.h"

#include <base/fs.h>
#include <base/when.h>

#include <fcntl.h>
#include <string.h>

/* A dump of PostgreSQL below the folder of its item. */
static c138_status open_postgres(struct engine *e, const char *folder, struct c138_err *err) {
    C138_FREE char *dump = c138_path_join(folder, "dump");
    return item_postgres_check(e->backup, e->call, dump, err);
}

/* The same number of pairs and bytes as at the source: a copy that lost its last log opens, too. */
static c138_status compare(const struct manifest_item *i, const struct rocks_proof *proof,
                           struct c138_err *err) {
    if (!c138_json_has(i->details, "keys"))
        return C138_OK; /* was not proven when it was made */
    uint64_t keys = c138_json_get_uint(i->details, "keys", 0);
    uint64_t bytes = c138_json_get_uint(i->details, "key_bytes", 0);
    return keys == proof->keys && bytes == proof->bytes
               ? C138_OK
               : c138_error(err, C138_E_CONFLICT, "backup.differs",
                            "item %s has %llu keys with %llu bytes, and had %llu with %llu when it "
                            "was made: do not use this backup",
                            i->name, (unsigned long long)proof->keys,
                            (unsigned long long)proof->bytes, (unsigned long long)keys,
                            (unsigned long long)bytes);
}

static c138_status open_chain(struct engine *e, const struct manifest_item *i, const char *folder,
                              struct fetched *ret, struct c138_err *err) {
    C138_FREE char *database = item_database_of(folder);
    struct progress progress;
    struct rocks_proof proof = {0};
    const struct rocks_options o = {.folder = database,
                                    .cancelled = progress_cancelled,
                                    .progress = progress_add,
                                    .user = &progress};
    progress_begin(&progress, e->call, "opening", c138_json_get_uint(i->details, "key_bytes", 0));
    c138_status status = rocks_prove(&o, &proof, err);
    ret->keys = proof.keys;
    if (status == C138_E_UNSUPPORTED) {
        ret->too_new = 1;
        backup_log(e->backup, C138_LOG_WARNING, "item %s: %s", i->name, err->text);
        return C138_OK;
    }
    return status < 0 ? status : compare(i, &proof, err);
}

c138_status fetch_open(struct engine *e, const struct manifest_item *i, const char *folder,
                       struct fetched *ret, struct c138_err *err) {
    int64_t began = c138_now_monotonic_ns();
    c138_status status = C138_OK;
    if (!strcmp(i->kind, "chain"))
        status = open_chain(e, i, folder, ret, err);
    else if (!strcmp(i->kind, "postgres"))
        status = open_postgres(e, folder, err);
    ret->open_ns = c138_now_monotonic_ns() - began;
    return status;
}

/* One sync of the file system instead of one for each of thousands of files. */
static void sync_all(const char *folder) {
    C138_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)syncfs(fd);
}

c138_status fetch_item(struct engine *e, const struct manifest *m, const struct manifest_item *i,
                       const char *into, struct fetched *ret, struct c138_err *err) {
    struct progress progress;
    int64_t began = c138_now_monotonic_ns();
    *ret = (struct fetched){.bytes = i->bytes};
    progress_begin(&progress, e->call, i->name, i->bytes);
    c138_status status = e->ops->restore(e, m, i, into, &progress, err);
    if (status < 0)
        return status;
    sync_all(into);
    ret->fetch_ns = c138_now_monotonic_ns() - began;
    return fetch_open(e, i, into, ret, err);
}
