/*
 * plugins/chain/scan.h: reading logs over many blocks from one node, in ranges that fit it.
 *
 * Nodes bound what eth_getLogs gives, each in its own way: by blocks (Besu: -32005 "Requested range
 * exceeds maximum RPC range limit"), by results, by time; proxies cut the answer. A range that was too
 * much is halved until it fits; it grows again after some that went well, so that a stretch with many
 * logs does not slow down the rest. One thread at a time.
 */
#ifndef CHAIN_SCAN_H
#define CHAIN_SCAN_H
#include "logs.h"

#include <net/jsonrpc.h>

/* Where the questions go: to one and the same endpoint, as its own head bounds what it may be asked
 * (Besu 26: a block above its head is -32602 "Invalid params"). */
struct scan_source {
    void *user;
    c138_status (*ask)(void *user, struct c138_rpc_call *calls, size_t count, struct c138_err *err);
};

struct scan_range {
    uint64_t size, most; /* blocks */
    uint32_t streak;     /* went well in a row */
};
void scan_range_init(struct scan_range *r, uint64_t most);
void scan_range_good(struct scan_range *r);
int scan_range_bad(struct scan_range *r); /* 0: it is one block already */

/* Whether a failure says that less should be asked for. `call`: the answer; or `err`: none came. */
int scan_is_too_much(const struct c138_rpc_call *call, const struct c138_err *err);

struct scan_part {
    uint64_t to; /* read up to here */
    uint8_t hash[32];
    struct c138_json *rows; /* as log_read() has them, in the order of the chain; the caller's */
};
/* From `from` on as far as the range reaches, at most to `last`, which the node must have. Shrinks
 * until it is answered; what fails for one block alone fails. */
c138_status scan_part(const struct scan_source *source, const struct log_filter *f,
                      struct scan_range *r, uint64_t from, uint64_t last,
                      struct scan_part *ret_part, struct c138_err *err);

/* A block as it stands in the chain. */
struct scan_block {
    uint64_t number;
    uint8_t hash[32], parent[32];
    int is_there; /* the node has a block of this number */
};
/* Blocks first, first + 1, ... */
c138_status scan_blocks(const struct scan_source *source, uint64_t first, size_t count,
                        struct scan_block *ret_blocks, struct c138_err *err);
/* The number of the newest block, and the block `number`, in one question. */
c138_status scan_head(const struct scan_source *source, uint64_t number, uint64_t *ret_head,
                      struct scan_block *ret_block, struct c138_err *err);
/* The logs of exactly these blocks, by hash: one array of rows for each, the caller's. C138_E_NOTFOUND: the
 * node does not know one of them (any more). */
c138_status scan_logs_of(const struct scan_source *source, const struct log_filter *f,
                         const struct scan_block *blocks, size_t count, struct c138_json **ret_rows,
                         struct c138_err *err);
#endif
