#include <evm/rlp.h>

/* A number of `size` bytes, big endian, canonical: no leading zero. */
static c138_status rlp_length(const uint8_t *p, size_t size, size_t *ret_length) {
    size_t length = 0;
    if (size > sizeof(length) || p[0] == 0)
        return C138_E_INVALID;
    for (size_t i = 0; i < size; i++)
        length = length << 8 | p[i];
    *ret_length = length;
    return C138_OK;
}

/* Reads the prefix at in->p: *ret_head bytes of prefix, then *ret_length bytes of payload. */
static c138_status rlp_head(const struct c138_rlp *in, size_t *ret_head, size_t *ret_length,
                            int *ret_is_list) {
    uint8_t first = in->p[0];
    size_t head, length;
    *ret_is_list = first >= 0xc0;
    if (first < 0x80) {
        head = 0;
        length = 1;
    } else {
        uint8_t base = first >= 0xc0 ? 0xc0 : 0x80;
        if (first < base + 56) {
            head = 1;
            length = (size_t)(first - base);
        } else {
            size_t size = (size_t)(first - base - 55);
            if (size > in->length - 1 || rlp_length(in->p + 1, size, &length) != C138_OK)
                return C138_E_INVALID;
            if (length < 56) /* had to be written in the short form */
                return C138_E_INVALID;
            head = 1 + size;
        }
    }
    if (length > in->length - head)
        return C138_E_INVALID;
    if (head == 1 && length == 1 && first < 0xc0 && in->p[1] < 0x80) /* stands for itself */
        return C138_E_INVALID;
    *ret_head = head;
    *ret_length = length;
    return C138_OK;
}

c138_status c138_rlp_next(struct c138_rlp *in, struct c138_rlp *ret_item, int *ret_is_list) {
    size_t head, length;
    int is_list;
    if (in->length == 0)
        return C138_E_NOTFOUND;
    c138_status status = rlp_head(in, &head, &length, &is_list);
    if (status != C138_OK)
        return status;
    *ret_item = (struct c138_rlp){in->p + head, length};
    *ret_is_list = is_list;
    in->p += head + length;
    in->length -= head + length;
    return C138_OK;
}

/* The next item, which must be of the kind asked for; nothing is taken otherwise. */
static c138_status rlp_expect(struct c138_rlp *in, int want_list, struct c138_rlp *ret_item) {
    struct c138_rlp rest = *in, item;
    int is_list;
    c138_status status = c138_rlp_next(&rest, &item, &is_list);
    if (status != C138_OK)
        return status;
    if (is_list != want_list)
        return C138_E_INVALID;
    *in = rest;
    *ret_item = item;
    return C138_OK;
}

c138_status c138_rlp_list(struct c138_rlp *in, struct c138_rlp *ret_items) {
    return rlp_expect(in, 1, ret_items);
}

c138_status c138_rlp_bytes(struct c138_rlp *in, const uint8_t **ret_bytes, size_t *ret_length) {
    struct c138_rlp item;
    c138_status status = rlp_expect(in, 0, &item);
    if (status != C138_OK)
        return status;
    *ret_bytes = item.p;
    *ret_length = item.length;
    return C138_OK;
}

c138_status c138_rlp_uint(struct c138_rlp *in, uint64_t *ret_value) {
    struct c138_rlp rest = *in, item;
    uint64_t value = 0;
    c138_status status = rlp_expect(&rest, 0, &item);
    if (status != C138_OK)
        return status;
    if (item.length > sizeof(value) || (item.length > 0 && item.p[0] == 0))
        return C138_E_INVALID;
    for (size_t i = 0; i < item.length; i++)
        value = value << 8 | item.p[i];
    *in = rest;
    *ret_value = value;
    return C138_OK;
}

int c138_rlp_done(const struct c138_rlp *in) {
    return in->length == 0;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void put_head(struct c138_buf *out, size_t length, uint8_t base) {
    uint8_t head[1 + sizeof(length)];
    size_t n = 0;
    if (length < 56) {
        c138_buf_addc(out, (char)(base + length));
        return;
    }
    for (size_t rest = length; rest; rest >>= 8)
        n++;
    head[0] = (uint8_t)(base + 55 + n);
    for (size_t i = 0; i < n; i++)
        head[n - i] = (uint8_t)(length >> 8 * i);
    c138_buf_add(out, head, n + 1);
}

void c138_rlp_put_bytes(struct c138_buf *out, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    if (length != 1 || *p >= 0x80) /* a small byte stands for itself */
        put_head(out, length, 0x80);
    if (length)
        c138_buf_add(out, bytes, length);
}

void c138_rlp_put_uint(struct c138_buf *out, uint64_t value) {
    uint8_t bytes[8];
    size_t n = 0;
    for (uint64_t rest = value; rest; rest >>= 8)
        n++;
    for (size_t i = 0; i < n; i++)
        bytes[n - 1 - i] = (uint8_t)(value >> 8 * i);
    c138_rlp_put_bytes(out, bytes, n);
}

void c138_rlp_put_list(struct c138_buf *out, const void *items, size_t length) {
    put_head(out, length, 0xc0);
    if (length)
        c138_buf_add(out, items, length);
}
