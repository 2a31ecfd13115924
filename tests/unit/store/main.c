#include "../unit.h"

extern const CU_TestInfo tests_store[];
extern const CU_TestInfo tests_kv[];

int main(void) {
    static const struct unit_suite suites[] = {
        {"store", tests_store}, {"kv", tests_kv}, {NULL, NULL}};
    return unit_run("unit_store", suites);
}
