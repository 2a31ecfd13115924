#include "keep.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct period {
    const char *why, *format;
    uint64_t left;
    char last[32];
};

static void keep(struct keep_entry *e, const char *why) {
    if (!e->kept)
        e->why = why;
    e->kept = 1;
}

/* Is this the first (the newest) of a period that still has a place? */
static int takes_place(struct period *p, int64_t created_ns) {
    time_t t = (time_t)(created_ns / 1000000000);
    struct tm tm;
    char name[32] = "";
    if (!p->left || !gmtime_r(&t, &tm) || !strftime(name, sizeof(name), p->format, &tm) ||
        !strcmp(name, p->last))
        return 0;
    (void)snprintf(p->last, sizeof(p->last), "%s", name);
    p->left--;
    return 1;
}

/* Never nothing: the newest that is not known to be damaged, and the newest of those that were verified
 * by reading them (level 1 and up); one that was only made is a hope. */
static void keep_good(struct keep_entry *entries, size_t count) {
    size_t good = count, proven = count;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].damaged)
            continue;
        if (good == count)
            good = i;
        if (proven == count && entries[i].level >= 1)
            proven = i;
    }
    if (good < count)
        keep(&entries[good], "last good");
    if (proven < count)
        keep(&entries[proven], "last verified");
}

void keep_mark(const struct keep_rule *rule, struct keep_entry *entries, size_t count) {
    struct period periods[] = {{"daily", "%Y-%m-%d", rule->daily, ""},
                               {"weekly", "%G-%V", rule->weekly, ""},
                               {"monthly", "%Y-%m", rule->monthly, ""}};
    uint64_t last = rule->last;
    for (size_t i = 0; i < count; i++) {
        struct keep_entry *e = &entries[i];
        e->kept = 0;
        e->why = NULL;
        if (e->damaged)
            continue;
        if (last) {
            last--;
            keep(e, "last");
        }
        for (size_t p = 0; p < 3; p++)
            if (takes_place(&periods[p], e->created_ns))
                keep(e, periods[p].why);
    }
    keep_good(entries, count);
}
