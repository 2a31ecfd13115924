#include "limits.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>
#include <evm/abi.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MINUTES 1440
#define LIST_MAX 256

void limits_rule_deinit(struct limits_rule *r) {
    free(r->to);
    free(r->calls);
    *r = (struct limits_rule){0};
}

/* --- What the config says -------------------------------------------------------------------- */

c138_status limits_add_to(struct limits_rule *r, const char *text, struct c138_err *err) {
    if (!strcmp(text, "*")) {
        r->any_to = 1;
        return C138_OK;
    }
    if (r->n_to >= LIST_MAX)
        return c138_error(err, C138_E_LIMIT, "keys.rule", "rule %s: over %d addresses", r->name,
                          LIST_MAX);
    uint8_t address[20];
    c138_status status = c138_address_parse(text, address, err);
    if (status < 0)
        return c138_error_prefix(err, status, "rule %s: to", r->name);
    r->to = c138_xrealloc(r->to, (r->n_to + 1) * sizeof(*r->to));
    memcpy(r->to[r->n_to++], address, sizeof(address));
    return C138_OK;
}

/* The selector of "transfer(address,uint256)". */
static c138_status selector_of(const char *text, uint8_t ret_hash[32], struct c138_err *err) {
    C138_ABI_ITEM struct c138_abi_item *item = NULL;
    c138_status status = c138_abi_item_parse(text, &item, err);
    if (status >= 0 && item->what != C138_ABI_FUNCTION)
        status = c138_error(err, C138_E_INVALID, "abi.type", "\"%.200s\" is no function", text);
    if (status >= 0)
        memcpy(ret_hash, item->hash, 32);
    return status;
}

c138_status limits_add_call(struct limits_rule *r, const char *text, struct c138_err *err) {
    uint8_t hash[32];
    if (!*text)
        r->plain = 1;
    if (!strcmp(text, "*"))
        r->any_call = 1;
    if (!*text || !strcmp(text, "*"))
        return C138_OK;
    if (r->n_calls >= LIST_MAX)
        return c138_error(err, C138_E_LIMIT, "keys.rule", "rule %s: over %d calls", r->name,
                          LIST_MAX);
    if (c138_starts_with(text, "0x")) {
        if (strlen(text) != 10 || c138_hex_decode(text + 2, 8, hash) < 0)
            return c138_error(err, C138_E_INVALID, "keys.rule",
                              "rule %s: call \"%s\": a selector is 0x and 8 hex digits", r->name,
                              text);
    } else {
        c138_status status = selector_of(text, hash, err);
        if (status < 0)
            return c138_error_prefix(err, status,
                                     "rule %s: expected a function, a selector (\"0xa9059cbb\"), "
                                     "\"\" for a transfer without data, or \"*\"",
                                     r->name);
    }
    r->calls = c138_xrealloc(r->calls, (r->n_calls + 1) * sizeof(*r->calls));
    memcpy(r->calls[r->n_calls++], hash, 4);
    return C138_OK;
}

/* --- Windows --------------------------------------------------------------------------------- */

static const char day_names[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static int take_day(const char **p, unsigned *ret_day) {
    for (unsigned i = 0; i < C138_COUNT(day_names); i++)
        if (!strncmp(*p, day_names[i], 3)) {
            *ret_day = i;
            *p += 3;
            return 1;
        }
    return 0;
}

static int take_days(const char **p, uint8_t *ret_days) {
    do {
        unsigned from, to;
        if (**p == ',')
            (*p)++;
        if (!take_day(p, &from))
            return 0;
        to = from;
        if (**p == '-') {
            (*p)++;
            if (!take_day(p, &to))
                return 0;
        }
        for (unsigned d = from;; d = (d + 1) % 7) {
            *ret_days |= (uint8_t)(1u << d);
            if (d == to)
                break;
        }
    } while (**p == ',');
    return *(*p)++ == ' ';
}

static int take_minute(const char **p, uint16_t *ret_minute) {
    unsigned h[5];
    for (int i = 0; i < 5; i++) {
        h[i] = (unsigned)((unsigned char)(*p)[i] - '0');
        if (i == 2 ? (*p)[2] != ':' : h[i] > 9)
            return 0;
    }
    *ret_minute = (uint16_t)((h[0] * 10 + h[1]) * 60 + h[3] * 10 + h[4]);
    *p += 5;
    return h[3] < 6 && *ret_minute <= DAY_MINUTES;
}

c138_status limits_window_parse(const char *text, struct limits_window *ret, struct c138_err *err) {
    struct limits_window w = {0};
    const char *p = text;
    if (*p < '0' || *p > '9') {
        if (!take_days(&p, &w.days))
            w.days = 0;
    } else {
        w.days = 0x7f;
    }
    if (!w.days || !take_minute(&p, &w.begin) || *p++ != '-' || !take_minute(&p, &w.until) || *p ||
        w.begin == DAY_MINUTES || w.begin == w.until)
        return c138_error(err, C138_E_INVALID, "keys.window",
                          "\"%s\" is no time window: expected \"08:00-18:00\" or \"Mon-Fri "
                          "08:00-18:00\", in UTC",
                          text);
    *ret = w;
    return C138_OK;
}

int limits_window_open(const struct limits_window *w, int64_t now_ns) {
    int64_t minutes = now_ns / C138_NS_PER_S / 60, day = minutes / DAY_MINUTES;
    uint16_t minute = (uint16_t)(minutes % DAY_MINUTES);
    unsigned weekday = (unsigned)((day + 3) % 7); /* 1970-01-01 was a Thursday */
    unsigned before = (weekday + 6) % 7;
    if (w->begin < w->until)
        return (w->days >> weekday & 1) && minute >= w->begin && minute < w->until;
    return ((w->days >> weekday & 1) && minute >= w->begin) ||
           ((w->days >> before & 1) && minute < w->until);
}

/* --- The check ------------------------------------------------------------------------------- */

/* In this order: how far a rule went says how near it came. */
enum point { CHAIN, TO, CALL, VALUE, GAS_PRICE, GAS, WINDOW, RATE, ALLOWED };

static int is_in(const uint8_t *list, size_t count, const uint8_t *one, size_t size) {
    for (size_t i = 0; i < count; i++)
        if (!memcmp(list + i * size, one, size))
            return 1;
    return 0;
}

static int to_good(const struct limits_rule *r, const struct c138_tx *tx) {
    if (tx->creates)
        return r->creates;
    return r->any_to || is_in((const uint8_t *)r->to, r->n_to, tx->to, 20);
}

static int call_good(const struct limits_rule *r, const struct c138_tx *tx) {
    if (r->any_call || tx->creates) /* what makes a contract has code, not a call */
        return 1;
    if (!tx->data_length)
        return r->plain;
    return tx->data_length >= 4 && is_in((const uint8_t *)r->calls, r->n_calls, tx->data, 4);
}

static int gas_good(const struct limits_rule *r, const struct c138_tx *tx) {
    struct c138_u256 max = {{0}};
    for (size_t i = 0; i < 8; i++)
        max.be[31 - i] = (uint8_t)(r->max_gas >> (8 * i));
    return c138_u256_cmp(&tx->gas, &max) <= 0;
}

static const struct c138_u256 *price_of(const struct c138_tx *tx) {
    return tx->type == 2 ? &tx->fee_cap : &tx->gas_price;
}

static enum point first_failure(const struct limits_rule *r, const struct c138_tx *tx,
                                int64_t now_ns, uint64_t used) {
    /* a transaction without a chain id is valid on every chain: on none that a rule names */
    if (tx->chain_id != r->chain_id || !tx->chain_id)
        return CHAIN;
    if (!to_good(r, tx))
        return TO;
    if (!call_good(r, tx))
        return CALL;
    if (c138_u256_cmp(&tx->value, &r->max_value) > 0)
        return VALUE;
    if (c138_u256_cmp(price_of(tx), &r->max_gas_price) > 0)
        return GAS_PRICE;
    if (!gas_good(r, tx))
        return GAS;
    if (r->has_window && !limits_window_open(&r->window, now_ns))
        return WINDOW;
    return used >= r->per_hour ? RATE : ALLOWED;
}

static void say_call(const struct c138_tx *tx, char *ret_text, size_t size) {
    char selector[9] = "";
    if (tx->data_length >= 4)
        c138_hex_encode(tx->data, 4, selector);
    if (!tx->data_length)
        (void)snprintf(ret_text, size, "a transfer without call data");
    else if (*selector)
        (void)snprintf(ret_text, size, "the call 0x%s", selector);
    else
        (void)snprintf(ret_text, size, "call data of %zu bytes", tx->data_length);
}

static c138_status refuse(const struct limits_rule *r, enum point point, const struct c138_tx *tx,
                          struct c138_err *err) {
    char a[C138_U256_TEXT], b[C138_U256_TEXT], to[C138_ADDRESS_TEXT], call[64];
    switch (point) {
    case CHAIN:
        if (!tx->chain_id)
            return c138_error(err, C138_E_LIMIT, "keys.limit.chain",
                              "rule %s: the transaction names no chain (EIP-155), so it would be "
                              "valid on every one",
                              r->name);
        return c138_error(err, C138_E_LIMIT, "keys.limit.chain",
                          "rule %s: it is for chain %" PRIu64 ", the transaction for %" PRIu64,
                          r->name, r->chain_id, tx->chain_id);
    case TO:
        if (tx->creates)
            return c138_error(err, C138_E_LIMIT, "keys.limit.create",
                              "rule %s: it may not make contracts", r->name);
        c138_address_format(tx->to, to);
        return c138_error(err, C138_E_LIMIT, "keys.limit.to",
                          "rule %s: %s is not among the addresses that it may call", r->name, to);
    case CALL:
        say_call(tx, call, sizeof(call));
        return c138_error(err, C138_E_LIMIT, "keys.limit.call",
                          "rule %s: %s is not among its calls", r->name, call);
    case VALUE:
        c138_u256_to_dec(&tx->value, a);
        c138_u256_to_dec(&r->max_value, b);
        return c138_error(err, C138_E_LIMIT, "keys.limit.value",
                          "rule %s: a value of %s wei is over its max_value of %s", r->name, a, b);
    case GAS_PRICE:
        c138_u256_to_dec(price_of(tx), a);
        c138_u256_to_dec(&r->max_gas_price, b);
        return c138_error(err, C138_E_LIMIT, "keys.limit.gas-price",
                          "rule %s: %s wei a gas is over its max_gas_price of %s", r->name, a, b);
    case GAS:
        c138_u256_to_dec(&tx->gas, a);
        return c138_error(err, C138_E_LIMIT, "keys.limit.gas",
                          "rule %s: a gas limit of %s is over its max_gas of %" PRIu64, r->name, a,
                          r->max_gas);
    case WINDOW:
        return c138_error(err, C138_E_LIMIT, "keys.limit.window",
                          "rule %s: this is outside of its window", r->name);
    default:
        return c138_error(err, C138_E_LIMIT, "keys.limit.rate",
                          "rule %s: it was used %" PRIu64
                          " times in the last hour, which is its per_hour",
                          r->name, r->per_hour);
    }
}

c138_status limits_check(const struct limits_rule *rules, size_t count, const struct c138_tx *tx,
                         int64_t now_ns, limits_used_fn used, void *user,
                         const struct limits_rule **ret_rule, struct c138_err *err) {
    const struct limits_rule *nearest = NULL;
    enum point farthest = CHAIN;
    for (size_t i = 0; i < count; i++) {
        enum point point = first_failure(&rules[i], tx, now_ns, used(user, &rules[i]));
        if (point == ALLOWED) {
            *ret_rule = &rules[i];
            return C138_OK;
        }
        if (!nearest || point > farthest) {
            nearest = &rules[i];
            farthest = point;
        }
    }
    return nearest ? refuse(nearest, farthest, tx, err)
                   : c138_error(err, C138_E_LIMIT, "keys.limit.no-rule",
                                "this key has no rule, so it signs nothing: name what it may sign "
                                "in its `rules`");
}
