/*
 * plugins/stack/checks.h: whether a service does its job. Each check is one question to the service
 * itself, not to the engine. Blocks for at most CHECK_NS.
 */
#ifndef STACK_CHECKS_H
#define STACK_CHECKS_H
#include "stack.h"

#define CHECK_NS (5 * INT64_C(1000000000))

/* Each fills `ret_text` (256 bytes) with what was seen; 1: well. */
int check_port(const char *port, char ret_text[256]);
int check_health(const char *url, char ret_text[256]);
int check_metrics(const char *url, char ret_text[256]);
/* In sync by besu.sync. ret_head (may be NULL): its head. */
int check_sync(struct stack *s, c138_call *call, const char *node, uint64_t *ret_head,
               char ret_text[256]);
#endif
