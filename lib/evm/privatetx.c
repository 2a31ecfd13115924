#include <evm/privatetx.h>

#include <base/mem.h>
#include <evm/keccak.h>
#include <evm/rlp.h>

#include <string.h>

#define TX_MEMBERS 9 /* of a transaction of type 0, signed or not */

static c138_status bad(struct c138_err *err, const char *key, const char *what) {
    return c138_error(err, C138_E_INVALID, key, "not a private transaction: %s", what);
}

static int take_key(struct c138_rlp *in, const uint8_t **ret_key) {
    size_t n = 0;
    return c138_rlp_bytes(in, ret_key, &n) >= 0 && n == C138_PRIVATE_KEY;
}

static c138_status take_members(struct c138_rlp list, struct c138_private_tx *t,
                                struct c138_err *err) {
    while (!c138_rlp_done(&list)) {
        if (t->n_members == C138_PRIVATE_MEMBERS)
            return bad(err, "tx.private", "it names over 256 receivers");
        if (!take_key(&list, &t->members[t->n_members++]))
            return bad(err, "tx.private", "a key in privateFor is not of 32 bytes");
    }
    return C138_OK;
}

static c138_status take_receivers(struct c138_rlp *in, struct c138_private_tx *t,
                                  struct c138_err *err) {
    struct c138_rlp item = {0};
    int is_list = 0;
    if (c138_rlp_next(in, &item, &is_list) < 0)
        return bad(err, "tx.private", "it has neither privateFor nor privacyGroupId");
    if (is_list)
        return take_members(item, t, err);
    t->group = item.p;
    return item.length == C138_PRIVATE_KEY
               ? C138_OK
               : bad(err, "tx.private", "its privacyGroupId is not of 32 bytes");
}

static c138_status take_restriction(struct c138_rlp *in, struct c138_private_tx *t,
                                    struct c138_err *err) {
    static const char restricted[] = "restricted", unrestricted[] = "unrestricted";
    const uint8_t *p = NULL;
    size_t n = 0;
    if (c138_rlp_bytes(in, &p, &n) < 0)
        return bad(err, "tx.private", "its restriction is missing");
    t->unrestricted = n == strlen(unrestricted) && !memcmp(p, unrestricted, n);
    if (!t->unrestricted && (n != strlen(restricted) || memcmp(p, restricted, n) != 0))
        return bad(err, "tx.private", "its restriction is neither restricted nor unrestricted");
    return c138_rlp_done(in) ? C138_OK
                             : bad(err, "tx.trailing", "it has more members than its type");
}

/* The first nine members are a transaction of type 0: read as one, and its data found again. */
static c138_status take_tx(struct c138_rlp *in, struct c138_tx *ret, struct c138_err *err) {
    C138_BUF struct c138_buf alone = C138_BUF_NULL;
    const uint8_t *first = in->p;
    for (int i = 0; i < TX_MEMBERS; i++) {
        struct c138_rlp item;
        int is_list = 0;
        if (c138_rlp_next(in, &item, &is_list) < 0)
            return bad(err, "tx.rlp", "a member is missing or not canonical RLP");
    }
    size_t length = (size_t)(in->p - first);
    c138_rlp_put_list(&alone, first, length);
    c138_status status = c138_tx_decode((const uint8_t *)alone.data, alone.length, ret, err);
    if (status < 0)
        return status;
    const uint8_t *items = (const uint8_t *)alone.data + (alone.length - length);
    ret->data = ret->data ? first + (ret->data - items) : NULL;
    return C138_OK;
}

c138_status c138_private_tx_decode(const uint8_t *bytes, size_t length, struct c138_private_tx *ret,
                                   struct c138_err *err) {
    struct c138_rlp in = {bytes, length}, members;
    memset(ret, 0, sizeof(*ret));
    if (!length || length > C138_TX_MAX)
        return bad(err, "tx.length", length ? "it is longer than 1 MiB" : "it is empty");
    if (c138_rlp_list(&in, &members) < 0)
        return bad(err, "tx.rlp", "it is no RLP list, or a broken one");
    if (!c138_rlp_done(&in))
        return bad(err, "tx.trailing", "bytes follow it");
    c138_status status = take_tx(&members, &ret->tx, err);
    if (status >= 0 && !take_key(&members, &ret->from))
        status = bad(err, "tx.private", "its privateFrom is not of 32 bytes");
    if (status >= 0)
        status = take_receivers(&members, ret, err);
    return status < 0 ? status : take_restriction(&members, ret, err);
}

static c138_status encode(const struct c138_private_tx *t, int with, struct c138_buf *out) {
    C138_BUF struct c138_buf alone = C138_BUF_NULL, all = C138_BUF_NULL, keys = C138_BUF_NULL;
    struct c138_tx tx = t->tx;
    struct c138_rlp in, items;
    tx.is_signed = with;
    if (tx.type || (!with && !tx.chain_id && t->tx.is_signed == 0))
        return C138_E_INVALID;
    c138_status status = c138_tx_encode(&tx, &alone);
    if (status < 0)
        return status;
    in = (struct c138_rlp){(const uint8_t *)alone.data, alone.length};
    (void)c138_rlp_list(&in, &items);
    (void)c138_buf_add(&all, items.p, items.length);
    c138_rlp_put_bytes(&all, t->from, C138_PRIVATE_KEY);
    for (size_t i = 0; i < t->n_members; i++)
        c138_rlp_put_bytes(&keys, t->members[i], C138_PRIVATE_KEY);
    if (t->group)
        c138_rlp_put_bytes(&all, t->group, C138_PRIVATE_KEY);
    else
        c138_rlp_put_list(&all, keys.data, keys.length);
    c138_rlp_put_bytes(&all, t->unrestricted ? "unrestricted" : "restricted",
                       t->unrestricted ? 12 : 10);
    c138_rlp_put_list(out, all.data, all.length);
    return out->overflow ? C138_E_LIMIT : C138_OK;
}

c138_status c138_private_tx_encode(const struct c138_private_tx *t, struct c138_buf *out) {
    return encode(t, t->tx.is_signed, out);
}

c138_status c138_private_tx_signing_hash(const struct c138_private_tx *t, uint8_t ret_hash[32]) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    c138_status status = encode(t, 0, &out);
    if (status >= 0)
        c138_keccak256(out.data, out.length, ret_hash);
    return status;
}
