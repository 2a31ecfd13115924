#include <net/jsonrpc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct c138_rpc_call calls[3] = {
        {.method = "eth_chainId"}, {.method = "qbft_x"}, {.method = "weird"}};
    struct c138_err err;
    if (size > 65536)
        return 0;
    (void)c138_rpc_read((const char *)data, size, 1, calls, 1, 0, &err);
    (void)c138_rpc_read((const char *)data, size, 1, calls, 3, 1, &err);
    for (int i = 0; i < 3; i++)
        c138_rpc_call_deinit(&calls[i]);
    return 0;
}
