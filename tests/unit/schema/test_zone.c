#include "../unit.h"
#include <base/mem.h>
#include <schema/cron.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The C library reads the same files: hour by hour around changes, day by day over a century. */
static void test_as_the_c_library(void) {
    static const char *const names[] = {
        "Europe/Berlin",       "America/New_York", "UTC",
        "Australia/Lord_Howe", "Asia/Kolkata",     "America/Sao_Paulo",
        "Africa/Casablanca",   "America/Nuuk",     "Pacific/Apia",
        "Antarctica/Troll",    "Europe/Dublin",    "Asia/Tehran",
        "America/Santiago",    "Etc/GMT+5"};
    const char *before = getenv("TZ");
    C138_FREE char *kept = c138_xstrdup(before);
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        struct zone *z = NULL;
        int wrong = 0;
        CU_ASSERT_EQUAL_FATAL(zone_new(names[i], &z, NULL), C138_OK);
        C138_FREE char *tz = c138_xasprintf(":%s", names[i]);
        (void)setenv("TZ", tz, 1);
        tzset();
        for (int64_t t = 0; t < INT64_C(4102444800) && wrong < 3; t += 43200 - 3600 * (t % 5)) {
            struct tm tm;
            time_t at = (time_t)t;
            (void)localtime_r(&at, &tm);
            if (tm.tm_gmtoff != zone_offset_s(z, t)) {
                printf("\n%s at %lld: %ld, not %d\n", names[i], (long long)t, tm.tm_gmtoff,
                       zone_offset_s(z, t));
                wrong++;
            }
        }
        CU_ASSERT_EQUAL(wrong, 0);
        zone_free(z);
    }
    if (kept)
        (void)setenv("TZ", kept, 1);
    else
        (void)unsetenv("TZ");
    tzset();
}

static void test_names(void) {
    static const struct {
        const char *name, *says;
    } wrong[] = {{"Europe/Berln", "did you mean Europe/Berlin?"},
                 {"europe/berlin", "did you mean Europe/Berlin?"},
                 {"Amercia/New_York", "did you mean America/New_York?"},
                 {"Nowhere/Atlantis_City", "such as UTC"},
                 {"../../../etc/shado", "such as UTC"},
                 {"/usr/share/zoneinfo/UTC", ""},
                 {"Europe", "not known"},
                 {"Europe/", "not known"}};
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        struct zone *z = NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(zone_new(wrong[i].name, &z, &err), C138_E_NOTFOUND);
        CU_ASSERT_STRING_EQUAL(err.key, "zone.unknown");
        if (!strstr(err.text, wrong[i].says))
            printf("\n%s\n", err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i].says));
        zone_free(z);
    }
    struct zone *z = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(zone_new("tzdata.zi", &z, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.key, "zone.damaged");
    static const char *const utc[] = {NULL, "", "UTC"};
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(zone_new(utc[i], &z, &err), C138_OK);
        CU_ASSERT_EQUAL(zone_offset_s(z, INT64_C(1795402800)), 0);
        z = zone_free(z);
    }
    CU_ASSERT_PTR_NULL(zone_free(NULL));
}

const CU_TestInfo tests_zone[] = {
    {"as the C library", test_as_the_c_library}, {"names", test_names}, CU_TEST_INFO_NULL};
