/*
 * plugins/besu/permtask.h: one change of who may send or connect, from what is asked to what came
 * of it. permplan.c finds out what is to be done and says it; permission.c does it.
 */
#ifndef BESU_PERMTASK_H
#define BESU_PERMTASK_H
#include "permission.h"

enum besu_step_does {
    BESU_STEP_NOTHING, /* it is so already, or the node has no such list */
    BESU_STEP_CHANGE,
    BESU_STEP_REMAINS, /* it cannot be asked: somebody must do it there */
};
struct besu_step {
    char node[64];
    enum besu_step_does does;
    int done;
    const char *persisted; /* "file": its file was read; "said": Besu says so; NULL: not changed */
    char text[400];
};

struct besu_task {
    enum besu_list_kind kind;
    int allow;
    char *item;
    int local, on_contract; /* where it is to be changed */
    struct besu_step steps[BESU_NODES_MAX];
    uint32_t n_steps;
    struct besu_contract contract;
    int send;          /* the contract needs a transaction */
    char *send_params; /* of chain.send */
    char *send_plan;   /* its dry run; NULL: not asked */
    char contract_text[400];
    int sent;
    struct c138_json *warnings, *remains; /* texts */
};

/* permplan.c. The lock is held, but for the last two. */
c138_status besu_task_init(struct besu_task *t, enum besu_list_kind kind, int allow,
                           c138_call *call);
void besu_task_deinit(struct besu_task *t);
/* Asks every node and the contract, and refuses what cannot be done everywhere. */
c138_status besu_task_find(struct besu *b, c138_call *call, struct besu_task *t,
                           const struct besu_owned *owned);
/* Is it still what the approved plan says? */
c138_status besu_task_follow(c138_call *call, const struct besu_task *t);
void besu_task_write(c138_call *call, const struct besu_task *t, const char *text);
uint32_t besu_task_changes(const struct besu_task *t); /* nodes that are to be changed */
#endif
