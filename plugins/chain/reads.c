/* Logs that somebody asks for once, and how the watches are. */
#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WITHOUT_FROM 1000               /* blocks that are read if nobody says from where */
#define BYTES_MAX (6u << 20)            /* of an answer */
#define RESERVE_NS (10 * C138_NS_PER_S) /* kept of the time, to answer with what is there */

/* --- chain.logs ------------------------------------------------------------------------------ */

struct reading {
    struct chain *c;
    size_t endpoint;
    int chosen;
    struct log_filter filter;
    uint64_t from, to, head, next;
    uint64_t limit;
    struct c138_json *rows;
    size_t bytes;
    char text[160]; /* why not all is there */
};

static c138_status ask(void *user, struct c138_rpc_call *calls, size_t count,
                       struct c138_err *err) {
    struct reading *r = user;
    if (r->chosen)
        return endpoints_batch_at(r->c->endpoints, r->endpoint, calls, count, err);
    c138_status status = endpoints_batch(r->c->endpoints, calls, count, &r->endpoint, err);
    r->chosen = status >= 0;
    return status;
}

static c138_status take_filter(struct reading *r, c138_call *call, struct c138_err *err) {
    C138_JSON struct c138_json *addresses = ask_args(call, "address"),
                               *args = ask_args(call, "args");
    const char *event = c138_has(call, "event") ? c138_str(call, "event") : NULL;
    if (!c138_has(call, "watch"))
        return log_filter_init(&r->filter, event, addresses, args, err);
    const struct watch_config *w = watches_find(r->c, c138_str(call, "watch"));
    if (!w)
        return c138_error(err, C138_E_NOTFOUND, "chain.watch",
                          "there is no watch %.63s: chain watches lists them",
                          c138_str(call, "watch"));
    if (event || c138_json_count(addresses) || c138_json_count(args))
        return c138_error(err, C138_E_INVALID, "chain.watch",
                          "a watch says which logs are meant: leave address, event and args out");
    return log_filter_init(&r->filter, w->event, w->addresses, w->args, err);
}

/* A tag whose block only the node knows. */
static c138_status ask_tag(struct reading *r, const char *tag, uint64_t *ret,
                           struct c138_err *err) {
    struct c138_json *params = c138_json_new_array();
    struct c138_rpc_call call = {.method = "eth_getBlockByNumber", .params = params};
    c138_json_append(params, c138_json_new_str(tag));
    c138_json_append(params, c138_json_new_bool(0));
    c138_status status = ask(r, &call, 1, err);
    if (status >= 0 && c138_parse_quantity(c138_json_get_str(call.result, "number", ""), ret) < 0)
        status = c138_error(err, C138_E_UNSUPPORTED, "chain.answer",
                            "the node knows no block \"%s\": name a number", tag);
    (void)c138_json_unref(params);
    c138_rpc_call_deinit(&call);
    return status;
}

static c138_status number_of(struct reading *r, const char *block, uint64_t *ret,
                             struct c138_err *err) {
    if (!strcmp(block, "latest") || !strcmp(block, "pending"))
        *ret = r->head;
    else if (!strcmp(block, "earliest"))
        *ret = 0;
    else if (c138_parse_uint(block, ret) < 0 && c138_parse_quantity(block, ret) < 0)
        return ask_tag(r, block, ret, err);
    return C138_OK;
}

static c138_status take_blocks(struct reading *r, c138_call *call, struct c138_err *err) {
    const struct scan_source source = {.user = r, .ask = ask};
    struct scan_block ignored;
    c138_status status = scan_head(&source, 0, &r->head, &ignored, err);
    if (status >= 0)
        status = number_of(r, c138_str(call, "to"), &r->to, err);
    if (status < 0)
        return status;
    const struct watch_config *w =
        c138_has(call, "watch") ? watches_find(r->c, c138_str(call, "watch")) : NULL;
    uint64_t counts = w ? w->confirmations - 1 : 0, last = r->head > counts ? r->head - counts : 0;
    r->to = r->to > last ? last : r->to;
    if (!c138_has(call, "from"))
        r->from = r->to >= WITHOUT_FROM ? r->to - WITHOUT_FROM + 1 : 0;
    else
        status = number_of(r, c138_str(call, "from"), &r->from, err);
    r->next = r->from;
    return status;
}

/* Without the rows of the block that is not whole, if there are others. */
static void cut_before(struct reading *r, uint64_t block) {
    size_t n = c138_json_count(r->rows);
    r->next = block;
    if (!n || c138_json_get_uint(c138_json_at(r->rows, 0), "block", 0) == block) {
        (void)snprintf(r->text, sizeof(r->text),
                       "block %" PRIu64
                       " alone has more than is given at once: raise limit, or say "
                       "more closely what is meant",
                       block);
        return;
    }
    struct c138_json *whole = c138_json_new_array();
    for (size_t i = 0; i < n; i++) {
        struct c138_json *row = c138_json_at(r->rows, i);
        if (c138_json_get_uint(row, "block", 0) != block)
            c138_json_append(whole, c138_json_ref(row));
    }
    (void)c138_json_unref(r->rows);
    r->rows = whole;
    (void)snprintf(r->text, sizeof(r->text), "there are more: go on with --from %" PRIu64, block);
}

/* 0: it is full. */
static int take_part(struct reading *r, struct scan_part *part) {
    size_t count = c138_json_count(part->rows), i = 0;
    for (; i < count; i++) {
        struct c138_json *row = c138_json_at(part->rows, i);
        C138_FREE char *text = c138_json_dump(row);
        r->bytes += strlen(text);
        if (c138_json_count(r->rows) == r->limit || r->bytes > BYTES_MAX)
            break;
        c138_json_append(r->rows, c138_json_ref(row));
    }
    r->next = part->to + 1;
    if (i < count)
        cut_before(r, c138_json_get_uint(c138_json_at(part->rows, i), "block", 0));
    part->rows = c138_json_unref(part->rows);
    return i == count;
}

static c138_status read_all(struct reading *r, c138_call *call, struct c138_err *err) {
    const struct scan_source source = {.user = r, .ask = ask};
    struct scan_range range;
    scan_range_init(&range, r->c->settings.log_range);
    while (r->next <= r->to) {
        struct scan_part part;
        if (c138_cancelled(call) || c138_now_monotonic_ns() > call->deadline_ns - RESERVE_NS) {
            (void)snprintf(r->text, sizeof(r->text), "the time was up: go on with --from %" PRIu64,
                           r->next);
            return C138_OK;
        }
        c138_status status = scan_part(&source, &r->filter, &range, r->next, r->to, &part, err);
        if (status < 0)
            return status;
        if (!take_part(r, &part))
            return C138_OK;
        c138_progress(call, (uint32_t)(1000 * (r->next - r->from) / (r->to - r->from + 1)),
                      "reading logs");
    }
    return C138_OK;
}

static void show_logs(const struct reading *r, c138_call *call) {
    c138_open_list(call, "logs");
    for (size_t i = 0; i < c138_json_count(r->rows); i++) {
        C138_FREE char *text = c138_json_dump(c138_json_at(r->rows, i));
        c138_set_json(call, NULL, text);
    }
    c138_close(call);
    c138_set_uint(call, "from", r->from);
    c138_set_uint(call, "to", r->to);
    c138_set_uint(call, "head", r->head);
    c138_set_uint(call, "next", r->next);
    c138_set_bool(call, "complete", r->next > r->to);
    c138_set_str(call, "text", r->text);
}

c138_status chain_logs_run(void *self, c138_call *call) {
    struct reading r = {.c = self, .limit = c138_uint(call, "limit")};
    struct c138_err err = {0};
    r.rows = c138_json_new_array();
    c138_status status = take_filter(&r, call, &err);
    if (status >= 0)
        status = take_blocks(&r, call, &err);
    if (status >= 0)
        status = read_all(&r, call, &err);
    if (status >= 0)
        show_logs(&r, call);
    (void)c138_json_unref(r.rows);
    log_filter_deinit(&r.filter);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}

/* --- chain.watches --------------------------------------------------------------------------- */

static void show_watch(c138_call *call, const struct watch_shown *s) {
    const struct watch_config *c = s->config;
    c138_open_object(call, NULL);
    c138_set_str(call, "name", c->name);
    c138_set_str(call, "state", s->text[0] ? "warning" : s->behind ? "catching up" : "ok");
    c138_set_str(call, "event", c->event ? c->event : "");
    c138_open_list(call, "addresses");
    for (size_t i = 0; i < c138_json_count(c->addresses); i++)
        c138_set_str(call, NULL, c138_json_as_str(c138_json_at(c->addresses, i), ""));
    c138_close(call);
    c138_set_uint(call, "confirmations", c->confirmations);
    c138_set_uint(call, "next", s->next);
    if (s->has_through) {
        c138_set_uint(call, "block", s->through);
        chain_set_hex(call, "hash", s->hash, 32);
    }
    c138_set_uint(call, "head", s->head);
    c138_set_uint(call, "behind", s->behind);
    c138_set_uint(call, "logs", s->logs);
    c138_set_uint(call, "reorgs", s->reorgs);
    c138_set_uint(call, "range", s->range);
    c138_set_str(call, "endpoint", s->endpoint);
    c138_set_str(call, "text", s->text);
    c138_close(call);
}

c138_status chain_watches_run(void *self, c138_call *call) {
    struct watch_shown s;
    c138_open_list(call, "watches");
    for (size_t i = 0; watches_show(self, i, &s); i++)
        show_watch(call, &s);
    c138_close(call);
    return C138_OK;
}
