#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/node.h>

#include <base/mem.h>
#include <string.h>

/* The key in admin_nodeInfo gives the account, also on 26.x where eth_coinbase is refused. */
static void test_address(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *info = recorded_json(*v, "admin_nodeInfo.json");
        C138_JSON struct c138_json *coinbase = recorded_json(*v, "eth_coinbase.json");
        C138_JSON struct c138_json *validators =
            recorded_json(*v, "qbft_getValidatorsByBlockNumber.json");
        const struct c138_json *set = recorded_result(validators, "latest");
        struct besu_address a, b;
        int found = 0;
        CU_ASSERT_EQUAL_FATAL(
            besu_address_of_id(c138_json_get_str(recorded_result(info, "normal"), "id", ""), &a),
            C138_OK);
        for (size_t i = 0; i < c138_json_count(set); i++)
            found += besu_address_read(c138_json_as_str(c138_json_at(set, i), ""), &b) == C138_OK &&
                     memcmp(&a, &b, sizeof(a)) == 0;
        CU_ASSERT_EQUAL(found, 1);
        const struct c138_json *own = recorded_result(coinbase, "normal");
        if (own) {
            besu_address_read(c138_json_as_str(own, ""), &b);
            CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
        }
    }
    struct besu_address a;
    CU_ASSERT_EQUAL(besu_address_of_id("0x12", &a), C138_E_INVALID);
}

/* Peers' heads: a number in 26.x, the total difficulty in 25.x. */
static void test_peers(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *entries = recorded_json(*v, "admin_peers.json");
        const struct c138_json *peers = recorded_result(entries, "non-validator with 4 peers");
        struct besu_block own = {
            .consensus = BESU_CONSENSUS_QBFT, .number = 100, .total_difficulty = 101};
        struct besu_peer first, peer;
        CU_ASSERT_EQUAL(c138_json_count(peers), 4);
        besu_peer_read(c138_json_at(peers, 0), &own, &first);
        CU_ASSERT_TRUE(first.head > 200);
        for (size_t i = 0; i < 4; i++) {
            besu_peer_read(c138_json_at(peers, i), &own, &peer);
            CU_ASSERT_FALSE(besu_address_is_zero(&peer.address));
            CU_ASSERT_TRUE(peer.head >= first.head - 2 && peer.head <= first.head + 2);
        }
        besu_peer_read(NULL, NULL, &peer);
        CU_ASSERT_EQUAL(peer.head, 0);
    }
}

static void test_config(void) {
    struct besu_node_config a = {.name = c138_xstrdup("a"), .url = c138_xstrdup("http://x")};
    struct besu_node_config b = {.name = c138_xstrdup("a"), .url = c138_xstrdup("http://x")};
    CU_ASSERT_TRUE(besu_node_config_equal(&a, &b));
    b.has_validator = 1;
    CU_ASSERT_FALSE(besu_node_config_equal(&a, &b));
    b.has_validator = 0;
    b.log_file = c138_xstrdup("/log");
    CU_ASSERT_FALSE(besu_node_config_equal(&a, &b));
    besu_node_config_deinit(&a);
    besu_node_config_deinit(&b);
    CU_ASSERT_PTR_NULL(besu_node_free(NULL));
}

const CU_TestInfo tests_node[] = {{"node address of its key, recorded", test_address},
                                  {"node peers, recorded", test_peers},
                                  {"node config", test_config},
                                  CU_TEST_INFO_NULL};
