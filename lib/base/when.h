/*
 * base/when.h: times, durations, sizes. Times are int64 nanoseconds UTC inside, RFC 3339 outside.
 * Pure but for the clocks.
 */
#ifndef C138_BASE_WHEN_H
#define C138_BASE_WHEN_H
#include <base/err.h>

#define C138_NS_PER_S INT64_C(1000000000)
#define C138_NS_PER_MS INT64_C(1000000)
#define C138_NS_PER_US INT64_C(1000)

int64_t c138_now_utc_ns(void);
int64_t c138_now_monotonic_ns(void);
/* The same clocks, as of their last tick (some milliseconds ago), for what is asked very often. */
int64_t c138_now_utc_coarse_ns(void);
int64_t c138_now_monotonic_coarse_ns(void);

/* "2026-11-23T03:00:00.123Z": milliseconds, always UTC. `ret_text` has room for C138_TIME_TEXT
 * bytes. */
#define C138_TIME_TEXT 40
void c138_time_format(int64_t time_ns, char ret_text[C138_TIME_TEXT]);
/* RFC 3339 with Z or an offset, fraction to 9 digits. */
c138_status c138_time_parse(const char *text, int64_t *ret_time_ns);

/* "1h30m", "250ms", "90s", "2d12h", "0s"; units ns us ms s m h d w in falling order, a fraction in
 * the last ("1.5h"). Not negative. */
c138_status c138_duration_parse(const char *text, int64_t *ret_ns);
/* The shortest exact form, "1h30m". */
#define C138_DURATION_TEXT 64
void c138_duration_format(int64_t ns, char ret_text[C138_DURATION_TEXT]);
/* For people: two largest units, "3d 4h", "12.3s", "450ms". */
void c138_duration_human(int64_t ns, char ret_text[C138_DURATION_TEXT]);

/* "512", "512B", "10kB" (1000), "10KiB" (1024), up to EB and EiB, a fraction allowed ("1.5GiB"). */
c138_status c138_size_parse(const char *text, uint64_t *ret_bytes);
#define C138_SIZE_TEXT 32
void c138_size_human(uint64_t bytes, char ret_text[C138_SIZE_TEXT]); /* "1.5 GiB" */
#endif
