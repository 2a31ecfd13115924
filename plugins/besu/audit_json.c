/* JSON with lines: RFC 8259, and the comments that Jackson lets through in a genesis. */
#include "audit_doc.h"

#include <base/buf.h>
#include <base/text.h>

#include <string.h>

struct reader {
    const char *at, *end;
    unsigned line;
    size_t budget;
    const char *wrong; /* NULL: all is well */
};

static int failed(struct reader *r, const char *why) {
    if (!r->wrong)
        r->wrong = why;
    return 0;
}

static void skip_comment(struct reader *r) {
    int block = r->at[1] == '*';
    r->at += 2;
    while (r->at < r->end) {
        if (*r->at == '\n' && !block)
            return;
        if (block && r->at + 1 < r->end && r->at[0] == '*' && r->at[1] == '/') {
            r->at += 2;
            return;
        }
        r->line += *r->at++ == '\n';
    }
}

static void skip_space(struct reader *r) {
    while (r->at < r->end) {
        if (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n')
            r->line += *r->at++ == '\n';
        else if (*r->at == '/' && r->at + 1 < r->end && (r->at[1] == '/' || r->at[1] == '*'))
            skip_comment(r);
        else
            return;
    }
}

static int peek(struct reader *r) {
    skip_space(r);
    return r->at < r->end ? *r->at : 0;
}

static int take(struct reader *r, char c) {
    if (peek(r) != c)
        return 0;
    r->at++;
    return 1;
}

/* Escapes beyond the simple ones stay as they stand: no rule looks at such text. */
static int read_string(struct reader *r, struct c138_buf *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    r->at++;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at == '\n' || *r->at == '\0')
            return failed(r, "a text does not end");
        const char *escape =
            *r->at == '\\' && r->at + 1 < r->end && r->at[1] ? strchr(from, r->at[1]) : NULL;
        if (escape) {
            c138_buf_addc(out, to[escape - from]);
            r->at += 2;
        } else {
            c138_buf_addc(out, *r->at++);
        }
    }
    if (r->at >= r->end)
        return failed(r, "a text does not end");
    r->at++;
    return 1;
}

static int read_word(struct reader *r, struct audit_doc *into) {
    const char *begin = r->at;
    while (r->at < r->end && (strchr("+-.", *r->at) || (*r->at >= '0' && *r->at <= '9') ||
                              (*r->at >= 'a' && *r->at <= 'z') || (*r->at >= 'A' && *r->at <= 'Z')))
        if (*r->at++ == '\0')
            break;
    into->text = c138_xstrndup(begin, (size_t)(r->at - begin));
    if (!strcmp(into->text, "true") || !strcmp(into->text, "false"))
        into->type = AUDIT_BOOL;
    else if (!strcmp(into->text, "null"))
        into->type = AUDIT_NULL;
    else if (into->text[0] == '-' || (into->text[0] >= '0' && into->text[0] <= '9'))
        into->type = AUDIT_NUMBER;
    else
        return failed(r, "expected a value");
    return 1;
}

static int read_value(struct reader *r, struct audit_doc *into, unsigned depth);

static int read_member(struct reader *r, struct audit_doc *map, unsigned depth) {
    C138_BUF struct c138_buf name = C138_BUF_NULL;
    if (peek(r) != '"')
        return failed(r, "expected a name in quotes");
    unsigned line = r->line;
    if (!read_string(r, &name))
        return 0;
    if (!take(r, ':'))
        return failed(r, "expected ':'");
    return read_value(r, audit_doc_add(map, AUDIT_NULL, c138_buf_text(&name), name.length, line),
                      depth);
}

static int read_items(struct reader *r, struct audit_doc *into, char close, unsigned depth) {
    r->at++;
    if (take(r, close))
        return 1;
    do {
        if (peek(r) == close)
            return failed(r, "a comma without a value behind it");
        if (into->type == AUDIT_MAP
                ? !read_member(r, into, depth)
                : !read_value(r, audit_doc_add(into, AUDIT_NULL, NULL, 0, r->line), depth))
            return 0;
    } while (take(r, ','));
    return take(r, close) ? 1
                          : failed(r, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

static int read_value(struct reader *r, struct audit_doc *into, unsigned depth) {
    int c = peek(r);
    if (!into->name)
        into->line = r->line;
    if (depth == 0 || r->budget-- == 0) {
        r->budget = 0;
        return failed(r, depth ? "more values than are read" : "nested too deep");
    }
    if (c == '{' || c == '[') {
        into->type = c == '{' ? AUDIT_MAP : AUDIT_LIST;
        return read_items(r, into, c == '{' ? '}' : ']', depth - 1);
    }
    if (c == '"') {
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        into->type = AUDIT_STRING;
        if (!read_string(r, &text))
            return 0;
        into->text = c138_buf_steal(&text);
        return 1;
    }
    return read_word(r, into);
}

c138_status audit_json_read(const char *text, size_t length, struct audit_doc *ret_doc,
                            unsigned *ret_line, struct c138_err *err) {
    struct reader r = {.at = text, .end = text + length, .line = 1, .budget = AUDIT_DOC_VALUES};
    *ret_doc = (struct audit_doc){0};
    if (read_value(&r, ret_doc, AUDIT_DOC_DEPTH) && (peek(&r), r.at != r.end))
        (void)failed(&r, "something stands behind the end");
    *ret_line = r.line;
    if (!r.wrong)
        return C138_OK;
    audit_doc_deinit(ret_doc);
    return c138_error(err, C138_E_INVALID, "json.syntax", "line %u: %s", r.line, r.wrong);
}
