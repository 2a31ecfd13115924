#include "stage_socket.h"

#include "files.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define WAIT_MS (600 * 1000)

static int connect_to(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(a.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static c138_status read_answer(int fd, struct c138_buf *out) {
    char piece[4096];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, WAIT_MS) <= 0)
            return C138_E_TIMEOUT;
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? C138_OK : C138_E_UNAVAILABLE;
        if (c138_buf_add(out, piece, (size_t)n) < 0)
            return C138_E_LIMIT;
    }
}

/* {"ok":{...}} or {"error":{"status","key","text"}} */
static c138_status understand(const struct c138_buf *text, struct c138_json **ret,
                              struct c138_err *err) {
    C138_JSON struct c138_json *v = NULL;
    c138_status status = c138_json_parse(c138_buf_text(text), text->length, &v, err);
    const struct c138_json *error = c138_json_get(v, "error"), *ok = c138_json_get(v, "ok");
    if (status >= 0 && error)
        return c138_error(err, c138_status_from_key(c138_json_get_str(error, "status", "")),
                          c138_json_get_str(error, "key", ""), "chain138-stage: %s",
                          c138_json_get_str(error, "text", ""));
    if (status < 0 || !ok)
        return c138_error(err, C138_E_UNAVAILABLE, "stage.socket",
                          "chain138-stage gave no answer: see its journal");
    if (ret)
        *ret = c138_json_copy(ok);
    return C138_OK;
}

c138_status stage_socket_ask(const char *socket_path, const char *op, const char *name,
                             struct c138_json **ret, struct c138_err *err) {
    C138_JSON struct c138_json *request = c138_json_new_object();
    C138_BUF struct c138_buf answer = C138_BUF_MAX(STAGE_ANSWER_MAX);
    c138_json_set_str(request, "op", op);
    c138_json_set_str(request, "name", name);
    C138_FREE char *text = c138_json_dump(request);
    C138_CLOSE int fd = connect_to(socket_path);
    if (fd < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "stage.socket",
                          "%s: no connection (%s): enable chain138-stage.socket, or check "
                          "stage_socket",
                          socket_path, strerror(errno));
    c138_status status = files_write_all(fd, text, strlen(text));
    if (status >= 0 && shutdown(fd, SHUT_WR) == 0)
        status = read_answer(fd, &answer);
    return status < 0 ? c138_error(err, status, "stage.socket", "%s: no answer", socket_path)
                      : understand(&answer, ret, err);
}
