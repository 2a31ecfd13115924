/* What is read as a transaction is written as the same bytes, and signs a hash. */
#include <evm/tx.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    struct c138_err err = {0};
    struct c138_tx tx;
    uint8_t hash[32];
    if (c138_tx_decode(data, size, &tx, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return 0;
    }
    if (c138_tx_encode(&tx, &again) < 0 || again.length != size ||
        memcmp(again.data, data, size) != 0 || c138_tx_signing_hash(&tx, hash) < 0)
        __builtin_trap();
    return 0;
}
