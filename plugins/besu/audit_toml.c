/*
 * TOML 1.0 with lines (toml.io/en/v1.0.0). Numbers, dates and times are taken by their characters
 * and kept as text; everything else is strict, as Besu's own reader (tuweni) stops at the first
 * thing that is not right: a key given twice above all.
 */
#include "audit_doc.h"

#include <base/buf.h>
#include <base/mem.h>
#include <base/text.h>

#include <string.h>

#define KEYS_MAX 20000 /* looking for a name in a table goes from one to the next */

struct reader {
    const char *at, *end;
    unsigned line;
    size_t budget;
    const char *wrong;
};

static int failed(struct reader *r, const char *why) {
    if (!r->wrong)
        r->wrong = why;
    return 0;
}

static int here(const struct reader *r) {
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int begins(const struct reader *r, const char *text) {
    size_t n = strlen(text);
    return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

static void skip_blanks(struct reader *r) {
    while (here(r) == ' ' || here(r) == '\t')
        r->at++;
}

static void skip_comment(struct reader *r) {
    if (here(r) == '#')
        while (here(r) >= 0 && here(r) != '\n')
            r->at++;
}

/* Blanks, comments and ends of lines. */
static void skip_lines(struct reader *r) {
    for (;;) {
        skip_blanks(r);
        skip_comment(r);
        if (begins(r, "\r\n"))
            r->at++;
        if (here(r) != '\n')
            return;
        r->at++;
        r->line++;
    }
}

static int end_of_line(struct reader *r) {
    skip_blanks(r);
    skip_comment(r);
    if (begins(r, "\r\n"))
        r->at++;
    return here(r) == '\n' || here(r) < 0
               ? 1
               : failed(r, "something stands behind the value: each on a line of its own");
}

/* --- Texts ----------------------------------------------------------------------------------- */

static void add_utf8(struct c138_buf *out, uint32_t c) {
    if (c < 0x80) {
        c138_buf_addc(out, (char)c);
    } else if (c < 0x800) {
        c138_buf_addc(out, (char)(0xC0 | (c >> 6)));
        c138_buf_addc(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        c138_buf_addc(out, (char)(0xE0 | (c >> 12)));
        c138_buf_addc(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        c138_buf_addc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        c138_buf_addc(out, (char)(0xF0 | (c >> 18)));
        c138_buf_addc(out, (char)(0x80 | ((c >> 12) & 0x3F)));
        c138_buf_addc(out, (char)(0x80 | ((c >> 6) & 0x3F)));
        c138_buf_addc(out, (char)(0x80 | (c & 0x3F)));
    }
}

static int unicode(struct reader *r, size_t digits, struct c138_buf *out) {
    uint8_t bytes[4] = {0};
    uint32_t c = 0;
    if ((size_t)(r->end - r->at) < digits || c138_hex_decode(r->at, digits, bytes) != C138_OK)
        return failed(r, "an escape that is none");
    for (size_t i = 0; i < digits / 2; i++)
        c = c << 8 | bytes[i];
    r->at += digits;
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return failed(r, "an escape that is no character");
    add_utf8(out, c);
    return 1;
}

static int escape(struct reader *r, int multi, struct c138_buf *out) {
    static const char from[] = "btnfr\"\\e", to[] = "\b\t\n\f\r\"\\\033";
    int c = here(r);
    if (c == 'u' || c == 'U') {
        r->at++;
        return unicode(r, c == 'u' ? 4 : 8, out);
    }
    if (multi && (c == '\n' || c == ' ' || c == '\t' || c == '\r')) { /* a line that goes on */
        while (here(r) == ' ' || here(r) == '\t' || here(r) == '\r' || here(r) == '\n')
            r->line += *r->at++ == '\n';
        return 1;
    }
    const char *found = c > 0 ? strchr(from, c) : NULL;
    if (!found)
        return failed(r, "an escape that is none");
    c138_buf_addc(out, to[found - from]);
    r->at++;
    return 1;
}

/* At its first quote: "..." '...' """...""" '''...''' */
static int read_string(struct reader *r, struct c138_buf *out, int may_be_multi) {
    char quote = *r->at;
    const char three[4] = {quote, quote, quote, '\0'};
    int multi = may_be_multi && begins(r, three);
    r->at += multi ? 3 : 1;
    if (multi && begins(r, "\r\n"))
        r->at++;
    if (multi && here(r) == '\n') {
        r->at++;
        r->line++;
    }
    for (;;) {
        int c = here(r);
        if (c < 0 || (c == '\n' && !multi) || c == 0)
            return failed(r, "a text does not end");
        if (c == quote && (!multi || begins(r, three))) {
            r->at += multi ? 3 : 1;
            /* Up to two quotes may stand before the closing three. */
            for (int extra = 0; multi && extra < 2 && here(r) == quote; extra++, r->at++)
                c138_buf_addc(out, quote);
            return 1;
        }
        r->at++;
        r->line += c == '\n';
        if (c != '\\' || quote == '\'')
            c138_buf_addc(out, (char)c);
        else if (!escape(r, multi, out))
            return 0;
    }
}

/* --- Keys ------------------------------------------------------------------------------------ */

static int is_bare(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static int read_key(struct reader *r, struct c138_buf *out) {
    skip_blanks(r);
    if (here(r) == '"' || here(r) == '\'')
        return read_string(r, out, 0);
    const char *begin = r->at;
    while (is_bare(here(r)))
        r->at++;
    if (r->at == begin)
        return failed(r, "expected the name of a key");
    c138_buf_add(out, begin, (size_t)(r->at - begin));
    return 1;
}

static struct audit_doc *find(struct audit_doc *table, const struct c138_buf *key) {
    for (size_t i = 0; i < table->count; i++)
        if (strlen(table->items[i].name) == key->length &&
            memcmp(table->items[i].name, c138_buf_text(key), key->length) == 0)
            return &table->items[i];
    return NULL;
}

/* The table of that name; in a list of tables its last one. NULL: it is something else. */
static struct audit_doc *descend(struct reader *r, struct audit_doc *table,
                                 const struct c138_buf *key) {
    struct audit_doc *d = find(table, key);
    if (!d && r->budget > 0) {
        r->budget--;
        d = audit_doc_add(table, AUDIT_MAP, c138_buf_text(key), key->length, r->line);
    }
    if (d && d->type == AUDIT_LIST && d->count > 0 && d->items[d->count - 1].type == AUDIT_MAP)
        d = &d->items[d->count - 1];
    if (!d || d->type != AUDIT_MAP) {
        (void)failed(r, d ? "this key has a value already, and is no table" : "too many keys");
        return NULL;
    }
    return d;
}

/* Reads "a.b.c": goes down to the table of the last key, which is left in `key`. */
static struct audit_doc *read_path(struct reader *r, struct audit_doc *table, struct c138_buf *key,
                                   unsigned *depth) {
    for (;;) {
        c138_buf_reset(key);
        if (!read_key(r, key))
            return NULL;
        skip_blanks(r);
        if (here(r) != '.')
            return table;
        r->at++;
        if (*depth == 0) {
            (void)failed(r, "nested too deep");
            return NULL;
        }
        --*depth;
        if (!(table = descend(r, table, key)))
            return NULL;
    }
}

/* --- Values ---------------------------------------------------------------------------------- */

static int read_value(struct reader *r, struct audit_doc *into, unsigned depth);

static int read_pair(struct reader *r, struct audit_doc *table, unsigned depth) {
    C138_BUF struct c138_buf key = C138_BUF_NULL;
    unsigned line = r->line;
    struct audit_doc *in = read_path(r, table, &key, &depth);
    if (!in)
        return 0;
    if (here(r) != '=')
        return failed(r, "expected '=' behind the key");
    r->at++;
    if (find(in, &key))
        return failed(r, "this key is there twice: keep one");
    return read_value(r, audit_doc_add(in, AUDIT_NULL, c138_buf_text(&key), key.length, line),
                      depth);
}

static int read_list(struct reader *r, struct audit_doc *into, unsigned depth) {
    into->type = AUDIT_LIST;
    r->at++;
    for (;;) {
        skip_lines(r);
        if (here(r) == ']') {
            r->at++;
            return 1;
        }
        if (!read_value(r, audit_doc_add(into, AUDIT_NULL, NULL, 0, r->line), depth))
            return 0;
        skip_lines(r);
        if (here(r) == ',')
            r->at++;
        else if (here(r) != ']')
            return failed(r, "expected ',' or ']'");
    }
}

static int read_inline_table(struct reader *r, struct audit_doc *into, unsigned depth) {
    into->type = AUDIT_MAP;
    r->at++;
    skip_blanks(r);
    if (here(r) == '}') {
        r->at++;
        return 1;
    }
    for (;;) {
        if (!read_pair(r, into, depth))
            return 0;
        skip_blanks(r);
        if (here(r) == '}') {
            r->at++;
            return 1;
        }
        if (here(r) != ',')
            return failed(r, "expected ',' or '}'");
        r->at++;
    }
}

/* Numbers, dates, inf and nan by their characters. A date and its time may stand apart. */
static int read_word(struct reader *r, struct audit_doc *into) {
    static const char others[] = "+-.:_";
    const char *begin = r->at;
    while (here(r) > 0 && (is_bare(here(r)) || strchr(others, here(r))))
        r->at++;
    size_t n = (size_t)(r->at - begin);
    if (n == 0)
        return failed(r, "expected a value: texts stand in quotes");
    into->text = c138_xstrndup(begin, n);
    into->type = AUDIT_NUMBER;
    if (!strcmp(into->text, "true") || !strcmp(into->text, "false"))
        into->type = AUDIT_BOOL;
    else if (!strpbrk(into->text, "0123456789") && !strstr(into->text, "inf") &&
             !strstr(into->text, "nan"))
        return failed(r, "expected a value: texts stand in quotes");
    if (n == 10 && into->text[4] == '-' && here(r) == ' ' && r->end - r->at > 2 &&
        r->at[1] >= '0' && r->at[1] <= '2')
        while (here(r) > 0 && (here(r) == ' ' || is_bare(here(r)) || strchr(others, here(r))))
            r->at++;
    return 1;
}

static int read_value(struct reader *r, struct audit_doc *into, unsigned depth) {
    skip_blanks(r);
    if (depth == 0 || r->budget == 0)
        return failed(r, depth ? "too many keys" : "nested too deep");
    r->budget--;
    int c = here(r);
    if (c == '[')
        return read_list(r, into, depth - 1);
    if (c == '{')
        return read_inline_table(r, into, depth - 1);
    if (c != '"' && c != '\'')
        return read_word(r, into);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    into->type = AUDIT_STRING;
    if (!read_string(r, &text, 1))
        return 0;
    into->text = c138_buf_steal(&text);
    return 1;
}

/* "[a.b]" or "[[a.b]]"; gives the table that what follows belongs to. */
static struct audit_doc *read_header(struct reader *r, struct audit_doc *root) {
    C138_BUF struct c138_buf key = C138_BUF_NULL;
    unsigned depth = AUDIT_DOC_DEPTH;
    int many = begins(r, "[[");
    r->at += many ? 2 : 1;
    struct audit_doc *in = read_path(r, root, &key, &depth);
    if (!in)
        return NULL;
    if (!begins(r, many ? "]]" : "]")) {
        (void)failed(r, "expected ']'");
        return NULL;
    }
    r->at += many ? 2 : 1;
    if (!many)
        return descend(r, in, &key);
    struct audit_doc *list = find(in, &key);
    if (!list)
        list = audit_doc_add(in, AUDIT_LIST, c138_buf_text(&key), key.length, r->line);
    if (list->type != AUDIT_LIST || r->budget == 0) {
        (void)failed(r, "this key has a value already, and is no list of tables");
        return NULL;
    }
    r->budget--;
    return audit_doc_add(list, AUDIT_MAP, NULL, 0, r->line);
}

static void read_all(struct reader *r, struct audit_doc *root) {
    struct audit_doc *table = root;
    root->type = AUDIT_MAP;
    root->line = 1;
    if (begins(r, "\xEF\xBB\xBF"))
        r->at += 3;
    for (skip_lines(r); here(r) >= 0; skip_lines(r)) {
        if (here(r) == '[') {
            if (!(table = read_header(r, root)))
                return;
        } else if (!read_pair(r, table, AUDIT_DOC_DEPTH)) {
            return;
        }
        if (!end_of_line(r))
            return;
    }
}

c138_status audit_toml_read(const char *text, size_t length, struct audit_doc *ret_doc,
                            unsigned *ret_line, struct c138_err *err) {
    struct reader r = {.at = text, .end = text + length, .line = 1, .budget = KEYS_MAX};
    *ret_doc = (struct audit_doc){0};
    read_all(&r, ret_doc);
    *ret_line = r.line;
    if (!r.wrong)
        return C138_OK;
    audit_doc_deinit(ret_doc);
    return c138_error(err, C138_E_INVALID, "toml.syntax", "line %u: %s", r.line, r.wrong);
}
