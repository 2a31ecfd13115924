/* A folder as a store: FOLDER/HOST/ID/NAME; what is being made: FOLDER/.partial-HOST-ID. */
#include "store.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/ulid.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>

#define MANIFEST_NAME "manifest.json"

static char *folder_of(const struct store *s, const char *host, const char *id) {
    return c138_xasprintf("%s/%s/%s", s->config->path, host, id);
}

static char *object_of(const struct store *s, const char *host, const char *id, const char *name) {
    return c138_xasprintf("%s/%s/%s/%s", s->config->path, host, id, name);
}

static char *workplace(const struct store *s, const char *id) {
    return c138_xasprintf("%s/.partial-%s-%s", s->config->path, s->backup->host->host_name, id);
}

static c138_status publish(struct store *s, const char *id, const char *folder,
                           struct progress *progress, struct c138_err *err) {
    const char *host = s->backup->host->host_name;
    C138_FREE char *of_host = c138_path_join(s->config->path, host);
    C138_FREE char *to = folder_of(s, host, id);
    (void)progress;
    c138_status status = c138_mkdir_p(of_host, 0750, err);
    files_sync_folder(folder);
    return status < 0 ? status : files_move(folder, to, err);
}

static c138_status list(struct store *s, const char *host,
                        void (*on_id)(void *user, const char *id), void *user,
                        struct c138_err *err) {
    C138_FREE char *of_host = c138_path_join(s->config->path, host);
    DIR *dir = opendir(of_host);
    if (!dir && errno == ENOENT)
        return files_exists(s->config->path)
                   ? C138_OK
                   : c138_error(err, C138_E_UNAVAILABLE, "backup.target",
                                "%s is not there: make it, or mount what belongs there",
                                s->config->path);
    if (!dir)
        return files_fail(err, "listed", of_host);
    for (struct dirent *d; (d = readdir(dir));) {
        if (!c138_ulid_valid(d->d_name))
            continue;
        C138_FREE char *manifest = object_of(s, host, d->d_name, MANIFEST_NAME);
        if (files_exists(manifest))
            on_id(user, d->d_name);
    }
    (void)closedir(dir);
    return C138_OK;
}

static c138_status get(struct store *s, const char *host, const char *id, const char *name,
                       size_t max, struct c138_buf *out, struct c138_err *err) {
    C138_FREE char *path = object_of(s, host, id, name);
    return c138_file_read(path, max, out, err);
}

struct folder_source {
    struct pack_source source; /* first */
    struct pack_file file;
    char *path;
};

static c138_status read_source(struct pack_source *source, void *into, size_t max,
                               size_t *ret_length, struct c138_err *err) {
    struct folder_source *f = (struct folder_source *)source;
    return f->file.source.read(&f->file.source, into, max, ret_length, err);
}

static void close_source(struct pack_source *source) {
    struct folder_source *f = (struct folder_source *)source;
    pack_file_close(&f->file);
    free(f->path);
    free(f);
}

static c138_status open_source(struct store *s, const char *host, const char *id,
                               const char *name, struct pack_source **ret, struct c138_err *err) {
    struct folder_source *f = c138_xcalloc(1, sizeof(*f));
    f->source.read = read_source;
    f->path = object_of(s, host, id, name);
    c138_status status = pack_file_open(&f->file, f->path, err);
    if (status < 0) {
        close_source(&f->source);
        return status;
    }
    *ret = &f->source;
    return C138_OK;
}

static c138_status size(struct store *s, const char *host, const char *id, const char *name,
                        uint64_t *ret, struct c138_err *err) {
    C138_FREE char *path = object_of(s, host, id, name);
    struct stat st;
    if (lstat(path, &st) < 0)
        return files_fail(err, "found", path);
    *ret = (uint64_t)st.st_size;
    return C138_OK;
}

/* From the manifest on it is no backup any more; a crash in between leaves rubbish, not a lie. */
static c138_status remove_backup(struct store *s, const char *host, const char *id,
                                 struct c138_err *err) {
    C138_FREE char *folder = folder_of(s, host, id);
    C138_FREE char *manifest = object_of(s, host, id, MANIFEST_NAME);
    c138_status status = files_remove(manifest, err);
    files_sync_folder(folder);
    return status < 0 ? status : files_remove(folder, err);
}

static void free_store(struct store *s) {
    free(s);
}

static const struct store_ops folder_ops = {.workplace = workplace,
                                            .publish = publish,
                                            .list = list,
                                            .get = get,
                                            .open_source = open_source,
                                            .close_source = close_source,
                                            .size = size,
                                            .remove = remove_backup,
                                            .free = free_store};

c138_status store_folder_new(struct store **ret) {
    struct store *s = c138_xcalloc(1, sizeof(*s));
    s->ops = &folder_ops;
    *ret = s;
    return C138_OK;
}
