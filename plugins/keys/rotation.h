/*
 * Rotations, written down: rotations/ID.json, one object each, written before a step begins and
 * after it is done. The file says what a person wants to know after a crash; what is to be done next
 * is asked of the world itself (is the role granted, does the validator propose), as a crash may
 * fall between a thing and its note.
 *
 *   {"id","what","key","to","contract","role","back":false,"state":"running"|"stopped"|"done",
 *    "started":TIME,"changed":TIME,"text":WHY,"steps":[{"name","state":"open"|"begun"|"done"}]}
 *
 * Any thread; one rotation is run at a time (the action's lock).
 */
#ifndef KEYS_ROTATION_H
#define KEYS_ROTATION_H
#include "keys.h"

#include <base/json.h>

/* What distinguishes one rotation from another: borrowed from the call. */
struct rotation_of {
    const char *what, *key, *to, *contract, *role; /* the last two "" unless it is a role */
};

/* Stamps `changed` and writes. */
c138_status rotation_save(const c138_host *host, struct c138_json *journal, struct c138_err *err);
/* All, oldest first. A file that cannot be read is left out. */
struct c138_json *rotation_all(const c138_host *host);
/* The newest of these; NULL: there was none. The caller owns it. */
struct c138_json *rotation_find(const c138_host *host, const struct rotation_of *of);
struct c138_json *rotation_new(const c138_host *host, const char *id, const struct rotation_of *of,
                               int back, const struct c138_json *steps);
int rotation_open(const struct c138_json *journal); /* neither done nor absent */
void rotation_step(struct c138_json *journal, const char *name, const char *state);
/* How many are not at their end. */
size_t rotation_count_open(const c138_host *host);
#endif
