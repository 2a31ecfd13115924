/* One byte: '0' a keystore of version 3, else a presale wallet. The rest: the file. Password "foo". */
#include "wallet_host.h"

#include <wallet/keystore.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What opened is written anew and opened again. */
static void again(struct watched *w, const struct secret *key) {
    SECRET other = SECRET_NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    if (keystore_write(&w->host, key->bytes, "bar", 3, &(struct keystore_kdf){.c = 1}, &out,
                       NULL) ||
        keystore_open(&w->host, out.data, out.length, "bar", 3, &KEYSTORE_LIMITS, &other, NULL,
                      NULL) ||
        memcmp(other.bytes, key->bytes, 32) != 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct keystore_limits small = {
        .memory_bytes = 1 << 20, .work = 8192, .iterations = 1000};
    struct watched w;
    struct c138_err err = {0};
    struct keystore_info info;
    if (!size)
        return 0;
    const char *text = (const char *)data + 1;
    size_t length = size - 1;
    watched_begin(&w);
    {
        SECRET key = SECRET_NULL, entropy = SECRET_NULL;
        c138_status status =
            *data == '0'
                ? keystore_open(&w.host, text, length, "foo", 3, &small, &key, &entropy, &err)
                : keystore_open_presale(&w.host, text, length, "foo", 3, &key, &err);
        watched_promise(status, &err, &key);
        if (status == C138_OK)
            again(&w, &key);
        if (*data == '0' &&
            (status == C138_OK) > (keystore_inspect(text, length, &info, NULL) == 0))
            __builtin_trap();
    }
    watched_end(&w);
    return 0;
}
