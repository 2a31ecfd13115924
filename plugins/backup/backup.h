/*
 * The backup plugin: copies of what a host cannot do without, which are proven to be copies.
 *
 * A backup is a set of items (chain data, a PostgreSQL database, folders of files, what other plugins own) taken
 * in one run by one engine: `archive` (tar, zstd, OpenPGP; into a folder or S3) or `restic` (driven).
 * It has the id of the job that made it, and a manifest (manifest.h), which is written last: what has
 * no manifest is no backup. So whatever ends a run at whatever point (a kill, a full disk, a
 * network that is gone), nothing half-made counts, and nothing that counted is touched.
 *
 * The rooms:
 *   stage, rocks      a live database's copy, and its proof
 *   item*             what is taken: each kind gives a tree of files that do not change any more
 *   pack, seal, sums  a tree as one object, and back
 *   engine*           the two engines behind one table; store* is where the archive engine's objects are
 *   manifest, catalog what a backup says of itself; what this host knows of its backups
 *   keep              which backups may go
 *   create, check, drill, restore, forget, show   the actions
 *
 * Folders:
 *   STATE/records/ID.json   what this host learned of a backup: verified to which level, last drill
 *   STATE/spool/ID/         an archive on its way to S3: complete when its manifest is there
 *   STATE/restore/JOB.json  the journal of a restore
 *   STATE/drill/PROJECT.json  the compose file of a drill's container, while there may be one
 *   SCRATCH/                work of a run (dumps, drills); nothing in it outlives its run
 *   PATH/.chain138/         beside a node's data, on its mount: stage/, restore-JOB/, old-JOB/
 *
 * Threads. Actions that take long run on threads of their own, one at a time by their lock; settings
 * do not change below them (each change makes a new instance). What they share with the actor is in
 * `struct backup_facts`, behind its mutex.
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H
#include <base/json.h>
#include <base/mem.h>
#include <chain138/host.h>

#include <pthread.h>

#define BACKUP_ITEMS_MAX 32
#define BACKUP_TARGETS_MAX 8

enum item_kind { ITEM_CHAIN, ITEM_POSTGRES, ITEM_FILES, ITEM_KEYS, ITEM_PLUGIN };
enum target_kind { TARGET_FOLDER, TARGET_S3, TARGET_RESTIC };
enum item_method { METHOD_AUTO, METHOD_REFLINK, METHOD_HOOK, METHOD_LINK, METHOD_STOP };

struct item_config {
    char *name;
    enum item_kind kind;
    int enabled;
    /* chain, files */
    char *path, **exclude;
    enum item_method method;
    char *hook, *stage_socket, *rpc_url, *token_file, *service, *node;
    int prove;
    /* postgres */
    char *pg_host, *pg_user, *pg_database, *pg_password;
    uint64_t pg_port, pg_jobs;
    /* plugin */
    char *plugin;
};

struct target_config {
    char *name;
    enum target_kind kind;
    char *path;                                                     /* folder */
    char *url, *bucket, *prefix, *region, *access_key, *secret_key; /* s3 */
    char *ca_file, *lock_mode;
    int64_t lock_ns;
    uint64_t part_bytes;
    char *repository, *password; /* restic */
    char **environment;          /* restic: "NAME=value" */
};

struct backup_settings {
    struct item_config *items;
    size_t n_items;
    struct target_config *targets;
    size_t n_targets;
    char *target; /* the one that is meant when none is named */
    char **recipients, *gnupg_home, *scratch, *postgres_bin, *restic;
    char *drill_besu, *drill_genesis, **drill_peers, *drill_java_home, *drill_java_options;
    char *drill_image, *drill_compose, *drill_socket;
    int64_t drill_wait_ns;
    uint64_t level, threads;
    uint64_t keep_last, keep_daily, keep_weekly, keep_monthly;
    int64_t max_age_ns;
};

/* What the actor shows and long actions find out. */
struct backup_facts {
    pthread_mutex_t mutex;
    char last_id[32];
    int64_t last_success_ns, last_failure_ns, last_drill_ns;
    char last_failure[256];
};

struct backup {
    const c138_host *host;
    struct backup_settings settings, staged;
    struct backup_facts facts;
    char *records, *spool, *journals, *scratch;
};

extern const c138_field *const backup_setting_fields[];
c138_status backup_settings_prepare(struct backup *b, c138_call *settings);
void backup_settings_commit(struct backup *b, uint32_t apply);

const struct item_config *backup_item(const struct backup *b, const char *name);
/* The target of that name, or the default one for NULL. */
c138_status backup_target(const struct backup *b, const char *name,
                          const struct target_config **ret, struct c138_err *err);
c138_status backup_fail(c138_call *call, c138_status status, const struct c138_err *err);
/* What a reference stands for; the caller wipes and frees. NULL reference: NULL. */
c138_status backup_secret(const struct backup *b, c138_call *call, const char *reference,
                          char **ret, struct c138_err *err);
/* Another plugin's action with the caller's rights. *ret_result is the caller's; may be NULL. */
c138_status backup_call(const struct backup *b, c138_call *call, const char *action,
                        const struct c138_json *params, int64_t timeout_ns,
                        struct c138_json **ret_result, struct c138_err *err);
void backup_event(const struct backup *b, c138_call *call, const char *topic,
                  const struct c138_json *data);
void backup_metric(const struct backup *b, const char *name, const char *label, double value);
void backup_metric2(const struct backup *b, const char *name, const char *first,
                    const char *second, double value);
void backup_log(const struct backup *b, int32_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What an earlier run left behind: staging places, scratch, half-made backups. */
void backup_clean(struct backup *b);

c138_status backup_plan_run(void *self, c138_call *call);
c138_status backup_create_run(void *self, c138_call *call);
c138_status backup_list_run(void *self, c138_call *call);
c138_status backup_verify_run(void *self, c138_call *call);
c138_status backup_drill_run(void *self, c138_call *call);
c138_status backup_restore_run(void *self, c138_call *call);
c138_status backup_forget_run(void *self, c138_call *call);
c138_status backup_stats_run(void *self, c138_call *call);
void backup_status(void *self, c138_call *out);
#endif
