/*
 * evm/revert.h: what a failed call says. Offline: Error(string), Panic(uint256), the errors of an
 * ABI that the caller has, those of evm/known.h, and what is wrapped in the bytes of any of them.
 * Pure; any thread.
 */
#ifndef C138_EVM_REVERT_H
#define C138_EVM_REVERT_H
#include <evm/abi.h>

#define C138_REVERT_DEPTH 8 /* errors within errors */

/* Never fails, the caller owns it:
 *   {"text", "error", "signature", "args": [{"name", "type", "value", "inner"}], "data"}
 * `text` is for people, "ExecutionError(0x01.., ReceiverError(Error(\"paused\")))"; `error` and what
 * follows is left out where the data is empty or unknown; `inner` is such an object, where a value
 * of type bytes holds an error itself. `abi` may be NULL. */
struct c138_json *c138_revert_decode(const uint8_t *data, size_t length,
                                     const struct c138_abi *abi);
/* The same of what a node answered to a call: error.data as text, as an object with "data" or
 * "result" (older nodes), or as "Reverted 0x...". NULL: there is no such data in it. */
struct c138_json *c138_revert_of_error(const struct c138_json *error, const struct c138_abi *abi);
/* What a Panic(uint256) of this code means; never NULL. */
const char *c138_panic_text(uint64_t code);
#endif
