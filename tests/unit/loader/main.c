#include "unit.h"

extern const CU_TestInfo tests_elfnote[], tests_loader[], tests_catalog[];

int main(void) {
    const struct unit_suite suites[] = {{"elfnote", tests_elfnote},
                                        {"loader", tests_loader},
                                        {"catalog", tests_catalog},
                                        {NULL, NULL}};
    return unit_run("unit_loader", suites);
}
