#include "backup.h"

#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define TEXT(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define PATH_(n, s, ...)                                                                           \
    C138_FIELD(.name = n, .type = C138_T_PATH, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define CHOICE(n, s, d, ...)                                                                       \
    C138_FIELD(.name = n, .type = C138_T_ENUM, .summary = s, .default_text = d,                    \
               .choices = C138_TEXTS(__VA_ARGS__))
#define SECRET_(n, s)                                                                              \
    C138_FIELD(.name = n, .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE, .summary = s)
#define TEXTS(n, s, m)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s, .max_text = "64",                     \
               .fields = C138_FIELDS(TEXT("text", m, .max_text = "4096")))

static const char *const item_kinds[] = {"chain", "postgres", "files", "keys", "plugin", NULL};
static const char *const target_kinds[] = {"folder", "s3", "restic", NULL};
static const char *const methods[] = {"auto", "reflink", "hook", "link", "stop", NULL};

static const c138_field *const item_members[] = {
    TEXT("name", "What it is called in backups", .flags = C138_FIELD_REQUIRED, .min_text = "1",
         .max_text = "31"),
    C138_FIELD(.name = "kind", .type = C138_T_ENUM, .flags = C138_FIELD_REQUIRED,
               .summary = "A node's data folder, a database, a folder, the plugin keys' own backup, "
                          "or what another plugin owns",
               .choices = item_kinds),
    C138_FIELD(.name = "enabled", .type = C138_T_BOOL, .default_text = "true",
               .summary = "Whether it is taken when no items are named"),
    PATH_("path", "chain: Besu's data path; files: the folder", .flags = C138_FIELD_WRITABLE),
    TEXTS("exclude", "Names that are left out, with * and ?", "A pattern"),
    CHOICE("method", "chain: how the copy is made; auto tries them in this order", "auto", "auto",
           "reflink", "hook", "link", "stop"),
    PATH_("hook", "chain: program that makes and removes a snapshot; also named in `programs`"),
    PATH_("stage_socket", "chain: socket of chain138-stage, where the agent may not link the files"),
    C138_FIELD(.name = "prove", .type = C138_T_BOOL, .default_text = "true",
               .summary = "chain: open the staged copy and read every block before it is packed"),
    C138_FIELD(.name = "rpc_url", .type = C138_T_URL,
               .summary = "chain: the node's JSON-RPC, for genesis and head in the manifest"),
    PATH_("token_file", "chain: file with the JWT to show there"),
    TEXT("service", "chain: its service of the plugin stack, for stop and restore",
         .max_text = "127"),
    TEXT("node", "chain: its name in the plugin besu", .max_text = "63"),
    TEXT("host", "postgres: host, or folder of the socket", .max_text = "255"),
    C138_FIELD(.name = "port", .type = C138_T_UINT, .default_text = "5432", .min_text = "1",
               .max_text = "65535", .summary = "postgres: its port"),
    TEXT("user", "postgres: who reads, and owns what is restored", .max_text = "63"),
    TEXT("database", "postgres: which one", .max_text = "63"),
    SECRET_("password", "postgres: that user's password"),
    C138_FIELD(.name = "jobs", .type = C138_T_UINT, .default_text = "2", .min_text = "1",
               .max_text = "32", .summary = "postgres: tables dumped at a time"),
    TEXT("plugin", "plugin: its name; it has the actions backup-item and restore-item",
         .max_text = "31"),
    NULL,
};

static const c138_field *const target_members[] = {
    TEXT("name", "What it is called", .flags = C138_FIELD_REQUIRED, .min_text = "1",
         .max_text = "31"),
    C138_FIELD(.name = "kind", .type = C138_T_ENUM, .flags = C138_FIELD_REQUIRED,
               .summary = "A folder, an S3 bucket, or a restic repository",
               .choices = target_kinds),
    PATH_("path", "folder: where backups are kept", .flags = C138_FIELD_WRITABLE),
    C138_FIELD(.name = "url", .type = C138_T_URL, .summary = "s3: the service's address"),
    TEXT("bucket", "s3: the bucket", .max_text = "63"),
    TEXT("prefix", "s3: put before every name", .max_text = "255"),
    TEXT("region", "s3: its region", .default_text = "us-east-1", .max_text = "63"),
    SECRET_("access_key", "s3: id of the key"),
    SECRET_("secret_key", "s3: the key"),
    PATH_("ca_file", "s3: certificates to trust instead of the system's"),
    C138_FIELD(.name = "part_size", .type = C138_T_SIZE, .default_text = "16MiB",
               .min_text = "5MiB", .max_text = "512MiB",
               .summary = "s3: bytes of a part; grows by itself for very large objects"),
    C138_FIELD(.name = "lock", .type = C138_T_DURATION, .default_text = "0s",
               .summary = "s3: how long nobody may delete an object (object lock)"),
    CHOICE("lock_mode", "s3: how strict that is", "GOVERNANCE", "GOVERNANCE", "COMPLIANCE"),
    TEXT("repository", "restic: the repository, as restic names it", .max_text = "1023"),
    SECRET_("restic_password", "restic: its password"),
    TEXTS("environment", "restic: more variables for it, \"NAME=value\"; the keys of s3 are "
                         "access_key and secret_key",
          "One"),
    NULL,
};

#define RESTART .flags = C138_FIELD_RESTART
#define ROWS(n, s, m)                                                                              \
    C138_FIELD(.name = n, .type = C138_T_LIST, RESTART, .summary = s,                              \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One", .fields = m)))
#define NUMBER(n, s, d, low, high)                                                                 \
    C138_FIELD(.name = n, .type = C138_T_UINT, RESTART, .default_text = d, .min_text = low,        \
               .max_text = high, .summary = s)

const c138_field *const backup_setting_fields[] = {
    ROWS("items", "What is backed up", item_members),
    ROWS("targets", "Where backups are kept", target_members),
    TEXT("target", "The target that is meant when none is named; without it the first", RESTART,
         .max_text = "31"),
    C138_FIELD(.name = "recipients", .type = C138_T_LIST, RESTART, .max_text = "16",
               .summary = "OpenPGP keys that can open archives; without any they are not encrypted",
               .fields = C138_FIELDS(
                   TEXT("key", "A fingerprint, key id or address", .max_text = "255"))),
    PATH_("gnupg_home", "Folder of gpg with those keys",
          .flags = C138_FIELD_RESTART | C138_FIELD_WRITABLE),
    PATH_("scratch", "Folder for dumps and drills; without it below the agent's state",
          .flags = C138_FIELD_RESTART | C138_FIELD_WRITABLE),
    PATH_("postgres_bin", "Folder of pg_dump, pg_dumpall, pg_restore and psql", RESTART,
          .default_text = "/usr/bin"),
    PATH_("restic", "The program restic", RESTART, .default_text = "/usr/bin/restic"),
    PATH_("drill_besu", "The program besu: drills start it on the restored copy; also named in `programs`",
          RESTART),
    TEXT("drill_image",
         "Or an image that runs besu: drills start it in a compose project of its own, without a "
         "network",
         RESTART, .max_text = "255"),
    PATH_("drill_compose", "The compose program for that, docker or docker-compose; also named in `programs`",
          RESTART, .default_text = "/usr/bin/docker"),
    PATH_("drill_socket", "Socket of the container engine for that", RESTART,
          .default_text = "/run/docker.sock"),
    PATH_("drill_genesis", "The network's genesis file, for those drills", RESTART),
    C138_FIELD(.name = "drill_peers", .type = C138_T_LIST, RESTART, .max_text = "64",
               .summary = "Nodes that it may follow there; without any p2p is off",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "enode", .type = C138_T_ENODE, .summary = "A node"))),
    PATH_("drill_java_home", "JAVA_HOME of that besu", RESTART),
    TEXT("drill_java_options", "BESU_OPTS of that besu; its memory must fit into memory_max", RESTART,
         .default_text = "-Xmx1g", .max_text = "1023"),
    C138_FIELD(.name = "drill_wait", .type = C138_T_DURATION, RESTART, .default_text = "5m",
               .min_text = "10s", .max_text = "2h",
               .summary = "Longest wait for its head to move"),
    NUMBER("level", "Level of zstd", "3", "1", "19"),
    NUMBER("threads", "Threads of zstd; 0: one for each processor", "0", "0", "64"),
    NUMBER("keep_last", "Newest backups that forget keeps", "3", "1", "10000"),
    NUMBER("keep_daily", "Days of which it keeps the newest", "7", "0", "10000"),
    NUMBER("keep_weekly", "Weeks of which it keeps the newest", "4", "0", "10000"),
    NUMBER("keep_monthly", "Months of which it keeps the newest", "12", "0", "10000"),
    C138_FIELD(.name = "max_age", .type = C138_T_DURATION, RESTART, .default_text = "26h",
               .min_text = "1m",
               .summary = "An older last backup makes the host's status a warning"),
    NULL,
};

/* --- Reading ---------------------------------------------------------------------------------- */

static void texts_free(char ***texts) {
    for (size_t i = 0; *texts && (*texts)[i]; i++)
        free((*texts)[i]);
    free(*texts);
    *texts = NULL;
}

static void clear(struct backup_settings *s) {
    for (size_t i = 0; i < s->n_items; i++) {
        struct item_config *c = &s->items[i];
        char *texts[] = {c->name,    c->path,    c->hook,        c->stage_socket, c->rpc_url,
                         c->token_file, c->service, c->node,     c->pg_host,      c->pg_user,
                         c->pg_database, c->pg_password, c->plugin};
        for (size_t k = 0; k < C138_COUNT(texts); k++)
            free(texts[k]);
        texts_free(&c->exclude);
    }
    for (size_t i = 0; i < s->n_targets; i++) {
        struct target_config *c = &s->targets[i];
        char *texts[] = {c->name,       c->path,       c->url,     c->bucket,
                         c->prefix,     c->region,     c->access_key, c->secret_key,
                         c->ca_file,    c->lock_mode,  c->repository, c->password};
        for (size_t k = 0; k < C138_COUNT(texts); k++)
            free(texts[k]);
        texts_free(&c->environment);
    }
    char *texts[] = {s->target,       s->gnupg_home, s->scratch,    s->postgres_bin,
                     s->restic,       s->drill_besu, s->drill_genesis,
                     s->drill_java_home, s->drill_java_options, s->drill_image, s->drill_compose,
                     s->drill_socket};
    for (size_t k = 0; k < C138_COUNT(texts); k++)
        free(texts[k]);
    texts_free(&s->recipients);
    texts_free(&s->drill_peers);
    free(s->items);
    free(s->targets);
    *s = (struct backup_settings){0};
}

static char *text_at(c138_call *settings, const char *path) {
    const char *text = c138_has(settings, path) ? c138_str(settings, path) : NULL;
    return text && *text ? c138_xstrdup(text) : NULL;
}

/* A member of one row: its path, until the next call. */
struct row {
    c138_call *settings;
    const char *list;
    uint64_t index;
    char path[96];
};

static const char *member(struct row *r, const char *name) {
    (void)snprintf(r->path, sizeof(r->path), "%s.%u.%s", r->list, (unsigned)r->index, name);
    return r->path;
}

static char *row_text(struct row *r, const char *name) {
    return text_at(r->settings, member(r, name));
}

static int choice(const char *const *choices, const char *text) {
    for (int i = 0; choices[i]; i++)
        if (c138_streq(choices[i], text))
            return i;
    return 0;
}

static int row_choice(struct row *r, const char *name, const char *const *choices) {
    C138_FREE char *text = row_text(r, name);
    return choice(choices, text);
}

static char **texts_at(c138_call *settings, const char *path) {
    uint64_t count = c138_uint(settings, path);
    char **texts = count ? c138_xcalloc(count + 1, sizeof(*texts)) : NULL, at[128];
    for (uint64_t i = 0; i < count; i++) {
        (void)snprintf(at, sizeof(at), "%s.%u", path, (unsigned)i);
        texts[i] = c138_xstrdup(c138_str(settings, at));
    }
    return texts;
}

static c138_status refuse(c138_call *settings, const char *what, const char *name,
                          const char *why) {
    C138_FREE char *text = c138_xasprintf("%s %s: %s", what, name ? name : "?", why);
    return c138_fail(settings, C138_E_INVALID, "setting.invalid", text);
}

/* A name becomes part of file names and object names. */
static int name_is_plain(const char *name) {
    return name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static const char *item_lacks(const struct item_config *c) {
    if ((c->kind == ITEM_CHAIN || c->kind == ITEM_FILES) && !c->path)
        return "its path is missing";
    if (c->kind == ITEM_POSTGRES && (!c->pg_host || !c->pg_user || !c->pg_database))
        return "host, user and database are needed";
    if (c->kind == ITEM_PLUGIN && !c->plugin)
        return "the plugin's name is missing";
    if (c->method == METHOD_HOOK && !c->hook)
        return "method hook needs the program: set hook";
    if (c->method == METHOD_STOP && !c->service)
        return "method stop needs the service's name in the plugin stack: set service";
    return NULL;
}

static c138_status stage_item(struct backup_settings *s, c138_call *settings, uint64_t i) {
    struct row r = {.settings = settings, .list = "items", .index = i};
    struct item_config *c = &s->items[s->n_items++];
    *c = (struct item_config){.name = row_text(&r, "name"),
                              .kind = (enum item_kind)row_choice(&r, "kind", item_kinds),
                              .path = row_text(&r, "path"),
                              .method = (enum item_method)row_choice(&r, "method", methods),
                              .hook = row_text(&r, "hook"),
                              .stage_socket = row_text(&r, "stage_socket"),
                              .rpc_url = row_text(&r, "rpc_url"),
                              .token_file = row_text(&r, "token_file"),
                              .service = row_text(&r, "service"),
                              .node = row_text(&r, "node"),
                              .pg_host = row_text(&r, "host"),
                              .pg_user = row_text(&r, "user"),
                              .pg_database = row_text(&r, "database"),
                              .pg_password = row_text(&r, "password"),
                              .plugin = row_text(&r, "plugin")};
    c->enabled = c138_int(settings, member(&r, "enabled")) != 0;
    c->prove = c138_int(settings, member(&r, "prove")) != 0;
    c->pg_port = c138_uint(settings, member(&r, "port"));
    c->pg_jobs = c138_uint(settings, member(&r, "jobs"));
    c->exclude = texts_at(settings, member(&r, "exclude"));
    if (!name_is_plain(c->name))
        return refuse(settings, "item", c->name, "its name: small letters, digits and -");
    for (size_t k = 0; k + 1 < s->n_items; k++)
        if (!strcmp(s->items[k].name, c->name))
            return refuse(settings, "item", c->name, "another has this name: give each its own");
    const char *lack = item_lacks(c);
    return lack ? refuse(settings, "item", c->name, lack) : C138_OK;
}

static const char *target_lacks(const struct target_config *c) {
    if (c->kind == TARGET_FOLDER && !c->path)
        return "its path is missing";
    if (c->kind == TARGET_S3 && (!c->url || !c->bucket || !c->access_key || !c->secret_key))
        return "url, bucket, access_key and secret_key are needed";
    if (c->kind == TARGET_RESTIC && (!c->repository || !c->password))
        return "repository and restic_password are needed";
    for (size_t i = 0; c->environment && c->environment[i]; i++)
        if (!strchr(c->environment[i], '=') || strchr(c->environment[i], '\n'))
            return "environment: each is \"NAME=value\"";
    return NULL;
}

static c138_status stage_target(struct backup_settings *s, c138_call *settings, uint64_t i) {
    struct row r = {.settings = settings, .list = "targets", .index = i};
    struct target_config *c = &s->targets[s->n_targets++];
    *c = (struct target_config){.name = row_text(&r, "name"),
                                .kind = (enum target_kind)row_choice(&r, "kind", target_kinds),
                                .path = row_text(&r, "path"),
                                .url = row_text(&r, "url"),
                                .bucket = row_text(&r, "bucket"),
                                .prefix = row_text(&r, "prefix"),
                                .region = row_text(&r, "region"),
                                .access_key = row_text(&r, "access_key"),
                                .secret_key = row_text(&r, "secret_key"),
                                .ca_file = row_text(&r, "ca_file"),
                                .lock_mode = row_text(&r, "lock_mode"),
                                .repository = row_text(&r, "repository"),
                                .password = row_text(&r, "restic_password")};
    c->lock_ns = c138_int(settings, member(&r, "lock"));
    c->part_bytes = c138_uint(settings, member(&r, "part_size"));
    c->environment = texts_at(settings, member(&r, "environment"));
    if (!name_is_plain(c->name))
        return refuse(settings, "target", c->name, "its name: small letters, digits and -");
    for (size_t k = 0; k + 1 < s->n_targets; k++)
        if (!strcmp(s->targets[k].name, c->name))
            return refuse(settings, "target", c->name, "another has this name: give each its own");
    const char *lack = target_lacks(c);
    return lack ? refuse(settings, "target", c->name, lack) : C138_OK;
}

static c138_status stage_rows(struct backup_settings *s, c138_call *settings) {
    uint64_t items = c138_uint(settings, "items"), targets = c138_uint(settings, "targets");
    c138_status status = C138_OK;
    if (items > BACKUP_ITEMS_MAX || targets > BACKUP_TARGETS_MAX)
        return c138_fail(settings, C138_E_INVALID, "setting.invalid",
                         "at most 32 items and 8 targets");
    s->items = c138_xcalloc(items + 1, sizeof(*s->items));
    s->targets = c138_xcalloc(targets + 1, sizeof(*s->targets));
    for (uint64_t i = 0; status >= 0 && i < items; i++)
        status = stage_item(s, settings, i);
    for (uint64_t i = 0; status >= 0 && i < targets; i++)
        status = stage_target(s, settings, i);
    return status;
}

static c138_status check_default(const struct backup_settings *s, c138_call *settings) {
    for (size_t i = 0; s->target && i < s->n_targets; i++)
        if (!strcmp(s->targets[i].name, s->target))
            return C138_OK;
    return s->target ? refuse(settings, "target", s->target, "there is none of this name in targets")
                     : C138_OK;
}

static c138_status check_drill(const struct backup_settings *s, c138_call *settings) {
    if (s->drill_image && (s->drill_besu || s->drill_peers))
        return refuse(settings, "drill_image", s->drill_image,
                      "it runs without a network, so drill_besu and drill_peers do not go with it: "
                      "leave them out, or leave it out");
    return C138_OK;
}

c138_status backup_settings_prepare(struct backup *b, c138_call *settings) {
    struct backup_settings *s = &b->staged;
    clear(s);
    s->target = text_at(settings, "target");
    s->recipients = texts_at(settings, "recipients");
    s->gnupg_home = text_at(settings, "gnupg_home");
    s->scratch = text_at(settings, "scratch");
    s->postgres_bin = text_at(settings, "postgres_bin");
    s->restic = text_at(settings, "restic");
    s->drill_besu = text_at(settings, "drill_besu");
    s->drill_genesis = text_at(settings, "drill_genesis");
    s->drill_peers = texts_at(settings, "drill_peers");
    s->drill_java_home = text_at(settings, "drill_java_home");
    s->drill_java_options = text_at(settings, "drill_java_options");
    s->drill_image = text_at(settings, "drill_image");
    s->drill_compose = text_at(settings, "drill_compose");
    s->drill_socket = text_at(settings, "drill_socket");
    s->drill_wait_ns = c138_int(settings, "drill_wait");
    s->level = c138_uint(settings, "level");
    s->threads = c138_uint(settings, "threads");
    s->keep_last = c138_uint(settings, "keep_last");
    s->keep_daily = c138_uint(settings, "keep_daily");
    s->keep_weekly = c138_uint(settings, "keep_weekly");
    s->keep_monthly = c138_uint(settings, "keep_monthly");
    s->max_age_ns = c138_int(settings, "max_age");
    c138_status status = stage_rows(s, settings);
    if (status >= 0)
        status = check_default(s, settings);
    if (status >= 0)
        status = check_drill(s, settings);
    if (status < 0)
        clear(s);
    return status;
}

void backup_settings_commit(struct backup *b, uint32_t apply) {
    if (apply) {
        clear(&b->settings);
        b->settings = b->staged;
        b->staged = (struct backup_settings){0};
    } else {
        clear(&b->staged);
    }
}

/* --- Finding ---------------------------------------------------------------------------------- */

const struct item_config *backup_item(const struct backup *b, const char *name) {
    for (size_t i = 0; i < b->settings.n_items; i++)
        if (!strcmp(b->settings.items[i].name, name))
            return &b->settings.items[i];
    return NULL;
}

c138_status backup_target(const struct backup *b, const char *name,
                          const struct target_config **ret, struct c138_err *err) {
    const struct backup_settings *s = &b->settings;
    if (!name)
        name = s->target ? s->target : s->n_targets ? s->targets[0].name : NULL;
    for (size_t i = 0; name && i < s->n_targets; i++)
        if (!strcmp(s->targets[i].name, name)) {
            *ret = &s->targets[i];
            return C138_OK;
        }
    return name ? c138_error(err, C138_E_NOTFOUND, "backup.target",
                             "there is no target %.80s: add it to plugins.backup.targets", name)
                : c138_error(err, C138_E_INVALID, "backup.target",
                             "no target is configured: add one to plugins.backup.targets");
}
