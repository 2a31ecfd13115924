/* The actions that only look. */
#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/revert.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- What all share -------------------------------------------------------------------------- */

c138_status chain_fail(c138_call *call, c138_status status, const struct c138_err *err) {
    return c138_fail(call, status, *err->key ? err->key : c138_status_key(status), err->text);
}

int64_t chain_utc(const struct chain *c) {
    return c->host->now_ns(c->host, C138_CLOCK_UTC);
}

void chain_publish(struct chain *c, const char *topic, struct c138_json *data) {
    C138_JSON struct c138_json *owned = data;
    C138_FREE char *text = c138_json_dump(owned);
    c->published++;
    if (c->bus)
        (void)c->bus->publish(c->host, NULL, topic, text);
}

void chain_tell_foreign(struct chain *c, struct sender *s, const char *text) {
    char address[C138_ADDRESS_TEXT];
    (void)pthread_mutex_lock(&c->lock);
    int told = s->told_foreign;
    s->told_foreign = 1;
    (void)pthread_mutex_unlock(&c->lock);
    if (told)
        return;
    struct c138_json *o = c138_json_new_object();
    c138_address_format(s->address, address);
    c138_json_set_str(o, "account", address);
    c138_json_set_str(o, "key", s->key);
    c138_json_set_str(o, "text", text);
    chain_publish(c, "chain.foreign", o);
}

void chain_set_wei(c138_call *call, const char *name, const struct c138_u256 *v) {
    char text[C138_U256_TEXT];
    c138_u256_to_dec(v, text);
    c138_set_str(call, name, text);
}

void chain_set_hex(c138_call *call, const char *name, const void *bytes, size_t length) {
    C138_FREE char *text = c138_hex_text(bytes, length);
    c138_set_str(call, name, text);
}

void chain_set_address(c138_call *call, const char *name, const uint8_t address[20]) {
    char text[C138_ADDRESS_TEXT];
    c138_address_format(address, text);
    c138_set_str(call, name, text);
}

void chain_set_values(c138_call *call, const char *name, const struct c138_json *values) {
    c138_open_list(call, name);
    for (size_t i = 0; i < c138_json_count(values); i++) {
        const struct c138_json *v = c138_json_at(values, i);
        C138_FREE char *text = c138_json_type(v) == C138_JSON_STRING ? NULL : c138_json_dump(v);
        c138_set_str(call, NULL, text ? text : c138_json_as_str(v, ""));
    }
    c138_close(call);
}

struct c138_json *chain_show_intent(const struct intent *i) {
    struct c138_json *o = c138_json_new_object();
    char text[C138_ADDRESS_TEXT], time[C138_TIME_TEXT];
    const struct attempt *a = &i->attempts[i->is_mined ? i->mined : i->n_attempts - 1];
    C138_FREE char *hash = c138_hex_text(a->hash, 32);
    c138_address_format(i->from, text);
    c138_time_format(i->time_ns, time);
    c138_json_set_str(o, "id", i->id);
    c138_json_set_str(o, "outcome", outcome_name(i->outcome));
    c138_json_set_str(o, "key", i->key);
    c138_json_set_str(o, "from", text);
    c138_json_set_uint(o, "nonce", i->nonce);
    c138_json_set_str(o, "hash", hash);
    c138_json_set_str(o, "kind", attempt_kind_name(a->kind));
    c138_json_set_uint(o, "attempts", i->n_attempts);
    c138_json_set_str(o, "call", i->call);
    c138_json_set_str(o, "who", i->who);
    c138_json_set_str(o, "time", time);
    if (i->is_mined)
        c138_json_set_uint(o, "block", i->block);
    c138_json_set_str(o, "text", i->text ? i->text : "");
    return o;
}

/* --- chain.decode ---------------------------------------------------------------------------- */

static void show_data(c138_call *call, const struct c138_abi_item *f, const uint8_t *data,
                      size_t length) {
    C138_JSON struct c138_json *o = plan_decode_call(f, data, length);
    if (!o)
        return;
    c138_set_str(call, "signature", c138_json_get_str(o, "signature", ""));
    chain_set_values(call, "args", c138_json_get(o, "args"));
    c138_set_bool(call, "known", c138_json_get_bool(o, "known", 0) ? 1 : 0);
}

static c138_status show_tx(c138_call *call, const struct c138_abi_item *f, const uint8_t *bytes,
                           size_t length, struct c138_err *err) {
    struct c138_tx tx;
    uint8_t hash[32];
    c138_status status = c138_tx_decode(bytes, length, &tx, err);
    if (status < 0)
        return status;
    c138_set_uint(call, "type", tx.type);
    c138_set_uint(call, "chain_id", tx.chain_id);
    c138_set_uint(call, "nonce", tx.nonce);
    if (tx.creates)
        c138_set_str(call, "to", NULL);
    else
        chain_set_address(call, "to", tx.to);
    chain_set_wei(call, "value", &tx.value);
    chain_set_wei(call, "gas", &tx.gas);
    chain_set_wei(call, "max_fee", tx.type == 2 ? &tx.fee_cap : &tx.gas_price);
    c138_set_bool(call, "signed", tx.is_signed ? 1 : 0);
    if (tx.is_signed && c138_tx_hash(&tx, hash) >= 0)
        chain_set_hex(call, "hash", hash, 32);
    show_data(call, f, tx.data, tx.data_length);
    return C138_OK;
}

static c138_status show_error(c138_call *call, const uint8_t *bytes, size_t length) {
    C138_JSON struct c138_json *o = c138_revert_decode(bytes, length, NULL);
    const struct c138_json *args = c138_json_get(o, "args");
    c138_set_str(call, "signature", c138_json_get_str(o, "signature", ""));
    c138_open_list(call, "args");
    for (size_t i = 0; i < c138_json_count(args); i++) {
        const struct c138_json *v = c138_json_get(c138_json_at(args, i), "value");
        C138_FREE char *text = c138_json_dump(v);
        c138_set_str(call, NULL, c138_json_as_str(v, text));
    }
    c138_close(call);
    c138_set_str(call, "text", c138_json_get_str(o, "text", ""));
    return C138_OK;
}

c138_status chain_decode_run(void *self, c138_call *call) {
    const char *hex = c138_str(call, "bytes") + 2, *what = c138_str(call, "what");
    size_t length = strlen(hex) / 2;
    C138_FREE uint8_t *bytes = c138_xmalloc(length + 1);
    C138_ABI_ITEM struct c138_abi_item *f = NULL;
    struct c138_err err = {0};
    c138_status status = c138_hex_decode(hex, 2 * length, bytes);
    (void)self;
    if (status >= 0 && c138_has(call, "function"))
        status = c138_abi_item_parse(c138_str(call, "function"), &f, &err);
    if (status >= 0 && !strcmp(what, "transaction"))
        status = show_tx(call, f, bytes, length, &err);
    else if (status >= 0 && !strcmp(what, "error"))
        status = show_error(call, bytes, length);
    else if (status >= 0)
        show_data(call, f, bytes, length);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

/* --- chain.tx -------------------------------------------------------------------------------- */

static void set_intent(struct chain *c, c138_call *call, const struct intent *i) {
    (void)pthread_mutex_lock(&c->lock);
    C138_JSON struct c138_json *o = chain_show_intent(i);
    (void)pthread_mutex_unlock(&c->lock);
    C138_FREE char *text = c138_json_dump(o);
    c138_set_json(call, "sent", text);
}

static void set_member(c138_call *call, const char *name, const struct c138_json *o,
                       const char *from) {
    C138_FREE char *text = c138_json_dump(c138_json_get(o, from));
    c138_set_json(call, name, text);
}

static void set_number(c138_call *call, const char *name, const struct c138_json *o,
                       const char *from) {
    uint64_t n = 0;
    if (c138_parse_quantity(c138_json_get_str(o, from, ""), &n) >= 0)
        c138_set_uint(call, name, n);
}

static void show_chain(c138_call *call, const struct c138_json *tx,
                       const struct c138_json *receipt) {
    const char *input = c138_json_get_str(tx, "input", "0x");
    size_t length = strlen(input) / 2;
    C138_FREE uint8_t *bytes = c138_xmalloc(length + 1);
    set_member(call, "from", tx, "from");
    set_member(call, "to", tx, "to");
    set_number(call, "nonce", tx, "nonce");
    if (length > 1 && c138_hex_decode(input + 2, 2 * (length - 1), bytes) >= 0)
        show_data(call, NULL, bytes, length - 1);
    if (!receipt)
        return;
    set_number(call, "block", receipt, "blockNumber");
    set_number(call, "gas_used", receipt, "gasUsed");
    if (c138_json_get(receipt, "contractAddress"))
        set_member(call, "contract", receipt, "contractAddress");
    c138_set_uint(call, "logs", c138_json_count(c138_json_get(receipt, "logs")));
}

static c138_status show_hash(struct chain *c, c138_call *call, const char *hash, int is_ours,
                             struct c138_err *err) {
    struct c138_rpc_call calls[] = {
        {.method = "eth_getTransactionByHash", .params = c138_json_new_array()},
        {.method = "eth_getTransactionReceipt", .params = c138_json_new_array()}};
    for (size_t i = 0; i < 2; i++)
        c138_json_append(calls[i].params, c138_json_new_str(hash));
    c138_status status = endpoints_batch(c->endpoints, calls, 2, NULL, err);
    if (status >= 0 && !calls[0].result && !is_ours)
        status = c138_error(err, C138_E_NOTFOUND, "chain.unknown",
                            "neither this agent nor its node knows a transaction %s", hash);
    if (status >= 0) {
        const char *ok = c138_json_get_str(calls[1].result, "status", NULL);
        c138_set_str(call, "hash", hash);
        c138_set_str(call, "state",
                     ok                ? !strcmp(ok, "0x1") ? "mined" : "reverted"
                     : calls[0].result ? "pending"
                                       : "unknown to the node");
        show_chain(call, calls[0].result, calls[1].result);
    }
    for (size_t i = 0; i < 2; i++) {
        (void)c138_json_unref(calls[i].params);
        c138_rpc_call_deinit(&calls[i]);
    }
    return status;
}

c138_status chain_tx_run(void *self, c138_call *call) {
    struct chain *c = self;
    const char *text = c138_str(call, "transaction");
    struct c138_err err = {0};
    uint8_t hash[32];
    int is_hash = strlen(text) == 66 && c138_starts_with(text, "0x") &&
                  c138_hex_decode(text + 2, 64, hash) >= 0;
    (void)pthread_mutex_lock(&c->lock);
    const struct intent *i =
        is_hash ? journal_by_hash(c->journal, hash) : journal_find(c->journal, text);
    size_t last = i ? (i->is_mined ? i->mined : i->n_attempts - 1) : 0;
    C138_FREE char *own = i ? c138_hex_text(i->attempts[last].hash, 32) : NULL;
    (void)pthread_mutex_unlock(&c->lock);
    c138_status status = C138_OK;
    if (!i && !is_hash)
        status = c138_error(&err, C138_E_NOTFOUND, "chain.unknown",
                            "this agent sent nothing under the id %.130s", text);
    else
        status = show_hash(c, call, is_hash ? text : own, i != NULL, &err);
    if (status >= 0 && i)
        set_intent(c, call, i);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

/* --- Endpoints, status, health --------------------------------------------------------------- */

static const char *endpoint_word(const struct endpoint_state *s) {
    return !s->asked        ? "not asked yet"
           : s->other_chain ? "other chain"
           : !s->reachable  ? "unreachable"
           : s->lags        ? "lags"
                            : "ok";
}

c138_status chain_endpoints_run(void *self, c138_call *call) {
    struct chain *c = self;
    char text[256];
    int disagree = endpoints_look(c->endpoints, text);
    c138_open_list(call, "endpoints");
    for (size_t i = 0; i < endpoints_count(c->endpoints); i++) {
        struct endpoint_state s;
        endpoints_state(c->endpoints, i, &s);
        c138_open_object(call, NULL);
        c138_set_str(call, "name", s.name);
        c138_set_str(call, "url", s.url);
        c138_set_str(call, "state", endpoint_word(&s));
        c138_set_uint(call, "head", s.head);
        c138_set_str(call, "text", s.text);
        c138_close(call);
    }
    c138_close(call);
    c138_set_bool(call, "agree", disagree ? 0 : 1);
    c138_set_str(call, "text", text);
    return C138_OK;
}

struct chain_tally chain_count_up(struct chain *c) {
    struct chain_tally t = {0};
    struct watch_shown watch;
    (void)pthread_mutex_lock(&c->lock);
    for (size_t n = 0; c->journal && n < journal_count(c->journal); n++) {
        const struct intent *i = journal_at(c->journal, n);
        t.open += i->outcome == OUTCOME_OPEN;
        t.refused += i->outcome == OUTCOME_OPEN && *i->refusal;
    }
    for (const struct sender *s = c->senders; s; s = s->next)
        t.foreign += s->told_foreign != 0;
    (void)pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; c->endpoints && i < endpoints_count(c->endpoints); i++) {
        struct endpoint_state s;
        endpoints_state(c->endpoints, i, &s);
        t.bad += s.asked && (!s.reachable || s.other_chain);
    }
    for (size_t i = 0; watches_show(c, i, &watch); i++)
        t.stuck += watch.text[0] && watch.head;
    return t;
}

void chain_status_rows(void *self, c138_call *out) {
    struct chain *c = self;
    struct chain_tally t = chain_count_up(c);
    char text[400];
    size_t all = c->endpoints ? endpoints_count(c->endpoints) : 0;
    c138_open_list(out, "items");
    c138_open_object(out, NULL);
    c138_set_str(out, "name", "transactions");
    c138_set_str(out, "state", t.foreign ? "critical" : t.refused ? "warning" : "ok");
    (void)snprintf(text, sizeof(text), "%zu under way, %zu refused by the nodes%s", t.open,
                   t.refused, t.foreign ? "; somebody else uses a key: chain pending" : "");
    c138_set_str(out, "text", text);
    c138_close(out);
    c138_open_object(out, NULL);
    c138_set_str(out, "name", "endpoints");
    c138_set_str(out, "state", t.bad == all && all ? "critical" : t.bad ? "warning" : "ok");
    (void)snprintf(text, sizeof(text), "%zu of %zu answer for chain %" PRIu64, all - t.bad, all,
                   c->settings.chain_id);
    c138_set_str(out, "text", text);
    c138_close(out);
    if (c->settings.n_watches) {
        c138_open_object(out, NULL);
        c138_set_str(out, "name", "watches");
        c138_set_str(out, "state", t.stuck ? "warning" : "ok");
        (void)snprintf(text, sizeof(text), "%zu of %zu do not go on%s", t.stuck,
                       c->settings.n_watches, t.stuck ? ": chain watches says why" : "");
        c138_set_str(out, "text", text);
        c138_close(out);
    }
    c138_close(out);
}

uint32_t chain_health(void *self, c138_text_fn on_text, void *user) {
    struct chain *c = self;
    struct chain_tally t = chain_count_up(c);
    C138_FREE char *text = c138_xasprintf("%zu transactions under way, %zu endpoints of %zu down",
                                          t.open, t.bad, c->settings.n_endpoints);
    on_text(user, text, strlen(text));
    return t.foreign || t.refused || t.bad || t.stuck ? C138_HEALTH_DEGRADED : C138_HEALTH_OK;
}
