/*
 * A validator: the new one is voted in, seen to propose, and only then the old one voted out. That a
 * node took a vote proves nothing: the set of validators is looked at, and who proposes.
 */
#include "rotate.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* besu.vote waits no longer; its votes stay, and the set is watched here for as long as the call says. */
#define VOTE_WAIT_MAX_NS (600 * C138_NS_PER_S)

struct set {
    uint64_t count, missing, block;
    int has_from, has_into, from_takes_part, into_proposes;
};

/* Blocks that the new one made before all this, as a validator of other days, prove nothing. */
static c138_status look(struct rotate *r, struct set *ret, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    c138_status status = keys_ask(r->keys, r->call, "besu.validators", NULL, &result, err);
    if (status < 0)
        return status;
    *ret = (struct set){.count = c138_json_get_uint(result, "validators", 0),
                        .missing = c138_json_get_uint(result, "missing", 0),
                        .block = c138_json_get_uint(result, "block", 0)};
    const struct c138_json *members = c138_json_get(result, "members");
    for (size_t i = 0; i < c138_json_count(members); i++) {
        const struct c138_json *m = c138_json_at(members, i);
        const char *address = c138_json_get_str(m, "address", "");
        const char *state = c138_json_get_str(m, "state", "");
        if (!strcasecmp(address, r->from_address)) {
            ret->has_from = 1;
            ret->from_takes_part = strcmp(state, "missing") != 0;
        }
        if (!strcasecmp(address, r->into_address)) {
            ret->has_into = 1;
            ret->into_proposes =
                c138_json_get_uint(m, "last_block", 0) > r->block && !strcmp(state, "ok");
        }
    }
    return ret->count ? C138_OK
                      : c138_error(err, C138_E_UNAVAILABLE, "keys.validators",
                                   "besu.validators names no validators: is a node reachable, and "
                                   "its consensus known?");
}

static uint64_t quorum(uint64_t validators) {
    return (2 * validators + 2) / 3; /* ceil(2N/3) */
}

/* With the new one in the set and not there yet, blocks must go on. */
static c138_status may_add(const struct rotate *r, const struct set *s, struct c138_err *err) {
    uint64_t live = s->count - s->missing;
    return live >= quorum(s->count + 1)
               ? C138_OK
               : c138_error(
                     err, C138_E_CONFLICT, "keys.quorum",
                     "with %s there are %u validators, of which %u must take part, and %u do: "
                     "if it does not start, the chain stands; bring the missing ones back "
                     "first",
                     r->into, (unsigned)s->count + 1, (unsigned)quorum(s->count + 1),
                     (unsigned)live);
}

static c138_status may_remove(const struct rotate *r, const struct set *s, struct c138_err *err) {
    uint64_t live = s->count - s->missing - (s->from_takes_part ? 1 : 0);
    return live >= quorum(s->count - 1)
               ? C138_OK
               : c138_error(
                     err, C138_E_CONFLICT, "keys.quorum",
                     "without %s there are %u validators, of which %u must take part, and %u "
                     "do: the chain would stand; bring the missing ones back first",
                     r->from, (unsigned)s->count - 1, (unsigned)quorum(s->count - 1),
                     (unsigned)live);
}

/* --- The plan -------------------------------------------------------------------------------- */

static struct c138_json *vote(const struct rotate *r, const char *address, const char *what) {
    struct c138_json *params = c138_json_new_object();
    char wait[C138_DURATION_TEXT];
    c138_duration_format(r->wait_ns < VOTE_WAIT_MAX_NS ? r->wait_ns : VOTE_WAIT_MAX_NS, wait);
    c138_json_set_str(params, "validator", address);
    c138_json_set_str(params, "vote", what);
    if (strcmp(what, "discard") != 0)
        c138_json_set_str(params, "wait", wait);
    if (!strcmp(what, "add") && c138_int(r->call, "unseen"))
        c138_json_set_bool(params, "unseen", 1);
    return params;
}

/* Where both are validators, a rotation was cut off, or the set is about to become smaller: only a
 * person knows which, so the plan says it. */
static char *how_it_ends(const struct rotate *r, const struct set *s) {
    if (!s->has_from || !s->has_into)
        return c138_xasprintf("%s (%s) is voted out", r->from, r->from_address);
    return c138_xasprintf(
        "%s (%s) is voted out: both are validators now, so the %u become %u, of which %u must take "
        "part",
        r->from, r->from_address, (unsigned)s->count, (unsigned)s->count - 1,
        (unsigned)quorum(s->count - 1));
}

static void add_steps(const struct rotate *r, const struct set *s, struct c138_json *first_plan,
                      struct c138_json *steps) {
    C138_FREE char *in = c138_xasprintf("%s (%s) is %s", r->into, r->into_address,
                                        s->has_into ? "a validator already" : "voted in");
    C138_FREE char *see = c138_xasprintf("%s is seen to propose blocks", r->into);
    C138_FREE char *out = how_it_ends(r, s);
    rotate_add(steps, "vote-in", in, "besu.vote", vote(r, r->into_address, "add"), first_plan);
    rotate_add(steps, "see-it-propose", see, NULL, NULL, NULL);
    rotate_add(steps, "vote-out", out, "besu.vote", vote(r, r->from_address, "remove"), NULL);
    rotate_add(steps, "clear-in",
               "the vote for the new one is discarded, as nodes repeat it for ever", "besu.vote",
               vote(r, r->into_address, "discard"), NULL);
    rotate_add(steps, "clear-out", "the vote against the old one is discarded", "besu.vote",
               vote(r, r->from_address, "discard"), NULL);
}

static c138_status plan(struct rotate *r, struct c138_json *steps, struct c138_err *err) {
    struct set s;
    struct c138_json *first = NULL;
    c138_status status = rotate_address(r, r->from, r->from_address, err);
    if (status >= 0)
        status = rotate_address(r, r->into, r->into_address, err);
    if (status >= 0)
        status = look(r, &s, err);
    if (status >= 0)
        r->block = s.block;
    if (status >= 0 && !s.has_from && !s.has_into)
        return c138_error(err, C138_E_CONFLICT, "keys.rotation",
                          "neither %s nor %s is a validator: there is nothing to rotate", r->from,
                          r->into);
    if (status >= 0 && !s.has_into) {
        C138_JSON struct c138_json *params = vote(r, r->into_address, "add");
        status = may_add(r, &s, err);
        if (status >= 0)
            status = keys_ask_plan(r->keys, r->call, "besu.vote", params, &first, err);
    }
    if (status >= 0)
        add_steps(r, &s, first, steps);
    return status;
}

/* --- The steps ------------------------------------------------------------------------------- */

static c138_status is_in(struct rotate *r, int *ret, struct c138_err *err) {
    struct set s;
    c138_status status = look(r, &s, err);
    *ret = status >= 0 && s.has_into;
    return status;
}

static c138_status is_out(struct rotate *r, int *ret, struct c138_err *err) {
    struct set s;
    c138_status status = look(r, &s, err);
    *ret = status >= 0 && !s.has_from;
    return status;
}

static c138_status proposes(struct rotate *r, int *ret, struct c138_err *err) {
    struct set s;
    c138_status status = look(r, &s, err);
    *ret = status >= 0 && s.has_into && s.into_proposes;
    return status;
}

static c138_status see_it_propose(struct rotate *r, struct c138_err *err) {
    return rotate_until(r,
                        "the new validator proposes blocks: is its node up, and its key the new "
                        "one?",
                        proposes, err);
}

/* What a run that was killed voted for may take effect just now: then this vote is refused. Or a round
 * was lost, and for that while no block is made: it is tried again. */
static c138_status cast(struct rotate *r, const struct c138_json *step, const char *what,
                        c138_status (*is_so)(struct rotate *r, int *ret, struct c138_err *err),
                        struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    struct c138_err unseen = {0};
    int so = 0;
    c138_status status = rotate_call(r, step, &result, err);
    if (status == C138_E_CONFLICT && is_so(r, &so, &unseen) >= 0 && so)
        return C138_OK;
    if (status == C138_E_CONFLICT && !strcmp(err->key, "vote.halted"))
        return C138_E_UNAVAILABLE;
    return status < 0 ? status : rotate_until(r, what, is_so, err);
}

static c138_status vote_in(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    struct set s;
    c138_status status = look(r, &s, err);
    if (status < 0 || s.has_into)
        return status;
    status = may_add(r, &s, err);
    return status < 0 ? status : cast(r, step, "the new validator is in the set", is_in, err);
}

/* The new one is waited for here, too: it may have missed a turn since, and a plugin that was just
 * started has seen no block of it yet. */
static c138_status vote_out(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    struct set s;
    c138_status status = look(r, &s, err);
    if (status < 0 || !s.has_from)
        return status;
    status = see_it_propose(r, err);
    if (status >= 0)
        status = look(r, &s, err);
    if (status >= 0)
        status = may_remove(r, &s, err);
    return status < 0 ? status : cast(r, step, "the old validator is out of the set", is_out, err);
}

/* A vote that is not there need not be discarded. */
static c138_status clear(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    c138_status status = rotate_call(r, step, &result, err);
    return status == C138_E_NOTFOUND || status == C138_E_CONFLICT ? C138_OK : status;
}

static c138_status do_step(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    const char *name = c138_json_get_str(step, "name", "");
    if (!strcmp(name, "vote-in"))
        return vote_in(r, step, err);
    if (!strcmp(name, "see-it-propose"))
        return see_it_propose(r, err);
    return !strcmp(name, "vote-out") ? vote_out(r, step, err) : clear(r, step, err);
}

const struct rotate_kind rotate_validator = {.name = "validator", .plan = plan, .step = do_step};
