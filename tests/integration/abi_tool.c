/* The ABI for tests in other languages (tool.h). */
#include "tool.h"

#include <base/text.h>
#include <evm/abi.h>
#include <evm/keccak.h>
#include <evm/revert.h>
#include <evm/typed.h>

#include <stdio.h>
#include <string.h>

static void set_hex(struct c138_json *answer, const char *name, const void *bytes, size_t length) {
    C138_FREE char *hex = c138_hex_text(bytes, length);
    c138_json_set_str(answer, name, hex);
}

static uint8_t *get_hex(const struct c138_json *v, size_t *ret_length) {
    const char *text = c138_json_as_str(v, "0x");
    uint8_t *bytes = c138_xmalloc(strlen(text));
    *ret_length = strlen(text) / 2 - 1;
    if (c138_hex_decode(text + 2, 2 * *ret_length, bytes) < 0)
        *ret_length = 0;
    return bytes;
}

static c138_status encode(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    C138_ABI_TYPE struct c138_abi_type *type = NULL;
    C138_BUF struct c138_buf out = C138_BUF_NULL, packed = C138_BUF_NULL;
    uint8_t hash[32];
    c138_status status = c138_abi_type_parse(c138_json_get_str(q, "types", ""), &type, err);
    if (status >= 0 && c138_json_get_bool(q, "packed", 0)) {
        status = c138_abi_pack(type, c138_json_get(q, "values"), &packed, err);
        c138_keccak256(packed.length ? packed.data : "", packed.length, hash);
        set_hex(a, "hash", hash, sizeof(hash));
    } else if (status >= 0) {
        status = c138_abi_encode(type, c138_json_get(q, "values"), &out, err);
    }
    if (status >= 0)
        set_hex(a, "data", out.data, out.length);
    return status;
}

static c138_status decode(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    C138_ABI_TYPE struct c138_abi_type *type = NULL;
    struct c138_json *values = NULL;
    size_t length = 0;
    C138_FREE uint8_t *data = get_hex(c138_json_get(q, "data"), &length);
    c138_status status = c138_abi_type_parse(c138_json_get_str(q, "types", ""), &type, err);
    if (status >= 0)
        status = c138_abi_decode(type, data, length, NULL, &values, err);
    if (status >= 0)
        c138_json_set(a, "values", values);
    return status;
}

static c138_status function(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    struct c138_abi abi = {0};
    const struct c138_abi_item *item = NULL;
    C138_ABI_ITEM struct c138_abi_item *parsed = NULL;
    c138_status status = c138_abi_from_json(c138_json_get(q, "abi"), &abi, err);
    if (status >= 0)
        status =
            c138_abi_find(&abi, C138_ABI_FUNCTION, c138_json_get_str(q, "name", ""), &item, err);
    if (status >= 0)
        status = c138_abi_item_parse(item->signature, &parsed, err);
    if (status >= 0) {
        c138_json_set_str(a, "signature", item->signature);
        set_hex(a, "selector", parsed->hash, 4);
    }
    c138_abi_deinit(&abi);
    return status;
}

static c138_status event(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    struct c138_abi abi = {0};
    const struct c138_abi_item *item = NULL;
    const struct c138_json *list = c138_json_get(q, "topics");
    struct c138_json *values = NULL;
    uint8_t topics[4][32];
    size_t length = 0, n = c138_json_count(list);
    C138_FREE uint8_t *data = get_hex(c138_json_get(q, "data"), &length);
    for (size_t i = 0; i < n && i < 4; i++) {
        size_t size = 0;
        C138_FREE uint8_t *topic = get_hex(c138_json_at(list, i), &size);
        memcpy(topics[i], topic, 32);
    }
    c138_status status = c138_abi_from_json(c138_json_get(q, "abi"), &abi, err);
    if (status >= 0)
        status = c138_abi_find(&abi, C138_ABI_EVENT, c138_json_get_str(q, "name", ""), &item, err);
    if (status >= 0)
        status = c138_abi_decode_event(item, (const uint8_t(*)[32])topics, n, data, length, &values,
                                       err);
    if (status >= 0)
        c138_json_set(a, "values", values);
    c138_abi_deinit(&abi);
    return status;
}

static c138_status revert(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    size_t length = 0;
    C138_FREE uint8_t *data = get_hex(c138_json_get(q, "data"), &length);
    (void)err;
    c138_json_set(a, "revert", c138_revert_decode(data, length, NULL));
    return C138_OK;
}

static c138_status typed(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    uint8_t hash[32];
    c138_status status = c138_typed_hash(c138_json_get(q, "document"), hash, err);
    if (status >= 0)
        set_hex(a, "hash", hash, sizeof(hash));
    return status;
}

/* EIP-191. */
static c138_status validator(const struct c138_json *q, struct c138_json *a,
                             struct c138_err *err) {
    size_t length = 0, data_length = 0;
    C138_FREE uint8_t *contract = get_hex(c138_json_get(q, "contract"), &length);
    C138_FREE uint8_t *data = get_hex(c138_json_get(q, "data"), &data_length);
    uint8_t hash[32];
    if (length != 20)
        return c138_error(err, C138_E_INVALID, NULL, "contract: 20 bytes");
    c138_validator_hash(contract, data, data_length, hash);
    set_hex(a, "hash", hash, sizeof(hash));
    return C138_OK;
}

static c138_status personal(const struct c138_json *q, struct c138_json *a, struct c138_err *err) {
    const struct c138_json *message = c138_json_get(q, "message");
    uint8_t hash[32];
    (void)err;
    c138_personal_hash(c138_json_as_str(message, ""), c138_json_str_length(message), hash);
    set_hex(a, "hash", hash, sizeof(hash));
    return C138_OK;
}

static const struct tool_op ops[] = {
    {"encode", encode}, {"decode", decode}, {"function", function}, {"event", event},
    {"revert", revert}, {"typed", typed},   {"personal", personal}, {"validator", validator}};

int main(void) {
    return tool_serve(ops, C138_COUNT(ops));
}
