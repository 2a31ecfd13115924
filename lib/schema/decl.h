/*
 * schema/decl.h: declarations as the agent and the control know them: what a plugin described in
 * its tables, read from JSON.
 *
 * A plugin's tables never leave the process that loaded it: its runtime writes them as one JSON
 * document (schema/describe.h), and everybody else (agent, control, OpenAPI, manual, tests) reads
 * that document with decl_plugin_new(). So there is one form of a declaration whether a plugin runs
 * in a worker, in a thread, or only lies on disk. Constant after it was made: any thread.
 *
 * The document:
 *   {"name","version","summary","license","abi":[major,minor],"flags":[...],"settings":[FIELD],"actions":[ACTION],"events":[EVENT],
 *    "subscribes":["topic"],"metrics":[{"name","type","help","labels":[]}]}
 *   FIELD
 * {"name","type":"address","summary","required":true,"sensitive":true,"positional","hidden","restart","writable",
 *           "unit","default","min","max","choices":[],"complete","fields":[FIELD]} (absent members
 * are false or none) ACTION
 * {"name","summary","help","example","effect":"read|write|chain|dangerous","role":"viewer|operator|custodian","lock",
 *           "timeout_ns","idempotent","dry_run","long","params":[FIELD],"results":[FIELD]}
 *   EVENT {"topic","summary","severity":"info|warning|critical","keep","coalesce","fields":[FIELD]}
 */
#ifndef C138_SCHEMA_DECL_H
#define C138_SCHEMA_DECL_H
#include <base/json.h>
#include <chain138/plugin.h>

struct decl_field {
    const char *name, *summary, *unit, *default_text, *min_text, *max_text,
        *complete;                    /* NULL: none; name, summary never NULL */
    uint32_t type;                    /* C138_T_* */
    uint32_t flags;                   /* C138_FIELD_* */
    const char *const *choices;       /* NULL-terminated, never NULL */
    struct decl_field *const *fields; /* NULL-terminated, never NULL */
};

struct decl_action {
    const char *name;      /* "peer-add" */
    const char *full_name; /* "besu.peer-add" */
    const char *summary, *help, *example, *lock;
    uint32_t effect, role, flags;
    int64_t timeout_ns;               /* never 0 */
    struct decl_field *const *params; /* NULL-terminated, never NULL */
    struct decl_field *const *results;
    const char *text; /* what it was made from */
};

struct decl_event {
    const char *topic, *summary;
    uint32_t severity, flags;
    struct decl_field *const *fields;
};

struct decl_metric {
    const char *name, *help;
    uint32_t type;
    const char *const *labels;
    uint32_t n_labels;
};

struct decl_plugin {
    const char *name, *version, *summary, *license;
    uint32_t abi_major, abi_minor, flags;
    struct decl_field *const *settings;
    struct decl_action *const *actions;
    struct decl_event *const *events;
    const char *const *subscribes;
    struct decl_metric *const *metrics;
    const char *text; /* what it was made from, without its actions */
};

/* Reads and lints a document: names well formed and not twice, types and roles known, defaults and
 * bounds readable in their type and default within bounds, enum with choices, list with one element
 * field, DANGEROUS with DRY_RUN, topics begin with the plugin's name, metric names valid and
 * prefixed "chain138_", placeholders of `lock` are parameters. C138_E_INVALID with what and where.
 */
c138_status decl_plugin_new(const struct c138_json *document, struct decl_plugin **ret_plugin,
                            struct c138_err *err);
struct decl_plugin *decl_plugin_free(struct decl_plugin *p);

/* The document that it was made from, made again from text at each call: for those who show it, as
 * kept objects would be most of an idle agent's heap. The caller's. */
struct c138_json *decl_plugin_document(const struct decl_plugin *plugin);
struct c138_json *decl_action_document(const struct decl_action *action);

const struct decl_action *decl_action_find(const struct decl_plugin *p,
                                           const char *name); /* short or full name; NULL */
const struct decl_event *decl_event_find(const struct decl_plugin *p, const char *topic);
const struct decl_metric *decl_metric_find(const struct decl_plugin *p, const char *name);
const struct decl_field *decl_field_find(struct decl_field *const *fields,
                                         const char *name); /* NULL */

const char *decl_type_name(uint32_t type);      /* "address" */
const char *decl_effect_name(uint32_t effect);  /* "read" */
const char *decl_role_name(uint32_t role);      /* "viewer" */
uint32_t decl_role_from_name(const char *name); /* 0: unknown */
const char *decl_severity_name(uint32_t severity);
#endif
