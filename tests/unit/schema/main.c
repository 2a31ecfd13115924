#include "../unit.h"

extern const CU_TestInfo tests_decl[], tests_validate[], tests_describe[], tests_cron[],
    tests_zone[];

int main(void) {
    const struct unit_suite suites[] = {{"decl", tests_decl},         {"validate", tests_validate},
                                        {"describe", tests_describe}, {"cron", tests_cron},
                                        {"zone", tests_zone},         {NULL, NULL}};
    return unit_run("unit_schema", suites);
}
