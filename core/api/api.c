/*
 * Doors, connections, who is there, limits, and the form of every answer. What is answered:
 * api_routes.c.
 */
#include "config.h"

#include <api/api_internal.h>
#include <base/text.h>
#include <base/when.h>
#include <log/log.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http_struct.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <grp.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* 256 in all; nobody at one door can shut another one. */
#define UNIX_CONNECTIONS 128u
#define TCP_CONNECTIONS 96u
#define METRICS_CONNECTIONS 8u
#define REQUEST_MAX_NS (30 * C138_NS_PER_S) /* from its first byte to its last */
#define BACKLOG 128

/* --- Connections ----------------------------------------------------------------------------- */

static void door_pause(struct door *d, int pause) {
    if (d->paused == pause || !d->bound)
        return;
    d->paused = pause;
    struct evconnlistener *listener = evhttp_bound_socket_get_listener(d->bound);
    if (pause)
        evconnlistener_disable(listener);
    else
        evconnlistener_enable(listener);
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *user) {
    struct conn *c = user;
    (void)buffer;
    if (info->n_added && !c->partial_since)
        c->partial_since = c138_now_monotonic_ns();
}

static void conn_free(struct conn *c) {
    struct door *d = c->door;
    LIST_REMOVE(c, entry);
    evbuffer_remove_cb(bufferevent_get_input(c->bev), on_input, c);
    bufferevent_decref(c->bev);
    free(c);
    d->open--;
    if (d->open < d->limit)
        door_pause(d, 0);
}

/* evhttp lets go of a connection by clearing its callbacks; it tells nobody of one that never sent
 * a request. */
static int conn_is_over(const struct conn *c) {
    bufferevent_event_cb on_event = NULL;
    bufferevent_getcb(c->bev, NULL, NULL, &on_event, NULL);
    return !on_event;
}

static void door_sweep(struct door *d, int64_t now) {
    struct conn *next;
    for (struct conn *c = LIST_FIRST(&d->conns); c; c = next) {
        next = LIST_NEXT(c, entry);
        if (!conn_is_over(c) && c->partial_since && now - c->partial_since > REQUEST_MAX_NS) {
            c->partial_since = 0;
            bufferevent_trigger_event(c->bev, BEV_EVENT_TIMEOUT | BEV_EVENT_READING, 0);
        }
        if (conn_is_over(c))
            conn_free(c);
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *user) {
    struct api *a = user;
    int64_t now = c138_now_monotonic_ns();
    unsigned open = 0;
    struct door *d;
    (void)fd;
    (void)what;
    LIST_FOREACH(d, &a->doors, entry) {
        door_sweep(d, now);
        open += d->open;
    }
    if (open)
        event_add(a->sweep, &(struct timeval){.tv_sec = 1});
}

/* Called by evhttp for each accepted connection. */
static struct bufferevent *on_accept(struct event_base *base, void *user) {
    struct door *d = user;
    struct conn *c = c138_xcalloc(1, sizeof(*c));
    c->door = d;
    c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!c->bev) {
        free(c);
        return NULL;
    }
    bufferevent_incref(c->bev);
    evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
    if (!event_pending(d->api->sweep, EV_TIMEOUT, NULL))
        event_add(d->api->sweep, &(struct timeval){.tv_sec = 1});
    struct bufferevent *bev = c->bev;
    if (d->open + 1 >= d->limit)
        door_sweep(d, c138_now_monotonic_ns());
    LIST_INSERT_HEAD(&d->conns, c, entry);
    if (++d->open >= d->limit)
        door_pause(d, 1);
    return bev;
}

static struct conn *conn_of(const struct door *d, struct evhttp_request *http) {
    struct evhttp_connection *connection = evhttp_request_get_connection(http);
    struct bufferevent *bev = connection ? evhttp_connection_get_bufferevent(connection) : NULL;
    struct conn *c;
    LIST_FOREACH(c, &d->conns, entry)
    if (c->bev == bev)
        return c;
    return NULL;
}

/* --- Answers ------------------------------------------------------------------------------------
 */

int api_code(c138_status status, const char *key) {
    if (key && c138_starts_with(key, "store."))
        return 507;
    switch (status) {
    case C138_OK:
        return 200;
    case C138_E_INVALID:
        return 400;
    case C138_E_DENIED:
        return 403;
    case C138_E_NOTFOUND:
        return 404;
    case C138_E_CONFLICT:
    case C138_E_APPROVAL:
    case C138_E_CANCELLED:
        return 409;
    case C138_E_BUSY:
    case C138_E_LIMIT:
        return 429;
    case C138_E_UNSUPPORTED:
        return 501;
    case C138_E_UNAVAILABLE:
        return 503;
    case C138_E_TIMEOUT:
        return 504;
    default:
        return 500;
    }
}

static const char *reason(int code) {
    switch (code) {
    case 200:
        return "OK";
    case 202:
        return "Accepted";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 429:
        return "Too Many Requests";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 507:
        return "Insufficient Storage";
    default:
        return "Internal Server Error";
    }
}

static void req_free(struct api_req *r) {
    LIST_REMOVE(r, entry);
    evhttp_clear_headers(&r->query);
    free(r);
}

static void on_client_gone(struct evhttp_connection *connection, void *user) {
    struct api_req *r = user;
    (void)connection;
    if (r->on_gone)
        r->on_gone(r, r->user);
    /* With a connection it is freed with it; without one it is ours. */
    if (!evhttp_request_get_connection(r->http))
        evhttp_request_free(r->http);
    req_free(r);
}

void api_header(struct api_req *r, const char *name, const char *value) {
    evhttp_add_header(evhttp_request_get_output_headers(r->http), name, value);
}

static void common_headers(struct api_req *r, const char *type) {
    api_header(r, "Content-Type", type);
    api_header(r, "Cache-Control", "no-store");
    api_header(r, "X-Content-Type-Options", "nosniff");
}

/* From here on evhttp owns the request. */
static void let_go(struct api_req *r) {
    struct evhttp_connection *connection = evhttp_request_get_connection(r->http);
    if (connection)
        evhttp_connection_set_closecb(connection, NULL, NULL);
}

void api_reply_text(struct api_req *r, int code, const char *type, const char *text,
                    size_t length) {
    struct evbuffer *body = evbuffer_new();
    evbuffer_add(body, text, length);
    common_headers(r, type);
    let_go(r);
    evhttp_send_reply(r->http, code, reason(code), body);
    evbuffer_free(body);
    req_free(r);
}

void api_reply(struct api_req *r, int code, struct c138_json *body) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *dump = c138_json_dump(body);
    c138_json_unref(body);
    c138_buf_adds(&text, dump);
    c138_buf_addc(&text, '\n');
    api_reply_text(r, code, "application/json", c138_buf_text(&text), text.length);
}

static void reply_problem(struct api_req *r, int code, const char *key, const char *status,
                          const char *message) {
    struct c138_json *body = c138_json_new_object(), *error = c138_json_new_object();
    c138_json_set_str(error, "key", key);
    c138_json_set_str(error, "status", status);
    c138_json_set_str(error, "message", message);
    c138_json_set(body, "error", error);
    if (code == 401)
        api_header(r, "WWW-Authenticate", "Bearer realm=\"chain138\"");
    if (code == 429 || code == 503)
        api_header(r, "Retry-After", "1");
    api_reply(r, code, body);
}

void api_reply_error(struct api_req *r, c138_status status, const struct c138_err *err) {
    const char *word = c138_status_key(status);
    const char *key = err && err->key[0] ? err->key : word;
    reply_problem(r, api_code(status, key), key, word, err && err->text[0] ? err->text : word);
}

static const char *class_of_code(int code) {
    switch (code) {
    case 400:
    case 405:
    case 413:
        return "invalid";
    case 401:
    case 403:
        return "denied";
    case 404:
        return "not-found";
    default:
        return "internal";
    }
}

void api_reply_code(struct api_req *r, int code, const char *key, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    reply_problem(r, code, key, class_of_code(code), text);
}

void api_stream(struct api_req *r, const char *type) {
    common_headers(r, type);
    r->chunked = 1;
    evhttp_send_reply_start(r->http, 200, reason(200));
}

void api_chunk(struct api_req *r, const char *text, size_t length) {
    struct evbuffer *chunk = evbuffer_new();
    evbuffer_add(chunk, text, length);
    evhttp_send_reply_chunk(r->http, chunk);
    evbuffer_free(chunk);
}

size_t api_backlog(const struct api_req *r) {
    struct evhttp_connection *connection = evhttp_request_get_connection(r->http);
    if (!connection)
        return 0;
    return evbuffer_get_length(
        bufferevent_get_output(evhttp_connection_get_bufferevent(connection)));
}

void api_req_end(struct api_req *r) {
    let_go(r);
    evhttp_send_reply_end(r->http);
    req_free(r);
}

/* --- Questions ------------------------------------------------------------------------------- */

const char *api_query(const struct api_req *r, const char *name) {
    const char *value = evhttp_find_header(&r->query, name);
    return value && *value ? value : NULL;
}

int api_query_flag(const struct api_req *r, const char *name) {
    const char *value = api_query(r, name);
    return c138_streq(value, "1") || c138_streq(value, "true");
}

c138_status api_query_uint(const struct api_req *r, const char *name, uint64_t fallback,
                           uint64_t max, uint64_t *ret, struct c138_err *err) {
    const char *text = api_query(r, name);
    uint64_t value = fallback;
    if (text && (c138_parse_uint(text, &value) < 0 || value > max))
        return c138_error(err, C138_E_INVALID, "query.invalid",
                          "query parameter %s is \"%.60s\": expected a number from 0 to %llu", name,
                          text, (unsigned long long)max);
    *ret = value;
    return C138_OK;
}

c138_status api_body(struct api_req *r, struct c138_json **ret, struct c138_err *err) {
    struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
    size_t length = evbuffer_get_length(in);
    *ret = NULL;
    if (length == 0)
        return C138_OK;
    const char *text = (const char *)evbuffer_pullup(in, -1);
    struct c138_json *value = NULL;
    c138_status status = c138_json_parse(text, length, &value, err);
    if (status < 0)
        return c138_error_prefix(err, status, "request body");
    if (c138_json_type(value) != C138_JSON_OBJECT) {
        c138_json_unref(value);
        return c138_error(err, C138_E_INVALID, "body.invalid",
                          "request body: expected one JSON object, such as {\"node\":\"a\"}");
    }
    *ret = value;
    return C138_OK;
}

/* --- Who is there ---------------------------------------------------------------------------- */

static int peer_of_socket(struct api_req *r, struct conn *c) {
    struct ucred peer = {0};
    socklen_t length = sizeof(peer);
    if (!c || getsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
        api_reply_code(r, 401, "auth.peer", "the kernel does not say who is on this socket");
        return 0;
    }
    struct policy *policy = r->api->env.policy(r->api->env.user);
    if (policy_peer(policy, peer.uid, peer.gid, &r->who) < 0)
        r->who.role = 0;
    return 1;
}

/* A name that resolves to 127.0.0.1 must not let a web page in (DNS rebinding). */
static int host_is_local(const char *host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; host && i < C138_COUNT(names); i++) {
        size_t n = strlen(names[i]);
        if (!evutil_ascii_strncasecmp(host, names[i], n) && (host[n] == '\0' || host[n] == ':'))
            return 1;
    }
    return 0;
}

static int peer_of_token(struct api_req *r) {
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(r->http);
    if (!host_is_local(evhttp_find_header(headers, "Host"))) {
        api_reply_code(r, 403, "host.foreign",
                       "this port answers to the hosts localhost, 127.0.0.1 and [::1] only");
        return 0;
    }
    if (!strcmp(r->path, "/v1/version"))
        return 1;
    const char *auth = evhttp_find_header(headers, "Authorization");
    struct c138_err err = {0};
    if (!auth || evutil_ascii_strncasecmp(auth, "Bearer ", 7) != 0) {
        api_reply_code(
            r, 401, "auth.missing",
            "who are you? Send the header Authorization: Bearer TOKEN; tokens are in the "
            "file that policy.tokens_file names");
        return 0;
    }
    auth += 7 + strspn(auth + 7, " ");
    if (policy_token(r->api->env.policy(r->api->env.user), auth, &r->who, &err) < 0) {
        log_line(r->api->env.log, C138_LOG_WARNING, NULL, "a caller over TCP was turned away: %s",
                 err.text);
        api_reply_code(r, 401, "auth.token", "%s",
                       err.text[0] ? err.text : "this token is not known");
        return 0;
    }
    return 1;
}

static struct api_req *req_new(struct door *d, struct evhttp_request *http) {
    struct api_req *r = c138_xcalloc(1, sizeof(*r));
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
    r->api = d->api;
    r->door = d;
    r->http = http;
    r->path = path ? path : "";
    TAILQ_INIT(&r->query);
    if (query)
        (void)evhttp_parse_query_str(query, &r->query);
    LIST_INSERT_HEAD(&d->api->reqs, r, entry);
    evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_client_gone, r);
    return r;
}

static void on_request(struct evhttp_request *http, void *user) {
    struct door *d = user;
    struct conn *c = conn_of(d, http);
    struct api_req *r = req_new(d, http);
    if (c)
        c->partial_since = 0;
    d->api->requests++;
    if (evbuffer_get_length(evhttp_request_get_input_buffer(http)) > API_BODY_MAX) {
        api_reply_code(r, 413, "body.too-large", "a request body has at most %u bytes",
                       API_BODY_MAX);
        return;
    }
    if (d->kind == DOOR_UNIX ? peer_of_socket(r, c) : peer_of_token(r))
        api_route(r);
}

static void on_metrics_request(struct evhttp_request *http, void *user) {
    struct door *d = user;
    struct conn *c = conn_of(d, http);
    struct api_req *r = req_new(d, http);
    if (c)
        c->partial_since = 0;
    if (strcmp(r->path, "/metrics") != 0) {
        api_reply_code(r, 404, "path.unknown", "this port has /metrics only");
        return;
    }
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    metrics_write(d->api->env.metrics, d->owner, &out);
    api_reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", c138_buf_text(&out),
                   out.length);
}

/* --- Doors ----------------------------------------------------------------------------------- */

static struct door *door_new(struct api *a, enum door_kind kind) {
    struct door *d = c138_xcalloc(1, sizeof(*d));
    d->api = a;
    d->kind = kind;
    d->limit = kind == DOOR_UNIX  ? UNIX_CONNECTIONS
               : kind == DOOR_TCP ? TCP_CONNECTIONS
                                  : METRICS_CONNECTIONS;
    d->http = evhttp_new(a->env.base);
    if (!d->http)
        abort();
    evhttp_set_max_headers_size(d->http, API_HEAD_MAX);
    /* evhttp answers what is over its own bound with a page of HTML: up to twice ours, we do. */
    evhttp_set_max_body_size(d->http, kind == DOOR_METRICS ? 0 : 2 * API_BODY_MAX);
    evhttp_set_timeout(d->http, API_IDLE_S);
    evhttp_set_allowed_methods(d->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                            EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                            EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_bevcb(d->http, on_accept, d);
    evhttp_set_gencb(d->http, kind == DOOR_METRICS ? on_metrics_request : on_request, d);
    LIST_INSERT_HEAD(&a->doors, d, entry);
    return d;
}

/* Only the socket that we made: another agent may have put its own there. */
static void door_remove_path(struct door *d) {
    struct stat st;
    if (d->path && lstat(d->path, &st) == 0 && st.st_dev == d->dev && st.st_ino == d->ino)
        (void)unlink(d->path);
    free(d->path);
    d->path = NULL;
}

static void door_close_listener(struct door *d) {
    if (d->bound)
        evhttp_del_accept_socket(d->http, d->bound);
    d->bound = NULL;
    door_remove_path(d);
}

static void door_free(struct door *d) {
    door_close_listener(d);
    evhttp_free(d->http);
    for (struct conn *c; (c = LIST_FIRST(&d->conns)) != NULL;)
        conn_free(c);
    LIST_REMOVE(d, entry);
    free(d->owner);
    free(d);
}

static c138_status unix_failed(struct c138_err *err, const char *what, const char *path) {
    int e = errno;
    return c138_error(err, e == EACCES ? C138_E_DENIED : C138_E_UNAVAILABLE, "api.socket",
                      "control socket %s: %s: %s: check that the folder exists and that the agent "
                      "may write there (api.socket)",
                      path, what, strerror(e));
}

static c138_status give_to_group(const char *path, const char *group, mode_t mode,
                                 struct c138_err *err) {
    if (group && *group) {
        const struct group *g = getgrnam(group);
        if (!g)
            return c138_error(err, C138_E_NOTFOUND, "api.group",
                              "control socket %s: there is no group \"%s\": create it, or change "
                              "api.socket_group",
                              path, group);
        if (chown(path, (uid_t)-1, g->gr_gid) < 0)
            return unix_failed(err, "chown", path);
    }
    return chmod(path, mode) < 0 ? unix_failed(err, "chmod", path) : C138_OK;
}

/* Made beside and renamed: there is never a socket without its mode. */
static c138_status unix_socket(const char *path, const char *group, mode_t mode, int *ret_fd,
                               struct stat *ret_stat, struct c138_err *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path) >=
        (int)sizeof(address.sun_path))
        return c138_error(err, C138_E_INVALID, "api.socket",
                          "control socket %s: the path is too long: at most %zu bytes (api.socket)",
                          path, sizeof(address.sun_path) - 5);
    C138_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return unix_failed(err, "socket", path);
    (void)unlink(address.sun_path);
    mode_t old = umask(0177);
    int bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
    (void)umask(old);
    if (bound < 0)
        return unix_failed(err, "bind", path);
    c138_status status = give_to_group(address.sun_path, group, mode, err);
    if (status >= 0 && listen(fd, BACKLOG) < 0)
        status = unix_failed(err, "listen", path);
    if (status >= 0 && lstat(address.sun_path, ret_stat) < 0)
        status = unix_failed(err, "stat", path);
    if (status >= 0 && rename(address.sun_path, path) < 0)
        status = unix_failed(err, "rename", path);
    if (status < 0) {
        (void)unlink(address.sun_path);
        return status;
    }
    *ret_fd = fd;
    fd = -1;
    return C138_OK;
}

c138_status api_listen_unix(struct api *a, const char *path, const char *group, mode_t mode,
                            struct c138_err *err) {
    int fd = -1;
    struct stat st = {0};
    c138_status status = unix_socket(path, group, mode, &fd, &st, err);
    if (status < 0)
        return status;
    struct door *d = door_new(a, DOOR_UNIX);
    d->path = c138_xstrdup(path);
    d->dev = st.st_dev;
    d->ino = st.st_ino;
    d->bound = evhttp_accept_socket_with_handle(d->http, fd);
    if (!d->bound) {
        status = unix_failed(err, "accept", path);
        (void)close(fd);
        door_free(d);
    }
    return status;
}

static uint16_t port_of(evutil_socket_t fd) {
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof(bound);
    if (getsockname(fd, (struct sockaddr *)&bound, &length) < 0)
        return 0;
    if (bound.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
}

/* "127.0.0.1:9138", "[::1]:9138", ":9545" and "0.0.0.0:9545" (any). */
static c138_status parse_address(const char *text, char host[64], uint16_t *ret_port,
                                 int *ret_local, struct c138_err *err) {
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    struct in_addr four;
    struct in6_addr six;
    size_t n = colon ? (size_t)(colon - text) : 0;
    int bracketed = n >= 2 && text[0] == '[' && colon[-1] == ']';
    if (!colon || n >= 64 || c138_parse_uint(colon + 1, &port) < 0 || port > 65535)
        goto bad;
    (void)snprintf(host, 64, "%.*s", (int)(bracketed ? n - 2 : n), text + (bracketed ? 1 : 0));
    if (!strcmp(host, "localhost"))
        (void)snprintf(host, 64, "127.0.0.1");
    if (host[0] == '\0')
        (void)snprintf(host, 64, "0.0.0.0");
    if (!bracketed && inet_pton(AF_INET, host, &four) == 1)
        *ret_local = (ntohl(four.s_addr) >> 24) == 127;
    else if (bracketed && inet_pton(AF_INET6, host, &six) == 1)
        *ret_local = IN6_IS_ADDR_LOOPBACK(&six) != 0;
    else
        goto bad;
    *ret_port = (uint16_t)port;
    return C138_OK;
bad:
    return c138_error(err, C138_E_INVALID, "api.address",
                      "\"%s\" is no address to listen on: expected one such as 127.0.0.1:9138 or "
                      "[::1]:9138",
                      text);
}

static c138_status listen_inet(struct door *d, const char *address, const char *host, uint16_t port,
                               uint16_t *ret_port, struct c138_err *err) {
    d->bound = evhttp_bind_socket_with_handle(d->http, host, port);
    if (!d->bound) {
        int e = errno;
        return c138_error(err, C138_E_UNAVAILABLE, "api.listen",
                          "cannot listen on %s: %s: choose another port, or stop what has it (ss "
                          "-ltnp)",
                          address, strerror(e));
    }
    if (ret_port)
        *ret_port = port_of(evhttp_bound_socket_get_fd(d->bound));
    return C138_OK;
}

c138_status api_listen_tcp(struct api *a, const char *address, uint16_t *ret_port,
                           struct c138_err *err) {
    char host[64];
    uint16_t port = 0;
    int local = 0;
    c138_status status = parse_address(address, host, &port, &local, err);
    if (status >= 0 && !local)
        status = c138_error(err, C138_E_INVALID, "api.address",
                            "the API listens on loopback only, not on %s: use 127.0.0.1 or [::1], "
                            "and a tunnel or a proxy with TLS from elsewhere",
                            address);
    if (status < 0)
        return status;
    struct door *d = door_new(a, DOOR_TCP);
    status = listen_inet(d, address, host, port, ret_port, err);
    if (status < 0)
        door_free(d);
    return status;
}

c138_status api_listen_metrics(struct api *a, const char *owner, const char *address,
                               uint16_t *ret_port, struct c138_err *err) {
    char host[64];
    uint16_t port = 0;
    int local = 0;
    struct door *d, *old = NULL;
    LIST_FOREACH(d, &a->doors, entry)
    if (d->kind == DOOR_METRICS && c138_streq(d->owner, owner))
        old = d;
    if (address) {
        c138_status status = parse_address(address, host, &port, &local, err);
        if (status < 0)
            return status;
    }
    if (old)
        door_free(old);
    if (!address)
        return C138_OK;
    d = door_new(a, DOOR_METRICS);
    d->owner = c138_xstrdup(owner);
    c138_status status = listen_inet(d, address, host, port, ret_port, err);
    if (status < 0)
        door_free(d);
    return status;
}

void api_close_listeners(struct api *a) {
    struct door *d;
    LIST_FOREACH(d, &a->doors, entry)
    door_close_listener(d);
}

c138_status api_new(const struct api_env *env, struct api **ret_api, struct c138_err *err) {
    struct api *a = c138_xcalloc(1, sizeof(*a));
    /* evhttp writes to clients that are gone: an error, not the end of the process. */
    (void)signal(SIGPIPE, SIG_IGN);
    a->env = *env;
    LIST_INIT(&a->doors);
    LIST_INIT(&a->reqs);
    a->sweep = event_new(env->base, -1, 0, on_sweep, a);
    if (!a->sweep) {
        free(a);
        return c138_error(err, C138_E_INTERNAL, NULL, "api: no timer");
    }
    *ret_api = a;
    return C138_OK;
}

struct api *api_free(struct api *a) {
    if (!a)
        return NULL;
    for (struct door *d; (d = LIST_FIRST(&a->doors)) != NULL;)
        door_free(d);
    event_free(a->sweep);
    free(a);
    return NULL;
}
