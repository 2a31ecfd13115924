#include "../unit.h"

extern const CU_TestInfo tests_policy[];
extern const CU_TestInfo tests_tokens[];

int main(void) {
    static const struct unit_suite suites[] = {
        {"policy", tests_policy}, {"tokens", tests_tokens}, {NULL, NULL}};
    return unit_run("unit_policy", suites);
}
