/*
 * evm/known.h: functions, events and errors of contracts that networks like ours run, so that what
 * is decoded needs nobody's server. From the ABIs that these packages publish: OpenZeppelin 5, Safe
 * 1.4.1 and 1.5.0, Aave 3, Chainlink CCIP 1.0 to 2.0, ChainBridge, Sygma, Hyperlane, Uniswap 2 and 3.
 * Pure; any thread.
 *
 * Four bytes are no proof: another contract may have a function of the same selector. What a name
 * is taken from here is shown as such.
 */
#ifndef C138_EVM_KNOWN_H
#define C138_EVM_KNOWN_H
#include <evm/abi.h>

/* The nth (from 0) that has these first 4 bytes, or, of 32 bytes, this topic; the caller frees it.
 * NULL: no more. */
struct c138_abi_item *c138_abi_known(enum c138_abi_what what, const uint8_t *hash, size_t length,
                                     size_t nth);
/* Row `index` of the table, for tests; NULL behind its end. */
struct c138_abi_item *c138_abi_known_at(enum c138_abi_what what, size_t index);
#endif
