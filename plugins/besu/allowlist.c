#include "allowlist.h"

#include <base/mem.h>
#include <base/text.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ENODE_MAX 512 /* bytes of one enode URL */

const char *besu_list_name(enum besu_list_kind kind) {
    return kind == BESU_LIST_ACCOUNTS ? "accounts" : "nodes";
}

void besu_list_deinit(struct besu_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct besu_list){0};
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int besu_list_has(const struct besu_list *list, const char *item) {
    return list->count > 0 &&
           bsearch(&item, list->items, list->count, sizeof(item), by_text) != NULL;
}

int besu_list_equal(const struct besu_list *a, const struct besu_list *b) {
    if (a->count != b->count)
        return 0;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return 0;
    return 1;
}

/* --- Entries --------------------------------------------------------------------------------- */

static int all_hex(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!isxdigit((unsigned char)text[i]))
            return 0;
    return 1;
}

static void lower(char *text) {
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

const char *besu_enode_id(const char *enode, char ret_id[129]) {
    const char *at = c138_starts_with(enode, "enode://") ? enode + 8 : "";
    size_t length = strcspn(at, "@");
    if (length != 128 || at[128] != '@' || !all_hex(at, length))
        length = 0;
    memcpy(ret_id, at, length);
    ret_id[length] = '\0';
    lower(ret_id);
    return ret_id;
}

static c138_status enode_item(const char *text, char **ret_item) {
    char id[129];
    size_t length = strcspn(text, "?"); /* ?discport=0: not part of who it is */
    if (length > ENODE_MAX || !*besu_enode_id(text, id))
        return C138_E_INVALID;
    const char *host = text + 8 + 128 + 1;
    size_t host_length = length - (size_t)(host - text);
    const char *colon = host_length ? memrchr(host, ':', host_length) : NULL;
    if (!colon || colon == host || colon + 1 == host + host_length)
        return C138_E_INVALID;
    for (const char *p = host; p < host + host_length; p++)
        if (!isgraph((unsigned char)*p) || *p == '"' || *p == '\'' ||
            (p > colon && !isdigit((unsigned char)*p)))
            return C138_E_INVALID;
    *ret_item = c138_xstrndup(text, length);
    lower(*ret_item);
    return C138_OK;
}

c138_status besu_list_item(enum besu_list_kind kind, const char *text, char **ret_item) {
    if (kind == BESU_LIST_NODES)
        return enode_item(text, ret_item);
    if (strlen(text) != 42 || text[0] != '0' || (text[1] | 0x20) != 'x' || !all_hex(text + 2, 40))
        return C138_E_INVALID;
    *ret_item = c138_xstrdup(text);
    lower(*ret_item);
    return C138_OK;
}

/* --- Lists ----------------------------------------------------------------------------------- */

/* Takes the item; an unsorted list that is sorted in the end. */
static void add(struct besu_list *list, char *item) {
    if ((list->count & (list->count - 1)) == 0) /* at 0, 1, 2, 4, ...: room for twice as many */
        list->items =
            c138_xrealloc(list->items, (list->count ? 2 * list->count : 1) * sizeof(*list->items));
    list->items[list->count++] = item;
}

static void sort(struct besu_list *list) {
    size_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof(*list->items), by_text);
    for (size_t i = 1; i < list->count; i++) {
        if (strcmp(list->items[kept], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[++kept] = list->items[i];
    }
    list->count = kept + 1;
}

static c138_status add_text(enum besu_list_kind kind, struct besu_list *list, const char *text,
                            struct c138_err *err) {
    char *item = NULL;
    if (list->count >= BESU_LIST_MAX)
        return c138_error(err, C138_E_LIMIT, "list.too-long", "more than %d entries",
                          BESU_LIST_MAX);
    if (besu_list_item(kind, text, &item) != C138_OK)
        return c138_error(err, C138_E_INVALID, "list.entry", "\"%.80s\" is no %s", text,
                          kind == BESU_LIST_ACCOUNTS ? "account" : "enode URL");
    add(list, item);
    return C138_OK;
}

static c138_status finish(c138_status status, struct besu_list *list, struct besu_list *ret_list) {
    if (status != C138_OK) {
        besu_list_deinit(list);
        return status;
    }
    sort(list);
    *ret_list = *list;
    return C138_OK;
}

c138_status besu_list_from_json(enum besu_list_kind kind, const struct c138_json *array,
                                struct besu_list *ret_list, struct c138_err *err) {
    struct besu_list list = {0};
    c138_status status = C138_OK;
    if (c138_json_type(array) != C138_JSON_ARRAY)
        return c138_error(err, C138_E_INVALID, "list.invalid", "the answer is no list");
    for (size_t i = 0; status == C138_OK && i < c138_json_count(array); i++)
        status = add_text(kind, &list, c138_json_as_str(c138_json_at(array, i), ""), err);
    return finish(status, &list, ret_list);
}

c138_status besu_list_from_static(const char *text, size_t length, struct besu_list *ret_list,
                                  struct c138_err *err) {
    C138_JSON struct c138_json *json = NULL;
    c138_status status = c138_json_parse(text, length, &json, err);
    return status != C138_OK ? status : besu_list_from_json(BESU_LIST_NODES, json, ret_list, err);
}

void besu_list_union(const struct besu_list *const *lists, size_t count,
                     struct besu_list *ret_union) {
    struct besu_list all = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i]->count; k++)
            add(&all, c138_xstrdup(lists[i]->items[k]));
    sort(&all);
    *ret_union = all;
}

/* --- The permissions file -------------------------------------------------------------------- */

struct text {
    const char *at, *end;
};

static void skip_line(struct text *t) {
    while (t->at < t->end && *t->at != '\n')
        t->at++;
}

/* Blanks, lines' ends, commas and comments: all that may stand between the entries of an array. */
static void skip_between(struct text *t) {
    for (; t->at < t->end; t->at++) {
        if (*t->at == '#')
            skip_line(t);
        if (t->at == t->end || (!isspace((unsigned char)*t->at) && *t->at != ','))
            return;
    }
}

/* To what stands behind `name = [`; 0: this line has something else. */
static int at_array(struct text *t, const char *name) {
    const char *p = t->at;
    size_t length = strlen(name);
    while (p < t->end && (*p == ' ' || *p == '\t'))
        p++;
    if ((size_t)(t->end - p) <= length || memcmp(p, name, length) != 0)
        return 0;
    for (p += length; p < t->end && (*p == ' ' || *p == '\t'); p++)
        ;
    if (p == t->end || *p++ != '=')
        return 0;
    while (p < t->end && isspace((unsigned char)*p))
        p++;
    if (p == t->end || *p != '[')
        return 0;
    t->at = p + 1;
    return 1;
}

/* A quoted entry. Neither accounts nor enodes have anything that TOML escapes. */
static c138_status quoted(enum besu_list_kind kind, struct text *t, struct besu_list *list,
                          struct c138_err *err) {
    char quote = *t->at, text[ENODE_MAX + 1];
    const char *end = memchr(t->at + 1, quote, (size_t)(t->end - t->at - 1));
    size_t length = end ? (size_t)(end - t->at - 1) : 0;
    if (!end || length > ENODE_MAX)
        return c138_error(err, C138_E_INVALID, "list.file", "an entry has no end");
    memcpy(text, t->at + 1, length);
    text[length] = '\0';
    t->at = end + 1;
    return add_text(kind, list, text, err);
}

static c138_status array(enum besu_list_kind kind, struct text *t, struct besu_list *list,
                         struct c138_err *err) {
    for (;;) {
        skip_between(t);
        if (t->at == t->end)
            return c138_error(err, C138_E_INVALID, "list.file", "%s-allowlist has no end",
                              besu_list_name(kind));
        if (*t->at == ']')
            return C138_OK;
        if (*t->at != '"' && *t->at != '\'')
            return c138_error(err, C138_E_INVALID, "list.file",
                              "%s-allowlist: a text in quotes was expected", besu_list_name(kind));
        c138_status status = quoted(kind, t, list, err);
        if (status != C138_OK)
            return status;
    }
}

c138_status besu_list_from_toml(enum besu_list_kind kind, const char *text, size_t length,
                                struct besu_list *ret_list, struct c138_err *err) {
    static const char *const names[] = {"accounts-allowlist", "nodes-allowlist"};
    struct text t = {text, text + length};
    struct besu_list list = {0};
    for (; t.at < t.end; t.at += t.at < t.end) {
        if (at_array(&t, names[kind]))
            return finish(array(kind, &t, &list, err), &list, ret_list);
        skip_line(&t);
    }
    return c138_error(err, C138_E_NOTFOUND, "list.file", "no %s in it", names[kind]);
}
