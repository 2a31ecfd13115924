/*
 * plugins/besu/poolclear.h: besu.txpool-clear, a guided plan where no call exists. poolclear.c
 * looks, and takes out of the way by replacement what this host's keys can; poolstop.c stops all nodes of
 * this host together, through the plugin stack, and lays their pool files aside.
 */
#ifndef BESU_POOLCLEAR_H
#define BESU_POOLCLEAR_H
#include "besu.h"
#include "pool.h"

#define BESU_REMEDY_NS (120 * C138_NS_PER_S) /* for one replacement to be mined */

struct besu_sender_row {
    struct besu_sender s;
    const char *key; /* of this host; NULL: not ours */
    uint32_t stuck;
};

struct besu_clearing {
    struct besu_pool pool;
    struct besu_sender_row *senders;
    size_t n_senders;
    struct c138_u256 floor;
    int halted;
    struct c138_json *nodes;   /* rows: what each node told */
    struct c138_json *pending; /* of chain.pending; NULL: not known */
    struct c138_json *calls, *remains, *done;
};

void besu_clearing_deinit(struct besu_clearing *c);
void besu_clearing_note(struct c138_json *texts, char *text /* taken */);
/* What waits on all nodes, and why. The lock is held. */
c138_status besu_clearing_look(struct besu *b, c138_call *call, struct besu_clearing *c);
/* These without the lock. Whose accounts are here: */
void besu_clearing_owners(struct besu *b, c138_call *call, struct besu_clearing *c);
/* What can be done by replacement, and what not. */
void besu_clearing_remedies(struct besu_clearing *c, int all);
/* The calls of the approved plan (the caller frees *ret_plan), or those found now. */
const struct c138_json *besu_clearing_calls(c138_call *call, const struct besu_clearing *c,
                                            struct c138_json **ret_plan);
/* Makes one of them, and adds a row on it. 1: it went through. */
int besu_clearing_call(struct besu *b, c138_call *call, const struct c138_json *wanted,
                       int64_t timeout_ns, struct c138_json *rows);
uint32_t besu_clearing_stuck(const struct besu_clearing *c);
/* The lock is held. */
void besu_clearing_write(struct besu *b, c138_call *call, const struct besu_clearing *c,
                         const char *text);

/* poolstop.c, without the lock. */
c138_status besu_pool_stop(struct besu *b, c138_call *call, struct besu_clearing *c);

c138_status besu_txpool_clear_run(void *self, c138_call *call);
extern const c138_action besu_txpool_clear_action; /* tables.c */
#endif
