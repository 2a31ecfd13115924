/*
 * net/promtext.h: the Prometheus text format 0.0.4, writing and reading. Pure; any thread.
 */
#ifndef C138_NET_PROMTEXT_H
#define C138_NET_PROMTEXT_H
#include <base/buf.h>
#include <base/err.h>
/* Adds `value` with \ " and newline escaped, as inside a label's quotes. */
void c138_prom_label(struct c138_buf *out, const char *value);
void c138_prom_value(struct c138_buf *out, double value); /* shortest exact form, +Inf, NaN */
/* Calls `sample` for each sample line. labels: as written between the braces, "" if none. Stops at
 * a non-zero return. Bounded by `length`; C138_E_INVALID names the line of a malformed one. */
c138_status c138_prom_parse(const char *text, size_t length,
                            int (*sample)(void *user, const char *name, const char *labels,
                                          double value),
                            void *user, struct c138_err *err);
#endif
