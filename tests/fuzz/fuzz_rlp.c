#include <evm/rlp.h>

#include <string.h>

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

/* Writes all that it reads; 0 where that cannot be read to its end. */
static int rewrite(struct c138_rlp in, struct c138_buf *out, int depth) {
    struct c138_rlp item;
    int is_list;
    while (!c138_rlp_done(&in)) {
        C138_BUF struct c138_buf inner = C138_BUF_NULL;
        if (depth > 64 || c138_rlp_next(&in, &item, &is_list) != C138_OK ||
            (is_list && !rewrite(item, &inner, depth + 1)))
            return 0;
        if (is_list)
            c138_rlp_put_list(out, inner.data, inner.length);
        else
            c138_rlp_put_bytes(out, item.p, item.length);
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    walk((struct c138_rlp){data, size}, 0);
    if (rewrite((struct c138_rlp){data, size}, &again, 0) &&
        (again.length != size || (size && memcmp(again.data, data, size) != 0)))
        __builtin_trap();
    return 0;
}
