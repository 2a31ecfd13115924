/*
 * evm/rlp.h: RLP. Reading (Ethereum yellow paper, appendix B), strict: non-canonical lengths, single
 * bytes with a prefix, and items that reach past their list are C138_E_INVALID. A reader walks over
 * borrowed bytes. Pure; any thread.
 */
#ifndef C138_EVM_RLP_H
#define C138_EVM_RLP_H
#include <base/buf.h>
#include <base/err.h>
struct c138_rlp {
    const uint8_t *p;
    size_t length;
}; /* what is left to read at this level */
/* Takes the next item: its payload into *ret_item, *ret_is_list says what it is. C138_E_NOTFOUND at
 * the end. */
c138_status c138_rlp_next(struct c138_rlp *in, struct c138_rlp *ret_item, int *ret_is_list);
c138_status c138_rlp_list(struct c138_rlp *in,
                          struct c138_rlp *ret_items); /* next item, which must be a list */
c138_status c138_rlp_bytes(struct c138_rlp *in, const uint8_t **ret_bytes,
                           size_t *ret_length); /* ... must be bytes */
c138_status c138_rlp_uint(struct c138_rlp *in,
                          uint64_t *ret_value); /* ... no leading zeros, to 8 bytes */
int c138_rlp_done(const struct c138_rlp *in);

/* Writing, at the end of `out`; a bounded one that is full says so in out->overflow. A list is
 * written from its items, which are RLP already. */
void c138_rlp_put_bytes(struct c138_buf *out, const void *bytes, size_t length);
void c138_rlp_put_uint(struct c138_buf *out, uint64_t value);
void c138_rlp_put_list(struct c138_buf *out, const void *items, size_t length);
#endif
