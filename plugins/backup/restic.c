#include "restic.h"

#include "item.h"

#include <base/fs.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

#define ARGS_MAX 64
#define ENV_MAX 80
#define ERROR_MAX 65536
#define LINE_MAX_BYTES (1u << 20)

/* --- What it prints --------------------------------------------------------------------------- */

void restic_read_line(const char *line, size_t length, struct restic_summary *summary,
                      uint64_t *ret_done) {
    C138_JSON struct c138_json *v = NULL;
    if (!length || line[0] != '{' || c138_json_parse(line, length, &v, NULL) < 0)
        return;
    const char *type = c138_json_get_str(v, "message_type", "");
    if (!strcmp(type, "status"))
        *ret_done = c138_json_get_uint(v, "bytes_done", *ret_done);
    if (strcmp(type, "summary"))
        return;
    const char *snapshot = c138_json_get_str(v, "snapshot_id", "");
    if (strspn(snapshot, "0123456789abcdef") != strlen(snapshot) || strlen(snapshot) > 64)
        return;
    (void)snprintf(summary->snapshot, sizeof(summary->snapshot), "%s", snapshot);
    summary->files = c138_json_get_uint(v, "total_files_processed", 0);
    summary->bytes = c138_json_get_uint(v, "total_bytes_processed", 0);
    summary->added = c138_json_get_uint(v, "data_added", 0);
    summary->seen = snapshot[0] != '\0';
}

/* --- Environment ------------------------------------------------------------------------------ */

static c138_status add_secret(struct restic *r, size_t *n, const char *name,
                              const char *reference, struct c138_err *err) {
    char *text = NULL;
    c138_status status = backup_secret(r->backup, r->call, reference, &text, err);
    if (status < 0 || !text)
        return status;
    r->env[(*n)++] = c138_xasprintf("%s=%s", name, text);
    c138_wipe(text, strlen(text));
    free(text);
    return C138_OK;
}

c138_status restic_init(struct restic *r, struct backup *b, c138_call *call,
                        const struct target_config *target, struct c138_err *err) {
    size_t n = 0;
    *r = (struct restic){
        .backup = b, .call = call, .env = c138_xcalloc(ENV_MAX, sizeof(*r->env))};
    r->env[n++] = c138_xasprintf("RESTIC_REPOSITORY=%s", target->repository);
    r->env[n++] = c138_xasprintf("RESTIC_CACHE_DIR=%s/restic-cache", b->host->state_dir);
    r->env[n++] = c138_xstrdup("RESTIC_PROGRESS_FPS=2");
    r->env[n++] = c138_xasprintf("TMPDIR=%s", b->scratch);
    r->env[n++] = c138_xstrdup("HOME=/nonexistent");
    r->env[n++] = c138_xstrdup("PATH=/usr/bin:/bin");
    for (size_t i = 0; target->environment && target->environment[i] && n < ENV_MAX - 4; i++)
        r->env[n++] = c138_xstrdup(target->environment[i]);
    c138_status status = add_secret(r, &n, "RESTIC_PASSWORD", target->password, err);
    if (status >= 0)
        status = add_secret(r, &n, "AWS_ACCESS_KEY_ID", target->access_key, err);
    if (status >= 0)
        status = add_secret(r, &n, "AWS_SECRET_ACCESS_KEY", target->secret_key, err);
    if (status < 0)
        restic_deinit(r);
    return status;
}

void restic_deinit(struct restic *r) {
    item_env_free(r->env);
    *r = (struct restic){0};
}

/* --- Running ---------------------------------------------------------------------------------- */

static c138_status whole_command(const struct restic *r, const char *const *args,
                                 const char *ret_argv[ARGS_MAX]) {
    size_t n = 0;
    ret_argv[n++] = r->backup->settings.restic;
    for (size_t i = 0; args[i]; i++) {
        if (n == ARGS_MAX - 1)
            return C138_E_LIMIT;
        ret_argv[n++] = args[i];
    }
    ret_argv[n] = NULL;
    return C138_OK;
}

static c138_status exit_failed(int32_t code, const char *command, const char *text,
                               struct c138_err *err) {
    switch (code) {
    case 10:
        return c138_error(err, C138_E_NOTFOUND, "restic.repository",
                          "there is no restic repository: %.600s", text);
    case 11:
        return c138_error(err, C138_E_BUSY, "restic.locked",
                          "the restic repository is locked by somebody else: %.600s", text);
    case 12:
        return c138_error(err, C138_E_DENIED, "restic.password",
                          "restic: the password is wrong: check restic_password");
    case 3:
        return c138_error(err, C138_E_CONFLICT, "restic.partial",
                          "restic could not read every file, so this is no backup: %.600s", text);
    default:
        return c138_error(err, strstr(text, "wrong password") ? C138_E_DENIED : C138_E_UNAVAILABLE,
                          "restic.failed", "restic %s ended with %d: %.600s", command, (int)code,
                          text);
    }
}

c138_status restic_run(struct restic *r, const char *const *args, struct c138_buf *out,
                       struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    const char *argv[ARGS_MAX];
    int32_t code = 0;
    c138_status status = whole_command(r, args, argv);
    if (status >= 0)
        status = c138_mkdir_p(r->backup->scratch, 0700, err);
    if (status >= 0)
        status = item_program(r->backup, r->call, argv, (const char *const *)r->env, out, &text,
                              &code, err);
    return status >= 0 && code ? exit_failed(code, args[0], c138_buf_text(&text), err) : status;
}

/* Output comes in pieces that end anywhere. */
struct reader {
    struct c138_buf line, error_text;
    struct restic_summary summary;
    struct progress *progress;
    uint64_t done;
};

static void take_line(struct reader *w) {
    uint64_t before = w->done;
    restic_read_line(c138_buf_text(&w->line), w->line.length, &w->summary, &w->done);
    if (w->progress && w->done > before)
        progress_add(w->progress, w->done - before);
    c138_buf_reset(&w->line);
}

static void on_out(void *user, const char *text, uint64_t length) {
    struct reader *w = user;
    for (uint64_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            take_line(w);
        else if (w->line.length < LINE_MAX_BYTES)
            (void)c138_buf_addc(&w->line, text[i]);
    }
}

static void on_error_text(void *user, const char *text, uint64_t length) {
    struct reader *w = user;
    if (w->error_text.length + length < ERROR_MAX)
        (void)c138_buf_add(&w->error_text, text, (size_t)length);
}

static c138_status watch(struct restic *r, const char *const *argv, struct reader *w,
                         int32_t *ret_code, struct c138_err *err) {
    const c138_host *host = r->backup->host;
    const c138_process *process = host->get_extension(host, C138_EXT_PROCESS);
    if (!C138_HAS(c138_process, process, watch))
        return c138_error(err, C138_E_UNAVAILABLE, "backup.no-process",
                          "the service \"process\" is not granted: add it to plugins.backup.grants");
    int64_t left = r->call->deadline_ns - host->now_ns(host, C138_CLOCK_MONOTONIC);
    c138_status status =
        process->watch(host, r->call, argv, (const char *const *)r->env, left > 0 ? left : 1,
                       on_out, on_error_text, NULL, w, ret_code);
    return status < 0 ? c138_error(err, status, "backup.program",
                                   "%s was not run to its end (%s): is it installed, and named in "
                                   "plugins.backup.programs?",
                                   argv[0], c138_status_key(status))
                      : C138_OK;
}

c138_status restic_backup(struct restic *r, const char *const *args, struct progress *progress,
                          struct restic_summary *ret, struct c138_err *err) {
    struct reader w = {.progress = progress};
    const char *argv[ARGS_MAX];
    int32_t code = 0;
    c138_status status = whole_command(r, args, argv);
    if (status >= 0)
        status = watch(r, argv, &w, &code, err);
    if (status >= 0 && w.line.length)
        take_line(&w);
    if (status >= 0 && code)
        status = exit_failed(code, args[0], c138_buf_text(&w.error_text), err);
    if (status >= 0 && !w.summary.seen)
        status = c138_error(err, C138_E_CONFLICT, "restic.failed",
                            "restic %s named no snapshot: %.600s", args[0],
                            c138_buf_text(&w.error_text));
    *ret = w.summary;
    c138_buf_deinit(&w.line);
    c138_buf_deinit(&w.error_text);
    return status;
}

/* --- What its failures say -------------------------------------------------------------------- */

int restic_says_none(c138_status status, const struct c138_err *err) {
    return status == C138_E_NOTFOUND ||
           (status < 0 && (strstr(err->text, "Is there a repository") ||
                           strstr(err->text, "config does not exist") ||
                           strstr(err->text, "config: no such file")));
}

int restic_says_locked(c138_status status, const struct c138_err *err) {
    return status == C138_E_BUSY || (status < 0 && strstr(err->text, "already locked"));
}
