#include "keys.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define STR(n, s, ...) C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s, __VA_ARGS__)
#define LIST(n, s, element, ...)                                                                   \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s, .fields = C138_FIELDS(element),       \
               __VA_ARGS__)

static const c138_field *const rule_members[] = {
    STR("name", "Called so in every refusal", .flags = C138_FIELD_REQUIRED, .min_text = "1",
        .max_text = "63"),
    C138_FIELD(.name = "chain_id", .type = C138_T_UINT, .default_text = "138", .min_text = "1",
               .summary = "Chain that it is for"),
    LIST("to", "Addresses that may be called or paid; \"*\": every one",
         STR("address", "An address", .max_text = "42"), .max_text = "256"),
    C138_FIELD(.name = "creates", .type = C138_T_BOOL, .default_text = "false",
               .summary = "Whether it may make contracts"),
    LIST("calls",
         "Calls that it may make: \"transfer(address,uint256)\", \"0xa9059cbb\", \"\" for a "
         "transfer without data, \"*\" for any; without the list only \"\"",
         STR("call", "A signature or selector", .max_text = "255"), .max_text = "256"),
    C138_FIELD(.name = "max_value", .type = C138_T_WEI, .default_text = "0", .unit = "wei",
               .summary = "The most that one transaction may carry"),
    C138_FIELD(.name = "max_gas_price", .type = C138_T_WEI, .default_text = "0", .unit = "wei",
               .summary = "The most for a unit of gas; 0 is right for a network without fees"),
    C138_FIELD(.name = "max_gas", .type = C138_T_UINT, .default_text = "10000000",
               .summary = "The highest gas limit"),
    C138_FIELD(.name = "per_hour", .type = C138_T_UINT, .default_text = "60", .max_text = "100000",
               .summary = "Signatures in any 60 minutes"),
    STR("window", "When: \"08:00-18:00\", \"Mon-Fri 08:00-18:00\", in UTC; without it always",
        .max_text = "47"),
    NULL,
};

static const c138_field *const token_members[] = {
    C138_FIELD(.name = "module", .type = C138_T_PATH, .flags = C138_FIELD_REQUIRED,
               .summary = "The library of the token's maker"),
    STR("token", "The token's label", .flags = C138_FIELD_REQUIRED, .min_text = "1",
        .max_text = "32"),
    STR("label", "The key's label on it", .flags = C138_FIELD_REQUIRED, .min_text = "1",
        .max_text = "255"),
    C138_FIELD(.name = "pin", .type = C138_T_SECRET,
               .flags = C138_FIELD_REQUIRED | C138_FIELD_SENSITIVE, .summary = "The user's PIN"),
    LIST("files", "What the module reads: its config, devices",
         C138_FIELD(.name = "path", .type = C138_T_PATH, .summary = "A file or folder"),
         .max_text = "16"),
    LIST("state", "What the module writes: the folder of a token in software",
         C138_FIELD(.name = "path", .type = C138_T_PATH, .flags = C138_FIELD_WRITABLE,
                    .summary = "A folder"),
         .max_text = "16"),
    LIST("environment", "Variables that the module wants, \"SOFTHSM2_CONF=/etc/softhsm2.conf\"",
         STR("variable", "NAME=value", .max_text = "1024"), .max_text = "16"),
    NULL,
};

static const c138_field *const key_members[] = {
    STR("name", "The key's name", .flags = C138_FIELD_REQUIRED, .min_text = "1", .max_text = "63"),
    C138_FIELD(.name = "password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,
               .summary = "What seals its file; \"prompt\": a person types it with `unlock`"),
    C138_FIELD(.name = "pkcs11", .type = C138_T_OBJECT, .fields = token_members,
               .summary = "Instead of a password: the token that holds it (PKCS #11)"),
    LIST("rules", "What it may sign; without any: nothing",
         C138_FIELD(.name = "rule", .type = C138_T_OBJECT, .summary = "One rule",
                    .fields = rule_members),
         .max_text = "64"),
    NULL,
};

const c138_field *const keys_setting_fields[] = {
    LIST("keys", "Keys that this host may open, and their limits",
         C138_FIELD(.name = "key", .type = C138_T_OBJECT, .summary = "One key",
                    .fields = key_members),
         .max_text = "256"),
    C138_FIELD(.name = "backup", .type = C138_T_OBJECT,
               .summary = "Who can open what keys.backup writes",
               .fields = C138_FIELDS(
                   LIST("recipients",
                        "Fingerprints of their OpenPGP keys, which the gpg plugin knows",
                        STR("fingerprint", "40 hex digits", .min_text = "40", .max_text = "40"),
                        .max_text = "16"),
                   C138_FIELD(.name = "min", .type = C138_T_UINT, .default_text = "2",
                              .min_text = "1", .max_text = "16",
                              .summary = "Fewer recipients are refused"))),
    C138_FIELD(.name = "kdf", .type = C138_T_ENUM, .default_text = "standard",
               .choices = C138_TEXTS("standard", "light"),
               .summary = "How hard new files are to guess: standard takes 256 MiB and a second"),
    NULL,
};

/* --- Staging --------------------------------------------------------------------------------- */

static void settings_clear(struct keys_settings *s) {
    for (size_t i = 0; i < s->n_configs; i++) {
        for (size_t r = 0; r < s->configs[i].n_rules; r++)
            limits_rule_deinit(&s->configs[i].rules[r]);
        free(s->configs[i].rules);
        (void)token_free(s->configs[i].token);
        token_config_free(s->configs[i].token_config);
        free(s->configs[i].name);
        free(s->configs[i].password);
    }
    free(s->configs);
    for (size_t i = 0; i < s->n_holders; i++)
        free(s->holders[i]);
    *s = (struct keys_settings){0};
}

/* A path below what is being read: "keys.0.rules.1" + ".name". */
struct at {
    char path[96];
};

static struct at below(const struct at *at, const char *name) {
    struct at r;
    (void)snprintf(r.path, sizeof(r.path), "%.60s.%.30s", at->path, name);
    return r;
}

static struct at element(const struct at *at, const char *list, uint64_t index) {
    struct at r;
    (void)snprintf(r.path, sizeof(r.path), "%.60s.%.12s.%u", at->path, list, (unsigned)index);
    return r;
}

static const char *text_at(c138_call *s, const struct at *at, const char *name) {
    struct at p = below(at, name);
    return c138_has(s, p.path) ? c138_str(s, p.path) : NULL;
}

static uint64_t uint_at(c138_call *s, const struct at *at, const char *name) {
    struct at p = below(at, name);
    return c138_uint(s, p.path);
}

static c138_status refuse(c138_call *s, const char *key, const char *what) {
    char text[768];
    (void)snprintf(text, sizeof(text), "key %.64s: %s", key, what);
    return c138_fail(s, C138_E_INVALID, "setting.invalid", text);
}

static c138_status
stage_words(c138_call *s, const struct at *at, const char *list, struct limits_rule *rule,
            c138_status (*add)(struct limits_rule *, const char *, struct c138_err *),
            struct c138_err *err) {
    c138_status status = C138_OK;
    uint64_t count = uint_at(s, at, list);
    for (uint64_t i = 0; status >= 0 && i < count; i++) {
        struct at p = element(at, list, i);
        status = add(rule, c138_str(s, p.path), err);
    }
    return status;
}

static c138_status stage_rule(c138_call *s, const struct at *at, struct limits_rule *rule,
                              struct c138_err *err) {
    struct at creates = below(at, "creates");
    const char *window = text_at(s, at, "window");
    *rule = (struct limits_rule){.chain_id = uint_at(s, at, "chain_id"),
                                 .creates = c138_int(s, creates.path) != 0,
                                 .max_gas = uint_at(s, at, "max_gas"),
                                 .per_hour = uint_at(s, at, "per_hour"),
                                 .has_window = window != NULL};
    (void)snprintf(rule->name, sizeof(rule->name), "%s", text_at(s, at, "name"));
    (void)c138_u256_from_dec(text_at(s, at, "max_value"), &rule->max_value);
    (void)c138_u256_from_dec(text_at(s, at, "max_gas_price"), &rule->max_gas_price);
    c138_status status = stage_words(s, at, "to", rule, limits_add_to, err);
    if (status >= 0)
        status = stage_words(s, at, "calls", rule, limits_add_call, err);
    if (status >= 0 && !rule->any_call && !rule->n_calls)
        rule->plain = 1;
    if (status >= 0 && !rule->any_to && !rule->n_to && !rule->creates)
        status =
            c138_error(err, C138_E_INVALID, NULL,
                       "rule %s: it allows no address: name some in `to`, or \"*\"", rule->name);
    if (status >= 0 && window)
        status = limits_window_parse(window, &rule->window, err);
    return status;
}

static c138_status stage_token(c138_call *s, const struct at *at, struct keys_config *c,
                               struct c138_err *err) {
    uint64_t count = uint_at(s, at, "environment");
    struct token_config *t = c138_xcalloc(1, sizeof(*t));
    c->token_config = t;
    t->module = c138_xstrdup(text_at(s, at, "module"));
    t->token = c138_xstrdup(text_at(s, at, "token"));
    t->label = c138_xstrdup(text_at(s, at, "label"));
    t->pin = c138_xstrdup(text_at(s, at, "pin"));
    t->environment = c138_xcalloc(count + 1, sizeof(*t->environment));
    for (uint64_t i = 0; i < count; i++) {
        struct at p = element(at, "environment", i);
        const char *text = c138_str(s, p.path);
        if (!token_environment_ok(text))
            return c138_error(err, C138_E_INVALID, NULL,
                              "pkcs11.environment: \"%.80s\" is no NAME=value that a module may be "
                              "given",
                              text);
        t->environment[t->n_environment++] = c138_xstrdup(text);
    }
    return C138_OK;
}

/* A file with a password, or a token. */
static c138_status stage_way(c138_call *s, const struct at *at, struct keys_config *c,
                             struct c138_err *err) {
    struct at token = below(at, "pkcs11");
    const char *password = text_at(s, at, "password");
    int has_token = c138_has(s, token.path) != 0;
    c->password = c138_xstrdup(password);
    if (has_token == (password != NULL))
        return c138_error(err, C138_E_INVALID, NULL,
                          has_token ? "it has a password and a token: keep one"
                                    : "it has neither a password nor a token (pkcs11)");
    return has_token ? stage_token(s, &token, c, err) : C138_OK;
}

static c138_status stage_key(c138_call *s, const struct at *at, struct keys_config *c) {
    struct c138_err err = {0};
    uint64_t count = uint_at(s, at, "rules");
    c->name = c138_xstrdup(text_at(s, at, "name"));
    c138_status status = ring_name_check(c->name, &err);
    if (status >= 0)
        status = stage_way(s, at, c, &err);
    c->rules = c138_xcalloc(count + 1, sizeof(*c->rules));
    for (uint64_t i = 0; status >= 0 && i < count; i++) {
        struct at p = element(at, "rules", i);
        status = stage_rule(s, &p, &c->rules[c->n_rules++], &err);
        for (size_t k = 0; status >= 0 && k + 1 < c->n_rules; k++)
            if (!strcmp(c->rules[k].name, c->rules[i].name))
                status = c138_error(&err, C138_E_INVALID, NULL,
                                    "two of its rules are called %s: their rates could not be told "
                                    "apart",
                                    c->rules[i].name);
    }
    return status < 0 ? refuse(s, c->name, err.text) : C138_OK;
}

static c138_status stage_backup(c138_call *s, struct keys_settings *to) {
    uint64_t count = c138_has(s, "backup.recipients") ? c138_uint(s, "backup.recipients") : 0;
    to->holders_min = c138_has(s, "backup") ? c138_uint(s, "backup.min") : 2;
    for (uint64_t i = 0; i < count && i < KEYS_HOLDERS_MAX; i++) {
        char path[40];
        (void)snprintf(path, sizeof(path), "backup.recipients.%u", (unsigned)i);
        const char *text = c138_str(s, path);
        if (strspn(text, "0123456789abcdefABCDEF") != 40)
            return c138_fail(s, C138_E_INVALID, "setting.invalid",
                             "backup.recipients: a fingerprint has 40 hex digits");
        to->holders[to->n_holders++] = c138_xstrdup(text);
    }
    return C138_OK;
}

c138_status keys_settings_prepare(struct keys *k, c138_call *settings) {
    struct keys_settings *s = &k->staged;
    uint64_t count = c138_uint(settings, "keys");
    settings_clear(s);
    s->costs.kdf = !strcmp(c138_str(settings, "kdf"), "light") ? KEYSTORE_LIGHT : KEYSTORE_STANDARD;
    s->costs.argon = TESSERAKEY_MODERATE;
    s->configs = c138_xcalloc(count + 1, sizeof(*s->configs));
    c138_status status = stage_backup(settings, s);
    for (uint64_t i = 0; status >= 0 && i < count; i++) {
        struct at at;
        (void)snprintf(at.path, sizeof(at.path), "keys.%u", (unsigned)i);
        status = stage_key(settings, &at, &s->configs[s->n_configs++]);
        for (size_t n = 0; status >= 0 && n + 1 < s->n_configs; n++)
            if (!strcmp(s->configs[n].name, s->configs[i].name))
                status = refuse(settings, s->configs[i].name, "it has two sections: keep one");
    }
    if (status < 0)
        settings_clear(s);
    return status;
}

void keys_settings_commit(struct keys *k, uint32_t apply) {
    if (apply) {
        /* a key whose section is gone, or opens it otherwise now, is closed */
        if (k->ring)
            ring_lock(k->ring, NULL);
        settings_clear(&k->settings);
        k->settings = k->staged;
        k->staged = (struct keys_settings){0};
    } else {
        settings_clear(&k->staged);
    }
}

struct keys_config *keys_config_for(struct keys *k, const char *name) {
    for (size_t i = 0; i < k->settings.n_configs; i++)
        if (!strcmp(k->settings.configs[i].name, name))
            return &k->settings.configs[i];
    return NULL;
}

const struct keys_config *keys_config_of(const struct keys *k, const char *name) {
    return keys_config_for((struct keys *)(uintptr_t)k, name);
}
