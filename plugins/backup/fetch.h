/*
 * An item of a backup, restored into a folder and looked at: what verify, drill and restore have in common.
 * A database is opened and read through, a dump is read to its end; what was read is compared with what
 * the manifest says was read when it was made.
 */
#ifndef BACKUP_FETCH_H
#define BACKUP_FETCH_H
#include "engine.h"

struct fetched {
    int64_t fetch_ns, open_ns;
    uint64_t bytes;
    uint64_t keys; /* chain: read with checksums */
    int too_new;   /* chain: our RocksDB cannot read it, so it was not opened */
};

/* `into` must not be there. Synced when it returns C138_OK. */
c138_status fetch_item(struct engine *e, const struct manifest *m, const struct manifest_item *i,
                       const char *into, struct fetched *ret, struct c138_err *err);
/* Only the second half: opens what lies in `folder`. */
c138_status fetch_open(struct engine *e, const struct manifest_item *i, const char *folder,
                       struct fetched *ret, struct c138_err *err);
#endif
