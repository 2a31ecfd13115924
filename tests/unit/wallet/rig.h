/*
 * tests/unit/wallet/rig.h: secret memory that is looked at: everything that was taken comes back,
 * wiped; and it runs out on request.
 */
#ifndef RIG_H
#define RIG_H
#include "../unit.h"

#include <base/json.h>
#include <base/text.h>
#include <wallet/secret.h>

struct rig {
    struct secret_host host;
    size_t out;         /* pieces that are not back yet */
    size_t dirty;       /* pieces that came back with something in them */
    size_t takes;       /* so far */
    size_t fail_at;     /* this many takes succeed, then none; SIZE_MAX: all */
    size_t bytes, most; /* now, at most */
    uint64_t seed;      /* of the randomness: 0 is the kernel's */
};
struct rig *rig_new(void);
/* Asserts that nothing is out and nothing was dirty; frees. */
void rig_free(struct rig *r);
/* tests/data/wallet/NAME. Never NULL: fails the test program otherwise. */
struct c138_json *rig_data(const char *name);
/* Bytes of hex text; *ret_length how many. At most `max`. */
void rig_hex(const char *text, uint8_t *ret_bytes, size_t max, size_t *ret_length);
int rig_is(const struct secret *s, const void *bytes, size_t length);
int rig_is_hex(const struct secret *s, const char *hex);
int rig_is_text(const struct secret *s, const char *text);

/* Runs `call(context)` with memory that ends after 0, 1, 2 ... pieces until it succeeds: each
 * failure is C138_E_LIMIT and leaves nothing. Returns how many pieces the success took. */
size_t rig_starve(struct rig *r, c138_status (*call)(struct rig *r, void *context), void *context);
#endif
