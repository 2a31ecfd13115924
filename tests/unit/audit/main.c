#include "../unit.h"

extern const CU_TestInfo tests_audit[];

int main(void) {
    static const struct unit_suite suites[] = {{"audit", tests_audit}, {NULL, NULL}};
    return unit_run("unit_audit", suites);
}
