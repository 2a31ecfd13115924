#include "besu.h"

#include "audit_action.h"

#include <base/mem.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

static const c138_field *const node_members[] = {
    C138_FIELD(.name = "name", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,
               .summary = "What the node is called in every answer, event and metric",
               .min_text = "1", .max_text = "63"),
    C138_FIELD(.name = "url", .type = C138_T_URL, .flags = C138_FIELD_REQUIRED,
               .summary = "Its JSON-RPC address (rpc-http-host and rpc-http-port)"),
    C138_FIELD(.name = "host_header", .type = C138_T_STRING,
               .summary = "Host to name in requests, one of the node's host-allowlist; without it "
                          "that of the URL",
               .max_text = "255"),
    C138_FIELD(.name = "token_file", .type = C138_T_PATH,
               .summary = "File with the JWT to show; read again whenever it changes"),
    C138_FIELD(.name = "username", .type = C138_T_STRING,
               .summary = "User of the node's credentials file, to log in instead of token_file",
               .max_text = "255"),
    C138_FIELD(.name = "password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,
               .summary = "That user's password"),
    C138_FIELD(.name = "log_file", .type = C138_T_PATH,
               .summary = "Its log, for the rounds of a halted chain, which no API tells"),
    C138_FIELD(.name = "data_dir", .type = C138_T_PATH, .flags = C138_FIELD_WRITABLE,
               .summary = "Its data folder, so that txpool-clear can lay its txpool.dump aside"),
    C138_FIELD(.name = "validator", .type = C138_T_ADDRESS,
               .summary = "Its address as a validator; without it asked of the node (API ADMIN)"),
    C138_FIELD(.name = "role", .type = C138_T_ENUM, .default_text = "auto",
               .choices = C138_TEXTS("auto", "validator", "rpc", "boot"),
               .summary = "What it is for; auto: a validator if it is in the set"),
    BESU_AUDIT_NODE_FIELDS,
    NULL,
};

const c138_field *const besu_setting_fields[] = {
    C138_FIELD(.name = "nodes", .type = C138_T_LIST, .max_text = "64",
               .summary = "Nodes of one network to watch; without any: \"local\" at "
                          "http://127.0.0.1:8545",
               .fields = C138_FIELDS(C138_FIELD(.name = "node", .type = C138_T_OBJECT,
                                                .summary = "One node", .fields = node_members))),
    C138_FIELD(.name = "poll_interval", .type = C138_T_DURATION, .default_text = "1s",
               .min_text = "100ms", .max_text = "1h",
               .summary = "Each node is asked once in this time"),
    C138_FIELD(.name = "timeout", .type = C138_T_DURATION, .default_text = "2s", .min_text = "50ms",
               .max_text = "4s", .summary = "Longest wait for one answer"),
    C138_FIELD(.name = "block_period", .type = C138_T_DURATION, .default_text = "0s",
               .max_text = "1h", .summary = "Time between blocks; 0s: learned from the chain"),
    C138_FIELD(.name = "stalled_after", .type = C138_T_DURATION, .default_text = "0s",
               .max_text = "1d",
               .summary = "Age of the head from which a chain counts as halted; 0s: two block "
                          "periods and a round's timeout"),
    C138_FIELD(.name = "lag_blocks", .type = C138_T_UINT, .default_text = "5", .unit = "blocks",
               .min_text = "1", .max_text = "1000000",
               .summary = "More than this behind its peers, a node lags"),
    C138_FIELD(.name = "peers_min", .type = C138_T_UINT, .default_text = "1", .max_text = "1000",
               .summary = "Fewer peers than this are an event"),
    C138_FIELD(.name = "missing_turns", .type = C138_T_UINT, .default_text = "2", .min_text = "1",
               .max_text = "100",
               .summary = "A validator that let so many turns pass in a row is missing"),
    C138_FIELD(.name = "hysteresis", .type = C138_T_DURATION, .default_text = "0s",
               .max_text = "1d",
               .summary = "How long a trouble must be gone before it counts as recovered (doubles "
                          "for one that flaps); 0s: two block periods"),
    C138_FIELD(.name = "start_grace", .type = C138_T_DURATION, .default_text = "1m",
               .max_text = "1d",
               .summary = "How long a node may stand at block 0, or sync without progress"),
    C138_FIELD(.name = "restart_time", .type = C138_T_DURATION, .default_text = "20s",
               .max_text = "1h",
               .summary = "How long a validator takes from its start until it takes part, for what "
                          "besu.consensus reckons"),
    C138_FIELD(.name = "consensus_blocks", .type = C138_T_UINT, .default_text = "20",
               .unit = "blocks", .min_text = "1", .max_text = "256",
               .summary = "Blocks that besu.consensus shows"),
    BESU_AUDIT_FIELDS,
    C138_FIELD(.name = "epoch_length", .type = C138_T_UINT, .default_text = "0", .unit = "blocks",
               .max_text = "1000000000",
               .summary = "Blocks after which votes count anew; 0: as the genesis says, or 30000"),
    C138_FIELD(.name = "permissions_interval", .type = C138_T_DURATION, .default_text = "30s",
               .max_text = "1d",
               .summary = "How often nodes with API PERM are asked for their lists; 0s: never"),
    C138_FIELD(.name = "permission_key", .type = C138_T_STRING, .max_text = "63",
               .summary = "Key that may change the permission contracts, as in keys.list"),
    C138_FIELD(.name = "account_ingress", .type = C138_T_ADDRESS,
               .default_text = "0x0000000000000000000000000000000000008888",
               .summary = "Where the contract for accounts is registered"),
    C138_FIELD(.name = "node_ingress", .type = C138_T_ADDRESS,
               .default_text = "0x0000000000000000000000000000000000009999",
               .summary = "Where the contract for nodes is registered"),
    NULL,
};

static void staged_clear(struct besu *b) {
    for (uint32_t i = 0; i < b->n_staged; i++)
        besu_node_config_deinit(&b->staged_nodes[i]);
    b->n_staged = 0;
    b->staged = 0;
}

/* A member of node `i`; the caller frees. NULL if it is absent. */
static char *member(c138_call *settings, uint32_t i, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), "nodes.%u.%s", i, name);
    const char *text = c138_has(settings, path) ? c138_str(settings, path) : NULL;
    return text && *text ? c138_xstrdup(text) : NULL;
}

static c138_status refuse(c138_call *settings, uint32_t i, const char *name, const char *why) {
    C138_FREE char *text = c138_xasprintf("nodes.%u (%s): %s", i, name ? name : "?", why);
    return c138_fail(settings, C138_E_INVALID, "setting.invalid", text);
}

static c138_status stage_node(struct besu *b, c138_call *settings, uint32_t i) {
    struct besu_node_config *c = &b->staged_nodes[b->n_staged++];
    *c = (struct besu_node_config){
        .name = member(settings, i, "name"),
        .url = member(settings, i, "url"),
        .host_header = member(settings, i, "host_header"),
        .token_file = member(settings, i, "token_file"),
        .username = member(settings, i, "username"),
        .password_ref = member(settings, i, "password"),
        .log_file = member(settings, i, "log_file"),
        .role = member(settings, i, "role"),
        .permissions_accounts_file = member(settings, i, "permissions_accounts_file"),
        .permissions_nodes_file = member(settings, i, "permissions_nodes_file"),
        .static_nodes_file = member(settings, i, "static_nodes_file"),
        .data_dir = member(settings, i, "data_dir")};
    C138_FREE char *validator = member(settings, i, "validator");
    if (!c->name || !c->url)
        return refuse(settings, i, c->name, "name and url are needed");
    for (uint32_t k = 0; k + 1 < b->n_staged; k++)
        if (strcmp(b->staged_nodes[k].name, c->name) == 0)
            return refuse(settings, i, c->name, "another node has this name: give each its own");
    if (c->token_file && c->username)
        return refuse(settings, i, c->name, "token_file and username exclude each other: keep one");
    if (!c->username != !c->password_ref)
        return refuse(settings, i, c->name, "username and password belong together");
    if (validator) {
        c->has_validator = besu_address_read(validator, &c->validator) == C138_OK;
        if (!c->has_validator)
            return refuse(settings, i, c->name, "validator is no address");
    }
    return C138_OK;
}

c138_status besu_settings_prepare(struct besu *b, c138_call *settings) {
    struct besu_settings *s = &b->staged_settings;
    staged_clear(b);
    *s = (struct besu_settings){
        .poll_ns = c138_int(settings, "poll_interval"),
        .timeout_ns = c138_int(settings, "timeout"),
        .stalled_after_ns = c138_int(settings, "stalled_after"),
        .hysteresis_ns = c138_int(settings, "hysteresis"),
        .block_period_ns = c138_int(settings, "block_period"),
        .start_grace_ns = c138_int(settings, "start_grace"),
        .restart_ns = c138_int(settings, "restart_time"),
        .lag_blocks = c138_uint(settings, "lag_blocks"),
        .peers_min = c138_uint(settings, "peers_min"),
        .missing_turns = c138_uint(settings, "missing_turns"),
        .consensus_blocks = c138_uint(settings, "consensus_blocks"),
        .epoch_length = c138_uint(settings, "epoch_length"),
        .permissions_ns = c138_int(settings, "permissions_interval"),
    };
    if (c138_has(settings, "permission_key"))
        snprintf(s->permission_key, sizeof(s->permission_key), "%s",
                 c138_str(settings, "permission_key"));
    (void)besu_address_read(c138_str(settings, "account_ingress"), &s->ingress[BESU_LIST_ACCOUNTS]);
    (void)besu_address_read(c138_str(settings, "node_ingress"), &s->ingress[BESU_LIST_NODES]);
    uint64_t count = c138_uint(settings, "nodes");
    if (count > BESU_NODES_MAX)
        return c138_fail(settings, C138_E_INVALID, "setting.invalid", "nodes: at most 64");
    c138_status status = C138_OK;
    for (uint32_t i = 0; status == C138_OK && i < count; i++)
        status = stage_node(b, settings, i);
    if (status == C138_OK && count == 0)
        b->staged_nodes[b->n_staged++] =
            (struct besu_node_config){.name = c138_xstrdup("local"),
                                      .url = c138_xstrdup("http://127.0.0.1:8545"),
                                      .role = c138_xstrdup("auto")};
    if (status != C138_OK)
        staged_clear(b);
    else
        besu_audit_prepare(b, settings);
    b->staged = status == C138_OK;
    return status;
}

/* The node of this config if it is watched already: it keeps its connections and what is known of
 * it. */
static int take_old(struct besu *b, const struct besu_node_config *config,
                    struct besu_watched *ret_watched) {
    for (uint32_t k = 0; k < b->n_nodes; k++) {
        if (!b->nodes[k].node || !besu_node_config_equal(&b->nodes[k].node->config, config))
            continue;
        *ret_watched = b->nodes[k];
        b->nodes[k].node = NULL;
        return 1;
    }
    return 0;
}

void besu_settings_commit(struct besu *b, uint32_t apply) {
    struct besu_watched *nodes = c138_xcalloc(BESU_NODES_MAX, sizeof(*nodes));
    uint32_t count = 0;
    int same_timeout = b->settings.timeout_ns == b->staged_settings.timeout_ns;
    if (apply && b->staged) {
        for (uint32_t i = 0; i < b->n_staged; i++) {
            struct c138_err err = {0};
            struct besu_watched *w = &nodes[count];
            if (!same_timeout || !take_old(b, &b->staged_nodes[i], w))
                w->node = besu_node_new(b->host, &b->staged_nodes[i], b->staged_settings.timeout_ns,
                                        &err);
            if (w->node)
                count++;
            else
                b->host->log(b->host, C138_LOG_ERROR, err.text);
        }
        for (uint32_t i = 0; i < b->n_nodes; i++) {
            if (b->nodes[i].node)
                besu_watch_forget(b, &b->nodes[i]);
            besu_node_free(b->nodes[i].node);
        }
        memcpy(b->nodes, nodes, sizeof(*nodes) * BESU_NODES_MAX);
        b->n_nodes = count;
        b->settings = b->staged_settings;
        b->next = 0;
        for (uint32_t i = 0; i < b->net.validators; i++)
            b->net.members[i].node = -1; /* indexes changed; the next look finds them again */
    }
    free(nodes);
    staged_clear(b);
    besu_audit_commit(b, apply);
}
