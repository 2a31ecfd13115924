/* Findings as JSON and as SARIF 2.1.0 (OASIS, errata 01); the rules themselves as Markdown. */
#include "audit.h"

#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

/* --- JSON ------------------------------------------------------------------------------------ */

static struct c138_json *finding_json(const struct audit_finding *f) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "severity", audit_severity_name(f->severity));
    c138_json_set_str(o, "rule", f->rule->id);
    c138_json_set_str(o, "nodes", c138_buf_text(&f->nodes));
    if (f->file)
        c138_json_set_str(o, "file", f->file);
    if (f->line)
        c138_json_set_uint(o, "line", f->line);
    c138_json_set_str(o, "found", f->found);
    c138_json_set_str(o, "expected", f->rule->title);
    c138_json_set_str(o, "reason", f->rule->reason);
    c138_json_set_str(o, "mend", f->rule->mend);
    return o;
}

static struct c138_json *note_json(const struct audit_note *n) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "nodes", c138_buf_text(&n->nodes));
    c138_json_set_str(o, "rules", c138_buf_text(&n->rules));
    c138_json_set_str(o, "reason", n->reason);
    return o;
}

struct c138_json *audit_report(const struct audit *a) {
    struct c138_json *report = c138_json_new_object(), *counts = c138_json_new_object();
    struct c138_json *findings = c138_json_new_array(), *notes = c138_json_new_array();
    size_t count[AUDIT_SEVERITIES];
    (void)audit_count(a, count);
    for (int i = AUDIT_SEVERITIES - 1; i >= 0; i--)
        c138_json_set_uint(counts, audit_severity_name((enum audit_severity)i), count[i]);
    for (size_t i = 0; i < a->n_findings; i++)
        c138_json_append(findings, finding_json(&a->findings[i]));
    for (size_t i = 0; i < a->n_notes; i++)
        c138_json_append(notes, note_json(&a->notes[i]));
    c138_json_set(report, "counts", counts);
    c138_json_set_uint(report, "checked", a->checked);
    if (a->too_many)
        c138_json_set_uint(report, "left_out", a->too_many);
    c138_json_set(report, "findings", findings);
    c138_json_set(report, "not_checked", notes);
    return report;
}

/* --- SARIF ----------------------------------------------------------------------------------- */

static const char *level(enum audit_severity severity) {
    return severity >= AUDIT_HIGH ? "error" : severity == AUDIT_MEDIUM ? "warning" : "note";
}

static struct c138_json *text_json(const char *text) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "text", text);
    return o;
}

static struct c138_json *rule_json(const struct audit_rule *r) {
    static const char *const scores[] = {"0.0", "2.0", "5.0", "8.0", "9.5"};
    struct c138_json *o = c138_json_new_object(), *properties = c138_json_new_object();
    struct c138_json *configuration = c138_json_new_object();
    C138_FREE char *title = c138_xasprintf("%s.", r->title);
    c138_json_set_str(o, "id", r->id);
    c138_json_set(o, "shortDescription", text_json(title));
    c138_json_set(o, "fullDescription", text_json(r->reason));
    c138_json_set(o, "help", text_json(r->mend));
    c138_json_set_str(configuration, "level", level(r->severity));
    c138_json_set(o, "defaultConfiguration", configuration);
    c138_json_set_str(properties, "severity", audit_severity_name(r->severity));
    c138_json_set_str(properties, "security-severity", scores[r->severity]);
    c138_json_set(o, "properties", properties);
    return o;
}

/* RFC 3986: everything but unreserved characters and slashes is escaped. */
static char *file_uri(const char *path) {
    struct c138_buf out = C138_BUF_NULL;
    c138_buf_adds(&out, "file://");
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
            strchr("-._~/", *p))
            c138_buf_addc(&out, (char)*p);
        else
            c138_buf_addf(&out, "%%%02X", *p);
    }
    return c138_buf_steal(&out);
}

static struct c138_json *location_json(const struct audit_finding *f) {
    struct c138_json *location = c138_json_new_object(), *physical = c138_json_new_object();
    struct c138_json *artifact = c138_json_new_object();
    C138_FREE char *uri = file_uri(f->file);
    c138_json_set_str(artifact, "uri", uri);
    c138_json_set(physical, "artifactLocation", artifact);
    if (f->line) {
        struct c138_json *region = c138_json_new_object();
        c138_json_set_uint(region, "startLine", f->line);
        c138_json_set(physical, "region", region);
    }
    c138_json_set(location, "physicalLocation", physical);
    return location;
}

static struct c138_json *result_json(const struct audit_finding *f, size_t rule_index) {
    struct c138_json *o = c138_json_new_object(), *properties = c138_json_new_object();
    struct c138_json *locations = c138_json_new_array();
    C138_FREE char *message = c138_xasprintf("%s%s%s. %s", c138_buf_text(&f->nodes),
                                             f->nodes.length ? ": " : "", f->found, f->rule->mend);
    c138_json_set_str(o, "ruleId", f->rule->id);
    c138_json_set_uint(o, "ruleIndex", rule_index);
    c138_json_set_str(o, "level", level(f->severity));
    c138_json_set(o, "message", text_json(message));
    if (f->file)
        c138_json_append(locations, location_json(f));
    c138_json_set(o, "locations", locations);
    c138_json_set_str(properties, "severity", audit_severity_name(f->severity));
    c138_json_set_str(properties, "nodes", c138_buf_text(&f->nodes));
    c138_json_set(o, "properties", properties);
    return o;
}

/* What was not checked is told as the standard has it: as what the tool had to say of its run. */
static struct c138_json *invocation_json(const struct audit *a) {
    struct c138_json *o = c138_json_new_object(), *list = c138_json_new_array();
    for (size_t i = 0; i < a->n_notes; i++) {
        const struct audit_note *n = &a->notes[i];
        struct c138_json *note = c138_json_new_object();
        C138_FREE char *text =
            c138_xasprintf("not checked%s%s: %s: %s", n->nodes.length ? ", " : "",
                           c138_buf_text(&n->nodes), c138_buf_text(&n->rules), n->reason);
        c138_json_set_str(note, "level", "note");
        c138_json_set(note, "message", text_json(text));
        c138_json_append(list, note);
    }
    c138_json_set_bool(o, "executionSuccessful", 1);
    c138_json_set(o, "toolExecutionNotifications", list);
    return o;
}

static size_t index_of(const struct audit_rule *rule) {
    size_t n = 0;
    for (size_t t = 0; audit_tables[t]; t++)
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++, n++)
            if (r == rule)
                return n;
    return 0;
}

struct c138_json *audit_sarif(const struct audit *a, const char *agent_version) {
    struct c138_json *log = c138_json_new_object(), *run = c138_json_new_object();
    struct c138_json *tool = c138_json_new_object(), *driver = c138_json_new_object();
    struct c138_json *rules = c138_json_new_array(), *results = c138_json_new_array();
    struct c138_json *runs = c138_json_new_array(), *invocations = c138_json_new_array();
    for (size_t t = 0; audit_tables[t]; t++)
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++)
            c138_json_append(rules, rule_json(r));
    for (size_t i = 0; i < a->n_findings; i++)
        c138_json_append(results, result_json(&a->findings[i], index_of(a->findings[i].rule)));
    c138_json_set_str(driver, "name", "besu.audit");
    c138_json_set_str(driver, "version", agent_version);
    c138_json_set(driver, "rules", rules);
    c138_json_set(tool, "driver", driver);
    c138_json_set(run, "tool", tool);
    c138_json_append(invocations, invocation_json(a));
    c138_json_set(run, "invocations", invocations);
    c138_json_set(run, "results", results);
    c138_json_append(runs, run);
    c138_json_set_str(log, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    c138_json_set_str(log, "version", "2.1.0");
    c138_json_set(log, "runs", runs);
    return log;
}

/* --- Markdown -------------------------------------------------------------------------------- */

static void cell(struct c138_buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|')
            c138_buf_addc(out, '\\');
        c138_buf_addc(out, *text);
    }
    c138_buf_adds(out, " | ");
}

static void needs(struct c138_buf *out, const struct audit_rule *r) {
    const char *comma = "";
    char text[32];
    for (int kind = 0; kind < AUDIT_KINDS; kind++) {
        if (r->needs & AUDIT_NEEDS(kind)) {
            c138_buf_addf(out, "%s`%s`", comma, audit_kind_name((enum audit_kind)kind));
            comma = ", ";
        }
    }
    const struct {
        uint32_t bit;
        const char *text;
    } words[] = {{AUDIT_NEEDS_OPTIONS, "options"},    {AUDIT_NEEDS_SERVICE, "`compose_file`"},
                 {AUDIT_NEEDS_ROLE, "`role`"},        {AUDIT_NEEDS_VERSION, "version"},
                 {AUDIT_OF_NETWORK, "several nodes"}, {AUDIT_OF_HOST, "the host"}};
    for (size_t i = 0; i < C138_COUNT(words); i++) {
        if (r->needs & words[i].bit) {
            c138_buf_addf(out, "%s%s", comma, words[i].text);
            comma = ", ";
        }
    }
    if (r->since) {
        audit_version_write(r->since, text, sizeof(text));
        c138_buf_addf(out, "%sBesu from %s", comma, text);
        comma = ", ";
    }
    if (r->until) {
        audit_version_write(r->until, text, sizeof(text));
        c138_buf_addf(out, "%sBesu before %s", comma, text);
    }
    c138_buf_adds(out, " | ");
}

void audit_rules_markdown(struct c138_buf *out) {
    size_t count = 0;
    for (size_t t = 0; audit_tables[t]; t++)
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++)
            count++;
    c138_buf_addf(
        out,
        "# The rules of besu.audit\n\n%zu rules, as the plugin has them: this page is made "
        "from their tables. What each of them says holds, or is a finding; [the page of the "
        "plugin](besu.md) says how to run them. Severity is the highest that a rule gives; "
        "\"needs\" is what must be known, or the rule is listed as not checked.\n",
        count);
    for (size_t t = 0; audit_tables[t]; t++) {
        c138_buf_addf(out,
                      "\n## %s\n\n| rule | severity | what must hold | why | what to do | needs "
                      "|\n|---|---|---|---|---|---|\n",
                      audit_table_titles[t]);
        for (const struct audit_rule *r = audit_tables[t]; r->id; r++) {
            c138_buf_addf(out, "| %s | %s | ", r->id, audit_severity_name(r->severity));
            cell(out, r->title);
            cell(out, r->reason);
            cell(out, r->mend);
            needs(out, r);
            while (out->length > 0 && out->data[out->length - 1] == ' ')
                out->data[--out->length] = '\0';
            c138_buf_addc(out, '\n');
        }
    }
}
