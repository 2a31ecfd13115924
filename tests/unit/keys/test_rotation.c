#include "../unit.h"
#include "rig.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>
#include <plugins/keys/rotation.h>

#include <stdio.h>
#include <string.h>

static int64_t now(const c138_host *host, int32_t clock) {
    (void)host;
    (void)clock;
    return INT64_C(1700000000) * C138_NS_PER_S;
}

static c138_host host_of(const struct folder *f) {
    return (c138_host){.struct_size = sizeof(c138_host), .state_dir = f->path, .now_ns = now};
}

static struct c138_json *two_steps(void) {
    struct c138_json *steps = NULL;
    static const char text[] = "[{\"name\":\"grant\"},{\"name\":\"revoke\"}]";
    CU_ASSERT_EQUAL(c138_json_parse(text, strlen(text), &steps, NULL), C138_OK);
    return steps;
}

static const struct rotation_of one = {"role", "a", "b", "0xc", "0xd"};

static void written_and_found(void) {
    struct folder f = folder_new();
    const c138_host host = host_of(&f);
    struct c138_err err = {0};
    C138_JSON struct c138_json *steps = two_steps(), *none = rotation_find(&host, &one);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_EQUAL(rotation_count_open(&host), 0);
    C138_JSON struct c138_json *j =
        rotation_new(&host, "01ARZ3NDEKTSV4RRFFQ69G5FAV", &one, 0, steps);
    rotation_step(j, "grant", "begun");
    CU_ASSERT_EQUAL_FATAL(rotation_save(&host, j, &err), C138_OK);
    C138_JSON struct c138_json *found = rotation_find(&host, &one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(found, "steps.0.state"), ""), "begun");
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(found, "steps.1.state"), ""), "open");
    CU_ASSERT(rotation_open(found));
    CU_ASSERT_EQUAL(rotation_count_open(&host), 1);
    /* another of the same, later: the newest counts */
    C138_JSON struct c138_json *later =
        rotation_new(&host, "01BX5ZZKBKACTAV9WEVGEMMVRZ", &one, 1, steps);
    c138_json_set_str(later, "state", "done");
    CU_ASSERT_EQUAL(rotation_save(&host, later, &err), C138_OK);
    C138_JSON struct c138_json *newest = rotation_find(&host, &one);
    CU_ASSERT_FALSE(rotation_open(newest));
    CU_ASSERT(c138_json_get_bool(newest, "back", 0));
    /* of another role: not this one */
    C138_JSON struct c138_json *other =
        rotation_find(&host, &(struct rotation_of){"role", "a", "b", "0xc", "0xe"});
    CU_ASSERT_PTR_NULL(other);
    CU_ASSERT_EQUAL(rotation_count_open(&host), 1);
    folder_free(&f);
}

/* What lies there and is none is left out. */
static void strange_files(void) {
    struct folder f = folder_new();
    const c138_host host = host_of(&f);
    struct c138_err err = {0};
    C138_JSON struct c138_json *steps = two_steps();
    C138_JSON struct c138_json *j =
        rotation_new(&host, "01ARZ3NDEKTSV4RRFFQ69G5FAV", &one, 0, steps);
    CU_ASSERT_EQUAL(rotation_save(&host, j, &err), C138_OK);
    static const char *const names[] = {"rotations/01BX5ZZKBKACTAV9WEVGEMMVRZ.json",
                                        "rotations/x.json",
                                        "rotations/01BX5ZZKBKACTAV9WEVGEMMVRZ.json.new"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = folder_file(&f, names[i]);
        CU_ASSERT_EQUAL(c138_file_write(path, 0600, "{", 1, NULL), C138_OK);
    }
    C138_JSON struct c138_json *all = rotation_all(&host);
    CU_ASSERT_EQUAL(c138_json_count(all), 1);
    folder_free(&f);
}

const CU_TestInfo tests_rotation[] = {
    {"written and found", written_and_found}, {"strange files", strange_files}, CU_TEST_INFO_NULL};
