#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/extradata.h>

#include <base/mem.h>
#include <stdio.h>
#include <string.h>

static void test_qbft(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *entries = recorded_json(*v, "eth_getBlockByNumber.json");
        struct besu_block block;
        struct besu_validators set;
        struct c138_err err;
        CU_ASSERT_EQUAL_FATAL(besu_block_read(recorded_result(entries, "latest"),
                                              BESU_CONSENSUS_UNKNOWN, &block, &set, &err),
                              C138_OK);
        CU_ASSERT_EQUAL(block.consensus, BESU_CONSENSUS_QBFT);
        CU_ASSERT_EQUAL(block.round, 0);
        CU_ASSERT_TRUE(block.seals >= 3);
        CU_ASSERT_EQUAL(set.count, 4);
        CU_ASSERT_TRUE(block.has_proposer && besu_validators_find(&set, &block.proposer) >= 0);
        CU_ASSERT_EQUAL(block.total_difficulty, block.number + 1);
        CU_ASSERT_TRUE(block.time > 1700000000);
    }
}

static void test_votes(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *entries = recorded_json(*v, "qbft_voting.json");
        const struct c138_json *blocks = c138_json_get(
            recorded_case(entries, "blocks with vote in extraData while votes are pending"),
            "response");
        int with_vote = 0;
        for (size_t i = 0; i < c138_json_count(blocks); i++) {
            const char *text = c138_json_get_str(c138_json_at(blocks, i), "extraData", "");
            uint8_t bytes[4096];
            size_t length;
            struct besu_extra extra;
            struct besu_validators set;
            CU_ASSERT_EQUAL_FATAL(besu_hex(text, bytes, sizeof(bytes), &length), C138_OK);
            CU_ASSERT_EQUAL(besu_extra_read(bytes, length, &extra, &set), C138_OK);
            CU_ASSERT_EQUAL(extra.consensus, BESU_CONSENSUS_QBFT);
            CU_ASSERT_TRUE(set.count == 4 || set.count == 5);
            with_vote += extra.has_vote;
            for (size_t cut = 0; cut < length; cut++) /* whatever is cut off, it is refused */
                if (besu_extra_read(bytes, cut, &extra, &set) != C138_E_INVALID || set.count)
                    CU_FAIL("a cut extraData was taken");
        }
        CU_ASSERT_TRUE(with_vote > 0);
    }
}

/* IBFT 2.0 by its codec: no vote is 0x80, the round four bytes. */
static void test_ibft(void) {
    uint8_t bytes[] = "\xf8\x3d\xa0"
                      "vanityvanityvanityvanityvanity12"
                      "\xd5\x94"
                      "ABCDEFGHIJKLMNOPQRST"
                      "\x80\x84\x00\x00\x00\x05\xc0";
    struct besu_extra extra;
    struct besu_validators set;
    bytes[1] = (uint8_t)(sizeof(bytes) - 1 - 2);
    CU_ASSERT_EQUAL(besu_extra_read(bytes, sizeof(bytes) - 1, &extra, &set), C138_OK);
    CU_ASSERT_EQUAL(extra.consensus, BESU_CONSENSUS_IBFT);
    CU_ASSERT_EQUAL(extra.round, 5);
    CU_ASSERT_EQUAL(set.count, 1);
    bytes[1]++; /* says more than there is */
    CU_ASSERT_EQUAL(besu_extra_read(bytes, sizeof(bytes) - 1, &extra, &set), C138_E_INVALID);
}

static void test_clique(void) {
    C138_JSON struct c138_json *entries = recorded_json("geth-1.13.15", "clique.json");
    struct besu_block block;
    struct besu_address signer;
    for (int i = 3; i <= 4; i++) {
        char name[32];
        snprintf(name, sizeof(name), "block %d", i);
        CU_ASSERT_EQUAL(besu_block_read(recorded_result(entries, name), BESU_CONSENSUS_CLIQUE,
                                        &block, NULL, NULL),
                        C138_OK);
        snprintf(name, sizeof(name), "signer of block %d", i);
        besu_address_read(c138_json_as_str(recorded_result(entries, name), ""), &signer);
        CU_ASSERT_EQUAL(block.consensus, BESU_CONSENSUS_CLIQUE);
        CU_ASSERT_EQUAL(memcmp(&signer, &block.proposer, sizeof(signer)), 0);
        CU_ASSERT_EQUAL(block.round, 0);
    }
    CU_ASSERT_EQUAL(besu_block_read(recorded_result(entries, "genesis"), BESU_CONSENSUS_CLIQUE,
                                    &block, NULL, NULL),
                    C138_OK);
    CU_ASSERT_FALSE(block.has_proposer);
}

static void test_not_a_block(void) {
    const char *texts[] = {
        "null", "{}", "[]", "{\"number\":\"0x1\"}",
        "{\"number\":1,\"timestamp\":\"0x1\",\"hash\":\"0x\",\"parentHash\":\"\"}"};
    for (size_t i = 0; i < C138_COUNT(texts); i++) {
        C138_JSON struct c138_json *json = NULL;
        struct besu_block block;
        struct besu_validators set;
        struct c138_err err = {0};
        c138_json_parse(texts[i], strlen(texts[i]), &json, NULL);
        CU_ASSERT_EQUAL(besu_block_read(json, BESU_CONSENSUS_UNKNOWN, &block, &set, &err),
                        C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, "block.invalid");
    }
}

const CU_TestInfo tests_extradata[] = {{"extradata of QBFT, recorded", test_qbft},
                                       {"extradata with votes, recorded", test_votes},
                                       {"extradata of IBFT 2.0", test_ibft},
                                       {"extradata of clique, recorded", test_clique},
                                       {"extradata of what is no block", test_not_a_block},
                                       CU_TEST_INFO_NULL};
