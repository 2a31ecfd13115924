/*
 * Rules on the options of Besu. Where a real node was seen to behave otherwise than its documents
 * say, the rule follows what was seen; the comment says so.
 */
#include "audit.h"

#include <base/text.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- RPC ------------------------------------------------------------------------------------- */

struct listener {
    const char *what, *enabled, *host, *port, *api, *login, *no_auth;
    unsigned default_port;
};
static const struct listener listeners[] = {
    {"rpc-http", "rpc-http-enabled", "rpc-http-host", "rpc-http-port", "rpc-http-api",
     "rpc-http-authentication-enabled", "rpc-http-api-methods-no-auth", 8545},
    {"rpc-ws", "rpc-ws-enabled", "rpc-ws-host", "rpc-ws-port", "rpc-ws-api",
     "rpc-ws-authentication-enabled", "rpc-ws-api-methods-no-auth", 8546},
};

static int listens(const struct audit_node *n, const struct listener *l) {
    unsigned ignored;
    return audit_opt_bool(n, l->enabled, 0) &&
           audit_exposed(n, l->host, l->port, l->default_port, &ignored);
}

/* Can anybody on another host call the API's methods? */
static int api_is_open(const struct audit_node *n, const struct listener *l, const char *api) {
    char prefix[32];
    const struct audit_option *exempt = audit_opt(n, l->no_auth);
    if (!listens(n, l) || !audit_opt_has(n, l->api, api))
        return 0;
    if (!audit_opt_bool(n, l->login, 0))
        return 1;
    snprintf(prefix, sizeof(prefix), "%s_", api);
    for (size_t i = 0; exempt && i < exempt->count; i++)
        if (strncasecmp(exempt->values[i], prefix, strlen(prefix)) == 0)
            return 1;
    return 0;
}

/* arg: APIs, with blanks between them. */
static void check_api(struct audit *a, const struct audit_rule *r) {
    for (size_t i = 0; i < sizeof(listeners) / sizeof(*listeners); i++) {
        for (const char *p = r->arg; *p; p += strcspn(p, " "), p += *p == ' ') {
            char api[16];
            snprintf(api, sizeof(api), "%.*s", (int)strcspn(p, " "), p);
            if (api_is_open(a->node, &listeners[i], api))
                audit_find_opt(a, r, listeners[i].api,
                               "%s serves %s to other hosts without a login", listeners[i].what,
                               api);
        }
    }
}

/* Besu 25.6 took the methods away, 25.7 the names; 26.8.0 was seen to end with "invalid entries
 * found" on PRIV, EEA and CLIQUE. */
static void check_gone_apis(struct audit *a, const struct audit_rule *r) {
    for (size_t i = 0; i < sizeof(listeners) / sizeof(*listeners); i++) {
        const struct audit_option *o = audit_opt(a->node, listeners[i].api);
        for (size_t k = 0; o && k < o->count; k++)
            if (!strcasecmp(o->values[k], "PRIV") || !strcasecmp(o->values[k], "EEA") ||
                (!strcasecmp(o->values[k], "CLIQUE") && a->node->version >= 260800))
                audit_find_opt(a, r, listeners[i].api, "%s names %s", listeners[i].api,
                               o->values[k]);
    }
}

static int has_any(const struct audit_node *n, const char *option) {
    return audit_opt_has(n, option, "*") || audit_opt_has(n, option, "all");
}

static void check_host_allowlist(struct audit *a, const struct audit_rule *r) {
    if (has_any(a->node, "host-allowlist"))
        audit_find_opt(a, r, "host-allowlist", "host-allowlist lets every Host header in");
}

static void check_cors(struct audit *a, const struct audit_rule *r) {
    static const char *const options[] = {"rpc-http-cors-origins", "graphql-http-cors-origins"};
    static const char *const strong[] = {"ADMIN", "DEBUG", "PERM", "MINER"};
    enum audit_severity severity = AUDIT_MEDIUM;
    for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++)
        if (api_is_open(a->node, &listeners[0], strong[i]))
            severity = AUDIT_HIGH;
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        unsigned line;
        const char *file = audit_opt_file(a->node, options[i], &line);
        if (has_any(a->node, options[i]))
            audit_find_as(a, r, severity, file, line, "%s lets every page in", options[i]);
    }
}

static void check_login(struct audit *a, const struct audit_rule *r) {
    if (listens(a->node, &listeners[0]) && !audit_opt_bool(a->node, listeners[0].login, 0))
        audit_find_opt(a, r, "rpc-http-host", "rpc-http answers other hosts without a login");
}

static void check_validator_rpc(struct audit *a, const struct audit_rule *r) {
    if (listens(a->node, &listeners[0]))
        audit_find_opt(a, r, "rpc-http-enabled", "this validator answers RPC of other hosts");
}

static void check_ws(struct audit *a, const struct audit_rule *r) {
    if (listens(a->node, &listeners[1]) && !audit_opt_bool(a->node, listeners[1].login, 0))
        audit_find_opt(a, r, "rpc-ws-host", "rpc-ws answers other hosts without a login");
}

static void check_graphql(struct audit *a, const struct audit_rule *r) {
    unsigned ignored;
    if (audit_opt_bool(a->node, "graphql-http-enabled", 0) &&
        audit_exposed(a->node, "graphql-http-host", "graphql-http-port", 8547, &ignored))
        audit_find_opt(a, r, "graphql-http-host",
                       "GraphQL, which has no login, answers other hosts");
}

static void check_metrics_open(struct audit *a, const struct audit_rule *r) {
    unsigned ignored;
    if (audit_opt_bool(a->node, "metrics-enabled", 0) &&
        audit_exposed(a->node, "metrics-host", "metrics-port", 9545, &ignored))
        audit_find_opt(a, r, "metrics-host", "metrics answer other hosts");
}

/* --- Switches -------------------------------------------------------------------------------- */

/* arg: an option that must be true. */
static void check_is_on(struct audit *a, const struct audit_rule *r) {
    if (!audit_opt_bool(a->node, r->arg, 0))
        audit_find_opt(a, r, r->arg, "%s is %s", r->arg,
                       audit_opt(a->node, r->arg) ? "false" : "not set, which is false");
}

/* arg: an option that must not be true. */
static void check_is_off(struct audit *a, const struct audit_rule *r) {
    if (audit_opt_bool(a->node, r->arg, 0))
        audit_find_opt(a, r, r->arg, "%s is true", r->arg);
}

/* --- Peers ----------------------------------------------------------------------------------- */

static void check_max_peers(struct audit *a, const struct audit_rule *r) {
    double max = audit_opt_number(a->node, "max-peers", 25);
    const struct audit_doc *list = audit_doc_of(a->node, AUDIT_STATIC);
    if (!list) {
        audit_skip(a, r, "no file is given: name it as %s", audit_kind_name(AUDIT_STATIC));
        return;
    }
    if (max < (double)list->count)
        audit_find_opt(a, r, "max-peers", "max-peers is %g, static-nodes.json names %zu", max,
                       list->count);
}

static void check_many_peers(struct audit *a, const struct audit_rule *r) {
    double max = audit_opt_number(a->node, "max-peers", 25);
    if (max > 100)
        audit_find_opt(a, r, "max-peers", "max-peers is %g", max);
}

static void check_discovery(struct audit *a, const struct audit_rule *r) {
    if (audit_opt_bool(a->node, "discovery-enabled", 1))
        audit_find_opt(a, r, "discovery-enabled", "discovery-enabled is %s",
                       audit_opt(a->node, "discovery-enabled") ? "true" : "not set, which is true");
}

static void check_p2p_host(struct audit *a, const struct audit_rule *r) {
    const char *host = audit_opt_text(a->node, "p2p-host", NULL);
    if (!host || audit_is_loopback(host))
        audit_find_opt(a, r, "p2p-host", "p2p-host is %s",
                       host ? host : "not set, which is 127.0.0.1");
}

static void check_nat(struct audit *a, const struct audit_rule *r) {
    const char *nat = audit_opt_text(a->node, "nat-method", NULL);
    if (!nat || !strcasecmp(nat, "AUTO"))
        audit_find_opt(a, r, "nat-method", "nat-method is %s",
                       nat ? nat : "not set, which is AUTO");
}

/* --- Fees and pool --------------------------------------------------------------------------- */

/* Markers of private transactions are signed by accounts without money unless a key file is named:
 * such a node must take a price of 0. */
static void check_min_gas_price(struct audit *a, const struct audit_rule *r) {
    const struct audit_node *n = a->node;
    int needs_zero = audit_opt_bool(n, "privacy-enabled", 0) &&
                     !audit_opt(n, "privacy-marker-transaction-signing-key-file");
    if (audit_opt(n, "min-gas-price") && audit_opt_number(n, "min-gas-price", 1000) == 0 &&
        (listens(n, &listeners[0]) || listens(n, &listeners[1])) && !needs_zero)
        audit_find_opt(a, r, "min-gas-price", "min-gas-price is 0 where other hosts may send");
}

static void check_feecap(struct audit *a, const struct audit_rule *r) {
    if (audit_opt(a->node, "rpc-tx-feecap") && audit_opt_number(a->node, "rpc-tx-feecap", 1) == 0)
        audit_find_opt(a, r, "rpc-tx-feecap", "rpc-tx-feecap is 0");
}

static void check_pool(struct audit *a, const struct audit_rule *r) {
    const char *pool = audit_opt_text(a->node, "tx-pool", NULL);
    if (!pool || !strcasecmp(pool, "layered"))
        audit_find_opt(a, r, "tx-pool", "tx-pool is %s", pool ? pool : "not set, which is layered");
}

static void check_pool_share(struct audit *a, const struct audit_rule *r) {
    static const char option[] = "tx-pool-limit-by-account-percentage";
    double share = audit_opt_number(a->node, option, 0.001);
    if (strcasecmp(audit_opt_text(a->node, "tx-pool", "layered"), "layered") != 0 && share < 0.01)
        audit_find_opt(a, r, option,
                       "an account may fill %g of the pool, %.0f of 4096 transactions", share,
                       share * 4096);
}

/* --- Storage --------------------------------------------------------------------------------- */

/* "Bonsai cannot be enabled with privacy.", exit status 2, seen on 25.5.0; Bonsai is the default. */
static void check_bonsai_privacy(struct audit *a, const struct audit_rule *r) {
    const char *format = audit_opt_text(a->node, "data-storage-format", NULL);
    if (audit_opt_bool(a->node, "privacy-enabled", 0) && (!format || strcasecmp(format, "FOREST")))
        audit_find_opt(a, r, "data-storage-format", "data-storage-format is %s with privacy on",
                       format ? format : "not set, which is BONSAI,");
}

static void check_forest(struct audit *a, const struct audit_rule *r) {
    if (!strcasecmp(audit_opt_text(a->node, "data-storage-format", ""), "FOREST") &&
        !audit_opt_bool(a->node, "privacy-enabled", 0))
        audit_find_opt(a, r, "data-storage-format", "data-storage-format is FOREST");
}

/* With full sync, the default of a network of one's own, Besu was seen to switch the limit off by
 * itself: only where another mode is chosen does the option say anything. */
static void check_trie_logs(struct audit *a, const struct audit_rule *r) {
    static const char option[] = "bonsai-limit-trie-logs-enabled";
    const char *mode = audit_opt_text(a->node, "sync-mode", "FULL");
    if (strcasecmp(mode, "FULL") != 0 && !audit_opt_bool(a->node, option, 1))
        audit_find_opt(a, r, option, "%s is false with sync-mode %s", option, mode);
}

static void check_history(struct audit *a, const struct audit_rule *r) {
    static const char option[] = "bonsai-historical-block-limit";
    double limit = audit_opt_number(a->node, option, 512);
    if (limit < 512)
        audit_find_opt(a, r, option, "%s is %g", option, limit);
}

/* "Snap sync cannot be enabled with privacy.", exit status 2, seen on 25.5.0. */
static void check_sync_privacy(struct audit *a, const struct audit_rule *r) {
    const char *mode = audit_opt_text(a->node, "sync-mode", "FULL");
    if (audit_opt_bool(a->node, "privacy-enabled", 0) && strcasecmp(mode, "FULL") != 0)
        audit_find_opt(a, r, "sync-mode", "sync-mode is %s with privacy on", mode);
}

/* 26.8.0 was seen to take FULL and SNAP only; CHECKPOINT is SNAP with a warning. */
static void check_sync_mode(struct audit *a, const struct audit_rule *r) {
    const char *mode = audit_opt_text(a->node, "sync-mode", "FULL");
    if (strcasecmp(mode, "FULL") && strcasecmp(mode, "SNAP") && strcasecmp(mode, "CHECKPOINT"))
        audit_find_opt(a, r, "sync-mode", "sync-mode is %s", mode);
}

/* Without the option a network of one's own is protected: 25.5.0 was seen to refuse the data of
 * 26.8.0. So only a false is a finding. */
static void check_protection(struct audit *a, const struct audit_rule *r) {
    if (!audit_opt_bool(a->node, "version-compatibility-protection", 1))
        audit_find_opt(a, r, "version-compatibility-protection",
                       "version-compatibility-protection is false");
}

/* --- Log ------------------------------------------------------------------------------------- */

static void check_logging(struct audit *a, const struct audit_rule *r) {
    const char *level = audit_opt_text(a->node, "logging", "INFO");
    if (!strcasecmp(level, "DEBUG") || !strcasecmp(level, "TRACE") || !strcasecmp(level, "ALL"))
        audit_find_opt(a, r, "logging", "logging is %s", level);
}

static void check_dns(struct audit *a, const struct audit_rule *r) {
    if (audit_opt_bool(a->node, "Xdns-enabled", 0) &&
        !audit_opt_bool(a->node, "Xdns-update-enabled", 0))
        audit_find_opt(a, r, "Xdns-enabled", "Xdns-enabled without Xdns-update-enabled");
}

/* --- Options that there are ------------------------------------------------------------------ */

static const struct audit_option_age *age_of(const char *name) {
    for (const struct audit_option_age *o = audit_option_ages; o->name; o++)
        if (strcasecmp(o->name, name) == 0)
            return o;
    return NULL;
}

static void check_removed(struct audit *a, const struct audit_rule *r) {
    for (size_t i = 0; i < a->node->n_options; i++) {
        const struct audit_option *o = &a->node->options[i];
        const struct audit_option_age *age = age_of(o->name);
        char version[32], gone[32];
        if (!age || !*o->file)
            continue;
        audit_version_write(a->node->version, version, sizeof(version));
        if (age->gone && a->node->version >= age->gone) {
            audit_version_write(age->gone, gone, sizeof(gone));
            audit_find(a, r, o->file, o->line, "%s is gone since Besu %s; this is %s", o->name,
                       gone, version);
        } else if (age->since > a->node->version) {
            audit_version_write(age->since, gone, sizeof(gone));
            audit_find(a, r, o->file, o->line, "%s came with Besu %s; this is %s", o->name, gone,
                       version);
        }
    }
}

/* Options of plugins and variables of other programs look the same in the environment: only files
 * and command lines are looked at. */
static void check_unknown(struct audit *a, const struct audit_rule *r) {
    for (size_t i = 0; i < a->node->n_options; i++) {
        const struct audit_option *o = &a->node->options[i];
        if (*o->file && !age_of(o->name) && strncmp(o->name, "plugin-", 7) != 0 &&
            strcmp(o->file,
                   a->node->files[AUDIT_CONFIG].path ? a->node->files[AUDIT_CONFIG].path : "") == 0)
            audit_find(a, r, o->file, o->line, "%s is no option of any Besu from 23.1 to 26.8",
                       o->name);
    }
}

/* "Value of 'rpc-http-enabled' is a string", exit status 2, seen on both versions. */
static void check_types(struct audit *a, const struct audit_rule *r) {
    for (size_t i = 0; i < a->node->n_options; i++) {
        const struct audit_option *o = &a->node->options[i];
        size_t n = strlen(o->name);
        if (n > 8 && strcasecmp(o->name + n - 8, "-enabled") == 0 &&
            c138_streq(o->file, a->node->files[AUDIT_CONFIG].path) && o->type != AUDIT_BOOL)
            audit_find(a, r, o->file, o->line, "%s has a value that is neither true nor false",
                       o->name);
    }
}

#define CONFIG .needs = AUDIT_NEEDS_OPTIONS
#define VALIDATORS .needs = AUDIT_NEEDS_OPTIONS | AUDIT_NEEDS_ROLE
#define CONTAINER .needs = AUDIT_NEEDS_OPTIONS | AUDIT_NEEDS_SERVICE

const struct audit_rule audit_rules_config[] = {
    {.id = "B01",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .check = check_api,
     .arg = "ADMIN",
     .title = "The API ADMIN is closed to other hosts, or asks for a login",
     .reason = "Whoever reaches it can remove peers and change the log.",
     .mend = "Take ADMIN out of the api option, bind to 127.0.0.1, or enable authentication."},
    {.id = "B02",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .check = check_api,
     .arg = "DEBUG",
     .title = "The API DEBUG is closed to other hosts, or asks for a login",
     .reason = "debug_setHead winds the chain back, debug_resyncWorldState throws its state away.",
     .mend = "Take DEBUG out of the api option, bind to 127.0.0.1, or enable authentication."},
    {.id = "B03",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .check = check_api,
     .arg = "PERM",
     .title = "The API PERM is closed to other hosts, or asks for a login",
     .reason = "Whoever reaches it can let himself in: the allowlists are written through it.",
     .mend = "Take PERM out of the api option, bind to 127.0.0.1, or enable authentication."},
    {.id = "B04",
     .severity = AUDIT_HIGH,
     CONFIG,
     .check = check_api,
     .arg = "MINER",
     .title = "The API MINER is closed to other hosts, or asks for a login",
     .reason = "It changes the least gas price and the gas limit that the node aims at.",
     .mend = "Take MINER out of the api option, bind to 127.0.0.1, or enable authentication."},
    {.id = "B05",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_api,
     .arg = "TXPOOL",
     .title = "The API TXPOOL is closed to other hosts, or asks for a login",
     .reason = "It shows what is about to be sent, and listing a full pool is work.",
     .mend = "Take TXPOOL out of the api option of public nodes."},
    {.id = "B06",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_api,
     .arg = "TRACE",
     .title = "The API TRACE is closed to other hosts, or asks for a login",
     .reason = "One request can keep a node busy for minutes.",
     .mend = "Take TRACE out of the api option of public nodes."},
    {.id = "B07",
     .severity = AUDIT_HIGH,
     CONFIG,
     .until = 250600,
     .check = check_api,
     .arg = "PRIV EEA",
     .title = "The APIs PRIV and EEA are closed to other hosts, or ask for a login",
     .reason = "Whoever reaches them reads the private state of this member.",
     .mend = "Enable authentication, or bind to 127.0.0.1."},
    {.id = "B08",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .since = 250700,
     .check = check_gone_apis,
     .title = "No API is named that this version does not have",
     .reason = "Besu does not start: \"invalid entries found\".",
     .mend = "Take PRIV and EEA (from 25.7) and CLIQUE (26.8) out of the api options."},
    {.id = "B09",
     .severity = AUDIT_HIGH,
     CONFIG,
     .check = check_host_allowlist,
     .title = "host-allowlist names hosts",
     .reason = "With \"*\" any web page can make a browser ask the node (DNS rebinding).",
     .mend = "Name the hosts under which the node is asked."},
    {.id = "B10",
     .severity = AUDIT_HIGH,
     CONFIG,
     .check = check_cors,
     .title = "CORS names origins",
     .reason =
         "With \"*\" any web page that is open in a browser which reaches the node can ask it; "
         "medium where no strong API is open.",
     .mend = "Name the origins of your own pages, or leave the option out."},
    {.id = "B11",
     .severity = AUDIT_HIGH,
     CONFIG,
     .check = check_login,
     .title = "RPC that other hosts reach asks for a login",
     .reason = "Everything that the node serves is served to everybody.",
     .mend = "Set rpc-http-authentication-enabled with a credentials file or a JWT key, or bind to "
             "127.0.0.1."},
    {.id = "B12",
     .severity = AUDIT_HIGH,
     VALIDATORS,
     .check = check_validator_rpc,
     .title = "A validator serves RPC to its own host only",
     .reason = "Validators make the chain; users ask RPC nodes.",
     .mend = "Bind rpc-http-host to 127.0.0.1, or publish the port on 127.0.0.1 only."},
    {.id = "B13",
     .severity = AUDIT_HIGH,
     CONFIG,
     .check = check_ws,
     .title = "WebSocket that other hosts reach asks for a login",
     .reason = "Everything that the node serves is served to everybody.",
     .mend = "Set rpc-ws-authentication-enabled, or bind rpc-ws-host to 127.0.0.1."},
    {.id = "B14",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_graphql,
     .title = "GraphQL is closed to other hosts",
     .reason = "It has no login, and one query can ask for very much.",
     .mend = "Set graphql-http-enabled to false, or bind graphql-http-host to 127.0.0.1."},
    {.id = "B15",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_metrics_open,
     .title = "Metrics are closed to other hosts",
     .reason = "They tell versions, peers and load.",
     .mend = "Bind metrics-host to 127.0.0.1, or do not publish the port."},
    {.id = "B16",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_is_on,
     .arg = "metrics-enabled",
     .title = "Metrics are on",
     .reason = "Without them nobody sees what the node does.",
     .mend = "Set metrics-enabled to true."},
    {.id = "B17",
     .severity = AUDIT_HIGH,
     CONFIG,
     .check = check_is_on,
     .arg = "permissions-nodes-config-file-enabled",
     .title = "Peers are permissioned",
     .reason = "On a permissioned chain any node that knows the genesis may otherwise connect.",
     .mend = "Set permissions-nodes-config-file-enabled to true, with a nodes-allowlist."},
    {.id = "B18",
     .severity = AUDIT_HIGH,
     VALIDATORS,
     .check = check_is_on,
     .arg = "permissions-accounts-config-file-enabled",
     .title = "A validator permissions accounts",
     .reason =
         "Accounts are checked when a transaction is taken and when a block is made, not when "
         "it is imported: the list of the validators is the one that counts.",
     .mend = "Set permissions-accounts-config-file-enabled to true, with an accounts-allowlist."},
    {.id = "B25a",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_max_peers,
     .title = "max-peers is enough for the static nodes",
     .reason = "Nodes that should be connected are turned away.",
     .mend = "Raise max-peers."},
    {.id = "B25b",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_many_peers,
     .title = "max-peers is 100 or less",
     .reason = "Each peer costs memory and messages.",
     .mend = "Lower max-peers to what the network has."},
    {.id = "B26",
     .severity = AUDIT_MEDIUM,
     VALIDATORS,
     .check = check_discovery,
     .title = "A validator does not take part in discovery",
     .reason = "It should be known to those only that are named to it.",
     .mend = "Set discovery-enabled to false and name the peers in static-nodes.json."},
    {.id = "B27a",
     .severity = AUDIT_MEDIUM,
     CONTAINER,
     .check = check_p2p_host,
     .title = "In a container p2p-host is the address under which others reach the node",
     .reason = "Otherwise it tells its peers an address at which they find nothing.",
     .mend = "Set p2p-host."},
    {.id = "B27b",
     .severity = AUDIT_MEDIUM,
     CONTAINER,
     .check = check_nat,
     .title = "In a container nat-method is chosen",
     .reason =
         "AUTO guesses the address from the surroundings, and may guess another than p2p-host.",
     .mend = "Set nat-method to NONE (with p2p-host) or DOCKER."},
    {.id = "B29",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_min_gas_price,
     .title =
         "A node that other hosts send to asks for a gas price, or needs 0 for private markers",
     .reason = "Sending costs nothing, so that anybody can fill blocks and pool.",
     .mend = "Set min-gas-price, or permission the accounts and the callers."},
    {.id = "B30",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_feecap,
     .title = "rpc-tx-feecap is not 0",
     .reason =
         "0 stands for no limit now, and is to mean the opposite in a coming version. What the "
         "option limits was seen to be the price of one gas, not the fee.",
     .mend = "Set the highest price that you would pay."},
    {.id = "B31a",
     .severity = AUDIT_INFO,
     CONFIG,
     .check = check_pool,
     .title = "A private chain uses the sequenced pool",
     .reason = "The layered pool orders by price, for public chains.",
     .mend = "Set tx-pool to sequenced."},
    {.id = "B31b",
     .severity = AUDIT_INFO,
     CONFIG,
     .check = check_is_off,
     .arg = "tx-pool-enable-save-restore",
     .title = "The pool is not saved over a restart",
     .reason = "Restarting the nodes does not clear the pool then.",
     .mend = "Leave the option out, unless you want that."},
    {.id = "B32",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_pool_share,
     .title = "Each account may use enough of the pool",
     .reason = "With few senders the default of 0.001 holds each at 4 transactions.",
     .mend = "Set tx-pool-limit-by-account-percentage, to 0.15 as the profile ENTERPRISE does."},
    {.id = "B33a",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .until = 250600,
     .check = check_bonsai_privacy,
     .title = "A node with privacy stores in FOREST",
     .reason = "Besu does not start: \"Bonsai cannot be enabled with privacy.\"",
     .mend = "Set data-storage-format to FOREST."},
    {.id = "B33b",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_forest,
     .title = "A node without privacy stores in BONSAI",
     .reason = "FOREST keeps every state for ever, and cannot be pruned.",
     .mend = "Plan the disk, or resync with data-storage-format BONSAI."},
    {.id = "B35a",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_trie_logs,
     .title = "Trie logs are limited",
     .reason = "They grow without end.",
     .mend = "Leave bonsai-limit-trie-logs-enabled at true, and prune once while stopped."},
    {.id = "B35b",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_history,
     .title = "Old states are kept for 512 blocks or more",
     .reason = "Calls at older blocks fail, and so does a reorganisation that is deeper.",
     .mend = "Set bonsai-historical-block-limit to what users ask for."},
    {.id = "B36a",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .until = 250600,
     .check = check_sync_privacy,
     .title = "A node with privacy syncs in full",
     .reason = "Besu does not start: \"Snap sync cannot be enabled with privacy.\"",
     .mend = "Set sync-mode to FULL."},
    {.id = "B36b",
     .severity = AUDIT_CRITICAL,
     CONFIG,
     .since = 260800,
     .check = check_sync_mode,
     .title = "sync-mode is one that this version has",
     .reason = "Besu does not start: it has FULL and SNAP.",
     .mend = "Set sync-mode to FULL or SNAP."},
    {.id = "B37",
     .severity = AUDIT_MEDIUM,
     CONFIG,
     .check = check_protection,
     .title = "An older version is kept from the data of a newer one",
     .reason = "A start with an older version can spoil the database.",
     .mend = "Take version-compatibility-protection=false out."},
    {.id = "B39a",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_logging,
     .title = "The log is at INFO or above",
     .reason = "DEBUG and TRACE fill the disk.",
     .mend = "Set logging to INFO; besu.log-level changes it for a while."},
    {.id = "B39b",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_is_off,
     .arg = "revert-reason-enabled",
     .title = "Revert reasons are not stored",
     .reason = "They make the database of every node that stores them larger.",
     .mend = "Enable it on one RPC node, not on all."},
    {.id = "B40",
     .severity = AUDIT_LOW,
     CONFIG,
     .check = check_dns,
     .title = "Where names are used for peers, they are looked up again",
     .reason = "A peer whose address changes is lost until a restart.",
     .mend = "Set Xdns-update-enabled to true, or use addresses."},
    {.id = "B41a",
     .severity = AUDIT_CRITICAL,
     CONFIG | AUDIT_NEEDS_VERSION,
     .check = check_removed,
     .title = "Every option is one that this version has",
     .reason = "Besu does not start with an option that it does not know.",
     .mend = "Take the option out before this version is started."},
    {.id = "B41b",
     .severity = AUDIT_CRITICAL,
     .needs = AUDIT_NEEDS(AUDIT_CONFIG),
     .check = check_unknown,
     .title = "Every key of the file is an option of Besu",
     .reason = "Besu does not start: \"Unknown option in TOML configuration file\". "
               "`besu validate-config` prints it too, and ends with 0 all the same.",
     .mend = "Correct its name, or take it out."},
    {.id = "B41c",
     .severity = AUDIT_CRITICAL,
     .needs = AUDIT_NEEDS(AUDIT_CONFIG),
     .check = check_types,
     .title = "What is true or false stands without quotes",
     .reason = "Besu does not start: \"is a string\".",
     .mend = "Take the quotes away."},
    {.id = NULL},
};
