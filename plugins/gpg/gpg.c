#include "gpg.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

C138_PLUGIN_NOTE("gpg", "0.1.0",
                 C138_PLUGIN_WORKER_ONLY | C138_PLUGIN_NO_NETWORK | C138_PLUGIN_SPAWNS);

#define STR(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define FINGERPRINT(...)                                                                           \
    STR("fingerprint", "Of the primary key, 40 hex digits" __VA_OPT__(, ) __VA_ARGS__)
#define RECIPIENTS(...)                                                                            \
    C138_FIELD(.name = "recipients", .type = C138_T_LIST, .max_text = "64",                        \
               .summary = "Fingerprints of those who can read it",                                 \
               .fields = C138_FIELDS(FINGERPRINT(.max_text = "40")) __VA_OPT__(, ) __VA_ARGS__)

static const c138_field *const setting_fields[] = {
    C138_FIELD(.name = "program", .type = C138_T_PATH, .default_text = "/usr/bin/gpg",
               .summary = "GnuPG, 2.2 or newer", .flags = C138_FIELD_RESTART),
    C138_FIELD(.name = "keys", .type = C138_T_LIST, .max_text = "64", .flags = C138_FIELD_RESTART,
               .summary = "Files with public keys, as gpg --export --armor writes them",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "file", .type = C138_T_PATH, .summary = "One file"))),
    NULL,
};

/* --- Actions --------------------------------------------------------------------------------- */

static c138_status fail(c138_call *call, c138_status status, const struct c138_err *err) {
    return c138_fail(call, status, err->key[0] ? err->key : c138_status_key(status), err->text);
}

static c138_status is_up(const struct gpg *g, struct c138_err *err) {
    return g->trouble ? c138_error(err, C138_E_UNAVAILABLE, "gpg.engine", "%s", g->trouble)
                      : C138_OK;
}

static void show(c138_call *call, const struct gpg_recipient *r) {
    char id[17];
    (void)snprintf(id, sizeof(id), "%016llX", (unsigned long long)r->ids[0]);
    c138_open_object(call, NULL);
    c138_set_str(call, "fingerprint", r->fingerprint);
    if (r->key->uids && c138_utf8_valid(r->key->uids->uid, strlen(r->key->uids->uid)))
        c138_set_str(call, "user", r->key->uids->uid);
    c138_set_str(call, "encryption_key", id);
    if (r->key->subkeys->expires > 0) {
        char time[C138_TIME_TEXT];
        c138_time_format(r->key->subkeys->expires * C138_NS_PER_S, time);
        c138_set_str(call, "expires", time);
    }
    c138_close(call);
}

struct group {
    struct gpg_recipient all[GPG_RECIPIENTS_MAX];
    size_t count;
};

static void group_deinit(struct group *g) {
    for (size_t i = 0; i < g->count; i++)
        gpg_recipient_deinit(&g->all[i]);
}

static c138_status group_of(struct gpg *g, c138_call *call, struct group *ret,
                            struct c138_err *err) {
    uint64_t count = c138_uint(call, "recipients");
    c138_status status = is_up(g, err);
    for (uint64_t i = 0; status >= 0 && i < count && i < GPG_RECIPIENTS_MAX; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "recipients.%u", (unsigned)i);
        status = gpg_recipient_find(g, c138_str(call, path), &ret->all[ret->count], err);
        for (size_t k = 0; status >= 0 && k < ret->count; k++)
            if (!strcmp(ret->all[k].fingerprint, ret->all[ret->count].fingerprint))
                status = c138_error(err, C138_E_INVALID, "gpg.recipient", "%s is named twice",
                                    ret->all[k].fingerprint);
        ret->count += ret->all[ret->count].key != NULL;
    }
    return status;
}

static void show_group(c138_call *call, const struct group *group) {
    c138_open_list(call, "recipients");
    for (size_t i = 0; i < group->count; i++)
        show(call, &group->all[i]);
    c138_close(call);
}

static c138_status recipients_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    C138_CLEANUP(group_deinit) struct group group = {.count = 0};
    c138_status status = group_of(self, call, &group, &err);
    if (status < 0)
        return fail(call, status, &err);
    show_group(call, &group);
    return C138_OK;
}

static c138_status transport_run(void *self, c138_call *call) {
    const struct gpg *g = self;
    C138_FREE char *key = c138_hex_text(g->pair, crypto_box_PUBLICKEYBYTES);
    c138_set_str(call, "key", key);
    return C138_OK;
}

/* The box opened, in locked memory. */
static c138_status open_box(const struct gpg *g, const char *hex, uint8_t **ret, size_t *ret_length,
                            struct c138_err *err) {
    size_t length = strlen(hex) / 2 - 1;
    if (length <= crypto_box_SEALBYTES || length - crypto_box_SEALBYTES > GPG_PLAIN_MAX)
        return c138_error(err, C138_E_INVALID, "gpg.box", "the box is empty, or over %d bytes",
                          GPG_PLAIN_MAX);
    C138_FREE uint8_t *box = c138_xmalloc(length);
    *ret_length = length - crypto_box_SEALBYTES;
    uint8_t *plain = sodium_malloc(*ret_length);
    if (!plain)
        return c138_error(err, C138_E_LIMIT, "gpg.memory", "no locked memory: raise LimitMEMLOCK");
    if (c138_hex_decode(hex + 2, 2 * length, box) < 0 ||
        crypto_box_seal_open(plain, box, length, g->pair, g->pair + crypto_box_PUBLICKEYBYTES) !=
            0) {
        sodium_free(plain);
        return c138_error(err, C138_E_CONFLICT, "gpg.box",
                          "the box is for another worker: ask for the transport key again");
    }
    *ret = plain;
    return C138_OK;
}

static c138_status encrypt_run(void *self, c138_call *call) {
    struct gpg *g = self;
    struct c138_err err = {0};
    C138_CLEANUP(group_deinit) struct group group = {.count = 0};
    C138_FREE char *message = NULL;
    uint8_t *plain = NULL;
    size_t length = 0;
    c138_status status = group_of(g, call, &group, &err);
    if (status >= 0)
        status = open_box(g, c138_str(call, "box"), &plain, &length, &err);
    if (status >= 0)
        status = gpg_encrypt(g, group.all, group.count, plain, length, &message, &err);
    if (plain)
        sodium_free(plain);
    if (status < 0)
        return fail(call, status, &err);
    c138_set_str(call, "message", message);
    show_group(call, &group);
    return C138_OK;
}

#define RECIPIENT_ROWS                                                                             \
    ROWS("recipients", "Whom it is for", FINGERPRINT(), STR("user", "Name and address"),           \
         STR("encryption_key", "Id of the key that is encrypted for"),                             \
         C138_FIELD(.name = "expires", .type = C138_T_TIME, .summary = "When the key expires"))

static const c138_action recipients_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "recipients",
    .summary = "Whether one can encrypt for these keys",
    .example = "--recipients 8A25C5D1E9D4F0B2A3C4D5E6F708192A3B4C5D6E",
    .params = C138_FIELDS(
        RECIPIENTS(.flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .min_text = "1")),
    .results = C138_FIELDS(RECIPIENT_ROWS),
    .run = recipients_run,
};

static const c138_action transport_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "transport",
    .summary = "The key that what is to be encrypted is sealed with on its way here",
    .example = "",
    .results = C138_FIELDS(C138_FIELD(.name = "key", .type = C138_T_BYTES,
                                      .summary = "An X25519 key of this worker's life")),
    .run = transport_run,
};

static const c138_action encrypt_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_OPERATOR,
    .name = "encrypt",
    .summary = "Encrypt for people",
    .help = "For other plugins: what is to be encrypted comes in a box (libsodium's "
            "crypto_box_seal) for the key that transport tells.",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params = C138_FIELDS(C138_FIELD(.name = "box", .type = C138_T_BYTES,
                                     .summary = "What is to be encrypted, boxed",
                                     .flags = C138_FIELD_REQUIRED),
                          RECIPIENTS(.flags = C138_FIELD_REQUIRED, .min_text = "1")),
    .results = C138_FIELDS(STR("message", "The OpenPGP message, armored"), RECIPIENT_ROWS),
    .run = encrypt_run,
};

static const c138_action *const actions[] = {&recipients_action, &transport_action, &encrypt_action,
                                             NULL};

/* --- Settings -------------------------------------------------------------------------------- */

static void settings_clear(struct gpg_settings *s) {
    for (size_t i = 0; i < s->n_files; i++)
        free(s->files[i]);
    free(s->files);
    free(s->program);
    *s = (struct gpg_settings){0};
}

static c138_status prepare(void *self, c138_call *settings) {
    struct gpg *g = self;
    struct gpg_settings *s = &g->staged;
    uint64_t count = c138_uint(settings, "keys");
    settings_clear(s);
    s->program = c138_xstrdup(c138_str(settings, "program"));
    s->files = c138_xcalloc(count + 1, sizeof(*s->files));
    for (uint64_t i = 0; i < count; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "keys.%u", (unsigned)i);
        s->files[s->n_files++] = c138_xstrdup(c138_str(settings, path));
    }
    return C138_OK;
}

static void commit(void *self, uint32_t apply) {
    struct gpg *g = self;
    if (apply) {
        settings_clear(&g->settings);
        g->settings = g->staged;
        g->staged = (struct gpg_settings){0};
    } else {
        settings_clear(&g->staged);
    }
}

/* --- Life ------------------------------------------------------------------------------------ */

static c138_status create(const c138_host *host, void **ret_self) {
    struct gpg *g = c138_xcalloc(1, sizeof(*g));
    g->host = host;
    *ret_self = g;
    return C138_OK;
}

static c138_status start(void *self) {
    struct gpg *g = self;
    struct c138_err err = {0};
#ifndef C138_SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    g->home = c138_path_join(g->host->state_dir, "home");
    g->pair = sodium_init() < 0
                  ? NULL
                  : sodium_malloc(crypto_box_PUBLICKEYBYTES + crypto_box_SECRETKEYBYTES);
    if (!g->pair)
        return C138_E_INTERNAL;
    (void)crypto_box_keypair(g->pair, g->pair + crypto_box_PUBLICKEYBYTES);
    /* Without gpg the plugin is up and says what it lacks. */
    if (gpg_open(g, &err) < 0) {
        g->host->log(g->host, C138_LOG_ERROR, err.text);
        g->trouble = c138_xstrdup(err.text);
    }
    return C138_OK;
}

static void destroy(void *self) {
    struct gpg *g = self;
    gpg_close(g);
    settings_clear(&g->settings);
    settings_clear(&g->staged);
    if (g->pair)
        sodium_free(g->pair);
    free(g->home);
    free(g->trouble);
    free(g);
}

static uint32_t health(void *self, c138_text_fn on_text, void *user) {
    const struct gpg *g = self;
    C138_FREE char *text = g->trouble
                               ? c138_xstrdup(g->trouble)
                               : c138_xasprintf("%zu files of public keys", g->settings.n_files);
    on_text(user, text, strlen(text));
    return g->trouble ? C138_HEALTH_DEGRADED : C138_HEALTH_OK;
}

static const void *get_extension(void *self, const char *id) {
    static const c138_health table = {C138_SIZED(c138_health), .health = health};
    (void)self;
    return strcmp(id, C138_EXT_HEALTH) == 0 ? &table : NULL;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "gpg",
    .version = "0.1.0",
    .summary = "Encrypts for people with GnuPG",
    .license = "Apache-2.0",
    .settings = setting_fields,
    .actions = actions,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
