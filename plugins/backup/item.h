/*
 * What is taken. item_open() gives a tree of files that do not change any more, whatever the item is:
 *
 *   chain     Besu's data path: the database as stage.h copies it, and the small files beside it.
 *             Never the node's key: a copy of it on a second host would sign blocks twice. Keys
 *             have their own backup.
 *   postgres  pg_dump in directory format, by several jobs, and pg_dumpall's globals; checked by
 *             reading all of it back (pg_restore --list alone accepts a damaged one)
 *   files     a folder; changes while it is read are noticed
 *   keys      the file that keys.backup writes: sealed, it opens with its recipients alone
 *   plugin    what another plugin owns. It offers two actions:
 *               PLUGIN.backup-item  {"item": name, "step": "write"|"done", "id": ULID}
 *                 write: puts its files into a folder of its own that this host's agent can read,
 *                 consistent and, where they are secret, sealed; answers {"folder", "details"?};
 *                 done: may throw them away. Both may come again.
 *               PLUGIN.restore-item {"item": name, "folder": path, "id": ULID}
 *                 takes back what lies in the folder; DANGEROUS or not is its own affair. The folder
 *                 is below this plugin's `scratch`: a PATH setting of the other plugin that names that
 *                 folder lets its worker read there.
 *
 * item_close() takes everything away again: staging, dumps, snapshots.
 */
#ifndef BACKUP_ITEM_H
#define BACKUP_ITEM_H
#include "backup.h"
#include "files.h"
#include "stage.h"

struct item {
    struct backup *backup;
    c138_call *call;
    const struct item_config *config;
    char id[32];
    struct tree tree;
    struct c138_json *details;
    char *snapshot; /* made by the hook, to be removed by it */
    int staged_by_helper, stopped;
};

c138_status item_open(struct backup *b, c138_call *call, const struct item_config *config,
                      const char *id, struct item **ret, struct c138_err *err);
struct item *item_close(struct item *i); /* takes NULL, returns NULL */
/* For plans: files and bytes as they are now, and how they would be taken. */
c138_status item_estimate(struct backup *b, c138_call *call, const struct item_config *config,
                          uint64_t *ret_files, uint64_t *ret_bytes, const char **ret_how,
                          struct c138_err *err);
const char *item_kind_name(enum item_kind kind);
/* Where the database of a data path is: PATH/database, or PATH itself. The caller frees. */
char *item_database_of(const char *path);
/* PATH/.chain138/NAME. The caller frees. */
char *item_place(const char *path, const char *name);
extern const char *const item_chain_skips[];

c138_status item_chain_open(struct item *i, struct c138_err *err);
void item_chain_close(struct item *i);
c138_status item_postgres_open(struct item *i, struct c138_err *err);
/* What a chain's node says: {genesis, head: {number, hash}, node_address?}; NULL where there is no
 * rpc_url or no answer. */
struct c138_json *item_chain_head(struct backup *b, const struct item_config *c, int whole);

/* {number, hash} of a block there; NULL where there is no answer. */
struct c138_json *item_chain_block(struct backup *b, const struct item_config *c, const char *tag);

/* One program to its end: what it printed (at most 8 MiB; NULL: not wanted), *ret_exit. Errors name the program. */
c138_status item_program(const struct backup *b, c138_call *call, const char *const *argv,
                         const char *const *env, struct c138_buf *out, struct c138_buf *error_text,
                         int32_t *ret_exit, struct c138_err *err);
/* The environment of PostgreSQL's programs; wipe and free with item_env_free. */
c138_status item_postgres_env(const struct backup *b, c138_call *call, const struct item_config *c,
                              char ***ret, struct c138_err *err);
void item_env_free(char **env);
/* SQL that gives one column; the answer's text. `database` NULL: the item's. */
c138_status item_postgres_ask(const struct backup *b, c138_call *call,
                              const struct item_config *c, const char *database, const char *sql,
                              struct c138_buf *out, struct c138_err *err);
/* {"schema.table": rows}, counted. */
c138_status item_postgres_rows(const struct backup *b, c138_call *call,
                               const struct item_config *c, const char *database,
                               struct c138_json **ret, struct c138_err *err);
/* Reads a dump to its last byte; each table's rows must have their end. */
c138_status item_postgres_check(const struct backup *b, c138_call *call, const char *folder,
                                struct c138_err *err);
#endif
