/*
 * The plugins' sections: what is the agent's in them, and what is the plugin's own.
 */
#include <config/config_internal.h>

#include <base/text.h>
#include <ctype.h>
#include <schema/validate.h>
#include <stdio.h>
#include <string.h>

static char *keep(struct config *c, char *text) {
    if (!text)
        return NULL;
    c->kept = c138_xrealloc(c->kept, (c->n_kept + 1) * sizeof(*c->kept));
    c->kept[c->n_kept++] = text;
    return text;
}

static int name_ok(const char *name) {
    if (!islower((unsigned char)*name) || strlen(name) > 31)
        return 0;
    for (const char *p = name; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
            return 0;
    return 1;
}

static struct c138_json *part(const struct config *c, const struct c138_json *section,
                              int is_common) {
    struct c138_json *out = c138_json_new_object();
    for (struct c138_json_iter i = c138_json_iter(section); c138_json_next(&i);)
        if ((decl_field_find(c->common->settings, i.name) != NULL) == is_common)
            c138_json_set(out, i.name, c138_json_ref(i.value));
    return out;
}

static c138_status settings(void *user, const char *plugin, struct decl_field *const *declared,
                            struct c138_json **ret_settings, struct c138_err *err) {
    return config_plugin_settings(user, plugin, declared, ret_settings, err);
}

static void fill(struct config *c, struct plugin_config *p, const char *name, const char *path,
                 const struct c138_json *mine, const struct c138_json *own) {
    const struct c138_json *grants = c138_json_get(mine, "grants");
    const struct c138_json *programs = c138_json_get(mine, "programs");
    const char *place = config_where(c, path);
    const char *colon = strrchr(place, ':');
    uint64_t line = 0;
    if (colon)
        (void)c138_parse_uint(colon + 1, &line);
    *p = (struct plugin_config){
        .name = keep(c, c138_xstrdup(name)),
        .enabled = c138_json_get_bool(mine, "enabled", 1),
        .in_thread = !strcmp(c138_json_get_str(mine, "mode", ""), "thread"),
        .settings_json = keep(c, c138_json_canonical(own)),
        .settings = settings,
        .user = c,
        .grants_json = grants ? keep(c, c138_json_dump(grants)) : NULL,
        .programs_json = programs ? keep(c, c138_json_dump(programs)) : NULL,
        .memory_max = c138_json_get_uint(mine, "memory_max", 0),
        .callback_timeout_ns =
            validate_as_int(C138_T_DURATION, c138_json_get(mine, "callback_timeout")),
        .mailbox = (uint32_t)c138_json_get_uint(mine, "mailbox", 0),
        .keep_rate = strtod(c138_json_get_str(mine, "keep_rate", "100"), NULL),
        .file = keep(c, c138_xstrndup(place, colon ? (size_t)(colon - place) : strlen(place))),
        .origin = keep(c, c138_xstrdup(path)),
        .line = (uint32_t)line,
    };
}

static c138_status take_one(struct config *c, const char *name, const struct c138_json *section,
                            struct c138_json *out, struct c138_err *err) {
    char path[CONFIG_PATH_MAX], listen[CONFIG_PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "plugins.%s", name);
    (void)snprintf(listen, sizeof(listen), "%s.metrics_listen", path);
    if (!name_ok(name))
        return config_error(c, path, err,
                            "a plugin's name is a-z, 0-9 and -, begins with a letter and has at "
                            "most 31 characters");
    C138_JSON struct c138_json *given = part(c, section, 1), *own = part(c, section, 0);
    C138_JSON struct c138_json *mine = NULL;
    c138_status status =
        validate_object(c->common->settings, given, VALIDATE_FROM_TEXT, &mine, err);
    if (status < 0)
        return config_blame(c, path, status, err);
    const char *address = c138_json_get_str(mine, "metrics_listen", "");
    if (*address && config_listen_check(address, 0) < 0)
        return config_error(c, listen, err,
                            "%.64s is no address and port, such as 127.0.0.1:9547 or [::1]:9547",
                            address);
    fill(c, &c->plugins[c->n_plugins++], name, path, mine, own);
    for (struct c138_json_iter i = c138_json_iter(own); c138_json_next(&i);)
        c138_json_set(mine, i.name, c138_json_ref(i.value));
    c138_json_set(out, name, C138_STEAL(mine));
    return C138_OK;
}

c138_status config_take_plugins(struct config *c, struct c138_err *err) {
    const struct c138_json *all = c138_json_get(c->document, "plugins");
    C138_JSON struct c138_json *out = c138_json_new_object();
    c->plugins = c138_xcalloc(c138_json_count(all) + 1, sizeof(*c->plugins));
    for (struct c138_json_iter i = c138_json_iter(all); c138_json_next(&i);) {
        c138_status status = take_one(c, i.name, i.value, out, err);
        if (status < 0)
            return status;
    }
    c138_json_set(c->document, "plugins", C138_STEAL(out));
    return C138_OK;
}

const struct plugin_config *config_plugins(const struct config *c, size_t *ret_count) {
    *ret_count = c->n_plugins;
    return c->plugins;
}

const char *config_plugin_metrics_listen(const struct config *c, const char *plugin) {
    char path[96];
    (void)snprintf(path, sizeof(path), "plugins.%s.metrics_listen", plugin);
    const char *address = config_str(c, path);
    return address && *address ? address : NULL;
}

/* --- The plugin's own settings --------------------------------------------------------------- */

static const struct config_file *file_of(const struct config *c, const char *place) {
    size_t n = place ? (size_t)(strrchr(place, ':') - place) : 0;
    for (size_t i = 0; place && i < c->n_files; i++)
        if (strlen(c->files[i].shown) == n && !strncmp(c->files[i].shown, place, n))
            return &c->files[i];
    return NULL;
}

/* A file that holds a secret in clear may not be readable by everybody. */
static c138_status check_secrets(const struct config *c, struct decl_field *const *fields,
                                 const struct c138_json *value, const char *path,
                                 struct c138_err *err);

static c138_status check_secret(const struct config *c, const struct decl_field *f,
                                const struct c138_json *value, const char *path,
                                struct c138_err *err) {
    c138_status status = C138_OK;
    if ((f->flags & C138_FIELD_SENSITIVE) && f->type != C138_T_SECRET) {
        const struct config_file *file = file_of(c, config_where_near(c, path));
        if (file && (file->mode & 0004))
            return config_error(c, path, err,
                                "is a secret, and everybody may read %s: chmod 0640 %s, or put "
                                "the secret into a file of its own",
                                file->path, file->path);
        return C138_OK;
    }
    if (f->type == C138_T_OBJECT)
        return check_secrets(c, f->fields, value, path, err);
    for (size_t i = 0; f->type == C138_T_LIST && i < c138_json_count(value) && status >= 0; i++) {
        char inner[CONFIG_PATH_MAX];
        (void)snprintf(inner, sizeof(inner), "%s.%zu", path, i);
        status = check_secret(c, f->fields[0], c138_json_at(value, i), inner, err);
    }
    return status;
}

static c138_status check_secrets(const struct config *c, struct decl_field *const *fields,
                                 const struct c138_json *value, const char *path,
                                 struct c138_err *err) {
    for (; *fields; fields++) {
        char inner[CONFIG_PATH_MAX];
        (void)snprintf(inner, sizeof(inner), "%s.%s", path, (*fields)->name);
        const struct c138_json *member = c138_json_get(value, (*fields)->name);
        c138_status status = member ? check_secret(c, *fields, member, inner, err) : C138_OK;
        if (status < 0)
            return status;
    }
    return C138_OK;
}

c138_status config_plugin_settings(const struct config *c, const char *plugin,
                                   struct decl_field *const *declared,
                                   struct c138_json **ret_settings, struct c138_err *err) {
    char path[CONFIG_PATH_MAX];
    (void)snprintf(path, sizeof(path), "plugins.%s", plugin);
    for (size_t i = 0; declared[i]; i++)
        if (decl_field_find(c->common->settings, declared[i]->name))
            return c138_error(err, C138_E_INVALID, "declaration.invalid",
                              "plugin %s declares a setting %s, which is the agent's own: another "
                              "name is needed",
                              plugin, declared[i]->name);
    C138_JSON struct c138_json *own = part(c, c138_json_path(c->document, path), 0);
    c138_status status = config_check_names(c, declared, c->common->settings, own, path, err);
    if (status < 0)
        return status;
    status = check_secrets(c, declared, own, path, err);
    if (status < 0)
        return status;
    C138_JSON struct c138_json *checked = NULL;
    status = validate_object(declared, own, VALIDATE_FROM_TEXT, &checked, err);
    if (status < 0)
        return config_blame(c, path, status, err);
    *ret_settings = C138_STEAL(checked);
    return C138_OK;
}
