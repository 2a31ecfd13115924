#include "packets.h"

#include <base/mem.h>
#include <base/text.h>

#include <string.h>

#define TAG_SESSION_KEY 1      /* for a public key */
#define TAG_PASSWORD_KEY 3     /* for a password */
#define TAG_ENCRYPTED 9        /* without integrity */
#define TAG_ENCRYPTED_SOUND 18 /* with it */

static c138_status wrong(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_INVALID, "gpg.message", "the OpenPGP message: %s", what);
}

/* --- Armor ----------------------------------------------------------------------------------- */

static const char *line_end(const char *at, const char *end) {
    const char *n = memchr(at, '\n', (size_t)(end - at));
    return n ? n : end;
}

static const char *next_line(const char *at, const char *end) {
    const char *n = line_end(at, end);
    return n < end ? n + 1 : end;
}

static size_t line_length(const char *at, const char *end) {
    size_t n = (size_t)(line_end(at, end) - at);
    while (n && (at[n - 1] == '\r' || at[n - 1] == ' ' || at[n - 1] == '\t'))
        n--;
    return n;
}

static int line_is(const char *at, const char *end, const char *text) {
    return line_length(at, end) == strlen(text) && !memcmp(at, text, strlen(text));
}

c138_status packets_dearmor(const char *text, size_t length, struct c138_buf *out,
                            struct c138_err *err) {
    C138_BUF struct c138_buf joined = C138_BUF_NULL;
    const char *at = text, *end = text + length;
    if (length > PACKETS_MESSAGE_MAX)
        return c138_error(err, C138_E_LIMIT, "gpg.message", "the OpenPGP message is over %u bytes",
                          PACKETS_MESSAGE_MAX);
    while (at < end && !line_is(at, end, "-----BEGIN PGP MESSAGE-----"))
        at = next_line(at, end);
    if (at == end)
        return wrong(err, "it has no armor");
    do
        at = next_line(at, end);
    while (at < end && line_length(at, end)); /* headers, then an empty line */
    for (at = next_line(at, end); at < end && *at != '=' && *at != '-'; at = next_line(at, end))
        c138_buf_add(&joined, at, line_length(at, end));
    while (at < end && !line_is(at, end, "-----END PGP MESSAGE-----"))
        at = next_line(at, end);
    if (at == end)
        return wrong(err, "its armor has no end");
    return c138_base64_decode(c138_buf_text(&joined), joined.length, out) < 0
               ? wrong(err, "its armor is no base64")
               : C138_OK;
}

/* --- Packets --------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *p;
    size_t left;
};

static int take(struct reader *r, size_t n, uint64_t *ret) {
    if (r->left < n)
        return 0;
    *ret = 0;
    for (size_t i = 0; i < n; i++)
        *ret = *ret << 8 | r->p[i];
    r->p += n;
    r->left -= n;
    return 1;
}

/* 0: cut short. *ret_whole 0: a partial or endless body, which only data has. */
static int new_length(struct reader *r, uint64_t *ret, int *ret_whole) {
    uint64_t a = 0, b = 0;
    if (!take(r, 1, &a))
        return 0;
    *ret_whole = a < 224 || a == 255;
    if (a < 192 || !*ret_whole) {
        *ret = a;
        return 1;
    }
    if (a == 255)
        return take(r, 4, ret);
    if (!take(r, 1, &b))
        return 0;
    *ret = ((a - 192) << 8) + b + 192;
    return 1;
}

static int head(struct reader *r, unsigned *ret_tag, uint64_t *ret_length, int *ret_whole) {
    uint64_t first = 0;
    if (!take(r, 1, &first) || !(first & 0x80))
        return 0;
    if (first & 0x40) {
        *ret_tag = (unsigned)first & 0x3f;
        return new_length(r, ret_length, ret_whole);
    }
    *ret_tag = (unsigned)(first >> 2) & 0xf;
    *ret_whole = (first & 3) != 3;
    return !*ret_whole || take(r, (size_t)1 << (first & 3), ret_length);
}

static c138_status session_key(struct reader *r, uint64_t length, uint64_t *ret_id,
                               struct c138_err *err) {
    uint64_t version = 0;
    if (length > r->left || length < 10 || !take(r, 1, &version) || version != 3 ||
        !take(r, 8, ret_id))
        return wrong(err, "it has a session key that is none of version 3");
    r->p += length - 9;
    r->left -= (size_t)(length - 9);
    return C138_OK;
}

c138_status packets_recipients(const void *message, size_t length, uint64_t *ret_ids, size_t max,
                               size_t *ret_count, struct c138_err *err) {
    struct reader r = {message, length};
    size_t count = 0;
    for (;;) {
        unsigned tag = 0;
        uint64_t body = 0, id = 0;
        int whole = 0;
        if (!head(&r, &tag, &body, &whole))
            return wrong(err, "it ends before its data");
        if (tag == TAG_ENCRYPTED || tag == TAG_ENCRYPTED_SOUND)
            break;
        if (tag != TAG_SESSION_KEY || !whole)
            return wrong(err,
                         tag == TAG_PASSWORD_KEY ? "a password opens it" : "it is not encrypted");
        c138_status status = session_key(&r, body, &id, err);
        if (status < 0)
            return status;
        if (count == max)
            return c138_error(err, C138_E_LIMIT, "gpg.message",
                              "the OpenPGP message is for more than %zu keys", max);
        ret_ids[count++] = id;
    }
    *ret_count = count;
    return C138_OK;
}
