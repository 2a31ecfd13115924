#include "files.h"

#include <base/fs.h>
#include <base/mem.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DEPTH_MAX 64

static c138_status class_of(int e) {
    switch (e) {
    case ENOENT:
    case ENOTDIR:
        return C138_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return C138_E_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return C138_E_LIMIT;
    case EEXIST:
    case ENOTEMPTY:
        return C138_E_CONFLICT;
    default:
        return C138_E_INTERNAL;
    }
}

c138_status files_fail(struct c138_err *err, const char *what, const char *path) {
    int e = errno;
    return c138_error(err, class_of(e), NULL, "%s cannot be %s: %s%s", path, what, strerror(e),
                      e == ENOSPC || e == EDQUOT ? ": make room there" : "");
}

/* --- Listing ---------------------------------------------------------------------------------- */

/* Our own place beside a node's data is no part of the data. */
static int is_skipped(const char *name, const char *const *skip) {
    if (strcmp(name, ".chain138") == 0)
        return 1;
    for (; skip && *skip; skip++)
        if (fnmatch(*skip, name, 0) == 0)
            return 1;
    return 0;
}

static void add_entry(struct tree *t, const char *path, const struct stat *st) {
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 64;
        t->entries = c138_xrealloc(t->entries, t->capacity * sizeof(*t->entries));
    }
    t->entries[t->count++] = (struct tree_entry){.path = c138_xstrdup(path), .st = *st};
    if (S_ISREG(st->st_mode)) {
        t->files++;
        t->bytes += (uint64_t)st->st_size;
    }
}

static c138_status scan(struct tree *t, int folder_fd, const char *below, const char *const *skip,
                        int depth, struct c138_err *err);

static c138_status scan_one(struct tree *t, int folder_fd, const char *below, const char *name,
                            const char *const *skip, int depth, struct c138_err *err) {
    C138_FREE char *path = *below ? c138_xasprintf("%s/%s", below, name) : c138_xstrdup(name);
    struct stat st;
    if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? C138_OK : files_fail(err, "looked at", path);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
        return C138_OK;
    if (t->count >= FILES_MAX_ENTRIES)
        return c138_error(err, C138_E_LIMIT, "files.many", "%s holds more than %u files", t->folder,
                          FILES_MAX_ENTRIES);
    add_entry(t, path, &st);
    if (!S_ISDIR(st.st_mode))
        return C138_OK;
    C138_CLOSE int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? files_fail(err, "listed", path) : scan(t, fd, path, skip, depth + 1, err);
}

static c138_status scan(struct tree *t, int folder_fd, const char *below, const char *const *skip,
                        int depth, struct c138_err *err) {
    c138_status status = C138_OK;
    if (depth > DEPTH_MAX)
        return c138_error(err, C138_E_LIMIT, "files.deep", "%s/%s is deeper than %d folders",
                          t->folder, below, DEPTH_MAX);
    DIR *dir = fdopendir(dup(folder_fd));
    if (!dir)
        return files_fail(err, "listed", *below ? below : t->folder);
    for (struct dirent *d; status >= 0 && (d = readdir(dir));)
        if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") && !is_skipped(d->d_name, skip))
            status = scan_one(t, folder_fd, below, d->d_name, skip, depth, err);
    (void)closedir(dir);
    return status;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

c138_status tree_scan(const char *folder, const char *const *skip, struct tree *ret,
                      struct c138_err *err) {
    struct tree t = {.folder = c138_xstrdup(folder)};
    C138_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    c138_status status =
        fd < 0 ? files_fail(err, "listed", folder) : scan(&t, fd, "", skip, 0, err);
    if (status < 0) {
        tree_deinit(&t);
        return status;
    }
    if (t.count)
        qsort(t.entries, t.count, sizeof(*t.entries), by_path);
    *ret = t;
    return C138_OK;
}

void tree_deinit(struct tree *t) {
    for (size_t i = 0; i < t->count; i++)
        free(t->entries[i].path);
    free(t->entries);
    free(t->folder);
    *t = TREE_NULL;
}

/* --- Removing --------------------------------------------------------------------------------- */

static int remove_below(int folder_fd, int depth) {
    DIR *dir = depth > DEPTH_MAX ? NULL : fdopendir(dup(folder_fd));
    int bad = !dir;
    for (struct dirent *d; dir && (d = readdir(dir));) {
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
            continue;
        if (unlinkat(folder_fd, d->d_name, 0) == 0 || errno == ENOENT)
            continue;
        C138_CLOSE int fd =
            openat(folder_fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bad |= fd < 0 || remove_below(fd, depth + 1) ||
               unlinkat(folder_fd, d->d_name, AT_REMOVEDIR) < 0;
    }
    if (dir)
        (void)closedir(dir);
    return bad;
}

c138_status files_remove(const char *path, struct c138_err *err) {
    if (unlink(path) == 0 || errno == ENOENT)
        return C138_OK;
    C138_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || remove_below(fd, 0) || rmdir(path) < 0)
        return files_fail(err, "removed", path);
    return C138_OK;
}

/* --- Copying ---------------------------------------------------------------------------------- */

c138_status files_write_all(int fd, const void *bytes, size_t length) {
    const char *p = bytes;
    while (length) {
        ssize_t n = write(fd, p, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return class_of(errno);
        p += n;
        length -= (size_t)n;
    }
    return C138_OK;
}

static int copy_bytes(int from, int to, uint64_t length) {
    char piece[65536];
    while (length) {
        ssize_t n = read(from, piece, length < sizeof(piece) ? (size_t)length : sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENODATA;
        if (n <= 0 || files_write_all(to, piece, (size_t)n) < 0)
            return -1;
        length -= (uint64_t)n;
    }
    return 0;
}

/* Inside the kernel where it can; by hand where it cannot. */
static int copy_range(int from, int to, uint64_t length) {
    while (length) {
        ssize_t n = copy_file_range(from, NULL, to, NULL,
                                    length < (1u << 30) ? (size_t)length : (1u << 30), 0);
        if (n > 0)
            length -= (uint64_t)n;
        else if (n == 0 || (errno != EINTR && errno != ENOSPC && errno != EDQUOT))
            return copy_bytes(from, to, length);
        else if (errno != EINTR)
            return -1;
    }
    return 0;
}

c138_status files_copy(const char *from, const char *to, uint64_t length, mode_t mode,
                       struct c138_err *err) {
    C138_CLOSE int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in < 0)
        return files_fail(err, "read", from);
    C138_CLOSE int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (out < 0 || fchmod(out, mode) < 0)
        return files_fail(err, "written", to);
    if (copy_range(in, out, length) == 0)
        return C138_OK;
    c138_status status = errno == ENODATA
                             ? c138_error(err, C138_E_CONFLICT, "files.short",
                                          "%s became shorter than %llu bytes while it was copied",
                                          from, (unsigned long long)length)
                             : files_fail(err, "copied", to);
    (void)unlink(to);
    return status;
}

/* --- Small things ----------------------------------------------------------------------------- */

void files_sync_folder(const char *folder) {
    C138_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd);
}

static void sync_parent(const char *path) {
    const char *slash = strrchr(path, '/');
    C138_FREE char *folder =
        slash && slash != path ? c138_xstrndup(path, (size_t)(slash - path)) : c138_xstrdup("/");
    files_sync_folder(folder);
}

c138_status files_move(const char *from, const char *to, struct c138_err *err) {
    if (rename(from, to) < 0)
        return files_fail(err, "moved", from);
    sync_parent(to);
    sync_parent(from);
    return C138_OK;
}

uint64_t files_size(const char *path) {
    struct stat st;
    return lstat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int files_exists(const char *path) {
    struct stat st;
    return lstat(path, &st) == 0;
}

uint64_t files_free(const char *path) {
    struct statvfs v;
    return statvfs(path, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : UINT64_MAX;
}

int files_path_inside(const char *path) {
    const char *p = path;
    for (;; p++) {
        size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return 0;
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
                return 0;
        p += n;
        if (!*p)
            return p - path < 4096;
    }
}
