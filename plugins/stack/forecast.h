/*
 * plugins/stack/forecast.h: when a disk is full. Pure; any thread.
 *
 * The slope is the median of the slopes between all pairs of samples (Theil 1950, Sen 1968): a
 * compaction, a rotation or a backup that came and went moves it little, where a least-squares
 * line would follow it.
 */
#ifndef STACK_FORECAST_H
#define STACK_FORECAST_H
#include <stddef.h>
#include <stdint.h>

#define FORECAST_POINTS 200       /* more are thinned out evenly */
#define FORECAST_LEAST 6          /* samples */
#define FORECAST_SPAN_S (30 * 60) /* seconds from the first to the last */

struct forecast {
    int known;            /* 0: too few samples, or too short a time */
    double bytes_per_day; /* negative: it shrinks */
    int64_t seconds_left; /* until nothing is left; -1: it does not fill */
};
/* times: seconds, rising; used: bytes; left: bytes that may still be written now. */
struct forecast forecast_make(const int64_t *times, const uint64_t *used, size_t count,
                              uint64_t left);
#endif
