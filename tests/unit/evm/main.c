#include "../unit.h"

extern const CU_TestInfo tests_keccak[], tests_address[], tests_rlp[];

int main(void) {
    const struct unit_suite suites[] = {
        {"keccak", tests_keccak}, {"address", tests_address}, {"rlp", tests_rlp}, {NULL, NULL}};
    return unit_run("unit_evm", suites);
}
