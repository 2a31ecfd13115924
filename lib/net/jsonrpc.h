/*
 * net/jsonrpc.h: JSON-RPC 2.0 over HTTP as Ethereum nodes speak it, with single calls and batches.
 * Blocks; one thread at a time.
 *
 * What nodes do wrong has its own error: HTML instead of JSON, a redirect, an answer without result
 * and error, another id, an object where an array of a batch was due (Besu: "batch too large"),
 * 401/403/413, a body over the bound, half a body. See facts in docs/besu.md.
 */
#ifndef C138_NET_JSONRPC_H
#define C138_NET_JSONRPC_H
#include <base/json.h>
#include <net/http.h>

struct c138_rpc;

struct c138_rpc_options {
    const char *url; /* "http://127.0.0.1:8545" */
    const char
        *host_header;   /* NULL: from the URL. Besu answers 403 to a Host that is not on its list */
    int64_t timeout_ns; /* 0: 10 s */
    size_t body_max;    /* 0: 8 MiB */
    /* Gives the bearer token for the next request, or NULL for none; called before each request;
     * `refresh` is 1 after a 401. The text is borrowed until the next call. NULL with
     * `err` filled in (its status not 0): the request is not sent. No function: no
     * authentication. */
    const char *(*token)(void *user, int refresh, struct c138_err *err);
    void *user;
};

struct c138_rpc_call {
    const char *method;
    struct c138_json *params; /* borrowed; NULL: [] */
    /* Filled in by the call: */
    c138_status status;         /* C138_OK: `result` is valid (may be NULL: null) */
    struct c138_json *result;   /* owned by the caller of c138_rpc_batch */
    int64_t error_code;         /* of a JSON-RPC error, else 0 */
    struct c138_json *answered; /* the whole of that error (its data says why a call reverted);
                                   owned like `result` */
    struct c138_err error; /* key "rpc.error", "rpc.not-enabled" (-32604), "rpc.not-found" (-32601),
                              "rpc.unauthorized" */
};

c138_status c138_rpc_new(const struct c138_rpc_options *options, struct c138_rpc **ret_rpc);
struct c138_rpc *c138_rpc_free(struct c138_rpc *r);
/* One call. *ret_result is owned by the caller. A JSON-RPC error gives C138_E_UNSUPPORTED (not
 * found, not enabled), C138_E_DENIED (unauthorized) or C138_E_CONFLICT (any other), *ret_code (may
 * be NULL) its code, and the node's text in err. */
c138_status c138_rpc_call(struct c138_rpc *r, const char *method, struct c138_json *params,
                          struct c138_json **ret_result, int64_t *ret_code, struct c138_err *err);
/* All calls in one request; in several where the node refuses a batch of that size (what it takes
 * is remembered). C138_OK: the transport worked and each call has its own status. Else none was
 * answered. */
c138_status c138_rpc_batch(struct c138_rpc *r, struct c138_rpc_call *calls, size_t count,
                           struct c138_err *err);
/* The reading half of the two above, pure (any thread): an answer's body into `calls`, whose ids
 * were first_id, first_id + 1, ... `batch`: an array was sent. Failures: keys "rpc.html"
 * "rpc.not-json" "rpc.wrong-id" "rpc.no-answer" "rpc.batch-refused". */
c138_status c138_rpc_read(const char *text, size_t length, uint64_t first_id,
                          struct c138_rpc_call *calls, size_t count, int batch,
                          struct c138_err *err);
void c138_rpc_call_deinit(struct c138_rpc_call *call);
int64_t c138_rpc_took_ns(const struct c138_rpc *r); /* duration of the last request */
#endif
