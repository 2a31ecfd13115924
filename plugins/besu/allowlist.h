/*
 * plugins/besu/allowlist.h: lists of who may send (accounts) and who may connect (nodes), as Besu's
 * local permissioning has them (classes AccountLocalConfigPermissioningController and
 * NodeLocalConfigPermissioningController, 25.5.0): from JSON-RPC, from its permissions file, and
 * what differs between nodes. Pure; any thread.
 *
 * Entries are kept in one form, so that they compare as text: an account in lower case; an enode
 * with its key in lower case and without its query, as Besu ignores the discovery port too.
 */
#ifndef BESU_ALLOWLIST_H
#define BESU_ALLOWLIST_H
#include <base/json.h>

#define BESU_LIST_MAX 4096 /* entries */

enum besu_list_kind { BESU_LIST_ACCOUNTS, BESU_LIST_NODES, BESU_LISTS };
const char *besu_list_name(enum besu_list_kind kind); /* "accounts", "nodes" */

/* Sorted, each once. {0} is empty. */
struct besu_list {
    char **items;
    size_t count;
};
void besu_list_deinit(struct besu_list *list);
int besu_list_has(const struct besu_list *list, const char *item);
int besu_list_equal(const struct besu_list *a, const struct besu_list *b);

/* The kept form of an account or enode; the caller frees. C138_E_INVALID: it is none. */
c138_status besu_list_item(enum besu_list_kind kind, const char *text, char **ret_item);
/* The 128 digits of an enode's key; "" if it is no enode. */
const char *besu_enode_id(const char *enode, char ret_id[129]);

/* These three give a list that the caller frees. C138_E_INVALID, or C138_E_LIMIT over
 * BESU_LIST_MAX. From an array of texts: */
c138_status besu_list_from_json(enum besu_list_kind kind, const struct c138_json *array,
                                struct besu_list *ret_list, struct c138_err *err);
/* From a permissions file: TOML, of which Besu writes `nodes-allowlist=["...","..."]` and
 * `accounts-allowlist=[...]`, and people lay them over several lines with comments.
 * C138_E_NOTFOUND: it has no such list. */
c138_status besu_list_from_toml(enum besu_list_kind kind, const char *text, size_t length,
                                struct besu_list *ret_list, struct c138_err *err);
/* From static-nodes.json: an array of enodes. */
c138_status besu_list_from_static(const char *text, size_t length, struct besu_list *ret_list,
                                  struct c138_err *err);

/* Everything that is on any of the lists. */
void besu_list_union(const struct besu_list *const *lists, size_t count,
                     struct besu_list *ret_union);
#endif
