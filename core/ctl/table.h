/*
 * ctl/table.h: results for people: key and value for an object, a table for a list of objects.
 * Pure.
 *
 * `columns` are the declarations of the members (FIELD documents of schema/decl.h); NULL, or a
 * member that is not declared: shown by its JSON type. Control characters of values never reach the
 * terminal.
 */
#ifndef CORE_CTL_TABLE_H
#define CORE_CTL_TABLE_H
#include <base/buf.h>
#include <base/json.h>

struct table_style {
    int colour;
    unsigned width; /* of the terminal; 0: not cut */
};

void table_render(struct c138_buf *out, const struct c138_json *columns,
                  const struct c138_json *result, const struct table_style *style);
/* One value as a cell shows it; `field` may be NULL. */
void table_value(struct c138_buf *out, const struct c138_json *field,
                 const struct c138_json *value);
/* Adds text without control characters (they become spaces). */
void table_clean(struct c138_buf *out, const char *text);
/* Characters, not bytes. */
size_t table_width(const char *text);
#endif
