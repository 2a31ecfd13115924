#include <base/mem.h>
#include <base/u256.h>
#include <base/when.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Times, durations, sizes and amounts: what is written is read back to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_FREE char *text = c138_xstrndup((const char *)data, size);
    int64_t ns = 0, back = 0;
    uint64_t bytes = 0;
    struct c138_u256 wei, wei_back;
    char out[C138_U256_TEXT];
    if (c138_time_parse(text, &ns) >= 0 && ns >= 0) {
        c138_time_format(ns, out);
        if (c138_time_parse(out, &back) < 0 || back != ns / C138_NS_PER_MS * C138_NS_PER_MS)
            __builtin_trap();
    }
    if (c138_duration_parse(text, &ns) >= 0) {
        c138_duration_format(ns, out);
        if (ns < 0 || c138_duration_parse(out, &back) < 0 || back != ns)
            __builtin_trap();
        c138_duration_human(ns, out);
    }
    if (c138_size_parse(text, &bytes) >= 0)
        c138_size_human(bytes, out);
    if (c138_wei_parse(text, &wei) >= 0) {
        c138_u256_to_dec(&wei, out);
        if (c138_u256_from_dec(out, &wei_back) < 0 || c138_u256_cmp(&wei, &wei_back) != 0)
            __builtin_trap();
    }
    return 0;
}
