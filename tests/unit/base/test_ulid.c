#include "../unit.h"
#include <base/ulid.h>
#include <base/when.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void test_order(void) {
    char before[C138_ULID_TEXT], id[C138_ULID_TEXT];
    c138_ulid(before);
    for (int i = 0; i < 20000; i++) {
        c138_ulid(id);
        CU_ASSERT_TRUE_FATAL(strcmp(before, id) < 0);
        memcpy(before, id, sizeof(id));
    }
}

static void test_time(void) {
    char id[C138_ULID_TEXT];
    int64_t from = c138_now_utc_ns() / C138_NS_PER_MS * C138_NS_PER_MS;
    c138_ulid(id);
    CU_ASSERT_TRUE(c138_ulid_valid(id));
    CU_ASSERT_TRUE(c138_ulid_time_ns(id) >= from);
    CU_ASSERT_TRUE(c138_ulid_time_ns(id) <= c138_now_utc_ns() + 100 * C138_NS_PER_MS);
    /* The example of the specification. */
    CU_ASSERT_EQUAL(c138_ulid_time_ns("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
                    INT64_C(1469922850259) * C138_NS_PER_MS);
}

static void test_valid(void) {
    static const char *const wrong[] = {"",
                                        "01ARZ3NDEKTSV4RRFFQ69G5FA",
                                        "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
                                        "81ARZ3NDEKTSV4RRFFQ69G5FAV",
                                        "01ARZ3NDEKTSV4RRFFQ69G5FAI",
                                        "01arz3ndektsv4rrffq69g5fav",
                                        "01ARZ3NDEKTSV4RRFFQ69G5F'V"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        CU_ASSERT_FALSE(c138_ulid_valid(wrong[i]));
        CU_ASSERT_EQUAL(c138_ulid_time_ns(wrong[i]), 0);
    }
    CU_ASSERT_TRUE(c138_ulid_valid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
}

#define EACH 2000
static void *many(void *arg) {
    char(*ids)[C138_ULID_TEXT] = arg;
    for (int i = 0; i < EACH; i++)
        c138_ulid(ids[i]);
    return NULL;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void test_threads(void) {
    char(*ids)[C138_ULID_TEXT] = calloc(4 * EACH, sizeof(*ids));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, many, ids + i * EACH), 0);
    for (int i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    qsort(ids, 4 * EACH, sizeof(*ids), by_text);
    for (int i = 1; i < 4 * EACH; i++)
        CU_ASSERT_TRUE_FATAL(strcmp(ids[i - 1], ids[i]) != 0);
    free(ids);
}

const CU_TestInfo tests_ulid[] = {
    {"order", test_order},     {"time", test_time}, {"valid", test_valid},
    {"threads", test_threads}, CU_TEST_INFO_NULL,
};
