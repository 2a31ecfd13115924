/* besu.vote and besu.votes. */
#include "votes.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FRESH_NS (500 * C138_NS_PER_MS)
#define LOOK_EVERY_NS (250 * C138_NS_PER_MS)

/* --- What is asked for ----------------------------------------------------------------------- */

struct ask {
    struct besu_address validator;
    char address[BESU_ADDRESS_TEXT];
    int add, discard;
    struct besu_quorum_state before, after;
    uint32_t needed, voters;
    enum besu_seen seen;
    uint64_t behind;
};

static c138_status refuse(c138_call *call, c138_status status, const char *key, const char *why,
                          const struct ask *a) {
    char before[320], after[320];
    besu_quorum_text(&a->before, before, sizeof(before));
    besu_quorum_text(&a->after, after, sizeof(after));
    C138_FREE char *text = c138_xasprintf("besu: no vote on %s was cast: %s. Now: %s. Then: %s",
                                          a->address, why, before, after);
    return c138_fail(call, status, key, text);
}

/* The network must be known, and make blocks: a vote counts in blocks only. */
static c138_status check_network(struct besu *b, c138_call *call) {
    if (!b->net.has_head)
        return c138_fail(call, C138_E_UNAVAILABLE, "node.unreachable",
                         "besu: no watched node answers, so nothing is known of the validators: "
                         "see besu.status");
    if (b->net.validators == 0)
        return c138_fail(call, C138_E_UNSUPPORTED, "vote.none",
                         "besu: this chain shows no validators (a development chain, or an API is "
                         "missing: see besu.validators)");
    if (besu_network_stands(b))
        return c138_fail(call, C138_E_CONFLICT, "vote.halted",
                         b->net.halted
                             ? "besu: the chain makes no blocks, and votes count in blocks only: "
                               "besu.consensus says what it waits for"
                             : "besu: the watched nodes are behind their peers, so who validates "
                               "now, and who is missing, is not known: bring them up to date "
                               "first, see besu.status");
    return C138_OK;
}

static c138_status check_add(struct besu *b, c138_call *call, const struct ask *a) {
    char why[200];
    if (besu_member_find(b, &a->validator))
        return refuse(call, C138_E_CONFLICT, "vote.needless", "it is a validator already", a);
    if (a->after.margin < 0)
        return refuse(call, C138_E_CONFLICT, "quorum.lost",
                      a->seen == BESU_SEEN_READY
                          ? "too few of the larger set would take part"
                          : "it is not seen connected and in sync, and without it too few of the "
                            "larger set would take part",
                      a);
    if (a->seen == BESU_SEEN_READY || c138_int(call, "unseen"))
        return C138_OK;
    if (a->seen == BESU_SEEN_BEHIND)
        snprintf(why, sizeof(why),
                 "it is %llu blocks behind: wait until it is in sync, or say --unseen",
                 (unsigned long long)a->behind);
    else
        snprintf(why, sizeof(why),
                 "%s: check the address and that the node runs, or say --unseen if you know "
                 "that it does",
                 a->seen == BESU_SEEN_NOT
                     ? "no watched node is connected to one with this account"
                     : "no watched node tells to whom it is connected (API ADMIN)");
    return refuse(call, C138_E_CONFLICT, "vote.unseen", why, a);
}

static c138_status check_remove(struct besu *b, c138_call *call, const struct ask *a) {
    if (!besu_member_find(b, &a->validator))
        return refuse(call, C138_E_CONFLICT, "vote.needless", "it is no validator", a);
    if (a->after.validators == 0)
        return refuse(call, C138_E_CONFLICT, "quorum.lost", "it is the only validator", a);
    if (a->after.margin < 0)
        return refuse(call, C138_E_CONFLICT, "quorum.lost",
                      "too few of the smaller set would take part: bring back those that are "
                      "missing first",
                      a);
    return C138_OK;
}

static c138_status prepare(struct besu *b, c138_call *call, struct ask *a) {
    const char *vote = c138_str(call, "vote");
    *a = (struct ask){.add = strcmp(vote, "add") == 0, .discard = strcmp(vote, "discard") == 0};
    if (besu_address_read(c138_str(call, "validator"), &a->validator) != C138_OK ||
        besu_address_is_zero(&a->validator))
        return c138_fail(call, C138_E_INVALID, "vote.address",
                         "besu: 0x000...0 is no validator: give its address (besu.validators)");
    besu_address_write(&a->validator, a->address);
    c138_status status = check_network(b, call);
    if (status != C138_OK)
        return status;
    a->before = besu_network_quorum(b);
    a->after = a->discard ? a->before : besu_vote_after(b, &a->validator, a->add);
    a->seen = besu_seen(b, &a->validator, &a->behind);
    a->needed = besu_votes_needed(b->net.validators);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        a->voters += (uint32_t)besu_is_voter(b, i, NULL);
    if (a->discard)
        return C138_OK;
    status = a->add ? check_add(b, call, a) : check_remove(b, call, a);
    if (status == C138_OK && a->voters == 0)
        status = refuse(call, C138_E_UNSUPPORTED, "vote.nobody",
                        "no watched node is a validator that can be asked to vote (besu.nodes; "
                        "the API of its consensus in rpc-http-api)",
                        a);
    return status;
}

/* Was the plan made of these validators? */
static c138_status follow(struct besu *b, c138_call *call) {
    C138_JSON struct c138_json *plan = NULL;
    struct c138_err err = {0};
    if (!call->plan_json)
        return C138_OK;
    if (c138_json_parse(call->plan_json, strlen(call->plan_json), &plan, &err) != C138_OK)
        return besu_fail(call, &err);
    const struct c138_json *set = c138_json_get(plan, "set");
    int same = c138_json_count(set) == b->net.validators;
    for (size_t i = 0; same && i < c138_json_count(set); i++) {
        struct besu_address address;
        same = besu_address_read(c138_json_as_str(c138_json_at(set, i), ""), &address) == C138_OK &&
               besu_member_find(b, &address);
    }
    return same ? C138_OK
                : c138_fail(call, C138_E_CONFLICT, "plan.changed",
                            "besu: no vote was cast: the validators are others than when this was "
                            "planned: plan it anew");
}

/* --- The answer ------------------------------------------------------------------------------ */

static void write_state(struct besu *b, c138_call *call, const char *key,
                        const struct besu_quorum_state *q, int with_missing) {
    char text[320];
    c138_open_object(call, key);
    c138_set_uint(call, "validators", q->validators);
    c138_set_uint(call, "faults", q->faults);
    c138_set_uint(call, "quorum", q->quorum);
    c138_set_uint(call, "present", q->present);
    c138_set_int(call, "margin", q->margin);
    c138_open_list(call, "missing");
    for (uint32_t i = 0; with_missing && i < b->net.validators; i++) {
        char name[160];
        if (!b->net.members[i].missing)
            continue;
        besu_member_name(b, &b->net.members[i], name, sizeof(name));
        c138_set_str(call, NULL, name);
    }
    c138_close(call);
    besu_quorum_text(q, text, sizeof(text));
    c138_set_str(call, "text", text);
    c138_close(call);
}

static void write_set(struct besu *b, c138_call *call) {
    c138_open_list(call, "set");
    for (uint32_t i = 0; i < b->net.validators; i++)
        besu_set_address(call, NULL, &b->net.members[i].address);
    c138_close(call);
}

/* Validators that no watched node is: somebody else must make them vote. */
static void write_others(struct besu *b, c138_call *call) {
    c138_open_list(call, "others");
    for (uint32_t i = 0; i < b->net.validators; i++)
        if (b->net.members[i].node < 0)
            besu_set_address(call, NULL, &b->net.members[i].address);
    c138_close(call);
}

static void write_cast(c138_call *call, const char *node, int ok, const char *text) {
    c138_open_object(call, NULL);
    c138_set_str(call, "node", node);
    c138_set_bool(call, "ok", (uint32_t)ok);
    c138_set_str(call, "text", text);
    c138_close(call);
}

static void write_head(struct besu *b, c138_call *call, const struct ask *a) {
    c138_set_str(call, "validator", a->address);
    c138_set_str(call, "vote", c138_str(call, "vote"));
    write_state(b, call, "before", &a->before, 1);
    write_state(b, call, "after", &a->after, 0);
    c138_set_uint(call, "needed", a->needed);
    c138_set_uint(call, "epoch_ends",
                  (b->net.head.number / besu_epoch_length(b) + 1) * besu_epoch_length(b));
    write_set(b, call);
    write_others(b, call);
}

static void write_now(struct besu *b, c138_call *call, int effective, const char *text) {
    struct besu_quorum_state now = besu_network_quorum(b);
    c138_set_bool(call, "effective", (uint32_t)effective);
    c138_set_uint(call, "validators", now.validators);
    c138_set_uint(call, "quorum", now.quorum);
    c138_set_int(call, "margin", now.margin);
    c138_set_str(call, "text", text);
}

/* --- Planning -------------------------------------------------------------------------------- */

static const char *fate(const struct ask *a, char *ret_text, size_t size) {
    if (a->discard)
        snprintf(ret_text, size, "takes the vote back from every watched node that holds it");
    else if (a->voters >= a->needed)
        snprintf(ret_text, size,
                 "%u validators vote here, %u are needed: it takes effect within "
                 "a few blocks%s",
                 a->voters, a->needed, a->after.faults == 0 ? "; after it none may fail" : "");
    else
        snprintf(ret_text, size,
                 "%u validator%s vote%s here, %u are needed: %u of the others must vote too "
                 "before the epoch ends",
                 a->voters, a->voters == 1 ? "" : "s", a->voters == 1 ? "s" : "", a->needed,
                 a->needed - a->voters);
    return ret_text;
}

static void plan(struct besu *b, c138_call *call, const struct ask *a) {
    char text[400];
    write_head(b, call, a);
    c138_open_list(call, "cast");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const char *why;
        int ok = besu_is_voter(b, i, &why);
        write_cast(call, b->nodes[i].node->config.name, ok, ok ? "will vote" : why);
    }
    c138_close(call);
    write_now(b, call, 0, fate(a, text, sizeof(text)));
}

/* --- Casting --------------------------------------------------------------------------------- */

/* One node after the other; returns how many hold the vote. */
static uint32_t cast(struct besu *b, c138_call *call, const struct ask *a) {
    uint32_t held = 0;
    c138_open_list(call, "cast");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        struct besu_node *n = b->nodes[i].node;
        struct c138_err err = {0};
        const char *why;
        if (!besu_is_voter(b, i, &why)) {
            write_cast(call, n->config.name, 0, why);
            continue;
        }
        int ok = besu_node_vote(n, &a->validator, a->add ? BESU_BALLOT_ADD : BESU_BALLOT_REMOVE,
                                &err) == C138_OK;
        held += (uint32_t)ok;
        write_cast(call, n->config.name, ok, ok ? "holds the vote" : err.text);
    }
    c138_close(call);
    return held;
}

static int is_effective(struct besu *b, const struct ask *a) {
    return (besu_member_find(b, &a->validator) != NULL) == a->add;
}

/* Lets the chain go on, without the lock, until it took effect or the time is over. */
static int await(struct besu *b, c138_call *call, const struct ask *a) {
    int64_t end = c138_now_monotonic_ns() + c138_int(call, "wait");
    while (!is_effective(b, a) && c138_now_monotonic_ns() < end && !c138_cancelled(call)) {
        struct timespec pause = {.tv_nsec = LOOK_EVERY_NS};
        besu_unlock(b);
        nanosleep(&pause, NULL);
        besu_lock(b);
        besu_look_all(b, call, FRESH_NS);
    }
    if (!is_effective(b, a))
        return 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) /* takes the votes back that are settled */
        besu_wishes_tend(b, i);
    return 1;
}

static c138_status run_cast(struct besu *b, c138_call *call, const struct ask *a) {
    struct besu_wish *wish = NULL;
    struct c138_err err = {0};
    char text[400];
    uint64_t epoch_ends;
    if (besu_wish_add(b, &a->validator, a->add, call->principal, &wish, &err) != C138_OK)
        return besu_fail(call, &err);
    epoch_ends = wish->epoch_ends; /* the wish may be gone after the wait */
    write_head(b, call, a);
    uint32_t held = cast(b, call, a);
    if (held == 0) {
        besu_wish_end(b, wish, BESU_WISH_DISCARDED);
        return c138_fail(call, C138_E_UNAVAILABLE, "vote.uncast",
                         "besu: no node took the vote; the nodes' own words are in the log of this "
                         "job, and in besu.votes");
    }
    c138_progress(call, 1001, "the votes are cast; waiting for blocks");
    int effective = await(b, call, a);
    if (effective)
        snprintf(text, sizeof(text), "took effect at block %llu; the votes were taken back",
                 (unsigned long long)b->net.head.number);
    else
        snprintf(text, sizeof(text),
                 "%u of %u votes needed are cast here, and stay until block %llu: besu.votes "
                 "shows them, besu.vote.effective tells when the set changes",
                 held, a->needed, (unsigned long long)epoch_ends);
    write_now(b, call, effective, text);
    return C138_OK;
}

static c138_status run_discard(struct besu *b, c138_call *call, const struct ask *a) {
    struct besu_wish *wish = besu_wish_find(b, &a->validator);
    uint32_t failed = 0;
    if (wish)
        besu_wish_end(b, wish, BESU_WISH_DISCARDED);
    write_head(b, call, a);
    c138_open_list(call, "cast");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        struct besu_node *n = b->nodes[i].node;
        struct c138_err err = {0};
        int ok = besu_node_vote(n, &a->validator, BESU_BALLOT_DISCARD, &err) == C138_OK;
        failed += (uint32_t)!ok;
        write_cast(call, n->config.name, ok, ok ? "holds no vote on it" : err.text);
    }
    c138_close(call);
    for (uint32_t i = 0; i < b->n_nodes; i++)
        besu_wishes_tend(b, i);
    write_now(b, call, 0,
              failed ? "not every node could be asked: one that still holds the vote casts it"
                     : "no watched node holds a vote on it");
    return C138_OK;
}

c138_status besu_vote_run(void *self, c138_call *call) {
    struct besu *b = self;
    struct ask a;
    besu_lock(b);
    besu_look_all(b, call, FRESH_NS);
    c138_status status = prepare(b, call, &a);
    if (status == C138_OK && !a.discard)
        status = follow(b, call);
    if (status == C138_OK && call->dry_run)
        plan(b, call, &a);
    else if (status == C138_OK)
        status = a.discard ? run_discard(b, call, &a) : run_cast(b, call, &a);
    besu_unlock(b);
    return status;
}

/* --- besu.votes ------------------------------------------------------------------------------ */

static void write_held(struct besu *b, c138_call *call, uint32_t i, const struct c138_json *votes) {
    for (struct c138_json_iter k = c138_json_iter(votes); c138_json_next(&k);) {
        struct besu_address address;
        if (besu_address_read(k.name, &address) != C138_OK)
            continue;
        int add = c138_json_as_bool(k.value, 0);
        int settled = (besu_member_find(b, &address) != NULL) == add;
        const struct besu_wish *w = besu_wish_find(b, &address);
        const char *why;
        int voter = besu_is_voter(b, i, &why);
        c138_open_object(call, NULL);
        c138_set_str(call, "node", b->nodes[i].node->config.name);
        besu_set_address(call, "validator", &address);
        c138_set_str(call, "vote", add ? "add" : "remove");
        c138_set_bool(call, "wanted", w && w->state == BESU_WISH_WANTED && w->add == add);
        c138_set_str(call, "text",
                     settled  ? "took effect already: discard it, or it counts again one day"
                     : !voter ? why
                              : "");
        c138_close(call);
    }
}

static void write_wish(struct besu *b, c138_call *call, const struct besu_wish *w, uint32_t held) {
    static const char *const names[] = {"wanted", "effective", "expired", "discarded"};
    char since[C138_TIME_TEXT];
    c138_time_format(w->since_ns, since);
    c138_open_object(call, NULL);
    besu_set_address(call, "validator", &w->validator);
    c138_set_str(call, "vote", w->add ? "add" : "remove");
    c138_set_str(call, "state", names[w->state]);
    c138_set_str(call, "since", since);
    c138_set_str(call, "who", w->who);
    c138_set_uint(call, "cast", held);
    c138_set_uint(call, "needed", besu_votes_needed(b->net.validators));
    c138_set_uint(call, "epoch_ends", w->epoch_ends);
    c138_set_str(call, "text",
                 w->state != BESU_WISH_WANTED ? "settled: the votes are being taken back"
                 : w->held ? "not cast again for now: too few validators would take part"
                           : "");
    c138_close(call);
}

c138_status besu_votes_run(void *self, c138_call *call) {
    struct besu *b = self;
    uint32_t held[BESU_WISHES_MAX] = {0};
    besu_lock(b);
    besu_look_all(b, call, FRESH_NS);
    c138_open_list(call, "votes");
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++) {
        C138_JSON struct c138_json *votes = NULL;
        struct c138_err err = {0};
        struct besu_node *n = b->nodes[i].node;
        if (n->status != C138_OK || besu_node_votes(n, &votes, &err) != C138_OK) {
            c138_open_object(call, NULL);
            c138_set_str(call, "node", n->config.name);
            c138_set_str(call, "text", n->status != C138_OK ? n->error.text : err.text);
            c138_close(call);
            continue;
        }
        write_held(b, call, i, votes);
        for (uint32_t k = 0; k < b->n_wishes; k++)
            held[k] += besu_vote_in(votes, &b->wishes[k].validator) == b->wishes[k].add &&
                       besu_is_voter(b, i, NULL);
    }
    c138_close(call);
    c138_open_list(call, "wanted");
    for (uint32_t k = 0; k < b->n_wishes; k++)
        write_wish(b, call, &b->wishes[k], held[k]);
    c138_close(call);
    besu_unlock(b);
    return C138_OK;
}
