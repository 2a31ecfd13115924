#include "s3.h"

#include "files.h"

#include <base/lines.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define TRIES 8
#define BACKOFF_NS (250 * C138_NS_PER_MS)
#define BACKOFF_MAX_NS (20 * C138_NS_PER_S)
#define REQUEST_TIMEOUT_NS (600 * C138_NS_PER_S)
#define BODY_MAX (64u << 20)
#define HEADERS_MAX 16
#define PARTS_MAX 10000

struct s3 {
    struct s3_options o;
    char *url, *bucket, *region, *access_key, *secret_key, *ca_file, *lock_mode;
    char *host, *base_path;
    struct c138_http *http;
    struct c138_http_response response;
};

struct request {
    const char *method, *key; /* NULL key: the bucket */
    const struct c138_sigv4_pair *query;
    const struct c138_sigv4_pair *headers;
    const void *body;
    size_t length;
    const char *want_header;
};

/* --- Life ------------------------------------------------------------------------------------- */

/* "http://host:port/below" -> host with its port, and the path. */
static void split_url(struct s3 *s) {
    const char *rest = strstr(s->url, "://");
    rest = rest ? rest + 3 : s->url;
    size_t n = strcspn(rest, "/");
    s->host = c138_xstrndup(rest, n);
    s->base_path = c138_xstrdup(rest + n);
    for (size_t k = strlen(s->base_path); k && s->base_path[k - 1] == '/';)
        s->base_path[--k] = '\0';
}

c138_status s3_new(const struct s3_options *o, struct s3 **ret, struct c138_err *err) {
    struct s3 *s = c138_xcalloc(1, sizeof(*s));
    const struct c138_http_options http = {.timeout_ns = REQUEST_TIMEOUT_NS,
                                           .connect_timeout_ns = 10 * C138_NS_PER_S,
                                           .body_max = BODY_MAX,
                                           .ca_file = o->ca_file};
    s->o = *o;
    s->url = c138_xstrdup(o->url);
    s->bucket = c138_xstrdup(o->bucket);
    s->region = c138_xstrdup(o->region);
    s->access_key = c138_xstrdup(o->access_key);
    s->secret_key = c138_xstrdup(o->secret_key);
    s->lock_mode = c138_xstrdup(o->lock_mode);
    split_url(s);
    if (c138_http_new(&http, &s->http) < 0) {
        (void)s3_free(s);
        return c138_error(err, C138_E_INTERNAL, NULL, "libcurl cannot be used");
    }
    *ret = s;
    return C138_OK;
}

struct s3 *s3_free(struct s3 *s) {
    if (!s)
        return NULL;
    if (s->secret_key)
        c138_wipe(s->secret_key, strlen(s->secret_key));
    char *texts[] = {s->url,       s->bucket, s->region, s->access_key,
                     s->secret_key, s->lock_mode, s->host, s->base_path};
    for (size_t i = 0; i < C138_COUNT(texts); i++)
        free(texts[i]);
    (void)c138_http_free(s->http);
    c138_http_response_deinit(&s->response);
    free(s);
    return NULL;
}

void s3_watch(struct s3 *s, int (*cancelled)(void *user), void (*progress)(void *user, uint64_t),
              void *user) {
    s->o.cancelled = cancelled;
    s->o.progress = progress;
    s->o.user = user;
}

static int is_cancelled(const struct s3 *s) {
    return s->o.cancelled && s->o.cancelled(s->o.user);
}

/* --- One request ------------------------------------------------------------------------------ */

static void sha256_of(const void *bytes, size_t length, char ret[65]) {
    uint8_t digest[32];
    unsigned n = 0;
    if (!EVP_Digest(bytes ? bytes : "", length, digest, &n, EVP_sha256(), NULL))
        abort();
    c138_hex_encode(digest, sizeof(digest), ret);
}

static c138_status send_once(struct s3 *s, const struct request *r, struct c138_err *err) {
    C138_BUF struct c138_buf target = C138_BUF_NULL, authorization = C138_BUF_NULL;
    C138_FREE char *path = c138_xasprintf("%s/%s%s%s", s->base_path, s->bucket, r->key ? "/" : "",
                                          r->key ? r->key : "");
    char date[17], hash[65];
    const char *lines[HEADERS_MAX + 4] = {NULL};
    size_t n = 0;
    sha256_of(r->body, r->length, hash);
    const struct c138_sigv4_request q = {.method = r->method,
                                         .host = s->host,
                                         .path = path,
                                         .query = r->query,
                                         .headers = r->headers,
                                         .payload_sha256 = hash,
                                         .access_key = s->access_key,
                                         .secret_key = s->secret_key,
                                         .region = s->region,
                                         .service = "s3",
                                         .time_ns = c138_now_utc_ns()};
    if (c138_sigv4(&q, &target, date, &authorization) < 0)
        return c138_error(err, C138_E_INTERNAL, "s3.sign", "a request cannot be signed");
    size_t scheme = strstr(s->url, "://") ? (size_t)(strstr(s->url, "://") - s->url) + 3 : 0;
    C138_FREE char *url = c138_xasprintf("%.*s%s%s", (int)scheme, s->url, s->host,
                                         c138_buf_text(&target));
    C138_FREE char *auth = c138_xasprintf("Authorization: %s", c138_buf_text(&authorization));
    C138_FREE char *when = c138_xasprintf("x-amz-date: %s", date);
    C138_FREE char *sha = c138_xasprintf("x-amz-content-sha256: %s", hash);
    char *made[HEADERS_MAX] = {NULL};
    lines[n++] = auth;
    lines[n++] = when;
    lines[n++] = sha;
    for (size_t i = 0; r->headers && r->headers[i].name && i < HEADERS_MAX; i++)
        lines[n++] = made[i] = c138_xasprintf("%s: %s", r->headers[i].name, r->headers[i].value);
    const struct c138_http_request http = {.method = r->method,
                                           .url = url,
                                           .headers = lines,
                                           .body = r->body,
                                           .body_length = r->length,
                                           .cancelled = s->o.cancelled,
                                           .user = s->o.user,
                                           .want_header = r->want_header};
    c138_status status = c138_http_do(s->http, &http, &s->response, err);
    for (size_t i = 0; i < HEADERS_MAX; i++)
        free(made[i]);
    return status;
}

/* <Code> and <Message> of an error's body, "" where there are none. */
static void read_error(const struct s3 *s, char code[64], char message[256]) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    const char *xml = c138_buf_text(&s->response.body);
    size_t at = 0;
    code[0] = message[0] = '\0';
    if (s3_xml_next(xml, s->response.body.length, &at, "Code", &text))
        (void)snprintf(code, 64, "%s", c138_buf_text(&text));
    at = 0;
    if (s3_xml_next(xml, s->response.body.length, &at, "Message", &text))
        (void)snprintf(message, 256, "%s", c138_buf_text(&text));
}

static const char *advice(long status, const char *code) {
    if (!strcmp(code, "SignatureDoesNotMatch"))
        return ": check secret_key and region";
    if (!strcmp(code, "InvalidAccessKeyId"))
        return ": check access_key";
    if (!strcmp(code, "RequestTimeTooSkewed"))
        return ": this host's clock is wrong, set it by NTP";
    if (!strcmp(code, "NoSuchBucket"))
        return ": make the bucket, or check its name";
    return status == 403 ? ": give this key the right to do it" : "";
}

static c138_status answer_failed(const struct s3 *s, const struct request *r,
                                 struct c138_err *err) {
    char code[64], message[256];
    long status = s->response.status;
    read_error(s, code, message);
    c138_status class = status == 404                    ? C138_E_NOTFOUND
                        : status == 403 || status == 401 ? C138_E_DENIED
                        : status == 409 || status == 412 ? C138_E_CONFLICT
                        : status == 507                  ? C138_E_LIMIT
                        : status >= 500 || status == 200 ? C138_E_UNAVAILABLE
                                                         : C138_E_INVALID;
    return c138_error(err, class, "s3.answer", "%s %s/%s of %s: %ld %s %s%s", r->method, s->bucket,
                      r->key ? r->key : "", s->url, status, code, message, advice(status, code));
}

static int worth_repeating(const struct s3 *s, c138_status sent) {
    char code[64], message[256];
    if (sent < 0)
        return sent == C138_E_UNAVAILABLE || sent == C138_E_TIMEOUT;
    read_error(s, code, message);
    return s->response.status == 500 || s->response.status == 502 || s->response.status == 503 ||
           s->response.status == 504 || s->response.status == 429 ||
           !strcmp(code, "RequestTimeout") || !strcmp(code, "SlowDown") ||
           !strcmp(code, "InternalError");
}

/* 200 with <Error> in it. */
static int is_hidden_error(const struct s3 *s, const struct request *r) {
    return s->response.status == 200 && !strcmp(r->method, "POST") &&
           memmem(c138_buf_text(&s->response.body), s->response.body.length, "<Error>", 7) != NULL;
}

static c138_status pause_ns(const struct s3 *s, int64_t ns, struct c138_err *err) {
    int64_t until = c138_now_monotonic_ns() + ns / 2 + ns * (c138_now_monotonic_ns() % 97) / 194;
    const struct timespec step = {.tv_nsec = 50 * C138_NS_PER_MS};
    while (c138_now_monotonic_ns() < until) {
        if (is_cancelled(s))
            return c138_error(err, C138_E_CANCELLED, "s3.cancelled", "%s: cancelled", s->url);
        (void)nanosleep(&step, NULL);
    }
    return C138_OK;
}

static c138_status do_request(struct s3 *s, const struct request *r, struct c138_err *err) {
    int64_t backoff = s->o.backoff_ns ? s->o.backoff_ns : BACKOFF_NS;
    uint32_t tries = s->o.tries ? s->o.tries : TRIES;
    for (uint32_t n = 1;; n++) {
        c138_status status = send_once(s, r, err);
        int good = status >= 0 && s->response.status / 100 == 2 && !is_hidden_error(s, r);
        if (good)
            return C138_OK;
        if (n >= tries || !worth_repeating(s, status))
            return status < 0 ? status : answer_failed(s, r, err);
        if (pause_ns(s, backoff, err) < 0)
            return C138_E_CANCELLED;
        backoff = backoff * 2 < BACKOFF_MAX_NS ? backoff * 2 : BACKOFF_MAX_NS;
    }
}

/* --- Headers of what is stored ---------------------------------------------------------------- */

struct stored_headers {
    struct c138_sigv4_pair list[6];
    char md5[32], until[C138_TIME_TEXT];
    size_t count;
};

static void add_header(struct stored_headers *h, const char *name, const char *value) {
    h->list[h->count++] = (struct c138_sigv4_pair){name, value};
}

static void add_md5(struct stored_headers *h, const void *bytes, size_t length) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    uint8_t digest[16];
    unsigned n = 0;
    if (!EVP_Digest(bytes ? bytes : "", length, digest, &n, EVP_md5(), NULL))
        return; /* a library without MD5: the SHA-256 is still there */
    c138_base64_encode(digest, sizeof(digest), &text);
    (void)snprintf(h->md5, sizeof(h->md5), "%s", c138_buf_text(&text));
    add_header(h, "Content-MD5", h->md5);
}

static void add_lock(struct stored_headers *h, const struct s3 *s) {
    if (!s->o.lock_ns)
        return;
    c138_time_format(c138_now_utc_ns() + s->o.lock_ns, h->until);
    add_header(h, "x-amz-object-lock-mode", s->lock_mode ? s->lock_mode : "GOVERNANCE");
    add_header(h, "x-amz-object-lock-retain-until-date", h->until);
}

/* --- In one piece ----------------------------------------------------------------------------- */

static c138_status put_whole(struct s3 *s, const char *key, const void *bytes, size_t length,
                             struct c138_err *err) {
    struct stored_headers h = {0};
    add_header(&h, "Content-Type", "application/octet-stream");
    add_md5(&h, bytes, length);
    add_lock(&h, s);
    const struct request r = {.method = "PUT",
                              .key = key,
                              .headers = h.list,
                              .body = bytes ? bytes : "",
                              .length = length};
    c138_status status = do_request(s, &r, err);
    if (status >= 0 && s->o.progress)
        s->o.progress(s->o.user, length);
    return status;
}

/* --- In parts --------------------------------------------------------------------------------- */

struct upload {
    struct s3 *s;
    const char *key;
    struct c138_lines *lines;
    char id[1024];
    uint64_t size, part_bytes;
    char (*etags)[80]; /* "" : not uploaded */
    size_t n_parts;
    int done;
};

/* Lines: "upload SIZE PART_BYTES ID", "part NUMBER ETAG", "done", "anew". */
static c138_status on_line(void *user, const char *line, size_t length, struct c138_err *err) {
    struct upload *u = user;
    unsigned long long size = 0, part = 0, number = 0;
    char text[1200] = "", etag[80] = "", id[1024] = "";
    (void)err;
    (void)snprintf(text, sizeof(text), "%.*s", (int)(length < 1199 ? length : 1199), line);
    if (sscanf(text, "upload %llu %llu %1023s", &size, &part, id) == 3 && size == u->size &&
        part == u->part_bytes)
        (void)snprintf(u->id, sizeof(u->id), "%s", id);
    else if (u->id[0] && sscanf(text, "part %llu %79s", &number, etag) == 2 && number >= 1 &&
             number <= u->n_parts)
        (void)snprintf(u->etags[number - 1], sizeof(*u->etags), "%s", etag);
    else if (!strcmp(text, "done"))
        u->done = 1;
    else if (!strcmp(text, "anew")) {
        u->id[0] = '\0';
        memset(u->etags, 0, u->n_parts * sizeof(*u->etags));
    }
    return C138_OK;
}

static c138_status note(struct upload *u, struct c138_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static c138_status note(struct upload *u, struct c138_err *err, const char *fmt, ...) {
    char text[1200];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return c138_lines_add(u->lines, text, (size_t)n, err);
}

static c138_status begin_upload(struct upload *u, struct c138_err *err) {
    C138_BUF struct c138_buf id = C138_BUF_NULL;
    struct stored_headers h = {0};
    static const struct c138_sigv4_pair query[] = {{"uploads", ""}, {NULL, NULL}};
    size_t at = 0;
    add_header(&h, "Content-Type", "application/octet-stream");
    add_lock(&h, u->s);
    const struct request r = {.method = "POST",
                              .key = u->key,
                              .query = query,
                              .headers = h.list,
                              .body = "",
                              .length = 0};
    c138_status status = do_request(u->s, &r, err);
    if (status < 0)
        return status;
    if (!s3_xml_next(c138_buf_text(&u->s->response.body), u->s->response.body.length, &at,
                     "UploadId", &id) ||
        id.length >= sizeof(u->id) || strpbrk(c138_buf_text(&id), " \n"))
        return c138_error(err, C138_E_CONFLICT, "s3.answer",
                          "%s gave no id for an upload in parts: is it an S3 service?", u->s->url);
    (void)snprintf(u->id, sizeof(u->id), "%s", c138_buf_text(&id));
    return note(u, err, "upload %llu %llu %s\n", (unsigned long long)u->size,
                (unsigned long long)u->part_bytes, u->id);
}

static c138_status put_part(struct upload *u, size_t n, const void *bytes, size_t length,
                            struct c138_err *err) {
    struct stored_headers h = {0};
    char number[16];
    (void)snprintf(number, sizeof(number), "%zu", n + 1);
    const struct c138_sigv4_pair query[] = {{"partNumber", number}, {"uploadId", u->id}, {NULL, NULL}};
    add_header(&h, "Content-Type", "application/octet-stream");
    add_md5(&h, bytes, length);
    const struct request r = {.method = "PUT",
                              .key = u->key,
                              .query = query,
                              .headers = h.list,
                              .body = bytes,
                              .length = length,
                              .want_header = "ETag"};
    c138_status status = do_request(u->s, &r, err);
    if (status < 0)
        return status;
    if (!u->s->response.header[0] || strlen(u->s->response.header) >= sizeof(*u->etags))
        return c138_error(err, C138_E_CONFLICT, "s3.answer", "%s gave no ETag for a part",
                          u->s->url);
    (void)snprintf(u->etags[n], sizeof(*u->etags), "%s", u->s->response.header);
    return note(u, err, "part %zu %s\n", n + 1, u->etags[n]);
}

/* The bytes come by mmap: a part is read three times (MD5, SHA-256, sent) and kept nowhere. */
static c138_status put_parts(struct upload *u, int fd, struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t n = 0; status >= 0 && n < u->n_parts; n++) {
        uint64_t offset = n * u->part_bytes;
        size_t length =
            (size_t)(u->size - offset < u->part_bytes ? u->size - offset : u->part_bytes);
        if (!u->etags[n][0]) {
            void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, (off_t)offset);
            if (bytes == MAP_FAILED)
                return files_fail(err, "read", u->key);
            status = put_part(u, n, bytes, length, err);
            (void)munmap(bytes, length);
        }
        if (status >= 0 && u->s->o.progress)
            u->s->o.progress(u->s->o.user, length);
    }
    return status;
}

static c138_status complete(struct upload *u, struct c138_err *err) {
    C138_BUF struct c138_buf xml = C138_BUF_NULL;
    const struct c138_sigv4_pair query[] = {{"uploadId", u->id}, {NULL, NULL}};
    static const struct c138_sigv4_pair headers[] = {{"Content-Type", "application/xml"},
                                                     {NULL, NULL}};
    (void)c138_buf_adds(&xml, "<CompleteMultipartUpload>");
    for (size_t n = 0; n < u->n_parts; n++)
        (void)c138_buf_addf(&xml, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>", n + 1,
                            u->etags[n]);
    (void)c138_buf_adds(&xml, "</CompleteMultipartUpload>");
    const struct request r = {.method = "POST",
                              .key = u->key,
                              .query = query,
                              .headers = headers,
                              .body = c138_buf_text(&xml),
                              .length = xml.length};
    return do_request(u->s, &r, err);
}

/* An upload that is not known: it was completed and the answer was lost, or it ran out. */
static int is_unknown(const struct s3 *s) {
    char code[64], message[256];
    read_error(s, code, message);
    return !strcmp(code, "NoSuchUpload");
}

static c138_status finish(struct upload *u, struct c138_err *err) {
    uint64_t size = 0;
    c138_status status = complete(u, err);
    if (status == C138_E_NOTFOUND && is_unknown(u->s) &&
        s3_size(u->s, u->key, &size, err) >= 0 && size == u->size)
        status = C138_OK;
    return status;
}

static c138_status go_on(struct upload *u, int fd, struct c138_err *err) {
    c138_status status = C138_OK;
    for (int n = 0; n < 3; n++) {
        status = u->id[0] ? C138_OK : begin_upload(u, err);
        if (status >= 0)
            status = put_parts(u, fd, err);
        if (status >= 0)
            status = finish(u, err);
        if (status != C138_E_NOTFOUND || !is_unknown(u->s))
            return status;
        status = note(u, err, "anew\n");
        u->id[0] = '\0';
        memset(u->etags, 0, u->n_parts * sizeof(*u->etags));
        if (status < 0)
            return status;
    }
    return status;
}

c138_status s3_put_file(struct s3 *s, const char *key, const char *path, const char *state,
                        struct c138_err *err) {
    struct stat st;
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        return files_fail(err, "read", path);
    struct upload u = {.s = s, .key = key, .size = (uint64_t)st.st_size};
    u.part_bytes = s3_part_bytes(s->o.part_bytes, u.size);
    u.n_parts = u.size ? (size_t)((u.size + u.part_bytes - 1) / u.part_bytes) : 1;
    u.etags = c138_xcalloc(u.n_parts, sizeof(*u.etags));
    c138_status status = u.n_parts > PARTS_MAX
                             ? c138_error(err, C138_E_LIMIT, "s3.parts", "%s is too large", path)
                             : c138_lines_open(state, "the state of an upload", on_line, &u,
                                               &u.lines, err);
    if (status >= 0 && !u.done && u.n_parts > 1)
        status = go_on(&u, fd, err);
    if (status >= 0 && !u.done && u.n_parts == 1) {
        void *bytes = u.size ? mmap(NULL, (size_t)u.size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
        status = bytes == MAP_FAILED ? files_fail(err, "read", path)
                                     : put_whole(s, key, bytes, (size_t)u.size, err);
        if (bytes && bytes != MAP_FAILED)
            (void)munmap(bytes, (size_t)u.size);
    }
    if (status >= 0 && !u.done)
        status = note(&u, err, "done\n");
    (void)(u.lines ? c138_lines_close(u.lines) : NULL);
    free(u.etags);
    return status;
}

/* --- Reading ---------------------------------------------------------------------------------- */

c138_status s3_get(struct s3 *s, const char *key, uint64_t offset, uint64_t length,
                   struct c138_buf *out, struct c138_err *err) {
    char range[64];
    (void)snprintf(range, sizeof(range), "bytes=%llu-%llu", (unsigned long long)offset,
                   (unsigned long long)(offset + length - 1));
    const struct c138_sigv4_pair headers[] = {{"Range", range}, {NULL, NULL}};
    const struct request r = {.method = "GET", .key = key, .headers = headers};
    c138_buf_reset(out);
    c138_status status = do_request(s, &r, err);
    if (status < 0)
        return status;
    /* A server that does not know ranges would send everything; then only a first piece is right. */
    if (s->response.status == 200 && offset)
        return c138_error(err, C138_E_UNSUPPORTED, "s3.answer",
                          "%s does not know ranges: it is no S3 service", s->url);
    return c138_buf_add(out, c138_buf_text(&s->response.body), s->response.body.length) < 0
               ? c138_error(err, C138_E_LIMIT, "s3.answer", "%s is too large", key)
               : C138_OK;
}

static void read_keys(const struct s3 *s,
                      void (*on_key)(void *user, const char *key, uint64_t size), void *user) {
    C138_BUF struct c138_buf entry = C138_BUF_NULL, key = C138_BUF_NULL, size = C138_BUF_NULL;
    size_t at = 0;
    while (s3_xml_next(c138_buf_text(&s->response.body), s->response.body.length, &at, "Contents",
                       &entry)) {
        size_t k = 0, z = 0;
        uint64_t bytes = 0;
        if (s3_xml_next(c138_buf_text(&entry), entry.length, &k, "Key", &key) &&
            s3_xml_next(c138_buf_text(&entry), entry.length, &z, "Size", &size) &&
            c138_parse_uint(c138_buf_text(&size), &bytes) >= 0)
            on_key(user, c138_buf_text(&key), bytes);
    }
}

c138_status s3_list(struct s3 *s, const char *prefix,
                    void (*on_key)(void *user, const char *key, uint64_t size), void *user,
                    struct c138_err *err) {
    C138_BUF struct c138_buf next = C138_BUF_NULL;
    int more = 1;
    while (more) {
        struct c138_sigv4_pair query[] = {
            {"list-type", "2"}, {"prefix", prefix}, {NULL, NULL}, {NULL, NULL}};
        if (next.length)
            query[2] = (struct c138_sigv4_pair){"continuation-token", c138_buf_text(&next)};
        const struct request r = {.method = "GET", .query = query};
        c138_status status = do_request(s, &r, err);
        if (status < 0)
            return status;
        read_keys(s, on_key, user);
        size_t at = 0;
        C138_BUF struct c138_buf token = C138_BUF_NULL;
        more = s3_xml_next(c138_buf_text(&s->response.body), s->response.body.length, &at,
                           "NextContinuationToken", &token) &&
               token.length;
        c138_buf_reset(&next);
        (void)c138_buf_adds(&next, c138_buf_text(&token));
    }
    return C138_OK;
}

struct sought {
    const char *key;
    uint64_t size;
    int found;
};

static void on_sought(void *user, const char *key, uint64_t size) {
    struct sought *w = user;
    if (!strcmp(key, w->key)) {
        w->found = 1;
        w->size = size;
    }
}

c138_status s3_size(struct s3 *s, const char *key, uint64_t *ret, struct c138_err *err) {
    struct sought w = {.key = key};
    c138_status status = s3_list(s, key, on_sought, &w, err);
    if (status < 0)
        return status;
    *ret = w.size;
    return w.found ? C138_OK
                   : c138_error(err, C138_E_NOTFOUND, "s3.answer", "%s/%s is not there", s->bucket,
                                key);
}

c138_status s3_delete(struct s3 *s, const char *key, struct c138_err *err) {
    const struct request r = {.method = "DELETE", .key = key};
    c138_status status = do_request(s, &r, err);
    return status == C138_E_NOTFOUND ? C138_OK : status;
}
