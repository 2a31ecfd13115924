/*
 * evm/keccak.h: Keccak-256 as Ethereum uses it (padding 0x01, not SHA-3's 0x06; OpenSSL 3.0 lacks
 * it). Source: keccak.team, "The Keccak reference" 3.0. Pure; any thread.
 */
#ifndef C138_EVM_KECCAK_H
#define C138_EVM_KECCAK_H
#include <stddef.h>
#include <stdint.h>
void c138_keccak256(const void *bytes, size_t length, uint8_t ret_digest[32]);
#endif
