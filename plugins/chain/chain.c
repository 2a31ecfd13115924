#include "chain.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>

#include <string.h>
#include <time.h>

C138_PLUGIN_NOTE("chain", "0.1.0", 0);

#define STR(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define UINT(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_UINT, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define YES(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define WEI(n, s) C138_FIELD(.name = n, .type = C138_T_WEI, .unit = "wei", .summary = s)
#define HASH(n, s) C138_FIELD(.name = n, .type = C138_T_HASH32, .summary = s)
#define BYTES(n, s) C138_FIELD(.name = n, .type = C138_T_BYTES, .summary = s)
#define ADDRESS(n, s, ...)                                                                         \
    C138_FIELD(.name = n, .type = C138_T_ADDRESS, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define VALUES(n, s)                                                                               \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(STR("value", "A value")))
#define KEY                                                                                        \
    STR("key", "The key that signs, by its name in the keys plugin", .flags = C138_FIELD_REQUIRED, \
        .complete = "keys.list#name", .max_text = "63")
#define ARGS                                                                                       \
    C138_FIELD(.name = "args", .type = C138_T_LIST, .max_text = "256",                             \
               .summary = "Its arguments in order; arrays and tuples as JSON",                     \
               .fields = C138_FIELDS(STR("arg", "An argument")))
#define SENT                                                                                       \
    STR("id", "What it is called here"),                                                           \
        C138_FIELD(.name = "outcome", .type = C138_T_ENUM,                                         \
                   .choices = C138_TEXTS("open", "succeeded", "reverted", "unmet", "cancelled",    \
                                         "overtaken", "dropped"),                                  \
                   .summary = "What became of it"),                                                \
        STR("key", "The key that signed"), ADDRESS("from", "Its account"),                         \
        UINT("nonce", "Its place among the account's transactions"),                               \
        HASH("hash", "Of the attempt that was mined, or of the newest"),                           \
        STR("kind", "That attempt: send, speed-up or cancel"),                                     \
        UINT("attempts", "How often it was signed"), STR("call", "The call, decoded"),             \
        STR("who", "Who asked for it"),                                                            \
        C138_FIELD(.name = "time", .type = C138_T_TIME, .summary = "When it was signed"),          \
        UINT("block", "Where it is mined"), STR("text", "What there is to say about it")
#define TRANSACTION                                                                                \
    STR("transaction", "Its id here, or its hash",                                                 \
        .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .complete = "chain.pending#id",      \
        .max_text = "140")

static const c138_action send_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_CHAIN,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT | C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "send",
    .summary = "Send a transaction, exactly once, and wait until it counts",
    .help =
        "It is simulated first; what would revert, what the account cannot pay and what would call "
        "an address without a contract is not sent. What is signed is on disk before a node hears "
        "of it. After a crash, of anything, the same signed bytes are sent again, never new ones. "
        "Under one id a thing happens once: ask again with the same --id if you do not know "
        "whether you were heard. Without an id every call is a new transaction. "
        "--transactions takes a list of up to 1000, as JSON, whose elements have the members to, "
        "value, function, args, data, create, gas, confirmations, expect_event, expect_call and "
        "expect_value; each is simulated for itself, not after those before it.",
    .example = "--key treasury --to 0x00000000000000000000000000000000000000A1 --value 1gwei",
    .timeout_ns = 600 * C138_NS_PER_S,
    .params = C138_FIELDS(
        KEY, ADDRESS("to", "Whom it calls or pays"),
        C138_FIELD(.name = "value", .type = C138_T_WEI, .unit = "wei",
                   .summary = "What it carries"),
        STR("function", "What it calls, \"transfer(address,uint256)\"", .max_text = "4096"), ARGS,
        C138_FIELD(.name = "data", .type = C138_T_BYTES,
                   .summary = "Call data as it is, or the code of a new contract"),
        YES("create", "It makes a contract"),
        STR("id", "Under this id it happens once; without it that of the job", .max_text = "100"),
        UINT("gas", "Gas limit; without it estimated", .min_text = "21000"),
        WEI("gas_price", "Price of gas, for a legacy transaction"),
        WEI("max_fee", "The most for a unit of gas"), WEI("tip", "For the block's producer"),
        UINT("confirmations", "Blocks until it counts; without it as configured", .min_text = "1",
             .max_text = "10000"),
        STR("expect_event", "It succeeded only if this event is in its log", .max_text = "4096"),
        STR("expect_call",
            "It succeeded only if this gives expect_value afterwards, "
            "\"paused() returns (bool)\"",
            .max_text = "4096"),
        STR("expect_value", "The value of expect_call", .max_text = "4096"),
        YES("after_foreign", "Send although somebody else uses the key", .default_text = "false"),
        C138_FIELD(.name = "transactions", .type = C138_T_LIST, .max_text = "1000",
                   .summary = "Several at once, instead of all of the above but key and fees",
                   .fields = C138_FIELDS(C138_FIELD(.name = "transaction", .type = C138_T_OBJECT,
                                                    .summary = "One")))),
    .results = C138_FIELDS(ROWS("transactions", "What became of them", SENT)),
    .run = chain_send_run,
};

static const c138_action speed_up_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_CHAIN,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG,
    .name = "speed-up",
    .summary = "Offer a higher price for a transaction that is under way",
    .help = "The same call with the same nonce, an eighth dearer, or at what the chain asks now. "
            "At most one of them is mined.",
    .example = "payroll-11",
    .timeout_ns = 600 * C138_NS_PER_S,
    .params = C138_FIELDS(TRANSACTION),
    .results = C138_FIELDS(ROWS("transactions", "What became of it", SENT)),
    .run = chain_speed_up_run,
};

static const c138_action cancel_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_CHAIN,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG,
    .name = "cancel",
    .summary = "Take back a transaction that is under way",
    .help =
        "An empty transaction to the account itself takes its place; the key's rules must allow "
        "it. Which of the two is mined is the chain's to say: the answer tells.",
    .example = "payroll-11",
    .timeout_ns = 600 * C138_NS_PER_S,
    .params = C138_FIELDS(TRANSACTION),
    .results = C138_FIELDS(ROWS("transactions", "What became of it", SENT)),
    .run = chain_cancel_run,
};

static const c138_action repair_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_CHAIN,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "repair",
    .summary = "Clear the way for an account's stuck transactions",
    .help =
        "Hands over again what the nodes lost, fills gaps in the nonces with empty transactions, "
        "and offers more for what is below the base fee. With --dry-run it says what it would "
        "do. No node has a call that empties its pool; this is what helps instead.",
    .example = "--key treasury --dry-run",
    .timeout_ns = 120 * C138_NS_PER_S,
    .params = C138_FIELDS(KEY),
    .results = C138_FIELDS(ROWS("steps", "What was done", UINT("nonce", "For this nonce"),
                                STR("does", "What"), STR("id", "The transaction, if it has one"))),
    .run = chain_repair_run,
};

static const c138_action adopt_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .flags = C138_ACTION_IDEMPOTENT | C138_ACTION_LONG,
    .name = "adopt",
    .summary = "Take what others sent with a key as given, and send again",
    .help = "First find out who else has the key. What this agent sent itself stays watched.",
    .example = "--key treasury",
    .params = C138_FIELDS(KEY),
    .results = C138_FIELDS(STR("key", "The key"), ADDRESS("account", "Its account"),
                           UINT("nonce", "What the chain counts")),
    .run = chain_adopt_run,
};

static const c138_action call_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "call",
    .summary = "Ask a contract, without changing anything",
    .example = "--to 0x00000000000000000000000000000000000000A1 --function "
               "\"paused() returns (bool)\"",
    .help =
        "--calls takes a list of up to 200, as JSON, whose elements have the members to, function "
        "and args: all are asked together, of one node, as of one block. What fails among them "
        "says so in its row.",
    .params = C138_FIELDS(
        ADDRESS("to", "The contract"),
        STR("function", "What is asked, \"balanceOf(address) returns (uint256)\"",
            .max_text = "4096"),
        ARGS, ADDRESS("from", "As whom"),
        C138_FIELD(.name = "block", .type = C138_T_BLOCK, .default_text = "latest",
                   .summary = "As of this block"),
        C138_FIELD(.name = "calls", .type = C138_T_LIST, .max_text = "200",
                   .summary = "Several at once, instead of to, function and args",
                   .fields = C138_FIELDS(
                       C138_FIELD(.name = "call", .type = C138_T_OBJECT, .summary = "One")))),
    .results = C138_FIELDS(
        VALUES("values", "What it returns, decoded; arrays and tuples as JSON"),
        BYTES("data", "The same as bytes"), UINT("block", "The block at which several were asked"),
        ROWS("calls", "Of several, in their order", ADDRESS("to", "The contract"),
             STR("function", "What was asked"), VALUES("values", "What it returns"),
             BYTES("data", "The same as bytes"), STR("error", "Why there is no answer"))),
    .run = chain_call_run,
};

static const c138_action tx_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "tx",
    .summary = "A transaction, as the chain and this agent know it",
    .example = "payroll-11",
    .params = C138_FIELDS(TRANSACTION),
    .results = C138_FIELDS(
        HASH("hash", "Its hash"), STR("state", "mined, reverted, pending, unknown to the node"),
        ADDRESS("from", "Who sent it"), ADDRESS("to", "Whom it calls"), UINT("nonce", "Its nonce"),
        STR("signature", "The function it calls"), VALUES("args", "With these arguments"),
        YES("known", "The function is guessed by its four bytes"), UINT("block", "Where it is"),
        UINT("gas_used", "What it took"), ADDRESS("contract", "What it made"),
        UINT("logs", "Entries of its log"),
        C138_FIELD(.name = "sent", .type = C138_T_OBJECT, .summary = "If this agent sent it",
                   .fields = C138_FIELDS(SENT))),
    .run = chain_tx_run,
};

static const c138_action pending_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "pending",
    .summary = "What is under way, and what is in its way",
    .example = "",
    .params =
        C138_FIELDS(STR("key", "Only of this key", .complete = "keys.list#name", .max_text = "63")),
    .results =
        C138_FIELDS(ROWS("accounts", "The accounts that send", ADDRESS("account", "Its address"),
                         STR("key", "Its key"), UINT("latest", "Transactions that are mined"),
                         UINT("pending", "The same with those that the node holds"),
                         UINT("foreign", "Of them not from this agent"),
                         C138_FIELD(.name = "missing", .type = C138_T_LIST,
                                    .summary = "Nonces that nobody holds",
                                    .fields = C138_FIELDS(UINT("nonce", "A nonce"))),
                         STR("text", "Why it is not looked after, if so")),
                    ROWS("transactions", "What is under way", SENT)),
    .run = chain_pending_run,
};

static const c138_action decode_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "decode",
    .summary = "What bytes mean: call data, a transaction, or an error",
    .help = "Needs no node. Without --function, by a table of contracts that networks like this "
            "one run; four bytes are no proof: `known` says that the name comes from there.",
    .example = "0x095ea7b30000000000000000000000000000000000000000000000000000000000000001"
               "0000000000000000000000000000000000000000000000000000000000000002",
    .params = C138_FIELDS(C138_FIELD(.name = "bytes", .type = C138_T_BYTES,
                                     .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
                                     .summary = "The bytes"),
                          C138_FIELD(.name = "what", .type = C138_T_ENUM, .default_text = "call",
                                     .choices = C138_TEXTS("call", "transaction", "error"),
                                     .summary = "What they are"),
                          STR("function", "Read the call as this function", .max_text = "4096")),
    .results = C138_FIELDS(
        STR("signature", "The function or error"), VALUES("args", "Its arguments"),
        YES("known", "By its four bytes"), STR("text", "The error in words"),
        UINT("type", "Of the transaction"), UINT("chain_id", "Its chain"),
        UINT("nonce", "Its nonce"), ADDRESS("to", "Whom it calls"), WEI("value", "What it carries"),
        STR("gas", "Its gas limit"), WEI("max_fee", "The most for a unit of gas"),
        YES("signed", "It is signed"), HASH("hash", "Its hash")),
    .run = chain_decode_run,
};

static const c138_action endpoints_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "endpoints",
    .summary = "The nodes that are asked, and whether they agree",
    .example = "",
    .results = C138_FIELDS(
        ROWS("endpoints", "The nodes", STR("name", "Its name"), STR("url", "Its address"),
             STR("state", "How it is"), UINT("head", "Its newest block"), STR("text", "Why")),
        YES("agree", "They have the same chain"), STR("text", "Where they do not")),
    .run = chain_endpoints_run,
};

#define LOG                                                                                        \
    UINT("block", "Its block"), HASH("block_hash", "The hash of it"),                              \
        HASH("tx", "The transaction"), UINT("log_index", "Its place among the block's logs"),      \
        ADDRESS("address", "The contract"), STR("event", "The event's signature"),                 \
        C138_FIELD(.name = "args", .type = C138_T_OBJECT,                                          \
                   .summary = "The event's arguments by name, numbers as texts"),                  \
        YES("removed", "The chain took it back"),                                                  \
        VALUES("topics", "Its topics, if it is not decoded"),                                      \
        BYTES("data", "Its data, if it is not decoded"), STR("text", "Why it is not decoded")

static const c138_action logs_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "logs",
    .summary = "What contracts logged, decoded",
    .help =
        "Reads in ranges that the node takes. With --watch it reads what that watch means: so a "
        "reader that missed events catches up. If there are more than the limit, or the time is "
        "up, `complete` is false and `next` is the block to go on from.",
    .example = "--address 0x00000000000000000000000000000000000000A1 --event "
               "\"Transfer(address indexed from, address indexed to, uint256 value)\" --from 100",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params = C138_FIELDS(
        C138_FIELD(.name = "address", .type = C138_T_LIST, .max_text = "64",
                   .summary = "Contracts; without any: all",
                   .fields = C138_FIELDS(ADDRESS("address", "A contract"))),
        STR("event", "The event, with `indexed` where it belongs; without it: any, not decoded",
            .max_text = "4096"),
        C138_FIELD(.name = "args", .type = C138_T_LIST, .max_text = "16",
                   .summary = "What arguments shall be, \"to=0x..\"",
                   .fields = C138_FIELDS(STR("arg", "NAME=VALUE", .max_text = "4096"))),
        C138_FIELD(.name = "from", .type = C138_T_BLOCK,
                   .summary = "First block; without it the last 1000 are read"),
        C138_FIELD(.name = "to", .type = C138_T_BLOCK, .default_text = "latest",
                   .summary = "Last block"),
        STR("watch", "What this watch means, instead of address, event and args",
            .complete = "chain.watches#name", .max_text = "63"),
        UINT("limit", "The most that are given", .default_text = "100", .min_text = "1",
             .max_text = "10000")),
    .results = C138_FIELDS(
        ROWS("logs", "In the order of the chain", LOG), UINT("from", "First block that was read"),
        UINT("to", "Last block meant"), UINT("head", "The newest block of the node"),
        UINT("next", "Read up to, and without, this block"),
        YES("complete", "All that was asked for is here"), STR("text", "Why not all is here")),
    .run = chain_logs_run,
};

static const c138_action watches_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "watches",
    .summary = "How far the watches of the config are",
    .example = "",
    .results = C138_FIELDS(ROWS(
        "watches", "The watches", STR("name", "Its name"), STR("state", "ok, catching up, warning"),
        STR("event", "The event"), VALUES("addresses", "The contracts"),
        UINT("confirmations", "Blocks until a log counts"),
        UINT("next", "The block to be read next"), UINT("block", "The checkpoint: read up to here"),
        HASH("hash", "Its hash"), UINT("head", "The newest block of the node"),
        UINT("behind", "Blocks that count and are not read"), UINT("logs", "Logs so far"),
        UINT("reorgs", "How often the chain took blocks back"),
        UINT("range", "Blocks that are asked for at once"), STR("endpoint", "Who was asked last"),
        STR("text", "Why it does not go on"))),
    .run = chain_watches_run,
};

static const c138_action *const actions[] = {&send_action,
                                             &speed_up_action,
                                             &cancel_action,
                                             &repair_action,
                                             &adopt_action,
                                             &call_action,
                                             &tx_action,
                                             &pending_action,
                                             &decode_action,
                                             &logs_action,
                                             &watches_action,
                                             &endpoints_action,
                                             NULL};

static const c138_event *const events[] = {
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_INFO, .topic = "chain.succeeded",
               .summary = "A transaction counts", .fields = C138_FIELDS(SENT)),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_WARNING, .topic = "chain.failed",
               .summary = "A transaction came to nothing", .fields = C138_FIELDS(SENT)),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_WARNING,
               .topic = "chain.reorged", .summary = "The chain took a transaction back",
               .fields = C138_FIELDS(STR("id", "The transaction"), UINT("block", "Where it was"),
                                     YES("counted", "It had counted already"))),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_CRITICAL,
               .topic = "chain.foreign", .summary = "Somebody else uses a key of this agent",
               .fields = C138_FIELDS(ADDRESS("account", "The account"), STR("key", "The key"),
                                     STR("text", "What was seen"))),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_CRITICAL,
               .topic = "chain.disagreement", .summary = "Two endpoints have different chains",
               .fields = C138_FIELDS(STR("text", "Where"))),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_INFO, .topic = "chain.agreement",
               .summary = "The endpoints agree again",
               .fields = C138_FIELDS(STR("text", "What there is to say"))),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_INFO, .topic = "chain.log",
               .summary = "A log that a watch follows; (block_hash, log_index) is its key",
               .fields = C138_FIELDS(STR("watch", "The watch"),
                                     UINT("seq", "Its number among the watch's events"), LOG)),
    C138_EVENT(.flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_WARNING,
               .topic = "chain.rolled-back", .summary = "The chain took back what a watch had read",
               .fields = C138_FIELDS(
                   STR("watch", "The watch"), UINT("seq", "Its number among the watch's events"),
                   UINT("block", "The last block that stays"), UINT("depth", "Blocks taken back"),
                   UINT("logs", "Logs told again with `removed`"),
                   YES("forgotten", "It was too deep for that: all that was told of later blocks "
                                    "is void"))),
    NULL};

/* --- Metrics --------------------------------------------------------------------------------- */

#define GAUGE(n, s, ...)                                                                           \
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_chain_" n,                            \
                .help = s __VA_OPT__(, ) __VA_ARGS__)
#define COUNTER(n, s, ...)                                                                         \
    C138_METRIC(.type = C138_METRIC_COUNTER, .name = "chain138_chain_" n,                          \
                .help = s __VA_OPT__(, ) __VA_ARGS__)
#define BY(label) .labels = C138_TEXTS(label)

static const c138_metric *const metrics[] = {
    GAUGE("transactions_open", "Transactions under way"),
    GAUGE("transactions_refused", "Of them those that the nodes refuse"),
    COUNTER("transactions_total", "Transactions that ended", BY("outcome")),
    COUNTER("transactions_reorged_total", "Transactions that the chain took back"),
    GAUGE("foreign_keys", "Keys that somebody else uses"),
    GAUGE("endpoint_up", "1 if the endpoint answers for this chain", BY("endpoint")),
    GAUGE("endpoint_head_number", "Its newest block", BY("endpoint")),
    GAUGE("endpoint_seconds", "Duration of its last answer", BY("endpoint")),
    GAUGE("endpoints_disagree", "1 if endpoints have different chains"),
    GAUGE("watch_behind_blocks", "Blocks that count and are not read", BY("watch")),
    COUNTER("watch_logs_total", "Logs that were found", BY("watch")),
    COUNTER("watch_reorgs_total", "Times that the chain took back what was read", BY("watch")),
    NULL};

/* --- Life ------------------------------------------------------------------------------------ */

static c138_status create(const c138_host *host, void **ret_self) {
    struct chain *c = c138_xcalloc(1, sizeof(*c));
    c->host = host;
    pthread_condattr_t monotonic;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&c->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    *ret_self = c;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    return chain_settings_prepare(self, settings);
}

static void commit(void *self, uint32_t apply) {
    chain_settings_commit(self, apply);
}

static c138_status start(void *self) {
    struct chain *c = self;
    struct c138_err err = {0};
    C138_FREE char *path = c138_path_join(c->host->state_dir, "journal.log");
    c->bus = c->host->get_extension(c->host, C138_EXT_BUS);
    c->caller = c->host->get_extension(c->host, C138_EXT_CALL);
    c->kv = c->host->get_extension(c->host, C138_EXT_KV);
    c->metrics = c->host->get_extension(c->host, C138_EXT_METRICS);
    c->endpoints = endpoints_new(&(struct endpoints_options){.host = c->host,
                                                             .configs = c->settings.endpoints,
                                                             .count = c->settings.n_endpoints,
                                                             .chain_id = c->settings.chain_id,
                                                             .timeout_ns = c->settings.timeout_ns,
                                                             .lag_blocks = c->settings.lag_blocks});
    c138_status status = journal_open(path, chain_utc(c), &c->journal, &err);
    if (status < 0) {
        c->host->log(c->host, C138_LOG_ERROR, err.text);
        return status;
    }
    watches_start(c); /* first: the other thread counts them */
    track_start(c);
    return C138_OK;
}

static void stop(void *self) {
    track_stop(self);
    watches_stop(self);
}

/* Events of this plugin were dropped: what the watches told among them is lost. */
static void on_event(void *self, const c138_event_in *event) {
    C138_JSON struct c138_json *o = NULL;
    if (c138_json_parse(event->json, strlen(event->json), &o, NULL) >= 0 &&
        !strcmp(c138_json_get_str(o, "plugin", ""), "chain"))
        watches_flooded(self, c138_json_get_uint(o, "dropped", 0));
}

static void destroy(void *self) {
    struct chain *c = self;
    for (struct sender *s = c->senders, *next; s; s = next) {
        next = s->next;
        (void)pthread_mutex_destroy(&s->turn);
        free(s->key);
        free(s);
    }
    (void)watches_free(c->watches);
    (void)journal_close(c->journal);
    (void)endpoints_free(c->endpoints);
    chain_settings_commit(c, 0);
    chain_settings_commit(c, 1);
    (void)pthread_cond_destroy(&c->wake);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

static const void *get_extension(void *self, const char *id) {
    static const c138_health health = {C138_SIZED(c138_health), .health = chain_health};
    static const c138_status_ext status = {C138_SIZED(c138_status_ext),
                                           .status = chain_status_rows};
    (void)self;
    if (strcmp(id, C138_EXT_HEALTH) == 0)
        return &health;
    return strcmp(id, C138_EXT_STATUS) == 0 ? &status : NULL;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "chain",
    .version = "0.1.0",
    .summary = "Sends transactions exactly once, asks contracts, and follows their logs",
    .license = "Apache-2.0",
    .settings = chain_setting_fields,
    .actions = actions,
    .events = events,
    .subscribes = C138_TEXTS("agent.plugin-flooding"),
    .metrics = metrics,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .event = on_event,
    .stop = stop,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
