/*
 * What the kernel's answer about the clock means.
 */
#include <ctl/doctor_internal.h>

#include <stdio.h>
#include <string.h>

/* The kernel adds 500 µs a second to its bound of the error, until a time service corrects the
 * clock: services do so at least every 35 minutes, which is one second. */
#define BOUND_MAX_US 5000000

enum doctor_grade doctor_clock(int state, int reason, const struct timex *t, char *ret_what,
                               size_t size) {
    if (state < 0) {
        (void)snprintf(ret_what, size, "the kernel does not say how right the clock is: %s",
                       strerror(reason));
        return DOCTOR_WARNING;
    }
    if (state == TIME_ERROR || (t->status & STA_UNSYNC)) {
        (void)snprintf(ret_what, size, "no time service told the kernel that it keeps the clock");
        return DOCTOR_WARNING;
    }
    double bound_ms = (double)t->maxerror / 1e3;
    if (t->maxerror > BOUND_MAX_US) {
        (void)snprintf(ret_what, size,
                       "no time service has corrected the clock for long: it may be off by %.1f s",
                       bound_ms / 1e3);
        return DOCTOR_WARNING;
    }
    (void)snprintf(ret_what, size,
                   "a time service keeps it; the kernel's bound of the error: %.1f ms", bound_ms);
    return DOCTOR_OK;
}
