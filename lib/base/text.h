/*
 * base/text.h: small work on text and bytes. All functions are pure and may be called from any
 * thread.
 */
#ifndef C138_BASE_TEXT_H
#define C138_BASE_TEXT_H
#include <base/err.h>
#include <base/buf.h>

/* Hex without 0x. `ret_text` has room for 2 * length + 1. */
void c138_hex_encode(const uint8_t *bytes, size_t length, char *ret_text);
/* With 0x; the caller frees it. */
char *c138_hex_text(const void *bytes, size_t length);
/* Exactly `text_length` hex digits (even) into text_length / 2 bytes. C138_E_INVALID otherwise. */
c138_status c138_hex_decode(const char *text, size_t text_length, uint8_t *ret_bytes);
/* Base64 (RFC 4648, padded, no line breaks). encode adds to `out`. */
void c138_base64_encode(const uint8_t *bytes, size_t length, struct c138_buf *out);
void c138_base64url_encode(const uint8_t *bytes, size_t length,
                           struct c138_buf *out); /* unpadded */
c138_status c138_base64_decode(const char *text, size_t length, struct c138_buf *out);

int c138_utf8_valid(const char *text, size_t length);
size_t c138_utf8_span(const char *text, size_t length); /* bytes before the first wrong one */
int c138_streq(const char *a, const char *b);           /* NULL equals NULL only */
int c138_starts_with(const char *text, const char *prefix);
int c138_ends_with(const char *text, const char *suffix);
/* Compares without leaking where they differ. */
int c138_secret_equal(const void *a, const void *b, size_t length);
/* The one of `names` (NULL-terminated) nearest to `text` by edit distance, NULL if none is near
 * (more than a third differs). */
const char *c138_nearest(const char *text, const char *const *names);
/* Strict numbers: the whole text, no sign for uint, no spaces, no overflow. */
c138_status c138_parse_int(const char *text, int64_t *ret_value);
c138_status c138_parse_uint(const char *text, uint64_t *ret_value);
/* "0x" and 1..16 hex digits, as JSON-RPC quantities. */
c138_status c138_parse_quantity(const char *text, uint64_t *ret_value);
/* Does `topic` match `pattern`: equal, or pattern "*", or pattern ends in ".*" and topic starts
 * with what is before the star. */
int c138_topic_match(const char *pattern, const char *topic);
/* SHA-256 (libsodium). */
void c138_sha256(const void *bytes, size_t length, uint8_t ret_digest[32]);
void c138_sha256_hex(const void *bytes, size_t length, char ret_text[65]);
#endif
