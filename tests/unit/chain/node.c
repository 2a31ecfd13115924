#include "node.h"

#include <base/mem.h>
#include <base/text.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void node_hash(const struct node *n, uint64_t number, uint8_t ret[32]) {
    uint64_t mix = 1469598103934665603u;
    for (uint64_t i = 0; i <= number; i++)
        mix = (mix ^ n->fork[i]) * 1099511628211u;
    memset(ret, 0, 32);
    memcpy(ret, &mix, sizeof(mix));
    memcpy(ret + 8, &number, sizeof(number));
}

static void set_hash(struct c138_json *o, const char *name, const struct node *n, uint64_t number) {
    uint8_t hash[32];
    node_hash(n, number, hash);
    C138_FREE char *text = c138_hex_text(hash, 32);
    c138_json_set_str(o, name, text);
}

static void set_number(struct c138_json *o, const char *name, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof(text), "0x%" PRIx64, value);
    c138_json_set_str(o, name, text);
}

static struct c138_json *block(struct node *n, uint64_t number) {
    if (number > n->head)
        return NULL;
    struct c138_json *o = c138_json_new_object();
    set_number(o, "number", number);
    set_hash(o, "hash", n, number);
    if (number)
        set_hash(o, "parentHash", n, number - 1);
    else
        c138_json_set_str(o, "parentHash",
                          "0x0000000000000000000000000000000000000000000000000000000000000000");
    return o;
}

static void add_logs(struct node *n, struct c138_json *list, uint64_t number) {
    for (uint8_t i = 0; i < n->logs[number]; i++) {
        struct c138_json *o = c138_json_new_object();
        set_number(o, "blockNumber", number);
        set_hash(o, "blockHash", n, number);
        set_hash(o, "transactionHash", n, number);
        set_number(o, "logIndex", i);
        c138_json_set_str(o, "address", "0xa50a51c09a5c451c52bb714527e1974b686d8e77");
        c138_json_set(o, "topics", c138_json_new_array());
        c138_json_set_str(o, "data", "0x");
        c138_json_append(list, o);
    }
}

static void refuse(struct c138_rpc_call *call, int code, const char *text) {
    call->error_code = code;
    call->status = c138_error(&call->error, C138_E_CONFLICT, "rpc.error", "%s: %s (code %d)",
                              call->method, text, code);
}

static void logs_by_hash(struct node *n, struct c138_rpc_call *call, const char *hash) {
    uint8_t wanted[32], is[32];
    uint64_t number = 0;
    (void)c138_hex_decode(hash + 2, 64, wanted);
    memcpy(&number, wanted + 8, sizeof(number));
    node_hash(n, number <= n->head ? number : 0, is);
    if (number > n->head || memcmp(wanted, is, 32) != 0) {
        refuse(call, -32000, "Block not found");
        return;
    }
    call->result = c138_json_new_array();
    add_logs(n, call->result, number);
}

static void logs(struct node *n, struct c138_rpc_call *call) {
    const struct c138_json *o = c138_json_at(call->params, 0);
    const char *hash = c138_json_get_str(o, "blockHash", NULL);
    uint64_t from = 0, to = 0;
    if (hash) {
        logs_by_hash(n, call, hash);
        return;
    }
    (void)c138_parse_quantity(c138_json_get_str(o, "fromBlock", ""), &from);
    (void)c138_parse_quantity(c138_json_get_str(o, "toBlock", ""), &to);
    n->widest = to - from > n->widest ? to - from : n->widest;
    n->above_head += to > n->head;
    if (to > n->head || from > to) {
        refuse(call, -32602, "Invalid params");
        return;
    }
    if (n->range_max && to - from > n->range_max) {
        refuse(call, -32005, "Requested range exceeds maximum RPC range limit");
        return;
    }
    if (n->bad_block && from <= n->bad_block && n->bad_block <= to) {
        refuse(call, -32000, "the query took too long: timeout");
        return;
    }
    call->result = c138_json_new_array();
    for (uint64_t i = from; i <= to; i++)
        add_logs(n, call->result, i);
    if (n->results_max && c138_json_count(call->result) > n->results_max) {
        call->result = c138_json_unref(call->result);
        refuse(call, -32005, "query returned more than 10000 results");
    }
}

c138_status node_ask(void *user, struct c138_rpc_call *calls, size_t count, struct c138_err *err) {
    struct node *n = user;
    size_t size = 0;
    n->asked++;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        if (!strcmp(calls[i].method, "eth_blockNumber")) {
            char text[24];
            (void)snprintf(text, sizeof(text), "0x%" PRIx64, n->head);
            calls[i].result = c138_json_new_str(text);
        } else if (!strcmp(calls[i].method, "eth_getBlockByNumber")) {
            (void)c138_parse_quantity(c138_json_as_str(c138_json_at(calls[i].params, 0), ""),
                                      &number);
            calls[i].result = block(n, number);
        } else {
            logs(n, &calls[i]);
            size += c138_json_count(calls[i].result);
        }
    }
    if (!n->cut_at || size < n->cut_at)
        return C138_OK;
    for (size_t i = 0; i < count; i++)
        c138_rpc_call_deinit(&calls[i]);
    return c138_error(err, C138_E_UNAVAILABLE, "http.too-large", "the answer is larger than 8 MiB");
}
