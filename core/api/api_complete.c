/*
 * GET /v1/complete?action=besu.sync&field=node&prefix=va: values for a shell's completion.
 * {"kind":"values","values":[...]}, or kind "file" or "dir": the shell knows those itself.
 *
 * A field that says "ACTION#MEMBER" is asked of that read, as the same caller: the MEMBER of each
 * row of the result. "LIST.MEMBER" names the list; a MEMBER alone is looked for in every list of
 * the result.
 */
#include "config.h"

#include <api/api_internal.h>
#include <base/text.h>

#include <string.h>

#define WAIT_S 2
#define VALUES_MAX 200

struct completion {
    char *member; /* behind the '#' */
    char *prefix;
};

static void add_value(struct c138_json *values, const char *text, const char *prefix) {
    if (!text || !c138_starts_with(text, prefix) || c138_json_count(values) >= VALUES_MAX)
        return;
    for (size_t i = 0; i < c138_json_count(values); i++)
        if (c138_streq(c138_json_as_str(c138_json_at(values, i), NULL), text))
            return;
    c138_json_append(values, c138_json_new_str(text));
}

static void add_rows(struct c138_json *values, const struct c138_json *rows, const char *member,
                     const char *prefix) {
    if (c138_json_type(rows) != C138_JSON_ARRAY)
        return;
    for (size_t i = 0; i < c138_json_count(rows); i++) {
        const struct c138_json *row = c138_json_at(rows, i);
        const struct c138_json *value =
            c138_json_type(row) == C138_JSON_OBJECT ? c138_json_path(row, member) : row;
        if (c138_json_type(value) == C138_JSON_STRING) {
            add_value(values, c138_json_as_str(value, NULL), prefix);
        } else if (c138_json_type(value) == C138_JSON_INT) {
            C138_FREE char *text = c138_json_dump(value);
            add_value(values, text, prefix);
        }
    }
}

static void reply_values(struct api_req *r, const char *kind, struct c138_json *values) {
    struct c138_json *body = c138_json_new_object();
    c138_json_set_str(body, "kind", kind);
    c138_json_set(body, "values", values ? values : c138_json_new_array());
    api_reply(r, 200, body);
}

/* A completion that fails is an empty one: a shell shows nothing, and nothing is in the way of
 * typing. */
static void on_rows(struct api_req *r, const struct c138_json *result, const struct c138_err *err,
                    void *user) {
    struct completion *c = user;
    struct c138_json *values = c138_json_new_array();
    const char *dot = strchr(c->member, '.');
    (void)err;
    if (dot) {
        C138_FREE char *list = c138_xstrndup(c->member, (size_t)(dot - c->member));
        add_rows(values, c138_json_get(result, list), dot + 1, c->prefix);
    } else if (result) {
        for (struct c138_json_iter i = c138_json_iter(result); c138_json_next(&i);)
            add_rows(values, i.value, c->member, c->prefix);
    }
    free(c->member);
    free(c->prefix);
    free(c);
    if (r)
        reply_values(r, "values", values);
    else
        c138_json_unref(values);
}

static void ask(struct api_req *r, const char *how, const char *prefix) {
    const char *hash = strchr(how, '#');
    C138_FREE char *name = c138_xstrndup(how, hash ? (size_t)(hash - how) : 0);
    const struct decl_action *action = catalog_action(r->api->env.catalog, name);
    if (!hash || !action || action->effect != C138_EFFECT_READ) {
        reply_values(r, "values", NULL);
        return;
    }
    struct completion *c = c138_xcalloc(1, sizeof(*c));
    c->member = c138_xstrdup(hash + 1);
    c->prefix = c138_xstrdup(prefix);
    api_actions_run(r, name, NULL, WAIT_S, on_rows, c);
}

static void fixed(struct api_req *r, const char *const *choices, const char *prefix) {
    struct c138_json *values = c138_json_new_array();
    for (; *choices; choices++)
        add_value(values, *choices, prefix);
    reply_values(r, "values", values);
}

void api_complete_get(struct api_req *r) {
    static const char *const booleans[] = {"true", "false", NULL};
    const char *prefix = api_query(r, "prefix") ? api_query(r, "prefix") : "";
    const char *name = api_query(r, "action");
    const char *field_name = api_query(r, "field");
    const struct decl_action *action = name ? catalog_action(r->api->env.catalog, name) : NULL;
    const struct decl_field *field =
        action && field_name ? decl_field_find(action->params, field_name) : NULL;
    if (!field) {
        api_reply_code(r, 404, "field.unknown", "there is no parameter %.60s of an action %.100s",
                       field_name ? field_name : "(missing: field=)",
                       name ? name : "(missing: action=)");
        return;
    }
    if (field->type == C138_T_LIST && field->fields[0] && !field->complete)
        field = field->fields[0];
    if (field->type == C138_T_BOOL)
        fixed(r, booleans, prefix);
    else if (field->type == C138_T_ENUM)
        fixed(r, field->choices, prefix);
    else if (c138_streq(field->complete, "file") || c138_streq(field->complete, "dir"))
        reply_values(r, field->complete, NULL);
    else if (field->complete)
        ask(r, field->complete, prefix);
    else
        reply_values(r, field->type == C138_T_PATH ? "file" : "values", NULL);
}
