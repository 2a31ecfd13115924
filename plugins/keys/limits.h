/*
 * What a key may sign. A key has rules; a transaction is signed if one of them allows it in every
 * point, and refused otherwise, with the name of the rule that came nearest and the point in which
 * it failed. Without a rule a key signs nothing. Pure: the caller says what time it is and how often
 * a rule was used. Any thread.
 *
 * The signer checks this itself, on the bytes that it signs: an agent that was taken over cannot ask
 * for more.
 */
#ifndef KEYS_LIMITS_H
#define KEYS_LIMITS_H
#include <evm/tx.h>

#define LIMITS_NAME 64   /* of a rule, with its NUL */
#define LIMITS_WINDOW 48 /* the text of a time window */
#define LIMITS_HOUR_NS (INT64_C(3600) * 1000000000)

struct limits_window {
    uint8_t days;          /* bit 0: Monday */
    uint16_t begin, until; /* minutes of the day, UTC; until <= begin: over midnight */
};

struct limits_rule {
    char name[LIMITS_NAME];
    uint64_t chain_id;
    uint8_t (*to)[20]; /* owned */
    size_t n_to;
    int any_to;          /* every address */
    int creates;         /* may make contracts */
    uint8_t (*calls)[4]; /* owned: selectors */
    size_t n_calls;
    int any_call;                   /* every call data */
    int plain;                      /* no call data at all */
    struct c138_u256 max_value;     /* wei */
    struct c138_u256 max_gas_price; /* wei a gas: gasPrice, or maxFeePerGas */
    uint64_t max_gas;
    uint64_t per_hour; /* signatures in any 60 minutes */
    int has_window;
    struct limits_window window;
};

void limits_rule_deinit(struct limits_rule *r);
/* Adds what the config says: an address (EIP-55 where it has mixed case) or "*"; "0x" and 8 digits,
 * a function ("transfer(address,uint256)", evm/abi.h), "" for none, or "*". */
c138_status limits_add_to(struct limits_rule *r, const char *text, struct c138_err *err);
c138_status limits_add_call(struct limits_rule *r, const char *text, struct c138_err *err);
/* "08:00-18:00", "Mon-Fri 08:00-18:00", "Sat,Sun 22:00-04:00"; UTC. The days are those on which a
 * window begins. */
c138_status limits_window_parse(const char *text, struct limits_window *ret, struct c138_err *err);
int limits_window_open(const struct limits_window *w, int64_t now_ns);

/* How often `rule` was used in the hour before now. */
typedef uint64_t (*limits_used_fn)(void *user, const struct limits_rule *rule);

/* The rule that allows `tx`. C138_E_LIMIT with key "keys.limit.WHAT" (no-rule, chain, to, create,
 * call, value, gas-price, gas, window, rate); the text names the rule. */
c138_status limits_check(const struct limits_rule *rules, size_t count, const struct c138_tx *tx,
                         int64_t now_ns, limits_used_fn used, void *user,
                         const struct limits_rule **ret_rule, struct c138_err *err);
#endif
