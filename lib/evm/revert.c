#include <base/text.h>
#include <evm/known.h>
#include <evm/revert.h>

#include <stdio.h>
#include <string.h>

const char *c138_panic_text(uint64_t code) {
    switch (code) {
    case 0x00:
        return "compiler's own check";
    case 0x01:
        return "assertion failed";
    case 0x11:
        return "arithmetic overflow or underflow";
    case 0x12:
        return "division by zero";
    case 0x21:
        return "value outside of its enum";
    case 0x22:
        return "storage bytes encoded wrongly";
    case 0x31:
        return "pop of an empty array";
    case 0x32:
        return "index outside of the array";
    case 0x41:
        return "too much memory";
    case 0x51:
        return "call of a function that was not set";
    default:
        return "unknown panic";
    }
}

static struct c138_json *decode(const uint8_t *data, size_t length, const struct c138_abi *abi,
                                unsigned depth);

/* An error within bytes; NULL: they hold none that is known. */
static struct c138_json *inner_of(const struct c138_json *value, const struct c138_abi *abi,
                                  unsigned depth) {
    const char *hex = c138_json_as_str(value, "");
    size_t length = strlen(hex) / 2;
    if (depth >= C138_REVERT_DEPTH || length < 5 || (length - 1) % 32 != 4)
        return NULL;
    C138_FREE uint8_t *bytes = c138_xmalloc(length);
    if (c138_hex_decode(hex + 2, 2 * (length - 1), bytes) < 0)
        return NULL;
    struct c138_json *inner = decode(bytes, length - 1, abi, depth + 1);
    return c138_json_has(inner, "error") ? inner : c138_json_unref(inner);
}

/* As it stands in the text: what is long is cut. */
static void add_value(struct c138_buf *text, const struct c138_json *value) {
    const char *s = c138_json_as_str(value, NULL);
    C138_FREE char *dump = s ? NULL : c138_json_dump(value);
    if (s && strlen(s) > 66 && c138_starts_with(s, "0x"))
        (void)c138_buf_addf(text, "%.18s... (%zu bytes)", s, strlen(s) / 2 - 1);
    else
        (void)c138_buf_addf(text, "%.300s", s ? s : dump);
}

static struct c138_json *arg_of(const struct c138_abi_type *type, struct c138_json *value,
                                const struct c138_abi *abi, unsigned depth, struct c138_buf *text) {
    C138_BUF struct c138_buf name = C138_BUF_NULL;
    struct c138_json *arg = c138_json_new_object();
    struct c138_json *inner = type->kind == C138_ABI_BYTES ? inner_of(value, abi, depth) : NULL;
    c138_abi_type_text(type, &name);
    c138_json_set_str(arg, "name", type->name ? type->name : "");
    c138_json_set_str(arg, "type", c138_buf_text(&name));
    if (inner) {
        (void)c138_buf_adds(text, c138_json_get_str(inner, "text", ""));
        c138_json_set(arg, "inner", inner);
    } else if (type->kind == C138_ABI_STRING) {
        c138_json_quote(text, c138_json_as_str(value, ""), strlen(c138_json_as_str(value, "")));
    } else {
        add_value(text, value);
    }
    c138_json_set(arg, "value", c138_json_ref(value));
    return arg;
}

static void add_panic(const struct c138_json *values, struct c138_buf *text) {
    uint64_t code = UINT64_MAX;
    (void)c138_parse_uint(c138_json_as_str(c138_json_at(values, 0), ""), &code);
    (void)c138_buf_addf(text, ": %s", c138_panic_text(code));
}

/* 1 if the data is this error. */
static int is_error(const struct c138_abi_item *item, const uint8_t *data, size_t length,
                    const struct c138_abi *abi, unsigned depth, struct c138_json *ret) {
    C138_BUF struct c138_buf text = C138_BUF_MAX(4096);
    C138_JSON struct c138_json *values = NULL;
    if (!item || c138_abi_decode(item->inputs, data + 4, length - 4, NULL, &values, NULL) < 0)
        return 0;
    struct c138_json *args = c138_json_new_array();
    (void)c138_buf_addf(&text, "%s(", item->name);
    for (size_t i = 0; i < item->inputs->n_items; i++) {
        (void)c138_buf_adds(&text, i ? ", " : "");
        c138_json_append(
            args, arg_of(&item->inputs->items[i], c138_json_at(values, i), abi, depth, &text));
    }
    (void)c138_buf_addc(&text, ')');
    if (!strcmp(item->signature, "Panic(uint256)"))
        add_panic(values, &text);
    c138_json_set_str(ret, "text", c138_buf_text(&text));
    c138_json_set_str(ret, "error", item->name);
    c138_json_set_str(ret, "signature", item->signature);
    c138_json_set(ret, "args", args);
    return 1;
}

static int is_builtin(const uint8_t *data, size_t length, const struct c138_abi *abi,
                      unsigned depth, struct c138_json *ret) {
    static const char *const builtin[] = {"error Error(string reason)",
                                          "error Panic(uint256 code)"};
    int found = 0;
    for (size_t i = 0; !found && i < C138_COUNT(builtin); i++) {
        C138_ABI_ITEM struct c138_abi_item *item = NULL;
        (void)c138_abi_item_parse(builtin[i], &item, NULL);
        found =
            item && !memcmp(item->hash, data, 4) && is_error(item, data, length, abi, depth, ret);
    }
    return found;
}

static int is_known(const uint8_t *data, size_t length, const struct c138_abi *abi, unsigned depth,
                    struct c138_json *ret) {
    for (size_t i = 0;; i++) {
        C138_ABI_ITEM struct c138_abi_item *item = c138_abi_known(C138_ABI_ERROR, data, 4, i);
        if (!item)
            return 0;
        if (is_error(item, data, length, abi, depth, ret))
            return 1;
    }
}

static struct c138_json *decode(const uint8_t *data, size_t length, const struct c138_abi *abi,
                                unsigned depth) {
    struct c138_json *ret = c138_json_new_object();
    C138_FREE char *unknown = NULL, *hex = c138_hex_text(data, length);
    c138_json_set_str(ret, "data", hex);
    if (length >= 4 && (is_builtin(data, length, abi, depth, ret) ||
                        (abi && is_error(c138_abi_by_hash(abi, C138_ABI_ERROR, data, 4), data,
                                         length, abi, depth, ret)) ||
                        is_known(data, length, abi, depth, ret))) {
        return ret;
    }
    if (length >= 4)
        unknown = c138_xasprintf("an error that no ABI here knows: selector 0x%02x%02x%02x%02x, "
                                 "%zu bytes",
                                 data[0], data[1], data[2], data[3], length);
    c138_json_set_str(ret, "text",
                      unknown  ? unknown
                      : length ? "data that is no error of a contract"
                               : "no reason given: a require without text, gas that ran out, or a "
                                 "contract that has no such function");
    return ret;
}

struct c138_json *c138_revert_decode(const uint8_t *data, size_t length,
                                     const struct c138_abi *abi) {
    return decode(data, length, abi, 0);
}

struct c138_json *c138_revert_of_error(const struct c138_json *error, const struct c138_abi *abi) {
    const struct c138_json *data = c138_json_get(error, "data");
    if (c138_json_type(data) == C138_JSON_OBJECT)
        data = c138_json_has(data, "data") ? c138_json_get(data, "data")
                                           : c138_json_get(data, "result");
    const char *text = c138_json_as_str(data, NULL), *hex = text ? strstr(text, "0x") : NULL;
    if (!hex)
        return NULL;
    size_t digits = strlen(hex + 2);
    C138_FREE uint8_t *bytes = c138_xmalloc(digits / 2 + 1);
    return c138_hex_decode(hex + 2, digits, bytes) < 0 ? NULL
                                                       : c138_revert_decode(bytes, digits / 2, abi);
}
