/*
 * evm/secp.h: signatures on secp256k1 as Ethereum makes them: deterministic (RFC 6979), recoverable,
 * s in its lower half (EIP-2). Source: libsecp256k1. A context may be used by one thread at a time.
 */
#ifndef C138_EVM_SECP_H
#define C138_EVM_SECP_H
#include <evm/tx.h>

struct c138_secp;
/* A context that blinds with 32 random bytes (getrandom). NULL: no randomness to be had. */
struct c138_secp *c138_secp_new(void);
struct c138_secp *c138_secp_free(struct c138_secp *c); /* returns NULL */
/* The public key without its 0x04. C138_E_INVALID: no secret key (0, or not below the order). */
c138_status c138_secp_public(struct c138_secp *c, const uint8_t secret[32], uint8_t ret_key[64]);
/* Signs a hash: r, s, parity. C138_E_INVALID as above. Keeps nothing of the secret. */
c138_status c138_secp_sign(struct c138_secp *c, const uint8_t secret[32], const uint8_t hash[32],
                           uint8_t ret_r[32], uint8_t ret_s[32], uint8_t *ret_parity);
/* The key that signed. C138_E_INVALID: nobody can have signed this so. */
c138_status c138_secp_recover(struct c138_secp *c, const uint8_t hash[32], const uint8_t r[32],
                              const uint8_t s[32], uint8_t parity, uint8_t ret_key[64]);
/* Signs `tx` in place. */
c138_status c138_tx_sign(struct c138_secp *c, struct c138_tx *tx, const uint8_t secret[32]);
/* Who signed `tx`. C138_E_INVALID: it is not signed, or not by anybody. */
c138_status c138_tx_sender(struct c138_secp *c, const struct c138_tx *tx, uint8_t ret_address[20]);
#endif
