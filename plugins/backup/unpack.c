/* The way back of pack.c: every byte is checked against the sums before the next file begins. */
#include "pack.h"

#include "seal.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <zstd.h>

#define PIECE (1u << 20)
#define LINE_MAX_BYTES 16384

struct unpacker {
    const struct unpack_options *o;
    struct pack_source *source;
    int folder;
    FILE *sums;
    EVP_MD_CTX *stored, *file;
    struct opener *opener;
    ZSTD_DCtx *zstd;
    struct archive *tar;
    uint8_t *in_bytes, *out_bytes;
    ZSTD_inBuffer in;
    size_t frame_left; /* what zstd still expects: 0 at the end of a whole frame */
    int source_ended;
    struct unpack_result result;
    c138_status status;
    struct c138_err *err;
};

static c138_status damaged(struct unpacker *u, const char *what, const char *path) {
    u->status = c138_error(u->err, C138_E_CONFLICT, "pack.damaged",
                           "%s%s%s: this backup is damaged, use another one", path ? path : "",
                           path ? ": " : "", what);
    return u->status;
}

/* --- From the source up to the tar ------------------------------------------------------------ */

static c138_status fetch(void *user, void *into, size_t max, size_t *ret_length,
                         struct c138_err *err) {
    struct unpacker *u = user;
    c138_status status = u->source->read(u->source, into, max, ret_length, err);
    if (status >= 0 && *ret_length) {
        EVP_DigestUpdate(u->stored, into, *ret_length);
        u->result.stored_bytes += *ret_length;
    }
    return status;
}

static c138_status refill(struct unpacker *u) {
    size_t length = 0;
    u->status = u->opener ? opener_read(u->opener, u->in_bytes, PIECE, &length, u->err)
                          : fetch(u, u->in_bytes, PIECE, &length, u->err);
    u->in = (ZSTD_inBuffer){u->in_bytes, length, 0};
    u->source_ended = length == 0;
    return u->status;
}

static la_ssize_t on_read(struct archive *a, void *user, const void **ret_bytes) {
    struct unpacker *u = user;
    ZSTD_outBuffer out = {u->out_bytes, PIECE, 0};
    (void)a;
    while (u->status >= 0 && out.pos == 0) {
        if (u->in.pos == u->in.size && !u->source_ended && refill(u) < 0)
            break;
        if (u->source_ended) {
            if (u->frame_left)
                (void)damaged(u, "it ends too early", NULL);
            break;
        }
        u->frame_left = ZSTD_decompressStream(u->zstd, &out, &u->in);
        if (ZSTD_isError(u->frame_left))
            (void)damaged(u, ZSTD_getErrorName(u->frame_left), NULL);
    }
    *ret_bytes = u->out_bytes;
    if (u->status >= 0)
        return (la_ssize_t)out.pos;
    archive_set_error(u->tar, EIO, "stopped");
    return -1;
}

/* --- Sums ------------------------------------------------------------------------------------- */

static c138_status next_sum(struct unpacker *u, const char *path, uint8_t ret_digest[32]) {
    char line[LINE_MAX_BYTES];
    C138_FREE char *named = NULL;
    if (!fgets(line, sizeof(line), u->sums))
        return damaged(u, "the list of hashes does not have it", path);
    size_t n = strlen(line);
    if (!n || line[n - 1] != '\n' || pack_sum_parse(line, n - 1, ret_digest, &named) < 0)
        return damaged(u, "the list of hashes cannot be read", path);
    return strcmp(named, path) ? damaged(u, "the list of hashes has another file here", path)
                               : C138_OK;
}

/* --- One entry -------------------------------------------------------------------------------- */

static c138_status write_piece(struct unpacker *u, int fd, const void *bytes, size_t length,
                               const char *path) {
    if (fd >= 0 && files_write_all(fd, bytes, length) < 0)
        return u->status = files_fail(u->err, "written", path);
    EVP_DigestUpdate(u->file, bytes, length);
    u->result.bytes += length;
    if (u->o->progress)
        u->o->progress(u->o->user, length);
    if (u->o->cancelled && u->o->cancelled(u->o->user))
        u->status = c138_error(u->err, C138_E_CANCELLED, "pack.cancelled", "%s: cancelled", path);
    return u->status;
}

static c138_status tar_failed(struct unpacker *u, const char *path) {
    return u->status < 0 ? u->status : damaged(u, archive_error_string(u->tar), path);
}

static c138_status read_file(struct unpacker *u, int fd, const char *path, int64_t size) {
    uint8_t want[32], got[32];
    const void *bytes = NULL;
    size_t length = 0;
    la_int64_t offset = 0, at = 0;
    int result;
    while ((result = archive_read_data_block(u->tar, &bytes, &length, &offset)) == ARCHIVE_OK) {
        if (offset != at)
            return damaged(u, "it has a hole", path);
        if (write_piece(u, fd, bytes, length, path) < 0)
            return u->status;
        at += (la_int64_t)length;
    }
    if (result != ARCHIVE_EOF)
        return tar_failed(u, path);
    if (at != size)
        return damaged(u, "it is shorter than its entry says", path);
    (void)EVP_DigestFinal_ex(u->file, got, NULL);
    (void)EVP_DigestInit_ex(u->file, EVP_sha256(), NULL);
    if (next_sum(u, path, want) < 0)
        return u->status;
    u->result.files++;
    return memcmp(want, got, sizeof(got)) ? damaged(u, "its bytes have another hash", path)
                                          : C138_OK;
}

static c138_status make_parents(struct unpacker *u, const char *path) {
    C138_FREE char *copy = c138_xstrdup(path);
    for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdirat(u->folder, copy, 0750) < 0 && errno != EEXIST)
            return u->status = files_fail(u->err, "made", copy);
        *p = '/';
    }
    return C138_OK;
}

/* A name that was made as a link by the archive itself leads nowhere: each part is opened without
 * following. */
static int parent_is_plain(const struct unpacker *u, const char *path) {
    C138_FREE char *copy = c138_xstrdup(path);
    struct stat st;
    for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (fstatat(u->folder, copy, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
            return 0;
        *p = '/';
    }
    return 1;
}

/* Owner where we may (root restores), mode and time always. */
static void dress(int fd, struct archive_entry *e) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = archive_entry_mtime(e),
                                 .tv_nsec = archive_entry_mtime_nsec(e)}};
    if (geteuid() == 0 &&
        fchown(fd, (uid_t)archive_entry_uid(e), (gid_t)archive_entry_gid(e)) < 0)
        errno = 0; /* a file system without owners */
    (void)fchmod(fd, archive_entry_perm(e) & 0777);
    (void)futimens(fd, times);
}

static c138_status unpack_file(struct unpacker *u, struct archive_entry *e, const char *path) {
    C138_CLOSE int fd = -1;
    if (u->folder >= 0) {
        if (!parent_is_plain(u, path))
            return damaged(u, "it lies below a link", path);
        if (make_parents(u, path) < 0)
            return u->status;
        fd = openat(u->folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return u->status = files_fail(u->err, "written", path);
    }
    if (read_file(u, fd, path, archive_entry_size(e)) < 0)
        return u->status;
    if (fd >= 0)
        dress(fd, e);
    return C138_OK;
}

static c138_status unpack_folder(struct unpacker *u, struct archive_entry *e, const char *path) {
    if (u->folder < 0)
        return C138_OK;
    if (!parent_is_plain(u, path))
        return damaged(u, "it lies below a link", path);
    if (make_parents(u, path) < 0)
        return u->status;
    if (mkdirat(u->folder, path, 0750) < 0 && errno != EEXIST)
        return u->status = files_fail(u->err, "made", path);
    C138_CLOSE int fd = openat(u->folder, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        dress(fd, e);
    return C138_OK;
}

static c138_status unpack_link(struct unpacker *u, struct archive_entry *e, const char *path) {
    const char *target = archive_entry_symlink(e);
    if (!target)
        return damaged(u, "a link without a target", path);
    if (u->folder < 0)
        return C138_OK;
    if (!parent_is_plain(u, path))
        return damaged(u, "it lies below a link", path);
    if (make_parents(u, path) < 0)
        return u->status;
    if (symlinkat(target, u->folder, path) < 0)
        return u->status = files_fail(u->err, "made", path);
    return C138_OK;
}

static c138_status unpack_entry(struct unpacker *u, struct archive_entry *e) {
    C138_FREE char *path = c138_xstrdup(archive_entry_pathname(e));
    if (!path)
        return damaged(u, "an entry without a name", NULL);
    size_t n = strlen(path);
    while (n && path[n - 1] == '/')
        path[--n] = '\0';
    if (!files_path_inside(path))
        return damaged(u, "a name that leads out of its folder", path);
    switch (archive_entry_filetype(e)) {
    case AE_IFREG:
        return archive_entry_hardlink(e) ? damaged(u, "a hard link", path)
                                         : unpack_file(u, e, path);
    case AE_IFDIR:
        return unpack_folder(u, e, path);
    case AE_IFLNK:
        return unpack_link(u, e, path);
    default:
        return damaged(u, "neither file, folder nor link", path);
    }
}

/* --- The whole -------------------------------------------------------------------------------- */

static c138_status begin(struct unpacker *u) {
    u->stored = EVP_MD_CTX_new();
    u->file = EVP_MD_CTX_new();
    if (!EVP_DigestInit_ex(u->stored, EVP_sha256(), NULL) ||
        !EVP_DigestInit_ex(u->file, EVP_sha256(), NULL))
        abort();
    u->in_bytes = c138_xmalloc(PIECE);
    u->out_bytes = c138_xmalloc(PIECE);
    u->zstd = ZSTD_createDCtx();
    (void)ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, 25); /* 32 MiB, whoever wrote it */
    u->tar = archive_read_new();
    (void)archive_read_support_format_tar(u->tar);
    u->sums = fopen(u->o->sums, "re");
    if (!u->sums)
        return u->status = files_fail(u->err, "read", u->o->sums);
    if (u->o->into) {
        u->status = c138_mkdir_p(u->o->into, 0750, u->err);
        u->folder = u->status < 0 ? -1 : open(u->o->into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (u->status >= 0 && u->folder < 0)
            u->status = files_fail(u->err, "opened", u->o->into);
    }
    if (u->status >= 0 && u->o->encrypted)
        u->status = opener_begin(u->o->gnupg_home, fetch, u, &u->opener, u->err);
    if (u->status >= 0 && archive_read_open(u->tar, u, NULL, on_read, NULL) != ARCHIVE_OK)
        (void)tar_failed(u, NULL);
    return u->status;
}

/* Behind the tar's end: what is left of the stored bytes, so that their hash is of all of them. */
static c138_status drain(struct unpacker *u) {
    const void *bytes = NULL;
    while (u->status >= 0 && on_read(u->tar, u, &bytes) > 0)
        ;
    return u->status;
}

static c138_status finish(struct unpacker *u) {
    uint8_t digest[32];
    char text[65];
    if (drain(u) < 0)
        return u->status;
    (void)EVP_DigestFinal_ex(u->stored, digest, NULL);
    c138_hex_encode(digest, sizeof(digest), text);
    if (u->o->stored_sha256 && strcmp(text, u->o->stored_sha256))
        return damaged(u, "its stored bytes have another hash", NULL);
    if (u->result.files != u->o->files || fgetc(u->sums) != EOF)
        return damaged(u, "it does not hold as many files as it should", NULL);
    return C138_OK;
}

static void unpacker_deinit(struct unpacker *u) {
    if (u->opener)
        (void)opener_end(u->opener, u->status < 0 ? NULL : u->err);
    (void)archive_read_free(u->tar);
    (void)ZSTD_freeDCtx(u->zstd);
    EVP_MD_CTX_free(u->stored);
    EVP_MD_CTX_free(u->file);
    if (u->sums)
        (void)fclose(u->sums);
    if (u->folder >= 0)
        (void)close(u->folder);
    free(u->in_bytes);
    free(u->out_bytes);
}

c138_status pack_read(const struct unpack_options *o, struct pack_source *source,
                      struct unpack_result *ret, struct c138_err *err) {
    struct unpacker u = {.o = o, .source = source, .folder = -1, .err = err};
    struct archive_entry *e = NULL;
    int result = ARCHIVE_EOF;
    (void)begin(&u);
    while (u.status >= 0 && (result = archive_read_next_header(u.tar, &e)) == ARCHIVE_OK)
        if (unpack_entry(&u, e) < 0)
            break;
    if (u.status >= 0 && result != ARCHIVE_EOF)
        (void)tar_failed(&u, NULL);
    if (u.status >= 0)
        (void)finish(&u);
    if (u.status >= 0)
        *ret = u.result;
    unpacker_deinit(&u);
    return u.status;
}

/* --- A file as a source ----------------------------------------------------------------------- */

static c138_status read_from_file(struct pack_source *s, void *into, size_t max,
                                  size_t *ret_length, struct c138_err *err) {
    struct pack_file *f = (struct pack_file *)s;
    ssize_t n;
    do
        n = read(f->fd, into, max);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return files_fail(err, "read", f->path);
    *ret_length = (size_t)n;
    return C138_OK;
}

c138_status pack_file_open(struct pack_file *f, const char *path, struct c138_err *err) {
    *f = (struct pack_file){.source = {.read = read_from_file}, .path = path};
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (f->fd < 0)
        return files_fail(err, "read", path);
    (void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return C138_OK;
}

void pack_file_close(struct pack_file *f) {
    if (f->fd >= 0)
        (void)close(f->fd);
    f->fd = -1;
}
