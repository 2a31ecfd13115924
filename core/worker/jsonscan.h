/*
 * worker/jsonscan.h: looks at JSON text without making values of it, for the paths where an event
 * or a call passes through at full speed. Strict (RFC 8259) but for one thing: names that occur
 * twice in an object are not noticed. Pure; any thread.
 */
#ifndef CORE_WORKER_JSONSCAN_H
#define CORE_WORKER_JSONSCAN_H
#include <stddef.h>

/* Is all of `text` exactly one object, UTF-8, nested at most C138_JSON_DEPTH deep? */
int jsonscan_is_object(const char *text, size_t length);

/* The members of an object for which jsonscan_is_object() said 1. Texts are slices as they stand:
 * a name without its quotes (escapes as they are), a value with them. */
struct jsonscan {
    const char *at, *end;
    const char *name, *value;
    size_t name_length, value_length;
};
struct jsonscan jsonscan_members(const char *text, size_t length);
int jsonscan_next(struct jsonscan *s); /* 0: no more */
int jsonscan_named(const struct jsonscan *s, const char *name);
#endif
