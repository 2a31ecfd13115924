#include "chain.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)

uint32_t besu_quorum(enum besu_consensus consensus, uint32_t validators) {
    if (consensus == BESU_CONSENSUS_CLIQUE)
        return validators / 2 + 1;
    return (2 * validators + 2) / 3;
}

const struct besu_block *besu_chain_last(const struct besu_chain *c) {
    return c->count ? &c->blocks[c->count - 1] : NULL;
}

const struct besu_block *besu_chain_get(const struct besu_chain *c, uint64_t number) {
    if (!c->count || number < c->blocks[0].number || number - c->blocks[0].number >= c->count)
        return NULL;
    return &c->blocks[number - c->blocks[0].number];
}

void besu_chain_add(struct besu_chain *c, const struct besu_block *block) {
    const struct besu_block *last = besu_chain_last(c), *same = besu_chain_get(c, block->number);
    if (same && memcmp(same->hash, block->hash, sizeof(block->hash)) == 0)
        return;
    int follows = last && block->number == last->number + 1 &&
                  memcmp(last->hash, block->parent, sizeof(block->parent)) == 0;
    if (!follows)
        c->count = 0;
    if (c->count == BESU_CHAIN_MAX) {
        memmove(c->blocks, c->blocks + 1, sizeof(c->blocks[0]) * (BESU_CHAIN_MAX - 1));
        c->count--;
    }
    c->blocks[c->count++] = *block;
}

static int compare_i64(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t besu_chain_period_ns(const struct besu_chain *c) {
    int64_t gaps[BESU_CHAIN_MAX];
    size_t n = 0;
    for (uint32_t i = 1; i < c->count; i++)
        if (c->blocks[i].round == 0 && c->blocks[i - 1].number > 0) /* genesis has any time */
            gaps[n++] = c->blocks[i].time - c->blocks[i - 1].time;
    if (n < 3)
        return 0;
    qsort(gaps, n, sizeof(gaps[0]), compare_i64);
    return (gaps[n / 2] > 0 ? gaps[n / 2] : 1) * NS_PER_S;
}

/* The validator whose turn round 0 of block `i` was; -1: not known. */
static int first_turn(const struct besu_chain *c, uint32_t i,
                      const struct besu_validators *validators) {
    const struct besu_block *block = &c->blocks[i];
    if (validators->count == 0)
        return -1;
    if (block->consensus == BESU_CONSENSUS_CLIQUE)
        return (int)(block->number % validators->count);
    if (i == 0 || !c->blocks[i - 1].has_proposer)
        return -1;
    int before = besu_validators_find(validators, &c->blocks[i - 1].proposer);
    return before < 0 ? -1 : (before + 1) % (int)validators->count;
}

uint32_t besu_chain_missed(const struct besu_chain *c, uint32_t i,
                           const struct besu_validators *validators, uint16_t *ret_missed,
                           uint32_t max) {
    int first = first_turn(c, i, validators);
    uint32_t n = 0, rounds = c->blocks[i].round;
    if (first < 0)
        return 0;
    for (uint32_t r = 0; r < rounds && r < validators->count && n < max; r++)
        ret_missed[n++] = (uint16_t)(((uint32_t)first + r) % validators->count);
    return n;
}

uint32_t besu_chain_turns(const struct besu_chain *c, const struct besu_validators *validators,
                          uint32_t window, struct besu_turns *ret_turns) {
    uint16_t missed[BESU_VALIDATORS_MAX];
    uint32_t from = c->count > window ? c->count - window : 0;
    memset(ret_turns, 0, sizeof(*ret_turns) * validators->count);
    for (uint32_t i = from; i < c->count; i++) {
        const struct besu_block *block = &c->blocks[i];
        uint32_t n = besu_chain_missed(c, i, validators, missed, BESU_VALIDATORS_MAX);
        for (uint32_t k = 0; k < n; k++) {
            ret_turns[missed[k]].missed++;
            ret_turns[missed[k]].missed_in_row++;
            ret_turns[missed[k]].last_missed = block->number;
        }
        int by = block->has_proposer ? besu_validators_find(validators, &block->proposer) : -1;
        if (by < 0)
            continue;
        ret_turns[by].proposed++;
        ret_turns[by].missed_in_row = 0;
        ret_turns[by].last_proposed = block->number;
        ret_turns[by].last_proposed_s = block->time;
    }
    return c->count - from;
}

int besu_chain_next_proposer(const struct besu_chain *c, const struct besu_validators *validators) {
    const struct besu_block *last = besu_chain_last(c);
    if (!last || !last->has_proposer || validators->count == 0)
        return -1;
    int before = besu_validators_find(validators, &last->proposer);
    return before < 0 ? -1 : (before + 1) % (int)validators->count;
}
