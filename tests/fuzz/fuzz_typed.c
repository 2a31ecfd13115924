/* A document of typed data: hashed, or refused with a reason; and the same each time. */
#include <evm/typed.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_JSON struct c138_json *document = NULL;
    struct c138_err err = {0};
    uint8_t hash[32], again[32];
    c138_personal_hash(data, size, hash);
    if (c138_json_parse((const char *)data, size, &document, NULL) < 0)
        return 0;
    if (c138_typed_hash(document, hash, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return 0;
    }
    if (c138_typed_hash(document, again, &err) < 0 || memcmp(hash, again, sizeof(hash)) != 0)
        __builtin_trap();
    return 0;
}
