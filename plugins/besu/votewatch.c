#include "votes.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "votes"
#define EPOCH_DEFAULT 30000 /* Besu's own, where no genesis says another */

/* --- On disk --------------------------------------------------------------------------------- */

static const char *const state_names[] = {"wanted", "effective", "expired", "discarded"};

static struct c138_json *wish_json(const struct besu_wish *w) {
    char address[BESU_ADDRESS_TEXT];
    struct c138_json *o = c138_json_new_object();
    besu_address_write(&w->validator, address);
    c138_json_set_str(o, "validator", address);
    c138_json_set_bool(o, "add", w->add);
    c138_json_set_str(o, "state", state_names[w->state]);
    c138_json_set_uint(o, "block", w->block);
    c138_json_set_uint(o, "epoch_ends", w->epoch_ends);
    c138_json_set_int(o, "since", w->since_ns);
    c138_json_set_str(o, "who", w->who);
    return o;
}

static c138_status save(struct besu *b) {
    C138_JSON struct c138_json *all = c138_json_new_array();
    if (!b->kv)
        return C138_E_UNSUPPORTED;
    for (uint32_t i = 0; i < b->n_wishes; i++)
        c138_json_append(all, wish_json(&b->wishes[i]));
    C138_FREE char *text = c138_json_dump(all);
    c138_status status = b->kv->put(b->host, KEY, text, strlen(text));
    if (status != C138_OK)
        b->host->log(b->host, C138_LOG_WARNING,
                     "besu: the votes that are wanted could not be stored: after a restart of the "
                     "agent they are not known");
    return status;
}

static void take_wish(struct besu *b, const struct c138_json *o) {
    struct besu_wish w = {.add = c138_json_get_bool(o, "add", 0),
                          .block = c138_json_get_uint(o, "block", 0),
                          .epoch_ends = c138_json_get_uint(o, "epoch_ends", 0),
                          .since_ns = c138_json_get_int(o, "since", 0)};
    const char *state = c138_json_get_str(o, "state", "");
    for (size_t i = 0; i < C138_COUNT(state_names); i++)
        if (strcmp(state, state_names[i]) == 0)
            w.state = (enum besu_wish_state)i;
    snprintf(w.who, sizeof(w.who), "%s", c138_json_get_str(o, "who", ""));
    if (b->n_wishes < BESU_WISHES_MAX &&
        besu_address_read(c138_json_get_str(o, "validator", ""), &w.validator) == C138_OK)
        b->wishes[b->n_wishes++] = w;
}

static void on_stored(void *user, const char *text, uint64_t length) {
    struct besu *b = user;
    C138_JSON struct c138_json *all = NULL;
    if (c138_json_parse(text, length, &all, NULL) != C138_OK)
        return;
    for (size_t i = 0; i < c138_json_count(all); i++)
        take_wish(b, c138_json_at(all, i));
}

void besu_wishes_load(struct besu *b) {
    b->n_wishes = 0;
    if (b->kv)
        (void)b->kv->get(b->host, KEY, on_stored, b);
}

/* --- Wishes ---------------------------------------------------------------------------------- */

struct besu_wish *besu_wish_find(struct besu *b, const struct besu_address *validator) {
    for (uint32_t i = 0; i < b->n_wishes; i++)
        if (memcmp(&b->wishes[i].validator, validator, sizeof(*validator)) == 0)
            return &b->wishes[i];
    return NULL;
}

uint64_t besu_epoch_length(const struct besu *b) {
    if (b->settings.epoch_length)
        return b->settings.epoch_length;
    for (uint32_t i = 0; i < b->n_nodes; i++)
        if (b->nodes[i].node->epoch_length)
            return b->nodes[i].node->epoch_length;
    return EPOCH_DEFAULT;
}

c138_status besu_wish_add(struct besu *b, const struct besu_address *validator, int add,
                          const char *who, struct besu_wish **ret_wish, struct c138_err *err) {
    struct besu_wish *w = besu_wish_find(b, validator);
    uint64_t epoch = besu_epoch_length(b);
    if (w && w->state == BESU_WISH_WANTED && w->add != add)
        return c138_error(err, C138_E_CONFLICT, "vote.opposite",
                          "besu: the opposite vote is under way (%s): discard it first", w->who);
    if (!w && b->n_wishes == BESU_WISHES_MAX)
        return c138_error(err, C138_E_LIMIT, "vote.too-many",
                          "besu: %d votes are under way: wait until some are settled (besu.votes)",
                          BESU_WISHES_MAX);
    if (!w)
        w = &b->wishes[b->n_wishes++];
    *w = (struct besu_wish){.validator = *validator,
                            .add = add,
                            .block = b->net.head.number,
                            .epoch_ends = (b->net.head.number / epoch + 1) * epoch,
                            .since_ns = besu_utc(b)};
    snprintf(w->who, sizeof(w->who), "%s", who);
    (void)save(b);
    *ret_wish = w;
    return C138_OK;
}

static struct c138_json *wish_event(const struct besu_wish *w) {
    char address[BESU_ADDRESS_TEXT];
    struct c138_json *e = c138_json_new_object();
    besu_address_write(&w->validator, address);
    c138_json_set_str(e, "validator", address);
    c138_json_set_str(e, "vote", w->add ? "add" : "remove");
    return e;
}

void besu_wish_end(struct besu *b, struct besu_wish *w, enum besu_wish_state state) {
    char text[320];
    struct c138_json *e = wish_event(w);
    if (w->state != BESU_WISH_WANTED && state != BESU_WISH_DISCARDED) {
        c138_json_unref(e);
        return;
    }
    w->state = state;
    memset(w->clean, 0, sizeof(w->clean));
    (void)save(b);
    struct besu_quorum_state q = besu_network_quorum(b);
    besu_quorum_text(&q, text, sizeof(text));
    c138_json_set_uint(e, "block", b->net.head.number);
    c138_json_set_str(e, "text", text);
    if (state == BESU_WISH_EFFECTIVE)
        besu_publish(b, "besu.vote.effective", e);
    else if (state == BESU_WISH_EXPIRED)
        besu_publish(b, "besu.vote.expired", e);
    else
        c138_json_unref(e);
}

void besu_wishes_nodes_changed(struct besu *b) {
    for (uint32_t i = 0; i < b->n_wishes; i++)
        memset(b->wishes[i].clean, 0, sizeof(b->wishes[i].clean));
}

/* --- What is known of validators ------------------------------------------------------------- */

int besu_is_voter(struct besu *b, uint32_t i, const char **ret_why) {
    const struct besu_node *n = b->nodes[i].node;
    const char *why = NULL;
    if (!n->polled || n->status != C138_OK || !n->has_head)
        why = "it does not answer";
    else if (!n->has_address)
        why = "its account is not known (add ADMIN to its rpc-http-api, or set validator)";
    else if (!besu_member_find(b, &n->address))
        why = "it is no validator: its vote would not count";
    else if (!besu_node_can_vote(n))
        why = "the API of its consensus is not enabled (rpc-http-api)";
    if (ret_why)
        *ret_why = why ? why : "";
    return why == NULL;
}

static enum besu_seen seen_at(const struct besu *b, uint64_t head, uint64_t *ret_behind) {
    uint64_t best = b->net.head.number;
    *ret_behind = head < best ? best - head : 0;
    return *ret_behind > b->settings.lag_blocks ? BESU_SEEN_BEHIND : BESU_SEEN_READY;
}

enum besu_seen besu_seen(const struct besu *b, const struct besu_address *validator,
                         uint64_t *ret_behind) {
    enum besu_seen best = BESU_SEEN_UNKNOWN;
    uint64_t behind = 0;
    *ret_behind = 0;
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node *n = b->nodes[i].node;
        enum besu_seen seen = BESU_SEEN_UNKNOWN;
        int own = n->has_address && memcmp(&n->address, validator, sizeof(*validator)) == 0;
        if (own && n->status == C138_OK && n->has_head)
            seen = seen_at(b, n->head.number, &behind);
        else if (!own && besu_node_sees(n, validator) == 0)
            seen = BESU_SEEN_NOT;
        for (uint32_t k = 0; !own && besu_node_sees(n, validator) == 1 && k < n->n_peers; k++)
            if (memcmp(&n->peers[k].address, validator, sizeof(*validator)) == 0)
                /* A head that is not told is no reason to doubt a peer that is connected. */
                seen = n->peers[k].head ? seen_at(b, n->peers[k].head, &behind) : BESU_SEEN_READY;
        if (seen > best) {
            best = seen;
            *ret_behind = behind;
        }
    }
    return best;
}

struct besu_quorum_state besu_vote_after(struct besu *b, const struct besu_address *validator,
                                         int add) {
    struct besu_quorum_state now = besu_network_quorum(b);
    const struct besu_member *m = besu_member_find(b, validator);
    uint64_t behind;
    int there = add ? besu_seen(b, validator, &behind) == BESU_SEEN_READY : m && !m->missing;
    return besu_quorum_after(&now, add, there);
}

/* --- Looking after them ---------------------------------------------------------------------- */

static int is_clean(const struct besu_wish *w, uint32_t i) {
    return (w->clean[i / 64] >> (i % 64)) & 1;
}

static void settle(struct besu *b, struct besu_wish *w) {
    int member = besu_member_find(b, &w->validator) != NULL;
    if (w->state != BESU_WISH_WANTED || !b->net.has_head || b->net.validators == 0)
        return;
    if (member == w->add)
        besu_wish_end(b, w, BESU_WISH_EFFECTIVE);
    else if (b->net.head.number >= w->epoch_ends)
        besu_wish_end(b, w, BESU_WISH_EXPIRED);
}

static void hold(struct besu *b, struct besu_wish *w, const struct besu_quorum_state *after) {
    char text[320];
    if (w->held)
        return;
    w->held = 1;
    struct c138_json *e = wish_event(w);
    besu_quorum_text(after, text, sizeof(text));
    c138_json_set_str(e, "text", text);
    besu_publish(b, "besu.vote.held", e);
}

/* The node was restarted, or came late: its vote is missing. */
static void cast_again(struct besu *b, uint32_t i, struct besu_wish *w) {
    struct besu_node *n = b->nodes[i].node;
    struct besu_quorum_state after = besu_vote_after(b, &w->validator, w->add);
    struct c138_err err = {0};
    if (after.margin < 0 || besu_network_stands(b)) {
        hold(b, w, &after);
        return;
    }
    w->held = 0;
    if (besu_node_vote(n, &w->validator, w->add ? BESU_BALLOT_ADD : BESU_BALLOT_REMOVE, &err) !=
        C138_OK) {
        b->host->log(b->host, C138_LOG_WARNING, err.text);
        return;
    }
    struct c138_json *e = wish_event(w);
    c138_json_set_str(e, "node", n->config.name);
    besu_publish(b, "besu.vote.reissued", e);
}

static void tend(struct besu *b, uint32_t i, struct besu_wish *w, const struct c138_json *votes) {
    struct besu_node *n = b->nodes[i].node;
    int held = besu_vote_in(votes, &w->validator);
    struct c138_err err = {0};
    if (w->state == BESU_WISH_WANTED) {
        if (held != w->add && besu_is_voter(b, i, NULL))
            cast_again(b, i, w);
        return;
    }
    if (held >= 0 && besu_node_vote(n, &w->validator, BESU_BALLOT_DISCARD, &err) != C138_OK) {
        b->host->log(b->host, C138_LOG_WARNING, err.text);
        return;
    }
    w->clean[i / 64] |= UINT64_C(1) << (i % 64);
}

/* A wish is forgotten when no node holds its vote; one that does not answer may. */
static void forget(struct besu *b) {
    uint32_t kept = 0;
    for (uint32_t k = 0; k < b->n_wishes; k++) {
        int done = b->wishes[k].state != BESU_WISH_WANTED;
        for (uint32_t i = 0; done && i < b->n_nodes; i++)
            done = is_clean(&b->wishes[k], i) ||
                   (b->nodes[i].node->status == C138_OK && !besu_node_can_vote(b->nodes[i].node));
        if (!done)
            b->wishes[kept++] = b->wishes[k];
    }
    if (kept == b->n_wishes)
        return;
    b->n_wishes = kept;
    (void)save(b);
}

static int has_business(const struct besu *b, uint32_t i) {
    for (uint32_t k = 0; k < b->n_wishes; k++)
        if (b->wishes[k].state == BESU_WISH_WANTED || !is_clean(&b->wishes[k], i))
            return 1;
    return 0;
}

void besu_wishes_tend(struct besu *b, uint32_t i) {
    struct besu_node *n = b->nodes[i].node;
    C138_JSON struct c138_json *votes = NULL;
    struct c138_err err = {0};
    if (b->n_wishes == 0)
        return;
    for (uint32_t k = 0; k < b->n_wishes; k++)
        settle(b, &b->wishes[k]);
    if (n->status == C138_OK && n->polled && besu_node_can_vote(n) && has_business(b, i) &&
        besu_node_votes(n, &votes, &err) == C138_OK)
        for (uint32_t k = 0; k < b->n_wishes; k++)
            tend(b, i, &b->wishes[k], votes);
    forget(b);
}
