/* The error of a JSON-RPC answer; or a contract's ABI, a zero byte, and what its call gave back. */
#include <evm/revert.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void explains(struct c138_json *revert) {
    if (!c138_json_has(revert, "text") || !c138_json_has(revert, "data") ||
        c138_json_has(revert, "error") != c138_json_has(revert, "args"))
        __builtin_trap();
    c138_json_unref(revert);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *zero = memchr(data, 0, size);
    size_t length = zero ? (size_t)(zero - data) : size;
    C138_JSON struct c138_json *json = NULL;
    struct c138_abi abi = {0};
    if (c138_json_parse((const char *)data, length, &json, NULL) < 0)
        return 0;
    if (!zero) {
        struct c138_json *revert = c138_revert_of_error(json, NULL);
        if (revert)
            explains(revert);
    } else if (c138_abi_from_json(json, &abi, NULL) >= 0) {
        explains(c138_revert_decode(zero + 1, size - length - 1, &abi));
        c138_abi_deinit(&abi);
    }
    return 0;
}
