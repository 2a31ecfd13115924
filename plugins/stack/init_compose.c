/*
 * The compose file, monitoring, logrotate, and what the agent's own conf.d wants.
 *
 * The nodes share a network that leads nowhere else ("chain", internal). What people use is in a
 * second one and is published on 127.0.0.1 alone, since Docker's rules go before the firewall's.
 */
#include "init.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/address.h>

#include <inttypes.h>
#include <string.h>

#define POSTGRES "postgres:15.8"
#define PROMETHEUS "prom/prometheus:v2.53.4"
#define ALERTMANAGER "prom/alertmanager:v0.27.0"
#define GRAFANA "grafana/grafana:11.2.0"

/* --- Compose --------------------------------------------------------------------------------- */

/* What every service has: it comes back, it has time to stop, its log is bounded, it is not root. */
static void common(const struct init *n, struct c138_buf *t) {
    (void)c138_buf_addf(t,
                        "    user: \"%u:%u\"\n"
                        "    restart: unless-stopped\n"
                        "    stop_grace_period: 60s\n"
                        "    security_opt: [\"no-new-privileges:true\"]\n"
                        "    logging:\n"
                        "      driver: json-file\n"
                        "      options: { max-size: \"50m\", max-file: \"5\" }\n",
                        n->uid, n->gid);
}

static void network(struct c138_buf *t, const char *ip, int front) {
    (void)c138_buf_addf(t, "    networks:\n      chain: { ipv4_address: %s }\n%s", ip,
                        front ? "      front: {}\n" : "");
}

static void besu(const struct init *n, const struct init_node *x, struct c138_buf *t) {
    (void)c138_buf_addf(t, "  %s:\n    image: hyperledger/besu:%s\n", x->name, n->besu);
    common(n, t);
    (void)c138_buf_addf(t,
                        "    command: [\"--config-file=/config/node/config.toml\"]\n"
                        "    environment:\n"
                        "      BESU_OPTS: \"-Xmx1g\"\n"
                        "      LOG4J_CONFIGURATION_FILE: /config/network/log4j2.xml\n"
                        "    mem_limit: 3g\n"
                        "    ulimits: { nofile: 65536 }\n"
                        "    volumes:\n"
                        "      - ./config:/config/network:ro\n"
                        "      - ./nodes/%s:/config/node\n"
                        "      - ./data/%s:/data\n"
                        "      - ./logs/%s:/logs\n",
                        x->name, x->name, x->name);
    if (!x->validator && n->privacy)
        (void)c138_buf_adds(t, "      - ./tessera/tm.pub:/config/tessera.pub:ro\n"
                               "    depends_on: [tessera-1]\n");
    if (!x->validator)
        (void)c138_buf_adds(t, "    ports: [\"127.0.0.1:8545:8545\"]\n");
    network(t, x->ip, !x->validator);
}

static void tessera(const struct init *n, struct c138_buf *t) {
    C138_FREE char *ip = init_ip(n, INIT_IP_TESSERA), *database = init_ip(n, INIT_IP_DATABASE);
    (void)c138_buf_addf(t, "  tessera-1:\n    image: quorumengineering/tessera:%s\n", n->tessera);
    common(n, t);
    (void)c138_buf_adds(t, "    command: [\"-configfile\", \"/config/config.json\"]\n"
                           "    mem_limit: 1g\n"
                           "    depends_on: [postgres]\n"
                           "    volumes:\n"
                           "      - ./tessera:/config:ro\n"
                           "      - ./tessera/postgresql.jar:/tessera/lib/postgresql.jar:ro\n");
    network(t, ip, 0);
    (void)c138_buf_adds(t, "  postgres:\n    image: " POSTGRES "\n");
    common(n, t);
    (void)c138_buf_adds(t, "    environment:\n"
                           "      POSTGRES_USER: tessera\n"
                           "      POSTGRES_DB: tessera\n"
                           "      POSTGRES_PASSWORD_FILE: /run/secrets/postgres-password\n"
                           "      PGDATA: /data/pgdata\n"
                           "    mem_limit: 1g\n"
                           "    volumes:\n"
                           "      - ./data/postgres:/data\n"
                           "      - ./postgres/tessera.sql:/docker-entrypoint-initdb.d/"
                           "tessera.sql:ro\n"
                           "      - ./secrets/postgres-password:/run/secrets/"
                           "postgres-password:ro\n");
    network(t, database, 0);
}

static void monitoring(const struct init *n, struct c138_buf *t) {
    C138_FREE char *prometheus = init_ip(n, INIT_IP_PROMETHEUS);
    C138_FREE char *alertmanager = init_ip(n, INIT_IP_ALERTMANAGER);
    C138_FREE char *grafana = init_ip(n, INIT_IP_GRAFANA);
    (void)c138_buf_adds(t, "  prometheus:\n    image: " PROMETHEUS "\n");
    common(n, t);
    (void)c138_buf_adds(t, "    command: [\"--config.file=/etc/prometheus/prometheus.yml\", "
                           "\"--storage.tsdb.path=/data\", \"--storage.tsdb.retention.time=30d\", "
                           "\"--web.enable-lifecycle\"]\n"
                           "    mem_limit: 1g\n"
                           "    volumes:\n"
                           "      - ./monitoring/prometheus.yml:/etc/prometheus/prometheus.yml:ro\n"
                           "      - ./monitoring/rules:/etc/prometheus/rules:ro\n"
                           "      - ./data/prometheus:/data\n"
                           "    ports: [\"127.0.0.1:9090:9090\"]\n");
    network(t, prometheus, 1);
    (void)c138_buf_adds(t, "  alertmanager:\n    image: " ALERTMANAGER "\n");
    common(n, t);
    (void)c138_buf_adds(t, "    command: [\"--config.file=/etc/alertmanager/alertmanager.yml\", "
                           "\"--storage.path=/data\", \"--cluster.listen-address=\"]\n"
                           "    mem_limit: 256m\n"
                           "    volumes:\n"
                           "      - ./monitoring/alertmanager.yml:/etc/alertmanager/"
                           "alertmanager.yml:ro\n"
                           "      - ./data/alertmanager:/data\n"
                           "    ports: [\"127.0.0.1:9093:9093\"]\n");
    network(t, alertmanager, 1);
    (void)c138_buf_adds(t, "  grafana:\n    image: " GRAFANA "\n");
    common(n, t);
    (void)c138_buf_adds(t, "    environment:\n"
                           "      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana-password\n"
                           "      GF_USERS_ALLOW_SIGN_UP: \"false\"\n"
                           "      GF_PATHS_DATA: /data\n"
                           "    mem_limit: 512m\n"
                           "    volumes:\n"
                           "      - ./monitoring/grafana:/etc/grafana/provisioning:ro\n"
                           "      - ./secrets/grafana-password:/run/secrets/grafana-password:ro\n"
                           "      - ./data/grafana:/data\n"
                           "    ports: [\"127.0.0.1:3000:3000\"]\n");
    network(t, grafana, 1);
}

static c138_status compose(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    (void)c138_buf_addf(&t, "# The network %s on one host.\nversion: \"2.4\"\nservices:\n",
                        n->name);
    for (size_t i = 0; i < n->n_nodes; i++)
        besu(n, &n->nodes[i], &t);
    tessera(n, &t);
    monitoring(n, &t);
    (void)c138_buf_addf(&t,
                        "networks:\n"
                        "  chain:\n"
                        "    internal: true\n"
                        "    ipam:\n"
                        "      config: [ { subnet: %s.0/24 } ]\n"
                        "  front: {}\n",
                        n->subnet);
    return init_text(n, "docker-compose.yml", 0, &t, err);
}

/* --- Monitoring ------------------------------------------------------------------------------ */

static c138_status prometheus(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    (void)c138_buf_adds(&t, "global: { scrape_interval: 15s, evaluation_interval: 15s }\n"
                            "rule_files: [ /etc/prometheus/rules/*.yml ]\n"
                            "alerting:\n"
                            "  alertmanagers:\n"
                            "    - static_configs: [ { targets: [ \"alertmanager:9093\" ] } ]\n"
                            "scrape_configs:\n"
                            "  - job_name: besu\n"
                            "    static_configs:\n");
    for (size_t i = 0; i < n->n_nodes; i++)
        (void)c138_buf_addf(&t, "      - { targets: [ \"%s:9545\" ], labels: { node: %s } }\n",
                            n->nodes[i].ip, n->nodes[i].name);
    (void)c138_buf_adds(&t, "  - job_name: prometheus\n"
                            "    static_configs: [ { targets: [ \"127.0.0.1:9090\" ] } ]\n"
                            "  - job_name: alertmanager\n"
                            "    static_configs: [ { targets: [ \"alertmanager:9093\" ] } ]\n");
    return init_text(n, "monitoring/prometheus.yml", 0, &t, err);
}

/* Only names that both Besu 25.5.0 and 26.8.0 were seen to serve. */
static c138_status rules(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    (void)c138_buf_addf(
        &t,
        "groups:\n"
        "  - name: chain138\n"
        "    rules:\n"
        "      - alert: NodeDown\n"
        "        expr: up{job=\"besu\"} == 0\n"
        "        for: 1m\n"
        "        labels: { severity: critical }\n"
        "        annotations: { summary: \"{{ $labels.node }} serves no metrics\" }\n"
        "      - alert: ChainHalted\n"
        "        expr: max(changes(ethereum_blockchain_height[%" PRIu64 "s])) == 0\n"
        "        for: 30s\n"
        "        labels: { severity: critical }\n"
        "        annotations: { summary: \"no node has a new block\" }\n"
        "      - alert: NodeBehind\n"
        "        expr: scalar(max(ethereum_blockchain_height)) - ethereum_blockchain_height > 5\n"
        "        for: 2m\n"
        "        labels: { severity: warning }\n"
        "        annotations: { summary: \"{{ $labels.node }} is behind\" }\n"
        "      - alert: FewPeers\n"
        "        expr: ethereum_peer_count < %zu\n"
        "        for: 2m\n"
        "        labels: { severity: warning }\n"
        "        annotations: { summary: \"{{ $labels.node }} has {{ $value }} peers\" }\n",
        60 + 10 * n->period_s, n->n_nodes - 2);
    return init_text(n, "monitoring/rules/chain138.yml", 0, &t, err);
}

static c138_status alertmanager(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    (void)c138_buf_adds(&t, "route: { receiver: operators, group_by: [ alertname ], group_wait: "
                            "10s, repeat_interval: 4h }\nreceivers:\n  - name: operators\n");
    if (n->alert_url) {
        (void)c138_buf_adds(&t, "    webhook_configs: [ { url: ");
        c138_json_quote(&t, n->alert_url, strlen(n->alert_url));
        (void)c138_buf_adds(&t, ", send_resolved: true } ]\n");
    } else {
        (void)c138_buf_adds(&t, "    # Nobody hears of alerts until a receiver stands here.\n");
    }
    return init_text(n, "monitoring/alertmanager.yml", 0, &t, err);
}

static c138_status grafana(struct init *n, struct c138_err *err) {
    static const char source[] =
        "apiVersion: 1\n"
        "datasources:\n"
        "  - { name: Prometheus, uid: prometheus, type: prometheus, access: proxy, url: "
        "\"http://prometheus:9090\", isDefault: true }\n";
    static const char provider[] = "apiVersion: 1\n"
                                   "providers:\n"
                                   "  - { name: chain138, type: file, options: { path: "
                                   "/etc/grafana/provisioning/dashboards } }\n";
    static const char board[] =
        "{\n  \"title\": \"Chain 138\", \"uid\": \"chain138\", \"schemaVersion\": 39, "
        "\"refresh\": \"15s\", \"time\": { \"from\": \"now-1h\", \"to\": \"now\" },\n"
        "  \"panels\": [\n"
        "    { \"id\": 1, \"type\": \"timeseries\", \"title\": \"Height\", \"gridPos\": { \"x\": "
        "0, "
        "\"y\": 0, \"w\": 12, \"h\": 8 }, \"datasource\": { \"type\": \"prometheus\", \"uid\": "
        "\"prometheus\" }, \"targets\": [ { \"refId\": \"A\", \"expr\": "
        "\"ethereum_blockchain_height\", \"legendFormat\": \"{{node}}\" } ] },\n"
        "    { \"id\": 2, \"type\": \"timeseries\", \"title\": \"Peers\", \"gridPos\": { \"x\": "
        "12, "
        "\"y\": 0, \"w\": 12, \"h\": 8 }, \"datasource\": { \"type\": \"prometheus\", \"uid\": "
        "\"prometheus\" }, \"targets\": [ { \"refId\": \"A\", \"expr\": \"ethereum_peer_count\", "
        "\"legendFormat\": \"{{node}}\" } ] }\n"
        "  ]\n}\n";
    c138_status status = init_write(n, "monitoring/grafana/datasources/prometheus.yml", 0, source,
                                    strlen(source), err);
    if (status >= 0)
        status = init_write(n, "monitoring/grafana/dashboards/provider.yml", 0, provider,
                            strlen(provider), err);
    if (status >= 0)
        status = init_write(n, "monitoring/grafana/dashboards/chain138.json", 0, board,
                            strlen(board), err);
    return status;
}

/* --- The host -------------------------------------------------------------------------------- */

static c138_status logrotate(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    /* logrotate refuses a folder that others than root may write, unless it is told as whom. */
    (void)c138_buf_addf(&t,
                        "# For /etc/logrotate.d. Besu keeps the file open: it is copied and "
                        "emptied.\n"
                        "%s/logs/*/*.log {\n"
                        "    daily\n    maxsize 100M\n    rotate 14\n    copytruncate\n"
                        "    compress\n    delaycompress\n    missingok\n    notifempty\n"
                        "    su root root\n}\n",
                        n->final);
    return init_text(n, "logrotate/chain138", 0, &t, err);
}

/* Beside the nodes, where their files are: for the audit, and for lists that are changed on disk. */
static c138_status agent_besu(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    (void)c138_buf_addf(&t,
                        "# Into conf.d of the agent.\nplugins: {\n  besu: {\n    enabled = true;\n"
                        "    audit_folders = (\"%s\");\n    audit_chain_id = %" PRIu64
                        ";\n    nodes = (\n",
                        n->final, n->chain_id);
    for (size_t i = 0; i < n->n_nodes; i++) {
        const struct init_node *x = &n->nodes[i];
        (void)c138_buf_addf(
            &t,
            "      { name = \"%s\"; role = \"%s\"; url = \"http://%s:8545\";\n"
            "        token_file = \"%s/secrets/agent.jwt\"; log_file = \"%s/logs/%s/besu.log\";\n"
            "        config_file = \"%s/nodes/%s/config.toml\";\n"
            "        compose_file = \"%s/docker-compose.yml\"; compose_service = \"%s\";",
            x->name, x->validator ? "validator" : "rpc", x->validator ? x->ip : "127.0.0.1",
            n->final, n->final, x->name, n->final, x->name, n->final, x->name);
        if (!x->validator)
            (void)c138_buf_addf(&t, "\n        tessera_config = \"%s/tessera/config.json\";",
                                n->final);
        (void)c138_buf_addf(&t, " }%s\n", i + 1 < n->n_nodes ? "," : "");
    }
    (void)c138_buf_addf(&t, "    );\n    block_period = \"%" PRIu64 "s\";\n  };\n};\n",
                        n->period_s);
    return init_text(n, "agent/besu.conf", 0, &t, err);
}

static void service(struct c138_buf *t, const char *text, int last) {
    (void)c138_buf_addf(t, "      { %s }%s\n", text, last ? "" : ",");
}

static c138_status agent_stack(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    C138_FREE char *ip = init_ip(n, INIT_IP_TESSERA), *database = init_ip(n, INIT_IP_DATABASE);
    (void)c138_buf_addf(
        &t,
        "# Into conf.d of the agent.\nplugins: {\n  stack: {\n    enabled = true;\n"
        "    grants = (\"bus\", \"call\", \"kv\", \"timer\", \"metrics\", \"process\");\n"
        "    programs = (\"/usr/bin/docker\", \"/usr/bin/docker-compose\");\n"
        "    memory_max = \"1GiB\";\n"
        "    driver = \"compose\";\n    project = \"%s\";\n    project_dir = \"%s\";\n"
        "    disks = (\"%s/data\");\n    services = (\n",
        n->name, n->final, n->final);
    for (size_t i = 0; i < n->n_nodes; i++) {
        const struct init_node *x = &n->nodes[i];
        C138_FREE char *text = c138_xasprintf(
            "name = \"%s\"; role = \"%s\"; node = \"%s\"; port = \"%s:30303\"; metrics_url = "
            "\"http://%s:9545/metrics\"; config_file = \"%s/nodes/%s/config.toml\";",
            x->name, x->validator ? "validator" : "rpc", x->name, x->ip, x->ip, n->final, x->name);
        service(&t, text, 0);
    }
    C138_FREE char *tm = c138_xasprintf("name = \"tessera-1\"; role = \"tessera\"; health_url = "
                                        "\"http://%s:9000/upcheck\";",
                                        ip);
    C138_FREE char *db =
        c138_xasprintf("name = \"postgres\"; role = \"database\"; port = \"%s:5432\";", database);
    service(&t, tm, 0);
    service(&t, db, 0);
    service(&t,
            "name = \"prometheus\"; role = \"monitoring\"; health_url = "
            "\"http://127.0.0.1:9090/-/healthy\";",
            0);
    service(&t,
            "name = \"alertmanager\"; role = \"monitoring\"; health_url = "
            "\"http://127.0.0.1:9093/-/healthy\";",
            0);
    service(&t,
            "name = \"grafana\"; role = \"monitoring\"; health_url = "
            "\"http://127.0.0.1:3000/api/health\";",
            1);
    (void)c138_buf_adds(&t, "    );\n    logs = (\n");
    for (size_t i = 0; i < n->n_nodes; i++)
        (void)c138_buf_addf(&t, "      { folder = \"%s/logs/%s\"; service = \"%s\"; }%s\n",
                            n->final, n->nodes[i].name, n->nodes[i].name,
                            i + 1 < n->n_nodes ? "," : "");
    (void)c138_buf_adds(&t, "    );\n  };\n};\n");
    return init_text(n, "agent/stack.conf", 0, &t, err);
}

static c138_status readme(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf t = C138_BUF_NULL;
    (void)c138_buf_addf(
        &t,
        "# %s\n\n"
        "A network of %zu validators and a node for users on one host, chain id %" PRIu64
        ", made by chain138-agent.\n\n"
        "    docker compose up -d        # here; or copy agent/*.conf into conf.d: chain138ctl "
        "stack "
        "up\n\n"
        "The containers run as %u:%u, who owns the files. RPC is at http://127.0.0.1:8545 and "
        "wants "
        "`Authorization: Bearer` with\nwhat is in secrets/agent.jwt, which holds for a year. "
        "Grafana "
        "is at http://127.0.0.1:3000 (admin, secrets/grafana-password).\n\n"
        "Accounts that may send stand in nodes/*/permissions.toml, the same on every node. Nobody "
        "has money, and gas costs nothing.\n\n"
        "## Nobody else may read, and nobody can make again\n\n"
        "nodes/*/key, nodes/rpc-1/marker.key, tessera/tm.key with tessera/passwords, secrets/. "
        "Back "
        "them up encrypted, apart from\nthe host. Never run two nodes with one key.\n\n"
        "## Before it is used for more than trying out\n\n"
        "Four validators on one host fail together: give each its own, with new addresses in "
        "static-nodes.json and permissions.toml.\nTessera speaks without TLS, since it has no peer "
        "outside of this host. Put a receiver into "
        "monitoring/alertmanager.yml.\nlogrotate/chain138 "
        "belongs into /etc/logrotate.d, unless stack rotate-logs is scheduled.\n",
        n->name, n->n_validators, n->chain_id, n->uid, n->gid);
    return init_text(n, "README.md", 0, &t, err);
}

c138_status init_compose(struct init *n, struct c138_err *err) {
    c138_status (*const parts[])(struct init *, struct c138_err *) = {
        compose,   prometheus, rules,       alertmanager, grafana,
        logrotate, agent_besu, agent_stack, readme};
    static const char *const folders[] = {"data/prometheus", "data/alertmanager", "data/grafana"};
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < C138_COUNT(parts); i++)
        status = parts[i](n, err);
    for (size_t i = 0; status >= 0 && i < C138_COUNT(folders); i++)
        status = init_mkdir(n, folders[i], err);
    return status;
}
