/* A type, a zero byte, values as JSON: what can be encoded is decoded, and that encodes to the same
 * bytes. */
#include <evm/abi.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void both_ways(const struct c138_abi_type *type, const struct c138_json *values) {
    C138_BUF struct c138_buf once = C138_BUF_NULL, again = C138_BUF_NULL, packed = C138_BUF_NULL;
    C138_JSON struct c138_json *read = NULL;
    struct c138_err err = {0};
    if (c138_abi_pack(type, values, &packed, &err) < 0 && (!err.key[0] || !err.text[0]))
        __builtin_trap();
    if (c138_abi_encode(type, values, &once, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return;
    }
    if (c138_abi_decode(type, (const uint8_t *)c138_buf_text(&once), once.length, NULL, &read,
                        &err) < 0 ||
        c138_abi_encode(type, read, &again, &err) < 0 || again.length != once.length ||
        (once.length && memcmp(again.data, once.data, once.length) != 0))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *zero = memchr(data, 0, size);
    C138_ABI_TYPE struct c138_abi_type *type = NULL;
    C138_JSON struct c138_json *values = NULL;
    if (zero && c138_abi_type_parse((const char *)data, &type, NULL) >= 0 &&
        type->kind == C138_ABI_TUPLE &&
        c138_json_parse((const char *)zero + 1, size - (size_t)(zero + 1 - data), &values, NULL) >=
            0)
        both_ways(type, values);
    return 0;
}
