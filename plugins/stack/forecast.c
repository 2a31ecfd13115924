#include "forecast.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median_slope(const int64_t *times, const uint64_t *used, size_t count) {
    size_t step = (count + FORECAST_POINTS - 1) / FORECAST_POINTS, n = 0;
    double *slopes = malloc(sizeof(*slopes) * FORECAST_POINTS * FORECAST_POINTS / 2);
    double median = 0;
    for (size_t i = 0; slopes && i < count; i += step)
        for (size_t k = i + step; k < count; k += step)
            if (times[k] > times[i])
                slopes[n++] = ((double)used[k] - (double)used[i]) / (double)(times[k] - times[i]);
    if (n) {
        qsort(slopes, n, sizeof(*slopes), by_value);
        median = n % 2 ? slopes[n / 2] : (slopes[n / 2 - 1] + slopes[n / 2]) / 2;
    }
    free(slopes);
    return median;
}

struct forecast forecast_make(const int64_t *times, const uint64_t *used, size_t count,
                              uint64_t left) {
    struct forecast f = {.seconds_left = -1};
    if (count < FORECAST_LEAST || times[count - 1] - times[0] < FORECAST_SPAN_S)
        return f;
    double slope = median_slope(times, used, count);
    f.known = 1;
    f.bytes_per_day = slope * 86400.0;
    /* Past a century is never. */
    if (slope > 0 && (double)left / slope < 100.0 * 365 * 86400)
        f.seconds_left = (int64_t)((double)left / slope);
    return f;
}
