/*
 * net/http.h: one HTTP request at a time with hard bounds, over libcurl. For code that may block
 * (plugins, tools).
 *
 * A client keeps its connections between requests. It belongs to one thread at a time. Bounds: time
 * to connect, whole time, bytes of head and of body; redirects are not followed (a node that
 * redirects is misconfigured, and a token must not travel). Proxies of the environment are ignored.
 */
#ifndef C138_NET_HTTP_H
#define C138_NET_HTTP_H
#include <base/buf.h>
#include <base/err.h>

struct c138_http;

struct c138_http_options {
    int64_t connect_timeout_ns; /* 0: 3 s */
    int64_t timeout_ns;         /* 0: 10 s */
    size_t body_max;            /* bytes; 0: 8 MiB */
    const char *unix_socket;    /* NULL: TCP */
    const char *ca_file;        /* NULL: the system's */
};

struct c138_http_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *body;           /* NULL: none */
    size_t body_length;
    int64_t timeout_ns; /* 0: the client's */
    /* Asked several times a second while the request is under way; not 0: stop with
     * C138_E_CANCELLED. NULL: never. */
    int (*cancelled)(void *user);
    void *user;
    const char *want_header; /* its value goes into the response; NULL: none */
};

struct c138_http_response {
    long status;            /* 200 */
    char content_type[128]; /* "" if there is none */
    struct c138_buf
        body; /* reset and reused by the next request when the same response is passed again */
    int64_t took_ns;
    char header[256]; /* of want_header; "" if it was not there, or was longer */
};

c138_status c138_http_new(const struct c138_http_options *options, struct c138_http **ret_http);
struct c138_http *c138_http_free(struct c138_http *h);
/*
 * C138_OK for any complete answer, also 404. Failures: key "http.refused" "http.resolve"
 * "http.timeout" "http.truncated" "http.too-large" "http.tls" "http.protocol" "http.cancelled"; the
 * text names the URL without user and password, what happened and what to do.
 */
c138_status c138_http_do(struct c138_http *h, const struct c138_http_request *request,
                         struct c138_http_response *response, struct c138_err *err);
void c138_http_response_deinit(struct c138_http_response *r);
#endif
