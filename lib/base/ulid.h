/*
 * base/ulid.h: ids that are unique over hosts without talking to anybody and sort by time
 * (github.com/ulid/spec). 26 characters of Crockford base32: 48 bits of milliseconds UTC, 80 bits
 * of getrandom(2). Any thread. Within one process two ids of the same millisecond still sort in the
 * order in which they were made.
 */
#ifndef C138_BASE_ULID_H
#define C138_BASE_ULID_H
#include <base/err.h>
#define C138_ULID_TEXT 27
void c138_ulid(char ret_text[C138_ULID_TEXT]);
int c138_ulid_valid(const char *text);
int64_t c138_ulid_time_ns(const char *text); /* 0 if not valid */
#endif
