#include "../unit.h"
#include "rig.h"

#include <base/fs.h>
#include <base/mem.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const things[] = {"CREATE TABLE things(n INTEGER PRIMARY KEY, data BLOB)", NULL};

struct told {
    unsigned count;
    c138_status last;
    struct rig *rig;
};

static void tell(void *user, c138_status status) {
    struct told *t = user;
    t->count++;
    t->last = status;
}

static int put(struct rig *r, int n, int bytes) {
    store_write(r->store);
    sqlite3_stmt *q = store_stmt(r->store, "INSERT INTO things(n, data) VALUES(?1, zeroblob(?2))");
    sqlite3_bind_int(q, 1, n);
    sqlite3_bind_int(q, 2, bytes);
    return store_run(r->store, q);
}

static void up(struct rig *r) {
    struct c138_err err = {0};
    rig_up(r);
    CU_ASSERT_EQUAL_FATAL(store_schema(r->store, "things", things, &err), C138_OK);
}

/* What other connections see: what is committed. */
static int64_t committed(struct rig *r) {
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int64_t n = -1;
    CU_ASSERT_EQUAL(sqlite3_open_v2(r->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM things", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static void one_commit_a_turn(void) {
    struct rig r;
    struct told told = {0};
    up(&r);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(put(&r, i, 10), C138_OK);
        store_on_commit(r.store, tell, &told);
    }
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(committed(&r), 0);
    CU_ASSERT(event_base_loop(r.base, EVLOOP_ONCE) >= 0);
    CU_ASSERT_EQUAL(told.count, 10);
    CU_ASSERT_EQUAL(told.last, C138_OK);
    CU_ASSERT_EQUAL(committed(&r), 10);
    CU_ASSERT_PTR_NULL(store_trouble(r.store));
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    rig_down(&r);
}

static void other(evutil_socket_t fd, short what, void *user) {
    struct rig *r = user;
    (void)fd;
    (void)what;
    put(r, 2, 1);
}

/* The commit waits until everything else that is due in this turn had its say. */
static void the_commit_comes_last(void) {
    struct rig r;
    struct told told = {0};
    up(&r);
    put(&r, 1, 1);
    store_on_commit(r.store, tell, &told);
    struct event *e = event_new(r.base, -1, 0, other, &r);
    event_active(e, EV_TIMEOUT, 0);
    for (int i = 0; i < 4 && !told.count; i++)
        (void)event_base_loop(r.base, EVLOOP_NONBLOCK);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT_EQUAL(committed(&r), 2);
    event_free(e);
    rig_down(&r);
}

static void write_again(void *user, c138_status status) {
    struct told *t = user;
    tell(user, status);
    put(t->rig, 100, 1);
    store_on_commit(t->rig->store, tell, t);
}

static void those_told_may_write_again(void) {
    struct rig r;
    struct told told = {.rig = &r};
    up(&r);
    put(&r, 1, 1);
    store_on_commit(r.store, write_again, &told);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    CU_ASSERT_EQUAL(told.count, 2);
    CU_ASSERT_EQUAL(committed(&r), 2);
    rig_down(&r);
}

static void limit_pages(struct rig *r, int more) {
    char text[64];
    int64_t now = more < 0 ? 0 : rig_number(r, "PRAGMA page_count") + more;
    snprintf(text, sizeof(text), "PRAGMA max_page_count=%d", now ? (int)now : 1 << 30);
    CU_ASSERT(rig_number(r, text) > 0);
}

/* A statement that failed in the middle: SQLite takes back that one alone, and would commit the
 * rest. Nobody may be told that all is well. */
static void a_full_disk_loses_the_whole_turn(void) {
    struct rig r;
    struct told told = {0};
    up(&r);
    put(&r, 1, 10);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    limit_pages(&r, 2);
    CU_ASSERT_EQUAL(put(&r, 2, 10), C138_OK);
    store_on_commit(r.store, tell, &told);
    CU_ASSERT_EQUAL(put(&r, 3, 1000000), C138_E_LIMIT);
    store_on_commit(r.store, tell, &told);
    (void)put(&r, 4, 10);
    store_on_commit(r.store, tell, &told);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_E_LIMIT);
    CU_ASSERT_EQUAL(told.count, 3);
    CU_ASSERT_EQUAL(told.last, C138_E_LIMIT);
    CU_ASSERT_EQUAL(committed(&r), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store_trouble(r.store));
    CU_ASSERT_PTR_NOT_NULL(strstr(store_trouble(r.store), "free space"));
    limit_pages(&r, -1);
    CU_ASSERT_EQUAL(put(&r, 3, 1000000), C138_OK);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    CU_ASSERT_PTR_NULL(store_trouble(r.store));
    CU_ASSERT_EQUAL(committed(&r), 2);
    rig_down(&r);
}

/* Some errors make SQLite roll back by itself; what follows in the turn must not be committed one
 * by one. */
static void what_follows_a_lost_transaction_is_lost_too(void) {
    struct rig r;
    struct told told = {0};
    up(&r);
    put(&r, 1, 10);
    CU_ASSERT_EQUAL(sqlite3_exec(store_db(r.store), "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    put(&r, 2, 10);
    store_on_commit(r.store, tell, &told);
    CU_ASSERT(store_flush(r.store) < 0);
    CU_ASSERT(told.last < 0);
    CU_ASSERT_EQUAL(committed(&r), 0);
    rig_down(&r);
}

static void a_writer_beside_us_loses_nothing(void) {
    struct rig r;
    sqlite3 *db = NULL;
    up(&r);
    sqlite3_busy_timeout(store_db(r.store), 10);
    CU_ASSERT_EQUAL(sqlite3_open(r.db, &db), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    (void)put(&r, 1, 10);
    CU_ASSERT(store_flush(r.store) < 0);
    CU_ASSERT_EQUAL(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    CU_ASSERT_EQUAL(committed(&r), 0);
    CU_ASSERT_EQUAL(put(&r, 1, 10), C138_OK);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    CU_ASSERT_EQUAL(committed(&r), 1);
    rig_down(&r);
}

struct beside {
    unsigned before, after;
    c138_status answer, outcome;
    unsigned *told_then;
    unsigned told;
};

static c138_status before(void *user) {
    struct beside *b = user;
    b->before++;
    return b->answer;
}

static void after(void *user, c138_status status) {
    struct beside *b = user;
    b->after++;
    b->outcome = status;
    b->told = *b->told_then;
}

static void hooks_around_the_commit(void) {
    struct rig r;
    struct told told = {0};
    struct beside b = {.told_then = &told.count};
    up(&r);
    store_before_commit(r.store, before, after, &b);
    put(&r, 1, 10);
    store_on_commit(r.store, tell, &told);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_OK);
    CU_ASSERT_EQUAL(b.before, 1);
    CU_ASSERT_EQUAL(b.after, 1);
    CU_ASSERT_EQUAL(b.told, 0); /* it is told before anybody else */
    b.answer = C138_E_LIMIT;
    put(&r, 2, 10);
    store_on_commit(r.store, tell, &told);
    CU_ASSERT_EQUAL(store_flush(r.store), C138_E_LIMIT);
    CU_ASSERT_EQUAL(b.outcome, C138_E_LIMIT);
    CU_ASSERT_EQUAL(told.last, C138_E_LIMIT);
    CU_ASSERT_EQUAL(committed(&r), 1);
    b.answer = C138_OK;
    rig_down(&r);
}

static void mode_and_lock(void) {
    struct rig r;
    struct stat st;
    struct c138_err err = {0};
    struct store *second = NULL;
    char pid[32];
    rig_up(&r);
    CU_ASSERT_EQUAL(stat(r.db, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(store_open(r.db, r.base, &second, &err), C138_E_CONFLICT);
    CU_ASSERT_PTR_NULL(second);
    snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, pid));
    CU_ASSERT_STRING_EQUAL(err.key, "store.in-use");
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_open(&r, &err), C138_OK);
    rig_down(&r);
}

static void a_damaged_database_is_said(void) {
    struct rig r;
    struct c138_err err = {0};
    static const char garbage[8192] = "this is no database at all";
    rig_up(&r);
    rig_close(&r);
    CU_ASSERT_EQUAL(c138_file_write(r.db, 0600, garbage, sizeof(garbage), &err), C138_OK);
    CU_ASSERT_EQUAL(rig_open(&r, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NULL(r.store);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "backup"));
    rig_down(&r);
}

static void steps_run_once(void) {
    static const char *const two[] = {"CREATE TABLE a(x)", "CREATE TABLE b(x)", NULL};
    static const char *const one[] = {"CREATE TABLE a(x)", NULL};
    static const char *const bad[] = {"CREATE TABLE c(x); CREATE TABLE a(x)", NULL};
    struct rig r;
    struct c138_err err = {0};
    rig_up(&r);
    CU_ASSERT_EQUAL(store_schema(r.store, "m", one, &err), C138_OK);
    CU_ASSERT_EQUAL(store_schema(r.store, "m", two, &err), C138_OK);
    CU_ASSERT_EQUAL(store_schema(r.store, "m", two, &err), C138_OK);
    CU_ASSERT_EQUAL(store_schema(r.store, "m", one, &err), C138_E_UNSUPPORTED);
    CU_ASSERT(store_schema(r.store, "n", bad, &err) < 0);
    CU_ASSERT_EQUAL(rig_number(&r, "SELECT count(*) FROM sqlite_master WHERE name='c'"), 0);
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_open(&r, &err), C138_OK);
    CU_ASSERT_EQUAL(store_schema(r.store, "m", two, &err), C138_OK);
    rig_down(&r);
}

/* kill -9 between two commits: what was told is there, what was not is not. */
static void killed(void) {
    struct rig r;
    struct c138_err err = {0};
    int status = 0;
    up(&r);
    rig_close(&r);
    pid_t child = fork();
    if (child == 0) {
        if (rig_open(&r, &err) < 0)
            _exit(1);
        put(&r, 1, 10);
        if (store_flush(r.store) < 0)
            _exit(1);
        put(&r, 2, 10);
        (void)kill(getpid(), SIGKILL);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status));
    CU_ASSERT_EQUAL(rig_open(&r, &err), C138_OK);
    CU_ASSERT_EQUAL(committed(&r), 1);
    rig_down(&r);
}

const CU_TestInfo tests_store[] = {
    {"one commit a turn", one_commit_a_turn},
    {"the commit comes last", the_commit_comes_last},
    {"those told may write again", those_told_may_write_again},
    {"a full disk loses the whole turn", a_full_disk_loses_the_whole_turn},
    {"what follows a lost transaction is lost too", what_follows_a_lost_transaction_is_lost_too},
    {"a writer beside us loses nothing", a_writer_beside_us_loses_nothing},
    {"hooks around the commit", hooks_around_the_commit},
    {"mode and lock", mode_and_lock},
    {"a damaged database is said", a_damaged_database_is_said},
    {"steps run once", steps_run_once},
    {"killed", killed},
    CU_TEST_INFO_NULL};
