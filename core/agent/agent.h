/*
 * agent/agent.h: the composition root: makes every part, wires them together, and is the only place
 * that knows them all.
 */
#ifndef CORE_AGENT_AGENT_H
#define CORE_AGENT_AGENT_H
#include <base/err.h>
#define AGENT_VERSION PACKAGE_VERSION
struct agent;
struct agent_options {
    const char *config_file;
    const char *host_program; /* chain138-plugin-host; NULL: the installed one */
    int log_stderr;           /* never the journal */
};
c138_status agent_new(const struct agent_options *options, struct agent **ret_agent,
                      struct c138_err *err);
/* Until a signal ends it. 0, or the exit status. */
int agent_run(struct agent *a);
struct agent *agent_free(struct agent *a);
/* --check-config: reads everything, learns the declarations, says what is wrong. Exit status 0
 * or 1. */
int agent_check_config(const struct agent_options *options);
#endif
