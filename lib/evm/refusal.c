#include <evm/refusal.h>

#include <ctype.h>
#include <string.h>

#define NOT C138_REFUSAL_NOT_TAKEN
#define TAKEN C138_REFUSAL_TAKEN
#define UNCLEAR C138_REFUSAL_UNCLEAR
#define NEVER C138_REFUSAL_NEVER
#define LATER C138_REFUSAL_LATER

/* A code of 0 is any code; NULL is any text. The first row that fits counts, so texts that hold
 * others stand before them, and rows that go by code alone come last: only codes that mean one thing
 * with every client. */
struct row {
    int code;
    const char *words; /* in the message, where a word begins, whatever their case */
    const struct c138_refusal *refusal;
};

static const struct c138_refusal
    have_it = {"tx.known", TAKEN, LATER, "The node has this transaction already",
               "Nothing: wait for its receipt"},
    used =
        {"tx.nonce-used", UNCLEAR, NEVER, "A transaction with this nonce is mined already",
         "Ask for the receipt of this transaction: if there is none, another one took its nonce"},
    far = {"tx.nonce-far", NOT, LATER,
           "Its nonce is further ahead of the account's next one than the node holds",
           "Send what is missing before it first; Besu's sequenced pool holds few of an account "
           "(tx-pool-limit-by-account-percentage)"},
    underpriced = {"tx.replacement-underpriced", NOT, LATER,
                   "Another transaction of this account and nonce waits, and this one does not "
                   "offer enough more to replace it",
                   "Offer at least 10 % more (both caps for type 2), or wait for the other one; "
                   "where gas costs nothing, only a price above nought replaces"},
    chain = {"tx.chain", NOT, NEVER, "It is signed for another chain",
             "Check that the node is of the network that was meant; sign again for its chain id"},
    unprotected = {"tx.unprotected", NOT, NEVER,
                   "It is signed without a chain id, so that it could be replayed elsewhere",
                   "Sign again with the chain id (EIP-155)"},
    fee_cap = {"tx.fee-limit", NOT, NEVER, "Its price is above what this node passes on",
               "Check the price: it is very likely a mistake. The node's limit is rpc-tx-feecap "
               "(Besu) or --rpc.txfeecap (geth)"},
    tip = {"tx.tip", NOT, NEVER, "Its priority fee is above its highest fee",
           "Sign again with maxPriorityFeePerGas at most maxFeePerGas"},
    signature = {"tx.signature", NOT, NEVER, "Its signature is not valid on this chain",
                 "Sign it again, for this chain: geth answers so to one of another chain too"},
    no_pool = {"tx.pool-closed", NOT, LATER,
               "The node takes no transactions: its pool is switched off, or it is not in sync yet",
               "Wait until it is in sync (besu.sync), or send to another node"},
    gas_low = {"tx.gas-low", NOT, NEVER, "Its gas limit is below what its bytes alone cost",
               "Sign again with more gas; a plain transfer takes 21000"},
    gas_high = {"tx.gas-high", NOT, NEVER, "Its gas limit is above that of a block",
                "Sign again with less gas"},
    funds = {"tx.funds", NOT, LATER,
             "The account cannot pay its value and the most that its gas may cost",
             "Fund the account, or sign again with less value, gas or price"},
    permission =
        {"tx.not-permitted", NOT, LATER, "The network's permissions do not let this account send",
         "Allow the account on every node (a validator that was forgotten refuses it too), "
         "then send the same bytes again"},
    price = {"tx.price-low", NOT, LATER, "It offers less for gas than the node takes",
             "Sign again with a higher price; the node's least is min-gas-price, and the base fee "
             "of the block"},
    full = {"tx.pool-full", NOT, LATER, "The node's pool is full, or full of this account's",
            "Send again when some of what waits is mined"},
    large = {"tx.size", NOT, NEVER, "It is larger than nodes take",
             "Make it smaller: a transaction has at most 128 KiB, a contract's code 24 KiB and "
             "what makes it 48 KiB"},
    type = {"tx.type", NOT, NEVER, "The chain has no transactions of this type",
            "Sign again as another type (legacy before the Berlin and London forks)"},
    malformed = {"tx.malformed", NOT, NEVER, "The node cannot read its bytes",
                 "Look at them with a decoder; they must be 0x and a whole signed transaction"},
    lower = {"tx.blocked", NOT, LATER, "An earlier transaction of this account cannot be mined",
             "Mend or replace the one with the lowest nonce that waits"},
    plugin = {"tx.plugin", NOT, LATER, "A plugin of the node refused it",
              "Look into the node's log; the plugin's config says what it takes"},
    sender = {"tx.sender-code", NOT, NEVER, "The account is a contract: it sends nothing itself",
              "Send from an account that has a key"},
    reverted = {"tx.reverted", NOT, LATER, "The call would fail in the contract",
                "Read the reason in the error's data"},
    limited = {"tx.denied", NOT, LATER, "The node does not let this caller ask it",
               "Check token or user, and that the API ETH is switched on (rpc-http-api)"},
    broken =
        {"tx.node-failed", UNCLEAR, LATER, "The node failed while it had the transaction",
         "Ask for the transaction by its hash before it is sent again, with the same bytes. Besu "
         "answers so to code that makes too large a contract too (48 KiB), and to empty bytes"},
    unknown = {"tx.refused", UNCLEAR, LATER, "The node refused it in words that are not known",
               "Read the node's own words; ask for the transaction by its hash"};

static const struct row rows[] = {
    {0, "already known", &have_it},
    {0, "known transaction", &have_it},
    {0, "already imported", &have_it},
    {0, "nonce too low", &used},
    {0, "nonce is below", &used},
    {0, "below current nonce", &used},
    {0, "nonce too high", &far},
    {0, "nonce is too distant", &far},
    {0, "nonce has max value", &far},
    {0, "lower nonce exists", &lower},
    {0, "future transaction tries to replace pending", &underpriced},
    {0, "replacement transaction underpriced", &underpriced},
    {0, "replace existing transaction", &underpriced},
    {0, "wrong chainid", &chain},
    {0, "invalid chain id", &chain},
    {0, "chainid is required", &unprotected},
    {0, "replay-protected", &unprotected},
    {0, "transaction fee cap exceeded", &fee_cap},
    {0, "exceeds the configured cap", &fee_cap},
    {0, "max priority fee per gas exceeds max fee", &tip},
    {0, "max priority fee per gas higher than max fee", &tip},
    {0, "< maxpriorityfeepergas", &tip},
    {0, "pool not enabled", &no_pool},
    {0, "initial sync", &no_pool},
    {0, "intrinsic gas too high", &gas_high},
    {0, "intrinsic gas", &gas_low},
    {0, "floor data gas", &gas_low},
    {0, "exceeds block gas limit", &gas_high},
    {0, "gas limit reached", &gas_high},
    {0, "gas uint64 overflow", &gas_high},
    {0, "gas limit too high", &gas_high},
    {0, "greater than the cap", &gas_high},
    {0, "exceeds transaction gas limit", &gas_high},
    {0, "exceeds account balance", &funds},
    {0, "insufficient funds", &funds},
    {0, "insufficient balance", &funds},
    {0, "would cause overdraft", &funds},
    {0, "not authorized to send", &permission},
    {0, "configured minimum gas price", &price},
    {0, "below current base fee", &price},
    {0, "less than block base fee", &price},
    {0, "transaction underpriced", &price},
    {0, "gas tip cap", &price},
    {0, "txpool is full", &full},
    {0, "pool limit", &full},
    {0, "account limit exceeded", &full},
    {0, "in-flight transaction limit", &full},
    {0, "oversized data", &large},
    {0, "initcode size", &large},
    {0, "init code size", &large},
    {0, "plugin has marked", &plugin},
    {0, "not an eoa", &sender},
    {0, "invalid signature", &signature},
    {0, "invalid sender", &signature},
    {0, "invalid transaction v, r, s", &signature},
    {0, "signature", &signature},
    {0, "transaction type not", &type},
    {0, "unsupported transaction type", &type},
    {0, "unknown transaction type", &type},
    {0, "rlp", &malformed},
    {0, "typed transaction too short", &malformed},
    {0, "empty transaction", &malformed},
    {0, "decode", &malformed},
    {0, "cannot unmarshal", &malformed},
    {0, "number of params", &malformed},
    {0, "missing value for required argument", &malformed},
    {0, "invalid params", &malformed},
    {0, "invalid length", &malformed},
    {0, "reverted", &reverted},
    {0, "timeout", &broken},
    {0, "timed out", &broken},
    {0, "unauthorized", &limited},
    {0, "method not", &limited},
    {3, NULL, &reverted},
    {-32007, NULL, &permission},
    {-32008, NULL, &no_pool},
    {-32009, NULL, &price},
    {-32601, NULL, &limited},
    {-32602, NULL, &malformed},
    {-32603, NULL, &broken},
    {-32604, NULL, &limited},
    {-32700, NULL, &malformed},
    {-40100, NULL, &limited},
};

/* "known transaction" is not in "unknown transaction". */
static int has_words(const char *message, const char *words) {
    const char *at = message;
    while ((at = strcasestr(at, words)) && at > message && isalnum((unsigned char)at[-1]))
        at++;
    return at != NULL;
}

static int fits(const struct row *r, int64_t code, const char *message) {
    return (!r->code || r->code == code) && (!r->words || has_words(message, r->words));
}

const struct c138_refusal *c138_refusal_of(int64_t code, const char *message) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (fits(&rows[i], code, message ? message : ""))
            return rows[i].refusal;
    return &unknown;
}

const struct c138_refusal *c138_refusal_at(size_t index) {
    return index < sizeof(rows) / sizeof(*rows) ? rows[index].refusal : NULL;
}
