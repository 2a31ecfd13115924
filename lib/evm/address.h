/*
 * evm/address.h: addresses, their checksum (EIP-55), and those of new contracts. Pure; any thread.
 */
#ifndef C138_EVM_ADDRESS_H
#define C138_EVM_ADDRESS_H
#include <base/err.h>
#define C138_ADDRESS_TEXT 43
/* 0x and 40 digits. All lower or all upper case is taken; mixed case must carry the right checksum,
 * else C138_E_INVALID, key "address.checksum". */
c138_status c138_address_parse(const char *text, uint8_t ret_address[20], struct c138_err *err);
void c138_address_format(const uint8_t address[20], char ret_text[C138_ADDRESS_TEXT]); /* EIP-55 */
/* The address of an uncompressed public key without its 0x04 (64 bytes), as in an enode or
 * admin_nodeInfo.id. */
void c138_address_of_key(const uint8_t key[64], uint8_t ret_address[20]);
/* Where `sender` makes a contract: with CREATE, or by a transaction, at this nonce; with CREATE2
 * (EIP-1014) from the Keccak-256 of the init code. */
void c138_address_create(const uint8_t sender[20], uint64_t nonce, uint8_t ret_address[20]);
void c138_address_create2(const uint8_t sender[20], const uint8_t salt[32],
                          const uint8_t init_code_hash[32], uint8_t ret_address[20]);
#endif
