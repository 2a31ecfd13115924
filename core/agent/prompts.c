#include "config.h"

#include <agent/prompts.h>
#include <base/mem.h>
#include <base/text.h>

#include <sodium.h>
#include <string.h>

struct prompt {
    char handle[PROMPTS_HANDLE];
    char *principal;
    uint8_t *secret; /* sodium_malloc: locked, guarded, wiped when freed; NULL: the place is free */
    size_t length;
    int64_t until_ns;
};

struct prompts {
    struct prompt all[PROMPTS_MAX];
};

static void forget(struct prompt *p) {
    if (p->secret)
        sodium_free(p->secret);
    free(p->principal);
    *p = (struct prompt){0};
}

static void sweep(struct prompts *p, int64_t now_ns) {
    for (size_t i = 0; i < PROMPTS_MAX; i++)
        if (p->all[i].secret && p->all[i].until_ns <= now_ns)
            forget(&p->all[i]);
}

struct prompts *prompts_new(void) {
    return sodium_init() < 0 ? NULL : c138_xcalloc(1, sizeof(struct prompts));
}

struct prompts *prompts_free(struct prompts *p) {
    for (size_t i = 0; p && i < PROMPTS_MAX; i++)
        forget(&p->all[i]);
    free(p);
    return NULL;
}

c138_status prompts_put(struct prompts *p, const char *principal, const void *secret, size_t length,
                        int64_t now_ns, char ret_handle[PROMPTS_HANDLE], struct c138_err *err) {
    struct prompt *place = NULL;
    uint8_t random[(PROMPTS_HANDLE - 1) / 2];
    if (!length || length > PROMPTS_SECRET_MAX)
        return c138_error(err, C138_E_INVALID, "secret.length",
                          "a secret has 1 to %d bytes: this one has %zu", PROMPTS_SECRET_MAX, length);
    sweep(p, now_ns);
    for (size_t i = 0; i < PROMPTS_MAX && !place; i++)
        place = p->all[i].secret ? NULL : &p->all[i];
    uint8_t *kept = place ? sodium_malloc(length) : NULL;
    if (!kept)
        return c138_error(err, C138_E_BUSY, "secret.full",
                          "there is no room for another secret: %d wait for their runs, or "
                          "LimitMEMLOCK is reached: try again in a minute",
                          PROMPTS_MAX);
    memcpy(kept, secret, length);
    randombytes_buf(random, sizeof(random));
    c138_hex_encode(random, sizeof(random), place->handle);
    place->secret = kept;
    place->length = length;
    place->principal = c138_xstrdup(principal);
    place->until_ns = now_ns + PROMPTS_TTL_NS;
    memcpy(ret_handle, place->handle, PROMPTS_HANDLE);
    return C138_OK;
}

c138_status prompts_take(struct prompts *p, const char *principal, const char *handle,
                         int64_t now_ns, struct c138_buf *out, struct c138_err *err) {
    sweep(p, now_ns);
    for (size_t i = 0; i < PROMPTS_MAX; i++) {
        struct prompt *one = &p->all[i];
        if (!one->secret || strcmp(one->handle, handle) != 0 ||
            strcmp(one->principal, principal) != 0)
            continue;
        c138_status status = c138_buf_add(out, one->secret, one->length);
        forget(one);
        return status;
    }
    return c138_error(err, C138_E_NOTFOUND, "secret.prompt-gone",
                      "what was typed for this run is not here any more (it is kept for %d minutes, "
                      "for one run, and not over a restart of the agent): run the command again",
                      (int)(PROMPTS_TTL_NS / 60 / 1000000000));
}
