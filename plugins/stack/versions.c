#include "versions.h"

#include <base/mem.h>
#include <base/text.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define OPTIONS_MAX 2000

/* --- Versions -------------------------------------------------------------------------------- */

static besu_version at(const char *p) {
    unsigned year = 0, minor = 0, patch = 0;
    int n = sscanf(p, "%3u.%3u.%3u", &year, &minor, &patch);
    /* Besu counts by year and month, before by 1.N and by 19.N. */
    return n >= 2 && year && year < 100 && minor < 256 && patch < 256
               ? BESU_VERSION(year, minor, patch)
               : 0;
}

besu_version besu_version_read(const char *text) {
    for (const char *p = text; p && *p; p++) {
        int begins = p == text || strchr("v:/@ ", p[-1]);
        besu_version v = begins && isdigit((unsigned char)*p) ? at(p) : 0;
        if (v)
            return v;
    }
    return 0;
}

void besu_version_write(besu_version v, char ret_text[BESU_VERSION_TEXT]) {
    if (v)
        (void)snprintf(ret_text, BESU_VERSION_TEXT, "%u.%u.%u", v >> 16, v >> 8 & 0xff, v & 0xff);
    else
        (void)snprintf(ret_text, BESU_VERSION_TEXT, "unknown");
}

/* --- Options --------------------------------------------------------------------------------- */

void options_deinit(struct options *o) {
    for (size_t i = 0; i < o->count; i++) {
        free(o->list[i].name);
        free(o->list[i].value);
        free(o->list[i].where);
    }
    free(o->list);
    *o = (struct options){0};
}

static void add(struct options *o, const char *name, size_t name_length, const char *value,
                size_t value_length, const char *where) {
    if (o->count == OPTIONS_MAX || name_length == 0 || name_length > 127)
        return;
    if (!o->list)
        o->list = c138_xcalloc(OPTIONS_MAX, sizeof(*o->list));
    o->list[o->count++] = (struct option){.name = c138_xstrndup(name, name_length),
                                          .value = c138_xstrndup(value, value_length),
                                          .where = c138_xstrdup(where)};
}

void options_read_args(struct options *o, const struct c138_json *args) {
    for (size_t i = 0; i < c138_json_count(args); i++) {
        const char *arg = c138_json_as_str(c138_json_at(args, i), "");
        if (!c138_starts_with(arg, "--"))
            continue;
        const char *name = arg + 2, *equals = strchr(name, '=');
        const char *next = c138_json_as_str(c138_json_at(args, i + 1), "");
        if (equals)
            add(o, name, (size_t)(equals - name), equals + 1, strlen(equals + 1),
                "the command line");
        else
            add(o, name, strlen(name), *next == '-' ? "" : next, *next == '-' ? 0 : strlen(next),
                "the command line");
    }
}

void options_read_env(struct options *o, const struct c138_json *env) {
    for (size_t i = 0; i < c138_json_count(env); i++) {
        const char *entry = c138_json_as_str(c138_json_at(env, i), "");
        const char *equals = strchr(entry, '=');
        if (!c138_starts_with(entry, "BESU_") || !equals)
            continue;
        C138_FREE char *name = c138_xstrndup(entry + 5, (size_t)(equals - entry) - 5);
        for (char *p = name; *p; p++)
            *p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
        /* BESU_XBFT_... stands for --Xbft-...: the X of the hidden ones is great. */
        if (*name == 'x')
            *name = 'X';
        add(o, name, strlen(name), equals + 1, strlen(equals + 1), "the environment");
    }
}

/* From a value's begin to behind its end: the end of the line outside of strings and brackets. */
static const char *value_end(const char *p, const char *end, size_t *line) {
    int depth = 0;
    char quote = '\0';
    for (; p < end; p++) {
        if (*p == '\n')
            ++*line;
        if (quote) {
            if (quote == '"' && *p == '\\' && p + 1 < end)
                p++;
            else if (*p == quote || *p == '\n')
                quote = '\0';
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (*p == '#') {
            if (depth == 0)
                return p;
            while (p + 1 < end && p[1] != '\n')
                p++;
        } else if (*p == '[') {
            depth++;
        } else if (*p == ']') {
            depth--;
        } else if (*p == '\n' && depth <= 0) {
            --*line; /* the caller counts it */
            return p;
        }
    }
    return end;
}

static void trim(const char **begin, const char **end) {
    while (*begin < *end && isspace((unsigned char)**begin))
        ++*begin;
    while (*end > *begin && isspace((unsigned char)(*end)[-1]))
        --*end;
}

c138_status options_read_toml(struct options *o, const char *text, size_t length, const char *where,
                              struct c138_err *err) {
    const char *p = text, *end = text + length;
    for (size_t line = 1; p < end; line++) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *stop = eol ? eol : end, *first = p;
        while (first < stop && isspace((unsigned char)*first))
            first++;
        if (first == stop || *first == '#' || *first == '[') {
            p = eol ? eol + 1 : end;
            continue;
        }
        const char *equals = memchr(first, '=', (size_t)(stop - first)), *name_end = equals;
        if (!equals)
            return c138_error(err, C138_E_INVALID, "stack.toml",
                              "%s line %zu: there is no \"=\": Besu would not start with it", where,
                              line);
        const char *value = equals + 1, *value_stop = value_end(value, end, &line);
        const char *next = value_stop;
        trim(&first, &name_end);
        trim(&value, &value_stop);
        if (name_end - first >= 2 && (*first == '"' || *first == '\'')) {
            first++;
            name_end--;
        }
        if (value_stop - value >= 2 && *value == '"' && value_stop[-1] == '"') {
            value++;
            value_stop--;
        }
        add(o, first, (size_t)(name_end - first), value, (size_t)(value_stop - value), where);
        next = memchr(next, '\n', (size_t)(end - next));
        p = next ? next + 1 : end;
    }
    return C138_OK;
}

const char *options_get(const struct options *o, const char *name) {
    for (size_t i = 0; i < o->count; i++)
        if (!strcmp(o->list[i].name, name))
            return o->list[i].value;
    return NULL;
}

/* --- What went ------------------------------------------------------------------------------- */

struct taken {
    besu_version since;
    const char *name;  /* ends in "*": all that begin so */
    const char *value; /* NULL: whatever it is; else this word is in the value */
    const char *what, *instead;
};
static const struct taken table[] = {
    {BESU_VERSION(25, 6, 0), "privacy-*", NULL, "private transactions with Tessera",
     "stay on 25.5.0, or move private state out first"},
    {BESU_VERSION(25, 6, 0), "permissions-nodes-contract-*", NULL, "permissioning by contracts",
     "use permissions-nodes-config-file"},
    {BESU_VERSION(25, 6, 0), "permissions-accounts-contract-*", NULL, "permissioning by contracts",
     "use permissions-accounts-config-file"},
    {BESU_VERSION(25, 6, 0), "tx-pool-disable-locals", NULL, "this option",
     "tx-pool-no-local-priority"},
    {BESU_VERSION(25, 7, 0), "rpc-http-api", "EEA", "the API EEA", "take it off the list"},
    {BESU_VERSION(25, 7, 0), "rpc-http-api", "PRIV", "the API PRIV", "take it off the list"},
    {BESU_VERSION(25, 7, 0), "rpc-ws-api", "EEA", "the API EEA", "take it off the list"},
    {BESU_VERSION(25, 7, 0), "rpc-ws-api", "PRIV", "the API PRIV", "take it off the list"},
    {BESU_VERSION(25, 7, 0), "Xsnapsync-bft-enabled", NULL, "this option", "take it away"},
    {BESU_VERSION(26, 8, 0), "miner-enabled", NULL, "mining by proof of work", "take it away"},
    {BESU_VERSION(26, 8, 0), "miner-coinbase", NULL, "mining by proof of work", "take it away"},
    {BESU_VERSION(26, 8, 0), "miner-stratum-*", NULL, "mining by proof of work", "take it away"},
    {BESU_VERSION(26, 8, 0), "fast-sync-min-peers", NULL, "this option", "sync-min-peers"},
    {BESU_VERSION(26, 8, 0), "bonsai-maximum-back-layers-to-load", NULL, "this option",
     "bonsai-historical-block-limit"},
    {BESU_VERSION(26, 8, 0), "Xbonsai-limit-trie-logs-enabled", NULL, "this option",
     "bonsai-limit-trie-logs-enabled"},
    {BESU_VERSION(26, 8, 0), "rpc-http-api", "CLIQUE", "the API CLIQUE", "take it off the list"},
    {BESU_VERSION(26, 8, 0), "rpc-ws-api", "CLIQUE", "the API CLIQUE", "take it off the list"},
    {BESU_VERSION(26, 8, 0), "sync-mode", "FAST", "the sync mode FAST", "FULL or SNAP"},
    {BESU_VERSION(26, 8, 0), "nat-method", "KUBERNETES", "the NAT method KUBERNETES", "NONE"},
};

int versions_take(besu_version from, besu_version to) {
    for (size_t i = 0; i < C138_COUNT(table); i++)
        if (from < table[i].since && to >= table[i].since)
            return 1;
    return 0;
}

static int is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static int has_word(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *p = text; (p = strcasestr(p, word)) != NULL; p++)
        if ((p == text || !is_word(p[-1])) && !is_word(p[length]))
            return 1;
    return 0;
}

static int uses(const struct option *o, const struct taken *t) {
    size_t length = strlen(t->name);
    int same = t->name[length - 1] == '*' ? !strncasecmp(o->name, t->name, length - 1)
                                          : !strcasecmp(o->name, t->name);
    return same && (!t->value || has_word(o->value, t->value));
}

size_t versions_taken(const struct options *o, besu_version from, besu_version to,
                      struct c138_buf *out) {
    size_t n = 0;
    for (size_t i = 0; i < C138_COUNT(table); i++) {
        const struct taken *t = &table[i];
        char version[BESU_VERSION_TEXT];
        if (from >= t->since || to < t->since)
            continue;
        besu_version_write(t->since, version);
        for (size_t k = 0; k < o->count; k++)
            if (uses(&o->list[k], t)) {
                (void)c138_buf_addf(out, "%s%s%s%s in %s: %s is gone since %s: %s", n++ ? "; " : "",
                                    o->list[k].name, t->value ? " has " : "",
                                    t->value ? t->value : "", o->list[k].where, t->what, version,
                                    t->instead);
            }
    }
    return n;
}
