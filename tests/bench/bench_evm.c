/*
 * Hashing and signing against the fastest C libraries of Debian. Keccak-256 against libgcrypt's
 * SHA3-256, which is the same permutation on blocks of the same size with another padding: on a
 * word, on one block and on many. Signing against bare libsecp256k1. In each round both follow one
 * another; the median of the rounds' ratios is given, and their spread.
 */
#include "bench.h"

#include <base/mem.h>
#include <evm/keccak.h>
#include <evm/secp.h>

#include <gcrypt.h>
#include <secp256k1_recovery.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 11
#define TURN_NS (20 * C138_NS_PER_MS)

struct work {
    uint8_t *bytes;
    size_t length;
    struct c138_secp *secp;
    secp256k1_context *bare;
    uint8_t secret[32], out[65];
};

static void ours_hash(struct work *w) {
    c138_keccak256(w->bytes, w->length, w->out);
}

static void theirs_hash(struct work *w) {
    gcry_md_hash_buffer(GCRY_MD_SHA3_256, w->out, w->bytes, w->length);
}

static void ours_sign(struct work *w) {
    uint8_t r[32], s[32], parity;
    if (c138_secp_sign(w->secp, w->secret, w->out, r, s, &parity) < 0)
        bench_die("no signature");
    memcpy(w->out, r, 32); /* the next one signs another hash */
}

static void theirs_sign(struct work *w) {
    secp256k1_ecdsa_recoverable_signature signature;
    uint8_t rs[64];
    int parity;
    if (!secp256k1_ecdsa_sign_recoverable(w->bare, &signature, w->out, w->secret, NULL, NULL))
        bench_die("no signature");
    secp256k1_ecdsa_recoverable_signature_serialize_compact(w->bare, rs, &parity, &signature);
    memcpy(w->out, rs, 32);
}

/* ns of processor for one call. */
static double cost(void (*fn)(struct work *), struct work *w) {
    int64_t begin = bench_cpu_ns(), end = begin;
    double n = 0;
    for (; end - begin < TURN_NS; end = bench_cpu_ns(), n += 16)
        for (int i = 0; i < 16; i++)
            fn(w);
    return (double)(end - begin) / n;
}

/* theirs / ours in the median: how many times as fast. */
static void compare(const char *name, void (*ours)(struct work *), void (*theirs)(struct work *),
                    struct work *w, int as_cost, const char *op, double goal) {
    double ratios[ROUNDS], mine = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        mine = cost(ours, w);
        double other = cost(theirs, w);
        ratios[i] = as_cost ? mine / other : other / mine;
    }
    double middle = bench_median(ratios, ROUNDS);
    bench_note(name, middle, "x", op, goal, "%.2f to %.2f over %d rounds, ours %.0f ns", ratios[0],
               ratios[ROUNDS - 1], ROUNDS, mine);
}

int main(void) {
    struct work w = {.secret = {[31] = 7}, .secp = c138_secp_new()};
    w.bytes = c138_xcalloc(1, 65536);
    w.bare = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    if (!gcry_check_version(NULL))
        bench_die("libgcrypt does not start");
    w.length = 32;
    compare("Keccak-256 of 32 B, speed to libgcrypt's SHA3-256", ours_hash, theirs_hash, &w, 0,
            ">=", 0.8);
    w.length = 135;
    compare("Keccak-256 of 135 B, speed to libgcrypt's SHA3-256", ours_hash, theirs_hash, &w, 0,
            ">=", 0.8);
    w.length = 65536;
    compare("Keccak-256 of 64 KiB, speed to libgcrypt's SHA3-256", ours_hash, theirs_hash, &w, 0,
            ">=", 0.8);
    compare("a signature, cost to bare libsecp256k1", ours_sign, theirs_sign, &w, 1, "<=", 1.1);
    secp256k1_context_destroy(w.bare);
    c138_secp_free(w.secp);
    free(w.bytes);
    return 0;
}
