#include "../unit.h"
#include <schema/validate.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct decl_field *const no_fields[] = {NULL};
static const char *const no_choices[] = {NULL};
static const char *const colours[] = {"red", "green", NULL};

static struct decl_field plain(uint32_t type) {
    return (struct decl_field){.name = "p",
                               .summary = "",
                               .type = type,
                               .choices = type == C138_T_ENUM ? colours : no_choices,
                               .fields = no_fields};
}

#define KEY128                                                                                     \
    "8318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e"   \
    "31016afac23e630c5d11f59f61fef57b0d2aa5"
#define HASH64 "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

/* Each type: a text, and its canonical JSON; NULL: refused. */
static const struct {
    uint32_t type;
    const char *text, *json;
} cases[] = {
    {C138_T_BOOL, "true", "true"},
    {C138_T_BOOL, "yes", "true"},
    {C138_T_BOOL, "on", "true"},
    {C138_T_BOOL, "1", "true"},
    {C138_T_BOOL, "false", "false"},
    {C138_T_BOOL, "no", "false"},
    {C138_T_BOOL, "off", "false"},
    {C138_T_BOOL, "0", "false"},
    {C138_T_BOOL, "True", NULL},
    {C138_T_BOOL, "", NULL},
    {C138_T_INT, "-5", "-5"},
    {C138_T_INT, "9223372036854775808", NULL},
    {C138_T_INT, "5.0", NULL},
    {C138_T_UINT, "18446744073709551615", "18446744073709551615"},
    {C138_T_UINT, "-1", NULL},
    {C138_T_UINT, "1e3", NULL},
    {C138_T_DECIMAL, "12.50", "\"12.50\""},
    {C138_T_DECIMAL, "-0.1", "\"-0.1\""},
    {C138_T_DECIMAL, "7", "\"7\""},
    {C138_T_DECIMAL, "007", NULL},
    {C138_T_DECIMAL, "1.", NULL},
    {C138_T_DECIMAL, ".5", NULL},
    {C138_T_DECIMAL, "1e3", NULL},
    {C138_T_STRING, "a\tb\n\xc3\xa4", "\"a\\tb\\n\xc3\xa4\""},
    {C138_T_STRING, "", "\"\""},
    {C138_T_STRING, "a\x1b[31m", NULL},
    {C138_T_STRING, "a\x7f", NULL},
    {C138_T_ENUM, "green", "\"green\""},
    {C138_T_ENUM, "Green", NULL},
    {C138_T_DURATION, "90s", "\"1m30s\""},
    {C138_T_DURATION, "1.5h", "\"1h30m\""},
    {C138_T_DURATION, "90", NULL},
    {C138_T_SIZE, "512MiB", "536870912"},
    {C138_T_SIZE, "10GB", "10000000000"},
    {C138_T_SIZE, "7", "7"},
    {C138_T_SIZE, "7 MB", NULL},
    {C138_T_TIME, "2026-11-23T04:00:00+01:00", "\"2026-11-23T03:00:00.000Z\""},
    {C138_T_TIME, "2026-11-23", NULL},
    {C138_T_PATH, "/var/lib/chain138", "\"/var/lib/chain138\""},
    {C138_T_PATH, "var/lib", NULL},
    {C138_T_PATH, "/var/../etc", NULL},
    {C138_T_URL, "http://127.0.0.1:8545", "\"http://127.0.0.1:8545\""},
    {C138_T_URL, "https://rpc.example/a?b=c", "\"https://rpc.example/a?b=c\""},
    {C138_T_URL, "http://[::1]:8545/", "\"http://[::1]:8545/\""},
    {C138_T_URL, "http://[::1]", "\"http://[::1]\""},
    {C138_T_URL, "http://host:99999", NULL},
    {C138_T_URL, "http://host:", NULL},
    {C138_T_URL, "http://[::1", NULL},
    {C138_T_URL, "http://", NULL},
    {C138_T_URL, "http:///x", NULL},
    {C138_T_URL, "http://:80", NULL},
    {C138_T_URL, "file:///etc/passwd", NULL},
    {C138_T_URL, "http://a b", NULL},
    {C138_T_CRON, "15 3 * * mon-fri", "\"15 3 * * mon-fri\""},
    {C138_T_CRON, "61 * * * *", NULL},
    {C138_T_CRON, "* * * *", NULL},
    {C138_T_ADDRESS, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
     "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\""},
    {C138_T_ADDRESS, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", NULL},
    {C138_T_ADDRESS, "abc", NULL},
    {C138_T_HASH32, "0xDDF252AD1BE2C89B69C2B068FC378DAA952BA7F163C4A11628F55A4DF523B3EF",
     "\"0x" HASH64 "\""},
    {C138_T_HASH32, "0xdd", NULL},
    {C138_T_HASH32, HASH64, NULL},
    {C138_T_BYTES, "0xDEADbeef", "\"0xdeadbeef\""},
    {C138_T_BYTES, "0x", "\"0x\""},
    {C138_T_BYTES, "0xabc", NULL},
    {C138_T_BYTES, "0xzz", NULL},
    {C138_T_WEI, "1.5ether", "\"1500000000000000000\""},
    {C138_T_WEI, "0.5", NULL},
    {C138_T_WEI, "-1", NULL},
    {C138_T_ENODE, "enode://" KEY128 "@10.0.0.1:30303", "\"enode://" KEY128 "@10.0.0.1:30303\""},
    {C138_T_ENODE, "enode://" KEY128 "@[::1]:30303?discport=0",
     "\"enode://" KEY128 "@[::1]:30303?discport=0\""},
    {C138_T_ENODE, "enode://" KEY128 "@10.0.0.1", NULL},
    {C138_T_ENODE, "enode://" KEY128 "@10.0.0.1:70000", NULL},
    {C138_T_ENODE, "enode://" KEY128 "@:30303", NULL},
    {C138_T_ENODE, "enode://" KEY128 "@h:1?discport=x", NULL},
    {C138_T_ENODE, "enode://" KEY128 "@h\x01:1", NULL},
    {C138_T_ENODE, "enode://abcd@10.0.0.1:30303", NULL},
    {C138_T_BLOCK, "latest", "\"latest\""},
    {C138_T_BLOCK, "0x10", "\"16\""},
    {C138_T_BLOCK, "16", "\"16\""},
    {C138_T_BLOCK, "newest", NULL},
    {C138_T_BLOCK, "-1", NULL},
    {C138_T_SECRET, "file:/etc/chain138/jwt", "\"file:/etc/chain138/jwt\""},
    {C138_T_SECRET, "cred:jwt", "\"cred:jwt\""},
    {C138_T_SECRET, "env:JWT", "\"env:JWT\""},
    {C138_T_SECRET, "hunter2", NULL},
    {C138_T_SECRET, "file:relative", NULL},
    {C138_T_SECRET, "cred:", NULL},
};

static void test_types(void) {
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        struct decl_field f = plain(cases[i].type);
        C138_JSON struct c138_json *v = NULL, *again = NULL;
        struct c138_err err = {0};
        c138_status status = validate_text(&f, cases[i].text, &v, &err);
        C138_FREE char *dump = c138_json_dump(v);
        if (status != (cases[i].json ? C138_OK : C138_E_INVALID) ||
            (cases[i].json && strcmp(dump, cases[i].json) != 0))
            printf("\n%s \"%s\": %" PRId32 " %s %s\n", decl_type_name(cases[i].type), cases[i].text,
                   status, dump, err.text);
        CU_ASSERT_EQUAL(status, cases[i].json ? C138_OK : C138_E_INVALID);
        if (!cases[i].json) {
            C138_BUF struct c138_buf expected = C138_BUF_NULL;
            validate_expectation(&f, &expected);
            CU_ASSERT_STRING_EQUAL(err.key, "param.invalid");
            CU_ASSERT_EQUAL(strncmp(err.text, "p: ", 3), 0);
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, c138_buf_text(&expected)));
            continue;
        }
        CU_ASSERT_STRING_EQUAL(dump, cases[i].json);
        /* The canonical form is its own canonical form, as text and as JSON. */
        struct decl_field *const one[] = {&f, NULL};
        C138_JSON struct c138_json *object = c138_json_new_object();
        c138_json_set(object, "p", c138_json_ref(v));
        CU_ASSERT_EQUAL(validate_object(one, object, 0, &again, &err), C138_OK);
        C138_FREE char *twice = c138_json_dump(c138_json_get(again, "p"));
        CU_ASSERT_STRING_EQUAL(twice, cases[i].json);
    }
}

/* --- Objects of a plugin's parameters */

static struct decl_field node = {.name = "node",
                                 .summary = "",
                                 .type = C138_T_ADDRESS,
                                 .flags = C138_FIELD_REQUIRED,
                                 .choices = no_choices,
                                 .fields = no_fields},
                         wait_for = {.name = "wait_for",
                                     .summary = "",
                                     .type = C138_T_DURATION,
                                     .default_text = "30s",
                                     .min_text = "1s",
                                     .max_text = "1h",
                                     .choices = no_choices,
                                     .fields = no_fields},
                         number = {.name = "number",
                                   .summary = "",
                                   .type = C138_T_UINT,
                                   .choices = no_choices,
                                   .fields = no_fields},
                         numbers = {.name = "numbers",
                                    .summary = "",
                                    .type = C138_T_LIST,
                                    .max_text = "3",
                                    .choices = no_choices,
                                    .fields = (struct decl_field *const[]){&number, NULL}},
                         password = {.name = "pass_word",
                                     .summary = "",
                                     .type = C138_T_STRING,
                                     .flags = C138_FIELD_SENSITIVE,
                                     .max_text = "10",
                                     .choices = no_choices,
                                     .fields = no_fields},
                         user = {.name = "user",
                                 .summary = "",
                                 .type = C138_T_STRING,
                                 .choices = no_choices,
                                 .fields = no_fields},
                         login = {.name = "login",
                                  .summary = "",
                                  .type = C138_T_OBJECT,
                                  .choices = no_choices,
                                  .fields = (struct decl_field *const[]){&user, &password, NULL}},
                         logins = {.name = "logins",
                                   .summary = "",
                                   .type = C138_T_LIST,
                                   .choices = no_choices,
                                   .fields = (struct decl_field *const[]){&login, NULL}},
                         vault = {.name = "vault",
                                  .summary = "",
                                  .type = C138_T_OBJECT,
                                  .flags = C138_FIELD_SENSITIVE,
                                  .choices = no_choices,
                                  .fields = (struct decl_field *const[]){&number, &user, NULL}},
                         anything = {.name = "anything",
                                     .summary = "",
                                     .type = C138_T_OBJECT,
                                     .choices = no_choices,
                                     .fields = no_fields};
static struct decl_field *const params[] = {&node,   &wait_for, &numbers,  &login,
                                            &logins, &vault,    &anything, NULL};
#define NODE "\"node\":\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\""
#define NODE_CANONICAL "\"node\":\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\""

static c138_status check(const char *json, uint32_t flags, char **ret_dump, struct c138_err *err) {
    C138_JSON struct c138_json *in = NULL, *out = NULL;
    *err = (struct c138_err){0};
    *ret_dump = NULL;
    if (c138_json_parse(json, strlen(json), &in, err) < 0)
        CU_FAIL_FATAL("a test's own JSON");
    c138_status status = validate_object(params, in, flags, &out, err);
    if (status >= 0)
        *ret_dump = c138_json_dump(out);
    return status;
}

static void test_objects(void) {
    static const struct {
        uint32_t flags;
        const char *in, *out;
    } good[] = {
        {0, "{" NODE "}", "{" NODE_CANONICAL ",\"wait_for\":\"30s\"}"},
        {0, "{\"wait_for\":\"90s\"," NODE ",\"numbers\":[1,2]}",
         "{" NODE_CANONICAL ",\"wait_for\":\"1m30s\",\"numbers\":[1,2]}"},
        {0, "{" NODE ",\"wait_for\":null}", "{" NODE_CANONICAL ",\"wait_for\":\"30s\"}"},
        {VALIDATE_PARTIAL, "{}", "{}"},
        {VALIDATE_PARTIAL, "{\"anything\":{\"x\":[null,1.5]}}",
         "{\"anything\":{\"x\":[null,1.5]}}"},
        {VALIDATE_PARTIAL | VALIDATE_FROM_TEXT, "{\"wait-for\":\"2s\"}", "{\"wait_for\":\"2s\"}"},
        {VALIDATE_PARTIAL | VALIDATE_FROM_TEXT, "{\"numbers\":\"1, 2,3\"}",
         "{\"numbers\":[1,2,3]}"},
        {VALIDATE_PARTIAL | VALIDATE_FROM_TEXT, "{\"numbers\":\"[1,\\\"2\\\"]\"}",
         "{\"numbers\":[1,2]}"},
        {VALIDATE_PARTIAL | VALIDATE_FROM_TEXT, "{\"numbers\":[1,\"2\"]}", "{\"numbers\":[1,2]}"},
        {VALIDATE_PARTIAL | VALIDATE_FROM_TEXT, "{\"numbers\":\"\"}", "{\"numbers\":[]}"},
        {VALIDATE_PARTIAL | VALIDATE_FROM_TEXT,
         "{\"login\":\"{\\\"pass-word\\\":\\\"x\\\",\\\"user\\\":\\\"u\\\"}\"}",
         "{\"login\":{\"user\":\"u\",\"pass_word\":\"x\"}}"},
    };
    for (size_t i = 0; i < C138_COUNT(good); i++) {
        struct c138_err err;
        C138_FREE char *dump = NULL;
        if (check(good[i].in, good[i].flags, &dump, &err) < 0)
            printf("\n%s: %s\n", good[i].in, err.text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
        CU_ASSERT_STRING_EQUAL(dump, good[i].out);
    }
}

static void test_refusals(void) {
    static const struct {
        uint32_t flags;
        const char *in, *key, *says;
    } wrong[] = {
        {0, "{}", "param.missing", "node: missing; expected an address"},
        {0, "{\"node\":\"abc\"}", "param.invalid",
         "node: \"abc\" is not right: expected an address, 0x and 40 hex digits (EIP-55), such as "
         "0x5290"},
        {0, "{\"node\":\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD\"}", "param.invalid",
         "EIP-55 checksum is wrong, a digit was mistyped"},
        {0, "{" NODE ",\"wait_fro\":\"1s\"}", "param.unknown",
         "wait_fro: unknown; did you mean wait_for; known here: node, wait_for"},
        {0, "{" NODE ",\"wait-for\":\"1s\"}", "param.unknown", "did you mean wait_for"},
        {0, "{" NODE ",\"wait_for\":\"2h\"}", "param.invalid",
         "wait_for: \"2h\" is not right: it is out of bounds: expected a duration, such as 1h30m, "
         "90s or 250ms (at least 1s, at most 1h)"},
        {0, "{" NODE ",\"numbers\":[1,\"2\"]}", "param.invalid", "numbers.1: \"2\" is not right"},
        {0, "{" NODE ",\"numbers\":[1,-2]}", "param.invalid", "numbers.1: -2 is not right"},
        {0, "{" NODE ",\"numbers\":[1,2,3,4]}", "param.invalid", "length at most 3"},
        {0, "{" NODE ",\"numbers\":\"1,2\"}", "param.invalid", "numbers: \"1,2\" is not right"},
        {0, "{" NODE ",\"login\":{\"usr\":\"x\"}}", "param.unknown", "login.usr: unknown"},
        {0, "{" NODE ",\"login\":[]}", "param.invalid", "login: "},
        {VALIDATE_FROM_TEXT, "{" NODE ",\"wait-for\":\"1s\",\"wait_for\":\"2s\"}", "param.invalid",
         "wait_for: given twice"},
        {VALIDATE_FROM_TEXT, "{" NODE ",\"numbers\":\"[1,\"}", "param.invalid", "it is not JSON"},
    };
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        struct c138_err err;
        C138_FREE char *dump = NULL;
        CU_ASSERT_EQUAL(check(wrong[i].in, wrong[i].flags, &dump, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, wrong[i].key);
        if (!strstr(err.text, wrong[i].says))
            printf("\n%s: %s\n", wrong[i].in, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i].says));
    }
    C138_JSON struct c138_json *list = c138_json_new_array();
    struct c138_json *out = NULL;
    CU_ASSERT_EQUAL(validate_object(params, list, 0, &out, NULL), C138_E_INVALID);
}

/* JSON keeps its types; only text is read as what is meant. */
static void test_json_types(void) {
    static const struct {
        uint32_t type;
        const char *json;
        int plain_ok, text_ok;
    } values[] = {
        {C138_T_BOOL, "true", 1, 1},    {C138_T_BOOL, "1", 0, 1},
        {C138_T_BOOL, "\"yes\"", 0, 1}, {C138_T_INT, "5", 1, 1},
        {C138_T_INT, "\"5\"", 0, 1},    {C138_T_INT, "5.0", 0, 0},
        {C138_T_INT, "true", 0, 0},     {C138_T_STRING, "5", 0, 1},
        {C138_T_STRING, "{}", 0, 0},    {C138_T_SIZE, "5", 1, 1},
        {C138_T_BLOCK, "5", 1, 1},      {C138_T_WEI, "5", 1, 1},
        {C138_T_DECIMAL, "1.5", 1, 1},  {C138_T_DECIMAL, "3", 1, 1},
        {C138_T_WEI, "1.5", 0, 0},      {C138_T_STRING, "\"a\\u0000b\"", 0, 0},
        {C138_T_ADDRESS, "[]", 0, 0},
    };
    for (size_t i = 0; i < C138_COUNT(values); i++) {
        struct decl_field f = plain(values[i].type);
        struct decl_field *const one[] = {&f, NULL};
        C138_FREE char *text = c138_xasprintf("{\"p\":%s}", values[i].json);
        C138_JSON struct c138_json *in = NULL;
        CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &in, NULL), C138_OK);
        for (uint32_t flags = 0; flags <= VALIDATE_FROM_TEXT; flags++) {
            C138_JSON struct c138_json *out = NULL;
            int ok = validate_object(one, in, flags, &out, NULL) >= 0;
            int wanted = flags ? values[i].text_ok : values[i].plain_ok;
            if (ok != wanted)
                printf("\n%s as %s, flags %" PRIu32 "\n", values[i].json,
                       decl_type_name(values[i].type), flags);
            CU_ASSERT_EQUAL(ok, wanted);
        }
    }
}

static void test_bounds(void) {
    static const struct {
        uint32_t type;
        const char *min, *max, *good, *low, *high;
    } bounds[] = {
        {C138_T_INT, "-5", "5", "-5", "-6", "6"},
        {C138_T_UINT, "2", "18446744073709551614", "18446744073709551614", "1",
         "18446744073709551615"},
        {C138_T_DECIMAL, "-1.5", "10", "9.999", "-1.51", "10.01"},
        {C138_T_DECIMAL, "-1.5", "-0.5", "-1", "-1.6", "-0.4"},
        {C138_T_STRING, "2", "3", "\xc3\xa4\xc3\xa4\xc3\xa4", "a", "abcd"},
        {C138_T_SIZE, "1KiB", "1MiB", "1MiB", "1023", "1048577"},
        {C138_T_TIME, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
         "2025-12-31T23:59:59Z", "2027-01-01T00:00:01Z"},
        {C138_T_WEI, "1gwei", "1ether", "1ether", "999999999", "1000000000000000001"},
        {C138_T_BYTES, "1", "2", "0xabcd", "0x", "0xabcdef"},
    };
    for (size_t i = 0; i < C138_COUNT(bounds); i++) {
        struct decl_field f = plain(bounds[i].type);
        f.min_text = bounds[i].min;
        f.max_text = bounds[i].max;
        const char *const texts[] = {bounds[i].good, bounds[i].low, bounds[i].high};
        for (int k = 0; k < 3; k++) {
            C138_JSON struct c138_json *v = NULL;
            CU_ASSERT_EQUAL(validate_text(&f, texts[k], &v, NULL), k ? C138_E_INVALID : C138_OK);
        }
    }
}

/* The secret is "correct horse" (longer than its field allows) or lies where nothing may show it.
 */
static void test_secrets_stay_out_of_errors(void) {
    static const struct {
        uint32_t flags;
        const char *in;
    } wrong[] = {
        {0, "{\"login\":{\"pass_word\":\"correct horse\"}}"},
        {0, "{\"login\":{\"pass_word\":[\"correct horse\"]}}"},
        {0, "{\"logins\":[{\"pass_word\":\"correct horse\"}]}"},
        {0, "{\"login\":[\"correct horse\"]}"},
        {0, "{\"logins\":{\"x\":\"correct horse\"}}"},
        {VALIDATE_FROM_TEXT, "{\"login\":\"{\\\"pass_word\\\":\\\"correct horse\"}"},
        {VALIDATE_FROM_TEXT, "{\"logins\":\"[{\\\"pass_word\\\":\\\"correct horse\"}"},
        {VALIDATE_FROM_TEXT, "{\"login\":{\"pass-word\":\"correct horse\"}}"},
        {0, "{\"vault\":{\"number\":\"correct horse\"}}"},
        {0, "{\"vault\":{\"user\":[\"correct horse\"]}}"},
        {0, "{\"vault\":\"correct horse\"}"},
    };
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        struct c138_err err;
        C138_FREE char *dump = NULL;
        CU_ASSERT_EQUAL(check(wrong[i].in, wrong[i].flags | VALIDATE_PARTIAL, &dump, &err),
                        C138_E_INVALID);
        if (strstr(err.text, "horse"))
            printf("\n%s: %s\n", wrong[i].in, err.text);
        CU_ASSERT_PTR_NULL(strstr(err.text, "horse"));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the value given"));
    }
    struct decl_field f = plain(C138_T_SECRET); /* typed in place of its reference */
    struct c138_err err = {0};
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL(validate_text(&f, "correct horse", &v, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NULL(strstr(err.text, "horse"));
}

static void test_redaction(void) {
    static const char *const holders[][2] = {
        {"{\"login\":{\"user\":\"u\",\"pass_word\":\"horse\"},\"other\":1}",
         "{\"login\":{\"user\":\"u\",\"pass_word\":\"***\"},\"other\":1}"},
        {"{\"logins\":[{\"pass-word\":\"horse\"},{\"user\":\"v\"}]}",
         "{\"logins\":[{\"pass-word\":\"***\"},{\"user\":\"v\"}]}"},
        {"{\"login\":\"{\\\"pass_word\\\":\\\"horse\\\"}\"}", "{\"login\":\"***\"}"},
        {"{\"vault\":{\"user\":\"horse\"}}", "{\"vault\":\"***\"}"},
        {"{\"vault\":null,\"wait_for\":\"1s\"}", "{\"vault\":null,\"wait_for\":\"1s\"}"},
    };
    for (size_t i = 0; i < C138_COUNT(holders); i++) {
        C138_JSON struct c138_json *in = NULL;
        CU_ASSERT_EQUAL_FATAL(c138_json_parse(holders[i][0], strlen(holders[i][0]), &in, NULL), 0);
        C138_JSON struct c138_json *out = validate_redact(params, in),
                                   *texts = c138_json_new_array();
        C138_FREE char *dump = c138_json_dump(out);
        CU_ASSERT_STRING_EQUAL(dump, holders[i][1]);
        validate_sensitive_texts(params, in, texts);
        C138_FREE char *found = c138_json_dump(texts);
        CU_ASSERT_EQUAL(strstr(found, "horse") != NULL, strstr(holders[i][0], "horse") != NULL);
        CU_ASSERT_PTR_NULL(strstr(found, "\"u\""));
    }
}

static void test_numbers_out_of_canonical_text(void) {
    C138_JSON struct c138_json *d = c138_json_new_str("1m30s"),
                               *t = c138_json_new_str("1970-01-01T00:00:01Z"),
                               *s = c138_json_new_uint(UINT64_MAX), *x = c138_json_new_str("x"),
                               *b = c138_json_new_bool(1), *l = c138_json_new_array();
    c138_json_append(l, NULL);
    CU_ASSERT_EQUAL(validate_as_int(C138_T_DURATION, d), INT64_C(90000000000));
    CU_ASSERT_EQUAL(validate_as_int(C138_T_TIME, t), INT64_C(1000000000));
    CU_ASSERT_EQUAL(validate_as_int(C138_T_DURATION, x), 0);
    CU_ASSERT_EQUAL(validate_as_int(C138_T_BOOL, b), 1);
    CU_ASSERT_EQUAL(validate_as_uint(C138_T_SIZE, s), UINT64_MAX);
    CU_ASSERT_EQUAL(validate_as_uint(C138_T_LIST, l), 1);
    CU_ASSERT_EQUAL(validate_as_uint(C138_T_DURATION, d), UINT64_C(90000000000));
    CU_ASSERT_EQUAL(validate_as_uint(C138_T_UINT, NULL), 0);
}

static void test_lock_names(void) {
    static const char *const locks[][2] = {{"node", "node"},
                                           {"node:{node}", "node:validator-1"},
                                           {"{n}-{node}.{none}", "7-validator-1.null"},
                                           {"a{", "a"}};
    C138_JSON struct c138_json *values = c138_json_new_object();
    c138_json_set_str(values, "node", "validator-1");
    c138_json_set_int(values, "n", 7);
    for (size_t i = 0; i < 3; i++) {
        C138_FREE char *name = validate_lock_name(locks[i][0], values);
        CU_ASSERT_STRING_EQUAL(name, locks[i][1]);
    }
    CU_ASSERT_PTR_NULL(validate_lock_name(NULL, values));
}

static void test_expectations(void) {
    for (uint32_t type = C138_T_BOOL; type <= C138_T_OBJECT; type++) {
        struct decl_field f = plain(type);
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        validate_expectation(&f, &out);
        CU_ASSERT_TRUE(out.length > 3);
        CU_ASSERT_STRING_NOT_EQUAL(c138_buf_text(&out), "a value");
    }
    struct decl_field f = plain(C138_T_ENUM);
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    validate_expectation(&f, &out);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&out), "one of red, green");
}

const CU_TestInfo tests_validate[] = {
    {"types", test_types},
    {"objects", test_objects},
    {"refusals", test_refusals},
    {"JSON types", test_json_types},
    {"bounds", test_bounds},
    {"secrets stay out of errors", test_secrets_stay_out_of_errors},
    {"redaction", test_redaction},
    {"numbers out of canonical text", test_numbers_out_of_canonical_text},
    {"lock names", test_lock_names},
    {"expectations", test_expectations},
    CU_TEST_INFO_NULL,
};
