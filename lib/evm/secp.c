#include <evm/secp.h>

#include <base/mem.h>
#include <evm/address.h>

#include <secp256k1_recovery.h>
#include <string.h>
#include <sys/random.h>

struct c138_secp {
    secp256k1_context *context;
};

struct c138_secp *c138_secp_new(void) {
    uint8_t seed[32];
    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        return NULL;
    struct c138_secp *c = c138_xcalloc(1, sizeof(*c));
    c->context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    int good = secp256k1_context_randomize(c->context, seed);
    c138_wipe(seed, sizeof(seed));
    return good ? c : c138_secp_free(c);
}

struct c138_secp *c138_secp_free(struct c138_secp *c) {
    if (c)
        secp256k1_context_destroy(c->context);
    free(c);
    return NULL;
}

static void key_bytes(const struct c138_secp *c, const secp256k1_pubkey *key, uint8_t ret[64]) {
    uint8_t point[65];
    size_t n = sizeof(point);
    (void)secp256k1_ec_pubkey_serialize(c->context, point, &n, key, SECP256K1_EC_UNCOMPRESSED);
    memcpy(ret, point + 1, 64);
}

c138_status c138_secp_public(struct c138_secp *c, const uint8_t secret[32], uint8_t ret_key[64]) {
    secp256k1_pubkey key;
    if (!secp256k1_ec_pubkey_create(c->context, &key, secret))
        return C138_E_INVALID;
    key_bytes(c, &key, ret_key);
    return C138_OK;
}

c138_status c138_secp_sign(struct c138_secp *c, const uint8_t secret[32], const uint8_t hash[32],
                           uint8_t ret_r[32], uint8_t ret_s[32], uint8_t *ret_parity) {
    secp256k1_ecdsa_recoverable_signature signature;
    uint8_t rs[64];
    int parity = 0;
    if (!secp256k1_ecdsa_sign_recoverable(c->context, &signature, hash, secret, NULL, NULL))
        return C138_E_INVALID;
    (void)secp256k1_ecdsa_recoverable_signature_serialize_compact(c->context, rs, &parity,
                                                                  &signature);
    if (parity > 1) /* r was above the order: once in 2^127; Ethereum has no place to say so */
        return C138_E_INVALID;
    memcpy(ret_r, rs, 32);
    memcpy(ret_s, rs + 32, 32);
    *ret_parity = (uint8_t)parity;
    return C138_OK;
}

c138_status c138_secp_recover(struct c138_secp *c, const uint8_t hash[32], const uint8_t r[32],
                              const uint8_t s[32], uint8_t parity, uint8_t ret_key[64]) {
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    uint8_t rs[64];
    memcpy(rs, r, 32);
    memcpy(rs + 32, s, 32);
    if (parity > 1 ||
        !secp256k1_ecdsa_recoverable_signature_parse_compact(c->context, &signature, rs, parity) ||
        !secp256k1_ecdsa_recover(c->context, &key, &signature, hash))
        return C138_E_INVALID;
    key_bytes(c, &key, ret_key);
    return C138_OK;
}

c138_status c138_tx_sign(struct c138_secp *c, struct c138_tx *tx, const uint8_t secret[32]) {
    uint8_t hash[32];
    c138_status status = c138_tx_signing_hash(tx, hash);
    if (status >= 0)
        status = c138_secp_sign(c, secret, hash, tx->r, tx->s, &tx->parity);
    tx->is_signed = status >= 0;
    return status;
}

c138_status c138_tx_sender(struct c138_secp *c, const struct c138_tx *tx, uint8_t ret_address[20]) {
    uint8_t hash[32], key[64];
    c138_status status = tx->is_signed ? c138_tx_signing_hash(tx, hash) : C138_E_INVALID;
    if (status >= 0)
        status = c138_secp_recover(c, hash, tx->r, tx->s, tx->parity, key);
    if (status >= 0)
        c138_address_of_key(key, ret_address);
    return status;
}
