/*
 * The gpg plugin: encrypts for people, with GnuPG through gpgme. It holds no key that opens anything:
 * recipients are public keys from files of the config, named by whole fingerprints. What it encrypts
 * comes sealed to this worker (a libsodium box for the key that `transport` tells), so that neither
 * the agent nor its log ever holds it. Its worker may start gpg, and has no network.
 *
 * Its folder: home/ GnuPG's own (public keys only).
 */
#ifndef GPG_GPG_H
#define GPG_GPG_H
#include <base/err.h>
#include <chain138/host.h>

#include <gpgme.h>

#define GPG_RECIPIENTS_MAX 64
#define GPG_FINGERPRINT 40
#define GPG_PLAIN_MAX 65536 /* bytes */

struct gpg_settings {
    char *program;
    char **files; /* with public keys */
    size_t n_files;
};

struct gpg {
    const c138_host *host;
    struct gpg_settings settings, staged;
    char *home;
    gpgme_ctx_t ctx;
    uint8_t *pair; /* sodium_malloc: 32 bytes public, 32 bytes secret; of this worker's life */
    char *trouble; /* why it cannot work; NULL: it can */
};

struct gpg_recipient {
    gpgme_key_t key; /* a reference */
    char fingerprint[GPG_FINGERPRINT + 1];
    uint64_t ids[8]; /* of its keys that may encrypt now */
    size_t n_ids;
};

/* Opens gpg in its home and takes the keys of the files in. */
c138_status gpg_open(struct gpg *g, struct c138_err *err);
void gpg_close(struct gpg *g);
/* The key of a whole fingerprint, fit to encrypt for now. C138_E_NOTFOUND "gpg.recipient": not in
 * the files. C138_E_INVALID: revoked, expired, or without a key for encryption. */
c138_status gpg_recipient_find(struct gpg *g, const char *fingerprint, struct gpg_recipient *ret,
                               struct c138_err *err);
void gpg_recipient_deinit(struct gpg_recipient *r);
/* ASCII armor. Afterwards it is made sure that the message names each recipient, and nobody else. */
c138_status gpg_encrypt(struct gpg *g, const struct gpg_recipient *to, size_t count,
                        const void *plain, size_t length, char **ret_armored, struct c138_err *err);
#endif
