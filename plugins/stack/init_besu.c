#include "init.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/address.h>
#include <evm/rlp.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VANITY 32

/* --- Genesis --------------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, 20);
}

void init_extra_data(const uint8_t (*validators)[20], size_t count, struct c138_buf *out) {
    static const uint8_t vanity[VANITY];
    C138_BUF struct c138_buf list = C138_BUF_NULL, items = C138_BUF_NULL;
    C138_FREE uint8_t(*sorted)[20] = c138_xcalloc(count + 1, 20);
    memcpy(sorted, validators, count * 20);
    qsort(sorted, count, 20, by_bytes);
    for (size_t i = 0; i < count; i++)
        c138_rlp_put_bytes(&list, sorted[i], 20);
    c138_rlp_put_bytes(&items, vanity, VANITY);
    c138_rlp_put_list(&items, list.data, list.length);
    c138_rlp_put_list(&items, NULL, 0); /* no vote */
    c138_rlp_put_uint(&items, 0);       /* round */
    c138_rlp_put_list(&items, NULL, 0); /* no seals */
    c138_rlp_put_list(out, items.data, items.length);
}

static c138_status genesis(struct init *n, struct c138_err *err) {
    uint8_t validators[INIT_VALIDATORS_MAX][20];
    C138_BUF struct c138_buf extra = C138_BUF_NULL, text = C138_BUF_NULL;
    for (size_t i = 0; i < n->n_validators; i++)
        memcpy(validators[i], n->nodes[i].address, 20);
    init_extra_data((const uint8_t(*)[20])validators, n->n_validators, &extra);
    C138_FREE char *hex = c138_hex_text(extra.data, extra.length);
    (void)c138_buf_addf(&text,
                        "{\n"
                        "  \"config\": {\n"
                        "    \"chainId\": %" PRIu64 ",\n"
                        "    \"berlinBlock\": 0,\n"
                        "    \"londonBlock\": 0,\n"
                        "    \"shanghaiTime\": 0,\n"
                        "    \"zeroBaseFee\": true,\n"
                        "    \"qbft\": { \"blockperiodseconds\": %" PRIu64
                        ", \"epochlength\": 30000, \"requesttimeoutseconds\": %" PRIu64 " }\n"
                        "  },\n"
                        "  \"nonce\": \"0x0\",\n"
                        "  \"timestamp\": \"0x0\",\n"
                        "  \"gasLimit\": \"0x3938700\",\n"
                        "  \"difficulty\": \"0x1\",\n"
                        "  \"mixHash\": "
                        "\"0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365\",\n"
                        "  \"coinbase\": \"0x0000000000000000000000000000000000000000\",\n"
                        "  \"extraData\": \"%s\",\n"
                        "  \"alloc\": {}\n"
                        "}\n",
                        n->chain_id, n->period_s, 2 * n->period_s, hex);
    return init_text(n, "config/genesis.json", 0, &text, err);
}

/* --- A node ---------------------------------------------------------------------------------- */

/* Lists are the same on all nodes: what one lets in and another refuses is lost in between. */
static c138_status permissions(struct init *n, const struct init_node *x, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *path = c138_xasprintf("nodes/%s/permissions.toml", x->name);
    char marker[C138_ADDRESS_TEXT];
    c138_address_format(n->marker, marker);
    (void)c138_buf_adds(&text, "nodes-allowlist=[\n");
    for (size_t i = 0; i < n->n_nodes; i++)
        (void)c138_buf_addf(&text, "  \"%s\"%s\n", n->nodes[i].enode,
                            i + 1 < n->n_nodes ? "," : "");
    (void)c138_buf_adds(&text, "]\naccounts-allowlist=[");
    for (size_t i = 0; i < n->n_accounts; i++)
        (void)c138_buf_addf(&text, "%s\"%s\"", i ? ", " : "", n->accounts[i]);
    if (n->privacy)
        (void)c138_buf_addf(&text, "%s\"%s\"", n->n_accounts ? ", " : "", marker);
    (void)c138_buf_adds(&text, "]\n");
    return init_text(n, path, 0, &text, err);
}

static c138_status static_nodes(struct init *n, const struct init_node *x, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *path = c138_xasprintf("nodes/%s/static-nodes.json", x->name);
    int first = 1;
    (void)c138_buf_adds(&text, "[");
    for (size_t i = 0; i < n->n_nodes; i++) {
        if (&n->nodes[i] == x)
            continue;
        (void)c138_buf_addf(&text, "%s\n  \"%s\"", first ? "" : ",", n->nodes[i].enode);
        first = 0;
    }
    (void)c138_buf_adds(&text, "\n]\n");
    return init_text(n, path, 0, &text, err);
}

static void add_privacy(const struct init *n, struct c138_buf *text) {
    C138_FREE char *ip = init_ip(n, INIT_IP_TESSERA);
    (void)c138_buf_addf(text,
                        "\n# Private transactions, through Tessera. Markers are sent by one "
                        "account, which is on the allowlist.\n"
                        "privacy-enabled=true\n"
                        "privacy-url=\"http://%s:9101\"\n"
                        "privacy-public-key-file=\"/config/tessera.pub\"\n"
                        "privacy-marker-transaction-signing-key-file=\"/config/node/marker.key\"\n",
                        ip);
}

static c138_status config(struct init *n, const struct init_node *x, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *path = c138_xasprintf("nodes/%s/config.toml", x->name);
    int privacy = n->privacy && !x->validator;
    (void)c138_buf_addf(
        &text,
        "# Besu %s: %s of the network %s. Paths are those of the container.\n"
        "data-path=\"/data\"\n"
        "genesis-file=\"/config/network/genesis.json\"\n"
        "node-private-key-file=\"/config/node/key\"\n"
        "data-storage-format=\"%s\"\n"
        "sync-mode=\"FULL\"\n"
        "version-compatibility-protection=true\n"
        "logging=\"INFO\"\n"
        "\n# Peers: named ones only.\n"
        "p2p-host=\"%s\"\n"
        "p2p-interface=\"%s\"\n"
        "p2p-port=30303\n"
        "nat-method=\"NONE\"\n"
        "discovery-enabled=false\n"
        "max-peers=25\n"
        "static-nodes-file=\"/config/node/static-nodes.json\"\n"
        "permissions-nodes-config-file-enabled=true\n"
        "permissions-nodes-config-file=\"/config/node/permissions.toml\"\n"
        "permissions-accounts-config-file-enabled=true\n"
        "permissions-accounts-config-file=\"/config/node/permissions.toml\"\n"
        "\n# A private chain without fees.\n"
        "tx-pool=\"sequenced\"\n"
        "tx-pool-limit-by-account-percentage=0.15\n"
        "min-gas-price=0\n"
        "\n# Nobody is answered without a token.\n"
        "rpc-http-enabled=true\n"
        "rpc-http-host=\"%s\"\n"
        "rpc-http-port=8545\n"
        "rpc-http-api=[\"ETH\",\"NET\",\"WEB3\",\"QBFT\",\"ADMIN\",\"TXPOOL\",\"PERM\"%s]\n"
        "rpc-http-authentication-enabled=true\n"
        "rpc-http-authentication-jwt-public-key-file=\"/config/network/jwt.pub\"\n"
        "host-allowlist=[\"localhost\",\"127.0.0.1\",\"%s\"]\n"
        "\nmetrics-enabled=true\n"
        "metrics-host=\"%s\"\n"
        "metrics-port=9545\n",
        n->besu, x->name, n->name, privacy ? "FOREST" : "BONSAI", x->ip, x->ip,
        x->validator ? x->ip : "0.0.0.0", privacy ? ",\"EEA\",\"PRIV\"" : "", x->ip, x->ip);
    if (privacy)
        add_privacy(n, &text);
    return init_text(n, path, 0, &text, err);
}

/* As Besu writes lines by itself, and besides into a file, for the rounds of a halted chain. */
static c138_status log_config(struct init *n, struct c138_err *err) {
    static const char xml[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Configuration status=\"WARN\">\n"
        "  <Properties>\n"
        "    <Property name=\"lines\">%d{yyyy-MM-dd HH:mm:ss.SSSZZZ} | %t | %-5level | %c{1} | "
        "%msg%n</Property>\n"
        "  </Properties>\n"
        "  <Appenders>\n"
        "    <Console name=\"Console\" target=\"SYSTEM_OUT\"><PatternLayout "
        "pattern=\"${lines}\"/></Console>\n"
        "    <File name=\"File\" fileName=\"/logs/besu.log\" append=\"true\"><PatternLayout "
        "pattern=\"${lines}\"/></File>\n"
        "  </Appenders>\n"
        "  <Loggers>\n"
        "    <Root level=\"${sys:root.log.level:-INFO}\"><AppenderRef ref=\"Console\"/>"
        "<AppenderRef ref=\"File\"/></Root>\n"
        "  </Loggers>\n"
        "</Configuration>\n";
    return init_write(n, "config/log4j2.xml", 0, xml, strlen(xml), err);
}

c138_status init_besu(struct init *n, struct c138_err *err) {
    c138_status status = genesis(n, err);
    if (status >= 0)
        status = log_config(n, err);
    for (size_t i = 0; status >= 0 && i < n->n_nodes; i++) {
        const struct init_node *x = &n->nodes[i];
        C138_FREE char *data = c138_xasprintf("data/%s", x->name);
        C138_FREE char *logs = c138_xasprintf("logs/%s", x->name);
        status = config(n, x, err);
        if (status >= 0)
            status = static_nodes(n, x, err);
        if (status >= 0)
            status = permissions(n, x, err);
        if (status >= 0)
            status = init_mkdir(n, data, err);
        if (status >= 0)
            status = init_mkdir(n, logs, err);
    }
    return status;
}
