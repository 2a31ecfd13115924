#include "unit.h"

extern const CU_TestInfo tests_wire[], tests_mailbox[], tests_port[], tests_jsonscan[],
    tests_runtime[], tests_runtime_refuse[], tests_sandbox[];

int main(void) {
    const struct unit_suite suites[] = {
        {"wire", tests_wire},       {"mailbox", tests_mailbox},
        {"port", tests_port},       {"jsonscan", tests_jsonscan},
        {"runtime", tests_runtime}, {"runtime_refuse", tests_runtime_refuse},
        {"sandbox", tests_sandbox}, {NULL, NULL}};
    return unit_run("unit_worker", suites);
}
