/*
 * plugins/chain/chain.h: the plugin's instance, and how a change reaches the chain exactly once.
 *
 *   chain.c      the tables of the contract, life of the instance
 *   settings.c   what the config says
 *   endpoints.c  the nodes as one;  journal.c  what was signed, and what became of it
 *   ask.c        what somebody asks for: parameters into items
 *   plan.c       simulation, fees, balance, checks: items into transactions
 *   send.c       nonce, signature, journal, broadcast, waiting
 *   repair.c     speed-up, cancel, and what is in the way
 *   track.c      what the chain says of open intents: mined, reorged, overtaken, confirmed
 *   actions.c    the actions that only look;  calls.c  chain.call
 *   logs.c       which logs are meant;  scan.c  reading them in ranges
 *   watch.c      one watch that is followed for ever;  watch_state.c  what it knows
 *   watches.c    all of them: their thread, their events;  reads.c  chain.logs, chain.watches
 *   gauges.c     the metrics
 *
 * Threads. Actions are long ones, each on its thread; one more looks after what is open. `lock` is held around the journal
 * and the list of senders, never while a node or the signer is asked. Each account has a turn: who
 * holds it is the only one who takes nonces of this account, so that one account's stuck queue holds
 * up no other account.
 */
#ifndef CHAIN_CHAIN_H
#define CHAIN_CHAIN_H
#include "endpoints.h"
#include "journal.h"
#include "watch.h"

#include <base/u256.h>
#include <chain138/host.h>
#include <evm/abi.h>
#include <evm/address.h>
#include <evm/tx.h>
#include <pthread.h>

#define CHAIN_ITEMS_MAX 1000 /* transactions in one chain.send */
#define WATCHES_MAX 32

struct chain_settings {
    struct endpoint_config endpoints[ENDPOINTS_MAX];
    size_t n_endpoints;
    uint64_t chain_id, lag_blocks, confirmations, final_blocks, gas_margin; /* margin: percent */
    int64_t timeout_ns, poll_ns, resend_ns;
    struct c138_u256 max_gas_price;
    int exclusive;
    struct watch_config watches[WATCHES_MAX];
    size_t n_watches;
    uint64_t watch_rate, log_range;
};

struct sender {
    uint8_t address[20];
    char *key; /* its name; "" while it is known from the journal only */
    pthread_mutex_t turn;
    int64_t tracked_ns; /* monotonic */
    int told_foreign;   /* the event is out */
    char trouble[256];  /* why it was not looked after the last time, "" if it was */
    struct sender *next;
};

struct chain {
    const c138_host *host;
    const c138_bus *bus;       /* NULL: not granted */
    const c138_caller *caller; /* NULL: not granted: nothing is signed */
    struct chain_settings settings, staged;
    struct endpoints *endpoints;
    pthread_mutex_t lock;
    struct journal *journal;
    struct sender *senders;
    struct watches *watches; /* NULL: none is configured */
    const c138_kv *kv;       /* NULL: not granted: no watch is followed */
    const c138_metrics *metrics;
    _Atomic uint64_t published; /* events so far */
    int told_disagree;          /* the watcher's own */
    /* A thread of its own looks after what is open: nodes that hang must not hold up the actor. */
    pthread_t watcher;
    pthread_cond_t wake;
    int watching, stopping; /* under `lock` */
};

/* settings.c */
extern const c138_field *const chain_setting_fields[];
c138_status chain_settings_prepare(struct chain *c, c138_call *settings);
void chain_settings_commit(struct chain *c, uint32_t apply);

/* One transaction that is asked for, and what it becomes on its way. */
struct item {
    char *id;
    int creates;
    uint8_t to[20];
    struct c138_u256 value;
    struct c138_buf data;
    struct c138_abi_item *function; /* NULL: by its bytes only */
    struct c138_json *expect;       /* what shall be true afterwards; NULL: status 1 */
    uint64_t gas;                   /* 0: estimated */
    uint32_t confirmations;
    /* From the plan: */
    char request[65];          /* digest of what was asked */
    struct c138_json *decoded; /* {"function","signature","args","known"} or NULL */
    struct c138_json *returns; /* of the simulation, decoded; or NULL */
    size_t code;               /* bytes at `to` */
    struct c138_tx tx;         /* data borrowed from here */
    /* Signed: */
    char *raw;
    uint8_t hash[32];
    int known; /* the journal has it already */
};
struct items {
    struct item list[CHAIN_ITEMS_MAX];
    size_t count;
};
struct items *items_free(struct items *items); /* returns NULL */

struct fees {
    int has_price, has_cap, has_tip; /* what was asked for */
    struct c138_u256 price, cap, tip;
    uint8_t type;
};

/* ask.c: the items of a chain.send; the caller frees them with items_free(). */
c138_status ask_items(struct chain *c, c138_call *call, struct items **ret_items,
                      struct c138_err *err);
c138_status ask_fees(c138_call *call, struct fees *ret_fees, struct c138_err *err);
/* A function with its arguments (a JSON array of texts or values) as call data. */
c138_status ask_call_data(const char *function, const struct c138_json *args, struct c138_buf *out,
                          struct c138_abi_item **ret_function, struct c138_err *err);
/* The arguments of a call's list parameter. */
struct c138_json *ask_args(c138_call *call, const char *name);

/* plan.c */
struct plan {
    struct sender *sender;
    struct item *list; /* those that are not in the journal yet */
    size_t count;
    struct fees fees;
    uint64_t latest, pending; /* the node's counts of the account's transactions */
    uint64_t head, gas_limit; /* of the newest block */
    int has_base_fee;
    struct c138_u256 base_fee, balance, cost; /* cost: the most that everything may take */
    int allow_foreign;
};
/* Asks the nodes, decodes, simulates, chooses fees and gas, checks the balance. Sends nothing; the
 * nonces are filled in by send.c. */
c138_status plan_make(struct chain *c, struct plan *p, struct c138_err *err);
/* Holds the items to a plan that was approved: the same calls, with its fees and gas. */
c138_status plan_follow(const char *json, struct items *items, struct plan *p,
                        struct c138_err *err);
void plan_show(const struct chain *c, const struct plan *p, c138_call *call);
/* The account can pay for this and for what is under way before it. A node may take what cannot be
 * paid, and then the account is blocked. */
c138_status plan_check_balance(struct chain *c, const uint8_t from[20], uint64_t latest,
                               const struct c138_u256 *balance, const struct c138_tx *tx,
                               struct c138_err *err);
/* {"function","signature","args","known"} of call data; NULL: nothing is known of it. */
struct c138_json *plan_decode_call(const struct c138_abi_item *function, const uint8_t *data,
                                   size_t length);
/* "transfer(0x..,5)", "0xa9059cbb..", "" */
char *plan_call_text(const struct item *i);
/* The next nonce of the account, or why there is none (foreign transactions, a node that is behind).
 * With `lock` held. */
c138_status plan_next_nonce(struct chain *c, const struct plan *p, uint64_t *ret_nonce,
                            struct c138_err *err);

/* send.c */
struct sender *sender_of(struct chain *c, const uint8_t address[20], const char *key);
/* The account of a key, asked of the signer once. */
c138_status sender_by_key(struct chain *c, c138_call *call, const char *key,
                          struct sender **ret_sender, struct c138_err *err);
/* Hands the newest attempt of each open intent of the account to the nodes. The turn is held. */
void send_again(struct chain *c, struct sender *s);
c138_status chain_send_run(void *self, c138_call *call);
c138_status chain_speed_up_run(void *self, c138_call *call);
c138_status chain_cancel_run(void *self, c138_call *call);
c138_status chain_repair_run(void *self, c138_call *call);
c138_status chain_adopt_run(void *self, c138_call *call);

struct signing {
    const struct c138_tx *tx;
    char *raw; /* filled in: 0x text, the caller frees it */
    uint8_t hash[32];
};
/* Has all signed by the account's key, and checks what comes back. On a failure some may be signed:
 * nothing of them was sent. */
c138_status send_sign(struct chain *c, c138_call *call, const struct sender *s, struct signing *all,
                      size_t count, struct c138_err *err);
/* Waits until all of these have ended, then writes the result, or says which one did not succeed. */
c138_status send_wait(struct chain *c, c138_call *call, struct sender *s, const char *const *ids,
                      size_t count, struct c138_err *err);
/* Journals one attempt and hands it to the nodes. The turn is held. */
c138_status send_attempt(struct chain *c, struct sender *s, const struct journal_sign *sign,
                         struct c138_err *err);
/* repair.c */
c138_status chain_pending_run(void *self, c138_call *call);

/* track.c: looks at every open intent of the account. The turn is held. */
c138_status track(struct chain *c, struct sender *s, struct c138_err *err);
/* Looks after all accounts whose turn is free, at every poll, on a thread of its own, until
 * track_stop(). */
void track_start(struct chain *c);
void track_stop(struct chain *c);

/* watches.c: the watches, on a thread of their own: what they have to catch up with, and a node that
 * hangs, holds up no transaction. */
void watches_start(struct chain *c);
void watches_stop(struct chain *c);
struct watches *watches_free(struct watches *w); /* returns NULL */
/* The agent dropped events of this plugin: the logs among them are told to nobody. */
void watches_flooded(struct chain *c, uint64_t dropped);

struct watch_shown {
    const struct watch_config *config;
    uint64_t next, through, head, behind, logs, reorgs, range;
    uint8_t hash[32];
    int has_through;
    char text[256]; /* why it does not go on, "" if it does */
    char endpoint[64];
};
/* How watch `index` is. 0: there is none. */
int watches_show(struct chain *c, size_t index, struct watch_shown *ret);
/* The filter and the confirmations of a watch by name; NULL: there is none. Lives as long as `c`. */
const struct watch_config *watches_find(const struct chain *c, const char *name);

/* reads.c */
c138_status chain_logs_run(void *self, c138_call *call);
c138_status chain_watches_run(void *self, c138_call *call);

/* gauges.c: sets them all, at every poll; counts a transaction that ended, and one that was taken
 * back. */
void gauges_set(struct chain *c);
void gauges_ended(struct chain *c, const char *outcome);
void gauges_reorged(struct chain *c);

/* calls.c */
c138_status chain_call_run(void *self, c138_call *call);

/* actions.c */
c138_status chain_tx_run(void *self, c138_call *call);
c138_status chain_decode_run(void *self, c138_call *call);
c138_status chain_endpoints_run(void *self, c138_call *call);
struct chain_tally {
    size_t open, refused; /* transactions under way, and those of them that the nodes refuse */
    size_t foreign;       /* keys that somebody else uses */
    size_t bad;           /* endpoints that do not answer for this chain */
    size_t stuck;         /* watches that do not go on */
};
struct chain_tally chain_count_up(struct chain *c);
uint32_t chain_health(void *self, c138_text_fn on_text, void *user);
void chain_status_rows(void *self, c138_call *out);

/* Small things that all share. */
c138_status chain_fail(c138_call *call, c138_status status, const struct c138_err *err);
void chain_publish(struct chain *c, const char *topic, struct c138_json *data /* taken */);
/* The event chain.foreign, once until the account is adopted. */
void chain_tell_foreign(struct chain *c, struct sender *s, const char *text);
int64_t chain_utc(const struct chain *c);
void chain_set_wei(c138_call *call, const char *name, const struct c138_u256 *v);
void chain_set_hex(c138_call *call, const char *name, const void *bytes, size_t length);
void chain_set_address(c138_call *call, const char *name, const uint8_t address[20]);
/* Values as texts: what is no text stands as JSON. */
void chain_set_values(c138_call *call, const char *name, const struct c138_json *values);
/* An intent as the actions and events show it; the lock is held. */
struct c138_json *chain_show_intent(const struct intent *i);
#endif
