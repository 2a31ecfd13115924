#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/chain.h>

#include <base/mem.h>
#include <string.h>

static struct besu_validators four(void) {
    struct besu_validators v = {.count = 4};
    for (int i = 0; i < 4; i++)
        v.list[i].b[0] = (uint8_t)(4 - i); /* falling: sorted by besu_validators_sort() */
    besu_validators_sort(&v);
    return v;
}

static void add(struct besu_chain *c, const struct besu_validators *v, int by, uint32_t round,
                enum besu_consensus consensus) {
    const struct besu_block *last = besu_chain_last(c);
    struct besu_block b = {.number = last ? last->number + 1 : 100,
                           .time = (last ? last->time : 1000) + (round ? 3 : 1),
                           .consensus = consensus,
                           .has_proposer = 1,
                           .proposer = v->list[by],
                           .round = round};
    memcpy(b.hash, &b.number, sizeof(b.number));
    if (last)
        memcpy(b.parent, last->hash, 32);
    besu_chain_add(c, &b);
    besu_chain_add(c, &b); /* the same again changes nothing */
}

static void test_quorum(void) {
    const uint32_t bft[] = {0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7};
    for (uint32_t n = 1; n <= 10; n++)
        CU_ASSERT_EQUAL(besu_quorum(BESU_CONSENSUS_QBFT, n), bft[n]);
    CU_ASSERT_EQUAL(besu_quorum(BESU_CONSENSUS_CLIQUE, 4), 3);
    CU_ASSERT_EQUAL(besu_quorum(BESU_CONSENSUS_CLIQUE, 5), 3);
}

/* As recorded with one of four down: its round 0 passes, the next one proposes in round 1. */
static void test_turns(void) {
    struct besu_chain *c = c138_xcalloc(1, sizeof(*c));
    struct besu_validators v = four();
    struct besu_turns turns[4];
    uint16_t missed[4];
    const int by[] = {3, 0, 1, 2, 0, 1, 2, 0, 1};
    for (size_t i = 0; i < C138_COUNT(by); i++)
        add(c, &v, by[i], i >= 4 && by[i] == 0, BESU_CONSENSUS_QBFT);
    CU_ASSERT_EQUAL(besu_chain_turns(c, &v, 256, turns), 9);
    CU_ASSERT_EQUAL(turns[3].proposed, 1);
    CU_ASSERT_EQUAL(turns[3].missed, 2);
    CU_ASSERT_EQUAL(turns[3].missed_in_row, 2);
    CU_ASSERT_EQUAL(turns[3].last_missed, 107);
    CU_ASSERT_EQUAL(turns[0].proposed, 3);
    CU_ASSERT_EQUAL(turns[0].missed, 0);
    CU_ASSERT_EQUAL(turns[0].last_proposed, 107);
    CU_ASSERT_EQUAL(besu_chain_missed(c, 4, &v, missed, 4), 1);
    CU_ASSERT_EQUAL(missed[0], 3);
    CU_ASSERT_EQUAL(besu_chain_next_proposer(c, &v), 2);
    CU_ASSERT_EQUAL(besu_chain_period_ns(c), INT64_C(1000000000));
    CU_ASSERT_EQUAL(besu_chain_turns(c, &v, 2, turns), 2);
    CU_ASSERT_EQUAL(turns[3].proposed, 0);
    add(c, &v, 2, 0, BESU_CONSENSUS_QBFT); /* it is back */
    add(c, &v, 3, 0, BESU_CONSENSUS_QBFT);
    besu_chain_turns(c, &v, 256, turns);
    CU_ASSERT_EQUAL(turns[3].missed_in_row, 0);
    free(c);
}

static void test_clique_turns(void) {
    struct besu_chain *c = c138_xcalloc(1, sizeof(*c));
    struct besu_validators v = four();
    struct besu_turns turns[4];
    for (int i = 0; i < 8; i++) { /* signer 1 (number % 4) is never there */
        int turn = (100 + i) % 4;
        add(c, &v, turn == 1 ? 3 : turn, turn == 1, BESU_CONSENSUS_CLIQUE);
    }
    besu_chain_turns(c, &v, 256, turns);
    CU_ASSERT_EQUAL(turns[1].missed_in_row, 2);
    CU_ASSERT_EQUAL(turns[1].proposed, 0);
    CU_ASSERT_EQUAL(turns[3].proposed, 4);
    free(c);
}

static void test_history(void) {
    struct besu_chain *c = c138_xcalloc(1, sizeof(*c));
    struct besu_validators v = four();
    for (int i = 0; i < 300; i++)
        add(c, &v, i % 4, 0, BESU_CONSENSUS_QBFT);
    CU_ASSERT_EQUAL(c->count, BESU_CHAIN_MAX);
    CU_ASSERT_EQUAL(besu_chain_last(c)->number, 399);
    CU_ASSERT_PTR_NULL(besu_chain_get(c, 143));
    CU_ASSERT_EQUAL(besu_chain_get(c, 144)->number, 144);
    struct besu_block other = *besu_chain_get(c, 200); /* another block at a known height */
    other.hash[20] = 1;
    besu_chain_add(c, &other);
    CU_ASSERT_EQUAL(c->count, 1);
    other.number += 5; /* a gap */
    besu_chain_add(c, &other);
    CU_ASSERT_EQUAL(c->count, 1);
    CU_ASSERT_EQUAL(besu_chain_period_ns(c), 0);
    free(c);
}

/* The node's own signer metrics: block 0 counts as 0x000...0, which is no validator. */
static void test_signer_metrics(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *entries = recorded_json(*v, "qbft_getSignerMetrics.json");
        const struct c138_json *rows = recorded_result(entries, "earliest to latest");
        int zero = 0;
        for (size_t i = 0; i < c138_json_count(rows); i++) {
            struct besu_address a;
            CU_ASSERT_EQUAL(
                besu_address_read(c138_json_get_str(c138_json_at(rows, i), "address", ""), &a),
                C138_OK);
            zero += besu_address_is_zero(&a);
        }
        CU_ASSERT_EQUAL(zero, 1);
        CU_ASSERT_EQUAL(c138_json_count(rows), 5);
    }
}

const CU_TestInfo tests_chain[] = {{"chain quorum", test_quorum},
                                   {"chain turns with one of four down", test_turns},
                                   {"chain turns in clique", test_clique_turns},
                                   {"chain history", test_history},
                                   {"chain signer metrics, recorded", test_signer_metrics},
                                   CU_TEST_INFO_NULL};
