/*
 * wallet/mnemonic.h: a secret as words (BIP-39), and the seed that words stand for.
 *
 * 12, 15, 18, 21 or 24 words of a list of 2048; the last holds a checksum, so that a mistyped word
 * is found (not where: an error says which word is in no list, by its number, never the word). Text
 * is normalised to NFKD, ASCII letters to lower case, any white space to one space, before anything
 * else. Words are in `list`; NULL: English.
 */
#ifndef C138_WALLET_MNEMONIC_H
#define C138_WALLET_MNEMONIC_H
#include <wallet/secret.h>
#include <wallet/words.h>

#define MNEMONIC_TEXT_MAX 1024       /* bytes of words that are read */
#define MNEMONIC_PASSPHRASE_MAX 1024 /* bytes */
#define MNEMONIC_SEED 64

/* New words: 12, 15, 18, 21 or 24. */
c138_status mnemonic_new(const struct secret_host *host, const struct words *list, unsigned words,
                         struct secret *ret_text, struct c138_err *err);
/* 16, 20, 24, 28 or 32 bytes. */
c138_status mnemonic_from_entropy(const struct secret_host *host, const struct words *list,
                                  const uint8_t *entropy, size_t length, struct secret *ret_text,
                                  struct c138_err *err);
c138_status mnemonic_to_entropy(const struct secret_host *host, const struct words *list,
                                const char *text, size_t length, struct secret *ret_entropy,
                                struct c138_err *err);
/* 64 bytes for hd_from_seed(). Checks the words first. The passphrase (UTF-8, may be empty) cannot
 * be checked: another one is another seed. */
c138_status mnemonic_to_seed(const struct secret_host *host, const struct words *list,
                             const char *text, size_t length, const char *passphrase,
                             size_t passphrase_length, struct secret *ret_seed,
                             struct c138_err *err);
/* NFKD (Unicode 14, libunistring), ASCII by a plain copy. `max` bounds what is read. C138_E_INVALID
 * for what is no UTF-8. */
c138_status mnemonic_nfkd(const struct secret_host *host, const char *text, size_t length,
                          size_t max, struct secret *ret_text, struct c138_err *err);
#endif
