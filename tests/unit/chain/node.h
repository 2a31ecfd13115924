/*
 * tests/unit/chain/node.h: a node in this process, with a chain that a test writes: what it has in
 * which block, what it refuses, what it takes back.
 */
#ifndef CHAIN_TEST_NODE_H
#define CHAIN_TEST_NODE_H
#include <net/jsonrpc.h>

#define NODE_BLOCKS 4096

struct node {
    uint64_t head;              /* its newest block */
    uint32_t fork[NODE_BLOCKS]; /* makes a block another one: its hash, and those of what follows */
    uint8_t logs[NODE_BLOCKS];  /* how many it has */
    uint64_t range_max;         /* to - from; 0: no bound. Besu: -32005 */
    uint64_t results_max;       /* logs in one answer; 0: no bound */
    uint64_t cut_at;    /* from so many logs on the transport fails: http.too-large; 0: never */
    uint64_t bad_block; /* whose logs always fail; 0: none */
    uint32_t asked;     /* requests so far */
    uint64_t widest;    /* range that was asked for */
    int above_head;     /* times that a block above the head was asked for */
};

/* The id of a block, as a hash. */
void node_hash(const struct node *n, uint64_t number, uint8_t ret[32]);
/* As struct scan_source has it; `user` is the node. */
c138_status node_ask(void *user, struct c138_rpc_call *calls, size_t count, struct c138_err *err);
#endif
