/* A bucket as a store: PREFIX/HOST/ID/NAME; what is on its way: the spool, STATE/spool/ID. */
#include "s3.h"
#include "store.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/ulid.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MANIFEST_NAME "manifest.json"
#define PIECE (8u << 20)

struct s3_store {
    struct store store; /* first */
    struct s3 *s3;
};

static struct s3 *s3_of(struct store *s) {
    return ((struct s3_store *)s)->s3;
}

static char *key_of(const struct store *s, const char *host, const char *id, const char *name) {
    const char *prefix = s->config->prefix;
    return c138_xasprintf("%s%s%s/%s/%s", prefix ? prefix : "", prefix ? "/" : "", host, id, name);
}

static char *workplace(const struct store *s, const char *id) {
    return c138_path_join(s->backup->spool, id);
}

/* --- Publishing ------------------------------------------------------------------------------- */

static c138_status put_one(struct store *s, const char *id, const char *folder, const char *name,
                           struct c138_err *err) {
    C138_FREE char *key = key_of(s, s->backup->host->host_name, id, name);
    C138_FREE char *path = c138_path_join(folder, name);
    C138_FREE char *state = c138_xasprintf("%s.upload", path);
    return s3_put_file(s3_of(s), key, path, state, err);
}

/* The states of uploads lie beside the objects, and are no objects. */
static int is_object(const char *name) {
    return name[0] != '.' && !c138_ends_with(name, ".upload") && !c138_ends_with(name, ".upload.1") &&
           !c138_ends_with(name, ".new") && strcmp(name, MANIFEST_NAME) != 0;
}

static c138_status publish(struct store *s, const char *id, const char *folder,
                           struct progress *progress, struct c138_err *err) {
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    c138_status status = count < 0 ? files_fail(err, "listed", folder) : C138_OK;
    s3_watch(s3_of(s), progress_cancelled, progress_add, progress);
    for (int n = 0; n < count; n++) {
        if (status >= 0 && is_object(names[n]->d_name))
            status = put_one(s, id, folder, names[n]->d_name, err);
        free(names[n]);
    }
    free(names);
    if (status >= 0)
        status = put_one(s, id, folder, MANIFEST_NAME, err);
    s3_watch(s3_of(s), NULL, NULL, NULL);
    return status < 0 ? status : files_remove(folder, err);
}

/* --- Looking ---------------------------------------------------------------------------------- */

struct listing {
    size_t skip; /* bytes before the id */
    void (*on_id)(void *user, const char *id);
    void *user;
};

static void on_key(void *user, const char *key, uint64_t size) {
    struct listing *l = user;
    char id[C138_ULID_TEXT];
    (void)size;
    if (strlen(key) != l->skip + C138_ULID_TEXT - 1 + 1 + strlen(MANIFEST_NAME) ||
        strcmp(key + l->skip + C138_ULID_TEXT - 1, "/" MANIFEST_NAME) != 0)
        return;
    (void)snprintf(id, sizeof(id), "%s", key + l->skip);
    if (c138_ulid_valid(id))
        l->on_id(l->user, id);
}

static c138_status list(struct store *s, const char *host,
                        void (*on_id)(void *user, const char *id), void *user,
                        struct c138_err *err) {
    const char *prefix = s->config->prefix;
    C138_FREE char *before =
        c138_xasprintf("%s%s%s/", prefix ? prefix : "", prefix ? "/" : "", host);
    struct listing l = {.skip = strlen(before), .on_id = on_id, .user = user};
    return s3_list(s3_of(s), before, on_key, &l, err);
}

static c138_status size(struct store *s, const char *host, const char *id, const char *name,
                        uint64_t *ret, struct c138_err *err) {
    C138_FREE char *key = key_of(s, host, id, name);
    return s3_size(s3_of(s), key, ret, err);
}

/* --- Reading ---------------------------------------------------------------------------------- */

struct s3_source {
    struct pack_source source; /* first */
    struct s3 *s3;
    char *key;
    uint64_t offset, size;
    struct c138_buf piece;
    size_t at;
};

static c138_status refill(struct s3_source *f, struct c138_err *err) {
    f->at = 0;
    c138_buf_reset(&f->piece);
    if (f->offset == f->size)
        return C138_OK;
    c138_status status = s3_get(f->s3, f->key, f->offset, PIECE, &f->piece, err);
    if (status >= 0 && f->piece.length == 0)
        return c138_error(err, C138_E_CONFLICT, "pack.damaged", "%s ends too early", f->key);
    f->offset += f->piece.length;
    return status;
}

static c138_status read_source(struct pack_source *source, void *into, size_t max,
                               size_t *ret_length, struct c138_err *err) {
    struct s3_source *f = (struct s3_source *)source;
    if (f->at == f->piece.length) {
        c138_status status = refill(f, err);
        if (status < 0)
            return status;
    }
    size_t left = f->piece.length - f->at;
    *ret_length = left < max ? left : max;
    if (*ret_length)
        memcpy(into, f->piece.data + f->at, *ret_length);
    f->at += *ret_length;
    return C138_OK;
}

static void close_source(struct pack_source *source) {
    struct s3_source *f = (struct s3_source *)source;
    c138_buf_deinit(&f->piece);
    free(f->key);
    free(f);
}

static c138_status open_source(struct store *s, const char *host, const char *id,
                               const char *name, struct pack_source **ret, struct c138_err *err) {
    struct s3_source *f = c138_xcalloc(1, sizeof(*f));
    f->source.read = read_source;
    f->s3 = s3_of(s);
    f->key = key_of(s, host, id, name);
    c138_status status = s3_size(f->s3, f->key, &f->size, err);
    if (status < 0) {
        close_source(&f->source);
        return status;
    }
    *ret = &f->source;
    return C138_OK;
}

static c138_status get(struct store *s, const char *host, const char *id, const char *name,
                       size_t max, struct c138_buf *out, struct c138_err *err) {
    struct pack_source *source = NULL;
    char piece[16384];
    size_t length = 1;
    c138_status status = open_source(s, host, id, name, &source, err);
    c138_buf_reset(out);
    while (status >= 0 && length) {
        status = read_source(source, piece, sizeof(piece), &length, err);
        if (status >= 0 && (out->length + length > max || c138_buf_add(out, piece, length) < 0))
            status = c138_error(err, C138_E_LIMIT, "s3.answer", "%s is larger than %zu bytes", name,
                                max);
    }
    if (source)
        close_source(source);
    return status;
}

/* --- Removing --------------------------------------------------------------------------------- */

struct keys {
    char **list;
    size_t count, capacity;
};

static void keep_key(void *user, const char *key, uint64_t bytes) {
    struct keys *k = user;
    (void)bytes;
    if (k->count == k->capacity) {
        k->capacity = k->capacity ? k->capacity * 2 : 16;
        k->list = c138_xrealloc(k->list, k->capacity * sizeof(*k->list));
    }
    k->list[k->count++] = c138_xstrdup(key);
}

static c138_status remove_backup(struct store *s, const char *host, const char *id,
                                 struct c138_err *err) {
    C138_FREE char *manifest = key_of(s, host, id, MANIFEST_NAME);
    C138_FREE char *below = key_of(s, host, id, "");
    struct keys all = {0};
    c138_status status = s3_delete(s3_of(s), manifest, err);
    if (status >= 0)
        status = s3_list(s3_of(s), below, keep_key, &all, err);
    for (size_t i = 0; i < all.count; i++) {
        if (status >= 0)
            status = s3_delete(s3_of(s), all.list[i], err);
        free(all.list[i]);
    }
    free(all.list);
    return status;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void free_store(struct store *s) {
    (void)s3_free(s3_of(s));
    free(s);
}

static const struct store_ops s3_ops = {.workplace = workplace,
                                        .publish = publish,
                                        .list = list,
                                        .get = get,
                                        .open_source = open_source,
                                        .close_source = close_source,
                                        .size = size,
                                        .remove = remove_backup,
                                        .free = free_store};

static void wipe_free(char *text) {
    if (text)
        c138_wipe(text, strlen(text));
    free(text);
}

c138_status store_s3_new(struct backup *b, c138_call *call, const struct target_config *config,
                         struct store **ret, struct c138_err *err) {
    struct s3_store *s = c138_xcalloc(1, sizeof(*s));
    char *access_key = NULL, *secret_key = NULL;
    c138_status status = backup_secret(b, call, config->access_key, &access_key, err);
    if (status >= 0)
        status = backup_secret(b, call, config->secret_key, &secret_key, err);
    if (status >= 0) {
        const struct s3_options o = {.url = config->url,
                                     .bucket = config->bucket,
                                     .region = config->region,
                                     .access_key = access_key,
                                     .secret_key = secret_key,
                                     .ca_file = config->ca_file,
                                     .part_bytes = config->part_bytes,
                                     .lock_mode = config->lock_mode,
                                     .lock_ns = config->lock_ns};
        status = s3_new(&o, &s->s3, err);
    }
    wipe_free(access_key);
    wipe_free(secret_key);
    if (status < 0) {
        free(s);
        return status;
    }
    s->store.ops = &s3_ops;
    *ret = &s->store;
    return C138_OK;
}
