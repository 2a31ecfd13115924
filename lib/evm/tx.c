#include <evm/tx.h>

#include <base/mem.h>
#include <evm/keccak.h>
#include <evm/rlp.h>

#include <string.h>

/* The order of the group, and half of it (SEC 2, 2.4.1). */
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t half[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/* --- Reading --------------------------------------------------------------------------------- */

static c138_status bad(struct c138_err *err, const char *key, const char *what) {
    return c138_error(err, C138_E_INVALID, key, "not a transaction: %s", what);
}

static c138_status member(struct c138_err *err, const char *name) {
    return c138_error(err, C138_E_INVALID, "tx.rlp",
                      "not a transaction: its %s is missing, out of range or not canonical RLP",
                      name);
}

static c138_status take_uint(struct c138_rlp *in, const char *name, uint64_t *ret,
                             struct c138_err *err) {
    return c138_rlp_uint(in, ret) < 0 ? member(err, name) : C138_OK;
}

/* A number of up to 256 bits without leading zeros. */
static c138_status take_number(struct c138_rlp *in, const char *name, uint8_t ret[32],
                               struct c138_err *err) {
    const uint8_t *p = NULL;
    size_t n = 0;
    if (c138_rlp_bytes(in, &p, &n) < 0 || n > 32 || (n && !p[0]))
        return member(err, name);
    memset(ret, 0, 32);
    memcpy(ret + 32 - n, p, n);
    return C138_OK;
}

static c138_status take_to(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    const uint8_t *p = NULL;
    size_t n = 0;
    if (c138_rlp_bytes(in, &p, &n) < 0 || (n && n != 20))
        return member(err, "to");
    tx->creates = !n;
    memcpy(tx->to, p, n);
    return C138_OK;
}

static c138_status take_body(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    c138_status status = take_number(in, "gas limit", tx->gas.be, err);
    if (status >= 0)
        status = take_to(in, tx, err);
    if (status >= 0)
        status = take_number(in, "value", tx->value.be, err);
    if (status >= 0 && c138_rlp_bytes(in, &tx->data, &tx->data_length) < 0)
        status = member(err, "data");
    return status;
}

/* ((address, (key, ...)), ...) */
static c138_status check_access(struct c138_rlp items) {
    while (!c138_rlp_done(&items)) {
        struct c138_rlp entry, keys;
        const uint8_t *p = NULL;
        size_t n = 0;
        if (c138_rlp_list(&items, &entry) < 0 || c138_rlp_bytes(&entry, &p, &n) < 0 || n != 20 ||
            c138_rlp_list(&entry, &keys) < 0 || !c138_rlp_done(&entry))
            return C138_E_INVALID;
        while (!c138_rlp_done(&keys))
            if (c138_rlp_bytes(&keys, &p, &n) < 0 || n != 32)
                return C138_E_INVALID;
    }
    return C138_OK;
}

static int is_zero(const uint8_t n[32]) {
    static const uint8_t zero[32];
    return !memcmp(n, zero, 32);
}

static c138_status check_signature(const struct c138_tx *tx, struct c138_err *err) {
    if (is_zero(tx->r) || is_zero(tx->s) || memcmp(tx->r, order, 32) >= 0 ||
        memcmp(tx->s, order, 32) >= 0)
        return bad(err, "tx.signature", "r or s is not between 0 and the group's order");
    if (memcmp(tx->s, half, 32) > 0)
        return bad(err, "tx.high-s", "s is in its upper half (EIP-2)");
    return C138_OK;
}

static c138_status take_rs(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    c138_status status = take_number(in, "r", tx->r, err);
    if (status >= 0)
        status = take_number(in, "s", tx->s, err);
    if (status >= 0 && !c138_rlp_done(in))
        status = bad(err, "tx.trailing", "it has more members than its type");
    return status;
}

/* v is 27 or 28 without, 35 + 2 * chain id + parity with EIP-155; or the chain id in the unsigned
 * form, where r and s are nought. */
static c138_status take_v(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    uint64_t v = 0;
    c138_status status = take_uint(in, "v", &v, err);
    if (status >= 0)
        status = take_rs(in, tx, err);
    if (status < 0)
        return status;
    if (is_zero(tx->r) && is_zero(tx->s)) {
        tx->chain_id = v;
        return v && v <= (UINT64_MAX - 36) / 2
                   ? C138_OK
                   : bad(err, "tx.chain", "its chain id is 0 or too large");
    }
    if (v != 27 && v != 28 && v < 37)
        return bad(err, "tx.v", "v is neither 27 or 28 nor 35 + 2 * chain id or one more");
    tx->is_signed = 1;
    tx->parity = (uint8_t)(v < 37 ? v - 27 : (v - 35) & 1);
    tx->chain_id = v < 37 ? 0 : (v - 35) / 2;
    return check_signature(tx, err);
}

static c138_status take_parity(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    uint64_t parity = 0;
    c138_status status = take_uint(in, "parity", &parity, err);
    if (status >= 0 && parity > 1)
        status = bad(err, "tx.parity", "its parity is neither 0 nor 1");
    if (status >= 0)
        status = take_rs(in, tx, err);
    if (status < 0)
        return status;
    tx->is_signed = 1;
    tx->parity = (uint8_t)parity;
    return check_signature(tx, err);
}

static c138_status take_legacy(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    c138_status status = take_uint(in, "nonce", &tx->nonce, err);
    if (status >= 0)
        status = take_number(in, "gas price", tx->gas_price.be, err);
    if (status >= 0)
        status = take_body(in, tx, err);
    return status < 0 || c138_rlp_done(in) ? status : take_v(in, tx, err);
}

static c138_status take_typed(struct c138_rlp *in, struct c138_tx *tx, struct c138_err *err) {
    struct c138_rlp access = {0};
    c138_status status = take_uint(in, "chain id", &tx->chain_id, err);
    if (status >= 0)
        status = take_uint(in, "nonce", &tx->nonce, err);
    if (status >= 0 && tx->type == 1)
        status = take_number(in, "gas price", tx->gas_price.be, err);
    if (status >= 0 && tx->type == 2)
        status = take_number(in, "priority fee", tx->tip_cap.be, err);
    if (status >= 0 && tx->type == 2)
        status = take_number(in, "fee cap", tx->fee_cap.be, err);
    if (status >= 0)
        status = take_body(in, tx, err);
    if (status >= 0 && (c138_rlp_list(in, &access) < 0 || check_access(access) < 0))
        status = member(err, "access list");
    tx->access = access.p;
    tx->access_length = access.length;
    return status < 0 || c138_rlp_done(in) ? status : take_parity(in, tx, err);
}

c138_status c138_tx_decode(const uint8_t *bytes, size_t length, struct c138_tx *ret,
                           struct c138_err *err) {
    struct c138_tx tx = {0};
    struct c138_rlp in = {bytes, length}, members;
    if (!length || length > C138_TX_MAX)
        return bad(err, "tx.length", length ? "it is longer than 1 MiB" : "it is empty");
    if (bytes[0] < 0x80) {
        tx.type = bytes[0];
        in = (struct c138_rlp){bytes + 1, length - 1};
        if (tx.type != 1 && tx.type != 2)
            return c138_error(
                err, tx.type && tx.type < 0x80 ? C138_E_UNSUPPORTED : C138_E_INVALID, "tx.type",
                "transactions of type %u are not known here: 0, 1 and 2 are", tx.type);
    }
    if (c138_rlp_list(&in, &members) < 0)
        return bad(err, "tx.rlp", "it is no RLP list, or a broken one");
    if (!c138_rlp_done(&in))
        return bad(err, "tx.trailing", "bytes follow it");
    c138_status status = tx.type ? take_typed(&members, &tx, err) : take_legacy(&members, &tx, err);
    if (status >= 0)
        *ret = tx;
    return status;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void put_number(struct c138_buf *out, const uint8_t n[32]) {
    size_t skip = 0;
    while (skip < 32 && !n[skip])
        skip++;
    c138_rlp_put_bytes(out, n + skip, 32 - skip);
}

static void put_fees(struct c138_buf *out, const struct c138_tx *tx) {
    if (tx->type == 2)
        put_number(out, tx->tip_cap.be);
    put_number(out, tx->type == 2 ? tx->fee_cap.be : tx->gas_price.be);
}

static void put_signature(struct c138_buf *out, const struct c138_tx *tx) {
    uint64_t legacy = tx->chain_id ? 35 + 2 * tx->chain_id : 27;
    c138_rlp_put_uint(out, tx->type ? tx->parity : legacy + tx->parity);
    put_number(out, tx->r);
    put_number(out, tx->s);
}

/* with: the signature. */
static c138_status encode(const struct c138_tx *tx, int with, struct c138_buf *out) {
    C138_BUF struct c138_buf list = C138_BUF_NULL;
    if (tx->type > 2 || tx->parity > 1 || tx->chain_id > (UINT64_MAX - 36) / 2)
        return C138_E_INVALID;
    if (tx->type)
        c138_rlp_put_uint(&list, tx->chain_id);
    c138_rlp_put_uint(&list, tx->nonce);
    put_fees(&list, tx);
    put_number(&list, tx->gas.be);
    c138_rlp_put_bytes(&list, tx->to, tx->creates ? 0 : 20);
    put_number(&list, tx->value.be);
    c138_rlp_put_bytes(&list, tx->data, tx->data_length);
    if (tx->type)
        c138_rlp_put_list(&list, tx->access, tx->access_length);
    if (with)
        put_signature(&list, tx);
    if (!with && !tx->type && tx->chain_id) {
        c138_rlp_put_uint(&list, tx->chain_id);
        c138_rlp_put_uint(&list, 0);
        c138_rlp_put_uint(&list, 0);
    }
    if (tx->type)
        c138_buf_addc(out, (char)tx->type);
    c138_rlp_put_list(out, list.data, list.length);
    return out->overflow ? C138_E_LIMIT : C138_OK;
}

c138_status c138_tx_encode(const struct c138_tx *tx, struct c138_buf *out) {
    return encode(tx, tx->is_signed, out);
}

static c138_status hash_of(const struct c138_tx *tx, int with, uint8_t ret_hash[32]) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = encode(tx, with, &out);
    if (status >= 0)
        c138_keccak256(out.data, out.length, ret_hash);
    return status;
}

c138_status c138_tx_signing_hash(const struct c138_tx *tx, uint8_t ret_hash[32]) {
    return hash_of(tx, 0, ret_hash);
}

c138_status c138_tx_hash(const struct c138_tx *tx, uint8_t ret_hash[32]) {
    return tx->is_signed ? hash_of(tx, 1, ret_hash) : C138_E_INVALID;
}

void c138_tx_access_add(struct c138_buf *items, const uint8_t address[20],
                        const uint8_t (*keys)[32], size_t n_keys) {
    C138_BUF struct c138_buf entry = C138_BUF_NULL, list = C138_BUF_NULL;
    for (size_t i = 0; i < n_keys; i++)
        c138_rlp_put_bytes(&list, keys[i], 32);
    c138_rlp_put_bytes(&entry, address, 20);
    c138_rlp_put_list(&entry, list.data, list.length);
    c138_rlp_put_list(items, entry.data, entry.length);
}
