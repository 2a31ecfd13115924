#include "../unit.h"
#include "recorded.h"
#include <plugins/besu/allowlist.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID                                                                                         \
    "26fdadb6db11763cb2bee93d0d5286a719c03a4c933e1a577d121a96cf12ca78"                             \
    "697f1bfd7ea96b1df441c8e70097160b40c53954eada6f1442f843db9009ae21"

static void item_is(enum besu_list_kind kind, const char *text, const char *expected) {
    C138_FREE char *item = NULL;
    c138_status status = besu_list_item(kind, text, &item);
    CU_ASSERT_EQUAL(status, expected ? C138_OK : C138_E_INVALID);
    if (expected && item)
        CU_ASSERT_STRING_EQUAL(item, expected);
}

static void test_items(void) {
    item_is(BESU_LIST_ACCOUNTS, "0xFE3B557E8Fb62b89F4916B721be55cEb828dBd73",
            "0xfe3b557e8fb62b89f4916b721be55ceb828dbd73");
    item_is(BESU_LIST_ACCOUNTS, "0x12", NULL);
    item_is(BESU_LIST_ACCOUNTS, "0xFE3B557E8Fb62b89F4916B721be55cEb828dBd7g", NULL);
    item_is(BESU_LIST_ACCOUNTS, "", NULL);
    item_is(BESU_LIST_NODES, "enode://" ID "@127.0.0.1:30415?discport=0",
            "enode://" ID "@127.0.0.1:30415");
    item_is(BESU_LIST_NODES, "enode://" ID "@[::1]:30415", "enode://" ID "@[::1]:30415");
    item_is(BESU_LIST_NODES, "enode://" ID "@host", NULL);
    item_is(BESU_LIST_NODES, "enode://" ID "@:30303", NULL);
    item_is(BESU_LIST_NODES, "enode://" ID "@host:", NULL);
    item_is(BESU_LIST_NODES, "enode://" ID "@host:30x", NULL);
    item_is(BESU_LIST_NODES, "enode://" ID "@ho st:1", NULL);
    item_is(BESU_LIST_NODES, "enode://" ID, NULL);
    item_is(BESU_LIST_NODES, "enode://zz@1.2.3.4:30303", NULL);
    item_is(BESU_LIST_NODES, "hello", NULL);
}

/* What the file holds is what the node answers; as Besu rewrote it, in both versions. */
static void test_recorded_file(void) {
    for (const char *const *v = recorded_versions; *v; v++) {
        C138_JSON struct c138_json *file = recorded_json(*v, "perm_file.json");
        const struct c138_json *lines = c138_json_path(file, "0.response");
        C138_FREE char *text =
            c138_xasprintf("%s\n%s\n", c138_json_as_str(c138_json_at(lines, 0), ""),
                           c138_json_as_str(c138_json_at(lines, 1), ""));
        for (int kind = 0; kind < BESU_LISTS; kind++) {
            C138_JSON struct c138_json *entries = recorded_json(
                *v, kind ? "perm_getNodesAllowlist.json" : "perm_getAccountsAllowlist.json");
            struct besu_list on_disk = {0}, told = {0};
            struct c138_err err = {0};
            CU_ASSERT_EQUAL(besu_list_from_toml(kind, text, strlen(text), &on_disk, &err), C138_OK);
            CU_ASSERT_EQUAL(
                besu_list_from_json(kind, recorded_result(entries, kind ? "normal" : "after add"),
                                    &told, &err),
                C138_OK);
            CU_ASSERT_EQUAL(told.count, kind ? 5 : 3);
            CU_ASSERT(besu_list_equal(&on_disk, &told));
            besu_list_deinit(&on_disk);
            besu_list_deinit(&told);
        }
    }
}

static c138_status toml(const char *text, struct besu_list *ret) {
    struct c138_err err = {0};
    return besu_list_from_toml(BESU_LIST_ACCOUNTS, text, strlen(text), ret, &err);
}

/* As people write it. */
static void test_toml(void) {
    struct besu_list list = {0};
    CU_ASSERT_EQUAL(toml("# accounts-allowlist=[\"0x12\"]\nnodes-allowlist=[]\n"
                         "accounts-allowlist = [ # ours\n"
                         "  \"0xFE3B557E8Fb62b89F4916B721be55cEb828dBd73\", # the first ]\n"
                         "  '0x627306090abaB3A6e1400e9345bC60c78a8BEf57',\n"
                         "  \"0xfe3b557e8fb62b89f4916b721be55ceb828dbd73\",\n]\n",
                         &list),
                    C138_OK);
    CU_ASSERT_EQUAL(list.count, 2); /* one of them twice */
    CU_ASSERT(besu_list_has(&list, "0x627306090abab3a6e1400e9345bc60c78a8bef57"));
    besu_list_deinit(&list);
    CU_ASSERT_EQUAL(toml("accounts-allowlist=[]", &list), C138_OK);
    CU_ASSERT_EQUAL(list.count, 0);
    CU_ASSERT_EQUAL(toml("accounts-allowlists=[]", &list), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(toml("", &list), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(toml("accounts-allowlist=", &list), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(toml("accounts-allowlist=[", &list), C138_E_INVALID);
    CU_ASSERT_EQUAL(toml("accounts-allowlist=[\"0x12\"]", &list), C138_E_INVALID);
    CU_ASSERT_EQUAL(toml("accounts-allowlist=[\"0x", &list), C138_E_INVALID);
    CU_ASSERT_EQUAL(toml("accounts-allowlist=[1]", &list), C138_E_INVALID);
}

static void test_bound(void) {
    C138_JSON struct c138_json *many = c138_json_new_array();
    struct besu_list list = {0};
    struct c138_err err = {0};
    char account[43];
    for (int i = 0; i <= BESU_LIST_MAX; i++) {
        snprintf(account, sizeof(account), "0x%040x", i);
        c138_json_append(many, c138_json_new_str(account));
    }
    CU_ASSERT_EQUAL(besu_list_from_json(BESU_LIST_ACCOUNTS, many, &list, &err), C138_E_LIMIT);
    CU_ASSERT_PTR_NULL(list.items);
    CU_ASSERT_EQUAL(besu_list_from_json(BESU_LIST_ACCOUNTS, NULL, &list, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(besu_list_from_static("[\"hello\"]", 9, &list, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(besu_list_from_static("[", 1, &list, &err), C138_E_INVALID);
}

static void test_union(void) {
    char *a[] = {"0xa", "0xc"}, *b[] = {"0xb", "0xc"};
    struct besu_list one = {a, 2}, other = {b, 2}, all = {0};
    const struct besu_list *lists[] = {&one, &other};
    besu_list_union(lists, 2, &all);
    CU_ASSERT_EQUAL(all.count, 3);
    CU_ASSERT_STRING_EQUAL(all.items[1], "0xb");
    CU_ASSERT(!besu_list_equal(&one, &other) && !besu_list_equal(&one, &all));
    besu_list_deinit(&all);
    besu_list_union(NULL, 0, &all);
    CU_ASSERT_EQUAL(all.count, 0);
    CU_ASSERT(!besu_list_has(&all, "0xa"));
}

const CU_TestInfo tests_allowlist[] = {{"accounts and enodes in one form", test_items},
                                       {"the recorded permissions file", test_recorded_file},
                                       {"permissions files of people", test_toml},
                                       {"bounds of lists", test_bound},
                                       {"everything on any list", test_union},
                                       CU_TEST_INFO_NULL};
