/*
 * evm/tx.h: transactions of types 0 (with and without EIP-155), 1 (EIP-2930) and 2 (EIP-1559):
 * encoding, hashes, and a strict decoder. Pure; any thread.
 *
 * Strict: what a node refuses is refused here with its reason: non-canonical RLP, trailing bytes,
 * numbers out of range, a `to` that is neither empty nor 20 bytes, malformed access lists, r or s
 * that is nought or not below the group's order, s in its upper half (EIP-2), a parity that is not
 * 0 or 1. (Whether it may be paid for is not a question of its form.) So decode(encode(tx)) is tx and encode(decode(bytes)) is bytes.
 *
 * Signing and recovery: evm/secp.h.
 */
#ifndef C138_EVM_TX_H
#define C138_EVM_TX_H
#include <base/buf.h>
#include <base/u256.h>

#define C138_TX_MAX (1u << 20) /* bytes of an encoded transaction; nodes take 128 KiB */

struct c138_tx {
    uint8_t type;      /* 0, 1, 2 */
    uint64_t chain_id; /* type 0: 0 is a transaction without EIP-155, valid on every chain */
    uint64_t nonce;
    struct c138_u256 gas;              /* the limit; nodes take 64 bits, the format 256 */
    struct c138_u256 gas_price;        /* wei a gas; types 0 and 1 */
    struct c138_u256 tip_cap, fee_cap; /* wei a gas: maxPriorityFeePerGas, maxFeePerGas; type 2 */
    struct c138_u256 value;            /* wei */
    int creates;                       /* 1: no `to`, the data makes a contract */
    uint8_t to[20];
    const uint8_t *data; /* borrowed */
    size_t data_length;
    const uint8_t *access; /* borrowed: the items of the access list, as RLP; types 1 and 2 */
    size_t access_length;
    int is_signed;
    uint8_t parity; /* of the signature, 0 or 1 */
    uint8_t r[32], s[32];
};

/* Reads one transaction, signed or not (an unsigned one of type 0 has 6 members, or 9 with chain id,
 * 0, 0). *ret borrows from `bytes`. C138_E_INVALID with key "tx.*" and what is wrong;
 * C138_E_UNSUPPORTED for types above 2. */
c138_status c138_tx_decode(const uint8_t *bytes, size_t length, struct c138_tx *ret,
                           struct c138_err *err);
/* Appends the transaction: with its signature if it has one, else in the form that is signed. */
c138_status c138_tx_encode(const struct c138_tx *tx, struct c138_buf *out);
/* What is signed: Keccak-256 of the unsigned form. */
c138_status c138_tx_signing_hash(const struct c138_tx *tx, uint8_t ret_hash[32]);
/* The transaction's hash, as eth_getTransactionByHash knows it. C138_E_INVALID: not signed. */
c138_status c138_tx_hash(const struct c138_tx *tx, uint8_t ret_hash[32]);
/* Appends one entry to the items of an access list. */
void c138_tx_access_add(struct c138_buf *items, const uint8_t address[20],
                        const uint8_t (*keys)[32], size_t n_keys);
#endif
