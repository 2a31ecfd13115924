/*
 * ctl/ctl.h: what the files of chain138ctl share. One thread. Functions that return int give the
 * exit status.
 */
#ifndef CORE_CTL_CTL_H
#define CORE_CTL_CTL_H
#include <ctl/args.h>
#include <ctl/client.h>
#include <ctl/table.h>
#include <ctl/usage.h>

/* Documented in main.c's table of exits. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_DENIED = 4,
    EXIT_INVALID = 5,
    EXIT_APPROVAL = 6,
    EXIT_CANCELLED = 7,
    EXIT_TIMEOUT = 8,
    EXIT_BUSY = 9
};

#define CTL_ANSWER_NS                                                                              \
    (INT64_C(15) * 1000000000) /* what the agent may take beyond what it was asked to wait */

struct ctl {
    struct args args;
    int argc; /* as it was typed, without the program's name */
    char **argv;
    struct client *client; /* made when needed */
    int interrupt_fd;      /* a signalfd of SIGINT; -1 */
    int tty_out, tty_err;
    struct table_style style;
};

extern const struct usage ctl_usage; /* main.c */

/* --- core: ctl.c --- */
int ctl_exit_of(const struct c138_err *err);
/* Says it: on standard error, or with --json as {"error":{}} on standard output. */
int ctl_fail(const struct ctl *c, const struct c138_err *err);
int ctl_usage_error(const struct ctl *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* One request; an answer of 400 and up becomes `err`. *ret_code may be NULL. */
c138_status ctl_request(struct ctl *c, const char *method, const char *path,
                        const struct c138_json *body, int64_t timeout_ns, int *ret_code,
                        struct c138_json **ret, struct c138_err *err);
/* GET of something that is text and not JSON. */
c138_status ctl_request_text(struct ctl *c, const char *path, struct c138_buf *out,
                             struct c138_err *err);
c138_status ctl_connect(struct ctl *c, struct c138_err *err);
void ctl_catch_interrupt(struct ctl *c);
int ctl_interrupted(struct ctl *c); /* takes one Ctrl-C off the queue */
/* Prints a result: JSON alone, or a table. */
void ctl_print(const struct ctl *c, const struct c138_json *columns,
               const struct c138_json *result);
/* Prints a JSON document, indented. */
void ctl_print_json(const struct c138_json *value);
void ctl_print_text(const struct c138_buf *text); /* to standard output */

/* --- action.c --- */
/* Runs PLUGIN.ACTION with the parameters of the command line; words from `first_word` on are
 * positional. `extra` (taken over, may be NULL): parameters set by a friendly command. */
int ctl_action(struct ctl *c, const char *name, size_t first_word, struct c138_json *extra);

/* --- prompt.c --- */
/* Does a value look like one that is to be typed? Whether it is, the declaration says. */
int prompt_wanted(const struct c138_json *params);
/* Asks the terminal for each parameter of the type secret whose value is "prompt" or
 * "prompt:twice", and puts a reference in its place. */
c138_status prompt_fill(struct ctl *c, const struct c138_json *action, struct c138_json *params,
                        struct c138_err *err);

/* --- job_follow.c --- */
/* Follows a job until it ends, `until_ns` (monotonic; 0: no bound), or a person detaches. *ret_job:
 * its last document, NULL if it was left. The error says why it was left. */
c138_status job_follow(struct ctl *c, const char *id, uint64_t version, int64_t until_ns,
                       struct c138_json **ret_job, struct c138_err *err);

/* --- commands.c --- */
int ctl_command(struct ctl *c);
/* A friendly form: an action of the agent under a shorter name. */
struct ctl_friendly {
    const char *first, *second; /* second NULL: none */
    const char *action;
    const char *names[3]; /* parameters that the words behind stand for */
};
const struct ctl_friendly *ctl_friendly_find(const char *const *words, size_t n); /* NULL */
const struct ctl_friendly *ctl_friendly_at(size_t i); /* NULL: past the last */
extern const struct usage_option ctl_commands[];

/* --- events.c --- */
int ctl_events_follow(struct ctl *c, const char *topic, const char *since);

/* --- help.c --- */
int ctl_help(struct ctl *c, const char *plugin, const char *action);

/* --- complete.c --- */
int ctl_complete(int argc, char **argv); /* --complete WORD... : candidates for the last word */
void ctl_completion_script(FILE *out);

/* --- plugin_new.c --- */
int ctl_plugin_new(struct ctl *c, const char *name, const char *dir);

/* --- reference.c --- */
int ctl_reference(struct ctl *c);
/* Markdown of an array of declaration documents. */
void reference_render(struct c138_buf *out, const struct c138_json *documents);

/* --- Programs with heavier libraries: local.c in chain138ctl-local --- */
int ctl_exec_local(struct ctl *c);
#endif
