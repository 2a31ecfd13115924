/*
 * besu.txpool-clear. No Besu has a call that empties its pool: this says what waits and why, clears
 * what this host's keys can clear by replacement, and says honestly what is left.
 */
#include "poolclear.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FRESH_NS (500 * C138_NS_PER_MS)
#define ASKED_MAX 2000 /* transactions of one node */

void besu_clearing_note(struct c138_json *texts, char *text /* taken */) {
    c138_json_append(texts, c138_json_new_str(text));
    free(text);
}

void besu_clearing_deinit(struct besu_clearing *c) {
    besu_pool_deinit(&c->pool);
    free(c->senders);
    c138_json_unref(c->nodes);
    c138_json_unref(c->pending);
    c138_json_unref(c->calls);
    c138_json_unref(c->remains);
    c138_json_unref(c->done);
    *c = (struct besu_clearing){0};
}

/* --- What is there --------------------------------------------------------------------------- */

static void node_row(struct besu_clearing *c, const struct besu_node *n, size_t held,
                     const char *text) {
    struct c138_json *row = c138_json_new_object();
    c138_json_set_str(row, "node", n->config.name);
    c138_json_set_uint(row, "transactions", held);
    c138_json_set_str(row, "text", text);
    c138_json_append(c->nodes, row);
}

static void ask_pool(struct besu_clearing *c, struct besu_node *n, uint32_t i) {
    C138_JSON struct c138_json *answer = NULL;
    struct c138_err err = {0};
    struct c138_json *params = c138_json_new_array();
    int besu = n->txpool == BESU_TXPOOL_BESU;
    if (besu)
        c138_json_append(params, c138_json_new_uint(ASKED_MAX));
    if (n->status != C138_OK) {
        c138_json_unref(params);
        node_row(c, n, 0, n->error.text);
        return;
    }
    if (besu_node_call(n, besu ? "txpool_besuPendingTransactions" : "txpool_content", params,
                       &answer, &err) != C138_OK) {
        node_row(c, n, 0, err.text);
        return;
    }
    uint32_t bad = besu_pool_read(&c->pool, answer, i);
    size_t held = 0;
    for (size_t k = 0; k < c->pool.count; k++)
        held += (c->pool.list[k].nodes >> i) & 1;
    node_row(c, n, held, bad ? "some of what it showed is no transaction" : "");
}

/* Next nonce and balance, of the node that is highest. */
static void ask_account(struct besu_node *n, struct besu_sender *s) {
    char address[BESU_ADDRESS_TEXT];
    static const char *const methods[] = {"eth_getTransactionCount", "eth_getBalance"};
    besu_address_write(&s->account, address);
    for (size_t m = 0; m < C138_COUNT(methods); m++) {
        C138_JSON struct c138_json *answer = NULL;
        struct c138_json *params = c138_json_new_array();
        c138_json_append(params, c138_json_new_str(address));
        c138_json_append(params, c138_json_new_str("latest"));
        if (besu_node_call(n, methods[m], params, &answer, NULL) != C138_OK)
            continue;
        if (m == 0)
            (void)c138_parse_quantity(c138_json_as_str(answer, ""), &s->next);
        else
            (void)c138_u256_from_hex(c138_json_as_str(answer, ""), &s->balance);
    }
}

static int is_denied(const struct besu *b, const struct besu_address *account) {
    char text[BESU_ADDRESS_TEXT];
    C138_FREE char *item = NULL;
    besu_address_write(account, text);
    (void)besu_list_item(BESU_LIST_ACCOUNTS, text, &item);
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        const struct besu_node_list *l = &b->nodes[i].node->lists[BESU_LIST_ACCOUNTS];
        if (l->state == BESU_LIST_ON && !besu_list_has(&l->list, item))
            return 1;
    }
    return 0;
}

/* The least price that gets into a block: the base fee, or what a node is told to take. */
static void ask_floor(struct besu *b, struct besu_node *best, struct besu_clearing *c) {
    C138_JSON struct c138_json *block = NULL, *least = NULL;
    struct c138_json *params = c138_json_new_array();
    struct c138_u256 other;
    c138_json_append(params, c138_json_new_str("latest"));
    c138_json_append(params, c138_json_new_bool(0));
    (void)b;
    if (besu_node_call(best, "eth_getBlockByNumber", params, &block, NULL) == C138_OK)
        (void)c138_u256_from_hex(c138_json_get_str(block, "baseFeePerGas", "0x0"), &c->floor);
    if (best->txpool == BESU_TXPOOL_BESU &&
        besu_node_call(best, "miner_getMinGasPrice", NULL, &least, NULL) == C138_OK &&
        c138_u256_from_hex(c138_json_as_str(least, "0x0"), &other) == C138_OK &&
        c138_u256_cmp(&other, &c->floor) > 0)
        c->floor = other;
}

static struct besu_node *best_node(struct besu *b) {
    return b->net.has_head ? b->nodes[b->net.head_node].node : NULL;
}

static void find_senders(struct besu *b, struct besu_node *best, struct besu_clearing *c) {
    besu_pool_sort(&c->pool);
    c->senders = c138_xcalloc(c->pool.count + 1, sizeof(*c->senders));
    for (size_t first = 0; first < c->pool.count;) {
        struct besu_sender_row *r = &c->senders[c->n_senders++];
        r->s = (struct besu_sender){.account = c->pool.list[first].from,
                                    .first = first,
                                    .count = besu_pool_sender(&c->pool, first)};
        ask_account(best, &r->s);
        r->s.denied = is_denied(b, &r->s.account);
        besu_pool_judge(&c->pool, &r->s, &c->floor);
        for (size_t k = first; k < first + r->s.count; k++)
            r->stuck += c->pool.list[k].why != BESU_STUCK_NOT;
        first += r->s.count;
    }
}

c138_status besu_clearing_look(struct besu *b, c138_call *call, struct besu_clearing *c) {
    besu_look_all(b, call, FRESH_NS);
    struct besu_node *best = best_node(b);
    if (!best)
        return c138_fail(call, C138_E_UNAVAILABLE, "node.unreachable",
                         "besu: no watched node answers: see besu.status");
    c->halted = besu_network_stands(b);
    for (uint32_t i = 0; i < b->n_nodes && !c138_cancelled(call); i++) {
        ask_pool(c, b->nodes[i].node, i);
        if (b->nodes[i].node->apis & BESU_API_PERM)
            besu_node_lists(b->nodes[i].node);
    }
    ask_floor(b, best, c);
    find_senders(b, best, c);
    return C138_OK;
}

/* --- What helps ------------------------------------------------------------------------------ */

static void on_answer(void *user, const char *text, uint64_t length) {
    (void)c138_json_parse(text, length, user, NULL);
}

/* Without the lock: which of the accounts are ours. */
void besu_clearing_owners(struct besu *b, c138_call *call, struct besu_clearing *c) {
    if (!b->caller || b->caller->call(b->host, call, "chain.pending", "{}", BESU_REMEDY_NS,
                                      on_answer, &c->pending) != C138_OK)
        c->pending = c138_json_unref(c->pending);
    const struct c138_json *accounts = c138_json_get(c->pending, "accounts");
    for (size_t i = 0; i < c->n_senders; i++) {
        char address[BESU_ADDRESS_TEXT];
        besu_address_write(&c->senders[i].s.account, address);
        for (size_t k = 0; k < c138_json_count(accounts); k++) {
            const struct c138_json *a = c138_json_at(accounts, k);
            const char *key = c138_json_get_str(a, "key", "");
            if (*key && strcasecmp(c138_json_get_str(a, "account", ""), address) == 0)
                c->senders[i].key = key;
        }
    }
}

/* The journal's name of a pooled transaction, if this host sent it. */
static const char *intent_of(const struct besu_clearing *c, const struct besu_pooled *t) {
    const struct c138_json *list = c138_json_get(c->pending, "transactions");
    C138_FREE char *hash = c138_hex_text(t->hash, 32);
    for (size_t i = 0; i < c138_json_count(list); i++)
        if (strcasecmp(c138_json_get_str(c138_json_at(list, i), "hash", ""), hash) == 0)
            return c138_json_get_str(c138_json_at(list, i), "id", NULL);
    return NULL;
}

static void add_call(struct besu_clearing *c, const char *action, const char *member,
                     const char *value) {
    struct c138_json *o = c138_json_new_object(), *params = c138_json_new_object();
    c138_json_set_str(params, member, value);
    c138_json_set_str(o, "action", action);
    c138_json_set(o, "params", params);
    c138_json_append(c->calls, o);
}

/* One of ours. All of it is taken back: what is before the stuck one would be mined anyway. */
static int plan_one(struct besu_clearing *c, const struct besu_sender_row *r,
                    const struct besu_pooled *t, int all) {
    const char *id = intent_of(c, t);
    char address[BESU_ADDRESS_TEXT];
    if (t->why == BESU_STUCK_USED || (t->why == BESU_STUCK_NOT && !all))
        return 0;
    if (t->why == BESU_STUCK_BEHIND && !all)
        return 0; /* goes on by itself when the one before it is out of the way */
    if (id) {
        if (t->why == BESU_STUCK_GAP && !all)
            return 1;
        add_call(c, "chain.cancel", "transaction", id);
        return t->why == BESU_STUCK_GAP;
    }
    besu_address_write(&t->from, address);
    besu_clearing_note(
        c->remains,
        c138_xasprintf(
            "nonce %llu of %s (%s): key %s is here, but this transaction was not sent by "
            "this agent: send another with that nonce from where it came",
            (unsigned long long)t->nonce, address, besu_stuck_name(t->why), r->key));
    return 0;
}

static void plan_ours(struct besu_clearing *c, const struct besu_sender_row *r, int all) {
    int gap = 0;
    for (size_t k = r->s.first; k < r->s.first + r->s.count; k++)
        gap |= plan_one(c, r, &c->pool.list[k], all);
    if (gap)
        add_call(c, "chain.repair", "key", r->key);
}

static const char *advice(enum besu_stuck why) {
    switch (why) {
    case BESU_STUCK_GAP:
        return "its owner fills the gap with a transaction of the missing nonce";
    case BESU_STUCK_FUNDS:
        return "fund the account, or its owner replaces it: same nonce, less value or price";
    case BESU_STUCK_PRICE:
        return "its owner replaces it: same nonce, at least 10 % more, over the least price";
    case BESU_STUCK_PERMISSION:
        return "allow the account on every node (besu.account-allow), or leave it to expire";
    default:
        return "its owner must take it back";
    }
}

static void plan_foreign(struct besu_clearing *c, const struct besu_sender_row *r) {
    char address[BESU_ADDRESS_TEXT];
    besu_address_write(&r->s.account, address);
    for (size_t k = r->s.first; k < r->s.first + r->s.count; k++) {
        const struct besu_pooled *t = &c->pool.list[k];
        if (t->why == BESU_STUCK_NOT || t->why == BESU_STUCK_USED || t->why == BESU_STUCK_BEHIND)
            continue;
        besu_clearing_note(c->remains,
                           c138_xasprintf("nonce %llu of %s (%s), which is not ours: %s",
                                          (unsigned long long)t->nonce, address,
                                          besu_stuck_name(t->why), advice(t->why)));
        return; /* the first one that is stuck holds up the others */
    }
}

void besu_clearing_remedies(struct besu_clearing *c, int all) {
    c->calls = c138_json_new_array();
    c->remains = c138_json_new_array();
    for (size_t i = 0; i < c->n_senders; i++) {
        if (c->senders[i].key && (c->senders[i].stuck || all))
            plan_ours(c, &c->senders[i], all);
        else if (!c->senders[i].key && c->senders[i].stuck)
            plan_foreign(c, &c->senders[i]);
    }
}

/* --- Saying it ------------------------------------------------------------------------------- */

static void write_transactions(struct besu *b, c138_call *call, const struct besu_clearing *c,
                               const struct besu_sender_row *r) {
    c138_open_list(call, "transactions");
    for (size_t k = r->s.first; k < r->s.first + r->s.count; k++) {
        const struct besu_pooled *t = &c->pool.list[k];
        C138_FREE char *hash = c138_hex_text(t->hash, 32);
        c138_open_object(call, NULL);
        c138_set_uint(call, "nonce", t->nonce);
        c138_set_str(call, "hash", hash);
        c138_set_str(call, "why", besu_stuck_name(t->why));
        if (t->why == BESU_STUCK_GAP || t->why == BESU_STUCK_BEHIND)
            c138_set_uint(call, "at", t->at);
        c138_open_list(call, "nodes");
        for (uint32_t i = 0; i < b->n_nodes; i++)
            if ((t->nodes >> i) & 1)
                c138_set_str(call, NULL, b->nodes[i].node->config.name);
        c138_close(call);
        c138_close(call);
    }
    c138_close(call);
}

static void write_senders(struct besu *b, c138_call *call, const struct besu_clearing *c) {
    c138_open_list(call, "senders");
    for (size_t i = 0; i < c->n_senders; i++) {
        const struct besu_sender_row *r = &c->senders[i];
        char balance[C138_U256_TEXT];
        c138_u256_to_dec(&r->s.balance, balance);
        c138_open_object(call, NULL);
        besu_set_address(call, "account", &r->s.account);
        if (r->key)
            c138_set_str(call, "key", r->key);
        c138_set_uint(call, "next", r->s.next);
        c138_set_str(call, "balance", balance);
        c138_set_uint(call, "stuck", r->stuck);
        write_transactions(b, call, c, r);
        c138_close(call);
    }
    c138_close(call);
}

uint32_t besu_clearing_stuck(const struct besu_clearing *c) {
    uint32_t stuck = 0;
    for (size_t i = 0; i < c->n_senders; i++)
        stuck += c->senders[i].stuck;
    return stuck;
}

static void write_json(c138_call *call, const char *key, const struct c138_json *value) {
    C138_FREE char *text = c138_json_dump(value);
    c138_set_json(call, key, text);
}

/* What only people with all hosts in their hands can do. Restarting one node after the other is of
 * no use: peers hand the transactions over again. */
static void write_stop(struct besu *b, c138_call *call) {
    c138_open_list(call, "stop_all");
    c138_set_str(call, NULL,
                 "stop every node of the network, also those of others: one that goes on hands its "
                 "transactions to the rest again");
    for (uint32_t i = 0; i < b->n_nodes; i++) {
        char text[300];
        snprintf(text, sizeof(text),
                 "on the host of %s: while it is stopped, move txpool.dump out of its data folder "
                 "(it is there only with tx-pool-enable-save-restore)",
                 b->nodes[i].node->config.name);
        c138_set_str(call, NULL, text);
    }
    c138_set_str(call, NULL,
                 "start the validators together, so that their round timers begin together; then "
                 "besu.txpool shows what is left");
    c138_close(call);
}

void besu_clearing_write(struct besu *b, c138_call *call, const struct besu_clearing *c,
                         const char *text) {
    c138_set_uint(call, "transactions", c->pool.count);
    c138_set_uint(call, "stuck", besu_clearing_stuck(c));
    write_json(call, "nodes", c->nodes);
    write_senders(b, call, c);
    write_json(call, "calls", c->calls);
    if (c->done)
        write_json(call, "done", c->done);
    write_json(call, "remains", c->remains);
    write_stop(b, call);
    c138_set_str(call, "text", text);
}

/* --- Doing it -------------------------------------------------------------------------------- */

int besu_clearing_call(struct besu *b, c138_call *call, const struct c138_json *wanted,
                       int64_t timeout_ns, struct c138_json *rows) {
    C138_JSON struct c138_json *answer = NULL;
    const char *action = c138_json_get_str(wanted, "action", "");
    C138_FREE char *params = c138_json_dump(c138_json_get(wanted, "params"));
    c138_progress(call, 1001, action);
    c138_status status =
        b->caller->call(b->host, call, action, params, timeout_ns, on_answer, &answer);
    struct c138_json *row = c138_json_new_object();
    c138_json_set_str(row, "action", action);
    c138_json_set_str(row, "params", params);
    c138_json_set_bool(row, "ok", status == C138_OK);
    c138_json_set_str(
        row, "text",
        status == C138_OK ? "done" : c138_json_get_str(answer, "message", c138_status_key(status)));
    c138_json_append(rows, row);
    return status == C138_OK;
}

/* The calls of the approved plan, or those found now. */
const struct c138_json *besu_clearing_calls(c138_call *call, const struct besu_clearing *c,
                                            struct c138_json **ret_plan) {
    *ret_plan = NULL;
    if (call->plan_json)
        (void)c138_json_parse(call->plan_json, strlen(call->plan_json), ret_plan, NULL);
    return *ret_plan ? c138_json_get(*ret_plan, "calls") : c->calls;
}

static c138_status clear(struct besu *b, c138_call *call, struct besu_clearing *c) {
    C138_JSON struct c138_json *plan = NULL;
    const struct c138_json *calls = besu_clearing_calls(call, c, &plan);
    struct besu_clearing after = {.nodes = c138_json_new_array()};
    struct c138_json *done = c138_json_new_array();
    uint32_t good = 0, before = besu_clearing_stuck(c);
    char text[300];
    for (size_t i = 0; i < c138_json_count(calls) && !c138_cancelled(call); i++)
        good += (uint32_t)besu_clearing_call(b, call, c138_json_at(calls, i), BESU_REMEDY_NS, done);
    besu_lock(b);
    c138_status status = besu_clearing_look(b, call, &after);
    besu_unlock(b);
    besu_clearing_owners(b, call, &after);
    besu_clearing_remedies(&after, 0);
    after.done = done;
    snprintf(text, sizeof(text),
             "%u of %zu remedies went through; %u transactions were stuck, %u are now%s", good,
             c138_json_count(calls), before, besu_clearing_stuck(&after),
             besu_clearing_stuck(&after) ? ": remains and stop_all say what else there is" : "");
    besu_lock(b);
    if (status == C138_OK)
        besu_clearing_write(b, call, &after, text);
    besu_unlock(b);
    besu_clearing_deinit(&after);
    return status;
}

static void plan_text(const struct besu_clearing *c, char *text, size_t size) {
    snprintf(
        text, size,
        "no Besu has a call that empties its pool. %zu transactions wait, %u of them stuck; %zu "
        "can be taken out of the way from here by replacement, for %zu others see remains%s",
        c->pool.count, besu_clearing_stuck(c), c138_json_count(c->calls),
        c138_json_count(c->remains),
        c->halted ? ". No block comes to the watched nodes: until that ends (besu.consensus) "
                    "nothing here helps"
                  : "");
}

static c138_status run(struct besu *b, c138_call *call, struct besu_clearing *c) {
    char text[500];
    besu_lock(b);
    c138_status status = besu_clearing_look(b, call, c);
    besu_unlock(b);
    if (status != C138_OK)
        return status;
    besu_clearing_owners(b, call, c);
    if (strcmp(c138_str(call, "how"), "stop") == 0)
        return besu_pool_stop(b, call, c);
    besu_clearing_remedies(c, strcmp(c138_str(call, "what"), "all") == 0);
    if (!call->dry_run && c->halted)
        return c138_fail(
            call, C138_E_CONFLICT, "chain.halted",
            "besu: nothing was done: no block comes to the watched nodes, and a replacement is "
            "mined as little as what it replaces: see besu.consensus");
    if (!call->dry_run && (c138_json_count(c->calls) || call->plan_json) && b->caller)
        return clear(b, call, c);
    plan_text(c, text, sizeof(text));
    besu_lock(b);
    besu_clearing_write(b, call, c, text);
    besu_unlock(b);
    return C138_OK;
}

c138_status besu_txpool_clear_run(void *self, c138_call *call) {
    struct besu_clearing c = {.nodes = c138_json_new_array()};
    c138_status status = run(self, call, &c);
    besu_clearing_deinit(&c);
    return status;
}
