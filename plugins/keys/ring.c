#include "ring.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>
#include <wallet/nodekey.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 131072
#define KEYS_MAX 4096

struct ring {
    char *folder;
    const struct secret_host *host;
    struct ring_key *keys; /* sorted by name */
    size_t count;
    char **troubles;
    size_t n_troubles;
};

static const char *const kinds[] = {"account", "node", "tessera"};

const char *ring_kind_name(enum ring_kind kind) {
    return kinds[kind];
}

int ring_kind_of(const char *name) {
    for (size_t i = 0; i < C138_COUNT(kinds); i++)
        if (!strcmp(kinds[i], name))
            return (int)i;
    return -1;
}

c138_status ring_name_check(const char *name, struct c138_err *err) {
    size_t n = strlen(name);
    if (n && n < RING_NAME && name[0] != '-' && name[0] != '_' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n)
        return C138_OK;
    return c138_error(err, C138_E_INVALID, "keys.name",
                      "\"%.80s\" is no name for a key: up to %d of a-z, 0-9, - and _, beginning "
                      "with a letter or a digit",
                      name, RING_NAME - 1);
}

static size_t public_length(enum ring_kind kind) {
    return kind == RING_TESSERA ? 32 : 64;
}

/* --- Reading the folder ---------------------------------------------------------------------- */

static void trouble(struct ring *r, const char *file, const char *what) {
    r->troubles = c138_xrealloc(r->troubles, (r->n_troubles + 1) * sizeof(*r->troubles));
    r->troubles[r->n_troubles++] = c138_xasprintf("%s: %s", file, what);
}

static char *path_of(const struct ring *r, const char *name) {
    C138_FREE char *file = c138_xasprintf("%s.json", name);
    return c138_path_join(r->folder, file);
}

static c138_status read_file(const struct ring *r, const char *name, struct c138_json **ret,
                             struct c138_err *err) {
    C138_FREE char *path = path_of(r, name);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_status status = c138_file_read(path, FILE_MAX, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, ret, err);
    return status;
}

static c138_status key_of(const char *name, const struct c138_json *file, struct ring_key *ret,
                          struct c138_err *err) {
    const struct c138_json *ours = c138_json_get(file, "chain138");
    const char *public = c138_json_get_str(ours, "public", "");
    int kind = ring_kind_of(c138_json_get_str(ours, "kind", ""));
    size_t length = kind < 0 ? 0 : public_length((enum ring_kind)kind);
    *ret = (struct ring_key){.kind = (enum ring_kind)kind};
    if (kind < 0 || strlen(public) != 2 + 2 * length || !c138_starts_with(public, "0x") ||
        c138_hex_decode(public + 2, 2 * length, ret->public_key) < 0 ||
        c138_time_parse(c138_json_get_str(ours, "created", ""), &ret->created_ns) < 0)
        return c138_error(err, C138_E_INVALID, "keys.file",
                          "its member chain138 is missing or damaged: a foreign keystore comes in "
                          "with keys.import");
    (void)snprintf(ret->name, sizeof(ret->name), "%s", name);
    if (kind != RING_TESSERA)
        c138_address_of_key(ret->public_key, ret->address);
    return C138_OK;
}

static void insert(struct ring *r, const struct ring_key *key) {
    size_t at = 0;
    while (at < r->count && strcmp(r->keys[at].name, key->name) < 0)
        at++;
    r->keys = c138_xrealloc(r->keys, (r->count + 1) * sizeof(*r->keys));
    memmove(r->keys + at + 1, r->keys + at, (r->count - at) * sizeof(*r->keys));
    r->keys[at] = *key;
    r->count++;
}

static void take_entry(struct ring *r, const char *file) {
    struct c138_err err = {0};
    C138_JSON struct c138_json *content = NULL;
    struct ring_key key;
    size_t n = strlen(file);
    if (file[0] == '.' || !c138_ends_with(file, ".json"))
        return;
    C138_FREE char *name = c138_xstrndup(file, n - 5);
    c138_status status = ring_name_check(name, &err);
    if (status >= 0 && r->count >= KEYS_MAX)
        status = c138_error(&err, C138_E_LIMIT, NULL, "over %d keys", KEYS_MAX);
    if (status >= 0)
        status = read_file(r, name, &content, &err);
    if (status >= 0)
        status = key_of(name, content, &key, &err);
    if (status < 0)
        trouble(r, file, err.text);
    else
        insert(r, &key);
}

c138_status ring_open(const char *folder, const struct secret_host *host, struct ring **ret_ring,
                      struct c138_err *err) {
    c138_status status = c138_mkdir_p(folder, 0700, err);
    DIR *dir = status < 0 ? NULL : opendir(folder);
    if (!dir)
        return status < 0 ? status
                          : c138_error(err, C138_E_DENIED, "keys.folder", "%s: %s", folder,
                                       strerror(errno));
    struct ring *r = c138_xcalloc(1, sizeof(*r));
    r->folder = c138_xstrdup(folder);
    r->host = host;
    for (const struct dirent *e; (e = readdir(dir));)
        take_entry(r, e->d_name);
    (void)closedir(dir);
    *ret_ring = r;
    return C138_OK;
}

struct ring *ring_free(struct ring *r) {
    if (!r)
        return NULL;
    ring_lock(r, NULL);
    for (size_t i = 0; i < r->n_troubles; i++)
        free(r->troubles[i]);
    free(r->troubles);
    free(r->keys);
    free(r->folder);
    free(r);
    return NULL;
}

size_t ring_count(const struct ring *r) {
    return r->count;
}

const struct ring_key *ring_at(const struct ring *r, size_t index) {
    return &r->keys[index];
}

static struct ring_key *find(const struct ring *r, const char *name) {
    for (size_t i = 0; i < r->count; i++)
        if (!strcmp(r->keys[i].name, name))
            return &r->keys[i];
    return NULL;
}

const struct ring_key *ring_find(const struct ring *r, const char *name) {
    return find(r, name);
}

size_t ring_troubles(const struct ring *r) {
    return r->n_troubles;
}

const char *ring_trouble(const struct ring *r, size_t index) {
    return r->troubles[index];
}

/* --- Adding ---------------------------------------------------------------------------------- */

static c138_status public_of(const struct ring *r, enum ring_kind kind, const uint8_t *secret,
                             uint8_t ret_key[64], struct c138_err *err) {
    return kind == RING_TESSERA ? tesserakey_public(secret, ret_key, err)
                                : nodekey_public(r->host, secret, ret_key, err);
}

static c138_status make_secret(const struct ring *r, enum ring_kind kind,
                               const struct secret *given, struct secret *ret,
                               struct c138_err *err) {
    if (given && given->length != 32)
        return c138_error(err, C138_E_INVALID, "keys.length", "a key has 32 bytes");
    if (given)
        return secret_init_copy(ret, r->host, given->bytes, given->length, err);
    return kind == RING_TESSERA ? tesserakey_new(r->host, ret, err)
                                : nodekey_new(r->host, ret, err);
}

/* The file's JSON: sealed, with our member. */
static c138_status seal(const struct ring *r, const struct ring_key *key, const uint8_t *secret,
                        const struct secret *password, const struct ring_costs *costs,
                        struct c138_json **ret, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *sealed = NULL;
    struct c138_json *ours = c138_json_new_object();
    char hex[131] = "0x", time[C138_TIME_TEXT];
    c138_hex_encode(key->public_key, public_length(key->kind), hex + 2);
    c138_time_format(key->created_ns, time);
    c138_json_set_str(ours, "kind", kinds[key->kind]);
    c138_json_set_str(ours, "created", time);
    c138_json_set_str(ours, "public", hex);
    c138_status status = key->kind == RING_TESSERA
                             ? tesserakey_lock(r->host, secret, password->bytes, password->length,
                                               &costs->argon, &text, err)
                             : keystore_write(r->host, secret, password->bytes, password->length,
                                              &costs->kdf, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &sealed, err);
    if (status < 0) {
        c138_json_unref(ours);
        return status;
    }
    *ret = key->kind == RING_TESSERA ? c138_json_new_object() : c138_json_ref(sealed);
    if (key->kind == RING_TESSERA)
        c138_json_set(*ret, "config", c138_json_ref(sealed));
    c138_json_set(*ret, "chain138", ours);
    return C138_OK;
}

/* Beside, synced, then linked: link() does not replace. */
static c138_status write_file(const struct ring *r, const char *name, const struct c138_json *file,
                              struct c138_err *err) {
    C138_FREE char *path = path_of(r, name), *text = c138_json_dump(file);
    C138_FREE char *beside = c138_xasprintf("%s/.%s.part", r->folder, name);
    c138_status status = c138_file_write(beside, 0600, text, strlen(text), err);
    if (status < 0)
        return status;
    int linked = link(beside, path) == 0, error = errno;
    (void)unlink(beside);
    C138_CLOSE int dir = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (linked && (dir < 0 || fsync(dir) < 0)) {
        linked = 0;
        error = errno;
    }
    if (linked)
        return C138_OK;
    return error == EEXIST
               ? c138_error(err, C138_E_CONFLICT, "keys.exists",
                            "%s is there already: a key is never overwritten", path)
               : c138_error(err, C138_E_INTERNAL, "keys.file", "%s: %s", path, strerror(error));
}

static c138_status check_new(const struct ring *r, const struct ring_key *key,
                             struct c138_err *err) {
    for (size_t i = 0; i < r->count; i++)
        if (r->keys[i].kind == key->kind &&
            !memcmp(r->keys[i].public_key, key->public_key, public_length(key->kind)))
            return c138_error(err, C138_E_CONFLICT, "keys.exists",
                              "this key is there already, as %s", r->keys[i].name);
    return r->count < KEYS_MAX
               ? C138_OK
               : c138_error(err, C138_E_LIMIT, "keys.count", "there are %d keys already", KEYS_MAX);
}

c138_status ring_add(struct ring *r, const char *name, enum ring_kind kind,
                     const struct secret *secret, const struct secret *password,
                     const struct ring_costs *costs, int64_t now_ns,
                     const struct ring_key **ret_key, struct c138_err *err) {
    SECRET own = SECRET_NULL;
    C138_JSON struct c138_json *file = NULL;
    struct ring_key key = {.kind = kind, .created_ns = now_ns / C138_NS_PER_MS * C138_NS_PER_MS};
    c138_status status = ring_name_check(name, err);
    if (status >= 0 && find(r, name))
        status = c138_error(err, C138_E_CONFLICT, "keys.exists",
                            "there is a key %s already: a key is never overwritten", name);
    if (status >= 0 && !password->length)
        status = c138_error(err, C138_E_INVALID, "keys.password", "the password is empty");
    if (status >= 0)
        status = make_secret(r, kind, secret, &own, err);
    if (status >= 0)
        status = public_of(r, kind, own.bytes, key.public_key, err);
    if (status >= 0)
        status = check_new(r, &key, err);
    if (status >= 0)
        status = seal(r, &key, own.bytes, password, costs, &file, err);
    if (status >= 0)
        status = write_file(r, name, file, err);
    if (status < 0)
        return status;
    (void)snprintf(key.name, sizeof(key.name), "%s", name);
    if (kind != RING_TESSERA)
        c138_address_of_key(key.public_key, key.address);
    insert(r, &key);
    *ret_key = find(r, name);
    return C138_OK;
}

/* --- Opening --------------------------------------------------------------------------------- */

static c138_status open_sealed(const struct ring *r, enum ring_kind kind,
                               const struct c138_json *file, const struct secret *password,
                               struct secret *ret, struct c138_err *err) {
    C138_FREE char *text =
        c138_json_dump(kind == RING_TESSERA ? c138_json_get(file, "config") : file);
    return kind == RING_TESSERA ? tesserakey_open(r->host, text, strlen(text), password->bytes,
                                                  password->length, &TESSERAKEY_LIMITS, ret, err)
                                : keystore_open(r->host, text, strlen(text), password->bytes,
                                                password->length, &KEYSTORE_LIMITS, ret, NULL, err);
}

/* Opens it, and sees that it is the key that it is said to be. */
static c138_status open_as(const struct ring *r, const struct ring_key *key,
                           const struct c138_json *file, const struct secret *password,
                           struct secret *ret, struct c138_err *err) {
    SECRET secret = SECRET_NULL;
    uint8_t public_key[64];
    c138_status status = open_sealed(r, key->kind, file, password, &secret, err);
    if (status >= 0)
        status = public_of(r, key->kind, secret.bytes, public_key, err);
    if (status < 0)
        return c138_error_prefix(err, status, "key %s", key->name);
    if (memcmp(public_key, key->public_key, public_length(key->kind)) != 0)
        return c138_error(err, C138_E_CONFLICT, "keys.changed",
                          "the file of key %s holds another key than it says: it was changed",
                          key->name);
    *ret = secret_steal(&secret);
    return C138_OK;
}

c138_status ring_unlock(struct ring *r, const char *name, const struct secret *password,
                        const struct ring_key **ret_key, struct c138_err *err) {
    struct ring_key *key = find(r, name);
    C138_JSON struct c138_json *file = NULL;
    if (!key)
        return c138_error(err, C138_E_NOTFOUND, "keys.unknown",
                          "there is no key %.80s: keys.list shows those of this host", name);
    *ret_key = key;
    if (key->secret.bytes)
        return C138_OK;
    c138_status status = read_file(r, name, &file, err);
    return status < 0 ? status : open_as(r, key, file, password, &key->secret, err);
}

/* --- Copies ---------------------------------------------------------------------------------- */

c138_status ring_seal_copy(const struct ring *r, const struct ring_key *key,
                           const struct secret *password, const struct ring_costs *costs,
                           struct c138_json **ret_file, struct c138_err *err) {
    return seal(r, key, key->secret.bytes, password, costs, ret_file, err);
}

c138_status ring_open_copy(const struct ring *r, const char *name, const struct c138_json *file,
                           const struct secret *password, struct ring_key *ret_key,
                           struct c138_err *err) {
    struct ring_key key;
    c138_status status = ring_name_check(name, err);
    if (status >= 0)
        status = key_of(name, file, &key, err);
    if (status >= 0)
        status = open_as(r, &key, file, password, &key.secret, err);
    if (status >= 0)
        *ret_key = key;
    return status;
}

void ring_lock(struct ring *r, const char *name) {
    for (size_t i = 0; i < r->count; i++)
        if (!name || !strcmp(r->keys[i].name, name))
            secret_deinit(&r->keys[i].secret);
}
