/*
 * Log files that programs keep open: copied aside, then emptied in place. A program that appends
 * (log4j's default, and what a shell's >> gives) goes on at the new end; nothing has to be told, and
 * nobody needs the right to signal it. What comes between the last byte copied and the emptying
 * would be lost, so the copy is brought up to the end again until nothing came any more.
 */
#include "files.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CHUNK 65536
#define LAPS_MAX 1000 /* a log that grows faster than it is copied is left alone */

struct rotation {
    c138_call *call;
    size_t rotated;
    uint64_t bytes;
};

static c138_status copy_rest(int from, int to, uint64_t *copied, const char *path,
                             struct c138_err *err) {
    char chunk[CHUNK];
    for (;;) {
        ssize_t n = pread(from, chunk, sizeof(chunk), (off_t)*copied);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return c138_error(err, C138_E_INTERNAL, "stack.rotate", "%s: reading: %s", path,
                              strerror(errno));
        if (n == 0)
            return C138_OK;
        for (ssize_t done = 0; done < n;) {
            ssize_t w = write(to, chunk + done, (size_t)(n - done));
            if (w < 0 && errno == EINTR)
                continue;
            if (w < 0)
                return c138_error(err, errno == ENOSPC ? C138_E_LIMIT : C138_E_INTERNAL,
                                  "stack.rotate", "%s: writing the copy: %s", path,
                                  strerror(errno));
            done += w;
        }
        *copied += (uint64_t)n;
    }
}

static c138_status empty(int from, int to, uint64_t *copied, const char *path,
                         struct c138_err *err) {
    struct stat st;
    if (fsync(to) != 0)
        return c138_error(err, C138_E_INTERNAL, "stack.rotate", "%s: the copy is not on disk: %s",
                          path, strerror(errno));
    for (int lap = 0; lap < LAPS_MAX; lap++) {
        c138_status status = copy_rest(from, to, copied, path, err);
        if (status < 0)
            return status;
        if (fstat(from, &st) == 0 && (uint64_t)st.st_size == *copied) {
            if (ftruncate(from, 0) != 0)
                return c138_error(err, C138_E_DENIED, "stack.rotate",
                                  "%s cannot be emptied: %s: give the agent's user the right to "
                                  "write it",
                                  path, strerror(errno));
            return fsync(to) == 0 ? C138_OK
                                  : c138_error(err, C138_E_INTERNAL, "stack.rotate",
                                               "%s: the end of the copy is not on disk", path);
        }
    }
    return c138_error(err, C138_E_BUSY, "stack.rotate",
                      "%s grows faster than it can be copied: turn its level down", path);
}

static c138_status rotate(struct rotation *r, const char *path, struct c138_err *err) {
    char stamp[32];
    time_t now = (time_t)(c138_now_utc_ns() / C138_NS_PER_S);
    struct tm t;
    uint64_t copied = 0;
    (void)gmtime_r(&now, &t);
    (void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &t);
    C138_CLOSE int from = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return c138_error(err, C138_E_DENIED, "stack.rotate",
                          "%s cannot be opened for writing: %s: give the agent's user the right to",
                          path, strerror(errno));
    C138_FREE char *copy = c138_xasprintf("%s.%s", path, stamp);
    C138_CLOSE int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (to < 0)
        return c138_error(err, C138_E_DENIED, "stack.rotate", "%s cannot be made: %s", copy,
                          strerror(errno));
    c138_status status = empty(from, to, &copied, path, err);
    if (status < 0) {
        (void)unlink(copy);
        return status;
    }
    c138_open_object(r->call, NULL);
    c138_set_str(r->call, "file", path);
    c138_set_str(r->call, "rotated", copy);
    c138_set_uint(r->call, "bytes", copied);
    c138_close(r->call);
    r->rotated++;
    r->bytes += copied;
    return C138_OK;
}

static c138_status on_file(void *user, const struct log_folder *l, const char *path,
                           const struct stat *st, struct c138_err *err) {
    struct rotation *r = user;
    int force = c138_int(r->call, "force") != 0;
    if (st->st_size == 0 || (!force && (uint64_t)st->st_size < l->max_bytes))
        return C138_OK;
    if (!r->call->dry_run)
        return rotate(r, path, err);
    c138_open_object(r->call, NULL);
    c138_set_str(r->call, "file", path);
    c138_set_uint(r->call, "bytes", (uint64_t)st->st_size);
    c138_close(r->call);
    return C138_OK;
}

c138_status stack_rotate_run(void *self, c138_call *call) {
    struct stack *s = self;
    struct c138_err err = {0};
    struct rotation r = {.call = call};
    c138_status status = C138_OK;
    if (s->settings.n_logs == 0)
        return c138_fail(call, C138_E_INVALID, "stack.no-logs",
                         "no log files are named: set logs in the plugin's section; what a "
                         "container prints is rotated by the engine (max-size)");
    c138_open_list(call, "files");
    for (size_t i = 0; status >= 0 && i < s->settings.n_logs; i++)
        status = files_each(&s->settings.logs[i], 0, on_file, &r, &err);
    c138_close(call);
    if (status < 0)
        return stack_fail(call, status, &err);
    c138_set_uint(call, "rotated", r.rotated);
    c138_set_uint(call, "bytes", r.bytes);
    return C138_OK;
}
