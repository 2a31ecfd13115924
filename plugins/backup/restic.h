/*
 * restic, driven: one run of the program with its closed environment, and what its JSON says.
 *
 * Exit statuses (restic 0.14 and later): 0; 3: a snapshot was made, but files could not be read; 10: no
 * repository; 11: locked; 12: wrong password; anything else is a failure. 0 alone does not say that all was read
 * either: a source that is not there among others is a line on standard error and an exit with 0, so
 * sources are looked at first and what restic counted is compared with it.
 */
#ifndef BACKUP_RESTIC_H
#define BACKUP_RESTIC_H
#include "backup.h"
#include "progress.h"

struct restic {
    struct backup *backup;
    c138_call *call;
    char **env; /* with the password: wiped by restic_deinit */
};

struct restic_summary {
    char snapshot[65];
    uint64_t files, bytes, added;
    int seen;
};

/* One line of what `restic backup --json` prints: a status (its bytes_done into *ret_done) or the
 * summary. Anything else is fine and nothing. Pure. */
void restic_read_line(const char *line, size_t length, struct restic_summary *summary,
                      uint64_t *ret_done);

c138_status restic_init(struct restic *r, struct backup *b, c138_call *call,
                        const struct target_config *target, struct c138_err *err);
void restic_deinit(struct restic *r);
/* args: behind the program and the options that each run has, NULL-terminated. */
c138_status restic_run(struct restic *r, const char *const *args, struct c138_buf *out,
                       struct c138_err *err);
/* `restic backup` with progress. */
c138_status restic_backup(struct restic *r, const char *const *args, struct progress *progress,
                          struct restic_summary *ret, struct c138_err *err);
/* Does this failure say that there is no repository? restic 0.14 exits with 1 for everything. */
int restic_says_none(c138_status status, const struct c138_err *err);
int restic_says_locked(c138_status status, const struct c138_err *err);
#endif
