#include "../unit.h"

extern const CU_TestInfo tests_packets[], tests_gpg[];

int main(void) {
    const struct unit_suite suites[] = {
        {"packets", tests_packets}, {"gpg", tests_gpg}, {NULL, NULL}};
    return unit_run("unit_gpg", suites);
}
