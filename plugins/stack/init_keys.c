/*
 * Keys of nodes, the key under which markers of private transactions are sent, passwords of the
 * database and Grafana, and a key for JSON Web Tokens (RFC 7519, RS256) with a token for the agent:
 * no node answers RPC without one.
 */
#include "init.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>

#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_S (INT64_C(365) * 86400)
#define PASSWORD_BYTES 24

static c138_status node_key(struct init *n, struct init_node *x, struct c138_err *err) {
    const struct secret_host *host = secret_host_heap();
    SECRET key = SECRET_NULL, text = SECRET_NULL;
    char public_text[2 * 64 + 3] = "0x", address[C138_ADDRESS_TEXT];
    c138_status status = nodekey_new(host, &key, err);
    if (status >= 0)
        status = nodekey_public(host, key.bytes, x->public_key, err);
    if (status >= 0)
        status = nodekey_address(host, key.bytes, x->address, err);
    if (status >= 0)
        status = nodekey_enode(x->public_key, x->ip, 30303, 30303, x->enode, err);
    if (status >= 0)
        status = nodekey_write(host, key.bytes, &text, err);
    if (status < 0)
        return status;
    c138_hex_encode(x->public_key, 64, public_text + 2);
    c138_address_format(x->address, address);
    C138_FREE char *key_path = c138_xasprintf("nodes/%s/key", x->name);
    C138_FREE char *public_path = c138_xasprintf("nodes/%s/key.pub", x->name);
    C138_FREE char *address_path = c138_xasprintf("nodes/%s/address", x->name);
    status = init_write(n, key_path, 1, text.bytes, text.length, err);
    if (status >= 0)
        status = init_write(n, public_path, 0, public_text, strlen(public_text), err);
    if (status >= 0)
        status = init_write(n, address_path, 0, address, strlen(address), err);
    return status;
}

static c138_status marker_key(struct init *n, struct c138_err *err) {
    const struct secret_host *host = secret_host_heap();
    SECRET key = SECRET_NULL, text = SECRET_NULL;
    c138_status status = nodekey_new(host, &key, err);
    if (status >= 0)
        status = nodekey_address(host, key.bytes, n->marker, err);
    if (status >= 0)
        status = nodekey_write(host, key.bytes, &text, err);
    if (status >= 0)
        status = init_write(n, "nodes/rpc-1/marker.key", 1, text.bytes, text.length, err);
    return status;
}

static c138_status password(struct init *n, const char *path, struct c138_err *err) {
    uint8_t bytes[PASSWORD_BYTES];
    char text[2 * PASSWORD_BYTES + 1];
    c138_status status = secret_random(secret_host_heap(), bytes, sizeof(bytes), err);
    c138_hex_encode(bytes, sizeof(bytes), text);
    if (status >= 0)
        status = init_write(n, path, 1, text, strlen(text), err);
    c138_wipe(bytes, sizeof(bytes));
    c138_wipe(text, sizeof(text));
    return status;
}

/* --- Tokens ---------------------------------------------------------------------------------- */

static EVP_PKEY *rsa_new(void) {
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    EVP_PKEY *key = NULL;
    if (c && EVP_PKEY_keygen_init(c) > 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(c, 3072) > 0)
        (void)EVP_PKEY_keygen(c, &key);
    EVP_PKEY_CTX_free(c);
    return key;
}

static c138_status write_pem(struct init *n, const char *path, int secret, EVP_PKEY *key,
                             struct c138_err *err) {
    BIO *b = BIO_new(BIO_s_mem());
    char *text = NULL;
    int ok = b && (secret ? PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0, NULL, NULL)
                          : PEM_write_bio_PUBKEY(b, key));
    long length = ok ? BIO_get_mem_data(b, &text) : 0;
    c138_status status =
        length > 0 ? init_write(n, path, secret, text, (size_t)length, err)
                   : c138_error(err, C138_E_INTERNAL, "stack.init", "%s cannot be made", path);
    if (secret && length > 0)
        c138_wipe(text, (size_t)length);
    BIO_free(b);
    return status;
}

static int sign(EVP_PKEY *key, const struct c138_buf *text, struct c138_buf *out) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    size_t length = 0;
    C138_FREE uint8_t *signature = NULL;
    int ok = c && EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) > 0 &&
             EVP_DigestSign(c, NULL, &length, (const uint8_t *)text->data, text->length) > 0;
    if (ok) {
        signature = c138_xmalloc(length);
        ok = EVP_DigestSign(c, signature, &length, (const uint8_t *)text->data, text->length) > 0;
    }
    if (ok)
        c138_base64url_encode(signature, length, out);
    EVP_MD_CTX_free(c);
    return ok;
}

static c138_status token(struct init *n, EVP_PKEY *key, struct c138_err *err) {
    static const char head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
    C138_BUF struct c138_buf text = C138_BUF_NULL, signature = C138_BUF_NULL;
    int64_t now = n->s->host->now_ns(n->s->host, C138_CLOCK_UTC) / C138_NS_PER_S;
    C138_FREE char *claims =
        c138_xasprintf("{\"permissions\":[\"*:*\"],\"sub\":\"chain138-agent\",\"iat\":%" PRId64
                       ",\"exp\":%" PRId64 "}",
                       now, now + TOKEN_S);
    c138_base64url_encode((const uint8_t *)head, strlen(head), &text);
    c138_buf_addc(&text, '.');
    c138_base64url_encode((const uint8_t *)claims, strlen(claims), &text);
    if (!sign(key, &text, &signature))
        return c138_error(err, C138_E_INTERNAL, "stack.init", "the token cannot be signed");
    c138_buf_addc(&text, '.');
    c138_buf_add(&text, signature.data, signature.length);
    return init_text(n, "secrets/agent.jwt", 1, &text, err);
}

static c138_status tokens(struct init *n, struct c138_err *err) {
    EVP_PKEY *key = rsa_new();
    if (!key)
        return c138_error(err, C138_E_INTERNAL, "stack.init", "no RSA key can be made");
    c138_status status = write_pem(n, "secrets/jwt.key", 1, key, err);
    if (status >= 0)
        status = write_pem(n, "config/jwt.pub", 0, key, err);
    if (status >= 0)
        status = token(n, key, err);
    EVP_PKEY_free(key);
    return status;
}

c138_status init_keys(struct init *n, struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < n->n_nodes; i++)
        status = node_key(n, &n->nodes[i], err);
    if (status >= 0 && n->privacy)
        status = marker_key(n, err);
    if (status >= 0)
        status = password(n, "secrets/postgres-password", err);
    if (status >= 0)
        status = password(n, "secrets/grafana-password", err);
    if (status >= 0)
        status = tokens(n, err);
    return status;
}
