#include "../unit.h"

extern const CU_TestInfo tests_prompts[];

int main(void) {
    const struct unit_suite suites[] = {{"prompts", tests_prompts}, {NULL, NULL}};
    return unit_run("unit_agent", suites);
}
