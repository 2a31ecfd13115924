#include "../unit.h"

extern const CU_TestInfo tests_schedule[];
extern const CU_TestInfo tests_triggers[];
extern const CU_TestInfo tests_eventlog[];

int main(void) {
    static const struct unit_suite suites[] = {{"schedule", tests_schedule},
                                                {"triggers", tests_triggers},
                                                {"eventlog", tests_eventlog},
                                                {NULL, NULL}};
    return unit_run("unit_schedule", suites);
}
