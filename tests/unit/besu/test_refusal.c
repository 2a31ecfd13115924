#include "../unit.h"
#include "recorded.h"
#include <evm/refusal.h>

#include <ctype.h>
#include <string.h>

/* What each answer of a recorded Besu must be taken for. */
static const struct {
    const char *message, *key;
} expected[] = {
    {"Known transaction", "tx.known"},
    {"Max priority fee per gas exceeds max fee per gas", "tx.tip"},
    {"Replacement transaction underpriced", "tx.replacement-underpriced"},
    {"Transaction fee cap exceeded", "tx.fee-limit"},
    {"Transaction nonce is too distant from current sender nonce", "tx.nonce-far"},
    {"Wrong chainId", "tx.chain"},
    {"Nonce too low", "tx.nonce-used"},
    {"Intrinsic gas exceeds gas limit", "tx.gas-low"},
    {"Upfront cost exceeds account balance", "tx.funds"},
    {"Transaction gas limit exceeds block gas limit", "tx.gas-high"},
    {"Sender account not authorized to send transactions", "tx.not-permitted"},
    {"Gas price below configured minimum gas price", "tx.price-low"},
    {"Invalid number of params", "tx.malformed"},
    {"Invalid params", "tx.malformed"},
    {"Internal error", "tx.node-failed"},
};
#define EXPECTED (sizeof(expected) / sizeof(*expected))

static const char *key_for(const char *message) {
    for (size_t i = 0; i < EXPECTED; i++)
        if (strcmp(expected[i].message, message) == 0)
            return expected[i].key;
    return "no line in this test";
}

static unsigned every_error(const char *version) {
    C138_JSON struct c138_json *entries = recorded_json(version, "eth_sendRawTransaction.json");
    unsigned seen = 0;
    for (size_t i = 0; i < c138_json_count(entries); i++) {
        const struct c138_json *error = c138_json_path(c138_json_at(entries, i), "response.error");
        if (!error)
            continue;
        const char *message = c138_json_get_str(error, "message", "");
        const struct c138_refusal *r =
            c138_refusal_of(c138_json_get_int(error, "code", 0), message);
        CU_ASSERT_STRING_EQUAL(r->key, key_for(message));
        seen++;
    }
    return seen;
}

static void test_recorded(void) {
    CU_ASSERT_EQUAL(every_error("besu-25.5.0"), 54);
    CU_ASSERT_EQUAL(every_error("besu-26.8.0"), 52);
}

/* What Besu can say and was not recorded with (class RpcErrorType, 25.5.0), and others' words. */
static void test_listed(void) {
    static const struct {
        int64_t code;
        const char *message, *key;
    } rows[] = {
        {3, "Execution reverted: no", "tx.reverted"},
        {-32000, "An invalid transaction with a lower nonce exists", "tx.blocked"},
        {-32000, "ChainId is required", "tx.unprotected"},
        {-32000, "Plugin has marked the transaction as invalid", "tx.plugin"},
        {-32002, "Invalid signature", "tx.signature"},
        {-32002,
         "Transaction pool not enabled. (Either txpool explicitly disabled, or node not yet in "
         "sync).",
         "tx.pool-closed"},
        {-32006, "Nonce too high", "tx.nonce-far"},
        {-32008, "Initial sync is still in progress", "tx.pool-closed"},
        {-32009, "Gas price below current base fee", "tx.price-low"},
        {-32604, "Method not enabled", "tx.denied"},
        {-40100, "Unauthorized", "tx.denied"},
        {-32003, "insufficient funds for gas * price + value", "tx.funds"},
        {-32000, "already imported", "tx.known"},
        {-32000, "Nonce is below the account's", "tx.nonce-used"},
        {-32000, "Transaction pool limit reached", "tx.pool-full"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CU_ASSERT_STRING_EQUAL(c138_refusal_of(rows[i].code, rows[i].message)->key, rows[i].key);
}

/* Whether the bytes may still be mined is what a sender goes by. */
static void test_fate(void) {
    CU_ASSERT_EQUAL(c138_refusal_of(-32000, "Known transaction")->fate, C138_REFUSAL_TAKEN);
    CU_ASSERT_EQUAL(c138_refusal_of(-32001, "Nonce too low")->fate, C138_REFUSAL_UNCLEAR);
    CU_ASSERT_EQUAL(c138_refusal_of(-32603, "Internal error")->fate, C138_REFUSAL_UNCLEAR);
    CU_ASSERT_EQUAL(
        c138_refusal_of(-32007, "Sender account not authorized to send transactions")->retry,
        C138_REFUSAL_LATER);
    CU_ASSERT_EQUAL(c138_refusal_of(-32000, "Wrong chainId")->retry, C138_REFUSAL_NEVER);
}

/* A text that is not known says nothing on what became of the bytes; a code alone may. */
static void test_unknown(void) {
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(-32000, "the moon is full")->key, "tx.refused");
    CU_ASSERT_EQUAL(c138_refusal_of(0, "")->fate, C138_REFUSAL_UNCLEAR);
    CU_ASSERT_EQUAL(c138_refusal_of(0, NULL)->fate, C138_REFUSAL_UNCLEAR);
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(-32000, "unknown transaction")->key, "tx.refused");
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(-32000, "Unknown transaction type 9")->key, "tx.type");
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(-32000, "unknown: already known")->key, "tx.known");
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(-32005, "limit exceeded")->key, "tx.refused");
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(-32007, "in other words")->key, "tx.not-permitted");
    CU_ASSERT_STRING_EQUAL(c138_refusal_of(3, "execution failed")->key, "tx.reverted");
}

/* Sentences for people: they begin large, end without a full stop, and say what to do. */
static void test_sentences(void) {
    const struct c138_refusal *r;
    size_t rows = 0;
    for (; (r = c138_refusal_at(rows)) != NULL; rows++) {
        CU_ASSERT(strncmp(r->key, "tx.", 3) == 0);
        CU_ASSERT(isupper((unsigned char)r->meaning[0]) && isupper((unsigned char)r->mend[0]));
        CU_ASSERT(r->meaning[strlen(r->meaning) - 1] != '.' && r->mend[strlen(r->mend) - 1] != '.');
    }
    CU_ASSERT(rows > 50);
}

const CU_TestInfo tests_refusal[] = {{"every error that Besu was recorded with", test_recorded},
                                     {"what was not recorded", test_listed},
                                     {"may it still be mined", test_fate},
                                     {"unknown words", test_unknown},
                                     {"sentences", test_sentences},
                                     CU_TEST_INFO_NULL};
