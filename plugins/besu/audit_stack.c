/* Rules on the compose file, on versions, and on the host. */
#include "audit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *path(const struct audit *a) {
    return a->node->files[AUDIT_COMPOSE].path;
}
static const struct audit_doc *service(const struct audit *a) {
    return a->node->in_compose;
}

static const struct audit_doc *services(const struct audit *a) {
    return audit_compose_services(&a->node->files[AUDIT_COMPOSE].doc);
}

/* --- Ports ----------------------------------------------------------------------------------- */

static void ports_of(struct audit *a, const struct audit_rule *r, const struct audit_doc *s) {
    static const unsigned ports[] = {8545, 8546, 8547, 8551, 9545, 9101};
    for (size_t i = 0; s && i < C138_COUNT(ports); i++) {
        const struct audit_doc *entry = audit_compose_published(s, ports[i]);
        if (entry && audit_compose_anywhere(entry))
            audit_find(a, r, path(a), entry->line,
                       "%s publishes port %u on every address of the host", s->name, ports[i]);
    }
}

static void check_ports(struct audit *a, const struct audit_rule *r) {
    ports_of(a, r, service(a));
    ports_of(a, r, a->node->tessera_service);
}

static void check_p2p_port(struct audit *a, const struct audit_rule *r) {
    unsigned port = (unsigned)audit_opt_number(a->node, "p2p-port", 30303);
    const struct audit_doc *entry = audit_compose_published(service(a), port);
    if (entry && audit_compose_anywhere(entry))
        audit_find(a, r, path(a), entry->line,
                   "the validator publishes its p2p port %u on every address of the host", port);
}

/* --- Images and versions --------------------------------------------------------------------- */

static void check_image(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *image = audit_doc_get(service(a), "image");
    const char *text = audit_doc_text(image, NULL);
    if (!text) {
        audit_skip(a, r, "the service has no image: it is built");
        return;
    }
    const char *slash = strrchr(text, '/');
    const char *tag = strchr(slash ? slash : text, ':');
    if (!strchr(text, '@') && (!tag || !strcmp(tag, ":latest") || !tag[1]))
        audit_find(a, r, path(a), image->line, "the image is %s", text);
}

static void check_mixed(struct audit *a, const struct audit_rule *r) {
    const struct audit_node *first = NULL;
    char one[32], other[32];
    size_t known = 0;
    for (size_t i = 0; i < a->n_nodes; i++) {
        struct audit_node *n = &a->nodes[i];
        if (n->version == 0)
            continue;
        known++;
        first = first ? first : n;
        audit_version_write(first->version, one, sizeof(one));
        audit_version_write(n->version, other, sizeof(other));
        a->node = n;
        if (n->version != first->version)
            audit_find(a, r, n->files[AUDIT_COMPOSE].path, 0, "it is %s, %s is %s", other,
                       first->name, one);
        a->node = NULL;
    }
    if (known < 2)
        audit_skip(a, r, "it compares nodes: the versions of two or more must be known");
}

static void check_old(struct audit *a, const struct audit_rule *r) {
    char version[32];
    audit_version_write(a->node->version, version, sizeof(version));
    if (a->node->version < 240000)
        audit_find(a, r, path(a), audit_doc_line(audit_doc_get(service(a), "image"), 0),
                   "it is Besu %s", version);
}

/* --- The process ----------------------------------------------------------------------------- */

/* "512m", "4g", "2GiB", a number of bytes; 0: none. */
static uint64_t size_read(const char *text) {
    char *end = NULL;
    double value = strtod(text, &end);
    double unit = 1;
    switch (*end) {
    case 'k':
    case 'K':
        unit = 1024.0;
        break;
    case 'm':
    case 'M':
        unit = 1024.0 * 1024;
        break;
    case 'g':
    case 'G':
        unit = 1024.0 * 1024 * 1024;
        break;
    default:
        break;
    }
    return end == text || value < 0 || value * unit > 1e18 ? 0 : (uint64_t)(value * unit);
}

static uint64_t memory_limit(const struct audit_doc *s) {
    const char *text = audit_doc_get_text(s, "mem_limit", NULL);
    if (!text)
        text = audit_doc_text(audit_doc_path(s, "deploy.resources.limits.memory"), "");
    return size_read(text);
}

/* -Xmx of BESU_OPTS or JAVA_OPTS; 0: none. */
static uint64_t heap(const struct audit *a, unsigned *ret_line) {
    static const char *const names[] = {"BESU_OPTS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        const char *text = audit_compose_env(service(a), names[i], ret_line);
        const char *xmx = text ? strstr(text, "-Xmx") : NULL;
        if (xmx)
            return size_read(xmx + 4);
    }
    *ret_line = service(a)->line;
    return 0;
}

static void check_heap_bound(struct audit *a, const struct audit_rule *r) {
    unsigned line;
    if (heap(a, &line) == 0 && memory_limit(service(a)) == 0)
        audit_find(a, r, path(a), line, "neither -Xmx nor a limit of the container's memory");
}

static void check_heap_fits(struct audit *a, const struct audit_rule *r) {
    unsigned line;
    uint64_t bytes = heap(a, &line), limit = memory_limit(service(a));
    uint64_t there = limit ? limit : a->host.memory_bytes;
    if (bytes && !there)
        audit_skip(a, r, "how much memory the host has is not known");
    else if (bytes > there)
        audit_find(a, r, path(a), line, "-Xmx is %llu MiB, the %s has %llu MiB",
                   (unsigned long long)bytes >> 20, limit ? "container" : "host",
                   (unsigned long long)there >> 20);
}

static void check_open_files(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_path(service(a), "ulimits.nofile");
    const struct audit_doc *soft = audit_doc_get(d, "soft");
    double limit = audit_doc_number(soft ? soft : d, 1048576);
    if (limit < 65536)
        audit_find(a, r, path(a), d->line, "it may open %.0f files", limit);
}

/* --- The container --------------------------------------------------------------------------- */

static void check_data_kept(struct audit *a, const struct audit_rule *r) {
    const char *inside = audit_opt_text(a->node, "data-path", "/opt/besu");
    unsigned line;
    const char *file = audit_opt_file(a->node, "data-path", &line);
    if (!audit_compose_kept(service(a), inside))
        audit_find(a, r, line ? file : path(a), line ? line : service(a)->line,
                   "data-path %s is on no volume", inside);
}

static void check_restart(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(service(a), "restart");
    const struct audit_doc *deploy = audit_doc_path(service(a), "deploy.restart_policy");
    if (!deploy && (!d || audit_doc_is(d, "no")))
        audit_find(a, r, path(a), audit_doc_line(d, service(a)->line), "restart is %s",
                   d ? "no" : "not set, which is no");
}

static void check_log_size(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *logging = audit_doc_get(service(a), "logging");
    const char *driver = audit_doc_get_text(logging, "driver", "json-file");
    if (!strcmp(driver, "json-file") && !audit_doc_path(logging, "options.max-size"))
        audit_find(a, r, path(a), audit_doc_line(logging, service(a)->line),
                   "the log has no max-size");
}

static void check_user(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(service(a), "user");
    const char *text = audit_doc_text(d, "");
    if (!strcmp(text, "root") || !strcmp(text, "0") || c138_starts_with(text, "0:") ||
        c138_starts_with(text, "root:"))
        audit_find(a, r, path(a), d->line, "user is %s", text);
}

/* "1m30s", "90", in seconds. */
static double seconds(const char *text) {
    double sum = 0;
    while (*text) {
        char *end;
        double value = strtod(text, &end);
        if (end == text)
            return sum;
        if (c138_starts_with(end, "ms"))
            sum += value / 1000;
        else
            sum += value * (*end == 'm' ? 60 : *end == 'h' ? 3600 : 1);
        text = end + strspn(end, "msh");
    }
    return sum;
}

static void check_grace(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(service(a), "stop_grace_period");
    if (!d || seconds(audit_doc_text(d, "")) < 30)
        audit_find(a, r, path(a), audit_doc_line(d, service(a)->line), "stop_grace_period is %s",
                   d ? audit_doc_text(d, "") : "not set, which is 10s");
}

/* --- All services of the file ---------------------------------------------------------------- */

static int sounds_secret(const char *name, size_t length) {
    static const char *const words[] = {"PASSWORD",   "PASSWD",   "SECRET", "PRIVATE_KEY",
                                        "PRIVATEKEY", "MNEMONIC", "TOKEN",  "API_KEY"};
    C138_FREE char *copy = c138_xstrndup(name, length);
    if (c138_ends_with(copy, "_FILE") || c138_ends_with(copy, "__FILE"))
        return 0;
    for (size_t i = 0; i < C138_COUNT(words); i++)
        if (strcasestr(copy, words[i]))
            return 1;
    return 0;
}

static void check_secrets(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *all = services(a);
    for (size_t i = 0; all && i < all->count; i++) {
        const struct audit_doc *env = audit_doc_get(&all->items[i], "environment");
        for (size_t k = 0; env && k < env->count; k++) {
            const struct audit_doc *e = &env->items[k];
            const char *text = audit_doc_text(e, "");
            size_t n = e->name ? strlen(e->name) : strcspn(text, "=");
            const char *value = e->name ? text : text[n] ? text + n + 1 : "";
            if (*value && sounds_secret(e->name ? e->name : text, n))
                audit_find(a, r, path(a), e->line, "%s has %.*s in its environment",
                           all->items[i].name, (int)n, e->name ? e->name : text);
        }
    }
}

static int is_image(const struct audit_doc *s, const char *word) {
    return strstr(audit_doc_get_text(s, "image", ""), word) != NULL;
}

static void check_grafana(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *all = services(a);
    for (size_t i = 0; all && i < all->count; i++) {
        const struct audit_doc *s = &all->items[i];
        unsigned line, ignored;
        if (!is_image(s, "grafana/grafana"))
            continue;
        const char *password = audit_compose_env(s, "GF_SECURITY_ADMIN_PASSWORD", &line);
        if (!password && audit_compose_env(s, "GF_SECURITY_ADMIN_PASSWORD__FILE", &ignored))
            continue;
        if (!password || !strcmp(password, "admin"))
            audit_find(a, r, path(a), line ? line : s->line,
                       "%s lets admin in with the password admin", s->name);
    }
}

static void prometheus_config(struct audit *a, const struct audit_rule *r,
                              const struct audit_doc *s) {
    int read_only;
    char *why = NULL;
    struct audit_file f = {.path = audit_compose_path(s, a->node->compose_dir,
                                                      "/etc/prometheus/prometheus.yml", &read_only,
                                                      &why)};
    if (f.path)
        audit_file_read(&f, AUDIT_COMPOSE);
    const struct audit_doc *alerting = audit_doc_get(&f.doc, "alerting");
    const struct audit_doc *managers = audit_doc_get(alerting, "alertmanagers");
    if (!f.path || f.why_not)
        audit_skip(a, r, "%s", why ? why : f.why_not);
    else if (!managers || managers->count == 0)
        audit_find(a, r, f.path, audit_doc_line(alerting, 0), "no Alertmanager is named");
    audit_doc_deinit(&f.doc);
    free(f.path);
    free(f.why_not);
    free(why);
}

static void check_alerts(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *all = services(a);
    for (size_t i = 0; all && i < all->count; i++)
        if (is_image(&all->items[i], "prom/prometheus"))
            prometheus_config(a, r, &all->items[i]);
}

/* --- The host -------------------------------------------------------------------------------- */

static void check_clock(struct audit *a, const struct audit_rule *r) {
    if (a->host.clock_synced < 0)
        audit_skip(a, r,
                   "a worker may not ask the kernel: `chain138ctl doctor` says how the clock is");
    else if (!a->host.clock_synced)
        audit_find(a, r, NULL, 0, "the kernel calls this host's clock not synchronised");
}

#define SERVICE .needs = AUDIT_NEEDS_SERVICE

const struct audit_rule audit_rules_stack[] = {
    {.id = "C01",
     .severity = AUDIT_HIGH,
     SERVICE,
     .check = check_ports,
     .title = "Ports of RPC, metrics and Tessera's Q2T are published on 127.0.0.1 only",
     .reason = "Docker's rules go before those of the host's firewall.",
     .mend = "Write \"127.0.0.1:8545:8545\", or leave `ports` out."},
    {.id = "C02",
     .severity = AUDIT_CRITICAL,
     SERVICE,
     .check = check_data_kept,
     .title = "The data lie on a volume",
     .reason = "They are gone when the container is made anew, the node's key among them.",
     .mend = "Mount a volume at data-path."},
    {.id = "C03",
     .severity = AUDIT_MEDIUM,
     SERVICE,
     .check = check_restart,
     .title = "The container is started again when it ends",
     .reason = "After a crash, or a restart of the host, the validator stays away.",
     .mend = "restart: unless-stopped"},
    {.id = "C04",
     .severity = AUDIT_MEDIUM,
     SERVICE,
     .check = check_log_size,
     .title = "The log of the container is bounded",
     .reason = "It fills the disk.",
     .mend = "logging: {driver: local}, or options max-size and max-file."},
    {.id = "C05",
     .severity = AUDIT_HIGH,
     .needs = AUDIT_OF_HOST,
     .check = check_clock,
     .title = "The clock of the host is synchronised",
     .reason = "A validator whose clock is wrong makes blocks that others refuse.",
     .mend = "Install chrony."},
    {.id = "C06",
     .severity = AUDIT_MEDIUM,
     SERVICE,
     .check = check_user,
     .title = "The container does not run as root",
     .reason = "Who breaks out of it is root of the host.",
     .mend = "user: \"1000:1000\""},
    {.id = "C07",
     .severity = AUDIT_MEDIUM,
     SERVICE,
     .check = check_grace,
     .title = "Besu has 30 seconds to stop",
     .reason = "After 10 seconds it is killed, with writes under way.",
     .mend = "stop_grace_period: 30s"},
    {.id = "C08",
     .severity = AUDIT_HIGH,
     SERVICE,
     .check = check_secrets,
     .title = "No secret stands in an environment",
     .reason = "Whoever may ask Docker reads it, and it is in the file.",
     .mend = "Use `secrets:` and the variable that ends in _FILE."},
    {.id = "C09",
     .severity = AUDIT_HIGH,
     SERVICE,
     .check = check_grafana,
     .title = "Grafana has a password of its own",
     .reason = "Everybody knows admin:admin.",
     .mend = "Set GF_SECURITY_ADMIN_PASSWORD__FILE."},
    {.id = "C10",
     .severity = AUDIT_HIGH,
     SERVICE,
     .check = check_alerts,
     .title = "Prometheus sends alerts to somebody",
     .reason = "Rules fire, and nobody hears of it.",
     .mend = "Name an Alertmanager under alerting.alertmanagers."},
    {.id = "B28",
     .severity = AUDIT_MEDIUM,
     .needs = AUDIT_NEEDS_SERVICE | AUDIT_NEEDS_ROLE,
     .check = check_p2p_port,
     .title = "A validator's p2p port is open to its peers only",
     .reason = "Validators should be reached by named peers, not by everybody.",
     .mend = "Publish it on the address that the peers use, and filter there."},
    {.id = "B38a",
     .severity = AUDIT_HIGH,
     SERVICE,
     .check = check_image,
     .title = "The image has a fixed version",
     .reason =
         "`latest` jumps over removals (privacy and on-chain permissioning in 25.6) at the next "
         "pull.",
     .mend = "Name a version, or better a digest."},
    {.id = "B38b",
     .severity = AUDIT_HIGH,
     .needs = AUDIT_OF_NETWORK,
     .check = check_mixed,
     .title = "All nodes have one version",
     .reason =
         "25.5.0 and 26.8.0 were seen not to read each other's consensus messages: with two of "
         "each no block came.",
     .mend = "Finish the upgrade; over 26.5 with --Xbft-legacy-protocol-encoding."},
    {.id = "B38c",
     .severity = AUDIT_MEDIUM,
     .needs = AUDIT_NEEDS_VERSION,
     .check = check_old,
     .title = "The version is 24 or later",
     .reason = "Older ones are not mended any more.",
     .mend = "Plan an upgrade."},
    {.id = "B43a",
     .severity = AUDIT_MEDIUM,
     SERVICE,
     .check = check_heap_bound,
     .title = "The memory of Besu is bounded",
     .reason = "Java takes a quarter of the host for its heap, each node for itself.",
     .mend = "Set BESU_OPTS=-Xmx..., or mem_limit."},
    {.id = "B43b",
     .severity = AUDIT_MEDIUM,
     SERVICE,
     .check = check_heap_fits,
     .title = "The heap fits",
     .reason = "The kernel ends the process when memory is full.",
     .mend = "Lower -Xmx; RocksDB needs as much again beside it."},
    {.id = "B43c",
     .severity = AUDIT_LOW,
     SERVICE,
     .check = check_open_files,
     .title = "Besu may open 65536 files",
     .reason = "RocksDB and peers need them.",
     .mend = "ulimits: {nofile: 65536}"},
    {.id = NULL},
};
