#include "chain.h"

#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

struct items *items_free(struct items *items) {
    if (!items)
        return NULL;
    for (size_t n = 0; n < items->count; n++) {
        struct item *i = &items->list[n];
        free(i->id);
        free(i->raw);
        c138_buf_deinit(&i->data);
        (void)c138_abi_item_free(i->function);
        (void)c138_json_unref(i->expect);
        (void)c138_json_unref(i->decoded);
        (void)c138_json_unref(i->returns);
    }
    free(items);
    return NULL;
}

/* --- Arguments ------------------------------------------------------------------------------- */

/* On the command line every argument is a text: "true", "[1,2]" and "{...}" mean what they mean in
 * JSON, all else is taken by its type. */
static struct c138_json *argument(const char *text) {
    struct c138_json *v = NULL;
    if (*text == '[' || *text == '{')
        if (c138_json_parse(text, strlen(text), &v, NULL) >= 0)
            return v;
    if (!strcmp(text, "true") || !strcmp(text, "false"))
        return c138_json_new_bool(*text == 't');
    return c138_json_new_str(text);
}

struct c138_json *ask_args(c138_call *call, const char *name) {
    struct c138_json *args = c138_json_new_array();
    uint64_t count = c138_has(call, name) ? c138_uint(call, name) : 0;
    for (uint64_t i = 0; i < count; i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "%.40s.%u", name, (unsigned)i);
        c138_json_append(args, c138_json_new_str(c138_str(call, path)));
    }
    return args;
}

/* Texts among the elements of `args`, read as argument() reads them; but where the function takes a
 * text, the text is meant as it stands. */
static struct c138_json *arguments(const struct c138_abi_item *f, const struct c138_json *args) {
    struct c138_json *all = c138_json_new_array();
    for (size_t i = 0; i < c138_json_count(args); i++) {
        struct c138_json *v = c138_json_at(args, i);
        int is_text = i < f->inputs->n_items && f->inputs->items[i].kind == C138_ABI_STRING;
        c138_json_append(all, c138_json_type(v) == C138_JSON_STRING && !is_text
                                  ? argument(c138_json_as_str(v, ""))
                                  : c138_json_ref(v));
    }
    return all;
}

c138_status ask_call_data(const char *function, const struct c138_json *args, struct c138_buf *out,
                          struct c138_abi_item **ret_function, struct c138_err *err) {
    C138_JSON struct c138_json *values = NULL;
    C138_ABI_ITEM struct c138_abi_item *f = NULL;
    c138_status status = c138_abi_item_parse(function, &f, err);
    if (status < 0)
        return status;
    if (f->what != C138_ABI_FUNCTION)
        return c138_error(err, C138_E_INVALID, "chain.function", "%s is no function", function);
    values = arguments(f, args);
    status = c138_abi_encode_call(f, values, out, err);
    if (status < 0)
        return c138_error_prefix(err, status, "the arguments of %s", f->signature);
    *ret_function = C138_STEAL(f);
    return C138_OK;
}

/* --- One item, from JSON --------------------------------------------------------------------- */

static c138_status take_hex(const char *name, const char *text, struct c138_buf *out,
                            struct c138_err *err) {
    size_t length = strlen(text);
    if (length < 2 || text[0] != '0' || text[1] != 'x')
        return c138_error(err, C138_E_INVALID, "chain.data", "%s is not 0x and hex digits", name);
    C138_FREE uint8_t *bytes = c138_xmalloc(length / 2 + 1);
    if (c138_hex_decode(text + 2, length - 2, bytes) < 0)
        return c138_error(err, C138_E_INVALID, "chain.data", "%s is not 0x and hex digits", name);
    c138_buf_add(out, bytes, length / 2 - 1);
    return C138_OK;
}

static c138_status take_expect(struct item *i, const struct c138_json *o, struct c138_err *err) {
    const char *event = c138_json_get_str(o, "expect_event", NULL),
               *call = c138_json_get_str(o, "expect_call", NULL),
               *value = c138_json_get_str(o, "expect_value", NULL);
    C138_ABI_ITEM struct c138_abi_item *parsed = NULL;
    c138_status status = C138_OK;
    if (!event && !call)
        return !value ? C138_OK
                      : c138_error(err, C138_E_INVALID, "chain.expect",
                                   "expect_value needs expect_call: what shall have this value");
    i->expect = c138_json_new_object();
    if (event) {
        C138_FREE char *text = c138_xasprintf("event %s", event);
        status =
            c138_abi_item_parse(c138_starts_with(event, "event ") ? event : text, &parsed, err);
        if (status < 0)
            return c138_error_prefix(err, status, "expect_event");
        c138_json_set_str(i->expect, "event", c138_starts_with(event, "event ") ? event : text);
    }
    if (call) {
        C138_ABI_ITEM struct c138_abi_item *f = NULL;
        status = c138_abi_item_parse(call, &f, err);
        if (status >= 0 && (f->what != C138_ABI_FUNCTION || f->inputs->n_items ||
                            f->outputs->n_items != 1 || !value))
            status = c138_error(err, C138_E_INVALID, "chain.expect",
                                "expect_call is a function without parameters that returns one "
                                "value, \"paused() returns (bool)\", and expect_value that value");
        if (status < 0)
            return c138_error_prefix(err, status, "expect_call");
        c138_json_set_str(i->expect, "call", call);
        c138_json_set_str(i->expect, "value", value);
    }
    return C138_OK;
}

/* The same for one that was asked twice, over restarts. */
static void digest(struct item *i, const char *key) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    char value[C138_U256_TEXT];
    C138_FREE char *to = i->creates ? c138_xstrdup("") : c138_hex_text(i->to, 20);
    C138_FREE char *data = c138_hex_text(i->data.data, i->data.length);
    c138_u256_to_dec(&i->value, value);
    c138_json_set_str(o, "key", key);
    c138_json_set_str(o, "to", to);
    c138_json_set_str(o, "value", value);
    c138_json_set_str(o, "data", data);
    C138_FREE char *text = c138_json_canonical(o);
    c138_sha256_hex(text, strlen(text), i->request);
}

static c138_status take_item(const struct chain *c, struct item *i, const struct c138_json *o,
                             const char *key, struct c138_err *err) {
    const char *to = c138_json_get_str(o, "to", NULL), *value = c138_json_get_str(o, "value", "0"),
               *function = c138_json_get_str(o, "function", NULL),
               *data = c138_json_get_str(o, "data", NULL);
    c138_status status = C138_OK;
    i->creates = c138_json_get_bool(o, "create", 0);
    i->gas = c138_json_get_uint(o, "gas", 0);
    i->confirmations = (uint32_t)c138_json_get_uint(o, "confirmations", c->settings.confirmations);
    if (i->creates ? to != NULL : to == NULL)
        return c138_error(err, C138_E_INVALID, "chain.to",
                          "name the address in `to`, or say `create` for a new contract");
    if (function && data)
        return c138_error(err, C138_E_INVALID, "chain.data",
                          "function and data exclude each other: keep one");
    if (i->creates && (function || !data))
        return c138_error(err, C138_E_INVALID, "chain.data",
                          "a new contract needs its code, with its constructor's arguments, in "
                          "data");
    if (to)
        status = c138_address_parse(to, i->to, err);
    if (status >= 0 && c138_wei_parse(value, &i->value) < 0)
        status = c138_error(err, C138_E_INVALID, "chain.value",
                            "the value \"%.80s\" is no amount such as 5gwei or 1.5ether", value);
    if (status >= 0 && function)
        status = ask_call_data(function, c138_json_get(o, "args"), &i->data, &i->function, err);
    if (status >= 0 && data)
        status = take_hex("data", data, &i->data, err);
    if (status >= 0)
        status = take_expect(i, o, err);
    digest(i, key);
    return status;
}

/* --- All of a call --------------------------------------------------------------------------- */

static const char *const item_members[] = {
    "to",  "create",       "value",       "function",     "args",          "data",
    "gas", "expect_event", "expect_call", "expect_value", "confirmations", NULL};

static c138_status check_members(const struct c138_json *o, struct c138_err *err) {
    struct c138_json_iter i = c138_json_iter(o);
    while (c138_json_next(&i)) {
        int known = !strcmp(i.name, "id");
        for (size_t n = 0; item_members[n] && !known; n++)
            known = !strcmp(item_members[n], i.name);
        if (!known) {
            const char *near = c138_nearest(i.name, item_members);
            return c138_error(err, C138_E_INVALID, "chain.transactions",
                              "\"%.60s\" is no member of a transaction%s%s", i.name,
                              near ? "; near it is " : "", near ? near : "");
        }
    }
    return C138_OK;
}

static c138_status take_list(struct chain *c, const struct c138_json *list, const char *id,
                             const char *key, struct items *items, struct c138_err *err) {
    size_t count = c138_json_count(list);
    if (!count || count > CHAIN_ITEMS_MAX)
        return c138_error(err, C138_E_INVALID, "chain.transactions",
                          "%zu transactions: from 1 to %d are sent at once", count,
                          CHAIN_ITEMS_MAX);
    for (size_t n = 0; n < count; n++) {
        const struct c138_json *o = c138_json_at(list, n);
        struct item *i = &items->list[items->count++];
        i->id = c138_xasprintf("%s.%zu", id, n + 1);
        c138_status status = check_members(o, err);
        if (status >= 0)
            status = take_item(c, i, o, key, err);
        if (status < 0)
            return c138_error_prefix(err, status, "transaction %zu", n + 1);
    }
    return C138_OK;
}

/* Its parameters as they stand, but arguments as one list. */
static c138_status params_of(c138_call *call, struct c138_json **ret_params, struct c138_err *err) {
    return c138_json_parse(call->params_json, strlen(call->params_json), ret_params, err);
}

c138_status ask_items(struct chain *c, c138_call *call, struct items **ret_items,
                      struct c138_err *err) {
    C138_JSON struct c138_json *params = NULL;
    const char *id = c138_has(call, "id") ? c138_str(call, "id") : call->job_id,
               *key = c138_str(call, "key");
    c138_status status = params_of(call, &params, err);
    if (status < 0)
        return status;
    const struct c138_json *list = c138_json_get(params, "transactions");
    struct items *items = c138_xcalloc(1, sizeof(*items));
    if (list && (c138_json_has(params, "to") || c138_json_has(params, "data")))
        status =
            c138_error(err, C138_E_INVALID, "chain.transactions",
                       "`transactions` stands alone: what one is to do is said in its element");
    else if (list)
        status = take_list(c, list, id, key, items, err);
    else {
        items->list[items->count++].id = c138_xstrdup(id);
        status = take_item(c, &items->list[0], params, key, err);
    }
    if (status < 0) {
        (void)items_free(items);
        return status;
    }
    *ret_items = items;
    return C138_OK;
}

static int take_fee(c138_call *call, const char *name, struct c138_u256 *ret) {
    return c138_has(call, name) && c138_u256_from_dec(c138_str(call, name), ret) >= 0;
}

c138_status ask_fees(c138_call *call, struct fees *f, struct c138_err *err) {
    f->has_price = take_fee(call, "gas_price", &f->price);
    f->has_cap = take_fee(call, "max_fee", &f->cap);
    f->has_tip = take_fee(call, "tip", &f->tip);
    if (f->has_price && (f->has_cap || f->has_tip))
        return c138_error(err, C138_E_INVALID, "chain.fees",
                          "gas_price makes a legacy transaction: it excludes max_fee and tip");
    if (f->has_cap && f->has_tip && c138_u256_cmp(&f->tip, &f->cap) > 0)
        return c138_error(err, C138_E_INVALID, "chain.fees", "the tip is above max_fee");
    return C138_OK;
}
