#include "../unit.h"
#include "node.h"

#include <base/mem.h>
#include <plugins/chain/scan.h>
#include <stdio.h>
#include <string.h>

static struct node *node_new(uint64_t head) {
    struct node *n = c138_xcalloc(1, sizeof(*n));
    n->head = head;
    return n;
}

/* Reads blocks 0 to the head; gives how many logs came. */
static uint64_t read_all(struct node *n, struct scan_range *r, c138_status *ret_status,
                         struct c138_err *err) {
    struct scan_source source = {.user = n, .ask = node_ask};
    struct log_filter f = {0};
    uint64_t next = 0, logs = 0;
    *ret_status = C138_OK;
    while (next <= n->head && *ret_status >= 0) {
        struct scan_part part;
        *ret_status = scan_part(&source, &f, r, next, n->head, &part, err);
        if (*ret_status < 0)
            break;
        for (size_t i = 0; i < c138_json_count(part.rows); i++) {
            uint64_t block = c138_json_get_uint(c138_json_at(part.rows, i), "block", 0);
            CU_ASSERT_TRUE(block >= next && block <= part.to);
        }
        logs += c138_json_count(part.rows);
        (void)c138_json_unref(part.rows);
        uint8_t hash[32];
        node_hash(n, part.to, hash);
        CU_ASSERT_EQUAL(memcmp(hash, part.hash, 32), 0);
        CU_ASSERT_TRUE_FATAL(part.to >= next);
        next = part.to + 1;
    }
    return logs;
}

static void a_range_halves_and_grows(void) {
    struct scan_range r;
    scan_range_init(&r, 1000);
    CU_ASSERT_TRUE(scan_range_bad(&r));
    CU_ASSERT_EQUAL(r.size, 500);
    for (int i = 0; i < 3; i++)
        scan_range_good(&r);
    CU_ASSERT_EQUAL(r.size, 500); /* not at once: the next may be as full */
    scan_range_good(&r);
    CU_ASSERT_EQUAL(r.size, 1000);
    for (int i = 0; i < 40; i++)
        scan_range_good(&r);
    CU_ASSERT_EQUAL(r.size, 1000);
    for (int i = 0; i < 9; i++)
        CU_ASSERT_TRUE(scan_range_bad(&r));
    CU_ASSERT_EQUAL(r.size, 1);
    CU_ASSERT_FALSE(scan_range_bad(&r));
    for (int i = 0; i < 7; i++)
        scan_range_good(&r);
    CU_ASSERT_TRUE(scan_range_bad(&r)); /* a streak ends with what was too much */
    for (int i = 0; i < 3; i++)
        scan_range_good(&r);
    CU_ASSERT_EQUAL(r.size, 1);
}

static void each_bound_is_found(void) {
    static const struct node bounds[] = {{.range_max = 100},
                                         {.range_max = 1},
                                         {.results_max = 50},
                                         {.cut_at = 60},
                                         {.range_max = 700, .results_max = 90, .cut_at = 80},
                                         {0}};
    for (size_t i = 0; i < C138_COUNT(bounds); i++) {
        C138_FREE struct node *n = node_new(3000);
        struct scan_range r;
        struct c138_err err = {0};
        c138_status status;
        uint64_t wanted = 0;
        n->range_max = bounds[i].range_max;
        n->results_max = bounds[i].results_max;
        n->cut_at = bounds[i].cut_at;
        for (uint64_t b = 0; b <= n->head; b++)
            wanted += n->logs[b] = b % 500 == 7 ? 40 : b % 10 == 0;
        scan_range_init(&r, 2000);
        CU_ASSERT_EQUAL(read_all(n, &r, &status, &err), wanted);
        CU_ASSERT_EQUAL(status, C138_OK);
        CU_ASSERT_EQUAL(n->above_head, 0);
        /* It does not ask for each block alone where the node takes more. */
        uint64_t fits = bounds[i].range_max == 1 ? 2 : bounds[i].range_max ? 50 : 20;
        CU_ASSERT_TRUE(n->asked < 3 * (n->head / fits) + 40);
    }
}

static void one_block_that_is_too_much_is_named(void) {
    C138_FREE struct node *n = node_new(100);
    struct scan_range r;
    struct c138_err err = {0};
    c138_status status;
    n->bad_block = 37;
    n->logs[36] = 2;
    scan_range_init(&r, 2000);
    CU_ASSERT_EQUAL(read_all(n, &r, &status, &err), 2); /* what is before it is read */
    CU_ASSERT_EQUAL(status, C138_E_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "block 37 alone"));
    n->bad_block = 0;
    CU_ASSERT_EQUAL(read_all(n, &r, &status, &err), 2);
    CU_ASSERT_EQUAL(status, C138_OK);
}

static void what_says_too_much(void) {
    static const struct {
        int64_t code;
        const char *text;
        int is;
    } answers[] = {
        {-32005, "Requested range exceeds maximum RPC range limit", 1}, /* Besu 25.5, 26.8 */
        {-32602, "Invalid params", 1},                                  /* Besu 26.8 */
        {-32000, "exceed maximum block range: 50000", 1},               /* others, as their */
        {-32000, "query timeout exceeded", 1},                          /* code has it */
        {-32614, "eth_getLogs is limited to a 10,000 range", 1},
        {-32000, "Block not found", 0},
        {-32601, "Method not found", 0},
    };
    static const char *const keys[] = {"http.timeout", "http.truncated", "http.too-large"};
    for (size_t i = 0; i < C138_COUNT(answers); i++) {
        struct c138_rpc_call call = {.method = "eth_getLogs", .error_code = answers[i].code};
        call.status = c138_error(&call.error, C138_E_CONFLICT, "rpc.error", "%s", answers[i].text);
        CU_ASSERT_EQUAL(!!scan_is_too_much(&call, NULL), answers[i].is);
    }
    struct c138_err err = {0};
    for (size_t i = 0; i < C138_COUNT(keys); i++) {
        (void)c138_error(&err, C138_E_UNAVAILABLE, keys[i], "x");
        CU_ASSERT_TRUE(scan_is_too_much(NULL, &err));
    }
    (void)c138_error(&err, C138_E_UNAVAILABLE, "rpc.http-status", "answered HTTP 504: x");
    CU_ASSERT_TRUE(scan_is_too_much(NULL, &err));
    (void)c138_error(&err, C138_E_UNAVAILABLE, "http.refused", "x");
    CU_ASSERT_FALSE(scan_is_too_much(NULL, &err));
    struct c138_rpc_call good = {.status = C138_OK};
    CU_ASSERT_FALSE(scan_is_too_much(&good, NULL));
}

/* Answers that are no answers. */
static c138_status nonsense(void *user, struct c138_rpc_call *calls, size_t count,
                            struct c138_err *err) {
    const char *const *texts = user;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        const char *text = texts[!strcmp(calls[i].method, "eth_getLogs")];
        (void)c138_json_parse(text, strlen(text), &calls[i].result, NULL);
    }
    return C138_OK;
}

static void nonsense_is_refused(void) {
#define H "0x0000000000000000000000000000000000000000000000000000000000000001"
#define BLOCK "{\"number\":\"0x5\",\"hash\":\"" H "\",\"parentHash\":\"" H "\"}"
#define LOG(n)                                                                                     \
    "[{\"blockNumber\":\"" n "\",\"blockHash\":\"" H "\",\"transactionHash\":\"" H                 \
    "\",\"logIndex\":\"0x0\",\"address\":\"0xa50a51c09a5c451c52bb714527e1974b686d8e77\","          \
    "\"topics\":[],\"data\":\"0x\"}]"
    static const char *const cases[][2] = {
        {"null", "[]"},
        {"5", "[]"},
        {"{\"hash\":\"" H "\"}", "[]"},
        {BLOCK, "{}"},
        {BLOCK, "null"},
        {BLOCK, "[5]"},
        {BLOCK, LOG("0x6")},
        {BLOCK, LOG("0x0")},
        {"{\"number\":\"0x4\",\"hash\":\"" H "\",\"parentHash\":\"" H "\"}", "[]"}};
    for (size_t i = 0; i <= C138_COUNT(cases); i++) {
        static const char *const good[2] = {BLOCK, LOG("0x5")};
        const char *const *texts = i < C138_COUNT(cases) ? cases[i] : good;
        struct scan_source source = {.user = (void *)(uintptr_t)texts, .ask = nonsense};
        struct log_filter f = {0};
        struct scan_range r;
        struct scan_part part;
        struct c138_err err = {0};
        scan_range_init(&r, 1);
        c138_status status = scan_part(&source, &f, &r, 5, 5, &part, &err);
        CU_ASSERT_EQUAL(status >= 0, i == C138_COUNT(cases));
        CU_ASSERT_EQUAL(c138_json_count(part.rows), i == C138_COUNT(cases));
        (void)c138_json_unref(part.rows);
    }
}

const CU_TestInfo tests_scan[] = {
    {"a range halves and grows", a_range_halves_and_grows},
    {"each bound is found", each_bound_is_found},
    {"one block that is too much is named", one_block_that_is_too_much_is_named},
    {"what says too much", what_says_too_much},
    {"nonsense is refused", nonsense_is_refused},
    CU_TEST_INFO_NULL};
