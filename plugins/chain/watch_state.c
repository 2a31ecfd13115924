#include "watch.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/ulid.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATE_MAX (64u << 20)

void watch_config_deinit(struct watch_config *c) {
    free(c->name);
    free(c->event);
    free(c->from);
    (void)c138_json_unref(c->addresses);
    (void)c138_json_unref(c->args);
    *c = (struct watch_config){0};
}

static void digest(struct watch *w) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "event", w->config.event ? w->config.event : "");
    c138_json_set_str(o, "from", w->config.from);
    c138_json_set(o, "addresses", c138_json_ref(w->config.addresses));
    c138_json_set(o, "args", c138_json_ref(w->config.args));
    C138_FREE char *text = c138_json_canonical(o);
    c138_sha256_hex(text, strlen(text), w->digest);
}

struct watch *watch_new(const struct watch_config *config, struct c138_err *err) {
    struct watch *w = c138_xcalloc(1, sizeof(*w));
    w->config = *config;
    if (log_filter_init(&w->filter, config->event, config->addresses, config->args, err) < 0)
        return watch_free(w);
    scan_range_init(&w->range, config->range_most);
    w->at_once = WATCH_AT_ONCE;
    digest(w);
    w->undone = c138_json_new_array();
    return w;
}

static void forget(struct watch *w) {
    for (size_t i = 0; i < w->n_tail; i++)
        (void)c138_json_unref(w->tail[i].logs);
    w->n_tail = w->n_logs = w->n_older = 0;
    w->has_base = w->has_claim = 0;
    w->part.rows = c138_json_unref(w->part.rows);
}

struct watch *watch_free(struct watch *w) {
    if (!w)
        return NULL;
    forget(w);
    (void)c138_json_unref(w->undone);
    log_filter_deinit(&w->filter);
    watch_config_deinit(&w->config);
    free(w);
    return NULL;
}

void watch_begin_anew(struct watch *w, uint64_t first) {
    forget(w);
    (void)c138_json_unref(w->undone);
    w->undone = c138_json_new_array();
    c138_ulid(w->epoch);
    w->first = first;
    w->seq = w->told = w->logs_total = w->reorgs_total = 0;
}

int watch_top(const struct watch *w, struct watch_point *ret_top) {
    if (!w->n_tail && !w->has_base)
        return 0;
    *ret_top = w->n_tail ? w->tail[w->n_tail - 1].at : w->base;
    return 1;
}

uint64_t watch_next(const struct watch *w) {
    struct watch_point top;
    return watch_top(w, &top) && top.number + 1 > w->first ? top.number + 1 : w->first;
}

uint64_t watch_behind(const struct watch *w) {
    uint64_t next = watch_next(w), end = w->head + 2 - w->config.confirmations; /* one beyond */
    return w->head + 1 >= w->config.confirmations && end > next ? end - next : 0;
}

/* --- What was read --------------------------------------------------------------------------- */

struct c138_json *watch_event(struct watch *w, const struct c138_json *row) {
    struct c138_json *o = c138_json_copy(row);
    c138_json_set_str(o, "watch", w->config.name);
    c138_json_set_uint(o, "seq", ++w->seq);
    w->logs_total++;
    w->logs_made++;
    C138_FREE char *text = c138_json_dump(o);
    if (strlen(text) > WATCH_EVENT_MAX) {
        c138_json_remove(o, "args");
        c138_json_remove(o, "topics");
        c138_json_remove(o, "data");
        c138_json_set_str(o, "text", "too long for an event: chain logs shows it whole");
    }
    return o;
}

void watch_add_block(struct watch *w, const struct scan_block *block, struct c138_json *rows) {
    struct watch_block *b = &w->tail[w->n_tail++];
    *b = (struct watch_block){.at = {.number = block->number}};
    memcpy(b->at.hash, block->hash, 32);
    if (c138_json_count(rows))
        b->logs = c138_json_new_array();
    for (size_t i = 0; i < c138_json_count(rows); i++)
        c138_json_append(b->logs, watch_event(w, c138_json_at(rows, i)));
    w->n_logs += c138_json_count(rows);
    (void)c138_json_unref(rows);
}

/* The farther back, the fewer: every second of the older half goes. */
static void add_older(struct watch *w, const struct watch_point *p) {
    if (w->n_older == WATCH_OLDER_MAX) {
        size_t n = 0;
        for (size_t i = 0; i < w->n_older; i++)
            if (i >= WATCH_OLDER_MAX / 2 || i % 2 == 0)
                w->older[n++] = w->older[i];
        w->n_older = n;
    }
    w->older[w->n_older++] = *p;
}

void watch_checkpoint(struct watch *w, const struct watch_point *p) {
    if (w->has_base)
        add_older(w, &w->base);
    w->has_base = 1;
    w->base = *p;
}

void watch_slide(struct watch *w, uint64_t final) {
    size_t n = 0;
    while (n < w->n_tail && (w->tail[n].at.number <= final || w->n_tail - n > WATCH_BLOCKS_MAX ||
                             w->n_logs > WATCH_LOGS_MAX)) {
        watch_checkpoint(w, &w->tail[n].at);
        w->n_logs -= c138_json_count(w->tail[n].logs);
        (void)c138_json_unref(w->tail[n].logs);
        n++;
    }
    w->n_tail -= n;
    memmove(w->tail, w->tail + n, w->n_tail * sizeof(w->tail[0]));
}

/* --- What is taken back ---------------------------------------------------------------------- */

static void add_undone(struct watch *w, const char *topic, struct c138_json *data) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_uint(data, "seq", ++w->seq);
    c138_json_set_str(o, "topic", topic);
    c138_json_set_uint(o, "seq", w->seq);
    c138_json_set(o, "data", data);
    c138_json_append(w->undone, o);
}

static size_t undo_block(struct watch *w, struct watch_block *b) {
    size_t count = c138_json_count(b->logs);
    for (size_t i = count; i--;) {
        struct c138_json *o = c138_json_copy(c138_json_at(b->logs, i));
        c138_json_set_bool(o, "removed", 1);
        add_undone(w, "chain.log", o);
    }
    w->n_logs -= count;
    b->logs = c138_json_unref(b->logs);
    return count;
}

/* Logs above the checkpoint may have been told that are not remembered. */
static int are_forgotten(const struct watch *w, const struct watch_point *common) {
    uint64_t low = common ? common->number + 1 : 0, high = 0;
    if (w->has_claim)
        high = w->claim.number + 1;
    else if (w->n_tail)
        high = w->tail[0].at.number;
    else if (w->has_base)
        high = w->base.number + 1;
    return (low > w->first ? low : w->first) < high;
}

void watch_take_back(struct watch *w, const struct watch_point *common) {
    int forgotten = are_forgotten(w, common);
    struct c138_json *o = c138_json_new_object();
    struct watch_point top = {0};
    size_t count = 0;
    (void)watch_top(w, &top);
    while (w->n_tail && (!common || w->tail[w->n_tail - 1].at.number > common->number))
        count += undo_block(w, &w->tail[--w->n_tail]);
    if (!w->n_tail) {
        w->has_base = common != NULL;
        if (common)
            w->base = *common;
        while (w->n_older && (!common || w->older[w->n_older - 1].number >= common->number))
            w->n_older--;
    }
    w->has_claim = 0;
    w->reorgs_total++;
    w->reorgs_made++;
    c138_json_set_str(o, "watch", w->config.name);
    c138_json_set_uint(o, "block", common ? common->number : 0);
    c138_json_set_uint(o, "depth", top.number - (common ? common->number : 0));
    c138_json_set_uint(o, "logs", count);
    c138_json_set_bool(o, "forgotten", forgotten);
    add_undone(w, "chain.rolled-back", o);
}

c138_status watch_put_claim(struct watch *w, const struct watch_io *io,
                            const struct watch_point *end, struct c138_err *err) {
    if (!w->has_claim || end->number > w->claim.number)
        w->claim = *end;
    w->has_claim = 1;
    return watch_save(w, io, err);
}

void watch_settle_claim(struct watch *w) {
    struct watch_point top;
    if (w->has_claim && watch_top(w, &top) && top.number >= w->claim.number)
        w->has_claim = 0;
}

/* --- On disk --------------------------------------------------------------------------------- */

static struct c138_json *point_json(const struct watch_point *p) {
    struct c138_json *o = c138_json_new_object();
    C138_FREE char *hash = c138_hex_text(p->hash, 32);
    c138_json_set_uint(o, "number", p->number);
    c138_json_set_str(o, "hash", hash);
    return o;
}

static char *state_path(const struct watch *w, const struct watch_io *io) {
    C138_FREE char *name = c138_xasprintf("watch-%s.json", w->config.name);
    return c138_path_join(io->folder, name);
}

static struct c138_json *tail_json(const struct watch *w) {
    struct c138_json *list = c138_json_new_array();
    for (size_t i = 0; i < w->n_tail; i++) {
        struct c138_json *o = point_json(&w->tail[i].at);
        if (w->tail[i].logs)
            c138_json_set(o, "logs", c138_json_ref(w->tail[i].logs));
        c138_json_append(list, o);
    }
    return list;
}

c138_status watch_save(struct watch *w, const struct watch_io *io, struct c138_err *err) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    struct c138_json *older = c138_json_new_array();
    struct watch_point top = {0};
    for (size_t i = 0; i < w->n_older; i++)
        c138_json_append(older, point_json(&w->older[i]));
    c138_json_set_uint(o, "version", 1);
    c138_json_set_str(o, "digest", w->digest);
    c138_json_set_str(o, "epoch", w->epoch);
    c138_json_set_uint(o, "first", w->first);
    c138_json_set_uint(o, "seq", w->seq);
    c138_json_set_uint(o, "told", w->told);
    c138_json_set_uint(o, "logs_total", w->logs_total);
    c138_json_set_uint(o, "reorgs_total", w->reorgs_total);
    if (w->has_base)
        c138_json_set(o, "base", point_json(&w->base));
    if (w->has_claim)
        c138_json_set(o, "claim", point_json(&w->claim));
    c138_json_set(o, "older", older);
    c138_json_set(o, "tail", tail_json(w));
    c138_json_set(o, "undone", c138_json_ref(w->undone));
    C138_FREE char *path = state_path(w, io);
    C138_FREE char *text = c138_json_dump(o);
    c138_status status = c138_file_write(path, 0600, text, strlen(text), err);
    if (status < 0)
        return c138_error_prefix(err, status, "the checkpoint of watch %s", w->config.name);
    (void)watch_top(w, &top);
    w->saved = top.number;
    return C138_OK;
}

static int read_point(const struct c138_json *o, struct watch_point *ret) {
    const char *hash = c138_json_get_str(o, "hash", "");
    ret->number = c138_json_get_uint(o, "number", 0);
    return c138_json_has(o, "number") && strlen(hash) == 66 && c138_starts_with(hash, "0x") &&
           c138_hex_decode(hash + 2, 64, ret->hash) >= 0;
}

static int read_tail(struct watch *w, const struct c138_json *list) {
    if (c138_json_count(list) > C138_COUNT(w->tail))
        return 0;
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *o = c138_json_at(list, i);
        struct watch_block *b = &w->tail[w->n_tail];
        *b = (struct watch_block){0};
        if (!read_point(o, &b->at) || (i && b->at.number != w->tail[w->n_tail - 1].at.number + 1))
            return 0;
        w->n_tail++;
        b->logs = c138_json_ref(c138_json_get(o, "logs"));
        w->n_logs += c138_json_count(b->logs);
    }
    return 1;
}

static int read_state(struct watch *w, const struct c138_json *o) {
    const struct c138_json *older = c138_json_get(o, "older"), *base = c138_json_get(o, "base"),
                           *undone = c138_json_get(o, "undone"), *claim = c138_json_get(o, "claim");
    (void)snprintf(w->epoch, sizeof(w->epoch), "%s", c138_json_get_str(o, "epoch", ""));
    w->first = c138_json_get_uint(o, "first", 0);
    w->seq = c138_json_get_uint(o, "seq", 0);
    w->told = c138_json_get_uint(o, "told", 0);
    w->logs_total = c138_json_get_uint(o, "logs_total", 0);
    w->reorgs_total = c138_json_get_uint(o, "reorgs_total", 0);
    w->has_base = base != NULL;
    w->has_claim = claim != NULL;
    if (c138_json_get_uint(o, "version", 0) != 1 || !c138_ulid_valid(w->epoch) ||
        w->told > w->seq || c138_json_count(older) > WATCH_OLDER_MAX ||
        (base && !read_point(base, &w->base)) || (claim && !read_point(claim, &w->claim)) ||
        !read_tail(w, c138_json_get(o, "tail")))
        return 0;
    for (size_t i = 0; i < c138_json_count(older); i++)
        if (!read_point(c138_json_at(older, i), &w->older[w->n_older++]))
            return 0;
    for (size_t i = 0; i < c138_json_count(undone); i++)
        c138_json_append(w->undone, c138_json_ref(c138_json_at(undone, i)));
    return 1;
}

/* What the agent has on its disk of it, if that is of this state: it is ahead of the file where a
 * process died after it had told, and before it wrote. */
static c138_status recall_told(struct watch *w, const struct watch_io *io, struct c138_err *err) {
    C138_FREE char *text = io->recall(io->user, w->config.name);
    size_t length = strlen(w->epoch);
    uint64_t told = 0;
    if (text && !strncmp(text, w->epoch, length) && text[length] == ':' &&
        c138_parse_uint(text + length + 1, &told) >= 0 && told >= w->told && told <= w->seq) {
        w->told = told;
        return C138_OK;
    }
    /* Another's, or of a range that was not finished and is told again. */
    C138_FREE char *value = c138_xasprintf("%s:%" PRIu64, w->epoch, w->told);
    return io->settle(io->user, w->config.name, value, err);
}

c138_status watch_load(struct watch *w, const struct watch_io *io, struct c138_err *err) {
    C138_FREE char *path = state_path(w, io);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *o = NULL;
    watch_begin_anew(w, 0);
    w->epoch[0] = '\0'; /* until it is read */
    c138_status status = c138_file_read(path, STATE_MAX, &text, err);
    if (status == C138_E_NOTFOUND)
        return C138_OK;
    if (status < 0)
        return status;
    status = c138_json_parse(c138_buf_text(&text), text.length, &o, err);
    if (status >= 0 && strcmp(c138_json_get_str(o, "digest", ""), w->digest) != 0) {
        C138_FREE char *said = c138_xasprintf(
            "chain: watch %s means other logs than before: it begins anew", w->config.name);
        io->log(io->user, C138_LOG_NOTICE, said);
        return C138_OK;
    }
    if (status < 0 || !read_state(w, o)) {
        w->epoch[0] = '\0';
        return c138_error(
            err, C138_E_INVALID, "chain.watch",
            "%s is damaged: it says what watch %s has read: put a good copy there, or "
            "remove it, then all is told again",
            path, w->config.name);
    }
    return recall_told(w, io, err);
}
