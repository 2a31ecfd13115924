#include "../unit.h"
#include <base/text.h>
#include <evm/rlp.h>
#include <evm/tx.h>

#include <string.h>

/* The example of EIP-155: nonce 9, 20 gwei, 21000, 1 ether to 0x3535..., chain 1. */
static const char eip155[] =
    "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080"
    "25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
    "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";

struct raw {
    uint8_t p[1024];
    size_t n;
};

static struct raw raw_of(const char *hex) {
    struct raw r = {.n = strlen(hex) / 2};
    CU_ASSERT_FATAL(r.n <= sizeof(r.p) && c138_hex_decode(hex, strlen(hex), r.p) == C138_OK);
    return r;
}

static void hex_is(const uint8_t *bytes, size_t n, const char *expected) {
    char text[129];
    CU_ASSERT_FATAL(n <= 64);
    c138_hex_encode(bytes, n, text);
    CU_ASSERT_STRING_EQUAL(text, expected);
}

/* The key of the error, "" if it is a transaction. */
static const char *verdict(const struct raw *r) {
    static struct c138_err err;
    struct c138_tx tx;
    memset(&err, 0, sizeof(err));
    return c138_tx_decode(r->p, r->n, &tx, &err) < 0 ? err.key : "";
}

static void example_of_eip155(void) {
    struct raw r = raw_of(eip155);
    struct c138_tx tx;
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    uint8_t hash[32];
    CU_ASSERT_EQUAL_FATAL(c138_tx_decode(r.p, r.n, &tx, NULL), C138_OK);
    CU_ASSERT(tx.type == 0 && tx.chain_id == 1 && tx.nonce == 9 && tx.is_signed && !tx.parity);
    CU_ASSERT(!tx.creates && tx.data_length == 0);
    hex_is(tx.to, 20, "3535353535353535353535353535353535353535");
    CU_ASSERT_EQUAL(c138_tx_signing_hash(&tx, hash), C138_OK);
    hex_is(hash, 32, "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
    CU_ASSERT_EQUAL(c138_tx_encode(&tx, &again), C138_OK);
    CU_ASSERT(again.length == r.n && !memcmp(again.data, r.p, r.n));
    tx.is_signed = 0;
    CU_ASSERT_EQUAL(c138_tx_hash(&tx, hash), C138_E_INVALID);
}

/* One change each to the example, and the reason that it is refused for. */
static void what_is_refused(void) {
    const struct {
        size_t at;
        const char *bytes, *key;
    } t[] = {
        {2, "89", "tx.rlp"},    /* the nonce is a list's begin */
        {2, "00", "tx.rlp"},    /* a nonce with a leading zero */
        {12, "95", "tx.rlp"},   /* `to` of 21 bytes */
        {43, "80", "tx.v"},     /* v = 0 */
        {43, "1d", "tx.v"},     /* v = 29 */
        {43, "24", "tx.v"},     /* v = 36: chain 0 */
        {44, "a000", "tx.rlp"}, /* r with a leading zero */
        {44,
         "a0ffffffffffffffff"
         "ffffffffffffffff"
         "ffffffffffffffff"
         "ffffffffffffffff",
         "tx.signature"},
        {77, "a080", "tx.high-s"},
        {77, "9f", "tx.trailing"},
    };
    for (size_t i = 0; i < C138_COUNT(t); i++) {
        struct raw r = raw_of(eip155), change = raw_of(t[i].bytes);
        memcpy(r.p + t[i].at, change.p, change.n);
        const char *key = verdict(&r);
        if (strcmp(key, t[i].key) != 0)
            printf("  case %zu: %s\n", i, key);
        CU_ASSERT_STRING_EQUAL(key, t[i].key);
    }
    struct raw r = raw_of(eip155);
    r.n--;
    CU_ASSERT_STRING_EQUAL(verdict(&r), "tx.rlp");
    r.n += 2;
    CU_ASSERT_STRING_EQUAL(verdict(&r), "tx.trailing");
    r.n = 0;
    CU_ASSERT_STRING_EQUAL(verdict(&r), "tx.length");
    r = raw_of("04c0");
    CU_ASSERT_STRING_EQUAL(verdict(&r), "tx.type");
    r = raw_of("00c0");
    CU_ASSERT_STRING_EQUAL(verdict(&r), "tx.type");
}

/* Types 1 and 2 with an access list, written by hand, read back. */
static void access_lists(void) {
    const uint8_t keys[2][32] = {{1}, {2}};
    uint8_t address[20] = {7};
    C138_BUF struct c138_buf access = C138_BUF_NULL;
    c138_tx_access_add(&access, address, keys, 2);
    c138_tx_access_add(&access, address, NULL, 0);
    for (uint8_t type = 1; type <= 2; type++) {
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        struct c138_tx tx = {.type = type, .chain_id = 138, .nonce = 1, .creates = 1}, got;
        tx.access = (const uint8_t *)access.data;
        tx.access_length = access.length;
        tx.gas.be[31] = 9;
        CU_ASSERT_EQUAL_FATAL(c138_tx_encode(&tx, &out), C138_OK);
        CU_ASSERT_EQUAL_FATAL(c138_tx_decode((const uint8_t *)out.data, out.length, &got, NULL),
                              C138_OK);
        CU_ASSERT(got.type == type && got.chain_id == 138 && got.creates && !got.is_signed);
        CU_ASSERT(got.access_length == access.length &&
                  !memcmp(got.access, access.data, access.length));
        /* a key of 31 bytes */
        char *key = memchr(out.data, '\xa0', out.length);
        CU_ASSERT_PTR_NOT_NULL_FATAL(key);
        *key = '\x9f';
        CU_ASSERT(c138_tx_decode((const uint8_t *)out.data, out.length, &got, NULL) < 0);
    }
}

static void what_cannot_be_written(void) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_tx_encode(&(struct c138_tx){.type = 3}, &out), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_tx_encode(&(struct c138_tx){.is_signed = 1, .parity = 2}, &out),
                    C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_tx_encode(&(struct c138_tx){.chain_id = UINT64_MAX}, &out),
                    C138_E_INVALID);
    CU_ASSERT_EQUAL(out.length, 0);
}

const CU_TestInfo tests_tx[] = {{"the example of EIP-155", example_of_eip155},
                                {"what is refused", what_is_refused},
                                {"access lists", access_lists},
                                {"what cannot be written", what_cannot_be_written},
                                CU_TEST_INFO_NULL};
