#include "../unit.h"

extern const CU_TestInfo tests_keccak[], tests_address[], tests_rlp[], tests_tx[];

int main(void) {
    const struct unit_suite suites[] = {{"keccak", tests_keccak},
                                        {"address", tests_address},
                                        {"rlp", tests_rlp},
                                        {"tx", tests_tx},
                                        {NULL, NULL}};
    return unit_run("unit_evm", suites);
}
