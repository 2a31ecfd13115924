#include "../unit.h"

extern const CU_TestInfo tests_journal[], tests_logs[], tests_scan[], tests_watch[];

int main(void) {
    const struct unit_suite suites[] = {{"journal", tests_journal},
                                        {"logs", tests_logs},
                                        {"scan", tests_scan},
                                        {"watch", tests_watch},
                                        {NULL, NULL}};
    return unit_run("unit_chain", suites);
}
