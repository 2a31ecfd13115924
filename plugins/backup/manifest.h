/*
 * manifest.json: what a backup says of itself. It is written last, and a backup is what has one.
 *
 *   {"format": "chain138-backup/1", "id": ULID, "host", "engine": "archive"|"restic",
 *    "created", "finished": RFC 3339, "agent": version,
 *    "items": [{"name", "kind", "files", "bytes", "stored_bytes",
 *               archive: "object", "sums" (names of files), "sha256", "sums_sha256", "encrypted",
 *               restic: "folder" (where it was; the snapshot is the one that holds this manifest),
 *               "details": {...}}]}
 * details of chain data: method, tries, locked_ms, log_bytes, families, keys (what the proof read), genesis,
 * head_before and head_after {number, hash}, node_address; of a database: server version, tables with rows.
 *
 * It is read from places that others can write to: bounds and names are checked here, hashes later.
 */
#ifndef BACKUP_MANIFEST_H
#define BACKUP_MANIFEST_H
#include <base/json.h>

#define MANIFEST_FORMAT "chain138-backup/1"
#define MANIFEST_MAX_BYTES (4u << 20)

struct manifest_item {
    const char *name, *kind;
    uint64_t files, bytes, stored_bytes;
    const char *object, *sums, *sha256, *sums_sha256; /* archive */
    int encrypted;
    const char *folder; /* restic */
    const struct c138_json *details;
};

struct manifest {
    struct c138_json *json; /* owns what the rest points to */
    const char *id, *host, *engine;
    int64_t created_ns, finished_ns;
    struct manifest_item *items;
    size_t n_items;
    uint64_t bytes, stored_bytes, files;
};

/* C138_E_CONFLICT "manifest.damaged". */
c138_status manifest_parse(const char *text, size_t length, struct manifest **ret,
                           struct c138_err *err);
struct manifest *manifest_free(struct manifest *m); /* takes NULL, returns NULL */
static inline void manifest_freep(struct manifest **m) {
    (void)manifest_free(*m);
}
#define MANIFEST C138_CLEANUP(manifest_freep)
const struct manifest_item *manifest_item_of(const struct manifest *m, const char *name);
#endif
