#include <wallet/nodekey.h>

#include <base/text.h>
#include <evm/address.h>

#include <ctype.h>
#include <secp256k1.h>
#include <stdio.h>
#include <string.h>

/* A context of its own for each use: it is small, and blinded with fresh randomness against side
 * channels. */
static c138_status context_new(const struct secret_host *host, secp256k1_context **ret_context,
                               struct c138_err *err) {
    SECRET seed = SECRET_NULL;
    c138_status status = secret_init_zero(&seed, host, 32, err);
    if (status == C138_OK)
        status = secret_random(host, seed.bytes, seed.length, err);
    if (status != C138_OK)
        return status;
    secp256k1_context *c =
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    if (!secp256k1_context_randomize(c, seed.bytes)) {
        secp256k1_context_destroy(c);
        return c138_error(err, C138_E_INTERNAL, "nodekey.context",
                          "libsecp256k1 could not blind its context");
    }
    *ret_context = c;
    return C138_OK;
}

static c138_status bad_key(struct c138_err *err) {
    return c138_error(err, C138_E_INVALID, "nodekey.range",
                      "the key is zero or not below the order of secp256k1: it is none");
}

c138_status nodekey_check(const uint8_t key[32], struct c138_err *err) {
    secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    int good = secp256k1_ec_seckey_verify(c, key);
    secp256k1_context_destroy(c);
    return good ? C138_OK : bad_key(err);
}

c138_status nodekey_new(const struct secret_host *host, struct secret *ret_key,
                        struct c138_err *err) {
    SECRET key = SECRET_NULL;
    c138_status status = secret_init_zero(&key, host, 32, err);
    do {
        if (status == C138_OK)
            status = secret_random(host, key.bytes, key.length, err);
        if (status != C138_OK)
            return status;
    } while (nodekey_check(key.bytes, NULL) < 0); /* once in 2^127 */
    *ret_key = secret_steal(&key);
    return C138_OK;
}

c138_status nodekey_read(const struct secret_host *host, const char *text, size_t length,
                         struct secret *ret_key, struct c138_err *err) {
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    while (length && isspace((unsigned char)*text))
        text++, length--;
    if (length >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2, length -= 2;
    if (length != 64)
        return c138_error(err, C138_E_INVALID, "nodekey.length",
                          "a node key is 64 hex digits, here are %zu characters", length);
    SECRET key = SECRET_NULL;
    c138_status status = secret_init_zero(&key, host, 32, err);
    if (status != C138_OK)
        return status;
    if (c138_hex_decode(text, length, key.bytes) < 0)
        return c138_error(err, C138_E_INVALID, "nodekey.hex",
                          "a node key is 64 hex digits, here is something else");
    status = nodekey_check(key.bytes, err);
    if (status == C138_OK)
        *ret_key = secret_steal(&key);
    return status;
}

c138_status nodekey_write(const struct secret_host *host, const uint8_t key[32],
                          struct secret *ret_text, struct c138_err *err) {
    SECRET text = SECRET_NULL;
    c138_status status = secret_init_zero(&text, host, 66, err);
    if (status != C138_OK)
        return status;
    memcpy(text.bytes, "0x", 2);
    c138_hex_encode(key, 32, (char *)text.bytes + 2);
    *ret_text = secret_steal(&text);
    return C138_OK;
}

static c138_status serialize(const struct secret_host *host, const uint8_t *key, uint8_t *ret_bytes,
                             size_t size, unsigned flags, struct c138_err *err) {
    secp256k1_context *c = NULL;
    secp256k1_pubkey point;
    c138_status status = context_new(host, &c, err);
    if (status != C138_OK)
        return status;
    if (!secp256k1_ec_pubkey_create(c, &point, key))
        status = bad_key(err);
    else
        (void)secp256k1_ec_pubkey_serialize(c, ret_bytes, &size, &point, flags);
    secp256k1_context_destroy(c);
    return status;
}

c138_status nodekey_public(const struct secret_host *host, const uint8_t key[32],
                           uint8_t ret_public[64], struct c138_err *err) {
    uint8_t point[65];
    c138_status status = serialize(host, key, point, sizeof(point), SECP256K1_EC_UNCOMPRESSED, err);
    if (status == C138_OK)
        memcpy(ret_public, point + 1, 64);
    return status;
}

c138_status nodekey_address(const struct secret_host *host, const uint8_t key[32],
                            uint8_t ret_address[20], struct c138_err *err) {
    uint8_t public_key[64];
    c138_status status = nodekey_public(host, key, public_key, err);
    if (status == C138_OK)
        c138_address_of_key(public_key, ret_address);
    return status;
}

c138_status nodekey_point(const struct secret_host *host, const uint8_t key[32],
                          uint8_t ret_point[33], struct c138_err *err) {
    return serialize(host, key, ret_point, 33, SECP256K1_EC_COMPRESSED, err);
}

c138_status nodekey_add(uint8_t key[32], const uint8_t tweak[32], struct c138_err *err) {
    secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    int good = secp256k1_ec_seckey_tweak_add(c, key, tweak);
    secp256k1_context_destroy(c);
    return good ? C138_OK : bad_key(err);
}

static c138_status bad_point(struct c138_err *err) {
    return c138_error(err, C138_E_INVALID, "nodekey.point",
                      "the public key is no point of secp256k1");
}

c138_status nodekey_point_add(uint8_t point[33], const uint8_t tweak[32], struct c138_err *err) {
    secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
    secp256k1_pubkey p;
    size_t size = 33;
    int good = secp256k1_ec_pubkey_parse(c, &p, point, 33) &&
               secp256k1_ec_pubkey_tweak_add(c, &p, tweak) &&
               secp256k1_ec_pubkey_serialize(c, point, &size, &p, SECP256K1_EC_COMPRESSED);
    secp256k1_context_destroy(c);
    return good ? C138_OK : bad_point(err);
}

c138_status nodekey_point_open(const uint8_t point[33], uint8_t ret_public[64],
                               struct c138_err *err) {
    secp256k1_context *c = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    uint8_t full[65];
    size_t size = sizeof(full);
    secp256k1_pubkey p;
    int good = secp256k1_ec_pubkey_parse(c, &p, point, 33) &&
               secp256k1_ec_pubkey_serialize(c, full, &size, &p, SECP256K1_EC_UNCOMPRESSED);
    secp256k1_context_destroy(c);
    if (!good)
        return bad_point(err);
    memcpy(ret_public, full + 1, 64);
    return C138_OK;
}

static int is_host_name(const char *name) {
    size_t n = strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-_");
    return n > 0 && n <= 255 && !name[n];
}

c138_status nodekey_enode(const uint8_t public_key[64], const char *host_name, uint16_t port,
                          uint16_t discovery_port, char ret_enode[NODEKEY_ENODE_MAX],
                          struct c138_err *err) {
    char id[129], discovery[24] = "";
    if (!is_host_name(host_name))
        return c138_error(err, C138_E_INVALID, "nodekey.host",
                          "an enode needs an IP address or a host name");
    c138_hex_encode(public_key, 64, id);
    if (discovery_port != port)
        (void)snprintf(discovery, sizeof(discovery), "?discport=%u", discovery_port);
    int v6 = strchr(host_name, ':') != NULL;
    (void)snprintf(ret_enode, NODEKEY_ENODE_MAX, "enode://%s@%s%s%s:%u%s", id, v6 ? "[" : "",
                   host_name, v6 ? "]" : "", port, discovery);
    return C138_OK;
}
