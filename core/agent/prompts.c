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
    uint8_t public_key[crypto_box_PUBLICKEYBYTES];
    uint8_t *secret_key; /* sodium_malloc */
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
    uint8_t *secret_key = sodium_init() < 0 ? NULL : sodium_malloc(crypto_box_SECRETKEYBYTES);
    if (!secret_key)
        return NULL;
    struct prompts *p = c138_xcalloc(1, sizeof(*p));
    p->secret_key = secret_key;
    (void)crypto_box_keypair(p->public_key, p->secret_key);
    return p;
}

struct prompts *prompts_free(struct prompts *p) {
    if (!p)
        return NULL;
    for (size_t i = 0; i < PROMPTS_MAX; i++)
        forget(&p->all[i]);
    sodium_free(p->secret_key);
    free(p);
    return NULL;
}

const uint8_t *prompts_key(const struct prompts *p) {
    return p->public_key;
}

c138_status prompts_put(struct prompts *p, const char *principal, const void *box, size_t length,
                        int64_t now_ns, char ret_handle[PROMPTS_HANDLE], struct c138_err *err) {
    struct prompt *place = NULL;
    size_t own = 0;
    uint8_t random[(PROMPTS_HANDLE - 1) / 2];
    if (length <= crypto_box_SEALBYTES || length - crypto_box_SEALBYTES > PROMPTS_SECRET_MAX)
        return c138_error(err, C138_E_INVALID, "secret.length",
                          "a secret has 1 to %d bytes, and comes in a box for the key that GET "
                          "/v1/secrets gives",
                          PROMPTS_SECRET_MAX);
    sweep(p, now_ns);
    for (size_t i = 0; i < PROMPTS_MAX; i++) {
        if (!p->all[i].secret)
            place = &p->all[i];
        else if (!strcmp(p->all[i].principal, principal) && ++own == PROMPTS_OWN_MAX)
            return c138_error(err, C138_E_BUSY, "secret.full",
                              "%d secrets of %s wait for their runs: try again in a while",
                              PROMPTS_OWN_MAX, principal);
    }
    uint8_t *kept = place ? sodium_malloc(length - crypto_box_SEALBYTES) : NULL;
    if (!kept)
        return c138_error(err, C138_E_BUSY, "secret.full",
                          "there is no room for another secret: %d wait for their runs, or "
                          "LimitMEMLOCK is reached: try again in a minute",
                          PROMPTS_MAX);
    if (crypto_box_seal_open(kept, box, length, p->public_key, p->secret_key) != 0) {
        sodium_free(kept);
        return c138_error(err, C138_E_INVALID, "secret.box",
                          "the box does not open: it is for the key of another agent, or of this "
                          "one before it was started again");
    }
    randombytes_buf(random, sizeof(random));
    c138_hex_encode(random, sizeof(random), place->handle);
    place->secret = kept;
    place->length = length - crypto_box_SEALBYTES;
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
    return c138_error(
        err, C138_E_NOTFOUND, "secret.prompt-gone",
        "what was typed for this run is not here any more (it is kept for %d minutes, "
        "for one run, and not over a restart of the agent): run the command again",
        (int)(PROMPTS_TTL_NS / 60 / 1000000000));
}
