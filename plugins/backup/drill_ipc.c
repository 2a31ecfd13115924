/*
 * JSON-RPC over a Unix socket, as Besu offers it with --Xrpc-ipc-enabled (seen with 25.5.0 and 26.8.0: a request is one JSON
 * value, an answer is one and a newline). For a node that has no network, whose data folder we share.
 */
#include "drill.h"

#include "files.h"

#include <base/text.h>
#include <base/when.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ANSWER_MAX (4u << 20) /* a block with the hashes of its transactions */
#define ANSWER_NS (5 * C138_NS_PER_S)

int drill_ipc_path_fits(const char *path) {
    return strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static int connect_to(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (!drill_ipc_path_fits(path))
        return -1;
    memcpy(a.sun_path, path, strlen(path) + 1);
    C138_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
        return -1;
    int connected = fd;
    fd = -1;
    return connected;
}

/* One line, within a bound of bytes and of time. */
static c138_status read_line(int fd, struct c138_buf *out) {
    int64_t until = c138_now_monotonic_ns() + ANSWER_NS;
    char piece[4096];
    while (!out->length || out->data[out->length - 1] != '\n') {
        int64_t left = until - c138_now_monotonic_ns();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int)(left / C138_NS_PER_MS) + 1) <= 0)
            return C138_E_TIMEOUT;
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n <= 0)
            return C138_E_UNAVAILABLE;
        if (c138_buf_add(out, piece, (size_t)n) < 0)
            return C138_E_LIMIT;
    }
    return C138_OK;
}

static struct c138_json *understand(const struct c138_buf *text) {
    C138_JSON struct c138_json *v = NULL;
    uint64_t number = 0;
    if (c138_json_parse(c138_buf_text(text), text->length, &v, NULL) < 0)
        return NULL;
    const struct c138_json *block = c138_json_get(v, "result");
    const char *hash = c138_json_get_str(block, "hash", NULL);
    if (!hash || c138_parse_quantity(c138_json_get_str(block, "number", ""), &number) < 0)
        return NULL;
    struct c138_json *out = c138_json_new_object();
    c138_json_set_uint(out, "number", number);
    c138_json_set_str(out, "hash", hash);
    return out;
}

struct c138_json *drill_ipc_block(const char *path, const char *tag) {
    C138_CLOSE int fd = connect_to(path);
    C138_BUF struct c138_buf answer = C138_BUF_MAX(ANSWER_MAX);
    C138_FREE char *request = c138_xasprintf(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"%s\",false]}",
        tag);
    if (fd < 0 || files_write_all(fd, request, strlen(request)) < 0 || read_line(fd, &answer) < 0)
        return NULL;
    return understand(&answer);
}
