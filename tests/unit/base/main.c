#include "../unit.h"

extern const CU_TestInfo tests_err[], tests_mem[], tests_buf[], tests_text[], tests_json[],
    tests_when[], tests_ulid[], tests_fs[], tests_u256[], tests_lines[];

int main(void) {
    const struct unit_suite suites[] = {
        {"err", tests_err},   {"mem", tests_mem},     {"buf", tests_buf},   {"text", tests_text},
        {"json", tests_json}, {"when", tests_when},   {"ulid", tests_ulid}, {"fs", tests_fs},
        {"u256", tests_u256}, {"lines", tests_lines}, {NULL, NULL}};
    return unit_run("unit_base", suites);
}
