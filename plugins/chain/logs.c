#include "logs.h"

#include <base/mem.h>
#include <base/text.h>
#include <evm/address.h>
#include <evm/keccak.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- The filter ------------------------------------------------------------------------------ */

static c138_status take_addresses(struct log_filter *f, const struct c138_json *list,
                                  struct c138_err *err) {
    if (c138_json_count(list) > LOGS_ADDRESSES_MAX)
        return c138_error(err, C138_E_LIMIT, "chain.addresses", "%zu addresses: at most %d",
                          c138_json_count(list), LOGS_ADDRESSES_MAX);
    for (size_t i = 0; i < c138_json_count(list); i++) {
        c138_status status = c138_address_parse(c138_json_as_str(c138_json_at(list, i), ""),
                                                f->addresses[f->n_addresses++], err);
        if (status < 0)
            return status;
    }
    return C138_OK;
}

static c138_status take_event(struct log_filter *f, const char *event, struct c138_err *err) {
    C138_FREE char *text =
        c138_starts_with(event, "event ") ? c138_xstrdup(event) : c138_xasprintf("event %s", event);
    c138_status status = c138_abi_item_parse(text, &f->event, err);
    if (status < 0)
        return c138_error_prefix(err, status, "the event");
    if (!f->event->anonymous) {
        f->has_topic[0] = 1;
        memcpy(f->topics[0], f->event->hash, 32);
    }
    return C138_OK;
}

/* The argument that is meant by its name or its number; n_items: none. */
static size_t input_of(const struct c138_abi_type *inputs, const char *name) {
    uint64_t number = 0;
    for (size_t i = 0; i < inputs->n_items; i++)
        if (*name && !strcmp(inputs->items[i].name, name))
            return i;
    return c138_parse_uint(name, &number) >= 0 && number < inputs->n_items ? (size_t)number
                                                                           : inputs->n_items;
}

/* Which topic holds an indexed argument. */
static size_t topic_of(const struct c138_abi_item *event, size_t input) {
    size_t topic = event->anonymous ? 0 : 1;
    for (size_t i = 0; i < input; i++)
        topic += event->inputs->items[i].indexed != 0;
    return topic;
}

/* A tuple of this type alone; it borrows. */
static struct c138_abi_type tuple_of(struct c138_abi_type *type) {
    return (struct c138_abi_type){.kind = C138_ABI_TUPLE,
                                  .head = type->head,
                                  .dynamic = type->dynamic,
                                  .name = type->name,
                                  .items = type,
                                  .n_items = 1};
}

/* On the command line every value is a text: lists, objects, true and false mean what they mean in
 * JSON. */
static struct c138_json *value_of(const struct c138_abi_type *type, const char *text) {
    struct c138_json *values = c138_json_new_array(), *v = NULL;
    int is_json = *text == '[' || *text == '{' || !strcmp(text, "true") || !strcmp(text, "false");
    if (type->kind == C138_ABI_STRING || !is_json ||
        c138_json_parse(text, strlen(text), &v, NULL) < 0)
        v = c138_json_new_str(text);
    c138_json_append(values, v);
    return values;
}

static c138_status take_topic(struct log_filter *f, size_t input, const struct c138_buf *words,
                              const struct c138_json *values, struct c138_err *err) {
    struct c138_abi_type *type = &f->event->inputs->items[input], tuple = tuple_of(type);
    size_t topic = topic_of(f->event, input);
    if (type->kind == C138_ABI_STRING || type->kind == C138_ABI_BYTES) {
        C138_BUF struct c138_buf packed = C138_BUF_NULL;
        c138_status status = c138_abi_pack(&tuple, values, &packed, err);
        if (status < 0)
            return status;
        c138_keccak256(packed.data, packed.length, f->topics[topic]);
    } else if (words->length == 32 && type->kind != C138_ABI_ARRAY &&
               type->kind != C138_ABI_TUPLE) {
        memcpy(f->topics[topic], words->data, 32);
    } else {
        return c138_error(err, C138_E_UNSUPPORTED, "chain.args",
                          "an indexed list or tuple is in a log as its hash only");
    }
    f->has_topic[topic] = 1;
    return C138_OK;
}

/* What no topic says: compared as it is written after decoding. */
static c138_status take_match(struct log_filter *f, size_t input, const struct c138_buf *words,
                              struct c138_err *err) {
    struct c138_abi_type tuple = tuple_of(&f->event->inputs->items[input]);
    C138_JSON struct c138_json *values = NULL;
    c138_status status = c138_abi_decode(&tuple, (const uint8_t *)c138_buf_text(words),
                                         words->length, NULL, &values, err);
    if (status >= 0)
        f->matches[f->n_matches++] = (struct log_match){
            .input = input, .value = c138_json_canonical(c138_json_at(values, 0))};
    return status;
}

static c138_status take_arg(struct log_filter *f, const char *text, struct c138_err *err) {
    const char *equals = strchr(text, '=');
    C138_FREE char *name = c138_xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));
    C138_BUF struct c138_buf words = C138_BUF_NULL;
    if (!f->event || !equals)
        return c138_error(err, C138_E_INVALID, "chain.args", "\"%.80s\": %s", text,
                          f->event ? "an argument is NAME=VALUE, \"to=0x..\""
                                   : "arguments need the event whose they are");
    size_t input = input_of(f->event->inputs, name);
    if (input == f->event->inputs->n_items)
        return c138_error(err, C138_E_INVALID, "chain.args",
                          "%s has no argument \"%.60s\": use its name, or its number from 0",
                          f->event->signature, name);
    struct c138_abi_type *type = &f->event->inputs->items[input], tuple = tuple_of(type);
    C138_JSON struct c138_json *values = value_of(type, equals + 1);
    c138_status status = c138_abi_encode(&tuple, values, &words, err);
    if (status >= 0)
        status = type->indexed ? take_topic(f, input, &words, values, err)
                               : take_match(f, input, &words, err);
    return status < 0 ? c138_error_prefix(err, status, "the argument %s", name) : C138_OK;
}

c138_status log_filter_init(struct log_filter *f, const char *event,
                            const struct c138_json *addresses, const struct c138_json *args,
                            struct c138_err *err) {
    *f = (struct log_filter){0};
    c138_status status = take_addresses(f, addresses, err);
    if (status >= 0 && event)
        status = take_event(f, event, err);
    if (status >= 0 && c138_json_count(args) > LOGS_ARGS_MAX)
        status = c138_error(err, C138_E_LIMIT, "chain.args", "%zu arguments: at most %d",
                            c138_json_count(args), LOGS_ARGS_MAX);
    for (size_t i = 0; status >= 0 && i < c138_json_count(args); i++)
        status = take_arg(f, c138_json_as_str(c138_json_at(args, i), ""), err);
    if (status < 0)
        log_filter_deinit(f);
    return status;
}

void log_filter_deinit(struct log_filter *f) {
    for (size_t i = 0; i < f->n_matches; i++)
        free(f->matches[i].value);
    (void)c138_abi_item_free(f->event);
    *f = (struct log_filter){0};
}

/* --- As a node is asked ---------------------------------------------------------------------- */

static void set_hex(struct c138_json *o, const char *name, const void *bytes, size_t length) {
    C138_FREE char *text = c138_hex_text(bytes, length);
    c138_json_set_str(o, name, text);
}

static void append_hex(struct c138_json *list, const void *bytes, size_t length) {
    C138_FREE char *text = c138_hex_text(bytes, length);
    c138_json_append(list, c138_json_new_str(text));
}

static struct c138_json *topics_of(const struct log_filter *f) {
    struct c138_json *list = c138_json_new_array();
    size_t count = LOGS_TOPICS_MAX;
    while (count && !f->has_topic[count - 1])
        count--;
    for (size_t i = 0; i < count; i++) {
        if (f->has_topic[i])
            append_hex(list, f->topics[i], 32);
        else
            c138_json_append(list, NULL);
    }
    return list;
}

static struct c138_json *params_of(const struct log_filter *f, struct c138_json *o) {
    struct c138_json *params = c138_json_new_array(), *addresses = c138_json_new_array(),
                     *topics = topics_of(f);
    for (size_t i = 0; i < f->n_addresses; i++)
        append_hex(addresses, f->addresses[i], 20);
    if (f->n_addresses)
        c138_json_set(o, "address", c138_json_ref(addresses));
    if (c138_json_count(topics))
        c138_json_set(o, "topics", c138_json_ref(topics));
    (void)c138_json_unref(addresses);
    (void)c138_json_unref(topics);
    c138_json_append(params, o);
    return params;
}

struct c138_json *log_filter_range(const struct log_filter *f, uint64_t from, uint64_t to) {
    struct c138_json *o = c138_json_new_object();
    char text[24];
    (void)snprintf(text, sizeof(text), "0x%" PRIx64, from);
    c138_json_set_str(o, "fromBlock", text);
    (void)snprintf(text, sizeof(text), "0x%" PRIx64, to);
    c138_json_set_str(o, "toBlock", text);
    return params_of(f, o);
}

struct c138_json *log_filter_block(const struct log_filter *f, const uint8_t hash[32]) {
    struct c138_json *o = c138_json_new_object();
    set_hex(o, "blockHash", hash, 32);
    return params_of(f, o);
}

/* --- As a node answers ----------------------------------------------------------------------- */

struct entry {
    uint64_t block, index;
    uint8_t block_hash[32], tx[32], address[20];
    uint8_t topics[LOGS_TOPICS_MAX][32];
    size_t n_topics;
    const char *data; /* its digits */
    size_t digits;
};

static int read_hex(const char *text, uint8_t *ret, size_t bytes) {
    return strlen(text) == 2 + 2 * bytes && text[0] == '0' && text[1] == 'x' &&
           c138_hex_decode(text + 2, 2 * bytes, ret) >= 0;
}

static c138_status read_topics(struct entry *e, const struct c138_json *topics) {
    if (c138_json_type(topics) != C138_JSON_ARRAY || c138_json_count(topics) > LOGS_TOPICS_MAX)
        return C138_E_INVALID;
    e->n_topics = c138_json_count(topics);
    for (size_t i = 0; i < e->n_topics; i++)
        if (!read_hex(c138_json_as_str(c138_json_at(topics, i), ""), e->topics[i], 32))
            return C138_E_INVALID;
    return C138_OK;
}

static c138_status read_entry(struct entry *e, const struct c138_json *log) {
    *e = (struct entry){.data = c138_json_get_str(log, "data", "0x")};
    if (c138_parse_quantity(c138_json_get_str(log, "blockNumber", ""), &e->block) < 0 ||
        c138_parse_quantity(c138_json_get_str(log, "logIndex", ""), &e->index) < 0 ||
        !read_hex(c138_json_get_str(log, "blockHash", ""), e->block_hash, 32) ||
        !read_hex(c138_json_get_str(log, "transactionHash", ""), e->tx, 32) ||
        !read_hex(c138_json_get_str(log, "address", ""), e->address, 20) ||
        !c138_starts_with(e->data, "0x"))
        return C138_E_INVALID;
    e->data += 2;
    e->digits = strlen(e->data);
    return read_topics(e, c138_json_get(log, "topics"));
}

static int is_meant(const struct log_filter *f, const struct entry *e) {
    int found = !f->n_addresses;
    for (size_t i = 0; i < f->n_addresses && !found; i++)
        found = !memcmp(f->addresses[i], e->address, 20);
    for (size_t i = 0; i < LOGS_TOPICS_MAX && found; i++)
        if (f->has_topic[i])
            found = i < e->n_topics && !memcmp(f->topics[i], e->topics[i], 32);
    return found;
}

static void show_raw(struct c138_json *row, const struct entry *e, const char *why) {
    struct c138_json *topics = c138_json_new_array();
    C138_FREE char *data = c138_xasprintf("0x%s", e->data);
    for (size_t i = 0; i < e->n_topics; i++)
        append_hex(topics, e->topics[i], 32);
    c138_json_set(row, "topics", topics);
    c138_json_set_str(row, "data", data);
    if (why)
        c138_json_set_str(row, "text", why);
}

static void show_args(struct c138_json *row, const struct c138_abi_item *event,
                      const struct c138_json *values) {
    struct c138_json *args = c138_json_new_object();
    for (size_t i = 0; i < event->inputs->n_items; i++) {
        char number[24];
        const char *name = event->inputs->items[i].name;
        (void)snprintf(number, sizeof(number), "%zu", i);
        c138_json_set(args, *name && !c138_json_has(args, name) ? name : number,
                      c138_json_ref(c138_json_at(values, i)));
    }
    c138_json_set(row, "args", args);
}

static struct c138_json *row_of(const struct entry *e) {
    struct c138_json *row = c138_json_new_object();
    char address[C138_ADDRESS_TEXT];
    c138_address_format(e->address, address);
    c138_json_set_uint(row, "block", e->block);
    set_hex(row, "block_hash", e->block_hash, 32);
    set_hex(row, "tx", e->tx, 32);
    c138_json_set_uint(row, "log_index", e->index);
    c138_json_set_str(row, "address", address);
    c138_json_set_bool(row, "removed", 0);
    return row;
}

/* 1: decoded; 0: it does not have what is asked for; below 0: it is not what the event declares. */
static int decode(const struct log_filter *f, const struct entry *e, struct c138_json *row,
                  struct c138_err *err) {
    C138_JSON struct c138_json *values = NULL;
    C138_FREE uint8_t *data = c138_xmalloc(e->digits / 2 + 1);
    if (c138_hex_decode(e->data, e->digits, data) < 0)
        return c138_error(err, C138_E_INVALID, "chain.answer", "its data are no bytes");
    c138_status status = c138_abi_decode_event(f->event, (const uint8_t(*)[32])e->topics,
                                               e->n_topics, data, e->digits / 2, &values, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < f->n_matches; i++) {
        C138_FREE char *value = c138_json_canonical(c138_json_at(values, f->matches[i].input));
        if (strcmp(value, f->matches[i].value) != 0)
            return 0;
    }
    c138_json_set_str(row, "event", f->event->signature);
    show_args(row, f->event, values);
    return 1;
}

c138_status log_read(const struct log_filter *f, const struct c138_json *log,
                     struct c138_json **ret_row, struct c138_err *err) {
    struct entry e;
    struct c138_err why = {0};
    *ret_row = NULL;
    if (read_entry(&e, log) < 0)
        return c138_error(err, C138_E_INVALID, "chain.answer",
                          "the node gives as a log what is none: a pending one, or not as "
                          "eth_getLogs has them");
    if (!is_meant(f, &e) || c138_json_get_bool(log, "removed", 0))
        return C138_OK;
    C138_JSON struct c138_json *row = row_of(&e);
    int decoded = f->event ? decode(f, &e, row, &why) : -1;
    /* What cannot be decoded cannot have the wanted arguments either. */
    if (!decoded || (decoded < 0 && f->n_matches))
        return C138_OK;
    if (decoded < 0)
        show_raw(row, &e, f->event ? why.text : NULL);
    *ret_row = C138_STEAL(row);
    return C138_OK;
}
