/* What a person sees while bytes go by: how much of how much, how fast, how long yet. */
#ifndef BACKUP_PROGRESS_H
#define BACKUP_PROGRESS_H
#include <chain138/plugin.h>

struct progress {
    c138_call *call;
    char what[64];
    uint64_t total, done; /* bytes; total 0: not known */
    int64_t began_ns, told_ns;
};

void progress_begin(struct progress *p, c138_call *call, const char *what, uint64_t total);
void progress_add(void *p, uint64_t bytes); /* for callbacks: `p` is the progress */
int progress_cancelled(void *p);
#endif
