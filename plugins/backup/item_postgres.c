/* PostgreSQL: dumped by several jobs, with what belongs to the whole cluster, and read back. */
#include "item.h"

#include <base/fs.h>
#include <base/text.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *program(const struct backup *b, const char *name) {
    return c138_path_join(b->settings.postgres_bin, name);
}

/* --- Environment ------------------------------------------------------------------------------ */

void item_env_free(char **env) {
    for (size_t i = 0; env && env[i]; i++) {
        c138_wipe(env[i], strlen(env[i]));
        free(env[i]);
    }
    free(env);
}

/* The password goes by the environment of the child alone, which only its own user can read. */
c138_status item_postgres_env(const struct backup *b, c138_call *call, const struct item_config *c,
                              char ***ret, struct c138_err *err) {
    char *password = NULL;
    c138_status status = backup_secret(b, call, c->pg_password, &password, err);
    if (status < 0)
        return status;
    char **env = c138_xcalloc(12, sizeof(*env));
    size_t n = 0;
    env[n++] = c138_xasprintf("PGHOST=%s", c->pg_host);
    env[n++] = c138_xasprintf("PGPORT=%llu", (unsigned long long)c->pg_port);
    env[n++] = c138_xasprintf("PGUSER=%s", c->pg_user);
    env[n++] = c138_xstrdup("PGCONNECT_TIMEOUT=10");
    env[n++] = c138_xstrdup("LC_ALL=C.UTF-8");
    env[n++] = c138_xstrdup("PATH=/usr/bin:/bin");
    if (password) {
        env[n++] = c138_xasprintf("PGPASSWORD=%s", password);
        c138_wipe(password, strlen(password));
        free(password);
    }
    *ret = env;
    return C138_OK;
}

/* Runs one of PostgreSQL's programs; what it says on failure is passed on. */
static c138_status run(const struct backup *b, c138_call *call, const struct item_config *c,
                       const char *const *argv, struct c138_buf *out, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    char **env = NULL;
    int32_t code = 0;
    c138_status status = item_postgres_env(b, call, c, &env, err);
    if (status >= 0)
        status = item_program(b, call, argv, (const char *const *)env, out, &text, &code, err);
    item_env_free(env);
    if (status >= 0 && code)
        return c138_error(err, C138_E_UNAVAILABLE, "backup.postgres", "%s ended with %d: %.600s",
                          argv[0], (int)code, c138_buf_text(&text));
    return status;
}

c138_status item_postgres_ask(const struct backup *b, c138_call *call,
                              const struct item_config *c, const char *database, const char *sql,
                              struct c138_buf *out, struct c138_err *err) {
    C138_FREE char *psql = program(b, "psql");
    const char *argv[] = {psql,  "-X",  "-A",         "-t", "-q",
                          "-v",  "ON_ERROR_STOP=1", "-d", database ? database : c->pg_database,
                          "-c",  sql,   NULL};
    return run(b, call, c, argv, out, err);
}

/* --- Rows ------------------------------------------------------------------------------------- */

/* The server writes the statement that counts; identifiers are quoted by it. */
#define COUNT_SQL                                                                                  \
    "select json_object_agg(t.n, (xpath('/row/c/text()', query_to_xml(format('select count(*) as " \
    "c from %s', t.q), false, true, '')))[1]::text::bigint order by t.n) from (select n.nspname "   \
    "|| '.' || c.relname as n, format('%I.%I', n.nspname, c.relname) as q from pg_class c join "    \
    "pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.relpersistence = 'p' "    \
    "and n.nspname <> 'information_schema' and n.nspname !~ '^pg_') t"

c138_status item_postgres_rows(const struct backup *b, c138_call *call,
                               const struct item_config *c, const char *database,
                               struct c138_json **ret, struct c138_err *err) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = item_postgres_ask(b, call, c, database, COUNT_SQL, &out, err);
    struct c138_json *rows = NULL;
    if (status < 0)
        return status;
    while (out.length && strchr(" \n", out.data[out.length - 1]))
        out.data[--out.length] = '\0';
    if (out.length == 0)
        rows = c138_json_new_object(); /* no tables */
    else
        status = c138_json_parse(c138_buf_text(&out), out.length, &rows, err);
    if (status >= 0)
        *ret = rows;
    return status;
}

/* --- Dumping ---------------------------------------------------------------------------------- */

/* pg_restore copies a table's rows as they are: cut off, they are fine to it. pg_dump ends each with this. */
static const char rows_end[] = "\\.\n\n\n";

static int is_rows(const char *name) {
    size_t length = strlen(name);
    return length > 4 && !strcmp(name + length - 4, ".dat") && strspn(name, "0123456789") == length - 4;
}

static int ends_well(const char *path) {
    char end[sizeof(rows_end) - 1];
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    return size >= (off_t)sizeof(end) &&
           pread(fd, end, sizeof(end), size - (off_t)sizeof(end)) == (ssize_t)sizeof(end) &&
           !memcmp(end, rows_end, sizeof(end));
}

static c138_status check_ends(const char *folder, struct c138_err *err) {
    struct tree tree = TREE_NULL;
    c138_status status = tree_scan(folder, NULL, &tree, err);
    for (size_t i = 0; status >= 0 && i < tree.count; i++) {
        C138_FREE char *path = c138_path_join(folder, tree.entries[i].path);
        if (is_rows(tree.entries[i].path) && !ends_well(path))
            status = c138_error(err, C138_E_CONFLICT, "backup.postgres",
                                "the dump's %s is cut off: it cannot be read to its end: do not use it",
                                path);
    }
    tree_deinit(&tree);
    return status;
}

c138_status item_postgres_check(const struct backup *b, c138_call *call, const char *folder,
                                struct c138_err *err) {
    C138_FREE char *pg_restore = program(b, "pg_restore");
    const char *argv[] = {pg_restore, "-f", "/dev/null", folder, NULL};
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    int32_t code = 0;
    c138_status status = check_ends(folder, err);
    if (status >= 0)
        status = item_program(b, call, argv, NULL, NULL, &text, &code, err);
    return status >= 0 && code
               ? c138_error(err, C138_E_CONFLICT, "backup.postgres",
                            "the dump in %s cannot be read to its end: %.600s: do not use it",
                            folder, c138_buf_text(&text))
               : status;
}

static c138_status dump(struct item *i, const char *folder, struct c138_err *err) {
    C138_FREE char *pg_dump = program(i->backup, "pg_dump");
    C138_FREE char *to = c138_path_join(folder, "dump");
    char jobs[24];
    (void)snprintf(jobs, sizeof(jobs), "%llu", (unsigned long long)i->config->pg_jobs);
    /* Not compressed: zstd does that on all processors, and restic finds what did not change. */
    const char *argv[] = {pg_dump, "-Fd", "-Z0", "-j", jobs, "-f", to, "-d",
                          i->config->pg_database, NULL};
    c138_status status = run(i->backup, i->call, i->config, argv, NULL, err);
    return status < 0 ? status : item_postgres_check(i->backup, i->call, to, err);
}

static c138_status globals(struct item *i, const char *folder, struct c138_err *err) {
    C138_FREE char *pg_dumpall = program(i->backup, "pg_dumpall");
    C138_FREE char *to = c138_path_join(folder, "globals.sql");
    const char *argv[] = {pg_dumpall, "--globals-only", "-f", to, NULL};
    c138_status status = run(i->backup, i->call, i->config, argv, NULL, err);
    if (status >= 0)
        return C138_OK;
    /* Roles' passwords are the superuser's alone: without them the rest is still worth having. */
    const char *without[] = {pg_dumpall, "--globals-only", "--no-role-passwords", "-f", to, NULL};
    status = run(i->backup, i->call, i->config, without, NULL, err);
    if (status >= 0)
        c138_json_set_bool(i->details, "without_role_passwords", 1);
    return status;
}

static c138_status describe(struct item *i, struct c138_err *err) {
    C138_BUF struct c138_buf version = C138_BUF_NULL;
    struct c138_json *rows = NULL;
    c138_status status =
        item_postgres_ask(i->backup, i->call, i->config, NULL, "show server_version", &version, err);
    if (status >= 0)
        status = item_postgres_rows(i->backup, i->call, i->config, NULL, &rows, err);
    if (status < 0)
        return status;
    C138_FREE char *text =
        c138_xstrndup(c138_buf_text(&version), strcspn(c138_buf_text(&version), " \n"));
    c138_json_set_str(i->details, "server", text);
    c138_json_set_str(i->details, "database", i->config->pg_database);
    c138_json_set(i->details, "rows", rows);
    return C138_OK;
}

c138_status item_postgres_open(struct item *i, struct c138_err *err) {
    /* The same place each time, so that restic finds its parent. */
    C138_FREE char *folder = c138_path_join(i->backup->scratch, i->config->name);
    c138_progress(i->call, 1001, "dumping the database");
    c138_status status = files_remove(folder, err);
    if (status >= 0)
        status = c138_mkdir_p(folder, 0700, err);
    if (status < 0)
        return status;
    i->tree.folder = c138_xstrdup(folder); /* from here on item_close() takes it away */
    status = describe(i, err);
    if (status >= 0)
        status = dump(i, folder, err);
    if (status >= 0)
        status = globals(i, folder, err);
    struct tree tree = TREE_NULL;
    if (status >= 0)
        status = tree_scan(folder, NULL, &tree, err);
    if (status >= 0) {
        tree_deinit(&i->tree);
        i->tree = tree;
    }
    return status;
}
