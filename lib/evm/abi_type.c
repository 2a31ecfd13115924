#include <base/text.h>
#include <evm/abi.h>
#include <evm/keccak.h>

#include <stdio.h>
#include <string.h>

/* --- The types ------------------------------------------------------------------------------- */

static void type_deinit(struct c138_abi_type *t) {
    for (size_t i = 0; i < t->n_items; i++)
        type_deinit(&t->items[i]);
    free(t->items);
    free(t->name);
    *t = (struct c138_abi_type){0};
}

struct c138_abi_type *c138_abi_type_free(struct c138_abi_type *type) {
    if (type)
        type_deinit(type);
    free(type);
    return NULL;
}

/* What is read, and how much of it there was. */
struct reader {
    const char *text, *at;
    unsigned nodes, depth;
    struct c138_err *err;
};

static c138_status wrong(const struct reader *r, const char *what) {
    return c138_error(r->err, C138_E_INVALID, "abi.type", "\"%.200s\", character %d: %s", r->text,
                      (int)(r->at - r->text) + 1, what);
}

static int is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
}

static void skip_spaces(struct reader *r) {
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')
        r->at++;
}

/* The next word, without moving; 0: none. */
static size_t word(struct reader *r) {
    size_t n = 0;
    skip_spaces(r);
    while (is_word(r->at[n]))
        n++;
    return n;
}

static int take_word(struct reader *r, const char *expected) {
    size_t n = word(r);
    if (n != strlen(expected) || memcmp(r->at, expected, n) != 0)
        return 0;
    r->at += n;
    return 1;
}

static int take(struct reader *r, char c) {
    skip_spaces(r);
    if (*r->at != c)
        return 0;
    r->at++;
    return 1;
}

/* "256" of "uint256": digits without a leading zero; 0: no such number. */
static uint32_t size_of(const char *p, size_t n) {
    uint32_t v = 0;
    if (!n || n > 3 || *p == '0')
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return 0;
        v = v * 10 + (uint32_t)(p[i] - '0');
    }
    return v;
}

static int begins(const char *p, size_t n, const char *prefix, uint32_t usual, uint32_t *ret_size) {
    size_t length = strlen(prefix);
    if (n < length || memcmp(p, prefix, length) != 0)
        return 0;
    *ret_size = n == length ? usual : size_of(p + length, n - length);
    return *ret_size != 0;
}

static int is_exactly(const char *p, size_t n, const char *name) {
    return n == strlen(name) && !memcmp(p, name, n);
}

/* A type without members, from its name. 0: there is none of that name. */
static int elementary(const char *p, size_t n, struct c138_abi_type *t) {
    uint32_t size = 0;
    t->head = 1;
    if (is_exactly(p, n, "address"))
        t->kind = C138_ABI_ADDRESS;
    else if (is_exactly(p, n, "bool"))
        t->kind = C138_ABI_BOOL;
    else if (is_exactly(p, n, "string") || is_exactly(p, n, "bytes"))
        *t = (struct c138_abi_type){
            .kind = *p == 's' ? C138_ABI_STRING : C138_ABI_BYTES, .head = 1, .dynamic = 1};
    else if (is_exactly(p, n, "function"))
        *t = (struct c138_abi_type){.kind = C138_ABI_FIXED_BYTES, .size = 24, .head = 1};
    else if (begins(p, n, "uint", 256, &size) && size % 8 == 0 && size <= 256)
        *t = (struct c138_abi_type){.kind = C138_ABI_UINT, .size = size, .head = 1};
    else if (begins(p, n, "int", 256, &size) && size % 8 == 0 && size <= 256)
        *t = (struct c138_abi_type){.kind = C138_ABI_INT, .size = size, .head = 1};
    else if (begins(p, n, "bytes", 0, &size) && size <= 32)
        *t = (struct c138_abi_type){.kind = C138_ABI_FIXED_BYTES, .size = size, .head = 1};
    else
        return 0;
    return 1;
}

static c138_status read_members(struct reader *r, struct c138_abi_type *t);

/* After "[": the element becomes the one item of an array of it. */
static c138_status read_array(struct reader *r, struct c138_abi_type *t) {
    size_t n = word(r);
    uint64_t size = 0;
    C138_FREE char *digits = c138_xstrndup(r->at, n);
    if (n &&
        (c138_parse_uint(digits, &size) < 0 || !size || size > C138_ABI_WORDS || *digits == '0'))
        return wrong(r, "expected the number of elements, from 1 to 65536");
    r->at += n;
    if (!take(r, ']'))
        return wrong(r, "expected \"]\"");
    if (!t->head)
        return wrong(r, "an array of what takes no room");
    if (++r->nodes > C138_ABI_NODES)
        return wrong(r, "too many types");
    uint64_t head = size ? size * t->head : 1;
    if (head > C138_ABI_WORDS)
        return wrong(r, "an array of this size is not taken");
    struct c138_abi_type *element = c138_xmalloc(sizeof(*element));
    *element = *t;
    *t = (struct c138_abi_type){.kind = C138_ABI_ARRAY,
                                .size = (uint32_t)size,
                                .dynamic = element->dynamic || !size,
                                .items = element,
                                .n_items = 1};
    t->head = t->dynamic ? 1 : (uint32_t)head;
    return C138_OK;
}

static c138_status read_base(struct reader *r, struct c138_abi_type *t) {
    if (take_word(r, "tuple") || !word(r))
        return read_members(r, t);
    size_t n = word(r);
    if (!elementary(r->at, n, t))
        return wrong(r, "this is no type: expected uint8 to uint256, int8 to int256, address, "
                        "bool, bytes, bytes1 to bytes32, string, or a tuple in brackets");
    int is_address = t->kind == C138_ABI_ADDRESS;
    r->at += n;
    if (is_address)
        (void)take_word(r, "payable");
    return C138_OK;
}

static c138_status read_type(struct reader *r, struct c138_abi_type *t) {
    unsigned arrays = 0;
    if (++r->nodes > C138_ABI_NODES)
        return wrong(r, "too many types");
    c138_status status = read_base(r, t);
    while (status >= 0 && take(r, '['))
        status =
            r->depth + ++arrays > C138_ABI_DEPTH ? wrong(r, "nested too deeply") : read_array(r, t);
    return status;
}

/* What may stand between a type and a name. */
static void read_places(struct reader *r, struct c138_abi_type *t) {
    static const char *const places[] = {"memory", "calldata", "storage"};
    t->indexed = take_word(r, "indexed");
    for (size_t i = 0; i < C138_COUNT(places); i++)
        if (take_word(r, places[i]))
            return;
}

static c138_status read_member(struct reader *r, struct c138_abi_type *t) {
    c138_status status = read_type(r, t);
    if (status < 0)
        return status;
    read_places(r, t);
    size_t n = word(r);
    t->name = c138_xstrndup(r->at, n);
    r->at += n;
    return C138_OK;
}

static c138_status add_member(struct reader *r, struct c138_abi_type *t) {
    struct c138_abi_type *member;
    if ((t->n_items & (t->n_items - 1)) == 0)
        t->items = c138_xrealloc(t->items, (t->n_items ? 2 * t->n_items : 1) * sizeof(*t->items));
    member = &t->items[t->n_items++];
    *member = (struct c138_abi_type){0};
    c138_status status = read_member(r, member);
    if (status < 0)
        return status;
    t->dynamic |= member->dynamic;
    t->head += member->head;
    return t->head > C138_ABI_WORDS ? wrong(r, "a tuple of this size is not taken") : C138_OK;
}

/* "(" members ")". While it is read `head` counts the words of its own head. */
static c138_status read_members(struct reader *r, struct c138_abi_type *t) {
    if (!take(r, '('))
        return wrong(r, "expected a type");
    if (++r->depth > C138_ABI_DEPTH)
        return wrong(r, "nested too deeply");
    t->kind = C138_ABI_TUPLE;
    c138_status status = C138_OK;
    if (!take(r, ')')) {
        do
            status = add_member(r, t);
        while (status >= 0 && take(r, ','));
        if (status >= 0 && !take(r, ')'))
            status = wrong(r, "expected \",\" or \")\"");
    }
    if (t->dynamic)
        t->head = 1;
    r->depth--;
    return status;
}

static c138_status at_end(struct reader *r) {
    skip_spaces(r);
    return *r->at ? wrong(r, "something is left over") : C138_OK;
}

c138_status c138_abi_type_parse(const char *text, struct c138_abi_type **ret_type,
                                struct c138_err *err) {
    struct reader r = {.text = text, .at = text, .err = err};
    C138_ABI_TYPE struct c138_abi_type *t = c138_xcalloc(1, sizeof(*t));
    c138_status status = read_member(&r, t);
    if (status >= 0)
        status = at_end(&r);
    if (status < 0)
        return status;
    *ret_type = t;
    t = NULL;
    return C138_OK;
}

void c138_abi_type_text(const struct c138_abi_type *t, struct c138_buf *out) {
    static const char *const names[] = {
        [C138_ABI_UINT] = "uint",         [C138_ABI_INT] = "int",
        [C138_ABI_ADDRESS] = "address",   [C138_ABI_BOOL] = "bool",
        [C138_ABI_FIXED_BYTES] = "bytes", [C138_ABI_BYTES] = "bytes",
        [C138_ABI_STRING] = "string"};
    if (t->kind == C138_ABI_TUPLE) {
        (void)c138_buf_addc(out, '(');
        for (size_t i = 0; i < t->n_items; i++) {
            (void)c138_buf_adds(out, i ? "," : "");
            c138_abi_type_text(&t->items[i], out);
        }
        (void)c138_buf_addc(out, ')');
    } else if (t->kind == C138_ABI_ARRAY) {
        c138_abi_type_text(t->items, out);
        (void)(t->size ? c138_buf_addf(out, "[%u]", t->size) : c138_buf_adds(out, "[]"));
    } else {
        (void)c138_buf_adds(out, names[t->kind]);
        if (t->size)
            (void)c138_buf_addf(out, "%u", t->size);
    }
}

/* --- Functions, events, errors --------------------------------------------------------------- */

struct c138_abi_item *c138_abi_item_free(struct c138_abi_item *item) {
    if (!item)
        return NULL;
    free(item->name);
    free(item->signature);
    (void)c138_abi_type_free(item->inputs);
    (void)c138_abi_type_free(item->outputs);
    free(item);
    return NULL;
}

static const char *const what_names[] = {[C138_ABI_FUNCTION] = "function",
                                         [C138_ABI_EVENT] = "event",
                                         [C138_ABI_ERROR] = "error",
                                         [C138_ABI_CONSTRUCTOR] = "constructor"};

/* The word is taken where it stands before a name, so that a function may be called "error". */
static void read_what(struct reader *r, struct c138_abi_item *item) {
    for (size_t i = 0; i < C138_COUNT(what_names); i++) {
        const char *before = r->at;
        if (!take_word(r, what_names[i]))
            continue;
        if (word(r) || i == C138_ABI_CONSTRUCTOR) {
            item->what = (enum c138_abi_what)i;
            return;
        }
        r->at = before;
    }
}

static c138_status read_modifier(struct reader *r, struct c138_abi_item *item) {
    static const char *const others[] = {"external", "public",   "internal",  "private",
                                         "virtual",  "override", "nonpayable"};
    if (take_word(r, "returns")) {
        type_deinit(item->outputs);
        return read_members(r, item->outputs);
    }
    if (take_word(r, "view") || take_word(r, "pure"))
        item->view = 1;
    else if (take_word(r, "payable"))
        item->payable = 1;
    else if (take_word(r, "anonymous"))
        item->anonymous = 1;
    else {
        size_t i = 0;
        while (i < C138_COUNT(others) && !take_word(r, others[i]))
            i++;
        if (i == C138_COUNT(others))
            return wrong(r, "expected returns (...), view, pure or payable");
    }
    return C138_OK;
}

static c138_status read_item(struct reader *r, struct c138_abi_item *item) {
    read_what(r, item);
    size_t n = word(r);
    if (!n && item->what != C138_ABI_CONSTRUCTOR)
        return wrong(r, "expected a name, as in transfer(address,uint256)");
    item->name = c138_xstrndup(r->at, n);
    r->at += n;
    c138_status status = read_members(r, item->inputs);
    while (status >= 0 && word(r))
        status = read_modifier(r, item);
    (void)take(r, ';');
    return status < 0 ? status : at_end(r);
}

static void item_sign(struct c138_abi_item *item) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    (void)c138_buf_adds(&text, item->name);
    c138_abi_type_text(item->inputs, &text);
    item->signature = c138_buf_steal(&text);
    c138_keccak256(item->signature, strlen(item->signature), item->hash);
}

static c138_status check_indexed(const struct c138_abi_item *item, struct c138_err *err) {
    size_t n = 0, most = item->what != C138_ABI_EVENT ? 0 : item->anonymous ? 4 : 3;
    for (size_t i = 0; i < item->inputs->n_items; i++)
        n += item->inputs->items[i].indexed != 0;
    return n > most ? c138_error(err, C138_E_INVALID, "abi.type",
                                 "%s: %zu parameters are indexed, and %zu may be", item->signature,
                                 n, most)
                    : C138_OK;
}

static struct c138_abi_item *item_new(void) {
    struct c138_abi_item *item = c138_xcalloc(1, sizeof(*item));
    item->inputs = c138_xcalloc(1, sizeof(*item->inputs));
    item->outputs = c138_xcalloc(1, sizeof(*item->outputs));
    item->inputs->kind = item->outputs->kind = C138_ABI_TUPLE;
    return item;
}

c138_status c138_abi_item_parse(const char *text, struct c138_abi_item **ret_item,
                                struct c138_err *err) {
    struct reader r = {.text = text, .at = text, .err = err};
    C138_ABI_ITEM struct c138_abi_item *item = item_new();
    c138_status status = read_item(&r, item);
    if (status < 0)
        return status;
    item_sign(item);
    status = check_indexed(item, err);
    if (status < 0)
        return status;
    *ret_item = item;
    item = NULL;
    return C138_OK;
}

/* --- A compiler's ABI ------------------------------------------------------------------------ */

static c138_status add_params(const struct c138_json *list, unsigned depth, struct c138_buf *text,
                              struct c138_err *err);

/* {"type": "tuple[2]", "components": [...], "name": ..., "indexed": ...} as "(...)[2] name". */
static c138_status add_param(const struct c138_json *p, unsigned depth, struct c138_buf *text,
                             struct c138_err *err) {
    const char *type = c138_json_get_str(p, "type", NULL), *name = c138_json_get_str(p, "name", "");
    if (!type || depth > C138_ABI_DEPTH)
        return c138_error(err, C138_E_INVALID, "abi.json",
                          "a parameter of the ABI has no type, or is nested too deeply");
    if (strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789[]") != strlen(type))
        return c138_error(err, C138_E_INVALID, "abi.json", "\"%.80s\" is no type", type);
    c138_status status = C138_OK;
    if (c138_starts_with(type, "tuple")) {
        status = add_params(c138_json_get(p, "components"), depth + 1, text, err);
        type += strlen("tuple");
    }
    for (const char *c = name; *c; c++)
        if (!is_word(*c))
            return c138_error(err, C138_E_INVALID, "abi.json", "\"%.80s\" is no name", name);
    (void)c138_buf_addf(text, "%s%s %s", type,
                        c138_json_get_bool(p, "indexed", 0) ? " indexed" : "", name);
    return status;
}

static c138_status add_params(const struct c138_json *list, unsigned depth, struct c138_buf *text,
                              struct c138_err *err) {
    c138_status status = C138_OK;
    (void)c138_buf_addc(text, '(');
    for (size_t i = 0; status >= 0 && i < c138_json_count(list); i++) {
        (void)c138_buf_adds(text, i ? "," : "");
        status = add_param(c138_json_at(list, i), depth, text, err);
    }
    (void)c138_buf_addc(text, ')');
    return status;
}

static const char *mutability(const struct c138_json *entry) {
    const char *state = c138_json_get_str(entry, "stateMutability", NULL);
    if (state)
        return state;
    /* compilers before 0.4.16 */
    return c138_json_get_bool(entry, "constant", 0)  ? "view"
           : c138_json_get_bool(entry, "payable", 0) ? "payable"
                                                     : "nonpayable";
}

c138_status c138_abi_item_from_json(const struct c138_json *entry, struct c138_abi_item **ret_item,
                                    struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_MAX(1u << 20);
    const char *type = c138_json_get_str(entry, "type", "function");
    size_t what = 0;
    while (what < C138_COUNT(what_names) && strcmp(type, what_names[what]) != 0)
        what++;
    if (what == C138_COUNT(what_names))
        return c138_error(err, C138_E_UNSUPPORTED, "abi.json", "an entry of type \"%.40s\"", type);
    (void)c138_buf_addf(&text, "%s %s", type,
                        what == C138_ABI_CONSTRUCTOR ? "" : c138_json_get_str(entry, "name", ""));
    c138_status status = add_params(c138_json_get(entry, "inputs"), 0, &text, err);
    if (status >= 0 && what == C138_ABI_FUNCTION) {
        (void)c138_buf_addf(&text, " %s returns ", mutability(entry));
        status = add_params(c138_json_get(entry, "outputs"), 0, &text, err);
    }
    if (c138_json_get_bool(entry, "anonymous", 0))
        (void)c138_buf_adds(&text, " anonymous");
    if (status >= 0 && text.overflow)
        status = c138_error(err, C138_E_LIMIT, "abi.json", "an entry of the ABI is too long");
    return status < 0 ? status : c138_abi_item_parse(c138_buf_text(&text), ret_item, err);
}

static c138_status abi_add(struct c138_abi *abi, const struct c138_json *entry,
                           struct c138_err *err) {
    struct c138_abi_item *item = NULL;
    const char *text = c138_json_as_str(entry, NULL);
    c138_status status =
        text ? c138_abi_item_parse(text, &item, err) : c138_abi_item_from_json(entry, &item, err);
    if (status >= 0)
        abi->items[abi->count++] = item;
    return status == C138_E_UNSUPPORTED ? C138_OK : status;
}

c138_status c138_abi_from_json(const struct c138_json *json, struct c138_abi *ret_abi,
                               struct c138_err *err) {
    struct c138_abi abi = {0};
    const struct c138_json *list =
        c138_json_type(json) == C138_JSON_OBJECT ? c138_json_get(json, "abi") : json;
    if (c138_json_type(list) != C138_JSON_ARRAY)
        return c138_error(
            err, C138_E_INVALID, "abi.json",
            "expected a compiler's ABI: an array, or an object with a member \"abi\"");
    size_t count = c138_json_count(list);
    abi.items = c138_xcalloc(count + 1, sizeof(struct c138_abi_item *));
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < count; i++) {
        status = abi_add(&abi, c138_json_at(list, i), err);
        if (status < 0)
            (void)c138_error_prefix(err, status, "entry %zu", i);
    }
    if (status < 0)
        c138_abi_deinit(&abi);
    else
        *ret_abi = abi;
    return status;
}

void c138_abi_deinit(struct c138_abi *abi) {
    for (size_t i = 0; i < abi->count; i++)
        (void)c138_abi_item_free(abi->items[i]);
    free(abi->items);
    *abi = (struct c138_abi){0};
}

static int is_called(const struct c138_abi_item *item, enum c138_abi_what what, const char *name) {
    return item->what == what && !strcmp(strchr(name, '(') ? item->signature : item->name, name);
}

c138_status c138_abi_find(const struct c138_abi *abi, enum c138_abi_what what, const char *name,
                          const struct c138_abi_item **ret_item, struct c138_err *err) {
    C138_BUF struct c138_buf found = C138_BUF_MAX(600);
    const struct c138_abi_item *item = NULL;
    size_t n = 0;
    for (size_t i = 0; i < abi->count; i++) {
        if (!is_called(abi->items[i], what, name))
            continue;
        item = abi->items[i];
        (void)c138_buf_addf(&found, "%s%s", n++ ? ", " : "", item->signature);
    }
    if (!n)
        return c138_error(err, C138_E_NOTFOUND, "abi.unknown", "the ABI has no %s %.200s",
                          what_names[what], name);
    if (n > 1 && !strchr(name, '('))
        return c138_error(err, C138_E_CONFLICT, "abi.overloaded",
                          "the ABI has %zu of that name: say which of %s", n,
                          c138_buf_text(&found));
    *ret_item = item;
    return C138_OK;
}

const struct c138_abi_item *c138_abi_by_hash(const struct c138_abi *abi, enum c138_abi_what what,
                                             const uint8_t *hash, size_t length) {
    for (size_t i = 0; length >= 4 && i < abi->count; i++)
        if (abi->items[i]->what == what && !memcmp(abi->items[i]->hash, hash, length < 32 ? 4 : 32))
            return abi->items[i];
    return NULL;
}
