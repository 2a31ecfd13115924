#include "../unit.h"

#include <event2/thread.h>

extern const CU_TestInfo tests_bundle[];
extern const CU_TestInfo tests_bus[];

int main(void) {
    const struct unit_suite suites[] = {{"bundle", tests_bundle}, {"bus", tests_bus}, {NULL, NULL}};
    evthread_use_pthreads();
    return unit_run("unit_bus", suites);
}
