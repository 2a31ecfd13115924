#include <base/mem.h>
#include <base/text.h>

#include <string.h>

void c138_hex_encode(const uint8_t *bytes, size_t length, char *ret_text) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * length] = '\0';
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *c138_hex_text(const void *bytes, size_t length) {
    char *text = c138_xmalloc(2 * length + 3);
    memcpy(text, "0x", 3);
    c138_hex_encode(bytes, length, text + 2);
    return text;
}

c138_status c138_hex_decode(const char *text, size_t text_length, uint8_t *ret_bytes) {
    if (text_length % 2)
        return C138_E_INVALID;
    for (size_t i = 0; i < text_length; i++)
        if (hex_digit(text[i]) < 0)
            return C138_E_INVALID;
    for (size_t i = 0; i < text_length / 2; i++)
        ret_bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return C138_OK;
}

static void base64(const uint8_t *bytes, size_t length, const char *alphabet, int padded,
                   struct c138_buf *out) {
    for (size_t i = 0; i < length; i += 3) {
        size_t n = length - i < 3 ? length - i : 3;
        uint32_t v = (uint32_t)bytes[i] << 16;
        v |= n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        v |= n > 2 ? bytes[i + 2] : 0;
        char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63],
                        n > 1 ? alphabet[v >> 6 & 63] : '=', n > 2 ? alphabet[v & 63] : '='};
        c138_buf_add(out, four, padded ? 4 : n + 1);
    }
}

#define B64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

void c138_base64_encode(const uint8_t *bytes, size_t length, struct c138_buf *out) {
    base64(bytes, length, B64 "+/", 1, out);
}

void c138_base64url_encode(const uint8_t *bytes, size_t length, struct c138_buf *out) {
    base64(bytes, length, B64 "-_", 0, out);
}

c138_status c138_base64_decode(const char *text, size_t length, struct c138_buf *out) {
    static const char alphabet[] = B64 "+/";
    if (length % 4)
        return C138_E_INVALID;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t v = 0;
        size_t pad = 0;
        for (size_t k = 0; k < 4; k++) {
            char c = text[i + k];
            const char *at = c ? memchr(alphabet, c, 64) : NULL;
            if (at && !pad)
                v = v << 6 | (uint32_t)(at - alphabet);
            else if (c == '=' && k >= 2 && i + 4 == length) {
                pad++;
                v <<= 6;
            } else
                return C138_E_INVALID;
        }
        if ((pad == 1 && (v & 0xff)) || (pad == 2 && (v & 0xffff)))
            return C138_E_INVALID; /* bits behind the end: two texts for one value */
        uint8_t three[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        c138_status status = c138_buf_add(out, three, 3 - pad);
        if (status < 0)
            return status;
    }
    return C138_OK;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t c138_utf8_span(const char *text, size_t length) {
    const uint8_t *p = (const uint8_t *)text, *end = p + length;
    while (p < end) {
        size_t before = (size_t)(p - (const uint8_t *)text);
        uint8_t c = *p++;
        if (c < 0x80)
            continue;
        size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        if (c < 0xc2 || c > 0xf4 || (size_t)(end - p) < more)
            return before;
        if ((c == 0xe0 && *p < 0xa0) || (c == 0xed && *p > 0x9f) || (c == 0xf0 && *p < 0x90) ||
            (c == 0xf4 && *p > 0x8f))
            return before;
        while (more--)
            if ((*p++ & 0xc0) != 0x80)
                return before;
    }
    return length;
}

int c138_utf8_valid(const char *text, size_t length) {
    return c138_utf8_span(text, length) == length;
}

int c138_streq(const char *a, const char *b) {
    return a == b || (a && b && !strcmp(a, b));
}

int c138_starts_with(const char *text, const char *prefix) {
    return !strncmp(text, prefix, strlen(prefix));
}

int c138_ends_with(const char *text, const char *suffix) {
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && !memcmp(text + n - m, suffix, m);
}

int c138_secret_equal(const void *a, const void *b, size_t length) {
    const volatile uint8_t *x = a, *y = b;
    uint8_t differs = 0;
    for (size_t i = 0; i < length; i++)
        differs = (uint8_t)(differs | (x[i] ^ y[i]));
    return !differs;
}

#define NEAR_MAX 64

/* Edit distance with neighbours swapped counted as one (optimal string alignment). */
static size_t distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b), rows[3][NEAR_MAX + 1];
    if (n > NEAR_MAX || m > NEAR_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            size_t best = above[j - 1] + cost;
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *c138_nearest(const char *text, const char *const *names) {
    const char *best = NULL;
    size_t least = strlen(text) / 3 + 1;
    for (; *names; names++) {
        size_t d = distance(text, *names);
        if (d < least || (d == least && !best)) {
            least = d;
            best = *names;
        }
    }
    return best;
}

c138_status c138_parse_uint(const char *text, uint64_t *ret_value) {
    uint64_t v = 0;
    if (!*text)
        return C138_E_INVALID;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(uint8_t)*text - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return C138_E_INVALID;
        v = v * 10 + digit;
    }
    *ret_value = v;
    return C138_OK;
}

c138_status c138_parse_int(const char *text, int64_t *ret_value) {
    uint64_t v = 0;
    int minus = *text == '-';
    if (c138_parse_uint(text + minus, &v) < 0 || v > (uint64_t)INT64_MAX + (uint64_t)minus)
        return C138_E_INVALID;
    *ret_value = minus ? (int64_t)(0 - v) : (int64_t)v;
    return C138_OK;
}

c138_status c138_parse_quantity(const char *text, uint64_t *ret_value) {
    if (text[0] != '0' || text[1] != 'x' || !text[2] || strlen(text) > 18)
        return C138_E_INVALID;
    uint64_t v = 0;
    for (const char *p = text + 2; *p; p++) {
        int digit = hex_digit(*p);
        if (digit < 0)
            return C138_E_INVALID;
        v = v << 4 | (uint64_t)digit;
    }
    *ret_value = v;
    return C138_OK;
}

int c138_topic_match(const char *pattern, const char *topic) {
    size_t n = strlen(pattern);
    if (n == 1 && pattern[0] == '*')
        return 1;
    if (n >= 2 && pattern[n - 1] == '*' && pattern[n - 2] == '.')
        return !strncmp(pattern, topic, n - 1);
    return !strcmp(pattern, topic);
}
