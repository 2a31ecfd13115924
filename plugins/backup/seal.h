/*
 * Bytes on their way through OpenPGP (gpgme), as a stream: a thread of its own runs gpg between two
 * pipes or callbacks, so that whoever packs or unpacks goes on pushing or pulling.
 *
 * gpg does not compress: what comes here is compressed already, and compressing it again made 400 MB
 * take nine times as long. Every recipient can open it, and each is found as a key first: an
 * object that one of them cannot read is not written.
 */
#ifndef BACKUP_SEAL_H
#define BACKUP_SEAL_H
#include <base/err.h>

struct seal;
typedef c138_status (*seal_out)(void *user, const void *bytes, size_t length, struct c138_err *err);

/* Finds every recipient's key; C138_E_NOTFOUND "seal.recipient" names the one that is missing or
 * cannot encrypt. `home` NULL: gpg's own. */
c138_status seal_check(const char *home, const char *const *recipients, struct c138_err *err);
/* What is put in comes out encrypted through `out`, called on the seal's thread. */
c138_status seal_begin(const char *home, const char *const *recipients, seal_out out, void *user,
                       struct seal **ret_seal, struct c138_err *err);
c138_status seal_put(struct seal *s, const void *bytes, size_t length, struct c138_err *err);
/* Waits until all came out. Frees the seal in every case. */
c138_status seal_end(struct seal *s, struct c138_err *err);
/* Gives up: nothing more comes out after it returned. */
struct seal *seal_abort(struct seal *s);

/* The way back: plain bytes are pulled, cipher bytes are fetched with `in` on the opener's thread. */
struct opener;
typedef c138_status (*opener_in)(void *user, void *into, size_t max, size_t *ret_length,
                                 struct c138_err *err);
c138_status opener_begin(const char *home, opener_in in, void *user, struct opener **ret_opener,
                         struct c138_err *err);
/* *ret_length 0: the end. A file that was cut or changed fails here, at the end at the latest. */
c138_status opener_read(struct opener *o, void *into, size_t max, size_t *ret_length,
                        struct c138_err *err);
/* Frees; the status of the whole when it was read to its end. */
c138_status opener_end(struct opener *o, struct c138_err *err);
#endif
