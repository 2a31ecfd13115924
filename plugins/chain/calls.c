/* Questions to contracts: one, or many at one block. */
#include "chain.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/revert.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CALLS_MAX 200

struct question {
    char to[C138_ADDRESS_TEXT];
    struct c138_abi_item *function;
    struct c138_buf data;
    struct c138_err error; /* it cannot be asked, or has no answer */
    struct c138_json *values;
    char *hex; /* of the answer */
};

static void question_deinit(struct question *q) {
    (void)c138_abi_item_free(q->function);
    c138_buf_deinit(&q->data);
    (void)c138_json_unref(q->values);
    free(q->hex);
}

/* --- What is asked ---------------------------------------------------------------------------- */

static c138_status take_question(struct question *q, const struct c138_json *o,
                                 struct c138_err *err) {
    static const char *const members[] = {"to", "function", "args", NULL};
    uint8_t address[20];
    for (struct c138_json_iter i = c138_json_iter(o); c138_json_next(&i);) {
        const char *const *m = members;
        while (*m && strcmp(*m, i.name) != 0)
            m++;
        if (!*m)
            return c138_error(err, C138_E_INVALID, "chain.calls",
                              "\"%.60s\" is no member of a call: to, function and args are",
                              i.name);
    }
    c138_status status = c138_address_parse(c138_json_get_str(o, "to", ""), address, err);
    if (status < 0)
        return status;
    c138_address_format(address, q->to);
    return ask_call_data(c138_json_get_str(o, "function", ""), c138_json_get(o, "args"), &q->data,
                         &q->function, err);
}

static c138_status take_one(struct question *q, c138_call *call, struct c138_err *err) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    if (!c138_has(call, "to") || !c138_has(call, "function"))
        return c138_error(
            err, C138_E_INVALID, "chain.call",
            "name the contract in `to` and what is asked in `function`, or several in "
            "`calls`");
    c138_json_set_str(o, "to", c138_str(call, "to"));
    c138_json_set_str(o, "function", c138_str(call, "function"));
    c138_json_set(o, "args", ask_args(call, "args"));
    return take_question(q, o, err);
}

static c138_status take_many(struct question *all, size_t count, c138_call *call,
                             struct c138_err *err) {
    C138_JSON struct c138_json *params = NULL;
    c138_status status =
        c138_json_parse(call->params_json, strlen(call->params_json), &params, err);
    const struct c138_json *list = c138_json_get(params, "calls");
    if (status >= 0 && (c138_has(call, "to") || c138_has(call, "function")))
        status = c138_error(err, C138_E_INVALID, "chain.calls",
                            "`calls` stands alone: what one is to ask is said in its element");
    for (size_t i = 0; status >= 0 && i < count; i++) {
        status = take_question(&all[i], c138_json_at(list, i), err);
        if (status < 0)
            (void)c138_error_prefix(err, status, "call %zu", i + 1);
    }
    return status;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static struct c138_json *two(struct c138_json *a, const char *b) {
    struct c138_json *list = c138_json_new_array();
    c138_json_append(list, a);
    c138_json_append(list, c138_json_new_str(b));
    return list;
}

static void put_calls(struct c138_rpc_call at[2], const struct question *q, const char *from,
                      const char *block) {
    struct c138_json *o = c138_json_new_object();
    C138_FREE char *hex = c138_hex_text(q->data.data, q->data.length);
    c138_json_set_str(o, "to", q->to);
    c138_json_set_str(o, "data", hex);
    if (from)
        c138_json_set_str(o, "from", from);
    at[0] = (struct c138_rpc_call){.method = "eth_call", .params = two(o, block)};
    at[1] = (struct c138_rpc_call){.method = "eth_getCode",
                                   .params = two(c138_json_new_str(q->to), block)};
}

static c138_status call_failed(const struct c138_rpc_call *c, struct c138_err *err) {
    C138_JSON struct c138_json *why = c138_revert_of_error(c->answered, NULL);
    return c138_error(
        err, c->status, c->answered ? "chain.reverts" : c->error.key, "%s",
        c138_json_get_str(why, "text", c138_json_get_str(c->answered, "message", c->error.text)));
}

static c138_status take_answer(struct question *q, const struct c138_rpc_call at[2]) {
    struct c138_err *err = &q->error;
    if (at[0].status < 0)
        return call_failed(&at[0], err);
    const char *hex = c138_json_as_str(at[0].result, NULL);
    size_t length = hex ? strlen(hex) : 0;
    C138_FREE uint8_t *bytes = c138_xmalloc(length / 2 + 1);
    if (!hex) /* Besu 26 answers null for a block that it does not have */
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                          "the node gives no answer: it does not have this block");
    if (length < 2 || c138_hex_decode(hex + 2, length - 2, bytes) < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "chain.answer", "the node answers no bytes");
    if (strlen(c138_json_as_str(at[1].result, "0x")) <= 2)
        return c138_error(
            err, C138_E_CONFLICT, "chain.no-code",
            "there is no contract at the address: an empty answer would mean nothing");
    q->hex = c138_xstrdup(hex);
    const struct c138_abi_item *f = q->function;
    if (!f->outputs || !f->outputs->n_items)
        return C138_OK;
    c138_status status = c138_abi_decode(f->outputs, bytes, length / 2 - 1, NULL, &q->values, err);
    if (status < 0)
        return c138_error_prefix(err, status, "the answer is not what %s returns", f->signature);
    return C138_OK;
}

/* All in one request, of one node. `index`: which, SIZE_MAX: the best. */
static c138_status ask_all(struct chain *c, struct question *all, size_t count, size_t index,
                           const char *from, const char *block, struct c138_err *err) {
    C138_FREE struct c138_rpc_call *calls = c138_xcalloc(2 * count, sizeof(*calls));
    C138_FREE struct c138_json **params = c138_xcalloc(2 * count, sizeof(*params));
    for (size_t i = 0; i < count; i++)
        put_calls(calls + 2 * i, &all[i], from, block);
    for (size_t i = 0; i < 2 * count; i++)
        params[i] = calls[i].params;
    c138_status status = index == SIZE_MAX
                             ? endpoints_batch(c->endpoints, calls, 2 * count, NULL, err)
                             : endpoints_batch_at(c->endpoints, index, calls, 2 * count, err);
    for (size_t i = 0; i < count && status >= 0; i++)
        (void)take_answer(&all[i], calls + 2 * i);
    for (size_t i = 0; i < 2 * count; i++) {
        (void)c138_json_unref(params[i]);
        c138_rpc_call_deinit(&calls[i]);
    }
    return status;
}

/* "latest" as it is; a decimal number as JSON-RPC has it. */
static char *block_tag(const char *text) {
    uint64_t number = 0;
    return c138_parse_uint(text, &number) >= 0 ? c138_xasprintf("0x%" PRIx64, number)
                                               : c138_xstrdup(text);
}

/* The number that stands behind a tag, so that all are asked at one block, and who said it. */
static c138_status pin_block(struct chain *c, const char *tag, uint64_t *ret_number,
                             size_t *ret_index, struct c138_err *err) {
    struct c138_json *params = c138_json_new_array();
    struct c138_rpc_call call = {.method = "eth_getBlockByNumber", .params = params};
    c138_json_append(params, c138_json_new_str(tag));
    c138_json_append(params, c138_json_new_bool(0));
    c138_status status = endpoints_batch(c->endpoints, &call, 1, ret_index, err);
    if (status >= 0 &&
        c138_parse_quantity(c138_json_get_str(call.result, "number", ""), ret_number) < 0)
        status = c138_error(err, C138_E_UNAVAILABLE, "chain.answer",
                            "the node does not have the block %s", tag);
    (void)c138_json_unref(params);
    c138_rpc_call_deinit(&call);
    return status;
}

/* --- chain.call -------------------------------------------------------------------------------- */

static void show_answer(c138_call *call, const struct question *q) {
    if (q->hex)
        c138_set_str(call, "data", q->hex);
    if (q->values)
        chain_set_values(call, "values", q->values);
}

static c138_status call_one(struct chain *c, c138_call *call, const char *from,
                            struct c138_err *err) {
    struct question q = {0};
    C138_FREE char *block = block_tag(c138_str(call, "block"));
    c138_status status = take_one(&q, call, err);
    if (status >= 0)
        status = ask_all(c, &q, 1, SIZE_MAX, from, block, err);
    if (status >= 0 && q.error.status < 0) {
        *err = q.error;
        status = q.error.status;
    }
    if (status >= 0)
        show_answer(call, &q);
    question_deinit(&q);
    return status;
}

static void show_many(c138_call *call, const struct question *all, size_t count) {
    c138_open_list(call, "calls");
    for (size_t i = 0; i < count; i++) {
        c138_open_object(call, NULL);
        c138_set_str(call, "to", all[i].to);
        c138_set_str(call, "function", all[i].function->signature);
        if (all[i].error.status < 0)
            c138_set_str(call, "error", all[i].error.text);
        else
            show_answer(call, &all[i]);
        c138_close(call);
    }
    c138_close(call);
}

static c138_status call_many(struct chain *c, c138_call *call, const char *from,
                             struct c138_err *err) {
    size_t count = (size_t)c138_uint(call, "calls"), index = SIZE_MAX;
    C138_FREE struct question *all = c138_xcalloc(CALLS_MAX, sizeof(*all));
    C138_FREE char *tag = block_tag(c138_str(call, "block"));
    uint64_t number = 0;
    int pinned = strcmp(tag, "pending") != 0;
    c138_status status = C138_OK;
    if (!count || count > CALLS_MAX)
        status = c138_error(err, C138_E_INVALID, "chain.calls",
                            "from 1 to %d calls are asked at once", CALLS_MAX);
    else
        status = take_many(all, count, call, err);
    if (status >= 0 && pinned)
        status = pin_block(c, tag, &number, &index, err);
    C138_FREE char *block = pinned ? c138_xasprintf("0x%" PRIx64, number) : c138_xstrdup("pending");
    if (status >= 0)
        status = ask_all(c, all, count, index, from, block, err);
    if (status >= 0 && pinned)
        c138_set_uint(call, "block", number);
    if (status >= 0)
        show_many(call, all, count);
    for (size_t i = 0; i < CALLS_MAX; i++)
        question_deinit(&all[i]);
    return status;
}

c138_status chain_call_run(void *self, c138_call *call) {
    struct c138_err err = {0};
    const char *from = c138_has(call, "from") ? c138_str(call, "from") : NULL;
    c138_status status = c138_has(call, "calls") ? call_many(self, call, from, &err)
                                                 : call_one(self, call, from, &err);
    return status < 0 ? chain_fail(call, status, &err) : C138_OK;
}
