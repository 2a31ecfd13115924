/* A text as an address and as hex: what is read is written as the same text, but for its case. */
#include <base/text.h>
#include <evm/address.h>

#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void address(const char *text) {
    uint8_t bytes[20], again[20];
    char written[C138_ADDRESS_TEXT];
    struct c138_err err = {0};
    if (c138_address_parse(text, bytes, &err) < 0) {
        if (!err.key[0] || !err.text[0])
            __builtin_trap();
        return;
    }
    c138_address_format(bytes, written);
    if (strcasecmp(text, written) != 0 || c138_address_parse(written, again, NULL) < 0 ||
        memcmp(bytes, again, 20) != 0)
        __builtin_trap();
}

static void hex(const char *text, size_t size) {
    C138_FREE uint8_t *bytes = c138_xmalloc(size / 2 + 1);
    C138_FREE char *written = c138_xmalloc(size + 2);
    int good = size % 2 == 0;
    for (size_t i = 0; i < size; i++)
        good &= text[i] && strchr("0123456789abcdefABCDEF", text[i]) != NULL;
    if ((c138_hex_decode(text, size, bytes) >= 0) != good)
        __builtin_trap();
    if (good)
        c138_hex_encode(bytes, size / 2, written);
    if (good && strncasecmp(text, written, size) != 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_FREE char *text = c138_xstrndup((const char *)data, size);
    address(text);
    hex((const char *)data, size);
    return 0;
}
