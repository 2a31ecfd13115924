/*
 * store/store.h: the agent's database: SQLite in WAL mode, synchronous=FULL, one connection, owned
 * by the core. Loop thread only.
 *
 * Group commit. A writer calls store_write() and runs its statements; they join the one open
 * transaction, which is committed at the end of this turn of the event loop (or by store_flush()).
 * Only then do the functions given to store_on_commit() run: who answers "accepted" waits for it.
 * If the commit fails (full disk, I/O error) the transaction is rolled back and they get the
 * status: the caller is told, memory is put right; nothing half-written stays.
 */
#ifndef CORE_STORE_STORE_H
#define CORE_STORE_STORE_H
#include <base/buf.h>
#include <base/err.h>
#include <base/json.h>
#include <event2/event.h>
#include <sqlite3.h>

struct store;
/* Opens or makes `path` (0600) and takes an exclusive lock beside it ("<path>.lock"): a second
 * agent on the same store is C138_E_CONFLICT and names its pid. A damaged database is
 * C138_E_INVALID with what to do. */
c138_status store_open(const char *path, struct event_base *base, struct store **ret_store,
                       struct c138_err *err);
struct store *store_close(struct store *s); /* commits what is open */
sqlite3 *store_db(struct store *s);
/* Tables of one module: step i of `steps` (NULL-terminated SQL) runs once, ever. A database of a
 * newer agent (more steps done than known) is C138_E_UNSUPPORTED. */
c138_status store_schema(struct store *s, const char *module, const char *const *steps,
                         struct c138_err *err);
/* Prepares a statement that lives until store_close; the text must be constant (it is the cache's
 * key). */
sqlite3_stmt *store_stmt(struct store *s, const char *sql);
/* Opens the transaction of this turn if it is not open. Before every INSERT, UPDATE, DELETE. */
void store_write(struct store *s);
/* Runs a write in the transaction of this turn, and resets it. If it fails the whole transaction is
 * lost: SQLite takes back that one statement alone, and a commit of the rest would tell the caller
 * of what is not there. */
c138_status store_run(struct store *s, sqlite3_stmt *stmt);
void store_on_commit(struct store *s, void (*fn)(void *user, c138_status status), void *user);
/* For one who keeps something beside the database (the audit log's file): `before` is called right
 * before each COMMIT, in order of registration; a negative status rolls the transaction back.
 * `after` is called with the outcome before anybody else is told: on a failure it takes back what
 * `before` did. */
void store_before_commit(struct store *s, c138_status (*before)(void *user),
                         void (*after)(void *user, c138_status status), void *user);
/* From a `before` that fails: why, and what to do; store_trouble() gives it. */
void store_blame(struct store *s, const char *text);
c138_status store_flush(struct store *s);
/* Gives back the memory of pages that need not be kept; they are read again when they are wanted. */
void store_release(struct store *s);
/* The last failure's text ("database or disk is full: free space in /var/lib/chain138"), NULL if
 * all is well. */
const char *store_trouble(const struct store *s);

/* Durable state of plugins. Values are bytes. put counts towards kv_max bytes of the plugin. */
c138_status store_kv_get(struct store *s, const char *plugin, const char *key,
                         struct c138_buf *out);
c138_status store_kv_put(struct store *s, const char *plugin, const char *key, const void *value,
                         size_t length, uint64_t kv_max, struct c138_err *err);
c138_status store_kv_remove(struct store *s, const char *plugin, const char *key);
struct c138_json *store_kv_list(struct store *s, const char *plugin, const char *prefix);
#endif
