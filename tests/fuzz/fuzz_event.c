/* An event, a zero byte, the number of topics (with 0x80: the first is the event's own), the topics, the
 * data: a value for each parameter, or a reason. */
#include <evm/abi.h>

#include <string.h>

#define TOPICS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct c138_abi_item *event, const uint8_t *p, size_t length) {
    C138_JSON struct c138_json *values = NULL;
    struct c138_err err = {0};
    uint8_t topics[TOPICS][32];
    size_t n = (p[0] & 0x7f) % TOPICS;
    if (length < 1 + 32 * n)
        return;
    memcpy(topics, p + 1, 32 * n);
    if (n && p[0] & 0x80)
        memcpy(topics[0], event->hash, 32);
    if (c138_abi_decode_event(event, (const uint8_t(*)[32])topics, n, p + 1 + 32 * n,
                              length - 1 - 32 * n, &values, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return;
    }
    if (c138_json_count(values) != event->inputs->n_items)
        __builtin_trap();
    for (size_t i = 0; i < event->inputs->n_items; i++)
        if (c138_json_has(c138_json_at(values, i), "hash") && !event->inputs->items[i].indexed)
            __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *zero = memchr(data, 0, size);
    C138_ABI_ITEM struct c138_abi_item *item = NULL;
    if (zero && zero + 1 < data + size &&
        c138_abi_item_parse((const char *)data, &item, NULL) >= 0 && item->what == C138_ABI_EVENT)
        decode(item, zero + 1, size - (size_t)(zero + 1 - data));
    return 0;
}
