/*
 * agent/prompts.h: secrets that a person typed at the control's terminal, between the moment they
 * were handed over and the one run that takes them. In locked memory, never on disk. What stands in
 * parameters, jobs and the audit is a handle, "prompt:HANDLE", which says nothing and is worth
 * nothing to anybody but the one who handed the secret over. Loop thread.
 */
#ifndef CORE_AGENT_PROMPTS_H
#define CORE_AGENT_PROMPTS_H
#include <base/buf.h>
#include <base/err.h>

#define PROMPTS_MAX 64          /* at a time, of all principals */
#define PROMPTS_OWN_MAX 8       /* of one principal */
#define PROMPTS_SECRET_MAX 4096 /* bytes */
#define PROMPTS_TTL_NS (INT64_C(600) * 1000000000)
#define PROMPTS_HANDLE 33 /* 32 hex digits and a NUL */

struct prompts;
struct prompts *prompts_new(void);
struct prompts *prompts_free(struct prompts *p); /* wiped; returns NULL */
/* The key that a secret is boxed for on its way here (libsodium's crypto_box_seal), so that no buffer
 * of a connection ever holds it; of this agent's life. */
const uint8_t *prompts_key(const struct prompts *p);
/* Keeps what the box holds for `principal`, until it is taken or PROMPTS_TTL_NS passed. */
c138_status prompts_put(struct prompts *p, const char *principal, const void *box, size_t length,
                        int64_t now_ns, char ret_handle[PROMPTS_HANDLE], struct c138_err *err);
/* Hands it out, once. C138_E_NOTFOUND: another's, taken before, too old, or lost with an agent that
 * was restarted. */
c138_status prompts_take(struct prompts *p, const char *principal, const char *handle,
                         int64_t now_ns, struct c138_buf *out, struct c138_err *err);
#endif
