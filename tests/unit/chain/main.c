#include "../unit.h"

extern const CU_TestInfo tests_journal[];

int main(void) {
    const struct unit_suite suites[] = {{"journal", tests_journal}, {NULL, NULL}};
    return unit_run("unit_chain", suites);
}
