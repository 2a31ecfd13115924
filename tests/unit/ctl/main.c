#include "tests.h"

int main(void) {
    const struct unit_suite suites[] = {{"args", tests_args},
                                        {"answer", tests_answer},
                                        {"client", tests_client},
                                        {"doctor clock", tests_doctor_clock},
                                        {"table", tests_table},
                                        {"usage", tests_usage},
                                        {0}};
    return unit_run("unit_ctl", suites);
}
