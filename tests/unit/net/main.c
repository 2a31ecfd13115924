#include "../unit.h"

extern const CU_TestInfo tests_http[], tests_jsonrpc[], tests_promtext[], tests_rpcauth[], tests_sigv4[];

int main(void) {
    const struct unit_suite suites[] = {{"http", tests_http},
                                        {"jsonrpc", tests_jsonrpc},
                                        {"promtext", tests_promtext},
                                        {"rpcauth", tests_rpcauth}, {"sigv4", tests_sigv4},
                                        {NULL, NULL}};
    return unit_run("unit_net", suites);
}
