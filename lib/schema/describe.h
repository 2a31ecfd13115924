/*
 * schema/describe.h: a plugin's tables as the JSON document of schema/decl.h. Runs in the process
 * that loaded the plugin.
 *
 * Sizes and pointers in the tables are not trusted: every struct's size must reach at least its
 * last member of contract 1.0 and at most 4096 bytes, every pointer must lie in the mapped segments
 * of the plugin's own file (`inside`), every list is bounded (256 fields, 256 actions, 64 choices,
 * depth 4), every string is bounded (16 KiB) and UTF-8. C138_E_INVALID says which table, which
 * index, which member.
 */
#ifndef C138_SCHEMA_DESCRIBE_H
#define C138_SCHEMA_DESCRIBE_H
#include <base/json.h>
#include <chain138/plugin.h>

/* note_flags of tables that are no plugin: the agent's own actions and settings, without callbacks.
 */
#define DESCRIBE_TABLES_ONLY UINT32_MAX

struct describe_range {
    uintptr_t begin, end;
};

/* `ranges`: mapped segments of the plugin, `n_ranges` of them; n_ranges 0 trusts every pointer
 * (tests with tables in the program). */
c138_status describe_plugin(const c138_plugin *plugin, uint32_t note_flags,
                            const struct describe_range *ranges, size_t n_ranges,
                            struct c138_json **ret_document, struct c138_err *err);
#endif
