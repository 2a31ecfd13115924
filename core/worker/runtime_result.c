/* The writer of a result: JSON text straight into a buffer, checked as it grows. */
#include <worker/runtime_parts.h>

#include <inttypes.h>
#include <math.h>

static void broken(struct result *r, c138_status status, const char *key, const char *text) {
    if (r->err.status)
        return;
    (void)c138_error(&r->err, status, key, "%s", text);
    r->err.status = status;
}

static void put(struct result *r, const char *text, size_t length) {
    if (!r->err.status && c138_buf_add(&r->out, text, length) != C138_OK)
        broken(r, C138_E_LIMIT, "result.limit",
               "result: larger than 8 MiB: ask for less, or let the action write a file");
}

static void put_quoted(struct result *r, const char *text) {
    if (r->err.status)
        return;
    c138_json_quote(&r->out, text, strlen(text));
    if (r->out.overflow)
        broken(r, C138_E_LIMIT, "result.limit",
               "result: larger than 8 MiB: ask for less, or let the action write a file");
}

static uint64_t hash_name(const char *name) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (const char *c = name; *c; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static int set_insert(uint64_t *slots, size_t room, uint64_t hash) {
    size_t i = (size_t)(hash ^ hash >> 32) & (room - 1);
    for (; slots[i]; i = (i + 1) & (room - 1))
        if (slots[i] == hash)
            return 0;
    slots[i] = hash;
    return 1;
}

/* 0: the name was there already. */
static int remember(struct result_level *l, uint64_t hash) {
    if (2 * (l->n_names + 1) > l->room) {
        size_t room = l->room ? l->room * 2 : 32;
        uint64_t *names = c138_xcalloc(room, sizeof *names);
        for (size_t i = 0; i < l->room; i++)
            if (l->names[i])
                (void)set_insert(names, room, l->names[i]);
        free(l->names);
        l->names = names;
        l->room = room;
    }
    if (!set_insert(l->names, l->room, hash))
        return 0;
    l->n_names++;
    return 1;
}

static void level_reset(struct result_level *l, int is_list) {
    if (l->n_names)
        memset(l->names, 0, l->room * sizeof *l->names);
    l->n_names = 0;
    l->is_list = is_list;
    l->has_members = 0;
}

void result_open(struct result *r) {
    c138_buf_reset(&r->out);
    r->out.max = RT_RESULT_MAX;
    r->out.overflow = 0;
    r->err.status = C138_OK;
    r->depth = 0;
    level_reset(&r->levels[0], 0);
    put(r, "{", 1);
}

void result_deinit(struct result *r) {
    c138_buf_deinit(&r->out);
    for (size_t i = 0; i < C138_COUNT(r->levels); i++)
        free(r->levels[i].names);
}

c138_status result_finish(struct result *r) {
    if (r->depth > 0)
        broken(r, C138_E_INTERNAL, "result.invalid",
               "result: an object or a list was opened and not closed: a defect of the plugin");
    put(r, "}", 1);
    return r->err.status;
}

/* What stands before a value: comma and name. NULL: nothing may be written. */
static struct result *begin(c138_call *api, const char *key) {
    struct result *r = call_result(api);
    if (!r || r->err.status)
        return NULL;
    struct result_level *l = &r->levels[r->depth];
    if ((key == NULL) != (l->is_list != 0)) {
        broken(r, C138_E_INTERNAL, "result.invalid",
               key ? "result: a member with a name inside a list: a defect of the plugin"
                   : "result: a member without a name inside an object: a defect of the plugin");
        return NULL;
    }
    if (l->has_members)
        put(r, ",", 1);
    l->has_members = 1;
    if (!key)
        return r;
    if (!remember(l, hash_name(key))) {
        broken(r, C138_E_INTERNAL, "result.invalid",
               "result: a member's name came twice in one object: a defect of the plugin");
        return NULL;
    }
    put_quoted(r, key);
    put(r, ":", 1);
    return r->err.status ? NULL : r;
}

static void set_str(c138_call *api, const char *key, const char *value) {
    struct result *r = begin(api, key);
    if (r && value)
        put_quoted(r, value);
    else if (r)
        put(r, "null", 4);
}

static void set_text(c138_call *api, const char *key, const char *text) {
    struct result *r = begin(api, key);
    if (r)
        put(r, text, strlen(text));
}

static void set_int(c138_call *api, const char *key, int64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    set_text(api, key, text);
}

static void set_uint(c138_call *api, const char *key, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    set_text(api, key, text);
}

/* The shortest text that reads back as the same number; JSON has none for NaN and infinities. */
static void set_num(c138_call *api, const char *key, double value) {
    char text[40];
    if (!isfinite(value)) {
        set_text(api, key, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    set_text(api, key, text);
}

static void set_bool(c138_call *api, const char *key, uint32_t value) {
    set_text(api, key, value ? "true" : "false");
}

/* How deep a value that is known to be right nests. */
static unsigned nesting(const char *json) {
    unsigned depth = 0, most = 0;
    int in_string = 0;
    for (const char *c = json; *c; c++) {
        if (in_string && *c == '\\' && c[1])
            c++;
        else if (*c == '"')
            in_string = !in_string;
        else if (!in_string && (*c == '{' || *c == '['))
            most = ++depth > most ? depth : most;
        else if (!in_string && (*c == '}' || *c == ']'))
            depth--;
    }
    return most;
}

static void set_json(c138_call *api, const char *key, const char *json) {
    struct result *r = begin(api, key);
    if (!r)
        return;
    struct c138_json *value = NULL;
    if (!json || strlen(json) > RT_RESULT_MAX ||
        c138_json_parse(json, strlen(json), &value, NULL) != C138_OK) {
        broken(r, C138_E_INTERNAL, "result.invalid",
               "result: a text that should be one JSON value is none: a defect of the plugin");
        return;
    }
    (void)c138_json_unref(value);
    if (r->depth + 1 + nesting(json) > C138_JSON_DEPTH)
        broken(r, C138_E_LIMIT, "result.depth", "result: nested deeper than 32 levels");
    put(r, json, strlen(json));
}

static void open_container(c138_call *api, const char *key, int is_list) {
    struct result *r = begin(api, key);
    if (!r)
        return;
    if (r->depth + 1 >= C138_JSON_DEPTH) {
        broken(r, C138_E_LIMIT, "result.depth", "result: nested deeper than 32 levels");
        return;
    }
    level_reset(&r->levels[++r->depth], is_list);
    put(r, is_list ? "[" : "{", 1);
}

static void open_object(c138_call *api, const char *key) {
    open_container(api, key, 0);
}

static void open_list(c138_call *api, const char *key) {
    open_container(api, key, 1);
}

static void close_container(c138_call *api) {
    struct result *r = call_result(api);
    if (!r || r->err.status)
        return;
    if (r->depth == 0) {
        broken(r, C138_E_INTERNAL, "result.invalid",
               "result: closed more often than opened: a defect of the plugin");
        return;
    }
    put(r, r->levels[r->depth--].is_list ? "]" : "}", 1);
}

void result_bind(c138_call *api) {
    api->set_str = set_str;
    api->set_int = set_int;
    api->set_uint = set_uint;
    api->set_num = set_num;
    api->set_bool = set_bool;
    api->set_json = set_json;
    api->open_object = open_object;
    api->open_list = open_list;
    api->close = close_container;
}
