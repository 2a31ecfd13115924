/*
 * The keys plugin: a signer in a process of its own. It has no network, sees no folder but its own
 * state folder, and refuses to run in a thread of the agent. What it hands out are signatures,
 * public keys and sealed files.
 *
 * Its folder:
 *   keys/NAME.json  the keys, sealed (ring.h)
 *   signed.log      what was signed (ledger.h)
 *   inbox/          where an operator lays a file that keys.import reads, and takes away afterwards
 *
 * Actions run one at a time on the plugin's one thread, so nothing here is locked.
 */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H
#include "ledger.h"
#include "limits.h"
#include "ring.h"
#include "vault.h"

#include <chain138/host.h>
#include <evm/secp.h>

#define KEYS_CONFIGS_MAX 256
#define KEYS_RULES_MAX 64

/* A key's section of the config: how it is opened, and what it may sign. */
struct keys_config {
    char *name, *password; /* the password: a reference */
    struct limits_rule *rules;
    size_t n_rules;
};

struct keys_settings {
    struct ring_costs costs;
    struct keys_config *configs;
    size_t n_configs;
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
c138_status keys_settings_prepare(struct keys *k, c138_call *settings);
void keys_settings_commit(struct keys *k, uint32_t apply);
/* NULL: the config has no section for this key. */
const struct keys_config *keys_config_of(const struct keys *k, const char *name);

/* What `reference` stands for, into the vault, without a line end at its end. */
c138_status keys_password(struct keys *k, c138_call *call, const char *reference,
                          struct secret *ret, struct c138_err *err);
/* The key, opened with the password of its section. */
c138_status keys_unlocked(struct keys *k, c138_call *call, const char *name,
                          const struct ring_key **ret_key, struct c138_err *err);
c138_status keys_fail(c138_call *call, c138_status status, const struct c138_err *err);

c138_status keys_list_run(void *self, c138_call *call);
c138_status keys_generate_run(void *self, c138_call *call);
c138_status keys_import_run(void *self, c138_call *call);
c138_status keys_lock_run(void *self, c138_call *call);
c138_status keys_policy_run(void *self, c138_call *call);
c138_status keys_sign_run(void *self, c138_call *call);
#endif
