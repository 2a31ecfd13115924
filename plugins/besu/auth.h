/*
 * plugins/besu/auth.h: the bearer token of one node: read from a file that somebody else renews, or
 * fetched with user name and password from the node's /login (facts: token valid for 300 s, refused
 * from its `exp` on; the file of users is read at each login). One thread.
 */
#ifndef BESU_AUTH_H
#define BESU_AUTH_H
#include <base/err.h>
#include <chain138/host.h>

struct besu_auth;
struct besu_auth_options {
    const c138_host *host; /* for the secret service and the clock */
    const char *node, *url;
    const char *host_header;  /* NULL: from the URL */
    const char *token_file;   /* NULL: none */
    const char *username;     /* NULL: no login */
    const char *password_ref; /* secret reference */
    int64_t timeout_ns;
};
/* NULL where the options name neither a file nor a user. Texts are copied. */
struct besu_auth *besu_auth_new(const struct besu_auth_options *options);
struct besu_auth *besu_auth_free(struct besu_auth *a);
/* For c138_rpc_options.token. */
const char *besu_auth_token(void *auth, int refresh, struct c138_err *err);
/* `exp` of a JWT in seconds UTC, 0 if it names none. Pure. */
int64_t besu_jwt_expiry(const char *token);
/* The address of /login beside the JSON-RPC address; the caller frees. Pure. */
char *besu_login_url(const char *url);
#endif
