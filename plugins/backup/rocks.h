/*
 * The proof of a copied database: librocksdb opens all its column families read-only, replays its
 * logs in memory, and reads every block with its checksum.
 *
 * Why the whole of it: Besu itself reads without verifying checksums, `sst_dump` and `ldb` answer
 * "ok" to flipped bits unless they are asked in one certain way, and opening alone touches a few
 * blocks. A file of a newer RocksDB than ours is no fault of the copy: C138_E_UNSUPPORTED.
 *
 * It is no proof that Besu goes on from there: drill.h.
 */
#ifndef BACKUP_ROCKS_H
#define BACKUP_ROCKS_H
#include <base/err.h>

#include <stdint.h>

struct rocks_proof {
    uint32_t families;
    uint64_t keys, bytes; /* of keys and values */
};

struct rocks_options {
    const char *folder;
    int (*cancelled)(void *user);
    void (*progress)(void *user, uint64_t bytes); /* read since the last call */
    void *user;
    /* Each pair; for tests that know what must be in it. NULL: none. */
    void (*on_pair)(void *user, const char *family, const char *key, size_t key_length,
                    const char *value, size_t value_length);
};

/* C138_E_CONFLICT "rocks.corrupt" with RocksDB's words; C138_E_UNSUPPORTED "rocks.newer". */
c138_status rocks_prove(const struct rocks_options *o, struct rocks_proof *ret,
                        struct c138_err *err);
#endif
