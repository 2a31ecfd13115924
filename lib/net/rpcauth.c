#include <net/rpcauth.h>

#include <base/buf.h>
#include <base/fs.h>
#include <base/json.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <net/http.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TOKEN_MAX 16384
#define RENEW_BEFORE_S 30 /* of the 300 s that Besu's tokens live */
#define LOGIN_PAUSE_NS                                                                             \
    (10 * C138_NS_PER_S) /* after a refused login: a wrong password stays wrong */

struct c138_rpc_auth {
    const c138_host *host;
    char *node, *url, *host_header, *token_file, *username, *password_ref;
    int64_t timeout_ns;
    char *token;
    int64_t expires_s;       /* UTC, 0: not known */
    struct stat file;        /* the token's file as it was when it was read */
    int64_t paused_until_ns; /* monotonic; no login before */
    struct c138_err last;    /* why the last login failed */
};

struct c138_rpc_auth *c138_rpc_auth_new(const struct c138_rpc_auth_options *options) {
    if (!options->token_file && !options->username)
        return NULL;
    struct c138_rpc_auth *a = c138_xcalloc(1, sizeof(*a));
    a->host = options->host;
    a->node = c138_xstrdup(options->node);
    a->url = c138_xstrdup(options->url);
    a->host_header = c138_xstrdup(options->host_header);
    a->token_file = c138_xstrdup(options->token_file);
    a->username = c138_xstrdup(options->username);
    a->password_ref = c138_xstrdup(options->password_ref);
    a->timeout_ns = options->timeout_ns;
    return a;
}

static void auth_forget(struct c138_rpc_auth *a) {
    if (a->token)
        c138_wipe(a->token, strlen(a->token));
    free(a->token);
    a->token = NULL;
    a->expires_s = 0;
}

struct c138_rpc_auth *c138_rpc_auth_free(struct c138_rpc_auth *a) {
    if (!a)
        return NULL;
    auth_forget(a);
    free(a->node);
    free(a->url);
    free(a->host_header);
    free(a->token_file);
    free(a->username);
    free(a->password_ref);
    free(a);
    return NULL;
}

int64_t c138_jwt_expiry(const char *token) {
    C138_BUF struct c138_buf text = C138_BUF_MAX(TOKEN_MAX);
    C138_BUF struct c138_buf payload = C138_BUF_MAX(TOKEN_MAX);
    C138_JSON struct c138_json *claims = NULL;
    const char *begin = strchr(token, '.');
    const char *end = begin ? strchr(begin + 1, '.') : NULL;
    if (!end)
        return 0;
    for (const char *p = begin + 1; p < end; p++) /* base64url into base64 */
        c138_buf_addc(&text, *p == '-' ? '+' : *p == '_' ? '/' : *p);
    while (text.length % 4)
        c138_buf_addc(&text, '=');
    if (c138_base64_decode(c138_buf_text(&text), text.length, &payload) != C138_OK ||
        c138_json_parse(c138_buf_text(&payload), payload.length, &claims, NULL) != C138_OK)
        return 0;
    int64_t expiry = c138_json_get_int(claims, "exp", 0);
    return expiry > 0 ? expiry : 0;
}

char *c138_rpc_login_url(const char *url) {
    const char *rest = strstr(url, "://");
    size_t length = rest ? (size_t)(rest + 3 - url) + strcspn(rest + 3, "/?#") : strlen(url);
    return c138_xasprintf("%.*s/login", (int)length, url);
}

static void auth_take(struct c138_rpc_auth *a, const char *token, size_t length) {
    auth_forget(a);
    a->token = c138_xstrndup(token, length);
    a->expires_s = c138_jwt_expiry(a->token);
}

/* --- From a file ----------------------------------------------------------------------------- */

static int same_file(const struct stat *a, const struct stat *b) {
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static const char *token_from_file(struct c138_rpc_auth *a, int refresh, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_MAX(TOKEN_MAX);
    struct stat st;
    struct c138_err why = {0};
    if (stat(a->token_file, &st) == 0 && a->token && !refresh && same_file(&st, &a->file))
        return a->token;
    if (c138_file_read(a->token_file, TOKEN_MAX, &text, &why) != C138_OK) {
        c138_error(err, why.status, "token.unreadable", "token_file of node %s: %s", a->node,
                   why.text);
        return NULL;
    }
    const char *begin = c138_buf_text(&text);
    while (isspace((unsigned char)*begin))
        begin++;
    size_t length = strcspn(begin, " \t\r\n");
    if (length == 0) {
        c138_error(err, C138_E_INVALID, "token.empty",
                   "token_file of node %s: %s holds no token: write the JWT into it", a->node,
                   a->token_file);
        return NULL;
    }
    auth_take(a, begin, length);
    if (text.length > 0)
        c138_wipe(text.data, text.length);
    a->file = st;
    return a->token;
}

/* --- By login -------------------------------------------------------------------------------- */

static void on_password(void *user, const char *text, uint64_t length) {
    c138_buf_add(user, text, (size_t)length);
}

static c138_status login_body(struct c138_rpc_auth *a, struct c138_buf *body,
                              struct c138_err *err) {
    C138_BUF struct c138_buf password = C138_BUF_MAX(4096);
    const c138_secret *secrets = a->host->get_extension(a->host, C138_EXT_SECRET);
    if (!secrets)
        return c138_error(err, C138_E_DENIED, "login.no-secrets",
                          "login to node %s: the config does not grant this plugin the service "
                          "\"secret\": add it to its grants",
                          a->node);
    c138_status status =
        secrets->get(a->host, NULL, a->password_ref ? a->password_ref : "", on_password, &password);
    if (status != C138_OK)
        return c138_error(err, status, "login.no-password",
                          "login to node %s: its password cannot be read (%s): check what "
                          "`password` refers to",
                          a->node, c138_status_key(status));
    c138_buf_adds(body, "{\"username\":");
    c138_json_quote(body, a->username, strlen(a->username));
    c138_buf_adds(body, ",\"password\":");
    c138_json_quote(body, c138_buf_text(&password), password.length);
    c138_buf_addc(body, '}');
    if (password.data)
        c138_wipe(password.data, password.length);
    return C138_OK;
}

static c138_status login_answer(struct c138_rpc_auth *a, const struct c138_http_response *r,
                                struct c138_err *err) {
    C138_JSON struct c138_json *answer = NULL;
    if (r->status == 401)
        return c138_error(err, C138_E_DENIED, "login.refused",
                          "login to node %s as %s was refused (HTTP 401): check user name and "
                          "password",
                          a->node, a->username);
    if (r->status == 400)
        return c138_error(err, C138_E_UNSUPPORTED, "login.not-enabled",
                          "login to node %s: it takes no logins (HTTP 400): it runs with a JWT "
                          "public key (set token_file), or without authentication",
                          a->node);
    (void)c138_json_parse(c138_buf_text(&r->body), r->body.length, &answer, NULL);
    const char *token = c138_json_get_str(answer, "token", "");
    if (r->status != 200 || !*token || strlen(token) > TOKEN_MAX)
        return c138_error(err, C138_E_UNAVAILABLE, "login.no-token",
                          "login to node %s: HTTP %ld without a token: does url lead to the node's "
                          "JSON-RPC port?",
                          a->node, r->status);
    auth_take(a, token, strlen(token));
    return C138_OK;
}

static c138_status login(struct c138_rpc_auth *a, struct c138_err *err) {
    C138_BUF struct c138_buf body = C138_BUF_MAX(TOKEN_MAX);
    C138_FREE char *url = c138_rpc_login_url(a->url);
    C138_FREE char *host = a->host_header ? c138_xasprintf("Host: %s", a->host_header) : NULL;
    const char *headers[] = {"Content-Type: application/json", host, NULL};
    struct c138_http_options options = {.timeout_ns = a->timeout_ns, .body_max = TOKEN_MAX * 2};
    struct c138_http_response response = {0};
    struct c138_http *http = NULL;
    c138_status status = login_body(a, &body, err);
    if (status != C138_OK)
        return status;
    status = c138_http_new(&options, &http);
    if (status == C138_OK) {
        struct c138_http_request request = {.url = url,
                                            .headers = headers,
                                            .body = c138_buf_text(&body),
                                            .body_length = body.length};
        status = c138_http_do(http, &request, &response, err);
    }
    if (status == C138_OK)
        status = login_answer(a, &response, err);
    c138_wipe(body.data, body.length);
    if (response.body.data)
        c138_wipe(response.body.data, response.body.length);
    c138_http_response_deinit(&response);
    c138_http_free(http);
    return status;
}

static const char *token_from_login(struct c138_rpc_auth *a, int refresh, struct c138_err *err) {
    int64_t utc_s = a->host->now_ns(a->host, C138_CLOCK_UTC) / C138_NS_PER_S;
    int64_t now_ns = a->host->now_ns(a->host, C138_CLOCK_MONOTONIC);
    int fresh = a->token && (a->expires_s == 0 || utc_s < a->expires_s - RENEW_BEFORE_S);
    if (fresh && !refresh)
        return a->token;
    if (now_ns < a->paused_until_ns) { /* neither hammer the node nor the log */
        if (fresh)
            return a->token;
        *err = a->last;
        return NULL;
    }
    a->last = (struct c138_err){0};
    c138_status status = login(a, &a->last);
    /* A token that is refused at once is not made better by the next one. */
    if (status != C138_OK || refresh)
        a->paused_until_ns = now_ns + LOGIN_PAUSE_NS;
    if (status == C138_OK)
        return a->token;
    a->last.status = status;
    *err = a->last;
    return NULL;
}

const char *c138_rpc_auth_token(void *auth, int refresh, struct c138_err *err) {
    struct c138_rpc_auth *a = auth;
    return a->token_file ? token_from_file(a, refresh, err) : token_from_login(a, refresh, err);
}
