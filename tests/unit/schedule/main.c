#include "../unit.h"

extern const CU_TestInfo tests_schedule[];

int main(void) {
    static const struct unit_suite suites[] = {{"schedule", tests_schedule}, {NULL, NULL}};
    return unit_run("unit_schedule", suites);
}
