#include <base/json.h>
#include <base/text.h>
#include <store/store.h>

#include <inttypes.h>
#include <string.h>

#define KEY_MAX 255
#define VALUE_MAX (1u << 20)

static void bind_text(sqlite3_stmt *q, int at, const char *text) {
    sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

c138_status store_kv_get(struct store *s, const char *plugin, const char *key,
                         struct c138_buf *out) {
    sqlite3_stmt *q = store_stmt(s, "SELECT value FROM kv WHERE plugin=?1 AND key=?2");
    bind_text(q, 1, plugin);
    bind_text(q, 2, key);
    c138_status status = C138_E_NOTFOUND;
    c138_buf_reset(out);
    if (sqlite3_step(q) == SQLITE_ROW)
        status = c138_buf_add(out, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    sqlite3_reset(q);
    return status;
}

/* Bytes of keys and values of all but `key`. */
static uint64_t used(struct store *s, const char *plugin, const char *key) {
    sqlite3_stmt *q = store_stmt(
        s,
        "SELECT coalesce(sum(length(key) + length(value)), 0) FROM kv WHERE plugin=?1 AND key<>?2");
    bind_text(q, 1, plugin);
    bind_text(q, 2, key);
    uint64_t bytes = sqlite3_step(q) == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
    sqlite3_reset(q);
    return bytes;
}

c138_status store_kv_put(struct store *s, const char *plugin, const char *key, const void *value,
                         size_t length, uint64_t kv_max, struct c138_err *err) {
    size_t n = strlen(key);
    if (!n || n > KEY_MAX || !c138_utf8_valid(key, n))
        return c138_error(err, C138_E_INVALID, "kv.key", "a key is 1 to %d bytes of UTF-8",
                          KEY_MAX);
    if (length > VALUE_MAX)
        return c138_error(err, C138_E_LIMIT, "kv.value",
                          "value of \"%s\": %zu bytes are more than %u", key, length, VALUE_MAX);
    if (used(s, plugin, key) + n + length > kv_max)
        return c138_error(err, C138_E_LIMIT, "kv.full",
                          "plugin %s would keep more than %" PRIu64
                          " bytes (kv_max in its section)",
                          plugin, kv_max);
    store_write(s);
    sqlite3_stmt *q = store_stmt(s, "INSERT INTO kv(plugin, key, value) VALUES(?1, ?2, ?3)"
                                    " ON CONFLICT(plugin, key) DO UPDATE SET value=excluded.value");
    bind_text(q, 1, plugin);
    bind_text(q, 2, key);
    sqlite3_bind_blob64(q, 3, length ? value : "", length, SQLITE_TRANSIENT);
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    return rc == SQLITE_DONE
               ? C138_OK
               : c138_error(err, C138_E_INTERNAL, "kv.failed", "%s", sqlite3_errmsg(store_db(s)));
}

c138_status store_kv_remove(struct store *s, const char *plugin, const char *key) {
    store_write(s);
    sqlite3_stmt *q = store_stmt(s, "DELETE FROM kv WHERE plugin=?1 AND key=?2");
    bind_text(q, 1, plugin);
    bind_text(q, 2, key);
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    if (rc != SQLITE_DONE)
        return C138_E_INTERNAL;
    return sqlite3_changes(store_db(s)) ? C138_OK : C138_E_NOTFOUND;
}

struct c138_json *store_kv_list(struct store *s, const char *plugin, const char *prefix) {
    struct c138_json *keys = c138_json_new_array();
    sqlite3_stmt *q = store_stmt(
        s, "SELECT key FROM kv WHERE plugin=?1 AND substr(key, 1, length(?2))=?2 ORDER BY key");
    bind_text(q, 1, plugin);
    bind_text(q, 2, prefix);
    while (sqlite3_step(q) == SQLITE_ROW)
        c138_json_append(keys, c138_json_new_str((const char *)sqlite3_column_text(q, 0)));
    sqlite3_reset(q);
    return keys;
}
