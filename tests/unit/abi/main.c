#include "../unit.h"

extern const CU_TestInfo tests_types[], tests_values[], tests_revert[], tests_typed[],
    tests_privatetx[];

int main(void) {
    const struct unit_suite suites[] = {{"types", tests_types},
                                        {"values", tests_values},
                                        {"revert", tests_revert},
                                        {"typed", tests_typed},
                                        {"private transactions", tests_privatetx},
                                        {NULL, NULL}};
    return unit_run("unit_abi", suites);
}
