/* 'c' and shares, one a line, to combine; or else: groups to split into, and which shares to combine. */
#include "wallet_host.h"

#include <base/buf.h>

#include <wallet/slip39.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void combine(struct watched *w, const char *text, size_t length) {
    SECRET secret = SECRET_NULL;
    struct slip39_info info;
    struct c138_err err = {0};
    c138_status status = slip39_inspect(&w->host, text, length, &info, &err);
    if (status == C138_OK && info.iteration_exponent > 1)
        return; /* right, and slow */
    err = (struct c138_err){0};
    status = slip39_combine(&w->host, text, length, "TREZOR", 6, &secret, &err);
    watched_promise(status, &err, &secret);
}

/* data: secret length, group threshold, groups; two bytes a group; then a bit for each share that is not taken. */
static void split(struct watched *w, const uint8_t *data, size_t size) {
    static const uint8_t secret[256] =
        "a secret that is long enough for every length that is asked for";
    struct slip39_options o = {
        .group_threshold = data[1] & 31, .n_groups = data[2] & 31, .extendable = data[2] >> 7};
    size_t at = 3, length = data[0] % 80;
    for (unsigned i = 0; i < 16 && i < o.n_groups && at + 2 <= size; i++, at += 2)
        o.groups[i] = (struct slip39_group){data[at] & 31, data[at + 1] & 31};
    SECRET shares = SECRET_NULL, got = SECRET_NULL;
    C138_BUF struct c138_buf chosen = C138_BUF_NULL;
    struct c138_err err = {0};
    c138_status status = slip39_split(&w->host, secret, length, "p", 1, &o, &shares, &err);
    watched_promise(status, &err, &shares);
    if (status < 0)
        return;
    const char *p = (const char *)shares.bytes;
    for (size_t i = 0; *p; i++) {
        size_t n = strcspn(p, "\n") + 1;
        if (at + i / 8 >= size || !(data[at + i / 8] >> i % 8 & 1))
            c138_buf_add(&chosen, p, n);
        p += n;
    }
    err = (struct c138_err){0};
    status = slip39_combine(&w->host, c138_buf_text(&chosen), chosen.length, "p", 1, &got, &err);
    watched_promise(status, &err, &got);
    if (status == C138_OK && (got.length != length || memcmp(got.bytes, secret, length) != 0))
        __builtin_trap(); /* what combines is the secret */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct watched w;
    if (!size)
        return 0;
    watched_begin(&w);
    if (*data == 'c')
        combine(&w, (const char *)data + 1, size - 1);
    else if (size >= 4)
        split(&w, data + 1, size - 1);
    watched_end(&w);
    return 0;
}
