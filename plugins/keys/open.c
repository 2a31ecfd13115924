/* From a reference to an open key: passwords, sections, tokens; and what other plugins are asked. */
#include "keys.h"

#include <base/mem.h>
#include <base/text.h>

#include <string.h>

c138_status keys_fail(c138_call *call, c138_status status, const struct c138_err *err) {
    return c138_fail(call, status, err->key[0] ? err->key : c138_status_key(status), err->text);
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
    if (!strcmp(reference, "prompt"))
        return c138_error(err, C138_E_DENIED, "keys.prompt",
                          "its password is typed by a person: give --password prompt, from "
                          "chain138ctl on a terminal");
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

c138_status keys_password_of(struct keys *k, c138_call *call, const struct keys_config *config,
                             struct secret *ret, struct c138_err *err) {
    const char *own = c138_has(call, "password") ? c138_str(call, "password") : NULL;
    c138_status status = keys_password(k, call, own ? own : config->password, ret, err);
    return status < 0 ? c138_error_prefix(err, status, "key %s", config->name) : C138_OK;
}

c138_status keys_config_needed(const struct keys *k, const char *name,
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

/* --- Opening --------------------------------------------------------------------------------- */

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
    c138_status status = keys_config_needed(k, name, &config, err);
    if (status >= 0 && config->token_config)
        return c138_error(
            err, C138_E_CONFLICT, "keys.token",
            "key %s: its section names a token, and there is a file of this name too: "
            "take one of the two away",
            name);
    if (status >= 0 && !strcmp(config->password, "prompt") && !c138_has(call, "password"))
        return c138_error(err, C138_E_DENIED, "keys.locked",
                          "key %s is locked, and its password is typed by a person: chain138ctl "
                          "keys unlock %s --password prompt",
                          name, name);
    if (status >= 0)
        status = keys_password_of(k, call, config, &password, err);
    if (status >= 0)
        status = ring_unlock(k->ring, name, &password, ret_key, err);
    return status;
}

c138_status keys_token(struct keys_config *c, struct token **ret, struct c138_err *err) {
    if (!c->token) {
        c138_status status = token_open(c->token_config, &c->token, err);
        if (status < 0)
            return c138_error_prefix(err, status, "key %s", c->name);
    }
    *ret = c->token;
    return C138_OK;
}

c138_status keys_token_open(struct keys *k, c138_call *call, struct keys_config *c,
                            struct token **ret, struct c138_err *err) {
    SECRET pin = SECRET_NULL;
    c138_status status = keys_token(c, ret, err);
    if (status < 0 || token_is_open(*ret))
        return status;
    if (c->pin_refused)
        return c138_error(
            err, C138_E_DENIED, "keys.pin",
            "key %s: the PIN of its section was refused, and is not tried again until "
            "the section changes: tokens lock after a few tries",
            c->name);
    status = keys_password(k, call, c->token_config->pin, &pin, err);
    if (status >= 0)
        status = token_login(*ret, &pin, err);
    if (status == C138_E_DENIED && !strcmp(err->key, "keys.pin"))
        c->pin_refused = 1;
    return status < 0 ? c138_error_prefix(err, status, "key %s", c->name) : C138_OK;
}

c138_status keys_signer(struct keys *k, c138_call *call, const char *name, struct signer *ret,
                        struct c138_err *err) {
    struct keys_config *config = keys_config_for(k, name);
    if (config && config->token_config)
        return keys_token_open(k, call, config, &ret->token, err);
    c138_status status = keys_unlocked(k, call, name, &ret->key, err);
    if (status >= 0 && ret->key->kind != RING_ACCOUNT)
        status = c138_error(err, C138_E_DENIED, "keys.kind",
                            "key %s is the key of a %s: it signs no transactions", name,
                            ring_kind_name(ret->key->kind));
    return status;
}

/* --- Other plugins --------------------------------------------------------------------------- */

static void take_text(void *user, const char *text, uint64_t length) {
    c138_buf_add(user, text, (size_t)length);
}

static c138_status asked(const struct keys *k, c138_call *call, int plan, const char *action,
                         const struct c138_json *params, struct c138_json **ret,
                         struct c138_err *err) {
    const c138_caller *caller = k->host->get_extension(k->host, C138_EXT_CALL);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *none = c138_json_new_object(), *answer = NULL;
    C138_FREE char *json = c138_json_dump(params ? params : none);
    if (!caller || (plan && !C138_HAS(c138_caller, caller, plan)))
        return c138_error(err, C138_E_UNAVAILABLE, "keys.no-call",
                          "%s: the service \"call\" is not granted to this plugin: add it to its "
                          "grants",
                          action);
    c138_status status =
        (plan ? caller->plan : caller->call)(k->host, call, action, json, 0, take_text, &text);
    (void)c138_json_parse(c138_buf_text(&text), text.length, &answer, NULL);
    if (status < 0)
        return c138_error(err, status, c138_json_get_str(answer, "key", "keys.call"), "%s: %s",
                          action, c138_json_get_str(answer, "message", c138_status_key(status)));
    *ret = answer ? C138_STEAL(answer) : c138_json_new_object();
    return C138_OK;
}

c138_status keys_ask(const struct keys *k, c138_call *call, const char *action,
                     const struct c138_json *params, struct c138_json **ret, struct c138_err *err) {
    return asked(k, call, 0, action, params, ret, err);
}

c138_status keys_ask_plan(const struct keys *k, c138_call *call, const char *action,
                          const struct c138_json *params, struct c138_json **ret,
                          struct c138_err *err) {
    return asked(k, call, 1, action, params, ret, err);
}
