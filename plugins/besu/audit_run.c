/* The engine: which rule is applied to which node, what is found, what is left out and why. */
#include "audit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct audit_rule *const audit_tables[] = {audit_rules_config,  audit_rules_files,
                                                 audit_rules_genesis, audit_rules_stack,
                                                 audit_rules_tessera, NULL};
const char *const audit_table_titles[] = {"Options of Besu", "Lists, keys and other files",
                                          "Genesis",         "Compose file and host",
                                          "Tessera",         NULL};

static const char *const severity_names[] = {"info", "low", "medium", "high", "critical"};

const char *audit_severity_name(enum audit_severity severity) {
    return severity_names[severity];
}

c138_status audit_severity_read(const char *text, enum audit_severity *ret_severity) {
    for (int i = 0; i < AUDIT_SEVERITIES; i++) {
        if (strcmp(severity_names[i], text) == 0) {
            *ret_severity = (enum audit_severity)i;
            return C138_OK;
        }
    }
    return C138_E_NOTFOUND;
}

const struct audit_rule *audit_rule_find(const char *id) {
    for (size_t t = 0; audit_tables[t]; t++)
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++)
            if (strcmp(r->id, id) == 0)
                return r;
    return NULL;
}

int audit_version_read(const char *text) {
    unsigned year, minor, patch = 0;
    const char *slash = strchr(text, '/');
    if (slash)
        text = slash + 1;
    if (*text == 'v')
        text++;
    if (sscanf(text, "%2u.%2u.%2u", &year, &minor, &patch) < 2)
        return 0;
    return (int)(year * 10000 + minor * 100 + patch);
}

void audit_version_write(int version, char *ret_text, size_t size) {
    snprintf(ret_text, size, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
}

/* --- Findings -------------------------------------------------------------------------------- */

static int is_same(const struct audit_finding *f, const struct audit_rule *r,
                   enum audit_severity severity, const char *file, unsigned line,
                   const char *found) {
    return f->rule == r && f->severity == severity && f->line == line &&
           c138_streq(f->file, file) && strcmp(f->found, found) == 0;
}

/* "a, b" holds "b". */
static int names_has(const struct c138_buf *names, const char *name) {
    size_t n = strlen(name);
    for (const char *p = c138_buf_text(names); (p = strstr(p, name)); p += n)
        if ((p == names->data || p[-1] == ' ') && (p[n] == '\0' || p[n] == ','))
            return 1;
    return 0;
}

static void names_add(struct c138_buf *names, const char *name) {
    if (*name && !names_has(names, name))
        c138_buf_addf(names, "%s%s", names->length ? ", " : "", name);
}

/* Several nodes that share a file share the finding. */
static void keep(struct audit *a, const struct audit_rule *r, enum audit_severity severity,
                 const char *file, unsigned line, const char *found) {
    const char *node = a->node ? a->node->name : "";
    for (size_t i = 0; i < a->n_findings; i++) {
        if (is_same(&a->findings[i], r, severity, file, line, found)) {
            names_add(&a->findings[i].nodes, node);
            return;
        }
    }
    if (a->n_findings == AUDIT_FINDINGS_MAX) {
        a->too_many++;
        return;
    }
    a->findings = c138_xrealloc(a->findings, (a->n_findings + 1) * sizeof(*a->findings));
    struct audit_finding *f = &a->findings[a->n_findings++];
    *f = (struct audit_finding){.rule = r,
                                .severity = severity,
                                .file = c138_xstrdup(file),
                                .line = line,
                                .found = c138_xstrdup(found)};
    names_add(&f->nodes, node);
}

void audit_find(struct audit *a, const struct audit_rule *r, const char *file, unsigned line,
                const char *found, ...) {
    char text[1024];
    va_list ap;
    va_start(ap, found);
    vsnprintf(text, sizeof(text), found, ap);
    va_end(ap);
    keep(a, r, r->severity, file, line, text);
}

void audit_find_as(struct audit *a, const struct audit_rule *r, enum audit_severity severity,
                   const char *file, unsigned line, const char *found, ...) {
    char text[1024];
    va_list ap;
    va_start(ap, found);
    vsnprintf(text, sizeof(text), found, ap);
    va_end(ap);
    keep(a, r, severity, file, line, text);
}

void audit_skip(struct audit *a, const struct audit_rule *r, const char *reason, ...) {
    char text[1024];
    const char *node = a->node ? a->node->name : "";
    va_list ap;
    va_start(ap, reason);
    vsnprintf(text, sizeof(text), reason, ap);
    va_end(ap);
    for (size_t i = 0; i < a->n_notes; i++) {
        struct audit_note *n = &a->notes[i];
        if (strcmp(c138_buf_text(&n->nodes), node) == 0 && strcmp(n->reason, text) == 0) {
            names_add(&n->rules, r->id);
            return;
        }
    }
    a->notes = c138_xrealloc(a->notes, (a->n_notes + 1) * sizeof(*a->notes));
    struct audit_note *n = &a->notes[a->n_notes++];
    *n = (struct audit_note){.reason = c138_xstrdup(text)};
    names_add(&n->nodes, node);
    names_add(&n->rules, r->id);
}

static void note_deinit(struct audit_note *n) {
    c138_buf_deinit(&n->rules);
    c138_buf_deinit(&n->nodes);
    free(n->reason);
}

/* What is true of several nodes is told once. */
static void join_notes(struct audit *a) {
    size_t kept = 0;
    for (size_t i = 0; i < a->n_notes; i++) {
        struct audit_note *n = &a->notes[i], *same = NULL;
        for (size_t k = 0; k < kept && !same; k++)
            if (!strcmp(a->notes[k].reason, n->reason) && n->nodes.length &&
                !strcmp(c138_buf_text(&a->notes[k].rules), c138_buf_text(&n->rules)))
                same = &a->notes[k];
        if (!same) {
            a->notes[kept++] = *n;
            continue;
        }
        names_add(&same->nodes, c138_buf_text(&n->nodes));
        note_deinit(n);
    }
    a->n_notes = kept;
}

int audit_count(const struct audit *a, size_t ret_counts[AUDIT_SEVERITIES]) {
    int highest = -1;
    memset(ret_counts, 0, AUDIT_SEVERITIES * sizeof(*ret_counts));
    for (size_t i = 0; i < a->n_findings; i++) {
        ret_counts[a->findings[i].severity]++;
        if ((int)a->findings[i].severity > highest)
            highest = (int)a->findings[i].severity;
    }
    return highest;
}

/* --- Rules and nodes ------------------------------------------------------------------------- */

/* Why a file is not there to look at; NULL: it is. */
static const char *file_lacks(const struct audit_node *n, enum audit_kind kind, char *text,
                              size_t size) {
    const struct audit_file *f = &n->files[kind];
    if (f->path && !f->why_not)
        return NULL;
    if (f->why_not)
        return f->why_not;
    snprintf(text, size, "no file is given: name it as %s", audit_kind_name(kind));
    return text;
}

static const char *node_lacks(const struct audit_node *n, const struct audit_rule *r, char *text,
                              size_t size) {
    for (int kind = 0; kind < AUDIT_KINDS; kind++) {
        const char *why =
            r->needs & AUDIT_NEEDS(kind) ? file_lacks(n, (enum audit_kind)kind, text, size) : NULL;
        if (why)
            return why;
    }
    if (r->needs & AUDIT_NEEDS_OPTIONS && (!n->in_compose || n->files[AUDIT_CONFIG].why_not)) {
        const char *why = file_lacks(n, AUDIT_CONFIG, text, size);
        if (why)
            return why;
    }
    if (r->needs & AUDIT_NEEDS_SERVICE && !n->in_compose)
        return file_lacks(n, AUDIT_COMPOSE, text, size);
    if ((r->needs & AUDIT_NEEDS_VERSION || r->since || r->until) && n->version == 0)
        return "the version of Besu is not known: set besu_version, or watch the node";
    if (r->needs & AUDIT_NEEDS_ROLE && !n->role)
        return "whether it is a validator is not known: set role";
    return NULL;
}

static void apply_to_node(struct audit *a, const struct audit_rule *r) {
    const struct audit_node *n = a->node;
    char text[256], version[32];
    const char *lacks = node_lacks(n, r, text, sizeof(text));
    if (lacks) {
        audit_skip(a, r, "%s", lacks);
        return;
    }
    if ((r->since && n->version < r->since) || (r->until && n->version >= r->until)) {
        audit_version_write(n->version, version, sizeof(version));
        audit_skip(a, r, "does not apply to Besu %s", version);
        return;
    }
    a->checked++;
    if (!(r->needs & AUDIT_NEEDS_ROLE) || strcmp(n->role, "validator") == 0)
        r->check(a, r);
}

static void apply(struct audit *a, const struct audit_rule *r) {
    a->node = NULL;
    if (r->needs & (AUDIT_OF_NETWORK | AUDIT_OF_HOST)) {
        a->checked++;
        r->check(a, r);
        return;
    }
    for (size_t i = 0; i < a->n_nodes; i++) {
        a->node = &a->nodes[i];
        apply_to_node(a, r);
    }
    a->node = NULL;
}

/* The worst first; else in the order of the rules. */
static void sort(struct audit *a) {
    for (size_t i = 1; i < a->n_findings; i++) {
        struct audit_finding f = a->findings[i];
        size_t k = i;
        for (; k > 0 && a->findings[k - 1].severity < f.severity; k--)
            a->findings[k] = a->findings[k - 1];
        a->findings[k] = f;
    }
}

void audit_run(struct audit *a) {
    for (size_t i = 0; i < a->n_nodes; i++)
        audit_node_load(&a->nodes[i]);
    for (size_t t = 0; audit_tables[t]; t++)
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++)
            apply(a, r);
    sort(a);
    join_notes(a);
}

struct audit *audit_new(const struct audit_host *host, uint64_t chain_id) {
    struct audit *a = c138_xcalloc(1, sizeof(*a));
    a->host = *host;
    a->chain_id = chain_id;
    return a;
}

struct audit *audit_free(struct audit *a) {
    if (!a)
        return NULL;
    for (size_t i = 0; i < a->n_nodes; i++)
        audit_node_deinit(&a->nodes[i]);
    for (size_t i = 0; i < a->n_findings; i++) {
        c138_buf_deinit(&a->findings[i].nodes);
        free(a->findings[i].file);
        free(a->findings[i].found);
    }
    for (size_t i = 0; i < a->n_notes; i++)
        note_deinit(&a->notes[i]);
    free(a->findings);
    free(a->notes);
    free(a);
    return NULL;
}

struct audit_node *audit_node_add(struct audit *a, const char *name) {
    if (a->n_nodes == AUDIT_NODES_MAX)
        return NULL;
    struct audit_node *n = &a->nodes[a->n_nodes++];
    n->name = c138_xstrdup(name);
    n->live.head = -1;
    return n;
}

c138_status audit_nodes_of_compose(struct audit *a, const char *path, struct c138_err *err) {
    struct audit_file file = {.path = c138_xstrdup(path)};
    audit_file_read(&file, AUDIT_COMPOSE);
    const struct audit_doc *services = audit_compose_services(&file.doc);
    c138_status status = C138_OK;
    size_t before = a->n_nodes;
    for (size_t i = 0; services && i < services->count; i++) {
        const struct audit_doc *s = &services->items[i];
        struct audit_node *n = audit_compose_is_besu(s) ? audit_node_add(a, s->name) : NULL;
        if (n) {
            n->service = c138_xstrdup(s->name);
            n->paths[AUDIT_COMPOSE] = c138_xstrdup(path);
        }
    }
    if (file.why_not)
        status = c138_error(err, file.missing ? C138_E_NOTFOUND : C138_E_INVALID, "audit.compose",
                            "besu: %s", file.why_not);
    else if (a->n_nodes == before)
        status = c138_error(err, C138_E_NOTFOUND, "audit.compose",
                            "besu: %s has no service that runs besu: name one as --service", path);
    audit_doc_deinit(&file.doc);
    free(file.path);
    free(file.why_not);
    return status;
}
