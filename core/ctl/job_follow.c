/*
 * Watching a job: long polls, its log and progress on standard error, and what Ctrl-C means.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define POLL_S 20
#define POLL_TTY_S 1 /* the clock of the progress line ticks */
#define BAR 20

struct follow {
    struct ctl *c;
    const char *id;
    uint64_t version, log_from;
    int64_t started_ns, until_ns;
    int line_shown;
};

/* --- On the terminal ------------------------------------------------------------------------- */

static void clear_line(struct follow *f) {
    if (f->line_shown)
        fputs("\r\033[K", stderr);
    f->line_shown = 0;
}

static void show_log(struct follow *f, const struct c138_json *job) {
    const struct c138_json *log = c138_json_get(job, "log");
    for (size_t i = 0; i < c138_json_count(log); i++) {
        const struct c138_json *line = c138_json_at(log, i);
        uint64_t n = c138_json_get_uint(line, "n", f->log_from);
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        f->log_from = n >= f->log_from ? n + 1 : f->log_from;
        if (f->c->args.json)
            continue;
        table_clean(&text, c138_json_get_str(line, "text", ""));
        clear_line(f);
        fprintf(stderr, "%s\n", c138_buf_text(&text));
    }
}

static void show_progress(struct follow *f, const struct c138_json *job) {
    if (!f->c->tty_err || f->c->args.json)
        return;
    const struct c138_json *progress = c138_json_get(job, "progress");
    int64_t permille = c138_json_get_int(progress, "permille", 1001);
    C138_BUF struct c138_buf line = C138_BUF_NULL;
    char elapsed[C138_DURATION_TEXT];
    int64_t ns = c138_now_monotonic_ns() - f->started_ns;
    c138_duration_human(ns / C138_NS_PER_S * C138_NS_PER_S, elapsed);
    if (permille >= 0 && permille <= 1000) {
        int full = (int)(permille * BAR / 1000);
        c138_buf_addf(&line, "[%.*s%*s] %3d%% ", full, "####################", BAR - full, "",
                      (int)(permille / 10));
    }
    table_clean(&line, c138_json_get_str(progress, "text", c138_json_get_str(job, "state", "")));
    size_t room = f->c->style.width > 24 ? f->c->style.width - 16 : 64;
    clear_line(f);
    fprintf(stderr, "%.*s  %s", (int)room, c138_buf_text(&line), elapsed);
    fflush(stderr);
    f->line_shown = 1;
}

/* --- Ctrl-C ---------------------------------------------------------------------------------- */

/* 'd' or 'c'. A second Ctrl-C, the end of input, and no terminal mean: detach. */
static char detach_or_cancel(struct follow *f) {
    if (!isatty(0) || !f->c->tty_err)
        return 'd';
    for (;;) {
        char answer[64];
        fputs("\ndetach (the job goes on) or cancel it? [d/c] ", stderr);
        fflush(stderr);
        struct pollfd fds[2] = {{.fd = 0, .events = POLLIN},
                                {.fd = f->c->interrupt_fd, .events = POLLIN}};
        if (poll(fds, 2, -1) <= 0)
            continue;
        if (fds[1].revents && ctl_interrupted(f->c))
            return 'd';
        ssize_t n = read(0, answer, sizeof(answer));
        if (n <= 0)
            return 'd';
        if (answer[0] == 'd' || answer[0] == 'D')
            return 'd';
        if (answer[0] == 'c' || answer[0] == 'C')
            return 'c';
    }
}

static c138_status cancel(struct follow *f, struct c138_err *err) {
    C138_JSON struct c138_json *answer = NULL;
    C138_FREE char *path = c138_xasprintf("/v1/jobs/%s/cancel", f->id);
    C138_JSON struct c138_json *nothing = c138_json_new_object();
    return ctl_request(f->c, "POST", path, nothing, CTL_ANSWER_NS * 3, NULL, &answer, err);
}

static c138_status on_interrupt(struct follow *f, struct c138_err *err) {
    while (ctl_interrupted(f->c))
        ;
    clear_line(f);
    if (detach_or_cancel(f) == 'd')
        return c138_error(err, C138_E_CANCELLED, "detached", "detached: the job goes on");
    fputs("cancelling ...\n", stderr);
    return cancel(f, err);
}

/* --- Polls ----------------------------------------------------------------------------------- */

static int is_final(const struct c138_json *job) {
    static const char *const open[] = {"planning", "queued", "running"};
    const char *state = c138_json_get_str(job, "state", "");
    for (size_t i = 0; i < C138_COUNT(open); i++)
        if (!strcmp(open[i], state))
            return 0;
    return 1; /* also "awaiting-approval": it waits for somebody else */
}

static c138_status one_poll(struct follow *f, struct c138_json **ret_job, struct c138_err *err) {
    int64_t wait_s = f->c->tty_err && !f->c->args.json ? POLL_TTY_S : POLL_S;
    if (f->until_ns) {
        int64_t left = (f->until_ns - c138_now_monotonic_ns() + C138_NS_PER_S - 1) / C138_NS_PER_S;
        if (left <= 0)
            return c138_error(err, C138_E_TIMEOUT, "wait.over",
                              "not ended within --wait: the job goes on");
        wait_s = left < wait_s ? left : wait_s;
    }
    C138_FREE char *path = c138_xasprintf("/v1/jobs/%s?after=%" PRIu64 "&wait=%d&log_from=%" PRIu64,
                                          f->id, f->version, (int)wait_s, f->log_from);
    return ctl_request(f->c, "GET", path, NULL, wait_s * C138_NS_PER_S + CTL_ANSWER_NS, NULL,
                       ret_job, err);
}

c138_status job_follow(struct ctl *c, const char *id, uint64_t version, int64_t until_ns,
                       struct c138_json **ret_job, struct c138_err *err) {
    struct follow f = {.c = c,
                       .id = id,
                       .version = version,
                       .started_ns = c138_now_monotonic_ns(),
                       .until_ns = until_ns};
    for (;;) {
        struct c138_json *job = NULL;
        c138_status status = one_poll(&f, &job, err);
        if (status == C138_E_CANCELLED && !strcmp(err->key, "interrupted")) {
            status = on_interrupt(&f, err);
            /* Ended meanwhile: its end is what we say. */
            if (status >= 0 || status == C138_E_CONFLICT)
                continue;
        }
        if (status < 0) {
            clear_line(&f);
            return status;
        }
        f.version = c138_json_get_uint(job, "version", f.version);
        show_log(&f, job);
        if (is_final(job)) {
            clear_line(&f);
            *ret_job = job;
            return C138_OK;
        }
        show_progress(&f, job);
        c138_json_unref(job);
    }
}
