/*
 * plugins/besu/permission.h: who may send and who may connect: the local lists of every watched
 * node, and the permission contracts.
 *
 * A change is made on every node or on none. Every node is asked first; one that cannot be changed
 * stops everything before the first write. What is to be done is on disk before that write, so that
 * a change that was cut off is undone at the next start. A write that fails is followed by undoing
 * what was done. In the end each node is asked for its list again, and its permissions file is read
 * where the config names it: Besu says "Success" only after it wrote the file.
 */
#ifndef BESU_PERMISSION_H
#define BESU_PERMISSION_H
#include "besu.h"
#include "contract.h"

/* permission.c: the actions. */
c138_status besu_account_allow_run(void *self, c138_call *call);
c138_status besu_account_deny_run(void *self, c138_call *call);
c138_status besu_node_allow_run(void *self, c138_call *call);
c138_status besu_node_deny_run(void *self, c138_call *call);

/* permreads.c */
c138_status besu_permissions_run(void *self, c138_call *call);
c138_status besu_accounts_run(void *self, c138_call *call);
struct besu_owned {         /* accounts whose keys this host holds */
    struct c138_json *keys; /* rows of keys.list; NULL: not known */
};
/* The lock is not held: another plugin is asked. */
void besu_owned_ask(struct besu *b, c138_call *call, struct besu_owned *ret_owned);
void besu_owned_deinit(struct besu_owned *o);
const char *besu_owned_name(const struct besu_owned *o, const char *account); /* NULL: not ours */

/* permwatch.c, with the lock held: asks node i for its lists where that is due, reports what
 * differs between nodes, and undoes a change that was cut off. */
void besu_permissions_tend(struct besu *b, uint32_t i);
/* Entries that are not on every node that has such a list. The caller frees. */
uint32_t besu_drift(const struct besu *b, enum besu_list_kind kind, struct besu_list *ret_entries);

/* change.c, with the lock held. */
c138_status besu_change_begin(struct besu *b, const struct besu_change *change,
                              struct c138_err *err);
void besu_change_end(struct besu *b);
void besu_change_deinit(struct besu_change *c);
void besu_change_load(struct besu *b); /* from the store, at the start */
/* Adds (1) or removes (0) the item on the node; C138_OK also where it was so already. */
c138_status besu_change_node(struct besu_node *n, enum besu_list_kind kind, int add,
                             const char *item, struct c138_err *err);
/* What the list shows of the item now: 1, 0; -1: the node does not tell. */
int besu_change_look(struct besu_node *n, enum besu_list_kind kind, const char *item);
/* Does the node's permissions file agree? 1; 0: no (err); -1: none is named, or it cannot be read
 * (err). */
int besu_change_on_disk(const struct besu_node *n, enum besu_list_kind kind, int add,
                        const char *item, struct c138_err *err);

extern const c138_action besu_account_allow_action, besu_account_deny_action,
    besu_node_allow_action, besu_node_deny_action, besu_permissions_action,
    besu_accounts_action; /* tables.c */
#endif
