/*
 * What was signed: a file of the signer's own, one line of JSON for each transaction, synced before
 * a signature leaves. From it come the rates of the rules, over restarts too, and the answer whether
 * these very bytes were signed before (then they cost nothing again: signatures are deterministic).
 *
 * A time in the future, after a clock was set back, counts as now: a rate never loosens by itself.
 * A half line at the end was never acknowledged and is cut. When the file grew by LEDGER_FILE_MAX
 * bytes it is kept as "<path>.1" and begun anew with the last day. One thread.
 */
#ifndef KEYS_LEDGER_H
#define KEYS_LEDGER_H
#include <base/err.h>

#include <stddef.h>

#define LEDGER_FILE_MAX (16u << 20)

struct ledger;
struct ledger_entry {
    const char *key, *rule;
    uint64_t chain_id, nonce;
    const char *to;      /* address, "" for a new contract */
    const char *value;   /* wei, decimal */
    const uint8_t *hash; /* 32 bytes: of what was signed */
};

/* `now_ns`: UTC. A line that is no entry is C138_E_INVALID with its number: the file says what was
 * signed, so nothing is guessed. */
c138_status ledger_open(const char *path, int64_t now_ns, struct ledger **ret_ledger,
                        struct c138_err *err);
struct ledger *ledger_close(struct ledger *l); /* returns NULL */
/* 1: this key signed this hash in the last day. */
int ledger_has(const struct ledger *l, const char *key, const uint8_t hash[32]);
uint64_t ledger_used(const struct ledger *l, const char *key, const char *rule, int64_t now_ns);
/* Counts from now on; nothing may be signed for it before ledger_flush(). */
void ledger_stage(struct ledger *l, const struct ledger_entry *e, int64_t now_ns);
void ledger_unstage(struct ledger *l); /* what is staged never was */
/* All that is staged is on disk when it returns C138_OK; else none of it is, nor counts. */
c138_status ledger_flush(struct ledger *l, struct c138_err *err);
uint64_t ledger_count(const struct ledger *l); /* entries of the last day */
#endif
