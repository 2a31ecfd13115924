/*
 * Time zones from TZif files (RFC 8536): a table of transitions, and behind its end the POSIX TZ
 * rule of the footer.
 */
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <schema/cron.h>

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ZONE_DIR "/usr/share/zoneinfo"
#define FILE_MAX (256u << 10)

/* When one half of the year begins: Mm.w.d, Jn or n of the POSIX rule, and seconds behind local
 * midnight. */
struct rule_day {
    char kind; /* 'M', 'J', '0' */
    int month, week, day;
    int32_t time_s;
};

struct zone {
    size_t count;
    int64_t *at;      /* transitions, UTC, rising */
    int32_t *offset;  /* from that transition on */
    int32_t first;    /* before the first one */
    int32_t standard; /* of the footer */
    int32_t daylight;
    int has_rule, has_daylight;
    struct rule_day begin, end;
};

/* --- The footer's rule (POSIX.1, TZ) -------------------------------------------------------------
 */

static const char *skip_name(const char *p) {
    if (*p == '<') {
        p = strchr(p, '>');
        return p ? p + 1 : NULL;
    }
    const char *first = p;
    while (isalpha((unsigned char)*p))
        p++;
    return p - first >= 3 ? p : NULL;
}

/* [+-]hh[:mm[:ss]] */
static const char *read_hms(const char *p, int32_t *ret_s) {
    int32_t sign = *p == '-' ? -1 : 1, total = 0, unit = 3600;
    if (*p == '-' || *p == '+')
        p++;
    for (;;) {
        int32_t v = 0;
        if (!isdigit((unsigned char)*p))
            return NULL;
        for (int n = 0; isdigit((unsigned char)*p) && n < 3; n++)
            v = v * 10 + (*p++ - '0');
        total += v * unit;
        unit /= 60;
        if (*p != ':' || !unit)
            break;
        p++;
    }
    *ret_s = sign * total;
    return p;
}

static const char *read_number(const char *p, int *ret) {
    int v = 0;
    if (!isdigit((unsigned char)*p))
        return NULL;
    for (int n = 0; isdigit((unsigned char)*p) && n < 3; n++)
        v = v * 10 + (*p++ - '0');
    *ret = v;
    return p;
}

static const char *read_rule_day(const char *p, struct rule_day *d) {
    d->time_s = 7200;
    d->kind = isdigit((unsigned char)*p) ? '0' : *p++;
    if (d->kind == 'M') {
        if (!(p = read_number(p, &d->month)) || *p++ != '.' || !(p = read_number(p, &d->week)) ||
            *p++ != '.' || !(p = read_number(p, &d->day)) || d->month < 1 || d->month > 12 ||
            d->week < 1 || d->week > 5 || d->day > 6)
            return NULL;
    } else if ((d->kind != 'J' && d->kind != '0') || !(p = read_number(p, &d->day)) ||
               d->day > 365) {
        return NULL;
    }
    return *p == '/' ? read_hms(p + 1, &d->time_s) : p;
}

static c138_status read_footer(struct zone *z, const char *p) {
    int32_t west = 0;
    if (!(p = skip_name(p)) || !(p = read_hms(p, &west)))
        return C138_E_INVALID;
    z->standard = -west;
    z->has_rule = 1;
    if (!*p)
        return C138_OK;
    z->has_daylight = 1;
    z->daylight = z->standard + 3600;
    if (!(p = skip_name(p)))
        return C138_E_INVALID;
    if (*p && *p != ',') {
        if (!(p = read_hms(p, &west)))
            return C138_E_INVALID;
        z->daylight = -west;
    }
    if (*p++ != ',' || !(p = read_rule_day(p, &z->begin)) || *p++ != ',' ||
        !(p = read_rule_day(p, &z->end)) || *p)
        return C138_E_INVALID;
    return C138_OK;
}

static int leap(int64_t y) {
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int64_t year_days(int64_t y) { /* days from 1970 to January 1st of y */
    y--;
    return 365 * (y - 1969) + (y / 4 - 492) - (y / 100 - 19) + (y / 400 - 4);
}

/* Seconds since 1970 in local time at which a half of year `y` begins. */
static int64_t rule_local(const struct rule_day *d, int64_t y) {
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t day;
    if (d->kind == 'M') {
        int m = d->month;
        int64_t first = year_days(y) + before[m - 1] + (m > 2 && leap(y));
        int length = before[m] - before[m - 1] + (m == 2 && leap(y));
        int weekday = (int)((first % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
        int n = (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        while (n >= length)
            n -= 7;
        day = first + n;
    } else {
        day = year_days(y) + d->day;
        if (d->kind == 'J')
            day += -1 + (leap(y) && d->day >= 60);
    }
    return day * 86400 + d->time_s;
}

static int32_t rule_offset(const struct zone *z, int64_t utc_s) {
    if (!z->has_daylight)
        return z->standard;
    int64_t local = utc_s + z->standard;
    int64_t y = 1970 + local / 31556952;
    while (year_days(y) * 86400 > local)
        y--;
    while (year_days(y + 1) * 86400 <= local)
        y++;
    int64_t begin = rule_local(&z->begin, y) - z->standard,
            end = rule_local(&z->end, y) - z->daylight;
    int day = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return day ? z->daylight : z->standard;
}

int32_t zone_offset_s(const struct zone *z, int64_t utc_s) {
    if (!z->count && z->has_rule)
        return rule_offset(z, utc_s);
    if (!z->count || utc_s < z->at[0])
        return z->first;
    if (utc_s >= z->at[z->count - 1] && z->has_rule)
        return rule_offset(z, utc_s);
    size_t low = 0, high = z->count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (z->at[mid] <= utc_s)
            low = mid;
        else
            high = mid;
    }
    return z->offset[low];
}

/* --- The file -------------------------------------------------------------------------------- */

static uint64_t big(const uint8_t *p, size_t n) {
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

struct header {
    size_t isut, isstd, leaps, times, types, chars;
};

static int read_header(const uint8_t *p, size_t left, struct header *h) {
    if (left < 44 || memcmp(p, "TZif", 4) != 0)
        return 0;
    *h = (struct header){big(p + 20, 4), big(p + 24, 4), big(p + 28, 4),
                         big(p + 32, 4), big(p + 36, 4), big(p + 40, 4)};
    return h->times < 20000 && h->types && h->types < 256 && h->chars < 4096 && h->leaps < 256 &&
           h->isut < 256 && h->isstd < 256;
}

static size_t block_size(const struct header *h, size_t width) {
    return h->times * width + h->times + h->types * 6 + h->chars + h->leaps * (width + 4) +
           h->isstd + h->isut;
}

static c138_status read_tzif(struct zone *z, const uint8_t *p, size_t length) {
    struct header h;
    if (!read_header(p, length, &h) || p[4] < '2' || 44 + block_size(&h, 4) > length)
        return C138_E_INVALID;
    size_t skip = 44 + block_size(&h, 4);
    p += skip;
    length -= skip;
    if (!read_header(p, length, &h) || 44 + block_size(&h, 8) > length)
        return C138_E_INVALID;
    const uint8_t *times = p + 44, *indices = times + h.times * 8, *types = indices + h.times;
    z->count = h.times;
    z->at = c138_xcalloc(h.times, sizeof(*z->at));
    z->offset = c138_xcalloc(h.times, sizeof(*z->offset));
    z->first = (int32_t)big(types, 4);
    for (size_t i = 0; i < h.times; i++) {
        z->at[i] = (int64_t)big(times + 8 * i, 8);
        if (indices[i] >= h.types || (i && z->at[i] <= z->at[i - 1]))
            return C138_E_INVALID;
        z->offset[i] = (int32_t)big(types + 6 * indices[i], 4);
    }
    const uint8_t *footer = p + 44 + block_size(&h, 8), *end = p + length;
    if (footer >= end || *footer++ != '\n')
        return C138_E_INVALID;
    const uint8_t *stop = memchr(footer, '\n', (size_t)(end - footer));
    if (!stop)
        return C138_E_INVALID;
    if (stop == footer)
        return C138_OK;
    C138_FREE char *rule = c138_xstrndup((const char *)footer, (size_t)(stop - footer));
    return read_footer(z, rule);
}

/* The entry of `folder` that is `wanted`, or the nearest to it. */
static int nearest_entry(const char *folder, const char *wanted, char ret_name[256]) {
    DIR *d = opendir(folder);
    *ret_name = '\0';
    for (struct dirent *e; d && (e = readdir(d));) {
        const char *const both[] = {e->d_name, *ret_name ? ret_name : e->d_name, NULL};
        if (e->d_name[0] != '.' && c138_nearest(wanted, both) == e->d_name)
            (void)memcpy(ret_name, e->d_name, strlen(e->d_name) + 1);
    }
    if (d)
        closedir(d);
    return *ret_name != '\0';
}

/* For a mistyped zone: the nearest known name, part by part; NULL if there is none. The caller
 * frees. */
static char *nearest_zone(const char *name) {
    C138_FREE char *wanted = c138_xstrdup(name);
    C138_FREE char *folder = c138_xstrdup(ZONE_DIR);
    char *rest = wanted, *part, entry[256];
    while ((part = strsep(&rest, "/"))) {
        if (!nearest_entry(folder, part, entry))
            return NULL;
        char *deeper = c138_path_join(folder, entry);
        free(folder);
        folder = deeper;
    }
    struct stat st;
    if (stat(folder, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    return c138_xstrdup(folder + sizeof(ZONE_DIR));
}

static c138_status unknown_zone(const char *name, struct c138_err *err) {
    C138_FREE char *near = strlen(name) < 128 ? nearest_zone(name) : NULL;
    return c138_error(err, C138_E_NOTFOUND, "zone.unknown",
                      "time zone \"%.128s\" is not known%s%s%s", name,
                      near ? "; did you mean " : "", near ? near : "",
                      near ? "?" : " (such as UTC or Europe/Berlin; package tzdata)");
}

c138_status zone_new(const char *name, struct zone **ret_zone, struct c138_err *err) {
    C138_BUF struct c138_buf file = C138_BUF_NULL;
    struct zone *z = c138_xcalloc(1, sizeof(*z));
    if (!name || !*name || !strcmp(name, "UTC")) {
        z->has_rule = 1;
        *ret_zone = z;
        return C138_OK;
    }
    C138_FREE char *path = c138_path_join(ZONE_DIR, name);
    c138_status status = C138_E_NOTFOUND;
    if (*name != '/' && strlen(name) < 128 && c138_path_check(path) >= 0)
        status = c138_file_read(path, FILE_MAX, &file, NULL);
    if (status >= 0)
        status = read_tzif(z, (const uint8_t *)file.data, file.length);
    if (status < 0) {
        zone_free(z);
        if (status == C138_E_INVALID && file.length)
            return c138_error(err, status, "zone.damaged",
                              "%s is not a time zone file (TZif 2 or later)", path);
        return unknown_zone(name, err);
    }
    *ret_zone = z;
    return C138_OK;
}

struct zone *zone_free(struct zone *z) {
    if (z) {
        free(z->at);
        free(z->offset);
        free(z);
    }
    return NULL;
}
