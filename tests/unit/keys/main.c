#include "../unit.h"

extern const CU_TestInfo tests_vault[], tests_limits[], tests_ledger[], tests_ring[], tests_keys[],
    tests_token[], tests_rotation[];

int main(void) {
    const struct unit_suite suites[] = {{"vault", tests_vault},       {"limits", tests_limits},
                                        {"ledger", tests_ledger},     {"ring", tests_ring},
                                        {"keys", tests_keys},         {"token", tests_token},
                                        {"rotation", tests_rotation}, {NULL, NULL}};
    return unit_run("unit_keys", suites);
}
