/*
 * Closed log files become .zst, are read back and compared, and only then go away.
 */
#include "files.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#define LEVEL 10

/* --- One file -------------------------------------------------------------------------------- */

struct packer {
    ZSTD_CStream *out;
    ZSTD_DStream *in;
    char *plain, *packed; /* one piece each */
    crypto_hash_sha256_state hash;
};

static void packer_deinit(struct packer *p) {
    (void)ZSTD_freeCStream(p->out);
    (void)ZSTD_freeDStream(p->in);
    free(p->plain);
    free(p->packed);
}

static c138_status io(const char *what, const char *path, struct c138_err *err) {
    return c138_error(err, errno == ENOSPC ? C138_E_LIMIT : C138_E_INTERNAL, "stack.archive",
                      "%s %s: %s", what, path, strerror(errno));
}

static int write_all(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return 0;
        bytes += n;
        length -= (size_t)n;
    }
    return 1;
}

static c138_status pack(struct packer *p, int from, int to, const char *name, uint64_t *ret_bytes,
                        uint64_t *ret_packed, struct c138_err *err) {
    size_t left = 1;
    for (int last = 0; !last || left;) {
        ssize_t n = last ? 0 : read(from, p->plain, ZSTD_CStreamInSize());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io("reading", name, err);
        last |= n == 0;
        *ret_bytes += (uint64_t)n;
        (void)crypto_hash_sha256_update(&p->hash, (const uint8_t *)p->plain, (uint64_t)n);
        ZSTD_inBuffer in = {p->plain, (size_t)n, 0};
        do {
            ZSTD_outBuffer out = {p->packed, ZSTD_CStreamOutSize(), 0};
            left = ZSTD_compressStream2(p->out, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(left))
                return c138_error(err, C138_E_INTERNAL, "stack.archive", "%s: zstd: %s", name,
                                  ZSTD_getErrorName(left));
            if (!write_all(to, p->packed, out.pos))
                return io("writing the archive of", name, err);
            *ret_packed += out.pos;
        } while (in.pos < in.size);
    }
    return fsync(to) == 0 ? C138_OK : io("syncing the archive of", name, err);
}

/* What the disk gives back, hashed; the frame's own checksum is looked at by zstd. */
static c138_status unpack(struct packer *p, int fd, const char *name, uint8_t ret_digest[32],
                          struct c138_err *err) {
    crypto_hash_sha256_state hash;
    size_t left = 1;
    (void)crypto_hash_sha256_init(&hash);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    for (;;) {
        ssize_t n = read(fd, p->packed, ZSTD_DStreamInSize());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io("reading the archive of", name, err);
        if (n == 0)
            break;
        ZSTD_inBuffer in = {p->packed, (size_t)n, 0};
        while (in.pos < in.size) {
            ZSTD_outBuffer out = {p->plain, ZSTD_DStreamOutSize(), 0};
            left = ZSTD_decompressStream(p->in, &out, &in);
            if (ZSTD_isError(left))
                return c138_error(err, C138_E_INTERNAL, "stack.archive",
                                  "the archive of %s does not read back: %s", name,
                                  ZSTD_getErrorName(left));
            (void)crypto_hash_sha256_update(&hash, (const uint8_t *)p->plain, out.pos);
        }
    }
    if (left != 0)
        return c138_error(err, C138_E_INTERNAL, "stack.archive", "the archive of %s ends too early",
                          name);
    (void)crypto_hash_sha256_final(&hash, ret_digest);
    return C138_OK;
}

static c138_status pack_into(const char *from, const char *beside, uint64_t *ret_bytes,
                             uint64_t *ret_packed, char ret_sha256[65], struct c138_err *err) {
    C138_CLEANUP(packer_deinit)
    struct packer p = {.out = ZSTD_createCStream(), .in = ZSTD_createDStream()};
    uint8_t digest[32], again[32];
    p.plain = c138_xmalloc(ZSTD_CStreamInSize() + ZSTD_DStreamOutSize());
    p.packed = c138_xmalloc(ZSTD_CStreamOutSize() + ZSTD_DStreamInSize());
    if (!p.out || !p.in)
        return c138_error(err, C138_E_INTERNAL, NULL, "no memory for zstd");
    (void)ZSTD_CCtx_setParameter(p.out, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(p.out, ZSTD_c_checksumFlag, 1);
    (void)crypto_hash_sha256_init(&p.hash);
    C138_CLOSE int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return io("opening", from, err);
    C138_CLOSE int out = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (out < 0)
        return io("making", beside, err);
    c138_status status = pack(&p, in, out, from, ret_bytes, ret_packed, err);
    if (status < 0)
        return status;
    (void)crypto_hash_sha256_final(&p.hash, digest);
    if (lseek(out, 0, SEEK_SET) != 0)
        return io("reading", beside, err);
    status = unpack(&p, out, from, again, err);
    if (status >= 0 && memcmp(digest, again, sizeof(digest)) != 0)
        status =
            c138_error(err, C138_E_INTERNAL, "stack.archive",
                       "the archive of %s is not what was in the file: is the disk sound?", from);
    c138_hex_encode(digest, sizeof(digest), ret_sha256);
    return status;
}

c138_status files_pack(const char *from, const char *to, uint64_t *ret_bytes, uint64_t *ret_packed,
                       char ret_sha256[65], struct c138_err *err) {
    C138_FREE char *beside = c138_xasprintf("%s.new", to);
    *ret_bytes = *ret_packed = 0;
    c138_status status = pack_into(from, beside, ret_bytes, ret_packed, ret_sha256, err);
    if (status >= 0 && rename(beside, to) != 0)
        status = io("naming", to, err);
    if (status < 0)
        (void)unlink(beside);
    return status;
}

/* --- All of them ----------------------------------------------------------------------------- */

struct archiving {
    struct stack *s;
    c138_call *call;
    int64_t now_ns;
    size_t archived, pruned;
    uint64_t bytes, packed;
};

static char *folder_of(const struct archiving *a, const struct log_folder *l) {
    return a->s->settings.archive_dir ? c138_xasprintf("%s/%s", a->s->settings.archive_dir,
                                                       l->service ? l->service : "logs")
                                      : c138_path_join(l->folder, "archive");
}

static int64_t changed_ns(const struct stat *st) {
    return (int64_t)st->st_mtim.tv_sec * C138_NS_PER_S + st->st_mtim.tv_nsec;
}

static void show(const struct archiving *a, const char *path, const char *to, uint64_t bytes,
                 uint64_t packed, const char *sha256) {
    c138_open_object(a->call, NULL);
    c138_set_str(a->call, "file", path);
    c138_set_str(a->call, "archive", to);
    c138_set_uint(a->call, "bytes", bytes);
    if (*sha256) {
        c138_set_uint(a->call, "archive_bytes", packed);
        c138_set_str(a->call, "sha256", sha256);
    }
    c138_close(a->call);
}

static c138_status archive(void *user, const struct log_folder *l, const char *path,
                           const struct stat *st, struct c138_err *err) {
    struct archiving *a = user;
    char sha256[65] = "";
    uint64_t bytes = 0, packed = 0;
    struct stat after;
    if (a->now_ns - changed_ns(st) < l->closed_ns)
        return C138_OK;
    C138_FREE char *folder = folder_of(a, l);
    C138_FREE char *to = c138_xasprintf("%s/%s.zst", folder, strrchr(path, '/') + 1);
    if (a->call->dry_run) {
        show(a, path, to, (uint64_t)st->st_size, 0, sha256);
        return C138_OK;
    }
    c138_status status = c138_mkdir_p(folder, 0750, err);
    if (status >= 0)
        status = files_pack(path, to, &bytes, &packed, sha256, err);
    if (status < 0)
        return status;
    /* Somebody still wrote to it: it stays, and the archive of a part of it goes. */
    if (lstat(path, &after) != 0 || (uint64_t)after.st_size != bytes ||
        changed_ns(&after) != changed_ns(st)) {
        (void)unlink(to);
        return C138_OK;
    }
    if (unlink(path) != 0)
        return io("removing", path, err);
    show(a, path, to, bytes, packed, sha256);
    a->archived++;
    a->bytes += bytes;
    a->packed += packed;
    return C138_OK;
}

static c138_status prune(void *user, const struct log_folder *l, const char *path,
                         const struct stat *st, struct c138_err *err) {
    struct archiving *a = user;
    if (l->keep_ns == 0 || a->now_ns - changed_ns(st) < l->keep_ns || a->call->dry_run)
        return C138_OK;
    if (unlink(path) != 0)
        return io("removing", path, err);
    a->pruned++;
    return C138_OK;
}

static c138_status prune_folder(struct archiving *a, const struct log_folder *l,
                                struct c138_err *err) {
    C138_FREE char *folder = folder_of(a, l);
    struct log_folder old = *l;
    old.folder = folder;
    old.pattern = (char *)(uintptr_t) "*.zst";
    c138_status status = files_each(&old, 0, prune, a, err);
    return status == C138_E_NOTFOUND ? C138_OK : status;
}

c138_status stack_archive_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    struct archiving a = {.s = s, .call = call, .now_ns = s->host->now_ns(s->host, C138_CLOCK_UTC)};
    c138_status status = C138_OK;
    if (s->settings.n_logs == 0)
        return c138_fail(call, C138_E_INVALID, "stack.no-logs",
                         "no log files are named: set logs in the plugin's section");
    c138_open_list(call, "files");
    for (size_t i = 0; status >= 0 && i < s->settings.n_logs; i++)
        status = files_each(&s->settings.logs[i], 1, archive, &a, &err);
    for (size_t i = 0; status >= 0 && i < s->settings.n_logs; i++)
        status = prune_folder(&a, &s->settings.logs[i], &err);
    c138_close(call);
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_set_uint(call, "archived", a.archived);
    c138_set_uint(call, "bytes", a.bytes);
    c138_set_uint(call, "archive_bytes", a.packed);
    c138_set_uint(call, "removed", a.pruned);
    return C138_OK;
}
