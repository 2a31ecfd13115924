#include "rig.h"

#include <base/mem.h>
#include <base/when.h>
#include <plugins/keys/limits.h>
#include <stdio.h>
#include <string.h>

static const char token[] = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
static const uint8_t transfer[68] = {0xa9, 0x05, 0x9c, 0xbb};

static struct c138_u256 number(const char *text) {
    struct c138_u256 v;
    CU_ASSERT_EQUAL_FATAL(c138_u256_from_dec(text, &v), C138_OK);
    return v;
}

static struct limits_rule rule_new(const char *name) {
    struct limits_rule r = {.chain_id = 138, .max_gas = 100000, .per_hour = 2};
    (void)snprintf(r.name, sizeof(r.name), "%s", name);
    r.max_value = number("1000");
    r.max_gas_price = number("20");
    CU_ASSERT_EQUAL(limits_add_to(&r, token, NULL), C138_OK);
    CU_ASSERT_EQUAL(limits_add_call(&r, "transfer(address,uint256)", NULL), C138_OK);
    return r;
}

/* What the rule allows, to the last unit. */
static struct c138_tx tx_new(void) {
    struct c138_tx tx = {.type = 2, .chain_id = 138, .data = transfer, .data_length = 68};
    static const uint8_t to[20] = {0x5F, 0xbD, 0xB2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67,
                                   0xf0, 0x32, 0xd9, 0x3F, 0x64, 0x2f, 0x64, 0x18, 0x0a, 0xa3};
    memcpy(tx.to, to, 20);
    tx.gas = number("100000");
    tx.value = number("1000");
    tx.fee_cap = number("20");
    return tx;
}

static uint64_t used_of(void *user, const struct limits_rule *rule) {
    (void)rule;
    return *(const uint64_t *)user;
}

/* "" or the key of the refusal. */
static const char *verdict(const struct limits_rule *rules, size_t n, const struct c138_tx *tx,
                           uint64_t used, int64_t now_ns) {
    static struct c138_err err;
    const struct limits_rule *rule = NULL;
    memset(&err, 0, sizeof(err));
    if (limits_check(rules, n, tx, now_ns, used_of, &used, &rule, &err) >= 0)
        return rule ? "" : "no rule";
    CU_ASSERT_PTR_NULL(rule);
    if (n)
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "rule "));
    return err.key;
}

#define IS(tx, used, key) CU_ASSERT_STRING_EQUAL(verdict(&r, 1, tx, used, 0), key)

static void every_point(void) {
    struct limits_rule r = rule_new("pay");
    struct c138_tx good = tx_new(), t;
    IS(&good, 1, "");
    IS(&good, 2, "keys.limit.rate");
    t = good, t.chain_id = 1;
    IS(&t, 0, "keys.limit.chain");
    t = good, t.chain_id = 0, t.type = 0;
    IS(&t, 0, "keys.limit.chain");
    t = good, t.to[19] ^= 1;
    IS(&t, 0, "keys.limit.to");
    t = good, t.creates = 1;
    IS(&t, 0, "keys.limit.create");
    t = good, t.data_length = 0;
    IS(&t, 0, "keys.limit.call");
    t = good, t.data_length = 3;
    IS(&t, 0, "keys.limit.call");
    t = good, t.data = (const uint8_t *)"\x09\x5e\xa7\xb3", t.data_length = 4;
    IS(&t, 0, "keys.limit.call");
    t = good, t.value = number("1001");
    IS(&t, 0, "keys.limit.value");
    t = good, t.fee_cap = number("21");
    IS(&t, 0, "keys.limit.gas-price");
    t = good, t.type = 0, t.gas_price = number("21"); /* the price of types 0 and 1 */
    IS(&t, 0, "keys.limit.gas-price");
    t = good, t.gas = number("100001");
    IS(&t, 0, "keys.limit.gas");
    t = good, t.gas = number("18446744073709651616"); /* 2^64 + 100000 */
    IS(&t, 0, "keys.limit.gas");
    CU_ASSERT_EQUAL(limits_window_parse("08:00-18:00", &r.window, NULL), C138_OK);
    r.has_window = 1;
    IS(&good, 0, "keys.limit.window");
    CU_ASSERT_STRING_EQUAL(verdict(&r, 1, &good, 0, 8 * 3600 * C138_NS_PER_S), "");
    CU_ASSERT_STRING_EQUAL(verdict(NULL, 0, &good, 0, 0), "keys.limit.no-rule");
    limits_rule_deinit(&r);
}

/* Which of several rules is named, and that each is whole: points of two do not add up. */
static void several_rules(void) {
    struct limits_rule r[2] = {rule_new("pay"), rule_new("other")};
    struct c138_tx tx = tx_new();
    struct c138_err err = {0};
    const struct limits_rule *rule = NULL;
    uint64_t used = 0;
    r[1].chain_id = 1;
    r[1].max_value = number("99999");
    tx.value = number("5000");
    CU_ASSERT_EQUAL(limits_check(r, 2, &tx, 0, used_of, &used, &rule, &err), C138_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "rule pay: a value of 5000 wei is over its max_value of 1000");
    r[1].chain_id = 138;
    CU_ASSERT_EQUAL(limits_check(r, 2, &tx, 0, used_of, &used, &rule, &err), C138_OK);
    CU_ASSERT_PTR_EQUAL(rule, &r[1]);
    limits_rule_deinit(&r[0]);
    limits_rule_deinit(&r[1]);
}

static void stars(void) {
    struct limits_rule r = {.chain_id = 138, .creates = 1};
    struct c138_tx tx = {.chain_id = 138, .type = 2};
    uint64_t used = 0;
    r.per_hour = 1;
    CU_ASSERT_EQUAL(limits_add_to(&r, "*", NULL), C138_OK);
    CU_ASSERT_EQUAL(limits_add_call(&r, "", NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(verdict(&r, 1, &tx, used, 0), "");
    tx.data = transfer, tx.data_length = 68;
    CU_ASSERT_STRING_EQUAL(verdict(&r, 1, &tx, used, 0), "keys.limit.call");
    tx.creates = 1; /* code is no call */
    CU_ASSERT_STRING_EQUAL(verdict(&r, 1, &tx, used, 0), "");
    tx.creates = 0;
    CU_ASSERT_EQUAL(limits_add_call(&r, "*", NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(verdict(&r, 1, &tx, used, 0), "");
    limits_rule_deinit(&r);
}

static void words(void) {
    static const char *const bad_calls[] = {
        "transfer",     "f(uint256", "0xa905", "0xa9059cbb00",
        "0xg9059cbb",   "(uint256)", "f())",   "f(uint256)(uint8)",
        "f(uint256))(", " "};
    static const char *const good_calls[] = {"0xa9059cbb", "f()",
                                             "transfer(address to, uint amount)",
                                             "f((uint256,bytes)[2],int8[])", "interest(uint8)"};
    struct limits_rule r = {0};
    for (size_t i = 0; i < C138_COUNT(bad_calls); i++) {
        if (limits_add_call(&r, bad_calls[i], NULL) != C138_E_INVALID)
            printf("  %s\n", bad_calls[i]);
        CU_ASSERT_EQUAL(limits_add_call(&r, bad_calls[i], NULL), C138_E_INVALID);
    }
    for (size_t i = 0; i < C138_COUNT(good_calls); i++)
        CU_ASSERT_EQUAL(limits_add_call(&r, good_calls[i], NULL), C138_OK);
    CU_ASSERT_EQUAL(r.n_calls, C138_COUNT(good_calls));
    CU_ASSERT_EQUAL(limits_add_to(&r, "0x5fbDB2315678afecb367f032d93F642f64180aa3", NULL),
                    C138_E_INVALID); /* its checksum is wrong */
    CU_ASSERT_EQUAL(limits_add_to(&r, "everywhere", NULL), C138_E_INVALID);
    limits_rule_deinit(&r);
}

/* Times of the week that began on Monday, 1970-01-05. */
static int64_t at(unsigned day, unsigned hour, unsigned minute) {
    return (((int64_t)(4 + day) * 24 + hour) * 60 + minute) * 60 * C138_NS_PER_S;
}

static void windows(void) {
    struct limits_window w;
    CU_ASSERT_EQUAL(limits_window_parse("Mon-Fri 08:00-18:00", &w, NULL), C138_OK);
    CU_ASSERT(limits_window_open(&w, at(0, 8, 0)) && !limits_window_open(&w, at(0, 7, 59)));
    CU_ASSERT(limits_window_open(&w, at(4, 17, 59)) && !limits_window_open(&w, at(4, 18, 0)));
    CU_ASSERT(!limits_window_open(&w, at(5, 12, 0)) && !limits_window_open(&w, at(6, 12, 0)));
    CU_ASSERT_EQUAL(limits_window_parse("Fri-Mon,Wed 22:00-04:00", &w, NULL), C138_OK);
    CU_ASSERT_EQUAL(w.days, 1 | 4 | 16 | 32 | 64);
    CU_ASSERT(limits_window_open(&w, at(0, 23, 0)) && limits_window_open(&w, at(1, 3, 59)));
    CU_ASSERT(!limits_window_open(&w, at(1, 4, 0)) && !limits_window_open(&w, at(1, 23, 0)));
    CU_ASSERT(limits_window_open(&w, at(7, 1, 0))); /* Sunday night into Monday */
    CU_ASSERT_EQUAL(limits_window_parse("00:00-24:00", &w, NULL), C138_OK);
    CU_ASSERT(limits_window_open(&w, at(3, 0, 0)) && limits_window_open(&w, at(3, 23, 59)));
    static const char *const bad[] = {"",
                                      "8:00-18:00",
                                      "08:00-25:00",
                                      "08:60-18:00",
                                      "Mon",
                                      "Mon 08:00",
                                      "Mo 08:00-18:00",
                                      "08:00-08:00",
                                      "24:00-08:00",
                                      "08:00-18:00 ",
                                      "Mon-08:00-18:00"};
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT_EQUAL(limits_window_parse(bad[i], &w, NULL), C138_E_INVALID);
}

const CU_TestInfo tests_limits[] = {{"every point", every_point},
                                    {"several rules", several_rules},
                                    {"stars", stars},
                                    {"words", words},
                                    {"windows", windows},
                                    CU_TEST_INFO_NULL};
