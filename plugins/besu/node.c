#include "node.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (8u << 20) /* a full block of 30,000 transaction hashes takes 2 MB */
#define BLOCKS_AT_ONCE 32

/* --- Life ------------------------------------------------------------------------------------ */

void besu_node_config_deinit(struct besu_node_config *c) {
    free(c->name);
    free(c->url);
    free(c->host_header);
    free(c->token_file);
    free(c->username);
    free(c->password_ref);
    free(c->log_file);
    free(c->role);
    free(c->permissions_accounts_file);
    free(c->permissions_nodes_file);
    free(c->static_nodes_file);
    free(c->data_dir);
    *c = (struct besu_node_config){0};
}

int besu_node_config_equal(const struct besu_node_config *a, const struct besu_node_config *b) {
    return c138_streq(a->name, b->name) && c138_streq(a->url, b->url) &&
           c138_streq(a->host_header, b->host_header) && c138_streq(a->token_file, b->token_file) &&
           c138_streq(a->username, b->username) && c138_streq(a->password_ref, b->password_ref) &&
           c138_streq(a->log_file, b->log_file) && c138_streq(a->role, b->role) &&
           c138_streq(a->permissions_accounts_file, b->permissions_accounts_file) &&
           c138_streq(a->permissions_nodes_file, b->permissions_nodes_file) &&
           c138_streq(a->static_nodes_file, b->static_nodes_file) &&
           c138_streq(a->data_dir, b->data_dir) && a->has_validator == b->has_validator &&
           memcmp(&a->validator, &b->validator, sizeof(a->validator)) == 0;
}

struct besu_node *besu_node_new(const c138_host *host, struct besu_node_config *config,
                                int64_t timeout_ns, struct c138_err *err) {
    struct besu_node *n = c138_xcalloc(1, sizeof(*n));
    n->config = *config;
    *config = (struct besu_node_config){0};
    n->auth =
        c138_rpc_auth_new(&(struct c138_rpc_auth_options){.host = host,
                                                          .node = n->config.name,
                                                          .url = n->config.url,
                                                          .host_header = n->config.host_header,
                                                          .token_file = n->config.token_file,
                                                          .username = n->config.username,
                                                          .password_ref = n->config.password_ref,
                                                          .timeout_ns = timeout_ns});
    struct c138_rpc_options options = {.url = n->config.url,
                                       .host_header = n->config.host_header,
                                       .timeout_ns = timeout_ns,
                                       .body_max = BODY_MAX,
                                       .token = n->auth ? c138_rpc_auth_token : NULL,
                                       .user = n->auth};
    if (c138_rpc_new(&options, &n->rpc) != C138_OK) {
        c138_error(err, C138_E_INTERNAL, NULL, "node %s: no HTTP client could be made",
                   n->config.name);
        return besu_node_free(n);
    }
    if (n->config.log_file)
        n->log = besu_logtail_new(n->config.log_file);
    n->has_address = n->config.has_validator;
    n->address = n->config.validator;
    n->txpool_count = n->txpool_queued = n->txpool_max = -1;
    return n;
}

struct besu_node *besu_node_free(struct besu_node *n) {
    if (!n)
        return NULL;
    c138_rpc_free(n->rpc);
    c138_rpc_auth_free(n->auth);
    besu_logtail_free(n->log);
    besu_node_config_deinit(&n->config);
    for (int kind = 0; kind < BESU_LISTS; kind++)
        besu_list_deinit(&n->lists[kind].list);
    free(n);
    return NULL;
}

/* --- Asking ---------------------------------------------------------------------------------- */

static struct c138_json *params1(struct c138_json *a) {
    struct c138_json *params = c138_json_new_array();
    c138_json_append(params, a);
    return params;
}

static struct c138_json *params_block(const char *tag) {
    struct c138_json *params = params1(c138_json_new_str(tag));
    c138_json_append(params, c138_json_new_bool(0)); /* transactions: hashes only */
    return params;
}

static void quantity_text(uint64_t value, char ret_text[20]) {
    snprintf(ret_text, 20, "0x%llx", (unsigned long long)value);
}

/* A batch: calls are added, sent, looked at, dropped. */
struct ask {
    struct c138_rpc_call calls[BLOCKS_AT_ONCE];
    size_t count;
};

static struct c138_rpc_call *ask_add(struct ask *a, const char *method, struct c138_json *params) {
    struct c138_rpc_call *call = &a->calls[a->count++];
    *call = (struct c138_rpc_call){.method = method, .params = params};
    return call;
}

static void ask_free(struct ask *a) {
    for (size_t i = 0; i < a->count; i++) {
        c138_rpc_call_deinit(&a->calls[i]);
        c138_json_unref(a->calls[i].params);
    }
    free(a);
}

/* Puts the node's name and address before an error, once. */
static c138_status node_named(const struct besu_node *n, c138_status status, struct c138_err *err) {
    size_t length = strlen(n->config.url);
    if (err && strncmp(err->text, n->config.url, length) == 0) {
        char *rest = err->text + length;
        rest += *rest == '/';
        if (rest[0] == ':' && rest[1] == ' ') /* the HTTP client named it already */
            memmove(err->text, rest + 2, strlen(rest + 2) + 1);
    }
    return c138_error_prefix(err, status, "besu: node %s at %s", n->config.name, n->config.url);
}

static c138_status node_send(struct besu_node *n, struct ask *a, struct c138_err *err) {
    c138_status status = c138_rpc_batch(n->rpc, a->calls, a->count, err);
    n->took_ns = c138_rpc_took_ns(n->rpc);
    return status == C138_OK ? C138_OK : node_named(n, status, err);
}

c138_status besu_node_call(struct besu_node *n, const char *method, struct c138_json *params,
                           struct c138_json **ret_result, struct c138_err *err) {
    c138_status status = c138_rpc_call(n->rpc, method, params, ret_result, NULL, err);
    c138_json_unref(params);
    return status == C138_OK ? C138_OK : node_named(n, status, err);
}

/* --- Capabilities ---------------------------------------------------------------------------- */

c138_status besu_address_of_id(const char *id, struct besu_address *ret_address) {
    uint8_t key[64];
    if (c138_starts_with(id, "0x"))
        id += 2;
    if (strlen(id) != 128 || c138_hex_decode(id, 128, key) != C138_OK)
        return C138_E_INVALID;
    c138_address_of_key(key, ret_address->b);
    return C138_OK;
}

static void probe_apis(struct besu_node *n, const struct c138_rpc_call *call) {
    static const struct {
        const char *name;
        uint32_t api;
    } apis[] = {{"admin", BESU_API_ADMIN},   {"qbft", BESU_API_QBFT},     {"ibft", BESU_API_IBFT},
                {"clique", BESU_API_CLIQUE}, {"txpool", BESU_API_TXPOOL}, {"perm", BESU_API_PERM}};
    n->knows_apis = call->status == C138_OK && c138_json_count(call->result) > 0;
    n->apis = 0;
    for (size_t i = 0; i < C138_COUNT(apis); i++)
        if (!n->knows_apis || c138_json_has(call->result, apis[i].name))
            n->apis |= apis[i].api;
}

static int is_clique_only(const struct besu_node *n) {
    return n->knows_apis && n->apis & BESU_API_CLIQUE &&
           !(n->apis & (BESU_API_QBFT | BESU_API_IBFT));
}

static void probe_info(struct besu_node *n, const struct c138_json *info) {
    snprintf(n->enode, sizeof(n->enode), "%.290s", c138_json_get_str(info, "enode", ""));
    /* A clique signer's account has nothing to do with its node key. */
    if (!n->has_address && !is_clique_only(n))
        n->has_address =
            besu_address_of_id(c138_json_get_str(info, "id", ""), &n->address) == C138_OK;
    static const char *const names[] = {"qbft", "ibft2"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        char path[64];
        snprintf(path, sizeof(path), "protocols.eth.config.%s", names[i]);
        const struct c138_json *bft = c138_json_path(info, path);
        if (!bft)
            continue;
        n->consensus = i == 0 ? BESU_CONSENSUS_QBFT : BESU_CONSENSUS_IBFT;
        int64_t period = c138_json_get_int(bft, "blockPeriodSeconds", 0);
        /* 26.x names it in lower case in its own genesis, both answer in camel case. */
        int64_t timeout = c138_json_get_int(bft, "requestTimeoutSeconds", 0);
        if (period > 0 && period < 86400)
            n->config_period_ns = period * C138_NS_PER_S;
        if (timeout > 0 && timeout < 86400)
            n->request_timeout_ns = timeout * C138_NS_PER_S;
        n->epoch_length = c138_json_get_uint(bft, "epochLength", 0);
    }
    if (n->epoch_length == 0)
        n->epoch_length =
            c138_json_get_uint(c138_json_path(info, "protocols.eth.config.clique"), "epoch", 0);
}

static enum besu_consensus consensus_of(const struct besu_node *n) {
    if (n->consensus == BESU_CONSENSUS_QBFT || n->consensus == BESU_CONSENSUS_IBFT)
        return n->consensus;
    if (n->knows_apis && n->apis & BESU_API_QBFT)
        return BESU_CONSENSUS_QBFT;
    if (n->knows_apis && n->apis & BESU_API_IBFT)
        return BESU_CONSENSUS_IBFT;
    if (n->knows_apis && n->apis & BESU_API_CLIQUE)
        return BESU_CONSENSUS_CLIQUE;
    return BESU_CONSENSUS_UNKNOWN;
}

static c138_status node_probe(struct besu_node *n, struct c138_err *err) {
    struct ask *a = c138_xcalloc(1, sizeof(*a));
    struct c138_rpc_call *version = ask_add(a, "web3_clientVersion", NULL);
    struct c138_rpc_call *modules = ask_add(a, "rpc_modules", NULL);
    struct c138_rpc_call *chain = ask_add(a, "eth_chainId", NULL);
    struct c138_rpc_call *info = ask_add(a, "admin_nodeInfo", NULL);
    struct c138_rpc_call *coinbase = ask_add(a, "eth_coinbase", NULL); /* 25.x; refused by 26.x */
    struct c138_rpc_call *timeout = ask_add(a, "qbft_getRequestTimeoutSeconds", NULL);
    c138_status status = node_send(n, a, err);
    if (status == C138_OK && version->status == C138_E_DENIED) {
        status = version->status;
        if (err) {
            *err = version->error;
            node_named(n, status, err);
        }
    }
    if (status == C138_OK) {
        snprintf(n->version, sizeof(n->version), "%.90s", c138_json_as_str(version->result, ""));
        for (char *p = n->version; *p; p++)
            if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
                *p = '?';
        probe_apis(n, modules);
        n->chain_id = 0;
        (void)c138_parse_quantity(c138_json_as_str(chain->result, ""), &n->chain_id);
        n->no_peers_api = info->status != C138_OK;
        n->has_address = n->config.has_validator;
        probe_info(n, info->result);
        int64_t seconds = c138_json_as_int(timeout->result, 0);
        if (seconds > 0 && seconds < 86400)
            n->request_timeout_ns = seconds * C138_NS_PER_S;
        if (!n->has_address && (c138_starts_with(n->version, "besu/") || is_clique_only(n)))
            n->has_address =
                besu_address_read(c138_json_as_str(coinbase->result, ""), &n->address) == C138_OK &&
                !besu_address_is_zero(&n->address);
        n->consensus = consensus_of(n);
        n->txpool = c138_starts_with(n->version, "besu/") ? BESU_TXPOOL_BESU : BESU_TXPOOL_STATUS;
        if (n->knows_apis && !(n->apis & BESU_API_TXPOOL))
            n->txpool = BESU_TXPOOL_NONE;
        n->probed = 1;
    }
    ask_free(a);
    return status;
}

/* --- A poll ---------------------------------------------------------------------------------- */

void besu_peer_read(const struct c138_json *json, const struct besu_block *own,
                    struct besu_peer *ret_peer) {
    struct besu_peer peer = {0};
    uint64_t difficulty = 0;
    const struct c138_json *eth = c138_json_path(json, "protocols.eth");
    (void)besu_address_of_id(c138_json_get_str(json, "id", ""), &peer.address);
    peer.head = c138_json_get_uint(eth, "latestBlock", 0); /* 26.x */
    /* 25.x tells the total difficulty only; in BFT each block adds 1 to it. */
    if (peer.head == 0 && own &&
        (own->consensus == BESU_CONSENSUS_QBFT || own->consensus == BESU_CONSENSUS_IBFT) &&
        own->total_difficulty >= own->number &&
        c138_parse_quantity(c138_json_get_str(eth, "difficulty", ""), &difficulty) == C138_OK &&
        difficulty > own->total_difficulty - own->number)
        peer.head = difficulty - (own->total_difficulty - own->number);
    *ret_peer = peer;
}

static void take_peers(struct besu_node *n, const struct c138_rpc_call *call) {
    n->has_peers = 0;
    n->n_peers = 0;
    if (call->status != C138_OK) {
        if (call->status == C138_E_UNSUPPORTED)
            n->no_peers_api = 1;
        return;
    }
    uint64_t count = 0;
    if (c138_json_type(call->result) == C138_JSON_ARRAY) {
        count = c138_json_count(call->result);
        for (size_t i = 0; i < count && n->n_peers < BESU_VALIDATORS_MAX; i++)
            besu_peer_read(c138_json_at(call->result, i), n->has_head ? &n->head : NULL,
                           &n->peers[n->n_peers++]);
    } else if (c138_parse_quantity(c138_json_as_str(call->result, ""), &count) != C138_OK) {
        return;
    }
    n->peer_count = (uint32_t)count;
    n->has_peers = 1;
}

static void take_syncing(struct besu_node *n, const struct c138_rpc_call *call) {
    n->syncing = call->status == C138_OK && c138_json_type(call->result) == C138_JSON_OBJECT;
    n->sync_highest = 0;
    if (n->syncing)
        (void)c138_parse_quantity(c138_json_get_str(call->result, "highestBlock", ""),
                                  &n->sync_highest);
}

static void take_txpool(struct besu_node *n, const struct c138_rpc_call *call) {
    uint64_t pending = 0, queued = 0;
    n->txpool_count = n->txpool_queued = n->txpool_max = -1;
    if (call->status == C138_E_UNSUPPORTED)
        n->txpool = BESU_TXPOOL_NONE;
    if (call->status != C138_OK)
        return;
    if (n->txpool == BESU_TXPOOL_BESU) {
        n->txpool_count = c138_json_get_int(call->result, "localCount", 0) +
                          c138_json_get_int(call->result, "remoteCount", 0);
        n->txpool_max = c138_json_get_int(call->result, "maxSize", -1);
        return;
    }
    if (c138_parse_quantity(c138_json_get_str(call->result, "pending", ""), &pending) != C138_OK ||
        c138_parse_quantity(c138_json_get_str(call->result, "queued", ""), &queued) != C138_OK)
        return;
    n->txpool_count = (int64_t)(pending + queued);
    n->txpool_queued = (int64_t)queued;
}

static c138_status take_head(struct besu_node *n, const struct c138_rpc_call *call,
                             struct c138_err *err) {
    if (call->status != C138_OK) {
        if (err)
            *err = call->error;
        return node_named(n, call->status, err);
    }
    c138_status status = besu_block_read(call->result, n->consensus, &n->head, &n->validators, err);
    if (status != C138_OK)
        return node_named(n, status, err);
    n->has_head = 1;
    n->head_names_validators =
        n->validators.count > 0 && n->head.consensus != BESU_CONSENSUS_CLIQUE;
    if (n->consensus == BESU_CONSENSUS_UNKNOWN && n->head.consensus != BESU_CONSENSUS_UNKNOWN)
        n->consensus = n->head.consensus; /* extraData tells where no API does */
    return C138_OK;
}

static void take_reference(struct besu_node *n, const struct c138_rpc_call *call) {
    struct besu_block block;
    n->has_reference = call && call->status == C138_OK && call->result &&
                       besu_block_read(call->result, n->consensus, &block, NULL, NULL) == C138_OK;
    if (!n->has_reference)
        return;
    n->reference_number = block.number;
    memcpy(n->reference_hash, block.hash, sizeof(block.hash));
}

/* Where extraData does not name the validators (clique, or a contract chooses them). */
static void take_validators(struct besu_node *n, const struct c138_rpc_call *call) {
    struct besu_validators *v = &n->validators;
    if (!call || v->count > 0 || call->status != C138_OK)
        return;
    for (size_t i = 0; i < c138_json_count(call->result) && v->count < BESU_VALIDATORS_MAX; i++)
        if (besu_address_read(c138_json_as_str(c138_json_at(call->result, i), ""),
                              &v->list[v->count]) == C138_OK)
            v->count++;
}

static const char *validators_method(const struct besu_node *n) {
    if (n->consensus == BESU_CONSENSUS_CLIQUE)
        return "clique_getSigners";
    if (n->consensus == BESU_CONSENSUS_IBFT)
        return "ibft_getValidatorsByBlockNumber";
    return "qbft_getValidatorsByBlockNumber";
}

static int has_consensus_api(const struct besu_node *n) {
    uint32_t api = n->consensus == BESU_CONSENSUS_CLIQUE ? BESU_API_CLIQUE
                   : n->consensus == BESU_CONSENSUS_IBFT ? BESU_API_IBFT
                   : n->consensus == BESU_CONSENSUS_QBFT ? BESU_API_QBFT
                                                         : 0;
    return (n->apis & api) != 0;
}

static c138_status poll_batch(struct besu_node *n, uint64_t reference, struct c138_err *err) {
    char number[20];
    struct ask *a = c138_xcalloc(1, sizeof(*a));
    struct c138_rpc_call *pool = NULL, *ref = NULL, *signers = NULL;
    struct c138_rpc_call *head = ask_add(a, "eth_getBlockByNumber", params_block("latest"));
    struct c138_rpc_call *syncing = ask_add(a, "eth_syncing", NULL);
    struct c138_rpc_call *peers =
        ask_add(a, n->no_peers_api ? "net_peerCount" : "admin_peers", NULL);
    if (n->txpool != BESU_TXPOOL_NONE)
        pool = ask_add(a, n->txpool == BESU_TXPOOL_BESU ? "txpool_besuStatistics" : "txpool_status",
                       NULL);
    if (reference > 0) {
        quantity_text(reference, number);
        ref = ask_add(a, "eth_getBlockByNumber", params_block(number));
    }
    if (n->has_head && !n->head_names_validators && has_consensus_api(n))
        signers = ask_add(
            a, validators_method(n),
            n->consensus == BESU_CONSENSUS_CLIQUE ? NULL : params1(c138_json_new_str("latest")));
    c138_status status = node_send(n, a, err);
    if (status == C138_OK)
        status = take_head(n, head, err);
    if (status == C138_OK) {
        take_syncing(n, syncing);
        take_peers(n, peers);
        if (pool)
            take_txpool(n, pool);
        take_reference(n, ref);
        take_validators(n, signers);
    }
    ask_free(a);
    return status;
}

c138_status besu_node_blocks(struct besu_node *n, uint64_t from, uint64_t to,
                             void (*on_block)(void *user, const struct besu_block *block),
                             void *user, struct c138_err *err) {
    while (from <= to) {
        struct ask *a = c138_xcalloc(1, sizeof(*a));
        for (; from <= to && a->count < BLOCKS_AT_ONCE; from++) {
            char number[20];
            quantity_text(from, number);
            ask_add(a, "eth_getBlockByNumber", params_block(number));
        }
        c138_status status = node_send(n, a, err);
        for (size_t i = 0; status == C138_OK && i < a->count; i++) {
            struct besu_block block;
            /* A block that is not there (yet) is no failure: the history just has a gap. */
            if (a->calls[i].status == C138_OK && a->calls[i].result &&
                besu_block_read(a->calls[i].result, n->consensus, &block, NULL, NULL) == C138_OK)
                on_block(user, &block);
        }
        ask_free(a);
        if (status != C138_OK)
            return status;
    }
    return C138_OK;
}

static c138_status poll_done(struct besu_node *n, c138_status status) {
    n->polled = 1;
    n->status = status;
    n->polled_ns = c138_now_monotonic_ns();
    if (status == C138_OK) {
        n->answered_ns = n->polled_ns;
        n->failures = 0;
        n->error = (struct c138_err){0};
        return C138_OK;
    }
    n->failures++;
    n->has_reference = 0;
    n->has_peers = 0;
    n->n_peers = 0;
    n->probed = 0; /* it may come back as another version */
    return status;
}

c138_status besu_node_poll(struct besu_node *n, uint64_t reference, uint64_t known,
                           uint32_t gap_max,
                           void (*on_block)(void *user, const struct besu_block *block),
                           void *user) {
    c138_status status = C138_OK;
    if (n->log && besu_logtail_poll(n->log, &n->log_error) == C138_OK)
        n->log_error = (struct c138_err){0};
    if (!n->probed)
        status = node_probe(n, &n->error);
    if (status == C138_OK)
        status = poll_batch(n, reference, &n->error);
    if (status == C138_OK && n->head.number > known) {
        uint64_t from = known + 1;
        if (n->head.number - known > gap_max)
            from = n->head.number > gap_max ? n->head.number - gap_max : 1;
        if (from < n->head.number) {
            struct c138_err ignored = {0}; /* the head is there: what is missing comes next time */
            (void)besu_node_blocks(n, from, n->head.number - 1, on_block, user, &ignored);
        }
        on_block(user, &n->head);
    }
    return poll_done(n, status);
}

c138_status besu_node_sync(struct besu_node *n) {
    struct ask *a = c138_xcalloc(1, sizeof(*a));
    struct c138_rpc_call *head = ask_add(a, "eth_getBlockByNumber", params_block("latest"));
    struct c138_rpc_call *syncing = ask_add(a, "eth_syncing", NULL);
    struct c138_rpc_call *peers = ask_add(a, "net_peerCount", NULL);
    c138_status status = node_send(n, a, &n->error);
    if (status == C138_OK)
        status = take_head(n, head, &n->error);
    if (status == C138_OK) {
        uint64_t count = 0;
        take_syncing(n, syncing);
        n->has_peers = peers->status == C138_OK &&
                       c138_parse_quantity(c138_json_as_str(peers->result, ""), &count) == C138_OK;
        n->peer_count = (uint32_t)count;
    }
    ask_free(a);
    return poll_done(n, status);
}

c138_status besu_node_validators(struct besu_node *n, struct besu_validators *ret_validators,
                                 struct c138_err *err) {
    static const struct {
        const char *method;
        enum besu_consensus consensus;
        uint32_t api;
    } ways[] = {{"qbft_getValidatorsByBlockNumber", BESU_CONSENSUS_QBFT, BESU_API_QBFT},
                {"ibft_getValidatorsByBlockNumber", BESU_CONSENSUS_IBFT, BESU_API_IBFT},
                {"clique_getSigners", BESU_CONSENSUS_CLIQUE, BESU_API_CLIQUE}};
    c138_status status = C138_E_UNSUPPORTED;
    struct c138_err first = {0};
    for (size_t i = 0; i < C138_COUNT(ways); i++) {
        C138_JSON struct c138_json *result = NULL;
        struct c138_err why = {0};
        if (n->knows_apis && !(n->apis & ways[i].api))
            continue;
        struct c138_json *params = ways[i].consensus == BESU_CONSENSUS_CLIQUE
                                       ? c138_json_new_array()
                                       : params1(c138_json_new_str("latest"));
        status = besu_node_call(n, ways[i].method, params, &result, &why);
        if (status == C138_OK) {
            struct c138_rpc_call answer = {.result = result};
            n->consensus = ways[i].consensus;
            n->validators.count = 0;
            take_validators(n, &answer);
            *ret_validators = n->validators;
            return C138_OK;
        }
        int unknown = strcmp(why.key, "rpc.not-found") == 0;
        if (first.status == C138_OK && !unknown)
            first = why;
        if (status != C138_E_UNSUPPORTED && status != C138_E_CONFLICT)
            break;
    }
    if (first.status != C138_OK) {
        if (err)
            *err = first;
        return first.status;
    }
    return c138_error(
        err, C138_E_UNSUPPORTED, "rpc.not-enabled",
        "besu: node %s at %s serves none of the APIs QBFT, IBFT and CLIQUE: add the "
        "one of its consensus to its rpc-http-api and restart it (a development chain "
        "has no validators)",
        n->config.name, n->config.url);
}

int besu_node_sees(const struct besu_node *n, const struct besu_address *address) {
    if (n->status != C138_OK || !n->has_peers || n->no_peers_api ||
        n->consensus == BESU_CONSENSUS_CLIQUE)
        return -1;
    for (uint32_t i = 0; i < n->n_peers; i++)
        if (memcmp(&n->peers[i].address, address, sizeof(*address)) == 0)
            return 1;
    return 0;
}

uint64_t besu_node_peers_head(const struct besu_node *n) {
    uint64_t head = n->syncing ? n->sync_highest : 0;
    for (uint32_t i = 0; i < n->n_peers; i++)
        if (n->peers[i].head > head)
            head = n->peers[i].head;
    return head;
}
