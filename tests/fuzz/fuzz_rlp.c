#include <evm/rlp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks everything; each item must lie inside of what it came from. */
static void walk(struct c138_rlp in, int depth) {
    struct c138_rlp item;
    int is_list;
    while (depth < 64 && !c138_rlp_done(&in)) {
        struct c138_rlp before = in;
        uint64_t number;
        struct c138_rlp copy = in;
        (void)c138_rlp_uint(&copy, &number);
        if (c138_rlp_next(&in, &item, &is_list) != C138_OK)
            return;
        if (item.p < before.p || item.p + item.length > before.p + before.length ||
            in.p + in.length != before.p + before.length || in.length >= before.length)
            __builtin_trap();
        if (is_list)
            walk(item, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    walk((struct c138_rlp){data, size}, 0);
    return 0;
}
