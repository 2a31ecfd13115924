/*
 * Every rule of besu.audit on files that break it, and on files that do not: tests/data/audit holds a
 * set that every rule is content with. A case changes a text in it, and says where the finding must
 * stand: file, and the line of a text in it.
 */
#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <plugins/besu/audit.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"compose.yml",
                                    "prometheus.yml",
                                    "config/config.toml",
                                    "config/genesis.json",
                                    "config/static-nodes.json",
                                    "config/nodes.toml",
                                    "config/nodes-2.toml",
                                    "config/accounts.toml",
                                    "keys/nodekey",
                                    "keys/nodekey.pub",
                                    "keys/tm.pub",
                                    "data/DATABASE_METADATA.json",
                                    "tessera/tessera.json",
                                    "tessera/tm.key",
                                    "tessera/tm.pub",
                                    "tessera/passwords"};
#define COMPOSE "compose.yml"
#define CONFIG "config/config.toml"
#define GENESIS "config/genesis.json"
#define STATIC "config/static-nodes.json"
#define NODES "config/nodes.toml"
#define TESSERA "tessera/tessera.json"

#define ID                                                                                         \
    "843bdb68ec42c827ebab0a3c53f719d2786bf0637888694e9c7fb15d3e2d177eca8be96cf4311d8c9612cef40ea8" \
    "792"                                                                                          \
    "5f6c97714d82d6097516ca2923fe9815e"
#define VALIDATORS                                                                                 \
    "f8549487e939afc77a503cb5c3aac12098e5af61157ec694240b3ffe4ac891f7097462a921e03aee81c8c0be945a" \
    "ea"                                                                                           \
    "e65915251cfdbfde51f7b92a402b37c7d43e94bd7f06ec636a704c67861a8ae1c76ebf44898c11"
/* Private key n1 of the recorded Tessera 21.1.1, made for the recording. */
#define UNLOCKED                                                                                   \
    "{\n\"type\" : \"unlocked\",\n\"data\" : { \"bytes\" : "                                       \
    "\"kULd6zBnDvtTNrmtS0i4pcp+VODeD66vvjHPtEwflHg=\" } }\n"
#define UNLOCKED_PUB "NMm3NwI2oq8qQOsyCWy5jJ7ERov9zcibDIrsBiU8NjE="
#define LOCKED_PUB "7yP1bC6FZLzywLuiDKTPehqvtjwJKk31U/w0RF9NJH0="

struct edit {
    const char *file, *from, *to; /* from NULL: the whole file; to NULL: the file goes */
};

struct fixture {
    char folder[64];
    struct audit *audit;
    const char *version, *role;
};

struct rule_case {
    const char *rule;
    enum audit_severity severity;
    struct edit edits[5];
    const char *file, *text; /* of the finding; NULL: none; text NULL: the file as a whole */
    const char *version, *role;
    void (*change)(struct fixture *f);
    const char *found; /* part of what is found; NULL: anything */
};

/* --- The files ------------------------------------------------------------------------------- */

static char *given(const char *name) {
    struct c138_buf text = C138_BUF_NULL;
    const char *base = getenv("srcdir") ? getenv("srcdir") : ".";
    C138_FREE char *path = c138_xasprintf("%s/tests/data/audit/%s", base, name);
    if (c138_file_read(path, 1 << 20, &text, NULL) != C138_OK) {
        printf("%s is missing (run it with srcdir set)\n", path);
        exit(99);
    }
    return c138_buf_steal(&text);
}

/* The first `from` of the text becomes `to`. */
static void edit_text(char **text, const struct edit *e, const char *rule) {
    if (!e->from) {
        free(*text);
        *text = c138_xstrdup(e->to ? e->to : "");
        return;
    }
    char *at = strstr(*text, e->from);
    if (!at) {
        printf("%s: %s has no \"%s\"\n", rule, e->file, e->from);
        CU_FAIL("an edit finds its text");
        return;
    }
    char *made = c138_xasprintf("%.*s%s%s", (int)(at - *text), *text, e->to, at + strlen(e->from));
    free(*text);
    *text = made;
}

static void write_files(struct fixture *f, const struct rule_case *c) {
    static const char *const folders[] = {"config", "keys", "data", "tessera"};
    snprintf(f->folder, sizeof(f->folder), "/tmp/c138-audit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->folder));
    for (size_t i = 0; i < C138_COUNT(folders); i++) {
        C138_FREE char *path = c138_path_join(f->folder, folders[i]);
        CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    }
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(f->folder, names[i]);
        C138_FREE char *text = given(names[i]);
        int gone = 0, secret = strstr(names[i], "key") && !strstr(names[i], ".pub");
        for (size_t k = 0; k < C138_COUNT(c->edits) && c->edits[k].file; k++) {
            if (strcmp(c->edits[k].file, names[i]) != 0)
                continue;
            gone = !c->edits[k].to;
            edit_text(&text, &c->edits[k], c->rule);
        }
        secret |= strstr(names[i], "passwords") != NULL;
        if (!gone)
            CU_ASSERT_EQUAL(c138_file_write(path, secret ? 0600 : 0644, text, strlen(text), NULL),
                            C138_OK);
    }
}

static void remove_files(const char *folder) {
    static const char *const more[] = {
        "tessera/old.key", "tessera/old.pub", ".git", "tessera", "data", "keys", "config"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(folder, names[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < C138_COUNT(more); i++) {
        C138_FREE char *path = c138_path_join(folder, more[i]);
        (void)remove(path);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static struct audit_node *add_node(struct fixture *f, const char *name, const char *role) {
    struct audit_node *n = audit_node_add(f->audit, name);
    C138_FREE char *compose = c138_path_join(f->folder, COMPOSE);
    C138_FREE char *tessera = c138_path_join(f->folder, TESSERA);
    n->paths[AUDIT_COMPOSE] = c138_xstrdup(compose);
    n->paths[AUDIT_TESSERA] = c138_xstrdup(tessera);
    n->role = c138_xstrdup(role);
    n->version = audit_version_read(f->version);
    return n;
}

/* Two nodes that run, and are one network. */
static void set_live(struct audit_node *n, const char *id_of) {
    snprintf(n->live.genesis_hash, sizeof(n->live.genesis_hash), "0x%064d", 1);
    snprintf(n->live.enode, sizeof(n->live.enode), "enode://%.128s@10.0.0.1:30303?discport=0",
             id_of);
    n->live.chain_id = 138;
    n->live.head = 1000;
    static const char genesis[] = "{\"qbft\":{\"epochlength\":30000}}";
    CU_ASSERT_EQUAL(c138_json_parse(genesis, strlen(genesis), &n->live.config, NULL), C138_OK);
}

static void prepare(struct fixture *f, const struct rule_case *c) {
    static const char other[] = "abababababababababababababababababababababababababababababababab"
                                "abababababababababababababababababababababababababababababababab";
    const struct audit_host host = {.clock_synced = 1, .memory_bytes = UINT64_C(8) << 30};
    *f = (struct fixture){.version = c->version ? c->version : "25.5.0", .role = c->role};
    write_files(f, c);
    f->audit = audit_new(&host, 138);
    set_live(add_node(f, "validator-1", c->role ? c->role : "validator"), other);
    set_live(add_node(f, "rpc-1", "rpc"), other);
    if (c->change)
        c->change(f);
    audit_run(f->audit);
}

static void finish(struct fixture *f) {
    audit_free(f->audit);
    remove_files(f->folder);
}

/* The line of a text in a file of the fixture; 0: it is not there. */
static unsigned line_of(const struct fixture *f, const char *file, const char *text) {
    C138_FREE char *path = c138_path_join(f->folder, file);
    C138_BUF struct c138_buf read = C138_BUF_NULL;
    unsigned line = 1;
    if (c138_file_read(path, 1 << 20, &read, NULL) != C138_OK)
        return 0;
    const char *at = strstr(c138_buf_text(&read), text);
    for (const char *p = c138_buf_text(&read); at && p < at; p++)
        line += *p == '\n';
    return at ? line : 0;
}

/* --- What cases change beside files ---------------------------------------------------------- */

static void no_clock(struct fixture *f) {
    f->audit->host.clock_synced = 0;
}
static void little_memory(struct fixture *f) {
    f->audit->host.memory_bytes = UINT64_C(256) << 20;
}
static void other_genesis(struct fixture *f) {
    f->audit->nodes[1].live.genesis_hash[5] = '2';
}
static void other_chain(struct fixture *f) {
    f->audit->nodes[0].live.chain_id = 139;
}
static void other_version(struct fixture *f) {
    f->audit->nodes[1].version = 250400;
}
static void itself(struct fixture *f) {
    snprintf(f->audit->nodes[0].live.enode, sizeof(f->audit->nodes[0].live.enode),
             "enode://" ID "@10.0.0.2:30303");
}
static void itself_by_file(struct fixture *f) {
    f->audit->nodes[0].live.enode[0] = '\0';
}
static void open_key(struct fixture *f) {
    C138_FREE char *path = c138_path_join(f->folder, "keys/nodekey");
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
}
static void open_passwords(struct fixture *f) {
    C138_FREE char *path = c138_path_join(f->folder, "tessera/passwords");
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
}
static void git_tree(struct fixture *f) {
    C138_FREE char *path = c138_path_join(f->folder, ".git");
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
}
static void old_key(struct fixture *f) {
    C138_FREE char *key = c138_path_join(f->folder, "tessera/old.key");
    C138_FREE char *pub = c138_path_join(f->folder, "tessera/old.pub");
    CU_ASSERT_EQUAL(c138_file_write(key, 0600, "{}", 2, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_file_write(pub, 0600, "x", 1, NULL), C138_OK);
}
static void locked_file(struct fixture *f) {
    C138_FREE char *path = c138_path_join(f->folder, NODES);
    CU_ASSERT_EQUAL(chmod(path, 0444), 0);
}

#define OPEN_HTTP                                                                                  \
    { COMPOSE, "127.0.0.1:8545:8545", "8545:8545" }
#define OPEN_WS                                                                                    \
    { COMPOSE, "127.0.0.1:8546:8546", "0.0.0.0:8546:8546" }
#define API(name)                                                                                  \
    { CONFIG, "\"QBFT\"]", "\"" name "\"]" }
#define OPTION(from, to)                                                                           \
    { CONFIG, from, to }
#define ADD(text)                                                                                  \
    { CONFIG, "# Besu 25.5 with privacy", text }
#define NO_PRIVACY                                                                                 \
    {                                                                                              \
        CONFIG,                                                                                    \
            "privacy-enabled=true\nprivacy-url=\"http://tessera-1:9101\"\n"                        \
            "privacy-public-key-file=\"/keys/tm.pub\"\n",                                          \
            ""                                                                                     \
    }
#define BFT(from, to)                                                                              \
    { GENESIS, from, to }
#define TEXT(from, to)                                                                             \
    { TESSERA, from, to }
#define CRITICAL AUDIT_CRITICAL
#define HIGH AUDIT_HIGH
#define MEDIUM AUDIT_MEDIUM
#define LOW AUDIT_LOW
#define INFO AUDIT_INFO

static const struct rule_case cases[] = {
    {"B01", CRITICAL, {OPEN_HTTP, API("ADMIN")}, CONFIG, "rpc-http-api", .found = "rpc-http"},
    {"B01", CRITICAL, {OPEN_WS, OPTION("[\"ETH\",\"NET\"]", "[\"admin\"]")}, CONFIG, "rpc-ws-api"},
    {"B01",
     CRITICAL,
     {OPEN_HTTP, API("ADMIN"),
      ADD("rpc-http-authentication-enabled=true\nrpc-http-api-methods-no-auth=[\"admin_peers\"]")},
     CONFIG,
     "rpc-http-api=",
     .found = "ADMIN"},
    {"B02", CRITICAL, {OPEN_HTTP, API("DEBUG")}, CONFIG, "rpc-http-api"},
    {"B03", CRITICAL, {OPEN_HTTP, API("PERM")}, CONFIG, "rpc-http-api"},
    {"B04", HIGH, {OPEN_HTTP, API("MINER")}, CONFIG, "rpc-http-api"},
    {"B05", LOW, {OPEN_HTTP, API("TXPOOL")}, CONFIG, "rpc-http-api"},
    {"B06", MEDIUM, {OPEN_HTTP, API("TRACE")}, CONFIG, "rpc-http-api"},
    {"B07", HIGH, {OPEN_HTTP, API("PRIV")}, CONFIG, "rpc-http-api"},
    {"B08", CRITICAL, {API("EEA")}, CONFIG, "rpc-http-api", "25.7.0"},
    {"B08", CRITICAL, {API("CLIQUE")}, CONFIG, "rpc-http-api", "26.8.0"},
    {"B09", HIGH, {OPTION("[\"localhost\"]", "[\"*\"]")}, CONFIG, "host-allowlist"},
    {"B10", MEDIUM, {OPTION("https://console.example", "*")}, CONFIG, "rpc-http-cors"},
    {"B10",
     HIGH,
     {OPEN_HTTP, API("ADMIN"), OPTION("https://console.example", "all")},
     CONFIG,
     "rpc-http-cors"},
    {"B11", HIGH, {OPEN_HTTP}, CONFIG, "rpc-http-host"},
    {"B12", HIGH, {OPEN_HTTP}, CONFIG, "rpc-http-enabled"},
    {"B13", HIGH, {OPEN_WS}, CONFIG, "rpc-ws-host"},
    {"B14",
     MEDIUM,
     {{COMPOSE, "127.0.0.1:8545:8545", "8547:8547"},
      ADD("graphql-http-enabled=true\ngraphql-http-host=\"0.0.0.0\"")},
     CONFIG,
     "graphql-http-host"},
    {"B15", LOW, {{COMPOSE, "127.0.0.1:8545:8545", "9545"}}, CONFIG, "metrics-host"},
    {"B16", MEDIUM, {OPTION("metrics-enabled=true\n", "")}, CONFIG, NULL},
    {"B16",
     MEDIUM,
     {OPTION("metrics-enabled=true", "metrics-enabled=false")},
     CONFIG,
     "metrics-enabled"},
    {"B17",
     HIGH,
     {OPTION("permissions-nodes-config-file-enabled=true",
             "permissions-nodes-config-file-enabled=false")},
     CONFIG,
     "permissions-nodes-config-file-enabled"},
    {"B18",
     HIGH,
     {OPTION("permissions-accounts-config-file-enabled=true",
             "permissions-accounts-config-file-enabled=false")},
     CONFIG,
     "permissions-accounts-config-file-enabled"},
    {"B19",
     HIGH,
     {{"config/nodes-2.toml", "@10.0.0.3:30303", "@10.0.0.9:30303"}},
     "config/nodes-2.toml",
     "nodes-allowlist"},
    {"B20a", HIGH, {{NODES, NULL, NULL}}, CONFIG, "permissions-nodes-config-file-enabled"},
    {"B20a",
     HIGH,
     {{"config/accounts.toml", NULL, "accounts-allowlist=["}},
     CONFIG,
     "permissions-accounts-config-file-enabled"},
    {"B20b", HIGH, {{COMPOSE, "./config:/config", "./config:/config:ro"}}, NODES, NULL},
    {"B20b", HIGH, {{NULL}}, NODES, NULL, .change = locked_file},
    {"B20c", HIGH, {{NODES, "nodes-allowlist", "nodes-whitelist"}}, NODES, NULL},
    {"B20d", HIGH, {{"config/accounts.toml", "0x52", "52"}}, "config/accounts.toml", "accounts"},
    {"B21", HIGH, {{NODES, "@10.0.0.3:30303", "@10.0.0.3:30304"}}, STATIC, "@10.0.0.3"},
    {"B22", HIGH, {{STATIC, NULL, "[]"}}, CONFIG, "static-nodes-file"},
    {"B23", LOW, {{NULL}}, STATIC, ID, .change = itself},
    {"B23", LOW, {{"keys/nodekey.pub", NULL, ID}}, STATIC, ID, .change = itself_by_file},
    {"B24a", HIGH, {{STATIC, "enode://843bdb", "enode://843bd"}}, STATIC, "843bd"},
    {"B24a", HIGH, {{NODES, "@10.0.0.2:30303", "@10.0.0.2"}}, NODES, ID},
    {"B24b", MEDIUM, {{STATIC, "@10.0.0.2", "@0.0.0.0"}}, STATIC, ID},
    {"B24c", MEDIUM, {{STATIC, "[", "[\n\"enode://" ID "@10.0.0.7:30303\","}}, STATIC, "@10.0.0.2"},
    {"B25a", MEDIUM, {OPTION("max-peers=25", "max-peers=2")}, CONFIG, "max-peers"},
    {"B25b", LOW, {OPTION("max-peers=25", "max-peers=101")}, CONFIG, "max-peers"},
    {"B26",
     MEDIUM,
     {OPTION("discovery-enabled=false", "discovery-enabled=true")},
     CONFIG,
     "discovery-enabled"},
    {"B27a", MEDIUM, {{COMPOSE, " --p2p-host=10.0.0.1", ""}}, CONFIG, NULL},
    {"B27b", MEDIUM, {OPTION("nat-method=\"NONE\"", "nat-method=\"AUTO\"")}, CONFIG, "nat-method"},
    {"B28", MEDIUM, {{COMPOSE, "10.0.0.1:30303:30303", "30303:30303"}}, COMPOSE, "30303"},
    {"B29", MEDIUM, {OPEN_HTTP, NO_PRIVACY}, CONFIG, "min-gas-price"},
    {"B30", LOW, {ADD("rpc-tx-feecap=0")}, CONFIG, "rpc-tx-feecap"},
    {"B31a", INFO, {OPTION("tx-pool=\"sequenced\"", "tx-pool=\"layered\"")}, CONFIG, "tx-pool="},
    {"B31b", INFO, {ADD("tx-pool-enable-save-restore=true")}, CONFIG, "tx-pool-enable"},
    {"B32", MEDIUM, {OPTION("percentage=0.15", "percentage=0.001")}, CONFIG, "tx-pool-limit"},
    {"B33a", CRITICAL, {OPTION("\"FOREST\"", "\"BONSAI\"")}, CONFIG, "data-storage-format"},
    {"B33b", MEDIUM, {NO_PRIVACY}, CONFIG, "data-storage-format"},
    {"B34",
     CRITICAL,
     {{"data/DATABASE_METADATA.json", "FOREST", "BONSAI"}},
     "data/DATABASE_METADATA.json",
     "BONSAI"},
    {"B34",
     CRITICAL,
     {{"data/DATABASE_METADATA.json", NULL, "{\"version\":2}"}},
     "data/DATABASE_METADATA.json",
     "version"},
    {"B35a",
     MEDIUM,
     {ADD("sync-mode=\"SNAP\"\nbonsai-limit-trie-logs-enabled=false")},
     CONFIG,
     "bonsai-limit"},
    {"B35b", LOW, {ADD("bonsai-historical-block-limit=64")}, CONFIG, "bonsai-historical"},
    {"B36a", CRITICAL, {ADD("sync-mode=\"SNAP\"")}, CONFIG, "sync-mode"},
    {"B36b", CRITICAL, {ADD("sync-mode=\"FAST\"")}, CONFIG, "sync-mode", "26.8.0"},
    {"B37", MEDIUM, {ADD("version-compatibility-protection=false")}, CONFIG, "version-compat"},
    {"B38a", HIGH, {{COMPOSE, "besu:25.5.0", "besu:latest"}}, COMPOSE, "besu:latest"},
    {"B38a", HIGH, {{COMPOSE, "besu:25.5.0", "besu"}}, COMPOSE, "hyperledger/besu"},
    {"B38a",
     HIGH,
     {{COMPOSE, "besu:25.5.0", "besu:${NOWHERE:-latest}"}},
     COMPOSE,
     "besu:$",
     .found = "besu:latest"},
    {"B38b", HIGH, {{NULL}}, COMPOSE, NULL, .change = other_version},
    {"B38c", MEDIUM, {{NULL}}, COMPOSE, "hyperledger/besu", "23.4.1"},
    {"B39a", LOW, {OPTION("logging=\"INFO\"", "logging=\"DEBUG\"")}, CONFIG, "logging"},
    {"B39b", LOW, {ADD("revert-reason-enabled=true")}, CONFIG, "revert-reason"},
    {"B40", LOW, {ADD("Xdns-enabled=true")}, CONFIG, "Xdns-enabled"},
    {"B41a", CRITICAL, {{NULL}}, CONFIG, "privacy-enabled", "25.6.0", .found = "privacy-enabled"},
    {"B41a",
     CRITICAL,
     {ADD("tx-pool-no-local-priority=true")},
     CONFIG,
     "tx-pool-no-local",
     "23.4.0",
     .found = "came with"},
    {"B41b", CRITICAL, {ADD("rpc-http-enable=true")}, CONFIG, "rpc-http-enable="},
    {"B41c",
     CRITICAL,
     {OPTION("rpc-http-enabled=true", "rpc-http-enabled=\"true\"")},
     CONFIG,
     "rpc-http-enabled"},
    {"B42", CRITICAL, {{"keys/nodekey", NULL, NULL}}, CONFIG, "node-private-key-file"},
    {"B42", CRITICAL, {{STATIC, NULL, NULL}}, CONFIG, "static-nodes-file"},
    {"B43a", MEDIUM, {{COMPOSE, "BESU_OPTS: -Xmx512m", "TZ: UTC"}}, COMPOSE, "validator-1:"},
    {"B43b", MEDIUM, {{NULL}}, COMPOSE, "BESU_OPTS", .change = little_memory},
    {"B43b",
     MEDIUM,
     {{COMPOSE, "restart:", "mem_limit: 256m\n    restart:"}},
     COMPOSE,
     "BESU_OPTS",
     .found = "container"},
    {"B43c", LOW, {{COMPOSE, "soft: 65536", "soft: 1024"}}, COMPOSE, "nofile"},
    {"B44a", CRITICAL, {{NULL}}, "keys/nodekey", NULL, .change = open_key},
    {"B44b", CRITICAL, {{NULL}}, "keys/nodekey", NULL, .change = git_tree},
    {"B44c",
     CRITICAL,
     {BFT("\"balance\": \"0x0\"", "\"privateKey\": \"0x1\"")},
     GENESIS,
     "privateKey"},
    {"B45",
     CRITICAL,
     {BFT("0x52908400098527886E0F7030069857D2E4169EE7\": {\n      \"balance\": \"0x0\"",
          "fe3b557e8fb62b89f4916b721be55ceb828dbd73\": {\n      \"balance\": \"0x1\"")},
     GENESIS,
     "fe3b"},
    {"B45",
     CRITICAL,
     {BFT("87e939afc77a503cb5c3aac12098e5af61157ec6", "93917cadbace5dfce132b991732c6cda9bcc5b8a")},
     GENESIS,
     "extraData"},
    {"B46", CRITICAL, {OPTION("max-peers=25", "max-peers=\n")}, CONFIG, "max-peers"},
    {"B46", CRITICAL, {BFT("\"chainId\": 138,", "\"chainId\": 138")}, GENESIS, "berlinBlock"},
    {"B46", CRITICAL, {{COMPOSE, "services:", "services: {"}}, COMPOSE, "image: hyperledger"},
    {"G01a", CRITICAL, {BFT("\"chainId\": 138", "\"chainId\": 1337")}, GENESIS, "chainId"},
    {"G01b", CRITICAL, {{NULL}}, GENESIS, NULL, .change = other_genesis},
    {"G01c", CRITICAL, {{NULL}}, GENESIS, "chainId", .change = other_chain},
    {"G02", CRITICAL, {BFT("\"qbft\": {", "\"ibft2\": {},\n\"qbft\": {")}, GENESIS, "\"qbft"},
    {"G02", CRITICAL, {BFT("\"qbft\": {", "\"clique\": {")}, GENESIS, "config"},
    {"G03",
     HIGH,
     {BFT("f87aa0", "f865a0"), BFT("f8549487e939afc77a503cb5c3aac12098e5af61157ec6", "f83f")},
     GENESIS,
     "extraData"},
    {"G04a", MEDIUM, {BFT("seconds\": 2", "seconds\": 61")}, GENESIS, "blockperiod"},
    {"G04b", HIGH, {BFT("seconds\": 4", "seconds\": 3")}, GENESIS, "requesttimeout"},
    {"G04c", HIGH, {BFT(",\n      \"requesttimeoutseconds\": 4", "")}, GENESIS, "qbft"},
    {"G04d", MEDIUM, {BFT("seconds\": 4", "seconds\": 21")}, GENESIS, "requesttimeout"},
    {"G05a", CRITICAL, {BFT("30000", "20000")}, GENESIS, "epochlength"},
    {"G05b", LOW, {BFT("30000", "999")}, GENESIS, "epochlength"},
    {"G06a",
     MEDIUM,
     {BFT("\"epochlength\"", "\"emptyblockperiodseconds\": 60, \"epochlength\"")},
     GENESIS,
     "emptyblock"},
    {"G06b",
     CRITICAL,
     {BFT("\"epochlength\"", "\"xemptyblockperiodseconds\": 60, \"epochlength\"")},
     GENESIS,
     "xemptyblock",
     "26.9.0"},
    {"G07a",
     LOW,
     {BFT("\"londonBlock\"", "\"contractSizeLimit\": 2147483647, \"londonBlock\"")},
     GENESIS,
     "contractSizeLimit"},
    {"G07b",
     LOW,
     {BFT("\"londonBlock\"", "\"evmStackSize\": 2048, \"londonBlock\"")},
     GENESIS,
     "evmStackSize"},
    {"G07c",
     INFO,
     {BFT("\"zeroBaseFee\": true", "\"zeroBaseFee\": false")},
     GENESIS,
     "zeroBaseFee"},
    {"G07d", MEDIUM, {BFT("0x1c9c380", "0x1fffffffffffff")}, GENESIS, "gasLimit"},
    {"G07e", INFO, {BFT("\"balance\": \"0x0\"", "\"balance\": \"1000\"")}, GENESIS, "0x529"},
    {"G08", MEDIUM, {BFT("\"shanghaiTime\": 0,", "")}, GENESIS, "config"},
    {"G09a", HIGH, {BFT("0x6374", "0x0074")}, GENESIS, "mixHash"},
    {"G09b", CRITICAL, {BFT("0xf87aa0", "0xf87ba0")}, GENESIS, "extraData"},
    {"G09b", CRITICAL, {BFT("\"extraData\"", "\"extradat\"")}, GENESIS, NULL},
    {"G09c",
     HIGH,
     {BFT("\"qbft\": {", "\"transitions\": {\"qbft\": [\n{\"block\": 900}]},\n\"qbft\": {")},
     GENESIS,
     "{\"block\""},
    {"C01", HIGH, {OPEN_HTTP}, COMPOSE, "8545:8545"},
    {"C01", HIGH, {{COMPOSE, "10.0.0.1:9000:9000", "9101:9101"}}, COMPOSE, "9101:9101"},
    {"C01", HIGH, {{COMPOSE, "host_ip: 127.0.0.1", "protocol: tcp"}}, COMPOSE, "- target: 8545"},
    {"C02", CRITICAL, {{COMPOSE, "      - ./data:/data\n", ""}}, CONFIG, "data-path"},
    {"C03", MEDIUM, {{COMPOSE, "restart: unless-stopped", "restart: \"no\""}}, COMPOSE, "restart"},
    {"C04", MEDIUM, {{COMPOSE, "    logging: {driver: local}\n", ""}}, COMPOSE, "validator-1:"},
    {"C05", HIGH, {{NULL}}, NULL, NULL, .change = no_clock},
    {"C06", MEDIUM, {{COMPOSE, "1000:1000", "0:0"}}, COMPOSE, "user:"},
    {"C07",
     MEDIUM,
     {{COMPOSE, "stop_grace_period: 1m", "stop_grace_period: 1s500ms"}},
     COMPOSE,
     "stop_grace"},
    {"C08",
     HIGH,
     {{COMPOSE, "BESU_OPTS: -Xmx512m", "BESU_OPTS: -Xmx512m\n      DB_PASSWORD: x"}},
     COMPOSE,
     "DB_PASSWORD"},
    {"C09",
     HIGH,
     {{COMPOSE, "PASSWORD__FILE=/run/secrets/grafana", "PASSWORD=admin"}},
     COMPOSE,
     "GF_SECURITY"},
    {"C10",
     HIGH,
     {{"prometheus.yml", NULL, "alerting:\n# alertmanagers:\n"}},
     "prometheus.yml",
     "alerting"},
    {"T01", CRITICAL, {{COMPOSE, "10.0.0.1:9000:9000", "9101:9101"}}, TESSERA, "tessera-1:9101"},
    {"T02", HIGH, {{COMPOSE, "10.0.0.1:9000:9000", "9080:9080"}}, TESSERA, "bindingAddress"},
    {"T03",
     CRITICAL,
     {{COMPOSE, "10.0.0.1:9000:9000", "9080:9080"}, TEXT("\"ThirdParty\"", "\"ADMIN\"")},
     TESSERA,
     "bindingAddress"},
    {"T04", HIGH, {TEXT("\"STRICT\"", "\"OFF\"")}, TESSERA, "\"OFF\""},
    {"T05", HIGH, {TEXT("\"CA\"", "\"TOFU\"")}, TESSERA, "TOFU"},
    {"T06",
     MEDIUM,
     {TEXT("\"useWhiteList\": true", "\"useWhiteList\": false")},
     TESSERA,
     "useWhite"},
    {"T07", MEDIUM, {TEXT("\"disablePeerDiscovery\": true", "\"x\": true")}, TESSERA, NULL},
    {"T08", MEDIUM, {TEXT("Validation\": true", "Validation\": false")}, TESSERA, "enableRemote"},
    {"T09", HIGH, {{"tessera/tm.key", NULL, UNLOCKED}}, "tessera/tm.key", "unlocked"},
    {"T09",
     HIGH,
     {TEXT("\"privateKeyPath\": \"/tessera/tm.key\"", "\"privateKey\": \"x\"")},
     TESSERA,
     "privateKey"},
    {"T10",
     HIGH,
     {TEXT("\"keyData\"", "\"passwords\": [\"x\"], \"keyData\"")},
     TESSERA,
     "\"passwords\""},
    {"T11", HIGH, {{NULL}}, "tessera/passwords", NULL, .change = open_passwords},
    {"T12",
     HIGH,
     {{"tessera/passwords", NULL, "a\nb\n"}},
     TESSERA,
     "passwordFile",
     .found = "2 lines for 1"},
    {"T13",
     CRITICAL,
     {{"tessera/tm.key", NULL, UNLOCKED}},
     "tessera/tm.key",
     NULL,
     .found = UNLOCKED_PUB},
    {"T14a",
     MEDIUM,
     {TEXT("jdbc:postgresql://db:5432/tessera", "jdbc:h2:/tessera/db;MODE=Oracle")},
     TESSERA,
     "jdbc:h2"},
    {"T14b",
     CRITICAL,
     {TEXT("jdbc:postgresql://db:5432/tessera", "jdbc:h2:./data/db;MODE=Oracle")},
     TESSERA,
     "jdbc:h2"},
    {"T15a",
     MEDIUM,
     {TEXT("\"password\": \"not a real one\"", "\"password\": \"\"")},
     TESSERA,
     "\"password\""},
    {"T15b", LOW, {TEXT("Tables\": false", "Tables\": true")}, TESSERA, "autoCreate"},
    {"T16", CRITICAL, {TEXT("\"orion\"", "\"tessera\"")}, TESSERA, "mode"},
    {"T17", HIGH, {TEXT("\"alwaysSendTo\": []", "\"alwaysSendTo\": [\"x\"]")}, TESSERA, "always"},
    {"T18", CRITICAL, {{"keys/tm.pub", NULL, UNLOCKED_PUB}}, CONFIG, "privacy-public-key-file"},
    {"T19", INFO, {{NULL}}, TESSERA, NULL},
    {"T20", HIGH, {{NULL}}, "tessera/old.key", NULL, .change = old_key},
    {"T21", MEDIUM, {{"tessera/tm.key", "1048576", "4096"}}, "tessera/tm.key", "aopts"},
};

/* --- Tests ----------------------------------------------------------------------------------- */

static int is_it(const struct fixture *f, const struct rule_case *c,
                 const struct audit_finding *finding) {
    C138_FREE char *path = c->file ? c138_path_join(f->folder, c->file) : NULL;
    unsigned line = c->text ? line_of(f, c->file, c->text) : 0;
    return strcmp(finding->rule->id, c->rule) == 0 && finding->severity == c->severity &&
           c138_streq(finding->file, path) && finding->line == line &&
           (!c->found || strstr(finding->found, c->found));
}

static void print_all(const struct fixture *f, const struct rule_case *c) {
    printf("%s (%s, line %u): not found; there is:\n", c->rule, c->file ? c->file : "",
           c->text ? line_of(f, c->file, c->text) : 0);
    for (size_t i = 0; i < f->audit->n_findings; i++) {
        const struct audit_finding *x = &f->audit->findings[i];
        printf("  %s %s %s:%u %s\n", x->rule->id, audit_severity_name(x->severity),
               x->file ? x->file : "", x->line, x->found);
    }
    for (size_t i = 0; i < f->audit->n_notes; i++)
        printf("  - %s: %s\n", c138_buf_text(&f->audit->notes[i].rules), f->audit->notes[i].reason);
}

static void test_broken(void) {
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct fixture f;
        int found = 0;
        prepare(&f, &cases[i]);
        for (size_t k = 0; k < f.audit->n_findings; k++)
            found |= is_it(&f, &cases[i], &f.audit->findings[k]);
        if (!found)
            print_all(&f, &cases[i]);
        CU_ASSERT_TRUE(found);
        finish(&f);
    }
}

/* Every rule of the tables has a case, and every id is given once. */
static void test_all_rules_have_a_case(void) {
    for (size_t t = 0; audit_tables[t]; t++) {
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++) {
            int found = 0;
            for (size_t i = 0; i < C138_COUNT(cases); i++)
                found |= strcmp(cases[i].rule, r->id) == 0;
            if (!found)
                printf("%s has no case\n", r->id);
            CU_ASSERT_TRUE(found);
            CU_ASSERT_PTR_EQUAL(audit_rule_find(r->id), r);
            CU_ASSERT_TRUE(r->title && r->reason && r->mend && r->check);
        }
    }
    CU_ASSERT_PTR_NULL(audit_rule_find("B99"));
}

/* Was the rule applied: not among those that were not checked? */
static int was_applied(const struct audit *a, const char *id) {
    for (size_t i = 0; i < a->n_notes; i++)
        if (strstr(c138_buf_text(&a->notes[i].rules), id))
            return 0;
    return 1;
}

static void no_tessera(struct fixture *f) {
    for (size_t i = 0; i < f->audit->n_nodes; i++)
        free(C138_STEAL(f->audit->nodes[i].paths[AUDIT_TESSERA]));
}

/* No rule finds anything, but T19 that there is a Tessera; all are applied but those of `others`,
 * ids or the letter of a table. */
static void clean(const struct rule_case *c, const char *const *others) {
    struct fixture f;
    prepare(&f, c);
    for (size_t i = 0; i < f.audit->n_findings; i++) {
        int content = !strcmp(f.audit->findings[i].rule->id, "T19");
        if (!content)
            print_all(&f, c);
        CU_ASSERT_TRUE(content);
    }
    for (size_t t = 0; audit_tables[t]; t++) {
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++) {
            int good = was_applied(f.audit, r->id);
            for (const char *const *o = others; *o; o++)
                good |= strcmp(*o, r->id) == 0 || (!(*o)[1] && **o == *r->id);
            if (!good)
                print_all(&f, &(struct rule_case){.rule = r->id});
            CU_ASSERT_TRUE(good);
        }
    }
    finish(&f);
}

/* Each rule is applied to files that do not break it, in one of the two generations of Besu; T13,
 * which needs a key that is not locked, in the test after this one. */
static void test_not_broken(void) {
    static const char *const of_later[] = {"B08", "B36b", "G06b", "T13", NULL};
    static const char *const of_earlier[] = {"B07", "B33a", "B36a", "T", NULL};
    const struct rule_case with_privacy = {.rule = "all, 25.5.0"};
    const struct rule_case without = {
        .rule = "all, 26.9.0",
        .version = "26.9.0",
        .edits = {NO_PRIVACY,
                  OPTION("\"FOREST\"", "\"BONSAI\""),
                  {"data/DATABASE_METADATA.json", "FOREST", "BONSAI"}},
        .change = no_tessera};
    clean(&with_privacy, of_later);
    clean(&without, of_earlier);
}

static void test_pair(void) {
    const struct rule_case c = {.rule = "T13",
                                .edits = {{"tessera/tm.key", NULL, UNLOCKED},
                                          {"tessera/tm.pub", NULL, UNLOCKED_PUB},
                                          {"keys/tm.pub", NULL, UNLOCKED_PUB}}};
    struct fixture f;
    prepare(&f, &c);
    CU_ASSERT_TRUE(was_applied(f.audit, "T13"));
    for (size_t i = 0; i < f.audit->n_findings; i++)
        CU_ASSERT_STRING_NOT_EQUAL(f.audit->findings[i].rule->id, "T13");
    finish(&f);
}

/* Files that are something else than they should be: nothing is found in them that is not there, and
 * nothing breaks. */
static void test_odd_documents(void) {
    static const char *const texts[] = {
        "",
        "x",
        "[]",
        "{}",
        "[{}]",
        "services: [{image: besu}]\n",
        "{\"services\": {\"a\": 1}}",
        "{\"config\": [], \"alloc\": [{\"balance\": \"1\", \"privateKey\": 1}], \"extraData\": []}",
        "{\"keys\": {\"keyData\": {\"a\": []}}, \"serverConfigs\": [1], \"jdbc\": 1}",
        "services: {validator-1: {image: besu, ports: {a: b}, volumes: 1, command: [[x]], ulimits: "
        "1}}\n",
        "nodes-allowlist=1\naccounts-allowlist={}\nbootnodes=[[1]]\n"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        for (size_t k = 0; k < C138_COUNT(texts); k++) {
            const struct rule_case c = {.rule = "odd", .edits = {{names[i], NULL, texts[k]}}};
            struct fixture f;
            prepare(&f, &c);
            CU_ASSERT_TRUE(f.audit->checked > 0);
            C138_JSON struct c138_json *report = audit_report(f.audit);
            C138_JSON struct c138_json *log = audit_sarif(f.audit, "0");
            CU_ASSERT_EQUAL(c138_json_count(c138_json_get(report, "findings")),
                            c138_json_count(c138_json_path(log, "runs.0.results")));
            finish(&f);
        }
    }
}

static void test_versions(void) {
    CU_ASSERT_EQUAL(audit_version_read("besu/v26.8.0/linux-x86_64/openjdk-java-25"), 260800);
    CU_ASSERT_EQUAL(audit_version_read("25.5.0"), 250500);
    CU_ASSERT_EQUAL(audit_version_read("23.10.3-hotfix"), 231003);
    CU_ASSERT_EQUAL(audit_version_read("latest"), 0);
    CU_ASSERT_EQUAL(audit_version_read(""), 0);
}

/* Variables, volumes and ports in every form. */
static void test_compose(void) {
    static const char text[] =
        "services:\n  a:\n    image: ${NONE:-hyperledger/besu}:${TAG-1}$$x${}\n"
        "    ports: [\"[::1]:8545:8545\", \"8546-8548:8546-8548/tcp\", \"[::]:9545:9545\", 30303]\n"
        "    volumes: [\"./c/:/config\", \"/abs:/config/deep:ro\", \"named:/data\", /anon]\n";
    struct audit_doc d;
    unsigned line;
    int read_only;
    char *why;
    CU_ASSERT_EQUAL(audit_yaml_read(text, strlen(text), &d, &line, NULL), C138_OK);
    audit_compose_expand(&d, "/srv");
    const struct audit_doc *a = audit_compose_service(&d, "a");
    CU_ASSERT_STRING_EQUAL(audit_doc_get_text(a, "image", ""), "hyperledger/besu:1$x${}");
    CU_ASSERT_PTR_NULL(audit_compose_published(a, 8545));
    CU_ASSERT_PTR_NOT_NULL(audit_compose_published(a, 8547));
    CU_ASSERT_PTR_NULL(audit_compose_published(a, 8549));
    CU_ASSERT_TRUE(audit_compose_anywhere(audit_compose_published(a, 9545)));
    CU_ASSERT_TRUE(audit_compose_anywhere(audit_compose_published(a, 30303)));
    const struct {
        const char *inside, *path;
        int read_only;
    } paths[] = {{"/config/x/y", "/srv/c/x/y", 0},
                 {"/config", "/srv/c/", 0},
                 {"/config/deep/k", "/abs/k", 1},
                 {"/configs/x", NULL, 0},
                 {"/data/x", NULL, 0},
                 {"/anon/x", NULL, 0}};
    for (size_t i = 0; i < C138_COUNT(paths); i++) {
        C138_FREE char *path = audit_compose_path(a, "/srv", paths[i].inside, &read_only, &why);
        if (!c138_streq(path, paths[i].path))
            printf("%s: %s\n", paths[i].inside, path ? path : why);
        CU_ASSERT_TRUE(c138_streq(path, paths[i].path));
        CU_ASSERT_TRUE(!path == (why != NULL));
        if (path)
            CU_ASSERT_EQUAL(read_only, paths[i].read_only);
        free(why);
    }
    CU_ASSERT_TRUE(audit_compose_kept(a, "/data/database"));
    CU_ASSERT_FALSE(audit_compose_kept(a, "/opt/besu"));
    audit_doc_deinit(&d);
}

const CU_TestInfo tests_audit[] = {{"broken", test_broken},
                                   {"all_rules_have_a_case", test_all_rules_have_a_case},
                                   {"not_broken", test_not_broken},
                                   {"pair", test_pair},
                                   {"odd_documents", test_odd_documents},
                                   {"versions", test_versions},
                                   {"compose", test_compose},
                                   CU_TEST_INFO_NULL};
