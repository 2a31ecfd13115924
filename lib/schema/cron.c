#include <base/text.h>
#include <base/when.h>
#include <schema/cron.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define YEARS 5

struct field {
    const char *what;
    unsigned least, most;
    const char *const *names; /* of least, least + 1, ... */
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const struct field fields[] = {
    {"minute", 0, 59, NULL},  {"hour", 0, 23, NULL},           {"day of month", 1, 31, NULL},
    {"month", 1, 12, months}, {"day of week", 0, 7, weekdays},
};

static const char *read_item(const char *p, const struct field *f, unsigned *ret) {
    unsigned v = 0;
    for (unsigned i = 0; f->names && f->names[i]; i++)
        if (!strncasecmp(p, f->names[i], 3) && !isalnum((unsigned char)p[3])) {
            *ret = f->least + i;
            return p + 3;
        }
    if (!isdigit((unsigned char)*p))
        return NULL;
    for (int n = 0; isdigit((unsigned char)*p) && n < 4; n++)
        v = v * 10 + (unsigned)(*p++ - '0');
    *ret = v;
    return v >= f->least && v <= f->most ? p : NULL;
}

/* One of "*", "5", "1-5", each with "/2". */
static const char *read_range(const char *p, const struct field *f, uint64_t *bits) {
    unsigned from = f->least, to = f->most, step = 1;
    if (*p == '*') {
        p++;
    } else {
        if (!(p = read_item(p, f, &from)))
            return NULL;
        to = from;
        if (*p == '-') {
            if (!(p = read_item(p + 1, f, &to)))
                return NULL;
            if (f->names == weekdays && to == 0 && from > 0)
                to = 7; /* a week ends on Sunday: "fri-sun" */
            if (to < from)
                return NULL;
        } else if (*p == '/') {
            to = f->most;
        }
    }
    if (*p == '/') {
        step = 0;
        for (p++; isdigit((unsigned char)*p) && step < 1000; p++)
            step = step * 10 + (unsigned)(*p - '0');
        if (!step || step > f->most)
            return NULL;
    }
    for (unsigned v = from; v <= to; v += step)
        *bits |= UINT64_C(1) << v;
    return p;
}

static const char *read_list(const char *p, const struct field *f, uint64_t *bits) {
    do {
        if (!(p = read_range(p, f, bits)))
            return NULL;
    } while (*p == ',' && p++);
    return *p == ' ' || *p == '\t' || !*p ? p : NULL;
}

c138_status cron_parse(const char *text, struct cron *ret_cron, struct c138_err *err) {
    static const struct {
        const char *name, *text;
    } words[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                 {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                 {"@annually", "0 0 1 1 *"}};
    for (size_t i = 0; *text == '@' && i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcmp(words[i].name, text))
            text = words[i].text;
    struct cron c = {0};
    uint64_t bits[5] = {0};
    const char *p = text;
    for (size_t i = 0; i < 5; i++) {
        while (*p == ' ' || *p == '\t')
            p++;
        uint32_t star = *p == '*';
        const char *begin = p;
        if (!(p = read_list(p, &fields[i], &bits[i])))
            return c138_error(err, C138_E_INVALID, "cron.invalid",
                              "\"%.80s\": the %s (\"%.*s\") is not right: %u to %u, with * , - and "
                              "/ (five fields: minute "
                              "hour day month weekday)",
                              text, fields[i].what, (int)strcspn(begin, " \t"), begin,
                              fields[i].least, fields[i].most);
        c.hour_star |= i == 1 ? star : 0;
        c.day_star |= i == 2 ? star : 0;
        c.weekday_star |= i == 4 ? star : 0;
    }
    while (*p == ' ' || *p == '\t')
        p++;
    if (*p)
        return c138_error(err, C138_E_INVALID, "cron.invalid", "\"%.80s\": more than five fields",
                          text);
    c.minute = bits[0];
    c.hour = bits[1];
    c.day = bits[2];
    c.month = bits[3];
    c.weekday = (bits[4] | bits[4] >> 7) & 127; /* 7 is Sunday, too */
    *ret_cron = c;
    return C138_OK;
}

/* --- The next time --------------------------------------------------------------------------- */

static int day_matches(const struct cron *c, const struct tm *t) {
    int day = (int)(c->day >> t->tm_mday & 1), weekday = (int)(c->weekday >> t->tm_wday & 1);
    if (!(c->month >> (t->tm_mon + 1) & 1))
        return 0;
    return c->day_star || c->weekday_star ? day && weekday : day || weekday;
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static void local_fields(int64_t local_s, struct tm *ret) {
    time_t t = (time_t)local_s;
    (void)gmtime_r(&t, ret);
}

/* The instant at which clocks show `local_s`: the first one if twice, the end of the gap if never.
 */
static int64_t local_to_utc(const struct zone *z, int64_t local_s) {
    int32_t before = zone_offset_s(z, local_s - 93600), after = zone_offset_s(z, local_s + 93600);
    int64_t early = local_s - (before > after ? before : after),
            late = local_s - (before > after ? after : before);
    if (zone_offset_s(z, early) == local_s - early)
        return early;
    if (zone_offset_s(z, late) == local_s - late)
        return late;
    /* In a gap: the clock jumped over it somewhere between the two. */
    int32_t old = zone_offset_s(z, early);
    while (late - early > 1) {
        int64_t mid = early + (late - early) / 2;
        if (zone_offset_s(z, mid) == old)
            early = mid;
        else
            late = mid;
    }
    return late;
}

/* Every hour or more often: elapsed time counts, not the clock on the wall. */
static int64_t next_elapsed(const struct cron *c, const struct zone *z, int64_t after_s,
                            int64_t limit_s) {
    int64_t t = (floor_div(after_s, 60) + 1) * 60;
    while (t <= limit_s) {
        struct tm tm;
        int64_t local = t + zone_offset_s(z, t);
        local_fields(local, &tm);
        if (!day_matches(c, &tm)) {
            int64_t midnight = local_to_utc(z, (floor_div(local, 86400) + 1) * 86400);
            t = midnight > t ? midnight : t + 60;
            continue;
        }
        if ((c->hour >> tm.tm_hour & 1) && (c->minute >> tm.tm_min & 1))
            return t;
        t += 60 - tm.tm_sec; /* zones whose offset is no whole minute */
    }
    return -1;
}

static int64_t next_on_clock(const struct cron *c, const struct zone *z, int64_t after_s,
                             int64_t limit_s) {
    int64_t day = floor_div(after_s + zone_offset_s(z, after_s), 86400) - 1;
    for (; day * 86400 <= limit_s + 86400; day++) {
        struct tm tm;
        local_fields(day * 86400, &tm);
        if (!day_matches(c, &tm))
            continue;
        for (int hour = 0; hour < 24; hour++) {
            if (!(c->hour >> hour & 1))
                continue;
            for (int minute = 0; minute < 60; minute++) {
                if (!(c->minute >> minute & 1))
                    continue;
                int64_t t = local_to_utc(z, day * 86400 + hour * 3600 + minute * 60);
                if (t > after_s)
                    return t;
            }
        }
    }
    return -1;
}

c138_status cron_next(const struct cron *c, const struct zone *z, int64_t after_ns,
                      int64_t *ret_next_ns) {
    int64_t after_s = floor_div(after_ns, C138_NS_PER_S),
            limit_s = after_s + (int64_t)YEARS * 366 * 86400;
    int64_t t =
        c->hour_star ? next_elapsed(c, z, after_s, limit_s) : next_on_clock(c, z, after_s, limit_s);
    if (t < 0 || t > limit_s)
        return C138_E_NOTFOUND;
    *ret_next_ns = t * C138_NS_PER_S;
    return C138_OK;
}
