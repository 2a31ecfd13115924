#include "../unit.h"

extern const CU_TestInfo tests_http[], tests_jsonrpc[], tests_promtext[];

int main(void) {
    const struct unit_suite suites[] = {{"http", tests_http},
                                        {"jsonrpc", tests_jsonrpc},
                                        {"promtext", tests_promtext},
                                        {NULL, NULL}};
    return unit_run("unit_net", suites);
}
