/*
 * The API as an OpenAPI 3.1 document, made from the same declarations that it is validated by.
 */
#include "config.h"

#include <api/api.h>
#include <base/text.h>
#include <schema/validate.h>

#include <string.h>

/* --- Fields ---------------------------------------------------------------------------------- */

struct form {
    uint32_t type;
    const char *json_type, *format, *pattern;
};

static const struct form forms[] = {
    {C138_T_BOOL, "boolean", NULL, NULL},
    {C138_T_INT, "integer", "int64", NULL},
    {C138_T_UINT, "integer", "uint64", NULL},
    {C138_T_DECIMAL, "string", NULL, "^-?[0-9]+(\\.[0-9]+)?$"},
    {C138_T_STRING, "string", NULL, NULL},
    {C138_T_ENUM, "string", NULL, NULL},
    {C138_T_DURATION, "string", "chain138-duration", "^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d|w))+$"},
    {C138_T_SIZE, NULL, "chain138-size", NULL},
    {C138_T_TIME, "string", "date-time", NULL},
    {C138_T_PATH, "string", NULL, "^/"},
    {C138_T_URL, "string", "uri", "^https?://"},
    {C138_T_CRON, "string", "chain138-cron", NULL},
    {C138_T_ADDRESS, "string", "chain138-address", "^0x[0-9a-fA-F]{40}$"},
    {C138_T_HASH32, "string", "chain138-hash32", "^0x[0-9a-fA-F]{64}$"},
    {C138_T_BYTES, "string", "chain138-bytes", "^0x([0-9a-fA-F]{2})*$"},
    {C138_T_WEI, "string", "chain138-wei", "^[0-9]+(\\.[0-9]+)?(wei|gwei|ether)?$"},
    {C138_T_ENODE, "string", "chain138-enode", "^enode://[0-9a-fA-F]{128}@"},
    {C138_T_BLOCK, "string", "chain138-block",
     "^([0-9]+|0x[0-9a-fA-F]+|latest|earliest|pending|finalized|safe)$"},
    {C138_T_SECRET, "string", "chain138-secret-reference", "^(file:/|cred:|env:|prompt:)"},
    {C138_T_LIST, "array", NULL, NULL},
    {C138_T_OBJECT, "object", NULL, NULL},
};

static const struct form *form_of(uint32_t type) {
    for (size_t i = 0; i < C138_COUNT(forms); i++)
        if (forms[i].type == type)
            return &forms[i];
    return NULL;
}

static struct c138_json *texts(const char *const *list) {
    struct c138_json *array = c138_json_new_array();
    for (; *list; list++)
        c138_json_append(array, c138_json_new_str(*list));
    return array;
}

/* "type" is a number and a text: a size may be said either way. */
static struct c138_json *number_or_text(void) {
    static const char *const both[] = {"integer", "string", NULL};
    return texts(both);
}

static const char *bound_name(uint32_t type, int max) {
    switch (type) {
    case C138_T_INT:
    case C138_T_UINT:
        return max ? "maximum" : "minimum";
    case C138_T_STRING:
        return max ? "maxLength" : "minLength";
    case C138_T_LIST:
        return max ? "maxItems" : "minItems";
    default:
        return NULL; /* of durations and the like: no word for it */
    }
}

static void add_bound(struct c138_json *schema, const struct decl_field *field, int max) {
    const char *text = max ? field->max_text : field->min_text;
    const char *name = bound_name(field->type, max);
    int64_t value = 0;
    uint64_t large = 0;
    if (!text || !name)
        return;
    if (c138_parse_int(text, &value) >= 0)
        c138_json_set_int(schema, name, value);
    else if (c138_parse_uint(text, &large) >= 0)
        c138_json_set_uint(schema, name, large);
}

static struct c138_json *object_schema(struct decl_field *const *fields, int closed) {
    struct c138_json *schema = c138_json_new_object(), *properties = c138_json_new_object(),
                     *required = c138_json_new_array();
    c138_json_set_str(schema, "type", "object");
    for (; *fields; fields++) {
        c138_json_set(properties, (*fields)->name, openapi_schema(*fields));
        if ((*fields)->flags & C138_FIELD_REQUIRED)
            c138_json_append(required, c138_json_new_str((*fields)->name));
    }
    c138_json_set(schema, "properties", properties);
    if (c138_json_count(required))
        c138_json_set(schema, "required", required);
    else
        c138_json_unref(required);
    if (closed)
        c138_json_set_bool(schema, "additionalProperties", 0);
    return schema;
}

static void add_description(struct c138_json *schema, const struct decl_field *field) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_buf_adds(&text, field->summary);
    if (field->unit)
        c138_buf_addf(&text, " (%s)", field->unit);
    c138_json_set_str(schema, "description", c138_buf_text(&text));
}

static void add_default(struct c138_json *schema, const struct decl_field *field) {
    struct c138_json *value = NULL;
    if (field->default_text && validate_text(field, field->default_text, &value, NULL) >= 0)
        c138_json_set(schema, "default", value);
}

struct c138_json *openapi_schema(const struct decl_field *field) {
    const struct form *form = form_of(field->type);
    struct c138_json *schema = field->type == C138_T_OBJECT && field->fields[0]
                                   ? object_schema(field->fields, 0)
                                   : c138_json_new_object();
    if (field->type == C138_T_SIZE)
        c138_json_set(schema, "type", number_or_text());
    else if (form && form->json_type)
        c138_json_set_str(schema, "type", form->json_type);
    if (form && form->format)
        c138_json_set_str(schema, "format", form->format);
    if (form && form->pattern)
        c138_json_set_str(schema, "pattern", form->pattern);
    if (field->type == C138_T_UINT && !field->min_text)
        c138_json_set_int(schema, "minimum", 0);
    if (field->type == C138_T_ENUM)
        c138_json_set(schema, "enum", texts(field->choices));
    if (field->type == C138_T_LIST)
        c138_json_set(schema, "items",
                      field->fields[0] ? openapi_schema(field->fields[0]) : c138_json_new_object());
    add_bound(schema, field, 0);
    add_bound(schema, field, 1);
    add_default(schema, field);
    add_description(schema, field);
    if (field->flags & C138_FIELD_SENSITIVE)
        c138_json_set_bool(schema, "writeOnly", 1);
    if (field->unit)
        c138_json_set_str(schema, "x-unit", field->unit);
    return schema;
}

/* --- Operations ----------------------------------------------------------------------------------
 */

static struct c138_json *ref(const char *to) {
    struct c138_json *v = c138_json_new_object();
    c138_json_set_str(v, "$ref", to);
    return v;
}

static struct c138_json *body_of(const char *type, struct c138_json *schema) {
    struct c138_json *content = c138_json_new_object(), *media = c138_json_new_object();
    c138_json_set(media, "schema", schema);
    c138_json_set(content, type, media);
    return content;
}

static struct c138_json *response(const char *description, const char *type,
                                  struct c138_json *schema) {
    struct c138_json *v = c138_json_new_object();
    c138_json_set_str(v, "description", description);
    if (schema)
        c138_json_set(v, "content", body_of(type, schema));
    return v;
}

struct parameter {
    const char *name, *in, *type, *description;
    int required;
};

static struct c138_json *parameter_list(const struct parameter *list) {
    struct c138_json *array = c138_json_new_array();
    for (; list && list->name; list++) {
        struct c138_json *p = c138_json_new_object(), *schema = c138_json_new_object();
        c138_json_set_str(p, "name", list->name);
        c138_json_set_str(p, "in", list->in);
        c138_json_set_str(p, "description", list->description);
        if (list->required)
            c138_json_set_bool(p, "required", 1);
        c138_json_set_str(schema, "type", list->type);
        c138_json_set(p, "schema", schema);
        c138_json_append(array, p);
    }
    return array;
}

static const struct parameter action_parameters[] = {
    {"wait", "query", "integer", "Seconds to wait for the end (reads: 30; others: 0)", 0},
    {"text", "query", "integer", "1: values are text, as on a command line", 0},
    {"dry_run", "query", "integer", "1: change nothing, answer with the plan", 0},
    {"durable", "query", "integer", "1: store and audit a read, too", 0},
    {"timeout", "query", "string", "Another deadline, such as 90s", 0},
    {"columns", "query", "integer", "1: add the declarations of the results", 0},
    {"Idempotency-Key", "header", "string",
     "A second request with the same key gives the first job", 0},
    {0}};

/* {"job","state","result"} of this action */
static struct c138_json *ended_schema(const struct decl_action *action) {
    struct c138_json *schema = c138_json_new_object(), *all = c138_json_new_array(),
                     *own = c138_json_new_object(), *properties = c138_json_new_object();
    c138_json_append(all, ref("#/components/schemas/Run"));
    c138_json_set_str(own, "type", "object");
    c138_json_set(properties, "result", object_schema(action->results, 0));
    c138_json_set(own, "properties", properties);
    c138_json_append(all, own);
    c138_json_set(schema, "allOf", all);
    return schema;
}

static void add_errors(struct c138_json *responses) {
    c138_json_set(responses, "default", ref("#/components/responses/Error"));
}

static struct c138_json *action_operation(const struct decl_plugin *plugin,
                                          const struct decl_action *action) {
    struct c138_json *o = c138_json_new_object(), *tags = c138_json_new_array(),
                     *body = c138_json_new_object(), *responses = c138_json_new_object();
    c138_json_set_str(o, "operationId", action->full_name);
    c138_json_set_str(o, "summary", action->summary);
    if (action->help)
        c138_json_set_str(o, "description", action->help);
    c138_json_append(tags, c138_json_new_str(plugin->name));
    c138_json_set(o, "tags", tags);
    c138_json_set(o, "parameters", parameter_list(action_parameters));
    c138_json_set(body, "content", body_of("application/json", object_schema(action->params, 1)));
    c138_json_set(o, "requestBody", body);
    c138_json_set(
        responses, "200",
        response("It ended: with result, or with error", "application/json", ended_schema(action)));
    c138_json_set(responses, "202",
                  response("Accepted, on disk; not ended, or it awaits approval",
                           "application/json", ref("#/components/schemas/Run")));
    add_errors(responses);
    c138_json_set(o, "responses", responses);
    c138_json_set_str(o, "x-effect", decl_effect_name(action->effect));
    c138_json_set_str(o, "x-role", decl_role_name(action->role));
    return o;
}

/* --- The other paths ------------------------------------------------------------------------- */

struct path {
    const char *path, *method, *id, *summary, *type,
        *schema; /* schema: a component, NULL: any object */
    const struct parameter *parameters;
    const struct parameter *body; /* members of the body */
};

#define ID_OF(what)                                                                                \
    { "id", "path", "string", what, 1 }
static const struct parameter name_only[] = {
    {"name", "path", "string", "PLUGIN.ACTION, or PLUGIN", 1}, {0}};
static const struct parameter job_id_only[] = {ID_OF("The job"), {0}};
static const struct parameter list_parameters[] = {
    {"brief", "query", "integer", "1: names and summaries only", 0}, {0}};
static const struct parameter jobs_parameters[] = {
    {"state", "query", "string", "Only in this state", 0},
    {"action", "query", "string", "Only this action, or this plugin's", 0},
    {"since", "query", "string", "A duration such as 1h, or a time", 0},
    {"limit", "query", "integer", "At most so many", 0},
    {0}};
static const struct parameter job_parameters[] = {
    ID_OF("The job"),
    {"after", "query", "integer", "Wait until its version is above this", 0},
    {"wait", "query", "integer", "At most so many seconds", 0},
    {"log_from", "query", "integer", "The log from this line on", 0},
    {0}};
static const struct parameter events_parameters[] = {
    {"topic", "query", "string", "A topic; may end in .*", 0},
    {"since", "query", "string", "A duration such as 1h, or a time", 0},
    {"after", "query", "integer", "Only events with a greater number", 0},
    {"limit", "query", "integer", "At most so many", 0},
    {"Last-Event-ID", "header", "string", "Streams: goes on behind this number", 0},
    {0}};
static const struct parameter complete_parameters[] = {
    {"action", "query", "string", "PLUGIN.ACTION", 1},
    {"field", "query", "string", "Its parameter", 1},
    {"prefix", "query", "string", "What is there already", 0},
    {0}};
static const struct parameter approve_body[] = {
    {"digest", NULL, "string", "Digest of the plan that was read", 1}, {0}};
static const struct parameter reject_body[] = {{"reason", NULL, "string", "Why", 0}, {0}};

static const struct parameter secret_body[] = {
    {"box", NULL, "string", "The secret, boxed; 0x and hex digits", 1}, {0}};

static const struct path paths[] = {
    {"/v1/actions", "get", "actions", "Declarations of everything", NULL, NULL, list_parameters,
     NULL},
    {"/v1/actions/{name}", "get", "action", "Declaration of one action or plugin", NULL, NULL,
     name_only, NULL},
    {"/v1/openapi.json", "get", "openapi", "This document", NULL, NULL, NULL, NULL},
    {"/v1/jobs", "get", "jobs", "Jobs, newest first", NULL, NULL, jobs_parameters, NULL},
    {"/v1/jobs/{id}", "get", "job", "One job with its log; long poll", NULL, "Job", job_parameters,
     NULL},
    {"/v1/jobs/{id}/cancel", "post", "job-cancel", "Ask a job to stop", NULL, NULL, job_id_only,
     NULL},
    {"/v1/approvals", "get", "approvals", "Plans that await approval", NULL, NULL, NULL, NULL},
    {"/v1/approvals/{id}/approve", "post", "approve", "Approve one run of exactly this plan", NULL,
     NULL, job_id_only, approve_body},
    {"/v1/approvals/{id}/reject", "post", "reject", "Refuse a plan", NULL, NULL, job_id_only,
     reject_body},
    {"/v1/events", "get", "events", "The event log; with Accept: text/event-stream a live stream",
     NULL, "Events", events_parameters, NULL},
    {"/v1/status", "get", "status", "How this host is", NULL, NULL, NULL, NULL},
    {"/v1/plugins", "get", "plugins", "Plugins with state and reason", NULL, NULL, NULL, NULL},
    {"/v1/reload", "post", "reload", "Read the config again; all or nothing", NULL, NULL, NULL,
     NULL},
    {"/v1/secrets", "get", "secret-key", "The key that a secret is boxed for (crypto_box_seal)",
     NULL, NULL, NULL, NULL},
    {"/v1/secrets", "post", "secret",
     "Hands over a secret that one run takes by the reference given back", NULL, NULL, NULL,
     secret_body},
    {"/v1/complete", "get", "complete", "Values for a shell's completion", NULL, NULL,
     complete_parameters, NULL},
    {"/v1/version", "get", "version", "Version of the agent; needs no role", NULL, NULL, NULL,
     NULL},
    {"/metrics", "get", "metrics", "Metrics for Prometheus", "text/plain", NULL, NULL, NULL},
};

static struct c138_json *typed(const char *type) {
    struct c138_json *v = c138_json_new_object();
    c138_json_set_str(v, "type", type);
    return v;
}

static struct c138_json *members_schema(const struct parameter *members) {
    struct c138_json *schema = typed("object"), *properties = c138_json_new_object(),
                     *required = c138_json_new_array();
    for (; members->name; members++) {
        struct c138_json *member = typed(members->type);
        c138_json_set_str(member, "description", members->description);
        c138_json_set(properties, members->name, member);
        if (members->required)
            c138_json_append(required, c138_json_new_str(members->name));
    }
    c138_json_set(schema, "properties", properties);
    if (c138_json_count(required))
        c138_json_set(schema, "required", required);
    else
        c138_json_unref(required);
    return schema;
}

static struct c138_json *path_operation(const struct path *p) {
    struct c138_json *o = c138_json_new_object(), *tags = c138_json_new_array(),
                     *responses = c138_json_new_object();
    const char *type = p->type ? p->type : "application/json";
    char target[64] = "";
    if (p->schema)
        (void)snprintf(target, sizeof(target), "#/components/schemas/%s", p->schema);
    c138_json_set_str(o, "operationId", p->id);
    c138_json_set_str(o, "summary", p->summary);
    c138_json_append(tags, c138_json_new_str("core"));
    c138_json_set(o, "tags", tags);
    if (p->parameters)
        c138_json_set(o, "parameters", parameter_list(p->parameters));
    if (p->body) {
        struct c138_json *body = c138_json_new_object();
        c138_json_set(body, "content", body_of("application/json", members_schema(p->body)));
        c138_json_set(o, "requestBody", body);
    }
    c138_json_set(
        responses, "200",
        response(p->summary, type, p->schema ? ref(target) : typed(p->type ? "string" : "object")));
    add_errors(responses);
    c138_json_set(o, "responses", responses);
    return o;
}

/* --- Components ------------------------------------------------------------------------------ */

static const struct parameter error_members[] = {
    {"key", NULL, "string", "A stable word for programs", 1},
    {"status", NULL, "string", "The class: invalid, denied, not-found, busy, timeout, ...", 0},
    {"message", NULL, "string", "What failed, on what, what to do about it", 1},
    {0}};
static const struct parameter run_members[] = {
    {"job", NULL, "string", "Its id", 1},
    {"state", NULL, "string",
     "queued, awaiting-approval, running, succeeded, failed, cancelled, interrupted", 1},
    {"result", NULL, "object", "The result of a run that succeeded, or the plan of a dry run", 0},
    {"plan", NULL, "object", "What would be done, while it awaits approval", 0},
    {"digest", NULL, "string", "What an approval is bound to", 0},
    {"expires", NULL, "string", "Until when it can be approved", 0},
    {0}};
static const struct parameter job_members[] = {
    {"id", NULL, "string", "ULID", 1},
    {"action", NULL, "string", "PLUGIN.ACTION", 1},
    {"state", NULL, "string", "State", 1},
    {"principal", NULL, "string", "Who asked", 0},
    {"source", NULL, "string", "By which way", 0},
    {"host", NULL, "string", "Where", 0},
    {"created", NULL, "string", "When", 0},
    {"params", NULL, "object", "Parameters, redacted", 0},
    {"progress", NULL, "object", "permille and text", 0},
    {"log", NULL, "array", "Lines from log_from on", 0},
    {"version", NULL, "integer", "Goes up with each change", 0},
    {0}};
static const struct parameter events_members[] = {
    {"events", NULL, "array", "Oldest first: n, time, topic, source, severity, data", 1}, {0}};

static struct c138_json *with_error(struct c138_json *schema) {
    c138_json_set(c138_json_get(schema, "properties"), "error",
                  ref("#/components/schemas/ErrorBody"));
    return schema;
}

static struct c138_json *components(void) {
    struct c138_json *c = c138_json_new_object(), *schemas = c138_json_new_object(),
                     *responses = c138_json_new_object(), *security = c138_json_new_object(),
                     *bearer = c138_json_new_object(), *error = typed("object"),
                     *properties = c138_json_new_object();
    c138_json_set(schemas, "ErrorBody", members_schema(error_members));
    c138_json_set(properties, "error", ref("#/components/schemas/ErrorBody"));
    c138_json_set(error, "properties", properties);
    c138_json_set(schemas, "Error", error);
    c138_json_set(schemas, "Run", with_error(members_schema(run_members)));
    c138_json_set(schemas, "Job", with_error(members_schema(job_members)));
    c138_json_set(schemas, "Events", members_schema(events_members));
    c138_json_set(responses, "Error",
                  response("400 invalid, 401 who are you, 403 denied, 404, 405, 409 conflict, 413, "
                           "429 busy, 501, 503, 504, 507",
                           "application/json", ref("#/components/schemas/Error")));
    c138_json_set_str(bearer, "type", "http");
    c138_json_set_str(bearer, "scheme", "bearer");
    c138_json_set_str(bearer, "description",
                      "Over TCP. On the Unix socket the kernel says who is there.");
    c138_json_set(security, "token", bearer);
    c138_json_set(c, "schemas", schemas);
    c138_json_set(c, "responses", responses);
    c138_json_set(c, "securitySchemes", security);
    return c;
}

static struct c138_json *info(const char *version) {
    static const char *const text =
        "Actions of the agent and its plugins. Every action is POST /v1/actions/PLUGIN.ACTION.";
    struct c138_json *v = c138_json_new_object(), *license = c138_json_new_object();
    c138_json_set_str(v, "title", "chain138-agent");
    c138_json_set_str(v, "version", version);
    c138_json_set_str(v, "description", text);
    c138_json_set_str(license, "name", "Apache-2.0");
    c138_json_set_str(license, "identifier", "Apache-2.0");
    c138_json_set(v, "license", license);
    return v;
}

static struct c138_json *servers(void) {
    struct c138_json *list = c138_json_new_array(), *local = c138_json_new_object();
    c138_json_set_str(local, "url", "http://127.0.0.1:9138");
    c138_json_append(list, local);
    return list;
}

static struct c138_json *security(void) {
    struct c138_json *list = c138_json_new_array(), *token = c138_json_new_object();
    c138_json_set(token, "token", c138_json_new_array());
    c138_json_append(list, token);
    return list;
}

static void add_tag(struct c138_json *tags, const char *name, const char *summary) {
    struct c138_json *tag = c138_json_new_object();
    c138_json_set_str(tag, "name", name);
    c138_json_set_str(tag, "description", summary);
    c138_json_append(tags, tag);
}

struct c138_json *openapi_document(const struct catalog *c, const char *version) {
    struct c138_json *doc = c138_json_new_object(), *all = c138_json_new_object(),
                     *tags = c138_json_new_array();
    c138_json_set_str(doc, "openapi", "3.1.0");
    c138_json_set(doc, "info", info(version));
    c138_json_set(doc, "servers", servers());
    c138_json_set(doc, "security", security());
    add_tag(tags, "core", "The agent");
    for (size_t i = 0; i < C138_COUNT(paths); i++) {
        struct c138_json *item = c138_json_new_object();
        c138_json_set(item, paths[i].method, path_operation(&paths[i]));
        c138_json_set(all, paths[i].path, item);
    }
    for (size_t i = 0; i < catalog_count(c); i++) {
        const struct decl_plugin *p = catalog_at(c, i);
        add_tag(tags, p->name, p->summary);
        for (struct decl_action *const *a = p->actions; *a; a++) {
            struct c138_json *item = c138_json_new_object();
            C138_FREE char *path = c138_xasprintf("/v1/actions/%s", (*a)->full_name);
            c138_json_set(item, "post", action_operation(p, *a));
            c138_json_set(all, path, item);
        }
    }
    c138_json_set(doc, "tags", tags);
    c138_json_set(doc, "paths", all);
    c138_json_set(doc, "components", components());
    return doc;
}
