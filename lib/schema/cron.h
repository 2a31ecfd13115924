/*
 * schema/cron.h: cron expressions and the next time that they match, in a time zone. Five fields
 * (minute hour day-of-month month day-of-week), lists, ranges, steps, names (jan, mon), 7 is
 * Sunday; when both days are restricted either matches (POSIX crontab); also
 * @hourly @daily @weekly @monthly @yearly. Pure but for reading /usr/share/zoneinfo.
 *
 * Daylight saving: a local time that does not exist is run at the first instant after the gap; one
 * that occurs twice is run once, at its first occurrence, unless the expression runs every hour or
 * more often ('*' or step hours), which follows elapsed time.
 */
#ifndef C138_SCHEMA_CRON_H
#define C138_SCHEMA_CRON_H
#include <base/err.h>

struct cron {
    uint64_t minute, hour, day, month, weekday;
    uint32_t day_star, weekday_star, hour_star;
};
c138_status cron_parse(const char *text, struct cron *ret_cron, struct c138_err *err);

struct zone; /* a time zone from TZif data (RFC 8536), immutable */
/* "UTC", "Europe/Berlin"; NULL or "" is UTC. C138_E_NOTFOUND names the nearest known zone. */
c138_status zone_new(const char *name, struct zone **ret_zone, struct c138_err *err);
struct zone *zone_free(struct zone *z);
int32_t zone_offset_s(const struct zone *z, int64_t utc_s); /* east of Greenwich */

/* First matching instant strictly after `after_ns`. C138_E_NOTFOUND if there is none within 5 years
 * ("0 0 30 2 *"). */
c138_status cron_next(const struct cron *c, const struct zone *z, int64_t after_ns,
                      int64_t *ret_next_ns);
#endif
