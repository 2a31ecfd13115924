#include "unit.h"

#include <base/mem.h>
#include <loader/catalog.h>
#include <string.h>

static struct decl_plugin *plugin(const char *name, const char *version, const char *action) {
    C138_FREE char *text = c138_xasprintf(
        "{\"name\":\"%s\",\"version\":\"%s\",\"summary\":\"s\",\"license\":\"MIT\",\"abi\":[1,0],"
        "\"flags\":[],\"settings\":[],\"actions\":[{\"name\":\"%s\",\"summary\":\"s\",\"effect\":"
        "\"read\",\"role\":\"viewer\",\"timeout_ns\":1000000000,\"params\":[],\"results\":[]}],"
        "\"events\":[],\"subscribes\":[],\"metrics\":[]}",
        name, version, action);
    C138_JSON struct c138_json *doc = NULL;
    struct decl_plugin *p = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &doc, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(decl_plugin_new(doc, &p, NULL), C138_OK);
    return p;
}

static void test_catalog(void) {
    struct catalog *c = catalog_new();
    CU_ASSERT_EQUAL(catalog_count(c), 0);
    CU_ASSERT_PTR_NULL(catalog_plugin(c, "besu"));
    CU_ASSERT_PTR_NULL(catalog_action(c, "besu.sync"));
    catalog_put(c, plugin("keys", "1", "list"));
    catalog_put(c, plugin("besu", "1", "sync"));
    catalog_put(c, plugin("be", "1", "sync"));
    CU_ASSERT_EQUAL(catalog_count(c), 3);
    CU_ASSERT_STRING_EQUAL(catalog_at(c, 0)->name, "be");
    CU_ASSERT_STRING_EQUAL(catalog_at(c, 1)->name, "besu");
    CU_ASSERT_STRING_EQUAL(catalog_at(c, 2)->name, "keys");
    CU_ASSERT_PTR_NULL(catalog_at(c, 3));
    const struct decl_action *a = catalog_action(c, "besu.sync");
    CU_ASSERT_FATAL(a != NULL);
    CU_ASSERT_PTR_NULL(catalog_action(c, "besu.list"));
    CU_ASSERT_PTR_NULL(catalog_action(c, "besu"));
    CU_ASSERT_PTR_NULL(catalog_action(c, "bes.sync"));
    CU_ASSERT_STRING_EQUAL(catalog_nearest(c, "besu.snyc"), "besu.sync");
    CU_ASSERT_PTR_NULL(catalog_nearest(c, "something.else"));
    /* Replaced and removed: what jobs hold stays readable. */
    catalog_put(c, plugin("besu", "2", "peers"));
    CU_ASSERT_EQUAL(catalog_count(c), 3);
    CU_ASSERT_STRING_EQUAL(a->full_name, "besu.sync");
    CU_ASSERT_PTR_NULL(catalog_action(c, "besu.sync"));
    catalog_remove(c, "besu");
    catalog_remove(c, "besu");
    CU_ASSERT_EQUAL(catalog_count(c), 2);
    CU_ASSERT_STRING_EQUAL(a->full_name, "besu.sync");
    CU_ASSERT_PTR_NULL(catalog_free(c));
    CU_ASSERT_PTR_NULL(catalog_free(NULL));
}

const CU_TestInfo tests_catalog[] = {{"catalog", test_catalog}, CU_TEST_INFO_NULL};
