#include "rig.h"

#include <wallet/crypto.h>

#include <string.h>

#define TEXT(s) ((struct crypto_bytes){(s), sizeof(s) - 1})

static int same_hex(const uint8_t *bytes, const char *hex) {
    uint8_t want[128];
    size_t n = 0;
    rig_hex(hex, want, sizeof(want), &n);
    return !memcmp(bytes, want, n);
}

/* RFC 4231, case 2. */
static void hmac(void) {
    struct rig *r = rig_new();
    uint8_t mac[64];
    CU_ASSERT_EQUAL(crypto_hmac(&r->host, CRYPTO_SHA256, TEXT("Jefe"),
                                TEXT("what do ya want for nothing?"), mac, NULL),
                    C138_OK);
    CU_ASSERT(same_hex(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    CU_ASSERT_EQUAL(crypto_hmac(&r->host, CRYPTO_SHA512, TEXT("Jefe"),
                                TEXT("what do ya want for nothing?"), mac, NULL),
                    C138_OK);
    CU_ASSERT(same_hex(mac,
                       "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75"
                       "c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"));
    rig_free(r);
}

struct derived {
    enum crypto_hash hash;
    struct crypto_bytes password, salt;
    uint64_t iterations;
    size_t length;
    const char *key;
};

/* RFC 7914, section 11, and a long one of SHA-512 as Python's hashlib (OpenSSL) has it. */
static void pbkdf2(void) {
    struct rig *r = rig_new();
    const struct derived cases[] = {
        {CRYPTO_SHA256, TEXT("passwd"), TEXT("salt"), 1, 64,
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
         "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
        {CRYPTO_SHA256, TEXT("Password"), TEXT("NaCl"), 80000, 64,
         "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
         "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"},
        {CRYPTO_SHA512, TEXT("passwordPASSWORDpassword"),
         TEXT("saltSALTsaltSALTsaltSALTsaltSALTsalt"), 4096, 100,
         "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71"
         "115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8"
         "04f75bdd41494fa324cab24bcc680fb3b96a30cf5d21fac3c2875913919f3399"
         "b1d9ce7e"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        const struct derived *d = &cases[i];
        uint8_t key[128] = {0};
        CU_ASSERT_EQUAL(crypto_pbkdf2(&r->host, d->hash, d->password, d->salt, d->iterations, key,
                                      d->length, NULL),
                        C138_OK);
        CU_ASSERT(same_hex(key, d->key));
        CU_ASSERT_EQUAL(key[d->length], 0);
    }
    rig_free(r);
}

/* RFC 7914, section 12. */
static void scrypt(void) {
    uint8_t key[64];
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(crypto_scrypt(TEXT(""), TEXT(""), 16, 1, 1, key, 64, NULL), C138_OK);
    CU_ASSERT(same_hex(key, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                            "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"));
    CU_ASSERT_EQUAL(crypto_scrypt(TEXT("password"), TEXT("NaCl"), 1024, 8, 16, key, 64, NULL),
                    C138_OK);
    CU_ASSERT(same_hex(key, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"));
    CU_ASSERT_EQUAL(crypto_scrypt(TEXT(""), TEXT(""), 15, 1, 1, key, 64, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "crypto.scrypt");
}

/* NIST SP 800-38A, F.5.1, F.5.5 and F.2.2. */
static void aes(void) {
    uint8_t key[32], iv[16], in[48], out[48];
    size_t n = 0;
    rig_hex("2b7e151628aed2a6abf7158809cf4f3c", key, 32, &n);
    rig_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", iv, 16, &n);
    rig_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", in, 32, &n);
    CU_ASSERT_EQUAL(crypto_aes_ctr((struct crypto_bytes){key, 16}, iv, in, 32, out, NULL), C138_OK);
    CU_ASSERT(same_hex(out, "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"));
    CU_ASSERT_EQUAL(crypto_aes_ctr((struct crypto_bytes){key, 16}, iv, out, 32, out, NULL),
                    C138_OK);
    CU_ASSERT_EQUAL(memcmp(in, out, 32), 0); /* in place, and back */
    rig_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", key, 32, &n);
    CU_ASSERT_EQUAL(crypto_aes_ctr((struct crypto_bytes){key, 32}, iv, in, 16, out, NULL), C138_OK);
    CU_ASSERT(same_hex(out, "601ec313775789a5b7a7f504bbf3d228"));
}

/* Made with `openssl enc -aes-128-cbc`. */
static void cbc(void) {
    uint8_t key[16], iv[16], in[32], out[32];
    struct c138_err err = {0};
    size_t n = 0;
    rig_hex("2b7e151628aed2a6abf7158809cf4f3c", key, 16, &n);
    rig_hex("000102030405060708090a0b0c0d0e0f", iv, 16, &n);
    rig_hex("919411530310706f51e9122d16b406a2ed0cc53453759219490a4fe146b73455", in, 32, &n);
    size_t sealed = n;
    CU_ASSERT_EQUAL(crypto_aes128_cbc_open(key, iv, in, sealed, out, &n, NULL), C138_OK);
    CU_ASSERT_EQUAL(n, 20);
    CU_ASSERT_EQUAL(memcmp(out, "twenty bytes of text", 20), 0);
    key[0] ^= 1;
    CU_ASSERT_EQUAL(crypto_aes128_cbc_open(key, iv, in, sealed, out, &n, &err), C138_E_DENIED);
}

/* What everybody's address of the all-zero key's hash is made of: hash160 of the generator's point
 * (BIP-173's example). */
static void hash160(void) {
    uint8_t point[33], digest[20];
    size_t n = 0;
    rig_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", point, 33, &n);
    CU_ASSERT_EQUAL(crypto_hash160(point, 33, digest, NULL), C138_OK);
    CU_ASSERT(same_hex(digest, "751e76e8199196d454941c45d1b3a323f1433bd6"));
}

static void base64(void) {
    uint8_t out[3];
    CU_ASSERT_EQUAL(crypto_base64_open("AQID", 4, out, 3), C138_OK);
    CU_ASSERT_EQUAL(memcmp(out, "\1\2\3", 3), 0);
    CU_ASSERT_EQUAL(crypto_base64_open("AQI=", 4, out, 3), C138_E_INVALID); /* two bytes */
    CU_ASSERT_EQUAL(crypto_base64_open("AQIDBA==", 8, out, 3), C138_E_INVALID);
    CU_ASSERT_EQUAL(crypto_base64_open("AQ D", 4, out, 3), C138_E_INVALID);
    CU_ASSERT_EQUAL(crypto_base64_open("AQI", 3, out, 2), C138_E_INVALID); /* no padding */
}

const CU_TestInfo tests_crypto[] = {{"hmac", hmac},     {"pbkdf2", pbkdf2}, {"scrypt", scrypt},
                                    {"aes", aes},       {"cbc", cbc},       {"hash160", hash160},
                                    {"base64", base64}, CU_TEST_INFO_NULL};
