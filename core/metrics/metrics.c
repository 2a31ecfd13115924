#include <base/mem.h>
#include <base/text.h>
#include <metrics/metrics.h>
#include <net/promtext.h>

#include <string.h>

#define SERIES_MAX 2000u
#define COLLECTORS 8

struct series {
    char *labels; /* as written between the braces */
    double value;
};

struct family {
    char *name, *owner, *help;
    uint32_t type;
    char **labels;
    size_t n_labels;
    struct series *series; /* sorted by labels */
    size_t count, room;
};

struct metrics {
    struct family **families; /* sorted by name */
    size_t count;
    struct {
        void (*fn)(void *user, struct metrics *m);
        void *user;
    } collectors[COLLECTORS];
    size_t n_collectors;
};

struct metrics *metrics_new(void) {
    return c138_xcalloc(1, sizeof(struct metrics));
}

static void family_clear(struct family *f) {
    for (size_t i = 0; i < f->count; i++)
        free(f->series[i].labels);
    f->count = 0;
}

static void family_free(struct family *f) {
    family_clear(f);
    for (size_t i = 0; i < f->n_labels; i++)
        free(f->labels[i]);
    free(f->labels);
    free(f->series);
    free(f->name);
    free(f->owner);
    free(f->help);
    free(f);
}

struct metrics *metrics_free(struct metrics *m) {
    if (!m)
        return NULL;
    for (size_t i = 0; i < m->count; i++)
        family_free(m->families[i]);
    free(m->families);
    free(m);
    return NULL;
}

/* Where `name` is, or would be. */
static size_t place(const struct metrics *m, const char *name, int *ret_found) {
    size_t low = 0, high = m->count;
    *ret_found = 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int d = strcmp(m->families[mid]->name, name);
        if (!d) {
            *ret_found = 1;
            return mid;
        }
        if (d < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct family *find(const struct metrics *m, const char *name) {
    int found = 0;
    size_t i = place(m, name, &found);
    return found ? m->families[i] : NULL;
}

static int same_labels(const struct family *f, const char *const *labels) {
    size_t n = 0;
    for (; labels && labels[n]; n++)
        if (n >= f->n_labels || strcmp(f->labels[n], labels[n]) != 0)
            return 0;
    return n == f->n_labels;
}

c138_status metrics_declare(struct metrics *m, const char *owner, const char *name, uint32_t type,
                            const char *help, const char *const *labels) {
    int found = 0;
    size_t at = place(m, name, &found);
    if (found) {
        struct family *old = m->families[at];
        if (strcmp(old->owner, owner) != 0)
            return C138_E_CONFLICT;
        if (old->type == type && same_labels(old, labels))
            return C138_OK;
        family_free(old); /* an upgraded plugin may declare it otherwise */
        m->count--;
        memmove(&m->families[at], &m->families[at + 1], (m->count - at) * sizeof(m->families[0]));
    }
    struct family *f = c138_xcalloc(1, sizeof(*f));
    f->name = c138_xstrdup(name);
    f->owner = c138_xstrdup(owner);
    f->help = c138_xstrdup(help);
    f->type = type;
    while (labels && labels[f->n_labels])
        f->n_labels++;
    f->labels = c138_xcalloc(f->n_labels, sizeof(char *));
    for (size_t i = 0; i < f->n_labels; i++)
        f->labels[i] = c138_xstrdup(labels[i]);
    m->families = c138_xrealloc(m->families, (m->count + 1) * sizeof(m->families[0]));
    memmove(&m->families[at + 1], &m->families[at], (m->count - at) * sizeof(m->families[0]));
    m->families[at] = f;
    m->count++;
    return C138_OK;
}

/* The text between the braces; NULL if the number of values is not that of the labels. */
static char *label_text(const struct family *f, const char *const *values) {
    struct c138_buf out = C138_BUF_NULL;
    size_t n = 0;
    while (values && values[n])
        n++;
    if (n != f->n_labels)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        c138_buf_addf(&out, "%s%s=\"", i ? "," : "", f->labels[i]);
        c138_prom_label(&out, values[i]);
        c138_buf_addc(&out, '"');
    }
    return c138_buf_steal(&out);
}

/* The series, made if it is not there; NULL over the bound. */
static struct series *series_at(struct family *f, const char *labels, int make) {
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int d = strcmp(f->series[mid].labels, labels);
        if (!d)
            return &f->series[mid];
        if (d < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (!make || f->count >= SERIES_MAX)
        return NULL;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 4;
        f->series = c138_xrealloc(f->series, f->room * sizeof(f->series[0]));
    }
    memmove(&f->series[low + 1], &f->series[low], (f->count - low) * sizeof(f->series[0]));
    f->series[low] = (struct series){.labels = c138_xstrdup(labels)};
    f->count++;
    return &f->series[low];
}

static c138_status change(struct family *f, const char *const *values, double value, int add,
                          int make) {
    C138_FREE char *labels = f ? label_text(f, values) : NULL;
    if (!labels)
        return f ? C138_E_INVALID : C138_E_NOTFOUND;
    struct series *s = series_at(f, labels, make);
    if (!s)
        return C138_E_LIMIT;
    s->value = add ? s->value + value : value;
    return C138_OK;
}

c138_status metrics_set(struct metrics *m, const char *name, const char *const *label_values,
                        double value) {
    return change(find(m, name), label_values, value, 0, 1);
}

c138_status metrics_add(struct metrics *m, const char *name, const char *const *label_values,
                        double delta) {
    return change(find(m, name), label_values, delta, 1, 1);
}

static void remove_series(struct family *f, const char *const *values) {
    C138_FREE char *labels = label_text(f, values);
    struct series *s = labels ? series_at(f, labels, 0) : NULL;
    if (!s)
        return;
    free(s->labels);
    f->count--;
    memmove(s, s + 1, (f->count - (size_t)(s - f->series)) * sizeof(*s));
}

void metrics_remove(struct metrics *m, const char *name, const char *const *label_values) {
    struct family *f = find(m, name);
    if (f)
        remove_series(f, label_values);
}

static size_t owned(const struct metrics *m, const char *owner) {
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->families[i]->owner, owner))
            n += m->families[i]->count;
    return n;
}

c138_status metrics_apply(struct metrics *m, const char *owner, const struct c138_json *changes,
                          struct c138_err *err) {
    size_t have = owned(m, owner);
    for (size_t i = 0; i < c138_json_count(changes); i++) {
        const struct c138_json *row = c138_json_at(changes, i);
        const char *name = c138_json_as_str(c138_json_at(row, 0), "");
        struct family *f = find(m, name);
        const struct c138_json *labels = c138_json_at(row, 1), *value = c138_json_at(row, 2);
        const char *values[33] = {0};
        size_t n = c138_json_count(labels);
        if (!f || strcmp(f->owner, owner) != 0 || n > 32)
            return c138_error(err, C138_E_INVALID, "metric.undeclared",
                              "metric %s is not declared by %s", name, owner);
        for (size_t k = 0; k < n; k++)
            values[k] = c138_json_as_str(c138_json_at(labels, k), "");
        size_t before = f->count;
        if (!value) {
            remove_series(f, values);
            have -= before - f->count;
            continue;
        }
        /* At the bound what is there still changes. */
        if (change(f, values, c138_json_as_num(value, 0), 0, have < SERIES_MAX) < 0)
            return c138_error(err, C138_E_LIMIT, "metric.series",
                              "%s has too many series, or other labels than declared: %s", owner,
                              name);
        have += f->count - before;
    }
    return C138_OK;
}

void metrics_remove_owner(struct metrics *m, const char *owner) {
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->families[i]->owner, owner))
            family_clear(m->families[i]);
}

void metrics_collector(struct metrics *m, void (*fn)(void *user, struct metrics *m), void *user) {
    if (m->n_collectors == COLLECTORS)
        abort(); /* the composition root makes them: a programmer's error */
    m->collectors[m->n_collectors].fn = fn;
    m->collectors[m->n_collectors++].user = user;
}

static void write_help(const char *help, struct c138_buf *out) {
    for (; *help; help++) {
        if (*help == '\\' || *help == '\n')
            c138_buf_adds(out, *help == '\n' ? "\\n" : "\\\\");
        else
            c138_buf_addc(out, *help);
    }
}

static void write_family(const struct family *f, struct c138_buf *out) {
    c138_buf_addf(out, "# HELP %s ", f->name);
    write_help(f->help, out);
    c138_buf_addf(out, "\n# TYPE %s %s\n", f->name,
                  f->type == C138_METRIC_COUNTER ? "counter" : "gauge");
    for (size_t i = 0; i < f->count; i++) {
        const struct series *s = &f->series[i];
        c138_buf_addf(out, *s->labels ? "%s{%s} " : "%s%s ", f->name, s->labels);
        c138_prom_value(out, s->value);
        c138_buf_addc(out, '\n');
    }
}

void metrics_write(struct metrics *m, const char *owner, struct c138_buf *out) {
    for (size_t i = 0; i < m->n_collectors; i++)
        m->collectors[i].fn(m->collectors[i].user, m);
    for (size_t i = 0; i < m->count; i++)
        if (m->families[i]->count && (!owner || !strcmp(owner, m->families[i]->owner)))
            write_family(m->families[i], out);
}
