/*
 * What every command needs: the agent, errors with their exit status, printing.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

/* --- Errors ------------------------------------------------------------------------------------
 */

int ctl_exit_of(const struct c138_err *err) {
    if (!strcmp(err->key, "usage") || !strcmp(err->key, "action.unknown"))
        return EXIT_USAGE;
    if (c138_starts_with(err->key, "agent.") || c138_starts_with(err->key, "http."))
        return err->status == C138_E_TIMEOUT ? EXIT_TIMEOUT : EXIT_UNREACHABLE;
    switch (err->status) {
    case C138_E_INVALID:
        return EXIT_INVALID;
    case C138_E_DENIED:
        return EXIT_DENIED;
    case C138_E_APPROVAL:
        return EXIT_APPROVAL;
    case C138_E_CANCELLED:
        return EXIT_CANCELLED;
    case C138_E_TIMEOUT:
        return EXIT_TIMEOUT;
    case C138_E_BUSY:
    case C138_E_LIMIT:
    case C138_E_UNAVAILABLE:
        return EXIT_BUSY;
    default:
        return EXIT_FAILED;
    }
}

int ctl_fail(const struct ctl *c, const struct c138_err *err) {
    const char *word = c138_status_key(err->status);
    if (c->args.json) {
        C138_JSON struct c138_json *body = c138_json_new_object();
        struct c138_json *error = c138_json_new_object();
        c138_json_set_str(error, "key", err->key[0] ? err->key : word);
        c138_json_set_str(error, "status", word);
        c138_json_set_str(error, "message", err->text);
        c138_json_set(body, "error", error);
        ctl_print_json(body);
    } else {
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        table_clean(&text, err->text[0] ? err->text : word);
        fprintf(stderr, "chain138ctl: %s\n", c138_buf_text(&text));
    }
    return ctl_exit_of(err);
}

int ctl_usage_error(const struct ctl *c, const char *fmt, ...) {
    struct c138_err err = {.status = C138_E_INVALID, .key = "usage"};
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err.text, sizeof(err.text), fmt, ap);
    va_end(ap);
    return ctl_fail(c, &err);
}

static c138_status class_of(int code) {
    switch (code) {
    case 400:
    case 405:
    case 413:
        return C138_E_INVALID;
    case 401:
    case 403:
        return C138_E_DENIED;
    case 404:
        return C138_E_NOTFOUND;
    case 409:
        return C138_E_CONFLICT;
    case 429:
        return C138_E_BUSY;
    case 501:
        return C138_E_UNSUPPORTED;
    case 503:
        return C138_E_UNAVAILABLE;
    case 504:
        return C138_E_TIMEOUT;
    default:
        return C138_E_INTERNAL;
    }
}

static c138_status refused(int code, const struct c138_json *body, struct c138_err *err) {
    const struct c138_json *error = c138_json_get(body, "error");
    const char *word = c138_json_get_str(error, "status", NULL);
    const char *message = c138_json_get_str(error, "message", NULL);
    c138_status status = word ? c138_status_from_key(word) : class_of(code);
    if (!message)
        return c138_error(err, status, NULL, "the agent answered %d without saying why", code);
    return c138_error(err, status, c138_json_get_str(error, "key", NULL), "%s", message);
}

/* --- The agent -----------------------------------------------------------------------------------
 */

static const char *first_of(const char *a, const char *b, const char *c) {
    return a && *a ? a : b && *b ? b : c;
}

c138_status ctl_connect(struct ctl *c, struct c138_err *err) {
    if (c->client)
        return C138_OK;
    const char *url = c->args.url;
    if (!url && !c->args.socket)
        url = getenv("CHAIN138_URL");
    const struct client_options options = {
        .socket = first_of(c->args.socket, getenv("CHAIN138_SOCKET"), C138_RUN_DIR "/agent.sock"),
        .url = url && *url ? url : NULL,
        .token_file = first_of(c->args.token_file, getenv("CHAIN138_TOKEN_FILE"), NULL),
    };
    c138_status status = client_new(&options, &c->client, err);
    if (status >= 0)
        client_set_interrupt(c->client, c->interrupt_fd);
    return status;
}

c138_status ctl_request(struct ctl *c, const char *method, const char *path,
                        const struct c138_json *body, int64_t timeout_ns, int *ret_code,
                        struct c138_json **ret, struct c138_err *err) {
    int code = 0;
    struct c138_json *value = NULL;
    C138_FREE char *text = body ? c138_json_dump(body) : NULL;
    c138_status status = ctl_connect(c, err);
    if (status >= 0)
        status = client_call(c->client, method, path, text, timeout_ns, &code, &value, err);
    if (status >= 0 && code >= 400)
        status = refused(code, value, err);
    if (status < 0) {
        c138_json_unref(value);
        return status;
    }
    if (ret_code)
        *ret_code = code;
    *ret = value;
    return C138_OK;
}

c138_status ctl_request_text(struct ctl *c, const char *path, struct c138_buf *out,
                             struct c138_err *err) {
    int code = 0;
    C138_JSON struct c138_json *body = NULL;
    c138_status status = ctl_connect(c, err);
    if (status >= 0)
        status = client_text(c->client, path, CTL_ANSWER_NS, &code, out, err);
    if (status < 0 || code < 400)
        return status;
    (void)c138_json_parse(c138_buf_text(out), out->length, &body, NULL);
    return refused(code, body, err);
}

/* A signal as something to poll: no handler, no global. */
void ctl_catch_interrupt(struct ctl *c) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    if (c->interrupt_fd >= 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return;
    c->interrupt_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (c->client)
        client_set_interrupt(c->client, c->interrupt_fd);
}

int ctl_interrupted(struct ctl *c) {
    struct signalfd_siginfo info;
    return c->interrupt_fd >= 0 && read(c->interrupt_fd, &info, sizeof(info)) == sizeof(info);
}

/* --- Printing -------------------------------------------------------------------------------- */

void ctl_print_text(const struct c138_buf *text) {
    fwrite(c138_buf_text(text), 1, text->length, stdout);
}

void ctl_print_json(const struct c138_json *value) {
    C138_FREE char *text = c138_json_pretty(value);
    fputs(text, stdout);
    fputc('\n', stdout);
}

void ctl_print(const struct ctl *c, const struct c138_json *columns,
               const struct c138_json *result) {
    if (c->args.json) {
        ctl_print_json(result);
        return;
    }
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    table_render(&text, columns, result, &c->style);
    ctl_print_text(&text);
}
