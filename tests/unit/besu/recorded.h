/* tests/unit/besu/recorded.h: the recorded answers below tests/data, every version the same way. */
#ifndef RECORDED_H
#define RECORDED_H
#include <base/json.h>

extern const char *const recorded_versions[]; /* "besu-25.5.0", "besu-26.8.0", NULL */
/* A file's text; the caller frees. Ends the test program if it is not there. */
char *recorded_text(const char *version, const char *file);
struct c138_json *recorded_json(const char *version, const char *file);
/* The entry of this case in an array of {case, ...}; borrowed. NULL: none. */
const struct c138_json *recorded_case(const struct c138_json *entries, const char *name);
/* ... and its response.result. */
const struct c138_json *recorded_result(const struct c138_json *entries, const char *name);
#endif
