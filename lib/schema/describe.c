#include <base/text.h>
#include <schema/decl.h>
#include <schema/describe.h>

#include <inttypes.h>
#include <string.h>

#define STRUCT_MAX 4096u
#define LIST_MAX 256u
#define CHOICES_MAX 64u
#define TEXT_MAX 16384u
#define DEPTH_MAX 8
#define FIELDS_MAX 4096u /* in all: a list that holds itself is not told by its depth alone */

/* The size that contract 1.0 froze: up to and with its last member. */
#define LEAST(type, last) ((uint32_t)(offsetof(type, last) + sizeof(((const type *)0)->last)))

struct walk {
    const struct describe_range *ranges;
    size_t n_ranges;
    size_t n_fields;
    struct c138_err *err;
};

static int inside(const struct walk *w, const void *p, size_t length) {
    uintptr_t from = (uintptr_t)p;
    if (!w->n_ranges)
        return 1;
    for (size_t i = 0; i < w->n_ranges; i++)
        if (from >= w->ranges[i].begin && from < w->ranges[i].end &&
            length <= w->ranges[i].end - from)
            return 1;
    return 0;
}

static c138_status lies(struct walk *w, const char *table, const char *what) {
    return c138_error(w->err, C138_E_INVALID, "plugin.lies", "%s: %s", table, what);
}

/* Bytes from `p` on that are the plugin's. */
static size_t reach(const struct walk *w, const void *p) {
    uintptr_t from = (uintptr_t)p;
    if (!w->n_ranges)
        return SIZE_MAX;
    for (size_t i = 0; i < w->n_ranges; i++)
        if (from >= w->ranges[i].begin && from < w->ranges[i].end)
            return w->ranges[i].end - from;
    return 0;
}

static c138_status put_text(struct walk *w, struct c138_json *to, const char *name,
                            const char *text, const char *table) {
    if (!text)
        return C138_OK;
    size_t most = reach(w, text);
    most = most > TEXT_MAX ? TEXT_MAX : most;
    const char *end = most ? memchr(text, '\0', most) : NULL;
    if (!end)
        return c138_error(w->err, C138_E_INVALID, "plugin.lies",
                          "%s: its text \"%s\" lies outside of the plugin or does not end", table,
                          name);
    if (!c138_utf8_valid(text, (size_t)(end - text)))
        return c138_error(w->err, C138_E_INVALID, "plugin.lies", "%s: its text \"%s\" is not UTF-8",
                          table, name);
    c138_json_set_str(to, name, text);
    return C138_OK;
}

/* The n-th pointer of a NULL-terminated list: 1 there is one, 0 the end, negative: it lies. */
static int item_at(struct walk *w, const void *list, size_t n, size_t max, const char *table,
                   const void **ret_item) {
    if (!list)
        return 0;
    const void *const *at = (const void *const *)list + n;
    if ((uintptr_t)at % _Alignof(void *) || !inside(w, at, sizeof(*at)))
        return lies(w, table, "a list reaches out of the plugin: is its NULL missing?");
    if (!*at)
        return 0;
    if (n >= max)
        return lies(w, table, "a list is too long: is its NULL missing?");
    *ret_item = *at;
    return 1;
}

/* A struct that begins with its size. */
static c138_status check_struct(struct walk *w, const void *p, uint32_t least, const char *table) {
    if ((uintptr_t)p % _Alignof(void *) || !inside(w, p, sizeof(uint32_t)))
        return lies(w, table, "it lies outside of the plugin");
    uint32_t size = *(const uint32_t *)p;
    if (size < least || size > STRUCT_MAX)
        return c138_error(w->err, C138_E_INVALID, "plugin.lies",
                          "%s: struct_size says %" PRIu32 ", contract 1.0 has %" PRIu32
                          " and at most %u: set it with sizeof",
                          table, size, least, STRUCT_MAX);
    return inside(w, p, size) ? C138_OK : lies(w, table, "it reaches out of the plugin");
}

static c138_status put_texts(struct walk *w, struct c138_json *to, const char *name,
                             const char *const *list, const char *table) {
    if (!list)
        return C138_OK;
    struct c138_json *array = c138_json_new_array();
    c138_json_set(to, name, array);
    const void *item = NULL;
    int more = 1;
    for (size_t i = 0; (more = item_at(w, list, i, CHOICES_MAX, table, &item)) > 0; i++) {
        C138_JSON struct c138_json *one = c138_json_new_object();
        c138_status status = put_text(w, one, name, item, table);
        if (status < 0)
            return status;
        c138_json_append(array, c138_json_ref(c138_json_get(one, name)));
    }
    return more;
}

static void put_flag(struct c138_json *to, const char *name, uint32_t flags, uint32_t bit) {
    if (flags & bit)
        c138_json_set_bool(to, name, 1);
}

static c138_status put_fields(struct walk *w, struct c138_json *to, const char *name,
                              const c138_field *const *list, const char *table, int depth);

static c138_status put_field(struct walk *w, struct c138_json *array, const c138_field *f,
                             const char *table, int depth) {
    struct c138_json *o = c138_json_new_object();
    c138_json_append(array, o);
    c138_status status = check_struct(w, f, LEAST(c138_field, fields), table);
    if (status < 0)
        return status;
    if (++w->n_fields > FIELDS_MAX)
        return lies(w, table, "it has more than 4096 fields in all: does a list hold itself?");
    const struct {
        const char *name, *text;
    } all[] = {{"name", f->name ? f->name : ""}, {"summary", f->summary}, {"unit", f->unit},
               {"default", f->default_text},     {"min", f->min_text},    {"max", f->max_text},
               {"complete", f->complete}};
    for (size_t i = 0; status >= 0 && i < C138_COUNT(all); i++)
        status = f->name || i ? put_text(w, o, all[i].name, all[i].text, table)
                              : lies(w, table, "a field has no name");
    if (status < 0)
        return status;
    c138_json_set_str(o, "type", decl_type_name(f->type));
    put_flag(o, "required", f->flags, C138_FIELD_REQUIRED);
    put_flag(o, "sensitive", f->flags, C138_FIELD_SENSITIVE);
    put_flag(o, "positional", f->flags, C138_FIELD_POSITIONAL);
    put_flag(o, "hidden", f->flags, C138_FIELD_HIDDEN);
    put_flag(o, "restart", f->flags, C138_FIELD_RESTART);
    put_flag(o, "writable", f->flags, C138_FIELD_WRITABLE);
    status = put_texts(w, o, "choices", f->choices, table);
    return status < 0 ? status : put_fields(w, o, "fields", f->fields, f->name, depth + 1);
}

static c138_status put_fields(struct walk *w, struct c138_json *to, const char *name,
                              const c138_field *const *list, const char *table, int depth) {
    if (!list)
        return C138_OK;
    if (depth > DEPTH_MAX)
        return lies(w, table, "fields are nested deeper than 8");
    struct c138_json *array = c138_json_new_array();
    c138_json_set(to, name, array);
    const void *item = NULL;
    int more = 1;
    for (size_t i = 0; (more = item_at(w, list, i, LIST_MAX, table, &item)) > 0; i++) {
        c138_status status = put_field(w, array, item, table, depth);
        if (status < 0)
            return status;
    }
    return more;
}

static c138_status put_action(struct walk *w, struct c138_json *array, const c138_action *a) {
    struct c138_json *o = c138_json_new_object();
    c138_json_append(array, o);
    c138_status status = check_struct(w, a, LEAST(c138_action, run), "an action");
    if (status >= 0)
        status = put_text(w, o, "name", a->name, "an action");
    if (status < 0)
        return status;
    const char *name = c138_json_get_str(o, "name", "an action");
    const struct {
        const char *name, *text;
    } all[] = {
        {"summary", a->summary}, {"help", a->help}, {"example", a->example}, {"lock", a->lock}};
    for (size_t i = 0; status >= 0 && i < C138_COUNT(all); i++)
        status = put_text(w, o, all[i].name, all[i].text, name);
    if (status < 0)
        return status;
    c138_json_set_str(o, "effect", decl_effect_name(a->effect));
    c138_json_set_str(o, "role", decl_role_name(a->role));
    c138_json_set_int(o, "timeout_ns", a->timeout_ns);
    put_flag(o, "idempotent", a->flags, C138_ACTION_IDEMPOTENT);
    put_flag(o, "dry_run", a->flags, C138_ACTION_DRY_RUN);
    put_flag(o, "long", a->flags, C138_ACTION_LONG);
    status = put_fields(w, o, "params", a->params, name, 0);
    return status < 0 ? status : put_fields(w, o, "results", a->results, name, 0);
}

static c138_status put_event(struct walk *w, struct c138_json *array, const c138_event *e) {
    struct c138_json *o = c138_json_new_object();
    c138_json_append(array, o);
    c138_status status = check_struct(w, e, LEAST(c138_event, fields), "an event");
    if (status >= 0)
        status = put_text(w, o, "topic", e->topic, "an event");
    if (status >= 0)
        status = put_text(w, o, "summary", e->summary, "an event");
    if (status < 0)
        return status;
    c138_json_set_str(o, "severity", decl_severity_name(e->severity));
    put_flag(o, "keep", e->flags, C138_EVENT_KEEP);
    put_flag(o, "coalesce", e->flags, C138_EVENT_COALESCE);
    return put_fields(w, o, "fields", e->fields, c138_json_get_str(o, "topic", "an event"), 0);
}

static c138_status put_metric(struct walk *w, struct c138_json *array, const c138_metric *m) {
    struct c138_json *o = c138_json_new_object();
    c138_json_append(array, o);
    c138_status status = check_struct(w, m, LEAST(c138_metric, labels), "a metric");
    if (status >= 0)
        status = put_text(w, o, "name", m->name, "a metric");
    if (status >= 0)
        status = put_text(w, o, "help", m->help, "a metric");
    if (status < 0)
        return status;
    c138_json_set_str(o, "type",
                      m->type == C138_METRIC_COUNTER ? "counter"
                      : m->type == C138_METRIC_GAUGE ? "gauge"
                                                     : "unknown");
    return put_texts(w, o, "labels", m->labels, c138_json_get_str(o, "name", "a metric"));
}

#define PUT_LIST(to, name, list, put)                                                              \
    do {                                                                                           \
        struct c138_json *array_ = c138_json_new_array();                                          \
        const void *item_ = NULL;                                                                  \
        int more_ = 1;                                                                             \
        c138_json_set(to, name, array_);                                                           \
        for (size_t i_ = 0; (more_ = item_at(w, list, i_, LIST_MAX, name, &item_)) > 0; i_++) {    \
            c138_status status_ = put(w, array_, item_);                                           \
            if (status_ < 0)                                                                       \
                return status_;                                                                    \
        }                                                                                          \
        if (more_ < 0)                                                                             \
            return more_;                                                                          \
    } while (0)

static c138_status put_plugin(struct walk *w, struct c138_json *o, const c138_plugin *p,
                              uint32_t note_flags) {
    c138_status status =
        check_struct(w, p, LEAST(c138_plugin, get_extension), "the plugin's description");
    if (status < 0)
        return status;
    const struct {
        const char *name, *text;
    } all[] = {{"name", p->name},
               {"version", p->version},
               {"summary", p->summary},
               {"license", p->license}};
    for (size_t i = 0; status >= 0 && i < C138_COUNT(all); i++)
        status = put_text(w, o, all[i].name, all[i].text, "the plugin's description");
    if (status < 0)
        return status;
    if (note_flags != DESCRIBE_TABLES_ONLY && (!p->create || !p->destroy))
        return lies(w, "the plugin's description", "create and destroy must be there");
    if (note_flags == DESCRIBE_TABLES_ONLY)
        note_flags = 0;
    struct c138_json *abi = c138_json_new_array(), *flags = c138_json_new_array();
    c138_json_append(abi, c138_json_new_uint(p->abi_major));
    c138_json_append(abi, c138_json_new_uint(p->abi_minor));
    c138_json_set(o, "abi", abi);
    c138_json_set(o, "flags", flags);
    if (note_flags & C138_PLUGIN_WORKER_ONLY)
        c138_json_append(flags, c138_json_new_str("worker-only"));
    if (note_flags & C138_PLUGIN_NO_NETWORK)
        c138_json_append(flags, c138_json_new_str("no-network"));
    if (note_flags & C138_PLUGIN_SPAWNS)
        c138_json_append(flags, c138_json_new_str("spawns"));
    status = put_fields(w, o, "settings", p->settings, "settings", 0);
    if (status < 0)
        return status;
    PUT_LIST(o, "actions", p->actions, put_action);
    PUT_LIST(o, "events", p->events, put_event);
    status = put_texts(w, o, "subscribes", p->subscribes, "subscribes");
    if (status < 0)
        return status;
    PUT_LIST(o, "metrics", p->metrics, put_metric);
    return C138_OK;
}

c138_status describe_plugin(const c138_plugin *plugin, uint32_t note_flags,
                            const struct describe_range *ranges, size_t n_ranges,
                            struct c138_json **ret_document, struct c138_err *err) {
    struct walk w = {.ranges = ranges, .n_ranges = n_ranges, .err = err};
    if (!plugin)
        return lies(&w, "c138_plugin_entry", "it returned NULL");
    struct c138_json *o = c138_json_new_object();
    c138_status status = put_plugin(&w, o, plugin, note_flags);
    if (status < 0)
        c138_json_unref(o);
    else
        *ret_document = o;
    return status;
}
