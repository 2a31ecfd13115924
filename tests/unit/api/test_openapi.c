#include "fake.h"
#include "tests.h"

#include <base/mem.h>
#include <string.h>

static void test_document(void) {
    struct fake *f = fake_new();
    C138_JSON struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(fake_json(f, "GET", "/v1/openapi.json", NULL, &v), 200);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(v, "openapi", ""), "3.1.0");
    const struct c138_json *paths = c138_json_get(v, "paths");
    const struct c138_json *echo =
        c138_json_get(c138_json_get(paths, "/v1/actions/t.echo"), "post");
    CU_ASSERT(echo != NULL);
    const struct c138_json *schema = c138_json_path(
        c138_json_get(c138_json_path(echo, "requestBody.content"), "application/json"), "schema");
    CU_ASSERT_EQUAL(c138_json_get_int(c138_json_path(schema, "properties.n"), "maximum", 0), 10);
    CU_ASSERT_EQUAL(c138_json_get_bool(schema, "additionalProperties", 1), 0);
    CU_ASSERT_EQUAL(c138_json_count(c138_json_path(schema, "properties.kind.enum")), 2);
    CU_ASSERT_STRING_EQUAL(
        c138_json_get_str(c138_json_path(schema, "properties.list.items"), "type", ""), "string");
    CU_ASSERT(c138_json_get(paths, "/v1/jobs/{id}") != NULL);
    fake_free(f);
}

static void test_every_type_has_a_schema(void) {
    static struct decl_field *const none[] = {NULL};
    static const char *const no_choices[] = {NULL};
    for (uint32_t type = C138_T_BOOL; type <= C138_T_OBJECT; type++) {
        const struct decl_field field = {
            .name = "x", .summary = "x", .type = type, .fields = none, .choices = no_choices};
        C138_JSON struct c138_json *schema = openapi_schema(&field);
        CU_ASSERT(c138_json_get(schema, "type") != NULL);
    }
}

const CU_TestInfo tests_openapi[] = {
    {"document", test_document},
    {"every type has a schema", test_every_type_has_a_schema},
    CU_TEST_INFO_NULL,
};
