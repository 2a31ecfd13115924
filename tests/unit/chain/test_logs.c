#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <evm/keccak.h>
#include <plugins/chain/logs.h>
#include <stdio.h>
#include <string.h>

#define TRANSFER "Transfer(address indexed from, address indexed to, uint256 value)"
#define TOPIC "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
#define ANN "0x52908400098527886E0F7030069857D2E4169EE7"
#define BOB "0xde709f2102306220921060314715629080e2fb77"
#define WORD(a) "0x000000000000000000000000" a
#define HASH(d) "0x" d d d d d d d d d d d d d d d d

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &v, NULL), C138_OK);
    return v;
}

static c138_status init(struct log_filter *f, const char *event, const char *addresses,
                        const char *args, struct c138_err *err) {
    C138_JSON struct c138_json *a = json(addresses), *b = json(args);
    return log_filter_init(f, event, a, b, err);
}

/* A Transfer from Ann to Bob of 5, with these changes. */
static struct c138_json *transfer(const char *name, const char *value) {
    struct c138_json *log = json(
        "{\"address\":\"0x52908400098527886e0f7030069857d2e4169ee7\",\"blockNumber\":\"0x91\","
        "\"blockHash\":\"" HASH("00ab") "\",\"transactionHash\":\"" HASH(
            "00cd") "\","
                    "\"logIndex\":\"0x3\",\"removed\":false,\"topics\":[\"" TOPIC "\","
                    "\"" WORD("52908400098527886e0f7030069857d2e4169ee7") "\","
                                                                          "\"" WORD(
                                                                              "de709f21023062209210"
                                                                              "60314715629080e2fb7"
                                                                              "7") "\"],"
                                                                                   "\"data\":"
                                                                                   "\"0x00000000000"
                                                                                   "000000000000000"
                                                                                   "000000000000000"
                                                                                   "000000000000000"
                                                                                   "00000005\"}");
    if (name)
        c138_json_set(log, name, value ? json(value) : NULL);
    return log;
}

static void is_asked(const char *event, const char *addresses, const char *args,
                     const char *wanted) {
    struct log_filter f;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(init(&f, event, addresses, args, &err), C138_OK);
    C138_JSON struct c138_json *params = log_filter_range(&f, 16, 31);
    C138_FREE char *text = c138_json_dump(params);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    log_filter_deinit(&f);
}

static void what_a_node_is_asked(void) {
    is_asked(NULL, "[]", "[]", "[{\"fromBlock\":\"0x10\",\"toBlock\":\"0x1f\"}]");
    is_asked(TRANSFER, "[\"" ANN "\"]", "[\"to=" BOB "\"]",
             "[{\"fromBlock\":\"0x10\",\"toBlock\":\"0x1f\",\"address\":[\""
             "0x52908400098527886e0f7030069857d2e4169ee7\"],\"topics\":[\"" TOPIC
             "\",null,\"" WORD("de709f2102306220921060314715629080e2fb77") "\"]}]");
    /* What is no topic is not asked for; a text is a topic by its hash. */
    uint8_t event[32], hello[32];
    c138_keccak256("Said(string,uint256)", 20, event);
    c138_keccak256("hello", 5, hello);
    C138_FREE char *a = c138_hex_text(event, 32), *b = c138_hex_text(hello, 32);
    C138_FREE char *wanted = c138_xasprintf(
        "[{\"fromBlock\":\"0x10\",\"toBlock\":\"0x1f\",\"topics\":[\"%s\",\"%s\"]}]", a, b);
    is_asked("Said(string indexed what, uint256 n)", "[]", "[\"what=hello\",\"1=5\"]", wanted);
    struct log_filter f;
    const uint8_t hash[32] = {0xab};
    CU_ASSERT_EQUAL_FATAL(init(&f, TRANSFER, "[]", "[]", NULL), C138_OK);
    C138_JSON struct c138_json *params = log_filter_block(&f, hash);
    C138_FREE char *text = c138_json_dump(params);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"blockHash\":\"0xab000000"));
    log_filter_deinit(&f);
}

static void what_is_no_filter(void) {
    static const struct {
        const char *event, *addresses, *args, *word;
    } wrong[] = {
        {"Transfer(", "[]", "[]", "event"},
        {TRANSFER, "[\"0x12\"]", "[]", "address"},
        {NULL, "[]", "[\"to=1\"]", "need the event"},
        {TRANSFER, "[]", "[\"to\"]", "NAME=VALUE"},
        {TRANSFER, "[]", "[\"3=1\"]", "no argument"},
        {TRANSFER, "[]", "[\"value=-1\"]", "value"},
        {"E(uint256[] indexed a)", "[]", "[\"a=[1]\"]", "hash only"},
        {"E(uint8 indexed a,uint8 indexed b,uint8 indexed c,uint8 indexed d)", "[]", "[]",
         "indexed"},
    };
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        struct log_filter f;
        struct c138_err err = {0};
        CU_ASSERT_TRUE(init(&f, wrong[i].event, wrong[i].addresses, wrong[i].args, &err) < 0);
        if (!strstr(err.text, wrong[i].word)) {
            CU_FAIL("another text");
            printf("  %zu: %s\n", i, err.text);
        }
    }
}

/* The row of a log as text, "" if it is not meant; the caller frees it. */
static char *row_text(const char *event, const char *addresses, const char *args,
                      struct c138_json *log, c138_status *ret_status) {
    struct log_filter f;
    struct c138_json *row = NULL;
    C138_JSON struct c138_json *owned = log;
    CU_ASSERT_EQUAL_FATAL(init(&f, event, addresses, args, NULL), C138_OK);
    c138_status status = log_read(&f, owned, &row, NULL);
    log_filter_deinit(&f);
    if (ret_status)
        *ret_status = status;
    char *text = row ? c138_json_dump(row) : c138_xstrdup("");
    (void)c138_json_unref(row);
    return text;
}

static void what_a_log_says(void) {
    C138_FREE char *text = row_text(TRANSFER, "[]", "[]", transfer(NULL, NULL), NULL);
    CU_ASSERT_STRING_EQUAL(
        text,
        "{\"block\":145,\"block_hash\":\"" HASH("00ab") "\",\"tx\":\"" HASH(
            "00cd") "\",\"log_index\":3,\"address\":"
                    "\"0x52908400098527886E0F7030069857D2E4169EE7\",\"removed\":false,"
                    "\"event\":\"Transfer(address,address,uint256)\",\"args\":{\"from\":\"" ANN
                    "\",\"to\":\"" BOB "\",\"value\":\"5\"}}");
    C138_FREE char *raw = row_text(NULL, "[]", "[]", transfer(NULL, NULL), NULL);
    CU_ASSERT_TRUE(strstr(raw, "\"topics\":[\"" TOPIC) && strstr(raw, "\"data\":\"0x0000"));
    CU_ASSERT_PTR_NULL(strstr(raw, "\"text\""));
    /* The event of a token without fungibility: the same name, the same topic, one indexed more. */
    C138_FREE char *other =
        row_text("Transfer(address indexed from, address indexed to, uint256 indexed id)", "[]",
                 "[]", transfer(NULL, NULL), NULL);
    CU_ASSERT_TRUE(strstr(other, "\"topics\"") && strstr(other, "\"text\""));
    C138_FREE char *unnamed = row_text("Transfer(address indexed, address indexed, uint256)", "[]",
                                       "[]", transfer(NULL, NULL), NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(unnamed, "\"args\":{\"0\":\"" ANN "\""));
}

static void only_what_is_meant(void) {
    static const struct {
        const char *addresses, *args;
        int meant;
    } cases[] = {{"[]", "[\"value=5\"]", 1},
                 {"[]", "[\"2=0x5\"]", 1},
                 {"[]", "[\"value=6\"]", 0},
                 {"[]", "[\"to=" BOB "\",\"from=" ANN "\"]", 1},
                 {"[]", "[\"to=" ANN "\"]", 0},
                 {"[\"" BOB "\"]", "[]", 0},
                 {"[\"" BOB "\",\"0x52908400098527886e0f7030069857d2e4169ee7\"]", "[]", 1}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *text =
            row_text(TRANSFER, cases[i].addresses, cases[i].args, transfer(NULL, NULL), NULL);
        if ((*text != 0) != cases[i].meant) {
            CU_FAIL("the filter means another");
            printf("  %zu: %s\n", i, text);
        }
    }
    C138_FREE char *gone = row_text(TRANSFER, "[]", "[]", transfer("removed", "true"), NULL);
    CU_ASSERT_STRING_EQUAL(gone, "");
    /* Not decodable: it cannot be what was asked for. */
    C138_FREE char *cut =
        row_text(TRANSFER, "[]", "[\"value=5\"]", transfer("data", "\"0x05\""), NULL);
    CU_ASSERT_STRING_EQUAL(cut, "");
}

static void what_is_no_log(void) {
    static const char *const wrong[][2] = {
        {"blockNumber", NULL},
        {"blockNumber", "\"5\""},
        {"blockHash", NULL},
        {"blockHash", "\"0x12\""},
        {"transactionHash", "5"},
        {"logIndex", "\"0x\""},
        {"address", "\"0x12\""},
        {"data", "\"abcd\""},
        {"topics", "{}"},
        {"topics", "[\"0x12\"]"},
        {"topics", "[1]"},
        {"topics", "\"0x\""},
        {"topics", "[\"" TOPIC "\",\"" TOPIC "\",\"" TOPIC "\",\"" TOPIC "\",\"" TOPIC "\"]"},
    };
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        c138_status status = C138_OK;
        C138_FREE char *text =
            row_text(TRANSFER, "[]", "[]", transfer(wrong[i][0], wrong[i][1]), &status);
        if (status != C138_E_INVALID) {
            CU_FAIL("taken as a log");
            printf("  %zu: %s\n", i, text);
        }
    }
}

/* What real nodes gave. */
static void recorded_logs_are_read(void) {
    const char *source = getenv("srcdir") ? getenv("srcdir") : ".";
    static const char *const versions[] = {"25.5.0", "26.8.0"};
    for (size_t v = 0; v < 2; v++) {
        C138_FREE char *path =
            c138_xasprintf("%s/tests/data/besu-%s/eth_getLogs.json", source, versions[v]);
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        C138_JSON struct c138_json *all = NULL;
        size_t logs = 0;
        CU_ASSERT_EQUAL_FATAL(c138_file_read(path, 1u << 20, &text, NULL), C138_OK);
        CU_ASSERT_EQUAL_FATAL(c138_json_parse(text.data, text.length, &all, NULL), C138_OK);
        for (size_t i = 0; i < c138_json_count(all); i++) {
            const struct c138_json *result =
                c138_json_path(c138_json_at(all, i), "response.result");
            for (size_t k = 0; k < c138_json_count(result); k++) {
                C138_FREE char *row = row_text(
                    "Said(address indexed who, uint256 indexed n, string what)", "[]",
                    "[\"n=42\",\"what=hello\"]", c138_json_ref(c138_json_at(result, k)), NULL);
                CU_ASSERT_STRING_EQUAL(row, ""); /* another event: its topic is not that one */
                C138_FREE char *raw =
                    row_text(NULL, "[]", "[]", c138_json_ref(c138_json_at(result, k)), NULL);
                logs += strstr(raw, "\"data\":\"0x") != NULL;
            }
        }
        CU_ASSERT_TRUE(logs >= 2);
    }
}

const CU_TestInfo tests_logs[] = {{"what a node is asked", what_a_node_is_asked},
                                  {"what is no filter", what_is_no_filter},
                                  {"what a log says", what_a_log_says},
                                  {"only what is meant", only_what_is_meant},
                                  {"what is no log", what_is_no_log},
                                  {"recorded logs are read", recorded_logs_are_read},
                                  CU_TEST_INFO_NULL};
