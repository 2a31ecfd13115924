#include "../unit.h"

extern const CU_TestInfo tests_metrics[];

int main(void) {
    const struct unit_suite suites[] = {{"metrics", tests_metrics}, {NULL, NULL}};
    return unit_run("unit_metrics", suites);
}
