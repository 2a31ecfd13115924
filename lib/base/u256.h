/*
 * base/u256.h: 256-bit unsigned numbers, big endian, for wei amounts and JSON-RPC quantities. Pure,
 * any thread.
 */
#ifndef C138_BASE_U256_H
#define C138_BASE_U256_H
#include <base/err.h>
struct c138_u256 {
    uint8_t be[32];
};
#define C138_U256_TEXT 79 /* 78 digits and a NUL */
c138_status c138_u256_from_dec(const char *text,
                               struct c138_u256 *ret); /* digits only; C138_E_LIMIT from 2^256 on */
c138_status c138_u256_from_hex(const char *text, struct c138_u256 *ret); /* "0x" and 1..64 digits */
void c138_u256_to_dec(const struct c138_u256 *v, char ret_text[C138_U256_TEXT]);
void c138_u256_to_quantity(const struct c138_u256 *v,
                           char ret_text[67]); /* "0x0", no leading zeros */
int c138_u256_cmp(const struct c138_u256 *a, const struct c138_u256 *b);
/* 1 where the result does not fit (add, mul) or is below nought (sub); *ret is not touched then. */
int c138_u256_add(const struct c138_u256 *a, const struct c138_u256 *b, struct c138_u256 *ret);
int c138_u256_sub(const struct c138_u256 *a, const struct c138_u256 *b, struct c138_u256 *ret);
int c138_u256_mul(const struct c138_u256 *a, uint64_t factor, struct c138_u256 *ret);
void c138_u256_div(struct c138_u256 *v, uint32_t divisor); /* rounds down; divisor not 0 */
int c138_u256_is_zero(const struct c138_u256 *v);
struct c138_u256 c138_u256_of(uint64_t v);
/* C138_E_LIMIT where it takes more than 64 bits. */
c138_status c138_u256_to_uint(const struct c138_u256 *v, uint64_t *ret);
/* Ether units: "1.5ether", "20gwei", "7wei", "7": exact, C138_E_INVALID for a fraction below one
 * wei. */
c138_status c138_wei_parse(const char *text, struct c138_u256 *ret);
#endif
