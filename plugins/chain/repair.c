/* Transactions that are under way and do not get through: what is in their way, and what helps. */
#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BUMP_DIVISOR 8 /* 12.5 %: nodes ask for 10 % more before they exchange a transaction */
#define FILLS_MAX 64

/* --- The account, as the chain has it --------------------------------------------------------- */

struct account {
    uint64_t latest, pending;
    int has_base_fee;
    struct c138_u256 base_fee, price, balance;
};

static c138_status quantity(const struct c138_rpc_call *c, uint64_t *ret, struct c138_err *err) {
    if (c->status >= 0 && c138_parse_quantity(c138_json_as_str(c->result, ""), ret) >= 0)
        return C138_OK;
    return c138_error(err, C138_E_UNAVAILABLE, "chain.answer", "%s: %s", c->method,
                      c->status < 0 ? c->error.text : "the answer is no number");
}

static c138_status look(struct chain *c, const uint8_t address[20], struct account *a,
                        struct c138_err *err) {
    C138_FREE char *from = c138_hex_text(address, 20);
    struct c138_rpc_call calls[] = {
        {.method = "eth_getTransactionCount", .params = c138_json_new_array()},
        {.method = "eth_getTransactionCount", .params = c138_json_new_array()},
        {.method = "eth_getBlockByNumber", .params = c138_json_new_array()},
        {.method = "eth_getBalance", .params = c138_json_new_array()},
        {.method = "eth_gasPrice"}};
    const char *const tags[] = {"latest", "pending", NULL, "latest"};
    for (size_t i = 0; i < C138_COUNT(tags); i++)
        if (tags[i]) {
            c138_json_append(calls[i].params, c138_json_new_str(from));
            c138_json_append(calls[i].params, c138_json_new_str(tags[i]));
        }
    c138_json_append(calls[2].params, c138_json_new_str("latest"));
    c138_json_append(calls[2].params, c138_json_new_bool(0));
    c138_status status = endpoints_batch(c->endpoints, calls, C138_COUNT(calls), NULL, err);
    if (status >= 0)
        status = quantity(&calls[0], &a->latest, err);
    if (status >= 0)
        status = quantity(&calls[1], &a->pending, err);
    const char *fee = c138_json_get_str(calls[2].result, "baseFeePerGas", NULL);
    a->has_base_fee = fee && c138_u256_from_hex(fee, &a->base_fee) >= 0;
    if (status >= 0 && c138_u256_from_hex(c138_json_as_str(calls[3].result, ""), &a->balance) < 0)
        status = c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                            "eth_getBalance: the answer is no number");
    (void)c138_u256_from_hex(c138_json_as_str(calls[4].result, "0x0"), &a->price);
    for (size_t i = 0; i < C138_COUNT(calls); i++) {
        (void)c138_json_unref(calls[i].params);
        c138_rpc_call_deinit(&calls[i]);
    }
    return status;
}

/* The newest attempt, read back. *ret_bytes is what `tx` borrows from. */
static c138_status newest(const struct intent *i, struct c138_tx *ret, uint8_t **ret_bytes) {
    const char *raw = i->attempts[i->n_attempts - 1].raw;
    size_t length = strlen(raw) - 2;
    *ret_bytes = c138_xmalloc(length / 2 + 1);
    c138_status status = c138_hex_decode(raw + 2, length, *ret_bytes);
    return status < 0 ? status : c138_tx_decode(*ret_bytes, length / 2, ret, NULL);
}

static int too_cheap(const struct intent *i, const struct account *a) {
    struct c138_tx tx;
    C138_FREE uint8_t *bytes = NULL;
    if (!a->has_base_fee || newest(i, &tx, &bytes) < 0)
        return 0;
    return c138_u256_cmp(tx.type == 2 ? &tx.fee_cap : &tx.gas_price, &a->base_fee) < 0;
}

/* --- Replacing ------------------------------------------------------------------------------- */

/* `v` and an eighth, and at least `least`. */
static void bump(struct c138_u256 *v, const struct c138_u256 *least) {
    struct c138_u256 more = *v, one = c138_u256_of(1);
    c138_u256_div(&more, BUMP_DIVISOR);
    if (!c138_u256_is_zero(v)) {
        (void)c138_u256_add(v, &more, v);
        (void)c138_u256_add(v, &one, v);
    }
    if (c138_u256_cmp(v, least) < 0)
        *v = *least;
}

/* A node exchanges a transaction for one of the same type at a higher price; on a network without
 * fees for any other at the same price: there a changed gas limit makes it another. */
static void dearer(struct c138_tx *tx, const struct account *a, int same_bytes) {
    struct c138_u256 none = {{0}}, twice = a->base_fee, one = c138_u256_of(1);
    (void)c138_u256_add(&twice, &a->base_fee, &twice);
    int free = c138_u256_is_zero(tx->type == 2 ? &tx->fee_cap : &tx->gas_price) &&
               c138_u256_is_zero(&a->price);
    if (free) {
        if (same_bytes)
            (void)c138_u256_add(&tx->gas, &one, &tx->gas);
    } else if (tx->type == 2) {
        bump(&tx->tip_cap, &none);
        (void)c138_u256_add(&twice, &tx->tip_cap, &twice);
        bump(&tx->fee_cap, &twice);
    } else {
        bump(&tx->gas_price, &a->price);
    }
    tx->is_signed = 0;
}

static void make_empty(struct c138_tx *tx, const uint8_t from[20]) {
    tx->gas = c138_u256_of(21000);
    tx->value = (struct c138_u256){{0}};
    tx->creates = 0;
    memcpy(tx->to, from, 20);
    tx->data = NULL;
    tx->data_length = 0;
    tx->access = NULL;
    tx->access_length = 0;
}

static c138_status over_most(const struct chain *c, const struct c138_tx *tx,
                             struct c138_err *err) {
    const struct c138_u256 *price = tx->type == 2 ? &tx->fee_cap : &tx->gas_price;
    char a[C138_U256_TEXT], b[C138_U256_TEXT];
    if (c138_u256_cmp(price, &c->settings.max_gas_price) <= 0)
        return C138_OK;
    c138_u256_to_dec(price, a);
    c138_u256_to_dec(&c->settings.max_gas_price, b);
    return c138_error(err, C138_E_LIMIT, "chain.fees",
                      "%s wei for a unit of gas is over max_gas_price (%s)", a, b);
}

/* Another attempt of an open intent; the turn is held. */
static c138_status replace(struct chain *c, c138_call *call, struct sender *s,
                           const struct intent *i, const struct account *a, enum attempt_kind kind,
                           struct c138_err *err) {
    struct c138_tx tx;
    C138_FREE uint8_t *bytes = NULL;
    struct signing signing = {.tx = &tx};
    if (newest(i, &tx, &bytes) < 0)
        return c138_error(err, C138_E_INTERNAL, "chain.journal", "%s cannot be read back", i->id);
    int was_empty = i->attempts[i->n_attempts - 1].kind == ATTEMPT_CANCEL;
    dearer(&tx, a, kind == ATTEMPT_SPEED_UP || was_empty);
    if (kind == ATTEMPT_CANCEL && !was_empty)
        make_empty(&tx, i->from);
    c138_status status = over_most(c, &tx, err);
    if (status >= 0)
        status = plan_check_balance(c, i->from, a->latest, &a->balance, &tx, err);
    if (status >= 0)
        status = send_sign(c, call, s, &signing, 1, err);
    if (status >= 0)
        status =
            send_attempt(c, s,
                         &(struct journal_sign){
                             .id = i->id, .hash = signing.hash, .kind = kind, .raw = signing.raw},
                         err);
    free(signing.raw);
    return status;
}

/* The open intent that is meant by an id or a hash. */
static c138_status open_intent(struct chain *c, const char *text, struct intent **ret,
                               struct c138_err *err) {
    uint8_t hash[32];
    int is_hash = strlen(text) == 66 && text[0] == '0' && text[1] == 'x' &&
                  c138_hex_decode(text + 2, 64, hash) >= 0;
    (void)pthread_mutex_lock(&c->lock);
    *ret = is_hash ? journal_by_hash(c->journal, hash) : journal_find(c->journal, text);
    (void)pthread_mutex_unlock(&c->lock);
    if (!*ret)
        return c138_error(err, C138_E_NOTFOUND, "chain.unknown",
                          "this agent sent no transaction %.130s: chain pending lists what is "
                          "under way",
                          text);
    return C138_OK;
}

static c138_status replace_run(struct chain *c, c138_call *call, enum attempt_kind kind,
                               struct c138_err *err) {
    struct intent *i = NULL;
    struct sender *s = NULL;
    struct account a = {0};
    c138_status status = open_intent(c, c138_str(call, "transaction"), &i, err);
    if (status >= 0)
        status = sender_by_key(c, call, i->key, &s, err);
    if (status < 0)
        return status;
    const char *id = i->id;
    (void)pthread_mutex_lock(&s->turn);
    status = track(c, s, err);
    if (status >= 0 && (i->outcome != OUTCOME_OPEN || i->is_mined))
        status = c138_error(err, C138_E_CONFLICT, "chain.mined",
                            "%s is %s: nothing is left to be changed", i->id,
                            i->is_mined ? "mined" : outcome_name(i->outcome));
    if (status >= 0)
        status = look(c, s->address, &a, err);
    if (status >= 0)
        status = replace(c, call, s, i, &a, kind, err);
    (void)pthread_mutex_unlock(&s->turn);
    if (status < 0)
        return status;
    status = send_wait(c, call, s, &id, 1, err);
    if (kind == ATTEMPT_CANCEL && !strcmp(err->key, "chain.cancelled") && status < 0) {
        (void)pthread_mutex_lock(&c->lock);
        C138_JSON struct c138_json *o = chain_show_intent(i);
        (void)pthread_mutex_unlock(&c->lock);
        C138_FREE char *text = c138_json_dump(o);
        c138_open_list(call, "transactions");
        c138_set_json(call, NULL, text);
        c138_close(call);
        return C138_OK;
    }
    if (kind == ATTEMPT_CANCEL && status >= 0)
        return c138_error(err, C138_E_CONFLICT, "chain.too-late",
                          "the transaction itself was mined before it could be cancelled");
    return status;
}

c138_status chain_speed_up_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    c138_status status = replace_run(self, call, ATTEMPT_SPEED_UP, &err);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

c138_status chain_cancel_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    c138_status status = replace_run(self, call, ATTEMPT_CANCEL, &err);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

/* --- What is in the way ---------------------------------------------------------------------- */

/* The nonces from the chain's count on that nobody holds, though a later one is open. */
static size_t gaps(const struct chain *c, const uint8_t from[20], const struct account *a,
                   uint64_t ret_nonces[FILLS_MAX]) {
    uint64_t end = journal_held_end(c->journal, from), n = a->latest;
    size_t count = 0;
    while (count < FILLS_MAX && (n = journal_free_nonce(c->journal, from, n)) < end) {
        if (n >= a->pending || a->pending <= a->latest) /* else a foreign one is there */
            ret_nonces[count++] = n;
        n++;
    }
    return count;
}

static const char *reason(const struct chain *c, const struct intent *i, const struct account *a,
                          char text[400]) {
    uint64_t free = journal_free_nonce(c->journal, i->from, a->latest);
    if (i->is_mined)
        (void)snprintf(text, 400, "mined in block %" PRIu64 ", waits for %u confirmations",
                       i->block, i->confirmations);
    else if (i->nonce < a->latest)
        (void)snprintf(text, 400, "its nonce was used: being looked at");
    else if (free < i->nonce)
        (void)snprintf(text, 400, "nonce %" PRIu64 " before it is missing: chain repair fills it",
                       free);
    else if (too_cheap(i, a))
        (void)snprintf(text, 400, "it offers less than the base fee: chain speed-up, or wait");
    else if (i->why)
        (void)snprintf(text, 400, "refused: %.160s; %.160s", i->why->meaning, i->why->mend);
    else if (*i->refusal)
        (void)snprintf(text, 400, "%.300s", i->refusal);
    else if (i->nonce > a->latest)
        (void)snprintf(text, 400, "waits behind nonce %" PRIu64, a->latest);
    else
        (void)snprintf(text, 400, "waits for the next block");
    return text;
}

static void show_account(struct chain *c, c138_call *call, const struct sender *s,
                         const struct account *a) {
    uint64_t missing[FILLS_MAX], end = journal_held_end(c->journal, s->address),
                                 mine = end > a->latest ? end : a->latest;
    size_t n_missing = gaps(c, s->address, a, missing);
    c138_open_object(call, NULL);
    chain_set_address(call, "account", s->address);
    c138_set_str(call, "key", s->key);
    c138_set_uint(call, "latest", a->latest);
    c138_set_uint(call, "pending", a->pending);
    c138_set_uint(call, "foreign", a->pending > mine ? a->pending - mine : 0);
    c138_open_list(call, "missing");
    for (size_t i = 0; i < n_missing; i++)
        c138_set_uint(call, NULL, missing[i]);
    c138_close(call);
    c138_set_str(call, "text", s->trouble);
    c138_close(call);
}

static void show_open(struct chain *c, c138_call *call, const struct sender *s,
                      const struct account *a) {
    for (size_t n = 0; n < journal_count(c->journal); n++) {
        const struct intent *i = journal_at(c->journal, n);
        char text[400];
        if (i->outcome != OUTCOME_OPEN || memcmp(i->from, s->address, 20) != 0)
            continue;
        C138_JSON struct c138_json *o = chain_show_intent(i);
        c138_json_set_str(o, "text", reason(c, i, a, text));
        C138_FREE char *json = c138_json_dump(o);
        c138_set_json(call, NULL, json);
    }
}

struct shown {
    struct sender *sender;
    struct account account;
};

c138_status chain_pending_run(void *self, c138_call *call) {
    struct chain *c = self;
    struct c138_err err = {0};
    const char *key = c138_has(call, "key") ? c138_str(call, "key") : NULL;
    struct shown all[64];
    size_t count = 0;
    c138_status status = C138_OK;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < journal_accounts(c->journal); i++)
        (void)sender_of(c, journal_account(c->journal, i), "");
    for (struct sender *s = c->senders; s && count < C138_COUNT(all); s = s->next)
        if (!key || !strcmp(s->key, key) || !*s->key)
            all[count++] = (struct shown){.sender = s};
    (void)pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; status >= 0 && i < count; i++)
        status = look(c, all[i].sender->address, &all[i].account, &err);
    if (status < 0)
        return chain_fail(call, status, &err);
    (void)pthread_mutex_lock(&c->lock);
    c138_open_list(call, "accounts");
    for (size_t i = 0; i < count; i++)
        show_account(c, call, all[i].sender, &all[i].account);
    c138_close(call);
    c138_open_list(call, "transactions");
    for (size_t i = 0; i < count; i++)
        show_open(c, call, all[i].sender, &all[i].account);
    c138_close(call);
    (void)pthread_mutex_unlock(&c->lock);
    return C138_OK;
}

/* --- Mending --------------------------------------------------------------------------------- */

/* An empty transaction of its own for a nonce that nobody holds. */
static c138_status fill(struct chain *c, c138_call *call, struct sender *s, const struct account *a,
                        uint64_t nonce, struct c138_err *err) {
    struct c138_tx tx = {.type = a->has_base_fee ? 2 : 0,
                         .chain_id = c->settings.chain_id,
                         .nonce = nonce,
                         .gas_price = a->price};
    struct signing signing = {.tx = &tx};
    C138_FREE char *id = c138_xasprintf("%s.fill.%" PRIu64, call->job_id, nonce);
    make_empty(&tx, s->address);
    if (c138_u256_cmp(&a->price, &a->base_fee) > 0)
        (void)c138_u256_sub(&a->price, &a->base_fee, &tx.tip_cap);
    (void)c138_u256_add(&a->base_fee, &a->base_fee, &tx.fee_cap);
    (void)c138_u256_add(&tx.fee_cap, &tx.tip_cap, &tx.fee_cap);
    c138_status status = over_most(c, &tx, err);
    if (status >= 0)
        status = plan_check_balance(c, s->address, a->latest, &a->balance, &tx, err);
    if (status >= 0)
        status = send_sign(c, call, s, &signing, 1, err);
    if (status >= 0)
        status = send_attempt(
            c, s,
            &(struct journal_sign){.id = id,
                                   .key = s->key,
                                   .request = "",
                                   .call = "fills a gap",
                                   .expect = "",
                                   .who = call->principal,
                                   .from = s->address,
                                   .hash = signing.hash,
                                   .nonce = nonce,
                                   .confirmations = (uint32_t)c->settings.confirmations,
                                   .kind = ATTEMPT_SEND,
                                   .raw = signing.raw},
            err);
    free(signing.raw);
    return status;
}

struct mend {
    uint64_t fills[FILLS_MAX];
    size_t n_fills;
    struct intent *cheap[FILLS_MAX];
    size_t n_cheap;
};

static void find_mends(struct chain *c, const struct sender *s, const struct account *a,
                       struct mend *m) {
    (void)pthread_mutex_lock(&c->lock);
    m->n_fills = gaps(c, s->address, a, m->fills);
    for (size_t n = 0; n < journal_count(c->journal) && m->n_cheap < FILLS_MAX; n++) {
        struct intent *i = journal_at(c->journal, n);
        if (i->outcome == OUTCOME_OPEN && !i->is_mined && !memcmp(i->from, s->address, 20) &&
            too_cheap(i, a))
            m->cheap[m->n_cheap++] = i;
    }
    (void)pthread_mutex_unlock(&c->lock);
}

static void show_step(c138_call *call, uint64_t nonce, const char *what, const char *id) {
    c138_open_object(call, NULL);
    c138_set_uint(call, "nonce", nonce);
    c138_set_str(call, "does", what);
    c138_set_str(call, "id", id);
    c138_close(call);
}

static c138_status mend(struct chain *c, c138_call *call, struct sender *s, const struct account *a,
                        const struct mend *m, struct c138_err *err) {
    c138_status status = C138_OK;
    c138_open_list(call, "steps");
    for (size_t n = 0; n < m->n_fills && status >= 0; n++) {
        show_step(call, m->fills[n], "fill the gap with an empty transaction", NULL);
        if (!call->dry_run)
            status = fill(c, call, s, a, m->fills[n], err);
    }
    for (size_t n = 0; n < m->n_cheap && status >= 0; n++) {
        show_step(call, m->cheap[n]->nonce, "offer a higher price", m->cheap[n]->id);
        if (!call->dry_run)
            status = replace(c, call, s, m->cheap[n], a, ATTEMPT_SPEED_UP, err);
    }
    c138_close(call);
    return status;
}

c138_status chain_repair_run(void *self, c138_call *call) {
    struct chain *c = self;
    struct sender *s = NULL;
    struct account a = {0};
    struct mend m = {0};
    struct c138_err err = {0};
    c138_status status = sender_by_key(c, call, c138_str(call, "key"), &s, &err);
    if (status < 0)
        return chain_fail(call, status, &err);
    (void)pthread_mutex_lock(&s->turn);
    status = track(c, s, &err); /* hands over again what a node lost, too */
    if (status >= 0)
        status = look(c, s->address, &a, &err);
    if (status >= 0) {
        find_mends(c, s, &a, &m);
        status = mend(c, call, s, &a, &m, &err);
    }
    (void)pthread_mutex_unlock(&s->turn);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

c138_status chain_adopt_run(void *self, c138_call *call) {
    struct chain *c = self;
    struct sender *s = NULL;
    struct account a = {0};
    struct c138_err err = {0};
    c138_status status = sender_by_key(c, call, c138_str(call, "key"), &s, &err);
    if (status < 0)
        return chain_fail(call, status, &err);
    (void)pthread_mutex_lock(&s->turn);
    status = look(c, s->address, &a, &err);
    (void)pthread_mutex_lock(&c->lock);
    if (status >= 0) {
        journal_put_base(c->journal, s->address, a.latest);
        status = journal_flush(c->journal, chain_utc(c), &err);
    }
    s->told_foreign = s->told_foreign && status < 0;
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_mutex_unlock(&s->turn);
    if (status < 0)
        return chain_fail(call, status, &err);
    c138_set_str(call, "key", s->key);
    chain_set_address(call, "account", s->address);
    c138_set_uint(call, "nonce", a.latest);
    return C138_OK;
}
