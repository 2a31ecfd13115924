#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/known.h>
#include <evm/revert.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- Call data, decoded ---------------------------------------------------------------------- */

static struct c138_json *decode_as(const struct c138_abi_item *f, const uint8_t *data,
                                   size_t length, int known) {
    struct c138_json *args = NULL;
    if (length < 4 || memcmp(f->hash, data, 4) != 0 ||
        c138_abi_decode(f->inputs, data + 4, length - 4, NULL, &args, NULL) < 0)
        return NULL;
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "function", f->name);
    c138_json_set_str(o, "signature", f->signature);
    c138_json_set(o, "args", args);
    c138_json_set_bool(o, "known", known);
    return o;
}

struct c138_json *plan_decode_call(const struct c138_abi_item *function, const uint8_t *data,
                                   size_t length) {
    struct c138_json *o = function ? decode_as(function, data, length, 0) : NULL;
    for (size_t n = 0; !o && length >= 4; n++) {
        C138_ABI_ITEM struct c138_abi_item *f = c138_abi_known(C138_ABI_FUNCTION, data, 4, n);
        if (!f)
            break;
        o = decode_as(f, data, length, 1);
    }
    return o;
}

char *plan_call_text(const struct item *i) {
    C138_BUF struct c138_buf b = C138_BUF_MAX(400);
    if (i->creates)
        return c138_xstrdup("a new contract");
    if (!i->data.length)
        return c138_xstrdup("");
    if (!i->decoded) {
        C138_FREE char *hex = c138_hex_text(i->data.data, i->data.length < 4 ? i->data.length : 4);
        return c138_xasprintf("%s..", hex);
    }
    C138_FREE char *args = c138_json_dump(c138_json_get(i->decoded, "args"));
    size_t length = strlen(args);
    c138_buf_addf(&b, "%.80s(%.*s%s)", c138_json_get_str(i->decoded, "function", ""),
                  length < 252 ? (int)length - 2 : 250, args + 1, length < 252 ? "" : "..");
    return c138_buf_steal(&b);
}

/* --- Asking ---------------------------------------------------------------------------------- */

enum { ASK_BLOCK, ASK_LATEST, ASK_PENDING, ASK_BALANCE, ASK_PRICE, ASK_TIP, ASKED };
enum { ITEM_CODE, ITEM_CALL, ITEM_GAS, ITEM_CALLS };

static struct c138_json *list_of(struct c138_json *a, struct c138_json *b) {
    struct c138_json *list = c138_json_new_array();
    c138_json_append(list, a);
    if (b)
        c138_json_append(list, b);
    return list;
}

static void set_hex(struct c138_json *o, const char *name, const void *bytes, size_t length) {
    C138_FREE char *text = c138_hex_text(bytes, length);
    c138_json_set_str(o, name, text);
}

static struct c138_json *call_object(const struct plan *p, const struct item *i) {
    struct c138_json *o = c138_json_new_object();
    char quantity[67];
    set_hex(o, "from", p->sender->address, 20);
    if (!i->creates)
        set_hex(o, "to", i->to, 20);
    c138_u256_to_quantity(&i->value, quantity);
    c138_json_set_str(o, "value", quantity);
    if (i->data.length)
        set_hex(o, "data", i->data.data, i->data.length);
    return o;
}

static void calls_fill(const struct plan *p, struct c138_rpc_call *calls) {
    C138_FREE char *from = c138_hex_text(p->sender->address, 20);
    calls[ASK_BLOCK] = (struct c138_rpc_call){
        .method = "eth_getBlockByNumber",
        .params = list_of(c138_json_new_str("latest"), c138_json_new_bool(0))};
    calls[ASK_LATEST] = (struct c138_rpc_call){
        .method = "eth_getTransactionCount",
        .params = list_of(c138_json_new_str(from), c138_json_new_str("latest"))};
    calls[ASK_PENDING] = (struct c138_rpc_call){
        .method = "eth_getTransactionCount",
        .params = list_of(c138_json_new_str(from), c138_json_new_str("pending"))};
    calls[ASK_BALANCE] = (struct c138_rpc_call){
        .method = "eth_getBalance",
        .params = list_of(c138_json_new_str(from), c138_json_new_str("latest"))};
    calls[ASK_PRICE] = (struct c138_rpc_call){.method = "eth_gasPrice"};
    calls[ASK_TIP] = (struct c138_rpc_call){.method = "eth_maxPriorityFeePerGas"};
    for (size_t n = 0; n < p->count; n++) {
        const struct item *i = &p->list[n];
        struct c138_rpc_call *at = calls + ASKED + n * ITEM_CALLS;
        C138_FREE char *to = c138_hex_text(i->to, 20);
        at[ITEM_CODE] = (struct c138_rpc_call){
            .method = "eth_getCode",
            .params = list_of(c138_json_new_str(to), c138_json_new_str("latest"))};
        at[ITEM_CALL] = (struct c138_rpc_call){
            .method = "eth_call",
            .params = list_of(call_object(p, i), c138_json_new_str("pending"))};
        at[ITEM_GAS] = (struct c138_rpc_call){
            .method = "eth_estimateGas",
            .params = list_of(call_object(p, i), c138_json_new_str("pending"))};
    }
}

static c138_status read_uint(const struct c138_rpc_call *c, uint64_t *ret, struct c138_err *err) {
    if (c->status < 0) {
        *err = c->error;
        return c->status;
    }
    if (c138_parse_quantity(c138_json_as_str(c->result, ""), ret) < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer", "%s: the answer is no number",
                          c->method);
    return C138_OK;
}

static c138_status read_u256(const struct c138_rpc_call *c, struct c138_u256 *ret,
                             struct c138_err *err) {
    if (c->status < 0) {
        *err = c->error;
        return c->status;
    }
    if (c138_u256_from_hex(c138_json_as_str(c->result, ""), ret) < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer", "%s: the answer is no number",
                          c->method);
    return C138_OK;
}

/* --- Simulation ------------------------------------------------------------------------------ */

static c138_status simulation_failed(const struct item *i, const struct c138_rpc_call *c,
                                     struct c138_err *err) {
    C138_JSON struct c138_json *why = c138_revert_of_error(c->answered, NULL);
    C138_FREE char *call = plan_call_text(i);
    const char *words = c138_json_get_str(c->answered, "message", c->error.text);
    return c138_error(err, C138_E_CONFLICT, "chain.reverts",
                      "nothing was sent: the simulation of %.200s fails: %.400s",
                      *call ? call : "the transfer", c138_json_get_str(why, "text", words));
}

static c138_status take_simulation(struct item *i, struct c138_rpc_call *at, struct c138_err *err) {
    const char *code = c138_json_as_str(at[ITEM_CODE].result, "0x");
    i->code = i->creates ? 0 : strlen(code) / 2 - 1;
    if (i->function && !i->code)
        return c138_error(err, C138_E_CONFLICT, "chain.no-code",
                          "nothing was sent: there is no contract at the address, so %s would "
                          "succeed and do nothing: check `to`",
                          i->function->signature);
    if (at[ITEM_CALL].status < 0)
        return simulation_failed(i, &at[ITEM_CALL], err);
    if (i->function && i->function->outputs && i->function->outputs->n_items) {
        const char *hex = c138_json_as_str(at[ITEM_CALL].result, "0x");
        size_t length = strlen(hex);
        C138_FREE uint8_t *bytes = c138_xmalloc(length / 2 + 1);
        if (length >= 2 && c138_hex_decode(hex + 2, length - 2, bytes) >= 0)
            (void)c138_abi_decode(i->function->outputs, bytes, length / 2 - 1, NULL, &i->returns,
                                  NULL);
    }
    return C138_OK;
}

/* A little more gas than is needed, by the id and this host: so that two who ask for the same with one
 * key and one nonce do not sign the same bytes, and both believe that what was mined is theirs. */
static uint64_t salt(const struct chain *c, const struct item *i) {
    C138_FREE char *text = c138_xasprintf("%s %s", c->host->host_name, i->id);
    uint8_t digest[32];
    c138_sha256(text, strlen(text), digest);
    return ((uint64_t)digest[0] << 8 | digest[1]) % 4096;
}

static c138_status take_gas(const struct chain *c, const struct plan *p, struct item *i,
                            const struct c138_rpc_call *at, struct c138_err *err) {
    uint64_t gas = i->gas;
    if (!gas) {
        if (at->status < 0)
            return simulation_failed(i, at, err);
        c138_status status = read_uint(at, &gas, err);
        if (status < 0)
            return status;
        if (i->data.length || i->creates) /* a plain transfer to an account costs what it costs */
            gas += gas / 100 * c->settings.gas_margin + gas % 100 * c->settings.gas_margin / 100;
        gas += salt(c, i);
        if (p->gas_limit && gas > p->gas_limit)
            gas = p->gas_limit;
    }
    i->tx.gas = c138_u256_of(gas);
    return C138_OK;
}

/* --- Fees ------------------------------------------------------------------------------------ */

static struct c138_u256 plus(const struct c138_u256 *a, const struct c138_u256 *b) {
    struct c138_u256 r;
    memset(r.be, 0xff, sizeof(r.be)); /* what does not fit is more than anybody pays */
    (void)c138_u256_add(a, b, &r);
    return r;
}

static struct c138_u256 times(const struct c138_u256 *a, uint64_t n) {
    struct c138_u256 r;
    memset(r.be, 0xff, sizeof(r.be));
    (void)c138_u256_mul(a, n, &r);
    return r;
}

/* Without a wish: a chain without base fees takes legacy transactions at its gas price; a base fee
 * of 0 is a network without fees, whose node may still suggest a tip (its gas price tells); else
 * twice the base fee and the suggested tip. */
static c138_status choose_fees(const struct chain *c, struct plan *p,
                               const struct c138_rpc_call *calls, struct c138_err *err) {
    struct fees *f = &p->fees;
    struct c138_u256 price = {{0}}, tip = {{0}};
    c138_status status = read_u256(&calls[ASK_PRICE], &price, err);
    if (status < 0)
        return status;
    f->type = f->has_price || (!p->has_base_fee && !f->has_cap && !f->has_tip) ? 0 : 2;
    if (f->type == 0) {
        if (!f->has_price)
            f->price = price;
    } else {
        if (calls[ASK_TIP].status < 0 || c138_u256_is_zero(&p->base_fee) ||
            read_u256(&calls[ASK_TIP], &tip, err) < 0)
            (void)c138_u256_sub(&price, &p->base_fee, &tip);
        if (!f->has_tip)
            f->tip = f->has_cap && c138_u256_cmp(&tip, &f->cap) > 0 ? f->cap : tip;
        struct c138_u256 twice = times(&p->base_fee, 2);
        if (!f->has_cap)
            f->cap = plus(&twice, &f->tip);
    }
    const struct c138_u256 *most = f->type == 0 ? &f->price : &f->cap;
    if (c138_u256_cmp(most, &c->settings.max_gas_price) > 0) {
        char a[C138_U256_TEXT], b[C138_U256_TEXT];
        c138_u256_to_dec(most, a);
        c138_u256_to_dec(&c->settings.max_gas_price, b);
        return c138_error(err, C138_E_LIMIT, "chain.fees",
                          "nothing was sent: %s wei for a unit of gas is over max_gas_price (%s): "
                          "wait, or raise the setting",
                          a, b);
    }
    return C138_OK;
}

static struct c138_u256 cost_of(const struct c138_tx *tx) {
    uint64_t gas = 0;
    struct c138_u256 most;
    memset(most.be, 0xff, sizeof(most.be));
    if (c138_u256_to_uint(&tx->gas, &gas) < 0)
        return most;
    most = times(tx->type == 2 ? &tx->fee_cap : &tx->gas_price, gas);
    return plus(&most, &tx->value);
}

/* What open transactions of the account with nonces below `before` may still take. */
static struct c138_u256 open_cost(struct chain *c, const uint8_t from[20], uint64_t latest,
                                  uint64_t before) {
    struct c138_u256 sum = {{0}};
    (void)pthread_mutex_lock(&c->lock);
    for (size_t n = 0; n < journal_count(c->journal); n++) {
        const struct intent *i = journal_at(c->journal, n);
        if (i->outcome != OUTCOME_OPEN || i->is_mined || i->nonce < latest || i->nonce >= before ||
            memcmp(i->from, from, 20) != 0)
            continue;
        const char *raw = i->attempts[i->n_attempts - 1].raw;
        size_t length = strlen(raw) / 2 - 1;
        C138_FREE uint8_t *bytes = c138_xmalloc(length + 1);
        struct c138_tx tx;
        if (c138_hex_decode(raw + 2, 2 * length, bytes) >= 0 &&
            c138_tx_decode(bytes, length, &tx, NULL) >= 0) {
            struct c138_u256 one = cost_of(&tx);
            sum = plus(&sum, &one);
        }
    }
    (void)pthread_mutex_unlock(&c->lock);
    return sum;
}

static c138_status check_cost(const struct c138_u256 *balance, const struct c138_u256 *cost,
                              const struct c138_u256 *open, struct c138_err *err) {
    struct c138_u256 need = plus(cost, open);
    if (c138_u256_cmp(&need, balance) <= 0)
        return C138_OK;
    char has[C138_U256_TEXT], wants[C138_U256_TEXT], others[C138_U256_TEXT];
    c138_u256_to_dec(balance, has);
    c138_u256_to_dec(cost, wants);
    c138_u256_to_dec(open, others);
    return c138_error(err, C138_E_CONFLICT, "chain.balance",
                      "nothing was sent: the account has %s wei, this may take %s and what is "
                      "under way %s: a node that takes it all the same keeps everything behind it "
                      "waiting",
                      has, wants, others);
}

c138_status plan_check_balance(struct chain *c, const uint8_t from[20], uint64_t latest,
                               const struct c138_u256 *balance, const struct c138_tx *tx,
                               struct c138_err *err) {
    struct c138_u256 open = open_cost(c, from, latest, tx->nonce), cost = cost_of(tx);
    return check_cost(balance, &cost, &open, err);
}

/* Of all items; `values`: what they carry only. */
static c138_status check_balance(struct chain *c, struct plan *p, int values,
                                 struct c138_err *err) {
    struct c138_u256 open = open_cost(c, p->sender->address, p->latest, UINT64_MAX);
    p->cost = (struct c138_u256){{0}};
    for (size_t n = 0; n < p->count; n++) {
        struct c138_u256 one = values ? p->list[n].value : cost_of(&p->list[n].tx);
        p->cost = plus(&p->cost, &one);
    }
    return check_cost(&p->balance, &p->cost, &open, err);
}

/* --- Together -------------------------------------------------------------------------------- */

static c138_status take_account(struct plan *p, const struct c138_rpc_call *calls,
                                struct c138_err *err) {
    const struct c138_json *block = calls[ASK_BLOCK].result;
    const char *base_fee = c138_json_get_str(block, "baseFeePerGas", NULL);
    if (calls[ASK_BLOCK].status < 0 ||
        c138_parse_quantity(c138_json_get_str(block, "number", ""), &p->head) < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                          "the node does not give its newest block: %.300s",
                          calls[ASK_BLOCK].error.text);
    (void)c138_parse_quantity(c138_json_get_str(block, "gasLimit", ""), &p->gas_limit);
    p->has_base_fee = base_fee && c138_u256_from_hex(base_fee, &p->base_fee) >= 0;
    c138_status status = read_uint(&calls[ASK_LATEST], &p->latest, err);
    if (status >= 0)
        status = read_uint(&calls[ASK_PENDING], &p->pending, err);
    if (status >= 0)
        status = read_u256(&calls[ASK_BALANCE], &p->balance, err);
    return status;
}

static void fill(const struct chain *c, const struct plan *p, struct item *i) {
    struct c138_u256 gas = i->tx.gas;
    i->tx = (struct c138_tx){.type = p->fees.type,
                             .chain_id = c->settings.chain_id,
                             .gas = gas,
                             .gas_price = p->fees.price,
                             .tip_cap = p->fees.tip,
                             .fee_cap = p->fees.cap,
                             .value = i->value,
                             .creates = i->creates,
                             .data = (const uint8_t *)i->data.data,
                             .data_length = i->data.length};
    memcpy(i->tx.to, i->to, 20);
}

static c138_status take_answers(struct chain *c, struct plan *p, struct c138_rpc_call *calls,
                                struct c138_err *err) {
    c138_status status = take_account(p, calls, err);
    if (status >= 0)
        status = choose_fees(c, p, calls, err);
    /* Before the node's own words: Besu 26 answers a value above the balance with a stack trace. */
    if (status >= 0)
        status = check_balance(c, p, 1, err);
    for (size_t n = 0; status >= 0 && n < p->count; n++) {
        struct item *i = &p->list[n];
        struct c138_rpc_call *at = calls + ASKED + n * ITEM_CALLS;
        i->decoded = i->creates ? NULL
                                : plan_decode_call(i->function, (const uint8_t *)i->data.data,
                                                   i->data.length);
        status = take_simulation(i, at, err);
        if (status >= 0)
            status = take_gas(c, p, i, &at[ITEM_GAS], err);
        fill(c, p, i);
        if (status < 0 && p->count > 1)
            (void)c138_error_prefix(err, status, "transaction %zu", n + 1);
    }
    return status;
}

c138_status plan_make(struct chain *c, struct plan *p, struct c138_err *err) {
    size_t count = ASKED + p->count * ITEM_CALLS;
    C138_FREE struct c138_rpc_call *calls = c138_xcalloc(count, sizeof(*calls));
    char text[256];
    if (endpoints_disagree(c->endpoints, text))
        return c138_error(err, C138_E_CONFLICT, "chain.disagreement",
                          "nothing was sent: the endpoints do not have the same chain: %s", text);
    calls_fill(p, calls);
    c138_status status = endpoints_batch(c->endpoints, calls, count, NULL, err);
    if (status >= 0)
        status = take_answers(c, p, calls, err);
    if (status >= 0)
        status = check_balance(c, p, 0, err);
    for (size_t n = 0; n < count; n++) {
        (void)c138_json_unref(calls[n].params);
        c138_rpc_call_deinit(&calls[n]);
    }
    return status;
}

/* --- An approved plan -------------------------------------------------------------------------- */

static int take_wei(const struct c138_json *o, const char *name, struct c138_u256 *ret) {
    const char *text = c138_json_get_str(o, name, NULL);
    return text && c138_u256_from_dec(text, ret) >= 0;
}

static int is_planned(const struct item *i, const struct c138_json *o) {
    C138_FREE char *data = c138_hex_text(i->data.data, i->data.length);
    char to[C138_ADDRESS_TEXT] = "", value[C138_U256_TEXT];
    if (!i->creates)
        c138_address_format(i->to, to);
    c138_u256_to_dec(&i->value, value);
    return !strcmp(c138_json_get_str(o, "to", ""), to) &&
           !strcmp(c138_json_get_str(o, "value", ""), value) &&
           !strcmp(c138_json_get_str(o, "data", ""), data);
}

c138_status plan_follow(const char *json, struct items *items, struct plan *p,
                        struct c138_err *err) {
    C138_JSON struct c138_json *plan = NULL;
    char from[C138_ADDRESS_TEXT];
    c138_status status = c138_json_parse(json, strlen(json), &plan, err);
    const struct c138_json *list = c138_json_get(plan, "transactions");
    c138_address_format(p->sender->address, from);
    if (status < 0)
        return status;
    int same =
        c138_json_count(list) == items->count && !strcmp(c138_json_get_str(plan, "from", ""), from);
    for (size_t n = 0; same && n < items->count; n++) {
        same = is_planned(&items->list[n], c138_json_at(list, n));
        items->list[n].gas = c138_json_get_uint(c138_json_at(list, n), "gas", 0);
    }
    p->fees.has_price = take_wei(plan, "gas_price", &p->fees.price);
    p->fees.has_cap = take_wei(plan, "max_fee", &p->fees.cap);
    p->fees.has_tip = take_wei(plan, "tip", &p->fees.tip);
    return same ? C138_OK
                : c138_error(err, C138_E_CONFLICT, "chain.plan",
                             "nothing was sent: this is not what was approved");
}

/* --- Nonces ---------------------------------------------------------------------------------- */

c138_status plan_next_nonce(struct chain *c, const struct plan *p, uint64_t *ret_nonce,
                            struct c138_err *err) {
    const uint8_t *from = p->sender->address;
    int known = 0, strict = c->settings.exclusive && !p->allow_foreign;
    uint64_t base = journal_base(c->journal, from, &known),
             end = journal_held_end(c->journal, from), mine = end > p->latest ? end : p->latest;
    char address[C138_ADDRESS_TEXT];
    c138_address_format(from, address);
    if (known && p->latest < base)
        return c138_error(err, C138_E_CONFLICT, "chain.behind",
                          "nothing was sent: the node counts %" PRIu64
                          " transactions of %s, and %" PRIu64
                          " are settled: it is not in sync, or the chain was begun anew "
                          "(then: chain adopt)",
                          p->latest, address, base);
    if (strict && known && p->latest > base && p->latest > end)
        return c138_error(err, C138_E_CONFLICT, "chain.foreign",
                          "nothing was sent: %" PRIu64 " transactions of %s were mined that this "
                          "agent did not send: somebody else has the key; find out who, then: "
                          "chain adopt",
                          p->latest - (base > end ? base : end), address);
    if (strict && p->pending > mine)
        return c138_error(err, C138_E_CONFLICT, "chain.foreign",
                          "nothing was sent: the node holds %" PRIu64 " transactions of %s that "
                          "this agent did not send: somebody else has the key",
                          p->pending - mine, address);
    *ret_nonce =
        journal_free_nonce(c->journal, from, strict || p->pending <= mine ? p->latest : p->pending);
    return C138_OK;
}

/* --- Showing --------------------------------------------------------------------------------- */

static void show_item(const struct item *i, c138_call *call) {
    C138_FREE char *text = plan_call_text(i);
    uint64_t gas = 0;
    (void)c138_u256_to_uint(&i->tx.gas, &gas);
    c138_open_object(call, NULL);
    c138_set_str(call, "id", i->id);
    if (i->creates)
        c138_set_str(call, "to", NULL);
    else
        chain_set_address(call, "to", i->to);
    chain_set_wei(call, "value", &i->value);
    c138_set_str(call, "call", text);
    c138_set_bool(call, "known", c138_json_get_bool(i->decoded, "known", 0) ? 1 : 0);
    c138_set_uint(call, "code", i->code);
    chain_set_hex(call, "data", i->data.data, i->data.length);
    c138_set_uint(call, "gas", gas);
    if (i->returns)
        chain_set_values(call, "returns", i->returns);
    c138_close(call);
}

void plan_show(const struct chain *c, const struct plan *p, c138_call *call) {
    c138_set_str(call, "key", p->sender->key);
    chain_set_address(call, "from", p->sender->address);
    c138_set_uint(call, "chain_id", c->settings.chain_id);
    c138_set_uint(call, "type", p->fees.type);
    if (p->fees.type == 0) {
        chain_set_wei(call, "gas_price", &p->fees.price);
    } else {
        chain_set_wei(call, "max_fee", &p->fees.cap);
        chain_set_wei(call, "tip", &p->fees.tip);
    }
    chain_set_wei(call, "cost", &p->cost);
    chain_set_wei(call, "balance", &p->balance);
    c138_open_list(call, "transactions");
    for (size_t n = 0; n < p->count; n++)
        show_item(&p->list[n], call);
    c138_close(call);
}
