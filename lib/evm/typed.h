/*
 * evm/typed.h: what is signed off the chain: texts (EIP-191, version 0x45 "personal message"), data
 * for one contract (version 0x00), and typed data (EIP-712, version 0x01). Pure; any thread.
 *
 * A document is {"types", "primaryType", "domain", "message"}, as eth_signTypedData_v4 takes it;
 * values as in evm/abi.h. types.EIP712Domain may be left out: then it is made of the members that
 * the domain has. Strict: every member must be there and none may be more, values must be of their
 * type, array sizes must be kept, a type may be declared once and must be known. (Some wallets sign
 * a missing member as nought: who signs that signs something he does not see.)
 */
#ifndef C138_EVM_TYPED_H
#define C138_EVM_TYPED_H
#include <base/json.h>

#define C138_TYPED_DEPTH 16   /* structs within structs */
#define C138_TYPED_STRUCTS 64 /* that one document declares */

/* The hash that is signed. C138_E_INVALID with key "typed.*": the path and what was expected.
 * C138_E_LIMIT: nested too deeply, or too many structs. */
c138_status c138_typed_hash(const struct c138_json *document, uint8_t ret_hash[32],
                            struct c138_err *err);
/* Its two parts: domain separator and hashStruct(message). */
c138_status c138_typed_parts(const struct c138_json *document, uint8_t ret_domain[32],
                             uint8_t ret_message[32], struct c138_err *err);
/* "Mail(Person from,Person to)Person(string name)", appended. */
c138_status c138_typed_encode_type(const struct c138_json *types, const char *name,
                                   struct c138_buf *out, struct c138_err *err);
/* Keccak-256 of "\x19Ethereum Signed Message:\n", the length in decimal digits, and the bytes. */
void c138_personal_hash(const void *bytes, size_t length, uint8_t ret_hash[32]);
/* Keccak-256 of 0x19 0x00, the contract that is to check the signature (EIP-191's "intended
 * validator"), and the bytes. */
void c138_validator_hash(const uint8_t contract[20], const void *bytes, size_t length,
                         uint8_t ret_hash[32]);
#endif
