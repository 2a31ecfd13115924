#include "../unit.h"

extern const CU_TestInfo tests_sums[], tests_keep[], tests_manifest[], tests_s3[], tests_restic[],
    tests_files[], tests_stage[], tests_pack[], tests_drill_ipc[];

int main(void) {
    const struct unit_suite suites[] = {
        {"sums", tests_sums},     {"keep", tests_keep},   {"manifest", tests_manifest},
        {"s3", tests_s3},         {"restic", tests_restic}, {"files", tests_files},
        {"stage", tests_stage},   {"pack", tests_pack},   {"drill_ipc", tests_drill_ipc},
        {NULL, NULL}};
    return unit_run("unit_backup", suites);
}
