#include "item.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define PROGRAM_OUTPUT (8u << 20)
#define PLUGIN_TIMEOUT_NS (600 * C138_NS_PER_S)

const char *item_kind_name(enum item_kind kind) {
    static const char *const names[] = {"chain", "postgres", "files", "keys", "plugin"};
    return names[kind];
}

char *item_database_of(const char *path) {
    C138_FREE char *below = c138_path_join(path, "database");
    return stage_is_database(below) || !stage_is_database(path) ? C138_STEAL(below)
                                                                : c138_xstrdup(path);
}

char *item_place(const char *path, const char *name) {
    return c138_xasprintf("%s/.chain138/%s", path, name);
}

/* --- Programs --------------------------------------------------------------------------------- */

static void keep(void *user, const char *text, uint64_t length) {
    if (user)
        (void)c138_buf_add(user, text, (size_t)length);
}

struct kept {
    struct c138_buf *out, *error_text;
};

static void on_out(void *user, const char *text, uint64_t length) {
    keep(((struct kept *)user)->out, text, length);
}

static void on_error_text(void *user, const char *text, uint64_t length) {
    keep(((struct kept *)user)->error_text, text, length);
}

c138_status item_program(const struct backup *b, c138_call *call, const char *const *argv,
                         const char *const *env, struct c138_buf *out, struct c138_buf *error_text,
                         int32_t *ret_exit, struct c138_err *err) {
    const c138_process *process = b->host->get_extension(b->host, C138_EXT_PROCESS);
    struct kept kept = {out, error_text};
    if (!process)
        return c138_error(err, C138_E_UNAVAILABLE, "backup.no-process",
                          "the service \"process\" is not granted: add it to plugins.backup.grants");
    int64_t left = call->deadline_ns - b->host->now_ns(b->host, C138_CLOCK_MONOTONIC);
    c138_status status =
        process->run(b->host, call, argv, env, NULL, 0, left > 0 ? left : 1, PROGRAM_OUTPUT,
                     on_out, on_error_text, &kept, ret_exit);
    if (status == C138_E_DENIED)
        return c138_error(err, status, "backup.program",
                          "%s may not be started: add it to plugins.backup.programs", argv[0]);
    if (status == C138_E_NOTFOUND)
        return c138_error(err, C138_E_UNAVAILABLE, "backup.program",
                          "%s is not there: install it, or correct its path", argv[0]);
    return status < 0 ? c138_error(err, status, "backup.program", "%s was ended: %s", argv[0],
                                   c138_status_key(status))
                      : C138_OK;
}

/* --- Kinds that need little ------------------------------------------------------------------- */

static c138_status open_files(struct item *i, struct c138_err *err) {
    return tree_scan(i->config->path, (const char *const *)i->config->exclude, &i->tree, err);
}

/* A file of another plugin's own folder, as the only one of a tree. */
static c138_status tree_of_file(const char *path, struct tree *ret, struct c138_err *err) {
    const char *slash = strrchr(path, '/');
    struct stat st;
    if (!slash || slash == path || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return c138_error(err, C138_E_CONFLICT, "backup.plugin-file",
                          "%s is no file that this agent can read", path);
    *ret = (struct tree){.folder = c138_xstrndup(path, (size_t)(slash - path)),
                         .entries = c138_xcalloc(1, sizeof(*ret->entries)),
                         .count = 1,
                         .capacity = 1,
                         .files = 1,
                         .bytes = (uint64_t)st.st_size};
    ret->entries[0] = (struct tree_entry){.path = c138_xstrdup(slash + 1), .st = st};
    return C138_OK;
}

static c138_status open_keys(struct item *i, struct c138_err *err) {
    C138_JSON struct c138_json *params = c138_json_new_object(), *result = NULL;
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    char hash[65];
    c138_status status = backup_call(i->backup, i->call, "keys.backup", params, PLUGIN_TIMEOUT_NS,
                                     &result, err);
    const char *path = c138_json_get_str(result, "path", NULL);
    if (status >= 0 && (!path || c138_path_check(path) < 0))
        status = c138_error(err, C138_E_CONFLICT, "backup.plugin-file",
                            "keys.backup did not say where its file is");
    if (status >= 0)
        status = c138_file_read(path, 16u << 20, &text, err);
    if (status < 0)
        return status;
    c138_sha256_hex(c138_buf_text(&text), text.length, hash);
    if (strcmp(hash, c138_json_get_str(result, "sha256", hash)))
        return c138_error(err, C138_E_CONFLICT, "backup.plugin-file",
                          "%s is not the file that keys.backup wrote", path);
    c138_json_set_str(i->details, "backup_id", c138_json_get_str(result, "id", ""));
    if (c138_json_get(result, "keys"))
        c138_json_set(i->details, "keys", c138_json_ref(c138_json_get(result, "keys")));
    return tree_of_file(path, &i->tree, err);
}

static c138_status ask_plugin(const struct item *i, const char *step, struct c138_json **ret,
                              struct c138_err *err) {
    C138_JSON struct c138_json *params = c138_json_new_object();
    C138_FREE char *action = c138_xasprintf("%s.backup-item", i->config->plugin);
    c138_json_set_str(params, "item", i->config->name);
    c138_json_set_str(params, "step", step);
    c138_json_set_str(params, "id", i->id);
    return backup_call(i->backup, i->call, action, params, PLUGIN_TIMEOUT_NS, ret, err);
}

static c138_status open_plugin(struct item *i, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    c138_status status = ask_plugin(i, "write", &result, err);
    const char *folder = c138_json_get_str(result, "folder", NULL);
    if (status >= 0 && (!folder || c138_path_check(folder) < 0))
        status = c138_error(err, C138_E_CONFLICT, "backup.plugin-file",
                            "%s.backup-item did not say in which folder its files are",
                            i->config->plugin);
    if (status >= 0)
        status = tree_scan(folder, NULL, &i->tree, err);
    if (status >= 0 && c138_json_get(result, "details"))
        c138_json_set(i->details, "plugin", c138_json_ref(c138_json_get(result, "details")));
    return status;
}

/* --- All kinds -------------------------------------------------------------------------------- */

c138_status item_open(struct backup *b, c138_call *call, const struct item_config *config,
                      const char *id, struct item **ret, struct c138_err *err) {
    struct item *i = c138_xcalloc(1, sizeof(*i));
    *i = (struct item){
        .backup = b, .call = call, .config = config, .details = c138_json_new_object()};
    (void)snprintf(i->id, sizeof(i->id), "%s", id);
    c138_status (*const open[])(struct item *, struct c138_err *) = {
        item_chain_open, item_postgres_open, open_files, open_keys, open_plugin};
    c138_status status = open[config->kind](i, err);
    if (status < 0) {
        (void)item_close(i);
        return c138_error_prefix(err, status, "item %s", config->name);
    }
    *ret = i;
    return C138_OK;
}

struct item *item_close(struct item *i) {
    if (!i)
        return NULL;
    if (i->config->kind == ITEM_CHAIN)
        item_chain_close(i);
    if (i->config->kind == ITEM_POSTGRES && i->tree.folder)
        (void)files_remove(i->tree.folder, NULL);
    if (i->config->kind == ITEM_PLUGIN)
        (void)ask_plugin(i, "done", NULL, NULL);
    tree_deinit(&i->tree);
    c138_json_unref(i->details);
    free(i->snapshot);
    free(i);
    return NULL;
}

/* --- Estimates -------------------------------------------------------------------------------- */

static c138_status estimate_tree(const char *path, const char *const *skip, uint64_t *ret_files,
                                 uint64_t *ret_bytes, struct c138_err *err) {
    struct tree tree = TREE_NULL;
    c138_status status = tree_scan(path, skip, &tree, err);
    if (status >= 0) {
        *ret_files = tree.files;
        *ret_bytes = tree.bytes;
    }
    tree_deinit(&tree);
    return status;
}

static c138_status estimate_postgres(struct backup *b, c138_call *call,
                                     const struct item_config *c, uint64_t *ret_bytes,
                                     struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_status status = item_postgres_ask(
        b, call, c, NULL, "select pg_database_size(current_database())", &text, err);
    if (status >= 0)
        *ret_bytes = strtoull(c138_buf_text(&text), NULL, 10);
    return status;
}

c138_status item_estimate(struct backup *b, c138_call *call, const struct item_config *config,
                          uint64_t *ret_files, uint64_t *ret_bytes, const char **ret_how,
                          struct c138_err *err) {
    static const char *const ways[] = {"the first of reflink, hook, link that this host can do",
                                       "reflink", "a snapshot by the hook", "hard links",
                                       "stop, copy, start"};
    *ret_files = *ret_bytes = 0;
    switch (config->kind) {
    case ITEM_CHAIN:
        *ret_how = ways[config->method];
        return estimate_tree(config->path, item_chain_skips, ret_files, ret_bytes, err);
    case ITEM_FILES:
        *ret_how = "read as it is";
        return estimate_tree(config->path, (const char *const *)config->exclude, ret_files,
                             ret_bytes, err);
    case ITEM_POSTGRES:
        *ret_how = "pg_dump, and pg_dumpall --globals-only";
        return estimate_postgres(b, call, config, ret_bytes, err);
    case ITEM_KEYS:
        *ret_how = "keys.backup";
        return C138_OK;
    default:
        *ret_how = "its plugin's backup-item";
        return C138_OK;
    }
}
