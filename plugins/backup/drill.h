/*
 * A drill: a backup is restored as it would be after a loss, but into scratch places, opened, compared with its
 * manifest and with the living, and thrown away. How long each step took is the measured part of the
 * recovery time (RTO); what it cannot measure is what people need to decide.
 *
 *   chain     into a folder; read through with checksums; keys and bytes as when it was made. Where the
 *             config names a Besu (drill_besu), it is started on the copy: with a key of its own, as the copy has
 *             none, so that it can never sign for the host's validator. With drill_peers the drill ends when its head has
 *             moved beyond the copy's, because a copy that opens and answers may still never import a block again
 *             (seen with Besu 25.5.0: logs copied before tables). Without peers p2p is off, and its head must have the hash
 *             that the living node has at that height.
 *   postgres  into a database of its own; rows of every table as when it was dumped; dropped
 *   others    into a folder, every file's hash checked
 */
#ifndef BACKUP_DRILL_H
#define BACKUP_DRILL_H
#include "engine.h"

/* The drill of a backup, with the call's result. */
c138_status drill_run(struct engine *e, const struct manifest *m);
/* Remembers what a check or drill said (records.h), with event and metrics. */
void check_remember(struct engine *e, const struct manifest *m, int level, int64_t drill_took_ns,
                    c138_status status, const struct c138_err *err);

/* drill_node.c: *ret_from and *ret_to: the head at first and at last. */
c138_status drill_node(struct engine *e, const struct manifest_item *i, const char *folder,
                       uint64_t *ret_from, uint64_t *ret_to, struct c138_err *err);
/* drill_postgres.c */
c138_status drill_postgres(struct engine *e, const struct manifest_item *i, const char *folder,
                           struct c138_err *err);
/* A dump into the database `name`, which is made; rows as the manifest says. */
c138_status postgres_into(struct engine *e, const struct item_config *c,
                          const struct manifest_item *i, const char *folder, const char *name,
                          struct c138_err *err);
/* One statement in the maintenance database; %s stands for quoted identifiers. */
c138_status postgres_admin(struct engine *e, const struct item_config *c, struct c138_err *err,
                           struct c138_buf *out, const char *sql, const char *first,
                           const char *second);
c138_status postgres_exists(struct engine *e, const struct item_config *c, const char *name,
                            int *ret, struct c138_err *err);
#endif
