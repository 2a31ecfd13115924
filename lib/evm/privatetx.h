/*
 * evm/privatetx.h: Besu's private transactions, as eea_sendRawTransaction and
 * priv_distributeRawTransaction take them (Enterprise Ethereum Alliance, client specification 6;
 * seen on Besu 25.5.0): a transaction of type 0 with three more members, who sends it (a Tessera
 * key), who gets it (keys, or a privacy group), and how far it goes. Pure; any thread.
 *
 * Strict as evm/tx.h. Besu took them out in 25.8: newer nodes answer that there is no such method.
 */
#ifndef C138_EVM_PRIVATETX_H
#define C138_EVM_PRIVATETX_H
#include <evm/tx.h>

#define C138_PRIVATE_MEMBERS 256 /* most keys that one names */
#define C138_PRIVATE_KEY 32      /* bytes of a Tessera key, and of a privacy group's id */

struct c138_private_tx {
    struct c138_tx tx;   /* type 0; borrows as there */
    const uint8_t *from; /* privateFrom: 32 bytes, borrowed */
    /* privacyGroupId: 32 bytes, borrowed; NULL: `members` are meant */
    const uint8_t *group;
    const uint8_t *members[C138_PRIVATE_MEMBERS]; /* privateFor: 32 bytes each, borrowed */
    size_t n_members;
    int unrestricted; /* Besu takes only "restricted", which is 0 here */
};

/* Reads one, signed or not; *ret borrows from `bytes`. C138_E_INVALID with key "tx.*". */
c138_status c138_private_tx_decode(const uint8_t *bytes, size_t length, struct c138_private_tx *ret,
                                   struct c138_err *err);
/* Appends it: with its signature if it has one, else in the form that is signed. */
c138_status c138_private_tx_encode(const struct c138_private_tx *t, struct c138_buf *out);
/* What is signed; C138_E_INVALID where it is not signed yet and names no chain, as it would be valid
 * on every one. Sign it with c138_secp_sign() into t->tx, and set t->tx.is_signed. */
c138_status c138_private_tx_signing_hash(const struct c138_private_tx *t, uint8_t ret_hash[32]);
#endif
