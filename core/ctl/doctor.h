/*
 * ctl/doctor.h: what operators get wrong, and how to mend it; works with and without an agent.
 * Reads only.
 */
#ifndef CORE_CTL_DOCTOR_H
#define CORE_CTL_DOCTOR_H
#include <base/json.h>

struct doctor_options {
    const char *config; /* the main config file */
    const char *socket; /* NULL: where the config says */
};
/* {"checks":[{"id","state":"ok|warning|error","what","mend"}],"errors":n,"warnings":n}. Owned by
 * the caller. */
struct c138_json *doctor_examine(const struct doctor_options *options);
/* For people: a line a check, what to do below it, a closing line. */
void doctor_print(const struct c138_json *report);
#endif
