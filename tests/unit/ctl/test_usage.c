#include "tests.h"

#include <base/mem.h>
#include <ctl/usage.h>
#include <stdio.h>
#include <string.h>

static const struct usage_option options[] = {
    {"--file FILE",
     ".starts with a dot, and goes on for so long that it needs another line in the help of a "
     "terminal of a usual width"},
    {"-x", "back\\slash"},
    {0}};
static const struct usage usage = {.program = "prog",
                                   .section = 8,
                                   .summary = "does it",
                                   .synopsis = "prog A\nprog B",
                                   .text = "One.\n\nTwo.",
                                   .options = options,
                                   .see_also = "other(1)"};

static char *rendered(void (*render)(const struct usage *u, FILE *out)) {
    char *text = NULL;
    size_t length = 0;
    FILE *f = open_memstream(&text, &length);
    render(&usage, f);
    fclose(f);
    return text;
}

static void test_help(void) {
    C138_FREE char *text = rendered(usage_help);
    CU_ASSERT(strstr(text, "usage: prog A\n       prog B\n") != NULL);
    CU_ASSERT(strstr(text, "One.\n\nTwo.\n") != NULL);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        CU_ASSERT(strlen(line) <= 100);
}

static void test_man(void) {
    C138_FREE char *text = rendered(usage_man);
    CU_ASSERT(strstr(text, ".TH PROG 8 ") == text);
    CU_ASSERT(strstr(text, "\nprog - does it\n") != NULL);
    CU_ASSERT(strstr(text, "\n\\&.starts with a dot") != NULL);
    CU_ASSERT(strstr(text, "back\\eslash") != NULL);
    CU_ASSERT(strstr(text, "\n.B \\-\\-file FILE\n") != NULL);
    CU_ASSERT(strstr(text, ".SH SEE ALSO\nother(1)\n") != NULL);
    CU_ASSERT(strstr(text, "One.\n.PP\nTwo.\n") != NULL);
}

const CU_TestInfo tests_usage[] = {
    {"help", test_help},
    {"man", test_man},
    CU_TEST_INFO_NULL,
};
