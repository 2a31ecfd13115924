/*
 * Whom an OpenPGP message is for (RFC 4880, 5.1): the key ids of its leading packets, "Public-Key
 * Encrypted Session Key", version 3. Pure; any thread.
 */
#ifndef GPG_PACKETS_H
#define GPG_PACKETS_H
#include <base/buf.h>
#include <base/err.h>

#define PACKETS_MESSAGE_MAX (1u << 20) /* bytes of armor */

/* The bytes of the one armored message in `text` (RFC 4880, 6.2; the checksum is left to gpg). */
c138_status packets_dearmor(const char *text, size_t length, struct c138_buf *out,
                            struct c138_err *err);
/* *ret_count ids, at most `max` (C138_E_LIMIT beyond). C138_E_INVALID: no encrypted message, or one
 * that a password opens. */
c138_status packets_recipients(const void *message, size_t length, uint64_t *ret_ids, size_t max,
                               size_t *ret_count, struct c138_err *err);
#endif
