#include "backup.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include "drill.h"
#include "engine.h"
#include "item.h"

#include <base/fs.h>
#include <base/when.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

C138_PLUGIN_NOTE("backup", "0.1.0", C138_PLUGIN_WORKER_ONLY | C138_PLUGIN_SPAWNS);

#define STR(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define UINT(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_UINT, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define INT(n, s) C138_FIELD(.name = n, .type = C138_T_INT, .summary = s)
#define BYTES(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .unit = "bytes", .summary = s)
#define SECONDS(n, s) C138_FIELD(.name = n, .type = C138_T_DECIMAL, .unit = "s", .summary = s)
#define YES(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define TIME(n, s) C138_FIELD(.name = n, .type = C138_T_TIME, .summary = s)
#define ANY(n, s) C138_FIELD(.name = n, .type = C138_T_OBJECT, .summary = s)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define TEXTS(n, s, m, ...)                                                                        \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s __VA_OPT__(, ) __VA_ARGS__,            \
               .fields = C138_FIELDS(STR(m, "One")))

#define TARGET                                                                                     \
    STR("target", "Where; without it the config's `target`", .max_text = "31")
#define ITEMS TEXTS("items", "Only these items; without them all that are enabled", "item",        \
                    .max_text = "32")
#define ID                                                                                         \
    STR("id", "Which backup; latest: the newest", .flags = C138_FIELD_POSITIONAL,                  \
        .default_text = "latest", .complete = "backup.list#id", .max_text = "26")
#define ITEM_ROWS                                                                                  \
    ROWS("items", "What is in it", STR("name", "Item"), STR("kind", "What it is"),                 \
         UINT("files", "Files"), BYTES("bytes", "Bytes"), BYTES("stored_bytes", "Bytes as stored"), \
         STR("object", "Its object"), STR("sums", "The hashes of its files"),                      \
         STR("sha256", "SHA-256 of the stored bytes"), STR("sums_sha256", "SHA-256 of the hashes"), \
         YES("encrypted", "Only its recipients can read it"),                                      \
         STR("folder", "The folder that restic saw"),                                              \
         ANY("details", "How it was taken, and what was read in it"))
#define HOURS(n) .timeout_ns = (n) * 3600 * C138_NS_PER_S
#define LONG C138_ACTION_LONG

static const c138_action plan_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = LONG,
    .name = "plan",
    .summary = "What a backup would take, how large, how long, where to",
    .example = "",
    .timeout_ns = 300 * C138_NS_PER_S,
    .params = C138_FIELDS(TARGET, ITEMS),
    .results = C138_FIELDS(
        ROWS("items", "What would be taken", STR("name", "Item"), STR("kind", "What it is"),
             UINT("files", "Files"), BYTES("bytes", "Bytes"), STR("how", "How it is copied"),
             STR("error", "Why it cannot be taken now")),
        BYTES("bytes", "All together"), BYTES("stored_bytes", "As the last backup was stored"),
        SECONDS("seconds", "How long"),
        YES("measured", "From the last backup's speed, not from a guess"),
        STR("engine", "archive or restic"), STR("where", "The target"),
        BYTES("free_bytes", "Room there"), YES("possible", "Every item can be taken")),
    .run = backup_plan_run,
};

static const c138_action create_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = LONG | C138_ACTION_IDEMPOTENT,
    .name = "create",
    .summary = "Make a backup",
    .help = "Chain data is copied while the node runs and proven by opening the copy. A backup "
            "counts from the moment its manifest is stored, which is the last thing that happens. A "
            "run that was cut off goes on or begins again by itself.",
    .example = "",
    .lock = "backup",
    HOURS(48),
    .params = C138_FIELDS(TARGET, ITEMS),
    .results = C138_FIELDS(STR("id", "Its id"), STR("target", "Where"), UINT("files", "Files"),
                           BYTES("bytes", "Bytes"), BYTES("stored_bytes", "Bytes as stored"),
                           SECONDS("seconds", "How long it took"), ITEM_ROWS),
    .run = backup_create_run,
};

static const c138_action list_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = LONG,
    .name = "list",
    .summary = "The backups of this host",
    .example = "",
    .timeout_ns = 300 * C138_NS_PER_S,
    .params = C138_FIELDS(TARGET),
    .results = C138_FIELDS(ROWS(
        "backups", "The newest first", STR("id", "Its id"), TIME("created", "When it was begun"),
        STR("engine", "archive or restic"), UINT("files", "Files"), BYTES("bytes", "Bytes"),
        BYTES("stored_bytes", "Bytes as stored"), SECONDS("seconds", "How long it took"),
        C138_FIELD(.name = "state", .type = C138_T_ENUM, .summary = "What is known of it",
                   .choices = C138_TEXTS("made", "verified", "drilled", "damaged")),
        INT("level", "Highest level of verify; -1: never"), TIME("verified", "When last"),
        TIME("drilled", "When last"), TEXTS("items", "What is in it", "item"))),
    .run = backup_list_run,
};

static const c138_action verify_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = LONG | C138_ACTION_IDEMPOTENT,
    .name = "verify",
    .summary = "Check a backup, from its sizes (0) to a whole restore (3)",
    .help = "0: every object is there, with its size. 1: every stored byte and every file has its "
            "hash. 2: and databases open, every block read with its checksum, dumps read to their "
            "end. 3: backup.drill. What it finds is remembered: a damaged backup is never restored, "
            "and no longer counts when old ones are forgotten.",
    .example = "latest --level 1",
    .lock = "backup",
    HOURS(48),
    .params = C138_FIELDS(ID, TARGET,
                          C138_FIELD(.name = "level", .type = C138_T_INT, .default_text = "1",
                                     .min_text = "0", .max_text = "3",
                                     .summary = "How thoroughly")),
    .results = C138_FIELDS(
        STR("id", "Which"), STR("target", "Where"), INT("level", "Level"), UINT("files", "Files"),
        BYTES("bytes", "Bytes"), SECONDS("seconds", "How long it took"),
        ROWS("items", "Level 3: its items", STR("name", "Item"), BYTES("bytes", "Bytes"),
             SECONDS("fetch_s", "To fetch and write it"), SECONDS("open_s", "To open and read it"),
             SECONDS("use_s", "To use it: a node's head, a database's rows"),
             YES("opened", "Our RocksDB could read it"), UINT("head_from", "The node's head at first"),
             UINT("head_to", "And at last"))),
    .run = backup_verify_run,
};

static const c138_action drill_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = LONG | C138_ACTION_IDEMPOTENT,
    .name = "drill",
    .summary = "Restore a backup into scratch places, open it, compare, measure, throw it away",
    .help = "The seconds are the measured part of the recovery time (RTO). Where drill_besu or "
            "drill_image is configured, a node is started on the copy: without the host's key, so "
            "that it cannot sign blocks; with drill_peers its head must move, without them p2p is "
            "off, and the image has no network at all.",
    .example = "",
    .lock = "backup",
    HOURS(48),
    .params = C138_FIELDS(ID, TARGET),
    .results = C138_FIELDS(
        STR("id", "Which"), STR("target", "Where"), INT("level", "3"), UINT("files", "Files"),
        BYTES("bytes", "Bytes"), SECONDS("seconds", "The measured recovery time"),
        ROWS("items", "Its items", STR("name", "Item"), BYTES("bytes", "Bytes"),
             SECONDS("fetch_s", "To fetch and write it"), SECONDS("open_s", "To open and read it"),
             SECONDS("use_s", "To use it: a node's head, a database's rows"),
             YES("opened", "Our RocksDB could read it"), UINT("head_from", "The node's head at first"),
             UINT("head_to", "And at last"))),
    .run = backup_drill_run,
};

static const c138_action restore_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = LONG | C138_ACTION_DRY_RUN | C138_ACTION_IDEMPOTENT,
    .name = "restore",
    .summary = "Put an item of a backup back; what it replaces is moved aside",
    .help = "A new copy is made beside what is there, checked and opened; then names are swapped. "
            "Nothing is written over, and the result says where the old data is. A restore that was "
            "cut off at any point goes on where it was. A node keeps the key of its own host, and a "
            "keys item of another host is refused while that host's validator makes blocks.",
    .example = "latest --item chain",
    .lock = "backup",
    HOURS(48),
    .params = C138_FIELDS(
        ID, STR("item", "Which item", .flags = C138_FIELD_REQUIRED, .max_text = "31"), TARGET,
        C138_FIELD(.name = "into", .type = C138_T_PATH,
                   .summary = "Into this new folder instead of its place; below a folder that the "
                              "config lets the plugin write"),
        YES("start", "Start the service again afterwards", .default_text = "true"),
        YES("source_is_gone", "The host that the keys are of never starts again",
            .default_text = "false")),
    .results = C138_FIELDS(
        STR("id", "Which backup"), STR("item", "Which item"), STR("host", "Whose it is"),
        TIME("created", "When it was begun"), STR("place", "Where it goes"),
        BYTES("bytes", "Bytes"), INT("level", "To which level it was verified; -1: never"),
        TEXTS("steps", "What happens, in order", "step"),
        ROWS("calls", "What it asks of other plugins", STR("action", "Action"),
             ANY("params", "With these parameters"), ANY("plan", "By this plan")),
        STR("old", "Where the old data is now"), SECONDS("seconds", "How long it took")),
    .run = backup_restore_run,
};

static const c138_action forget_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = LONG | C138_ACTION_DRY_RUN | C138_ACTION_IDEMPOTENT,
    .name = "forget",
    .summary = "Remove backups that no rule keeps; never the last good one",
    .help = "Kept are the newest keep_last, and the newest of each of so many days, weeks and "
            "months; and always the newest good backup and the newest verified one. --dry-run shows "
            "what would go.",
    .example = "--dry-run",
    .lock = "backup",
    HOURS(24),
    .params = C138_FIELDS(TARGET, UINT("keep_last", "Instead of the config's", .min_text = "1"),
                          UINT("keep_daily", "Instead of the config's"),
                          UINT("keep_weekly", "Instead of the config's"),
                          UINT("keep_monthly", "Instead of the config's")),
    .results = C138_FIELDS(ROWS("backups", "The newest first", STR("id", "Its id"),
                                TIME("created", "When it was begun"), YES("kept", "It stays"),
                                STR("why", "By which rule")),
                           UINT("forgotten", "How many were removed")),
    .run = backup_forget_run,
};

static const c138_action stats_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = LONG,
    .name = "stats",
    .summary = "How much is kept, and how much room it takes",
    .example = "",
    .timeout_ns = 600 * C138_NS_PER_S,
    .params = C138_FIELDS(TARGET),
    .results = C138_FIELDS(STR("target", "Where"), UINT("backups", "Backups"),
                           BYTES("bytes", "What they would be restored to"),
                           BYTES("stored_bytes", "What they take"),
                           UINT("objects", "Objects, or blobs of restic")),
    .run = backup_stats_run,
};

static const c138_action *const actions[] = {
    &plan_action,    &create_action, &list_action,  &verify_action, &drill_action,
    &restore_action, &forget_action, &stats_action, NULL};

static const c138_event *const events[] = {
    C138_EVENT(.topic = "backup.created", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_INFO, .summary = "A backup was made",
               .fields = C138_FIELDS(STR("id", "Its id"), STR("target", "Where"),
                                     BYTES("bytes", "Bytes"), BYTES("stored_bytes", "As stored"),
                                     SECONDS("seconds", "How long"))),
    C138_EVENT(.topic = "backup.failed", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_CRITICAL,
               .summary = "A backup, check, drill or restore failed",
               .fields = C138_FIELDS(STR("action", "Which"), STR("target", "Where"),
                                     STR("error", "Why"))),
    C138_EVENT(.topic = "backup.verified", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_INFO, .summary = "A backup was checked and is good",
               .fields = C138_FIELDS(STR("id", "Which"), INT("level", "Level"))),
    C138_EVENT(.topic = "backup.damaged", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_CRITICAL, .summary = "A backup is not what it was",
               .fields = C138_FIELDS(STR("id", "Which"), INT("level", "Level of the check"),
                                     STR("error", "What is wrong"))),
    C138_EVENT(.topic = "backup.drilled", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_INFO, .summary = "A backup was restored in a drill",
               .fields = C138_FIELDS(STR("id", "Which"), STR("target", "Where"),
                                     SECONDS("seconds", "The measured recovery time"))),
    C138_EVENT(.topic = "backup.restored", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING, .summary = "An item was put back",
               .fields = C138_FIELDS(STR("id", "Of which backup"), STR("item", "Which"),
                                     SECONDS("seconds", "How long"))),
    C138_EVENT(.topic = "backup.forgotten", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_INFO, .summary = "Old backups were removed",
               .fields = C138_FIELDS(STR("target", "Where"), UINT("forgotten", "How many"),
                                     UINT("kept", "How many are left"))),
    NULL};

#define GAUGE(n, h, ...)                                                                           \
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_backup_" n, .help = h,                \
                .labels = C138_TEXTS(__VA_ARGS__))

static const c138_metric *const metrics[] = {
    GAUGE("last_success_timestamp_seconds", "When a backup was last made", "target"),
    GAUGE("duration_seconds", "How long the last one took", "target"),
    GAUGE("bytes", "Bytes of the last one, read and stored", "target", "kind"),
    GAUGE("verify_level", "Level of the last check that succeeded", "target"),
    GAUGE("last_verify_timestamp_seconds", "When that was", "target"),
    GAUGE("last_drill_timestamp_seconds", "When a drill last succeeded", "target"),
    GAUGE("drill_seconds", "How long it took: the measured recovery time", "target"),
    GAUGE("restore_bytes_per_second", "Speed of the last restore in a drill", "item"),
    NULL};

/* --- Services --------------------------------------------------------------------------------- */

c138_status backup_fail(c138_call *call, c138_status status, const struct c138_err *err) {
    return c138_fail(call, status, err->key[0] ? err->key : c138_status_key(status), err->text);
}

void backup_log(const struct backup *b, int32_t level, const char *fmt, ...) {
    char text[1400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    b->host->log(b->host, level, text);
}

static void on_secret(void *user, const char *text, uint64_t length) {
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    *(char **)user = c138_xstrndup(text, (size_t)length);
}

c138_status backup_secret(const struct backup *b, c138_call *call, const char *reference,
                          char **ret, struct c138_err *err) {
    const c138_secret *secrets = b->host->get_extension(b->host, C138_EXT_SECRET);
    char *text = NULL;
    *ret = NULL;
    if (!reference)
        return C138_OK;
    if (!secrets)
        return c138_error(err, C138_E_UNAVAILABLE, "backup.no-secrets",
                          "the service \"secret\" is not granted: add it to plugins.backup.grants");
    c138_status status = secrets->get(b->host, call, reference, on_secret, &text);
    if (status < 0 || !text)
        return c138_error(err, status < 0 ? status : C138_E_INVALID, "backup.secret",
                          "a secret of the config cannot be read (%s): check what its reference "
                          "names, and that only the agent may read it",
                          c138_status_key(status));
    *ret = text;
    return C138_OK;
}

static void on_result(void *user, const char *text, uint64_t length) {
    (void)c138_json_parse(text, (size_t)length, user, NULL);
}

c138_status backup_call(const struct backup *b, c138_call *call, const char *action,
                        const struct c138_json *params, int64_t timeout_ns,
                        struct c138_json **ret_result, struct c138_err *err) {
    const c138_caller *caller = b->host->get_extension(b->host, C138_EXT_CALL);
    C138_FREE char *text = c138_json_dump(params);
    C138_JSON struct c138_json *result = NULL;
    if (!caller)
        return c138_error(err, C138_E_UNAVAILABLE, "backup.no-call",
                          "the service \"call\" is not granted: add it to plugins.backup.grants");
    c138_status status =
        caller->call(b->host, call, action, text, timeout_ns, on_result, &result);
    if (status < 0)
        return c138_error(err, status, c138_json_get_str(result, "key", "backup.call"), "%s: %s",
                          action, c138_json_get_str(result, "message", c138_status_key(status)));
    if (ret_result)
        *ret_result = C138_STEAL(result);
    return C138_OK;
}

void backup_event(const struct backup *b, c138_call *call, const char *topic,
                  const struct c138_json *data) {
    const c138_bus *bus = b->host->get_extension(b->host, C138_EXT_BUS);
    C138_FREE char *text = c138_json_dump(data);
    if (bus)
        (void)bus->publish(b->host, call, topic, text);
}

void backup_metric(const struct backup *b, const char *name, const char *label, double value) {
    const c138_metrics *m = b->host->get_extension(b->host, C138_EXT_METRICS);
    const char *labels[] = {label, NULL};
    if (m)
        (void)m->set(b->host, name, labels, value);
}

void backup_metric2(const struct backup *b, const char *name, const char *first,
                    const char *second, double value) {
    const c138_metrics *m = b->host->get_extension(b->host, C138_EXT_METRICS);
    const char *labels[] = {first, second, NULL};
    if (m)
        (void)m->set(b->host, name, labels, value);
}

/* --- What an earlier life left behind --------------------------------------------------------- */

static void clean_item(struct backup *b, const struct item_config *c) {
    if (c->kind != ITEM_CHAIN || c->stage_socket)
        return;
    C138_FREE char *stage = item_place(c->path, "stage");
    struct c138_err err = {0};
    if (files_remove(stage, &err) < 0)
        backup_log(b, C138_LOG_WARNING, "item %s: %s", c->name, err.text);
}

void backup_clean(struct backup *b) {
    struct c138_err err = {0};
    drill_boxes_clean(b); /* before its folder goes */
    if (files_remove(b->scratch, &err) < 0)
        backup_log(b, C138_LOG_WARNING, "%s", err.text);
    for (size_t i = 0; i < b->settings.n_items; i++)
        clean_item(b, &b->settings.items[i]);
}

/* --- Life ------------------------------------------------------------------------------------- */

static c138_status create(const c138_host *host, void **ret_self) {
    struct backup *b = c138_xcalloc(1, sizeof(*b));
    b->host = host;
    (void)pthread_mutex_init(&b->facts.mutex, NULL);
    *ret_self = b;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    return backup_settings_prepare(self, settings);
}

static void commit(void *self, uint32_t apply) {
    backup_settings_commit(self, apply);
}

/* The newest backup of the default folder, so that status and metrics know of it after a restart. Only where
 * that costs nothing: a bucket or repository is asked by whoever asks. */
static void remember_last(struct backup *b) {
    const struct target_config *target = NULL;
    ENGINE struct engine *engine = NULL;
    MANIFEST struct manifest *m = NULL;
    if (backup_target(b, NULL, &target, NULL) < 0 || target->kind != TARGET_FOLDER ||
        engine_open(b, NULL, target, &engine, NULL) < 0 ||
        engine_manifest_of(engine, NULL, &m, NULL) < 0)
        return;
    b->facts.last_success_ns = m->finished_ns;
    (void)snprintf(b->facts.last_id, sizeof(b->facts.last_id), "%s", m->id);
    backup_metric(b, "chain138_backup_last_success_timestamp_seconds", target->name,
                  (double)m->finished_ns / 1e9);
}

static c138_status start(void *self) {
    struct backup *b = self;
    b->records = c138_path_join(b->host->state_dir, "records");
    b->spool = c138_path_join(b->host->state_dir, "spool");
    b->journals = c138_path_join(b->host->state_dir, "restore");
    b->scratch = b->settings.scratch ? c138_path_join(b->settings.scratch, "chain138-scratch")
                                     : c138_path_join(b->host->state_dir, "scratch");
    backup_clean(b);
    remember_last(b);
    return C138_OK;
}

static void destroy(void *self) {
    struct backup *b = self;
    backup_settings_commit(b, 0);
    backup_settings_commit(b, 1);
    free(b->records);
    free(b->spool);
    free(b->journals);
    free(b->scratch);
    (void)pthread_mutex_destroy(&b->facts.mutex);
    free(b);
}

static const void *get_extension(void *self, const char *id) {
    static const c138_status_ext status = {C138_SIZED(c138_status_ext), .status = backup_status};
    (void)self;
    return strcmp(id, C138_EXT_STATUS) == 0 ? &status : NULL;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "backup",
    .version = "0.1.0",
    .summary = "Makes copies of what a host cannot do without, and proves them",
    .license = "Apache-2.0",
    .settings = backup_setting_fields,
    .actions = actions,
    .events = events,
    .metrics = metrics,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
