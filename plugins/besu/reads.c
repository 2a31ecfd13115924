#include "besu.h"

#include <base/json.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/refusal.h>

#include <stdio.h>
#include <string.h>

#define FRESH_NS (500 * C138_NS_PER_MS) /* a look this young is not repeated for an action */
#define SIGNER_WINDOW 100

/* --- Small things ---------------------------------------------------------------------------- */

double besu_seconds(int64_t ns) {
    return (double)ns / (double)C138_NS_PER_S;
}

void besu_seconds_text(int64_t ns, char ret_text[BESU_SECONDS_TEXT]) {
    int64_t ms = ns / C138_NS_PER_MS;
    snprintf(ret_text, BESU_SECONDS_TEXT, "%s%lld.%03lld", ms < 0 ? "-" : "",
             (long long)(ms < 0 ? -ms : ms) / 1000, (long long)(ms < 0 ? -ms : ms) % 1000);
}

void besu_set_seconds(c138_call *call, const char *key, int64_t ns) {
    char text[BESU_SECONDS_TEXT];
    besu_seconds_text(ns, text);
    c138_set_str(call, key, text);
}

c138_status besu_fail(c138_call *call, const struct c138_err *err) {
    return c138_fail(call, err->status, err->key[0] ? err->key : c138_status_key(err->status),
                     err->text);
}

c138_status besu_pick(struct besu *b, c138_call *call, uint32_t *ret_i) {
    const char *names[BESU_NODES_MAX + 1] = {NULL};
    *ret_i = UINT32_MAX;
    if (b->n_nodes == 0)
        return c138_fail(call, C138_E_NOTFOUND, "node.unknown",
                         "besu: no node is watched: name one in `nodes` of conf.d/besu.conf");
    if (!c138_has(call, "node"))
        return C138_OK;
    const char *name = c138_str(call, "node");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        names[i] = b->nodes[i].node->config.name;
        if (strcmp(names[i], name) == 0) {
            *ret_i = i;
            return C138_OK;
        }
    }
    const char *near = c138_nearest(name, names);
    C138_FREE char *text =
        c138_xasprintf("besu: no watched node is called %.63s%s%s: see besu.nodes", name,
                       near ? "; did you mean " : "", near ? near : "");
    return c138_fail(call, C138_E_NOTFOUND, "node.unknown", text);
}

c138_status besu_pick_one(struct besu *b, c138_call *call, uint32_t *ret_i) {
    c138_status status = besu_pick(b, call, ret_i);
    if (status != C138_OK || *ret_i != UINT32_MAX)
        return status;
    *ret_i = 0;
    for (uint32_t i = 1; i < b->n_nodes; i++) {
        const struct besu_node *best = b->nodes[*ret_i].node, *n = b->nodes[i].node;
        if (n->status == C138_OK && n->has_head &&
            (best->status != C138_OK || n->head.number > best->head.number))
            *ret_i = i;
    }
    return C138_OK;
}

/* Brings what is known up to date, as long as the call has time. */
void besu_look_all(struct besu *b, c138_call *call, int64_t max_age_ns) {
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++)
        besu_look_if_older(b, i, max_age_ns);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        besu_node_judge(b, i);
}

static void look(struct besu *b, c138_call *call, uint32_t only) {
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++)
        if (only == UINT32_MAX || only == i)
            besu_look_if_older(b, i, FRESH_NS);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        besu_node_judge(b, i);
}

int besu_is_validator(struct besu *b, const struct besu_node *n) {
    return n->has_address && besu_member_find(b, &n->address) != NULL;
}

static const char *role_of(struct besu *b, const struct besu_node *n) {
    if (n->config.role && strcmp(n->config.role, "auto") != 0)
        return n->config.role;
    return besu_is_validator(b, n)               ? "validator"
           : n->has_address && b->net.validators ? "rpc"
                                                 : "auto";
}

void besu_set_address(c138_call *call, const char *key, const struct besu_address *a) {
    char text[BESU_ADDRESS_TEXT];
    besu_address_write(a, text);
    c138_set_str(call, key, text);
}

/* --- status ---------------------------------------------------------------------------------- */

static const char *network_state(const struct besu *b) {
    const struct besu_network *net = &b->net;
    if (!net->has_head || net->starting)
        return "unknown";
    if (net->halted)
        return "halted";
    if (net->elsewhere)
        return "unknown";
    return net->missing > 0 || net->encoding_errors ? "degraded" : "ok";
}

/* The names of the validators that are missing, as many as fit. */
static void missing_names(const struct besu *b, char *ret_text, size_t size) {
    size_t n = 0;
    ret_text[0] = '\0';
    for (uint32_t i = 0; i < b->net.validators; i++) {
        char name[128];
        if (!b->net.members[i].missing)
            continue;
        besu_member_name(b, &b->net.members[i], name, sizeof(name));
        int added = snprintf(ret_text + n, size - n, "%s%s", n ? ", " : "", name);
        if (added < 0 || (size_t)added >= size - n) {
            ret_text[n] = '\0';
            return;
        }
        n += (size_t)added;
    }
}

static void network_text(const struct besu *b, char *ret_text, size_t size) {
    const struct besu_network *net = &b->net;
    char age[C138_DURATION_TEXT], names[512];
    c138_duration_human(net->age_ns, age);
    missing_names(b, names, sizeof(names));
    if (!net->has_head)
        snprintf(ret_text, size, "no node answers");
    else if (net->starting)
        snprintf(ret_text, size, "at block 0: the first block is waited for");
    else if (net->halted && net->margin < 0 && net->validators)
        snprintf(ret_text, size,
                 "halted for %s: %u of %u validators take part, %u are needed; missing: %s; "
                 "besu.consensus says what is quickest",
                 age, net->validators - net->missing, net->validators, net->quorum, names);
    else if (net->halted)
        snprintf(ret_text, size, "halted for %s: besu.consensus says what it waits for", age);
    else if (net->elsewhere)
        snprintf(ret_text, size,
                 "peers go on at block %llu, the watched nodes stand at %llu: what the network "
                 "does is not to be seen from here",
                 (unsigned long long)net->elsewhere, (unsigned long long)net->head.number);
    else if (net->encoding_errors)
        snprintf(ret_text, size,
                 "%d node%s cannot read messages of other validators: versions before and after "
                 "26.5 are mixed without --Xbft-legacy-protocol-encoding",
                 net->encoding_errors, net->encoding_errors == 1 ? "" : "s");
    else if (net->missing > 0 && net->margin < 0)
        snprintf(ret_text, size, "%u validators missing, no more blocks can be made: %s",
                 net->missing, names);
    else if (net->missing > 0)
        snprintf(ret_text, size, "%u validator%s missing, %d more may fail: %s", net->missing,
                 net->missing == 1 ? "" : "s", net->margin, names);
    else
        snprintf(ret_text, size, "blocks are made");
}

static void write_network(struct besu *b, c138_call *call) {
    const struct besu_network *net = &b->net;
    char text[1024];
    network_text(b, text, sizeof(text));
    c138_open_object(call, "network");
    c138_set_str(call, "state", network_state(b));
    c138_set_str(call, "text", text);
    c138_set_str(call, "consensus", besu_consensus_name(net->consensus));
    if (net->chain_id)
        c138_set_uint(call, "chain_id", net->chain_id);
    if (net->has_head) {
        c138_set_uint(call, "head", net->head.number);
        besu_set_seconds(call, "head_age", net->age_ns);
    }
    if (net->period_ns)
        besu_set_seconds(call, "block_period", net->period_ns);
    if (net->validators) {
        c138_set_uint(call, "validators", net->validators);
        c138_set_uint(call, "missing", net->missing);
        c138_set_uint(call, "quorum", net->quorum);
        c138_set_int(call, "margin", net->margin);
    }
    c138_close(call);
}

/* The APIs whose absence costs something here. */
static void missing_apis(const struct besu_node *n, char ret_text[64]) {
    const char *consensus = n->consensus == BESU_CONSENSUS_QBFT   ? "QBFT"
                            : n->consensus == BESU_CONSENSUS_IBFT ? "IBFT"
                                                                  : "";
    uint32_t api = n->consensus == BESU_CONSENSUS_QBFT   ? BESU_API_QBFT
                   : n->consensus == BESU_CONSENSUS_IBFT ? BESU_API_IBFT
                                                         : 0;
    snprintf(ret_text, 64, "%s%s%s", n->apis & BESU_API_ADMIN ? "" : "ADMIN ",
             n->apis & BESU_API_TXPOOL ? "" : "TXPOOL ", n->apis & api ? "" : consensus);
    size_t length = strlen(ret_text);
    while (length > 0 && ret_text[length - 1] == ' ')
        ret_text[--length] = '\0';
}

static void write_node(struct besu *b, c138_call *call, const struct besu_watched *w) {
    const struct besu_node *n = w->node;
    char apis[64];
    c138_open_object(call, NULL);
    c138_set_str(call, "node", n->config.name);
    c138_set_str(call, "state", besu_state_name(w->state));
    if (n->status == C138_OK && n->has_head) {
        c138_set_uint(call, "head", n->head.number);
        besu_set_seconds(call, "head_age", w->age_ns);
        c138_set_uint(call, "behind", w->behind);
    }
    if (n->status == C138_OK && n->has_peers)
        c138_set_uint(call, "peers", n->peer_count);
    if (n->status == C138_OK && n->txpool_count >= 0)
        c138_set_uint(call, "txpool", (uint64_t)n->txpool_count);
    c138_set_str(call, "role", role_of(b, n));
    if (n->version[0])
        c138_set_str(call, "version", n->version);
    besu_set_seconds(call, "rpc_time", n->took_ns);
    missing_apis(n, apis);
    if (n->knows_apis && apis[0])
        c138_set_str(call, "missing_apis", apis);
    c138_set_str(call, "text", w->text[0] ? w->text : n->log_error.text);
    c138_close(call);
}

c138_status besu_status_run(void *self, c138_call *call) {
    struct besu *b = self;
    uint32_t only;
    c138_status status = besu_pick(b, call, &only);
    if (status != C138_OK)
        return status;
    look(b, call, only);
    write_network(b, call);
    c138_open_list(call, "nodes");
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (only == UINT32_MAX || only == i)
            write_node(b, call, &b->nodes[i]);
    c138_close(call);
    return C138_OK;
}

/* --- sync ------------------------------------------------------------------------------------ */

static void write_sync(c138_call *call, const struct besu_watched *w) {
    const struct besu_node *n = w->node;
    char hash[67] = "0x", time[C138_TIME_TEXT];
    c138_open_object(call, NULL);
    c138_set_str(call, "node", n->config.name);
    c138_set_str(call, "state", besu_state_name(w->state));
    if (n->status == C138_OK) {
        c138_hex_encode(n->head.hash, 32, hash + 2);
        c138_time_format(n->head.time * C138_NS_PER_S, time);
        c138_set_uint(call, "head", n->head.number);
        c138_set_str(call, "hash", hash);
        c138_set_str(call, "time", time);
        besu_set_seconds(call, "head_age", w->age_ns);
        c138_set_bool(call, "syncing", (uint32_t)n->syncing);
        if (n->syncing && n->sync_highest)
            c138_set_uint(call, "highest", n->sync_highest);
        c138_set_uint(call, "behind", w->behind);
        if (n->has_peers)
            c138_set_uint(call, "peers", n->peer_count);
    }
    c138_set_str(call, "text", w->text);
    c138_close(call);
}

/* Asks the nodes themselves, in one request each: the operator wants to know how it is now. */
c138_status besu_sync_run(void *self, c138_call *call) {
    struct besu *b = self;
    uint32_t only;
    c138_status status = besu_pick(b, call, &only);
    if (status != C138_OK)
        return status;
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++) {
        if (only != UINT32_MAX && only != i)
            continue;
        if (!b->nodes[i].node->probed)
            besu_look(b, i);
        else
            (void)besu_node_sync(b->nodes[i].node);
    }
    besu_network_update(b);
    c138_open_list(call, "nodes");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        besu_node_judge(b, i);
        if (only == UINT32_MAX || only == i)
            write_sync(call, &b->nodes[i]);
    }
    c138_close(call);
    return C138_OK;
}

/* --- validators ------------------------------------------------------------------------------ */

static const char *member_state(const struct besu_member *m) {
    if (m->missing)
        return "missing";
    if (m->turns.missed_in_row > 0)
        return "late";
    return m->turns.proposed == 0 ? "waiting" : "ok";
}

/* proposedBlockCount of each validator by the node's own count; block 0 counts as 0x000...0. */
static struct c138_json *signer_metrics(struct besu *b, struct besu_node *n) {
    struct c138_json *result = NULL, *params = c138_json_new_array();
    const char *method =
        n->consensus == BESU_CONSENSUS_IBFT ? "ibft_getSignerMetrics" : "qbft_getSignerMetrics";
    char from[20];
    struct c138_err err;
    uint32_t api = n->consensus == BESU_CONSENSUS_IBFT ? BESU_API_IBFT : BESU_API_QBFT;
    if (!(n->apis & api) || n->head.number < 2 || b->net.consensus == BESU_CONSENSUS_CLIQUE ||
        b->net.validators == 0) {
        c138_json_unref(params);
        return NULL;
    }
    uint64_t first = n->head.number > SIGNER_WINDOW ? n->head.number - SIGNER_WINDOW : 1;
    snprintf(from, sizeof(from), "0x%llx", (unsigned long long)first);
    c138_json_append(params, c138_json_new_str(from));
    c138_json_append(params, c138_json_new_str("latest"));
    (void)besu_node_call(n, method, params, &result, &err);
    return result;
}

static int64_t signer_blocks(const struct c138_json *metrics, const struct besu_address *address) {
    for (size_t i = 0; i < c138_json_count(metrics); i++) {
        const struct c138_json *row = c138_json_at(metrics, i);
        struct besu_address a;
        uint64_t count;
        if (besu_address_read(c138_json_get_str(row, "address", ""), &a) == C138_OK &&
            memcmp(&a, address, sizeof(a)) == 0 &&
            c138_parse_quantity(c138_json_get_str(row, "proposedBlockCount", ""), &count) ==
                C138_OK)
            return (int64_t)count;
    }
    return -1;
}

static void write_member(const struct besu *b, c138_call *call, const struct besu_member *m,
                         const struct c138_json *metrics) {
    int64_t signed_blocks = signer_blocks(metrics, &m->address);
    c138_open_object(call, NULL);
    besu_set_address(call, "address", &m->address);
    if (m->node >= 0)
        c138_set_str(call, "node", b->nodes[m->node].node->config.name);
    c138_set_str(call, "state", member_state(m));
    if (m->connected >= 0)
        c138_set_bool(call, "connected", (uint32_t)m->connected);
    c138_set_uint(call, "proposed", m->turns.proposed);
    c138_set_uint(call, "missed", m->turns.missed);
    c138_set_uint(call, "missed_in_row", m->turns.missed_in_row);
    if (m->turns.last_proposed)
        c138_set_uint(call, "last_block", m->turns.last_proposed);
    if (signed_blocks >= 0)
        c138_set_uint(call, "signer_blocks", (uint64_t)signed_blocks);
    c138_close(call);
}

c138_status besu_validators_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct besu_validators asked;
    struct c138_err err = {0};
    uint32_t i;
    c138_status status = besu_pick_one(b, call, &i);
    if (status != C138_OK)
        return status;
    look(b, call, UINT32_MAX);
    if (!c138_has(call, "node") && besu_pick_one(b, call, &i) != C138_OK)
        return C138_E_NOTFOUND;
    struct besu_node *n = b->nodes[i].node;
    if (n->status != C138_OK)
        return besu_fail(call, &n->error);
    if (b->net.validators == 0) { /* no extraData names them: an API must */
        if (besu_node_validators(n, &asked, &err) != C138_OK)
            return besu_fail(call, &err);
        besu_network_update(b);
    }
    C138_JSON struct c138_json *metrics = signer_metrics(b, n);
    const struct besu_network *net = &b->net;
    c138_set_str(call, "consensus", besu_consensus_name(net->consensus));
    c138_set_uint(call, "block", net->head.number);
    c138_set_uint(call, "validators", net->validators);
    c138_set_uint(call, "quorum", net->quorum);
    c138_set_uint(call, "missing", net->missing);
    c138_set_int(call, "margin", net->margin);
    c138_set_uint(call, "window", b->chain.count);
    c138_open_list(call, "members");
    for (uint32_t k = 0; k < net->validators; k++)
        write_member(b, call, &net->members[k], metrics);
    c138_close(call);
    return C138_OK;
}

/* --- peers ----------------------------------------------------------------------------------- */

static void write_peer(struct besu *b, c138_call *call, const struct besu_node *n,
                       const struct c138_json *json) {
    struct besu_peer peer;
    const struct c138_json *network = c138_json_get(json, "network");
    const char *enode = c138_json_get_str(json, "enode", "");
    besu_peer_read(json, n->has_head ? &n->head : NULL, &peer);
    c138_open_object(call, NULL);
    c138_set_str(call, "node", n->config.name);
    c138_set_str(call, "client", c138_json_get_str(json, "name", ""));
    c138_set_str(call, "remote", c138_json_get_str(network, "remoteAddress", ""));
    c138_set_bool(call, "inbound", (uint32_t)c138_json_get_bool(network, "inbound", 0));
    if (peer.head)
        c138_set_uint(call, "head", peer.head);
    if (!besu_address_is_zero(&peer.address)) {
        besu_set_address(call, "account", &peer.address);
        if (b->net.validators)
            c138_set_bool(call, "validator", besu_member_find(b, &peer.address) != NULL);
    }
    c138_set_str(call, "enode", enode);
    c138_close(call);
}

c138_status besu_peers_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct c138_err err = {0}, first = {0};
    uint32_t only, answered = 0;
    c138_status status = besu_pick(b, call, &only);
    if (status != C138_OK)
        return status;
    c138_open_list(call, "peers");
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++) {
        C138_JSON struct c138_json *peers = NULL;
        struct besu_node *n = b->nodes[i].node;
        if (only != UINT32_MAX && only != i)
            continue;
        if (!n->probed)
            besu_look(b, i);
        err = (struct c138_err){0};
        if (besu_node_call(n, "admin_peers", NULL, &peers, &err) != C138_OK) {
            if (first.status == C138_OK)
                first = err;
            continue;
        }
        answered++;
        for (size_t k = 0; k < c138_json_count(peers); k++)
            write_peer(b, call, n, c138_json_at(peers, k));
    }
    c138_close(call);
    return answered || first.status == C138_OK ? C138_OK : besu_fail(call, &first);
}

/* --- txpool ---------------------------------------------------------------------------------- */

static void write_pool(c138_call *call, struct besu_node *n) {
    C138_JSON struct c138_json *stats = NULL, *counts = NULL;
    struct c138_err err = {0}, second = {0};
    uint64_t pending = 0, queued = 0;
    c138_open_object(call, NULL);
    c138_set_str(call, "node", n->config.name);
    if (besu_node_call(n, "txpool_besuStatistics", NULL, &stats, &err) == C138_OK) {
        int64_t local = c138_json_get_int(stats, "localCount", 0);
        int64_t remote = c138_json_get_int(stats, "remoteCount", 0);
        int64_t max = c138_json_get_int(stats, "maxSize", -1);
        c138_set_uint(call, "transactions", (uint64_t)(local + remote));
        c138_set_uint(call, "local", (uint64_t)local);
        c138_set_uint(call, "remote", (uint64_t)remote);
        if (max >= 0)
            c138_set_uint(call, "max_size", (uint64_t)max);
        c138_set_str(call, "text", "");
    } else if (besu_node_call(n, "txpool_status", NULL, &counts, &second) == C138_OK &&
               c138_parse_quantity(c138_json_get_str(counts, "pending", ""), &pending) == C138_OK &&
               c138_parse_quantity(c138_json_get_str(counts, "queued", ""), &queued) == C138_OK) {
        c138_set_uint(call, "transactions", pending + queued);
        c138_set_uint(call, "queued", queued);
        c138_set_str(call, "text", "");
    } else {
        c138_set_str(call, "text", err.text);
    }
    c138_close(call);
}

c138_status besu_txpool_run(void *self, c138_call *call) {
    struct besu *b = self;
    uint32_t only;
    c138_status status = besu_pick(b, call, &only);
    if (status != C138_OK)
        return status;
    c138_open_list(call, "nodes");
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++)
        if (only == UINT32_MAX || only == i)
            write_pool(call, b->nodes[i].node);
    c138_close(call);
    return C138_OK;
}

/* --- nodes, the one screen, health ----------------------------------------------------------- */

c138_status besu_nodes_run(void *self, c138_call *call) {
    struct besu *b = self;
    c138_open_list(call, "nodes");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        c138_open_object(call, NULL);
        c138_set_str(call, "name", n->config.name);
        c138_set_str(call, "url", n->config.url);
        c138_set_str(call, "auth",
                     n->config.token_file ? "token"
                     : n->config.username ? "login"
                                          : "none");
        if (n->config.log_file)
            c138_set_str(call, "log_file", n->config.log_file);
        c138_set_str(call, "role", role_of(b, n));
        if (n->has_address)
            besu_set_address(call, "address", &n->address);
        c138_close(call);
    }
    c138_close(call);
    return C138_OK;
}

static void write_row(c138_call *out, const char *name, const char *state, const char *text) {
    c138_open_object(out, NULL);
    c138_set_str(out, "name", name);
    c138_set_str(out, "state", state);
    c138_set_str(out, "text", text);
    c138_close(out);
}

static const char *light(enum besu_state state) {
    switch (state) {
    case BESU_OK:
        return "ok";
    case BESU_UNKNOWN:
        return "unknown";
    case BESU_STARTING:
    case BESU_SYNCING:
    case BESU_LAGGING:
        return "warning";
    default:
        return "critical";
    }
}

static void node_row(c138_call *out, const struct besu_watched *w) {
    const struct besu_node *n = w->node;
    char text[512], age[C138_DURATION_TEXT], peers[32] = "";
    c138_duration_human(w->age_ns, age);
    if (n->has_peers)
        snprintf(peers, sizeof(peers), ", %u peer%s", n->peer_count, n->peer_count == 1 ? "" : "s");
    if (n->status != C138_OK || !n->polled)
        snprintf(text, sizeof(text), "%s", n->polled ? w->text : "not asked yet");
    else
        snprintf(text, sizeof(text), "block %llu, %s old%s%s%s", (unsigned long long)n->head.number,
                 age, peers, w->text[0] ? "; " : "", w->text);
    write_row(out, n->config.name, light(w->state), text);
}

void besu_status_rows(void *self, c138_call *out) {
    struct besu *b = self;
    char text[1024];
    for (uint32_t i = 0; i < b->n_nodes; i++)
        besu_node_judge(b, i);
    network_text(b, text, sizeof(text));
    const char *state = network_state(b);
    c138_open_list(out, "items");
    write_row(out, "chain",
              strcmp(state, "ok") == 0         ? "ok"
              : strcmp(state, "degraded") == 0 ? "warning"
              : strcmp(state, "halted") == 0   ? "critical"
                                               : "unknown",
              text);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        node_row(out, &b->nodes[i]);
    c138_close(out);
}

uint32_t besu_health(void *self, c138_text_fn on_text, void *user) {
    struct besu *b = self;
    uint32_t silent = 0;
    char text[160];
    for (uint32_t i = 0; i < b->n_nodes; i++)
        silent += b->nodes[i].node->polled && b->nodes[i].node->status != C138_OK;
    if (!b->timers)
        snprintf(text, sizeof(text), "the service \"timer\" is not granted: nothing is polled");
    else
        snprintf(text, sizeof(text), "%u of %u nodes answer", b->n_nodes - silent, b->n_nodes);
    on_text(user, text, strlen(text));
    return silent || !b->timers ? C138_HEALTH_DEGRADED : C138_HEALTH_OK;
}

/* --- A refusal ------------------------------------------------------------------------------- */

c138_status besu_explain_run(void *self, c138_call *call) {
    static const char *const taken[] = {[C138_REFUSAL_NOT_TAKEN] = "no",
                                        [C138_REFUSAL_TAKEN] = "yes",
                                        [C138_REFUSAL_UNCLEAR] = "unclear"};
    const struct c138_refusal *r =
        c138_refusal_of(c138_int(call, "code"), c138_str(call, "message"));
    (void)self;
    c138_set_str(call, "key", r->key);
    c138_set_str(call, "taken", taken[r->fate]);
    c138_set_bool(call, "again", r->retry == C138_REFUSAL_LATER);
    c138_set_str(call, "meaning", r->meaning);
    c138_set_str(call, "mend", r->mend);
    return C138_OK;
}
