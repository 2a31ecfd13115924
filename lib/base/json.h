/*
 * base/json.h: JSON values. The only header through which this project sees json-c (no json-c type
 * shows).
 *
 * A value is reference-counted and belongs to one thread at a time. Getters borrow: what they
 * return lives as long as the value they came from. Setters and append take over the reference of
 * the value given to them. NULL stands for JSON null. Numbers: integers are kept as int64 or
 * uint64; what has a fraction or exponent as double. 256-bit numbers travel as strings. Parsing is
 * strict (RFC 8259: no comments, no trailing bytes, UTF-8 checked, no NUL in member names) and
 * bounded.
 */
#ifndef C138_BASE_JSON_H
#define C138_BASE_JSON_H
#include <base/buf.h>
#include <base/err.h>
#include <base/mem.h>

struct c138_json;

enum c138_json_type {
    C138_JSON_NULL,
    C138_JSON_BOOL,
    C138_JSON_INT,
    C138_JSON_DOUBLE,
    C138_JSON_STRING,
    C138_JSON_ARRAY,
    C138_JSON_OBJECT
};

#define C138_JSON_DEPTH 32 /* deepest nesting that parse takes */

/* Parses exactly one value. The error names the byte offset. *ret_value is NULL for the text
 * `null`. A member name that occurs twice in one object is an error. */
c138_status c138_json_parse(const char *text, size_t length, struct c138_json **ret_value,
                            struct c138_err *err);
struct c138_json *c138_json_ref(struct c138_json *v);
struct c138_json *c138_json_unref(struct c138_json *v); /* takes NULL, returns NULL */
static inline void c138_json_unrefp(struct c138_json **v) {
    c138_json_unref(*v);
}
#define C138_JSON C138_CLEANUP(c138_json_unrefp)
struct c138_json *c138_json_copy(const struct c138_json *v); /* deep */

enum c138_json_type c138_json_type(const struct c138_json *v);
/* Reads with a fallback: `v` of another type (or NULL) gives the fallback. as_int of a DOUBLE:
 * fallback. */
const char *c138_json_as_str(const struct c138_json *v, const char *fallback);
int64_t c138_json_as_int(const struct c138_json *v, int64_t fallback);
uint64_t c138_json_as_uint(const struct c138_json *v, uint64_t fallback); /* negative: fallback */
double c138_json_as_num(const struct c138_json *v, double fallback);
int c138_json_as_bool(const struct c138_json *v, int fallback);
size_t c138_json_str_length(const struct c138_json *v); /* bytes; strings may hold NUL */

/* Objects. get: NULL if absent, null, or `v` is no object. */
struct c138_json *c138_json_get(const struct c138_json *v, const char *name);
int c138_json_has(const struct c138_json *v, const char *name); /* 1 also for a null member */
struct c138_json *c138_json_path(const struct c138_json *v, const char *dotted); /* "a.0.b" */
const char *c138_json_get_str(const struct c138_json *v, const char *name, const char *fallback);
int64_t c138_json_get_int(const struct c138_json *v, const char *name, int64_t fallback);
uint64_t c138_json_get_uint(const struct c138_json *v, const char *name, uint64_t fallback);
int c138_json_get_bool(const struct c138_json *v, const char *name, int fallback);
/* Arrays: elements; objects: members in order. 0 for anything else. */
size_t c138_json_count(const struct c138_json *v);
struct c138_json *c138_json_at(const struct c138_json *v, size_t index);
/* for (struct c138_json_iter i = c138_json_iter(v); c138_json_next(&i);) i.name, i.value. Do not
 * change v meanwhile. */
struct c138_json_iter {
    const char *name;
    struct c138_json *value;
    void *state_[2];
};
struct c138_json_iter c138_json_iter(const struct c138_json *object);
int c138_json_next(struct c138_json_iter *i);

/* Builders. */
struct c138_json *c138_json_new_object(void);
struct c138_json *c138_json_new_array(void);
struct c138_json *c138_json_new_str(const char *text); /* NULL gives NULL */
struct c138_json *c138_json_new_strn(const char *text,
                                     size_t length); /* as in quote: U+FFFD for what is not UTF-8 */
struct c138_json *c138_json_new_int(int64_t v);
struct c138_json *c138_json_new_uint(uint64_t v);
struct c138_json *c138_json_new_num(double v);
struct c138_json *c138_json_new_bool(int v);
void c138_json_set(struct c138_json *object, const char *name,
                   struct c138_json *value); /* takes the reference; replaces */
void c138_json_set_str(struct c138_json *object, const char *name, const char *text);
void c138_json_set_int(struct c138_json *object, const char *name, int64_t v);
void c138_json_set_uint(struct c138_json *object, const char *name, uint64_t v);
void c138_json_set_num(struct c138_json *object, const char *name, double v);
void c138_json_set_bool(struct c138_json *object, const char *name, int v);
void c138_json_remove(struct c138_json *object, const char *name);
void c138_json_append(struct c138_json *array, struct c138_json *value); /* takes the reference */

/* Text. dump: compact, members in order, caller frees. pretty: two spaces. canonical: members
 * sorted by bytes at every level, the form whose SHA-256 binds plans and audit records. */
char *c138_json_dump(const struct c138_json *v);
char *c138_json_pretty(const struct c138_json *v);
char *c138_json_canonical(const struct c138_json *v);
/* Adds `text` to `b` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void c138_json_quote(struct c138_buf *b, const char *text, size_t length);
#endif
