#include <base/fs.h>
#include <base/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static c138_status class_of(int e) {
    switch (e) {
    case ENOENT:
    case ENOTDIR:
        return C138_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return C138_E_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return C138_E_LIMIT;
    case EEXIST:
        return C138_E_CONFLICT;
    default:
        return C138_E_INTERNAL;
    }
}

static c138_status fail(struct c138_err *err, const char *what, const char *path) {
    int e = errno;
    return c138_error(err, class_of(e), NULL, "%s cannot be %s: %s", path, what, strerror(e));
}

c138_status c138_file_read(const char *path, size_t max_bytes, struct c138_buf *out,
                           struct c138_err *err) {
    struct stat st;
    c138_buf_reset(out);
    /* O_NONBLOCK: a fifo in the place of a file must not hold us up. */
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(err, "read", path);
    if (!S_ISREG(st.st_mode))
        return c138_error(err, C138_E_INVALID, NULL, "%s is not a regular file", path);
    char piece[16384];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, "read", path);
        if (n == 0)
            return C138_OK;
        if (out->length + (size_t)n > max_bytes || c138_buf_add(out, piece, (size_t)n) < 0)
            return c138_error(err, C138_E_LIMIT, NULL, "%s is larger than %zu bytes", path,
                              max_bytes);
    }
}

static c138_status write_all(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return C138_E_INTERNAL;
        bytes += n;
        length -= (size_t)n;
    }
    return C138_OK;
}

static void sync_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    C138_FREE char *folder =
        !slash ? c138_xstrdup(".")
               : (slash == path ? c138_xstrdup("/") : c138_xstrndup(path, (size_t)(slash - path)));
    C138_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd);
}

c138_status c138_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                            struct c138_err *err) {
    C138_FREE char *beside = c138_xasprintf("%s.new", path);
    C138_CLOSE int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return fail(err, "written", beside);
    if (fchmod(fd, mode) < 0 || write_all(fd, bytes, length) < 0 || fsync(fd) < 0 ||
        rename(beside, path) < 0) {
        c138_status status = fail(err, "written", path);
        (void)unlink(beside);
        return status;
    }
    sync_folder_of(path);
    return C138_OK;
}

c138_status c138_mkdir_p(const char *path, mode_t mode, struct c138_err *err) {
    C138_FREE char *copy = c138_xstrdup(path);
    for (char *p = copy + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char kept = *p;
        *p = '\0';
        struct stat st;
        if (mkdir(copy, kept ? 0755 : mode) < 0 && errno != EEXIST &&
            !(stat(copy, &st) == 0 && S_ISDIR(st.st_mode)))
            return fail(err, "made", copy);
        if (!kept)
            break;
        *p = kept;
    }
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return c138_error(err, C138_E_INVALID, NULL, "%s is not a folder", path);
    return C138_OK;
}

char *c138_path_join(const char *folder, const char *name) {
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    while (*name == '/')
        name++;
    return c138_xasprintf("%.*s%s%s", (int)n, folder, n == 1 && *folder == '/' ? "" : "/", name);
}

c138_status c138_path_check(const char *path) {
    if (path[0] != '/')
        return C138_E_INVALID;
    for (const char *p = path; p; p = strchr(p, '/')) {
        while (*p == '/')
            p++;
        size_t n = strcspn(p, "/");
        if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return C138_E_INVALID;
    }
    return C138_OK;
}
