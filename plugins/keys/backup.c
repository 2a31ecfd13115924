/* keys.backup: see backup.h for what it writes. */
#include "backup.h"
#include "keys.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/ulid.h>
#include <base/when.h>
#include <wallet/slip39.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct making {
    struct keys *keys;
    c138_call *call;
    struct secret raw, password; /* 32 bytes, and the same in hex */
    struct c138_json *entries;   /* owned: "keys" */
    struct c138_json *messages;  /* owned */
    uint64_t threshold;
    char id[C138_ULID_TEXT];
};

static void making_deinit(struct making *m) {
    secret_deinit(&m->raw);
    secret_deinit(&m->password);
    c138_json_unref(m->entries);
    c138_json_unref(m->messages);
}

static c138_status make_password(struct making *m, struct c138_err *err) {
    const struct secret_host *host = vault_host(m->keys->vault);
    c138_status status = secret_init_zero(&m->raw, host, BACKUP_PASSWORD, err);
    if (status >= 0)
        status = secret_random(host, m->raw.bytes, m->raw.length, err);
    if (status >= 0)
        status = secret_init_zero(&m->password, host, (size_t)2 * BACKUP_PASSWORD, err);
    if (status >= 0)
        c138_hex_encode(m->raw.bytes, m->raw.length, (char *)m->password.bytes);
    return status;
}

/* --- The keys -------------------------------------------------------------------------------- */

/* The password has 256 bits: a cheap derivation is as good as a dear one. */
static c138_status add_key(struct making *m, const char *name, struct c138_err *err) {
    const struct ring_costs costs = {
        .kdf = KEYSTORE_LIGHT,
        .argon = {.variant = "id", .iterations = 1, .memory_kib = 8192, .parallelism = 1}};
    struct c138_json *file = NULL;
    const struct ring_key *key = ring_find(m->keys->ring, name);
    int was_open = key && key->secret.bytes;
    c138_status status = keys_unlocked(m->keys, m->call, name, &key, err);
    if (status >= 0)
        status = ring_seal_copy(m->keys->ring, key, &m->password, &costs, &file, err);
    if (!was_open)
        ring_lock(m->keys->ring, name);
    if (status < 0)
        return status;
    struct c138_json *entry = c138_json_new_object();
    c138_json_set_str(entry, "name", name);
    c138_json_set(entry, "file", file);
    c138_json_append(m->entries, entry);
    return C138_OK;
}

static c138_status add_keys(struct making *m, struct c138_err *err) {
    uint64_t named = c138_has(m->call, "keys") ? c138_uint(m->call, "keys") : 0;
    size_t count = named ? named : ring_count(m->keys->ring);
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < count && !c138_cancelled(m->call); i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "keys.%zu", i);
        status = add_key(m, named ? c138_str(m->call, path) : ring_at(m->keys->ring, i)->name, err);
        c138_progress(m->call, (uint32_t)(900 * (i + 1) / count), "sealed for the backup");
    }
    if (status >= 0 && c138_json_count(m->entries) < count)
        status = c138_error(err, C138_E_CANCELLED, NULL, "cancelled: nothing was written");
    if (status >= 0 && !count)
        status = c138_error(err, C138_E_NOTFOUND, "keys.none", "there are no keys to back up");
    return status;
}

/* --- The password, for its holders ----------------------------------------------------------- */

/* Boxed for the gpg plugin's worker, so that the agent in between cannot read it. */
static c138_status box(const uint8_t key[32], const void *text, size_t length, char **ret_hex) {
    C138_FREE uint8_t *boxed = c138_xmalloc(length + crypto_box_SEALBYTES);
    if (crypto_box_seal(boxed, text, length, key) != 0)
        return C138_E_INTERNAL;
    *ret_hex = c138_hex_text(boxed, length + crypto_box_SEALBYTES);
    return C138_OK;
}

static c138_status transport_key(struct making *m, uint8_t ret[32], struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    c138_status status = keys_ask(m->keys, m->call, "gpg.transport", NULL, &result, err);
    const char *key = c138_json_get_str(result, "key", "");
    if (status >= 0 && (strlen(key) != 66 || c138_hex_decode(key + 2, 64, ret) < 0))
        status = c138_error(err, C138_E_INVALID, "keys.gpg", "gpg.transport gave no key");
    return status;
}

static c138_status add_message(struct making *m, const uint8_t key[32], const void *text,
                               size_t length, char *const *holders, size_t count,
                               struct c138_err *err) {
    C138_JSON struct c138_json *params = c138_json_new_object(), *result = NULL;
    struct c138_json *names = c138_json_new_array();
    C138_FREE char *hex = NULL;
    c138_json_set(params, "recipients", names);
    for (size_t i = 0; i < count; i++)
        c138_json_append(names, c138_json_new_str(holders[i]));
    c138_status status = box(key, text, length, &hex);
    if (status < 0)
        return c138_error(err, status, "keys.gpg", "gpg.transport gave a weak key");
    c138_json_set_str(params, "box", hex);
    status = keys_ask(m->keys, m->call, "gpg.encrypt", params, &result, err);
    if (status < 0)
        return status;
    const char *message = c138_json_get_str(result, "message", NULL);
    if (!message || c138_json_count(c138_json_get(result, "recipients")) != count)
        return c138_error(err, C138_E_INVALID, "keys.gpg", "gpg.encrypt gave no message for all");
    struct c138_json *entry = c138_json_new_object();
    c138_json_set(entry, "recipients", c138_json_ref(names));
    c138_json_set_str(entry, "message", message);
    c138_json_append(m->messages, entry);
    return C138_OK;
}

/* Each share in a message of its own, to one holder. */
static c138_status add_shares(struct making *m, const uint8_t key[32], struct c138_err *err) {
    const struct keys_settings *s = &m->keys->settings;
    const struct slip39_options options = {
        .group_threshold = 1,
        .n_groups = 1,
        .groups = {{.threshold = (uint8_t)m->threshold, .count = (uint8_t)s->n_holders}},
        .iteration_exponent = 1,
        .extendable = 1};
    SECRET shares = SECRET_NULL;
    c138_status status = slip39_split(vault_host(m->keys->vault), m->raw.bytes, m->raw.length, "",
                                      0, &options, &shares, err);
    const char *at = status < 0 ? NULL : (const char *)shares.bytes;
    for (size_t i = 0; status >= 0 && i < s->n_holders; i++) {
        const char *end = strchr(at, '\n');
        size_t length = end ? (size_t)(end - at) : strlen(at);
        status = length ? add_message(m, key, at, length, &s->holders[i], 1, err)
                        : c138_error(err, C138_E_INTERNAL, "keys.shares", "a share is missing");
        at += length + (end != NULL);
    }
    return status;
}

static c138_status add_messages(struct making *m, struct c138_err *err) {
    const struct keys_settings *s = &m->keys->settings;
    uint8_t key[32];
    if (s->n_holders < s->holders_min)
        return c138_error(
            err, C138_E_INVALID, "keys.recipients",
            "the config names %zu recipients, and a backup wants %u (backup.min): add "
            "fingerprints to plugins.keys.backup.recipients",
            s->n_holders, (unsigned)s->holders_min);
    if (m->threshold > s->n_holders || m->threshold == 1)
        return c138_error(err, C138_E_INVALID, "keys.threshold",
                          "%u of %zu shares: expected 2 to %zu, or 0 for a message that each "
                          "recipient opens alone",
                          (unsigned)m->threshold, s->n_holders, s->n_holders);
    c138_status status = transport_key(m, key, err);
    if (status < 0)
        return status;
    return m->threshold ? add_shares(m, key, err)
                        : add_message(m, key, m->password.bytes, m->password.length, s->holders,
                                      s->n_holders, err);
}

/* --- The file -------------------------------------------------------------------------------- */

static char *text_of(const struct making *m, int64_t now_ns) {
    C138_JSON struct c138_json *file = c138_json_new_object();
    struct c138_json *password = c138_json_new_object();
    char time[C138_TIME_TEXT];
    c138_time_format(now_ns, time);
    c138_json_set_str(file, "format", BACKUP_FORMAT);
    c138_json_set_str(file, "id", m->id);
    c138_json_set_str(file, "created", time);
    c138_json_set_str(file, "host", m->keys->host->host_name);
    c138_json_set(file, "keys", c138_json_ref(m->entries));
    c138_json_set_uint(password, "threshold", m->threshold);
    c138_json_set(password, "messages", c138_json_ref(m->messages));
    c138_json_set(file, "password", password);
    return c138_json_pretty(file);
}

/* A backup that was not opened is none: every key of the file as it is on disk, with the password
 * that the recipients have. */
static c138_status verify(const struct making *m, const char *path, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *file = NULL;
    c138_status status = c138_file_read(path, BACKUP_FILE_MAX, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &file, err);
    const struct c138_json *entries = c138_json_get(file, "keys");
    for (size_t i = 0; status >= 0 && i < c138_json_count(m->entries); i++) {
        const struct c138_json *entry = c138_json_at(entries, i);
        const char *name = c138_json_get_str(c138_json_at(m->entries, i), "name", "");
        struct ring_key got = {0};
        status = ring_open_copy(m->keys->ring, name, c138_json_get(entry, "file"), &m->password,
                                &got, err);
        secret_deinit(&got.secret);
        const struct ring_key *key = ring_find(m->keys->ring, name);
        if (status >= 0 && (!key || memcmp(key->public_key, got.public_key, 64) != 0))
            status = c138_error(err, C138_E_CONFLICT, "keys.backup",
                                "%s: key %s is not in it as it is here", path, name);
    }
    return status;
}

static c138_status write_it(struct making *m, char **ret_path, struct c138_err *err) {
    C138_FREE char *folder = c138_path_join(m->keys->host->state_dir, "backups");
    C138_FREE char *path = c138_xasprintf("%s/%s.json", folder, m->id);
    C138_FREE char *text = text_of(m, m->keys->host->now_ns(m->keys->host, C138_CLOCK_UTC));
    c138_status status = c138_mkdir_p(folder, 0700, err);
    if (status >= 0)
        status = c138_file_write(path, 0600, text, strlen(text), err);
    if (status >= 0)
        status = verify(m, path, err);
    if (status < 0) {
        (void)unlink(path);
        return status;
    }
    char digest[65];
    c138_sha256_hex(text, strlen(text), digest);
    c138_set_str(m->call, "sha256", digest);
    *ret_path = C138_STEAL(path);
    return C138_OK;
}

static void show(const struct making *m, const char *path) {
    c138_set_str(m->call, "id", m->id);
    c138_set_str(m->call, "path", path);
    c138_set_uint(m->call, "threshold", m->threshold);
    c138_open_list(m->call, "keys");
    for (size_t i = 0; i < c138_json_count(m->entries); i++)
        c138_set_str(m->call, NULL, c138_json_get_str(c138_json_at(m->entries, i), "name", ""));
    c138_close(m->call);
    c138_open_list(m->call, "recipients");
    for (size_t i = 0; i < m->keys->settings.n_holders; i++)
        c138_set_str(m->call, NULL, m->keys->settings.holders[i]);
    c138_close(m->call);
}

c138_status keys_backup_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    C138_FREE char *path = NULL;
    C138_CLEANUP(making_deinit)
    struct making m = {.keys = self,
                       .call = call,
                       .entries = c138_json_new_array(),
                       .messages = c138_json_new_array(),
                       .threshold = c138_has(call, "shares") ? c138_uint(call, "shares") : 0};
    c138_ulid(m.id);
    c138_status status = make_password(&m, &err);
    if (status >= 0)
        status = add_messages(&m, &err);
    if (status >= 0)
        status = add_keys(&m, &err);
    if (status >= 0)
        status = write_it(&m, &path, &err);
    if (status < 0)
        return keys_fail(call, status, &err);
    show(&m, path);
    return C138_OK;
}
