/*
 * plugins/stack/files.h: log files of the config, open ones and closed ones. NAME is open;
 * NAME.STAMP, that rotation made, NAME.1 and NAME-DATE.log, that log4j and logrotate make, are
 * closed.
 */
#ifndef STACK_FILES_H
#define STACK_FILES_H
#include "stack.h"

#include <sys/stat.h>

typedef c138_status (*file_fn)(void *user, const struct log_folder *l, const char *path,
                               const struct stat *st, struct c138_err *err);
/* Calls for each regular file of the folder: closed 0: those that match the pattern; 1: those that
 * begin with a name that matches and go on behind it, and do not end in .zst. Not below it. Links
 * are passed over. Stops at the first that fails. */
c138_status files_each(const struct log_folder *l, int closed, file_fn on_file, void *user,
                       struct c138_err *err);
/* Whether the name is that of a closed file of the pattern. */
int files_is_closed(const char *pattern, const char *name);

/* archive.c: `from` into `to` as one zstd frame with a checksum, on disk; then read again from there
 * and compared by SHA-256 with `from`. On a failure there is no `to`. */
c138_status files_pack(const char *from, const char *to, uint64_t *ret_bytes, uint64_t *ret_packed,
                       char ret_sha256[65], struct c138_err *err);
#endif
