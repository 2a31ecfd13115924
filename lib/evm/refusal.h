/*
 * evm/refusal.h: what it means when a node refuses a transaction, for Besu, geth, and anvil. By code
 * and text: clients share neither. Pure; any thread.
 *
 * What matters after a refusal is whether these bytes may still be mined. Only C138_REFUSAL_NOT_TAKEN
 * says that this node did not take them; another node may have them all the same.
 */
#ifndef C138_EVM_REFUSAL_H
#define C138_EVM_REFUSAL_H
#include <base/json.h>

enum c138_refusal_fate {
    C138_REFUSAL_NOT_TAKEN, /* this node does not keep them */
    C138_REFUSAL_TAKEN,     /* the node has them already: as good as sent */
    C138_REFUSAL_UNCLEAR    /* ask the node: the nonce is used, or it failed on the way */
};

enum c138_refusal_retry {
    C138_REFUSAL_NEVER, /* these bytes will never be taken on this chain */
    C138_REFUSAL_LATER  /* the same bytes may be taken later, or by another node */
};

struct c138_refusal {
    const char *key; /* a stable word, "tx.nonce-used"; "tx.refused" where the answer is unknown */
    enum c138_refusal_fate fate;
    enum c138_refusal_retry retry;
    const char *meaning; /* a sentence for people */
    const char *mend;    /* what to do */
};

/* `code` is that of the JSON-RPC error, 0 if there is none; `message` its text. Never NULL. */
const struct c138_refusal *c138_refusal_of(int64_t code, const char *message);
/* What row `index` of the table says, for tests; NULL behind its end. */
const struct c138_refusal *c138_refusal_at(size_t index);
#endif
