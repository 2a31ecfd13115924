#include "manifest.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/ulid.h>
#include <base/when.h>

#include <string.h>

#define ITEMS_MAX 256

static int is_name(const char *text, size_t max) {
    size_t n = text ? strlen(text) : 0;
    return n && n <= max && text[0] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
}

static int is_hex(const char *text) {
    return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static c138_status damaged(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_CONFLICT, "manifest.damaged",
                      "the manifest is damaged: %s: use another backup", what);
}

static c138_status read_archive(const struct c138_json *v, struct manifest_item *i,
                                struct c138_err *err) {
    i->object = c138_json_get_str(v, "object", NULL);
    i->sums = c138_json_get_str(v, "sums", NULL);
    i->sha256 = c138_json_get_str(v, "sha256", NULL);
    i->sums_sha256 = c138_json_get_str(v, "sums_sha256", NULL);
    i->encrypted = c138_json_get_bool(v, "encrypted", 0);
    return is_name(i->object, 64) && is_name(i->sums, 64) && is_hex(i->sha256) &&
                   is_hex(i->sums_sha256)
               ? C138_OK
               : damaged(err, "an item without its object or hashes");
}

static c138_status read_item(const struct manifest *m, const struct c138_json *v,
                             struct manifest_item *i, struct c138_err *err) {
    *i = (struct manifest_item){.name = c138_json_get_str(v, "name", NULL),
                                .kind = c138_json_get_str(v, "kind", NULL),
                                .files = c138_json_get_uint(v, "files", 0),
                                .bytes = c138_json_get_uint(v, "bytes", 0),
                                .stored_bytes = c138_json_get_uint(v, "stored_bytes", 0),
                                .folder = c138_json_get_str(v, "folder", NULL),
                                .details = c138_json_get(v, "details")};
    if (!is_name(i->name, 31) || !is_name(i->kind, 31))
        return damaged(err, "an item without a name");
    if (manifest_item_of(m, i->name) != i)
        return damaged(err, "two items of one name");
    if (!strcmp(m->engine, "archive"))
        return read_archive(v, i, err);
    return i->folder && c138_path_check(i->folder) >= 0
               ? C138_OK
               : damaged(err, "an item without its folder");
}

static c138_status read_head(struct manifest *m, struct c138_err *err) {
    const char *format = c138_json_get_str(m->json, "format", "");
    m->id = c138_json_get_str(m->json, "id", NULL);
    m->host = c138_json_get_str(m->json, "host", NULL);
    m->engine = c138_json_get_str(m->json, "engine", NULL);
    if (strcmp(format, MANIFEST_FORMAT))
        return damaged(err, "its format is not " MANIFEST_FORMAT);
    if (!m->id || !c138_ulid_valid(m->id) || !m->host || !*m->host || strlen(m->host) > 255 ||
        !m->engine || (strcmp(m->engine, "archive") && strcmp(m->engine, "restic")))
        return damaged(err, "id, host or engine is missing");
    return c138_time_parse(c138_json_get_str(m->json, "created", ""), &m->created_ns) < 0 ||
                   c138_time_parse(c138_json_get_str(m->json, "finished", ""), &m->finished_ns) < 0
               ? damaged(err, "its times cannot be read")
               : C138_OK;
}

static c138_status read_items(struct manifest *m, struct c138_err *err) {
    const struct c138_json *items = c138_json_get(m->json, "items");
    size_t count = c138_json_count(items);
    c138_status status = C138_OK;
    if (c138_json_type(items) != C138_JSON_ARRAY || !count || count > ITEMS_MAX)
        return damaged(err, "it has no items");
    m->items = c138_xcalloc(count, sizeof(*m->items));
    for (size_t k = 0; status >= 0 && k < count; k++) {
        m->n_items++;
        status = read_item(m, c138_json_at(items, k), &m->items[k], err);
        m->files += m->items[k].files;
        m->bytes += m->items[k].bytes;
        m->stored_bytes += m->items[k].stored_bytes;
    }
    return status;
}

c138_status manifest_parse(const char *text, size_t length, struct manifest **ret,
                           struct c138_err *err) {
    struct manifest *m = c138_xcalloc(1, sizeof(*m));
    struct c138_err inner = {0};
    c138_status status = length > MANIFEST_MAX_BYTES
                             ? damaged(err, "it is too large")
                             : c138_json_parse(text, length, &m->json, &inner);
    if (status < 0 && inner.status)
        status = damaged(err, inner.text);
    if (status >= 0)
        status = read_head(m, err);
    if (status >= 0)
        status = read_items(m, err);
    if (status < 0) {
        (void)manifest_free(m);
        return status;
    }
    *ret = m;
    return C138_OK;
}

struct manifest *manifest_free(struct manifest *m) {
    if (m) {
        c138_json_unref(m->json);
        free(m->items);
        free(m);
    }
    return NULL;
}

const struct manifest_item *manifest_item_of(const struct manifest *m, const char *name) {
    for (size_t i = 0; i < m->n_items; i++)
        if (c138_streq(m->items[i].name, name))
            return &m->items[i];
    return NULL;
}
