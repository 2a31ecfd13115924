/* What a key may sign, and the signing. */
#include "keys.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/address.h>

#include <stdio.h>
#include <string.h>

/* --- Limits ---------------------------------------------------------------------------------- */

struct asked {
    const struct keys *keys;
    const char *key;
    int64_t now_ns;
};

static uint64_t used(void *user, const struct limits_rule *rule) {
    const struct asked *a = user;
    return ledger_used(a->keys->ledger, a->key, rule->name, a->now_ns);
}

static void set_bytes(c138_call *call, const char *name, const void *bytes, size_t length) {
    C138_FREE char *hex = c138_hex_text(bytes, length);
    c138_set_str(call, name, hex);
}

static void set_wei(c138_call *call, const char *name, const struct c138_u256 *v) {
    char text[C138_U256_TEXT];
    c138_u256_to_dec(v, text);
    c138_set_str(call, name, text);
}

static void show_rule(c138_call *call, const struct keys *k, const struct keys_config *c,
                      const struct limits_rule *r, int64_t now_ns) {
    struct asked asked = {k, c->name, now_ns};
    char text[C138_ADDRESS_TEXT];
    c138_open_object(call, NULL);
    c138_set_str(call, "key", c->name);
    c138_set_str(call, "rule", r->name);
    c138_set_uint(call, "chain_id", r->chain_id);
    c138_open_list(call, "to");
    if (r->any_to)
        c138_set_str(call, NULL, "*");
    for (size_t i = 0; i < r->n_to; i++) {
        c138_address_format(r->to[i], text);
        c138_set_str(call, NULL, text);
    }
    c138_close(call);
    c138_open_list(call, "calls");
    if (r->any_call || r->plain)
        c138_set_str(call, NULL, r->any_call ? "*" : "");
    for (size_t i = 0; i < r->n_calls; i++) {
        (void)snprintf(text, sizeof(text), "0x%02x%02x%02x%02x", r->calls[i][0], r->calls[i][1],
                       r->calls[i][2], r->calls[i][3]);
        c138_set_str(call, NULL, text);
    }
    c138_close(call);
    c138_set_bool(call, "creates", r->creates ? 1 : 0);
    set_wei(call, "max_value", &r->max_value);
    set_wei(call, "max_gas_price", &r->max_gas_price);
    c138_set_uint(call, "max_gas", r->max_gas);
    c138_set_uint(call, "per_hour", r->per_hour);
    c138_set_uint(call, "used", used(&asked, r));
    c138_set_bool(call, "now", !r->has_window || limits_window_open(&r->window, now_ns) ? 1 : 0);
    c138_close(call);
}

c138_status keys_policy_run(void *self, c138_call *call) {
    struct keys *k = self;
    const char *name = c138_has(call, "key") ? c138_str(call, "key") : NULL;
    int64_t now_ns = k->host->now_ns(k->host, C138_CLOCK_UTC);
    struct c138_err err = {0};
    if (name && !keys_config_of(k, name))
        return keys_fail(call,
                         c138_error(&err, C138_E_NOTFOUND, "keys.no-section",
                                    "the config has no section for key %.80s", name),
                         &err);
    c138_open_list(call, "rules");
    for (size_t i = 0; i < k->settings.n_configs; i++) {
        const struct keys_config *c = &k->settings.configs[i];
        for (size_t r = 0; (!name || !strcmp(name, c->name)) && r < c->n_rules; r++)
            show_rule(call, k, c, &c->rules[r], now_ns);
    }
    c138_close(call);
    return C138_OK;
}

/* --- Signing --------------------------------------------------------------------------------- */

struct to_sign {
    uint8_t *bytes;    /* owned */
    struct c138_tx tx; /* borrows from them */
    const struct limits_rule *rule;
    int repeated;
};

static void stage(struct keys *k, const char *name, const struct to_sign *t, const uint8_t hash[32],
                  int64_t now_ns) {
    char to[C138_ADDRESS_TEXT] = "", value[C138_U256_TEXT];
    if (!t->tx.creates)
        c138_address_format(t->tx.to, to);
    c138_u256_to_dec(&t->tx.value, value);
    ledger_stage(k->ledger,
                 &(struct ledger_entry){.key = name,
                                        .rule = t->rule->name,
                                        .chain_id = t->tx.chain_id,
                                        .nonce = t->tx.nonce,
                                        .to = to,
                                        .value = value,
                                        .hash = hash},
                 now_ns);
}

static uint64_t not_counted(void *user, const struct limits_rule *rule) {
    (void)user;
    (void)rule;
    return 0;
}

static c138_status read_it(c138_call *call, uint64_t n, struct to_sign *t, struct c138_err *err) {
    char path[32];
    (void)snprintf(path, sizeof(path), "transactions.%u", (unsigned)n);
    const char *hex = c138_str(call, path) + 2;
    size_t length = strlen(hex) / 2;
    t->bytes = c138_xmalloc(length + 1);
    c138_status status = c138_hex_decode(hex, 2 * length, t->bytes);
    if (status >= 0)
        status = c138_tx_decode(t->bytes, length, &t->tx, err);
    if (status >= 0 && t->tx.is_signed)
        status =
            c138_error(err, C138_E_INVALID, "keys.signed", "this transaction is signed already");
    return status;
}

/* Checks it, and counts it in the ledger. What this key signed in the last day needs no new count;
 * its other limits hold all the same. */
static c138_status admit(struct keys *k, const char *name, const struct keys_config *config,
                         struct to_sign *t, struct c138_err *err) {
    int64_t now_ns = k->host->now_ns(k->host, C138_CLOCK_UTC);
    struct asked asked = {k, name, now_ns};
    uint8_t hash[32];
    c138_status status = c138_tx_signing_hash(&t->tx, hash);
    if (status < 0)
        return status;
    t->repeated = ledger_has(k->ledger, name, hash);
    status = limits_check(config->rules, config->n_rules, &t->tx, now_ns,
                          t->repeated ? not_counted : used, &asked, &t->rule, err);
    if (status >= 0 && !t->repeated)
        stage(k, name, t, hash, now_ns);
    return status;
}

/* All of them or none: in the ledger, on disk, before there is a signature; a crash in between costs
 * counts, never a limit. */
static c138_status admit_all(struct keys *k, c138_call *call, const char *name, struct to_sign *all,
                             uint64_t count, struct signer *ret_signer, struct c138_err *err) {
    const struct keys_config *config = NULL;
    c138_status status = keys_config_needed(k, name, &config, err);
    for (uint64_t n = 0; status >= 0 && n < count; n++) {
        status = read_it(call, n, &all[n], err);
        if (status >= 0)
            status = admit(k, name, config, &all[n], err);
        if (status < 0 && count > 1)
            (void)c138_error_prefix(err, status, "transaction %u", (unsigned)n + 1);
    }
    if (status >= 0)
        status = keys_signer(k, call, name, ret_signer, err);
    if (status >= 0)
        return ledger_flush(k->ledger, err);
    ledger_unstage(k->ledger);
    return status;
}

static c138_status sign_with(struct keys *k, const struct signer *signer, struct c138_tx *tx,
                             struct c138_err *err) {
    uint8_t hash[32];
    if (!signer->token)
        return c138_tx_sign(k->secp, tx, signer->key->secret.bytes);
    c138_status status = c138_tx_signing_hash(tx, hash);
    if (status >= 0)
        status = token_sign(signer->token, k->secp, hash, tx->r, tx->s, &tx->parity, err);
    tx->is_signed = status >= 0;
    return status;
}

static c138_status sign(struct keys *k, c138_call *call, const struct signer *signer,
                        struct to_sign *t, struct c138_err *err) {
    C138_BUF struct c138_buf raw = C138_BUF_NULL;
    uint8_t hash[32], from[20];
    char address[C138_ADDRESS_TEXT];
    c138_status status = sign_with(k, signer, &t->tx, err);
    if (status < 0 && err->key[0])
        return status;
    if (status < 0 || c138_tx_encode(&t->tx, &raw) < 0 || c138_tx_hash(&t->tx, hash) < 0 ||
        c138_tx_sender(k->secp, &t->tx, from) < 0)
        return c138_error(err, C138_E_INTERNAL, "keys.sign", "the key does not sign");
    c138_address_format(from, address);
    c138_open_object(call, NULL);
    set_bytes(call, "raw", raw.data, raw.length);
    set_bytes(call, "hash", hash, sizeof(hash));
    c138_set_str(call, "from", address);
    c138_set_str(call, "rule", t->rule->name);
    c138_set_bool(call, "repeated", t->repeated ? 1 : 0);
    c138_close(call);
    return C138_OK;
}

c138_status keys_sign_run(void *self, c138_call *call) {
    struct keys *k = self;
    struct c138_err err = {0};
    struct signer signer = {0};
    uint64_t count = c138_uint(call, "transactions");
    C138_FREE struct to_sign *all = c138_xcalloc(count + 1, sizeof(*all));
    c138_status status = admit_all(k, call, c138_str(call, "key"), all, count, &signer, &err);
    if (status >= 0) {
        c138_open_list(call, "signed");
        for (uint64_t n = 0; status >= 0 && n < count; n++)
            status = sign(k, call, &signer, &all[n], &err);
        c138_close(call);
    }
    for (uint64_t n = 0; n < count; n++)
        free(all[n].bytes);
    return status < 0 ? keys_fail(call, status, &err) : C138_OK;
}
