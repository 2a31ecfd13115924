#include <base/lines.h>

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_MAX (256u << 20)

struct c138_lines {
    char *path, *use;
    int fd;
    off_t length; /* of what is acknowledged */
    off_t began;  /* its length when it was begun anew */
};

static c138_status read_all(struct c138_lines *l, c138_line_fn on_line, void *user,
                            struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_status status = c138_file_read(l->path, READ_MAX, &text, err);
    if (status < 0)
        return status;
    const char *p = c138_buf_text(&text), *end = p + text.length, *newline;
    for (unsigned n = 1; (newline = memchr(p, '\n', (size_t)(end - p))); n++, p = newline + 1) {
        status = on_line(user, p, (size_t)(newline - p), err);
        if (status < 0)
            return c138_error_prefix(err, C138_E_INVALID, "%s, line %u (%s)", l->path, n, l->use);
    }
    l->length = p - c138_buf_text(&text);
    return C138_OK;
}

c138_status c138_lines_open(const char *path, const char *use, c138_line_fn on_line, void *user,
                            struct c138_lines **ret_lines, struct c138_err *err) {
    struct c138_lines *l = c138_xcalloc(1, sizeof(*l));
    l->path = c138_xstrdup(path);
    l->use = c138_xstrdup(use);
    l->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    c138_status status = l->fd < 0
                             ? c138_error(err, C138_E_DENIED, NULL, "%s cannot be opened: %s (%s)",
                                          path, strerror(errno), use)
                             : read_all(l, on_line, user, err);
    if (status >= 0 && ftruncate(l->fd, l->length) < 0)
        status = c138_error(err, C138_E_INTERNAL, NULL, "%s: %s", path, strerror(errno));
    if (status < 0) {
        (void)c138_lines_close(l);
        return status;
    }
    *ret_lines = l;
    return C138_OK;
}

struct c138_lines *c138_lines_close(struct c138_lines *l) {
    if (!l)
        return NULL;
    if (l->fd >= 0)
        (void)close(l->fd);
    free(l->path);
    free(l->use);
    free(l);
    return NULL;
}

/* 0, or what went wrong. */
static int write_all(int fd, const char *text, size_t length) {
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        text += n;
        length -= (size_t)n;
    }
    return fdatasync(fd) < 0 ? errno : 0;
}

c138_status c138_lines_add(struct c138_lines *l, const char *text, size_t length,
                           struct c138_err *err) {
    int error = write_all(l->fd, text, length);
    if (!error) {
        l->length += (off_t)length;
        return C138_OK;
    }
    if (ftruncate(l->fd, l->length) < 0) /* a half line is cut at the next start, too */
        error = errno;
    return c138_error(
        err, error == ENOSPC || error == EDQUOT || error == EFBIG ? C138_E_LIMIT : C138_E_INTERNAL,
        NULL, "%s cannot be written: %s (%s)", l->path, strerror(error), l->use);
}

size_t c138_lines_grown(const struct c138_lines *l) {
    return (size_t)(l->length - l->began);
}

static void keep_lines(const struct c138_buf *text,
                       int (*keep)(void *user, const char *line, size_t length), void *user,
                       struct c138_buf *out) {
    const char *p = c138_buf_text(text), *end = p + text->length, *newline;
    for (; (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
        if (keep(user, p, (size_t)(newline - p)))
            c138_buf_add(out, p, (size_t)(newline + 1 - p));
}

c138_status c138_lines_begin_anew(struct c138_lines *l,
                                  int (*keep)(void *user, const char *line, size_t length),
                                  void *user, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL, kept = C138_BUF_NULL;
    C138_FREE char *old = c138_xasprintf("%s.1", l->path);
    c138_status status = c138_file_read(l->path, READ_MAX, &text, err);
    if (status < 0)
        return status;
    keep_lines(&text, keep, user, &kept);
    (void)unlink(old);
    if (link(l->path, old) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "%s: %s", old, strerror(errno));
    status = c138_file_write(l->path, 0600, c138_buf_text(&kept), kept.length, err);
    int fd = status < 0 ? -1 : open(l->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return status < 0
                   ? status
                   : c138_error(err, C138_E_INTERNAL, NULL, "%s: %s", l->path, strerror(errno));
    (void)close(l->fd);
    l->fd = fd;
    l->length = l->began = (off_t)kept.length;
    return C138_OK;
}

const char *c138_lines_path(const struct c138_lines *l) {
    return l->path;
}
