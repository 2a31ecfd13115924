/* A key file of Tessera. Password "foo". */
#include "wallet_host.h"

#include <wallet/tesserakey.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(struct watched *w, const struct secret *key) {
    const struct tesserakey_argon light = {"id", 1, 8, 1};
    SECRET text = SECRET_NULL, a = SECRET_NULL, b = SECRET_NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    if (tesserakey_write(&w->host, key->bytes, &text, NULL) ||
        tesserakey_open(&w->host, (char *)text.bytes, text.length, "", 0, &TESSERAKEY_LIMITS, &a,
                        NULL) ||
        tesserakey_lock(&w->host, a.bytes, "bar", 3, &light, &out, NULL) ||
        tesserakey_open(&w->host, out.data, out.length, "bar", 3, &TESSERAKEY_LIMITS, &b, NULL) ||
        memcmp(b.bytes, key->bytes, 32) != 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct tesserakey_limits small = {.memory_bytes = 1 << 18, .work = 1000};
    struct watched w;
    struct c138_err err = {0};
    watched_begin(&w);
    {
        SECRET key = SECRET_NULL;
        c138_status status =
            tesserakey_open(&w.host, (const char *)data, size, "foo", 3, &small, &key, &err);
        watched_promise(status, &err, &key);
        if (status == C138_OK)
            again(&w, &key);
    }
    watched_end(&w);
    return 0;
}
