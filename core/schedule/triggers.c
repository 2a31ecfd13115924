#include <base/text.h>
#include <base/when.h>
#include <schedule/triggers.h>

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHAIN_MAX 8
#define RATE_MAX 1000

struct trigger {
    char *name, *topic;
    struct c138_json *rule;
    int enabled;
    uint32_t rate_n;
    int64_t rate_ns;
    int64_t *runs; /* UTC of the last rate_n runs, a ring */
    uint32_t at;
    int64_t told_ns; /* when "over the rate" was said last */
    uint64_t fired, suppressed, refused;
    int64_t last_ns;
    char last_error[512];
    struct trigger *next;
};

struct triggers {
    struct triggers_env env;
    struct bus_sink *sink;
    struct trigger *first;
};

/* --- Rules ----------------------------------------------------------------------------------- */

static const char *const operators[] = {"==", "!=", "<",  "<=",     ">",
                                        ">=", "=~", "in", "exists", NULL};

/* "3/1h" */
static c138_status read_rate(const char *text, uint32_t *ret_n, int64_t *ret_ns) {
    const char *slash = strchr(text, '/');
    char number[16] = "";
    uint64_t n = 0;
    if (!slash || slash == text || (size_t)(slash - text) >= sizeof(number))
        return C138_E_INVALID;
    memcpy(number, text, (size_t)(slash - text));
    if (c138_parse_uint(number, &n) < 0 || !n || n > RATE_MAX ||
        c138_duration_parse(slash + 1, ret_ns) < 0 || *ret_ns <= 0)
        return C138_E_INVALID;
    *ret_n = (uint32_t)n;
    return C138_OK;
}

static c138_status check_condition(const struct c138_json *c, const char *name,
                                   struct c138_err *err) {
    const char *op = c138_json_get_str(c, "op", "");
    size_t i = 0;
    while (operators[i] && strcmp(operators[i], op) != 0)
        i++;
    if (!operators[i])
        return c138_error(err, C138_E_INVALID, "trigger.operator",
                          "trigger %s: \"%s\" is no operator: == != < <= > >= =~ in exists", name,
                          op);
    if (!*c138_json_get_str(c, "field", ""))
        return c138_error(err, C138_E_INVALID, "trigger.field",
                          "trigger %s: a condition has no field", name);
    if (!c138_json_has(c, "value") && strcmp(op, "exists") != 0)
        return c138_error(err, C138_E_INVALID, "trigger.value",
                          "trigger %s: the condition on %s has no value", name,
                          c138_json_get_str(c, "field", ""));
    if (!strcmp(op, "in") && c138_json_type(c138_json_get(c, "value")) != C138_JSON_ARRAY)
        return c138_error(err, C138_E_INVALID, "trigger.value",
                          "trigger %s: the condition on %s wants a list of values", name,
                          c138_json_get_str(c, "field", ""));
    return C138_OK;
}

c138_status triggers_check(const struct c138_json *rule, struct c138_err *err) {
    static const char *const needed[] = {"name", "topic", "action", "as"};
    const char *name = c138_json_get_str(rule, "name", "");
    uint32_t n = 0;
    int64_t ns = 0;
    for (size_t i = 0; i < C138_COUNT(needed); i++)
        if (!*c138_json_get_str(rule, needed[i], ""))
            return c138_error(err, C138_E_INVALID, "trigger.incomplete",
                              "trigger %s: %s is missing", *name ? name : "?", needed[i]);
    const char *rate = c138_json_get_str(rule, "rate", "1/1m");
    if (read_rate(rate, &n, &ns) < 0)
        return c138_error(err, C138_E_INVALID, "trigger.rate",
                          "trigger %s: rate \"%s\" is not N/DURATION, such as 3/1h (N to %d)", name,
                          rate, RATE_MAX);
    const struct c138_json *when = c138_json_get(rule, "when");
    for (size_t i = 0; i < c138_json_count(when); i++) {
        c138_status status = check_condition(c138_json_at(when, i), name, err);
        if (status < 0)
            return status;
    }
    return C138_OK;
}

static struct trigger *trigger_new(const struct c138_json *rule) {
    struct trigger *t = c138_xcalloc(1, sizeof(*t));
    t->rule = c138_json_copy(rule);
    t->name = c138_xstrdup(c138_json_get_str(rule, "name", ""));
    t->topic = c138_xstrdup(c138_json_get_str(rule, "topic", ""));
    t->enabled = c138_json_get_bool(rule, "enabled", 1);
    t->rate_n = 1;
    t->rate_ns = 60 * C138_NS_PER_S;
    (void)read_rate(c138_json_get_str(rule, "rate", "1/1m"), &t->rate_n, &t->rate_ns);
    t->runs = c138_xcalloc(t->rate_n, sizeof(*t->runs));
    return t;
}

static void trigger_free(struct trigger *t) {
    c138_json_unref(t->rule);
    free(t->runs);
    free(t->name);
    free(t->topic);
    free(t);
}

/* --- Conditions ------------------------------------------------------------------------------ */

/* An event as its conditions see it. */
struct seen {
    const struct c138_json *data;
    const char *topic, *source;
    int64_t time_ns;
};

static struct c138_json *field_of(const struct seen *s, const char *field) {
    char time[C138_TIME_TEXT];
    if (!strcmp(field, "topic"))
        return c138_json_new_str(s->topic);
    if (!strcmp(field, "source"))
        return c138_json_new_str(s->source);
    if (!strcmp(field, "time")) {
        c138_time_format(s->time_ns, time);
        return c138_json_new_str(time);
    }
    return c138_json_ref(c138_json_path(s->data, field));
}

static char *as_text(const struct c138_json *v) {
    const char *text = c138_json_as_str(v, NULL);
    return text ? c138_xstrdup(text) : c138_json_dump(v);
}

static int is_number(const char *text) {
    const char *p = text + (*text == '-');
    size_t whole = strspn(p, "0123456789");
    if (!whole)
        return 0;
    p += whole;
    return !*p || (*p == '.' && p[1] && strspn(p + 1, "0123456789") == strlen(p + 1));
}

/* Decimal numbers of any length, exactly. */
static int compare_numbers(const char *a, const char *b) {
    int minus_a = *a == '-', minus_b = *b == '-', sign = minus_a ? -1 : 1;
    a += minus_a;
    b += minus_b;
    a += strspn(a, "0");
    b += strspn(b, "0");
    size_t wa = strcspn(a, "."), wb = strcspn(b, ".");
    const char *fa = a[wa] ? a + wa + 1 : "", *fb = b[wb] ? b + wb + 1 : "";
    int zero_a = !wa && strspn(fa, "0") == strlen(fa),
        zero_b = !wb && strspn(fb, "0") == strlen(fb);
    if (zero_a && zero_b)
        return 0;
    if (minus_a != minus_b)
        return zero_a ? (minus_b ? 1 : -1) : sign;
    int d = wa != wb ? (wa < wb ? -1 : 1) : strncmp(a, b, wa);
    while (!d && (*fa || *fb)) {
        char ca = *fa ? *fa++ : '0', cb = *fb ? *fb++ : '0';
        d = ca - cb;
    }
    return d ? (d < 0 ? -sign : sign) : 0;
}

/* Numbers as numbers, else as text; *ret_ordered is 0 where < has no meaning. */
static int compare(const struct c138_json *a, const struct c138_json *b, int *ret_ordered) {
    C138_FREE char *x = as_text(a), *y = as_text(b);
    *ret_ordered = is_number(x) && is_number(y);
    return *ret_ordered ? compare_numbers(x, y) : strcmp(x, y);
}

static int is_in(const struct c138_json *value, const struct c138_json *list) {
    int ordered = 0;
    for (size_t i = 0; i < c138_json_count(list); i++)
        if (!compare(value, c138_json_at(list, i), &ordered))
            return 1;
    return 0;
}

static int holds(const struct seen *s, const struct c138_json *condition) {
    const char *op = c138_json_get_str(condition, "op", "==");
    const struct c138_json *want = c138_json_get(condition, "value");
    C138_JSON struct c138_json *have = field_of(s, c138_json_get_str(condition, "field", ""));
    int ordered = 0;
    if (!strcmp(op, "exists"))
        return (have != NULL) == c138_json_as_bool(want, 1);
    if (!have)
        return 0;
    if (!strcmp(op, "in"))
        return is_in(have, want);
    if (!strcmp(op, "=~")) {
        C138_FREE char *text = as_text(have), *pattern = as_text(want);
        return fnmatch(pattern, text, 0) == 0;
    }
    int d = compare(have, want, &ordered);
    if (!strcmp(op, "==") || !strcmp(op, "!="))
        return (d == 0) == (op[0] == '=');
    if (!ordered)
        return 0;
    return !strcmp(op, "<")    ? d < 0
           : !strcmp(op, "<=") ? d <= 0
           : !strcmp(op, ">")  ? d > 0
                               : d >= 0;
}

static int matches(const struct trigger *t, const struct seen *s) {
    const struct c138_json *when = c138_json_get(t->rule, "when");
    if (!c138_topic_match(t->topic, s->topic))
        return 0;
    for (size_t i = 0; i < c138_json_count(when); i++)
        if (!holds(s, c138_json_at(when, i)))
            return 0;
    return 1;
}

/* --- Parameters ------------------------------------------------------------------------------ */

static c138_status fill(const struct seen *s, const struct c138_json *from, struct c138_json **ret,
                        struct c138_err *err);

/* "${field}" alone keeps the type; inside of a text it becomes text. */
static c138_status fill_text(const struct seen *s, const char *text, struct c138_json **ret,
                             struct c138_err *err) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    while (*text) {
        const char *begin = strstr(text, "${"), *end = begin ? strchr(begin, '}') : NULL;
        if (!end) {
            c138_buf_adds(&out, text);
            break;
        }
        C138_FREE char *field = c138_xstrndup(begin + 2, (size_t)(end - begin - 2));
        C138_JSON struct c138_json *value = field_of(s, field);
        if (!value)
            return c138_error(err, C138_E_NOTFOUND, "trigger.missing-field",
                              "the event has no field %s", field);
        if (begin == text && !end[1] && !out.length) {
            *ret = c138_json_copy(value);
            return C138_OK;
        }
        C138_FREE char *piece = as_text(value);
        c138_buf_add(&out, text, (size_t)(begin - text));
        c138_buf_adds(&out, piece);
        text = end + 1;
    }
    *ret = c138_json_new_str(c138_buf_text(&out));
    return C138_OK;
}

static c138_status fill_members(const struct seen *s, const struct c138_json *from,
                                struct c138_json *to, struct c138_err *err) {
    for (struct c138_json_iter i = c138_json_iter(from); c138_json_next(&i);) {
        struct c138_json *value = NULL;
        c138_status status = fill(s, i.value, &value, err);
        if (status < 0)
            return status;
        c138_json_set(to, i.name, value);
    }
    for (size_t i = 0; c138_json_type(from) == C138_JSON_ARRAY && i < c138_json_count(from); i++) {
        struct c138_json *value = NULL;
        c138_status status = fill(s, c138_json_at(from, i), &value, err);
        if (status < 0)
            return status;
        c138_json_append(to, value);
    }
    return C138_OK;
}

static c138_status fill(const struct seen *s, const struct c138_json *from, struct c138_json **ret,
                        struct c138_err *err) {
    enum c138_json_type type = c138_json_type(from);
    if (type == C138_JSON_STRING)
        return fill_text(s, c138_json_as_str(from, ""), ret, err);
    if (type != C138_JSON_OBJECT && type != C138_JSON_ARRAY) {
        *ret = c138_json_copy(from);
        return C138_OK;
    }
    struct c138_json *to =
        type == C138_JSON_OBJECT ? c138_json_new_object() : c138_json_new_array();
    c138_status status = fill_members(s, from, to, err);
    if (status < 0)
        c138_json_unref(to);
    else
        *ret = to;
    return status;
}

static c138_status params_of(const struct trigger *t, const struct seen *s, struct c138_json **ret,
                             struct c138_err *err) {
    const struct c138_json *from = c138_json_get(t->rule, "params");
    if (!from) {
        *ret = c138_json_new_object();
        return C138_OK;
    }
    return fill(s, from, ret, err);
}

/* --- Firing ---------------------------------------------------------------------------------- */

/* Is the trigger in the chain already, or the chain too long? */
static const char *loops(const struct trigger *t, const char *chain) {
    size_t n = strlen(t->name), links = 0;
    for (const char *p = chain; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        links++;
        if (!strncmp(p, t->name, n) && (p[n] == ',' || !p[n]))
            return "it caused this event itself";
    }
    return links >= CHAIN_MAX ? "the chain of triggers is 8 long" : NULL;
}

static int over_rate(const int64_t *runs, uint32_t n, uint32_t at, int64_t now, int64_t window) {
    int64_t oldest = runs[at % n];
    return oldest && oldest <= now && now - oldest < window; /* a clock set back opens it */
}

static void note_run(int64_t *runs, uint32_t n, uint32_t *at, int64_t now) {
    runs[*at % n] = now;
    *at = (*at + 1) % n;
}

static void fire(struct triggers *all, struct trigger *t, const struct seen *s, const char *chain) {
    struct c138_err err = {0};
    struct c138_json *params = NULL;
    const char *loop = loops(t, chain);
    if (loop) {
        t->suppressed++;
        (void)snprintf(t->last_error, sizeof(t->last_error), "held back: %s", loop);
        return;
    }
    if (over_rate(t->runs, t->rate_n, t->at, s->time_ns, t->rate_ns)) {
        t->suppressed++;
        if (s->time_ns - t->told_ns > t->rate_ns) {
            t->told_ns = s->time_ns;
            log_line(all->env.log, C138_LOG_WARNING, NULL,
                     "trigger %s: more than %s: further events of %s start nothing", t->name,
                     c138_json_get_str(t->rule, "rate", "1/1m"), s->topic);
        }
        return;
    }
    C138_FREE char *longer =
        chain && *chain ? c138_xasprintf("%s,%s", chain, t->name) : c138_xstrdup(t->name);
    c138_status status = params_of(t, s, &params, &err);
    note_run(t->runs, t->rate_n, &t->at, s->time_ns);
    if (status >= 0)
        status = all->env.fire(all->env.user, t->name, t->rule, params, longer, &err);
    c138_json_unref(params);
    if (status < 0) {
        t->refused++;
        (void)snprintf(t->last_error, sizeof(t->last_error), "%s", err.text);
        log_line(all->env.log, C138_LOG_ERROR, NULL, "trigger %s: %s", t->name, err.text);
        return;
    }
    t->fired++;
    t->last_ns = s->time_ns;
}

static void on_event(void *user, const struct bus_event *event) {
    struct triggers *all = user;
    C138_JSON struct c138_json *data = NULL;
    struct seen s = {.topic = event->topic, .source = event->source, .time_ns = event->time_ns};
    for (struct trigger *t = all->first; t; t = t->next) {
        if (!t->enabled || !c138_topic_match(t->topic, event->topic))
            continue;
        if (!data && c138_json_parse(event->json, event->json_length, &data, NULL) < 0)
            return;
        s.data = data;
        if (matches(t, &s))
            fire(all, t, &s, event->chain);
    }
}

/* --- Replay ---------------------------------------------------------------------------------- */

static void replay_one(const struct trigger *t, const struct c138_json *event, const struct seen *s,
                       struct c138_json *runs, struct c138_json *refused, int64_t *ring,
                       uint32_t *at) {
    struct c138_err err = {0};
    struct c138_json *row = c138_json_new_object(), *params = NULL;
    const char *why = loops(t, c138_json_get_str(event, "chain", NULL));
    c138_json_set_uint(row, "event", c138_json_get_uint(event, "n", 0));
    c138_json_set_str(row, "time", c138_json_get_str(event, "time", ""));
    if (!why && over_rate(ring, t->rate_n, *at, s->time_ns, t->rate_ns))
        why = "over the rate";
    if (!why) {
        note_run(ring, t->rate_n, at, s->time_ns);
        if (params_of(t, s, &params, &err) < 0)
            why = err.text;
    }
    if (why)
        c138_json_set_str(row, "reason", why);
    else
        c138_json_set(row, "params", params);
    c138_json_append(why ? refused : runs, row);
}

c138_status triggers_replay(struct triggers *all, const char *name, struct eventlog *log,
                            const struct eventlog_filter *filter, struct c138_json **ret,
                            struct c138_err *err) {
    struct trigger *t = all->first;
    while (t && strcmp(t->name, name) != 0)
        t = t->next;
    if (!t)
        return c138_error(err, C138_E_NOTFOUND, "trigger.unknown",
                          "trigger %s is not known: chain138ctl triggers lists them", name);
    struct eventlog_filter f = *filter;
    f.topic = t->topic;
    C138_JSON struct c138_json *events = eventlog_read(log, &f);
    const struct c138_json *list = c138_json_get(events, "events");
    struct c138_json *runs = c138_json_new_array(), *refused = c138_json_new_array();
    C138_FREE int64_t *ring = c138_xcalloc(t->rate_n, sizeof(*ring));
    uint32_t at = 0;
    uint64_t matched = 0;
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *event = c138_json_at(list, i);
        struct seen s = {.data = c138_json_get(event, "data"),
                         .topic = c138_json_get_str(event, "topic", ""),
                         .source = c138_json_get_str(event, "source", "")};
        (void)c138_time_parse(c138_json_get_str(event, "time", ""), &s.time_ns);
        if (!matches(t, &s))
            continue;
        matched++;
        replay_one(t, event, &s, runs, refused, ring, &at);
    }
    *ret = c138_json_new_object();
    c138_json_set_uint(*ret, "matched", matched);
    c138_json_set(*ret, "runs", runs);
    c138_json_set(*ret, "refused", refused);
    return C138_OK;
}

/* --- Begin, change, show --------------------------------------------------------------------- */

/* Counters and the rate's window live on as long as the name does. */
static void inherit(struct trigger *to, const struct trigger *from) {
    to->fired = from->fired;
    to->suppressed = from->suppressed;
    to->refused = from->refused;
    to->last_ns = from->last_ns;
    memcpy(to->last_error, from->last_error, sizeof(to->last_error));
    if (to->rate_n == from->rate_n) {
        memcpy(to->runs, from->runs, to->rate_n * sizeof(*to->runs));
        to->at = from->at;
    }
}

static void subscribe(struct triggers *all) {
    size_t n = 0;
    for (const struct trigger *t = all->first; t; t = t->next)
        n += (size_t)t->enabled;
    C138_FREE const char **topics = c138_xcalloc(n + 1, sizeof(*topics));
    n = 0;
    for (const struct trigger *t = all->first; t; t = t->next)
        if (t->enabled)
            topics[n++] = t->topic;
    all->sink = bus_unsubscribe(all->env.bus, all->sink);
    if (n)
        all->sink = bus_subscribe(all->env.bus, topics, 0, on_event, all);
}

void triggers_apply(struct triggers *all, const struct c138_json *rules) {
    struct trigger *old = all->first, **end = &all->first;
    all->first = NULL;
    for (size_t i = 0; i < c138_json_count(rules); i++) {
        struct trigger *t = trigger_new(c138_json_at(rules, i));
        for (const struct trigger *o = old; o; o = o->next)
            if (!strcmp(o->name, t->name))
                inherit(t, o);
        *end = t;
        end = &t->next;
    }
    while (old) {
        struct trigger *next = old->next;
        trigger_free(old);
        old = next;
    }
    subscribe(all);
}

struct c138_json *triggers_list(struct triggers *all) {
    struct c138_json *result = c138_json_new_object(), *list = c138_json_new_array();
    for (const struct trigger *t = all->first; t; t = t->next) {
        struct c138_json *o = c138_json_new_object();
        char time[C138_TIME_TEXT];
        c138_json_set_str(o, "name", t->name);
        c138_json_set_str(o, "topic", t->topic);
        c138_json_set_str(o, "action", c138_json_get_str(t->rule, "action", ""));
        c138_json_set_str(o, "as", c138_json_get_str(t->rule, "as", ""));
        c138_json_set_str(o, "rate", c138_json_get_str(t->rule, "rate", "1/1m"));
        c138_json_set_bool(o, "enabled", t->enabled);
        c138_json_set_uint(o, "fired", t->fired);
        c138_json_set_uint(o, "suppressed", t->suppressed);
        c138_json_set_uint(o, "refused", t->refused);
        if (t->last_ns) {
            c138_time_format(t->last_ns, time);
            c138_json_set_str(o, "last", time);
        }
        c138_json_set_str(o, "last_error", t->last_error);
        c138_json_append(list, o);
    }
    c138_json_set(result, "triggers", list);
    return result;
}

c138_status triggers_new(const struct triggers_env *env, struct triggers **ret,
                         struct c138_err *err) {
    struct triggers *all = c138_xcalloc(1, sizeof(*all));
    (void)err;
    all->env = *env;
    *ret = all;
    return C138_OK;
}

struct triggers *triggers_free(struct triggers *all) {
    if (!all)
        return NULL;
    triggers_apply(all, NULL);
    free(all);
    return NULL;
}
