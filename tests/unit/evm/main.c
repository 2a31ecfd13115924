#include "../unit.h"

extern const CU_TestInfo tests_rlp[];

int main(void) {
    const struct unit_suite suites[] = {{"rlp", tests_rlp}, {NULL, NULL}};
    return unit_run("unit_evm", suites);
}
