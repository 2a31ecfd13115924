/*
 * Reading the chain: show and verify. Line by line: memory does not grow with the file.
 */
#include <audit/audit_internal.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROBLEMS_MAX 100

struct reader {
    FILE *file;
    char *line;              /* of AUDIT_RECORD_MAX + 1 bytes: what is longer is no record */
    size_t length;           /* of the whole line in the file */
    uint64_t number, offset; /* of the line: from 1, bytes from 0 */
};

static c138_status reader_open(struct reader *r, const char *path, struct c138_err *err) {
    *r = (struct reader){.file = fopen(path, "re")};
    if (!r->file)
        return c138_error(err, errno == ENOENT ? C138_E_NOTFOUND : C138_E_DENIED,
                          "audit.unreadable", "%s cannot be read: %s", path, strerror(errno));
    r->line = c138_xmalloc(AUDIT_RECORD_MAX + 1);
    return C138_OK;
}

static void reader_close(struct reader *r) {
    if (r->file)
        fclose(r->file);
    free(r->line);
}

/* 1: a line (without its newline; *ret_whole says whether it had one), 0: the end. */
static int reader_next(struct reader *r, int *ret_whole) {
    r->offset += r->number ? r->length + 1 : 0;
    int c;
    for (r->length = 0; (c = getc_unlocked(r->file)) != EOF && c != '\n'; r->length++)
        if (r->length < AUDIT_RECORD_MAX)
            r->line[r->length] = (char)c;
    r->line[r->length < AUDIT_RECORD_MAX ? r->length : AUDIT_RECORD_MAX] = '\0';
    *ret_whole = c == '\n';
    if (!*ret_whole && !r->length)
        return 0;
    r->number++;
    return 1;
}

/* --- Show ------------------------------------------------------------------------------------ */

static int same_or_any(const char *wanted, const struct c138_json *record, const char *member) {
    return !wanted || c138_streq(wanted, c138_json_get_str(record, member, NULL));
}

static int wanted(const struct audit_filter *f, const struct c138_json *record) {
    int64_t time = 0;
    (void)c138_time_parse(c138_json_get_str(record, "time", ""), &time);
    return (!f->since_ns || time >= f->since_ns) && (!f->until_ns || time <= f->until_ns) &&
           same_or_any(f->principal, record, "principal") &&
           same_or_any(f->action, record, "action") && same_or_any(f->job, record, "job");
}

c138_status audit_show(const char *path, const struct audit_filter *filter, struct c138_json **ret,
                       struct c138_err *err) {
    struct reader r;
    size_t limit = filter->limit ? (size_t)filter->limit : 100, count = 0;
    int whole = 0;
    c138_status status = reader_open(&r, path, err);
    if (status < 0)
        return status;
    limit = limit > 100000 ? 100000 : limit;
    struct c138_json **ring = c138_xcalloc(limit, sizeof(*ring));
    while (reader_next(&r, &whole)) {
        C138_JSON struct c138_json *record = NULL;
        if (r.length > AUDIT_RECORD_MAX || c138_json_parse(r.line, r.length, &record, NULL) < 0 ||
            !wanted(filter, record))
            continue;
        c138_json_unref(ring[count % limit]);
        ring[count++ % limit] = C138_STEAL(record);
    }
    struct c138_json *records = c138_json_new_array();
    size_t n = count < limit ? count : limit;
    for (size_t i = 0; i < n; i++)
        c138_json_append(records, ring[(count - n + i) % limit]);
    free(ring);
    reader_close(&r);
    *ret = c138_json_new_object();
    c138_json_set(*ret, "records", records);
    return C138_OK;
}

/* --- Verify ---------------------------------------------------------------------------------- */

struct verify {
    struct reader r;
    struct c138_json *problems;
    uint64_t records, seq;
    char prev[65];
    int shaken; /* the last line was damaged: what the next one should follow is not known */
};

static void problem(struct verify *v, uint64_t seq, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void problem(struct verify *v, uint64_t seq, const char *fmt, ...) {
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (c138_json_count(v->problems) >= PROBLEMS_MAX)
        return;
    struct c138_json *o = c138_json_new_object();
    c138_json_set_uint(o, "line", v->r.number);
    c138_json_set_uint(o, "seq", seq);
    c138_json_set_uint(o, "byte_offset", v->r.offset);
    c138_json_set_str(o, "what", what);
    c138_json_append(v->problems, o);
}

/* The line is a record, in its one canonical form, with its right hash. */
static struct c138_json *read_record(struct verify *v, int whole) {
    struct c138_json *record = NULL;
    struct c138_err err = {0};
    char hash[65];
    if (v->r.length > AUDIT_RECORD_MAX) {
        problem(v, v->seq + 1, "not a record: %zu bytes", v->r.length);
        return NULL;
    }
    if (c138_json_parse(v->r.line, v->r.length, &record, &err) < 0 ||
        c138_json_type(record) != C138_JSON_OBJECT) {
        problem(v, v->seq + 1, "not a record: %s", err.text[0] ? err.text : "no JSON object");
        return c138_json_unref(record);
    }
    C138_FREE char *canonical = c138_json_canonical(record);
    audit_record_hash(record, hash);
    if (!whole)
        problem(v, c138_json_get_uint(record, "seq", 0), "the line does not end: it was cut");
    else if (strlen(v->r.line) != v->r.length || strcmp(canonical, v->r.line) != 0)
        problem(v, c138_json_get_uint(record, "seq", 0),
                "the record is not in the form in which it was written: it was changed");
    else if (!c138_streq(hash, c138_json_get_str(record, "hash", "")))
        problem(v, c138_json_get_uint(record, "seq", 0), "its hash does not fit: it was changed");
    else
        return record;
    return c138_json_unref(record);
}

static void check_line(struct verify *v, int whole) {
    C138_JSON struct c138_json *record = read_record(v, whole);
    v->records++;
    if (!record) {
        v->seq++;
        v->shaken = 1;
        return;
    }
    uint64_t seq = c138_json_get_uint(record, "seq", 0);
    if (seq != v->seq + 1)
        problem(v, seq, "record %" PRIu64 " follows record %" PRIu64 ": %s", seq, v->seq,
                seq > v->seq ? "records were taken away before it"
                             : "records were repeated or swapped");
    else if (!v->shaken && !c138_streq(c138_json_get_str(record, "prev", ""), v->prev))
        problem(v, seq, "it does not follow the record before it: one of the two was replaced");
    v->seq = seq;
    v->shaken = 0;
    (void)snprintf(v->prev, sizeof(v->prev), "%s", c138_json_get_str(record, "hash", ""));
}

/* What the store knows must be in the file. The store may be behind by what was just being
 * committed. */
static void check_head(struct verify *v, uint64_t head_seq, const char *head_hash,
                       const char *hash_there) {
    if (!head_seq || !head_hash)
        return;
    v->r.number++;
    if (v->seq < head_seq)
        problem(v, head_seq,
                "the store knows record %" PRIu64 ", the file ends with %" PRIu64
                ": its end was cut off",
                head_seq, v->seq);
    else if (*hash_there && strcmp(hash_there, head_hash) != 0)
        problem(v, head_seq,
                "record %" PRIu64 " is not the one that the store knows: the file was written anew",
                head_seq);
    v->r.number--;
}

c138_status audit_verify(const char *path, uint64_t head_seq, const char *head_hash,
                         struct c138_json **ret, struct c138_err *err) {
    struct verify v = {0};
    char there[65] = "";
    int whole = 0;
    c138_status status = reader_open(&v.r, path, err);
    if (status < 0)
        return status;
    v.problems = c138_json_new_array();
    memset(v.prev, '0', 64);
    while (reader_next(&v.r, &whole)) {
        check_line(&v, whole);
        if (v.seq == head_seq && !v.shaken)
            memcpy(there, v.prev, sizeof(there));
    }
    check_head(&v, head_seq, head_hash, there);
    struct c138_json *head = c138_json_new_object();
    c138_json_set_uint(head, "seq", v.seq);
    c138_json_set_str(head, "hash", v.prev);
    *ret = c138_json_new_object();
    c138_json_set_bool(*ret, "ok", c138_json_count(v.problems) == 0);
    c138_json_set_uint(*ret, "records", v.records);
    c138_json_set(*ret, "head", head);
    c138_json_set(*ret, "problems", v.problems);
    reader_close(&v.r);
    return C138_OK;
}
