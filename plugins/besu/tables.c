/* The tables of the actions that change who validates, who may send and connect, and what waits. */
#include "tables.h"

#include "permission.h"
#include "poolclear.h"
#include "votes.h"

#include <base/when.h>

#define TEXTS(n, s, m)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s, .fields = C138_FIELDS(STR("text", m)))
#define ANY(n, s) C138_FIELD(.name = n, .type = C138_T_OBJECT, .summary = s)
#define CALLS                                                                                      \
    ROWS("calls", "Actions of other plugins that it takes", STR("action", "The action"),           \
         ANY("params", "With these parameters"), ANY("plan", "Its own plan"))

/* --- Votes ----------------------------------------------------------------------------------- */

#define VOTE(...)                                                                                  \
    C138_FIELD(.name = "vote", .type = C138_T_ENUM,                                                \
               .choices = C138_TEXTS("add", "remove", "discard"),                                  \
               .summary =                                                                          \
                   "What is voted; discard: the vote is taken back" __VA_OPT__(, ) __VA_ARGS__)
#define ARITHMETIC(n, s)                                                                           \
    OBJECT(n, s, UINT("validators", "Size of the set"),                                            \
           UINT("faults", "How many of it may fail by design, floor((N-1)/3)"),                    \
           UINT("quorum", "Validators that a block needs, ceil(2N/3)"),                            \
           UINT("present", "Validators that take part"), INT("margin", "How many more may fail"),  \
           TEXTS("missing", "Who is missing", "A name"), TEXT)

const c138_action besu_vote_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "vote",
    .summary = "Vote a validator in or out, with the arithmetic of the quorum",
    .help =
        "Besu answers true to any vote: to one on an address that nobody has, and on a node that "
        "is no validator. So the address and the role of each node are checked first, and whether "
        "the network can live with it: a vote after which too few validators would take part is "
        "refused with the arithmetic. One that is to come must be seen connected and in sync "
        "(--unseen: you know that it is, and the quorum holds without it). The vote is cast on all "
        "watched nodes that are validators; more than half of the set must vote, so where others "
        "run the rest, they must vote too. It is watched until the set changes or the epoch ends, "
        "given again to a node that forgot it in a restart, and taken back from every node when it "
        "is settled: Besu keeps votes after they took effect, and would count them again.",
    .example = "0x52908400098527886E0F7030069857D2E4169EE7 --vote add",
    .lock = "besu-votes",
    .timeout_ns = 900 * C138_NS_PER_S,
    .params = C138_FIELDS(
        C138_FIELD(.name = "validator", .type = C138_T_ADDRESS,
                   .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
                   .complete = "besu.validators#address", .summary = "Whom the vote is on"),
        VOTE(.flags = C138_FIELD_REQUIRED),
        C138_FIELD(.name = "wait", .type = C138_T_DURATION, .default_text = "1m", .max_text = "10m",
                   .summary = "How long to wait until it takes effect"),
        C138_FIELD(.name = "unseen", .type = C138_T_BOOL, .default_text = "false",
                   .summary = "Also for a new validator that no watched node sees in sync")),
    .results = C138_FIELDS(
        ADDRESS("validator", "Whom the vote is on"), VOTE(),
        ARITHMETIC("before", "The set as it was"), ARITHMETIC("after", "The set as it will be"),
        UINT("needed", "Votes that change the set: more than half of it"),
        UINT("epoch_ends", "At this block the network forgets the votes"),
        C138_FIELD(.name = "set", .type = C138_T_LIST, .summary = "The validators of this plan",
                   .fields = C138_FIELDS(ADDRESS("validator", "An address"))),
        C138_FIELD(.name = "others", .type = C138_T_LIST,
                   .summary = "Validators that are not watched here: they vote elsewhere",
                   .fields = C138_FIELDS(ADDRESS("validator", "An address"))),
        ROWS("cast", "The votes", NODE, YES("ok", "It holds, or will hold the vote"), TEXT),
        YES("effective", "The set has changed"), UINT("validators", "Size of the set now"),
        UINT("quorum", "Validators that a block needs now"),
        INT("margin", "How many more may fail now"), TEXT),
    .run = besu_vote_run,
};

const c138_action besu_votes_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "votes",
    .summary = "Votes that nodes hold, and those that are still wanted here",
    .example = "",
    .timeout_ns = 30 * C138_NS_PER_S,
    .results = C138_FIELDS(
        ROWS("votes", "Votes that the nodes hold", NODE, ADDRESS("validator", "Whom it is on"),
             VOTE(), YES("wanted", "Somebody here asked for it, and it is not settled"), TEXT),
        ROWS("wanted", "What was asked for here", ADDRESS("validator", "Whom it is on"), VOTE(),
             C138_FIELD(.name = "state", .type = C138_T_ENUM,
                        .choices = C138_TEXTS("wanted", "effective", "expired", "discarded"),
                        .summary = "What became of it"),
             TIME("since", "When it was asked for"), STR("who", "Who asked"),
             UINT("cast", "Validators here that hold the vote"),
             UINT("needed", "Votes that change the set"),
             UINT("epoch_ends", "At this block the network forgets it"), TEXT)),
    .run = besu_votes_run,
};

/* --- Permissions ----------------------------------------------------------------------------- */

#define WHERE                                                                                      \
    C138_FIELD(.name = "where", .type = C138_T_ENUM, .default_text = "auto",                       \
               .choices = C138_TEXTS("auto", "local", "contract", "both"),                         \
               .summary = "auto: the nodes' lists, and the contract where a node enforces it")
#define REACHABLE_ONLY                                                                             \
    C138_FIELD(.name = "reachable_only", .type = C138_T_BOOL, .default_text = "false",             \
               .summary = "Leave out nodes that cannot be asked, and say what remains to be done")
#define ACCOUNT                                                                                    \
    C138_FIELD(.name = "account", .type = C138_T_ADDRESS,                                          \
               .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,                               \
               .complete = "besu.accounts#account", .summary = "The account")
#define ENODE                                                                                      \
    C138_FIELD(.name = "enode", .type = C138_T_ENODE,                                              \
               .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,                               \
               .complete = "besu.peers#enode", .summary = "The node")
#define CHANGE_RESULTS                                                                             \
    C138_FIELDS(STR("item", "The account, or the enode as nodes compare it"),                      \
                C138_FIELD(.name = "change", .type = C138_T_ENUM,                                  \
                           .choices = C138_TEXTS("allow", "deny"), .summary = "What is done"),     \
                ROWS("steps", "The nodes", NODE,                                                   \
                     C138_FIELD(.name = "does", .type = C138_T_ENUM,                               \
                                .choices = C138_TEXTS("add", "remove", "nothing", "remains"),      \
                                .summary = "remains: it cannot be asked"),                         \
                     YES("done", "It is done"),                                                    \
                     C138_FIELD(.name = "persisted", .type = C138_T_ENUM,                          \
                                .choices = C138_TEXTS("file", "said"),                             \
                                .summary = "file: the node's file was read; said: Besu says so"),  \
                     TEXT),                                                                        \
                OBJECT("contract", "The permission contract",                                      \
                       ADDRESS("rules", "The contract with the list"),                             \
                       YES("sends", "It takes a transaction"), YES("done", "It shows the change"), \
                       TEXT),                                                                      \
                TEXTS("warnings", "What to know first", "A warning"),                              \
                TEXTS("remains", "What is left to be done", "A thing to do"), CALLS, TEXT)
#define CHANGE_HELP                                                                                \
    "Every node is asked for its list first; one that does not answer, or has no API PERM, stops " \
    "everything before the first write (--reachable-only: the rest is changed, and the answer "    \
    "says what remains). If a write fails, what was done is taken back; if the agent is killed "   \
    "half-way, that happens at its next start. In the end every node is asked for its list "       \
    "again, "                                                                                      \
    "and its permissions file is read where the settings name it. The contract is changed "        \
    "last, by a transaction of permission_key through the plugin chain."

const c138_action besu_account_allow_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "account-allow",
    .summary = "Let an account send, on every node or on none",
    .help = CHANGE_HELP,
    .example = "0x52908400098527886E0F7030069857D2E4169EE7",
    .lock = "besu-permissions",
    .timeout_ns = 900 * C138_NS_PER_S,
    .params = C138_FIELDS(ACCOUNT, WHERE, REACHABLE_ONLY),
    .results = CHANGE_RESULTS,
    .run = besu_account_allow_run,
};

const c138_action besu_account_deny_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "account-deny",
    .summary = "Let an account send no more, on every node or on none",
    .help = CHANGE_HELP " The plan says so if the account is one of this host's keys.",
    .example = "0x52908400098527886E0F7030069857D2E4169EE7",
    .lock = "besu-permissions",
    .timeout_ns = 900 * C138_NS_PER_S,
    .params = C138_FIELDS(ACCOUNT, WHERE, REACHABLE_ONLY),
    .results = CHANGE_RESULTS,
    .run = besu_account_deny_run,
};

const c138_action besu_node_allow_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "node-allow",
    .summary = "Let a node connect, on every node or on none",
    .help = CHANGE_HELP " Besu compares host and port too: a node that moves must be allowed anew.",
    .example = "enode://...@10.0.0.7:30303",
    .lock = "besu-permissions",
    .timeout_ns = 900 * C138_NS_PER_S,
    .params = C138_FIELDS(ENODE, WHERE, REACHABLE_ONLY),
    .results = CHANGE_RESULTS,
    .run = besu_node_allow_run,
};

const c138_action besu_node_deny_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "node-deny",
    .summary = "Let a node connect no more, on every node or on none",
    .help = CHANGE_HELP " The plan says so if it is a validator (refused if the chain would halt), "
                        "a watched node, connected, or a static node.",
    .example = "enode://...@10.0.0.7:30303",
    .lock = "besu-permissions",
    .timeout_ns = 900 * C138_NS_PER_S,
    .params = C138_FIELDS(ENODE, WHERE, REACHABLE_ONLY),
    .results = CHANGE_RESULTS,
    .run = besu_node_deny_run,
};

#define LIST                                                                                       \
    C138_FIELD(.name = "list", .type = C138_T_ENUM, .choices = C138_TEXTS("accounts", "nodes"),    \
               .summary = "Which list")
#define HOLDERS                                                                                    \
    TEXTS("on", "Nodes whose list has it", "A node"),                                              \
        TEXTS("not_on", "Nodes whose list lacks it", "A node")
#define CONTRACTS                                                                                  \
    ROWS("contracts", "The permission contracts", LIST,                                            \
         C138_FIELD(.name = "state", .type = C138_T_ENUM,                                          \
                    .choices = C138_TEXTS("none", "foreign", "read", "unknown"),                   \
                    .summary = "foreign: what is there does not answer as these contracts do"),    \
         ADDRESS("ingress", "Where it is looked for"),                                             \
         ADDRESS("rules", "The contract with the list"), UINT("entries", "Entries of its list"),   \
         UINT("version", "Its version"), YES("read_only", "It takes no changes"),                  \
         UINT("enforcers", "Watched nodes whose version can enforce it (Besu to 25.5)"), TEXT)

const c138_action besu_permissions_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "permissions",
    .summary = "Who may send and connect: the nodes' lists, the contracts, and what differs",
    .example = "",
    .timeout_ns = 60 * C138_NS_PER_S,
    .results = C138_FIELDS(
        ROWS("lists", "The lists of the nodes", NODE, LIST,
             C138_FIELD(.name = "state", .type = C138_T_ENUM,
                        .choices = C138_TEXTS("on", "off", "no-api", "unreachable", "unknown"),
                        .summary = "off: the node lets everybody"),
             UINT("entries", "Entries of the list"), TEXT),
        CONTRACTS,
        ROWS("differences", "What is not everywhere", LIST, STR("entry", "Account or enode"),
             HOLDERS, YES("contract", "The contract's list has it")),
        ROWS("entries", "Everything that is on a list", LIST, STR("entry", "Account or enode"),
             TEXTS("on", "Nodes whose list has it", "A node"),
             YES("contract", "The contract's list has it")),
        TEXT),
    .run = besu_permissions_run,
};

const c138_action besu_accounts_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "accounts",
    .summary = "Which accounts may send, and where",
    .example = "",
    .timeout_ns = 60 * C138_NS_PER_S,
    .results = C138_FIELDS(ROWS("accounts", "The accounts", ADDRESS("account", "The account"),
                                YES("everywhere", "On every list"), HOLDERS,
                                YES("contract", "The contract's list has it"),
                                STR("key", "The key of this host that it belongs to"), TEXT),
                           CONTRACTS, TEXT),
    .run = besu_accounts_run,
};

/* --- Transaction pools ----------------------------------------------------------------------- */

#define WHY                                                                                        \
    C138_FIELD(.name = "why", .type = C138_T_ENUM,                                                 \
               .choices =                                                                          \
                   C138_TEXTS("ready", "used", "gap", "funds", "price", "permission", "behind"),   \
               .summary = "What keeps it there; ready: nothing; used: its nonce is mined")

const c138_action besu_txpool_clear_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "txpool-clear",
    .summary = "Clear stuck transactions as far as that can be done, and say what cannot",
    .help =
        "No version of Besu has a call that empties its transaction pool. So this looks at what "
        "waits, account by account, and why: a nonce that is missing, one that the account cannot "
        "pay (Besu 26 takes such), a price that is too low, an account that is not allowed. What "
        "this agent sent itself is taken back by an empty transaction of the same nonce "
        "(chain.cancel), gaps are filled (chain.repair). For what others sent the answer says what "
        "they must do. What is left then goes only with a stop of every node of the network at "
        "once: stop_all has the steps. --how stop does so with the services of this host "
        "(stack.down, "
        "stack.up), lays saved pools aside in between, and says how many peers go on elsewhere: "
        "they hand their transactions over again.",
    .example = "--what stuck",
    .lock = "besu-txpool",
    .timeout_ns = 1800 * C138_NS_PER_S,
    .params = C138_FIELDS(
        C138_FIELD(.name = "what", .type = C138_T_ENUM, .default_text = "stuck",
                   .choices = C138_TEXTS("stuck", "all"),
                   .summary = "all: also take back what waits and could be mined"),
        C138_FIELD(.name = "how", .type = C138_T_ENUM, .default_text = "replace",
                   .choices = C138_TEXTS("replace", "stop"),
                   .summary = "stop: all services of this host are stopped and started again")),
    .results = C138_FIELDS(
        UINT("transactions", "How many wait"), UINT("stuck", "How many of them are stuck"),
        ROWS("nodes", "The pools", NODE, UINT("transactions", "In its pool"), TEXT),
        ROWS("senders", "Who sent them", ADDRESS("account", "The account"),
             STR("key", "The key of this host that it belongs to"),
             UINT("next", "The nonce that the chain waits for"),
             C138_FIELD(.name = "balance", .type = C138_T_WEI, .unit = "wei",
                        .summary = "What it can pay"),
             UINT("stuck", "How many of its transactions are stuck"),
             ROWS("transactions", "They", UINT("nonce", "Its nonce"), HASH("hash", "Its hash"), WHY,
                  UINT("at", "The nonce that is missing, or in the way"),
                  TEXTS("nodes", "Nodes that hold it", "A node"))),
        CALLS,
        ROWS("done", "What came of them", STR("action", "The action"),
             STR("params", "Its parameters"), YES("ok", "It went through"), TEXT),
        TEXTS("remains", "What is left to be done by others", "A thing to do"),
        TEXTS("stop_all", "How to empty all pools: with a stop of the whole network", "A step"),
        TEXT),
    .run = besu_txpool_clear_run,
};
