/* lib/evm for tests in other languages (tool.h). Test keys only. */
#include "tool.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/address.h>
#include <evm/keccak.h>
#include <evm/refusal.h>
#include <evm/rlp.h>
#include <evm/secp.h>

#include <stdio.h>
#include <string.h>

struct bytes {
    uint8_t *p;
    size_t n;
};

static struct bytes get(const struct c138_json *request, const char *name) {
    const char *text = c138_json_get_str(request, name, "");
    text += c138_starts_with(text, "0x") ? 2 : 0;
    struct bytes b = {c138_xmalloc(strlen(text) / 2 + 1), strlen(text) / 2};
    if (c138_hex_decode(text, strlen(text), b.p) < 0)
        b.n = 0;
    return b;
}

static void set(struct c138_json *answer, const char *name, const void *bytes, size_t length) {
    C138_FREE char *hex = c138_xcalloc(1, 2 * length + 1);
    if (length)
        c138_hex_encode(bytes, length, hex);
    c138_json_set_str(answer, name, hex);
}

static void set_number(struct c138_json *answer, const char *name, const struct c138_u256 *v) {
    char text[C138_U256_TEXT];
    c138_u256_to_dec(v, text);
    c138_json_set_str(answer, name, text);
}

static void set_uint(struct c138_json *answer, const char *name, uint64_t v) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
    c138_json_set_str(answer, name, text);
}

static c138_status keccak(const struct c138_json *request, struct c138_json *answer,
                          struct c138_err *err) {
    struct bytes b = get(request, "data");
    uint8_t hash[32];
    (void)err;
    c138_keccak256(b.p, b.n, hash);
    set(answer, "hash", hash, sizeof(hash));
    free(b.p);
    return C138_OK;
}

static c138_status refusal(const struct c138_json *request, struct c138_json *answer,
                           struct c138_err *err) {
    (void)err;
    c138_json_set_str(answer, "key",
                      c138_refusal_of(c138_json_get_int(request, "code", 0),
                                      c138_json_get_str(request, "message", ""))
                          ->key);
    return C138_OK;
}

static c138_status checksum(const struct c138_json *request, struct c138_json *answer,
                            struct c138_err *err) {
    uint8_t address[20];
    char text[C138_ADDRESS_TEXT];
    c138_status status =
        c138_address_parse(c138_json_get_str(request, "address", ""), address, err);
    if (status < 0)
        return status;
    c138_address_format(address, text);
    c138_json_set_str(answer, "text", text);
    return C138_OK;
}

static struct c138_json *items_of(struct c138_rlp *in, struct c138_buf *again, int depth) {
    struct c138_json *list = c138_json_new_array();
    struct c138_rlp item;
    int is_list = 0;
    while (depth < 64 && c138_rlp_next(in, &item, &is_list) == C138_OK) {
        C138_BUF struct c138_buf inner = C138_BUF_NULL;
        if (is_list) {
            c138_json_append(list, items_of(&item, &inner, depth + 1));
            c138_rlp_put_list(again, inner.data, inner.length);
            continue;
        }
        C138_FREE char *hex = c138_xcalloc(1, 2 * item.length + 3);
        memcpy(hex, "0x", 2);
        if (item.length)
            c138_hex_encode(item.p, item.length, hex + 2);
        c138_json_append(list, c138_json_new_str(hex));
        c138_rlp_put_bytes(again, item.p, item.length);
    }
    return list;
}

static c138_status rlp(const struct c138_json *request, struct c138_json *answer,
                       struct c138_err *err) {
    struct bytes b = get(request, "data");
    struct c138_rlp in = {b.p, b.n};
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    C138_JSON struct c138_json *items = items_of(&in, &again, 0);
    c138_status status = c138_rlp_done(&in) && c138_json_count(items) == 1
                             ? C138_OK
                             : c138_error(err, C138_E_INVALID, "rlp", "not one item of RLP");
    if (status >= 0) {
        c138_json_set(answer, "items", c138_json_ref(c138_json_at(items, 0)));
        set(answer, "again", again.data, again.length);
    }
    free(b.p);
    return status;
}

static void show(struct c138_secp *secp, const struct c138_tx *tx, struct c138_json *answer) {
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    uint8_t address[20], hash[32];
    set_uint(answer, "type", tx->type);
    set_uint(answer, "chainId", tx->chain_id);
    set_uint(answer, "nonce", tx->nonce);
    set_number(answer, "gasLimit", &tx->gas);
    set_number(answer, "gasPrice", &tx->gas_price);
    set_number(answer, "maxPriorityFeePerGas", &tx->tip_cap);
    set_number(answer, "maxFeePerGas", &tx->fee_cap);
    set_number(answer, "value", &tx->value);
    set(answer, "to", tx->to, tx->creates ? 0 : 20);
    set(answer, "data", tx->data, tx->data_length);
    if (c138_tx_encode(tx, &again) == C138_OK)
        set(answer, "again", again.data, again.length);
    if (c138_tx_sender(secp, tx, address) == C138_OK)
        set(answer, "sender", address, sizeof(address));
    if (c138_tx_hash(tx, hash) == C138_OK)
        set(answer, "hash", hash, sizeof(hash));
}

/* With "key": signed by it first. */
static c138_status transaction(const struct c138_json *request, struct c138_json *answer,
                               struct c138_err *err) {
    struct bytes b = get(request, "data"), key = get(request, "key");
    struct c138_tx tx;
    struct c138_secp *secp = c138_secp_new();
    c138_status status = c138_tx_decode(b.p, b.n, &tx, err);
    if (status >= 0 && key.n == 32 && c138_tx_sign(secp, &tx, key.p) < 0)
        status = c138_error(err, C138_E_INVALID, "key", "no secret key");
    if (status >= 0)
        show(secp, &tx, answer);
    c138_secp_free(secp);
    free(b.p);
    free(key.p);
    return status;
}

static const struct tool_op ops[] = {{"keccak", keccak},     {"refusal", refusal},
                                     {"checksum", checksum}, {"rlp", rlp},
                                     {"tx", transaction},    {"sign", transaction}};

int main(void) {
    return tool_serve(ops, C138_COUNT(ops));
}
