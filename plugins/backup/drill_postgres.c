/* A dump, restored into a database of its own and counted. */
#include "drill.h"

#include "item.h"

#include <base/fs.h>
#include <base/text.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 63

/* "name" with its quotes doubled. The caller frees. */
static char *quoted(const char *name) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    (void)c138_buf_addc(&b, '"');
    for (const char *p = name; *p; p++) {
        if (*p == '"')
            (void)c138_buf_addc(&b, '"');
        (void)c138_buf_addc(&b, *p);
    }
    (void)c138_buf_addc(&b, '"');
    return c138_buf_steal(&b);
}

static char *literal(const char *text) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    (void)c138_buf_addc(&b, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            (void)c138_buf_addc(&b, '\'');
        (void)c138_buf_addc(&b, *p);
    }
    (void)c138_buf_addc(&b, '\'');
    return c138_buf_steal(&b);
}

c138_status postgres_admin(struct engine *e, const struct item_config *c, struct c138_err *err,
                           struct c138_buf *out, const char *sql, const char *first,
                           const char *second) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    const char *names[] = {first, second};
    size_t used = 0;
    for (const char *p = sql; *p; p++) {
        if (p[0] == '%' && (p[1] == 's' || p[1] == 'l') && used < 2 && names[used]) {
            C138_FREE char *name = p[1] == 's' ? quoted(names[used]) : literal(names[used]);
            (void)c138_buf_adds(&text, name);
            used++;
            p++;
        } else {
            (void)c138_buf_addc(&text, *p);
        }
    }
    return item_postgres_ask(e->backup, e->call, c, "postgres", c138_buf_text(&text), out, err);
}

c138_status postgres_exists(struct engine *e, const struct item_config *c, const char *name,
                            int *ret, struct c138_err *err) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = postgres_admin(
        e, c, err, &out, "select count(*) from pg_database where datname = %l", name, NULL);
    if (status >= 0)
        *ret = c138_buf_text(&out)[0] == '1';
    return status;
}

static c138_status load(struct engine *e, const struct item_config *c, const char *dump,
                        const char *name, struct c138_err *err) {
    C138_FREE char *program = c138_path_join(e->backup->settings.postgres_bin, "pg_restore");
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    char jobs[24], **env = NULL;
    int32_t code = 0;
    (void)snprintf(jobs, sizeof(jobs), "%llu", (unsigned long long)c->pg_jobs);
    const char *argv[] = {program, "--exit-on-error", "--no-owner", "-j", jobs, "-d", name,
                          dump,    NULL};
    c138_status status = item_postgres_env(e->backup, e->call, c, &env, err);
    if (status >= 0)
        status = item_program(e->backup, e->call, argv, (const char *const *)env, NULL, &text,
                              &code, err);
    item_env_free(env);
    return status >= 0 && code ? c138_error(err, C138_E_CONFLICT, "backup.postgres",
                                            "%s into %s ended with %d: %.600s", program, name,
                                            (int)code, c138_buf_text(&text))
                               : status;
}

/* Rows as they were counted when the dump was made. What was written between count and dump may be
 * more; fewer, or another set of tables, is a loss. */
static c138_status compare(struct engine *e, const struct item_config *c,
                           const struct manifest_item *i, const char *name, struct c138_err *err) {
    C138_JSON struct c138_json *now = NULL;
    const struct c138_json *then = c138_json_get(i->details, "rows");
    c138_status status = item_postgres_rows(e->backup, e->call, c, name, &now, err);
    for (struct c138_json_iter it = c138_json_iter(then); status >= 0 && c138_json_next(&it);) {
        int64_t want = c138_json_as_int(it.value, 0), got = c138_json_get_int(now, it.name, -1);
        if (got < want)
            status = c138_error(err, C138_E_CONFLICT, "backup.differs",
                                "table %s has %lld rows in the restored database, and had %lld when "
                                "it was dumped",
                                it.name, (long long)got, (long long)want);
    }
    return status;
}

c138_status postgres_into(struct engine *e, const struct item_config *c,
                          const struct manifest_item *i, const char *folder, const char *name,
                          struct c138_err *err) {
    C138_FREE char *dump = c138_path_join(folder, "dump");
    if (strlen(name) > NAME_MAX_BYTES)
        return c138_error(err, C138_E_INVALID, "backup.postgres",
                          "%s is longer than a database's name can be", name);
    c138_progress(e->call, 1001, "restoring the database");
    c138_status status =
        postgres_admin(e, c, err, NULL, "drop database if exists %s", name, NULL);
    if (status >= 0)
        status = postgres_admin(e, c, err, NULL, "create database %s template template0", name,
                                NULL);
    if (status >= 0)
        status = load(e, c, dump, name, err);
    return status < 0 ? status : compare(e, c, i, name, err);
}

c138_status drill_postgres(struct engine *e, const struct manifest_item *i, const char *folder,
                           struct c138_err *err) {
    const struct item_config *c = backup_item(e->backup, i->name);
    char name[64];
    if (!c || c->kind != ITEM_POSTGRES)
        return c138_error(err, C138_E_NOTFOUND, "backup.item",
                          "item %s is not in the config any more, so there is no server for its "
                          "drill: add it to plugins.backup.items",
                          i->name);
    (void)snprintf(name, sizeof(name), "c138_drill_%s", e->call->job_id);
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    c138_status status = postgres_into(e, c, i, folder, name, err);
    struct c138_err ignored = {0};
    if (postgres_admin(e, c, &ignored, NULL, "drop database if exists %s", name, NULL) < 0)
        backup_log(e->backup, C138_LOG_WARNING, "database %s is left over from a drill: %s", name,
                   ignored.text);
    return status;
}
