/*
 * plugins/besu/audit_doc.h: a file of configuration as a tree that knows its lines. Three readers
 * fill it: TOML (1.0), JSON and YAML (1.1, through libyaml). Scalars keep their text: what a number
 * means is for the rule that asks. Pure; any thread. Bounded: AUDIT_DOC_DEPTH levels,
 * AUDIT_DOC_VALUES values; who reads the file bounds its bytes.
 */
#ifndef BESU_AUDIT_DOC_H
#define BESU_AUDIT_DOC_H
#include <base/err.h>

#include <stddef.h>

#define AUDIT_DOC_DEPTH 32
#define AUDIT_DOC_VALUES 200000

enum audit_doc_type {
    AUDIT_NULL,
    AUDIT_BOOL,   /* text "true" or "false" */
    AUDIT_NUMBER, /* text as it stands */
    AUDIT_STRING,
    AUDIT_LIST,
    AUDIT_MAP,
};

struct audit_doc {
    enum audit_doc_type type;
    unsigned line;      /* of its key, of itself in a list; from 1 */
    unsigned text_line; /* YAML: where the text of a scalar begins; 0: on `line` */
    char *name;         /* member of a map, else NULL */
    char *text;         /* scalars, else NULL */
    struct audit_doc *items;
    size_t count, capacity;
};

void audit_doc_deinit(struct audit_doc *d);

/* Into *ret_doc, which is empty on failure. The error's text ends in "line N: why"; *ret_line is
 * that line. The text may hold anything, NUL included. */
c138_status audit_toml_read(const char *text, size_t length, struct audit_doc *ret_doc,
                            unsigned *ret_line, struct c138_err *err);
/* As Besu and Tessera read it: comments are skipped, the last of equal names counts. */
c138_status audit_json_read(const char *text, size_t length, struct audit_doc *ret_doc,
                            unsigned *ret_line, struct c138_err *err);
/* The first document. Aliases are copied, "<<" is merged; a value keeps the line of its anchor. */
c138_status audit_yaml_read(const char *text, size_t length, struct audit_doc *ret_doc,
                            unsigned *ret_line, struct c138_err *err);

/* A member, NULL if it is not there or `d` (may be NULL) is no map. Without regard to case: Besu
 * reads a genesis so, and no file of the others has names that differ in case only. */
const struct audit_doc *audit_doc_get(const struct audit_doc *d, const char *name);
/* "config.qbft.epochlength" */
const struct audit_doc *audit_doc_path(const struct audit_doc *d, const char *dotted);
const char *audit_doc_text(const struct audit_doc *d, const char *fallback); /* of a scalar */
const char *audit_doc_get_text(const struct audit_doc *d, const char *name, const char *fallback);
int audit_doc_is(const struct audit_doc *d, const char *text); /* without regard to case */
int audit_doc_bool(const struct audit_doc *d, int fallback);   /* also of the strings */
/* A number or a string of one, decimal or 0x. Below 0, or none: the fallback. */
double audit_doc_number(const struct audit_doc *d, double fallback);
unsigned audit_doc_line(const struct audit_doc *d, unsigned fallback);

/* For readers. */
struct audit_doc *audit_doc_add(struct audit_doc *parent, enum audit_doc_type type,
                                const char *name, size_t name_length, unsigned line);
struct audit_doc *audit_doc_set(struct audit_doc *parent, enum audit_doc_type type,
                                const char *name, size_t name_length, unsigned line);
void audit_doc_copy(struct audit_doc *to, const struct audit_doc *from, size_t *budget);
#endif
