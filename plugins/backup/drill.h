/*
 * A drill: a backup is restored as it would be after a loss, but into scratch places, opened, compared with its
 * manifest and with the living, and thrown away. How long each step took is the measured part of the
 * recovery time (RTO); what it cannot measure is what people need to decide.
 *
 *   chain     into a folder; read through with checksums; keys and bytes as when it was made. Where the
 *             config names a Besu (drill_besu), it is started on the copy: with a key of its own, as the copy has
 *             none, so that it can never sign for the host's validator. With drill_peers the drill ends when its head has
 *             moved beyond the copy's, because a copy that opens and answers may still never import a block again
 *             (seen with Besu 25.5.0: logs copied before tables). Without peers p2p is off. With drill_image instead it is a
 *             container in a compose project of its own that has no network (drill_box.c) and is asked over a socket in the
 *             restored folder. In any case it must have the genesis that the source had, be at least at the source's head from
 *             before the copy, and have that very block.
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

/* A command line; owns its words. */
#define DRILL_WORDS_MAX 40
struct drill_words {
    char *list[DRILL_WORDS_MAX];
    size_t count;
};
void drill_word(struct drill_words *w, char *text); /* takes `text` over */
void drill_words_deinit(struct drill_words *w);

/* drill_box.c: a container for a node. Its data folder is DRILL_BOX_DATA there. */
#define DRILL_BOX_DATA "/drill"
struct drill_box {
    char *project, *file;
};
/* Writes its compose file; *ret_up: the command that runs it until it is asked to end. Whatever this returns,
 * drill_box_remove() takes down and away what there is. */
c138_status drill_box_make(struct engine *e, const char *folder, const struct drill_words *besu,
                           struct drill_box *ret, struct drill_words *ret_up,
                           struct c138_err *err);
void drill_box_env(const struct backup *b, char *ret_env[5]); /* the caller frees each */
void drill_box_remove(struct backup *b, struct drill_box *box);
/* Takes down what an earlier life left. */
void drill_boxes_clean(struct backup *b);

/* drill_ipc.c: {number, hash} of a block, NULL where there is no answer. */
struct c138_json *drill_ipc_block(const char *path, const char *tag);
int drill_ipc_path_fits(const char *path);

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
