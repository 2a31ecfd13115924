#include "../unit.h"
#include <plugins/stack/forecast.h>
#include <plugins/stack/resources.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)
#define N 500

static int64_t times[N];
static uint64_t used[N];

/* A sample every five minutes, growing by so many bytes each. */
static void fill(int64_t step) {
    for (int i = 0; i < N; i++) {
        times[i] = 1000000 + i * 300;
        used[i] = (uint64_t)((int64_t)(100 * GIB) + i * step);
    }
}

static void a_line(void) {
    fill(1 << 20);
    struct forecast f = forecast_make(times, used, N, 10 * GIB);
    CU_ASSERT_TRUE(f.known);
    CU_ASSERT_DOUBLE_EQUAL(f.bytes_per_day, 288.0 * (1 << 20), 1000);
    CU_ASSERT_DOUBLE_EQUAL((double)f.seconds_left, 10.0 * 1024 * 300, 600);
}

/* A backup that takes 50 GiB for a tenth of the time and goes, and a rotation: the slope stays. */
static void jumps(void) {
    fill(1 << 20);
    for (int i = 200; i < 250; i++)
        used[i] += 50 * GIB;
    for (int i = 400; i < N; i++)
        used[i] -= GIB / 8;
    struct forecast f = forecast_make(times, used, N, 10 * GIB);
    CU_ASSERT(f.bytes_per_day > 288.0 * (1 << 20) * 0.5);
    CU_ASSERT(f.bytes_per_day < 288.0 * (1 << 20) * 1.5);
}

static void it_does_not_fill(void) {
    fill(0);
    struct forecast f = forecast_make(times, used, N, GIB);
    CU_ASSERT_TRUE(f.known);
    CU_ASSERT_EQUAL(f.seconds_left, -1);
    fill(-(1 << 20));
    f = forecast_make(times, used, N, GIB);
    CU_ASSERT_EQUAL(f.seconds_left, -1);
    CU_ASSERT(f.bytes_per_day < 0);
}

static void too_little(void) {
    fill(1 << 20);
    CU_ASSERT_FALSE(forecast_make(times, used, FORECAST_LEAST - 1, GIB).known);
    CU_ASSERT_FALSE(forecast_make(times, used, 6, GIB).known); /* 25 minutes */
    CU_ASSERT_TRUE(forecast_make(times, used, 8, GIB).known);
    CU_ASSERT_FALSE(forecast_make(times, used, 0, GIB).known);
}

static void the_kernel(void) {
    uint64_t busy = 0, total = 0;
    CU_ASSERT_TRUE(proc_cpu_read("cpu  10 20 30 40 50 60 70 80 0 0\ncpu0 1\n", &busy, &total));
    CU_ASSERT_EQUAL(total, 360);
    CU_ASSERT_EQUAL(busy, 270);
    CU_ASSERT_FALSE(proc_cpu_read("intr 5", &busy, &total));
    const char *memory = "MemTotal:       1000 kB\nMemAvailable:    300 kB\n";
    CU_ASSERT_EQUAL(proc_memory_read(memory, "MemAvailable"), 300 * 1024);
    CU_ASSERT_EQUAL(proc_memory_read(memory, "Mem"), 0);
    struct disk_at at;
    CU_ASSERT_TRUE(disk_now("/", &at));
    CU_ASSERT(at.size >= at.used);
    CU_ASSERT_FALSE(disk_now("/nonexistent-folder", &at));
}

const CU_TestInfo tests_forecast[] = {
    {"a line", a_line},         {"jumps", jumps},           {"it does not fill", it_does_not_fill},
    {"too little", too_little}, {"the kernel", the_kernel}, CU_TEST_INFO_NULL};
