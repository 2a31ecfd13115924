/*
 * ctl/doctor_internal.h: what doctor's files share. One thread, one examination.
 */
#ifndef CORE_CTL_DOCTOR_INTERNAL_H
#define CORE_CTL_DOCTOR_INTERNAL_H
#include <config/config.h>
#include <ctl/client.h>
#include <ctl/doctor.h>
#include <sys/timex.h>
#include <sys/types.h>

enum doctor_grade { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR };

#define HOLDER_NOBODY 0
#define HOLDER_SOMEBODY (-1) /* its pid is not in the lock file */
#define HOLDER_UNSEEN (-2)   /* not for this user to see */

struct exam {
    const struct doctor_options *options;
    struct c138_json *checks;
    unsigned errors, warnings;
    struct config *config; /* NULL: it cannot be read */
    char *state_dir, *run_dir, *socket;
    struct client *client; /* NULL: the agent does not answer */
    int holder;            /* pid of the agent that holds the store, or one of HOLDER_... */
    int has_owner;
    uid_t owner;            /* of the state folder: who the agent runs as */
    struct c138_buf unread; /* files that this user may not read */
};

void doctor_note(struct exam *x, enum doctor_grade grade, const char *id, const char *mend,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* doctor_net.c: the ports that the agent listens on, and the addresses that plugins are to reach.
 */
void doctor_ports(struct exam *x);
void doctor_endpoints(struct exam *x);

/* doctor_machine.c: the clock, the kernel, limits. */
void doctor_machine(struct exam *x);

/* doctor_clock.c: what adjtimex() gave, in words. `state` is its return value, `reason` its errno
 * if that is -1. Pure. */
enum doctor_grade doctor_clock(int state, int reason, const struct timex *t, char *ret_what,
                               size_t size);
#endif
