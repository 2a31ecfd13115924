#include "../unit.h"
#include <plugins/stack/versions.h>
#include <string.h>

static void reading(void) {
    static const struct {
        const char *text;
        besu_version v;
    } all[] = {
        {"25.5.0", BESU_VERSION(25, 5, 0)},
        {"besu/v26.8.0/linux-x86_64/openjdk-java-25", BESU_VERSION(26, 8, 0)},
        {"hyperledger/besu:25.5.0", BESU_VERSION(25, 5, 0)},
        {"localhost:5000/besu:24.12.2-openj9", BESU_VERSION(24, 12, 2)},
        {"hyperledger/besu:26.8", BESU_VERSION(26, 8, 0)},
        {"hyperledger/besu:latest", 0},
        {"hyperledger/besu@sha256:25f5", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        CU_ASSERT_EQUAL(besu_version_read(all[i].text), all[i].v);
    CU_ASSERT_EQUAL(besu_version_read(NULL), 0);
    CU_ASSERT(BESU_VERSION(25, 12, 0) < BESU_VERSION(26, 1, 0));
    char text[BESU_VERSION_TEXT];
    besu_version_write(BESU_VERSION(25, 6, 0), text);
    CU_ASSERT_STRING_EQUAL(text, "25.6.0");
}

static c138_status toml(struct options *o, const char *text, struct c138_err *err) {
    return options_read_toml(o, text, strlen(text), "config.toml", err);
}

static void files(void) {
    OPTIONS o = {0};
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(toml(&o,
                         "# a comment = no\n"
                         "data-path=\"/data\" # behind it\n"
                         "  rpc-http-api = [\"ETH\", # more\n  \"PRIV\"]\n\n"
                         "[table]\n"
                         "\"max-peers\" = 25\n"
                         "text = \"a # no comment\"",
                         &err),
                    C138_OK);
    CU_ASSERT_EQUAL(o.count, 4);
    CU_ASSERT_STRING_EQUAL(options_get(&o, "data-path"), "/data");
    CU_ASSERT_PTR_NOT_NULL(strstr(options_get(&o, "rpc-http-api"), "PRIV"));
    CU_ASSERT_STRING_EQUAL(options_get(&o, "max-peers"), "25");
    CU_ASSERT_STRING_EQUAL(options_get(&o, "text"), "a # no comment");
    CU_ASSERT_PTR_NULL(options_get(&o, "nothing"));
    CU_ASSERT_EQUAL(toml(&o, "a=1\n\nno value\n", &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 3"));
}

static void command_lines_and_environments(void) {
    OPTIONS o = {0};
    C138_JSON struct c138_json *args = c138_json_new_array(), *env = c138_json_new_array();
    static const char *const words[] = {"--a=b", "--privacy-enabled", "--c", "d", "e"};
    for (size_t i = 0; i < 5; i++)
        c138_json_append(args, c138_json_new_str(words[i]));
    c138_json_append(env, c138_json_new_str("BESU_RPC_HTTP_API=ETH"));
    c138_json_append(env, c138_json_new_str("BESU_XBFT_LEGACY_PROTOCOL_ENCODING=true"));
    c138_json_append(env, c138_json_new_str("PATH=/bin"));
    options_read_args(&o, args);
    options_read_env(&o, env);
    CU_ASSERT_EQUAL(o.count, 5);
    CU_ASSERT_STRING_EQUAL(options_get(&o, "a"), "b");
    CU_ASSERT_STRING_EQUAL(options_get(&o, "privacy-enabled"), "");
    CU_ASSERT_STRING_EQUAL(options_get(&o, "c"), "d");
    CU_ASSERT_STRING_EQUAL(options_get(&o, "rpc-http-api"), "ETH");
    CU_ASSERT_STRING_EQUAL(options_get(&o, "Xbft-legacy-protocol-encoding"), "true");
}

static size_t taken(const char *config, besu_version from, besu_version to, struct c138_buf *out) {
    OPTIONS o = {0};
    c138_buf_reset(out);
    CU_ASSERT_EQUAL(toml(&o, config, NULL), C138_OK);
    return versions_taken(&o, from, to, out);
}

static void what_went(void) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    const besu_version v5 = BESU_VERSION(25, 5, 0), v6 = BESU_VERSION(25, 6, 0),
                       v7 = BESU_VERSION(25, 7, 0), v8 = BESU_VERSION(26, 8, 0);
    CU_ASSERT_EQUAL(taken("privacy-url=\"http://x\"\n", v5, v6, &out), 1);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out),
                           "privacy-url in config.toml: private transactions with Tessera is gone "
                           "since 25.6.0: stay on 25.5.0, or move private state out first");
    CU_ASSERT_EQUAL(taken("privacy-url=\"x\"\n", v6, v8, &out), 0); /* it cannot be used there */
    CU_ASSERT_EQUAL(taken("privacy-url=\"x\"\n", BESU_VERSION(25, 4, 0), v5, &out), 0);
    CU_ASSERT_EQUAL(taken("permissions-nodes-contract-enabled=true\n", v5, v8, &out), 1);
    CU_ASSERT_EQUAL(taken("rpc-http-api=[\"ETH\",\"PRIV\",\"EEA\"]\n", v5, v7, &out), 2);
    CU_ASSERT_EQUAL(taken("rpc-http-api=[\"ETH\",\"PRIV\"]\n", v5, v6, &out), 0);
    CU_ASSERT_EQUAL(taken("rpc-http-api=[\"PRIVATE\"]\n", v5, v8, &out), 0); /* another word */
    CU_ASSERT_EQUAL(taken("sync-mode=\"FAST\"\nminer-enabled=true\n", v5, v8, &out), 2);
    CU_ASSERT_EQUAL(taken("rpc-http-enabled=true\n", v5, v8, &out), 0);
    CU_ASSERT_TRUE(versions_take(v5, v6));
    CU_ASSERT_FALSE(versions_take(v7, BESU_VERSION(26, 7, 0)));
}

const CU_TestInfo tests_versions[] = {
    {"reading", reading},
    {"files", files},
    {"command lines and environments", command_lines_and_environments},
    {"what went", what_went},
    CU_TEST_INFO_NULL};
