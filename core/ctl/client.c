/*
 * The control's own HTTP client: connect, write, read, with poll() and a deadline at every step.
 */
#include "config.h"

#include <ctl/client.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BODY_MAX (64u << 20)
#define CONNECT_NS (5 * C138_NS_PER_S)
#define QUIET_NS (60 * C138_NS_PER_S) /* of a stream: the agent says something every 15 s */
#define TOKEN_MAX 512u
#define LINE_MAX_BYTES (1u << 20)

struct client {
    char *socket;
    char *host, *port; /* NULL: the socket */
    char *token;
    int fd; /* -1: none; else idle, or in use */
    int interrupt_fd;
};

/* --- Making ---------------------------------------------------------------------------------- */

static c138_status parse_url(struct client *c, const char *url, struct c138_err *err) {
    const char *p = c138_starts_with(url, "http://") ? url + 7 : NULL;
    size_t n = p ? strcspn(p, "/") : 0;
    const char *colon = NULL;
    for (size_t i = 0; i < n; i++)
        if (p[i] == ':' && (p[0] != '[' || (i && p[i - 1] == ']')))
            colon = p + i;
    size_t host = colon ? (size_t)(colon - p) : n;
    int bracketed = host >= 2 && p[0] == '[' && p[host - 1] == ']';
    if (!p || host == 0 || host > 255 || (p[n] == '/' && p[n + 1]))
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "--url \"%.100s\": expected http://HOST:PORT, such as "
                          "http://127.0.0.1:9138",
                          url);
    c->host = c138_xstrndup(p + bracketed, host - 2 * (size_t)bracketed);
    c->port = colon ? c138_xstrndup(colon + 1, n - host - 1) : c138_xstrdup("80");
    return C138_OK;
}

static c138_status read_token(struct client *c, const char *file, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_status status = c138_file_read(file, TOKEN_MAX, &text, err);
    if (status < 0)
        return c138_error_prefix(err, status, "--token-file %s", file);
    size_t n = strcspn(c138_buf_text(&text), "\r\n");
    if (n == 0 || strcspn(c138_buf_text(&text), " \t") < n)
        status = c138_error(err, C138_E_INVALID, "param.invalid",
                            "--token-file %s: expected one line with the token", file);
    else
        c->token = c138_xstrndup(text.data, n);
    c138_wipe(text.data, text.length);
    return status;
}

c138_status client_new(const struct client_options *options, struct client **ret,
                       struct c138_err *err) {
    struct client *c = c138_xcalloc(1, sizeof(*c));
    c138_status status = C138_OK;
    c->fd = c->interrupt_fd = -1;
    c->socket = c138_xstrdup(options->socket);
    if (options->url)
        status = parse_url(c, options->url, err);
    if (status >= 0 && options->token_file)
        status = read_token(c, options->token_file, err);
    if (status < 0) {
        client_free(c);
        return status;
    }
    *ret = c;
    return C138_OK;
}

static void hang_up(struct client *c) {
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
}

struct client *client_free(struct client *c) {
    if (!c)
        return NULL;
    hang_up(c);
    free(c->socket);
    free(c->host);
    free(c->port);
    if (c->token)
        c138_wipe(c->token, strlen(c->token));
    free(c->token);
    free(c);
    return NULL;
}

void client_set_interrupt(struct client *c, int fd) {
    c->interrupt_fd = fd;
}

void client_escape(struct c138_buf *b, const char *text) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            c138_buf_addc(b, *text);
        else
            c138_buf_addf(b, "%%%02X", (unsigned char)*text);
    }
}

/* --- Connecting ------------------------------------------------------------------------------ */

/* Waits until the socket is ready. */
static c138_status ready(struct client *c, short events, int64_t until_ns, struct c138_err *err) {
    for (;;) {
        struct pollfd fds[2] = {{.fd = c->fd, .events = events},
                                {.fd = c->interrupt_fd, .events = POLLIN}};
        int64_t left = until_ns - c138_now_monotonic_ns();
        if (left <= 0)
            return c138_error(err, C138_E_TIMEOUT, "agent.timeout",
                              "the agent did not answer in time: is it stuck? journalctl -u "
                              "chain138d; --timeout gives it longer");
        int n = poll(fds, 2, (int)(left / C138_NS_PER_MS) + 1);
        if (n < 0 && errno != EINTR)
            return c138_error(err, C138_E_INTERNAL, NULL, "poll: %s", strerror(errno));
        if (n > 0 && fds[1].revents)
            return c138_error(err, C138_E_CANCELLED, "interrupted", "interrupted");
        if (n > 0 && fds[0].revents)
            return C138_OK;
    }
}

/* Which group would open the door. */
static void who_may(const char *path, struct c138_buf *out) {
    struct stat st;
    const struct passwd *me = getpwuid(geteuid());
    const char *name = me ? me->pw_name : "this user";
    if (stat(path, &st) < 0) { /* the folder already says no */
        c138_buf_addf(out, "%s may not even look into its folder", name);
        return;
    }
    C138_FREE char *user = c138_xstrdup(name);
    const struct group *g = getgrgid(st.st_gid);
    c138_buf_addf(out,
                  "%s is not in the group %s that it belongs to: sudo usermod -aG %s %s, then log "
                  "in again",
                  user, g ? g->gr_name : "?", g ? g->gr_name : "GROUP", user);
}

static c138_status socket_failed(const char *path, int e, struct c138_err *err) {
    C138_BUF struct c138_buf why = C138_BUF_NULL;
    static const char *const doctor = "`chain138ctl doctor` says more";
    if (e == EACCES || e == EPERM) {
        who_may(path, &why);
        return c138_error(err, C138_E_UNAVAILABLE, "agent.denied",
                          "the agent's socket %s may not be opened: %s; %s", path,
                          c138_buf_text(&why), doctor);
    }
    if (e == ENOENT)
        return c138_error(err, C138_E_UNAVAILABLE, "agent.missing",
                          "no agent here: the socket %s is missing: start it (systemctl start "
                          "chain138d), or name another one with --socket; %s",
                          path, doctor);
    if (e == ECONNREFUSED)
        return c138_error(err, C138_E_UNAVAILABLE, "agent.refused",
                          "nobody listens on the socket %s: the agent was killed or is just "
                          "starting: systemctl status chain138d; %s",
                          path, doctor);
    return c138_error(err, C138_E_UNAVAILABLE, "agent.unreachable",
                      "the agent's socket %s cannot be reached: %s; %s", path, strerror(e), doctor);
}

static c138_status connect_unix(struct client *c, struct c138_err *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", c->socket) >=
        (int)sizeof(address.sun_path))
        return c138_error(err, C138_E_INVALID, "param.invalid", "--socket %s: the path is too long",
                          c->socket);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "socket: %s", strerror(errno));
    /* EAGAIN: its backlog is full; a moment later there is room. */
    for (int tries = 0; connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0; tries++) {
        int e = errno;
        if (e != EAGAIN || tries > 50) {
            hang_up(c);
            return socket_failed(c->socket, e, err);
        }
        (void)poll(NULL, 0, 100);
    }
    return C138_OK;
}

static c138_status connect_one(struct client *c, const struct addrinfo *a, int *ret_errno) {
    int on = 1, e = 0;
    socklen_t length = sizeof(e);
    c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        *ret_errno = errno;
        return C138_E_UNAVAILABLE;
    }
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(c->fd, a->ai_addr, a->ai_addrlen) == 0)
        return C138_OK;
    *ret_errno = errno;
    if (errno == EINPROGRESS) {
        c138_status status = ready(c, POLLOUT, c138_now_monotonic_ns() + CONNECT_NS, NULL);
        if (status == C138_E_CANCELLED)
            return status;
        *ret_errno = status < 0 ? ETIMEDOUT : 0;
        if (status >= 0 && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &length) == 0)
            *ret_errno = e;
        if (*ret_errno == 0)
            return C138_OK;
    }
    hang_up(c);
    return C138_E_UNAVAILABLE;
}

static c138_status connect_tcp(struct client *c, struct c138_err *err) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    int e = 0;
    int failed = getaddrinfo(c->host, c->port, &hints, &list);
    if (failed)
        return c138_error(err, C138_E_UNAVAILABLE, "agent.unreachable", "http://%s:%s: %s", c->host,
                          c->port, gai_strerror(failed));
    c138_status status = C138_E_UNAVAILABLE;
    for (const struct addrinfo *a = list; a && status == C138_E_UNAVAILABLE; a = a->ai_next)
        status = connect_one(c, a, &e);
    freeaddrinfo(list);
    if (status == C138_E_CANCELLED)
        return c138_error(err, status, "interrupted", "interrupted");
    if (status < 0)
        return c138_error(err, status, "agent.unreachable",
                          "no agent at http://%s:%s (%s): check api.listen in its config, and the "
                          "port; `chain138ctl doctor` says more",
                          c->host, c->port, strerror(e));
    return C138_OK;
}

static c138_status dial(struct client *c, struct c138_err *err) {
    hang_up(c);
    return c->host ? connect_tcp(c, err) : connect_unix(c, err);
}

/* --- One request ----------------------------------------------------------------------------- */

static c138_status lost(struct client *c, int e, struct c138_err *err) {
    hang_up(c);
    return c138_error(
        err, C138_E_UNAVAILABLE, "http.truncated",
        "the connection to the agent broke (%s): see its log (journalctl -u chain138d)",
        strerror(e));
}

static c138_status send_all(struct client *c, const char *bytes, size_t length, int64_t until_ns,
                            struct c138_err *err) {
    while (length > 0) {
        ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL);
        if (n >= 0) {
            bytes += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            c138_status status = ready(c, POLLOUT, until_ns, err);
            if (status < 0)
                return status;
        } else if (errno != EINTR) {
            return lost(c, errno, err);
        }
    }
    return C138_OK;
}

static c138_status receive(struct client *c, struct answer *a, int64_t until_ns, int64_t quiet_ns,
                           int (*stop)(void *user), void *user, struct c138_err *err) {
    char bytes[16384];
    size_t used = 0;
    while (a->part != ANSWER_DONE) {
        if (stop && stop(user))
            return C138_OK;
        ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return lost(c, errno, err);
        c138_status status;
        if (n > 0)
            status = answer_feed(a, bytes, (size_t)n, &used, err);
        else if (n == 0)
            status = answer_eof(a, err);
        else
            status =
                ready(c, POLLIN, quiet_ns ? c138_now_monotonic_ns() + quiet_ns : until_ns, err);
        if (status < 0)
            return status;
        if (n == 0)
            break;
    }
    return C138_OK;
}

static void request_text(const struct client *c, struct c138_buf *b, const char *method,
                         const char *path, const char *headers, const char *json) {
    c138_buf_addf(b, "%s %s HTTP/1.1\r\n", method, path);
    if (c->host)
        c138_buf_addf(b, strchr(c->host, ':') ? "Host: [%s]:%s\r\n" : "Host: %s:%s\r\n", c->host,
                      c->port);
    else
        c138_buf_adds(b, "Host: localhost\r\n");
    if (c->token)
        c138_buf_addf(b, "Authorization: Bearer %s\r\n", c->token);
    c138_buf_adds(b, headers);
    if (json)
        c138_buf_addf(b, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(json));
    c138_buf_adds(b, "\r\n");
    if (json)
        c138_buf_adds(b, json);
}

static c138_status exchange(struct client *c, const char *method, const char *path,
                            const char *headers, const char *json, int64_t timeout_ns,
                            struct answer *a, struct c138_err *err) {
    int64_t until = c138_now_monotonic_ns() + timeout_ns;
    /* A connection that was kept may have been closed meanwhile. A question may be asked again, an
     * order not: it gets a fresh one. */
    int kept = c->fd >= 0 && !json && !strcmp(method, "GET");
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    request_text(c, &text, method, path, headers, json);
    for (;; kept = 0) {
        c138_status status = kept ? C138_OK : dial(c, err);
        if (status >= 0)
            status = send_all(c, c138_buf_text(&text), text.length, until, err);
        if (status >= 0)
            status = receive(c, a, until, 0, NULL, NULL, err);
        if (status < 0 && kept && a->head_bytes == 0 && status == C138_E_UNAVAILABLE)
            continue;
        if (status < 0 || !a->keep_alive)
            hang_up(c);
        if (text.data)
            c138_wipe(text.data, text.length);
        return status;
    }
}

c138_status client_text(struct client *c, const char *path, int64_t timeout_ns, int *ret_code,
                        struct c138_buf *out, struct c138_err *err) {
    struct answer a;
    answer_init(&a, BODY_MAX);
    c138_status status = exchange(c, "GET", path, "", NULL, timeout_ns, &a, err);
    if (status >= 0) {
        *ret_code = a.code;
        c138_buf_add(out, c138_buf_text(&a.body), a.body.length);
    }
    answer_deinit(&a);
    return status;
}

c138_status client_call(struct client *c, const char *method, const char *path, const char *json,
                        int64_t timeout_ns, int *ret_code, struct c138_json **ret_value,
                        struct c138_err *err) {
    struct answer a;
    struct c138_json *value = NULL;
    answer_init(&a, BODY_MAX);
    c138_status status = exchange(c, method, path, "", json, timeout_ns, &a, err);
    if (status >= 0 && a.body.length) {
        status = c138_json_parse(a.body.data, a.body.length, &value, err);
        if (status < 0)
            status = c138_error(err, C138_E_INVALID, "http.protocol",
                                "the agent answered %d with something that is not JSON: is this "
                                "the agent's address?",
                                a.code);
    }
    if (status >= 0) {
        *ret_code = a.code;
        *ret_value = value;
    }
    answer_deinit(&a);
    return status;
}

/* --- A stream -------------------------------------------------------------------------------- */

struct lines {
    struct c138_buf line;
    int (*fn)(void *user, const char *line, size_t length);
    void *user;
    int stop;
};

static void on_bytes(void *user, const char *bytes, size_t length) {
    struct lines *l = user;
    while (length > 0 && !l->stop) {
        const char *end = memchr(bytes, '\n', length);
        size_t n = end ? (size_t)(end - bytes) : length;
        if (c138_buf_add(&l->line, bytes, n) < 0)
            l->stop = 1;
        bytes += n + (end ? 1 : 0);
        length -= n + (end ? 1 : 0);
        if (!end)
            continue;
        if (!l->stop)
            l->stop = l->fn(l->user, c138_buf_text(&l->line), l->line.length);
        c138_buf_reset(&l->line);
    }
}

static int stopped(void *user) {
    return ((struct lines *)user)->stop;
}

c138_status client_stream(struct client *c, const char *path, const char *accept,
                          const char *last_event_id, int *ret_code,
                          int (*fn)(void *user, const char *line, size_t length), void *user,
                          struct c138_err *err) {
    struct answer a;
    struct lines lines = {.line = C138_BUF_MAX(LINE_MAX_BYTES), .fn = fn, .user = user};
    C138_BUF struct c138_buf headers = C138_BUF_NULL, text = C138_BUF_NULL;
    c138_buf_addf(&headers, "Accept: %s\r\n", accept);
    if (last_event_id && *last_event_id)
        c138_buf_addf(&headers, "Last-Event-ID: %s\r\n", last_event_id);
    request_text(c, &text, "GET", path, c138_buf_text(&headers), NULL);
    answer_init(&a, UINT64_MAX);
    a.on_body = on_bytes;
    a.user = &lines;
    c138_status status = dial(c, err);
    if (status >= 0)
        status = send_all(c, c138_buf_text(&text), text.length,
                          c138_now_monotonic_ns() + CONNECT_NS, err);
    if (status >= 0)
        status = receive(c, &a, 0, QUIET_NS, stopped, &lines, err);
    if (status >= 0 && lines.line.length && !lines.stop)
        (void)fn(user, c138_buf_text(&lines.line), lines.line.length);
    *ret_code = a.code;
    hang_up(c);
    answer_deinit(&a);
    c138_buf_deinit(&lines.line);
    return status;
}
