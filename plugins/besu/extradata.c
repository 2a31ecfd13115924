#include "extradata.h"

#include <base/buf.h>
#include <base/mem.h>
#include <base/text.h>
#include <evm/address.h>
#include <evm/keccak.h>
#include <evm/rlp.h>
#include <evm/secp.h>
#include <secp256k1.h>
#include <stdlib.h>
#include <string.h>

#define EXTRA_MAX 65536 /* bytes; 256 validators with their seals take 22 kB */
#define VANITY 32
#define SEAL 65

const char *besu_consensus_name(enum besu_consensus consensus) {
    switch (consensus) {
    case BESU_CONSENSUS_QBFT:
        return "qbft";
    case BESU_CONSENSUS_IBFT:
        return "ibft2";
    case BESU_CONSENSUS_CLIQUE:
        return "clique";
    case BESU_CONSENSUS_NONE:
        return "none";
    case BESU_CONSENSUS_UNKNOWN:
        break;
    }
    return "unknown";
}

int besu_validators_find(const struct besu_validators *v, const struct besu_address *address) {
    for (uint32_t i = 0; i < v->count; i++)
        if (memcmp(&v->list[i], address, sizeof(*address)) == 0)
            return (int)i;
    return -1;
}

static int address_compare(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct besu_address));
}

void besu_validators_sort(struct besu_validators *v) {
    qsort(v->list, v->count, sizeof(v->list[0]), address_compare);
}

int besu_address_is_zero(const struct besu_address *a) {
    static const struct besu_address zero;
    return memcmp(a, &zero, sizeof(zero)) == 0;
}

c138_status besu_hex(const char *text, uint8_t *ret_bytes, size_t max, size_t *ret_length) {
    if (!text || !c138_starts_with(text, "0x"))
        return C138_E_INVALID;
    size_t digits = strlen(text + 2);
    if (digits % 2 || digits / 2 > max || c138_hex_decode(text + 2, digits, ret_bytes) != C138_OK)
        return C138_E_INVALID;
    *ret_length = digits / 2;
    return C138_OK;
}

/* Exactly `size` bytes. */
static c138_status hex_fixed(const char *text, uint8_t *ret_bytes, size_t size) {
    size_t length = 0;
    c138_status status = besu_hex(text, ret_bytes, size, &length);
    return status == C138_OK && length == size ? C138_OK : C138_E_INVALID;
}

c138_status besu_address_read(const char *text, struct besu_address *ret_address) {
    return hex_fixed(text, ret_address->b, sizeof(ret_address->b));
}

void besu_address_write(const struct besu_address *a, char ret_text[BESU_ADDRESS_TEXT]) {
    c138_address_format(a->b, ret_text);
}

/* --- QBFT and IBFT 2.0 ------------------------------------------------------------------------ */

static c138_status extra_validators(struct c138_rlp *in, struct besu_validators *validators) {
    struct c138_rlp list;
    c138_status status = c138_rlp_list(in, &list);
    uint32_t count = 0;
    while (status == C138_OK && !c138_rlp_done(&list)) {
        const uint8_t *bytes;
        size_t length;
        status = c138_rlp_bytes(&list, &bytes, &length);
        if (status != C138_OK || length != 20 || count == BESU_VALIDATORS_MAX)
            return C138_E_INVALID;
        if (validators)
            memcpy(validators->list[count].b, bytes, 20);
        count++;
    }
    if (status == C138_OK && validators)
        validators->count = count;
    return status;
}

static c138_status extra_vote(struct c138_rlp *in, struct besu_extra *extra) {
    struct c138_rlp vote;
    int is_list;
    c138_status status = c138_rlp_next(in, &vote, &is_list);
    if (status != C138_OK || (!is_list && vote.length > 0))
        return C138_E_INVALID;
    extra->has_vote = vote.length > 0;
    /* With a vote both forms are lists; the round tells them apart then. */
    extra->consensus = is_list ? BESU_CONSENSUS_QBFT : BESU_CONSENSUS_IBFT;
    return C138_OK;
}

static c138_status extra_round(struct c138_rlp *in, struct besu_extra *extra) {
    const uint8_t *bytes;
    size_t length;
    if (c138_rlp_bytes(in, &bytes, &length) != C138_OK || length > 4)
        return C138_E_INVALID;
    extra->round = 0;
    for (size_t i = 0; i < length; i++)
        extra->round = extra->round << 8 | bytes[i];
    if (length == 4 && bytes[0] == 0)
        extra->consensus = BESU_CONSENSUS_IBFT;
    return C138_OK;
}

static c138_status extra_seals(struct c138_rlp *in, struct besu_extra *extra) {
    struct c138_rlp seals;
    if (c138_rlp_list(in, &seals) != C138_OK)
        return C138_E_INVALID;
    while (!c138_rlp_done(&seals)) {
        const uint8_t *bytes;
        size_t length;
        if (c138_rlp_bytes(&seals, &bytes, &length) != C138_OK || length != SEAL)
            return C138_E_INVALID;
        extra->seals++;
    }
    return C138_OK;
}

c138_status besu_extra_read(const uint8_t *bytes, size_t length, struct besu_extra *ret_extra,
                            struct besu_validators *validators) {
    struct c138_rlp all = {bytes, length}, in;
    struct besu_extra extra = {0};
    const uint8_t *vanity;
    size_t vanity_length;
    if (validators)
        validators->count = 0;
    if (c138_rlp_list(&all, &in) != C138_OK || !c138_rlp_done(&all) ||
        c138_rlp_bytes(&in, &vanity, &vanity_length) != C138_OK || vanity_length != VANITY ||
        extra_validators(&in, validators) != C138_OK || extra_vote(&in, &extra) != C138_OK ||
        extra_round(&in, &extra) != C138_OK || extra_seals(&in, &extra) != C138_OK ||
        !c138_rlp_done(&in)) {
        if (validators)
            validators->count = 0;
        return C138_E_INVALID;
    }
    *ret_extra = extra;
    return C138_OK;
}

/* --- Clique -------------------------------------------------------------------------------------
 */

/* A member of the header into `out`; numbers lose their leading zeros. */
static c138_status header_member(struct c138_buf *out, const struct c138_json *block,
                                 const char *name, int is_number) {
    uint8_t bytes[256];
    char even[80];
    const char *text = c138_json_get_str(block, name, NULL);
    size_t length = 0;
    if (is_number && text && c138_starts_with(text, "0x") && strlen(text) <= 66 &&
        strlen(text) % 2) { /* quantities come with an odd number of digits */
        size_t digits = strlen(text + 2);
        memcpy(even, "0x0", 3);
        memcpy(even + 3, text + 2, digits + 1);
        text = even;
    }
    if (besu_hex(text, bytes, sizeof(bytes), &length) != C138_OK)
        return C138_E_INVALID;
    size_t skip = 0;
    while (is_number && skip < length && bytes[skip] == 0)
        skip++;
    c138_rlp_put_bytes(out, bytes + skip, length - skip);
    return C138_OK;
}

/* The hash that a clique signer signed: of the header without the signature at the end of
 * extraData. */
static c138_status clique_hash(const struct c138_json *block, const uint8_t *extra,
                               size_t extra_length, uint8_t ret_hash[32]) {
    static const struct {
        const char *name;
        int is_number;
    } before[] = {{"parentHash", 0},       {"sha3Uncles", 0},   {"miner", 0},     {"stateRoot", 0},
                  {"transactionsRoot", 0}, {"receiptsRoot", 0}, {"logsBloom", 0}, {"difficulty", 1},
                  {"number", 1},           {"gasLimit", 1},     {"gasUsed", 1},   {"timestamp", 1}};
    C138_BUF struct c138_buf list = C138_BUF_MAX(EXTRA_MAX * 2);
    C138_BUF struct c138_buf all = C138_BUF_MAX(EXTRA_MAX * 2);
    c138_status status = C138_OK;
    for (size_t i = 0; status == C138_OK && i < C138_COUNT(before); i++)
        status = header_member(&list, block, before[i].name, before[i].is_number);
    if (status != C138_OK)
        return status;
    c138_rlp_put_bytes(&list, extra, extra_length - SEAL);
    if (header_member(&list, block, "mixHash", 0) != C138_OK ||
        header_member(&list, block, "nonce", 0) != C138_OK)
        return C138_E_INVALID;
    if (c138_json_has(block, "baseFeePerGas") &&
        header_member(&list, block, "baseFeePerGas", 1) != C138_OK)
        return C138_E_INVALID;
    c138_rlp_put_list(&all, list.data, list.length);
    c138_keccak256(all.data, all.length, ret_hash);
    return C138_OK;
}

static c138_status clique_signer(const struct c138_json *block, const uint8_t *extra, size_t length,
                                 struct besu_address *ret_signer) {
    uint8_t hash[32], key[64];
    if (length < VANITY + SEAL || clique_hash(block, extra, length, hash) != C138_OK)
        return C138_E_INVALID;
    const uint8_t *seal = extra + length - SEAL;
    struct c138_secp *secp = c138_secp_new();
    c138_status status =
        secp ? c138_secp_recover(secp, hash, seal, seal + 32, seal[64], key) : C138_E_INTERNAL;
    c138_secp_free(secp);
    if (status != C138_OK)
        return C138_E_INVALID;
    c138_address_of_key(key, ret_signer->b);
    return C138_OK;
}

static void clique_read(const struct c138_json *json, const uint8_t *extra, size_t length,
                        struct besu_block *block, struct besu_validators *validators) {
    if (clique_signer(json, extra, length, &block->proposer) != C138_OK)
        return;
    block->consensus = BESU_CONSENSUS_CLIQUE;
    block->has_proposer = 1;
    block->round = strcmp(c138_json_get_str(json, "difficulty", ""), "0x2") != 0;
    size_t signers = (length - VANITY - SEAL) / 20;
    if (!validators || (length - VANITY - SEAL) % 20 || signers > BESU_VALIDATORS_MAX)
        return;
    memcpy(validators->list, extra + VANITY, signers * 20);
    validators->count = (uint32_t)signers;
}

/* --- A block ------------------------------------------------------------------------------------
 */

static uint64_t quantity(const struct c138_json *json, const char *name) {
    uint64_t value = 0;
    (void)c138_parse_quantity(c138_json_get_str(json, name, ""), &value);
    return value;
}

c138_status besu_block_read(const struct c138_json *json, enum besu_consensus hint,
                            struct besu_block *ret_block, struct besu_validators *validators,
                            struct c138_err *err) {
    struct besu_block block = {0};
    uint64_t time = 0;
    size_t length = 0;
    if (validators)
        validators->count = 0;
    if (c138_parse_quantity(c138_json_get_str(json, "number", ""), &block.number) != C138_OK ||
        c138_parse_quantity(c138_json_get_str(json, "timestamp", ""), &time) != C138_OK ||
        time > INT64_MAX / INT64_C(1000000000) ||
        hex_fixed(c138_json_get_str(json, "hash", NULL), block.hash, 32) != C138_OK ||
        hex_fixed(c138_json_get_str(json, "parentHash", NULL), block.parent, 32) != C138_OK)
        return c138_error(err, C138_E_INVALID, "block.invalid",
                          "the node's answer is no block: number, timestamp, hash or parentHash is "
                          "missing or malformed");
    block.time = (int64_t)time;
    block.total_difficulty = quantity(json, "totalDifficulty");
    block.gas_used = quantity(json, "gasUsed");
    block.gas_limit = quantity(json, "gasLimit");
    block.transactions = (uint32_t)c138_json_count(c138_json_get(json, "transactions"));
    const char *text = c138_json_get_str(json, "extraData", "0x");
    uint8_t *extra = c138_xmalloc(EXTRA_MAX);
    struct besu_extra bft;
    if (besu_hex(text, extra, EXTRA_MAX, &length) != C138_OK)
        length = 0;
    if (besu_extra_read(extra, length, &bft, validators) == C138_OK) {
        /* An empty block of IBFT 2.0 cannot be told from QBFT by its vote alone if there is one. */
        block.consensus = hint == BESU_CONSENSUS_IBFT ? hint : bft.consensus;
        block.round = bft.round;
        block.seals = bft.seals;
        block.has_proposer =
            block.number > 0 &&
            besu_address_read(c138_json_get_str(json, "miner", ""), &block.proposer) == C138_OK;
    } else if (hint == BESU_CONSENSUS_CLIQUE) {
        clique_read(json, extra, length, &block, validators);
    }
    free(extra);
    *ret_block = block;
    return C138_OK;
}
