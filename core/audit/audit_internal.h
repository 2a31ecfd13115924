/*
 * audit/audit_internal.h: shared by the writer and the verifier of the chain.
 */
#ifndef CORE_AUDIT_INTERNAL_H
#define CORE_AUDIT_INTERNAL_H
#include <audit/audit.h>
/* SHA-256 of the canonical record without its member "hash", hex. */
void audit_record_hash(const struct c138_json *record, char ret_hash[65]);
#endif
