/*
 * loader/loader.h: which plugins are installed, and whether each may be loaded. Nothing here runs
 * code of a plugin.
 */
#ifndef CORE_LOADER_LOADER_H
#define CORE_LOADER_LOADER_H
#include <base/err.h>

struct loader_file {
    char *path;     /* absolute */
    char *name;     /* from the note; from the file's name if there is no note */
    c138_note note; /* zero if refused before it was read */
    int refused;    /* 1: `reason` says why */
    char *reason;   /* "owner is uid 1000, must be root or the agent's user: chown root /usr/..." */
};
struct loader_list {
    struct loader_file *files;
    size_t count;
};

/* All *.so in `dirs` (NULL-terminated), sorted by name. Two files of one name: both are refused,
 * each reason naming the other. A folder that is not there is empty. */
c138_status loader_scan(const char *const *dirs, struct loader_list *ret_list,
                        struct c138_err *err);
void loader_list_deinit(struct loader_list *l);
/*
 * Opens one for use: O_CLOEXEC|O_NOFOLLOW, a regular file, owner root or our own uid, neither it
 * nor its folder writable by group or others, the note read from this very descriptor, the
 * contract's version right (major equal; a newer minor is taken), name equal to `name` (NULL: any).
 * The descriptor is what must be mapped. C138_E_DENIED, C138_E_UNSUPPORTED, C138_E_INVALID,
 * C138_E_NOTFOUND with what to do.
 */
c138_status loader_open(const char *path, const char *name, int *ret_fd, c138_note *ret_note,
                        struct c138_err *err);
#endif
