/* Rules on genesis.json, and on what running nodes say of theirs. */
#include "audit.h"

#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MIX_HASH "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
#define EXTRA_MAX 16384

static const struct audit_doc *genesis(const struct audit *a) {
    return audit_doc_of(a->node, AUDIT_GENESIS);
}
static const struct audit_doc *config(const struct audit *a) {
    return audit_doc_get(genesis(a), "config");
}
/* The accounts, NULL. */
static const struct audit_doc *accounts(const struct audit *a) {
    const struct audit_doc *alloc = audit_doc_get(genesis(a), "alloc");
    return alloc && alloc->type == AUDIT_MAP ? alloc : NULL;
}
static const char *path(const struct audit *a) {
    return a->node->files[AUDIT_GENESIS].path;
}
/* The block of its BFT protocol, NULL. */
static const struct audit_doc *bft(const struct audit *a) {
    const struct audit_doc *q = audit_doc_get(config(a), "qbft");
    return q ? q : audit_doc_get(config(a), "ibft2");
}

static void found_at(struct audit *a, const struct audit_rule *r, const struct audit_doc *d,
                     const char *text, const char *value) {
    audit_find(a, r, path(a), audit_doc_line(d, 0), text, value);
}

/* --- Chain ----------------------------------------------------------------------------------- */

static void check_chain_id(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *id = audit_doc_get(config(a), "chainId");
    if (audit_doc_number(id, -1) != (double)a->chain_id)
        audit_find(a, r, path(a), audit_doc_line(id, 0), "chainId is %s, expected %llu",
                   audit_doc_text(id, "not set"), (unsigned long long)a->chain_id);
}

static void check_hashes(struct audit *a, const struct audit_rule *r) {
    const struct audit_node *first = NULL;
    size_t known = 0;
    for (size_t i = 0; i < a->n_nodes; i++) {
        struct audit_node *n = &a->nodes[i];
        if (!n->live.genesis_hash[0])
            continue;
        known++;
        first = first ? first : n;
        a->node = n;
        if (strcasecmp(first->live.genesis_hash, n->live.genesis_hash) != 0)
            audit_find(a, r, n->files[AUDIT_GENESIS].path, 0, "its genesis is %s, that of %s is %s",
                       n->live.genesis_hash, first->name, first->live.genesis_hash);
        a->node = NULL;
    }
    if (known < 2)
        audit_skip(a, r,
                   "it compares running nodes: two or more must answer, with the API ADMIN on");
}

static void check_live_chain(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *id = audit_doc_get(config(a), "chainId");
    if (a->node->live.chain_id == 0)
        audit_skip(a, r, "the node does not answer, or is not watched");
    else if (audit_doc_number(id, -1) != (double)a->node->live.chain_id)
        audit_find(a, r, path(a), audit_doc_line(id, 0), "the running node is on chain %llu",
                   (unsigned long long)a->node->live.chain_id);
}

/* --- Consensus ------------------------------------------------------------------------------- */

static void check_protocol(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *q = audit_doc_get(config(a), "qbft");
    const struct audit_doc *i = audit_doc_get(config(a), "ibft2");
    if (q && i)
        found_at(a, r, q->line > i->line ? q : i, "%s", "qbft and ibft2 are both there");
    else if (!q && !i)
        found_at(a, r, config(a), "%s", "neither qbft nor ibft2 is there");
}

/* Bytes of extraData; 0: none that can be read. */
static size_t extra(const struct audit *a, uint8_t ret_bytes[EXTRA_MAX]) {
    size_t n = 0;
    const char *text = audit_doc_get_text(genesis(a), "extraData", "");
    return besu_hex(text, ret_bytes, EXTRA_MAX, &n) == C138_OK ? n : 0;
}

static int validators_of(const struct audit *a, struct besu_validators *ret_set) {
    C138_FREE uint8_t *bytes = c138_xmalloc(EXTRA_MAX);
    struct besu_extra read;
    size_t n = extra(a, bytes);
    return n > 0 && besu_extra_read(bytes, n, &read, ret_set) == C138_OK;
}

static int by_contract(const struct audit *a) {
    return audit_doc_get(bft(a), "validatorcontractaddress") != NULL;
}

static void check_validators(struct audit *a, const struct audit_rule *r) {
    C138_FREE struct besu_validators *set = c138_xcalloc(1, sizeof(*set));
    const struct audit_doc *d = audit_doc_get(genesis(a), "extraData");
    if (by_contract(a))
        audit_skip(a, r, "a contract chooses the validators");
    else if (!validators_of(a, set))
        audit_skip(a, r, "extraData cannot be read, see G09b");
    else if (set->count < 4)
        audit_find(a, r, path(a), audit_doc_line(d, 0),
                   "%u validators: none may fail (f = (N - 1) / 3 = 0)", set->count);
}

static double period(const struct audit *a) {
    return audit_doc_number(audit_doc_get(bft(a), "blockperiodseconds"), 1);
}

static void check_period(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(bft(a), "blockperiodseconds");
    if (period(a) < 1 || period(a) > 60)
        found_at(a, r, d, "blockperiodseconds is %s", audit_doc_text(d, ""));
}

static void check_timeout(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(bft(a), "requesttimeoutseconds");
    double timeout = audit_doc_number(d, 1);
    if (d && timeout < 2 * period(a))
        audit_find(a, r, path(a), d->line, "requesttimeoutseconds is %g, the block period %g",
                   timeout, period(a));
}

static void check_timeout_set(struct audit *a, const struct audit_rule *r) {
    if (bft(a) && !audit_doc_get(bft(a), "requesttimeoutseconds"))
        found_at(a, r, bft(a), "requesttimeoutseconds is %s", "not set, which is 1");
}

static void check_timeout_long(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(bft(a), "requesttimeoutseconds");
    double timeout = audit_doc_number(d, 1);
    if (timeout > 10 * period(a))
        audit_find(a, r, path(a), audit_doc_line(d, 0),
                   "requesttimeoutseconds is %g, the block period %g", timeout, period(a));
}

static const struct c138_json *live_bft(const struct audit_node *n) {
    const struct c138_json *q = c138_json_get(n->live.config, "qbft");
    return q ? q : c138_json_get(n->live.config, "ibft2");
}

static void check_epoch_changed(struct audit *a, const struct audit_rule *r) {
    const struct c138_json *running = live_bft(a->node);
    const struct audit_doc *d = audit_doc_get(bft(a), "epochlength");
    double in_file = audit_doc_number(d, 30000);
    if (!running)
        audit_skip(a, r, "the running node does not tell its genesis (API ADMIN)");
    else if (in_file != (double)c138_json_get_uint(running, "epochlength", 30000))
        audit_find(a, r, path(a), audit_doc_line(d, 0),
                   "epochlength is %g, the running node has %llu", in_file,
                   (unsigned long long)c138_json_get_uint(running, "epochlength", 30000));
}

static void check_epoch(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(bft(a), "epochlength");
    if (audit_doc_number(d, 30000) < 1000)
        found_at(a, r, d, "epochlength is %s", audit_doc_text(d, ""));
}

static void check_empty_blocks(struct audit *a, const struct audit_rule *r) {
    static const char *const names[] = {"emptyblockperiodseconds", "xemptyblockperiodseconds"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        const struct audit_doc *d = audit_doc_get(bft(a), names[i]);
        if (audit_doc_number(d, 0) > 0)
            found_at(a, r, d, "%s is set", names[i]);
    }
}

static void check_old_empty_blocks(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(bft(a), "xemptyblockperiodseconds");
    if (d)
        found_at(a, r, d, "%s", "xemptyblockperiodseconds is there");
}

/* A transition that the running node does not know, at a block that it has already. */
static void check_transitions(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *t = audit_doc_get(config(a), "transitions");
    const struct audit_doc *list = audit_doc_get(t, "qbft");
    const struct c138_json *running = c138_json_path(a->node->live.config, "transitions.qbft");
    list = list ? list : audit_doc_get(t, "ibft2");
    if (!list)
        return;
    if (a->node->live.head < 0 || !a->node->live.config) {
        audit_skip(a, r, "the running node does not tell its head and its genesis (API ADMIN)");
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        double block = audit_doc_number(audit_doc_get(&list->items[i], "block"), -1);
        int known = 0;
        for (size_t k = 0; k < c138_json_count(running); k++)
            known |= (double)c138_json_get_int(c138_json_at(running, k), "block", -2) == block;
        if (!known && block >= 0 && block <= (double)a->node->live.head)
            audit_find(a, r, path(a), list->items[i].line, "block %.0f is past, the head is %lld",
                       block, (long long)a->node->live.head);
    }
}

/* --- Limits and forks ------------------------------------------------------------------------ */

static void check_contract_size(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(config(a), "contractSizeLimit");
    if (audit_doc_number(d, 0) > 0x6000)
        found_at(a, r, d, "contractSizeLimit is %s", audit_doc_text(d, ""));
}

static void check_stack_size(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(config(a), "evmStackSize");
    if (d && audit_doc_number(d, 1024) != 1024)
        found_at(a, r, d, "evmStackSize is %s", audit_doc_text(d, ""));
}

static void check_base_fee(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(config(a), "zeroBaseFee");
    if (!audit_doc_get(config(a), "londonBlock"))
        found_at(a, r, config(a), "%s",
                 "there is no londonBlock: no base fee, no transactions of type 2");
    else if (!audit_doc_bool(d, 0))
        found_at(a, r, d, "zeroBaseFee is %s", audit_doc_text(d, "not set"));
}

static void check_gas_limit(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(genesis(a), "gasLimit");
    if (audit_doc_number(d, 0) >= (double)0x1fffffffffffff)
        found_at(a, r, d, "gasLimit is %s", audit_doc_text(d, ""));
}

static void check_forks(struct audit *a, const struct audit_rule *r) {
    static const char *const forks[] = {"berlinBlock", "londonBlock", "shanghaiTime"};
    for (size_t i = 0; i < C138_COUNT(forks); i++)
        if (!audit_doc_get(config(a), forks[i])) {
            found_at(a, r, config(a), "%s is not set", forks[i]);
            return; /* later ones follow from it */
        }
}

/* --- Header ---------------------------------------------------------------------------------- */

static void check_mix_hash(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(genesis(a), "mixHash");
    if (bft(a) && !audit_doc_is(d, MIX_HASH))
        found_at(a, r, d, "mixHash is %s", audit_doc_text(d, "not set"));
}

static void check_extra_data(struct audit *a, const struct audit_rule *r) {
    C138_FREE struct besu_validators *set = c138_xcalloc(1, sizeof(*set));
    const struct audit_doc *d = audit_doc_get(genesis(a), "extraData");
    if (bft(a) && !validators_of(a, set))
        found_at(a, r, d, "extraData %s",
                 d ? "is no list of vanity, validators, vote, round and seals" : "is not there");
    else if (bft(a) && set->count == 0 && !by_contract(a))
        found_at(a, r, d, "%s", "extraData names no validator");
}

/* --- Accounts -------------------------------------------------------------------------------- */

/* Accounts and validators whose keys everybody has: they come with examples and quick starts. */
static const struct {
    const char *address, *of;
} known_keys[] = {
    {"fe3b557e8fb62b89f4916b721be55ceb828dbd73", "Besu's documents"},
    {"627306090abab3a6e1400e9345bc60c78a8bef57", "Besu's documents"},
    {"f17f52151ebef6c7334fad080c5704d77216b732", "Besu's documents"},
    {"f0e2db6c8dc6c681bb5d6ad121a107f300e9b2b5", "quorum-dev-quickstart"},
    {"ca843569e3427144cead5e4d5999a3d0ccf92b8e", "quorum-dev-quickstart"},
    {"0fbdc686b912d7722dc86510934589e0aaf3b55a", "quorum-dev-quickstart"},
    {"c9c913c8c3c1cd416d80a0abf475db2062f161f6", "quorum-dev-quickstart"},
    {"ed9d02e382b34818e88b88a309c7fe71e65f419d", "quorum-dev-quickstart"},
    {"b30f304642de3fee4365ed5cd06ea2e69d3fd0ca", "quorum-dev-quickstart"},
    {"0886328869e4e1f401e1052a5f4aae8b45f42610", "quorum-dev-quickstart"},
    {"f48de4a0c2939e62891f3c6aca68982975477e45", "quorum-dev-quickstart"},
    {"93917cadbace5dfce132b991732c6cda9bcc5b8a", "quorum-dev-quickstart"},
    {"27a97c9aaf04f18f3014c32e036dd0ac76da5f18", "quorum-dev-quickstart"},
    {"ce412f988377e31f4d0ff12d74df73b51c42d0ca", "quorum-dev-quickstart"},
    {"98c1334496614aed49d2e81526d089f7264fed9c", "quorum-dev-quickstart"},
    {"f39fd6e51aad88f6f4ce6ab8827279cfffb92266", "anvil and hardhat"},
    {"70997970c51812dc3a010c7d01b50e0d17dc79c8", "anvil and hardhat"},
};

static const char *known_key(const char *address) {
    address += c138_starts_with(address, "0x") || c138_starts_with(address, "0X") ? 2 : 0;
    for (size_t i = 0; i < C138_COUNT(known_keys); i++)
        if (strcasecmp(known_keys[i].address, address) == 0)
            return known_keys[i].of;
    return NULL;
}

static int has_balance(const struct audit_doc *account) {
    const char *text = audit_doc_get_text(account, "balance", "0");
    text += c138_starts_with(text, "0x") ? 2 : 0;
    return text[strspn(text, "0")] != '\0';
}

static void check_known_keys(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *alloc = accounts(a);
    C138_FREE struct besu_validators *set = c138_xcalloc(1, sizeof(*set));
    for (size_t i = 0; alloc && i < alloc->count; i++) {
        const struct audit_doc *d = &alloc->items[i];
        const char *of = known_key(d->name);
        if (of && has_balance(d))
            audit_find(a, r, path(a), d->line, "%s has money, and a key that %s hand out", d->name,
                       of);
    }
    for (uint32_t i = 0; validators_of(a, set) && i < set->count; i++) {
        char text[BESU_ADDRESS_TEXT];
        besu_address_write(&set->list[i], text);
        if (known_key(text))
            audit_find(a, r, path(a), audit_doc_line(audit_doc_get(genesis(a), "extraData"), 0),
                       "validator %s has a key that %s hand out", text, known_key(text));
    }
}

static void check_private_keys(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *alloc = accounts(a);
    for (size_t i = 0; alloc && i < alloc->count; i++) {
        const struct audit_doc *key = audit_doc_get(&alloc->items[i], "privateKey");
        if (key)
            found_at(a, r, key, "the private key of %s stands here", alloc->items[i].name);
    }
}

static void check_alloc(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *alloc = accounts(a);
    for (size_t i = 0; alloc && i < alloc->count; i++) {
        const struct audit_doc *d = &alloc->items[i];
        if (has_balance(d) && !audit_doc_get(d, "code") && !known_key(d->name))
            found_at(a, r, d, "%s begins with money", d->name);
    }
}

#define GENESIS .needs = AUDIT_NEEDS(AUDIT_GENESIS)

const struct audit_rule audit_rules_genesis[] = {
    {.id = "G01a",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_chain_id,
     .title = "chainId is that of the network",
     .reason = "Signatures for one chain hold on every chain of that id.",
     .mend = "Make the genesis with the network's id; where it is another than 138, set "
             "audit_chain_id."},
    {.id = "G01b",
     .severity = AUDIT_CRITICAL,
     .needs = AUDIT_OF_NETWORK,
     .check = check_hashes,
     .title = "All nodes have one genesis",
     .reason = "They are two networks.",
     .mend = "Give the odd node the genesis of the others, and resync it."},
    {.id = "G01c",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_live_chain,
     .title = "The file is that of the running node",
     .reason = "At the next start it is on another chain, or does not start.",
     .mend = "Put the right genesis back."},
    {.id = "G02",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_protocol,
     .title = "There is one BFT protocol, qbft or ibft2",
     .reason = "Besu does not start, or makes "
               "no blocks.",
     .mend = "Keep one of them."},
    {.id = "G03",
     .severity = AUDIT_HIGH,
     GENESIS,
     .check = check_validators,
     .title = "There are four validators or more",
     .reason = "With fewer the chain halts when one fails.",
     .mend = "Begin with four or more."},
    {.id = "G04a",
     .severity = AUDIT_MEDIUM,
     GENESIS,
     .check = check_period,
     .title = "A block comes every 1 to 60 seconds",
     .reason = "Below that validators cannot keep up, above it everything waits.",
     .mend = "Set blockperiodseconds."},
    {.id = "G04b",
     .severity = AUDIT_HIGH,
     GENESIS,
     .check = check_timeout,
     .title = "The timeout of a round is two block periods or more",
     .reason = "Rounds change although nothing failed.",
     .mend = "Set requesttimeoutseconds."},
    {.id = "G04c",
     .severity = AUDIT_HIGH,
     GENESIS,
     .check = check_timeout_set,
     .title = "The timeout of a round is set",
     .reason = "Without it 1 second is meant.",
     .mend = "Set requesttimeoutseconds to two block periods."},
    {.id = "G04d",
     .severity = AUDIT_MEDIUM,
     GENESIS,
     .check = check_timeout_long,
     .title = "The timeout of a round is ten block periods or less",
     .reason = "It doubles with each round: a halted chain takes long to come back.",
     .mend = "Lower requesttimeoutseconds."},
    {.id = "G05a",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_epoch_changed,
     .title = "epochlength is that of the running chain",
     .reason = "A node with another makes blocks that the others refuse.",
     .mend = "Put the old value back; it cannot be changed."},
    {.id = "G05b",
     .severity = AUDIT_LOW,
     GENESIS,
     .check = check_epoch,
     .title = "epochlength is 1000 or more",
     .reason = "At each epoch the votes are thrown away.",
     .mend = "Use the default, 30000."},
    {.id = "G06a",
     .severity = AUDIT_MEDIUM,
     GENESIS,
     .check = check_empty_blocks,
     .title = "Empty blocks come as the others do",
     .reason = "With a period of their own chains were seen to stop at round changes (besu issue "
               "10917), and an old head may mean nothing or everything.",
     .mend = "Leave emptyblockperiodseconds out."},
    {.id = "G06b",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .since = 260801,
     .check = check_old_empty_blocks,
     .title = "Empty blocks have the name that this version knows",
     .reason = "From 26.5 it is emptyblockperiodseconds; after 26.8 the old name is not read.",
     .mend = "Rename it on all nodes before they are upgraded."},
    {.id = "G07a",
     .severity = AUDIT_LOW,
     GENESIS,
     .check = check_contract_size,
     .title = "contractSizeLimit is that of Ethereum, 24576",
     .reason = "Larger contracts cannot be moved elsewhere.",
     .mend = "Leave it out."},
    {.id = "G07b",
     .severity = AUDIT_LOW,
     GENESIS,
     .check = check_stack_size,
     .title = "evmStackSize is 1024",
     .reason = "Contracts behave otherwise than elsewhere.",
     .mend = "Leave it out."},
    {.id = "G07c",
     .severity = AUDIT_INFO,
     GENESIS,
     .check = check_base_fee,
     .title = "London with zeroBaseFee",
     .reason = "Otherwise every sender needs money for gas, or has no transactions of type 2.",
     .mend = "Set londonBlock and zeroBaseFee, unless gas shall cost."},
    {.id = "G07d",
     .severity = AUDIT_MEDIUM,
     GENESIS,
     .check = check_gas_limit,
     .title = "The gas limit of a block is one that validators can work off",
     .reason = "One transaction can keep all validators busy for longer than a round.",
     .mend = "Begin with 30 to 100 million, and let target-gas-limit raise it."},
    {.id = "G07e",
     .severity = AUDIT_INFO,
     GENESIS,
     .check = check_alloc,
     .title = "Accounts that begin with money are known",
     .reason = "It is a list for you to read.",
     .mend = "Nothing, if you know who holds their keys."},
    {.id = "G08",
     .severity = AUDIT_MEDIUM,
     GENESIS,
     .check = check_forks,
     .title = "Berlin, London and Shanghai are active",
     .reason = "Contracts of newer compilers (PUSH0) end in an invalid opcode.",
     .mend = "Add them at a block or time that lies ahead, on all nodes."},
    {.id = "G09a",
     .severity = AUDIT_HIGH,
     GENESIS,
     .check = check_mix_hash,
     .title = "mixHash is that of Istanbul BFT",
     .reason = "Blocks are not taken for BFT blocks.",
     .mend = MIX_HASH},
    {.id = "G09b",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_extra_data,
     .title = "extraData is what the protocol wants",
     .reason = "The chain does not begin.",
     .mend = "Make it with `besu rlp encode --type=QBFT_EXTRA_DATA`."},
    {.id = "G09c",
     .severity = AUDIT_HIGH,
     GENESIS,
     .check = check_transitions,
     .title = "A new transition lies ahead",
     .reason = "The node would judge old blocks by a rule that they were not made by.",
     .mend = "Choose a block that no node has reached, and change all nodes before it."},
    {.id = "B44c",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_private_keys,
     .title = "The genesis holds no private keys",
     .reason = "Everybody who has the genesis has the keys.",
     .mend = "Take them out, and use other accounts."},
    {.id = "B45",
     .severity = AUDIT_CRITICAL,
     GENESIS,
     .check = check_known_keys,
     .title = "No account with money and no validator has a key that everybody knows",
     .reason = "Programs watch for such accounts and empty them.",
     .mend = "Make the genesis anew with keys of your own."},
    {.id = NULL},
};
