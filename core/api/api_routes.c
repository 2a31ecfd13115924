/*
 * Which path is answered by whom. Paths that act are actions of the agent under another name: they
 * go through the same policy and audit as POST /v1/actions/agent.NAME.
 */
#include "config.h"

#include <api/api_internal.h>
#include <base/text.h>

#include <string.h>

#define NAME_MAX_BYTES 128

/* {"name": value of the query} for each that is there. */
static struct c138_json *params_of_query(const struct api_req *r, const char *const *names) {
    struct c138_json *params = c138_json_new_object();
    for (; *names; names++)
        if (api_query(r, *names))
            c138_json_set_str(params, *names, api_query(r, *names));
    return params;
}

static void get_version(struct api_req *r, const char *name) {
    struct c138_json *body = c138_json_new_object();
    (void)name;
    c138_json_set_str(body, "version", r->api->env.version);
    c138_json_set_str(body, "host", r->api->env.host_name);
    c138_json_set_str(body, "api", "v1");
    api_reply(r, 200, body);
}

static void get_actions(struct api_req *r, const char *name) {
    if (*name)
        api_actions_one(r, name);
    else
        api_actions_list(r);
}

static void post_action(struct api_req *r, const char *name) {
    api_actions_post(r, name);
}

static void get_openapi(struct api_req *r, const char *name) {
    (void)name;
    api_reply(r, 200, openapi_document(r->api->env.catalog, r->api->env.version));
}

static void get_jobs(struct api_req *r, const char *name) {
    static const char *const names[] = {"state", "action", "since", "limit", NULL};
    if (*name)
        api_job_get(r, name);
    else
        api_actions_bare(r, "agent.jobs", params_of_query(r, names));
}

static struct c138_json *with_id(struct c138_json *params, const char *id) {
    if (!params)
        params = c138_json_new_object();
    c138_json_set_str(params, "id", id);
    return params;
}

static void post_cancel(struct api_req *r, const char *id) {
    api_actions_bare(r, "agent.job-cancel", with_id(NULL, id));
}

static void get_approvals(struct api_req *r, const char *name) {
    (void)name;
    api_actions_bare(r, "agent.approvals", NULL);
}

static void decide(struct api_req *r, const char *action, const char *id) {
    struct c138_json *body = NULL;
    struct c138_err err = {0};
    c138_status status = api_body(r, &body, &err);
    if (status < 0)
        api_reply_error(r, status, &err);
    else
        api_actions_bare(r, action, with_id(body, id));
}

static void post_approve(struct api_req *r, const char *id) {
    decide(r, "agent.approve", id);
}

static void post_reject(struct api_req *r, const char *id) {
    decide(r, "agent.reject", id);
}

static void get_events(struct api_req *r, const char *name) {
    (void)name;
    api_events_get(r);
}

static void get_status(struct api_req *r, const char *name) {
    (void)name;
    api_actions_bare(r, "agent.status", NULL);
}

static void get_plugins(struct api_req *r, const char *name) {
    (void)name;
    api_actions_bare(r, "agent.plugins", NULL);
}

static void post_reload(struct api_req *r, const char *name) {
    (void)name;
    api_actions_bare(r, "agent.reload", NULL);
}

/* What a person typed comes in a box: it is in no buffer here, and in no job. */
static void get_secret_key(struct api_req *r, const char *name) {
    char hex[67];
    struct c138_json *body = c138_json_new_object();
    (void)name;
    r->api->env.secret_key(r->api->env.user, hex);
    c138_json_set_str(body, "key", hex);
    api_reply(r, 200, body);
}

static c138_status keep_box(struct api_req *r, const char *hex, char reference[64],
                            struct c138_err *err) {
    size_t length = strlen(hex) / 2;
    C138_FREE uint8_t *box = c138_xmalloc(length + 1);
    if (!c138_starts_with(hex, "0x") || c138_hex_decode(hex + 2, strlen(hex) - 2, box) < 0)
        return c138_error(err, C138_E_INVALID, "secret.box", "box: expected 0x and hex digits");
    return r->api->env.keep_secret(r->api->env.user, &r->who, box, length - 1, reference, err);
}

static void post_secret(struct api_req *r, const char *name) {
    char reference[64];
    struct c138_err err = {0};
    C138_JSON struct c138_json *body = NULL;
    (void)name;
    c138_status status = api_body(r, &body, &err);
    if (status >= 0)
        status = keep_box(r, c138_json_get_str(body, "box", ""), reference, &err);
    if (status < 0) {
        api_reply_error(r, status, &err);
        return;
    }
    struct c138_json *answer = c138_json_new_object();
    c138_json_set_str(answer, "reference", reference);
    api_reply(r, 200, answer);
}

static void get_complete(struct api_req *r, const char *name) {
    (void)name;
    api_complete_get(r);
}

static void get_metrics(struct api_req *r, const char *name) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)name;
    metrics_write(r->api->env.metrics, api_query(r, "owner"), &out);
    api_reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", c138_buf_text(&out),
                   out.length);
}

struct route {
    const char *path; /* "*" stands for one name */
    enum evhttp_cmd_type method;
    int open; /* needs no role, or asks for itself */
    void (*answer)(struct api_req *r, const char *name);
};

static const struct route routes[] = {
    {"/v1/actions/*", EVHTTP_REQ_POST, 1, post_action},
    {"/v1/actions/*", EVHTTP_REQ_GET, 0, get_actions},
    {"/v1/actions", EVHTTP_REQ_GET, 0, get_actions},
    {"/v1/openapi.json", EVHTTP_REQ_GET, 0, get_openapi},
    {"/v1/jobs", EVHTTP_REQ_GET, 0, get_jobs},
    {"/v1/jobs/*", EVHTTP_REQ_GET, 0, get_jobs},
    {"/v1/jobs/*/cancel", EVHTTP_REQ_POST, 0, post_cancel},
    {"/v1/approvals", EVHTTP_REQ_GET, 0, get_approvals},
    {"/v1/approvals/*/approve", EVHTTP_REQ_POST, 0, post_approve},
    {"/v1/approvals/*/reject", EVHTTP_REQ_POST, 0, post_reject},
    {"/v1/events", EVHTTP_REQ_GET, 0, get_events},
    {"/v1/status", EVHTTP_REQ_GET, 0, get_status},
    {"/v1/plugins", EVHTTP_REQ_GET, 0, get_plugins},
    {"/v1/reload", EVHTTP_REQ_POST, 0, post_reload},
    {"/v1/secrets", EVHTTP_REQ_GET, 0, get_secret_key},
    {"/v1/secrets", EVHTTP_REQ_POST, 0, post_secret},
    {"/v1/complete", EVHTTP_REQ_GET, 0, get_complete},
    {"/v1/version", EVHTTP_REQ_GET, 1, get_version},
    {"/metrics", EVHTTP_REQ_GET, 0, get_metrics},
};

/* Does `path` have the form of `pattern`? The name in the star's place goes to `name`. */
static int path_matches(const char *pattern, const char *path, char name[NAME_MAX_BYTES]) {
    const char *star = strchr(pattern, '*');
    name[0] = '\0';
    if (!star)
        return !strcmp(pattern, path);
    size_t before = (size_t)(star - pattern);
    if (strncmp(pattern, path, before) != 0)
        return 0;
    size_t n = strcspn(path + before, "/");
    if (n == 0 || n >= NAME_MAX_BYTES || strcmp(path + before + n, star + 1) != 0)
        return 0;
    memcpy(name, path + before, n);
    name[n] = '\0';
    return 1;
}

static enum evhttp_cmd_type method_of(const struct api_req *r) {
    enum evhttp_cmd_type method = evhttp_request_get_command(r->http);
    return method == EVHTTP_REQ_HEAD ? EVHTTP_REQ_GET : method;
}

static void method_wrong(struct api_req *r, const char *allowed) {
    api_header(r, "Allow", allowed);
    api_reply_code(r, 405, "method.wrong", "%s takes %s only", r->path, allowed);
}

void api_route(struct api_req *r) {
    char name[NAME_MAX_BYTES];
    const char *allowed = NULL;
    for (size_t i = 0; i < C138_COUNT(routes); i++) {
        const struct route *route = &routes[i];
        if (!path_matches(route->path, r->path, name))
            continue;
        if (route->method != method_of(r)) {
            allowed = route->method == EVHTTP_REQ_POST ? "POST" : "GET";
            continue;
        }
        struct c138_err err = {0};
        c138_status status =
            route->open ? C138_OK : policy_check(&r->who, C138_ROLE_VIEWER, r->path, &err);
        if (status < 0)
            api_reply_error(r, status, &err);
        else
            route->answer(r, name);
        return;
    }
    if (allowed)
        method_wrong(r, allowed);
    else
        api_reply_code(r, 404, "path.unknown",
                       "%.200s is not here: GET /v1/openapi.json lists what is", r->path);
}
