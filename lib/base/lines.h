/*
 * base/lines.h: a file of lines that is only ever added to, for what must never be forgotten or half
 * remembered: a ledger of signatures, a journal of transactions. One thread.
 *
 * A line counts when its newline is on disk. What is behind the last newline was never acknowledged
 * and is cut when the file is opened; what could not be written whole is cut at once.
 */
#ifndef C138_BASE_LINES_H
#define C138_BASE_LINES_H
#include <base/err.h>

#include <stddef.h>

struct c138_lines;
/* One line, without its newline, while the file is read. Below 0: the opening fails with it. */
typedef c138_status (*c138_line_fn)(void *user, const char *line, size_t length,
                                    struct c138_err *err);

/* Opens `path` (0600, made where it is not), and gives each of its lines. What on_line refuses is
 * named with the number of the line. `use`: what the file is for, in errors. */
c138_status c138_lines_open(const char *path, const char *use, c138_line_fn on_line, void *user,
                            struct c138_lines **ret_lines, struct c138_err *err);
struct c138_lines *c138_lines_close(struct c138_lines *l); /* returns NULL */
/* Adds `text`, one line or several, each with its newline. On disk when it returns C138_OK; else
 * nothing of it is there: C138_E_LIMIT on a full disk, C138_E_INTERNAL. */
c138_status c138_lines_add(struct c138_lines *l, const char *text, size_t length,
                           struct c138_err *err);
/* Bytes that were added since the file was begun anew by this process, else all of it. */
size_t c138_lines_grown(const struct c138_lines *l);
/* Begins the file anew with those lines that `keep` wants; what was there is kept as "<path>.1". A
 * crash in between leaves the old file. */
c138_status c138_lines_begin_anew(struct c138_lines *l,
                                  int (*keep)(void *user, const char *line, size_t length),
                                  void *user, struct c138_err *err);
const char *c138_lines_path(const struct c138_lines *l);
#endif
