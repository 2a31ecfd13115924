/*
 * plugins/besu/pool.h: what waits in the transaction pools, and what keeps it there. Pure; any
 * thread.
 *
 * A pooled transaction as txpool_besuPendingTransactions (Besu) and txpool_content (geth, anvil)
 * give it. Only what decides is kept: who, which nonce, what it costs at most, what it offers.
 */
#ifndef BESU_POOL_H
#define BESU_POOL_H
#include "extradata.h"
#include <base/u256.h>

#define BESU_POOL_MAX 4096 /* transactions of all nodes together */

enum besu_stuck {
    BESU_STUCK_NOT,        /* the next block may take it */
    BESU_STUCK_USED,       /* its nonce is mined: a leftover */
    BESU_STUCK_GAP,        /* a nonce before it is held by nobody */
    BESU_STUCK_FUNDS,      /* the account cannot pay it */
    BESU_STUCK_PRICE,      /* it offers less than the base fee, or than the nodes take */
    BESU_STUCK_PERMISSION, /* the account is not on every node's list */
    BESU_STUCK_BEHIND,     /* one before it is stuck */
};
const char *besu_stuck_name(enum besu_stuck why); /* "gap" */

struct besu_pooled {
    struct besu_address from;
    uint64_t nonce;
    uint8_t hash[32];
    struct c138_u256 cost;  /* value and the most that its gas may cost; all bits set: more */
    struct c138_u256 price; /* what it offers for a unit of gas at most */
    uint64_t nodes;         /* bit i: node i holds it */
    enum besu_stuck why;
    uint64_t at; /* GAP: the missing nonce; BEHIND: the nonce of the one that is stuck */
};

struct besu_pool {
    struct besu_pooled *list; /* sorted by account and nonce after besu_pool_sort() */
    size_t count;
    int cut; /* there were more */
};
void besu_pool_deinit(struct besu_pool *p);
/* One transaction as node `i` shows it. C138_E_INVALID: it is none. The same one again adds the
 * node. */
c138_status besu_pool_add(struct besu_pool *p, const struct c138_json *tx, uint32_t i);
/* All of an answer of either method. Returns how many were no transactions. */
uint32_t besu_pool_read(struct besu_pool *p, const struct c138_json *answer, uint32_t i);
void besu_pool_sort(struct besu_pool *p);

struct besu_sender {
    struct besu_address account;
    size_t first, count; /* its part of the sorted list */
    uint64_t next;       /* the nonce that the chain waits for */
    struct c138_u256 balance;
    int denied; /* not on the list of a node */
};
/* The part of the sorted list that begins at `first`. */
size_t besu_pool_sender(const struct besu_pool *p, size_t first);
/* Says of each of the sender's transactions why it waits. `floor`: the least price of a block. */
void besu_pool_judge(struct besu_pool *p, const struct besu_sender *s,
                     const struct c138_u256 *floor);
#endif
