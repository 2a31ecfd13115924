#include "../unit.h"

extern const CU_TestInfo tests_extradata[], tests_chain[], tests_logtail[], tests_rounds[],
    tests_watch[], tests_node[], tests_besu[], tests_refusal[], tests_quorum[], tests_allowlist[],
    tests_pool[], tests_contract[], tests_audit[], tests_audit_doc[];

int main(void) {
    const struct unit_suite suites[] = {{"extradata", tests_extradata},
                                        {"chain", tests_chain},
                                        {"logtail", tests_logtail},
                                        {"rounds", tests_rounds},
                                        {"watch", tests_watch},
                                        {"node", tests_node},
                                        {"besu", tests_besu},
                                        {"refusal", tests_refusal},
                                        {"quorum", tests_quorum},
                                        {"allowlist", tests_allowlist},
                                        {"pool", tests_pool},
                                        {"contract", tests_contract},
                                        {"audit", tests_audit},
                                        {"audit_doc", tests_audit_doc},
                                        {NULL, NULL}};
    return unit_run("unit_besu", suites);
}
