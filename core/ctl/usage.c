/*
 * Help for a terminal, and the same as a man page.
 */
#include "config.h"

#include <ctl/usage.h>

#include <string.h>

#define LINE_WIDTH 100
#define COLUMN_MAX 28

/* --- Terminal -----------------------------------------------------------------------------------
 */

static void spaces(FILE *out, int n) {
    while (n-- > 0)
        fputc(' ', out);
}

/* Words of `text` from column `at` on, later lines indented to `indent`. A newline in it is kept.
 */
static void wrap(FILE *out, int at, int indent, const char *text) {
    int column = at, fresh = 1;
    while (*text) {
        if (*text == '\n') {
            fputc('\n', out);
            if (text[1] && text[1] != '\n')
                spaces(out, indent);
            column = indent;
            fresh = 1;
            text++;
            continue;
        }
        if (*text == ' ') {
            text++;
            continue;
        }
        int n = (int)strcspn(text, " \n");
        if (!fresh && column + 1 + n > LINE_WIDTH) {
            fputc('\n', out);
            spaces(out, indent);
            column = indent;
            fresh = 1;
        }
        fprintf(out, "%s%.*s", fresh ? "" : " ", n, text);
        column += n + !fresh;
        fresh = 0;
        text += n;
    }
    fputc('\n', out);
}

void usage_entry(FILE *out, int indent, int column, const char *name, const char *text) {
    int n = (int)strlen(name);
    spaces(out, indent);
    fputs(name, out);
    if (n > column) {
        fputc('\n', out);
        spaces(out, indent + column + 2);
    } else {
        spaces(out, column - n + 2);
    }
    wrap(out, indent + column + 2, indent + column + 2, text);
}

static void help_list(FILE *out, const char *title, const struct usage_option *list) {
    int column = 0;
    if (!list)
        return;
    fprintf(out, "\n%s:\n", title);
    for (const struct usage_option *o = list; o->name; o++) {
        int n = (int)strlen(o->name);
        if (n > column && n <= COLUMN_MAX)
            column = n;
    }
    for (const struct usage_option *o = list; o->name; o++)
        usage_entry(out, 2, column, o->name, o->text);
}

static void help_synopsis(const struct usage *u, FILE *out) {
    const char *lead = "usage: ";
    for (const char *line = u->synopsis; line && *line;) {
        int n = (int)strcspn(line, "\n");
        fprintf(out, "%s%.*s\n", lead, n, line);
        lead = "       ";
        line += n + (line[n] == '\n');
    }
}

void usage_help(const struct usage *u, FILE *out) {
    fprintf(out, "%s: %s\n\n", u->program, u->summary);
    help_synopsis(u, out);
    if (u->text) {
        fputc('\n', out);
        wrap(out, 0, 0, u->text);
    }
    help_list(out, "commands", u->commands);
    help_list(out, "options", u->options);
    help_list(out, "environment", u->environment);
    help_list(out, "files", u->files);
    help_list(out, "examples", u->examples);
    help_list(out, "exit status", u->exits);
}

/* --- roff ------------------------------------------------------------------------------------ */

/* A backslash, a leading dot or quote, and a hyphen mean something to roff. */
static void roff_text(FILE *out, const char *text) {
    int start = 1;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        start = 0;
        if (*text == '\\') {
            fputs("\\e", out);
        } else if (*text == '-') {
            fputs("\\-", out);
        } else if (*text == '\n') {
            fputs(text[1] == '\n' ? "\n.PP" : "\n", out);
            text += text[1] == '\n';
            if (text[0] == '\n' && text[-1] == '\n')
                fputc('\n', out);
            start = 1;
        } else {
            fputc(*text, out);
        }
    }
    fputc('\n', out);
}

static void roff_list(FILE *out, const char *title, const struct usage_option *list) {
    if (!list)
        return;
    fprintf(out, ".SH %s\n", title);
    for (; list->name; list++) {
        fputs(".TP\n.B ", out);
        roff_text(out, list->name);
        roff_text(out, list->text);
    }
}

static void roff_synopsis(const struct usage *u, FILE *out) {
    fputs(".SH SYNOPSIS\n.nf\n", out);
    for (const char *line = u->synopsis; line && *line;) {
        char one[256];
        size_t n = strcspn(line, "\n");
        (void)snprintf(one, sizeof(one), "%.*s", (int)n, line);
        roff_text(out, one);
        line += n + (line[n] == '\n');
    }
    fputs(".fi\n", out);
}

static void upper(FILE *out, const char *text) {
    for (; *text; text++)
        fputc(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text, out);
}

void usage_man(const struct usage *u, FILE *out) {
    fputs(".TH ", out);
    upper(out, u->program);
    fprintf(out, " %d \"\" \"chain138\\-agent %s\" \"chain138\\-agent\"\n.SH NAME\n", u->section,
            PACKAGE_VERSION);
    char name[256];
    (void)snprintf(name, sizeof(name), "%s - %s", u->program, u->summary);
    for (const char *c = name; *c; c++) /* the one bare hyphen is what whatis(1) looks for */
        fputs(*c == '-' && !(c[1] == ' ' && c[-1] == ' ') ? "\\-" : (char[]){*c, '\0'}, out);
    fputc('\n', out);
    roff_synopsis(u, out);
    if (u->text) {
        fputs(".SH DESCRIPTION\n", out);
        roff_text(out, u->text);
    }
    roff_list(out, "COMMANDS", u->commands);
    roff_list(out, "OPTIONS", u->options);
    roff_list(out, "EXIT STATUS", u->exits);
    roff_list(out, "ENVIRONMENT", u->environment);
    roff_list(out, "FILES", u->files);
    roff_list(out, "EXAMPLES", u->examples);
    if (u->see_also) {
        fputs(".SH SEE ALSO\n", out);
        roff_text(out, u->see_also);
    }
}
