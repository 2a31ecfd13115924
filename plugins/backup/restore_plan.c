/* What can be known of a restore before anything is touched. */
#include "restore.h"

#include "records.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int restore_is_open(const char *path) {
    C138_FREE char *database = item_database_of(path);
    C138_FREE char *lock = c138_path_join(database, "LOCK");
    struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    C138_CLOSE int fd = open(lock, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && fcntl(fd, F_GETLK, &f) == 0 && f.l_type != F_UNLCK;
}

/* --- Two hosts with one key ------------------------------------------------------------------- */

/* The address that signed blocks on the host that the backup is of. */
static const char *signer_of(const struct manifest *m) {
    for (size_t i = 0; i < m->n_items; i++) {
        const char *address = c138_json_get_str(m->items[i].details, "node_address", NULL);
        if (address)
            return address;
    }
    return NULL;
}

/* 1 it does, 0 it does not, -1 not known. */
static int makes_blocks(struct restoring *r, const char *address) {
    C138_JSON struct c138_json *params = c138_json_new_object(), *seen = NULL;
    struct c138_err ignored = {0};
    if (backup_call(r->backup, r->call, "besu.validators", params, 0, &seen, &ignored) < 0)
        return -1;
    const struct c138_json *members = c138_json_get(seen, "members");
    for (size_t i = 0; i < c138_json_count(members); i++) {
        const struct c138_json *m = c138_json_at(members, i);
        if (c138_streq(c138_json_get_str(m, "address", ""), address))
            return strcmp(c138_json_get_str(m, "state", ""), "missing") != 0;
    }
    return 0;
}

static c138_status one_key_one_host(struct restoring *r) {
    const char *address = signer_of(r->manifest);
    if (strcmp(r->item->kind, "keys") ||
        !strcmp(r->manifest->host, r->backup->host->host_name))
        return C138_OK;
    int alive = address ? makes_blocks(r, address) : -1;
    if (alive == 1)
        return c138_error(r->err, C138_E_CONFLICT, "backup.two-validators",
                          "the keys are of host %s, whose validator %s makes blocks now: two hosts "
                          "with one validator key break the chain; stop and retire that host first",
                          r->manifest->host, address);
    return alive == 0 || c138_int(r->call, "source_is_gone")
               ? C138_OK
               : c138_error(r->err, C138_E_CONFLICT, "backup.two-validators",
                            "the keys are of host %s, and whether it still runs is not known: make "
                            "sure that it never starts again, and say --source-is-gone",
                            r->manifest->host);
}

/* --- Checks ----------------------------------------------------------------------------------- */

static c138_status same_network(struct restoring *r) {
    const char *of_backup = c138_json_get_str(r->item->details, "genesis", NULL);
    if (!of_backup || !r->config || r->into || r->config->kind != ITEM_CHAIN)
        return C138_OK;
    C138_JSON struct c138_json *seen = item_chain_head(r->backup, r->config, 1);
    const char *here = c138_json_get_str(seen, "genesis", NULL);
    return here && strcmp(here, of_backup)
               ? c138_error(r->err, C138_E_CONFLICT, "backup.other-network",
                            "the backup is of a network with genesis %s, and the node here is of "
                            "one with %s",
                            of_backup, here)
               : C138_OK;
}

c138_status restore_check(struct restoring *r) {
    struct record record;
    record_read(r->backup, r->manifest->id, &record);
    if (record.damaged)
        return c138_error(r->err, C138_E_CONFLICT, "backup.damaged",
                          "backup %s was found damaged: use another one", r->manifest->id);
    if (!r->into && (!r->config || strcmp(item_kind_name(r->config->kind), r->item->kind)))
        return c138_error(r->err, C138_E_NOTFOUND, "backup.item",
                          "no item %s of kind %s is configured here: add it to plugins.backup.items, "
                          "or say --into FOLDER",
                          r->item->name, r->item->kind);
    if (!r->into && r->config->kind == ITEM_KEYS)
        return c138_error(r->err, C138_E_UNSUPPORTED, "backup.keys",
                          "keys go back through their own plugin: restore the file with --into "
                          "FOLDER, lay it into the inbox of keys, and run keys.restore");
    if (r->into && files_exists(r->into) && r->call->dry_run)
        return c138_error(r->err, C138_E_CONFLICT, "backup.exists",
                          "%s is there already: name a folder that is not", r->into);
    c138_status status = one_key_one_host(r);
    return status < 0 || !r->call->dry_run ? status : same_network(r);
}

/* --- The plan --------------------------------------------------------------------------------- */

static void say(struct restoring *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct restoring *r, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    c138_set_str(r->call, NULL, text);
}

static c138_status room_for(struct restoring *r) {
    C138_FREE char *beside = r->into ? c138_xstrdup(r->into) : NULL;
    char *slash = beside ? strrchr(beside, '/') : NULL;
    if (slash && slash != beside)
        *slash = '\0';
    const char *place = beside ? beside : r->config->path ? r->config->path : r->backup->scratch;
    char need[C138_SIZE_TEXT], have[C138_SIZE_TEXT];
    uint64_t free_bytes = files_free(place), wanted = r->item->bytes + r->item->bytes / 20;
    c138_size_human(wanted, need);
    c138_size_human(free_bytes, have);
    return free_bytes != UINT64_MAX && free_bytes < wanted
               ? c138_error(r->err, C138_E_LIMIT, "backup.room",
                            "%s has %s free, and the copy needs %s beside the old data", place, have,
                            need)
               : C138_OK;
}

static void steps_in_place(struct restoring *r) {
    const struct item_config *c = r->config;
    say(r, "fetch item %s of backup %s into %s, checking each file's hash", r->item->name,
        r->manifest->id, r->copy);
    if (c->kind == ITEM_CHAIN)
        say(r, "open it there and read every block with its checksum");
    if (c->service)
        say(r, "stop service %s", c->service);
    say(r, "move what it replaces in %s to %s, and the copy to its place", c->path, r->old);
    if (c->kind == ITEM_CHAIN)
        say(r, "the key of this host stays as it is: the backup holds none");
    if (c->service && c138_int(r->call, "start"))
        say(r, "start service %s", c->service);
}

static void steps(struct restoring *r) {
    c138_open_list(r->call, "steps");
    if (r->into)
        say(r, "fetch item %s of backup %s into %s, checking each file's hash", r->item->name,
            r->manifest->id, r->into);
    else if (r->config->kind == ITEM_POSTGRES)
        say(r,
            "load the dump of %s into a database beside %s, compare its rows, and swap their names; "
            "the old one is kept",
            r->manifest->id, r->config->pg_database);
    else if (r->config->kind == ITEM_PLUGIN)
        say(r, "hand the files of %s to %s.restore-item", r->manifest->id, r->config->plugin);
    else
        steps_in_place(r);
    c138_close(r->call);
}

/* The plugin's own action may be dangerous itself: its approval is this one's. */
static void calls(struct restoring *r) {
    C138_JSON struct c138_json *params = c138_json_new_object();
    c138_open_list(r->call, "calls");
    if (!r->into && r->config->kind == ITEM_PLUGIN) {
        C138_FREE char *action = c138_xasprintf("%s.restore-item", r->config->plugin);
        c138_json_set_str(params, "item", r->item->name);
        c138_json_set_str(params, "folder", r->copy);
        c138_json_set_str(params, "id", r->manifest->id);
        C138_FREE char *text = c138_json_dump(params);
        c138_open_object(r->call, NULL);
        c138_set_str(r->call, "action", action);
        c138_set_json(r->call, "params", text);
        c138_close(r->call);
    }
    c138_close(r->call);
}

c138_status restore_plan(struct restoring *r) {
    struct record record;
    char created[C138_TIME_TEXT];
    c138_status status = room_for(r);
    if (status < 0)
        return status;
    if (!r->into && r->config->kind == ITEM_CHAIN && !r->config->service &&
        restore_is_open(r->config->path))
        return c138_error(r->err, C138_E_CONFLICT, "backup.running",
                          "the node of %s runs (it holds database/LOCK): stop it, or name its "
                          "service in the item's config",
                          r->config->path);
    if (r->old && access(r->config->path, W_OK) < 0)
        return c138_error(r->err, C138_E_DENIED, "backup.denied",
                          "this agent's user may not change %s: restore --into a folder and move it "
                          "there as its owner, or let the agent write (ReadWritePaths= and its "
                          "owner)",
                          r->config->path);
    record_read(r->backup, r->manifest->id, &record);
    c138_time_format(r->manifest->created_ns, created);
    c138_set_str(r->call, "id", r->manifest->id);
    c138_set_str(r->call, "item", r->item->name);
    c138_set_str(r->call, "host", r->manifest->host);
    c138_set_str(r->call, "created", created);
    c138_set_str(r->call, "place",
                 r->into ? r->into : r->config->path ? r->config->path : r->config->name);
    c138_set_uint(r->call, "bytes", r->item->bytes);
    c138_set_int(r->call, "level", record.level);
    steps(r);
    calls(r);
    return C138_OK;
}
