#include "tests.h"

#include <ctl/doctor_internal.h>

#include <errno.h>
#include <string.h>

static char what[256];

static enum doctor_grade says(int state, int status, long max_error_us) {
    const struct timex t = {.status = status, .maxerror = max_error_us};
    return doctor_clock(state, EPERM, &t, what, sizeof(what));
}

static void the_clock_is_judged_by_what_the_kernel_says(void) {
    CU_ASSERT_EQUAL(says(TIME_OK, STA_PLL, 12345), DOCTOR_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(what, "12.3 ms"));
    CU_ASSERT_EQUAL(says(TIME_INS, STA_PLL, 0), DOCTOR_OK); /* a leap second comes */
    CU_ASSERT_EQUAL(says(TIME_ERROR, STA_UNSYNC, 16000000), DOCTOR_WARNING);
    CU_ASSERT_PTR_NOT_NULL(strstr(what, "no time service told the kernel"));
    CU_ASSERT_EQUAL(says(TIME_OK, STA_UNSYNC, 0), DOCTOR_WARNING);
}

static void a_service_that_stopped_long_ago_is_noticed(void) {
    CU_ASSERT_EQUAL(says(TIME_OK, STA_PLL, 5000000), DOCTOR_OK);
    CU_ASSERT_EQUAL(says(TIME_OK, STA_PLL, 7500000), DOCTOR_WARNING);
    CU_ASSERT_PTR_NOT_NULL(strstr(what, "7.5 s"));
}

static void a_kernel_that_does_not_answer_is_not_called_unsynchronised(void) {
    CU_ASSERT_EQUAL(says(-1, 0, 0), DOCTOR_WARNING);
    CU_ASSERT_PTR_NOT_NULL(strstr(what, "does not say"));
    CU_ASSERT_PTR_NOT_NULL(strstr(what, strerror(EPERM)));
}

const CU_TestInfo tests_doctor_clock[] = {
    {"the clock is judged by what the kernel says", the_clock_is_judged_by_what_the_kernel_says},
    {"a service that stopped long ago is noticed", a_service_that_stopped_long_ago_is_noticed},
    {"a kernel that does not answer", a_kernel_that_does_not_answer_is_not_called_unsynchronised},
    CU_TEST_INFO_NULL};
