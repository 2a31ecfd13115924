#include "../unit.h"
#include "rig.h"

#include <base/mem.h>

#include <string.h>

#define MANY (16u << 20)

static void put_get_remove(void) {
    struct rig r;
    struct c138_err err = {0};
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    rig_up(&r);
    CU_ASSERT_EQUAL(store_kv_get(r.store, "besu", "head", &b), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "besu", "head", "a\0b", 3, MANY, &err), C138_OK);
    CU_ASSERT_EQUAL(store_kv_get(r.store, "besu", "head", &b), C138_OK);
    CU_ASSERT_EQUAL(b.length, 3);
    CU_ASSERT_EQUAL(memcmp(b.data, "a\0b", 3), 0);
    CU_ASSERT_EQUAL(store_kv_get(r.store, "other", "head", &b), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "besu", "head", NULL, 0, MANY, &err), C138_OK);
    CU_ASSERT_EQUAL(store_kv_get(r.store, "besu", "head", &b), C138_OK);
    CU_ASSERT_EQUAL(b.length, 0);
    rig_close(&r);
    CU_ASSERT_EQUAL(rig_open(&r, &err), C138_OK);
    CU_ASSERT_EQUAL(store_kv_get(r.store, "besu", "head", &b), C138_OK);
    CU_ASSERT_EQUAL(store_kv_remove(r.store, "besu", "head"), C138_OK);
    CU_ASSERT_EQUAL(store_kv_remove(r.store, "besu", "head"), C138_E_NOTFOUND);
    rig_down(&r);
}

static void bounds(void) {
    struct rig r;
    struct c138_err err = {0};
    static char value[(1 << 20) + 1];
    char key[257];
    memset(key, 'k', 256);
    key[256] = '\0';
    rig_up(&r);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "p", "", "x", 1, MANY, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "p", key, "x", 1, MANY, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "p", key + 1, "x", 1, MANY, &err), C138_OK);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "p", "\xff", "x", 1, MANY, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "p", "a", value, sizeof(value), MANY, &err),
                    C138_E_LIMIT);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "q", "a", value, 99, 100, &err), C138_OK);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "q", "a", value, 98, 100, &err), C138_OK);
    CU_ASSERT_EQUAL(store_kv_put(r.store, "q", "b", value, 1, 100, &err), C138_E_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "kv_max"));
    CU_ASSERT_EQUAL(store_kv_put(r.store, "other", "b", value, 1, 100, &err), C138_OK);
    rig_down(&r);
}

static void list(void) {
    static const char *const keys[] = {"a.2", "b", "a.1", "a%", "A.1"};
    struct rig r;
    struct c138_err err = {0};
    rig_up(&r);
    for (size_t i = 0; i < C138_COUNT(keys); i++)
        CU_ASSERT_EQUAL(store_kv_put(r.store, "p", keys[i], "x", 1, MANY, &err), C138_OK);
    C138_JSON struct c138_json *some = store_kv_list(r.store, "p", "a.");
    C138_FREE char *text = c138_json_dump(some);
    CU_ASSERT_STRING_EQUAL(text, "[\"a.1\",\"a.2\"]");
    C138_JSON struct c138_json *all = store_kv_list(r.store, "p", "");
    CU_ASSERT_EQUAL(c138_json_count(all), 5);
    C138_JSON struct c138_json *none = store_kv_list(r.store, "q", "");
    CU_ASSERT_EQUAL(c138_json_count(none), 0);
    rig_down(&r);
}

const CU_TestInfo tests_kv[] = {
    {"put, get, remove", put_get_remove}, {"bounds", bounds}, {"list", list}, CU_TEST_INFO_NULL};
