/*
 * The reference in Markdown, from declarations: of this host's agent, or of documents in files
 * (chain138-plugin-host
 * --describe FILE.so).
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <schema/validate.h>

#include <stdio.h>
#include <string.h>

#define DOCUMENT_MAX (4u << 20)

/* A bar would end a table's cell. */
static void cell(struct c138_buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|')
            c138_buf_adds(out, "\\|");
        else
            c138_buf_addc(out, *text == '\n' ? ' ' : *text);
    }
}

static void field_row(struct c138_buf *out, const struct decl_field *f, const char *prefix,
                      int expected) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_buf_addf(out, "| `%s%s` | %s%s%s | ", prefix, f->name, decl_type_name(f->type),
                  f->unit ? ", " : "", f->unit ? f->unit : "");
    cell(out, f->summary);
    if (expected) {
        validate_expectation(f, &text);
        c138_buf_adds(out, ": ");
        cell(out, c138_buf_text(&text));
    }
    if (f->flags & C138_FIELD_REQUIRED)
        c138_buf_adds(out, "; **required**");
    if (f->default_text) {
        c138_buf_adds(out, "; default `");
        cell(out, f->default_text);
        c138_buf_addc(out, '`');
    }
    if (f->flags & C138_FIELD_POSITIONAL)
        c138_buf_adds(out, "; also as a plain word");
    if (f->flags & C138_FIELD_SENSITIVE)
        c138_buf_adds(out, "; never shown");
    if (f->flags & C138_FIELD_RESTART)
        c138_buf_adds(out, "; a change starts a new instance");
    c138_buf_adds(out, " |\n");
}

static void field_rows(struct c138_buf *out, struct decl_field *const *fields, const char *prefix,
                       int expected) {
    for (; *fields; fields++) {
        const struct decl_field *f = *fields;
        const struct decl_field *inner = f->type == C138_T_LIST ? f->fields[0] : f;
        if (f->flags & C138_FIELD_HIDDEN)
            continue;
        field_row(out, f, prefix, expected);
        if (inner && inner->type == C138_T_OBJECT && inner->fields[0]) {
            C138_FREE char *deeper =
                c138_xasprintf("%s%s%s.", prefix, f->name, f->type == C138_T_LIST ? "[]" : "");
            field_rows(out, inner->fields, deeper, expected);
        }
    }
}

static void field_table(struct c138_buf *out, const char *title, struct decl_field *const *fields,
                        int expected) {
    if (!fields[0])
        return;
    c138_buf_addf(out, "\n| %s | type | what |\n|---|---|---|\n", title);
    field_rows(out, fields, "", expected);
}

static void action_section(struct c138_buf *out, const struct decl_plugin *p,
                           const struct decl_action *a) {
    char timeout[C138_DURATION_TEXT];
    c138_duration_format(a->timeout_ns, timeout);
    c138_buf_addf(out, "\n### %s\n\n%s.\n", a->full_name, a->summary);
    if (a->help)
        c138_buf_addf(out, "\n%s\n", a->help);
    c138_buf_addf(out, "\nEffect %s, least role %s, ends within %s%s%s%s.\n",
                  decl_effect_name(a->effect), decl_role_name(a->role), timeout,
                  a->flags & C138_ACTION_DRY_RUN ? ", can be rehearsed" : "",
                  a->flags & C138_ACTION_IDEMPOTENT ? ", may be repeated" : "",
                  a->effect == C138_EFFECT_DANGEROUS ? ", needs the approval of somebody else"
                                                     : "");
    field_table(out, "parameter", a->params, 1);
    field_table(out, "result", a->results, 0);
    if (a->example)
        c138_buf_addf(out, "\n    chain138ctl %s %s %s\n", p->name, a->name, a->example);
}

static void events_section(struct c138_buf *out, const struct decl_plugin *p) {
    if (!p->events[0])
        return;
    c138_buf_addf(out, "\n## Events of %s\n", p->name);
    for (struct decl_event *const *e = p->events; *e; e++) {
        c138_buf_addf(out, "\n### %s\n\n%s. Severity %s%s.\n", (*e)->topic, (*e)->summary,
                      decl_severity_name((*e)->severity),
                      (*e)->flags & C138_EVENT_KEEP ? ", kept" : "");
        field_table(out, "field", (*e)->fields, 0);
    }
}

static void metrics_section(struct c138_buf *out, const struct decl_plugin *p) {
    if (!p->metrics[0])
        return;
    c138_buf_addf(out,
                  "\n## Metrics of %s\n\n| metric | type | labels | what |\n|---|---|---|---|\n",
                  p->name);
    for (struct decl_metric *const *m = p->metrics; *m; m++) {
        c138_buf_addf(out, "| `%s` | %s | ", (*m)->name,
                      (*m)->type == C138_METRIC_COUNTER ? "counter" : "gauge");
        for (uint32_t i = 0; i < (*m)->n_labels; i++)
            c138_buf_addf(out, "%s%s", i ? ", " : "", (*m)->labels[i]);
        c138_buf_adds(out, " | ");
        cell(out, (*m)->help);
        c138_buf_adds(out, " |\n");
    }
}

static void plugin_section(struct c138_buf *out, const struct decl_plugin *p) {
    c138_buf_addf(out, "\n# %s\n\n%s.\n", p->name, p->summary);
    if (p->settings[0]) {
        c138_buf_addf(out, "\n## Settings of %s\n\nIn `plugins: { %s: { ... } }`.\n", p->name,
                      p->name);
        field_table(out, "setting", p->settings, 1);
    }
    if (p->actions[0])
        c138_buf_addf(out, "\n## Actions of %s\n", p->name);
    for (struct decl_action *const *a = p->actions; *a; a++)
        action_section(out, p, *a);
    events_section(out, p);
    metrics_section(out, p);
}

void reference_render(struct c138_buf *out, const struct c138_json *documents) {
    c138_buf_adds(out,
                  "<!-- Made by `chain138ctl reference` from the declarations; do not edit. -->\n");
    for (size_t i = 0; i < c138_json_count(documents); i++) {
        struct decl_plugin *plugin = NULL;
        struct c138_err err = {0};
        if (decl_plugin_new(c138_json_at(documents, i), &plugin, &err) < 0)
            c138_buf_addf(out, "\n# ?\n\nThis declaration is refused: %s\n", err.text);
        else
            plugin_section(out, plugin);
        decl_plugin_free(plugin);
    }
}

static c138_status add_file(struct c138_json *documents, const char *path, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_json *document = NULL;
    c138_status status = c138_file_read(path, DOCUMENT_MAX, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &document, err);
    if (status < 0)
        return c138_error_prefix(err, status, "%s", path);
    c138_json_append(documents, document);
    return C138_OK;
}

static c138_status add_files(const struct ctl *c, struct c138_json *documents,
                             struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t i = 0; i < c->args.n_params && status >= 0; i++)
        if (!strcmp(c->args.params[i].name, "from"))
            status = add_file(documents, c->args.params[i].value, err);
    for (size_t i = 1; i < c->args.n_words && status >= 0; i++)
        status = add_file(documents, c->args.words[i], err);
    return status;
}

int ctl_reference(struct ctl *c) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    C138_JSON struct c138_json *files = c138_json_new_array();
    C138_JSON struct c138_json *answer = NULL;
    struct c138_err err = {0};
    const struct c138_json *documents = files;
    c138_status status = add_files(c, files, &err);
    if (status >= 0 && c138_json_count(files) == 0) {
        status = ctl_request(c, "GET", "/v1/actions", NULL, CTL_ANSWER_NS, NULL, &answer, &err);
        documents = c138_json_get(answer, "plugins");
    }
    if (status < 0)
        return ctl_fail(c, &err);
    reference_render(&out, documents);
    ctl_print_text(&out);
    return EXIT_DONE;
}
