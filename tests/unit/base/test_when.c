#include "../unit.h"
#include <base/mem.h>
#include <base/when.h>

#include <string.h>

static void test_time(void) {
    static const struct {
        const char *text;
        int64_t ns;
        const char *again;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
        {"2026-11-23T03:00:00.123Z", INT64_C(1795402800123000000), "2026-11-23T03:00:00.123Z"},
        {"2026-11-23t04:00:00.123456789+01:00", INT64_C(1795402800123456789),
         "2026-11-23T03:00:00.123Z"},
        {"2024-02-29 23:59:59-00:30", INT64_C(1709252999000000000), "2024-03-01T00:29:59.000Z"},
        {"2261-12-31T23:59:59Z", INT64_C(9214646399000000000), "2261-12-31T23:59:59.000Z"},
        {"1970-01-01T00:00:00+01:00", INT64_C(-3600000000000), "1969-12-31T23:00:00.000Z"},
    };
    char text[C138_TIME_TEXT];
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        int64_t ns = -1;
        CU_ASSERT_EQUAL(c138_time_parse(cases[i].text, &ns), C138_OK);
        CU_ASSERT_EQUAL(ns, cases[i].ns);
        c138_time_format(ns, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].again);
    }
    c138_time_format(-1, text);
    CU_ASSERT_STRING_EQUAL(text, "1969-12-31T23:59:59.999Z");
    static const int64_t ends[] = {INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < 2; i++) {
        c138_time_format(ends[i], text);
        CU_ASSERT_EQUAL(strlen(text), 24);
    }
}

static void test_time_wrong(void) {
    static const char *const wrong[] = {"",
                                        "2026-11-23",
                                        "2026-11-23T03:00:00",
                                        "2026-11-23T03:00Z",
                                        "2026-13-01T00:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "2100-02-29T00:00:00Z",
                                        "2026-00-10T00:00:00Z",
                                        "2026-01-00T00:00:00Z",
                                        "2026-01-01T24:00:00Z",
                                        "2026-01-01T00:60:00Z",
                                        "2026-01-01T00:00:60Z",
                                        "2026-01-01T00:00:00.Z",
                                        "2026-01-01T00:00:00.1234567890Z",
                                        "2026-01-01T00:00:00+0100",
                                        "2026-01-01T00:00:00+24:00",
                                        "2026-01-01T00:00:00Zz",
                                        "1969-12-31T23:59:59Z",
                                        "2262-01-01T00:00:00Z",
                                        "+026-01-01T00:00:00Z"};
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        int64_t ns = 42;
        CU_ASSERT_EQUAL(c138_time_parse(wrong[i], &ns), C138_E_INVALID);
        CU_ASSERT_EQUAL(ns, 42);
    }
}

static void test_duration(void) {
    static const struct {
        const char *text;
        int64_t ns;
        const char *again;
    } cases[] = {
        {"0", 0, "0s"},
        {"0s", 0, "0s"},
        {"1h30m", INT64_C(5400000000000), "1h30m"},
        {"90s", INT64_C(90000000000), "1m30s"},
        {"250ms", 250000000, "250ms"},
        {"2d12h", INT64_C(216000000000000), "2d12h"},
        {"1w", INT64_C(604800000000000), "7d"},
        {"1.5h", INT64_C(5400000000000), "1h30m"},
        {"1m0.5s", INT64_C(60500000000), "1m500ms"},
        {"1us1ns", 1001, "1us1ns"},
        {"9223372036854775807ns", INT64_MAX, "106751d23h47m16s854ms775us807ns"},
    };
    static const char *const wrong[] = {"",
                                        "s",
                                        "5",
                                        "-5s",
                                        "1m1h",
                                        "1h1h",
                                        "1 h",
                                        "1h ",
                                        "1.5",
                                        "1..5h",
                                        ".5h",
                                        "1.h",
                                        "1y",
                                        "1H",
                                        "1.5h1m",
                                        "0.1ns",
                                        "1h-1m",
                                        "9223372036854775808ns",
                                        "999999999999999999999w",
                                        "16000w"};
    char text[C138_DURATION_TEXT];
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        int64_t ns = -1, back = -2;
        CU_ASSERT_EQUAL(c138_duration_parse(cases[i].text, &ns), C138_OK);
        CU_ASSERT_EQUAL(ns, cases[i].ns);
        c138_duration_format(ns, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].again);
        CU_ASSERT_EQUAL(c138_duration_parse(text, &back), C138_OK);
        CU_ASSERT_EQUAL(back, ns);
    }
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        int64_t ns = 42;
        CU_ASSERT_EQUAL(c138_duration_parse(wrong[i], &ns), C138_E_INVALID);
    }
}

static void test_duration_human(void) {
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {{-5, "0ms"},
                 {450 * C138_NS_PER_MS, "450ms"},
                 {INT64_C(12300000000), "12.3s"},
                 {INT64_C(59990000000), "1m 0s"},
                 {INT64_C(999900000), "1.0s"},
                 {125 * C138_NS_PER_S, "2m 5s"},
                 {3 * 3600 * C138_NS_PER_S, "3h 0m"},
                 {(3 * 86400 + 4 * 3600) * C138_NS_PER_S, "3d 4h"}};
    char text[C138_DURATION_TEXT];
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        c138_duration_human(cases[i].ns, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void test_size(void) {
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {{"512", 512},
                 {"512B", 512},
                 {"10kB", 10000},
                 {"10KiB", 10240},
                 {"1.5GiB", UINT64_C(1610612736)},
                 {"0.5KiB", 512},
                 {"15EiB", UINT64_C(17293822569102704640)},
                 {"18446744073709551615", UINT64_MAX}};
    static const char *const wrong[] = {"",      "B",        "1.5", "1kb",
                                        "1 kB",  "-1",       "1K",  "1.B",
                                        "16EiB", "0.0001kB", "1e3", "18446744073709551616"};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        uint64_t bytes = 0;
        CU_ASSERT_EQUAL(c138_size_parse(cases[i].text, &bytes), C138_OK);
        CU_ASSERT_EQUAL(bytes, cases[i].bytes);
    }
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        uint64_t bytes = 0;
        CU_ASSERT_EQUAL(c138_size_parse(wrong[i], &bytes), C138_E_INVALID);
    }
    char text[C138_SIZE_TEXT];
    c138_size_human(1023, text);
    CU_ASSERT_STRING_EQUAL(text, "1023 B");
    c138_size_human(UINT64_C(1610612736), text);
    CU_ASSERT_STRING_EQUAL(text, "1.5 GiB");
    c138_size_human(UINT64_MAX, text);
    CU_ASSERT_STRING_EQUAL(text, "16.0 EiB");
}

static void test_clocks(void) {
    int64_t a = c138_now_monotonic_ns(), b = c138_now_monotonic_ns();
    CU_ASSERT_TRUE(b >= a);
    CU_ASSERT_TRUE(c138_now_utc_ns() > INT64_C(1700000000) * C138_NS_PER_S);
}

const CU_TestInfo tests_when[] = {
    {"time", test_time},         {"time, wrong", test_time_wrong},
    {"duration", test_duration}, {"duration for people", test_duration_human},
    {"size", test_size},         {"clocks", test_clocks},
    CU_TEST_INFO_NULL,
};
