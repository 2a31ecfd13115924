/* What is read as a private transaction is written as the same bytes, and signs a hash. */
#include <evm/privatetx.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    struct c138_err err = {0};
    struct c138_private_tx t;
    uint8_t hash[32];
    if (c138_private_tx_decode(data, size, &t, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return 0;
    }
    if (c138_private_tx_encode(&t, &again) < 0 || again.length != size ||
        memcmp(again.data, data, size) != 0 || c138_private_tx_signing_hash(&t, hash) < 0)
        __builtin_trap();
    return 0;
}
