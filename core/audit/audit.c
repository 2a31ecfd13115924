/*
 * The chain's writer. Form and order: audit/audit.h.
 */
#include <audit/audit_internal.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
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

/* Before each commit: the file first, then the store's head. */
static c138_status on_commit(void *user) {
    struct audit *a = user;
    if (!a->waiting.length)
        return C138_OK;
    c138_status status = write_all(a->fd, a->waiting.data, a->waiting.length);
    if (status >= 0 && fdatasync(a->fd) < 0)
        status = C138_E_INTERNAL;
    if (status < 0)
        return status;
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
 * file. */
static void on_ended(void *user, c138_status status) {
    struct audit *a = user;
    if (status < 0) {
        (void)!ftruncate(a->fd, a->synced);
        a->seq = a->synced_seq;
        memcpy(a->hash, a->synced_hash, sizeof(a->hash));
    } else {
        a->synced += (off_t)a->waiting.length;
        a->synced_seq = a->seq;
        memcpy(a->synced_hash, a->hash, sizeof(a->hash));
    }
    c138_buf_reset(&a->waiting);
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
    audit_record_hash(record, a->hash);
    c138_json_set_str(record, "hash", a->hash);
    C138_FREE char *line = c138_json_canonical(record);
    c138_buf_adds(&a->waiting, line);
    c138_buf_addc(&a->waiting, '\n');
}

uint64_t audit_head(const struct audit *a, char ret_hash[65]) {
    memcpy(ret_hash, a->hash, 65);
    return a->seq;
}

/* --- Opening
 * ------------------------------------------------------------------------------------------------
 */

/* The last line that ends: its record. A half line behind it was never acknowledged: it is set
 * aside. */
static c138_status read_end(struct audit *a, int *ret_torn, struct c138_err *err) {
    struct stat st;
    char piece[65536 + 1];
    *ret_torn = 0;
    if (fstat(a->fd, &st) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "%s: %s", a->path, strerror(errno));
    if (!st.st_size)
        return C138_OK;
    off_t from = st.st_size > 65536 ? st.st_size - 65536 : 0;
    ssize_t n = pread(a->fd, piece, 65536, from);
    if (n <= 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "%s cannot be read: %s", a->path,
                          strerror(errno));
    piece[n] = '\0';
    char *end = memrchr(piece, '\n', (size_t)n);
    size_t torn = end ? (size_t)(piece + n - end - 1) : (size_t)n;
    if (torn) {
        C138_FREE char *aside = c138_xasprintf("%s.torn", a->path);
        (void)c138_file_write(aside, 0600, piece + n - torn, torn, NULL);
        if (ftruncate(a->fd, st.st_size - (off_t)torn) < 0)
            return c138_error(err, C138_E_INTERNAL, NULL, "%s cannot be shortened: %s", a->path,
                              strerror(errno));
        *ret_torn = 1;
    }
    a->synced = st.st_size - (off_t)torn;
    if (!end)
        return C138_OK;
    *end = '\0';
    char *line = memrchr(piece, '\n', (size_t)(end - piece));
    line = line ? line + 1 : piece;
    C138_JSON struct c138_json *record = NULL;
    if (c138_json_parse(line, (size_t)(end - line), &record, NULL) < 0 ||
        !c138_json_get_str(record, "hash", NULL))
        return c138_error(err, C138_E_CONFLICT, "audit.damaged",
                          "%s: its last record is damaged: chain138ctl audit verify shows where",
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

/* Does the file hold what the store knows? It may hold more: the file is written first. Only its
 * end is looked at here. */
static c138_status compare_head(struct audit *a, struct c138_err *err) {
    uint64_t seq = 0;
    char hash[65] = "";
    if (!stored_head(store_db(a->store), &seq, hash))
        return C138_OK;
    if (a->seq < seq || (a->seq == seq && strcmp(a->hash, hash) != 0))
        return c138_error(err, C138_E_CONFLICT, "audit.cut",
                          "%s ends with record %llu, the store knows record %llu: records were "
                          "taken away or changed; "
                          "chain138ctl audit verify shows where; keep the file as evidence",
                          a->path, (unsigned long long)a->seq, (unsigned long long)seq);
    return C138_OK;
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
    if (status >= 0)
        status = compare_head(a, err);
    a->synced_seq = a->seq;
    memcpy(a->synced_hash, a->hash, sizeof(a->hash));
    store_before_commit(store, on_commit, on_ended, a);
    if (torn || status < 0) {
        struct c138_json *note = c138_json_new_object();
        c138_json_set_str(note, "outcome",
                          torn  ? "a torn last line was set aside"
                          : err ? err->text
                                : "damaged");
        audit_append(a, "agent", note);
    }
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
