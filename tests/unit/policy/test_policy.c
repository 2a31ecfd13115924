#include "../unit.h"

#include <base/mem.h>
#include <base/when.h>
#include <policy/policy_internal.h>
#include <schema/decl.h>

#include <stdio.h>
#include <string.h>

/* 1: alice, in ops and night; 2: bob, in none; 3: nobody that the system knows. */
static void user(uid_t uid, char *ret_name, size_t size) {
    static const char *const names[] = {"root", "alice", "bob"};
    if (uid < C138_COUNT(names))
        (void)snprintf(ret_name, size, "%s", names[uid]);
    else
        (void)snprintf(ret_name, size, "#%u", (unsigned)uid);
}

static size_t groups(uid_t uid, gid_t gid, char (*ret_names)[64], size_t max) {
    (void)gid;
    (void)max;
    if (uid != 1)
        return 0;
    (void)snprintf(ret_names[0], 64, "ops");
    (void)snprintf(ret_names[1], 64, "night");
    return 2;
}

static struct policy *policy_of(const char *text, struct c138_err *err) {
    static const struct policy_lookup lookup = {user, groups};
    C138_JSON struct c138_json *section = NULL;
    struct policy *p = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &section, NULL), C138_OK);
    if (policy_new(section, "host", &p, err) < 0)
        return NULL;
    policy_set_lookup(p, &lookup);
    return p;
}

static uint32_t role_of(const struct policy *p, uid_t uid, char *ret_name) {
    struct principal who = {.role = 99};
    CU_ASSERT_EQUAL(policy_peer(p, uid, uid, &who), C138_OK);
    if (ret_name)
        memcpy(ret_name, who.name, sizeof(who.name));
    return who.role;
}

static void users_and_groups(void) {
    struct c138_err err = {0};
    char name[POLICY_PRINCIPAL_MAX];
    struct policy *p = policy_of("{\"viewers\":[\"user:bob\",\"group:night\"],"
                                 "\"operators\":[\"group:ops\"],\"custodians\":[\"user:carol\"]}",
                                 &err);
    CU_ASSERT_EQUAL(role_of(p, 0, name), C138_ROLE_CUSTODIAN);
    CU_ASSERT_STRING_EQUAL(name, "unix:root@host");
    CU_ASSERT_EQUAL(role_of(p, 1, name), C138_ROLE_OPERATOR); /* the highest that matches */
    CU_ASSERT_STRING_EQUAL(name, "unix:alice@host");
    CU_ASSERT_EQUAL(role_of(p, 2, NULL), C138_ROLE_VIEWER);
    CU_ASSERT_EQUAL(role_of(p, 3, name), 0);
    CU_ASSERT_STRING_EQUAL(name, "unix:#3@host");
    policy_free(p);
    /* A group's name is no user's, and the other way round. */
    p = policy_of("{\"root\":\"none\",\"custodians\":[\"group:alice\",\"user:ops\",\"group:bob\"]}",
                  &err);
    for (uid_t uid = 0; uid < 4; uid++)
        CU_ASSERT_EQUAL(role_of(p, uid, NULL), 0);
    policy_free(p);
    CU_ASSERT_EQUAL_FATAL(policy_new(NULL, "host", &p, &err), C138_OK); /* no section at all */
    CU_ASSERT_EQUAL(role_of(p, 0, NULL), C138_ROLE_CUSTODIAN);
    policy_free(p);
}

static void the_system_s_own_users(void) {
    struct c138_err err = {0};
    struct policy *p = NULL;
    struct principal who;
    CU_ASSERT_EQUAL_FATAL(policy_new(NULL, "host", &p, &err), C138_OK);
    CU_ASSERT_EQUAL(policy_peer(p, 0, 0, &who), C138_OK);
    CU_ASSERT_STRING_EQUAL(who.name, "unix:root@host");
    CU_ASSERT_EQUAL(policy_peer(p, 987654321, 987654321, &who), C138_OK);
    CU_ASSERT_STRING_EQUAL(who.name, "unix:#987654321@host");
    CU_ASSERT_EQUAL(who.role, 0);
    policy_free(p);
}

/* Text that stands in the section, and what the error must say. */
static void what_is_wrong_is_named(void) {
    static const char *const bad[][2] = {
        {"{\"operators\":[\"alice\"]}", "operators: \"alice\""},
        {"{\"viewers\":[\"user:\"]}", "viewers: \"user:\""},
        {"{\"custodians\":[\"group:0123456789012345678901234567890123456789012345678901234567890123"
         "456789\"]}",
         "custodians"},
        {"{\"principals\":[{\"name\":\"n\",\"role\":\"god\"}]}", "god"},
        {"{\"principals\":[{\"name\":\"\",\"role\":\"viewer\"}]}", "principals"},
        {"{\"approval_ttl\":\"soon\"}", "approval_ttl"},
        {"{\"approval_ttl\":\"0s\"}", "approval_ttl"},
    };
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        struct c138_err err = {0};
        CU_ASSERT_PTR_NULL(policy_of(bad[i][0], &err));
        CU_ASSERT_EQUAL(err.status, C138_E_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i][1]));
    }
}

static void every_role_and_every_need(void) {
    for (uint32_t has = 0; has <= C138_ROLE_CUSTODIAN; has++)
        for (uint32_t need = C138_ROLE_VIEWER; need <= C138_ROLE_CUSTODIAN; need++) {
            struct principal who = {.name = "unix:x@host", .role = has};
            struct c138_err err = {0};
            c138_status status = policy_check(&who, need, "t.act", &err);
            CU_ASSERT_EQUAL(status, has >= need ? C138_OK : C138_E_DENIED);
            if (status >= 0)
                continue;
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "unix:x@host"));
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "t.act"));
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, decl_role_name(need)));
        }
}

static void who_may_approve(void) {
    static const struct principal alice = {"unix:alice@host", C138_ROLE_CUSTODIAN},
                                  olga = {"unix:olga@host", C138_ROLE_OPERATOR};
    struct c138_err err = {0};
    struct policy *strict = policy_of("{}", &err),
                  *alone = policy_of("{\"self_approval\":true,\"approval_ttl\":\"90s\"}", &err);
    CU_ASSERT_EQUAL(policy_may_approve(strict, &alice, "unix:bob@host", &err), C138_OK);
    CU_ASSERT_EQUAL(policy_may_approve(strict, &alice, "unix:alice@host", &err), C138_E_DENIED);
    CU_ASSERT_STRING_EQUAL(err.key, "policy.self-approval");
    CU_ASSERT_EQUAL(policy_may_approve(strict, &olga, "unix:bob@host", &err), C138_E_DENIED);
    CU_ASSERT_EQUAL(policy_may_approve(alone, &alice, "unix:alice@host", &err), C138_OK);
    CU_ASSERT_EQUAL(policy_may_approve(alone, &olga, "unix:olga@host", &err), C138_E_DENIED);
    CU_ASSERT_EQUAL(policy_approval_ttl_ns(strict), 3600 * C138_NS_PER_S);
    CU_ASSERT_EQUAL(policy_approval_ttl_ns(alone), 90 * C138_NS_PER_S);
    policy_free(strict);
    policy_free(alone);
}

static void principals_of_rules(void) {
    struct c138_err err = {0};
    struct principal who = {0};
    struct policy *p =
        policy_of("{\"principals\":[{\"name\":\"nightly\",\"role\":\"operator\"}]}", &err);
    CU_ASSERT_EQUAL(policy_named(p, "schedule", "backup", "nightly", &who, &err), C138_OK);
    CU_ASSERT_STRING_EQUAL(who.name, "schedule:backup@host as nightly");
    CU_ASSERT_EQUAL(who.role, C138_ROLE_OPERATOR);
    CU_ASSERT_EQUAL(policy_named(p, "trigger", "t", "nigthly", &who, &err), C138_E_NOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "did you mean nightly"));
    CU_ASSERT_EQUAL(policy_named(p, "trigger", "t", NULL, &who, &err), C138_E_NOTFOUND);
    policy_free(p);
}

const CU_TestInfo tests_policy[] = {{"users and groups", users_and_groups},
                                    {"the system's own users", the_system_s_own_users},
                                    {"what is wrong is named", what_is_wrong_is_named},
                                    {"every role and every need", every_role_and_every_need},
                                    {"who may approve", who_may_approve},
                                    {"principals of rules", principals_of_rules},
                                    CU_TEST_INFO_NULL};
