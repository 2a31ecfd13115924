/*
 * The one file of this library that needs libsodium: who takes no digest does not load it. OpenSSL
 * would cost each process a megabyte more for the same 32 bytes.
 */
#include <base/text.h>

#include <sodium/crypto_hash_sha256.h>

void c138_sha256(const void *bytes, size_t length, uint8_t ret_digest[32]) {
    (void)crypto_hash_sha256(ret_digest, bytes, length);
}

void c138_sha256_hex(const void *bytes, size_t length, char ret_text[65]) {
    uint8_t digest[32];
    c138_sha256(bytes, length, digest);
    c138_hex_encode(digest, sizeof(digest), ret_text);
}
