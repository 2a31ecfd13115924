#include "rocks.h"

#include <base/fs.h>
#include <base/mem.h>

#include <rocksdb/c.h>
#include <string.h>

#define OPEN_FILES 128
#define READAHEAD (1u << 20)
#define LOOK_EVERY 4096

struct prover {
    const struct rocks_options *o;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *read;
    char **names;
    size_t n_names;
    rocksdb_column_family_handle_t **handles;
    rocksdb_t *db;
    struct rocks_proof proof;
    struct c138_err *err;
};

/* RocksDB's words, taken over from it. */
static c138_status corrupt(struct prover *p, char *text) {
    int newer = strstr(text, "Not implemented") || strstr(text, "unknown checksum type") ||
                strstr(text, "Unknown Footer version") || strstr(text, "format_version") ||
                strstr(text, "unsupported");
    c138_status status =
        newer ? c138_error(p->err, C138_E_UNSUPPORTED, "rocks.newer",
                           "%s was written by a newer RocksDB than this agent's: %s: the copy was "
                           "not checked; update librocksdb",
                           p->o->folder, text)
              : c138_error(p->err, C138_E_CONFLICT, "rocks.corrupt",
                           "%s is not whole: %s: do not use this copy", p->o->folder, text);
    rocksdb_free(text);
    return status;
}

static c138_status open_all(struct prover *p) {
    char *text = NULL;
    p->options = rocksdb_options_create();
    rocksdb_options_set_paranoid_checks(p->options, 1);
    rocksdb_options_set_max_open_files(p->options, OPEN_FILES);
    rocksdb_options_set_info_log_level(p->options, 4);
    p->names = rocksdb_list_column_families(p->options, p->o->folder, &p->n_names, &text);
    if (text)
        return corrupt(p, text);
    p->handles = c138_xcalloc(p->n_names, sizeof(*p->handles));
    const rocksdb_options_t **each = c138_xcalloc(p->n_names, sizeof(*each));
    for (size_t i = 0; i < p->n_names; i++)
        each[i] = p->options;
    p->db = rocksdb_open_for_read_only_column_families(
        p->options, p->o->folder, (int)p->n_names, (const char *const *)p->names, each, p->handles,
        0, &text);
    free(each);
    return text ? corrupt(p, text) : C138_OK;
}

static c138_status look(struct prover *p, uint64_t *seen) {
    if (p->o->progress)
        p->o->progress(p->o->user, *seen);
    *seen = 0;
    return p->o->cancelled && p->o->cancelled(p->o->user)
               ? c138_error(p->err, C138_E_CANCELLED, "rocks.cancelled",
                            "%s: the check was cancelled", p->o->folder)
               : C138_OK;
}

static c138_status read_family(struct prover *p, size_t i) {
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(p->db, p->read, p->handles[i]);
    c138_status status = C138_OK;
    uint64_t seen = 0;
    for (rocksdb_iter_seek_to_first(it); status >= 0 && rocksdb_iter_valid(it);
         rocksdb_iter_next(it)) {
        size_t key_length = 0, value_length = 0;
        const char *key = rocksdb_iter_key(it, &key_length);
        const char *value = rocksdb_iter_value(it, &value_length);
        p->proof.keys++;
        p->proof.bytes += key_length + value_length;
        seen += key_length + value_length;
        if (p->o->on_pair)
            p->o->on_pair(p->o->user, p->names[i], key, key_length, value, value_length);
        if (p->proof.keys % LOOK_EVERY == 0)
            status = look(p, &seen);
    }
    char *text = NULL;
    rocksdb_iter_get_error(it, &text);
    rocksdb_iter_destroy(it);
    if (text && status >= 0)
        return corrupt(p, text);
    rocksdb_free(text);
    return status < 0 ? status : look(p, &seen);
}

static void prover_deinit(struct prover *p) {
    for (size_t i = 0; p->db && i < p->n_names; i++)
        rocksdb_column_family_handle_destroy(p->handles[i]);
    if (p->db)
        rocksdb_close(p->db);
    free(p->handles);
    if (p->names)
        rocksdb_list_column_families_destroy(p->names, p->n_names);
    if (p->read)
        rocksdb_readoptions_destroy(p->read);
    rocksdb_options_destroy(p->options);
}

c138_status rocks_prove(const struct rocks_options *o, struct rocks_proof *ret,
                        struct c138_err *err) {
    struct prover p = {.o = o, .err = err};
    c138_status status = open_all(&p);
    if (status >= 0) {
        p.read = rocksdb_readoptions_create();
        rocksdb_readoptions_set_verify_checksums(p.read, 1);
        rocksdb_readoptions_set_fill_cache(p.read, 0);
        rocksdb_readoptions_set_readahead_size(p.read, READAHEAD);
        rocksdb_readoptions_set_total_order_seek(p.read, 1);
        p.proof.families = (uint32_t)p.n_names;
    }
    for (size_t i = 0; status >= 0 && i < p.n_names; i++)
        status = read_family(&p, i);
    if (status >= 0)
        *ret = p.proof;
    prover_deinit(&p);
    return status;
}
