/*
 * plugins/chain/watch.h: one watch: the logs of a filter, followed for ever. One thread.
 *
 *   watch.c        what is done in one turn: tell what waits, compare with the chain, read on
 *   watch_state.c  what it knows, in memory and on disk
 *
 * What is promised. Every log that the filter means, of a block that has its confirmations and stays
 * in the chain, is told at least once, in the order of the chain. Over a crash of anything it may be
 * told again: who reads drops what has a key (block_hash, log_index) that he had. If the chain takes a
 * block back whose logs were told, each is told again with removed = true, the newest first; after
 * that the blocks that came in their place are read. Told means: published, and on the agent's disk.
 *
 * How. The blocks that may still be taken back (`final_blocks`) are read one by one, by hash, each
 * linked to the one before it by its parent hash, so that what is read is one chain and no mixture of
 * two. They and their logs are on disk before they are told: so what was told can be taken back also
 * after a crash. Older blocks are read in ranges (scan.h), and are not remembered: they are checkpoints
 * (number and hash) only. A reorg that is deeper than what is remembered goes back to such a checkpoint
 * and says so (`forgotten`).
 */
#ifndef CHAIN_WATCH_H
#define CHAIN_WATCH_H
#include "scan.h"

#define WATCH_NAME_MAX 63
#define WATCH_BLOCKS_MAX 1024 /* remembered with their logs, */
#define WATCH_LOGS_MAX 2000   /* and so many of these */
#define WATCH_OLDER_MAX 64    /* checkpoints beyond */
#define WATCH_AT_ONCE 32      /* blocks that are asked for one by one */
#define WATCH_EVENT_MAX 60000 /* bytes of an event; a log that is longer is told without its args */

struct watch_config {
    char *name, *event, *from; /* from: a number, "earliest" or "latest" */
    struct c138_json *addresses, *args;
    uint64_t confirmations, final_blocks, range_most;
};
void watch_config_deinit(struct watch_config *c);

/* The world, as a watch sees it. */
struct watch_io {
    void *user;
    const char *folder; /* of its state */
    /* `choose`: the best endpoint, which is then asked until it is chosen again. */
    c138_status (*ask)(void *user, int choose, struct c138_rpc_call *calls, size_t count,
                       struct c138_err *err);
    /* The endpoints have different chains: what is a reorg and what is not cannot be told. */
    int (*disagree)(void *user, char ret_text[256]);
    /* How many events may be told now without being lost. */
    size_t (*room)(void *user);
    c138_status (*tell)(void *user, const char *topic, const char *json);
    /* Durable when it returns: `value` under `name`, and all that was told before. */
    c138_status (*settle)(void *user, const char *name, const char *value, struct c138_err *err);
    char *(*recall)(void *user, const char *name); /* NULL: nothing; the caller frees it */
    void (*log)(void *user, int32_t level, const char *text);
};

struct watch_point { /* a block that was read */
    uint64_t number;
    uint8_t hash[32];
};

struct watch_block {
    struct watch_point at;
    struct c138_json *logs; /* array of events, NULL: none */
};

struct watch {
    struct watch_config config;
    struct log_filter filter;
    struct scan_range range;
    char digest[65]; /* of what is meant: with another the watch begins anew */
    int is_loaded;
    /* On disk, too: */
    char epoch[32];
    uint64_t first;     /* nothing before it is read */
    uint64_t seq, told; /* of the last event that was made; and that is told */
    int has_base;
    struct watch_point base; /* read up to here and beyond any reorg, but for deep ones */
    /* Logs of final blocks up to here may be told, though the checkpoint is not there yet. */
    int has_claim;
    struct watch_point claim;
    struct watch_point older[WATCH_OLDER_MAX];
    size_t n_older;
    struct watch_block tail[WATCH_BLOCKS_MAX + WATCH_AT_ONCE];
    size_t n_tail, n_logs;
    struct c138_json *undone; /* events that take back; array of {"topic","seq","data"} */
    uint64_t logs_total, reorgs_total;
    /* In memory only: */
    struct scan_part part; /* a range that is being told: rows are events already */
    uint64_t part_first;   /* its first sequence number */
    uint64_t head, saved;  /* the newest block of the endpoint; read up to, as of the last save */
    size_t at_once;        /* blocks that are asked for one by one */
    uint64_t logs_made, reorgs_made; /* by this process */
};

struct watch *watch_new(const struct watch_config *config /* taken */, struct c138_err *err);
struct watch *watch_free(struct watch *w); /* returns NULL */

#define WATCH_IDLE 0 /* nothing more is there to be read */
#define WATCH_MORE 1
#define WATCH_FULL 2 /* no room for events: later */
/* Does a piece of work; or a negative status, and later it goes on where it was. */
int watch_turn(struct watch *w, const struct watch_io *io, struct c138_err *err);
/* The last block that was read; 0: none. */
int watch_top(const struct watch *w, struct watch_point *ret_top);
uint64_t watch_next(const struct watch *w);
uint64_t
watch_behind(const struct watch *w); /* blocks that have their confirmations and are not read */

/* watch_state.c */
c138_status watch_load(struct watch *w, const struct watch_io *io, struct c138_err *err);
c138_status watch_save(struct watch *w, const struct watch_io *io, struct c138_err *err);
void watch_begin_anew(struct watch *w, uint64_t first);
/* A log's row as an event, with the next number. */
struct c138_json *watch_event(struct watch *w, const struct c138_json *row);
void watch_add_block(struct watch *w, const struct scan_block *block, struct c138_json *rows);
/* It is read up to here, and beyond any reorg. */
void watch_checkpoint(struct watch *w, const struct watch_point *p);
/* Forgets the blocks of the tail up to `final`, and those that are too many. */
void watch_slide(struct watch *w, uint64_t final);
/* Everything above the checkpoint goes, and what was told of it waits to be taken back. NULL: nothing
 * is left. */
void watch_take_back(struct watch *w, const struct watch_point *common);
/* Before the logs of a range are told; and when it is certain that they are in the chain. */
c138_status watch_put_claim(struct watch *w, const struct watch_io *io,
                            const struct watch_point *end, struct c138_err *err);
void watch_settle_claim(struct watch *w);
#endif
