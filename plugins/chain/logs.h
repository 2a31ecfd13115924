/*
 * plugins/chain/logs.h: which logs are meant, and what one log says. Pure; any thread.
 *
 * A filter is a list of addresses, an event by its ABI signature, and values that its arguments shall
 * have. What a node can look for (addresses, the event, indexed arguments) becomes the filter of
 * eth_getLogs; the rest is compared after decoding. What a node gives is checked against the whole
 * filter: nodes and what stands before them are not believed to look well.
 */
#ifndef CHAIN_LOGS_H
#define CHAIN_LOGS_H
#include <evm/abi.h>

#define LOGS_ADDRESSES_MAX 64
#define LOGS_ARGS_MAX 16
#define LOGS_TOPICS_MAX 4

struct log_match {
    size_t input; /* index of the argument */
    char *value;  /* as canonical JSON */
};

struct log_filter {
    uint8_t addresses[LOGS_ADDRESSES_MAX][20]; /* none: all */
    size_t n_addresses;
    struct c138_abi_item *event; /* NULL: any */
    int has_topic[LOGS_TOPICS_MAX];
    uint8_t topics[LOGS_TOPICS_MAX][32];
    struct log_match matches[LOGS_ARGS_MAX]; /* what no topic says */
    size_t n_matches;
};

/* `event`: "Transfer(address indexed from, address indexed to, uint256 value)", or NULL. `addresses`
 * and `args`: arrays of texts, or NULL; an arg is "to=0x..", or "1=0x.." where it has no name.
 * C138_E_INVALID says which is wrong and why. */
c138_status log_filter_init(struct log_filter *f, const char *event,
                            const struct c138_json *addresses, const struct c138_json *args,
                            struct c138_err *err);
void log_filter_deinit(struct log_filter *f);
/* Params of eth_getLogs; the caller's. */
struct c138_json *log_filter_range(const struct log_filter *f, uint64_t from, uint64_t to);
struct c138_json *log_filter_block(const struct log_filter *f, const uint8_t hash[32]);

/*
 * One log as a node gives it, as a row: {"block","block_hash","tx","log_index","address","event",
 * "args":{name: value},"removed":false}. Where the event is not known, or the log is not what it
 * declares, "topics" and "data" stand for the args, and "text" says why. *ret_row is NULL where the
 * filter does not mean it. C138_E_INVALID, key "chain.answer": this is no log.
 */
c138_status log_read(const struct log_filter *f, const struct c138_json *log,
                     struct c138_json **ret_row, struct c138_err *err);
#endif
