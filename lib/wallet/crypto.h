/*
 * wallet/crypto.h: the ciphers and derivations that key formats need, with their state in the
 * caller's secret memory.
 *
 * SHA-2, HMAC and PBKDF2 (RFC 8018) stand on libsodium, whose states the caller holds: OpenSSL's
 * PBKDF2 leaves its salt in freed memory, and in SLIP-39 half a secret is the salt. scrypt (RFC
 * 7914) is libsodium's, see docs/decisions/scrypt-of-libsodium.md. AES is OpenSSL's, which wipes
 * its contexts. Any thread.
 */
#ifndef C138_WALLET_CRYPTO_H
#define C138_WALLET_CRYPTO_H
#include <wallet/secret.h>

enum crypto_hash { CRYPTO_SHA256, CRYPTO_SHA512 };
struct crypto_bytes { /* borrowed */
    const void *bytes;
    size_t length;
};

/* HMAC over `text`; 32 or 64 bytes. */
c138_status crypto_hmac(const struct secret_host *host, enum crypto_hash hash,
                        struct crypto_bytes key, struct crypto_bytes text, uint8_t *ret_mac,
                        struct c138_err *err);
c138_status crypto_pbkdf2(const struct secret_host *host, enum crypto_hash hash,
                          struct crypto_bytes password, struct crypto_bytes salt,
                          uint64_t iterations, uint8_t *ret_key, size_t length,
                          struct c138_err *err);
/* n a power of two. The caller has bounded n, r and p: 128 * n * r bytes are needed. C138_E_LIMIT
 * when they are not to be had. */
c138_status crypto_scrypt(struct crypto_bytes password, struct crypto_bytes salt, uint64_t n,
                          uint32_t r, uint32_t p, uint8_t *ret_key, size_t length,
                          struct c138_err *err);
/* AES-128 or AES-256 by key.length (16, 32). Encrypts and decrypts alike. In place is allowed. */
c138_status crypto_aes_ctr(struct crypto_bytes key, const uint8_t iv[16], const uint8_t *in,
                           size_t length, uint8_t *ret_out, struct c138_err *err);
/* Decrypts and takes the padding (PKCS#7) off; C138_E_DENIED when it is none: the key is wrong.
 * `ret_out` has room for length bytes. */
c138_status crypto_aes128_cbc_open(const uint8_t key[16], const uint8_t iv[16], const uint8_t *in,
                                   size_t length, uint8_t *ret_out, size_t *ret_length,
                                   struct c138_err *err);
/* RIPEMD-160 of SHA-256, of public bytes. */
c138_status crypto_hash160(const void *bytes, size_t length, uint8_t ret_digest[20],
                           struct c138_err *err);
/* Base64 (RFC 4648, padded) to exactly `length` bytes, in constant time. */
c138_status crypto_base64_open(const char *text, size_t text_length, uint8_t *ret_bytes,
                               size_t length);
#endif
