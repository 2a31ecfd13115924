/*
 * What this host learned of its backups after they were made: to which level they were verified and
 * when, when a drill succeeded and how long it took, and whether one was found damaged. One small
 * file for each backup, STATE/records/ID.json. A record without a backup is taken away.
 */
#ifndef BACKUP_RECORDS_H
#define BACKUP_RECORDS_H
#include "backup.h"

struct record {
    int level; /* -1: never verified */
    int64_t verified_ns, drilled_ns;
    int64_t drill_took_ns;
    int damaged;
};

void record_read(const struct backup *b, const char *id, struct record *ret);
c138_status record_write(const struct backup *b, const char *id, const struct record *r,
                         struct c138_err *err);
void record_remove(const struct backup *b, const char *id);
#endif
