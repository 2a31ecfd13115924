/*
 * keys.rotate: from one key to another, in steps each of which can be done twice.
 *
 * A kind of rotation makes its plan from what the world says now: steps with a name, a sentence, and
 * the call that they make. The same calls stand in the plan's "calls", so that whoever approves the
 * plan approves them. The run does what the plan says, step by step, but asks the world before and
 * after each: what is so already is passed over, what did not come about stops the run. So a run that
 * was killed is run again from its beginning, and finds its place by itself.
 *
 * These functions run beside the actor: they use `keys->host` alone.
 */
#ifndef KEYS_ROTATE_H
#define KEYS_ROTATE_H
#include "rotation.h"

struct rotate {
    const struct keys *keys;
    c138_call *call;
    struct rotation_of of;
    int back;
    const char *from, *into; /* of and back together: the key that goes, the one that comes */
    char from_address[44], into_address[44]; /* EIP-55; of accounts and validators */
    char id[32];                             /* of the rotation */
    uint64_t block; /* the head of the plan, where the kind looked at it: only later blocks prove */
    int64_t wait_ns;                         /* for the network */
};

/* One kind of rotation. */
struct rotate_kind {
    const char *name;
    /* Checks what can be checked, and adds the steps to `steps`. */
    c138_status (*plan)(struct rotate *r, struct c138_json *steps, struct c138_err *err);
    /* Does one step of the plan; nothing where it is done. */
    c138_status (*step)(struct rotate *r, const struct c138_json *step, struct c138_err *err);
};
extern const struct rotate_kind rotate_role, rotate_validator, rotate_tessera;

/* A step; `params` (taken over; NULL: it makes no call). `plan` (taken over) is the called action's. */
void rotate_add(struct c138_json *steps, const char *name, const char *does, const char *action,
                struct c138_json *params, struct c138_json *plan);
/* Makes the call of a step. */
c138_status rotate_call(struct rotate *r, const struct c138_json *step, struct c138_json **ret,
                        struct c138_err *err);
/* The address of a key of this host, or of what is an address itself. */
c138_status rotate_address(struct rotate *r, const char *name, char ret_address[44],
                           struct c138_err *err);
/* Waits until `is_so` says 1, or an error; C138_E_TIMEOUT after r->wait_ns. */
c138_status rotate_until(struct rotate *r, const char *what,
                         c138_status (*is_so)(struct rotate *r, int *ret, struct c138_err *err),
                         struct c138_err *err);
#endif
