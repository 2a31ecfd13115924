/*
 * plugins/besu/node.h: one watched node: what it can do, what it last said. Blocks for at most the
 * rpc timeout; one thread.
 *
 * Capabilities are asked once after each time the node came back: version, APIs, chain, its own
 * key. Each poll is one batch. A method that the node does not serve is left out of later polls and
 * named in `missing`; it is no failure.
 */
#ifndef BESU_NODE_H
#define BESU_NODE_H
#include <net/rpcauth.h>
#include "allowlist.h"
#include "chain.h"
#include "logtail.h"
#include <net/jsonrpc.h>

#define BESU_API_ADMIN 1u
#define BESU_API_QBFT 2u
#define BESU_API_IBFT 4u
#define BESU_API_CLIQUE 8u
#define BESU_API_TXPOOL 16u
#define BESU_API_PERM 32u

struct besu_node_config {
    char *name, *url, *host_header, *token_file, *username, *password_ref, *log_file, *role;
    char *permissions_accounts_file, *permissions_nodes_file, *static_nodes_file, *data_dir;
    int has_validator;
    struct besu_address validator;
};
void besu_node_config_deinit(struct besu_node_config *c);
int besu_node_config_equal(const struct besu_node_config *a, const struct besu_node_config *b);

struct besu_peer {
    struct besu_address address; /* of its node key: that of a validator, if it is one */
    uint64_t head;               /* 0: not told */
};

/* What a node told of one of its lists. */
enum besu_list_state {
    BESU_LIST_UNASKED,
    BESU_LIST_ON,
    BESU_LIST_OFF, /* the node lets everybody */
    BESU_LIST_NO_API,
    BESU_LIST_SILENT, /* it did not answer */
};
struct besu_node_list {
    enum besu_list_state state;
    struct besu_list list; /* BESU_LIST_ON */
    struct c138_err error; /* NO_API, SILENT */
};

enum besu_txpool_kind { BESU_TXPOOL_NONE, BESU_TXPOOL_BESU, BESU_TXPOOL_STATUS };

struct besu_node {
    struct besu_node_config config;
    struct c138_rpc_auth *auth;
    struct c138_rpc *rpc;
    struct besu_logtail *log;
    struct c138_err log_error; /* status 0: it can be read */

    /* Capabilities. */
    int probed;
    char version[96];  /* "besu/v25.5.0/linux-x86_64/openjdk-java-25" */
    uint32_t apis;     /* BESU_API_* */
    int knows_apis;    /* rpc_modules answered */
    uint64_t chain_id; /* 0: not told */
    int has_address;   /* the account of its node key: configured, from admin_nodeInfo, or
                          eth_coinbase */
    struct besu_address address;
    char enode[300];
    enum besu_consensus consensus;
    int64_t config_period_ns, request_timeout_ns; /* of its genesis; 0: not told */
    uint64_t epoch_length;                        /* of its genesis; 0: not told */
    enum besu_txpool_kind txpool;
    int no_peers_api; /* admin_peers refused */

    /* Of the last poll. */
    int polled;            /* at least once */
    c138_status status;    /* C138_OK: it answered */
    struct c138_err error; /* why it did not */
    int64_t polled_ns;     /* monotonic */
    int64_t answered_ns;   /* monotonic, last time it did; 0: never */
    int64_t took_ns;
    uint32_t failures; /* in a row */
    int has_head;
    struct besu_block head;
    struct besu_validators validators; /* from the head's extraData, or asked for */
    int head_names_validators;
    int syncing;
    uint64_t sync_highest; /* while syncing */
    int has_peers;
    uint32_t peer_count;
    uint32_t n_peers; /* of those named below; 0 without the ADMIN API */
    struct besu_peer peers[BESU_VALIDATORS_MAX];
    int64_t txpool_count;  /* -1: not told */
    int64_t txpool_queued; /* -1 */
    int64_t txpool_max;    /* -1: no limit told */
    /* Of the last besu_node_lists(). */
    int64_t lists_ns; /* monotonic; 0: not asked yet */
    struct besu_node_list lists[BESU_LISTS];
    /* The block that is compared between nodes. */
    int has_reference;
    uint64_t reference_number;
    uint8_t reference_hash[32];
};

struct besu_node *besu_node_new(const c138_host *host, struct besu_node_config *config /* taken */,
                                int64_t timeout_ns, struct c138_err *err);
struct besu_node *besu_node_free(struct besu_node *n);

/*
 * One look: probes first if need be, then one batch. `reference`: the block to compare (0: none).
 * `known`: the highest block that the history holds; blocks between it and the head are handed to
 * `on_block` in order, at most `gap_max` of them. Returns n->status; everything is in *n.
 */
c138_status besu_node_poll(struct besu_node *n, uint64_t reference, uint64_t known,
                           uint32_t gap_max,
                           void (*on_block)(void *user, const struct besu_block *block),
                           void *user);
/* Only head, syncing and peer count, in one batch: what `besu sync` asks. Fills in the same
 * members. */
c138_status besu_node_sync(struct besu_node *n);
/* Fetches blocks [from, to] (at most BESU_CHAIN_MAX) in order. */
c138_status besu_node_blocks(struct besu_node *n, uint64_t from, uint64_t to,
                             void (*on_block)(void *user, const struct besu_block *block),
                             void *user, struct c138_err *err);
/* Asks one method; the error begins with the node's name and address. */
c138_status besu_node_call(struct besu_node *n, const char *method,
                           struct c138_json *params /* taken */, struct c138_json **ret_result,
                           struct c138_err *err);
/* The validators after `block` (NULL: the head) from the RPC: qbft_*, then ibft_*, then clique_*.
 */
c138_status besu_node_validators(struct besu_node *n, struct besu_validators *ret_validators,
                                 struct c138_err *err);
/* Asks for both allowlists; everything is in n->lists. */
void besu_node_lists(struct besu_node *n);
/* The votes that it holds: {"0x...": true (add) | false}. */
c138_status besu_node_votes(struct besu_node *n, struct c138_json **ret_votes,
                            struct c138_err *err);
/* Casts a vote, and looks whether the node holds it then; `discard`: takes it back. Besu says true
 * for anything: address and role are the caller's to check. */
enum besu_ballot { BESU_BALLOT_ADD, BESU_BALLOT_REMOVE, BESU_BALLOT_DISCARD };
c138_status besu_node_vote(struct besu_node *n, const struct besu_address *validator,
                           enum besu_ballot ballot, struct c138_err *err);
/* In what besu_node_votes() gave: 1 add, 0 remove, -1 none. */
int besu_vote_in(const struct c138_json *votes, const struct besu_address *validator);
/* It has the API in which votes are cast. */
int besu_node_can_vote(const struct besu_node *n);
/* Is a peer with this account connected to it? -1: not known (no ADMIN API, or no answer). */
int besu_node_sees(const struct besu_node *n, const struct besu_address *address);
/* Highest block that it heard of from its peers; 0: none. */
uint64_t besu_node_peers_head(const struct besu_node *n);
/* The account of a node key, 128 hex digits with or without 0x. */
c138_status besu_address_of_id(const char *id, struct besu_address *ret_address);
/* Reads one entry of admin_peers; `own` gives the difference between number and total difficulty.
 */
void besu_peer_read(const struct c138_json *json, const struct besu_block *own,
                    struct besu_peer *ret_peer);
#endif
