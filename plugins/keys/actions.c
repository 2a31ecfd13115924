#include "keys.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>
#include <wallet/hd.h>
#include <wallet/mnemonic.h>
#include <wallet/nodekey.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

c138_status keys_fail(c138_call *call, c138_status status, const struct c138_err *err) {
    return c138_fail(call, status, err->key[0] ? err->key : c138_status_key(status), err->text);
}

static c138_status fail(c138_call *call, c138_status status, const char *key, const char *fmt,
                        const char *name) {
    struct c138_err err = {0};
    (void)c138_error(&err, status, key, fmt, name);
    return keys_fail(call, status, &err);
}

/* --- Passwords ------------------------------------------------------------------------------- */

struct taken {
    struct keys *keys;
    struct secret *to;
    struct c138_err *err;
    c138_status status;
};

static void on_secret(void *user, const char *text, uint64_t length) {
    struct taken *t = user;
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    t->status = secret_init_copy(t->to, vault_host(t->keys->vault), text, length, t->err);
}

c138_status keys_password(struct keys *k, c138_call *call, const char *reference,
                          struct secret *ret, struct c138_err *err) {
    const c138_secret *secrets = k->host->get_extension(k->host, C138_EXT_SECRET);
    SECRET got = SECRET_NULL;
    struct taken t = {.keys = k, .to = &got, .err = err};
    if (!secrets)
        return c138_error(err, C138_E_DENIED, "keys.no-secrets",
                          "the service \"secret\" is not granted: add it to grants");
    c138_status status = secrets->get(k->host, call, reference, on_secret, &t);
    if (status < 0)
        return c138_error(err, status, "keys.password",
                          "the password cannot be read (%s): check what its reference names, and "
                          "that only the agent may read it",
                          c138_status_key(status));
    if (t.status < 0)
        return t.status;
    if (!got.length)
        return c138_error(err, C138_E_INVALID, "keys.password", "the password is empty");
    *ret = secret_steal(&got);
    return C138_OK;
}

static c138_status config_needed(const struct keys *k, const char *name,
                                 const struct keys_config **ret, struct c138_err *err) {
    c138_status status = ring_name_check(name, err);
    *ret = status < 0 ? NULL : keys_config_of(k, name);
    return status < 0 || *ret
               ? status
               : c138_error(err, C138_E_NOTFOUND, "keys.no-section",
                            "the config has no section for key %s: add { name = \"%s\"; password = "
                            "\"file:/...\"; rules = ( ... ); } to plugins.keys.keys, and reload",
                            name, name);
}

c138_status keys_unlocked(struct keys *k, c138_call *call, const char *name,
                          const struct ring_key **ret_key, struct c138_err *err) {
    SECRET password = SECRET_NULL;
    const struct keys_config *config = NULL;
    const struct ring_key *key = ring_find(k->ring, name);
    if (key && key->secret.bytes) {
        *ret_key = key;
        return C138_OK;
    }
    if (!key)
        return c138_error(err, C138_E_NOTFOUND, "keys.unknown",
                          "there is no key %.80s: keys.list shows those of this host", name);
    c138_status status = config_needed(k, name, &config, err);
    if (status >= 0)
        status = keys_password(k, call, config->password, &password, err);
    if (status >= 0)
        status = ring_unlock(k->ring, name, &password, ret_key, err);
    return status;
}

/* --- Showing --------------------------------------------------------------------------------- */

static void set_bytes(c138_call *call, const char *name, const void *bytes, size_t length) {
    C138_FREE char *hex = c138_hex_text(bytes, length);
    c138_set_str(call, name, hex);
}

static void set_public(c138_call *call, const struct ring_key *key) {
    char address[C138_ADDRESS_TEXT], text[TESSERAKEY_TEXT];
    if (key->kind == RING_TESSERA) {
        tesserakey_public_text(key->public_key, text);
        c138_set_str(call, "public_key", text);
        return;
    }
    c138_address_format(key->address, address);
    c138_set_str(call, "address", address);
    set_bytes(call, "public_key", key->public_key, 64);
}

static void set_key(c138_call *call, const struct ring_key *key) {
    char time[C138_TIME_TEXT];
    c138_time_format(key->created_ns, time);
    c138_set_str(call, "name", key->name);
    c138_set_str(call, "kind", ring_kind_name(key->kind));
    set_public(call, key);
    c138_set_str(call, "created", time);
}

c138_status keys_list_run(void *self, c138_call *call) {
    struct keys *k = self;
    c138_open_list(call, "keys");
    for (size_t i = 0; i < ring_count(k->ring); i++) {
        const struct ring_key *key = ring_at(k->ring, i);
        const struct keys_config *config = keys_config_of(k, key->name);
        c138_open_object(call, NULL);
        set_key(call, key);
        c138_set_bool(call, "open", key->secret.bytes != NULL);
        c138_set_bool(call, "configured", config != NULL);
        c138_set_uint(call, "rules", config ? config->n_rules : 0);
        c138_close(call);
    }
    c138_close(call);
    c138_open_list(call, "troubles");
    for (size_t i = 0; i < ring_troubles(k->ring); i++)
        c138_set_str(call, NULL, ring_trouble(k->ring, i));
    c138_close(call);
    c138_set_str(call, "memory", vault_kind(k->vault));
    return C138_OK;
}

/* --- Making ---------------------------------------------------------------------------------- */

static c138_status add(struct keys *k, c138_call *call, const struct secret *secret,
                       struct c138_err *err) {
    SECRET password = SECRET_NULL;
    const struct keys_config *config = NULL;
    const struct ring_key *key = NULL;
    const char *name = c138_str(call, "name");
    enum ring_kind kind = (enum ring_kind)ring_kind_of(c138_str(call, "kind"));
    c138_status status = config_needed(k, name, &config, err);
    if (status >= 0)
        status = keys_password(k, call, config->password, &password, err);
    if (status >= 0)
        status = ring_add(k->ring, name, kind, secret, &password, &k->settings.costs,
                          k->host->now_ns(k->host, C138_CLOCK_UTC), &key, err);
    if (status >= 0)
        set_key(call, key);
    return status;
}

c138_status keys_generate_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    c138_status status = add(self, call, NULL, &err);
    return status < 0 ? keys_fail(call, status, &err) : C138_OK;
}

/* --- Importing ------------------------------------------------------------------------------- */

static const char *guess(const struct secret *text) {
    const uint8_t *p = text->bytes, *end = p + text->length;
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    if (p < end && *p == '{')
        return memmem(text->bytes, text->length, "\"snonce\"", 8) ||
                       memmem(text->bytes, text->length, "\"unlocked\"", 10)
                   ? "tessera"
                   : "keystore";
    return memchr(p, ' ', (size_t)(end - p)) ? "mnemonic" : "raw";
}

static c138_status from_words(struct keys *k, const struct secret *text, const char *path,
                              struct secret *ret, struct c138_err *err) {
    const struct secret_host *host = vault_host(k->vault);
    SECRET seed = SECRET_NULL;
    HD struct hd *root = NULL;
    HD struct hd *node = NULL;
    c138_status status =
        mnemonic_to_seed(host, NULL, (const char *)text->bytes, text->length, "", 0, &seed, err);
    if (status >= 0)
        status = hd_from_seed(host, seed.bytes, seed.length, &root, err);
    if (status >= 0)
        status = hd_path(root, path, &node, err);
    return status < 0 ? status : secret_init_copy(ret, host, hd_private(node), 32, err);
}

/* The password of a foreign file; empty where the call names none. */
static c138_status file_password(struct keys *k, c138_call *call, struct secret *ret,
                                 struct c138_err *err) {
    const char *reference =
        c138_has(call, "file_password") ? c138_str(call, "file_password") : NULL;
    return reference ? keys_password(k, call, reference, ret, err)
                     : secret_init(ret, vault_host(k->vault), 1, err);
}

static c138_status key_in(struct keys *k, c138_call *call, const struct secret *text,
                          struct secret *ret, struct c138_err *err) {
    const struct secret_host *host = vault_host(k->vault);
    const char *format = c138_str(call, "format"), *p = (const char *)text->bytes;
    SECRET password = SECRET_NULL;
    if (!strcmp(format, "auto"))
        format = guess(text);
    if (!strcmp(format, "raw"))
        return nodekey_read(host, p, text->length, ret, err);
    if (!strcmp(format, "mnemonic"))
        return from_words(k, text, c138_str(call, "path"), ret, err);
    c138_status status = file_password(k, call, &password, err);
    if (status < 0)
        return status;
    return !strcmp(format, "tessera")
               ? tesserakey_open(host, p, text->length, password.bytes, password.length,
                                 &TESSERAKEY_LIMITS, ret, err)
               : keystore_open(host, p, text->length, password.bytes, password.length,
                               &KEYSTORE_LIMITS, ret, NULL, err);
}

static c138_status inbox_path(const struct keys *k, const char *file, char **ret,
                              struct c138_err *err) {
    if (!*file || *file == '.' || strchr(file, '/'))
        return c138_error(err, C138_E_INVALID, "keys.inbox",
                          "\"%.80s\": expected the name of a file in %s/inbox", file,
                          k->host->state_dir);
    *ret = c138_xasprintf("%s/inbox/%s", k->host->state_dir, file);
    return C138_OK;
}

/* Overwritten, then unlinked. On copy-on-write file systems the old blocks may stay. */
static void take_away(const char *path, size_t length) {
    C138_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    static const char zeros[4096];
    for (size_t done = 0; fd >= 0 && done < length; done += sizeof(zeros))
        if (pwrite(fd, zeros, length - done < sizeof(zeros) ? length - done : sizeof(zeros),
                   (off_t)done) < 0)
            break;
    if (fd >= 0)
        (void)fsync(fd);
    (void)unlink(path);
}

/* Whether the key of this name is sealed and opens as `secret`: then an import that was killed before
 * it took the file away only has that left to do. */
static int is_there(struct keys *k, c138_call *call, const struct secret *secret) {
    struct c138_err err = {0};
    const char *name = c138_str(call, "name");
    const struct ring_key *key = ring_find(k->ring, name);
    int was_open = key && key->secret.bytes;
    if (!key || key->kind != (enum ring_kind)ring_kind_of(c138_str(call, "kind")) ||
        keys_unlocked(k, call, name, &key, &err) < 0)
        return 0;
    int same = key->secret.length == secret->length &&
               c138_secret_equal(key->secret.bytes, secret->bytes, secret->length);
    if (same)
        set_key(call, key);
    if (!was_open)
        ring_lock(k->ring, name);
    return same;
}

c138_status keys_import_run(void *self, c138_call *call) {
    struct keys *k = self;
    struct c138_err err = {0};
    C138_FREE char *path = NULL;
    SECRET text = SECRET_NULL;
    SECRET secret = SECRET_NULL;
    c138_status status = inbox_path(k, c138_str(call, "file"), &path, &err);
    if (status >= 0)
        status = secret_file_read(vault_host(k->vault), path, KEYSTORE_FILE_MAX, &text, &err);
    if (status >= 0)
        status = key_in(k, call, &text, &secret, &err);
    if (status >= 0)
        status = is_there(k, call, &secret) ? C138_OK : add(k, call, &secret, &err);
    if (status < 0)
        return keys_fail(call, status, &err);
    take_away(path, text.length);
    return C138_OK;
}

/* --- Closing --------------------------------------------------------------------------------- */

c138_status keys_lock_run(void *self, c138_call *call) {
    struct keys *k = self;
    const char *name = c138_has(call, "name") ? c138_str(call, "name") : NULL;
    if (name && !ring_find(k->ring, name))
        return fail(call, C138_E_NOTFOUND, "keys.unknown", "there is no key %.80s", name);
    ring_lock(k->ring, name);
    c138_set_uint(call, "bytes_held", vault_used(k->vault));
    return C138_OK;
}

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
    if (name && !keys_config_of(k, name))
        return fail(call, C138_E_NOTFOUND, "keys.no-section",
                    "the config has no section for key %.80s", name);
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
                             uint64_t count, const struct ring_key **ret_key,
                             struct c138_err *err) {
    const struct keys_config *config = NULL;
    c138_status status = config_needed(k, name, &config, err);
    for (uint64_t n = 0; status >= 0 && n < count; n++) {
        status = read_it(call, n, &all[n], err);
        if (status >= 0)
            status = admit(k, name, config, &all[n], err);
        if (status < 0 && count > 1)
            (void)c138_error_prefix(err, status, "transaction %u", (unsigned)n + 1);
    }
    if (status >= 0)
        status = keys_unlocked(k, call, name, ret_key, err);
    if (status >= 0 && (*ret_key)->kind != RING_ACCOUNT)
        status = c138_error(err, C138_E_DENIED, "keys.kind",
                            "key %s is the key of a %s: it signs no transactions", name,
                            ring_kind_name((*ret_key)->kind));
    if (status >= 0)
        return ledger_flush(k->ledger, err);
    ledger_unstage(k->ledger);
    return status;
}

static c138_status sign(struct keys *k, c138_call *call, const struct ring_key *key,
                        struct to_sign *t, struct c138_err *err) {
    C138_BUF struct c138_buf raw = C138_BUF_NULL;
    uint8_t hash[32], from[20];
    char address[C138_ADDRESS_TEXT];
    if (c138_tx_sign(k->secp, &t->tx, key->secret.bytes) < 0 || c138_tx_encode(&t->tx, &raw) < 0 ||
        c138_tx_hash(&t->tx, hash) < 0 || c138_tx_sender(k->secp, &t->tx, from) < 0)
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
    const struct ring_key *key = NULL;
    uint64_t count = c138_uint(call, "transactions");
    C138_FREE struct to_sign *all = c138_xcalloc(count + 1, sizeof(*all));
    c138_status status = admit_all(k, call, c138_str(call, "key"), all, count, &key, &err);
    if (status >= 0) {
        c138_open_list(call, "signed");
        for (uint64_t n = 0; status >= 0 && n < count; n++)
            status = sign(k, call, key, &all[n], &err);
        c138_close(call);
    }
    for (uint64_t n = 0; n < count; n++)
        free(all[n].bytes);
    return status < 0 ? keys_fail(call, status, &err) : C138_OK;
}
