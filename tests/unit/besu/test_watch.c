#include "../unit.h"
#include <plugins/besu/besu.h>

#include <base/when.h>

#define S C138_NS_PER_S

static void test_hysteresis(void) {
    struct besu_alarm a = {0};
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 1 * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 1, 2 * S, S, 5 * S), BESU_STEP_NONE); /* once is nothing */
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 3 * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 1, 4 * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 1, 5 * S, S, 5 * S), BESU_STEP_RAISED);
    for (int i = 6; i < 20; i++)
        CU_ASSERT_EQUAL(besu_alarm_step(&a, 1, i * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 20 * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 24 * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 1, 25 * S, S, 5 * S), BESU_STEP_NONE); /* bad again */
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 26 * S, S, 5 * S), BESU_STEP_NONE);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 31 * S, S, 5 * S), BESU_STEP_CLEARED);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 0, 32 * S, S, 5 * S), BESU_STEP_NONE);
}

/* A node that comes and goes every ten seconds for an hour: a handful of events, not 360. */
static void test_flapping(void) {
    struct besu_alarm a = {0};
    int events = 0;
    for (int64_t t = 1; t < 3600; t++)
        events += besu_alarm_step(&a, t % 20 < 10, t * S, S, 5 * S) != BESU_STEP_NONE;
    CU_ASSERT_TRUE(events > 0 && events <= 4);
    /* After a quiet time it counts as new. */
    for (int64_t t = 3600; t < 5000; t++)
        events += besu_alarm_step(&a, 0, t * S, S, 5 * S) != BESU_STEP_NONE;
    CU_ASSERT_FALSE(a.raised);
    besu_alarm_step(&a, 1, 5001 * S, S, 5 * S);
    CU_ASSERT_EQUAL(besu_alarm_step(&a, 1, 5002 * S, S, 5 * S), BESU_STEP_RAISED);
    CU_ASSERT_EQUAL(a.flaps, 0);
}

const CU_TestInfo tests_watch[] = {
    {"watch hysteresis", test_hysteresis}, {"watch flapping", test_flapping}, CU_TEST_INFO_NULL};
