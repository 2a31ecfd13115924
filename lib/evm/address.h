/*
 * evm/address.h: addresses and their checksum (EIP-55). Pure; any thread.
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
#endif
