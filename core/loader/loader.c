#include <loader/loader.h>

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <loader/elfnote.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILES 1000 /* plugins of one host */

static c138_status from_errno(struct c138_err *err, const char *what, const char *path) {
    int e = errno;
    if (e == ENOENT || e == ENOTDIR)
        return c138_error(err, C138_E_NOTFOUND, "plugin.missing",
                          "%s %s: is not there: install it or take its section out of the config",
                          what, path);
    if (e == ELOOP)
        return c138_error(err, C138_E_DENIED, "plugin.link",
                          "%s %s: is a symbolic link: put the file itself there", what, path);
    return c138_error(err, e == EACCES || e == EPERM ? C138_E_DENIED : C138_E_INVALID, NULL,
                      "%s %s: cannot be opened: %s", what, path, strerror(e));
}

/* Only root and we ourselves may have been able to write what we run. */
static c138_status check_rights(const struct stat *st, const char *what, const char *path,
                                struct c138_err *err) {
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return c138_error(err, C138_E_DENIED, "plugin.owner",
                          "%s %s: owner is uid %u, must be root or the agent's user: chown root %s",
                          what, path, (unsigned)st->st_uid, path);
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return c138_error(err, C138_E_DENIED, "plugin.mode",
                          "%s %s: mode is %04o, group and others must not write: chmod go-w %s",
                          what, path, (unsigned)(st->st_mode & 07777), path);
    return C138_OK;
}

/* The folder that holds `path`, checked; *ret_base points into path. */
static c138_status open_folder(const char *path, int *ret_fd, const char **ret_base,
                               struct c138_err *err) {
    const char *slash = strrchr(path, '/');
    C138_FREE char *folder = slash == path ? c138_xstrdup("/")
                             : slash       ? c138_xstrndup(path, (size_t)(slash - path))
                                           : c138_xstrdup(".");
    C138_CLOSE int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return from_errno(err, "folder", folder);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return from_errno(err, "folder", folder);
    c138_status status = check_rights(&st, "folder", folder, err);
    if (status)
        return status;
    *ret_fd = fd;
    fd = -1;
    *ret_base = slash ? slash + 1 : path;
    return C138_OK;
}

static c138_status check_note(const char *path, const char *name, const c138_note *note,
                              struct c138_err *err) {
    if (note->abi_major != C138_ABI_MAJOR)
        return c138_error(err, C138_E_UNSUPPORTED, "plugin.contract",
                          "plugin %s: made for contract %u.%u, this agent has %u.%u: %s", path,
                          note->abi_major, note->abi_minor, C138_ABI_MAJOR, C138_ABI_MINOR,
                          note->abi_major > C138_ABI_MAJOR ? "upgrade the agent"
                                                           : "upgrade the plugin");
    if (name && strcmp(name, note->name) != 0)
        return c138_error(
            err, C138_E_INVALID, "plugin.name",
            "plugin %s: its note says \"%s\", expected \"%s\": install the right file", path,
            note->name, name);
    return C138_OK;
}

static c138_status open_checked(const char *path, int *ret_fd, c138_note *note,
                                struct c138_err *err) {
    const char *base = NULL;
    C138_CLOSE int folder = -1;
    c138_status status = open_folder(path, &folder, &base, err);
    if (status)
        return status;
    /* O_NONBLOCK: a fifo must not hold us up before we know what it is. */
    C138_CLOSE int fd = openat(folder, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return from_errno(err, "plugin", path);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return from_errno(err, "plugin", path);
    if (!S_ISREG(st.st_mode))
        return c138_error(err, C138_E_INVALID, "plugin.file",
                          "plugin %s: is not a regular file: take it away", path);
    if ((status = check_rights(&st, "plugin", path, err)) != C138_OK)
        return status;
    if ((status = elfnote_read(fd, note, err)) != C138_OK)
        return c138_error_prefix(err, status, "plugin %s", path);
    *ret_fd = fd;
    fd = -1;
    return C138_OK;
}

c138_status loader_open(const char *path, const char *name, int *ret_fd, c138_note *ret_note,
                        struct c138_err *err) {
    c138_note note;
    C138_CLOSE int fd = -1;
    c138_status status = open_checked(path, &fd, &note, err);
    if (status || (status = check_note(path, name, &note, err)) != C138_OK)
        return status;
    *ret_fd = fd;
    fd = -1;
    *ret_note = note;
    return C138_OK;
}

/* One row: refused files are rows too. */
static struct loader_file look_at(const char *path, const char *file_name) {
    struct loader_file f = {.path = c138_xstrdup(path)};
    struct c138_err err = {0};
    C138_CLOSE int fd = -1;
    c138_note note = {0};
    c138_status status = open_checked(path, &fd, &note, &err);
    if (status == C138_OK) {
        f.note = note;
        status = check_note(path, NULL, &note, &err);
    }
    f.name = note.name[0] ? c138_xstrdup(note.name)
                          : c138_xstrndup(file_name, strlen(file_name) - strlen(".so"));
    if (status) {
        f.refused = 1;
        f.reason = c138_xstrdup(err.text);
    }
    return f;
}

static int by_name(const void *a, const void *b) {
    const struct loader_file *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->path, y->path);
}

static void refuse_twins(struct loader_list *l) {
    for (size_t i = 0; i + 1 < l->count; i++) {
        struct loader_file *a = &l->files[i], *b = a + 1;
        if (strcmp(a->name, b->name) != 0 || !a->note.name[0] || !b->note.name[0])
            continue;
        struct loader_file *pair[2] = {a, b};
        for (int k = 0; k < 2; k++) {
            if (pair[k]->refused)
                continue;
            pair[k]->refused = 1;
            pair[k]->reason =
                c138_xasprintf("plugin %s: %s has the same name \"%s\": take one of them away",
                               pair[k]->path, pair[1 - k]->path, a->name);
        }
    }
}

static c138_status scan_folder(const char *folder, struct loader_list *l, struct c138_err *err) {
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT ? C138_OK : from_errno(err, "folder", folder);
    c138_status status = C138_OK;
    for (struct dirent *e = readdir(d); e && !status; e = readdir(d)) {
        if (e->d_name[0] == '.' || !c138_ends_with(e->d_name, ".so"))
            continue;
        if (l->count == MAX_FILES) {
            status =
                c138_error(err, C138_E_LIMIT, NULL,
                           "folder %s: more than %d plugins: take some away", folder, MAX_FILES);
            break;
        }
        C138_FREE char *path = c138_path_join(folder, e->d_name);
        l->files = c138_xrealloc(l->files, (l->count + 1) * sizeof *l->files);
        l->files[l->count++] = look_at(path, e->d_name);
    }
    (void)closedir(d);
    return status;
}

c138_status loader_scan(const char *const *dirs, struct loader_list *ret_list,
                        struct c138_err *err) {
    struct loader_list l = {0};
    for (size_t i = 0; dirs && dirs[i]; i++) {
        c138_status status = scan_folder(dirs[i], &l, err);
        if (status) {
            loader_list_deinit(&l);
            return status;
        }
    }
    if (l.count > 1)
        qsort(l.files, l.count, sizeof *l.files, by_name);
    refuse_twins(&l);
    *ret_list = l;
    return C138_OK;
}

void loader_list_deinit(struct loader_list *l) {
    for (size_t i = 0; i < l->count; i++) {
        free(l->files[i].path);
        free(l->files[i].name);
        free(l->files[i].reason);
    }
    free(l->files);
    *l = (struct loader_list){0};
}
