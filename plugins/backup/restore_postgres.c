/* A database beside the living one, then the names are swapped. Each step looks at what is there. */
#include "restore.h"

#include "drill.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct names {
    const char *live;
    char fresh[160], old[160];
};

/* Tails of the job's id, so that a second run finds what the first one made. */
static void name_all(struct names *n, const char *live, const char *job) {
    n->live = live;
    (void)snprintf(n->fresh, sizeof(n->fresh), "%.24s_new_%s", live, job);
    (void)snprintf(n->old, sizeof(n->old), "%.24s_old_%s", live, job);
    for (size_t i = strlen(n->live) < 24 ? strlen(n->live) : 24; n->fresh[i]; i++)
        n->fresh[i] = (char)tolower((unsigned char)n->fresh[i]);
    for (size_t i = strlen(n->live) < 24 ? strlen(n->live) : 24; n->old[i]; i++)
        n->old[i] = (char)tolower((unsigned char)n->old[i]);
}

static c138_status rename_one(struct restoring *r, const char *from, const char *to) {
    c138_status status = postgres_admin(
        r->engine, r->config, r->err, NULL,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = %l and pid <> "
        "pg_backend_pid()",
        from, NULL);
    return status < 0 ? status
                      : postgres_admin(r->engine, r->config, r->err, NULL,
                                       "alter database %s rename to %s", from, to);
}

static c138_status fill(struct restoring *r, const struct names *n) {
    int swapped = 0;
    c138_status status = postgres_exists(r->engine, r->config, n->old, &swapped, r->err);
    if (status < 0 || swapped || c138_json_get_bool(r->journal, "filled", 0))
        return status;
    return postgres_into(r->engine, r->config, r->item, r->copy, n->fresh, r->err);
}

static c138_status swap_names(struct restoring *r, const struct names *n) {
    int live = 0, fresh = 0;
    c138_status status = postgres_exists(r->engine, r->config, n->live, &live, r->err);
    if (status >= 0)
        status = postgres_exists(r->engine, r->config, n->fresh, &fresh, r->err);
    if (status < 0 || !fresh) /* swapped already */
        return status;
    if (live)
        status = rename_one(r, n->live, n->old);
    if (status >= 0)
        status = rename_one(r, n->fresh, n->live);
    return status;
}

c138_status restore_postgres(struct restoring *r, char **ret_old) {
    struct names n;
    name_all(&n, r->config->pg_database, r->call->job_id);
    c138_status status = fill(r, &n);
    if (status >= 0)
        status = swap_names(r, &n);
    if (status >= 0)
        *ret_old = c138_xstrdup(n.old);
    return status;
}
