#include "rig.h"

#include <plugins/backup/keep.h>

#include <base/when.h>

#include <string.h>

#define DAY (86400 * C138_NS_PER_S)
#define COUNT 400

/* One a day back from 2026-11-29 (a Sunday), the newest first. */
static void days(struct keep_entry *e, size_t count) {
    int64_t newest = 0;
    (void)c138_time_parse("2026-11-29T03:00:00Z", &newest);
    for (size_t i = 0; i < count; i++)
        e[i] = (struct keep_entry){.created_ns = newest - (int64_t)i * DAY, .level = -1};
}

static size_t kept(const struct keep_entry *e, size_t count) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += e[i].kept != 0;
    return n;
}

static void last_daily_weekly_monthly(void) {
    struct keep_entry e[COUNT];
    const struct keep_rule rule = {3, 7, 4, 12};
    days(e, COUNT);
    keep_mark(&rule, e, COUNT);
    for (size_t i = 0; i < 7; i++)
        CU_ASSERT_TRUE(e[i].kept);
    CU_ASSERT_STRING_EQUAL(e[0].why, "last");
    CU_ASSERT_STRING_EQUAL(e[3].why, "daily");
    /* Sundays end ISO weeks: 29, 22, 15, 8 November; the 29th is there by other rules already. */
    CU_ASSERT_TRUE(e[7].kept && e[14].kept && e[21].kept && !e[28].kept && !e[8].kept);
    CU_ASSERT_STRING_EQUAL(e[7].why, "weekly");
    /* The last days of October 2026 back to December 2025. */
    CU_ASSERT_TRUE(e[29].kept && !e[30].kept);
    CU_ASSERT_STRING_EQUAL(e[29].why, "monthly");
    CU_ASSERT_EQUAL(kept(e, COUNT), 7 + 3 + 11);
}

static void several_a_day(void) {
    struct keep_entry e[6];
    const struct keep_rule rule = {1, 2, 0, 0};
    days(e, 6);
    for (size_t i = 0; i < 6; i++)
        e[i].created_ns = e[0].created_ns - (int64_t)(i / 3) * DAY - (int64_t)(i % 3) * C138_NS_PER_S;
    keep_mark(&rule, e, 6);
    CU_ASSERT_TRUE(e[0].kept && !e[1].kept && !e[2].kept && e[3].kept && !e[4].kept);
}

static void damaged_ones_fill_no_place(void) {
    struct keep_entry e[5];
    const struct keep_rule rule = {1, 0, 0, 0};
    days(e, 5);
    e[0].damaged = e[1].damaged = 1;
    keep_mark(&rule, e, 5);
    CU_ASSERT_TRUE(!e[0].kept && !e[1].kept && e[2].kept && !e[3].kept);
}

static void never_the_last_good_one(void) {
    struct keep_entry e[4];
    const struct keep_rule nothing = {0, 0, 0, 0}, one = {1, 0, 0, 0};
    days(e, 4);
    keep_mark(&nothing, e, 4);
    CU_ASSERT_TRUE(e[0].kept && !e[1].kept);
    CU_ASSERT_STRING_EQUAL(e[0].why, "last good");
    /* The newest was only made; the one that was verified stays beside it. */
    e[2].level = 2;
    keep_mark(&one, e, 4);
    CU_ASSERT_TRUE(e[0].kept && !e[1].kept && e[2].kept && !e[3].kept);
    CU_ASSERT_STRING_EQUAL(e[2].why, "last verified");
    /* Sizes alone are no proof. */
    e[2].level = 0;
    keep_mark(&one, e, 4);
    CU_ASSERT_TRUE(!e[2].kept);
    for (int i = 0; i < 4; i++)
        e[i].damaged = 1;
    keep_mark(&one, e, 4);
    CU_ASSERT_EQUAL(kept(e, 4), 0);
    keep_mark(&one, e, 0);
}

const CU_TestInfo tests_keep[] = {{"last, daily, weekly, monthly", last_daily_weekly_monthly},
                                  {"several a day", several_a_day},
                                  {"damaged ones fill no place", damaged_ones_fill_no_place},
                                  {"never the last good one", never_the_last_good_one},
                                  CU_TEST_INFO_NULL};
