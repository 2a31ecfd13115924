/*
 * plugins/besu/extradata.h: what a block's header says about consensus: who proposed it, in which
 * round, who the validators are. Pure; any thread.
 *
 * QBFT and IBFT 2.0 (Besu classes QbftExtraDataCodec, IbftExtraDataCodec, 25.5.0): extraData =
 * RLP [vanity (32 bytes), [validators], vote, round, [seals]]; QBFT writes no vote as an empty list
 * and the round as a number, IBFT 2.0 no vote as empty bytes and the round as 4 bytes. The proposer
 * is the header's miner. Clique (EIP-225): 32 bytes of vanity, on epoch blocks the signers, 65
 * bytes of signature over the header without it; the proposer is recovered from that.
 */
#ifndef BESU_EXTRADATA_H
#define BESU_EXTRADATA_H
#include <base/json.h>
#include <chain138/abi.h>

#define BESU_VALIDATORS_MAX 256 /* more make no BFT network: its messages grow with the square */

struct besu_address {
    uint8_t b[20];
};

enum besu_consensus {
    BESU_CONSENSUS_UNKNOWN,
    BESU_CONSENSUS_QBFT,
    BESU_CONSENSUS_IBFT,
    BESU_CONSENSUS_CLIQUE,
    BESU_CONSENSUS_NONE, /* a development chain, proof of stake, ... */
};
const char *besu_consensus_name(enum besu_consensus consensus); /* "qbft" */

struct besu_validators {
    struct besu_address list[BESU_VALIDATORS_MAX];
    uint32_t count;
};
/* The index of an address, -1 if it is not among them. */
int besu_validators_find(const struct besu_validators *v, const struct besu_address *address);
void besu_validators_sort(struct besu_validators *v);
int besu_address_is_zero(const struct besu_address *a);

struct besu_block {
    uint64_t number;
    int64_t time; /* seconds UTC */
    uint8_t hash[32], parent[32];
    enum besu_consensus consensus;
    int has_proposer;
    struct besu_address proposer;
    uint32_t round;            /* BFT: of consensus; clique: 1 if the signer was out of turn */
    uint32_t seals;            /* BFT: committed seals in the header */
    uint64_t total_difficulty; /* 0: the node does not tell */
    uint64_t gas_used, gas_limit;
    uint32_t transactions;
};

/*
 * Reads a block as eth_getBlockByNumber gives it. `hint` is the consensus if it is known (clique
 * cannot be told from noise otherwise). `validators` (may be NULL) is filled from extraData where
 * it names them, else its count is 0. C138_E_INVALID: not a block.
 */
c138_status besu_block_read(const struct c138_json *json, enum besu_consensus hint,
                            struct besu_block *ret_block, struct besu_validators *validators,
                            struct c138_err *err);

/* extraData of QBFT or IBFT 2.0 alone. C138_E_INVALID where it is neither. */
struct besu_extra {
    enum besu_consensus consensus;
    uint32_t round, seals;
    int has_vote;
};
c138_status besu_extra_read(const uint8_t *bytes, size_t length, struct besu_extra *ret_extra,
                            struct besu_validators *validators);
/* "0x..." of at most `max` bytes. */
c138_status besu_hex(const char *text, uint8_t *ret_bytes, size_t max, size_t *ret_length);
c138_status besu_address_read(const char *text, struct besu_address *ret_address);
#define BESU_ADDRESS_TEXT 43
void besu_address_write(const struct besu_address *a, char ret_text[BESU_ADDRESS_TEXT]);
#endif
