#include <base/err.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

static const char *const keys[] = {
    "ok",          "invalid",  "denied",      "not-found", "busy",     "timeout", "cancelled",
    "unavailable", "conflict", "unsupported", "internal",  "approval", "limit",
};
#define N_KEYS ((int32_t)(sizeof(keys) / sizeof(keys[0])))

const char *c138_status_key(c138_status status) {
    return status <= 0 && -status < N_KEYS ? keys[-status] : "internal";
}

c138_status c138_status_from_key(const char *key) {
    for (int32_t i = 0; key && i < N_KEYS; i++)
        if (!strcmp(key, keys[i]))
            return -i;
    return C138_E_INTERNAL;
}

/* A text that filled its room may end in half a character. */
static void cut(char *text, size_t size) {
    size_t n = strlen(text), good = n + 1 == size ? c138_utf8_span(text, n) : n;
    if (n - good < 4)
        text[good] = '\0';
}

c138_status c138_error(struct c138_err *e, c138_status status, const char *key, const char *fmt,
                       ...) {
    if (!e)
        return status;
    /* The arguments may point into the old text: write beside, then copy. */
    char text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    cut(text, sizeof(text));
    e->status = status;
    (void)snprintf(e->key, sizeof(e->key), "%s", key ? key : "");
    (void)memcpy(e->text, text, sizeof(text));
    return status;
}

c138_status c138_error_prefix(struct c138_err *e, c138_status status, const char *fmt, ...) {
    if (!e)
        return status;
    char prefix[512], text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(prefix, sizeof(prefix), fmt, ap);
    va_end(ap);
    cut(prefix, sizeof(prefix));
    size_t n = strlen(prefix);
    (void)memcpy(text, prefix, n);
    (void)snprintf(text + n, sizeof(text) - n, ": %s", e->text);
    cut(text, sizeof(text));
    (void)memcpy(e->text, text, sizeof(text));
    return e->status ? e->status : status;
}
