/*
 * The memory that key bytes live in: one region of memfd_secret(2), which neither another process,
 * a core nor the kernel's own mappings show; where the kernel has none, locked pages that no dump
 * holds. Of fixed size: who asks for more is told so. One thread.
 */
#ifndef KEYS_VAULT_H
#define KEYS_VAULT_H
#include <wallet/secret.h>

#define VAULT_SIZE (256u << 10) /* bytes; some hundred open keys and the work on one */

struct vault;
c138_status vault_new(struct vault **ret_vault, struct c138_err *err);
struct vault *vault_free(struct vault *v); /* wiped; returns NULL */
const struct secret_host *vault_host(struct vault *v);
const char *vault_kind(const struct vault *v); /* "memfd_secret", "locked memory" */
size_t vault_used(const struct vault *v);      /* bytes */
#endif
