#include "../unit.h"
#include <base/ulid.h>
#include <base/when.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void sorts_and_is_valid(void) {
    char last[C138_ULID_TEXT] = "", id[C138_ULID_TEXT];
    for (int i = 0; i < 20000; i++) {
        c138_ulid(id);
        CU_ASSERT_FATAL(strcmp(last, id) < 0);
        memcpy(last, id, sizeof(id));
    }
    CU_ASSERT(c138_ulid_valid(id));
    int64_t age = c138_now_utc_ns() - c138_ulid_time_ns(id);
    CU_ASSERT(age >= 0 && age < C138_NS_PER_S);
    /* github.com/ulid/spec: 01ARZ3NDEKTSV4RRFFQ69G5FAV is of 1469922850259 ms */
    CU_ASSERT_EQUAL(c138_ulid_time_ns("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
                    INT64_C(1469922850259) * C138_NS_PER_MS);
    CU_ASSERT(!c138_ulid_valid("81ARZ3NDEKTSV4RRFFQ69G5FAV"));
    CU_ASSERT(!c138_ulid_valid("01ARZ3NDEKTSV4RRFFQ69G5FAU"));
    CU_ASSERT(!c138_ulid_valid("01ARZ3"));
}

#define N 2000
static char ids[4][N][C138_ULID_TEXT];

static void *make(void *user) {
    char(*mine)[C138_ULID_TEXT] = user;
    for (int i = 0; i < N; i++)
        c138_ulid(mine[i]);
    return NULL;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void unique_over_threads(void) {
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, make, ids[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    qsort(ids, 4 * N, C138_ULID_TEXT, by_text);
    for (int i = 1; i < 4 * N; i++)
        CU_ASSERT_FATAL(
            strcmp(ids[0][0] + (i - 1) * C138_ULID_TEXT, ids[0][0] + i * C138_ULID_TEXT) != 0);
}

const CU_TestInfo tests_ulid[] = {{"sorts and is valid", sorts_and_is_valid},
                                  {"unique over threads", unique_over_threads},
                                  CU_TEST_INFO_NULL};
