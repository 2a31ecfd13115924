#include "keys.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

C138_PLUGIN_NOTE("keys", "0.1.0", C138_PLUGIN_WORKER_ONLY | C138_PLUGIN_NO_NETWORK);

#define STR(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define UINT(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .summary = s)
#define YES(n, s) C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s)
#define KIND(...)                                                                                  \
    C138_FIELD(.name = "kind", .type = C138_T_ENUM,                                                \
               .choices = C138_TEXTS("account", "node", "tessera"),                                \
               .summary = "What it is the key of" __VA_OPT__(, ) __VA_ARGS__)
#define PUBLIC                                                                                     \
    C138_FIELD(.name = "address", .type = C138_T_ADDRESS,                                          \
               .summary = "Its address; a Tessera key has none"),                                  \
        STR("public_key", "Its public key: 64 bytes in hex, or Tessera's base64")
#define CREATED C138_FIELD(.name = "created", .type = C138_T_TIME, .summary = "When it came here")
#define NEW_NAME                                                                                   \
    STR("name", "The key's name; the config has a section for it",                                 \
        .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .max_text = "63")
#define KEY_RESULT STR("name", "Its name"), KIND(), PUBLIC, CREATED
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define TEXTS(n, s, m, ms)                                                                         \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s, .fields = C138_FIELDS(STR(m, ms)))

static const c138_action list_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "list",
    .summary = "The keys of this host",
    .example = "",
    .results = C138_FIELDS(
        ROWS("keys", "The keys", KEY_RESULT, YES("open", "It is open in the signer's memory"),
             YES("configured", "The config has a section for it"),
             UINT("rules", "Rules that say what it may sign")),
        TEXTS("troubles", "Files of the key folder that are no keys", "text", "File and reason"),
        STR("memory", "Where open keys are: memfd_secret, or locked memory")),
    .run = keys_list_run,
};

static const c138_action generate_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .name = "generate",
    .summary = "Make a new key, sealed with the password of its section",
    .help = "The key is made in the signer and leaves it only sealed. It signs nothing until the "
            "rules of its section allow something.",
    .example = "treasury",
    .lock = "keys",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params = C138_FIELDS(NEW_NAME, KIND(.default_text = "account")),
    .results = C138_FIELDS(KEY_RESULT),
    .run = keys_generate_run,
};

static const c138_action import_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .name = "import",
    .summary = "Take a key from a file in the signer's inbox",
    .help =
        "The signer sees no folder but its own: lay the file into the folder inbox there, with "
        "the owner of the agent. It is read by the signer alone, overwritten and removed when the "
        "key is sealed. Formats: Ethereum keystore (version 3), a raw key as Besu writes it, a key "
        "of Tessera (locked or not), a mnemonic (BIP-39 in English, with a BIP-32 path).",
    .example = "treasury --file old-wallet.json --file-password cred:old-wallet",
    .lock = "keys",
    .timeout_ns = 120 * C138_NS_PER_S,
    .params = C138_FIELDS(
        NEW_NAME, KIND(.default_text = "account"),
        STR("file", "Name of the file in the inbox", .flags = C138_FIELD_REQUIRED,
            .max_text = "255"),
        C138_FIELD(.name = "format", .type = C138_T_ENUM, .default_text = "auto",
                   .choices = C138_TEXTS("auto", "keystore", "raw", "tessera", "mnemonic"),
                   .summary = "What the file holds"),
        C138_FIELD(.name = "file_password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,
                   .summary = "What the file is sealed with"),
        STR("path", "Path of the key below a mnemonic", .default_text = "m/44'/60'/0'/0/0",
            .max_text = "255")),
    .results = C138_FIELDS(KEY_RESULT),
    .run = keys_import_run,
};

static const c138_action lock_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "lock",
    .summary = "Wipe open keys from the signer's memory",
    .example = "",
    .params = C138_FIELDS(STR("name", "Only this one", .flags = C138_FIELD_POSITIONAL,
                              .complete = "keys.list#name", .max_text = "63")),
    .results = C138_FIELDS(UINT("bytes_held", "What the signer's secret memory still holds")),
    .run = keys_lock_run,
};

static const c138_action policy_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "policy",
    .summary = "What each key may sign, and how much of it is used",
    .example = "",
    .params = C138_FIELDS(STR("key", "Only this one", .flags = C138_FIELD_POSITIONAL,
                              .complete = "keys.list#name", .max_text = "63")),
    .results = C138_FIELDS(ROWS(
        "rules", "The rules", STR("key", "Key"), STR("rule", "Name of the rule"),
        UINT("chain_id", "Chain"), TEXTS("to", "Addresses", "address", "An address, or *"),
        TEXTS("calls", "Selectors", "call", "A selector, \"\" or *"),
        YES("creates", "It may make contracts"),
        C138_FIELD(.name = "max_value", .type = C138_T_WEI, .unit = "wei",
                   .summary = "The most that one transaction may carry"),
        C138_FIELD(.name = "max_gas_price", .type = C138_T_WEI, .unit = "wei",
                   .summary = "The most for a unit of gas"),
        UINT("max_gas", "The highest gas limit"), UINT("per_hour", "Signatures in any 60 minutes"),
        UINT("used", "Signatures in the last 60 minutes"), YES("now", "Its window is open"))),
    .run = keys_policy_run,
};

static const c138_action sign_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_CHAIN,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "sign",
    .summary = "Sign transactions that the key's rules allow",
    .help = "The signer reads each transaction itself and checks it against the rules of the key's "
            "section, whoever asks. What was signed is written down before a signature leaves. "
            "The same bytes give the same signature, and count once. Of several, all are signed or "
            "none.",
    .example = "treasury --transactions 0xea80...808080",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params = C138_FIELDS(
        STR("key", "Name of the key", .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
            .complete = "keys.list#name", .max_text = "63"),
        C138_FIELD(.name = "transactions", .type = C138_T_LIST, .flags = C138_FIELD_REQUIRED,
                   .min_text = "1", .max_text = "256",
                   .summary = "Unsigned transactions, encoded (types 0, 1 and 2)",
                   .fields = C138_FIELDS(
                       C138_FIELD(.name = "transaction", .type = C138_T_BYTES, .summary = "One")))),
    .results = C138_FIELDS(
        ROWS("signed", "The same in order, signed",
             C138_FIELD(.name = "raw", .type = C138_T_BYTES, .summary = "The signed transaction"),
             C138_FIELD(.name = "hash", .type = C138_T_HASH32, .summary = "Its hash"),
             C138_FIELD(.name = "from", .type = C138_T_ADDRESS, .summary = "Who signed"),
             STR("rule", "The rule that allowed it"),
             YES("repeated", "These bytes were signed before, in the last day"))),
    .run = keys_sign_run,
};

static const c138_action *const actions[] = {&list_action, &generate_action, &import_action,
                                             &lock_action, &policy_action,   &sign_action,
                                             NULL};

/* --- Life ------------------------------------------------------------------------------------ */

static c138_status create(const c138_host *host, void **ret_self) {
    struct keys *k = c138_xcalloc(1, sizeof(*k));
    k->host = host;
    *ret_self = k;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    return keys_settings_prepare(self, settings);
}

static void commit(void *self, uint32_t apply) {
    keys_settings_commit(self, apply);
}

/* Neither a core nor another process of the same user reads this one. Not where a sanitizer looks
 * for leaks in the way of a debugger. */
static void close_to_others(const c138_host *host) {
#ifndef C138_SANITIZED
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        host->log(host, C138_LOG_WARNING, "keys: this process can be traced by others of its user");
#else
    (void)host;
#endif
}

static c138_status open_all(struct keys *k, struct c138_err *err) {
    C138_FREE char *folder = c138_path_join(k->host->state_dir, "keys");
    C138_FREE char *inbox = c138_path_join(k->host->state_dir, "inbox");
    C138_FREE char *log = c138_path_join(k->host->state_dir, "signed.log");
    c138_status status = vault_new(&k->vault, err);
    if (status >= 0)
        status = c138_mkdir_p(inbox, 0700, err);
    if (status >= 0)
        status = ring_open(folder, vault_host(k->vault), &k->ring, err);
    if (status >= 0)
        status = ledger_open(log, k->host->now_ns(k->host, C138_CLOCK_UTC), &k->ledger, err);
    k->secp = c138_secp_new();
    if (status >= 0 && !k->secp)
        status = c138_error(err, C138_E_INTERNAL, "keys.random", "the kernel gives no randomness");
    return status;
}

static c138_status start(void *self) {
    struct keys *k = self;
    struct c138_err err = {0};
    close_to_others(k->host);
    c138_status status = open_all(k, &err);
    if (status < 0)
        k->host->log(k->host, C138_LOG_ERROR, err.text);
    for (size_t i = 0; status >= 0 && i < ring_troubles(k->ring); i++)
        k->host->log(k->host, C138_LOG_WARNING, ring_trouble(k->ring, i));
    return status;
}

static void stop(void *self) {
    struct keys *k = self;
    if (k->ring)
        ring_lock(k->ring, NULL);
}

static void destroy(void *self) {
    struct keys *k = self;
    keys_settings_commit(k, 0);
    keys_settings_commit(k, 1);
    (void)ring_free(k->ring);
    (void)ledger_close(k->ledger);
    (void)vault_free(k->vault);
    (void)c138_secp_free(k->secp);
    free(k);
}

static uint32_t health(void *self, c138_text_fn on_text, void *user) {
    const struct keys *k = self;
    size_t open = 0;
    for (size_t i = 0; k->ring && i < ring_count(k->ring); i++)
        open += ring_at(k->ring, i)->secret.bytes != NULL;
    C138_FREE char *text =
        c138_xasprintf("%zu keys, %zu open, in %s", k->ring ? ring_count(k->ring) : 0, open,
                       k->vault ? vault_kind(k->vault) : "no memory");
    on_text(user, text, strlen(text));
    return k->ring && !ring_troubles(k->ring) ? C138_HEALTH_OK : C138_HEALTH_DEGRADED;
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
    .name = "keys",
    .version = "0.1.0",
    .summary = "Holds keys and signs what their rules allow",
    .license = "Apache-2.0",
    .settings = keys_setting_fields,
    .actions = actions,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
