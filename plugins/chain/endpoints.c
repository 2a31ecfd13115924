#include "endpoints.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <net/rpcauth.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CLIENTS 4                    /* kept per endpoint; more are made and thrown away */
#define LAST_NS (30 * C138_NS_PER_S) /* an endpoint that failed is asked last so long, */
#define LOOK_NS (10 * C138_NS_PER_S) /* and looked at again after so long */
#define BATCH 50                     /* transactions in one request */

/* A connection with its token; used by one thread at a time. */
struct client {
    struct c138_rpc *rpc;
    struct c138_rpc_auth *auth;
};

struct endpoint {
    struct endpoint_config config;
    struct client idle[CLIENTS];
    size_t n_idle;
    int asked, reachable, other_chain;
    uint64_t chain_id, head;
    int64_t took_ns, failed_ns; /* monotonic, 0: it did not */
    char text[256];
};

struct endpoints {
    const c138_host *host;
    uint64_t chain_id, lag_blocks;
    int64_t timeout_ns;
    pthread_mutex_t lock; /* of everything below */
    struct endpoint items[ENDPOINTS_MAX];
    size_t count;
    int disagree;
    char disagreement[256];
    _Atomic int stopping;
};

void endpoint_config_deinit(struct endpoint_config *c) {
    free(c->name);
    free(c->url);
    free(c->host_header);
    free(c->token_file);
    free(c->username);
    free(c->password_ref);
    *c = (struct endpoint_config){0};
}

struct endpoints *endpoints_new(const struct endpoints_options *o) {
    struct endpoints *e = c138_xcalloc(1, sizeof(*e));
    e->host = o->host;
    e->chain_id = o->chain_id;
    e->lag_blocks = o->lag_blocks;
    e->timeout_ns = o->timeout_ns;
    e->count = o->count < ENDPOINTS_MAX ? o->count : ENDPOINTS_MAX;
    (void)pthread_mutex_init(&e->lock, NULL);
    for (size_t i = 0; i < e->count; i++) {
        const struct endpoint_config *c = &o->configs[i];
        e->items[i].config = (struct endpoint_config){
            .name = c138_xstrdup(c->name),
            .url = c138_xstrdup(c->url),
            .host_header = c138_xstrdup(c->host_header),
            .token_file = c138_xstrdup(c->token_file),
            .username = c138_xstrdup(c->username),
            .password_ref = c138_xstrdup(c->password_ref),
        };
    }
    return e;
}

void endpoints_stop(struct endpoints *e) {
    e->stopping = 1;
}

static void client_free(struct client *c) {
    (void)c138_rpc_free(c->rpc);
    (void)c138_rpc_auth_free(c->auth);
}

struct endpoints *endpoints_free(struct endpoints *e) {
    if (!e)
        return NULL;
    for (size_t i = 0; i < e->count; i++) {
        for (size_t n = 0; n < e->items[i].n_idle; n++)
            client_free(&e->items[i].idle[n]);
        endpoint_config_deinit(&e->items[i].config);
    }
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
    return NULL;
}

/* --- One endpoint ---------------------------------------------------------------------------- */

static c138_status client_take(struct endpoints *e, struct endpoint *p, struct client *ret,
                               struct c138_err *err) {
    int has = 0;
    (void)pthread_mutex_lock(&e->lock);
    if (p->n_idle) {
        *ret = p->idle[--p->n_idle];
        has = 1;
    }
    (void)pthread_mutex_unlock(&e->lock);
    if (has)
        return C138_OK;
    const struct endpoint_config *c = &p->config;
    *ret = (struct client){0};
    ret->auth = c138_rpc_auth_new(&(struct c138_rpc_auth_options){.host = e->host,
                                                                  .node = c->name,
                                                                  .url = c->url,
                                                                  .host_header = c->host_header,
                                                                  .token_file = c->token_file,
                                                                  .username = c->username,
                                                                  .password_ref = c->password_ref,
                                                                  .timeout_ns = e->timeout_ns});
    struct c138_rpc_options options = {.url = c->url,
                                       .host_header = c->host_header,
                                       .timeout_ns = e->timeout_ns,
                                       .token = ret->auth ? c138_rpc_auth_token : NULL,
                                       .user = ret->auth};
    c138_status status = c138_rpc_new(&options, &ret->rpc);
    if (status < 0) {
        client_free(ret);
        return c138_error(err, status, "chain.unreachable", "no client can be made");
    }
    return C138_OK;
}

static void client_give(struct endpoints *e, struct endpoint *p, struct client *c) {
    (void)pthread_mutex_lock(&e->lock);
    if (p->n_idle < CLIENTS)
        p->idle[p->n_idle++] = *c;
    else
        client_free(c);
    (void)pthread_mutex_unlock(&e->lock);
}

static void note(struct endpoints *e, struct endpoint *p, int64_t took_ns, c138_status status,
                 const struct c138_err *err) {
    (void)pthread_mutex_lock(&e->lock);
    p->asked = 1;
    p->reachable = status >= 0 || status == C138_E_CONFLICT;
    p->other_chain = status == C138_E_CONFLICT;
    p->took_ns = took_ns;
    p->failed_ns = status < 0 ? c138_now_monotonic_ns() : 0;
    (void)snprintf(p->text, sizeof(p->text), "%s", status < 0 ? err->text : "");
    (void)pthread_mutex_unlock(&e->lock);
}

static c138_status check_chain(struct endpoints *e, struct endpoint *p,
                               const struct c138_rpc_call *asked, struct c138_err *err) {
    uint64_t id = 0;
    if (asked->status < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.unreachable",
                          "%s (%s) does not say which chain it is of: %.300s", p->config.name,
                          p->config.url, asked->error.text);
    if (c138_parse_quantity(c138_json_as_str(asked->result, ""), &id) < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.unreachable",
                          "%s (%s) answers eth_chainId with what is no number", p->config.name,
                          p->config.url);
    (void)pthread_mutex_lock(&e->lock);
    p->chain_id = id;
    (void)pthread_mutex_unlock(&e->lock);
    if (id != e->chain_id)
        return c138_error(err, C138_E_CONFLICT, "chain.other",
                          "%s (%s) is a node of chain %" PRIu64 ", not of chain %" PRIu64
                          ": check its url and `chain_id`",
                          p->config.name, p->config.url, id, e->chain_id);
    return C138_OK;
}

static void calls_deinit(struct c138_rpc_call *calls, size_t count) {
    for (size_t i = 0; i < count; i++)
        c138_rpc_call_deinit(&calls[i]);
}

/* It was asked for more than it, or what is between, gives at once. */
static int is_too_much(const struct c138_err *err) {
    return !strcmp(err->key, "http.timeout") || !strcmp(err->key, "http.truncated") ||
           !strcmp(err->key, "http.too-large");
}

/* The calls at one endpoint, behind the question which chain it is of. `heavy`: they may be too much
 * for it. */
static c138_status ask(struct endpoints *e, struct endpoint *p, struct c138_rpc_call *calls,
                       size_t count, int heavy, struct c138_err *err) {
    struct client client;
    if (e->stopping)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.stopping", "the plugin is being stopped");
    c138_status status = client_take(e, p, &client, err);
    if (status < 0)
        return status;
    C138_FREE struct c138_rpc_call *all = c138_xcalloc(count + 1, sizeof(*all));
    all[0] = (struct c138_rpc_call){.method = "eth_chainId"};
    for (size_t i = 0; i < count; i++)
        all[i + 1] = (struct c138_rpc_call){.method = calls[i].method, .params = calls[i].params};
    status = c138_rpc_batch(client.rpc, all, count + 1, err);
    int64_t took_ns = c138_rpc_took_ns(client.rpc);
    if (status < 0)
        status = c138_error_prefix(err, C138_E_UNAVAILABLE, "%s", p->config.name);
    else
        status = check_chain(e, p, &all[0], err);
    if (status < 0)
        calls_deinit(all, count + 1);
    else
        c138_rpc_call_deinit(&all[0]);
    for (size_t i = 0; status >= 0 && i < count; i++)
        calls[i] = all[i + 1];
    client_give(e, p, &client);
    if (!(status < 0 && heavy && is_too_much(err)))
        note(e, p, took_ns, status, err);
    return status == C138_E_CONFLICT ? status : status < 0 ? C138_E_UNAVAILABLE : C138_OK;
}

/* --- All of them ----------------------------------------------------------------------------- */

static uint64_t highest(const struct endpoints *e) {
    uint64_t most = 0;
    for (size_t i = 0; i < e->count; i++)
        most = e->items[i].head > most ? e->items[i].head : most;
    return most;
}

static int lags(const struct endpoints *e, const struct endpoint *p) {
    return p->head && p->head + e->lag_blocks < highest(e);
}

/* Worse ones come later; equal ones in the order of the config. */
static int badness(const struct endpoints *e, const struct endpoint *p, int64_t now_ns) {
    return p->other_chain                                    ? 3
           : p->failed_ns && now_ns - p->failed_ns < LAST_NS ? 2
           : lags(e, p)                                      ? 1
                                                             : 0;
}

static void order(struct endpoints *e, size_t ret_order[ENDPOINTS_MAX]) {
    int64_t now_ns = c138_now_monotonic_ns();
    size_t n = 0;
    (void)pthread_mutex_lock(&e->lock);
    for (int bad = 0; bad <= 3; bad++)
        for (size_t i = 0; i < e->count; i++)
            if (badness(e, &e->items[i], now_ns) == bad)
                ret_order[n++] = i;
    (void)pthread_mutex_unlock(&e->lock);
}

c138_status endpoints_batch(struct endpoints *e, struct c138_rpc_call *calls, size_t count,
                            size_t *ret_index, struct c138_err *err) {
    size_t by[ENDPOINTS_MAX];
    C138_BUF struct c138_buf why = C138_BUF_MAX(900);
    c138_status worst = C138_E_UNAVAILABLE;
    order(e, by);
    for (size_t n = 0; n < e->count; n++) {
        struct c138_err one = {0};
        c138_status status = ask(e, &e->items[by[n]], calls, count, 0, &one);
        if (status >= 0) {
            if (ret_index)
                *ret_index = by[n];
            return C138_OK;
        }
        if (e->count == 1 || status == C138_E_CONFLICT)
            worst = status;
        c138_buf_addf(&why, "%s%.300s", why.length ? "; " : "", one.text);
    }
    return c138_error(err, worst, worst == C138_E_CONFLICT ? "chain.other" : "chain.unreachable",
                      "%s", c138_buf_text(&why));
}

c138_status endpoints_batch_at(struct endpoints *e, size_t index, struct c138_rpc_call *calls,
                               size_t count, struct c138_err *err) {
    return ask(e, &e->items[index], calls, count, 1, err);
}

c138_status endpoints_call(struct endpoints *e, const char *method, struct c138_json *params,
                           struct c138_json **ret_result, struct c138_err *err) {
    struct c138_rpc_call call = {.method = method, .params = params};
    c138_status status = endpoints_batch(e, &call, 1, NULL, err);
    (void)c138_json_unref(params);
    if (status < 0)
        return status;
    if (call.status < 0) {
        status = call.status;
        if (err)
            *err = call.error;
    } else {
        *ret_result = C138_STEAL(call.result);
    }
    c138_rpc_call_deinit(&call);
    return status;
}

/* --- Sending --------------------------------------------------------------------------------- */

static struct c138_json *raw_params(const char *raw) {
    struct c138_json *params = c138_json_new_array();
    c138_json_append(params, c138_json_new_str(raw));
    return params;
}

static void take_answer(struct broadcast *b, const struct endpoint *p,
                        const struct c138_rpc_call *c) {
    (void)snprintf(b->endpoint, sizeof(b->endpoint), "%s", p->config.name);
    if (c->status >= 0) {
        b->taken = 1;
        return;
    }
    const char *words = c138_json_get_str(c->answered, "message", c->error.text);
    b->refusal = c138_refusal_of(c->error_code, words);
    b->taken |= b->refusal->fate == C138_REFUSAL_TAKEN;
    b->unclear |= b->refusal->fate == C138_REFUSAL_UNCLEAR;
    (void)snprintf(b->answer, sizeof(b->answer), "%s", words);
}

/* Up to BATCH of those that nobody has yet, to one endpoint. */
static void hand_over(struct endpoints *e, struct endpoint *p, struct broadcast **items,
                      size_t count) {
    struct c138_rpc_call calls[BATCH] = {{0}};
    struct c138_err err = {0};
    for (size_t i = 0; i < count; i++)
        calls[i] = (struct c138_rpc_call){.method = "eth_sendRawTransaction",
                                          .params = raw_params(items[i]->raw)};
    struct c138_json *params[BATCH];
    for (size_t i = 0; i < count; i++)
        params[i] = calls[i].params;
    c138_status status = ask(e, p, calls, count, 0, &err);
    for (size_t i = 0; i < count; i++) {
        if (status >= 0) {
            take_answer(items[i], p, &calls[i]);
            c138_rpc_call_deinit(&calls[i]);
        } else if (status != C138_E_CONFLICT) { /* it may have arrived all the same */
            items[i]->unclear |=
                strcmp(err.key, "http.refused") != 0 && strcmp(err.key, "http.resolve") != 0;
            (void)snprintf(items[i]->answer, sizeof(items[i]->answer), "%s", err.text);
            (void)snprintf(items[i]->endpoint, sizeof(items[i]->endpoint), "%s", p->config.name);
        }
        (void)c138_json_unref(params[i]);
    }
}

void endpoints_broadcast(struct endpoints *e, struct broadcast *items, size_t count) {
    size_t by[ENDPOINTS_MAX];
    order(e, by);
    for (size_t n = 0; n < e->count; n++) {
        struct broadcast *open[BATCH];
        size_t k = 0;
        for (size_t i = 0; i <= count; i++) {
            if (k == BATCH || (i == count && k)) {
                hand_over(e, &e->items[by[n]], open, k);
                k = 0;
            }
            if (i < count && !items[i].taken)
                open[k++] = &items[i];
        }
    }
}

/* --- Comparing ------------------------------------------------------------------------------- */

static struct c138_json *block_params(uint64_t number) {
    struct c138_json *params = c138_json_new_array();
    char text[24];
    (void)snprintf(text, sizeof(text), "0x%" PRIx64, number);
    c138_json_append(params, c138_json_new_str(text));
    c138_json_append(params, c138_json_new_bool(0));
    return params;
}

static void look_at_head(struct endpoints *e, struct endpoint *p) {
    struct c138_rpc_call call = {.method = "eth_blockNumber"};
    struct c138_err err = {0};
    uint64_t head = 0;
    (void)pthread_mutex_lock(&e->lock);
    int failed = p->failed_ns && c138_now_monotonic_ns() - p->failed_ns < LOOK_NS;
    (void)pthread_mutex_unlock(&e->lock);
    if (failed || ask(e, p, &call, 1, 0, &err) < 0)
        return;
    if (call.status >= 0 && c138_parse_quantity(c138_json_as_str(call.result, ""), &head) >= 0) {
        (void)pthread_mutex_lock(&e->lock);
        p->head = head;
        (void)pthread_mutex_unlock(&e->lock);
    }
    c138_rpc_call_deinit(&call);
}

/* The hash of a block, "" where the endpoint does not give it. */
static void look_at_block(struct endpoints *e, struct endpoint *p, uint64_t number, char hash[67]) {
    struct c138_rpc_call call = {.method = "eth_getBlockByNumber", .params = block_params(number)};
    struct c138_json *params = call.params;
    struct c138_err err = {0};
    hash[0] = '\0';
    if (ask(e, p, &call, 1, 0, &err) >= 0) {
        (void)snprintf(hash, 67, "%s", c138_json_get_str(call.result, "hash", ""));
        c138_rpc_call_deinit(&call);
    }
    (void)c138_json_unref(params);
}

/* The highest block that all who answer have; 0: fewer than two do. */
static uint64_t common_block(const struct endpoints *e) {
    uint64_t number = UINT64_MAX;
    size_t n = 0;
    for (size_t i = 0; i < e->count; i++)
        if (e->items[i].reachable && !e->items[i].other_chain) {
            number = e->items[i].head < number ? e->items[i].head : number;
            n++;
        }
    return n < 2 ? 0 : number;
}

int endpoints_look(struct endpoints *e, char ret_text[256]) {
    char first[67] = "", hash[67], text[256] = "";
    const char *whose = NULL;
    for (size_t i = 0; i < e->count; i++)
        look_at_head(e, &e->items[i]);
    uint64_t number = common_block(e);
    for (size_t i = 0; number && i < e->count && !text[0]; i++) {
        struct endpoint *p = &e->items[i];
        if (!p->reachable || p->other_chain)
            continue;
        look_at_block(e, p, number, hash);
        if (!hash[0])
            continue;
        if (!whose) {
            (void)snprintf(first, sizeof(first), "%s", hash);
            whose = p->config.name;
        } else if (strcmp(hash, first) != 0) {
            (void)snprintf(text, sizeof(text),
                           "block %" PRIu64 " is %.18s.. at %.60s and %.18s.. at %.60s", number,
                           first, whose, hash, p->config.name);
        }
    }
    (void)pthread_mutex_lock(&e->lock);
    e->disagree = text[0] != '\0';
    memcpy(e->disagreement, text, sizeof(text));
    (void)pthread_mutex_unlock(&e->lock);
    memcpy(ret_text, text, sizeof(text));
    return text[0] != '\0';
}

int endpoints_disagree(struct endpoints *e, char ret_text[256]) {
    (void)pthread_mutex_lock(&e->lock);
    int disagree = e->disagree;
    memcpy(ret_text, e->disagreement, sizeof(e->disagreement));
    (void)pthread_mutex_unlock(&e->lock);
    return disagree;
}

size_t endpoints_count(const struct endpoints *e) {
    return e->count;
}

void endpoints_state(struct endpoints *e, size_t index, struct endpoint_state *ret) {
    (void)pthread_mutex_lock(&e->lock);
    const struct endpoint *p = &e->items[index];
    *ret = (struct endpoint_state){.name = p->config.name,
                                   .url = p->config.url,
                                   .asked = p->asked,
                                   .reachable = p->reachable,
                                   .other_chain = p->other_chain,
                                   .lags = lags(e, p),
                                   .chain_id = p->chain_id,
                                   .head = p->head,
                                   .took_ns = p->took_ns};
    memcpy(ret->text, p->text, sizeof(ret->text));
    (void)pthread_mutex_unlock(&e->lock);
}
