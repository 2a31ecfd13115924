/*
 * net/rpcauth.h: the bearer token of one node: read from a file that somebody else renews, or
 * fetched with user name and password from the node's /login (facts: token valid for 300 s, refused
 * from its `exp` on; the file of users is read at each login). One thread.
 */
#ifndef C138_NET_RPCAUTH_H
#define C138_NET_RPCAUTH_H
#include <base/err.h>
#include <chain138/host.h>

struct c138_rpc_auth;
struct c138_rpc_auth_options {
    const c138_host *host; /* for the secret service and the clock */
    const char *node, *url;
    const char *host_header;  /* NULL: from the URL */
    const char *token_file;   /* NULL: none */
    const char *username;     /* NULL: no login */
    const char *password_ref; /* secret reference */
    int64_t timeout_ns;
};
/* NULL where the options name neither a file nor a user. Texts are copied. */
struct c138_rpc_auth *c138_rpc_auth_new(const struct c138_rpc_auth_options *options);
struct c138_rpc_auth *c138_rpc_auth_free(struct c138_rpc_auth *a);
/* For c138_rpc_options.token. */
const char *c138_rpc_auth_token(void *auth, int refresh, struct c138_err *err);
/* `exp` of a JWT in seconds UTC, 0 if it names none. Pure. */
int64_t c138_jwt_expiry(const char *token);
/* The address of /login beside the JSON-RPC address; the caller frees. Pure. */
char *c138_rpc_login_url(const char *url);
#endif
