/*
 * SQLite with one connection and one transaction a turn of the event loop.
 */
#include <base/json.h>
#include <base/mem.h>
#include <base/text.h>
#include <store/store.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOOKS 8

struct stmt {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct waiter {
    void (*fn)(void *user, c138_status status);
    void *user;
};

struct store {
    sqlite3 *db;
    char *path;
    int lock_fd;
    struct event *commit; /* of this turn */
    int open;             /* a transaction is */
    c138_status lost;     /* why it can only be rolled back; 0: it can be committed */
    struct stmt *stmts;
    size_t n_stmts;
    struct waiter *waiters;
    size_t n_waiters, room;
    struct {
        c138_status (*fn)(void *user);
        void (*after)(void *user, c138_status status);
        void *user;
    } hooks[HOOKS];
    size_t n_hooks;
    int blamed; /* trouble says why a hook failed */
    char trouble[512];
};

/* --- Open and close -------------------------------------------------------------------------- */

static c138_status take_lock(struct store *s, struct c138_err *err) {
    C138_FREE char *path = c138_xasprintf("%s.lock", s->path);
    char pid[32] = "";
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return c138_error(err, C138_E_DENIED, "store.lock",
                          "%s cannot be opened: %s: check owner and mode of its folder", path,
                          strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
        pid[n > 0 ? n : 0] = '\0';
        return c138_error(err, C138_E_CONFLICT, "store.in-use",
                          "%s is in use by another agent (pid %s): stop that one, or give this one "
                          "a state_dir of its own",
                          s->path, *pid ? pid : "unknown");
    }
    int n = snprintf(pid, sizeof(pid), "%d", (int)getpid());
    if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
        return c138_error(err, C138_E_LIMIT, "store.lock", "%s cannot be written: %s", path,
                          strerror(errno));
    return C138_OK;
}

static c138_status sql(struct store *s, const char *text, struct c138_err *err) {
    char *why = NULL;
    if (sqlite3_exec(s->db, text, NULL, NULL, &why) == SQLITE_OK)
        return C138_OK;
    int damaged =
        sqlite3_errcode(s->db) == SQLITE_CORRUPT || sqlite3_errcode(s->db) == SQLITE_NOTADB;
    c138_error(err, damaged ? C138_E_INVALID : C138_E_INTERNAL,
               damaged ? "store.damaged" : "store.failed",
               damaged ? "%s is damaged (%s): stop the agent, move the file aside, restore it from "
                         "a backup of the state folder"
                       : "%s: %s",
               s->path, why ? why : "unknown");
    sqlite3_free(why);
    return damaged ? C138_E_INVALID : C138_E_INTERNAL;
}

static void on_turn_end(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)store_flush(user);
}

static c138_status open_db(struct store *s, struct c138_err *err) {
    mode_t old = umask(0077);
    int rc = sqlite3_open_v2(
        s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    (void)umask(old);
    if (rc != SQLITE_OK)
        return c138_error(err, C138_E_DENIED, "store.open", "%s cannot be opened: %s", s->path,
                          s->db ? sqlite3_errmsg(s->db) : "out of memory");
    sqlite3_extended_result_codes(s->db, 1);
    /* Another process only ever reads (chain138ctl when the agent is down). */
    sqlite3_busy_timeout(s->db, 2000);
    c138_status status =
        sql(s,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-512; PRAGMA journal_size_limit=4194304; PRAGMA trusted_schema=OFF;",
            err);
    return status < 0
               ? status
               : sql(s,
                     "CREATE TABLE IF NOT EXISTS modules(name TEXT PRIMARY KEY, steps INTEGER NOT "
                     "NULL);"
                     "CREATE TABLE IF NOT EXISTS kv(plugin TEXT, key TEXT, value BLOB NOT NULL,"
                     " PRIMARY KEY(plugin, key)) WITHOUT ROWID;",
                     err);
}

c138_status store_open(const char *path, struct event_base *base, struct store **ret_store,
                       struct c138_err *err) {
    struct store *s = c138_xcalloc(1, sizeof(*s));
    s->path = c138_xstrdup(path);
    s->lock_fd = -1;
    c138_status status = take_lock(s, err);
    if (status >= 0)
        status = open_db(s, err);
    if (status < 0) {
        store_close(s);
        return status;
    }
    s->commit = event_new(base, -1, 0, on_turn_end, s);
    (void)event_priority_set(s->commit, event_base_get_npriorities(base) - 1);
    *ret_store = s;
    return C138_OK;
}

struct store *store_close(struct store *s) {
    if (!s)
        return NULL;
    if (s->open)
        (void)store_flush(s);
    for (size_t i = 0; i < s->n_stmts; i++)
        sqlite3_finalize(s->stmts[i].stmt);
    if (s->commit)
        event_free(s->commit);
    (void)sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s->stmts);
    free(s->waiters);
    free(s->path);
    free(s);
    return NULL;
}

void store_release(struct store *s) {
    (void)sqlite3_db_release_memory(s->db);
}

sqlite3 *store_db(struct store *s) {
    return s->db;
}

const char *store_trouble(const struct store *s) {
    return *s->trouble ? s->trouble : NULL;
}

/* --- Schema and statements ------------------------------------------------------------------- */

c138_status store_schema(struct store *s, const char *module, const char *const *steps,
                         struct c138_err *err) {
    sqlite3_int64 done = 0, known = 0;
    sqlite3_stmt *q = store_stmt(s, "SELECT steps FROM modules WHERE name=?1");
    sqlite3_bind_text(q, 1, module, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_ROW)
        done = sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    while (steps[known])
        known++;
    if (done > known)
        return c138_error(err, C138_E_UNSUPPORTED, "store.newer",
                          "%s was written by a newer agent (module %s): install that version, or "
                          "restore an older backup",
                          s->path, module);
    for (; done < known; done++) {
        C138_FREE char *text =
            c138_xasprintf("BEGIN IMMEDIATE; %s; INSERT INTO modules(name, steps) VALUES('%s', %d)"
                           " ON CONFLICT(name) DO UPDATE SET steps=excluded.steps; COMMIT;",
                           steps[done], module, (int)done + 1);
        c138_status status = sql(s, text, err);
        if (status < 0) {
            (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
            return status;
        }
    }
    return C138_OK;
}

sqlite3_stmt *store_stmt(struct store *s, const char *text) {
    for (size_t i = 0; i < s->n_stmts; i++)
        if (s->stmts[i].sql == text || !strcmp(s->stmts[i].sql, text)) {
            (void)sqlite3_reset(s->stmts[i].stmt);
            (void)sqlite3_clear_bindings(s->stmts[i].stmt);
            return s->stmts[i].stmt;
        }
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
        (void)fprintf(stderr, "store: %s: %s\n", sqlite3_errmsg(s->db), text);
        abort(); /* a statement is constant: a programmer's error */
    }
    s->stmts = c138_xrealloc(s->stmts, (s->n_stmts + 1) * sizeof(*s->stmts));
    s->stmts[s->n_stmts++] = (struct stmt){text, stmt};
    return stmt;
}

/* --- Group commit ---------------------------------------------------------------------------- */

static c138_status class_of(int rc) {
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return C138_E_LIMIT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return C138_E_INVALID;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return C138_E_DENIED;
    default:
        return C138_E_INTERNAL;
    }
}

static void note_trouble(struct store *s, c138_status status, const char *what) {
    const char *mend = status == C138_E_LIMIT ? "free space on its file system"
                       : status == C138_E_DENIED
                           ? "check owner and mode of its folder"
                           : "see the log of the system; restore the state folder from a backup";
    (void)snprintf(s->trouble, sizeof(s->trouble), "%s: %s: %s", s->path, what, mend);
}

static void lose(struct store *s, int rc) {
    if (s->lost < 0)
        return; /* the first reason is the one to show */
    s->lost = class_of(rc);
    note_trouble(s, s->lost, sqlite3_errmsg(s->db));
}

void store_write(struct store *s) {
    if (!s->open) {
        int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        s->open = 1;
        if (rc != SQLITE_OK)
            lose(s, rc);
        event_active(s->commit, EV_TIMEOUT, 0);
    }
    if (!sqlite3_get_autocommit(s->db))
        return;
    /* No transaction: it did not begin, or an error of this turn made SQLite roll back by itself.
     * What comes now would be committed statement by statement, though its writers will be told
     * that it was lost: it goes into one that is rolled back. */
    lose(s, SQLITE_FULL);
    (void)sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL);
}

c138_status store_run(struct store *s, sqlite3_stmt *stmt) {
    store_write(s);
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        lose(s, rc);
    (void)sqlite3_reset(stmt);
    return s->lost;
}

void store_on_commit(struct store *s, void (*fn)(void *user, c138_status status), void *user) {
    store_write(s);
    if (s->n_waiters == s->room) {
        s->room = s->room ? 2 * s->room : 32;
        s->waiters = c138_xrealloc(s->waiters, s->room * sizeof(*s->waiters));
    }
    s->waiters[s->n_waiters++] = (struct waiter){fn, user};
}

void store_before_commit(struct store *s, c138_status (*fn)(void *user),
                         void (*after)(void *user, c138_status status), void *user) {
    if (s->n_hooks == HOOKS)
        abort(); /* a programmer's error: the root registers them */
    s->hooks[s->n_hooks].fn = fn;
    s->hooks[s->n_hooks].after = after;
    s->hooks[s->n_hooks++].user = user;
}

void store_blame(struct store *s, const char *text) {
    (void)snprintf(s->trouble, sizeof(s->trouble), "%s", text);
    s->blamed = 1;
}

static c138_status commit(struct store *s) {
    if (s->lost < 0)
        return s->lost;
    s->blamed = 0;
    for (size_t i = 0; i < s->n_hooks; i++) {
        c138_status status = s->hooks[i].fn(s->hooks[i].user);
        if (status < 0) {
            if (!s->blamed)
                note_trouble(s, status, "what is kept beside it cannot be written");
            return status;
        }
    }
    if (sqlite3_get_autocommit(s->db)) { /* rolled back by SQLite itself */
        note_trouble(s, C138_E_LIMIT, "the transaction was lost");
        return C138_E_LIMIT;
    }
    int rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        s->trouble[0] = '\0';
        return C138_OK;
    }
    note_trouble(s, class_of(rc), sqlite3_errmsg(s->db));
    return class_of(rc);
}

c138_status store_flush(struct store *s) {
    if (!s->open)
        return C138_OK;
    for (size_t i = 0; i < s->n_stmts;
         i++) /* a reader that was not stepped to its end keeps the log from growing back */
        (void)sqlite3_reset(s->stmts[i].stmt);
    c138_status status = commit(s);
    if (status < 0 && !sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    for (size_t i = 0; i < s->n_hooks; i++)
        if (s->hooks[i].after)
            s->hooks[i].after(s->hooks[i].user, status);
    s->open = 0;
    s->lost = C138_OK;
    (void)event_del(s->commit);
    /* Those told may write again: that is the next transaction. */
    struct waiter *told = C138_STEAL(s->waiters);
    size_t n = s->n_waiters;
    s->n_waiters = s->room = 0;
    for (size_t i = 0; i < n; i++)
        told[i].fn(told[i].user, status);
    free(told);
    return status;
}
