/*
 * plugins/besu/besu.h: the plugin's instance. Whoever reads or writes it holds `lock`: the actor
 * for each of its callbacks, a long action while it looks, not while it waits or calls another plugin.
 * A reload may exchange the nodes whenever the lock is free: no pointer to a node outlives it.
 *
 *   besu.c     the tables of the contract, life of the instance, polling
 *   settings.c what the config says
 *   node.c     one node;  logtail.c its log;  extradata.c its blocks
 *   chain.c    the last blocks: turns, period;  rounds.c when rounds meet
 *   network.c  what all nodes together say: validators, quorum, what is missing
 *   watch.c    events with hysteresis, and metrics
 *   reads.c, consensus.c, writes.c  the actions
 *   audit.h    files and rules: besu.audit
 *   votes.c, votewatch.c  who validates: votes, cast and looked after;  quorum.c its arithmetic
 *   permission.c, permwatch.c, permreads.c, change.c  who may send and connect;  allowlist.c lists;
 *   contract.c the contracts that hold such lists
 *   poolclear.c, poolstop.c, pool.c  what is stuck in the transaction pools
 *   tables.c   the tables of these actions
 */
#ifndef BESU_BESU_H
#define BESU_BESU_H
#include "chain.h"
#include "node.h"
#include "quorum.h"
#include "rounds.h"
#include <chain138/host.h>
#include <pthread.h>

#define BESU_NODES_MAX 64

struct besu_settings {
    int64_t poll_ns, timeout_ns, stalled_after_ns, hysteresis_ns, block_period_ns, start_grace_ns,
        restart_ns, permissions_ns;
    uint64_t lag_blocks, peers_min, consensus_blocks, missing_turns, epoch_length;
    char permission_key[64]; /* signs changes of the permission contracts; "": none does */
    struct besu_address ingress[BESU_LISTS];
};

/* A vote that somebody wanted and that is not settled yet. */
#define BESU_WISHES_MAX 32
enum besu_wish_state {
    BESU_WISH_WANTED,
    BESU_WISH_EFFECTIVE, /* these three: the votes are being taken back from the nodes */
    BESU_WISH_EXPIRED,
    BESU_WISH_DISCARDED,
};
struct besu_wish {
    struct besu_address validator;
    int add; /* 0: remove */
    enum besu_wish_state state;
    uint64_t block;      /* head when it was asked for */
    uint64_t epoch_ends; /* here the network forgets the votes of this epoch */
    int64_t since_ns;    /* UTC */
    char who[128];
    uint64_t clean[BESU_NODES_MAX / 64 + 1]; /* nodes that hold no vote of it any more */
    int held;                                /* not cast again for now: the quorum would be lost */
};

/* A change of allowlists that was begun. It is on disk before the first node is changed. */
struct besu_change {
    enum besu_list_kind kind;
    int allow; /* 0: deny */
    char *item;
    char *nodes[BESU_NODES_MAX]; /* names of those that are to be changed */
    uint32_t n_nodes;
};

/* A condition that is reported once it holds, and taken back once it is gone for a while. */
struct besu_alarm {
    int bad, raised;
    int64_t since_ns; /* monotonic: when `bad` last changed */
    int64_t raised_ns, cleared_ns;
    uint32_t flaps; /* raised again soon after it was cleared: it must be good for longer */
};
enum { BESU_STEP_NONE, BESU_STEP_RAISED, BESU_STEP_CLEARED };
int besu_alarm_step(struct besu_alarm *a, int bad, int64_t now_ns, int64_t raise_ns,
                    int64_t hold_ns);

enum besu_alarm_kind {
    BESU_ALARM_UNREACHABLE,
    BESU_ALARM_STALLED,
    BESU_ALARM_LAGGING,
    BESU_ALARM_PEERS_LOW,
    BESU_ALARM_FORK,
    BESU_ALARMS,
};

enum besu_state {
    BESU_UNKNOWN, /* not asked yet */
    BESU_OK,
    BESU_STARTING, /* at block 0, within its grace */
    BESU_SYNCING,
    BESU_LAGGING,
    BESU_STALLED,
    BESU_OTHER_CHAIN,
    BESU_REFUSED, /* it answers, but not to us: token, Host header */
    BESU_UNREACHABLE,
};
const char *besu_state_name(enum besu_state state);

/* What is remembered about a watched node beside the node itself. */
struct besu_watched {
    struct besu_node *node;
    enum besu_state state;
    uint64_t behind;
    int64_t age_ns;          /* of its head, see besu_head_age() */
    int64_t first_answer_ns; /* monotonic; 0: none since it was last unreachable */
    uint64_t seen_number;    /* head when it last moved */
    int64_t moved_ns;        /* monotonic; 0: not seen moving yet */
    uint64_t announced;      /* head of the last besu.head event */
    uint64_t peers_head;     /* the highest that a peer of it has, when that last moved */
    int64_t peers_moved_ns;  /* monotonic; 0: no peer tells its head */
    struct besu_alarm alarms[BESU_ALARMS];
    char text[256]; /* what a person needs to know, "" when all is well */
};

/* A validator of the current set. */
struct besu_member {
    struct besu_address address;
    int node;      /* index of the watched node that it is, -1 */
    int connected; /* 1, 0, -1: not known */
    int was_connected;
    uint64_t lost_at; /* head when its last connection ended */
    uint64_t back_at; /* head when it was connected again */
    struct besu_turns turns;
    int missing; /* it does not take part, as far as can be told */
    struct besu_alarm alarm;
    /* On a halted chain, from the logs: */
    int has_round;
    uint32_t round;
    int64_t round_since_ns, round_ends_ns; /* UTC; 0: not known */
    int round_is_own; /* from its own timer, not from what others heard of it */
    int silent;       /* its timer ended long ago and nothing came */
};

struct besu_network {
    enum besu_consensus consensus;
    uint64_t chain_id;
    int has_head;
    struct besu_block head; /* the highest that a node answered */
    int head_node;
    int64_t age_ns;     /* of that head */
    int64_t period_ns;  /* configured, from the genesis, or measured; 0: not known */
    int64_t timeout_ns; /* of round 0; 0: not known */
    int64_t stalled_after_ns;
    uint32_t validators, quorum, missing;
    int margin; /* how many more may fail: present - quorum; negative: too few are there */
    int starting; /* at block 0, within its grace: neither halted nor making blocks */
    int halted;
    uint64_t elsewhere; /* head of peers that go on while the watched nodes do not; 0: none do */
    uint32_t answering;  /* nodes that answer */
    int encoding_errors; /* nodes whose logs show messages of another version lately */
    struct besu_member members[BESU_VALIDATORS_MAX];
    struct besu_validators set; /* the same addresses, sorted */
};

struct besu {
    const c138_host *host;
    const c138_bus *bus;         /* NULL: not granted */
    const c138_metrics *metrics; /* NULL: not granted */
    const c138_timer *timers;    /* NULL: not granted: nothing is polled between calls */
    const c138_kv *kv;         /* NULL: not granted: wishes and begun changes die with the agent */
    const c138_caller *caller; /* NULL: not granted: no contracts, no transactions */
    pthread_mutex_t lock;
    struct besu_settings settings, staged_settings;
    struct besu_watched nodes[BESU_NODES_MAX];
    uint32_t n_nodes;
    struct besu_node_config staged_nodes[BESU_NODES_MAX];
    uint32_t n_staged;
    int staged, started;
    uint32_t next; /* node of the next tick */
    struct besu_chain chain;
    struct besu_network net;
    struct besu_audit *audit, *staged_audit; /* audit.c */
    struct besu_wish wishes[BESU_WISHES_MAX];
    uint32_t n_wishes;
    struct besu_change begun; /* n_nodes 0: none; left by a run that was cut off */
    struct besu_alarm drift[BESU_LISTS];
};

void besu_lock(struct besu *b);
void besu_unlock(struct besu *b);
int64_t besu_utc(const struct besu *b);
int64_t besu_mono(const struct besu *b);
/* Polls one node and draws the conclusions. Blocks for the rpc timeout at most twice. */
void besu_look(struct besu *b, uint32_t i);
/* Looks at all nodes, as long as the call has time. */
void besu_look_all(struct besu *b, c138_call *call, int64_t max_age_ns);
/* Looks at the node unless it was looked at within the last `max_age_ns`. */
void besu_look_if_older(struct besu *b, uint32_t i, int64_t max_age_ns);

/* settings.c */
extern const c138_field *const besu_setting_fields[];
c138_status besu_settings_prepare(struct besu *b, c138_call *settings);
void besu_settings_commit(struct besu *b, uint32_t apply);

/* network.c */
void besu_network_update(struct besu *b);
/* The part that looks at one node: state, age, behind, text. */
void besu_node_judge(struct besu *b, uint32_t i);
struct besu_member *besu_member_find(struct besu *b, const struct besu_address *address);
/* "validator-1" if a watched node is this validator, else its address. */
void besu_member_name(const struct besu *b, const struct besu_member *m, char *ret_text,
                      size_t size);

int besu_is_validator(struct besu *b, const struct besu_node *n);
/* No block comes to the watched nodes: the chain is halted, or it goes on without them. Nothing may be
 * changed then by what they say of its validators and accounts. */
int besu_network_stands(const struct besu *b);
/* As it is now; how many take part is told by `missing` of the members. */
struct besu_quorum_state besu_network_quorum(const struct besu *b);

/* watch.c */
void besu_publish(struct besu *b, const char *topic, struct c138_json *fields /* taken */);
void besu_watch_node(struct besu *b, uint32_t i);
void besu_watch_network(struct besu *b);
/* Take away the metrics of what is watched no more. */
void besu_watch_forget(struct besu *b, const struct besu_watched *w);
void besu_watch_forget_member(struct besu *b, const struct besu_member *m);

/* reads.c */
c138_status besu_status_run(void *self, c138_call *call);
c138_status besu_sync_run(void *self, c138_call *call);
c138_status besu_validators_run(void *self, c138_call *call);
c138_status besu_peers_run(void *self, c138_call *call);
c138_status besu_txpool_run(void *self, c138_call *call);
c138_status besu_nodes_run(void *self, c138_call *call);
void besu_status_rows(void *self, c138_call *out);
uint32_t besu_health(void *self, c138_text_fn on_text, void *user);
/* The node named by --node; C138_E_NOTFOUND with c138_fail(). Without --node: *ret_i = UINT32_MAX.
 */
c138_status besu_pick(struct besu *b, c138_call *call, uint32_t *ret_i);
/* The node named, or the best one: answering, highest. */
c138_status besu_pick_one(struct besu *b, c138_call *call, uint32_t *ret_i);
c138_status besu_fail(c138_call *call, const struct c138_err *err);
double besu_seconds(int64_t ns);
/* "12.345", the form of C138_T_DECIMAL. */
#define BESU_SECONDS_TEXT 32
void besu_seconds_text(int64_t ns, char ret_text[BESU_SECONDS_TEXT]);
void besu_set_seconds(c138_call *call, const char *key, int64_t ns);
void besu_set_address(c138_call *call, const char *key, const struct besu_address *a);
/* consensus.c */
c138_status besu_consensus_run(void *self, c138_call *call);
/* writes.c */
c138_status besu_peer_add_run(void *self, c138_call *call);
c138_status besu_peer_remove_run(void *self, c138_call *call);
c138_status besu_log_level_run(void *self, c138_call *call);
c138_status besu_explain_run(void *self, c138_call *call);
#endif
