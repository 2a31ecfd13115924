/*
 * chain138d: arguments, and nothing else.
 */
#include "config.h"

#include <agent/agent.h>
#include <ctl/usage.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct usage_option options[] = {
    {"--config FILE",
     "the main config; conf.d beside it is read too (default " C138_SYSCONF_DIR "/chain138.conf)"},
    {"--check-config",
     "read the config, learn the plugins' declarations, say what is wrong, and end"},
    {"--plugin-host FILE", "the program that holds a plugin (default: the installed one)"},
    {"--stderr", "log to standard error as text, never to the journal"},
    {"--version", "print the version, and end"},
    {"--help", "print this, and end"},
    {0},
};
static const struct usage_option exits[] = {
    {"0", "ended as asked, or the config is right"},
    {"1", "could not start, or the config is wrong: the line on standard error says what to do"},
    {"2", "wrong arguments"},
    {0},
};
static const struct usage usage = {
    .program = "chain138d",
    .section = 8,
    .summary = "the agent of a Chain 138 host",
    .synopsis = "chain138d [--config FILE] [--check-config]",
    .text = "Loads the plugins that the config enables, each into a worker process of its own, and "
            "serves their "
            "actions to chain138ctl and over HTTP. SIGHUP reloads the config, all or nothing; "
            "SIGTERM ends it in "
            "order: running calls get eight seconds.",
    .options = options,
    .exits = exits,
    .see_also = "chain138ctl(1)",
};

int main(int argc, char **argv) {
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"check-config", no_argument, NULL, 'k'},
                                          {"plugin-host", required_argument, NULL, 'p'},
                                          {"stderr", no_argument, NULL, 'e'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"man", no_argument, NULL, 'm'},
                                          {0}};
    struct agent_options o = {.config_file = C138_SYSCONF_DIR "/chain138.conf"};
    int check = 0, c;
    while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            o.config_file = optarg;
            break;
        case 'k':
            check = 1;
            break;
        case 'p':
            o.host_program = optarg;
            break;
        case 'e':
            o.log_stderr = 1;
            break;
        case 'v':
            printf("chain138d %s\n", PACKAGE_VERSION);
            return 0;
        case 'h':
            usage_help(&usage, stdout);
            return 0;
        case 'm':
            usage_man(&usage, stdout);
            return 0;
        default:
            fputs("chain138d: try chain138d --help\n", stderr);
            return 2;
        }
    }
    if (optind != argc) {
        fprintf(stderr, "chain138d: unexpected argument \"%s\": try chain138d --help\n",
                argv[optind]);
        return 2;
    }
    if (check)
        return agent_check_config(&o);
    struct agent *a = NULL;
    struct c138_err err = {0};
    if (agent_new(&o, &a, &err) < 0) {
        fprintf(stderr, "chain138d: %s\n", err.text);
        return 1;
    }
    int status = agent_run(a);
    agent_free(a);
    return status;
}
