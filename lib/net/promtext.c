#include <net/promtext.h>
#include <base/mem.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROM_LINE_MAX 16384 /* a line longer than this is no metric that anybody wrote on purpose  \
                             */

void c138_prom_label(struct c138_buf *out, const char *value) {
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || *p == '"')
            c138_buf_addc(out, '\\');
        if (*p == '\n')
            c138_buf_adds(out, "\\n");
        else
            c138_buf_addc(out, *p);
    }
}

void c138_prom_value(struct c138_buf *out, double value) {
    char text[32];
    if (isnan(value)) {
        c138_buf_adds(out, "NaN");
        return;
    }
    if (isinf(value)) {
        c138_buf_adds(out, value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) /* the shortest that reads back as the same number */
            break;
    }
    c138_buf_adds(out, text);
}

static int prom_is_name(char c, int first) {
    return isalpha((unsigned char)c) || c == '_' || c == ':' ||
           (!first && isdigit((unsigned char)c));
}

static const char *prom_spaces(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* From behind "{" to the matching "}": quotes may hold any character, with backslashes before \ and
 * ". NULL: not closed. */
static const char *prom_labels_end(const char *p, const char *end) {
    int quoted = 0;
    for (; p < end; p++) {
        if (quoted && *p == '\\' && p + 1 < end)
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == '}' && !quoted)
            return p;
    }
    return NULL;
}

/* One sample line, cut into name, labels and value in `line`, which is changed. */
static c138_status prom_line(char *line, const char **ret_name, const char **ret_labels,
                             double *ret_value) {
    char *end = line + strlen(line), *name = line, *p = line;
    if (!prom_is_name(*p, 1))
        return C138_E_INVALID;
    while (prom_is_name(*p, 0))
        p++;
    char *name_end = p;
    p = line + (prom_spaces(p, end) - line);
    *ret_labels = "";
    if (*p == '{') {
        const char *close = prom_labels_end(p + 1, end);
        if (!close)
            return C138_E_INVALID;
        *ret_labels = p + 1;
        p = line + (close - line);
        *p++ = '\0';
    } else if (p == name_end) { /* a name must be ended by a space or a brace */
        return C138_E_INVALID;
    }
    *name_end = '\0';
    p = line + (prom_spaces(p, end) - line);
    char *value_end = p + strcspn(p, " \t");
    char *after = line + (prom_spaces(value_end, end) - line);
    char saved = *value_end;
    *value_end = '\0';
    char *stop;
    if (*p == '\0' || strpbrk(p, "xXpP")) /* strtod would take hexadecimal */
        return C138_E_INVALID;
    *ret_value = strtod(p, &stop);
    if (*stop != '\0')
        return C138_E_INVALID;
    *value_end = saved;
    (void)strtoll(after, &stop, 10); /* the time stamp, if there is one */
    if (*prom_spaces(stop, end) != '\0')
        return C138_E_INVALID;
    *ret_name = name;
    return C138_OK;
}

c138_status c138_prom_parse(const char *text, size_t length,
                            int (*sample)(void *user, const char *name, const char *labels,
                                          double value),
                            void *user, struct c138_err *err) {
    C138_BUF struct c138_buf line = C138_BUF_MAX(PROM_LINE_MAX);
    size_t number = 0;
    for (const char *p = text, *end = text + length; p < end;) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t size = (size_t)((eol ? eol : end) - p);
        const char *start = prom_spaces(p, p + size), *name, *labels;
        double value;
        number++;
        size -= (size_t)(start - p);
        p = eol ? eol + 1 : end;
        if (size > 0 && start[size - 1] == '\r')
            size--;
        if (size == 0 || *start == '#')
            continue;
        c138_buf_reset(&line);
        if (memchr(start, '\0', size) || c138_buf_add(&line, start, size) != C138_OK ||
            prom_line(line.data, &name, &labels, &value) != C138_OK)
            return c138_error(err, C138_E_INVALID, "prom.malformed",
                              "Prometheus text, line %zu: not a sample (name{labels} value): "
                              "look at what the endpoint really answers",
                              number);
        if (sample(user, name, labels, value))
            return C138_OK;
    }
    return C138_OK;
}
