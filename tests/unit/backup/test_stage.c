/* The sequence lock, step by step, on files that stand in for a database; rocks_torture.c has a real one. */
#include "rig.h"

#include <plugins/backup/files.h>
#include <plugins/backup/stage.h>

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
    struct folder folder;
    struct stage_options o;
    char *db, *into;
    const char *when;                /* at this point ... */
    void (*change)(struct source *); /* ... this happens */
    int times, seen;
};

static void at(void *user, const char *point) {
    struct source *s = user;
    if (s->change && s->times > 0 && !strcmp(point, s->when)) {
        s->times--;
        s->seen++;
        s->change(s);
    }
}

static void put(struct source *s, const char *name, const char *text) {
    C138_FREE char *below = c138_xasprintf("db/%s", name);
    folder_write(&s->folder, below, text, strlen(text));
}

static void append(struct source *s, const char *name, const char *text) {
    C138_FREE char *path = c138_path_join(s->db, name);
    FILE *f = fopen(path, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static struct source *source_new(enum stage_way way) {
    struct source *s = c138_xcalloc(1, sizeof(*s));
    s->folder = folder_new();
    s->db = folder_at(&s->folder, "db");
    s->into = folder_at(&s->folder, "copy");
    s->o = (struct stage_options){.source = s->db,
                                  .into = s->into,
                                  .way = way,
                                  .tries = 5,
                                  .backoff_ns = 1,
                                  .at = at,
                                  .user = s};
    put(s, "CURRENT", "MANIFEST-000007\n");
    put(s, "MANIFEST-000007", "edits");
    put(s, "000001.sst", "table one");
    put(s, "000002.blob", "blob two");
    put(s, "000005.log", "older");
    put(s, "000012.log", "newer");
    put(s, "OPTIONS-000009", "[DBOptions]\n  recycle_log_file_num=16\n");
    put(s, "IDENTITY", "id");
    put(s, "LOCK", "");
    put(s, "LOG", "chatter");
    put(s, "000003.dbtmp", "half");
    return s;
}

static void source_free(struct source *s) {
    folder_free(&s->folder);
    free(s->db);
    free(s->into);
    free(s);
}

static int copied(struct source *s, const char *name, const char *text) {
    C138_FREE char *below = c138_xasprintf("copy/%s", name);
    return folder_is(&s->folder, below, text, strlen(text));
}

static void what_belongs_to_it(void) {
    struct source *s = source_new(STAGE_LINK);
    struct stage_copy copy = {0};
    CU_ASSERT_EQUAL_FATAL(stage_whole(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_TRUE(copied(s, "CURRENT", "MANIFEST-000007\n") &&
                   copied(s, "MANIFEST-000007", "edits") && copied(s, "000001.sst", "table one") &&
                   copied(s, "000002.blob", "blob two") && copied(s, "000012.log", "newer"));
    CU_ASSERT_FALSE(copied(s, "LOCK", "") || copied(s, "LOG", "chatter") ||
                    copied(s, "000003.dbtmp", "half"));
    CU_ASSERT_EQUAL(copy.files, 8);
    CU_ASSERT_EQUAL(copy.log_bytes, 10);
    CU_ASSERT_EQUAL(copy.recycles, 16);
    CU_ASSERT_EQUAL(copy.tries, 1);
    /* Tables are the same files; logs are files of their own. */
    struct stat a, b;
    C138_FREE char *table = c138_path_join(s->into, "000001.sst");
    C138_FREE char *log = c138_path_join(s->into, "000012.log");
    CU_ASSERT_TRUE(stat(table, &a) == 0 && a.st_nlink == 2);
    CU_ASSERT_TRUE(stat(log, &b) == 0 && b.st_nlink == 1);
    stage_copy_deinit(&copy);
    source_free(s);
}

static void flush(struct source *s) {
    append(s, "MANIFEST-000007", " more");
}

static void a_change_begins_it_anew(void) {
    static const char *const points[] = {"locked", "listed", "log", "taken", "manifest"};
    for (size_t i = 0; i < C138_COUNT(points); i++) {
        struct source *s = source_new(STAGE_LINK);
        struct stage_copy copy = {0};
        s->when = points[i];
        s->change = flush;
        s->times = 1;
        CU_ASSERT_EQUAL_FATAL(stage_whole(&s->o, &copy, NULL), C138_OK);
        CU_ASSERT_EQUAL(s->seen, 1);
        CU_ASSERT_EQUAL(copy.tries, 2);
        CU_ASSERT_TRUE(copied(s, "MANIFEST-000007", "edits more"));
        stage_copy_deinit(&copy);
        s->times = 1000;
        (void)files_remove(s->into, NULL);
        CU_ASSERT_EQUAL(stage_whole(&s->o, &copy, NULL), C138_E_BUSY);
        CU_ASSERT_FALSE(files_exists(s->into));
        source_free(s);
    }
}

static void compact(struct source *s) {
    C138_FREE char *path = c138_path_join(s->db, "000002.blob");
    (void)unlink(path);
    put(s, "000013.blob", "blob thirteen");
    append(s, "MANIFEST-000007", " compacted");
}

static void turn_manifest(struct source *s) {
    put(s, "MANIFEST-000020", "all edits");
    put(s, "CURRENT", "MANIFEST-000020\n");
}

static void tables_that_go_and_a_new_manifest(void) {
    struct source *s = source_new(STAGE_LINK);
    struct stage_copy copy = {0};
    s->when = "listed";
    s->change = compact;
    s->times = 1;
    CU_ASSERT_EQUAL_FATAL(stage_whole(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_TRUE(copied(s, "000013.blob", "blob thirteen") && !copied(s, "000002.blob", "blob two"));
    stage_copy_deinit(&copy);
    (void)files_remove(s->into, NULL);
    s->when = "taken";
    s->change = turn_manifest;
    s->times = 1;
    CU_ASSERT_EQUAL_FATAL(stage_whole(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_TRUE(copied(s, "CURRENT", "MANIFEST-000020\n") &&
                   copied(s, "MANIFEST-000020", "all edits") && !copied(s, "MANIFEST-000007", "edits"));
    stage_copy_deinit(&copy);
    source_free(s);
}

/* The order of the notes: the writer goes on in the newer log, then turns to a third one. Whatever is
 * in the copy, nothing is missing before something that is there. */
static void go_on_writing(struct source *s) {
    append(s, "000012.log", "-after");
    put(s, "000014.log", "third");
}

static void logs_are_a_prefix(void) {
    struct source *s = source_new(STAGE_LINK);
    struct stage_copy copy = {0};
    s->when = "log";
    s->change = go_on_writing;
    s->times = 1;
    CU_ASSERT_EQUAL_FATAL(stage_take(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(copy.n_logs, 2);
    CU_ASSERT_STRING_EQUAL(copy.logs[0].name, "000012.log"); /* the newest was noted first */
    CU_ASSERT_EQUAL_FATAL(stage_settle(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_TRUE(copied(s, "000012.log", "newer") && copied(s, "000005.log", "older") &&
                   !copied(s, "000014.log", "third"));
    stage_copy_deinit(&copy);
    source_free(s);
}

/* RocksDB renames a log that it does not need any more, and writes it again from its beginning. */
static void recycle(struct source *s) {
    C138_FREE char *old = c138_path_join(s->db, "000005.log");
    C138_FREE char *fresh = c138_path_join(s->db, "000021.log");
    FILE *f;
    CU_ASSERT_EQUAL(rename(old, fresh), 0);
    f = fopen(fresh, "r+");
    (void)fputs("OVER!", f);
    (void)fclose(f);
    append(s, "MANIFEST-000007", " recycled");
}

static void a_log_that_is_used_anew_is_noticed(void) {
    struct source *s = source_new(STAGE_LINK);
    struct stage_copy copy = {0};
    s->when = "settling";
    s->change = recycle;
    s->times = 1;
    CU_ASSERT_EQUAL_FATAL(stage_whole(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_EQUAL(s->seen, 1);
    CU_ASSERT_TRUE(copied(s, "000021.log", "OVER!") && !copied(s, "000005.log", "older"));
    CU_ASSERT_TRUE(copied(s, "MANIFEST-000007", "edits recycled"));
    stage_copy_deinit(&copy);
    source_free(s);
}

static void what_is_wrong_is_said(void) {
    struct source *s = source_new(STAGE_LINK);
    struct stage_copy copy = {0};
    struct c138_err err = {0};
    struct stage_options o = s->o;
    o.source = s->folder.path;
    CU_ASSERT_EQUAL(stage_take(&o, &copy, &err), C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.key, "stage.no-database");
    o = s->o;
    o.into = s->db;
    CU_ASSERT_EQUAL(stage_take(&o, &copy, &err), C138_E_CONFLICT);
    o = s->o;
    o.source = "/nonexistent";
    CU_ASSERT_EQUAL(stage_take(&o, &copy, &err), C138_E_NOTFOUND);
    CU_ASSERT_FALSE(files_exists(s->into));
    /* Links over the border of a mount cannot be: the next way is asked for. */
    struct stat a, b;
    if (stat(s->db, &a) == 0 && stat("/dev/shm", &b) == 0 && a.st_dev != b.st_dev &&
        access("/dev/shm", W_OK) == 0) {
        char elsewhere[64];
        (void)snprintf(elsewhere, sizeof(elsewhere), "/dev/shm/c138-stage-%d", (int)getpid());
        o = s->o;
        o.into = elsewhere;
        CU_ASSERT_EQUAL(stage_take(&o, &copy, &err), C138_E_UNSUPPORTED);
        CU_ASSERT_STRING_EQUAL(err.key, "stage.way");
        CU_ASSERT_FALSE(files_exists(elsewhere));
    }
    source_free(s);
}

static void bytes_of_a_stopped_one(void) {
    struct source *s = source_new(STAGE_COPY);
    struct stage_copy copy = {0};
    struct stat st;
    C138_FREE char *table = c138_path_join(s->into, "000001.sst");
    CU_ASSERT_EQUAL_FATAL(stage_whole(&s->o, &copy, NULL), C138_OK);
    CU_ASSERT_TRUE(stat(table, &st) == 0 && st.st_nlink == 1);
    CU_ASSERT_TRUE(copied(s, "000001.sst", "table one") && copied(s, "000005.log", "older"));
    stage_copy_deinit(&copy);
    source_free(s);
}

const CU_TestInfo tests_stage[] = {
    {"what belongs to it", what_belongs_to_it},
    {"a change begins it anew", a_change_begins_it_anew},
    {"tables that go, and a new MANIFEST", tables_that_go_and_a_new_manifest},
    {"logs are a prefix", logs_are_a_prefix},
    {"a log that is used anew is noticed", a_log_that_is_used_anew_is_noticed},
    {"what is wrong is said", what_is_wrong_is_said},
    {"bytes of a stopped one", bytes_of_a_stopped_one},
    CU_TEST_INFO_NULL};
