/*
 * plugins/besu/audit_action.h: besu.audit as the plugin's tables name it, and the settings that say
 * where a node's files are.
 */
#ifndef BESU_AUDIT_ACTION_H
#define BESU_AUDIT_ACTION_H
#include <chain138/plugin.h>

struct besu;

extern const c138_action besu_audit_action;

#define BESU_AUDIT_PATH(n, s) C138_FIELD(.name = n, .type = C138_T_PATH, .summary = s)
#define BESU_AUDIT_PATHS                                                                           \
    BESU_AUDIT_PATH("config_file", "Its config.toml, for besu.audit"),                             \
        BESU_AUDIT_PATH("genesis_file", "Its genesis, where it is not where the options say"),     \
        BESU_AUDIT_PATH("static_nodes_file", "Its static-nodes.json: such a node stays on its list"),  \
        BESU_AUDIT_PATH("permissions_nodes_file",                                                  \
                        "The file with its nodes-allowlist, to see what is on disk"),              \
        BESU_AUDIT_PATH("permissions_accounts_file",                                               \
                        "The file with its accounts-allowlist; may be the same"),                  \
        BESU_AUDIT_PATH("compose_file", "The compose file that runs it"),                          \
        BESU_AUDIT_PATH("tessera_config", "The configuration of its Tessera")
/* Members of a node of `nodes`. */
#define BESU_AUDIT_NODE_FIELDS                                                                     \
    BESU_AUDIT_PATHS,                                                                              \
        C138_FIELD(.name = "compose_service", .type = C138_T_STRING, .max_text = "128",            \
                   .summary = "Its service there; without it one of its name, or the "             \
                              "only one that runs Besu"),                                          \
        C138_FIELD(.name = "besu_version", .type = C138_T_STRING, .max_text = "64",                \
                   .summary =                                                                      \
                       "Version that rules are chosen for; without it what the node answers, "     \
                       "or its image")
/* Settings of the plugin. */
#define BESU_AUDIT_FIELDS                                                                          \
    C138_FIELD(.name = "audit_folders", .type = C138_T_LIST, .max_text = "64",                     \
               .summary = "Folders that besu.audit may read: what the options of a node lead to",  \
               .fields = C138_FIELDS(                                                              \
                   C138_FIELD(.name = "folder", .type = C138_T_PATH, .summary = "One folder"))),   \
        C138_FIELD(.name = "audit_chain_id", .type = C138_T_UINT, .default_text = "138",           \
                   .min_text = "1", .summary = "The chain id that a genesis must have")

void besu_audit_prepare(struct besu *b, c138_call *settings);
void besu_audit_commit(struct besu *b, uint32_t apply);
void besu_audit_forget(struct besu *b);
#endif
