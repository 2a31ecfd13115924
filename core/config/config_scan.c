/*
 * libconfig follows @include without asking whose file that is, stops at a NUL, and cuts numbers
 * that are too long: an amount of wei without quotes would become another amount. Such files are
 * refused before libconfig sees them.
 */
#include <config/config_internal.h>

#include <base/text.h>
#include <ctype.h>
#include <string.h>

struct scan {
    const char *shown, *text, *end, *p;
    unsigned line;
    struct c138_err *err;
};

static c138_status refuse(const struct scan *s, const char *what) {
    return c138_error(s->err, C138_E_INVALID, "config.syntax", "%s:%u: %s", s->shown, s->line,
                      what);
}

static void skip_line(struct scan *s) {
    while (s->p < s->end && *s->p != '\n')
        s->p++;
}

static void skip_comment(struct scan *s) {
    for (s->p += 2; s->p < s->end; s->p++) {
        if (*s->p == '\n')
            s->line++;
        if (s->p[0] == '*' && s->p + 1 < s->end && s->p[1] == '/') {
            s->p += 2;
            return;
        }
    }
}

static c138_status skip_string(struct scan *s) {
    for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
        if (*s->p == '\n')
            s->line++;
        if (*s->p != '\\' || s->p + 1 >= s->end)
            continue;
        if (s->end - s->p >= 4 && !strncmp(s->p, "\\x00", 4))
            return refuse(s, "a text may not hold a NUL");
        s->p++;
        s->line += *s->p == '\n';
    }
    s->p += s->p < s->end;
    return C138_OK;
}

static int is_digit_at(const char *p, int hex) {
    return hex ? isxdigit((unsigned char)*p) != 0 : isdigit((unsigned char)*p) != 0;
}

/* What begins with a digit. libconfig cuts whole numbers to 32 bits (64 with an L behind them). */
static c138_status check_number(struct scan *s) {
    const char *begin = s->p;
    uint64_t v = 0;
    int hex = begin[0] == '0' && begin + 1 < s->end && (begin[1] == 'x' || begin[1] == 'X');
    if (hex)
        s->p += 2;
    for (; s->p < s->end && is_digit_at(s->p, hex); s->p++)
        if (v < UINT64_C(1000000000000000000))
            v = hex ? 0 : v * 10 + (uint64_t)(*s->p - '0');
    if (!hex && s->p < s->end && strchr(".eE", *s->p)) {
        while (s->p < s->end && (isdigit((unsigned char)*s->p) || strchr(".eE+-", *s->p)))
            s->p++;
        return C138_OK;
    }
    int is_long = s->p < s->end && *s->p == 'L';
    if (hex ? s->p - begin > 9 : v > (is_long ? UINT64_C(999999999999999999) : (uint64_t)INT32_MAX))
        return refuse(s, "this number is too long: write it in quotes (or, up to 18 digits, with "
                         "an L behind it)");
    return C138_OK;
}

static void skip_name(struct scan *s) {
    while (s->p < s->end && (isalnum((unsigned char)*s->p) || strchr("_-*", *s->p)))
        s->p++;
}

static c138_status step(struct scan *s) {
    char c = *s->p, next = s->p + 1 < s->end ? s->p[1] : '\0';
    if (c == '#' || (c == '/' && next == '/'))
        skip_line(s);
    else if (c == '/' && next == '*')
        skip_comment(s);
    else if (c == '"')
        return skip_string(s);
    else if (c == '@')
        return refuse(s, "@include is not taken, because the rights of an included file would not "
                         "be checked: put the file into conf.d/");
    else if (isdigit((unsigned char)c))
        return check_number(s);
    else if (isalpha((unsigned char)c) || c == '*')
        skip_name(s);
    else {
        s->line += c == '\n';
        s->p++;
    }
    return C138_OK;
}

c138_status config_scan(const char *shown, const char *text, size_t length, struct c138_err *err) {
    struct scan s = {
        .shown = shown, .text = text, .end = text + length, .p = text, .line = 1, .err = err};
    for (const char *p = text; p < s.end; p++) {
        if (!*p)
            return refuse(&s, "it holds a NUL: this is not a text file");
        s.line += *p == '\n';
    }
    s.line = 1;
    while (s.p < s.end) {
        c138_status status = step(&s);
        if (status < 0)
            return status;
    }
    return C138_OK;
}
