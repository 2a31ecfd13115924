/*
 * plugins/stack/quorum.h: how many validators may be away, and who. QBFT and IBFT 2.0: a block
 * needs ceil(2N/3) of N validators. Pure; any thread.
 */
#ifndef STACK_QUORUM_H
#define STACK_QUORUM_H
#include <base/err.h>
#include <base/json.h>

#define VALIDATORS_MAX 256

struct validator {
    char address[43];  /* as the chain's plugin writes it */
    char node[64];     /* "": it is not one of the watched nodes */
    int missing, late; /* late: let its last turn pass, and may be on its way back */
    uint64_t last_block;
};
struct chain_view {
    uint64_t block, quorum;
    size_t count;
    struct validator list[VALIDATORS_MAX];
};
/* Reads the result of besu.validators. C138_E_UNAVAILABLE: it knows no validators yet. */
c138_status chain_view_read(const struct c138_json *result, struct chain_view *ret_view,
                            struct c138_err *err);
/* By address if there is one, else by node. NULL: no validator. */
const struct validator *chain_view_find(const struct chain_view *v, const char *address,
                                        const char *node);
/*
 * Whether these (indexes into the view) may be away together. C138_E_CONFLICT "stack.quorum" with
 * the arithmetic when too few would be left. Who is late counts as away: it may not come back.
 * *ret_left (may be NULL): how many would take part.
 */
c138_status quorum_allows(const struct chain_view *v, const struct validator *const *away,
                          size_t n_away, const char *what, uint64_t *ret_left,
                          struct c138_err *err);
#endif
