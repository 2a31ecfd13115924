/* keys.restore: a backup (backup.h) from the inbox, opened with its password or its shares. */
#include "backup.h"
#include "keys.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <wallet/slip39.h>

#include <stdio.h>
#include <string.h>

struct restoring {
    struct keys *keys;
    c138_call *call;
    struct c138_json *file; /* owned */
    struct secret password; /* the backup's, in hex */
    char *shares_path;      /* owned: a secret file, taken away at the end */
    size_t shares_length;
};

static void restoring_deinit(struct restoring *r) {
    c138_json_unref(r->file);
    secret_deinit(&r->password);
    free(r->shares_path);
}

static c138_status read_backup(struct restoring *r, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *path = NULL;
    c138_status status = keys_inbox_path(r->keys, c138_str(r->call, "file"), &path, err);
    if (status >= 0)
        status = c138_file_read(path, BACKUP_FILE_MAX, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &r->file, err);
    if (status >= 0 && strcmp(c138_json_get_str(r->file, "format", ""), BACKUP_FORMAT) != 0)
        status = c138_error(err, C138_E_INVALID, "keys.backup",
                            "%s: this is no backup of keys (format %s)", path, BACKUP_FORMAT);
    return status;
}

/* --- Its password ---------------------------------------------------------------------------- */

static c138_status from_shares(struct restoring *r, struct c138_err *err) {
    const struct secret_host *host = vault_host(r->keys->vault);
    SECRET text = SECRET_NULL;
    SECRET raw = SECRET_NULL;
    c138_status status =
        keys_inbox_path(r->keys, c138_str(r->call, "shares"), &r->shares_path, err);
    if (status >= 0)
        status = secret_file_read(host, r->shares_path, SLIP39_TEXT_MAX / 4, &text, err);
    if (status >= 0)
        status = slip39_combine(host, (const char *)text.bytes, text.length, "", 0, &raw, err);
    if (status >= 0 && raw.length != BACKUP_PASSWORD)
        status =
            c138_error(err, C138_E_INVALID, "keys.shares", "these are shares of something else");
    if (status >= 0)
        status = secret_init_zero(&r->password, host, 2 * raw.length, err);
    if (status < 0)
        return status;
    c138_hex_encode(raw.bytes, raw.length, (char *)r->password.bytes);
    r->shares_length = text.length;
    return C138_OK;
}

static c138_status find_password(struct restoring *r, struct c138_err *err) {
    int shares = c138_has(r->call, "shares") != 0;
    if (shares == (c138_has(r->call, "file_password") != 0))
        return c138_error(err, C138_E_INVALID, "keys.password",
                          "give one of both: --file-password (what gpg -d shows: \"prompt\", or a "
                          "file), or --shares (a file in the inbox with the shares, one a line)");
    return shares ? from_shares(r, err)
                  : keys_password(r->keys, r->call, c138_str(r->call, "file_password"),
                                  &r->password, err);
}

/* --- Its keys -------------------------------------------------------------------------------- */

static int wanted(const struct restoring *r, const char *name) {
    uint64_t count = c138_has(r->call, "keys") ? c138_uint(r->call, "keys") : 0;
    for (uint64_t i = 0; i < count; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "keys.%u", (unsigned)i);
        if (!strcmp(c138_str(r->call, path), name))
            return 1;
    }
    return !count;
}

/* "there" where this very key is here under this name already. */
static c138_status take_in(struct restoring *r, const char *name, const struct ring_key *key,
                           const char **ret_state, struct c138_err *err) {
    SECRET password = SECRET_NULL;
    const struct keys_config *config = NULL;
    const struct ring_key *here = ring_find(r->keys->ring, name), *added = NULL;
    if (here && here->kind == key->kind && !memcmp(here->public_key, key->public_key, 64)) {
        *ret_state = "there";
        return C138_OK;
    }
    c138_status status = keys_config_needed(r->keys, name, &config, err);
    if (status >= 0 && config->token_config)
        status = c138_error(err, C138_E_CONFLICT, "keys.token",
                            "key %s: its section names a token, and a backup holds files", name);
    if (status >= 0)
        status = keys_password_of(r->keys, r->call, config, &password, err);
    if (status >= 0)
        status = ring_add(r->keys->ring, name, key->kind, &key->secret, &password,
                          &r->keys->settings.costs, key->created_ns, &added, err);
    *ret_state = "restored";
    return status;
}

static void show(c138_call *call, const char *name, const struct ring_key *key, const char *state) {
    struct ring_key shown = *key;
    (void)snprintf(shown.name, sizeof(shown.name), "%s", name);
    c138_open_object(call, NULL);
    keys_set_key(call, &shown);
    c138_set_str(call, "state", state);
    c138_close(call);
}

static c138_status restore_one(struct restoring *r, const struct c138_json *entry,
                               struct c138_err *err) {
    const char *name = c138_json_get_str(entry, "name", ""), *state = "";
    struct ring_key key = {0};
    c138_status status =
        ring_open_copy(r->keys->ring, name, c138_json_get(entry, "file"), &r->password, &key, err);
    if (status >= 0)
        status = take_in(r, name, &key, &state, err);
    if (status >= 0)
        show(r->call, name, &key, state);
    secret_deinit(&key.secret);
    return status;
}

static c138_status restore_all(struct restoring *r, struct c138_err *err) {
    const struct c138_json *entries = c138_json_get(r->file, "keys");
    c138_status status = C138_OK;
    size_t count = 0;
    c138_open_list(r->call, "keys");
    for (size_t i = 0; status >= 0 && i < c138_json_count(entries); i++) {
        const struct c138_json *entry = c138_json_at(entries, i);
        if (!wanted(r, c138_json_get_str(entry, "name", "")))
            continue;
        status = restore_one(r, entry, err);
        count++;
    }
    c138_close(r->call);
    if (status >= 0 && !count)
        status =
            c138_error(err, C138_E_NOTFOUND, "keys.none", "the backup has no key of that name");
    return status;
}

c138_status keys_restore_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    C138_CLEANUP(restoring_deinit) struct restoring r = {.keys = self, .call = call};
    c138_status status = read_backup(&r, &err);
    if (status >= 0)
        status = find_password(&r, &err);
    if (status >= 0)
        status = restore_all(&r, &err);
    if (status < 0)
        return keys_fail(call, status, &err);
    if (r.shares_path)
        keys_take_away(r.shares_path, r.shares_length);
    return C138_OK;
}
