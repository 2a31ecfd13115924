/*
 * What plugins ask the agent for: durable state, secrets, calls of other plugins' actions.
 */
#include "config.h"

#include <agent/agent_internal.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_MAX (64u << 10)
#define KV_MAX_DEFAULT (UINT64_C(16) << 20)

static void reply_error(struct plugins_hostcall *call, c138_status status,
                        const struct c138_err *err) {
    struct c138_json *body = c138_json_new_object();
    c138_json_set_str(body, "key", err->key[0] ? err->key : c138_status_key(status));
    c138_json_set_str(body, "message", err->text);
    C138_FREE char *text = c138_json_dump(body);
    c138_json_unref(body);
    call->reply(call, status, text, strlen(text));
}

/* --- kv ------------------------------------------------------------------------------------------
 */

/* A put is answered when it is on disk. */
static void on_kv_commit(void *user, c138_status status) {
    struct plugins_hostcall *call = user;
    call->reply(call, status, "", 0);
}

static uint64_t kv_max(struct agent *a, const char *plugin) {
    char path[96];
    (void)snprintf(path, sizeof(path), "plugins.%s.kv_max", plugin);
    uint64_t max = config_uint(a->config, path);
    return max ? max : KV_MAX_DEFAULT;
}

static void kv(struct agent *a, struct plugins_hostcall *call, const char *verb) {
    const char *key = c138_json_get_str(call->args, "key", "");
    struct c138_err err = {0};
    c138_status status;
    if (!strcmp(verb, "get")) {
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        status = store_kv_get(a->store, call->plugin, key, &out);
        call->reply(call, status, c138_buf_text(&out), out.length);
        return;
    }
    if (!strcmp(verb, "list")) {
        struct c138_json *keys =
            store_kv_list(a->store, call->plugin, c138_json_get_str(call->args, "prefix", ""));
        C138_FREE char *text = c138_json_dump(keys);
        c138_json_unref(keys);
        call->reply(call, C138_OK, text, strlen(text));
        return;
    }
    if (!strcmp(verb, "put"))
        status = store_kv_put(a->store, call->plugin, key, call->body, call->body_length,
                              kv_max(a, call->plugin), &err);
    else if (!strcmp(verb, "remove"))
        status = store_kv_remove(a->store, call->plugin, key);
    else
        status = c138_error(&err, C138_E_UNSUPPORTED, NULL, "this agent knows no kv.%s", verb);
    if (status < 0)
        reply_error(call, status, &err);
    else
        store_on_commit(a->store, on_kv_commit, call);
}

/* --- secrets --------------------------------------------------------------------------------- */

static int holds_text(const struct c138_json *value, const char *text) {
    switch (c138_json_type(value)) {
    case C138_JSON_STRING:
        return c138_streq(c138_json_as_str(value, NULL), text);
    case C138_JSON_ARRAY:
        for (size_t i = 0; i < c138_json_count(value); i++)
            if (holds_text(c138_json_at(value, i), text))
                return 1;
        return 0;
    case C138_JSON_OBJECT:
        for (struct c138_json_iter i = c138_json_iter(value); c138_json_next(&i);)
            if (holds_text(i.value, text))
                return 1;
        return 0;
    default:
        return 0;
    }
}

static c138_status secret_file(const char *path, struct c138_buf *out, struct c138_err *err) {
    struct stat st;
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        return c138_error(err, errno == EACCES ? C138_E_DENIED : C138_E_NOTFOUND,
                          "secret.unreadable",
                          "secret file %s cannot be opened (%s): check its path, owner and mode",
                          path, strerror(errno));
    if (!S_ISREG(st.st_mode) || (st.st_mode & 07) != 0)
        return c138_error(
            err, C138_E_DENIED, "secret.open",
            "secret file %s must be a regular file that others cannot touch: chmod o= %s", path,
            path);
    return c138_file_read(path, SECRET_MAX, out, err);
}

static c138_status secret_prompted(struct agent *a, const struct plugins_hostcall *call,
                                   const char *handle, struct c138_buf *out, struct c138_err *err) {
    const struct job *cause = call->job_id ? jobs_find(a->jobs, call->job_id) : NULL;
    return prompts_take(a->prompts, cause ? job_principal(cause) : "", handle,
                        c138_now_monotonic_ns(), out, err);
}

static c138_status secret_read(struct agent *a, const struct plugins_hostcall *call,
                               const char *reference, struct c138_buf *out, struct c138_err *err) {
    if (c138_starts_with(reference, "prompt:"))
        return secret_prompted(a, call, reference + 7, out, err);
    if (c138_starts_with(reference, "file:"))
        return secret_file(reference + 5, out, err);
    if (c138_starts_with(reference, "env:")) {
        const char *value = getenv(reference + 4);
        if (!value)
            return c138_error(err, C138_E_NOTFOUND, "secret.unset",
                              "environment variable %s of the agent is not set", reference + 4);
        return c138_buf_adds(out, value);
    }
    if (c138_starts_with(reference, "cred:") && !strchr(reference + 5, '/')) {
        const char *folder = getenv("CREDENTIALS_DIRECTORY");
        if (!folder)
            return c138_error(
                err, C138_E_NOTFOUND, "secret.no-credentials",
                "%s: the service manager gave no credentials: add LoadCredential=%s:... "
                "to the unit",
                reference, reference + 5);
        C138_FREE char *path = c138_path_join(folder, reference + 5);
        return c138_file_read(path, SECRET_MAX, out, err);
    }
    if (!strcmp(reference, "prompt"))
        return c138_error(err, C138_E_NOTFOUND, "secret.prompt",
                          "this secret is typed by a person: give it with the call, from "
                          "chain138ctl on a terminal");
    return c138_error(err, C138_E_INVALID, "secret.reference",
                      "\"%s\" is no reference to a secret: file:/path, cred:NAME or env:NAME",
                      reference);
}

static void secret(struct agent *a, struct plugins_hostcall *call) {
    const char *reference = c138_json_get_str(call->args, "reference", "");
    struct c138_err err = {0};
    struct c138_buf out = C138_BUF_NULL;
    c138_status status;
    if (!holds_text(call->settings, reference) && !holds_text(call->job_params, reference))
        status =
            c138_error(&err, C138_E_DENIED, "secret.not-yours",
                       "plugin %s asked for a secret that neither its settings nor the running "
                       "call name",
                       call->plugin);
    else
        status = secret_read(a, call, reference, &out, &err);
    if (status < 0) {
        log_line(a->log, C138_LOG_WARNING, &(struct log_at){.plugin = call->plugin}, "%s",
                 err.text);
        reply_error(call, status, &err);
        return;
    }
    while (out.length && (out.data[out.length - 1] == '\n' || out.data[out.length - 1] == '\r'))
        out.length--;
    call->reply(call, C138_OK, c138_buf_text(&out), out.length);
    if (out.data)
        c138_wipe(out.data, out.capacity);
    c138_buf_deinit(&out);
}

/* --- calls of other plugins ------------------------------------------------------------------ */

static void on_called(void *user, struct job *job) {
    struct plugins_hostcall *call = user;
    const struct c138_json *result = job_result(job);
    C138_FREE char *text = result ? c138_json_dump(result) : c138_xstrdup("{}");
    c138_status status = C138_OK;
    if (job_state(job) != JOB_SUCCEEDED) {
        status = job_state(job) == JOB_CANCELLED ? C138_E_CANCELLED : C138_E_CONFLICT;
        c138_status said = c138_status_from_key(c138_json_get_str(result, "status", ""));
        if (said != C138_E_INTERNAL)
            status = said;
    }
    call->reply(call, status, text, strlen(text));
}

static void on_call_accepted(void *user, struct job *job, c138_status status,
                             const struct c138_err *err) {
    (void)job;
    if (status < 0)
        reply_error(user, status, err);
}

/* Who asks: whoever started the cause. By itself a plugin may look, not act. */
static struct principal who_calls(const struct agent *a, const struct plugins_hostcall *call,
                                  const struct job *cause) {
    struct principal who = {.role = cause ? job_role(cause) : C138_ROLE_VIEWER};
    if (cause)
        (void)snprintf(who.name, sizeof(who.name), "%s", job_principal(cause));
    else
        (void)snprintf(who.name, sizeof(who.name), "plugin:%s@%s", call->plugin, a->host_name);
    return who;
}

/* A call that needs an approval goes through only where the cause's own approval covers it. */
static c138_status check_approved(const struct agent *a, const struct job *cause,
                                  struct job_request *request, char **ret_plan,
                                  struct c138_err *err) {
    const struct decl_action *action = request->action;
    int dangerous = action->effect == C138_EFFECT_DANGEROUS;
    if (request->dry_run || (!dangerous && (action->effect == C138_EFFECT_READ ||
                                            !policy_wants_approval(a->policy, action->full_name))))
        return C138_OK;
    if (cause && job_covers(cause, action, request->params, ret_plan)) {
        request->approved_by = job_id(cause);
        request->plan = *ret_plan;
        return C138_OK;
    }
    return c138_error(err, C138_E_APPROVAL, "approval.needed",
                      "%s %s: a person must ask for it and another approve it, or approve a plan "
                      "that lists this very call",
                      action->full_name,
                      dangerous ? "is dangerous" : "is to be approved (policy.approve)");
}

static void call_action(struct agent *a, struct plugins_hostcall *call, int dry_run) {
    struct c138_err err = {0};
    const char *name = c138_json_get_str(call->args, "action", "");
    const struct decl_action *action = catalog_action(a->catalog, name);
    struct job *cause = call->job_id ? jobs_find(a->jobs, call->job_id) : NULL;
    const struct principal who = who_calls(a, call, cause);
    char source[64];
    C138_JSON struct c138_json *params = NULL;
    C138_FREE char *plan = NULL;
    (void)snprintf(source, sizeof(source), "call:%s", cause ? job_id(cause) : "");
    c138_status status =
        action
            ? validate_object(action->params, c138_json_get(call->args, "params"), 0, &params, &err)
            : c138_error(&err, C138_E_NOTFOUND, "action.unknown",
                         "action %s is not known on this host", name);
    struct job_request request = {
        .action = action,
        .params = params,
        .who = &who,
        .source = source,
        .chain = cause ? job_chain(cause) : NULL,
        .timeout_ns = c138_json_get_int(call->args, "timeout_ns", 0),
        .dry_run = dry_run,
        .on_accepted = on_call_accepted,
        .on_done = on_called,
        .user = call,
    };
    if (status >= 0)
        status = check_approved(a, cause, &request, &plan, &err);
    if (status >= 0)
        status = jobs_submit(a->jobs, &request, &err);
    if (status < 0)
        reply_error(call, status, &err);
}

void agent_hostcall(void *user, struct plugins_hostcall *call) {
    struct agent *a = user;
    struct c138_err err = {0};
    if (c138_starts_with(call->op, "kv."))
        kv(a, call, call->op + 3);
    else if (!strcmp(call->op, "secret.get"))
        secret(a, call);
    else if (!strcmp(call->op, "call"))
        call_action(a, call, 0);
    else if (!strcmp(call->op, "plan"))
        call_action(a, call, 1);
    else
        reply_error(call,
                    c138_error(&err, C138_E_UNSUPPORTED, NULL, "this agent knows no %s", call->op),
                    &err);
}
