#include <base/text.h>
#include <schema/decl.h>
#include <schema/validate.h>

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS INT64_C(30000000000)
#define DEPTH_MAX 8 /* of fields in fields */
#define LIST_MAX 256u /* as in describe.c: what comes from a worker may come from anywhere */

/* --- Words ---------------------------------------------------------------------------------------
 */

static const char *const type_names[] = {
    "",     "bool",  "int",   "uint",   "decimal", "string",  "enum",   "duration",
    "size", "time",  "path",  "url",    "cron",    "address", "hash32", "bytes",
    "wei",  "enode", "block", "secret", "list",    "object",  NULL};
static const char *const effect_names[] = {"", "read", "write", "chain", "dangerous", NULL};
static const char *const role_names[] = {"", "viewer", "operator", "custodian", NULL};
static const char *const severity_names[] = {"", "info", "warning", "critical", NULL};

static const char *word(const char *const *names, uint32_t n) {
    for (uint32_t i = 1; names[i]; i++)
        if (i == n)
            return names[i];
    return "unknown";
}

static uint32_t number(const char *const *names, const char *name) {
    for (uint32_t i = 1; name && names[i]; i++)
        if (!strcmp(names[i], name))
            return i;
    return 0;
}

const char *decl_type_name(uint32_t type) {
    return word(type_names, type);
}
const char *decl_effect_name(uint32_t effect) {
    return word(effect_names, effect);
}
const char *decl_role_name(uint32_t role) {
    return word(role_names, role);
}
uint32_t decl_role_from_name(const char *name) {
    return number(role_names, name);
}
const char *decl_severity_name(uint32_t severity) {
    return word(severity_names, severity);
}

/* --- Reading a document ---------------------------------------------------------------------- */

/* Everything a declaration is made of, texts too, lives in chunks that are freed together. The
 * document itself is not kept: as objects of json-c it is ten times its text. */
#define CHUNK_ROOM 8192u
struct chunk {
    struct chunk *next;
    size_t used, room;
    _Alignas(max_align_t) char bytes[];
};
struct made {
    struct decl_plugin plugin;
    struct chunk *chunks;             /* the first has room */
    const struct c138_json *document; /* the caller's; while it is read */
};

/* Zeroed, aligned for anything. */
static void *take(struct made *m, size_t size) {
    const size_t step = _Alignof(max_align_t);
    size = (size + step - 1) / step * step;
    struct chunk *c = m->chunks;
    if (!c || c->room - c->used < size) {
        size_t room = size > CHUNK_ROOM ? size : CHUNK_ROOM;
        c = c138_xcalloc(1, sizeof(*c) + room);
        c->room = room;
        c->next = m->chunks;
        m->chunks = c;
    }
    void *at = c->bytes + c->used;
    c->used += size;
    return at;
}

static const char *keep(struct made *m, const char *text) {
    if (!text || !*text)
        return text ? "" : NULL;
    size_t size = strlen(text) + 1;
    return memcpy(take(m, size), text, size);
}

static const char *text_of(struct made *m, const struct c138_json *o, const char *name,
                           const char *fallback) {
    return keep(m, c138_json_get_str(o, name, fallback));
}

static const char *dump(struct made *m, const struct c138_json *v) {
    C138_FREE char *text = c138_json_dump(v);
    return keep(m, text);
}

static int name_ok(const char *name, int underscores) {
    if (!islower((unsigned char)*name) || strlen(name) > 63)
        return 0;
    for (const char *p = name; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
            *p != (underscores ? '_' : '-'))
            return 0;
    return 1;
}

static const char *const *texts(struct made *m, const struct c138_json *array) {
    size_t n = c138_json_count(array);
    const char **list = take(m, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = keep(m, c138_json_as_str(c138_json_at(array, i), ""));
    return list;
}

static uint32_t flag(const struct c138_json *o, const char *name, uint32_t bit) {
    return c138_json_get_bool(o, name, 0) ? bit : 0;
}

static c138_status bad(struct c138_err *err, const char *where, const char *name,
                       const char *what) {
    return c138_error(err, C138_E_INVALID, "declaration.invalid", "%s %s: %s", where, name, what);
}

/* Default and bounds must be readable in the field's own type. Lengths bound strings, lists and
 * bytes. */
static c138_status lint_values(const struct decl_field *f, const char *where,
                               struct c138_err *err) {
    struct c138_err inner = {0};
    uint64_t length = 0;
    int by_length = f->type == C138_T_STRING || f->type == C138_T_LIST || f->type == C138_T_BYTES;
    const char *const bounds[] = {f->min_text, f->max_text};
    for (size_t i = 0; i < 2; i++) {
        if (!bounds[i])
            continue;
        struct decl_field plain = *f;
        plain.min_text = plain.max_text = NULL;
        C138_JSON struct c138_json *v = NULL;
        if (by_length ? c138_parse_uint(bounds[i], &length) < 0
                      : validate_text(&plain, bounds[i], &v, &inner) < 0)
            return bad(err, where, f->name, "its bounds cannot be read in its type");
    }
    if (f->default_text) {
        C138_JSON struct c138_json *v = NULL;
        if (validate_text(f, f->default_text, &v, &inner) < 0)
            return c138_error(err, C138_E_INVALID, "declaration.invalid", "%s: default of %s",
                              where, inner.text);
    }
    return C138_OK;
}

static c138_status read_fields(struct made *m, const struct c138_json *array, const char *where,
                               int depth, struct decl_field *const **ret_fields,
                               struct c138_err *err);

static c138_status read_field(struct made *m, const struct c138_json *o, const char *where,
                              int depth, struct decl_field **ret_field, struct c138_err *err) {
    struct decl_field *f = take(m, sizeof(*f));
    *f = (struct decl_field){
        .name = text_of(m, o, "name", ""),
        .summary = text_of(m, o, "summary", ""),
        .unit = text_of(m, o, "unit", NULL),
        .default_text = text_of(m, o, "default", NULL),
        .min_text = text_of(m, o, "min", NULL),
        .max_text = text_of(m, o, "max", NULL),
        .complete = text_of(m, o, "complete", NULL),
        .type = number(type_names, c138_json_get_str(o, "type", "")),
        .flags =
            flag(o, "required", C138_FIELD_REQUIRED) | flag(o, "sensitive", C138_FIELD_SENSITIVE) |
            flag(o, "positional", C138_FIELD_POSITIONAL) | flag(o, "hidden", C138_FIELD_HIDDEN) |
            flag(o, "restart", C138_FIELD_RESTART) | flag(o, "writable", C138_FIELD_WRITABLE),
        .choices = texts(m, c138_json_get(o, "choices")),
    };
    if (!name_ok(f->name, 1))
        return bad(err, where, f->name, "a name is a-z, 0-9 and _, and begins with a letter");
    if (!f->type)
        return bad(err, where, f->name, "unknown type");
    if ((f->type == C138_T_ENUM) != (f->choices[0] != NULL))
        return bad(err, where, f->name, "an enum, and nothing else, has choices");
    c138_status status =
        read_fields(m, c138_json_get(o, "fields"), f->name, depth + 1, &f->fields, err);
    if (status < 0)
        return c138_error_prefix(err, status, "%s", where);
    int members = f->fields[0] != NULL;
    if (f->type == C138_T_LIST ? !members || f->fields[1] : members && f->type != C138_T_OBJECT)
        return bad(err, where, f->name,
                   "a list has exactly one element field; only objects have members");
    *ret_field = f;
    return lint_values(f, where, err);
}

static c138_status read_fields(struct made *m, const struct c138_json *array, const char *where,
                               int depth, struct decl_field *const **ret_fields,
                               struct c138_err *err) {
    size_t n = c138_json_count(array);
    if (depth > DEPTH_MAX)
        return bad(err, where, "", "nested too deeply");
    if (n > LIST_MAX)
        return bad(err, where, "", "more than 256 fields");
    struct decl_field **list = take(m, (n + 1) * sizeof(struct decl_field *));
    *ret_fields = list;
    for (size_t i = 0; i < n; i++) {
        c138_status status = read_field(m, c138_json_at(array, i), where, depth, &list[i], err);
        if (status < 0)
            return status;
        for (size_t k = 0; k < i; k++)
            if (!strcmp(list[k]->name, list[i]->name))
                return bad(err, where, list[i]->name, "declared twice");
    }
    return C138_OK;
}

/* Every "{param}" of a lock names a parameter. */
static c138_status lint_lock(const struct decl_action *a, struct c138_err *err) {
    for (const char *p = a->lock ? strchr(a->lock, '{') : NULL; p; p = strchr(p + 1, '{')) {
        char name[64] = "";
        size_t n = strcspn(p + 1, "}");
        if (p[1 + n] != '}' || n >= sizeof(name))
            return bad(err, "action", a->full_name, "its lock has a { without }");
        memcpy(name, p + 1, n);
        if (!decl_field_find(a->params, name))
            return bad(err, "action", a->full_name,
                       "its lock names a parameter that it does not have");
    }
    return C138_OK;
}

static c138_status read_action(struct made *m, const struct c138_json *o,
                               struct decl_action **ret_action, struct c138_err *err) {
    struct decl_action *a = take(m, sizeof(*a));
    const char *name = text_of(m, o, "name", "");
    size_t length = strlen(m->plugin.name) + 1 + strlen(name) + 1;
    char *full = take(m, length);
    (void)snprintf(full, length, "%s.%s", m->plugin.name, name);
    int64_t timeout = c138_json_get_int(o, "timeout_ns", 0);
    *a = (struct decl_action){
        .name = name,
        .full_name = full,
        .summary = text_of(m, o, "summary", ""),
        .help = text_of(m, o, "help", NULL),
        .example = text_of(m, o, "example", NULL),
        .lock = text_of(m, o, "lock", NULL),
        .effect = number(effect_names, c138_json_get_str(o, "effect", "")),
        .role = number(role_names, c138_json_get_str(o, "role", "")),
        .flags = flag(o, "idempotent", C138_ACTION_IDEMPOTENT) |
                 flag(o, "dry_run", C138_ACTION_DRY_RUN) | flag(o, "long", C138_ACTION_LONG),
        .timeout_ns = timeout ? timeout : DEFAULT_TIMEOUT_NS,
        .text = dump(m, o),
    };
    *ret_action = a;
    if (!name_ok(name, 0))
        return bad(err, "action", full, "a name is a-z, 0-9 and -, and begins with a letter");
    if (!*a->summary)
        return bad(err, "action", full, "it has no summary");
    if (!a->effect || !a->role || timeout < 0)
        return bad(err, "action", full, "unknown effect or role, or a negative timeout");
    if (a->effect == C138_EFFECT_DANGEROUS && !(a->flags & C138_ACTION_DRY_RUN))
        return bad(err, "action", full,
                   "it is dangerous and cannot be dry-run: nobody could approve a plan");
    if (a->effect != C138_EFFECT_READ && a->role == C138_ROLE_VIEWER)
        return bad(err, "action", full, "it changes something, so a viewer may not call it");
    c138_status status = read_fields(m, c138_json_get(o, "params"), full, 0, &a->params, err);
    if (status >= 0)
        status = read_fields(m, c138_json_get(o, "results"), full, 0, &a->results, err);
    return status < 0 ? status : lint_lock(a, err);
}

static int topic_ok(const char *topic, const char *plugin) {
    size_t n = strlen(plugin);
    if (strncmp(topic, plugin, n) != 0 || topic[n] != '.' || !topic[n + 1] || strlen(topic) > 127)
        return 0;
    for (const char *p = topic; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '.' && *p != '-')
            return 0;
    return 1;
}

static c138_status read_event(struct made *m, const struct c138_json *o,
                              struct decl_event **ret_event, struct c138_err *err) {
    struct decl_event *e = take(m, sizeof(*e));
    *e = (struct decl_event){
        .topic = text_of(m, o, "topic", ""),
        .summary = text_of(m, o, "summary", ""),
        .severity = number(severity_names, c138_json_get_str(o, "severity", "")),
        .flags = flag(o, "keep", C138_EVENT_KEEP) | flag(o, "coalesce", C138_EVENT_COALESCE),
    };
    *ret_event = e;
    if (!topic_ok(e->topic, m->plugin.name))
        return bad(err, "event", e->topic, "a topic is <plugin>.<words>, lower case, with . and -");
    if (!e->severity)
        return bad(err, "event", e->topic, "unknown severity");
    return read_fields(m, c138_json_get(o, "fields"), e->topic, 0, &e->fields, err);
}

static int metric_word_ok(const char *word, int is_label) {
    if (!isalpha((unsigned char)*word) && *word != '_')
        return 0;
    for (const char *p = word; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return 0;
    return strlen(word) < 128 && (!is_label || strncmp(word, "__", 2) != 0);
}

static c138_status read_metric(struct made *m, const struct c138_json *o,
                               struct decl_metric **ret_metric, struct c138_err *err) {
    struct decl_metric *d = take(m, sizeof(*d));
    const char *type = c138_json_get_str(o, "type", "");
    *d = (struct decl_metric){
        .name = text_of(m, o, "name", ""),
        .help = text_of(m, o, "help", ""),
        .type = !strcmp(type, "counter") ? C138_METRIC_COUNTER
                : !strcmp(type, "gauge") ? C138_METRIC_GAUGE
                                         : 0,
        .labels = texts(m, c138_json_get(o, "labels")),
    };
    *ret_metric = d;
    if (!metric_word_ok(d->name, 0) || !c138_starts_with(d->name, "chain138_"))
        return bad(err, "metric", d->name,
                   "a name begins with chain138_ and has letters, digits and _");
    if (!d->type || !*d->help)
        return bad(err, "metric", d->name, "it needs a type (counter, gauge) and a help text");
    if (c138_ends_with(d->name, "_total") != (d->type == C138_METRIC_COUNTER))
        return bad(err, "metric", d->name, "counters, and nothing else, end in _total");
    for (; d->labels[d->n_labels]; d->n_labels++)
        if (!metric_word_ok(d->labels[d->n_labels], 1))
            return bad(err, "metric", d->name, "a label is letters, digits and _");
    return C138_OK;
}

static c138_status read_head(struct made *m, struct c138_err *err) {
    const struct c138_json *d = m->document;
    struct decl_plugin *p = &m->plugin;
    p->name = text_of(m, d, "name", "");
    p->version = text_of(m, d, "version", "");
    p->summary = text_of(m, d, "summary", "");
    p->license = text_of(m, d, "license", "");
    p->abi_major = (uint32_t)c138_json_as_uint(c138_json_path(d, "abi.0"), 0);
    p->abi_minor = (uint32_t)c138_json_as_uint(c138_json_path(d, "abi.1"), 0);
    p->subscribes = texts(m, c138_json_get(d, "subscribes"));
    const struct c138_json *flags = c138_json_get(d, "flags");
    for (size_t i = 0; i < c138_json_count(flags); i++) {
        const char *name = c138_json_as_str(c138_json_at(flags, i), "");
        p->flags |= !strcmp(name, "worker-only")  ? C138_PLUGIN_WORKER_ONLY
                    : !strcmp(name, "no-network") ? C138_PLUGIN_NO_NETWORK
                    : !strcmp(name, "spawns")     ? C138_PLUGIN_SPAWNS
                                                  : 0;
    }
    return name_ok(p->name, 0) ? C138_OK
                               : bad(err, "plugin", p->name, "its name is not well formed");
}

/* A list of pointers to what `read` makes, and no two of one name. */
#define READ_LIST(member, json_name, type, read, id)                                               \
    do {                                                                                           \
        const struct c138_json *array_ = c138_json_get(m->document, json_name);                    \
        size_t n_ = c138_json_count(array_);                                                       \
        struct type **list_ = take(m, (n_ + 1) * sizeof(struct type *));                           \
        if (n_ > LIST_MAX)                                                                         \
            return bad(err, json_name, "", "more than 256");                                       \
        m->plugin.member = list_;                                                                  \
        for (size_t i_ = 0; i_ < n_; i_++) {                                                       \
            c138_status status_ = read(m, c138_json_at(array_, i_), &list_[i_], err);              \
            if (status_ < 0)                                                                       \
                return status_;                                                                    \
            for (size_t k_ = 0; k_ < i_; k_++)                                                     \
                if (!strcmp(list_[k_]->id, list_[i_]->id))                                         \
                    return bad(err, json_name, list_[i_]->id, "declared twice");                   \
        }                                                                                          \
    } while (0)

static c138_status read_all(struct made *m, struct c138_err *err) {
    c138_status status = read_head(m, err);
    if (status >= 0)
        status = read_fields(m, c138_json_get(m->document, "settings"), "settings", 0,
                             &m->plugin.settings, err);
    if (status < 0)
        return status;
    READ_LIST(actions, "actions", decl_action, read_action, name);
    READ_LIST(events, "events", decl_event, read_event, topic);
    READ_LIST(metrics, "metrics", decl_metric, read_metric, name);
    return C138_OK;
}

/* The document without its actions, which have texts of their own. */
static const char *head_text(struct made *m) {
    C138_JSON struct c138_json *head = c138_json_new_object();
    for (struct c138_json_iter i = c138_json_iter(m->document); c138_json_next(&i);)
        if (!c138_streq(i.name, "actions"))
            c138_json_set(head, i.name, c138_json_ref(i.value));
    return dump(m, head);
}

c138_status decl_plugin_new(const struct c138_json *document, struct decl_plugin **ret_plugin,
                            struct c138_err *err) {
    struct made *m = c138_xcalloc(1, sizeof(*m));
    m->document = document;
    c138_status status = read_all(m, err);
    if (status < 0) {
        decl_plugin_free(&m->plugin);
        return status;
    }
    m->plugin.text = head_text(m);
    m->document = NULL;
    *ret_plugin = &m->plugin;
    return C138_OK;
}

struct decl_plugin *decl_plugin_free(struct decl_plugin *p) {
    if (!p)
        return NULL;
    struct made *m = C138_CONTAINER(p, struct made, plugin);
    while (m->chunks) {
        struct chunk *next = m->chunks->next;
        free(m->chunks);
        m->chunks = next;
    }
    free(m);
    return NULL;
}

static struct c138_json *parsed(const char *text) {
    struct c138_json *v = NULL;
    (void)c138_json_parse(text, strlen(text), &v, NULL); /* it was dumped from an object */
    return v;
}

struct c138_json *decl_action_document(const struct decl_action *action) {
    return parsed(action->text);
}

struct c138_json *decl_plugin_document(const struct decl_plugin *plugin) {
    struct c138_json *document = parsed(plugin->text), *actions = c138_json_new_array();
    for (struct decl_action *const *a = plugin->actions; *a; a++)
        c138_json_append(actions, decl_action_document(*a));
    c138_json_set(document, "actions", actions);
    return document;
}

/* --- Finding --------------------------------------------------------------------------------- */

const struct decl_action *decl_action_find(const struct decl_plugin *p, const char *name) {
    for (size_t i = 0; p->actions[i]; i++)
        if (!strcmp(p->actions[i]->name, name) || !strcmp(p->actions[i]->full_name, name))
            return p->actions[i];
    return NULL;
}

const struct decl_event *decl_event_find(const struct decl_plugin *p, const char *topic) {
    for (size_t i = 0; p->events[i]; i++)
        if (!strcmp(p->events[i]->topic, topic))
            return p->events[i];
    return NULL;
}

const struct decl_metric *decl_metric_find(const struct decl_plugin *p, const char *name) {
    for (size_t i = 0; p->metrics[i]; i++)
        if (!strcmp(p->metrics[i]->name, name))
            return p->metrics[i];
    return NULL;
}

const struct decl_field *decl_field_find(struct decl_field *const *fields, const char *name) {
    for (; *fields; fields++)
        if (!strcmp((*fields)->name, name))
            return *fields;
    return NULL;
}
