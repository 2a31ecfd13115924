/*
 * plugins/besu/quorum.h: the arithmetic of validators: how many must be there, how many may fail,
 * and what becomes of that when one comes or goes. Pure; any thread.
 *
 * BFT (Besu class BftHelpers): a block needs ceil(2n/3) of n validators, f = floor((n - 1) / 3) may
 * be faulty. A vote takes effect when more than half of the set has cast it. Clique (EIP-225): of n
 * signers floor(n/2) + 1 must be there, and as many must vote.
 */
#ifndef BESU_QUORUM_H
#define BESU_QUORUM_H
#include "chain.h"

struct besu_quorum_state {
    enum besu_consensus consensus;
    uint32_t validators, faults, quorum;
    uint32_t present; /* those that take part */
    int margin;       /* present - quorum: how many more may fail; negative: no block */
};
struct besu_quorum_state besu_quorum_state(enum besu_consensus consensus, uint32_t validators,
                                           uint32_t present);
/* One validator more (`add`), or one less; `there`: that one takes part. */
struct besu_quorum_state besu_quorum_after(const struct besu_quorum_state *now, int add, int there);
/* How many votes change a set of this size. */
uint32_t besu_votes_needed(uint32_t validators);
/* "5 validators, 4 needed = ceil(2*5/3), 1 may fail by design; 4 there: 0 more may fail". */
void besu_quorum_text(const struct besu_quorum_state *q, char *ret_text, size_t size);
#endif
