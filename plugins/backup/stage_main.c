/*
 * chain138-stage: copies a node's live database for the agent, where the agent's user may not link the
 * node's files (fs.protected_hardlinks). systemd starts it for each connection of its socket, as the node's
 * own user: linking its own files is the only right that it uses, and it holds no other.
 *
 *   chain138-stage NAME=PATH [NAME=PATH ...]
 *
 * Request, on standard input to its end: {"op":"stage"|"clean","name":NAME}. Paths come from the
 * command line (the unit) alone. stage makes PATH/.chain138/stage anew, with the database and the small files
 * beside it, never a key; clean removes it. Answer, on standard output: {"ok":{...}} or {"error":{...}}.
 * The group of the copy is the group of the process (the unit names the agent's), so that the agent can
 * list it.
 */
#include "files.h"
#include "stage.h"

#include <base/fs.h>
#include <base/json.h>
#include <base/mem.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_MAX 4096

static const char *const skips[] = {".chain138", "key",      "key.priv",   "nodekey",
                                    "caches",    "database", "*.ipc",      "besu.pid",
                                    "LOCK",      "besu.ports", "besu.networks", "lost+found", NULL};

static const char *path_of(int argc, char **argv, const char *name) {
    size_t n = strlen(name);
    for (int i = 1; n && i < argc; i++)
        if (!strncmp(argv[i], name, n) && argv[i][n] == '=' &&
            c138_path_check(argv[i] + n + 1) >= 0)
            return argv[i] + n + 1;
    return NULL;
}

static c138_status copy_beside(const char *path, const char *stage, struct c138_err *err) {
    struct tree tree = TREE_NULL;
    c138_status status = tree_scan(path, skips, &tree, err);
    for (size_t n = 0; status >= 0 && n < tree.count; n++) {
        const struct tree_entry *e = &tree.entries[n];
        C138_FREE char *from = c138_path_join(path, e->path);
        C138_FREE char *to = c138_path_join(stage, e->path);
        if (S_ISDIR(e->st.st_mode))
            status = c138_mkdir_p(to, 0750, err);
        else if (S_ISREG(e->st.st_mode))
            status = files_copy(from, to, (uint64_t)e->st.st_size, 0640, err);
        if (status == C138_E_NOTFOUND || status == C138_E_CONFLICT)
            status = C138_OK;
    }
    tree_deinit(&tree);
    return status;
}

static void tell(struct c138_json *out, const struct stage_copy *copy) {
    c138_json_set_uint(out, "tries", copy->tries);
    c138_json_set_num(out, "locked_ms", (double)copy->locked_ns / 1e6);
    c138_json_set_uint(out, "log_bytes", copy->log_bytes);
    c138_json_set_uint(out, "logs", copy->n_logs);
}

static c138_status do_stage(const char *path, struct c138_json *out, struct c138_err *err) {
    C138_FREE char *stage = c138_xasprintf("%s/.chain138/stage", path);
    C138_FREE char *source = c138_path_join(path, "database");
    C138_FREE char *into = c138_path_join(stage, "database");
    struct stage_copy copy = {0};
    const struct stage_options o = {
        .source = stage_is_database(source) || !stage_is_database(path) ? source : path,
        .into = into,
        .way = STAGE_REFLINK};
    struct stage_options linked = o;
    linked.way = STAGE_LINK;
    c138_status status = files_remove(stage, err);
    if (status >= 0)
        status = c138_mkdir_p(stage, 0750, err);
    if (status >= 0)
        status = stage_whole(&o, &copy, err);
    if (status == C138_E_UNSUPPORTED)
        status = stage_whole(&linked, &copy, err);
    if (status >= 0 && o.source == source)
        status = copy_beside(path, stage, err);
    if (status >= 0)
        tell(out, &copy);
    else
        (void)files_remove(stage, NULL);
    stage_copy_deinit(&copy);
    return status;
}

static c138_status serve(int argc, char **argv, const char *request, size_t length,
                         struct c138_json *out, struct c138_err *err) {
    C138_JSON struct c138_json *v = NULL;
    c138_status status = c138_json_parse(request, length, &v, err);
    if (status < 0)
        return status;
    const char *op = c138_json_get_str(v, "op", ""), *name = c138_json_get_str(v, "name", "");
    const char *path = path_of(argc, argv, name);
    if (!path)
        return c138_error(err, C138_E_NOTFOUND, "stage.name",
                          "no path is known for %.80s: name it in the unit chain138-stage@.service",
                          name);
    if (!strcmp(op, "stage"))
        return do_stage(path, out, err);
    if (strcmp(op, "clean"))
        return c138_error(err, C138_E_INVALID, "stage.op", "op is stage or clean");
    C138_FREE char *stage = c138_xasprintf("%s/.chain138/stage", path);
    return files_remove(stage, err);
}

int main(int argc, char **argv) {
    char request[REQUEST_MAX + 1];
    size_t length = fread(request, 1, REQUEST_MAX, stdin);
    C138_JSON struct c138_json *answer = c138_json_new_object();
    struct c138_json *out = c138_json_new_object();
    struct c138_err err = {0};
    (void)umask(0027);
    c138_status status = serve(argc, argv, request, length, out, &err);
    if (status >= 0) {
        c138_json_set(answer, "ok", out);
    } else {
        struct c138_json *error = c138_json_new_object();
        c138_json_set_str(error, "status", c138_status_key(status));
        c138_json_set_str(error, "key", err.key);
        c138_json_set_str(error, "text", err.text);
        c138_json_set(answer, "error", error);
        c138_json_unref(out);
    }
    C138_FREE char *text = c138_json_dump(answer);
    (void)puts(text);
    return status < 0;
}
