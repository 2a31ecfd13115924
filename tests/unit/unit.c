#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int unit_run(const char *program, const struct unit_suite *suites) {
    const char *only = getenv("UNIT_ONLY");
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 99;
    for (const struct unit_suite *s = suites; s->name; s++) {
        CU_pSuite suite = CU_add_suite(s->name, NULL, NULL);
        for (const CU_TestInfo *t = s->tests; t->pName; t++)
            if (!only || strstr(t->pName, only))
                CU_add_test(suite, t->pName, t->pTestFunc);
    }
    CU_run_all_tests();
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
        printf("%s:%u: %s: failed: %s\n", f->strFileName, f->uiLineNumber,
               f->pTest ? f->pTest->pName : "?", f->strCondition);
    unsigned run = CU_get_number_of_tests_run(), failed = CU_get_number_of_tests_failed();
    printf("%s: %u passed, %u failed (%u assertions)\n", program, run - failed, failed,
           CU_get_number_of_asserts());
    int bad = failed > 0 || run == 0;
    CU_cleanup_registry();
    return bad;
}
