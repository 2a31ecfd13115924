/*
 * base/fs.h: files. Written beside, synced, renamed; read with a bound.
 */
#ifndef C138_BASE_FS_H
#define C138_BASE_FS_H
#include <base/buf.h>
#include <base/err.h>
#include <sys/types.h>

/* The whole file into `out` (which is reset). C138_E_NOTFOUND, C138_E_DENIED, C138_E_LIMIT over
 * max_bytes, C138_E_INVALID not regular. */
c138_status c138_file_read(const char *path, size_t max_bytes, struct c138_buf *out,
                           struct c138_err *err);
/* Atomic: "<path>.new", fsync, rename, fsync of the folder. */
c138_status c138_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                            struct c138_err *err);
/* Makes the folder and its parents; an existing one is fine. */
c138_status c138_mkdir_p(const char *path, mode_t mode, struct c138_err *err);
/* Joins with one slash; the caller frees. */
char *c138_path_join(const char *folder, const char *name);
/* Absolute, without "." and ".." parts and without NUL; C138_E_INVALID otherwise. */
c138_status c138_path_check(const char *path);
#endif
