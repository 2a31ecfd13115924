#include "rig.h"

#include <base/fs.h>

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static void *take(void *context, size_t bytes) {
    struct rig *r = context;
    if (r->takes >= r->fail_at)
        return NULL;
    r->takes++;
    r->out++;
    r->bytes += bytes;
    r->most = r->bytes > r->most ? r->bytes : r->most;
    uint8_t *p = malloc(bytes);
    memset(p, 0xa5, bytes); /* nobody may count on zeros */
    return p;
}

static void give(void *context, void *p, size_t bytes) {
    struct rig *r = context;
    unsigned left = 0;
    for (size_t i = 0; i < bytes; i++)
        left |= ((uint8_t *)p)[i];
    r->dirty += left != 0;
    r->out--;
    r->bytes -= bytes;
    free(p);
}

static c138_status give_random(void *context, void *bytes, size_t length) {
    struct rig *r = context;
    if (!r->seed)
        return getrandom(bytes, length, 0) == (ssize_t)length ? C138_OK : C138_E_UNAVAILABLE;
    for (size_t i = 0; i < length; i++) { /* xorshift64 */
        r->seed ^= r->seed << 13;
        r->seed ^= r->seed >> 7;
        r->seed ^= r->seed << 17;
        ((uint8_t *)bytes)[i] = (uint8_t)(r->seed >> 32);
    }
    return C138_OK;
}

struct rig *rig_new(void) {
    struct rig *r = c138_xcalloc(1, sizeof(*r));
    r->host = (struct secret_host){take, give, give_random, r};
    r->fail_at = SIZE_MAX;
    return r;
}

void rig_free(struct rig *r) {
    CU_ASSERT_EQUAL(r->out, 0);
    CU_ASSERT_EQUAL(r->dirty, 0);
    free(r);
}

struct c138_json *rig_data(const char *name) {
    const char *source = getenv("srcdir");
    struct c138_err err = {0};
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *path = c138_xasprintf("%s/tests/data/wallet/%s", source ? source : ".", name);
    struct c138_json *v = NULL;
    if (c138_file_read(path, 1 << 20, &text, &err) < 0 ||
        c138_json_parse(text.data, text.length, &v, &err) < 0) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        exit(99);
    }
    return v;
}

void rig_hex(const char *text, uint8_t *ret_bytes, size_t max, size_t *ret_length) {
    if (c138_starts_with(text, "0x"))
        text += 2;
    *ret_length = strlen(text) / 2;
    CU_ASSERT_FATAL(*ret_length <= max);
    CU_ASSERT_EQUAL_FATAL(c138_hex_decode(text, strlen(text), ret_bytes), C138_OK);
}

int rig_is(const struct secret *s, const void *bytes, size_t length) {
    return s->length == length && !memcmp(s->bytes, bytes, length) && !s->bytes[length];
}

int rig_is_hex(const struct secret *s, const char *hex) {
    uint8_t bytes[256];
    size_t n = 0;
    rig_hex(hex, bytes, sizeof(bytes), &n);
    return rig_is(s, bytes, n);
}

int rig_is_text(const struct secret *s, const char *text) {
    return rig_is(s, text, strlen(text));
}

size_t rig_starve(struct rig *r, c138_status (*call)(struct rig *r, void *context), void *context) {
    for (size_t n = 0; n < 200; n++) {
        r->takes = 0;
        r->fail_at = n;
        c138_status status = call(r, context);
        CU_ASSERT_EQUAL(r->out, 0);
        CU_ASSERT_EQUAL(r->dirty, 0);
        if (status == C138_OK) {
            r->fail_at = SIZE_MAX;
            return n;
        }
        CU_ASSERT_EQUAL(status, C138_E_LIMIT);
    }
    CU_FAIL("never enough memory");
    return 0;
}
