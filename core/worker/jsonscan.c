#include <worker/jsonscan.h>

#include <base/json.h>
#include <base/text.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH EACH(0x80)
/* Which bytes of x are zero, or less than n (n <= 128): their high bits. */
#define ZERO(x) (((x)-EACH(1)) & ~(x)&HIGH)
#define LESS(x, n) (((x)-EACH(n)) & ~(x)&HIGH)

static const char *skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static int is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *skip_escape(const char *p, const char *end) {
    if (end - p < 2)
        return NULL;
    if (p[1] != 'u')
        return p[1] && strchr("\"\\/bfnrt", p[1]) ? p + 2 : NULL;
    if (end - p < 6 || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]) || !is_hex(p[5]))
        return NULL;
    return p + 6;
}

/* Past what needs no look at single bytes, a register at a time. */
static const char *skip_plain(const char *p, const char *end) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  most = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i bad = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
        bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_min_epu8(v, most), v));
        int mask = _mm_movemask_epi8(bad);
        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
#endif
    (void)end;
    return p;
}

/* Behind the opening quote; gives the closing one. */
static const char *string_end(const char *p, const char *end) {
    while (p < end) {
        p = skip_plain(p, end);
        if (p == end)
            break;
        uint64_t v;
        if (end - p >= 8) {
            memcpy(&v, p, 8);
            if (!(ZERO(v ^ EACH('"')) | ZERO(v ^ EACH('\\')) | LESS(v, 0x20))) {
                p += 8;
                continue;
            }
        }
        if (*p == '"')
            return p;
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p == '\\') {
            p = skip_escape(p, end);
            if (!p)
                return NULL;
            continue;
        }
        p++;
    }
    return NULL;
}

static const char *skip_digits(const char *p, const char *end) {
    const char *from = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p > from ? p : NULL;
}

static const char *skip_number(const char *p, const char *end) {
    if (*p == '-')
        p++;
    if (p == end)
        return NULL;
    const char *digits = p;
    p = skip_digits(p, end);
    if (!p || (*digits == '0' && p - digits > 1))
        return NULL;
    if (p < end && *p == '.' && !(p = skip_digits(p + 1, end)))
        return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = skip_digits(p, end);
    }
    return p;
}

static const char *skip_word(const char *p, const char *end, const char *word) {
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *skip_value(const char *p, const char *end, unsigned depth);

/* p is behind an optional '{' member's name: "name" : */
static const char *skip_name(const char *p, const char *end) {
    if (p == end || *p != '"' || !(p = string_end(p + 1, end)))
        return NULL;
    p = skip_space(p + 1, end);
    return p < end && *p == ':' ? skip_space(p + 1, end) : NULL;
}

static const char *skip_container(const char *p, const char *end, unsigned depth) {
    char close = *p == '{' ? '}' : ']';
    p = skip_space(p + 1, end);
    if (p < end && *p == close)
        return p + 1;
    while (p < end) {
        if (close == '}' && !(p = skip_name(p, end)))
            return NULL;
        if (!(p = skip_value(p, end, depth + 1)))
            return NULL;
        p = skip_space(p, end);
        if (p == end)
            return NULL;
        if (*p == close)
            return p + 1;
        if (*p != ',')
            return NULL;
        p = skip_space(p + 1, end);
    }
    return NULL;
}

/* Behind the value that begins at p; NULL: there is none. */
static const char *skip_value(const char *p, const char *end, unsigned depth) {
    if (p == end)
        return NULL;
    switch (*p) {
    case '{':
    case '[':
        return depth < C138_JSON_DEPTH ? skip_container(p, end, depth) : NULL;
    case '"':
        p = string_end(p + 1, end);
        return p ? p + 1 : NULL;
    case 't':
        return skip_word(p, end, "true");
    case 'f':
        return skip_word(p, end, "false");
    case 'n':
        return skip_word(p, end, "null");
    default:
        return *p == '-' || (*p >= '0' && *p <= '9') ? skip_number(p, end) : NULL;
    }
}

static int is_ascii(const char *text, size_t length) {
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t v;
        memcpy(&v, text + i, 8);
        if (v & HIGH)
            return 0;
    }
    for (; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return 0;
    return 1;
}

int jsonscan_is_object(const char *text, size_t length) {
    const char *end = text + length, *p = skip_space(text, end);
    if (p == end || *p != '{' || !(p = skip_value(p, end, 0)))
        return 0;
    return skip_space(p, end) == end && (is_ascii(text, length) || c138_utf8_valid(text, length));
}

struct jsonscan jsonscan_members(const char *text, size_t length) {
    struct jsonscan s = {.at = skip_space(text, text + length), .end = text + length};
    if (s.at < s.end)
        s.at++; /* the brace */
    return s;
}

int jsonscan_next(struct jsonscan *s) {
    const char *p = skip_space(s->at, s->end);
    if (p < s->end && *p == ',')
        p = skip_space(p + 1, s->end);
    if (p == s->end || *p != '"')
        return 0;
    const char *name_end = string_end(p + 1, s->end);
    const char *value = name_end ? skip_name(p, s->end) : NULL;
    const char *value_end = value ? skip_value(value, s->end, 1) : NULL;
    if (!value_end)
        return 0;
    s->name = p + 1;
    s->name_length = (size_t)(name_end - s->name);
    s->value = value;
    s->value_length = (size_t)(value_end - value);
    s->at = value_end;
    return 1;
}

int jsonscan_named(const struct jsonscan *s, const char *name) {
    return strlen(name) == s->name_length && memcmp(name, s->name, s->name_length) == 0;
}
