/*
 * wallet/keystore.h: Ethereum keystore files, version 3 (the "Web3 Secret Storage Definition" of
 * the Ethereum wiki; geth's accounts/keystore), both ways.
 *
 * Read: kdf scrypt and pbkdf2 with hmac-sha256, cipher aes-128-ctr. Member names in any case (old
 * files say "Crypto"), version as a number or as text, hex with or without 0x, keys that lost their
 * leading zeros, and the words that ethers.js keeps beside a key
 * ("x-ethers", version 0.1). What a file asks for in memory and time is bounded before it is spent.
 */
#ifndef C138_WALLET_KEYSTORE_H
#define C138_WALLET_KEYSTORE_H
#include <base/buf.h>
#include <wallet/secret.h>

#define KEYSTORE_FILE_MAX 65536 /* bytes */
#define KEYSTORE_NAME 96        /* a file name with its NUL */

struct keystore_kdf {
    uint64_t c;       /* iterations of pbkdf2; 0: scrypt */
    uint64_t n, r, p; /* scrypt */
};
/* What geth calls standard (256 MiB, about a second) and light (4 MiB). */
#define KEYSTORE_STANDARD ((struct keystore_kdf){.n = 262144, .r = 8, .p = 1})
#define KEYSTORE_LIGHT ((struct keystore_kdf){.n = 4096, .r = 8, .p = 6})

struct keystore_limits {
    uint64_t memory_bytes; /* of scrypt: 128 * r * (n + p) */
    uint64_t work;         /* of scrypt: n * r * p; 2097152 is geth's standard */
    uint64_t iterations;   /* of pbkdf2 */
};
/* 1 GiB; 32 times geth's standard; 20 million. */
#define KEYSTORE_LIMITS                                                                            \
    ((struct keystore_limits){                                                                     \
        .memory_bytes = 1u << 30, .work = 1u << 26, .iterations = 20u * 1000 * 1000})

/* What a file says without its password. */
struct keystore_info {
    struct keystore_kdf kdf;
    uint64_t memory_bytes; /* that opening takes */
    int has_address;
    uint8_t address[20];
    int has_words; /* ethers.js keeps a mnemonic in it */
    char id[40];   /* as it stands there, cut */
};
c138_status keystore_inspect(const char *text, size_t length, struct keystore_info *ret_info,
                             struct c138_err *err);
/*
 * The key, 32 bytes. Errors: C138_E_DENIED "keystore.password" (wrong, or the file is damaged: the
 * format cannot tell), C138_E_LIMIT "keystore.memory" or "keystore.work", C138_E_UNSUPPORTED
 * another version, kdf or cipher, C138_E_CONFLICT "keystore.address" the key is not that of the
 * address in the file, C138_E_INVALID anything else. `ret_entropy` (may be NULL) gets the entropy
 * of ethers.js's words, for mnemonic_from_entropy(), SECRET_NULL without any. Passwords are taken
 * as bytes, as geth does; ethers.js brings them to NFKC first.
 */
c138_status keystore_open(const struct secret_host *host, const char *text, size_t length,
                          const void *password, size_t password_length,
                          const struct keystore_limits *limits, struct secret *ret_key,
                          struct secret *ret_entropy, struct c138_err *err);
/* As geth writes it, one line, into `out`. */
c138_status keystore_write(const struct secret_host *host, const uint8_t key[32],
                           const void *password, size_t password_length,
                           const struct keystore_kdf *kdf, struct c138_buf *out,
                           struct c138_err *err);
/* "UTC--2026-01-31T10-20-30.123456789Z--ADDRESS", geth's. `now_ns`: UTC since 1970. */
void keystore_name(const uint8_t address[20], int64_t now_ns, char ret_name[KEYSTORE_NAME]);

/*
 * The Ethereum presale's wallets (2014): {"encseed", "ethaddr", ...}. The key, 32 bytes. Same
 * errors as keystore_open().
 */
c138_status keystore_open_presale(const struct secret_host *host, const char *text, size_t length,
                                  const void *password, size_t password_length,
                                  struct secret *ret_key, struct c138_err *err);
#endif
