#include "../unit.h"
#include <base/mem.h>
#include <base/when.h>
#include <schema/cron.h>

#include <stdio.h>
#include <string.h>

/* Where clocks change, cron_oracle.py compares nothing: systemd's calendar skips what a gap
 * swallows and has its own view of an hour that comes twice. What cron.h promises there stands in
 * this table. */
static const struct {
    const char *text, *zone, *after, *next[4];
} times[] = {
    {"30 2 * * *",
     "Europe/Berlin",
     "2026-03-28T12:00:00Z", /* 02:30 does not exist on the 29th */
     {"2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"}},
    {"0,30 2 * * *",
     "Europe/Berlin",
     "2026-03-28T12:00:00Z", /* once, not for each lost time */
     {"2026-03-29T01:00:00.000Z", "2026-03-30T00:00:00.000Z"}},
    {"30 2 * * *",
     "Europe/Berlin",
     "2026-10-24T12:00:00Z", /* twice on the 25th: the first */
     {"2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"}},
    {"30 * * * *",
     "Europe/Berlin",
     "2026-10-24T23:45:00Z", /* every hour: by elapsed time */
     {"2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z", "2026-10-25T02:30:00.000Z"}},
    {"30 * * * *",
     "Europe/Berlin",
     "2026-03-29T00:00:00Z",
     {"2026-03-29T00:30:00.000Z", "2026-03-29T01:30:00.000Z"}},
    {"0 */2 * * *",
     "America/New_York",
     "2026-03-08T05:30:00Z", /* 02:00 is lost */
     {"2026-03-08T08:00:00.000Z", "2026-03-08T10:00:00.000Z"}},
    {"15 2 * * *",
     "Australia/Lord_Howe",
     "2026-10-03T00:00:00Z", /* a gap of half an hour */
     {"2026-10-03T15:30:00.000Z", "2026-10-04T15:15:00.000Z"}},
    {"45 1 * * *",
     "Australia/Lord_Howe",
     "2026-04-04T00:00:00Z", /* 01:30-02:00 twice */
     {"2026-04-04T14:45:00.000Z", "2026-04-05T15:15:00.000Z"}},
    {"0 12 30 12 *",
     "Pacific/Apia",
     "2011-12-01T00:00:00Z", /* the day that Samoa left out */
     {"2011-12-30T10:00:00.000Z"}},
    {"0 0 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", {"2026-01-01T18:30:00.000Z"}},
    /* Day and weekday: either, when both are restricted; a star, stepped too, restricts by "and".
     */
    {"0 0 13 * 5",
     "UTC",
     "2026-02-01T00:00:00Z",
     {"2026-02-06T00:00:00.000Z", "2026-02-13T00:00:00.000Z", "2026-02-20T00:00:00.000Z"}},
    {"0 0 */2 * mon",
     "UTC",
     "2026-02-01T00:00:00Z",
     {"2026-02-09T00:00:00.000Z", "2026-02-23T00:00:00.000Z"}},
    {"0 0 * * 7", "UTC", "2026-02-01T00:00:00Z", {"2026-02-08T00:00:00.000Z"}},
    {"0 0 * * fri-sun",
     "UTC",
     "2026-02-01T00:00:00Z",
     {"2026-02-06T00:00:00.000Z", "2026-02-07T00:00:00.000Z", "2026-02-08T00:00:00.000Z",
      "2026-02-13T00:00:00.000Z"}},
    {"0 0 * * 0-0",
     "UTC",
     "2026-02-02T00:00:00Z",
     {"2026-02-08T00:00:00.000Z", "2026-02-15T00:00:00.000Z"}},
    {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", {"2028-02-29T00:00:00.000Z"}},
    {"5/20 3 * * *",
     "UTC",
     "2026-01-01T03:05:00Z",
     {"2026-01-01T03:25:00.000Z", "2026-01-01T03:45:00.000Z", "2026-01-02T03:05:00.000Z"}},
    {"@monthly", "UTC", "2026-01-01T00:00:00Z", {"2026-02-01T00:00:00.000Z"}},
    {"@hourly", "UTC", "2026-01-01T00:59:59.999Z", {"2026-01-01T01:00:00.000Z"}},
    {"* * * * *", "UTC", "2026-01-01T00:00:59.999Z", {"2026-01-01T00:01:00.000Z"}},
    {"* * * * *", "UTC", "2026-01-01T00:01:00Z", {"2026-01-01T00:02:00.000Z"}},
    {"30 2 * * *",
     "Europe/Berlin",
     "2093-03-28T12:00:00Z", /* far behind the file's table */
     {"2093-03-29T01:00:00.000Z", "2093-03-30T00:30:00.000Z"}},
};

static void test_next(void) {
    for (size_t i = 0; i < C138_COUNT(times); i++) {
        struct cron c;
        struct zone *z = NULL;
        int64_t at = 0;
        char text[C138_TIME_TEXT];
        CU_ASSERT_EQUAL_FATAL(cron_parse(times[i].text, &c, NULL), C138_OK);
        CU_ASSERT_EQUAL_FATAL(zone_new(times[i].zone, &z, NULL), C138_OK);
        CU_ASSERT_EQUAL_FATAL(c138_time_parse(times[i].after, &at), C138_OK);
        for (size_t k = 0; k < 4 && times[i].next[k]; k++) {
            CU_ASSERT_EQUAL(cron_next(&c, z, at, &at), C138_OK);
            c138_time_format(at, text);
            if (strcmp(text, times[i].next[k]) != 0)
                printf("\n%s %s: %s, not %s\n", times[i].text, times[i].zone, text,
                       times[i].next[k]);
            CU_ASSERT_STRING_EQUAL(text, times[i].next[k]);
        }
        zone_free(z);
    }
}

static void test_never(void) {
    struct cron c;
    struct zone *z = NULL;
    int64_t at = 42;
    CU_ASSERT_EQUAL_FATAL(zone_new(NULL, &z, NULL), C138_OK);
    static const char *const never[] = {"0 0 30 2 *", "* * 31 4 *", "* * 31 2,4,6,9,11 *"};
    for (size_t i = 0; i < C138_COUNT(never); i++) {
        CU_ASSERT_EQUAL(cron_parse(never[i], &c, NULL), C138_OK);
        CU_ASSERT_EQUAL(cron_next(&c, z, 0, &at), C138_E_NOTFOUND);
    }
    CU_ASSERT_EQUAL(at, 42);
    zone_free(z);
}

static void test_parse(void) {
    static const char *const good[] = {"* * * * *",       "0 0 1 1 0",         "*/5 * * * *",
                                       "1,2,3-5 0 * * *", "0 0 * JAN-Mar sun", "\t0  0\t* * * ",
                                       "59 23 31 12 7",   "0-59/15 * * * *",   "5-5/2 * * * *",
                                       "@yearly",         "@annually",         "@midnight"};
    static const struct {
        const char *text, *says;
    } wrong[] = {{"", "minute"},
                 {"* * * *", "day of week"},
                 {"* * * * * *", "more than five"},
                 {"60 * * * *", "minute (\"60\") is not right: 0 to 59"},
                 {"* 24 * * *", "hour"},
                 {"* * 0 * *", "day of month"},
                 {"* * 32 * *", "day of month"},
                 {"* * * 13 *", "month"},
                 {"* * * * 8", "day of week"},
                 {"5-1 * * * *", "minute"},
                 {"*/0 * * * *", "minute"},
                 {"*/60 * * * *", "minute"},
                 {"1, * * * *", "minute"},
                 {",1 * * * *", "minute"},
                 {"1- * * * *", "minute"},
                 {"-1 * * * *", "minute"},
                 {"* * * foo *", "month"},
                 {"* * * janx *", "month"},
                 {"mon * * * *", "minute"},
                 {"99999999999999999999 * * * *", "minute"},
                 {"@reboot", "minute"}};
    struct cron c;
    for (size_t i = 0; i < C138_COUNT(good); i++)
        CU_ASSERT_EQUAL(cron_parse(good[i], &c, NULL), C138_OK);
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(cron_parse(wrong[i].text, &c, &err), C138_E_INVALID);
        if (!strstr(err.text, wrong[i].says))
            printf("\n%s: %s\n", wrong[i].text, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i].says));
    }
    CU_ASSERT_EQUAL(cron_parse("5-5/2 * * * *", &c, NULL), C138_OK);
    CU_ASSERT_EQUAL(c.minute, UINT64_C(1) << 5);
}

const CU_TestInfo tests_cron[] = {
    {"next", test_next}, {"never", test_never}, {"parse", test_parse}, CU_TEST_INFO_NULL};
