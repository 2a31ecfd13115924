#include <base/text.h>
#include <base/u256.h>
#include <evm/abi.h>
#include <evm/address.h>

#include <stdio.h>
#include <string.h>

#define WORD 32u

/* Where in the values we are, as a chain of members from the inner one outwards: it becomes text, as
 * "2.amount.0", only where something is wrong. */
struct path {
    const struct path *outer; /* NULL: all the values */
    const struct c138_abi_type *type;
    size_t index;
    struct c138_err *err;
};

static struct path within(const struct path *outer, const struct c138_abi_type *t, size_t index) {
    return (struct path){.outer = outer, .type = t, .index = index, .err = outer->err};
}

static void path_text(const struct path *p, struct c138_buf *out) {
    if (!p->outer)
        return;
    path_text(p->outer, out);
    (void)c138_buf_adds(out, out->length ? "." : "");
    if (p->type->name && *p->type->name)
        (void)c138_buf_adds(out, p->type->name);
    else
        (void)c138_buf_addf(out, "%zu", p->index);
}

static c138_status fails(const struct path *p, c138_status status, const char *key,
                         const struct c138_abi_type *t, const char *what) {
    C138_BUF struct c138_buf type = C138_BUF_MAX(120), place = C138_BUF_MAX(160);
    c138_abi_type_text(t, &type);
    path_text(p, &place);
    return c138_error(p->err, status, key, "%s (%s): %s",
                      place.length ? c138_buf_text(&place) : "the values", c138_buf_text(&type),
                      what);
}

static c138_status no_value(const struct path *p, const struct c138_abi_type *t, const char *what) {
    return fails(p, C138_E_INVALID, "abi.value", t, what);
}

static c138_status bad_data(const struct path *p, const struct c138_abi_type *t, const char *what) {
    return fails(p, C138_E_INVALID, "abi.data", t, what);
}

/* --- Numbers --------------------------------------------------------------------------------- */

static void negate(struct c138_u256 *v) {
    unsigned carry = 1;
    for (size_t i = 32; i--;) {
        carry += (uint8_t)~v->be[i];
        v->be[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Are all bytes before the last `size` equal to `fill`? */
static int filled(const uint8_t *word, size_t size, uint8_t fill) {
    for (size_t i = 0; i < WORD - size; i++)
        if (word[i] != fill)
            return 0;
    return 1;
}

/* Is the word a number of the type? */
static int in_range(const struct c138_abi_type *t, const uint8_t *word) {
    size_t size = t->size / 8;
    if (t->kind == C138_ABI_UINT)
        return filled(word, size, 0);
    return filled(word, size, word[WORD - size] & 0x80 ? 0xff : 0);
}

/* The magnitude and sign of "12", "-12", "0x1f", "-0x1f". */
static c138_status magnitude(const char *text, struct c138_u256 *ret, int *ret_negative) {
    *ret_negative = *text == '-';
    text += *ret_negative;
    return c138_starts_with(text, "0x") ? c138_u256_from_hex(text, ret)
                                        : c138_u256_from_dec(text, ret);
}

static c138_status number_text(const struct c138_json *v, char *text, size_t size) {
    const char *s = c138_json_as_str(v, NULL);
    if (s && strlen(s) < size)
        (void)snprintf(text, size, "%s", s);
    else if (c138_json_type(v) == C138_JSON_INT && c138_json_as_int(v, 0) < 0)
        (void)snprintf(text, size, "%lld", (long long)c138_json_as_int(v, 0));
    else if (c138_json_type(v) == C138_JSON_INT)
        (void)snprintf(text, size, "%llu", (unsigned long long)c138_json_as_uint(v, 0));
    else
        return C138_E_INVALID;
    return C138_OK;
}

static c138_status word_of_number(const struct path *p, const struct c138_abi_type *t,
                                  const struct c138_json *v, uint8_t word[WORD]) {
    char text[128];
    struct c138_u256 n;
    int negative = 0;
    if (number_text(v, text, sizeof(text)) < 0 || magnitude(text, &n, &negative) < 0)
        return no_value(p, t, "expected a whole number");
    if (negative)
        negate(&n);
    /* -0 is 0; what wrapped around has the wrong sign */
    int sign_bit = (n.be[0] & 0x80) != 0, zero = filled(n.be, 0, 0);
    if ((t->kind == C138_ABI_UINT && negative && !zero) ||
        (t->kind == C138_ABI_INT && !zero && sign_bit != negative) || !in_range(t, n.be))
        return no_value(p, t, "the number is out of the range of its type");
    memcpy(word, n.be, WORD);
    return C138_OK;
}

/* --- Encoding -------------------------------------------------------------------------------- */

/* Bytes as 0x text; *ret_bytes is the caller's. */
static c138_status bytes_of(const struct path *p, const struct c138_abi_type *t,
                            const struct c138_json *v, uint8_t **ret_bytes, size_t *ret_length) {
    const char *s = c138_json_as_str(v, NULL);
    if (!s || !c138_starts_with(s, "0x"))
        return no_value(p, t, "expected bytes, as 0x and an even number of hex digits");
    size_t digits = strlen(s + 2);
    uint8_t *bytes = c138_xmalloc(digits / 2 + 1);
    if (c138_hex_decode(s + 2, digits, bytes) < 0) {
        free(bytes);
        return no_value(p, t, "expected bytes, as 0x and an even number of hex digits");
    }
    *ret_bytes = bytes;
    *ret_length = digits / 2;
    return C138_OK;
}

static c138_status word_of_bytes(const struct path *p, const struct c138_abi_type *t,
                                 const struct c138_json *v, uint8_t word[WORD]) {
    C138_FREE uint8_t *bytes = NULL;
    size_t length = 0;
    c138_status status = bytes_of(p, t, v, &bytes, &length);
    if (status < 0)
        return status;
    if (length != t->size)
        return no_value(p, t, "the number of bytes is another one");
    memcpy(word, bytes, length);
    return C138_OK;
}

/* A value of one word that is no offset. */
static c138_status word_of(const struct path *p, const struct c138_abi_type *t,
                           const struct c138_json *v, uint8_t word[WORD]) {
    struct c138_err err = {0};
    const char *s = c138_json_as_str(v, NULL);
    memset(word, 0, WORD);
    switch (t->kind) {
    case C138_ABI_ADDRESS:
        if (!s || c138_address_parse(s, word + 12, &err) < 0)
            return no_value(p, t, s ? err.text : "expected an address");
        return C138_OK;
    case C138_ABI_BOOL:
        if (c138_json_type(v) != C138_JSON_BOOL)
            return no_value(p, t, "expected true or false");
        word[31] = c138_json_as_bool(v, 0) != 0;
        return C138_OK;
    case C138_ABI_FIXED_BYTES:
        return word_of_bytes(p, t, v, word);
    default:
        return word_of_number(p, t, v, word);
    }
}

static void put_size(struct c138_buf *out, uint64_t n) {
    uint8_t word[WORD] = {0};
    for (size_t i = 0; i < 8; i++)
        word[31 - i] = (uint8_t)(n >> 8 * i);
    (void)c138_buf_add(out, word, sizeof(word));
}

static void put_padded(struct c138_buf *out, const void *bytes, size_t length) {
    static const uint8_t zeros[WORD];
    (void)c138_buf_add(out, bytes, length);
    (void)c138_buf_add(out, zeros, (WORD - length % WORD) % WORD);
}

/* The bytes of a string or of bytes. */
static c138_status text_of(const struct path *p, const struct c138_abi_type *t,
                           const struct c138_json *v, uint8_t **ret_bytes, size_t *ret_length) {
    const char *s = c138_json_as_str(v, NULL);
    if (t->kind == C138_ABI_BYTES)
        return bytes_of(p, t, v, ret_bytes, ret_length);
    if (!s)
        return no_value(p, t, "expected a text");
    *ret_length = c138_json_str_length(v);
    *ret_bytes = c138_xmalloc(*ret_length + 1);
    memcpy(*ret_bytes, s, *ret_length);
    return C138_OK;
}

static c138_status put_text(const struct path *p, const struct c138_abi_type *t,
                            const struct c138_json *v, struct c138_buf *out) {
    C138_FREE uint8_t *bytes = NULL;
    size_t length = 0;
    c138_status status = text_of(p, t, v, &bytes, &length);
    if (status < 0)
        return status;
    put_size(out, length);
    put_padded(out, bytes, length);
    return C138_OK;
}

static const struct c138_abi_type *item_at(const struct c138_abi_type *t, size_t i) {
    return t->kind == C138_ABI_ARRAY ? t->items : &t->items[i];
}

/* A member's value; an object gives it by name. */
static c138_status member(const struct path *p, const struct c138_abi_type *t,
                          const struct c138_json *v, size_t i, const struct c138_json **ret) {
    if (c138_json_type(v) != C138_JSON_OBJECT) {
        *ret = c138_json_at(v, i);
        return C138_OK;
    }
    const char *name = item_at(t, i)->name;
    if (!name || !*name || !c138_json_has(v, name))
        return no_value(p, item_at(t, i), "the object has no member for it");
    *ret = c138_json_get(v, name);
    return C138_OK;
}

static c138_status check_count(const struct path *p, const struct c138_abi_type *t,
                               const struct c138_json *v, size_t n) {
    char text[96];
    int is_object = t->kind == C138_ABI_TUPLE && c138_json_type(v) == C138_JSON_OBJECT;
    if (!is_object && c138_json_type(v) != C138_JSON_ARRAY)
        return no_value(p, t, "expected a list");
    if (c138_json_count(v) == n)
        return C138_OK;
    (void)snprintf(text, sizeof(text), "expected %zu values, there are %zu", n, c138_json_count(v));
    return no_value(p, t, text);
}

static c138_status put(const struct path *p, const struct c138_abi_type *t,
                       const struct c138_json *v, struct c138_buf *out);

/* `n` values: their heads, then what is of no fixed size. */
static c138_status put_all(const struct path *p, const struct c138_abi_type *t,
                           const struct c138_json *v, size_t n, struct c138_buf *out) {
    C138_BUF struct c138_buf tails = C138_BUF_NULL;
    size_t head = 0;
    c138_status status = check_count(p, t, v, n);
    for (size_t i = 0; status >= 0 && i < n; i++)
        head += (size_t)item_at(t, i)->head * WORD;
    for (size_t i = 0; status >= 0 && i < n; i++) {
        const struct c138_abi_type *item = item_at(t, i);
        const struct c138_json *value = NULL;
        struct path inner = within(p, item, i);
        status = member(&inner, t, v, i, &value);
        if (item->dynamic)
            put_size(out, head + tails.length);
        if (status >= 0)
            status = put(&inner, item, value, item->dynamic ? &tails : out);
    }
    (void)c138_buf_add(out, tails.data, tails.length);
    return status;
}

static c138_status put(const struct path *p, const struct c138_abi_type *t,
                       const struct c138_json *v, struct c138_buf *out) {
    uint8_t word[WORD];
    size_t n = t->kind == C138_ABI_ARRAY && t->size ? t->size : c138_json_count(v);
    switch (t->kind) {
    case C138_ABI_STRING:
    case C138_ABI_BYTES:
        return put_text(p, t, v, out);
    case C138_ABI_TUPLE:
        return put_all(p, t, v, t->n_items, out);
    case C138_ABI_ARRAY:
        if (!t->size)
            put_size(out, n);
        return put_all(p, t, v, n, out);
    default: {
        c138_status status = word_of(p, t, v, word);
        if (status >= 0)
            (void)c138_buf_add(out, word, sizeof(word));
        return status;
    }
    }
}

c138_status c138_abi_encode(const struct c138_abi_type *tuple, const struct c138_json *values,
                            struct c138_buf *out, struct c138_err *err) {
    struct path p = {.err = err};
    return put_all(&p, tuple, values, tuple->n_items, out);
}

c138_status c138_abi_encode_call(const struct c138_abi_item *function,
                                 const struct c138_json *values, struct c138_buf *out,
                                 struct c138_err *err) {
    (void)c138_buf_add(out, function->hash, 4);
    c138_status status = c138_abi_encode(function->inputs, values, out, err);
    return status < 0 ? c138_error_prefix(err, status, "%s", function->signature) : status;
}

/* --- The packed mode ------------------------------------------------------------------------- */

static void pack_word(const struct c138_abi_type *t, const uint8_t word[WORD], int padded,
                      struct c138_buf *out) {
    size_t size = t->kind == C138_ABI_ADDRESS       ? 20
                  : t->kind == C138_ABI_BOOL        ? 1
                  : t->kind == C138_ABI_FIXED_BYTES ? t->size
                                                    : t->size / 8;
    if (padded)
        (void)c138_buf_add(out, word, WORD);
    else if (t->kind == C138_ABI_FIXED_BYTES)
        (void)c138_buf_add(out, word, size);
    else
        (void)c138_buf_add(out, word + WORD - size, size);
}

static c138_status pack(const struct path *p, const struct c138_abi_type *t,
                        const struct c138_json *v, int in_array, struct c138_buf *out) {
    uint8_t word[WORD];
    int nested = t->kind == C138_ABI_TUPLE ||
                 (in_array && (t->kind == C138_ABI_BYTES || t->kind == C138_ABI_STRING));
    if (nested)
        return fails(p, C138_E_UNSUPPORTED, "abi.packed", t,
                     "tuples, and arrays of texts or bytes, have no packed form");
    if (t->kind == C138_ABI_STRING || t->kind == C138_ABI_BYTES) {
        C138_FREE uint8_t *bytes = NULL;
        size_t length = 0;
        c138_status status = text_of(p, t, v, &bytes, &length);
        if (status >= 0)
            (void)c138_buf_add(out, bytes, length);
        return status;
    }
    if (t->kind != C138_ABI_ARRAY) {
        c138_status status = word_of(p, t, v, word);
        if (status >= 0)
            pack_word(t, word, in_array, out);
        return status;
    }
    size_t n = t->size ? t->size : c138_json_count(v);
    c138_status status = check_count(p, t, v, n);
    for (size_t i = 0; status >= 0 && i < n; i++) {
        struct path inner = within(p, t->items, i);
        status = pack(&inner, t->items, c138_json_at(v, i), 1, out);
    }
    return status;
}

c138_status c138_abi_pack(const struct c138_abi_type *tuple, const struct c138_json *values,
                          struct c138_buf *out, struct c138_err *err) {
    struct path p = {.err = err};
    c138_status status = check_count(&p, tuple, values, tuple->n_items);
    for (size_t i = 0; status >= 0 && i < tuple->n_items; i++) {
        const struct c138_json *value = NULL;
        struct path inner = within(&p, &tuple->items[i], i);
        status = member(&inner, tuple, values, i, &value);
        if (status >= 0)
            status = pack(&inner, &tuple->items[i], value, 0, out);
    }
    return status;
}

/* --- Decoding -------------------------------------------------------------------------------- */

struct data {
    const uint8_t *p;
    size_t length;
};

/* A number of the data that counts bytes or elements. -1: over what any data could hold. */
static int64_t size_at(const uint8_t *word) {
    int64_t n = 0;
    if (!filled(word, 6, 0))
        return -1;
    for (size_t i = WORD - 6; i < WORD; i++)
        n = n << 8 | word[i];
    return n;
}

static struct c138_json *hex_json(const uint8_t *bytes, size_t length) {
    char word[2 * WORD + 3] = "0x";
    if (length <= WORD) {
        c138_hex_encode(bytes, length, word + 2);
        return c138_json_new_strn(word, 2 * length + 2);
    }
    C138_FREE char *text = c138_hex_text(bytes, length);
    return c138_json_new_strn(text, 2 * length + 2);
}

static struct c138_json *number_json(const struct c138_abi_type *t, const uint8_t *word) {
    struct c138_u256 n;
    char text[C138_U256_TEXT + 1] = "-";
    int negative = t->kind == C138_ABI_INT && word[0] & 0x80;
    memcpy(n.be, word, WORD);
    if (negative)
        negate(&n);
    c138_u256_to_dec(&n, text + negative);
    return c138_json_new_str(text);
}

static c138_status get_word(const struct path *p, const struct c138_abi_type *t,
                            const uint8_t *word, struct c138_json **ret) {
    char address[C138_ADDRESS_TEXT];
    switch (t->kind) {
    case C138_ABI_ADDRESS:
        if (!filled(word, 20, 0))
            return bad_data(p, t, "the bytes before it are not nought");
        c138_address_format(word + 12, address);
        *ret = c138_json_new_str(address);
        return C138_OK;
    case C138_ABI_BOOL:
        if (!filled(word, 1, 0) || word[31] > 1)
            return bad_data(p, t, "it is neither 0 nor 1");
        *ret = c138_json_new_bool(word[31]);
        return C138_OK;
    case C138_ABI_FIXED_BYTES:
        for (size_t i = t->size; i < WORD; i++)
            if (word[i])
                return bad_data(p, t, "the bytes behind it are not nought");
        *ret = hex_json(word, t->size);
        return C138_OK;
    default:
        if (!in_range(t, word))
            return bad_data(p, t, "the number is out of the range of its type");
        *ret = number_json(t, word);
        return C138_OK;
    }
}

/* Every get_*() reads at the beginning of `d`, and says how many bytes it took. */
static c138_status get_text(const struct path *p, const struct c138_abi_type *t, struct data d,
                            size_t *ret_used, struct c138_json **ret) {
    int64_t n = d.length < WORD ? -1 : size_at(d.p);
    if (n < 0 || (uint64_t)n > d.length - WORD)
        return bad_data(p, t, "its length is more than there is");
    size_t length = (size_t)n, padded = (length + WORD - 1) / WORD * WORD;
    if (padded > d.length - WORD)
        return bad_data(p, t, "its padding is cut off");
    for (size_t i = length; i < padded; i++)
        if (d.p[WORD + i])
            return bad_data(p, t, "its padding is not nought");
    *ret = t->kind == C138_ABI_STRING ? c138_json_new_strn((const char *)d.p + WORD, length)
                                      : hex_json(d.p + WORD, length);
    *ret_used = WORD + padded;
    return C138_OK;
}

static c138_status get(const struct path *p, const struct c138_abi_type *t, struct data d,
                       size_t *ret_used, struct c138_json **ret);

/* A member: in place, or where the offset in its place must point to, at *tail. */
static c138_status get_member(const struct path *p, const struct c138_abi_type *t, struct data d,
                              size_t *head, size_t *tail, struct c138_json **ret) {
    size_t used = 0;
    if (!t->dynamic) {
        struct data in_place = {d.p + *head, (size_t)t->head * WORD};
        *head += in_place.length;
        return get(p, t, in_place, &used, ret);
    }
    if (size_at(d.p + *head) != (int64_t)*tail)
        return bad_data(p, t, "its offset does not point to where it must be");
    *head += WORD;
    c138_status status = get(p, t, (struct data){d.p + *tail, d.length - *tail}, &used, ret);
    *tail += used;
    return status;
}

static c138_status get_all(const struct path *p, const struct c138_abi_type *t, struct data d,
                           size_t n, size_t *ret_used, struct c138_json **ret) {
    size_t head = 0, tail = 0;
    if (t->kind == C138_ABI_ARRAY)
        tail = n > d.length / WORD / t->items->head ? SIZE_MAX : n * t->items->head * WORD;
    else
        for (size_t i = 0; i < n; i++)
            tail += (size_t)t->items[i].head * WORD;
    if (tail > d.length)
        return bad_data(p, t, "there is less than it takes");
    C138_JSON struct c138_json *list = c138_json_new_array();
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < n; i++) {
        struct c138_json *value = NULL;
        struct path inner = within(p, item_at(t, i), i);
        status = get_member(&inner, item_at(t, i), d, &head, &tail, &value);
        if (status >= 0)
            c138_json_append(list, value);
    }
    if (status < 0)
        return status;
    *ret = list;
    list = NULL;
    *ret_used = tail;
    return C138_OK;
}

static c138_status get(const struct path *p, const struct c138_abi_type *t, struct data d,
                       size_t *ret_used, struct c138_json **ret) {
    if (t->kind == C138_ABI_TUPLE)
        return get_all(p, t, d, t->n_items, ret_used, ret);
    if (t->kind == C138_ABI_STRING || t->kind == C138_ABI_BYTES)
        return get_text(p, t, d, ret_used, ret);
    if (t->kind == C138_ABI_ARRAY && t->size)
        return get_all(p, t, d, t->size, ret_used, ret);
    if (d.length < WORD)
        return bad_data(p, t, "there is less than it takes");
    if (t->kind == C138_ABI_ARRAY) {
        int64_t n = size_at(d.p);
        if (n < 0)
            return bad_data(p, t, "there is less than it takes");
        c138_status status =
            get_all(p, t, (struct data){d.p + WORD, d.length - WORD}, (size_t)n, ret_used, ret);
        *ret_used += WORD;
        return status;
    }
    *ret_used = WORD;
    return get_word(p, t, d.p, ret);
}

c138_status c138_abi_decode(const struct c138_abi_type *tuple, const uint8_t *bytes, size_t length,
                            size_t *ret_used, struct c138_json **ret_values, struct c138_err *err) {
    struct path p = {.err = err};
    size_t used = 0;
    struct c138_json *values = NULL;
    c138_status status =
        get_all(&p, tuple, (struct data){bytes, length}, tuple->n_items, &used, &values);
    if (status >= 0 && !ret_used && used != length) {
        c138_json_unref(values);
        return c138_error(err, C138_E_INVALID, "abi.trailing",
                          "%zu bytes are left over behind the values", length - used);
    }
    if (status < 0)
        return status;
    if (ret_used)
        *ret_used = used;
    *ret_values = values;
    return C138_OK;
}

/* --- Events ---------------------------------------------------------------------------------- */

/* An indexed parameter: itself where it takes one word, else the hash of it. */
static c138_status topic_value(const struct path *p, const struct c138_abi_type *t,
                               const uint8_t *topic, struct c138_json **ret) {
    if (!t->dynamic && t->kind != C138_ABI_TUPLE && t->kind != C138_ABI_ARRAY)
        return get_word(p, t, topic, ret);
    *ret = c138_json_new_object();
    c138_json_set(*ret, "hash", hex_json(topic, WORD));
    return C138_OK;
}

/* The parameters that are not indexed, as a tuple that borrows them. */
static struct c138_abi_type data_part(const struct c138_abi_type *all, size_t *ret_indexed) {
    struct c138_abi_type part = {.kind = C138_ABI_TUPLE};
    part.items = c138_xcalloc(all->n_items + 1, sizeof(*part.items));
    *ret_indexed = 0;
    for (size_t i = 0; i < all->n_items; i++)
        if (all->items[i].indexed)
            ++*ret_indexed;
        else
            part.items[part.n_items++] = all->items[i];
    return part;
}

static c138_status check_topics(const struct c138_abi_item *event, const uint8_t (*topics)[32],
                                size_t n_topics, size_t indexed, struct c138_err *err) {
    size_t first = event->anonymous ? 0 : 1;
    if (n_topics != first + indexed)
        return c138_error(err, C138_E_INVALID, "abi.topics", "%s has %zu topics, the log has %zu",
                          event->signature, first + indexed, n_topics);
    return first && memcmp(topics[0], event->hash, WORD) != 0
               ? c138_error(err, C138_E_INVALID, "abi.topics", "the log is not of event %s",
                            event->signature)
               : C138_OK;
}

c138_status c138_abi_decode_event(const struct c138_abi_item *event, const uint8_t (*topics)[32],
                                  size_t n_topics, const uint8_t *data, size_t length,
                                  struct c138_json **ret_values, struct c138_err *err) {
    struct path p = {.err = err};
    size_t indexed = 0, topic = event->anonymous ? 0 : 1, at = 0;
    struct c138_abi_type part = data_part(event->inputs, &indexed);
    C138_JSON struct c138_json *values = NULL;
    C138_JSON struct c138_json *all = c138_json_new_array();
    c138_status status = check_topics(event, topics, n_topics, indexed, err);
    if (status >= 0)
        status = c138_abi_decode(&part, data, length, NULL, &values, err);
    for (size_t i = 0; status >= 0 && i < event->inputs->n_items; i++) {
        const struct c138_abi_type *t = &event->inputs->items[i];
        struct c138_json *value = NULL;
        struct path inner = within(&p, t, i);
        if (t->indexed)
            status = topic_value(&inner, t, topics[topic++], &value);
        else
            value = c138_json_ref(c138_json_at(values, at++));
        if (status >= 0)
            c138_json_append(all, value);
    }
    free(part.items);
    if (status < 0)
        return status;
    *ret_values = all;
    all = NULL;
    return C138_OK;
}
