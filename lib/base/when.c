#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * C138_NS_PER_S + t.tv_nsec;
}

int64_t c138_now_utc_ns(void) {
    return now(CLOCK_REALTIME);
}

int64_t c138_now_monotonic_ns(void) {
    return now(CLOCK_MONOTONIC);
}

int64_t c138_now_utc_coarse_ns(void) {
    return now(CLOCK_REALTIME_COARSE);
}

int64_t c138_now_monotonic_coarse_ns(void) {
    return now(CLOCK_MONOTONIC_COARSE);
}

void c138_time_format(int64_t time_ns, char ret_text[C138_TIME_TEXT]) {
    int64_t s = time_ns / C138_NS_PER_S, ns = time_ns % C138_NS_PER_S;
    if (ns < 0) {
        ns += C138_NS_PER_S;
        s--;
    }
    time_t t = (time_t)s;
    struct tm tm;
    (void)gmtime_r(&t, &tm);
    size_t n = strftime(ret_text, C138_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(ret_text + n, C138_TIME_TEXT - n, ".%03dZ", (int)(ns / C138_NS_PER_MS));
}

/* Exactly `n` digits. */
static const char *digits(const char *p, int n, int *ret_value) {
    int v = 0;
    for (; n; n--, p++) {
        if (!p || *p < '0' || *p > '9')
            return NULL;
        v = v * 10 + (*p - '0');
    }
    *ret_value = v;
    return p;
}

static const char *expect(const char *p, char c) {
    return p && *p == c ? p + 1 : NULL;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t days_from_civil(int y, int m, int d) {
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int month_days(int y, int m) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0) ? 29 : days[m - 1];
}

c138_status c138_time_parse(const char *text, int64_t *ret_time_ns) {
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, oh = 0, om = 0;
    const char *p = text;
    if (!(p = digits(p, 4, &y)) || !(p = expect(p, '-')) || !(p = digits(p, 2, &mo)) ||
        !(p = expect(p, '-')) || !(p = digits(p, 2, &d)) || (*p != 'T' && *p != 't' && *p != ' ') ||
        !(p = digits(p + 1, 2, &h)) || !(p = expect(p, ':')) || !(p = digits(p, 2, &mi)) ||
        !(p = expect(p, ':')) || !(p = digits(p, 2, &s)))
        return C138_E_INVALID;
    if (mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || s > 59 ||
        y < 1970 || y > 2261)
        return C138_E_INVALID;
    int64_t ns = 0, unit = C138_NS_PER_S;
    if (*p == '.') {
        const char *first = ++p;
        for (; *p >= '0' && *p <= '9' && p - first < 9; p++)
            ns += (*p - '0') * (unit /= 10);
        if (p == first)
            return C138_E_INVALID;
    }
    int64_t offset = 0;
    if (*p == 'Z' || *p == 'z') {
        p++;
    } else if (*p == '+' || *p == '-') {
        int sign = *p == '-' ? -1 : 1;
        if (!(p = digits(p + 1, 2, &oh)) || !(p = expect(p, ':')) || !(p = digits(p, 2, &om)) ||
            oh > 23 || om > 59)
            return C138_E_INVALID;
        offset = sign * (oh * 3600 + om * 60);
    } else {
        return C138_E_INVALID;
    }
    if (*p)
        return C138_E_INVALID;
    int64_t seconds = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset;
    *ret_time_ns = seconds * C138_NS_PER_S + ns;
    return C138_OK;
}

struct unit {
    const char *name;
    uint64_t size;
};

static const struct unit durations[] = {
    {"w", 604800u * UINT64_C(1000000000)},
    {"d", 86400u * UINT64_C(1000000000)},
    {"h", 3600u * UINT64_C(1000000000)},
    {"m", 60u * UINT64_C(1000000000)},
    {"s", 1000000000u},
    {"ms", 1000000u},
    {"us", 1000u},
    {"ns", 1u},
    {NULL, 0},
};

/* "12" or "1.25" times `unit`, exactly; what is below one is an error. Advances *p behind the
 * digits. */
static c138_status scaled(const char *number, size_t length, uint64_t unit, uint64_t *ret_value) {
    uint64_t v = 0;
    size_t i = 0;
    for (; i < length && number[i] != '.'; i++) {
        uint64_t digit = (uint64_t)(number[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return C138_E_INVALID;
        v = v * 10 + digit;
    }
    if (!i || (v && unit > UINT64_MAX / v))
        return C138_E_INVALID;
    v *= unit;
    if (i < length) {
        unsigned __int128 fraction = 0, scale = 1;
        size_t n = length - i - 1;
        if (!n || n > 18)
            return C138_E_INVALID;
        for (i++; i < length; i++) {
            fraction = fraction * 10 + (unsigned)(number[i] - '0');
            scale *= 10;
        }
        fraction *= unit;
        if (fraction % scale || fraction / scale > UINT64_MAX - v)
            return C138_E_INVALID;
        v += (uint64_t)(fraction / scale);
    }
    *ret_value = v;
    return C138_OK;
}

/* The digits (with at most one point) at `p`. */
static size_t number_length(const char *p) {
    size_t n = 0;
    int points = 0;
    while ((p[n] >= '0' && p[n] <= '9') || (p[n] == '.' && n && !points++))
        n++;
    return n;
}

c138_status c138_duration_parse(const char *text, int64_t *ret_ns) {
    uint64_t total = 0;
    size_t next = 0; /* units fall: each only once */
    const char *p = text;
    if (!strcmp(text, "0")) {
        *ret_ns = 0;
        return C138_OK;
    }
    while (*p) {
        size_t n = number_length(p), letters = 0, u = 0;
        while (p[n + letters] >= 'a' && p[n + letters] <= 'z')
            letters++;
        for (u = next; durations[u].name; u++)
            if (strlen(durations[u].name) == letters && !strncmp(durations[u].name, p + n, letters))
                break;
        uint64_t v = 0;
        if (!n || !durations[u].name || scaled(p, n, durations[u].size, &v) < 0 ||
            v > (uint64_t)INT64_MAX - total)
            return C138_E_INVALID;
        int fraction = memchr(p, '.', n) != NULL;
        total += v;
        next = u + 1;
        p += n + letters;
        if (fraction && *p)
            return C138_E_INVALID;
    }
    if (p == text)
        return C138_E_INVALID;
    *ret_ns = (int64_t)total;
    return C138_OK;
}

void c138_duration_format(int64_t ns, char ret_text[C138_DURATION_TEXT]) {
    uint64_t left = ns > 0 ? (uint64_t)ns : 0;
    size_t at = 0;
    if (!left)
        (void)snprintf(ret_text, C138_DURATION_TEXT, "0s");
    for (size_t i = 1; durations[i].name && left; i++) { /* days are the largest unit written */
        uint64_t count = left / durations[i].size;
        left %= durations[i].size;
        if (count) {
            int n = snprintf(ret_text + at, C138_DURATION_TEXT - at, "%" PRIu64 "%s", count,
                             durations[i].name);
            at += n > 0 ? (size_t)n : 0;
        }
    }
}

void c138_duration_human(int64_t ns, char ret_text[C138_DURATION_TEXT]) {
    double s = (double)(ns > 0 ? ns : 0) / 1e9;
    int64_t whole = (int64_t)(s + (s >= 59.95 && s < 60));
    if (s < 0.9995) /* what would be rounded up to 1000ms or 60.0s is written in the next unit */
        (void)snprintf(ret_text, C138_DURATION_TEXT, "%.0fms", s * 1e3);
    else if (s < 59.95)
        (void)snprintf(ret_text, C138_DURATION_TEXT, "%.1fs", s);
    else if (s < 3600)
        (void)snprintf(ret_text, C138_DURATION_TEXT, "%" PRId64 "m %" PRId64 "s", whole / 60,
                       whole % 60);
    else if (s < 86400)
        (void)snprintf(ret_text, C138_DURATION_TEXT, "%" PRId64 "h %" PRId64 "m", whole / 3600,
                       whole % 3600 / 60);
    else
        (void)snprintf(ret_text, C138_DURATION_TEXT, "%" PRId64 "d %" PRId64 "h", whole / 86400,
                       whole % 86400 / 3600);
}

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"kB", UINT64_C(1000)},
    {"MB", UINT64_C(1000000)},
    {"GB", UINT64_C(1000000000)},
    {"TB", UINT64_C(1000000000000)},
    {"PB", UINT64_C(1000000000000000)},
    {"EB", UINT64_C(1000000000000000000)},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {"PiB", UINT64_C(1) << 50},
    {"EiB", UINT64_C(1) << 60},
    {NULL, 0},
};

c138_status c138_size_parse(const char *text, uint64_t *ret_bytes) {
    size_t n = number_length(text);
    for (size_t u = 0; n && sizes[u].name; u++)
        if (!strcmp(sizes[u].name, text + n))
            return scaled(text, n, sizes[u].size, ret_bytes);
    return C138_E_INVALID;
}

void c138_size_human(uint64_t bytes, char ret_text[C138_SIZE_TEXT]) {
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = (double)bytes;
    size_t i = 0;
    for (; v >= 1024 && i < 6; i++)
        v /= 1024;
    (void)snprintf(ret_text, C138_SIZE_TEXT, i && v < 100 ? "%.1f %s" : "%.0f %s", v, names[i]);
}
