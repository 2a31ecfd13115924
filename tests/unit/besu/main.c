#include "../unit.h"

extern const CU_TestInfo tests_extradata[], tests_chain[], tests_logtail[], tests_rounds[],
    tests_watch[], tests_auth[], tests_node[], tests_besu[];

int main(void) {
    const struct unit_suite suites[] = {
        {"extradata", tests_extradata}, {"chain", tests_chain}, {"logtail", tests_logtail},
        {"rounds", tests_rounds},       {"watch", tests_watch}, {"auth", tests_auth},
        {"node", tests_node},           {"besu", tests_besu},   {NULL, NULL}};
    return unit_run("unit_besu", suites);
}
