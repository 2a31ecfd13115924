#include <evm/keccak.h>

#include <string.h>

#define RATE 136 /* bytes: 1600 - 2 * 256 bits */

static inline uint64_t rotl(uint64_t v, unsigned n) {
    return v << n | v >> (64 - n);
}

/* One round with the state in 25 local words: theta, rho and pi, chi, iota (The Keccak
 * reference, 1.2). */
static void permute(uint64_t s[25]) {
    static const uint64_t iota[24] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
        0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
        0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
    uint64_t a00 = s[0], a01 = s[1], a02 = s[2], a03 = s[3], a04 = s[4], a05 = s[5], a06 = s[6],
             a07 = s[7], a08 = s[8], a09 = s[9], a10 = s[10], a11 = s[11], a12 = s[12], a13 = s[13],
             a14 = s[14], a15 = s[15], a16 = s[16], a17 = s[17], a18 = s[18], a19 = s[19],
             a20 = s[20], a21 = s[21], a22 = s[22], a23 = s[23], a24 = s[24];
    for (unsigned i = 0; i < 24; i++) {
        uint64_t c0 = a00 ^ a05 ^ a10 ^ a15 ^ a20, c1 = a01 ^ a06 ^ a11 ^ a16 ^ a21,
                 c2 = a02 ^ a07 ^ a12 ^ a17 ^ a22, c3 = a03 ^ a08 ^ a13 ^ a18 ^ a23,
                 c4 = a04 ^ a09 ^ a14 ^ a19 ^ a24;
        uint64_t d0 = c4 ^ rotl(c1, 1), d1 = c0 ^ rotl(c2, 1), d2 = c1 ^ rotl(c3, 1),
                 d3 = c2 ^ rotl(c4, 1), d4 = c3 ^ rotl(c0, 1);
        uint64_t b00 = a00 ^ d0, b01 = rotl(a06 ^ d1, 44), b02 = rotl(a12 ^ d2, 43),
                 b03 = rotl(a18 ^ d3, 21), b04 = rotl(a24 ^ d4, 14), b05 = rotl(a03 ^ d3, 28),
                 b06 = rotl(a09 ^ d4, 20), b07 = rotl(a10 ^ d0, 3), b08 = rotl(a16 ^ d1, 45),
                 b09 = rotl(a22 ^ d2, 61), b10 = rotl(a01 ^ d1, 1), b11 = rotl(a07 ^ d2, 6),
                 b12 = rotl(a13 ^ d3, 25), b13 = rotl(a19 ^ d4, 8), b14 = rotl(a20 ^ d0, 18),
                 b15 = rotl(a04 ^ d4, 27), b16 = rotl(a05 ^ d0, 36), b17 = rotl(a11 ^ d1, 10),
                 b18 = rotl(a17 ^ d2, 15), b19 = rotl(a23 ^ d3, 56), b20 = rotl(a02 ^ d2, 62),
                 b21 = rotl(a08 ^ d3, 55), b22 = rotl(a14 ^ d4, 39), b23 = rotl(a15 ^ d0, 41),
                 b24 = rotl(a21 ^ d1, 2);
        a00 = b00 ^ (~b01 & b02) ^ iota[i];
        a01 = b01 ^ (~b02 & b03);
        a02 = b02 ^ (~b03 & b04);
        a03 = b03 ^ (~b04 & b00);
        a04 = b04 ^ (~b00 & b01);
        a05 = b05 ^ (~b06 & b07);
        a06 = b06 ^ (~b07 & b08);
        a07 = b07 ^ (~b08 & b09);
        a08 = b08 ^ (~b09 & b05);
        a09 = b09 ^ (~b05 & b06);
        a10 = b10 ^ (~b11 & b12);
        a11 = b11 ^ (~b12 & b13);
        a12 = b12 ^ (~b13 & b14);
        a13 = b13 ^ (~b14 & b10);
        a14 = b14 ^ (~b10 & b11);
        a15 = b15 ^ (~b16 & b17);
        a16 = b16 ^ (~b17 & b18);
        a17 = b17 ^ (~b18 & b19);
        a18 = b18 ^ (~b19 & b15);
        a19 = b19 ^ (~b15 & b16);
        a20 = b20 ^ (~b21 & b22);
        a21 = b21 ^ (~b22 & b23);
        a22 = b22 ^ (~b23 & b24);
        a23 = b23 ^ (~b24 & b20);
        a24 = b24 ^ (~b20 & b21);
    }
    const uint64_t out[25] = {a00, a01, a02, a03, a04, a05, a06, a07, a08, a09, a10, a11, a12,
                              a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24};
    memcpy(s, out, sizeof(out));
}

static uint64_t load64(const uint8_t *p) {
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static void absorb(uint64_t s[25], const uint8_t *block) {
    for (unsigned i = 0; i < RATE / 8; i++)
        s[i] ^= load64(block + 8 * i);
    permute(s);
}

void c138_keccak256(const void *bytes, size_t length, uint8_t ret_digest[32]) {
    uint64_t s[25] = {0};
    const uint8_t *p = bytes;
    uint8_t last[RATE] = {0};
    for (; length >= RATE; p += RATE, length -= RATE)
        absorb(s, p);
    if (length)
        memcpy(last, p, length);
    last[length] ^= 0x01;
    last[RATE - 1] ^= 0x80;
    absorb(s, last);
    for (unsigned i = 0; i < 32; i++)
        ret_digest[i] = (uint8_t)(s[i / 8] >> (8 * (i % 8)));
}
