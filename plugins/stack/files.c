#include "files.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#define NAMES_MAX 10000

int files_is_closed(const char *pattern, const char *name) {
    size_t length = strlen(name);
    if (length > 255 || c138_ends_with(name, ".zst") || c138_ends_with(name, ".new"))
        return 0;
    /* besu.log.20261129T010203Z, besu.log.1: the name of the open one is the beginning. */
    for (size_t n = length; n-- > 1;) {
        if (name[n] != '.')
            continue;
        C138_FREE char *begin = c138_xstrndup(name, n);
        if (fnmatch(pattern, begin, FNM_PERIOD) == 0)
            return 1;
    }
    return 0;
}

static int is_wanted(const struct log_folder *l, int closed, const char *name) {
    return closed
               ? files_is_closed(l->pattern, name) && fnmatch(l->pattern, name, FNM_PERIOD) != 0
               : fnmatch(l->pattern, name, FNM_PERIOD) == 0 && !files_is_closed(l->pattern, name);
}

/* All names first: what on_file makes in the folder is not seen. */
c138_status files_each(const struct log_folder *l, int closed, file_fn on_file, void *user,
                       struct c138_err *err) {
    NAMES names = c138_xcalloc(NAMES_MAX + 1, sizeof(*names));
    size_t count = 0;
    c138_status status = C138_OK;
    DIR *d = opendir(l->folder);
    if (!d)
        return c138_error(err, errno == ENOENT ? C138_E_NOTFOUND : C138_E_DENIED, "stack.logs",
                          "the log folder %s cannot be read: %s", l->folder, strerror(errno));
    for (struct dirent *e = readdir(d); e && count < NAMES_MAX; e = readdir(d))
        if (is_wanted(l, closed, e->d_name))
            names[count++] = c138_path_join(l->folder, e->d_name);
    (void)closedir(d);
    for (size_t i = 0; status >= 0 && i < count; i++) {
        struct stat st;
        if (lstat(names[i], &st) == 0 && S_ISREG(st.st_mode))
            status = on_file(user, l, names[i], &st, err);
    }
    return status;
}
