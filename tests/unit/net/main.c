#include "../unit.h"

extern const CU_TestInfo tests_http[], tests_jsonrpc[], tests_promtext[], tests_rpcauth[];

int main(void) {
    const struct unit_suite suites[] = {{"http", tests_http},
                                        {"jsonrpc", tests_jsonrpc},
                                        {"promtext", tests_promtext},
                                        {"rpcauth", tests_rpcauth},
                                        {NULL, NULL}};
    return unit_run("unit_net", suites);
}
