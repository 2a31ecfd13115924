/* plugins/besu/tables.h: fields that several actions share. For the files that declare actions. */
#ifndef BESU_TABLES_H
#define BESU_TABLES_H
#include <chain138/plugin.h>

#define NODE_PARAM                                                                                 \
    C138_FIELD(.name = "node", .type = C138_T_STRING, .complete = "besu.nodes#name",               \
               .summary = "Name of a watched node")
#define NODE C138_FIELD(.name = "node", .type = C138_T_STRING, .summary = "Name of the node")
#define STATE                                                                                      \
    C138_FIELD(.name = "state", .type = C138_T_ENUM,                                               \
               .choices = C138_TEXTS("unknown", "ok", "starting", "syncing", "lagging", "stalled", \
                                     "other-chain", "refused", "unreachable"),                     \
               .summary = "What it is doing")
#define TEXT                                                                                       \
    C138_FIELD(.name = "text", .type = C138_T_STRING, .summary = "What a person needs to know")
#define STR(n, s) C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s)
#define UINT(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .summary = s)
#define INT(n, s) C138_FIELD(.name = n, .type = C138_T_INT, .summary = s)
#define BLOCKS(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .unit = "blocks", .summary = s)
#define SECONDS(n, s) C138_FIELD(.name = n, .type = C138_T_DECIMAL, .unit = "s", .summary = s)
#define YES(n, s) C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s)
#define ADDRESS(n, s) C138_FIELD(.name = n, .type = C138_T_ADDRESS, .summary = s)
#define HASH(n, s) C138_FIELD(.name = n, .type = C138_T_HASH32, .summary = s)
#define TIME(n, s) C138_FIELD(.name = n, .type = C138_T_TIME, .summary = s)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define OBJECT(n, s, ...)                                                                          \
    C138_FIELD(.name = n, .type = C138_T_OBJECT, .summary = s, .fields = C138_FIELDS(__VA_ARGS__))
#endif
