#include "scan.h"

#include <base/mem.h>
#include <base/text.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GROW_AFTER 4 /* ranges that went well, before a larger one is tried */
#define BLOCKS_AT_ONCE 64

/* --- The range ------------------------------------------------------------------------------- */

void scan_range_init(struct scan_range *r, uint64_t most) {
    *r = (struct scan_range){.size = most, .most = most};
}

void scan_range_good(struct scan_range *r) {
    if (r->size == r->most || ++r->streak < GROW_AFTER)
        return;
    r->size = r->size > r->most / 2 ? r->most : 2 * r->size;
    r->streak = 0;
}

int scan_range_bad(struct scan_range *r) {
    r->streak = 0;
    if (r->size <= 1)
        return 0;
    r->size /= 2;
    return 1;
}

static int says(const char *text, const char *const *words) {
    for (; *words; words++)
        if (strcasestr(text, *words))
            return 1;
    return 0;
}

int scan_is_too_much(const struct c138_rpc_call *call, const struct c138_err *err) {
    /* Besu and those that follow its code; geth; the services that stand before nodes. */
    static const char *const words[] = {"range",     "too many", "more than",     "limit",
                                        "exceed",    "timeout",  "timed out",     "too big",
                                        "too large", "too long", "response size", NULL};
    static const char *const keys[] = {"http.timeout", "http.truncated", "http.too-large", NULL};
    if (call && call->status >= 0)
        return 0;
    if (call) /* -32602: the head of the node behind a balancer may be another one's */
        return call->error_code == -32005 || call->error_code == -32602 ||
               (call->error_code && says(call->error.text, words));
    for (size_t i = 0; keys[i]; i++)
        if (!strcmp(err->key, keys[i]))
            return 1;
    /* A proxy's 502, 503 and 504 to what took it too long. */
    return !strcmp(err->key, "rpc.http-status") && strstr(err->text, " 50");
}

/* --- Blocks ---------------------------------------------------------------------------------- */

static struct c138_json *block_params(uint64_t number) {
    struct c138_json *params = c138_json_new_array();
    char text[24];
    (void)snprintf(text, sizeof(text), "0x%" PRIx64, number);
    c138_json_append(params, c138_json_new_str(text));
    c138_json_append(params, c138_json_new_bool(0));
    return params;
}

static struct c138_rpc_call block_call(uint64_t number) {
    return (struct c138_rpc_call){.method = "eth_getBlockByNumber", .params = block_params(number)};
}

static int read_hash(const struct c138_json *o, const char *name, uint8_t ret[32]) {
    const char *text = c138_json_get_str(o, name, "");
    return strlen(text) == 66 && c138_starts_with(text, "0x") &&
           c138_hex_decode(text + 2, 64, ret) >= 0;
}

static c138_status read_block(const struct c138_rpc_call *call, uint64_t number,
                              struct scan_block *ret, struct c138_err *err) {
    uint64_t is = 0;
    *ret = (struct scan_block){.number = number};
    if (call->status < 0) {
        *err = call->error;
        return call->status;
    }
    if (!call->result)
        return C138_OK;
    if (!read_hash(call->result, "hash", ret->hash) ||
        !read_hash(call->result, "parentHash", ret->parent) ||
        c138_parse_quantity(c138_json_get_str(call->result, "number", ""), &is) < 0 || is != number)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                          "the node gives as block %" PRIu64 " what is none", number);
    ret->is_there = 1;
    return C138_OK;
}

/* Asks, and gives the params back. */
static c138_status ask(const struct scan_source *source, struct c138_rpc_call *calls, size_t count,
                       struct c138_err *err) {
    struct c138_json *params[BLOCKS_AT_ONCE + 2];
    for (size_t i = 0; i < count; i++)
        params[i] = calls[i].params;
    c138_status status = source->ask(source->user, calls, count, err);
    for (size_t i = 0; i < count; i++)
        (void)c138_json_unref(params[i]);
    return status;
}

static void calls_deinit(struct c138_rpc_call *calls, size_t count) {
    for (size_t i = 0; i < count; i++)
        c138_rpc_call_deinit(&calls[i]);
}

static c138_status some_blocks(const struct scan_source *source, uint64_t first, size_t count,
                               struct scan_block *ret, struct c138_err *err) {
    struct c138_rpc_call calls[BLOCKS_AT_ONCE];
    for (size_t i = 0; i < count; i++)
        calls[i] = block_call(first + i);
    c138_status status = ask(source, calls, count, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count && status >= 0; i++)
        status = read_block(&calls[i], first + i, &ret[i], err);
    calls_deinit(calls, count);
    return status;
}

c138_status scan_blocks(const struct scan_source *source, uint64_t first, size_t count,
                        struct scan_block *ret_blocks, struct c138_err *err) {
    c138_status status = C138_OK;
    for (size_t done = 0; done < count && status >= 0; done += BLOCKS_AT_ONCE) {
        size_t n = count - done < BLOCKS_AT_ONCE ? count - done : BLOCKS_AT_ONCE;
        status = some_blocks(source, first + done, n, ret_blocks + done, err);
    }
    return status;
}

c138_status scan_head(const struct scan_source *source, uint64_t number, uint64_t *ret_head,
                      struct scan_block *ret_block, struct c138_err *err) {
    struct c138_rpc_call calls[] = {{.method = "eth_blockNumber"}, block_call(number)};
    c138_status status = ask(source, calls, 2, err);
    if (status < 0)
        return status;
    if (calls[0].status < 0 ||
        c138_parse_quantity(c138_json_as_str(calls[0].result, ""), ret_head) < 0)
        status = c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                            "eth_blockNumber: the node answers with what is no number");
    if (status >= 0)
        status = read_block(&calls[1], number, ret_block, err);
    calls_deinit(calls, 2);
    return status;
}

/* --- Logs ------------------------------------------------------------------------------------ */

static c138_status read_logs(const struct log_filter *f, const struct c138_json *logs,
                             struct c138_json **ret_rows, struct c138_err *err) {
    C138_JSON struct c138_json *rows = c138_json_new_array();
    if (c138_json_type(logs) != C138_JSON_ARRAY)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                          "eth_getLogs: the node answers with what is no list");
    for (size_t i = 0; i < c138_json_count(logs); i++) {
        struct c138_json *row = NULL;
        c138_status status = log_read(f, c138_json_at(logs, i), &row, err);
        if (status < 0)
            return status;
        if (row)
            c138_json_append(rows, row);
    }
    *ret_rows = C138_STEAL(rows);
    return C138_OK;
}

/* They lie where they were asked for. */
static c138_status check_place(const struct c138_json *rows, uint64_t from, uint64_t to,
                               const uint8_t *hash, struct c138_err *err) {
    C138_FREE char *text = hash ? c138_hex_text(hash, 32) : NULL;
    for (size_t i = 0; i < c138_json_count(rows); i++) {
        const struct c138_json *row = c138_json_at(rows, i);
        uint64_t block = c138_json_get_uint(row, "block", 0);
        if (block < from || block > to ||
            (text && strcmp(c138_json_get_str(row, "block_hash", ""), text) != 0))
            return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                              "eth_getLogs: the node was asked for blocks %" PRIu64 " to %" PRIu64
                              " and answers with a log of block %" PRIu64,
                              from, to, block);
    }
    return C138_OK;
}

/* 1: too much; else done, or failed. */
static int try_range(const struct scan_source *source, const struct log_filter *f, uint64_t from,
                     uint64_t to, struct scan_part *p, c138_status *ret_status,
                     struct c138_err *err) {
    struct c138_rpc_call calls[] = {
        {.method = "eth_getLogs", .params = log_filter_range(f, from, to)}, block_call(to)};
    struct scan_block block = {0};
    int too_much = 0;
    c138_status status = ask(source, calls, 2, err);
    if (status < 0) {
        *ret_status = status;
        return scan_is_too_much(NULL, err);
    }
    if (calls[0].status < 0) {
        status = calls[0].status;
        *err = calls[0].error;
        too_much = scan_is_too_much(&calls[0], NULL);
    }
    if (status >= 0)
        status = read_block(&calls[1], to, &block, err);
    if (status >= 0 && !block.is_there)
        status =
            c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                       "the node does not have block %" PRIu64 ", though its head is there", to);
    if (status >= 0)
        status = read_logs(f, calls[0].result, &p->rows, err);
    if (status >= 0)
        status = check_place(p->rows, from, to, NULL, err);
    if (status < 0)
        p->rows = c138_json_unref(p->rows);
    p->to = to;
    memcpy(p->hash, block.hash, 32);
    calls_deinit(calls, 2);
    *ret_status = status;
    return too_much;
}

c138_status scan_part(const struct scan_source *source, const struct log_filter *f,
                      struct scan_range *r, uint64_t from, uint64_t last,
                      struct scan_part *ret_part, struct c138_err *err) {
    *ret_part = (struct scan_part){0};
    for (;;) {
        uint64_t to = last - from < r->size ? last : from + r->size - 1;
        c138_status status = C138_OK;
        if (!try_range(source, f, from, to, ret_part, &status, err)) {
            if (status >= 0 && to - from + 1 == r->size)
                scan_range_good(r);
            return status;
        }
        if (r->size > to - from + 1) /* what was asked for was less than the range */
            r->size = to - from + 1;
        if (!scan_range_bad(r))
            return c138_error_prefix(err, status, "the logs of block %" PRIu64 " alone", from);
    }
}

c138_status scan_logs_of(const struct scan_source *source, const struct log_filter *f,
                         const struct scan_block *blocks, size_t count, struct c138_json **ret_rows,
                         struct c138_err *err) {
    struct c138_rpc_call calls[BLOCKS_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        ret_rows[i] = NULL;
        calls[i] = (struct c138_rpc_call){.method = "eth_getLogs",
                                          .params = log_filter_block(f, blocks[i].hash)};
    }
    c138_status status = ask(source, calls, count, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count && status >= 0; i++) {
        if (calls[i].status < 0 && calls[i].error_code)
            status = c138_error(err, C138_E_NOTFOUND, "chain.block",
                                "the logs of block %" PRIu64 ": %.300s", blocks[i].number,
                                calls[i].error.text);
        else if (calls[i].status < 0)
            status =
                c138_error(err, calls[i].status, calls[i].error.key, "%s", calls[i].error.text);
        else
            status = read_logs(f, calls[i].result, &ret_rows[i], err);
        if (status >= 0)
            status =
                check_place(ret_rows[i], blocks[i].number, blocks[i].number, blocks[i].hash, err);
    }
    for (size_t i = 0; i < count && status < 0; i++)
        ret_rows[i] = c138_json_unref(ret_rows[i]);
    calls_deinit(calls, count);
    return status;
}
