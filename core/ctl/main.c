/*
 * chain138ctl: what it takes, said once, and the way to the command.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static const struct usage_option options[] = {
    {"--socket FILE", "the agent's socket (default " C138_RUN_DIR "/agent.sock)"},
    {"--url URL", "over TCP instead: http://127.0.0.1:9138"},
    {"--token-file FILE", "the token for --url, one line"},
    {"--json", "print the result as JSON and nothing else; errors as {\"error\":{...}}"},
    {"--wait DURATION",
     "wait so long for the end (default: until it ends); exit status 8 after it"},
    {"--detach", "do not wait: print the job's id"},
    {"--dry-run", "change nothing, print the plan"},
    {"--timeout DURATION", "another deadline for the action"},
    {"--durable", "store and audit a read, too"},
    {"--param NAME=VALUE", "a parameter whose name is that of an option here"},
    {"--params-file FILE", "parameters as a JSON object; what is also said here counts"},
    {"--config FILE", "for audit and doctor without an agent: its config (default " C138_SYSCONF_DIR
                      "/chain138.conf)"},
    {"--version", "print the version"},
    {"--help", "print this; behind PLUGIN or PLUGIN ACTION: what that takes"},
    {0},
};

static const struct usage_option environment[] = {
    {"CHAIN138_SOCKET", "as --socket"},
    {"CHAIN138_URL", "as --url"},
    {"CHAIN138_TOKEN_FILE", "as --token-file"},
    {"NO_COLOR", "set: no colours"},
    {"C138_TEMPLATE_DIR", "where plugin-new finds its template"},
    {0},
};

static const struct usage_option examples[] = {
    {"chain138ctl status", "is everything well?"},
    {"chain138ctl besu sync --node validator-1", "run an action"},
    {"chain138ctl besu sync --help", "what it takes and answers"},
    {"chain138ctl events 'besu.*' --follow", "watch what happens"},
    {"chain138ctl --json jobs --state failed --since 1d", "for scripts"},
    {0},
};

static const struct usage_option exits[] = {
    {"0", "done"},
    {"1", "the action failed"},
    {"2", "wrong usage: no such command, option or action"},
    {"3", "the agent cannot be reached"},
    {"4", "denied: your role does not allow it"},
    {"5", "a parameter is wrong; the message names it"},
    {"6", "accepted, and awaiting approval by somebody else"},
    {"7", "cancelled, interrupted, or left with Ctrl-C"},
    {"8", "not done in time"},
    {"9", "busy or unavailable: try again later"},
    {0},
};

const struct usage ctl_usage = {
    .program = "chain138ctl",
    .section = 1,
    .summary = "control of the agent of a Chain 138 host",
    .synopsis =
        "chain138ctl [OPTIONS] COMMAND\nchain138ctl [OPTIONS] PLUGIN ACTION [--name VALUE]...",
    .text =
        "Asks the agent (chain138d) on this host, over its socket, and prints the answer as a "
        "table, or with --json as JSON. Who you are is what the kernel says; what you may do is "
        "in the agent's config.\n\nParameters are given as --name VALUE or --name=VALUE; those "
        "marked so also as plain words, in order. A list is written a,b or by giving the "
        "parameter again. While a job runs, Ctrl-C asks whether to leave it or to cancel it.",
    .commands = ctl_commands,
    .options = options,
    .environment = environment,
    .examples = examples,
    .exits = exits,
    .see_also = "chain138d(8)",
};

static void look_around(struct ctl *c) {
    struct winsize size = {0};
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    c->tty_out = isatty(1);
    c->tty_err = isatty(2);
    c->style.colour = c->tty_out && !(no_colour && *no_colour) && !(term && !strcmp(term, "dumb"));
    if (c->tty_out && ioctl(1, TIOCGWINSZ, &size) == 0)
        c->style.width = size.ws_col;
}

static int run(struct ctl *c, int argc, char **argv) {
    struct c138_err err = {0};
    for (int i = 0; i < argc; i++) /* also when the rest is wrong */
        c->args.json = c->args.json || !strcmp(argv[i], "--json");
    int json = c->args.json;
    if (args_parse(argc, argv, &c->args, &err) < 0) {
        c->args.json = json;
        return ctl_fail(c, &err);
    }
    if (c->args.version) {
        printf("chain138ctl %s\n", PACKAGE_VERSION);
        return EXIT_DONE;
    }
    if (c->args.man) {
        usage_man(&ctl_usage, stdout);
        return EXIT_DONE;
    }
    if (c->args.n_words > 0)
        return ctl_command(c);
    usage_help(&ctl_usage, c->args.help ? stdout : stderr);
    return c->args.help ? EXIT_DONE : EXIT_USAGE;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--complete"))
        return ctl_complete(argc - 2, argv + 2);
    struct ctl *c = c138_xcalloc(1, sizeof(*c));
    c->interrupt_fd = -1;
    c->argc = argc - 1;
    c->argv = argv + 1;
    look_around(c);
    int status = run(c, argc - 1, argv + 1);
    if (fflush(stdout) != 0 && status == EXIT_DONE) { /* a full disk behind a redirection */
        perror("chain138ctl: standard output");
        status = EXIT_FAILED;
    }
    client_free(c->client);
    if (c->interrupt_fd >= 0)
        (void)close(c->interrupt_fd);
    free(c);
    return status;
}
