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

/* The value of each hex digit, and one more: what is no digit is 0. */
static const uint8_t digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

static int hex_digit(char c) {
    return digit_values[(uint8_t)c] - 1;
}

char *c138_hex_text(const void *bytes, size_t length) {
    char *text = c138_xmalloc(2 * length + 3);
    memcpy(text, "0x", 3);
    c138_hex_encode(bytes, length, text + 2);
    return text;
}

/* Loops over a block have fixed bounds and no branches, so that compilers make vectors of them: most of
 * what a node answers is hex. */
#define HEX_BLOCK 32

/* Not 0: one of a block is no digit. */
static uint8_t wrong_digit(const uint8_t *block) {
    uint8_t any = 0;
    for (size_t i = 0; i < HEX_BLOCK; i++) {
        uint8_t figure = (uint8_t)(block[i] - '0'), letter = (uint8_t)((block[i] | 0x20) - 'a');
        any |= (uint8_t)((figure > 9 ? 0xff : 0) & (letter > 5 ? 0xff : 0));
    }
    return any;
}

static void decode_block(const uint8_t *block, uint8_t ret_bytes[HEX_BLOCK / 2]) {
    uint8_t value[HEX_BLOCK];
    for (size_t i = 0; i < HEX_BLOCK; i++)
        value[i] = (uint8_t)((block[i] & 15) + (block[i] & 0x40 ? 9 : 0));
    for (size_t i = 0; i < HEX_BLOCK / 2; i++)
        ret_bytes[i] = (uint8_t)(value[2 * i] << 4 | value[2 * i + 1]);
}

static int all_digits(const uint8_t *p, size_t length) {
    unsigned wrong = length % 2;
    for (; length >= HEX_BLOCK; p += HEX_BLOCK, length -= HEX_BLOCK)
        wrong |= wrong_digit(p);
    for (size_t i = 0; i < length; i++)
        wrong |= !digit_values[p[i]];
    return !wrong;
}

c138_status c138_hex_decode(const char *text, size_t text_length, uint8_t *ret_bytes) {
    const uint8_t *p = (const uint8_t *)text, *end = p + text_length;
    if (!all_digits(p, text_length))
        return C138_E_INVALID;
    for (; end - p >= HEX_BLOCK; p += HEX_BLOCK, ret_bytes += HEX_BLOCK / 2) {
        uint8_t bytes[HEX_BLOCK / 2];
        decode_block(p, bytes);
        memcpy(ret_bytes, bytes, sizeof(bytes));
    }
    for (; p < end; p += 2)
        *ret_bytes++ = (uint8_t)(hex_digit((char)p[0]) << 4 | hex_digit((char)p[1]));
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

/* Past eight bytes at a time that are all ASCII. */
static const uint8_t *skip_ascii(const uint8_t *p, const uint8_t *end) {
    for (uint64_t eight; end - p >= 8; p += 8) {
        memcpy(&eight, p, sizeof(eight));
        if (eight & 0x8080808080808080)
            break;
    }
    return p;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t c138_utf8_span(const char *text, size_t length) {
    const uint8_t *p = (const uint8_t *)text, *end = p + length;
    while ((p = skip_ascii(p, end)) < end) {
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
