/*
 * Secrets that are typed: where a parameter of the type secret says "prompt", the terminal is asked,
 * without echo, and the agent keeps what was typed for this one run. "prompt:twice" asks twice, for
 * a new password. Neither the command line, the shell's history nor the agent's files see it.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>

#define SECRET_MAX 4096

struct typed {
    char text[SECRET_MAX + 1], again[SECRET_MAX + 1];
};

static int is_prompt(const char *value) {
    return c138_streq(value, "prompt") || c138_streq(value, "prompt:twice");
}

/* One line, without its end. */
static c138_status read_line(struct ctl *c, int fd, char text[SECRET_MAX + 1],
                             struct c138_err *err) {
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                            {.fd = c->interrupt_fd, .events = POLLIN}};
    size_t length = 0;
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (c->interrupt_fd >= 0 && fds[1].revents)
            return c138_error(err, C138_E_CANCELLED, "usage",
                              "nothing was typed: nothing was done");
        if (!fds[0].revents)
            continue;
        ssize_t n = read(fd, text + length, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || text[length] == '\n' || text[length] == '\r')
            break;
        if (++length > SECRET_MAX)
            return c138_error(err, C138_E_LIMIT, "usage", "over %d bytes were typed", SECRET_MAX);
    }
    text[length] = '\0';
    return length ? C138_OK
                  : c138_error(err, C138_E_INVALID, "usage", "nothing was typed: nothing was done");
}

static c138_status ask(struct ctl *c, int tty, const char *label, char text[SECRET_MAX + 1],
                       struct c138_err *err) {
    struct termios old, quiet;
    if (tcgetattr(tty, &old) < 0)
        return c138_error(err, C138_E_INVALID, "usage", "/dev/tty: %s", strerror(errno));
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    (void)tcsetattr(tty, TCSAFLUSH, &quiet);
    (void)dprintf(tty, "%s: ", label);
    c138_status status = read_line(c, tty, text, err);
    (void)dprintf(tty, "\n");
    (void)tcsetattr(tty, TCSAFLUSH, &old);
    return status;
}

static c138_status ask_all(struct ctl *c, const char *label, int twice, struct typed *t,
                           struct c138_err *err) {
    C138_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return c138_error(
            err, C138_E_INVALID, "usage",
            "%s is to be typed, and there is no terminal: name a file (file:/path) or "
            "a credential (cred:NAME)",
            label);
    c138_status status = ask(c, tty, label, t->text, err);
    if (status < 0 || !twice)
        return status;
    C138_FREE char *again = c138_xasprintf("%s, once more", label);
    status = ask(c, tty, again, t->again, err);
    if (status >= 0 && strcmp(t->text, t->again) != 0)
        status = c138_error(err, C138_E_INVALID, "usage", "the two differ: nothing was done");
    return status;
}

/* Boxed for the agent's key, so that no buffer on the way holds it in clear. */
static c138_status box(const char *key, const char *text, struct c138_json *body,
                       struct c138_err *err) {
    uint8_t key_bytes[crypto_box_PUBLICKEYBYTES];
    size_t length = strlen(text);
    C138_FREE uint8_t *boxed = c138_xmalloc(length + crypto_box_SEALBYTES);
    if (sodium_init() < 0 || strlen(key) != 2 + 2 * sizeof(key_bytes) ||
        c138_hex_decode(key + 2, 2 * sizeof(key_bytes), key_bytes) < 0 ||
        crypto_box_seal(boxed, (const uint8_t *)text, length, key_bytes) != 0)
        return c138_error(err, C138_E_INVALID, "http.protocol",
                          "the agent gave no key for secrets: is it older than this control?");
    C138_FREE char *hex = c138_hex_text(boxed, length + crypto_box_SEALBYTES);
    c138_json_set_str(body, "box", hex);
    return C138_OK;
}

/* Puts the reference that stands for what was typed in the parameter's place. */
static c138_status hand_over(struct ctl *c, const char *text, struct c138_json *params,
                             const char *name, struct c138_err *err) {
    C138_JSON struct c138_json *key = NULL, *body = c138_json_new_object(), *answer = NULL;
    c138_status status = ctl_request(c, "GET", "/v1/secrets", NULL, CTL_ANSWER_NS, NULL, &key, err);
    if (status >= 0)
        status = box(c138_json_get_str(key, "key", ""), text, body, err);
    if (status >= 0)
        status = ctl_request(c, "POST", "/v1/secrets", body, CTL_ANSWER_NS, NULL, &answer, err);
    if (status >= 0)
        c138_json_set_str(params, name, c138_json_get_str(answer, "reference", ""));
    return status;
}

static c138_status fill_in(struct ctl *c, struct c138_json *params, const char *name, int twice,
                           struct c138_err *err) {
    struct typed *t =
        mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED)
        return c138_error(err, C138_E_LIMIT, NULL, "no memory");
    (void)mlock(t, sizeof(*t));
    (void)madvise(t, sizeof(*t), MADV_DONTDUMP);
    c138_status status = ask_all(c, name, twice, t, err);
    if (status >= 0)
        status = hand_over(c, t->text, params, name, err);
    c138_wipe(t, sizeof(*t));
    (void)munmap(t, sizeof(*t));
    return status;
}

int prompt_wanted(const struct c138_json *params) {
    for (struct c138_json_iter i = c138_json_iter(params); c138_json_next(&i);)
        if (is_prompt(c138_json_as_str(i.value, NULL)))
            return 1;
    return 0;
}

c138_status prompt_fill(struct ctl *c, const struct c138_json *action, struct c138_json *params,
                        struct c138_err *err) {
    const struct c138_json *fields = c138_json_get(action, "params");
    for (size_t i = 0; i < c138_json_count(fields); i++) {
        const struct c138_json *field = c138_json_at(fields, i);
        const char *name = c138_json_get_str(field, "name", "");
        const char *value = c138_json_get_str(params, name, NULL);
        if (!c138_streq(c138_json_get_str(field, "type", NULL), "secret") || !is_prompt(value))
            continue;
        c138_status status = fill_in(c, params, name, !strcmp(value, "prompt:twice"), err);
        if (status < 0)
            return status;
    }
    return C138_OK;
}
