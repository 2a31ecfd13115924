/* A text as a number in each notation: what is read is written as the same number. And 64 bytes as two
 * numbers: what is reckoned can be reckoned back. */
#include <base/mem.h>
#include <base/u256.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_number(const struct c138_u256 *v) {
    char dec[C138_U256_TEXT], hex[67];
    struct c138_u256 again;
    c138_u256_to_dec(v, dec);
    c138_u256_to_quantity(v, hex);
    if (c138_u256_from_dec(dec, &again) < 0 || c138_u256_cmp(v, &again) != 0 ||
        c138_u256_from_hex(hex, &again) < 0 || c138_u256_cmp(v, &again) != 0 ||
        c138_wei_parse(dec, &again) < 0 || c138_u256_cmp(v, &again) != 0 ||
        (dec[0] == '0' && dec[1]) || (hex[2] == '0' && hex[3]))
        __builtin_trap();
}

static void reckon(const struct c138_u256 *a, const struct c138_u256 *b) {
    struct c138_u256 r, back;
    uint64_t factor = 0, low = 0;
    for (size_t i = 24; i < 32; i++)
        factor = factor << 8 | b->be[i];
    if (!c138_u256_add(a, b, &r) && (c138_u256_sub(&r, b, &back) || c138_u256_cmp(&back, a) != 0))
        __builtin_trap();
    if (c138_u256_sub(a, b, &r) != (c138_u256_cmp(a, b) < 0))
        __builtin_trap();
    uint32_t divisor = (uint32_t)factor;
    if (divisor && !c138_u256_mul(a, divisor, &r)) {
        c138_u256_div(&r, divisor);
        if (c138_u256_cmp(&r, a) != 0)
            __builtin_trap();
    }
    r = c138_u256_of(factor);
    if (c138_u256_to_uint(&r, &low) < 0 || low != factor)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_FREE char *text = c138_xstrndup((const char *)data, size);
    struct c138_u256 v;
    if (c138_u256_from_dec(text, &v) >= 0)
        same_number(&v);
    if (c138_u256_from_hex(text, &v) >= 0)
        same_number(&v);
    if (c138_wei_parse(text, &v) >= 0)
        same_number(&v);
    if (size == 64) {
        struct c138_u256 two[2];
        memcpy(two, data, 64);
        same_number(&two[0]);
        reckon(&two[0], &two[1]);
    }
    return 0;
}
