#include <base/text.h>
#include <base/u256.h>

#include <string.h>

/* v = v * factor + add; 1 if that left the 256 bits. */
static int muladd(struct c138_u256 *v, uint32_t factor, uint32_t add) {
    uint64_t carry = add;
    for (size_t i = 32; i--;) {
        carry += (uint64_t)v->be[i] * factor;
        v->be[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry != 0;
}

/* v = v / divisor; gives the remainder. */
static uint32_t divide(struct c138_u256 *v, uint32_t divisor) {
    uint64_t rest = 0;
    for (size_t i = 0; i < 32; i++) {
        rest = rest << 8 | v->be[i];
        v->be[i] = (uint8_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

int c138_u256_is_zero(const struct c138_u256 *v) {
    static const struct c138_u256 zero;
    return !memcmp(v, &zero, sizeof(zero));
}

static c138_status add_digits(struct c138_u256 *v, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return C138_E_INVALID;
        if (muladd(v, 10, (uint32_t)(text[i] - '0')))
            return C138_E_LIMIT;
    }
    return C138_OK;
}

c138_status c138_u256_from_dec(const char *text, struct c138_u256 *ret) {
    struct c138_u256 v = {{0}};
    size_t n = strlen(text);
    if (!n || n > 4096)
        return C138_E_INVALID;
    c138_status status = add_digits(&v, text, n);
    if (status >= 0)
        *ret = v;
    return status;
}

c138_status c138_u256_from_hex(const char *text, struct c138_u256 *ret) {
    struct c138_u256 v = {{0}};
    char padded[65];
    size_t n = strlen(text);
    if (n < 3 || n > 66 || text[0] != '0' || text[1] != 'x')
        return C138_E_INVALID;
    memset(padded, '0', 64);
    memcpy(padded + (66 - n), text + 2, n - 2);
    if (c138_hex_decode(padded, 64, v.be) < 0)
        return C138_E_INVALID;
    *ret = v;
    return C138_OK;
}

/* v = v / 10^9 in limbs, most significant first, of which those before *first are nought; gives the
 * remainder: nine digits. */
static uint32_t next_digits(uint32_t limbs[8], size_t *first) {
    uint64_t rest = 0;
    for (size_t i = *first; i < 8; i++) {
        rest = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(rest / 1000000000);
        rest %= 1000000000;
    }
    while (*first < 8 && !limbs[*first])
        ++*first;
    return (uint32_t)rest;
}

void c138_u256_to_dec(const struct c138_u256 *v, char ret_text[C138_U256_TEXT]) {
    char room[81], *end = room + sizeof(room), *p = end; /* 9 times 9 digits */
    uint32_t limbs[8];
    size_t first = 0;
    for (size_t i = 0; i < 8; i++)
        limbs[i] = (uint32_t)v->be[4 * i] << 24 | (uint32_t)v->be[4 * i + 1] << 16 |
                   (uint32_t)v->be[4 * i + 2] << 8 | v->be[4 * i + 3];
    while (first < 8 && !limbs[first])
        first++;
    while (first < 8) {
        uint32_t digits = next_digits(limbs, &first);
        for (int i = 0; i < 9; i++, digits /= 10)
            *--p = (char)('0' + digits % 10);
    }
    while (p < end && *p == '0')
        p++;
    if (p == end)
        *--p = '0';
    memcpy(ret_text, p, (size_t)(end - p));
    ret_text[end - p] = '\0';
}

void c138_u256_to_quantity(const struct c138_u256 *v, char ret_text[67]) {
    char hex[65];
    c138_hex_encode(v->be, 32, hex);
    size_t i = 0;
    while (i < 63 && hex[i] == '0')
        i++;
    ret_text[0] = '0';
    ret_text[1] = 'x';
    memcpy(ret_text + 2, hex + i, 65 - i);
}

int c138_u256_cmp(const struct c138_u256 *a, const struct c138_u256 *b) {
    int d = memcmp(a->be, b->be, 32);
    return d < 0 ? -1 : d > 0;
}

c138_status c138_wei_parse(const char *text, struct c138_u256 *ret) {
    static const struct {
        const char *name;
        size_t zeros;
    } units[] = {{"", 0},     {"wei", 0},    {"kwei", 3},    {"mwei", 6},
                 {"gwei", 9}, {"szabo", 12}, {"finney", 15}, {"ether", 18}};
    size_t whole = strspn(text, "0123456789"), fraction = 0;
    const char *rest = text + whole;
    if (*rest == '.') {
        fraction = strspn(rest + 1, "0123456789");
        if (!fraction)
            return C138_E_INVALID;
        rest += 1 + fraction;
    }
    if (!whole || whole > 100 || fraction > 100)
        return C138_E_INVALID;
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        if (strcmp(units[u].name, rest) != 0)
            continue;
        struct c138_u256 v = {{0}};
        const char *digits = text + whole + 1;
        while (fraction > units[u].zeros && digits[fraction - 1] == '0')
            fraction--;
        if (fraction > units[u].zeros)
            return C138_E_INVALID;
        c138_status status = add_digits(&v, text, whole);
        if (status >= 0 && fraction)
            status = add_digits(&v, digits, fraction);
        for (size_t i = fraction; status >= 0 && i < units[u].zeros; i++)
            status = muladd(&v, 10, 0) ? C138_E_LIMIT : C138_OK;
        if (status >= 0)
            *ret = v;
        return status;
    }
    return C138_E_INVALID;
}

int c138_u256_add(const struct c138_u256 *a, const struct c138_u256 *b, struct c138_u256 *ret) {
    struct c138_u256 sum;
    unsigned carry = 0;
    for (size_t i = 32; i--;) {
        carry += (unsigned)a->be[i] + b->be[i];
        sum.be[i] = (uint8_t)carry;
        carry >>= 8;
    }
    if (!carry)
        *ret = sum;
    return carry != 0;
}

int c138_u256_sub(const struct c138_u256 *a, const struct c138_u256 *b, struct c138_u256 *ret) {
    struct c138_u256 rest;
    int borrow = 0;
    for (size_t i = 32; i--;) {
        int d = a->be[i] - b->be[i] - borrow;
        borrow = d < 0;
        rest.be[i] = (uint8_t)(d + (borrow ? 256 : 0));
    }
    if (!borrow)
        *ret = rest;
    return borrow;
}

int c138_u256_mul(const struct c138_u256 *a, uint64_t factor, struct c138_u256 *ret) {
    struct c138_u256 low = *a, high = *a, shift = {{0}};
    if (muladd(&low, (uint32_t)factor, 0) || muladd(&high, (uint32_t)(factor >> 32), 0))
        return 1;
    for (size_t i = 0; i < 4; i++)
        if (high.be[i])
            return 1;
    memcpy(shift.be, high.be + 4, 28); /* times 2^32 */
    return c138_u256_add(&low, &shift, ret);
}

void c138_u256_div(struct c138_u256 *v, uint32_t divisor) {
    (void)divide(v, divisor);
}

struct c138_u256 c138_u256_of(uint64_t v) {
    struct c138_u256 r = {{0}};
    for (size_t i = 0; i < 8; i++)
        r.be[31 - i] = (uint8_t)(v >> 8 * i);
    return r;
}

c138_status c138_u256_to_uint(const struct c138_u256 *v, uint64_t *ret) {
    uint64_t r = 0;
    for (size_t i = 0; i < 24; i++)
        if (v->be[i])
            return C138_E_LIMIT;
    for (size_t i = 24; i < 32; i++)
        r = r << 8 | v->be[i];
    *ret = r;
    return C138_OK;
}
