/*
 * JSON over json-c, the only file that sees it. A `struct c138_json` is a `struct json_object`.
 *
 * Values are json-c's; reading text is done here, in one strict pass: json-c's own tokener keeps
 * the last of two equal member names and clips large integers without a word, and what is approved
 * or audited must not change silently.
 */
#include <base/json.h>
#include <base/text.h>

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct json_object *obj(const struct c138_json *v) {
    return (struct json_object *)(uintptr_t)v;
}

static struct c138_json *val(struct json_object *o) {
    return (struct c138_json *)o;
}

/* --- Reading --------------------------------------------------------------------------------- */

struct reader {
    const char *p, *end;
    const char *wrong; /* the first thing that is wrong */
};

static struct json_object *fail(struct reader *r, const char *what) {
    if (!r->wrong)
        r->wrong = what;
    return NULL;
}

static int more(const struct reader *r) {
    return r->p < r->end;
}

static void skip_space(struct reader *r) {
    while (more(r) && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static int read_hex4(struct reader *r, uint32_t *ret_unit) {
    uint8_t two[2];
    if (r->end - r->p < 4 || c138_hex_decode(r->p, 4, two) < 0)
        return 0;
    *ret_unit = (uint32_t)two[0] << 8 | two[1];
    r->p += 4;
    return 1;
}

static void add_utf8(struct c138_buf *out, uint32_t c) {
    char four[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        four[i] = (char)(0x80 | (c & 0x3f));
    four[0] = (char)(lead[n] | c);
    c138_buf_add(out, four, n);
}

/* Behind "\u": one character, of two units if they are surrogates. */
static int read_unicode(struct reader *r, struct c138_buf *out) {
    uint32_t c = 0, low = 0;
    if (!read_hex4(r, &c))
        return 0;
    if (c >= 0xdc00 && c <= 0xdfff)
        return 0;
    if (c >= 0xd800 && c <= 0xdbff) {
        if (r->end - r->p < 2 || r->p[0] != '\\' || r->p[1] != 'u')
            return 0;
        r->p += 2;
        if (!read_hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
            return 0;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    add_utf8(out, c);
    return 1;
}

/* At the opening quote. Decoded into `out`, which is reset. */
static int read_string(struct reader *r, struct c138_buf *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    c138_buf_reset(out);
    for (r->p++; more(r);) {
        const char *plain = r->p;
        while (more(r) && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
            r->p++;
        c138_buf_add(out, plain, (size_t)(r->p - plain));
        if (!more(r))
            break;
        char c = *r->p++;
        if (c == '"')
            return 1;
        if (c != '\\' || !more(r)) {
            fail(r, "a control character in a string");
            return 0;
        }
        c = *r->p++;
        const char *at = c ? strchr(from, c) : NULL;
        if (at) {
            c138_buf_addc(out, to[at - from]);
        } else if (c != 'u' || !read_unicode(r, out)) {
            fail(r, "a bad escape in a string");
            return 0;
        }
    }
    fail(r, "a string that does not end");
    return 0;
}

static size_t skip_digits(struct reader *r) {
    const char *first = r->p;
    while (more(r) && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t)(r->p - first);
}

static struct json_object *read_integer(struct reader *r, const char *text) {
    int64_t i = 0;
    uint64_t u = 0;
    if (c138_parse_int(text, &i) >= 0)
        return json_object_new_int64(i);
    if (c138_parse_uint(text, &u) >= 0)
        return json_object_new_uint64(u);
    return fail(r, "an integer over 64 bits (large amounts travel as strings)");
}

static struct json_object *read_number(struct reader *r) {
    const char *first = r->p;
    int whole = 1;
    r->p += *r->p == '-';
    const char *digit = r->p;
    size_t n = skip_digits(r);
    if (!n || (n > 1 && *digit == '0'))
        return fail(r, "a value that is no JSON");
    if (more(r) && *r->p == '.') {
        whole = 0;
        r->p++;
        if (!skip_digits(r))
            return fail(r, "a bad number");
    }
    if (more(r) && (*r->p == 'e' || *r->p == 'E')) {
        whole = 0;
        r->p++;
        r->p += more(r) && (*r->p == '+' || *r->p == '-');
        if (!skip_digits(r))
            return fail(r, "a bad number");
    }
    char text[64];
    size_t length = (size_t)(r->p - first);
    if (length >= sizeof(text))
        return fail(r, "a number of more than 63 characters");
    memcpy(text, first, length);
    text[length] = '\0';
    if (whole)
        return read_integer(r, text);
    double d = strtod(text, NULL);
    return isfinite(d) ? json_object_new_double_s(d, text) : fail(r, "a number out of range");
}

static int read_word(struct reader *r, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0) {
        fail(r, "a value that is no JSON");
        return 0;
    }
    r->p += n;
    return 1;
}

static int read_value(struct reader *r, int depth, struct json_object **ret);

/* Behind a member or element: 1 go on, 0 the end or an error. */
static int next_item(struct reader *r, char close, int *ret_done) {
    skip_space(r);
    *ret_done = 0;
    if (!more(r)) {
        fail(r, "the text ends too early");
        return 0;
    }
    char c = *r->p++;
    *ret_done = c == close;
    if (c != close && c != ',')
        fail(r, "a comma is missing");
    return c == ',';
}

static int read_array(struct reader *r, int depth, struct json_object *array) {
    int done = 0;
    r->p++;
    skip_space(r);
    if (more(r) && *r->p == ']') {
        r->p++;
        return 1;
    }
    do {
        struct json_object *item = NULL;
        if (!read_value(r, depth, &item))
            return 0;
        json_object_array_add(array, item);
    } while (next_item(r, ']', &done));
    return done;
}

static int read_member(struct reader *r, int depth, struct json_object *object) {
    C138_BUF struct c138_buf name = C138_BUF_NULL;
    struct json_object *value = NULL;
    skip_space(r);
    if (!more(r) || *r->p != '"') {
        fail(r, "a member name is missing");
        return 0;
    }
    if (!read_string(r, &name))
        return 0;
    if (strlen(c138_buf_text(&name)) != name.length) {
        fail(r, "a NUL in a member name");
        return 0;
    }
    if (json_object_object_get_ex(object, c138_buf_text(&name), NULL)) {
        fail(r, "a member name that occurs twice");
        return 0;
    }
    skip_space(r);
    if (!more(r) || *r->p != ':') {
        fail(r, "a colon is missing");
        return 0;
    }
    r->p++;
    if (!read_value(r, depth, &value))
        return 0;
    json_object_object_add(object, c138_buf_text(&name), value);
    return 1;
}

static int read_object(struct reader *r, int depth, struct json_object *object) {
    int done = 0;
    r->p++;
    skip_space(r);
    if (more(r) && *r->p == '}') {
        r->p++;
        return 1;
    }
    do {
        if (!read_member(r, depth, object))
            return 0;
    } while (next_item(r, '}', &done));
    return done;
}

static int read_value(struct reader *r, int depth, struct json_object **ret) {
    struct json_object *o = NULL;
    int ok = 1;
    *ret = NULL;
    skip_space(r);
    if (!more(r)) {
        fail(r, "the text ends too early");
        return 0;
    }
    if (depth > C138_JSON_DEPTH && (*r->p == '{' || *r->p == '[')) {
        fail(r, "nested too deeply");
        return 0;
    }
    switch (*r->p) {
    case '{':
        o = json_object_new_object();
        ok = read_object(r, depth + 1, o);
        break;
    case '[':
        o = json_object_new_array();
        ok = read_array(r, depth + 1, o);
        break;
    case '"': {
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        ok = read_string(r, &text);
        o = ok ? json_object_new_string_len(c138_buf_text(&text), (int)text.length) : NULL;
        break;
    }
    case 't':
        ok = read_word(r, "true");
        o = json_object_new_boolean(1);
        break;
    case 'f':
        ok = read_word(r, "false");
        o = json_object_new_boolean(0);
        break;
    case 'n':
        ok = read_word(r, "null");
        break;
    default:
        o = read_number(r);
        ok = o != NULL;
    }
    if (!ok) {
        json_object_put(o);
        return 0;
    }
    *ret = o;
    return 1;
}

c138_status c138_json_parse(const char *text, size_t length, struct c138_json **ret_value,
                            struct c138_err *err) {
    struct reader r = {.p = text, .end = text + length};
    struct json_object *o = NULL;
    if (length > INT32_MAX)
        return c138_error(err, C138_E_LIMIT, "json.too-large", "JSON text of over 2 GiB");
    size_t good = c138_utf8_span(text, length);
    if (good < length)
        return c138_error(err, C138_E_INVALID, "json.utf8", "not JSON: not UTF-8 at byte %zu",
                          good);
    if (read_value(&r, 1, &o)) {
        skip_space(&r);
        if (!more(&r)) {
            *ret_value = val(o);
            return C138_OK;
        }
        fail(&r, "something behind the value");
        json_object_put(o);
    }
    return c138_error(err, C138_E_INVALID, "json.invalid", "not JSON: %s at byte %zu", r.wrong,
                      (size_t)(r.p - text));
}

/* --- Values ---------------------------------------------------------------------------------- */

struct c138_json *c138_json_ref(struct c138_json *v) {
    return val(json_object_get(obj(v)));
}

struct c138_json *c138_json_unref(struct c138_json *v) {
    json_object_put(obj(v));
    return NULL;
}

struct c138_json *c138_json_copy(const struct c138_json *v) {
    struct json_object *copy = NULL;
    if (v && json_object_deep_copy(obj(v), &copy, NULL) < 0)
        abort(); /* only without memory */
    return val(copy);
}

enum c138_json_type c138_json_type(const struct c138_json *v) {
    switch (json_object_get_type(obj(v))) {
    case json_type_boolean:
        return C138_JSON_BOOL;
    case json_type_int:
        return C138_JSON_INT;
    case json_type_double:
        return C138_JSON_DOUBLE;
    case json_type_string:
        return C138_JSON_STRING;
    case json_type_array:
        return C138_JSON_ARRAY;
    case json_type_object:
        return C138_JSON_OBJECT;
    default:
        return C138_JSON_NULL;
    }
}

const char *c138_json_as_str(const struct c138_json *v, const char *fallback) {
    return c138_json_type(v) == C138_JSON_STRING ? json_object_get_string(obj(v)) : fallback;
}

int64_t c138_json_as_int(const struct c138_json *v, int64_t fallback) {
    if (c138_json_type(v) != C138_JSON_INT)
        return fallback;
    /* Above INT64_MAX json-c clips: only a uint is that large. */
    int64_t i = json_object_get_int64(obj(v));
    return i == INT64_MAX && json_object_get_uint64(obj(v)) > INT64_MAX ? fallback : i;
}

uint64_t c138_json_as_uint(const struct c138_json *v, uint64_t fallback) {
    if (c138_json_type(v) != C138_JSON_INT || json_object_get_int64(obj(v)) < 0)
        return fallback;
    return json_object_get_uint64(obj(v));
}

double c138_json_as_num(const struct c138_json *v, double fallback) {
    enum c138_json_type type = c138_json_type(v);
    return type == C138_JSON_INT || type == C138_JSON_DOUBLE ? json_object_get_double(obj(v))
                                                             : fallback;
}

int c138_json_as_bool(const struct c138_json *v, int fallback) {
    return c138_json_type(v) == C138_JSON_BOOL ? json_object_get_boolean(obj(v)) : fallback;
}

size_t c138_json_str_length(const struct c138_json *v) {
    return c138_json_type(v) == C138_JSON_STRING ? (size_t)json_object_get_string_len(obj(v)) : 0;
}

struct c138_json *c138_json_get(const struct c138_json *v, const char *name) {
    struct json_object *member = NULL;
    if (c138_json_type(v) == C138_JSON_OBJECT)
        (void)json_object_object_get_ex(obj(v), name, &member);
    return val(member);
}

int c138_json_has(const struct c138_json *v, const char *name) {
    return c138_json_type(v) == C138_JSON_OBJECT && json_object_object_get_ex(obj(v), name, NULL);
}

struct c138_json *c138_json_path(const struct c138_json *v, const char *dotted) {
    const struct c138_json *at = v;
    while (at && *dotted) {
        char part[256];
        size_t n = strcspn(dotted, ".");
        if (n >= sizeof(part))
            return NULL;
        memcpy(part, dotted, n);
        part[n] = '\0';
        uint64_t index = 0;
        if (c138_json_type(at) == C138_JSON_ARRAY)
            at = c138_parse_uint(part, &index) < 0 ? NULL : c138_json_at(at, (size_t)index);
        else
            at = c138_json_get(at, part);
        dotted += n + (dotted[n] == '.');
    }
    return (struct c138_json *)(uintptr_t)at;
}

const char *c138_json_get_str(const struct c138_json *v, const char *name, const char *fallback) {
    return c138_json_as_str(c138_json_get(v, name), fallback);
}

int64_t c138_json_get_int(const struct c138_json *v, const char *name, int64_t fallback) {
    return c138_json_as_int(c138_json_get(v, name), fallback);
}

uint64_t c138_json_get_uint(const struct c138_json *v, const char *name, uint64_t fallback) {
    return c138_json_as_uint(c138_json_get(v, name), fallback);
}

int c138_json_get_bool(const struct c138_json *v, const char *name, int fallback) {
    return c138_json_as_bool(c138_json_get(v, name), fallback);
}

size_t c138_json_count(const struct c138_json *v) {
    switch (c138_json_type(v)) {
    case C138_JSON_ARRAY:
        return json_object_array_length(obj(v));
    case C138_JSON_OBJECT:
        return (size_t)json_object_object_length(obj(v));
    default:
        return 0;
    }
}

struct c138_json *c138_json_at(const struct c138_json *v, size_t index) {
    return c138_json_type(v) == C138_JSON_ARRAY ? val(json_object_array_get_idx(obj(v), index))
                                                : NULL;
}

struct c138_json_iter c138_json_iter(const struct c138_json *object) {
    struct c138_json_iter i = {0};
    if (c138_json_type(object) == C138_JSON_OBJECT)
        i.state_[0] = json_object_get_object(obj(object))->head;
    return i;
}

int c138_json_next(struct c138_json_iter *i) {
    struct lh_entry *e = i->state_[0];
    if (!e)
        return 0;
    i->name = lh_entry_k(e);
    i->value = lh_entry_v(e);
    i->state_[0] = e->next;
    return 1;
}

/* --- Builders -------------------------------------------------------------------------------- */

static struct c138_json *made(struct json_object *o) {
    if (!o)
        abort(); /* only without memory */
    return val(o);
}

struct c138_json *c138_json_new_object(void) {
    return made(json_object_new_object());
}

struct c138_json *c138_json_new_array(void) {
    return made(json_object_new_array());
}

struct c138_json *c138_json_new_str(const char *text) {
    return text ? c138_json_new_strn(text, strlen(text)) : NULL;
}

/* Texts come from nodes, logs and file names: what is not UTF-8 must not make our JSON invalid. */
static struct c138_json *new_mended(const char *text, size_t length) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    while (length) {
        size_t good = c138_utf8_span(text, length);
        c138_buf_add(&out, text, good);
        if (good == length)
            break;
        c138_buf_adds(&out, "\xef\xbf\xbd");
        text += good + 1;
        length -= good + 1;
    }
    return made(json_object_new_string_len(c138_buf_text(&out), (int)out.length));
}

struct c138_json *c138_json_new_strn(const char *text, size_t length) {
    if (!c138_utf8_valid(text, length))
        return new_mended(text, length);
    return made(json_object_new_string_len(text, (int)length));
}

struct c138_json *c138_json_new_int(int64_t v) {
    return made(json_object_new_int64(v));
}

struct c138_json *c138_json_new_uint(uint64_t v) {
    return made(v <= INT64_MAX ? json_object_new_int64((int64_t)v) : json_object_new_uint64(v));
}

struct c138_json *c138_json_new_num(double v) {
    /* JSON has no infinities; and the shortest text that gives the same number back is what people
     * expect. */
    if (!isfinite(v))
        return NULL;
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    if (!strpbrk(text, ".eE"))
        (void)strncat(text, ".0", sizeof(text) - strlen(text) - 1);
    return made(json_object_new_double_s(v, text));
}

struct c138_json *c138_json_new_bool(int v) {
    return made(json_object_new_boolean(v));
}

void c138_json_set(struct c138_json *object, const char *name, struct c138_json *value) {
    json_object_object_add(obj(object), name, obj(value));
}

void c138_json_set_str(struct c138_json *object, const char *name, const char *text) {
    c138_json_set(object, name, c138_json_new_str(text));
}

void c138_json_set_int(struct c138_json *object, const char *name, int64_t v) {
    c138_json_set(object, name, c138_json_new_int(v));
}

void c138_json_set_uint(struct c138_json *object, const char *name, uint64_t v) {
    c138_json_set(object, name, c138_json_new_uint(v));
}

void c138_json_set_num(struct c138_json *object, const char *name, double v) {
    c138_json_set(object, name, c138_json_new_num(v));
}

void c138_json_set_bool(struct c138_json *object, const char *name, int v) {
    c138_json_set(object, name, c138_json_new_bool(v));
}

void c138_json_remove(struct c138_json *object, const char *name) {
    json_object_object_del(obj(object), name);
}

void c138_json_append(struct c138_json *array, struct c138_json *value) {
    json_object_array_add(obj(array), obj(value));
}

/* --- Writing --------------------------------------------------------------------------------- */

char *c138_json_dump(const struct c138_json *v) {
    return c138_xstrdup(json_object_to_json_string_ext(obj(v), JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
}

char *c138_json_pretty(const struct c138_json *v) {
    return c138_xstrdup(json_object_to_json_string_ext(obj(v), JSON_C_TO_STRING_PRETTY |
                                                                   JSON_C_TO_STRING_SPACED |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* How many bytes need no second look: most texts are one run of them. */
static size_t plain_run(const char *text, size_t length) {
    size_t n = 0;
    while (n < length && text[n] >= 0x20 && text[n] < 0x7f && text[n] != '"' && text[n] != '\\')
        n++;
    return n;
}

void c138_json_quote(struct c138_buf *b, const char *text, size_t length) {
    static const char hex[] = "0123456789abcdef";
    c138_buf_addc(b, '"');
    for (size_t i = 0; i < length;) {
        size_t run = plain_run(text + i, length - i);
        c138_buf_add(b, text + i, run);
        i += run;
        if (i == length)
            break;
        unsigned char c = (unsigned char)text[i];
        size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (c == '"' || c == '\\') {
            const char two[2] = {'\\', (char)c};
            c138_buf_add(b, two, 2);
        } else if (c < 0x20) {
            static const char names[] = "btn?fr"; /* 8 to 13, without 11 */
            const char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            const char two[2] = {'\\', c >= 8 && c <= 13 ? names[c - 8] : '?'};
            c138_buf_add(b, two[1] == '?' ? six : two, two[1] == '?' ? 6 : 2);
        } else if (n <= length - i && c138_utf8_valid(text + i, n)) {
            c138_buf_add(b, text + i, n);
        } else {
            c138_buf_adds(b, "\xef\xbf\xbd");
            n = 1;
        }
        i += n;
    }
    c138_buf_addc(b, '"');
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void canonical(const struct c138_json *v, struct c138_buf *out) {
    size_t n = c138_json_count(v);
    switch (c138_json_type(v)) {
    case C138_JSON_STRING:
        c138_json_quote(out, c138_json_as_str(v, ""), c138_json_str_length(v));
        break;
    case C138_JSON_ARRAY:
        c138_buf_addc(out, '[');
        for (size_t i = 0; i < n; i++) {
            if (i)
                c138_buf_addc(out, ',');
            canonical(c138_json_at(v, i), out);
        }
        c138_buf_addc(out, ']');
        break;
    case C138_JSON_OBJECT: {
        C138_FREE const char **names = c138_xcalloc(n, sizeof(*names));
        size_t k = 0;
        for (struct c138_json_iter i = c138_json_iter(v); c138_json_next(&i);)
            names[k++] = i.name;
        qsort(names, n, sizeof(*names), by_name);
        c138_buf_addc(out, '{');
        for (size_t i = 0; i < n; i++) {
            if (i)
                c138_buf_addc(out, ',');
            c138_json_quote(out, names[i], strlen(names[i]));
            c138_buf_addc(out, ':');
            canonical(c138_json_get(v, names[i]), out);
        }
        c138_buf_addc(out, '}');
        break;
    }
    default: {
        C138_FREE char *text = c138_json_dump(v);
        c138_buf_adds(out, text);
    }
    }
}

char *c138_json_canonical(const struct c138_json *v) {
    struct c138_buf out = C138_BUF_NULL;
    canonical(v, &out);
    return c138_buf_steal(&out);
}
