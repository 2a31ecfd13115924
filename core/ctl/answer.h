/*
 * ctl/answer.h: an HTTP/1.1 answer, read piece by piece from bytes that may come from anywhere.
 * Pure: no input or output. Bounded: 16 KiB of head, `body_max` of body, 64 interim answers, lines
 * of a chunk's size to 64 bytes.
 */
#ifndef CORE_CTL_ANSWER_H
#define CORE_CTL_ANSWER_H
#include <base/buf.h>
#include <base/err.h>

enum answer_part {
    ANSWER_STATUS,
    ANSWER_HEADERS,
    ANSWER_BODY,      /* of a known length */
    ANSWER_BODY_REST, /* until the connection ends */
    ANSWER_CHUNK_SIZE,
    ANSWER_CHUNK,
    ANSWER_CHUNK_END,
    ANSWER_TRAILER,
    ANSWER_DONE
};

struct answer {
    int code; /* 200 */
    int keep_alive;
    char content_type[64];
    char retry_after[16];
    struct c138_buf body; /* empty if on_body takes it */
    /* Takes the body as it comes. NULL: it is gathered. */
    void (*on_body)(void *user, const char *bytes, size_t length);
    void *user;
    enum answer_part part;
    int head_only; /* an answer to HEAD: no body follows */
    int chunked, has_length, interim;
    uint64_t left; /* bytes of the body or chunk that are still to come */
    uint64_t received, body_max;
    size_t head_bytes;
    struct c138_buf line;
};

void answer_init(struct answer *a, uint64_t body_max);
void answer_deinit(struct answer *a);
/* C138_E_INVALID key "http.protocol", C138_E_LIMIT key "http.too-large". *ret_used: bytes taken
 * (all, unless it is done). */
c138_status answer_feed(struct answer *a, const char *bytes, size_t length, size_t *ret_used,
                        struct c138_err *err);
/* The other side closed: the end, or C138_E_UNAVAILABLE key "http.truncated". */
c138_status answer_eof(struct answer *a, struct c138_err *err);
#endif
