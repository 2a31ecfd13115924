#include "../unit.h"

extern const CU_TestInfo tests_config[], tests_samples[];

int main(void) {
    return unit_run("unit_config", (const struct unit_suite[]){{"config", tests_config},
                                                               {"samples", tests_samples},
                                                               {NULL, NULL}});
}
