#include "../unit.h"
#include <base/fs.h>
#include <base/json.h>
#include <base/text.h>
#include <evm/abi.h>
#include <evm/privatetx.h>

#include <string.h>

struct bytes {
    uint8_t *p;
    size_t n;
};

static struct bytes hex(const char *text) {
    struct bytes b = {c138_xmalloc(strlen(text)), strlen(text) / 2 - 1};
    CU_ASSERT_EQUAL_FATAL(c138_hex_decode(text + 2, 2 * b.n, b.p), C138_OK);
    return b;
}

static struct c138_json *data_of(const char *file) {
    const char *source = getenv("srcdir");
    C138_FREE char *path = c138_xasprintf("%s/tests/data/%s", source ? source : ".", file);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_json *list = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_file_read(path, 1u << 20, &text, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text.data, text.length, &list, NULL), C138_OK);
    return list;
}

static struct c138_json *recorded(void) {
    return data_of("besu-25.5.0/eea_transactions.json");
}

static int has_key(const char *base64, const uint8_t *key) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    return c138_base64_decode(base64, strlen(base64), &b) >= 0 && b.length == C138_PRIVATE_KEY &&
           !memcmp(b.data, key, C138_PRIVATE_KEY);
}

static void check_receivers(const struct c138_json *v, const struct c138_private_tx *t) {
    const char *group = c138_json_get_str(v, "privacyGroupId", NULL);
    const struct c138_json *members = c138_json_get(v, "privateFor");
    CU_ASSERT(has_key(c138_json_get_str(v, "privateFrom", ""), t->from));
    CU_ASSERT_EQUAL(group != NULL, t->group != NULL);
    CU_ASSERT(!group || has_key(group, t->group));
    CU_ASSERT_EQUAL_FATAL(c138_json_count(members), t->n_members);
    for (size_t i = 0; i < t->n_members; i++)
        CU_ASSERT(has_key(c138_json_as_str(c138_json_at(members, i), ""), t->members[i]));
}

/* One that is signed: read, written again, and what was signed. */
static void check_signed(const struct c138_json *v, struct c138_private_tx *ret, struct bytes raw) {
    struct bytes hash = hex(c138_json_get_str(v, "signatureHash", "0x"));
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    uint8_t got[32];
    CU_ASSERT_EQUAL_FATAL(c138_private_tx_decode(raw.p, raw.n, ret, NULL), C138_OK);
    CU_ASSERT(ret->tx.is_signed);
    CU_ASSERT_EQUAL(c138_private_tx_encode(ret, &again), C138_OK);
    CU_ASSERT(again.length == raw.n && !memcmp(again.data, raw.p, raw.n));
    CU_ASSERT_EQUAL(c138_private_tx_signing_hash(ret, got), C138_OK);
    CU_ASSERT_EQUAL(memcmp(got, hash.p, 32), 0);
    free(hash.p);
}

/* Every one that a real Besu took. */
static void test_recorded(void) {
    C138_JSON struct c138_json *list = recorded();
    CU_ASSERT_EQUAL(c138_json_count(list), 54);
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *v = c138_json_at(list, i);
        struct bytes raw = hex(c138_json_get_str(v, "raw", "0x"));
        struct c138_private_tx t;
        check_signed(v, &t, raw);
        CU_ASSERT(t.tx.chain_id == 138 || t.tx.chain_id == 0);
        check_receivers(v, &t);
        free(raw.p);
    }
}

/* Calls of the contract that manages privacy groups, signed for chain 138 by another implementation that
 * gives Besu's own published bytes for Besu's own example. */
static void test_management(void) {
    C138_JSON struct c138_json *file = data_of("private-tx-138.json");
    const struct c138_json *list = c138_json_get(file, "transactions");
    CU_ASSERT_EQUAL(c138_json_count(list), 3);
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *v = c138_json_at(list, i);
        struct bytes raw = hex(c138_json_get_str(v, "raw", "0x"));
        struct bytes data = hex(c138_json_get_str(v, "data", "0x"));
        struct c138_private_tx t;
        check_signed(v, &t, raw);
        CU_ASSERT_EQUAL(t.tx.chain_id, 138);
        CU_ASSERT(t.group && !t.unrestricted && !t.tx.creates && t.tx.to[19] == 0x7c);
        CU_ASSERT(t.tx.data_length == data.n && !memcmp(t.tx.data, data.p, data.n));
        free(raw.p);
        free(data.p);
    }
}

static void test_selectors(void) {
    C138_JSON struct c138_json *file = data_of("private-tx-138.json");
    const struct c138_json *list = c138_json_get(file, "selectors");
    CU_ASSERT_EQUAL(c138_json_count(list), 51);
    for (size_t i = 0; i < c138_json_count(list); i++) {
        C138_ABI_ITEM struct c138_abi_item *item = NULL;
        const struct c138_json *row = c138_json_at(list, i);
        char selector[9];
        CU_ASSERT_EQUAL_FATAL(
            c138_abi_item_parse(c138_json_as_str(c138_json_at(row, 0), ""), &item, NULL), C138_OK);
        c138_hex_encode(item->hash, 4, selector);
        CU_ASSERT_STRING_EQUAL(selector, c138_json_as_str(c138_json_at(row, 1), ""));
    }
}

/* Cut anywhere it is refused; and so are a byte more, and another restriction. */
static void test_strict(void) {
    C138_JSON struct c138_json *list = recorded();
    struct bytes raw = hex(c138_json_get_str(c138_json_at(list, 3), "raw", "0x"));
    C138_FREE uint8_t *longer = c138_xcalloc(1, raw.n + 1);
    struct c138_private_tx t;
    for (size_t n = 0; n < raw.n; n++) {
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(c138_private_tx_decode(raw.p, n, &t, &err), C138_E_INVALID);
        CU_ASSERT(c138_starts_with(err.key, "tx."));
    }
    memcpy(longer, raw.p, raw.n);
    CU_ASSERT_EQUAL(c138_private_tx_decode(longer, raw.n + 1, &t, NULL), C138_E_INVALID);
    raw.p[raw.n - 1] ^= 1;
    CU_ASSERT_EQUAL(c138_private_tx_decode(raw.p, raw.n, &t, NULL), C138_E_INVALID);
    free(raw.p);
}

/* An unsigned one is read again as what it is; without a chain it is not made. */
static void test_unsigned(void) {
    C138_JSON struct c138_json *list = recorded();
    struct bytes raw = hex(c138_json_get_str(c138_json_at(list, 3), "raw", "0x"));
    C138_BUF struct c138_buf plain = C138_BUF_NULL, again = C138_BUF_NULL;
    struct c138_private_tx t, read;
    uint8_t hash[32];
    CU_ASSERT_EQUAL_FATAL(c138_private_tx_decode(raw.p, raw.n, &t, NULL), C138_OK);
    t.tx.is_signed = 0;
    CU_ASSERT_EQUAL(c138_private_tx_encode(&t, &plain), C138_OK);
    CU_ASSERT_EQUAL(c138_private_tx_decode((const uint8_t *)plain.data, plain.length, &read, NULL),
                    C138_OK);
    CU_ASSERT_EQUAL(read.tx.is_signed, 0);
    CU_ASSERT_EQUAL(read.tx.chain_id, 138);
    CU_ASSERT_EQUAL(c138_private_tx_encode(&read, &again), C138_OK);
    CU_ASSERT(again.length == plain.length && !memcmp(again.data, plain.data, plain.length));
    t.tx.chain_id = 0;
    CU_ASSERT_EQUAL(c138_private_tx_signing_hash(&t, hash), C138_E_INVALID);
    free(raw.p);
}

const CU_TestInfo tests_privatetx[] = {{"as a real Besu took them", test_recorded},
                                       {"of the groups' contract", test_management},
                                       {"selectors of chain 138", test_selectors},
                                       {"strict", test_strict},
                                       {"unsigned", test_unsigned},
                                       CU_TEST_INFO_NULL};
