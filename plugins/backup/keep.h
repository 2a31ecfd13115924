/*
 * Which backups may go. Kept are the newest keep_last, and of each of the last so many days, weeks (ISO)
 * and months (UTC) the newest. A backup that was found damaged fills no place, and is not kept for
 * its own sake. Whatever the numbers say, the newest good backup stays, and the newest that was
 * verified or drilled best of those that are left without one: see keep_mark(). Pure.
 */
#ifndef BACKUP_KEEP_H
#define BACKUP_KEEP_H
#include <stddef.h>
#include <stdint.h>

struct keep_rule {
    uint64_t last, daily, weekly, monthly;
};

struct keep_entry {
    int64_t created_ns;
    int damaged, level; /* level: -1 never verified */
    int kept;           /* out */
    const char *why;    /* out: "last", "daily", ..., "last good", "last verified"; NULL: it goes */
};

/* `entries`: the newest first. */
void keep_mark(const struct keep_rule *rule, struct keep_entry *entries, size_t count);
#endif
