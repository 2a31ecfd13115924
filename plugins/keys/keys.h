/*
 * The keys plugin: a signer in a process of its own. It has no network, sees no folder but its own
 * state folder (and what a token's module needs, if a section names one), and refuses to run in a
 * thread of the agent. What it hands out are signatures, public keys and sealed files.
 *
 * Its folder:
 *   keys/NAME.json      the keys, sealed (ring.h)
 *   signed.log          what was signed (ledger.h)
 *   inbox/              where an operator lays a file that is read, and taken away if it is secret
 *   backups/ID.json     what keys.backup wrote (backup.c)
 *   rotations/ID.json   rotations, step by step (rotation.h)
 *   outbox/             what is meant for others: fragments of Tessera's config
 *
 * Actions run one at a time on the plugin's one thread, so nothing here is locked. The long ones
 * (keys.rotate) run beside it and touch nothing of this but `host`: whatever they need they ask for
 * over the bus, as anybody else would.
 */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H
#include "ledger.h"
#include "limits.h"
#include "ring.h"
#include "token.h"
#include "vault.h"

#include <chain138/host.h>
#include <evm/secp.h>

#define KEYS_CONFIGS_MAX 256
#define KEYS_RULES_MAX 64
#define KEYS_HOLDERS_MAX 16 /* of a backup: SLIP-39 knows no more in a group */

/* A key's section of the config: how it is opened, and what it may sign. */
struct keys_config {
    char *name, *password; /* the password: a reference; NULL: it is on a token */
    struct limits_rule *rules;
    size_t n_rules;
    struct token_config *token_config; /* NULL: it is a file */
    struct token *token;               /* NULL: not yet opened */
    int pin_refused;
};

struct keys_settings {
    struct ring_costs costs;
    struct keys_config *configs;
    size_t n_configs;
    char *holders[KEYS_HOLDERS_MAX]; /* of a backup: fingerprints */
    size_t n_holders;
    uint64_t holders_min;
};

struct keys {
    const c138_host *host;
    struct keys_settings settings, staged;
    struct vault *vault;
    struct ring *ring;
    struct ledger *ledger;
    struct c138_secp *secp;
};

extern const c138_field *const keys_setting_fields[];
extern const c138_action *const keys_actions[];
c138_status keys_settings_prepare(struct keys *k, c138_call *settings);
void keys_settings_commit(struct keys *k, uint32_t apply);
/* NULL: the config has no section for this key. */
const struct keys_config *keys_config_of(const struct keys *k, const char *name);
struct keys_config *keys_config_for(struct keys *k, const char *name);
c138_status keys_config_needed(const struct keys *k, const char *name,
                               const struct keys_config **ret, struct c138_err *err);

/* --- open.c --- */
/* What `reference` stands for, into the vault, without a line end at its end. */
c138_status keys_password(struct keys *k, c138_call *call, const char *reference,
                          struct secret *ret, struct c138_err *err);
/* The password of a key's section, or the one that the call brings (its parameter `password`). */
c138_status keys_password_of(struct keys *k, c138_call *call, const struct keys_config *config,
                             struct secret *ret, struct c138_err *err);
/* The key, opened with the password of its section. */
c138_status keys_unlocked(struct keys *k, c138_call *call, const char *name,
                          const struct ring_key **ret_key, struct c138_err *err);
/* The token of a section that names one; without a PIN its public key is known. */
c138_status keys_token(struct keys_config *c, struct token **ret, struct c138_err *err);
c138_status keys_token_open(struct keys *k, c138_call *call, struct keys_config *c,
                            struct token **ret, struct c138_err *err);
/* What signs under this name: one of the two. */
struct signer {
    const struct ring_key *key;
    struct token *token;
};
c138_status keys_signer(struct keys *k, c138_call *call, const char *name, struct signer *ret,
                        struct c138_err *err);
c138_status keys_fail(c138_call *call, c138_status status, const struct c138_err *err);
/* Another plugin's action, or the plan of it: its result, or its failure with its words. `params`
 * NULL: none. Any thread. */
c138_status keys_ask(const struct keys *k, c138_call *call, const char *action,
                     const struct c138_json *params, struct c138_json **ret, struct c138_err *err);
c138_status keys_ask_plan(const struct keys *k, c138_call *call, const char *action,
                          const struct c138_json *params, struct c138_json **ret,
                          struct c138_err *err);

/* --- actions.c --- */
/* The path of a file of the inbox. */
c138_status keys_inbox_path(const struct keys *k, const char *file, char **ret,
                            struct c138_err *err);
/* A secret file: overwritten, then unlinked. */
void keys_take_away(const char *path, size_t length);
void keys_set_key(c138_call *call, const struct ring_key *key);

c138_status keys_list_run(void *self, c138_call *call);
c138_status keys_generate_run(void *self, c138_call *call);
c138_status keys_import_run(void *self, c138_call *call);
c138_status keys_unlock_run(void *self, c138_call *call);
c138_status keys_lock_run(void *self, c138_call *call);
/* --- sign.c --- */
c138_status keys_policy_run(void *self, c138_call *call);
c138_status keys_sign_run(void *self, c138_call *call);
/* --- backup.c, restore.c --- */
c138_status keys_backup_run(void *self, c138_call *call);
c138_status keys_restore_run(void *self, c138_call *call);
/* --- rotate.c --- */
c138_status keys_rotate_run(void *self, c138_call *call);
c138_status keys_rotations_run(void *self, c138_call *call);
#endif
