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

/* Reads all of `in` into *list, and writes it again. 0: it cannot be read to its end. */
static int items_of(struct c138_rlp *in, struct c138_json *list, struct c138_buf *again,
                    int depth) {
    while (!c138_rlp_done(in)) {
        C138_BUF struct c138_buf inner = C138_BUF_NULL;
        struct c138_rlp item;
        int is_list = 0;
        if (depth == 64 || c138_rlp_next(in, &item, &is_list) != C138_OK)
            return 0;
        if (is_list) {
            struct c138_json *items = c138_json_new_array();
            c138_json_append(list, items);
            if (!items_of(&item, items, &inner, depth + 1))
                return 0;
            c138_rlp_put_list(again, inner.data, inner.length);
            continue;
        }
        C138_FREE char *hex = c138_hex_text(item.p, item.length);
        c138_json_append(list, c138_json_new_str(hex));
        c138_rlp_put_bytes(again, item.p, item.length);
    }
    return 1;
}

static c138_status rlp(const struct c138_json *request, struct c138_json *answer,
                       struct c138_err *err) {
    struct bytes b = get(request, "data");
    struct c138_rlp in = {b.p, b.n};
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    C138_JSON struct c138_json *items = c138_json_new_array();
    c138_status status = items_of(&in, items, &again, 0) && c138_json_count(items) == 1
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

static void get_number(const struct c138_json *request, const char *name, struct c138_u256 *ret) {
    (void)c138_u256_from_dec(c138_json_get_str(request, name, "0"), ret);
}

/* The items of an access list, as in JSON-RPC. */
static void add_access(const struct c138_json *list, struct c138_buf *items) {
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *entry = c138_json_at(list, i), *keys;
        struct bytes address = get(entry, "address");
        uint8_t words[16][32] = {{0}};
        keys = c138_json_get(entry, "storageKeys");
        size_t n = c138_json_count(keys) < 16 ? c138_json_count(keys) : 16;
        for (size_t k = 0; k < n; k++)
            (void)c138_hex_decode(c138_json_as_str(c138_json_at(keys, k), "0x") + 2, 64, words[k]);
        c138_tx_access_add(items, address.p, (const uint8_t(*)[32])words, n);
        free(address.p);
    }
}

/* Made of its members, and signed. */
static c138_status make(const struct c138_json *request, struct c138_json *answer,
                        struct c138_err *err) {
    struct bytes to = get(request, "to"), data = get(request, "data"), key = get(request, "key");
    C138_BUF struct c138_buf access = C138_BUF_NULL;
    struct c138_tx tx = {.type = (uint8_t)c138_json_get_uint(request, "type", 0),
                         .chain_id = c138_json_get_uint(request, "chainId", 0),
                         .nonce = c138_json_get_uint(request, "nonce", 0),
                         .creates = !to.n,
                         .data = data.p,
                         .data_length = data.n};
    struct c138_secp *secp = c138_secp_new();
    get_number(request, "gasLimit", &tx.gas);
    get_number(request, "gasPrice", &tx.gas_price);
    get_number(request, "maxPriorityFeePerGas", &tx.tip_cap);
    get_number(request, "maxFeePerGas", &tx.fee_cap);
    get_number(request, "value", &tx.value);
    memcpy(tx.to, to.p, to.n == 20 ? 20 : 0);
    add_access(c138_json_get(request, "accessList"), &access);
    tx.access = (const uint8_t *)access.data;
    tx.access_length = access.length;
    c138_status status = key.n == 32 ? c138_tx_sign(secp, &tx, key.p) : C138_E_INVALID;
    if (status >= 0)
        show(secp, &tx, answer);
    else
        (void)c138_error(err, status, "make", "it cannot be signed");
    c138_secp_free(secp);
    free(to.p);
    free(data.p);
    free(key.p);
    return status;
}

static c138_status sign_hash(const struct c138_json *request, struct c138_json *answer,
                             struct c138_err *err) {
    struct bytes hash = get(request, "hash"), key = get(request, "key");
    struct c138_secp *secp = c138_secp_new();
    uint8_t rsv[65];
    c138_status status = hash.n == 32 && key.n == 32
                             ? c138_secp_sign(secp, key.p, hash.p, rsv, rsv + 32, rsv + 64)
                             : c138_error(err, C138_E_INVALID, "key", "no hash, or no secret key");
    rsv[64] = (uint8_t)(rsv[64] + 27);
    if (status >= 0)
        set(answer, "signature", rsv, sizeof(rsv));
    c138_secp_free(secp);
    free(hash.p);
    free(key.p);
    return status;
}

/* Where a contract comes to lie: CREATE at "nonce", or CREATE2 of "salt" and "code". */
static c138_status create(const struct c138_json *request, struct c138_json *answer,
                          struct c138_err *err) {
    struct bytes sender = get(request, "sender"), salt = get(request, "salt"),
                 code = get(request, "code");
    uint8_t address[20], hash[32];
    char text[C138_ADDRESS_TEXT];
    (void)err;
    c138_keccak256(code.p, code.n, hash);
    if (salt.n == 32)
        c138_address_create2(sender.p, salt.p, hash, address);
    else
        c138_address_create(sender.p, c138_json_get_uint(request, "nonce", 0), address);
    c138_address_format(address, text);
    c138_json_set_str(answer, "address", text);
    free(sender.p);
    free(salt.p);
    free(code.p);
    return C138_OK;
}

static c138_status wei(const struct c138_json *request, struct c138_json *answer,
                       struct c138_err *err) {
    struct c138_u256 v;
    c138_status status = c138_wei_parse(c138_json_get_str(request, "text", ""), &v);
    if (status < 0)
        return c138_error(err, status, "wei", "no amount");
    set_number(answer, "wei", &v);
    return C138_OK;
}

/* Decimal, or hex with 0x. */
static c138_status number(const struct c138_json *request, struct c138_json *answer,
                          struct c138_err *err) {
    const char *text = c138_json_get_str(request, "text", "");
    struct c138_u256 v;
    char quantity[67];
    c138_status status =
        c138_starts_with(text, "0x") ? c138_u256_from_hex(text, &v) : c138_u256_from_dec(text, &v);
    if (status < 0)
        return c138_error(err, status, "number", "no number");
    c138_u256_to_quantity(&v, quantity);
    c138_json_set_str(answer, "quantity", quantity);
    return C138_OK;
}

static const struct tool_op ops[] = {
    {"keccak", keccak},  {"refusal", refusal},  {"checksum", checksum}, {"rlp", rlp},
    {"tx", transaction}, {"sign", transaction}, {"make", make},         {"sign-hash", sign_hash},
    {"create", create},  {"wei", wei},          {"number", number}};

int main(void) {
    return tool_serve(ops, C138_COUNT(ops));
}
