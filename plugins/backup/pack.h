/*
 * One item of a backup as one object: a tar (pax) through zstd on several threads, through OpenPGP
 * where there are recipients, into a file.
 *
 * What is hashed: each file's plain bytes as they go into the tar, and the stored bytes of the
 * object as they go to disk. The files' hashes are a text of their own, the sums, in the order of the tar, one
 * line each as `sha256sum -c` reads it; so a check reads both side by side, in the same memory
 * whatever the size. The sums begin with nothing and end with the last file: how many lines there
 * must be is in the manifest.
 *
 * Memory: zstd gets jobs of at most PACK_MEMORY / 4 per thread; everything else is pieces of 1 MiB.
 *
 * Reading turns all of it round, and believes nothing: names are checked (files_path_inside), a file
 * that is not in the sums, has another hash or another length ends it, and so does one missing.
 */
#ifndef BACKUP_PACK_H
#define BACKUP_PACK_H
#include "files.h"

#include <base/err.h>

struct pack_options {
    int level;         /* of zstd; 0: 3 */
    uint32_t threads;  /* 0: as many as processors */
    const char *const *recipients; /* key ids or addresses, NULL-terminated; NULL: not encrypted */
    const char *gnupg_home;        /* NULL: gpg's own */
    void (*progress)(void *user, uint64_t plain_bytes); /* since the last call */
    int (*cancelled)(void *user);
    void *user;
};

struct pack_result {
    uint64_t files, bytes, stored_bytes;
    char stored_sha256[65], sums_sha256[65];
};

/* Writes `object` and `sums` (both must not be there), synced. A file that got shorter while it
 * was read is C138_E_CONFLICT "pack.vanished"; one that grew is read to its listed length. */
c138_status pack_write(const struct pack_options *o, const struct tree *tree, const char *object,
                       const char *sums, struct pack_result *ret, struct c138_err *err);

/* Where the stored bytes come from: a file, or an object of a store. */
struct pack_source {
    /* Bytes into `into`; *ret_length 0 at the end. */
    c138_status (*read)(struct pack_source *s, void *into, size_t max, size_t *ret_length,
                        struct c138_err *err);
};

struct unpack_options {
    const char *into;       /* made; NULL: only check */
    const char *sums;       /* file with the sums */
    uint64_t files;         /* that there must be */
    const char *stored_sha256; /* NULL: not known */
    int encrypted;
    const char *gnupg_home;
    void (*progress)(void *user, uint64_t plain_bytes);
    int (*cancelled)(void *user);
    void *user;
};

struct unpack_result {
    uint64_t files, bytes, stored_bytes;
};

/* C138_E_CONFLICT "pack.damaged": what is wrong, and in which file. `into` is left as far as it
 * came. */
c138_status pack_read(const struct unpack_options *o, struct pack_source *source,
                      struct unpack_result *ret, struct c138_err *err);

/* A file as a source. */
struct pack_file {
    struct pack_source source; /* first */
    int fd;
    const char *path;
};
c138_status pack_file_open(struct pack_file *f, const char *path, struct c138_err *err);
void pack_file_close(struct pack_file *f);

/* One line of sums: "<64 hex>  <path>\n", a path with a newline or backslash escaped as sha256sum
 * does it. Pure. */
void pack_sum_format(struct c138_buf *out, const uint8_t digest[32], const char *path);
/* `line` without its newline; the caller frees *ret_path. */
c138_status pack_sum_parse(const char *line, size_t length, uint8_t ret_digest[32],
                           char **ret_path);
#endif
