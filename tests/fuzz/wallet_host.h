/* tests/fuzz/wallet_host.h: secret memory for the fuzz targets of lib/wallet; traps when a piece comes back unwiped. watched_end() traps when
 * one is still out. Deterministic, so that a finding repeats. */
#ifndef WALLET_HOST_H
#define WALLET_HOST_H
#include <wallet/secret.h>

#include <string.h>

struct watched {
    struct secret_host host;
    uint64_t seed;
    size_t out;
};

static void *watched_take(void *context, size_t bytes) {
    struct watched *w = context;
    w->out++;
    return c138_xmalloc(bytes);
}

static void watched_give(void *context, void *p, size_t bytes) {
    struct watched *w = context;
    for (size_t i = 0; i < bytes; i++)
        if (((uint8_t *)p)[i])
            __builtin_trap();
    w->out--;
    free(p);
}

static c138_status watched_random(void *context, void *bytes, size_t length) {
    struct watched *w = context;
    for (size_t i = 0; i < length; i++) {
        w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        ((uint8_t *)bytes)[i] = (uint8_t)(w->seed >> 56);
    }
    return C138_OK;
}

static inline void watched_begin(struct watched *w) {
    *w = (struct watched){.host = {watched_take, watched_give, watched_random, w}, .seed = 138};
}

static inline void watched_end(const struct watched *w) {
    if (w->out)
        __builtin_trap();
}

/* What every function of lib/wallet promises: a failure has a text and leaves nothing. */
static inline void watched_promise(c138_status status, const struct c138_err *err,
                                   const struct secret *ret) {
    if ((status < 0 && (!*err->text || ret->bytes)) || (status == C138_OK && !ret->bytes) ||
        status > 0)
        __builtin_trap();
}
#endif
