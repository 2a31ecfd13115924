#include "../unit.h"

extern const CU_TestInfo tests_jobs[];

int main(void) {
    static const struct unit_suite suites[] = {{"jobs", tests_jobs}, {NULL, NULL}};
    return unit_run("unit_jobs", suites);
}
