/*
 * Help about plugins and actions, from their declarations.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <schema/validate.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COLUMN 26

static c138_status fetch(struct ctl *c, const char *name, struct c138_json **ret,
                         struct c138_err *err) {
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    c138_buf_adds(&path, name ? "/v1/actions/" : "/v1/actions?brief=1");
    if (name)
        client_escape(&path, name);
    return ctl_request(c, "GET", c138_buf_text(&path), NULL, CTL_ANSWER_NS, NULL, ret, err);
}

/* --- Everything ---------------------------------------------------------------------------------
 */

static void list_actions(const struct c138_json *plugin) {
    const struct c138_json *actions = c138_json_get(plugin, "actions");
    const char *name = c138_json_get_str(plugin, "name", "?");
    for (size_t i = 0; i < c138_json_count(actions); i++) {
        const struct c138_json *action = c138_json_at(actions, i);
        C138_FREE char *words =
            c138_xasprintf("%s %s", name, c138_json_get_str(action, "name", "?"));
        usage_entry(stdout, 2, COLUMN, words, c138_json_get_str(action, "summary", ""));
    }
}

static int help_all(struct ctl *c) {
    C138_JSON struct c138_json *answer = NULL;
    struct c138_err err = {0};
    if (!c->args.json)
        usage_help(&ctl_usage, stdout);
    if (fetch(c, NULL, &answer, &err) < 0) {
        if (c->args.json)
            return ctl_fail(c, &err);
        printf("\nactions of this host: not known (%s)\n", err.text);
        return EXIT_DONE;
    }
    if (c->args.json) {
        ctl_print_json(answer);
        return EXIT_DONE;
    }
    const struct c138_json *plugins = c138_json_get(answer, "plugins");
    puts("\nactions of this host:");
    for (size_t i = 0; i < c138_json_count(plugins); i++)
        list_actions(c138_json_at(plugins, i));
    return EXIT_DONE;
}

/* --- One plugin ------------------------------------------------------------------------------ */

static void help_plugin(const struct decl_plugin *p) {
    printf("%s %s: %s\n\nactions:\n", p->name, p->version, p->summary);
    for (struct decl_action *const *a = p->actions; *a; a++) {
        C138_FREE char *text =
            c138_xasprintf("%s (%s, %s)", (*a)->summary, decl_effect_name((*a)->effect),
                           decl_role_name((*a)->role));
        usage_entry(stdout, 2, COLUMN, (*a)->name, text);
    }
    if (p->events[0])
        puts("\nevents:");
    for (struct decl_event *const *e = p->events; *e; e++)
        usage_entry(stdout, 2, COLUMN, (*e)->topic, (*e)->summary);
    printf("\n`chain138ctl %s ACTION --help` says what an action takes.\n", p->name);
}

/* --- One action ------------------------------------------------------------------------------ */

static void option_name(struct c138_buf *b, const struct decl_field *f) {
    if (args_hides(f->name)) {
        c138_buf_addf(b, "--param %s=", f->name);
        for (const char *p = decl_type_name(f->type); *p; p++)
            c138_buf_addc(b, (char)toupper((unsigned char)*p));
        return;
    }
    c138_buf_adds(b, "--");
    for (const char *p = f->name; *p; p++)
        c138_buf_addc(b, *p == '_' ? '-' : *p);
    if (f->type == C138_T_BOOL)
        return;
    c138_buf_addc(b, ' ');
    for (const char *p = decl_type_name(f->type); *p; p++)
        c138_buf_addc(b, (char)toupper((unsigned char)*p));
}

static void field_text(struct c138_buf *b, const struct decl_field *f) {
    c138_buf_adds(b, f->summary);
    if (f->unit)
        c138_buf_addf(b, " (%s)", f->unit);
    c138_buf_adds(b, ": ");
    validate_expectation(f, b);
    if (f->flags & C138_FIELD_REQUIRED)
        c138_buf_adds(b, "; required");
    if (f->default_text)
        c138_buf_addf(b, "; default %s", f->default_text);
    if (f->flags & C138_FIELD_POSITIONAL)
        c138_buf_adds(b, "; also as a plain word");
    if (f->flags & C138_FIELD_SENSITIVE)
        c138_buf_adds(b, "; never shown again");
}

static void help_params(const struct decl_action *a) {
    if (a->params[0])
        puts("\nparameters:");
    for (struct decl_field *const *f = a->params; *f; f++) {
        C138_BUF struct c138_buf name = C138_BUF_NULL;
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        if ((*f)->flags & C138_FIELD_HIDDEN)
            continue;
        option_name(&name, *f);
        field_text(&text, *f);
        usage_entry(stdout, 2, COLUMN, c138_buf_text(&name), c138_buf_text(&text));
    }
}

static void help_results(struct decl_field *const *fields, int indent) {
    for (; *fields; fields++) {
        const struct decl_field *f = *fields;
        C138_FREE char *name = c138_xasprintf("%s (%s%s%s)", f->name, decl_type_name(f->type),
                                              f->unit ? ", " : "", f->unit ? f->unit : "");
        usage_entry(stdout, indent, COLUMN, name, f->summary);
        const struct decl_field *element = f->type == C138_T_LIST ? f->fields[0] : f;
        if (element && element->type == C138_T_OBJECT && indent < 8)
            help_results(element->fields, indent + 2);
    }
}

static void help_synopsis(const struct decl_plugin *p, const struct decl_action *a) {
    printf("usage: chain138ctl %s %s", p->name, a->name);
    for (struct decl_field *const *f = a->params; *f; f++) {
        C138_BUF struct c138_buf name = C138_BUF_NULL;
        if ((*f)->flags & C138_FIELD_HIDDEN)
            continue;
        option_name(&name, *f);
        printf((*f)->flags & C138_FIELD_REQUIRED ? " %s" : " [%s]", c138_buf_text(&name));
    }
    putchar('\n');
}

static void help_action(const struct decl_plugin *p, const struct decl_action *a) {
    char timeout[C138_DURATION_TEXT];
    c138_duration_format(a->timeout_ns, timeout);
    printf("%s %s: %s\n\n", p->name, a->name, a->summary);
    help_synopsis(p, a);
    if (a->help)
        printf("\n%s\n", a->help);
    printf("\neffect %s, least role %s, ends within %s%s%s\n", decl_effect_name(a->effect),
           decl_role_name(a->role), timeout,
           a->flags & C138_ACTION_DRY_RUN ? ", can be rehearsed (--dry-run)" : "",
           a->effect == C138_EFFECT_DANGEROUS ? ", needs the approval of somebody else" : "");
    help_params(a);
    if (a->results[0])
        puts("\nresult:");
    help_results(a->results, 2);
    if (a->example)
        printf("\nexample:\n  chain138ctl %s %s %s\n", p->name, a->name, a->example);
}

int ctl_help(struct ctl *c, const char *plugin_name, const char *action_name) {
    C138_JSON struct c138_json *answer = NULL;
    struct decl_plugin *plugin = NULL;
    struct c138_err err = {0};
    if (!plugin_name)
        return help_all(c);
    c138_status status = fetch(c, plugin_name, &answer, &err);
    const struct c138_json *document = c138_json_get(answer, "plugin");
    if (status == C138_E_NOTFOUND)
        return ctl_usage_error(c, "%s", err.text);
    if (status >= 0 && !action_name && c->args.json) {
        ctl_print_json(document);
        return EXIT_DONE;
    }
    if (status >= 0)
        status = decl_plugin_new(document, &plugin, &err);
    if (status < 0)
        return ctl_fail(c, &err);
    const struct decl_action *action = action_name ? decl_action_find(plugin, action_name) : NULL;
    int result = EXIT_DONE;
    if (action)
        help_action(plugin, action);
    else if (action_name)
        result = ctl_usage_error(c, "%s has no action %s: `chain138ctl help %s` lists them",
                                 plugin_name, action_name, plugin_name);
    else
        help_plugin(plugin);
    decl_plugin_free(plugin);
    return result;
}
