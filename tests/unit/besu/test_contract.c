#include "../unit.h"
#include <plugins/besu/contract.h>

#include <base/mem.h>
#include <stdio.h>
#include <string.h>

/* Contracts are enforced to 25.5, and never again. */
static void test_versions(void) {
    static const struct {
        const char *version;
        int enforces;
    } rows[] = {{"besu/v25.5.0/linux-x86_64/openjdk-java-25", 1},
                {"besu/v24.12.2/linux-x86_64/openjdk-java-21", 1},
                {"besu/v1.5.3/x", 1},
                {"besu/v25.6.0/linux-x86_64/openjdk-java-21", 0},
                {"besu/v26.8.0/linux-x86_64/openjdk-java-25", 0},
                {"besu/v25.10.0/linux-x86_64/openjdk-java-21", 0},
                {"anvil/v1.7.1", 0},
                {"besu/v", 0},
                {"", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CU_ASSERT_EQUAL(besu_version_enforces(rows[i].version), rows[i].enforces);
}

static void send_is(enum besu_list_kind kind, int allow, const char *item, const char *expected) {
    struct besu_contract c = {.kind = kind, .rules = "0x00000000000000000000000000000000000000A1"};
    C138_FREE char *params = besu_contract_send(&c, "admin", allow, item);
    if (strcmp(params, expected) != 0)
        printf("%s\n", params);
    CU_ASSERT_STRING_EQUAL(params, expected);
}

static void test_send(void) {
    send_is(BESU_LIST_ACCOUNTS, 1, "0xfe3b557e8fb62b89f4916b721be55ceb828dbd73",
            "{\"key\":\"admin\",\"to\":\"0x00000000000000000000000000000000000000A1\","
            "\"function\":\"addAccount(address)\","
            "\"args\":[\"0xFE3B557E8Fb62b89F4916B721be55cEb828dBd73\"]}");
    C138_FREE char *id = c138_xmalloc(129);
    memset(id, 'a', 128);
    id[128] = '\0';
    C138_FREE char *enode = c138_xasprintf("enode://%s@[::1]:30303", id);
    C138_FREE char *expected =
        c138_xasprintf("{\"key\":\"admin\",\"to\":\"0x00000000000000000000000000000000000000A1\","
                       "\"function\":\"removeEnode(string,string,uint16)\","
                       "\"args\":[\"%s\",\"[::1]\",\"30303\"]}",
                       id);
    send_is(BESU_LIST_NODES, 0, enode, expected);
}

const CU_TestInfo tests_contract[] = {{"which versions enforce contracts", test_versions},
                                      {"the transaction that changes one", test_send},
                                      CU_TEST_INFO_NULL};
