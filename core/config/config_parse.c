/*
 * One file: libconfig's tree into JSON, joined with what other files said.
 */
#include <config/config_internal.h>

#include <base/text.h>
/* libconfig has a config_read() too, which reads a FILE: ours is hidden in the program, theirs is
 * not used. */
#define config_read libconfig_read_file_
#include <libconfig.h>
#undef config_read
#include <stdio.h>
#include <string.h>

struct parse {
    struct config *config;
    const char *shown;
    struct c138_err *err;
};

static unsigned line_of(const config_setting_t *s) {
    return config_setting_source_line(s);
}

static c138_status fail_at(const struct parse *p, const config_setting_t *s, const char *path,
                           const char *what) {
    return c138_error(p->err, C138_E_INVALID, "config.invalid", "%s:%u: %s: %s", p->shown,
                      line_of(s), path, what);
}

/* A number with a fraction stays text, as short as it reads back the same: 0.1 is not
 * 0.10000000000000001. */
static struct c138_json *from_float(double v) {
    char text[64];
    (void)snprintf(text, sizeof(text), "%.15g", v);
    if (strtod(text, NULL) < v || strtod(text, NULL) > v)
        (void)snprintf(text, sizeof(text), "%.17g", v);
    return c138_json_new_str(text);
}

static c138_status convert(struct parse *p, const config_setting_t *s, const char *path, int depth,
                           struct c138_json **ret);

static c138_status convert_children(struct parse *p, const config_setting_t *s, const char *path,
                                    int depth, size_t first, struct c138_json *into) {
    int is_group = config_setting_is_group(s);
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);
        const char *name = config_setting_name(child);
        char inner[CONFIG_PATH_MAX];
        struct c138_json *value = NULL;
        if (is_group)
            (void)snprintf(inner, sizeof(inner), "%s.%s", path, name);
        else
            (void)snprintf(inner, sizeof(inner), "%s.%zu", path, first + (size_t)i);
        c138_status status = convert(p, child, inner, depth + 1, &value);
        if (status < 0)
            return status;
        if (is_group)
            c138_json_set(into, name, value);
        else
            c138_json_append(into, value);
    }
    return C138_OK;
}

static c138_status convert(struct parse *p, const config_setting_t *s, const char *path, int depth,
                           struct c138_json **ret) {
    if (depth > CONFIG_DEPTH_MAX || strlen(path) >= CONFIG_PATH_MAX - 64)
        return fail_at(p, s, "", "nested too deeply");
    config_where_set(p->config, path, p->shown, line_of(s));
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        *ret = c138_json_new_int(config_setting_get_int64(s));
        return C138_OK;
    case CONFIG_TYPE_FLOAT:
        *ret = from_float(config_setting_get_float(s));
        return C138_OK;
    case CONFIG_TYPE_BOOL:
        *ret = c138_json_new_bool(config_setting_get_bool(s));
        return C138_OK;
    case CONFIG_TYPE_STRING: {
        const char *text = config_setting_get_string(s);
        if (!c138_utf8_valid(text, strlen(text)))
            return fail_at(p, s, path, "this text is not UTF-8");
        *ret = c138_json_new_str(text);
        return C138_OK;
    }
    default:
        break;
    }
    struct c138_json *made =
        config_setting_is_group(s) ? c138_json_new_object() : c138_json_new_array();
    c138_status status = convert_children(p, s, path, depth, 0, made);
    if (status < 0)
        c138_json_unref(made);
    else
        *ret = made;
    return status;
}

/* Members of a section that may be spread over files: each may be set once. */
static c138_status join_group(struct parse *p, const config_setting_t *s, const char *path,
                              int depth, struct c138_json *into) {
    if (!config_setting_is_group(s))
        return fail_at(p, s, path, "expected a section: NAME: { ... };");
    if (!c138_json_get_str(p->config->where, path, NULL))
        config_where_set(p->config, path, p->shown, line_of(s));
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);
        const char *name = config_setting_name(child);
        char inner[CONFIG_PATH_MAX];
        struct c138_json *value = NULL;
        (void)snprintf(inner, sizeof(inner), "%s.%s", path, name);
        if (strlen(name) > 128)
            return fail_at(p, child, path, "a name of over 128 characters");
        if (c138_json_has(into, name)) {
            char text[256];
            (void)snprintf(text, sizeof(text), "set already at %s: remove one of the two",
                           config_where(p->config, inner));
            return fail_at(p, child, inner, text);
        }
        c138_status status = convert(p, child, inner, depth + 1, &value);
        if (status < 0)
            return status;
        c138_json_set(into, name, value);
    }
    return C138_OK;
}

static struct c138_json *member(struct c138_json *object, const char *name, int array) {
    if (!c138_json_has(object, name))
        c138_json_set(object, name, array ? c138_json_new_array() : c138_json_new_object());
    return c138_json_get(object, name);
}

static c138_status join_plugins(struct parse *p, const config_setting_t *s,
                                struct c138_json *into) {
    if (!config_setting_is_group(s))
        return fail_at(p, s, "plugins", "expected a section: plugins: { NAME: { ... }; };");
    c138_status status = C138_OK;
    for (int i = 0; i < config_setting_length(s) && status >= 0; i++) {
        const config_setting_t *child = config_setting_get_elem(s, (unsigned)i);
        const char *name = config_setting_name(child);
        char path[CONFIG_PATH_MAX];
        if (strlen(name) > 31)
            return fail_at(p, child, "plugins", "a plugin's name has at most 31 characters");
        (void)snprintf(path, sizeof(path), "plugins.%s", name);
        status = join_group(p, child, path, 2, member(into, name, 0));
    }
    return status;
}

static c138_status join_rules(struct parse *p, const config_setting_t *s, const char *path,
                              struct c138_json *into) {
    if (!config_setting_is_list(s) && !(config_setting_is_array(s) && !config_setting_length(s)))
        return fail_at(p, s, path, "expected a list of rules: ( { ... }, { ... } );");
    if (!c138_json_get_str(p->config->where, path, NULL))
        config_where_set(p->config, path, p->shown, line_of(s));
    return convert_children(p, s, path, 1, c138_json_count(into), into);
}

static c138_status join_section(struct parse *p, const config_setting_t *s, struct c138_json *raw) {
    const char *name = config_setting_name(s);
    const struct decl_field *f = decl_field_find(p->config->sections->settings, name);
    if (!f) {
        const char *names[32];
        size_t n = 0;
        for (; p->config->sections->settings[n] && n < 31; n++)
            names[n] = p->config->sections->settings[n]->name;
        names[n] = NULL;
        const char *near = c138_nearest(name, names);
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "unknown section; %s%s; a plugin's section stands in plugins: { }",
                       near ? "nearest known: "
                            : "known: agent, api, metrics, jobs, events, "
                              "policy, schedules, triggers, plugins",
                       near ? near : "");
        char shown[64];
        (void)snprintf(shown, sizeof(shown), "%s", name);
        return fail_at(p, s, shown, text);
    }
    if (f->type == C138_T_LIST)
        return join_rules(p, s, name, member(raw, name, 1));
    if (!strcmp(name, "plugins"))
        return join_plugins(p, s, member(raw, name, 0));
    return join_group(p, s, name, 1, member(raw, name, 0));
}

c138_status config_parse(struct config *c, const char *shown, const char *text, size_t length,
                         struct c138_json *raw, struct c138_err *err) {
    struct parse p = {.config = c, .shown = shown, .err = err};
    c138_status status = config_scan(shown, text, length, err);
    if (status < 0)
        return status;
    config_t tree;
    config_init(&tree);
    if (config_read_string(&tree, text) != CONFIG_TRUE) {
        status = c138_error(err, C138_E_INVALID, "config.syntax",
                            "%s:%d: %s; expected NAME = VALUE; or NAME: { ... }; (a missing ; or } "
                            "is often on the line before)",
                            shown, config_error_line(&tree), config_error_text(&tree));
    } else {
        const config_setting_t *root = config_root_setting(&tree);
        for (int i = 0; i < config_setting_length(root) && status >= 0; i++)
            status = join_section(&p, config_setting_get_elem(root, (unsigned)i), raw);
    }
    config_destroy(&tree);
    return status;
}
