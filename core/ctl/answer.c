/*
 * HTTP/1.1 answers (RFC 9112), as much as an agent sends.
 */
#include "config.h"

#include <ctl/answer.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX (16u << 10)
#define CHUNK_LINE_MAX 64u
#define INTERIM_MAX 64

void answer_init(struct answer *a, uint64_t body_max) {
    *a = (struct answer){
        .body_max = body_max, .body = C138_BUF_NULL, .line = C138_BUF_MAX(HEAD_MAX)};
}

void answer_deinit(struct answer *a) {
    c138_buf_deinit(&a->body);
    c138_buf_deinit(&a->line);
}

static c138_status bad(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_INVALID, "http.protocol",
                      "the answer is not HTTP/1.1 (%s): is this the agent's address?", what);
}

static c138_status too_large(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_LIMIT, "http.too-large", "the answer's %s is too large", what);
}

/* "HTTP/1.1 200 OK" */
static c138_status status_line(struct answer *a, const char *line, struct c138_err *err) {
    if (strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' ')
        return bad(err, "status line");
    int code = 0;
    for (int i = 9; i < 12; i++) {
        if (line[i] < '0' || line[i] > '9')
            return bad(err, "status code");
        code = code * 10 + (line[i] - '0');
    }
    if ((line[12] != ' ' && line[12] != '\0') || code < 100)
        return bad(err, "status code");
    a->code = code;
    a->keep_alive = line[7] == '1';
    a->chunked = a->has_length = 0;
    a->part = ANSWER_HEADERS;
    return C138_OK;
}

static const char *value_of(const char *line, const char *name) {
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " \t");
}

static c138_status header_line(struct answer *a, const char *line, struct c138_err *err) {
    const char *value;
    if (line[0] == ' ' || line[0] == '\t' || !strchr(line, ':'))
        return bad(err, "header");
    if ((value = value_of(line, "Content-Length")) != NULL) {
        uint64_t length = 0;
        if (c138_parse_uint(value, &length) < 0 || (a->has_length && length != a->left))
            return bad(err, "Content-Length");
        a->has_length = 1;
        a->left = length;
    } else if ((value = value_of(line, "Transfer-Encoding")) != NULL) {
        if (strcasecmp(value, "chunked") != 0)
            return bad(err, "Transfer-Encoding");
        a->chunked = 1;
    } else if ((value = value_of(line, "Connection")) != NULL) {
        a->keep_alive = strcasecmp(value, "close") != 0;
    } else if ((value = value_of(line, "Content-Type")) != NULL) {
        (void)snprintf(a->content_type, sizeof(a->content_type), "%s", value);
    } else if ((value = value_of(line, "Retry-After")) != NULL) {
        (void)snprintf(a->retry_after, sizeof(a->retry_after), "%s", value);
    }
    return C138_OK;
}

static c138_status head_end(struct answer *a, struct c138_err *err) {
    if (a->code < 200) { /* 100 Continue: the real one follows */
        if (++a->interim > INTERIM_MAX)
            return bad(err, "too many interim answers");
        a->part = ANSWER_STATUS;
        return C138_OK;
    }
    if (a->chunked && a->has_length)
        return bad(err, "both Content-Length and chunks");
    if (a->head_only || a->code == 204 || a->code == 304)
        a->part = ANSWER_DONE;
    else if (a->chunked)
        a->part = ANSWER_CHUNK_SIZE;
    else if (!a->has_length)
        a->part = ANSWER_BODY_REST;
    else if (a->left > a->body_max)
        return too_large(err, "body");
    else
        a->part = a->left ? ANSWER_BODY : ANSWER_DONE;
    if (a->part == ANSWER_BODY_REST)
        a->keep_alive = 0;
    return C138_OK;
}

static c138_status chunk_line(struct answer *a, const char *line, struct c138_err *err) {
    uint64_t size = 0;
    size_t n = strspn(line, "0123456789abcdefABCDEF");
    if (n == 0 || n > 15 || (line[n] != '\0' && line[n] != ';' && line[n] != ' '))
        return bad(err, "size of a chunk");
    for (size_t i = 0; i < n; i++) {
        char c = line[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
        size = size * 16 + digit;
    }
    a->left = size;
    a->part = size ? ANSWER_CHUNK : ANSWER_TRAILER;
    return C138_OK;
}

static c138_status take_line(struct answer *a, const char *line, struct c138_err *err) {
    switch (a->part) {
    case ANSWER_STATUS:
        return status_line(a, line, err);
    case ANSWER_HEADERS:
        return *line ? header_line(a, line, err) : head_end(a, err);
    case ANSWER_CHUNK_SIZE:
        return chunk_line(a, line, err);
    case ANSWER_CHUNK_END:
        a->part = ANSWER_CHUNK_SIZE;
        return *line ? bad(err, "end of a chunk") : C138_OK;
    case ANSWER_TRAILER:
        if (!*line)
            a->part = ANSWER_DONE;
        return C138_OK;
    default:
        return bad(err, "order");
    }
}

/* Takes bytes to the end of a line; the whole line goes on. */
static c138_status feed_line(struct answer *a, const char *bytes, size_t length, size_t *ret_used,
                             struct c138_err *err) {
    const char *end = memchr(bytes, '\n', length);
    size_t n = end ? (size_t)(end - bytes) : length;
    *ret_used = n + (end ? 1 : 0);
    int of_head =
        a->part == ANSWER_STATUS || a->part == ANSWER_HEADERS || a->part == ANSWER_TRAILER;
    a->head_bytes += of_head ? *ret_used : 0;
    if (a->head_bytes > HEAD_MAX || (!of_head && a->line.length + n > CHUNK_LINE_MAX))
        return too_large(err, "head");
    if (memchr(bytes, '\0', n) || c138_buf_add(&a->line, bytes, n) < 0)
        return bad(err, "a line");
    if (!end)
        return C138_OK;
    if (a->line.length && a->line.data[a->line.length - 1] == '\r')
        a->line.data[--a->line.length] = '\0';
    C138_FREE char *line = c138_buf_steal(&a->line);
    a->line.max = HEAD_MAX;
    return take_line(a, line, err);
}

static c138_status feed_body(struct answer *a, const char *bytes, size_t length, size_t *ret_used,
                             struct c138_err *err) {
    size_t n = length;
    if (a->part != ANSWER_BODY_REST && n > a->left)
        n = (size_t)a->left;
    a->received += n;
    if (a->received > a->body_max)
        return too_large(err, "body");
    if (a->on_body)
        a->on_body(a->user, bytes, n);
    else
        (void)c138_buf_add(&a->body, bytes, n);
    *ret_used = n;
    if (a->part == ANSWER_BODY_REST)
        return C138_OK;
    a->left -= n;
    if (a->left == 0)
        a->part = a->part == ANSWER_CHUNK ? ANSWER_CHUNK_END : ANSWER_DONE;
    return C138_OK;
}

c138_status answer_feed(struct answer *a, const char *bytes, size_t length, size_t *ret_used,
                        struct c138_err *err) {
    size_t used = 0;
    c138_status status = C138_OK;
    while (status >= 0 && used < length && a->part != ANSWER_DONE) {
        size_t n = 0;
        int in_body =
            a->part == ANSWER_BODY || a->part == ANSWER_BODY_REST || a->part == ANSWER_CHUNK;
        status = in_body ? feed_body(a, bytes + used, length - used, &n, err)
                         : feed_line(a, bytes + used, length - used, &n, err);
        used += n;
    }
    *ret_used = used;
    return status;
}

c138_status answer_eof(struct answer *a, struct c138_err *err) {
    if (a->part == ANSWER_BODY_REST)
        a->part = ANSWER_DONE;
    if (a->part == ANSWER_DONE)
        return C138_OK;
    return c138_error(err, C138_E_UNAVAILABLE, "http.truncated",
                      "the agent closed the connection before its answer was complete: see its log "
                      "(journalctl -u chain138d)");
}
