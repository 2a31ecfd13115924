/*
 * The one file of this library that needs OpenSSL: who takes no digest does not load it.
 */
#include <base/text.h>

#include <openssl/sha.h>

void c138_sha256(const void *bytes, size_t length, uint8_t ret_digest[32]) {
    (void)SHA256(bytes, length, ret_digest);
}

void c138_sha256_hex(const void *bytes, size_t length, char ret_text[65]) {
    uint8_t digest[32];
    c138_sha256(bytes, length, digest);
    c138_hex_encode(digest, sizeof(digest), ret_text);
}
