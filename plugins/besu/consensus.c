/* besu.consensus: the last rounds, and on a halted chain what it waits for and what is quickest. */
#include "besu.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_NS (500 * C138_NS_PER_MS)
#define WORTH_NS (10 * C138_NS_PER_S) /* a restart must save more than this to be advised */

/* What can be reckoned about a halted chain. */
struct outlook {
    int64_t now_ns;
    uint32_t running; /* validators that take part */
    uint32_t unknown; /* of these: in a round that no log tells */
    int64_t timeout_ns;
    struct besu_meeting meeting, started, restarted;
    const char *advice;
    char text[1024];
};

/* --- Reckoning ------------------------------------------------------------------------------- */

static void runners_now(const struct besu *b, struct besu_runner *runners, struct outlook *o) {
    for (uint32_t i = 0; i < b->net.validators; i++) {
        const struct besu_member *m = &b->net.members[i];
        runners[i] = (struct besu_runner){0};
        if (m->missing)
            continue;
        o->running++;
        if (!m->has_round || m->silent) {
            o->unknown++;
            continue;
        }
        runners[i] = (struct besu_runner){
            .takes_part = 1, .round = m->round, .entered_ns = m->round_since_ns};
    }
}

static struct besu_meeting meet(const struct besu *b, const struct besu_runner *runners,
                                const struct outlook *o) {
    return besu_rounds_meet(runners, b->net.validators, b->net.quorum,
                            besu_chain_next_proposer(&b->chain, &b->net.set), o->timeout_ns,
                            o->now_ns);
}

static void reckon(const struct besu *b, struct outlook *o) {
    const struct besu_network *net = &b->net;
    struct besu_runner *runners = c138_xcalloc(net->validators + 1, sizeof(*runners));
    int64_t restart = o->now_ns + b->settings.restart_ns;
    runners_now(b, runners, o);
    o->timeout_ns = net->timeout_ns ? net->timeout_ns : 2 * net->period_ns;
    if (o->unknown == 0 && o->running >= net->quorum)
        o->meeting = meet(b, runners, o);
    /* The missing ones that the quorum needs, started now; the others go on as they are. */
    uint32_t needed = net->quorum > o->running ? net->quorum - o->running : 0;
    for (uint32_t i = 0, n = needed; i < net->validators && n > 0; i++)
        if (net->members[i].missing) {
            runners[i] = (struct besu_runner){.takes_part = 1, .entered_ns = restart};
            n--;
        }
    if (needed > 0 && o->unknown == 0)
        o->started = meet(b, runners, o);
    /* Everybody who runs or was started, from round 0. */
    for (uint32_t i = 0, n = needed; i < net->validators; i++) {
        int starts = net->members[i].missing && n > 0;
        if (net->members[i].missing && !starts)
            continue;
        n -= (uint32_t)starts;
        runners[i] = (struct besu_runner){.takes_part = 1, .entered_ns = restart};
    }
    o->restarted = meet(b, runners, o);
    if (o->restarted.possible) /* round 0 begins with the block period */
        o->restarted.at_ns += net->period_ns;
    free(runners);
}

static void missing_list(const struct besu *b, char *ret_text, size_t size) {
    size_t n = 0;
    ret_text[0] = '\0';
    for (uint32_t i = 0; i < b->net.validators && n + 140 < size; i++) {
        char name[128];
        if (!b->net.members[i].missing)
            continue;
        besu_member_name(b, &b->net.members[i], name, sizeof(name));
        n += (size_t)snprintf(ret_text + n, size - n, "%s%s", n ? ", " : "", name);
    }
}

static void human_in(const struct besu_meeting *m, int64_t now_ns,
                     char ret_text[C138_DURATION_TEXT]) {
    c138_duration_human(m->at_ns > now_ns ? m->at_ns - now_ns : 0, ret_text);
}

static void advise_start(const struct besu *b, struct outlook *o) {
    const struct besu_network *net = &b->net;
    char names[512], started[C138_DURATION_TEXT], restarted[C138_DURATION_TEXT];
    uint32_t needed = net->quorum - o->running;
    missing_list(b, names, sizeof(names));
    human_in(&o->started, o->now_ns, started);
    human_in(&o->restarted, o->now_ns, restarted);
    o->advice = "start-validators";
    int together = o->restarted.possible && o->started.possible &&
                   o->started.at_ns - o->restarted.at_ns > WORTH_NS;
    if (together)
        o->advice = "restart-together";
    int n = snprintf(o->text, sizeof(o->text),
                     "%u of %u validators take part, %u are needed: waiting does not help. Start "
                     "%u of: %s. ",
                     o->running, net->validators, net->quorum, needed, names);
    if (n < 0 || (size_t)n >= sizeof(o->text))
        return;
    size_t left = sizeof(o->text) - (size_t)n;
    if (together)
        snprintf(o->text + n, left,
                 "If only these are started, the rounds meet in about %s (round %u), because the "
                 "others wait in high rounds. Quickest: restart the others together with them: "
                 "about %s",
                 started, o->started.round, restarted);
    else if (o->started.possible)
        snprintf(o->text + n, left, "Then the next block comes in about %s (round %u)", started,
                 o->started.round);
    else if (o->restarted.possible)
        snprintf(o->text + n, left,
                 "When the rounds meet then is not known (no log_file tells the rounds); with all "
                 "validators restarted together it takes about %s",
                 restarted);
}

static void advise_meeting(const struct besu *b, struct outlook *o) {
    char wait[C138_DURATION_TEXT], restarted[C138_DURATION_TEXT];
    human_in(&o->meeting, o->now_ns, wait);
    human_in(&o->restarted, o->now_ns, restarted);
    if (o->meeting.possible && o->restarted.possible &&
        o->meeting.at_ns - o->restarted.at_ns > WORTH_NS) {
        o->advice = "restart-together";
        snprintf(o->text, sizeof(o->text),
                 "enough validators run, but in different rounds: left alone they meet in round %u "
                 "in about %s. Quickest: restart all %u running validators together, which resets "
                 "their timers: about %s. Restarting only some of them does not help",
                 o->meeting.round, wait, o->running, restarted);
    } else if (o->meeting.possible) {
        o->advice = "wait";
        snprintf(
            o->text, sizeof(o->text),
            "enough validators run; their rounds meet in round %u in about %s. Wait: a restart "
            "would not be quicker%s",
            o->meeting.round, wait, o->restarted.possible ? "" : " (it cannot be reckoned)");
    } else {
        o->advice = "look";
        snprintf(o->text, sizeof(o->text),
                 "%u of %u validators seem to run, which is enough, but no log tells their rounds: "
                 "set log_file for the nodes of this host; look at the logs of the others. All "
                 "validators restarted together would make a block in about %s",
                 o->running, b->net.validators, o->restarted.possible ? restarted : "?");
    }
}

static void advise(const struct besu *b, struct outlook *o) {
    const struct besu_network *net = &b->net;
    o->advice = "none";
    if (!net->has_head) {
        snprintf(o->text, sizeof(o->text), "no node answers");
    } else if (net->starting) {
        snprintf(o->text, sizeof(o->text), "at block 0: the first block is waited for");
    } else if (net->elsewhere) {
        o->advice = "look";
        snprintf(o->text, sizeof(o->text),
                 "peers go on at block %llu: it is the watched nodes that stand still",
                 (unsigned long long)net->elsewhere);
    } else if (!net->halted) {
        snprintf(o->text, sizeof(o->text),
                 net->missing ? "blocks are made; %u missing" : "blocks are made", net->missing);
    } else if (net->encoding_errors) {
        o->advice = "look";
        snprintf(o->text, sizeof(o->text),
                 "%u node%s cannot read the messages of other validators: versions before and "
                 "after 26.5 are mixed. Start every new one with --Xbft-legacy-protocol-encoding",
                 net->encoding_errors, net->encoding_errors == 1 ? "" : "s");
    } else if (net->validators == 0) {
        o->advice = "look";
        snprintf(o->text, sizeof(o->text), "no new block, and the validators are not known");
    } else if (net->consensus == BESU_CONSENSUS_CLIQUE) {
        o->advice = o->running < net->quorum ? "start-validators" : "look";
        snprintf(o->text, sizeof(o->text),
                 "%u of %u signers take part, %u are needed; clique has no rounds: blocks go on as "
                 "soon as enough signers run",
                 o->running, net->validators, net->quorum);
    } else if (o->running < net->quorum) {
        advise_start(b, o);
    } else {
        advise_meeting(b, o);
    }
}

/* --- The answer ------------------------------------------------------------------------------ */

static void set_address(c138_call *call, const char *key, const struct besu_address *a) {
    char text[BESU_ADDRESS_TEXT];
    besu_address_write(a, text);
    c138_set_str(call, key, text);
}

static void set_time(c138_call *call, const char *key, int64_t time_ns) {
    char text[C138_TIME_TEXT];
    c138_time_format(time_ns, text);
    c138_set_str(call, key, text);
}

static void write_meeting(c138_call *call, const char *key, const struct besu_meeting *m,
                          int64_t now_ns) {
    c138_open_object(call, key);
    c138_set_bool(call, "possible", (uint32_t)m->possible);
    if (m->possible) {
        c138_set_uint(call, "round", m->round);
        set_time(call, "at", m->at_ns);
        besu_set_seconds(call, "in", m->at_ns > now_ns ? m->at_ns - now_ns : 0);
    }
    c138_close(call);
}

static void write_members(const struct besu *b, c138_call *call, int64_t now_ns) {
    c138_open_list(call, "members");
    for (uint32_t i = 0; i < b->net.validators; i++) {
        const struct besu_member *m = &b->net.members[i];
        c138_open_object(call, NULL);
        set_address(call, "address", &m->address);
        if (m->node >= 0)
            c138_set_str(call, "node", b->nodes[m->node].node->config.name);
        c138_set_bool(call, "missing", (uint32_t)m->missing);
        if (m->has_round) {
            c138_set_uint(call, "round", m->round);
            if (m->round_ends_ns) {
                set_time(call, "timer_ends", m->round_ends_ns);
                besu_set_seconds(call, "timer_left",
                                 m->round_ends_ns > now_ns ? m->round_ends_ns - now_ns : 0);
            }
        }
        c138_set_str(call, "source", !m->has_round ? "none" : m->round_is_own ? "own" : "heard");
        c138_close(call);
    }
    c138_close(call);
}

static void write_block(struct besu *b, c138_call *call, const struct besu_chain *chain,
                        uint32_t i) {
    const struct besu_block *block = &chain->blocks[i];
    uint16_t missed[BESU_VALIDATORS_MAX];
    c138_open_object(call, NULL);
    c138_set_uint(call, "number", block->number);
    set_time(call, "time", block->time * C138_NS_PER_S);
    if (i > 0 && chain->blocks[i - 1].number > 0)
        besu_set_seconds(call, "after", (block->time - chain->blocks[i - 1].time) * C138_NS_PER_S);
    if (block->has_proposer) {
        const struct besu_member *m = besu_member_find(b, &block->proposer);
        set_address(call, "proposer", &block->proposer);
        if (m && m->node >= 0)
            c138_set_str(call, "node", b->nodes[m->node].node->config.name);
        c138_set_uint(call, "round", block->round);
    }
    c138_open_list(call, "missed");
    uint32_t n = besu_chain_missed(chain, i, &b->net.set, missed, BESU_VALIDATORS_MAX);
    for (uint32_t k = 0; k < n; k++)
        set_address(call, NULL, &b->net.set.list[missed[k]]);
    c138_close(call);
    c138_close(call);
}

static void add_block(void *user, const struct besu_block *block) {
    besu_chain_add(user, block);
}

/* The history holds what was polled; for more than that the node is asked. */
static void write_blocks(struct besu *b, c138_call *call, struct besu_node *n, uint32_t count) {
    struct besu_chain *own = NULL;
    const struct besu_chain *chain = &b->chain;
    struct c138_err ignored;
    uint64_t head = n->head.number, first = head >= count ? head - count : 0;
    int covered = besu_chain_get(chain, head) && besu_chain_get(chain, first > 0 ? first : 1);
    if (!covered && n->status == C138_OK) {
        own = c138_xcalloc(1, sizeof(*own));
        (void)besu_node_blocks(n, first, head, add_block, own, &ignored);
        chain = own;
    }
    c138_open_list(call, "blocks");
    uint32_t shown = 0;
    for (uint32_t i = chain->count; i > 0 && shown < count; i--) {
        if (chain->blocks[i - 1].number > head)
            continue;
        write_block(b, call, chain, i - 1);
        shown++;
    }
    c138_close(call);
    free(own);
}

c138_status besu_consensus_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct outlook *o;
    uint32_t i;
    c138_status status = besu_pick_one(b, call, &i);
    if (status != C138_OK)
        return status;
    for (uint32_t k = 0; k < b->n_nodes && !c138_cancelled(call); k++)
        besu_look_if_older(b, k, FRESH_NS);
    if (!c138_has(call, "node") && besu_pick_one(b, call, &i) != C138_OK)
        return C138_E_NOTFOUND;
    struct besu_node *n = b->nodes[i].node;
    if (n->status != C138_OK)
        return besu_fail(call, &n->error);
    const struct besu_network *net = &b->net;
    uint64_t count =
        c138_has(call, "blocks") ? c138_uint(call, "blocks") : b->settings.consensus_blocks;
    o = c138_xcalloc(1, sizeof(*o));
    o->now_ns = besu_utc(b);
    int bft = net->consensus == BESU_CONSENSUS_QBFT || net->consensus == BESU_CONSENSUS_IBFT;
    if (net->halted && net->validators > 0)
        reckon(b, o);
    advise(b, o);
    c138_set_str(call, "state",
                 !net->has_head || net->starting        ? "unknown"
                 : net->halted                          ? "halted"
                 : net->elsewhere                    ? "unknown"
                 : net->missing || net->encoding_errors ? "degraded"
                                                        : "running");
    c138_set_str(call, "advice", o->advice);
    c138_set_str(call, "text", o->text);
    c138_set_str(call, "consensus", besu_consensus_name(net->consensus));
    c138_set_uint(call, "head", net->head.number);
    besu_set_seconds(call, "head_age", net->age_ns);
    if (net->period_ns)
        besu_set_seconds(call, "block_period", net->period_ns);
    if (net->timeout_ns)
        besu_set_seconds(call, "request_timeout", net->timeout_ns);
    c138_set_uint(call, "validators", net->validators);
    c138_set_uint(call, "quorum", net->quorum);
    c138_set_int(call, "margin", net->margin);
    write_members(b, call, o->now_ns);
    if (net->halted && bft) {
        write_meeting(call, "meeting", &o->meeting, o->now_ns);
        write_meeting(call, "started", &o->started, o->now_ns);
        write_meeting(call, "restarted", &o->restarted, o->now_ns);
    }
    write_blocks(b, call, n, (uint32_t)(count < BESU_CHAIN_MAX ? count : BESU_CHAIN_MAX - 1));
    free(o);
    return C138_OK;
}
