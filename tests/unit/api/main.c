#include "tests.h"

int main(void) {
    const struct unit_suite suites[] = {{"api", tests_api},
                                        {"api_routes", tests_api_routes},
                                        {"api_actions", tests_api_actions},
                                        {"api_events", tests_api_events},
                                        {"api_complete", tests_api_complete},
                                        {"openapi", tests_openapi},
                                        {0}};
    return unit_run("unit_api", suites);
}
