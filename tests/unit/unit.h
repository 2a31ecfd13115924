/*
 * tests/unit/unit.h: CUnit with a main() in three lines. A program per room of the tree (base, schema, ...), a file per source file:
 * tests/unit/ROOM/test_NAME.c defines `const CU_TestInfo tests_NAME[]`; tests/unit/ROOM/main.c lists them.
 */
#ifndef UNIT_H
#define UNIT_H
#include <CUnit/CUnit.h>

struct unit_suite { const char *name; const CU_TestInfo *tests; };
/* Runs the suites (ended by a NULL name), prints each failure with file and line and "N passed, N failed"; gives main's exit status.
 * UNIT_ONLY=substring in the environment runs only tests whose name holds it. */
int unit_run(const char *program, const struct unit_suite *suites);
#endif
