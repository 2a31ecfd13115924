#include "pack.h"

#include "seal.h"

#include <base/mem.h>
#include <base/text.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define PIECE (1u << 20)
#define LEVEL 3
#define THREADS_MAX 64u
#define JOBS_BYTES (24u << 20) /* of zstd's jobs together */

struct packer {
    const struct pack_options *o;
    const char *object, *sums_path;
    int fd, sums_fd;
    EVP_MD_CTX *stored, *sums, *file;
    ZSTD_CCtx *zstd;
    struct seal *seal;
    struct archive *tar;
    uint8_t *out, *piece;
    struct c138_buf sums_text;
    uint64_t stored_bytes;
    struct pack_result result;
    c138_status status;
    struct c138_err *err;
};

/* --- From the tar down to the disk ------------------------------------------------------------ */

/* Stored bytes. Called on gpg's thread where there are recipients, else on ours: never on both. */
static c138_status store(void *user, const void *bytes, size_t length, struct c138_err *err) {
    struct packer *p = user;
    EVP_DigestUpdate(p->stored, bytes, length);
    p->stored_bytes += length;
    c138_status status = files_write_all(p->fd, bytes, length);
    return status < 0 ? files_fail(err, "written", p->object) : C138_OK;
}

static c138_status below_zstd(struct packer *p, const void *bytes, size_t length) {
    if (!length)
        return C138_OK;
    return p->seal ? seal_put(p->seal, bytes, length, p->err) : store(p, bytes, length, p->err);
}

static c138_status compress(struct packer *p, const void *bytes, size_t length, int end) {
    ZSTD_inBuffer in = {bytes, length, 0};
    for (size_t left = 1; p->status >= 0 && (in.pos < in.size || (end && left));) {
        ZSTD_outBuffer out = {p->out, PIECE, 0};
        left = ZSTD_compressStream2(p->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        p->status = ZSTD_isError(left) ? c138_error(p->err, C138_E_INTERNAL, "pack.zstd", "zstd: %s",
                                                    ZSTD_getErrorName(left))
                                       : below_zstd(p, p->out, out.pos);
    }
    return p->status;
}

static la_ssize_t on_tar(struct archive *a, void *user, const void *bytes, size_t length) {
    (void)a;
    return compress(user, bytes, length, 0) < 0 ? -1 : (la_ssize_t)length;
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static uint32_t threads_of(const struct pack_options *o) {
    long n = o->threads ? (long)o->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > (long)THREADS_MAX ? THREADS_MAX : (uint32_t)n;
}

static void begin_zstd(struct packer *p) {
    uint32_t threads = threads_of(p->o), job = JOBS_BYTES / (3 * threads + 5);
    p->zstd = ZSTD_createCCtx();
    (void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, p->o->level ? p->o->level : LEVEL);
    (void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
    /* Without threads in the library this fails, and it works on ours. */
    if (!ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_nbWorkers, (int)threads)))
        (void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_jobSize, (int)(job < 524288 ? 524288 : job));
}

static c138_status create_file(const char *path, int *ret_fd, struct c138_err *err) {
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    return *ret_fd < 0 ? files_fail(err, "written", path) : C138_OK;
}

static EVP_MD_CTX *hash_new(void) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!c || !EVP_DigestInit_ex(c, EVP_sha256(), NULL))
        abort();
    return c;
}

static void hash_end(EVP_MD_CTX *c, uint8_t ret[32]) {
    (void)EVP_DigestFinal_ex(c, ret, NULL);
    (void)EVP_DigestInit_ex(c, EVP_sha256(), NULL);
}

static void hash_end_text(EVP_MD_CTX *c, char ret[65]) {
    uint8_t digest[32];
    hash_end(c, digest);
    c138_hex_encode(digest, sizeof(digest), ret);
}

static c138_status begin(struct packer *p) {
    p->stored = hash_new();
    p->sums = hash_new();
    p->file = hash_new();
    p->out = c138_xmalloc(PIECE);
    p->piece = c138_xmalloc(PIECE);
    begin_zstd(p);
    p->status = create_file(p->object, &p->fd, p->err);
    if (p->status >= 0)
        p->status = create_file(p->sums_path, &p->sums_fd, p->err);
    if (p->status >= 0 && p->o->recipients && p->o->recipients[0])
        p->status =
            seal_begin(p->o->gnupg_home, p->o->recipients, store, p, &p->seal, p->err);
    p->tar = archive_write_new();
    (void)archive_write_set_format_pax_restricted(p->tar);
    (void)archive_write_set_bytes_per_block(p->tar, PIECE);
    (void)archive_write_set_bytes_in_last_block(p->tar, 1);
    if (p->status >= 0 && archive_write_open(p->tar, p, NULL, on_tar, NULL) != ARCHIVE_OK)
        p->status = c138_error(p->err, C138_E_INTERNAL, "pack.tar", "tar: %s",
                               archive_error_string(p->tar));
    return p->status;
}

/* What libarchive says, unless it was we who stopped it. */
static c138_status tar_failed(struct packer *p, const char *path) {
    const char *why = archive_error_string(p->tar);
    if (p->status >= 0)
        p->status = c138_error(p->err, C138_E_INTERNAL, "pack.tar", "%s: tar: %s", path,
                               why ? why : "failed");
    return p->status;
}

/* --- One entry -------------------------------------------------------------------------------- */

static c138_status add_sum(struct packer *p, const char *path) {
    uint8_t digest[32];
    hash_end(p->file, digest);
    c138_buf_reset(&p->sums_text);
    pack_sum_format(&p->sums_text, digest, path);
    EVP_DigestUpdate(p->sums, c138_buf_text(&p->sums_text), p->sums_text.length);
    return files_write_all(p->sums_fd, c138_buf_text(&p->sums_text), p->sums_text.length) < 0
               ? files_fail(p->err, "written", p->sums_path)
               : C138_OK;
}

static c138_status add_bytes(struct packer *p, int fd, const char *path, uint64_t length) {
    while (p->status >= 0 && length) {
        ssize_t n = read(fd, p->piece, length < PIECE ? (size_t)length : PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return files_fail(p->err, "read", path);
        if (n == 0)
            return c138_error(p->err, C138_E_CONFLICT, "pack.vanished",
                              "%s became shorter while it was read: what is packed must not change",
                              path);
        EVP_DigestUpdate(p->file, p->piece, (size_t)n);
        if (archive_write_data(p->tar, p->piece, (size_t)n) != n)
            return tar_failed(p, path);
        length -= (uint64_t)n;
        p->result.bytes += (uint64_t)n;
        if (p->o->progress)
            p->o->progress(p->o->user, (uint64_t)n);
        if (p->o->cancelled && p->o->cancelled(p->o->user))
            return c138_error(p->err, C138_E_CANCELLED, "pack.cancelled", "%s: cancelled",
                              p->object);
    }
    return p->status;
}

static c138_status add_file(struct packer *p, int fd, const struct tree_entry *e) {
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    c138_status status = add_bytes(p, fd, e->path, (uint64_t)e->st.st_size);
    if (status < 0)
        return status;
    p->result.files++;
    return add_sum(p, e->path);
}

static c138_status add_header(struct packer *p, const struct tree_entry *e, const char *target) {
    struct archive_entry *a = archive_entry_new();
    archive_entry_copy_stat(a, &e->st);
    archive_entry_set_pathname(a, e->path);
    archive_entry_set_nlink(a, 1); /* links to the node's own files are no links of the archive */
    if (target)
        archive_entry_set_symlink(a, target);
    int result = archive_write_header(p->tar, a);
    archive_entry_free(a);
    return result == ARCHIVE_OK || result == ARCHIVE_WARN ? C138_OK : tar_failed(p, e->path);
}

static c138_status add_entry(struct packer *p, int folder, const struct tree_entry *e) {
    char target[4096] = "";
    if (S_ISDIR(e->st.st_mode))
        return add_header(p, e, NULL);
    if (S_ISLNK(e->st.st_mode)) {
        ssize_t n = readlinkat(folder, e->path, target, sizeof(target) - 1);
        if (n < 0)
            return files_fail(p->err, "read", e->path);
        target[n] = '\0';
        return add_header(p, e, target);
    }
    C138_CLOSE int fd = openat(folder, e->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return files_fail(p->err, "read", e->path);
    c138_status status = add_header(p, e, NULL);
    return status < 0 ? status : add_file(p, fd, e);
}

/* --- The whole -------------------------------------------------------------------------------- */

static c138_status finish(struct packer *p) {
    if (archive_write_close(p->tar) != ARCHIVE_OK)
        return tar_failed(p, p->object);
    c138_status status = compress(p, NULL, 0, 1);
    if (status >= 0 && p->seal) {
        status = seal_end(p->seal, p->err);
        p->seal = NULL;
    }
    if (status >= 0 && (fsync(p->fd) < 0 || fsync(p->sums_fd) < 0))
        status = files_fail(p->err, "written", p->object);
    return status;
}

static void packer_deinit(struct packer *p) {
    p->status = C138_E_CANCELLED; /* closing a tar that failed writes nothing more */
    (void)archive_write_free(p->tar);
    (void)seal_abort(p->seal);
    (void)ZSTD_freeCCtx(p->zstd);
    EVP_MD_CTX_free(p->stored);
    EVP_MD_CTX_free(p->sums);
    EVP_MD_CTX_free(p->file);
    c138_buf_deinit(&p->sums_text);
    free(p->out);
    free(p->piece);
    if (p->fd >= 0)
        (void)close(p->fd);
    if (p->sums_fd >= 0)
        (void)close(p->sums_fd);
}

c138_status pack_write(const struct pack_options *o, const struct tree *tree, const char *object,
                       const char *sums, struct pack_result *ret, struct c138_err *err) {
    struct packer p = {
        .o = o, .object = object, .sums_path = sums, .fd = -1, .sums_fd = -1, .err = err};
    C138_CLOSE int folder = open(tree->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    c138_status status = folder < 0 ? files_fail(err, "opened", tree->folder) : begin(&p);
    for (size_t i = 0; status >= 0 && i < tree->count; i++)
        status = add_entry(&p, folder, &tree->entries[i]);
    if (status >= 0)
        status = finish(&p);
    if (status >= 0) {
        hash_end_text(p.stored, p.result.stored_sha256);
        hash_end_text(p.sums, p.result.sums_sha256);
        p.result.stored_bytes = p.stored_bytes;
        *ret = p.result;
    }
    if (folder >= 0)
        packer_deinit(&p);
    return status;
}
