#include "checks.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <net/http.h>
#include <net/promtext.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BODY_MAX (4u << 20)

/* --- Ports ----------------------------------------------------------------------------------- */

static int connects(const struct addrinfo *a) {
    C138_CLOSE int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int e = 0;
    socklen_t size = sizeof(e);
    if (fd < 0)
        return errno;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, (int)(CHECK_NS / C138_NS_PER_MS)) <= 0)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) == 0 ? e : errno;
}

int check_port(const char *port, char ret_text[256]) {
    const char *colon = strrchr(port, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    C138_FREE char *host = c138_xstrndup(port, colon ? (size_t)(colon - port) : 0);
    size_t length = strlen(host);
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        memmove(host, host + 1, length - 1);
    }
    int e = getaddrinfo(*host ? host : "127.0.0.1", colon ? colon + 1 : "0", &hints, &found);
    if (e) {
        (void)snprintf(ret_text, 256, "%.100s has no address: %s", port, gai_strerror(e));
        return 0;
    }
    int why = connects(found);
    freeaddrinfo(found);
    (void)snprintf(ret_text, 256,
                   why ? "%.100s takes no connection: %s" : "%.100s takes connections", port,
                   why ? strerror(why) : "");
    return why == 0;
}

/* --- HTTP ------------------------------------------------------------------------------------ */

static int fetch(const char *url, struct c138_http_response *answer, char ret_text[256]) {
    struct c138_http_options options = {.timeout_ns = CHECK_NS, .body_max = BODY_MAX};
    struct c138_http_request request = {.url = url};
    struct c138_http *http = NULL;
    struct c138_err err = {0};
    c138_status status = c138_http_new(&options, &http);
    if (status >= 0)
        status = c138_http_do(http, &request, answer, &err);
    c138_http_free(http);
    if (status < 0) {
        (void)snprintf(ret_text, 256, "%.250s", err.text);
        return 0;
    }
    (void)snprintf(ret_text, 256, "answered %ld in %" PRId64 " ms", answer->status,
                   answer->took_ns / C138_NS_PER_MS);
    return answer->status >= 200 && answer->status < 300;
}

int check_health(const char *url, char ret_text[256]) {
    struct c138_http_response answer = {0};
    int ok = fetch(url, &answer, ret_text);
    c138_http_response_deinit(&answer);
    return ok;
}

static int count_sample(void *user, const char *name, const char *labels, double value) {
    (void)name, (void)labels, (void)value;
    ++*(size_t *)user;
    return 0;
}

int check_metrics(const char *url, char ret_text[256]) {
    struct c138_http_response answer = {0};
    struct c138_err err = {0};
    size_t samples = 0;
    int ok = fetch(url, &answer, ret_text);
    if (ok && c138_prom_parse(c138_buf_text(&answer.body), answer.body.length, count_sample,
                              &samples, &err) < 0) {
        (void)snprintf(ret_text, 256, "what it serves is no metrics: %.200s", err.text);
        ok = 0;
    } else if (ok) {
        (void)snprintf(ret_text, 256, "serves %zu samples", samples);
        ok = samples > 0;
    }
    c138_http_response_deinit(&answer);
    return ok;
}

/* --- The chain ------------------------------------------------------------------------------- */

int check_sync(struct stack *s, c138_call *call, const char *node, uint64_t *ret_head,
               char ret_text[256]) {
    C138_JSON struct c138_json *params = c138_json_new_object(), *result = NULL;
    struct c138_err err = {0};
    c138_json_set_str(params, "node", node);
    if (stack_ask(s, call, "besu.sync", params, &result, &err) < 0) {
        (void)snprintf(ret_text, 256, "%.250s", err.text);
        return 0;
    }
    const struct c138_json *row = c138_json_path(result, "nodes.0");
    const char *state = c138_json_get_str(row, "state", "unknown");
    uint64_t head = c138_json_get_uint(row, "head", 0);
    if (ret_head)
        *ret_head = head;
    (void)snprintf(ret_text, 256, "node %.60s is %.20s at block %" PRIu64 "%s%.120s", node, state,
                   head, strcmp(state, "ok") ? ": " : "",
                   strcmp(state, "ok") ? c138_json_get_str(row, "text", "") : "");
    return !strcmp(state, "ok") && !c138_json_get_bool(row, "syncing", 0);
}
