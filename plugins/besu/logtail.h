/*
 * plugins/besu/logtail.h: what a validator's log tells about rounds, which no RPC method does.
 *
 * Lines read (Besu 25.5.0 and 26.8.0, default format, with or without colours):
 *   TIME | THREAD | LEVEL | RoundTimer | Moved to round R which will expire in S seconds
 *   TIME | THREAD | LEVEL | RoundChangeManager | BFT round summary (quorum = Q)
 *   TIME | THREAD | LEVEL | RoundChangeManager | Address: 0x...  Round: R [(Local node)]
 *   TIME | THREAD | LEVEL | CLASS | Imported|Produced [empty] block #N / ...
 *   TIME | THREAD | LEVEL | Besu | Starting Besu
 *   TIME | THREAD | ERROR | EventMultiplexer | State machine threw exception ...
 * TIME ends in +00:00 (25.x) or +0000 (26.x); numbers carry thousands separators. A round of 0 or 1
 * is never logged by RoundTimer. The parser is pure; the reader belongs to one thread.
 */
#ifndef BESU_LOGTAIL_H
#define BESU_LOGTAIL_H
#include "extradata.h"
#include <base/err.h>

struct besu_log_round {
    struct besu_address address;
    uint32_t round;
    int64_t since_ns; /* UTC, when a line first showed it in this round */
    int is_local;
};

/* What the lines so far say. Rounds and the timer belong to the height after `block`. */
struct besu_log_state {
    uint64_t block; /* highest block imported or produced, 0: none seen */
    int64_t block_ns;
    int64_t started_ns; /* last "Starting Besu", 0: not seen */
    int has_timer;
    uint32_t timer_round;
    int64_t timer_set_ns, timer_ends_ns;
    int64_t timeout_ns; /* of round 0, from the timers; 0: not seen */
    uint32_t quorum;    /* as the node states it; 0: not seen */
    struct besu_log_round rounds[BESU_VALIDATORS_MAX];
    uint32_t n_rounds;
    uint32_t encoding_errors; /* messages of other versions that it could not read */
    int64_t encoding_error_ns;
    int64_t last_ns; /* of the newest line */
};

/* Takes one line without its newline. */
void besu_log_line(struct besu_log_state *state, const char *line, size_t length);
/* 0 if the line does not begin with a time stamp in one of the two forms. */
int64_t besu_log_time(const char *line, size_t length);

struct besu_logtail;
struct besu_logtail *besu_logtail_new(const char *path);
struct besu_logtail *besu_logtail_free(struct besu_logtail *t);
/* Reads what was added since the last call, at most 1 MiB; the first call begins 256 KiB before the
 * end. Follows rotation (a new file under the name) and truncation. C138_E_NOTFOUND, C138_E_DENIED:
 * the file cannot be read (again tried at the next call). */
c138_status besu_logtail_poll(struct besu_logtail *t, struct c138_err *err);
const struct besu_log_state *besu_logtail_state(const struct besu_logtail *t);
#endif
