/*
 * plugins/stack/rolling.h: one service after the other, each back before the next is touched.
 *
 * For every service: ask whether it may be away (quorum.h), write in the journal that it is touched,
 * touch it, wait until it is back, write that down. Back is: the engine says running, its own health
 * check agrees, what the config knows of it answers, its node is in sync, and a validator proposed a
 * block after it came back. A "running" container, a "ready" node and a peer count say none of that.
 *
 * The journal STATE/rolling.log is a line of JSON for each of those steps, on disk before the step.
 * A job that was killed is run again by the agent under its own id: what was back is not touched
 * again, what was touched is looked at first.
 */
#ifndef STACK_ROLLING_H
#define STACK_ROLLING_H
#include "stack.h"

struct roll;
/* Changes one service. It may be called again for one that was touched before a crash. */
typedef c138_status (*touch_fn)(struct roll *r, const char *service, struct c138_err *err);

struct roll {
    struct stack *s;
    c138_call *call;
    struct driver *d;
    const char *kind; /* "restart", "upgrade", "undo": steps of one kind are apart in the journal */
    touch_fn touch;
    void *user;
    size_t done, total;  /* for the progress */
    int nobody_proposes; /* all are touched at once: to be in sync is enough until all are back */
};

c138_status rolling_open(struct stack *s, struct c138_err *err);
void rolling_close(struct stack *s);
enum step { STEP_NONE, STEP_TOUCHED, STEP_BACK };
enum step rolling_step(struct stack *s, const char *job, const char *kind, const char *service);
c138_status rolling_note(struct stack *s, const char *job, const char *kind, const char *service,
                         enum step step, struct c138_err *err);

/* Validators last, the rest as given: who asks a validator for blocks is served all the time. */
void roll_order(const struct stack *s, char **names);
/* Whether the first validator among them could be touched now: before anything else is. A job that
 * has touched one already is not asked again. */
c138_status roll_may_begin(struct roll *r, char **names, struct c138_err *err);
/* One: C138_E_CONFLICT "stack.quorum", C138_E_TIMEOUT "stack.not-back", or what the touch said. */
c138_status roll_one(struct roll *r, const char *service, struct c138_err *err);
/* All, in their order; *ret_failed (may be NULL) gets the name of the one that failed. Borrowed. */
c138_status roll_all(struct roll *r, char **names, const char **ret_failed, struct c138_err *err);
/* Waits until it is back. */
c138_status roll_wait(struct roll *r, const char *service, struct c138_err *err);

/* pins.c: what services are pinned to. Written before the engine hears of it. */
c138_status pins_load(struct stack *s, struct c138_err *err);
/* image NULL: takes the pin away. env is taken. */
c138_status pins_set(struct stack *s, const char *service, const char *image, struct c138_json *env,
                     struct c138_err *err);
const struct pin *pins_find(const struct stack *s, const char *service);
void pins_free(struct stack *s);
#endif
