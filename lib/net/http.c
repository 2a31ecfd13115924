#include <net/http.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define HTTP_CONNECT_TIMEOUT_NS (3 * C138_NS_PER_S)
#define HTTP_TIMEOUT_NS (10 * C138_NS_PER_S)
#define HTTP_BODY_MAX (8u << 20)
#define HTTP_HEAD_MAX (64u << 10)

struct c138_http {
    CURL *curl;
    int64_t connect_timeout_ns, timeout_ns;
    size_t body_max;
    char *unix_socket, *ca_file;
};

/* What a transfer under way knows: the callbacks of curl see this. */
struct http_transfer {
    const struct c138_http_request *request;
    struct c138_buf *body;
    size_t head_bytes, body_max;
    int head_too_large, body_too_large, cancelled;
    char *header; /* of the response: what want_header asks for */
};

c138_status c138_http_new(const struct c138_http_options *options, struct c138_http **ret_http) {
    /* Counted by curl, and safe between threads since curl 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return C138_E_INTERNAL;
    CURL *curl = curl_easy_init();
    if (!curl) {
        curl_global_cleanup();
        return C138_E_INTERNAL;
    }
    struct c138_http *h = c138_xcalloc(1, sizeof(*h));
    h->curl = curl;
    h->connect_timeout_ns =
        options->connect_timeout_ns ? options->connect_timeout_ns : HTTP_CONNECT_TIMEOUT_NS;
    h->timeout_ns = options->timeout_ns ? options->timeout_ns : HTTP_TIMEOUT_NS;
    h->body_max = options->body_max ? options->body_max : HTTP_BODY_MAX;
    h->unix_socket = c138_xstrdup(options->unix_socket);
    h->ca_file = c138_xstrdup(options->ca_file);
    *ret_http = h;
    return C138_OK;
}

struct c138_http *c138_http_free(struct c138_http *h) {
    if (!h)
        return NULL;
    curl_easy_cleanup(h->curl);
    curl_global_cleanup();
    free(h->unix_socket);
    free(h->ca_file);
    free(h);
    return NULL;
}

void c138_http_response_deinit(struct c138_http_response *r) {
    c138_buf_deinit(&r->body);
}

static size_t http_on_body(char *data, size_t size, size_t count, void *user) {
    struct http_transfer *t = user;
    if (t->body->length + size * count > t->body_max ||
        c138_buf_add(t->body, data, size * count) != C138_OK) {
        t->body_too_large = 1;
        return 0;
    }
    return size * count;
}

/* One line of the head, "Name: value\r\n". */
static void http_take_header(struct http_transfer *t, const char *line, size_t length) {
    const char *want = t->request->want_header;
    size_t n = want ? strlen(want) : 0;
    if (!n || length <= n || line[n] != ':' || strncasecmp(line, want, n) != 0)
        return;
    for (n++; n < length && (line[n] == ' ' || line[n] == '\t'); n++)
        ;
    while (length > n && strchr(" \t\r\n", line[length - 1]))
        length--;
    if (length - n >= sizeof(((struct c138_http_response *)0)->header))
        return;
    memcpy(t->header, line + n, length - n);
    t->header[length - n] = '\0';
}

static size_t http_on_head(char *data, size_t size, size_t count, void *user) {
    struct http_transfer *t = user;
    http_take_header(t, data, size * count);
    t->head_bytes += size * count;
    if (t->head_bytes > HTTP_HEAD_MAX) {
        t->head_too_large = 1;
        return 0;
    }
    return size * count;
}

static int http_on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                            curl_off_t up) {
    struct http_transfer *t = user;
    (void)down_total, (void)down, (void)up_total, (void)up;
    if (t->request->cancelled && t->request->cancelled(t->request->user))
        t->cancelled = 1;
    return t->cancelled;
}

/* The URL as it may stand in an error: without user, password and query. */
static char *http_public_url(const char *url) {
    const char *rest = strstr(url, "://");
    rest = rest ? rest + 3 : url;
    size_t authority = strcspn(rest, "/?#");
    const char *at = NULL;
    for (size_t i = 0; i < authority; i++)
        if (rest[i] == '@')
            at = rest + i;
    const char *host = at ? at + 1 : rest;
    return c138_xasprintf("%.*s%.*s", (int)(rest - url), url, (int)strcspn(host, "?#"), host);
}

static c138_status http_failed(CURLcode code, const struct http_transfer *t, const char *url,
                               const char *detail, int64_t timeout_ns, struct c138_err *err) {
    char limit[C138_DURATION_TEXT], size[C138_SIZE_TEXT];
    c138_duration_human(timeout_ns, limit);
    c138_size_human(t->body_max, size);
    if (t->cancelled)
        return c138_error(err, C138_E_CANCELLED, "http.cancelled", "%s: cancelled", url);
    if (t->head_too_large)
        return c138_error(err, C138_E_LIMIT, "http.too-large",
                          "%s: the head of the answer is over 64 KiB: is this the right port?",
                          url);
    if (t->body_too_large || code == CURLE_FILESIZE_EXCEEDED)
        return c138_error(err, C138_E_LIMIT, "http.too-large",
                          "%s: the answer is larger than %s and was given up: ask for less, or "
                          "check that this is the right server",
                          url, size);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return c138_error(err, C138_E_UNAVAILABLE, "http.refused",
                          "%s: no connection (%s): check that the server runs and listens there",
                          url, detail);
    case CURLE_COULDNT_RESOLVE_HOST:
        return c138_error(err, C138_E_UNAVAILABLE, "http.resolve",
                          "%s: the host's name has no address: check the name and the resolver",
                          url);
    case CURLE_OPERATION_TIMEDOUT:
        return c138_error(err, C138_E_TIMEOUT, "http.timeout",
                          "%s: no whole answer within %s: the server hangs or is overloaded", url,
                          limit);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
        return c138_error(err, C138_E_UNAVAILABLE, "http.truncated",
                          "%s: the connection ended in the middle of the answer (%s): the server "
                          "stopped, or a proxy before it cut it off",
                          url, detail);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return c138_error(err, C138_E_UNAVAILABLE, "http.tls",
                          "%s: TLS failed (%s): check the certificate and the CA file", url,
                          detail);
    default:
        return c138_error(err, C138_E_UNAVAILABLE, "http.protocol",
                          "%s: no HTTP answer (%s): check that this is an HTTP server", url,
                          detail);
    }
}

static void http_set_scheme(CURL *c) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void http_set_request(struct c138_http *h, const struct c138_http_request *request) {
    CURL *c = h->curl;
    curl_easy_setopt(c, CURLOPT_URL, request->url);
    if (request->body) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    }
    if (request->method && strcasecmp(request->method, "HEAD") == 0)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    else if (request->method)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request->method);
}

static void http_set_bounds(struct c138_http *h, struct http_transfer *t, int64_t timeout_ns) {
    CURL *c = h->curl;
    long timeout_ms = (long)(timeout_ns / C138_NS_PER_MS), connect_ms;
    int64_t connect_ns = h->connect_timeout_ns < timeout_ns ? h->connect_timeout_ns : timeout_ns;
    connect_ms = (long)(connect_ns / C138_NS_PER_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms > 0 ? timeout_ms : 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms > 0 ? connect_ms : 1L);
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->body_max);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 16384L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, http_on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, http_on_head);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, http_on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    http_set_scheme(c);
    if (h->unix_socket)
        curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, h->unix_socket);
    if (h->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
}

static void http_read_head(CURL *c, struct c138_http_response *response) {
    const char *type = NULL;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
    size_t length = type ? strnlen(type, sizeof(response->content_type) - 1) : 0;
    if (type)
        memcpy(response->content_type, type, length);
    response->content_type[length] = '\0';
}

c138_status c138_http_do(struct c138_http *h, const struct c138_http_request *request,
                         struct c138_http_response *response, struct c138_err *err) {
    struct http_transfer t = {.request = request,
                              .body = &response->body,
                              .body_max = h->body_max,
                              .header = response->header};
    char detail[CURL_ERROR_SIZE] = "";
    int64_t timeout_ns = request->timeout_ns ? request->timeout_ns : h->timeout_ns;
    c138_buf_reset(&response->body);
    response->status = 0;
    response->header[0] = '\0';
    curl_easy_reset(h->curl); /* options only: connections stay */
    http_set_request(h, request);
    http_set_bounds(h, &t, timeout_ns);
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, detail);
    /* Without "Expect:" curl waits a second for a 100-continue that Besu never sends. */
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    for (const char *const *p = request->headers; p && *p && headers; p++) {
        struct curl_slist *more = curl_slist_append(headers, *p);
        if (!more)
            curl_slist_free_all(headers);
        headers = more;
    }
    if (!headers)
        return c138_error(err, C138_E_INTERNAL, NULL, "no memory for the headers of a request");
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
    int64_t start = c138_now_monotonic_ns();
    CURLcode code = curl_easy_perform(h->curl);
    response->took_ns = c138_now_monotonic_ns() - start;
    http_read_head(h->curl, response);
    curl_slist_free_all(headers);
    curl_easy_reset(h->curl); /* nothing in it points at this frame any more */
    if (code == CURLE_OK)
        return C138_OK;
    C138_FREE char *url = http_public_url(request->url);
    return http_failed(code, &t, url, detail[0] ? detail : curl_easy_strerror(code), timeout_ns,
                       err);
}
