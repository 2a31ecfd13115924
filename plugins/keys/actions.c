/* Keys as such: shown, made, taken in, opened and closed. */
#include "keys.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>
#include <wallet/hd.h>
#include <wallet/mnemonic.h>
#include <wallet/nodekey.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- Showing --------------------------------------------------------------------------------- */

static c138_status fail(c138_call *call, c138_status status, const char *key, const char *fmt,
                        const char *name) {
    struct c138_err err = {0};
    (void)c138_error(&err, status, key, fmt, name);
    return keys_fail(call, status, &err);
}

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

void keys_set_key(c138_call *call, const struct ring_key *key) {
    char time[C138_TIME_TEXT];
    c138_time_format(key->created_ns, time);
    c138_set_str(call, "name", key->name);
    c138_set_str(call, "kind", ring_kind_name(key->kind));
    set_public(call, key);
    c138_set_str(call, "created", time);
}

/* A key on a token has no file: what is known of it the token tells, without a PIN. */
static void set_token(c138_call *call, const struct keys_config *c) {
    struct ring_key key = {.kind = RING_ACCOUNT};
    memcpy(key.public_key, token_public(c->token), 64);
    c138_address_of_key(key.public_key, key.address);
    c138_set_str(call, "name", c->name);
    c138_set_str(call, "kind", ring_kind_name(key.kind));
    set_public(call, &key);
    c138_set_str(call, "token", c->token_config->token);
}

static void list_token(c138_call *call, struct keys_config *c) {
    struct token *token = NULL;
    struct c138_err err = {0};
    if (!c->token_config || keys_token(c, &token, &err) < 0)
        return;
    c138_open_object(call, NULL);
    set_token(call, c);
    c138_set_bool(call, "open", token_is_open(token) ? 1 : 0);
    c138_set_bool(call, "configured", 1);
    c138_set_uint(call, "rules", c->n_rules);
    c138_close(call);
}

static void trouble_token(c138_call *call, struct keys_config *c) {
    struct token *token = NULL;
    struct c138_err err = {0};
    if (c->token_config && keys_token(c, &token, &err) < 0)
        c138_set_str(call, NULL, err.text);
}

c138_status keys_list_run(void *self, c138_call *call) {
    struct keys *k = self;
    c138_open_list(call, "keys");
    for (size_t i = 0; i < ring_count(k->ring); i++) {
        const struct ring_key *key = ring_at(k->ring, i);
        const struct keys_config *config = keys_config_of(k, key->name);
        c138_open_object(call, NULL);
        keys_set_key(call, key);
        c138_set_bool(call, "open", key->secret.bytes != NULL);
        c138_set_bool(call, "configured", config != NULL);
        c138_set_uint(call, "rules", config ? config->n_rules : 0);
        c138_close(call);
    }
    for (size_t i = 0; i < k->settings.n_configs; i++)
        list_token(call, &k->settings.configs[i]);
    c138_close(call);
    c138_open_list(call, "troubles");
    for (size_t i = 0; i < ring_troubles(k->ring); i++)
        c138_set_str(call, NULL, ring_trouble(k->ring, i));
    for (size_t i = 0; i < k->settings.n_configs; i++)
        trouble_token(call, &k->settings.configs[i]);
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
    c138_status status = keys_config_needed(k, name, &config, err);
    if (status >= 0 && config->token_config)
        return c138_error(
            err, C138_E_UNSUPPORTED, "keys.token",
            "key %s is on a token: a key does not come there from a file here; use the "
            "tools of the token's maker",
            name);
    if (status >= 0)
        status = keys_password_of(k, call, config, &password, err);
    if (status >= 0)
        status = ring_add(k->ring, name, kind, secret, &password, &k->settings.costs,
                          k->host->now_ns(k->host, C138_CLOCK_UTC), &key, err);
    if (status >= 0)
        keys_set_key(call, key);
    return status;
}

static c138_status generate_on_token(struct keys *k, c138_call *call, struct keys_config *c,
                                     struct c138_err *err) {
    SECRET pin = SECRET_NULL;
    struct token *token = NULL;
    if (ring_kind_of(c138_str(call, "kind")) != RING_ACCOUNT)
        return c138_error(err, C138_E_UNSUPPORTED, "keys.token",
                          "key %s is on a token, which holds keys of accounts", c->name);
    c138_status status = keys_password(k, call, c->token_config->pin, &pin, err);
    if (status >= 0)
        status = token_generate(c->token_config, &pin, err);
    if (status >= 0)
        status = keys_token(c, &token, err);
    if (status >= 0)
        set_token(call, c);
    return status;
}

c138_status keys_generate_run(void *self, c138_call *call) {
    struct keys_config *config = keys_config_for(self, c138_str(call, "name"));
    struct c138_err err = {0};
    c138_status status = config && config->token_config
                             ? generate_on_token(self, call, config, &err)
                             : add(self, call, NULL, &err);
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

c138_status keys_inbox_path(const struct keys *k, const char *file, char **ret,
                            struct c138_err *err) {
    if (!*file || *file == '.' || strchr(file, '/'))
        return c138_error(err, C138_E_INVALID, "keys.inbox",
                          "\"%.80s\": expected the name of a file in %s/inbox", file,
                          k->host->state_dir);
    *ret = c138_xasprintf("%s/inbox/%s", k->host->state_dir, file);
    return C138_OK;
}

/* Overwritten, then unlinked. On copy-on-write file systems the old blocks may stay. */
void keys_take_away(const char *path, size_t length) {
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
        keys_set_key(call, key);
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
    c138_status status = keys_inbox_path(k, c138_str(call, "file"), &path, &err);
    if (status >= 0)
        status = secret_file_read(vault_host(k->vault), path, KEYSTORE_FILE_MAX, &text, &err);
    if (status >= 0)
        status = key_in(k, call, &text, &secret, &err);
    if (status >= 0)
        status = is_there(k, call, &secret) ? C138_OK : add(k, call, &secret, &err);
    if (status < 0)
        return keys_fail(call, status, &err);
    keys_take_away(path, text.length);
    return C138_OK;
}

/* --- Opening and closing ---------------------------------------------------------------------- */

c138_status keys_unlock_run(void *self, c138_call *call) {
    struct keys *k = self;
    struct c138_err err = {0};
    const struct ring_key *key = NULL;
    const char *name = c138_str(call, "name");
    struct keys_config *config = keys_config_for(k, name);
    if (config && config->token_config) {
        struct token *token = NULL;
        c138_status status = keys_token_open(k, call, config, &token, &err);
        if (status < 0)
            return keys_fail(call, status, &err);
        set_token(call, config);
        return C138_OK;
    }
    c138_status status = keys_unlocked(k, call, name, &key, &err);
    if (status < 0)
        return keys_fail(call, status, &err);
    keys_set_key(call, key);
    return C138_OK;
}

static void lock_tokens(struct keys *k, const char *name) {
    for (size_t i = 0; i < k->settings.n_configs; i++) {
        struct keys_config *c = &k->settings.configs[i];
        if (c->token && (!name || !strcmp(name, c->name)))
            c->token = token_free(c->token);
    }
}

c138_status keys_lock_run(void *self, c138_call *call) {
    struct keys *k = self;
    const char *name = c138_has(call, "name") ? c138_str(call, "name") : NULL;
    if (name && !ring_find(k->ring, name) && !keys_config_of(k, name))
        return fail(call, C138_E_NOTFOUND, "keys.unknown", "there is no key %.80s", name);
    ring_lock(k->ring, name);
    lock_tokens(k, name);
    c138_set_uint(call, "bytes_held", vault_used(k->vault));
    return C138_OK;
}
