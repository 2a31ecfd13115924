/*
 * Where each setting stands, and errors that say so.
 */
#include <config/config_internal.h>

#include <base/text.h>
#include <stdio.h>
#include <string.h>

void config_where_set(struct config *c, const char *path, const char *shown, unsigned line) {
    C138_BUF struct c138_buf place = C138_BUF_NULL;
    c138_buf_addf(&place, "%s:%u", shown, line);
    c138_json_set_str(c->where, path, c138_buf_text(&place));
}

const char *config_where_near(const struct config *c, const char *path) {
    char part[CONFIG_PATH_MAX];
    (void)snprintf(part, sizeof(part), "%s", path);
    for (;;) {
        const char *place = c138_json_get_str(c->where, part, NULL);
        char *dot = strrchr(part, '.');
        if (place || !dot)
            return place;
        *dot = '\0';
    }
}

const char *config_where(const struct config *c, const char *path) {
    return c138_json_get_str(c->where, path, "default");
}

c138_status config_error(const struct config *c, const char *path, struct c138_err *err,
                         const char *fmt, ...) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    va_list ap;
    va_start(ap, fmt);
    (void)c138_buf_addv(&text, fmt, ap);
    va_end(ap);
    const char *place = config_where_near(c, path);
    return c138_error(err, C138_E_INVALID, "config.invalid", "%s%s%s: %s", place ? place : "",
                      place ? ": " : "", path, c138_buf_text(&text));
}

c138_status config_blame(const struct config *c, const char *base, c138_status status,
                         struct c138_err *err) {
    if (!err)
        return status;
    char path[CONFIG_PATH_MAX];
    size_t n = strcspn(err->text, ": ");
    (void)snprintf(path, sizeof(path), "%s%s%.*s", base, *base && n ? "." : "", (int)n, err->text);
    C138_FREE char *rest = c138_xstrdup(err->text + n);
    const char *place = config_where_near(c, path);
    return c138_error(err, status, "config.invalid", "%s%s%s%s", place ? place : "",
                      place ? ": " : "", path, rest);
}

/* --- Names --------------------------------------------------------------------------------------
 */

static size_t add_names(struct decl_field *const *fields, const char **names, size_t n,
                        size_t max) {
    for (; fields && *fields && n < max; fields++)
        names[n++] = (*fields)->name;
    return n;
}

static c138_status unknown(const struct config *c, struct decl_field *const *fields,
                           struct decl_field *const *more, const char *path, const char *name,
                           struct c138_err *err) {
    const char *names[512];
    size_t n = add_names(more, names, add_names(fields, names, 0, 255), 511);
    names[n] = NULL;
    const char *near = c138_nearest(name, names);
    if (near)
        return config_error(c, path, err, "unknown setting; nearest known: %s", near);
    C138_BUF struct c138_buf known = C138_BUF_NULL;
    for (size_t i = 0; i < n && i < 24; i++)
        c138_buf_addf(&known, "%s%s", i ? ", " : "", names[i]);
    return config_error(c, path, err, "unknown setting; known here: %s", c138_buf_text(&known));
}

static c138_status check_inside(const struct config *c, const struct decl_field *f,
                                const struct c138_json *value, const char *path,
                                struct c138_err *err) {
    c138_status status = C138_OK;
    if (f->type == C138_T_OBJECT && f->fields[0])
        return config_check_names(c, f->fields, NULL, value, path, err);
    for (size_t i = 0; f->type == C138_T_LIST && i < c138_json_count(value) && status >= 0; i++) {
        char inner[CONFIG_PATH_MAX];
        (void)snprintf(inner, sizeof(inner), "%s.%zu", path, i);
        status = c138_json_type(value) == C138_JSON_ARRAY
                     ? check_inside(c, f->fields[0], c138_json_at(value, i), inner, err)
                     : C138_OK;
    }
    return status;
}

c138_status config_check_names(const struct config *c, struct decl_field *const *fields,
                               struct decl_field *const *more, const struct c138_json *value,
                               const char *path, struct c138_err *err) {
    if (c138_json_type(value) != C138_JSON_OBJECT)
        return C138_OK; /* of the wrong type: validation says so */
    for (struct c138_json_iter i = c138_json_iter(value); c138_json_next(&i);) {
        char inner[CONFIG_PATH_MAX];
        (void)snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", i.name);
        const struct decl_field *f = decl_field_find(fields, i.name);
        if (!f && more && decl_field_find(more, i.name))
            continue;
        c138_status status = f ? check_inside(c, f, i.value, inner, err)
                               : unknown(c, fields, more, inner, i.name, err);
        if (status < 0)
            return status;
    }
    return C138_OK;
}
