#include "audit_doc.h"

#include <base/mem.h>
#include <base/text.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void audit_doc_deinit(struct audit_doc *d) {
    for (size_t i = 0; i < d->count; i++)
        audit_doc_deinit(&d->items[i]);
    free(d->items);
    free(d->name);
    free(d->text);
    *d = (struct audit_doc){0};
}

struct audit_doc *audit_doc_add(struct audit_doc *parent, enum audit_doc_type type,
                                const char *name, size_t name_length, unsigned line) {
    if (parent->count == parent->capacity) {
        parent->capacity = parent->capacity ? parent->capacity * 2 : 4;
        parent->items = c138_xrealloc(parent->items, parent->capacity * sizeof(*parent->items));
    }
    struct audit_doc *d = &parent->items[parent->count++];
    *d = (struct audit_doc){.type = type, .line = line};
    if (name)
        d->name = c138_xstrndup(name, name_length);
    return d;
}

struct audit_doc *audit_doc_set(struct audit_doc *parent, enum audit_doc_type type,
                                const char *name, size_t name_length, unsigned line) {
    for (size_t i = 0; i < parent->count; i++) {
        struct audit_doc *d = &parent->items[i];
        if (d->name && strlen(d->name) == name_length && memcmp(d->name, name, name_length) == 0) {
            audit_doc_deinit(d);
            d->type = type;
            d->line = line;
            d->name = c138_xstrndup(name, name_length);
            return d;
        }
    }
    return audit_doc_add(parent, type, name, name_length, line);
}

/* `budget` bounds what aliases of aliases may grow to. The name of `to` stays. */
void audit_doc_copy(struct audit_doc *to, const struct audit_doc *from, size_t *budget) {
    to->type = from->type;
    to->line = from->line;
    to->text_line = from->text_line;
    to->text = c138_xstrdup(from->text);
    for (size_t i = 0; i<from->count && * budget> 0; i++) {
        const struct audit_doc *item = &from->items[i];
        --*budget;
        audit_doc_copy(audit_doc_add(to, item->type, item->name,
                                     item->name ? strlen(item->name) : 0, item->line),
                       item, budget);
    }
}

const struct audit_doc *audit_doc_get(const struct audit_doc *d, const char *name) {
    if (!d || d->type != AUDIT_MAP)
        return NULL;
    for (size_t i = d->count; i > 0; i--) /* the last of equal names counts */
        if (strcasecmp(d->items[i - 1].name, name) == 0)
            return &d->items[i - 1];
    return NULL;
}

const struct audit_doc *audit_doc_path(const struct audit_doc *d, const char *dotted) {
    while (d && *dotted) {
        char name[64];
        size_t n = strcspn(dotted, ".");
        if (n >= sizeof(name))
            return NULL;
        memcpy(name, dotted, n);
        name[n] = '\0';
        d = audit_doc_get(d, name);
        dotted += n + (dotted[n] == '.');
    }
    return d;
}

const char *audit_doc_text(const struct audit_doc *d, const char *fallback) {
    return d && d->text ? d->text : fallback;
}

const char *audit_doc_get_text(const struct audit_doc *d, const char *name, const char *fallback) {
    return audit_doc_text(audit_doc_get(d, name), fallback);
}

int audit_doc_is(const struct audit_doc *d, const char *text) {
    return d && d->text && strcasecmp(d->text, text) == 0;
}

int audit_doc_bool(const struct audit_doc *d, int fallback) {
    if (audit_doc_is(d, "true") || audit_doc_is(d, "yes"))
        return 1;
    return audit_doc_is(d, "false") || audit_doc_is(d, "no") ? 0 : fallback;
}

double audit_doc_number(const struct audit_doc *d, double fallback) {
    uint64_t quantity;
    char *end = NULL;
    if (!d || !d->text || !*d->text)
        return fallback;
    if (d->text[0] == '0' && (d->text[1] == 'x' || d->text[1] == 'X'))
        return c138_parse_quantity(d->text, &quantity) == C138_OK ? (double)quantity : fallback;
    if (strspn(d->text, "0123456789.eE+_") != strlen(d->text))
        return fallback;
    double value = strtod(d->text, &end);
    return *end == '\0' ? value : fallback;
}

unsigned audit_doc_line(const struct audit_doc *d, unsigned fallback) {
    return d && d->line ? d->line : fallback;
}
