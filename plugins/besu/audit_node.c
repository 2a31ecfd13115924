/* A node's files, and its options from all the places they come from. */
#include "audit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define OPTIONS_MAX 1024

enum rank { RANK_PROFILE, RANK_FILE, RANK_ENVIRONMENT, RANK_COMMAND };

const char *audit_kind_name(enum audit_kind kind) {
    static const char *const names[AUDIT_KINDS] = {"config_file",
                                                   "genesis_file",
                                                   "static_nodes_file",
                                                   "permissions_nodes_file",
                                                   "permissions_accounts_file",
                                                   "compose_file",
                                                   "tessera_config"};
    return names[kind];
}

/* --- Options --------------------------------------------------------------------------------- */

const struct audit_option *audit_opt(const struct audit_node *n, const char *name) {
    const struct audit_option *best = NULL;
    for (size_t i = 0; i < n->n_options; i++)
        if (strcasecmp(n->options[i].name, name) == 0 &&
            (!best || n->options[i].rank >= best->rank))
            best = &n->options[i];
    return best;
}

const char *audit_opt_text(const struct audit_node *n, const char *name, const char *fallback) {
    const struct audit_option *o = audit_opt(n, name);
    return !o ? fallback : o->count ? o->values[0] : "";
}

int audit_opt_bool(const struct audit_node *n, const char *name, int fallback) {
    const char *text = audit_opt_text(n, name, NULL);
    if (!text)
        return fallback;
    return strcasecmp(text, "true") == 0 ? 1 : strcasecmp(text, "false") == 0 ? 0 : fallback;
}

double audit_opt_number(const struct audit_node *n, const char *name, double fallback) {
    const char *text = audit_opt_text(n, name, NULL);
    struct audit_doc d = {.text = (char *)(uintptr_t)text};
    return audit_doc_number(&d, fallback);
}

int audit_opt_has(const struct audit_node *n, const char *name, const char *value) {
    const struct audit_option *o = audit_opt(n, name);
    for (size_t i = 0; o && i < o->count; i++)
        if (strcasecmp(o->values[i], value) == 0)
            return 1;
    return 0;
}

const char *audit_opt_file(const struct audit_node *n, const char *name, unsigned *ret_line) {
    const struct audit_option *o = audit_opt(n, name);
    *ret_line = 0;
    if (o && *o->file) {
        *ret_line = o->line;
        return o->file;
    }
    if (n->files[AUDIT_CONFIG].path)
        return n->files[AUDIT_CONFIG].path;
    return n->files[AUDIT_COMPOSE].path;
}

void audit_find_opt(struct audit *a, const struct audit_rule *r, const char *option,
                    const char *found, ...) {
    char text[1024];
    unsigned line;
    va_list ap;
    va_start(ap, found);
    vsnprintf(text, sizeof(text), found, ap);
    va_end(ap);
    const char *file = audit_opt_file(a->node, option, &line);
    audit_find(a, r, file, line, "%s", text);
}

static struct audit_option *add_option(struct audit_node *n, const char *name, size_t length,
                                       enum rank rank, const char *file, unsigned line) {
    if (n->n_options == OPTIONS_MAX)
        return NULL;
    n->options = c138_xrealloc(n->options, (n->n_options + 1) * sizeof(*n->options));
    struct audit_option *o = &n->options[n->n_options++];
    *o = (struct audit_option){.name = c138_xstrndup(name, length),
                               .rank = rank,
                               .file = file ? file : "",
                               .line = line,
                               .type = AUDIT_STRING};
    return o;
}

static void add_value(struct audit_option *o, const char *text, size_t length) {
    while (length > 0 && (*text == ' ' || *text == '"')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '"'))
        length--;
    o->values = c138_xrealloc(o->values, (o->count + 1) * sizeof(*o->values));
    o->values[o->count++] = c138_xstrndup(text, length);
}

static void add_values(struct audit_option *o, const char *text) {
    for (;;) {
        size_t n = strcspn(text, ",");
        add_value(o, text, n);
        if (!text[n])
            return;
        text += n + 1;
    }
}

static void options_of_file(struct audit_node *n) {
    const struct audit_doc *doc = &n->files[AUDIT_CONFIG].doc;
    for (size_t i = 0; i < doc->count; i++) {
        const struct audit_doc *d = &doc->items[i];
        if (d->type == AUDIT_MAP)
            continue;
        struct audit_option *o = add_option(n, d->name, strlen(d->name), RANK_FILE,
                                            n->files[AUDIT_CONFIG].path, d->line);
        if (!o)
            return;
        o->type = d->type;
        if (d->type != AUDIT_LIST)
            add_values(o, audit_doc_text(d, ""));
        for (size_t k = 0; k < d->count; k++)
            add_value(o, audit_doc_text(&d->items[k], ""),
                      strlen(audit_doc_text(&d->items[k], "")));
    }
}

struct words {
    struct audit_node *node;
    struct audit_option *open; /* an option that waits for its value */
};

static void on_word(void *user, const char *word, unsigned line) {
    struct words *w = user;
    if (c138_starts_with(word, "--") && word[2]) {
        size_t n = strcspn(word + 2, "=");
        w->open = add_option(w->node, word + 2, n, RANK_COMMAND, w->node->files[AUDIT_COMPOSE].path,
                             line);
        if (w->open && word[2 + n] == '=') {
            add_values(w->open, word + 2 + n + 1);
            w->open = NULL;
        }
        return;
    }
    if (w->open)
        add_values(w->open, word);
    w->open = NULL;
}

/* BESU_RPC_HTTP_API is rpc-http-api. */
static void option_of_environment(struct audit_node *n, const char *name, size_t length,
                                  const char *value, unsigned line) {
    static const char *const others[] = {"OPTS", "HOME", "USER_NAME"};
    char option[128];
    if (length <= 5 || length - 5 >= sizeof(option) || strncmp(name, "BESU_", 5) != 0)
        return;
    for (size_t i = 0; i < C138_COUNT(others); i++)
        if (strlen(others[i]) == length - 5 && strncmp(name + 5, others[i], length - 5) == 0)
            return;
    for (size_t i = 5; i < length; i++)
        option[i - 5] = name[i] == '_'                     ? '-'
                        : name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a')
                                                           : name[i];
    struct audit_option *o =
        add_option(n, option, length - 5, RANK_ENVIRONMENT, n->files[AUDIT_COMPOSE].path, line);
    if (o)
        add_values(o, value);
}

static void options_of_service(struct audit_node *n) {
    const struct audit_doc *env = audit_doc_get(n->in_compose, "environment");
    struct words words = {.node = n};
    for (size_t i = 0; env && i < env->count; i++) {
        const struct audit_doc *e = &env->items[i];
        const char *text = audit_doc_text(e, "");
        size_t length = e->name ? strlen(e->name) : strcspn(text, "=");
        const char *value = e->name ? text : text[length] ? text + length + 1 : "";
        option_of_environment(n, e->name ? e->name : text, length, value, e->line);
    }
    audit_compose_words(n->in_compose, on_word, &words);
    for (size_t i = 0; i < n->n_options; i++) /* "--privacy-enabled" alone */
        if (n->options[i].rank == RANK_COMMAND && n->options[i].count == 0)
            add_value(&n->options[i], "true", 4);
}

/* ENTERPRISE and PRIVATE are the same (25.5.0 and 26.8.0 were seen to start so). */
static void options_of_profile(struct audit_node *n) {
    static const char *const values[][2] = {{"data-storage-format", "FOREST"},
                                            {"sync-mode", "FULL"},
                                            {"tx-pool", "sequenced"},
                                            {"tx-pool-limit-by-account-percentage", "0.15"}};
    const char *profile = audit_opt_text(n, "profile", "");
    if (strcasecmp(profile, "ENTERPRISE") != 0 && strcasecmp(profile, "PRIVATE") != 0)
        return;
    for (size_t i = 0; i < C138_COUNT(values); i++) {
        struct audit_option *o =
            add_option(n, values[i][0], strlen(values[i][0]), RANK_PROFILE, NULL, 0);
        if (o)
            add_values(o, values[i][1]);
    }
}

/* --- Files ----------------------------------------------------------------------------------- */

const struct audit_doc *audit_doc_of(const struct audit_node *n, enum audit_kind kind) {
    return n->files[kind].path && !n->files[kind].why_not ? &n->files[kind].doc : NULL;
}

static int is_toml(enum audit_kind kind) {
    return kind == AUDIT_CONFIG || kind == AUDIT_PERM_NODES || kind == AUDIT_PERM_ACCOUNTS;
}

void audit_file_read(struct audit_file *f, enum audit_kind kind) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    struct stat st;
    unsigned line;
    c138_status status = c138_file_read(f->path, AUDIT_FILE_MAX, &text, &err);
    f->missing = status == C138_E_NOTFOUND;
    if (status == C138_E_DENIED)
        f->why_not = c138_xasprintf(
            "%s; give its folder in `audit_folders`, and the agent the right to read it", err.text);
    else if (status != C138_OK)
        f->why_not = c138_xstrdup(err.text);
    if (status != C138_OK)
        return;
    if (stat(f->path, &st) == 0 && (st.st_mode & 0222) == 0)
        f->read_only = 1;
    if (is_toml(kind))
        status = audit_toml_read(c138_buf_text(&text), text.length, &f->doc, &line, &err);
    else if (kind == AUDIT_COMPOSE)
        status = audit_yaml_read(c138_buf_text(&text), text.length, &f->doc, &line, &err);
    else
        status = audit_json_read(c138_buf_text(&text), text.length, &f->doc, &line, &err);
    if (status == C138_OK)
        return;
    f->why_not = c138_xasprintf("%s: %s", f->path, err.text);
    f->broken = 1;
    f->broken_line = line;
}

char *audit_node_path(const struct audit_node *n, const char *path, int *ret_read_only,
                      char **ret_why) {
    *ret_read_only = 0;
    *ret_why = NULL;
    if (n->in_compose)
        return audit_compose_path(n->in_compose, n->compose_dir, path, ret_read_only, ret_why);
    if (path[0] == '/')
        return c138_xstrdup(path);
    *ret_why = c138_xasprintf("%s is relative to a folder that is not known", path);
    return NULL;
}

/* The file that was named, or the one that the option leads to. */
static void load_file(struct audit_node *n, enum audit_kind kind, const char *inside) {
    struct audit_file *f = &n->files[kind];
    if (n->paths[kind]) {
        f->path = c138_xstrdup(n->paths[kind]);
        if (inside && n->in_compose) {
            char *ignored = audit_node_path(n, inside, &f->read_only, &f->why_not);
            free(ignored);
            free(C138_STEAL(f->why_not));
        }
    } else if (inside) {
        f->path = audit_node_path(n, inside, &f->read_only, &f->why_not);
    }
    if (f->path)
        audit_file_read(f, kind);
}

static void load_compose(struct audit_node *n) {
    struct audit_file *f = &n->files[AUDIT_COMPOSE];
    if (!n->paths[AUDIT_COMPOSE])
        return;
    load_file(n, AUDIT_COMPOSE, NULL);
    const char *slash = strrchr(f->path, '/');
    n->compose_dir = c138_xstrndup(f->path, slash ? (size_t)(slash - f->path) : 0);
    if (f->why_not)
        return;
    audit_compose_expand(&f->doc, n->compose_dir);
    const char *name = n->service ? n->service : n->name;
    n->in_compose = audit_compose_service(&f->doc, name);
    const struct audit_doc *all = audit_compose_services(&f->doc);
    size_t found = 0;
    for (size_t i = 0; !n->in_compose && !n->service && all && i < all->count; i++)
        found += (size_t)audit_compose_is_besu(&all->items[i]);
    for (size_t i = 0; found == 1 && i < all->count; i++)
        if (audit_compose_is_besu(&all->items[i]))
            n->in_compose = &all->items[i];
    if (!n->in_compose)
        f->why_not =
            c138_xasprintf("%s has no service %s: name one as compose_service", f->path, name);
}

/* A relative path of the data folder, as Besu completes it. */
static char *in_data_path(const struct audit_node *n, const char *option, const char *name) {
    const char *path = audit_opt_text(n, option, NULL);
    const char *folder = audit_opt_text(n, "data-path", NULL);
    if (path && *path)
        return c138_xstrdup(path);
    return folder ? c138_path_join(folder, name) : NULL;
}

static void load_by_option(struct audit_node *n, enum audit_kind kind, const char *option,
                           const char *name_in_data) {
    C138_FREE char *path = name_in_data ? in_data_path(n, option, name_in_data)
                                        : c138_xstrdup(audit_opt_text(n, option, NULL));
    if (!path && !n->paths[kind])
        return;
    load_file(n, kind, path);
    /* A file that only the default leads to may be absent. */
    if (n->files[kind].missing && !n->paths[kind] && !audit_opt(n, option) && name_in_data) {
        free(C138_STEAL(n->files[kind].path));
        free(C138_STEAL(n->files[kind].why_not));
        n->files[kind].missing = 0;
    }
}

/* The service that privacy-url leads to, or the only one that runs Tessera. */
static void find_tessera(struct audit_node *n) {
    const struct audit_doc *all = audit_compose_services(audit_doc_of(n, AUDIT_COMPOSE));
    const char *url = audit_opt_text(n, "privacy-url", NULL);
    size_t found = 0;
    if (url)
        n->tessera_service = audit_compose_of_url(audit_doc_of(n, AUDIT_COMPOSE), url);
    if (n->tessera_service && audit_compose_is_tessera(n->tessera_service))
        return;
    n->tessera_service = NULL;
    for (size_t i = 0; all && i < all->count; i++)
        if (audit_compose_is_tessera(&all->items[i]) && ++found == 1)
            n->tessera_service = &all->items[i];
    if (found > 1)
        n->tessera_service = NULL;
}

static void guess_role(struct audit_node *n) {
    if (n->role || !n->in_compose)
        return;
    if (strstr(n->in_compose->name, "validator"))
        n->role = c138_xstrdup("validator");
    else if (strstr(n->in_compose->name, "rpc") || strstr(n->in_compose->name, "member"))
        n->role = c138_xstrdup("rpc");
    else if (strstr(n->in_compose->name, "boot"))
        n->role = c138_xstrdup("boot");
}

void audit_node_load(struct audit_node *n) {
    load_compose(n);
    if (n->in_compose)
        options_of_service(n);
    load_by_option(n, AUDIT_CONFIG, "config-file", NULL);
    if (audit_doc_of(n, AUDIT_CONFIG))
        options_of_file(n);
    options_of_profile(n);
    load_by_option(n, AUDIT_GENESIS, "genesis-file", NULL);
    load_by_option(n, AUDIT_STATIC, "static-nodes-file", "static-nodes.json");
    load_by_option(n, AUDIT_PERM_NODES, "permissions-nodes-config-file", "permissions_config.toml");
    load_by_option(n, AUDIT_PERM_ACCOUNTS, "permissions-accounts-config-file",
                   "permissions_config.toml");
    if (n->paths[AUDIT_TESSERA])
        load_file(n, AUDIT_TESSERA, NULL);
    find_tessera(n);
    guess_role(n);
    const char *image = audit_doc_get_text(n->in_compose, "image", "");
    const char *colon = strrchr(image, ':');
    if (n->version == 0 && colon && (n->version = audit_version_read(colon + 1)) > 0)
        snprintf(n->version_from, sizeof(n->version_from), "image");
}

void audit_node_deinit(struct audit_node *n) {
    for (size_t i = 0; i < n->n_options; i++) {
        struct audit_option *o = &n->options[i];
        for (size_t k = 0; k < o->count; k++)
            free(o->values[k]);
        free(o->values);
        free(o->name);
    }
    for (size_t i = 0; i < AUDIT_KINDS; i++) {
        audit_doc_deinit(&n->files[i].doc);
        free(n->files[i].path);
        free(n->files[i].why_not);
        free(n->paths[i]);
    }
    c138_json_unref(n->live.config);
    free(n->options);
    free(n->name);
    free(n->role);
    free(n->service);
    free(n->compose_dir);
}

/* --- Addresses ------------------------------------------------------------------------------- */

int audit_is_loopback(const char *host) {
    return !strcasecmp(host, "localhost") || !strncmp(host, "127.", 4) || !strcmp(host, "::1") ||
           !strcmp(host, "[::1]");
}

int audit_exposed(const struct audit_node *n, const char *host_option, const char *port_option,
                  unsigned port, unsigned *ret_line) {
    *ret_line = 0;
    if (audit_is_loopback(audit_opt_text(n, host_option, "127.0.0.1")))
        return 0;
    if (!n->in_compose || audit_doc_is(audit_doc_get(n->in_compose, "network_mode"), "host"))
        return 1;
    const struct audit_doc *published = audit_compose_published(
        n->in_compose, (unsigned)audit_opt_number(n, port_option, (double)port));
    *ret_line = audit_doc_line(published, 0);
    return published != NULL;
}
