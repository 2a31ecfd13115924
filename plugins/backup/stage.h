/*
 * A copy of a RocksDB directory that its owner goes on writing, without stopping the owner.
 *
 * Why it can be done: tables (*.sst) and blobs are never changed once they are whole; the MANIFEST
 * and the write-ahead logs are only added to; and every change of what belongs to the database adds
 * to the MANIFEST, or names another one in CURRENT. So CURRENT's text and the MANIFEST's length are
 * a sequence lock. Under it everything is linked, the lengths of the logs are noted, and the
 * MANIFEST is copied to the length that it had; if the lock moved meanwhile, all of it is thrown
 * away and done again. Only links and one small copy are made under the lock: it takes milliseconds
 * whatever the logs weigh.
 *
 * The lengths of the logs are noted from the newest log to the oldest. A log that has a successor is
 * complete; noted the other way round, what was written into the older one after its length was
 * noted would be missing before what the newer one holds: a hole that nothing reports.
 *
 * stage_settle() then makes each linked log a file of its own of exactly that length. A log that was
 * used anew meanwhile (recycle_log_file_num; Besu sets 16) is noticed, as its name in the source does
 * not lead to the linked file any more, and the copy is begun again.
 *
 * What is made is the picture that a power cut would have left at one instant. Whoever made it must
 * still prove it (rocks.h): that it opens is not enough, and drill.h says what is.
 */
#ifndef BACKUP_STAGE_H
#define BACKUP_STAGE_H
#include <base/err.h>

#include <stdint.h>

/* How bytes get into the copy. */
enum stage_way {
    STAGE_REFLINK, /* shared extents (XFS, Btrfs): the copy is independent at once */
    STAGE_LINK,    /* hard links: same mount, and a right to link the owner's files */
    STAGE_COPY     /* the bytes themselves: of a database that nobody writes */
};

struct stage_options {
    const char *source; /* the database's folder: it holds CURRENT */
    const char *into;   /* made; must not exist */
    enum stage_way way;
    uint32_t tries;       /* 0: 200 */
    int64_t backoff_ns;   /* first wait between two tries, doubled to 200 ms; 0: 10 ms */
    int (*cancelled)(void *user);
    /* For tests: called at each named point; may change the source. NULL: nothing. */
    void (*at)(void *user, const char *point);
    void *user;
};

struct stage_log {
    char name[64]; /* "000123.log" */
    uint64_t length, inode;
    int settled;
};

#define STAGE_LOGS_MAX 4096

struct stage_copy {
    enum stage_way way;
    uint32_t tries;       /* 1: the first was good */
    int64_t locked_ns;    /* of the good try: from reading the lock to reading it again */
    uint64_t files, bytes; /* of the whole copy, logs at their noted lengths */
    uint64_t log_bytes;
    uint32_t recycles; /* recycle_log_file_num of the newest OPTIONS file */
    struct stage_log *logs;
    size_t n_logs;
};

/* Is this a RocksDB folder? */
int stage_is_database(const char *folder);
/*
 * C138_E_UNSUPPORTED "stage.way": the file system cannot do it that way, try the next;
 * C138_E_DENIED "stage.denied": the user may not; C138_E_BUSY "stage.moving": it changed at each
 * try; C138_E_NOTFOUND; C138_E_LIMIT on a full disk. On failure `into` is not there.
 */
c138_status stage_take(const struct stage_options *o, struct stage_copy *ret, struct c138_err *err);
/* Logs become files of their own. C138_E_CONFLICT "stage.recycled": take it again. */
c138_status stage_settle(const struct stage_options *o, struct stage_copy *copy,
                         struct c138_err *err);
/* Both, and again where it has to be. */
c138_status stage_whole(const struct stage_options *o, struct stage_copy *ret,
                        struct c138_err *err);
void stage_copy_deinit(struct stage_copy *copy);
const char *stage_way_name(enum stage_way way);
#endif
