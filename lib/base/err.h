/*
 * base/err.h: errors that a person can act on.
 *
 * Functions return a c138_status: 0, or a negative class. Where a caller may want to say more, they
 * take a `struct c138_err *` (may be NULL) as last parameter and fill it in on failure only. The
 * text has three parts: what failed, on what (node, file, line, address), and what to do about it.
 * One thread at a time.
 */
#ifndef C138_BASE_ERR_H
#define C138_BASE_ERR_H
#include <chain138/abi.h>
#include <stdarg.h>

struct c138_err {
    c138_status status;
    char key[64]; /* a stable word for programs, "param.invalid"; empty: c138_status_key(status) is
                     meant */
    char text[1024]; /* cut at the end when longer */
};

/* Fills `e` (may be NULL), returns `status`. An error that is there already is overwritten. */
c138_status c138_error(struct c138_err *e, c138_status status, const char *key, const char *fmt,
                       ...) __attribute__((format(printf, 4, 5)));
/* Puts "prefix: " before the text of an error that is passed up. Returns e->status, or `status` if
 * e is NULL. */
c138_status c138_error_prefix(struct c138_err *e, c138_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "invalid", "denied", ... : the class as a stable word. Never NULL. */
const char *c138_status_key(c138_status status);
/* The class named by such a word; C138_E_INTERNAL for an unknown one. */
c138_status c138_status_from_key(const char *key);
#endif
