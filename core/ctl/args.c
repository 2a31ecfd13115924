/*
 * What was typed.
 */
#include "config.h"

#include <ctl/args.h>
#include <base/text.h>

#include <ctype.h>
#include <string.h>

enum kind { FLAG, VALUE };

struct own {
    const char *name;
    enum kind kind;
    size_t offset;
};

#define OWN(text, k, member) {text, k, offsetof(struct args, member)}
static const struct own own_options[] = {
    OWN("json", FLAG, json),        OWN("help", FLAG, help),
    OWN("version", FLAG, version),  OWN("man", FLAG, man),
    OWN("detach", FLAG, detach),    OWN("dry-run", FLAG, dry_run),
    OWN("durable", FLAG, durable),  OWN("socket", VALUE, socket),
    OWN("url", VALUE, url),         OWN("token-file", VALUE, token_file),
    OWN("config", VALUE, config),   OWN("wait", VALUE, wait),
    OWN("timeout", VALUE, timeout), OWN("params-file", VALUE, params_file),
};

static c138_status wrong(struct c138_err *err, const char *what, const char *about) {
    return c138_error(err, C138_E_INVALID, "usage", "%s: %.100s: try chain138ctl --help", what,
                      about);
}

static const struct own *own_of(const char *name, size_t length) {
    for (size_t i = 0; i < C138_COUNT(own_options); i++)
        if (strlen(own_options[i].name) == length && !strncmp(own_options[i].name, name, length))
            return &own_options[i];
    return NULL;
}

int args_hides(const char *param) {
    char name[64];
    size_t length = strlen(param);
    if (length >= sizeof(name))
        return 0;
    for (size_t i = 0; i <= length; i++)
        name[i] = param[i] == '_' ? '-' : param[i];
    return own_of(name, length) != NULL;
}

static c138_status add_param(struct args *a, const char *name, size_t length, const char *value,
                             int bare, struct c138_err *err) {
    if (a->n_params == ARGS_PARAMS_MAX)
        return wrong(err, "too many parameters", name);
    struct args_param *p = &a->params[a->n_params];
    if (length == 0 || length >= sizeof(p->name) || !islower((unsigned char)name[0]))
        return wrong(err, "no such option", name);
    for (size_t i = 0; i < length; i++)
        p->name[i] = name[i] == '-' ? '_' : name[i];
    p->name[length] = '\0';
    p->value = value;
    p->bare = bare;
    a->n_params++;
    return C138_OK;
}

/* --param NAME=VALUE */
static c138_status explicit_param(struct args *a, const char *text, struct c138_err *err) {
    const char *equals = text ? strchr(text, '=') : NULL;
    if (!equals)
        return wrong(err, "--param takes NAME=VALUE", text ? text : "(missing)");
    return add_param(a, text, (size_t)(equals - text), equals + 1, 0, err);
}

/* Options that never take a word of their own, in friendly commands. */
static int is_known_flag(const char *name, size_t length) {
    return length == 6 && !strncmp(name, "follow", 6);
}

static c138_status take_option(struct args *a, const char *text, const char *next, int *ret_took,
                               struct c138_err *err) {
    const char *name = text + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const char *joined = equals ? equals + 1 : NULL;
    int next_is_value = next && !(next[0] == '-' && next[1] == '-');
    const struct own *own = own_of(name, length);
    *ret_took = 0;
    if (length == 5 && !strncmp(name, "param", 5)) {
        *ret_took = !joined;
        return explicit_param(a, joined ? joined : next, err);
    }
    if (own && own->kind == FLAG) {
        if (joined)
            return wrong(err, "this option takes no value", text);
        *(int *)(void *)((char *)a + own->offset) = 1;
        return C138_OK;
    }
    if (!joined && next_is_value && !is_known_flag(name, length))
        *ret_took = 1;
    const char *value = joined ? joined : *ret_took ? next : NULL;
    if (own) {
        if (!value)
            return wrong(err, "this option needs a value", text);
        *(const char **)(void *)((char *)a + own->offset) = value;
        return C138_OK;
    }
    return add_param(a, name, length, value ? value : "true", *ret_took, err);
}

static c138_status take_word(struct args *a, const char *word, struct c138_err *err) {
    if (a->n_words == ARGS_WORDS_MAX)
        return wrong(err, "too many words", word);
    a->words[a->n_words++] = word;
    return C138_OK;
}

c138_status args_parse(int argc, char **argv, struct args *ret, struct c138_err *err) {
    *ret = (struct args){0};
    int only_words = 0;
    for (int i = 0; i < argc; i++) {
        const char *text = argv[i];
        c138_status status;
        int took = 0;
        if (only_words) {
            status = take_word(ret, text, err);
        } else if (!strcmp(text, "--")) {
            only_words = 1;
            status = C138_OK;
        } else if (!strcmp(text, "-h")) {
            ret->help = 1;
            status = C138_OK;
        } else if (text[0] == '-' && text[1] == '-') {
            status = take_option(ret, text, i + 1 < argc ? argv[i + 1] : NULL, &took, err);
        } else if (text[0] == '-' && text[1] && !isdigit((unsigned char)text[1])) {
            status = wrong(err, "no such option", text);
        } else {
            status = take_word(ret, text, err);
        }
        if (status < 0)
            return status;
        i += took;
    }
    return C138_OK;
}

const char *args_value(const struct args *a, const char *name) {
    const char *value = NULL;
    for (size_t i = 0; i < a->n_params; i++)
        if (!strcmp(a->params[i].name, name))
            value = a->params[i].value;
    return value;
}

static void add_value(struct c138_json *object, const char *name, const char *value) {
    struct c138_json *there = c138_json_get(object, name);
    if (!there) {
        c138_json_set_str(object, name, value);
        return;
    }
    if (c138_json_type(there) != C138_JSON_ARRAY) {
        struct c138_json *list = c138_json_new_array();
        c138_json_append(list, c138_json_ref(there));
        c138_json_set(object, name, list);
        there = list;
    }
    c138_json_append(there, c138_json_new_str(value));
}

struct c138_json *args_object(const struct args *a) {
    struct c138_json *object = c138_json_new_object();
    for (size_t i = 0; i < a->n_params; i++)
        add_value(object, a->params[i].name, a->params[i].value);
    return object;
}

static const struct c138_json *field_of(const struct c138_json *fields, const char *name) {
    for (size_t i = 0; i < c138_json_count(fields); i++)
        if (c138_streq(c138_json_get_str(c138_json_at(fields, i), "name", NULL), name))
            return c138_json_at(fields, i);
    return NULL;
}

static int is_bool_word(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
    for (size_t i = 0; i < C138_COUNT(words); i++)
        if (!strcmp(words[i], text))
            return 1;
    return 0;
}

/* "--force besu" where force is a flag: besu was meant as a word. */
static size_t give_back(const struct args *a, const struct c138_json *fields,
                        struct c138_json *params, const char **words) {
    size_t n = 0;
    for (size_t i = 0; i < a->n_params; i++) {
        const struct args_param *p = &a->params[i];
        const char *type = c138_json_get_str(field_of(fields, p->name), "type", "");
        if (!p->bare || strcmp(type, "bool") != 0 || is_bool_word(p->value))
            continue;
        c138_json_set_str(params, p->name, "true");
        words[n++] = p->value;
    }
    return n;
}

static c138_status place(const char *word, const struct c138_json *fields, size_t *at,
                         struct c138_json *params, struct c138_err *err) {
    for (; *at < c138_json_count(fields); (*at)++) {
        const struct c138_json *field = c138_json_at(fields, *at);
        const char *name = c138_json_get_str(field, "name", "");
        int list = c138_streq(c138_json_get_str(field, "type", NULL), "list");
        if (!c138_json_get_bool(field, "positional", 0) || (!list && c138_json_has(params, name)))
            continue;
        add_value(params, name, word);
        if (!list)
            (*at)++;
        return C138_OK;
    }
    return wrong(err, "a word too many", word);
}

c138_status args_positional(const struct args *a, size_t first, const struct c138_json *action,
                            struct c138_json *params, struct c138_err *err) {
    const char *words[ARGS_WORDS_MAX + ARGS_PARAMS_MAX];
    const struct c138_json *fields = c138_json_get(action, "params");
    size_t n = give_back(a, fields, params, words), at = 0;
    for (size_t i = first; i < a->n_words; i++)
        words[n++] = a->words[i];
    c138_status status = C138_OK;
    for (size_t i = 0; i < n && status >= 0; i++)
        status = place(words[i], fields, &at, params, err);
    return status;
}
