#include "quorum.h"

#include <stdio.h>

struct besu_quorum_state besu_quorum_state(enum besu_consensus consensus, uint32_t validators,
                                           uint32_t present) {
    struct besu_quorum_state q = {
        .consensus = consensus, .validators = validators, .present = present};
    int clique = consensus == BESU_CONSENSUS_CLIQUE;
    q.quorum = besu_quorum(consensus, validators);
    q.faults = validators == 0 ? 0 : (validators - 1) / (clique ? 2 : 3);
    q.margin = (int)present - (int)q.quorum;
    return q;
}

struct besu_quorum_state besu_quorum_after(const struct besu_quorum_state *now, int add,
                                           int there) {
    uint32_t present = now->present;
    if (add)
        present += there ? 1 : 0;
    else if (there && present > 0)
        present--;
    uint32_t validators = add ? now->validators + 1 : now->validators ? now->validators - 1 : 0;
    return besu_quorum_state(now->consensus, validators, present);
}

uint32_t besu_votes_needed(uint32_t validators) {
    return validators / 2 + 1;
}

void besu_quorum_text(const struct besu_quorum_state *q, char *ret_text, size_t size) {
    char rule[48];
    if (q->consensus == BESU_CONSENSUS_CLIQUE)
        snprintf(rule, sizeof(rule), "floor(%u/2) + 1", q->validators);
    else
        snprintf(rule, sizeof(rule), "ceil(2*%u/3)", q->validators);
    int n =
        snprintf(ret_text, size,
                 "%u validator%s, %u needed = %s, %u may fail by design; %u there: ", q->validators,
                 q->validators == 1 ? "" : "s", q->quorum, rule, q->faults, q->present);
    if (n < 0 || (size_t)n >= size)
        return;
    if (q->margin < 0)
        snprintf(ret_text + n, size - (size_t)n, "%d too few, no block can be made", -q->margin);
    else
        snprintf(ret_text + n, size - (size_t)n, "%d more may fail", q->margin);
}
