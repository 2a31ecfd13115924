#include <base/text.h>
#include <evm/address.h>
#include <evm/keccak.h>
#include <evm/rlp.h>

#include <string.h>

static void format(const uint8_t address[20], char ret_text[C138_ADDRESS_TEXT]) {
    uint8_t digest[32];
    memcpy(ret_text, "0x", 2);
    c138_hex_encode(address, 20, ret_text + 2);
    c138_keccak256(ret_text + 2, 40, digest);
    for (size_t i = 0; i < 40; i++) {
        uint8_t nibble = (uint8_t)(i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4);
        if (nibble >= 8 && ret_text[2 + i] >= 'a')
            ret_text[2 + i] = (char)(ret_text[2 + i] - 'a' + 'A');
    }
}

/* The same few addresses come again and again in what a node answers, and hashing is most of what a
 * plain call takes to be read: each thread keeps the texts that it wrote last, one a slot. */
#define KEPT 64 /* a power of two */
static _Thread_local struct {
    uint8_t address[20];
    char text[C138_ADDRESS_TEXT]; /* "": free */
} kept[KEPT];

void c138_address_format(const uint8_t address[20], char ret_text[C138_ADDRESS_TEXT]) {
    size_t slot = address[19] & (KEPT - 1);
    if (!kept[slot].text[0] || memcmp(kept[slot].address, address, 20) != 0) {
        format(address, kept[slot].text);
        memcpy(kept[slot].address, address, 20);
    }
    memcpy(ret_text, kept[slot].text, C138_ADDRESS_TEXT);
}

c138_status c138_address_parse(const char *text, uint8_t ret_address[20], struct c138_err *err) {
    uint8_t address[20];
    char right[C138_ADDRESS_TEXT];
    if (strlen(text) != 42 || text[0] != '0' || text[1] != 'x' ||
        c138_hex_decode(text + 2, 40, address) < 0)
        return c138_error(err, C138_E_INVALID, "address.invalid",
                          "an address is 0x and 40 hex digits");
    int upper = 0, lower = 0;
    for (const char *p = text + 2; *p; p++) {
        upper |= *p >= 'A' && *p <= 'F';
        lower |= *p >= 'a' && *p <= 'f';
    }
    c138_address_format(address, right);
    if (upper && lower && strcmp(right, text) != 0)
        return c138_error(err, C138_E_INVALID, "address.checksum",
                          "the address's EIP-55 checksum is wrong: a digit was mistyped");
    memcpy(ret_address, address, 20);
    return C138_OK;
}

void c138_address_of_key(const uint8_t key[64], uint8_t ret_address[20]) {
    uint8_t digest[32];
    c138_keccak256(key, 64, digest);
    memcpy(ret_address, digest + 12, 20);
}

void c138_address_create(const uint8_t sender[20], uint64_t nonce, uint8_t ret_address[20]) {
    C138_BUF struct c138_buf items = C138_BUF_NULL, list = C138_BUF_NULL;
    uint8_t digest[32];
    c138_rlp_put_bytes(&items, sender, 20);
    c138_rlp_put_uint(&items, nonce);
    c138_rlp_put_list(&list, items.data, items.length);
    c138_keccak256(list.data, list.length, digest);
    memcpy(ret_address, digest + 12, 20);
}

void c138_address_create2(const uint8_t sender[20], const uint8_t salt[32],
                          const uint8_t init_code_hash[32], uint8_t ret_address[20]) {
    uint8_t bytes[85] = {0xff}, digest[32];
    memcpy(bytes + 1, sender, 20);
    memcpy(bytes + 21, salt, 32);
    memcpy(bytes + 53, init_code_hash, 32);
    c138_keccak256(bytes, sizeof(bytes), digest);
    memcpy(ret_address, digest + 12, 20);
}
