#include <wallet/crypto.h>

#include <base/text.h>

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

/* libsodium chooses its fast forms here; it may be called any number of times, from any thread. */
static c138_status ready(struct c138_err *err) {
    return sodium_init() < 0 ? c138_error(err, C138_E_UNAVAILABLE, "crypto.sodium",
                                          "libsodium does not start: is /dev/urandom there?")
                             : C138_OK;
}

union hmac_state {
    crypto_auth_hmacsha256_state s256;
    crypto_auth_hmacsha512_state s512;
};

/* All that one derivation keeps, in secret memory. */
struct hmac_work {
    union hmac_state keyed, running;
    uint8_t block[64], sum[64];
};

static size_t hash_size(enum crypto_hash hash) {
    return hash == CRYPTO_SHA256 ? 32 : 64;
}

static void hmac_key(enum crypto_hash hash, union hmac_state *s, struct crypto_bytes key) {
    if (hash == CRYPTO_SHA256)
        crypto_auth_hmacsha256_init(&s->s256, key.bytes, key.length);
    else
        crypto_auth_hmacsha512_init(&s->s512, key.bytes, key.length);
}

static void hmac_update(enum crypto_hash hash, union hmac_state *s, const void *bytes,
                        size_t length) {
    if (hash == CRYPTO_SHA256)
        crypto_auth_hmacsha256_update(&s->s256, bytes, length);
    else
        crypto_auth_hmacsha512_update(&s->s512, bytes, length);
}

static void hmac_final(enum crypto_hash hash, union hmac_state *s, uint8_t *ret_mac) {
    if (hash == CRYPTO_SHA256)
        crypto_auth_hmacsha256_final(&s->s256, ret_mac);
    else
        crypto_auth_hmacsha512_final(&s->s512, ret_mac);
}

c138_status crypto_hmac(const struct secret_host *host, enum crypto_hash hash,
                        struct crypto_bytes key, struct crypto_bytes text, uint8_t *ret_mac,
                        struct c138_err *err) {
    SECRET memory = SECRET_NULL;
    c138_status status = ready(err);
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(union hmac_state), err);
    if (status != C138_OK)
        return status;
    union hmac_state *s = (void *)memory.bytes;
    hmac_key(hash, s, key);
    hmac_update(hash, s, text.bytes, text.length);
    hmac_final(hash, s, ret_mac);
    return C138_OK;
}

/* One block of RFC 8018, 5.2: U1 xor U2 ... into w->sum. */
static void pbkdf2_block(enum crypto_hash hash, struct hmac_work *w, struct crypto_bytes salt,
                         uint32_t index, uint64_t iterations) {
    const uint8_t be[4] = {(uint8_t)(index >> 24), (uint8_t)(index >> 16), (uint8_t)(index >> 8),
                           (uint8_t)index};
    size_t size = hash_size(hash);
    w->running = w->keyed;
    hmac_update(hash, &w->running, salt.bytes, salt.length);
    hmac_update(hash, &w->running, be, sizeof(be));
    hmac_final(hash, &w->running, w->block);
    memcpy(w->sum, w->block, size);
    for (uint64_t i = 1; i < iterations; i++) {
        w->running = w->keyed;
        hmac_update(hash, &w->running, w->block, size);
        hmac_final(hash, &w->running, w->block);
        for (size_t j = 0; j < size; j++)
            w->sum[j] ^= w->block[j];
    }
}

c138_status crypto_pbkdf2(const struct secret_host *host, enum crypto_hash hash,
                          struct crypto_bytes password, struct crypto_bytes salt,
                          uint64_t iterations, uint8_t *ret_key, size_t length,
                          struct c138_err *err) {
    SECRET memory = SECRET_NULL;
    c138_status status = ready(err);
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(struct hmac_work), err);
    if (status != C138_OK)
        return status;
    struct hmac_work *w = (void *)memory.bytes;
    hmac_key(hash, &w->keyed, password);
    for (uint32_t index = 1; length; index++) {
        size_t n = length < hash_size(hash) ? length : hash_size(hash);
        pbkdf2_block(hash, w, salt, index, iterations);
        memcpy(ret_key, w->sum, n);
        ret_key += n;
        length -= n;
    }
    return C138_OK;
}

c138_status crypto_scrypt(struct crypto_bytes password, struct crypto_bytes salt, uint64_t n,
                          uint32_t r, uint32_t p, uint8_t *ret_key, size_t length,
                          struct c138_err *err) {
    c138_status status = ready(err);
    if (status != C138_OK)
        return status;
    if (crypto_pwhash_scryptsalsa208sha256_ll(password.bytes, password.length, salt.bytes,
                                              salt.length, n, r, p, ret_key, length) == 0)
        return C138_OK;
    if (errno == ENOMEM)
        return c138_error(err, C138_E_LIMIT, "crypto.memory",
                          "scrypt needs %" PRIu64 " MiB that are not to be had: raise the memory "
                          "limit of this process (a plugin's: memory_max)",
                          (128 * n * r) >> 20);
    return c138_error(err, C138_E_INVALID, "crypto.scrypt",
                      "scrypt does not take n %" PRIu64 ", r %" PRIu32 ", p %" PRIu32, n, r, p);
}

static c138_status openssl_failed(struct c138_err *err) {
    return c138_error(err, C138_E_INTERNAL, "crypto.openssl",
                      "OpenSSL refused an AES operation: is its default provider switched off?");
}

c138_status crypto_aes_ctr(struct crypto_bytes key, const uint8_t iv[16], const uint8_t *in,
                           size_t length, uint8_t *ret_out, struct c138_err *err) {
    if (length > INT_MAX)
        return C138_E_LIMIT;
    const EVP_CIPHER *cipher = key.length == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    int ok = c && EVP_EncryptInit_ex(c, cipher, NULL, key.bytes, iv) == 1 &&
             EVP_EncryptUpdate(c, ret_out, &n, in, (int)length) == 1 && (size_t)n == length;
    EVP_CIPHER_CTX_free(c);
    return ok ? C138_OK : openssl_failed(err);
}

c138_status crypto_aes128_cbc_open(const uint8_t key[16], const uint8_t iv[16], const uint8_t *in,
                                   size_t length, uint8_t *ret_out, size_t *ret_length,
                                   struct c138_err *err) {
    if (length > INT_MAX)
        return C138_E_LIMIT;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0, rest = 0;
    int ok = c && EVP_DecryptInit_ex(c, EVP_aes_128_cbc(), NULL, key, iv) == 1 &&
             EVP_DecryptUpdate(c, ret_out, &n, in, (int)length) == 1;
    int padded = ok && EVP_DecryptFinal_ex(c, ret_out + n, &rest) == 1;
    EVP_CIPHER_CTX_free(c);
    if (!ok)
        return openssl_failed(err);
    if (!padded)
        return c138_error(err, C138_E_DENIED, "crypto.padding", "the password is wrong");
    *ret_length = (size_t)(n + rest);
    return C138_OK;
}

c138_status crypto_hash160(const void *bytes, size_t length, uint8_t ret_digest[20],
                           struct c138_err *err) {
    uint8_t sha[32];
    unsigned n = 0;
    c138_sha256(bytes, length, sha);
    if (EVP_Digest(sha, sizeof(sha), ret_digest, &n, EVP_ripemd160(), NULL) == 1 && n == 20)
        return C138_OK;
    return c138_error(
        err, C138_E_UNSUPPORTED, "crypto.ripemd160",
        "this OpenSSL has no RIPEMD-160 (it came back in 3.0.7): extended keys cannot be "
        "told from their parents");
}

c138_status crypto_base64_open(const char *text, size_t text_length, uint8_t *ret_bytes,
                               size_t length) {
    size_t n = 0;
    return sodium_base642bin(ret_bytes, length, text, text_length, NULL, &n, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
                   n == length
               ? C138_OK
               : C138_E_INVALID;
}
