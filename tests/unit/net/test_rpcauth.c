#include "server.h"
#include "../unit.h"
#include <net/rpcauth.h>

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A token whose claims say when it expires; the signature is the node's business. */
static char *token_for(int64_t exp, const char *mark) {
    struct c138_buf b = C138_BUF_NULL, claims = C138_BUF_NULL;
    c138_buf_addf(&claims, "{\"permissions\":[\"*:*\"],\"who\":\"%s\",\"exp\":%lld}", mark,
                  (long long)exp);
    c138_buf_adds(&b, "eyJhbGciOiJSUzI1NiJ9.");
    c138_base64url_encode((const uint8_t *)claims.data, claims.length, &b);
    c138_buf_adds(&b, ".c2ln");
    c138_buf_deinit(&claims);
    return c138_buf_steal(&b);
}

static void test_expiry(void) {
    for (int i = 0; i < 4; i++) { /* every length of padding */
        C138_FREE char *token = token_for(1795419347, &"abc"[i]);
        CU_ASSERT_EQUAL(c138_jwt_expiry(token), 1795419347);
    }
    CU_ASSERT_EQUAL(c138_jwt_expiry(""), 0);
    CU_ASSERT_EQUAL(c138_jwt_expiry("a.b"), 0);
    CU_ASSERT_EQUAL(c138_jwt_expiry("a.!!.c"), 0);
    CU_ASSERT_EQUAL(c138_jwt_expiry("a.e30.c"), 0);
}

static void test_login_url(void) {
    const struct {
        const char *url, *login;
    } cases[] = {{"http://127.0.0.1:8545", "http://127.0.0.1:8545/login"},
                 {"http://127.0.0.1:8545/", "http://127.0.0.1:8545/login"},
                 {"https://node.example/x?y", "https://node.example/login"}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *url = c138_rpc_login_url(cases[i].url);
        CU_ASSERT_STRING_EQUAL(url, cases[i].login);
    }
}

/* --- A host that gives secrets and time ------------------------------------------------------ */

static int64_t offset_ns;

static c138_status get_secret(const c138_host *host, struct c138_call *cause, const char *reference,
                              c138_text_fn on_secret, void *user) {
    (void)host, (void)cause;
    if (strcmp(reference, "file:/pw"))
        return C138_E_NOTFOUND;
    on_secret(user, "pass\"word", 9);
    return C138_OK;
}
static const void *extension(const c138_host *host, const char *id) {
    static const c138_secret secret = {.struct_size = sizeof(secret), .get = get_secret};
    (void)host;
    return strcmp(id, C138_EXT_SECRET) == 0 ? &secret : NULL;
}
static int64_t now(const c138_host *host, int32_t clock) {
    (void)host;
    return (clock == C138_CLOCK_UTC ? c138_now_utc_ns() : c138_now_monotonic_ns()) + offset_ns;
}
static const c138_host host = {
    .struct_size = sizeof(host), .get_extension = extension, .now_ns = now};

static void test_file(void) {
    char path[] = "/tmp/token-XXXXXX";
    struct c138_err err = {0};
    close(mkstemp(path));
    struct c138_rpc_auth *a = c138_rpc_auth_new(&(struct c138_rpc_auth_options){
        .host = &host, .node = "n", .url = "http://x", .token_file = path});
    CU_ASSERT_PTR_NULL(c138_rpc_auth_token(a, 0, &err)); /* still empty */
    CU_ASSERT_STRING_EQUAL(err.key, "token.empty");
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, "  one.two.three\n", 16, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_rpc_auth_token(a, 0, &err), "one.two.three");
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, "four.five.six", 13, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_rpc_auth_token(a, 0, &err), "four.five.six"); /* it was renewed */
    unlink(path);
    err = (struct c138_err){0};
    CU_ASSERT_PTR_NULL(c138_rpc_auth_token(a, 1, &err));
    CU_ASSERT_EQUAL(err.status, C138_E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.key, "token.unreadable");
    c138_rpc_auth_free(a);
    CU_ASSERT_PTR_NULL(c138_rpc_auth_new(&(struct c138_rpc_auth_options){.host = &host}));
}

struct door {
    int logins, refuse;
    char last[2048];
    int64_t lifetime_s;
};

static int answer(void *user, int fd, const char *request) {
    struct door *d = user;
    char body[2048], mark[16];
    d->logins++;
    snprintf(d->last, sizeof(d->last), "%.2000s", request);
    if (d->refuse == 401)
        return server_reply(fd, "401 Unauthorized", "text/plain",
                            "Authentication failed: the username or password is incorrect.");
    if (d->refuse == 400)
        return server_reply(fd, "400 Authentication not enabled", "text/plain", "");
    if (d->refuse)
        return server_reply(fd, "200 OK", "text/html", "<html>");
    snprintf(mark, sizeof(mark), "login%d", d->logins);
    C138_FREE char *token =
        token_for((c138_now_utc_ns() + offset_ns) / C138_NS_PER_S + d->lifetime_s, mark);
    snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
    return server_reply(fd, "200 OK", "application/json", body);
}

static void test_login(void) {
    struct door door = {.lifetime_s = 300};
    struct server *s = server_start(answer, &door);
    struct c138_rpc_auth_options options = {.host = &host,
                                            .node = "n",
                                            .url = server_url(s),
                                            .username = "ops",
                                            .password_ref = "file:/pw",
                                            .timeout_ns = C138_NS_PER_S};
    struct c138_rpc_auth *a = c138_rpc_auth_new(&options);
    struct c138_err err = {0};
    offset_ns = 0;
    CU_ASSERT_PTR_NOT_NULL(c138_rpc_auth_token(a, 0, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(door.last, "POST /login "));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(door.last, "{\"username\":\"ops\",\"password\":\"pass\\\"word\"}"));
    CU_ASSERT_PTR_NOT_NULL(c138_rpc_auth_token(a, 0, &err));
    CU_ASSERT_EQUAL(door.logins, 1);
    offset_ns = 280 * C138_NS_PER_S; /* shortly before it expires */
    CU_ASSERT_PTR_NOT_NULL(c138_rpc_auth_token(a, 0, &err));
    CU_ASSERT_EQUAL(door.logins, 2);
    CU_ASSERT_PTR_NOT_NULL(c138_rpc_auth_token(a, 1, &err)); /* refused by the node: at once */
    CU_ASSERT_EQUAL(door.logins, 3);
    CU_ASSERT_PTR_NOT_NULL(c138_rpc_auth_token(a, 1, &err)); /* again: not so soon */
    CU_ASSERT_EQUAL(door.logins, 3);
    c138_rpc_auth_free(a);
    offset_ns = 0;
    const struct {
        int refuse;
        const char *key;
    } refusals[] = {{401, "login.refused"}, {400, "login.not-enabled"}, {200, "login.no-token"}};
    for (size_t i = 0; i < C138_COUNT(refusals); i++) {
        a = c138_rpc_auth_new(&options);
        door = (struct door){.refuse = refusals[i].refuse};
        for (int k = 0; k < 3; k++) { /* a wrong password is tried once, and told each time */
            err = (struct c138_err){0};
            CU_ASSERT_PTR_NULL(c138_rpc_auth_token(a, 0, &err));
            CU_ASSERT_STRING_EQUAL(err.key, refusals[i].key);
            CU_ASSERT_PTR_NULL(strstr(err.text, "pass\"word"));
        }
        CU_ASSERT_EQUAL(door.logins, 1);
        c138_rpc_auth_free(a);
    }
    options.password_ref = "file:/other";
    a = c138_rpc_auth_new(&options);
    CU_ASSERT_PTR_NULL(c138_rpc_auth_token(a, 0, &err));
    CU_ASSERT_STRING_EQUAL(err.key, "login.no-password");
    c138_rpc_auth_free(a);
    server_stop(s);
}

const CU_TestInfo tests_rpcauth[] = {{"auth expiry of a JWT", test_expiry},
                                     {"auth address of /login", test_login_url},
                                     {"auth token file", test_file},
                                     {"auth login", test_login},
                                     CU_TEST_INFO_NULL};
