/*
 * The keys of this host: one file each in the key folder, sealed; opened in the vault when one is
 * used first, and closed when it is locked.
 *
 * "NAME.json" of an account or a node is an Ethereum keystore of version 3 with one member more,
 * "chain138": {"kind","created","public"}, which other programs pass over, so that the file is of
 * use without this agent. A Tessera key is {"chain138": {...}, "config": what Tessera's own files
 * hold}. A file is written beside, synced, and linked to its name only where there is none: a key is
 * never overwritten. One thread.
 */
#ifndef KEYS_RING_H
#define KEYS_RING_H
#include <base/json.h>
#include <wallet/keystore.h>
#include <wallet/secret.h>
#include <wallet/tesserakey.h>

#define RING_NAME 64 /* with its NUL: a-z, 0-9, - and _; begins with a letter or a digit */

enum ring_kind { RING_ACCOUNT, RING_NODE, RING_TESSERA };
const char *ring_kind_name(enum ring_kind kind); /* "account" */
/* -1: none of that name. */
int ring_kind_of(const char *name);

struct ring_key {
    char name[RING_NAME];
    enum ring_kind kind;
    int64_t created_ns;
    uint8_t public_key[64]; /* 32 of them for Tessera */
    uint8_t address[20];    /* accounts and nodes */
    struct secret secret;   /* SECRET_NULL: closed */
};

struct ring_costs {
    struct keystore_kdf kdf;
    struct tesserakey_argon argon;
};

struct ring;
/* Reads what the folder holds; makes it if there is none. A file that cannot be read is an entry of
 * ring_troubles(), not a failure: the other keys are needed. */
c138_status ring_open(const char *folder, const struct secret_host *host, struct ring **ret_ring,
                      struct c138_err *err);
struct ring *ring_free(struct ring *r); /* wiped; returns NULL */
size_t ring_count(const struct ring *r);
const struct ring_key *ring_at(const struct ring *r, size_t index); /* by name */
const struct ring_key *ring_find(const struct ring *r, const char *name);
size_t ring_troubles(const struct ring *r);
const char *ring_trouble(const struct ring *r, size_t index);

/* Makes a key, or takes `secret` (32 bytes, copied); seals it with the password. C138_E_CONFLICT
 * "keys.exists": the name is taken, or another name holds the same key. The new key is closed. */
c138_status ring_add(struct ring *r, const char *name, enum ring_kind kind,
                     const struct secret *secret, const struct secret *password,
                     const struct ring_costs *costs, int64_t now_ns,
                     const struct ring_key **ret_key, struct c138_err *err);
/* Opens a key; nothing to do where it is open. C138_E_DENIED: the password is wrong. C138_E_CONFLICT
 * "keys.changed": the file does not hold the key that it says it does. */
c138_status ring_unlock(struct ring *r, const char *name, const struct secret *password,
                        const struct ring_key **ret_key, struct c138_err *err);
/* An open key, sealed with another password: what a backup holds. */
c138_status ring_seal_copy(const struct ring *r, const struct ring_key *key,
                           const struct secret *password, const struct ring_costs *costs,
                           struct c138_json **ret_file, struct c138_err *err);
/* What such a copy holds, opened: `ret_key` without its name (its secret is the caller's). Errors as
 * ring_unlock(). */
c138_status ring_open_copy(const struct ring *r, const char *name, const struct c138_json *file,
                           const struct secret *password, struct ring_key *ret_key,
                           struct c138_err *err);
void ring_lock(struct ring *r, const char *name); /* NULL: all */
c138_status ring_name_check(const char *name, struct c138_err *err);
#endif
