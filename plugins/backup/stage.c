#include "stage.h"

#include "files.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRIES 200
#define BACKOFF_NS (10 * C138_NS_PER_MS)
#define BACKOFF_MAX_NS (200 * C138_NS_PER_MS)
#define CURRENT_MAX 255
#define NAMES_MAX 4000000u
#define MOVED 1 /* it changed under us: once more */

/* One try: what was seen, and where it goes. */
struct try {
    const struct stage_options *o;
    int source, into; /* folders */
    char manifest[CURRENT_MAX + 1];
    uint64_t manifest_length;
    char **names;
    size_t n_names;
    struct stage_copy copy;
    struct c138_err *err;
};

const char *stage_way_name(enum stage_way way) {
    static const char *const names[] = {"reflink", "link", "copy"};
    return names[way];
}

void stage_copy_deinit(struct stage_copy *copy) {
    free(copy->logs);
    *copy = (struct stage_copy){0};
}

int stage_is_database(const char *folder) {
    C138_FREE char *current = c138_path_join(folder, "CURRENT");
    return files_exists(current);
}

static void point(const struct stage_options *o, const char *name) {
    if (o->at)
        o->at(o->user, name);
}

/* --- The lock --------------------------------------------------------------------------------- */

/* CURRENT's text without its newline, and the length of the MANIFEST that it names. */
static int read_lock(int source, char ret_manifest[CURRENT_MAX + 1], uint64_t *ret_length) {
    struct stat st;
    C138_CLOSE int fd = openat(source, "CURRENT", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, ret_manifest, CURRENT_MAX);
    if (n < 0)
        return -1;
    while (n && ret_manifest[n - 1] == '\n')
        n--;
    ret_manifest[n] = '\0';
    if (n == 0 || strchr(ret_manifest, '/') || fstatat(source, ret_manifest, &st, 0) < 0)
        return -1;
    *ret_length = (uint64_t)st.st_size;
    return 0;
}

static int lock_moved(const struct try *t) {
    char manifest[CURRENT_MAX + 1];
    uint64_t length = 0;
    return read_lock(t->source, manifest, &length) < 0 || length != t->manifest_length ||
           strcmp(manifest, t->manifest) != 0;
}

/* --- One file --------------------------------------------------------------------------------- */

static int fail(struct try *t, c138_status status, const char *key, const char *name,
                const char *what) {
    int e = errno;
    return (int)c138_error(t->err, status, key, "%s/%s cannot be %s: %s", t->o->source, name, what,
                           strerror(e));
}

static int refuse(struct try *t, const char *name, const char *what) {
    switch (errno) {
    case ENOENT:
        return MOVED;
    case EXDEV:
    case EOPNOTSUPP:
    case ENOTTY:
    case EINVAL:
    case EMLINK:
    case ENOSYS:
        return fail(t, C138_E_UNSUPPORTED, "stage.way", name, what);
    case EPERM:
    case EACCES:
        return fail(t, C138_E_DENIED, "stage.denied", name, what);
    case ENOSPC:
    case EDQUOT:
        return fail(t, C138_E_LIMIT, "stage.full", name, what);
    default:
        return fail(t, C138_E_INTERNAL, "stage.failed", name, what);
    }
}

/* The bytes as they are now, to `length` (UINT64_MAX: all). */
static int copy_now(struct try *t, const char *name, uint64_t length) {
    char piece[65536];
    C138_CLOSE int in = openat(t->source, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return refuse(t, name, "read");
    C138_CLOSE int out = openat(t->into, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (out < 0)
        return refuse(t, name, "copied");
    while (length) {
        ssize_t n = read(in, piece, length < sizeof(piece) ? (size_t)length : sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse(t, name, "read");
        if (n == 0)
            return length == UINT64_MAX ? 0 : MOVED;
        if (files_write_all(out, piece, (size_t)n) < 0)
            return refuse(t, name, "copied");
        length -= length == UINT64_MAX ? 0 : (uint64_t)n;
    }
    return 0;
}

static int reflink(struct try *t, const char *name) {
    C138_CLOSE int in = openat(t->source, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return refuse(t, name, "read");
    C138_CLOSE int out = openat(t->into, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (out < 0 || ioctl(out, FICLONE, in) < 0)
        return refuse(t, name, "cloned");
    return 0;
}

static int take(struct try *t, const char *name) {
    if (t->o->way == STAGE_REFLINK)
        return reflink(t, name);
    if (t->o->way == STAGE_COPY)
        return copy_now(t, name, UINT64_MAX);
    return linkat(t->source, name, t->into, name, 0) < 0 ? refuse(t, name, "linked") : 0;
}

/* --- What there is ---------------------------------------------------------------------------- */

static int is_table(const char *name) {
    return c138_ends_with(name, ".sst") || c138_ends_with(name, ".blob");
}

static int is_log(const char *name) {
    size_t n = strspn(name, "0123456789");
    return n > 0 && n < 32 && strcmp(name + n, ".log") == 0;
}

static int is_small(const char *name) {
    return c138_starts_with(name, "OPTIONS-") ? !c138_ends_with(name, ".dbtmp")
                                              : strcmp(name, "IDENTITY") == 0;
}

static uint64_t number_of(const char *name) {
    return strtoull(name, NULL, 10);
}

/* Logs last and the newest of them first: see the head of stage.h. */
static int by_order(const void *a, const void *b) {
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    if (is_log(x) != is_log(y))
        return is_log(x) - is_log(y);
    if (is_log(x))
        return number_of(x) < number_of(y) ? 1 : -1;
    return strcmp(x, y);
}

static int list(struct try *t) {
    size_t capacity = 0;
    DIR *dir = fdopendir(openat(t->source, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir)
        return fail(t, C138_E_INTERNAL, "stage.failed", "", "listed");
    for (struct dirent *d; (d = readdir(dir)) && t->n_names < NAMES_MAX;) {
        if (!is_table(d->d_name) && !is_log(d->d_name) && !is_small(d->d_name))
            continue;
        if (t->n_names == capacity) {
            capacity = capacity ? capacity * 2 : 256;
            t->names = c138_xrealloc(t->names, capacity * sizeof(*t->names));
        }
        t->names[t->n_names++] = c138_xstrdup(d->d_name);
    }
    (void)closedir(dir);
    if (t->n_names)
        qsort(t->names, t->n_names, sizeof(*t->names), by_order);
    return 0;
}

/* --- Logs ------------------------------------------------------------------------------------- */

static int take_log(struct try *t, const char *name) {
    struct stat st;
    if (t->copy.n_logs == STAGE_LOGS_MAX || strlen(name) >= sizeof(t->copy.logs->name))
        return (int)c138_error(t->err, C138_E_LIMIT, "stage.logs",
                               "%s holds more than %d write-ahead logs", t->o->source,
                               STAGE_LOGS_MAX);
    int result = take(t, name);
    if (result)
        return result;
    if (fstatat(t->into, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(t, C138_E_INTERNAL, "stage.failed", name, "looked at");
    t->copy.logs = c138_xrealloc(t->copy.logs, (t->copy.n_logs + 1) * sizeof(*t->copy.logs));
    struct stage_log *log = &t->copy.logs[t->copy.n_logs++];
    *log = (struct stage_log){.length = (uint64_t)st.st_size,
                              .inode = st.st_ino,
                              .settled = t->o->way != STAGE_LINK};
    (void)snprintf(log->name, sizeof(log->name), "%s", name);
    t->copy.log_bytes += log->length;
    point(t->o, "log");
    return 0;
}

/* --- One try ---------------------------------------------------------------------------------- */

static int take_all(struct try *t) {
    int result = 0;
    for (size_t i = 0; !result && i < t->n_names; i++) {
        const char *name = t->names[i];
        result = is_log(name)     ? take_log(t, name)
                 : is_table(name) ? take(t, name)
                                  : copy_now(t, name, UINT64_MAX);
        /* A temporary file or an old OPTIONS that went away is no change of the database. */
        if (result == MOVED && is_small(name))
            result = 0;
        if (t->o->cancelled && (i & 255) == 255 && t->o->cancelled(t->o->user))
            return (int)c138_error(t->err, C138_E_CANCELLED, "stage.cancelled",
                                   "%s: the copy was cancelled", t->o->source);
    }
    return result;
}

static int write_current(struct try *t) {
    C138_FREE char *text = c138_xasprintf("%s\n", t->manifest);
    C138_CLOSE int fd = openat(t->into, "CURRENT", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0 || files_write_all(fd, text, strlen(text)) < 0)
        return refuse(t, "CURRENT", "written");
    return 0;
}

static int attempt(struct try *t) {
    int64_t began = c138_now_monotonic_ns();
    if (read_lock(t->source, t->manifest, &t->manifest_length) < 0)
        return errno == ENOENT ? MOVED : fail(t, C138_E_INTERNAL, "stage.failed", "CURRENT", "read");
    point(t->o, "locked");
    int result = list(t);
    point(t->o, "listed");
    if (!result)
        result = take_all(t);
    point(t->o, "taken");
    if (!result)
        result = copy_now(t, t->manifest, t->manifest_length);
    if (!result)
        result = write_current(t);
    point(t->o, "manifest");
    if (!result && lock_moved(t))
        result = MOVED;
    t->copy.locked_ns = c138_now_monotonic_ns() - began;
    return result;
}

/* recycle_log_file_num, as the newest OPTIONS file has it. */
static uint32_t recycles(const char *folder) {
    char newest[64] = "";
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (is_small(d->d_name) && strlen(d->d_name) < sizeof(newest) &&
            c138_starts_with(d->d_name, "OPTIONS-") && strcmp(d->d_name, newest) > 0)
            (void)snprintf(newest, sizeof(newest), "%.63s", d->d_name);
    if (dir)
        (void)closedir(dir);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_FREE char *path = c138_path_join(folder, newest);
    if (!newest[0] || c138_file_read(path, 1u << 20, &text, NULL) < 0)
        return UINT32_MAX; /* not known: the careful way */
    const char *at = strstr(c138_buf_text(&text), "recycle_log_file_num=");
    return at ? (uint32_t)strtoul(at + strlen("recycle_log_file_num="), NULL, 10) : 0;
}

static c138_status count(const char *folder, struct stage_copy *copy, struct c138_err *err) {
    struct tree tree = TREE_NULL;
    c138_status status = tree_scan(folder, NULL, &tree, err);
    if (status < 0)
        return status;
    copy->files = tree.files;
    copy->bytes = 0;
    for (size_t i = 0; i < tree.count; i++)
        if (!is_log(tree.entries[i].path))
            copy->bytes += (uint64_t)tree.entries[i].st.st_size;
    copy->bytes += copy->log_bytes;
    tree_deinit(&tree);
    return C138_OK;
}

static void try_deinit(struct try *t) {
    for (size_t i = 0; i < t->n_names; i++)
        free(t->names[i]);
    free(t->names);
    if (t->into >= 0)
        (void)close(t->into);
    stage_copy_deinit(&t->copy);
}

/* 0, MOVED or an error; the folder is there only with 0. */
static int one_try(const struct stage_options *o, int source, struct stage_copy *ret,
                   struct c138_err *err) {
    struct try t = {.o = o, .source = source, .into = -1, .err = err};
    t.copy.way = o->way;
    int result = mkdir(o->into, 0750) < 0 ? (int)files_fail(err, "made", o->into) : 0;
    if (!result && (t.into = open(o->into, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        result = (int)files_fail(err, "opened", o->into);
    if (!result)
        result = attempt(&t);
    if (!result) {
        *ret = t.copy;
        t.copy = (struct stage_copy){0};
    } else {
        (void)files_remove(o->into, NULL);
    }
    try_deinit(&t);
    return result;
}

static void wait_ns(int64_t ns) {
    struct timespec t = {.tv_sec = ns / C138_NS_PER_S, .tv_nsec = ns % C138_NS_PER_S};
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static c138_status take_until_still(const struct stage_options *o, int source,
                                    struct stage_copy *ret, struct c138_err *err) {
    int64_t backoff = o->backoff_ns ? o->backoff_ns : BACKOFF_NS;
    uint32_t tries = o->tries ? o->tries : TRIES;
    for (uint32_t n = 1; n <= tries; n++) {
        int result = one_try(o, source, ret, err);
        if (result == 0)
            ret->tries = n;
        if (result != MOVED)
            return (c138_status)result;
        if (o->cancelled && o->cancelled(o->user))
            return c138_error(err, C138_E_CANCELLED, "stage.cancelled",
                              "%s: the copy was cancelled", o->source);
        /* The first tries follow at once: most often a single flush was in the way. */
        if (n > 3) {
            wait_ns(backoff);
            backoff = backoff * 2 < BACKOFF_MAX_NS ? backoff * 2 : BACKOFF_MAX_NS;
        }
    }
    return c138_error(err, C138_E_BUSY, "stage.moving",
                      "%s changed during each of %u copies: it is flushed or compacted without "
                      "pause; try again when the node is quieter, or use a snapshot hook",
                      o->source, tries);
}

c138_status stage_take(const struct stage_options *o, struct stage_copy *ret,
                       struct c138_err *err) {
    struct stage_copy copy = {0};
    C138_CLOSE int source = open(o->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source < 0)
        return files_fail(err, "opened", o->source);
    if (!stage_is_database(o->source))
        return c138_error(err, C138_E_NOTFOUND, "stage.no-database",
                          "%s holds no RocksDB database (there is no CURRENT): check the path",
                          o->source);
    if (files_exists(o->into))
        return c138_error(err, C138_E_CONFLICT, "stage.exists", "%s is there already", o->into);
    c138_status status = take_until_still(o, source, &copy, err);
    if (status >= 0)
        status = count(o->into, &copy, err);
    if (status < 0) {
        stage_copy_deinit(&copy);
        (void)files_remove(o->into, NULL);
        return status;
    }
    copy.recycles = recycles(o->into);
    *ret = copy;
    return C138_OK;
}

/* --- Settling --------------------------------------------------------------------------------- */

/* Did the bytes of the linked log stay what they were? Its name in the source still leads to it; or
 * it was deleted, where logs are never used anew. */
static int log_is_ours(const struct stage_options *o, const struct stage_copy *copy,
                       const struct stage_log *log) {
    struct stat st;
    C138_FREE char *path = c138_path_join(o->source, log->name);
    if (lstat(path, &st) == 0)
        return st.st_ino == log->inode;
    return errno == ENOENT && copy->recycles == 0;
}

static c138_status settle(const struct stage_options *o, const struct stage_copy *copy,
                          const struct stage_log *log, struct c138_err *err) {
    C138_FREE char *linked = c138_path_join(o->into, log->name);
    C138_FREE char *own = c138_xasprintf("%s.own", linked);
    c138_status status = files_copy(linked, own, log->length, 0640, err);
    point(o, "settling");
    if (status >= 0 && !log_is_ours(o, copy, log))
        status = c138_error(err, C138_E_CONFLICT, "stage.recycled",
                            "%s/%s was used anew while it was copied", o->source, log->name);
    if (status >= 0 && rename(own, linked) < 0)
        status = files_fail(err, "renamed", own);
    return status;
}

c138_status stage_settle(const struct stage_options *o, struct stage_copy *copy,
                         struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < copy->n_logs; i++) {
        if (copy->logs[i].settled)
            continue;
        status = settle(o, copy, &copy->logs[i], err);
        copy->logs[i].settled = status >= 0;
    }
    return status;
}

c138_status stage_whole(const struct stage_options *o, struct stage_copy *ret,
                        struct c138_err *err) {
    struct stage_copy copy = {0};
    c138_status status = C138_E_CONFLICT;
    for (uint32_t n = 0; status == C138_E_CONFLICT && n < 20; n++) {
        stage_copy_deinit(&copy);
        status = n ? files_remove(o->into, err) : C138_OK;
        if (status >= 0)
            status = stage_take(o, &copy, err);
        if (status >= 0)
            status = stage_settle(o, &copy, err);
    }
    if (status < 0) {
        stage_copy_deinit(&copy);
        (void)files_remove(o->into, NULL);
        return status;
    }
    *ret = copy;
    return C138_OK;
}
