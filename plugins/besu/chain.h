/*
 * plugins/besu/chain.h: the last blocks as the watched nodes showed them: period, turns that were
 * missed, forks. Plain memory, no input or output; one thread.
 */
#ifndef BESU_CHAIN_H
#define BESU_CHAIN_H
#include "extradata.h"

#define BESU_CHAIN_MAX 256

struct besu_chain {
    struct besu_block blocks[BESU_CHAIN_MAX]; /* by number, one after the other, oldest first */
    uint32_t count;
};

/* Takes a block: behind the last one, or one that is there already. One that leaves a gap, or has
 * another hash than the one remembered, begins the history anew. */
void besu_chain_add(struct besu_chain *c, const struct besu_block *block);
const struct besu_block *besu_chain_last(const struct besu_chain *c); /* NULL: empty */
const struct besu_block *besu_chain_get(const struct besu_chain *c, uint64_t number);
/* The usual time between blocks of round 0, in ns (median); 0: not enough blocks. */
int64_t besu_chain_period_ns(const struct besu_chain *c);

struct besu_turns {
    uint32_t proposed, missed;
    uint32_t missed_in_row;  /* since it last proposed; 0: its last turn was used */
    uint64_t last_proposed;  /* block number, 0: none in the window */
    int64_t last_proposed_s; /* its time */
    uint64_t last_missed;    /* block whose earlier turn it let pass, 0: none */
};

/*
 * Who had a turn in the last `window` blocks and who let it pass; `ret_turns` has room for
 * validators->count. BFT: after the proposer of block n - 1 the next validator (sorted by address)
 * has round 0 of block n, the one after it round 1, ... Clique: validator n modulo their number is
 * in turn. Returns how many blocks were looked at.
 */
uint32_t besu_chain_turns(const struct besu_chain *c, const struct besu_validators *validators,
                          uint32_t window, struct besu_turns *ret_turns);
/* The validators that had an earlier turn for block `i` of the history: indexes into *validators.
 */
uint32_t besu_chain_missed(const struct besu_chain *c, uint32_t i,
                           const struct besu_validators *validators, uint16_t *ret_missed,
                           uint32_t max);
/* BFT: who proposes the block after the last one in round 0; -1: not known. */
int besu_chain_next_proposer(const struct besu_chain *c, const struct besu_validators *validators);

uint32_t besu_quorum(enum besu_consensus consensus,
                     uint32_t validators); /* ceil(2N/3); clique N/2+1 */
#endif
