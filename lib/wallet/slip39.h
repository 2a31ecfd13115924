/*
 * wallet/slip39.h: a secret in shares of words (SLIP-0039, with its `extendable` flag), for keys
 * that no single person may hold.
 *
 * Groups of members: `group_threshold` groups are needed, and in each of these its own threshold of
 * members. "Three of five people" is one group {3, 5} with a group threshold of 1. What is shared
 * is encrypted with the passphrase first; a wrong passphrase gives another secret and no error, by
 * design of the format: whoever restores compares the address.
 *
 * Arithmetic in GF(256) is free of branches and tables that depend on the secret. Shares are text:
 * one a line.
 */
#ifndef C138_WALLET_SLIP39_H
#define C138_WALLET_SLIP39_H
#include <wallet/secret.h>

#define SLIP39_SECRET_MAX 64      /* bytes; at least 16, even */
#define SLIP39_PASSPHRASE_MAX 256 /* bytes of printable ASCII */
#define SLIP39_EXPONENT_MAX 10    /* 10000 * 2^10 iterations are read and written: some seconds */
#define SLIP39_SHARES_MAX 256
#define SLIP39_TEXT_MAX 131072 /* bytes of shares that are read */

struct slip39_group {
    uint8_t threshold, count; /* 1..16; a threshold of 1 has a count of 1 */
};
struct slip39_options {
    uint8_t group_threshold; /* 1..n_groups */
    uint8_t n_groups;        /* 1..16 */
    struct slip39_group groups[16];
    uint8_t iteration_exponent; /* 1: 20000 iterations */
    uint8_t extendable;         /* 1: as wallets write since 2024 */
};
/* What a share says about itself: nothing secret. */
struct slip39_info {
    uint16_t identifier; /* 15 bits: shares of one set have the same */
    uint8_t extendable, iteration_exponent;
    uint8_t group_index, group_threshold, group_count; /* index from 0 */
    uint8_t member_index, member_threshold;
};

/* All shares, one a line, group by group, member by member. */
c138_status slip39_split(const struct secret_host *host, const uint8_t *secret, size_t length,
                         const char *passphrase, size_t passphrase_length,
                         const struct slip39_options *options, struct secret *ret_shares,
                         struct c138_err *err);
/*
 * Exactly the shares that are needed, one a line, in any order; the same line twice counts once.
 * Errors name the line ("share 3"): C138_E_INVALID for a share that is mistyped or belongs to
 * another set, C138_E_CONFLICT "slip39.count" for too few or too many.
 */
c138_status slip39_combine(const struct secret_host *host, const char *shares, size_t length,
                           const char *passphrase, size_t passphrase_length,
                           struct secret *ret_secret, struct c138_err *err);
/* One share. */
c138_status slip39_inspect(const struct secret_host *host, const char *share, size_t length,
                           struct slip39_info *ret_info, struct c138_err *err);
#endif
