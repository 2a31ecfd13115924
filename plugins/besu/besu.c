#include "besu.h"
#include "permission.h"
#include "poolclear.h"
#include "tables.h"
#include "votes.h"

#include "audit_action.h"

#include <base/mem.h>
#include <base/when.h>

#include <string.h>

#define TIMER_POLL 1u
#define GAP_MAX 32 /* blocks fetched in one poll to close a gap in the history */

C138_PLUGIN_NOTE("besu", "0.1.0", 0);

/* --- Under the lock -------------------------------------------------------------------------- */

void besu_lock(struct besu *b) {
    (void)pthread_mutex_lock(&b->lock);
}

void besu_unlock(struct besu *b) {
    (void)pthread_mutex_unlock(&b->lock);
}

/* A short action has the instance for itself; long ones take the lock as they need it. */
#define LOCKED(name)                                                                               \
    static c138_status name##_locked(void *self, c138_call *call) {                                \
        besu_lock(self);                                                                           \
        c138_status status = besu_##name##_run(self, call);                                        \
        besu_unlock(self);                                                                         \
        return status;                                                                             \
    }
LOCKED(status)
LOCKED(sync)
LOCKED(validators)
LOCKED(peers)
LOCKED(txpool)
LOCKED(nodes)
LOCKED(consensus)
LOCKED(peer_add)
LOCKED(peer_remove)
LOCKED(log_level)

/* --- Actions --------------------------------------------------------------------------------- */

static const c138_action status_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "status",
    .summary = "How the nodes and the chain are",
    .help =
        "A node's own health calls say \"up\" on a halted chain, and eth_syncing says \"false\" "
        "there. What is shown here rests on the age of the head against the block period, on "
        "the heads of peers, and on the validators that used their turns.",
    .example = "",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(NODE_PARAM),
    .results = C138_FIELDS(
        OBJECT("network", "The chain as all nodes together show it",
               C138_FIELD(.name = "state", .type = C138_T_ENUM,
                          .choices = C138_TEXTS("ok", "degraded", "halted", "unknown"),
                          .summary = "Whether blocks are made"),
               TEXT, STR("consensus", "Consensus protocol"), UINT("chain_id", "Chain id"),
               UINT("head", "Highest block"), SECONDS("head_age", "Age of that block"),
               SECONDS("block_period", "Time between blocks"),
               UINT("validators", "Size of the validator set"),
               UINT("missing", "Validators that do not take part"),
               UINT("quorum", "Validators that a block needs"),
               INT("margin", "How many more validators may fail; below 0: too few are there")),
        ROWS("nodes", "The nodes", NODE, STATE, UINT("head", "Its latest block"),
             SECONDS("head_age", "Age of that block"), BLOCKS("behind", "Behind its peers"),
             UINT("peers", "Connected peers"), UINT("txpool", "Transactions in its pool"),
             STR("role", "validator, or what the config says"), STR("version", "Client version"),
             SECONDS("rpc_time", "Duration of the last request"),
             STR("missing_apis", "APIs that would tell more if they were enabled"), TEXT)),
    .run = status_locked,
};

static const c138_action sync_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "sync",
    .summary = "How far a node is, asked of it now",
    .help = "One request to each node. \"behind\" is counted against the highest of the other "
            "nodes, of what the peers announced, and of the node's own target while it syncs.",
    .example = "--node local",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(NODE_PARAM),
    .results = C138_FIELDS(
        ROWS("nodes", "The nodes", NODE, STATE, UINT("head", "Its latest block"),
             HASH("hash", "Hash of that block"), TIME("time", "Time of that block"),
             SECONDS("head_age", "Age of that block"), YES("syncing", "What eth_syncing says"),
             UINT("highest", "Target of a running sync"), BLOCKS("behind", "Behind its peers"),
             UINT("peers", "Connected peers"), TEXT)),
    .run = sync_locked,
};

static const c138_action validators_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "validators",
    .summary = "Who validates, who is missing, how many more may fail",
    .example = "",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(NODE_PARAM),
    .results = C138_FIELDS(
        STR("consensus", "Consensus protocol"), UINT("block", "As of this block"),
        UINT("validators", "Size of the set"),
        UINT("quorum", "Validators that a block needs, ceil(2N/3) in QBFT and IBFT 2.0"),
        UINT("missing", "Validators that do not take part"),
        INT("margin", "How many more may fail; below 0: too few are there"),
        BLOCKS("window", "Blocks that were looked at"),
        ROWS("members", "The validators", ADDRESS("address", "Its address"), NODE,
             C138_FIELD(.name = "state", .type = C138_T_ENUM,
                        .choices = C138_TEXTS("ok", "missing", "late", "waiting"),
                        .summary = "late: let its last turn pass; waiting: had no turn yet"),
             YES("connected", "Connected to a watched node, or watched itself"),
             UINT("proposed", "Blocks it proposed in the window"),
             UINT("missed", "Turns it let pass in the window"),
             UINT("missed_in_row", "Turns it let pass since it last proposed"),
             UINT("last_block", "The last block it proposed"),
             UINT("signer_blocks", "Blocks in the node's own signer metrics"))),
    .run = validators_locked,
};

static const c138_action peers_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "peers",
    .summary = "Who is connected to a node",
    .example = "--node local",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(NODE_PARAM),
    .results = C138_FIELDS(
        ROWS("peers", "The peers", NODE, STR("client", "Client and version"),
             STR("remote", "Address and port"), YES("inbound", "It dialled this node"),
             UINT("head", "Its head as far as it was told"),
             ADDRESS("account", "The account of its node key"),
             YES("validator", "That account is a validator"), STR("enode", "Its enode URL"))),
    .run = peers_locked,
};

static const c138_action txpool_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "txpool",
    .summary = "What waits in the transaction pools",
    .example = "",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(NODE_PARAM),
    .results =
        C138_FIELDS(ROWS("nodes", "The nodes", NODE, UINT("transactions", "In the pool"),
                         UINT("local", "Sent to this node"), UINT("remote", "Heard from peers"),
                         UINT("queued", "Waiting for an earlier nonce"),
                         UINT("max_size", "Limit of the pool; absent: none (layered pool)"), TEXT)),
    .run = txpool_locked,
};

static const c138_action nodes_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "nodes",
    .summary = "The nodes of the config",
    .example = "",
    .results = C138_FIELDS(ROWS("nodes", "The nodes", STR("name", "Its name"),
                                STR("url", "Its JSON-RPC address"),
                                STR("auth", "none, token or login"), STR("log_file", "Its log"),
                                STR("role", "validator, or what the config says"),
                                ADDRESS("address", "The account of its node key"))),
    .run = nodes_locked,
};

static const c138_action consensus_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "consensus",
    .summary = "Rounds, proposers, and what a halted chain waits for",
    .help =
        "Round and proposer of each of the last blocks, from their extraData. On a halted chain "
        "the round in which each validator is and when its timer ends (from log_file of the "
        "nodes), when the rounds meet, and what is quickest: to wait, to start what is missing, "
        "or to restart all validators together, which resets the timers. Timers double with "
        "each round, so that after a long halt one restarted validator needs about as long as the "
        "halt lasted to reach the others.",
    .example = "--blocks 10",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(NODE_PARAM,
                          C138_FIELD(.name = "blocks", .type = C138_T_UINT, .unit = "blocks",
                                     .min_text = "1", .max_text = "256",
                                     .summary = "How many blocks; without it consensus_blocks")),
    .results = C138_FIELDS(
        C138_FIELD(.name = "state", .type = C138_T_ENUM,
                   .choices = C138_TEXTS("running", "degraded", "halted", "unknown"),
                   .summary = "Whether blocks are made"),
        C138_FIELD(.name = "advice", .type = C138_T_ENUM,
                   .choices =
                       C138_TEXTS("none", "wait", "start-validators", "restart-together", "look"),
                   .summary = "What is quickest"),
        TEXT, STR("consensus", "Consensus protocol"), UINT("head", "Latest block"),
        SECONDS("head_age", "Its age"), SECONDS("block_period", "Time between blocks"),
        SECONDS("request_timeout", "Timer of round 0"), UINT("validators", "Size of the set"),
        UINT("quorum", "Validators that a block needs"),
        INT("margin", "How many more may fail; below 0: too few are there"),
        ROWS("members", "The validators", ADDRESS("address", "Its address"), NODE,
             YES("missing", "It does not take part"), UINT("round", "The round it is in"),
             TIME("timer_ends", "When that round ends for it"), SECONDS("timer_left", "Until then"),
             STR("source", "own: its own log; heard: the log of another; none: no log")),
        OBJECT("meeting", "When the rounds meet if nothing is done",
               YES("possible", "Enough validators run for that"), UINT("round", "In this round"),
               TIME("at", "Then"), SECONDS("in", "From now")),
        OBJECT("started", "When they meet if the missing validators needed are started now",
               YES("possible", "It can be reckoned"), UINT("round", "In this round"),
               TIME("at", "Then"), SECONDS("in", "From now")),
        OBJECT("restarted", "When they meet if all validators are restarted together now",
               YES("possible", "It can be reckoned"), UINT("round", "In this round"),
               TIME("at", "Then"), SECONDS("in", "From now")),
        ROWS("blocks", "The last blocks, newest first", UINT("number", "Block"),
             TIME("time", "Its time"), SECONDS("after", "Since the block before"),
             ADDRESS("proposer", "Who made it"), NODE, UINT("round", "Its round"),
             C138_FIELD(.name = "missed", .type = C138_T_LIST,
                        .summary = "Validators that let their turn pass",
                        .fields = C138_FIELDS(ADDRESS("validator", "Its address"))))),
    .run = consensus_locked,
};

static const c138_action peer_add_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "peer-add",
    .summary = "Make a node connect to a peer and keep to it",
    .help =
        "Besu answers true also for a peer that its allowlist forbids or that nobody can reach. "
        "So the connection is waited for, and where it does not come, the reason is looked for.",
    .example = "--node local --enode enode://...@10.0.0.7:30303",
    .lock = "besu-peers",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(
        C138_FIELD(.name = "enode", .type = C138_T_ENODE,
                   .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .summary = "The peer"),
        NODE_PARAM,
        C138_FIELD(.name = "wait", .type = C138_T_DURATION, .default_text = "5s", .max_text = "8s",
                   .summary = "How long to wait for the connection")),
    .results = C138_FIELDS(NODE, YES("connected", "It is connected now"),
                           YES("added", "It is new on the node's list"), TEXT),
    .run = peer_add_locked,
};

static const c138_action peer_remove_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "peer-remove",
    .summary = "Make a node drop a peer",
    .lock = "besu-peers",
    .example = "--node local --enode enode://...@10.0.0.7:30303",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(
        C138_FIELD(.name = "enode", .type = C138_T_ENODE, .complete = "besu.peers#enode",
                   .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .summary = "The peer"),
        NODE_PARAM,
        C138_FIELD(.name = "wait", .type = C138_T_DURATION, .default_text = "5s", .max_text = "8s",
                   .summary = "How long to wait until it is gone")),
    .results = C138_FIELDS(NODE, YES("connected", "It is still connected"),
                           YES("removed", "It was on the node's list"), TEXT),
    .run = peer_remove_locked,
};

static const c138_action log_level_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "log-level",
    .summary = "Change what a node logs, until it is restarted",
    .lock = "besu-log",
    .example = "--node local --level DEBUG --logger org.hyperledger.besu.consensus",
    .timeout_ns = 30 * C138_NS_PER_S,
    .params = C138_FIELDS(
        C138_FIELD(.name = "level", .type = C138_T_ENUM,
                   .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
                   .choices = C138_TEXTS("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"),
                   .summary = "The new level"),
        NODE_PARAM,
        C138_FIELD(.name = "logger", .type = C138_T_STRING, .max_text = "255",
                   .summary = "A Java package or class; without it everything")),
    .results = C138_FIELDS(NODE, STR("level", "The level asked for"),
                           STR("logger", "For which logger"), TEXT),
    .run = log_level_locked,
};

static const c138_action explain_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "explain",
    .summary = "What a node means that refuses a transaction",
    .help = "For what Besu, geth and anvil answer to eth_sendRawTransaction. No node is asked.",
    .example = "\"Known transaction\"",
    .params = C138_FIELDS(C138_FIELD(.name = "message", .type = C138_T_STRING, .max_text = "4096",
                                     .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
                                     .summary = "The text of the node's error"),
                          INT("code", "Its code, as -32000")),
    .results = C138_FIELDS(
        STR("key", "A stable word for it; tx.refused: not known"),
        C138_FIELD(.name = "taken", .type = C138_T_ENUM,
                   .choices = C138_TEXTS("no", "yes", "unclear"),
                   .summary = "Whether the node has the transaction, so that it may be mined"),
        YES("again", "The same bytes may be taken later, or by another node"),
        STR("meaning", "What it means"), STR("mend", "What to do")),
    .run = besu_explain_run,
};

static const c138_action *const actions[] = {
    &status_action,
    &sync_action,
    &validators_action,
    &peers_action,
    &txpool_action,
    &nodes_action,
    &consensus_action,
    &peer_add_action,
    &peer_remove_action,
    &log_level_action,
    &explain_action,
    &besu_vote_action,
    &besu_votes_action,
    &besu_account_allow_action,
    &besu_account_deny_action,
    &besu_node_allow_action,
    &besu_node_deny_action,
    &besu_permissions_action,
    &besu_accounts_action,
    &besu_txpool_clear_action,
    &besu_audit_action,
    NULL,
};

/* --- Events ---------------------------------------------------------------------------------- */

#define VOTED                                                                                      \
    ADDRESS("validator", "Whom it was on"),                                                        \
        C138_FIELD(.name = "vote", .type = C138_T_ENUM, .choices = C138_TEXTS("add", "remove"),    \
                   .summary = "What was voted")
#define WHICH_LIST                                                                                 \
    C138_FIELD(.name = "list", .type = C138_T_ENUM, .choices = C138_TEXTS("accounts", "nodes"),    \
               .summary = "Which list")
#define NODES_OF(n, s)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(STR("node", "A node")))

static const c138_event *const events[] = {
    C138_EVENT(.topic = "besu.head", .flags = C138_EVENT_COALESCE, .severity = C138_SEVERITY_INFO,
               .summary = "A node has a new latest block",
               .fields = C138_FIELDS(
                   NODE, UINT("number", "Block"), HASH("hash", "Its hash"),
                   TIME("time", "Its time"), UINT("transactions", "Transactions in it"),
                   ADDRESS("proposer", "Who made it"), UINT("round", "In which round"))),
    C138_EVENT(.topic = "besu.stalled", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_CRITICAL, .summary = "No new block for too long",
               .fields =
                   C138_FIELDS(NODE, TEXT, UINT("number", "Latest block"),
                               SECONDS("age", "Its age"), UINT("validators", "Size of the set"),
                               UINT("missing", "Validators that do not take part"),
                               UINT("quorum", "Validators that a block needs"))),
    C138_EVENT(.topic = "besu.lagging", .flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_WARNING,
               .summary = "A node is behind its peers",
               .fields = C138_FIELDS(NODE, TEXT, UINT("number", "Its latest block"),
                                     BLOCKS("behind", "Behind its peers"))),
    C138_EVENT(.topic = "besu.peers-low", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING, .summary = "A node has too few peers",
               .fields = C138_FIELDS(NODE, TEXT, UINT("peers", "Connected peers"),
                                     UINT("minimum", "Wanted at least"))),
    C138_EVENT(.topic = "besu.validator-missing", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING, .summary = "A validator does not take part",
               .fields = C138_FIELDS(ADDRESS("validator", "Its address"), NODE,
                                     UINT("last_proposed", "Its last block"),
                                     UINT("missed_turns", "Turns it let pass since"),
                                     YES("connected", "It is connected to a watched node"),
                                     UINT("missing", "Validators missing in all"),
                                     INT("margin", "How many more may fail"))),
    C138_EVENT(.topic = "besu.fork", .flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_CRITICAL,
               .summary = "Two nodes have different blocks at one height",
               .fields = C138_FIELDS(NODE, UINT("number", "Height"), HASH("hash", "Its block"),
                                     STR("other_node", "The other node"),
                                     HASH("other_hash", "The other's block"))),
    C138_EVENT(.topic = "besu.unreachable", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_CRITICAL, .summary = "A node does not answer",
               .fields = C138_FIELDS(NODE, TEXT, STR("reason", "The error's key"))),
    C138_EVENT(.topic = "besu.recovered", .flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_INFO,
               .summary = "A trouble is over",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "from", .type = C138_T_ENUM, .summary = "Which trouble",
                              .choices = C138_TEXTS("unreachable", "stalled", "lagging",
                                                    "peers-low", "fork", "validator-missing",
                                                    "accounts-drift", "nodes-drift")),
                   NODE, ADDRESS("validator", "The validator that is back"),
                   SECONDS("after", "How long it lasted"))),
    C138_EVENT(.topic = "besu.vote.effective", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_INFO, .summary = "A vote changed the validator set",
               .fields = C138_FIELDS(VOTED, UINT("block", "At this block"), TEXT)),
    C138_EVENT(.topic = "besu.vote.expired", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING,
               .summary = "A vote did not take effect before the epoch ended",
               .fields = C138_FIELDS(VOTED, UINT("block", "At this block"), TEXT)),
    C138_EVENT(.topic = "besu.vote.reissued", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_INFO,
               .summary = "A node had forgotten a vote that is wanted, and has it again",
               .fields = C138_FIELDS(VOTED, NODE)),
    C138_EVENT(.topic = "besu.vote.held", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING,
               .summary = "A vote is not cast again for now: the quorum would be lost",
               .fields = C138_FIELDS(VOTED, TEXT)),
    C138_EVENT(.topic = "besu.permissions-drift", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING, .summary = "The allowlists of the nodes differ",
               .fields = C138_FIELDS(WHICH_LIST, UINT("count", "Entries that differ"),
                                     ROWS("entries", "The first of them",
                                          STR("entry", "Account or enode"),
                                          NODES_OF("on", "Nodes whose list has it"),
                                          NODES_OF("not_on", "Nodes whose list lacks it")),
                                     TEXT)),
    C138_EVENT(.topic = "besu.permission-undone", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING,
               .summary = "A change of allowlists that was cut off was taken back on a node",
               .fields = C138_FIELDS(NODE, WHICH_LIST, STR("item", "Account or enode"), TEXT)),
    NULL,
};

/* --- Metrics --------------------------------------------------------------------------------- */

#define GAUGE(n, h) C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_besu_" n, .help = h)
#define NODE_GAUGE(n, h)                                                                           \
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_besu_" n, .help = h,                  \
                .labels = C138_TEXTS("node"))
#define VALIDATOR_GAUGE(n, h)                                                                      \
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_besu_" n, .help = h,                  \
                .labels = C138_TEXTS("validator"))

static const c138_metric *const metrics[] = {
    NODE_GAUGE("up", "1 if the node answered the last poll"),
    NODE_GAUGE("head_number", "Latest block"),
    NODE_GAUGE("head_age_seconds", "Age of the latest block"),
    NODE_GAUGE("head_round", "Consensus round of the latest block"),
    NODE_GAUGE("syncing", "What eth_syncing says; no sign of health"),
    NODE_GAUGE("stalled", "1 if no block came for too long"),
    NODE_GAUGE("behind_blocks", "Blocks behind the highest known head"),
    NODE_GAUGE("peers", "Connected peers"),
    NODE_GAUGE("txpool_transactions", "Transactions in the pool"),
    NODE_GAUGE("rpc_seconds", "Duration of the last poll's request"),
    C138_METRIC(.type = C138_METRIC_COUNTER, .name = "chain138_besu_poll_failures_total",
                .help = "Polls that the node did not answer", .labels = C138_TEXTS("node")),
    GAUGE("validators", "Size of the validator set"),
    GAUGE("validators_missing", "Validators that do not take part"),
    GAUGE("quorum", "Validators that a block needs"),
    GAUGE("quorum_margin", "How many more validators may fail; negative: too few are there"),
    GAUGE("halted", "1 if the chain makes no blocks"),
    GAUGE("block_period_seconds", "Usual time between blocks"),
    VALIDATOR_GAUGE("validator_missing", "1 if the validator does not take part"),
    VALIDATOR_GAUGE("validator_missed_turns", "Turns let pass since its last block"),
    VALIDATOR_GAUGE("validator_last_block", "Last block that the validator proposed"),
    VALIDATOR_GAUGE("validator_round", "Round in which the validator is, on a halted chain"),
    GAUGE("votes_wanted", "Votes that were asked for here and are not settled"),
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_besu_permissions_drift",
                .help = "Entries that are not on every node's allowlist",
                .labels = C138_TEXTS("list")),
    NULL,
};

/* --- Polling --------------------------------------------------------------------------------- */

int64_t besu_utc(const struct besu *b) {
    return b->host->now_ns(b->host, C138_CLOCK_UTC);
}
int64_t besu_mono(const struct besu *b) {
    return b->host->now_ns(b->host, C138_CLOCK_MONOTONIC);
}

/* The lowest head of all: a block that every node must have, and the same. */
static uint64_t reference_block(const struct besu *b) {
    uint64_t lowest = 0;
    if (b->n_nodes < 2)
        return 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        if (n->status == C138_OK && n->has_head && n->head.number > 0 &&
            (lowest == 0 || n->head.number < lowest))
            lowest = n->head.number;
    }
    return lowest;
}

static void on_block(void *user, const struct besu_block *block) {
    besu_chain_add(&((struct besu *)user)->chain, block);
}

void besu_look(struct besu *b, uint32_t i) {
    const struct besu_block *last = besu_chain_last(&b->chain);
    struct besu_node *n = b->nodes[i].node;
    (void)besu_node_poll(n, reference_block(b), last ? last->number : 0, GAP_MAX, on_block, b);
    besu_network_update(b);
    besu_node_judge(b, i);
    besu_network_update(b); /* a head that moved makes the chain younger */
    besu_watch_node(b, i);
    besu_watch_network(b);
}

void besu_look_if_older(struct besu *b, uint32_t i, int64_t max_age_ns) {
    const struct besu_node *n = b->nodes[i].node;
    if (!n->polled || c138_now_monotonic_ns() - n->polled_ns > max_age_ns)
        besu_look(b, i);
}

static void timer(void *self, uint64_t id) {
    struct besu *b = self;
    if (id != TIMER_POLL)
        return;
    besu_lock(b);
    if (b->n_nodes) {
        b->next %= b->n_nodes;
        besu_look(b, b->next);
        besu_wishes_tend(b, b->next); /* here only: what reads changes nothing */
        besu_permissions_tend(b, b->next++);
    }
    besu_unlock(b);
}

static void timer_start(struct besu *b) {
    if (!b->timers || !b->started)
        return;
    if (b->n_nodes == 0) {
        b->timers->cancel(b->host, TIMER_POLL);
        return;
    }
    /* One node a tick: a node that hangs holds up the others for one timeout only. */
    int64_t period = b->settings.poll_ns / b->n_nodes;
    (void)b->timers->start(b->host, TIMER_POLL, 0, period > 0 ? period : C138_NS_PER_MS);
}

/* --- Life ------------------------------------------------------------------------------------ */

static c138_status create(const c138_host *host, void **ret_self) {
    struct besu *b = c138_xcalloc(1, sizeof(*b));
    b->host = host;
    (void)pthread_mutex_init(&b->lock, NULL);
    *ret_self = b;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    besu_lock(self);
    c138_status status = besu_settings_prepare(self, settings);
    besu_unlock(self);
    return status;
}

static void commit(void *self, uint32_t apply) {
    struct besu *b = self;
    besu_lock(b);
    besu_settings_commit(b, apply);
    if (apply) {
        besu_wishes_nodes_changed(b);
        timer_start(b);
    }
    besu_unlock(b);
}

static c138_status start(void *self) {
    struct besu *b = self;
    b->bus = b->host->get_extension(b->host, C138_EXT_BUS);
    b->metrics = b->host->get_extension(b->host, C138_EXT_METRICS);
    b->timers = b->host->get_extension(b->host, C138_EXT_TIMER);
    b->kv = b->host->get_extension(b->host, C138_EXT_KV);
    b->caller = b->host->get_extension(b->host, C138_EXT_CALL);
    b->started = 1;
    besu_wishes_load(b);
    besu_change_load(b);
    if (!b->timers)
        b->host->log(b->host, C138_LOG_WARNING,
                     "besu: the service \"timer\" is not granted: nodes are asked only when an "
                     "action is called, and no events come: add it to grants");
    timer_start(b);
    return C138_OK;
}

static void stop(void *self) {
    struct besu *b = self;
    if (b->timers)
        b->timers->cancel(b->host, TIMER_POLL);
    b->started = 0;
}

static void destroy(void *self) {
    struct besu *b = self;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        besu_node_free(b->nodes[i].node);
    besu_settings_commit(b, 0);
    besu_audit_forget(b);
    besu_change_deinit(&b->begun);
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
}

static uint32_t health_locked(void *self, c138_text_fn on_text, void *user) {
    besu_lock(self);
    uint32_t health = besu_health(self, on_text, user);
    besu_unlock(self);
    return health;
}

static void rows_locked(void *self, c138_call *out) {
    besu_lock(self);
    besu_status_rows(self, out);
    besu_unlock(self);
}

static const void *get_extension(void *self, const char *id) {
    static const c138_health health = {C138_SIZED(c138_health), .health = health_locked};
    static const c138_status_ext status = {C138_SIZED(c138_status_ext), .status = rows_locked};
    (void)self;
    if (strcmp(id, C138_EXT_HEALTH) == 0)
        return &health;
    return strcmp(id, C138_EXT_STATUS) == 0 ? &status : NULL;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "besu",
    .version = "0.1.0",
    .summary = "Watches Besu nodes, and changes who validates, sends and connects",
    .license = "Apache-2.0",
    .settings = besu_setting_fields,
    .actions = actions,
    .events = events,
    .metrics = metrics,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .timer = timer,
    .stop = stop,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
