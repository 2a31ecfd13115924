/*
 * ctl/usage.h: one table that says what a program takes; --help and the man page are made from it.
 * Constant.
 */
#ifndef CORE_CTL_USAGE_H
#define CORE_CTL_USAGE_H
#include <stdio.h>

struct usage_option {
    const char *name, *text; /* "--config FILE"; a list ends with a NULL name */
};

struct usage {
    const char *program;
    int section;                         /* of the manual: 1, 8 */
    const char *summary;                 /* "the agent of a Chain 138 host" */
    const char *synopsis;                /* one form a line */
    const char *text;                    /* paragraphs, an empty line between them; NULL: none */
    const struct usage_option *commands; /* lists may be NULL */
    const struct usage_option *options;
    const struct usage_option *environment;
    const struct usage_option *files;
    const struct usage_option *examples;
    const struct usage_option *exits;
    const char *see_also; /* "chain138d(8), chain138.conf(5)"; NULL: none */
};

/* --help: at most 100 columns. */
void usage_help(const struct usage *u, FILE *out);
/* roff for man(1). */
void usage_man(const struct usage *u, FILE *out);
/* One entry of a list, wrapped: `name` in a column of `indent` spaces and `column` bytes. */
void usage_entry(FILE *out, int indent, int column, const char *name, const char *text);
#endif
