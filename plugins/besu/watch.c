#include "besu.h"

#include <base/json.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define FLAP_NS (60 * C138_NS_PER_S) /* raised again so soon after it was cleared: it flaps */
#define FLAPS_MAX 6                  /* then it must be good for 64 times as long */

int besu_alarm_step(struct besu_alarm *a, int bad, int64_t now_ns, int64_t raise_ns,
                    int64_t hold_ns) {
    bad = !!bad;
    if (bad != a->bad || a->since_ns == 0) {
        a->bad = bad;
        a->since_ns = now_ns;
    }
    if (bad && !a->raised && now_ns - a->since_ns >= raise_ns) {
        if (a->cleared_ns && now_ns - a->cleared_ns < FLAP_NS) {
            if (a->flaps < FLAPS_MAX)
                a->flaps++;
        } else {
            a->flaps = 0;
        }
        a->raised = 1;
        a->raised_ns = now_ns;
        return BESU_STEP_RAISED;
    }
    if (!bad && a->raised && now_ns - a->since_ns >= hold_ns << a->flaps) {
        a->raised = 0;
        a->cleared_ns = now_ns;
        return BESU_STEP_CLEARED;
    }
    return BESU_STEP_NONE;
}

/* --- Events ---------------------------------------------------------------------------------- */

void besu_publish(struct besu *b, const char *topic, struct c138_json *fields /* taken */) {
    if (b->bus) {
        C138_FREE char *text = c138_json_dump(fields);
        c138_status status = b->bus->publish(b->host, NULL, topic, text);
        if (status != C138_OK) {
            C138_FREE char *line = c138_xasprintf("besu: the event %s was not taken (%s)", topic,
                                                  c138_status_key(status));
            b->host->log(b->host, C138_LOG_WARNING, line);
        }
    }
    c138_json_unref(fields);
}

static struct c138_json *node_event(const struct besu_watched *w) {
    struct c138_json *e = c138_json_new_object();
    c138_json_set_str(e, "node", w->node->config.name);
    return e;
}

static void set_seconds(struct c138_json *e, const char *name, int64_t ns) {
    char text[BESU_SECONDS_TEXT];
    besu_seconds_text(ns, text);
    c138_json_set_str(e, name, text);
}

static void set_hash(struct c138_json *e, const char *name, const uint8_t hash[32]) {
    char text[67] = "0x";
    c138_hex_encode(hash, 32, text + 2);
    c138_json_set_str(e, name, text);
}

static void publish_recovered(struct besu *b, const char *node, const char *validator,
                              const char *from, const struct besu_alarm *a, int64_t now) {
    struct c138_json *e = c138_json_new_object();
    c138_json_set_str(e, "from", from);
    if (node)
        c138_json_set_str(e, "node", node);
    if (validator)
        c138_json_set_str(e, "validator", validator);
    set_seconds(e, "after",
                a->since_ns > a->raised_ns ? a->since_ns - a->raised_ns : now - a->raised_ns);
    besu_publish(b, "besu.recovered", e);
}

static void publish_head(struct besu *b, struct besu_watched *w) {
    const struct besu_block *h = &w->node->head;
    char text[BESU_ADDRESS_TEXT], time[C138_TIME_TEXT];
    if (w->node->status != C138_OK || h->number == w->announced)
        return;
    w->announced = h->number;
    struct c138_json *e = node_event(w);
    c138_json_set_uint(e, "number", h->number);
    set_hash(e, "hash", h->hash);
    c138_time_format(h->time * C138_NS_PER_S, time);
    c138_json_set_str(e, "time", time);
    c138_json_set_uint(e, "transactions", h->transactions);
    if (h->has_proposer) {
        besu_address_write(&h->proposer, text);
        c138_json_set_str(e, "proposer", text);
        c138_json_set_uint(e, "round", h->round);
    }
    besu_publish(b, "besu.head", e);
}

static struct c138_json *alarm_fields(struct besu *b, const struct besu_watched *w,
                                      enum besu_alarm_kind kind) {
    const struct besu_node *n = w->node;
    struct c138_json *e = node_event(w);
    c138_json_set_str(e, "text", w->text);
    switch (kind) {
    case BESU_ALARM_UNREACHABLE:
        c138_json_set_str(e, "reason", n->error.key[0] ? n->error.key : c138_status_key(n->status));
        break;
    case BESU_ALARM_STALLED:
        c138_json_set_uint(e, "number", n->head.number);
        set_seconds(e, "age", w->age_ns);
        c138_json_set_uint(e, "validators", b->net.validators);
        c138_json_set_uint(e, "missing", b->net.missing);
        c138_json_set_uint(e, "quorum", b->net.quorum);
        break;
    case BESU_ALARM_LAGGING:
        c138_json_set_uint(e, "number", n->head.number);
        c138_json_set_uint(e, "behind", w->behind);
        break;
    case BESU_ALARM_PEERS_LOW:
        c138_json_set_uint(e, "peers", n->peer_count);
        c138_json_set_uint(e, "minimum", b->settings.peers_min);
        break;
    case BESU_ALARM_FORK:
    case BESU_ALARMS:
        break;
    }
    return e;
}

/* --- Forks ----------------------------------------------------------------------------------- */

/* Another watched node that has another block at the height that both were asked for. */
static int fork_with(const struct besu *b, uint32_t i) {
    const struct besu_node *n = b->nodes[i].node;
    for (uint32_t k = 0; n->has_reference && k < b->n_nodes; k++) {
        const struct besu_node *o = b->nodes[k].node;
        if (k != i && o->has_reference && o->reference_number == n->reference_number &&
            o->chain_id == n->chain_id && memcmp(o->reference_hash, n->reference_hash, 32) != 0)
            return (int)k;
    }
    return -1;
}

static struct c138_json *fork_fields(const struct besu *b, uint32_t i, int other) {
    const struct besu_node *n = b->nodes[i].node, *o = b->nodes[other].node;
    struct c138_json *e = node_event(&b->nodes[i]);
    c138_json_set_uint(e, "number", n->reference_number);
    set_hash(e, "hash", n->reference_hash);
    c138_json_set_str(e, "other_node", o->config.name);
    set_hash(e, "other_hash", o->reference_hash);
    return e;
}

/* --- A node ---------------------------------------------------------------------------------- */

static const struct {
    const char *topic, *from;
} alarm_names[BESU_ALARMS] = {
    [BESU_ALARM_UNREACHABLE] = {"besu.unreachable", "unreachable"},
    [BESU_ALARM_STALLED] = {"besu.stalled", "stalled"},
    [BESU_ALARM_LAGGING] = {"besu.lagging", "lagging"},
    [BESU_ALARM_PEERS_LOW] = {"besu.peers-low", "peers-low"},
    [BESU_ALARM_FORK] = {"besu.fork", "fork"},
};

static void hold_times(const struct besu *b, int64_t *ret_raise, int64_t *ret_hold) {
    int64_t hold = b->settings.hysteresis_ns;
    *ret_raise = b->settings.poll_ns * 9 / 10; /* two looks in a row */
    if (hold == 0)
        hold =
            2 * (b->net.period_ns > b->settings.poll_ns ? b->net.period_ns : b->settings.poll_ns);
    *ret_hold = hold;
}

static void step_node(struct besu *b, uint32_t i, enum besu_alarm_kind kind, int bad, int other) {
    struct besu_watched *w = &b->nodes[i];
    int64_t now = besu_mono(b), raise, hold;
    hold_times(b, &raise, &hold);
    int step = besu_alarm_step(&w->alarms[kind], bad, now, raise, hold);
    if (step == BESU_STEP_RAISED)
        besu_publish(b, alarm_names[kind].topic,
                     kind == BESU_ALARM_FORK ? fork_fields(b, i, other) : alarm_fields(b, w, kind));
    else if (step == BESU_STEP_CLEARED)
        publish_recovered(b, w->node->config.name, NULL, alarm_names[kind].from, &w->alarms[kind],
                          now);
}

static void set(struct besu *b, const char *name, const char *label, double value) {
    const char *labels[] = {label, NULL};
    if (b->metrics)
        (void)b->metrics->set(b->host, name, label ? labels : NULL, value);
}

static const char *const node_gauges[] = {"chain138_besu_up",
                                          "chain138_besu_head_number",
                                          "chain138_besu_head_age_seconds",
                                          "chain138_besu_head_round",
                                          "chain138_besu_syncing",
                                          "chain138_besu_stalled",
                                          "chain138_besu_behind_blocks",
                                          "chain138_besu_peers",
                                          "chain138_besu_txpool_transactions",
                                          "chain138_besu_rpc_seconds"};

/* All but `up` and the duration: what an unreachable node cannot say is not shown as if it did. */
static void forget_values(struct besu *b, const char *name, size_t from) {
    const char *labels[] = {name, NULL};
    for (size_t k = from; b->metrics && k < C138_COUNT(node_gauges) - (from ? 1 : 0); k++)
        (void)b->metrics->remove(b->host, node_gauges[k], labels);
}

static void node_metrics(struct besu *b, const struct besu_watched *w) {
    const struct besu_node *n = w->node;
    const char *name = n->config.name, *labels[] = {name, NULL};
    int up = n->status == C138_OK;
    set(b, "chain138_besu_up", name, up);
    set(b, "chain138_besu_rpc_seconds", name, besu_seconds(n->took_ns));
    if (!up) {
        if (b->metrics)
            (void)b->metrics->add(b->host, "chain138_besu_poll_failures_total", labels, 1);
        forget_values(b, name, 1);
        return;
    }
    set(b, "chain138_besu_head_number", name, (double)n->head.number);
    set(b, "chain138_besu_head_age_seconds", name, besu_seconds(w->age_ns));
    if (n->head.has_proposer)
        set(b, "chain138_besu_head_round", name, n->head.round);
    set(b, "chain138_besu_syncing", name, n->syncing);
    set(b, "chain138_besu_stalled", name, w->state == BESU_STALLED);
    set(b, "chain138_besu_behind_blocks", name, (double)w->behind);
    if (n->has_peers)
        set(b, "chain138_besu_peers", name, n->peer_count);
    if (n->txpool_count >= 0)
        set(b, "chain138_besu_txpool_transactions", name, (double)n->txpool_count);
}

void besu_watch_node(struct besu *b, uint32_t i) {
    struct besu_watched *w = &b->nodes[i];
    const struct besu_node *n = w->node;
    int up = n->status == C138_OK, other = fork_with(b, i);
    publish_head(b, w);
    step_node(b, i, BESU_ALARM_UNREACHABLE, !up, -1);
    step_node(b, i, BESU_ALARM_FORK, other >= 0, other);
    node_metrics(b, w);
    if (!up) /* nothing is known: neither better nor worse */
        return;
    step_node(b, i, BESU_ALARM_STALLED, w->state == BESU_STALLED, -1);
    step_node(b, i, BESU_ALARM_LAGGING, w->state == BESU_LAGGING, -1);
    step_node(b, i, BESU_ALARM_PEERS_LOW,
              n->has_peers && n->peer_count < b->settings.peers_min && w->state != BESU_STARTING,
              -1);
}

void besu_watch_forget(struct besu *b, const struct besu_watched *w) {
    const char *labels[] = {w->node->config.name, NULL};
    forget_values(b, w->node->config.name, 0);
    if (b->metrics)
        (void)b->metrics->remove(b->host, "chain138_besu_poll_failures_total", labels);
}

/* --- The network ----------------------------------------------------------------------------- */

static void publish_missing(struct besu *b, const struct besu_member *m) {
    char address[BESU_ADDRESS_TEXT];
    struct c138_json *e = c138_json_new_object();
    besu_address_write(&m->address, address);
    c138_json_set_str(e, "validator", address);
    if (m->node >= 0)
        c138_json_set_str(e, "node", b->nodes[m->node].node->config.name);
    c138_json_set_uint(e, "last_proposed", m->turns.last_proposed);
    c138_json_set_uint(e, "missed_turns", m->turns.missed_in_row);
    if (m->connected >= 0)
        c138_json_set_bool(e, "connected", m->connected);
    c138_json_set_uint(e, "missing", b->net.missing);
    c138_json_set_int(e, "margin", b->net.margin);
    besu_publish(b, "besu.validator-missing", e);
}

static void member_metrics(struct besu *b, const struct besu_member *m) {
    char address[BESU_ADDRESS_TEXT];
    const char *labels[] = {address, NULL};
    besu_address_write(&m->address, address);
    set(b, "chain138_besu_validator_missing", address, m->missing);
    set(b, "chain138_besu_validator_missed_turns", address, m->turns.missed_in_row);
    if (m->turns.last_proposed)
        set(b, "chain138_besu_validator_last_block", address, (double)m->turns.last_proposed);
    if (m->has_round)
        set(b, "chain138_besu_validator_round", address, m->round);
    else if (b->metrics)
        (void)b->metrics->remove(b->host, "chain138_besu_validator_round", labels);
}

void besu_watch_forget_member(struct besu *b, const struct besu_member *m) {
    static const char *const names[] = {
        "chain138_besu_validator_missing", "chain138_besu_validator_missed_turns",
        "chain138_besu_validator_last_block", "chain138_besu_validator_round"};
    char address[BESU_ADDRESS_TEXT];
    const char *labels[] = {address, NULL};
    besu_address_write(&m->address, address);
    for (size_t k = 0; b->metrics && k < C138_COUNT(names); k++)
        (void)b->metrics->remove(b->host, names[k], labels);
}

void besu_watch_network(struct besu *b) {
    struct besu_network *net = &b->net;
    int64_t now = besu_mono(b), raise, hold;
    hold_times(b, &raise, &hold);
    for (uint32_t i = 0; i < net->validators; i++) {
        struct besu_member *m = &net->members[i];
        char address[BESU_ADDRESS_TEXT];
        int step = net->answering ? besu_alarm_step(&m->alarm, m->missing, now, raise, hold)
                                  : BESU_STEP_NONE;
        besu_address_write(&m->address, address);
        if (step == BESU_STEP_RAISED)
            publish_missing(b, m);
        else if (step == BESU_STEP_CLEARED)
            publish_recovered(b, m->node >= 0 ? b->nodes[m->node].node->config.name : NULL, address,
                              "validator-missing", &m->alarm, now);
        member_metrics(b, m);
    }
    if (net->validators > 0) {
        set(b, "chain138_besu_validators", NULL, net->validators);
        set(b, "chain138_besu_validators_missing", NULL, net->missing);
        set(b, "chain138_besu_quorum", NULL, net->quorum);
        set(b, "chain138_besu_quorum_margin", NULL, net->margin);
    }
    set(b, "chain138_besu_halted", NULL, net->halted);
    set(b, "chain138_besu_votes_wanted", NULL, b->n_wishes);
    if (net->period_ns)
        set(b, "chain138_besu_block_period_seconds", NULL, besu_seconds(net->period_ns));
}
