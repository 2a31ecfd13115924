#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/pool.h>

#include <base/mem.h>
#include <stdio.h>
#include <string.h>

static struct c138_json *tx(unsigned from, unsigned nonce, const char *value, const char *price) {
    struct c138_json *o = c138_json_new_object();
    char text[80];
    snprintf(text, sizeof(text), "0x%040x", from);
    c138_json_set_str(o, "from", text);
    snprintf(text, sizeof(text), "0x%x", nonce);
    c138_json_set_str(o, "nonce", text);
    snprintf(text, sizeof(text), "0x%032x%016zx%016x", from, strlen(value) * 16 + strlen(price),
             nonce);
    c138_json_set_str(o, "hash", text);
    c138_json_set_str(o, "gas", "0x5208");
    c138_json_set_str(o, "value", value);
    c138_json_set_str(o, "gasPrice", price);
    return o;
}

static void put(struct besu_pool *p, unsigned from, unsigned nonce, const char *value,
                const char *price) {
    C138_JSON struct c138_json *o = tx(from, nonce, value, price);
    CU_ASSERT_EQUAL(besu_pool_add(p, o, 0), C138_OK);
}

/* Every recorded pool of both versions, in both methods' forms. */
static void test_recorded(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *entries =
            recorded_json(*v, "txpool_besuPendingTransactions.json");
        size_t seen = 0;
        for (size_t i = 0; i < c138_json_count(entries); i++) {
            struct besu_pool p = {0};
            const struct c138_json *answer =
                c138_json_path(c138_json_at(entries, i), "response.result");
            CU_ASSERT_EQUAL(besu_pool_read(&p, answer, 3), 0);
            CU_ASSERT_EQUAL(p.count, c138_json_count(answer));
            for (size_t k = 0; k < p.count; k++)
                CU_ASSERT_EQUAL(p.list[k].nodes, 8);
            CU_ASSERT_EQUAL(besu_pool_read(&p, answer, 5), 0); /* another node holds the same */
            CU_ASSERT_EQUAL(p.count, c138_json_count(answer));
            seen += p.count;
            besu_pool_deinit(&p);
        }
        CU_ASSERT(seen > 5);
    }
}

static void test_by_account(void) {
    C138_JSON struct c138_json *answer = c138_json_new_object();
    struct c138_json *pending = c138_json_new_object(), *mine = c138_json_new_object();
    struct besu_pool p = {0};
    c138_json_set(mine, "4", tx(1, 4, "0x0", "0x1"));
    c138_json_set(mine, "5", c138_json_new_str("nonsense"));
    c138_json_set(pending, "0x1", mine);
    c138_json_set(answer, "pending", pending);
    CU_ASSERT_EQUAL(besu_pool_read(&p, answer, 0), 1);
    CU_ASSERT_EQUAL(p.count, 1);
    CU_ASSERT_EQUAL(besu_pool_read(&p, NULL, 0), 0);
    besu_pool_deinit(&p);
}

static void judge(struct besu_pool *p, uint64_t next, uint64_t balance, int denied,
                  uint64_t floor) {
    struct c138_u256 least = c138_u256_of(floor);
    besu_pool_sort(p);
    struct besu_sender s = {.account = p->list[0].from,
                            .count = besu_pool_sender(p, 0),
                            .next = next,
                            .balance = c138_u256_of(balance),
                            .denied = denied};
    besu_pool_judge(p, &s, &least);
}

static void test_gap(void) {
    struct besu_pool p = {0};
    put(&p, 1, 7, "0x0", "0x0");
    put(&p, 1, 4, "0x0", "0x0");
    put(&p, 1, 5, "0x0", "0x0");
    put(&p, 1, 2, "0x0", "0x0");
    judge(&p, 3, 0, 0, 0);
    CU_ASSERT_EQUAL(p.list[0].why, BESU_STUCK_USED);
    CU_ASSERT(p.list[1].why == BESU_STUCK_GAP && p.list[1].at == 3);
    CU_ASSERT(p.list[2].why == BESU_STUCK_BEHIND && p.list[2].at == 3);
    CU_ASSERT(p.list[3].why == BESU_STUCK_BEHIND && p.list[3].nonce == 7);
    judge(&p, 4, 0, 0, 0);
    CU_ASSERT(p.list[1].why == BESU_STUCK_NOT && p.list[2].why == BESU_STUCK_NOT);
    CU_ASSERT(p.list[3].why == BESU_STUCK_GAP && p.list[3].at == 6);
    besu_pool_deinit(&p);
}

static void test_money(void) {
    struct besu_pool p = {0};
    put(&p, 1, 0, "0x64", "0x0");
    put(&p, 1, 1, "0x0", "0x1"); /* 21000 for gas */
    put(&p, 1, 2, "0x1", "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    judge(&p, 0, 100, 0, 0);
    CU_ASSERT_EQUAL(p.list[0].why, BESU_STUCK_NOT);
    CU_ASSERT_EQUAL(p.list[1].why, BESU_STUCK_FUNDS);
    CU_ASSERT_EQUAL(p.list[2].why, BESU_STUCK_FUNDS); /* does not fit into 256 bits */
    judge(&p, 0, 99, 0, 0);
    CU_ASSERT_EQUAL(p.list[0].why, BESU_STUCK_FUNDS);
    judge(&p, 0, 1000000, 0, 1);
    CU_ASSERT_EQUAL(p.list[0].why, BESU_STUCK_PRICE);
    CU_ASSERT(p.list[1].why == BESU_STUCK_BEHIND && p.list[1].at == 0);
    judge(&p, 0, 1000000, 1, 0);
    CU_ASSERT_EQUAL(p.list[0].why, BESU_STUCK_PERMISSION);
    besu_pool_deinit(&p);
}

/* Two of one nonce: the dearer one is that which is mined. */
static void test_two_of_one_nonce(void) {
    struct besu_pool p = {0};
    put(&p, 1, 0, "0x0", "0x1");
    put(&p, 1, 0, "0x10", "0x20");
    put(&p, 2, 0, "0x0", "0x1");
    besu_pool_sort(&p);
    CU_ASSERT_EQUAL(besu_pool_sender(&p, 0), 2);
    CU_ASSERT_EQUAL(besu_pool_sender(&p, 2), 1);
    struct c138_u256 twenty = c138_u256_of(0x20);
    CU_ASSERT_EQUAL(c138_u256_cmp(&p.list[0].price, &twenty), 0);
    besu_pool_deinit(&p);
}

static void test_bound(void) {
    struct besu_pool p = {0};
    for (unsigned i = 0; i < BESU_POOL_MAX + 2; i++)
        put(&p, 1, i, "0x0", "0x0");
    CU_ASSERT_EQUAL(p.count, BESU_POOL_MAX);
    CU_ASSERT(p.cut);
    besu_pool_deinit(&p);
}

const CU_TestInfo tests_pool[] = {{"recorded pools", test_recorded},
                                  {"txpool_content", test_by_account},
                                  {"gaps, and what is behind them", test_gap},
                                  {"what cannot be paid, is too cheap, is not allowed", test_money},
                                  {"two of one nonce", test_two_of_one_nonce},
                                  {"the pool's bound", test_bound},
                                  CU_TEST_INFO_NULL};
