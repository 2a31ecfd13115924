/* A type, a zero byte, data: what is decoded is encoded as the same bytes. */
#include <base/text.h>
#include <evm/abi.h>
#include <evm/revert.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The one loss: a string that is no UTF-8, or holds text that reads as other bytes. */
static int has_string(const struct c138_abi_type *t) {
    for (size_t i = 0; i < t->n_items; i++)
        if (has_string(&t->items[i]))
            return 1;
    return t->kind == C138_ABI_STRING;
}

static void round_trip(const struct c138_abi_type *t, const uint8_t *data, size_t size) {
    C138_JSON struct c138_json *values = NULL;
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    struct c138_err err = {0};
    if (c138_abi_decode(t, data, size, NULL, &values, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return;
    }
    if (c138_abi_encode(t, values, &again, &err) < 0)
        __builtin_trap();
    if (!has_string(t) && (again.length != size || (size && memcmp(again.data, data, size) != 0)))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *zero = memchr(data, 0, size);
    C138_ABI_TYPE struct c138_abi_type *type = NULL;
    C138_ABI_ITEM struct c138_abi_item *item = NULL;
    C138_JSON struct c138_json *json = NULL, *revert = c138_revert_decode(data, size, NULL);
    struct c138_abi abi = {0};
    if (!c138_json_has(revert, "text"))
        __builtin_trap();
    if (c138_json_parse((const char *)data, size, &json, NULL) >= 0 &&
        c138_abi_from_json(json, &abi, NULL) >= 0)
        c138_abi_deinit(&abi);
    if (!zero)
        return 0;
    (void)c138_abi_item_parse((const char *)data, &item, NULL);
    if (c138_abi_type_parse((const char *)data, &type, NULL) >= 0 && type->kind == C138_ABI_TUPLE)
        round_trip(type, zero + 1, size - (size_t)(zero + 1 - data));
    return 0;
}
