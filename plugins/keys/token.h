/*
 * Keys on a token (PKCS #11 2.40): they are made there, sign there and never leave it. The module of
 * the token's maker is loaded into the signer and held for its life, under the signer's own sandbox:
 * it sees the files that the key's section names, and has no network.
 *
 * A token gives r and s alone: s is brought into its lower half (EIP-2), and the parity is the one
 * with which the known public key is recovered. One thread.
 */
#ifndef KEYS_TOKEN_H
#define KEYS_TOKEN_H
#include <evm/secp.h>
#include <wallet/secret.h>

struct token_config {
    char *module, *token, *label, *pin; /* pin: a reference */
    char **environment;                 /* "NAME=value" */
    size_t n_environment;
};

void token_config_free(struct token_config *c);
/* A name of an environment variable that a module may be given; not one of the loader's own. */
int token_environment_ok(const char *text);

struct token;
/* Loads the module, finds the token by its label, and the key's public half by its own: without a
 * PIN. C138_E_NOTFOUND "keys.token-key": the token has no such key. C138_E_UNAVAILABLE
 * "keys.token": the module or the token is not there. */
c138_status token_open(const struct token_config *c, struct token **ret, struct c138_err *err);
struct token *token_free(struct token *t);          /* returns NULL */
const uint8_t *token_public(const struct token *t); /* 64 bytes */
int token_is_open(const struct token *t);           /* logged in */
/* C138_E_DENIED "keys.pin": the PIN is wrong. Ask no more with it: tokens count and lock. */
c138_status token_login(struct token *t, const struct secret *pin, struct c138_err *err);
c138_status token_sign(struct token *t, struct c138_secp *secp, const uint8_t hash[32],
                       uint8_t ret_r[32], uint8_t ret_s[32], uint8_t *ret_parity,
                       struct c138_err *err);
/* Makes the key pair on the token, private half sensitive and never to be taken out.
 * C138_E_CONFLICT: the label is taken. */
c138_status token_generate(const struct token_config *c, const struct secret *pin,
                           struct c138_err *err);
/* s > n/2: n - s. Pure. */
void token_low_s(uint8_t s[32]);
#endif
