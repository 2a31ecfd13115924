/*
 * plugins/besu/audit.h: the audit of what a network is configured with. Files in, findings out; no
 * call of the agent, no network: what running nodes answered and what the host is like is handed
 * in. One thread.
 *
 *   audit.c          the action
 *   audit_run.c      the engine: which rule is applied to which node, what is found, what is left out
 *   audit_node.c     a node's files, and its options from all the places they come from
 *   audit_compose.c  what a compose file makes of paths, ports and variables
 *   audit_config.c, audit_files.c, audit_genesis.c, audit_stack.c, audit_tessera.c   the rules
 *   audit_options.c  which option Besu has since and until when
 *   audit_report.c   findings as JSON, SARIF and, for the rules themselves, Markdown
 *   audit_doc.h      the readers
 *
 * A rule is a row of a constant table. It is never passed silently: where what it needs is not
 * there (no file, no version, no running node), it is noted as not checked, with the reason.
 */
#ifndef BESU_AUDIT_H
#define BESU_AUDIT_H
#include "audit_doc.h"
#include "extradata.h"

#include <base/buf.h>
#include <base/json.h>

#define AUDIT_FILE_MAX (8u << 20)
#define AUDIT_NODES_MAX 64
#define AUDIT_FINDINGS_MAX 5000

enum audit_severity { AUDIT_INFO, AUDIT_LOW, AUDIT_MEDIUM, AUDIT_HIGH, AUDIT_CRITICAL };
#define AUDIT_SEVERITIES 5
const char *audit_severity_name(enum audit_severity severity); /* "critical" */
/* C138_E_NOTFOUND: no such word. */
c138_status audit_severity_read(const char *text, enum audit_severity *ret_severity);

enum audit_kind {
    AUDIT_CONFIG, /* config.toml */
    AUDIT_GENESIS,
    AUDIT_STATIC, /* static-nodes.json */
    AUDIT_PERM_NODES,
    AUDIT_PERM_ACCOUNTS,
    AUDIT_COMPOSE,
    AUDIT_TESSERA,
    AUDIT_KINDS,
};

struct audit_file {
    char *path;    /* on this host, NULL: not known */
    char *why_not; /* NULL: it was read */
    int missing;   /* it is known where it should be, and it is not there */
    int broken;    /* it is there, and not what it should be */
    unsigned broken_line;
    int read_only; /* its container mounts it so, or nobody may write it */
    struct audit_doc doc;
};

/* An option of Besu as it counts: the command line over the environment over the file over the
 * profile. */
struct audit_option {
    char *name; /* without the dashes */
    char **values;
    size_t count;
    enum audit_doc_type type; /* of a file's value; AUDIT_STRING elsewhere */
    const char *file;         /* borrowed; "" of a profile */
    unsigned line;
    unsigned rank; /* the higher counts */
};

/* What a running node said; nothing of it needs to be known. */
struct audit_live {
    char genesis_hash[67];    /* "" */
    uint64_t chain_id;        /* 0 */
    int64_t head;             /* -1 */
    char enode[300];          /* "" */
    struct c138_json *config; /* of its genesis, as admin_nodeInfo gives it; NULL */
};

struct audit_node {
    char *name;
    char *role;               /* "validator", "rpc", "boot"; NULL: not known */
    char *paths[AUDIT_KINDS]; /* as they were named; NULL: found through the options */
    char *service;            /* of the compose file; NULL: one is looked for */
    int version;              /* 25.6.0 is 250600; 0: not known */
    char version_from[16];    /* "node", "settings", "image" */
    struct audit_live live;

    struct audit_file files[AUDIT_KINDS];
    struct audit_option *options;
    size_t n_options;
    const struct audit_doc *in_compose;      /* its service, NULL */
    const struct audit_doc *tessera_service; /* NULL */
    char *compose_dir;
};

struct audit_host {
    int clock_synced;      /* 1, 0, -1: not known */
    uint64_t memory_bytes; /* 0 */
};

struct audit_rule;
struct audit_finding {
    const struct audit_rule *rule;
    enum audit_severity severity;
    struct c138_buf nodes; /* "validator-1, validator-2"; empty: the network or the host */
    char *file;            /* NULL: no file */
    unsigned line;         /* 0: the file as a whole */
    char *found;
};
struct audit_note { /* what was not checked */
    struct c138_buf rules;
    struct c138_buf nodes; /* empty: the network or the host */
    char *reason;
};

struct audit {
    struct audit_node nodes[AUDIT_NODES_MAX];
    size_t n_nodes;
    struct audit_host host;
    uint64_t chain_id;       /* that the genesis must name */
    struct audit_node *node; /* that a rule looks at; NULL: a rule of the whole network */
    struct audit_finding *findings;
    size_t n_findings, too_many;
    struct audit_note *notes;
    size_t n_notes;
    size_t checked; /* rules applied, once for each node */
};

/* What a rule needs to be applied; what is missing is noted. */
#define AUDIT_NEEDS(kind) (1u << (kind))
#define AUDIT_NEEDS_OPTIONS (1u << 16) /* any source of Besu's options */
#define AUDIT_NEEDS_SERVICE (1u << 17)
#define AUDIT_NEEDS_VERSION (1u << 18)
#define AUDIT_NEEDS_ROLE (1u << 19) /* it says something of validators only */
#define AUDIT_OF_NETWORK (1u << 20) /* once, over all nodes */
#define AUDIT_OF_HOST (1u << 21)    /* once */

struct audit_rule {
    const char *id;               /* "B01"; never given to another rule */
    enum audit_severity severity; /* the highest it reports */
    uint32_t needs;
    int since, until;  /* versions of Besu: [since, until); 0: no bound */
    const char *title; /* what must hold */
    const char *reason;
    const char *mend;
    void (*check)(struct audit *a, const struct audit_rule *r);
    const char *arg; /* the check's own */
};
/* Ended by an id of NULL. */
extern const struct audit_rule audit_rules_config[], audit_rules_files[], audit_rules_genesis[],
    audit_rules_stack[], audit_rules_tessera[];
extern const struct audit_rule *const audit_tables[]; /* ended by NULL */
extern const char *const audit_table_titles[];
const struct audit_rule *audit_rule_find(const char *id);

struct audit_option_age {
    const char *name;
    int since, gone;
};
extern const struct audit_option_age audit_option_ages[];

/* --- Use: audit_new(), audit_node() for each, fill in, audit_run(), read, audit_free() --------- */

struct audit *audit_new(const struct audit_host *host, uint64_t chain_id);
struct audit *audit_free(struct audit *a);
/* NULL: there are as many as there may be. */
struct audit_node *audit_node_add(struct audit *a, const char *name);
/* One node for each service of the compose file that runs Besu. */
c138_status audit_nodes_of_compose(struct audit *a, const char *path, struct c138_err *err);
void audit_run(struct audit *a);
/* How many of each severity; returns the highest, -1 without a finding. */
int audit_count(const struct audit *a, size_t ret_counts[AUDIT_SEVERITIES]);
/* "25.5.0", "besu/v26.8.0/linux..."; 0: none. */
int audit_version_read(const char *text);
void audit_version_write(int version, char *ret_text, size_t size);

/* audit_report.c; the caller unrefs or frees. */
struct c138_json *audit_report(const struct audit *a);
struct c138_json *audit_sarif(const struct audit *a, const char *agent_version);
void audit_rules_markdown(struct c138_buf *out);

/* --- For rules ------------------------------------------------------------------------------- */

void audit_find(struct audit *a, const struct audit_rule *r, const char *file, unsigned line,
                const char *found, ...) __attribute__((format(printf, 5, 6)));
void audit_find_as(struct audit *a, const struct audit_rule *r, enum audit_severity severity,
                   const char *file, unsigned line, const char *found, ...)
    __attribute__((format(printf, 6, 7)));
void audit_skip(struct audit *a, const struct audit_rule *r, const char *reason, ...)
    __attribute__((format(printf, 3, 4)));

/* audit_node.c */
void audit_node_load(struct audit_node *n);
void audit_node_deinit(struct audit_node *n);
const struct audit_option *audit_opt(const struct audit_node *n, const char *name);
/* "" for one that is empty. */
const char *audit_opt_text(const struct audit_node *n, const char *name, const char *fallback);
int audit_opt_bool(const struct audit_node *n, const char *name, int fallback);
double audit_opt_number(const struct audit_node *n, const char *name, double fallback);
/* Is `value` in its list? Without regard to case. */
int audit_opt_has(const struct audit_node *n, const char *name, const char *value);
/* Where the option stands; where it is not set, the file that it belongs in, line 0. */
const char *audit_opt_file(const struct audit_node *n, const char *name, unsigned *ret_line);
void audit_find_opt(struct audit *a, const struct audit_rule *r, const char *option,
                    const char *found, ...) __attribute__((format(printf, 4, 5)));
/* A path that Besu uses as one of this host; the caller frees. NULL with *ret_why (the caller
 * frees): it cannot be known. */
char *audit_node_path(const struct audit_node *n, const char *path, int *ret_read_only,
                      char **ret_why);
const struct audit_doc *audit_doc_of(const struct audit_node *n, enum audit_kind kind);
const char *audit_kind_name(enum audit_kind kind);
int audit_is_loopback(const char *host);
/* Is a listener reachable from other hosts: its address, and what the compose file publishes.
 * *ret_line: of the compose file, 0. */
int audit_exposed(const struct audit_node *n, const char *host_option, const char *port_option,
                  unsigned port, unsigned *ret_line);
/* Reads a file by its kind into `f`, whose path is set. */
void audit_file_read(struct audit_file *f, enum audit_kind kind);

/* audit_compose.c */
/* Variables of every text: ${NAME}, ${NAME:-default}, $$; from `.env` beside the file. */
void audit_compose_expand(struct audit_doc *d, const char *folder);
/* The map of its services, NULL. */
const struct audit_doc *audit_compose_services(const struct audit_doc *compose);
const struct audit_doc *audit_compose_service(const struct audit_doc *compose, const char *name);
int audit_compose_is_besu(const struct audit_doc *service);
int audit_compose_is_tessera(const struct audit_doc *service);
/* The service that a URL's host names. */
const struct audit_doc *audit_compose_of_url(const struct audit_doc *compose, const char *url);
/* The path on this host of one inside the container; NULL as above. */
char *audit_compose_path(const struct audit_doc *service, const char *folder, const char *inside,
                         int *ret_read_only, char **ret_why);
/* Is it on a volume or a mount of the host? */
int audit_compose_kept(const struct audit_doc *service, const char *inside);
/* The entry of `ports` that publishes the port beyond loopback, NULL. */
const struct audit_doc *audit_compose_published(const struct audit_doc *service, unsigned port);
/* Does an entry of `ports` listen on every address of the host? */
int audit_compose_anywhere(const struct audit_doc *entry);
/* A variable of `environment`, NULL; *ret_line where it stands. */
const char *audit_compose_env(const struct audit_doc *service, const char *name,
                              unsigned *ret_line);
/* Words of `entrypoint` and `command`, with their lines. */
void audit_compose_words(const struct audit_doc *service,
                         void (*on_word)(void *user, const char *word, unsigned line), void *user);
#endif
