/* YAML through libyaml: its documents know lines and anchors, and it expands nothing by itself. */
#include "audit_doc.h"

#include <base/mem.h>

#include <string.h>
#include <yaml.h>

struct walk {
    yaml_document_t *document;
    size_t budget;
    const char *wrong;
    unsigned line;
};

static int failed(struct walk *w, const yaml_node_t *node, const char *why) {
    if (!w->wrong) {
        w->wrong = why;
        w->line = (unsigned)node->start_mark.line + 1;
    }
    return 0;
}

static int is_number(const char *text) {
    size_t n = strspn(text, "+-0123456789._xabcdefABCDEF");
    return *text && text[n] == '\0' && strpbrk(text, "0123456789") &&
           strspn(text, "+-0123456789") > 0;
}

static void scalar(struct audit_doc *into, const yaml_node_t *node) {
    const char *text = (const char *)node->data.scalar.value;
    into->text = c138_xstrndup(text, node->data.scalar.length);
    into->type = AUDIT_STRING;
    into->text_line = (unsigned)node->start_mark.line + 1;
    if (node->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
        node->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
        into->text_line++; /* the mark stands at the bar before it */
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return;
    if (!strcmp(into->text, "true") || !strcmp(into->text, "false"))
        into->type = AUDIT_BOOL;
    else if (!*into->text || !strcmp(into->text, "~") || !strcmp(into->text, "null"))
        into->type = AUDIT_NULL;
    else if (is_number(into->text))
        into->type = AUDIT_NUMBER;
}

static int read_node(struct walk *w, int id, struct audit_doc *into, unsigned depth);

/* "<<": members of the map, or maps, that it leads to, where the map has none of its own. */
static void merge(struct walk *w, struct audit_doc *map, const struct audit_doc *from) {
    if (from->type == AUDIT_LIST) {
        for (size_t i = 0; i < from->count; i++)
            merge(w, map, &from->items[i]);
        return;
    }
    for (size_t i = 0; from->type == AUDIT_MAP && i < from->count && w->budget > 0; i++) {
        const struct audit_doc *m = &from->items[i];
        if (audit_doc_get(map, m->name))
            continue;
        w->budget--;
        audit_doc_copy(audit_doc_add(map, m->type, m->name, strlen(m->name), m->line), m,
                       &w->budget);
    }
}

static int read_pair(struct walk *w, const yaml_node_pair_t *pair, struct audit_doc *into,
                     struct audit_doc *merged, unsigned depth) {
    const yaml_node_t *key = yaml_document_get_node(w->document, pair->key);
    if (!key || key->type != YAML_SCALAR_NODE)
        return key ? failed(w, key, "a key that is no word") : 0;
    const char *name = (const char *)key->data.scalar.value;
    size_t length = strnlen(name, key->data.scalar.length);
    int is_merge = length == 2 && memcmp(name, "<<", 2) == 0;
    struct audit_doc *member = audit_doc_add(is_merge ? merged : into, AUDIT_NULL, name, length,
                                             (unsigned)key->start_mark.line + 1);
    return read_node(w, pair->value, member, depth);
}

static int read_map(struct walk *w, const yaml_node_t *node, struct audit_doc *into,
                    unsigned depth) {
    struct audit_doc merged = {.type = AUDIT_MAP};
    int good = 1;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
         good && p < node->data.mapping.pairs.top; p++)
        good = read_pair(w, p, into, &merged, depth);
    for (size_t i = 0; good && i < merged.count; i++)
        merge(w, into, &merged.items[i]);
    audit_doc_deinit(&merged);
    return good;
}

static int read_node(struct walk *w, int id, struct audit_doc *into, unsigned depth) {
    const yaml_node_t *node = yaml_document_get_node(w->document, id);
    if (!node)
        return 1;
    if (!into->name)
        into->line = (unsigned)node->start_mark.line + 1;
    if (depth == 0 || w->budget == 0)
        return failed(w, node, depth ? "more values than are read" : "nested too deep");
    w->budget--;
    if (node->type == YAML_SCALAR_NODE) {
        scalar(into, node);
        return 1;
    }
    if (node->type == YAML_MAPPING_NODE) {
        into->type = AUDIT_MAP;
        return read_map(w, node, into, depth - 1);
    }
    into->type = AUDIT_LIST;
    for (const yaml_node_item_t *i = node->data.sequence.items.start;
         i < node->data.sequence.items.top; i++)
        if (!read_node(w, *i, audit_doc_add(into, AUDIT_NULL, NULL, 0, 0), depth - 1))
            return 0;
    return 1;
}

c138_status audit_yaml_read(const char *text, size_t length, struct audit_doc *ret_doc,
                            unsigned *ret_line, struct c138_err *err) {
    yaml_parser_t parser;
    yaml_document_t document;
    *ret_doc = (struct audit_doc){0};
    *ret_line = 1;
    if (!yaml_parser_initialize(&parser))
        return c138_error(err, C138_E_INTERNAL, NULL, "line 1: no memory for a YAML reader");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    if (!yaml_parser_load(&parser, &document)) {
        *ret_line = (unsigned)parser.problem_mark.line + 1;
        c138_status status = c138_error(err, C138_E_INVALID, "yaml.syntax", "line %u: %s",
                                        *ret_line, parser.problem ? parser.problem : "no YAML");
        yaml_parser_delete(&parser);
        return status;
    }
    struct walk w = {.document = &document, .budget = AUDIT_DOC_VALUES, .line = 1};
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    if (root)
        (void)read_node(&w, 1, ret_doc, AUDIT_DOC_DEPTH);
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    *ret_line = w.line;
    if (!w.wrong)
        return C138_OK;
    audit_doc_deinit(ret_doc);
    return c138_error(err, C138_E_INVALID, "yaml.syntax", "line %u: %s", w.line, w.wrong);
}
