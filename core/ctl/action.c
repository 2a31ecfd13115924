/*
 * Running an action: one request, and a follow-up only where it takes its time.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define PARAMS_FILE_MAX (1u << 20) /* the agent takes no more */
#define FIRST_WAIT_S 2             /* what ends within it needs one round trip */

struct wish {
    const char *name;
    int64_t wait_ns; /* for the end; 0: no bound */
    int64_t until_ns;
};

static c138_status duration_option(const char *option, const char *text, int64_t *ret_ns,
                                   struct c138_err *err) {
    uint64_t seconds = 0;
    if (!text)
        return C138_OK;
    if (c138_parse_uint(text, &seconds) >= 0 && seconds <= 86400 * 365) {
        *ret_ns = (int64_t)seconds * C138_NS_PER_S;
        return C138_OK;
    }
    if (c138_duration_parse(text, ret_ns) >= 0)
        return C138_OK;
    return c138_error(err, C138_E_INVALID, "usage",
                      "%s \"%.60s\": expected a duration, such as 90s or 5m", option, text);
}

static c138_status make_wish(const struct ctl *c, const char *name, struct wish *wish,
                             struct c138_err *err) {
    *wish = (struct wish){.name = name};
    c138_status status = duration_option("--wait", c->args.wait, &wish->wait_ns, err);
    if (status >= 0 && wish->wait_ns)
        wish->until_ns = c138_now_monotonic_ns() + wish->wait_ns;
    return status;
}

/* The control reads the file: the agent, and the worker of the plugin, need not be able to. */
static c138_status add_file(const struct ctl *c, struct c138_json *params, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *object = NULL;
    const char *path = c->args.params_file;
    if (!path)
        return C138_OK;
    c138_status status = c138_file_read(path, PARAMS_FILE_MAX, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &object, err);
    if (status >= 0 && c138_json_type(object) != C138_JSON_OBJECT)
        status = c138_error(err, C138_E_INVALID, "usage",
                            "expected a JSON object of parameters, {\"name\": value, ...}");
    if (status < 0)
        return c138_error_prefix(err, status, "--params-file %s", path);
    for (struct c138_json_iter i = c138_json_iter(object); c138_json_next(&i);)
        if (!c138_json_has(params, i.name))
            c138_json_set(params, i.name, c138_json_ref(i.value));
    return C138_OK;
}

/* Words without a name need the declaration: who comes first? So do secrets that are to be typed. */
static c138_status complete(struct ctl *c, const char *name, size_t first_word,
                            struct c138_json *params, struct c138_err *err) {
    C138_JSON struct c138_json *answer = NULL;
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    c138_buf_adds(&path, "/v1/actions/");
    client_escape(&path, name);
    c138_status status =
        ctl_request(c, "GET", c138_buf_text(&path), NULL, CTL_ANSWER_NS, NULL, &answer, err);
    if (status < 0)
        return status;
    const struct c138_json *action = c138_json_get(answer, "action");
    status = args_positional(&c->args, first_word, action, params, err);
    return status < 0 ? status : prompt_fill(c, action, params, err);
}

static void add_path(const struct ctl *c, const struct wish *wish, struct c138_buf *path) {
    int64_t wait_s = FIRST_WAIT_S;
    if (wish->wait_ns && wish->wait_ns < wait_s * C138_NS_PER_S)
        wait_s = (wish->wait_ns + C138_NS_PER_S - 1) / C138_NS_PER_S;
    c138_buf_adds(path, "/v1/actions/");
    client_escape(path, wish->name);
    c138_buf_addf(path, "?text=1&wait=%d", c->args.detach ? 0 : (int)wait_s);
    if (!c->args.json)
        c138_buf_adds(path, "&columns=1");
    if (c->args.dry_run)
        c138_buf_adds(path, "&dry_run=1");
    if (c->args.durable)
        c138_buf_adds(path, "&durable=1");
    if (c->args.timeout) {
        c138_buf_adds(path, "&timeout=");
        client_escape(path, c->args.timeout);
    }
}

/* --- What came of it ------------------------------------------------------------------------- */

static void error_of(const struct c138_json *job, struct c138_err *err) {
    const struct c138_json *error = c138_json_get(job, "error");
    const char *state = c138_json_get_str(job, "state", "failed");
    const char *key = c138_json_get_str(error, "key", NULL);
    const char *word = c138_json_get_str(error, "status", key);
    c138_status status = word ? c138_status_from_key(word) : C138_E_INTERNAL;
    if (!strcmp(state, "cancelled") || !strcmp(state, "interrupted"))
        status = C138_E_CANCELLED;
    if (!strcmp(state, "rejected") || !strcmp(state, "expired"))
        status = C138_E_DENIED;
    (void)c138_error(err, status, key, "%s", c138_json_get_str(error, "message", state));
    if (c138_starts_with(err->key, "agent.") || c138_starts_with(err->key, "http."))
        err->key[0] = '\0'; /* of the action's own peer: the agent itself was reached */
}

static int ended(struct ctl *c, const struct c138_json *columns, const struct c138_json *job) {
    const struct c138_json *result = c138_json_get(job, "result");
    struct c138_err err = {0};
    if (!c138_streq(c138_json_get_str(job, "state", NULL), "succeeded")) {
        error_of(job, &err);
        return ctl_fail(c, &err);
    }
    if (c->args.json)
        result ? ctl_print_json(result) : (void)puts("{}");
    else if (c138_json_get(result, "document")) /* a report in a form of its own, for a file */
        ctl_print_json(c138_json_get(result, "document"));
    else if (c138_json_count(result))
        ctl_print(c, c->args.dry_run ? NULL : columns, result);
    else
        puts("done");
    /* What verifies something says by its exit status what it found. */
    return c138_json_has(result, "ok") && !c138_json_get_bool(result, "ok", 1) ? EXIT_FAILED
                                                                               : EXIT_DONE;
}

static const char *id_of(const struct c138_json *answer) {
    return c138_json_get_str(answer, "job", c138_json_get_str(answer, "id", "?"));
}

static int awaiting(struct ctl *c, const struct c138_json *answer) {
    const char *id = id_of(answer);
    const char *digest = c138_json_get_str(answer, "digest", "");
    if (c->args.json) {
        ctl_print_json(answer);
        return EXIT_APPROVAL;
    }
    puts("This action is dangerous: nothing was done yet. It waits for the approval of somebody "
         "else.\n"
         "\nThe plan:");
    ctl_print(c, NULL, c138_json_get(answer, "plan"));
    printf("\njob      %s\ndigest   %s\nexpires  %s\n", id, digest,
           c138_json_get_str(answer, "expires", "-"));
    printf("\nA custodian who has read this plan types\n  chain138ctl approve %s %s\nor\n"
           "  chain138ctl reject %s --reason \"...\"\n",
           id, digest, id);
    return EXIT_APPROVAL;
}

static int detached(struct ctl *c, const struct c138_json *answer, int status) {
    if (c->args.json)
        ctl_print_json(answer);
    else
        puts(id_of(answer));
    return status;
}

static int left(struct ctl *c, const char *id, const struct c138_err *err) {
    if (!c->args.json)
        fprintf(stderr, "job %s: `chain138ctl job %s` shows how it goes on\n", id, id);
    return ctl_fail(c, err);
}

static int is_state(const struct c138_json *job, const char *state) {
    return c138_streq(c138_json_get_str(job, "state", NULL), state);
}

static int go_on(struct ctl *c, const struct wish *wish, const struct c138_json *answer) {
    C138_JSON struct c138_json *job = NULL;
    struct c138_err err = {0};
    const char *id = id_of(answer);
    if (is_state(answer, "awaiting-approval"))
        return awaiting(c, answer);
    if (c->args.detach)
        return detached(c, answer, EXIT_DONE);
    c138_status status =
        job_follow(c, id, c138_json_get_uint(answer, "version", 0), wish->until_ns, &job, &err);
    if (status < 0)
        return left(c, id, &err);
    if (is_state(job, "awaiting-approval"))
        return awaiting(c, job);
    return ended(c, c138_json_get(answer, "columns"), job);
}

int ctl_action(struct ctl *c, const char *name, size_t first_word, struct c138_json *extra) {
    C138_JSON struct c138_json *params = args_object(&c->args);
    C138_JSON struct c138_json *answer = NULL;
    C138_JSON struct c138_json *set = extra;
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    struct c138_err err = {0};
    struct wish wish;
    int code = 0;
    if (set)
        for (struct c138_json_iter i = c138_json_iter(set); c138_json_next(&i);)
            c138_json_set(params, i.name, c138_json_ref(i.value));
    c138_status status = make_wish(c, name, &wish, &err);
    ctl_catch_interrupt(c);
    if (status >= 0)
        status = add_file(c, params, &err);
    if (status >= 0 && (c->args.n_words > first_word || prompt_wanted(params)))
        status = complete(c, name, first_word, params, &err);
    if (status >= 0) {
        add_path(c, &wish, &path);
        status = ctl_request(c, "POST", c138_buf_text(&path), params,
                             FIRST_WAIT_S * C138_NS_PER_S + CTL_ANSWER_NS, &code, &answer, &err);
    }
    if (status == C138_E_CANCELLED && !strcmp(err.key, "interrupted"))
        (void)c138_error(&err, C138_E_CANCELLED, "interrupted",
                         "interrupted before the agent answered: `chain138ctl jobs` shows whether "
                         "it was accepted");
    if (status < 0)
        return ctl_fail(c, &err);
    return code == 202 ? go_on(c, &wish, answer)
                       : ended(c, c138_json_get(answer, "columns"), answer);
}
