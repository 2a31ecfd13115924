/*
 * evm/abi.h: the contract ABI, version 2 (Solidity's "Contract ABI Specification"): types, the
 * functions, events and errors of contracts, and their values to and from bytes. Pure; any thread.
 *
 * Values are JSON: integers as decimal text (on input also as numbers and 0x text), booleans,
 * addresses as text (EIP-55 on output, checked on input where the case is mixed), bytes as 0x text,
 * strings, arrays and tuples as arrays; on input a tuple may be an object by the names of its
 * members.
 *
 * Decoding is strict: an offset must point where an encoder puts it, padding must be what it must
 * be, numbers must be in the range of their type, nothing may be left over. So each word is read
 * once, and decode(encode(v)) is v. (One loss: a string that is no UTF-8 is shown with U+FFFD.)
 */
#ifndef C138_EVM_ABI_H
#define C138_EVM_ABI_H
#include <base/buf.h>
#include <base/json.h>

#define C138_ABI_DEPTH 16       /* deepest nesting of types */
#define C138_ABI_NODES 2048     /* types in one declaration */
#define C138_ABI_WORDS 0x10000u /* most words in the head of one value */

enum c138_abi_kind {
    C138_ABI_UINT,
    C138_ABI_INT,
    C138_ABI_ADDRESS,
    C138_ABI_BOOL,
    C138_ABI_FIXED_BYTES, /* bytes1 to bytes32; `function` is bytes24 */
    C138_ABI_BYTES,
    C138_ABI_STRING,
    C138_ABI_ARRAY,
    C138_ABI_TUPLE
};

struct c138_abi_type {
    enum c138_abi_kind kind;
    uint32_t size;               /* bits, bytes, or elements of an array; 0: any number of them */
    uint32_t head;               /* words it takes in the head of what holds it */
    int dynamic;                 /* what is in the head is an offset */
    int indexed;                 /* a parameter of an event that is a topic */
    char *name;                  /* "" where it has none */
    struct c138_abi_type *items; /* members of a tuple; the one element of an array */
    size_t n_items;
};

/* "uint256", "(address to, bytes data)[]", "tuple(uint8,string)". C138_E_INVALID with key
 * "abi.type": what is wrong, and where in the text. The caller frees it. */
c138_status c138_abi_type_parse(const char *text, struct c138_abi_type **ret_type,
                                struct c138_err *err);
struct c138_abi_type *c138_abi_type_free(struct c138_abi_type *type); /* returns NULL */
/* The canonical form: without names, as signatures have it. */
void c138_abi_type_text(const struct c138_abi_type *type, struct c138_buf *out);

/* Appends the bytes of `values` as the members of `tuple`. C138_E_INVALID with key "abi.value": the
 * path of the value and what was expected. */
c138_status c138_abi_encode(const struct c138_abi_type *tuple, const struct c138_json *values,
                            struct c138_buf *out, struct c138_err *err);
/* The members of `tuple` as a JSON array that the caller owns. *ret_used (may be NULL) is how many
 * bytes they took; without it bytes that are left over are an error. C138_E_INVALID with key
 * "abi.data" and the path. */
c138_status c138_abi_decode(const struct c138_abi_type *tuple, const uint8_t *bytes, size_t length,
                            size_t *ret_used, struct c138_json **ret_values, struct c138_err *err);
/* Solidity's packed mode (abi.encodePacked): for hashes only, as it cannot be read back. Elements
 * of arrays are padded; tuples, and arrays of texts or bytes, are C138_E_UNSUPPORTED. */
c138_status c138_abi_pack(const struct c138_abi_type *tuple, const struct c138_json *values,
                          struct c138_buf *out, struct c138_err *err);

enum c138_abi_what { C138_ABI_FUNCTION, C138_ABI_EVENT, C138_ABI_ERROR, C138_ABI_CONSTRUCTOR };

/* A function, event, error or constructor. */
struct c138_abi_item {
    enum c138_abi_what what;
    char *name;
    char *signature;  /* "transfer(address,uint256)" */
    uint8_t hash[32]; /* Keccak-256 of it: the topic of an event; its first 4 bytes the selector */
    struct c138_abi_type *inputs, *outputs; /* tuples */
    int view;                               /* it says that it changes nothing */
    int payable, anonymous;
};

/* "transfer(address to, uint256 amount) returns (bool)"; "function", "event", "error" or
 * "constructor" may stand before it, modifiers behind it; without a word it is a function. */
c138_status c138_abi_item_parse(const char *text, struct c138_abi_item **ret_item,
                                struct c138_err *err);
/* The same from one entry of a compiler's ABI. C138_E_UNSUPPORTED: a fallback or receive. */
c138_status c138_abi_item_from_json(const struct c138_json *entry, struct c138_abi_item **ret_item,
                                    struct c138_err *err);
struct c138_abi_item *c138_abi_item_free(struct c138_abi_item *item); /* returns NULL */

/* What a contract has. */
struct c138_abi {
    struct c138_abi_item **items;
    size_t count;
};
/* From a compiler's ABI (an array), or an artifact that has it as member "abi"; or an array of
 * texts as c138_abi_item_parse() takes them. */
c138_status c138_abi_from_json(const struct c138_json *json, struct c138_abi *ret_abi,
                               struct c138_err *err);
void c138_abi_deinit(struct c138_abi *abi);
/* By name or signature. C138_E_NOTFOUND; C138_E_CONFLICT where the name is overloaded (the text
 * lists the signatures). */
c138_status c138_abi_find(const struct c138_abi *abi, enum c138_abi_what what, const char *name,
                          const struct c138_abi_item **ret_item, struct c138_err *err);
/* By the first 4 bytes of call or revert data; or, with 32 bytes, by topic. NULL: none. */
const struct c138_abi_item *c138_abi_by_hash(const struct c138_abi *abi, enum c138_abi_what what,
                                             const uint8_t *hash, size_t length);

/* Appends selector and values. */
c138_status c138_abi_encode_call(const struct c138_abi_item *function,
                                 const struct c138_json *values, struct c138_buf *out,
                                 struct c138_err *err);
/* An event's parameters in their order, from topics (32 bytes each) and data. One that is indexed
 * and has no fixed size is the hash of it, as {"hash": "0x..."}: more is not in the log.
 * C138_E_INVALID: another event, too few or too many topics, wrong data. */
c138_status c138_abi_decode_event(const struct c138_abi_item *event, const uint8_t (*topics)[32],
                                  size_t n_topics, const uint8_t *data, size_t length,
                                  struct c138_json **ret_values, struct c138_err *err);
static inline void c138_abi_type_freep(struct c138_abi_type **t) {
    (void)c138_abi_type_free(*t);
}
static inline void c138_abi_item_freep(struct c138_abi_item **i) {
    (void)c138_abi_item_free(*i);
}
#define C138_ABI_TYPE C138_CLEANUP(c138_abi_type_freep)
#define C138_ABI_ITEM C138_CLEANUP(c138_abi_item_freep)
#endif
