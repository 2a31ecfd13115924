#include "../unit.h"

extern const CU_TestInfo tests_docker[], tests_kube[], tests_quorum[], tests_versions[],
    tests_forecast[], tests_files[], tests_init[], tests_stack[];

int main(void) {
    const struct unit_suite suites[] = {
        {"docker", tests_docker},     {"kube", tests_kube},         {"quorum", tests_quorum},
        {"versions", tests_versions}, {"forecast", tests_forecast}, {"files", tests_files},
        {"init", tests_init},         {"stack", tests_stack},       {NULL, NULL}};
    return unit_run("unit_stack", suites);
}
