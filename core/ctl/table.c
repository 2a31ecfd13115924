/*
 * Tables.
 */
#include "config.h"

#include <ctl/table.h>
#include <base/text.h>
#include <base/u256.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 48
#define CELL_MIN 8
#define DEPTH_MAX 6

/* --- Values -------------------------------------------------------------------------------------
 */

size_t table_width(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void table_clean(struct c138_buf *out, const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == 0x7F) {
            c138_buf_addc(out, ' ');
        } else if (*p == 0xC2 && p[1] >= 0x80 &&
                   p[1] <= 0x9F) { /* C1: a terminal obeys these, too */
            c138_buf_addc(out, ' ');
            p++;
        } else {
            c138_buf_addc(out, (char)*p);
        }
    }
}

static const char *type_of(const struct c138_json *field) {
    return c138_json_get_str(field, "type", "");
}

static const char *unit_of(const struct c138_json *field) {
    return c138_json_get_str(field, "unit", NULL);
}

/* Exact: 1500000000000000000 is 1.5 ether. */
static void add_scaled(struct c138_buf *out, const char *digits, size_t decimals,
                       const char *unit) {
    size_t n = strlen(digits), whole = n > decimals ? n - decimals : 0;
    char fraction[32];
    size_t length = 0;
    for (size_t i = n > decimals ? 0 : decimals - n; i > 0; i--)
        fraction[length++] = '0';
    for (size_t i = whole; i < n; i++)
        fraction[length++] = digits[i];
    while (length > 0 && fraction[length - 1] == '0')
        length--;
    c138_buf_addf(out, "%.*s", whole ? (int)whole : 1, whole ? digits : "0");
    if (length)
        c138_buf_addf(out, ".%.*s", (int)length, fraction);
    c138_buf_addf(out, " %s", unit);
}

static void add_wei(struct c138_buf *out, const char *digits) {
    struct c138_u256 v;
    size_t n = strlen(digits);
    if (c138_u256_from_dec(digits, &v) < 0)
        table_clean(out, digits);
    else if (n > 14)
        add_scaled(out, digits, 18, "ether");
    else if (n > 8)
        add_scaled(out, digits, 9, "gwei");
    else
        c138_buf_addf(out, "%s wei", digits);
}

/* Seconds are enough for people; --json has them all. */
static void add_time(struct c138_buf *out, const char *text) {
    size_t n = strlen(text);
    if (n > 20 && text[19] == '.' && text[n - 1] == 'Z')
        c138_buf_addf(out, "%.19sZ", text);
    else
        table_clean(out, text);
}

static void add_text(struct c138_buf *out, const struct c138_json *field, const char *text) {
    if (c138_streq(type_of(field), "wei"))
        add_wei(out, text);
    else if (c138_streq(type_of(field), "time"))
        add_time(out, text);
    else
        table_clean(out, text);
}

static int is_bytes(const struct c138_json *field) {
    return c138_streq(type_of(field), "size") || c138_streq(unit_of(field), "bytes");
}

static void add_list(struct c138_buf *out, const struct c138_json *field,
                     const struct c138_json *list) {
    const struct c138_json *element = c138_json_at(c138_json_get(field, "fields"), 0);
    for (size_t i = 0; i < c138_json_count(list); i++) {
        if (i)
            c138_buf_adds(out, ", ");
        table_value(out, element, c138_json_at(list, i));
    }
    if (c138_json_count(list) == 0)
        c138_buf_addc(out, '-');
}

void table_value(struct c138_buf *out, const struct c138_json *field,
                 const struct c138_json *value) {
    switch (c138_json_type(value)) {
    case C138_JSON_NULL:
        c138_buf_addc(out, '-');
        return;
    case C138_JSON_BOOL:
        c138_buf_adds(out, c138_json_as_bool(value, 0) ? "yes" : "no");
        return;
    case C138_JSON_STRING:
        add_text(out, field, c138_json_as_str(value, ""));
        return;
    case C138_JSON_ARRAY:
        add_list(out, field, value);
        return;
    case C138_JSON_INT:
        if (is_bytes(field)) {
            char text[C138_SIZE_TEXT];
            c138_size_human(c138_json_as_uint(value, 0), text);
            c138_buf_adds(out, text);
            return;
        }
        break;
    case C138_JSON_DOUBLE:
        c138_buf_addf(out, "%.6g", c138_json_as_num(value, 0));
        return;
    default:
        break;
    }
    C138_FREE char *text = c138_json_dump(value);
    table_clean(out, text);
}

/* --- Colours --------------------------------------------------------------------------------- */

static const char *colour_of(const char *name, const char *text) {
    static const char *const good[] = {"ok", "running", "succeeded", "fired", "info", NULL};
    static const char *const warn[] = {"warning",  "degraded", "backoff",           "queued",
                                       "draining", "starting", "planning",          "cancelled",
                                       "disabled", "unknown",  "awaiting-approval", "expired",
                                       NULL};
    static const char *const bad[] = {"critical", "failed",      "refused", "quarantined",
                                      "stuck",    "interrupted", "error",   "unreachable",
                                      "rejected", NULL};
    static const struct {
        const char *const *words;
        const char *code;
    } table[] = {{good, "\033[32m"}, {warn, "\033[33m"}, {bad, "\033[1;31m"}};
    if (!c138_ends_with(name, "state") && strcmp(name, "severity") != 0 &&
        strcmp(name, "health") != 0)
        return NULL;
    for (size_t t = 0; t < C138_COUNT(table); t++)
        for (const char *const *w = table[t].words; *w; w++)
            if (!strcmp(*w, text))
                return table[t].code;
    return NULL;
}

static void add_coloured(struct c138_buf *out, const struct table_style *style, const char *name,
                         const char *text) {
    const char *code = style->colour ? colour_of(name, text) : NULL;
    if (code)
        c138_buf_addf(out, "%s%s\033[0m", code, text);
    else
        c138_buf_adds(out, text);
}

/* --- Tables ---------------------------------------------------------------------------------- */

struct column {
    const char *name;
    const struct c138_json *field; /* NULL: not declared */
    size_t width;
    int number;
};

struct grid {
    struct column columns[COLUMNS_MAX];
    size_t n;
    const struct c138_json *rows;
};

static void pad(struct c138_buf *out, size_t n) {
    while (n-- > 0)
        c138_buf_addc(out, ' ');
}

static int grid_has(const struct grid *g, const char *name) {
    for (size_t i = 0; i < g->n; i++)
        if (!strcmp(g->columns[i].name, name))
            return 1;
    return 0;
}

static void grid_add(struct grid *g, const char *name, const struct c138_json *field) {
    if (g->n < COLUMNS_MAX && !grid_has(g, name))
        g->columns[g->n++] = (struct column){.name = name, .field = field};
}

/* A column in which no row says anything is left out. */
static int column_is_empty(const struct grid *g, const char *name) {
    for (size_t i = 0; i < c138_json_count(g->rows); i++) {
        const struct c138_json *value = c138_json_get(c138_json_at(g->rows, i), name);
        if (value && !(c138_json_type(value) == C138_JSON_STRING && !*c138_json_as_str(value, "")))
            return 0;
    }
    return 1;
}

static void grid_columns(struct grid *g, const struct c138_json *fields) {
    for (size_t i = 0; i < c138_json_count(fields); i++) {
        const struct c138_json *field = c138_json_at(fields, i);
        const char *name = c138_json_get_str(field, "name", "");
        if (!c138_json_get_bool(field, "hidden", 0) && !column_is_empty(g, name))
            grid_add(g, name, field);
    }
    if (c138_json_count(fields))
        return;
    for (size_t i = 0; i < c138_json_count(g->rows); i++)
        for (struct c138_json_iter m = c138_json_iter(c138_json_at(g->rows, i));
             c138_json_next(&m);)
            if (!column_is_empty(g, m.name))
                grid_add(g, m.name, NULL);
}

static void header_text(struct c138_buf *out, const struct column *c) {
    for (const char *p = c->name; *p; p++)
        c138_buf_addc(out, *p == '_' ? ' ' : *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
    if (unit_of(c->field) && !is_bytes(c->field) && strcmp(type_of(c->field), "wei") != 0)
        c138_buf_addf(out, " (%s)", unit_of(c->field));
}

static int is_number(const struct c138_json *value) {
    enum c138_json_type type = c138_json_type(value);
    return type == C138_JSON_INT || type == C138_JSON_DOUBLE;
}

static void grid_measure(struct grid *g) {
    C138_BUF struct c138_buf cell = C138_BUF_NULL;
    for (size_t c = 0; c < g->n; c++) {
        struct column *column = &g->columns[c];
        c138_buf_reset(&cell);
        header_text(&cell, column);
        column->width = table_width(c138_buf_text(&cell));
        column->number = 1;
        for (size_t i = 0; i < c138_json_count(g->rows); i++) {
            const struct c138_json *value = c138_json_get(c138_json_at(g->rows, i), column->name);
            c138_buf_reset(&cell);
            table_value(&cell, column->field, value);
            size_t width = table_width(c138_buf_text(&cell));
            column->width = width > column->width ? width : column->width;
            column->number = column->number && (!value || is_number(value));
        }
    }
}

/* The widest gives way first. */
static void grid_fit(struct grid *g, size_t limit) {
    for (;;) {
        size_t total = 0, widest = 0;
        for (size_t i = 0; i < g->n; i++) {
            total += g->columns[i].width + (i ? 2 : 0);
            widest = g->columns[i].width > g->columns[widest].width ? i : widest;
        }
        if (limit == 0 || g->n == 0 || total <= limit || g->columns[widest].width <= CELL_MIN)
            return;
        size_t cut = total - limit, room = g->columns[widest].width - CELL_MIN;
        size_t step = cut > 4 ? cut / 2 : 1;
        g->columns[widest].width -= step < room ? step : room;
    }
}

/* Cuts to `width` characters, the last one an ellipsis. */
static void cut_to(struct c138_buf *cell, size_t width) {
    if (table_width(c138_buf_text(cell)) <= width)
        return;
    size_t i = 0, n = 0;
    while (n + 1 < width || (cell->data[i] & 0xC0) == 0x80) {
        n += ((unsigned char)cell->data[i] & 0xC0) != 0x80;
        i++;
    }
    if ((cell->data[i] & 0xC0) == 0x80)
        while ((cell->data[i] & 0xC0) == 0x80)
            i++;
    cell->length = i;
    cell->data[i] = '\0';
    c138_buf_adds(cell, "\xE2\x80\xA6");
}

static void add_cell(struct c138_buf *out, const struct table_style *style,
                     const struct column *column, const char *text, int last, int header) {
    size_t width = table_width(text), fill = column->width > width ? column->width - width : 0;
    if (column->number)
        pad(out, fill);
    if (header)
        c138_buf_addf(out, style->colour ? "\033[1m%s\033[0m" : "%s", text);
    else
        add_coloured(out, style, column->name, text);
    if (!column->number && !last)
        pad(out, fill);
    c138_buf_adds(out, last ? "\n" : "  ");
}

static void add_table(struct c138_buf *out, const struct c138_json *fields,
                      const struct c138_json *rows, size_t indent,
                      const struct table_style *style) {
    struct grid g = {.rows = rows};
    C138_BUF struct c138_buf cell = C138_BUF_NULL;
    grid_columns(&g, fields);
    grid_measure(&g);
    grid_fit(&g, style->width > indent ? style->width - indent : 0);
    for (size_t row = 0; row <= c138_json_count(rows); row++) {
        pad(out, indent);
        for (size_t c = 0; c < g.n; c++) {
            c138_buf_reset(&cell);
            if (row == 0)
                header_text(&cell, &g.columns[c]);
            else
                table_value(&cell, g.columns[c].field,
                            c138_json_get(c138_json_at(rows, row - 1), g.columns[c].name));
            cut_to(&cell, g.columns[c].width);
            add_cell(out, style, &g.columns[c], c138_buf_text(&cell), c + 1 == g.n, row == 0);
        }
        if (g.n == 0)
            c138_buf_addc(out, '\n');
    }
}

/* --- Objects --------------------------------------------------------------------------------- */

static int is_rows(const struct c138_json *value) {
    return c138_json_type(value) == C138_JSON_ARRAY && c138_json_count(value) > 0 &&
           c138_json_type(c138_json_at(value, 0)) == C138_JSON_OBJECT;
}

/* Declared as a list of objects, and nothing in it. */
static int is_no_rows(const struct c138_json *field, const struct c138_json *value) {
    const struct c138_json *element = c138_json_at(c138_json_get(field, "fields"), 0);
    return c138_json_type(value) == C138_JSON_ARRAY && c138_json_count(value) == 0 &&
           c138_streq(type_of(element), "object");
}

static const struct c138_json *field_named(const struct c138_json *fields, const char *name) {
    for (size_t i = 0; i < c138_json_count(fields); i++)
        if (c138_streq(c138_json_get_str(c138_json_at(fields, i), "name", NULL), name))
            return c138_json_at(fields, i);
    return NULL;
}

static int is_block(const struct c138_json *field, const struct c138_json *value) {
    return is_rows(value) || is_no_rows(field, value) ||
           (c138_json_type(value) == C138_JSON_OBJECT && c138_json_count(value) > 0);
}

static void add_label(struct c138_buf *out, const char *name) {
    for (; *name; name++)
        c138_buf_addc(out, *name == '_' ? ' ' : *name);
}

static void add_object(struct c138_buf *out, const struct c138_json *fields,
                       const struct c138_json *object, size_t indent, int depth,
                       const struct table_style *style);

static void add_pair(struct c138_buf *out, const struct c138_json *field, const char *name,
                     const struct c138_json *value, size_t indent, size_t column,
                     const struct table_style *style) {
    C138_BUF struct c138_buf cell = C138_BUF_NULL;
    pad(out, indent);
    add_label(out, name);
    pad(out, column - table_width(name) + 2);
    table_value(&cell, field, value);
    add_coloured(out, style, name, c138_buf_text(&cell));
    if (is_number(value) && unit_of(field) && !is_bytes(field))
        c138_buf_addf(out, " %s", unit_of(field));
    c138_buf_addc(out, '\n');
}

static void add_block(struct c138_buf *out, const struct c138_json *field, const char *name,
                      const struct c138_json *value, size_t indent, int depth, int titled,
                      const struct table_style *style) {
    if (titled) {
        if (out->length)
            c138_buf_addc(out, '\n');
        pad(out, indent);
        if (style->colour)
            c138_buf_adds(out, "\033[1m");
        add_label(out, name);
        c138_buf_adds(out, style->colour ? "\033[0m\n" : "\n");
        indent += 2;
    }
    const struct c138_json *inner = c138_json_get(field, "fields");
    if (c138_json_type(value) == C138_JSON_OBJECT) {
        add_object(out, inner, value, indent, depth + 1, style);
    } else if (c138_json_count(value) == 0) {
        pad(out, indent);
        c138_buf_adds(out, "none\n");
    } else {
        add_table(out, c138_json_get(c138_json_at(inner, 0), "fields"), value, indent, style);
    }
}

struct member {
    const char *name;
    const struct c138_json *field, *value;
};

/* In order of declaration, then what is not declared. */
static size_t gather(const struct c138_json *fields, const struct c138_json *object,
                     struct member *members, size_t max) {
    size_t n = 0;
    for (size_t i = 0; i < c138_json_count(fields) && n < max; i++) {
        const struct c138_json *field = c138_json_at(fields, i);
        const char *name = c138_json_get_str(field, "name", "");
        if (c138_json_get(object, name) && !c138_json_get_bool(field, "hidden", 0))
            members[n++] = (struct member){name, field, c138_json_get(object, name)};
    }
    for (struct c138_json_iter i = c138_json_iter(object); c138_json_next(&i) && n < max;)
        if (i.value && !field_named(fields, i.name))
            members[n++] = (struct member){i.name, NULL, i.value};
    return n;
}

static void add_object(struct c138_buf *out, const struct c138_json *fields,
                       const struct c138_json *object, size_t indent, int depth,
                       const struct table_style *style) {
    struct member members[256];
    size_t n = gather(fields, object, members, C138_COUNT(members)), column = 0, pairs = 0;
    for (size_t i = 0; i < n; i++) {
        if (depth < DEPTH_MAX && is_block(members[i].field, members[i].value))
            continue;
        size_t width = table_width(members[i].name);
        column = width > column ? width : column;
        pairs++;
    }
    for (size_t i = 0; i < n; i++)
        if (depth >= DEPTH_MAX || !is_block(members[i].field, members[i].value))
            add_pair(out, members[i].field, members[i].name, members[i].value, indent, column,
                     style);
    int titled = depth > 0 || pairs > 0 || n > 1;
    for (size_t i = 0; i < n; i++)
        if (depth < DEPTH_MAX && is_block(members[i].field, members[i].value))
            add_block(out, members[i].field, members[i].name, members[i].value, indent, depth,
                      titled, style);
}

void table_render(struct c138_buf *out, const struct c138_json *columns,
                  const struct c138_json *result, const struct table_style *style) {
    if (c138_json_type(result) == C138_JSON_OBJECT) {
        add_object(out, columns, result, 0, 0, style);
    } else if (is_rows(result)) {
        add_table(out, columns, result, 0, style);
    } else {
        table_value(out, NULL, result);
        c138_buf_addc(out, '\n');
    }
}
