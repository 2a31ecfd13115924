#include "../unit.h"
#include <base/mem.h>
#include <base/when.h>
#include <string.h>

static void times(void) {
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T03:00:00Z", INT64_C(1795402800000000000)},
        {"2026-11-23T03:00:00.5+01:00", INT64_C(1795399200500000000)},
        {"2024-02-29 23:59:59.123456789Z", INT64_C(1709251199123456789)},
    };
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        int64_t ns = -1;
        CU_ASSERT_EQUAL(c138_time_parse(good[i].text, &ns), C138_OK);
        CU_ASSERT_EQUAL(ns, good[i].ns);
    }
    static const char *const bad[] = {"",
                                      "2026-11-23",
                                      "2026-13-01T00:00:00Z",
                                      "2025-02-29T00:00:00Z",
                                      "2026-11-23T24:00:00Z",
                                      "2026-11-23T03:00:00",
                                      "2026-11-23T03:00:00.Z",
                                      "2026-11-23T03:00:00Zx",
                                      "2026-1-1T0:0:0Z"};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        int64_t ns;
        CU_ASSERT_EQUAL(c138_time_parse(bad[i], &ns), C138_E_INVALID);
    }
    char text[C138_TIME_TEXT];
    c138_time_format(INT64_C(1795402800123999999), text);
    CU_ASSERT_STRING_EQUAL(text, "2026-11-23T03:00:00.123Z");
    c138_time_format(-1, text);
    CU_ASSERT_STRING_EQUAL(text, "1969-12-31T23:59:59.999Z");
}

static void durations(void) {
    static const struct {
        const char *text;
        int64_t ns;
        const char *canonical;
    } good[] = {{"1h30m", INT64_C(5400000000000), "1h30m"},
                {"90s", INT64_C(90000000000), "1m30s"},
                {"250ms", 250000000, "250ms"},
                {"1.5h", INT64_C(5400000000000), "1h30m"},
                {"2w", INT64_C(1209600000000000), "14d"},
                {"0s", 0, "0s"},
                {"0", 0, "0s"},
                {"1us1ns", 1001, "1us1ns"}};
    char text[C138_DURATION_TEXT];
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        int64_t ns = -1;
        CU_ASSERT_EQUAL(c138_duration_parse(good[i].text, &ns), C138_OK);
        CU_ASSERT_EQUAL(ns, good[i].ns);
        c138_duration_format(ns, text);
        CU_ASSERT_STRING_EQUAL(text, good[i].canonical);
    }
    static const char *const bad[] = {"",     "5",    "1x",      "m",     "-1s",
                                      "1m1h", "1s1s", "1.5h30m", "0.1ns", "999999999999w",
                                      "1 s",  "1.s"};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        int64_t ns;
        CU_ASSERT_EQUAL(c138_duration_parse(bad[i], &ns), C138_E_INVALID);
    }
    c138_duration_human(INT64_C(93784) * C138_NS_PER_S, text);
    CU_ASSERT_STRING_EQUAL(text, "1d 2h");
}

static void sizes(void) {
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"512", 512},
                {"10kB", 10000},
                {"1.5GiB", 1610612736},
                {"1EiB", UINT64_C(1) << 60},
                {"0B", 0}};
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        uint64_t bytes = 1;
        CU_ASSERT_EQUAL(c138_size_parse(good[i].text, &bytes), C138_OK);
        CU_ASSERT_EQUAL(bytes, good[i].bytes);
    }
    static const char *const bad[] = {"", "kB", "1kb", "-1", "1.5", "99EiB", "1 kB"};
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        uint64_t bytes;
        CU_ASSERT_EQUAL(c138_size_parse(bad[i], &bytes), C138_E_INVALID);
    }
    char text[C138_SIZE_TEXT];
    c138_size_human(1610612736, text);
    CU_ASSERT_STRING_EQUAL(text, "1.5 GiB");
}

static void clocks(void) {
    int64_t a = c138_now_monotonic_ns(), b = c138_now_monotonic_ns();
    CU_ASSERT(b >= a);
    CU_ASSERT(c138_now_utc_ns() > INT64_C(1700000000000000000));
}

const CU_TestInfo tests_when[] = {{"times", times},
                                  {"durations", durations},
                                  {"sizes", sizes},
                                  {"clocks", clocks},
                                  CU_TEST_INFO_NULL};
