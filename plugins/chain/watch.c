#include "watch.h"

#include <base/mem.h>
#include <base/text.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SAVE_EACH 64 /* blocks without a log, until the checkpoint is written */
#define TELL_AT_ONCE 50

/* --- Asking ---------------------------------------------------------------------------------- */

struct asked {
    const struct watch_io *io;
    int choose;
};

static c138_status ask(void *user, struct c138_rpc_call *calls, size_t count,
                       struct c138_err *err) {
    struct asked *a = user;
    int choose = a->choose;
    a->choose = 0;
    return a->io->ask(a->io->user, choose, calls, count, err);
}

/* --- Telling --------------------------------------------------------------------------------- */

struct telling {
    struct watch *w;
    const struct watch_io *io;
    size_t room;
    uint64_t last; /* told, but not settled */
};

static c138_status tell_one(struct telling *t, const char *topic, uint64_t seq,
                            const struct c138_json *data, struct c138_err *err) {
    C138_FREE char *text = c138_json_dump(data);
    c138_status status = t->io->tell(t->io->user, topic, text);
    if (status < 0)
        return c138_error(err, status, "chain.watch", "watch %s: an event was not taken (%s)",
                          t->w->config.name, c138_status_key(status));
    t->last = seq;
    t->room--;
    return C138_OK;
}

static c138_status tell_list(struct telling *t, const struct c138_json *events,
                             struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t i = 0; i < c138_json_count(events) && t->room && status >= 0; i++) {
        const struct c138_json *o = c138_json_at(events, i);
        const char *topic = c138_json_get_str(o, "topic", NULL); /* else it is a log */
        uint64_t seq = c138_json_get_uint(o, "seq", 0);
        if (seq > t->last)
            status = tell_one(t, topic ? topic : "chain.log", seq,
                              topic ? c138_json_get(o, "data") : o, err);
    }
    return status;
}

/* What waits, in order: what is taken back comes before what was read since. */
static c138_status tell_some(struct telling *t, struct c138_err *err) {
    struct watch *w = t->w;
    c138_status status = tell_list(t, w->undone, err);
    for (size_t i = 0; i < w->n_tail && status >= 0; i++)
        status = tell_list(t, w->tail[i].logs, err);
    if (status >= 0)
        status = tell_list(t, w->part.rows, err);
    return status;
}

/* All that is told is on the agent's disk when it returns. */
static int tell(struct watch *w, const struct watch_io *io, struct c138_err *err) {
    struct telling t = {.w = w, .io = io, .room = io->room(io->user), .last = w->told};
    if (w->told == w->seq)
        return WATCH_IDLE;
    if (!t.room)
        return WATCH_FULL;
    if (t.room > TELL_AT_ONCE)
        t.room = TELL_AT_ONCE;
    c138_status status = tell_some(&t, err);
    if (status < 0)
        return status;
    C138_FREE char *value = c138_xasprintf("%s:%" PRIu64, w->epoch, t.last);
    status = io->settle(io->user, w->config.name, value, err);
    if (status < 0)
        return status;
    w->told = t.last;
    if (w->told == w->seq && c138_json_count(w->undone)) {
        (void)c138_json_unref(w->undone);
        w->undone = c138_json_new_array();
    }
    return WATCH_MORE;
}

/* --- The beginning --------------------------------------------------------------------------- */

static c138_status begin(struct watch *w, const struct watch_io *io,
                         const struct scan_source *source, struct c138_err *err) {
    struct scan_block block;
    uint64_t number = 0, head = 0;
    int latest = !strcmp(w->config.from, "latest");
    c138_status status = C138_OK;
    if (!latest && c138_parse_uint(w->config.from, &number) < 0 &&
        c138_parse_quantity(w->config.from, &number) < 0)
        number = 0;
    watch_begin_anew(w, number);
    if (latest) { /* from the next one on */
        status = scan_head(source, 0, &head, &block, err);
        if (status >= 0)
            status = scan_blocks(source, head, 1, &block, err);
        if (status >= 0 && !block.is_there)
            status = c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                                "the node does not give its own head");
        if (status < 0)
            return status;
        w->first = head + 1;
        w->has_base = 1;
        w->base.number = head;
        memcpy(w->base.hash, block.hash, 32);
    }
    return watch_save(w, io, err);
}

/* --- Reorgs ---------------------------------------------------------------------------------- */

/* Everything that is known, the newest first. */
static size_t known_points(const struct watch *w, uint64_t head, struct watch_point *ret) {
    size_t n = 0;
    for (size_t i = w->n_tail; i--;)
        if (w->tail[i].at.number <= head)
            ret[n++] = w->tail[i].at;
    if (w->has_base && w->base.number <= head)
        ret[n++] = w->base;
    for (size_t i = w->n_older; i--;)
        if (w->older[i].number <= head)
            ret[n++] = w->older[i];
    return n;
}

/* Index of the newest one that the chain has; n: none. Where it has one it has all before it. */
static c138_status newest_common(const struct scan_source *source, const struct watch_point *points,
                                 size_t n, size_t *ret_index, struct c138_err *err) {
    size_t low = 0, high = n;
    while (low < high) {
        struct scan_block block;
        size_t at = low == 0 && high > 16 ? 7 : (low + high) / 2; /* most are not deep */
        c138_status status = scan_blocks(source, points[at].number, 1, &block, err);
        if (status < 0)
            return status;
        if (!block.is_there)
            return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                              "the node has no block %" PRIu64 ", though its head is beyond",
                              points[at].number);
        if (!memcmp(block.hash, points[at].hash, 32))
            high = at;
        else
            low = at + 1;
    }
    *ret_index = low;
    return C138_OK;
}

static int roll_back(struct watch *w, const struct watch_io *io, const struct scan_source *source,
                     struct c138_err *err) {
    C138_FREE struct watch_point *points =
        c138_xcalloc(w->n_tail + WATCH_OLDER_MAX + 1, sizeof(*points));
    size_t n = known_points(w, w->head, points), at = n;
    char text[256];
    if (io->disagree(io->user, text))
        return c138_error(err, C138_E_CONFLICT, "chain.disagreement",
                          "the endpoints have different chains, so nothing is taken back: %s",
                          text);
    c138_status status = newest_common(source, points, n, &at, err);
    if (status < 0)
        return status;
    if (at == n && w->first > w->head + 1)
        w->first = 0; /* a chain that was begun anew */
    watch_take_back(w, at < n ? &points[at] : NULL);
    status = watch_save(w, io, err);
    return status < 0 ? status : WATCH_MORE;
}

static int is_behind(const struct watch *w, uint64_t read, struct c138_err *err) {
    return c138_error(err, C138_E_UNAVAILABLE, "chain.behind",
                      "the node is at block %" PRIu64 ", and block %" PRIu64
                      " was read already: it is waited for",
                      w->head, read);
}

/* What was told before a crash, of a range that is not finished: still the chain? */
static int check_claim(struct watch *w, const struct watch_io *io, const struct scan_source *source,
                       struct c138_err *err) {
    struct scan_block block;
    watch_settle_claim(w);
    if (!w->has_claim)
        return WATCH_IDLE;
    if (w->head < w->claim.number)
        return is_behind(w, w->claim.number, err);
    c138_status status = scan_blocks(source, w->claim.number, 1, &block, err);
    if (status < 0)
        return status;
    if (block.is_there && memcmp(block.hash, w->claim.hash, 32) != 0)
        return roll_back(w, io, source, err);
    return WATCH_IDLE;
}

/* What was read is still the chain? WATCH_IDLE: yes, and there may be more. */
static int compare(struct watch *w, const struct watch_io *io, const struct scan_source *source,
                   struct c138_err *err) {
    struct watch_point top = {0};
    struct scan_block block;
    int has_top = watch_top(w, &top);
    c138_status status = scan_head(source, top.number, &w->head, &block, err);
    if (status < 0 || !has_top)
        return status < 0 ? status : check_claim(w, io, source, err);
    if (w->head >= top.number && !block.is_there)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                          "the node has no block %" PRIu64 ", though its head is beyond",
                          top.number);
    if (w->head >= top.number)
        return !memcmp(block.hash, top.hash, 32) ? check_claim(w, io, source, err)
                                                 : roll_back(w, io, source, err);
    /* A node that is behind is no reorg, if what it has is what was read. */
    C138_FREE struct watch_point *points =
        c138_xcalloc(w->n_tail + WATCH_OLDER_MAX + 1, sizeof(*points));
    size_t n = known_points(w, w->head, points);
    if (!n)
        return is_behind(w, top.number, err);
    status = scan_blocks(source, points[0].number, 1, &block, err);
    if (status < 0)
        return status;
    if (block.is_there && memcmp(block.hash, points[0].hash, 32) != 0)
        return roll_back(w, io, source, err);
    return is_behind(w, top.number, err);
}

/* --- Reading on ------------------------------------------------------------------------------ */

/* Blocks beyond any reorg, in a range. They are told, and then they are a checkpoint. */
static int read_range(struct watch *w, const struct watch_io *io, const struct scan_source *source,
                      uint64_t last, struct c138_err *err) {
    struct scan_part part;
    c138_status status = scan_part(source, &w->filter, &w->range, watch_next(w), last, &part, err);
    if (status < 0)
        return status;
    struct watch_point end = {.number = part.to};
    memcpy(end.hash, part.hash, 32);
    if (c138_json_count(part.rows))
        status = watch_put_claim(w, io, &end, err);
    if (status < 0) {
        (void)c138_json_unref(part.rows);
        return status;
    }
    w->part = part;
    w->part.rows = c138_json_new_array();
    for (size_t i = 0; i < c138_json_count(part.rows); i++)
        c138_json_append(w->part.rows, watch_event(w, c138_json_at(part.rows, i)));
    (void)c138_json_unref(part.rows);
    return WATCH_MORE;
}

static int finish_range(struct watch *w, const struct watch_io *io, struct c138_err *err) {
    w->part.rows = c138_json_unref(w->part.rows);
    struct watch_point end = {.number = w->part.to};
    memcpy(end.hash, w->part.hash, 32);
    watch_checkpoint(w, &end);
    watch_settle_claim(w);
    c138_status status = watch_save(w, io, err);
    return status < 0 ? status : WATCH_MORE;
}

/* They follow each other, and the first follows what was read. */
static int are_linked(const struct watch *w, const struct scan_block *blocks, size_t count) {
    struct watch_point top;
    if (watch_top(w, &top) && top.number + 1 == blocks[0].number &&
        memcmp(top.hash, blocks[0].parent, 32) != 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (!blocks[i].is_there || (i && memcmp(blocks[i - 1].hash, blocks[i].parent, 32) != 0))
            return 0;
    return 1;
}

static int read_blocks(struct watch *w, const struct watch_io *io, const struct scan_source *source,
                       uint64_t last, struct c138_err *err) {
    struct scan_block blocks[WATCH_AT_ONCE];
    struct c138_json *rows[WATCH_AT_ONCE];
    uint64_t first = watch_next(w), seq = w->seq;
    size_t count = last - first + 1 < w->at_once ? (size_t)(last - first + 1) : w->at_once;
    c138_status status = scan_blocks(source, first, count, blocks, err);
    if (status < 0)
        return status;
    if (!are_linked(w, blocks, count))
        return c138_error(err, C138_E_BUSY, "chain.moving",
                          "the chain is just being reorganised at block %" PRIu64, first);
    status = scan_logs_of(source, &w->filter, blocks, count, rows, err);
    if (status < 0 && count > 1 && scan_is_too_much(NULL, err)) {
        w->at_once = count / 2;
        return WATCH_MORE;
    }
    if (status < 0)
        return status;
    w->at_once = w->at_once < WATCH_AT_ONCE / 2 ? 2 * w->at_once : WATCH_AT_ONCE;
    for (size_t i = 0; i < count; i++)
        watch_add_block(w, &blocks[i], rows[i]);
    if (w->seq != seq || blocks[count - 1].number >= w->saved + SAVE_EACH)
        status = watch_save(w, io, err);
    return status < 0 ? status : WATCH_MORE;
}

static int read_on(struct watch *w, const struct watch_io *io, const struct scan_source *source,
                   struct c138_err *err) {
    uint64_t final = w->head > w->config.final_blocks ? w->head - w->config.final_blocks : 0,
             next = watch_next(w);
    if (!watch_behind(w))
        return WATCH_IDLE;
    uint64_t last = w->head + 1 - w->config.confirmations;
    watch_slide(w, final);
    if (next <= final)
        return read_range(w, io, source, last < final ? last : final, err);
    return read_blocks(w, io, source, last, err);
}

int watch_turn(struct watch *w, const struct watch_io *io, struct c138_err *err) {
    struct asked asked = {.io = io, .choose = 1};
    const struct scan_source source = {.user = &asked, .ask = ask};
    c138_status status = w->is_loaded ? C138_OK : watch_load(w, io, err);
    if (status < 0)
        return status;
    w->is_loaded = 1;
    if (!w->epoch[0])
        status = begin(w, io, &source, err);
    if (status < 0) {
        w->epoch[0] = '\0';
        return status;
    }
    int did = tell(w, io, err);
    if (did != WATCH_IDLE)
        return did;
    if (w->part.rows)
        return finish_range(w, io, err);
    did = compare(w, io, &source, err);
    return did != WATCH_IDLE ? did : read_on(w, io, &source, err);
}
