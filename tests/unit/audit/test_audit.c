#include "../unit.h"

#include <audit/audit.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS 30

static struct rig {
    char folder[64];
    char *log, *db;
    struct event_base *base;
    struct store *store;
    struct audit *audit;
    uint64_t seq;
    char hash[65];
} rig;

static c138_status open_all(struct c138_err *err) {
    rig.base = event_base_new();
    event_base_priority_init(rig.base, 3);
    CU_ASSERT_EQUAL_FATAL(store_open(rig.db, rig.base, &rig.store, err), C138_OK);
    return audit_open(rig.log, rig.store, "host", &rig.audit, err);
}

static void close_all(void) {
    rig.audit = audit_close(rig.audit);
    rig.store = store_close(rig.store);
    event_base_free(rig.base);
}

static void append(unsigned n) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_uint(o, "number", n);
    c138_json_set_str(o, "action", "besu.peer-add");
    c138_json_set_str(o, "principal", "unix:alice@host");
    audit_append(rig.audit, "start", o);
}

static void up(void) {
    struct c138_err err = {0};
    rig = (struct rig){.folder = "/tmp/c138-audit-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    rig.log = c138_path_join(rig.folder, "audit.log");
    rig.db = c138_path_join(rig.folder, "agent.db");
    CU_ASSERT_EQUAL(open_all(&err), C138_OK);
    for (unsigned i = 0; i < RECORDS; i++) {
        append(i);
        CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    }
    rig.seq = audit_head(rig.audit, rig.hash);
}

static void down(void) {
    static const char *const names[] = {"audit.log",    "audit.log.torn", "agent.db",
                                        "agent.db-wal", "agent.db-shm",   "agent.db.lock"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(rig.folder, names[i]);
        (void)unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(rig.folder), 0);
    free(rig.log);
    free(rig.db);
}

/* What verify says of these bytes: 1 whole, 0 not; *ret_line is the first line that it names. */
static int verify(const char *bytes, size_t length, uint64_t *ret_line) {
    C138_JSON struct c138_json *report = NULL;
    struct c138_err err = {0};
    FILE *f = fopen(rig.log, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, length, f), length);
    fclose(f);
    CU_ASSERT_EQUAL_FATAL(audit_verify(rig.log, rig.seq, rig.hash, &report, &err), C138_OK);
    *ret_line = c138_json_get_uint(c138_json_path(report, "problems.0"), "line", 0);
    return c138_json_get_bool(report, "ok", 0);
}

static size_t lines_of(const struct c138_buf *b, const char *ret_begin[RECORDS + 2]) {
    size_t n = 0;
    for (const char *p = b->data; *p && n <= RECORDS; p = strchr(p, '\n') + 1)
        ret_begin[n++] = p;
    ret_begin[n] = b->data + b->length;
    return n;
}

static void every_flipped_byte_is_found(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    uint64_t line = 0, at = 1;
    up();
    CU_ASSERT_EQUAL(c138_file_read(rig.log, 1 << 20, &b, NULL), C138_OK);
    CU_ASSERT(verify(b.data, b.length, &line));
    for (size_t i = 0; i < b.length; i++) {
        char kept = b.data[i];
        b.data[i] = (char)(kept ^ 1);
        int ok = verify(b.data, b.length, &line);
        b.data[i] = kept;
        if (ok || line != at) {
            printf("byte %zu of line %d: ok %d, said line %d\n", i, (int)at, ok, (int)line);
            CU_FAIL_FATAL("a flipped byte was not found in its line");
        }
        at += kept == '\n';
    }
    printf("%zu bytes flipped\n", b.length);
    close_all();
    down();
}

static void dropped_repeated_swapped(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    const char *begin[RECORDS + 2];
    uint64_t line = 0;
    up();
    CU_ASSERT_EQUAL(c138_file_read(rig.log, 1 << 20, &b, NULL), C138_OK);
    size_t n = lines_of(&b, begin);
    CU_ASSERT_EQUAL_FATAL(n, RECORDS);
    for (size_t i = 0; i < n; i++) {
        size_t head = (size_t)(begin[i] - b.data), one = (size_t)(begin[i + 1] - begin[i]);
        C138_BUF struct c138_buf dropped = C138_BUF_NULL, twice = C138_BUF_NULL;
        c138_buf_add(&dropped, b.data, head);
        c138_buf_add(&dropped, begin[i + 1], b.length - head - one);
        CU_ASSERT(!verify(dropped.data, dropped.length, &line));
        CU_ASSERT_EQUAL(line,
                        i + 1); /* where the next one stands now; behind the end for the last */
        c138_buf_add(&twice, b.data, head + one);
        c138_buf_add(&twice, begin[i], b.length - head);
        CU_ASSERT(!verify(twice.data, twice.length, &line));
        CU_ASSERT_EQUAL(line, i + 2);
        if (i + 1 == n)
            continue;
        size_t two = (size_t)(begin[i + 2] - begin[i + 1]);
        C138_BUF struct c138_buf swapped = C138_BUF_NULL;
        c138_buf_add(&swapped, b.data, head);
        c138_buf_add(&swapped, begin[i + 1], two);
        c138_buf_add(&swapped, begin[i], one);
        c138_buf_add(&swapped, begin[i + 2], b.length - head - one - two);
        CU_ASSERT(!verify(swapped.data, swapped.length, &line));
        CU_ASSERT_EQUAL(line, i + 1);
    }
    close_all();
    down();
}

static void a_cut_end_is_found_at_the_start(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    const char *begin[RECORDS + 2];
    struct c138_err err = {0};
    up();
    close_all();
    CU_ASSERT_EQUAL(c138_file_read(rig.log, 1 << 20, &b, NULL), C138_OK);
    (void)lines_of(&b, begin);
    CU_ASSERT_EQUAL(truncate(rig.log, begin[RECORDS - 1] - b.data), 0);
    CU_ASSERT_EQUAL(open_all(&err), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig.audit); /* the agent starts all the same, and says so */
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "taken away"));
    close_all();
    down();
}

static void a_torn_line_is_set_aside(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    C138_JSON struct c138_json *report = NULL;
    struct c138_err err = {0};
    up();
    close_all();
    FILE *f = fopen(rig.log, "ae");
    fputs("{\"half\":", f);
    fclose(f);
    CU_ASSERT_EQUAL(open_all(&err), C138_OK);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    C138_FREE char *torn = c138_xasprintf("%s.torn", rig.log);
    CU_ASSERT_EQUAL(c138_file_read(torn, 100, &b, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&b), "{\"half\":\n");
    char hash[65];
    uint64_t seq = audit_head(rig.audit, hash);
    CU_ASSERT_EQUAL(seq, RECORDS + 1); /* it is itself recorded */
    CU_ASSERT_EQUAL(audit_verify(rig.log, seq, hash, &report, &err), C138_OK);
    CU_ASSERT(c138_json_get_bool(report, "ok", 0));
    close_all();
    down();
}

static c138_status refuse(void *user) {
    return *(int *)user ? C138_E_LIMIT : C138_OK;
}

/* A transaction that fails leaves no record, whatever failed. */
static void a_failed_commit_leaves_no_record(void) {
    C138_JSON struct c138_json *report = NULL;
    struct c138_err err = {0};
    struct stat before, after;
    char hash[65];
    int full = 1;
    up();
    CU_ASSERT_EQUAL(stat(rig.log, &before), 0);
    store_before_commit(rig.store, refuse, NULL,
                        &full); /* behind the audit log's own: its line is in the file by then */
    append(100);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_E_LIMIT);
    full = 0;
    CU_ASSERT_EQUAL(stat(rig.log, &after), 0);
    CU_ASSERT_EQUAL(after.st_size, before.st_size);
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS);
    append(101);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    uint64_t seq = audit_head(rig.audit, hash);
    CU_ASSERT_EQUAL(audit_verify(rig.log, seq, hash, &report, &err), C138_OK);
    CU_ASSERT(c138_json_get_bool(report, "ok", 0));
    close_all();
    down();
}

/* The first problem that verify names, its line and what it says; 0: none. */
static uint64_t first_problem(char *ret_what, size_t size) {
    C138_JSON struct c138_json *report = NULL;
    char hash[65];
    uint64_t seq = audit_head(rig.audit, hash);
    (void)store_flush(rig.store);
    CU_ASSERT_EQUAL_FATAL(audit_verify(rig.log, seq, hash, &report, NULL), C138_OK);
    const struct c138_json *one = c138_json_path(report, "problems.0");
    (void)snprintf(ret_what, size, "%s", c138_json_get_str(one, "what", ""));
    return c138_json_get_uint(one, "line", 0);
}

/* What damaged the file stays to be seen, however much is written after it. */
static void damage_stays_visible(void) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    const char *begin[RECORDS + 2];
    struct c138_err err = {0};
    char what[256];
    up();
    close_all();
    CU_ASSERT_EQUAL(c138_file_read(rig.log, 1 << 20, &b, NULL), C138_OK);
    (void)lines_of(&b, begin);
    CU_ASSERT_EQUAL(truncate(rig.log, begin[RECORDS - 2] - b.data), 0); /* 29 and 30 are gone */
    CU_ASSERT_EQUAL(open_all(&err), C138_E_CONFLICT);
    char hash[65];
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash),
                    RECORDS + 1); /* the note; 29 and 30 are no one else's */
    for (unsigned i = 0; i < 5; i++) {
        append(i);
        CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    }
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), RECORDS - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(what, "taken away"));
    close_all();
    CU_ASSERT_EQUAL(open_all(&err), C138_OK); /* said once; verify says it for ever */
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), RECORDS - 1);
    close_all();
    down();
}

static void a_damaged_last_record(void) {
    struct c138_err err = {0};
    struct stat st;
    char what[256], hash[65];
    up();
    close_all();
    CU_ASSERT_EQUAL(stat(rig.log, &st), 0);
    int fd = open(rig.log, O_WRONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(pwrite(fd, "X", 1, st.st_size - 40), 1); /* within its hash: it still parses */
    close(fd);
    CU_ASSERT_EQUAL(open_all(&err), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "damaged"));
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS + 1);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), RECORDS);
    close_all();
    down();
}

/* A whole new file with a chain that fits in itself, longer than the old one: the store knows. */
static void a_file_written_anew(void) {
    struct c138_err err = {0};
    char what[256];
    up();
    struct rig real = rig;
    close_all();
    rig.log = c138_path_join(rig.folder, "other.log");
    rig.db = c138_path_join(rig.folder, "other.db");
    CU_ASSERT_EQUAL(open_all(&err), C138_OK);
    for (unsigned i = 0; i < RECORDS + 7; i++)
        append(1000 + i);
    (void)store_flush(rig.store);
    close_all();
    CU_ASSERT_EQUAL(rename(rig.log, real.log), 0);
    static const char *const left[] = {"other.db", "other.db-wal", "other.db-shm", "other.db.lock"};
    for (size_t i = 0; i < C138_COUNT(left); i++) {
        C138_FREE char *path = c138_path_join(rig.folder, left[i]);
        (void)unlink(path);
    }
    free(rig.log);
    free(rig.db);
    rig = real;
    CU_ASSERT_EQUAL(open_all(&err), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "written anew"));
    append(1);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), RECORDS + 8);
    close_all();
    down();
}

/* Longer than any buffer: the last record, and what a crash left of one. */
static void long_records_and_long_torn_lines(void) {
    struct c138_err err = {0};
    struct stat st, torn;
    char what[256], hash[65];
    up();
    const size_t sizes[] = {65500, 65536, 200000, 5u << 20};
    for (size_t i = 0; i < C138_COUNT(sizes); i++) {
        C138_FREE char *text = c138_xcalloc(1, sizes[i] + 1);
        struct c138_json *o = c138_json_new_object();
        memset(text, 'x', sizes[i]);
        c138_json_set_str(o, "params", text);
        c138_json_set_str(o, "digest", "d");
        audit_append(rig.audit, "accept", o);
        CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
        close_all();
        CU_ASSERT_EQUAL(open_all(&err), C138_OK);
        CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS + i + 1);
        CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), 0);
    }
    close_all();
    C138_JSON struct c138_json *shown = NULL, *verdict = NULL, *rest = NULL;
    CU_ASSERT_EQUAL(audit_show(rig.log, &(struct audit_filter){.limit = 1}, &shown, &err), C138_OK);
    const struct c138_json *last = c138_json_path(shown, "records.0");
    CU_ASSERT(c138_json_get_uint(last, "omitted_bytes", 0) > (5u << 20));
    CU_ASSERT_PTR_NULL(c138_json_get(last, "params"));
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(last, "digest", ""), "d");
    /* whichever member it is */
    C138_FREE char *long_text = c138_xcalloc(1, (5u << 20) + 1);
    memset(long_text, 'z', 5u << 20);
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "error", long_text);
    c138_json_set_str(o, "params", "short");
    CU_ASSERT_EQUAL(open_all(&err), C138_OK);
    audit_append(rig.audit, "end", o);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), 0);
    close_all();
    CU_ASSERT_EQUAL(audit_show(rig.log, &(struct audit_filter){.limit = 1}, &rest, &err), C138_OK);
    CU_ASSERT_PTR_NULL(c138_json_path(rest, "records.0.error"));
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(rest, "records.0.params"), ""), "short");
    /* a line without end, from elsewhere, is read past, not into memory */
    C138_FREE char *foreign = c138_xasprintf("%s.foreign", rig.log);
    CU_ASSERT_EQUAL(c138_file_write(foreign, 0600, long_text, 5u << 20, NULL), C138_OK);
    CU_ASSERT_EQUAL(audit_verify(foreign, 0, NULL, &verdict, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(verdict, "problems.0.what"), ""),
                           "not a record: 5242880 bytes");
    (void)unlink(foreign);
    CU_ASSERT_EQUAL(stat(rig.log, &st), 0);
    FILE *f = fopen(rig.log, "ae");
    for (int i = 0; i < 200000; i++)
        (void)fputc('y', f);
    fclose(f);
    CU_ASSERT_EQUAL(open_all(&err), C138_OK);
    (void)store_flush(rig.store);
    C138_FREE char *aside = c138_xasprintf("%s.torn", rig.log);
    CU_ASSERT_EQUAL(stat(aside, &torn), 0);
    CU_ASSERT_EQUAL(torn.st_size, 200001);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), 0);
    close_all();
    down();
}

/* Nothing is committed while the log cannot take its records. */
static void a_log_that_cannot_be_written(void) {
    struct c138_err err = {0};
    struct rlimit old, small;
    struct stat st;
    char what[256], hash[65];
    up();
    CU_ASSERT_EQUAL(stat(rig.log, &st), 0);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = (rlim_t)st.st_size + 40; /* a part of the line fits */
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    append(100);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    CU_ASSERT(store_flush(rig.store) < 0);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, before);
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), 0);

    C138_FREE char *away = c138_xasprintf("%s.away", rig.log);
    CU_ASSERT_EQUAL(rename(rig.log, away), 0);
    append(101);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store_trouble(rig.store));
    CU_ASSERT_PTR_NOT_NULL(strstr(store_trouble(rig.store), "moved away"));
    CU_ASSERT_EQUAL(rename(away, rig.log), 0);
    append(102);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    CU_ASSERT_PTR_NULL(store_trouble(rig.store));
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS + 1);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), 0);

    CU_ASSERT_EQUAL(truncate(rig.log, 100), 0); /* while the agent runs */
    append(103);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_trouble(rig.store), "was cut"));
    CU_ASSERT_EQUAL(stat(rig.log, &st), 0);
    CU_ASSERT_EQUAL(st.st_size, 100); /* nor made longer with nothing in it */
    close_all();
    CU_ASSERT_EQUAL(open_all(&err), C138_E_CONFLICT);
    close_all();
    down();
}

/* In a thread of its own, whose ftruncate() fails from here on. */
static void *without_ftruncate(void *user) {
    char hash[65];
    int *full = user;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    CU_ASSERT_EQUAL(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ftruncate), 0), 0);
    CU_ASSERT_EQUAL(seccomp_load(filter), 0);
    seccomp_release(filter);
    store_before_commit(rig.store, refuse, NULL, full);
    append(100);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_E_LIMIT);
    *full = 0;
    append(101);
    CU_ASSERT(store_flush(rig.store) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_trouble(rig.store), "cannot be shortened"));
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS);
    return NULL;
}

/* A line of a lost transaction that cannot be taken back: nothing is committed behind it; once it
 * can, the agent goes on. */
static void a_log_that_cannot_be_shortened(void) {
    struct stat before, after;
    char what[256], hash[65];
    int full = 1;
    pthread_t thread;
    up();
    CU_ASSERT_EQUAL(stat(rig.log, &before), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, without_ftruncate, &full), 0);
    CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
    CU_ASSERT_EQUAL(stat(rig.log, &after), 0);
    CU_ASSERT(after.st_size > before.st_size);
    append(102);
    CU_ASSERT_EQUAL(store_flush(rig.store), C138_OK);
    CU_ASSERT_PTR_NULL(store_trouble(rig.store));
    CU_ASSERT_EQUAL(audit_head(rig.audit, hash), RECORDS + 1);
    CU_ASSERT_EQUAL(first_problem(what, sizeof(what)), 0);
    close_all();
    down();
}

const CU_TestInfo tests_audit[] = {
    {"every flipped byte is found", every_flipped_byte_is_found},
    {"dropped, repeated, swapped", dropped_repeated_swapped},
    {"a cut end is found at the start", a_cut_end_is_found_at_the_start},
    {"a torn line is set aside", a_torn_line_is_set_aside},
    {"a failed commit leaves no record", a_failed_commit_leaves_no_record},
    {"damage stays visible", damage_stays_visible},
    {"a damaged last record", a_damaged_last_record},
    {"a file written anew", a_file_written_anew},
    {"long records and long torn lines", long_records_and_long_torn_lines},
    {"a log that cannot be written", a_log_that_cannot_be_written},
    {"a log that cannot be shortened", a_log_that_cannot_be_shortened},
    CU_TEST_INFO_NULL};
