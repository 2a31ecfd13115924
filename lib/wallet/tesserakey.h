/*
 * wallet/tesserakey.h: the private keys of Tessera (21.1.1; the format is that of every version
 * since 0.8), both ways.
 *
 * A key is 32 bytes of Curve25519 (NaCl box). In a file either
 * {"type":"unlocked","data":{"bytes":BASE64}}, or locked,
 * {"type":"argon2sbox","data":{"snonce","asalt","sbox","aopts":{"variant","iterations","memory"
 * (KiB),"parallelism"}}}: NaCl secretbox of the 32 bytes under Argon2 v1.3 (variant i, d or id) of
 * the password. Argon2 is libargon2's, as libsodium's knows one lane only and Tessera writes four.
 * EC keys (an unlocked PKCS#8) are recognised and refused.
 */
#ifndef C138_WALLET_TESSERAKEY_H
#define C138_WALLET_TESSERAKEY_H
#include <base/buf.h>
#include <wallet/secret.h>

#define TESSERAKEY_FILE_MAX 16384 /* bytes */
#define TESSERAKEY_TEXT 45        /* a public key in base64, with its NUL: what a .pub file holds */

struct tesserakey_argon {
    char variant[3]; /* "i", "d", "id" */
    uint32_t iterations, memory_kib, parallelism;
};
/* What Tessera takes by itself: 1 GiB. */
#define TESSERAKEY_TESSERA                                                                         \
    ((struct tesserakey_argon){                                                                    \
        .variant = "i", .iterations = 10, .memory_kib = 1048576, .parallelism = 4})
/* RFC 9106's second choice, for hosts with less memory: 64 MiB. */
#define TESSERAKEY_MODERATE                                                                        \
    ((struct tesserakey_argon){                                                                    \
        .variant = "id", .iterations = 3, .memory_kib = 65536, .parallelism = 4})

struct tesserakey_limits {
    uint64_t memory_bytes;
    uint64_t work; /* iterations * memory_kib; Tessera's own: 10485760 */
};
/* 2 GiB; eight times Tessera's. */
#define TESSERAKEY_LIMITS                                                                          \
    ((struct tesserakey_limits){.memory_bytes = UINT64_C(2) << 30, .work = 10485760 * 8})

struct tesserakey_info {
    int locked;
    struct tesserakey_argon argon; /* when locked */
};
/* Without a password. */
c138_status tesserakey_inspect(const struct secret_host *host, const char *text, size_t length,
                               struct tesserakey_info *ret_info, struct c138_err *err);
/* The key, 32 bytes. The password is not looked at when the file is unlocked. C138_E_DENIED
 * "tesserakey.password", C138_E_LIMIT "tesserakey.memory" and "tesserakey.work", C138_E_UNSUPPORTED
 * another type, C138_E_INVALID anything else. */
c138_status tesserakey_open(const struct secret_host *host, const char *text, size_t length,
                            const void *password, size_t password_length,
                            const struct tesserakey_limits *limits, struct secret *ret_key,
                            struct c138_err *err);
c138_status tesserakey_new(const struct secret_host *host, struct secret *ret_key,
                           struct c138_err *err);
/* The unlocked file: a secret. */
c138_status tesserakey_write(const struct secret_host *host, const uint8_t key[32],
                             struct secret *ret_text, struct c138_err *err);
/* The locked file into `out`. An empty password is refused: Tessera takes it for an unlocked key.
 */
c138_status tesserakey_lock(const struct secret_host *host, const uint8_t key[32],
                            const void *password, size_t password_length,
                            const struct tesserakey_argon *argon, struct c138_buf *out,
                            struct c138_err *err);
c138_status tesserakey_public(const uint8_t key[32], uint8_t ret_public[32], struct c138_err *err);
void tesserakey_public_text(const uint8_t public_key[32], char ret_text[TESSERAKEY_TEXT]);
#endif
