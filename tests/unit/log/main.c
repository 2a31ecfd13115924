#include "../unit.h"

extern const CU_TestInfo tests_log[];

int main(void) {
    return unit_run("unit_log", (const struct unit_suite[]){{"log", tests_log}, {NULL, NULL}});
}
