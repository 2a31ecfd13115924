/*
 * S3, as much of it as backups need, signed by net/sigv4.h.
 *
 * Requests are repeated when the server or the way to it failed (5xx, SlowDown, RequestTimeout, no
 * connection), with growing waits; everything else is an answer. Bodies carry their MD5 and SHA-256, so that
 * what arrives is what was sent. CompleteMultipartUpload answers 200 and may still be an error in its
 * body: it is read.
 */
#ifndef BACKUP_S3_H
#define BACKUP_S3_H
#include <base/buf.h>
#include <base/err.h>
#include <net/http.h>
#include <net/sigv4.h>

struct s3_options {
    const char *url, *bucket, *region, *access_key, *secret_key, *ca_file; /* borrowed */
    uint64_t part_bytes;
    const char *lock_mode; /* with lock_ns */
    int64_t lock_ns;       /* 0: no object lock */
    int (*cancelled)(void *user);
    void (*progress)(void *user, uint64_t bytes);
    void *user;
    uint32_t tries;        /* 0: 8 */
    int64_t backoff_ns;    /* 0: 250 ms, doubled to 20 s */
};

struct s3;
c138_status s3_new(const struct s3_options *o, struct s3 **ret, struct c138_err *err);
struct s3 *s3_free(struct s3 *s);
/* Progress and cancelling go to somebody else from now on. */
void s3_watch(struct s3 *s, int (*cancelled)(void *user), void (*progress)(void *user, uint64_t),
              void *user);

/* A file as the object `key`. Larger than a part: in parts, whose state is kept in the file `state`
 * (lines), from which another process goes on. An object that was put wholly according to `state` is not
 * put again. */
c138_status s3_put_file(struct s3 *s, const char *key, const char *path, const char *state,
                        struct c138_err *err);
/* A range, or what is left of it. *ret_total: the object's size. */
c138_status s3_get(struct s3 *s, const char *key, uint64_t offset, uint64_t length,
                   struct c138_buf *out, struct c138_err *err);
/* Each key below the prefix. */
c138_status s3_list(struct s3 *s, const char *prefix,
                    void (*on_key)(void *user, const char *key, uint64_t size), void *user,
                    struct c138_err *err);
c138_status s3_delete(struct s3 *s, const char *key, struct c138_err *err);
c138_status s3_size(struct s3 *s, const char *key, uint64_t *ret, struct c138_err *err);

/* The text of the next element <tag> at or behind *at, entities resolved, into `out`; *at goes behind
 * it. 0: there is none. For answers of S3, which are flat; pure. */
int s3_xml_next(const char *xml, size_t length, size_t *at, const char *tag, struct c138_buf *out);
/* Bytes of a part for a file of that size: at most 9,000 parts (10,000 are allowed). Pure. */
uint64_t s3_part_bytes(uint64_t configured, uint64_t size);
#endif
