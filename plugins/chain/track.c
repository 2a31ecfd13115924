#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/revert.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OVERTAKEN_AFTER 3
#define AT_ONCE 200 /* attempts that are asked about in one look */

struct seen {
    struct intent *intent; /* lives as long as the journal */
    size_t attempt;
    struct c138_json *receipt; /* NULL: none */
};

struct look {
    struct chain *c;
    struct sender *s;
    uint64_t head, count; /* blocks; the account's transactions */
    struct seen list[AT_ONCE];
    size_t n;
};

static struct c138_json *one(const char *text) {
    struct c138_json *params = c138_json_new_array();
    c138_json_append(params, c138_json_new_str(text));
    return params;
}

static int is_of(const struct intent *i, const struct sender *s) {
    return !i->is_deep && !memcmp(i->from, s->address, 20);
}

/* Which attempts to ask about: first those that are open, then those that are watched on. */
static void choose(struct look *l) {
    struct journal *j = l->c->journal;
    for (int ended = 0; ended < 2; ended++)
        for (size_t n = 0; n < journal_count(j); n++) {
            struct intent *i = journal_at(j, n);
            if (!is_of(i, l->s) || i->outcome == OUTCOME_DROPPED ||
                (i->outcome != OUTCOME_OPEN) != ended || l->n + i->n_attempts > AT_ONCE)
                continue; /* all of its attempts, or none: one of them may be mined */
            for (size_t a = 0; a < i->n_attempts; a++)
                l->list[l->n++] = (struct seen){.intent = i, .attempt = a};
        }
}

/* --- What the chain says --------------------------------------------------------------------- */

static c138_status ask(struct look *l, struct c138_err *err) {
    struct c138_rpc_call calls[AT_ONCE + 2] = {{0}};
    struct c138_json *params[AT_ONCE + 2];
    size_t count = l->n + 2;
    C138_FREE char *from = c138_hex_text(l->s->address, 20);
    calls[0] = (struct c138_rpc_call){.method = "eth_blockNumber"};
    calls[1] = (struct c138_rpc_call){.method = "eth_getTransactionCount", .params = one(from)};
    c138_json_append(calls[1].params, c138_json_new_str("latest"));
    for (size_t n = 0; n < l->n; n++) {
        C138_FREE char *hash =
            c138_hex_text(l->list[n].intent->attempts[l->list[n].attempt].hash, 32);
        calls[n + 2] =
            (struct c138_rpc_call){.method = "eth_getTransactionReceipt", .params = one(hash)};
    }
    for (size_t n = 0; n < count; n++)
        params[n] = calls[n].params;
    c138_status status = endpoints_batch(l->c->endpoints, calls, count, NULL, err);
    for (size_t n = 0; n < count; n++) {
        (void)c138_json_unref(params[n]);
        if (status >= 0 && calls[n].status < 0) {
            status = calls[n].status;
            *err = calls[n].error;
        }
    }
    if (status >= 0 && (c138_parse_quantity(c138_json_as_str(calls[0].result, ""), &l->head) < 0 ||
                        c138_parse_quantity(c138_json_as_str(calls[1].result, ""), &l->count) < 0))
        status = c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                            "the node answers with what is no number");
    for (size_t n = 0; n < count; n++) {
        if (status >= 0 && n >= 2)
            l->list[n - 2].receipt = C138_STEAL(calls[n].result);
        c138_rpc_call_deinit(&calls[n]);
    }
    return status;
}

static int read_hash(const struct c138_json *o, const char *name, uint8_t ret[32]) {
    const char *text = c138_json_get_str(o, name, "");
    return strlen(text) == 66 && c138_hex_decode(text + 2, 64, ret) >= 0;
}

/* --- Was it what was expected? --------------------------------------------------------------- */

static int has_event(const struct c138_json *receipt, const char *text) {
    C138_ABI_ITEM struct c138_abi_item *event = NULL;
    const struct c138_json *logs = c138_json_get(receipt, "logs");
    if (c138_abi_item_parse(text, &event, NULL) < 0)
        return 0;
    C138_FREE char *topic = c138_hex_text(event->hash, 32);
    for (size_t i = 0; i < c138_json_count(logs); i++)
        if (!strcmp(c138_json_as_str(
                        c138_json_at(c138_json_get(c138_json_at(logs, i), "topics"), 0), ""),
                    topic))
            return 1;
    return 0;
}

/* The one value that `function` returns, as text. NULL: it gives none, *ret_text says why. */
static char *value_of(struct chain *c, const char *function, const char *to, const char *block,
                      char why[256]) {
    C138_ABI_ITEM struct c138_abi_item *f = NULL;
    C138_JSON struct c138_json *values = NULL, *result = NULL;
    struct c138_err err = {0};
    if (c138_abi_item_parse(function, &f, &err) < 0)
        return NULL;
    struct c138_json *params = c138_json_new_array(), *o = c138_json_new_object();
    C138_FREE char *data = c138_hex_text(f->hash, 4);
    c138_json_set_str(o, "to", to);
    c138_json_set_str(o, "data", data);
    c138_json_append(params, o);
    c138_json_append(params, c138_json_new_str(block));
    if (endpoints_call(c->endpoints, "eth_call", params, &result, &err) >= 0) {
        const char *hex = c138_json_as_str(result, "0x");
        size_t length = strlen(hex);
        C138_FREE uint8_t *bytes = c138_xmalloc(length / 2 + 1);
        if (length >= 2 && c138_hex_decode(hex + 2, length - 2, bytes) >= 0)
            (void)c138_abi_decode(f->outputs, bytes, length / 2 - 1, NULL, &values, &err);
    }
    (void)snprintf(why, 256, "%s", err.text);
    const struct c138_json *v = c138_json_at(values, 0);
    if (!v)
        return NULL;
    return c138_json_type(v) == C138_JSON_STRING ? c138_xstrdup(c138_json_as_str(v, ""))
                                                 : c138_json_dump(v);
}

/* NULL: all is as expected; else what is not. The caller frees it. */
static char *unmet(struct chain *c, const struct intent *i, const struct c138_json *receipt) {
    C138_JSON struct c138_json *expect = NULL;
    if (!*i->expect || c138_json_parse(i->expect, strlen(i->expect), &expect, NULL) < 0)
        return NULL;
    const char *event = c138_json_get_str(expect, "event", NULL),
               *call = c138_json_get_str(expect, "call", NULL),
               *wanted = c138_json_get_str(expect, "value", "");
    char why[256] = "";
    if (event && !has_event(receipt, event))
        return c138_xasprintf("mined, but there is no %s in its log", event);
    if (!call)
        return NULL;
    C138_FREE char *value = value_of(c, call, c138_json_get_str(receipt, "to", ""),
                                     c138_json_get_str(receipt, "blockNumber", "latest"), why);
    if (!value)
        return c138_xasprintf("mined, but %s gives no value: %s", call, why);
    return !strcmp(value, wanted)
               ? NULL
               : c138_xasprintf("mined, but %s is %.100s, not %.100s", call, value, wanted);
}

/* Why it was undone: the same call on the block before. */
static char *revert_text(struct chain *c, const struct intent *i) {
    const char *raw = i->attempts[i->mined].raw;
    size_t length = strlen(raw) / 2 - 1;
    C138_FREE uint8_t *bytes = c138_xmalloc(length + 1);
    struct c138_tx tx;
    char quantity[67], block[24];
    if (c138_hex_decode(raw + 2, 2 * length, bytes) < 0 ||
        c138_tx_decode(bytes, length, &tx, NULL) < 0 || i->block == 0)
        return c138_xstrdup("undone by the chain");
    struct c138_json *params = c138_json_new_array(), *o = c138_json_new_object();
    C138_FREE char *from = c138_hex_text(i->from, 20), *to = c138_hex_text(tx.to, 20),
                   *data = c138_hex_text(tx.data, tx.data_length);
    c138_json_set_str(o, "from", from);
    if (!tx.creates)
        c138_json_set_str(o, "to", to);
    c138_u256_to_quantity(&tx.value, quantity);
    c138_json_set_str(o, "value", quantity);
    c138_u256_to_quantity(&tx.gas, quantity);
    c138_json_set_str(o, "gas", quantity);
    c138_json_set_str(o, "data", data);
    c138_json_append(params, o);
    (void)snprintf(block, sizeof(block), "0x%" PRIx64, i->block - 1);
    c138_json_append(params, c138_json_new_str(block));
    struct c138_rpc_call call = {.method = "eth_call", .params = params};
    struct c138_err err = {0};
    char *text = NULL;
    if (endpoints_batch(c->endpoints, &call, 1, NULL, &err) >= 0 && call.status < 0) {
        C138_JSON struct c138_json *why = c138_revert_of_error(call.answered, NULL);
        text = c138_xasprintf(
            "undone by the chain: %.400s",
            c138_json_get_str(why, "text", c138_json_get_str(call.answered, "message", "")));
    }
    (void)c138_json_unref(params);
    c138_rpc_call_deinit(&call);
    return text ? text : c138_xstrdup("undone by the chain: out of gas, or by what came before it");
}

/* --- What follows for an intent -------------------------------------------------------------- */

/* Intents of an account are changed by who has its turn, and within one hold of the lock on disk and
 * in memory: so he may read them without it. */
static c138_status end(struct look *l, struct intent *i, enum outcome outcome, const char *text,
                       struct c138_err *err) {
    (void)pthread_mutex_lock(&l->c->lock);
    journal_put_end(l->c->journal, i, outcome, text, chain_utc(l->c));
    c138_status status = journal_flush(l->c->journal, chain_utc(l->c), err);
    i->end_head = l->head;
    (void)pthread_mutex_unlock(&l->c->lock);
    return status;
}

static c138_status confirmed(struct look *l, struct intent *i, const struct c138_json *receipt,
                             struct c138_err *err) {
    struct chain *c = l->c;
    C138_FREE char *text = NULL;
    if (i->attempts[i->mined].kind == ATTEMPT_CANCEL)
        return end(l, i, OUTCOME_CANCELLED, "an empty transaction was mined in its place", err);
    if (!i->status) {
        text = revert_text(c, i);
        return end(l, i, OUTCOME_REVERTED, text, err);
    }
    text = unmet(c, i, receipt);
    return end(l, i, text ? OUTCOME_UNMET : OUTCOME_SUCCEEDED, text ? text : "", err);
}

static c138_status taken_back(struct look *l, struct intent *i, struct c138_err *err) {
    struct c138_json *o = c138_json_new_object();
    (void)pthread_mutex_lock(&l->c->lock);
    c138_json_set_str(o, "id", i->id);
    c138_json_set_uint(o, "block", i->block);
    c138_json_set_bool(o, "counted", i->outcome != OUTCOME_OPEN);
    if (i->outcome != OUTCOME_OPEN)
        journal_put_reopen(l->c->journal, i);
    else
        journal_put_unmined(l->c->journal, i);
    c138_status status = journal_flush(l->c->journal, chain_utc(l->c), err);
    i->sent_ns = 0; /* hand it over again at once */
    (void)pthread_mutex_unlock(&l->c->lock);
    if (status < 0) {
        (void)c138_json_unref(o);
        return status;
    }
    gauges_reorged(l->c);
    chain_publish(l->c, "chain.reorged", o);
    return status;
}

static c138_status is_mined(struct look *l, const struct seen *s, struct c138_err *err) {
    struct intent *i = s->intent;
    uint8_t block_hash[32];
    uint64_t block = 0;
    c138_status status = C138_OK;
    if (!read_hash(s->receipt, "blockHash", block_hash) ||
        c138_parse_quantity(c138_json_get_str(s->receipt, "blockNumber", ""), &block) < 0)
        return C138_OK; /* a node that gives receipts of what is pending */
    int moved =
        !i->is_mined || memcmp(i->block_hash, block_hash, 32) != 0 || i->mined != s->attempt;
    if (moved && i->outcome != OUTCOME_OPEN)
        status = taken_back(l, i, err);
    if (status >= 0 && moved) {
        (void)pthread_mutex_lock(&l->c->lock);
        journal_put_mined(l->c->journal, i, s->attempt, block, block_hash,
                          !strcmp(c138_json_get_str(s->receipt, "status", ""), "0x1"));
        status = journal_flush(l->c->journal, chain_utc(l->c), err);
        (void)pthread_mutex_unlock(&l->c->lock);
    }
    i->overtaken = 0;
    if (status >= 0 && i->outcome == OUTCOME_OPEN && l->head + 1 >= i->block + i->confirmations)
        status = confirmed(l, i, s->receipt, err);
    return status;
}

static c138_status is_not_mined(struct look *l, struct intent *i, struct c138_err *err) {
    if (i->is_mined)
        return taken_back(l, i, err);
    if (i->outcome == OUTCOME_OVERTAKEN && l->count <= i->nonce)
        return taken_back(l, i, err); /* what overtook it is gone */
    if (i->outcome != OUTCOME_OPEN)
        return C138_OK;
    /* Three times, as a node may count a block's transactions before it gives their receipts. */
    i->overtaken = l->count > i->nonce ? i->overtaken + 1 : 0;
    if (i->overtaken < OVERTAKEN_AFTER)
        return C138_OK;
    char address[C138_ADDRESS_TEXT];
    c138_address_format(i->from, address);
    C138_FREE char *text = c138_xasprintf(
        "nonce %" PRIu64 " of %s was used by a transaction that this agent did not send: somebody "
        "else has the key",
        i->nonce, address);
    c138_status status = end(l, i, OUTCOME_OVERTAKEN, text, err);
    if (status >= 0)
        chain_tell_foreign(l->c, l->s, text);
    return status;
}

static void tell_end(struct chain *c, const struct intent *i) {
    (void)pthread_mutex_lock(&c->lock);
    struct c138_json *o = chain_show_intent(i);
    (void)pthread_mutex_unlock(&c->lock);
    gauges_ended(c, outcome_name(i->outcome));
    chain_publish(c, i->outcome == OUTCOME_SUCCEEDED ? "chain.succeeded" : "chain.failed", o);
}

static void deepen(struct look *l, struct intent *i) {
    uint64_t since = i->is_mined ? i->block : i->end_head ? i->end_head : l->head;
    if (!i->end_head)
        i->end_head = l->head;
    if (i->outcome != OUTCOME_OPEN && l->head >= since + l->c->settings.final_blocks)
        i->is_deep = 1;
}

static c138_status conclude(struct look *l, struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t n = 0; n < l->n && status >= 0;) {
        struct intent *i = l->list[n].intent;
        enum outcome before = i->outcome;
        const struct seen *mined = NULL;
        for (; n < l->n && l->list[n].intent == i; n++)
            /* A receipt of a chain that is no more may still be given: what the account's count
             * does not cover is not mined. */
            if (l->list[n].receipt && l->count > i->nonce)
                mined = &l->list[n];
        status = mined ? is_mined(l, mined, err) : is_not_mined(l, i, err);
        if (status >= 0 && before == OUTCOME_OPEN && i->outcome != OUTCOME_OPEN)
            tell_end(l->c, i);
        if (i->outcome != OUTCOME_OPEN)
            deepen(l, i);
    }
    return status;
}

static c138_status look(struct chain *c, struct sender *s, struct c138_err *err) {
    C138_FREE struct look *l = c138_xcalloc(1, sizeof(*l));
    l->c = c;
    l->s = s;
    send_again(c, s);
    (void)pthread_mutex_lock(&c->lock);
    choose(l);
    (void)pthread_mutex_unlock(&c->lock);
    s->tracked_ns = c138_now_monotonic_ns();
    if (!l->n)
        return C138_OK;
    c138_status status = ask(l, err);
    if (status >= 0)
        status = conclude(l, err);
    for (size_t n = 0; n < l->n; n++)
        (void)c138_json_unref(l->list[n].receipt);
    return status;
}

c138_status track(struct chain *c, struct sender *s, struct c138_err *err) {
    c138_status status = look(c, s, err);
    int is_new = status < 0 && strncmp(s->trouble, err->text, sizeof(s->trouble) - 1) != 0;
    (void)pthread_mutex_lock(&c->lock);
    (void)snprintf(s->trouble, sizeof(s->trouble), "%s", status < 0 ? err->text : "");
    (void)pthread_mutex_unlock(&c->lock);
    if (is_new)
        c->host->log(c->host, C138_LOG_WARNING, err->text);
    return status;
}

/* --- At every poll --------------------------------------------------------------------------- */

static void look_at_endpoints(struct chain *c) {
    char text[256];
    int disagree = endpoints_count(c->endpoints) > 1 && endpoints_look(c->endpoints, text);
    if (disagree == c->told_disagree)
        return;
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "text", disagree ? text : "the endpoints agree again");
    chain_publish(c, disagree ? "chain.disagreement" : "chain.agreement", o);
    c->told_disagree = disagree;
}

static int is_stopping(struct chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    int stopping = c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return stopping;
}

static void track_all(struct chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < journal_accounts(c->journal); i++)
        (void)sender_of(c, journal_account(c->journal, i), "");
    struct sender *first = c->senders;
    (void)pthread_mutex_unlock(&c->lock);
    for (struct sender *s = first; s && !is_stopping(c); s = s->next) {
        struct c138_err err = {0};
        if (pthread_mutex_trylock(&s->turn) != 0)
            continue; /* who has it looks himself */
        if (c138_now_monotonic_ns() - s->tracked_ns >= c->settings.poll_ns / 2)
            (void)track(c, s, &err);
        (void)pthread_mutex_unlock(&s->turn);
    }
    if (!is_stopping(c))
        look_at_endpoints(c);
    gauges_set(c);
}

/* Until the next poll, or the end: then 0. */
static int rest(struct chain *c) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + c->settings.poll_ns;
    until.tv_sec += ns / C138_NS_PER_S;
    until.tv_nsec = ns % C138_NS_PER_S;
    (void)pthread_mutex_lock(&c->lock);
    while (!c->stopping && pthread_cond_timedwait(&c->wake, &c->lock, &until) != ETIMEDOUT)
        ;
    int on = !c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return on;
}

static void *watch(void *user) {
    struct chain *c = user;
    do
        track_all(c);
    while (rest(c));
    return NULL;
}

void track_start(struct chain *c) {
    c->watching = pthread_create(&c->watcher, NULL, watch, c) == 0;
    if (!c->watching)
        c->host->log(c->host, C138_LOG_ERROR,
                     "chain: no thread can be made: open transactions are looked after only while "
                     "somebody waits for them");
}

void track_stop(struct chain *c) {
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = 1;
    (void)pthread_cond_broadcast(&c->wake);
    (void)pthread_mutex_unlock(&c->lock);
    if (c->endpoints)
        endpoints_stop(c->endpoints);
    if (c->watching)
        (void)pthread_join(c->watcher, NULL);
    c->watching = 0;
}
