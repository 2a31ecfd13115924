/* One byte says what the rest is: words, entropy, text to normalise, a path of keys, an extended key, a node key. */
#include "wallet_host.h"

#include <wallet/hd.h>
#include <wallet/mnemonic.h>
#include <wallet/nodekey.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void from_entropy(struct watched *w, const uint8_t *bytes, size_t length) {
    SECRET words = SECRET_NULL, entropy = SECRET_NULL;
    struct c138_err err = {0};
    c138_status status = mnemonic_from_entropy(&w->host, NULL, bytes, length, &words, &err);
    watched_promise(status, &err, &words);
    if (status == C138_OK &&
        (mnemonic_to_entropy(&w->host, NULL, (char *)words.bytes, words.length, &entropy, NULL) ||
         entropy.length != length || memcmp(entropy.bytes, bytes, length) != 0))
        __builtin_trap();
}

static void words(struct watched *w, const char *text, size_t length) {
    SECRET entropy = SECRET_NULL;
    struct c138_err err = {0};
    c138_status status = mnemonic_to_entropy(&w->host, NULL, text, length, &entropy, &err);
    watched_promise(status, &err, &entropy);
    if (status == C138_OK)
        from_entropy(w, entropy.bytes, entropy.length);
}

/* Normal text is normal. */
static void normal(struct watched *w, const char *text, size_t length) {
    SECRET a = SECRET_NULL, b = SECRET_NULL;
    struct c138_err err = {0};
    c138_status status = mnemonic_nfkd(&w->host, text, length, 4096, &a, &err);
    watched_promise(status, &err, &a);
    if (status == C138_OK &&
        (mnemonic_nfkd(&w->host, (char *)a.bytes, a.length, SIZE_MAX, &b, NULL) ||
         a.length != b.length || memcmp(a.bytes, b.bytes, a.length) != 0))
        __builtin_trap();
}

static void path(struct watched *w, const char *text, size_t length) {
    const uint8_t seed[16] = {1};
    HD struct hd *root = NULL, *node = NULL;
    C138_FREE char *p = c138_xstrndup(text, length < 64 ? length : 64);
    struct c138_err err = {0};
    if (hd_from_seed(&w->host, seed, sizeof(seed), &root, NULL))
        __builtin_trap();
    c138_status status = hd_path(root, p, &node, &err);
    if ((status == C138_OK) != (node != NULL) || (status < 0 && !*err.text))
        __builtin_trap();
}

static void extended(struct watched *w, const char *text, size_t length) {
    HD struct hd *node = NULL;
    SECRET xprv = SECRET_NULL;
    char xpub[HD_TEXT];
    struct c138_err err = {0};
    c138_status status = hd_from_text(&w->host, text, length, &node, &err);
    if ((status == C138_OK) != (node != NULL) || (status < 0 && !*err.text))
        __builtin_trap();
    if (!node)
        return;
    if (hd_private(node) ? hd_private_text(node, &xprv, NULL) || memcmp(xprv.bytes, text, 111) != 0
                         : hd_public_text(node, xpub, NULL) || memcmp(xpub, text, 111) != 0)
        __builtin_trap();
}

static void node_key(struct watched *w, const char *text, size_t length) {
    SECRET key = SECRET_NULL, written = SECRET_NULL;
    struct c138_err err = {0};
    c138_status status = nodekey_read(&w->host, text, length, &key, &err);
    watched_promise(status, &err, &key);
    if (status == C138_OK && nodekey_write(&w->host, key.bytes, &written, NULL))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct watched w;
    if (!size)
        return 0;
    const char *text = (const char *)data + 1;
    size_t length = size - 1;
    watched_begin(&w);
    switch (*data) {
    case 'w':
        words(&w, text, length);
        break;
    case 'e':
        from_entropy(&w, data + 1, length);
        break;
    case 'n':
        normal(&w, text, length);
        break;
    case 'p':
        path(&w, text, length);
        break;
    case 'x':
        extended(&w, text, length);
        break;
    default:
        node_key(&w, text, length);
    }
    watched_end(&w);
    return 0;
}
