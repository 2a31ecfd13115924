/* The action besu.audit: which nodes, which files, what they answered; and in which form it is told. */
#include "audit.h"

#include "audit_action.h"
#include "besu.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#define FRESH_NS (5 * C138_NS_PER_S)

/* --- Settings -------------------------------------------------------------------------------- */

/* Where the files of a watched node are. */
struct node_files {
    char *name, *service, *version;
    char *paths[AUDIT_KINDS];
};

struct besu_audit {
    struct node_files nodes[BESU_NODES_MAX];
    uint32_t n_nodes;
    uint64_t chain_id;
};

static struct besu_audit *files_free(struct besu_audit *f) {
    for (uint32_t i = 0; f && i < f->n_nodes; i++) {
        for (size_t k = 0; k < AUDIT_KINDS; k++)
            free(f->nodes[i].paths[k]);
        free(f->nodes[i].name);
        free(f->nodes[i].service);
        free(f->nodes[i].version);
    }
    free(f);
    return NULL;
}

static char *member(c138_call *settings, uint32_t i, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), "nodes.%u.%s", i, name);
    return c138_has(settings, path) ? c138_xstrdup(c138_str(settings, path)) : NULL;
}

void besu_audit_prepare(struct besu *b, c138_call *settings) {
    struct besu_audit *f = c138_xcalloc(1, sizeof(*f));
    uint64_t count = c138_uint(settings, "nodes");
    f->chain_id = c138_uint(settings, "audit_chain_id");
    f->n_nodes = count > BESU_NODES_MAX ? BESU_NODES_MAX : (uint32_t)count;
    for (uint32_t i = 0; i < f->n_nodes; i++) {
        struct node_files *n = &f->nodes[i];
        n->name = member(settings, i, "name");
        n->service = member(settings, i, "compose_service");
        n->version = member(settings, i, "besu_version");
        for (int kind = 0; kind < AUDIT_KINDS; kind++)
            n->paths[kind] = member(settings, i, audit_kind_name((enum audit_kind)kind));
    }
    files_free(b->staged_audit);
    b->staged_audit = f;
}

void besu_audit_commit(struct besu *b, uint32_t apply) {
    if (apply && b->staged_audit) {
        files_free(b->audit);
        b->audit = C138_STEAL(b->staged_audit);
    }
    b->staged_audit = files_free(b->staged_audit);
}

void besu_audit_forget(struct besu *b) {
    b->audit = files_free(b->audit);
}

/* --- Nodes ----------------------------------------------------------------------------------- */

static void set_version(struct audit_node *n, const char *text, const char *from) {
    if (n->version == 0 && text && (n->version = audit_version_read(text)) > 0)
        snprintf(n->version_from, sizeof(n->version_from), "%s", from);
}

/* What the running node says; all of it may be missing. */
static void ask(struct besu *b, uint32_t i, struct audit_node *to) {
    struct besu_node *n = b->nodes[i].node;
    C138_JSON struct c138_json *info = NULL;
    besu_look_if_older(b, i, FRESH_NS);
    if (n->config.role && strcmp(n->config.role, "auto") != 0)
        to->role = c138_xstrdup(n->config.role);
    else if (n->has_address && b->net.validators)
        to->role = c138_xstrdup(besu_member_find(b, &n->address) ? "validator" : "rpc");
    if (n->status != C138_OK)
        return;
    set_version(to, n->version, "node");
    to->live.chain_id = n->chain_id;
    to->live.head = n->has_head ? (int64_t)n->head.number : -1;
    snprintf(to->live.enode, sizeof(to->live.enode), "%s", n->enode);
    if (!(n->apis & BESU_API_ADMIN) ||
        besu_node_call(n, "admin_nodeInfo", NULL, &info, NULL) != C138_OK)
        return;
    snprintf(to->live.genesis_hash, sizeof(to->live.genesis_hash), "%s",
             c138_json_as_str(c138_json_path(info, "protocols.eth.genesis"), ""));
    to->live.config = c138_json_ref(c138_json_path(info, "protocols.eth.config"));
}

static const struct node_files *files_of(const struct besu *b, const char *name) {
    for (uint32_t i = 0; b->audit && i < b->audit->n_nodes; i++)
        if (c138_streq(b->audit->nodes[i].name, name))
            return &b->audit->nodes[i];
    return NULL;
}

static void add_watched(struct besu *b, struct audit *a, uint32_t i) {
    const struct node_files *f = files_of(b, b->nodes[i].node->config.name);
    struct audit_node *n = audit_node_add(a, b->nodes[i].node->config.name);
    if (!n)
        return;
    for (size_t k = 0; f && k < AUDIT_KINDS; k++)
        n->paths[k] = c138_xstrdup(f->paths[k]);
    n->service = f ? c138_xstrdup(f->service) : NULL;
    set_version(n, f ? f->version : NULL, "settings");
    ask(b, i, n);
}

static int names_a_file(c138_call *call) {
    for (int kind = 0; kind < AUDIT_KINDS; kind++)
        if (c138_has(call, audit_kind_name((enum audit_kind)kind)))
            return 1;
    return 0;
}

/* What the call itself names goes before what the settings name. */
static void take_params(c138_call *call, struct audit_node *n) {
    for (int kind = 0; kind < AUDIT_KINDS; kind++) {
        const char *name = audit_kind_name((enum audit_kind)kind);
        if (!c138_has(call, name))
            continue;
        free(n->paths[kind]);
        n->paths[kind] = c138_xstrdup(c138_str(call, name));
    }
    if (c138_has(call, "service")) {
        free(n->service);
        n->service = c138_xstrdup(c138_str(call, "service"));
    }
    if (c138_has(call, "role")) {
        free(n->role);
        n->role = c138_xstrdup(c138_str(call, "role"));
    }
    if (c138_has(call, "besu_version")) {
        n->version = 0;
        set_version(n, c138_str(call, "besu_version"), "call");
    }
}

static c138_status add_nodes(struct besu *b, struct audit *a, c138_call *call) {
    struct c138_err err = {0};
    c138_status status = C138_OK;
    uint32_t only = UINT32_MAX;
    int files = names_a_file(call);
    if (c138_has(call, "node") || !files)
        status = besu_pick(b, call, &only);
    if (status != C138_OK)
        return status;
    if (files && !c138_has(call, "node")) {
        if (c138_has(call, "compose_file") && !c138_has(call, "service") &&
            !c138_has(call, "config_file"))
            status = audit_nodes_of_compose(a, c138_str(call, "compose_file"), &err);
        else
            (void)audit_node_add(a,
                                 c138_has(call, "service") ? c138_str(call, "service") : "files");
        if (status != C138_OK)
            return besu_fail(call, &err);
    } else {
        for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++)
            if (only == UINT32_MAX || only == i)
                add_watched(b, a, i);
    }
    for (size_t i = 0; i < a->n_nodes; i++)
        take_params(call, &a->nodes[i]);
    return C138_OK;
}

/* --- The host -------------------------------------------------------------------------------- */

static struct audit_host this_host(void) {
    struct timex t = {0};
    struct audit_host host = {.clock_synced = -1};
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    /* A worker may not ask the kernel; the file is systemd-timesyncd's. */
    if (adjtimex(&t) >= 0)
        host.clock_synced = !(t.status & STA_UNSYNC);
    else if (access("/run/systemd/timesync/synchronized", F_OK) == 0)
        host.clock_synced = 1;
    if (pages > 0 && size > 0)
        host.memory_bytes = (uint64_t)pages * (uint64_t)size;
    return host;
}

/* --- The result ------------------------------------------------------------------------------ */

static void summary(const struct audit *a, int highest, char *ret_text, size_t size) {
    size_t n[AUDIT_SEVERITIES], left = 0;
    (void)audit_count(a, n);
    for (size_t i = 0; i < a->n_notes; i++)
        left++;
    if (highest < 0)
        snprintf(ret_text, size, "nothing found; %zu checks, %zu reasons not to check others",
                 a->checked, left);
    else
        snprintf(
            ret_text, size,
            "%zu critical, %zu high, %zu medium, %zu low, %zu info; %zu checks, %zu reasons not "
            "to check others",
            n[AUDIT_CRITICAL], n[AUDIT_HIGH], n[AUDIT_MEDIUM], n[AUDIT_LOW], n[AUDIT_INFO],
            a->checked, left);
}

static void set_member(c138_call *call, const struct c138_json *report, const char *name) {
    C138_FREE char *text = c138_json_dump(c138_json_get(report, name));
    c138_set_json(call, name, text);
}

static void write_report(const struct besu *b, const struct audit *a, c138_call *call) {
    const char *format = c138_str(call, "format");
    C138_JSON struct c138_json *report = NULL;
    if (strcmp(format, "sarif") == 0)
        report = audit_sarif(a, b->host->agent_version);
    else
        report = audit_report(a);
    if (strcmp(format, "table") != 0) {
        C138_FREE char *text = c138_json_dump(report);
        c138_set_json(call, "document", text);
        return;
    }
    set_member(call, report, "counts");
    set_member(call, report, "findings");
    set_member(call, report, "not_checked");
}

static c138_status audit_action_run(void *self, c138_call *call) {
    struct besu *b = self;
    const struct audit_host host = this_host();
    struct audit *a = audit_new(&host, b->audit ? b->audit->chain_id : 138);
    const char *fail_on = c138_str(call, "fail_on");
    enum audit_severity limit = AUDIT_CRITICAL;
    size_t counts[AUDIT_SEVERITIES];
    char text[256];
    c138_status status = add_nodes(b, a, call);
    if (status == C138_OK) {
        audit_run(a);
        int highest = audit_count(a, counts);
        int fails = audit_severity_read(fail_on, &limit) == C138_OK && highest >= (int)limit;
        summary(a, highest, text, sizeof(text));
        c138_set_bool(call, "ok", !fails);
        c138_set_str(call, "text", text);
        write_report(b, a, call);
    }
    audit_free(a);
    return status;
}

#define SEVERITIES "critical", "high", "medium", "low", "info"
#define COUNT(n) C138_FIELD(.name = n, .type = C138_T_UINT, .summary = "Findings of this severity")
#define TEXT(n, s) C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s)

const c138_action besu_audit_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "audit",
    .summary = "What is wrong with a network's configuration, file by file and line by line",
    .help =
        "Applies the rules of docs/audit-rules.md to config.toml, genesis, lists of nodes and "
        "accounts, compose file, keys, Tessera's configuration and this host. Without files: to "
        "all watched nodes, with the files that their settings name; what running nodes answer is "
        "compared, too. With files: to these alone; a compose file alone stands for every service "
        "that runs Besu. What cannot be checked is listed with the reason.\n"
        "The exit status is 1 when a finding is as severe as --fail-on, else 0. The formats json "
        "and sarif (2.1.0) are printed as they are, for other programs.\n"
        "A worker reads the files that the plugin's settings name, and what lies below "
        "audit_folders; no others.",
    .example = "--compose-file /srv/besu/docker-compose.yml --fail-on critical",
    .timeout_ns = 120 * C138_NS_PER_S,
    .params =
        C138_FIELDS(C138_FIELD(.name = "node", .type = C138_T_STRING, .complete = "besu.nodes#name",
                               .summary = "Name of a watched node"),
                    BESU_AUDIT_PATHS,
                    C138_FIELD(.name = "service", .type = C138_T_STRING, .max_text = "128",
                               .summary = "Service of the compose file"),
                    C138_FIELD(.name = "role", .type = C138_T_ENUM,
                               .choices = C138_TEXTS("validator", "rpc", "boot"),
                               .summary = "What the node is for"),
                    C138_FIELD(.name = "besu_version", .type = C138_T_STRING, .max_text = "64",
                               .summary = "Version that rules are chosen for, such as 25.5.0"),
                    C138_FIELD(.name = "format", .type = C138_T_ENUM, .default_text = "table",
                               .choices = C138_TEXTS("table", "json", "sarif"),
                               .summary = "Form of the report"),
                    C138_FIELD(.name = "fail_on", .type = C138_T_ENUM, .default_text = "high",
                               .choices = C138_TEXTS(SEVERITIES, "never"),
                               .summary = "Least severity that makes the exit status 1")),
    .results = C138_FIELDS(
        C138_FIELD(.name = "ok", .type = C138_T_BOOL,
                   .summary = "Nothing was found that is as severe as fail_on"),
        TEXT("text", "What was found, in a line"),
        C138_FIELD(.name = "document", .type = C138_T_OBJECT,
                   .summary = "The report in the form json or sarif; the control prints it alone"),
        C138_FIELD(.name = "counts", .type = C138_T_OBJECT, .summary = "Findings by severity",
                   .fields = C138_FIELDS(COUNT("critical"), COUNT("high"), COUNT("medium"),
                                         COUNT("low"), COUNT("info"))),
        C138_FIELD(.name = "findings", .type = C138_T_LIST,
                   .summary = "The findings, the worst first",
                   .fields = C138_FIELDS(C138_FIELD(
                           .name = "row", .type = C138_T_OBJECT, .summary = "One finding",
                           .fields = C138_FIELDS(
                               C138_FIELD(.name = "severity", .type = C138_T_ENUM,
                                          .choices = C138_TEXTS(SEVERITIES),
                                          .summary = "How bad it is"),
                               TEXT("rule", "Its id in docs/audit-rules.md"),
                               TEXT("nodes", "Nodes that it is true of"),
                               TEXT("file", "Where it stands"),
                               C138_FIELD(.name = "line", .type = C138_T_UINT,
                                          .summary = "Its line there"),
                               TEXT("found", "What is there"), TEXT("expected", "What should be"),
                               TEXT("reason", "Why it matters"), TEXT("mend", "What to do"))))),
        C138_FIELD(.name = "not_checked", .type = C138_T_LIST,
                   .summary = "What could not be checked",
                   .fields = C138_FIELDS(
                       C138_FIELD(.name = "row", .type = C138_T_OBJECT, .summary = "One reason",
                                  .fields =
                                      C138_FIELDS(TEXT("nodes", "Nodes that it is true of"),
                                                  TEXT("rules", "Ids of the rules"),
                                                  TEXT("reason", "Why they were left out")))))),
    .run = audit_action_run,
};
