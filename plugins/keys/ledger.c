#include "ledger.h"

#include <base/buf.h>
#include <base/json.h>
#include <base/lines.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <string.h>

#define HOUR_NS (3600 * C138_NS_PER_S)
#define DAY_NS (24 * HOUR_NS)
#define USE "it says what was signed: mend it, or move it away and lose the rates of the last hour"

/* A name is kept once: there are few of them, and many entries. */
struct entry {
    int64_t time_ns;
    uint32_t key, rule; /* into names */
    uint8_t hash[32];
};

struct ledger {
    struct c138_lines *lines;
    int64_t now_ns; /* while the file is read or begun anew */
    struct entry *entries;
    size_t count, room;
    size_t n_staged; /* of them, at the end, not on disk yet */
    struct c138_buf staged;
    char **names;
    uint32_t n_names;
};

/* Of `text` among the names; with `make` it is added. UINT32_MAX: it is not there. */
static uint32_t name_of(struct ledger *l, const char *text, int make) {
    for (uint32_t i = 0; i < l->n_names; i++)
        if (!strcmp(l->names[i], text))
            return i;
    if (!make)
        return UINT32_MAX;
    l->names = c138_xrealloc(l->names, (l->n_names + 1) * sizeof(*l->names));
    l->names[l->n_names] = c138_xstrdup(text);
    return l->n_names++;
}

static void remember(struct ledger *l, const struct entry *e) {
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->entries = c138_xrealloc(l->entries, l->room * sizeof(*l->entries));
    }
    l->entries[l->count++] = *e;
}

static void forget_old(struct ledger *l, int64_t now_ns) {
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i].time_ns > now_ns - DAY_NS)
            l->entries[kept++] = l->entries[i];
    l->count = kept;
}

/* --- Reading --------------------------------------------------------------------------------- */

static c138_status take_line(void *user, const char *line, size_t length, struct c138_err *err) {
    struct ledger *l = user;
    C138_JSON struct c138_json *o = NULL;
    struct entry e = {0};
    c138_status status = c138_json_parse(line, length, &o, err);
    const char *hash = c138_json_get_str(o, "hash", ""), *key = c138_json_get_str(o, "key", NULL),
               *rule = c138_json_get_str(o, "rule", NULL);
    if (status < 0)
        return status;
    if (!key || !rule || strlen(hash) != 66 || c138_hex_decode(hash + 2, 64, e.hash) < 0 ||
        c138_time_parse(c138_json_get_str(o, "time", ""), &e.time_ns) < 0)
        return c138_error(err, C138_E_INVALID, NULL, "no entry");
    e.key = name_of(l, key, 1);
    e.rule = name_of(l, rule, 1);
    if (e.time_ns > l->now_ns - DAY_NS)
        remember(l, &e);
    return C138_OK;
}

c138_status ledger_open(const char *path, int64_t now_ns, struct ledger **ret_ledger,
                        struct c138_err *err) {
    struct ledger *l = c138_xcalloc(1, sizeof(*l));
    l->now_ns = now_ns;
    c138_status status = c138_lines_open(path, USE, take_line, l, &l->lines, err);
    if (status < 0) {
        ledger_close(l);
        return status;
    }
    *ret_ledger = l;
    return C138_OK;
}

struct ledger *ledger_close(struct ledger *l) {
    if (!l)
        return NULL;
    (void)c138_lines_close(l->lines);
    c138_buf_deinit(&l->staged);
    for (uint32_t i = 0; i < l->n_names; i++)
        free(l->names[i]);
    free(l->names);
    free(l->entries);
    free(l);
    return NULL;
}

/* --- Asking ---------------------------------------------------------------------------------- */

int ledger_has(const struct ledger *l, const char *key, const uint8_t hash[32]) {
    for (size_t i = 0; i < l->count; i++)
        if (!memcmp(l->entries[i].hash, hash, 32) && !strcmp(l->names[l->entries[i].key], key))
            return 1;
    return 0;
}

uint64_t ledger_used(const struct ledger *l, const char *key, const char *rule, int64_t now_ns) {
    uint64_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->entries[i].time_ns > now_ns - HOUR_NS &&
             !strcmp(l->names[l->entries[i].key], key) &&
             !strcmp(l->names[l->entries[i].rule], rule);
    return n;
}

uint64_t ledger_count(const struct ledger *l) {
    return l->count;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void line_of(const struct ledger_entry *e, int64_t now_ns, struct c138_buf *out) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    char time[C138_TIME_TEXT], hash[67] = "0x";
    c138_time_format(now_ns, time);
    c138_hex_encode(e->hash, 32, hash + 2);
    c138_json_set_str(o, "time", time);
    c138_json_set_str(o, "key", e->key);
    c138_json_set_str(o, "rule", e->rule);
    c138_json_set_uint(o, "chain_id", e->chain_id);
    c138_json_set_uint(o, "nonce", e->nonce);
    c138_json_set_str(o, "to", e->to);
    c138_json_set_str(o, "value", e->value);
    c138_json_set_str(o, "hash", hash);
    C138_FREE char *text = c138_json_dump(o);
    c138_buf_addf(out, "%s\n", text);
}

static int is_of_last_day(void *user, const char *line, size_t length) {
    const struct ledger *l = user;
    C138_JSON struct c138_json *o = NULL;
    int64_t time_ns = 0;
    return c138_json_parse(line, length, &o, NULL) < 0 ||
           c138_time_parse(c138_json_get_str(o, "time", ""), &time_ns) < 0 ||
           time_ns > l->now_ns - DAY_NS;
}

void ledger_stage(struct ledger *l, const struct ledger_entry *e, int64_t now_ns) {
    struct entry new = {.time_ns = now_ns};
    l->now_ns = now_ns;
    forget_old(l, now_ns);
    new.key = name_of(l, e->key, 1);
    new.rule = name_of(l, e->rule, 1);
    memcpy(new.hash, e->hash, 32);
    remember(l, &new);
    l->n_staged++;
    line_of(e, now_ns, &l->staged);
}

void ledger_unstage(struct ledger *l) {
    l->count -= l->n_staged; /* they are the last */
    l->n_staged = 0;
    c138_buf_reset(&l->staged);
}

c138_status ledger_flush(struct ledger *l, struct c138_err *err) {
    struct c138_err why = {0};
    c138_status status = C138_OK;
    if (!l->n_staged)
        return C138_OK;
    if (c138_lines_grown(l->lines) > LEDGER_FILE_MAX)
        status = c138_lines_begin_anew(l->lines, is_of_last_day, l, &why);
    if (status >= 0)
        status = c138_lines_add(l->lines, l->staged.data, l->staged.length, &why);
    if (status < 0) {
        ledger_unstage(l);
        return c138_error(err, status, "keys.ledger", "nothing is signed: %s", why.text);
    }
    l->n_staged = 0;
    c138_buf_reset(&l->staged);
    return C138_OK;
}
