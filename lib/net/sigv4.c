#include <net/sigv4.h>

#include <base/mem.h>
#include <base/text.h>

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void c138_sigv4_encode(const char *text, int keep_slash, struct c138_buf *out) {
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if ((*p < 0x80 && isalnum(*p)) || strchr("-._~", *p) || (keep_slash && *p == '/'))
            (void)c138_buf_addc(out, (char)*p);
        else
            (void)c138_buf_addf(out, "%%%02X", *p);
    }
}

/* --- Sorted pairs ----------------------------------------------------------------------------- */

/* Encoded or lower-cased, so that they sort as the bytes that are signed. */
struct pairs {
    char *names[C138_SIGV4_PAIRS], *values[C138_SIGV4_PAIRS];
    size_t count;
};

static void pairs_deinit(struct pairs *p) {
    for (size_t i = 0; i < p->count; i++) {
        free(p->names[i]);
        free(p->values[i]);
    }
}

/* Takes both over, and keeps the order: by name, then by value. */
static c138_status insert(struct pairs *p, char *name, char *value) {
    size_t i = p->count;
    if (p->count == C138_SIGV4_PAIRS) {
        free(name);
        free(value);
        return C138_E_LIMIT;
    }
    for (; i > 0; i--) {
        int order = strcmp(p->names[i - 1], name);
        if (order < 0 || (order == 0 && strcmp(p->values[i - 1], value) <= 0))
            break;
        p->names[i] = p->names[i - 1];
        p->values[i] = p->values[i - 1];
    }
    p->names[i] = name;
    p->values[i] = value;
    p->count++;
    return C138_OK;
}

static char *encoded(const char *text) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    c138_sigv4_encode(text, 0, &b);
    return c138_buf_steal(&b);
}

static char *lower(const char *text) {
    char *copy = c138_xstrdup(text);
    for (char *p = copy; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

/* Spaces at both ends go, those inside become one. */
static char *trimmed(const char *text) {
    char *out = c138_xmalloc(strlen(text) + 1);
    size_t n = 0;
    for (const char *p = text; *p; p++)
        if (*p != ' ' || (n && out[n - 1] != ' '))
            out[n++] = *p;
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return out;
}

static c138_status add_query(struct pairs *p, const struct c138_sigv4_request *r) {
    c138_status status = C138_OK;
    for (const struct c138_sigv4_pair *q = r->query; status >= 0 && q && q->name; q++)
        status = insert(p, encoded(q->name), encoded(q->value ? q->value : ""));
    return status;
}

static c138_status add_headers(struct pairs *p, const struct c138_sigv4_request *r,
                               const char *date) {
    c138_status status = insert(p, c138_xstrdup("host"), trimmed(r->host));
    if (status >= 0)
        status = insert(p, c138_xstrdup("x-amz-date"), c138_xstrdup(date));
    if (status >= 0)
        status = insert(p, c138_xstrdup("x-amz-content-sha256"), c138_xstrdup(r->payload_sha256));
    for (const struct c138_sigv4_pair *h = r->headers; status >= 0 && h && h->name; h++)
        status = insert(p, lower(h->name), trimmed(h->value));
    return status;
}

/* --- The three texts -------------------------------------------------------------------------- */

static void add_query_text(const struct pairs *query, struct c138_buf *out) {
    for (size_t i = 0; i < query->count; i++)
        (void)c138_buf_addf(out, "%s%s=%s", i ? "&" : "", query->names[i], query->values[i]);
}

static void add_signed_names(const struct pairs *headers, struct c138_buf *out) {
    for (size_t i = 0; i < headers->count; i++)
        (void)c138_buf_addf(out, "%s%s", i ? ";" : "", headers->names[i]);
}

static void canonical_hash(const struct c138_sigv4_request *r, const struct pairs *query,
                           const struct pairs *headers, char ret[65]) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    (void)c138_buf_addf(&text, "%s\n", r->method);
    c138_sigv4_encode(r->path, 1, &text);
    (void)c138_buf_addc(&text, '\n');
    add_query_text(query, &text);
    (void)c138_buf_addc(&text, '\n');
    for (size_t i = 0; i < headers->count; i++)
        (void)c138_buf_addf(&text, "%s:%s\n", headers->names[i], headers->values[i]);
    (void)c138_buf_addc(&text, '\n');
    add_signed_names(headers, &text);
    (void)c138_buf_addf(&text, "\n%s", r->payload_sha256);
    c138_sha256_hex(c138_buf_text(&text), text.length, ret);
}

static void hmac(const void *key, size_t key_length, const char *text, uint8_t ret[32]) {
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key, key_length);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    (void)crypto_auth_hmacsha256_final(&state, ret);
    c138_wipe(&state, sizeof(state));
}

static void signature(const struct c138_sigv4_request *r, const char *day, const char *to_sign,
                      char ret[65]) {
    C138_FREE char *secret = c138_xasprintf("AWS4%s", r->secret_key);
    uint8_t key[32];
    hmac(secret, strlen(secret), day, key);
    hmac(key, sizeof(key), r->region, key);
    hmac(key, sizeof(key), r->service, key);
    hmac(key, sizeof(key), "aws4_request", key);
    hmac(key, sizeof(key), to_sign, key);
    c138_hex_encode(key, sizeof(key), ret);
    c138_wipe(secret, strlen(secret));
    c138_wipe(key, sizeof(key));
}

static void authorize(const struct c138_sigv4_request *r, const char *date,
                      const struct pairs *query, const struct pairs *headers,
                      struct c138_buf *authorization) {
    char hash[65], signed_hash[65], day[9];
    (void)snprintf(day, sizeof(day), "%.8s", date);
    canonical_hash(r, query, headers, hash);
    C138_FREE char *scope = c138_xasprintf("%s/%s/%s/aws4_request", day, r->region, r->service);
    C138_FREE char *to_sign = c138_xasprintf("AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hash);
    signature(r, day, to_sign, signed_hash);
    (void)c138_buf_addf(authorization, "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=",
                        r->access_key, scope);
    add_signed_names(headers, authorization);
    (void)c138_buf_addf(authorization, ",Signature=%s", signed_hash);
}

c138_status c138_sigv4(const struct c138_sigv4_request *r, struct c138_buf *target, char date[17],
                       struct c138_buf *authorization) {
    struct pairs query = {0}, headers = {0};
    time_t t = (time_t)(r->time_ns / 1000000000);
    struct tm tm;
    if (!gmtime_r(&t, &tm) || strftime(date, 17, "%Y%m%dT%H%M%SZ", &tm) != 16)
        return C138_E_INVALID;
    c138_status status = add_query(&query, r);
    if (status >= 0)
        status = add_headers(&headers, r, date);
    if (status >= 0) {
        c138_sigv4_encode(r->path, 1, target);
        if (query.count)
            (void)c138_buf_addc(target, '?');
        add_query_text(&query, target);
        authorize(r, date, &query, &headers, authorization);
    }
    pairs_deinit(&query);
    pairs_deinit(&headers);
    return status;
}
