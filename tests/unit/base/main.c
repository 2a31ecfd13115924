#include "../unit.h"

extern const CU_TestInfo tests_err[], tests_buf[], tests_json[], tests_text[], tests_when[],
    tests_ulid[], tests_fs[], tests_u256[], tests_mem[];

int main(void) {
    static const struct unit_suite suites[] = {
        {"err", tests_err},   {"mem", tests_mem},   {"buf", tests_buf},   {"json", tests_json},
        {"text", tests_text}, {"when", tests_when}, {"ulid", tests_ulid}, {"fs", tests_fs},
        {"u256", tests_u256}, {NULL, NULL},
    };
    return unit_run("unit_base", suites);
}
