/*
 * chain138ctl events --follow: a live stream that comes back by itself.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct live {
    struct ctl *c;
    char last_id[24];
    struct c138_buf refusal; /* of an answer that is no stream */
};

static void print_event(const struct ctl *c, const char *json, size_t length) {
    C138_JSON struct c138_json *event = NULL;
    C138_BUF struct c138_buf line = C138_BUF_NULL;
    if (c->args.json) {
        printf("%.*s\n", (int)length, json);
        fflush(stdout);
        return;
    }
    if (c138_json_parse(json, length, &event, NULL) < 0)
        return;
    const char *severity = c138_json_get_str(event, "severity", "info");
    const char *colour = !strcmp(severity, "critical")  ? "\033[1;31m"
                         : !strcmp(severity, "warning") ? "\033[33m"
                                                        : "";
    C138_FREE char *data = c138_json_dump(c138_json_get(event, "data"));
    table_clean(&line, c138_json_get_str(event, "time", ""));
    c138_buf_addf(&line, "  %s%-8s%s  ", c->style.colour ? colour : "", severity,
                  c->style.colour && *colour ? "\033[0m" : "");
    table_clean(&line, c138_json_get_str(event, "topic", ""));
    c138_buf_adds(&line, "  ");
    table_clean(&line, data);
    puts(c138_buf_text(&line));
    fflush(stdout);
}

static int on_line(void *user, const char *line, size_t length) {
    struct live *l = user;
    if (c138_starts_with(line, "data: "))
        print_event(l->c, line + 6, length - 6);
    else if (c138_starts_with(line, "id: "))
        (void)snprintf(l->last_id, sizeof(l->last_id), "%s", line + 4);
    else if (line[0] == '{')
        c138_buf_adds(&l->refusal, line);
    else if (c138_starts_with(line, ": ") && length > 2 && !l->c->args.json)
        fprintf(stderr, "chain138ctl: %s\n", line + 2);
    return ferror(stdout) != 0;
}

static int refused(struct live *l) {
    C138_JSON struct c138_json *body = NULL;
    struct c138_err err = {0};
    (void)c138_json_parse(c138_buf_text(&l->refusal), l->refusal.length, &body, NULL);
    const struct c138_json *error = c138_json_get(body, "error");
    (void)c138_error(&err, c138_status_from_key(c138_json_get_str(error, "status", "internal")),
                     c138_json_get_str(error, "key", NULL), "%s",
                     c138_json_get_str(error, "message", "the agent sends no events"));
    return ctl_fail(l->c, &err);
}

int ctl_events_follow(struct ctl *c, const char *topic, const char *since) {
    C138_BUF struct c138_buf path = C138_BUF_NULL;
    struct live l = {.c = c, .refusal = C138_BUF_MAX(64u << 10)};
    struct c138_err err = {0};
    int first = 1, result = EXIT_DONE;
    c138_buf_adds(&path, "/v1/events?");
    if (topic) {
        c138_buf_adds(&path, "topic=");
        client_escape(&path, topic);
    }
    if (since) {
        c138_buf_adds(&path, "&since=");
        client_escape(&path, since);
    }
    ctl_catch_interrupt(c);
    if (ctl_connect(c, &err) < 0)
        return ctl_fail(c, &err);
    for (;; first = 0) {
        int code = 0;
        c138_status status = client_stream(c->client, c138_buf_text(&path), "text/event-stream",
                                           l.last_id, &code, on_line, &l, &err);
        if (status == C138_E_CANCELLED || ferror(stdout)) /* Ctrl-C is how one ends it */
            break;
        if (code != 0 && code != 200) {
            result = refused(&l);
            break;
        }
        if (status < 0 && first && code == 0) {
            result = ctl_fail(c, &err);
            break;
        }
        struct pollfd wait = {.fd = c->interrupt_fd, .events = POLLIN};
        if (poll(&wait, 1, 1000) > 0) /* the agent restarts: it comes back where it was */
            break;
    }
    c138_buf_deinit(&l.refusal);
    return result;
}
