/* The code of a node's refusal as eight bytes, and its text: it means something, whatever it says. */
#include <base/mem.h>
#include <evm/refusal.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int64_t code = 0;
    if (size < sizeof(code))
        return 0;
    memcpy(&code, data, sizeof(code));
    C138_FREE char *text = c138_xstrndup((const char *)data + sizeof(code), size - sizeof(code));
    const struct c138_refusal *r = c138_refusal_of(code, text);
    if (strncmp(r->key, "tx.", 3) != 0 || !r->meaning[0] || !r->mend[0])
        __builtin_trap();
    return 0;
}
