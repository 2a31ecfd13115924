#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST_LOOK_NS (5 * C138_NS_PER_MS)
#define SIGN_AT_ONCE 100
#define LAST_LOOK_NS (500 * C138_NS_PER_MS)

/* --- Accounts -------------------------------------------------------------------------------- */

static struct sender *sender_named(struct chain *c, const char *key) {
    struct sender *s = c->senders;
    while (s && strcmp(s->key, key) != 0)
        s = s->next;
    return s;
}

struct sender *sender_of(struct chain *c, const uint8_t address[20], const char *key) {
    struct sender *s = c->senders;
    while (s && memcmp(s->address, address, 20) != 0)
        s = s->next;
    if (!s) {
        s = c138_xcalloc(1, sizeof(*s));
        memcpy(s->address, address, 20);
        s->key = c138_xstrdup(key);
        (void)pthread_mutex_init(&s->turn, NULL);
        s->next = c->senders;
        c->senders = s;
    }
    return s;
}

static void take_text(void *user, const char *text, uint64_t length) {
    c138_buf_add(user, text, (size_t)length);
}

/* Another plugin's action: its result, or its failure with its words. */
static c138_status ask_plugin(struct chain *c, c138_call *call, const char *action,
                              const struct c138_json *params, struct c138_json **ret_result,
                              struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *json = c138_json_dump(params);
    if (!c->caller)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.no-call",
                          "nothing can be signed: the config does not grant this plugin the "
                          "service \"call\": add it to its grants");
    c138_status status = c->caller->call(c->host, call, action, json, 0, take_text, &text);
    C138_JSON struct c138_json *answer = NULL;
    (void)c138_json_parse(c138_buf_text(&text), text.length, &answer, NULL);
    if (status < 0)
        return c138_error(err, status, c138_json_get_str(answer, "key", "chain.signer"), "%s: %s",
                          action, c138_json_get_str(answer, "message", c138_status_key(status)));
    *ret_result = C138_STEAL(answer);
    return C138_OK;
}

c138_status sender_by_key(struct chain *c, c138_call *call, const char *key,
                          struct sender **ret_sender, struct c138_err *err) {
    C138_JSON struct c138_json *none = c138_json_new_object(), *result = NULL;
    (void)pthread_mutex_lock(&c->lock);
    *ret_sender = sender_named(c, key);
    (void)pthread_mutex_unlock(&c->lock);
    if (*ret_sender)
        return C138_OK;
    c138_status status = ask_plugin(c, call, "keys.list", none, &result, err);
    if (status < 0)
        return status;
    const struct c138_json *keys = c138_json_get(result, "keys");
    for (size_t i = 0; i < c138_json_count(keys); i++) {
        const struct c138_json *k = c138_json_at(keys, i);
        uint8_t address[20];
        if (strcmp(c138_json_get_str(k, "name", ""), key) != 0 ||
            c138_address_parse(c138_json_get_str(k, "address", ""), address, NULL) < 0)
            continue;
        (void)pthread_mutex_lock(&c->lock);
        *ret_sender = sender_of(c, address, key);
        if (!*(*ret_sender)->key) {
            free((*ret_sender)->key);
            (*ret_sender)->key = c138_xstrdup(key);
        }
        (void)pthread_mutex_unlock(&c->lock);
        return C138_OK;
    }
    return c138_error(err, C138_E_NOTFOUND, "chain.key",
                      "there is no key %.80s of an account: keys list shows them", key);
}

/* --- Signing --------------------------------------------------------------------------------- */

/* What the signer gives back is the very transaction that was asked for, signed by the account. */
static c138_status check_signed(const struct sender *s, const struct c138_tx *tx, const char *raw,
                                const char *from, uint8_t ret_hash[32], struct c138_err *err) {
    size_t length = strlen(raw);
    struct c138_tx signed_tx;
    uint8_t wanted[32], got[32], address[20];
    C138_FREE uint8_t *bytes = c138_xmalloc(length / 2 + 1);
    if (length < 4 || c138_hex_decode(raw + 2, length - 2, bytes) < 0 ||
        c138_tx_decode(bytes, length / 2 - 1, &signed_tx, NULL) < 0 || !signed_tx.is_signed ||
        c138_tx_signing_hash(tx, wanted) < 0 || c138_tx_signing_hash(&signed_tx, got) < 0 ||
        c138_tx_hash(&signed_tx, ret_hash) < 0 || memcmp(wanted, got, 32) != 0)
        return c138_error(err, C138_E_INTERNAL, "chain.signer",
                          "nothing was sent: the signer gave back another transaction");
    if (c138_address_parse(from, address, NULL) < 0 || memcmp(address, s->address, 20) != 0)
        return c138_error(err, C138_E_CONFLICT, "chain.signer",
                          "nothing was sent: key %s is of another account now: restart the plugin "
                          "after a key was exchanged",
                          s->key);
    return C138_OK;
}

/* Up to SIGN_AT_ONCE, from one request. */
static c138_status sign_some(struct chain *c, c138_call *call, const struct sender *s,
                             struct signing *all, size_t count, struct c138_err *err) {
    C138_JSON struct c138_json *params = c138_json_new_object(), *result = NULL;
    struct c138_json *list = c138_json_new_array();
    c138_status status = C138_OK;
    c138_json_set_str(params, "key", s->key);
    c138_json_set(params, "transactions", list);
    for (size_t n = 0; status >= 0 && n < count; n++) {
        C138_BUF struct c138_buf bytes = C138_BUF_NULL;
        status = c138_tx_encode(all[n].tx, &bytes);
        C138_FREE char *hex = c138_hex_text(bytes.data, bytes.length);
        c138_json_append(list, c138_json_new_str(hex));
    }
    if (status < 0)
        return c138_error(err, status, "chain.tx", "the transaction cannot be encoded");
    status = ask_plugin(c, call, "keys.sign", params, &result, err);
    const struct c138_json *signed_list = c138_json_get(result, "signed");
    for (size_t n = 0; status >= 0 && n < count; n++) {
        const struct c138_json *o = c138_json_at(signed_list, n);
        const char *raw = c138_json_get_str(o, "raw", "");
        status =
            check_signed(s, all[n].tx, raw, c138_json_get_str(o, "from", ""), all[n].hash, err);
        if (status >= 0)
            all[n].raw = c138_xstrdup(raw);
    }
    return status;
}

c138_status send_sign(struct chain *c, c138_call *call, const struct sender *s, struct signing *all,
                      size_t count, struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t n = 0; status >= 0 && n < count; n += SIGN_AT_ONCE)
        status = sign_some(c, call, s, all + n, count - n < SIGN_AT_ONCE ? count - n : SIGN_AT_ONCE,
                           err);
    return status;
}

/* --- Handing over ---------------------------------------------------------------------------- */

/* The lowest nonce of the account that is open. */
static uint64_t lowest_open(const struct chain *c, const uint8_t from[20]) {
    uint64_t lowest = UINT64_MAX;
    for (size_t n = 0; n < journal_count(c->journal); n++) {
        const struct intent *i = journal_at(c->journal, n);
        if (i->outcome == OUTCOME_OPEN && !memcmp(i->from, from, 20) && i->nonce < lowest)
            lowest = i->nonce;
    }
    return lowest;
}

/* What the nodes said. An intent ends here only if none of them has it and none ever will: its
 * nonce is free again. The lock is held. */
static void take_broadcast(struct chain *c, struct intent *i, const struct broadcast *b,
                           uint64_t lowest) {
    i->sent_ns = c138_now_monotonic_ns();
    i->untouched = i->untouched && !b->taken && !b->unclear;
    i->why = b->taken ? NULL : b->refusal;
    (void)snprintf(i->refusal, sizeof(i->refusal), "%.60s%s%.180s", b->taken ? "" : b->endpoint,
                   b->taken || !*b->answer ? "" : ": ", b->taken ? "" : b->answer);
    if (b->taken || b->unclear || !b->refusal || i->n_attempts > 1)
        return;
    if (i->untouched && (b->refusal->retry == C138_REFUSAL_NEVER || i->nonce == lowest)) {
        C138_FREE char *text =
            c138_xasprintf("%s: %s (%s)", b->refusal->key, b->refusal->meaning, i->refusal);
        journal_put_end(c->journal, i, OUTCOME_DROPPED, text, chain_utc(c));
    }
}

/* The newest attempt of each of these to the nodes, lowest nonce first. */
static void hand_over(struct chain *c, struct sender *s, char *const *ids, size_t count) {
    C138_FREE struct broadcast *all = c138_xcalloc(count + 1, sizeof(*all));
    C138_FREE char **raws = c138_xcalloc(count + 1, sizeof(*raws));
    struct c138_err err = {0};
    (void)pthread_mutex_lock(&c->lock);
    for (size_t n = 0; n < count; n++) {
        const struct intent *i = journal_find(c->journal, ids[n]);
        raws[n] = c138_xstrdup(i->attempts[i->n_attempts - 1].raw);
        all[n].raw = raws[n];
    }
    (void)pthread_mutex_unlock(&c->lock);
    endpoints_broadcast(c->endpoints, all, count);
    (void)pthread_mutex_lock(&c->lock);
    uint64_t lowest = lowest_open(c, s->address);
    for (size_t n = 0; n < count; n++) {
        take_broadcast(c, journal_find(c->journal, ids[n]), &all[n], lowest);
        free(raws[n]);
    }
    if (journal_flush(c->journal, chain_utc(c), &err) < 0)
        c->host->log(c->host, C138_LOG_ERROR, err.text);
    (void)pthread_mutex_unlock(&c->lock);
}

static int by_nonce(const void *a, const void *b) {
    const struct intent *const *x = a, *const *y = b;
    return (*x)->nonce < (*y)->nonce ? -1 : (*x)->nonce > (*y)->nonce;
}

void send_again(struct chain *c, struct sender *s) {
    int64_t now_ns = c138_now_monotonic_ns();
    size_t count = 0;
    (void)pthread_mutex_lock(&c->lock);
    C138_FREE struct intent **due = c138_xcalloc(journal_count(c->journal) + 1, sizeof(*due));
    for (size_t n = 0; n < journal_count(c->journal); n++) {
        struct intent *i = journal_at(c->journal, n);
        if (i->outcome == OUTCOME_OPEN && !i->is_mined && !memcmp(i->from, s->address, 20) &&
            (!i->sent_ns || now_ns - i->sent_ns >= c->settings.resend_ns))
            due[count++] = i;
    }
    qsort(due, count, sizeof(*due), by_nonce);
    C138_FREE char **ids = c138_xcalloc(count + 1, sizeof(*ids));
    for (size_t n = 0; n < count; n++)
        ids[n] = c138_xstrdup(due[n]->id);
    (void)pthread_mutex_unlock(&c->lock);
    if (count)
        hand_over(c, s, ids, count);
    for (size_t n = 0; n < count; n++)
        free(ids[n]);
}

c138_status send_attempt(struct chain *c, struct sender *s, const struct journal_sign *sign,
                         struct c138_err *err) {
    (void)pthread_mutex_lock(&c->lock);
    journal_put_sign(c->journal, sign, chain_utc(c));
    c138_status status = journal_flush(c->journal, chain_utc(c), err);
    (void)pthread_mutex_unlock(&c->lock);
    char *id = c138_xstrdup(sign->id);
    if (status >= 0)
        hand_over(c, s, &id, 1);
    free(id);
    return status;
}

/* --- Sending --------------------------------------------------------------------------------- */

/* What is in the journal already comes first; the rest, in its order, is the plan's. */
static c138_status known_first(struct chain *c, struct items *items, struct plan *p,
                               struct c138_err *err) {
    C138_FREE struct item *sorted = c138_xcalloc(items->count, sizeof(*sorted));
    size_t n_known = 0, n = 0;
    c138_status status = C138_OK;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < items->count; i++) {
        struct item *item = &items->list[i];
        const struct intent *known = journal_find(c->journal, item->id);
        item->known = known != NULL;
        n_known += known != NULL;
        if (known && strcmp(known->request, item->request) != 0 && status >= 0)
            status = c138_error(err, C138_E_CONFLICT, "chain.id",
                                "nothing was sent: id %.80s stands for another transaction: give "
                                "this one an id of its own",
                                item->id);
    }
    (void)pthread_mutex_unlock(&c->lock);
    for (int known = 1; known >= 0; known--)
        for (size_t i = 0; i < items->count; i++)
            if (items->list[i].known == known)
                sorted[n++] = items->list[i];
    memcpy(items->list, sorted, items->count * sizeof(*sorted));
    p->list = items->list + n_known;
    p->count = items->count - n_known;
    return status;
}

static c138_status give_nonces(struct chain *c, struct plan *p, struct c138_err *err) {
    uint64_t nonce = 0;
    (void)pthread_mutex_lock(&c->lock);
    c138_status status = plan_next_nonce(c, p, &nonce, err);
    for (size_t n = 0; status >= 0 && n < p->count; n++) {
        p->list[n].tx.nonce = nonce;
        nonce = journal_free_nonce(c->journal, p->sender->address, nonce + 1);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return status;
}

static void put_item(struct chain *c, const struct plan *p, struct item *i, const char *who) {
    C138_FREE char *call = plan_call_text(i);
    C138_FREE char *expect = i->expect ? c138_json_dump(i->expect) : c138_xstrdup("");
    journal_put_sign(c->journal,
                     &(struct journal_sign){.id = i->id,
                                            .key = p->sender->key,
                                            .request = i->request,
                                            .call = call,
                                            .expect = expect,
                                            .who = who,
                                            .from = p->sender->address,
                                            .hash = i->hash,
                                            .nonce = i->tx.nonce,
                                            .confirmations = i->confirmations,
                                            .kind = ATTEMPT_SEND,
                                            .raw = i->raw},
                     chain_utc(c));
}

/* On disk, all of them, before a byte reaches a node. */
static c138_status write_down(struct chain *c, struct plan *p, const char *who,
                              struct c138_err *err) {
    int known = 0;
    (void)pthread_mutex_lock(&c->lock);
    (void)journal_base(c->journal, p->sender->address, &known);
    if (!known)
        journal_put_base(c->journal, p->sender->address, p->latest);
    for (size_t n = 0; n < p->count; n++)
        put_item(c, p, &p->list[n], who);
    c138_status status = journal_flush(c->journal, chain_utc(c), err);
    for (size_t n = 0; status >= 0 && n < p->count; n++)
        journal_find(c->journal, p->list[n].id)->untouched = 1;
    (void)pthread_mutex_unlock(&c->lock);
    return status;
}

/* From the plan to the nodes; the turn is held. */
static c138_status send_fresh(struct chain *c, c138_call *call, struct plan *p,
                              struct c138_err *err) {
    C138_FREE char **ids = c138_xcalloc(p->count + 1, sizeof(*ids));
    C138_FREE struct signing *signing = c138_xcalloc(p->count + 1, sizeof(*signing));
    c138_status status = plan_make(c, p, err);
    if (status >= 0)
        status = give_nonces(c, p, err);
    if (status < 0 && !strcmp(err->key, "chain.foreign"))
        chain_tell_foreign(c, p->sender, err->text);
    for (size_t n = 0; n < p->count; n++) {
        signing[n].tx = &p->list[n].tx;
        ids[n] = p->list[n].id;
    }
    if (status >= 0)
        status = send_sign(c, call, p->sender, signing, p->count, err);
    for (size_t n = 0; n < p->count; n++) {
        p->list[n].raw = signing[n].raw;
        memcpy(p->list[n].hash, signing[n].hash, 32);
    }
    if (status >= 0)
        status = write_down(c, p, call->principal, err);
    if (status >= 0)
        hand_over(c, p->sender, ids, p->count);
    return status;
}

static c138_status show_plan(struct chain *c, c138_call *call, struct plan *p,
                             struct c138_err *err) {
    uint64_t nonce = 0;
    c138_status status = plan_make(c, p, err);
    (void)pthread_mutex_lock(&c->lock);
    if (status >= 0)
        status = plan_next_nonce(c, p, &nonce, err);
    (void)pthread_mutex_unlock(&c->lock);
    if (status < 0)
        return status;
    plan_show(c, p, call);
    c138_set_uint(call, "nonce", nonce);
    return C138_OK;
}

static c138_status send_items(struct chain *c, c138_call *call, struct items *items,
                              struct c138_err *err) {
    struct plan p = {.allow_foreign = c138_int(call, "after_foreign") != 0};
    c138_status status = ask_fees(call, &p.fees, err);
    if (status >= 0)
        status = sender_by_key(c, call, c138_str(call, "key"), &p.sender, err);
    if (status >= 0 && call->plan_json)
        status = plan_follow(call->plan_json, items, &p, err);
    if (status < 0)
        return status;
    C138_FREE const char **ids = c138_xcalloc(items->count + 1, sizeof(*ids));
    for (size_t n = 0; n < items->count; n++)
        ids[n] = items->list[n].id;
    (void)pthread_mutex_lock(&p.sender->turn);
    status = known_first(c, items, &p, err);
    if (status >= 0 && call->dry_run)
        status = show_plan(c, call, &p, err);
    else if (status >= 0 && p.count)
        status = send_fresh(c, call, &p, err);
    (void)pthread_mutex_unlock(&p.sender->turn);
    if (status < 0 || call->dry_run)
        return status;
    return send_wait(c, call, p.sender, ids, items->count, err);
}

c138_status chain_send_run(void *self, c138_call *call) {
    struct items *items = NULL;
    struct c138_err err = {0};
    c138_status status = ask_items(self, call, &items, &err);
    if (status >= 0)
        status = send_items(self, call, items, &err);
    (void)items_free(items);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

/* --- Waiting --------------------------------------------------------------------------------- */

/* How many of them are still open. */
static size_t count_open(struct chain *c, const char *const *ids, size_t count) {
    size_t open = 0;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t n = 0; n < count; n++) {
        const struct intent *i = journal_find(c->journal, ids[n]);
        open += i && i->outcome == OUTCOME_OPEN;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return open;
}

static c138_status still_open(struct chain *c, const char *const *ids, size_t count, size_t open,
                              struct c138_err *err) {
    char why[320] = "";
    (void)pthread_mutex_lock(&c->lock);
    for (size_t n = 0; n < count && !why[0]; n++) {
        const struct intent *i = journal_find(c->journal, ids[n]);
        if (i && i->outcome == OUTCOME_OPEN && *i->refusal)
            (void)snprintf(why, sizeof(why), " (%s)", i->refusal);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return c138_error(err, C138_E_TIMEOUT, "chain.pending",
                      "%zu of %zu are sent and not through yet%s; they stay watched and are handed "
                      "to the nodes again: chain tx %s",
                      open, count, why, ids[0]);
}

static void show_many(struct chain *c, c138_call *call, const char *const *ids, size_t count) {
    c138_open_list(call, "transactions");
    for (size_t n = 0; n < count; n++) {
        C138_JSON struct c138_json *o = chain_show_intent(journal_find(c->journal, ids[n]));
        C138_FREE char *text = c138_json_dump(o);
        c138_set_json(call, NULL, text);
    }
    c138_close(call);
}

static c138_status show_end(struct chain *c, c138_call *call, const char *const *ids, size_t count,
                            struct c138_err *err) {
    c138_status status = C138_OK;
    size_t bad = 0;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t n = 0; n < count; n++) {
        const struct intent *i = journal_find(c->journal, ids[n]);
        char key[64];
        if (i->outcome == OUTCOME_SUCCEEDED || bad++)
            continue;
        (void)snprintf(key, sizeof(key), "chain.%s", outcome_name(i->outcome));
        status = c138_error(err, C138_E_CONFLICT, key, "transaction %s (nonce %" PRIu64 "): %s: %s",
                            i->id, i->nonce, outcome_name(i->outcome), i->text ? i->text : "");
    }
    if (status >= 0)
        show_many(c, call, ids, count);
    (void)pthread_mutex_unlock(&c->lock);
    if (bad > 1)
        (void)c138_error_prefix(err, status, "%zu of %zu did not succeed; the first", bad, count);
    return status;
}

c138_status send_wait(struct chain *c, c138_call *call, struct sender *s, const char *const *ids,
                      size_t count, struct c138_err *err) {
    int64_t pause_ns = FIRST_LOOK_NS;
    struct c138_err ignored = {0};
    for (;;) {
        if (pthread_mutex_trylock(&s->turn) == 0) {
            if (c138_now_monotonic_ns() - s->tracked_ns >= pause_ns / 2)
                (void)track(c, s, &ignored);
            (void)pthread_mutex_unlock(&s->turn);
        }
        size_t open = count_open(c, ids, count);
        if (!open)
            return show_end(c, call, ids, count, err);
        if (c138_cancelled(call))
            return still_open(c, ids, count, open, err);
        c138_progress(call, (uint32_t)(1000 * (count - open) / count), "waiting for the chain");
        const struct timespec pause = {.tv_sec = pause_ns / C138_NS_PER_S,
                                       .tv_nsec = pause_ns % C138_NS_PER_S};
        (void)nanosleep(&pause, NULL);
        pause_ns = pause_ns * 3 / 2 < LAST_LOOK_NS ? pause_ns * 3 / 2 : LAST_LOOK_NS;
    }
}
