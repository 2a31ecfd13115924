/*
 * The chain's writer. Form and order: audit/audit.h.
 */
#include <audit/audit_internal.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct audit {
    struct store *store;
    char *path, *host;
    int fd;
    uint64_t seq;
    char hash[65];
    struct c138_buf waiting; /* lines of this transaction, not yet in the file */
    off_t synced;            /* length of the file as far as it counts */
    uint64_t synced_seq;
    char synced_hash[65];
};

static c138_status trouble(struct audit *a, c138_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static c138_status trouble(struct audit *a, c138_status status, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    store_blame(a->store, text);
    return status;
}

#define MEMBER_MAX 65536u /* bytes of one member of a record that is too long as a whole */

static const char *const steps[] = {"CREATE TABLE audit_head(one INTEGER PRIMARY KEY CHECK(one=1), "
                                    "seq INTEGER NOT NULL, hash TEXT NOT NULL)",
                                    NULL};

void audit_record_hash(const struct c138_json *record, char ret_hash[65]) {
    C138_JSON struct c138_json *bare = c138_json_copy(record);
    c138_json_remove(bare, "hash");
    C138_FREE char *text = c138_json_canonical(bare);
    c138_sha256_hex(text, strlen(text), ret_hash);
}

static c138_status write_all(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? C138_E_LIMIT
                                                                        : C138_E_INTERNAL;
        bytes += n;
        length -= (size_t)n;
    }
    return C138_OK;
}

/* The file is still the one that was opened, at its path, and as long as this writer made it. A
 * line that a failed commit left is taken back now if it could not be then. */
static c138_status check_file(struct audit *a) {
    struct stat here, there;
    if (fstat(a->fd, &here) < 0 || stat(a->path, &there) < 0 || here.st_ino != there.st_ino ||
        here.st_dev != there.st_dev)
        return trouble(a, C138_E_CONFLICT,
                       "%s was moved away or replaced: put it back, or restart the agent", a->path);
    if (here.st_size < a->synced)
        return trouble(a, C138_E_CONFLICT,
                       "%s was cut from %lld to %lld bytes by somebody else: keep it as evidence, "
                       "restart the agent",
                       a->path, (long long)a->synced, (long long)here.st_size);
    if (here.st_size > a->synced && ftruncate(a->fd, a->synced) < 0)
        return trouble(a, C138_E_INTERNAL, "%s cannot be shortened: %s", a->path, strerror(errno));
    return C138_OK;
}

/* Before each commit: the file first, then the store's head. */
static c138_status on_commit(void *user) {
    struct audit *a = user;
    if (!a->waiting.length)
        return C138_OK;
    c138_status status = check_file(a);
    if (status < 0)
        return status;
    status = write_all(a->fd, a->waiting.data, a->waiting.length);
    if (status < 0)
        return trouble(a, status, "%s cannot be written: %s", a->path, strerror(errno));
    if (fdatasync(a->fd) < 0)
        return trouble(a, C138_E_INTERNAL, "%s cannot be synced: %s", a->path, strerror(errno));
    sqlite3_stmt *q = store_stmt(
        a->store, "INSERT INTO audit_head(one, seq, hash) VALUES(1, ?1, ?2)"
                  " ON CONFLICT(one) DO UPDATE SET seq=excluded.seq, hash=excluded.hash");
    sqlite3_bind_int64(q, 1, (sqlite3_int64)a->seq);
    sqlite3_bind_text(q, 2, a->hash, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? C138_OK : C138_E_LIMIT;
}

/* If the transaction was lost, nothing of what it said happened, so nothing of it stays in the
 * file. Where that fails too, check_file() tries again, and nothing is committed before. */
static void on_ended(void *user, c138_status status) {
    struct audit *a = user;
    struct stat st;
    if (status < 0) {
        if (fstat(a->fd, &st) == 0 && st.st_size > a->synced && ftruncate(a->fd, a->synced) < 0)
            (void)trouble(a, C138_E_INTERNAL, "%s cannot be shortened: %s", a->path,
                          strerror(errno));
        a->seq = a->synced_seq;
        memcpy(a->hash, a->synced_hash, sizeof(a->hash));
    } else {
        a->synced += (off_t)a->waiting.length;
        a->synced_seq = a->seq;
        memcpy(a->synced_hash, a->hash, sizeof(a->hash));
    }
    c138_buf_reset(&a->waiting);
}

/* Whatever makes a record long goes. */
static void remove_long_members(struct c138_json *record) {
    for (int again = 1; again;) {
        again = 0;
        for (struct c138_json_iter i = c138_json_iter(record); c138_json_next(&i);) {
            C138_FREE char *text = c138_json_dump(i.value);
            if (strlen(text) <= MEMBER_MAX)
                continue;
            C138_FREE char *name = c138_xasprintf("%s", i.name);
            c138_json_remove(record, name);
            again = 1;
            break;
        }
    }
}

/* A record over the limit, which readers have too, goes without what makes it long. */
static char *line_of(struct c138_json *record, char ret_hash[65]) {
    audit_record_hash(record, ret_hash);
    c138_json_set_str(record, "hash", ret_hash);
    char *line = c138_json_canonical(record);
    if (strlen(line) <= AUDIT_RECORD_MAX)
        return line;
    c138_json_set_uint(record, "omitted_bytes", strlen(line));
    free(line);
    remove_long_members(record);
    c138_json_remove(record, "hash");
    audit_record_hash(record, ret_hash);
    c138_json_set_str(record, "hash", ret_hash);
    return c138_json_canonical(record);
}

void audit_append(struct audit *a, const char *kind, struct c138_json *members) {
    char time[C138_TIME_TEXT];
    C138_JSON struct c138_json *record = c138_json_new_object();
    c138_time_format(c138_now_utc_ns(), time);
    store_write(a->store);
    c138_json_set_uint(record, "seq", ++a->seq);
    c138_json_set_str(record, "time", time);
    c138_json_set_str(record, "host", a->host);
    c138_json_set_str(record, "kind", kind);
    for (struct c138_json_iter i = c138_json_iter(members); c138_json_next(&i);)
        if (i.value)
            c138_json_set(record, i.name, c138_json_ref(i.value));
    c138_json_unref(members);
    c138_json_set_str(record, "prev", a->hash);
    C138_FREE char *line = line_of(record, a->hash);
    c138_buf_adds(&a->waiting, line);
    c138_buf_addc(&a->waiting, '\n');
}

uint64_t audit_head(const struct audit *a, char ret_hash[65]) {
    memcpy(ret_hash, a->hash, 65);
    return a->seq;
}

/* --- Opening --------------------------------------------------------------------------------- */

/* Where the line that ends before `end` begins, looking back in pieces; 0 at the file's begin. */
static off_t line_begin(int fd, off_t end) {
    char piece[65536];
    while (end > 0) {
        off_t from = end > (off_t)sizeof(piece) ? end - (off_t)sizeof(piece) : 0;
        ssize_t n = pread(fd, piece, (size_t)(end - from), from);
        if (n <= 0)
            return -1;
        const char *found = memrchr(piece, '\n', (size_t)n);
        if (found)
            return from + (found - piece) + 1;
        end = from;
    }
    return 0;
}

/* The record of the line from `begin` up to its newline at `end`. NULL: it is none. */
static struct c138_json *record_at(int fd, off_t begin, off_t end) {
    struct c138_json *record = NULL;
    if (end - begin > (off_t)AUDIT_RECORD_MAX)
        return NULL;
    C138_FREE char *line = c138_xmalloc((size_t)(end - begin) + 1);
    if (pread(fd, line, (size_t)(end - begin), begin) != end - begin ||
        c138_json_parse(line, (size_t)(end - begin), &record, NULL) < 0)
        return NULL;
    char hash[65];
    audit_record_hash(record, hash);
    return c138_streq(hash, c138_json_get_str(record, "hash", NULL)) ? record
                                                                     : c138_json_unref(record);
}

/* A half line was never acknowledged: it goes into "<path>.torn", behind what is there. */
static c138_status set_aside(struct audit *a, off_t begin, off_t end, struct c138_err *err) {
    C138_FREE char *aside = c138_xasprintf("%s.torn", a->path);
    char piece[65536];
    int fd = open(aside, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    c138_status status = fd < 0 ? C138_E_INTERNAL : C138_OK;
    for (off_t at = begin; status >= 0 && at < end;) {
        size_t want = end - at > (off_t)sizeof(piece) ? sizeof(piece) : (size_t)(end - at);
        ssize_t n = pread(a->fd, piece, want, at);
        status = n <= 0 ? C138_E_INTERNAL : write_all(fd, piece, (size_t)n);
        at += n;
    }
    if (status >= 0 && (write_all(fd, "\n", 1) < 0 || fsync(fd) < 0))
        status = C138_E_INTERNAL;
    if (status < 0)
        (void)c138_error(err, status, "audit.torn", "%s cannot be written: %s", aside,
                         strerror(errno));
    else if (ftruncate(a->fd, begin) < 0)
        status = c138_error(err, C138_E_INTERNAL, "audit.torn", "%s cannot be shortened: %s",
                            a->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return status;
}

/* The last line that ends: its record. */
static c138_status read_end(struct audit *a, int *ret_torn, struct c138_err *err) {
    struct stat st;
    *ret_torn = 0;
    if (fstat(a->fd, &st) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "%s: %s", a->path, strerror(errno));
    off_t end = line_begin(a->fd, st.st_size);
    c138_status status = end < 0 ? c138_error(err, C138_E_INTERNAL, NULL, "%s cannot be read: %s",
                                              a->path, strerror(errno))
                                 : C138_OK;
    if (status >= 0 && end < st.st_size) {
        status = set_aside(a, end, st.st_size, err);
        *ret_torn = 1;
    }
    if (status < 0)
        return status;
    a->synced = end;
    if (!end)
        return C138_OK;
    off_t begin = line_begin(a->fd, end - 1);
    C138_JSON struct c138_json *record = begin < 0 ? NULL : record_at(a->fd, begin, end - 1);
    if (!record)
        return c138_error(err, C138_E_CONFLICT, "audit.damaged",
                          "%s: its last record is damaged: chain138ctl audit verify shows where; "
                          "keep the file as evidence",
                          a->path);
    a->seq = c138_json_get_uint(record, "seq", 0);
    (void)snprintf(a->hash, sizeof(a->hash), "%s", c138_json_get_str(record, "hash", ""));
    return C138_OK;
}

static int stored_head(sqlite3 *db, uint64_t *ret_seq, char ret_hash[65]) {
    sqlite3_stmt *q = NULL;
    int found = 0;
    if (sqlite3_prepare_v2(db, "SELECT seq, hash FROM audit_head", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        *ret_seq = (uint64_t)sqlite3_column_int64(q, 0);
        (void)snprintf(ret_hash, 65, "%s", (const char *)sqlite3_column_text(q, 1));
        found = 1;
    }
    sqlite3_finalize(q);
    return found;
}

/* The hash of record `seq`, which is not the last one: looks back from the end. */
static void hash_of(const struct audit *a, uint64_t seq, char ret_hash[65]) {
    ret_hash[0] = '\0';
    for (off_t end = a->synced; end > 0;) {
        off_t begin = line_begin(a->fd, end - 1);
        C138_JSON struct c138_json *record = begin < 0 ? NULL : record_at(a->fd, begin, end - 1);
        uint64_t here = c138_json_get_uint(record, "seq", 0);
        if (!record || here < seq)
            return;
        if (here == seq) {
            (void)snprintf(ret_hash, 65, "%s", c138_json_get_str(record, "hash", ""));
            return;
        }
        end = begin;
    }
}

/* Does the file hold what the store knows? It may hold more: the file is written first. */
static c138_status compare_head(const struct audit *a, uint64_t seq, const char *hash,
                                struct c138_err *err) {
    char there[65];
    if (a->seq < seq)
        return c138_error(err, C138_E_CONFLICT, "audit.cut",
                          "%s ends with record %llu, the store knows record %llu: records were "
                          "taken away; chain138ctl audit verify shows where; keep the file as "
                          "evidence",
                          a->path, (unsigned long long)a->seq, (unsigned long long)seq);
    memcpy(there, a->hash, sizeof(there));
    if (a->seq > seq)
        hash_of(a, seq, there);
    return !strcmp(there, hash)
               ? C138_OK
               : c138_error(err, C138_E_CONFLICT, "audit.rewritten",
                            "%s: record %llu is not the one that the store knows: the file was "
                            "written anew; keep it as evidence",
                            a->path, (unsigned long long)seq);
}

/*
 * Where the chain goes on. After damage that is behind what the store knows: so the gap stays, and
 * verify names it for ever. Without a store that knows, behind what a walk over the file finds.
 */
static void go_on_from(struct audit *a, uint64_t seq, const char *hash) {
    C138_JSON struct c138_json *report = NULL;
    if (!seq && audit_verify(a->path, 0, NULL, &report, NULL) >= 0) {
        const struct c138_json *head = c138_json_get(report, "head");
        seq = c138_json_get_uint(head, "seq", 0);
        hash = c138_json_get_str(head, "hash", "");
    }
    if (seq < a->seq) /* records that the store never knew of keep their numbers */
        seq = a->seq;
    a->seq = seq;
    (void)snprintf(a->hash, sizeof(a->hash), "%s", hash);
}

static void note(struct audit *a, const char *outcome) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "outcome", outcome);
    audit_append(a, "agent", o);
}

c138_status audit_open(const char *path, struct store *store, const char *host_name,
                       struct audit **ret_audit, struct c138_err *err) {
    struct audit *a = c138_xcalloc(1, sizeof(*a));
    int torn = 0;
    a->store = store;
    a->path = c138_xstrdup(path);
    a->host = c138_xstrdup(host_name);
    memset(a->hash, '0', 64);
    a->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    c138_status status = a->fd < 0 ? c138_error(err, C138_E_DENIED, "audit.open",
                                                "%s cannot be opened: %s", path, strerror(errno))
                                   : store_schema(store, "audit", steps, err);
    if (status >= 0)
        status = read_end(a, &torn, err);
    if (status < 0 && status != C138_E_CONFLICT) {
        audit_close(a);
        return status;
    }
    uint64_t seq = 0;
    char hash[65] = "";
    if (stored_head(store_db(store), &seq, hash) && status >= 0)
        status = compare_head(a, seq, hash, err);
    if (status < 0)
        go_on_from(a, seq, hash);
    a->synced_seq = a->seq;
    memcpy(a->synced_hash, a->hash, sizeof(a->hash));
    store_before_commit(store, on_commit, on_ended, a);
    if (torn)
        note(a, "a torn last line was set aside");
    if (status < 0)
        note(a, err ? err->text : "damaged");
    *ret_audit = a;
    return status;
}

struct audit *audit_close(struct audit *a) {
    if (!a)
        return NULL;
    if (a->fd >= 0) {
        (void)store_flush(a->store);
        close(a->fd);
    }
    c138_buf_deinit(&a->waiting);
    free(a->path);
    free(a->host);
    free(a);
    return NULL;
}

c138_status audit_stored_head(const char *store_path, uint64_t *ret_seq, char ret_hash[65],
                              struct c138_err *err) {
    sqlite3 *db = NULL;
    int found = sqlite3_open_v2(store_path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
                stored_head(db, ret_seq, ret_hash);
    (void)sqlite3_close(db);
    return found ? C138_OK
                 : c138_error(err, C138_E_NOTFOUND, "audit.no-head",
                              "%s does not know the newest record", store_path);
}
