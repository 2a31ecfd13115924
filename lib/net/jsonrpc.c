#include <net/jsonrpc.h>
#include <base/text.h>
#include <base/when.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define RPC_BATCH_MAX 64 /* Besu's own limit is 1024 unless it was set lower */
#define RPC_TEXT_MAX 300 /* of a node's message in our errors: some carry a Java stack trace */

#define RPC_METHOD_NOT_FOUND (-32601)
#define RPC_METHOD_NOT_ENABLED (-32604)
#define RPC_UNAUTHORIZED (-40100)

struct c138_rpc {
    struct c138_http *http;
    struct c138_http_response response;
    struct c138_buf body;
    char *url, *host_header;
    const char *(*token)(void *user, int refresh, struct c138_err *err);
    void *user;
    uint64_t next_id;
    size_t batch_max; /* largest batch that this node was not seen to refuse */
};

c138_status c138_rpc_new(const struct c138_rpc_options *options, struct c138_rpc **ret_rpc) {
    struct c138_http_options http = {.timeout_ns = options->timeout_ns,
                                     .body_max = options->body_max};
    struct c138_rpc *r = c138_xcalloc(1, sizeof(*r));
    c138_status status = c138_http_new(&http, &r->http);
    if (status != C138_OK) {
        free(r);
        return status;
    }
    r->url = c138_xstrdup(options->url);
    r->host_header = c138_xstrdup(options->host_header);
    r->token = options->token;
    r->user = options->user;
    r->next_id = 1;
    r->batch_max = RPC_BATCH_MAX;
    *ret_rpc = r;
    return C138_OK;
}

struct c138_rpc *c138_rpc_free(struct c138_rpc *r) {
    if (!r)
        return NULL;
    c138_http_free(r->http);
    c138_http_response_deinit(&r->response);
    c138_buf_deinit(&r->body);
    free(r->url);
    free(r->host_header);
    free(r);
    return NULL;
}

int64_t c138_rpc_took_ns(const struct c138_rpc *r) {
    return r->response.took_ns;
}

void c138_rpc_call_deinit(struct c138_rpc_call *call) {
    call->result = c138_json_unref(call->result);
    call->status = C138_OK;
    call->answered = c138_json_unref(call->answered);
    call->error_code = 0;
    call->error = (struct c138_err){0};
}

/* --- Reading an answer ------------------------------------------------------------------------ */

/* A text of the node's, cut and without control characters, fit to stand in an error. */
static void rpc_quote(const char *text, size_t length, char *ret_text, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < length && n + 1 < size; i++)
        ret_text[n++] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    while (n > 0 && ((unsigned char)ret_text[n - 1] & 0xc0) == 0x80 && n + 1 >= size)
        n--; /* not in the middle of a character */
    ret_text[n] = '\0';
}

/* "qbft_getSignerMetrics" is in the API group "QBFT". */
static void rpc_group(const char *method, char ret_group[16]) {
    size_t n = 0;
    while (method[n] && method[n] != '_' && n < 15) {
        ret_group[n] = (char)toupper((unsigned char)method[n]);
        n++;
    }
    ret_group[n] = '\0';
}

static c138_status rpc_call_failed(struct c138_rpc_call *call, struct c138_json *error) {
    const char *message = c138_json_get_str(error, "message", "no message");
    char text[RPC_TEXT_MAX], group[16];
    int64_t code = c138_json_get_int(error, "code", 0);
    rpc_quote(message, strlen(message), text, sizeof(text));
    rpc_group(call->method, group);
    call->error_code = code;
    call->answered = c138_json_ref(error);
    if (code == RPC_METHOD_NOT_ENABLED)
        return c138_error(&call->error, C138_E_UNSUPPORTED, "rpc.not-enabled",
                          "%s: the node does not serve it (%s, code %lld): add %s to its "
                          "rpc-http-api and restart it",
                          call->method, text, (long long)code, group);
    if (code == RPC_METHOD_NOT_FOUND)
        return c138_error(&call->error, C138_E_UNSUPPORTED, "rpc.not-found",
                          "%s: this version of the node does not know it (%s, code %lld)",
                          call->method, text, (long long)code);
    if (code == RPC_UNAUTHORIZED)
        return c138_error(&call->error, C138_E_DENIED, "rpc.unauthorized",
                          "%s: the token is missing, expired or does not permit it (%s, code %lld)",
                          call->method, text, (long long)code);
    return c138_error(&call->error, C138_E_CONFLICT, "rpc.error", "%s: %s (code %lld)",
                      call->method, text, (long long)code);
}

/* One answer object, of the right id, into its call. */
static void rpc_read_one(struct c138_json *answer, struct c138_rpc_call *call) {
    struct c138_json *error = c138_json_get(answer, "error");
    c138_rpc_call_deinit(call);
    if (error)
        call->status = rpc_call_failed(call, error);
    else if (c138_json_has(answer, "result"))
        call->result = c138_json_ref(c138_json_get(answer, "result"));
    else
        call->status = c138_error(&call->error, C138_E_INVALID, "rpc.no-answer",
                                  "%s: the answer holds neither result nor error: this is no "
                                  "JSON-RPC server",
                                  call->method);
}

static c138_status rpc_read_single(struct c138_json *answer, uint64_t id,
                                   struct c138_rpc_call *call, struct c138_err *err) {
    const struct c138_json *answered = c138_json_get(answer, "id");
    if (c138_json_type(answer) != C138_JSON_OBJECT)
        return c138_error(err, C138_E_INVALID, "rpc.no-answer",
                          "the answer is JSON but no object: this is no JSON-RPC server");
    /* Besu answers "id": null where it could not read the request or the token. */
    if (!(answered == NULL && c138_json_get(answer, "error")) &&
        c138_json_as_uint(answered, UINT64_MAX) != id)
        return c138_error(err, C138_E_INVALID, "rpc.wrong-id",
                          "the answer belongs to another request (its id differs): a proxy before "
                          "the node mixes answers up");
    rpc_read_one(answer, call);
    return C138_OK;
}

/* One object, or an array with one error without id: the node refused the batch as a whole. */
static c138_status rpc_batch_refused(const struct c138_json *answer, struct c138_err *err) {
    const struct c138_json *error = c138_json_get(answer, "error");
    const char *message = c138_json_get_str(error, "message", "no message");
    char text[RPC_TEXT_MAX];
    rpc_quote(message, strlen(message), text, sizeof(text));
    if (!error)
        return c138_error(err, C138_E_INVALID, "rpc.no-answer",
                          "the answer to a batch is one object without an error");
    return c138_error(err, C138_E_LIMIT, "rpc.batch-refused",
                      "the node refused a batch of requests: %s (code %lld)", text,
                      (long long)c138_json_get_int(error, "code", 0));
}

static c138_status rpc_read_batch(struct c138_json *answers, uint64_t first_id,
                                  struct c138_rpc_call *calls, size_t count, struct c138_err *err) {
    if (c138_json_type(answers) == C138_JSON_OBJECT)
        return rpc_batch_refused(answers, err);
    if (c138_json_type(answers) != C138_JSON_ARRAY)
        return c138_error(err, C138_E_INVALID, "rpc.no-answer",
                          "the answer to a batch is no array: this is no JSON-RPC server");
    for (size_t i = 0; i < count; i++) {
        c138_rpc_call_deinit(&calls[i]);
        calls[i].status = c138_error(&calls[i].error, C138_E_UNAVAILABLE, "rpc.no-answer",
                                     "%s: missing in the answer to a batch", calls[i].method);
    }
    size_t known = 0;
    for (size_t i = 0; i < c138_json_count(answers); i++) {
        struct c138_json *answer = c138_json_at(answers, i);
        uint64_t id = c138_json_get_uint(answer, "id", UINT64_MAX);
        if (id < first_id || id - first_id >= count)
            continue;
        rpc_read_one(answer, &calls[id - first_id]);
        known++;
    }
    if (known > 0)
        return C138_OK;
    if (c138_json_count(answers) == 1 && c138_json_get(c138_json_at(answers, 0), "error"))
        return rpc_batch_refused(c138_json_at(answers, 0), err);
    return c138_error(err, C138_E_INVALID, "rpc.wrong-id",
                      "no answer of a batch belongs to it (the ids differ): a proxy before the "
                      "node mixes answers up");
}

c138_status c138_rpc_read(const char *text, size_t length, uint64_t first_id,
                          struct c138_rpc_call *calls, size_t count, int batch,
                          struct c138_err *err) {
    C138_JSON struct c138_json *answer = NULL;
    struct c138_err why = {0};
    size_t start = 0;
    while (start < length && isspace((unsigned char)text[start]))
        start++;
    if (start == length)
        return c138_error(err, C138_E_INVALID, "rpc.no-answer",
                          "the answer is empty: this is no JSON-RPC server");
    if (text[start] == '<')
        return c138_error(err, C138_E_INVALID, "rpc.html",
                          "the answer is HTML, not JSON: the URL leads to a web server or proxy, "
                          "not to the node's JSON-RPC port");
    if (c138_json_parse(text, length, &answer, &why) != C138_OK) {
        char begin[48];
        rpc_quote(text + start, length - start, begin, sizeof(begin));
        return c138_error(err, C138_E_INVALID, "rpc.not-json",
                          "the answer is not valid JSON (it begins \"%s\"; %s)", begin, why.text);
    }
    return batch ? rpc_read_batch(answer, first_id, calls, count, err)
                 : rpc_read_single(answer, first_id, &calls[0], err);
}

/* --- Asking ----------------------------------------------------------------------------------- */

static void rpc_write_call(struct c138_buf *out, const struct c138_rpc_call *call, uint64_t id) {
    C138_FREE char *params = call->params ? c138_json_dump(call->params) : NULL;
    c138_buf_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":", (unsigned long long)id);
    c138_json_quote(out, call->method, strlen(call->method));
    c138_buf_adds(out, ",\"params\":");
    c138_buf_adds(out, params ? params : "[]");
    c138_buf_addc(out, '}');
}

static void rpc_write(struct c138_rpc *r, const struct c138_rpc_call *calls, size_t count,
                      int batch) {
    c138_buf_reset(&r->body);
    if (batch)
        c138_buf_addc(&r->body, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            c138_buf_addc(&r->body, ',');
        rpc_write_call(&r->body, &calls[i], r->next_id + i);
    }
    if (batch)
        c138_buf_addc(&r->body, ']');
}

/* Sends what rpc_write() prepared. */
static c138_status rpc_post(struct c138_rpc *r, int refresh, struct c138_err *err) {
    const char *headers[4] = {"Content-Type: application/json"};
    struct c138_err why = {0};
    size_t n = 1;
    const char *token = r->token ? r->token(r->user, refresh, &why) : NULL;
    if (why.status != C138_OK) {
        if (err)
            *err = why;
        return why.status;
    }
    char *bearer = token ? c138_xasprintf("Authorization: Bearer %s", token) : NULL;
    C138_FREE char *host = r->host_header ? c138_xasprintf("Host: %s", r->host_header) : NULL;
    if (bearer)
        headers[n++] = bearer;
    if (host)
        headers[n++] = host;
    struct c138_http_request request = {.url = r->url,
                                        .headers = headers,
                                        .body = c138_buf_text(&r->body),
                                        .body_length = r->body.length};
    c138_status status = c138_http_do(r->http, &request, &r->response, err);
    if (bearer)
        c138_wipe(bearer, strlen(bearer));
    free(bearer);
    return status;
}

/* What an HTTP status says before the body is looked at. 400 carries a JSON-RPC error in Besu. */
static c138_status rpc_check_http(const struct c138_rpc *r, struct c138_err *err) {
    long status = r->response.status;
    if (status >= 200 && status < 300)
        return C138_OK;
    if (status >= 300 && status < 400)
        return c138_error(err, C138_E_UNSUPPORTED, "rpc.redirect",
                          "answered with a redirect (HTTP %ld), which is not followed so that no "
                          "token travels: set the node's own URL",
                          status);
    if (status == 401)
        return c138_error(err, C138_E_DENIED, "rpc.unauthorized",
                          "answered HTTP 401: the token is missing, expired or does not permit "
                          "this: set token_file, or username and password");
    if (status == 403)
        return c138_error(err, C138_E_DENIED, "rpc.forbidden",
                          "answered HTTP 403: the name in the Host header is not on the node's "
                          "host-allowlist: set host_header, or add it there");
    if (status == 413)
        return c138_error(err, C138_E_LIMIT, "rpc.request-too-large",
                          "answered HTTP 413: the request is larger than the node takes "
                          "(rpc-http-max-request-content-length)");
    if (status == 400 && r->response.body.length > 0 && r->response.body.data[0] == '{')
        return C138_OK;
    return c138_error(err, status == 429 || status == 503 ? C138_E_BUSY : C138_E_UNAVAILABLE,
                      "rpc.http-status",
                      "answered HTTP %ld: the URL does not lead to a node's JSON-RPC port, or the "
                      "server is in trouble",
                      status);
}

static int rpc_all_unauthorized(const struct c138_rpc_call *calls, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (calls[i].error_code != RPC_UNAUTHORIZED)
            return 0;
    return 1;
}

/* One request, repeated once with a fresh token where the first was refused. */
static c138_status rpc_exchange(struct c138_rpc *r, struct c138_rpc_call *calls, size_t count,
                                int batch, struct c138_err *err) {
    c138_status status = C138_OK;
    for (int refresh = 0; refresh < 2; refresh++) {
        rpc_write(r, calls, count, batch);
        status = rpc_post(r, refresh, err);
        if (status != C138_OK)
            return status;
        status = rpc_check_http(r, err);
        if (status == C138_OK)
            status = c138_rpc_read(c138_buf_text(&r->response.body), r->response.body.length,
                                   r->next_id, calls, count, batch, err);
        r->next_id += count;
        int refused =
            r->response.status == 401 || (status == C138_OK && rpc_all_unauthorized(calls, count));
        if (!refused || !r->token)
            break;
    }
    return status;
}

c138_status c138_rpc_call(struct c138_rpc *r, const char *method, struct c138_json *params,
                          struct c138_json **ret_result, int64_t *ret_code, struct c138_err *err) {
    struct c138_rpc_call call = {.method = method, .params = params};
    if (ret_code)
        *ret_code = 0;
    c138_status status = rpc_exchange(r, &call, 1, 0, err);
    if (status != C138_OK)
        return status;
    if (call.status != C138_OK) {
        status = call.status;
        if (ret_code)
            *ret_code = call.error_code;
        if (err)
            *err = call.error;
        c138_rpc_call_deinit(&call);
        return status;
    }
    *ret_result = call.result;
    return C138_OK;
}

c138_status c138_rpc_batch(struct c138_rpc *r, struct c138_rpc_call *calls, size_t count,
                           struct c138_err *err) {
    for (size_t done = 0; done < count;) {
        size_t n = count - done < r->batch_max ? count - done : r->batch_max;
        struct c138_err why = {0};
        c138_status status = rpc_exchange(r, calls + done, n, r->batch_max > 1, &why);
        if (status == C138_E_LIMIT && strcmp(why.key, "rpc.batch-refused") == 0 &&
            r->batch_max > 1) {
            r->batch_max = n > 1 ? n / 2 : 1; /* at 1 no array is sent any more */
            continue;
        }
        if (status != C138_OK) {
            for (size_t i = 0; i < count; i++)
                c138_rpc_call_deinit(&calls[i]);
            if (err)
                *err = why;
            return status;
        }
        done += n;
    }
    return C138_OK;
}
