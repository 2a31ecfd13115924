/*
 * plugins/chain/endpoints.h: the nodes that the plugin asks, as one. Any thread.
 *
 * A request goes to the best endpoint: in the order of the config, those that failed lately or lag
 * behind the others last. Where the transport fails it goes to the next; what a node answers,
 * errors too, is an answer. Each request first asks eth_chainId: an endpoint of another chain is
 * never believed, and nothing is sent to it.
 */
#ifndef CHAIN_ENDPOINTS_H
#define CHAIN_ENDPOINTS_H
#include <chain138/host.h>
#include <evm/refusal.h>
#include <net/jsonrpc.h>

#define ENDPOINTS_MAX 16

struct endpoint_config {
    char *name, *url, *host_header, *token_file, *username, *password_ref; /* NULL: none */
};
void endpoint_config_deinit(struct endpoint_config *c);

struct endpoints_options {
    const c138_host *host;
    const struct endpoint_config *configs; /* copied */
    size_t count;
    uint64_t chain_id;
    int64_t timeout_ns;
    uint64_t lag_blocks; /* further behind the highest, an endpoint is asked last */
};
struct endpoints;
struct endpoints *endpoints_new(const struct endpoints_options *options);
/* From now on nothing more is asked: who waits hears so after the answer that is due, at the latest
 * after one timeout. */
void endpoints_stop(struct endpoints *e);
struct endpoints *endpoints_free(struct endpoints *e); /* returns NULL */

/* All calls in one request, to one endpoint (*ret_index, may be NULL). C138_OK: each call has its
 * own status. C138_E_UNAVAILABLE, key "chain.unreachable": none answered; C138_E_CONFLICT,
 * "chain.other": they are of another chain. The error names each. */
c138_status endpoints_batch(struct endpoints *e, struct c138_rpc_call *calls, size_t count,
                            size_t *ret_index, struct c138_err *err);
/* The same at this endpoint and no other, for a question whose answer may be too much for it: that it
 * takes too long, or is cut or too large ("http.timeout", "http.truncated", "http.too-large") says
 * nothing of how the endpoint is. */
c138_status endpoints_batch_at(struct endpoints *e, size_t index, struct c138_rpc_call *calls,
                               size_t count, struct c138_err *err);
/* One call, and its own error as a failure. The caller owns *ret_result. */
c138_status endpoints_call(struct endpoints *e, const char *method,
                           struct c138_json *params /* taken */, struct c138_json **ret_result,
                           struct c138_err *err);

/* What became of signed bytes that were handed to the nodes. */
struct broadcast {
    const char *raw; /* 0x text; borrowed */
    int taken;       /* a node has them */
    int unclear;     /* some node may have them: an answer was lost, or left it open */
    const struct c138_refusal *refusal; /* NULL: none */
    char answer[256];                   /* the node's own words */
    char endpoint[64];                  /* who said so */
};
/* Hands each to the best endpoint, and to the others where that one did not take it. The bytes may
 * be on their way as soon as this is called. */
void endpoints_broadcast(struct endpoints *e, struct broadcast *items, size_t count);

struct endpoint_state {
    const char *name, *url;
    int asked, reachable, other_chain, lags;
    uint64_t chain_id, head;
    int64_t took_ns;
    char text[256]; /* why it is not well */
};
/* Asks every endpoint for its chain, its head and the block that all of them should have. 1: two of
 * them have different blocks of one number (*ret_text says which); then nothing should be sent. */
int endpoints_look(struct endpoints *e, char ret_text[256]);
size_t endpoints_count(const struct endpoints *e);
void endpoints_state(struct endpoints *e, size_t index, struct endpoint_state *ret_state);
/* Whether the last look found them to disagree. */
int endpoints_disagree(struct endpoints *e, char ret_text[256]);
#endif
