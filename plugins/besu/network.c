#include "besu.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS_WINDOW BESU_CHAIN_MAX
#define SLACK_NS C138_NS_PER_S             /* blocks carry whole seconds */
#define CLOCK_ERROR_NS (3 * C138_NS_PER_S) /* a clock that is wrong by less does no harm */
#define SILENT_NS (5 * C138_NS_PER_S)      /* after a timer ended: messages are sent at once */
#define LOG_ERROR_NS (120 * C138_NS_PER_S) /* how long an old log line counts */

const char *besu_state_name(enum besu_state state) {
    static const char *const names[] = {"unknown",     "ok",      "starting",
                                        "syncing",     "lagging", "stalled",
                                        "other-chain", "refused", "unreachable"};
    return (size_t)state < C138_COUNT(names) ? names[state] : "unknown";
}

static int is_bft(enum besu_consensus c) {
    return c == BESU_CONSENSUS_QBFT || c == BESU_CONSENSUS_IBFT;
}

struct besu_member *besu_member_find(struct besu *b, const struct besu_address *address) {
    for (uint32_t i = 0; i < b->net.validators; i++)
        if (memcmp(&b->net.members[i].address, address, sizeof(*address)) == 0)
            return &b->net.members[i];
    return NULL;
}

void besu_member_name(const struct besu *b, const struct besu_member *m, char *ret_text,
                      size_t size) {
    char address[BESU_ADDRESS_TEXT];
    besu_address_write(&m->address, address);
    if (m->node >= 0)
        snprintf(ret_text, size, "%s (%s)", b->nodes[m->node].node->config.name, address);
    else
        snprintf(ret_text, size, "%s", address);
}

struct besu_quorum_state besu_network_quorum(const struct besu *b) {
    return besu_quorum_state(b->net.consensus, b->net.validators,
                             b->net.validators - b->net.missing);
}

int besu_network_stands(const struct besu *b) {
    return b->net.halted || b->net.elsewhere;
}

static int answers(const struct besu *b, uint32_t i) {
    const struct besu_node *n = b->nodes[i].node;
    return n->polled && n->status == C138_OK && n->has_head;
}

/* --- The head -------------------------------------------------------------------------------- */

/*
 * How old a node's head is: by its own time, unless it was seen moving much later than that. A host
 * whose clock is wrong must not call a healthy chain halted. A genesis may have any time, 1970 as a
 * rule: block 0 is as old as we know the node.
 */
static int64_t head_age(const struct besu *b, const struct besu_watched *w) {
    if (w->node->head.number == 0)
        return w->first_answer_ns ? besu_mono(b) - w->first_answer_ns : 0;
    int64_t by_clock = besu_utc(b) - w->node->head.time * C138_NS_PER_S;
    int64_t by_watch = w->moved_ns ? besu_mono(b) - w->moved_ns : INT64_MAX / 2;
    int64_t age = by_clock <= by_watch + b->settings.poll_ns + CLOCK_ERROR_NS ? by_clock : by_watch;
    return age > 0 ? age : 0;
}

static void note_head(struct besu *b, struct besu_watched *w) {
    const struct besu_node *n = w->node;
    if (n->status != C138_OK) {
        w->first_answer_ns = 0;
        w->moved_ns = 0;
        w->seen_number = 0;
        w->peers_head = 0;
        w->peers_moved_ns = 0;
        return;
    }
    if (besu_node_peers_head(n) > w->peers_head) {
        w->peers_head = besu_node_peers_head(n);
        w->peers_moved_ns = n->answered_ns;
    }
    if (w->first_answer_ns == 0) {
        w->first_answer_ns = besu_mono(b);
        w->seen_number = n->head.number;
    } else if (n->head.number != w->seen_number) {
        w->seen_number = n->head.number;
        w->moved_ns = n->answered_ns;
    }
}

static void find_head(struct besu *b) {
    struct besu_network *net = &b->net;
    net->has_head = 0;
    net->answering = 0;
    net->chain_id = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        struct besu_watched *w = &b->nodes[i];
        if (!answers(b, i))
            continue;
        net->answering++;
        w->age_ns = head_age(b, w);
        if (net->chain_id == 0)
            net->chain_id = w->node->chain_id;
        if (w->node->chain_id != net->chain_id)
            continue;
        if (net->has_head && w->node->head.number == net->head.number && w->age_ns < net->age_ns)
            net->age_ns = w->age_ns;
        if (net->has_head && w->node->head.number <= net->head.number)
            continue;
        net->has_head = 1;
        net->head = w->node->head;
        net->head_node = (int)i;
        net->age_ns = w->age_ns;
    }
}

/* --- Times ----------------------------------------------------------------------------------- */

static void find_times(struct besu *b) {
    struct besu_network *net = &b->net;
    net->period_ns = b->settings.block_period_ns;
    if (net->period_ns == 0 && b->chain.count >= 8)
        net->period_ns = besu_chain_period_ns(&b->chain);
    net->timeout_ns = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        const struct besu_log_state *log = n->log ? besu_logtail_state(n->log) : NULL;
        if (net->period_ns == 0)
            net->period_ns = n->config_period_ns;
        if (log && log->timeout_ns)
            net->timeout_ns = log->timeout_ns;
        else if (net->timeout_ns == 0)
            net->timeout_ns = n->request_timeout_ns;
    }
    if (net->period_ns == 0)
        net->period_ns = besu_chain_period_ns(&b->chain);
    int64_t period = net->period_ns ? net->period_ns : 5 * C138_NS_PER_S;
    int64_t timeout = net->timeout_ns || !is_bft(net->consensus) ? net->timeout_ns : 2 * period;
    net->stalled_after_ns = b->settings.stalled_after_ns;
    if (net->stalled_after_ns) /* as the operator says */
        return;
    /* One dead proposer costs a timeout; that is no halt. */
    net->stalled_after_ns =
        is_bft(net->consensus) ? 2 * period + timeout + SLACK_NS : 4 * period + SLACK_NS;
}

/* --- Validators ------------------------------------------------------------------------------ */

static void take_set(struct besu *b) {
    struct besu_network *net = &b->net;
    if (!net->has_head)
        return;
    struct besu_node *source = b->nodes[net->head_node].node;
    net->consensus = source->consensus;
    for (uint32_t i = 0; source->validators.count == 0 && i < b->n_nodes; i++)
        if (answers(b, i) && b->nodes[i].node->chain_id == net->chain_id)
            source = b->nodes[i].node; /* one with the right API */
    if (source->validators.count == 0)
        return; /* keep what is known: an API that fails once takes no validator away */
    struct besu_validators set = source->validators;
    besu_validators_sort(&set);
    if (set.count == net->set.count &&
        memcmp(set.list, net->set.list, sizeof(set.list[0]) * set.count) == 0)
        return;
    struct besu_member *members = c138_xcalloc(set.count, sizeof(*members));
    for (uint32_t i = 0; i < set.count; i++) {
        const struct besu_member *old = besu_member_find(b, &set.list[i]);
        members[i] = old ? *old : (struct besu_member){.address = set.list[i]};
    }
    for (uint32_t i = 0; i < net->validators; i++)
        if (besu_validators_find(&set, &net->members[i].address) < 0)
            besu_watch_forget_member(b, &net->members[i]);
    memcpy(net->members, members, sizeof(*members) * set.count);
    free(members);
    net->set = set;
    net->validators = set.count;
    net->quorum = besu_quorum(net->consensus, set.count);
}

static void find_connection(struct besu *b, struct besu_member *m) {
    int seen = -1;
    m->node = -1;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        int own = n->has_address && memcmp(&n->address, &m->address, sizeof(m->address)) == 0;
        if (own)
            m->node = (int)i;
        int sees = own ? (answers(b, i) ? 1 : -1) : besu_node_sees(n, &m->address);
        if (sees > seen)
            seen = sees;
    }
    if (seen == 0 && m->connected == 1)
        m->lost_at = b->net.head.number;
    if (seen == 1 && m->connected == 0)
        m->back_at = b->net.head.number;
    if (seen >= 0)
        m->was_connected |= seen;
    m->connected = seen;
}

/* On a halted chain turns tell nothing new; what the logs heard of it does, and its connections. */
static int is_missing_halted(const struct besu_member *m) {
    if (m->has_round && !m->silent)
        return 0;
    return m->connected == 0 || (m->silent && m->connected < 0);
}

/* Does it let its turns pass, or was it lost? See docs/besu.md, "Which validator is missing". */
static int is_missing(const struct besu *b, const struct besu_member *m) {
    const struct besu_turns *t = &m->turns;
    if (b->net.halted && is_bft(b->net.consensus) && (m->has_round || m->connected >= 0))
        return is_missing_halted(m);
    if (t->missed_in_row >= b->settings.missing_turns && t->last_missed > m->back_at)
        return 1;
    if (m->connected != 0)
        return 0;
    return m->was_connected ? t->last_proposed <= m->lost_at : t->missed_in_row > 0;
}

static void find_members(struct besu *b) {
    struct besu_network *net = &b->net;
    struct besu_turns *turns = c138_xcalloc(net->validators + 1, sizeof(*turns));
    besu_chain_turns(&b->chain, &net->set, TURNS_WINDOW, turns);
    net->missing = 0;
    for (uint32_t i = 0; i < net->validators; i++) {
        struct besu_member *m = &net->members[i];
        m->turns = turns[i];
        find_connection(b, m);
        m->missing = is_missing(b, m);
        net->missing += (uint32_t)m->missing;
    }
    net->margin = (int)(net->validators - net->missing) - (int)net->quorum;
    free(turns);
}

/* --- Rounds, from the logs ------------------------------------------------------------------- */

static void take_round(struct besu_member *m, uint32_t round, int64_t since_ns, int64_t ends_ns,
                       int own) {
    /* Its own timer is exact; what others heard of it counts if it is newer than that. */
    if (m->has_round && m->round_since_ns >= since_ns - SLACK_NS && !(own && !m->round_is_own))
        return;
    if (m->has_round && own && since_ns < m->round_since_ns - SLACK_NS)
        return;
    m->has_round = 1;
    m->round = round;
    m->round_since_ns = since_ns;
    m->round_ends_ns = ends_ns;
    m->round_is_own = own;
}

static void rounds_of_log(struct besu *b, const struct besu_node *n) {
    const struct besu_log_state *log = besu_logtail_state(n->log);
    int64_t head_ns = b->net.head.time * C138_NS_PER_S;
    if (log->block > b->net.head.number)
        return; /* the log is ahead of what was polled: the rounds are over */
    struct besu_member *self = n->has_address ? besu_member_find(b, &n->address) : NULL;
    if (self && log->has_timer && log->timer_set_ns >= head_ns)
        take_round(self, log->timer_round, log->timer_set_ns, log->timer_ends_ns, 1);
    for (uint32_t i = 0; i < log->n_rounds; i++) {
        const struct besu_log_round *r = &log->rounds[i];
        struct besu_member *m = besu_member_find(b, &r->address);
        if (!m || r->since_ns < head_ns || r->round > BESU_ROUND_MAX)
            continue;
        int64_t ends = b->net.timeout_ns > 0 && b->net.timeout_ns < 3600 * C138_NS_PER_S
                           ? r->since_ns + b->net.timeout_ns * (INT64_C(1) << r->round)
                           : 0;
        take_round(m, r->round, r->since_ns, ends, 0);
    }
}

static void find_rounds(struct besu *b) {
    int64_t now = besu_utc(b);
    b->net.encoding_errors = 0;
    for (uint32_t i = 0; i < b->net.validators; i++)
        b->net.members[i].has_round = b->net.members[i].silent = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        if (!n->log)
            continue;
        const struct besu_log_state *log = besu_logtail_state(n->log);
        if (log->encoding_errors && now - log->encoding_error_ns < LOG_ERROR_NS)
            b->net.encoding_errors++;
        if (b->net.has_head && is_bft(b->net.consensus))
            rounds_of_log(b, n);
    }
    for (uint32_t i = 0; i < b->net.validators; i++) {
        struct besu_member *m = &b->net.members[i];
        m->silent = m->has_round && m->round_ends_ns && m->round_ends_ns + SILENT_NS < now;
    }
}

/* --- Judgement ------------------------------------------------------------------------------- */

/* The head of peers that went on lately, where all watched nodes are behind it: it is they that
 * stand still, not the network. A peer that is one ahead is that for a moment in any network. */
static uint64_t find_elsewhere(const struct besu *b) {
    const struct besu_network *net = &b->net;
    uint64_t head = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_watched *w = &b->nodes[i];
        if (answers(b, i) && w->node->chain_id == net->chain_id && w->peers_head > head &&
            w->peers_moved_ns && besu_mono(b) - w->peers_moved_ns <= net->stalled_after_ns)
            head = w->peers_head;
    }
    return net->has_head && head > net->head.number + 1 ? head : 0;
}

static void judge_halt(struct besu *b) {
    struct besu_network *net = &b->net;
    net->elsewhere = net->age_ns > net->period_ns + SLACK_NS ? find_elsewhere(b) : 0;
    net->starting =
        net->has_head && net->head.number == 0 && net->age_ns < b->settings.start_grace_ns;
    net->halted = net->has_head && !net->starting && !net->elsewhere &&
                  net->age_ns > net->stalled_after_ns;
    /* With too few validators there it need not be waited for. */
    if (net->has_head && !net->starting && !net->elsewhere && net->validators > 0 &&
        net->margin < 0 && net->age_ns > net->period_ns + SLACK_NS)
        net->halted = 1;
}

void besu_network_update(struct besu *b) {
    find_head(b);
    take_set(b);
    find_times(b);
    find_rounds(b);
    find_members(b);
    judge_halt(b);
}

static void why_halted(const struct besu *b, char *ret_text, size_t size) {
    const struct besu_network *net = &b->net;
    if (net->validators == 0)
        snprintf(ret_text, size, "no new block");
    else if (net->margin < 0)
        snprintf(ret_text, size, "%u of %u validators take part, %u are needed",
                 net->validators - net->missing, net->validators, net->quorum);
    else
        snprintf(ret_text, size, "%u of %u validators seem to be there: ask besu.consensus",
                 net->validators - net->missing, net->validators);
}

static void judge_answering(struct besu *b, struct besu_watched *w) {
    const struct besu_node *n = w->node;
    const struct besu_network *net = &b->net;
    char age[C138_DURATION_TEXT], why[160];
    uint64_t best = besu_node_peers_head(n);
    if (net->has_head && net->head.number > best)
        best = net->head.number;
    w->behind = best > n->head.number ? best - n->head.number : 0;
    w->age_ns = head_age(b, w);
    c138_duration_human(w->age_ns, age);
    int64_t up_ns = w->first_answer_ns ? besu_mono(b) - w->first_answer_ns : 0;
    int64_t still_ns = w->moved_ns ? besu_mono(b) - w->moved_ns : up_ns;
    if (net->chain_id && n->chain_id && n->chain_id != net->chain_id) {
        w->state = BESU_OTHER_CHAIN;
        snprintf(w->text, sizeof(w->text), "chain id %llu, the others are on %llu",
                 (unsigned long long)n->chain_id, (unsigned long long)net->chain_id);
    } else if (n->head.number == 0 && w->behind == 0 && up_ns < b->settings.start_grace_ns) {
        /* A fresh node says "not syncing" and "ready" before it knows of any other block. */
        w->state = BESU_STARTING;
        snprintf(w->text, sizeof(w->text), "at block 0, no peer's head is known yet");
    } else if (w->behind > b->settings.lag_blocks && still_ns < b->settings.start_grace_ns &&
               n->syncing) {
        w->state = BESU_SYNCING;
        snprintf(w->text, sizeof(w->text), "syncing, %llu blocks behind",
                 (unsigned long long)w->behind);
    } else if (w->behind > b->settings.lag_blocks ||
               (net->elsewhere && w->behind && w->age_ns > net->stalled_after_ns)) {
        w->state = BESU_LAGGING;
        snprintf(w->text, sizeof(w->text), "%llu blocks behind its peers, head %s old",
                 (unsigned long long)w->behind, age);
    } else if (w->age_ns > net->stalled_after_ns || net->halted) {
        w->state = BESU_STALLED;
        why_halted(b, why, sizeof(why));
        snprintf(w->text, sizeof(w->text), "no block for %s: %s", age, why);
    } else {
        w->state = BESU_OK;
    }
}

void besu_node_judge(struct besu *b, uint32_t i) {
    struct besu_watched *w = &b->nodes[i];
    const struct besu_node *n = w->node;
    note_head(b, w);
    w->text[0] = '\0';
    if (!n->polled) {
        w->state = BESU_UNKNOWN;
    } else if (n->status == C138_OK) {
        judge_answering(b, w);
    } else {
        w->state = n->status == C138_E_DENIED ? BESU_REFUSED : BESU_UNREACHABLE;
        snprintf(w->text, sizeof(w->text), "%.250s", n->error.text);
    }
}
