#include "../unit.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/secp.h>
#include <plugins/keys/token.h>

#include <string.h>

static void hex(const char *text, uint8_t bytes[32]) {
    CU_ASSERT_EQUAL_FATAL(c138_hex_decode(text, 64, bytes), C138_OK);
}

/* The order of secp256k1 is n; s and n - s are both signatures, the lower of which is wanted. */
static void low_s(void) {
    static const struct {
        const char *s, *low;
    } cases[] = {{"0000000000000000000000000000000000000000000000000000000000000001",
                  "0000000000000000000000000000000000000000000000000000000000000001"},
                 /* (n - 1) / 2, the highest that stays */
                 {"7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0",
                  "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"},
                 {"7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1",
                  "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"},
                 /* n - 1 */
                 {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
                  "0000000000000000000000000000000000000000000000000000000000000001"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        uint8_t s[32], low[32];
        hex(cases[i].s, s);
        hex(cases[i].low, low);
        token_low_s(s);
        CU_ASSERT_EQUAL(memcmp(s, low, 32), 0);
    }
}

/* What is made high comes back as libsecp256k1 gives it. */
static void comes_back(void) {
    struct c138_secp *secp = c138_secp_new();
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                      0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                      0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    for (uint8_t n = 1; n < 50; n++) {
        uint8_t secret[32] = {n}, hash[32] = {0, n}, r[32], s[32], high[32], parity;
        CU_ASSERT_EQUAL_FATAL(c138_secp_sign(secp, secret, hash, r, s, &parity), C138_OK);
        int borrow = 0;
        for (int i = 31; i >= 0; i--) {
            int d = order[i] - s[i] - borrow;
            borrow = d < 0;
            high[i] = (uint8_t)(d & 0xff);
        }
        token_low_s(high);
        CU_ASSERT_EQUAL(memcmp(high, s, 32), 0);
    }
    (void)c138_secp_free(secp);
}

static void environment(void) {
    static const char *const bad[] = {"",     "=x",   "lower=x",          "A B=x",
                                      "NAME", "1A=x", "LD_PRELOAD=/x.so", "LD_LIBRARY_PATH=/x"};
    CU_ASSERT(token_environment_ok("SOFTHSM2_CONF=/etc/softhsm2.conf"));
    CU_ASSERT(token_environment_ok("A1_=") && token_environment_ok("LDX=1"));
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT_FALSE(token_environment_ok(bad[i]));
}

static void no_module(void) {
    struct token_config c = {.module = (char *)(uintptr_t) "/nowhere/module.so",
                             .token = (char *)(uintptr_t) "t",
                             .label = (char *)(uintptr_t) "l"};
    struct token *t = NULL;
    struct c138_err err = {0};
    c138_status status = token_open(&c, &t, &err);
    CU_ASSERT(status == C138_E_UNAVAILABLE || status == C138_E_UNSUPPORTED);
    CU_ASSERT_PTR_NULL(t);
    CU_ASSERT_STRING_EQUAL(err.key, "keys.token");
    CU_ASSERT_PTR_NULL(token_free(NULL));
    token_config_free(NULL);
}

const CU_TestInfo tests_token[] = {{"low s", low_s},
                                   {"what was made high comes back", comes_back},
                                   {"environment", environment},
                                   {"no module", no_module},
                                   CU_TEST_INFO_NULL};
