#include "journal.h"

#include <base/lines.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <string.h>

#define USE "it says which transactions are under way: mend it, never delete it"

struct account {
    uint8_t address[20];
    uint64_t base; /* settled below */
    int known;
};

struct journal {
    struct c138_lines *lines;
    struct intent **intents;
    size_t count, room;
    size_t *table; /* open addressing by id: index + 1 */
    size_t table_size;
    struct account *accounts;
    size_t n_accounts;
    struct c138_buf pending; /* lines that are not on disk yet */
    int64_t now_ns;          /* while the file is begun anew */
};

static const char *const kinds[] = {"send", "speed-up", "cancel"};
static const char *const outcomes[] = {"open",      "succeeded", "reverted", "unmet",
                                       "cancelled", "overtaken", "dropped"};

const char *attempt_kind_name(enum attempt_kind kind) {
    return kinds[kind];
}

const char *outcome_name(enum outcome outcome) {
    return outcomes[outcome];
}

static int index_of(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return (int)i;
    return -1;
}

/* --- Finding --------------------------------------------------------------------------------- */

static size_t slot_of(const struct journal *j, const char *id) {
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *p = id; *p; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(1099511628211);
    size_t at = (size_t)h & (j->table_size - 1);
    while (j->table[at] && strcmp(j->intents[j->table[at] - 1]->id, id) != 0)
        at = (at + 1) & (j->table_size - 1);
    return at;
}

struct intent *journal_find(const struct journal *j, const char *id) {
    size_t at = j->table_size ? j->table[slot_of(j, id)] : 0;
    return at ? j->intents[at - 1] : NULL;
}

static void table_grow(struct journal *j) {
    free(j->table);
    j->table_size = j->table_size ? 2 * j->table_size : 256;
    j->table = c138_xcalloc(j->table_size, sizeof(*j->table));
    for (size_t i = 0; i < j->count; i++)
        j->table[slot_of(j, j->intents[i]->id)] = i + 1;
}

static void intent_add(struct journal *j, struct intent *i) {
    if (2 * (j->count + 1) > j->table_size)
        table_grow(j);
    if (j->count == j->room) {
        j->room = j->room ? 2 * j->room : 64;
        j->intents = c138_xrealloc(j->intents, j->room * sizeof(*j->intents));
    }
    size_t slot = slot_of(j, i->id);
    j->intents[j->count++] = i;
    j->table[slot] = j->count;
}

static void intent_free(struct intent *i) {
    for (size_t n = 0; n < i->n_attempts; n++)
        free(i->attempts[n].raw);
    free(i->attempts);
    free(i->id);
    free(i->key);
    free(i->request);
    free(i->call);
    free(i->expect);
    free(i->who);
    free(i->text);
    free(i);
}

size_t journal_count(const struct journal *j) {
    return j->count;
}

struct intent *journal_at(const struct journal *j, size_t index) {
    return j->intents[index];
}

size_t intent_attempt(const struct intent *i, const uint8_t hash[32]) {
    size_t n = 0;
    while (n < i->n_attempts && memcmp(i->attempts[n].hash, hash, 32) != 0)
        n++;
    return n;
}

struct intent *journal_by_hash(const struct journal *j, const uint8_t hash[32]) {
    for (size_t i = j->count; i--;)
        if (intent_attempt(j->intents[i], hash) < j->intents[i]->n_attempts)
            return j->intents[i];
    return NULL;
}

static struct account *account_of(const struct journal *j, const uint8_t address[20]) {
    for (size_t i = 0; i < j->n_accounts; i++)
        if (!memcmp(j->accounts[i].address, address, 20))
            return &j->accounts[i];
    return NULL;
}

static struct account *account_made(struct journal *j, const uint8_t address[20]) {
    struct account *a = account_of(j, address);
    if (a)
        return a;
    j->accounts = c138_xrealloc(j->accounts, (j->n_accounts + 1) * sizeof(*j->accounts));
    a = &j->accounts[j->n_accounts++];
    *a = (struct account){0};
    memcpy(a->address, address, 20);
    return a;
}

/* --- Records, as they are read from the file and as they take effect -------------------------- */

static c138_status read_hex(const struct c138_json *o, const char *name, uint8_t *ret, size_t n) {
    const char *text = c138_json_get_str(o, name, "");
    if (strlen(text) != 2 + 2 * n || text[0] != '0' || text[1] != 'x')
        return C138_E_INVALID;
    return c138_hex_decode(text + 2, 2 * n, ret);
}

static char *member(const struct c138_json *o, const char *name) {
    return c138_xstrdup(c138_json_get_str(o, name, ""));
}

static struct intent *new_intent(struct journal *j, const struct c138_json *o, const char *id) {
    struct intent *i = c138_xcalloc(1, sizeof(*i));
    i->id = c138_xstrdup(id);
    i->key = member(o, "key");
    i->request = member(o, "request");
    i->call = member(o, "call");
    i->expect = member(o, "expect");
    i->who = member(o, "who");
    i->nonce = c138_json_get_uint(o, "nonce", 0);
    i->confirmations = (uint32_t)c138_json_get_uint(o, "confirmations", 1);
    (void)c138_time_parse(c138_json_get_str(o, "time", ""), &i->time_ns);
    (void)read_hex(o, "from", i->from, 20);
    (void)account_made(j, i->from);
    intent_add(j, i);
    return i;
}

static c138_status take_sign(struct journal *j, struct intent *i, const struct c138_json *o,
                             const char *id) {
    struct attempt a = {0};
    uint8_t from[20];
    int kind = index_of(kinds, C138_COUNT(kinds), c138_json_get_str(o, "kind", ""));
    const char *raw = c138_json_get_str(o, "raw", "");
    if (kind < 0 || strlen(raw) < 4 || read_hex(o, "hash", a.hash, 32) < 0)
        return C138_E_INVALID;
    if (!i && (read_hex(o, "from", from, 20) < 0 || !*c138_json_get_str(o, "key", "") ||
               !c138_json_has(o, "nonce")))
        return C138_E_INVALID;
    if (!i)
        i = new_intent(j, o, id);
    a.kind = (enum attempt_kind)kind;
    a.raw = c138_xstrdup(raw);
    i->attempts = c138_xrealloc(i->attempts, (i->n_attempts + 1) * sizeof(*i->attempts));
    i->attempts[i->n_attempts++] = a;
    return C138_OK;
}

static c138_status take_mined(struct intent *i, const struct c138_json *o) {
    uint8_t hash[32];
    if (read_hex(o, "hash", hash, 32) < 0 || read_hex(o, "block_hash", i->block_hash, 32) < 0)
        return C138_E_INVALID;
    i->mined = intent_attempt(i, hash);
    i->is_mined = i->mined < i->n_attempts;
    i->block = c138_json_get_uint(o, "block", 0);
    i->status = (int)c138_json_get_int(o, "status", 0);
    return i->is_mined ? C138_OK : C138_E_INVALID;
}

/* An account's nonces below are settled by this intent. */
static void settle(struct journal *j, const struct intent *i) {
    struct account *a = account_made(j, i->from);
    a->known = 1;
    if (i->is_mined && i->nonce + 1 > a->base)
        a->base = i->nonce + 1;
}

static c138_status take_end(struct journal *j, struct intent *i, const struct c138_json *o) {
    int outcome = index_of(outcomes, C138_COUNT(outcomes), c138_json_get_str(o, "outcome", ""));
    if (outcome <= 0)
        return C138_E_INVALID;
    i->outcome = (enum outcome)outcome;
    free(i->text);
    i->text = member(o, "text");
    (void)c138_time_parse(c138_json_get_str(o, "time", ""), &i->ended_ns);
    settle(j, i);
    return C138_OK;
}

static c138_status take_base(struct journal *j, const struct c138_json *o, int is_adopted) {
    uint8_t from[20];
    if (read_hex(o, "from", from, 20) < 0 || !c138_json_has(o, "nonce"))
        return C138_E_INVALID;
    struct account *a = account_made(j, from);
    a->base = c138_json_get_uint(o, "nonce", 0);
    a->known = 1;
    /* What had ended on a chain that was begun anew since. */
    for (size_t i = 0; is_adopted && i < j->count; i++)
        if (j->intents[i]->outcome != OUTCOME_OPEN && j->intents[i]->nonce >= a->base &&
            !memcmp(j->intents[i]->from, from, 20))
            j->intents[i]->is_past = 1;
    return C138_OK;
}

static void reopen(struct journal *j, struct intent *i) {
    struct account *a = account_made(j, i->from);
    i->outcome = OUTCOME_OPEN;
    i->is_mined = 0;
    i->overtaken = 0;
    if (a->base > i->nonce)
        a->base = i->nonce;
}

static c138_status take_record(struct journal *j, const struct c138_json *o) {
    const char *t = c138_json_get_str(o, "t", ""), *id = c138_json_get_str(o, "id", "");
    if (!strcmp(t, "base") || !strcmp(t, "settled"))
        return take_base(j, o, *t == 'b');
    if (!*id || strlen(id) > JOURNAL_ID_MAX)
        return C138_E_INVALID;
    struct intent *i = journal_find(j, id);
    if (!strcmp(t, "sign"))
        return take_sign(j, i, o, id);
    if (!i)
        return C138_E_INVALID;
    if (!strcmp(t, "mined"))
        return take_mined(i, o);
    if (!strcmp(t, "end"))
        return take_end(j, i, o);
    if (!strcmp(t, "unmined"))
        i->is_mined = 0;
    else if (!strcmp(t, "reopen"))
        reopen(j, i);
    else
        return C138_E_INVALID;
    return C138_OK;
}

static c138_status take_line(void *user, const char *line, size_t length, struct c138_err *err) {
    C138_JSON struct c138_json *o = NULL;
    c138_status status = c138_json_parse(line, length, &o, err);
    if (status >= 0 && take_record(user, o) < 0)
        status = c138_error(err, C138_E_INVALID, NULL, "this is no record of a journal");
    return status;
}

/* --- Life ------------------------------------------------------------------------------------ */

c138_status journal_open(const char *path, int64_t now_ns, struct journal **ret_journal,
                         struct c138_err *err) {
    struct journal *j = c138_xcalloc(1, sizeof(*j));
    j->now_ns = now_ns;
    c138_status status = c138_lines_open(path, USE, take_line, j, &j->lines, err);
    if (status < 0) {
        (void)journal_close(j);
        return status;
    }
    *ret_journal = j;
    return C138_OK;
}

struct journal *journal_close(struct journal *j) {
    if (!j)
        return NULL;
    (void)c138_lines_close(j->lines);
    for (size_t i = 0; i < j->count; i++)
        intent_free(j->intents[i]);
    c138_buf_deinit(&j->pending);
    free(j->intents);
    free(j->table);
    free(j->accounts);
    free(j);
    return NULL;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void put(struct journal *j, struct c138_json *o) {
    C138_FREE char *text = c138_json_dump(o);
    c138_buf_addf(&j->pending, "%s\n", text);
    (void)c138_json_unref(o);
}

static struct c138_json *record(const char *t, const char *id) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "t", t);
    if (id)
        c138_json_set_str(o, "id", id);
    return o;
}

static void set_hex(struct c138_json *o, const char *name, const uint8_t *bytes, size_t n) {
    C138_FREE char *text = c138_hex_text(bytes, n);
    c138_json_set_str(o, name, text);
}

static void set_time(struct c138_json *o, int64_t now_ns) {
    char time[C138_TIME_TEXT];
    c138_time_format(now_ns, time);
    c138_json_set_str(o, "time", time);
}

void journal_put_sign(struct journal *j, const struct journal_sign *s, int64_t now_ns) {
    struct c138_json *o = record("sign", s->id);
    set_time(o, now_ns);
    if (!journal_find(j, s->id)) {
        c138_json_set_str(o, "key", s->key);
        c138_json_set_str(o, "request", s->request);
        c138_json_set_str(o, "call", s->call);
        c138_json_set_str(o, "expect", s->expect);
        c138_json_set_str(o, "who", s->who);
        set_hex(o, "from", s->from, 20);
        c138_json_set_uint(o, "nonce", s->nonce);
        c138_json_set_uint(o, "confirmations", s->confirmations);
    }
    c138_json_set_str(o, "kind", kinds[s->kind]);
    set_hex(o, "hash", s->hash, 32);
    c138_json_set_str(o, "raw", s->raw);
    put(j, o);
}

void journal_put_mined(struct journal *j, struct intent *i, size_t attempt, uint64_t block,
                       const uint8_t block_hash[32], int status) {
    struct c138_json *o = record("mined", i->id);
    set_hex(o, "hash", i->attempts[attempt].hash, 32);
    c138_json_set_uint(o, "block", block);
    set_hex(o, "block_hash", block_hash, 32);
    c138_json_set_int(o, "status", status);
    put(j, o);
}

void journal_put_unmined(struct journal *j, struct intent *i) {
    put(j, record("unmined", i->id));
}

void journal_put_end(struct journal *j, struct intent *i, enum outcome outcome, const char *text,
                     int64_t now_ns) {
    struct c138_json *o = record("end", i->id);
    set_time(o, now_ns);
    c138_json_set_str(o, "outcome", outcomes[outcome]);
    c138_json_set_str(o, "text", text);
    put(j, o);
}

void journal_put_reopen(struct journal *j, struct intent *i) {
    put(j, record("reopen", i->id));
}

static void put_base(struct journal *j, const char *t, const uint8_t from[20], uint64_t nonce) {
    struct c138_json *o = record(t, NULL);
    set_hex(o, "from", from, 20);
    c138_json_set_uint(o, "nonce", nonce);
    put(j, o);
}

void journal_put_base(struct journal *j, const uint8_t from[20], uint64_t nonce) {
    put_base(j, "base", from, nonce);
}

/* What is open stays, and what ended lately: its id may be asked for again. */
static int is_kept(void *user, const char *line, size_t length) {
    struct journal *j = user;
    C138_JSON struct c138_json *o = NULL;
    if (c138_json_parse(line, length, &o, NULL) < 0)
        return 1;
    const struct intent *i = journal_find(j, c138_json_get_str(o, "id", ""));
    return !i || i->outcome == OUTCOME_OPEN || i->ended_ns > j->now_ns - JOURNAL_KEEP_NS;
}

static c138_status begin_anew(struct journal *j, struct c138_err *err) {
    c138_status status = c138_lines_begin_anew(j->lines, is_kept, j, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < j->n_accounts; i++)
        if (j->accounts[i].known)
            put_base(j, "settled", j->accounts[i].address, j->accounts[i].base);
    return C138_OK;
}

c138_status journal_flush(struct journal *j, int64_t now_ns, struct c138_err *err) {
    struct c138_err why = {0};
    c138_status status = C138_OK;
    if (!j->pending.length)
        return C138_OK;
    j->now_ns = now_ns;
    if (c138_lines_grown(j->lines) > JOURNAL_FILE_MAX)
        status = begin_anew(j, &why);
    if (status >= 0)
        status = c138_lines_add(j->lines, j->pending.data, j->pending.length, &why);
    if (status >= 0) {
        const char *p = c138_buf_text(&j->pending), *newline;
        for (; status >= 0 && (newline = strchr(p, '\n')); p = newline + 1)
            status = take_line(j, p, (size_t)(newline - p), &why);
    }
    c138_buf_reset(&j->pending);
    return status < 0 ? c138_error(err, status, "chain.journal", "%s", why.text) : C138_OK;
}

/* --- Accounts -------------------------------------------------------------------------------- */

uint64_t journal_base(const struct journal *j, const uint8_t from[20], int *ret_known) {
    const struct account *a = account_of(j, from);
    *ret_known = a && a->known;
    return a ? a->base : 0;
}

/* Its nonce is its own: it is under way; or it is mined, and a reorg may put it on its way again (the
 * next look will tell), so that what is signed for the same nonce now would be in its place. */
static int holds(const struct intent *i, const uint8_t from[20]) {
    return i->outcome != OUTCOME_DROPPED && !i->is_past && !memcmp(i->from, from, 20);
}

uint64_t journal_held_end(const struct journal *j, const uint8_t from[20]) {
    uint64_t end = 0;
    for (size_t i = 0; i < j->count; i++)
        if (holds(j->intents[i], from) && j->intents[i]->nonce + 1 > end)
            end = j->intents[i]->nonce + 1;
    return end;
}

uint64_t journal_free_nonce(const struct journal *j, const uint8_t from[20], uint64_t first) {
    uint64_t end = journal_held_end(j, from);
    if (end <= first)
        return first;
    C138_FREE uint8_t *taken = c138_xcalloc(end - first, 1);
    for (size_t i = 0; i < j->count; i++)
        if (holds(j->intents[i], from) && j->intents[i]->nonce >= first)
            taken[j->intents[i]->nonce - first] = 1;
    uint64_t n = 0;
    while (n < end - first && taken[n])
        n++;
    return first + n;
}

size_t journal_accounts(const struct journal *j) {
    return j->n_accounts;
}

const uint8_t *journal_account(const struct journal *j, size_t index) {
    return j->accounts[index].address;
}
