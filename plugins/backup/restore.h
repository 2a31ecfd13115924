/*
 * backup.restore: the dangerous one. Its dry run says what would be replaced and checks everything
 * that can be checked beforehand; somebody else approves it; then it runs once.
 *
 * What is there is never written over. A new copy is made beside it (on its mount, because renames are all
 * that happens to living data), checked and opened there, and only then are names swapped, one by one:
 * what was there goes to PATH/.chain138/old-JOB, what was restored takes its name. Until the swap
 * nothing has changed; after it the old data is still there, and the result says where.
 *
 * The journal (STATE/restore/JOB.json) holds what cannot be seen from the folders: that the copy was
 * checked, that a service was stopped. The swap needs none: for each name, which of the three places it is in says
 * what is left to do. So a restore that was killed at any step goes on where it was, as the agent
 * runs an interrupted job again with the same id and the same approved plan.
 *
 * Never two hosts with one validator key: chain data has no key in it (item.h), so a restored node keeps
 * the key of its own host. A keys item of another host is refused as long as that host's validator is
 * seen to make blocks.
 */
#ifndef BACKUP_RESTORE_H
#define BACKUP_RESTORE_H
#include "engine.h"
#include "item.h"

struct restoring {
    struct backup *backup;
    c138_call *call;
    struct engine *engine;
    const struct manifest *manifest;
    const struct manifest_item *item;
    const struct item_config *config; /* NULL: only with `into` */
    const char *into;                 /* NULL: in place */
    char *journal_path, *copy, *old;  /* where the copy is made; where old data goes */
    struct c138_json *journal;        /* {"checked": bool, "stopped": bool, "swapped": bool} */
    struct c138_err *err;
};

/* restore_plan.c: what can be known beforehand. Writes the plan as the call's result. */
c138_status restore_plan(struct restoring *r);
/* Refusals that hold for plan and run alike. */
c138_status restore_check(struct restoring *r);
/* Does somebody hold the database's lock (RocksDB's LOCK)? */
int restore_is_open(const char *path);
/* restore_postgres.c */
c138_status restore_postgres(struct restoring *r, char **ret_old);
#endif
