#include <wallet/hd.h>

#include <evm/address.h>
#include <wallet/crypto.h>
#include <wallet/nodekey.h>

#include <sodium.h>
#include <string.h>

#define VERSION_PUBLIC 0x0488b21eu
#define VERSION_PRIVATE 0x0488ade4u
#define RAW 78 /* bytes of an extended key; 4 of checksum follow */

struct hd {
    struct secret memory; /* this very struct */
    uint8_t private_key[32], chain[32];
    uint8_t point[33], parent[4];
    uint8_t depth, has_private;
    uint32_t index;
};

static c138_status node_new(const struct secret_host *host, struct hd **ret_node,
                            struct c138_err *err) {
    struct secret memory;
    c138_status status = secret_init_zero(&memory, host, sizeof(struct hd), err);
    if (status != C138_OK)
        return status;
    *ret_node = (void *)memory.bytes;
    (*ret_node)->memory = memory;
    return C138_OK;
}

struct hd *hd_free(struct hd *node) {
    if (node) {
        struct secret memory = node->memory;
        secret_deinit(&memory);
    }
    return NULL;
}

const uint8_t *hd_private(const struct hd *node) {
    return node->has_private ? node->private_key : NULL;
}

const uint8_t *hd_public(const struct hd *node) {
    return node->point;
}

unsigned hd_depth(const struct hd *node) {
    return node->depth;
}

c138_status hd_address(const struct hd *node, uint8_t ret_address[20], struct c138_err *err) {
    uint8_t public_key[64];
    c138_status status = nodekey_point_open(node->point, public_key, err);
    if (status == C138_OK)
        c138_address_of_key(public_key, ret_address);
    return status;
}

c138_status hd_from_seed(const struct secret_host *host, const uint8_t *seed, size_t length,
                         struct hd **ret_node, struct c138_err *err) {
    if (length < 16 || length > 64)
        return c138_error(err, C138_E_INVALID, "hd.seed", "a seed has 16 to 64 bytes, not %zu",
                          length);
    SECRET i = SECRET_NULL;
    HD struct hd *node = NULL;
    c138_status status = secret_init_zero(&i, host, 64, err);
    if (status == C138_OK)
        status = crypto_hmac(host, CRYPTO_SHA512, (struct crypto_bytes){"Bitcoin seed", 12},
                             (struct crypto_bytes){seed, length}, i.bytes, err);
    if (status == C138_OK)
        status = node_new(host, &node, err);
    if (status != C138_OK)
        return status;
    memcpy(node->private_key, i.bytes, 32);
    memcpy(node->chain, i.bytes + 32, 32);
    node->has_private = 1;
    status = nodekey_point(host, node->private_key, node->point, err);
    if (status == C138_OK)
        *ret_node = C138_STEAL(node);
    return status;
}

static void put32(uint8_t *be, uint32_t v) {
    for (unsigned i = 0; i < 4; i++)
        be[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *be) {
    return (uint32_t)be[0] << 24 | (uint32_t)be[1] << 16 | (uint32_t)be[2] << 8 | be[3];
}

/* What CKD works on, in secret memory. */
struct derivation {
    uint8_t data[37], i[64];
};

static c138_status derive(const struct hd *parent, uint32_t index, struct derivation *d,
                          struct hd *child, struct c138_err *err) {
    const struct secret_host *host = parent->memory.host;
    uint8_t digest[20];
    if (index >= HD_HARDENED)
        memcpy(d->data + 1, parent->private_key, 32);
    else
        memcpy(d->data, parent->point, 33);
    put32(d->data + 33, index);
    c138_status status = crypto_hmac(host, CRYPTO_SHA512, (struct crypto_bytes){parent->chain, 32},
                                     (struct crypto_bytes){d->data, sizeof(d->data)}, d->i, err);
    if (status == C138_OK)
        status = crypto_hash160(parent->point, 33, digest, err);
    if (status != C138_OK)
        return status;
    memcpy(child->chain, d->i + 32, 32);
    memcpy(child->parent, digest, 4);
    child->depth = (uint8_t)(parent->depth + 1);
    child->index = index;
    child->has_private = parent->has_private;
    if (!parent->has_private) {
        memcpy(child->point, parent->point, 33);
        return nodekey_point_add(child->point, d->i, err);
    }
    memcpy(child->private_key, parent->private_key, 32);
    status = nodekey_add(child->private_key, d->i, err);
    return status < 0 ? status : nodekey_point(host, child->private_key, child->point, err);
}

c138_status hd_child(const struct hd *parent, uint32_t index, struct hd **ret_node,
                     struct c138_err *err) {
    if (parent->depth == HD_DEPTH_MAX)
        return c138_error(err, C138_E_LIMIT, "hd.depth", "a tree of keys is 255 levels deep");
    if (index >= HD_HARDENED && !parent->has_private)
        return c138_error(err, C138_E_UNSUPPORTED, "hd.hardened",
                          "a hardened child needs the private key, and an xpub has none");
    SECRET memory = SECRET_NULL;
    HD struct hd *child = NULL;
    c138_status status =
        secret_init_zero(&memory, parent->memory.host, sizeof(struct derivation), err);
    if (status == C138_OK)
        status = node_new(parent->memory.host, &child, err);
    if (status == C138_OK)
        status = derive(parent, index, (void *)memory.bytes, child, err);
    if (status == C138_OK)
        *ret_node = C138_STEAL(child);
    return status;
}

/* Node by value into memory of its own. */
static c138_status node_copy(const struct hd *from, struct hd **ret_node, struct c138_err *err) {
    struct hd *node = NULL;
    c138_status status = node_new(from->memory.host, &node, err);
    if (status != C138_OK)
        return status;
    struct secret memory = node->memory;
    *node = *from;
    node->memory = memory;
    *ret_node = node;
    return C138_OK;
}

c138_status hd_neuter(const struct hd *node, struct hd **ret_node, struct c138_err *err) {
    c138_status status = node_copy(node, ret_node, err);
    if (status == C138_OK) {
        c138_wipe((*ret_node)->private_key, 32);
        (*ret_node)->has_private = 0;
    }
    return status;
}

/* One step of a path: digits, perhaps a mark, then a slash or the end. */
static c138_status path_step(const char **path, uint32_t *ret_index) {
    const char *p = *path;
    uint64_t value = 0;
    size_t digits = strspn(p, "0123456789");
    if (digits < 1 || digits > 10)
        return C138_E_INVALID;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint64_t)(*p++ - '0');
    if (value >= HD_HARDENED)
        return C138_E_INVALID;
    int hardened = *p == '\'' || *p == 'h' || *p == 'H';
    p += hardened;
    if (*p == '/' && p[1])
        p++;
    else if (*p)
        return C138_E_INVALID;
    *path = p;
    *ret_index = (uint32_t)value | (hardened ? HD_HARDENED : 0);
    return C138_OK;
}

c138_status hd_path(const struct hd *from, const char *path, struct hd **ret_node,
                    struct c138_err *err) {
    const char *p = path;
    if (*p == 'm' && (p[1] == '/' || !p[1]))
        p += p[1] && p[2] ? 2 : 1;
    else if (!*p)
        p = "?";
    HD struct hd *node = NULL;
    c138_status status = node_copy(from, &node, err);
    while (status == C138_OK && *p) {
        uint32_t index = 0;
        struct hd *child = NULL;
        if (path_step(&p, &index) < 0)
            return c138_error(err, C138_E_INVALID, "hd.path",
                              "\"%.64s\" is no path: write it like " HD_PATH_ETHEREUM, path);
        status = hd_child(node, index, &child, err);
        if (status == C138_OK) {
            hd_free(node);
            node = child;
        }
    }
    if (status == C138_OK)
        *ret_node = C138_STEAL(node);
    return status;
}

/* --- Text: base58 with a checksum ------------------------------------------------------------ */

static const char digits58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

struct text_work {
    uint8_t raw[RAW + 4], digits[HD_TEXT];
    uint8_t sha[32];
};

static void checksum(struct text_work *w, uint8_t ret_sum[4]) {
    crypto_hash_sha256(w->sha, w->raw, RAW);
    crypto_hash_sha256(w->sha, w->sha, 32);
    memcpy(ret_sum, w->sha, 4);
}

/* 82 bytes whose first is not 0 have 111 or 112 digits; ours begin with 04, so always 111. */
static void to_base58(struct text_work *w, char ret_text[HD_TEXT]) {
    for (unsigned at = 0; at < sizeof(w->raw); at++) {
        unsigned carry = w->raw[at];
        for (unsigned d = 0; d < HD_TEXT - 1; d++) {
            carry += 256u * w->digits[d];
            w->digits[d] = (uint8_t)(carry % 58);
            carry /= 58;
        }
    }
    for (unsigned d = 0; d < HD_TEXT - 1; d++)
        ret_text[d] = digits58[w->digits[HD_TEXT - 2 - d]];
    ret_text[HD_TEXT - 1] = 0;
}

static c138_status from_base58(struct text_work *w, const char *text) {
    for (unsigned i = 0; i < HD_TEXT - 1; i++) {
        const char *at = text[i] ? strchr(digits58, text[i]) : NULL;
        if (!at)
            return C138_E_INVALID;
        unsigned carry = (unsigned)(at - digits58);
        for (unsigned b = sizeof(w->raw); b-- > 0; carry >>= 8) {
            carry += 58u * w->raw[b];
            w->raw[b] = (uint8_t)carry;
        }
        if (carry)
            return C138_E_INVALID;
    }
    return C138_OK;
}

static c138_status write_text(const struct hd *node, int private, char ret_text[HD_TEXT],
                              struct c138_err *err) {
    SECRET memory = SECRET_NULL;
    c138_status status =
        secret_init_zero(&memory, node->memory.host, sizeof(struct text_work), err);
    if (status != C138_OK)
        return status;
    struct text_work *w = (void *)memory.bytes;
    put32(w->raw, private ? VERSION_PRIVATE : VERSION_PUBLIC);
    w->raw[4] = node->depth;
    memcpy(w->raw + 5, node->parent, 4);
    put32(w->raw + 9, node->index);
    memcpy(w->raw + 13, node->chain, 32);
    if (private)
        memcpy(w->raw + 46, node->private_key, 32);
    else
        memcpy(w->raw + 45, node->point, 33);
    checksum(w, w->raw + RAW);
    to_base58(w, ret_text);
    return C138_OK;
}

c138_status hd_public_text(const struct hd *node, char ret_xpub[HD_TEXT], struct c138_err *err) {
    return write_text(node, 0, ret_xpub, err);
}

c138_status hd_private_text(const struct hd *node, struct secret *ret_xprv, struct c138_err *err) {
    if (!node->has_private)
        return c138_error(err, C138_E_UNSUPPORTED, "hd.private", "this node has no private key");
    SECRET text = SECRET_NULL;
    c138_status status = secret_init_zero(&text, node->memory.host, HD_TEXT - 1, err);
    if (status == C138_OK)
        status = write_text(node, 1, (char *)text.bytes, err);
    if (status == C138_OK)
        *ret_xprv = secret_steal(&text);
    return status;
}

static c138_status bad_text(struct c138_err *err, const char *why) {
    return c138_error(err, C138_E_INVALID, "hd.text", "no extended key: %s", why);
}

static c138_status read_raw(struct text_work *w, struct hd *node, struct c138_err *err) {
    static const uint8_t zero[4];
    uint8_t sum[4];
    uint32_t version = get32(w->raw);
    checksum(w, sum);
    if (memcmp(sum, w->raw + RAW, 4))
        return bad_text(err, "its checksum is wrong, a character was mistyped");
    if (version != VERSION_PRIVATE && version != VERSION_PUBLIC)
        return bad_text(err, "only xprv and xpub (Bitcoin's main network) are read");
    node->depth = w->raw[4];
    memcpy(node->parent, w->raw + 5, 4);
    node->index = get32(w->raw + 9);
    memcpy(node->chain, w->raw + 13, 32);
    if (!node->depth && (memcmp(node->parent, zero, 4) || node->index))
        return bad_text(err, "a root with a parent");
    if (version == VERSION_PUBLIC) {
        uint8_t public_key[64];
        memcpy(node->point, w->raw + 45, 33);
        return nodekey_point_open(node->point, public_key, err);
    }
    if (w->raw[45])
        return bad_text(err, "an xprv that holds no private key");
    node->has_private = 1;
    memcpy(node->private_key, w->raw + 46, 32);
    return nodekey_point(node->memory.host, node->private_key, node->point, err);
}

c138_status hd_from_text(const struct secret_host *host, const char *text, size_t length,
                         struct hd **ret_node, struct c138_err *err) {
    if (length != HD_TEXT - 1)
        return bad_text(err, "it has 111 characters");
    SECRET memory = SECRET_NULL;
    HD struct hd *node = NULL;
    c138_status status = secret_init_zero(&memory, host, sizeof(struct text_work), err);
    if (status == C138_OK)
        status = node_new(host, &node, err);
    if (status != C138_OK)
        return status;
    struct text_work *w = (void *)memory.bytes;
    if (from_base58(w, text) < 0)
        return bad_text(err, "a character that is no base58");
    status = read_raw(w, node, err);
    if (status == C138_OK)
        *ret_node = C138_STEAL(node);
    return status;
}
