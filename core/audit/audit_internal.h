/*
 * audit/audit_internal.h: shared by the writer and the verifier of the chain.
 */
#ifndef CORE_AUDIT_INTERNAL_H
#define CORE_AUDIT_INTERNAL_H
#include <audit/audit.h>
#define AUDIT_RECORD_MAX (4u << 20) /* bytes of a line; a longer one is no record */
/* SHA-256 of the canonical record without its member "hash", hex. */
void audit_record_hash(const struct c138_json *record, char ret_hash[65]);
#endif
